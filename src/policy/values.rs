//! What the values of a policy must be like.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};
use serde_yaml::Value;

use super::error::Fault;
use super::reader::Item;
use crate::calendar::{Rule, TextError, Zone};
use crate::text::nearest;

/// The `reuse` with which the suite runs each time.
const NEVER: &str = "never";

/// The longest duration that is accepted: ten years.
const LONGEST: Duration = Duration::from_hours(10 * 365 * 24);

/// The most people who sign off: more than any team that meets on one staging.
const PEOPLE: u64 = 100;

fn refuse<T>(why: &str) -> Result<T, String> {
    Err(why.to_owned())
}

pub(super) fn name(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        refuse("a name must not be empty")
    } else if text.trim() != text {
        refuse("a name must not begin or end with a space")
    } else if text.chars().any(char::is_control) {
        refuse("a name must not have control characters")
    } else if text.starts_with('-') {
        // git takes it for an option.
        refuse("a name must not begin with `-`")
    } else {
        Ok(text.to_owned())
    }
}

/// Takes `refs/heads/main` for `main`; refuses what git-check-ref-format(1) refuses in a branch.
pub(super) fn branch(text: &str) -> Result<String, String> {
    let name = name(text.strip_prefix("refs/heads/").unwrap_or(text))?;
    if name.contains(['*', '?', '[']) {
        refuse("a branch, not a pattern; list the branches")
    } else if name.starts_with("refs/") {
        refuse("not a branch; write its short name, such as `main`")
    } else if git2::Branch::name_is_valid(&name) == Ok(true) {
        Ok(name)
    } else {
        refuse("no branch can have this name")
    }
}

pub(super) fn command(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        refuse("a command must not be empty; remove the key instead")
    } else if text.contains('\0') {
        refuse("a command must not have a NUL character")
    } else {
        Ok(text.trim().to_owned())
    }
}

pub(super) fn relative_path(text: &str) -> Result<String, String> {
    let path = name(text)?;
    let path = path.trim_end_matches('/');
    if path.is_empty() || path.starts_with('/') {
        refuse("a path below the top of the repository, not an absolute one")
    } else if path
        .split('/')
        .any(|part| matches!(part, "" | "." | ".." | ".git"))
    {
        refuse("a path below the top of the repository, without `.`, `..` and `.git` in it")
    } else {
        Ok(path.to_owned())
    }
}

pub(super) fn pattern(text: &str) -> Result<String, String> {
    match regex_lite::Regex::new(text) {
        Ok(_) if text.is_empty() => refuse("matches anything; remove the key instead"),
        Ok(_) => Ok(text.to_owned()),
        // Its last line has the reason; the others draw a picture of the text.
        Err(error) => Err(format!(
            "is not a regular expression: {}",
            (error.to_string().lines().last().unwrap_or_default()).trim_start_matches("error: ")
        )),
    }
}

pub(super) fn variable(text: &str) -> Result<String, String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if text.is_empty() || !text.chars().all(is_word) || text.as_bytes()[0].is_ascii_digit() {
        refuse("not the name of a variable; write one such as `RAILS_ENV`, without its value")
    } else {
        Ok(text.to_owned())
    }
}

/// A rule of `open`.
pub(super) fn opening(text: &str) -> Result<Rule, String> {
    if is_calendar(text) {
        return refuse("a calendar can only close; put it under `closed`");
    }
    rule(text)
}

pub(super) fn rule(text: &str) -> Result<Rule, String> {
    text.parse().map_err(|error: TextError| error.to_string())
}

/// Whether a text is the name of a calendar's file; no rule ends so.
pub(super) fn is_calendar(text: &str) -> bool {
    text.trim_end().to_ascii_lowercase().ends_with(".ics")
}

pub(super) fn zone(text: &str) -> Result<Zone, String> {
    text.parse().map_err(|error: TextError| error.to_string())
}

/// A number of people; `expected`: what the key takes.
pub(super) fn people(item: Item<'_>, expected: &str) -> Result<u32, Fault> {
    match item.value.as_u64() {
        None => Err(item.wrong_type(expected)),
        Some(0) => Err(item.invalid("a sign-off by nobody is none; write `signoff: false`")),
        // It is too small to be cut off.
        Some(number @ ..=PEOPLE) => Ok(u32::try_from(number).unwrap_or(u32::MAX)),
        Some(_) => {
            let why = format!("more people than will ever try it; {PEOPLE} is the most");
            Err(item.invalid(&why))
        }
    }
}

/// A length of time, zero included.
pub(super) fn length(item: Item<'_>) -> Result<Duration, Fault> {
    text_or_number(item, "a duration such as `30m`")
}

/// A length of time that is not zero.
pub(super) fn limit(item: Item<'_>) -> Result<Duration, Fault> {
    match length(item)? {
        Duration::ZERO => Err(item.invalid("a limit of no time lets nothing finish")),
        length => Ok(length),
    }
}

/// A length of time, or `never`, which is none.
pub(super) fn reuse(item: Item<'_>) -> Result<Duration, Fault> {
    match item.value.as_str() {
        Some(NEVER) => Ok(Duration::ZERO),
        Some(text) if nearest(text, [NEVER]).is_some() => Err(item.unknown_value(&[NEVER])),
        _ => text_or_number(item, "a duration such as `24h`, or `never`"),
    }
}

fn text_or_number(item: Item<'_>, expected: &str) -> Result<Duration, Fault> {
    let length = match item.value {
        Value::String(text) => duration(text),
        Value::Number(number) => duration(&number.to_string()),
        _ => return Err(item.wrong_type(expected)),
    };
    length.map_err(|why| item.invalid(why))
}

/// Reads a length of time in jiff's friendly form; a day is 24 hours, a week seven days.
fn duration(text: &str) -> Result<Duration, &'static str> {
    const EXAMPLES: &str = "not a duration; write one such as `30m`, `1h 30m` or `24h`";
    const TOO_LONG: &str = "longer than ten years";

    let text = text.trim();
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    if text.parse::<f64>().is_ok() {
        return Err(if text.starts_with('-') {
            "a duration must not be negative"
        } else {
            "a duration needs a unit, such as `30s`, `30m` or `24h`"
        });
    }
    let span: Span = text.parse().map_err(|_| EXAMPLES)?;
    if span.get_years() != 0 || span.get_months() != 0 {
        return Err("a month or a year has no fixed length; write days or hours");
    }
    let length = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| TOO_LONG)?;
    if length.is_negative() {
        return Err("a duration must not be negative");
    }
    let length = Duration::try_from(length).ok();
    length.filter(|length| *length <= LONGEST).ok_or(TOO_LONG)
}
