//! One command of the suite: its own process group, no descriptor of git's, a time limit, and an
//! end that takes everything it started with it.

use std::{
    fs::File,
    io::{self, PipeReader, Read, stderr},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::process::CommandExt,
    },
    path::Path,
    process::{Command, Stdio},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    pty::{Winsize, openpty},
    sys::{
        signal::{Signal, killpg},
        termios::{OutputFlags, SetArg, tcgetattr, tcsetattr},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};
use terminal_size::{Height, Width, terminal_size_of};

use super::{
    adopted::{self, Own},
    guard::Guard,
};
use crate::{
    verdict::{Ending, Trouble},
    world::{children::pump, signals},
};

/// How often a signal, the death of `git push`, or a reason of ours to stop is looked for.
const TICK: Duration = Duration::from_millis(100);
/// How often the end of a suite that was told to end is looked for.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a suite may take to end when it is told to.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// A command for the shell.
#[derive(Clone, Copy)]
pub(super) struct Shell<'s> {
    pub(super) command: &'s str,
    pub(super) directory: &'s Path,
    /// Variables that it must not see.
    pub(super) scrubbed: &'s [String],
    /// Whether its output goes to a terminal, so that it should colour it.
    pub(super) terminal: bool,
}

/// How it ended.
#[derive(Debug)]
pub(super) enum End {
    Passed,
    TimedOut,
    /// A neighbour failed, so this one was stopped.
    Cancelled,
    Stopped(Ending),
}

/// What happens meanwhile.
pub(super) trait Meanwhile: Sync {
    /// Takes what the command says.
    fn output(&self, bytes: &[u8]);
    /// Called ten times a second.
    fn tick(&self) {}
    /// Whether the command is to be stopped.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Runs one command to its end.
pub(super) fn run(
    shell: &Shell<'_>,
    limit: Duration,
    meanwhile: &dyn Meanwhile,
) -> Result<End, Trouble> {
    let deadline = Instant::now() + limit;
    let mut command = shell.command();
    let failed = |error: &io::Error| Trouble::io("run the suite", error);
    command.stdin(Stdio::null());
    let output = Output::open(&mut command, shell.terminal).map_err(|e| failed(&e))?;
    adopted::adopt_orphans();
    // A group of its own: what ends it ends all of it. git's transport must not leak into it.
    close_fds::set_fds_cloexec(3, &[]);
    let spawned = command.process_group(0).spawn();
    // Our copies of its end of the output, or we would wait for ourselves.
    drop(command);
    let group = match spawned {
        // It is waited for below, also when it only stops.
        Ok(child) => pid(&child).map_err(|e| failed(&e))?,
        Err(error) => return Ok(End::Stopped(Ending::CouldNotRun(error.to_string()))),
    };
    let _own = Own::new(group);
    let reaped = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| pump(output, &reaped, |bytes| meanwhile.output(bytes)));
        let (send, receive) = mpsc::channel();
        scope.spawn(move || wait(group, &send));
        let end = watch(&receive, Some(group), deadline, meanwhile);
        reaped.store(true, Ordering::Release);
        let _ = reader.join();
        Ok(end)
    })
}

/// Runs one command that gets the terminal: in our own group, so that it may read from it.
pub(super) fn run_interactive(
    shell: &Shell<'_>,
    limit: Duration,
    meanwhile: &dyn Meanwhile,
) -> Result<End, Trouble> {
    let failed = |error: &io::Error| Trouble::io("give the suite the terminal", error);
    let terminal = File::options()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .map_err(|e| failed(&e))?;
    let mut command = shell.command();
    command.stdin(terminal);
    command.stdout(
        stderr()
            .as_fd()
            .try_clone_to_owned()
            .map_err(|e| failed(&e))?,
    );
    close_fds::set_fds_cloexec(3, &[]);
    let child = match command.spawn() {
        Ok(child) => pid(&child).map_err(|e| failed(&e))?,
        Err(error) => return Ok(End::Stopped(Ending::CouldNotRun(error.to_string()))),
    };
    thread::scope(|scope| {
        let (send, receive) = mpsc::channel();
        scope.spawn(move || wait(child, &send));
        let end = watch(&receive, None, Instant::now() + limit, meanwhile);
        if !matches!(end, End::Passed | End::Stopped(Ending::Failed(_))) {
            let _ = nix::sys::signal::kill(child, Signal::SIGKILL);
        }
        Ok(end)
    })
}

impl Shell<'_> {
    fn command(&self) -> Command {
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(self.command)
            .current_dir(self.directory);
        for name in self.scrubbed {
            command.env_remove(name);
        }
        command
    }
}

fn pid(child: &std::process::Child) -> io::Result<Pid> {
    i32::try_from(child.id())
        .map(Pid::from_raw)
        .map_err(io::Error::other)
}

/// What the shell does: it ends, or stops because a background group may not touch the terminal.
enum Event {
    Ended(Result<WaitStatus, Errno>),
    WantsTerminal,
}

fn wait(shell: Pid, send: &Sender<Event>) {
    loop {
        let event = match waitpid(shell, Some(WaitPidFlag::WUNTRACED)) {
            Ok(WaitStatus::Stopped(_, Signal::SIGTTIN | Signal::SIGTTOU)) => Event::WantsTerminal,
            // Somebody else stopped it, and may let it go on.
            Ok(WaitStatus::Stopped(..)) | Err(Errno::EINTR) => continue,
            ended => Event::Ended(ended),
        };
        let last = matches!(event, Event::Ended(_));
        if send.send(event).is_err() || last {
            return;
        }
    }
}

/// Waits for the end of the command, or for a reason to end it.
fn watch(
    events: &Receiver<Event>,
    group: Option<Pid>,
    deadline: Instant,
    meanwhile: &dyn Meanwhile,
) -> End {
    let mut guard = None;
    let reason = loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match events.recv_timeout(left.min(TICK)) {
            Ok(Event::Ended(status)) => match end_of(status) {
                // What a suite that passed leaves running, a server for the next time, is its own.
                End::Passed => return End::Passed,
                failed => break failed,
            },
            Ok(Event::WantsTerminal) => break End::Stopped(Ending::WantsTerminal),
            Err(RecvTimeoutError::Disconnected) => {
                return End::Stopped(Ending::CouldNotRun("nobody waits for it".to_owned()));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        // A suite that ends at once needs nobody to end it where we cannot.
        if let (None, Some(group)) = (&guard, group) {
            guard = Guard::over(group);
        }
        meanwhile.tick();
        if let Some(why) = signals::interrupted() {
            break End::Stopped(Ending::Interrupted(why));
        }
        if meanwhile.is_cancelled() {
            break End::Cancelled;
        }
        if Instant::now() >= deadline {
            break End::TimedOut;
        }
    };
    if let Some(group) = group {
        stop(group, || {
            if matches!(
                events.recv_timeout(PAUSE),
                Err(RecvTimeoutError::Disconnected)
            ) {
                thread::sleep(PAUSE);
            }
        });
    }
    reason
}

fn end_of(status: Result<WaitStatus, Errno>) -> End {
    End::Stopped(match status {
        Ok(WaitStatus::Exited(_, 0)) => return End::Passed,
        // The shell's own words for a command that is there but cannot run, or is not there
        // (POSIX, "Exit Status for Commands").
        Ok(WaitStatus::Exited(_, 126)) => {
            Ending::CouldNotRun("exit code 126, not executable".to_owned())
        }
        Ok(WaitStatus::Exited(_, 127)) => {
            Ending::CouldNotRun("exit code 127, command not found".to_owned())
        }
        Ok(WaitStatus::Exited(_, code)) => Ending::Failed(code),
        Ok(WaitStatus::Signaled(_, signal, _)) => Ending::Killed(signal as i32),
        other => Ending::CouldNotRun(format!("nobody knows how it ended ({other:?})")),
    })
}

/// Ends a whole group: TERM, and KILL for what is left after the grace.
pub(super) fn stop(group: Pid, mut pause: impl FnMut()) {
    let end = Instant::now() + GRACE;
    let _ = killpg(group, Signal::SIGTERM);
    // A stopped process does not see it otherwise.
    let _ = killpg(group, Signal::SIGCONT);
    while Instant::now() < end {
        let orphans = adopted::end_orphans(Signal::SIGTERM);
        if killpg(group, None) == Err(Errno::ESRCH) && !orphans {
            return;
        }
        // The leader counts as there until it is reaped.
        pause();
    }
    let _ = killpg(group, Signal::SIGKILL);
    adopted::end_orphans(Signal::SIGKILL);
}

/// The reading end of the command's output: a pipe, or a terminal of its own, so that it colours.
enum Output {
    Pipe(PipeReader),
    Terminal(File),
}

impl Output {
    fn open(command: &mut Command, terminal: bool) -> io::Result<Self> {
        if terminal && let Some((master, slave)) = pseudo_terminal() {
            command.stdout(slave.try_clone()?).stderr(slave);
            return Ok(Self::Terminal(File::from(master)));
        }
        let (reader, writer) = io::pipe()?;
        command.stdout(writer.try_clone()?).stderr(writer);
        Ok(Self::Pipe(reader))
    }
}

/// A terminal as large as ours that changes nothing in what is written to it.
fn pseudo_terminal() -> Option<(OwnedFd, OwnedFd)> {
    // Some terminals do not tell their size.
    let (Width(columns), Height(rows)) =
        terminal_size_of(stderr()).unwrap_or((Width(80), Height(24)));
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let pair = openpty(Some(&size), None).ok()?;
    let mut settings = tcgetattr(&pair.slave).ok()?;
    settings.output_flags.remove(OutputFlags::OPOST);
    tcsetattr(&pair.slave, SetArg::TCSANOW, &settings).ok()?;
    Some((pair.master, pair.slave))
}

impl Read for Output {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Pipe(pipe) => pipe.read(buffer),
            Self::Terminal(terminal) => terminal.read(buffer),
        }
    }
}

impl AsFd for Output {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Pipe(pipe) => pipe.as_fd(),
            Self::Terminal(terminal) => terminal.as_fd(),
        }
    }
}
