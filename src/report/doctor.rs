//! What doctor found: a heading for each group, each finding with its status, and its cures below it.

use anstyle::Style;
use serde_json::{Value, json};

use super::{BAD, DEEP, GOOD, HINT, LOUD, PLAIN, Text, paint};
use crate::doctor::{Advice, Finding, Status, worst};

/// The texts begin in this column, after the status.
const MARGIN: usize = 11;
/// In fewer columns than this the text begins below its status.
const NARROW: usize = 40;

/// Writes it in so many columns. A command stands whole on its line, to be copied.
pub(crate) fn draw(findings: &[Finding], columns: usize) -> Text {
    let is_narrow = columns < NARROW;
    let deep = if is_narrow {
        DEEP.to_owned()
    } else {
        " ".repeat(MARGIN)
    };
    let mut text = Text::default();
    let mut group = "";
    for finding in findings {
        if group != finding.group {
            group = finding.group;
            text += paint(PLAIN, group) + "\n";
        }
        let (style, status) = shown(finding.status);
        let mut first = Text::from("  ") + paint(style, status);
        if is_narrow {
            text += first + "\n";
            first = Text::from(&deep);
        } else {
            first += " ".repeat(MARGIN - 2 - status.len());
        }
        text += Text::from(&finding.text).fill(columns, &first, &deep);
        for line in &finding.details {
            text += format_args!("{deep}  {line}\n");
        }
        let mut cures = finding.cures.iter().peekable();
        while let Some(part) = cures.next() {
            text += match part {
                Advice::Run(command) => Text::from(format_args!("{deep}{DEEP}{command}\n")),
                Advice::Hint(words) => {
                    let announces = matches!(cures.peek(), Some(Advice::Run(_)));
                    let colon = if announces { ":" } else { "" };
                    let first = Text::from(&deep) + paint(HINT, "hint:") + " ";
                    let words = Text::from(format_args!("{words}{colon}"));
                    words.fill(columns, &first, &format!("{deep}  "))
                }
            };
        }
    }
    text + "\n" + summary(findings).fill(columns, &Text::default(), "")
}

/// The same for a program.
pub(crate) fn json(findings: &[Finding]) -> Value {
    json!({ "v": 1, "state": worst(findings), "lines": findings })
}

fn shown(status: Status) -> (Style, &'static str) {
    match status {
        Status::Ok => (GOOD, "ok"),
        Status::Warning => (LOUD, "warning"),
        Status::Broken => (BAD, "broken"),
    }
}

fn summary(findings: &[Finding]) -> Text {
    let count = |status, one: &str, several: &str| {
        let count = findings.iter().filter(|one| one.status == status).count();
        let what = if count == 1 { one } else { several };
        (count > 0).then(|| paint(shown(status).0, format_args!("{count} {what}")))
    };
    let broken = count(Status::Broken, "thing is broken", "things are broken");
    let warnings = count(Status::Warning, "warning", "warnings");
    match (broken, warnings) {
        (None, None) => paint(GOOD, "all is well"),
        (None, Some(warnings)) => Text::from("nothing is broken, ") + warnings,
        (Some(broken), None) => broken,
        (Some(broken), Some(warnings)) => broken + ", " + warnings,
    }
}
