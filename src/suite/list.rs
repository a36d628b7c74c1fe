//! Steps that run together: a line each, live on a terminal, one after the other elsewhere.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::Audience;
use crate::verdict::span;

/// The lines of the steps that run together.
pub(super) struct List<'l> {
    audience: &'l dyn Audience,
    all: MultiProgress,
    lines: Vec<ProgressBar>,
    names: Vec<String>,
    start: Instant,
    is_over: AtomicBool,
}

impl<'l> List<'l> {
    /// Shows a line for each of these names.
    pub(super) fn new(names: Vec<String>, audience: &'l dyn Audience) -> Self {
        let all = MultiProgress::new();
        let running = ProgressStyle::with_template("  {spinner} {wide_msg} {elapsed}");
        let line = |name: &String| {
            let line = all.add(ProgressBar::new_spinner());
            if let Ok(style) = &running {
                line.set_style(style.clone());
            }
            line.set_message(name.clone());
            line.enable_steady_tick(Duration::from_millis(100));
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
            is_over: AtomicBool::new(false),
        }
    }

    /// Says how one of them ended: `passed`, `failed`, `stopped`.
    pub(super) fn ended(&self, index: usize, how: &str) {
        if self.is_over.load(Ordering::Acquire) {
            return;
        }
        let name = self.names.get(index).map_or("", String::as_str);
        let text = format!("  {how} after {}: {name}", span(self.start.elapsed()));
        match self.lines.get(index) {
            Some(line) => {
                if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
                    line.set_style(style);
                }
                line.finish_with_message(text);
            }
            None => self.audience.bytes(format!("{text}\n").as_bytes()),
        }
    }

    /// Takes the lines away, while the terminal is still ours, and says nothing more.
    pub(super) fn interrupted(&self) {
        if self.is_over.swap(true, Ordering::AcqRel) {
            return;
        }
        if !self.audience.is_heard() {
            self.all
                .set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        for line in &self.lines {
            line.finish_and_clear();
        }
    }

    /// Whether a sign of life is ours to give, because no line shows one.
    pub(super) fn is_still(&self) -> bool {
        self.lines.is_empty()
    }
}
