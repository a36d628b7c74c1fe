//! One command of the suite: its own process group, none of git's file descriptors, a time limit, and
//! an end that includes everything that it started.

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, stderr},
    os::{fd::AsFd, unix::process::CommandExt},
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
    sys::{
        signal::Signal,
        termios::{SetArg, tcgetattr, tcsetattr},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::{Pid, getpgrp, tcgetpgrp},
};

use super::{
    output::{connect, pump},
    signals,
    tree::{Awaited, PAUSE, ProcessTree, Root, adopt_orphans, reap_orphans},
    watchdog::Watchdog,
};
use crate::gates::facts::Ending;

/// How often the end of `git push`, or another reason to stop, is looked for.
const TICK: Duration = Duration::from_millis(100);

#[derive(Clone, Copy)]
pub(crate) struct Shell<'s> {
    pub(crate) command: &'s str,
    pub(crate) directory: &'s Path,
    pub(crate) removed: &'s [String],
    /// A variable that is set, and its value.
    pub(crate) variable: (&'s str, &'s OsStr),
    /// A part of that value that no other process has.
    pub(crate) mark: &'s str,
    /// Whether its output goes to a terminal, so that it uses colours.
    pub(crate) terminal: bool,
}

#[derive(Debug)]
pub(crate) enum End {
    Passed,
    Failed(Ending),
    TimedOut,
    /// The observer asked for it.
    Cancelled,
    /// A signal came, or `git push` ended.
    Interrupted(String),
}

/// What is told about a command while it runs.
pub(crate) trait Observer: Sync {
    fn output(&self, bytes: &[u8]);
    /// Called ten times a second.
    fn tick(&self) {}
    fn is_cancelled(&self) -> bool {
        false
    }
    /// Called when the push was ended, before the command is; perhaps more than once.
    fn interrupted(&self, by: &str);
}

enum Event {
    Ended(Result<WaitStatus, Errno>),
    WantsTerminal,
    Signal,
}

impl Shell<'_> {
    /// Runs the command in the background, and reads its output.
    pub(crate) fn run(&self, limit: Duration, observer: &dyn Observer) -> io::Result<End> {
        let deadline = Instant::now() + limit;
        let mut command = self.command();
        command.stdin(Stdio::null());
        let output = connect(&mut command, self.terminal)?;
        let spawned = start(command.process_group(0));
        // It holds the other end of the output, which would never end.
        drop(command);
        let shell = match spawned {
            Ok(shell) => shell,
            Err(end) => return Ok(end),
        };
        let ended = AtomicBool::new(false);
        Ok(thread::scope(|scope| {
            let reader = scope.spawn(|| {
                pump(output, &ended, |bytes| {
                    observer.output(bytes);
                    true
                });
            });
            let end = self.watch(shell.id(), Root::Group(shell.id()), deadline, observer);
            ended.store(true, Ordering::Release);
            let _ = reader.join();
            end
        }))
    }

    /// Runs the command with the terminal: in our own process group, so that it may read from it.
    pub(crate) fn run_interactive(
        &self,
        limit: Duration,
        observer: &dyn Observer,
    ) -> io::Result<End> {
        let deadline = Instant::now() + limit;
        let terminal = File::options().read(true).write(true).open("/dev/tty")?;
        let settings = tcgetattr(&terminal).ok();
        let mut command = self.command();
        command.stdin(terminal.try_clone()?);
        command.stdout(stderr().as_fd().try_clone_to_owned()?);
        let shell = match start(&mut command) {
            Ok(shell) => shell,
            Err(end) => return Ok(end),
        };
        let end = self.watch(shell.id(), Root::Shell(shell.id()), deadline, observer);
        // What is ended in the middle of a question leaves the terminal without an echo. We may only
        // change that while we are in the foreground.
        if let (false, Some(settings)) = (matches!(end, End::Passed), settings)
            && tcgetpgrp(&terminal) == Ok(getpgrp())
        {
            let _ = tcsetattr(&terminal, SetArg::TCSANOW, &settings);
        }
        Ok(end)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("sh");
        command
            .args(["-c", self.command])
            .current_dir(self.directory);
        for name in self.removed {
            command.env_remove(name);
        }
        command.env(self.variable.0, self.variable.1);
        command
    }

    /// Waits for the end of the command, or for a reason to end it and everything it started.
    fn watch(&self, shell: Pid, root: Root, deadline: Instant, observer: &dyn Observer) -> End {
        let tree = ProcessTree {
            root,
            mark: self.mark,
        };
        thread::scope(|scope| {
            let (send, events) = mpsc::channel();
            let signals = signals::wake().map(|mut signals| {
                let (handle, send) = (signals.handle(), send.clone());
                scope.spawn(move || {
                    for _ in signals.forever() {
                        // Usually before the shell writes its prompt.
                        if let Some(by) = signals::interrupted() {
                            observer.interrupted(&by);
                        }
                        let _ = send.send(Event::Signal);
                    }
                });
                handle
            });
            scope.spawn(move || wait(shell, &send));
            let mut watchdog = None;
            let end = until(&events, deadline, observer, || {
                watchdog = watchdog.take().or_else(|| Watchdog::start(&tree));
            });
            if let End::Interrupted(by) = &end {
                observer.interrupted(by);
            }
            // What a suite that passed leaves running, such as a server for the next time, may stay.
            if !matches!(end, End::Passed) {
                tree.end_pausing(|| {
                    let event = events.recv_timeout(PAUSE);
                    if matches!(event, Err(RecvTimeoutError::Disconnected)) {
                        thread::sleep(PAUSE);
                    }
                });
            }
            // Otherwise the scope would wait for that thread for ever.
            if let Some(signals) = signals {
                signals.close();
            }
            end
        })
    }
}

/// Starts the shell without the file descriptors of git's transport.
fn start(command: &mut Command) -> Result<Awaited, End> {
    adopt_orphans();
    close_fds::set_fds_cloexec(3, &[]);
    match Awaited::spawn(command) {
        // It is waited for by its id, to notice also when it only stops.
        Ok((_, shell)) => Ok(shell),
        Err(error) => Err(End::Failed(Ending::CouldNotRun(error.to_string()))),
    }
}

fn wait(shell: Pid, send: &Sender<Event>) {
    loop {
        let event = match waitpid(shell, Some(WaitPidFlag::WUNTRACED)) {
            Ok(WaitStatus::Stopped(_, Signal::SIGTTIN | Signal::SIGTTOU)) => Event::WantsTerminal,
            // Another process stopped it, and may let it go on.
            Ok(WaitStatus::Stopped(..)) | Err(Errno::EINTR) => continue,
            ended => Event::Ended(ended),
        };
        let is_last = matches!(event, Event::Ended(_));
        if send.send(event).is_err() || is_last {
            return;
        }
    }
}

/// Waits for the end, or for a reason to make one; `start_watchdog` is called as long as it runs.
fn until(
    events: &Receiver<Event>,
    deadline: Instant,
    observer: &dyn Observer,
    mut start_watchdog: impl FnMut(),
) -> End {
    // A suite that ends at once needs no watchdog.
    let mut pause = PAUSE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match events.recv_timeout(left.min(pause)) {
            Ok(Event::Ended(status)) => return end_of(status),
            // It stopped, because a background process may not use the terminal.
            Ok(Event::WantsTerminal) => return End::Failed(Ending::WantsTerminal),
            Err(RecvTimeoutError::Disconnected) => {
                let why = "waiting for it failed".to_owned();
                return End::Failed(Ending::CouldNotRun(why));
            }
            Ok(Event::Signal) | Err(RecvTimeoutError::Timeout) => pause = TICK,
        }
        if let Some(by) = signals::interrupted() {
            return End::Interrupted(by);
        }
        if observer.is_cancelled() {
            return End::Cancelled;
        }
        if Instant::now() >= deadline {
            return End::TimedOut;
        }
        start_watchdog();
        reap_orphans();
        observer.tick();
    }
}

fn end_of(status: Result<WaitStatus, Errno>) -> End {
    End::Failed(match status {
        Ok(WaitStatus::Exited(_, 0)) => return End::Passed,
        // The shell's codes for a command that is there but cannot run, or is not there (POSIX, "Exit
        // Status for Commands").
        Ok(WaitStatus::Exited(_, 126)) => {
            Ending::CouldNotRun("exit code 126, not executable".to_owned())
        }
        Ok(WaitStatus::Exited(_, 127)) => {
            Ending::CouldNotRun("exit code 127, command not found".to_owned())
        }
        Ok(WaitStatus::Exited(_, code)) => Ending::Failed(code),
        Ok(WaitStatus::Signaled(_, signal, _)) => Ending::Killed(signal as i32),
        other => Ending::CouldNotRun(format!("its end is not known ({other:?})")),
    })
}
