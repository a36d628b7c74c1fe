//! Deploy windows: what the rules mean, whether one is open, and when it opens next.
//!
//! Everything here is pure: the instant and the reader's zone are handed in.

mod grammar;
pub mod holidays;
mod moment;
mod rule;
mod walk;
mod zone;

use std::fmt;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

pub use holidays::{Holidays, HolidaysError};
pub use moment::{after, moment, since};
pub use rule::Rule;
pub use zone::Zone;

use walk::{Stretches, walk};

/// How far ahead an answer is looked for: five years, leap days included.
const HORIZON: SignedDuration = SignedDuration::from_hours(5 * 366 * 24);

/// Why a text is not a rule, a time zone, or a date and time; it says what to write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TextError(String);

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
    Event {
        name: String,
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
        let zone = self.timezone.resolve(local);
        let runway = self.runway.max(SignedDuration::ZERO);
        let end = later(now, runway.max(SignedDuration::from_nanos(1)));
        let closed =
            walk(self, &zone, now, end).find_map(|stretch| Some((stretch.from, stretch.closed?)));
        let Some((at, by)) = closed else {
            return Ok(());
        };
        let open = |ahead: Stretches<'_>, last| opening(ahead, runway, last);
        Err(Closed {
            by,
            at,
            within_runway: at > now,
            reopens: self.ahead(now, runway, local, open),
            zone,
        })
    }

    /// Finds the first closed instant from `at` on: `at` itself where that is closed, `None` where
    /// the window stays open for the next five years.
    pub fn open_until(&self, at: Timestamp, local: &TimeZone) -> Option<Timestamp> {
        self.ahead(at, SignedDuration::ZERO, local, |mut ahead, _| {
            Some(ahead.find(|stretch| stretch.closed.is_some())?.from)
        })
    }

    /// When the rule, the event or the gap that closes the window at an instant ends, even if another one closes it
    /// then; `None` where it does not end within five years.
    pub fn closed_until(&self, at: Timestamp, local: &TimeZone) -> Option<Timestamp> {
        self.ahead(at, SignedDuration::ZERO, local, |mut ahead, _| {
            let by = ahead.next()?.closed;
            Some(ahead.find(|stretch| stretch.closed != by)?.from)
        })
    }

    /// Splits the time from one instant up to another into stretches, none of them empty.
    ///
    /// A stretch ends where the clocks change, so that the wall clock runs evenly through each.
    pub fn stretches(&self, from: Timestamp, until: Timestamp, local: &TimeZone) -> Vec<Stretch> {
        let zone = self.timezone.resolve(local);
        walk(self, &zone, from, until).collect()
    }

    /// Looks for an instant from another on, first in the next weeks: calendars are expanded only as far as is
    /// needed. What is found before the `last` instant may depend on some `more` after it.
    fn ahead(
        &self,
        at: Timestamp,
        more: SignedDuration,
        local: &TimeZone,
        find: impl Fn(Stretches<'_>, Timestamp) -> Option<Timestamp>,
    ) -> Option<Timestamp> {
        let zone = self.timezone.resolve(local);
        [HORIZON / 60, HORIZON].into_iter().find_map(|reach| {
            let last = later(at, reach);
            find(walk(self, &zone, at, later(last, more)), last)
        })
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// The first instant before the last at which the whole runway is open.
fn opening(stretches: Stretches<'_>, runway: SignedDuration, last: Timestamp) -> Option<Timestamp> {
    let mut opened = None;
    for stretch in stretches {
        let is_open = stretch.closed.is_none();
        opened = opened.or(Some(stretch.from)).filter(|_| is_open);
        match opened {
            Some(since) if stretch.until.duration_since(since) >= runway => break,
            None if stretch.until >= last => break,
            _ => {}
        }
    }
    opened
}

#[cfg(test)]
mod tests;
