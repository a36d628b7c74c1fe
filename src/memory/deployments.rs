//! What follows from the deployments of a commit: since when it is live, what a rollback removed, and
//! what may come back.
//!
//! A deployment stands in the notes of its commit and of the commit that it replaced, so the note of one
//! commit tells when it came and when it went.

use std::{
    cmp::Reverse,
    collections::{HashSet, VecDeque},
};

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
            let is_known = |one: &Deployed| !one.seen || one.decided.is_some();
            other.commit == record.commit
                && other.deployed().is_some_and(is_known)
                // Of two at one time, neither is a repeat of the other.
                && (other.at < record.at || !other.deployed().is_some_and(is_unjudged))
                && went.is_none_or(|went| decided(other) > went)
        })
    }
}

/// Whether a gate has let it go, and its arrival was observed.
fn is_judged(record: &Record) -> bool {
    record
        .deployed()
        .is_some_and(|one| one.judged != Judged::Unjudged && !one.seen)
}

fn is_rollback(record: &Record) -> bool {
    record
        .deployed()
        .is_some_and(|one| one.judged == Judged::Rollback)
}

fn is_observed(record: &Record) -> bool {
    record.deployed().is_some_and(|deployed| !deployed.seen)
}

impl Place<'_> {
    /// The arrivals of a commit since it last left a place, and that departure.
    ///
    /// The clocks of two people differ, so times order only what can have happened in that order: a commit arrives
    /// before it leaves, and what replaces another comes after that.
    fn last_stay<'r>(
        self,
        records: &'r [Record],
        commit: &Oid,
    ) -> (Vec<&'r Record>, Option<&'r Record>) {
        let about = records.iter().filter(|record| record.is_about(commit));
        let known = |record: &&Record| {
            record.deployed().is_some() && record.is_at(self) && !self.is_repeat(record, records)
        };
        let mut rest: Vec<_> = about.filter(known).collect();
        let is_arrival = |record: &Record| record.commit == *commit;
        // Reflogs count whole seconds: what was found left within its second, and what was pushed came then.
        rest.sort_by_key(|record| {
            let found = is_arrival(record) && !is_observed(record);
            (record.at, !found, is_arrival(record))
        });
        let mut rest = VecDeque::from(rest);
        let (mut stay, mut left): (Vec<&Record>, Option<&Record>) = (Vec::new(), None);
        while let Some(record) = rest.pop_front() {
            let is_here = |other: &Record| other.is_at(record.place());
            if is_arrival(record) {
                // It had been here already, and replaced what came then: that is dated too late.
                let is_back = |one: &&Record| {
                    is_observed(one) && is_here(one) && one.replaces() != record.replaces()
                };
                let went = |other: &&Record| {
                    !is_arrival(other) && record.replaces() == Some(&other.commit) && is_here(other)
                };
                if is_judged(record)
                    && stay.iter().any(is_back)
                    && let Some(index) = rest.iter().position(went)
                {
                    left = rest.remove(index);
                    stay.clear();
                }
                stay.push(record);
                continue;
            }
            // It had not come yet, so its arrival is dated too late; unless it was live before the gate came, and
            // comes back later. A push to several apps is several departures.
            let returns = |other: &Record| {
                let from_there = other.replaces() == Some(&record.commit);
                !is_rollback(record) && (from_there || left.is_none() && is_rollback(other))
            };
            let came = |other: &&Record| {
                is_arrival(other) && is_observed(other) && is_here(other) && !returns(other)
            };
            if is_judged(record)
                && stay.is_empty()
                && left.is_none_or(is_here)
                && let Some(index) = rest.iter().position(came)
            {
                rest.remove(index);
            }
            stay.clear();
            left = Some(record);
        }
        (stay, left)
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
    records: impl Fn(&Oid) -> Result<Vec<Record>, E>,
) -> Result<Oid, E> {
    let mut live = git.clone();
    let mut passed = HashSet::new();
    loop {
        let known = records(&live)?;
        let (stay, left) = place.last_stay(&known, &live);
        match left {
            // A clone that does not know yet of a command sees what git has.
            Some(left) if !stay.into_iter().any(is_observed) => {
                // Or the ref has left this commit since, and was brought back unseen.
                if !left.is_by_command() || !passed.insert(live) {
                    return Ok(git.clone());
                }
                live = left.commit.clone();
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
    let (stay, _) = place.last_stay(records, commit);
    let (observed, found): (Vec<_>, Vec<_>) = stay.into_iter().partition(|one| is_observed(one));
    let (past, fast): (Vec<_>, Vec<_>) = observed.into_iter().partition(|one| one.at <= now);
    // A clone that let the push go knows more than who came across it.
    let first = |record: &&Record| (record.is_sighting(), record.at);
    [
        past.last().copied(),
        fast.last().copied(),
        found.into_iter().min_by_key(first),
    ]
}

/// The last deployment to a place: the last by its time, of a commit that has not left since.
pub fn newest<'r>(records: &'r [Record], place: Place<'_>) -> Option<&'r Record> {
    let mut all: Vec<_> = place
        .deployments(records)
        .map(|(record, _)| record)
        .collect();
    all.sort_by_key(|record| Reverse(record.at));
    let is_there = |last: &&&Record| !place.last_stay(records, &last.commit).0.is_empty();
    all.iter().find(is_there).or(all.first()).copied()
}

/// Which of the commits that the branches of one place have was deployed last; `None` where nothing tells.
/// `records`: all that are remembered; `is_past`: whether a commit is in the past of another.
pub fn last_of<'t>(
    tips: &'t [(String, Oid)],
    records: &[Record],
    place: Place<'_>,
    is_past: impl Fn(&Oid, &Oid) -> bool,
) -> Option<&'t Oid> {
    // What a command deployed moved no branch.
    let by_git = records.iter().filter(|record| !record.is_by_command());
    let by_git: Vec<_> = by_git.cloned().collect();
    let last = newest(&by_git, place)?;
    let is_unknown = |tip: &&Oid| {
        let mut known = place.deployments(&by_git);
        !known.any(|(record, _)| record.commit == **tip)
    };
    let tips = || tips.iter().map(|(_, tip)| tip);
    let mut unknown = tips().filter(is_unknown);
    match tips().find(|tip| **tip == last.commit) {
        // What nobody has recorded was left there where it is in the past of this; else it may have come since.
        Some(tip) => unknown.all(|one| is_past(one, tip)).then_some(tip),
        // A branch has left it since, for what nobody has recorded.
        None => {
            let first = unknown.next()?;
            unknown.all(|one| one == first).then_some(first)
        }
    }
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
