//! The one place that starts programs whose answer is read: git, on the whole.

use std::{
    env,
    ffi::OsStr,
    fs::File,
    io::{Read, Write},
    os::fd::{AsFd, OwnedFd},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use process_wrap::std::{CommandWrap, ProcessSession};

use super::signals;
use crate::{gates::verdict::Trouble, push::url::redact};

/// How often, in milliseconds, a silent pipe is looked at again.
pub(crate) const TICK: u8 = 50;

/// Nobody has so much to say, in bytes: whoever does is not heard to the end.
pub(crate) const MOST: usize = 64 << 20;

/// How soon, and at last how often, the end of a program is looked for that says no more.
pub(crate) const BLINK: Duration = Duration::from_micros(100);
pub(crate) const PATIENCE: Duration = Duration::from_millis(100);

/// The user's own git, the first on the path.
#[derive(Clone, Debug)]
pub(crate) struct Git {
    program: PathBuf,
    /// The work tree, where `GIT_WORK_TREE` leads elsewhere.
    work_tree: Option<PathBuf>,
}

/// What a program said.
#[derive(Debug)]
pub(crate) struct Said {
    /// Its exit code; `None` where a signal ended it.
    pub(crate) code: Option<i32>,
    /// Its standard output, as far as it was heard.
    pub(crate) out: Vec<u8>,
    /// Its standard error, line by line, without blank ones and without passwords.
    pub(crate) words: Vec<String>,
}

impl Said {
    /// Whether it exited with 0.
    pub(crate) fn is_ok(&self) -> bool {
        self.code == Some(0)
    }

    /// The first line of its output.
    pub(crate) fn line(&self) -> &[u8] {
        self.out.split(|b| *b == b'\n').next().unwrap_or_default()
    }
}

impl Git {
    /// Finds git.
    pub(crate) fn find() -> Result<Self, Trouble> {
        match which::which("git") {
            Ok(program) => Ok(Self {
                program,
                work_tree: moved_work_tree(),
            }),
            Err(error) => Err(Trouble::NoGit {
                words: vec![error.to_string()],
            }),
        }
    }

    pub(crate) fn start<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args).stdin(Stdio::null());
        if let Some(top) = &self.work_tree {
            command.env("GIT_WORK_TREE", top);
        }
        command
    }

    /// A call of git that stays on this machine.
    ///
    /// It keeps the environment of the push (`-c` options travel in it), fetches nothing that a
    /// partial clone lacks, and sees commits as they are, not as `git replace` or a graft shows
    /// them.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.start(args);
        command
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            // One that cannot be: an empty one has git give advice on it in every error.
            .env("GIT_GRAFT_FILE", "/dev/null/none");
        command
    }

    /// Runs such a call to its end.
    pub(crate) fn run<S: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
    ) -> Result<Said, Trouble> {
        said(&mut self.command(args))
    }

    /// Runs a call that must succeed.
    pub(crate) fn must<S: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
    ) -> Result<Said, Trouble> {
        let mut command = self.command(args);
        let said = said(&mut command)?;
        if said.is_ok() {
            return Ok(said);
        }
        Err(Trouble::Git {
            command: show(&command),
            words: said.words,
        })
    }

    /// A call of git that may ask the network, but never a person.
    pub(crate) fn network<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.start(args);
        // An empty GIT_ASKPASS also switches core.askPass and SSH_ASKPASS off (git's prompt.c).
        command
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "");
        command
            .env("SSH_ASKPASS", "")
            .env("SSH_ASKPASS_REQUIRE", "never")
            .env("GCM_INTERACTIVE", "never");
        command
    }
}

/// The top of the work tree, where git was called below it with a relative `GIT_WORK_TREE`.
///
/// git then moves to the top before it calls a hook, and hands the name on as it was: from there
/// it leads elsewhere.
pub(crate) fn moved_work_tree() -> Option<PathBuf> {
    let is_below = env::var_os("GIT_PREFIX").is_some_and(|prefix| !prefix.is_empty());
    let is_relative =
        env::var_os("GIT_WORK_TREE").is_some_and(|tree| Path::new(&tree).is_relative());
    (is_below && is_relative)
        .then(|| env::current_dir().ok())
        .flatten()
}

/// The command as a person would type it, without its paths.
pub(crate) fn show(command: &Command) -> String {
    let args = command.get_args().map(OsStr::to_string_lossy);
    let words: Vec<_> = std::iter::once("git".into()).chain(args).collect();
    redact(&words.join(" "))
}

pub(crate) fn lines(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let lines = text
        .lines()
        .map(|line| redact(line.trim_end()))
        .filter(|line| !line.is_empty());
    lines
        .map(|line| crate::text::printable(line.as_bytes().into()))
        .collect()
}

/// Runs a program to its end.
pub(crate) fn said(command: &mut Command) -> Result<Said, Trouble> {
    let output = command
        .output()
        .map_err(|error| could_not(command, &error))?;
    Ok(Said {
        code: output.status.code(),
        out: output.stdout,
        words: lines(&output.stderr),
    })
}

/// Runs a program to its end with this on its standard input.
pub(crate) fn fed(command: &mut Command, input: &[u8]) -> Result<Said, Trouble> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .map_err(|error| could_not(command, &error))?;
    let pipe = child.stdin.take();
    let output = thread::scope(|scope| {
        // A program that ends before it has read it all says why on its own.
        scope.spawn(move || pipe.map(|mut pipe| pipe.write_all(input)));
        child.wait_with_output()
    });
    let output = output.map_err(|error| could_not(command, &error))?;
    Ok(Said {
        code: output.status.code(),
        out: output.stdout,
        words: lines(&output.stderr),
    })
}

pub(crate) fn could_not(command: &Command, error: &std::io::Error) -> Trouble {
    Trouble::Git {
        command: show(command),
        words: vec![error.to_string()],
    }
}

/// Runs a program for so long at most; `None`: it did not end in time, and it and all that it
/// started are gone.
///
/// It gets a session of its own, so it has no terminal to ask anything on.
pub(crate) fn said_within(command: Command, limit: Duration) -> Result<Option<Said>, Trouble> {
    let deadline = Instant::now() + limit;
    let mut command = CommandWrap::from(command);
    command.wrap(ProcessSession);
    command
        .command_mut()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .map_err(|error| could_not(command.command(), &error))?;
    let group = i32::try_from(child.id()).map(Pid::from_raw);
    let mut pipes = [
        Pipe::new(child.stdout().take()),
        Pipe::new(child.stderr().take()),
    ];
    let mut pause = BLINK;
    let status = loop {
        if pipes.iter().any(|pipe| pipe.file.is_some()) {
            read_ready(&mut pipes, PollTimeout::from(TICK));
        } else {
            // It has said all it had to say, and ends as a rule.
            thread::sleep(pause);
            pause = (pause * 2).min(PATIENCE);
        }
        let status = child.try_wait();
        if let Some(status) = status.map_err(|error| could_not(command.command(), &error))? {
            break status;
        }
        if Instant::now() >= deadline || signals::interrupted().is_some() {
            // Nothing that asked a server has anything to tidy up.
            let _ = group.map(|group| killpg(group, Signal::SIGKILL));
            let _ = child.wait();
            return Ok(None);
        }
    };
    // A daemon that it left behind (ssh's `ControlPersist`) may hold the pipes open for ever: what
    // is in them now was all.
    while read_ready(&mut pipes, PollTimeout::ZERO) {}
    let [out, err] = pipes;
    Ok(Some(Said {
        code: status.code(),
        out: out.all,
        words: lines(&err.all),
    }))
}

/// What a program says on one of its outputs.
pub(crate) struct Pipe {
    /// Nothing once its end was read.
    file: Option<File>,
    all: Vec<u8>,
}

impl Pipe {
    pub(crate) fn new(pipe: Option<impl Into<OwnedFd>>) -> Self {
        Self {
            file: pipe.map(|pipe| File::from(pipe.into())),
            all: Vec::new(),
        }
    }

    pub(crate) fn read(&mut self) {
        let mut buffer = [0; 16 * 1024];
        match self.file.as_mut().map(|file| file.read(&mut buffer)) {
            Some(Ok(count @ 1..)) if self.all.len() + count <= MOST => {
                self.all.extend_from_slice(&buffer[..count]);
            }
            // A pipe that nobody reads any more ends the program.
            _ => self.file = None,
        }
    }
}

/// Reads what is there, and waits for it so long at most; whether there was anything, or an end.
pub(crate) fn read_ready(pipes: &mut [Pipe], timeout: PollTimeout) -> bool {
    let open = || pipes.iter().filter_map(|pipe| pipe.file.as_ref());
    let mut asked: Vec<_> = open()
        .map(|file| PollFd::new(file.as_fd(), PollFlags::POLLIN))
        .collect();
    if !matches!(poll(&mut asked, timeout), Ok(1..)) {
        return false;
    }
    let ready: Vec<_> = asked.iter().map(|one| one.any() == Some(true)).collect();
    let open = pipes.iter_mut().filter(|pipe| pipe.file.is_some());
    for (pipe, _) in open.zip(ready).filter(|(_, ready)| *ready) {
        pipe.read();
    }
    true
}

/// Reads a pipe until its end, or until the program that wrote to it is reaped and nothing is left
/// in it, handing on what is read as it comes.
pub(crate) fn pump(mut pipe: impl Read + AsFd, reaped: &AtomicBool, mut take: impl FnMut(&[u8])) {
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let last = reaped.load(Ordering::Acquire);
        let ready = poll(
            &mut [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)],
            if last {
                PollTimeout::ZERO
            } else {
                PollTimeout::from(TICK)
            },
        );
        match ready {
            Ok(0) if last => return,
            Ok(0) | Err(nix::errno::Errno::EINTR) => continue,
            Ok(_) => {}
            Err(_) => return,
        }
        match pipe.read(&mut buffer) {
            // A terminal's other end answers EIO once nobody holds this one.
            Ok(0) | Err(_) => return,
            Ok(count) => take(&buffer[..count]),
        }
    }
}
