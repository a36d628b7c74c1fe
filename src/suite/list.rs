//! Steps that run together: a line each, live on a terminal, one after the other elsewhere.

use std::{sync::Mutex, time::Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Audience, lock};
use crate::verdict::span;

/// A line of a step that runs.
const RUNNING: &str = "  {spinner} {wide_msg} {elapsed}";
/// A line of one that ended.
const ENDED: &str = "{wide_msg}";
/// Where the cursor waits. At the edge, the terminal's `^C` would begin another line, and those that
/// are to be taken back were counted wrong.
const HOME: &[u8] = b"\r";

/// The lines of the steps that run together.
pub(super) struct List<'l> {
    audience: &'l dyn Audience,
    all: MultiProgress,
    lines: Vec<ProgressBar>,
    names: Vec<String>,
    start: Instant,
    /// Held by whoever writes.
    is_over: Mutex<bool>,
}

impl<'l> List<'l> {
    /// Shows a line for each of these names.
    pub(super) fn new(names: Vec<String>, audience: &'l dyn Audience) -> Self {
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
            is_over: Mutex::new(false),
        }
    }

    /// Shows that one of them still runs; false: no line does.
    pub(super) fn tick(&self, index: usize) -> bool {
        let is_over = lock(&self.is_over);
        let line = self.lines.get(index).filter(|_| !*is_over);
        if let Some(line) = line {
            line.tick();
            self.audience.bytes(HOME);
        }
        line.is_some()
    }

    /// Says how one of them ended: `passed`, `failed`, `stopped`.
    pub(super) fn ended(&self, index: usize, how: &str) {
        let is_over = lock(&self.is_over);
        if *is_over {
            return;
        }
        let name = self.names.get(index).map_or("", String::as_str);
        let text = format!("  {how} after {}: {name}", span(self.start.elapsed()));
        match self.lines.get(index) {
            Some(line) => {
                if let Ok(style) = ProgressStyle::with_template(ENDED) {
                    line.set_style(style);
                }
                line.finish_with_message(text);
                self.audience.bytes(HOME);
            }
            None => self.audience.bytes(format!("{text}\n").as_bytes()),
        }
    }

    /// Leaves the lines as they are, and goes to the next one.
    pub(super) fn end(&self) {
        let is_over = lock(&self.is_over);
        if !self.lines.is_empty() && !*is_over {
            self.audience.bytes(b"\n");
        }
    }

    /// Takes the lines away, while the terminal is still ours, and says nothing more.
    pub(super) fn interrupted(&self) {
        let mut is_over = lock(&self.is_over);
        if std::mem::replace(&mut *is_over, true) {
            return;
        }
        if self.audience.is_heard() {
            let _ = self.all.clear();
        }
        self.all.set_draw_target(ProgressDrawTarget::hidden());
    }
}
