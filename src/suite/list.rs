//! Steps that run together: a line each, live on a terminal, one after the other elsewhere.

use std::{collections::BTreeSet, sync::Mutex, time::Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Audience, lock};
use crate::text::span;

/// A line of a step that runs.
pub(crate) const RUNNING: &str = "  {spinner} {wide_msg} {elapsed}";
/// A line of one that ended.
pub(crate) const ENDED: &str = "{wide_msg}";
/// Where the cursor waits. At the edge, the terminal's `^C` would begin another line, and those that
/// are to be taken back were counted wrong.
pub(crate) const HOME: &[u8] = b"\r";

/// The lines of the steps that run together.
pub(crate) struct List<'l> {
    audience: &'l dyn Audience,
    all: MultiProgress,
    lines: Vec<ProgressBar>,
    names: Vec<String>,
    start: Instant,
    /// Held by whoever writes.
    state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    /// The lines that can be seen.
    shown: BTreeSet<usize>,
    is_over: bool,
}

impl<'l> List<'l> {
    /// Shows a line for each of these names.
    pub(crate) fn new(names: Vec<String>, audience: &'l dyn Audience) -> Self {
        let all = MultiProgress::new();
        let running = ProgressStyle::with_template(RUNNING);
        let line = |name: &String| {
            let line = all.add(ProgressBar::new_spinner());
            if let Ok(style) = &running {
                line.set_style(style.clone());
            }
            line.set_message(name.clone());
            line
        };
        let lines = if audience.is_terminal() {
            names.iter().map(line).collect()
        } else {
            Vec::new()
        };
        Self {
            audience,
            all,
            lines,
            names,
            start: Instant::now(),
            state: Mutex::default(),
        }
    }

    /// Shows that one of them still runs; false: no line does.
    pub(crate) fn tick(&self, index: usize) -> bool {
        let mut state = lock(&self.state);
        let line = self.lines.get(index).filter(|_| !state.is_over);
        if let Some(line) = line {
            state.shown.insert(index);
            line.tick();
            self.audience.bytes(HOME);
        }
        line.is_some()
    }

    /// Says how one of them ended: `passed`, `failed`, `stopped`.
    pub(crate) fn ended(&self, index: usize, how: &str) {
        let mut state = lock(&self.state);
        if state.is_over {
            return;
        }
        let name = self.names.get(index).map_or("", String::as_str);
        let text = format!("  {how} after {}: {name}", span(self.start.elapsed()));
        match self.lines.get(index) {
            Some(line) => {
                if let Ok(style) = ProgressStyle::with_template(ENDED) {
                    line.set_style(style);
                }
                state.shown.insert(index);
                line.finish_with_message(text);
                self.audience.bytes(HOME);
            }
            None => self.audience.bytes(format!("{text}\n").as_bytes()),
        }
    }

    /// Leaves the lines as they are, and goes to the next one.
    pub(crate) fn end(&self) {
        let state = lock(&self.state);
        if !self.lines.is_empty() && !state.is_over {
            self.audience.bytes(b"\n");
        }
        // A line that did not end would write once more.
        self.all.set_draw_target(ProgressDrawTarget::hidden());
    }

    /// Says nothing more; the bytes that take away what it has said (ECMA-48).
    pub(crate) fn interrupted(&self) -> Vec<u8> {
        let mut state = lock(&self.state);
        state.is_over = true;
        match state.shown.len() {
            0 => Vec::new(),
            shown => [HOME, b"\x1b[A".repeat(shown - 1).as_slice(), b"\x1b[J"].concat(),
        }
    }
}
