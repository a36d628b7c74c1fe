//! A process that outlives this one, and that nobody waits for; and the `git push` that it waits for.

use std::{
    io,
    os::unix::process::parent_id,
    process::{Command, Stdio},
};

use nix::{
    errno::Errno,
    sys::signal::kill,
    unistd::{Pid, getpid},
};
use process_wrap::std::{CommandWrap, ProcessSession};

use super::proc::{self, Stat};

/// Starts it in a session of its own, without the terminal and without any file of ours: git waits for the
/// end of its pipes, which the hook inherits.
pub(crate) fn start(mut command: Command) -> io::Result<()> {
    close_fds::set_fds_cloexec(3, &[]);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut command = CommandWrap::from(command);
    command.wrap(ProcessSession);
    command.spawn().map(drop)
}

/// The `git push` that waits for this process, else the process that started it: its id, and when it
/// started.
pub(crate) fn git_push() -> (i32, u64) {
    let parent = parent_id().cast_signed();
    let git = proc::git_above(parent).or_else(|| Stat::of(parent));
    git.map_or((parent, 0), |git| (git.id, git.start))
}

/// This process, for a push that it makes itself.
pub(crate) fn this() -> (i32, u64) {
    let id = getpid().as_raw();
    (id, Stat::of(id).map_or(0, |this| this.start))
}

/// Whether another process is still there; 0 for when it started: not known. What this one has pushed itself
/// has ended when it asks.
pub(crate) fn is_running((id, start): (i32, u64)) -> bool {
    if id == getpid().as_raw() {
        return false;
    }
    if proc::is_told() {
        let is_same = |now: &Stat| now.start == start || start == 0;
        return Stat::of(id).is_some_and(|now| is_same(&now) && !now.has_ended());
    }
    kill(Pid::from_raw(id), None) != Err(Errno::ESRCH)
}
