//! The gate `window`: open now and for the whole runway.

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use super::{
    governed_push::GovernedPush,
    stop::{Needs, Stop},
    verdict::GateResult,
    world::{Clock, World},
};
use crate::{
    calendar::{Closed, ClosedBy, Holidays, Window, Zone},
    policy::FILE,
    text::{clock, day_and_time},
};

pub(crate) fn ask(
    push: &GovernedPush<'_>,
    world: &World<'_>,
    notes: &mut Vec<String>,
) -> GateResult {
    let Some(environment) = push.environment() else {
        return Ok("always open".to_owned());
    };
    let window = &environment.window;
    if window.is_always_open() {
        return Ok("always open".to_owned());
    }
    let reader = reader(window, world.clock)?;
    let now = world.clock.now();
    notes.extend(known(window)?.shortages(now, &reader));
    match words(window, now, &reader) {
        Ok(words) => Ok(words),
        Err(closed) => {
            let refusal = Stop::refused(why_closed(&closed, &reader));
            Err(match closed.reopens {
                Some(_) => refusal.needing(Needs::Patience),
                None => refusal.hint(format!(
                    "fix the window in {FILE}: no hour passes all of its rules"
                )),
            })
        }
    }
}

/// What holds at a moment, where a push would pass then.
fn words(window: &Window, at: Timestamp, reader: &TimeZone) -> Result<String, Box<Closed>> {
    window.check(at, reader).map_err(Box::new)?;
    let zone = window.timezone.resolve(reader);
    Ok(match window.open_until(at, reader) {
        _ if window.is_always_open() => "always open".to_owned(),
        Some(until) => format!("open until {}", day_and_time(until, &zone, reader)),
        None => "open".to_owned(),
    })
}

/// What a window says of a moment, for a program and in words.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Answer {
    pub(crate) at: Timestamp,
    /// Whether a push at that moment would pass, runway and all.
    pub(crate) open: bool,
    /// The rule that closes it; none where it is open, or outside the open hours.
    pub(crate) closed_by: Option<String>,
    /// Up to when it stays open, or that rule, or the time outside the open hours, lasts.
    pub(crate) until: Option<Timestamp>,
    /// The next moment at which a push would pass; none where it is open, or never opens.
    pub(crate) next_open: Option<Timestamp>,
    pub(crate) timezone: String,
    #[serde(skip)]
    pub(crate) words: String,
    /// The hour up to which the runway lets pushes go; empty where that is not said.
    #[serde(skip)]
    pub(crate) last: String,
}

impl Answer {
    pub(crate) fn new(window: &Window, at: Timestamp, reader: &TimeZone) -> Self {
        let mut open = true;
        let (words, closed_by, until, next_open) = match words(window, at, reader) {
            Ok(words) if window.is_always_open() => (words, None, None, None),
            Ok(words) => (words, None, window.open_until(at, reader), None),
            Err(closed) => {
                open = false;
                let rule = match &closed.by {
                    ClosedBy::Rule(rule) => Some(rule.to_string()),
                    event @ ClosedBy::Event { .. } => Some(event.to_string()),
                    ClosedBy::OutsideOpen => None,
                };
                let until = window.closed_until(closed.at, reader);
                (why_closed(&closed, reader), rule, until, closed.reopens)
            }
        };
        let last = until.and_then(|until| until.checked_sub(window.runway).ok());
        let last = last.filter(|_| open && !window.runway.is_zero());
        let zone = window.timezone.resolve(reader);
        Self {
            at,
            open,
            closed_by,
            until,
            next_open,
            timezone: zone.iana_name().unwrap_or("local").to_owned(),
            words,
            last: last.map_or(String::new(), |last| clock(last, &zone, reader)),
        }
    }
}

/// The rule that closes a window, and the next time at which all of them are passed.
pub(crate) fn why_closed(closed: &Closed, reader: &TimeZone) -> String {
    let at = || clock(closed.at, &closed.zone, reader);
    let why = match (&closed.by, closed.within_runway) {
        (ClosedBy::OutsideOpen, false) => "outside the open hours".to_owned(),
        (ClosedBy::OutsideOpen, true) => {
            format!("the open hours end at {}, within the runway", at())
        }
        (by, false) => format!("closed by {by}"),
        (by, true) => format!("{by} closes it at {}, within the runway", at()),
    };
    match closed.reopens {
        Some(next) => format!("{why}; opens {}", day_and_time(next, &closed.zone, reader)),
        None => format!("{why}; it never opens"),
    }
}

/// The time zone of the person who reads; where it is unknown, the window's own will do.
pub(crate) fn reader(window: &Window, clock: &dyn Clock) -> Result<TimeZone, Stop> {
    match (clock.zone(), &window.timezone) {
        (Err(_), Zone::Named(zone)) => Ok(zone.clone()),
        (reader, _) => reader,
    }
}

/// The window, if all of its calendars could be read.
pub(crate) fn known(window: &Window) -> Result<&Window, Stop> {
    match window.holidays.iter().find_map(Holidays::error) {
        Some(error) => Err(error.clone().into()),
        None => Ok(window),
    }
}
