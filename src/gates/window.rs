//! The gate `window`: open now and for the whole runway.

use super::{Answer, Case, World};
use crate::{
    calendar::Zone,
    verdict::{Refusal, words},
};

pub(crate) fn ask(case: &Case<'_>, world: &dyn World) -> Answer {
    let Some(environment) = case.environment() else {
        return Ok("always open".to_owned());
    };
    let window = &environment.window;
    if window.open.is_empty() && window.closed.is_empty() {
        return Ok("always open".to_owned());
    }
    // A window with a zone of its own can be judged where the reader's is unknown.
    let reader = match (world.zone(), &window.timezone) {
        (Err(_), Zone::Named { zone, .. }) => zone.clone(),
        (reader, _) => reader?,
    };
    let now = world.now();
    if let Err(closed) = window.check(now, &reader) {
        return Err(Refusal::Closed {
            closed: Box::new(closed),
            reader,
        }
        .into());
    }
    Ok(match window.open_until(now, &reader) {
        Some(until) => format!(
            "open until {}",
            words::moment(until, &window.timezone.resolve(&reader), &reader)
        ),
        None => "open".to_owned(),
    })
}
