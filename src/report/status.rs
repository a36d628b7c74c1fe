//! The whole pipeline at one moment: what `pushgate status` draws, and writes as JSON.

mod draw;
mod page;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests;

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use serde_json::{Value, json};

pub(crate) use draw::draw;

use super::no_json;
use crate::{
    cure::Cure,
    gates::{
        Passed, Stop,
        verdict::{Contents, Relation},
        window::Answer,
    },
    memory::{lock::Shown, record::Record},
    push::Oid,
    text::milliseconds,
};

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Status {
    pub(crate) at: Timestamp,
    /// The zone of the person who reads.
    #[serde(skip)]
    pub(crate) reader: TimeZone,
    pub(crate) policy: String,
    /// What is locked, or was until a while ago.
    pub(crate) locks: Vec<Shown>,
    pub(crate) trunk: Trunk,
    /// What the next push would send; `None` without a local trunk branch.
    pub(crate) pushed: Option<Pushed>,
    /// In the pipeline's order.
    pub(crate) environments: Vec<Environment>,
    /// What a person should know besides.
    pub(crate) remarks: Vec<String>,
    /// What could not be asked, and is shown nowhere else.
    pub(crate) errors: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Trunk {
    /// `origin/master`, or only the remote.
    pub(crate) name: String,
    pub(crate) tip: Option<Commit>,
    pub(crate) error: Option<String>,
}

/// A commit; where this clone does not have it, only the id is known.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Commit {
    pub(crate) id: Oid,
    pub(crate) subject: Option<String>,
    pub(crate) author: Option<String>,
    pub(crate) at: Option<Timestamp>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Pushed {
    pub(crate) branch: String,
    pub(crate) commit: Oid,
    #[serde(rename = "trunk")]
    pub(crate) standing: Option<Relation>,
    pub(crate) receipt: Option<Passed>,
    pub(crate) error: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Environment {
    pub(crate) name: String,
    pub(crate) destination: String,
    /// Whether no remote leads there, so that a command has to deploy.
    pub(crate) by_command: bool,
    /// Whether it takes other commits than trunk's newest.
    #[serde(rename = "any_commit")]
    pub(crate) takes_any: bool,
    pub(crate) after: Option<String>,
    pub(crate) remotes: Vec<Remote>,
    pub(crate) tried: Option<Tried>,
    pub(crate) window: Window,
    /// The rollbacks that removed a commit which may not return yet.
    pub(crate) removed: Vec<Record>,
    #[serde(rename = "push")]
    pub(crate) next_push: NextPush,
    /// What that push would bring; `None` where it is not known.
    pub(crate) contents: Option<Contents>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Remote {
    pub(crate) name: String,
    /// `None`, without an error, where nothing was ever deployed.
    pub(crate) live: Option<Live>,
    pub(crate) error: Option<String>,
}

/// The commit that is live on a remote.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Live {
    pub(crate) commit: Commit,
    /// What git has there, where something else runs.
    pub(crate) git: Option<Oid>,
    /// Whether git has no branch there, and the commit is known from records alone.
    #[serde(skip)]
    pub(crate) is_gone: bool,
    #[serde(rename = "trunk")]
    pub(crate) standing: Option<Relation>,
    pub(crate) since: Option<Timestamp>,
    /// The person who pushed it.
    pub(crate) by: Option<String>,
    /// The record of how it became live; `None` where that is not known.
    pub(crate) deployment: Option<Record>,
    /// Whether a push of it from here has not ended, or its remote has not answered yet.
    #[serde(rename = "under_way")]
    pub(crate) is_under_way: bool,
    /// Whether each place that the remote pushes to has it.
    #[serde(rename = "everywhere")]
    pub(crate) is_everywhere: bool,
    pub(crate) receipt: Option<Passed>,
}

/// What the environments that come after this one require of its live commit.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Tried {
    pub(crate) soak: Option<Soak>,
    /// The number of people who have to try it.
    pub(crate) wanted: u32,
    pub(crate) people: Vec<Record>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Soak {
    #[serde(rename = "needed_ms", serialize_with = "milliseconds")]
    pub(crate) needed: Duration,
    /// `None` where it is not known since when the commit is live.
    #[serde(rename = "been_ms", serialize_with = "milliseconds")]
    pub(crate) been: Option<Duration>,
    pub(crate) until: Option<Timestamp>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Window {
    Known(Answer),
    Unknown { error: String },
}

/// How the next `git push ENV` would end.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
pub(crate) enum NextPush {
    Nothing {
        why: String,
    },
    Go {
        suite: Suite,
        /// How long the suite took last time, where it would run.
        #[serde(rename = "suite_took_ms", serialize_with = "milliseconds")]
        took: Option<Duration>,
        cures: Vec<Cure>,
    },
    Refused {
        gate: &'static str,
        why: String,
        /// The other gates that refuse it.
        also: Vec<&'static str>,
        cures: Vec<Cure>,
    },
    Undecided {
        /// `None` before any gate was asked.
        gate: Option<&'static str>,
        why: String,
        cures: Vec<Cure>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Suite {
    Passed,
    /// It has to pass first.
    Runs,
}

impl Status {
    /// Whether everything could be asked.
    pub(crate) fn is_whole(&self) -> bool {
        let environment = |environment: &Environment| {
            (environment.remotes.iter()).all(|remote| remote.error.is_none())
                && !matches!(environment.window, Window::Unknown { .. })
                && !matches!(environment.next_push, NextPush::Undecided { .. })
        };
        self.trunk.error.is_none()
            && self.errors.is_empty()
            && self.pushed.iter().all(|pushed| pushed.error.is_none())
            && self.environments.iter().all(environment)
    }

    /// Writes it as JSON; what is not known is null.
    pub(crate) fn json(&self) -> Result<Value, Stop> {
        let mut status = serde_json::to_value(self).map_err(no_json)?;
        status["v"] = json!(1);
        status["whole"] = json!(self.is_whole());
        Ok(status)
    }
}
