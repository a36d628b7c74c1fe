//! An event, and when it takes place.

use jiff::{SignedDuration, Span, Timestamp, tz::TimeZone};

use super::value::{EventTime, Length, Repeat};
use crate::calendar::seconds;

/// An event that may come again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) name: String,
    /// The UID.
    pub(super) series: Option<String>,
    /// When it begins for the first time.
    pub(super) start: EventTime,
    pub(super) length: Length,
    /// The rules by which it is repeated.
    pub(super) rules: Vec<Repeat>,
    /// Further times at which it takes place.
    pub(super) dates: Vec<EventTime>,
    /// The times of the rules at which it does not.
    pub(super) without: Vec<EventTime>,
}

impl Event {
    /// Its occurrences between two seconds, in no order.
    pub(super) fn spans<'e>(
        &'e self,
        zone: &'e TimeZone,
        from: i64,
        until: i64,
    ) -> impl Iterator<Item = (i64, i64)> + 'e {
        let clock = self.start.zone(zone);
        let civil = |second: i64| clock.to_datetime(seconds::instant(second));
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
                Some((seconds::floor(begins), seconds::ceil(ends)))
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

    /// A length that no occurrence exceeds.
    fn most(&self) -> SignedDuration {
        let Length { days, seconds } = self.length;
        let days = days.saturating_add(1).saturating_mul(24 * 60 * 60);
        SignedDuration::from_secs(days.saturating_add(seconds))
    }
}
