//! Policies made by chance: the schema accepts what the loader accepts, and refuses what it refuses.

use proptest::prelude::*;
use pushgate::policy::load;
use serde_json::{Value, json};

use crate::policy::schema::{accepts, beyond};

/// A text put together from these pieces, most of the time one that nearly means something.
fn pieces(pieces: &'static [&'static str], most: usize) -> BoxedStrategy<String> {
    proptest::collection::vec(proptest::sample::select(pieces), 0..most)
        .prop_map(|pieces| pieces.concat())
        .boxed()
}

/// One of these, in small or capital letters, or with a character too many or too few.
fn nearly(good: BoxedStrategy<String>) -> BoxedStrategy<String> {
    let change = (
        0..6u8,
        any::<prop::sample::Index>(),
        "[ -~\t\u{a0}\u{2013}]",
    );
    (good, change)
        .prop_map(|(text, (change, at, with))| {
            let mut characters: Vec<char> = text.chars().collect();
            let at = at.index(characters.len().max(1)).min(characters.len());
            match change {
                0 => characters.splice(at..at, with.chars()).for_each(drop),
                1 if at < characters.len() => drop(characters.remove(at)),
                2 => return text.to_uppercase(),
                3 => return text.to_lowercase(),
                _ => {}
            }
            characters.into_iter().collect()
        })
        .boxed()
}

fn one_of(texts: &'static [&'static str]) -> BoxedStrategy<String> {
    proptest::sample::select(texts)
        .prop_map(str::to_owned)
        .boxed()
}

fn name() -> BoxedStrategy<String> {
    prop_oneof![
        one_of(&[
            "origin",
            "staging",
            "shop-staging",
            "a b",
            "-x",
            " a",
            "a ",
            "",
            "é",
            "trunk",
            "\u{a0}"
        ]),
        nearly(one_of(&["production", "heroku", "dokku.example/shop"])),
        pieces(
            &[
                "a", "-", " ", "/", "\t", "\u{85}", "\u{3000}", "é", "\u{9f}", ".", "\u{feff}"
            ],
            5
        ),
    ]
    .boxed()
}

fn branch() -> BoxedStrategy<String> {
    let parts = &[
        "main",
        "a",
        "/",
        ".",
        "..",
        "@",
        "@{",
        "refs/",
        "refs/heads/",
        ".lock",
        "lock",
        "-",
        " ",
        "~",
        "^",
        ":",
        "*",
        "?",
        "[",
        "\\",
        "\u{a0}",
        "é",
        "//",
        "HEAD",
    ];
    prop_oneof![
        nearly(one_of(&[
            "main",
            "master",
            "refs/heads/main",
            "release/1.2"
        ])),
        pieces(parts, 5)
    ]
    .boxed()
}

fn path() -> BoxedStrategy<String> {
    let parts = &[
        "a", "/", ".", "..", ".git", "-", " ", "x.ics", ".ICS", "//", ".env", "\t", "\u{a0}", "é",
    ];
    prop_oneof![
        one_of(&[".env", "node_modules/", "a/b", "holidays.ics"]),
        pieces(parts, 5)
    ]
    .boxed()
}

fn duration() -> BoxedStrategy<String> {
    let parts = &[
        "1",
        "0",
        "30",
        "90",
        ".5",
        ",25",
        ".",
        ",",
        ", ",
        " ",
        "h",
        "m",
        "s",
        "ms",
        "us",
        "µs",
        "ns",
        "d",
        "w",
        "hours",
        "hrs",
        "mins",
        "min",
        "seconds",
        "sec",
        "days",
        "day",
        "weeks",
        "wk",
        "millis",
        "micros",
        "nanosecond",
        "+",
        "PT",
        "P",
        "T",
        "H",
        "M",
        "S",
        "D",
        "W",
        ":",
        "01:30:00",
        "\t",
        "y",
        "mo",
        "e",
        "inf",
    ];
    let unit = (
        0..200u32,
        one_of(&[
            "h", "m", "s", "d", "w", "ms", " hours", " min", "mins", " days", "us", "ns",
        ]),
    );
    let several = proptest::collection::vec(unit, 1..4).prop_map(|units| {
        let texts: Vec<_> = units.iter().map(|(n, unit)| format!("{n}{unit}")).collect();
        texts.join(" ")
    });
    let iso = "P([0-9]{1,2}[WwDd])?(T[0-9]{1,2}[HhMmSs]([0-9]{1,3}[.,][0-9]{1,2}[MmSs])?)?";
    prop_oneof![
        nearly(one_of(&[
            "30m", "1h 30m", "24h", "90s", "2 days", "1w", "PT5M", "0", "0m", "never", "1h, 5m",
            "1.5h"
        ])),
        nearly(several.boxed()),
        iso,
        pieces(parts, 6),
    ]
    .boxed()
}

fn time() -> BoxedStrategy<String> {
    prop_oneof![
        4 => (0..24u8, 0..60u8).prop_map(|(hour, minute)| format!("{hour:02}:{minute:02}")),
        1 => (0..26u8, 0..61u8).prop_map(|(hour, minute)| format!("{hour}:{minute:02}")),
        1 => one_of(&["24:00", "00:00", "0:00", "09:00", "9:00"]),
    ]
    .boxed()
}

fn date() -> BoxedStrategy<String> {
    prop_oneof![
        (1995..2105u16, 0..14u8, 0..33u8).prop_map(|(y, m, d)| format!("{y}-{m:02}-{d:02}")),
        (0..100u16).prop_map(|y| format!("{:04}-02-29", y * 100)),
        (0..10_000u16).prop_map(|y| format!("{y:04}-02-29")),
    ]
    .boxed()
}

fn days() -> BoxedStrategy<String> {
    let day = one_of(&[
        "Mon",
        "Tue",
        "Wed",
        "Thu",
        "Fri",
        "Sat",
        "Sun",
        "monday",
        "TUESDAY",
        "wednesday",
    ]);
    let part = prop_oneof![
        day.clone(),
        (day.clone(), day).prop_map(|(first, last)| format!("{first}-{last}")),
    ];
    proptest::collection::vec(part, 1..4)
        .prop_map(|parts| parts.join(","))
        .boxed()
}

fn rule() -> BoxedStrategy<String> {
    let join = one_of(&["-", " - ", "–", "\u{a0}-", "−"]);
    let hours = (time(), join, time()).prop_map(|(from, to, until)| format!("{from}{to}{until}"));
    let good = prop_oneof![
        hours.clone(),
        (days(), hours).prop_map(|(days, hours)| format!("{days} {hours}")),
        days(),
        date(),
        (date(), one_of(&["..", " .. ", " . . "]), date())
            .prop_map(|(a, to, b)| format!("{a}{to}{b}")),
        (date(), time(), date(), time())
            .prop_map(|(a, from, b, to)| format!("{a} {from}..{b} {to}")),
    ];
    let parts = &[
        "Mon",
        "Tuesday",
        "-",
        ",",
        " ",
        "09:00",
        "9:00",
        "24:00",
        "2026-12-24",
        "..",
        "\u{2013}",
        "\t",
        ".",
        ":",
        "x.ics",
        "2026-02-30",
        "mon",
    ];
    prop_oneof![3 => nearly(good.boxed()), 1 => pieces(parts, 6), 1 => path()].boxed()
}

fn zone() -> BoxedStrategy<String> {
    let names: Vec<String> = jiff::tz::TimeZoneDatabase::bundled()
        .available()
        .map(|name| name.to_string())
        .chain(["local".to_owned(), " UTC ".to_owned(), "Mars".to_owned()])
        .collect();
    nearly(proptest::sample::select(names).boxed())
}

fn word(words: &'static [&'static str]) -> BoxedStrategy<Value> {
    text(nearly(one_of(words)))
}

fn text(texts: BoxedStrategy<String>) -> BoxedStrategy<Value> {
    texts.prop_map(Value::from).boxed()
}

/// What a value is now and then, whatever it should be.
fn odd() -> BoxedStrategy<Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2..103i64).prop_map(Value::from),
        Just(json!(1.5)),
        Just(json!([])),
        Just(json!({})),
        Just(json!("x")),
        Just(json!(["x", "x"])),
    ]
    .boxed()
}

fn mostly(values: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    prop_oneof![20 => values, 1 => odd()].boxed()
}

fn one_or_more(values: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let list = proptest::collection::vec(mostly(values.clone()), 0..4).prop_map(Value::from);
    mostly(prop_oneof![2 => values, 1 => list].boxed())
}

/// A map of some of these keys, now and then of one that is not known.
fn map(keys: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let entries = keys.into_iter().map(|(key, values)| {
        proptest::option::weighted(0.15, values).prop_map(move |value| Some((key, value?)))
    });
    let extra = proptest::option::weighted(0.05, one_of(&["x", "runn", "after", "soak", "closed"]));
    (entries.collect::<Vec<_>>(), extra)
        .prop_map(|(entries, extra)| {
            let mut map: serde_json::Map<_, _> = entries
                .into_iter()
                .flatten()
                .map(|(key, value)| (key.to_owned(), value))
                .collect();
            if let Some(key) = extra {
                map.entry(key).or_insert(json!("x"));
            }
            Value::Object(map)
        })
        .boxed()
}

fn command() -> BoxedStrategy<Value> {
    text(one_of(&[
        "bin/test", "", " ", "a\nb", "\u{3000}", "a\u{0}b",
    ]))
}

fn suite() -> BoxedStrategy<Value> {
    let step = map(vec![
        ("run", command()),
        ("name", mostly(text(name()))),
        ("timeout", mostly(text(duration()))),
        ("dir", mostly(text(path()))),
        (
            "parallel",
            mostly(any::<bool>().prop_map(Value::from).boxed()),
        ),
    ]);
    let number = (-1..3i64).prop_map(Value::from).boxed();
    map(vec![
        ("run", one_or_more(prop_oneof![command(), step].boxed())),
        ("on", mostly(word(&["deploys", "trunk", "all"]))),
        ("in", mostly(word(&["checkout", "worktree"]))),
        ("timeout", mostly(text(duration()))),
        (
            "reuse",
            mostly(prop_oneof![4 => text(duration()), 1 => number].boxed()),
        ),
        (
            "env",
            one_or_more(word(&["RAILS_ENV", "A", "_1", "1A", "A=b", "É"])),
        ),
        ("expect", mostly(word(&["[1-9]", "passed", ""]))),
        ("link", one_or_more(text(path()))),
        (
            "interactive",
            mostly(any::<bool>().prop_map(Value::from).boxed()),
        ),
    ])
}

fn environment() -> BoxedStrategy<Value> {
    let number = (-1..3i64).prop_map(Value::from).boxed();
    let flag = any::<bool>().prop_map(Value::from).boxed();
    let people = (-1..103i64).prop_map(Value::from).boxed();
    let signoff = map(vec![
        ("count", mostly(people.clone())),
        ("by", mostly(word(&["anyone", "another"]))),
        ("signed", mostly(flag.clone())),
    ]);
    let window = map(vec![
        ("timezone", mostly(text(zone()))),
        ("open", one_or_more(text(rule()))),
        ("closed", one_or_more(text(rule()))),
        (
            "runway",
            mostly(prop_oneof![4 => text(duration()), 1 => number.clone()].boxed()),
        ),
    ]);
    map(vec![
        ("remote", one_or_more(text(name()))),
        ("app", one_or_more(text(name()))),
        ("from", mostly(word(&["trunk", "any"]))),
        ("after", mostly(Just(json!("first")).boxed())),
        (
            "soak",
            mostly(prop_oneof![4 => text(duration()), 1 => number].boxed()),
        ),
        (
            "signoff",
            mostly(prop_oneof![flag, people, signoff].boxed()),
        ),
        ("window", mostly(window)),
        ("branch", one_or_more(text(branch()))),
        ("reason", mostly(word(&["required", "optional"]))),
        ("live", mostly(command())),
    ])
}

fn policy() -> BoxedStrategy<Value> {
    let environments = (name(), mostly(environment())).prop_map(|(name, environment)| {
        let mut map = serde_json::Map::new();
        map.insert("first".to_owned(), Value::Null);
        map.insert(name, environment);
        Value::Object(map)
    });
    let trunk = map(vec![
        ("branch", mostly(text(branch()))),
        ("remote", mostly(text(name()))),
    ]);
    map(vec![
        ("trunk", mostly(trunk)),
        ("suite", mostly(suite())),
        ("environments", mostly(environments.boxed())),
        ("share", mostly(any::<bool>().prop_map(Value::from).boxed())),
    ])
}

/// The same as a text of YAML, in which nothing stands that no editor shows.
fn yaml(value: &Value) -> String {
    let escaped = |c: char| {
        if c.is_ascii() && c != '\u{7f}' {
            c.to_string()
        } else {
            format!("\\U{:08x}", u32::from(c))
        }
    };
    value.to_string().chars().map(escaped).collect()
}

/// Whatever the loader says first, the schema says whether it is so.
fn agree(value: &Value) -> Result<bool, TestCaseError> {
    let text = yaml(value);
    match load("F", text.as_bytes(), &[]) {
        Ok(_) => {
            prop_assert!(
                accepts(value),
                "the schema refuses what the loader accepts:\n{}",
                text
            );
            Ok(true)
        }
        Err(error) if beyond(&error.message).is_none() => {
            prop_assert!(
                !accepts(value),
                "the schema accepts, but {}\n{}",
                error,
                text
            );
            Ok(false)
        }
        // Whether another fault is there, too, nobody knows.
        Err(_) => Ok(false),
    }
}

/// So many cases, or more, where `PROPTEST_CASES` says so.
fn config(cases: u32) -> ProptestConfig {
    let standard = ProptestConfig::default();
    ProptestConfig {
        cases: cases.max(standard.cases),
        failure_persistence: None,
        ..standard
    }
}

/// A value in its place in a policy that holds but for it.
fn placed(place: &str, value: &Value) -> Value {
    match place {
        "window.open" => json!({"environments": {"a": {"window": {"open": value}}}}),
        "window.closed" => json!({"environments": {"a": {"window": {"closed": value}}}}),
        "window.timezone" => {
            json!({"environments": {"a": {"window": {"closed": "22:00-07:00", "timezone": value}}}})
        }
        "trunk.branch" => json!({"trunk": {"branch": value}}),
        "trunk.remote" => json!({"trunk": {"remote": value}}),
        "suite.timeout" => json!({"suite": {"timeout": value}}),
        "suite.reuse" => json!({"suite": {"reuse": value}}),
        "suite.link" => json!({"suite": {"link": value}}),
        _ => json!({"environments": {value.as_str().unwrap_or_default(): {}}}),
    }
}

/// Tries policies; some are accepted, and some are not.
#[track_caller]
fn tried(policies: &BoxedStrategy<Value>) {
    use proptest::test_runner::{TestError, TestRunner};
    let counts = std::cell::Cell::new([0u32; 2]);
    let done = TestRunner::new(config(1500)).run(policies, |policy| {
        let good = agree(&policy)?;
        let mut both = counts.get();
        both[usize::from(good)] += 1;
        counts.set(both);
        Ok(())
    });
    if let Err(TestError::Fail(why, _)) = done {
        panic!("{why}");
    }
    let [bad, good] = counts.get();
    assert!(bad > 100 && good > 100, "{good} accepted, {bad} not");
}

/// Tries a kind of text in its place.
#[track_caller]
fn tried_at(place: &'static str, texts: BoxedStrategy<String>) {
    tried(
        &texts
            .prop_map(move |text| placed(place, &Value::from(text)))
            .boxed(),
    );
}

#[test]
fn rules_of_a_window_are_accepted_alike() {
    tried_at("window.open", rule());
    tried_at("window.closed", rule());
}

#[test]
#[ignore = "slow: every zone"]
fn zones_are_accepted_alike() {
    tried_at("window.timezone", zone());
}

#[test]
fn durations_are_accepted_alike() {
    tried_at("suite.timeout", duration());
    tried_at("suite.reuse", duration());
}

#[test]
fn names_branches_and_paths_are_accepted_alike() {
    tried_at("trunk.remote", name());
    tried_at("environments", name());
    tried_at("trunk.branch", branch());
    tried_at("suite.link", path());
}

#[test]
fn every_zone_is_known_and_suggested() {
    let schema = pushgate::policy::schema::schema();
    let zones = &schema["properties"]["environments"]["additionalProperties"]["properties"]["window"]
        ["properties"]["timezone"]["defaultSnippets"];
    let zones = zones.as_array().unwrap();
    assert!(zones.len() > 400, "{}", zones.len());
    for zone in zones {
        let name = zone["body"].as_str().unwrap();
        for written in [
            name.to_owned(),
            name.to_lowercase(),
            format!(" {} ", name.to_uppercase()),
        ] {
            let value = placed("window.timezone", &Value::from(written));
            assert!(agree(&value).unwrap(), "{value}");
        }
    }
}

#[test]
fn whole_policies_are_accepted_alike() {
    tried(&policy());
}
