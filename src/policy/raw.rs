//! The policy as the file spells it: every key there is, and no default filled in.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::durations::{Length, Limit};
use super::values::{
    Branch, Closing, Command, List, Name, OneOrMore, Opening, Pattern, People, RelativePath,
    Variable,
};
use super::{Forge, In, On, Reason, Reuse, Signoff};
use crate::calendar::Zone;

/// What a step takes.
pub(super) const STEP: &str = "a command, or keys such as `run`";
/// What `signoff` takes.
pub(super) const SIGNOFF: &str = "`true`, `false`, a number of people, or keys such as `by`";

#[derive(Debug, Default, Deserialize)]
#[serde(
    deny_unknown_fields,
    default,
    expecting = "the keys `trunk`, `suite`, `environments` and `share`"
)]
pub(super) struct RawPolicy {
    pub(super) trunk: RawTrunk,
    pub(super) suite: RawSuite,
    pub(super) environments: RawEnvironments,
    pub(super) share: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "keys such as `branch`")]
pub(super) struct RawTrunk {
    pub(super) branch: Option<Branch>,
    pub(super) remote: Option<Name>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "keys such as `run`")]
pub(super) struct RawSuite {
    pub(super) run: Option<OneOrMore<RawStep>>,
    pub(super) ci: Option<Forge>,
    pub(super) checks: Option<OneOrMore<Name>>,
    pub(super) on: Option<On>,
    #[serde(rename = "in")]
    pub(super) place: Option<In>,
    pub(super) timeout: Option<Limit>,
    pub(super) reuse: Option<Reuse>,
    pub(super) env: Option<List<Variable>>,
    pub(super) expect: Option<Pattern>,
    pub(super) link: Option<OneOrMore<RelativePath>>,
    pub(super) interactive: Option<bool>,
}

/// The environments in the order of the file.
#[derive(Debug, Default)]
pub(super) struct RawEnvironments(pub(super) Vec<(String, RawEnvironment)>);

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "keys such as `remote`")]
pub(super) struct RawEnvironment {
    pub(super) remote: Option<OneOrMore<Name>>,
    pub(super) app: Option<OneOrMore<Name>>,
    pub(super) after: Option<Name>,
    pub(super) soak: Option<Length>,
    pub(super) signoff: Option<RawSignoff>,
    pub(super) window: Option<RawWindow>,
    pub(super) branch: Option<OneOrMore<Branch>>,
    pub(super) reason: Option<Reason>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "keys such as `closed`")]
pub(super) struct RawWindow {
    pub(super) timezone: Option<Zone>,
    pub(super) open: Option<OneOrMore<Opening>>,
    pub(super) closed: Option<OneOrMore<Closing>>,
    pub(super) runway: Option<Length>,
}

/// A command, or a map that has one.
#[derive(Debug)]
pub(super) struct RawStep(pub(super) RawStepMap);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStepMap {
    pub(super) name: Option<Name>,
    pub(super) run: Command,
    pub(super) timeout: Option<Limit>,
    pub(super) dir: Option<RelativePath>,
    #[serde(default)]
    pub(super) parallel: bool,
}

/// Who has to sign off: a yes or no, a number of people, or a map.
#[derive(Debug)]
pub(super) struct RawSignoff(pub(super) Option<Signoff>);

impl<'de> Deserialize<'de> for RawStep {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StepVisitor;

        impl<'de> Visitor<'de> for StepVisitor {
            type Value = RawStepMap;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(STEP)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<RawStepMap, E> {
                Ok(RawStepMap {
                    name: None,
                    run: Command::try_from(text.to_owned()).map_err(E::custom)?,
                    timeout: None,
                    dir: None,
                    parallel: false,
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawStepMap, A::Error> {
                RawStepMap::deserialize(MapAccessDeserializer::new(map))
            }
        }

        deserializer.deserialize_any(StepVisitor).map(Self)
    }
}

impl<'de> Deserialize<'de> for RawSignoff {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SignoffVisitor;

        impl<'de> Visitor<'de> for SignoffVisitor {
            type Value = Option<Signoff>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(SIGNOFF)
            }

            fn visit_bool<E: Error>(self, wanted: bool) -> Result<Self::Value, E> {
                Ok(wanted.then(Signoff::default))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                let People(people) = People::try_from(number).map_err(E::custom)?;
                Ok(Some(Signoff {
                    people,
                    ..Signoff::default()
                }))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Signoff::deserialize(MapAccessDeserializer::new(map)).map(Some)
            }
        }

        deserializer.deserialize_any(SignoffVisitor).map(Self)
    }
}

impl<'de> Deserialize<'de> for RawEnvironments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EnvironmentsVisitor;

        impl<'de> Visitor<'de> for EnvironmentsVisitor {
            type Value = Vec<(String, RawEnvironment)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the names of environments")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                std::iter::from_fn(|| map.next_entry().transpose()).collect()
            }
        }

        deserializer.deserialize_map(EnvironmentsVisitor).map(Self)
    }
}
