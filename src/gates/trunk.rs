//! The gate `trunk`: what is pushed is trunk's newest commit, or takes nothing off trunk itself.

use super::{
    facts::{Pushed, TrunkName},
    governed_push::GovernedPush,
    refusal::trunk::{NotTheTip, Refusal},
    remote_tips::RemoteTips,
    verdict::{GateResult, Stop},
    world::{Object, World},
};
use crate::push::{Oid, Update};

pub(crate) fn ask(
    push: &GovernedPush<'_>,
    commit: &Oid,
    tips: &RemoteTips,
    world: &World<'_>,
    notes: &mut Vec<String>,
) -> GateResult {
    let trunk = push.trunk.clone()?;
    if let Some(update) = push.moves_trunk() {
        // Trunk's tip stands on the hook's standard input: no remote has to be asked.
        return must_keep(update, &trunk, world);
    }
    let tip = match &tips.trunk {
        Some(tip) => tip.clone()?.commit,
        None => world.remotes.trunk_tip(&trunk, false)?.commit,
    };
    if *commit != tip {
        return Err(not_the_tip(push, commit, tip, trunk, world)?.into());
    }
    for update in &push.updates {
        if let Update::Set {
            commit,
            replaces: Some(old),
            ..
        } = update
        {
            notes.extend(dropped(push, commit, old, world)?);
        }
    }
    Ok(format!("{} is {trunk}", commit.short()))
}

/// A push to trunk itself must keep every commit that is there.
fn must_keep(update: &Update, trunk: &TrunkName, world: &World<'_>) -> GateResult {
    let Update::Set {
        commit, replaces, ..
    } = update
    else {
        return Ok("deleted".to_owned());
    };
    let Some(old) = replaces else {
        return Ok(format!("{trunk} is new"));
    };
    if !follows(commit, old, world)? {
        let (by, commits) = world.repository.lost(old, commit, &trunk.remote)?;
        if by.0 > 0 {
            let local = world.repository.local_branch(&trunk.branch)?;
            return Err(Refusal::Drops {
                pushed: pushed(commit, trunk, local.as_ref(), world)?,
                by,
                commits,
                trunk: trunk.clone(),
            }
            .into());
        }
    }
    Ok(format!("{} follows {}", commit.short(), old.short()))
}

/// Whether `old` is `new` or a parent of it: the common case, told from the commit alone.
fn follows(new: &Oid, old: &Oid, world: &World<'_>) -> Result<bool, Stop> {
    Ok(new == old
        || matches!(world.repository.object(new)?, Object::Commit { parents } if parents.contains(old)))
}

/// A note for a forced push that takes deployed commits away.
fn dropped(
    push: &GovernedPush<'_>,
    commit: &Oid,
    old: &Oid,
    world: &World<'_>,
) -> Result<Option<String>, Stop> {
    if follows(commit, old, world)? {
        return Ok(None);
    }
    let (by, commits) = world.repository.lost(old, commit, &push.remote)?;
    let list = by.list(&commits);
    Ok((by.0 > 0).then(|| format!("it drops {by} that are deployed now:{list}")))
}

/// Names the pushed commit after the local trunk branch where it is its tip.
fn pushed(
    commit: &Oid,
    trunk: &TrunkName,
    local: Option<&Oid>,
    world: &World<'_>,
) -> Result<Pushed, Stop> {
    Ok(Pushed {
        id: commit.clone(),
        branch: (local == Some(commit)).then(|| trunk.branch.clone()),
        checked_out: world.repository.is_checked_out(&trunk.branch)?,
    })
}

/// Gathers how the pushed commit and trunk's tip differ.
fn not_the_tip(
    push: &GovernedPush<'_>,
    commit: &Oid,
    tip: Oid,
    trunk: TrunkName,
    world: &World<'_>,
) -> Result<Refusal, Stop> {
    let local = world.repository.local_branch(&trunk.branch)?;
    let pushed = pushed(commit, &trunk, local.as_ref(), world)?;
    let relation = world.repository.relation(commit, &tip, &trunk.remote)?;
    let source = push.updates.iter().find_map(|update| match update {
        Update::Set {
            source,
            commit: one,
            ..
        } if one == commit => Some(source.clone()),
        _ => None,
    });
    Ok(Refusal::NotTheTip(Box::new(NotTheTip {
        pushed,
        source: source.unwrap_or_default(),
        remote: push.remote.clone(),
        trunk,
        local_is_newest: local.as_ref() == Some(&tip),
        tip,
        relation,
    })))
}
