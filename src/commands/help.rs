//! `pushgate help COMMAND`: the same as `pushgate COMMAND --help`.

use clap::Parser;

use super::Done;
use crate::{
    cli::{Cli, Help},
    verdict::Trouble,
};

pub(crate) fn run(args: &Help) -> Done {
    let words = ["pushgate"]
        .into_iter()
        .chain(args.command.as_deref())
        .chain(["--help"]);
    match Cli::try_parse_from(words) {
        // What is asked for is help, which clap hands over as an error.
        Err(said) => {
            said.print()
                .map_err(|error| Trouble::io("write the help", &error))?;
            Ok(u8::try_from(said.exit_code()).unwrap_or(2))
        }
        Ok(_) => Ok(0),
    }
}
