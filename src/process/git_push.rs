//! The `git push` that this process belongs to, and its connection to the server.

use std::os::unix::process::parent_id;

use nix::{errno::Errno, sys::signal::kill, unistd::Pid};

use super::proc::{self, Stat};

/// Between git and this process there may be a few others: shells, husky, lefthook, pre-commit. They
/// go on waiting when git is gone, so that git itself has to be watched.
const MOST_BETWEEN: usize = 12;

#[derive(Debug)]
pub(super) struct GitPush {
    id: i32,
    start: u64,
}

impl GitPush {
    /// Finds the nearest git above a process, if there is one and the system tells.
    pub(super) fn above(process: u32) -> Option<Self> {
        let mut id = process.cast_signed();
        for _ in 0..MOST_BETWEEN {
            let stat = Stat::of(id)?;
            if stat.name == "git" {
                return Some(Self {
                    id,
                    start: stat.start,
                });
            }
            id = stat.parent;
        }
        None
    }

    pub(super) fn is_gone(&self) -> bool {
        !is_running(self.id, self.start)
    }
}

/// The `git push` that waits for this process, else the process that started it: its id and its start.
pub(crate) fn of_hook() -> (i32, u64) {
    let parent = parent_id();
    let git = GitPush::above(parent);
    git.map_or((parent.cast_signed(), 0), |git| (git.id, git.start))
}

/// Whether a process is still there; a start of 0 is not known.
pub(crate) fn is_running(id: i32, start: u64) -> bool {
    if proc::is_told() {
        let same = |now: &Stat| now.start == start || start == 0;
        return Stat::of(id).is_some_and(|now| same(&now) && !now.has_ended());
    }
    kill(Pid::from_raw(id), None) != Err(Errno::ESRCH)
}

/// Whether git's transport has ended: a child of git beside us whose end git has not asked about.
///
/// The connection to the server stays open, idle, while a suite runs. git reads the server's answer
/// only after the hook, so only the transport notices that the connection was cut. Where the system
/// does not tell, the connection is taken to be there.
pub(crate) fn is_disconnected() -> bool {
    let git = parent_id().cast_signed();
    // What another program has not waited for says nothing about git's connection.
    if Stat::of(git).is_none_or(|parent| parent.name != "git") {
        return false;
    }
    let processes = proc::all().unwrap_or_default();
    processes
        .iter()
        .any(|process| process.parent == git && process.has_ended())
}

#[cfg(all(test, target_os = "linux"))]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_lives_is_not_gone_and_another_with_its_number_is() {
        let id = std::process::id().cast_signed();
        let start = Stat::of(id).unwrap().start;
        assert!(!GitPush { id, start }.is_gone());
        assert!(GitPush { id, start: 1 }.is_gone());
    }
}
