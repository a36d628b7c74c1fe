//! The lines of the screen: how wide, how deep, how long ago.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::Commit;
use crate::{
    report::{PLAIN, between_words, cut, width},
    text::{day_and_time, span},
};

/// The words before the lines have this much room.
const MARGIN: usize = 12;

/// On a narrower screen the texts begin below their words.
const NARROW: usize = 36;
/// No screen is narrower.
const NARROWEST: usize = 16;

/// A page that is being written.
pub(super) struct Page<'s> {
    text: String,
    columns: usize,
    now: Timestamp,
    pub(super) reader: &'s TimeZone,
}

impl<'s> Page<'s> {
    pub(super) fn new(columns: usize, now: Timestamp, reader: &'s TimeZone) -> Self {
        Self {
            text: String::new(),
            columns: columns.max(NARROWEST),
            now,
            reader,
        }
    }

    pub(super) fn text(self) -> String {
        self.text
    }

    /// An empty line.
    pub(super) fn space(&mut self) {
        self.text.push('\n');
    }

    /// A name, and what else there is room for.
    pub(super) fn heading(&mut self, name: &str, tail: &str) {
        let name = cut(name, self.columns);
        let room = self.columns.saturating_sub(width(&name));
        let tail = if room < 8 {
            String::new()
        } else {
            cut(tail, room)
        };
        self.text += &format!("{PLAIN}{name}{PLAIN:#}{tail}\n");
    }

    /// A commit on one line.
    pub(super) fn commit(&mut self, label: &str, commit: &Commit) {
        let id = commit.id.short();
        let room = self.columns.saturating_sub(MARGIN + id.len() + 1);
        let subject = commit.subject.as_ref().map(|subject| cut(subject, room));
        let text = match subject {
            Some(subject) => format!("{PLAIN}{id}{PLAIN:#} {subject}"),
            None => format!("{PLAIN}{id}{PLAIN:#}"),
        };
        self.line(label, &text);
    }

    /// A word, and a text that is broken between words.
    pub(super) fn line(&mut self, label: &str, text: &str) {
        if self.columns < NARROW {
            if !label.is_empty() {
                self.fill("  ", "", label);
            }
            return self.fill("    ", "    ", text);
        }
        let first = format!("  {label:<width$}", width = MARGIN - 2);
        self.fill(&first, &" ".repeat(MARGIN), text);
    }

    /// What is not about any one line.
    pub(super) fn remark(&mut self, text: &str) {
        self.fill("", "  ", text);
    }

    fn fill(&mut self, first: &str, next: &str, text: &str) {
        let options = between_words(self.columns)
            .initial_indent(first)
            .subsequent_indent(next);
        self.text += &textwrap::fill(text.trim_end(), options);
        self.text.push('\n');
    }

    pub(super) fn age(&self, at: Timestamp) -> Duration {
        Duration::try_from(self.now.duration_since(at)).unwrap_or_default()
    }

    /// `12m ago`, or a date.
    pub(super) fn ago(&self, at: Timestamp) -> String {
        if self.now.duration_since(at) >= SignedDuration::from_hours(48) {
            return self.moment(at);
        }
        format!("{} ago", length(self.age(at)))
    }

    /// The hour, and the day where it is another.
    pub(super) fn moment(&self, at: Timestamp) -> String {
        let day = |at: Timestamp| at.to_zoned(self.reader.clone()).date();
        if day(at) == day(self.now) {
            return at
                .to_zoned(self.reader.clone())
                .strftime("%H:%M")
                .to_string();
        }
        day_and_time(at, self.reader, self.reader)
    }
}

/// `12m`, `3h`, `5 days`: rounded, the longer the coarser.
pub(super) fn length(duration: Duration) -> String {
    const DAY: u64 = 24 * 3600;
    match duration.as_secs() {
        seconds if seconds < 60 => format!("{seconds}s"),
        seconds if seconds < 3600 => format!("{}m", seconds / 60),
        seconds if seconds < 10 * 3600 => span(Duration::from_secs(seconds / 60 * 60)),
        seconds if seconds < 2 * DAY => format!("{}h", seconds / 3600),
        seconds => format!("{} days", seconds / DAY),
    }
}
