//! The subcommands, one file each: what they read, what they print, their exit codes.

mod approve;
mod chain;
mod check;
mod completions;
mod demo;
mod help;
mod hooks;
mod init;
mod install;
mod lint;
mod local;
mod log;
mod man;
mod pre_push;
mod status;
mod uninstall;
mod window;

use std::process::ExitCode;

use crate::{
    cli::{Cli, Command},
    report,
    verdict::Trouble,
};

pub use completions::complete;

/// What a subcommand ends with: an exit code, or what kept it from its work.
pub(crate) type Done = Result<u8, Trouble>;

/// Runs what the command line asks for.
pub fn run(cli: Cli) -> ExitCode {
    let (name, done) = match cli.command {
        Command::Init(args) => ("init", init::run(&args)),
        Command::Install => ("install", install::run()),
        Command::Uninstall => ("uninstall", uninstall::run()),
        Command::Check(args) => ("check", check::run(&args)),
        Command::Status(args) => ("status", status::run(&args)),
        Command::Approve(args) => ("approve", approve::run(&args)),
        Command::Window(args) => ("window", window::run(&args)),
        Command::Log(args) => ("log", log::run(&args)),
        Command::Demo(args) => ("demo", demo::run(&args)),
        Command::Completions(args) => ("completions", completions::run(&args)),
        Command::Man(args) => ("man", man::run(&args)),
        Command::Help(args) => ("help", help::run(&args)),
        Command::Guard { group, mark } => {
            crate::suite::guard::stand(group, &mark);
            ("guard", Ok(0))
        }
        Command::PrePush(args) => ("push", pre_push::run(&args)),
    };
    ExitCode::from(match done {
        Ok(code) => code,
        Err(trouble) => {
            report::print(&report::failure(name, &trouble));
            2
        }
    })
}
