//! The gate `suite`: the entire test run passes, on exactly what is pushed.

use super::{Answer, Case, Stop, SuiteRun, World};
use crate::{
    policy::{In, Step, detect::Detected},
    push::Oid,
    verdict::{Pushed, Refusal, Trouble, words},
};

pub(crate) fn ask(case: &Case<'_>, commit: &Oid, world: &dyn World) -> Answer {
    let steps = steps(case, commit, world)?;
    if case.policy.suite.place == In::Worktree {
        return Err(Trouble::NotYet {
            key: "suite.in: worktree",
        }
        .into());
    }
    prove(commit, false, world)?;
    match world.run(&steps, case.policy.suite.timeout)? {
        SuiteRun::Stopped(refusal) => Err(Stop::Refused(refusal)),
        SuiteRun::Passed { took } => {
            prove(commit, true, world)?;
            Ok(format!("passed in {}", words::span(took)))
        }
    }
}

/// The policy's steps, or the one that the project's own files name.
fn steps(case: &Case<'_>, commit: &Oid, world: &dyn World) -> Result<Vec<Step>, Stop> {
    if !case.policy.suite.steps.is_empty() {
        return Ok(case.policy.suite.steps.clone());
    }
    let candidates = match world.detect(commit)? {
        Detected::Found(candidate) => {
            return Ok(vec![Step {
                name: None,
                run: candidate.command,
                timeout: None,
            }]);
        }
        Detected::Several(candidates) => candidates
            .into_iter()
            .map(|candidate| candidate.command)
            .collect(),
        Detected::None => Vec::new(),
    };
    Err(Refusal::NoSuite { candidates }.into())
}

/// The checkout must be exactly the pushed tree, before the run and after it.
fn prove(commit: &Oid, after: bool, world: &dyn World) -> Result<(), Stop> {
    match world.checkout(commit)? {
        None => Ok(()),
        Some(mismatch) => Err(Refusal::Checkout {
            pushed: Pushed {
                id: commit.clone(),
                branch: None,
            },
            mismatch,
            after,
        }
        .into()),
    }
}
