//! Holidays: the events of an iCalendar file (RFC 5545) of the repository, each of which closes.

mod event;
mod read;
mod value;

use jiff::{Timestamp, tz::TimeZone};

use self::event::Event;
use super::search;

/// The largest calendar that is read, in bytes.
pub const LIMIT: usize = 256 * 1024;

/// A calendar that a window names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holidays {
    /// The file's path from the top of the repository.
    pub path: String,
    /// Its events, or why they are not known.
    contents: Result<Vec<Event>, HolidaysError>,
}

/// What is wrong with a calendar, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}{}: {problem}", .line.map_or_else(String::new, |line| format!(":{line}")))]
pub struct HolidaysError {
    /// The file.
    pub path: String,
    /// The line, counted from 1, where one is to blame.
    pub line: Option<usize>,
    /// What is wrong.
    pub problem: String,
}

impl Holidays {
    /// A calendar that nobody has read yet, which closes always.
    pub fn unread(path: String) -> Self {
        let mut holidays = Self {
            path,
            contents: Ok(Vec::new()),
        };
        holidays.read(Err("it was not read".to_owned()));
        holidays
    }

    /// Reads what the file holds, or takes down why it could not be had.
    pub fn read(&mut self, bytes: Result<Vec<u8>, String>) {
        let error = |(line, problem)| HolidaysError {
            path: self.path.clone(),
            line,
            problem,
        };
        self.contents = match bytes {
            Ok(bytes) => read::events(&bytes).map_err(error),
            Err(problem) => Err(error((None, problem))),
        };
    }

    /// Why the events are not known.
    pub fn error(&self) -> Option<&HolidaysError> {
        self.contents.as_ref().err()
    }

    /// What is missing where nothing of it is on, or to come; `zone` is the window's. A calendar that
    /// could not be read is not known to end.
    pub fn shortage(&self, now: Timestamp, zone: &TimeZone) -> Option<String> {
        let (path, events) = (&self.path, self.contents.as_ref().ok()?);
        if events.is_empty() {
            return Some(format!("{path} has no event: it closes nothing"));
        }
        let now = search::floor(now);
        let ahead = |event: &Event| {
            event
                .spans(zone, now, now + search::HORIZON)
                .next()
                .is_some()
        };
        if events.iter().any(ahead) {
            return None;
        }
        let ends = |event: &Event| {
            event
                .spans(zone, EARLIEST, now)
                .map(|(_, until)| until)
                .max()
        };
        // Whatever has no past begins beyond what anybody looks at.
        let last = events.iter().filter_map(ends).max()?;
        let day = search::instant(last - 1).to_zoned(zone.clone());
        let day = day.strftime("%a %Y-%m-%d");
        Some(format!(
            "{path} has run out: the last day of its events was {day}"
        ))
    }
}

/// No event begins before 1900.
const EARLIEST: i64 = -2_300_000_000;

/// The stretches, in seconds of the line of instants, that the events of a window close.
#[derive(Debug, Default)]
pub(super) struct Closures<'h> {
    /// By their beginnings.
    spans: Vec<Span<'h>>,
    /// For each of them, which of those up to it lasts longest.
    longest: Vec<usize>,
}

/// One stretch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span<'h> {
    from: i64,
    pub(super) until: i64,
    pub(super) name: &'h str,
    pub(super) calendar: &'h str,
}

impl<'h> Closures<'h> {
    /// What the calendars close between two seconds; one that could not be read closes all of it.
    pub(super) fn new(calendars: &'h [Holidays], zone: &TimeZone, from: i64, until: i64) -> Self {
        let mut spans = Vec::new();
        for Holidays { path, contents } in calendars {
            let span = |name: &'h str, (from, until)| Span {
                from,
                until,
                name,
                calendar: path,
            };
            match contents {
                Ok(events) => spans.extend(events.iter().flat_map(|event| {
                    event
                        .spans(zone, from, until)
                        .map(move |bounds| span(&event.name, bounds))
                })),
                Err(_) => spans.push(span("unreadable", (i64::MIN, i64::MAX))),
            }
        }
        spans.sort_by_key(|span| span.from);
        let mut best = 0;
        let longest = (0..spans.len()).map(|index| {
            if spans[index].until > spans[best].until {
                best = index;
            }
            best
        });
        let longest = longest.collect();
        Self { spans, longest }
    }

    /// The one that a second is in and that lasts longest.
    pub(super) fn at(&self, second: i64) -> Option<Span<'h>> {
        let begun = self.spans.partition_point(|span| span.from <= second);
        let best = self.spans[self.longest[begun.checked_sub(1)?]];
        (second < best.until).then_some(best)
    }

    /// Where the next one begins; `i64::MAX` where there is none.
    pub(super) fn next(&self, second: i64) -> i64 {
        let begun = self.spans.partition_point(|span| span.from <= second);
        self.spans.get(begun).map_or(i64::MAX, |span| span.from)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by it")]
mod tests;
