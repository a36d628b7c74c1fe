//! What a decision leaves in the team's memory: pushes that go, rollbacks, and what was seen live.

use super::{Desk, Said};
use crate::{
    gates::{Case, Memory, World},
    push::{Oid, Update},
    record::{Event, Record},
    verdict::{Trouble, Verdict},
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
pub(super) fn records(
    case: &Case<'_>,
    verdict: &Verdict,
    goes: bool,
    world: &Real,
) -> Result<Vec<Record>, Trouble> {
    let mut records = Vec::new();
    let (Some(environment), Some((commit, replaces))) = (case.environment(), change(case)) else {
        return Ok(records);
    };
    let record = |environment: &str, commit: &Oid, event| Record {
        at: world.now(),
        by: world.person(),
        environment: environment.to_owned(),
        commit: commit.clone(),
        event,
        signed: None,
    };
    let is_new = |environment: &str, commit: &Oid| -> Result<bool, Trouble> {
        let known = world.records(commit)?;
        let live = |one: &Record| one.event == Event::Live && one.environment == environment;
        Ok(!known.iter().any(live))
    };
    // The clock of a soak starts when a commit is first seen there, if nobody told before.
    if let Some(before) = case.before.as_ref().filter(|_| verdict.seen)
        && !environment.soak.is_zero()
        && is_new(&before.environment, commit)?
    {
        records.push(record(&before.environment, commit, Event::Live));
    }
    if !goes {
        return Ok(records);
    }
    let name = &environment.name;
    if case.policy.remembers() || verdict.rollback.is_some() {
        let (replaces, rollback) = (replaces.cloned(), verdict.rollback.is_some());
        records.push(record(name, commit, Event::Push { replaces, rollback }));
    }
    if let Some(old) = replaces.filter(|_| case.policy.remembers())
        && is_new(name, old)?
    {
        records.push(record(name, old, Event::Live));
    }
    if let Some(rollback) = &verdict.rollback {
        let by_rollback_to = rollback.to.clone();
        records.push(record(
            name,
            &rollback.from,
            Event::Removed { by_rollback_to },
        ));
    }
    Ok(records)
}

impl Desk<'_> {
    /// Writes the records down and takes them to the team; a push does not fail by it.
    pub(super) fn remember(&mut self, case: &Case<'_>, verdict: &Verdict, goes: bool) {
        let written = records(case, verdict, goes, self.world).and_then(|records| {
            self.world.notes().add(&records)?;
            Ok(!records.is_empty())
        });
        let shared = match written {
            Ok(true) if case.policy.shares() => case
                .trunk
                .as_ref()
                .map_or(Ok(()), |trunk| self.world.share(&trunk.remote)),
            Ok(_) => return,
            Err(trouble) => Err(trouble),
        };
        if let Err(trouble) = shared {
            self.say(Said::Line(format!("note: {}", trouble.in_one_line())));
        }
    }
}
