//! What the gates answer: outcomes, the verdict, and the decision that follows.

use super::stop::{Needs, Refusal, Stop, Undecided};
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
    Refused(Box<Refusal>),
    Undecided(Box<Undecided>),
}

/// The answers of all gates about one target.
#[derive(Debug, Default)]
pub struct Verdict {
    /// In the order in which they were asked; a gate that was asked again is there twice.
    pub answers: Vec<(Gate, Outcome)>,
    /// Why no gate was asked: an override that means nothing, or lacks its reason.
    pub unasked: Option<Box<Refusal>>,
    pub notes: Vec<String>,
    /// The rollback that it passes as.
    pub rollback: Option<Rollback>,
    /// Whether the commit is seen live for the first time on the environment that comes first.
    pub first: bool,
    /// What runs on the environment that is pushed to, where its command tells.
    pub runs: Option<Result<Oid, Undecided>>,
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
}

impl Verdict {
    pub fn stops(&self) -> bool {
        self.decision().exit_code() != 0
    }

    /// Adds the answers up to one decision.
    pub fn decision(&self) -> Decision {
        if self.unasked.is_some() {
            return Decision::Refused;
        }
        let each = self.answers.iter().map(|(_, outcome)| match outcome {
            Outcome::Passed(_) => Decision::Go,
            Outcome::Skipped { .. } => Decision::Overridden,
            Outcome::Undecided(_) => Decision::Undecided,
            Outcome::Refused(_) => Decision::Refused,
        });
        each.max().unwrap_or(Decision::Go)
    }

    /// Whether a gate refuses this commit, and would another.
    pub(crate) fn needs_other_commit(&self) -> bool {
        self.answers.iter().any(|(_, outcome)| {
            matches!(outcome, Outcome::Refused(refusal) if refusal.needs == Needs::OtherCommit)
        })
    }
}
