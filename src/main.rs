//! Args in, exit code out.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    pushgate::commands::run(pushgate::cli::Cli::parse())
}
