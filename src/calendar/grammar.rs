//! Reads a rule: `[DAYS] HH:MM-HH:MM`, `DAYS`, `DATE`, `DATE..DATE`, `DATE HH:MM..DATE HH:MM`.

use std::str::FromStr;

use jiff::civil::{Date, Time};

use super::{
    TextError,
    rule::{DAY, Days, Rule, Shape},
};
use crate::text::nearest;

/// The weekdays, and the short names that suggestions use.
const WEEKDAYS: [(&str, &str); 7] = [
    ("Mon", "Monday"),
    ("Tue", "Tuesday"),
    ("Wed", "Wednesday"),
    ("Thu", "Thursday"),
    ("Fri", "Friday"),
    ("Sat", "Saturday"),
    ("Sun", "Sunday"),
];

impl FromStr for Rule {
    type Err = TextError;

    fn from_str(written: &str) -> Result<Self, TextError> {
        let text = tidy(written);
        let shape = shape(&text)?;
        Ok(Self { text, shape })
    }
}

/// Makes every dash a hyphen, and drops space at the ends, round separators, and beyond one.
fn tidy(written: &str) -> String {
    let text = written.replace(is_dash, "-");
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // What joins the parts of a rule, so that space beside it says nothing.
    for joint in [",", ".", "-"] {
        text = text.replace(&format!(" {joint}"), joint);
        text = text.replace(&format!("{joint} "), joint);
    }
    text
}

/// Whether a character is one of the dashes that editors put for a hyphen.
fn is_dash(c: char) -> bool {
    matches!(
        c,
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
    )
}

fn shape(text: &str) -> Result<Shape, TextError> {
    if text.is_empty() {
        return wrong(
            "a rule is empty: write `Mon-Fri 09:00-16:00`, `22:00-07:00`, `Sat,Sun`, `2026-12-24` or `2026-12-24..2027-01-02`",
        );
    }
    if let Some((from, until)) = text.split_once("..") {
        return dates(text, from, until);
    }
    match text.split_once(' ') {
        None if looks_like_date(text) => dates(text, text, text),
        None if looks_like_times(text) => hours(Days::ALL, text),
        None => Ok(Shape::Weekly {
            days: days(text)?,
            from: 0,
            until: DAY,
        }),
        Some((first, times))
            if looks_like_times(times) && !times.contains(' ') && !looks_like_date(first) =>
        {
            hours(days(first)?, times)
        }
        Some(_) => not_a_rule(text),
    }
}

fn wrong<T>(message: impl Into<String>) -> Result<T, TextError> {
    Err(TextError(message.into()))
}

fn not_a_rule<T>(text: &str) -> Result<T, TextError> {
    wrong(format!(
        "`{text}` is not a rule: write `[DAYS] HH:MM-HH:MM`, `DAYS`, `DATE`, `DATE..DATE` or `DATE HH:MM..DATE HH:MM`"
    ))
}

fn no_length<T>(text: &str) -> Result<T, TextError> {
    wrong(format!(
        "`{text}` has no length: a range ends after it starts; a whole day is `00:00-24:00`"
    ))
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

fn looks_like_date(text: &str) -> bool {
    starts_with_digit(text) && !text.contains(':') && text.matches('-').count() != 1
}

fn looks_like_times(text: &str) -> bool {
    starts_with_digit(text) || text.contains(':')
}

/// `DATE..DATE`, both days whole, or `DATE HH:MM..DATE HH:MM`, half-open.
fn dates(text: &str, from: &str, until: &str) -> Result<Shape, TextError> {
    let (from, until) = match (from.split_once(' '), until.split_once(' ')) {
        (None, None) => (date(from)?, date(until)? + DAY),
        (Some((first, from)), Some((last, until))) => (
            date(first)? + start(from, text)?,
            date(last)? + time(until)?,
        ),
        _ => return not_a_rule(text),
    };
    if until <= from {
        return no_length(text);
    }
    Ok(Shape::Dates { from, until })
}

/// The civil second since 1970 at which a date `YYYY-MM-DD` begins.
fn date(text: &str) -> Result<i64, TextError> {
    let is_plain = text.len() == 10 && starts_with_digit(text);
    match Date::strptime("%Y-%m-%d", text) {
        Ok(date) if is_plain => Ok(date.duration_since(Date::constant(1970, 1, 1)).as_secs()),
        _ => wrong(format!(
            "`{text}` is not a date: write YYYY-MM-DD, and `..` between two dates"
        )),
    }
}

/// `HH:MM-HH:MM` on the given days; an end that is not after the start is on the day after.
fn hours(days: Days, text: &str) -> Result<Shape, TextError> {
    let Some((from, until)) = text.split_once('-') else {
        time(text)?;
        return wrong(format!("`{text}` has no end: write HH:MM-HH:MM"));
    };
    let (from, until) = (start(from, text)?, time(until)?);
    if from == until {
        return no_length(text);
    }
    let until = if until < from { until + DAY } else { until };
    Ok(Shape::Weekly { days, from, until })
}

/// A time of day at which a range starts.
fn start(text: &str, range: &str) -> Result<i64, TextError> {
    match time(text)? {
        DAY => wrong(format!(
            "`{range}` starts at 24:00, which can only be an end: start at 00:00"
        )),
        seconds => Ok(seconds),
    }
}

/// The seconds from midnight to a time of day, `H:MM` or `HH:MM`, up to 24:00.
fn time(text: &str) -> Result<i64, TextError> {
    if text == "24:00" {
        return Ok(DAY);
    }
    match clock(text).filter(|_| text.matches(':').count() == 1) {
        Some(time) => Ok(time.duration_since(Time::midnight()).as_secs()),
        None => wrong(format!(
            "`{text}` is not a time of day: write HH:MM, from 00:00 to 23:59, or 24:00 as an end"
        )),
    }
}

/// A time of day, `H:MM`, `HH:MM` or `HH:MM:SS`.
pub(super) fn clock(text: &str) -> Option<Time> {
    let is_plain = text.chars().all(|c| c.is_ascii_digit() || c == ':');
    let (hour, rest) = text.split_once(':').filter(|_| is_plain)?;
    let format = match (hour.len(), rest.len()) {
        (1..=2, 2) => "%H:%M",
        (1..=2, 5) => "%H:%M:%S",
        _ => return None,
    };
    Time::strptime(format, text).ok()
}

/// `Mon`, `Mon-Fri`, `Sat,Sun`, and lists that mix them; a range may wrap round the week's end.
fn days(text: &str) -> Result<Days, TextError> {
    let mut set = 0;
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        if first.is_empty() || last.is_empty() {
            return wrong(format!(
                "a day is missing in `{text}`: write `Mon`, `Mon-Fri` or `Sat,Sun`"
            ));
        }
        let (first, last) = (weekday(first)?, weekday(last)?);
        if first == last && part.contains('-') {
            let day = WEEKDAYS[first].0;
            return wrong(format!(
                "`{part}` names one day twice: write `{day}`, or `Mon-Sun` for every day"
            ));
        }
        for later in 0..=(last + 7 - first) % 7 {
            set |= 1 << ((first + later) % 7);
        }
    }
    Ok(Days(set))
}

/// The number of a weekday from its short or full name, in any case; Monday is 0.
pub(super) fn weekday(word: &str) -> Result<usize, TextError> {
    let is_it = |name: &str| word.eq_ignore_ascii_case(name);
    let number = (WEEKDAYS.iter()).position(|(short, full)| is_it(short) || is_it(full));
    number.ok_or_else(|| {
        let nearest = did_you_mean(nearest_weekday(word));
        TextError(format!(
            "`{word}` is not a day of the week: write `Mon`, `Mon-Fri` or `Sat,Sun`{nearest}"
        ))
    })
}

/// The suggestion that follows a wrong name, or nothing.
pub(super) fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(" (did you mean `{name}`?)"))
}

/// The weekday nearest to a wrong name.
pub(super) fn nearest_weekday(word: &str) -> Option<&'static str> {
    // With another first letter it is another word: `Lun` is not `Sun`.
    let initial = word.chars().next()?.to_ascii_uppercase();
    let names = WEEKDAYS.iter().flat_map(|(short, full)| [*short, *full]);
    let nearest = nearest(word, names.filter(|name| name.starts_with(initial)))?;
    nearest.get(..3)
}

#[cfg(test)]
mod tests;
