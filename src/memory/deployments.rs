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
    arrival(records, place, commit, now, |_| true)
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
    let arrived = arrival(records, place, commit, now, |at| at <= now)?;
    Some(arrived.at)
}

/// The arrival of a commit that no departure follows: the last that was observed when it happened, for git
/// does not push what is there; else the first at which the commit was found.
fn arrival<'r>(
    records: &'r [Record],
    place: Place<'_>,
    commit: &Oid,
    now: Timestamp,
    counts: impl Fn(Timestamp) -> bool,
) -> Option<&'r Record> {
    let left = (place.deployments(records))
        .filter(|(record, _)| record.commit != *commit && record.at <= now)
        .map(|(record, _)| record.at)
        .max();
    let arrivals = || {
        let own = place.deployments(records);
        own.filter(|(record, _)| record.commit == *commit && counts(record.at))
    };
    let observed = arrivals()
        .filter(|(record, deployed)| !deployed.seen && left.is_none_or(|left| record.at >= left))
        .max_by_key(|(record, _)| record.at);
    let found = || {
        arrivals()
            .filter(|(record, deployed)| deployed.seen && left.is_none_or(|left| record.at > left))
            .min_by_key(|(record, _)| record.at)
    };
    observed.or_else(found).map(|(record, _)| record)
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

/// The last rollback that removed a commit from an environment, wherever that is, unless a person has let it
/// in again there since.
pub fn removed_by_rollback<'r>(
    records: &'r [Record],
    environment: &str,
    commit: &Oid,
) -> Option<&'r Record> {
    removals(records, environment, commit).max_by_key(|record| record.at)
}

/// All rollbacks that removed a commit from an environment, and that no person has lifted.
pub fn removals<'r>(
    records: &'r [Record],
    environment: &str,
    commit: &Oid,
) -> impl Iterator<Item = &'r Record> {
    let is_again = move |record: &Record, removed: &Record| {
        record.commit == *commit
            && matches!(record.event, Event::Again { lifts, .. } if lifts == removed.at)
            && record.is_at(removed.place())
    };
    let is_removal = move |record: &&Record| {
        let is_rollback = |one: &Deployed| one.judged == Judged::Rollback;
        record.environment == environment
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
        .filter(|(record, deployed)| record.commit == *live && deployed.judged != Judged::Rollback)
        .filter_map(|(record, _)| Some((record.at, record.replaces()?)))
        .max_by_key(|(at, _)| *at)
        .map(|(_, replaces)| replaces)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use std::slice;

    use super::*;

    fn oid(digit: char) -> Oid {
        Oid::parse(digit.to_string().repeat(40).as_bytes()).unwrap()
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + 60 * minute).unwrap()
    }

    fn place<'p>(environment: &'p str, destinations: &'p [String]) -> Place<'p> {
        Place {
            environment,
            destinations,
        }
    }

    fn record(minute: i64, environment: &str, commit: char, event: Event) -> Record {
        Record::new(
            at(minute),
            "Ana <ana@shop.example>",
            place(environment, &["shop".to_owned()]),
            &oid(commit),
            event,
        )
    }

    /// `HOW`: a word for how it was judged, or `seen`.
    fn deployed(minute: i64, commit: char, replaces: char, how: &str) -> Record {
        let judged = match how {
            "rollback" => Judged::Rollback,
            "seen" => Judged::Unjudged,
            _ => Judged::Go,
        };
        let event = Event::Deployed(Deployed {
            replaces: (replaces != ' ').then(|| oid(replaces)),
            seen: how == "seen",
            ..Deployed::new(judged)
        });
        record(minute, "production", commit, event)
    }

    /// Since which minute the commit `1` is live at minute 100.
    #[track_caller]
    fn since(story: &[(i64, char, char, &str)], expected: Option<i64>) {
        let records = story.iter();
        let records: Vec<_> = records
            .map(|(minute, commit, replaces, how)| deployed(*minute, *commit, *replaces, how))
            .collect();
        let here = ["shop".to_owned()];
        let found = live_since(&records, place("production", &here), &oid('1'), at(100));
        assert_eq!(found, expected.map(at));
    }

    #[test]
    fn the_last_arrival_counts_and_else_the_first_sight() {
        since(&[], None);
        since(&[(10, '1', 'f', "go")], Some(10));
        since(&[(10, '1', 'f', "go"), (20, '1', 'f', "go")], Some(20));
        since(&[(10, '1', ' ', "seen"), (20, '1', ' ', "seen")], Some(10));
        since(&[(20, '1', 'f', "go"), (30, '1', ' ', "seen")], Some(20));
    }

    /// What runs where git has the commit `1`.
    #[track_caller]
    fn runs(story: &[(i64, char, char, &str)], expected: char) {
        let records = story.iter();
        let records: Vec<_> = records
            .map(|(minute, commit, replaces, how)| {
                let mut record = deployed(*minute, *commit, *replaces, how);
                if let Event::Deployed(deployed) = &mut record.event {
                    deployed.by_command = *how == "command";
                }
                record
            })
            .collect();
        let about = |commit: &Oid| {
            let about = records.iter().filter(|record| record.is_about(commit));
            Ok::<_, ()>(about.cloned().collect())
        };
        let here = ["shop".to_owned()];
        let found = running(&oid('1'), place("production", &here), at(100), about);
        assert_eq!(found, Ok(oid(expected)), "{story:?}");
    }

    #[test]
    fn what_commands_deployed_runs_until_git_moves() {
        let one = (10, '1', 'f', "go");
        let two = (20, '2', '1', "command");
        runs(&[], '1');
        runs(&[one, two], '2');
        runs(&[one, two, (30, '3', '2', "command")], '3');
        runs(&[one, two, (30, '1', '2', "command")], '1');
        runs(&[one, two, (30, '1', '2', "rollback")], '1');
        let back = (30, '1', '2', "command");
        runs(&[one, two, back, (40, '2', '1', "command")], '2');
        // The ref moved, and came back unseen.
        runs(&[one, two, (30, '3', '2', "go")], '1');
        runs(&[one, (20, '3', '1', "go")], '1');
        // Another person's clone that did not know of it yet.
        runs(&[one, two, (30, '1', ' ', "seen")], '2');
        runs(&[one, (101, '2', '1', "command")], '1');
    }

    #[test]
    fn another_commit_begins_the_count_anew() {
        since(&[(10, '1', 'f', "go"), (20, '2', '1', "go")], None);
        let back = (30, '1', '2', "rollback");
        since(
            &[(10, '1', 'f', "go"), (20, '2', '1', "go"), back],
            Some(30),
        );
        let found = (40, '1', ' ', "seen");
        since(
            &[(10, '1', ' ', "seen"), (20, '2', '1', "go"), found],
            Some(40),
        );
    }

    #[test]
    fn the_future_is_no_evidence() {
        since(&[(101, '1', 'f', "go")], None);
        since(&[(10, '1', 'f', "go"), (101, '2', '1', "go")], Some(10));
        let records = [deployed(101, '1', 'f', "go")];
        let here = ["shop".to_owned()];
        assert!(current(&records, place("production", &here), &oid('1'), at(100)).is_some());
    }

    #[test]
    fn what_went_to_another_app_neither_comes_nor_goes_here() {
        let mut records = [deployed(10, '1', 'f', "go"), deployed(20, '2', '1', "go")];
        records[1].destinations = vec!["shop-eu".to_owned()];
        let since = |destinations: &[String]| {
            live_since(
                &records,
                place("production", destinations),
                &oid('1'),
                at(100),
            )
        };
        let [us, eu] = ["shop", "shop-eu"].map(str::to_owned);
        assert_eq!(since(slice::from_ref(&us)), Some(at(10)));
        assert_eq!(since(slice::from_ref(&eu)), None);
        assert_eq!(since(&[us, eu]), None);
    }

    #[test]
    fn a_removed_commit_is_let_in_again_only_by_a_later_word() {
        let removed = |minute| deployed(minute, '2', '1', "rollback");
        let again = |minute, environment| {
            let lifts = at(minute - 10);
            record(
                minute,
                environment,
                '1',
                Event::Again { words: None, lifts },
            )
        };
        let stands =
            |records: &[Record]| removed_by_rollback(records, "production", &oid('1')).is_some();
        assert!(!stands(&[]));
        assert!(stands(&[removed(10)]));
        assert!(!stands(&[deployed(10, '2', '1', "go")]));
        assert!(!stands(&[removed(10), again(20, "production")]));
        assert!(stands(&[removed(10), again(20, "staging")]));
        let mut elsewhere = again(20, "production");
        elsewhere.destinations = vec!["fork".to_owned()];
        assert!(stands(&[removed(10), elsewhere]));
        assert!(stands(&[again(20, "production"), removed(30)]));
        assert!(removed_by_rollback(&[removed(10)], "staging", &oid('1')).is_none());
    }

    #[test]
    fn what_was_live_may_come_back_and_a_rollback_does_not_lead_forward() {
        let records = [
            deployed(10, '1', 'f', "go"),
            deployed(20, '2', '1', "go"),
            deployed(30, '1', '2', "rollback"),
        ];
        let here = ["shop".to_owned()];
        let production = place("production", &here);
        for (commit, expected) in [('f', true), ('1', true), ('2', true), ('3', false)] {
            assert_eq!(was_live(&records, production, &oid(commit)), expected);
        }
        assert!(!was_live(&records, place("staging", &here), &oid('1')));
        assert!(!was_live(&records, place("production", &[]), &oid('1')));
        assert_eq!(before(&records, production, &oid('2')), Some(&oid('1')));
        assert_eq!(before(&records, production, &oid('1')), Some(&oid('f')));
        assert_eq!(before(&records, production, &oid('3')), None);
    }
}
