//! Reads a date and time as people write them: `2026-12-24 23:00`, `tomorrow 9:00`, `Fri 16:00`, RFC 3339, RFC 9557;
//! and how far back something goes: `7d`, `yesterday`, `2026-11-01`.

use std::fmt::Display;

use jiff::{
    Span, Timestamp, ToSpan, Zoned,
    civil::DateTime,
    fmt::temporal::DateTimeParser,
    tz::{Disambiguation, TimeZone, TimeZoneDatabase},
};

use super::{
    TextError,
    grammar::{clock, did_you_mean, nearest_weekday, weekday},
    zone,
};
use crate::text::nearest;

/// Reads a date and time; without a time zone of its own it has that of `now`.
///
/// A weekday is the next that has this time still before it, today among them.
pub fn moment(text: &str, now: &Zoned) -> Result<Timestamp, TextError> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("now") {
        return Ok(now.timestamp());
    }
    let is_dated = text.starts_with(|c: char| c.is_ascii_digit()) && text.contains('-');
    if let Some(at) = is_dated.then(|| exact(text)).transpose()?.flatten() {
        return Ok(at);
    }
    let (day, time) = match text.rsplit_once(char::is_whitespace) {
        _ if is_dated => text.split_once([' ', 'T', 't']).unwrap_or((text, "")),
        Some((day, time)) => (day.trim_end(), time),
        None if text.contains(':') => ("today", text),
        None => (text, ""),
    };
    let today = i64::from(now.weekday().to_monday_zero_offset());
    let ahead_of = |day| (i64::try_from(day).unwrap_or_default() - today).rem_euclid(7);
    let in_days = |ahead: i64| now.date().saturating_add(ahead.days());
    let (date, is_weekday) = match (day.to_lowercase().as_str(), weekday(day)) {
        _ if is_dated => (day.parse().map_err(|error| wrong(text, &error))?, false),
        ("today", _) => (now.date(), false),
        ("tomorrow", _) => (in_days(1), false),
        (_, Ok(weekday)) => (in_days(ahead_of(weekday)), true),
        (_, Err(_)) => {
            let day = nearest(day, ["today", "tomorrow"]).or_else(|| nearest_weekday(day));
            return Err(form(text, day));
        }
    };
    if time.is_empty() {
        return Err(TextError(format!(
            "`{text}` is a day without a time: write `{text} 9:00`"
        )));
    }
    let time = clock(time.trim_start()).ok_or_else(|| form(text, None))?;
    let at = civil(text, date.to_datetime(time), now.time_zone())?;
    if is_weekday && at < now.timestamp() {
        let date = date.saturating_add(7.days());
        return civil(text, date.to_datetime(time), now.time_zone());
    }
    Ok(at)
}

/// Reads how far back something goes: a date (its beginning), a date and time, or how long ago.
pub fn since(text: &str, now: &Zoned) -> Result<Timestamp, TextError> {
    let text = text.trim();
    // An instant is a local time, too, to a reader that skips its offset.
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    let start_of = |back: i64| now.checked_sub(back.days())?.start_of_day();
    let at = match (text.to_ascii_lowercase().as_str(), text.parse::<DateTime>()) {
        ("today", _) => start_of(0),
        ("yesterday", _) => start_of(1),
        (_, Ok(local)) => local.to_zoned(now.time_zone().clone()),
        // `7d ago` is the same to jiff as `-7d`.
        (_, Err(_)) => (text.parse::<Span>()).and_then(|span| now.checked_sub(span.abs())),
    };
    at.map(|at| at.timestamp()).map_err(|_| {
        TextError(format!(
            "`{text}` is no time in the past: say a date (2026-11-01, yesterday), a time (2026-11-01T09:00), or \
             how long ago (7d, 24h)"
        ))
    })
}

/// Reads how long something lasts from now on, and returns its end.
pub fn after(text: &str, now: &Zoned) -> Result<Timestamp, TextError> {
    let span = text.trim().parse::<Span>().ok();
    let span = span.filter(|span| span.is_positive());
    let end = span.and_then(|span| now.checked_add(span).ok());
    end.map(|end| end.timestamp()).ok_or_else(|| {
        TextError(format!(
            "`{text}` is not a length of time: write one such as `30m`, `2h` or `1d 12h`"
        ))
    })
}

fn form(text: &str, nearest_day: Option<&str>) -> TextError {
    TextError(format!(
        "`{text}` is not a date and time: write `2026-12-24 23:00`, `tomorrow 9:00`, `Fri 16:00`, \
         `2026-12-24T23:00:00Z` or `2026-12-24T23:00[Europe/Madrid]`{}",
        did_you_mean(nearest_day)
    ))
}

/// The form is right; the date, the offset or the zone is not.
fn wrong(text: &str, why: &dyn Display) -> TextError {
    TextError(format!(
        "`{text}` is not a date and time: {why}; write one such as `2026-12-24 23:00` or \
         `2026-12-24T23:00[Europe/Madrid]`"
    ))
}

/// Reads a text that begins with a date and has a zone or an offset of its own.
fn exact(text: &str) -> Result<Option<Timestamp>, TextError> {
    let parser = DateTimeParser::new().disambiguation(Disambiguation::Reject);
    let Some((_, name)) = text.split_once('[') else {
        return Ok(parser.parse_timestamp(text).ok());
    };
    // A zone may have a mark before it, or be an offset (RFC 9557).
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        let name = name.trim_end_matches(']');
        zone::named(name).map_err(|error| wrong(text, &error))?;
    }
    // The database within the program: the answer is the same on every machine.
    let zoned = parser.parse_zoned_with(&TimeZoneDatabase::bundled(), text);
    let zoned = zoned.map_err(|error| wrong(text, &error))?;
    Ok(Some(zoned.timestamp()))
}

/// The instant of a wall-clock time, which must occur once.
fn civil(text: &str, at: DateTime, zone: &TimeZone) -> Result<Timestamp, TextError> {
    let ambiguous = zone.to_ambiguous_zoned(at);
    let occurs_once = !ambiguous.is_ambiguous();
    let at = (ambiguous.compatible()).map_err(|error| wrong(text, &error))?;
    if occurs_once {
        return Ok(at.timestamp());
    }
    let name = zone.iana_name().unwrap_or("this zone");
    Err(TextError(format!(
        "`{text}` does not occur once in {name}, where the clocks change: give its offset, such as `{}`",
        at.strftime("%Y-%m-%dT%H:%M:%S%:z")
    )))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    /// Thursday noon in Madrid.
    fn now() -> Zoned {
        "2026-11-26T12:00[Europe/Madrid]".parse().unwrap()
    }

    #[track_caller]
    fn is(text: &str, expected: &str) {
        let at = moment(text, &now()).map(|at| at.to_string());
        assert_eq!(at.as_deref(), Ok(expected), "{text}");
    }

    #[track_caller]
    fn refused(text: &str, words: &str) {
        let error = moment(text, &now()).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }

    #[test]
    fn what_was_likely_meant_is_said() {
        refused("Fir 16:00", "(did you mean `Fri`?)");
        refused("tomorow 9:00", "(did you mean `tomorrow`?)");
        refused("todya 9:00", "(did you mean `today`?)");
        refused("Xyz 9:00", "`2026-12-24T23:00[Europe/Madrid]`");
        let wrong = "2026-12-24T23:00[Europe/Madird]";
        refused(wrong, "did you mean `Europe/Madrid`?");
    }

    #[test]
    fn a_moment_is_by_the_readers_clock() {
        is("2026-12-24 23:00", "2026-12-24T22:00:00Z");
        is("2026-12-24T23:00", "2026-12-24T22:00:00Z");
        is("2026-07-01 9:05:30", "2026-07-01T07:05:30Z");
        is(" now ", "2026-11-26T11:00:00Z");
    }

    #[test]
    fn unless_it_has_a_zone_of_its_own() {
        is("2026-12-24T23:00:00Z", "2026-12-24T23:00:00Z");
        is("2026-12-24 23:00:00-05:00", "2026-12-25T04:00:00Z");
        is("2026-12-24T23:00[America/New_York]", "2026-12-25T04:00:00Z");
        is(
            "2026-10-25T02:30:00+01:00[Europe/Madrid]",
            "2026-10-25T01:30:00Z",
        );
    }

    #[test]
    fn days_have_names() {
        is("today 18:00", "2026-11-26T17:00:00Z");
        is("18:00", "2026-11-26T17:00:00Z");
        is("Today 9:00", "2026-11-26T08:00:00Z");
        is("tomorrow 9:00", "2026-11-27T08:00:00Z");
        is("Fri 16:00", "2026-11-27T15:00:00Z");
        is("wednesday 00:00", "2026-12-01T23:00:00Z");
    }

    #[test]
    fn todays_weekday_is_today_while_the_time_is_ahead() {
        is("Thu 12:00", "2026-11-26T11:00:00Z");
        is("Thu 12:01", "2026-11-26T11:01:00Z");
        is("Thu 11:59", "2026-12-03T10:59:00Z");
    }

    #[test]
    fn an_hour_that_does_not_occur_once_is_refused() {
        let gap = "does not occur once in Europe/Madrid, where the clocks change: give its offset, such as `2026-03-29T03:30:00+02:00`";
        refused("2026-03-29 02:30", gap);
        refused("2026-10-25 02:30", "such as `2026-10-25T02:30:00+02:00`");
    }

    #[test]
    fn what_is_not_a_date_and_time_is_refused_with_what_to_write() {
        for text in [
            "",
            "x",
            "Frei 16:00",
            "25:00",
            "tomorrow 9",
            "tomorrow 24:00",
            "9:00 tomorrow",
            "today 1:2:3:4",
            "Fri\u{661}6:00",
        ] {
            refused(text, "write `2026-12-24 23:00`");
        }
        refused(
            "2026-12-24",
            "a day without a time: write `2026-12-24 9:00`",
        );
        refused("tomorrow", "a day without a time: write `tomorrow 9:00`");
        refused(
            "2026-03-29T02:30[Europe/Madrid]",
            "`2026-03-29T02:30[Europe/Madrid]` is not a date and time: ",
        );
        refused(
            "2026-02-30 9:00",
            "`2026-02-30 9:00` is not a date and time: ",
        );
        refused("2026-12-24T23:00[Europe/Madird]", "Europe/Madird");
        refused("2026-12-24T23:00+05:00[Europe/Madrid]", "+05");
    }

    #[track_caller]
    fn goes_back(text: &str, expected: &str) {
        let now: Zoned = "2026-11-23T12:00:00+01:00[Europe/Madrid]".parse().unwrap();
        let since = since(text, &now).unwrap();
        assert_eq!(since, expected.parse().unwrap(), "{text}");
    }

    #[test]
    fn what_lies_back_is_read_as_people_type_it() {
        goes_back("7d", "2026-11-16T12:00:00+01:00");
        goes_back("24h", "2026-11-22T12:00:00+01:00");
        goes_back("1w 2d", "2026-11-14T12:00:00+01:00");
        goes_back("3 days ago", "2026-11-20T12:00:00+01:00");
        goes_back("P7D", "2026-11-16T12:00:00+01:00");
        goes_back("yesterday", "2026-11-22T00:00:00+01:00");
        goes_back("Today", "2026-11-23T00:00:00+01:00");
        goes_back("2026-11-01", "2026-11-01T00:00:00+01:00");
        goes_back("2026-11-01T09:30", "2026-11-01T09:30:00+01:00");
        goes_back("2026-11-01 09:30", "2026-11-01T09:30:00+01:00");
        goes_back("2026-11-01T09:30:00Z", "2026-11-01T10:30:00+01:00");
        // The clock was changed in between: the same hour of the day.
        goes_back("1mo", "2026-10-23T12:00:00+02:00");
    }

    #[test]
    fn a_length_of_time_has_an_end() {
        let end = |text: &str| after(text, &now()).map(|end| end.to_string());
        assert_eq!(end("2h").as_deref(), Ok("2026-11-26T13:00:00Z"));
        assert_eq!(end(" 1d 12h ").as_deref(), Ok("2026-11-27T23:00:00Z"));
        for text in ["", "2", "0m", "-2h", "2h ago", "for ever", "99999999d"] {
            assert!(end(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_says_no_time_in_the_past_is_refused() {
        for text in ["", "yesturday", "7", "2026-13-01", "12:00", "7d and a bit"] {
            assert!(since(text, &now()).is_err(), "{text}");
        }
    }
}
