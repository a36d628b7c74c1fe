//! The policy as the file spells it: every key there is, and nothing filled in.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::leaf::{
    Below, Branch, Closing, Command, Length, Limit, Name, Opening, Pattern, People, Variable,
    given, one_at_least, one_or_more, reuse, word,
};
use super::{By, Forge, In, On, Reason, Reuse, Signoff};
use crate::calendar::Zone;

#[derive(Debug, Default, Deserialize)]
#[serde(
    deny_unknown_fields,
    default,
    expecting = "the keys `trunk`, `suite`, `environments` and `share`"
)]
pub(super) struct RawPolicy {
    pub(super) trunk: Option<RawTrunk>,
    pub(super) suite: Option<RawSuite>,
    #[serde(deserialize_with = "environments")]
    pub(super) environments: Vec<(String, RawEnvironment)>,
    #[serde(deserialize_with = "given")]
    pub(super) share: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "keys such as `branch`")]
pub(super) struct RawTrunk {
    #[serde(deserialize_with = "given")]
    pub(super) branch: Option<Branch>,
    #[serde(deserialize_with = "given")]
    pub(super) remote: Option<Name>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "keys such as `run`")]
pub(super) struct RawSuite {
    #[serde(deserialize_with = "one_or_more")]
    pub(super) run: Option<Vec<RawStep>>,
    #[serde(deserialize_with = "word")]
    pub(super) ci: Option<Forge>,
    #[serde(deserialize_with = "one_or_more")]
    pub(super) checks: Option<Vec<Name>>,
    #[serde(deserialize_with = "word")]
    pub(super) on: Option<On>,
    #[serde(rename = "in", deserialize_with = "word")]
    pub(super) place: Option<In>,
    #[serde(deserialize_with = "given")]
    pub(super) timeout: Option<Limit>,
    #[serde(deserialize_with = "reuse")]
    pub(super) reuse: Option<Reuse>,
    #[serde(deserialize_with = "one_at_least")]
    pub(super) env: Option<Vec<Variable>>,
    #[serde(deserialize_with = "given")]
    pub(super) expect: Option<Pattern>,
    #[serde(deserialize_with = "one_or_more")]
    pub(super) link: Option<Vec<Below>>,
    #[serde(deserialize_with = "given")]
    pub(super) interactive: Option<bool>,
}

/// Who has to sign off: a yes or no, a number of people, or a map.
#[derive(Debug)]
pub(super) struct RawSignoff(pub(super) Option<Signoff>);

/// A step: a command, or a map that has one.
#[derive(Debug)]
pub(super) struct RawStep {
    pub(super) name: Option<Name>,
    pub(super) run: Command,
    pub(super) timeout: Option<Limit>,
    pub(super) dir: Option<Below>,
    pub(super) parallel: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "keys such as `remote`")]
pub(super) struct RawEnvironment {
    #[serde(deserialize_with = "one_or_more")]
    pub(super) remote: Option<Vec<Name>>,
    #[serde(deserialize_with = "one_or_more")]
    pub(super) app: Option<Vec<Name>>,
    #[serde(deserialize_with = "given")]
    pub(super) after: Option<Name>,
    #[serde(deserialize_with = "given")]
    pub(super) soak: Option<Length>,
    #[serde(deserialize_with = "given")]
    pub(super) signoff: Option<RawSignoff>,
    #[serde(deserialize_with = "given")]
    pub(super) window: Option<RawWindow>,
    #[serde(deserialize_with = "one_or_more")]
    pub(super) branch: Option<Vec<Branch>>,
    #[serde(deserialize_with = "word")]
    pub(super) reason: Option<Reason>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "keys such as `closed`")]
pub(super) struct RawWindow {
    #[serde(deserialize_with = "given")]
    pub(super) timezone: Option<Zone>,
    #[serde(deserialize_with = "one_or_more")]
    pub(super) open: Option<Vec<Opening>>,
    #[serde(deserialize_with = "one_or_more")]
    pub(super) closed: Option<Vec<Closing>>,
    #[serde(deserialize_with = "given")]
    pub(super) runway: Option<Length>,
}

impl<'de> Deserialize<'de> for RawStep {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StepVisitor)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepMap {
    #[serde(default, deserialize_with = "given")]
    name: Option<Name>,
    run: Command,
    #[serde(default, deserialize_with = "given")]
    timeout: Option<Limit>,
    #[serde(default, deserialize_with = "given")]
    dir: Option<Below>,
    #[serde(default, deserialize_with = "given")]
    parallel: Option<bool>,
}

struct StepVisitor;

impl<'de> Visitor<'de> for StepVisitor {
    type Value = RawStep;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a command, or keys such as `run`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RawStep, E> {
        let run = Command::try_from(text.to_owned()).map_err(E::custom)?;
        Ok(RawStep {
            name: None,
            run,
            timeout: None,
            dir: None,
            parallel: false,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawStep, A::Error> {
        let map = StepMap::deserialize(MapAccessDeserializer::new(map))?;
        Ok(RawStep {
            name: map.name,
            run: map.run,
            timeout: map.timeout,
            dir: map.dir,
            parallel: map.parallel.unwrap_or(false),
        })
    }
}

impl<'de> Deserialize<'de> for RawSignoff {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SignoffVisitor)
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SignoffMap {
    #[serde(deserialize_with = "given")]
    count: Option<People>,
    #[serde(deserialize_with = "word")]
    by: Option<By>,
    #[serde(deserialize_with = "given")]
    signed: Option<bool>,
}

struct SignoffVisitor;

impl<'de> Visitor<'de> for SignoffVisitor {
    type Value = RawSignoff;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`true`, `false`, a number of people, or keys such as `by`")
    }

    fn visit_bool<E: Error>(self, wanted: bool) -> Result<RawSignoff, E> {
        Ok(RawSignoff(wanted.then(Signoff::default)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<RawSignoff, E> {
        let People(people) = People::try_from(number).map_err(E::custom)?;
        Ok(RawSignoff(Some(Signoff {
            people,
            ..Signoff::default()
        })))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawSignoff, A::Error> {
        let map = SignoffMap::deserialize(MapAccessDeserializer::new(map))?;
        let standard = Signoff::default();
        Ok(RawSignoff(Some(Signoff {
            people: map.count.map_or(standard.people, |People(number)| number),
            by: map.by.unwrap_or(standard.by),
            signed: map.signed.unwrap_or(standard.signed),
        })))
    }
}

/// Reads the environments in the order of the file.
fn environments<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(String, RawEnvironment)>, D::Error> {
    deserializer.deserialize_map(EnvironmentsVisitor)
}

struct EnvironmentsVisitor;

impl<'de> Visitor<'de> for EnvironmentsVisitor {
    type Value = Vec<(String, RawEnvironment)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the names of environments")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut environments = Vec::new();
        while let Some(entry) = map.next_entry()? {
            environments.push(entry);
        }
        Ok(environments)
    }
}
