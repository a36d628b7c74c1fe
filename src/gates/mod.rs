//! The gates: their order, and the few questions they ask of the world.

mod hearing;
pub(crate) mod live;
pub mod memory;
pub mod promotion;
mod rollback;
pub mod route;
pub mod suite;
pub mod target;
pub mod trunk;
pub mod verdict;
pub mod window;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by it")]
mod tests;

use std::{any::Any, time::Duration};

use bstr::BStr;
use jiff::{Timestamp, tz::TimeZone};

pub use hearing::judge;
pub use memory::{Arrival, Memory};
pub use route::{Case, Place, Stage};

use crate::{
    gates::verdict::{Commit, Count, Gate, Mismatch, Refusal, Relation, Trouble, TrunkName},
    policy::{Ci, Step, Suite, detect::Detected},
    push::Oid,
};

/// The order of the gates: what costs memory, then the clock, the network, and minutes.
///
/// Each is asked only when the one before it passed, so a cheap refusal asks nothing dear.
pub const ORDER: [Gate; 5] = [
    Gate::Target,
    Gate::Window,
    Gate::Trunk,
    Gate::Promotion,
    Gate::Suite,
];

/// What is asked again after a suite that ran: the world moved meanwhile.
pub const AGAIN: [Gate; 3] = [Gate::Window, Gate::Trunk, Gate::Promotion];

/// What an id names here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// A commit.
    Commit {
        /// Its parents.
        parents: Vec<Oid>,
    },
    /// Something else, by git's word for it: `tag`, `tree` or `blob`.
    Other(&'static str),
    /// Nothing that this repository has.
    Missing,
}

/// What trunk's remote answers.
#[derive(Clone, Debug)]
pub struct Tip {
    /// Trunk's tip.
    pub commit: Oid,
    /// Whether the team's notes could be fetched; `None` where nobody wants them.
    pub team: Option<Result<(), Trouble>>,
}

/// What the gates ask of the world, cheapest first.
pub trait World: Memory + Sync {
    /// The time.
    fn now(&self) -> Timestamp;
    /// The zone of whoever pushes.
    fn zone(&self) -> Result<TimeZone, Trouble>;
    /// What an id names, without asking any remote for it.
    fn object(&self, id: &Oid) -> Result<Object, Trouble>;
    /// Whether the history of this clone was cut off.
    fn is_shallow(&self) -> bool;
    /// The tip of a local branch.
    fn local_branch(&self, name: &str) -> Result<Option<Oid>, Trouble>;
    /// Whether a local branch is what is checked out here.
    fn is_checked_out(&self, branch: &str) -> Result<bool, Trouble>;
    /// How `a` stands to `b`; `remote` is where a shallow clone would be deepened from.
    fn relation(&self, a: &Oid, b: &Oid, remote: &str) -> Result<Relation, Trouble>;
    /// Whether two commits have the same content.
    fn same_content(&self, a: &Oid, b: &Oid) -> Result<bool, Trouble>;
    /// The commits of `old` that `new` has not, counted, the first few named.
    fn lost(&self, old: &Oid, new: &Oid, remote: &str) -> Result<(Count, Vec<Commit>), Trouble>;
    /// What trunk is now, on its remote, and in the same breath what the team remembers, where that
    /// is wanted. It asks the network, within a time limit.
    fn trunk_tip(&self, trunk: &TrunkName, team: bool) -> Result<Tip, Trouble>;
    /// What these branches of a remote are now; those that do not exist are left out.
    fn live(&self, remote: &BStr, branches: &[String]) -> Result<Vec<(String, Oid)>, Trouble>;
    /// Whether the checkout is exactly this commit's tree; if not, why.
    fn checkout(&self, commit: &Oid) -> Result<Option<Mismatch>, Trouble>;
    /// What this commit's files say about its suite.
    fn detect(&self, commit: &Oid) -> Result<Detected, Trouble>;
    /// The receipt for this work, if one counts.
    fn receipt(&self, work: &Work<'_>) -> Result<Option<Passed>, Trouble>;
    /// Waits until no other suite of this repository runs. Where the one that runs waits for us, it
    /// would be for ever: refused.
    fn turn(&self) -> Result<Turn, Stop>;
    /// Runs the suite. It takes minutes.
    fn run(&self, work: &Work<'_>) -> Result<SuiteRun, Trouble>;
    /// Asks the CI at trunk's remote whether its checks passed, and waits for it. It takes minutes.
    fn checks(&self, work: &Work<'_>, ci: &Ci) -> Result<Checked, Stop>;
    /// Leaves a receipt.
    fn leave_receipt(&self, work: &Work<'_>, took: Duration) -> Result<(), Trouble>;
    /// Whether git can still send what was judged, as far as anybody can tell.
    fn is_connected(&self) -> bool;
}

/// What the suite is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Work<'w> {
    /// What is pushed.
    pub commit: &'w Oid,
    /// What the policy says of the suite.
    pub suite: &'w Suite,
    /// Its steps: the policy's, or what the project's files name.
    pub steps: &'w [Step],
    /// Trunk's remote, whose project a CI is asked about.
    pub remote: &'w str,
}

/// That the suite passed, some time ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    /// When.
    pub at: Timestamp,
    /// How long it took.
    pub took: Duration,
}

/// The one suite that may run in a repository; the next one's turn comes when this is dropped.
pub struct Turn {
    /// Whether another one ran before.
    pub waited: bool,
    /// What holds the others off; the world knows what that is.
    _holds: Box<dyn Any>,
}

impl Turn {
    /// A turn that lasts as long as what holds the others off.
    pub fn new(waited: bool, holds: impl Any) -> Self {
        Self {
            waited,
            _holds: Box::new(holds),
        }
    }
}

/// How a run of the suite ended.
#[derive(Debug)]
pub enum SuiteRun {
    /// Every step exited with 0.
    Passed {
        /// How long it took.
        took: Duration,
        /// What makes the pass doubtful.
        warning: Option<String>,
    },
    /// One did not.
    Stopped(Box<Refusal>),
}

/// The checks of a CI passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Of what, as the forge refers to it.
    pub of: String,
    /// How many.
    pub passed: usize,
    /// How long it took to hear it.
    pub took: Duration,
    /// Whether it took long enough for the world to go on meanwhile.
    pub waited: bool,
}

/// Why a gate does not let pass.
#[derive(Clone, Debug)]
pub enum Stop {
    /// It refuses.
    Refused(Box<Refusal>),
    /// It cannot tell.
    Undecided(Box<Trouble>),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Undecided(Box::new(trouble))
    }
}

impl From<Box<Trouble>> for Stop {
    fn from(trouble: Box<Trouble>) -> Self {
        Self::Undecided(trouble)
    }
}

/// Why a gate lets pass, in a few words.
pub(crate) type Answer = Result<String, Stop>;
