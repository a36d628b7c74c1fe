//! Why a push is refused.

mod cures;
mod words;

use std::{path::PathBuf, time::Duration};

use bstr::BString;
use jiff::{Timestamp, tz::TimeZone};

use super::{Commit, Count, Ending, Mismatch, Pushed, Relation, TrunkName};
use crate::{
    calendar::Closed,
    ci::{Asked, Check},
    policy::Signoff,
    push::{Oid, destination::Platform},
};

/// Why a push was refused: the facts. [`Display`](std::fmt::Display) has the words, [`Refusal::cures`] the commands.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// The deletion of a branch that deploys, or of trunk.
    Deletion {
        /// The branch.
        branch: BString,
    },
    /// Two commits for one place.
    TwoCommits {
        /// The commits and their branches.
        commits: Vec<(BString, Oid)>,
    },
    /// What is pushed is no commit.
    NoCommit {
        /// The object.
        id: Oid,
        /// Its type as git calls it.
        kind: &'static str,
        /// What the user typed for it.
        source: BString,
        /// Where it should have gone.
        target: BString,
        /// The remote, for the cure.
        remote: String,
    },
    /// A commit is there that this repository does not have.
    UnknownDeployed {
        /// The commit.
        id: Oid,
        /// The remote.
        remote: String,
    },
    /// An app of a known platform that no environment names.
    UnknownApp {
        /// The platform.
        platform: Platform,
        /// The app's name.
        app: String,
        /// Whether there is a policy to add it to.
        policy: bool,
    },
    /// The window is closed, or closes too soon.
    Closed {
        /// What the calendar found.
        closed: Box<Closed>,
        /// The reader's own zone.
        reader: TimeZone,
    },
    /// Trunk has commits that are not pushed.
    Behind {
        /// What is pushed.
        pushed: Pushed,
        /// By how much.
        by: Count,
        /// Trunk.
        trunk: TrunkName,
        /// Its live tip.
        tip: Oid,
        /// Whether the local trunk branch is the newest already.
        local_is_newest: bool,
        /// The remote of the push.
        remote: String,
    },
    /// The pushed commits are not on trunk yet.
    Ahead {
        /// What is pushed: the local trunk branch.
        pushed: Pushed,
        /// By how much.
        by: Count,
        /// Trunk.
        trunk: TrunkName,
        /// Its live tip.
        tip: Oid,
    },
    /// The local trunk branch and trunk have parted.
    Diverged {
        /// What is pushed: the local trunk branch.
        pushed: Pushed,
        /// Only in what is pushed.
        ahead: Count,
        /// Only on trunk.
        behind: Count,
        /// Trunk.
        trunk: TrunkName,
        /// Its live tip.
        tip: Oid,
    },
    /// Work that was never merged.
    NotOnTrunk {
        /// What is pushed.
        pushed: Pushed,
        /// What the user typed for it.
        source: BString,
        /// The commits that trunk lacks; `None` where no commit is shared.
        ahead: Option<Count>,
        /// Trunk.
        trunk: TrunkName,
        /// Its live tip.
        tip: Oid,
    },
    /// A forced push would take commits off trunk.
    Drops {
        /// What is pushed.
        pushed: Pushed,
        /// How many.
        by: Count,
        /// The first of them.
        commits: Vec<Commit>,
        /// Trunk.
        trunk: TrunkName,
    },
    /// Nothing was ever deployed to the environment that comes first.
    NeverDeployed {
        /// That environment.
        environment: String,
        /// Its remote, for the cure.
        remote: String,
        /// What to push: a branch, or a refspec.
        refspec: String,
    },
    /// Another commit is on the environment that comes first.
    OtherCommit {
        /// What is pushed.
        pushed: Oid,
        /// That environment.
        environment: String,
        /// Its remote, for the cure.
        remote: String,
        /// What to push: a branch, or a refspec.
        refspec: String,
        /// What is there.
        live: Oid,
        /// How what is pushed stands to it, where this repository can tell.
        relation: Option<Relation>,
        /// Whether it has the same files.
        same_content: bool,
    },
    /// It has not been there long enough.
    Soaking {
        /// What is pushed.
        pushed: Oid,
        /// The environment that comes first.
        environment: String,
        /// For how long it has been there; `None` where nothing tells.
        been: Option<Duration>,
        /// How long it must.
        soak: Duration,
        /// When it will have been.
        until: Timestamp,
        /// The reader's own zone.
        reader: TimeZone,
    },
    /// Too few people have tried it there.
    NotSignedOff {
        /// What is pushed.
        pushed: Oid,
        /// The environment that comes first.
        environment: String,
        /// Whose sign-offs count.
        people: Vec<String>,
        /// What the policy wants.
        wanted: Signoff,
        /// The author, who has signed it off but does not count.
        author: Option<String>,
        /// How many sign-offs git does not verify.
        unverified: usize,
    },
    /// A rollback took it away from here.
    Removed {
        /// What is pushed.
        pushed: Oid,
        /// The environment.
        environment: String,
        /// When.
        at: Timestamp,
        /// Who rolled back.
        by: String,
        /// The reader's own zone.
        reader: TimeZone,
    },
    /// The suite that runs waits for this very push.
    InsideSuite {
        /// Who runs it.
        process: u32,
    },
    /// Nothing says how the tests are run.
    NoSuite {
        /// What the project's files suggest, where they suggest several.
        candidates: Vec<String>,
    },
    /// The checkout is not what is pushed.
    Checkout {
        /// What is pushed.
        pushed: Oid,
        /// Why not.
        mismatch: Mismatch,
        /// Whether it was so only after the suite had run.
        after: bool,
    },
    /// The suite did not pass.
    Suite {
        /// The command.
        step: String,
        /// How it ended.
        ending: Ending,
        /// The whole output.
        log: Option<PathBuf>,
    },
    /// The CI has not passed it.
    Checks {
        /// What was asked.
        asked: Box<Asked>,
        /// What did not pass.
        red: Vec<Check>,
        /// What is wanted and not there.
        missing: Vec<String>,
    },
    /// The suite passed, but its output is not what the policy expects.
    Unexpected {
        /// The regular expression.
        expected: String,
        /// The whole output.
        log: Option<PathBuf>,
    },
    /// The suite passed, but git's connection did not last so long.
    Disconnected {
        /// How long the suite took.
        took: Duration,
    },
    /// The policy wants an override to say why.
    NoReason {
        /// The environment.
        environment: String,
    },
    /// An override that means nothing.
    BadOverride {
        /// The variable.
        variable: &'static str,
        /// The word in it that is not known.
        word: String,
        /// The words that are.
        known: &'static str,
        /// The nearest of them.
        nearest: Option<&'static str>,
    },
}
