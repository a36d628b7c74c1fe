//! Steps that run together: a line each, live on a terminal, one after the other elsewhere.

use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::{report, verdict::span};

/// The lines of the steps that run together.
pub(super) struct List {
    lines: Vec<ProgressBar>,
    names: Vec<String>,
    start: Instant,
    is_terminal: bool,
}

impl List {
    /// Shows a line for each of these names.
    pub(super) fn new(names: Vec<String>, is_terminal: bool) -> Self {
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
        let lines = if is_terminal {
            names.iter().map(line).collect()
        } else {
            Vec::new()
        };
        Self {
            lines,
            names,
            start: Instant::now(),
            is_terminal,
        }
    }

    /// Says how one of them ended: `passed`, `failed`, `stopped`.
    pub(super) fn ended(&self, index: usize, how: &str) {
        let name = self.names.get(index).map_or("", String::as_str);
        let text = format!("  {how} after {}: {name}", span(self.start.elapsed()));
        match self.lines.get(index) {
            Some(line) => {
                if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
                    line.set_style(style);
                }
                line.finish_with_message(text);
            }
            None => report::print(&format!("{text}\n")),
        }
    }

    /// Whether a sign of life is ours to give, because no line shows one.
    pub(super) fn is_still(&self) -> bool {
        !self.is_terminal
    }
}
