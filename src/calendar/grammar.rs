//! Reads a rule: `[DAYS] HH:MM-HH:MM`, `DAYS`, `DATE`, `DATE..DATE`, `DATE HH:MM..DATE HH:MM`.

use std::str::FromStr;

use jiff::civil::Date;

use super::{
    error::RuleError,
    rule::{DAY, Days, Rule, Shape},
};

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
    type Err = RuleError;

    fn from_str(written: &str) -> Result<Self, RuleError> {
        let text = tidy(written);
        let shape = shape(&text)?;
        Ok(Self { text, shape })
    }
}

/// Makes every dash a hyphen, and drops space at the ends, round separators, and beyond one.
fn tidy(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    for word in written.split_whitespace() {
        let joined = text.is_empty() || text.ends_with(is_joint) || word.starts_with(is_joint);
        if !joined {
            text.push(' ');
        }
        text.extend(word.chars().map(|c| if is_dash(c) { '-' } else { c }));
    }
    text
}

/// Whether a character joins the parts of a rule, so that space beside it says nothing.
fn is_joint(c: char) -> bool {
    matches!(c, ',' | '.' | '-') || is_dash(c)
}

/// Whether a character is one of the dashes that editors put for a hyphen.
fn is_dash(c: char) -> bool {
    matches!(
        c,
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
    )
}

fn shape(text: &str) -> Result<Shape, RuleError> {
    if text.is_empty() {
        return Err(RuleError::Empty);
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
        Some((first, _)) if looks_like_date(first) => {
            date(first)?;
            Err(RuleError::DateWithTime(text.to_owned()))
        }
        Some((first, times)) if looks_like_times(times) && !times.contains(' ') => {
            hours(days(first)?, times)
        }
        Some(_) => Err(RuleError::Form(text.to_owned())),
    }
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
fn dates(text: &str, from: &str, until: &str) -> Result<Shape, RuleError> {
    let (from, until) = match (from.split_once(' '), until.split_once(' ')) {
        (None, None) => {
            let (first, last) = (date(from)?, date(until)?);
            if last < first {
                return Err(RuleError::Backwards(text.to_owned()));
            }
            (first, last + DAY)
        }
        (Some((first, from)), Some((last, until))) => (
            date(first)? + start(from, text)?,
            date(last)? + time(until)?,
        ),
        _ => return Err(RuleError::OneTime(text.to_owned())),
    };
    match until - from {
        ..0 => Err(RuleError::Backwards(text.to_owned())),
        0 => Err(RuleError::NoLength(text.to_owned())),
        1.. => Ok(Shape::Dates { from, until }),
    }
}

/// The civil second since 1970 at which a date `YYYY-MM-DD` begins.
fn date(text: &str) -> Result<i64, RuleError> {
    let parts = || {
        let mut parts = text.splitn(3, '-');
        let mut part = |width| number(parts.next().filter(|digits| digits.len() == width)?);
        let (year, month, day) = (part(4)?, part(2)?, part(2)?);
        Some((year, i8::try_from(month).ok()?, i8::try_from(day).ok()?))
    };
    let (year, month, day) = parts().ok_or_else(|| RuleError::Date(text.to_owned()))?;
    let date = Date::new(year, month, day).map_err(|_| RuleError::NoSuchDate(text.to_owned()))?;
    Ok(date.duration_since(Date::constant(1970, 1, 1)).as_secs())
}

/// `HH:MM-HH:MM` on the given days; an end that is not after the start is on the day after.
fn hours(days: Days, text: &str) -> Result<Shape, RuleError> {
    let Some((from, until)) = text.split_once('-') else {
        time(text)?;
        return Err(RuleError::NoEnd(text.to_owned()));
    };
    let (from, until) = (start(from, text)?, time(until)?);
    if from == until {
        return Err(RuleError::NoLength(text.to_owned()));
    }
    let until = if until < from { until + DAY } else { until };
    Ok(Shape::Weekly { days, from, until })
}

/// A time of day at which a range starts.
fn start(text: &str, range: &str) -> Result<i64, RuleError> {
    match time(text)? {
        DAY => Err(RuleError::StartsAt24(range.to_owned())),
        seconds => Ok(seconds),
    }
}

/// The seconds from midnight to a time of day, `H:MM` or `HH:MM`, up to 24:00.
fn time(text: &str) -> Result<i64, RuleError> {
    let minutes = || {
        let (hour, minute) = text.split_once(':')?;
        let (hour, minute) = match (hour.len(), minute.len()) {
            (1..=2, 2) => (i64::from(number(hour)?), i64::from(number(minute)?)),
            _ => return None,
        };
        Some(hour * 60 + minute).filter(|minutes| minute < 60 && *minutes <= 24 * 60)
    };
    let minutes = minutes().ok_or_else(|| RuleError::Time(text.to_owned()))?;
    Ok(minutes * 60)
}

/// A number of ASCII digits, without a sign.
pub(super) fn number(digits: &str) -> Option<i16> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

/// `Mon`, `Mon-Fri`, `Sat,Sun`, and lists that mix them; a range may wrap round the week's end.
fn days(text: &str) -> Result<Days, RuleError> {
    let mut set = 0;
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        if first.is_empty() || last.is_empty() {
            return Err(RuleError::MissingDay(text.to_owned()));
        }
        let (first, last) = (weekday(first)?, weekday(last)?);
        if first == last && part.contains('-') {
            let (text, day) = (part.to_owned(), WEEKDAYS[first].0);
            return Err(RuleError::SameDay { text, day });
        }
        let mut day = first;
        set |= 1 << day;
        while day != last {
            day = (day + 1) % 7;
            set |= 1 << day;
        }
    }
    Ok(Days(set))
}

/// The number of a weekday from its short or full name, in any case; Monday is 0.
pub(super) fn weekday(word: &str) -> Result<usize, RuleError> {
    let is_it = |name: &str| word.eq_ignore_ascii_case(name);
    let number = (WEEKDAYS.iter()).position(|(short, full)| is_it(short) || is_it(full));
    number.ok_or_else(|| RuleError::Day {
        word: word.to_owned(),
        nearest: nearest_weekday(word),
    })
}

/// The weekday nearest to a wrong name: it was cut short, or a letter or two differ.
pub(super) fn nearest_weekday(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    let near = |name: &str, most| {
        let slips = strsim::damerau_levenshtein(&word, &name.to_ascii_lowercase());
        Some(slips).filter(|slips| *slips <= most)
    };
    let scored = WEEKDAYS.iter().filter_map(|(short, full)| {
        let full = full.to_ascii_lowercase();
        if word.len() > 1 && full.starts_with(&word) {
            return Some((0, *short));
        }
        // Three letters with another first one are another word: `Lun` is not `Sun`.
        let has_initial = word.as_bytes().first() == full.as_bytes().first();
        let slips = near(short, 1).filter(|_| has_initial);
        Some((slips.or_else(|| near(&full, 2))?, *short))
    });
    let (_, short) = scored.min_by_key(|(slips, _)| *slips)?;
    Some(short)
}

#[cfg(test)]
mod tests;
