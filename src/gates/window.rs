//! The gate `window`: open now and for the whole runway.

use jiff::tz::TimeZone;

use super::{
    gate::Gate,
    governed_push::GovernedPush,
    stop::{Refusal, Undecided},
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
    if let Err(closed) = window.check(now, &reader) {
        let refusal = Refusal::new(why_closed(&closed, &reader));
        return Err(match closed.reopens {
            Some(_) => refusal
                .hint("push again then")
                .cure("if it cannot wait", [push.overriding(Gate::Window)]),
            None => refusal.hint(format!(
                "fix the window in {FILE}: no hour passes all of its rules"
            )),
        }
        .into());
    }
    Ok(match window.open_until(now, &reader) {
        Some(until) => {
            let zone = window.timezone.resolve(&reader);
            format!("open until {}", day_and_time(until, &zone, &reader))
        }
        None => "open".to_owned(),
    })
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
pub(crate) fn reader(window: &Window, clock: &dyn Clock) -> Result<TimeZone, Undecided> {
    match (clock.zone(), &window.timezone) {
        (Err(_), Zone::Named { zone, .. }) => Ok(zone.clone()),
        (reader, _) => reader,
    }
}

/// The window, if all of its calendars could be read.
pub(crate) fn known(window: &Window) -> Result<&Window, Undecided> {
    match window.holidays.iter().find_map(Holidays::error) {
        Some(error) => Err(error.clone().into()),
        None => Ok(window),
    }
}
