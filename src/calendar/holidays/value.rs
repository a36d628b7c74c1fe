//! The values of an event's properties: dates, times in their zones, durations, rules.

use ical::recur::{IcalRecurDateTime, IcalRecurFreq, IcalRecurRule, expand::IcalRecurExpand};
use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};

use crate::calendar::Zone;

/// A date, or a date and time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EventTime {
    /// A whole day in the time zone of the window.
    Date(Date),
    /// A wall-clock time in the time zone of the window.
    Civil(DateTime),
    /// A wall-clock time in a zone of its own.
    Fixed(DateTime, TimeZone),
}

impl EventTime {
    /// Reads `20261224`, `20261224T180000` or `20261224T180000Z`, in the zone of a `TZID`.
    pub(super) fn read(text: &str, zone: Option<&str>) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a date or time: write `20261224`, `20261224T180000` or `20261224T180000Z`"
            )
        };
        if !text.is_ascii() || text.contains(['+', '-']) {
            return Err(wrong());
        }
        let at = IcalRecurDateTime::parse(text).map_err(|_| wrong())?;
        let at = civil(at).ok_or_else(wrong)?;
        if at.year() < 1900 {
            return Err(format!("`{text}` lies before 1900"));
        }
        match (text.len(), zone) {
            (8, None) => Ok(Self::Date(at.date())),
            (8, Some(_)) => Err(format!("`{text}` is a whole day, which has no `TZID`")),
            (15, None) => Ok(Self::Civil(at)),
            (15, Some(name)) => Ok(Self::Fixed(at, named(name)?)),
            (_, None) => Ok(Self::Fixed(at, TimeZone::UTC)),
            (_, Some(_)) => Err(format!("`{text}` is in UTC and has a `TZID`, too")),
        }
    }

    /// Its zone; `window` is that of the window.
    pub(super) fn zone<'z>(&'z self, window: &'z TimeZone) -> &'z TimeZone {
        match self {
            Self::Date(_) | Self::Civil(_) => window,
            Self::Fixed(_, zone) => zone,
        }
    }

    /// The wall-clock time.
    pub(super) fn civil(&self) -> DateTime {
        match self {
            Self::Date(date) => date.at(0, 0, 0, 0),
            Self::Civil(at) | Self::Fixed(at, _) => *at,
        }
    }

    /// A value of the same kind at another time.
    pub(super) fn again(&self, at: DateTime) -> Self {
        match self {
            Self::Date(_) => Self::Date(at.date()),
            Self::Civil(_) => Self::Civil(at),
            Self::Fixed(_, zone) => Self::Fixed(at, zone.clone()),
        }
    }

    /// The instant; a time that the clocks leave out is the one after the gap.
    pub(super) fn instant(&self, window: &TimeZone) -> Option<Timestamp> {
        let at = self.civil().to_zoned(self.zone(window).clone()).ok()?;
        Some(at.timestamp())
    }

    /// Whether this names an occurrence; a whole day names what begins on it.
    pub(super) fn is(&self, occurrence: &Self, window: &TimeZone) -> bool {
        match (self, occurrence) {
            (Self::Date(date), other) | (other, Self::Date(date)) => other.civil().date() == *date,
            _ => self.instant(window) == occurrence.instant(window),
        }
    }
}

/// The zone that a `TZID` names.
fn named(name: &str) -> Result<TimeZone, String> {
    let name = name.trim_matches('"').trim_start_matches('/');
    match name.parse::<Zone>() {
        Ok(Zone::Named { zone, .. }) => Ok(zone),
        Ok(Zone::Local) => Err("`local` is not a time zone of a calendar".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// How long an event lasts: days of the calendar, and seconds after them (RFC 5545, 3.3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Length {
    pub(super) days: i64,
    pub(super) seconds: i64,
}

impl Length {
    pub(super) fn days(days: i64) -> Self {
        Self { days, seconds: 0 }
    }

    pub(super) fn seconds(seconds: i64) -> Self {
        Self { days: 0, seconds }
    }
}

/// A rule, and the last time for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repeat {
    /// Its own `until` is not set.
    pub(super) rule: IcalRecurRule,
    pub(super) until: Option<EventTime>,
}

/// Reads a duration: `P1D`, `PT12H30M`, `P2W`, `P1DT6H`.
pub(super) fn length(text: &str) -> Result<Length, String> {
    let wrong = || format!("`{text}` is not a duration: write `P1D`, `PT12H` or `P1DT6H`");
    let span: jiff::Span = text.parse().map_err(|_| wrong())?;
    let is_plain = text.starts_with('P') && span.get_years() == 0 && span.get_months() == 0;
    let days = i64::from(span.get_weeks()) * 7 + i64::from(span.get_days());
    let seconds = i64::from(span.get_hours()) * 3600 + span.get_minutes() * 60 + span.get_seconds();
    if !is_plain || (days, seconds) == (0, 0) {
        return Err(wrong());
    }
    Ok(Length { days, seconds })
}

/// Reads a rule.
///
/// The parser would skip an unknown part silently. Holidays do not repeat within a day, and a rule with many hours,
/// minutes and seconds would fill the memory.
pub(super) fn repeat(text: &str) -> Result<Repeat, String> {
    const KNOWN: &str =
        "FREQ INTERVAL COUNT BYMONTH BYMONTHDAY BYDAY BYYEARDAY BYWEEKNO BYSETPOS WKST";

    let mut until = None;
    for part in text.split(';').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let name = name.to_ascii_uppercase();
        if name == "UNTIL" {
            until = Some(EventTime::read(value, None)?);
        } else if !KNOWN.split(' ').any(|known| known == name) {
            return Err(format!(
                "`{part}` is not a part of a rule that is read here"
            ));
        }
    }
    let mut rule =
        IcalRecurRule::parse(text).map_err(|error| format!("`{text}` is not a rule: {error}"))?;
    match rule.freq {
        IcalRecurFreq::Daily
        | IcalRecurFreq::Weekly
        | IcalRecurFreq::Monthly
        | IcalRecurFreq::Yearly => {
            rule.until = None;
            Ok(Repeat { rule, until })
        }
        _ => Err(format!("`{text}` comes more than once a day")),
    }
}

impl Repeat {
    /// The wall-clock times from a start on and up to a last one, which bounds the search as well.
    pub(super) fn times(
        &self,
        start: DateTime,
        latest: DateTime,
        clock: &TimeZone,
    ) -> impl Iterator<Item = DateTime> + use<> {
        let last = match &self.until {
            Some(EventTime::Fixed(at, zone)) => {
                // The end is said in UTC, the rule goes by the event's own clock.
                let at = zone.to_timestamp(*at).map(|at| clock.to_datetime(at));
                at.unwrap_or(latest)
            }
            // A day is meant whole.
            Some(EventTime::Date(date)) => date.at(23, 59, 59, 0),
            Some(EventTime::Civil(at)) => *at,
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

fn civil(at: IcalRecurDateTime) -> Option<DateTime> {
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
