//! What happened, the newest first: a line for each event, with what there is to say about it below, or beside
//! it where that fits.

use std::collections::{BTreeSet, HashMap};

use anstyle::Style;
use jiff::{Zoned, tz::TimeZone};

use super::{BAD, GOOD, HINT, LOUD, Text, paint};
use crate::{
    memory::{
        history::{Arrival, Happened},
        ledger::Entry,
    },
    push::Oid,
    text::printable,
};

/// Shorter places leave this much room all the same.
const NARROWEST: usize = 12;
/// Longer names are cut.
const WIDEST: usize = 24;

/// `2026-11-22 21:02  refused     production  35f6b13  Ana <ana@shop.example>`, and why, of the `most` newest; and how
/// many there are.
pub(crate) fn log(
    all: &[Happened],
    zone: &TimeZone,
    columns: Option<usize>,
    most: usize,
) -> (Text, usize) {
    let destinations = destinations(all);
    let places = all.iter().map(|one| place(&one.entry, &destinations));
    let places: Vec<Text> = places.collect();
    let widest = places.iter().map(Text::width).max();
    let widest = widest.unwrap_or(0).max(NARROWEST);
    let clock = |one: &Happened| one.entry.at.to_zoned(zone.clone());
    let events: Vec<_> = (all.iter().zip(places))
        .map(|(one, place)| (one, head(one, place, widest), details(one)))
        .collect();
    // What stopped several pushes for one cause is told once.
    let is_again = |(one, head, details): &(&Happened, Text, Vec<Text>),
                    (_, next, more): &(&Happened, Text, Vec<Text>)| {
        let verdict = one.entry.verdict.as_str();
        matches!(verdict, "refused" | "undecided") && (head, details) == (next, more)
    };
    let mut text = Text::default();
    for same in events.chunk_by(is_again).rev().take(most) {
        let (first, head, mut details) = same[0].clone();
        if let [_, .., (last, _, _)] = same {
            let until = clock(last).strftime("%Y-%m-%d %H:%M").to_string();
            details.push(format!("{} times, until {until}", same.len()).into());
        }
        text += event(&clock(first), &head, &details, columns);
    }
    (text, events.chunk_by(is_again).count())
}

/// One event: with the only detail beside it where a terminal is wide enough, else with all of them below.
fn event(at: &Zoned, head: &Text, details: &[Text], columns: Option<usize>) -> Text {
    let line = Text::from(at.strftime("%Y-%m-%d %H:%M")) + "  " + head.clone();
    if let ([detail], Some(columns)) = (details, columns)
        && line.width() + 2 + detail.width() <= columns
    {
        return line + "  " + detail.clone() + "\n";
    }
    let below = details.iter().cloned();
    let below = below.map(|detail| Text::from("    ") + detail + "\n");
    let text = line + "\n" + below.collect::<Text>();
    match columns {
        Some(columns) => text.wrap(columns, "        "),
        None => text,
    }
}

/// Where the pushes to each environment went.
fn destinations(all: &[Happened]) -> HashMap<&str, BTreeSet<&str>> {
    let mut destinations: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for entry in all.iter().map(|one| &one.entry) {
        if let Some(environment) = environment_pushed_to(entry) {
            let of = destinations.entry(environment).or_default();
            of.insert(&entry.destination);
        }
    }
    destinations
}

fn environment_pushed_to(entry: &Entry) -> Option<&str> {
    let environment = entry.environment.as_deref()?;
    (environment != "trunk" && !is_word(entry)).then_some(environment)
}

/// The environment, and which of its destinations where there are several; else the destination.
fn place(entry: &Entry, destinations: &HashMap<&str, BTreeSet<&str>>) -> Text {
    let name = match &entry.environment {
        Some(environment) => environment,
        None if entry.destination.is_empty() => "-",
        None => &entry.destination,
    };
    let place = Text::from(shown(name)).cut(WIDEST);
    let all = environment_pushed_to(entry).and_then(|name| destinations.get(name));
    if all.is_none_or(|all| all.len() < 2) {
        return place;
    }
    // Of a Heroku app the name is enough.
    let destination = entry.destination.replace("git.heroku.com/", "");
    place + format_args!(" ({})", shown(&destination))
}

/// What happened where, to which commit, and who did it.
fn head(one: &Happened, place: Text, widest: usize) -> Text {
    let entry = &one.entry;
    let commit = entry.commit.as_ref().map_or("-", Oid::short);
    let (word, style) = word(entry);
    let (word, by) = (shown(word), shown(&entry.by));
    let by = match entry.event.as_str() {
        // Who deployed it is not known.
        "seen" => format!("noticed by {by}"),
        "push" | "deploy" | "deployed" => by,
        _ if is_word(entry) => by,
        event => format!("{by}  ({})", shown(event)),
    };
    let padding = " ".repeat(widest - place.width());
    paint(style, format_args!("{word:<10}"))
        + "  "
        + place
        + format_args!("{padding}  {commit:<7}  {by}")
}

/// What there is to say about it.
fn details(one: &Happened) -> Vec<Text> {
    let entry = &one.entry;
    let mut details = Vec::from_iter(about(one).map(Text::from));
    let told: Vec<_> = (entry.gates.iter().filter(|gate| gate.outcome != "passed")).collect();
    // Several gates may ask the same remote.
    for same in told.chunk_by(|one, next| one.outcome == next.outcome && one.why == next.why) {
        let why = shown(same[0].why.lines().next().unwrap_or_default());
        let colon = if why.is_empty() { "" } else { ": " };
        let gates: Vec<_> = same.iter().map(|gate| shown(&gate.gate)).collect();
        let (gates, outcome) = (gates.join(", "), shown(&same[0].outcome));
        details.push(format!("{gates} {outcome}{colon}{why}").into());
    }
    if let Some(reason) = &entry.reason {
        let what = if is_word(entry) { "" } else { "reason: " };
        details.push(format!("{what}{}", shown(reason)).into());
    }
    details
}

/// What became of a push, or how a commit became live.
fn about(one: &Happened) -> Option<&'static str> {
    match (one.arrival, one.entry.verdict.as_str()) {
        (Some(Arrival::Missing), _) if one.entry.event == "deploy" => {
            Some("did not arrive: the server refused it, or what was to deploy it failed")
        }
        (Some(Arrival::Missing), _) => {
            Some("had not arrived when git ended: the server refused it, or git did not send it")
        }
        (Some(Arrival::Open), _) => Some("not known yet whether it arrived"),
        (Some(Arrival::Unknown), _) => Some("it cannot be told whether it arrived"),
        (_, "unjudged") if one.entry.event == "seen" => {
            Some("no gate judged this, and who pushed it is not known")
        }
        (_, "unjudged") => Some("no gate judged this: --no-verify, or a clone without the hook"),
        (_, "before") => Some("live since before the gate"),
        _ => None,
    }
}

/// Whether the line is about a sign-off, a lock or its like, not about a push.
fn is_word(entry: &Entry) -> bool {
    matches!(
        entry.event.as_str(),
        "signoff" | "again" | "lock" | "unlock"
    )
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;
    use crate::memory::{decision::Decision, history::history};

    #[test]
    fn the_apps_of_an_environment_are_told_apart() {
        let push = |minute: &str, environment: &str, app: &str| Entry {
            environment: Some(environment.to_owned()),
            destination: format!("git.heroku.com/{app}"),
            ..Entry::new(
                "push",
                Decision::Refused,
                format!("2026-11-24T10:{minute}:00Z").parse().unwrap(),
                "Ana <ana@shop.example>",
            )
        };
        let entries = vec![
            push("00", "staging", "shop-staging"),
            push("01", "production", "shop-eu"),
            push("02", "production", "shop-us"),
            push("03", "production", "shop-us"),
        ];
        let all = history(entries, &[], &[]);
        let (text, _) = log(&all, &TimeZone::UTC, None, 10);
        let expected = "\
2026-11-24 10:02  refused     production (shop-us)  -        Ana <ana@shop.example>
    2 times, until 2026-11-24 10:03
2026-11-24 10:01  refused     production (shop-eu)  -        Ana <ana@shop.example>
2026-11-24 10:00  refused     staging               -        Ana <ana@shop.example>
";
        let shown = anstream::adapter::strip_str(text.as_str()).to_string();
        assert_eq!(shown, expected);
    }
}
