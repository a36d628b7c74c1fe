//! Calendars in Madrid, and the hours that they close.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::calendar::{ClosedBy, Window};

/// A calendar with these lines in it.
fn calendar(lines: &str) -> String {
    let lines = lines.trim().replace('\n', "\r\n");
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Shop//EN\r\n{lines}\r\nEND:VCALENDAR\r\n")
}

/// A calendar with one event that has these lines.
fn event(lines: &str) -> String {
    calendar(&format!(
        "BEGIN:VEVENT\nUID:1@shop\nSUMMARY:Feast\n{}\nEND:VEVENT",
        lines.trim()
    ))
}

fn window(text: &str) -> Window {
    let mut holidays = Holidays::unread("holidays.ics".to_owned());
    holidays.read(Ok(text.as_bytes().to_vec()));
    Window {
        timezone: "Europe/Madrid".parse().unwrap(),
        holidays: vec![holidays],
        ..Window::default()
    }
}

fn at(text: &str) -> Timestamp {
    let zone = if text.ends_with('Z') {
        ""
    } else {
        "[Europe/Madrid]"
    };
    format!("{text}{zone}")
        .parse::<jiff::Zoned>()
        .map_or_else(|_| text.parse().unwrap(), |at| at.timestamp())
}

/// It closes from each of these moments up to the one after it, and nothing else for years.
#[track_caller]
fn closes(text: &str, stretches: &[(&str, &str)]) {
    let window = window(text);
    assert_eq!(window.holidays[0].error(), None);
    let from = at("2026-01-01T00:00");
    let until = from + SignedDuration::from_hours(24 * 366 * 2);
    let mut closed: Vec<(Timestamp, Timestamp)> = Vec::new();
    for stretch in window.stretches(from, until, &TimeZone::UTC) {
        if stretch.closed.is_some() {
            match closed.last_mut() {
                Some((_, end)) if *end == stretch.from => *end = stretch.until,
                _ => closed.push((stretch.from, stretch.until)),
            }
        }
    }
    let expected: Vec<_> = stretches
        .iter()
        .map(|(from, until)| (at(from), at(until)))
        .collect();
    assert_eq!(closed, expected);
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let window = window(text);
    let error = window.holidays[0].error().map(ToString::to_string);
    assert_eq!(error.as_deref(), Some(expected));
    // Whoever forgets to ask for the error finds it closed.
    assert!(
        window
            .check(at("2026-06-01T12:00"), &TimeZone::UTC)
            .is_err()
    );
}

#[test]
fn whole_days_are_days_of_the_windows_zone() {
    closes(
        &event("DTSTART;VALUE=DATE:20261225"),
        &[("2026-12-25T00:00", "2026-12-26T00:00")],
    );
    closes(
        &event("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227"),
        &[("2026-12-24T00:00", "2026-12-27T00:00")],
    );
    // Programs write a day of no length for one day.
    closes(
        &event("DTSTART;VALUE=DATE:20261224\nDURATION:P0D"),
        &[("2026-12-24T00:00", "2026-12-25T00:00")],
    );
    // The day on which the clocks go back has 25 hours.
    closes(
        &event("DTSTART;VALUE=DATE:20261025\nDURATION:P1D"),
        &[("2026-10-25T00:00", "2026-10-26T00:00")],
    );
}

#[test]
fn times_are_by_the_clock_that_they_name() {
    closes(
        &event("DTSTART:20261224T180000\nDTEND:20261224T200000"),
        &[("2026-12-24T18:00", "2026-12-24T20:00")],
    );
    closes(
        &event("DTSTART:20261224T180000Z\nDURATION:PT1H30M"),
        &[("2026-12-24T18:00:00Z", "2026-12-24T19:30:00Z")],
    );
    closes(
        &event(
            "DTSTART;TZID=America/New_York:20261224T180000\nDTEND;TZID=Europe/Madrid:20261225T030000",
        ),
        &[("2026-12-24T23:00:00Z", "2026-12-25T02:00:00Z")],
    );
    closes(
        &event("DTSTART;TZID=\"Europe/Madrid\":20261024T120000\nDURATION:P1DT1H"),
        &[("2026-10-24T12:00", "2026-10-25T13:00")],
    );
}

#[test]
fn an_event_comes_again_by_its_rules() {
    closes(
        &event("DTSTART;VALUE=DATE:20201225\nRRULE:FREQ=YEARLY"),
        &[
            ("2026-12-25T00:00", "2026-12-26T00:00"),
            ("2027-12-25T00:00", "2027-12-26T00:00"),
        ],
    );
    // Thanksgiving: the fourth Thursday of November.
    closes(
        &event("DTSTART;VALUE=DATE:20251127\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"),
        &[
            ("2026-11-26T00:00", "2026-11-27T00:00"),
            ("2027-11-25T00:00", "2027-11-26T00:00"),
        ],
    );
    closes(
        &event("DTSTART:20260105T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=3"),
        &[
            ("2026-01-05T09:00", "2026-01-05T10:00"),
            ("2026-01-12T09:00", "2026-01-12T10:00"),
            ("2026-01-19T09:00", "2026-01-19T10:00"),
        ],
    );
    // The same hour on the wall before and after the clocks change.
    closes(
        &event(
            "DTSTART;TZID=Europe/Madrid:20260327T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;UNTIL=20260403T070000Z",
        ),
        &[
            ("2026-03-27T09:00", "2026-03-27T10:00"),
            ("2026-04-03T09:00", "2026-04-03T10:00"),
        ],
    );
}

#[test]
fn a_rule_ends_where_until_says() {
    let daily = |until: &str| {
        event(&format!(
            "DTSTART;TZID=Europe/Madrid:20260701T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL={until}"
        ))
    };
    let first = ("2026-07-01T09:00", "2026-07-01T10:00");
    let second = ("2026-07-02T09:00", "2026-07-02T10:00");
    // In summer 07:00 in UTC is nine in Madrid, and `UNTIL` is the last that counts.
    closes(&daily("20260702T070000Z"), &[first, second]);
    closes(&daily("20260702T065959Z"), &[first]);
    closes(&daily("20260702"), &[first, second]);
}

#[test]
fn an_event_ends_at_the_time_of_day_that_dtend_names_even_if_the_clocks_change() {
    // 2026-10-25, 03:00 becomes 02:00.
    for zone in ["", ";TZID=Europe/Madrid"] {
        closes(
            &event(&format!(
                "DTSTART{zone}:20261024T220000\nDTEND{zone}:20261025T060000"
            )),
            &[("2026-10-24T22:00", "2026-10-25T06:00")],
        );
        closes(
            &event(&format!(
                "DTSTART{zone}:20261023T220000\nDTEND{zone}:20261024T060000\nRRULE:FREQ=DAILY;COUNT=3"
            )),
            &[
                ("2026-10-23T22:00", "2026-10-24T06:00"),
                ("2026-10-24T22:00", "2026-10-25T06:00"),
                ("2026-10-25T22:00", "2026-10-26T06:00"),
            ],
        );
    }
    // Hours of a DURATION are hours (3.3.6).
    closes(
        &event("DTSTART:20261024T220000\nDURATION:PT8H"),
        &[("2026-10-24T22:00", "2026-10-25T05:00")],
    );
}

#[test]
fn whole_days_know_times_in_utc() {
    let days = |more: &str| event(&format!("DTSTART;VALUE=DATE:20260105\n{more}"));
    let (first, second) = (
        ("2026-01-05T00:00", "2026-01-06T00:00"),
        ("2026-01-06T00:00", "2026-01-07T00:00"),
    );
    let both = (first.0, second.1);
    // Midnight in UTC, and midnight in Madrid.
    for until in ["20260106", "20260106T000000Z", "20260105T230000Z"] {
        closes(&days(&format!("RRULE:FREQ=DAILY;UNTIL={until}")), &[both]);
    }
    for without in ["20260105T000000Z", "20260104T230000Z", "20260105T000000"] {
        closes(
            &days(&format!("RRULE:FREQ=DAILY;COUNT=2\nEXDATE:{without}")),
            &[second],
        );
        let series = days("RRULE:FREQ=DAILY;COUNT=2");
        let moved = format!(
            "BEGIN:VEVENT\r\nUID:1@shop\r\nRECURRENCE-ID:{without}\r\nDTSTART;VALUE=DATE:20260201\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        );
        closes(
            &series.replace("END:VCALENDAR\r\n", &moved),
            &[second, ("2026-02-01T00:00", "2026-02-02T00:00")],
        );
    }
}

#[test]
fn times_without_a_zone_have_that_of_the_calendar() {
    let of = |zone: &str, lines: &str| {
        event(lines).replacen(
            "BEGIN:VEVENT",
            &format!("X-WR-TIMEZONE:{zone}\r\nBEGIN:VEVENT"),
            1,
        )
    };
    closes(
        &of(
            "America/New_York",
            "DTSTART:20261102T080000\nDTEND:20261102T090000\nRRULE:FREQ=DAILY;UNTIL=20261104T080000\nEXDATE:20261103T080000",
        ),
        &[
            ("2026-11-02T14:00", "2026-11-02T15:00"),
            ("2026-11-04T14:00", "2026-11-04T15:00"),
        ],
    );
    for (lines, from, until) in [
        (
            "DTSTART;VALUE=DATE:20261102",
            "2026-11-02T00:00",
            "2026-11-03T00:00",
        ),
        (
            "DTSTART:20261102T080000Z\nDURATION:PT1H",
            "2026-11-02T09:00",
            "2026-11-02T10:00",
        ),
        (
            "DTSTART;TZID=Europe/Lisbon:20261102T080000\nDURATION:PT1H",
            "2026-11-02T09:00",
            "2026-11-02T10:00",
        ),
    ] {
        closes(&of("Nowhere", lines), &[(from, until)]);
    }
    refused(
        &of("Nowhere", "DTSTART:20261102T080000"),
        "holidays.ics:4: `Nowhere` is not a time zone: write an IANA name such as `Europe/Madrid`",
    );
}

#[test]
fn many_zones_that_begin_in_1601_are_read() {
    let zone = |n: usize| {
        format!(
            "BEGIN:VTIMEZONE\nTZID:Z{n}\nBEGIN:STANDARD\nDTSTART:16011028T030000\nTZOFFSETFROM:-0400\nTZOFFSETTO:-0500\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010325T020000\nTZOFFSETFROM:-0500\nTZOFFSETTO:-0400\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE\nBEGIN:VEVENT\nDTSTART;TZID=Z{n}:20260302T120000\nRRULE:FREQ=MONTHLY;COUNT=2\nDURATION:PT1H\nEND:VEVENT\n"
        )
    };
    closes(
        &calendar(&(0..50).map(zone).collect::<String>()),
        &[
            ("2026-03-02T18:00", "2026-03-02T19:00"),
            ("2026-04-02T18:00", "2026-04-02T19:00"),
        ],
    );
}

#[test]
fn the_zones_of_a_file_are_its_own() {
    let zoned = |observances: &str, rest: &str| {
        calendar(&format!(
            "BEGIN:VTIMEZONE\nTZID:Europe/Madrid\n{observances}END:VTIMEZONE\nBEGIN:VEVENT\n{rest}\nEND:VEVENT"
        ))
    };
    let change = |kind: &str, start: &str, from: &str, to: &str| {
        format!("BEGIN:{kind}\nDTSTART:{start}\nTZOFFSETFROM:{from}\nTZOFFSETTO:{to}\nEND:{kind}\n")
    };
    let noon = |date: &str| {
        format!("DTSTART;TZID=Europe/Madrid:{date}T120000\nDTEND;TZID=Europe/Madrid:{date}T130000")
    };
    let fixed = change("STANDARD", "19700101T000000", "+0330", "+0330");
    closes(
        &zoned(&fixed, &noon("20260701")),
        &[("2026-07-01T08:30:00Z", "2026-07-01T09:30:00Z")],
    );
    // The changes of one year, one by one: the others are those that Madrid has.
    let year = change("DAYLIGHT", "20260401T020000", "+0100", "+0200")
        + &change("STANDARD", "20261101T030000", "+0200", "+0100");
    closes(
        &zoned(&year, &noon("20260330")),
        &[("2026-03-30T11:00:00Z", "2026-03-30T12:00:00Z")],
    );
    closes(
        &zoned(&year, &noon("20270701")),
        &[("2027-07-01T10:00:00Z", "2027-07-01T11:00:00Z")],
    );
    refused(
        &zoned("", &noon("20260330")),
        "holidays.ics:4: the time zone has neither STANDARD nor DAYLIGHT",
    );
    refused(
        &zoned(&fixed.replace("+0330", "1h"), &noon("20260330")),
        "holidays.ics:8: `1h` is not an offset from UTC: write `+0100`",
    );
    // Outlook's names, and one of a registry.
    for zone in [
        "W. Europe Standard Time",
        "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
        "/freeassociation.sourceforge.net/Tzfile/Europe/Madrid",
    ] {
        closes(
            &event(&format!(
                "DTSTART;TZID=\"{zone}\":20260701T120000\nDURATION:PT1H"
            )),
            &[("2026-07-01T12:00", "2026-07-01T13:00")],
        );
    }
}

#[test]
fn what_real_programs_write_is_read() {
    // It ends when it begins (3.6.1), so it closes nothing.
    closes(&event("DTSTART:20261224T180000"), &[]);
    closes(
        &event("DTSTART:20261224T180000\nDTEND:20261224T180000"),
        &[],
    );
    // The official holidays of France.
    closes(
        &event("DTSTART;VALUE=DATE:20260501\nDTEND;VALUE=DATE:20260501"),
        &[("2026-05-01T00:00", "2026-05-02T00:00")],
    );
    closes(
        &event("DTSTART;TZID=Europe/Madrid;VALUE=DATE:20260501"),
        &[("2026-05-01T00:00", "2026-05-02T00:00")],
    );
    closes(
        &event(
            "DTSTART:20260105T090000\nDURATION:PT30M\nRDATE;VALUE=PERIOD:20260107T100000/PT2H,20260108T100000/20260108T110000",
        ),
        &[
            ("2026-01-05T09:00", "2026-01-05T09:30"),
            ("2026-01-07T10:00", "2026-01-07T12:00"),
            ("2026-01-08T10:00", "2026-01-08T11:00"),
        ],
    );
    closes(
        &event("DTSTART:20260105T090000\nDURATION:PT30M\nRRULE:FREQ=DAILY;BYHOUR=9,21;COUNT=3"),
        &[
            ("2026-01-05T09:00", "2026-01-05T09:30"),
            ("2026-01-05T21:00", "2026-01-05T21:30"),
            ("2026-01-06T09:00", "2026-01-06T09:30"),
        ],
    );
}

#[test]
fn dates_are_added_and_taken_away() {
    closes(
        &event(
            "DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=DAILY;COUNT=4\nEXDATE;VALUE=DATE:20260106,20260108\nRDATE;VALUE=DATE:20260501",
        ),
        &[
            ("2026-01-05T00:00", "2026-01-06T00:00"),
            ("2026-01-07T00:00", "2026-01-08T00:00"),
            ("2026-05-01T00:00", "2026-05-02T00:00"),
        ],
    );
    // The same instant, by another clock.
    closes(
        &event(
            "DTSTART;TZID=Europe/Madrid:20260105T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE:20260105T080000Z",
        ),
        &[("2026-01-06T09:00", "2026-01-06T10:00")],
    );
}

#[test]
fn one_occurrence_may_be_moved_or_cancelled() {
    let series = "BEGIN:VEVENT\nUID:a\nSUMMARY:Feast\nDTSTART;VALUE=DATE:20260105\nRRULE:FREQ=DAILY;COUNT=3\nEND:VEVENT\n";
    let moved = "BEGIN:VEVENT\nUID:a\nRECURRENCE-ID;VALUE=DATE:20260106\nDTSTART;VALUE=DATE:20260601\nEND:VEVENT\n";
    let cancelled = "BEGIN:VEVENT\nUID:a\nRECURRENCE-ID;VALUE=DATE:20260107\nDTSTART;VALUE=DATE:20260107\nSTATUS:CANCELLED\nEND:VEVENT\n";
    let stranger =
        "BEGIN:VEVENT\nUID:b\nDTSTART;VALUE=DATE:20260801\nSTATUS:CANCELLED\nEND:VEVENT\n";
    closes(
        &calendar(&[moved, series, cancelled, stranger].concat()),
        &[
            ("2026-01-05T00:00", "2026-01-06T00:00"),
            ("2026-06-01T00:00", "2026-06-02T00:00"),
        ],
    );
    // A file that only says what is off.
    let off = event("DTSTART;VALUE=DATE:20261225");
    closes(
        &off.replace("BEGIN:VEVENT", "METHOD:CANCEL\nBEGIN:VEVENT"),
        &[],
    );
}

#[test]
fn what_is_no_event_closes_nothing() {
    closes(
        &calendar(
            "BEGIN:VTIMEZONE\nTZID:X\nBEGIN:STANDARD\nDTSTART:16010101T000000\nRRULE:FREQ=YEARLY\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VTODO\nDTSTART;VALUE=DATE:20260105\nEND:VTODO\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20260901\nBEGIN:VALARM\nDURATION:nonsense\nEND:VALARM\nEND:VEVENT",
        ),
        &[("2026-09-01T00:00", "2026-09-02T00:00")],
    );
}

#[test]
fn the_name_is_unfolded_unescaped_and_harmless() {
    let name = |summary: &str| {
        let text = event("DTSTART;VALUE=DATE:20261225").replace("Feast", summary);
        match window(&text)
            .check(at("2026-12-25T12:00"), &TimeZone::UTC)
            .unwrap_err()
            .by
        {
            ClosedBy::Event { name, calendar } => format!("{name} of {calendar}"),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        name("Noche\\, buena\\nlarga"),
        "Noche, buena larga of holidays.ics"
    );
    assert_eq!(name("Christ\r\n mas"), "Christmas of holidays.ics");
    assert_eq!(name("a\u{1b}[2J\u{202e}b"), "a [2J b of holidays.ics");
    assert_eq!(name(" "), "an event without a name of holidays.ics");
    assert_eq!(
        name(&"ñ".repeat(100)),
        format!("{}… of holidays.ics", "ñ".repeat(60))
    );
}

#[test]
fn an_error_names_its_line() {
    refused(
        "",
        "holidays.ics: not an iCalendar file: it has no BEGIN:VCALENDAR",
    );
    refused(
        "hello",
        "holidays.ics:1: not a line of a calendar: write NAME:VALUE",
    );
    refused(
        "\r\n\r\nhello:",
        "holidays.ics:3: a calendar begins with BEGIN:VCALENDAR",
    );
    refused(
        "BEGIN:VEVENT\r\n",
        "holidays.ics:1: a calendar begins with BEGIN:VCALENDAR",
    );
    refused(
        "BEGIN:VCALENDAR\n",
        "holidays.ics:1: BEGIN:VCALENDAR has no END:VCALENDAR",
    );
    refused(
        "BEGIN:VCALENDAR\nEND:VEVENT\n",
        "holidays.ics:2: END:VEVENT where VCALENDAR of line 1 is open",
    );
    refused(
        "END:VEVENT\n",
        "holidays.ics:1: END:VEVENT where nothing is open",
    );
}

#[test]
fn an_error_in_an_event_names_its_line() {
    let wrong = |lines: &str, words: &str| refused(&event(lines), &format!("holidays.ics:{words}"));
    wrong("", "4: the event has no DTSTART");
    wrong(
        "DTSTART:2026-12-24",
        "7: `2026-12-24` is not a date or time: write `20261224`, `20261224T180000` or `20261224T180000Z`",
    );
    wrong(
        "DTSTART:20260230",
        "7: `20260230` is not a date or time: write `20261224`, `20261224T180000` or `20261224T180000Z`",
    );
    wrong("DTSTART:18991231", "7: `18991231` lies before 1900");
    wrong(
        "X-FOLDED:a\n b\n c\nDTSTART;TZID=Europe/Madird:20261224T180000",
        "10: `Europe/Madird` is not a time zone; did you mean `Europe/Madrid`?",
    );
    wrong(
        "DTSTART;TZID=PST:20261224T180000",
        "7: `PST` is not a time zone: write an IANA name such as `Europe/Madrid`",
    );
    wrong(
        "DTSTART:20261224\nDTEND:20261223",
        "4: the event ends before it has begun: DTEND is the time at which it has ended",
    );
    wrong(
        "DTSTART:20261224\nDTEND:20261225T000000",
        "4: DTSTART and DTEND are of two kinds: write both as dates, or both as times",
    );
    wrong(
        "DTSTART:20261224\nDTEND:20261225\nDURATION:P1D",
        "4: the event has a DTEND and a DURATION",
    );
    wrong(
        "DTSTART:20261224\nDTSTART:20261225",
        "8: a second DTSTART in one VEVENT",
    );
    wrong(
        "DTSTART:20261224\nDURATION:1 day",
        "8: `1 day` is not a duration: write `P1D`, `PT12H` or `P1DT6H`",
    );
    wrong(
        "DTSTART:20261224\nDURATION:-P1D",
        "8: `-P1D` is not a duration: write `P1D`, `PT12H` or `P1DT6H`",
    );
    wrong(
        "DTSTART:20261224\nRRULE:FREQ=DAYLY",
        "8: `FREQ=DAYLY` is not a rule (Unknown recurrence frequency): write one such as `FREQ=YEARLY` or `FREQ=WEEKLY;BYDAY=MO`",
    );
    wrong(
        "DTSTART:20261224\nRRULE:FREQ=YEARLY;BYMNTH=2",
        "8: `BYMNTH=2` is not a part of a rule that is read here",
    );
    wrong(
        "DTSTART:20261224\nRRULE:FREQ=SECONDLY",
        "8: `FREQ=SECONDLY` may occur too often: write `FREQ=DAILY`, and BYHOUR for at most 24 times a day",
    );
    wrong(
        "DTSTART:20261224\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "8: `FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30` never occurs: it names no day that exists",
    );
    wrong(
        "DTSTART:20261224\nRRULE:FREQ=YEARLY;BYWEEKNO=60",
        "8: `FREQ=YEARLY;BYWEEKNO=60` is not a rule (Recurrence number out of range): write one such as `FREQ=YEARLY` or `FREQ=WEEKLY;BYDAY=MO`",
    );
    wrong(
        "DTSTART:20261224\nRRULE:FREQ=DAILY;COUNT=-3",
        "8: `FREQ=DAILY;COUNT=-3` is not a rule (Invalid recurrence count: invalid digit found in string): write one such as `FREQ=YEARLY` or `FREQ=WEEKLY;BYDAY=MO`",
    );
    wrong(
        "DTSTART:20261224\nRRULE:FREQ=WEEKLY;BYDAY=1MO",
        "8: `FREQ=WEEKLY;BYDAY=1MO` is not a rule: a BYDAY ordinal may not be used with FREQ=WEEKLY",
    );
    wrong(
        "DTSTART:20261224\nRRULE:RSCALE=HEBREW;FREQ=YEARLY",
        "8: `RSCALE=HEBREW` is not a part of a rule that is read here",
    );
    wrong(
        "DTSTART:20261224\nEXRULE:FREQ=YEARLY",
        "8: EXRULE is not read here; write EXDATE",
    );
    wrong(
        "DTSTART:20261224\nRDATE;VALUE=PERIOD:20261224T180000Z/1H",
        "8: `1H` is not a date or time: write `20261224`, `20261224T180000` or `20261224T180000Z`",
    );
    wrong(
        "DTSTART:20261224\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261224",
        "8: a change of this and all later occurrences is not read here; write a series of its own for them",
    );
    let mut latin = event("DTSTART:20261224").into_bytes();
    latin.extend(b"X:caf\xe9\n");
    let mut holidays = Holidays::unread("holidays.ics".to_owned());
    holidays.read(Ok(latin));
    assert_eq!(
        holidays.error().unwrap().to_string(),
        "holidays.ics:10: not UTF-8 text; save the file as UTF-8"
    );
}

#[test]
fn a_calendar_that_nobody_read_closes_always() {
    let window = Window {
        holidays: vec![Holidays::unread("holidays.ics".to_owned())],
        ..Window::default()
    };
    let closed = window
        .check(at("2026-06-01T12:00"), &TimeZone::UTC)
        .unwrap_err();
    assert_eq!(closed.reopens, None);
}

#[test]
fn what_has_nothing_ahead_says_so() {
    let shortage = |text: &str| window(text).shortages(at("2026-06-01T12:00"), &TimeZone::UTC);
    let none: [&str; 0] = [];
    assert_eq!(
        shortage(&calendar("X-NOTHING:1")),
        ["holidays.ics has no event: it closes nothing"]
    );
    assert_eq!(
        shortage(&event(
            "DTSTART;VALUE=DATE:20251224\nDTEND;VALUE=DATE:20251227"
        )),
        ["holidays.ics has run out: the last day of its events was Fri 2025-12-26"]
    );
    assert_eq!(
        shortage(&event(
            "DTSTART;VALUE=DATE:20201225\nRRULE:FREQ=YEARLY;COUNT=2"
        )),
        ["holidays.ics has run out: the last day of its events was Sat 2021-12-25"]
    );
    assert_eq!(shortage(&event("DTSTART;VALUE=DATE:20261225")), none);
    assert_eq!(
        shortage(&event("DTSTART:20260601T110000\nDURATION:PT2H")),
        none
    );
    assert_eq!(
        shortage(&event("DTSTART;VALUE=DATE:20201225\nRRULE:FREQ=YEARLY")),
        none
    );
}

#[test]
fn of_a_rule_and_an_event_the_one_that_holds_longest_is_named() {
    let mut window = window(&event(
        "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227",
    ));
    window.closed = vec!["22:00-07:00".parse().unwrap()];
    let by = |moment: &str| {
        let closed = window.check(at(moment), &TimeZone::UTC).unwrap_err();
        (closed.by.to_string(), closed.reopens.unwrap())
    };
    let feast = || "\"Feast\" of holidays.ics".to_owned();
    assert_eq!(by("2026-12-24T23:00"), (feast(), at("2026-12-27T07:00")));
    assert_eq!(
        by("2026-12-26T23:00"),
        ("`22:00-07:00`".to_owned(), at("2026-12-27T07:00"))
    );
    assert_eq!(
        by("2026-12-23T23:00"),
        ("`22:00-07:00`".to_owned(), at("2026-12-27T07:00"))
    );
}

#[test]
fn rules_that_would_take_long_are_refused_or_followed_from_where_they_matter() {
    let of = |rule: &str| event(&format!("DTSTART;VALUE=DATE:19000101\nRRULE:{rule}"));
    let wrong = |rule: &str, words: &str| refused(&of(rule), &format!("holidays.ics:8: {words}"));
    for rule in [
        "FREQ=DAILY",
        "FREQ=WEEKLY;UNTIL=99991231",
        "FREQ=YEARLY;INTERVAL=30000",
        "FREQ=DAILY;INTERVAL=4294967295",
        "FREQ=YEARLY;INTERVAL=4294967295;",
    ] {
        let window = window(&of(rule));
        assert_eq!(window.holidays[0].error(), None, "{rule}");
        let _ = window.check(at("2026-06-01T12:00"), &TimeZone::UTC);
    }
    wrong(
        "FREQ=DAILY;COUNT=10001",
        "`FREQ=DAILY;COUNT=10001` counts too far: write an UNTIL for the COUNT",
    );
    wrong(
        "FREQ=DAILY;INTERVAL=4294967296",
        "`FREQ=DAILY;INTERVAL=4294967296` is not a rule (Invalid recurrence interval: number too large to fit in target type): write one such as `FREQ=YEARLY` or `FREQ=WEEKLY;BYDAY=MO`",
    );
    wrong(
        "FREQ=DAILY;BYDAY=MO;BYDAY=TU",
        "`BYDAY=TU` is not a part of a rule that is read here",
    );
    wrong(
        "FREQ=MONTHLY;BYSETPOS=30;BYDAY=MO",
        "`FREQ=MONTHLY;BYSETPOS=30;BYDAY=MO` never occurs: it names no day that exists",
    );
    let minutes: Vec<_> = (0..25).map(|minute| minute.to_string()).collect();
    let often = format!("FREQ=DAILY;BYMINUTE={}", minutes.join(","));
    let words = "may occur too often: write `FREQ=DAILY`, and BYHOUR for at most 24 times a day";
    wrong(&often, &format!("`{often}` {words}"));
    let words = "more than 200 rules in one file; one with a BYHOUR, a COUNT or many days counts as several";
    let many = "RRULE:FREQ=YEARLY\n".repeat(201);
    let many = event(&format!("DTSTART:20260101\n{many}"));
    refused(&many, &format!("holidays.ics:208: {words}"));
    let hours: Vec<_> = (0..24).map(|hour| hour.to_string()).collect();
    let hourly = format!("RRULE:FREQ=DAILY;BYHOUR={}\n", hours.join(","));
    let hourly = event(&format!("DTSTART:20260101\n{}", hourly.repeat(2)));
    refused(&hourly, &format!("holidays.ics:9: {words}"));
    for (rule, line) in [("FREQ=DAILY", 48), ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", 48)] {
        let many = format!("RRULE:{rule}\n").repeat(41);
        let many = event(&format!("DTSTART:20260101\n{many}"));
        refused(&many, &format!("holidays.ics:{line}: {words}"));
    }
    let positions: Vec<_> = (1..=366).map(|day| day.to_string()).collect();
    let positions = positions.join(",");
    wrong(
        &format!("FREQ=YEARLY;BYSETPOS={positions};BYYEARDAY={positions}"),
        &format!(
            "`FREQ=YEARLY;BYSETPOS={positions};BYYEARDAY={positions}` has too many values: write its days as RDATE"
        ),
    );
    let huge = event(&format!("DTSTART:20260101\nX:{}", "x".repeat(LIMIT)));
    let size = huge.len();
    let words = format!("the file has {size} bytes or more; at most {LIMIT} are read");
    refused(&huge, &format!("holidays.ics: {words}"));
}

/// Each of these took from a second to a minute before it was refused.
#[test]
fn what_would_cost_seconds_is_refused() {
    let wrong = |lines: &str, words: &str| {
        let window = window(lines);
        let error = window.holidays[0].error().map(ToString::to_string);
        let error = error.unwrap_or_default();
        assert!(error.contains(words), "{error}");
    };
    let long = "BEGIN:VEVENT\nDTSTART:19000101\nDURATION:P30000D\nRRULE:FREQ=DAILY\nEND:VEVENT\n";
    wrong(&calendar(&long.repeat(3)), "more than 200 rules");
    let counted = "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=50\n".repeat(50);
    wrong(
        &event(&format!("DTSTART:19000101\n{counted}")),
        "more than 200 rules",
    );
    let both = "DTSTART:20260101\nRRULE:FREQ=DAILY;COUNT=3;UNTIL=20260109";
    wrong(
        &event(both),
        "is not a rule: UNTIL and COUNT may not both be given",
    );
    let zone = |n: usize| {
        format!(
            "BEGIN:VTIMEZONE\nTZID:Z{n}\nBEGIN:STANDARD\nDTSTART:19000101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\nDTSTART;TZID=Z{n}:20260101T000000\nEND:VEVENT\n"
        )
    };
    wrong(
        &calendar(&(0..200).map(zone).collect::<String>()),
        "the clocks of the time zone change too often",
    );
    let changed =
        "BEGIN:VEVENT\nDTSTART:20260101\nRECURRENCE-ID:20260101\nRDATE:20260102\nEND:VEVENT\n";
    wrong(
        &calendar(&changed.repeat(250)),
        "more than 50000 changed occurrences",
    );
}

#[test]
fn a_count_that_was_reached_long_ago_comes_no_more() {
    closes(
        &event("DTSTART:20180105T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;BYDAY=FR;COUNT=418"),
        &[("2026-01-02T09:00", "2026-01-02T10:00")],
    );
    closes(
        &event("DTSTART:20180105T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;BYDAY=FR;COUNT=417"),
        &[],
    );
}

/// Lines that look like those of a calendar.
fn line() -> impl Strategy<Value = String> {
    let names =
        "BEGIN|END|DTSTART|DTEND|DURATION|RRULE|RDATE|EXDATE|RECURRENCE-ID|UID|SUMMARY|STATUS";
    let values = "VEVENT|VCALENDAR|2026(0[1-9]|1[0-9])[0-3][0-9](T[0-2][0-9]0000Z?)?|P[0-9]{1,12}[DWY]|PT[0-9]{1,18}[HMS]|FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;COUNT=[0-9]{1,9})?(;INTERVAL=[0-9]{1,9})?(;BYDAY=-?[0-9]{0,3}(MO|SU))?(;BYSETPOS=-?[0-9]{1,2})?|.{0,20}";
    (names, "(;TZID=(Europe/Madrid|UTC|.{0,5}))?", values)
        .prop_map(|(name, param, value)| format!("{name}{param}:{value}\n"))
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(300)
    })]

    #[test]
    fn no_file_panics(lines in prop::collection::vec(line(), 0..12), raw in ".{0,80}") {
        for text in [calendar(&lines.concat()), event(&lines.concat()), raw] {
            let window = window(&text);
            let _ = window.check(at("2026-06-01T12:00"), &TimeZone::UTC);
            let _ = window.shortages(at("2026-06-01T12:00"), &TimeZone::UTC);
        }
    }

    #[test]
    fn every_noon_agrees_with_the_days_of_a_rule(first in 1i64..28, every in 1i64..9, count in 1i64..12, days in 1i64..4) {
        let text = event(&format!(
            "DTSTART;VALUE=DATE:202603{first:02}\nDURATION:P{days}D\nRRULE:FREQ=DAILY;INTERVAL={every};COUNT={count}"
        ));
        let window = window(&text);
        let begin: jiff::civil::Date = "2026-03-01".parse().unwrap();
        for day in 0..150 {
            let since = day + 1 - first;
            let is_on = (0..count).any(|n| (n * every..n * every + days).contains(&since));
            let noon = begin.checked_add(jiff::Span::new().days(day)).unwrap().at(12, 0, 0, 0);
            let noon = noon.to_zoned(TimeZone::get("Europe/Madrid").unwrap()).unwrap();
            prop_assert_eq!(window.check(noon.timestamp(), &TimeZone::UTC).is_err(), is_on, "{}", noon);
        }
    }
}
