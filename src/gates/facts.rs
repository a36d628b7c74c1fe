//! What the gates are told about commits, the checkout and the suite.

use std::{fmt, time::Duration};

use bstr::BString;
use serde::{Serialize, Serializer};
use serde_json::json;

use crate::{cure::command, push::Oid, text::printable};

/// How the first of two commits relates to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// It is an ancestor, this many commits back; none: they are the same.
    Behind(Count),
    /// It is a descendant.
    Ahead(Count),
    /// Each has commits that the other lacks.
    Diverged { ahead: Count, behind: Count },
    /// They share no commit.
    Unrelated,
}

impl Serialize for Relation {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (stands, ahead, behind) = match *self {
            Self::Behind(Count(0)) => ("same", 0, 0),
            Self::Behind(Count(by)) => ("behind", 0, by),
            Self::Ahead(Count(by)) => ("ahead", by, 0),
            Self::Diverged { ahead, behind } => ("diverged", ahead.0, behind.0),
            Self::Unrelated => return json!({"stands": "unrelated"}).serialize(to),
        };
        json!({"stands": stands, "ahead": ahead, "behind": behind}).serialize(to)
    }
}

/// A number of commits; to compare two commits it is counted no further than one more than [`Count::MOST`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(pub usize);

impl Count {
    /// Larger numbers help no reader, and counting a long history takes time.
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

/// A commit with the first line of its message, and the name of its author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Commit {
    pub id: Oid,
    pub subject: String,
    pub author: String,
}

impl Commit {
    /// How many commits are listed where a person did not ask for all.
    pub(crate) const LISTED: usize = 10;

    /// Lists the first of these commits, a line each, and says how many more there are.
    pub(crate) fn lines(commits: &[Self], most: usize) -> Vec<String> {
        let line = |commit: &Self| {
            let [subject, author] =
                [&commit.subject, &commit.author].map(|text| printable(text.as_bytes().into()));
            format!("{} {subject} ({author})", commit.id.short())
        };
        let more = commits.len().saturating_sub(most);
        let more = (more > 0).then(|| format!("and {more} more"));
        commits.iter().take(most).map(line).chain(more).collect()
    }
}

/// The commits that two commits do not share, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Those of the new commit.
    pub brings: Vec<Commit>,
    /// Those of the old commit.
    pub takes: Vec<Commit>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkName {
    pub remote: String,
    pub branch: String,
}

impl fmt::Display for TrunkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.remote, self.branch)
    }
}

impl TrunkName {
    /// The remote-tracking ref that git gives it by default (git-clone(1)).
    pub(crate) fn tracking_ref(&self) -> String {
        format!("refs/remotes/{self}")
    }

    /// The command that checks the branch out, made anew where there is no local one; other remotes may have a
    /// branch of that name, too.
    pub(crate) fn switch(&self, is_here: bool) -> String {
        if is_here {
            command(["git", "switch", &self.branch])
        } else {
            command(["git", "switch", "--track", &self.to_string()])
        }
    }
}

/// Where a branch is checked out: git keeps it from a second work tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckedOut {
    Here,
    /// In another work tree of this repository.
    At(String),
    Nowhere,
}

/// Why the checkout is not the pushed tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// A commit with another tree is checked out; `None` before the first commit.
    OtherTree { head: Option<Oid> },
    /// These files are modified, staged, or untracked and not ignored.
    Changed {
        files: Vec<BString>,
        /// Whether something has changed within submodules, too.
        within: bool,
        /// The commands after which the user's git sees so, too.
        first: Vec<String>,
    },
    /// Nothing else differs than what these submodules have checked out, or files in them.
    Submodules(Vec<BString>),
    /// git says nothing of these files, which differ: it was told not to look at them (`assume-unchanged`,
    /// `skip-worktree`), not to check them out (a sparse checkout), or how to write them.
    Hidden(Vec<BString>),
}

/// How a command of the suite ended without passing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    Failed(i32),
    Killed(i32),
    /// It could not be run at all: exit code 126 or 127 of the shell, or this error.
    CouldNotRun(String),
    /// A shell did not find this program in the directories of this PATH.
    NotFound {
        program: String,
        path: String,
    },
    TimedOut(Duration),
    /// It tried to read from the terminal, or to change it.
    WantsTerminal,
}
