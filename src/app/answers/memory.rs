//! What this clone knows of the past: its ledger, git's reflogs, and the team's notes.

use crate::{
    gates::{EnvironmentRemotes, Memory, Passed, Undecided, Work},
    git::Repository,
    memory::{
        arrivals::Arrival,
        ledger::{Entry, Ledger},
        record::{Event, Record},
    },
    push::Oid,
};

impl Repository {
    pub(crate) fn ledger(&self) -> Ledger {
        Ledger::new(&self.state_dir())
    }
}

/// Whether an entry is about a push to this environment that was let go.
pub(crate) fn went(entry: &Entry, environment: &str) -> bool {
    entry.went() && entry.environment.as_deref() == Some(environment)
}

impl Memory for Repository {
    fn records(&self, commit: &Oid) -> Result<Vec<Record>, Undecided> {
        Ok(self.notes().read(commit)?)
    }

    fn arrivals(&self, environment: &EnvironmentRemotes) -> Result<Vec<Arrival>, Undecided> {
        let name = &environment.environment;
        let entries = self.ledger().newest(name)?;
        let sent = entries.iter().filter(|entry| went(entry, name));
        let sent = sent.filter_map(|entry| {
            Some(Arrival {
                at: entry.at,
                commit: Oid::parse(entry.commit.as_deref()?.as_bytes())?,
                seen: false,
            })
        });
        let mut arrivals: Vec<_> = sent.collect();
        for name in environment.tracking_refs() {
            arrivals.extend(self.newest_moves(&name)?.into_iter().map(|moved| Arrival {
                at: moved.at,
                commit: moved.commit,
                seen: true,
            }));
        }
        Ok(arrivals)
    }

    fn was_live(&self, environment: &EnvironmentRemotes, commit: &Oid) -> Result<bool, Undecided> {
        let name = &environment.environment;
        let seen = |record: &Record| {
            let live = match record.event {
                Event::Live | Event::Replaced { .. } | Event::Removed { .. } => true,
                Event::Push { .. } | Event::Signoff { .. } | Event::Again { .. } => false,
            };
            live && record.environment == *name
        };
        if self.records(commit)?.iter().any(seen) {
            return Ok(true);
        }
        // What a push replaced was live; what it sent need not have arrived.
        let replaced =
            |entry: &Entry| went(entry, name) && entry.replaces.as_deref() == Some(commit.as_str());
        if self.ledger().about(commit.as_str())?.iter().any(replaced) {
            return Ok(true);
        }
        for name in environment.tracking_refs() {
            let moves = self.newest_moves(&name)?;
            if moves.iter().any(|moved| moved.commit == *commit) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_verified(&self, record: &Record) -> Result<bool, Undecided> {
        Ok(self.notes().verified(record)?)
    }

    fn receipt(&self, work: &Work<'_>) -> Result<Option<Passed>, Undecided> {
        Repository::receipt(self, work)
    }
}
