//! Whether a rule includes another one, and whether it is over.

use jiff::{Timestamp, tz::TimeZone};

use super::{
    Window,
    rule::{DAY, Rule, Shape},
    walk::Walk,
};

/// A Monday: 1970-01-05.
const MONDAY: i64 = 4 * DAY;

impl Rule {
    /// Whether every second that `other` covers is covered by this rule.
    pub fn includes(&self, other: &Self) -> bool {
        let window = Window {
            open: vec![other.clone()],
            closed: vec![self.clone()],
            ..Window::default()
        };
        let (from, until) = match other.shape {
            Shape::Dates { from, until } => (from, until),
            // Every stretch of a week begins and ends within the next.
            Shape::Weekly { .. } => (MONDAY, MONDAY + 14 * DAY),
        };
        Walk::new(&window, &TimeZone::UTC, from, until).all(|step| step.closed.is_some())
    }
}

impl Window {
    /// Whether a rule of this window can never hold again.
    pub fn is_over(&self, rule: &Rule, now: Timestamp, local: &TimeZone) -> bool {
        let offset = self.timezone.resolve(local).to_offset(now).seconds();
        let civil = super::seconds::floor(now) + i64::from(offset);
        // Clocks that go back are a day away at most.
        matches!(rule.shape, Shape::Dates { until, .. } if until + DAY <= civil)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[track_caller]
    fn includes(one: &str, other: &str, expected: bool) {
        let (one, other): (Rule, Rule) = (one.parse().unwrap(), other.parse().unwrap());
        assert_eq!(one.includes(&other), expected, "`{one}` and `{other}`");
    }

    #[test]
    fn a_rule_includes_what_lies_within_it() {
        includes("22:00-07:00", "23:00-06:00", true);
        includes("23:00-06:00", "22:00-07:00", false);
        includes("Sat,Sun", "Sat 10:00-12:00", true);
        includes("Sat,Sun", "Sat 22:00-06:00", true);
        includes("Sat,Sun", "Sun 22:00-06:00", false);
        includes("Fri-Sun", "Sat", true);
        includes("00:00-24:00", "Mon-Fri", true);
        includes("Mon-Sun", "2026-12-24..2027-01-02", true);
        includes("Mon-Fri", "2026-11-23..2026-11-27", true);
        includes("Mon-Fri", "2026-11-23..2026-11-28", false);
        includes("2026-12-01..2026-12-31", "2026-12-24", true);
        includes("2026-12-24", "2026-12-01..2026-12-31", false);
        includes("2026-12-24..2027-01-02", "Sat", false);
        includes("22:00-07:00", "22:00-07:00", true);
        includes("12:00-11:59", "11:59-12:00", false);
    }

    #[test]
    fn dates_are_over_when_no_clock_can_bring_them_back() {
        let window = Window::default();
        let over = |rule: &str, now: &str| {
            window.is_over(&rule.parse().unwrap(), now.parse().unwrap(), &TimeZone::UTC)
        };
        assert!(over("2026-11-22", "2026-11-24T00:00:00Z"));
        assert!(!over("2026-11-22", "2026-11-22T12:00:00Z"));
        assert!(!over("Mon", "2026-11-24T00:00:00Z"));
    }
}
