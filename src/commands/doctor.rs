//! `pushgate doctor`: what is wrong with this clone's gate, and what mends it.

use super::Done;
use crate::{
    cli::Doctor,
    doctor::{State, judge, worst},
    gates::verdict::Trouble,
    process::signals,
    report::{
        self,
        doctor::{draw, json},
    },
};

pub(crate) fn run(args: &Doctor) -> Done {
    signals::watch();
    let facts = crate::doctor::gather::gather::facts();
    if let Some(signal) = signals::signal() {
        return Ok(128 + signal);
    }
    let lines = judge(&facts);
    let text = if args.json {
        format!("{:#}\n", json(&lines))
    } else {
        draw(&lines, report::data_columns())
    };
    report::data(&text).map_err(|error| Trouble::io("write to standard output", &error))?;
    Ok(u8::from(worst(&lines) == State::Broken))
}
