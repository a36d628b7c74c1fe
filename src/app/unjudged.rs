//! What became live without the gate: pushes that git's own reflogs know, and commits that are found live
//! and that nobody has recorded.

use std::{fs, path::PathBuf};

use bstr::BStr;
use jiff::{SignedDuration, Timestamp};

use super::{
    answers::SystemClock,
    settle::{self, fits},
    sharing::write,
};
use crate::{
    file,
    gates::{Clock, LocalRepository, Memory, Stop},
    git::{Moved, Repository},
    hooks::{directory::HooksDirectory, gate::is_gated},
    memory::{
        deployments::{current, live_after},
        open_push::{State, Tracking},
        record::{Deployed, Event, Judged, Place, Record},
    },
    policy::Policy,
    push::Oid,
};

/// How soon after the hook git has ended that has nothing to send.
const MOMENT: SignedDuration = SignedDuration::from_secs(5);

/// So many of those pushes are kept: until the next command looks at the reflogs.
const MOST_IDLE: usize = 200;

/// How long a platform may go on building after git has ended; Heroku gives up after a quarter of an hour
/// (devcenter.heroku.com/articles/slug-compiler).
const LONGEST_BUILD: SignedDuration = SignedDuration::from_mins(30);

/// Records the pushes from this clone to the environments of a policy that no gate has judged.
pub(super) fn record_all(repository: &Repository, policy: &Policy) -> Result<(), Stop> {
    let Some(since) = gate_since(repository) else {
        return Ok(());
    };
    let share = policy.shares().then_some(policy.trunk.remote.as_str());
    // Without these files, whole reflogs are searched, and every move in them counts.
    let before: Vec<Tracking> = file::read_json(&repository.looked_at_path()).unwrap_or_default();
    let idle = repository.idle_pushes();
    let (mut reflogs, mut looked_at) = (Vec::new(), Vec::new());
    for environment in &policy.environments {
        let of = repository.remotes_of(environment);
        for remote in &of.remotes {
            for name in repository.tracking_refs(&of, remote) {
                let mut moves = repository.moves(&name)?;
                moves.reverse();
                looked_at.push(Tracking {
                    tip: moves.last().map(|moved| moved.commit.to_string()),
                    moves: moves.len(),
                    name,
                });
                reflogs.push((of.clone(), remote.clone(), moves));
            }
        }
    }
    // After the reflogs and before the records: a push is open until its record is written.
    let open = repository.open_pushes().open().into_iter();
    let open: Vec<_> = open.map(|(_, push)| push.record.commit).collect();
    let mut found = Vec::new();
    for ((of, remote, moves), now) in reflogs.iter().zip(&looked_at) {
        let is_it = |one: &&Tracking| one.name == now.name && fits(one, moves);
        let known = before.iter().find(is_it).map_or(0, |one| one.moves);
        let mut records = unrecorded(repository, of.place_of(remote), moves, known)?;
        let was_sent = |at: Timestamp| {
            let mut idle = idle.iter().filter(|(name, _)| *name == remote.name);
            !idle.any(|(_, asked)| at.duration_since(*asked).abs() <= MOMENT)
        };
        records.retain(|one| one.at >= since && was_sent(one.at) && !open.contains(&one.commit));
        found.extend(records);
    }
    write(repository, &found, share)?;
    // A push that is open now may turn out not to be judged.
    if open.is_empty() && looked_at != before {
        // Without it there is more to search.
        let _ = file::write_json(&repository.looked_at_path(), &looked_at);
    }
    Ok(())
}

/// The pushes in the reflog of a tracking ref, oldest first, that nothing else tells of; `known`: so many
/// moves were looked at before.
fn unrecorded(
    repository: &Repository,
    place: Place<'_>,
    moves: &[Moved],
    known: usize,
) -> Result<Vec<Record>, Stop> {
    let mut found = Vec::new();
    for (index, moved) in moves.iter().enumerate().skip(known) {
        // A judged push has another time only where GIT_COMMITTER_DATE gave git a wrong one.
        let is_redated = |record: &Record, deployed: &Deployed| {
            deployed.decided.is_some()
                && record.is_by(&moved.by)
                && !moves.iter().any(|other| other.at == record.at)
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
        let event = Event::Deployed(Deployed {
            replaces: older.map(live).transpose()?,
            ..Deployed::new(Judged::Unjudged)
        });
        let record = Record::new(moved.at, &*moved.by, place, &moved.commit, event);
        let known = [records, found.clone()].concat();
        if !place.is_repeat(&record, &known) {
            found.push(record);
        }
    }
    Ok(found)
}

impl Repository {
    fn looked_at_path(&self) -> PathBuf {
        self.state_dir().join("reflogs.json")
    }

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
    place: Place<'_>,
    commit: &Oid,
) -> Result<Option<Record>, Stop> {
    let open = repository.open_pushes().open().into_iter();
    let is_it = |record: &Record| record.is_at(place) && record.commit == *commit;
    if open.map(|(_, push)| push.record).any(|one| is_it(&one)) {
        return Ok(None);
    }
    let is_judged = |record: &Record| {
        record.is_at(place)
            && (record.deployed()).is_some_and(|deployed| deployed.judged != Judged::Before)
    };
    if let Some(record) = arrived_late(repository, place, commit)? {
        return Ok(Some(record));
    }
    // Where nothing was recorded yet, the commit was there before the gate, unless it is younger.
    let is_before = !repository.notes().any(is_judged)?
        && !is_younger(repository, commit, gate_since(repository));
    let judged = if is_before {
        Judged::Before
    } else {
        Judged::Unjudged
    };
    // So that the note of the commit that was there before tells that it went.
    let before = repository.remembered(place)?.map(|record| record.commit);
    let event = Event::Deployed(Deployed {
        replaces: before.filter(|before| before != commit),
        seen: true,
        ..Deployed::new(judged)
    });
    let (at, by) = (SystemClock.now(), repository.identity());
    Ok(Some(Record::new(at, by, place, commit, event)))
}

/// The record of a push from here that was given up, and whose commit is live all the same: git may have ended
/// before the platform did. Later, somebody else may have pushed it, around the gate.
pub(crate) fn arrived_late(
    repository: &Repository,
    place: Place<'_>,
    commit: &Oid,
) -> Result<Option<Record>, Stop> {
    let all = repository.open_pushes().all().into_iter();
    let given_up = all.filter(|(_, push)| push.state != State::Open);
    let records = given_up.map(|(_, push)| push.record);
    let last = records
        .filter(|record| record.is_at(place) && record.commit == *commit)
        .max_by_key(|record| record.at);
    let now = SystemClock.now();
    let Some(record) = last.filter(|last| now.duration_since(last.at) <= LONGEST_BUILD) else {
        return Ok(None);
    };
    let known = repository.records(commit)?;
    let is_known = current(&known, place, commit, now).is_some();
    Ok((!is_known).then(|| settle::found(record)))
}

fn is_younger(repository: &Repository, commit: &Oid, gate: Option<Timestamp>) -> bool {
    let made = repository.committed_at(commit).ok().flatten();
    made.zip(gate).is_some_and(|(made, gate)| made > gate)
}

/// When the gate came to this clone: since then pushes are judged; `None`: never.
fn gate_since(repository: &Repository) -> Option<Timestamp> {
    let hook = HooksDirectory::of(repository).ok();
    // The file of a hook for all repositories is as old as its package.
    let hook = hook.filter(|hooks| hooks.hook.starts_with(repository.common_dir()));
    let written = hook.and_then(|hooks| fs::metadata(hooks.hook).ok()?.modified().ok());
    let written = written.filter(|_| is_gated(repository) == Some(true));
    // A hook may have been written anew; not every file system knows when a directory was made.
    let state = fs::metadata(repository.state_dir()).ok();
    let made = state.and_then(|directory| directory.created().ok());
    let since = written.into_iter().chain(made).min()?;
    let first = repository.ledger().first().ok().flatten();
    Timestamp::try_from(since)
        .ok()
        .into_iter()
        .chain(first)
        .min()
}
