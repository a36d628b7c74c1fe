//! Standard error while a suite runs.

use std::{
    collections::BTreeSet,
    env,
    io::{IsTerminal, Write, stderr},
};

use nix::{
    sys::signal::{SigSet, Signal},
    unistd::{getpgrp, getsid, tcgetpgrp},
};

use super::{Text, columns, paint, prefixed, print, say, styled, text::DIM};
use crate::suite::{Before, Console};

/// Moves to the line's beginning, and clears the line (ECMA-48).
const CLEAR: &[u8] = b"\r\x1b[2K";

/// Whether the terminal is ours to write to: one that is not may even stop us for trying (`stty tostop`).
fn is_ours() -> bool {
    !tcgetpgrp(stderr()).is_ok_and(|foreground| foreground != getpgrp())
}

/// Whether the shell of this session has the terminal back, while we still run.
fn is_the_shells() -> bool {
    let shell = getsid(None).ok().filter(|shell| *shell != getpgrp());
    shell.is_some_and(|shell| tcgetpgrp(stderr()) == Ok(shell))
}

/// Shows what is waited for: `open`, and `new` of it.
pub(crate) fn waiting(open: &BTreeSet<String>, new: &BTreeSet<String>) {
    let line = |names: &BTreeSet<String>| {
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        format!("asking {} ...", names.join(", "))
    };
    if !Stderr.is_terminal() {
        if !new.is_empty() {
            say(&line(new));
        }
    } else if is_ours() {
        Stderr.clear();
        if !open.is_empty() {
            // On one line, which can be cleared.
            let room = columns(stderr()).map_or(usize::MAX, |columns| columns - 1);
            let text = Text::from("pushgate: ") + line(open);
            print(paint(DIM, text.cut(room)));
        }
    }
}

/// Standard error, as a suite or a wait writes to it.
pub(crate) struct Stderr;

impl Console for Stderr {
    fn line(&self, text: &str) {
        say(text);
    }

    fn below(&self, text: &str) {
        print(format_args!("  {text}\n"));
    }

    fn status(&self, text: &str) {
        self.clear();
        print(paint(DIM, text));
    }

    fn clear(&self) {
        self.bytes(CLEAR);
    }

    /// So many spaces stay on this line only where nothing stands on it.
    fn fresh_line(&self) {
        if let Some(columns) = columns(stderr()).filter(|_| is_ours()) {
            self.bytes(format!("{}\r", " ".repeat(columns - 1)).as_bytes());
        }
    }

    fn bytes(&self, bytes: &[u8]) {
        let mut stream = stderr().lock();
        let _ = stream.write_all(bytes).and_then(|()| stream.flush());
    }

    fn is_terminal(&self) -> bool {
        let is_dumb = env::var_os("TERM").is_none_or(|term| term == "dumb");
        stderr().is_terminal() && !is_dumb
    }

    fn last(&self, before: Before, line: &str) {
        let before: &[u8] = match before {
            // git ends at once, and the shell's prompt is often there before us.
            _ if is_the_shells() => b"\n",
            _ if !is_ours() => return,
            Before::Nothing => b"",
            Before::Line => b"\n",
            Before::Status => CLEAR,
        };
        if let Ok(said) = styled(prefixed(line).as_str(), &stderr()) {
            // A background process may write while this is blocked, even after `stty tostop`.
            let stops = SigSet::from(Signal::SIGTTOU);
            let _ = stops.thread_block();
            self.bytes(&[before, &said].concat());
            let _ = stops.thread_unblock();
        }
    }
}
