//! What the gates answer: outcomes, the verdict, and the decision that follows.

use super::stop::{Needs, Stop};
pub use super::{
    contents::Contents,
    facts::{Commit, Count, Difference, Ending, Mismatch, Relation, TrunkName},
    gate::Gate,
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
            let own = self.answers.iter_mut().find(|(own, _)| own == gate);
            match own {
                Some((_, Outcome::Skipped { needless: own })) => *own &= needless,
                Some((_, own)) => {
                    *own = Outcome::Skipped {
                        needless: *needless,
                    }
                }
                None => self.answers.push((
                    *gate,
                    Outcome::Skipped {
                        needless: *needless,
                    },
                )),
            }
        }
        self.answers.sort_by_key(|(gate, _)| *gate);
    }

    /// Whether a gate says that this is what it takes.
    pub(crate) fn needs(&self, needs: Needs) -> bool {
        let mut outcomes = self.answers.iter().map(|(_, outcome)| outcome);
        outcomes.any(|outcome| matches!(outcome, Outcome::Stopped(stop) if stop.needs == needs))
    }
}
