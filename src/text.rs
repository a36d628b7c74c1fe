//! How text is written for a person or a shell: quoting, escaping, spans of time, the nearest word.

use std::time::Duration;

use bstr::{BStr, ByteSlice};
use jiff::{Timestamp, tz::TimeZone};
use serde::{Serialize, Serializer};

/// Whether a text has a letter or a digit: the `...` of a command that was copied gives no reason.
pub(crate) fn says_something(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// Only this much of a word is compared.
const LONGEST: usize = 60;

/// Quotes a word for the shell where it needs quotes.
pub(crate) fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@%,:".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Whether a character moves the cursor, ends a line, or changes the direction of the text.
pub(crate) fn is_odd(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Turns bytes into text on one line of a terminal: odd characters are written as escapes.
pub(crate) fn printable(bytes: &BStr) -> String {
    escaped(&bytes.to_str_lossy(), is_odd)
}

/// Writes such characters of a text as escapes.
pub(crate) fn escaped(text: &str, is_such: impl Fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if is_such(c) {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Shortens a text to so many characters; `more` stands for what was cut off.
pub(crate) fn cut(text: &str, most: usize, more: &str) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => text[..end].to_owned() + more,
        None => text.to_owned(),
    }
}

/// Joins words as a sentence does: `a`, `b` or `c`.
pub(crate) fn alternatives<S: AsRef<str>>(words: &[S]) -> String {
    let words: Vec<_> = words.iter().map(AsRef::as_ref).collect();
    match words.as_slice() {
        [] => "none".to_owned(),
        [one] => format!("`{one}`"),
        [first @ .., last] => format!("`{}` or `{last}`", first.join("`, `")),
    }
}

/// Lists the first few names: `a, b and 3 more`.
pub(crate) fn listed<S: AsRef<str>>(names: &[S], most: usize) -> String {
    let first = names.iter().take(most).map(AsRef::as_ref);
    let first = first.collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(most) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// Returns `; did you mean ...?` where one of the valid words is near to this one, else nothing.
pub(crate) fn did_you_mean(word: &str, words: &[String]) -> String {
    match nearest(word, words.iter().map(String::as_str)) {
        Some(nearest) => format!("; did you mean `{}`?", printable(nearest.into())),
        None => String::new(),
    }
}

/// Returns the valid word that is nearest to this one, if one is near; else the only one that begins with it.
pub(crate) fn nearest<'a>(word: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: String = word
        .chars()
        .take(LONGEST)
        .collect::<String>()
        .to_lowercase();
    let valid: Vec<_> = valid.into_iter().collect();
    let near = valid
        .iter()
        .map(|candidate| {
            let length = word.chars().count().max(candidate.chars().count());
            let distance = strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
            (distance, length, candidate)
        })
        .filter(|(distance, length, _)| *distance <= 1.max(length / 3) && distance < length)
        .min_by_key(|(distance, ..)| *distance)
        .map(|(.., candidate)| *candidate);
    let mut begin = (valid.into_iter())
        .filter(|candidate| word.len() > 1 && candidate.to_lowercase().starts_with(&word));
    near.or_else(|| begin.next().filter(|_| begin.next().is_none()))
}

/// Writes bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|half| char::from_digit(u32::from(half), 16))
        .collect()
}

/// Writes a span of time as people say it: `2m 10s`.
pub(crate) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0) => format!("{} ms", duration.as_millis()),
        (0, 0, s) if s < 10 && duration.subsec_millis() >= 100 => {
            format!("{:.1}s", duration.as_secs_f64())
        }
        (0, 0, s) => format!("{s}s"),
        (0, m, 0) => format!("{m}m"),
        (0, m, s) => format!("{m}m {s}s"),
        (h, 0, _) => format!("{h}h"),
        (h, m, _) => format!("{h}h {m}m"),
    }
}

/// Writes a span of time rounded, the longer the coarser: `12m`, `3h`, `5 days`.
pub(crate) fn rounded_span(duration: Duration) -> String {
    const HOUR: u64 = 3600;
    const DAY: u64 = 24 * HOUR;
    match duration.as_secs() {
        seconds @ ..60 => format!("{seconds}s"),
        seconds @ 60..HOUR => format!("{}m", seconds / 60),
        seconds if seconds < 10 * HOUR => span(Duration::from_secs(seconds / 60 * 60)),
        seconds if seconds < 2 * DAY => format!("{}h", seconds / HOUR),
        seconds => format!("{} days", seconds / DAY),
    }
}

/// Writes a span of time for a program, for serde.
pub(crate) fn milliseconds<S: Serializer>(
    duration: &(impl Into<Option<Duration>> + Copy),
    to: S,
) -> Result<S::Ok, S::Error> {
    let duration: Option<Duration> = (*duration).into();
    duration.map(|one| one.as_millis()).serialize(to)
}

/// Writes how long ago something was, in the words of `span` or `rounded_span`.
pub(crate) fn ago(age: Duration, words: fn(Duration) -> String) -> String {
    const JUST_NOW: Duration = Duration::from_secs(5);
    if age < JUST_NOW {
        return "just now".to_owned();
    }
    format!("{} ago", words(age))
}

/// Writes a time of day in the window's zone and, where its clock differs, in the reader's own.
pub(crate) fn clock(at: Timestamp, zone: &TimeZone, reader: &TimeZone) -> String {
    both(at, zone, reader, "%H:%M")
}

/// Writes a day and a time likewise.
pub(crate) fn day_and_time(at: Timestamp, zone: &TimeZone, reader: &TimeZone) -> String {
    both(at, zone, reader, "%a %Y-%m-%d %H:%M")
}

fn both(at: Timestamp, zone: &TimeZone, reader: &TimeZone, format: &str) -> String {
    let there = at.to_zoned(zone.clone());
    let here = at.to_zoned(reader.clone());
    if there.datetime() == here.datetime() {
        return there.strftime(format).to_string();
    }
    let there = there.strftime(&format!("{format} %:Q")).to_string();
    format!("{there} ({} here)", here.strftime("%a %H:%M"))
}

/// Returns a signal's name, `SIGTERM`; its number where the system has no name for it.
pub(crate) fn signal_name(number: i32) -> String {
    nix::sys::signal::Signal::try_from(number)
        .map_or_else(|_| format!("signal {number}"), |signal| signal.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[track_caller]
    fn spans(milliseconds: u64, expected: &str) {
        assert_eq!(span(Duration::from_millis(milliseconds)), expected);
    }

    #[test]
    fn durations_read_as_people_say_them() {
        spans(0, "0 ms");
        spans(420, "420 ms");
        spans(1420, "1.4s");
        spans(12_900, "12s");
        spans(60_000, "1m");
        spans(130_000, "2m 10s");
        spans(3_600_000, "1h");
        spans(5_400_000, "1h 30m");
    }

    #[test]
    fn what_is_hardly_over_was_just_now() {
        assert_eq!(ago(Duration::from_millis(351), span), "just now");
        assert_eq!(ago(Duration::from_secs(72), span), "1m 12s ago");
        assert_eq!(ago(Duration::from_secs(72), rounded_span), "1m ago");
    }

    #[test]
    fn the_nearest_word_is_near() {
        let words = ["trunk", "suite", "environments"];
        assert_eq!(nearest("enviroments", words), Some("environments"));
        assert_eq!(nearest("Suite", words), Some("suite"));
        assert_eq!(nearest("sutie", words), Some("suite"));
        assert_eq!(nearest("staging", words), None);
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest("", words), None);
    }

    #[test]
    fn escapes_in_names_do_not_reach_the_terminal() {
        assert_eq!(
            printable(b"a\x1b[2Jb\xff".as_bstr()),
            "a\\u{1b}[2Jb\u{fffd}"
        );
    }

    #[test]
    fn signals_have_their_names() {
        assert_eq!(signal_name(9), "SIGKILL");
        assert_eq!(signal_name(64), "signal 64");
    }
}
