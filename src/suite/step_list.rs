//! A list of the steps that run together: on a terminal a line each, which changes as it runs;
//! elsewhere a line for each end.

use std::{collections::BTreeSet, sync::Mutex, time::Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::screen::{Console, lock};
use crate::text::span;

/// The line of a step that runs, and of one that has ended.
const RUNNING: &str = "  {spinner} {wide_msg} {elapsed}";
const ENDED: &str = "{wide_msg}";
/// Moves the cursor to the beginning of the line. At the right edge, the terminal's `^C` would begin
/// another line, and the number of lines to clear would be wrong.
const HOME: &[u8] = b"\r";

pub(super) struct StepList<'l> {
    console: &'l dyn Console,
    all: MultiProgress,
    /// Empty where the console is no terminal.
    lines: Vec<ProgressBar>,
    names: Vec<String>,
    start: Instant,
    /// Locked while something is written.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    shown: BTreeSet<usize>,
    is_over: bool,
}

impl<'l> StepList<'l> {
    pub(super) fn new(names: Vec<String>, console: &'l dyn Console) -> Self {
        let all = MultiProgress::new();
        let line = |name: &String| {
            let line = styled(all.add(ProgressBar::new_spinner()), RUNNING);
            line.set_message(name.clone());
            line
        };
        let lines = if console.is_terminal() {
            names.iter().map(line).collect()
        } else {
            Vec::new()
        };
        Self {
            console,
            lines,
            all,
            names,
            start: Instant::now(),
            state: Mutex::default(),
        }
    }

    /// Shows that a step still runs, and returns whether a line for it is shown.
    pub(super) fn tick(&self, index: usize) -> bool {
        let mut state = lock(&self.state);
        let line = self.lines.get(index).filter(|_| !state.is_over);
        if let Some(line) = line {
            state.shown.insert(index);
            line.tick();
            self.console.bytes(HOME);
        }
        line.is_some()
    }

    /// Says how a step ended: `passed`, `failed`, `stopped`.
    pub(super) fn ended(&self, index: usize, how: &str) {
        let mut state = lock(&self.state);
        if state.is_over {
            return;
        }
        let name = self.names.get(index).map_or("", String::as_str);
        let text = format!("  {how} after {}: {name}", span(self.start.elapsed()));
        match self.lines.get(index) {
            Some(line) => {
                state.shown.insert(index);
                styled(line.clone(), ENDED).finish_with_message(text);
                self.console.bytes(HOME);
            }
            None => self.console.bytes(format!("{text}\n").as_bytes()),
        }
    }

    /// Leaves the lines as they are, and moves the cursor below them.
    pub(super) fn end(&self) {
        let state = lock(&self.state);
        if !self.lines.is_empty() && !state.is_over {
            self.console.bytes(b"\n");
        }
        // A line whose step did not end would be written once more.
        self.all.set_draw_target(ProgressDrawTarget::hidden());
    }

    /// Writes nothing more; returns the bytes that clear what was written (ECMA-48).
    pub(super) fn interrupted(&self) -> Vec<u8> {
        let mut state = lock(&self.state);
        state.is_over = true;
        match state.shown.len() {
            0 => Vec::new(),
            shown => [HOME, b"\x1b[A".repeat(shown - 1).as_slice(), b"\x1b[J"].concat(),
        }
    }
}

fn styled(line: ProgressBar, template: &str) -> ProgressBar {
    match ProgressStyle::with_template(template) {
        Ok(style) => line.with_style(style),
        Err(_) => line,
    }
}
