//! Dates, times and lengths of events (RFC 5545, 3.3.4 to 3.3.6 and 3.3.9).

use jiff::{
    SignedDuration, Span, Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};

/// A date, or a date and time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EventTime {
    /// The wall-clock time; of a date, its midnight.
    pub(super) at: DateTime,
    /// The zone of that clock; without one it is the window's.
    pub(super) zone: Option<TimeZone>,
    pub(super) is_date: bool,
}

impl EventTime {
    /// Reads `20261224`, `20261224T180000` or `20261224T180000Z`, in the zone of a `TZID`.
    pub(super) fn read(text: &str, zone: Option<TimeZone>) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a date or time: write `20261224`, `20261224T180000` or `20261224T180000Z`"
            )
        };
        let local = text.strip_suffix(['Z', 'z']).unwrap_or(text);
        let (is_date, is_utc) = (local.len() == 8, local != text);
        let is_plain = local.len() == 15 || is_date && !is_utc;
        let at = (local.parse().ok()).filter(|_| is_plain && !local.contains(['-', ':']));
        let at = at.ok_or_else(wrong)?;
        // Programs name a zone beside a day or a time in UTC as well; it says nothing there.
        let zone = if is_utc { Some(TimeZone::UTC) } else { zone };
        let zone = zone.filter(|_| !is_date);
        Ok(Self { at, zone, is_date })
    }

    /// Its zone; `window` is that of the window.
    pub(super) fn zone<'z>(&'z self, window: &'z TimeZone) -> &'z TimeZone {
        self.zone.as_ref().unwrap_or(window)
    }

    /// A value of the same kind at another time.
    pub(super) fn with(&self, at: DateTime) -> Self {
        Self { at, ..self.clone() }
    }

    /// The instant; a time that the clocks leave out is the one after the gap (3.3.5).
    pub(super) fn instant(&self, window: &TimeZone) -> Option<Timestamp> {
        self.zone(window).to_timestamp(self.at).ok()
    }

    /// The day that is meant where days are: programs write them as midnight in UTC or by their own clock, too.
    pub(super) fn day(&self, window: &TimeZone) -> Date {
        let is_midnight = self.at == self.at.date().at(0, 0, 0, 0);
        match self.instant(window) {
            Some(at) if !is_midnight => window.to_datetime(at).date(),
            _ => self.at.date(),
        }
    }
}

/// How long an event lasts: first by the clock on the wall, then by seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Length {
    wall: SignedDuration,
    exact: SignedDuration,
}

impl Length {
    pub(super) const DAY: Self = Self {
        wall: SignedDuration::from_hours(24),
        exact: SignedDuration::ZERO,
    };

    /// Reads a duration, whose days are days of the calendar: `P1D`, `PT12H30M`, `P2W`, `P1DT6H`.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a duration: write `P1D`, `PT12H` or `P1DT6H`");
        let span: Span = text.trim_start_matches('+').parse().map_err(|_| wrong())?;
        let is_plain = span.get_years() == 0 && span.get_months() == 0 && !span.is_negative();
        if !text.contains('P') || !is_plain {
            return Err(wrong());
        }
        let days = i64::from(span.get_weeks()) * 7 + i64::from(span.get_days());
        Ok(Self {
            wall: SignedDuration::from_hours(days * 24),
            exact: (span.weeks(0).days(0).try_into()).map_err(|_| wrong())?,
        })
    }

    /// The length from a start to an end.
    ///
    /// By one clock, an event that comes again ends at the same time of day, even if the clocks change meanwhile.
    pub(super) fn between(start: &EventTime, end: &EventTime) -> Result<Self, &'static str> {
        if (start.is_date, start.zone.is_some()) != (end.is_date, end.zone.is_some()) {
            return Err(
                "DTSTART and DTEND are of two kinds: write both as dates, or both as times",
            );
        }
        let mut length = Self::default();
        if start.zone == end.zone {
            length.wall = end.at.duration_since(start.at);
        } else if let (Some(from), Some(until)) =
            (start.instant(&TimeZone::UTC), end.instant(&TimeZone::UTC))
        {
            length.exact = until.duration_since(from);
        }
        if length.wall.is_negative() || length.exact.is_negative() {
            return Err(
                "the event ends before it has begun: DTEND is the time at which it has ended",
            );
        }
        Ok(length)
    }

    /// When an event that starts there ends.
    pub(super) fn end(&self, start: &EventTime, window: &TimeZone) -> Option<Timestamp> {
        let wall = start.with(start.at.checked_add(self.wall).ok()?);
        wall.instant(window)?.checked_add(self.exact).ok()
    }

    /// A length by the wall that no occurrence exceeds.
    pub(super) fn most(&self) -> SignedDuration {
        (Self::DAY.wall.saturating_add(self.wall)).saturating_add(self.exact)
    }
}
