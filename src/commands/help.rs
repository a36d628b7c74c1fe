//! `pushgate help COMMAND`, the same as `pushgate COMMAND --help`; and the errors of the command line.

use std::process::ExitCode;

use clap::Parser;

use super::Done;
use crate::{
    cli::{Cli, Help},
    commands::Error,
    report::{self, BAD, Text, paint},
};

pub(crate) fn run(args: &Help) -> Done {
    let command = args.command.as_deref();
    let words = ["pushgate"].into_iter().chain(command).chain(["--help"]);
    match Cli::try_parse_from(words) {
        // What is asked for is help, which clap hands over as an error.
        Err(said) => print(&said),
        Ok(_) => Ok(0),
    }
}

/// Prints what clap gives instead of a command line: help, the version, or an error.
pub fn say(said: &clap::Error) -> ExitCode {
    ExitCode::from(print(said).unwrap_or_else(|error| {
        report::print(report::failure("help", &error));
        2
    }))
}

/// An error repeats what was typed; help is our own text, in clap's style.
fn print(said: &clap::Error) -> Done {
    let text = said.render();
    if said.use_stderr() {
        report::print(clap_error(&text.to_string()));
    } else {
        report::machine_data(&text.ansi().to_string())
            .map_err(|error| Error::failed("write the help", &error))?;
    }
    Ok(u8::try_from(said.exit_code()).unwrap_or(2))
}

fn clap_error(text: &str) -> Text {
    match text.strip_prefix("error:") {
        Some(rest) => paint(BAD, "error:") + rest,
        None => text.into(),
    }
}
