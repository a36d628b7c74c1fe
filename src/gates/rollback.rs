//! A rollback: what was live here before comes back, and what replaced it goes.

use super::{Case, Stop, World};
use crate::{
    push::Update,
    verdict::{Gate, Refusal, Relation, Rollback},
};

/// Whether the push is a rollback: forced, to a commit that is known to have been live here before.
///
/// Whether that commit is on trunk is for the gate `trunk` to say.
pub(crate) fn find(case: &Case<'_>, world: &dyn World) -> Result<Option<Rollback>, Stop> {
    let Some(here) = &case.here else {
        return Ok(None);
    };
    for update in &case.updates {
        let Update::Set {
            commit,
            replaces: Some(old),
            ..
        } = update
        else {
            continue;
        };
        // Where ancestry cannot be told, the push is an ordinary one, and judged more strictly.
        let rewinds = matches!(
            world.relation(commit, old, &case.remote),
            Ok(Relation::Behind(_) | Relation::Diverged { .. })
        );
        if rewinds && commit != old && world.was_live(here, commit)? {
            return Ok(Some(Rollback {
                from: old.clone(),
                to: commit.clone(),
            }));
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
            matches!(stop, Stop::Refused(refusal) if matches!(**refusal, Refusal::Behind { .. }))
        }
        Gate::Target | Gate::Suite => false,
    }
}
