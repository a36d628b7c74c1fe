//! Runs a program to its end and returns what it printed.

use std::{
    io::{self, Read, Write},
    os::fd::AsFd,
    path::Path,
    process::{Command, Stdio},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    sys::{
        signal::{Signal, killpg},
        wait::{WaitStatus, waitpid},
    },
    unistd::Pid,
};
use process_wrap::std::{CommandWrap, ProcessSession};

use super::{Error, output::pump, signals};
use crate::{push::url::redact, text::printable};

/// How often a reason to stop is looked for.
const TICK: Duration = Duration::from_millis(50);

/// More bytes of output are not read.
const MOST: usize = 64 << 20;

/// What a program printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Output {
    /// `None` where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    /// Its lines, without blank ones, passwords and control characters.
    pub(crate) stderr: Vec<String>,
}

impl Output {
    pub(crate) fn is_ok(&self) -> bool {
        self.code == Some(0)
    }

    pub(crate) fn line(&self) -> &[u8] {
        let mut lines = self.stdout.split(|b| *b == b'\n');
        lines.next().unwrap_or_default()
    }
}

impl From<std::process::Output> for Output {
    fn from(output: std::process::Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: lines(&output.stderr),
        }
    }
}

fn lines(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().map(|line| redact(line.trim_end()));
    let lines = lines.filter(|line| !line.is_empty());
    lines
        .map(|line| printable(line.as_bytes().into()))
        .collect()
}

/// The command line as a person would type it, without directories, passwords and git's options `-c`.
pub(crate) fn command_line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or_default();
    let mut line = program.to_string_lossy().into_owned();
    let mut words = command.get_args();
    while let Some(word) = words.next() {
        if word == "-c" {
            words.next();
        } else {
            line = format!("{line} {}", word.to_string_lossy());
        }
    }
    redact(&line)
}

pub(crate) fn run(command: &mut Command) -> Result<Output, Error> {
    let output = command.output();
    Ok(output.map_err(|error| failed(command, error))?.into())
}

pub(crate) fn run_with_input(command: &mut Command, input: &[u8]) -> Result<Output, Error> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| failed(command, error))?;
    let pipe = child.stdin.take();
    let output = thread::scope(|scope| {
        // A program that ends before it has read everything says why itself.
        scope.spawn(move || pipe.map(|mut pipe| pipe.write_all(input)));
        child.wait_with_output()
    });
    Ok(output.map_err(|error| failed(command, error))?.into())
}

/// Runs a program for at most this long, else kills it and its process group and returns `None`.
///
/// It gets a session of its own, so it has no terminal to ask anything on.
pub(crate) fn run_within(command: Command, limit: Duration) -> Result<Option<Output>, Error> {
    let deadline = Instant::now() + limit;
    let mut command = CommandWrap::from(command);
    command.wrap(ProcessSession);
    command
        .command_mut()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let spawned = command.spawn();
    let failed = |error| failed(command.command(), error);
    let mut child = spawned.map_err(failed)?;
    let id = Pid::from_raw(child.id().cast_signed());
    let (stdout, stderr) = (child.stdout().take(), child.stderr().take());
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let stdout = scope.spawn(|| read(stdout, &ended));
        let stderr = scope.spawn(|| read(stderr, &ended));
        let (send, end) = mpsc::channel();
        scope.spawn(move || send.send(wait(id)));
        let end = loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match end.recv_timeout(left.min(TICK)) {
                Err(RecvTimeoutError::Timeout)
                    if Instant::now() < deadline && signals::interrupted().is_none() => {}
                end => break end.ok(),
            }
        };
        if end.is_none() {
            // What only asked a server has nothing to tidy up.
            let _ = killpg(id, Signal::SIGKILL);
        }
        // A daemon that it left behind (ssh's `ControlPersist`) may keep the pipes open for ever.
        ended.store(true, Ordering::Release);
        let [stdout, stderr] = [stdout, stderr].map(|reader| reader.join().unwrap_or_default());
        let Some(status) = end else {
            return Ok(None);
        };
        let code = match status.map_err(|error| failed(error.into()))? {
            WaitStatus::Exited(_, code) => Some(code),
            _ => None,
        };
        Ok(Some(Output {
            code,
            stdout,
            stderr: lines(&stderr),
        }))
    })
}

fn wait(id: Pid) -> nix::Result<WaitStatus> {
    loop {
        match waitpid(id, None) {
            Err(Errno::EINTR) => {}
            ended => return ended,
        }
    }
}

fn failed(command: &Command, source: io::Error) -> Error {
    Error::Run {
        command: command_line(command),
        source,
    }
}

fn read(pipe: Option<impl Read + AsFd>, ended: &AtomicBool) -> Vec<u8> {
    let mut all = Vec::new();
    if let Some(pipe) = pipe {
        pump(pipe, ended, |bytes| {
            all.extend_from_slice(bytes);
            all.len() < MOST
        });
    }
    all
}
