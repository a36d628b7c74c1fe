//! Calendars made by chance, and files as real programs write them, held against an independent implementation:
//! `icalendar` and `recurring-ical-events` of the Python package index, set up by `tests/properties/recurrences/setup`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use expect_test::expect;
use jiff::{
    Timestamp,
    tz::{TimeZone, TimeZoneDatabase},
};
use proptest::{
    prelude::*,
    sample::{select, subsequence},
    strategy::ValueTree,
    test_runner::TestRunner,
};
use pushgate::calendar::{Holidays, Window};

use crate::support::gits::recurrences;

/// How many calendars are made.
const CASES: usize = 500;
/// Midnights in Madrid.
const FROM: &str = "2025-12-31T23:00:00Z";
const UNTIL: &str = "2027-12-31T23:00:00Z";

/// A zone that no database has, as Outlook writes one: an hour and a half before UTC, two and a half in summer.
const CUSTOM: &str = "\
BEGIN:VTIMEZONE
TZID:Customized Time Zone
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0230
TZOFFSETTO:+0130
RRULE:FREQ=YEARLY;BYDAY=3SU;BYMONTH=9
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0130
TZOFFSETTO:+0230
RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=4
END:DAYLIGHT
END:VTIMEZONE
";

/// In which form the times of an event are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Date,
    Floating,
    Utc,
    Zone(&'static str),
}

impl Form {
    /// A property with a time of this form.
    fn property(self, name: &str, date: &str, time: &str) -> String {
        match self {
            Self::Date => format!("{name};VALUE=DATE:{date}\n"),
            Self::Floating => format!("{name}:{date}T{time}\n"),
            Self::Utc => format!("{name}:{date}T{time}Z\n"),
            Self::Zone(zone) => format!("{name};TZID={zone}:{date}T{time}\n"),
        }
    }
}

fn form() -> impl Strategy<Value = Form> {
    select(vec![
        Form::Date,
        Form::Date,
        Form::Floating,
        Form::Utc,
        Form::Zone("Europe/Madrid"),
        Form::Zone("America/New_York"),
        Form::Zone("Asia/Kathmandu"),
        Form::Zone("W. Europe Standard Time"),
        Form::Zone("Eastern Standard Time"),
        Form::Zone("Customized Time Zone"),
    ])
}

/// A recurrence rule, but for its end.
fn rule() -> impl Strategy<Value = String> {
    let days = || subsequence(vec!["MO", "TU", "WE", "TH", "FR", "SA", "SU"], 1..4);
    let numbers = |first: i32, last: i32| {
        prop::collection::btree_set(first..=last, 1..4).prop_map(|set| {
            let set: Vec<_> = set
                .iter()
                .filter(|n| **n != 0)
                .map(ToString::to_string)
                .collect();
            if set.is_empty() {
                "1".to_owned()
            } else {
                set.join(",")
            }
        })
    };
    let weekly = days().prop_map(|days| format!("FREQ=WEEKLY;BYDAY={}", days.join(",")));
    let ordinal = (-1i32..=4, days()).prop_map(|(n, days)| {
        let n = if n == 0 { -2 } else { n };
        let days: Vec<_> = days.iter().map(|day| format!("{n}{day}")).collect();
        format!("BYDAY={}", days.join(","))
    });
    let hours = prop::option::of(numbers(0, 23));
    let base = prop_oneof![
        Just("FREQ=DAILY".to_owned()),
        Just("FREQ=WEEKLY".to_owned()),
        weekly,
        (weekly_start(), days())
            .prop_map(|(wkst, days)| format!("FREQ=WEEKLY;WKST={wkst};BYDAY={}", days.join(","))),
        Just("FREQ=MONTHLY".to_owned()),
        ordinal.clone().prop_map(|by| format!("FREQ=MONTHLY;{by}")),
        numbers(-5, 31).prop_map(|by| format!("FREQ=MONTHLY;BYMONTHDAY={by}")),
        days().prop_map(|days| format!("FREQ=MONTHLY;BYDAY={};BYSETPOS=-1", days.join(","))),
        Just("FREQ=YEARLY".to_owned()),
        (ordinal, numbers(1, 12))
            .prop_map(|(by, months)| format!("FREQ=YEARLY;BYMONTH={months};{by}")),
        (numbers(1, 12), numbers(-3, 28))
            .prop_map(|(months, by)| format!("FREQ=YEARLY;BYMONTH={months};BYMONTHDAY={by}")),
        numbers(-20, 300).prop_map(|by| format!("FREQ=YEARLY;BYYEARDAY={by}")),
        (numbers(1, 52), days()).prop_map(|(weeks, days)| format!(
            "FREQ=YEARLY;BYWEEKNO={weeks};BYDAY={}",
            days.join(",")
        )),
        numbers(1, 12).prop_map(|months| format!("FREQ=DAILY;BYMONTH={months}")),
    ];
    (base, 1u32..4, hours).prop_map(|(base, interval, hours)| {
        let hours = hours.map_or_else(String::new, |hours| format!(";BYHOUR={hours}"));
        match interval {
            1 => base + &hours,
            _ => format!("{base};INTERVAL={interval}{hours}"),
        }
    })
}

fn weekly_start() -> impl Strategy<Value = &'static str> {
    select(vec!["MO", "SU", "WE"])
}

/// The lines of an event that takes place in 2026 or before, and perhaps comes again.
fn event() -> impl Strategy<Value = String> {
    let start = (
        2023i32..=2026,
        1u32..=12,
        1u32..=28,
        0u32..24,
        select(vec![0u32, 30]),
    );
    let end = (0u8..4, 1u32..30, 0u32..3);
    let until = prop_oneof![
        Just(String::new()),
        (1u32..60).prop_map(|count| format!(";COUNT={count}")),
        (2027i32..2029, 1u32..=12).prop_map(|(year, month)| format!(";UNTIL={year}{month:02}15"))
    ];
    let changes = (any::<bool>(), any::<bool>(), 0u8..5);
    (form(), start, end, prop::option::weighted(0.8, (rule(), until)), changes).prop_map(
        |(form, (year, month, day, hour, minute), end, rule, (excluded, added, replaced))| {
            let (date, time) = (format!("{year}{month:02}{day:02}"), format!("{hour:02}{minute:02}00"));
            let mut lines = form.property("DTSTART", &date, &time);
            let (kind, hours, days) = end;
            lines += &match (kind, form) {
                (0, _) => String::new(),
                (1, Form::Date) => format!("DURATION:P{}D\n", days + 1),
                (1, _) => format!("DURATION:P{days}DT{hours}H30M\n"),
                (2, Form::Date) => form.property("DTEND", &date, &time),
                _ => {
                    let last = day + 1;
                    form.property("DTEND", &format!("{year}{month:02}{last:02}").replace("0229", "0228"), "233000")
                }
            };
            if let Some((mut rule, until)) = rule {
                if form == Form::Date && let Some((before, _)) = rule.clone().split_once(";BYHOUR") {
                    before.clone_into(&mut rule);
                }
                let until = match form {
                    _ if !until.contains("UNTIL") => until,
                    Form::Date => until,
                    Form::Floating => until + "T120000",
                    _ => until + "T120000Z",
                };
                lines += &format!("RRULE:{rule}{until}\n");
                if excluded {
                    lines += &form.property("EXDATE", &date, &time);
                }
                if added {
                    lines += &form.property("RDATE", "20261109", &time);
                }
            }
            let uid = format!("{date}-{time}@example.org");
            let mut events = format!(
                "BEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20260101T000000Z\nSUMMARY:Día de los Niños y de las Niñas, año tras año, en España\n{lines}END:VEVENT\n"
            );
            let (replaces, moved) = (form.property("RECURRENCE-ID", &date, &time), form.property("DTSTART", "20260721", &time));
            if lines.contains("RRULE") && !excluded {
                let more = match replaced {
                    0 => format!("{moved}SUMMARY:Moved\n"),
                    1 => format!("{moved}STATUS:CANCELLED\n"),
                    _ => String::new(),
                };
                if !more.is_empty() {
                    events += &format!("BEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20260101T000000Z\n{replaces}{more}END:VEVENT\n");
                }
            }
            events
        },
    )
}

/// A calendar as it is sent: with CRLF, and lines folded after 75 bytes, even inside a character.
fn folded(events: &str) -> Vec<u8> {
    let text = format!(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Shop//EN\n{CUSTOM}{events}END:VCALENDAR\n"
    );
    let mut bytes = Vec::new();
    for line in text.lines() {
        for (index, part) in line.as_bytes().chunks(74).enumerate() {
            if index > 0 {
                bytes.extend(b"\r\n ");
            }
            bytes.extend(part);
        }
        bytes.extend(b"\r\n");
    }
    bytes
}

/// When a calendar closes a window in Madrid, in seconds since 1970.
fn closed(bytes: &[u8]) -> Result<Vec<(i64, i64)>, String> {
    let mut holidays = Holidays::unread("made.ics".to_owned());
    holidays.read(Ok(bytes.to_vec()));
    if let Some(error) = holidays.error() {
        return Err(error.to_string());
    }
    let window = Window {
        timezone: "Europe/Madrid".parse().unwrap(),
        holidays: vec![holidays],
        ..Window::default()
    };
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let mut spans: Vec<(i64, i64)> = Vec::new();
    for stretch in window.stretches(at(FROM), at(UNTIL), &TimeZone::UTC) {
        if stretch.closed.is_some() {
            let (from, until) = (stretch.from.as_second(), stretch.until.as_second());
            match spans.last_mut() {
                Some((_, end)) if *end == from => *end = until,
                _ => spans.push((from, until)),
            }
        }
    }
    Ok(spans)
}

/// What the independent implementation says of the calendars of a directory.
fn expected(directory: &Path) -> BTreeMap<String, Vec<(i64, i64)>> {
    let home = recurrences();
    let second = |text: &str| text.parse::<Timestamp>().unwrap().as_second().to_string();
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/properties/recurrences/expand.py"
    );
    let ran = Command::new(home.join("bin/python"))
        .arg(script)
        .arg(directory)
        .args([second(FROM), second(UNTIL)])
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    serde_json::from_slice(&ran.stdout).unwrap()
}

fn readable(spans: &[(i64, i64)]) -> Vec<String> {
    let zone = TimeZoneDatabase::bundled().get("Europe/Madrid").unwrap();
    let show = |second: i64| {
        let at = Timestamp::from_second(second)
            .unwrap()
            .to_zoned(zone.clone());
        at.strftime("%Y-%m-%d %H:%M %z").to_string()
    };
    spans
        .iter()
        .map(|(from, until)| format!("{}..{}", show(*from), show(*until)))
        .collect()
}

#[track_caller]
fn agrees(directory: &Path) {
    let mut wrong = Vec::new();
    for (name, expected) in expected(directory) {
        let bytes = fs::read(directory.join(&name)).unwrap();
        let found = closed(&bytes);
        if found.as_ref() != Ok(&expected) {
            let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
            let (_, text) = text.split_once("END:VTIMEZONE\n").unwrap_or(("", &text));
            let found = found.map(|found| readable(&found));
            let expected = readable(&expected);
            let differ = found.as_ref().map_or_else(Clone::clone, |found| {
                let extra: Vec<_> = found
                    .iter()
                    .filter(|span| !expected.contains(span))
                    .take(3)
                    .collect();
                let missing: Vec<_> = expected
                    .iter()
                    .filter(|span| !found.contains(span))
                    .take(3)
                    .collect();
                format!("too many {extra:?}, missing {missing:?}")
            });
            wrong.push(format!("{name}: {differ}\n{text}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
#[ignore = "slow: needs icalendar and recurring-ical-events of PyPI"]
fn calendars_made_by_chance_close_when_another_implementation_says() {
    let directory = tempfile::tempdir().unwrap();
    let mut runner = TestRunner::deterministic();
    for index in 0..CASES {
        let events = event().new_tree(&mut runner).unwrap().current();
        fs::write(
            directory.path().join(format!("{index:03}.ics")),
            folded(&events),
        )
        .unwrap();
    }
    agrees(directory.path());
}

/// Files as Google, Apple, Outlook, Thunderbird and Nextcloud write them, and official feeds of holidays.
fn files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/properties/recurrences/files")
}

#[test]
#[ignore = "slow: needs icalendar and recurring-ical-events of PyPI"]
fn files_of_real_programs_close_when_another_implementation_says() {
    agrees(&files());
}

#[test]
fn files_of_real_programs_are_read() {
    let mut names: Vec<_> = fs::read_dir(files())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    let mut text = String::new();
    for path in names {
        text += &format!("{}\n", path.file_name().unwrap().display());
        let spans = closed(&fs::read(&path).unwrap()).unwrap();
        for span in readable(&spans) {
            text += &format!("  {span}\n");
        }
    }
    expect![[r#"
        apple.ics
          2026-03-06 15:00 +0100..2026-03-06 23:00 +0100
          2026-03-31 15:00 +0200..2026-03-31 23:00 +0200
          2026-04-30 15:00 +0200..2026-04-30 23:00 +0200
          2026-05-29 15:00 +0200..2026-05-29 23:00 +0200
          2026-06-30 15:00 +0200..2026-06-30 23:00 +0200
          2026-07-03 00:00 +0200..2026-07-04 00:00 +0200
          2027-07-03 00:00 +0200..2027-07-04 00:00 +0200
        france.ics
          2026-05-01 00:00 +0200..2026-05-02 00:00 +0200
          2026-05-08 00:00 +0200..2026-05-09 00:00 +0200
        google-zone.ics
          2026-03-09 13:00 +0100..2026-03-09 14:30 +0100
          2026-04-09 14:00 +0200..2026-04-09 15:30 +0200
          2026-05-01 14:00 +0200..2026-05-01 15:00 +0200
          2026-05-09 14:00 +0200..2026-05-09 15:30 +0200
          2026-11-27 00:00 +0100..2026-11-28 00:00 +0100
        google.ics
          2026-10-23 22:00 +0200..2026-10-24 06:00 +0200
          2026-10-24 22:00 +0200..2026-10-25 06:00 +0100
          2026-11-06 22:00 +0100..2026-11-07 06:00 +0100
          2026-11-07 10:00 +0100..2026-11-07 12:00 +0100
        nextcloud.ics
          2026-03-02 08:30 +0100..2026-03-02 09:30 +0100
          2026-06-02 08:30 +0200..2026-06-02 09:30 +0200
        outlook.ics
          2026-03-27 08:00 +0100..2026-03-27 12:00 +0100
          2026-03-30 08:00 +0200..2026-03-30 12:00 +0200
          2026-03-31 08:00 +0200..2026-03-31 12:00 +0200
          2026-09-08 18:00 +0200..2026-09-08 19:30 +0200
          2026-12-25 00:00 +0100..2026-12-26 00:00 +0100
          2027-12-25 00:00 +0100..2027-12-26 00:00 +0100
        thunderbird.ics
          2026-03-24 08:00 +0100..2026-03-24 10:00 +0100
          2026-03-31 08:00 +0200..2026-03-31 10:00 +0200
          2026-04-14 08:00 +0200..2026-04-14 10:00 +0200
          2026-05-05 10:00 +0200..2026-05-05 13:00 +0200
        uk.ics
          2026-04-03 00:00 +0200..2026-04-04 00:00 +0200
          2026-04-06 00:00 +0200..2026-04-07 00:00 +0200
    "#]]
    .assert_eq(&text);
}
