//! The gate `suite`: all tests passed, on exactly what is pushed.

use std::{thread, time::Duration};

use jiff::Timestamp;

use super::{
    facts::Mismatch,
    gate::Gate,
    governed_push::GovernedPush,
    receipt,
    refusal::suite::Refusal,
    remote_tips::{RemoteTips, beside, is_old},
    undecided::Undecided,
    verdict::Stop,
    world::{Passed, SuiteRun, Work, World},
};
use crate::{
    policy::{Ci, In},
    push::Oid,
    text::span,
};

/// What is asked again after a suite, where the answers have grown old.
pub(crate) struct Again<'a> {
    pub(crate) asked_at: Timestamp,
    pub(crate) wants: &'a (dyn Fn(Gate) -> bool + Sync),
}

/// How the suite passed.
#[derive(Debug)]
pub(crate) struct PassedNow {
    pub(crate) answer: String,
    pub(crate) notes: Vec<String>,
    /// Whether a suite ran, ours or one that this push waited for: other answers may be old.
    pub(crate) ran: bool,
    /// The tips that were asked for again after our run.
    pub(crate) tips: Option<RemoteTips>,
}

impl PassedNow {
    fn before(answer: String, ran: bool) -> Self {
        Self {
            answer,
            notes: Vec::new(),
            ran,
            tips: None,
        }
    }
}

/// Looks for a receipt, else runs the suite.
///
/// `looked` is how the checkout was a moment ago, if that is known.
pub(crate) fn ask(
    push: &GovernedPush<'_>,
    commit: &Oid,
    looked: Option<Result<Option<Mismatch>, Undecided>>,
    again: &Again<'_>,
    world: &World<'_>,
) -> Result<PassedNow, Stop> {
    if let Some(ci) = &push.policy.suite.ci {
        return ask_ci(push, commit, ci, again, world);
    }
    let steps = receipt::steps(push.policy, commit, world)?;
    let work = Work::of(push.policy, commit, &steps);
    let passed_before = |ran| -> Result<_, Stop> {
        let receipt = world.memory.receipt(&work)?;
        Ok(receipt.map(|passed| {
            let (ago, took) = (ago(passed, world), span(passed.took));
            PassedNow::before(format!("passed {ago} ago on this tree, in {took}"), ran)
        }))
    };
    if let Some(passed) = passed_before(false)? {
        return Ok(passed);
    }
    let lock = world.runner.lock_suite()?;
    if lock.waited
        && let Some(passed) = passed_before(true)?
    {
        return Ok(passed);
    }
    // A worktree is made to be the pushed tree; the checkout has to prove it.
    let in_checkout = work.suite.place == In::Checkout;
    if in_checkout {
        let looked = looked.filter(|_| !lock.waited);
        let checkout = looked.unwrap_or_else(|| world.repository.checkout(commit));
        must_match(commit, checkout?, false)?;
    }
    let (took, warning) = match world.runner.run(&work)? {
        SuiteRun::Stopped(refusal) => return Err((*refusal).into()),
        SuiteRun::Passed { took, warning } => (took, warning),
    };
    let mut notes = Vec::from_iter(warning);
    // The remotes take their time to answer again; so do the checkout and a durable receipt.
    let ask = || RemoteTips::ask(push, again.wants, world);
    let (tips, matches) = thread::scope(|scope| {
        let tips = is_old(again.asked_at, world).then(|| beside(scope, &ask));
        let matches = if in_checkout {
            let checkout = world.repository.checkout(commit).map_err(Stop::from);
            checkout.and_then(|mismatch| must_match(commit, mismatch, true))
        } else {
            Ok(())
        };
        if matches.is_ok() {
            notes.extend(leave_receipt(&work, took, world));
        }
        (tips.map(|tips| tips()), matches)
    });
    matches?;
    must_be_connected(took, world)?;
    Ok(PassedNow {
        answer: format!("passed in {}", span(took)),
        notes,
        ran: true,
        tips,
    })
}

/// Asks the CI instead of running anything here.
fn ask_ci(
    push: &GovernedPush<'_>,
    commit: &Oid,
    ci: &Ci,
    again: &Again<'_>,
    world: &World<'_>,
) -> Result<PassedNow, Stop> {
    let forge = ci.forge.name();
    let work = Work::of(push.policy, commit, &[]);
    if let Some(passed) = world.memory.receipt(&work)? {
        let ago = ago(passed, world);
        let answer = format!("passed on {forge}, as it said {ago} ago");
        return Ok(PassedNow::before(answer, false));
    }
    let checked = world.runner.checks(&work, ci)?;
    let notes = leave_receipt(&work, Duration::ZERO, world);
    let is_old = is_old(again.asked_at, world);
    let tips = is_old.then(|| RemoteTips::ask(push, again.wants, world));
    must_be_connected(checked.took, world)?;
    let (number, of) = (checked.passed, checked.of);
    let checks = if number == 1 { "check" } else { "checks" };
    Ok(PassedNow {
        answer: format!("{number} {checks} of {of} passed on {forge}"),
        notes: Vec::from_iter(notes),
        ran: true,
        tips,
    })
}

fn ago(passed: Passed, world: &World<'_>) -> String {
    let ago = world.clock.now().duration_since(passed.at);
    span(Duration::try_from(ago).unwrap_or_default())
}

/// Writes a receipt; without one the suite did pass, only the next push does not know it.
fn leave_receipt(work: &Work<'_>, took: Duration, world: &World<'_>) -> Option<String> {
    let error = world.runner.leave_receipt(work, took).err()?;
    Some(format!("no receipt is left: {error}"))
}

fn must_be_connected(took: Duration, world: &World<'_>) -> Result<(), Stop> {
    if world.runner.is_connected() {
        Ok(())
    } else {
        Err(Refusal::Disconnected { took }.into())
    }
}

/// The checkout must be exactly the pushed tree, before the run and `after` it.
fn must_match(commit: &Oid, mismatch: Option<Mismatch>, after: bool) -> Result<(), Stop> {
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
