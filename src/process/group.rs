//! One command of the suite: its own process group, no descriptor of git's, a time limit, and an
//! end that takes everything it started with it.

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
    family::{Family, Head, Own, adopt_orphans, reap_orphans},
    guard::Guard,
};
use crate::suite::output::Output;
use crate::{
    gates::verdict::{Ending, Trouble},
    process::{children::pump, signals},
};

/// How often the death of `git push`, or a reason of ours to stop, is looked for.
pub(crate) const TICK: Duration = Duration::from_millis(100);
/// How often the end of a suite that was told to end is looked for.
pub(crate) const PAUSE: Duration = Duration::from_millis(20);

/// A command for the shell.
#[derive(Clone, Copy)]
pub(crate) struct Shell<'s> {
    pub(crate) command: &'s str,
    pub(crate) directory: &'s Path,
    /// Variables that it must not see.
    pub(crate) scrubbed: &'s [String],
    /// The variable that says whose it is.
    pub(crate) running: (&'s str, &'s OsStr),
    /// What that variable holds and no other process has.
    pub(crate) mark: &'s str,
    /// Whether its output goes to a terminal, so that it should colour it.
    pub(crate) terminal: bool,
}

/// How it ended.
#[derive(Debug)]
pub(crate) enum End {
    Passed,
    TimedOut,
    /// A neighbour failed, so this one was stopped.
    Cancelled,
    /// A signal, or the end of `git push`.
    Interrupted(String),
    Stopped(Ending),
}

/// What happens meanwhile.
pub(crate) trait Meanwhile: Sync {
    /// Takes what the command says.
    fn output(&self, bytes: &[u8]);
    /// Called ten times a second.
    fn tick(&self) {}
    /// Whether the command is to be stopped.
    fn is_cancelled(&self) -> bool {
        false
    }
    /// Called as soon as somebody stops us, before the command is ended; maybe more than once.
    fn interrupted(&self, by: &str);
}

/// Runs one command to its end, in the background, with its output read.
pub(crate) fn run(
    shell: &Shell<'_>,
    limit: Duration,
    meanwhile: &dyn Meanwhile,
) -> Result<End, Trouble> {
    let deadline = Instant::now() + limit;
    let mut command = shell.command();
    command.stdin(Stdio::null());
    let output = Output::open(&mut command, shell.terminal);
    let output = output.map_err(|error| Trouble::io("run the suite", &error))?;
    // A group of its own: what ends it ends all of it.
    let spawned = start(command.process_group(0));
    // Our copies of its end of the output, or we would wait for ourselves.
    drop(command);
    let own = match spawned {
        Ok(own) => own,
        Err(end) => return Ok(end),
    };
    let reaped = AtomicBool::new(false);
    Ok(thread::scope(|scope| {
        let reader = scope.spawn(|| pump(output, &reaped, |bytes| meanwhile.output(bytes)));
        let end = shell.watch(Head::Group(own.id()), deadline, meanwhile);
        reaped.store(true, Ordering::Release);
        let _ = reader.join();
        end
    }))
}

/// Runs one command that gets the terminal: in our own group, so that it may read from it.
pub(crate) fn run_interactive(
    shell: &Shell<'_>,
    limit: Duration,
    meanwhile: &dyn Meanwhile,
) -> Result<End, Trouble> {
    let failed = |error: io::Error| Trouble::io("give the suite the terminal", &error);
    let deadline = Instant::now() + limit;
    let mut options = File::options();
    let terminal = options.read(true).write(true).open("/dev/tty");
    let terminal = terminal.map_err(failed)?;
    let settings = tcgetattr(&terminal).ok();
    let mut command = shell.command();
    command.stdin(terminal.try_clone().map_err(failed)?);
    command.stdout(stderr().as_fd().try_clone_to_owned().map_err(failed)?);
    let own = match start(&mut command) {
        Ok(own) => own,
        Err(end) => return Ok(end),
    };
    let end = shell.watch(Head::Shell(own.id()), deadline, meanwhile);
    // What is ended in the middle of a question leaves the terminal without an echo. It is only
    // ours to mend while we are in the foreground.
    if let (false, Some(settings)) = (matches!(end, End::Passed), settings)
        && tcgetpgrp(&terminal) == Ok(getpgrp())
    {
        let _ = tcsetattr(&terminal, SetArg::TCSANOW, &settings);
    }
    Ok(end)
}

/// Starts the shell; git's transport must not leak into it.
pub(crate) fn start(command: &mut Command) -> Result<Own, End> {
    adopt_orphans();
    close_fds::set_fds_cloexec(3, &[]);
    match Own::spawn(command) {
        // It is waited for by its id, also when it only stops.
        Ok((_, own)) => Ok(own),
        Err(error) => Err(End::Stopped(Ending::CouldNotRun(error.to_string()))),
    }
}

/// What there is to look at.
pub(crate) enum Event {
    Ended(Result<WaitStatus, Errno>),
    /// It stopped, because a background group may not touch the terminal.
    WantsTerminal,
    /// A signal came to us.
    Signal,
}

impl Shell<'_> {
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(self.command)
            .current_dir(self.directory);
        for name in self.scrubbed {
            command.env_remove(name);
        }
        command.env(self.running.0, self.running.1);
        command
    }

    /// Waits for the end of the command, or for a reason to end it and all of its family.
    pub(crate) fn watch(&self, head: Head, deadline: Instant, meanwhile: &dyn Meanwhile) -> End {
        let (Head::Group(leader) | Head::Shell(leader)) = head else {
            return End::Stopped(Ending::CouldNotRun("nobody leads it".to_owned()));
        };
        let family = Family {
            head,
            mark: self.mark,
        };
        thread::scope(|scope| {
            let (send, events) = mpsc::channel();
            let bell = signals::bell().map(|(ringer, mut bell)| {
                let send = send.clone();
                scope.spawn(move || {
                    while bell.rings() {
                        // Before the shell writes its prompt, with luck.
                        if let Some(by) = signals::interrupted() {
                            meanwhile.interrupted(&by);
                        }
                        let _ = send.send(Event::Signal);
                    }
                });
                ringer
            });
            scope.spawn(move || wait(leader, &send));
            let mut guard = None;
            let end = until(&events, deadline, meanwhile, || {
                guard = guard.take().or_else(|| Guard::over(&family));
            });
            if let End::Interrupted(by) = &end {
                meanwhile.interrupted(by);
            }
            // What a suite that passed leaves running, a server for the next time, is its own.
            if !matches!(end, End::Passed) {
                family.end(|| {
                    if matches!(
                        events.recv_timeout(PAUSE),
                        Err(RecvTimeoutError::Disconnected)
                    ) {
                        thread::sleep(PAUSE);
                    }
                });
            }
            // Or the scope would wait for it for ever.
            drop(bell);
            end
        })
    }
}

pub(crate) fn wait(shell: Pid, send: &Sender<Event>) {
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

/// Waits for the end, or for a reason to make one; `set_guard` is called as long as it runs.
pub(crate) fn until(
    events: &Receiver<Event>,
    deadline: Instant,
    meanwhile: &dyn Meanwhile,
    mut set_guard: impl FnMut(),
) -> End {
    // A suite that ends at once needs nobody to end it where we cannot.
    let mut patience = PAUSE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match events.recv_timeout(left.min(patience)) {
            Ok(Event::Ended(status)) => return end_of(status),
            Ok(Event::WantsTerminal) => return End::Stopped(Ending::WantsTerminal),
            Err(RecvTimeoutError::Disconnected) => {
                return End::Stopped(Ending::CouldNotRun("nobody waits for it".to_owned()));
            }
            Ok(Event::Signal) | Err(RecvTimeoutError::Timeout) => patience = TICK,
        }
        if let Some(by) = signals::interrupted() {
            return End::Interrupted(by);
        }
        if meanwhile.is_cancelled() {
            return End::Cancelled;
        }
        if Instant::now() >= deadline {
            return End::TimedOut;
        }
        set_guard();
        reap_orphans();
        meanwhile.tick();
    }
}

pub(crate) fn end_of(status: Result<WaitStatus, Errno>) -> End {
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
