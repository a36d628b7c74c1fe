//! The calendar against a naive model that looks at every minute.

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss
)]

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, DateTime, Time},
    tz::{TimeZone, TimeZoneDatabase},
};
use proptest::{prelude::*, sample::select};
use pushgate::calendar::{ClosedBy, Rule, Window, moment};

/// Zones with a whole shift, a shift of half an hour, an odd offset, one that shifts twice for
/// Ramadan, and one that skipped a day; each with a date near a transition.
const PLACES: [(&str, &str); 10] = [
    ("Europe/Madrid", "2026-03-29"),
    ("Europe/Madrid", "2026-10-25"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-10-04"),
    ("Asia/Kathmandu", "1986-01-01"),
    ("Africa/Casablanca", "2026-02-15"),
    ("Africa/Casablanca", "2026-03-22"),
    ("Pacific/Apia", "2011-12-30"),
];

/// A rule as the model sees it; days are Monday-based and times are minutes after midnight.
#[derive(Clone, Debug)]
enum Model {
    Hours(Option<(i8, i8)>, i32, i32),
    Days(Vec<i8>),
    Dates(Date, Date),
    Moments(DateTime, DateTime),
}

impl Model {
    fn write(&self) -> String {
        let name = |day: i8| ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][day as usize];
        let clock = |minute: i32| format!("{:02}:{:02}", minute / 60, minute % 60);
        match self {
            Self::Hours(None, from, until) => format!("{}-{}", clock(*from), clock(*until)),
            Self::Hours(Some((first, last)), from, until) => {
                let days = if first == last {
                    name(*first).to_owned()
                } else {
                    format!("{}-{}", name(*first), name(*last))
                };
                format!("{days} {}-{}", clock(*from), clock(*until))
            }
            Self::Days(days) => {
                let names: Vec<_> = days.iter().map(|&day| name(day)).collect();
                names.join(",")
            }
            Self::Dates(first, last) if first == last => first.to_string(),
            Self::Dates(first, last) => format!("{first}..{last}"),
            Self::Moments(from, until) => {
                let show = |moment: &DateTime| moment.strftime("%Y-%m-%d %H:%M").to_string();
                format!("{}..{}", show(from), show(until))
            }
        }
    }

    fn rule(&self) -> Rule {
        self.write().parse().unwrap()
    }

    fn holds(&self, civil: DateTime) -> bool {
        let weekday = |date: Date| date.weekday().to_monday_zero_offset();
        match self {
            Self::Hours(days, from, until) => {
                let minute = i32::from(civil.hour()) * 60 + i32::from(civil.minute());
                let on = |date: Date| {
                    days.is_none_or(|(first, last)| {
                        let day = weekday(date);
                        if first <= last {
                            first <= day && day <= last
                        } else {
                            first <= day || day <= last
                        }
                    })
                };
                let yesterday = civil.date().yesterday().unwrap();
                if from < until {
                    on(civil.date()) && *from <= minute && minute < *until
                } else {
                    (on(civil.date()) && *from <= minute) || (on(yesterday) && minute < *until)
                }
            }
            Self::Days(days) => days.contains(&weekday(civil.date())),
            Self::Dates(first, last) => *first <= civil.date() && civil.date() <= *last,
            Self::Moments(from, until) => *from <= civil && civil < *until,
        }
    }
}

/// A window of the program and its model, in a place, from a minute near its transition.
#[derive(Clone, Debug)]
struct Case {
    zone: TimeZone,
    now: Timestamp,
    runway: i64,
    open: Vec<Model>,
    closed: Vec<Model>,
}

impl Case {
    fn window(&self) -> Window {
        Window {
            timezone: self.zone.iana_name().unwrap().parse().unwrap(),
            open: self.open.iter().map(Model::rule).collect(),
            closed: self.closed.iter().map(Model::rule).collect(),
            holidays: Vec::new(),
            runway: SignedDuration::from_mins(self.runway),
        }
    }

    fn minute(&self, minute: i64) -> Timestamp {
        self.now + SignedDuration::from_mins(minute)
    }

    fn is_open(&self, minute: i64) -> bool {
        let civil = self.zone.to_datetime(self.minute(minute));
        let covered = self.open.is_empty() || self.open.iter().any(|rule| rule.holds(civil));
        covered && !self.closed.iter().any(|rule| rule.holds(civil))
    }

    /// Asked about once each, since turning an instant into wall clock is the dear part.
    fn minutes(&self, count: i64) -> Vec<bool> {
        (0..count).map(|minute| self.is_open(minute)).collect()
    }
}

/// A minute of the day that often falls on or near the hours of transitions.
fn minute() -> impl Strategy<Value = i32> {
    prop_oneof![0..1440, (0..10).prop_map(|half| half * 30), Just(0)]
}

fn model(near: Date) -> impl Strategy<Value = Model> {
    let hours = (prop::option::of((0i8..7, 0i8..7)), minute(), minute())
        .prop_filter("a range has a length", |(_, from, until)| from != until)
        .prop_map(|(days, from, until)| Model::Hours(days, from, until));
    let evenings = (0..1440).prop_map(|from| Model::Hours(None, from, 1440));
    let days = prop::collection::vec(0i8..7, 1..4).prop_map(Model::Days);
    let dates = (-3..4i32, 0..4i32).prop_map(move |(first, length)| {
        let first = near + first.days();
        Model::Dates(first, first + length.days())
    });
    let moments = (-2..3i32, minute(), 1..4000i32).prop_map(move |(day, from, length)| {
        let from = (near + day.days()).to_datetime(Time::midnight()) + from.minutes();
        Model::Moments(from, from + length.minutes())
    });
    prop_oneof![4 => hours, 1 => evenings, 2 => days, 2 => dates, 2 => moments]
}

fn case() -> impl Strategy<Value = Case> {
    select(&PLACES[..]).prop_flat_map(|(zone, date)| {
        let near: Date = date.parse().unwrap();
        let zone = TimeZoneDatabase::bundled().get(zone).unwrap();
        let noon = near.yesterday().unwrap().at(12, 0, 0, 0);
        let noon = noon.to_zoned(zone.clone()).unwrap().timestamp();
        let rules = || prop::collection::vec(model(near), 0..4);
        let runway = prop_oneof![Just(0i64), 1..240i64, 240..3000i64];
        (-1500..3000i64, runway, rules(), rules()).prop_map(move |(shift, runway, open, closed)| {
            Case {
                zone: zone.clone(),
                now: noon + SignedDuration::from_mins(shift),
                runway,
                open,
                closed,
            }
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(100)
    })]

    #[test]
    fn check_agrees_with_every_minute(case in case()) {
        const LOOK: i64 = 8 * 1440;
        let minutes = case.minutes(LOOK + case.runway + 1);
        let length = case.runway.max(1);
        let passes = |start: i64| minutes[start as usize..(start + length) as usize].iter().all(|&open| open);
        let result = case.window().check(case.now, &TimeZone::UTC);
        let Err(closed) = result else {
            prop_assert!(passes(0));
            return Ok(());
        };
        let first = minutes.iter().position(|open| !open).unwrap() as i64;
        prop_assert!(first < length);
        prop_assert_eq!(closed.at, case.minute(first));
        prop_assert_eq!(closed.within_runway, first > 0);
        let civil = case.zone.to_datetime(closed.at);
        match &closed.by {
            ClosedBy::Rule(rule) => {
                prop_assert!(case.closed.iter().any(|model| model.holds(civil) && model.rule() == *rule));
            }
            ClosedBy::Event { .. } => prop_assert!(false, "there is no calendar"),
            ClosedBy::OutsideOpen => {
                prop_assert!(!case.closed.iter().any(|model| model.holds(civil)));
                prop_assert!(!case.open.is_empty() && !case.open.iter().any(|model| model.holds(civil)));
            }
        }
        match (1..LOOK).find(|&start| passes(start)) {
            Some(start) => prop_assert_eq!(closed.reopens, Some(case.minute(start))),
            None => prop_assert!(closed.reopens.is_none_or(|at| at >= case.minute(LOOK))),
        }
    }

    #[test]
    fn open_until_agrees_with_every_minute(case in case()) {
        const LOOK: i64 = 8 * 1440;
        let found = case.window().open_until(case.now, &TimeZone::UTC);
        match case.minutes(LOOK).iter().position(|open| !open) {
            Some(minute) => prop_assert_eq!(found, Some(case.minute(minute as i64))),
            None => prop_assert!(found.is_none_or(|at| at >= case.minute(LOOK))),
        }
    }

    #[test]
    fn stretches_agree_with_every_minute_and_leave_none_out(case in case()) {
        const LOOK: i64 = 3 * 1440;
        let strict = Window { runway: SignedDuration::ZERO, ..case.window() };
        let stretches = strict.stretches(case.now, case.minute(LOOK), &TimeZone::UTC);
        prop_assert_eq!(stretches.first().unwrap().from, case.now);
        prop_assert_eq!(stretches.last().unwrap().until, case.minute(LOOK));
        prop_assert!(stretches.windows(2).all(|pair| pair[0].until == pair[1].from));
        let mut minutes = case.minutes(LOOK).into_iter().enumerate();
        for stretch in stretches {
            prop_assert!(stretch.from < stretch.until);
            let at_start = strict.check(stretch.from, &TimeZone::UTC).err();
            prop_assert_eq!(at_start.map(|closed| closed.by), stretch.closed.clone());
            let inside = |minute: usize| case.minute(minute as i64) < stretch.until;
            for (minute, is_open) in minutes.by_ref() {
                prop_assert_eq!(is_open, stretch.closed.is_none());
                if !inside(minute + 1) {
                    break;
                }
            }
        }
    }

    #[test]
    fn what_closes_it_lasts_until_it_is_said_to(case in case()) {
        let strict = Window { runway: SignedDuration::ZERO, ..case.window() };
        let Err(closed) = strict.check(case.now, &TimeZone::UTC) else { return Ok(()) };
        let Some(until) = strict.closed_until(case.now, &TimeZone::UTC) else { return Ok(()) };
        prop_assert!(until > case.now);
        let before = strict.check(until - SignedDuration::from_secs(1), &TimeZone::UTC).unwrap_err();
        let after = strict.check(until, &TimeZone::UTC).err();
        prop_assert_ne!(after.map(|closed| closed.by), Some(closed.by));
        prop_assert_eq!(before.within_runway, false);
    }

    #[test]
    fn the_instant_it_reopens_passes(case in case(), nanos in 0..60_000_000_000i64) {
        let window = case.window();
        let now = case.now + SignedDuration::from_nanos(nanos);
        if let Err(closed) = window.check(now, &TimeZone::UTC) {
            prop_assert!(closed.at >= now);
            if let Some(reopens) = closed.reopens {
                prop_assert!(reopens > closed.at);
                prop_assert_eq!(window.check(reopens, &TimeZone::UTC), Ok(()));
                let before = reopens - SignedDuration::from_nanos(1);
                prop_assert!(window.check(before, &TimeZone::UTC).is_err());
            }
        }
    }

    #[test]
    fn a_rule_shows_what_reads_as_itself(model in model("2026-03-29".parse().unwrap())) {
        let rule = model.rule();
        prop_assert_eq!(rule.to_string(), model.write());
        prop_assert_eq!(rule.to_string().parse(), Ok(rule));
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(500)
    })]

    #[test]
    fn a_moment_is_read_or_refused_without_a_panic(text in ".{0,40}", day in 0..3000i64) {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day);
        let _ = moment(&text, &now.to_zoned(TimeZone::UTC));
    }

    #[test]
    fn reading_never_panics(text in r"\PC*") {
        let _ = text.parse::<Rule>();
    }

    #[test]
    fn reading_near_rules_never_panics_and_shows_itself(
        text in r"((Mon|fri|SUNDAY|[0-9]{1,5}|2026-0[0-3]-[23][0-9]|[0-2]?[0-9]:[0-6][0-9]|24:00)[ ,–.:-]{0,2}(\.\.)?){1,5}",
    ) {
        if let Ok(rule) = text.parse::<Rule>() {
            prop_assert_eq!(rule.to_string().parse(), Ok(rule));
        }
    }

    #[test]
    fn no_instant_panics(
        second in -377_705_023_201..=253_402_207_200i64,
        model in model("2026-03-29".parse().unwrap()),
        other in model("2026-03-29".parse().unwrap()),
        runway in prop_oneof![0..100_000i64, Just(i64::MAX), any::<i64>()],
        place in select(&PLACES[..]),
    ) {
        let window = Window {
            timezone: place.0.parse().unwrap(),
            open: vec![model.rule()],
            closed: vec![other.rule()],
            holidays: Vec::new(),
            runway: SignedDuration::new(runway, 0),
        };
        let now = Timestamp::from_second(second).unwrap();
        let _ = window.check(now, &TimeZone::UTC);
        let _ = window.open_until(now, &TimeZone::UTC);
    }
}
