//! What is to be written down about one target of a push.

use crate::{
    gates::{
        GovernedPush,
        verdict::{Decision, Gate, Outcome, Verdict},
    },
    memory::{
        ledger::{Entry, GateEntry},
        record::{Event, Record},
    },
    policy::Environment,
    push::{Oid, Update},
};

/// The entry and the records about one target, before the decision.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) entry: Entry,
    pub(super) decision: Decision,
    /// What was seen to be live, whatever becomes of the push.
    pub(super) seen: Vec<Record>,
    /// What is true only if the push goes.
    pub(super) sent: Vec<Record>,
    /// The remote where the team shares its records.
    pub(super) share: Option<String>,
}

impl Part {
    pub(super) fn new(
        push: &GovernedPush<'_>,
        decision: Decision,
        verdict: &Verdict,
        entry: Entry,
    ) -> Self {
        let record = |environment: &str, commit: &Oid, event| {
            Record::new(entry.at, &*entry.by, environment, commit, event)
        };
        let (mut seen, mut sent) = (Vec::new(), Vec::new());
        if let Some((environment, commit, replaces)) = change(push) {
            // The soak counts from when a commit is first seen there, if nothing older is known.
            if let Some(before) = push.before.as_ref().filter(|_| verdict.first) {
                seen.push(record(&before.environment, commit, Event::Live));
            }
            let name = &environment.name;
            let remembers = push.policy.remembers();
            if remembers || verdict.rollback.is_some() {
                let (replaces, rollback) = (replaces.cloned(), verdict.rollback.is_some());
                sent.push(record(name, commit, Event::Push { replaces, rollback }));
            }
            if let Some(rollback) = &verdict.rollback {
                let by_rollback_to = rollback.to.clone();
                let event = Event::Removed { by_rollback_to };
                sent.push(record(name, &rollback.from, event));
            } else if let Some(old) = replaces.filter(|_| remembers) {
                let by = commit.clone();
                sent.push(record(name, old, Event::Replaced { by }));
            }
        }
        let trunk = push.trunk.as_ref().ok();
        let trunk = trunk.filter(|_| push.policy.shares());
        Self {
            share: trunk.map(|trunk| trunk.remote.clone()),
            entry,
            decision,
            seen,
            sent,
        }
    }

    /// A part without records: nothing is known about the target.
    pub(super) fn unknown(decision: Decision, entry: Entry) -> Self {
        Self {
            entry,
            decision,
            seen: Vec::new(),
            sent: Vec::new(),
            share: None,
        }
    }
}

/// The commit that a push takes to an environment, and the commit that it replaces there.
pub(super) fn change<'c>(
    push: &GovernedPush<'c>,
) -> Option<(&'c Environment, &'c Oid, Option<&'c Oid>)> {
    let environment = push.environment()?;
    push.updates.iter().find_map(|update| match update {
        Update::Set {
            commit, replaces, ..
        } => Some((environment, commit, replaces.as_ref())),
        Update::Delete { .. } => None,
    })
}

/// What the gates said, as the ledger keeps it.
pub(super) fn gate_entries(verdict: &Verdict) -> Vec<GateEntry> {
    let entry = |(gate, outcome): &(Gate, Outcome)| {
        let (outcome, why) = match outcome {
            Outcome::Passed(why) => ("passed", why.clone()),
            Outcome::Skipped { needless: true } => ("skipped", "it would have passed".to_owned()),
            Outcome::Skipped { needless: false } => ("skipped", String::new()),
            Outcome::Refused(refusal) => ("refused", refusal.explain().why),
            Outcome::Undecided(error) => ("undecided", error.in_one_line()),
        };
        GateEntry {
            gate: gate.name().to_owned(),
            outcome: outcome.to_owned(),
            why,
        }
    };
    verdict.answers.iter().map(entry).collect()
}
