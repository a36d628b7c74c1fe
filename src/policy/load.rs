//! Bytes in, a policy or an error with its place out.

use serde::Deserialize;
use serde::de::value::MapDeserializer;
use serde_yaml::Value;

use super::error::{Fault, Place, Problem, is_invisible, quoted};
use super::forms::{SIGNOFF, STEP, WindowKeys};
use super::reader::{FLAG, Found, Reader, Rejected, TEXT, Why};
use super::validate::complete;
use super::values::TEXT_OR_LIST;
use super::yaml_tree::{self, Kind, Node};
use super::{Environment, Policy, PolicyError, Signoff, Suite, Trunk};

/// The largest file that is read, in bytes.
pub const LIMIT: usize = 64 * 1024;

/// Reads a policy.
///
/// `origin` is how errors name the file, as in `.pushgate.yml at 35f6b13`. A file that is empty, or has
/// nothing but comments, is a policy without environments. A section without a key (`suite:` alone) is as good as
/// none; any other key must have a value.
pub fn load(origin: &str, text: &[u8]) -> Result<Policy, PolicyError> {
    load_with_places(origin, text).map(|(policy, _)| policy)
}

/// Reads a policy, and where everything stands in its file.
pub(super) fn load_with_places(origin: &str, text: &[u8]) -> Result<(Policy, Node), PolicyError> {
    // A file that is too big is not read for an excerpt.
    let shown = text.get(..LIMIT).unwrap_or(text);
    read(text).map_err(|fault| PolicyError::new(origin, shown, fault))
}

fn read(bytes: &[u8]) -> Result<(Policy, Node), Fault> {
    let text = characters(bytes)?;
    // Whether the text is YAML is for serde_yaml to decide.
    let (places, syntax) = match yaml_tree::read(text) {
        Ok(places) => (places, None),
        Err(fault) if matches!(fault.problem, Problem::Syntax(_) | Problem::Tab) => {
            (Node::default(), Some(fault))
        }
        Err(fault) => return Err(fault),
    };
    let value: Value =
        serde_yaml::from_str(text).map_err(|error| syntax.unwrap_or_else(|| unreadable(&error)))?;
    let policy = Policy::deserialize(Reader::new(&value))
        .and_then(|policy| complete(policy, &value))
        .map_err(|rejected| place(rejected, &places))?;
    Ok((policy, places))
}

/// The text of a file that is small enough, without a byte order mark.
fn characters(bytes: &[u8]) -> Result<&str, Fault> {
    if bytes.len() > LIMIT {
        let (size, limit) = (bytes.len(), LIMIT);
        return Err(Place::START.fault(Problem::TooBig { size, limit }));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Place::after(&bytes[..error.valid_up_to()]).fault(Problem::NotUtf8))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // A carriage return ends a line for YAML, and for few editors unless a line feed follows.
    let is_odd =
        |at: usize, c: char| is_invisible(c) || (c == '\r' && !text[at + 1..].starts_with('\n'));
    match text.char_indices().find(|(at, c)| is_odd(*at, *c)) {
        Some((at, c)) => Err(Place::after(&text.as_bytes()[..at]).fault(Problem::Invisible(c))),
        None => Ok(text),
    }
}

/// A text that is plain YAML to `yaml_tree` and none to `serde_yaml`.
fn unreadable(error: &serde_yaml::Error) -> Fault {
    let place = error.location().map_or(Place::START, |at| Place {
        line: at.line().max(1),
        column: at.column().max(1),
    });
    // Only what is shown is shortened: the place stands before it.
    let words = error.to_string();
    let why = words.split(" at line ").next().unwrap_or(&words);
    place.fault(Problem::Syntax(why.to_owned()))
}

/// Gives what was rejected its place, and the text that stands there.
fn place(rejected: Rejected, places: &Node) -> Fault {
    let (entry, node, is_there) = places.follow(&rejected.path());
    let key = entry.map_or("", |entry| entry.key.as_str());
    let place = match entry {
        Some(entry) if rejected.is_key || !is_there => entry.place,
        _ => node.place,
    };
    place.fault(match rejected.why {
        Why::Problem(Problem::UnknownKey { key, allowed, .. }) => Problem::UnknownKey {
            belongs: section_of(&key, &allowed),
            key,
            allowed,
        },
        Why::Problem(problem) => problem,
        Why::KeyNotText(found) => {
            let (found, quotable) = scalar(found, key);
            Problem::KeyNotText { found, quotable }
        }
        Why::WrongType { expected, found } => wrong_type(expected, found, node),
        Why::EmptyList => Problem::EmptyList {
            key: key.to_owned(),
        },
        Why::Invalid(why) => {
            let text = match &node.kind {
                Kind::Scalar(text) => text,
                Kind::List(_) | Kind::Map(_) => key,
            };
            let text = text.to_owned();
            Problem::Invalid { text, why }
        }
    })
}

/// The section where a key has a meaning, for those who wrote it into another.
fn section_of(key: &str, allowed: &[String]) -> Option<&'static str> {
    /// Every key of a section: what serde says is allowed instead of one that is not.
    fn keys<'de, T: Deserialize<'de>>() -> Vec<String> {
        let unknown = MapDeserializer::new(std::iter::once(("", "")));
        match T::deserialize(unknown).map_err(|rejected: Rejected| rejected.why) {
            Err(Why::Problem(Problem::UnknownKey { allowed, .. })) => allowed,
            _ => Vec::new(),
        }
    }
    let sections = [
        ("`trunk`", keys::<Trunk>()),
        ("`suite`", keys::<Suite>()),
        ("an environment", keys::<Environment>()),
        ("`signoff`", keys::<Signoff>()),
        ("`window`", keys::<WindowKeys>()),
    ];
    let other =
        |(_, keys): &&(_, Vec<String>)| keys.iter().any(|known| known == key) && keys != allowed;
    sections.iter().find(other).map(|(section, _)| *section)
}

fn wrong_type(expected: String, found: Found, node: &Node) -> Problem {
    let (mut found, quotable) = match &node.kind {
        Kind::List(_) => ("a list".to_owned(), false),
        Kind::Map(_) => ("a map".to_owned(), false),
        Kind::Scalar(text) => scalar(found, text),
    };
    // The booleans of YAML 1.1 are text in 1.2.
    if let Kind::Scalar(text) = &node.kind
        && [FLAG, SIGNOFF].contains(&expected.as_str())
    {
        match text.to_ascii_lowercase().as_str() {
            "yes" | "on" | "y" => found += "; did you mean `true`?",
            "no" | "off" | "n" => found += "; did you mean `false`?",
            _ => {}
        }
    }
    let takes_text = [TEXT, TEXT_OR_LIST, STEP].contains(&expected.as_str());
    Problem::WrongType {
        expected,
        found,
        quotable: quotable && takes_text,
    }
}

/// Names a scalar, and tells whether quotes would make it text.
fn scalar(found: Found, text: &str) -> (String, bool) {
    match found {
        Found::Nothing => ("nothing".to_owned(), false),
        Found::Flag => (quoted(text), true),
        Found::Number => (format!("the number {}", quoted(text)), true),
        Found::Other => (quoted(text), false),
    }
}
