//! One command of the suite: its own process group, none of git's file descriptors, a time limit, and
//! an end that includes everything that it started.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, ErrorKind, stderr},
    os::{fd::AsFd, unix::process::CommandExt},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use nix::sys::{
    termios::{SetArg, tcgetattr, tcsetattr},
    wait::WaitStatus,
};

use super::{
    child::{Abort, ChildWatch, PAUSE, Status},
    output::connect,
    terminal::is_ours,
    tree::{Awaited, ProcessTree, adopt_orphans, reap_orphans},
    watchdog::Watchdog,
};
use crate::gates::facts::Ending;

#[derive(Clone, Copy)]
pub(crate) struct Shell<'s> {
    pub(crate) command: &'s str,
    pub(crate) directory: &'s Path,
    pub(crate) removed: &'s [OsString],
    /// A variable that is set, and its value.
    pub(crate) variable: (&'s str, &'s OsStr),
    /// A part of that value that no other process has.
    pub(crate) mark: &'s str,
    /// Whether its output goes to a terminal, so that it uses colours.
    pub(crate) terminal: bool,
}

/// How a command ended, `None` where it passed; or why it was ended.
pub(crate) type End = Result<Option<Ending>, Abort>;

/// What is told about a command while it runs.
pub(crate) trait Observer: Sync {
    fn output(&self, bytes: &[u8]);
    /// Called ten times a second.
    fn tick(&self) {}
    fn is_cancelled(&self) -> bool {
        false
    }
    /// Called when the push was ended, before the command is.
    fn interrupted(&self, by: &str);
}

impl Shell<'_> {
    /// Runs the command in the background, and reads its output.
    pub(crate) fn run(&self, limit: Duration, observer: &dyn Observer) -> io::Result<End> {
        let mut command = self.command();
        command.process_group(0);
        let mut watch = ChildWatch::new()?;
        watch.add(connect(&mut command, self.terminal)?);
        self.watch(command, watch, limit, observer)
    }

    /// Runs the command with the terminal: in our own process group, so that it may read from it.
    pub(crate) fn run_interactive(
        &self,
        limit: Duration,
        observer: &dyn Observer,
    ) -> io::Result<End> {
        let terminal = File::options().read(true).write(true).open("/dev/tty")?;
        let settings = tcgetattr(&terminal).ok();
        let mut command = self.command();
        command.stdin(terminal.try_clone()?);
        command.stdout(stderr().as_fd().try_clone_to_owned()?);
        let end = self.watch(command, ChildWatch::new()?, limit, observer)?;
        // What is ended in the middle of a question leaves the terminal without an echo. We may only
        // change that while we are in the foreground.
        if let (false, Some(settings)) = (matches!(end, Ok(None)), settings)
            && is_ours(&terminal)
        {
            let _ = tcsetattr(&terminal, SetArg::TCSANOW, &settings);
        }
        Ok(end)
    }

    fn command(&self) -> Command {
        let mut command = script(self.command, self.directory, self.removed);
        command.env(self.variable.0, self.variable.1);
        command
    }

    /// Starts the command without the file descriptors of git's transport, and waits for its end, or for
    /// a reason to end it and everything it started.
    fn watch(
        &self,
        mut command: Command,
        mut watch: ChildWatch,
        limit: Duration,
        observer: &dyn Observer,
    ) -> io::Result<End> {
        let deadline = Instant::now() + limit;
        adopt_orphans();
        close_fds::set_fds_cloexec(3, &[]);
        let shell = match Awaited::spawn(&mut command) {
            // It is waited for by its id, to notice also when it only stops.
            Ok((_, shell)) => shell,
            Err(error) => {
                return match error.kind() {
                    // No child can be started at all (`RLIMIT_NPROC`): it is not the command's fault.
                    ErrorKind::WouldBlock | ErrorKind::OutOfMemory => Err(error),
                    _ => Ok(Ok(Some(Ending::CouldNotRun(error.to_string())))),
                };
            }
        };
        // It holds the other end of the output, which would never end.
        drop(command);
        let tree = ProcessTree {
            shell: Some(shell.id()),
            mark: self.mark,
        };
        let take = &mut |_, bytes: &[u8]| {
            observer.output(bytes);
            true
        };
        let mut watchdog = None;
        let status = watch.wait_until(shell.id(), deadline, take, || {
            // A suite that ends at once needs no watchdog.
            watchdog = watchdog.take().or_else(|| Watchdog::start(&tree));
            reap_orphans();
            observer.tick();
            !observer.is_cancelled()
        });
        let end = status.map(ending);
        if let Err(Abort::Interrupted(by)) = &end {
            observer.interrupted(by);
        }
        // What a suite that passed leaves running, such as a server for the next time, may stay.
        if !matches!(end, Ok(None)) {
            tree.end_pausing(|| {
                let _ = watch.wait(shell.id(), PAUSE, take);
            });
        }
        watch.read_rest(PAUSE, take);
        Ok(end)
    }
}

/// Builds a call of the shell for a command of the policy, without the file descriptors of git's transport.
/// `-e` lets a script of several lines end with the first that fails.
pub(crate) fn script(command: &str, directory: &Path, removed: &[OsString]) -> Command {
    close_fds::set_fds_cloexec(3, &[]);
    let mut script = Command::new(super::SH);
    script.args(["-e", "-c", command]).current_dir(directory);
    script.stdin(Stdio::null());
    for name in removed {
        script.env_remove(name);
    }
    script
}

fn ending(status: Status) -> Option<Ending> {
    let could_not_run = |why: &str| Ending::CouldNotRun(why.to_owned());
    Some(match status {
        Ok(WaitStatus::Exited(_, 0)) => return None,
        // The shell's codes for a command that is there but cannot run, or is not there (POSIX, "Exit
        // Status for Commands").
        Ok(WaitStatus::Exited(_, 126)) => could_not_run("exit code 126, not executable"),
        Ok(WaitStatus::Exited(_, 127)) => could_not_run("exit code 127, command not found"),
        Ok(WaitStatus::Exited(_, code)) => Ending::Failed(code),
        Ok(WaitStatus::Signaled(_, signal, _)) => Ending::Killed(signal as i32),
        Ok(WaitStatus::Stopped(..)) => Ending::WantsTerminal,
        other => could_not_run(&format!("its end is not known ({other:?})")),
    })
}
