//! One line of the ledger.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    cure::Cure,
    memory::{
        decision::Decision,
        record::{Judged, Record},
    },
    push::Oid,
};

/// The version of the format.
pub(super) const VERSION: u32 = 1;

/// One line of the ledger.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    pub v: u32,
    pub at: Timestamp,
    /// `push`, `deploy`, `check`, `signoff`, `again`, `lock`, `unlock`; in the log also `deployed`, or `seen` by
    /// that person.
    pub event: String,
    /// `go`, `refused`, `undecided` or `overridden`.
    pub verdict: String,
    /// The environment's name; `trunk`; null for any other destination.
    pub environment: Option<String>,
    /// The remote as it was named, without a password.
    pub remote: String,
    pub destination: String,
    /// The pushed commit; null where a branch was deleted.
    pub commit: Option<Oid>,
    /// What it replaced on the environment; left out where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Oid>,
    /// Whether it was a rollback; left out where it was not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rollback: bool,
    /// The person who pushed.
    pub by: String,
    pub gates: Vec<GateEntry>,
    /// The reason given for an override.
    pub reason: Option<String>,
    /// How long the decision took, in milliseconds.
    pub took_ms: u64,
}

/// What one gate said.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GateEntry {
    /// The gate's name; `override` for one that means nothing or lacks its reason, `chained` for the hook that
    /// runs after the gates, `signal` for a signal that ended the push, `deploy` for what that command itself refuses.
    pub gate: String,
    /// `passed`, `refused`, `skipped` or `undecided`; `ignored` for a variable that means nothing.
    pub outcome: String,
    /// The facts, in words.
    pub why: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cures: Vec<Cure>,
}

impl GateEntry {
    pub(crate) fn new(gate: &str, outcome: &str, why: impl Into<String>) -> Self {
        Self {
            gate: gate.to_owned(),
            outcome: outcome.to_owned(),
            why: why.into(),
            cures: Vec::new(),
        }
    }
}

impl Entry {
    /// An entry that names no place and no commit yet.
    pub(crate) fn new(
        event: &str,
        decision: Decision,
        at: Timestamp,
        by: impl Into<String>,
    ) -> Self {
        Self {
            v: VERSION,
            at,
            event: event.to_owned(),
            verdict: decision.name().to_owned(),
            environment: None,
            remote: String::new(),
            destination: String::new(),
            commit: None,
            replaces: None,
            rollback: false,
            by: by.into(),
            gates: Vec::new(),
            reason: None,
            took_ms: 0,
        }
    }

    /// What a record says, as the ledger would.
    pub(crate) fn of(record: &Record) -> Self {
        let deployed = record.deployed();
        let skipped = |gate: &String| GateEntry::new(gate, "skipped", "");
        Self {
            verdict: deployed.map_or("go", |one| one.judged.name()).to_owned(),
            environment: Some(record.environment.clone()),
            destination: record.destinations.join(", "),
            commit: Some(record.commit.clone()),
            replaces: record.replaces().cloned(),
            rollback: deployed.is_some_and(|one| one.judged == Judged::Rollback),
            gates: deployed.map_or(Vec::new(), |one| one.gates.iter().map(skipped).collect()),
            reason: (deployed.map_or(&record.words, |one| &one.reason)).clone(),
            ..Self::new(
                // Who has let it go is known, however late it was found.
                if record.is_sighting() {
                    "seen"
                } else {
                    record.name()
                },
                Decision::Go,
                record.at,
                &*record.by,
            )
        }
    }

    /// Whether it is about a push that was let go.
    pub fn went(&self) -> bool {
        matches!(self.event.as_str(), "push" | "deploy")
            && [Decision::Go.name(), Decision::Overridden.name()].contains(&&*self.verdict)
    }
}
