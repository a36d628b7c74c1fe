//! The gate `trunk`: what is pushed is the newest of everybody's work.

use super::{Case, GateResult, Object, World, live::Live};
use crate::{
    gates::{
        refusal::trunk::Refusal,
        verdict::{Pushed, Relation, TrunkName},
    },
    push::{Oid, Update},
};

pub(crate) fn ask(
    case: &Case<'_>,
    commit: &Oid,
    live: &Live,
    world: &World<'_>,
    notes: &mut Vec<String>,
) -> GateResult {
    let trunk = case.trunk.clone()?;
    if let Some(update) = case.moves_trunk() {
        // Trunk's tip stands on the hook's standard input: nobody has to be asked.
        return keeps(update, &trunk, world);
    }
    let tip = match &live.trunk {
        Some(tip) => tip.clone()?.commit,
        None => world.remotes.trunk_tip(&trunk, false)?.commit,
    };
    if *commit != tip {
        return Err(apart(case, commit, tip, trunk, world)?.into());
    }
    for update in &case.updates {
        if let Update::Set {
            commit,
            replaces: Some(old),
            ..
        } = update
        {
            notes.extend(dropped(case, commit, old, world)?);
        }
    }
    Ok(format!("{} is {trunk}", commit.short()))
}

/// A push to trunk itself must keep every commit that is there.
fn keeps(update: &Update, trunk: &TrunkName, world: &World<'_>) -> GateResult {
    let Update::Set {
        commit, replaces, ..
    } = update
    else {
        return Ok("deleted".to_owned());
    };
    let Some(old) = replaces else {
        return Ok(format!("{trunk} is new"));
    };
    if follows(commit, old, world)? {
        return Ok(format!("{} follows {}", commit.short(), old.short()));
    }
    let (by, commits) = world.repository.lost(old, commit, &trunk.remote)?;
    if by.0 == 0 {
        return Ok(format!("{} follows {}", commit.short(), old.short()));
    }
    Err(Refusal::Drops {
        pushed: pushed(commit, &trunk.branch, world)?,
        by,
        commits,
        trunk: trunk.clone(),
    }
    .into())
}

/// The common case, told from the commit alone: `old` is `new`, or a parent of it.
fn follows(new: &Oid, old: &Oid, world: &World<'_>) -> Result<bool, super::Stop> {
    Ok(new == old
        || matches!(world.repository.object(new)?, Object::Commit { parents } if parents.contains(old)))
}

/// A line for a forced push that takes deployed commits away.
fn dropped(
    case: &Case<'_>,
    commit: &Oid,
    old: &Oid,
    world: &World<'_>,
) -> Result<Option<String>, super::Stop> {
    if follows(commit, old, world)? {
        return Ok(None);
    }
    let (by, commits) = world.repository.lost(old, commit, &case.remote)?;
    if by.0 == 0 {
        return Ok(None);
    }
    Ok(Some(format!(
        "it drops {by} that are deployed now:{}",
        by.list(&commits)
    )))
}

/// What is pushed, named after the local trunk branch where it is its tip.
fn pushed(commit: &Oid, branch: &str, world: &World<'_>) -> Result<Pushed, super::Stop> {
    let is_tip = world
        .repository
        .local_branch(branch)?
        .is_some_and(|tip| tip == *commit);
    Ok(Pushed {
        id: commit.clone(),
        branch: is_tip.then(|| branch.to_owned()),
        checked_out: world.repository.is_checked_out(branch)?,
    })
}

/// How what is pushed and trunk's live tip differ, told apart by their history.
fn apart(
    case: &Case<'_>,
    commit: &Oid,
    tip: Oid,
    trunk: TrunkName,
    world: &World<'_>,
) -> Result<Refusal, super::Stop> {
    let pushed = pushed(commit, &trunk.branch, world)?;
    let is_trunk_branch = pushed.branch.is_some();
    let source = case.updates.iter().find_map(|update| match update {
        Update::Set {
            source,
            commit: one,
            ..
        } if one == commit => Some(source.clone()),
        _ => None,
    });
    let source = source.unwrap_or_default();
    let not_on_trunk = |ahead| Refusal::NotOnTrunk {
        pushed: pushed.clone(),
        source: source.clone(),
        ahead,
        trunk: trunk.clone(),
        tip: tip.clone(),
    };
    Ok(
        match world.repository.relation(commit, &tip, &trunk.remote)? {
            Relation::Behind(by) => Refusal::Behind {
                local_is_newest: world
                    .repository
                    .local_branch(&trunk.branch)?
                    .is_some_and(|local| local == tip),
                remote: case.remote.clone(),
                pushed,
                by,
                trunk,
                tip,
            },
            Relation::Ahead(by) if is_trunk_branch => Refusal::Ahead {
                pushed,
                by,
                trunk,
                tip,
            },
            Relation::Diverged { ahead, behind } if is_trunk_branch => Refusal::Diverged {
                pushed,
                ahead,
                behind,
                trunk,
                tip,
            },
            Relation::Ahead(ahead) | Relation::Diverged { ahead, .. } => not_on_trunk(Some(ahead)),
            Relation::Unrelated => not_on_trunk(None),
        },
    )
}
