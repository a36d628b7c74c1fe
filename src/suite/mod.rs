//! The suite as a well-behaved process: its steps, its output, and how it ends.

mod log;
mod process;
pub mod receipts;
pub(crate) mod turn;

use std::{
    ffi::OsStr,
    io::{IsTerminal, stderr},
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    gates::SuiteRun,
    overrides,
    policy::Step,
    report,
    verdict::{Refusal, Trouble, span},
    world::children::Git,
};

/// Where the suite runs.
pub(crate) struct Place<'p> {
    /// The root of the tree.
    pub(crate) top: &'p Path,
    /// The directory of the log files.
    pub(crate) logs: &'p Path,
    /// The user's git, which knows its variables.
    pub(crate) git: &'p Git,
}

/// Runs the steps in their order and stops at the first that does not pass.
pub(crate) fn run(place: &Place<'_>, steps: &[Step], limit: Duration) -> Result<SuiteRun, Trouble> {
    let mut log = log::Log::create(place.logs)?;
    let scrubbed = scrubbed(place.git)?;
    let start = Instant::now();
    for step in steps {
        let name = step.name.as_deref().unwrap_or(&step.run);
        report::say(&format!("running the suite: {name}"));
        let left = limit.saturating_sub(start.elapsed());
        let shell = process::Shell {
            command: &step.run,
            top: place.top,
            scrubbed: &scrubbed,
            terminal: stderr().is_terminal(),
        };
        let own = step.timeout.filter(|own| *own < left);
        let ending = match process::run(&shell, own.unwrap_or(left), &mut log)? {
            process::End::Passed => continue,
            process::End::TimedOut => crate::verdict::Ending::TimedOut(own.unwrap_or(limit)),
            process::End::Stopped(ending) => ending,
        };
        log.note(&format!(
            "pushgate: {name}: {ending:?} after {}",
            span(start.elapsed())
        ));
        return Ok(SuiteRun::Stopped(Box::new(Refusal::Suite {
            step: name.to_owned(),
            ending,
            log: log.path(),
        })));
    }
    Ok(SuiteRun::Passed {
        took: start.elapsed(),
    })
}

/// The variables that the suite must not see: a fixture's commit would land on the user's branch.
///
/// git knows its own (`git rev-parse --local-env-vars`), and is asked where one of them may be set.
fn scrubbed(git: &Git) -> Result<Vec<String>, Trouble> {
    let mut names = Vec::new();
    if std::env::vars_os().any(|(name, _)| may_be_local(&name)) {
        let said = git.must(["rev-parse", "--local-env-vars"])?;
        let said = String::from_utf8_lossy(&said.out);
        names.extend(said.lines().map(str::to_owned));
    }
    let ours = [
        PREFIX,
        overrides::SWITCH,
        overrides::SKIP,
        overrides::REASON,
    ];
    names.extend(ours.map(str::to_owned));
    Ok(names)
}

/// The directory that `git push` was typed in; every hook has it, and no suite gets it.
const PREFIX: &str = "GIT_PREFIX";

/// How the names begin that git sets for every hook, and that people set for themselves, of
/// variables that name no repository.
const NOT_LOCAL: [&str; 14] = [
    "GIT_ASKPASS",
    "GIT_AUTHOR_",
    "GIT_COMMITTER_",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_EDITOR",
    "GIT_EXEC_PATH",
    "GIT_PAGER",
    "GIT_SEQUENCE_EDITOR",
    "GIT_SSH",
    "GIT_SSL_",
    "GIT_TERMINAL_PROMPT",
    "GIT_TRACE",
];

/// Whether a variable may tell git which repository it works in, or how.
fn may_be_local(name: &OsStr) -> bool {
    let begins = |with: &&str| name.as_encoded_bytes().starts_with(with.as_bytes());
    begins(&"GIT_") && name != PREFIX && !NOT_LOCAL.iter().any(|other| begins(other))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[test]
    fn every_variable_that_git_calls_local_is_asked_about() {
        let said = Git::find().unwrap().must(["rev-parse", "--local-env-vars"]);
        let said = String::from_utf8(said.unwrap().out).unwrap();
        assert!(said.lines().any(|name| name == "GIT_DIR"), "{said}");
        for name in said.lines().filter(|name| *name != PREFIX) {
            assert!(may_be_local(name.as_ref()), "{name}");
        }
    }

    #[test]
    fn what_names_no_repository_is_not() {
        for name in ["HOME", "GITHUB_ACTIONS", PREFIX, "GIT_EXEC_PATH"] {
            assert!(!may_be_local(name.as_ref()), "{name}");
        }
    }
}
