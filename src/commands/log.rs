//! `pushgate log`: what happened, for people or, line by line, for programs.

use std::time::Duration;

use super::{Done, local::unknown, page, print_machine_data};
use crate::{
    app::{answers::SystemClock, follow_up::catch_up},
    calendar,
    cli::Log,
    commands::Error,
    gates::Clock,
    git::Repository,
    memory::history::{Happened, history},
    policy::Policy,
    report,
    text::listed,
};

/// How long it waits for the answers of remotes about pushes that are still open.
const PATIENCE: Duration = Duration::from_secs(3);

/// How many events are shown where nobody says which.
const USUAL: usize = 50;

pub(crate) fn run(args: &Log) -> Done {
    let world = Repository::open()?;
    let zone = SystemClock.reader();
    let now = SystemClock.now().to_zoned(zone.clone());
    let since = args.since.as_deref();
    let since = since.map(|text| calendar::since(text, &now)).transpose();
    let since = since.map_err(|error| Error::undecided(error.to_string()))?;
    let policy = policy(&world);
    let is_filtered = args.environment.is_some() || since.is_some();
    let usual = (!args.json && !is_filtered).then_some(USUAL);
    let most = args.most.or(usual);
    if let Some(policy) = &policy {
        ask(&world, policy);
    }
    let mut read = most.filter(|_| !is_filtered);
    let most = most.unwrap_or(usize::MAX);
    let (all, warnings, text, shown) = loop {
        let (mut all, warnings) = known(&world, read)?;
        let wanted = args.environment.as_ref();
        all.retain(|one| wanted.is_none() || one.entry.environment.as_ref() == wanted);
        // A name that was mistyped must not look like a place where nothing happened.
        if let (Some(name), Some(policy)) = (&args.environment, &policy)
            && all.is_empty()
            && name != "trunk"
            && policy.environment(name).is_none()
        {
            return Err(unknown(name, policy, Some("trunk")));
        }
        all.retain(|one| since.is_none_or(|since| one.entry.at >= since));
        let newest = all.len().saturating_sub(read.unwrap_or(usize::MAX));
        let (text, shown) = report::log::log(&all[newest..], &zone, report::data_terminal(), most);
        match read {
            // Repeated refusals are shown as one: it takes more of them.
            Some(count) if !args.json && newest > 0 && shown <= most => {
                read = Some(count.saturating_mul(4).max(USUAL));
            }
            _ => break (all, warnings, text, shown),
        }
    };
    for warning in warnings {
        report::warn(&warning);
    }
    if all.is_empty() && !args.json {
        let such = if is_filtered { " of that kind" } else { "" };
        report::say(&format!("nothing{such} was decided yet"));
    }
    if args.json {
        let newest = &all[all.len().saturating_sub(most)..];
        let lines: Result<String, Error> = newest.iter().map(super::json_line).collect();
        print_machine_data(&lines?)?;
    } else {
        page(text, &world.git)?;
        if shown > most && args.most.is_none() {
            report::say("older events: pushgate log -n 1000");
        }
    }
    Ok(0)
}

/// The policy that names the environments; without one the log is still worth reading.
fn policy(world: &Repository) -> Option<Policy> {
    let what = "pushes that no gate has judged cannot be told";
    let policy = world.policy_of_head();
    let policy = policy.inspect_err(|error| warn(what, error));
    policy.ok().map(|loaded| loaded.policy)
}

/// Asks what colleagues did, and what became of pushes.
fn ask(world: &Repository, policy: &Policy) {
    let trunk = &policy.trunk.remote;
    if policy.shares()
        && world.remotes().has(trunk.as_bytes())
        && let Err(error) = world.notes().fetch(trunk, PATIENCE)
    {
        warn("what colleagues did since cannot be told", &error);
    }
    if let Err(error) = catch_up(world, policy, PATIENCE) {
        warn("what became of some pushes cannot be told", &error);
    }
}

fn warn(what: &str, error: &Error) {
    report::warn(&format!("{what}: {}", error.in_one_line()));
}

/// Reads what is known, and warns of what is not; at least the `most` newest events, where not all are asked for.
fn known(world: &Repository, most: Option<usize>) -> Result<(Vec<Happened>, Vec<String>), Error> {
    let mut warnings = Vec::new();
    let ledger = world.ledger();
    // One more shows whether there is more.
    let most = most.map(|most| most.saturating_add(1));
    let contents = ledger.read_last(most.unwrap_or(usize::MAX))?;
    let lines = contents.damaged.iter().map(ToString::to_string);
    let lines: Vec<_> = lines.collect();
    if !lines.is_empty() {
        let (path, lines) = (ledger.path().display(), listed(&lines, 1));
        warnings.push(format!("line {lines} of {path} is damaged and left out"));
    }
    warnings.extend(contents.newer_remark(ledger.path().display()));
    let notes = world.notes();
    let records = match most {
        Some(most) => notes.recent(most),
        None => notes.all(),
    };
    let records = records.unwrap_or_else(|error| {
        let why = error.in_one_line();
        warnings.push(format!("what the team remembers cannot be told: {why}"));
        Vec::new()
    });
    let open = world.open_pushes();
    for (path, error) in open.unread() {
        let path = path.display();
        warnings.push(format!(
            "what became of a push is not known, for {path} cannot be read ({error}): see pushgate doctor"
        ));
    }
    let open: Vec<_> = open.all().into_iter().map(|(_, push)| push).collect();
    Ok((history(contents.entries, &records, &open), warnings))
}
