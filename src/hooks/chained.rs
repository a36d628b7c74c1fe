//! The hook that runs after the gates have passed: its arguments and input, the signals that end it,
//! and the guard against calling each other in a circle.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, Write},
    path::Path,
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
pub(crate) struct Chained {
    command: Vec<OsString>,
    /// What it is called in messages.
    pub(crate) name: String,
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
    /// The hook that ours replaced.
    pub(crate) fn hook(path: &Path) -> Self {
        Self {
            command: vec![path.into()],
            name: format!("the hook that was here before ({})", path.display()),
        }
    }

    /// The rest of the script that called the gate first. Its first argument tells it to step over
    /// that call. husky runs it like this, executable or not.
    pub(crate) fn rest(script: &Path) -> Self {
        Self {
            command: vec![SH.into(), "-e".into(), script.into(), "--judged".into()],
            name: format!("the rest of {}", script.display()),
        }
    }

    /// git-lfs, where lefthook is told not to call it.
    pub(crate) fn lfs() -> Self {
        let git = find("git").unwrap_or_default();
        Self {
            command: vec![git.into(), "lfs".into(), "pre-push".into()],
            name: "git lfs pre-push".to_owned(),
        }
    }

    /// Refuses to go round in a circle: this process has taken the place of the shell that another
    /// gate runs as a chained hook, or is too deep in such calls.
    pub(crate) fn refuse_circle(&self) -> Result<(), Undecided> {
        let outer = env::var(AFTER).unwrap_or_default();
        let parent = getppid().to_string();
        let calls = outer.split(',');
        if !calls.clone().any(|call| call == parent) && calls.count() < DEEPEST {
            return Ok(());
        }
        let text = format!("{} calls pushgate again, and would for ever", self.name);
        let error = Undecided::new(text).hint("let it call neither pushgate nor git's hook");
        Err(error.cure(
            "where it has the lines of pushgate twice",
            ["pushgate install"],
        ))
    }
}

/// Runs it with the arguments and the input that git gave to the gate, to its end.
pub(crate) fn run(
    chained: &Chained,
    arguments: [&OsStr; 2],
    input: Vec<u8>,
) -> Result<Ending, Undecided> {
    let failed = |error: io::Error| {
        Undecided::new(format!("could not run {}", chained.name)).detail(error.to_string())
    };
    let outer = env::var(AFTER).map_or(String::new(), |outer| outer + ",");
    let after = format!("{outer}{}", process::id());
    let spawn = |words: &[OsString]| {
        let mut command = Command::new(&words[0]);
        let command = command.args(&words[1..]).args(arguments);
        command.env(AFTER, &after).stdin(Stdio::piped()).spawn()
    };
    let mut watch = ChildWatch::new().map_err(failed)?;
    let child = spawn(&chained.command).or_else(|error| match error.raw_os_error() {
        // git runs a hook without a `#!` line by the shell.
        Some(code) if code == Errno::ENOEXEC as i32 => {
            spawn(&[&[SH.into()], chained.command.as_slice()].concat())
        }
        _ => Err(error),
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
