//! Reads how far back `--since` goes: `7d`, `yesterday`, `2026-11-01`, or to the second.

use std::str::FromStr;

use jiff::{Span, Timestamp, ToSpan, Zoned, civil::DateTime};

/// A point in the past.
#[derive(Clone, Debug)]
pub enum Since {
    /// The beginning of the day this many days ago.
    Day(i64),
    /// This long ago.
    Ago(Span),
    /// A date, or a date and time, in the time zone of this machine.
    Local(DateTime),
    /// An instant (RFC 3339).
    At(Timestamp),
}

/// A text that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("say a date (2026-11-01, yesterday), a time (2026-11-01T09:00), or how long ago (7d, 24h)")]
pub struct SinceError;

impl FromStr for Since {
    type Err = SinceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        match text.to_ascii_lowercase().as_str() {
            "today" => return Ok(Self::Day(0)),
            "yesterday" => return Ok(Self::Day(1)),
            _ => {}
        }
        // An instant is a local time, too, to a reader that skips its offset.
        if let Ok(at) = text.parse() {
            return Ok(Self::At(at));
        }
        if let Ok(local) = text.parse() {
            return Ok(Self::Local(local));
        }
        text.parse().map(Self::Ago).map_err(|_| SinceError)
    }
}

impl Since {
    /// Returns the instant; `None` where the calendar does not go back so far.
    pub fn before(&self, now: &Zoned) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(*at),
            Self::Local(local) => Some(local.to_zoned(now.time_zone().clone()).ok()?.timestamp()),
            Self::Day(back) => {
                let day = now.checked_sub(back.days()).ok()?;
                Some(day.start_of_day().ok()?.timestamp())
            }
            // `7d ago` is the same to jiff as `-7d`.
            Self::Ago(span) => Some(now.checked_sub(span.abs()).ok()?.timestamp()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[track_caller]
    fn case(text: &str, expected: &str) {
        let now: Zoned = "2026-11-23T12:00:00+01:00[Europe/Madrid]".parse().unwrap();
        let since = text.parse::<Since>().unwrap().before(&now).unwrap();
        assert_eq!(since, expected.parse().unwrap(), "{text}");
    }

    #[test]
    fn dates_and_times_are_read_as_people_type_them() {
        case("7d", "2026-11-16T12:00:00+01:00");
        case("24h", "2026-11-22T12:00:00+01:00");
        case("1w 2d", "2026-11-14T12:00:00+01:00");
        case("3 days ago", "2026-11-20T12:00:00+01:00");
        case("P7D", "2026-11-16T12:00:00+01:00");
        case("yesterday", "2026-11-22T00:00:00+01:00");
        case("Today", "2026-11-23T00:00:00+01:00");
        case("2026-11-01", "2026-11-01T00:00:00+01:00");
        case("2026-11-01T09:30", "2026-11-01T09:30:00+01:00");
        case("2026-11-01 09:30", "2026-11-01T09:30:00+01:00");
        case("2026-11-01T09:30:00Z", "2026-11-01T10:30:00+01:00");
        // The clock was changed in between: the same hour of the day.
        case("1mo", "2026-10-23T12:00:00+02:00");
    }

    #[test]
    fn any_other_text_is_refused() {
        for text in ["", "yesturday", "7", "2026-13-01", "12:00", "7d and a bit"] {
            assert!(text.parse::<Since>().is_err(), "{text}");
        }
    }
}
