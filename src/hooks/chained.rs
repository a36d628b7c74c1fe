//! The hook that runs after the gates have passed: its arguments and input, the signals that end it,
//! and the guard against calling each other in a circle.

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{self, Write},
    path::Path,
    process::{self, Stdio},
    thread,
};

use nix::unistd::getppid;

use crate::{
    gates::Stop,
    process::{SH, find, foreground, signals},
    push::variables::AFTER,
};

/// A hook may push elsewhere, and the hook of that push may do so again, but not as deep as this.
const DEEPEST: usize = 8;

/// What runs after the gates.
pub(crate) struct Chained {
    command: Vec<OsString>,
    /// What it is called in messages.
    pub(crate) name: String,
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
    pub(crate) fn refuse_circle(&self) -> Result<(), Stop> {
        let outer = env::var(AFTER).unwrap_or_default();
        let parent = getppid().to_string();
        let calls = outer.split(',');
        if !calls.clone().any(|call| call == parent) && calls.count() < DEEPEST {
            return Ok(());
        }
        let text = format!("{} calls pushgate again, and would for ever", self.name);
        let error = Stop::undecided(text).hint("let it call neither pushgate nor git's hook");
        Err(error.cure(
            "where it has the lines of pushgate twice",
            ["pushgate install"],
        ))
    }
}

/// Runs it with the arguments and the input that git gave to the gate, and returns its exit code: 128 and
/// the signal where one ended it. It is ended with the push.
pub(crate) fn run(chained: &Chained, arguments: [&OsStr; 2], input: Vec<u8>) -> Result<u8, Stop> {
    let failed = |error: io::Error| Stop::failed(format!("run {}", chained.name), &error);
    let outer = env::var(AFTER).map_or(String::new(), |outer| outer + ",");
    let after = format!("{outer}{}", process::id());
    let start = || {
        let mut child = foreground::spawn(&chained.command, |command| {
            command
                .args(arguments)
                .env(AFTER, &after)
                .stdin(Stdio::piped());
        })?;
        if let Some(mut pipe) = child.stdin.take() {
            // A hook that never reads must not keep us waiting; one that stops reading is no error.
            let writer = thread::Builder::new().spawn(move || drop(pipe.write_all(&input)));
            if let Err(error) = writer {
                // It has read too little to judge.
                let _ = child.kill();
                let _ = child.wait();
                return Err(error);
            }
        }
        Ok(child)
    };
    let is_over = || signals::interrupted().is_some();
    foreground::to_its_end(start, is_over).map_err(failed)
}
