//! The refusal of a commit that is not live on the environment that comes first.

use crate::{
    cure::command,
    gates::{
        environment_remotes::{EnvironmentRemote, EnvironmentRemotes},
        facts::{Relation, TrunkName},
        stop::Stop,
        world::{LocalRepository, Object, World},
    },
    memory::record::Record,
    push::{Oid, url::label},
    text::alternatives,
};

/// What to push so that a commit is deployed there: trunk's branch, where this clone has one. `tips`: what is live.
pub(super) fn refspec(
    before: &EnvironmentRemotes,
    tips: &[(String, Oid)],
    commit: &Oid,
    trunk: Option<&TrunkName>,
    world: &World<'_>,
) -> Result<String, Stop> {
    if let Some(trunk) = trunk
        && world.repository.local_branch(&trunk.branch)?.is_none()
    {
        let branch = before.next_branch(tips, Some(trunk));
        return Ok(format!("{}:refs/heads/{branch}", commit.short()));
    }
    Ok(before.refspec(tips, trunk))
}

/// Says what is live on a remote instead of the commit, and what to do; `then`: what follows once the commit
/// is live there, and its command.
pub(crate) fn not_live(
    trunk: Option<&TrunkName>,
    commit: &Oid,
    before: &EnvironmentRemotes,
    remote: &EnvironmentRemote,
    tips: &[(String, Oid)],
    then: (&str, Option<&str>),
    world: &World<'_>,
) -> Result<Stop, Stop> {
    let (environment, remote) = (&before.environment, label(remote.name.as_ref()));
    let refspec = refspec(before, tips, commit, trunk, world)?;
    let refuse = |why: String, deploy: String| {
        let words = format!("deploy it there, try it on {environment}, then {}", then.0);
        let commands = [deploy].into_iter().chain(then.1.map(str::to_owned));
        Stop::refused(why).cure(words, commands)
    };
    let Some((branch, live)) = before.deployed(tips, trunk) else {
        if before.is_remembered {
            return Err(before.unknown());
        }
        let branches = alternatives(&before.branches);
        let why = format!("{environment} (`{remote}`) has no branch {branches}");
        return Ok(refuse(why, command(["git", "push", &remote, &refspec])));
    };
    // Counts are a courtesy: where the other commit is not here, its id has to do.
    let repository = world.repository;
    let (relation, same_content) = match repository.object(live)? {
        Object::Commit { .. } => (
            repository.relation(commit, live, &remote).ok(),
            repository.same_content(commit, live).unwrap_or(false),
        ),
        Object::Other(_) | Object::Missing => (None, false),
    };
    let mut push = vec!["git".to_owned(), "push".to_owned()];
    if !matches!(relation, Some(Relation::Ahead(_)) | None) {
        // git would not go back without being told what it replaces.
        // git may have another commit there than the one that a command has deployed, or tells of.
        let known = world.memory.records(live)?;
        let is_by_command = |one: &Record| one.is_at(before.place()) && one.is_by_command();
        push.push(
            if before.live.is_some() || known.iter().any(is_by_command) {
                "--force-with-lease".to_owned()
            } else {
                format!("--force-with-lease={branch}:{}", live.short())
            },
        );
    }
    push.extend([remote, refspec]);
    let relation = match relation {
        Some(Relation::Ahead(by)) => format!(", which is {by} ahead of it"),
        Some(Relation::Behind(by)) => format!(", which is {by} behind it"),
        Some(Relation::Diverged { ahead, behind }) => {
            format!(": they have diverged, {ahead} here and {behind} there")
        }
        Some(Relation::Unrelated) => ", with which it shares no history".to_owned(),
        None => String::new(),
    };
    let same = if same_content {
        "; both have the same content"
    } else {
        ""
    };
    let runs = before.live.is_some();
    let id = commit.short();
    let has = if runs { "runs" } else { "has" };
    let why = format!(
        "{environment} {has} {}, not {id}{relation}{same}",
        live.short()
    );
    if runs && world.memory.was_live(before, commit)? {
        // git would have nothing to push.
        let pushed = format!("{id} was pushed there: ");
        return not_released(Stop::refused(why), &pushed, live, repository);
    }
    Ok(refuse(
        why,
        if before.is_remembered {
            before.deploy_by_command()
        } else {
            command(push)
        },
    ))
}

/// Says what to do where git has a commit, and another one runs; `pushed`: what stands before the words about its
/// release.
pub(crate) fn not_released(
    stop: Stop,
    pushed: &str,
    runs: &Oid,
    repository: &dyn LocalRepository,
) -> Result<Stop, Stop> {
    let is_here = repository.object(runs)? != Object::Missing;
    Ok(if is_here {
        stop.hint(format!(
            "{pushed}see why its release failed, and release it again"
        ))
    } else {
        // The release may have worked, and another deploy come after it.
        let runs = runs.short();
        let words = format!("{runs} is not in this repository: fetch it, or ask who deployed it");
        stop.cure(words, [command(["git", "fetch", "--all"])])
    })
}
