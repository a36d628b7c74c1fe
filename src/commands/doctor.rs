//! `pushgate doctor`: what is wrong with this clone's gate, and what mends it.

mod answer;
mod file;
mod gather;
mod hook;
mod place;
mod remotes;
mod settings;
mod suite;

use super::Done;
use crate::{
    cli::Doctor,
    doctor::{State, judge, worst},
    report::{
        self,
        doctor::{draw, json},
    },
    verdict::Trouble,
    world::signals,
};

pub(crate) fn run(args: &Doctor) -> Done {
    signals::watch();
    let facts = gather::facts();
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
