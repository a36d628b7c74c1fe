//! The gate `suite`: the entire test run passed, on exactly what is pushed.

use std::{thread, time::Duration};

use jiff::Timestamp;

use super::{
    Case, Passed, Stop, SuiteRun, Work, World,
    live::{Live, joined},
};
use crate::{
    gates::{
        refusal::suite::Refusal,
        verdict::{Gate, Mismatch, Trouble},
    },
    policy::{Ci, In, Policy, Step, detect::Detected},
    push::Oid,
    text,
};

/// What the gate has to tell beside its answer.
#[derive(Debug)]
pub(crate) struct Told {
    /// Why it lets pass.
    pub(crate) answer: String,
    /// What is worth a line.
    pub(crate) notes: Vec<String>,
    /// Whether a suite ran, ours or the one that was waited for, and the world went on meanwhile.
    pub(crate) ran: bool,
    /// What the remotes answered after our run.
    pub(crate) live: Option<Live>,
}

impl Told {
    fn passed_before(passed: Passed, now: Timestamp, ran: bool) -> Self {
        Self {
            answer: passed_before(passed, now),
            notes: Vec::new(),
            ran,
            live: None,
        }
    }
}

/// Looks for a receipt, else runs the suite.
///
/// `looked` is what the checkout was a moment ago, where somebody has looked; `wants` are the gates
/// that are asked again after the run.
pub(crate) fn ask(
    case: &Case<'_>,
    commit: &Oid,
    looked: Option<Result<Option<Mismatch>, Trouble>>,
    wants: &(dyn Fn(Gate) -> bool + Sync),
    world: &World<'_>,
) -> Result<Told, Stop> {
    if let Some(ci) = &case.policy.suite.ci {
        return ask_ci(case, commit, ci, wants, world);
    }
    let steps = steps(case.policy, commit, world)?;
    let work = Work {
        commit,
        suite: &case.policy.suite,
        steps: &steps,
        remote: &case.policy.trunk.remote,
    };
    if let Some(passed) = world.memory.receipt(&work)? {
        return Ok(Told::passed_before(passed, world.clock.now(), false));
    }
    let turn = world.runner.turn()?;
    if turn.waited
        && let Some(passed) = world.memory.receipt(&work)?
    {
        return Ok(Told::passed_before(passed, world.clock.now(), true));
    }
    // A worktree is made to be the pushed tree; the checkout has to prove it.
    let in_checkout = work.suite.place == In::Checkout;
    if in_checkout {
        let looked = looked.filter(|_| !turn.waited);
        let checkout = looked.unwrap_or_else(|| world.repository.checkout(commit));
        prove(commit, checkout?, false)?;
    }
    let (took, warning) = match world.runner.run(&work)? {
        SuiteRun::Stopped(refusal) => return Err((*refusal).into()),
        SuiteRun::Passed { took, warning } => (took, warning),
    };
    let mut notes = Vec::from_iter(warning);
    // The remotes take their time to answer again; so do the proof and a durable receipt.
    let (live, proven) = thread::scope(|scope| {
        let live = scope.spawn(|| Live::ask(case, wants, world));
        let proven = if in_checkout {
            let checkout = world.repository.checkout(commit).map_err(Stop::from);
            checkout.and_then(|mismatch| prove(commit, mismatch, true))
        } else {
            Ok(())
        };
        if proven.is_ok()
            && let Err(trouble) = world.runner.leave_receipt(&work, took)
        {
            // It did pass; only the next push does not know.
            notes.push(format!("no receipt is left: {trouble}"));
        }
        (joined(live), proven)
    });
    proven?;
    if !world.runner.is_connected() {
        return Err(Refusal::Disconnected { took }.into());
    }
    Ok(Told {
        answer: format!("passed in {}", text::span(took)),
        notes,
        ran: true,
        live: Some(live),
    })
}

/// Asks the CI instead of running anything here.
fn ask_ci(
    case: &Case<'_>,
    commit: &Oid,
    ci: &Ci,
    wants: &(dyn Fn(Gate) -> bool + Sync),
    world: &World<'_>,
) -> Result<Told, Stop> {
    let forge = ci.forge.name();
    let work = Work {
        commit,
        suite: &case.policy.suite,
        steps: &[],
        remote: &case.policy.trunk.remote,
    };
    if let Some(passed) = world.memory.receipt(&work)? {
        let ago = ago(passed, world.clock.now());
        return Ok(Told {
            answer: format!("passed on {forge}, as it said {ago} ago"),
            notes: Vec::new(),
            ran: false,
            live: None,
        });
    }
    let checked = world.runner.checks(&work, ci)?;
    let mut notes = Vec::new();
    if let Err(trouble) = world.runner.leave_receipt(&work, Duration::ZERO) {
        notes.push(format!("no receipt is left: {trouble}"));
    }
    let live = checked.waited.then(|| Live::ask(case, wants, world));
    if !world.runner.is_connected() {
        return Err(Refusal::Disconnected { took: checked.took }.into());
    }
    let checks = if checked.passed == 1 {
        "check"
    } else {
        "checks"
    };
    Ok(Told {
        answer: format!(
            "{} {checks} of {} passed on {forge}",
            checked.passed, checked.of
        ),
        notes,
        ran: checked.waited,
        live,
    })
}

/// Whether the suite need not run: an override that skips it then says that it was not needed.
pub(crate) fn has_receipt(case: &Case<'_>, world: &World<'_>) -> bool {
    let found = |commit: &Oid| receipt(case.policy, commit, world);
    case.commits()
        .into_iter()
        .all(|commit| matches!(found(commit), Ok(Some(_))))
}

/// The receipt for a commit, if one counts.
pub(crate) fn receipt(
    policy: &Policy,
    commit: &Oid,
    world: &World<'_>,
) -> Result<Option<Passed>, Stop> {
    let suite = &policy.suite;
    let steps = if suite.ci.is_some() {
        Vec::new()
    } else {
        steps(policy, commit, world)?
    };
    Ok(world.memory.receipt(&Work {
        commit,
        suite,
        steps: &steps,
        remote: &policy.trunk.remote,
    })?)
}

/// When it passed and how long that took.
fn passed_before(passed: Passed, now: Timestamp) -> String {
    format!(
        "passed {} ago on this tree, in {}",
        ago(passed, now),
        text::span(passed.took)
    )
}

fn ago(passed: Passed, now: Timestamp) -> String {
    text::span(Duration::try_from(now.duration_since(passed.at)).unwrap_or_default())
}

/// The policy's steps, or the one that the project's own files name.
pub(crate) fn steps(policy: &Policy, commit: &Oid, world: &World<'_>) -> Result<Vec<Step>, Stop> {
    if !policy.suite.steps.is_empty() {
        return Ok(policy.suite.steps.clone());
    }
    let candidates = match world.repository.detect(commit)? {
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

/// The commit that the checkout has to be, where the suite will run there.
pub(crate) fn needs_checkout<'c>(case: &Case<'c>, world: &World<'_>) -> Option<&'c Oid> {
    let suite = &case.policy.suite;
    let commits = case.commits();
    match commits.as_slice() {
        [commit]
            if suite.ci.is_none() && suite.place == In::Checkout && !has_receipt(case, world) =>
        {
            Some(commit)
        }
        _ => None,
    }
}

/// The checkout must be exactly the pushed tree, before the run and after it.
fn prove(commit: &Oid, mismatch: Option<Mismatch>, after: bool) -> Result<(), Stop> {
    match mismatch {
        None => Ok(()),
        Some(mismatch) => Err(Refusal::Checkout {
            pushed: commit.clone(),
            mismatch,
            after,
        }
        .into()),
    }
}
