//! What a person reads: on standard error, in colour on a terminal, readable without.

pub(crate) mod doctor;
pub(crate) mod live;
pub(crate) mod log;
pub(crate) mod status;
pub(crate) mod window;

use std::{
    io::{self, Write, stderr, stdout},
    os::fd::AsFd,
};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use terminal_size::{Width, terminal_size_of};

pub(crate) use live::Stderr;

use crate::{
    app::message::Message,
    cure::Cure,
    gates::verdict::{Decision, Outcome, Verdict},
    gates::{Interruption, Refusal, Undecided},
};

pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const LOUD: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const HINT: Style = AnsiColor::Cyan.on_default();
pub(crate) const PLAIN: Style = Style::new().bold();

/// Writes a report; a standard error that is closed loses nothing but the report.
pub(crate) fn print(text: &str) {
    let text = columns(stderr()).map_or_else(|| text.to_owned(), |columns| wrap(text, columns));
    let mut stream = AutoStream::auto(stderr().lock());
    let _ = write!(stream, "{text}").and_then(|()| stream.flush());
}

/// The width of a terminal; `None` for anything else, and where wrapping would not help the reader.
fn columns(stream: impl AsFd) -> Option<usize> {
    const NARROWEST: u16 = 20;
    let (Width(columns), _) = terminal_size_of(stream)?;
    (columns >= NARROWEST).then_some(usize::from(columns))
}

/// The indent of continued lines, and of quotations, which are not wrapped.
pub(crate) const DEEP: &str = "    ";

pub(crate) fn wrap(text: &str, columns: usize) -> String {
    let options = between_words(columns)
        .subsequent_indent(DEEP)
        .break_words(false);
    let line = |line: &str| match line.strip_suffix('\n') {
        Some(line) if !line.starts_with(DEEP) => textwrap::fill(line, &options) + "\n",
        _ => line.to_owned(),
    };
    text.split_inclusive('\n').map(line).collect()
}

/// Options to break lines only between words, where that is possible: ids and commands stay whole.
pub(crate) fn between_words(columns: usize) -> textwrap::Options<'static> {
    textwrap::Options::new(columns)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
}

pub(crate) fn width(text: &str) -> usize {
    textwrap::core::display_width(text)
}

/// Cuts a text to the columns that it may have.
pub(crate) fn cut(text: &str, room: usize) -> String {
    const MORE: &str = "...";
    if width(text) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if width(&kept) + MORE.len() > room {
            kept.pop();
            break;
        }
    }
    kept.trim_end().to_owned() + &MORE[..MORE.len().min(room)]
}

/// Prints a line, after the name of the program.
pub(crate) fn say(line: &str) {
    print(&format!("{PLAIN}pushgate:{PLAIN:#} {line}\n"));
}

pub(crate) fn warn(line: &str) {
    print(&format!("{LOUD}pushgate: {line}{LOUD:#}\n"));
}

/// Prints a hint for the line before.
pub(crate) fn hint(hint: &str) {
    print(&format!("  {HINT}hint:{HINT:#} {hint}\n"));
}

/// Writes what was asked for; a reader that has had enough (`| head`) is no error.
pub(crate) fn data(text: &str) -> io::Result<()> {
    let mut stream = AutoStream::auto(stdout().lock());
    match write!(stream, "{text}").and_then(|()| stream.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
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
            Message::Verdict(what, verdict) => print(&self::verdict(what, verdict)),
            Message::Refused(what, why) => print(&refusal(what, None, why)),
            Message::Undecided(what, why) => print(&undecided(what, None, why)),
        }
    }
}

pub(crate) fn was_stopped(message: &Message) -> bool {
    let stopped = |outcome: &Outcome| matches!(outcome, Outcome::Undecided(error) if matches!(error.stopped, Some(Interruption::Suite { .. })));
    matches!(message, Message::Verdict(_, verdict) if verdict.answers.iter().any(|(_, outcome)| stopped(outcome)))
}

/// Writes what was refused, why, and what to do.
pub(crate) fn refusal(what: &str, gate: Option<&str>, refusal: &Refusal) -> String {
    let mut text = format!("{BAD}pushgate: {what} refused{BAD:#}\n");
    why(&mut text, gate, &refusal.why);
    cures(&mut text, &refusal.cures);
    text
}

/// Writes why a push is not decided.
pub(crate) fn undecided(what: &str, gate: Option<&str>, error: &Undecided) -> String {
    if let Some(Interruption::Decision { by }) = &error.stopped {
        return format!("{BAD}pushgate: {what} not decided{BAD:#}: stopped ({by})\n");
    }
    let mut text = format!("{BAD}pushgate: {what} not decided, so it does not go{BAD:#}\n");
    body(&mut text, gate, error);
    text
}

/// Writes why a command failed.
pub(crate) fn failure(command: &str, error: &Undecided) -> String {
    let mut text = format!("{BAD}pushgate: {command} not done{BAD:#}\n");
    body(&mut text, None, error);
    text
}

fn body(text: &mut String, gate: Option<&str>, error: &Undecided) {
    why(text, gate, &error.to_string());
    for cause in &error.details {
        *text += &format!("    {cause}\n");
    }
    cures(text, &error.cures);
}

fn why(text: &mut String, gate: Option<&str>, words: &str) {
    match gate {
        Some(gate) => *text += &format!("  {PLAIN}{gate}:{PLAIN:#} {words}\n"),
        None => *text += &format!("  {words}\n"),
    }
}

/// Words on a line, and each command alone on one that is never wrapped.
fn cures(text: &mut String, cures: &[Cure]) {
    for Cure { words, commands } in cures {
        let colon = if commands.is_empty() { "" } else { ":" };
        *text += &format!("  {HINT}{words}{colon}{HINT:#}\n");
        for command in commands {
            *text += &format!("{DEEP}{command}\n");
        }
    }
}

/// What the gates said about one case.
pub(crate) fn verdict(what: &str, verdict: &Verdict) -> String {
    let mut text = match verdict.decision() {
        Decision::Go => format!("{GOOD}pushgate: {what} may go{GOOD:#}\n"),
        Decision::Overridden => format!("{LOUD}pushgate: {what} goes, overridden{LOUD:#}\n"),
        Decision::Refused | Decision::Undecided => String::new(),
    };
    let goes = !text.is_empty();
    for (gate, outcome) in &verdict.answers {
        let gate = gate.name();
        match outcome {
            Outcome::Passed(words) if goes => why(&mut text, Some(gate), words),
            Outcome::Passed(_) => {}
            Outcome::Skipped { needless: true } => why(
                &mut text,
                Some(gate),
                "skipped, though it would have passed",
            ),
            Outcome::Skipped { needless: false } => why(&mut text, Some(gate), "skipped"),
            Outcome::Refused(why) => text += &refusal(what, Some(gate), why),
            Outcome::Undecided(why) => text += &undecided(what, Some(gate), why),
        }
    }
    for note in &verdict.notes {
        text += &format!("  {HINT}note:{HINT:#} {note}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_colour_has_no_width() {
        let text = format!(
            "{BAD}pushgate: push refused{BAD:#}\n  trunk: master is two commits behind\n    quoted as it was, however long it is\n"
        );
        assert_eq!(
            wrap(&text, 24),
            format!(
                "{BAD}pushgate: push refused{BAD:#}\n  trunk: master is two\n    commits behind\n    quoted as it was, however long it is\n"
            )
        );
    }
}
