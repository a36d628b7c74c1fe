//! Rollbacks: what was live here before comes back, and what replaced it goes.

use super::{
    facts::Relation,
    gate::Gate,
    governed_push::GovernedPush,
    refusal::{Refusal, trunk},
    verdict::{Rollback, Stop},
    world::World,
};
use crate::push::Update;

/// The updates that would be rollbacks if their commits had been live here before: forced, to a
/// commit that does not contain what is live now.
///
/// Whether that commit is on trunk is for the gate `trunk` to say.
pub(crate) fn rollback_candidates(push: &GovernedPush<'_>, world: &World<'_>) -> Vec<Rollback> {
    let candidate = |update: &&Update| {
        let Update::Set {
            commit,
            replaces: Some(old),
            ..
        } = update
        else {
            return None;
        };
        // Where ancestry cannot be told, the push is an ordinary one, and judged more strictly.
        let relation = world.repository.relation(commit, old, &push.remote);
        let goes_back = matches!(
            relation,
            Ok(Relation::Behind(_) | Relation::Diverged { .. })
        );
        (goes_back && commit != old).then(|| Rollback {
            from: old.clone(),
            to: commit.clone(),
        })
    };
    push.updates.iter().filter_map(candidate).collect()
}

/// The candidate whose commit is known to have been live here before.
pub(crate) fn proven(
    candidates: Vec<Rollback>,
    push: &GovernedPush<'_>,
    world: &World<'_>,
) -> Result<Option<Rollback>, Stop> {
    let Some(here) = &push.here else {
        return Ok(None);
    };
    for candidate in candidates {
        if world.memory.was_live(here, &candidate.to)? {
            return Ok(Some(candidate));
        }
    }
    Ok(None)
}

/// Whether a rollback passes where a gate stops another push: at any hour, to a commit that is on
/// trunk though not its newest, and whatever was tried elsewhere.
pub(crate) fn permits(gate: Gate, stop: &Stop) -> bool {
    match gate {
        Gate::Window | Gate::Promotion => true,
        Gate::Trunk => match stop {
            Stop::Refused(refusal) => match &**refusal {
                Refusal::Trunk(trunk::Refusal::NotTheTip(facts)) => {
                    matches!(facts.relation, Relation::Behind(_))
                }
                _ => false,
            },
            Stop::Undecided(_) => false,
        },
        Gate::Target | Gate::Suite => false,
    }
}
