//! The way of a push through the gates: the cheap ones, the suite, and the cheap ones again after a suite that ran.

use std::{collections::BTreeSet, mem};

use jiff::Timestamp;

use super::{
    gate::{Gate, TOGETHER},
    governed_push::GovernedPush,
    lock,
    promotion::{self, Found},
    receipt,
    remote_tips::{RemoteTips, is_old},
    rollback::{self, Remembered},
    stop::{Needs, Stop},
    suite, target, trunk,
    verdict::{GateResult, Outcome, Rollback, Verdict},
    window,
    world::{Remotes as _, World},
};
use crate::cure::Cure;

/// Asks the gates about every target of one push, until one of the targets stops it; `rollback`: the push
/// is asked for as a rollback.
///
/// The verdicts are in the order of the targets; those after a stop were not asked about.
pub fn evaluate(
    pushes: &[GovernedPush<'_>],
    skip: &BTreeSet<Gate>,
    rollback: bool,
    world: &World<'_>,
) -> Vec<Verdict> {
    let evaluation = |push| Evaluation {
        push,
        skip,
        rollback,
        world,
        verdict: Verdict::default(),
        tips: None,
        asked_at: None,
        ran: false,
        is_over: false,
    };
    let mut all: Vec<_> = pushes.iter().map(evaluation).collect();
    // A suite runs only where every target has passed what costs less, and ages what all of them answered.
    if ask_all_cheap(&mut all)
        && each(&mut all, Evaluation::ask_suite)
        && all.iter().any(|one| one.ran)
    {
        each(&mut all, Evaluation::ask_again);
    }
    let verdicts = all.into_iter().map(|one| one.verdict);
    verdicts.take_while(|one| !one.answers.is_empty()).collect()
}

/// Asks the cheap gates about one target after the other, until one stops the push; whether none does. What trunk's
/// rules refuse, too, belongs to the same verdict, unless `trunk` refuses: they are others once it is satisfied.
fn ask_all_cheap(all: &mut [Evaluation<'_>]) -> bool {
    let mut rest = all;
    while let Some((own, others)) = rest.split_first_mut() {
        let passes_target = own.ask_cheap();
        if own.verdict.stops() {
            if passes_target {
                let is_by_trunk = own.verdict.is_stopped_by(Gate::Trunk);
                for second in others {
                    if !is_by_trunk && second.push.second && second.push.shares_refs_with(own.push)
                    {
                        own.add_second(second);
                    }
                }
                let repository = own.world.repository;
                (own.verdict).offer_override(own.push, own.skip, own.rollback, repository);
            }
            return false;
        }
        rest = others;
    }
    true
}

/// Asks about one target after the other, until one stops the push; whether none does.
fn each<'e>(all: &mut [Evaluation<'e>], ask: impl Fn(&mut Evaluation<'e>)) -> bool {
    all.iter_mut().all(|one| {
        ask(one);
        !one.verdict.stops()
    })
}

/// The evaluation of what one push brings to one target.
struct Evaluation<'e> {
    push: &'e GovernedPush<'e>,
    skip: &'e BTreeSet<Gate>,
    /// Whether the push is asked for as a rollback.
    rollback: bool,
    world: &'e World<'e>,
    verdict: Verdict,
    /// `None` until a gate needs them.
    tips: Option<RemoteTips<'e>>,
    /// When the gates were asked whose answers may grow old.
    asked_at: Option<Timestamp>,
    /// Whether a suite ran.
    ran: bool,
    /// Whether the push is stopped already by what its own policy says.
    is_over: bool,
}

impl<'e> Evaluation<'e> {
    /// Asks `target`, which stops alone, then the gates whose answers are given together; whether `target` lets pass.
    fn ask_cheap(&mut self) -> bool {
        self.answer(Gate::Target);
        if !self.verdict.stops() {
            for gate in TOGETHER {
                self.answer(gate);
            }
            return true;
        }
        if !self.rollback && self.verdict.needs(Needs::Live) {
            // Who is merely behind trunk gets it with trunk's newest.
            let target = mem::take(&mut self.verdict.answers);
            let tips = RemoteTips::of_push(self.push, |gate| gate == Gate::Trunk, self.world);
            self.tips = Some(tips);
            self.answer(Gate::Trunk);
            if !self.verdict.needs(Needs::OtherCommit) {
                self.verdict.answers = target;
            }
        }
        false
    }

    /// Asks by trunk's rules, too, and adds what they refuse.
    fn add_second(&mut self, second: &mut Self) {
        let (own, other) = (self.push, second.push);
        // What was asked for the promotion from one environment does not tell of another.
        let is_same_way = own.before == other.before && own.share() == other.share();
        second.is_over = true;
        if is_same_way {
            second.tips = self.tips.take();
        }
        second.ask_cheap();
        let found = mem::take(&mut second.verdict);
        self.verdict.first |= found.first && is_same_way;
        self.verdict.stop_too(found);
        if is_same_way {
            self.tips = second.tips.take();
        }
    }

    /// Whether no answer could let the push go any more.
    fn is_stopped(&self) -> bool {
        self.is_over || self.verdict.stops()
    }

    fn ask_suite(&mut self) {
        self.answer(Gate::Suite);
    }

    /// Adds the answer of a gate to the verdict, where it has one about this push.
    fn answer(&mut self, gate: Gate) {
        // A deletion that was let through brings no commit to ask the others about.
        let needs_commit = !matches!(gate, Gate::Target | Gate::Window);
        if !self.push.asks(gate) || needs_commit && self.push.commits().is_empty() {
            return;
        }
        let outcome = if self.skip.contains(&gate) {
            Outcome::Skipped {
                needless: self.would_pass(gate),
            }
        } else {
            let mut notes = Vec::new();
            let answer = self.ask(gate, &mut notes);
            self.verdict.notes.extend(notes);
            // Where no environment comes first, `promotion` has nothing to say.
            if answer.as_ref().is_ok_and(String::is_empty) {
                return;
            }
            answer.map_or_else(Outcome::Stopped, Outcome::Passed)
        };
        self.verdict.answers.push((gate, outcome));
    }

    /// Whether a gate that is skipped would have passed.
    fn would_pass(&mut self, gate: Gate) -> bool {
        match gate {
            // A run of the suite would be the very cost that the override spares.
            Gate::Suite => receipt::is_there(self.push, self.world),
            _ => self.ask(gate, &mut Vec::new()).is_ok(),
        }
    }

    /// Asks again the gates whose answers may have changed while suites ran; only changed answers are
    /// kept.
    fn ask_again(&mut self) {
        if !self.asked_at.is_some_and(|at| is_old(at, self.world)) {
            return;
        }
        self.tips = None;
        for gate in TOGETHER {
            if !self.push.asks(gate) || self.skip.contains(&gate) {
                continue;
            }
            if let Err(stop) = self.ask(gate, &mut Vec::new()) {
                let note = format!("{gate} had passed before the suite ran");
                self.verdict.notes.push(note);
                self.verdict.answers.push((gate, Outcome::Stopped(stop)));
            }
        }
        let repository = self.world.repository;
        (self.verdict).offer_override(self.push, self.skip, self.rollback, repository);
    }

    /// Asks one gate; a rollback passes where another push would not.
    fn ask(&mut self, gate: Gate, notes: &mut Vec<String>) -> GateResult {
        let (push, world) = (self.push, self.world);
        let answer = match gate {
            Gate::Target => {
                let answer = target::ask(push, world)?;
                if self.rollback && push.environment().is_some() {
                    self.verdict.rollback = self.rollback()?;
                }
                return Ok(answer);
            }
            Gate::Suite => return self.suite(notes),
            Gate::Window => window::ask(push, world, notes),
            Gate::Trunk => self.trunk(),
            Gate::Lock => lock::ask(push, self.tips(), world, notes),
            Gate::Promotion => {
                // The team's notes come with trunk's tip.
                self.tips();
                // What a rollback removed is refused, also to another rollback.
                let known = rollback::remembered(push, world)?;
                self.promotion(&known, notes)
            }
        };
        match answer {
            Err(stop) if self.verdict.rollback.is_some() && rollback::permits(gate) => {
                if !stop.is_refusal() {
                    notes.push(format!("{gate} could not tell: {}", stop.in_one_line()));
                }
                Ok(rollback::PASSES.to_owned())
            }
            answer => answer,
        }
    }

    fn rollback(&mut self) -> Result<Option<Rollback>, Stop> {
        let (push, world) = (self.push, self.world);
        let has_command = push.here.as_ref().is_some_and(|here| here.live.is_some());
        if !has_command && let Ok(found) = rollback::of(push, None, world) {
            return Ok(found);
        }
        // The team's notes may say what was live here, and come with trunk's tip, as what a command says does.
        self.tips();
        rollback::of(push, self.verdict.runs.as_ref(), world)
    }

    fn trunk(&mut self) -> GateResult {
        let (push, world) = (self.push, self.world);
        let is_rollback = self.verdict.rollback.is_some();
        let tips = self.tips();
        let ask = |commit| trunk::ask(push, commit, tips, is_rollback, world);
        joined(push.commits().into_iter().map(ask))
    }

    fn promotion(&mut self, known: &[Remembered<'_>], notes: &mut Vec<String>) -> GateResult {
        let (push, world) = (self.push, self.world);
        // An answer that could not let the push go is not asked for.
        let may_ask_person = !self.is_stopped();
        let tips = self.tips();
        notes.extend(tips.no_team_notes());
        let tip = tips.trunk().and_then(|tip| tip.as_ref().ok());
        let no_trunk = tip.and_then(|tip| tip.commit.as_ref().err().cloned());
        let mut found = Found::default();
        let answer = known.iter().try_for_each(|known| {
            promotion::ask(push, known, tips, may_ask_person, world, &mut found)
        });
        self.verdict.first |= found.first;
        match answer {
            Err(mut stop) if stop.is_refusal() => {
                // What another gate leads to comes first.
                if self.verdict.needs(Needs::OtherCommit) {
                    let words = "it is asked again about the commit that you push then";
                    stop.cures = vec![Cure::words(words)];
                } else if let Some(error) = no_trunk {
                    stop.cures = error.cures;
                }
                Err(stop)
            }
            answer => answer.map(|()| found.answers.join(", ")),
        }
    }

    fn suite(&mut self, notes: &mut Vec<String>) -> GateResult {
        let (push, world) = (self.push, self.world);
        self.asked_at.get_or_insert_with(|| world.clock.now());
        let ask = |commit| {
            let looked = self.tips.as_mut().and_then(|tips| tips.checkout.take());
            let passed = suite::ask(push, commit, looked, world)?;
            notes.extend(passed.notes);
            self.ran |= passed.ran;
            Ok(passed.answer)
        };
        joined(push.commits().into_iter().map(ask))
    }

    /// The tips of the remotes, asked for once.
    fn tips(&mut self) -> &RemoteTips<'e> {
        let (push, skip, world) = (self.push, self.skip, self.world);
        // A skipped gate is asked too, to tell whether that was needless; only the suite costs too much.
        let (is_stopped, ran) = (self.is_stopped(), self.ran);
        let wants = |gate| match gate {
            Gate::Suite => !skip.contains(&gate) && !is_stopped && !ran,
            // Whether that was needless was told before the suite ran.
            gate => !skip.contains(&gate) || !ran,
        };
        if self.tips.is_none() {
            self.asked_at.get_or_insert_with(|| world.clock.now());
        }
        let runs = &mut self.verdict.runs;
        self.tips.get_or_insert_with(|| {
            let tips = RemoteTips::of_push(push, wants, world);
            *runs = push.here.as_ref().and_then(|here| tips.running(here));
            tips
        })
    }
}

/// Joins the answers about all commits: one commit, unless `target` was skipped.
fn joined(answers: impl Iterator<Item = GateResult>) -> GateResult {
    let mut answers = answers.collect::<Result<Vec<_>, _>>()?;
    answers.dedup();
    Ok(answers.join("; "))
}
