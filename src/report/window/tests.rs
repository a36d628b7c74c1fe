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
        self.under(&[])
    }

    /// The picture below these notes.
    fn under(&self, notes: &[String]) -> String {
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
            is_now: true,
            reader: &reader,
            columns: self.columns,
            notes,
            has_blocks: false,
        };
        anstream::adapter::strip_str(picture.draw().as_str()).to_string()
    }

    /// The cells of the row that begins with these words.
    #[track_caller]
    fn cells(&self, day: &str) -> String {
        let picture = self.draw();
        let row = picture.lines().find_map(|line| line.strip_prefix(day));
        row.unwrap_or_else(|| panic!("no {day} in\n{picture}"))
            .chars()
            .skip(2)
            .take(48)
            .collect::<String>()
            .trim_end()
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
fn what_is_usual_stands_once_and_what_is_not_beside_its_day() {
    let picture = Asked {
        closed: &["22:00-07:00", "2026-12-01..2026-12-02"],
        ..MADRID
    }
    .draw();
    let expected = "\
production, Thu 2026-11-26 15:30: the open hours end at 16:00, within the
    runway; opens Fri 2026-11-27 09:00

2026-11 00    03    06    09    12    15    18    21
Thu 26  ##################............#@################
Fri 27  ##################....:#########################  open Fri 09:00-12:15
Sat 28  ################################################  no open hours
Sun 29  ################################################  no open hours
Mon 30  ##################............##################
Tue 01  ################################################  2026-12-01..2026-12-02
Wed 02  ################################################  2026-12-01..2026-12-02

. open   # closed, or within the runway of 1h   : closed for a part   @ now
most days: open Mon-Thu 09:00-16:00, closed 22:00-07:00
";
    assert_eq!(picture, expected);
    assert!(picture.lines().count() <= 16);
}

#[test]
fn what_many_days_have_to_say_takes_no_more_than_16_lines() {
    let note = "note: Ben has locked production since Thu 2026-11-26 09:00: the migration runs";
    let closed =
        ["27", "28", "29", "30"].map(|day| format!("2026-11-{day} 10:00..2026-11-{day} 20:00"));
    let closed: Vec<_> = closed.iter().map(String::as_str).collect();
    let asked = Asked {
        closed: &closed,
        reader: "Asia/Kolkata",
        ..MADRID
    };
    let notes = [note.to_owned()];
    // The note is wrapped.
    for (notes, above) in [(&[][..], 0), (&notes, 2)] {
        let picture = asked.under(notes);
        assert_eq!(picture.lines().count() + above, 16, "{picture}");
    }
    // What holds on most days goes before the hours of the reader do, which come again with a change of the clocks.
    let york = Asked {
        reader: "America/New_York",
        at: "2026-10-26T10:00:00Z",
        ..asked
    };
    let picture = york.under(&notes);
    assert_eq!(picture.lines().count() + 2, 16, "{picture}");
    assert_eq!(picture.matches("\nhere").count(), 2, "{picture}");
    let picture = asked.draw();
    let below = "\n        2026-11-27 10:00..2026-11-27 20:00, open Fri 09:00-12:15\n";
    assert!(picture.contains(below), "{picture}");
    assert!(picture.contains("#  2026-11-30 10:00..2...\n"), "{picture}");
}

#[test]
fn what_holds_on_each_day_is_called_so() {
    let daily = Asked {
        open: &[],
        ..MADRID
    };
    assert!(daily.draw().ends_with("each day: closed 22:00-07:00\n"));
}

#[test]
fn a_locale_with_more_than_ascii_has_blocks() {
    let cells = [OPEN, OPEN, CLOSED, PARTLY];
    let window = Window::default();
    let reader = TimeZone::UTC;
    let answer = Answer::new(&window, Timestamp::UNIX_EPOCH, &reader);
    let picture = |has_blocks| Picture {
        environment: "production",
        window: &window,
        answer: &answer,
        is_now: true,
        reader: &reader,
        columns: 80,
        notes: &[],
        has_blocks,
    };
    let painted = |has_blocks| {
        let text = picture(has_blocks).painted(&cells);
        anstream::adapter::strip_str(text.as_str()).to_string()
    };
    assert_eq!(painted(true), "\u{2591}\u{2591}\u{2588}\u{2592}");
    assert_eq!(painted(false), "..#:");
}

#[test]
fn the_hours_of_a_reader_elsewhere_stand_beside_those_of_the_window() {
    let kolkata = Asked {
        reader: "Asia/Kolkata",
        ..MADRID
    }
    .draw();
    let axes = "
2026-11 00    03    06    09    12    15    18    21
here    04:30 07:30 10:30 13:30 16:30 19:30 22:30 01:30
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
            "here    18    21    00    03    06    09    12    15",
            "here    18    22    01    04    07    10    13    16",
            "here    19    22    01    04    07    10    13    16",
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
    assert_eq!(spring.cells("Sun 29"), format!("....  {}", ".".repeat(42)));
    assert!(spring.draw().contains("clocks go forward 1h\n"));
    let autumn = Asked {
        at: "2026-10-24T10:00:00Z",
        ..always
    };
    assert_eq!(autumn.cells("Sun 25"), ".".repeat(48));
    assert!(autumn.draw().contains("clocks go back 1h\n"));
}

#[test]
fn an_hour_that_comes_twice_is_closed_both_times() {
    let night = Asked {
        open: &[],
        closed: &["Sun 02:00-03:00"],
        at: "2026-10-24T10:00:00Z",
        ..MADRID
    };
    assert_eq!(night.cells("Sun 25"), format!("..####{}", ".".repeat(42)));
    assert_eq!(night.draw().matches("closed Sun 02:00-03:00").count(), 1);
}

#[test]
fn a_day_that_a_zone_left_out_is_empty() {
    let apia = Asked {
        zone: "Pacific/Apia",
        reader: "Pacific/Apia",
        at: "2011-12-29T20:00:00Z",
        ..MADRID
    };
    assert_eq!(apia.cells("Fri 30"), " ".repeat(48).trim_end());
}

#[test]
fn a_runway_that_reaches_a_closed_day_closes_the_hour_before_it() {
    let late = Asked {
        open: &[],
        closed: &["Sun"],
        at: "2026-11-26T22:45:00Z",
        ..MADRID
    };
    assert!(late.cells("Thu 26").ends_with(".@"));
    assert_eq!(late.cells("Sat 28"), format!("{}##", ".".repeat(46)));
    assert!(late.cells("Mon 30").starts_with("..."));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for columns in [20, 30, 40, 50, 80, 120] {
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
        .cells("Fri 27"),
        "#########..:############"
    );
    assert_eq!(
        Asked {
            columns: 20,
            ..MADRID
        }
        .cells("Fri 27"),
        "####::######"
    );
}

#[test]
fn the_last_days_of_the_calendar_end_the_picture() {
    let last = Asked {
        zone: "UTC",
        reader: "UTC",
        at: "9999-12-30T12:00:00Z",
        ..MADRID
    }
    .draw();
    assert!(
        last.starts_with("production, Thu 9999-12-30 12:00: open"),
        "{last}"
    );
}
