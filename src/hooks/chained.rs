//! The hook that runs after the gates have passed: its arguments and input, the signals that end it,
//! and the guard against calling each other in a circle.

use std::{
    env,
    ffi::OsStr,
    fmt,
    fs::File,
    io::{self, Write},
    path::PathBuf,
    process::{self, Command, Stdio},
    thread,
    time::Duration,
};

use nix::{
    errno::Errno,
    sys::{
        signal::{Signal, kill},
        wait::WaitStatus,
    },
    unistd::{Pid, getpgrp, getppid, tcgetpgrp},
};

use crate::{
    gates::Undecided,
    process::{SH, child::ChildWatch, find, signals},
    push::variables::AFTER,
};

/// A hook may push elsewhere, and the hook of that push may do so again, but not as deep as this.
const DEEPEST: usize = 8;

/// How often the death of `git push` is looked for; a signal and the hook's end are noticed at once.
const TICK: Duration = Duration::from_millis(100);

/// What runs after the gates.
pub(crate) enum Chained {
    /// The hook that ours replaced.
    Hook(PathBuf),
    /// The rest of the script that called the gate first. Its first argument tells it to step over
    /// that call. husky runs it like this, executable or not.
    Rest(PathBuf),
    /// git-lfs, where lefthook is told not to call it.
    Lfs,
}

/// How it ended.
pub(crate) enum Ending {
    Agreed,
    /// With this exit code, or 128 and the signal that ended it.
    Refused(u8),
    /// The push was ended while it ran, and it was ended with it.
    Stopped {
        by: String,
    },
}

impl Chained {
    /// Refuses to go round in a circle: this process has taken the place of the shell that another
    /// gate runs as a chained hook, or is too deep in such calls.
    pub(crate) fn refuse_circle(&self) -> Result<(), Undecided> {
        let outer = env::var(AFTER).unwrap_or_default();
        let parent = getppid().to_string();
        let calls = outer.split(',');
        if !calls.clone().any(|call| call == parent) && calls.count() < DEEPEST {
            return Ok(());
        }
        let hint = match self {
            Self::Rest(_) => "pushgate install puts its lines there once",
            Self::Hook(_) | Self::Lfs => "let it call neither pushgate nor git's hook",
        };
        let text = format!("{self} calls pushgate again, and would for ever");
        Err(Undecided::new(text).hint(hint))
    }

    fn command(&self) -> Command {
        match self {
            Self::Hook(hook) => Command::new(hook),
            Self::Rest(script) => {
                let mut command = Command::new(SH);
                command.arg("-e").arg(script).arg("--judged");
                command
            }
            Self::Lfs => {
                let mut command = Command::new(find("git").unwrap_or_default());
                command.args(["lfs", "pre-push"]);
                command
            }
        }
    }
}

impl fmt::Display for Chained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hook(hook) => write!(f, "the hook that was here before ({})", hook.display()),
            Self::Rest(script) => write!(f, "the rest of {}", script.display()),
            Self::Lfs => write!(f, "git lfs pre-push"),
        }
    }
}

/// Runs it with the arguments and the input that git gave to the gate, to its end.
pub(crate) fn run(
    chained: &Chained,
    arguments: [&OsStr; 2],
    input: Vec<u8>,
) -> Result<Ending, Undecided> {
    let failed = |error: io::Error| {
        let what = match chained {
            Chained::Hook(path) | Chained::Rest(path) => path.display().to_string(),
            Chained::Lfs => chained.to_string(),
        };
        Undecided::new(format!("could not run {what}")).detail(error.to_string())
    };
    let outer = env::var(AFTER).map_or(String::new(), |outer| outer + ",");
    let after = format!("{outer}{}", process::id());
    let spawn = |command: &mut Command| {
        let command = command.args(arguments).env(AFTER, &after);
        command.stdin(Stdio::piped()).spawn()
    };
    let mut watch = ChildWatch::new().map_err(failed)?;
    let child = spawn(&mut chained.command()).or_else(|error| {
        match (error.raw_os_error(), chained) {
            // git runs a hook without a `#!` line by the shell.
            (Some(code), Chained::Hook(hook)) if code == Errno::ENOEXEC as i32 => {
                spawn(Command::new(SH).arg(hook))
            }
            _ => Err(error),
        }
    });
    let mut child = child.map_err(failed)?;
    if let Some(mut pipe) = child.stdin.take() {
        // A hook that never reads must not keep us waiting; one that stops reading is no error.
        let writer = thread::Builder::new().spawn(move || drop(pipe.write_all(&input)));
        if let Err(error) = writer {
            // It has read too little to judge.
            let _ = child.kill();
            let _ = child.wait();
            return Err(failed(error));
        }
    }
    let id = Pid::from_raw(child.id().cast_signed());
    let mut passed_on = false;
    let code = loop {
        match watch.wait(id, TICK, &mut |_, _| true) {
            Some(Ok(WaitStatus::Exited(_, code))) => break code,
            Some(Ok(WaitStatus::Signaled(_, signal, _))) => break 128 + signal as i32,
            Some(Err(error)) => return Err(failed(error.into())),
            // It is only stopped.
            Some(Ok(_)) | None => {}
        }
        if !passed_on && signals::interrupted().is_some() {
            passed_on = true;
            end(id);
        }
    };
    if let Some(by) = signals::interrupted() {
        return Ok(Ending::Stopped { by });
    }
    Ok(match u8::try_from(code).unwrap_or(1) {
        0 => Ending::Agreed,
        code => Ending::Refused(code),
    })
}

/// Ends the child, once, by the signal that ended the push, or by SIGTERM where only `git push` is gone.
fn end(child: Pid) {
    let signal = signals::signal()
        .and_then(|number| Signal::try_from(i32::from(number)).ok())
        .unwrap_or(Signal::SIGTERM);
    // The terminal has sent a key's signal to the child as well; twice would mean something else.
    let is_key = matches!(signal, Signal::SIGINT | Signal::SIGQUIT);
    if !(is_key && is_in_foreground()) {
        let _ = kill(child, signal);
    }
}

/// Whether the terminal sends its signals to our process group, and so to the hook in it.
fn is_in_foreground() -> bool {
    File::open("/dev/tty").is_ok_and(|terminal| tcgetpgrp(terminal) == Ok(getpgrp()))
}
