//! Standard error while a suite runs.

use std::{
    env,
    io::{IsTerminal, Write, stderr},
};

use anstream::AutoStream;
use nix::unistd::{getpgrp, tcgetpgrp};

use super::{PLAIN, paint, print, say, text::DIM};
use crate::suite::{Before, Console};

/// Moves to the line's beginning, and clears the line (ECMA-48).
const CLEAR: &[u8] = b"\r\x1b[2K";

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

    fn bytes(&self, bytes: &[u8]) {
        let mut stream = stderr().lock();
        let _ = stream.write_all(bytes).and_then(|()| stream.flush());
    }

    fn is_terminal(&self) -> bool {
        let is_dumb = env::var_os("TERM").is_none_or(|term| term == "dumb");
        stderr().is_terminal() && !is_dumb
    }

    /// A terminal that is not ours to write to may even stop us for trying (`stty tostop`).
    fn last(&self, before: Before, line: &str) {
        let before: &[u8] = match before {
            Before::Nothing => b"",
            Before::Line => b"\n",
            Before::Status => CLEAR,
        };
        let mut text = AutoStream::new(Vec::new(), AutoStream::choice(&stderr()));
        let said = paint(PLAIN, "pushgate:") + " " + line + "\n";
        let said = text.write_all(said.as_str().as_bytes());
        let is_ours = || !tcgetpgrp(stderr()).is_ok_and(|foreground| foreground != getpgrp());
        if said.is_ok() && is_ours() {
            self.bytes(&[before, &text.into_inner()].concat());
        }
    }
}
