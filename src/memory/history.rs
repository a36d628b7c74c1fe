//! What happened, in the order of time: the entries of this clone's ledger, and the team's records.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use serde::Serialize;

use super::{
    ledger::Entry,
    open_push::{OpenPush, State},
    record::{Deployed, Event, Record, who},
};
use crate::push::Oid;

/// An event, as the ledger would say it.
#[derive(Clone, Debug, Serialize)]
pub struct Happened {
    #[serde(flatten)]
    pub entry: Entry,
    /// `notes` where the team's notes tell of it; `None` where this clone's ledger does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<&'static str>,
    /// What became of a push to an environment that was let go.
    #[serde(flatten)]
    pub arrival: Option<Arrival>,
}

/// Whether a push that was let go has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "arrival", rename_all = "lowercase")]
pub enum Arrival {
    Arrived {
        #[serde(rename = "arrived")]
        at: Timestamp,
    },
    /// It is not known yet: git still runs, or the remote has not answered.
    Open,
    /// It can no longer be told.
    Unknown,
    /// The server refused it, or git did not push: a dry run, say.
    Missing,
}

/// Which push of which clone a deployment is: when it was decided, where it goes, and what it brings.
type Key = (Timestamp, String, Oid);

/// Merges all events.
pub(crate) fn history(entries: Vec<Entry>, records: &[Record], open: &[OpenPush]) -> Vec<Happened> {
    let key = |record: &Record| {
        let decided = record.deployed()?.decided?;
        Some((decided, record.environment.clone(), record.commit.clone()))
    };
    let arrived: HashMap<Key, Timestamp> = (records.iter())
        .filter_map(|one| Some((key(one)?, one.at)))
        .collect();
    let mut states: HashMap<Key, State> = HashMap::new();
    for push in open {
        if let Some(key) = key(&push.record) {
            let state = states.entry(key).or_insert(push.state);
            *state = push.state.max(*state);
        }
    }
    let mut own: HashSet<Key> = HashSet::new();
    let mut words: HashSet<(Timestamp, String, String)> = HashSet::new();
    // With its place in the order of time: reflogs count whole seconds, decisions are finer.
    let mut all: Vec<(Timestamp, Happened)> = Vec::with_capacity(entries.len());
    for entry in entries {
        let push = pushed(&entry);
        if push.is_none() {
            words.insert((entry.at, entry.event.clone(), who(&entry.by)));
        }
        let arrival = push.map(|key| {
            let arrival = match (arrived.get(&key), states.get(&key)) {
                (Some(at), _) => Arrival::Arrived { at: *at },
                (None, Some(State::Unknown)) => Arrival::Unknown,
                (None, Some(State::Open)) => Arrival::Open,
                (None, Some(State::Missing) | None) => Arrival::Missing,
            };
            own.insert(key);
            arrival
        });
        let at = entry.at;
        let happened = Happened {
            from: None,
            entry,
            arrival,
        };
        all.push((at, happened));
    }
    let found_again = found_again(records);
    let new = records
        .iter()
        .enumerate()
        .filter(|(index, record)| match record.event {
            Event::Deployed(_) => {
                !key(record).is_some_and(|key| own.contains(&key))
                    && !found_again.contains(index)
                    && !record.place().is_repeat(record, records)
            }
            Event::Signoff | Event::Unlock | Event::Again { .. } => {
                // One word of a person may lift several rollbacks.
                words.insert((record.at, record.name().to_owned(), who(&record.by)))
            }
        });
    all.extend(new.map(|(_, record)| {
        let decided = record.deployed().and_then(|one| one.decided);
        let happened = Happened {
            from: Some("notes"),
            entry: Entry::of(record),
            arrival: None,
        };
        (decided.unwrap_or(record.at), happened)
    }));
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, happened)| happened).collect()
}

/// The push to an environment that an entry let go.
fn pushed(entry: &Entry) -> Option<Key> {
    let environment = entry.environment.clone().filter(|name| name != "trunk")?;
    let commit = entry.commit.clone().filter(|_| entry.went())?;
    Some((entry.at, environment, commit))
}

/// The deployments that were only found, where another record tells of the same push, or of an arrival of the same
/// commit next to it in time.
fn found_again(records: &[Record]) -> HashSet<usize> {
    let mut deployed: Vec<(usize, &Record, &Deployed)> = (records.iter().enumerate())
        .filter_map(|(index, record)| Some((index, record, record.deployed()?)))
        .collect();
    deployed.sort_by_key(|(_, record, one)| {
        // A push arrives soon after its decision, however late it is found. Reflogs count whole seconds: what came
        // across replaced in a second was there before what came in it.
        let came = one.decided.filter(|_| one.seen).unwrap_or(record.at);
        (&record.environment, came, !record.is_sighting())
    });
    let mut dropped = HashSet::new();
    for (position, (index, record, one)) in deployed.iter().enumerate() {
        // An environment may have several apps.
        let is_same = |other: &Record| other.commit == record.commit && other.is_at(record.place());
        let is_told = match one.decided {
            _ if !one.seen => false,
            // A push is another event than who comes across its commit.
            Some(_) => deployed.iter().any(|(other_index, other, it)| {
                let counts = !it.seen || other_index < index;
                it.decided == one.decided && counts && is_same(other)
            }),
            None => {
                let is_there = |other: &Record| other.is_at(record.place());
                let mut before = deployed[..position].iter().rev();
                let before = before.find(|(_, other, _)| is_there(other));
                let mut after = deployed[position + 1..].iter();
                let after = after.find(|(_, other, _)| {
                    is_there(other) && !(other.is_sighting() && is_same(other))
                });
                let mut known = before.iter().chain(&after);
                known.any(|(_, other, _)| is_same(other))
            }
        };
        if is_told {
            dropped.insert(*index);
        }
    }
    dropped
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests;
