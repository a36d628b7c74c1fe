//! What this clone remembers: its ledger, git's reflogs, and the team's notes.

use bstr::{BString, ByteSlice};
use jiff::Timestamp;

use super::SystemClock;
use crate::git::{Real, network};
use crate::{
    gates::{Clock, EnvironmentRemotes, Memory, Passed, Undecided, Work},
    memory::{
        arrivals::Arrival,
        ledger::{Entry, Ledger},
        record::{Event, Record},
    },
    push::Oid,
};

impl Real {
    /// The ledger of this repository.
    pub fn ledger(&self) -> Ledger {
        Ledger::new(&self.state_dir())
    }

    /// What whoever works here has to tell now of a commit.
    pub(crate) fn record(&self, environment: &str, commit: &Oid, event: Event) -> Record {
        Record {
            at: SystemClock.now(),
            by: self.identity(),
            environment: environment.to_owned(),
            commit: commit.clone(),
            event,
            signed: None,
        }
    }

    /// Takes what this clone remembers to the team, within a time limit.
    pub(crate) fn share(&self, remote: &str) -> Result<(), Undecided> {
        Ok(self.notes().push(remote, network::LIMIT)?)
    }

    /// The tracking refs of an environment's deploy branches.
    pub(crate) fn tracking(stage: &EnvironmentRemotes) -> impl Iterator<Item = String> {
        stage.remotes.iter().flat_map(|remote| {
            let remote = remote.to_str_lossy();
            let name = move |branch: &String| format!("refs/remotes/{remote}/{branch}");
            stage.branches.iter().map(name)
        })
    }

    /// What a ref has named, and since when, newest first; nothing where it is not.
    pub(crate) fn newest_moves(&self, name: &str) -> Result<Vec<Moved>, Undecided> {
        self.reflog(name, &["--max-count=200"])
    }

    /// The same, all of it or as these options of git-reflog(1) limit it.
    pub(crate) fn reflog(&self, name: &str, limits: &[&str]) -> Result<Vec<Moved>, Undecided> {
        if self.reference(name)?.is_none() {
            return Ok(Vec::new());
        }
        let format = "--format=%H %gd %gs%x00%gn <%ge>";
        let args = ["reflog", "show", format, "--date=unix"];
        let place = [name, "--"];
        let said = self.git().must(args.iter().chain(limits).chain(&place))?;
        Ok(said.stdout.lines().filter_map(Moved::read).collect())
    }
}

/// A ref that came to name something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moved {
    /// When, to the second.
    pub(crate) at: Timestamp,
    /// What.
    pub(crate) commit: Oid,
    /// git's word for how: `update by push`, `fetch ...`.
    pub(crate) how: BString,
    /// Who moved it here: `Name <mail>`.
    pub(crate) by: String,
}

impl Moved {
    /// Whether it was pushed from here (git-push(1) moves the tracking ref then).
    pub(crate) fn is_push(&self) -> bool {
        self.how == "update by push"
    }

    /// `ID REF@{SECONDS} WORDS`, NUL, `Name <mail>`.
    pub(crate) fn read(line: &[u8]) -> Option<Self> {
        let (line, by) = line.rsplit_once_str("\0")?;
        let (id, rest) = line.split_once_str(" ")?;
        let (_, rest) = rest.split_once_str("@{")?;
        let (seconds, how) = rest.split_once_str("}")?;
        Some(Self {
            at: Timestamp::from_second(seconds.to_str().ok()?.parse().ok()?).ok()?,
            commit: Oid::parse(id)?,
            how: how.trim_ascii_start().into(),
            by: by.to_str_lossy().into_owned(),
        })
    }
}

/// Whether an entry tells of a push to this environment that went.
pub(crate) fn went(entry: &Entry, environment: &str) -> bool {
    entry.went() && entry.environment.as_deref() == Some(environment)
}

impl Memory for Real {
    fn records(&self, commit: &Oid) -> Result<Vec<Record>, Undecided> {
        Ok(self.notes().read(commit)?)
    }

    fn arrivals(&self, stage: &EnvironmentRemotes) -> Result<Vec<Arrival>, Undecided> {
        let entries = self.ledger().newest(&stage.environment)?;
        let sent = entries
            .iter()
            .filter(|entry| went(entry, &stage.environment));
        let mut arrivals: Vec<_> = sent
            .filter_map(|entry| {
                Some(Arrival {
                    at: entry.at,
                    commit: Oid::parse(entry.commit.as_deref()?.as_bytes())?,
                    seen: false,
                })
            })
            .collect();
        for name in Self::tracking(stage) {
            arrivals.extend(self.newest_moves(&name)?.into_iter().map(|moved| Arrival {
                at: moved.at,
                commit: moved.commit,
                seen: true,
            }));
        }
        Ok(arrivals)
    }

    fn was_live(&self, stage: &EnvironmentRemotes, commit: &Oid) -> Result<bool, Undecided> {
        let seen = |record: &Record| {
            let live = match record.event {
                Event::Live | Event::Replaced { .. } | Event::Removed { .. } => true,
                Event::Push { .. } | Event::Signoff { .. } | Event::Again { .. } => false,
            };
            live && record.environment == stage.environment
        };
        if self.records(commit)?.iter().any(seen) {
            return Ok(true);
        }
        // What a push replaced was live; what it sent need not have arrived.
        let replaced = |entry: &Entry| {
            went(entry, &stage.environment) && entry.replaces.as_deref() == Some(commit.as_str())
        };
        if self.ledger().about(commit.as_str())?.iter().any(replaced) {
            return Ok(true);
        }
        for name in Self::tracking(stage) {
            if self
                .newest_moves(&name)?
                .iter()
                .any(|moved| moved.commit == *commit)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_verified(&self, record: &Record) -> Result<bool, Undecided> {
        Ok(self.notes().verified(record)?)
    }

    fn receipt(&self, work: &Work<'_>) -> Result<Option<Passed>, Undecided> {
        Real::receipt(self, work)
    }
}
