//! What doctor found: a paragraph for each group, a word before each line, and what mends it.

use anstyle::Style;
use serde_json::{Value, json};

use super::{BAD, GOOD, HINT, LOUD, PLAIN, between_words};
use crate::doctor::{Cure, Line, State, worst};

/// The words before the lines have this much room.
const MARGIN: usize = 11;
/// In fewer columns than this the lines begin below their word.
const NARROW: usize = 40;

/// Draws it in so many columns.
///
/// A command stands on a line of its own, whole: one that was broken could not be copied.
pub fn draw(lines: &[Line], columns: usize) -> String {
    let mut page = Page {
        text: String::new(),
        columns,
    };
    let mut group = None;
    for line in lines {
        if group != Some(line.group) {
            group = Some(line.group);
            page.text += &format!("{PLAIN}{}{PLAIN:#}\n", line.group.name());
        }
        page.line(line);
    }
    page.text.push('\n');
    page.fill("", "", &summary(lines));
    page.text
}

/// The same for a program.
pub fn json(lines: &[Line]) -> Value {
    let cure = |cure: &Cure| match cure {
        Cure::Run(command) => json!({"run": command}),
        Cure::Words(words) => json!({"hint": words}),
    };
    let line = |line: &Line| {
        json!({
            "group": line.group.name(),
            "check": line.check,
            "state": line.state.name(),
            "text": line.text,
            "details": line.details,
            "cures": line.cures.iter().map(cure).collect::<Vec<_>>(),
        })
    };
    json!({
        "v": 1,
        "state": worst(lines).name(),
        "lines": lines.iter().map(line).collect::<Vec<_>>(),
    })
}

fn style(state: State) -> Style {
    match state {
        State::Ok => GOOD,
        State::Warning => LOUD,
        State::Broken => BAD,
    }
}

fn summary(lines: &[Line]) -> String {
    let count = |state| lines.iter().filter(|line| line.state == state).count();
    let plural = |count: usize, one: &str, several: &str| match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {several}"),
    };
    let (broken, warnings) = (count(State::Broken), count(State::Warning));
    let warnings = || plural(warnings, "warning", "warnings");
    match worst(lines) {
        State::Ok => format!("{GOOD}all is well{GOOD:#}"),
        State::Warning => format!("nothing is broken, {LOUD}{}{LOUD:#}", warnings()),
        State::Broken if count(State::Warning) == 0 => {
            format!(
                "{BAD}{}{BAD:#}",
                plural(broken, "thing is broken", "things are broken")
            )
        }
        State::Broken => {
            let broken = plural(broken, "thing is broken", "things are broken");
            format!("{BAD}{broken}{BAD:#}, {LOUD}{}{LOUD:#}", warnings())
        }
    }
}

struct Page {
    text: String,
    columns: usize,
}

impl Page {
    fn line(&mut self, line: &Line) {
        let (style, word) = (style(line.state), line.state.name());
        let room = MARGIN - 2;
        let deep = if self.columns < NARROW {
            self.text += &format!("  {style}{word}{style:#}\n");
            "    ".to_owned()
        } else {
            " ".repeat(MARGIN)
        };
        let first = if self.columns < NARROW {
            deep.clone()
        } else {
            format!("  {style}{word}{style:#}{}", " ".repeat(room - word.len()))
        };
        self.fill(&first, &deep, &line.text);
        let quoted = format!("{deep}  ");
        for detail in &line.details {
            self.text += &format!("{quoted}{detail}\n");
        }
        for cure in &line.cures {
            match cure {
                Cure::Run(command) => {
                    self.text += &format!("{deep}{HINT}run:{HINT:#} {command}\n");
                }
                Cure::Words(words) => {
                    let first = format!("{deep}{HINT}hint:{HINT:#} ");
                    self.fill(&first, &format!("{deep}  "), words);
                }
            }
        }
    }

    fn fill(&mut self, first: &str, next: &str, text: &str) {
        let options = between_words(self.columns)
            .initial_indent(first)
            .subsequent_indent(next)
            .break_words(false);
        // A cure may have lines of its own.
        let (head, tail) = text
            .split_once('\n')
            .map_or((text, None), |(head, tail)| (head, Some(tail)));
        self.text += &textwrap::fill(head.trim_end(), options);
        self.text.push('\n');
        for line in tail.unwrap_or_default().lines() {
            self.text += &format!("{next}{line}\n");
        }
    }
}
