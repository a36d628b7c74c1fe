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
pub mod since;
mod zone;

use std::fmt;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

pub use error::RuleError;
pub use holidays::{Holidays, HolidaysError};
pub use moment::{MomentError, moment};
pub use rule::Rule;
pub use zone::{Zone, ZoneError};

use holidays::Closures;
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
    /// What closed it.
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
    Event {
        /// The event's name.
        name: String,
        /// The calendar's file.
        calendar: String,
    },
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

/// What a window is from one instant up to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Where it begins.
    pub from: Timestamp,
    /// Where it has ended.
    pub until: Timestamp,
    /// What closes the window; `None` where it is open.
    pub closed: Option<ClosedBy>,
}

impl Window {
    /// Whether no hour is closed.
    pub fn is_always_open(&self) -> bool {
        self.open.is_empty() && self.closed.is_empty() && self.holidays.is_empty()
    }

    /// What its calendars lack that have nothing to close any more, a line for each.
    pub fn shortages(&self, now: Timestamp, local: &TimeZone) -> Vec<String> {
        let zone = self.timezone.resolve(local);
        let lack = |holidays: &Holidays| holidays.shortage(now, &zone);
        self.holidays.iter().filter_map(lack).collect()
    }

    /// Says whether every instant from `now` to the end of the runway is open.
    ///
    /// The end itself is not asked for: a window that closes exactly then was open for the whole
    /// runway. `now` always is, even where the runway is zero. `local` is the reader's zone.
    pub fn check(&self, now: Timestamp, local: &TimeZone) -> Result<(), Closed> {
        if self.is_always_open() {
            return Ok(());
        }
        let zone = self.timezone.resolve(local);
        let start = search::floor(now);
        let runway = self.runway.max(SignedDuration::ZERO);
        let end = now.checked_add(runway).unwrap_or(Timestamp::MAX);
        let (limit, length) = (search::ceil(end), search::whole_seconds(runway));
        let furthest = (start + search::HORIZON).saturating_add(length).max(limit);
        let events = Closures::new(&self.holidays, &zone, start, furthest);
        let scan = || Scan::new(self, &zone, &events);
        let Some((second, by)) = scan().first_closed(start, limit) else {
            return Ok(());
        };
        let by = by.to_owned();
        let reopens = reopens(start, second, length, scan);
        Err(Closed {
            by,
            at: search::instant(second).max(now),
            within_runway: second > start,
            reopens,
            zone,
        })
    }

    /// Finds the first closed instant from `at` on: `at` itself where that is closed, `None` where
    /// the window stays open for the next five years.
    pub fn open_until(&self, at: Timestamp, local: &TimeZone) -> Option<Timestamp> {
        let zone = self.timezone.resolve(local);
        let start = search::floor(at);
        let limit = start + search::HORIZON;
        let events = Closures::new(&self.holidays, &zone, start, limit);
        let (second, _) = Scan::new(self, &zone, &events).first_closed(start, limit)?;
        Some(search::instant(second).max(at))
    }

    /// What the window is from one instant up to another, stretch by stretch, none of them empty.
    ///
    /// A stretch ends where the clocks change, so that the wall clock runs evenly through each.
    pub fn stretches(&self, from: Timestamp, until: Timestamp, local: &TimeZone) -> Vec<Stretch> {
        let zone = self.timezone.resolve(local);
        let (mut second, limit) = (search::floor(from), search::ceil(until));
        let events = Closures::new(&self.holidays, &zone, second, limit);
        let mut scan = Scan::new(self, &zone, &events);
        let mut stretches = Vec::new();
        while second < limit {
            let (end, closed) = scan.at(second);
            let end = end.min(limit);
            stretches.push(Stretch {
                from: search::instant(second).max(from),
                until: search::instant(end).min(until),
                closed,
            });
            second = end;
        }
        stretches
    }

    /// When what closes the window at an instant lets go: the end of that rule, or of the hours
    /// outside the open ones, whatever may close it then; `None` where it does not within five years.
    pub fn closed_until(&self, at: Timestamp, local: &TimeZone) -> Option<Timestamp> {
        let zone = self.timezone.resolve(local);
        let start = search::floor(at);
        let events = Closures::new(&self.holidays, &zone, start, start + search::HORIZON);
        let mut scan = Scan::new(self, &zone, &events);
        let (mut second, by) = scan.at(start);
        while second <= start + search::HORIZON {
            let (end, next) = scan.at(second);
            if next != by {
                return Some(search::instant(second));
            }
            second = end;
        }
        None
    }
}

/// Finds the next second at which the whole runway is open, given the first that is closed.
///
/// No start up to a closed second can do, since its runway would meet that second: so the next
/// candidate is always the next open second after it, and each is tested from the beginning.
fn reopens<'s>(
    start: i64,
    mut closed: i64,
    runway: i64,
    scan: impl Fn() -> Scan<'s>,
) -> Option<Timestamp> {
    let last = start + search::HORIZON;
    loop {
        // A scan only walks forward, and testing a runway runs ahead of the next candidate.
        let candidate = scan().first_open(closed, last)?;
        match scan().first_closed(candidate, candidate.saturating_add(runway)) {
            None => return Some(search::instant(candidate)),
            Some((second, _)) => closed = second,
        }
    }
}

#[cfg(test)]
mod tests;
