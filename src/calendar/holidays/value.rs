//! The values of an event's properties: dates, times in their zones, durations, rules.

use ical::recur::{IcalRecurDateTime, IcalRecurFreq, IcalRecurRule};
use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};

use super::event::{Length, Repeat};
use crate::calendar::Zone;

/// A moment as a calendar says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// A whole day, wherever it is read.
    Date(Date),
    /// A time by the clock on the wall, wherever it is read.
    Civil(DateTime),
    /// A time by the clock of a zone.
    Fixed(DateTime, TimeZone),
}

impl Moment {
    /// Reads `20261224`, `20261224T180000` or `20261224T180000Z`, in the zone of a `TZID`.
    pub(super) fn read(text: &str, zone: Option<&str>) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is no date and no time: write `20261224`, `20261224T180000` or `20261224T180000Z`"
            )
        };
        if !text.is_ascii() || text.contains(['+', '-']) {
            return Err(wrong());
        }
        let at = IcalRecurDateTime::parse(text).map_err(|_| wrong())?;
        let at = super::event::civil(at).ok_or_else(wrong)?;
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

    /// The clock that it is read by, for a window of a zone.
    pub(super) fn zone<'z>(&'z self, window: &'z TimeZone) -> &'z TimeZone {
        match self {
            Self::Date(_) | Self::Civil(_) => window,
            Self::Fixed(_, zone) => zone,
        }
    }

    /// What the clock on the wall says.
    pub(super) fn civil(&self) -> DateTime {
        match self {
            Self::Date(date) => date.at(0, 0, 0, 0),
            Self::Civil(at) | Self::Fixed(at, _) => *at,
        }
    }

    /// The same kind of moment at another time.
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
        Ok(Zone::Local) => Err("`local` is no time zone of a calendar".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Reads a duration: `P1D`, `PT12H30M`, `P2W`, `P1DT6H`.
pub(super) fn length(text: &str) -> Result<Length, String> {
    let wrong = || format!("`{text}` is no length of time: write `P1D`, `PT12H` or `P1DT6H`");
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
/// A part that nobody knows would be left out silently; hours, minutes and seconds are none of a
/// holiday's business, and a rule that has many of them fills the memory.
pub(super) fn repeat(text: &str) -> Result<Repeat, String> {
    const KNOWN: [&str; 10] = [
        "FREQ",
        "INTERVAL",
        "COUNT",
        "UNTIL",
        "BYMONTH",
        "BYMONTHDAY",
        "BYDAY",
        "BYYEARDAY",
        "BYWEEKNO",
        "BYSETPOS",
    ];
    let mut until = None;
    for part in text.split(';').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let name = name.to_ascii_uppercase();
        if name == "UNTIL" {
            until = Some(Moment::read(value, None)?);
        } else if !KNOWN.contains(&name.as_str()) && name != "WKST" {
            return Err(format!("`{part}` is no part of a rule that is read here"));
        }
    }
    let mut rule =
        IcalRecurRule::parse(text).map_err(|error| format!("`{text}` is no rule: {error}"))?;
    let is_daily = matches!(
        rule.freq,
        IcalRecurFreq::Daily
            | IcalRecurFreq::Weekly
            | IcalRecurFreq::Monthly
            | IcalRecurFreq::Yearly
    );
    if !is_daily {
        return Err(format!("`{text}` comes more than once a day"));
    }
    rule.until = None;
    Ok(Repeat { rule, until })
}
