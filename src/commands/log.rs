//! `pushgate log`: what happened, for people or, line by line, for programs.

use std::fs;

use bstr::ByteSlice;
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use super::{Done, local::unknown};
use crate::hooks::{directory::HooksDirectory, is_gated};
use crate::{
    app::answers::SystemClock,
    cli::Log,
    commands::Error,
    gates::{Clock, EnvironmentRemotes, Undecided},
    git::{Moved, Repository},
    memory::{
        history::{Arrived, Happened, Source, history},
        ledger::Entry,
    },
    policy::Policy,
    report,
    text::printable,
};

pub(crate) fn run(args: &Log) -> Done {
    let world = Repository::open()?;
    let zone = SystemClock.zone().unwrap_or(TimeZone::UTC);
    let since = args.since.as_ref().map(|since| {
        let now = SystemClock.now().to_zoned(zone.clone());
        since.before(&now).unwrap_or(Timestamp::MIN)
    });
    let policy = policy(&world);
    let mut all = everything(&world, policy.as_ref())?;
    if let Some(name) = &args.environment {
        all.retain(|one| one.entry.environment.as_ref() == Some(name));
        // A name that was mistyped must not look like a place where nothing happened.
        if let Some(policy) = &policy
            && all.is_empty()
            && name != "trunk"
            && policy.environment(name).is_none()
        {
            return Err(unknown(name, policy, Some("trunk")));
        }
    }
    all.retain(|one| since.is_none_or(|since| one.entry.at >= since));
    let text = if args.json {
        lines(&all)?
    } else {
        report::log::log(&all, &zone, report::data_terminal())
    };
    if all.is_empty() && !args.json {
        let filtered = args.environment.is_some() || since.is_some();
        let such = if filtered { " of that kind" } else { "" };
        report::say(&format!("nothing{such} was decided yet"));
    }
    super::print_data(&text)?;
    Ok(0)
}

/// The policy that names the environments; without one the log is still worth reading.
fn policy(world: &Repository) -> Option<Policy> {
    let head = world.reference("HEAD").map_err(Undecided::from);
    let policy = head.and_then(|head| world.policy(head.as_ref()));
    let policy = policy.inspect_err(|error| {
        let why = error.in_one_line();
        report::warn(&format!(
            "pushes that no gate has judged cannot be told: {why}"
        ));
    });
    policy.ok().map(|loaded| loaded.policy)
}

fn everything(world: &Repository, policy: Option<&Policy>) -> Result<Vec<Happened>, Error> {
    let ledger = world.ledger();
    let contents = ledger.read()?;
    for number in &contents.damaged {
        let path = ledger.path().display();
        report::warn(&format!("line {number} of {path} is damaged and left out"));
    }
    let records = world.notes().all().unwrap_or_else(|error| {
        let why = error.in_one_line();
        report::warn(&format!("what the team remembers cannot be told: {why}"));
        Vec::new()
    });
    let first = contents.entries.iter().map(|entry| entry.at).min();
    let gate = installed(world).into_iter().chain(first).min();
    let arrivals = policy.map_or(Ok(Vec::new()), |policy| arrivals(policy, world))?;
    Ok(history(contents.entries, &records, &arrivals, gate))
}

/// When the gate came here, where it is here: since then pushes are judged.
fn installed(world: &Repository) -> Option<Timestamp> {
    is_gated(world).filter(|is_gated| *is_gated)?;
    let hook = HooksDirectory::of(world).ok()?.hook;
    let written = fs::metadata(hook).and_then(|file| file.modified()).ok();
    // A hook may have been written anew; not every file system knows when a directory was made.
    let state = fs::metadata(world.state_dir()).ok();
    let made = state.and_then(|directory| directory.created().ok());
    let since = written.into_iter().chain(made).min()?;
    Timestamp::try_from(since).ok()
}

/// The pushes of this clone that arrived, by the reflogs of the tracking refs.
fn arrivals(policy: &Policy, world: &Repository) -> Result<Vec<Arrived>, Error> {
    let mut arrivals = Vec::new();
    for environment in &policy.environments {
        let of = world.remotes_of(environment);
        for remote in &of.remotes {
            let url = world.remotes().push_url(remote);
            let destination = url.map(|url| world.destination(url.as_ref()));
            let one = EnvironmentRemotes {
                remotes: vec![remote.clone()],
                ..of.clone()
            };
            for name in one.tracking_refs() {
                let moves = world.moves(&name, &[])?.into_iter().rev();
                let pushes = moves.filter(Moved::is_push);
                arrivals.extend(pushes.map(|push| Arrived {
                    at: push.at,
                    commit: push.commit,
                    by: push.by,
                    environment: of.environment.clone(),
                    remote: printable(remote.as_bstr()),
                    tracking: name.clone(),
                    destination: (destination.as_ref()).map_or(String::new(), ToString::to_string),
                }));
            }
        }
    }
    Ok(arrivals)
}

/// One line for each, for a program.
fn lines(all: &[Happened]) -> Result<String, Error> {
    #[derive(Serialize)]
    struct Line<'e> {
        #[serde(flatten)]
        entry: &'e Entry,
        /// Where it is told, if not in the ledger.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<&'static str>,
    }
    let mut text = String::new();
    for Happened { source, entry } in all {
        let from = match source {
            Source::Ledger => None,
            Source::Notes => Some("notes"),
            Source::Reflog => Some("reflog"),
        };
        text += &super::json_line(&Line { entry, from })?;
    }
    Ok(text)
}
