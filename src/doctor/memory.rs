//! What this clone and the team remember.

use super::{
    Group, Line, State,
    facts::{Memory, Notes},
};
use crate::text::shell_word;

/// So many lines of a ledger are named.
pub(crate) const NAMED: usize = 10;

pub(crate) fn judge(memory: &Memory) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Err(trouble) = &memory.writable {
        let line = Line::trouble(Group::Memory, "state", State::Broken, trouble);
        lines.push(line.hint(format!(
            "every push is refused until {} is yours to write (chown, chmod, a full disk)",
            memory.directory
        )));
    }
    match &memory.ledger {
        Ok((decisions, damaged)) => {
            if memory.writable.is_ok() {
                let path = &memory.ledger_path;
                let text = match decisions {
                    0 => format!("nothing was decided yet: {path}"),
                    1 => format!("one decision in {path}"),
                    several => format!("{several} decisions in {path}"),
                };
                lines.push(new("ledger", State::Ok, text));
            }
            if !damaged.is_empty() {
                lines.push(unread(damaged, &memory.ledger_path));
            }
        }
        // What cannot be written to is told of already.
        Err(trouble) if memory.writable.is_ok() => {
            lines.push(Line::trouble(
                Group::Memory,
                "ledger",
                State::Broken,
                trouble,
            ));
        }
        Err(_) => {}
    }
    lines.extend(memory.notes.map(notes));
    lines
}

pub(crate) fn new(check: &'static str, state: State, text: impl Into<String>) -> Line {
    Line::new(Group::Memory, check, state, text)
}

pub(crate) fn unread(damaged: &[usize], path: &str) -> Line {
    let numbers: Vec<_> = damaged
        .iter()
        .take(NAMED)
        .map(ToString::to_string)
        .collect();
    let (s, more) = match damaged.len() {
        1 => ("", String::new()),
        count if count > NAMED => ("s", format!(" and {} more", count - NAMED)),
        _ => ("s", String::new()),
    };
    let text = format!(
        "line{s} {}{more} of {path} cannot be read",
        numbers.join(", ")
    );
    let script: Vec<_> = damaged.iter().map(|line| format!("{line}d")).collect();
    new("ledger", State::Warning, text)
        .run(format!(
            "sed -i.damaged '{}' {}",
            script.join(";"),
            shell_word(path)
        ))
        .hint("the other lines count all the same")
}

pub(crate) fn notes(notes: Notes) -> Line {
    let ok = |text| new("notes", State::Ok, text);
    match notes {
        Notes::None => ok("the team has left no notes yet"),
        Notes::Here => ok("the team's notes are here"),
        Notes::Newer => ok("the team's notes are here; the next push brings newer ones"),
        Notes::Never => new(
            "notes",
            State::Warning,
            "the team's notes were never fetched: pushgate log does not show them",
        )
        .run("pushgate status"),
    }
}
