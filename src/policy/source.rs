//! The text of a policy: `serde_yaml` reads its values, and saphyr's parser says, for an error, where one of them stands.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::ptr;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Visitor};
use serde_yaml::{Mapping, Value};

use super::error::{Fault, Place, quoted};

/// The deepest nesting that is read; a policy needs five.
const DEPTH: usize = 16;
/// The most items of a list, or keys of a map.
const WIDTH: usize = 1000;
/// The most values of a file, those that an alias repeats among them.
const VALUES: usize = 20_000;
/// The most brackets: libyaml takes minutes for ten thousands that are open.
const BRACKETS: usize = 2000;

/// The values of a file, and its text.
pub(super) struct Source<'t> {
    text: &'t str,
    pub(super) root: Value,
}

/// Where a value and its key stand.
#[derive(Clone, Copy, Default)]
pub(super) struct Spot {
    /// The key, in a map; elsewhere the same as `value`.
    pub(super) key: Place,
    pub(super) value: Place,
    /// Whether it is a text without quotes.
    pub(super) is_plain: bool,
}

impl<'t> Source<'t> {
    pub(super) fn read(text: &'t str) -> Result<Self, Fault> {
        if text.matches(['[', '{']).nth(BRACKETS).is_some() {
            return Err(Place::default().fault(format!("more than {BRACKETS} brackets")));
        }
        let state = State {
            left: Cell::new(VALUES),
            refused: RefCell::default(),
        };
        let seed = Seed {
            state: &state,
            depth: 0,
            keys: None,
        };
        match seed.deserialize(serde_yaml::Deserializer::from_str(text)) {
            Ok(root) => Ok(Self { text, root }),
            Err(error) => Err(match state.refused.take() {
                Some(message) => reported(&error).fault(message),
                None => syntax(text, &error),
            }),
        }
    }

    /// Where a value of this file stands; one that an alias repeats stands where the alias does.
    pub(super) fn spot(&self, value: &Value) -> Spot {
        let mut events = Parser::new_from_str(self.text)
            .map_while(Result::ok)
            .skip_while(|(event, _)| matches!(event, Event::StreamStart | Event::DocumentStart(_)));
        let mut spot = Spot::default();
        let mut next = |skipped: usize| {
            for _ in 0..skipped {
                let mut depth = 0;
                for (event, _) in events.by_ref() {
                    match event {
                        Event::SequenceStart(..) | Event::MappingStart(..) => depth += 1,
                        Event::SequenceEnd | Event::MappingEnd => depth -= 1,
                        _ => {}
                    }
                    if depth <= 0 {
                        break;
                    }
                }
            }
            events.next()
        };
        let mut found = next(0);
        let mut way = path(&self.root, value).into_iter().flatten();
        while let Some((event, span)) = found {
            spot.value = place(span.start);
            spot.is_plain = matches!(event, Event::Scalar(_, ScalarStyle::Plain, ..));
            // There is no text to point at where nothing follows a key.
            if matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text.is_empty()) {
                spot.value = spot.key;
            }
            found = match (event, way.next()) {
                (Event::SequenceStart(..), Some(index)) => {
                    let item = next(index);
                    spot.key = item
                        .as_ref()
                        .map_or(spot.key, |(_, span)| place(span.start));
                    item
                }
                (Event::MappingStart(..), Some(index)) => {
                    let key = next(2 * index);
                    spot.key = key.map_or(spot.key, |(_, span)| place(span.start));
                    next(0)
                }
                _ => break,
            };
        }
        spot
    }
}

/// The way from a value to one inside it: its index in each list or map.
fn path(from: &Value, wanted: &Value) -> Option<Vec<usize>> {
    let inside = match from {
        _ if ptr::eq(from, wanted) => return Some(Vec::new()),
        Value::Sequence(items) => items.iter().collect(),
        Value::Mapping(entries) => entries.values().collect(),
        _ => Vec::new(),
    };
    inside.into_iter().enumerate().find_map(|(index, value)| {
        let mut way = path(value, wanted)?;
        way.insert(0, index);
        Some(way)
    })
}

fn place(mark: Marker) -> Place {
    Place {
        line: mark.line().max(1),
        column: mark.col() + 1,
    }
}

/// Where `serde_yaml` found an error.
fn reported(error: &serde_yaml::Error) -> Place {
    error.location().map_or(Place::default(), |at| Place {
        line: at.line().max(1),
        column: at.column().max(1),
    })
}

/// An error of syntax, in the words of the parser that knows its place.
fn syntax(text: &str, error: &serde_yaml::Error) -> Fault {
    let (place, why) = match Parser::new_from_str(text).find_map(Result::err) {
        Some(error) => (place(*error.marker()), error.info().to_owned()),
        None => (reported(error), error.to_string()),
    };
    // A tab often upsets the line before its own.
    for (line, text) in (place.line..).zip(text.lines().skip(place.line - 1).take(2)) {
        let indentation = &text[..text.len() - text.trim_start().len()];
        if let Some(column) = indentation.find('\t') {
            let column = column + 1;
            return Place { line, column }.fault("a tab in the indentation; use spaces");
        }
    }
    place.fault(format!("not valid YAML: {why}"))
}

struct State {
    /// How many values may follow.
    left: Cell<usize>,
    /// What is wrong where the reader stopped; its place is that of the error.
    refused: RefCell<Option<String>>,
}

/// Reads a value as `serde_yaml::Value` does, and refuses what it would take without a word.
#[derive(Clone, Copy)]
struct Seed<'s> {
    state: &'s State,
    depth: usize,
    /// The entries before, of a key.
    keys: Option<&'s Mapping>,
}

impl Seed<'_> {
    fn refuse<T, E: Error>(self, message: impl Into<String>) -> Result<T, E> {
        self.state.refused.replace(Some(message.into()));
        Err(E::custom("refused"))
    }

    fn accept<E: Error>(self, value: Value) -> Result<Value, E> {
        let Some(left) = self.state.left.get().checked_sub(1) else {
            return self.refuse(format!("more than {VALUES} values"));
        };
        self.state.left.set(left);
        match (self.keys, &value) {
            (Some(keys), Value::String(key)) if keys.contains_key(key) => {
                self.refuse(format!("duplicate key {}", quoted(key)))
            }
            (Some(_), Value::String(key)) if key == "<<" => {
                self.refuse("merge keys (`<<`) are not accepted here; write the keys out")
            }
            (Some(_), Value::Sequence(_) | Value::Mapping(_)) => {
                self.refuse("a key must be text, not a list or a map")
            }
            (None, _) | (_, Value::String(_)) => Ok(value),
            (Some(_), _) => self.refuse("a key must be text; put it in quotes"),
        }
    }

    /// The reader of what is inside.
    fn inside<E: Error>(self, width: usize) -> Result<Self, E> {
        if self.depth == DEPTH {
            return self.refuse(format!("nested deeper than {DEPTH} levels"));
        }
        if width > WIDTH {
            return self.refuse(format!("more than {WIDTH} entries"));
        }
        let (depth, keys) = (self.depth + 1, None);
        Ok(Self {
            depth,
            keys,
            ..self
        })
    }
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
        self.accept(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        self.accept(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        self.accept(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        self.accept(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        self.accept(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.accept(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.inside(list.len())?)? {
            list.push(item);
        }
        self.accept(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Mapping::new();
        loop {
            let inside = self.inside(map.len())?;
            let keys = Some(&map);
            let Some(key) = entries.next_key_seed(Seed { keys, ..inside })? else {
                return self.accept(map.into());
            };
            let value = entries.next_value_seed(inside)?;
            map.insert(key, value);
        }
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<Value, A::Error> {
        self.refuse("tags (`!name`) are not accepted here; remove it")
    }
}
