//! What the gates need to know, as a few traits by what an answer costs. The parts below answer them;
//! tests and the preview answer some of them otherwise.

use std::{any::Any, time::Duration};

use bstr::BStr;
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use super::{
    environment_remotes::{EnvironmentRemote, EnvironmentRemotes},
    facts::{CheckedOut, Difference, Mismatch, Relation, TrunkName},
    stop::Stop,
};
use crate::{
    memory::{
        lock::Found,
        record::{Place, Record},
    },
    policy::{Policy, Step, Suite, detect::Candidate},
    push::Oid,
    text::milliseconds,
};

/// Everything that the gates can ask, cheapest first.
#[derive(Clone, Copy)]
pub struct World<'w> {
    pub clock: &'w dyn Clock,
    pub repository: &'w dyn LocalRepository,
    pub memory: &'w dyn Memory,
    pub remotes: &'w dyn Remotes,
    pub runner: &'w dyn Runner,
}

/// The time and the time zone of the person who pushes.
pub trait Clock: Sync {
    fn now(&self) -> Timestamp;
    fn zone(&self) -> Result<TimeZone, Stop>;
    /// The zone for what a person only reads.
    fn reader(&self) -> TimeZone {
        self.zone().unwrap_or(TimeZone::UTC)
    }
}

/// Questions that the local repository answers: no network, a few milliseconds.
pub trait LocalRepository: Sync {
    /// What an id names, without asking a remote for a missing object.
    fn object(&self, id: &Oid) -> Result<Object, Stop>;
    fn is_shallow(&self) -> bool;
    fn local_branch(&self, name: &str) -> Result<Option<Oid>, Stop>;
    /// Whether trunk's branch was on its remote when that was asked last, or is its default one, as the clone noted.
    fn has_been_there(&self, trunk: &TrunkName) -> Result<bool, Stop>;
    /// Whether these files of trunk's tip are those of its tracking ref, where there is one.
    fn has_same_files(&self, trunk: &TrunkName, tip: &Oid, files: &[&str]) -> Result<bool, Stop>;
    fn checked_out(&self, branch: &str) -> Result<CheckedOut, Stop>;
    /// How `a` relates to `b`; `remote` is where a shallow clone would be deepened from.
    fn relation(&self, a: &Oid, b: &Oid, remote: &str) -> Result<Relation, Stop>;
    /// Whether a commit is in the past of another; `None` where it is not here.
    fn is_past(&self, old: &Oid, new: &Oid, remote: &str) -> Result<Option<bool>, Stop> {
        Ok(match self.object(old)? {
            Object::Commit { .. } => {
                let relation = self.relation(new, old, remote)?;
                Some(matches!(relation, Relation::Ahead(_)))
            }
            Object::Other(_) | Object::Missing => None,
        })
    }
    fn same_content(&self, a: &Oid, b: &Oid) -> Result<bool, Stop>;
    /// All commits that one of the two has and the other lacks.
    fn difference(&self, old: &Oid, new: &Oid, remote: &str) -> Result<Difference, Stop>;
    /// How the checkout differs from a commit's tree; `None` if it does not.
    fn checkout(&self, commit: &Oid) -> Result<Option<Mismatch>, Stop>;
    /// The commands that may run the tests of a commit's tree.
    fn detect(&self, commit: &Oid) -> Result<Vec<Candidate>, Stop>;
    /// The author of a commit: `Name <mail>`.
    fn author(&self, commit: &Oid) -> Result<String, Stop>;
    /// When a commit was made, by its committer's clock; `None` where it does not say.
    fn committed_at(&self, commit: &Oid) -> Result<Option<Timestamp>, Stop>;
    /// The person who pushes: `Name <mail>`.
    fn person(&self) -> String;
    /// The people as the mailmap that a commit brings calls them.
    fn mapped(&self, people: &[String], commit: &Oid) -> Vec<String>;
}

/// What is known of the past: the team's notes, git's reflogs, and receipts.
pub trait Memory: Sync {
    /// The records about a commit that this clone has, those of what replaced it among them.
    fn records(&self, commit: &Oid) -> Result<Vec<Record>, Stop>;
    /// Whether this clone can prove that a commit was live on an environment.
    fn was_live(&self, environment: &EnvironmentRemotes, commit: &Oid) -> Result<bool, Stop>;
    /// What runs at a place where git's ref has this commit: that, unless a command has deployed another since.
    fn runs_at(&self, place: Place<'_>, git: &Oid) -> Result<Oid, Stop>;
    /// The last deployment to a place, as far as it is remembered.
    fn remembered(&self, place: Place<'_>) -> Result<Option<Record>, Stop>;
    /// What runs at a place whose remote is pushed to by these branches, some of which are known to have these tips.
    fn deployed_last(
        &self,
        place: Place<'_>,
        remote: &BStr,
        branches: &[String],
        tips: &Tips,
    ) -> Result<Option<Oid>, Stop>;
    /// Which of these tips of one place was deployed last; `None` where nothing tells.
    fn last_of(&self, place: Place<'_>, tips: &Tips) -> Result<Option<Oid>, Stop>;
    /// Since when git itself knows a commit to be on all remotes of an environment.
    fn tracked_since(
        &self,
        environment: &EnvironmentRemotes,
        commit: &Oid,
    ) -> Result<Option<Timestamp>, Stop>;
    /// What git alone knows to have replaced a commit on an environment, as records of who came across it: without
    /// them, a commit that is back would have been live all the while.
    fn departures(
        &self,
        environment: &EnvironmentRemotes,
        commit: &Oid,
    ) -> Result<Vec<Record>, Stop>;
    /// The lock of an environment that only this clone knows.
    fn lock(&self, environment: &str) -> Result<Option<Found>, Stop>;
    fn is_verified(&self, record: &Record) -> Result<bool, Stop>;
    /// The receipt for this suite on this commit, if there is one that still counts.
    fn receipt(&self, work: &Work<'_>) -> Result<Option<Passed>, Stop>;
}

/// The branches of a remote and their tips.
pub(crate) type Tips = Vec<(String, Oid)>;

/// Questions to remotes: up to the time limit of the network.
pub trait Remotes: Sync {
    /// Trunk's tip on its remote, and the locks that are kept there; with `team`, the team's notes are fetched
    /// along with it.
    fn trunk_tip(&self, trunk: &TrunkName, team: bool) -> Result<Tip, Stop>;
    /// The branch that a remote's HEAD names; `None` where it has no commit yet.
    fn default_branch(&self, remote: &str) -> Result<Option<String>, Stop>;
    /// The commit that runs on an environment, by its command `live`; `None` where it has no such command.
    fn running(&self, environment: &EnvironmentRemotes) -> Option<Result<Oid, Stop>>;
    /// What is live on an environment by one of its remotes: the branches that deploy there and their tips;
    /// those that do not exist are left out.
    fn live(&self, of: &EnvironmentRemotes, remote: &EnvironmentRemote) -> Result<Tips, Stop>;
}

/// What takes minutes, asks a person, or leaves a trace: a preview does none of it.
pub trait Runner: Sync {
    /// Waits until no other suite runs in this repository; refused where the one that runs waits for
    /// this one.
    fn lock_suite(&self) -> Result<SuiteLock, Stop>;
    /// Runs the suite, or asks the CI at trunk's remote whether its checks passed, and waits for them.
    fn run(&self, work: &Work<'_>) -> Result<SuiteRun, Stop>;
    fn leave_receipt(&self, work: &Work<'_>, took: Duration) -> Result<(), Stop>;
    /// Whether git still has the connection that it would push over, as far as can be told.
    fn is_connected(&self) -> bool;
    /// Asks the person who pushes, on their terminal; `false` at once where there is none.
    fn confirm(&self, question: &str) -> Result<bool, Stop>;
    /// Records that the person who pushes has tried a commit on an environment.
    fn sign_off(&self, environment: &EnvironmentRemotes, commit: &Oid) -> Result<(), Stop>;
}

/// What an id names here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    Commit {
        parents: Vec<Oid>,
    },
    /// Another type, by git's word for it: `tag`, `tree` or `blob`.
    Other(&'static str),
    /// This repository does not have it.
    Missing,
}

/// What trunk's remote answers.
#[derive(Clone, Debug)]
pub struct Tip {
    /// The commit of trunk's branch, or that there is no such branch.
    pub commit: Result<Oid, Stop>,
    /// Those that are kept there, or that they could not be fetched.
    pub locks: Result<Vec<Found>, Stop>,
    /// Whether the team's notes could be fetched; `None` where they were not asked for.
    pub team: Option<Result<(), Stop>>,
}

/// What the suite is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Work<'w> {
    pub commit: &'w Oid,
    pub suite: &'w Suite,
    /// The policy's steps, or those that the project's files suggest.
    pub steps: &'w [Step],
    /// Trunk's remote, whose project a CI is asked about.
    pub remote: &'w str,
    /// What a person does who tries once more, in words.
    pub again: &'static str,
}

impl<'w> Work<'w> {
    pub(crate) fn of(policy: &'w Policy, commit: &'w Oid, steps: &'w [Step]) -> Self {
        Self {
            commit,
            suite: &policy.suite,
            steps,
            remote: &policy.trunk.remote,
            again: "push again",
        }
    }
}

/// A suite that passed earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Passed {
    pub at: Timestamp,
    #[serde(rename = "took_ms", serialize_with = "milliseconds")]
    pub took: Duration,
}

/// Exclusive lock held while a suite runs in this repository.
pub struct SuiteLock {
    /// Whether another suite ran first.
    pub waited: bool,
    /// What releases the lock when it is dropped.
    _holds: Box<dyn Any>,
}

impl SuiteLock {
    pub fn new(waited: bool, holds: impl Any) -> Self {
        Self {
            waited,
            _holds: Box::new(holds),
        }
    }
}

/// A run of the suite in which every step exited with 0, or a wait for the checks of a CI, which passed.
#[derive(Clone, Debug, Default)]
pub struct SuiteRun {
    pub took: Duration,
    /// The checks of the CI: `2 checks of acme/shop@1111111`.
    pub checks: Option<String>,
    /// What makes the pass doubtful.
    pub warning: Option<String>,
}
