//! The suite as a well-behaved process: its steps, its output, and how it ends.

mod log;
mod process;
pub mod receipts;
pub(crate) mod turn;

use std::{
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
/// git knows its own (`git rev-parse --local-env-vars`).
fn scrubbed(git: &Git) -> Result<Vec<String>, Trouble> {
    let said = git.must(["rev-parse", "--local-env-vars"])?;
    let mut names: Vec<String> = String::from_utf8_lossy(&said.out)
        .lines()
        .map(str::to_owned)
        .collect();
    let ours = [
        "GIT_PREFIX",
        overrides::SWITCH,
        overrides::SKIP,
        overrides::REASON,
    ];
    names.extend(ours.map(str::to_owned));
    Ok(names)
}
