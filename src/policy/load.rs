//! Bytes in, a policy or an error with its place out.

use serde_yaml::Value;

use super::error::{Fault, Place, is_invisible};
use super::reader::Item;
use super::yaml_tree::{self, Node};
use super::{Policy, PolicyError, sections};

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
    let (places, broken) = yaml_tree::read(text)?;
    // Whether the text is YAML is for serde_yaml to decide.
    let value: Value =
        serde_yaml::from_str(text).map_err(|error| broken.unwrap_or_else(|| unreadable(&error)))?;
    let root = Item {
        key: "",
        value: &value,
        node: &places,
    };
    Ok((sections::policy(root)?, places))
}

/// The text of a file that is small enough, without a byte order mark.
fn characters(bytes: &[u8]) -> Result<&str, Fault> {
    if bytes.len() > LIMIT {
        let size = bytes.len();
        let message = format!("the file has {size} bytes; at most {LIMIT} are read");
        return Err(Place::default().fault(message));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Place::after(&bytes[..error.valid_up_to()]).fault("not UTF-8 text"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // A carriage return ends a line for YAML, and for few editors unless a line feed follows.
    let is_odd =
        |at: usize, c: char| is_invisible(c) || (c == '\r' && !text[at + 1..].starts_with('\n'));
    match text.char_indices().find(|(at, c)| is_odd(*at, *c)) {
        Some((at, c)) => {
            let message = format!("invisible character U+{:04X}; remove it", u32::from(c));
            Err(Place::after(&text.as_bytes()[..at]).fault(message))
        }
        None => Ok(text),
    }
}

/// A text that is plain YAML to `yaml_tree` and none to `serde_yaml`.
fn unreadable(error: &serde_yaml::Error) -> Fault {
    let place = error.location().map_or(Place::default(), |at| Place {
        line: at.line().max(1),
        column: at.column().max(1),
    });
    // Only what is shown is shortened: the place stands before it.
    let words = error.to_string();
    let why = words.split(" at line ").next().unwrap_or(&words);
    place.fault(format!("not valid YAML: {why}"))
}
