//! The gate `window`: open now and for the whole runway.

use jiff::tz::TimeZone;

use super::{Case, Clock, GateResult, World};
use crate::{
    calendar::{Holidays, Window, Zone},
    gates::{refusal::window::Refusal, verdict::Trouble},
    text,
};

pub(crate) fn ask(case: &Case<'_>, world: &World<'_>, notes: &mut Vec<String>) -> GateResult {
    let Some(environment) = case.environment() else {
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
        Some(until) => format!(
            "open until {}",
            text::day_and_time(until, &window.timezone.resolve(&reader), &reader)
        ),
        None => "open".to_owned(),
    })
}

/// The zone of whoever reads; a window with a zone of its own can be judged where it is unknown.
pub(crate) fn reader(window: &Window, clock: &dyn Clock) -> Result<TimeZone, Trouble> {
    match (clock.zone(), &window.timezone) {
        (Err(_), Zone::Named { zone, .. }) => Ok(zone.clone()),
        (reader, _) => reader,
    }
}

/// The window, where all that it names could be read.
pub(crate) fn known(window: &Window) -> Result<&Window, Trouble> {
    match window.holidays.iter().find_map(Holidays::error) {
        Some(error) => Err(error.clone().into()),
        None => Ok(window),
    }
}
