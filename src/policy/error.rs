//! What is wrong with a policy, and where.

use bstr::ByteSlice;
use serde::Serialize;
use thiserror::Error;

use crate::text::{alternatives, cut, is_odd, nearest};

/// The widest line that an excerpt shows, in characters.
const EXCERPT: usize = 100;

/// The longest piece of input that a message quotes, in characters.
const QUOTE: usize = 60;

/// The most words that a message lists as valid.
const LIST: usize = 12;

/// What is wrong with a policy file, and at which line and column.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{origin}:{line}:{column}: {message}")]
pub struct PolicyError {
    pub origin: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    pub message: String,
    text: String,
}

impl PolicyError {
    pub(super) fn new(origin: &str, source: &[u8], fault: Fault) -> Self {
        let source = source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source);
        let written = source.trim_ascii_end();
        let last = written.split(|byte| *byte == b'\n').count();
        let Place { line, column } = if fault.place.line > last {
            // The end of the file came too soon: point at the end of its text.
            Place::after(written)
        } else {
            fault.place
        };
        let text = source.lines().nth(line.saturating_sub(1));
        Self {
            origin: origin.to_owned(),
            line,
            column,
            message: fault.message,
            text: text.unwrap_or_default().to_str_lossy().into_owned(),
        }
    }

    /// Returns the line of the file with a `^` under the column; `None` where the line is blank.
    ///
    /// At most 100 characters round the column are kept; those that could upset a terminal are replaced.
    pub fn excerpt(&self) -> Option<String> {
        if self.text.trim().is_empty() {
            return None;
        }
        let at = self.column.saturating_sub(1);
        let skipped = at.saturating_sub(EXCERPT * 3 / 4);
        let shown = self.text.chars().skip(skipped).take(EXCERPT);
        let shown: String = shown.map(harmless).collect();
        let (line, width) = (shown.trim_end(), at - skipped + 1);
        Some(format!("{line}\n{:>width$}", '^'))
    }
}

/// A line and a column, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Default for Place {
    /// The beginning of the file.
    fn default() -> Self {
        Self { line: 1, column: 1 }
    }
}

impl Place {
    /// The place just after these bytes, which begin the file.
    pub(super) fn after(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let last = text.rsplit('\n').next().unwrap_or_default();
        Self {
            line: text.matches('\n').count() + 1,
            column: last.chars().count() + 1,
        }
    }

    pub(super) fn fault(self, message: impl Into<String>) -> Fault {
        Fault {
            place: self,
            message: message.into(),
        }
    }
}

/// What is wrong and where, before the file has a name.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) place: Place,
    pub(super) message: String,
}

/// Puts a piece of input in backticks, shortened and made harmless.
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", shown(text))
}

fn shown(text: &str) -> String {
    cut(text, QUOTE, "…").chars().map(harmless).collect()
}

/// Says which of the valid words may have been meant by another one.
pub(super) fn advice(word: &str, valid: &[&str]) -> String {
    if let Some(nearest) = nearest(word, valid.iter().copied()) {
        format!("; did you mean {}?", quoted(nearest))
    } else if valid.len() > LIST {
        String::new()
    } else {
        let valid: Vec<_> = valid.iter().map(|word| shown(word)).collect();
        format!("; expected {}", alternatives(&valid))
    }
}

/// A space for a tab; the replacement character for whatever a terminal may act upon.
pub(super) fn harmless(character: char) -> char {
    match character {
        '\t' => ' ',
        _ if is_odd(character) => char::REPLACEMENT_CHARACTER,
        _ => character,
    }
}

/// Whether a character has no place in a policy, not even in a comment.
///
/// Control characters; the line breaks of YAML 1.1 that YAML 1.2 does not know; the marks that turn the
/// direction of the text, so that a reader sees another order than the program.
pub(super) fn is_invisible(character: char) -> bool {
    let is_harmless = matches!(
        character,
        '\t' | '\n' | '\r' | '\u{61c}' | '\u{200e}' | '\u{200f}'
    );
    is_odd(character) && !is_harmless
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    fn error(source: &str, line: usize, column: usize) -> PolicyError {
        PolicyError::new(
            ".pushgate.yml",
            source.as_bytes(),
            Place { line, column }.fault("wrong"),
        )
    }

    #[test]
    fn an_excerpt_points_at_the_column() {
        let excerpt = error("one\r\ntwo: three\nfour", 2, 6).excerpt();
        assert_eq!(excerpt.as_deref(), Some("two: three\n     ^"));
    }

    #[test]
    fn an_excerpt_of_a_long_line_keeps_what_is_round_the_column() {
        let long = format!("{}HERE{}", "a".repeat(500), "b".repeat(500));
        let excerpt = error(&long, 1, 501).excerpt().unwrap();
        let (line, caret) = excerpt.split_once('\n').unwrap();
        assert_eq!(line.chars().count(), 100);
        assert_eq!(&line[caret.len() - 1..][..4], "HERE");
    }

    #[test]
    fn an_excerpt_cannot_drive_the_terminal() {
        let excerpt = error("a\u{1b}[2J\tb\u{202e}", 1, 1).excerpt().unwrap();
        assert_eq!(excerpt, "a\u{fffd}[2J b\u{fffd}\n^");
    }

    #[test]
    fn there_is_no_excerpt_of_nothing() {
        assert_eq!(error("", 1, 1).excerpt(), None);
        assert_eq!(error("\n \n", 2, 1).excerpt(), None);
    }

    #[test]
    fn past_the_end_is_the_end() {
        let error = error("one\ntwo\n\n", 4, 1);
        assert_eq!((error.line, error.column), (2, 4));
        assert_eq!(error.excerpt().as_deref(), Some("two\n   ^"));
    }

    #[test]
    fn a_quotation_is_short_and_harmless() {
        assert_eq!(quoted("a\nb\u{1b}"), "`a\u{fffd}b\u{fffd}`");
        assert_eq!(quoted(&"x".repeat(1000)).chars().count(), 63);
    }
}
