//! Runs a program to its end and returns what it printed.

use std::{
    io::{self, Write},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::{
        signal::{Signal, killpg},
        wait::{WaitStatus, waitpid},
    },
    unistd::Pid,
};
use process_wrap::std::{CommandWrap, ProcessSession};

use super::{
    child::{ChildWatch, PAUSE},
    waits::Wait,
};
use crate::{gates::Stop, push::url::redact, text::printable};

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

pub(crate) fn run(command: &mut Command) -> Result<Output, Stop> {
    let output = command.output();
    Ok(output.map_err(|error| failed(command, &error))?.into())
}

pub(crate) fn run_with_input(command: &mut Command, input: &[u8]) -> Result<Output, Stop> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| failed(command, &error))?;
    let pipe = child.stdin.take();
    let output = thread::scope(|scope| {
        // A program that ends before it has read everything says why itself.
        let write = move || pipe.map(|mut pipe| pipe.write_all(input));
        thread::Builder::new().spawn_scoped(scope, write)?;
        child.wait_with_output()
    });
    Ok(output.map_err(|error| failed(command, &error))?.into())
}

/// Runs a program for at most this long, else kills it and its process group and returns `None`.
///
/// It gets a session of its own, so it has no terminal to ask anything on.
pub(crate) fn run_within(command: Command, limit: Duration) -> Result<Option<Output>, Stop> {
    run_ticking(command, limit, || {})
}

/// The same of a program that waits for an answer, which is told once that takes a moment; `whom`: who is asked.
pub(crate) fn ask_within(
    command: Command,
    limit: Duration,
    whom: &str,
) -> Result<Option<Output>, Stop> {
    let mut wait = Wait::begin(whom);
    run_ticking(command, limit, || wait.tick())
}

/// The same; `tick` is called about ten times a second meanwhile.
pub(crate) fn run_ticking(
    mut command: Command,
    limit: Duration,
    mut tick: impl FnMut(),
) -> Result<Option<Output>, Stop> {
    let deadline = Instant::now() + limit;
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut command = CommandWrap::from(command);
    let started = ChildWatch::new().and_then(|watch| {
        let child = command.wrap(ProcessSession).spawn()?;
        Ok((watch, child))
    });
    let (mut watch, mut child) = started.map_err(|error| failed(command.command(), &error))?;
    let id = Pid::from_raw(child.id().cast_signed());
    if let (Some(stdout), Some(stderr)) = (child.stdout().take(), child.stderr().take()) {
        watch.add(stdout);
        watch.add(stderr);
    }
    let mut printed = [Vec::new(), Vec::new()];
    let mut take = |pipe: usize, bytes: &[u8]| {
        printed[pipe].extend_from_slice(bytes);
        printed[pipe].len() < MOST
    };
    let tick = || {
        tick();
        true
    };
    let Ok(end) = watch.wait_until(id, deadline, &mut take, tick) else {
        // What only asked a server has nothing to tidy up.
        let _ = killpg(id, Signal::SIGKILL);
        let _ = waitpid(id, None);
        return Ok(None);
    };
    // An ssh that it left behind keeps the pipe open, for ever as the master of others (`ControlPersist`). Where there is
    // no answer, it may still tell why.
    let patience = match end {
        Ok(WaitStatus::Exited(_, 0)) => Duration::ZERO,
        _ => PAUSE,
    };
    watch.read_rest(patience, &mut take);
    let [stdout, stderr] = printed;
    let code = match end {
        Ok(WaitStatus::Exited(_, code)) => Some(code),
        Ok(_) => None,
        Err(error) => return Err(failed(command.command(), &error.into())),
    };
    Ok(Some(Output {
        code,
        stdout,
        stderr: lines(&stderr),
    }))
}

fn failed(command: &Command, error: &io::Error) -> Stop {
    Stop::failed(format_args!("run `{}`", command_line(command)), error)
}
