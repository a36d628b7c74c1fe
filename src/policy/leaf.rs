//! The values of a policy, each checked while serde reads it, so that an error knows its place.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use jiff::{Span, SpanRelativeTo};
use serde::de::value::StrDeserializer;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, de};

use super::error::alternatives;
use super::{By, Forge, In, On, Reason, Reuse};
use crate::calendar::{Rule, RuleError};
use crate::text::nearest;

/// How an empty list is reported; `load` knows it by this text.
pub(super) const EMPTY_LIST: &str = "an empty list";

/// The `reuse` that has the suite run each time.
const NEVER: &str = "never";

/// The longest duration that is taken for one: ten years.
const LONGEST: Duration = Duration::from_hours(10 * 365 * 24);

/// A name: of a remote, an app, an environment, a step.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Name(pub(super) String);

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.trim().is_empty() {
            Err("a name must not be empty")
        } else if text.trim() != text {
            Err("a name must not begin or end with a space")
        } else if text.chars().any(char::is_control) {
            Err("a name must not have control characters")
        } else if text.starts_with('-') {
            // git takes it for an option.
            Err("a name must not begin with `-`")
        } else {
            Ok(Self(text))
        }
    }
}

/// A branch, by its short name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Branch(pub(super) String);

impl TryFrom<String> for Branch {
    type Error = &'static str;

    /// Takes `refs/heads/main` for `main`; refuses what git-check-ref-format(1) refuses in a branch.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let short = text.strip_prefix("refs/heads/").unwrap_or(&text);
        let Name(name) = Name::try_from(short.to_owned())?;
        let odd = |part: &str| {
            part.is_empty() || part.starts_with('.') || part.strip_suffix(".lock").is_some()
        };
        if name.contains(['*', '?', '[']) {
            Err("a branch, not a pattern; list the branches")
        } else if name.starts_with("refs/") {
            Err("not a branch; write its short name, such as `main`")
        } else if name.contains([' ', '~', '^', ':', '\\'])
            || name.contains("..")
            || name.contains("@{")
            || name.ends_with('.')
            || name.split('/').any(odd)
        {
            Err("no branch can have this name")
        } else {
            Ok(Self(name))
        }
    }
}

/// A command for `sh -c`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Command(pub(super) String);

impl TryFrom<String> for Command {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.trim().is_empty() {
            Err("a command must not be empty; remove the key to have the suite found")
        } else if text.contains('\0') {
            Err("a command must not have a NUL character")
        } else {
            Ok(Self(text.trim().to_owned()))
        }
    }
}

/// A path below the top of the tree.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Below(pub(super) String);

impl TryFrom<String> for Below {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let Name(path) = Name::try_from(text)?;
        let path = path.trim_end_matches('/');
        if path.is_empty() || path.starts_with('/') {
            Err("a path below the top of the repository, not an absolute one")
        } else if path
            .split('/')
            .any(|part| matches!(part, "" | "." | ".." | ".git"))
        {
            Err("a path below the top of the repository, without `.`, `..` and `.git` in it")
        } else {
            Ok(Self(path.to_owned()))
        }
    }
}

/// A rule of `open`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Opening(pub(super) Rule);

impl TryFrom<String> for Opening {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if is_calendar(&text) {
            return Err("a calendar can only close; put it under `closed`".to_owned());
        }
        text.parse()
            .map(Self)
            .map_err(|error: RuleError| error.to_string())
    }
}

/// What closes a window: a rule, or the calendar at a path.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum Closing {
    Rule(Rule),
    Calendar(String),
}

impl TryFrom<String> for Closing {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if is_calendar(&text) {
            let Below(path) = Below::try_from(text)?;
            return Ok(Self::Calendar(path));
        }
        text.parse()
            .map(Self::Rule)
            .map_err(|error: RuleError| error.to_string())
    }
}

/// Whether a text is the name of a calendar's file; no rule ends so.
pub(super) fn is_calendar(text: &str) -> bool {
    text.trim_end().to_ascii_lowercase().ends_with(".ics")
}

/// A regular expression.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Pattern(pub(super) String);

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match regex_lite::Regex::new(&text) {
            Ok(_) if text.is_empty() => Err("matches anything; remove the key instead".to_owned()),
            Ok(_) => Ok(Self(text)),
            // Its last line has the reason; the others draw a picture of the text.
            Err(error) => Err(format!(
                "is no regular expression: {}",
                (error.to_string().lines().last().unwrap_or_default())
                    .trim_start_matches("error: ")
            )),
        }
    }
}

/// The name of an environment variable.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Variable(pub(super) String);

impl TryFrom<String> for Variable {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if text.is_empty()
            || !text.chars().all(is_word)
            || text.starts_with(|c: char| c.is_ascii_digit())
        {
            Err("not the name of a variable; write one such as `RAILS_ENV`, without its value")
        } else {
            Ok(Self(text))
        }
    }
}

/// A number of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u64")]
pub(super) struct People(pub(super) u32);

impl TryFrom<u64> for People {
    type Error = &'static str;

    fn try_from(number: u64) -> Result<Self, Self::Error> {
        /// More than any team that meets on one staging.
        const MOST: u64 = 100;
        match u32::try_from(number) {
            Ok(0) => Err("a sign-off by nobody is none; write `signoff: false`"),
            Ok(people) if number <= MOST => Ok(Self(people)),
            _ => Err("more people than will ever try it; 100 is the most"),
        }
    }
}

/// A length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Length(pub(super) Duration);

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LengthVisitor).map(Self)
    }
}

/// A length of time that is not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit(pub(super) Duration);

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Length(length) = Length::deserialize(deserializer)?;
        if length.is_zero() {
            Err(D::Error::custom("a limit of no time lets nothing finish"))
        } else {
            Ok(Self(length))
        }
    }
}

/// Reads `never`, or a length of time; no time at all is never.
pub(super) fn reuse<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Reuse>, D::Error> {
    deserializer.deserialize_any(ReuseVisitor).map(Some)
}

struct LengthVisitor;

impl Visitor<'_> for LengthVisitor {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as `30m`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
        length(text).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Duration, E> {
        length(&number.to_string()).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Duration, E> {
        length(&number.to_string()).map_err(E::custom)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Duration, E> {
        length(&number.to_string()).map_err(E::custom)
    }
}

struct ReuseVisitor;

impl Visitor<'_> for ReuseVisitor {
    type Value = Reuse;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as `24h`, or `never`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Reuse, E> {
        match text {
            NEVER => Ok(Reuse::Never),
            _ if nearest(text, [NEVER]).is_some() => Err(E::unknown_variant(text, &[NEVER])),
            _ => LengthVisitor.visit_str(text).map(reuse_for),
        }
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Reuse, E> {
        LengthVisitor.visit_u64(number).map(reuse_for)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Reuse, E> {
        LengthVisitor.visit_i64(number).map(reuse_for)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Reuse, E> {
        LengthVisitor.visit_f64(number).map(reuse_for)
    }
}

fn reuse_for(length: Duration) -> Reuse {
    if length.is_zero() {
        Reuse::Never
    } else {
        Reuse::For(length)
    }
}

/// Reads a length of time in jiff's friendly form; a day is 24 hours, a week seven days.
fn length(text: &str) -> Result<Duration, &'static str> {
    const EXAMPLES: &str = "not a duration; write one such as `30m`, `1h 30m` or `24h`";
    const TOO_LONG: &str = "longer than ten years";

    let text = text.trim();
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    if text.parse::<f64>().is_ok() {
        return Err(if text.starts_with('-') {
            "a duration must not be negative"
        } else {
            "a duration needs a unit, such as `30s`, `30m` or `24h`"
        });
    }
    let span: Span = text.parse().map_err(|_| EXAMPLES)?;
    if span.get_years() != 0 || span.get_months() != 0 {
        return Err("a month or a year has no fixed length; write days or hours");
    }
    let length = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| TOO_LONG)?;
    // No time at all has no sign of its own.
    if length.is_negative() || text.starts_with('-') || text.ends_with("ago") {
        return Err("a duration must not be negative");
    }
    let length = Duration::try_from(length).map_err(|_| TOO_LONG)?;
    if length > LONGEST {
        Err(TOO_LONG)
    } else {
        Ok(length)
    }
}

/// A closed set of words.
pub(super) trait Word: Copy + 'static {
    /// The words, as a policy spells them.
    const WORDS: &'static [&'static str];
    /// What they mean, in the same order.
    const VALUES: &'static [Self];
}

impl Word for On {
    const WORDS: &'static [&'static str] = &["deploys", "trunk", "all"];
    const VALUES: &'static [Self] = &[Self::Deploys, Self::Trunk, Self::All];
}

impl Word for In {
    const WORDS: &'static [&'static str] = &["checkout", "worktree"];
    const VALUES: &'static [Self] = &[Self::Checkout, Self::Worktree];
}

impl Word for Forge {
    const WORDS: &'static [&'static str] = &["github", "gitlab"];
    const VALUES: &'static [Self] = &[Self::Github, Self::Gitlab];
}

impl Word for Reason {
    const WORDS: &'static [&'static str] = &["required", "optional"];
    const VALUES: &'static [Self] = &[Self::Required, Self::Optional];
}

impl Word for By {
    const WORDS: &'static [&'static str] = &["anyone", "another"];
    const VALUES: &'static [Self] = &[Self::Anyone, Self::Another];
}

/// Reads one of a closed set of words.
pub(super) fn word<'de, D: Deserializer<'de>, W: Word>(
    deserializer: D,
) -> Result<Option<W>, D::Error> {
    deserializer
        .deserialize_any(WordVisitor(PhantomData))
        .map(Some)
}

struct WordVisitor<W>(PhantomData<W>);

impl<W: Word> Visitor<'_> for WordVisitor<W> {
    type Value = W;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&alternatives(W::WORDS))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<W, E> {
        let index = W::WORDS.iter().position(|word| *word == text);
        match index.and_then(|index| W::VALUES.get(index)) {
            Some(value) => Ok(*value),
            None => Err(E::unknown_variant(text, W::WORDS)),
        }
    }
}

/// Reads a value that, where its key is there, must be there too: `after:` alone is no `after`.
pub(super) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Reads one value, or a list of at least one.
pub(super) fn one_or_more<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    deserializer
        .deserialize_any(Several {
            one: true,
            item: PhantomData,
        })
        .map(Some)
}

/// Reads a list of at least one.
pub(super) fn one_at_least<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    deserializer
        .deserialize_any(Several {
            one: false,
            item: PhantomData,
        })
        .map(Some)
}

struct Several<T> {
    /// Whether a value that is no list counts as a list of one.
    one: bool,
    item: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Several<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.one {
            "text or a list"
        } else {
            "a list such as `[RAILS_ENV]`"
        })
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<T>, E> {
        if !self.one {
            return Err(E::invalid_type(de::Unexpected::Str(text), &self));
        }
        Ok(vec![T::deserialize(StrDeserializer::new(text))?])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        if items.is_empty() {
            Err(A::Error::custom(EMPTY_LIST))
        } else {
            Ok(items)
        }
    }
}
