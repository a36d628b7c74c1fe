//! What happened, in the order of time: the entries of this clone's ledger, the team's records, and the
//! pushes in git's reflogs that are in neither.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::{
    decision::Decision,
    ledger::Entry,
    record::{Event, Record, who},
};
use crate::push::Oid;

/// The word for a push that no gate is known to have judged.
pub const UNJUDGED: &str = "unjudged";

/// The longest time that a push takes to arrive, with a platform's build and the network.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_hours(1);
/// Reflogs count whole seconds.
const SLACK: SignedDuration = SignedDuration::from_secs(2);
/// An entry and a record of the same event are at most this far apart.
const TWINS: SignedDuration = SignedDuration::from_secs(10);

/// Where an event is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// This clone's ledger.
    Ledger,
    /// The team's notes.
    Notes,
    /// The reflog of a tracking ref.
    Reflog,
}

/// An event, as the ledger would say it.
#[derive(Clone, Debug)]
pub struct Happened {
    pub source: Source,
    pub entry: Entry,
}

/// A push that arrived on an environment, by this clone's reflog.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub at: Timestamp,
    pub commit: Oid,
    pub by: String,
    pub environment: String,
    pub remote: String,
    /// The tracking ref that moved.
    pub tracking: String,
    pub destination: String,
}

/// Merges all events. `gate` is when pushes began to be judged here; `None`: they are not.
///
/// The arrivals are sorted by tracking ref, then by time.
pub(crate) fn history(
    entries: Vec<Entry>,
    records: &[Record],
    arrivals: &[Arrived],
    gate: Option<Timestamp>,
) -> Vec<Happened> {
    let known = Known::new(entries.iter());
    let recorded = records.iter().filter_map(entry_of);
    let new: Vec<Entry> = recorded.filter(|one| !known.has(one)).collect();
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

/// What a record says, as the ledger would; `None` where it only confirms what another one says.
fn entry_of(record: &Record) -> Option<Entry> {
    match &record.event {
        Event::Push { .. } | Event::Signoff { .. } | Event::Again { .. } => Some(Entry::of(record)),
        Event::Live | Event::Replaced { .. } | Event::Removed { .. } => None,
    }
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

    /// Whether an entry says the same as a record.
    fn has(&self, recorded: &Entry) -> bool {
        let commit = recorded.commit.as_deref().unwrap_or_default();
        let is_twin = |known: &Entry| {
            known.event == recorded.event
                && known.environment == recorded.environment
                && (known.event != "push" || known.went())
                && known.at.duration_since(recorded.at).abs() <= TWINS
                && who(&known.by) == who(&recorded.by)
        };
        self.about(commit).iter().any(|known| is_twin(known))
    }

    /// Removes the entry that let this push go, for it counts for one arrival; false where there is none.
    fn take(&mut self, arrived: &Arrived) -> bool {
        let fits = |entry: &Entry| {
            let travelled = arrived.at.duration_since(entry.at);
            entry.went()
                && (entry.environment.as_deref() == Some(&arrived.environment)
                    || entry.remote == arrived.remote)
                && travelled >= -SLACK
                && travelled <= ON_ITS_WAY
        };
        // Where the program was missing, the hook did not know the commit.
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

fn unjudged(arrived: &Arrived) -> Entry {
    Entry {
        verdict: UNJUDGED.to_owned(),
        environment: Some(arrived.environment.clone()),
        remote: arrived.remote.clone(),
        destination: arrived.destination.clone(),
        commit: Some(arrived.commit.to_string()),
        ..Entry::new("push", Decision::Go, arrived.at, &*arrived.by)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests;
