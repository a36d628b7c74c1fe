//! One rule of a window: the stretches of wall clock that it covers.

use std::fmt;

use jiff::civil::Date;

/// The seconds of a civil day.
pub(super) const DAY: i64 = 24 * 60 * 60;

/// One rule of a window, such as `Mon-Fri 09:00-16:00` or `2026-12-24..2027-01-02`.
///
/// It is read from text, and shows itself as it was written, less stray spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub(super) text: String,
    pub(super) shape: Shape,
}

/// What a rule covers, in civil seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// On each of `days`, from `from` up to `until` seconds after midnight; `until` lies beyond
    /// [`DAY`] where the stretch crosses midnight, and is never a whole day after `from` but for
    /// 00:00-24:00, so that the stretches of one rule touch only there and never overlap.
    Weekly { days: Days, from: i64, until: i64 },
    /// From one civil second since 1970 up to another.
    Dates { from: i64, until: i64 },
}

/// A set of weekdays, one bit each, Monday the lowest; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Days(pub(super) u8);

impl Days {
    pub(super) const ALL: Self = Self(0b111_1111);

    /// Whether the day with this number since 1970-01-01, a Thursday, is one of them.
    fn has(self, day: i64) -> bool {
        self.0 >> (day + 3).rem_euclid(7) & 1 == 1
    }
}

impl Rule {
    /// Whether it begins on the weekday of a date; `None` for a rule of dates.
    pub fn is_on(&self, date: Date) -> Option<bool> {
        let day = i64::from(date.weekday().to_monday_zero_offset());
        match self.shape {
            // 1970-01-05 was a Monday.
            Shape::Weekly { days, .. } => Some(days.has(day + 4)),
            Shape::Dates { .. } => None,
        }
    }

    /// The end of the stretch that this civil second is in; `None` where the rule does not hold.
    pub(super) fn holds_until(&self, civil: i64) -> Option<i64> {
        match self.shape {
            Shape::Dates { from, until } => (from <= civil && civil < until).then_some(until),
            Shape::Weekly { days, from, until } => {
                let today = civil.div_euclid(DAY);
                let began = [today - 1, today].into_iter().find(|&day| {
                    days.has(day) && day * DAY + from <= civil && civil < day * DAY + until
                })?;
                if until - from < DAY {
                    return Some(began * DAY + until);
                }
                // The whole days that follow without a break belong to it.
                let end = (began + 1..began + 7).find(|&day| !days.has(day));
                Some(end.map_or(i64::MAX, |day| day * DAY))
            }
        }
    }

    /// The next civil second at which a stretch begins, after one that is in none; `i64::MAX`
    /// where there is none to come.
    pub(super) fn next_start(&self, civil: i64) -> i64 {
        match self.shape {
            Shape::Dates { from, .. } if from > civil => from,
            Shape::Dates { .. } => i64::MAX,
            Shape::Weekly { days, from, .. } => {
                let today = civil.div_euclid(DAY);
                (today..=today + 7)
                    .find(|&day| days.has(day) && day * DAY + from > civil)
                    .map_or(i64::MAX, |day| day * DAY + from)
            }
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const WEEK: i64 = 7 * DAY;
    /// 2026-11-23, a Monday.
    const MONDAY: i64 = 20_780 * DAY;

    fn rule(text: &str) -> Rule {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_across_midnight_belongs_to_the_day_it_starts_on() {
        let night = rule("Fri 22:00-06:00");
        let friday = MONDAY + 4 * DAY;
        assert_eq!(night.holds_until(friday + 3 * 3600), None);
        assert_eq!(night.holds_until(friday + 22 * 3600 - 1), None);
        let end = Some(friday + DAY + 6 * 3600);
        assert_eq!(night.holds_until(friday + 22 * 3600), end);
        assert_eq!(night.holds_until(friday + DAY + 6 * 3600 - 1), end);
        assert_eq!(night.holds_until(friday + DAY + 6 * 3600), None);
    }

    #[test]
    fn whole_days_in_a_row_are_one_stretch() {
        let days = rule("Fri-Mon");
        assert_eq!(
            days.holds_until(MONDAY + 4 * DAY + 1),
            Some(MONDAY + 8 * DAY)
        );
        assert_eq!(days.holds_until(MONDAY), Some(MONDAY + DAY));
        assert_eq!(rule("Mon-Sun").holds_until(MONDAY), Some(i64::MAX));
        assert_eq!(rule("00:00-24:00").holds_until(MONDAY), Some(i64::MAX));
    }

    #[test]
    fn the_next_start_is_never_more_than_a_week_away() {
        let monday = rule("Mon 09:00-10:00");
        assert_eq!(monday.next_start(MONDAY), MONDAY + 9 * 3600);
        assert_eq!(
            monday.next_start(MONDAY + 10 * 3600),
            MONDAY + WEEK + 9 * 3600
        );
    }

    #[test]
    fn dates_hold_once() {
        let freeze = rule("1970-01-02..1970-01-03");
        assert_eq!(freeze.next_start(0), DAY);
        assert_eq!(freeze.holds_until(DAY - 1), None);
        assert_eq!(freeze.holds_until(DAY), Some(3 * DAY));
        assert_eq!(freeze.holds_until(3 * DAY), None);
        assert_eq!(freeze.next_start(3 * DAY), i64::MAX);
    }
}
