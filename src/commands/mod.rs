//! The subcommands, one file each: what they read, what they print, their exit codes.

pub(crate) mod approve;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod deploy;
pub(crate) mod doctor;
pub(crate) mod help;
mod husky;
pub(crate) mod init;
pub(crate) mod install;
pub(crate) mod lint;
pub(crate) mod local;
pub(crate) mod lock;
pub(crate) mod log;
pub(crate) mod man;
pub(crate) mod pre_push;
pub(crate) mod rollback;
pub(crate) mod schema;
pub(crate) mod status;
pub(crate) mod uninstall;
pub(crate) mod window;

use std::{
    env,
    io::{self, IsTerminal},
    process::ExitCode,
};

use bstr::ByteSlice;

use crate::{
    app::{decide::Pending, follow_up, overrides},
    cli::{Cli, Command},
    git::Git,
    process::{program::run as output_of, waits},
    report::{self, Text, json_line, not_written, print_data, print_json, print_machine_data},
    text::printable,
};

pub use completions::complete;
pub use help::say;

/// What kept a subcommand from its work.
pub(crate) use crate::gates::Stop as Error;

/// What a subcommand ends with: an exit code, or what kept it from its work.
pub(crate) type Done = Result<u8, Error>;

/// Names the variables that were meant for the gate and mean nothing to it, where it has judged, also in the ledger.
pub(crate) fn say_misspelt(pending: &mut Pending) {
    if !pending.is_governed() {
        return;
    }
    let names = env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    let names: Vec<String> = names.collect();
    for line in overrides::misspelt(names.iter().map(String::as_str)) {
        let line = printable(line.as_bytes().into());
        report::warn(&line);
        pending.note_misspelt(&line);
    }
}

/// Shows a long text for a person: on a terminal by the pager that git would use.
fn page(text: impl Into<Text>, git: &Git) -> Result<(), Error> {
    if !io::stdout().is_terminal() {
        return print_data(text);
    }
    let pager = output_of(&mut git.plain(["var", "GIT_PAGER"])).ok();
    let pager = pager.map(|said| said.line().to_str_lossy().into_owned());
    report::paged(text, pager.as_deref().unwrap_or_default())
}

/// Runs what the command line asks for.
pub fn run(cli: Cli) -> ExitCode {
    if !matches!(cli.command, Command::FollowUp | Command::Watchdog { .. }) {
        waits::listen(report::waiting);
    }
    let (name, done) = match cli.command {
        Command::Init(args) => ("init", init::run(&args)),
        Command::Install(args) => ("install", install::run(&args)),
        Command::Uninstall => ("uninstall", uninstall::run()),
        Command::Check(args) => ("check", check::run(&args)),
        Command::Deploy(args) => ("deploy", deploy::run(&args)),
        Command::Status(args) => ("status", status::run(&args)),
        Command::Approve(args) => ("approve", approve::run(&args)),
        Command::Rollback(args) => ("rollback", rollback::run(&args)),
        Command::Lock(args) if args.list => ("list of locks", lock::lock(&args)),
        Command::Lock(args) => ("lock", lock::lock(&args)),
        Command::Unlock(args) => ("unlock", lock::unlock(&args)),
        Command::Window(args) => ("window", window::run(&args)),
        Command::Log(args) => ("log", log::run(&args)),
        Command::Doctor(args) => ("doctor", doctor::run(&args)),
        Command::Demo(args) => ("demo", demo::run(&args)),
        Command::Completions(args) => ("completions", completions::run(&args)),
        Command::Man(args) => ("man", man::run(&args)),
        Command::Schema => ("schema", schema::run()),
        Command::Help(args) => ("help", help::run(&args)),
        Command::Watchdog { group, mark } => {
            crate::process::watchdog::run(group, &mark);
            ("watchdog", Ok(0))
        }
        Command::FollowUp => {
            follow_up::run();
            ("follow-up", Ok(0))
        }
        Command::PrePush(args) => ("push", pre_push::run(&args)),
    };
    ExitCode::from(match done {
        Ok(code) => code,
        Err(error) => {
            report::print(report::failure(name, &error));
            let code = error.decision().exit_code();
            crate::process::signals::signal().map_or(code, |signal| 128 + signal)
        }
    })
}
