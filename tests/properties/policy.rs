//! What holds for every policy: what `init` writes can be read, and nothing that is read can break the reader.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use proptest::prelude::*;
use pushgate::policy::detect::Candidate;
use pushgate::policy::template::{InitFacts, render};
use pushgate::policy::{Environment, Policy, defaults, load};

const FILE: &str = ".pushgate.yml";

/// Names of every kind that YAML would misread without quotes.
fn name() -> BoxedStrategy<String> {
    let odd = [
        "no",
        "on",
        "Yes",
        "null",
        "~",
        "true",
        "123",
        "1e3",
        "0x1F",
        ".inf",
        "1_000",
        "22:00",
        "a: b",
        "a:",
        ": a",
        "#x",
        "a #b",
        "it's",
        "\"q\"",
        "'",
        "\\n",
        "{a}",
        "[a]",
        "a, b",
        "&a",
        "*a",
        "!a",
        "%a",
        "@a",
        "`a`",
        "|",
        ">",
        "?",
        "=",
        "é",
        "日本",
        "a/b",
        "...",
        "2026-12-24",
        "!!str",
        "a  b",
        "\u{a0}x\u{1F600}y",
    ];
    prop_oneof![
        proptest::sample::select(odd.to_vec()).prop_map(str::to_owned),
        "[a-z][a-z0-9-]{0,12}",
        "[!-,.-~][ -~]{0,20}[!-~]",
    ]
    .prop_filter("a name", |name: &String| {
        name.trim() == name && !name.eq_ignore_ascii_case("trunk")
    })
    .boxed()
}

fn branch() -> impl Strategy<Value = String> {
    let odd = [
        "no",
        "123",
        "#x",
        "it's",
        "\"q\"",
        "main",
        "release/1.2",
        "!x",
        "%x",
        "a,b",
        "{a}",
        "é",
    ];
    proptest::sample::select(odd.to_vec()).prop_map(str::to_owned)
}

fn suite() -> impl Strategy<Value = Vec<Candidate>> {
    let candidate = (name(), "[ -~\n\u{85}]{0,30}")
        .prop_map(|(command, because)| Candidate { command, because });
    proptest::collection::vec(candidate, 0..4)
}

/// Environments of different names, each with remotes and apps of its own, some after the one before.
fn environments() -> impl Strategy<Value = Vec<Environment>> {
    let one = (name(), 1..3usize, 0..12usize, any::<bool>(), any::<bool>());
    proptest::collection::vec(one, 0..5).prop_map(|all| {
        let mut found: Vec<Environment> = Vec::new();
        for (index, (name, remotes, apps, after, at_night)) in all.into_iter().enumerate() {
            if found.iter().any(|other| other.name == name) {
                continue;
            }
            let numbered = |what: &str, count| {
                (0..count)
                    .map(|n| format!("{name} {what} {index}.{n}"))
                    .collect()
            };
            let before = found.last().filter(|_| after);
            let mut one = Environment {
                after: before.map(|before| before.name.clone()),
                remotes: numbered("r", remotes),
                apps: numbered("a", apps),
                ..Environment::named(&name)
            };
            one.window
                .closed
                .extend(at_night.then(|| defaults::NIGHT.parse().unwrap()));
            found.push(one);
        }
        found
    })
}

fn facts() -> impl Strategy<Value = InitFacts> {
    (
        proptest::option::of(branch()),
        name(),
        suite(),
        environments(),
        proptest::option::of(Just("Europe/Madrid".to_owned())),
    )
        .prop_map(
            |(trunk_branch, trunk_remote, suite, environments, timezone)| InitFacts {
                trunk_branch,
                trunk_remote,
                suite,
                environments,
                timezone,
            },
        )
}

#[track_caller]
fn loaded(text: &str) -> Policy {
    match load(FILE, text.as_bytes(), &[]) {
        Ok(policy) => policy,
        Err(error) => panic!("{error}\n{}\n\n{text}", error.excerpt().unwrap_or_default()),
    }
}

/// Takes every `#` away that no space follows.
fn uncommented(text: &str) -> String {
    let line = |line: &str| match line.trim_start().strip_prefix('#') {
        Some(key) if !key.starts_with(' ') => line.replacen('#', "", 1),
        _ => line.to_owned(),
    };
    text.lines().map(|text| line(text) + "\n").collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_init_writes_is_the_policy_meant(facts in facts()) {
        let policy = loaded(&render(&facts));
        prop_assert_eq!(&policy.trunk.branch, &facts.trunk_branch);
        prop_assert_eq!(&policy.trunk.remote, &facts.trunk_remote);

        let steps: Vec<&str> = policy.suite.steps.iter().map(|step| step.run.as_str()).collect();
        match facts.suite.as_slice() {
            [only] => prop_assert_eq!(steps, [only.command.as_str()]),
            _ => prop_assert!(steps.is_empty()),
        }

        prop_assert_eq!(policy.environments.len(), facts.environments.len());
        for (environment, meant) in policy.environments.iter().zip(&facts.environments) {
            prop_assert_eq!(&environment.name, &meant.name);
            prop_assert_eq!(&environment.apps, &meant.apps);
            prop_assert_eq!(&environment.after, &meant.after);
            prop_assert_eq!(environment.signoff.is_some(), meant.after.is_some());
            prop_assert_eq!(&environment.remotes, &meant.remotes);
            prop_assert_eq!(&environment.window.closed, &meant.window.closed);
            if let (Some(zone), false) = (&facts.timezone, meant.window.closed.is_empty()) {
                prop_assert_eq!(environment.window.timezone.to_string(), zone.as_str());
            }
        }
    }

    #[test]
    fn a_commented_key_is_valid_once_it_is_not(facts in facts()) {
        let text = render(&facts);
        let lonely = facts.environments.len() == 1 && facts.environments[0].after.is_none();
        if !lonely {
            loaded(&uncommented(&text));
        }
    }

    #[test]
    fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Err(error) = load(FILE, &bytes, &[]) {
            prop_assert!(error.line >= 1 && error.column >= 1);
            let _ = error.excerpt();
        }
    }

    #[test]
    fn no_yaml_breaks_the_reader(
        text in "([a-c]|trunk|suite|run|environments|after| |  |\n|\n  |\n- |: |, |\\[|\\]|\\{|\\}|'|\"|#|\\||>|\\?|&|\\*|!|~|---|\\.\\.\\.|%|\t|\r|\\\\|é){0,40}",
    ) {
        if let Err(error) = load(FILE, text.as_bytes(), &[]) {
            prop_assert!(error.line <= text.matches('\n').count() + 1, "{}", error);
            prop_assert!(!error.to_string().contains('\n'));
            let _ = error.excerpt();
        }
    }

    #[test]
    fn no_damage_to_a_policy_breaks_the_reader(
        facts in facts(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
    ) {
        let mut bytes = uncommented(&render(&facts)).into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if cut {
            bytes.truncate(at);
        }
        if let Err(error) = load(FILE, &bytes, &[]) {
            let _ = (error.to_string(), error.excerpt());
        }
    }
}

fn plain_facts(suite: Vec<Candidate>, with_environments: bool) -> InitFacts {
    let environment = |name: &str, app: &str, after: Option<&str>| Environment {
        apps: vec![app.to_owned()],
        after: after.map(str::to_owned),
        ..Environment::named(name)
    };
    let environments = if with_environments {
        vec![
            environment("staging", "shop-staging", None),
            environment("production", "shop", Some("staging")),
        ]
    } else {
        Vec::new()
    };
    InitFacts {
        trunk_branch: Some("main".to_owned()),
        trunk_remote: "origin".to_owned(),
        suite,
        environments,
        timezone: None,
    }
}

#[test]
fn the_commented_defaults_are_the_defaults() {
    let facts = plain_facts(Vec::new(), true);
    let policy = loaded(&uncommented(&render(&facts)));
    let default = Policy::default();
    let suite = pushgate::policy::Suite {
        env: policy.suite.env.clone(),
        expect: policy.suite.expect.clone(),
        link: policy.suite.link.clone(),
        steps: policy.suite.steps.clone(),
        ..default.suite
    };
    assert_eq!(policy.suite, suite);
    assert_eq!(policy.trunk.remote, default.trunk.remote);
    assert_eq!(policy.share, default.share);
    let production = policy.environment("production").unwrap();
    let named = Environment::named("production");
    assert_eq!(production.soak, named.soak);
    assert_eq!(production.signoff, defaults::signoff(Some("staging")));
    assert_eq!(production.branches, named.branches);
    assert_eq!(production.reason, named.reason);
    assert_eq!(production.window.runway, named.window.runway);
    assert_eq!(production.window.timezone.to_string(), "local");
    assert_eq!(production.window.closed[0].to_string(), defaults::NIGHT);
    assert_eq!(production.window.open.len(), 2);
}

#[test]
fn every_key_is_shown() {
    let keys = [
        "trunk",
        "branch",
        "remote",
        "suite",
        "run",
        "on",
        "in",
        "timeout",
        "reuse",
        "env",
        "expect",
        "link",
        "interactive",
        "environments",
        "app",
        "from",
        "after",
        "soak",
        "signoff",
        "window",
        "timezone",
        "open",
        "closed",
        "runway",
        "reason",
        "live",
        "share",
    ];
    for with_environments in [true, false] {
        let text = render(&plain_facts(Vec::new(), with_environments));
        for key in keys {
            let shown = |line: &str| {
                line.trim_start_matches([' ', '#'])
                    .starts_with(&format!("{key}:"))
            };
            assert!(text.lines().any(shown), "{key} in\n{text}");
        }
    }
}

#[test]
fn no_line_is_wide() {
    let candidates = vec![
        Candidate {
            command: "npm test".to_owned(),
            because: "package.json, no lock file".to_owned(),
        },
        Candidate {
            command: "cargo test".to_owned(),
            because: "Cargo.toml".to_owned(),
        },
    ];
    for suite in [Vec::new(), candidates[..1].to_vec(), candidates] {
        for with_environments in [true, false] {
            let mut facts = plain_facts(suite.clone(), with_environments);
            if let Some(production) = facts.environments.last_mut() {
                production.apps = (0..9).map(|n| format!("a-shop-number-{n}")).collect();
            }
            let text = render(&facts);
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "{line}");
                assert_eq!(line.trim_end(), line);
            }
        }
    }
}
