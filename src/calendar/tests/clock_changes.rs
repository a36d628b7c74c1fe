//! Nights on which the clock goes forward or back, and a day that never was.

use super::*;

const EIGHT_HOURS: &str = "Europe/Madrid | | 23:00-07:00 | 0";

#[test]
fn a_night_when_the_clock_goes_forward_is_an_hour_short() {
    // 2026-03-29, 02:00 becomes 03:00.
    let found = closed(&window(EIGHT_HOURS), madrid("2026-03-28T23:00"));
    let length = found.reopens.unwrap().duration_since(found.at);
    assert_eq!(length, SignedDuration::from_hours(7));
}

#[test]
fn a_night_when_the_clock_goes_back_is_an_hour_long() {
    // 2026-10-25, 03:00 becomes 02:00.
    let found = closed(&window(EIGHT_HOURS), madrid("2026-10-24T23:00"));
    let length = found.reopens.unwrap().duration_since(found.at);
    assert_eq!(length, SignedDuration::from_hours(9));
}

#[test]
fn a_wall_time_that_occurs_twice_is_inside_both_times() {
    let early = window("Europe/Madrid | | 02:00-02:30 | 0");
    let first = "2026-10-25T00:00:00Z".parse::<Timestamp>().unwrap();
    let minutes = |n| first.checked_add(SignedDuration::from_mins(n)).unwrap();
    for (minute, is_open) in [
        (-1, true),
        (0, false),
        (29, false),
        (30, true),
        (59, true),
        (60, false),
        (89, false),
        (90, true),
    ] {
        assert_eq!(
            early.check(minutes(minute), &TimeZone::UTC).is_ok(),
            is_open,
            "{minute}"
        );
    }
    assert_eq!(closed(&early, minutes(0)).reopens, Some(minutes(30)));
    assert_eq!(
        early.open_until(minutes(30), &TimeZone::UTC),
        Some(minutes(60))
    );
    // 02:30-03:00 and its repetition are two openings of half an hour, but for the runway.
    let runway = Window {
        runway: SignedDuration::from_mins(45),
        ..early
    };
    assert_eq!(closed(&runway, minutes(0)).reopens, Some(minutes(90)));
}

#[test]
fn a_wall_time_that_does_not_occur_is_skipped() {
    // 2026-03-29, 02:00 becomes 03:00: neither opens nor closes that day.
    case(
        "Europe/Madrid | 02:00-03:00 | | 0",
        "2026-03-28T12:00",
        "outside",
        "2026-03-28T12:00",
        Some("2026-03-30T02:00"),
    );
    case(
        "Europe/Madrid | 02:30-04:00 | | 0",
        "2026-03-28T12:00",
        "outside",
        "2026-03-28T12:00",
        Some("2026-03-29T03:00"),
    );
    let found = window("Europe/Madrid | | 02:00-03:00 | 0")
        .open_until(madrid("2026-03-28T12:00"), &TimeZone::UTC);
    assert_eq!(found, Some(madrid("2026-03-30T02:00")));
}

#[test]
fn a_day_that_a_zone_skipped_closes_nothing() {
    // Samoa crossed the date line: 2011-12-29 was followed by 2011-12-31.
    let skipped = window("Pacific/Apia | | 2011-12-30 | 0");
    let before = at("2011-12-29T12:00[Pacific/Apia]");
    assert_eq!(skipped.open_until(before, &TimeZone::UTC), None);
    let around = window("Pacific/Apia | | 2011-12-29..2011-12-30 | 0");
    assert_eq!(
        closed(&around, before).reopens,
        Some(at("2011-12-31T00:00[Pacific/Apia]"))
    );
}

#[test]
fn a_shift_of_half_an_hour_is_minded() {
    // Lord Howe, 2026-04-05: 02:00 becomes 01:30.
    let window = window("Australia/Lord_Howe | | 01:30-02:00 | 0");
    let found = closed(&window, at("2026-04-05T01:30+11:00[Australia/Lord_Howe]"));
    let length = found.reopens.unwrap().duration_since(found.at);
    assert_eq!(length, SignedDuration::from_hours(1));
}
