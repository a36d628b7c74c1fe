//! `pushgate rollback [ENV] [COMMIT]`: brings back what was live before.

use std::{ffi::OsString, io::IsTerminal, process::ExitStatus};

use bstr::{BStr, ByteSlice};

use super::{
    Done, Error,
    local::{Local, named, no_commit, no_pipeline},
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
    cure::command,
    gates::{
        Clock, EnvironmentRemotes, Memory, Remotes, Undecided,
        verdict::{Contents, Decision},
    },
    git::{Repository, network},
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
    let start = SystemClock.now();
    let world = Repository::open()?;
    if is_gated(&world) != Some(true) {
        let message = "no hook here is known to judge the rollback";
        return Err(Undecided::new(message).cure("install the gate first", ["pushgate install"]));
    }
    let local = Local::of(&world)?;
    let policy = &local.loaded.policy;
    let environment = environment(args.environment.as_deref(), policy)?;
    let of = world.remotes_of(environment);
    of.remote()?;
    let trunk = local.trunk.as_ref().ok();
    let tips = PipelineTips::ask(&world, trunk, policy.shares(), std::slice::from_ref(&of));
    catch_up(&world, policy, network::LIMIT)?;
    let runs = match of.live.as_ref().map(|_| tips.running(&of)) {
        Some(Ok(runs)) => Some(runs),
        // What is down cannot say what it runs, and has to come back all the same.
        Some(Err(error)) => {
            let why = error.in_one_line();
            report::warn(&format!("{why}; what git has there counts"));
            None
        }
        None => None,
    };
    let mut lives = Vec::new();
    for (index, remote) in of.remotes.iter().enumerate() {
        let tips = tips.live(remote.as_bstr(), &of.branches)?;
        if let Some((branch, commit)) = of.deployed(&tips, trunk) {
            lives.push(Live {
                index,
                branch: branch.clone(),
                git: commit.clone(),
                commit: runs.as_ref().unwrap_or(commit).clone(),
            });
        }
    }
    let code = back(args, &of, lives, &world)?;
    settle::settle(&world, Ask::JustEnded(start))?;
    Ok(signals::signal().map_or(code, |signal| 128 + signal))
}

/// One remote of the environment, with what is live there.
struct Live {
    index: usize,
    branch: String,
    /// What the branch has.
    git: Oid,
    /// What runs there: the same, unless a command says otherwise.
    commit: Oid,
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
        [] => Err(no_pipeline()),
        [one] => Ok(one),
        several => {
            let names: Vec<_> = several.iter().map(|one| one.name.clone()).collect();
            let rollback = command(["pushgate", "rollback", &names[0]]);
            let message = format!("which environment? {}", crate::text::alternatives(&names));
            Err(Undecided::new(message).cure("name one", [rollback]))
        }
    }
}

/// Brings one commit back, wherever it is not live already.
fn back(
    args: &Rollback,
    of: &EnvironmentRemotes,
    mut lives: Vec<Live>,
    world: &Repository,
) -> Done {
    let environment = &of.environment;
    let commit = match &args.commit {
        Some(revision) => {
            let commit = world.revision(revision)?;
            commit.ok_or_else(|| no_commit(revision, world))?
        }
        None => chosen(of, &lives, world)?,
    };
    lives.retain(|live| {
        let is_there = live.commit == commit && live.git == commit;
        if is_there {
            let destination = &of.destinations[live.index];
            let commit = commit.short();
            report::say(&format!("{destination} has {commit} already"));
        }
        !is_there
    });
    if lives.is_empty() {
        return Ok(0);
    }
    for live in &lives {
        say(of, live, &commit, world)?;
    }
    if !confirmed(args, environment, &commit)? {
        return Ok(Decision::Refused.exit_code());
    }
    for live in &lives {
        let status = push(args, of.remotes[live.index].as_bstr(), live, &commit, world)?;
        let code = status.code().unwrap_or(1);
        if code != 0 {
            return Ok(u8::try_from(code).unwrap_or(1));
        }
    }
    Ok(0)
}

/// The commit that was live before: where the remotes differ, the one that some have already.
fn chosen(of: &EnvironmentRemotes, lives: &[Live], world: &Repository) -> Result<Oid, Error> {
    let environment = &of.environment;
    let is_one = lives.iter().all(|live| live.commit == lives[0].commit);
    let before = |live: &Live| previous(of.place_of(live.index), &live.commit, world);
    match lives {
        [] => {
            let message = format!("nothing was ever deployed to {environment}");
            return Err(Undecided::new(message));
        }
        [live, ..] if is_one => return before(live),
        _ => {}
    }
    let older = lives.iter().filter_map(|live| before(live).ok());
    let mut common: Vec<_> = older
        .filter(|older| lives.iter().any(|live| live.commit == *older))
        .collect();
    common.dedup();
    if let [only] = common.as_slice() {
        return Ok(only.clone());
    }
    let name = |live: &Live| {
        format!(
            "{} has {}",
            of.destinations[live.index],
            live.commit.short()
        )
    };
    let names: Vec<_> = lives.iter().map(name).collect();
    let names = names.join(", ");
    let message = format!("which commit is to come back to {environment}? {names}");
    Err(which(message, environment))
}

/// What was live before, as far as it is recorded and may come back.
fn previous(place: Place<'_>, live: &Oid, world: &Repository) -> Result<Oid, Error> {
    let environment = place.environment;
    let mut seen = vec![live.clone()];
    let mut commit = live.clone();
    loop {
        let records = world.records(&commit)?;
        let Some(older) = before(&records, place, &commit).filter(|one| !seen.contains(one)) else {
            let commit = commit.short();
            let message = format!("nothing tells what was live on {environment} before {commit}");
            return Err(which(message, environment));
        };
        let records = world.records(older)?;
        if removed_by_rollback(&records, environment, older).is_none() {
            return Ok(older.clone());
        }
        seen.push(older.clone());
        commit = older.clone();
    }
}

/// The commit has to be named.
fn which(message: String, environment: &str) -> Error {
    let log = command(["pushgate", "log", "--environment", environment]);
    let back = command(["pushgate", "rollback", environment, "COMMIT"]);
    Undecided::new(message).cure("see what was live, and name it", [log, back])
}

/// Says what comes back, what goes, and whose it is.
fn say(
    of: &EnvironmentRemotes,
    live: &Live,
    commit: &Oid,
    world: &Repository,
) -> Result<(), Error> {
    let environment = &of.environment;
    let (index, git, live) = (live.index, &live.git, &live.commit);
    report::say(&format!(
        "rollback of {environment} ({}): from {} back to {}",
        of.destinations[index],
        live.short(),
        commit.short()
    ));
    if let Some(unlike) = Contents::unlike_git(Some(git), live) {
        report::print(format_args!("  {unlike}\n"));
    }
    let here = of.place_of(index);
    let records = world.records(live)?;
    if let Some(record) = current(&records, here, live, SystemClock.now()) {
        let zone = SystemClock.zone()?;
        let at = crate::text::day_and_time(record.at, &zone, &zone);
        let by = match record.deployed() {
            Some(deployed) if deployed.seen => String::new(),
            _ => format!(" by {}", printable(record.by.as_bytes().into())),
        };
        report::print(format_args!("  {} was deployed{by}, {at}\n", live.short()));
    }
    let label = redact(&printable(of.remotes[index].as_bstr()));
    match Contents::of(commit, Some(live), &label, world) {
        Ok(contents) => report::print(&contents),
        Err(error) => report::warn(&format!("what goes is not known: {}", error.in_one_line())),
    }
    Ok(())
}

/// Asks on a terminal; without one the command line has to say yes.
fn confirmed(args: &Rollback, environment: &str, commit: &Oid) -> Result<bool, Error> {
    if args.yes {
        return Ok(true);
    }
    if !std::io::stderr().is_terminal() {
        let mut again = vec![
            "pushgate",
            "rollback",
            environment,
            commit.as_str(),
            "--yes",
        ];
        if let Some(words) = &args.words {
            again.extend(["-m", words]);
        }
        let again = command(again);
        let message = "there is no terminal to ask on";
        return Err(Undecided::new(message).cure("say yes beforehand", [again]));
    }
    let yes = terminal::confirm("Roll back?")?;
    if !yes {
        report::say("nothing was pushed");
    }
    Ok(yes)
}

/// Pushes, if what is live is still what was seen; the hook judges it as a rollback.
fn push(
    args: &Rollback,
    remote: &BStr,
    Live { branch, git, .. }: &Live,
    commit: &Oid,
    world: &Repository,
) -> Result<ExitStatus, Error> {
    let lease = format!("--force-with-lease=refs/heads/{branch}:{git}");
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
    status.map_err(|error| Undecided::failed("run `git push`", &error))
}
