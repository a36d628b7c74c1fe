//! Asks the overrides, then the gates, about the targets of one push.

use std::time::{Duration, Instant};

use bstr::ByteSlice;

use super::{
    decision::{Part, Pending, gate_entries},
    journal::Journal,
};
use crate::{
    app::{
        message::Message,
        overrides::{self, BadWord, Overrides},
        preview::Preview,
    },
    gates::{
        self, Explanation, GovernedPush, Target, Undecided, World,
        route::remote_label,
        verdict::{Decision, Gate, Outcome, Verdict},
    },
    git::Repository,
    memory::{
        ledger::{Entry, Subject},
        record::{Event as RecordEvent, Record},
    },
    policy::{self, Environment},
    push::{Oid, Push, Update, destination::Destination},
    text::{self, printable},
};

/// Why a push is judged; the ledger calls it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Push,
    /// `pushgate check`: nothing is pushed.
    Check,
}

impl Event {
    fn name(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Check => "check",
        }
    }
}

/// What the overrides ask for, or the word in them that means nothing.
pub(crate) type Asked<'o> = Result<&'o Overrides, &'o BadWord>;

/// Judges the targets of one push.
pub(super) struct Decider<'d> {
    pub(super) event: Event,
    pub(super) world: World<'d>,
    pub(super) overrides: Asked<'d>,
    pub(super) start: Instant,
}

impl<'d> Decider<'d> {
    fn off(&self) -> Option<&'d Overrides> {
        self.overrides.ok().filter(|overrides| overrides.off)
    }

    /// Judges these targets, if an entry can be written about it; `is_edited`: the work tree has another
    /// policy.
    pub(super) fn judge(
        &self,
        cases: &[GovernedPush<'_>],
        is_edited: bool,
        journal: &dyn Journal,
    ) -> Pending {
        let mut pending = self.pending();
        if self.off().is_none()
            && let Err(error) = journal.prepare()
        {
            pending.has_no_ledger = true;
            let what = cases.first().map_or(String::new(), GovernedPush::to_string);
            pending.messages.push(Message::Undecided(what, error));
            return pending;
        }
        if is_edited {
            pending.messages.push(Message::Line(format!(
                "note: the uncommitted edit of {} changes nothing; the pushed one counts",
                policy::FILE
            )));
        }
        let judged = self.ask(cases, &mut pending.messages);
        let stops = judged.iter().any(|(_, decision, _)| !decision.permits());
        for (case, decision, verdict) in &judged {
            if let Some(rollback) = verdict.rollback.as_ref().filter(|_| !stops) {
                pending.messages.push(Message::Warning(format!(
                    "rollback: from {} back to {}, which was live there before",
                    rollback.from.short(),
                    rollback.to.short()
                )));
            }
            pending.parts.push(self.part(case, *decision, verdict));
        }
        for (case, decision, verdict) in judged {
            if !verdict.answers.is_empty() && (!stops || !decision.permits()) {
                let verdict = Message::Verdict(case.to_string(), verdict);
                pending.messages.push(verdict);
            }
        }
        pending
    }

    /// It could not even be told what governs the push: it does not go, unless the gate is off.
    pub(super) fn unrouted(
        &self,
        push: &Push,
        destination: &Destination,
        error: Undecided,
    ) -> Pending {
        let mut pending = self.pending();
        let what = format!("push to {destination}");
        let said = &mut pending.messages;
        let decision = match self.off() {
            Some(overrides) => {
                said.push(Message::Warning(is_off(&what, overrides)));
                let line = format!("it could not have been: {error}");
                said.push(Message::Warning(line));
                Decision::Overridden
            }
            None => {
                said.push(Message::Undecided(what, error.clone()));
                Decision::Undecided
            }
        };
        let commit = push.updates.iter().find_map(|update| match update {
            Update::Set { commit, .. } => Some(commit.clone()),
            Update::Delete { .. } => None,
        });
        let subject = Subject {
            environment: None,
            remote: remote_label(push),
            destination: destination.to_string(),
            commit,
            replaces: None,
            by: self.world.repository.person(),
            reason: self.reason(decision),
        };
        let entry = self.entry(&subject, &undecided_target(error));
        pending.parts.push(Part {
            entry,
            decision,
            seen: Vec::new(),
            sent: Vec::new(),
            share: None,
        });
        pending
    }

    fn pending(&self) -> Pending {
        Pending {
            is_off: self.off().is_some(),
            is_check: self.event == Event::Check,
            ..Pending::default()
        }
    }

    /// The targets up to the first that stops the push, with what the overrides or the gates say.
    fn ask<'c>(
        &self,
        cases: &'c [GovernedPush<'c>],
        messages: &mut Vec<Message>,
    ) -> Vec<(&'c GovernedPush<'c>, Decision, Verdict)> {
        let mut refuse = |case: &'c GovernedPush<'c>, why: Explanation| {
            messages.push(Message::Refused(case.to_string(), why));
            vec![(case, Decision::Refused, Verdict::default())]
        };
        let overrides = match (self.overrides, cases.first()) {
            (Ok(overrides), _) => overrides,
            (Err(bad), Some(case)) => return refuse(case, bad.explain()),
            (Err(_), None) => return Vec::new(),
        };
        for case in cases {
            if let Some(environment) = lacks_reason(case, overrides) {
                return refuse(case, overrides::no_reason(&environment.name));
            }
        }
        if overrides.off {
            let passed_over = |case: &'c GovernedPush<'c>| {
                messages.push(Message::Warning(is_off(&case.to_string(), overrides)));
                (case, Decision::Overridden, Verdict::default())
            };
            return cases.iter().map(passed_over).collect();
        }
        let verdicts = gates::evaluate(cases, &overrides.skip, &self.world);
        let mut skipped: Vec<_> = (verdicts.iter().flat_map(|verdict| &verdict.answers))
            .filter(|(_, outcome)| matches!(outcome, Outcome::Skipped { .. }))
            .map(|(gate, _)| *gate)
            .collect();
        skipped.sort_unstable();
        skipped.dedup();
        messages.extend(skipped.into_iter().map(|gate| {
            let (skip, why) = (overrides::SKIP, because(overrides));
            Message::Warning(format!("{gate} is not asked: {skip} names it{why}"))
        }));
        (cases.iter().zip(verdicts))
            .map(|(case, mut verdict)| {
                let decision = verdict.decision();
                if decision.permits() && self.event == Event::Push {
                    verdict.notes.extend(self.runway(case));
                }
                (case, decision, verdict)
            })
            .collect()
    }

    /// What is to be written down about one target.
    fn part(&self, case: &GovernedPush<'_>, decision: Decision, verdict: &Verdict) -> Part {
        let change = change(case);
        let subject = Subject {
            environment: match case.target {
                Target::Environment(name) => Some(name.to_owned()),
                Target::Trunk => Some("trunk".to_owned()),
                Target::UnknownApp(_) | Target::Branch => None,
            },
            remote: case.remote.clone(),
            destination: case.destination.to_string(),
            commit: case.commits().first().map(|commit| (*commit).clone()),
            replaces: change.and_then(|(_, _, old)| old.cloned()),
            by: self.world.repository.person(),
            reason: self.reason(decision),
        };
        let entry = self.entry(&subject, verdict);
        let record = |environment: &str, commit: &Oid, event| {
            Record::new(entry.at, &*entry.by, environment, commit, event)
        };
        let (mut seen, mut sent) = (Vec::new(), Vec::new());
        if let Some((environment, commit, replaces)) = change {
            // The soak counts from when a commit is first seen there, if nothing older is known.
            if let Some(before) = case.before.as_ref().filter(|_| verdict.first) {
                seen.push(record(&before.environment, commit, RecordEvent::Live));
            }
            let name = &environment.name;
            let remembers = case.policy.remembers();
            if remembers || verdict.rollback.is_some() {
                let (replaces, rollback) = (replaces.cloned(), verdict.rollback.is_some());
                sent.push(record(
                    name,
                    commit,
                    RecordEvent::Push { replaces, rollback },
                ));
            }
            if let Some(rollback) = &verdict.rollback {
                let by_rollback_to = rollback.to.clone();
                let event = RecordEvent::Removed { by_rollback_to };
                sent.push(record(name, &rollback.from, event));
            } else if let Some(old) = replaces.filter(|_| remembers) {
                let by = commit.clone();
                sent.push(record(name, old, RecordEvent::Replaced { by }));
            }
        }
        let trunk = case.trunk.as_ref().ok();
        let trunk = trunk.filter(|_| case.policy.shares());
        Part {
            share: trunk.map(|trunk| trunk.remote.clone()),
            entry,
            decision,
            seen,
            sent,
        }
    }

    fn reason(&self, decision: Decision) -> Option<String> {
        let is_overridden = decision == Decision::Overridden;
        (self.overrides.ok().filter(|_| is_overridden))
            .and_then(|overrides| overrides.reason.clone())
    }

    fn entry(&self, subject: &Subject, verdict: &Verdict) -> Entry {
        let took = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        // The word for the decision is put in when it is made.
        let entry = Entry::push(subject, Decision::Undecided, self.world.clock.now(), took);
        Entry {
            rollback: verdict.rollback.is_some(),
            gates: gate_entries(verdict),
            ..entry.of(self.event.name())
        }
    }

    /// How long the policy asks people to stay around.
    fn runway(&self, case: &GovernedPush<'_>) -> Option<String> {
        let environment = case.environment()?;
        let runway = Duration::try_from(environment.window.runway).ok()?;
        if runway.is_zero() {
            // Finding the reader's time zone takes milliseconds.
            return None;
        }
        let until = self.world.clock.now().checked_add(runway).ok()?;
        let reader = self.world.clock.zone().ok()?;
        let zone = environment.window.timezone.resolve(&reader);
        Some(format!(
            "stay around for {}, until {}, in case {} needs you",
            text::span(runway),
            text::clock(until, &zone, &reader),
            environment.name
        ))
    }
}

/// The entry of `pushgate check` where it could not be told what would be pushed.
pub(crate) fn unanswered(error: Undecided, repository: &Repository) -> Entry {
    let idle = Preview::new(repository, repository);
    let world = idle.world();
    let decider = Decider {
        event: Event::Check,
        world,
        overrides: Ok(&Overrides::default()),
        start: Instant::now(),
    };
    let subject = Subject {
        environment: None,
        remote: String::new(),
        destination: String::new(),
        commit: None,
        replaces: None,
        by: world.repository.person(),
        reason: None,
    };
    Entry {
        took_ms: 0,
        ..decider.entry(&subject, &undecided_target(error))
    }
}

/// Where a push goes is what `target` asks first.
fn undecided_target(error: Undecided) -> Verdict {
    Verdict {
        answers: vec![(Gate::Target, Outcome::Undecided(Box::new(error)))],
        ..Verdict::default()
    }
}

/// The commit that a push takes to an environment, and the commit that it replaces there.
fn change<'c>(case: &GovernedPush<'c>) -> Option<(&'c Environment, &'c Oid, Option<&'c Oid>)> {
    let environment = case.environment()?;
    case.updates.iter().find_map(|update| match update {
        Update::Set {
            commit, replaces, ..
        } => Some((environment, commit, replaces.as_ref())),
        Update::Delete { .. } => None,
    })
}

/// The environment whose policy demands a reason that an override does not give.
fn lacks_reason<'c>(case: &GovernedPush<'c>, overrides: &Overrides) -> Option<&'c Environment> {
    let is_overridden = overrides.off || overrides.skip.iter().any(|gate| case.asks(*gate));
    let demands = |one: &&Environment| one.reason == policy::Reason::Required;
    (case.environment().filter(demands)).filter(|_| is_overridden && overrides.reason.is_none())
}

fn is_off(what: &str, overrides: &Overrides) -> String {
    let (switch, why) = (overrides::SWITCH, because(overrides));
    format!("{what} is not checked: {switch} is off{why}")
}

fn because(overrides: &Overrides) -> String {
    match &overrides.reason {
        Some(reason) => format!(" ({})", printable(reason.as_bytes().as_bstr())),
        None => String::new(),
    }
}
