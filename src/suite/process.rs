//! One command of the suite: its own process group, no descriptor of git's, a time limit, and an
//! end that takes everything it started with it.

use std::{
    fs::File,
    io::{self, PipeReader, Read, stderr},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::process::{CommandExt, ExitStatusExt},
    },
    path::Path,
    process::{Command, ExitStatus, Stdio},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError},
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
    },
    unistd::Pid,
};
use terminal_size::{Height, Width, terminal_size_of};

use super::log::Log;
use crate::{
    report,
    verdict::{Ending, Trouble},
    world::{children::pump, signals},
};

/// How often a signal, or the death of `git push`, is looked for.
const TICK: Duration = Duration::from_millis(100);
/// How often the end of a suite that was told to end is looked for.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a suite may take to end when it is told to.
const GRACE: Duration = Duration::from_secs(5);

/// A command for the shell.
pub(crate) struct Shell<'s> {
    pub(crate) command: &'s str,
    pub(crate) top: &'s Path,
    pub(crate) scrubbed: &'s [String],
    /// Whether its output goes to a terminal, so that it should colour it.
    pub(crate) terminal: bool,
}

/// How it ended.
pub(crate) enum End {
    Passed,
    TimedOut,
    Stopped(Ending),
}

/// Runs one command to its end, its output live on standard error and whole in the log.
pub(crate) fn run(shell: &Shell<'_>, limit: Duration, log: &mut Log) -> Result<End, Trouble> {
    let deadline = Instant::now() + limit;
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(shell.command)
        .current_dir(shell.top)
        .stdin(Stdio::null());
    for name in shell.scrubbed {
        command.env_remove(name);
    }
    let failed = |error: &io::Error| Trouble::io("run the suite", error);
    let output = Output::open(&mut command, shell.terminal).map_err(|e| failed(&e))?;
    // A group of its own: what ends it ends all of it. git's transport must not leak into it.
    close_fds::set_fds_cloexec(3, &[]);
    let spawned = command.process_group(0).spawn();
    // Our copies of its end of the output, or we would wait for ourselves.
    drop(command);
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => return Ok(End::Stopped(Ending::CouldNotRun(error.to_string()))),
    };
    let group = i32::try_from(child.id())
        .map(Pid::from_raw)
        .map_err(|error| failed(&io::Error::other(error)))?;
    let reaped = AtomicBool::new(false);
    thread::scope(|scope| {
        let (send, receive) = mpsc::channel();
        let reader = scope.spawn(|| {
            pump(output, &reaped, |bytes| {
                report::pass_on(bytes);
                log.write(bytes);
            });
        });
        scope.spawn(move || send.send(child.wait()));
        let end = watch(&receive, group, deadline);
        reaped.store(true, Ordering::Release);
        let _ = reader.join();
        Ok(end)
    })
}

type Ended = io::Result<ExitStatus>;

/// Waits for the end of the command, or for a reason to end it.
fn watch(ended: &Receiver<Ended>, group: Pid, deadline: Instant) -> End {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match ended.recv_timeout(left.min(TICK)) {
            Ok(Ok(status)) => return end_of(status),
            Ok(Err(error)) => return End::Stopped(Ending::CouldNotRun(error.to_string())),
            Err(RecvTimeoutError::Disconnected) => {
                return End::Stopped(Ending::CouldNotRun("nobody waits for it".to_owned()));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Some(why) = signals::interrupted() {
            stop(group, ended);
            return End::Stopped(Ending::Interrupted(why));
        }
        if Instant::now() >= deadline {
            stop(group, ended);
            return End::TimedOut;
        }
    }
}

fn end_of(status: ExitStatus) -> End {
    match (status.code(), status.signal()) {
        (Some(0), _) => End::Passed,
        // The shell's own words for a command that is there but cannot run, or is not there
        // (POSIX, "Exit Status for Commands").
        (Some(126), _) => End::Stopped(Ending::CouldNotRun(
            "exit code 126, not executable".to_owned(),
        )),
        (Some(127), _) => End::Stopped(Ending::CouldNotRun(
            "exit code 127, command not found".to_owned(),
        )),
        (Some(code), _) => End::Stopped(Ending::Failed(code)),
        (None, Some(signal)) => End::Stopped(Ending::Killed(signal)),
        (None, None) => End::Stopped(Ending::CouldNotRun("it ended, nobody knows how".to_owned())),
    }
}

/// Ends the whole group: TERM, and KILL for what is left after the grace.
fn stop(group: Pid, ended: &Receiver<Ended>) {
    let end = Instant::now() + GRACE;
    let _ = killpg(group, Signal::SIGTERM);
    // A stopped process does not see it otherwise.
    let _ = killpg(group, Signal::SIGCONT);
    while Instant::now() < end {
        if killpg(group, None) == Err(Errno::ESRCH) {
            return;
        }
        // The leader counts as there until it is reaped.
        if matches!(
            ended.recv_timeout(PAUSE),
            Err(RecvTimeoutError::Disconnected)
        ) {
            thread::sleep(PAUSE);
        }
    }
    let _ = killpg(group, Signal::SIGKILL);
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
    let (Width(columns), Height(rows)) = terminal_size_of(stderr())?;
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
