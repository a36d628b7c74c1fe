//! One event, and when it takes place.

use ical::recur::{IcalRecurDateTime, IcalRecurRule, expand::IcalRecurExpand};
use jiff::{SignedDuration, Span, Timestamp, civil::DateTime, tz::TimeZone};

use super::value::Moment;
use crate::calendar::search;

/// An event that may come again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// What it is called.
    pub(super) name: String,
    /// What its series is known by.
    pub(super) series: Option<String>,
    /// When it begins for the first time.
    pub(super) start: Moment,
    pub(super) length: Length,
    /// The rules by which it comes again.
    pub(super) rules: Vec<Repeat>,
    /// The times at which it comes besides.
    pub(super) dates: Vec<Moment>,
    /// The times at which it does not.
    pub(super) without: Vec<Moment>,
}

/// How long an event lasts: days of the calendar, and seconds after them (RFC 5545, 3.3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Length {
    pub(super) days: i64,
    pub(super) seconds: i64,
}

/// A rule, and the last moment for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repeat {
    /// It has no end of its own: `until` is.
    pub(super) rule: IcalRecurRule,
    pub(super) until: Option<Moment>,
}

impl Event {
    /// The stretches of it that touch those between two seconds, in no order.
    pub(super) fn spans<'e>(
        &'e self,
        zone: &'e TimeZone,
        from: i64,
        until: i64,
    ) -> impl Iterator<Item = (i64, i64)> + 'e {
        let clock = self.start.zone(zone);
        let civil = |second: i64| clock.to_datetime(search::instant(second));
        // A day more on either side: clocks differ by less.
        let day = SignedDuration::from_hours(24);
        let earliest = civil(from).saturating_sub(self.most()).saturating_sub(day);
        let latest = civil(until).saturating_add(day);
        let repeated = (self.rules.iter())
            .flat_map(move |repeat| repeat.times(self.start.civil(), latest, clock))
            .filter(move |at| *at >= earliest)
            .map(move |at| self.start.again(at));
        std::iter::once(self.start.clone())
            .chain(self.dates.iter().cloned())
            .chain(repeated)
            .filter(move |at| !self.without.iter().any(|one| one.is(at, zone)))
            .filter_map(move |at| {
                let begins = at.instant(zone)?;
                let ends = self.end(begins, at.zone(zone))?;
                Some((search::floor(begins), search::ceil(ends)))
            })
            .filter(move |(begins, ends)| *begins <= until && *ends > from)
    }

    /// Whether it takes place more than once.
    pub(super) fn is_series(&self) -> bool {
        !self.rules.is_empty() || !self.dates.is_empty()
    }

    fn end(&self, begins: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let days = Span::new().try_days(self.length.days).ok()?;
        let end = begins.to_zoned(zone.clone()).checked_add(days).ok()?;
        let seconds = SignedDuration::from_secs(self.length.seconds);
        end.timestamp().checked_add(seconds).ok()
    }

    /// No occurrence lasts longer.
    fn most(&self) -> SignedDuration {
        let days = self
            .length
            .days
            .saturating_add(1)
            .saturating_mul(24 * 60 * 60);
        SignedDuration::from_secs(days.saturating_add(self.length.seconds))
    }
}

impl Repeat {
    /// The wall-clock times from a start on and up to a last one, which bounds the search as well.
    fn times(
        &self,
        start: DateTime,
        latest: DateTime,
        clock: &TimeZone,
    ) -> impl Iterator<Item = DateTime> + use<> {
        let last = match &self.until {
            Some(Moment::Fixed(at, zone)) => {
                // The end is said in UTC, the rule goes by the event's own clock.
                let at = zone.to_timestamp(*at).map(|at| clock.to_datetime(at));
                at.unwrap_or(latest)
            }
            // A day is meant whole.
            Some(Moment::Date(date)) => date.at(23, 59, 59, 0),
            Some(Moment::Civil(at)) => *at,
            None => latest,
        };
        let mut rule = self.rule.clone();
        rule.until = Some(recurring(last.min(latest)));
        IcalRecurExpand::new(rule, recurring(start)).filter_map(civil)
    }
}

/// A wall-clock time as the rules count it.
fn recurring(at: DateTime) -> IcalRecurDateTime {
    let narrow = |n: i8| u8::try_from(n).unwrap_or_default();
    IcalRecurDateTime {
        year: i32::from(at.year()),
        month: narrow(at.month()),
        day: narrow(at.day()),
        hour: narrow(at.hour()),
        minute: narrow(at.minute()),
        second: narrow(at.second()),
    }
}

pub(super) fn civil(at: IcalRecurDateTime) -> Option<DateTime> {
    let narrow = |n: u8| i8::try_from(n).ok();
    DateTime::new(
        i16::try_from(at.year).ok()?,
        narrow(at.month)?,
        narrow(at.day)?,
        narrow(at.hour)?,
        narrow(at.minute)?,
        // A leap second is the last one.
        narrow(at.second.min(59))?,
        0,
    )
    .ok()
}
