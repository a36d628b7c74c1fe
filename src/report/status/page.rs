//! The lines of the screen: a word in the margin and a text beside it, broken or cut to the columns.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Commit, Status};
use crate::{
    report::{BAD, PLAIN, Text, paint},
    text::{ago, clock, day_and_time, rounded_span},
};

/// The words before the lines have this much room.
const MARGIN: usize = 12;
/// On a narrower screen the texts begin below their words.
const NARROW: usize = 36;

/// What curl and ssh say of a host that is not found.
const OFFLINE: &str = "Could not resolve host";

/// The lines drawn so far, and what they are drawn from.
pub(super) struct Page<'s> {
    pub(super) text: Text,
    pub(super) columns: usize,
    pub(super) status: &'s Status,
    /// The reasons why something is not known, as far as they are on the screen.
    said: Vec<&'s str>,
}

impl<'s> Page<'s> {
    pub(super) fn new(status: &'s Status, columns: usize) -> Self {
        Self {
            text: Text::default(),
            columns,
            status,
            said: Vec::new(),
        }
    }

    /// A name, and what else there is room for.
    pub(super) fn heading(&mut self, name: impl Into<Text>, tail: impl Into<Text>) {
        let name = name.into().cut(self.columns);
        let tail = match self.columns.saturating_sub(name.width()) {
            ..8 => Text::default(),
            room => tail.into().cut(room),
        };
        self.text += paint(PLAIN, name) + tail + "\n";
    }

    pub(super) fn commit(&mut self, label: &str, commit: &Commit) {
        let id = commit.id.short();
        let room = self.columns.saturating_sub(MARGIN + id.len() + 1);
        let subject = commit.subject.as_deref().unwrap_or_default();
        // `fill` takes off the space where there is no subject.
        self.line(
            label,
            paint(PLAIN, id) + " " + Text::from(subject).cut(room),
        );
    }

    /// A word, and a text that is broken between words.
    pub(super) fn line(&mut self, label: &str, text: impl Into<Text>) {
        if self.columns < NARROW {
            if !label.is_empty() {
                self.fill("  ", "", label);
            }
            return self.fill("    ", "    ", text);
        }
        let first = format!("  {label:<width$}", width = MARGIN - 2);
        self.fill(&first, &" ".repeat(MARGIN), text);
    }

    pub(super) fn fill(&mut self, first: &str, next: &str, text: impl Into<Text>) {
        self.text += text.into().fill(self.columns, &first.into(), next);
    }

    pub(super) fn bad(&mut self, why: &'s str) -> Text {
        paint(BAD, "not known:") + " " + self.once(why)
    }

    /// Leaves out the reason of what could not be done, in words of git perhaps, where the screen has it already.
    pub(super) fn once(&mut self, why: &'s str) -> String {
        // `could not ask X: REASON`, or that after a few words and another colon.
        let reasons = why.match_indices(": ").take(2);
        let reasons: Vec<_> = reasons
            .map(|(at, _)| (&why[..at], &why[at + 2..]))
            .collect();
        // Without a network each host is another one that is not found.
        let kind = |reason: &'s str| Some(OFFLINE).filter(|kind| reason.contains(kind));
        let kind = |reason| kind(reason).unwrap_or(reason);
        match reasons
            .iter()
            .find(|(_, reason)| self.said.contains(&kind(reason)))
        {
            Some((what, _)) => format!("{what}, as above"),
            None => {
                let kinds = reasons.iter().map(|(_, reason)| kind(reason));
                self.said.extend(kinds);
                why.to_owned()
            }
        }
    }

    pub(super) fn age(&self, at: Timestamp) -> Duration {
        Duration::try_from(self.status.at.duration_since(at)).unwrap_or_default()
    }

    /// `12m ago`, or a date.
    pub(super) fn ago(&self, at: Timestamp) -> String {
        if self.status.at.duration_since(at) >= SignedDuration::from_hours(48) {
            return self.moment(at);
        }
        ago(self.age(at), rounded_span)
    }

    /// The hour, and the day where it is another.
    pub(super) fn moment(&self, at: Timestamp) -> String {
        let reader = &self.status.reader;
        let day = |at: Timestamp| at.to_zoned(reader.clone()).date();
        if day(at) == day(self.status.at) {
            return clock(at, reader, reader);
        }
        day_and_time(at, reader, reader)
    }
}
