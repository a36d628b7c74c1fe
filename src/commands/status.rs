//! `pushgate status`: the whole pipeline on one screen.

mod environment;
mod gather;
mod next_push;

use super::{Done, print_data};
use crate::{
    cli::Status,
    commands::Error,
    git::Repository,
    process::signals,
    report::{self, status},
};

pub(crate) fn run(args: &Status) -> Done {
    signals::watch();
    let status = Repository::open().map_err(Error::from);
    let status = status.and_then(|world| gather::status(&world));
    if let Some(signal) = signals::signal() {
        return Ok(128 + signal);
    }
    let status = status.inspect_err(|error| {
        if args.json {
            let _ = print_data(&status::failed(&error.in_one_line()));
        }
    })?;
    let text = if args.json {
        status.json().map_err(Error::json)?
    } else {
        status::draw(&status, report::data_columns())
    };
    print_data(&text)?;
    Ok(if status.is_whole() { 0 } else { 2 })
}
