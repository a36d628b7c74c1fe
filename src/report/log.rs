//! What happened, a line for each, with what there is to say about it below.

use anstyle::Style;
use jiff::tz::TimeZone;

use super::{BAD, GOOD, HINT, LOUD, Text, paint};
use crate::{
    memory::{
        history::{Arrival, Happened},
        ledger::Entry,
    },
    text::printable,
};

/// Shorter names of places leave this much room all the same.
const NARROWEST: usize = 12;
/// Longer ones are cut.
const WIDEST: usize = 24;

/// `2026-11-22 21:02  refused     production  35f6b13  Ana <ana@shop.example>`, and why.
pub(crate) fn log(all: &[Happened], zone: &TimeZone, columns: Option<usize>) -> Text {
    let places: Vec<String> = all.iter().map(|one| place(&one.entry)).collect();
    let widest = places.iter().map(|place| place.chars().count()).max();
    let widest = widest.unwrap_or(0).clamp(NARROWEST, WIDEST);
    let lines = all.iter().zip(places);
    let text: Text = (lines.map(|(one, place)| line(one, place.into(), widest, zone))).collect();
    match columns {
        Some(columns) => text.wrap(columns, "        "),
        None => text,
    }
}

fn place(entry: &Entry) -> String {
    let place = match &entry.environment {
        Some(environment) => environment,
        None if entry.destination.is_empty() => "-",
        None => &entry.destination,
    };
    shown(place)
}

fn line(one: &Happened, place: Text, widest: usize, zone: &TimeZone) -> Text {
    let entry = &one.entry;
    let at = entry.at.to_zoned(zone.clone());
    let at = at.strftime("%Y-%m-%d %H:%M");
    let commit = entry.commit.as_deref().and_then(|id| id.get(..7));
    let commit = shown(commit.unwrap_or("-"));
    let (word, style) = word(entry);
    let (word, by) = (shown(word), shown(&entry.by));
    let event = if is_word(entry) || matches!(entry.event.as_str(), "push" | "deploy" | "deployed")
    {
        String::new()
    } else {
        format!("  ({})", shown(&entry.event))
    };
    let place = place.cut(widest);
    let padding = " ".repeat(widest - place.width().min(widest));
    let mut text = Text::from(format_args!("{at}  "))
        + paint(style, format_args!("{word:<10}"))
        + "  "
        + place
        + format_args!("{padding}  {commit:<7}  {by}{event}\n");
    if let Some(what) = about(one) {
        text += format_args!("    {what}\n");
    }
    for gate in entry.gates.iter().filter(|gate| gate.outcome != "passed") {
        let why = shown(gate.why.lines().next().unwrap_or_default());
        let colon = if why.is_empty() { "" } else { ": " };
        let (gate, outcome) = (shown(&gate.gate), shown(&gate.outcome));
        text += format_args!("    {gate} {outcome}{colon}{why}\n");
    }
    if let Some(reason) = &entry.reason {
        let what = if is_word(entry) { "" } else { "reason: " };
        text += format_args!("    {what}{}\n", shown(reason));
    }
    text
}

/// What became of a push, or how a commit became live.
fn about(one: &Happened) -> Option<&'static str> {
    match (one.arrival, one.entry.verdict.as_str()) {
        (Some(Arrival::Missing), _) if one.entry.event == "deploy" => {
            Some("did not arrive: the server refused it, or what was to deploy it failed")
        }
        (Some(Arrival::Missing), _) => {
            Some("did not arrive: the server refused it, or git did not send it")
        }
        (Some(Arrival::Open), _) => Some("not known yet whether it arrived"),
        (Some(Arrival::Unknown), _) => Some("it cannot be told whether it arrived"),
        (_, "unjudged") => Some("no gate judged this: --no-verify, or a clone without the hook"),
        (_, "before") => Some("live since before the gate"),
        _ => None,
    }
}

/// Whether the line is about a sign-off or its like, not about a push.
fn is_word(entry: &Entry) -> bool {
    matches!(entry.event.as_str(), "signoff" | "again")
}

/// The word for what happened, and how it looks.
fn word(entry: &Entry) -> (&str, Style) {
    match entry.verdict.as_str() {
        "go" if is_word(entry) => (&entry.event, HINT),
        "go" if entry.rollback => ("rollback", LOUD),
        word @ "go" => (word, GOOD),
        word @ ("overridden" | "rollback") => (word, LOUD),
        word @ "before" => (word, HINT),
        word => (word, BAD),
    }
}

/// A text of the ledger on one line: any program may have written the file.
fn shown(text: &str) -> String {
    printable(text.as_bytes().into())
}
