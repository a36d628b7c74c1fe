//! Everything that a step of the suite started, wherever it went.
//!
//! A child that called setsid(2) escapes a signal to its group, and one whose parent has ended has
//! another parent. So a step is known by three things: its group, what descends from it, and a mark
//! in its environment that no descendant loses by accident. Linux tells all of it (proc(5)), and makes
//! us the parent of our descendants' orphans (`PR_SET_CHILD_SUBREAPER`, prctl(2)). Elsewhere there is
//! the group alone.

use std::{
    collections::BTreeSet,
    io,
    process::{Child, Command},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    sys::signal::{Signal, kill},
    unistd::{Pid, getpid},
};

use super::{
    child::PAUSE,
    lock,
    proc::{self, Stat},
};

/// How long processes may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(5);
/// How long they may take to be gone after SIGKILL.
const LAST: Duration = Duration::from_secs(1);

/// The children that are waited for elsewhere: they are no orphans.
static AWAITED: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// A child that is no orphan as long as this lives.
pub(super) struct Awaited(i32);

impl Awaited {
    pub(super) fn spawn(command: &mut Command) -> io::Result<(Child, Self)> {
        // Locked, so that it is not taken for an orphan before its id is known.
        let mut awaited = lock(&AWAITED);
        let child = command.spawn()?;
        let id = child.id().cast_signed();
        awaited.insert(id);
        Ok((child, Self(id)))
    }

    pub(super) fn id(&self) -> Pid {
        Pid::from_raw(self.0)
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        lock(&AWAITED).remove(&self.0);
    }
}

/// Makes this process the parent of its descendants' orphans.
pub(super) fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_child_subreaper(true);
}

/// Waits for orphans that have ended, so that they do not stay as zombies.
pub(super) fn reap_orphans() {
    #[cfg(target_os = "linux")]
    {
        use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
        let ended = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG;
        let awaited = lock(&AWAITED);
        // First only looked at: it may be one that is waited for elsewhere.
        while let Ok(WaitStatus::Exited(id, _) | WaitStatus::Signaled(id, ..)) =
            waitid(Id::All, ended | WaitPidFlag::WNOWAIT)
        {
            if awaited.contains(&id.as_raw()) || waitpid(id, Some(WaitPidFlag::WNOHANG)).is_err() {
                return;
            }
        }
    }
}

/// The processes of a step, or of a whole run.
#[derive(Clone, Copy)]
pub(crate) struct ProcessTree<'t> {
    /// The step's shell, which may lead a group; `None`: the orphans whose parent this process has become.
    pub(crate) shell: Option<Pid>,
    /// Text that only the environments of these processes contain.
    pub(crate) mark: &'t str,
}

impl ProcessTree<'_> {
    pub(crate) fn end(&self) {
        self.end_pausing(|| thread::sleep(PAUSE));
    }

    /// Sends TERM once to each process, and KILL to those that are left after the grace.
    pub(super) fn end_pausing(&self, mut pause: impl FnMut()) {
        let grace = Instant::now() + GRACE;
        let last = grace + LAST;
        let mut told = BTreeSet::new();
        loop {
            let now = Instant::now();
            let alive = self.alive();
            if alive.is_empty() || now >= last {
                return;
            }
            for id in alive {
                if now >= grace {
                    let _ = kill(id, Signal::SIGKILL);
                } else if told.insert(id) {
                    let _ = kill(id, Signal::SIGTERM);
                    // A stopped process notices TERM only when it goes on.
                    let _ = kill(id, Signal::SIGCONT);
                }
            }
            pause();
        }
    }

    /// The ids of those that are alive, as kill(2) takes them: a group's is negative.
    fn alive(&self) -> BTreeSet<Pid> {
        let Some(all) = proc::all() else {
            let shell = self.shell.map(Pid::as_raw);
            let ids = shell
                .iter()
                .flat_map(|shell| [-shell, *shell])
                .map(Pid::from_raw);
            let is_there = |id: &Pid| kill(*id, None) != Err(Errno::ESRCH);
            return ids.filter(is_there).collect();
        };
        let us = getpid().as_raw();
        let awaited = lock(&AWAITED).clone();
        let is_root = |process: &Stat| {
            let is_child = process.parent == us;
            match self.shell.map(Pid::as_raw) {
                Some(shell) => process.group == shell || (is_child && process.id == shell),
                None => is_child && !awaited.contains(&process.id),
            }
        };
        let belongs =
            |process: &&Stat| is_root(process) || proc::environment_contains(process.id, self.mark);
        let mut found: BTreeSet<i32> = (all.iter().filter(belongs))
            .map(|process| process.id)
            .collect();
        found.remove(&us);
        loop {
            let known = found.len();
            let is_child = |process: &&Stat| process.id != us && found.contains(&process.parent);
            let children = all.iter().filter(is_child).map(|process| process.id);
            let children: Vec<_> = children.collect();
            found.extend(children);
            if found.len() == known {
                break;
            }
        }
        all.iter()
            .filter(|process| !process.has_ended() && found.contains(&process.id))
            .map(|process| Pid::from_raw(process.id))
            .collect()
    }
}
