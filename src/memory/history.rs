//! What happened, in the order of time: this clone's ledger, the team's notes, and the pushes of
//! git's reflogs that neither knows.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::{
    decision::Decision,
    ledger::{Entry, Subject},
    record::{Event, Record, who},
};
use crate::push::Oid;

/// The word for a push that no gate is known to have judged.
pub const UNJUDGED: &str = "unjudged";

/// A push takes no longer to arrive, a platform's build and the network included.
pub(crate) const ON_ITS_WAY: SignedDuration = SignedDuration::from_hours(1);
/// Reflogs count whole seconds.
pub(crate) const SLACK: SignedDuration = SignedDuration::from_secs(2);
/// What the ledger and a note say of the same thing is no further apart.
pub(crate) const TWINS: SignedDuration = SignedDuration::from_secs(10);

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
    let mut unjudged = Vec::new();
    let mut place = None;
    let mut known = Known::default();
    for arrived in arrivals {
        if place.replace(&arrived.tracking) != Some(&arrived.tracking) {
            known = Known::new(entries.iter().chain(&new));
        }
        if !known.take(arrived) && gate.is_some_and(|gate| arrived.at >= gate) {
            unjudged.push(self::unjudged(arrived));
        }
    }
    let of = |source, entries: Vec<Entry>| {
        (entries.into_iter()).map(move |entry| Happened { source, entry })
    };
    let mut all: Vec<_> = of(Source::Ledger, entries)
        .chain(of(Source::Notes, new))
        .chain(of(Source::Reflog, unjudged))
        .collect();
    all.sort_by_key(|one| one.entry.at);
    all
}

/// What a note says, as the ledger would; what only vouches for a commit is not worth a line.
pub(crate) fn told(record: &Record) -> Option<Entry> {
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
pub(crate) struct Known<'e> {
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
        // Where the program was missing, the hook knew no commit.
        [arrived.commit.as_str(), ""].iter().any(|commit| {
            let Some(known) = self.by_commit.get_mut(*commit) else {
                return false;
            };
            let fitting = known.iter().enumerate().filter(|(_, entry)| fits(entry));
            let last = fitting.max_by_key(|(_, entry)| entry.at);
            let Some(index) = last.map(|(index, _)| index) else {
                return false;
            };
            known.remove(index);
            true
        })
    }
}

pub(crate) fn unjudged(arrived: &Arrived) -> Entry {
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
    UNJUDGED.clone_into(&mut entry.verdict);
    entry
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests;
