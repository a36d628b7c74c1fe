//! Finds out whether the pushes that were let go have arrived, and records those that did.
//!
//! git moves the remote-tracking ref only after the server has taken the push, and writes a line into its
//! reflog (git-push(1), "update by push"): that is the proof. Where there is no such ref, or no reflog, the
//! remote is asked.

use std::{fs, path::Path, slice};

use bstr::BStr;
use jiff::{SignedDuration, Timestamp};

use super::answers::SystemClock;
use crate::{
    gates::{Clock, Undecided},
    git::{Moved, Repository},
    memory::{
        open_push::{OpenPush, Tracking},
        record::Record,
    },
    process::detached,
    push::Oid,
};

/// How old an open push may become: reflogs are kept for longer (gc.reflogExpireUnreachable, git-gc(1)).
const OLDEST: SignedDuration = SignedDuration::from_hours(24 * 28);

/// Whether remotes are asked where git's own files do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Nobody,
    Remotes,
    /// The push has just ended.
    RemotesNow,
}

/// What became of an open push.
enum Outcome {
    Arrived(Timestamp),
    Missing,
    /// It can never be told.
    Unknown,
    /// It may be told later.
    Open,
}

/// Settles the open pushes whose git has ended; returns how many are left.
pub(crate) fn settle(repository: &Repository, ask: Ask) -> Result<usize, Undecided> {
    let mut left = 0;
    for (path, push) in repository.open_pushes().all() {
        let runs = push.git.is_some_and(detached::is_running);
        let Some(record) = push.record().filter(|_| !push.unknown) else {
            continue;
        };
        let outcome = if runs {
            Outcome::Open
        } else {
            outcome(&push, &record, repository, ask)?
        };
        match outcome {
            Outcome::Open => left += 1,
            Outcome::Arrived(at) => {
                let record = Record { at, ..record };
                write(repository, &record, push.share.as_deref())?;
                remove(&path)?;
            }
            Outcome::Missing => remove(&path)?,
            Outcome::Unknown => {
                let mut unknown = push;
                unknown.unknown = true;
                repository.open_pushes().add(&unknown).map_err(failed)?;
                remove(&path)?;
            }
        }
    }
    Ok(left)
}

fn remove(path: &Path) -> Result<(), Undecided> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(error)),
        _ => Ok(()),
    }
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: std::io::Error) -> Undecided {
    Undecided::failed("write down what became of a push", &error)
}

fn outcome(
    push: &OpenPush,
    record: &Record,
    repository: &Repository,
    ask: Ask,
) -> Result<Outcome, Undecided> {
    let now = SystemClock.now();
    if now.duration_since(record.at) > OLDEST {
        return Ok(Outcome::Unknown);
    }
    let commit = &record.commit;
    // Where the ref led to the commit before, git writes nothing.
    let tracking = push.tracking.as_ref();
    if let Some(tracking) = tracking.filter(|one| one.tip.as_deref() != Some(commit.as_str())) {
        let moves = repository.newest_moves(&tracking.name)?;
        // A fetch of the commit proves it, too. Reflogs count whole seconds.
        let is_arrival = |moved: &&Moved| {
            moved.commit == *commit && moved.at.as_second() >= record.at.as_second()
        };
        if let Some(moved) = moves.iter().rev().find(is_arrival) {
            return Ok(Outcome::Arrived(moved.at));
        }
        if !moves.is_empty() {
            return Ok(Outcome::Missing);
        }
        let tip = repository.reference(&tracking.name)?;
        if tip.as_ref() == Some(commit) {
            return Ok(Outcome::Arrived(observed(record, ask, now)));
        }
        if tip.as_ref().map(Oid::as_str) == tracking.tip.as_deref() {
            return Ok(Outcome::Missing);
        }
    }
    if ask == Ask::Nobody {
        return Ok(Outcome::Open);
    }
    let Ok(tip) = repository.remote_tip(push.url.as_str().into(), &push.target) else {
        return Ok(Outcome::Open);
    };
    Ok(if tip.as_ref() == Some(commit) {
        Outcome::Arrived(observed(record, ask, now))
    } else if tip.as_ref() == record.replaces() {
        Outcome::Missing
    } else {
        Outcome::Unknown
    })
}

/// When a push arrived of which no reflog tells: now, if it has just ended; else no earlier than it was
/// decided.
fn observed(record: &Record, ask: Ask, now: Timestamp) -> Timestamp {
    match ask {
        Ask::RemotesNow => now,
        Ask::Nobody | Ask::Remotes => record.at,
    }
}

/// Writes a record into the notes, and remembers that it is to be shared.
pub(crate) fn write(
    repository: &Repository,
    record: &Record,
    share: Option<&str>,
) -> Result<(), Undecided> {
    repository.notes().add(slice::from_ref(record))?;
    if let Some(remote) = share {
        let marked = repository.mark_unshared(remote);
        marked.map_err(failed)?;
    }
    Ok(())
}

/// A push with what tells later whether it arrived.
pub(crate) fn traced(push: &OpenPush, repository: &Repository) -> Result<OpenPush, Undecided> {
    let (remote, target): (&BStr, &BStr) =
        (push.remote.as_str().into(), push.target.as_str().into());
    let mut traced = push.clone();
    traced.git = Some(detached::git_push());
    if let Some(name) = repository.tracking_ref(remote, target) {
        let tip = repository.reference(&name)?.map(|tip| tip.to_string());
        traced.tracking = Some(Tracking { name, tip });
    }
    Ok(traced)
}
