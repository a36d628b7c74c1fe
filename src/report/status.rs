//! One screen for the whole pipeline: what it holds, as plain data.

mod draw;
mod json;
mod page;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests;

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};

pub use draw::draw;
pub use json::json;

use crate::{
    gates::{
        Passed,
        verdict::{Gate, Relation},
    },
    push::Oid,
};

/// The whole pipeline at one moment.
#[derive(Clone, Debug)]
pub struct Status {
    /// The moment.
    pub at: Timestamp,
    /// The clock of whoever reads.
    pub reader: TimeZone,
    /// Where the policy was found.
    pub policy: String,
    /// Where deploys come from.
    pub trunk: Trunk,
    /// What the next push would send; `None`: there is no local trunk branch.
    pub pushed: Option<Pushed>,
    /// The environments, in the pipeline's order.
    pub places: Vec<Place>,
    /// What a person should know besides.
    pub remarks: Vec<String>,
    /// What could not be asked, and is shown nowhere else.
    pub troubles: Vec<String>,
}

/// The branch that deploys come from.
#[derive(Clone, Debug)]
pub struct Trunk {
    /// `origin/master`, or what is known of it.
    pub name: String,
    /// What it is now, on its remote.
    pub tip: Result<Commit, String>,
}

/// A commit, and who wrote what when; that is only known where the commit is here.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Its id.
    pub id: Oid,
    /// What else is known.
    pub about: Option<About>,
}

/// What a person knows a commit by.
#[derive(Clone, Debug)]
pub struct About {
    /// The first line of its message.
    pub subject: String,
    /// Who wrote it.
    pub author: String,
    /// When it was committed.
    pub at: Timestamp,
}

/// What the next push would send.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// The local trunk branch.
    pub branch: String,
    /// Its tip.
    pub commit: Oid,
    /// How it stands to trunk, where that is known.
    pub standing: Option<Standing>,
    /// Whether the suite passed on it, or why nobody can tell.
    pub receipt: Result<Option<Passed>, String>,
}

/// How a commit stands to trunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is trunk.
    Same,
    /// It is another one.
    Apart(Relation),
}

/// An environment.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// Where it is; empty where no remote leads there.
    pub destination: String,
    /// What comes before it.
    pub after: Option<String>,
    /// What its remotes answered.
    pub remotes: Vec<Remote>,
    /// What is known of the commit there for the environments that come after.
    pub tried: Option<Tried>,
    /// Whether it may be pushed to at this hour.
    pub hours: Hours,
    /// What rollbacks took away, and nobody has said may return.
    pub removed: Vec<Removed>,
    /// What the next push would be told.
    pub answer: Answer,
}

/// One remote of an environment.
#[derive(Clone, Debug)]
pub struct Remote {
    /// What it is called.
    pub name: String,
    /// What is live there; nothing where nothing was ever deployed.
    pub live: Result<Option<Live>, String>,
}

/// What is live.
#[derive(Clone, Debug)]
pub struct Live {
    /// The commit.
    pub commit: Commit,
    /// How it stands to trunk, where that is known.
    pub standing: Option<Standing>,
    /// Since when, as far as anybody remembers.
    pub since: Option<Timestamp>,
    /// Who sent it, as far as anybody remembers.
    pub by: Option<String>,
    /// The receipt that its suite left in this repository.
    pub receipt: Option<Passed>,
}

/// What the environments that come after want of the commit that is live.
#[derive(Clone, Debug)]
pub struct Tried {
    /// How long it must have been there, if it must.
    pub soak: Option<Soak>,
    /// How many people must have tried it; 0 where nobody must.
    pub wanted: u32,
    /// Who has.
    pub people: Vec<Person>,
}

/// How long a commit has been there, and must have been.
#[derive(Clone, Copy, Debug)]
pub struct Soak {
    /// How long it must.
    pub needed: Duration,
    /// How long it has; `None` where nobody knows.
    pub been: Option<Duration>,
    /// When it will have.
    pub until: Option<Timestamp>,
}

/// Somebody who tried it.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What was tried.
    pub words: Option<String>,
}

/// A commit that a rollback took away.
#[derive(Clone, Debug)]
pub struct Removed {
    /// Which.
    pub commit: Oid,
    /// When.
    pub at: Timestamp,
    /// Who rolled back.
    pub by: String,
}

/// Whether an environment may be pushed to, for the whole runway.
#[derive(Clone, Debug)]
pub enum Hours {
    /// It has no window.
    Always,
    /// It may.
    Open {
        /// Until when; `None`: for years.
        until: Option<Timestamp>,
        /// How long before that nobody may push any more.
        runway: Duration,
        /// The window's zone.
        zone: TimeZone,
    },
    /// It may not.
    Closed {
        /// Whether it is open still, but not for the whole runway.
        soon: bool,
        /// From when on; `None`: never.
        opens: Option<Timestamp>,
        /// The window's zone.
        zone: TimeZone,
    },
    /// Nobody can tell, and this is why.
    Unknown(String),
}

/// What the next `git push ENV` would be told.
#[derive(Clone, Debug)]
pub enum Answer {
    /// There is nothing to push, because of this.
    Nothing(String),
    /// It would go.
    Go {
        /// What of the suite.
        suite: Suite,
        /// What to know before.
        hints: Vec<String>,
    },
    /// A gate would refuse it.
    Refused {
        /// Which.
        gate: Gate,
        /// The facts.
        why: String,
        /// What to do.
        hints: Vec<String>,
    },
    /// Nobody could tell.
    Undecided {
        /// Who could not; `None`: before any gate was asked.
        gate: Option<Gate>,
        /// Why.
        why: String,
        /// What to do.
        hints: Vec<String>,
    },
}

/// What the suite has to do with a push that goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// It need not run.
    Passed,
    /// It has to pass first.
    Runs {
        /// How long it took last time.
        last: Option<Duration>,
    },
}

impl Status {
    /// Whether everything could be asked.
    pub fn is_whole(&self) -> bool {
        let place = |place: &Place| {
            place.remotes.iter().all(|remote| remote.live.is_ok())
                && !matches!(place.hours, Hours::Unknown(_))
                && !matches!(place.answer, Answer::Undecided { .. })
        };
        self.trunk.tip.is_ok()
            && self.troubles.is_empty()
            && self.pushed.iter().all(|pushed| pushed.receipt.is_ok())
            && self.places.iter().all(place)
    }
}
