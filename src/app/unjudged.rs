//! What became live without the gate: pushes that git's own reflogs know, and commits that are found live
//! and that nobody has recorded.

use std::path::PathBuf;

use bstr::BStr;
use jiff::{SignedDuration, Timestamp};

use super::{
    answers::SystemClock,
    judged_since::{gate_since, is_younger, named_since},
    settle::fits,
    sharing::write,
    sightings::{found, found_at, unseen},
    tracked::{LookedAt, departure},
};
use crate::{
    file,
    gates::{Clock, EnvironmentRemotes, Memory, Stop},
    git::{Moved, Repository, SECOND, notes::LIMIT},
    memory::{
        decision::Decision,
        deployments::{current, live_after, newest},
        ledger::Entry,
        open_push::State,
        record::{ALL_GATES, Deployed, Event, Judged, Place, Record},
    },
    policy::Policy,
    push::{Oid, destination::is_one_place},
};

/// How soon after the hook git has ended that has nothing to send.
const MOMENT: SignedDuration = SignedDuration::from_secs(5);

/// So many of those pushes are kept: until the next command looks at the reflogs.
const MOST_IDLE: usize = 200;

/// So many entries of the ledger are looked at, the newest.
const MOST_ENTRIES: usize = 200;

/// How long a platform may go on building after git has ended; Heroku gives up after a quarter of an hour
/// (devcenter.heroku.com/articles/slug-compiler).
const LONGEST_BUILD: SignedDuration = SignedDuration::from_mins(30);

/// Records the pushes from this clone to the environments of a policy that no gate has judged.
pub(super) fn record_all(repository: &Repository, policy: &Policy) -> Result<(), Stop> {
    let Some(since) = gate_since(repository) else {
        return Ok(());
    };
    let share = policy.shares().then_some(policy.trunk.remote.as_str());
    let mut searched = search(repository, policy, since)?;
    if !searched.found.is_empty()
        && let Some(remote) = share
        // Such a push may have replaced what a colleague had deployed.
        && repository.notes().fetch(remote, LIMIT).is_ok()
    {
        searched = search(repository, policy, since)?;
    }
    write(repository, &searched.found, share)?;
    if let Some(looked_at) = searched.looked_at {
        // Without it there is more to search.
        let _ = file::write_json(&repository.looked_at_path(), &looked_at);
    }
    Ok(())
}

/// What a search of the reflogs has found.
struct Search {
    found: Vec<Record>,
    /// How far they were searched, where that is new and need not be searched again.
    looked_at: Option<Vec<LookedAt>>,
}

fn search(repository: &Repository, policy: &Policy, since: Timestamp) -> Result<Search, Stop> {
    // Without this, every move in the reflogs counts.
    let idle = repository.idle_pushes();
    let before = repository.looked_at();
    let (mut reflogs, mut looked_at) = (Vec::new(), Vec::new());
    for environment in &policy.environments {
        let of = repository.remotes_of(environment);
        for remote in of.remotes.iter().chain(&repository.unnamed_remotes(&of)) {
            for (now, moves) in repository.tracked(&of, remote)? {
                looked_at.push(now);
                reflogs.push((of.clone(), remote.clone(), moves));
            }
        }
    }
    // After the reflogs and before the records: a push is open until its record is written.
    let open = repository.open_pushes().open().into_iter();
    let open: Vec<_> = open.map(|(_, push)| push.record).collect();
    let mut found: Vec<Record> = Vec::new();
    for ((of, remote, moves), now) in reflogs.iter().zip(&looked_at) {
        let name = &now.tracking.name;
        let is_it = |one: &&LookedAt| {
            let last = one.tracking.moves.checked_sub(1);
            let last = last.and_then(|last| moves.get(last));
            one.tracking.name == *name
                && fits(&one.tracking, moves)
                && last.map(|moved| moved.at) == one.last
        };
        let known = before
            .iter()
            .find(is_it)
            .map_or(0, |one| one.tracking.moves);
        let was_sent = |at: Timestamp| {
            let mut idle = idle.iter().filter(|(name, _)| *name == remote.name);
            !idle.any(|(_, asked)| at.duration_since(*asked).abs() <= MOMENT)
        };
        let is_open = |one: &Record| {
            let mut open = open.iter().filter(|open| open.is_at(one.place()));
            open.any(|open| open.commit == one.commit)
        };
        let counts = |one: &Record| one.at >= since && was_sent(one.at) && !is_open(one);
        let mut records = unrecorded(repository, of.place_of(remote), moves, known, counts)?;
        if !records.is_empty() {
            let named = named_since(repository, of.place_of(remote))?;
            records.retain(|one| named.is_none_or(|named| one.at >= named));
        }
        found.extend(records);
    }
    // A push of two branches of one environment is one deployment; one of them may be new.
    let which = |one: &Record| {
        let place = (one.environment.clone(), one.destinations.clone());
        (place, one.at, one.commit.to_string(), one.is_sighting())
    };
    found.sort_by_key(|one| (which(one), one.replaces().is_none()));
    found.dedup_by(|one, kept| which(one) == which(kept) && one.is_at(kept.place()));
    // Another policy may name more environments.
    let mut others = before.clone();
    others.retain(|one| {
        let name = &one.tracking.name;
        let is_named = looked_at.iter().any(|now| now.tracking.name == *name);
        !is_named && !matches!(repository.reference(name), Ok(None))
    });
    looked_at.extend(others);
    // A push that is open now may turn out not to be judged.
    let is_new = open.is_empty() && looked_at != before;
    Ok(Search {
        found,
        looked_at: is_new.then_some(looked_at),
    })
}

/// The pushes in the reflog of a tracking ref, oldest first, that nothing else tells of; `known`: so many
/// moves were looked at before; `counts`: which of them count.
fn unrecorded(
    repository: &Repository,
    place: Place<'_>,
    moves: &[Moved],
    known: usize,
    counts: impl Fn(&Record) -> bool,
) -> Result<Vec<Record>, Stop> {
    let mut found = Vec::new();
    let now = SystemClock.now();
    let entries = repository.ledger().read_last(MOST_ENTRIES)?.entries;
    for (index, moved) in moves.iter().enumerate().skip(known) {
        // GIT_COMMITTER_DATE gave git a time that cannot be that of the judged push, which has its own then.
        let is_redated = |record: &Record, deployed: &Deployed| {
            deployed.decided.is_some_and(|decided| {
                (moved.at.duration_since(decided) <= -SECOND || moved.at > now)
                    && !moves.iter().any(|other| other.at == record.at)
                    && entries.iter().any(|entry| entry.at == decided)
            })
        };
        let is_same = |record: &Record| {
            record.is_at(place)
                && record.commit == moved.commit
                && record.deployed().is_some_and(|deployed| {
                    !deployed.seen && (record.at == moved.at || is_redated(record, deployed))
                })
        };
        if !moved.is_push() {
            continue;
        }
        let records = repository.records(&moved.commit)?;
        if records.iter().any(is_same) {
            continue;
        }
        let older = index.checked_sub(1).and_then(|older| moves.get(older));
        // Others may have deployed since this clone heard of the place.
        let live = |older: &Moved| {
            live_after((&older.commit, older.at), place, moved.at, |commit| {
                repository.records(commit)
            })
        };
        let replaces = match older {
            Some(older) => Some(live(older)?),
            // git forgets the reflog of a branch that is deleted.
            None => {
                let begin = moves
                    .iter()
                    .map(|one| one.at)
                    .fold(moved.at, Timestamp::min);
                let mut all = repository.notes().all()?;
                all.retain(|one| begin.duration_since(one.at) >= SECOND);
                newest(&all, place).map(|one| one.commit.clone())
            }
        };
        // That another commit was there meanwhile tells a push from one that finds all up to date.
        let departed = departure(&moves[..index], place, &moved.commit);
        let decided = let_go(repository, place, &moved.commit, moved.at)?;
        let told = decided.as_ref().and_then(Record::deployed).cloned();
        let event = Event::Deployed(Deployed {
            replaces,
            ..told.unwrap_or_else(|| Deployed::new(Judged::Unjudged))
        });
        let record = Record::new(moved.at, &*moved.by, place, &moved.commit, event);
        let known = [&records, &found, departed.as_slice()].concat();
        if counts(&record) && !place.is_repeat(&record, &known) {
            found.extend(departed.map_or(Ok(None), |one| unseen(repository, one))?);
            found.push(record);
        }
    }
    Ok(found)
}

impl Repository {
    fn idle_path(&self) -> PathBuf {
        self.state_dir().join("up-to-date.json")
    }

    /// The last pushes that had nothing to send: to which remote, and when.
    fn idle_pushes(&self) -> Vec<(String, Timestamp)> {
        file::read_json(&self.idle_path()).unwrap_or_default()
    }
}

/// Remembers that a push had nothing to send: git moves the tracking ref all the same, and writes that it was
/// pushed, though somebody else has pushed it.
pub(crate) fn had_nothing_to_send(remote: &BStr, repository: &Repository) {
    // A push by URL moves no tracking ref.
    if !repository.remotes().has(remote) {
        return;
    }
    let mut idle = repository.idle_pushes();
    idle.drain(..(idle.len() + 1).saturating_sub(MOST_IDLE));
    idle.push((remote.to_string(), SystemClock.now()));
    let _ = file::write_json(&repository.idle_path(), &idle);
}

/// The record of a commit that is live on an environment though nobody has recorded it; `None` while a push
/// of it is under way.
pub(crate) fn sighting(
    repository: &Repository,
    environment: &EnvironmentRemotes,
    place: Place<'_>,
    commit: &Oid,
) -> Result<Option<Record>, Stop> {
    let open = repository.open_pushes().open().into_iter();
    let is_it = |record: &Record| record.is_at(place) && record.commit == *commit;
    if open.map(|(_, push)| push.record).any(|one| is_it(&one)) {
        return Ok(None);
    }
    let is_here = |record: &Record| record.is_at(place) && record.deployed().is_some();
    if let Some(record) = arrived_late(repository, place, commit)? {
        return Ok(Some(record));
    }
    // Where nothing was recorded yet, the commit was there before the gate, unless it is younger.
    let since = gate_since(repository).max(named_since(repository, place)?);
    let records = repository.notes().all()?;
    let is_before = !records.iter().any(is_here) && !is_younger(repository, commit, since);
    let judged = if is_before {
        Judged::Before
    } else {
        Judged::Unjudged
    };
    // A fetch may have found it before, unless it has left since as far as is recorded.
    let now = SystemClock.now();
    let fetched = repository.tracked_since(environment, commit)?;
    let fetched = fetched.filter(|at| {
        let leaves = |one: &Record| one.replaces() == Some(commit) || one.at >= *at;
        let mut here = records.iter().filter(|one| is_here(one));
        *at <= now && !here.any(leaves)
    });
    Ok(Some(found_at(
        fetched.unwrap_or(now),
        repository,
        records,
        place,
        commit,
        judged,
    )))
}

/// The record of a push from here that was given up, and whose commit is live all the same: git may have ended
/// before the platform did. Later, somebody else may have pushed it, around the gate.
pub(crate) fn arrived_late(
    repository: &Repository,
    place: Place<'_>,
    commit: &Oid,
) -> Result<Option<Record>, Stop> {
    let now = SystemClock.now();
    let known = repository.records(commit)?;
    let known = current(&known, place, commit, now);
    // Who came across it does not know who pushed it.
    if known.is_some_and(|known| !known.is_sighting()) {
        return Ok(None);
    }
    let since = known.map_or(now, |sighting| sighting.at);
    let all = repository.open_pushes().all().into_iter();
    let is_it = |record: &Record| record.is_at(place) && record.commit == *commit;
    let pushes = all.map(|(_, push)| push).filter(|one| is_it(&one.record));
    let last = pushes.max_by_key(|push| push.record.at);
    let last = match last {
        Some(push) => (push.state != State::Open).then_some(push.record),
        None => let_go(repository, place, commit, since)?,
    };
    let is_near = |record: &Record| {
        let took = since.duration_since(record.at);
        !took.is_negative() && took <= LONGEST_BUILD
    };
    Ok(last.filter(is_near).map(|record| found(record, since)))
}

/// The record of a push that went while the gate was off, and of which nothing told then where it goes: the
/// policy of its commit could not be read.
fn let_go(
    repository: &Repository,
    place: Place<'_>,
    commit: &Oid,
    before: Timestamp,
) -> Result<Option<Record>, Stop> {
    let entries = repository.ledger().read_last(MOST_ENTRIES)?.entries;
    let is_it = |entry: &&Entry| {
        let mut there = place.destinations.iter();
        entry.environment.is_none()
            && entry.went()
            && entry.verdict == Decision::Overridden.name()
            && entry.commit.as_ref() == Some(commit)
            && there.any(|one| is_one_place(one, &entry.destination))
            // Reflogs count whole seconds.
            && entry.at.duration_since(before) < SECOND
            && before.duration_since(entry.at) <= LONGEST_BUILD
    };
    let record = |entry: &Entry| {
        let event = Event::Deployed(Deployed {
            gates: vec![ALL_GATES.to_owned()],
            reason: entry.reason.clone(),
            decided: Some(entry.at),
            ..Deployed::new(Judged::Overridden)
        });
        Record::new(entry.at, &*entry.by, place, commit, event)
    };
    Ok(entries.iter().rev().find(is_it).map(record))
}
