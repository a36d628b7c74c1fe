//! The words that all of the program shares: names, lengths of time, moments, as people read them.

use bstr::{BStr, ByteSlice};
use jiff::{Timestamp, tz::TimeZone};

use crate::policy::nearest;

/// A word of the shell, in quotes only where it needs them.
pub(crate) fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@%,:".contains(c);
    if text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Bytes for a person: what is not text or would move the cursor is shown as an escape.
pub(crate) fn printable(bytes: &BStr) -> String {
    let mut text = String::with_capacity(bytes.len());
    for c in bytes.to_str_lossy().chars() {
        if c.is_control() {
            text.extend(c.escape_default());
        } else {
            text.push(c);
        }
    }
    text
}

/// `a`, `b` or `c`.
pub(crate) fn alternatives(words: &[String]) -> String {
    match words {
        [] => "none".to_owned(),
        [one] => format!("`{one}`"),
        [first @ .., last] => format!("`{}` or `{last}`", first.join("`, `")),
    }
}

/// The nearest of the words, if one is near.
pub(crate) fn did_you_mean(word: &str, words: &[String]) -> String {
    match nearest(word, words.iter().map(String::as_str)) {
        Some(nearest) => format!("; did you mean `{}`?", printable(nearest.into())),
        None => String::new(),
    }
}

/// The same after the name of an environment whose remote may have another.
pub(super) fn lost(environment: &str, remote: &str, known: &[String]) -> String {
    let meant = did_you_mean(remote, known);
    if environment == remote || meant.is_empty() {
        return meant;
    }
    format!(": there is no `{}`{meant}", printable(remote.into()))
}

/// `2m 10s`.
pub fn span(duration: std::time::Duration) -> String {
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

/// An hour of the day, in the window's zone and, where its clock differs, in the reader's own.
pub(crate) fn clock(at: Timestamp, zone: &TimeZone, reader: &TimeZone) -> String {
    both(at, zone, reader, "%H:%M")
}

/// A day and an hour, likewise.
pub(crate) fn moment(at: Timestamp, zone: &TimeZone, reader: &TimeZone) -> String {
    both(at, zone, reader, "%a %Y-%m-%d %H:%M")
}

fn both(at: Timestamp, zone: &TimeZone, reader: &TimeZone, format: &str) -> String {
    let there = at.to_zoned(zone.clone());
    let here = at.to_zoned(reader.clone());
    let text = there.strftime(format).to_string();
    if there.datetime() == here.datetime() {
        return text;
    }
    let name = zone
        .iana_name()
        .map_or_else(|| there.strftime("%:z").to_string(), str::to_owned);
    format!("{text} {name} ({} here)", here.strftime("%a %H:%M"))
}

/// `SIGTERM`, or the number where the system has no name for it.
pub(super) fn signal_name(number: i32) -> String {
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
