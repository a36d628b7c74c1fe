//! What a decision leaves in the team's memory: pushes that go, rollbacks, and what was seen live.

use super::{Desk, Said};
use crate::{
    gates::{Case, Memory, World},
    push::{Oid, Update},
    record::{Event, Record},
    verdict::Verdict,
    world::Real,
};

/// What a push takes to an environment, and what is there now.
pub(super) fn change<'c>(case: &Case<'c>) -> Option<(&'c Oid, Option<&'c Oid>)> {
    case.environment()?;
    case.updates.iter().find_map(|update| match update {
        Update::Set {
            commit, replaces, ..
        } => Some((commit, replaces.as_ref())),
        Update::Delete { .. } => None,
    })
}

/// What there is to remember of one case.
pub(super) fn records(case: &Case<'_>, verdict: &Verdict, goes: bool, world: &Real) -> Vec<Record> {
    let mut records = Vec::new();
    let (Some(environment), Some((commit, replaces))) = (case.environment(), change(case)) else {
        return records;
    };
    let record = |environment: &str, commit: &Oid, event| Record {
        at: world.now(),
        by: world.person(),
        environment: environment.to_owned(),
        commit: commit.clone(),
        event,
        signed: None,
    };
    // The clock of a soak starts when a commit is first seen there, if nobody told before.
    if let Some(before) = case.before.as_ref().filter(|_| verdict.first) {
        records.push(record(&before.environment, commit, Event::Live));
    }
    if !goes {
        return records;
    }
    let name = &environment.name;
    if case.policy.remembers() || verdict.rollback.is_some() {
        let (replaces, rollback) = (replaces.cloned(), verdict.rollback.is_some());
        records.push(record(name, commit, Event::Push { replaces, rollback }));
    }
    if let Some(rollback) = &verdict.rollback {
        let by_rollback_to = rollback.to.clone();
        let event = Event::Removed { by_rollback_to };
        records.push(record(name, &rollback.from, event));
    } else if let Some(old) = replaces.filter(|_| case.policy.remembers()) {
        let by = commit.clone();
        records.push(record(name, old, Event::Replaced { by }));
    }
    records
}

impl Desk<'_> {
    /// Writes the records down and takes them to the team; a push does not fail by it.
    pub(super) fn remember(&mut self, case: &Case<'_>, verdict: &Verdict, goes: bool) {
        let records = records(case, verdict, goes, self.world);
        if records.is_empty() {
            return;
        }
        let remote = case.trunk.as_ref().ok().map(|trunk| &trunk.remote);
        let shared = self.world.notes().add(&records).and_then(|()| {
            match remote.filter(|_| case.policy.shares()) {
                Some(remote) => self.world.share(remote),
                None => Ok(()),
            }
        });
        if let Err(trouble) = shared {
            self.say(Said::Line(format!("note: {}", trouble.in_one_line())));
        }
    }
}
