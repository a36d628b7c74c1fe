//! A rollback: what was live here before comes back, and what replaced it goes.

use super::{Case, Stop, World};
use crate::{
    gates::{
        refusal::{Refusal, trunk},
        verdict::{Gate, Relation, Rollback},
    },
    push::Update,
};

/// What the push would be if its commits had been live here before: forced, to a commit that does not
/// contain what is live now.
///
/// Whether that commit is on trunk is for the gate `trunk` to say.
pub(crate) fn rewinds(case: &Case<'_>, world: &World<'_>) -> Vec<Rollback> {
    let rewind = |update: &&Update| {
        let Update::Set {
            commit,
            replaces: Some(old),
            ..
        } = update
        else {
            return None;
        };
        // Where ancestry cannot be told, the push is an ordinary one, and judged more strictly.
        let relation = world.repository.relation(commit, old, &case.remote);
        let rewinds = matches!(
            relation,
            Ok(Relation::Behind(_) | Relation::Diverged { .. })
        );
        (rewinds && commit != old).then(|| Rollback {
            from: old.clone(),
            to: commit.clone(),
        })
    };
    case.updates.iter().filter_map(rewind).collect()
}

/// The one of them that is known to have been live here before.
pub(crate) fn known(
    rewinds: Vec<Rollback>,
    case: &Case<'_>,
    world: &World<'_>,
) -> Result<Option<Rollback>, Stop> {
    let Some(here) = &case.here else {
        return Ok(None);
    };
    for rewind in rewinds {
        if world.memory.was_live(here, &rewind.to)? {
            return Ok(Some(rewind));
        }
    }
    Ok(None)
}

/// Whether a rollback may pass where another push is stopped so: at any hour, to a commit that is on
/// trunk though not its newest, and whatever is known of what was tried elsewhere.
pub(crate) fn outweighs(gate: Gate, stop: &Stop) -> bool {
    match gate {
        Gate::Window | Gate::Promotion => true,
        Gate::Trunk => {
            matches!(stop, Stop::Refused(refusal) if matches!(**refusal, Refusal::Trunk(trunk::Refusal::Behind { .. })))
        }
        Gate::Target | Gate::Suite => false,
    }
}
