//! Finds out whether the pushes that were let go have arrived, and records those that did.
//!
//! git moves the remote-tracking ref after the server has taken the push, and writes "update by push" into
//! its reflog (git-push(1)): that is the proof. A git that was killed writes nothing, so where there is no
//! such line the remote is asked.

use std::{collections::BTreeSet, fs, io, path::PathBuf, time::Duration};

use jiff::{SignedDuration, Timestamp};

use super::{
    answers::SystemClock,
    sharing::write,
    sightings::{found, replaced_unseen},
};
use crate::{
    file,
    gates::{Clock, Memory, Stop, remote_tips::at_once},
    git::{self, Repository, SECOND, network},
    memory::{
        open_push::{OpenPush, State, Tracking},
        record::Record,
    },
    process::detached,
    push::Oid,
};

/// How long a push is looked for: reflogs are kept for longer (gc.reflogExpireUnreachable, git-gc(1)).
pub(super) const OLDEST: SignedDuration = SignedDuration::from_hours(24 * 28);

/// Whether remotes are asked where git's own files do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Nobody,
    /// All at once, each for so long at most.
    Remotes(Duration),
    /// The same, of pushes that were decided since then and have just ended; `refused`: the git that this process
    /// ran said that its push failed, and was not cut off.
    JustEnded {
        since: Timestamp,
        refused: bool,
    },
    /// Nobody: what this process ran to deploy has ended, well or not.
    Ended {
        well: bool,
    },
}

/// What became of an open push.
#[derive(Clone, Copy)]
enum Outcome {
    Arrived(Timestamp),
    /// The commit is live now; nothing tells since when.
    Found,
    Missing,
    /// It can never be told.
    Unknown,
    /// It may be told later.
    Open,
}

/// An open push whose git has ended, or may have.
struct Ended {
    path: PathBuf,
    push: OpenPush,
    /// A client that pushes without `git push` lives on: git's reflog alone tells of its push.
    is_running: bool,
    /// When, where git itself says so.
    arrived: Option<Timestamp>,
}

/// Settles the open pushes whose git has ended, or that git's reflog proves to have arrived.
pub(crate) fn settle(repository: &Repository, ask: Ask) -> Result<(), Stop> {
    if open(repository).is_empty() {
        return Ok(());
    }
    // One process settles at a time, so that an arrival is recorded once.
    let path = repository.state_dir().join("settle.lock");
    let wait = match ask {
        // The follow-up of the push before may be recording what this one is judged by.
        Ask::Nobody => Duration::from_millis(500),
        Ask::Remotes(limit) => limit,
        Ask::JustEnded { .. } => network::LIMIT,
        // Nothing tells it later.
        Ask::Ended { .. } => network::LIMIT * 3,
    };
    let Some(_lock) = file::lock(&path, wait).map_err(failed)? else {
        return match ask {
            Ask::Ended { .. } => Err(failed(io::ErrorKind::WouldBlock.into())),
            _ => Ok(()),
        };
    };
    let mut all = open(repository);
    prove(&mut all, repository)?;
    all.retain(|one| !one.is_running || one.arrived.is_some());
    let now = SystemClock.now();
    let mut rest = Vec::new();
    for one in all {
        let outcome = match (one.arrived, ask) {
            (Some(at), _) => Outcome::Arrived(at),
            // What was left open before is another push of this process, which has not arrived by this end.
            (None, Ask::Ended { well }) if is_of_this_process(&one.push) && !one.push.read_out => {
                if well {
                    Outcome::Arrived(now)
                } else {
                    Outcome::Missing
                }
            }
            // Of a command, its end alone tells whether it did.
            (None, _)
                if one.push.record.is_by_command()
                    || now.duration_since(one.push.record.at) > OLDEST =>
            {
                Outcome::Unknown
            }
            (None, _) => {
                rest.push(one);
                continue;
            }
        };
        one.close(repository, outcome)?;
    }
    if matches!(ask, Ask::Nobody | Ask::Ended { .. }) {
        let mut rest = rest.into_iter();
        return rest.try_for_each(|one| one.close(repository, Outcome::Open));
    }
    let ask_remote =
        |one: &Ended| repository.remote_tip(one.push.url.as_str().into(), &one.push.target, wait);
    let (tips, ()) = at_once(&rest, ask_remote, || ());
    // A colleague may have brought the same commit.
    let mut answered = rest.iter().zip(&tips);
    let share = answered.find_map(|(one, tip)| {
        let tip = tip.as_ref().ok()?.as_ref();
        tip.filter(|tip| **tip == one.push.record.commit)
            .and(one.push.share.as_deref())
    });
    if let Some(remote) = share {
        // Without an answer, what is known here counts.
        let _ = repository.notes().fetch(remote, wait);
    }
    for (one, tip) in rest.into_iter().zip(tips) {
        let outcome = match tip {
            Ok(tip) => by_tip(&one, tip.as_ref(), repository, ask)?,
            Err(_) => Outcome::Open,
        };
        one.close(repository, outcome)?;
    }
    Ok(())
}

/// Whether the push may still arrive.
pub(super) fn is_running(push: &OpenPush) -> bool {
    [push.git, push.child]
        .into_iter()
        .flatten()
        .any(detached::is_running)
}

/// Writes down that this process has started a `git push`, whose pushes are open.
pub(crate) fn started(repository: &Repository, child: u32) {
    let child = detached::process(child.cast_signed());
    for (path, mut push) in repository.open_pushes().open() {
        if is_of_this_process(&push) {
            push.child = Some(child);
            // Without it the push has ended when this process has.
            let _ = file::write_json(&path, &push);
        }
    }
}

fn is_of_this_process(push: &OpenPush) -> bool {
    // An id comes again.
    push.git == Some(detached::this())
}

/// The open pushes of which anything can be told.
fn open(repository: &Repository) -> Vec<Ended> {
    let open = repository.open_pushes().open().into_iter();
    open.map(|(path, push)| Ended {
        path,
        is_running: is_running(&push),
        push,
        arrived: None,
    })
    .filter(|one| !one.is_running || one.push.tracking.is_some())
    .collect()
}

/// Reads in git's reflogs which pushes arrived, and when.
///
/// A move proves one push: the last of its commit that was decided before it, and whose git has ended if there is
/// one.
fn prove(all: &mut [Ended], repository: &Repository) -> Result<(), Stop> {
    let now = SystemClock.now();
    all.sort_by_key(|one| (!one.is_running, one.push.record.at));
    let tracked = |one: &Ended| Some(one.push.tracking.as_ref()?.name.clone());
    let names: BTreeSet<_> = all.iter().filter_map(tracked).collect();
    for name in names {
        let mut moves = repository.moves(&name)?;
        moves.reverse();
        for (place, moved) in moves
            .iter()
            .enumerate()
            .filter(|(_, moved)| moved.is_push())
        {
            let is_it = |one: &&mut Ended| {
                let before = one.push.tracking.as_ref();
                let before = before.filter(|before| before.name == name && before.moves <= place);
                one.arrived.is_none()
                    && !one.push.read_out
                    && one.push.record.commit == moved.commit
                    && before.is_some_and(|before| fits(before, &moves))
            };
            if let Some(one) = all.iter_mut().rev().find(is_it) {
                // GIT_COMMITTER_DATE may say anything.
                let is_possible =
                    moved.at.duration_since(one.push.record.at) > -SECOND && moved.at <= now;
                one.arrived = Some(if is_possible { moved.at } else { now });
            }
        }
    }
    Ok(())
}

/// Whether a reflog, oldest first, still has what it had before the push: git may have let the oldest go.
pub(super) fn fits(before: &Tracking, moves: &[git::Moved]) -> bool {
    match before.moves.checked_sub(1) {
        None => true,
        Some(last) => {
            (moves.get(last)).is_some_and(|moved| Some(&moved.commit) == before.tip.as_ref())
        }
    }
}

/// What the remote's answer tells, where git's own files tell nothing.
fn by_tip(
    one: &Ended,
    tip: Option<&Oid>,
    repository: &Repository,
    ask: Ask,
) -> Result<Outcome, Stop> {
    let push = &one.push;
    let record = &push.record;
    let is_brought_by_another = |commit: &Oid, since: Timestamp| {
        let brought = |other: &Record| {
            other.is_at(record.place())
                && other.commit == *commit
                && other.at >= since
                && other.deployed().is_some_and(|one| !one.seen)
        };
        Ok::<_, Stop>(repository.records(commit)?.iter().any(brought))
    };
    if tip != Some(&record.commit) {
        let is_refused =
            matches!(ask, Ask::JustEnded { refused: true, .. }) && is_of_this_process(push);
        // What it replaced may have come back since.
        let is_unmoved = tip == push.old.as_ref()
            && !tip.map_or(Ok(false), |tip| is_brought_by_another(tip, record.at))?;
        return Ok(if is_refused || is_unmoved {
            Outcome::Missing
        } else {
            Outcome::Unknown
        });
    }
    // It was not there when git asked. Reflogs count whole seconds.
    let asked = push
        .asked
        .and_then(|asked| asked.checked_sub(SECOND).ok())
        .unwrap_or(record.at);
    if is_brought_by_another(&record.commit, asked)? {
        return Ok(Outcome::Missing);
    }
    // A git that was not killed would have written into the reflog; another push may have brought it.
    let is_expected = match &push.tracking {
        Some(before) => {
            let mut moves = repository.moves(&before.name)?;
            moves.reverse();
            // git writes no line where the ref is there already.
            let is_there = before.tip.as_ref() == Some(&record.commit);
            !moves.is_empty() && !is_there && fits(before, &moves)
        }
        None => false,
    };
    let is_fresh =
        matches!(ask, Ask::JustEnded { since, .. } if push.left.unwrap_or(record.at) >= since);
    Ok(match (is_fresh, is_expected) {
        (true, false) => Outcome::Arrived(SystemClock.now()),
        (true, true) | (false, false) => Outcome::Found,
        (false, true) => Outcome::Unknown,
    })
}

impl Ended {
    /// Writes down what became of it.
    fn close(mut self, repository: &Repository, outcome: Outcome) -> Result<(), Stop> {
        let record = match outcome {
            Outcome::Open if self.push.read_out => return Ok(()),
            Outcome::Open => {
                self.push.read_out = true;
                return self.mark(State::Open);
            }
            Outcome::Missing => return self.mark(State::Missing),
            Outcome::Unknown => return self.mark(State::Unknown),
            Outcome::Arrived(at) => Record {
                at,
                ..self.push.record
            },
            Outcome::Found => found(self.push.record, SystemClock.now()),
        };
        // A push of two branches of one environment is one deployment, whichever of them arrived.
        let is_recorded = |other: &Record| {
            other.is_at(record.place())
                && (other.deployed().zip(record.deployed())).is_some_and(|(other, this)| {
                    (other.decided, other.judged) == (this.decided, this.judged)
                })
        };
        if !(repository.records(&record.commit)?.iter()).any(is_recorded) {
            let decided = record.deployed().and_then(|one| one.decided);
            let replaced = record.replaces().zip(decided).map(|(replaced, decided)| {
                // It was there before it went, which a reflog dates by the whole second.
                let at = decided.min(record.at);
                replaced_unseen(repository, record.place(), replaced, at)
            });
            let replaced = replaced.transpose()?.flatten();
            let records: Vec<_> = replaced.into_iter().chain([record]).collect();
            write(repository, &records, self.push.share.as_deref())?;
        }
        file::ignore(io::ErrorKind::NotFound, fs::remove_file(&self.path)).map_err(failed)
    }

    fn mark(mut self, state: State) -> Result<(), Stop> {
        self.push.state = state;
        let replaced = file::write_json(&self.path, &self.push);
        replaced.map_err(failed)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: io::Error) -> Stop {
    Stop::failed("write down what became of a push", &error)
        .cure("see what is wrong here", ["pushgate doctor"])
}
