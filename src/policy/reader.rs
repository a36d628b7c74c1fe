//! Deserializes a YAML value; what is refused is known by the way to it, and why as data.

use std::fmt::{Display, Formatter};
use std::iter::Enumerate;

use serde::de::value::MapDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_yaml::{Value, mapping};

use super::error::{Problem, alternatives};
use super::yaml_tree::Segment;

/// What a key takes, where serde only knows its own types.
pub(super) const TEXT: &str = "text";
pub(super) const FLAG: &str = "`true` or `false`";
/// The only number of a policy.
const NUMBER: &str = "a number of people";

/// A value or a key that is refused.
#[derive(Debug)]
pub(super) struct Rejected {
    pub(super) why: Why,
    /// The way from the value to the root: the last segment comes first.
    way: Vec<Segment>,
    pub(super) is_key: bool,
}

#[derive(Debug)]
pub(super) enum Why {
    /// Known as it is.
    Problem(Problem),
    KeyNotText(Found),
    WrongType {
        expected: String,
        found: Found,
    },
    EmptyList,
    Invalid(String),
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    Flag,
    Number,
    Other,
}

impl Rejected {
    fn new(why: Why) -> Self {
        Self {
            why,
            way: Vec::new(),
            is_key: false,
        }
    }

    /// A problem with the value at the end of a path of keys.
    pub(super) fn value(path: &[&str], problem: Problem) -> Self {
        let way = path.iter().rev().map(|key| Segment::from(*key));
        Self {
            way: way.collect(),
            ..Self::new(Why::Problem(problem))
        }
    }

    /// A problem with the last key of a path.
    pub(super) fn key(path: &[&str], problem: Problem) -> Self {
        Self {
            is_key: true,
            ..Self::value(path, problem)
        }
    }

    /// A problem with an item of the list at the end of a path of keys.
    pub(super) fn item(path: &[&str], index: usize, problem: Problem) -> Self {
        let mut rejected = Self::value(path, problem);
        rejected.way.insert(0, Segment::Index(index));
        rejected
    }

    fn inside(mut self, index: usize) -> Self {
        self.way.push(Segment::Index(index));
        self
    }

    /// The way to it from the root.
    pub(super) fn path(&self) -> Vec<Segment> {
        self.way.iter().rev().cloned().collect()
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

impl std::error::Error for Rejected {}

impl Display for Rejected {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.why)
    }
}

impl de::Error for Rejected {
    fn custom<T: Display>(words: T) -> Self {
        Self::new(Why::Invalid(words.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Why::WrongType {
            expected: expected.to_string(),
            found: match found {
                Unexpected::Bool(_) => Found::Flag,
                Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => {
                    Found::Number
                }
                Unexpected::Unit | Unexpected::Option => Found::Nothing,
                _ => Found::Other,
            },
        })
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        match length {
            0 => Self::new(Why::EmptyList),
            _ => Self::invalid_type(Unexpected::Seq, expected),
        }
    }

    fn unknown_variant(text: &str, allowed: &'static [&'static str]) -> Self {
        Self::new(Why::Problem(Problem::UnknownValue {
            text: text.to_owned(),
            allowed: owned(allowed),
        }))
    }

    fn unknown_field(key: &str, allowed: &'static [&'static str]) -> Self {
        Self::new(Why::Problem(Problem::UnknownKey {
            key: key.to_owned(),
            belongs: None,
            allowed: owned(allowed),
        }))
    }

    fn missing_field(key: &'static str) -> Self {
        let key = key.to_owned();
        Self::new(Why::Problem(Problem::MissingKey { key }))
    }
}

#[derive(Clone, Copy)]
pub(super) struct Reader<'v> {
    value: &'v Value,
    is_key: bool,
}

impl<'v> Reader<'v> {
    pub(super) fn new(value: &'v Value) -> Self {
        let is_key = false;
        Self { value, is_key }
    }

    /// Reads a value without others inside it; says what the key takes in the words of a policy.
    fn expecting<V: Visitor<'v>>(self, words: &str, visitor: V) -> Result<V::Value, Rejected> {
        self.deserialize_any(visitor).map_err(|mut rejected| {
            if let Why::WrongType { expected, .. } = &mut rejected.why {
                words.clone_into(expected);
            }
            rejected
        })
    }
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Rejected;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Rejected> {
        match self.value {
            Value::String(text) => visitor.visit_borrowed_str(text),
            other if self.is_key => Err(Rejected::new(Why::KeyNotText(match other {
                Value::Bool(_) => Found::Flag,
                Value::Number(_) => Found::Number,
                Value::Null => Found::Nothing,
                _ => Found::Other,
            }))),
            Value::Null => visitor.visit_unit(),
            Value::Bool(flag) => visitor.visit_bool(*flag),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::Sequence(items) => visitor.visit_seq(Items(items.iter().enumerate())),
            Value::Mapping(entries) => visitor.visit_map(Entries {
                entries: entries.iter().enumerate(),
                value: None,
            }),
            Value::Tagged(_) => Err(Rejected::new(Why::Problem(Problem::NotAccepted {
                what: "tags (`!name`)",
                cure: "remove it",
            }))),
        }
    }

    /// A key that is there has a value: `after:` alone is no `after`.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Rejected> {
        visitor.visit_some(self)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Rejected> {
        self.expecting(TEXT, visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Rejected> {
        self.expecting(FLAG, visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Rejected> {
        self.expecting(NUMBER, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Rejected> {
        match self.value {
            Value::String(text) => visitor.visit_enum(text.as_str().into_deserializer()),
            _ => self.expecting(&alternatives(words), visitor),
        }
    }

    /// A section without a key (`suite:` alone) is as good as none.
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Rejected> {
        match self.value {
            Value::Null => {
                let nothing = std::iter::empty::<(&str, &str)>();
                visitor.visit_map(MapDeserializer::new(nothing))
            }
            // serde would take the items of a list for the values of the fields.
            Value::Sequence(_) => Err(de::Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Rejected> {
        self.deserialize_map(visitor)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 f64 char str bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct identifier ignored_any
    }
}

/// The items of a list.
struct Items<'v>(Enumerate<std::slice::Iter<'v, Value>>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Rejected;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Rejected> {
        let Some((index, item)) = self.0.next() else {
            return Ok(None);
        };
        let item = seed.deserialize(Reader::new(item));
        item.map(Some).map_err(|rejected| rejected.inside(index))
    }
}

/// The entries of a map.
struct Entries<'v> {
    entries: Enumerate<mapping::Iter<'v>>,
    /// The value whose key was read.
    value: Option<(usize, &'v Value)>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Rejected;

    fn next_key_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Rejected> {
        let Some((index, (key, value))) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some((index, value));
        let reader = Reader {
            value: key,
            is_key: true,
        };
        seed.deserialize(reader)
            .map(Some)
            .map_err(|rejected| Rejected {
                is_key: true,
                ..rejected.inside(index)
            })
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Rejected> {
        let (index, value) = self.value.take().unwrap_or((0, &Value::Null));
        let value = seed.deserialize(Reader::new(value));
        value.map_err(|rejected| rejected.inside(index))
    }
}
