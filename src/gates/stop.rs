//! Why a push does not go: a gate refuses it, or a question could not be answered.

use std::fmt::Display;

use crate::{
    calendar::HolidaysError,
    cure::{Cure, command},
    memory::{decision::Decision, ledger::LedgerError},
    policy::{FILE, PolicyError},
    push::Oid,
};

/// Why a push does not go, or a command does not do its work, and what to do about it.
///
/// Only a gate, and what asks for a person's say, refuses. What answers the gates' questions, and whatever else fails,
/// has an error of its own, which becomes one that leaves the push undecided.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Stop {
    /// Set by the constructors alone; [`Stop::decision`] says what follows.
    is_refusal: bool,
    /// One line, lower case, without a full stop; of what is undecided it fits after "could not decide: ".
    pub why: String,
    /// The words of other programs, a line each.
    pub details: Vec<String>,
    pub cures: Vec<Cure>,
    pub needs: Needs,
    /// Set where a signal, or the end of `git push`, is the reason.
    pub stopped: Option<Interruption>,
}

/// What it takes before a push that was stopped may go.
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

/// What was stopped, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interruption {
    Decision {
        by: String,
    },
    /// The suite, which has said so already.
    Suite {
        by: String,
    },
}

impl Stop {
    /// A rule is not met.
    pub(crate) fn refused(why: impl Into<String>) -> Self {
        Self {
            is_refusal: true,
            ..Self::undecided(why)
        }
    }

    /// A question could not be answered: the push does not go, and is not refused either.
    pub(crate) fn undecided(why: impl Into<String>) -> Self {
        Self {
            is_refusal: false,
            why: why.into(),
            details: Vec::new(),
            cures: Vec::new(),
            needs: Needs::Cures,
            stopped: None,
        }
    }

    /// Something could not be done, which leaves a push undecided; `what` fits after "could not".
    pub(crate) fn failed(what: impl Display, reason: &dyn Display) -> Self {
        Self::undecided(format!("could not {what}")).detail(reason.to_string())
    }

    /// What follows for the push. The exit code comes from here.
    pub fn decision(&self) -> Decision {
        if self.is_refusal {
            Decision::Refused
        } else {
            Decision::Undecided
        }
    }

    pub(crate) fn is_refusal(&self) -> bool {
        self.decision() == Decision::Refused
    }

    pub(crate) fn needing(self, needs: Needs) -> Self {
        Self { needs, ..self }
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

    pub(crate) fn stopped(self, by: Interruption) -> Self {
        let stopped = Some(by);
        Self { stopped, ..self }
    }

    /// Ancestry cannot be told, for the history of this clone is cut off.
    pub(crate) fn shallow(id: &Oid, remote: &str) -> Self {
        let id = id.short();
        let message = format!("this clone is shallow: its history ends before {id} is met");
        let fetch = command(["git", "fetch", "--unshallow", remote]);
        Self::undecided(message).cure("fetch the rest, then try again", [fetch])
    }

    pub(crate) fn bare() -> Self {
        Self::undecided("this repository is bare: there is no checkout to run the suite in")
            .hint("push from a clone with a work tree")
    }

    /// A signal, or the end of `git push`, stopped the suite.
    pub(crate) fn suite_stopped(by: String) -> Self {
        Self::undecided(format!("the suite was stopped: {by}")).stopped(Interruption::Suite { by })
    }

    /// Writes all of it but the cures in one line.
    pub fn in_one_line(&self) -> String {
        let details = self.details.join("; ");
        let colon = if details.is_empty() { "" } else { ": " };
        format!("{self}{colon}{details}")
    }
}

impl From<HolidaysError> for Stop {
    fn from(error: HolidaysError) -> Self {
        let path = &error.path;
        let hint =
            format!("fix {path}, or take it off `closed` in {FILE}; commit it, and try again");
        Self::undecided(error.to_string()).hint(hint)
    }
}

impl From<PolicyError> for Stop {
    fn from(error: PolicyError) -> Self {
        let excerpt = error.excerpt().unwrap_or_default();
        Self::undecided(error.to_string())
            .details(excerpt.lines().map(str::to_owned))
            .hint(format!("fix {FILE}, commit it, and try again"))
    }
}

impl From<LedgerError> for Stop {
    fn from(error: LedgerError) -> Self {
        Self::undecided(format!("could not {}", error.what)).detail(error.source.to_string())
    }
}
