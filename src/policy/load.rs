//! Bytes in, a policy or an error with its place out.

use super::error::{Fault, Place, is_invisible};
use super::reader::Item;
use super::source::Source;
use super::{DeployRemote, Policy, PolicyError, sections};

/// The largest file that is read, in bytes.
pub const LIMIT: usize = 64 * 1024;

/// Reads a policy.
///
/// `origin` is how errors name the file, as in `.pushgate.yml at 35f6b13`. A key that the file lacks has its
/// default, `environments` the one that these remotes to Heroku make. A section without a key (`suite:` alone) is as
/// good as none, while `environments: {}` says that there are none; any other key must have a value.
pub fn load(origin: &str, text: &[u8], heroku: &[DeployRemote]) -> Result<Policy, PolicyError> {
    load_with_source(origin, text, heroku).map(|(policy, _)| policy)
}

/// Reads a policy, and the text and values of its file.
pub(super) fn load_with_source<'t>(
    origin: &str,
    text: &'t [u8],
    heroku: &[DeployRemote],
) -> Result<(Policy, Source<'t>), PolicyError> {
    let read = || {
        let source = Source::read(characters(text)?)?;
        let policy = sections::policy(Item::root(&source), heroku)?;
        Ok((policy, source))
    };
    // A file that is too big is not read for an excerpt.
    let shown = text.get(..LIMIT).unwrap_or(text);
    read().map_err(|fault| PolicyError::new(origin, shown, fault))
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
