//! The gate `target`: one known commit, no deletion, and nothing deployed that is unknown here.

use bstr::BString;

use super::{
    governed_push::GovernedPush,
    refusal::target::Refusal,
    route::Target,
    undecided::Undecided,
    verdict::{GateResult, Stop},
    world::{Object, World},
};
use crate::{push::Update, text::printable};

pub(crate) fn ask(push: &GovernedPush<'_>, world: &World<'_>) -> GateResult {
    if let Target::UnknownApp(platform) = push.target {
        return Err(Refusal::UnknownApp {
            platform,
            app: push.destination.brief(),
            has_policy: push.written,
        }
        .into());
    }
    let deleted = (push.updates.iter()).find(|update| matches!(update, Update::Delete { .. }));
    if let Some(branch) = deleted.and_then(|update| update.branch()) {
        return Err(Refusal::Deletion {
            branch: branch.into(),
        }
        .into());
    }
    if push.commits().len() > 1 {
        let commits = push.updates.iter().filter_map(|update| match update {
            Update::Set { commit, .. } => Some((update.name().to_owned(), commit.clone())),
            Update::Delete { .. } => None,
        });
        return Err(Refusal::TwoCommits {
            commits: commits.collect(),
            without_tags: branch_among_tags(push),
        }
        .into());
    }
    for update in &push.updates {
        check_objects(push, update, world)?;
    }
    let branches = push.updates.iter().map(|update| printable(update.name()));
    let branches: Vec<_> = branches.collect();
    Ok(format!("one commit, to {}", branches.join(" and ")))
}

/// The remote and the refspec of the one branch that is pushed, where tags are pushed with it.
fn branch_among_tags(push: &GovernedPush<'_>) -> Option<(String, BString)> {
    let (tags, others): (Vec<_>, Vec<_>) =
        (push.updates.iter().copied()).partition(|one| one.tag().is_some());
    match (tags.as_slice(), others.as_slice()) {
        ([_, ..], [Update::Set { source, target, .. }]) => {
            let refspec = [source.as_slice(), target].join(&b':');
            Some((push.remote.clone(), refspec.into()))
        }
        _ => None,
    }
}

/// What is pushed must be a commit; what it replaces must be known here.
fn check_objects(push: &GovernedPush<'_>, update: &Update, world: &World<'_>) -> Result<(), Stop> {
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
            remote: push.remote.clone(),
        }
        .into());
    }
    let Some(deployed) = replaces.as_ref().filter(|_| push.target != Target::Branch) else {
        return Ok(());
    };
    if world.repository.object(deployed)? != Object::Missing {
        return Ok(());
    }
    // git would refuse this too ("fetch first"), but only after the suite has run.
    Err(if world.repository.is_shallow() {
        // The commit may only be cut off: what is deployed comes from trunk.
        Undecided::shallow(deployed, &push.policy.trunk.remote).into()
    } else {
        Refusal::UnknownDeployed {
            id: deployed.clone(),
            remote: push.remote.clone(),
        }
        .into()
    })
}
