//! What a decision leaves in the team's memory: pushes that go, rollbacks, and what was seen live.

use super::Said;
use crate::{
    gates::{
        Case,
        verdict::{Trouble, Verdict},
    },
    git::Real,
    memory::record::{Event, Record},
    push::{Oid, Update},
};

/// What a push takes to an environment, and what is there now.
pub(crate) fn change<'c>(case: &Case<'c>) -> Option<(&'c Oid, Option<&'c Oid>)> {
    case.environment()?;
    case.updates.iter().find_map(|update| match update {
        Update::Set {
            commit, replaces, ..
        } => Some((commit, replaces.as_ref())),
        Update::Delete { .. } => None,
    })
}

/// What there is to remember of one case.
#[derive(Debug, Default)]
pub(crate) struct Memories {
    /// What was seen, whatever becomes of the push.
    seen: Vec<Record>,
    /// What is true only of a push that goes.
    sent: Vec<Record>,
    /// The remote where the team shares it.
    share: Option<String>,
}

impl Memories {
    /// What one case leaves, if the push goes, as far as the gates have a say.
    pub(crate) fn of(case: &Case<'_>, verdict: &Verdict, goes: bool, world: &Real) -> Self {
        let mut memories = Self {
            share: (case.trunk.as_ref().ok())
                .filter(|_| case.policy.shares())
                .map(|trunk| trunk.remote.clone()),
            ..Self::default()
        };
        let (Some(environment), Some((commit, replaces))) = (case.environment(), change(case))
        else {
            return memories;
        };
        // The clock of a soak starts when a commit is first seen there, if nobody told before.
        if let Some(before) = case.before.as_ref().filter(|_| verdict.first) {
            let seen = world.record(&before.environment, commit, Event::Live);
            memories.seen.push(seen);
        }
        if !goes {
            return memories;
        }
        let sent = &mut memories.sent;
        let name = &environment.name;
        if case.policy.remembers() || verdict.rollback.is_some() {
            let (replaces, rollback) = (replaces.cloned(), verdict.rollback.is_some());
            sent.push(world.record(name, commit, Event::Push { replaces, rollback }));
        }
        if let Some(rollback) = &verdict.rollback {
            let by_rollback_to = rollback.to.clone();
            let event = Event::Removed { by_rollback_to };
            sent.push(world.record(name, &rollback.from, event));
        } else if let Some(old) = replaces.filter(|_| case.policy.remembers()) {
            let by = commit.clone();
            sent.push(world.record(name, old, Event::Replaced { by }));
        }
        memories
    }

    /// The push did not go, after all.
    pub(crate) fn nothing_went(&mut self) {
        self.sent.clear();
    }

    /// Writes the records down and takes them to the team; a push does not fail by it.
    pub(crate) fn keep(self, world: &Real) -> Option<Said> {
        let records = [self.seen, self.sent].concat();
        if records.is_empty() {
            return None;
        }
        let shared = world
            .notes()
            .add(&records)
            .and_then(|()| self.share.map_or(Ok(()), |remote| world.share(&remote)));
        let note = |trouble: Trouble| Said::Line(format!("note: {}", trouble.in_one_line()));
        shared.err().map(note)
    }
}
