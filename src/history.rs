//! What happened, in the order of time: this clone's ledger, the team's notes, and the pushes of
//! git's reflogs that neither knows.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::{
    ledger::{Entry, Subject},
    push::Oid,
    record::{Event, Record, who},
    verdict::Decision,
};

/// The ledger's word for a push that no gate was asked about.
pub const AROUND: &str = "around";

/// A push takes no longer to arrive, a platform's build and the network included.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_hours(1);
/// Reflogs count whole seconds.
const SLACK: SignedDuration = SignedDuration::from_secs(2);
/// What the ledger and a note say of the same thing is no further apart.
const TWINS: SignedDuration = SignedDuration::from_secs(10);

/// Who tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// This clone's ledger.
    Ledger,
    /// The team's notes.
    Notes,
    /// The reflog of a tracking ref.
    Reflog,
}

/// One thing that happened, as the ledger would say it.
#[derive(Clone, Debug)]
pub struct Happened {
    /// Who tells of it.
    pub source: Source,
    /// What happened.
    pub entry: Entry,
}

/// A push that arrived on an environment, as this clone's reflog has it.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// When.
    pub at: Timestamp,
    /// Which commit.
    pub commit: Oid,
    /// Who pushed.
    pub by: String,
    /// Where.
    pub environment: String,
    /// The remote's name.
    pub remote: String,
    /// The tracking ref that moved.
    pub tracking: String,
    /// Where that leads.
    pub destination: String,
}

/// Holds them together. `gate` is when pushes began to be judged here; none did where it is `None`.
///
/// The arrivals are those of one tracking ref after the other, oldest first.
pub fn history(
    entries: Vec<Entry>,
    records: &[Record],
    arrivals: &[Arrived],
    gate: Option<Timestamp>,
) -> Vec<Happened> {
    let known = Known::new(entries.iter());
    let told = records.iter().filter_map(told);
    let new: Vec<Entry> = told.filter(|one| !known.has(one)).collect();
    let mut around = Vec::new();
    let mut place = None;
    let mut known = Known::default();
    for arrived in arrivals {
        if place.replace(&arrived.tracking) != Some(&arrived.tracking) {
            known = Known::new(entries.iter().chain(&new));
        }
        if !known.take(arrived) && gate.is_some_and(|gate| arrived.at >= gate) {
            around.push(self::around(arrived));
        }
    }
    let of = |source, entries: Vec<Entry>| {
        (entries.into_iter()).map(move |entry| Happened { source, entry })
    };
    let mut all: Vec<_> = of(Source::Ledger, entries)
        .chain(of(Source::Notes, new))
        .chain(of(Source::Reflog, around))
        .collect();
    all.sort_by_key(|one| one.entry.at);
    all
}

/// What a note says, as the ledger would; what only vouches for a commit is not worth a line.
fn told(record: &Record) -> Option<Entry> {
    let (event, replaces, rollback) = match &record.event {
        Event::Push { replaces, rollback } => ("push", replaces.clone(), *rollback),
        Event::Signoff { .. } | Event::Again { .. } => (record.name(), None, false),
        Event::Live | Event::Replaced { .. } | Event::Removed { .. } => return None,
    };
    let subject = Subject {
        environment: Some(record.environment.clone()),
        remote: String::new(),
        destination: String::new(),
        commit: Some(record.commit.clone()),
        replaces,
        by: record.by.clone(),
        reason: record.words().map(str::to_owned),
    };
    let mut entry = Entry::push(&subject, Decision::Go, record.at, 0).of(event);
    entry.rollback = rollback;
    Some(entry)
}

/// The entries, by the commit that they are about: a ledger may be long.
#[derive(Default)]
struct Known<'e> {
    by_commit: HashMap<&'e str, Vec<&'e Entry>>,
}

impl<'e> Known<'e> {
    fn new(entries: impl Iterator<Item = &'e Entry>) -> Self {
        let mut by_commit: HashMap<&str, Vec<&Entry>> = HashMap::new();
        for entry in entries {
            let commit = entry.commit.as_deref().unwrap_or_default();
            by_commit.entry(commit).or_default().push(entry);
        }
        Self { by_commit }
    }

    fn about(&self, commit: &str) -> &[&'e Entry] {
        self.by_commit.get(commit).map_or(&[], Vec::as_slice)
    }

    /// Whether it says the same as a note.
    fn has(&self, told: &Entry) -> bool {
        let commit = told.commit.as_deref().unwrap_or_default();
        let is_twin = |known: &Entry| {
            known.event == told.event
                && known.environment == told.environment
                && (known.event != "push" || known.went())
                && known.at.duration_since(told.at).abs() <= TWINS
                && who(&known.by) == who(&told.by)
        };
        self.about(commit).iter().any(|known| is_twin(known))
    }

    /// Takes the word that let this push go; each counts for one arrival at a place.
    fn take(&mut self, arrived: &Arrived) -> bool {
        let fits = |entry: &Entry| {
            let travelled = arrived.at.duration_since(entry.at);
            entry.went()
                && (entry.environment.as_deref() == Some(&arrived.environment)
                    || entry.remote == arrived.remote)
                && travelled >= -SLACK
                && travelled <= ON_ITS_WAY
        };
        let Some(known) = self.by_commit.get_mut(arrived.commit.as_str()) else {
            return false;
        };
        let fitting = known.iter().enumerate().filter(|(_, entry)| fits(entry));
        let Some((index, _)) = fitting.max_by_key(|(_, entry)| entry.at) else {
            return false;
        };
        known.remove(index);
        true
    }
}

fn around(arrived: &Arrived) -> Entry {
    let subject = Subject {
        environment: Some(arrived.environment.clone()),
        remote: arrived.remote.clone(),
        destination: arrived.destination.clone(),
        commit: Some(arrived.commit.clone()),
        replaces: None,
        by: arrived.by.clone(),
        reason: None,
    };
    let mut entry = Entry::push(&subject, Decision::Go, arrived.at, 0);
    AROUND.clone_into(&mut entry.verdict);
    entry
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    const ANA: &str = "Ana <ana@shop.example>";

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
    }

    fn id(digit: char) -> Oid {
        Oid::parse(digit.to_string().repeat(40).as_bytes()).unwrap()
    }

    fn push(digit: char, minute: i64, decision: Decision) -> Entry {
        let subject = Subject {
            environment: Some("production".to_owned()),
            remote: "production".to_owned(),
            destination: "shop".to_owned(),
            commit: Some(id(digit)),
            replaces: None,
            by: ANA.to_owned(),
            reason: None,
        };
        Entry::push(&subject, decision, at(minute), 0)
    }

    fn arrived(digit: char, minute: i64) -> Arrived {
        Arrived {
            at: at(minute),
            commit: id(digit),
            by: ANA.to_owned(),
            environment: "production".to_owned(),
            remote: "production".to_owned(),
            tracking: "refs/remotes/production/master".to_owned(),
            destination: "shop".to_owned(),
        }
    }

    fn record(digit: char, minute: i64, event: Event) -> Record {
        Record {
            at: at(minute),
            by: ANA.to_owned(),
            environment: "production".to_owned(),
            commit: id(digit),
            event,
            signed: None,
        }
    }

    /// The minutes of the pushes that went around the gate.
    fn around(entries: Vec<Entry>, arrivals: &[Arrived]) -> Vec<i64> {
        let all = history(entries, &[], arrivals, Some(at(0)));
        let around = all.iter().filter(|one| one.entry.verdict == AROUND);
        around
            .map(|one| (one.entry.at.as_second() - 1_800_000_000) / 60)
            .collect()
    }

    #[test]
    fn a_push_that_was_let_go_did_not_go_around() {
        let go = |decision| vec![push('a', 10, decision)];
        for decision in [Decision::Go, Decision::Overridden] {
            assert!(around(go(decision), &[arrived('a', 10)]).is_empty());
            // The platform builds before it says yes.
            assert!(around(go(decision), &[arrived('a', 40)]).is_empty());
        }
        for decision in [Decision::Refused, Decision::Undecided] {
            assert_eq!(around(go(decision), &[arrived('a', 11)]), [11]);
        }
    }

    #[test]
    fn another_commit_place_or_day_is_no_excuse() {
        let go = || vec![push('a', 10, Decision::Go)];
        assert_eq!(around(go(), &[arrived('b', 10)]), [10]);
        assert_eq!(around(go(), &[arrived('a', 100)]), [100]);
        assert_eq!(around(go(), &[arrived('a', 9)]), [9]);
        let elsewhere = Arrived {
            environment: "staging".to_owned(),
            remote: "staging".to_owned(),
            ..arrived('a', 10)
        };
        assert_eq!(around(go(), &[elsewhere]), [10]);
        // Asking whether it would go is not the same as asking whether it may.
        let check = vec![push('a', 10, Decision::Go).of("check")];
        assert_eq!(around(check, &[arrived('a', 10)]), [10]);
    }

    #[test]
    fn one_word_lets_one_push_go() {
        let entries = vec![push('a', 10, Decision::Go), push('b', 20, Decision::Go)];
        let arrivals = [arrived('a', 10), arrived('b', 20), arrived('a', 30)];
        assert_eq!(around(entries, &arrivals), [30]);
        // But two branches or remotes of one environment get the same.
        let second = Arrived {
            tracking: "refs/remotes/production/main".to_owned(),
            ..arrived('a', 10)
        };
        let entries = vec![push('a', 10, Decision::Go)];
        assert!(around(entries, &[arrived('a', 10), second]).is_empty());
    }

    #[test]
    fn before_there_was_a_gate_nobody_went_around_it() {
        let all = |gate| history(Vec::new(), &[], &[arrived('a', 10)], gate).len();
        assert_eq!(all(None), 0);
        assert_eq!(all(Some(at(11))), 0);
        assert_eq!(all(Some(at(10))), 1);
    }

    #[test]
    fn what_the_notes_know_comes_in_its_place_and_once() {
        let go = Event::Push {
            replaces: None,
            rollback: true,
        };
        let words = Some("on a phone".to_owned());
        let records = [
            record('a', 10, go.clone()),
            record('b', 20, go),
            record('a', 15, Event::Signoff { words }),
            record('a', 16, Event::Live),
        ];
        let entries = vec![
            push('a', 10, Decision::Go),
            push('c', 30, Decision::Refused),
        ];
        let all = history(entries, &records, &[arrived('b', 20)], Some(at(0)));
        let told: Vec<_> = (all.iter())
            .map(|one| {
                (
                    one.source,
                    one.entry.event.as_str(),
                    one.entry.verdict.as_str(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (Source::Ledger, "push", "go"),
                (Source::Notes, "signoff", "go"),
                (Source::Notes, "push", "go"),
                (Source::Ledger, "push", "refused"),
            ]
        );
        assert_eq!(all[1].entry.reason.as_deref(), Some("on a phone"));
        assert!(all[2].entry.rollback);
    }
}
