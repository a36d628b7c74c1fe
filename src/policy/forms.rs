//! The values of a policy that have several forms in the file.

use std::fmt;
use std::time::Duration;

use jiff::SignedDuration;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::durations::length;
use super::values::{Closing, Command, OneOrMore, Opening, checked, people};
use super::{Environment, Signoff, Step};
use crate::calendar::{Holidays, Rule, Window, Zone};

/// What a step takes.
pub(super) const STEP: &str = "a command, or keys such as `run`";
/// What `signoff` takes.
pub(super) const SIGNOFF: &str = "`true`, `false`, a number of people, or keys such as `by`";

/// The keys of a window, whose rules and calendars close it in one list.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "keys such as `closed`")]
pub(super) struct WindowKeys {
    timezone: Zone,
    #[serde(deserialize_with = "checked::<OneOrMore<Opening>, _, _>")]
    open: Vec<Rule>,
    #[serde(deserialize_with = "checked::<OneOrMore<Closing>, _, _>")]
    closed: Vec<Closing>,
    #[serde(deserialize_with = "length")]
    runway: Duration,
}

impl From<WindowKeys> for Window {
    fn from(keys: WindowKeys) -> Self {
        let mut window = Self {
            timezone: keys.timezone,
            open: keys.open,
            // A duration that was read is ten years at most.
            runway: SignedDuration::try_from(keys.runway).unwrap_or(SignedDuration::MAX),
            ..Self::default()
        };
        for closing in keys.closed {
            match closing {
                Closing::Rule(rule) => window.closed.push(rule),
                Closing::Calendar(path) => window.holidays.push(Holidays::unread(path)),
            }
        }
        window
    }
}

/// Defines a type that is read by a visitor of its own, and becomes the type of the model.
macro_rules! form {
    ($(#[$doc:meta])* $form:ident => $model:ty, $method:ident, $expecting:expr, { $($visit:item)+ }) => {
        $(#[$doc])*
        pub(super) struct $form($model);

        impl From<$form> for $model {
            fn from($form(value): $form) -> Self {
                value
            }
        }

        impl<'de> Deserialize<'de> for $form {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct FormVisitor;

                impl<'de> Visitor<'de> for FormVisitor {
                    type Value = $model;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }

                    $($visit)+
                }

                deserializer.$method(FormVisitor).map(Self)
            }
        }
    };
}

form! {
    /// A command, or a map that has one.
    AnyStep => Step, deserialize_any, STEP, {
        fn visit_str<E: Error>(self, text: &str) -> Result<Step, E> {
            let command = Command::try_from(text.to_owned()).map_err(E::custom)?;
            let run = command.into();
            Ok(Step { run, ..Step::default() })
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Step, A::Error> {
            Step::deserialize(MapAccessDeserializer::new(map))
        }
    }
}

form! {
    /// Who has to sign off: a yes or no, a number of people, or a map.
    AnySignoff => Option<Signoff>, deserialize_any, SIGNOFF, {
        fn visit_bool<E: Error>(self, wanted: bool) -> Result<Self::Value, E> {
            Ok(wanted.then(Signoff::default))
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
            let people = people(number).map_err(E::custom)?;
            Ok(Some(Signoff { people, ..Signoff::default() }))
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            Signoff::deserialize(MapAccessDeserializer::new(map)).map(Some)
        }
    }
}

form! {
    /// The environments by their names, in the order of the file.
    Environments => Vec<Environment>, deserialize_map, "the names of environments", {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let entries = std::iter::from_fn(|| map.next_entry::<String, Environment>().transpose());
            let named = entries.map(|entry| {
                entry.map(|(name, environment)| Environment { name, ..environment })
            });
            named.collect()
        }
    }
}
