//! What this clone and the team remember.

use bstr::BString;

use super::{
    context::{Opened, from_here},
    finding::Finding,
};
use crate::{
    app::answers::SystemClock,
    gates::{Clock, Memory},
    memory::{
        deployments::current,
        record::{Judged, REF, Record},
    },
    push::Oid,
    text::shell_word,
};

/// So many damaged lines of a ledger are named one by one.
const NAMED: usize = 10;

/// Whether the ledger can be written and read.
pub(crate) fn ledger(opened: &Opened) -> Vec<Finding> {
    let ledger = opened.world.ledger();
    let path = from_here(ledger.path());
    let unwritable = ledger.probe().err().map(|error| {
        let hint = format!(
            "every push is refused until {} is yours to write (chown, chmod, a full disk)",
            from_here(&opened.world.state_dir())
        );
        Finding::error("state", error).hint(hint)
    });
    let is_writable = unwritable.is_none();
    let mut findings: Vec<_> = unwritable.into_iter().collect();
    match ledger.read() {
        Ok(contents) => {
            let text = match contents.entries.len() {
                0 => format!("nothing was decided yet: {path}"),
                1 => format!("one decision in {path}"),
                several => format!("{several} decisions in {path}"),
            };
            findings.extend(is_writable.then(|| Finding::ok("ledger", text)));
            if !contents.damaged.is_empty() {
                findings.push(unreadable(&contents.damaged, &path));
            }
        }
        // One finding for the directory is enough.
        Err(_) if !is_writable => {}
        Err(error) => findings.push(Finding::error("ledger", error)),
    }
    findings
}

fn unreadable(damaged: &[usize], path: &str) -> Finding {
    let join = |lines: &[usize], after: &str, between: &str| {
        let lines = lines.iter().map(|line| format!("{line}{after}"));
        lines.collect::<Vec<_>>().join(between)
    };
    let lines = match damaged {
        [one] => format!("line {one}"),
        [first, .., last] if damaged.len() > NAMED => {
            format!("{} lines, from {first} to {last},", damaged.len())
        }
        several => format!("lines {}", join(several, "", ", ")),
    };
    let text = format!("{lines} of {path} cannot be read");
    let (script, file) = (join(damaged, "d", ";"), shell_word(path));
    Finding::warning("ledger", text)
        .run(format!("sed -i.damaged '{script}' {file}"))
        .hint("the other lines count all the same")
}

/// What is live on an environment though no gate judged it, as far as it was recorded.
pub(crate) fn unjudged(opened: &Opened) -> Vec<Finding> {
    let mut found = Vec::new();
    for environment in &opened.policy.environments {
        let of = opened.world.remotes_of(environment);
        let is_live = |name: &str| {
            let branch = name.strip_prefix("refs/heads/");
            branch.is_some_and(|branch| environment.branches.iter().any(|one| one == branch))
        };
        let refs = |remote: &BString| {
            let answer = opened.remotes.iter().find(|one| one.name == *remote)?;
            answer.refs.as_ref().ok()
        };
        let remotes = of.remotes.iter().enumerate();
        let refs = remotes.flat_map(|(index, remote)| {
            let refs = refs(remote).into_iter().flatten();
            refs.map(move |(name, tip)| (index, name, tip))
        });
        for (index, _, tip) in refs.filter(|(_, name, _)| is_live(name)) {
            let place = of.place_of(index);
            let records = opened.world.records(tip).unwrap_or_default();
            let record = current(&records, place, tip, SystemClock.now());
            if record
                .and_then(Record::deployed)
                .is_some_and(|one| one.judged == Judged::Unjudged)
            {
                let (commit, name) = (tip.short(), &environment.name);
                let text = format!("no gate judged {commit}, which is live on {name}");
                let finding = Finding::warning("deployments", text);
                found
                    .push(finding.hint(format!("who and when: pushgate log --environment {name}")));
            }
        }
    }
    found
}

/// Whether the team's notes are here, where the team shares any.
pub(crate) fn notes(opened: &Opened) -> Vec<Finding> {
    let world = &opened.world;
    let Ok(ours) = world.reference(REF) else {
        return Vec::new();
    };
    if opened.loaded.is_err() || !opened.policy.shares() {
        return Vec::new();
    }
    let trunk = opened.trunk.as_ref().ok();
    let answer = (opened.remotes.iter()).find(|one| trunk.is_some_and(|it| one.name == it.remote));
    let answer = answer.and_then(|one| one.refs.as_ref().ok());
    let theirs = answer.and_then(|refs| refs.iter().find(|(name, _)| name == REF));
    vec![match (ours, theirs) {
        (None, None) if answer.is_none() => return Vec::new(),
        (None, None) => Finding::ok("notes", "the team has left no notes yet"),
        (None, Some(_)) => {
            let text = "the team's notes were never fetched: pushgate log does not show them";
            Finding::warning("notes", text).run("pushgate status")
        }
        (Some(ours), theirs) => {
            let has = |theirs: &Oid| world.notes().contains(&ours, theirs).unwrap_or(false);
            let newer = match theirs {
                Some((_, theirs)) if !has(theirs) => "; the next push brings newer ones",
                _ => "",
            };
            Finding::ok("notes", format!("the team's notes are here{newer}"))
        }
    }]
}
