//! What can be wrong with a policy, and where.

use thiserror::Error;

use crate::text::nearest;

/// The widest line that an excerpt shows, in characters.
const EXCERPT: usize = 100;

/// The longest piece of input that a message quotes, in characters.
const QUOTE: usize = 60;

/// The most words that a message lists as valid.
const LIST: usize = 12;

/// What is wrong with a policy file, and at which line and column.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{origin}:{line}:{column}: {problem}")]
pub struct PolicyError {
    pub origin: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    pub problem: Box<Problem>,
    /// The text of the line.
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
        let text = String::from_utf8_lossy(source_line(source, line)).into_owned();
        Self {
            origin: origin.to_owned(),
            line,
            column,
            problem: Box::new(fault.problem),
            text,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Place {
    pub(super) const START: Self = Self { line: 1, column: 1 };

    /// The place just after these bytes, which begin the file.
    pub(super) fn after(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let last = text.rsplit('\n').next().unwrap_or_default();
        Self {
            line: text.matches('\n').count() + 1,
            column: last.chars().count() + 1,
        }
    }

    pub(super) fn fault(self, problem: Problem) -> Fault {
        Fault {
            place: self,
            problem,
        }
    }
}

/// A problem and its place, before the file has a name.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) place: Place,
    pub(super) problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    #[error("the file has {size} bytes; at most {limit} are read")]
    TooBig { size: usize, limit: usize },
    #[error("not UTF-8 text")]
    NotUtf8,
    #[error("invisible character U+{:04X}; remove it", u32::from(*.0))]
    Invisible(char),
    #[error("a tab in the indentation; use spaces")]
    Tab,
    #[error("not valid YAML: {0}")]
    Syntax(String),
    #[error("nested deeper than {limit} levels")]
    TooDeep { limit: usize },
    #[error("more than {limit} entries")]
    TooMany { limit: usize },
    #[error("{what} are not accepted here; {cure}")]
    NotAccepted {
        what: &'static str,
        cure: &'static str,
    },
    #[error("a key must be text, not {found}{}", quote_it(*.quotable))]
    KeyNotText { found: String, quotable: bool },
    #[error("unknown key {}{}", quoted(.key), advice(.key, *.belongs, .allowed))]
    UnknownKey {
        key: String,
        /// The section where such a key has a meaning.
        belongs: Option<&'static str>,
        allowed: Vec<String>,
    },
    #[error("duplicate key {}; it is already on line {first}", quoted(.key))]
    DuplicateKey { key: String, first: usize },
    #[error("missing key {}", quoted(.key))]
    MissingKey { key: String },
    #[error("expected {expected}, found {found}{}", quote_it(*.quotable))]
    WrongType {
        expected: String,
        found: String,
        /// Whether quotes would make it what the key takes.
        quotable: bool,
    },
    #[error("unknown value {}{}", quoted(.text), advice(.text, None, .allowed))]
    UnknownValue { text: String, allowed: Vec<String> },
    #[error("{}", with_text(.text, .why))]
    Invalid { text: String, why: String },
    #[error("{} is an empty list; name at least one, or remove the key", quoted(.key))]
    EmptyList { key: String },
    #[error("{} is listed twice", quoted(.text))]
    ListedTwice { text: String },
    #[error("a window needs `open` or `closed`; without either it is always open")]
    NoRule,
    #[error("{} is reserved; give the environment another name", quoted(.name))]
    Reserved { name: String },
    #[error("unknown environment {}{}", quoted(.name), advice(.name, None, .known))]
    UnknownEnvironment {
        name: String,
        /// The other environments of the policy.
        known: Vec<String>,
    },
    #[error("{} can never be pushed to: {}", quoted(.names.first().map_or("", String::as_str)), circle(.names))]
    Cycle {
        /// The environments, each after the next, the last after the first.
        names: Vec<String>,
    },
    #[error("{what} {} belongs to {} already; a destination has one environment", quoted(.name), quoted(.owner))]
    Claimed {
        what: &'static str,
        name: String,
        owner: String,
    },
    #[error("{} needs `{needs}`", quoted(.key))]
    Needs {
        key: &'static str,
        needs: &'static str,
    },
    #[error("{} is about a suite that runs here; with `ci` the CI is asked instead: remove one of them", quoted(.key))]
    NotWithCi { key: &'static str },
    #[error("{} needs `after`, the environment where the commit must be first", quoted(.key))]
    NeedsAfter { key: &'static str },
}

/// Puts a piece of input in backticks, shortened and made harmless.
pub(super) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(QUOTE).map(harmless).collect();
    if text.chars().nth(QUOTE).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// Joins words as a sentence does: `a`, `b` or `c`.
pub(super) fn alternatives<S: AsRef<str>>(words: &[S]) -> String {
    let words: Vec<_> = words.iter().map(|word| quoted(word.as_ref())).collect();
    match words.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => words.concat(),
    }
}

/// A space for a tab; the replacement character for whatever a terminal may act upon.
fn harmless(character: char) -> char {
    match character {
        '\t' => ' ',
        _ if is_invisible(character) || character.is_control() => char::REPLACEMENT_CHARACTER,
        _ => character,
    }
}

/// Whether a character has no place in a policy, not even in a comment.
///
/// Control characters; the line breaks of YAML 1.1 that YAML 1.2 does not know; the marks that turn the
/// direction of the text, so that a reader sees another order than the program.
pub(super) fn is_invisible(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => false,
        '\u{2028}'
        | '\u{2029}'
        | '\u{feff}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => true,
        _ => character.is_control(),
    }
}

fn quote_it(quotable: bool) -> &'static str {
    if quotable { "; put it in quotes" } else { "" }
}

/// What may have been meant by a word that is not one of these.
fn advice(word: &str, belongs: Option<&str>, allowed: &[String]) -> String {
    if let Some(nearest) = nearest(word, allowed.iter().map(String::as_str)) {
        format!("; did you mean {}?", quoted(nearest))
    } else if let Some(belongs) = belongs {
        format!("; it belongs under {belongs}")
    } else if allowed.is_empty() {
        // A section has keys, a set has words: only environments can lack others.
        "; the policy has no other".to_owned()
    } else if allowed.len() > LIST {
        String::new()
    } else {
        format!("; expected {}", alternatives(allowed))
    }
}

fn with_text(text: &str, why: &str) -> String {
    let quoted = quoted(text);
    if text.is_empty() || why.contains(&quoted) {
        why.to_owned()
    } else {
        format!("{quoted}: {why}")
    }
}

fn circle(names: &[String]) -> String {
    let nexts = names.iter().skip(1).chain(names.first());
    let links = names.iter().zip(nexts).take(LIST);
    let mut links: Vec<String> = links
        .map(|(name, next)| format!("{} is after {}", quoted(name), quoted(next)))
        .collect();
    if names.len() > LIST {
        links.push("and so on".to_owned());
    }
    links.join(", ")
}

fn source_line(source: &[u8], line: usize) -> &[u8] {
    let mut lines = source.split(|byte| *byte == b'\n');
    let line = lines.nth(line.saturating_sub(1)).unwrap_or_default();
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    fn error(source: &str, line: usize, column: usize) -> PolicyError {
        PolicyError::new(
            ".pushgate.yml",
            source.as_bytes(),
            Place { line, column }.fault(Problem::NotUtf8),
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
