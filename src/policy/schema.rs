//! The policy as a JSON Schema (draft 7), for editors.
//!
//! It accepts whatever the loader accepts. What a text must be like to be a duration, a rule of a window or a time
//! zone, only the loader knows.

use jiff::tz::TimeZoneDatabase;
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("schema.json");

/// The section where a key has a meaning, for those who wrote it into another.
pub(super) fn section_of(key: &str) -> Option<&'static str> {
    let schema = schema();
    let environment = &schema["properties"]["environments"]["additionalProperties"];
    let sections = [
        ("`trunk`", &schema["properties"]["trunk"]),
        ("`suite`", &schema["properties"]["suite"]),
        ("an environment", environment),
        ("`signoff`", &environment["properties"]["signoff"]),
        ("`window`", &environment["properties"]["window"]),
    ];
    let mut sections = sections.into_iter();
    let found = sections.find(|(_, section)| section["properties"].get(key).is_some());
    found.map(|(name, _)| name)
}

/// The schema, with the time zones that the program knows for an editor to propose.
pub fn schema() -> Value {
    // A test reads it.
    let mut schema: Value = serde_json::from_str(SCHEMA).unwrap_or_default();
    let database = TimeZoneDatabase::bundled();
    let names = database.available().map(|name| name.to_string());
    // As `examples`, an editor would show hundreds at once.
    let zones: Value = names
        .map(|zone| json!({ "label": zone, "body": zone }))
        .collect();
    let timezone =
        "/properties/environments/additionalProperties/properties/window/properties/timezone";
    if let Some(timezone) = schema.pointer_mut(timezone) {
        timezone["defaultSnippets"] = zones;
    }
    schema
}
