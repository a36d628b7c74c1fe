//! What is seen of a running suite: its own output, live, and how long it has been running.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::Audience;
use crate::text::span;

/// The status line waits until the suite has said nothing for so long.
pub(crate) const QUIET: Duration = Duration::from_secs(1);
/// Without a terminal, a sign of life after so much silence.
pub(crate) const SILENCE: Duration = Duration::from_secs(30);
/// To the line's beginning, and clear it (ECMA-48).
pub(crate) const CLEAR: &[u8] = b"\r\x1b[2K";

/// The screen, or the log of somebody else's machine.
pub(crate) struct Screen<'s> {
    audience: &'s dyn Audience,
    /// What goes on, and how it is said that it was stopped.
    words: [&'static str; 2],
    start: Instant,
    /// How long the suite took last time.
    last_took: Option<Duration>,
    state: Mutex<State>,
}

pub(crate) struct State {
    /// When the suite, or we, last said something.
    spoke: Instant,
    /// Whether the line that was begun has not ended yet.
    line_is_open: bool,
    /// The seconds that the status line shows, where one is shown.
    status: Option<u64>,
    /// Whether all has been said: the prompt is back.
    is_over: bool,
}

impl<'s> Screen<'s> {
    pub(crate) fn new(audience: &'s dyn Audience, last_took: Option<Duration>) -> Self {
        Self::saying(
            ["the suite is running", "the suite was stopped"],
            audience,
            last_took,
        )
    }

    /// The same for something else than a suite that runs here.
    pub(crate) fn saying(
        words: [&'static str; 2],
        audience: &'s dyn Audience,
        last_took: Option<Duration>,
    ) -> Self {
        Self {
            audience,
            words,
            start: Instant::now(),
            last_took,
            state: Mutex::new(State {
                spoke: Instant::now(),
                line_is_open: false,
                status: None,
                is_over: false,
            }),
        }
    }

    /// Whether the suite should think that it writes to a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.audience.is_terminal()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows what the suite says.
    pub(crate) fn output(&self, bytes: &[u8]) {
        let mut state = self.state();
        if state.is_over {
            return;
        }
        if state.status.take().is_some() {
            self.audience.bytes(CLEAR);
        }
        self.audience.bytes(bytes);
        state.spoke = Instant::now();
        state.line_is_open = bytes.last().is_some_and(|last| *last != b'\n');
    }

    /// Says a line of ours.
    pub(crate) fn line(&self, text: &str) {
        let mut state = self.state();
        if !state.is_over {
            self.settle(&mut state);
            self.audience.line(text);
            state.spoke = Instant::now();
        }
    }

    /// Shows how long it has been running, if nobody else is speaking.
    pub(crate) fn tick(&self) {
        let mut state = self.state();
        let quiet = state.spoke.elapsed();
        if state.is_over {
            return;
        }
        if self.is_terminal() {
            let seconds = self.start.elapsed().as_secs();
            // Never into a line that the suite has begun.
            if quiet >= QUIET && !state.line_is_open && state.status != Some(seconds) {
                self.audience.bytes(CLEAR);
                self.audience.dim(&format!("[{}]", self.status()));
                state.status = Some(seconds);
            }
        } else if quiet >= SILENCE {
            if state.line_is_open {
                self.audience.bytes(b"\n");
            }
            self.audience
                .line(&format!("{}: {}", self.words[0], self.status()));
            state.spoke = Instant::now();
            state.line_is_open = false;
        }
    }

    /// `1m 20s, about 3 min left`.
    pub(crate) fn status(&self) -> String {
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
    pub(crate) fn end(&self) {
        let mut state = self.state();
        if !state.is_over {
            self.settle(&mut state);
        }
    }

    pub(crate) fn settle(&self, state: &mut State) {
        if state.status.take().is_some() {
            self.audience.bytes(CLEAR);
        }
        if state.line_is_open {
            self.audience.bytes(b"\n");
            state.line_is_open = false;
        }
    }

    /// Says that somebody stopped the run, in one line, and nothing after it; what is above it and
    /// not to stay goes by these bytes.
    ///
    /// It is said at once, while the terminal is still ours: whatever is written after the shell's
    /// prompt spoils it.
    pub(crate) fn interrupted(&self, by: &str, take_back: &[u8]) {
        let mut state = self.state();
        if !std::mem::replace(&mut state.is_over, true) {
            let before: &[u8] = match (state.status, state.line_is_open) {
                (Some(_), _) => CLEAR,
                (None, true) => b"\n",
                (None, false) => take_back,
            };
            let line = format!("{} ({by}): nothing is pushed", self.words[1]);
            self.audience.last(before, &line);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
pub(crate) mod tests {
    use super::*;

    /// An audience that keeps what it heard.
    #[derive(Default)]
    struct Ear {
        heard: Mutex<Vec<u8>>,
        is_terminal: bool,
    }

    impl Audience for Ear {
        fn line(&self, text: &str) {
            self.bytes(format!("{text}\n").as_bytes());
        }
        fn dim(&self, text: &str) {
            self.bytes(text.as_bytes());
        }
        fn bytes(&self, bytes: &[u8]) {
            self.heard.lock().unwrap().extend_from_slice(bytes);
        }
        fn is_terminal(&self) -> bool {
            self.is_terminal
        }
        fn last(&self, take_back: &[u8], line: &str) {
            self.bytes(take_back);
            self.line(line);
        }
    }

    impl Ear {
        fn heard(&self) -> String {
            String::from_utf8(self.heard.lock().unwrap().clone()).unwrap()
        }
    }

    fn terminal() -> Ear {
        Ear {
            is_terminal: true,
            ..Ear::default()
        }
    }

    /// A screen on which nothing was said for so long.
    fn quiet(ear: &Ear, seconds: u64, last_took: Option<u64>) -> Screen<'_> {
        let mut screen = Screen::new(ear, last_took.map(Duration::from_secs));
        screen.start -= Duration::from_secs(seconds);
        screen.state().spoke -= Duration::from_secs(seconds);
        screen
    }

    #[test]
    fn the_status_line_goes_when_somebody_speaks() {
        let ear = terminal();
        let screen = quiet(&ear, 80, Some(210));
        screen.tick();
        screen.tick();
        screen.output(b"a dot .");
        screen.state().spoke -= QUIET;
        // The suite's own line stays as it is.
        screen.tick();
        screen.end();
        assert_eq!(
            ear.heard(),
            "\r\x1b[2K[1m 20s, about 3 min left]\r\x1b[2Ka dot .\n"
        );
    }

    #[test]
    fn the_end_of_a_run_that_is_late_is_not_foretold() {
        let ear = terminal();
        quiet(&ear, 80, Some(82)).tick();
        quiet(&ear, 80, Some(60)).tick();
        assert_eq!(ear.heard(), "\r\x1b[2K[1m 20s]\r\x1b[2K[1m 20s]");
    }

    #[test]
    fn without_a_terminal_there_is_a_line_after_thirty_seconds() {
        let ear = Ear::default();
        let screen = quiet(&ear, 29, None);
        screen.tick();
        assert_eq!(ear.heard(), "");
        screen.state().spoke -= Duration::from_secs(1);
        screen.tick();
        screen.tick();
        assert_eq!(ear.heard(), "the suite is running: 29s\n");
    }

    #[test]
    fn one_line_says_that_it_was_stopped_and_nothing_follows() {
        let ear = terminal();
        let screen = quiet(&ear, 2, None);
        screen.tick();
        screen.interrupted("SIGINT", b"");
        screen.interrupted("SIGINT", b"");
        screen.output(b"the suite's last words\n");
        screen.tick();
        screen.end();
        assert_eq!(
            ear.heard(),
            "\r\x1b[2K[2s]\r\x1b[2Kthe suite was stopped (SIGINT): nothing is pushed\n"
        );
    }
}
