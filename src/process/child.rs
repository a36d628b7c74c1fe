//! One loop that waits for a child: for its end, its output, a signal, or some time to pass.

use std::{
    fs::File,
    io::{self, Read},
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::Signal,
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};
use signal_hook::{
    consts::SIGCHLD,
    iterator::{backend::SignalDelivery, exfiltrator::SignalOnly},
};

use super::signals;

/// How often a reason to stop is looked for, and how soon at first.
const TICK: Duration = Duration::from_millis(100);
pub(super) const PAUSE: Duration = Duration::from_millis(20);

/// What is read at once.
const CHUNK: usize = 256 * 1024;

/// How a child ended, or that it stopped because a background process may not use the terminal.
pub(crate) type Status = nix::Result<WaitStatus>;

/// Hands on what was read from a pipe, by the pipe's number; false: that pipe is closed.
pub(crate) type Take<'t> = &'t mut dyn FnMut(usize, &[u8]) -> bool;

/// Why a child is waited for no longer, though it has not ended.
#[derive(Debug)]
pub(crate) enum Abort {
    TimedOut,
    /// Another step that runs beside it has failed.
    Cancelled,
    /// A signal came, or `git push` ended.
    Interrupted(String),
}

/// A child's pipes, and a socket that becomes readable when a child ends or a signal comes: after Ctrl-C
/// the shell's prompt is back within a millisecond.
pub(crate) struct ChildWatch {
    woken: SignalDelivery<UnixStream, SignalOnly>,
    /// `None` once a pipe is at its end.
    pipes: Vec<Option<File>>,
    buffer: Vec<u8>,
}

impl ChildWatch {
    /// Made before the child is started, whose end would otherwise be missed.
    pub(crate) fn new() -> io::Result<Self> {
        let (woken, waker) = UnixStream::pair()?;
        let signals = signals::caught().iter().chain(&[SIGCHLD]);
        Ok(Self {
            woken: SignalDelivery::with_pipe(woken, waker, SignalOnly, signals)?,
            pipes: Vec::new(),
            buffer: vec![0; CHUNK],
        })
    }

    pub(super) fn add(&mut self, pipe: impl Into<OwnedFd>) {
        self.pipes.push(Some(File::from(pipe.into())));
    }

    /// Waits for the child's end; `tick` is called about ten times a second, and returns false to stop.
    pub(super) fn wait_until(
        &mut self,
        child: Pid,
        deadline: Instant,
        take: Take<'_>,
        mut tick: impl FnMut() -> bool,
    ) -> Result<Status, Abort> {
        let mut pause = PAUSE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if let Some(status) = self.wait(child, left.min(pause), take) {
                return Ok(status);
            }
            if let Some(by) = signals::interrupted() {
                return Err(Abort::Interrupted(by));
            }
            if Instant::now() >= deadline {
                return Err(Abort::TimedOut);
            }
            if !tick() {
                return Err(Abort::Cancelled);
            }
            pause = TICK;
        }
    }

    /// Waits for at most this long, and returns early at a signal or the end of a child; `Some` where it
    /// was this child's.
    pub(crate) fn wait(&mut self, child: Pid, limit: Duration, take: Take<'_>) -> Option<Status> {
        let end = Instant::now() + limit;
        while !self.turn(end.saturating_duration_since(Instant::now()), take) {
            if Instant::now() >= end {
                break;
            }
        }
        match waitpid(child, Some(WaitPidFlag::WNOHANG | WaitPidFlag::WUNTRACED)) {
            Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => None,
            // Another process stopped it, and may let it go on.
            Ok(WaitStatus::Stopped(_, by)) if !matches!(by, Signal::SIGTTIN | Signal::SIGTTOU) => {
                None
            }
            status => Some(status),
        }
    }

    /// Reads what is left, until nothing has come for this long: another process may have a pipe open for
    /// ever, and a terminal hands on what was written to it only a little later.
    pub(super) fn read_rest(&mut self, patience: Duration, take: Take<'_>) {
        let mut end = Instant::now() + patience;
        let mut came = true;
        while self.pipes.iter().any(Option::is_some) && (came || Instant::now() < end) {
            let left = end.saturating_duration_since(Instant::now());
            came = false;
            self.turn(left, &mut |pipe, bytes| {
                came = true;
                end = Instant::now() + patience;
                take(pipe, bytes)
            });
        }
    }

    /// Waits once, and hands on what can be read; whether a signal came or a child ended.
    fn turn(&mut self, limit: Duration, take: Take<'_>) -> bool {
        let open = self.pipes.iter().flatten();
        let mut waits: Vec<_> = (open.map(AsFd::as_fd).chain([self.woken.get_read().as_fd()]))
            .map(|file| PollFd::new(file, PollFlags::POLLIN))
            .collect();
        // Rounded up: a wait that ends too early would be repeated at once.
        let limit = limit.as_micros().div_ceil(1000);
        let limit = PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX);
        if !poll(&mut waits, limit).is_ok_and(|ready| ready > 0) {
            return false;
        }
        let ready: Vec<bool> = waits.iter().map(|wait| wait.any() == Some(true)).collect();
        let mut ready = ready.into_iter();
        for (number, slot) in self.pipes.iter_mut().enumerate() {
            let Some(pipe) = slot else { continue };
            if ready.next() == Some(true) {
                // A terminal answers EIO once its other end is closed.
                match pipe.read(&mut self.buffer) {
                    Ok(count @ 1..) if take(number, &self.buffer[..count]) => {}
                    _ => *slot = None,
                }
            }
        }
        let is_woken = ready.next() == Some(true);
        if is_woken {
            drop(self.woken.pending());
        }
        is_woken
    }
}
