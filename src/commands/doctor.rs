//! `pushgate doctor`: what is wrong with the gate of this clone, and how to fix it.

use super::{Done, print_data, print_json};
use crate::{
    cli::Doctor,
    doctor::{Status, findings, worst},
    process::signals,
    report::{self, doctor},
};

pub(crate) fn run(args: &Doctor) -> Done {
    signals::watch();
    let findings = findings();
    if let Some(signal) = signals::signal() {
        return Ok(128 + signal);
    }
    if args.json {
        print_json(&doctor::json(&findings))?;
    } else {
        print_data(doctor::draw(&findings, report::data_columns()))?;
    }
    Ok(u8::from(worst(&findings) == Status::Broken))
}
