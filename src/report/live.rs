//! Standard error while a suite runs.

use std::{
    env,
    io::{IsTerminal, Write, stderr},
};

use anstyle::{Effects, Style};
use nix::unistd::{getpgrp, tcgetpgrp};

use super::{print, say};
use crate::suite::Audience;

const DIM: Style = Style::new().effects(Effects::DIMMED);

/// Standard error, and whoever reads it.
pub struct Stderr;

impl Audience for Stderr {
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

    /// A terminal that is not ours to write to may stop us for trying (`stty tostop`).
    fn is_heard(&self) -> bool {
        !tcgetpgrp(stderr()).is_ok_and(|foreground| foreground != getpgrp())
    }
}
