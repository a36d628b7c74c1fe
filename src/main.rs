//! Args in, exit code out.

use std::{env, process::ExitCode};

use clap::Parser;
use pushgate::{cli::Cli, commands};

fn main() -> ExitCode {
    if let Some(done) = commands::complete(env::args_os()) {
        return done;
    }
    commands::run(Cli::parse())
}
