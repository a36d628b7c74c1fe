//! What is to be written down about one target of a push.

use std::time::Duration;

use bstr::BStr;

use crate::{
    gates::{
        EnvironmentRemotes, GovernedPush, Stop,
        verdict::{Contents, Decision, Gate, Outcome, Verdict},
    },
    memory::{
        ledger::{Entry, GateEntry},
        open_push::OpenPush,
        record::{ALL_GATES, Deployed, Event, Judged, Place, Record},
    },
    process::detached,
    push::Oid,
};

/// The entry and the records about one target, before the decision.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) entry: Entry,
    pub(super) decision: Decision,
    /// A commit that was found live on an environment, and that nobody has recorded.
    pub(super) found: Option<(EnvironmentRemotes, Oid)>,
    /// The push of each branch, whose arrival will be looked for if it goes.
    pub(super) open: Vec<OpenPush>,
    /// The remote where the team shares its records.
    pub(super) share: Option<String>,
    /// What goes out.
    pub(super) contents: Option<Contents>,
}

impl Part {
    pub(super) fn new(push: &GovernedPush<'_>, verdict: &Verdict, entry: Entry) -> Self {
        let share = push.share().map(str::to_owned);
        let changes: Vec<_> = changes(push).collect();
        let before = push.before.as_ref().filter(|_| verdict.first);
        let found = before.zip(changes.first()).map(|(before, change)| {
            // The soak counts from when a commit is first seen there, if nothing older is known.
            (before.clone(), change.commit.clone())
        });
        let deploy = push.push.deploy.as_ref();
        let by_command = deploy.is_some_and(|deploy| !deploy.command.is_empty());
        // After a dry run, a later push of the same commit, which no gate judged, must not be taken for this one.
        let sent = changes.into_iter().filter(|_| !push.push.is_dry);
        let open = sent.map(|change| {
            let deployed = Deployed {
                // A command may deploy once more what is there.
                replaces: (entry.replaces.clone()).filter(|old| old != change.commit),
                gates: skipped(verdict),
                reason: entry.reason.clone(),
                decided: Some(entry.at),
                by_command,
                in_place_of: (verdict.rollback.as_ref()).and_then(|one| one.in_place_of.clone()),
                ..Deployed::new(judged(verdict))
            };
            let event = Event::Deployed(deployed);
            let record = Record::new(entry.at, &*entry.by, change.place, change.commit, event);
            let [remote, url] = [&push.push.remote, &push.push.url].map(ToString::to_string);
            let mut open = OpenPush::new(record, remote, url, change.target.to_string());
            open.share.clone_from(&share);
            open.old = change.replaces.cloned();
            // git hands that over when it starts the hook.
            open.asked = Some(entry.at - Duration::from_millis(entry.took_ms));
            open.git = deploy.map(|_| detached::this());
            open
        });
        let open = open.collect();
        Self {
            entry,
            decision: verdict.decision(),
            found,
            open,
            share,
            contents: verdict.contents.clone(),
        }
    }

    /// A part without records: nothing is known about the target.
    pub(super) fn unknown(decision: Decision, entry: Entry) -> Self {
        Self {
            entry,
            decision,
            found: None,
            open: Vec::new(),
            share: None,
            contents: None,
        }
    }
}

fn judged(verdict: &Verdict) -> Judged {
    match (&verdict.rollback, verdict.decision()) {
        (Some(_), _) => Judged::Rollback,
        (None, Decision::Overridden) => Judged::Overridden,
        (None, _) => Judged::Go,
    }
}

/// The gates that an override skipped: all of them, where none was asked.
fn skipped(verdict: &Verdict) -> Vec<String> {
    if verdict.is_off {
        return vec![ALL_GATES.to_owned()];
    }
    let mut skipped: Vec<_> = (verdict.answers.iter())
        .filter(|(_, outcome)| matches!(outcome, Outcome::Skipped { .. }))
        .map(|(gate, _)| gate.name().to_owned())
        .collect();
    skipped.dedup();
    skipped
}

/// What a push changes on an environment.
pub(super) struct Change<'c> {
    pub(super) place: Place<'c>,
    pub(super) commit: &'c Oid,
    /// The full name of the ref.
    target: &'c BStr,
    /// The commit that it replaces there.
    pub(super) replaces: Option<&'c Oid>,
}

/// The commit that a push takes to an environment, and the commit that it replaces there.
pub(super) fn change<'c>(push: &'c GovernedPush<'_>) -> Option<Change<'c>> {
    changes(push).next()
}

/// The same for each of its branches.
fn changes<'c>(push: &'c GovernedPush<'_>) -> impl Iterator<Item = Change<'c>> {
    let of = |place| {
        push.updates.iter().filter_map(move |update| {
            Some(Change {
                place,
                commit: update.commit.as_ref()?,
                target: update.target(),
                replaces: update.replaces.as_ref(),
            })
        })
    };
    push.place().into_iter().flat_map(of)
}

/// What the gates said, as the ledger keeps it.
pub(super) fn gate_entries(verdict: &Verdict) -> Vec<GateEntry> {
    let entry = |(gate, outcome): &(Gate, Outcome)| {
        let (word, why) = match outcome {
            Outcome::Passed(why) => ("passed", why.as_str()),
            Outcome::Skipped { needless: true } => ("skipped", "it would have passed"),
            Outcome::Skipped { needless: false } => ("skipped", ""),
            Outcome::Stopped(stop) => return stopped(gate.name(), stop),
        };
        GateEntry::new(gate.name(), word, why)
    };
    let unasked = verdict.unasked.iter().map(|stop| stopped("override", stop));
    unasked.chain(verdict.answers.iter().map(entry)).collect()
}

fn stopped(gate: &str, stop: &Stop) -> GateEntry {
    GateEntry {
        cures: stop.cures.clone(),
        ..GateEntry::new(gate, stop.decision().name(), stop.in_one_line())
    }
}

/// What trunk's rules let pass, too, is told once; what is skipped under either of the rules is skipped.
pub(super) fn joined<'c>(
    judged: Vec<(&'c GovernedPush<'c>, Verdict)>,
) -> Vec<(&'c GovernedPush<'c>, Verdict)> {
    let mut joined: Vec<(&GovernedPush<'_>, Verdict)> = Vec::new();
    for (push, verdict) in judged {
        let own = joined
            .iter_mut()
            .find(|(own, _)| own.shares_refs_with(push));
        match own.filter(|_| push.second) {
            Some((_, own)) => own.skip_too(&verdict),
            None => joined.push((push, verdict)),
        }
    }
    joined
}
