//! What the gates answer: outcomes, the verdict, and the decision that follows.

use std::collections::BTreeSet;

pub use super::{
    contents::Contents,
    facts::{Commit, Count, Difference, Ending, Mismatch, Relation, TrunkName},
    gate::Gate,
};
use super::{
    governed_push::GovernedPush,
    stop::{Needs, Stop},
    world::LocalRepository,
};
pub use crate::memory::decision::Decision;
use crate::{cure::Cure, push::Oid};

/// Why a gate lets pass, in a few words, or why it does not.
pub(crate) type GateResult = Result<String, Stop>;

#[derive(Debug)]
pub enum Outcome {
    Passed(String),
    /// An override skipped it; `needless`: it would have passed.
    Skipped {
        needless: bool,
    },
    Stopped(Stop),
}

/// The answers of all gates about one target.
#[derive(Debug, Default)]
pub struct Verdict {
    /// In the order in which they were asked; a gate that was asked again is there twice.
    pub answers: Vec<(Gate, Outcome)>,
    /// Why no gate was asked: an override that means nothing, or lacks its reason.
    pub unasked: Option<Stop>,
    /// Whether it goes whatever the gates say: `PUSHGATE=off`.
    pub is_off: bool,
    pub notes: Vec<String>,
    /// The rollback that it passes as.
    pub rollback: Option<Rollback>,
    /// Whether the commit is seen live for the first time on the environment that comes first.
    pub first: bool,
    /// What runs on the environment that is pushed to, where its command tells.
    pub runs: Option<Result<Oid, Stop>>,
    /// What goes to the environment, where the push goes.
    pub contents: Option<Contents>,
    /// What git asks for besides, where the push would go.
    pub cures: Vec<Cure>,
}

/// A commit that was live comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollback {
    pub from: Oid,
    pub to: Oid,
    /// Where `to` is newer than `from`: the commit, newer than both, that an earlier rollback had removed.
    pub in_place_of: Option<Oid>,
}

impl Verdict {
    pub fn stops(&self) -> bool {
        self.decision().exit_code() != 0
    }

    pub(super) fn is_stopped_by(&self, gate: Gate) -> bool {
        let stopped = |(own, outcome): &(Gate, Outcome)| {
            *own == gate && matches!(outcome, Outcome::Stopped(_))
        };
        self.answers.iter().any(stopped)
    }

    /// Adds the answers up to one decision.
    pub fn decision(&self) -> Decision {
        if self.is_off {
            return Decision::Overridden;
        }
        let each = self.answers.iter().map(|(_, outcome)| match outcome {
            Outcome::Passed(_) => Decision::Go,
            Outcome::Skipped { .. } => Decision::Overridden,
            Outcome::Stopped(stop) => stop.decision(),
        });
        let unasked = self.unasked.iter().map(Stop::decision);
        each.chain(unasked).max().unwrap_or(Decision::Go)
    }

    /// Counts as skipped what was skipped under other rules; needless only where it was so under both.
    pub(crate) fn skip_too(&mut self, other: &Self) {
        for (gate, outcome) in &other.answers {
            let Outcome::Skipped { needless } = outcome else {
                continue;
            };
            let needless = *needless;
            let own = self.answers.iter_mut().find(|(own, _)| own == gate);
            match own {
                Some((_, Outcome::Skipped { needless: own })) => *own &= needless,
                Some((_, own)) => *own = Outcome::Skipped { needless },
                None => self.answers.push((*gate, Outcome::Skipped { needless })),
            }
        }
        self.answers.sort_by_key(|(gate, _)| *gate);
    }

    /// Adds what other rules refuse or leave undecided, and no gate of these has said in the same words.
    pub(super) fn stop_too(&mut self, other: Self) {
        for (gate, outcome) in other.answers {
            let Outcome::Stopped(stop) = &outcome else {
                continue;
            };
            let words = stop.in_one_line();
            let is_said = self.answers.iter().any(|(own_gate, own)| {
                *own_gate == gate
                    && matches!(own, Outcome::Stopped(own) if own.in_one_line() == words)
            });
            if !is_said {
                self.answers.push((gate, outcome));
            }
        }
        self.answers.sort_by_key(|(gate, _)| *gate);
        for note in other.notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }

    /// Says that time will do, where it does for all gates that refuse, and names one override of them where a refusal
    /// can only be waited for.
    pub(super) fn offer_override(
        &mut self,
        push: &GovernedPush<'_>,
        skip: &BTreeSet<Gate>,
        is_rollback: bool,
        repository: &dyn LocalRepository,
    ) {
        let mut gates = skip.clone();
        let mut refusals: Vec<_> = (self.answers.iter_mut())
            .filter_map(|(gate, outcome)| match outcome {
                Outcome::Stopped(stop) if stop.is_refusal() => {
                    gates.insert(*gate);
                    Some(stop)
                }
                _ => None,
            })
            .collect();
        let waits = refusals.iter().any(|one| one.needs == Needs::Patience);
        let is_time = |one: &&mut Stop| one.needs == Needs::Patience && one.cures.is_empty();
        let is_all_time = refusals.iter().all(is_time);
        // Who has begun to override is told how it goes on.
        let is_meant = waits || !skip.is_empty();
        if let Some(last) = refusals.last_mut().filter(|_| is_meant) {
            if is_all_time {
                let words = format!("{} then", push.again());
                last.cures.push(Cure::words(words));
            }
            let command = push.overriding(&gates, is_rollback, repository);
            last.cures.push(Cure::run("if it cannot wait", [command]));
        }
    }

    /// Whether a gate says that this is what it takes.
    pub(crate) fn needs(&self, needs: Needs) -> bool {
        let mut outcomes = self.answers.iter().map(|(_, outcome)| outcome);
        outcomes.any(|outcome| matches!(outcome, Outcome::Stopped(stop) if stop.needs == needs))
    }
}
