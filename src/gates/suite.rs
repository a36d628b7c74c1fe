//! The gate `suite`: the entire test run passed, on exactly what is pushed.

use std::time::Duration;

use jiff::Timestamp;

use super::{Answer, Case, Stop, SuiteRun, Told, Work, World};
use crate::{
    policy::{In, Step, detect::Detected},
    push::Oid,
    suite::receipts::Receipt,
    verdict::{Pushed, Refusal, words},
};

pub(crate) fn ask(case: &Case<'_>, commit: &Oid, world: &dyn World, told: &mut Told) -> Answer {
    let steps = steps(case, commit, world)?;
    let work = Work {
        commit,
        suite: &case.policy.suite,
        steps: &steps,
    };
    if let Some(receipt) = world.receipt(&work)? {
        return Ok(passed_before(&receipt, world.now()));
    }
    let turn = world.turn()?;
    if turn.waited
        && let Some(receipt) = world.receipt(&work)?
    {
        // The other run took its time, and the world went on meanwhile.
        told.ran = true;
        return Ok(passed_before(&receipt, world.now()));
    }
    // A worktree is made to be the pushed tree; the checkout has to prove it.
    let in_checkout = work.suite.place == In::Checkout;
    if in_checkout {
        prove(commit, false, world)?;
    }
    match world.run(&work)? {
        SuiteRun::Stopped(refusal) => Err(Stop::Refused(refusal)),
        SuiteRun::Passed { took, warning } => {
            told.ran = true;
            told.notes.extend(warning);
            if in_checkout {
                prove(commit, true, world)?;
            }
            if let Err(trouble) = world.leave_receipt(&work, took) {
                // It did pass; only the next push does not know.
                told.notes.push(format!("no receipt is left: {trouble}"));
            }
            if !world.is_connected() {
                return Err(Refusal::Disconnected { took }.into());
            }
            Ok(format!("passed in {}", words::span(took)))
        }
    }
}

/// Whether the suite need not run: an override that skips it then says that it was not needed.
pub(crate) fn has_receipt(case: &Case<'_>, world: &dyn World) -> bool {
    let found = |commit: &Oid| -> Result<bool, Stop> {
        let steps = steps(case, commit, world)?;
        let suite = &case.policy.suite;
        Ok(world
            .receipt(&Work {
                commit,
                suite,
                steps: &steps,
            })?
            .is_some())
    };
    case.commits()
        .into_iter()
        .all(|commit| found(commit).unwrap_or(false))
}

/// When it passed and how long that took.
fn passed_before(receipt: &Receipt, now: Timestamp) -> String {
    let ago = Duration::try_from(now.duration_since(receipt.at)).unwrap_or_default();
    format!(
        "passed {} ago on this tree, in {}",
        words::span(ago),
        words::span(Duration::from_millis(receipt.took_ms))
    )
}

/// The policy's steps, or the one that the project's own files name.
fn steps(case: &Case<'_>, commit: &Oid, world: &dyn World) -> Result<Vec<Step>, Stop> {
    if !case.policy.suite.steps.is_empty() {
        return Ok(case.policy.suite.steps.clone());
    }
    let candidates = match world.detect(commit)? {
        Detected::Found(candidate) => {
            return Ok(vec![Step {
                run: candidate.command,
                ..Step::default()
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
