//! The texts of a policy as regular expressions (ECMA 262, with and without its flag `u`).
//!
//! Each is the twin of a reader in `leaf` or of the calendar's grammar; tests hold both against each other.

use jiff::tz::TimeZoneDatabase;

/// What Rust calls white space, and what it calls control characters, within brackets.
const SPACE: &str =
    r"\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";
const CONTROL: &str = r"\u0000-\u001f\u007f-\u009f";
/// The hyphen, and the dashes that editors put for it, within brackets.
const DASHES: &str = r"-\u2010-\u2015\u2212\ufe58\ufe63\uff0d";

/// A name: neither empty, nor with space at its ends, nor an option of git's.
pub(super) fn name() -> String {
    format!("^{}$", name_body())
}

fn name_body() -> String {
    format!("[^-{CONTROL}{SPACE}](?:[^{CONTROL}]*[^{CONTROL}{SPACE}])?")
}

/// The name of an environment, which cannot be trunk.
pub(super) fn environment() -> String {
    format!("^(?!{}$){}$", any_case("trunk"), name_body())
}

/// A branch's short name, or `refs/heads/` and that.
pub(super) fn branch() -> String {
    let never = format!(r"[\s\S]*(?:\.\.|@\{{|\.lock(?:/|$)|[{SPACE}.]$)");
    let part = format!(r"(?!\.)[^{CONTROL} ~^:\\*?\[/]+");
    format!("^(?:refs/heads/)?(?!refs/|[-{SPACE}])(?!{never}){part}(?:/{part})*$")
}

/// A command of the shell.
pub(super) fn command() -> String {
    format!(r"^(?=[\s\S]*[^{SPACE}])[^\u0000]+$")
}

/// A path below the top of the repository.
pub(super) fn below() -> String {
    format!("^{}$", below_body())
}

fn below_body() -> String {
    let part = format!(r"(?!(?:\.\.?|\.git)(?:/|$))[^/{CONTROL}]+");
    format!(r"(?![-{SPACE}])(?![\s\S]*[{SPACE}]$){part}(?:/{part})*/*")
}

/// The name of an environment variable.
pub(super) const VARIABLE: &str = "^[A-Za-z_][A-Za-z0-9_]*$";

/// A length of time, zero among them.
pub(super) fn length() -> String {
    format!("^[{SPACE}]*(?:0|{})[{SPACE}]*$", duration())
}

/// A length of time that is some.
pub(super) fn limit() -> String {
    format!(r"^(?=[\s\S]*[1-9])[{SPACE}]*(?:{})[{SPACE}]*$", duration())
}

/// `never`, or a length of time.
pub(super) fn reuse() -> String {
    format!("^never$|{}", length())
}

/// jiff's friendly form of a duration, or that of ISO 8601; without minus signs.
fn duration() -> String {
    const GAP: &str = r"[ \t\n\f\r]";
    /// A fraction ends a duration: no number follows it.
    const FRACTION: &str = r"(?:[.,][0-9]{1,9}(?=[^0-9]*$))?";
    const DAYS: [&str; 2] = ["weeks?|wks?|w", "days?|d"];
    const TIMES: [&str; 5] = [
        "hours?|hrs?|h",
        "minutes?|mins?|m",
        "seconds?|secs?|s",
        "milliseconds?|millis?|msecs?|ms",
        r"microseconds?|micros?|usecs?|us|\u00b5(?:secs?|s)",
    ];
    // There is no part of a nanosecond.
    const LEAST: &str = "nanoseconds?|nanos?|nsecs?|ns";
    let unit = |fraction: &str, names: &str| {
        format!("(?:[0-9]+{fraction}{GAP}*(?:{names})(?:,{GAP})?{GAP}*)?")
    };
    // What has no fixed length may only be none.
    let none = |names| format!("(?:0+{GAP}*(?:{names})(?:,{GAP})?{GAP}*)?");
    let none: String = ["years?|yrs?|y", "months?|mos?"].map(none).concat();
    let days: String = DAYS.iter().map(|names| unit("", names)).collect();
    let times: String = TIMES.iter().map(|names| unit(FRACTION, names)).collect();
    let least = unit("", LEAST);
    let clock = format!("[0-9]+:[0-9]+:[0-9]+{FRACTION}");
    let iso_unit = |name| format!("(?:[0-9]+{FRACTION}{name})?");
    let iso_time: String = ["[Hh]", "[Mm]", "[Ss]"].map(iso_unit).concat();
    let iso = format!(
        "[Pp](?=[0-9]|[Tt][0-9])(?:0+[Yy])?(?:0+[Mm])?(?:[0-9]+[Ww])?(?:[0-9]+[Dd])?(?:[Tt](?=[0-9]){iso_time})?"
    );
    // A comma stands between two units.
    format!(r"\+?(?:{iso}|(?=[0-9])(?![\s\S]*,[{SPACE}]*$){none}{days}(?:{clock}|{times}{least}))")
}

/// A rule of a window.
pub(super) fn rule() -> String {
    format!("^[{SPACE}]*(?:{})[{SPACE}]*$", rule_body())
}

/// A rule of a window, or the path of a calendar.
pub(super) fn closing() -> String {
    let calendar = format!(r"(?=[\s\S]*\.[Ii][Cc][Ss]$){}", below_body());
    format!("{}|^{calendar}$", rule())
}

fn rule_body() -> String {
    // Space beside what joins two parts says nothing.
    let gap = format!("[{SPACE}]*");
    let to = format!("{gap}[{DASHES}]{gap}");
    let dots = format!(r"{gap}\.{gap}\.{gap}");
    let space = format!("[{SPACE}]+");
    let (date, days) = (date(&to), days(&to, &gap));
    let start = "(?:[01]?[0-9]|2[0-3]):[0-5][0-9]";
    let end = format!("(?:{start}|24:00)");
    // A range ends at another time than it begins, however both are written.
    let hours = format!(r"(?!0?([0-9]+:[0-9]+){to}0?\1(?![0-9])){start}{to}{end}");
    let moments = format!("{date}{space}{start}{dots}{date}{space}{end}");
    format!("{days}|(?:{days}{space})?{hours}|{date}(?:{dots}{date})?|{moments}")
}

/// Weekdays: `Mon`, `Mon-Fri`, `Sat,Sun`; a range ends on another day than it begins.
fn days(to: &str, gap: &str) -> String {
    const NAMES: [(&str, &str); 7] = [
        ("mon", "day"),
        ("tue", "sday"),
        ("wed", "nesday"),
        ("thu", "rsday"),
        ("fri", "day"),
        ("sat", "urday"),
        ("sun", "day"),
    ];
    let names = NAMES.map(|(short, rest)| format!("{}(?:{})?", any_case(short), any_case(rest)));
    let same = names
        .each_ref()
        .map(|day| format!("{day}{to}{day}"))
        .join("|");
    let day = names.join("|");
    let part = format!("(?!(?:{same})(?![A-Za-z]))(?:{day})(?:{to}(?:{day}))?");
    format!("{part}(?:{gap},{gap}{part})*")
}

/// A date that is in the calendar, 29 February of leap years among them.
fn date(to: &str) -> String {
    const YEAR: &str = "[0-9]{4}";
    let leap = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)";
    let long = format!("(?:0[13578]|1[02]){to}(?:0[1-9]|[12][0-9]|3[01])");
    let short = format!("(?:0[469]|11){to}(?:0[1-9]|[12][0-9]|30)");
    let february = format!("02{to}(?:0[1-9]|1[0-9]|2[0-8])");
    format!("(?:{YEAR}{to}(?:{long}|{short}|{february})|{leap}{to}02{to}29)")
}

/// The zones that the program knows, as their database spells them.
pub(super) fn zones() -> Vec<String> {
    let database = TimeZoneDatabase::bundled();
    let mut names: Vec<String> = database.available().map(|name| name.to_string()).collect();
    names.sort();
    names
}

/// The name of a zone, or `local`, in any case.
pub(super) fn zone() -> String {
    let names = zones().into_iter().chain(["local".to_owned()]);
    let names: Vec<String> = names.map(|name| any_case(&name)).collect();
    format!("^[{SPACE}]*(?:{})[{SPACE}]*$", names.join("|"))
}

/// A text whose letters may be large or small, and mean no pattern.
fn any_case(text: &str) -> String {
    let one = |c: char| match c {
        'a'..='z' | 'A'..='Z' => format!("[{}{}]", c.to_ascii_uppercase(), c.to_ascii_lowercase()),
        '+' => r"\+".to_owned(),
        _ => c.to_string(),
    };
    text.chars().map(one).collect()
}
