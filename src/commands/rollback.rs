//! `pushgate rollback [ENV] [COMMIT]`: brings back what was live before.

use std::{ffi::OsString, io::IsTerminal, process::ExitStatus};

use bstr::{BStr, ByteSlice};

use super::{
    Done, Error,
    local::{Local, named, no_commit},
};
use crate::{
    app::{
        answers::SystemClock,
        follow_up::catch_up,
        overrides::{REASON, ROLLBACK},
        pipeline_tips::PipelineTips,
        settle::{self, Ask},
    },
    cli::Rollback,
    gates::{
        Clock, EnvironmentRemotes, LocalRepository, Memory, Remotes, Undecided, verdict::Decision,
    },
    git::Repository,
    hooks::gate::is_gated,
    memory::{
        deployments::{before, current, removed_by_rollback},
        record::Place,
    },
    policy::{Environment, Policy},
    process::{signals, terminal},
    push::{Oid, url::redact},
    report,
    text::printable,
};

pub(crate) fn run(args: &Rollback) -> Done {
    signals::watch();
    let world = Repository::open()?;
    if is_gated(&world) == Some(false) {
        let message = "no hook here would judge the rollback";
        return Err(Undecided::new(message).hint("pushgate install").into());
    }
    let local = Local::of(&world)?;
    let policy = &local.loaded.policy;
    let environment = environment(args.environment.as_deref(), policy)?;
    let of = world.remotes_of(environment);
    of.remote()?;
    let trunk = local.trunk.as_ref().ok();
    let tips = PipelineTips::ask(&world, trunk, policy.shares(), std::slice::from_ref(&of));
    catch_up(&world, policy)?;
    let mut code = 0;
    for index in 0..of.remotes.len() {
        code = back(args, &of, index, &tips, &world)?;
        if code != 0 {
            break;
        }
    }
    settle::settle(&world, Ask::RemotesNow)?;
    Ok(signals::signal().map_or(code, |signal| 128 + signal))
}

/// The one that is named, else production, else the only one that nothing comes after.
fn environment<'p>(name: Option<&str>, policy: &'p Policy) -> Result<&'p Environment, Error> {
    if let Some(name) = name {
        return named(name, policy);
    }
    if let Some(production) = policy.environment("production") {
        return Ok(production);
    }
    let is_last = |one: &&Environment| {
        !(policy.environments.iter()).any(|other| other.after.as_ref() == Some(&one.name))
    };
    match policy
        .environments
        .iter()
        .filter(is_last)
        .collect::<Vec<_>>()
        .as_slice()
    {
        [] => Err(Error::NoPipeline),
        [one] => Ok(one),
        several => {
            let names: Vec<_> = several.iter().map(|one| one.name.clone()).collect();
            let hint = format!("pushgate rollback {}", names[0]);
            let message = format!("which environment? {}", crate::text::alternatives(&names));
            Err(Undecided::new(message).hint(hint).into())
        }
    }
}

/// Rolls one remote of an environment back.
fn back(
    args: &Rollback,
    of: &EnvironmentRemotes,
    index: usize,
    tips: &dyn Remotes,
    world: &Repository,
) -> Done {
    let (environment, remote) = (&of.environment, of.remotes[index].as_bstr());
    let Some((branch, live)) = tips.live(remote, &of.branches)?.into_iter().next() else {
        let message = format!("nothing was ever deployed to {environment}");
        return Err(Undecided::new(message).into());
    };
    let commit = match &args.commit {
        Some(revision) => {
            let commit = world.revision(revision)?;
            commit.ok_or_else(|| no_commit(revision, world))?
        }
        None => previous(of.place_of(index), &live, world)?,
    };
    if commit == live {
        report::say(&format!(
            "{} is live on {environment} already",
            live.short()
        ));
        return Ok(0);
    }
    say(of, index, &live, &commit, world)?;
    if !confirmed(args)? {
        return Ok(Decision::Refused.exit_code());
    }
    let status = push(args, remote, (&branch, &live), &commit, world)?;
    let code = status.code().unwrap_or(1);
    Ok(u8::try_from(code).unwrap_or(1))
}

/// What was live before, as far as it is recorded and may come back.
fn previous(place: Place<'_>, live: &Oid, world: &Repository) -> Result<Oid, Error> {
    let environment = place.environment;
    let mut commit = live.clone();
    loop {
        let records = world.records(&commit)?;
        let Some(older) = before(&records, place, &commit).filter(|older| *older != live) else {
            let message = format!(
                "nothing tells what was live on {environment} before {}",
                commit.short()
            );
            return Err(Undecided::new(message)
                .hint(format!(
                    "see what was: pushgate log --environment {environment}"
                ))
                .hint(format!("name it: pushgate rollback {environment} COMMIT"))
                .into());
        };
        let records = world.records(older)?;
        if removed_by_rollback(&records, environment, older).is_none() {
            return Ok(older.clone());
        }
        commit = older.clone();
    }
}

/// Says what comes back, what goes, and whose it is.
fn say(
    of: &EnvironmentRemotes,
    index: usize,
    live: &Oid,
    commit: &Oid,
    world: &Repository,
) -> Result<(), Error> {
    let environment = &of.environment;
    report::say(&format!(
        "rollback of {environment} ({}): from {} back to {}",
        of.destinations[index],
        live.short(),
        commit.short()
    ));
    let place = of.place_of(index);
    let records = world.records(live)?;
    if let Some(record) = current(&records, place, live, SystemClock.now()) {
        let zone = SystemClock.zone()?;
        let at = crate::text::day_and_time(record.at, &zone, &zone);
        let by = match record.deployed() {
            Some(deployed) if deployed.seen => String::new(),
            _ => format!(" by {}", printable(record.by.as_bytes().into())),
        };
        report::print(format_args!("  {} was deployed{by}, {at}\n", live.short()));
    }
    let label = redact(&printable(of.remotes[index].as_bstr()));
    if let Ok((count, commits)) = world.lost(live, commit, &label)
        && count.0 > 0
    {
        report::print(format_args!(
            "  it takes {count} away:{}\n",
            count.list(&commits)
        ));
    }
    Ok(())
}

/// Asks on a terminal; without one the command line has to say yes.
fn confirmed(args: &Rollback) -> Result<bool, Error> {
    if args.yes {
        return Ok(true);
    }
    if !std::io::stderr().is_terminal() {
        let message = "there is no terminal to ask on";
        return Err(Undecided::new(message)
            .hint("say yes beforehand: pushgate rollback --yes")
            .into());
    }
    let yes = terminal::confirm("Roll back?").map_err(Undecided::from)?;
    if !yes {
        report::say("nothing was pushed");
    }
    Ok(yes)
}

/// Pushes, if what is live is still what was seen; the hook judges it as a rollback.
fn push(
    args: &Rollback,
    remote: &BStr,
    (branch, live): (&str, &Oid),
    commit: &Oid,
    world: &Repository,
) -> Result<ExitStatus, Error> {
    let lease = format!("--force-with-lease=refs/heads/{branch}:{live}");
    let refspec = format!("{commit}:refs/heads/{branch}");
    let words: [OsString; 5] = [
        "push".into(),
        lease.into(),
        "--".into(),
        remote.to_os_str_lossy().into_owned(),
        refspec.into(),
    ];
    let mut command = world.git().plain(words);
    command.env(ROLLBACK, "1");
    command.envs(args.words.as_ref().map(|words| (REASON, words)));
    let status = command.status();
    Ok(status.map_err(|error| Undecided::failed("run `git push`", &error))?)
}
