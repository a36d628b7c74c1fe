//! `pushgate doctor`: what is wrong with the gate of this clone, and how to fix it.

use super::Done;
use crate::{
    cli::Doctor,
    commands::Error,
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
    let text = if args.json {
        format!("{:#}\n", doctor::json(&findings))
    } else {
        doctor::draw(&findings, report::data_columns())
    };
    report::data(&text).map_err(Error::stdout)?;
    Ok(u8::from(worst(&findings) == Status::Broken))
}
