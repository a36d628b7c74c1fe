//! What a push takes out that may go: its commits, what git will ask of it, and how long to stay around.

use std::time::Duration;

use super::part::change;

use crate::{
    cure::{Cure, command},
    gates::{
        GovernedPush, LocalRepository, Stop, World,
        verdict::{Contents, Verdict},
    },
    push::Oid,
    text,
};

/// What goes out since what git has on the environment.
pub(super) fn since_git(
    push: &GovernedPush<'_>,
    world: &World<'_>,
) -> Option<Result<Contents, Stop>> {
    let change = change(push)?;
    let (commit, repository) = (change.commit, world.repository);
    Some(Contents::of(
        commit,
        change.replaces,
        &push.remote,
        repository,
    ))
}

/// Adds what goes out: what cannot be told is a note.
pub(super) fn add_contents(
    push: &GovernedPush<'_>,
    since_git: Result<Contents, Stop>,
    verdict: &mut Verdict,
    world: &World<'_>,
) {
    let mut found = since_git;
    if let Some(change) = change(push) {
        let git = change.replaces;
        let told = verdict.runs.as_ref();
        if let Some(Err(error)) = told {
            verdict.notes.push(error.in_one_line());
        }
        // The team's notes came with the answers of the remotes.
        match (push.running(told, world.memory), &mut found) {
            (Ok(last), Ok(contents)) if git.is_none() && told.is_none() => contents.last = last,
            (Ok(Some(runs)), _) if Some(&runs) != git => {
                let here = push.here.as_ref();
                verdict
                    .notes
                    .extend(here.and_then(|here| Contents::unlike_known(here, git, &runs)));
                let (since, repository) = (Some(&runs), world.repository);
                found = Contents::of(change.commit, since, &push.remote, repository);
            }
            (Ok(_), _) => {}
            (Err(error), _) => verdict.notes.push(error.in_one_line()),
        }
    }
    match found {
        Ok(contents) => verdict.contents = Some(contents),
        Err(error) => verdict.notes.push(format!(
            "what it deploys is not known: {}",
            error.in_one_line()
        )),
    }
}

/// How long the policy asks people to stay around.
pub(super) fn runway(push: &GovernedPush<'_>, world: &World<'_>) -> Option<String> {
    let environment = push.environment()?;
    let runway = Duration::try_from(environment.window.runway).ok()?;
    if runway.is_zero() {
        return None;
    }
    let until = world.clock.now().checked_add(runway).ok()?;
    let reader = world.clock.zone().ok()?;
    let zone = environment.window.timezone.resolve(&reader);
    Some(format!(
        "stay around for {}, until {}, in case {} needs you",
        text::span(runway),
        text::clock(until, &zone, &reader),
        environment.name
    ))
}

/// What git asks of a push, if that would go, where what is live is not in the past of its commit.
pub(super) fn forced(
    push: &GovernedPush<'_>,
    verdict: &Verdict,
    repository: &dyn LocalRepository,
) -> Vec<Cure> {
    if !verdict.decision().permits() {
        return Vec::new();
    }
    let (Some(environment), Some((lease, old))) = (push.environment(), push.lease(repository))
    else {
        return Vec::new();
    };
    let old = old.short();
    let push_on = push.command_with(&[&lease]);
    let why = format!("{old}, which is live, is not in the past of this commit");
    match &push.trunk {
        _ if verdict.rollback.is_some() => {
            let commits = push.commits().into_iter().map(Oid::as_str);
            let rollback = ["pushgate", "rollback", &environment.name].into_iter();
            vec![Cure::run(why, [command(rollback.chain(commits))])]
        }
        Ok(trunk) if !environment.takes_any() => {
            let merge = command(["git", "merge", old]);
            let share = command(["git", "push", &trunk.remote, &trunk.branch]);
            vec![
                Cure::run(format!("{why}: to keep it, merge it first"), [merge, share]),
                Cure::run("or take it off, which git wants forced", [push_on]),
            ]
        }
        _ => vec![Cure::run(
            format!("{why}: git wants that forced"),
            [push_on],
        )],
    }
}
