//! Rollbacks, which are asked for by name: what was live here before comes back, and what replaced it goes.

use super::{
    gate::Gate,
    governed_push::GovernedPush,
    stop::Stop,
    verdict::Rollback,
    world::{Object, World},
};
use crate::{
    cure::command,
    memory::{
        deployments::{current, removed_by_rollback},
        record::{Deployed, Place, Record},
    },
    push::Oid,
    text::day_and_time,
};

/// What a gate answers that lets a rollback pass.
pub(crate) const PASSES: &str = "passes as a rollback";

/// The rollback that a push to an environment is; refused where its commit was never live there. `told`: what the
/// environment's command says to run there.
pub(crate) fn of(
    push: &GovernedPush<'_>,
    told: Option<&Result<Oid, Stop>>,
    world: &World<'_>,
) -> Result<Option<Rollback>, Stop> {
    let Some(here) = &push.here else {
        return Ok(None);
    };
    let only = match push.updates[..] {
        [update] => update.commit.as_ref(),
        _ => None,
    };
    let Some(commit) = only else {
        let why = format!(
            "a rollback of {} is one commit to one branch",
            here.environment
        );
        let rollback = command(["pushgate", "rollback", here.environment.as_str()]);
        return Err(Stop::refused(why).cure("go back to what was live before", [rollback]));
    };
    let replaces = push.running(told, world.memory)?;
    let mut in_place_of = None;
    if let Some(old) = &replaces
        && world.repository.is_past(old, commit, &push.remote)? == Some(true)
    {
        in_place_of = removed_above(commit, old, here.place(), push, world)?;
        if in_place_of.is_none() {
            let (id, old, name) = (commit.short(), old.short(), &here.environment);
            let why =
                format!("{id} is newer than {old}, which is live on {name}: it is no rollback");
            let deploy = push.push.deploy.as_ref();
            let deploy = deploy.map_or_else(|| push.command(), |one| one.deploy(Some(id)));
            return Err(Stop::refused(why).cure("deploy it", [deploy]));
        }
    }
    match replaces {
        Some(old) if world.memory.was_live(here, commit)? => Ok(Some(Rollback {
            from: old,
            to: commit.clone(),
            in_place_of,
        })),
        _ => {
            let (id, name) = (commit.short(), here.environment.as_str());
            let why = format!("{id} was never live on {name}: it is not a rollback");
            let log = command(["pushgate", "log", "--environment", name]);
            let rollback = command(["pushgate", "rollback", name]);
            Err(Stop::refused(why)
                .cure("see what was live there", [log])
                .cure("go back to what was live before", [rollback]))
        }
    }
}

/// The commit that a rollback to what is live now has removed, where that is not older than this one: the
/// rollback went too far.
fn removed_above(
    commit: &Oid,
    live: &Oid,
    place: Place<'_>,
    push: &GovernedPush<'_>,
    world: &World<'_>,
) -> Result<Option<Oid>, Stop> {
    let records = world.memory.records(live)?;
    let back = current(&records, place, live, world.clock.now()).and_then(Record::deployed);
    let Some(removed) = back.and_then(Deployed::keeps_away) else {
        return Ok(None);
    };
    let is_here = world.repository.object(removed)? != Object::Missing;
    // The removed commit itself is let in again first.
    let is_between = is_here
        && (commit == removed
            || world.repository.is_past(commit, removed, &push.remote)? == Some(true));
    Ok(is_between.then(|| removed.clone()))
}

/// Whether a rollback passes where a gate stops another push: at any hour, and whatever was tried
/// elsewhere. The gate `trunk` itself lets it go to a commit that is on trunk though not its newest.
pub(crate) fn permits(gate: Gate) -> bool {
    matches!(gate, Gate::Window | Gate::Promotion)
}

/// A pushed commit and the records about it.
pub(crate) struct Remembered<'c> {
    pub(crate) commit: &'c Oid,
    pub(crate) records: Vec<Record>,
}

/// Reads the records about the pushed commits. A commit that a rollback removed from this environment
/// is refused until a person lets it in again.
pub(crate) fn remembered<'c>(
    push: &'c GovernedPush<'_>,
    world: &World<'_>,
) -> Result<Vec<Remembered<'c>>, Stop> {
    let Some(here) = &push.here else {
        return Ok(Vec::new());
    };
    let ask = |commit: &'c Oid| {
        let records = world.memory.records(commit)?;
        match removed_by_rollback(&records, here.place(), commit) {
            Some(record) => {
                let (id, name, by) = (commit.short(), here.environment.as_str(), &record.by);
                let reader = world.clock.reader();
                let at = day_and_time(record.at, &reader, &reader);
                let why = format!("a rollback took {id} off {name} ({at}, {by})");
                let again = command(["pushgate", "approve", "--again", name, "--commit", id]);
                Err(Stop::refused(why)
                    .hint("push another commit, one that fixes what was wrong")
                    .cure(
                        "or, if it may go there again",
                        [again, push.command_again(world.repository)],
                    ))
            }
            None => Ok(Remembered { commit, records }),
        }
    };
    push.commits().into_iter().map(ask).collect()
}
