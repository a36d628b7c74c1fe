//! Standard error while a suite runs.

use std::{
    env,
    io::{IsTerminal, Write, stderr},
};

use anstream::{AutoStream, ColorChoice};
use anstyle::{Effects, Style};
use nix::unistd::{getpgrp, tcgetpgrp};

use super::{PLAIN, print, say};
use crate::suite::Console;

const DIM: Style = Style::new().effects(Effects::DIMMED);

/// Standard error, as a suite or a wait writes to it.
pub(crate) struct Stderr;

impl Console for Stderr {
    fn line(&self, text: &str) {
        say(text);
    }

    fn dim(&self, text: &str) {
        print(&format!("{DIM}{text}{DIM:#}"));
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
    fn last(&self, clear: &[u8], line: &str) {
        let mut text = AutoStream::new(clear.to_vec(), ColorChoice::Always);
        let said = match AutoStream::choice(&stderr()) {
            ColorChoice::Never => writeln!(text, "pushgate: {line}"),
            _ => writeln!(text, "{PLAIN}pushgate:{PLAIN:#} {line}"),
        };
        let is_ours = || !tcgetpgrp(stderr()).is_ok_and(|foreground| foreground != getpgrp());
        if said.is_ok() && is_ours() {
            self.bytes(&text.into_inner());
        }
    }
}
