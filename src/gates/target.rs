//! The gate `target`: not a deletion, one commit, and nothing on the other side that is unknown here.

use super::{Case, GateResult, Object, Place, World};
use crate::{
    gates::{Undecided, refusal::target::Refusal, verdict::Trouble},
    push::{Update, destination::Destination},
    text::printable,
};

pub(crate) fn ask(case: &Case<'_>, world: &World<'_>) -> GateResult {
    if let (Place::UnknownApp(platform), Destination::App { app, .. }) =
        (case.place, case.destination)
    {
        return Err(Refusal::UnknownApp {
            platform,
            app: app.clone(),
            has_policy: case.written,
        }
        .into());
    }
    let deleted = case
        .updates
        .iter()
        .find(|update| matches!(update, Update::Delete { .. }));
    if let Some(branch) = deleted.and_then(|update| update.branch()) {
        return Err(Refusal::Deletion {
            branch: branch.into(),
        }
        .into());
    }
    if case.commits().len() > 1 {
        let commits = case.updates.iter().filter_map(|update| match update {
            Update::Set { commit, .. } => Some((update.name().to_owned(), commit.clone())),
            Update::Delete { .. } => None,
        });
        return Err(Refusal::TwoCommits {
            commits: commits.collect(),
        }
        .into());
    }
    for update in &case.updates {
        set(case, update, world)?;
    }
    let branches: Vec<_> = case
        .updates
        .iter()
        .map(|update| printable(update.name()))
        .collect();
    Ok(format!("one commit, to {}", branches.join(" and ")))
}

/// What is pushed must be a commit; what it replaces must be known here.
fn set(case: &Case<'_>, update: &Update, world: &World<'_>) -> Result<(), super::Stop> {
    let Update::Set {
        source,
        commit,
        target,
        replaces,
    } = update
    else {
        return Ok(());
    };
    if let Object::Other(kind) = world.repository.object(commit)? {
        return Err(Refusal::NoCommit {
            id: commit.clone(),
            kind,
            source: source.clone(),
            target: target.clone(),
            remote: case.remote.clone(),
        }
        .into());
    }
    // git would refuse this too ("fetch first"), but only after the suite has run.
    match replaces {
        Some(deployed)
            if case.place != Place::Branch
                && world.repository.object(deployed)? == Object::Missing =>
        {
            let id = deployed.clone();
            // In a shallow clone it may only be cut off: what is deployed comes from trunk.
            Err(if world.repository.is_shallow() {
                let remote = case.policy.trunk.remote.clone();
                Trouble::from(Undecided::shallow(&id, &remote)).into()
            } else {
                let remote = case.remote.clone();
                Refusal::UnknownDeployed { id, remote }.into()
            })
        }
        _ => Ok(()),
    }
}
