//! What this clone and the team remember.

use std::{
    fs::{self, OpenOptions},
    io,
};

use jiff::{SignedDuration, Timestamp};

use super::{Finding, Found, Opened, RemoteAnswer, from_here};
use crate::{
    app::unjudged::sighting,
    cure::command,
    file,
    gates::{EnvironmentRemotes, Memory, Stop},
    memory::{
        deployments::current,
        history::history,
        ledger::Entry,
        record::{Judged, REF, Record},
    },
    push::Oid,
    text::{listed, rounded_span, shell_word},
};

/// For so long a deployment that no gate judged is told, and for as long as it is the newest.
const MONTH: SignedDuration = SignedDuration::from_hours(30 * 24);
/// At most so many commits of a person are named.
const NAMED: usize = 3;

/// Whether the ledger can be written and read.
pub(crate) fn ledger(opened: &Opened) -> Found {
    let ledger = opened.world.ledger();
    let path = from_here(ledger.path());
    if let Err(error) = ledger.probe() {
        let directory = from_here(&opened.world.state_dir());
        let why = "yours to write (chown, chmod, a full disk)";
        let hint = format!("every push is refused until {directory} is {why}");
        return Ok(vec![Finding::error(error).hint(hint)]);
    }
    let contents = ledger.read()?;
    let text = match contents.entries.len() {
        0 => format!("nothing was decided yet: {path}"),
        1 => format!("one decision in {path}"),
        several => format!("{several} decisions in {path}"),
    };
    let mut findings = vec![Finding::ok(text)];
    let newer = contents.newer_remark(&path);
    findings.extend(newer.map(Finding::warning));
    let damaged: Vec<_> = contents.damaged.iter().map(usize::to_string).collect();
    if !damaged.is_empty() {
        let lines = if damaged.len() == 1 { "line" } else { "lines" };
        let text = format!("{lines} {} of {path} cannot be read", damaged.join(", "));
        let (script, file) = (damaged.join("d;"), shell_word(&path));
        let finding = Finding::warning(text)
            .run(format!("sed -i.damaged '{script}d' {file}"))
            .hint("the other lines count all the same");
        findings.push(finding);
    }
    Ok(findings)
}

/// What stands in the directory of the state and cannot be read. Without its locks and marks, what happened
/// here may never be shared.
pub(crate) fn state(opened: &Opened) -> Found {
    const DIRECTORIES: [&str; 3] = ["logs", "open", "receipts"];
    let state = opened.world.state_dir();
    let mut unread = opened.world.open_pushes().unread();
    for entry in fs::read_dir(state).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let looked = if !DIRECTORIES.iter().any(|name| entry.file_name() == *name) {
            file::open(&path, OpenOptions::new().read(true)).map(drop)
        } else if is_directory {
            fs::read_dir(&path).map(drop)
        } else {
            Err(io::ErrorKind::NotADirectory.into())
        };
        unread.extend(looked.err().map(|error| (path, error)));
    }
    let findings = unread.into_iter().map(|(path, error)| {
        let path = from_here(&path);
        let finding = Finding::warning(format!("{path} cannot be read: {error}"));
        match error.kind() {
            io::ErrorKind::Unsupported => finding,
            io::ErrorKind::PermissionDenied => {
                finding.hint("have its owner let you read and write it")
            }
            _ => {
                let finding = finding.hint("see what is in it, then remove it");
                finding.run(command(["rm", "-r", &path]))
            }
        }
    });
    Ok(findings.collect())
}

/// The lock of the notes that a git which was killed has left: nothing can be recorded while it is there.
pub(crate) fn notes(opened: &Opened) -> Found {
    let world = &opened.world;
    let lock = world.common_dir().join(format!("{REF}.lock"));
    if !lock.exists() {
        return Ok(Vec::new());
    }
    // No pushgate writes the notes meanwhile.
    let _ours = world.notes().lock()?;
    if !lock.exists() {
        return Ok(Vec::new());
    }
    let path = from_here(&lock);
    let finding = Finding::error(Stop::undecided(format!(
        "{path} keeps every deployment from being recorded: a git that was killed has left it"
    )));
    Ok(vec![finding.run(command(["rm", &path]))])
}

/// The deployments to each environment that no gate has judged, as far as the team knows.
pub(crate) fn unjudged(opened: &Opened) -> Found {
    let records = opened.world.notes().all()?;
    let now = Timestamp::now();
    let mut findings = Vec::new();
    findings.extend(opened.world.unshared_remark().map(Finding::warning));
    // That the remote does not answer is said with the others.
    if let Err(error) = &opened.team
        && opened.remotes.iter().all(|one| one.tips.is_ok())
    {
        let why = error.in_one_line();
        let text = format!("only what this clone remembers is looked at: {why}");
        findings.push(Finding::warning(text));
    }
    for environment in &opened.policy.environments {
        let (of, name) = (opened.world.remotes_of(environment), &environment.name);
        findings.extend(unrecorded(&of, opened)?);
        let is_here = |one: &&Record| one.deployed().is_some() && one.is_at(of.place());
        let here: Vec<Record> = records.iter().filter(is_here).cloned().collect();
        let deployed = history(Vec::new(), &here, &[]);
        let newest_first = deployed.iter().rev().map(|one| &one.entry);
        let age = |entry: &Entry| now.duration_since(entry.at);
        let is_told = |(index, entry): &(usize, &Entry)| {
            entry.verdict == Judged::Unjudged.name() && (*index == 0 || age(entry) <= MONTH)
        };
        let told = newest_first.enumerate().filter(is_told);
        let told: Vec<_> = told.map(|(_, entry)| entry).collect();
        let what = match told.as_slice() {
            [] => continue,
            [one] if age(one) > MONTH => {
                let ago = rounded_span(age(one).unsigned_abs());
                format!("the newest deployment to {name}, {ago} ago")
            }
            [_] => format!("1 deployment to {name} of the last 30 days"),
            several => {
                let count = several.len();
                format!("{count} deployments to {name} of the last 30 days")
            }
        };
        let text = format!("no gate judged {what}: {}", by_person(&told));
        let finding = Finding::warning(text)
            .run(command(["pushgate", "log", "--environment", name]))
            .hint("every clone that deploys needs the gate: pushgate install");
        findings.push(finding);
    }
    Ok(findings)
}

/// What is live on an environment and nobody has recorded, unless it was there before the gate.
fn unrecorded(of: &EnvironmentRemotes, opened: &Opened) -> Found {
    let (world, place) = (&opened.world, of.place());
    let mut findings = Vec::new();
    // A colleague's record may not have come, and `live` may tell of another commit than git.
    if opened.team.is_err() || of.live.is_some() {
        return Ok(findings);
    }
    let leads_there = |one: &&RemoteAnswer| of.remotes.iter().any(|remote| remote.name == one.name);
    let answers = opened.remotes.iter().filter(leads_there);
    for tip in answers.flat_map(|one| one.tips.iter().flatten()) {
        if current(&world.records(tip)?, place, tip, Timestamp::now()).is_some() {
            continue;
        }
        let seen = sighting(world, of, place, tip)?;
        let seen = seen.as_ref().and_then(Record::deployed);
        if seen.is_some_and(|deployed| deployed.judged == Judged::Unjudged) {
            let (name, tip) = (&of.environment, tip.short());
            let text = format!("{name} has {tip}, and nobody has recorded who deployed it");
            findings.push(Finding::warning(text).run("pushgate status"));
        }
    }
    Ok(findings)
}

/// Every person who deployed, or found what was deployed, with the newest of their commits.
fn by_person(told: &[&Entry]) -> String {
    let mut people: Vec<(String, Vec<&str>)> = Vec::new();
    for entry in told {
        let person = match entry.event.as_str() {
            "seen" => format!("by an unknown person (noticed by {})", entry.by),
            _ => format!("by {}", entry.by),
        };
        let commit = entry.commit.as_ref().map_or("", Oid::short);
        match people.iter_mut().find(|(known, _)| *known == person) {
            Some((_, commits)) => commits.push(commit),
            None => people.push((person, vec![commit])),
        }
    }
    let people = people
        .iter()
        .map(|(person, commits)| format!("{} {person}", listed(commits, NAMED)));
    people.collect::<Vec<_>>().join("; ")
}
