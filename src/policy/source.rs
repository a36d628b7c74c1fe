//! The values of a policy, as `serde_yaml` reads them, and where each of them stands.

use std::cell::{Cell, RefCell};
use std::{fmt, ptr};

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Visitor};
use serde_yaml::{Mapping, Value};

use super::error::{Fault, Place, quoted};

/// The most values and keys, each as often as an alias repeats it.
const VALUES: usize = 4000;
/// The most brackets: libyaml takes minutes for ten thousands that are open.
const BRACKETS: usize = 2000;

/// The values of a file, and its text.
pub(super) struct Source<'t> {
    text: &'t str,
    pub(super) root: Value,
}

impl<'t> Source<'t> {
    pub(super) fn read(text: &'t str) -> Result<Self, Fault> {
        if text.matches(['[', '{']).nth(BRACKETS).is_some() {
            return Err(Place::default().fault(format!("more than {BRACKETS} brackets")));
        }
        let root = read(text, None)?;
        Ok(Self { text, root })
    }

    /// Where a value of this file stands; one without a text stands where its key does.
    pub(super) fn place(&self, value: &Value) -> Place {
        self.find(value, !value.is_null())
    }

    /// Where the key of a value stands; that of an item of a list is the item itself.
    pub(super) fn key_place(&self, value: &Value) -> Place {
        self.find(value, false)
    }

    /// Whether a text stands on a line of the file as it is, but for spaces and comments.
    pub(super) fn has(&self, text: &str) -> bool {
        let squeezed = |text: &str| text.split_whitespace().collect::<String>();
        let wanted = squeezed(text);
        let mut lines = self.text.lines();
        lines.any(|line| squeezed(line.split('#').next().unwrap_or_default()).contains(&wanted))
    }

    fn find(&self, wanted: &Value, itself: bool) -> Place {
        let numbers = number(&self.root, None, wanted, &mut 0);
        let number = numbers.map(|(key, value)| if itself { value } else { key });
        // It is read once more, up to there: the error tells the place.
        let stopped = number.and_then(|number| read(self.text, Some(number)).err());
        stopped.map_or(Place::default(), |fault| fault.place)
    }
}

/// The numbers of the key of a value, and of the value, in the order of the file.
fn number(
    value: &Value,
    key: Option<usize>,
    wanted: &Value,
    count: &mut usize,
) -> Option<(usize, usize)> {
    let own = *count;
    *count += 1;
    match value {
        _ if ptr::eq(value, wanted) => Some((key.unwrap_or(own), own)),
        Value::Sequence(items) => (items.iter()).find_map(|item| number(item, None, wanted, count)),
        Value::Mapping(entries) => entries.values().find_map(|value| {
            let key = *count;
            *count += 1;
            number(value, Some(key), wanted, count)
        }),
        _ => None,
    }
}

/// Reads a text; `stop` is the number of a value at which that ends with a fault.
fn read(text: &str, stop: Option<usize>) -> Result<Value, Fault> {
    let state = State {
        stop,
        ..State::default()
    };
    let seed = Seed {
        state: &state,
        keys: None,
    };
    let read = seed.deserialize(serde_yaml::Deserializer::from_str(text));
    read.map_err(|error| {
        let place = error.location().map_or(Place::default(), |at| Place {
            line: at.line().max(1),
            column: at.column().max(1),
        });
        match state.refused.take() {
            Some(message) => place.fault(message),
            None => {
                tab(text, place).unwrap_or_else(|| place.fault(format!("not valid YAML: {error}")))
            }
        }
    })
}

/// A tab in the indentation, which often upsets the line before its own.
fn tab(text: &str, Place { line, .. }: Place) -> Option<Fault> {
    let mut lines = (line..).zip(text.lines().skip(line - 1).take(2));
    lines.find_map(|(line, text)| {
        let indentation = &text[..text.len() - text.trim_start().len()];
        let column = indentation.find('\t')? + 1;
        Some(Place { line, column }.fault("a tab in the indentation; use spaces"))
    })
}

#[derive(Default)]
struct State {
    count: Cell<usize>,
    stop: Option<usize>,
    /// What is wrong where the reader stopped; its place is that of the error.
    refused: RefCell<Option<String>>,
}

/// Reads a value as `serde_yaml::Value` does, and refuses what it would take without a word.
#[derive(Clone, Copy)]
struct Seed<'s> {
    state: &'s State,
    /// The entries before, of a key.
    keys: Option<&'s Mapping>,
}

impl<'s> Seed<'s> {
    fn refuse<T, E: Error>(self, message: impl Into<String>) -> Result<T, E> {
        self.state.refused.replace(Some(message.into()));
        Err(E::custom("refused"))
    }

    /// Counts a value, and checks it; `text`: that of one that is text.
    fn begin<E: Error>(self, text: Option<&str>) -> Result<(), E> {
        let count = self.state.count.get();
        self.state.count.set(count + 1);
        match (self.keys, text) {
            _ if self.state.stop == Some(count) => self.refuse("it stands here"),
            _ if count == VALUES => self.refuse(format!("more than {VALUES} keys and values")),
            (Some(keys), Some(key)) if keys.contains_key(key) => {
                self.refuse(format!("duplicate key {}", quoted(key)))
            }
            (Some(_), Some("<<")) => {
                self.refuse("merge keys (`<<`) are not accepted here; write the keys out")
            }
            (Some(_), None) => self.refuse("a key must be text; put it in quotes"),
            _ => Ok(()),
        }
    }

    fn scalar<E: Error>(self, value: Value) -> Result<Value, E> {
        self.begin(value.as_str())?;
        Ok(value)
    }

    fn inside(self, keys: Option<&'s Mapping>) -> Self {
        Self { keys, ..self }
    }
}

/// Visits of scalars: each is counted, checked, and kept as it is.
macro_rules! scalars {
    ($($visit:ident: $type:ty;)*) => {$(
        fn $visit<E: Error>(self, value: $type) -> Result<Value, E> {
            self.scalar(value.into())
        }
    )*};
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    /// An empty file.
    fn visit_none<E: Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.scalar(Value::Null)
    }

    scalars! {
        visit_bool: bool;
        visit_i64: i64;
        visit_u64: u64;
        visit_f64: f64;
        visit_str: &str;
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.begin(None)?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.inside(None))? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        self.begin(None)?;
        let mut map = Mapping::new();
        while let Some(key) = entries.next_key_seed(self.inside(Some(&map)))? {
            map.insert(key, entries.next_value_seed(self.inside(None))?);
        }
        Ok(map.into())
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<Value, A::Error> {
        self.refuse("tags (`!name`) are not accepted here; remove it")
    }
}
