//! The process that looks, after `git push` has ended, whether the push arrived, and shares what the team
//! is to know. The hook starts it and does not wait for it.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io, thread,
    time::{Duration, Instant},
};

use super::{
    answers::SystemClock,
    settle::{Ask, OLDEST, is_running, settle},
    sharing::{Unshared, start_follow_up},
    unjudged,
};
use crate::{
    file,
    gates::{Clock, Stop},
    git::{Repository, notes::LIMIT},
    memory::open_push::State,
    policy::Policy,
};

/// How long it lives; later commands do what is left.
const LONGEST: Duration = Duration::from_mins(30);
/// How often it looks whether git has ended.
const TICK: Duration = Duration::from_millis(50);

/// Settles all that is open, with so long for the answers of remotes, records what git alone knows, and
/// has it shared.
pub(crate) fn catch_up(
    repository: &Repository,
    policy: &Policy,
    limit: Duration,
) -> Result<(), Stop> {
    settle(repository, Ask::Remotes(limit))?;
    unjudged::record_all(repository, policy)?;
    start_follow_up(repository);
    Ok(())
}

/// What the process does. It never prints; what fails here is tried again by the next command.
pub(crate) fn run() {
    let deadline = Instant::now() + LONGEST;
    // The hook has decided a moment before it starts this.
    let since = SystemClock.now() - Duration::from_secs(10);
    // The machine is busy with the push that has just been let go.
    thread::sleep(TICK);
    let Ok(repository) = &Repository::open() else {
        return;
    };
    // The locks save work. Where one cannot be had at all, this process works beside the others.
    let turn = turn(repository);
    if let Ok(None) = turn {
        return;
    }
    forget_old(repository);
    let mut settled = BTreeSet::new();
    let mut tried = BTreeSet::new();
    while Instant::now() < deadline {
        let open = repository.open_pushes().open();
        let (running, ended): (Vec<_>, Vec<_>) =
            (open.into_iter()).partition(|(_, push)| is_running(push));
        // A remote that does not answer is asked once; the next command asks again.
        if ended
            .into_iter()
            .filter(|(path, _)| settled.insert(path.clone()))
            .count()
            > 0
        {
            let refused = false;
            let _ = settle(repository, Ask::JustEnded { since, refused });
            // So that no later command has to read all that happened since the last one.
            if let Ok(loaded) = repository.policy_of_head() {
                let _ = unjudged::record_all(repository, &loaded.policy);
            }
        }
        for unshared in repository.unshared() {
            let Unshared { remote, tip, .. } = unshared.clone();
            if tried.insert((remote, tip)) {
                share(repository, &unshared);
            }
        }
        if running.is_empty() {
            return;
        }
        thread::sleep(TICK);
    }
}

/// Removes what nobody asks about any more: a push without a file has not arrived.
fn forget_old(repository: &Repository) {
    let now = SystemClock.now();
    for (path, push) in repository.open_pushes().all() {
        if push.state == State::Missing && now.duration_since(push.record.at) > OLDEST {
            let _ = fs::remove_file(path);
        }
    }
}

/// One such process works and one more waits, for what the first has not seen any more: `None` for others.
fn turn(repository: &Repository) -> io::Result<Option<File>> {
    let lock = |name: &str, wait| file::lock(&repository.state_dir().join(name), wait);
    let next = lock("follow-up-next.lock", Duration::ZERO);
    if let Ok(None) = next {
        return next;
    }
    lock("follow-up.lock", LONGEST)
}

/// Pushes the notes to where the team shares them, or remembers why that failed, unless there is more to share by
/// now.
pub(crate) fn share(repository: &Repository, unshared: &Unshared) {
    let pushed = repository.notes().push(&unshared.remote, LIMIT);
    let why = pushed.err().map(|error| error.in_one_line());
    // What cannot be written is tried again.
    let _ = repository.change_unshared(&unshared.remote, |now| match (now?, why) {
        (now, _) if now.tip != unshared.tip => Some(now),
        (_, None) => None,
        (now, why) => Some(Unshared { why, ..now }),
    });
}
