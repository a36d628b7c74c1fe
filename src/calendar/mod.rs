//! Deploy windows: what the rules mean, whether one is open, and when it opens next.
//!
//! Everything here is pure: the instant and the reader's zone are handed in.

mod compare;
mod error;
mod grammar;
pub mod holidays;
mod moment;
mod rule;
mod search;
mod seconds;
pub mod since;
mod zone;

use std::fmt;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

pub use error::RuleError;
pub use holidays::{Holidays, HolidaysError};
pub use moment::{MomentError, moment};
pub use rule::Rule;
pub use zone::{Zone, ZoneError};

use holidays::EventSpans;
use search::Scan;

/// When an environment may be pushed to.
///
/// A window with no `open` rule is open whenever no `closed` rule closes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The zone whose wall clock the rules are written for.
    pub timezone: Zone,
    /// The rules that open the window; empty means always.
    pub open: Vec<Rule>,
    /// The rules that close it, whatever `open` says.
    pub closed: Vec<Rule>,
    /// The calendars whose events close it as well.
    pub holidays: Vec<Holidays>,
    /// How long it must stay open after the push.
    pub runway: SignedDuration,
}

/// Why and when a window is closed, and when it opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    pub by: ClosedBy,
    /// The first closed instant of the runway: the instant asked about, or a later one.
    pub at: Timestamp,
    /// Whether the instant asked about is itself open, and only the runway reaches a closed one.
    pub within_runway: bool,
    /// The next instant at which a push would pass every rule for the whole runway; `None` when
    /// there is none within five years.
    pub reopens: Option<Timestamp>,
    /// The window's zone, resolved.
    pub zone: TimeZone,
}

/// What closes a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClosedBy {
    /// A `closed` rule; of several that hold, the one that holds longest.
    Rule(Rule),
    /// An event of a calendar.
    Event { name: String, calendar: String },
    /// No `open` rule covers the instant.
    OutsideOpen,
}

impl fmt::Display for ClosedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(rule) => write!(f, "`{rule}`"),
            Self::Event { name, calendar } => write!(f, "\"{name}\" of {calendar}"),
            Self::OutsideOpen => f.write_str("outside the open hours"),
        }
    }
}

/// A span of time in which a window is open, or closed by the same rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub from: Timestamp,
    /// Its end, which is not part of it.
    pub until: Timestamp,
    /// What closes the window; `None` where it is open.
    pub closed: Option<ClosedBy>,
}

impl Window {
    pub fn is_always_open(&self) -> bool {
        self.open.is_empty() && self.closed.is_empty() && self.holidays.is_empty()
    }

    /// Says which calendars have no event from `now` on, a line for each.
    pub fn shortages(&self, now: Timestamp, local: &TimeZone) -> Vec<String> {
        let zone = self.timezone.resolve(local);
        let lack = |holidays: &Holidays| holidays.shortage(now, &zone);
        self.holidays.iter().filter_map(lack).collect()
    }

    /// Returns whether every instant from `now` to the end of the runway is open.
    ///
    /// The end itself is not part of it: a window that closes exactly then was open for the whole
    /// runway. `now` is, even where the runway is zero. `local` is the zone of this machine.
    pub fn check(&self, now: Timestamp, local: &TimeZone) -> Result<(), Closed> {
        if self.is_always_open() {
            return Ok(());
        }
        let zone = self.timezone.resolve(local);
        let start = seconds::floor(now);
        let runway = self.runway.max(SignedDuration::ZERO);
        let end = now.checked_add(runway).unwrap_or(Timestamp::MAX);
        let (limit, length) = (seconds::ceil(end), seconds::whole_seconds(runway));
        let furthest = (start + seconds::HORIZON).saturating_add(length).max(limit);
        let events = EventSpans::new(&self.holidays, &zone, start, furthest);
        let scan = || Scan::new(self, &zone, &events);
        let Some((second, by)) = scan().first_closed(start, limit) else {
            return Ok(());
        };
        let by = by.to_owned();
        let reopens = reopens(start, second, length, scan);
        Err(Closed {
            by,
            at: seconds::instant(second).max(now),
            within_runway: second > start,
            reopens,
            zone,
        })
    }

    /// Finds the first closed instant from `at` on: `at` itself where that is closed, `None` where
    /// the window stays open for the next five years.
    pub fn open_until(&self, at: Timestamp, local: &TimeZone) -> Option<Timestamp> {
        let zone = self.timezone.resolve(local);
        let start = seconds::floor(at);
        let limit = start + seconds::HORIZON;
        let events = EventSpans::new(&self.holidays, &zone, start, limit);
        let (second, _) = Scan::new(self, &zone, &events).first_closed(start, limit)?;
        Some(seconds::instant(second).max(at))
    }

    /// Splits the time from one instant up to another into stretches, none of them empty.
    ///
    /// A stretch ends where the clocks change, so that the wall clock runs evenly through each.
    pub fn stretches(&self, from: Timestamp, until: Timestamp, local: &TimeZone) -> Vec<Stretch> {
        let zone = self.timezone.resolve(local);
        let (mut second, limit) = (seconds::floor(from), seconds::ceil(until));
        let events = EventSpans::new(&self.holidays, &zone, second, limit);
        let mut scan = Scan::new(self, &zone, &events);
        let mut stretches = Vec::new();
        while second < limit {
            let (end, closed) = scan.at(second);
            let end = end.min(limit);
            stretches.push(Stretch {
                from: seconds::instant(second).max(from),
                until: seconds::instant(end).min(until),
                closed,
            });
            second = end;
        }
        stretches
    }

    /// When the rule, the event or the gap that closes the window at an instant ends, even if another one closes it
    /// then; `None` where it does not end within five years.
    pub fn closed_until(&self, at: Timestamp, local: &TimeZone) -> Option<Timestamp> {
        let zone = self.timezone.resolve(local);
        let start = seconds::floor(at);
        let events = EventSpans::new(&self.holidays, &zone, start, start + seconds::HORIZON);
        let mut scan = Scan::new(self, &zone, &events);
        let (mut second, by) = scan.at(start);
        while second <= start + seconds::HORIZON {
            let (end, next) = scan.at(second);
            if next != by {
                return Some(seconds::instant(second));
            }
            second = end;
        }
        None
    }
}

/// Finds the next second at which the whole runway is open, given the first that is closed.
///
/// The runway of every earlier start meets that closed second: so the next
/// candidate is always the next open second after it.
fn reopens<'s>(
    start: i64,
    mut closed: i64,
    runway: i64,
    scan: impl Fn() -> Scan<'s>,
) -> Option<Timestamp> {
    let last = start + seconds::HORIZON;
    loop {
        // A scan only walks forward, and testing a runway runs ahead of the next candidate.
        let candidate = scan().first_open(closed, last)?;
        match scan().first_closed(candidate, candidate.saturating_add(runway)) {
            None => return Some(seconds::instant(candidate)),
            Some((second, _)) => closed = second,
        }
    }
}

#[cfg(test)]
mod tests;
