//! The loop that asks the gates: case by case, and once more what moved while a suite ran.

use std::collections::BTreeSet;

use super::{
    AGAIN, Case, GateResult, ORDER, Stop, World,
    live::Live,
    promotion::{self, Found, Remembered},
    rollback, suite, target, trunk, window,
};
use crate::gates::verdict::{Gate, Outcome, Verdict};

/// Asks the gates about every case of one push, until one stops it.
///
/// The verdicts are in the order of the cases; the cases after a stop were not asked.
pub fn judge(cases: &[Case<'_>], skip: &BTreeSet<Gate>, world: &World<'_>) -> Vec<Verdict> {
    let mut hearings: Vec<Hearing<'_>> = Vec::with_capacity(cases.len());
    let mut runs = 0;
    for case in cases {
        let mut hearing = Hearing {
            case,
            skip,
            world,
            verdict: Verdict::default(),
            live: None,
            asked_for_rollback: false,
            runs,
        };
        hearing.first();
        runs = hearing.runs;
        let stops = hearing.verdict.stops();
        hearings.push(hearing);
        if stops {
            break;
        }
    }
    if !hearings.iter().any(|hearing| hearing.verdict.stops()) && runs > 0 {
        for hearing in &mut hearings {
            hearing.again(runs);
            if hearing.verdict.stops() {
                break;
            }
        }
    }
    hearings
        .into_iter()
        .map(|hearing| hearing.verdict)
        .collect()
}

/// One case before the gates.
struct Hearing<'h> {
    case: &'h Case<'h>,
    skip: &'h BTreeSet<Gate>,
    world: &'h World<'h>,
    verdict: Verdict,
    /// What the remotes answered; `None` as long as nobody asked them.
    live: Option<Live>,
    /// Whether somebody has looked if it is a rollback; it is not told before something hangs on it.
    asked_for_rollback: bool,
    /// How many suites had run when the remotes were asked.
    runs: usize,
}

impl Hearing<'_> {
    /// Asks each gate, in their order, until one stops the push.
    fn first(&mut self) {
        let case = self.case;
        // A deletion that was let through brings no commit to ask the others about.
        let has_question =
            |gate: &Gate| matches!(gate, Gate::Target | Gate::Window) || !case.commits().is_empty();
        for gate in ORDER
            .into_iter()
            .filter(|gate| case.asks(*gate))
            .filter(has_question)
        {
            let outcome = if self.skip.contains(&gate) {
                Outcome::Skipped {
                    needless: self.is_needless(gate),
                }
            } else {
                let mut notes = Vec::new();
                let answer = self.ask(gate, &mut notes);
                self.verdict.notes.extend(notes);
                // Where nothing comes first there is nothing to say about it.
                if answer.as_ref().is_ok_and(String::is_empty) {
                    continue;
                }
                outcome(answer)
            };
            self.verdict.answers.push((gate, outcome));
            if self.verdict.stops() {
                return;
            }
        }
    }

    /// Whether a gate that is skipped would have passed.
    fn is_needless(&mut self, gate: Gate) -> bool {
        match gate {
            // A run of the suite would be the very cost that was to be spared.
            Gate::Suite => suite::has_receipt(self.case, self.world),
            _ => self.ask(gate, &mut Vec::new()).is_ok(),
        }
    }

    /// Asks the gates that the world can have changed under since `runs` suites ago; only a
    /// changed answer is kept.
    fn again(&mut self, runs: usize) {
        if self.runs < runs {
            self.live = None;
            self.runs = runs;
        }
        for gate in AGAIN
            .into_iter()
            .filter(|gate| self.case.asks(*gate) && !self.skip.contains(gate))
        {
            if let Err(stop) = self.ask(gate, &mut Vec::new()) {
                self.verdict
                    .notes
                    .push(format!("{gate} had passed before the suite ran"));
                self.verdict.answers.push((gate, outcome(Err(stop))));
                return;
            }
        }
    }

    /// Asks one gate; a rollback passes where another push would not.
    fn ask(&mut self, gate: Gate, notes: &mut Vec<String>) -> GateResult {
        let (case, world) = (self.case, self.world);
        let answer = match gate {
            Gate::Target => return target::ask(case, world),
            Gate::Suite => return self.suite(notes),
            Gate::Window => window::ask(case, world, notes),
            Gate::Trunk => self.trunk(notes),
            Gate::Promotion => {
                // What the team remembers comes with trunk's tip.
                self.live();
                // What a rollback took away stays away, also from another rollback.
                let known = promotion::remembered(case, world)?;
                self.promotion(&known, notes)
            }
        };
        match answer {
            Err(stop) if rollback::outweighs(gate, &stop) && self.is_rollback()? => {
                if let Stop::Undecided(trouble) = stop {
                    notes.push(format!("{gate} could not tell: {}", trouble.in_one_line()));
                }
                Ok("passes as a rollback".to_owned())
            }
            answer => answer,
        }
    }

    fn is_rollback(&mut self) -> Result<bool, Stop> {
        if !self.asked_for_rollback {
            // What comes beside the rollback, where `target` was skipped, is none.
            let is_alone = self.case.commits().len() == 1;
            let mut rewinds = rollback::rewinds(self.case, self.world);
            rewinds.retain(|_| is_alone);
            if !rewinds.is_empty() {
                // The team may know what was live here, and its memory comes with trunk's tip.
                self.live();
            }
            self.verdict.rollback = rollback::known(rewinds, self.case, self.world)?;
            self.asked_for_rollback = true;
        }
        Ok(self.verdict.rollback.is_some())
    }

    fn trunk(&mut self, notes: &mut Vec<String>) -> GateResult {
        let (case, world) = (self.case, self.world);
        let live = self.live();
        let ask = |commit| trunk::ask(case, commit, live, world, notes);
        joined(case.commits().into_iter().map(ask))
    }

    fn promotion(&mut self, known: &[Remembered<'_>], notes: &mut Vec<String>) -> GateResult {
        let (case, world) = (self.case, self.world);
        let live = self.live();
        notes.extend(untold(live));
        let mut found = Found::default();
        let answer = (known.iter())
            .try_for_each(|known| promotion::ask(case, known, live, world, &mut found));
        self.verdict.first |= found.first;
        answer.map(|()| found.answers.join(", "))
    }

    fn suite(&mut self, notes: &mut Vec<String>) -> GateResult {
        let (case, skip, world) = (self.case, self.skip, self.world);
        let wants = |gate| AGAIN.contains(&gate) && !skip.contains(&gate);
        let ask = |commit| {
            let looked = self.live.as_mut().and_then(|live| live.checkout.take());
            let told = suite::ask(case, commit, looked, &wants, world)?;
            notes.extend(told.notes);
            if told.ran {
                self.live = told.live;
                self.runs += 1;
            }
            Ok(told.answer)
        };
        joined(case.commits().into_iter().map(ask))
    }

    /// What the remotes answer, asked once.
    fn live(&mut self) -> &Live {
        let (case, skip, world) = (self.case, self.skip, self.world);
        // Of a gate that is skipped it is told whether that was needless; of a suite that costs too much.
        let wants = |gate| gate != Gate::Suite || !skip.contains(&gate);
        self.live
            .get_or_insert_with(|| Live::ask(case, wants, world))
    }
}

/// One answer about all commits of a case: one, unless `target` was skipped.
fn joined(answers: impl Iterator<Item = GateResult>) -> GateResult {
    let mut answers = answers.collect::<Result<Vec<_>, _>>()?;
    answers.dedup();
    Ok(answers.join("; "))
}

/// A line where the team could not be asked what it remembers.
fn untold(live: &Live) -> Option<String> {
    let tip = live.trunk.as_ref()?.as_ref().ok()?;
    let trouble = tip.team.as_ref()?.as_ref().err()?;
    Some(format!(
        "only what this clone remembers counts: {}",
        trouble.in_one_line()
    ))
}

fn outcome(answer: GateResult) -> Outcome {
    match answer {
        Ok(why) => Outcome::Passed(why),
        Err(Stop::Refused(refusal)) => Outcome::Refused(refusal),
        Err(Stop::Undecided(trouble)) => Outcome::Undecided(trouble),
    }
}
