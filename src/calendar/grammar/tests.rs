#![allow(clippy::unwrap_used)]

use super::*;

#[track_caller]
fn reads(written: &str, shown: &str) {
    let rule: Rule = written.parse().unwrap();
    assert_eq!(rule.to_string(), shown);
    assert_eq!(shown.parse(), Ok(rule));
}

#[track_caller]
fn same(one: &str, other: &str) {
    let shape = |text: &str| text.parse::<Rule>().unwrap().shape;
    assert_eq!(shape(one), shape(other));
}

#[track_caller]
fn refused(written: &str, message: &str) {
    assert_eq!(written.parse::<Rule>().unwrap_err().to_string(), message);
}

#[test]
fn a_rule_shows_what_was_written_less_stray_space() {
    reads("Mon-Thu 09:00-16:00", "Mon-Thu 09:00-16:00");
    reads("  monday \t 9:00 - 16:00 ", "monday 9:00-16:00");
    reads("Sat , Sun", "Sat,Sun");
    reads("2026-12-24 .. 2027-01-02", "2026-12-24..2027-01-02");
    reads(
        "2026-12-24  18:00 ..2026-12-25 24:00",
        "2026-12-24 18:00..2026-12-25 24:00",
    );
}

#[test]
fn dashes_of_word_processors_are_hyphens() {
    reads("Mon–Fri 09:00—16:00", "Mon-Fri 09:00-16:00");
    reads("Mon – Fri 09:00 − 16:00", "Mon-Fri 09:00-16:00");
}

#[test]
fn one_rule_has_several_spellings() {
    same("monday-FRIDAY 9:00-16:00", "Mon-Fri 09:00-16:00");
    same("22:00-24:00", "22:00-00:00");
    same("Mon-Sun", "00:00-24:00");
    same("Fri-Mon", "Sat,Sun,Mon,Fri");
    same("Mon-Wed,Tue,Sat", "Mon,Tue,Wed,Sat");
    same("2026-12-24", "2026-12-24..2026-12-24");
    same("2026-12-24", "2026-12-24 00:00..2026-12-24 24:00");
    same("2026-12-24", "2026-12-24 0:00..2026-12-25 0:00");
}

#[test]
fn the_first_and_last_dates_of_the_calendar_are_dates() {
    reads("0000-01-01..9999-12-31", "0000-01-01..9999-12-31");
    reads("2028-02-29", "2028-02-29");
}

#[test]
fn a_wrong_day_is_refused_with_the_nearest_one() {
    let days = "write `Mon`, `Mon-Fri` or `Sat,Sun`";
    refused(
        "Tues 09:00-10:00",
        &format!("`Tues` is not a day of the week: {days} (did you mean `Tue`?)"),
    );
    for (word, day) in [
        ("Thurs", "Thu"),
        ("Mo", "Mon"),
        ("Weds", "Wed"),
        ("Fry", "Fri"),
        ("Saterday", "Sat"),
    ] {
        assert_eq!(nearest_weekday(word), Some(day), "{word}");
    }
    for word in ["", "T", "Lun", "daily", "ß"] {
        assert_eq!(nearest_weekday(word), None, "{word}");
    }
    refused(
        "Mon-Firday",
        &format!("`Firday` is not a day of the week: {days} (did you mean `Fri`?)"),
    );
    refused(
        "weekdays",
        &format!("`weekdays` is not a day of the week: {days}"),
    );
    refused("Sat,", &format!("a day is missing in `Sat,`: {days}"));
    refused(
        "Mon-,Tue 09:00-10:00",
        &format!("a day is missing in `Mon-,Tue`: {days}"),
    );
    refused(
        "Mon-Mon",
        "`Mon-Mon` names one day twice: write `Mon`, or `Mon-Sun` for every day",
    );
}

#[test]
fn a_wrong_time_is_refused() {
    #[track_caller]
    fn case(written: &str, time: &str) {
        refused(
            written,
            &format!(
                "`{time}` is not a time of day: write HH:MM, from 00:00 to 23:59, or 24:00 as an end"
            ),
        );
    }
    case("25:00-26:00", "25:00");
    case("22:00-24:01", "24:01");
    case("09:60-10:00", "09:60");
    case("9-16", "9");
    case("Mon 9-16", "9");
    case("09:0-10:00", "09:0");
    case("009:00-10:00", "009:00");
    case("+9:00-10:00", "+9:00");
    case("09:00-10:00-11:00", "10:00-11:00");
    case("Mon09:00-16:00", "Mon09:00");
    case("٠٩:٠٠-16:00", "٠٩:٠٠");
    case("09:00-", "");
    case("2026-12-24 18:00..2026-12-25 18", "18");
}

#[test]
fn a_range_that_cannot_be_is_refused() {
    let length = "has no length: a range ends after it starts; a whole day is `00:00-24:00`";
    refused("22:00-22:00", &format!("`22:00-22:00` {length}"));
    refused("Mon 00:00-0:00", &format!("`00:00-0:00` {length}"));
    refused(
        "2026-12-24 24:00..2026-12-26 09:00",
        "`2026-12-24 24:00..2026-12-26 09:00` starts at 24:00, which can only be an end: start at 00:00",
    );
    refused(
        "24:00-07:00",
        "`24:00-07:00` starts at 24:00, which can only be an end: start at 00:00",
    );
    refused("Mon 09:00", "`09:00` has no end: write HH:MM-HH:MM");
    refused(
        "2026-12-24..2026-12-23",
        &format!("`2026-12-24..2026-12-23` {length}"),
    );
    refused(
        "2026-12-24 09:00..2026-12-24 08:59",
        &format!("`2026-12-24 09:00..2026-12-24 08:59` {length}"),
    );
    refused(
        "2026-12-24 09:00..2026-12-24 09:00",
        &format!("`2026-12-24 09:00..2026-12-24 09:00` {length}"),
    );
}

#[test]
fn a_wrong_date_is_refused() {
    let form = "is not a date: write YYYY-MM-DD, and `..` between two dates";
    refused(
        "2026-02-30",
        "`2026-02-30` is not a date: write YYYY-MM-DD, and `..` between two dates",
    );
    refused(
        "2026-13-01",
        "`2026-13-01` is not a date: write YYYY-MM-DD, and `..` between two dates",
    );
    refused(
        "2027-02-29..2027-03-01",
        "`2027-02-29` is not a date: write YYYY-MM-DD, and `..` between two dates",
    );
    refused("2026-1-5", &format!("`2026-1-5` {form}"));
    refused("24.12.2026", &format!("`24.12.2026` {form}"));
    refused(
        "2026-12-24-2026-12-26",
        &format!("`2026-12-24-2026-12-26` {form}"),
    );
    refused("2026-12-24..", &format!("`` {form}"));
    refused("09:00..16:00", &format!("`09:00` {form}"));
    refused(
        "2026-12-24 09:00-16:00",
        "`2026-12-24 09:00-16:00` is not a rule: write `[DAYS] HH:MM-HH:MM`, `DAYS`, `DATE`, `DATE..DATE` or `DATE HH:MM..DATE HH:MM`",
    );
    refused(
        "2026-12-24 09:00..2026-12-26",
        "`2026-12-24 09:00..2026-12-26` is not a rule: write `[DAYS] HH:MM-HH:MM`, `DAYS`, `DATE`, `DATE..DATE` or `DATE HH:MM..DATE HH:MM`",
    );
}

#[test]
fn what_has_no_known_form_is_refused() {
    let empty = "a rule is empty: write `Mon-Fri 09:00-16:00`, `22:00-07:00`, `Sat,Sun`, `2026-12-24` or `2026-12-24..2027-01-02`";
    refused("", empty);
    refused(" \t", empty);
    let form = "is not a rule: write `[DAYS] HH:MM-HH:MM`, `DAYS`, `DATE`, `DATE..DATE` or `DATE HH:MM..DATE HH:MM`";
    refused("Mon Tue", &format!("`Mon Tue` {form}"));
    refused(
        "Mon 09:00-10:00 11:00-12:00",
        &format!("`Mon 09:00-10:00 11:00-12:00` {form}"),
    );
}
