//! The suite that a commit needs, and the receipt that spares running it.

use super::{
    governed_push::GovernedPush,
    stop::Stop,
    world::{Passed, Work, World},
};
use crate::{
    policy::{FILE, In, Policy, Step},
    push::Oid,
};

/// Returns the steps of the policy, none where a CI runs it, or the one that the project's own files suggest.
pub(crate) fn steps(policy: &Policy, commit: &Oid, world: &World<'_>) -> Result<Vec<Step>, Stop> {
    if policy.suite.ci.is_some() || !policy.suite.steps.is_empty() {
        return Ok(policy.suite.steps.clone());
    }
    let found = world.repository.detect(commit)?.into_iter();
    let mut candidates: Vec<String> = found.map(|one| one.command).collect();
    if candidates.len() == 1 {
        let run = candidates.remove(0);
        return Ok(vec![Step {
            run,
            ..Step::default()
        }]);
    }
    let why = if candidates.is_empty() {
        "nothing says what runs your tests".to_owned()
    } else {
        let candidates = candidates.join("`, `");
        format!("which of these runs your entire suite? `{candidates}`")
    };
    Err(Stop::refused(why).hint(format!(
        "set `suite.run` in {FILE}, and commit it:\n    suite:\n      run: COMMAND"
    )))
}

pub(crate) fn find(
    policy: &Policy,
    commit: &Oid,
    world: &World<'_>,
) -> Result<Option<Passed>, Stop> {
    let steps = steps(policy, commit, world)?;
    world.memory.receipt(&Work::of(policy, commit, &steps))
}

/// Whether the suite need not run: an override that skips it was then not needed.
pub(crate) fn is_there(push: &GovernedPush<'_>, world: &World<'_>) -> bool {
    let found = |commit: &Oid| find(push.policy, commit, world);
    push.commits()
        .into_iter()
        .all(|commit| matches!(found(commit), Ok(Some(_))))
}

/// The commit whose tree the checkout has to be, where the suite will run there.
pub(crate) fn needs_checkout<'c>(push: &GovernedPush<'c>, world: &World<'_>) -> Option<&'c Oid> {
    let suite = &push.policy.suite;
    match push.commits().as_slice() {
        [commit] if suite.ci.is_none() && suite.place == In::Checkout && !is_there(push, world) => {
            Some(commit)
        }
        _ => None,
    }
}
