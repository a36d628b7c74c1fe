//! Rollbacks, which are asked for by name: what was live here before comes back, and what replaced it goes.

use super::{
    facts::Relation,
    gate::Gate,
    governed_push::GovernedPush,
    refusal::{Refusal, target, trunk},
    verdict::{Rollback, Stop},
    world::World,
};
use crate::push::Update;

/// The rollback that a push to an environment is; refused where its commit was never live there.
pub(crate) fn of(push: &GovernedPush<'_>, world: &World<'_>) -> Result<Option<Rollback>, Stop> {
    let (
        Some(here),
        [
            Update::Set {
                commit, replaces, ..
            },
        ],
    ) = (&push.here, push.updates.as_slice())
    else {
        return Ok(None);
    };
    match replaces {
        Some(old) if world.memory.was_live(here, commit)? => Ok(Some(Rollback {
            from: old.clone(),
            to: commit.clone(),
        })),
        _ => Err(target::Refusal::NeverLive {
            pushed: commit.clone(),
            environment: here.environment.clone(),
        }
        .into()),
    }
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
