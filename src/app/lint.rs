//! What is odd about the policy of the work tree.

use super::answers::SystemClock;
use crate::{
    gates::{Clock, Stop},
    git::Repository,
    policy::{
        Place,
        lint::{Facts, Finding, lint},
    },
};

/// What is odd about the policy that a person has before them, and how it is called; `None`: there
/// is none.
pub(crate) fn look(repository: &Repository) -> Result<Option<(String, Vec<Finding>)>, Stop> {
    let Some((origin, text)) = repository.policy_here()? else {
        return Ok(None);
    };
    let heroku = repository.heroku_remotes();
    // A zone that is left to chance is a finding, whatever it may be here.
    let local = SystemClock.reader();
    let facts = Facts {
        now: SystemClock.now(),
        local: &local,
        heroku: &heroku,
        read: &|path| repository.calendar_here(path),
    };
    let findings = lint(&origin, &text, &facts)?;
    Ok(Some((origin, findings)))
}

/// A finding and its place, as a person reads it.
pub(crate) fn words(origin: &str, finding: &Finding) -> String {
    let Place { line, column } = finding.place;
    format!("{origin}:{line}:{column}: {}", finding.message)
}
