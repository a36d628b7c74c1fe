//! What follows from the deployments of a commit: since when it is live, what a rollback removed, and
//! what may come back.
//!
//! A deployment stands in the notes of its commit and of the commit that it replaced, so the note of one
//! commit tells when it came and when it went.

use jiff::Timestamp;

use super::record::{Deployed, Event, Judged, Place, Record};
use crate::push::Oid;

impl<'p> Place<'p> {
    fn deployments<'r>(
        self,
        records: &'r [Record],
    ) -> impl Iterator<Item = (&'r Record, &'r Deployed)> + use<'r, 'p> {
        records
            .iter()
            .filter(move |record| record.is_at(self) && !self.is_repeat(record, records))
            .filter_map(|record| Some((record, record.deployed()?)))
    }

    /// Whether nothing happened: git writes "update by push" also where it finds all up to date, and the
    /// commit had been deployed and was live all the while.
    pub(crate) fn is_repeat(self, record: &Record, records: &[Record]) -> bool {
        let is_unjudged = |one: &Deployed| one.judged == Judged::Unjudged && !one.seen;
        if !record.deployed().is_some_and(is_unjudged) {
            return false;
        }
        let earlier = || {
            let all = records.iter().filter(|other| other.is_at(self));
            all.filter(|other| other.at <= record.at && *other != record)
        };
        let went = earlier().filter(|other| other.replaces() == Some(&record.commit));
        // Reflogs count whole seconds, decisions are finer.
        let decided = |one: &Record| one.deployed().and_then(|it| it.decided).unwrap_or(one.at);
        let went = went.map(decided).max();
        earlier().any(|other| {
            let is_judged = |one: &Deployed| one.judged != Judged::Unjudged && !one.seen;
            other.commit == record.commit
                && other.deployed().is_some_and(is_judged)
                && went.is_none_or(|went| decided(other) > went)
        })
    }
}

/// The commit that was live at a moment, as far as the records lead from one that was live at an earlier one: those
/// of each commit tell what replaced it.
pub fn live_after<E>(
    (commit, at): (&Oid, Timestamp),
    place: Place<'_>,
    moment: Timestamp,
    records: impl Fn(&Oid) -> Result<Vec<Record>, E>,
) -> Result<Oid, E> {
    let (mut live, mut since) = (commit.clone(), at);
    loop {
        let known = records(&live)?;
        let replaced = place.deployments(&known).map(|(record, _)| record);
        let next = replaced
            .filter(|record| record.replaces() == Some(&live))
            .filter(|record| record.at > since && record.at < moment)
            .min_by_key(|record| record.at);
        match next {
            Some(record) => (live, since) = (record.commit.clone(), record.at),
            None => return Ok(live),
        }
    }
}

/// The commit that runs at a place whose branch has another: what a command deployed last, unless git's ref has
/// moved since. `records`: those about a commit, newest facts of all clones among them.
pub fn running<E>(
    git: &Oid,
    place: Place<'_>,
    now: Timestamp,
    records: impl Fn(&Oid) -> Result<Vec<Record>, E>,
) -> Result<Oid, E> {
    let (mut live, mut since) = (git.clone(), Timestamp::MIN);
    loop {
        let known = records(&live)?;
        let observed = place
            .deployments(&known)
            .filter(|(record, deployed)| !deployed.seen && record.at <= now && record.at > since);
        match observed.max_by_key(|(record, _)| record.at) {
            Some((record, deployed)) if record.commit != live => {
                if !deployed.by_command {
                    // The ref has left this commit since, and was brought back unseen.
                    return Ok(git.clone());
                }
                (live, since) = (record.commit.clone(), record.at);
            }
            _ => return Ok(live),
        }
    }
}

/// The deployment by which a commit that is live now became so; `None` where nobody recorded it.
pub fn current<'r>(
    records: &'r [Record],
    place: Place<'_>,
    commit: &Oid,
    now: Timestamp,
) -> Option<&'r Record> {
    let [observed, fast, found] = arrivals(records, place, commit, now);
    observed.or(fast).or(found)
}

/// Since when a commit that is live now has been live without a break; `None` where nothing tells.
///
/// A time in the future is a clock's mistake, and proves nothing.
pub fn live_since(
    records: &[Record],
    place: Place<'_>,
    commit: &Oid,
    now: Timestamp,
) -> Option<Timestamp> {
    let [observed, _, found] = arrivals(records, place, commit, now);
    let arrived = observed.or(found).map(|record| record.at);
    arrived.filter(|at| *at <= now)
}

/// The arrivals of a commit that no departure follows: the last that was observed when it happened, for git
/// does not push what is there; the last that a fast clock dated; and the first at which the commit was found.
fn arrivals<'r>(
    records: &'r [Record],
    place: Place<'_>,
    commit: &Oid,
    now: Timestamp,
) -> [Option<&'r Record>; 3] {
    let all = || place.deployments(records);
    let left = all()
        .filter(|(record, _)| record.commit != *commit && record.at <= now)
        .map(|(record, _)| record)
        .max_by_key(|record| record.at);
    let own = |seen| {
        let own = all().filter(|(record, _)| record.commit == *commit);
        own.filter(move |(_, deployed)| deployed.seen == seen)
            .map(|(record, _)| record)
    };
    let observed = own(false)
        .filter(|record| record.at <= now && left.is_none_or(|left| record.at >= left.at))
        .max_by_key(|record| record.at);
    // Its time does not tell whether it came before the departure.
    let follows = |left: &Record, record: &Record| record.replaces() == Some(&left.commit);
    let fast = own(false)
        .filter(|record| record.at > now && left.is_none_or(|left| follows(left, record)))
        .max_by_key(|record| record.at);
    let found = own(true)
        .filter(|record| left.is_none_or(|left| record.at > left.at))
        // A clone that let the push go knows more than who came across it.
        .min_by_key(|record| (record.is_sighting(), record.at));
    [observed, fast, found]
}

/// The last deployment to a place; what the future holds is a clock's mistake.
pub fn newest<'r>(records: &'r [Record], place: Place<'_>, now: Timestamp) -> Option<&'r Record> {
    let all = place.deployments(records).map(|(record, _)| record);
    all.filter(|record| record.at <= now)
        .max_by_key(|record| record.at)
}

/// Whether a commit is recorded to have been live at a place.
pub fn was_live(records: &[Record], place: Place<'_>, commit: &Oid) -> bool {
    let mut deployments = place.deployments(records);
    deployments.any(|(record, _)| record.is_about(commit))
}

/// The last rollback that removed a commit from a place, unless a person has let it in again there since.
pub fn removed_by_rollback<'r>(
    records: &'r [Record],
    place: Place<'_>,
    commit: &Oid,
) -> Option<&'r Record> {
    removals(records, place, commit).max_by_key(|record| record.at)
}

/// All rollbacks that removed a commit from a place, and that no person has lifted.
pub fn removals<'r>(
    records: &'r [Record],
    place: Place<'_>,
    commit: &Oid,
) -> impl Iterator<Item = &'r Record> {
    let is_again = move |record: &Record, removed: &Record| {
        record.commit == *commit
            && matches!(record.event, Event::Again { lifts, .. } if lifts == removed.at)
            && record.is_at(removed.place())
    };
    let is_removal = move |record: &&Record| {
        // What stood in for a newer commit may come again.
        let is_rollback =
            |one: &Deployed| one.judged == Judged::Rollback && one.in_place_of.is_none();
        record.is_at(place)
            && record.deployed().is_some_and(is_rollback)
            && record.replaces() == Some(commit)
    };
    (records.iter().filter(is_removal))
        .filter(move |removed| !records.iter().any(|record| is_again(record, removed)))
}

/// The commit that was live before this one: what it replaced when it last came by another way than a
/// rollback. What was only found tells nothing of it.
pub fn before<'r>(records: &'r [Record], place: Place<'_>, live: &Oid) -> Option<&'r Oid> {
    place
        .deployments(records)
        .filter(|(record, _)| record.commit == *live && !record.is_sighting())
        .filter(|(_, deployed)| deployed.judged != Judged::Rollback)
        .filter_map(|(record, _)| Some((record.at, record.replaces()?)))
        .max_by_key(|(at, _)| *at)
        .map(|(_, replaces)| replaces)
}

#[cfg(test)]
mod tests;
