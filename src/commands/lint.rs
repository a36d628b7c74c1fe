//! `pushgate check --policy`: what is odd about the policy, without the network.

use jiff::tz::TimeZone;
use serde_json::json;

use super::Done;
use crate::{
    gates::{Clock, verdict::Trouble},
    git::Real,
    policy::{
        FILE,
        lint::{Facts, Finding, lint},
    },
    report,
};

pub(crate) fn run(as_json: bool) -> Done {
    let world = Real::open()?;
    let found = look(&world).inspect_err(|trouble| {
        if as_json {
            let error = trouble.in_one_line();
            let all = json!({ "policy": FILE, "findings": [], "error": error });
            let _ = report::data(&format!("{all:#}\n"));
        }
    });
    let (origin, findings) = found?.unwrap_or_else(|| {
        report::say(&format!("there is no {FILE}: the built-in policy holds"));
        (FILE.to_owned(), Vec::new())
    });
    let text = if as_json {
        let findings: Vec<_> = findings.iter().map(program).collect();
        format!(
            "{:#}\n",
            json!({ "policy": origin, "findings": findings, "error": null })
        )
    } else {
        let line = |finding: &Finding| words(&origin, finding) + "\n";
        findings.iter().map(line).collect()
    };
    report::data(&text).map_err(|error| Trouble::io("write to standard output", &error))?;
    Ok(u8::from(!findings.is_empty()))
}

/// What is odd about the policy that a person has before them, and how it is called; `None`: there
/// is none.
pub(crate) fn look(world: &Real) -> Result<Option<(String, Vec<Finding>)>, Trouble> {
    let Some((origin, text)) = world.policy_here()? else {
        return Ok(None);
    };
    let heroku = world.heroku_remotes();
    // A zone that is left to chance is a finding, whatever it may be here.
    let local = world.zone().unwrap_or(TimeZone::UTC);
    let facts = Facts {
        now: world.now(),
        local: &local,
        heroku: &heroku,
        read: &|path| world.calendar_here(path),
    };
    let findings = lint(&origin, &text, &facts)?;
    Ok(Some((origin, findings)))
}

/// A finding and its place, as a person reads it.
pub(crate) fn words(origin: &str, finding: &Finding) -> String {
    let Finding {
        line,
        column,
        warning,
    } = finding;
    format!("{origin}:{line}:{column}: {warning}")
}

/// A finding as a program reads it.
pub(crate) fn program(finding: &Finding) -> serde_json::Value {
    json!({
        "line": finding.line,
        "column": finding.column,
        "kind": finding.warning.name(),
        "message": finding.warning.to_string(),
    })
}
