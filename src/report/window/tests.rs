//! Pictures, without colour.

use super::*;

const RULES: &[&str] = &["Mon-Thu 09:00-16:00", "Fri 09:00-12:15"];

struct Asked<'a> {
    open: &'a [&'a str],
    closed: &'a [&'a str],
    zone: &'a str,
    reader: &'a str,
    at: &'a str,
    columns: usize,
}

impl Asked<'_> {
    fn draw(&self) -> String {
        let rules = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let window = Window {
            timezone: self.zone.parse().unwrap(),
            open: rules(self.open),
            closed: rules(self.closed),
            holidays: Vec::new(),
            runway: SignedDuration::from_hours(1),
        };
        let reader = TimeZone::get(self.reader).unwrap();
        let picture = Picture {
            environment: "production",
            window: &window,
            answer: &Answer::new(&window, self.at.parse().unwrap(), &reader),
            reader: &reader,
            columns: self.columns,
        };
        anstream::adapter::strip_str(picture.draw().as_str()).to_string()
    }

    /// The cells of the row that begins with these words.
    #[track_caller]
    fn cells(&self, day: &str) -> String {
        let picture = self.draw();
        let row = picture.lines().find_map(|line| line.strip_prefix(day));
        row.unwrap_or_else(|| panic!("no {day} in\n{picture}"))
            .trim_start_matches("  ")
            .to_owned()
    }
}

const MADRID: Asked<'_> = Asked {
    open: RULES,
    closed: &["22:00-07:00"],
    zone: "Europe/Madrid",
    reader: "Europe/Madrid",
    at: "2026-11-26T14:30:00Z",
    columns: 80,
};

#[test]
fn a_reason_stands_under_each_closed_stretch() {
    let picture = MADRID.draw();
    let expected = "\
production, Thu 2026-11-26 15:30: the open hours end at 16:00, within the
    runway; opens Fri 2026-11-27 09:00

                00    03    06    09    12    15    18    21
Thu 2026-11-26  ##################.............@X###############
                `22:00-07:00` outside the open hours        `22:00-07:00`
                                                outside the open hours
Fri 2026-11-27  ##################......:#######################
                `22:00-07:00` outside the open hours        `22:00-07:00`
                                        outside the open hours
Sat 2026-11-28  ################################################
                `22:00-07:00` outside the open hours        `22:00-07:00`
";
    assert!(picture.starts_with(expected), "{picture}");
    let legend = "\n\n. open   # closed   : closed for a part   @ now   X closed within the runway\n    (runway 1h)\n";
    assert!(picture.ends_with(legend), "{picture}");
}

#[test]
fn the_hours_of_a_reader_elsewhere_stand_beside_those_of_the_window() {
    let kolkata = Asked {
        reader: "Asia/Kolkata",
        ..MADRID
    }
    .draw();
    let axes = "
                00    03    06    09    12    15    18    21
here            04:30 07:30 10:30 13:30 16:30 19:30 22:30 01:30
Thu";
    assert!(kolkata.contains(axes), "{kolkata}");
    assert_eq!(kolkata.matches("\nhere").count(), 1, "{kolkata}");
    assert!(!MADRID.draw().contains("here"));
}

#[test]
fn the_readers_hours_are_said_again_where_only_one_of_the_clocks_changes() {
    // New York changes a week after Madrid: from 2026-10-25 to 2026-11-01 it is 5 hours behind.
    let york = Asked {
        reader: "America/New_York",
        at: "2026-10-24T10:00:00Z",
        ..MADRID
    }
    .draw();
    let hours: Vec<_> = york
        .lines()
        .filter(|line| line.starts_with("here"))
        .collect();
    assert_eq!(
        hours,
        [
            "here            18    21    00    03    06    09    12    15",
            "here            18    22    01    04    07    10    13    16",
            "here            19    22    01    04    07    10    13    16",
        ],
        "{york}"
    );
}

#[test]
fn a_day_of_23_hours_has_a_gap_and_one_of_25_says_so() {
    let always = Asked {
        open: &[],
        closed: &["Mon 22:00-07:00"],
        ..MADRID
    };
    let spring = Asked {
        at: "2026-03-28T10:00:00Z",
        ..always
    };
    assert_eq!(
        spring.cells("Sun 2026-03-29"),
        format!("....  {}", ".".repeat(42))
    );
    assert!(spring.draw().contains("the clocks go forward by 1h\n"));
    let autumn = Asked {
        at: "2026-10-24T10:00:00Z",
        ..always
    };
    assert_eq!(autumn.cells("Sun 2026-10-25"), ".".repeat(48));
    assert!(autumn.draw().contains("the clocks go back by 1h\n"));
}

#[test]
fn an_hour_that_comes_twice_is_closed_both_times() {
    let night = Asked {
        open: &[],
        closed: &["Sun 02:00-03:00"],
        at: "2026-10-24T10:00:00Z",
        ..MADRID
    };
    assert_eq!(
        night.cells("Sun 2026-10-25"),
        format!("....##{}", ".".repeat(42))
    );
    assert_eq!(night.draw().matches("`Sun 02:00-03:00`").count(), 1);
}

#[test]
fn a_day_that_a_zone_left_out_is_empty() {
    let apia = Asked {
        zone: "Pacific/Apia",
        reader: "Pacific/Apia",
        at: "2011-12-29T20:00:00Z",
        ..MADRID
    };
    assert_eq!(apia.cells("Fri 2011-12-30"), " ".repeat(48).trim_end());
}

#[test]
fn a_runway_across_midnight_goes_on_in_the_next_row() {
    let late = Asked {
        open: &[],
        closed: &["Sun"],
        at: "2026-11-26T22:45:00Z",
        ..MADRID
    };
    assert!(late.cells("Thu 2026-11-26").ends_with(".@"));
    assert!(late.cells("Fri 2026-11-27").starts_with(">>."));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for columns in [19, 20, 30, 40, 50, 80, 120] {
        for reader in ["Europe/Madrid", "Asia/Kathmandu"] {
            let picture = Asked {
                columns,
                reader,
                closed: &["22:00-07:00", "2026-11-27..2026-12-24"],
                ..MADRID
            }
            .draw();
            for line in picture.lines() {
                assert!(
                    line.chars().count() <= columns,
                    "{columns}: {line}\n{picture}"
                );
            }
        }
    }
}

#[test]
fn a_narrow_picture_says_the_same_in_fewer_cells() {
    assert_eq!(
        Asked {
            columns: 40,
            ..MADRID
        }
        .cells("Fri 11-27"),
        "#########...:###########"
    );
    assert_eq!(
        Asked {
            columns: 20,
            ..MADRID
        }
        .cells("Fri 27 "),
        "####:.:#####"
    );
}

#[test]
fn the_last_days_of_the_calendar_are_drawn() {
    let last = Asked {
        zone: "UTC",
        reader: "UTC",
        at: "9999-12-30T12:00:00Z",
        ..MADRID
    }
    .draw();
    assert!(last.contains("Thu 9999-12-30"), "{last}");
}
