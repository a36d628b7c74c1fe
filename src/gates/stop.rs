//! Why a push does not go: a gate refuses it, or a question could not be answered.

use std::fmt::Display;

use crate::{
    calendar::HolidaysError,
    cure::{Cure, command},
    memory::ledger::LedgerError,
    policy::{FILE, PolicyError},
    push::Oid,
};

/// Why a gate does not let pass.
#[derive(Clone, Debug)]
pub enum Stop {
    Refused(Box<Refusal>),
    Undecided(Box<Undecided>),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<Box<Refusal>> for Stop {
    fn from(refusal: Box<Refusal>) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Undecided> for Stop {
    fn from(undecided: Undecided) -> Self {
        Self::Undecided(Box::new(undecided))
    }
}

/// What a gate refuses, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// One line; details follow on lines of their own.
    pub why: String,
    pub cures: Vec<Cure>,
    pub needs: Needs,
}

/// What it takes before a refused push may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// The cures, and the same push again.
    Cures,
    /// Time, or another person: the verdict names the override, too.
    Patience,
    /// A push of another commit, about which other gates may say something else.
    OtherCommit,
    /// The commit that is live: it is not here.
    Live,
}

impl Refusal {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            cures: Vec::new(),
            needs: Needs::Cures,
        }
    }

    pub(crate) fn needing(self, needs: Needs) -> Self {
        Self { needs, ..self }
    }

    pub(crate) fn hint(self, words: impl Into<String>) -> Self {
        self.cure(words, [""; 0])
    }

    /// Adds commands that fix it, and the words that announce them.
    pub(crate) fn cure(
        mut self,
        words: impl Into<String>,
        commands: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.cures.push(Cure::run(words, commands));
        self
    }
}

/// A question that could not be answered: the push does not go, and is not refused either.
///
/// The parts that answer have errors of their own, which become this one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Undecided {
    /// Lower case, without a full stop; fits after "could not decide: ".
    pub message: String,
    /// The words of other programs, a line each.
    pub details: Vec<String>,
    pub cures: Vec<Cure>,
    /// Set where a signal, or the end of `git push`, is the reason.
    pub stopped: Option<Interruption>,
}

/// What was stopped, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interruption {
    /// The decision.
    Decision { by: String },
    /// The suite, which has said so already.
    Suite { by: String },
}

impl Undecided {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            details: Vec::new(),
            cures: Vec::new(),
            stopped: None,
        }
    }

    /// `what` fits after "could not".
    pub(crate) fn failed(what: impl Display, reason: &dyn Display) -> Self {
        Self::new(format!("could not {what}")).detail(reason.to_string())
    }

    pub(crate) fn detail(self, line: impl Into<String>) -> Self {
        self.details([line.into()])
    }

    pub(crate) fn details(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(lines);
        self
    }

    pub(crate) fn hint(self, words: impl Into<String>) -> Self {
        self.cure(words, [""; 0])
    }

    /// Adds commands that fix it, and the words that announce them.
    pub(crate) fn cure(
        mut self,
        words: impl Into<String>,
        commands: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.cures.push(Cure::run(words, commands));
        self
    }

    pub(crate) fn stopped(mut self, stopped: Interruption) -> Self {
        self.stopped = Some(stopped);
        self
    }

    /// Ancestry cannot be told, for the history of this clone is cut off.
    pub(crate) fn shallow(id: &Oid, remote: &str) -> Self {
        let id = id.short();
        let message = format!("this clone is shallow: its history ends before {id} is met");
        let fetch = command(["git", "fetch", "--unshallow", remote]);
        Self::new(message).cure("fetch the rest, then try again", [fetch])
    }

    pub(crate) fn bare() -> Self {
        Self::new("this repository is bare: there is no checkout to run the suite in")
            .hint("push from a clone with a work tree")
    }

    /// A signal, or the end of `git push`, stopped the suite.
    pub(crate) fn suite_stopped(by: String) -> Self {
        Self::new(format!("the suite was stopped: {by}")).stopped(Interruption::Suite { by })
    }

    /// Writes all of it but the cures in one line.
    pub fn in_one_line(&self) -> String {
        let details = self.details.join("; ");
        let colon = if details.is_empty() { "" } else { ": " };
        format!("{self}{colon}{details}")
    }
}

impl From<HolidaysError> for Undecided {
    fn from(error: HolidaysError) -> Self {
        let path = &error.path;
        let hint =
            format!("fix {path}, or take it off `closed` in {FILE}; commit it, and try again");
        Self::new(error.to_string()).hint(hint)
    }
}

impl From<PolicyError> for Undecided {
    fn from(error: PolicyError) -> Self {
        let excerpt = error.excerpt().unwrap_or_default();
        Self::new(error.to_string())
            .details(excerpt.lines().map(str::to_owned))
            .hint(format!("fix {FILE}, commit it, and try again"))
    }
}

impl From<LedgerError> for Undecided {
    fn from(error: LedgerError) -> Self {
        Self::new(format!("could not {}", error.what)).detail(error.source.to_string())
    }
}
