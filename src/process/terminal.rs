//! Questions on the terminal itself: a hook's standard input is git's.

use std::{
    fs::File,
    io::{IsTerminal, Read, Write, stderr},
    os::fd::AsFd,
    time::{Duration, Instant},
};

use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    unistd::{getpgrp, tcgetpgrp},
};

use super::signals;
use crate::{gates::Stop, text::printable};

/// How long an answer may take; the push waits for it.
const LIMIT: Duration = Duration::from_mins(2);
/// How often a signal is looked for meanwhile, in milliseconds.
const TICK: u8 = 100;

/// Asks a question. Without a terminal, and with any answer but `y` or `yes`, the answer is no.
pub(crate) fn confirm(question: &str) -> Result<bool, Stop> {
    let Some(mut terminal) = open() else {
        return Ok(false);
    };
    let question = printable(question.into());
    let _ = write!(terminal, "pushgate: {question} [y/N] ");
    let mut answer = Vec::new();
    let deadline = Instant::now() + LIMIT;
    let mut stopped = Ok(());
    while stopped.is_ok() && Instant::now() < deadline && !answer.ends_with(b"\n") {
        stopped = signals::check();
        if !has_input(&terminal) {
            continue;
        }
        let mut byte = [0];
        match terminal.read(&mut byte) {
            Ok(1) => answer.push(byte[0]),
            _ => break,
        }
    }
    // Where the shell has the terminal back, after Ctrl-C, it has done so.
    if !answer.ends_with(b"\n") && is_ours(&terminal) {
        let _ = writeln!(terminal);
    }
    stopped?;
    let answer = answer.trim_ascii().to_ascii_lowercase();
    Ok(answer == b"y" || answer == b"yes")
}

/// Whether there is something to read, now or within a tick.
pub(crate) fn has_input(input: &impl AsFd) -> bool {
    let mut waits = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
    poll(&mut waits, PollTimeout::from(TICK)).unwrap_or(0) > 0
}

/// Whether a question can be asked.
pub(crate) fn is_there() -> bool {
    open().is_some()
}

/// Opens the terminal where standard error is one and this process may read from it.
fn open() -> Option<File> {
    if !stderr().is_terminal() {
        return None;
    }
    let terminal = File::options().read(true).write(true).open("/dev/tty");
    let terminal = terminal.ok()?;
    is_ours(&terminal).then_some(terminal)
}

/// Whether this process is in the foreground: the terminal sends its signals to it, and lets it read.
pub(super) fn is_ours(terminal: &File) -> bool {
    tcgetpgrp(terminal) == Ok(getpgrp())
}
