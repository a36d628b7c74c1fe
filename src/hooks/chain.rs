//! What runs after the gates have passed: the hook that was there before, as git would run it, or what
//! another program has us call. It is not outlived.

use std::{
    env,
    ffi::OsStr,
    fmt,
    fs::File,
    io::{self, Read, Write},
    os::{
        fd::AsFd,
        unix::{net::UnixStream, process::ExitStatusExt},
    },
    path::PathBuf,
    process::{self, Child, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::signal::{Signal, kill},
    unistd::{Pid, getpgrp, getppid, tcgetpgrp},
};
use signal_hook::{consts::SIGCHLD, low_level::pipe};

use crate::{cli::PrePush, gates::verdict::Trouble, process::signals, push::variables::AFTER};

/// How often the death of `git push` is looked for; a signal and the hook's end are noticed at once.
pub(crate) const TICK: Duration = Duration::from_millis(100);

/// Nobody pushes from a hook of a push from a hook so often.
pub(crate) const DEEPEST: usize = 8;

/// What comes after the gates.
pub(crate) enum Then {
    /// The hook that was there before.
    Hook(PathBuf),
    /// The rest of the script that called us first: it steps over that call where its first argument
    /// says so. husky runs it like this, executable or not.
    Rest(PathBuf),
    /// git-lfs, in whose place lefthook has us call it.
    Lfs,
}

impl Then {
    pub(crate) fn of(args: &PrePush) -> Option<Self> {
        let hook = args.chain.clone().map(Self::Hook);
        hook.or_else(|| args.rest.clone().map(Self::Rest))
            .or_else(|| args.lfs.then_some(Self::Lfs))
    }

    /// Refuses to go round in a circle: we were called by what another call of ours runs, in place of
    /// the shell that ran it, or far down in such calls.
    pub(crate) fn ends(&self) -> Result<(), Trouble> {
        let outer = env::var(AFTER).unwrap_or_default();
        let parent = getppid().to_string();
        let calls = outer.split(',');
        if !calls.clone().any(|call| call == parent) && calls.count() < DEEPEST {
            return Ok(());
        }
        Err(Trouble::Circle {
            then: self.to_string(),
            cure: match self {
                Self::Rest(_) => "pushgate install puts its lines there once".to_owned(),
                Self::Hook(_) | Self::Lfs => {
                    "let it call neither pushgate nor git's hook".to_owned()
                }
            },
        })
    }

    pub(crate) fn command(&self) -> Command {
        match self {
            Self::Hook(hook) => Command::new(hook),
            Self::Rest(script) => {
                let mut command = Command::new("sh");
                command.arg("-e").arg(script).arg("--judged");
                command
            }
            Self::Lfs => {
                let mut command = Command::new("git");
                command.args(["lfs", "pre-push"]);
                command
            }
        }
    }
}

impl fmt::Display for Then {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hook(hook) => write!(f, "the hook that was here before ({})", hook.display()),
            Self::Rest(script) => write!(f, "the rest of {}", script.display()),
            Self::Lfs => write!(f, "git lfs pre-push"),
        }
    }
}

/// What became of it.
pub(crate) enum Chained {
    Agreed,
    /// With this exit code, or 128 and the signal that ended it.
    Refused(u8),
    /// The push was ended while it ran, and so was it.
    Stopped {
        by: String,
    },
}

/// Runs it with the arguments and the input that git gave to us, to its end.
pub(crate) fn run(then: &Then, words: [&OsStr; 2], input: Vec<u8>) -> Result<Chained, Trouble> {
    let failed = |error: io::Error| {
        let what = match then {
            Then::Hook(path) | Then::Rest(path) => path.display().to_string(),
            Then::Lfs => then.to_string(),
        };
        Trouble::io(format!("run {what}"), &error)
    };
    let outer = env::var(AFTER).map_or(String::new(), |outer| outer + ",");
    let after = format!("{outer}{}", process::id());
    let spawn = |command: &mut Command| {
        let command = command.args(words).env(AFTER, &after);
        command.stdin(Stdio::piped()).spawn()
    };
    let end = End::watch().map_err(failed)?;
    let child = spawn(&mut then.command()).or_else(|error| match (error.raw_os_error(), then) {
        // No `#!` line: git runs such a hook by the shell, and so do we.
        (Some(code), Then::Hook(hook)) if code == Errno::ENOEXEC as i32 => {
            spawn(Command::new("sh").arg(hook))
        }
        _ => Err(error),
    });
    let mut child = child.map_err(failed)?;
    if let Some(mut pipe) = child.stdin.take() {
        // A hook that never reads must not keep us waiting; one that stops reading is no error.
        thread::spawn(move || drop(pipe.write_all(&input)));
    }
    let status = end.wait(&mut child).map_err(failed)?;
    if let Some(by) = signals::interrupted() {
        return Ok(Chained::Stopped { by });
    }
    let code = status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    Ok(match u8::try_from(code).unwrap_or(1) {
        0 => Chained::Agreed,
        code => Chained::Refused(code),
    })
}

/// Wakes us when a child ends.
pub(crate) struct End(UnixStream);

impl End {
    pub(crate) fn watch() -> io::Result<Self> {
        let (woken, waker) = UnixStream::pair()?;
        woken.set_nonblocking(true)?;
        pipe::register(SIGCHLD, waker)?;
        Ok(Self(woken))
    }

    /// Waits for the child; what ends the push is passed on to it, once.
    pub(crate) fn wait(mut self, child: &mut Child) -> io::Result<ExitStatus> {
        let mut is_told = false;
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            if !is_told && signals::interrupted().is_some() {
                is_told = true;
                pass_on(child);
            }
            let tick = PollTimeout::try_from(TICK).unwrap_or(PollTimeout::ZERO);
            match poll(&mut [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)], tick) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
            // What woke us is seen by the next look.
            let _ = self.0.read(&mut [0; 64]);
        }
    }
}

/// Passes on what ended the push; where only `git push` is gone, that is a reason to end, too.
pub(crate) fn pass_on(child: &Child) {
    let signal = signals::signal()
        .and_then(|number| Signal::try_from(i32::from(number)).ok())
        .unwrap_or(Signal::SIGTERM);
    // A key of the terminal has reached it by itself, and twice would mean something else.
    let is_key = matches!(signal, Signal::SIGINT | Signal::SIGQUIT);
    if !(is_key && is_in_foreground()) {
        let _ = kill(Pid::from_raw(child.id().cast_signed()), signal);
    }
}

/// Whether a terminal sends its signals to our process group, and so to the hook in it.
pub(crate) fn is_in_foreground() -> bool {
    File::open("/dev/tty").is_ok_and(|terminal| tcgetpgrp(terminal) == Ok(getpgrp()))
}
