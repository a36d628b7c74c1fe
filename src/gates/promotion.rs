//! The gate `promotion`: the same commit is live on the environment that comes first.

use bstr::ByteSlice;

use super::{Answer, Case, Object, World, live::Live};
use crate::{
    destination::redact,
    push::Oid,
    verdict::{Refusal, Trouble, printable},
};

pub(crate) fn ask(case: &Case<'_>, commit: &Oid, live: &Live, world: &dyn World) -> Answer {
    let Some(before) = &case.before else {
        return Ok("nothing comes first".to_owned());
    };
    if before.remotes.is_empty() {
        return Err(Trouble::NoRemote {
            environment: before.environment.clone(),
            remote: before.expected.clone(),
        }
        .into());
    }
    for remote in &before.remotes {
        let heard = live.before.iter().flatten();
        let tips = match heard.clone().find(|(asked, _)| asked == remote) {
            Some((_, tips)) => tips.clone()?,
            None => world.live(remote.as_bstr(), &before.branches)?,
        };
        if tips.iter().any(|(_, tip)| tip == commit) {
            continue;
        }
        let environment = before.environment.clone();
        let refspec = refspec(case, &before.branches);
        let remote = redact(&printable(remote.as_bstr()));
        let Some((_, tip)) = tips.into_iter().next() else {
            return Err(Refusal::NeverDeployed {
                environment,
                remote,
                refspec,
            }
            .into());
        };
        // Counts are a courtesy: where the other commit is not here, its id has to do.
        let relation = match world.object(&tip)? {
            Object::Commit { .. } => world.relation(commit, &tip, &remote).ok(),
            Object::Other(_) | Object::Missing => None,
        };
        return Err(Refusal::OtherCommit {
            pushed: commit.clone(),
            environment,
            remote,
            refspec,
            live: tip,
            relation,
        }
        .into());
    }
    Ok(format!(
        "{} is live on {}",
        commit.short(),
        before.environment
    ))
}

/// What to push so that trunk's branch deploys there.
fn refspec(case: &Case<'_>, branches: &[String]) -> String {
    let deploys = branches.first().map_or("master", String::as_str);
    match &case.trunk {
        Ok(trunk) if branches.contains(&trunk.branch) => trunk.branch.clone(),
        Ok(trunk) => format!("{}:{deploys}", trunk.branch),
        Err(_) => deploys.to_owned(),
    }
}
