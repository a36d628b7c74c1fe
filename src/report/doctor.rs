//! What doctor found: a heading for each group, each finding with its status, and its cures below it.

use anstyle::Style;
use serde_json::{Value, json};

use super::{BAD, DEEP, GOOD, HINT, LOUD, PLAIN, between_words};
use crate::doctor::{Cure, Finding, Status, worst};

/// The texts begin in this column, after the status.
const MARGIN: usize = 11;
/// In fewer columns than this the text begins below its status.
const NARROW: usize = 40;

/// Writes it in so many columns. A command stands whole on its line, to be copied.
pub(crate) fn draw(findings: &[Finding], columns: usize) -> String {
    let is_narrow = columns < NARROW;
    let deep = if is_narrow {
        DEEP.to_owned()
    } else {
        " ".repeat(MARGIN)
    };
    let mut text = String::new();
    let mut group = "";
    for finding in findings {
        if group != finding.group {
            group = finding.group;
            text += &format!("{PLAIN}{group}{PLAIN:#}\n");
        }
        let (style, status) = (style(finding.status), finding.status.name());
        if is_narrow {
            text += &format!("  {style}{status}{style:#}\n");
            text += &fill(&deep, &deep, &finding.text, columns);
        } else {
            let padding = " ".repeat(MARGIN - 2 - status.len());
            let first = format!("  {style}{status}{style:#}{padding}");
            text += &fill(&first, &deep, &finding.text, columns);
        }
        for line in &finding.details {
            text += &format!("{deep}  {line}\n");
        }
        for cure in &finding.cures {
            text += &match cure {
                Cure::Command(command) => format!("{deep}{HINT}run:{HINT:#} {command}\n"),
                Cure::Words(words) => {
                    let first = format!("{deep}{HINT}hint:{HINT:#} ");
                    fill(&first, &format!("{deep}  "), words, columns)
                }
            };
        }
    }
    text + "\n" + &fill("", "", &summary(findings), columns)
}

/// The same for a program.
pub(crate) fn json(findings: &[Finding]) -> Value {
    json!({ "v": 1, "state": worst(findings), "lines": findings })
}

fn style(status: Status) -> Style {
    match status {
        Status::Ok => GOOD,
        Status::Warning => LOUD,
        Status::Broken => BAD,
    }
}

fn summary(findings: &[Finding]) -> String {
    let count = |status, one: &str, several: &str| {
        let style = style(status);
        let count = findings.iter().filter(|one| one.status == status).count();
        let what = if count == 1 { one } else { several };
        (count > 0).then(|| format!("{style}{count} {what}{style:#}"))
    };
    let broken = count(Status::Broken, "thing is broken", "things are broken");
    let warnings = count(Status::Warning, "warning", "warnings");
    match (broken, warnings) {
        (None, None) => format!("{GOOD}all is well{GOOD:#}"),
        (None, Some(warnings)) => format!("nothing is broken, {warnings}"),
        (Some(broken), None) => broken,
        (Some(broken), Some(warnings)) => format!("{broken}, {warnings}"),
    }
}

/// Breaks the first line of a text between words, and leaves its other lines as they are.
fn fill(first: &str, next: &str, text: &str, columns: usize) -> String {
    let options = between_words(columns)
        .initial_indent(first)
        .subsequent_indent(next)
        .break_words(false);
    let mut lines = text.lines();
    let head = lines.next().unwrap_or_default().trim_end();
    let mut filled = textwrap::fill(head, options) + "\n";
    for line in lines {
        filled += &format!("{next}{line}\n");
    }
    filled
}
