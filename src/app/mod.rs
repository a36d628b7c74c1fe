//! From a push to a decision: which policy, which cases, what the gates say, what the ledger keeps.

pub(crate) mod answers;
pub(crate) mod dry;
pub(crate) mod governing;
pub(crate) mod heard;
pub(crate) mod memory;
pub mod overrides;
pub(crate) mod policies;
pub(crate) mod preview;
pub(crate) mod remember;
pub(crate) mod settle;

use std::time::{Duration, Instant};

use bstr::ByteSlice;

use self::{
    governing::{Governed, Policies},
    remember::Memories,
};
pub use crate::app::preview::foresee;
use crate::{
    app::overrides::{BadWord, Overrides},
    gates::{
        self, Clock, Explanation,
        route::{Case, Place, Scene, remote_label},
        verdict::{Decision, Gate, Outcome, Trouble, Verdict},
    },
    git::Real,
    memory::ledger::{Entry, GateEntry, Subject},
    policy,
    push::{Push, Update},
    text::{self, printable},
};

/// What became of one push.
#[derive(Debug)]
pub struct Judgement {
    /// The decision, for the exit code.
    pub decision: Decision,
    /// What there is to tell whoever pushes, in its order.
    pub said: Vec<Said>,
    /// What the ledger shall keep, a line for each place that was judged; none: nothing is governed.
    pub entries: Vec<Entry>,
    memories: Vec<Memories>,
    /// The gate stands aside: the push goes, whatever is in the way.
    is_off: bool,
}

/// One thing that a person is told about a push.
#[derive(Debug)]
pub enum Said {
    /// A line.
    Line(String),
    /// A line that must not be missed.
    Loud(String),
    /// What the gates said about a push.
    Verdict(String, Verdict),
    /// The push is refused before any gate is asked.
    Refused(String, Explanation),
    /// Nobody can tell whether it may go.
    Undecided(String, Trouble),
}

/// Why a push is judged: the ledger calls it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// git pushes.
    Push,
    /// Somebody wants to know.
    Check,
}

impl Event {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Check => "check",
        }
    }
}

/// Judges a push; `env` answers for the environment.
pub fn judge(
    push: &Push,
    event: Event,
    world: &Real,
    env: impl Fn(&str) -> Option<String>,
) -> Judgement {
    let overrides = Overrides::read(env);
    let overrides = overrides.as_ref();
    let destination = world.destination(push.url.as_ref());
    let scene = Scene {
        push,
        destination: &destination,
        remotes: world.remotes(),
        read: &|url| world.destination(url),
    };
    let is_off = overrides.is_ok_and(|overrides| overrides.off);
    let mut desk = Desk::new(push, event, world, is_off);
    let policies = Policies::of(push, &scene, world);
    let cases = policies
        .as_ref()
        .map_err(Clone::clone)
        .and_then(|policies| policies.cases(&scene, world, &mut desk.judgement.said));
    match cases {
        Ok(cases) if cases.is_empty() => {}
        Ok(cases) => desk.decide(cases, overrides),
        Err(trouble) => desk.nobody_knows(trouble, overrides.ok()),
    }
    desk.judgement
}

/// What git said could not even be understood, and the gate stands aside for it.
pub fn let_go(push: &Push, trouble: Trouble, world: &Real, overrides: &Overrides) -> Judgement {
    let mut desk = Desk::new(push, Event::Push, world, overrides.off);
    desk.nobody_knows(trouble, Some(overrides));
    desk.judgement
}

/// Where one push is decided.
pub(crate) struct Desk<'d> {
    push: &'d Push,
    event: Event,
    world: &'d Real,
    start: Instant,
    judgement: Judgement,
}

impl<'d> Desk<'d> {
    pub(crate) fn new(push: &'d Push, event: Event, world: &'d Real, is_off: bool) -> Self {
        Self {
            push,
            event,
            world,
            start: Instant::now(),
            judgement: Judgement {
                decision: Decision::Go,
                said: Vec::new(),
                entries: Vec::new(),
                memories: Vec::new(),
                is_off,
            },
        }
    }

    pub(crate) fn decide(
        &mut self,
        cases: Vec<Governed<'_>>,
        overrides: Result<&Overrides, &BadWord>,
    ) {
        let (cases, loaded): (Vec<_>, Vec<_>) = cases
            .into_iter()
            .map(|governed| (governed.case, governed.loaded))
            .unzip();
        let ledger = self.world.ledger();
        let off = overrides.ok().filter(|overrides| overrides.off);
        if off.is_none()
            && let Err(trouble) = ledger.prepare()
        {
            self.stop(Decision::Undecided);
            self.say(Said::Undecided(cases[0].to_string(), trouble.into()));
            return;
        }
        if loaded.iter().any(|loaded| loaded.edited) {
            self.say(Said::Line(format!(
                "note: the uncommitted edit of {} changes nothing; the pushed one counts",
                policy::FILE
            )));
        }
        let heard = self.hear(&cases, overrides);
        let stops = self.judgement.decision.exit_code() != 0;
        for (case, decision, verdict) in &heard {
            // What would have passed did not go, where another place stopped the push.
            if stops && decision.exit_code() == 0 {
                continue;
            }
            let reason = (overrides.ok())
                .filter(|_| *decision == Decision::Overridden)
                .and_then(|overrides| overrides.reason.clone());
            let subject = self.subject(case, reason);
            let entry = with(self.entry(&subject, *decision), verdict);
            self.judgement.entries.push(entry);
        }
        let goes = self.event == Event::Push && self.judgement.decision.exit_code() == 0;
        for (case, _, verdict) in &heard {
            if let Some(rollback) = verdict.rollback.as_ref().filter(|_| !stops) {
                self.say(Said::Loud(format!(
                    "rollback: from {} back to {}, which was live there before",
                    rollback.from.short(),
                    rollback.to.short()
                )));
            }
            let memories = Memories::of(case, verdict, goes, self.world);
            self.judgement.memories.push(memories);
        }
        for (case, decision, verdict) in heard {
            if !verdict.answers.is_empty() && (!stops || decision.exit_code() != 0) {
                self.say(Said::Verdict(case.to_string(), verdict));
            }
        }
    }

    /// The overrides, then the gates: the cases that were heard, up to the first that stops the push.
    pub(crate) fn hear<'c>(
        &mut self,
        cases: &'c [Case<'c>],
        overrides: Result<&Overrides, &BadWord>,
    ) -> Vec<(&'c Case<'c>, Decision, Verdict)> {
        let overrides = match overrides {
            Ok(overrides) => overrides,
            Err(bad) => return vec![self.refuse(&cases[0], bad.explain())],
        };
        for case in cases {
            if let Some(why) = lacks_reason(case, overrides) {
                return vec![self.refuse(case, why)];
            }
        }
        if overrides.off {
            self.stop(Decision::Overridden);
            for case in cases {
                self.say(Said::Loud(is_off(&case.to_string(), overrides)));
            }
            let passed_over = |case| (case, Decision::Overridden, Verdict::default());
            return cases.iter().map(passed_over).collect();
        }
        let verdicts = gates::judge(cases, &overrides.skip, &self.world.world());
        let mut skipped: Vec<_> = (verdicts.iter().flat_map(|verdict| &verdict.answers))
            .filter(|(_, outcome)| matches!(outcome, Outcome::Skipped { .. }))
            .map(|(gate, _)| *gate)
            .collect();
        skipped.sort_unstable();
        skipped.dedup();
        for gate in skipped {
            self.say(Said::Loud(format!(
                "{gate} is not asked: {} names it{}",
                overrides::SKIP,
                because(overrides)
            )));
        }
        (cases.iter().zip(verdicts))
            .map(|(case, mut verdict)| {
                let decision = verdict.decision();
                self.stop(decision);
                if decision.exit_code() == 0 && self.event == Event::Push {
                    verdict.notes.extend(runway(case, self.world));
                }
                (case, decision, verdict)
            })
            .collect()
    }

    /// What is refused before any gate is asked.
    pub(crate) fn refuse<'c>(
        &mut self,
        case: &'c Case<'c>,
        why: Explanation,
    ) -> (&'c Case<'c>, Decision, Verdict) {
        self.stop(Decision::Refused);
        self.say(Said::Refused(case.to_string(), why));
        (case, Decision::Refused, Verdict::default())
    }

    /// Nobody could even tell whether the push is governed: it does not go, unless the gate is off.
    pub(crate) fn nobody_knows(&mut self, trouble: Trouble, overrides: Option<&Overrides>) {
        let destination = self.world.destination(self.push.url.as_ref());
        let what = format!("push to {destination}");
        let off = overrides.filter(|overrides| overrides.off);
        match off {
            Some(overrides) => {
                self.stop(Decision::Overridden);
                self.say(Said::Loud(is_off(&what, overrides)));
                self.say(Said::Loud(format!("it could not have been: {trouble}")));
            }
            None => {
                self.stop(Decision::Undecided);
                self.say(Said::Undecided(what, trouble.clone()));
            }
        }
        let subject = Subject {
            environment: None,
            remote: remote_label(self.push),
            destination: destination.to_string(),
            commit: self.push.updates.iter().find_map(|update| match update {
                Update::Set { commit, .. } => Some(commit.clone()),
                Update::Delete { .. } => None,
            }),
            replaces: None,
            by: self.world.identity(),
            reason: off.and_then(|overrides| overrides.reason.clone()),
        };
        let entry = self.entry(&subject, self.judgement.decision);
        let entry = with(entry, &unrouted(trouble));
        self.judgement.entries.push(entry);
    }

    pub(crate) fn say(&mut self, said: Said) {
        self.judgement.said.push(said);
    }

    /// The decision about the whole push: whatever stops one place stops it.
    pub(crate) fn stop(&mut self, decision: Decision) {
        if self.judgement.decision.exit_code() == 0 && decision != Decision::Go {
            self.judgement.decision = decision;
        }
    }

    pub(crate) fn subject(&self, case: &Case<'_>, reason: Option<String>) -> Subject {
        Subject {
            environment: match case.place {
                Place::Environment(name) => Some(name.to_owned()),
                Place::Trunk => Some("trunk".to_owned()),
                Place::UnknownApp(_) | Place::Branch => None,
            },
            remote: case.remote.clone(),
            destination: case.destination.to_string(),
            commit: case.commits().first().map(|commit| (*commit).clone()),
            replaces: remember::change(case).and_then(|(_, old)| old.cloned()),
            by: self.world.identity(),
            reason,
        }
    }

    pub(crate) fn entry(&self, subject: &Subject, decision: Decision) -> Entry {
        let took = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        Entry::push(subject, decision, self.world.now(), took).of(self.event.name())
    }
}

/// An entry with what the gates said.
fn with(mut entry: Entry, verdict: &Verdict) -> Entry {
    entry.rollback = verdict.rollback.is_some();
    entry.gates = (verdict.answers.iter())
        .map(|(gate, outcome)| {
            let (outcome, why) = match outcome {
                Outcome::Passed(why) => ("passed", why.clone()),
                Outcome::Skipped { needless: true } => {
                    ("skipped", "it would have passed".to_owned())
                }
                Outcome::Skipped { needless: false } => ("skipped", String::new()),
                Outcome::Refused(refusal) => ("refused", refusal.to_string()),
                Outcome::Undecided(trouble) => ("undecided", trouble.in_one_line()),
            };
            GateEntry {
                gate: gate.name().to_owned(),
                outcome: outcome.to_owned(),
                why,
            }
        })
        .collect();
    entry
}

/// What the ledger keeps of a push that led nowhere: where it goes is what `target` asks first.
pub(crate) fn unrouted(trouble: Trouble) -> Verdict {
    Verdict {
        answers: vec![(Gate::Target, Outcome::Undecided(Box::new(trouble)))],
        ..Verdict::default()
    }
}

/// A question that came to nothing before there was a push to judge.
pub fn unanswered(event: Event, trouble: Trouble, world: &Real) -> Entry {
    let subject = Subject {
        environment: None,
        remote: String::new(),
        destination: String::new(),
        commit: None,
        replaces: None,
        by: world.identity(),
        reason: None,
    };
    let entry = Entry::push(&subject, Decision::Undecided, world.now(), 0).of(event.name());
    with(entry, &unrouted(trouble))
}

/// Whether the policy demands a reason that an override does not give.
pub(crate) fn lacks_reason(case: &Case<'_>, overrides: &Overrides) -> Option<Explanation> {
    let overriding = overrides.off || overrides.skip.iter().any(|gate| case.asks(*gate));
    let environment = case.environment()?;
    let is_required = environment.reason == policy::Reason::Required;
    (is_required && overriding && overrides.reason.is_none())
        .then(|| overrides::no_reason(&environment.name))
}

pub(crate) fn is_off(what: &str, overrides: &Overrides) -> String {
    format!(
        "{what} is not checked: {} is off{}",
        overrides::SWITCH,
        because(overrides)
    )
}

pub(crate) fn because(overrides: &Overrides) -> String {
    match &overrides.reason {
        Some(reason) => format!(" ({})", printable(reason.as_bytes().as_bstr())),
        None => String::new(),
    }
}

/// How long the policy asks people to stay around.
pub(crate) fn runway(case: &Case<'_>, world: &Real) -> Option<String> {
    let environment = case.environment()?;
    let runway = Duration::try_from(environment.window.runway).ok()?;
    if runway.is_zero() {
        // To tell the reader's zone takes milliseconds.
        return None;
    }
    let until = world.now().checked_add(runway).ok()?;
    let reader = world.zone().ok()?;
    let zone = environment.window.timezone.resolve(&reader);
    Some(format!(
        "stay around for {}, until {}, in case {} needs you",
        text::span(runway),
        text::clock(until, &zone, &reader),
        environment.name
    ))
}
