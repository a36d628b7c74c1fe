//! The values of a policy, each checked while serde reads it, so that an error knows its place.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde::de::{Deserializer, Error, SeqAccess, Unexpected, Visitor};

use crate::calendar::{Rule, RuleError};

/// What a key takes that may have one value or several.
pub(super) const TEXT_OR_LIST: &str = "text or a list";

/// Texts that a function checks, and may change.
macro_rules! texts {
    ($($(#[$doc:meta])* $type:ident = $check:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Deserialize)]
        #[serde(try_from = "String")]
        pub(super) struct $type(String);

        impl TryFrom<String> for $type {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                $check(&text).map(Self)
            }
        }

        impl From<$type> for String {
            fn from($type(text): $type) -> Self {
                text
            }
        }

        impl From<$type> for Option<String> {
            fn from($type(text): $type) -> Self {
                Some(text)
            }
        }
    )+};
}

texts! {
    /// The name of a remote, an app, an environment, a step or a check.
    Name = name;
    /// The short name of a branch.
    Branch = branch;
    /// A command for `sh -c`.
    Command = command;
    /// A path below the top of the tree.
    RelativePath = relative_path;
    /// A regular expression.
    Pattern = pattern;
    /// The name of an environment variable.
    Variable = variable;
}

fn refuse<T>(why: &str) -> Result<T, String> {
    Err(why.to_owned())
}

pub(super) fn name(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        refuse("a name must not be empty")
    } else if text.trim() != text {
        refuse("a name must not begin or end with a space")
    } else if text.chars().any(char::is_control) {
        refuse("a name must not have control characters")
    } else if text.starts_with('-') {
        // git takes it for an option.
        refuse("a name must not begin with `-`")
    } else {
        Ok(text.to_owned())
    }
}

/// Takes `refs/heads/main` for `main`; refuses what git-check-ref-format(1) refuses in a branch.
fn branch(text: &str) -> Result<String, String> {
    let name = name(text.strip_prefix("refs/heads/").unwrap_or(text))?;
    let odd = |part: &str| {
        part.is_empty() || part.starts_with('.') || part.strip_suffix(".lock").is_some()
    };
    if name.contains(['*', '?', '[']) {
        refuse("a branch, not a pattern; list the branches")
    } else if name.starts_with("refs/") {
        refuse("not a branch; write its short name, such as `main`")
    } else if name.contains([' ', '~', '^', ':', '\\'])
        || name.contains("..")
        || name.contains("@{")
        || name.ends_with('.')
        || name.split('/').any(odd)
    {
        refuse("no branch can have this name")
    } else {
        Ok(name)
    }
}

fn command(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        refuse("a command must not be empty; remove the key to have the suite found")
    } else if text.contains('\0') {
        refuse("a command must not have a NUL character")
    } else {
        Ok(text.trim().to_owned())
    }
}

fn relative_path(text: &str) -> Result<String, String> {
    let path = name(text)?;
    let path = path.trim_end_matches('/');
    if path.is_empty() || path.starts_with('/') {
        refuse("a path below the top of the repository, not an absolute one")
    } else if path
        .split('/')
        .any(|part| matches!(part, "" | "." | ".." | ".git"))
    {
        refuse("a path below the top of the repository, without `.`, `..` and `.git` in it")
    } else {
        Ok(path.to_owned())
    }
}

fn pattern(text: &str) -> Result<String, String> {
    match regex_lite::Regex::new(text) {
        Ok(_) if text.is_empty() => refuse("matches anything; remove the key instead"),
        Ok(_) => Ok(text.to_owned()),
        // Its last line has the reason; the others draw a picture of the text.
        Err(error) => Err(format!(
            "is not a regular expression: {}",
            (error.to_string().lines().last().unwrap_or_default()).trim_start_matches("error: ")
        )),
    }
}

fn variable(text: &str) -> Result<String, String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if text.is_empty() || !text.chars().all(is_word) || text.as_bytes()[0].is_ascii_digit() {
        refuse("not the name of a variable; write one such as `RAILS_ENV`, without its value")
    } else {
        Ok(text.to_owned())
    }
}

/// A rule of `open`.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Opening(Rule);

impl TryFrom<String> for Opening {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if is_calendar(&text) {
            return refuse("a calendar can only close; put it under `closed`");
        }
        rule(&text).map(Self)
    }
}

impl From<Opening> for Rule {
    fn from(Opening(rule): Opening) -> Self {
        rule
    }
}

/// What closes a window: a rule, or the calendar at a path.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) enum Closing {
    Rule(Rule),
    Calendar(String),
}

impl TryFrom<String> for Closing {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if is_calendar(&text) {
            relative_path(&text).map(Self::Calendar)
        } else {
            rule(&text).map(Self::Rule)
        }
    }
}

fn rule(text: &str) -> Result<Rule, String> {
    text.parse().map_err(|error: RuleError| error.to_string())
}

/// Whether a text is the name of a calendar's file; no rule ends so.
pub(super) fn is_calendar(text: &str) -> bool {
    text.trim_end().to_ascii_lowercase().ends_with(".ics")
}

/// Checks a number of people.
pub(super) fn people(number: u64) -> Result<u32, &'static str> {
    match u32::try_from(number) {
        Ok(0) => Err("a sign-off by nobody is none; write `signoff: false`"),
        // More than any team that meets on one staging.
        Ok(people @ ..=100) => Ok(people),
        _ => Err("more people than will ever try it; 100 is the most"),
    }
}

/// Reads a number of people, for `deserialize_with`.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    people(u64::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// Reads a value as a type that checks it, for `deserialize_with`.
pub(super) fn checked<'de, T, V, D>(deserializer: D) -> Result<V, D::Error>
where
    T: Deserialize<'de> + Into<V>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Into::into)
}

/// One value, or a list of at least one.
pub(super) type OneOrMore<T> = Several<T, true>;
/// A list of at least one.
pub(super) type List<T> = Several<T, false>;

/// At least one value; `ONE`: a value that is no list counts as a list of one.
pub(super) struct Several<T, const ONE: bool>(Vec<T>);

impl<T: Into<V>, V, const ONE: bool> From<Several<T, ONE>> for Vec<V> {
    fn from(Several(items): Several<T, ONE>) -> Self {
        items.into_iter().map(Into::into).collect()
    }
}

impl<'de, T: Deserialize<'de>, const ONE: bool> Deserialize<'de> for Several<T, ONE> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SeveralVisitor(PhantomData))
    }
}

struct SeveralVisitor<T, const ONE: bool>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const ONE: bool> Visitor<'de> for SeveralVisitor<T, ONE> {
    type Value = Several<T, ONE>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = "a list such as `[RAILS_ENV]`";
        f.write_str(if ONE { TEXT_OR_LIST } else { list })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if !ONE {
            return Err(E::invalid_type(Unexpected::Str(text), &self));
        }
        Ok(Several(vec![T::deserialize(StrDeserializer::new(text))?]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let items = std::iter::from_fn(|| list.next_element().transpose());
        let items = items.collect::<Result<Vec<T>, _>>()?;
        if items.is_empty() {
            return Err(A::Error::invalid_length(0, &self));
        }
        Ok(Several(items))
    }
}
