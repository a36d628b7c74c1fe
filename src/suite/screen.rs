//! What is shown of a running suite: its output as it comes, and how long it has been running.

use std::{
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};

use crate::{process::lock, text::span};

/// The status line is shown after this much silence.
const QUIET: Duration = Duration::from_secs(1);
/// Without a terminal, a line is written after this much silence.
const SILENCE: Duration = Duration::from_secs(30);

/// Where a run is shown.
pub(crate) trait Console: Sync {
    /// Writes a line of ours.
    fn line(&self, text: &str);
    /// Writes a line that belongs to the one before.
    fn below(&self, text: &str);
    /// Writes text in the place of this line, without a line feed: it will be cleared.
    fn status(&self, text: &str);
    fn clear(&self);
    /// Moves to the beginning of a line that is empty: this one, if nothing stands on it.
    fn fresh_line(&self);
    /// Writes what a program printed.
    fn bytes(&self, bytes: &[u8]);
    /// Whether it is a terminal, where lines can be cleared.
    fn is_terminal(&self) -> bool;
    /// Ends what stands on the line, be it the shell's prompt, and writes a last line, all at once; nothing
    /// where another program has the terminal.
    fn last(&self, before: Before, line: &str);
}

/// What stands on the line that is written next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    Nothing,
    /// A line of the suite's that has no line feed yet.
    Line,
    Status,
}

pub(crate) struct Screen<'s> {
    console: &'s dyn Console,
    /// What is running, and that it was stopped.
    words: [&'static str; 2],
    start: Instant,
    last_took: Option<Duration>,
    state: Mutex<State>,
}

struct State {
    written: Instant,
    /// Whether the last line has no line feed yet.
    line_is_open: bool,
    /// The seconds that the status line shows, where it is shown.
    status: Option<u64>,
    /// Of steps that run together, how many still do, and how many there are.
    together: Option<[usize; 2]>,
    /// Whether nothing may be written any more: the prompt is back.
    is_over: bool,
}

impl<'s> Screen<'s> {
    pub(super) fn new(console: &'s dyn Console, last_took: Option<Duration>) -> Self {
        let now = Instant::now();
        let state = State {
            written: now,
            line_is_open: false,
            status: None,
            together: None,
            is_over: false,
        };
        Self {
            console,
            words: ["the suite is running", "the suite was stopped"],
            start: now,
            last_took,
            state: Mutex::new(state),
        }
    }

    /// Shows the wait for a forge, which runs the checks.
    pub(crate) fn of_checks(console: &'s dyn Console) -> Self {
        Self {
            words: ["waiting for the checks", "no longer waiting for the checks"],
            ..Self::new(console, None)
        }
    }

    pub(super) fn is_terminal(&self) -> bool {
        self.console.is_terminal()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Shows how many of so many steps still run together.
    pub(super) fn together(&self, steps: usize) {
        self.state().together = Some([steps; 2]);
    }

    /// Says how one of them ended.
    pub(super) fn step_ended(&self, line: &str) {
        let mut state = self.state();
        if !state.is_over {
            self.end_line(&mut state);
            self.console.below(line);
            state.written = Instant::now();
        }
        state.together = match state.together {
            Some([running, all]) if running > 1 => Some([running - 1, all]),
            _ => None,
        };
    }

    pub(super) fn output(&self, bytes: &[u8]) {
        let mut state = self.state();
        if state.is_over {
            return;
        }
        if state.status.take().is_some() {
            self.console.clear();
        }
        self.console.bytes(bytes);
        state.written = Instant::now();
        state.line_is_open = bytes.last().is_some_and(|last| *last != b'\n');
    }

    /// How long it runs: `1m 20s, about 3 min left, 2 of 3 steps are running`.
    fn status(&self, state: &State) -> String {
        let elapsed = Duration::from_secs(self.start.elapsed().as_secs());
        let left = self.last_took.and_then(|last| last.checked_sub(elapsed));
        let left = match left.map(|left| left.as_secs()) {
            Some(left @ 60..) => format!(", about {} min left", left.div_ceil(60)),
            Some(left @ 5..) => format!(", about {left} s left"),
            _ => String::new(),
        };
        let steps = state.together.map_or(String::new(), |[running, all]| {
            let are = if running == 1 { "is" } else { "are" };
            format!(", {running} of {all} steps {are} running")
        });
        format!("{}{left}{steps}", span(elapsed))
    }

    /// Ends the line that a step may have left open which had the terminal to itself.
    pub(super) fn end_unseen_line(&self) {
        if !self.state().is_over {
            self.console.fresh_line();
        }
    }

    /// Clears the status line, and ends the line that is open.
    fn end_line(&self, state: &mut State) {
        if state.status.take().is_some() {
            self.console.clear();
        }
        if state.line_is_open {
            self.console.bytes(b"\n");
            state.line_is_open = false;
        }
    }
}

impl Screen<'_> {
    /// Writes a line of ours.
    pub(crate) fn line(&self, text: &str) {
        let mut state = self.state();
        if !state.is_over {
            self.end_line(&mut state);
            self.console.line(text);
            state.written = Instant::now();
        }
    }

    /// Shows how long it has been running, where nothing else is written.
    pub(crate) fn tick(&self) {
        let mut state = self.state();
        let quiet = state.written.elapsed();
        if state.is_over {
            return;
        }
        if self.is_terminal() {
            let seconds = self.start.elapsed().as_secs();
            // Never into a line that the suite has begun.
            if quiet >= QUIET && !state.line_is_open && state.status != Some(seconds) {
                let text = format!("[{}]", self.status(&state));
                self.console.status(&text);
                state.status = Some(seconds);
            }
        } else if quiet >= SILENCE {
            self.end_line(&mut state);
            let text = format!("{}: {}", self.words[0], self.status(&state));
            self.console.line(&text);
            state.written = Instant::now();
        }
    }

    /// Leaves the cursor at the beginning of a line, for the report that follows.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        if !state.is_over {
            self.end_line(&mut state);
        }
    }

    /// Says in one line that the run was stopped, and shows nothing after it.
    ///
    /// It is said at once, while the terminal may still be ours: what is written after the shell's prompt
    /// spoils the prompt.
    pub(crate) fn interrupted(&self, by: &str) {
        let mut state = self.state();
        if !std::mem::replace(&mut state.is_over, true) {
            let before = match (state.status, state.line_is_open) {
                (Some(_), _) => Before::Status,
                (None, true) => Before::Line,
                (None, false) => Before::Nothing,
            };
            let line = format!("{} ({by}): nothing is pushed", self.words[1]);
            self.console.last(before, &line);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    /// Keeps what is written.
    #[derive(Default)]
    struct Recorder {
        heard: Mutex<Vec<u8>>,
        is_terminal: bool,
    }

    impl Console for Recorder {
        fn line(&self, text: &str) {
            self.bytes(format!("{text}\n").as_bytes());
        }
        fn below(&self, text: &str) {
            self.line(&format!("  {text}"));
        }
        fn status(&self, text: &str) {
            self.bytes(format!("<status>{text}").as_bytes());
        }
        fn clear(&self) {
            self.bytes(b"<clear>");
        }
        fn fresh_line(&self) {
            self.bytes(b"<fresh>");
        }
        fn bytes(&self, bytes: &[u8]) {
            self.heard.lock().unwrap().extend_from_slice(bytes);
        }
        fn is_terminal(&self) -> bool {
            self.is_terminal
        }
        fn last(&self, before: Before, line: &str) {
            self.line(&format!("<{before:?}>{line}"));
        }
    }

    impl Recorder {
        fn heard(&self) -> String {
            String::from_utf8(self.heard.lock().unwrap().clone()).unwrap()
        }
    }

    fn terminal() -> Recorder {
        Recorder {
            is_terminal: true,
            ..Recorder::default()
        }
    }

    /// A screen on which nothing was written for this long.
    fn quiet(recorder: &Recorder, seconds: u64, last_took: Option<u64>) -> Screen<'_> {
        let mut screen = Screen::new(recorder, last_took.map(Duration::from_secs));
        screen.start -= Duration::from_secs(seconds);
        screen.state().written -= Duration::from_secs(seconds);
        screen
    }

    #[test]
    fn the_status_line_goes_when_the_suite_prints() {
        let recorder = terminal();
        let screen = quiet(&recorder, 80, Some(210));
        screen.tick();
        screen.tick();
        screen.output(b"a dot .");
        screen.state().written -= QUIET;
        // The suite's own line stays as it is.
        screen.tick();
        screen.end();
        assert_eq!(
            recorder.heard(),
            "<status>[1m 20s, about 3 min left]<clear>a dot .\n"
        );
    }

    #[test]
    fn a_run_that_is_late_has_no_time_left_to_show() {
        let recorder = terminal();
        quiet(&recorder, 80, Some(82)).tick();
        quiet(&recorder, 80, Some(60)).tick();
        assert_eq!(recorder.heard(), "<status>[1m 20s]<status>[1m 20s]");
    }

    #[test]
    fn without_a_terminal_there_is_a_line_after_thirty_seconds() {
        let recorder = Recorder::default();
        let screen = quiet(&recorder, 29, None);
        screen.tick();
        assert_eq!(recorder.heard(), "");
        screen.state().written -= Duration::from_secs(1);
        screen.tick();
        screen.tick();
        assert_eq!(recorder.heard(), "the suite is running: 29s\n");
    }

    #[test]
    fn one_line_says_that_it_was_stopped_and_nothing_follows() {
        let recorder = terminal();
        let screen = quiet(&recorder, 2, None);
        screen.tick();
        screen.interrupted("SIGINT");
        screen.interrupted("SIGINT");
        screen.output(b"the suite's last words\n");
        screen.tick();
        screen.end();
        assert_eq!(
            recorder.heard(),
            "<status>[2s]<Status>the suite was stopped (SIGINT): nothing is pushed\n"
        );
    }
}
