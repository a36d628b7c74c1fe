#![allow(clippy::unwrap_used)]

use jiff::{SignedDuration, Timestamp, Zoned, tz::TimeZone};

use super::*;

mod clock_changes;

/// A window in a zone: `zone | open | closed | runway in minutes`, rules separated by `;`.
fn window(text: &str) -> Window {
    let parts: Vec<&str> = text.split('|').map(str::trim).collect();
    let rules = |part: &str| -> Vec<Rule> {
        let rules = part.split(';').filter(|rule| !rule.trim().is_empty());
        rules.map(|rule| rule.parse().unwrap()).collect()
    };
    Window {
        timezone: parts[0].parse().unwrap(),
        open: rules(parts[1]),
        closed: rules(parts[2]),
        holidays: Vec::new(),
        runway: SignedDuration::from_mins(parts[3].parse().unwrap()),
    }
}

fn at(zoned: &str) -> Timestamp {
    zoned.parse::<Zoned>().unwrap().timestamp()
}

/// An instant by its wall clock in Madrid, in the week of Monday 2026-11-23 unless dated.
fn madrid(civil: &str) -> Timestamp {
    at(&format!("{civil}[Europe/Madrid]"))
}

#[track_caller]
fn open(window: &Window, now: Timestamp) {
    assert_eq!(window.check(now, &TimeZone::UTC), Ok(()));
}

#[track_caller]
fn closed(window: &Window, now: Timestamp) -> Closed {
    window.check(now, &TimeZone::UTC).unwrap_err()
}

/// Checks at `now`, all in Madrid's wall clock; `by`: the rule, or `outside`.
#[track_caller]
fn case(text: &str, now: &str, by: &str, first: &str, reopens: Option<&str>) {
    let found = closed(&window(text), madrid(now));
    let name = match &found.by {
        ClosedBy::Rule(rule) => rule.to_string(),
        ClosedBy::Event { name, .. } => name.clone(),
        ClosedBy::OutsideOpen => "outside".to_owned(),
    };
    assert_eq!(name, by);
    assert_eq!(found.at, madrid(first));
    assert_eq!(found.within_runway, now != first);
    assert_eq!(found.reopens, reopens.map(madrid));
    assert_eq!(found.zone.iana_name(), Some("Europe/Madrid"));
}

const TEAM: &str = "Europe/Madrid | Mon-Thu 09:00-16:00; Fri 09:00-12:00 \
     | 22:00-07:00; 2026-12-24..2027-01-02 | 60";
const NIGHT: &str = "Europe/Madrid | | 22:00-07:00 | 0";

#[test]
fn a_window_without_rules_is_always_open() {
    let mut always = Window::default();
    open(&always, madrid("2026-11-25T03:00"));
    always.runway = SignedDuration::MAX;
    for now in [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX] {
        open(&always, now);
        assert_eq!(always.open_until(now, &TimeZone::UTC), None);
    }
}

#[test]
fn a_range_is_half_open() {
    let day = window("Europe/Madrid | 09:00-16:00 | | 0");
    open(&day, madrid("2026-11-25T09:00"));
    open(&day, madrid("2026-11-25T15:59:59.999999999"));
    closed(&day, madrid("2026-11-25T08:59:59.999999999"));
    closed(&day, madrid("2026-11-25T16:00"));
}

#[test]
fn outside_open_the_next_opening_is_named() {
    case(
        TEAM,
        "2026-11-25T08:30",
        "outside",
        "2026-11-25T08:30",
        Some("2026-11-25T09:00"),
    );
    case(
        TEAM,
        "2026-11-25T17:00",
        "outside",
        "2026-11-25T17:00",
        Some("2026-11-26T09:00"),
    );
    case(
        TEAM,
        "2026-11-27T12:00",
        "outside",
        "2026-11-27T12:00",
        Some("2026-11-30T09:00"),
    );
}

#[test]
fn a_closed_rule_wins_over_open_and_is_named() {
    case(
        TEAM,
        "2026-11-25T23:40",
        "22:00-07:00",
        "2026-11-25T23:40",
        Some("2026-11-26T09:00"),
    );
    case(
        "Europe/Madrid | Mon-Fri | Wed 10:00-11:00 | 0",
        "2026-11-25T10:30",
        "Wed 10:00-11:00",
        "2026-11-25T10:30",
        Some("2026-11-25T11:00"),
    );
}

#[test]
fn of_several_closed_rules_the_one_that_holds_longest_is_named() {
    case(
        TEAM,
        "2026-12-25T23:00",
        "2026-12-24..2027-01-02",
        "2026-12-25T23:00",
        Some("2027-01-04T09:00"),
    );
    case(
        "Europe/Madrid | | 22:00-07:00; Sat,Sun | 0",
        "2026-11-28T23:00",
        "Sat,Sun",
        "2026-11-28T23:00",
        Some("2026-11-30T07:00"),
    );
}

#[test]
fn the_night_before_a_weekday_belongs_to_the_day_it_starts_on() {
    let friday = window("Europe/Madrid | | Fri 22:00-06:00 | 0");
    open(&friday, madrid("2026-11-27T03:00"));
    closed(&friday, madrid("2026-11-27T22:00"));
    closed(&friday, madrid("2026-11-28T05:59"));
    open(&friday, madrid("2026-11-28T06:00"));
    open(&friday, madrid("2026-11-28T23:00"));
    let sunday = window("Europe/Madrid | | Sun 22:00-06:00 | 0");
    closed(&sunday, madrid("2026-11-30T05:00"));
}

#[test]
fn a_window_may_close_exactly_at_the_end_of_the_runway() {
    let team = window(TEAM);
    open(&team, madrid("2026-11-25T15:00"));
    let late = madrid("2026-11-25T15:00:00.000000001");
    let found = closed(&team, late);
    assert_eq!(found.at, madrid("2026-11-25T16:00"));
    assert!(found.within_runway);
    assert_eq!(found.reopens, Some(madrid("2026-11-26T09:00")));
    case(
        TEAM,
        "2026-11-25T15:40",
        "outside",
        "2026-11-25T16:00",
        Some("2026-11-26T09:00"),
    );
}

#[test]
fn a_stretch_wholly_inside_the_runway_closes_it() {
    let lunch = "Europe/Madrid | | 13:00-13:30 | 120";
    case(
        lunch,
        "2026-11-25T12:00",
        "13:00-13:30",
        "2026-11-25T13:00",
        Some("2026-11-25T13:30"),
    );
    open(&window(lunch), madrid("2026-11-25T11:00"));
}

#[test]
fn a_freeze_that_ends_inside_the_runway_closes_it() {
    let freeze = "Europe/Madrid | | 2026-11-25 09:00..2026-11-25 09:30 | 60";
    case(
        freeze,
        "2026-11-25T09:29",
        "2026-11-25 09:00..2026-11-25 09:30",
        "2026-11-25T09:29",
        Some("2026-11-25T09:30"),
    );
    open(&window(freeze), madrid("2026-11-25T09:30"));
}

#[test]
fn an_opening_shorter_than_the_runway_is_passed_over() {
    case(
        "Europe/Madrid | Mon 09:00-10:00; Wed 09:00-12:00 | | 90",
        "2026-11-23T08:00",
        "outside",
        "2026-11-23T08:00",
        Some("2026-11-25T09:00"),
    );
}

#[test]
fn openings_that_touch_are_one() {
    let week = window("Europe/Madrid | Mon; Tue 00:00-09:00; Tue 09:00-24:00 | | 120");
    open(&week, madrid("2026-11-23T23:00"));
    open(&week, madrid("2026-11-24T08:00"));
    case(
        "Europe/Madrid | Mon; Tue | | 120",
        "2026-11-24T23:00",
        "outside",
        "2026-11-25T00:00",
        Some("2026-11-30T00:00"),
    );
}

#[test]
fn a_window_that_never_opens_says_so() {
    case(
        "Europe/Madrid | | Mon-Sun | 0",
        "2026-11-25T12:00",
        "Mon-Sun",
        "2026-11-25T12:00",
        None,
    );
    case(
        "Europe/Madrid | Sat | Fri-Sun | 0",
        "2026-11-25T12:00",
        "outside",
        "2026-11-25T12:00",
        None,
    );
    case(
        "Europe/Madrid | 09:00-10:00 | | 90",
        "2026-11-25T09:00",
        "outside",
        "2026-11-25T10:00",
        None,
    );
    case(
        "Europe/Madrid | 2020-01-01 | | 0",
        "2026-11-25T09:00",
        "outside",
        "2026-11-25T09:00",
        None,
    );
}

#[test]
fn the_horizon_is_five_years() {
    let far = "Europe/Madrid | 2031-11-01..2031-11-30 | | 0";
    case(
        far,
        "2026-11-25T09:00",
        "outside",
        "2026-11-25T09:00",
        Some("2031-11-01T00:00"),
    );
    let farther = "Europe/Madrid | 2032-01-01 | | 0";
    case(
        farther,
        "2026-11-25T09:00",
        "outside",
        "2026-11-25T09:00",
        None,
    );
}

#[test]
fn local_is_the_readers_zone() {
    let night = window("local | | 22:00-07:00 | 0");
    let now = madrid("2026-11-25T23:00");
    let zone = |name| TimeZone::get(name).unwrap();
    let found = night.check(now, &zone("Europe/Madrid")).unwrap_err();
    assert_eq!(found.zone, zone("Europe/Madrid"));
    assert_eq!(found.reopens, Some(madrid("2026-11-26T07:00")));
    assert_eq!(night.check(now, &zone("America/New_York")), Ok(()));
}

#[test]
fn a_named_zone_does_not_ask_the_reader() {
    let night = window(NIGHT);
    let now = madrid("2026-11-25T23:00");
    let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
    assert_eq!(night.check(now, &tokyo), night.check(now, &TimeZone::UTC));
}

#[test]
fn open_until_is_the_first_closed_instant() {
    let team = window(TEAM);
    let until = |civil: &str| team.open_until(madrid(civil), &TimeZone::UTC);
    assert_eq!(until("2026-11-25T10:00"), Some(madrid("2026-11-25T16:00")));
    assert_eq!(until("2026-11-27T10:00"), Some(madrid("2026-11-27T12:00")));
    let night = madrid("2026-11-27T23:00:00.5");
    assert_eq!(team.open_until(night, &TimeZone::UTC), Some(night));
}

#[test]
fn instants_before_1970_and_between_seconds_are_judged_alike() {
    let day = window("UTC | 09:00-16:00 | | 0");
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    open(&day, at("1969-12-31T15:59:59.5Z"));
    closed(&day, at("1969-12-31T16:00:00Z"));
    let found = closed(&day, at("1969-12-31T08:59:59.5Z"));
    assert_eq!(found.at, at("1969-12-31T08:59:59.5Z"));
    assert!(!found.within_runway);
    assert_eq!(found.reopens, Some(at("1969-12-31T09:00:00Z")));
}

#[test]
fn a_negative_runway_is_none() {
    let mut day = window("UTC | 09:00-16:00 | | 0");
    day.runway = SignedDuration::MIN;
    open(&day, "2026-11-25T15:59:59Z".parse().unwrap());
}

#[test]
fn the_ends_of_time_do_not_panic() {
    let rules = [
        "| 22:00-07:00 |",
        "Mon-Fri 09:00-16:00 | |",
        "| Mon-Sun |",
        "Sat | Sat |",
        "0000-01-01..9999-12-31 | 9999-12-31 |",
        "9999-12-31 | 0000-01-01 |",
    ];
    for zone in [
        "UTC",
        "Europe/Madrid",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Africa/Casablanca",
    ] {
        for rules in rules {
            let mut window = window(&format!("{zone} | {rules} 0"));
            for runway in [0, 1, 3600, i64::MAX] {
                window.runway = SignedDuration::new(runway, 999_999_999);
                for now in [Timestamp::MIN, Timestamp::MAX] {
                    let _ = window.check(now, &TimeZone::UTC);
                    let _ = window.open_until(now, &TimeZone::UTC);
                }
            }
        }
    }
}
