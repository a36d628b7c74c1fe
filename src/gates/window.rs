//! The gate `window`: open now and for the whole runway.

use jiff::tz::TimeZone;

use super::{
    governed_push::GovernedPush,
    refusal::window::Refusal,
    undecided::Undecided,
    verdict::GateResult,
    world::{Clock, World},
};
use crate::{
    calendar::{Holidays, Window, Zone},
    text::day_and_time,
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
        return Err(Refusal {
            closed: Box::new(closed),
            reader,
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
