//! The values of a policy with their places: reads each as what its key takes.

use std::borrow::Cow;

use serde_yaml::Value;

use super::error::{Fault, Place, advice, harmless, quoted};
use super::schema::section_of;
use super::source::Source;
use crate::text::{alternatives, nearest};

/// What a key takes, in messages.
const TEXT: &str = "text";
const TEXT_OR_LIST: &str = "text or a list";
const FLAG: &str = "`true` or `false`";
pub(super) const STEP: &str = "a command, or keys such as `run`";
pub(super) const SIGNOFF: &str = "`true`, `false`, a number of people, or keys such as `by`";

/// A value, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Item<'v> {
    /// The key that has it, or its list; empty at the root.
    pub(super) key: &'v str,
    pub(super) value: &'v Value,
    pub(super) source: &'v Source<'v>,
}

impl<'v> Item<'v> {
    pub(super) fn root(source: &'v Source<'v>) -> Self {
        let (key, value) = ("", &source.root);
        Self { key, value, source }
    }

    pub(super) fn place(self) -> Place {
        self.source.place(self.value)
    }

    pub(super) fn key_place(self) -> Place {
        self.source.key_place(self.value)
    }

    pub(super) fn fault(self, message: impl Into<String>) -> Fault {
        self.place().fault(message)
    }

    /// A fault that is the key's, or that of both.
    pub(super) fn key_fault(self, message: impl Into<String>) -> Fault {
        self.key_place().fault(message)
    }

    /// Quotes a value that is not what it should be, unless the reason does.
    pub(super) fn invalid(self, why: &str) -> Fault {
        self.fault(with_text(&written(self.value), why))
    }

    /// The same of the key.
    pub(super) fn invalid_key(self, why: &str) -> Fault {
        self.key_fault(with_text(self.key, why))
    }

    pub(super) fn wrong_type(self, expected: &str) -> Fault {
        let text = written(self.value);
        let mut found = match self.value {
            Value::Null => "nothing".to_owned(),
            Value::Sequence(_) => "a list".to_owned(),
            Value::Mapping(_) => "a map".to_owned(),
            Value::Number(_) => format!("the number {}", quoted(&text)),
            _ => quoted(&text),
        };
        // The booleans of YAML 1.1 are text in 1.2.
        if self.value.is_string() && [FLAG, SIGNOFF].contains(&expected) {
            match text.to_ascii_lowercase().as_str() {
                "yes" | "on" | "y" => found += "; did you mean `true`?",
                "no" | "off" | "n" => found += "; did you mean `false`?",
                _ => {}
            }
        }
        let takes_text = [TEXT, TEXT_OR_LIST, STEP].contains(&expected);
        if takes_text && (self.value.is_bool() || self.value.is_number()) {
            found += "; put it in quotes";
        }
        self.fault(format!("expected {expected}, found {found}"))
    }

    /// The value of a key; this one, where there is none.
    pub(super) fn inside(self, key: &'v str) -> Self {
        let value = self.value.get(key).unwrap_or(self.value);
        Self { key, value, ..self }
    }

    /// The items of a list; one value stands for a list of one.
    pub(super) fn items(self) -> Vec<Self> {
        let items = self.value.as_sequence().filter(|items| !items.is_empty());
        let items = items.map(|items| items.iter().map(|value| Self { value, ..self }).collect());
        items.unwrap_or_else(|| vec![self])
    }

    pub(super) fn flag(self) -> Result<bool, Fault> {
        let flag = self.value.as_bool();
        flag.ok_or_else(|| self.wrong_type(FLAG))
    }

    pub(super) fn text(self) -> Result<&'v str, Fault> {
        let text = self.value.as_str();
        text.ok_or_else(|| self.wrong_type(TEXT))
    }

    /// A text that a function checks, and may change.
    pub(super) fn checked<T>(self, check: fn(&str) -> Result<T, String>) -> Result<T, Fault> {
        check(self.text()?).map_err(|why| self.invalid(&why))
    }

    /// One of these words.
    pub(super) fn word<T: Copy>(self, words: &[(&str, T)]) -> Result<T, Fault> {
        let names: Vec<_> = words.iter().map(|(name, _)| *name).collect();
        let Value::String(text) = self.value else {
            return Err(self.wrong_type(&alternatives(&names)));
        };
        let found = words.iter().find(|(name, _)| name == text);
        found
            .map(|(_, value)| *value)
            .ok_or_else(|| self.unknown_value(&names))
    }

    pub(super) fn unknown_value(self, words: &[&str]) -> Fault {
        let text = written(self.value);
        let (quoted, advice) = (quoted(&text), advice(&text, words));
        self.fault(format!("unknown value {quoted}{advice}"))
    }

    /// The items of a list of at least one, or a text alone.
    pub(super) fn list(self) -> Result<Vec<Self>, Fault> {
        match self.value {
            Value::Sequence(items) if items.is_empty() => {
                let key = quoted(self.key);
                let why = "is an empty list; name at least one, or remove the key";
                Err(self.fault(format!("{key} {why}")))
            }
            Value::String(_) | Value::Sequence(_) => Ok(self.items()),
            _ => Err(self.wrong_type(TEXT_OR_LIST)),
        }
    }

    /// Checked texts, each at most once.
    pub(super) fn names(
        self,
        check: fn(&str) -> Result<String, String>,
    ) -> Result<Vec<String>, Fault> {
        let mut names: Vec<String> = Vec::new();
        for item in self.list()? {
            let name = item.checked(check)?;
            if names.contains(&name) {
                return Err(item.fault(format!("{} is listed twice", quoted(&name))));
            }
            names.push(name);
        }
        Ok(names)
    }

    /// The entries of a map; a key without a value (`suite:` alone) is as good as none.
    pub(super) fn entries(self, expected: &str) -> Result<Vec<Self>, Fault> {
        let entries = match self.value {
            Value::Null => None,
            Value::Mapping(entries) => Some(entries),
            _ => return Err(self.wrong_type(expected)),
        };
        let entries = entries.into_iter().flatten().map(|(key, value)| Self {
            // No other key is read.
            key: key.as_str().unwrap_or_default(),
            value,
            source: self.source,
        });
        Ok(entries.collect())
    }

    /// The entries of a map whose keys are known.
    pub(super) fn keys(self, expected: &str) -> Result<Keys<'v>, Fault> {
        Ok(Keys {
            entries: self.entries(expected)?,
            known: Vec::new(),
        })
    }
}

/// The text of a scalar.
fn written(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => text.into(),
        Value::Number(number) => number.to_string().into(),
        Value::Bool(flag) => flag.to_string().into(),
        _ => "".into(),
    }
}

fn with_text(text: &str, why: &str) -> String {
    let quoted = quoted(text);
    // It may quote a part of the text.
    let why: String = why.chars().map(harmless).collect();
    if text.is_empty() || why.contains(&quoted) {
        why
    } else {
        format!("{quoted}: {why}")
    }
}

/// The entries of a map; it knows the keys that were asked for.
pub(super) struct Keys<'v> {
    entries: Vec<Item<'v>>,
    known: Vec<&'static str>,
}

impl<'v> Keys<'v> {
    pub(super) fn get(&mut self, key: &'static str) -> Option<Item<'v>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.entries.iter().find(|item| item.key == key).copied()
    }

    /// Reads the value of a key into a field, which stays as it is without that key.
    pub(super) fn read<T, F: From<T>>(
        &mut self,
        key: &'static str,
        field: &mut F,
        read: impl FnOnce(Item<'v>) -> Result<T, Fault>,
    ) -> Result<(), Fault> {
        if let Some(item) = self.get(key) {
            *field = read(item)?.into();
        }
        Ok(())
    }

    /// Refuses a key that was not asked for.
    pub(super) fn end(&self) -> Result<(), Fault> {
        let mut entries = self.entries.iter();
        let Some(item) = entries.find(|item| !self.known.contains(&item.key)) else {
            return Ok(());
        };
        let key = item.key;
        let advice = match section_of(key) {
            Some(section) if nearest(key, self.known.iter().copied()).is_none() => {
                format!("; it belongs under {section}")
            }
            _ => advice(key, &self.known),
        };
        Err(item.key_fault(format!("unknown key {}{advice}", quoted(key))))
    }
}
