//! What the gates said, as data: outcomes, refusals with their facts and cures, troubles.

mod refusal;
mod trouble;

use std::{fmt, time::Duration};

use bstr::BString;

pub use refusal::Refusal;
pub use trouble::Trouble;

use crate::push::Oid;

/// One question that a push must answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Gate {
    /// What is pushed where.
    Target,
    /// The hour.
    Window,
    /// The newest of everybody's work.
    Trunk,
    /// Tried on the environment before.
    Promotion,
    /// The tests.
    Suite,
}

impl Gate {
    /// Its name in overrides, reports and the ledger.
    pub fn name(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Window => "window",
            Self::Trunk => "trunk",
            Self::Promotion => "promotion",
            Self::Suite => "suite",
        }
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What one gate answered.
#[derive(Debug)]
pub enum Outcome {
    /// It passed, because of this.
    Passed(String),
    /// An override stood in for it.
    Skipped {
        /// What it would have answered, where it was asked: `Some(true)`, it would have passed.
        needless: bool,
    },
    /// It refused.
    Refused(Box<Refusal>),
    /// It could not decide.
    Undecided(Box<Trouble>),
}

/// What all gates said together about one place.
#[derive(Debug, Default)]
pub struct Verdict {
    /// The answers, in the order in which they were asked; a later answer of a gate replaces none.
    pub answers: Vec<(Gate, Outcome)>,
    /// What is worth saying besides.
    pub notes: Vec<String>,
    /// Whether it passes as a rollback.
    pub rollback: Option<Rollback>,
    /// Whether it is the first to see the commit live on the environment that comes first.
    pub first: bool,
}

/// What was live comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollback {
    /// What is live now, and goes.
    pub from: Oid,
    /// What was live before, and comes back.
    pub to: Oid,
}

/// What becomes of the push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It goes.
    Go,
    /// It goes because an override said so.
    Overridden,
    /// It is refused.
    Refused,
    /// Nobody knows, so it does not go.
    Undecided,
}

impl Decision {
    /// The word for it in the ledger and in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::Overridden => "overridden",
            Self::Refused => "refused",
            Self::Undecided => "undecided",
        }
    }

    /// The hook's exit code: 0 lets git push, anything else stops it (githooks(5)).
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Go | Self::Overridden => 0,
            Self::Refused => 1,
            Self::Undecided => 2,
        }
    }
}

impl Verdict {
    /// Whether it stops the push.
    pub fn stops(&self) -> bool {
        self.decision().exit_code() != 0
    }

    /// The decision that the answers add up to.
    pub fn decision(&self) -> Decision {
        let mut decision = Decision::Go;
        for (_, outcome) in &self.answers {
            match outcome {
                Outcome::Passed(_) => {}
                Outcome::Skipped { .. } => decision = Decision::Overridden,
                Outcome::Refused(_) => return Decision::Refused,
                Outcome::Undecided(_) => return Decision::Undecided,
            }
        }
        decision
    }
}

/// How two commits stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The first is an ancestor of the second, this many commits back.
    Behind(Count),
    /// The second is an ancestor of the first.
    Ahead(Count),
    /// Each has commits that the other lacks.
    Diverged {
        /// Only in the first.
        ahead: Count,
        /// Only in the second.
        behind: Count,
    },
    /// They share no commit.
    Unrelated,
}

/// A number of commits, counted no further than [`Count::MOST`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(pub usize);

impl Count {
    /// Counting stops here: nobody reads a larger number, and history may be long.
    pub const MOST: usize = 1000;
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 commit"),
            n if n > Self::MOST => write!(f, "more than {} commits", Self::MOST),
            n => write!(f, "{n} commits"),
        }
    }
}

/// A commit as a person knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: Oid,
    /// The first line of its message.
    pub subject: String,
}

/// Which commit is pushed, in the words of whoever pushes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The commit.
    pub id: Oid,
    /// The local trunk branch, where the commit is its tip.
    pub branch: Option<String>,
    /// Whether the local trunk branch is checked out.
    pub checked_out: bool,
}

impl fmt::Display for Pushed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.branch {
            Some(branch) => f.write_str(branch),
            None => f.write_str(self.id.short()),
        }
    }
}

/// Trunk, as reports name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkName {
    /// The remote.
    pub remote: String,
    /// The branch.
    pub branch: String,
}

impl fmt::Display for TrunkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.remote, self.branch)
    }
}

/// Why the work tree is not the pushed tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// Another commit, with another tree, is checked out.
    OtherTree {
        /// What is checked out; `None` before the first commit.
        head: Option<Oid>,
    },
    /// These files differ from it: modified, staged, or untracked and not ignored.
    Changed(Vec<BString>),
    /// git was told not to look at these files (`assume-unchanged`, `skip-worktree`), or not to
    /// check them out (a sparse checkout).
    Hidden(Vec<BString>),
}

/// How a command of the suite ended, other than well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It exited with this code.
    Failed(i32),
    /// This signal ended it.
    Killed(i32),
    /// It could not be run at all: exit code 126 or 127 of the shell, or this error.
    CouldNotRun(String),
    /// It took longer than this.
    TimedOut(Duration),
    /// It wanted to read from the terminal, or to change it.
    WantsTerminal,
}
