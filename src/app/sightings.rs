//! The records of commits that are found live on an environment, some time after they arrived there.

use jiff::Timestamp;

use crate::{
    gates::Stop,
    git::{Repository, SECOND},
    memory::{
        deployments::{current, newest},
        open_push::{OpenPush, State},
        record::{Deployed, Event, Judged, Place, Record},
    },
    push::Oid,
};

/// The record of a push whose commit is live now, though nothing tells since when.
pub(super) fn found(mut record: Record, at: Timestamp) -> Record {
    if let Event::Deployed(deployed) = &mut record.event {
        deployed.seen = true;
    }
    record.at = at;
    record
}

/// The record of a commit that a deployment replaced though nobody had recorded it: without it nothing would tell
/// that the commit before it had gone, should that come back. `at`: when it was found live.
pub(super) fn replaced_unseen(
    repository: &Repository,
    place: Place<'_>,
    replaced: &Oid,
    at: Timestamp,
) -> Result<Option<Record>, Stop> {
    // Not with the rollbacks that are open: one of them may be what replaced it.
    if current(&repository.notes().read(replaced)?, place, replaced, at).is_some() {
        return Ok(None);
    }
    // That it was replaced proves that a push from here arrived of which nothing else tells.
    let pushes = repository.open_pushes().all().into_iter();
    let is_it = |push: &OpenPush| {
        push.state != State::Missing && push.record.is_at(place) && push.record.commit == *replaced
    };
    let pushes = pushes.map(|(_, push)| push).filter(is_it);
    if let Some(push) = pushes.max_by_key(|push| push.record.at) {
        return Ok(Some(found(push.record, at)));
    }
    let records = repository.notes().all()?;
    let record = found_at(at, repository, records, place, replaced, Judged::Unjudged);
    Ok(Some(record).filter(|record| record.replaces().is_some()))
}

/// A departure: the record that another commit was found where one had been; `None` where the arrival of the other
/// one is recorded already.
pub(crate) fn unseen(repository: &Repository, departure: Record) -> Result<Option<Record>, Stop> {
    let commit = &departure.commit;
    let known = repository.notes().read(commit)?;
    // What git itself dates within the same second is that arrival, even if it has been replaced since.
    let is_it = |one: &Record| {
        one.is_at(departure.place())
            && one.commit == *commit
            && one.deployed().is_some()
            && one.at.duration_since(departure.at).abs() <= SECOND
    };
    let is_known = known.iter().any(is_it)
        || current(&known, departure.place(), commit, departure.at).is_some();
    Ok((!is_known).then_some(departure))
}

/// The record of a commit that was found live at this time; `records`: all that are remembered, which tell what was
/// live there before, so that the note of that commit tells that it went.
pub(super) fn found_at(
    at: Timestamp,
    repository: &Repository,
    mut records: Vec<Record>,
    place: Place<'_>,
    commit: &Oid,
    judged: Judged,
) -> Record {
    records.retain(|record| record.at <= at);
    let before = newest(&records, place).map(|record| record.commit.clone());
    let event = Event::Deployed(Deployed {
        replaces: before.filter(|before| before != commit),
        seen: true,
        ..Deployed::new(judged)
    });
    Record::new(at, repository.identity(), place, commit, event)
}
