//! What is seen of a running suite: its own output, live, and how long it has been running.

use std::{
    env,
    io::{IsTerminal, stderr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{report, verdict::span};

/// The status line waits until the suite has said nothing for so long.
const QUIET: Duration = Duration::from_secs(1);
/// Without a terminal, a sign of life after so much silence.
const SILENCE: Duration = Duration::from_secs(30);
/// To the line's beginning, and clear it (ECMA-48).
const CLEAR: &[u8] = b"\r\x1b[2K";

/// The screen, or the log of somebody else's machine.
pub(super) struct Screen {
    is_terminal: bool,
    start: Instant,
    /// How long the suite took last time.
    last_took: Option<Duration>,
    state: Mutex<State>,
}

struct State {
    /// When the suite, or we, last said something.
    spoke: Instant,
    /// Whether the line that was begun has not ended yet.
    line_is_open: bool,
    /// The seconds that the status line shows, where one is shown.
    status: Option<u64>,
}

impl Screen {
    pub(super) fn new(last_took: Option<Duration>) -> Self {
        let dumb = env::var_os("TERM").is_none_or(|term| term == "dumb");
        Self {
            is_terminal: stderr().is_terminal() && !dumb,
            start: Instant::now(),
            last_took,
            state: Mutex::new(State {
                spoke: Instant::now(),
                line_is_open: false,
                status: None,
            }),
        }
    }

    /// Whether the suite should think that it writes to a terminal.
    pub(super) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows what the suite says.
    pub(super) fn output(&self, bytes: &[u8]) {
        let mut state = self.state();
        if state.status.take().is_some() {
            report::pass_on(CLEAR);
        }
        report::pass_on(bytes);
        state.spoke = Instant::now();
        state.line_is_open = bytes.last().is_some_and(|last| *last != b'\n');
    }

    /// Shows how long it has been running, if nobody else is speaking.
    pub(super) fn tick(&self) {
        let mut state = self.state();
        let quiet = state.spoke.elapsed();
        if self.is_terminal {
            let seconds = self.start.elapsed().as_secs();
            // Never into a line that the suite has begun.
            if quiet >= QUIET && !state.line_is_open && state.status != Some(seconds) {
                report::pass_on(CLEAR);
                report::pass_on(format!("\x1b[2m[{}]\x1b[0m", self.status()).as_bytes());
                state.status = Some(seconds);
            }
        } else if quiet >= SILENCE {
            if state.line_is_open {
                report::pass_on(b"\n");
            }
            report::say(&format!("the suite is running: {}", self.status()));
            state.spoke = Instant::now();
            state.line_is_open = false;
        }
    }

    /// `1m 20s, about 3m left`.
    fn status(&self) -> String {
        let elapsed = Duration::from_secs(self.start.elapsed().as_secs());
        let left = self
            .last_took
            .and_then(|last| last.checked_sub(elapsed))
            .filter(|left| left.as_secs() >= 5);
        match left {
            Some(left) if left.as_secs() >= 60 => format!(
                "{}, about {} min left",
                span(elapsed),
                left.as_secs().div_ceil(60)
            ),
            Some(left) => format!("{}, about {} s left", span(elapsed), left.as_secs()),
            None => span(elapsed),
        }
    }

    /// Leaves the screen as a report of ours may follow: at the beginning of a line.
    pub(super) fn end(&self) {
        let mut state = self.state();
        if state.status.take().is_some() {
            report::pass_on(CLEAR);
        }
        if state.line_is_open {
            report::pass_on(b"\n");
            state.line_is_open = false;
        }
    }
}
