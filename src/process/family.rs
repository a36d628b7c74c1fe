//! Everything that a step of the suite started, wherever it went.
//!
//! A child that called setsid(2) escapes a signal to its group, and one whose parent is gone is
//! nobody's. So each step is known by three things: its group, what descends from it, and a mark in
//! its environment that no descendant loses by accident. Linux tells all of it (proc(5)), and hands
//! the orphans of a subreaper's descendants to the subreaper (`PR_SET_CHILD_SUBREAPER`, prctl(2)).
//! Elsewhere there is the group alone.

use std::{
    collections::BTreeSet,
    fs, io,
    process::{Child, Command},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bstr::ByteSlice;
use nix::{
    errno::Errno,
    sys::signal::{Signal, kill, killpg},
    unistd::{Pid, getpid},
};

/// How long a suite may take to end when it is told to.
pub(crate) const GRACE: Duration = Duration::from_secs(5);
/// How long what was killed may take to be gone.
pub(crate) const LAST: Duration = Duration::from_secs(1);

/// The processes that we started ourselves and wait for.
pub(crate) static OWN: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

pub(crate) fn own() -> MutexGuard<'static, BTreeSet<i32>> {
    OWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A process that we started; dropped, we no longer wait for it.
pub(crate) struct Own(i32);

impl Own {
    /// Starts one. Nobody reaps meanwhile what is not yet known to be ours.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<(Child, Self)> {
        let mut own = own();
        let child = command.spawn()?;
        let id = i32::try_from(child.id()).map_err(io::Error::other)?;
        own.insert(id);
        Ok((child, Self(id)))
    }

    pub(crate) fn id(&self) -> Pid {
        Pid::from_raw(self.0)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        own().remove(&self.0);
    }
}

/// Has the orphans of the suite handed to us.
pub(crate) fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_child_subreaper(true);
}

/// Asks how the orphans ended that were handed to us: nobody else does.
pub(crate) fn reap_orphans() {
    #[cfg(target_os = "linux")]
    {
        use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
        let ended = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG;
        let own = own();
        // Only looked at: one of our own is for whoever waits for it.
        while let Ok(WaitStatus::Exited(id, _) | WaitStatus::Signaled(id, ..)) =
            waitid(Id::All, ended | WaitPidFlag::WNOWAIT)
        {
            if own.contains(&id.as_raw()) || waitpid(id, Some(WaitPidFlag::WNOHANG)).is_err() {
                return;
            }
        }
    }
}

/// Whom a family descends from.
#[derive(Clone, Copy)]
pub(crate) enum Head {
    /// The shell, in a group of its own.
    Group(Pid),
    /// The shell, in ours.
    Shell(Pid),
    /// Whatever was handed to us.
    Heirs,
    /// Nobody who is left: there is only the mark.
    Nobody,
}

/// The processes of a step, or of a whole run.
#[derive(Clone, Copy)]
pub(crate) struct Family<'f> {
    pub(crate) head: Head,
    /// What stands in their environment, and in nobody else's.
    pub(crate) mark: &'f str,
}

impl Family<'_> {
    /// Ends all of it: TERM, once for each, and KILL for what is left after the grace.
    pub(crate) fn end(&self, mut pause: impl FnMut()) {
        let grace = Instant::now() + GRACE;
        let mut told = BTreeSet::new();
        while Instant::now() < grace {
            let members = self.members();
            if members.is_empty() {
                return;
            }
            for member in members {
                if told.insert(member) {
                    member.send(Signal::SIGTERM);
                    // A stopped process does not see it otherwise.
                    member.send(Signal::SIGCONT);
                }
            }
            pause();
        }
        let last = Instant::now() + LAST;
        while Instant::now() < last {
            let members = self.members();
            if members.is_empty() {
                return;
            }
            for member in members {
                member.send(Signal::SIGKILL);
            }
            pause();
        }
    }

    /// Whoever of it is alive.
    pub(crate) fn members(&self) -> BTreeSet<Member> {
        let Some(table) = table() else {
            let known = match self.head {
                Head::Group(group) => Some(Member::Group(group)),
                Head::Shell(shell) => Some(Member::One(shell.as_raw())),
                Head::Heirs | Head::Nobody => None,
            };
            return known
                .into_iter()
                .filter(|member| member.is_there())
                .collect();
        };
        let us = getpid().as_raw();
        let own = own().clone();
        let is_head = |process: &Process| match self.head {
            Head::Group(group) => process.group == group.as_raw(),
            Head::Shell(shell) => process.id == shell.as_raw() && process.parent == us,
            Head::Heirs => process.parent == us && !own.contains(&process.id),
            Head::Nobody => false,
        };
        let mut found: BTreeSet<i32> = table
            .iter()
            .filter(|process| is_head(process) || bears(process.id, self.mark))
            .map(|process| process.id)
            .collect();
        found.remove(&us);
        loop {
            let known = found.len();
            let of_it = |process: &&Process| found.contains(&process.parent) && process.id != us;
            let children: Vec<_> = table.iter().filter(of_it).map(|child| child.id).collect();
            found.extend(children);
            if found.len() == known {
                break;
            }
        }
        let alive = table
            .iter()
            .filter(|process| process.is_alive && found.contains(&process.id));
        alive.map(|process| Member::One(process.id)).collect()
    }
}

/// Somebody to send a signal to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Member {
    One(i32),
    Group(Pid),
}

impl Member {
    pub(crate) fn send(self, signal: impl Into<Option<Signal>>) {
        let _ = self.try_send(signal);
    }

    pub(crate) fn try_send(self, signal: impl Into<Option<Signal>>) -> Result<(), Errno> {
        match self {
            Self::One(id) => kill(Pid::from_raw(id), signal),
            Self::Group(group) => killpg(group, signal),
        }
    }

    pub(crate) fn is_there(self) -> bool {
        self.try_send(None) != Err(Errno::ESRCH)
    }
}

/// A process, as proc(5) tells of it.
pub(crate) struct Process {
    id: i32,
    parent: i32,
    group: i32,
    /// Whether it is more than a name that nobody has asked about.
    is_alive: bool,
}

/// All processes; none where the system does not tell.
pub(crate) fn table() -> Option<Vec<Process>> {
    fs::metadata("/proc/self/stat").ok()?;
    let entries = fs::read_dir("/proc").ok()?.flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    Some(ids.filter_map(process).collect())
}

pub(crate) fn process(id: i32) -> Option<Process> {
    let stat = fs::read(format!("/proc/{id}/stat")).ok()?;
    // The name, in parentheses, may hold anything; the state, the parent and the group follow it.
    let (_, rest) = stat.rsplit_once_str(") ")?;
    let mut fields = rest.to_str().ok()?.split(' ');
    Some(Process {
        id,
        is_alive: !matches!(fields.next()?, "Z" | "X"),
        parent: fields.next()?.parse().ok()?,
        group: fields.next()?.parse().ok()?,
    })
}

/// Whether this stands in a process's environment.
pub(crate) fn bears(id: i32, mark: &str) -> bool {
    fs::read(format!("/proc/{id}/environ")).is_ok_and(|environ| environ.contains_str(mark))
}
