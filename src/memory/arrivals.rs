//! When a commit came to an environment, and since when it is live there.

use jiff::Timestamp;

use super::record::{Event, Record};
use crate::push::Oid;

/// A commit that came to an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    pub at: Timestamp,
    pub commit: Oid,
    /// Whether it was seen there; otherwise it was only sent, and the server may have refused it.
    pub seen: bool,
}

/// Returns the arrivals that the records of a commit tell of: its own, and those of what replaced it.
pub(crate) fn arrivals_in<'r>(
    records: &'r [Record],
    environment: &'r str,
) -> impl Iterator<Item = Arrival> + 'r {
    (records.iter())
        .filter(move |record| record.environment == environment)
        .filter_map(|record| {
            let (commit, seen) = match &record.event {
                Event::Push { .. } => (&record.commit, false),
                Event::Live => (&record.commit, true),
                Event::Replaced { by } => (by, false),
                Event::Removed { by_rollback_to } => (by_rollback_to, false),
                Event::Signoff { .. } | Event::Again { .. } => return None,
            };
            Some(Arrival {
                at: record.at,
                commit: commit.clone(),
                seen,
            })
        })
}

/// Since when a commit that is live now has been live without a break.
///
/// It is no older than the last sign of another commit. Of several pushes only the last can have
/// arrived, for git does not push what is there. Arrivals in the future are a clock's mistake.
pub(crate) fn live_since(commit: &Oid, arrivals: &[Arrival], now: Timestamp) -> Option<Timestamp> {
    let past = || arrivals.iter().filter(|arrival| arrival.at <= now);
    let other = past().filter(|arrival| arrival.commit != *commit);
    let other = other.map(|arrival| arrival.at).max();
    let own = |seen: bool| {
        past()
            .filter(move |arrival| arrival.commit == *commit && arrival.seen == seen)
            .map(|arrival| arrival.at)
            .filter(move |at| Some(*at) > other)
    };
    let (seen, sent) = (own(true).min(), own(false).max());
    seen.into_iter().chain(sent).min()
}

/// The rollback that removed a commit from an environment, unless a person has let it in again since.
pub(crate) fn removed_by_rollback<'r>(
    records: &'r [Record],
    environment: &str,
) -> Option<&'r Record> {
    let here = |record: &&Record| record.environment == environment;
    let last = |is: fn(&Event) -> bool| {
        let all = records.iter().filter(here).filter(|one| is(&one.event));
        all.max_by_key(|one| one.at)
    };
    let removed = last(|event| matches!(event, Event::Removed { .. }))?;
    match last(|event| matches!(event, Event::Again { .. })) {
        Some(again) if again.at >= removed.at => None,
        _ => Some(removed),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    fn oid(digit: char) -> Oid {
        Oid::parse(digit.to_string().repeat(40).as_bytes()).unwrap()
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + 60 * minute).unwrap()
    }

    /// Since which minute the commit `1` is live at minute 100, by the words `MINUTE COMMIT HOW`.
    #[track_caller]
    fn since(story: &[(i64, char, &str)], expected: Option<i64>) {
        let arrivals: Vec<_> = story
            .iter()
            .map(|(minute, commit, how)| Arrival {
                at: at(*minute),
                commit: oid(*commit),
                seen: *how == "seen",
            })
            .collect();
        assert_eq!(live_since(&oid('1'), &arrivals, at(100)), expected.map(at));
    }

    #[test]
    fn the_earliest_sign_counts() {
        since(&[], None);
        since(&[(10, '1', "seen")], Some(10));
        since(&[(20, '1', "seen"), (10, '1', "sent")], Some(10));
        since(&[(10, '1', "seen"), (20, '1', "seen")], Some(10));
    }

    #[test]
    fn what_was_sent_twice_did_not_arrive_the_first_time() {
        since(&[(10, '1', "sent"), (20, '1', "sent")], Some(20));
        since(
            &[(10, '1', "sent"), (15, '1', "seen"), (20, '1', "sent")],
            Some(15),
        );
    }

    #[test]
    fn another_commit_begins_the_count_anew() {
        since(&[(10, '1', "seen"), (20, '2', "sent")], None);
        since(
            &[(10, '1', "seen"), (20, '2', "seen"), (30, '1', "sent")],
            Some(30),
        );
        since(&[(10, '2', "seen"), (10, '1', "seen")], None);
    }

    #[test]
    fn the_future_is_no_evidence() {
        since(&[(101, '1', "seen")], None);
        since(&[(10, '1', "seen"), (101, '2', "seen")], Some(10));
    }

    #[test]
    fn a_removed_commit_is_let_in_again_only_by_a_later_word() {
        let record = |minute, environment: &str, event| Record {
            at: at(minute),
            by: "Ana <ana@shop.example>".to_owned(),
            environment: environment.to_owned(),
            commit: oid('1'),
            event,
            signed: None,
        };
        let removed = |minute, environment| {
            let by_rollback_to = oid('2');
            record(minute, environment, Event::Removed { by_rollback_to })
        };
        let again = |minute, environment| record(minute, environment, Event::Again { words: None });
        let stands = |records: &[Record]| removed_by_rollback(records, "production").is_some();
        assert!(!stands(&[]));
        assert!(stands(&[removed(10, "production")]));
        assert!(!stands(&[removed(10, "staging")]));
        assert!(!stands(&[
            removed(10, "production"),
            again(20, "production")
        ]));
        assert!(stands(&[removed(10, "production"), again(20, "staging")]));
        assert!(stands(&[
            again(20, "production"),
            removed(30, "production")
        ]));
    }
}
