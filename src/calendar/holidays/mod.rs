//! The events of an iCalendar file (RFC 5545) of the repository; each of them closes a window.

mod event;
mod file;
mod repeat;
mod time;
mod zones;

use std::{collections::HashMap, mem};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use self::{
    event::{Event, MOST_RULES},
    file::Problem,
    time::EventTime,
    zones::Zones,
};
use super::{HORIZON, later};

/// The largest calendar that is read, in bytes.
pub const LIMIT: usize = 256 * 1024;

/// The most times that events take out of others with their UID.
const MOST_REPLACED: usize = 50_000;

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
    pub path: String,
    /// The line, counted from 1, if the problem has one.
    pub line: Option<usize>,
    pub problem: String,
}

impl Holidays {
    /// A calendar whose file was not read yet; it always closes.
    pub fn unread(path: String) -> Self {
        Self::new(path, Err("it was not read".to_owned()))
    }

    /// Reads the bytes of the file, or keeps why there are none.
    pub fn read(&mut self, bytes: Result<Vec<u8>, String>) {
        *self = Self::new(mem::take(&mut self.path), bytes);
    }

    fn new(path: String, bytes: Result<Vec<u8>, String>) -> Self {
        let bytes = bytes.map_err(|problem| (None, problem));
        let events = bytes.and_then(|bytes| events(&bytes));
        let contents = events.map_err(|(line, problem)| HolidaysError {
            path: path.clone(),
            line,
            problem,
        });
        Self { path, contents }
    }

    /// Why the file could not be read.
    pub fn error(&self) -> Option<&HolidaysError> {
        self.contents.as_ref().err()
    }

    /// Says that it has no event from `now` on, if so; `zone` is that of the window. Nothing is said of a calendar that
    /// could not be read.
    pub fn shortage(&self, now: Timestamp, zone: &TimeZone) -> Option<String> {
        let (path, events) = (&self.path, self.contents.as_ref().ok()?);
        if events.is_empty() {
            return Some(format!("{path} has no event: it closes nothing"));
        }
        let ends = |from, until| {
            let spans = (events.iter()).flat_map(move |event| event.spans(zone, from, until));
            spans.map(|(_, end)| end)
        };
        if ends(now, later(now, HORIZON)).next().is_some() {
            return None;
        }
        // What has neither past nor future begins after the horizon.
        let earliest = now.checked_sub(HORIZON).unwrap_or(Timestamp::MIN);
        let last = ends(earliest, now).max()?;
        let day = (last - SignedDuration::from_secs(1)).to_zoned(zone.clone());
        let day = day.strftime("%a %Y-%m-%d");
        Some(format!(
            "{path} has run out: the last day of its events was {day}"
        ))
    }
}

/// Reads every event of a file.
fn events(bytes: &[u8]) -> Result<Vec<Event>, Problem> {
    if bytes.len() > LIMIT {
        let size = bytes.len();
        let words = format!("the file has {size} bytes or more; at most {LIMIT} are read");
        return Err((None, words));
    }
    let mut events: Vec<Event> = Vec::new();
    let mut left = MOST_RULES;
    for calendar in file::calendars(bytes)? {
        let zones = Zones::of(&calendar);
        // What programs send where a meeting is off (RFC 5546, 3.2.5).
        let method = calendar.once("METHOD")?;
        let cancels = method.is_some_and(|method| method.value.eq_ignore_ascii_case("CANCEL"));
        for part in calendar.parts.iter().filter(|part| part.kind == "VEVENT") {
            let mut event = Event::read(part, &zones, &mut left)?;
            event.is_cancelled |= cancels;
            events.push(event);
        }
    }
    let mut replaced: HashMap<String, Vec<EventTime>> = HashMap::new();
    for event in &events {
        let times = replaced.entry(event.uid.clone()).or_default();
        times.extend(event.replaces.clone());
    }
    events.retain(|event| !event.is_cancelled);
    let mut left = MOST_REPLACED;
    for event in events.iter_mut().filter(|event| event.comes_again()) {
        let times = replaced.get(&event.uid).map_or(&[][..], Vec::as_slice);
        let words = || format!("more than {MOST_REPLACED} changed occurrences");
        left = usize::checked_sub(left, times.len()).ok_or_else(|| (None, words()))?;
        event.without.extend_from_slice(times);
    }
    Ok(events)
}

/// The time of one event.
pub(super) struct EventSpan<'h> {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    pub(super) name: &'h str,
    pub(super) calendar: &'h Holidays,
}

/// What the calendars close between two instants; one that could not be read closes all of it.
///
/// The spans are sorted, and each ends after the one before it: the last one that has begun is the one that ends last.
pub(super) fn spans<'h>(
    calendars: &'h [Holidays],
    zone: &TimeZone,
    from: Timestamp,
    until: Timestamp,
) -> Vec<EventSpan<'h>> {
    let (mut spans, mut most) = (Vec::new(), 10_000);
    for calendar in calendars {
        let unread = ("unreadable", (Timestamp::MIN, Timestamp::MAX));
        let unread = calendar.contents.is_err().then_some(unread);
        let events = calendar.contents.iter().flatten().flat_map(|event| {
            (event.spans(zone, from, until)).map(|bounds| (event.name.as_str(), bounds))
        });
        events.chain(unread).for_each(|(name, (from, until))| {
            spans.push(EventSpan {
                from,
                until,
                name,
                calendar,
            });
            // Many events at once take no more room than one.
            if spans.len() > most {
                keep_longest(&mut spans);
                most = 2 * spans.len() + 10_000;
            }
        });
    }
    keep_longest(&mut spans);
    spans
}

/// Sorts spans, and drops those that end before an earlier one has ended.
fn keep_longest(spans: &mut Vec<EventSpan<'_>>) {
    spans.sort_by_key(|span| span.from);
    let mut end = Timestamp::MIN;
    spans.retain(|span| {
        let is_last = span.until > end;
        end = end.max(span.until);
        is_last
    });
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by it")]
mod tests;
