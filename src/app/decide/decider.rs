//! Asks the overrides, then the gates, about the targets of one push.

use std::{thread, time::Instant};

use bstr::ByteSlice;

use super::{
    decision::{Event, Pending},
    journal::Journal,
    outgoing::{add_contents, forced, runway, since_git},
    part::{Part, change, gate_entries, joined},
};
use crate::{
    app::{
        answers::SystemClock,
        message::Message,
        overrides::{self, BadWord, Overrides},
    },
    gates::{
        self, Clock, GovernedPush, Stop, Target, World,
        remote_tips::beside,
        verdict::{Decision, Gate, Outcome, Rollback, Verdict},
    },
    git::Repository,
    memory::ledger::Entry,
    policy::{self, Environment},
    push::{Oid, Push, destination::Destination, url::label},
    text::printable,
};

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
        pushes: &[GovernedPush<'_>],
        is_edited: bool,
        journal: &dyn Journal,
    ) -> Pending {
        let mut pending = self.pending();
        if self.off().is_none()
            && let Err(error) = journal.prepare()
        {
            pending.has_no_ledger = true;
            let what = pushes
                .first()
                .map_or(String::new(), GovernedPush::to_string);
            pending.messages.push(Message::Stopped(what, error));
            return pending;
        }
        // Those pushes stay open, and are settled by a later command.
        if self.off().is_none()
            && let Err(error) = journal.settle()
        {
            pending.messages.push(Message::Unsettled(error));
        }
        if is_edited {
            pending.messages.push(Message::Line(format!(
                "note: the uncommitted edit of {} changes nothing; the pushed one counts",
                policy::FILE
            )));
        }
        for push in pushes.iter().filter(|push| !push.second) {
            if let Err(error) = look_at_live(push, journal) {
                pending.messages.push(Message::Warning(error.in_one_line()));
            }
        }
        let mut judged = self.ask(pushes, &mut pending.messages);
        let stops = judged.iter().any(|(_, verdict)| verdict.stops());
        if !stops {
            judged = joined(judged);
        }
        judged.retain(|(push, verdict)| !push.second || verdict.stops());
        for (push, verdict) in &judged {
            // `pushgate rollback` and `pushgate deploy` have said what comes back.
            let is_news = self.event == Event::Push && !verdict.answers.is_empty() && !stops;
            if let Some(rollback) = verdict.rollback.as_ref().filter(|_| is_news) {
                pending.messages.push(Message::Warning(format!(
                    "rollback: from {} back to {}, which was live there before",
                    rollback.from.short(),
                    rollback.to.short()
                )));
            }
            pending.parts.push(self.part(push, verdict));
        }
        for (push, verdict) in judged {
            if let Some(why) = verdict.unasked {
                pending
                    .messages
                    .push(Message::Stopped(push.to_string(), why));
            } else if !verdict.answers.is_empty() && (!stops || verdict.stops()) {
                let verdict = Message::Verdict(push.to_string(), Box::new(verdict));
                pending.messages.push(verdict);
            }
        }
        pending
    }

    /// What governs the push is not known: it does not go, unless the gate is off.
    pub(super) fn unrouted(&self, push: &Push, destination: &Destination, error: Stop) -> Pending {
        let mut pending = self.pending();
        let what = format!("push to {destination}");
        let mut verdict = undecided_target(error.clone());
        verdict.is_off = self.off().is_some();
        pending.messages.extend(match self.off() {
            Some(overrides) => vec![
                Message::Warning(is_off(&what, overrides)),
                Message::Warning(format!("it could not have been: {error}")),
            ],
            None => vec![Message::Stopped(what, error)],
        });
        let commit = push.updates.iter().find_map(|one| one.commit.clone());
        let entry = Entry {
            remote: label(push.remote.as_bstr()),
            destination: destination.to_string(),
            commit,
            ..self.entry(&verdict)
        };
        let part = Part::unknown(verdict.decision(), entry);
        pending.parts.push(part);
        pending
    }

    fn pending(&self) -> Pending {
        Pending {
            is_off: self.off().is_some(),
            event: self.event,
            ..Pending::default()
        }
    }

    /// The targets up to the first that stops the push, with what the overrides or the gates say.
    fn ask<'c>(
        &self,
        pushes: &'c [GovernedPush<'c>],
        messages: &mut Vec<Message>,
    ) -> Vec<(&'c GovernedPush<'c>, Verdict)> {
        let refuse = |push: &'c GovernedPush<'c>, why: Stop| {
            let verdict = Verdict {
                unasked: Some(why),
                ..Verdict::default()
            };
            vec![(push, verdict)]
        };
        let overrides = match (self.overrides, pushes.first()) {
            (Ok(overrides), _) => overrides,
            (Err(bad), Some(push)) => {
                return refuse(push, bad.explain(push, self.world.repository));
            }
            (Err(_), None) => return Vec::new(),
        };
        for push in pushes {
            if let Some(environment) = lacks_reason(push, overrides) {
                let (name, repository) = (&environment.name, self.world.repository);
                let why = overrides::no_reason(push, name, overrides, repository);
                return refuse(push, why);
            }
        }
        if overrides.off {
            let passed_over = |push: &'c GovernedPush<'c>| {
                messages.push(Message::Warning(is_off(&push.to_string(), overrides)));
                let mut verdict = Verdict {
                    is_off: true,
                    ..Verdict::default()
                };
                if overrides.rollback {
                    // What is taken off is barred: what runs, and not what git has.
                    let here = push.here.as_ref();
                    verdict.runs = here.and_then(|here| self.world.remotes.running(here));
                    verdict.rollback = rollback(push, verdict.runs.as_ref(), &self.world);
                }
                (push, verdict)
            };
            let own = pushes.iter().filter(|push| !push.second);
            return own.map(passed_over).collect();
        }
        // Beside the wait for the network. What a window refuses takes nothing out, and is refused without a wait.
        let (skip, rollback) = (&overrides.skip, overrides.rollback);
        let refuses = |push| gates::window::ask(push, &self.world, &mut Vec::new()).is_err();
        let is_closed = !rollback && !skip.contains(&Gate::Window) && pushes.iter().any(refuses);
        let own = pushes.iter().filter(|push| !push.second && !is_closed);
        let own: Vec<_> = own.collect();
        let look = || {
            own.iter()
                .map(|push| since_git(push, &self.world))
                .collect()
        };
        let (verdicts, contents): (_, Vec<_>) = thread::scope(|scope| {
            let contents = beside(scope, &look);
            let verdicts = gates::evaluate(pushes, skip, rollback, &self.world);
            (verdicts, contents())
        });
        let mut contents = contents.into_iter();
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
        let stops = verdicts.iter().any(Verdict::stops);
        (pushes.iter().zip(verdicts))
            .map(|(push, mut verdict)| {
                let since_git = (!push.second).then(|| contents.next()).flatten().flatten();
                if let Some(since_git) = since_git.filter(|_| !stops) {
                    add_contents(push, since_git, &mut verdict, &self.world);
                }
                if !verdict.stops() && self.event != Event::Check {
                    verdict.notes.extend(runway(push, &self.world));
                } else if !push.second {
                    verdict.cures = forced(push, &verdict, self.world.repository);
                }
                (push, verdict)
            })
            .collect()
    }

    /// What is to be written down about one target.
    fn part(&self, push: &GovernedPush<'_>, verdict: &Verdict) -> Part {
        let commits = push.commits();
        // What cannot be read has been said, or stops the push.
        let known = push.running(verdict.runs.as_ref(), self.world.memory);
        let git = || change(push)?.replaces.cloned();
        let replaces = known.ok().flatten().or_else(git);
        let entry = Entry {
            environment: match push.target {
                Target::Environment(name) => Some(name.to_owned()),
                Target::Trunk => Some("trunk".to_owned()),
                Target::UnknownApp(_) | Target::Branch => None,
            },
            remote: push.remote.clone(),
            destination: push.destination.to_string(),
            commit: commits.first().copied().cloned(),
            replaces,
            ..self.entry(verdict)
        };
        Part::new(push, verdict, entry)
    }

    /// An entry with what the overrides and the gates say.
    fn entry(&self, verdict: &Verdict) -> Entry {
        let (by, decision) = (self.world.repository.person(), verdict.decision());
        let overridden = self
            .overrides
            .ok()
            .filter(|_| decision == Decision::Overridden || verdict.rollback.is_some());
        Entry {
            rollback: verdict.rollback.is_some(),
            gates: gate_entries(verdict),
            reason: overridden.and_then(|overrides| overrides.reason.clone()),
            took_ms: u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX),
            ..Entry::new(self.event.name(), decision, self.world.clock.now(), by)
        }
    }
}

/// The entry of `pushgate check` where it is not known what would be pushed.
pub(crate) fn unanswered(error: Stop, repository: &Repository) -> Entry {
    let (event, decision) = (Event::Check.name(), Decision::Undecided);
    Entry {
        gates: gate_entries(&undecided_target(error)),
        ..Entry::new(event, decision, SystemClock.now(), repository.identity())
    }
}

/// Where a push goes is what `target` asks first.
fn undecided_target(error: Stop) -> Verdict {
    Verdict {
        answers: vec![(Gate::Target, Outcome::Stopped(error))],
        ..Verdict::default()
    }
}

/// What git says to be live may be what an earlier push was given up for.
fn look_at_live(push: &GovernedPush<'_>, journal: &dyn Journal) -> Result<(), Stop> {
    match change(push).and_then(|change| Some((change.place, change.replaces?))) {
        Some((place, live)) => journal.arrived_late(place, live, push.share()),
        None => Ok(()),
    }
}

/// The rollback that a push is where no gate is asked whether it may be one: to what was live there, and back.
fn rollback(
    push: &GovernedPush<'_>,
    told: Option<&Result<Oid, Stop>>,
    world: &World<'_>,
) -> Option<Rollback> {
    let (here, to) = (push.here.as_ref()?, change(push)?.commit);
    let from = push.running(told, world.memory).ok()??;
    let is_forward = world.repository.is_past(&from, to, &push.remote);
    let was_live = matches!(world.memory.was_live(here, to), Ok(true));
    (was_live && !matches!(is_forward, Ok(Some(true)))).then(|| Rollback {
        from,
        to: to.clone(),
        in_place_of: None,
    })
}

/// The environment whose policy demands a reason that an override does not give.
fn lacks_reason<'c>(push: &GovernedPush<'c>, overrides: &Overrides) -> Option<&'c Environment> {
    let is_skipped = || overrides.skip.iter().any(|gate| push.asks(*gate));
    let is_overridden = overrides.off || overrides.rollback || is_skipped();
    (push.environment()).filter(|one| is_overridden && overrides.lack_reason(one))
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
