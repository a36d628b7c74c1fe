//! `pushgate help`, of a command (the same as `pushgate COMMAND --help`) or of a topic, which is a guide;
//! and the errors of the command line.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, error::ErrorKind};

use super::{Done, page, print_data, print_machine_data};
use crate::{
    cli::{Cli, Help},
    commands::Error,
    git::Git,
    guides::GUIDES,
    report::{self, BAD, PLAIN, Text, paint},
    text::{did_you_mean, printable},
};

pub(crate) fn run(args: &Help) -> Done {
    let topic = args.topic.as_deref();
    if let Some(guide) = GUIDES.iter().find(|guide| Some(guide.topic) == topic) {
        let text = plain(guide.text);
        // Help is there even where git is not.
        match Git::find() {
            Ok(git) => page(text, &git)?,
            Err(_) => print_data(text)?,
        }
        return Ok(0);
    }
    let words = ["pushgate"].into_iter().chain(topic).chain(["--help"]);
    match Cli::try_parse_from(words) {
        Err(error) if error.kind() == ErrorKind::InvalidSubcommand => {
            Err(unknown(topic.unwrap_or_default()))
        }
        // What is asked for is help, which clap hands over as an error.
        Err(said) => print(&said),
        Ok(_) => Ok(0),
    }
}

fn unknown(topic: &str) -> Error {
    let program = Cli::command();
    let shown = program.get_subcommands().filter(|one| !one.is_hide_set());
    let known: Vec<_> = (shown.map(clap::Command::get_name))
        .chain(GUIDES.iter().map(|guide| guide.topic))
        .map(str::to_owned)
        .collect();
    let meant = did_you_mean(topic, &known);
    let topic = printable(topic.as_bytes().into());
    Error::undecided(format!("there is no command or topic `{topic}`{meant}"))
        .cure("see what there is", ["pushgate help"])
}

/// A guide as a terminal shows it: headings in bold, and code indented instead of fenced.
fn plain(markdown: &str) -> Text {
    let mut in_code = false;
    let mut text = Text::default();
    for line in markdown.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
        } else if in_code && !line.is_empty() {
            text += format_args!("  {line}\n");
        } else if line.starts_with('#') {
            text += paint(PLAIN, line.trim_start_matches(['#', ' '])) + "\n";
        } else {
            text += format_args!("{line}\n");
        }
    }
    text
}

/// Prints what clap gives instead of a command line: help, the version, or an error.
pub fn say(said: &clap::Error) -> ExitCode {
    ExitCode::from(print(said).unwrap_or_else(|error| {
        report::print(report::failure("help", &error));
        error.decision().exit_code()
    }))
}

/// An error repeats what was typed; help is our own text, in clap's style.
fn print(said: &clap::Error) -> Done {
    let text = said.render();
    if said.use_stderr() {
        let text = text.to_string();
        report::print(match text.strip_prefix("error:") {
            Some(rest) => paint(BAD, "error:") + rest,
            None => text.into(),
        });
    } else {
        print_machine_data(&text.ansi().to_string())?;
    }
    Ok(u8::try_from(said.exit_code()).unwrap_or(2))
}
