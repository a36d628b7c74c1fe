//! Bytes in, a policy or an error with its place out.

use serde_path_to_error::Segment;
use serde_yaml::Value;

use super::error::{Fault, Place, Problem, is_invisible, quoted};
use super::leaf::EMPTY_LIST;
use super::marks::{self, Kind, Node, Step};
use super::raw::RawPolicy;
use super::validate::validate;
use super::{Policy, PolicyError};
use crate::text::nearest;

/// The largest file that is read, in bytes.
pub const LIMIT: usize = 64 * 1024;

/// Where a key has a meaning, for the reader who wrote it elsewhere.
const HOMES: [(&str, &[&str]); 5] = [
    ("`trunk`", &["remote", "branch"]),
    (
        "`suite`",
        &[
            "run",
            "ci",
            "checks",
            "on",
            "in",
            "timeout",
            "reuse",
            "env",
            "expect",
            "link",
            "interactive",
        ],
    ),
    (
        "an environment",
        &["app", "after", "soak", "signoff", "window", "reason"],
    ),
    ("`signoff`", &["count", "by", "signed"]),
    ("`window`", &["timezone", "open", "closed", "runway"]),
];

/// Reads a policy.
///
/// `origin` is how errors name the file, as in `.pushgate.yml at 35f6b13`. A file that is empty, or has
/// nothing but comments, is a policy without environments: every key has a default, and there is
/// none for the environments. A section without a key (`suite:` alone) is as good as none; any other key
/// must have a value.
pub fn load(origin: &str, text: &[u8]) -> Result<Policy, PolicyError> {
    load_with_places(origin, text).map(|(policy, _)| policy)
}

/// The same, and where everything stands; `None` where nothing does.
pub(super) fn load_with_places(
    origin: &str,
    text: &[u8],
) -> Result<(Policy, Option<Node>), PolicyError> {
    // Of a file that is too big no excerpt is worth the reading.
    let shown = text.get(..LIMIT).unwrap_or(text);
    read(text).map_err(|fault| PolicyError::new(origin, shown, fault))
}

fn read(bytes: &[u8]) -> Result<(Policy, Option<Node>), Fault> {
    let text = characters(bytes)?;
    let Some(tree) = marks::read(text)? else {
        return Ok((Policy::default(), None));
    };
    let value: Value = serde_yaml::from_str(text).map_err(|error| yaml(text, &error))?;
    if value.is_null() {
        return Ok((Policy::default(), None));
    }
    agree(&value, &tree)?;
    let raw: RawPolicy =
        serde_path_to_error::deserialize(value).map_err(|error| explain(&tree, &error))?;
    Ok((validate(raw, &tree)?, Some(tree)))
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

/// A text that the first reading took for YAML and the second did not.
fn yaml(text: &str, error: &serde_yaml::Error) -> Fault {
    let Some(location) = error.location() else {
        return disagreement(Place::START);
    };
    let place = Place {
        line: location.line().max(1),
        column: location.column().max(1),
    };
    let message = error.to_string();
    let why = message.split(" at line ").next().unwrap_or(&message);
    marks::syntax(text, place, why)
}

/// Checks that both readings saw the same keys and texts, and that every key is text.
fn agree(value: &Value, node: &Node) -> Result<(), Fault> {
    match (value, &node.kind) {
        (Value::Mapping(map), Kind::Map(entries)) if map.len() == entries.len() => {
            for ((key, value), entry) in map.iter().zip(entries) {
                match key {
                    Value::String(key) if *key == entry.key => agree(value, &entry.value)?,
                    Value::Null | Value::Bool(_) | Value::Number(_) => {
                        let (found, quotable) = scalar(key_kind(key), &entry.key);
                        return Err(entry.place.fault(Problem::KeyNotText { found, quotable }));
                    }
                    _ => return Err(disagreement(entry.place)),
                }
            }
            Ok(())
        }
        (Value::Sequence(list), Kind::List(items)) if list.len() == items.len() => list
            .iter()
            .zip(items)
            .try_for_each(|(value, item)| agree(value, item)),
        (Value::String(text), Kind::Scalar(same)) if text == same => Ok(()),
        (Value::Null | Value::Bool(_) | Value::Number(_), Kind::Scalar(_)) => Ok(()),
        _ => Err(disagreement(node.place)),
    }
}

fn disagreement(place: Place) -> Fault {
    let why = "it can be read in two ways; write it more simply, or put it in quotes";
    place.fault(Problem::Syntax(why.to_owned()))
}

fn key_kind(key: &Value) -> &'static str {
    match key {
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        _ => "unit",
    }
}

/// Gives what serde has to say its place, and the words of this program.
fn explain(tree: &Node, error: &serde_path_to_error::Error<serde_yaml::Error>) -> Fault {
    let path = error.path();
    let steps = path.iter().map_while(|segment| match segment {
        Segment::Map { key } => Some(Step::Key(key)),
        Segment::Seq { index } => Some(Step::Item(*index)),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    let (entry, node) = tree.follow(steps);
    let key = entry.map_or("", |entry| entry.key.as_str());
    let key_place = entry.map_or(node.place, |entry| entry.place);
    let message = error.inner().to_string();

    if let Some((field, allowed)) = unknown(&message, "unknown field `") {
        return key_place.fault(Problem::UnknownKey {
            key: field.to_owned(),
            nearest: near(field, &allowed),
            belongs: home(field, &allowed),
            allowed,
        });
    }
    if let Some((text, allowed)) = unknown(&message, "unknown variant `") {
        return node.place.fault(Problem::UnknownValue {
            text: text.to_owned(),
            nearest: near(text, &allowed),
            allowed,
        });
    }
    if let Some(field) = message.strip_prefix("missing field `") {
        let key = field.trim_end_matches('`').to_owned();
        return node.place.fault(Problem::MissingKey { key });
    }
    if let Some(mismatch) = message.strip_prefix("invalid type: ") {
        return node.place.fault(wrong_type(mismatch, node));
    }
    if message == EMPTY_LIST {
        let key = key.to_owned();
        return node.place.fault(Problem::EmptyList { key });
    }
    let text = match &node.kind {
        Kind::Scalar(text) => text.clone(),
        Kind::List(_) | Kind::Map(_) => key.to_owned(),
    };
    node.place.fault(Problem::Invalid { text, why: message })
}

/// Takes serde's "unknown field `x`, expected one of `a`, `b`" apart.
fn unknown<'a>(message: &'a str, prefix: &str) -> Option<(&'a str, Vec<String>)> {
    let rest = message.strip_prefix(prefix)?;
    let (word, expected) = rest.rsplit_once("`, expected ")?;
    let allowed = expected.split('`').skip(1).step_by(2);
    Some((word, allowed.map(str::to_owned).collect()))
}

fn near(word: &str, allowed: &[String]) -> Option<String> {
    nearest(word, allowed.iter().map(String::as_str)).map(str::to_owned)
}

fn home(key: &str, allowed: &[String]) -> Option<String> {
    HOMES
        .iter()
        .find(|(_, keys)| {
            keys.contains(&key) && !keys.iter().all(|key| allowed.iter().any(|a| a == key))
        })
        .map(|(home, _)| (*home).to_owned())
}

/// Says serde's "invalid type: integer `12`, expected a string" in the words of a policy.
fn wrong_type(mismatch: &str, node: &Node) -> Problem {
    let (kind, expected) = mismatch
        .rsplit_once(", expected ")
        .unwrap_or((mismatch, ""));
    let expected = match expected {
        "a string" => "text",
        "a boolean" => "`true` or `false`",
        "u64" => "a number of people",
        other => other,
    };
    let (mut found, quotable) = match &node.kind {
        Kind::List(_) => ("a list".to_owned(), false),
        Kind::Map(_) => ("a map".to_owned(), false),
        Kind::Scalar(text) => scalar(kind, text),
    };
    // The booleans of YAML 1.1 are text in 1.2.
    if let Kind::Scalar(text) = &node.kind
        && expected.starts_with("`true`")
    {
        match text.to_ascii_lowercase().as_str() {
            "yes" | "on" | "y" => found += "; did you mean `true`?",
            "no" | "off" | "n" => found += "; did you mean `false`?",
            _ => {}
        }
    }
    let takes_text = expected.starts_with("text") || expected.starts_with("a command");
    Problem::WrongType {
        expected: expected.to_owned(),
        found,
        quotable: quotable && takes_text,
    }
}

/// Names a scalar by serde's word for its type, and tells whether quotes would make it text.
fn scalar(kind: &str, text: &str) -> (String, bool) {
    let kind = kind.split(' ').next().unwrap_or(kind);
    match kind {
        "boolean" => (quoted(text), true),
        "integer" | "floating" | "number" => (format!("the number {}", quoted(text)), true),
        "unit" | "Option" => ("nothing".to_owned(), false),
        _ => (quoted(text), false),
    }
}
