//! What a person reads: on standard error, in colour on a terminal, readable without.

pub(crate) mod doctor;
pub(crate) mod live;
pub(crate) mod log;
pub(crate) mod status;
pub(crate) mod window;

mod text;

use std::{
    env,
    fmt::Display,
    io::{self, Write, stderr, stdout},
    os::fd::AsFd,
    process::{Command, Stdio},
};

use anstream::{AutoStream, stream::RawStream};
use serde::Serialize;
use terminal_size::{Width, terminal_size_of};

pub(crate) use live::{Stderr, waiting};
pub(crate) use text::{BAD, DEEP, GOOD, HINT, LOUD, PLAIN, Text, between_words, paint};

use crate::{
    app::message::Message,
    cure::Cure,
    gates::verdict::{Decision, Outcome, Verdict},
    gates::{Interruption, Stop},
    process::{SH, signals},
};

/// Writes a report; a standard error that is closed loses nothing but the report.
pub(crate) fn print(text: impl Into<Text>) {
    let mut text = text.into();
    if let Some(columns) = columns(stderr()) {
        text = text.wrap(columns, DEEP);
    }
    let mut stream = AutoStream::auto(stderr().lock());
    let written = stream.write_all(text.as_str().as_bytes());
    let _ = written.and_then(|()| stream.flush());
}

/// The width of a terminal; `None` for anything else, and where wrapping would not help the reader.
fn columns(stream: impl AsFd) -> Option<usize> {
    const NARROWEST: u16 = 20;
    let (Width(columns), _) = terminal_size_of(stream)?;
    (columns >= NARROWEST).then_some(usize::from(columns))
}

/// Prints a line, after the name of the program.
pub(crate) fn say(line: &str) {
    print(prefixed(line));
}

fn prefixed(line: &str) -> Text {
    paint(PLAIN, "pushgate:") + " " + line + "\n"
}

pub(crate) fn warn(line: &str) {
    print(paint(LOUD, format_args!("pushgate: {line}")) + "\n");
}

/// Prints a hint for the line before.
pub(crate) fn hint(hint: &str) {
    print(hinted("hint:", hint));
}

/// Writes what was asked for, for a person; a reader that has had enough (`| head`) is no error.
pub(crate) fn print_data(text: impl Into<Text>) -> Result<(), Stop> {
    print_machine_data(text.into().as_str())
}

/// Writes what was asked for in a language of programs, such as JSON, which has escapes of its own.
pub(crate) fn print_machine_data(text: &str) -> Result<(), Stop> {
    let mut stdout = stdout().lock();
    // One call: a long text would otherwise be written line by line.
    let shown = styled(text, &stdout);
    match shown.and_then(|shown| stdout.write_all(&shown).and_then(|()| stdout.flush())) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(not_written(error)),
        _ => Ok(()),
    }
}

/// Writes a value as JSON over several lines.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Stop> {
    print_machine_data(&(serde_json::to_string_pretty(value).map_err(no_json)? + "\n"))
}

/// Writes a value as JSON on one line.
pub(crate) fn json_line(value: &impl Serialize) -> Result<String, Stop> {
    Ok(serde_json::to_string(value).map_err(no_json)? + "\n")
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn no_json(error: serde_json::Error) -> Stop {
    Stop::failed("write JSON", &error)
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
pub(crate) fn not_written(error: io::Error) -> Stop {
    Stop::failed("write to standard output", &error)
}

/// Writes what was asked for to the terminal through a pager, as git does (git(1), `GIT_PAGER`), unless that is `cat`
/// or empty.
pub(crate) fn paged(text: impl Into<Text>, pager: &str) -> Result<(), Stop> {
    /// The exit code of a shell that finds no such program.
    const NOT_FOUND: i32 = 127;
    /// What git sets for pagers where nothing else is: short texts need no key to end, and colours stay.
    const USUAL: [(&str, &str); 2] = [("LESS", "FRX"), ("LV", "-c")];
    let text = text.into();
    if text.is_empty() || matches!(pager, "" | "cat") {
        return print_data(text);
    }
    let mut command = Command::new(SH);
    command.args(["-c", pager]).stdin(Stdio::piped());
    let unset = |(name, _): &(&str, &str)| env::var_os(name).is_none();
    command.envs(USUAL.into_iter().filter(unset));
    let Ok(mut child) = command.spawn() else {
        return print_data(text);
    };
    // Ctrl-C is for the pager, which we wait for.
    signals::watch();
    let shown = styled(text.as_str(), &stdout()).map_err(not_written)?;
    if let Some(mut input) = child.stdin.take() {
        // A reader that has had enough is no error.
        let _ = input.write_all(&shown);
    }
    match child.wait().map_err(not_written)?.code() {
        Some(NOT_FOUND) => print_data(text),
        _ => Ok(()),
    }
}

/// A text with the styles that a stream shows.
fn styled(text: &str, stream: &impl RawStream) -> io::Result<Vec<u8>> {
    let mut styled = AutoStream::new(Vec::new(), AutoStream::choice(stream));
    styled.write_all(text.as_bytes())?;
    Ok(styled.into_inner())
}

/// The width of what is written to standard output.
pub(crate) fn data_columns() -> usize {
    const USUAL: usize = 80;
    data_terminal().unwrap_or(USUAL)
}

/// The width of standard output; `None` where it is no terminal.
pub(crate) fn data_terminal() -> Option<usize> {
    columns(stdout())
}

/// Whether the locale has more than ASCII (locale(7)): the first of these variables that is set says so.
pub(crate) fn has_blocks() -> bool {
    let mut names = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter();
    let locale = names.find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    let locale = locale.unwrap_or_default().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// Prints the messages about a push.
///
/// A suite that was stopped has said so when it happened. The prompt is back: nothing may follow.
pub(crate) fn messages(messages: &[Message]) {
    if messages.iter().any(was_stopped) {
        return;
    }
    for one in messages {
        match one {
            Message::Line(line) => say(line),
            Message::Warning(line) => warn(line),
            Message::Unsettled(stop) => {
                let why = stop.in_one_line();
                warn(&format!(
                    "which earlier pushes arrived is not recorded yet: {why}"
                ));
                print(cures(&stop.cures));
            }
            Message::Verdict(what, verdict) => print(self::verdict(what, verdict)),
            Message::Stopped(what, why) => print(stopped(what, why)),
        }
    }
}

fn was_stopped(message: &Message) -> bool {
    let is_stopped = |outcome: &Outcome| match outcome {
        Outcome::Stopped(stop) => matches!(stop.stopped, Some(Interruption::Suite { .. })),
        _ => false,
    };
    matches!(message, Message::Verdict(_, verdict) if verdict.answers.iter().any(|(_, outcome)| is_stopped(outcome)))
}

/// Writes why a push does not go.
fn stopped(what: &str, stop: &Stop) -> Text {
    interrupted(what, stop).unwrap_or_else(|| headline(what, stop.decision()) + body(None, stop))
}

/// Writes that a signal, or the end of `git push`, came before a decision.
fn interrupted(what: &str, stop: &Stop) -> Option<Text> {
    let Some(Interruption::Decision { by }) = &stop.stopped else {
        return None;
    };
    let headline = paint(BAD, format_args!("pushgate: {what} not decided"));
    Some(headline + format_args!(": stopped ({by})\n"))
}

fn headline(what: &str, decision: Decision) -> Text {
    let (style, words) = match decision {
        Decision::Go => (GOOD, "may go"),
        Decision::Overridden => (LOUD, "goes, overridden"),
        Decision::Refused => (BAD, "refused"),
        Decision::Undecided => (BAD, "not decided, so it does not go"),
    };
    paint(style, format_args!("pushgate: {what} {words}")) + "\n"
}

/// Writes why a command, or what it does, is refused or failed.
pub(crate) fn failure(what: &str, stop: &Stop) -> Text {
    let headline = match stop.decision() {
        Decision::Refused => headline(what, Decision::Refused),
        _ => paint(BAD, format_args!("pushgate: {what} not done")) + "\n",
    };
    headline + body(None, stop)
}

fn body(gate: Option<&str>, stop: &Stop) -> Text {
    let mut text = why(gate, stop);
    for detail in &stop.details {
        text += format_args!("    {detail}\n");
    }
    text + cures(&stop.cures)
}

fn why(gate: Option<&str>, words: impl Display) -> Text {
    let gate = gate.map(|gate| paint(PLAIN, format_args!("{gate}:")) + " ");
    Text::from("  ") + gate.unwrap_or_default() + words + "\n"
}

/// Words on a line, and each command alone on one that is never wrapped.
pub(crate) fn cures(cures: &[Cure]) -> Text {
    let mut text = Text::default();
    for Cure { words, commands } in cures {
        let colon = if commands.is_empty() { "" } else { ":" };
        text += Text::from("  ") + paint(HINT, format_args!("{words}{colon}")) + "\n";
        for command in commands {
            text += Text::from(DEEP) + command + "\n";
        }
    }
    text
}

/// A line that begins with a word such as `hint:`.
fn hinted(word: &str, words: &str) -> Text {
    Text::from("  ") + paint(HINT, word) + " " + words + "\n"
}

/// What the gates said about one case.
fn verdict(what: &str, verdict: &Verdict) -> Text {
    let decision = verdict.decision();
    let mut text = headline(what, decision);
    let mut notes = Vec::new();
    let mut stops: Vec<&Stop> = Vec::new();
    for (gate, outcome) in &verdict.answers {
        if let Outcome::Stopped(stop) = outcome {
            if let Some(interrupted) = interrupted(what, stop) {
                return interrupted;
            }
            // Several gates may ask the same remote.
            if stops.contains(&stop) {
                continue;
            }
            stops.push(stop);
        }
        let name = gate.name();
        let gate = Some(name);
        text += match outcome {
            Outcome::Passed(words) if decision.permits() => why(gate, words),
            Outcome::Passed(_) => Text::default(),
            Outcome::Skipped { needless: true } => {
                why(gate, "skipped, though it would have passed")
            }
            Outcome::Skipped { needless: false } => why(gate, "skipped"),
            Outcome::Stopped(stop) if stop.decision() == decision => body(gate, stop),
            Outcome::Stopped(stop) => {
                notes.push(format!("{name} could not tell: {}", stop.in_one_line()));
                Text::default()
            }
        };
    }
    if let Some(contents) = &verdict.contents {
        text += contents;
    }
    for note in notes.iter().chain(&verdict.notes) {
        text += hinted("note:", note);
    }
    text + cures(&verdict.cures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_colour_has_no_width() {
        let headline = || paint(BAD, "pushgate: push refused");
        let quoted = "    quoted as it was, however long it is\n";
        let text = headline() + "\n  trunk: master is two commits behind\n" + quoted;
        let broken = headline() + "\n  trunk: master is two\n    commits behind\n" + quoted;
        assert_eq!(text.wrap(24, DEEP), broken);
    }
}
