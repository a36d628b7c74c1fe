//! The README says what is true.

use clap::CommandFactory;
use pushgate::{
    cli::Cli,
    gates::verdict::Gate,
    policy::{self, defaults},
};

const README: &str = include_str!("../../README.md");

/// The code blocks of a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    README
        .split(fence.as_str())
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

/// The default that the table gives for a key.
fn default(key: &str) -> &'static str {
    let row = format!("| `{key}` | ");
    let cell = README
        .split_once(row.as_str())
        .unwrap_or_else(|| panic!("no row for {key}"))
        .1;
    cell.split(" |").next().unwrap()
}

#[test]
fn the_policy_it_shows_holds() {
    let mut all = blocks("yaml");
    // Files of other programs begin with their name; tests/documentation/pipelines.rs runs them.
    all.retain(|block| !block.starts_with("# ."));
    let [text, parts @ ..] = &all[..] else {
        panic!("a policy")
    };
    for part in parts {
        policy::load("README.md", part.as_bytes(), &[]).unwrap();
    }
    let policy = policy::load("README.md", text.as_bytes(), &[]).unwrap();
    assert_eq!(
        policy.environment("production").unwrap().after.as_deref(),
        Some("staging")
    );
    assert_eq!(
        policy
            .environment("production")
            .unwrap()
            .window
            .closed
            .len(),
        2
    );
}

#[test]
fn the_defaults_it_names_are_the_defaults() {
    let policy = policy::load(
        "x",
        b"environments: {staging: {}, production: {after: staging}}",
        &[],
    )
    .unwrap();
    assert_eq!(
        default("trunk.remote"),
        format!("`{}`", policy.trunk.remote)
    );
    assert_eq!(
        default("suite.on"),
        format!(
            "`{}`; `{}` with `suite.ci`",
            format!("{:?}", policy.suite.on).to_lowercase(),
            format!("{:?}", defaults::ON_WITH_CI).to_lowercase()
        )
    );
    assert_eq!(
        default("suite.in"),
        format!("`{}`", format!("{:?}", policy.suite.place).to_lowercase())
    );
    assert_eq!(
        default("suite.timeout"),
        format!("`{}m`", policy.suite.timeout.as_secs() / 60)
    );
    assert_eq!(policy.suite.reuse, std::time::Duration::from_hours(24));
    assert_eq!(default("suite.reuse"), "`24h`");
    assert_eq!(
        default("suite.interactive"),
        format!("`{}`", policy.suite.interactive)
    );
    let staging = policy.environment("staging").unwrap();
    assert_eq!(
        default("branch"),
        format!("`{}` and `{}`", staging.branches[0], staging.branches[1])
    );
    assert_eq!(
        default("reason"),
        format!("`{}`", format!("{:?}", staging.reason).to_lowercase())
    );
    assert_eq!(
        default("window.timezone"),
        format!("`{}`", staging.window.timezone)
    );
    assert_eq!(
        default("window.runway"),
        format!("`{}`", staging.window.runway.as_secs())
    );
    assert!(default("environments").contains(defaults::NIGHT));
    for word in defaults::STAGING_WORDS {
        assert!(default("environments").contains(word));
    }
    assert_eq!(staging.remotes, ["staging"]);
    let signoff = policy.environment("production").unwrap().signoff.unwrap();
    assert!(default("signoff").starts_with("`true` where `after` is set"));
    let count = format!("`{}`", signoff.people);
    assert!(default("signoff.count").starts_with(&count));
    let by = format!("`{}`", format!("{:?}", signoff.by).to_lowercase());
    assert!(default("signoff.by").starts_with(&by));
    let signed = format!("`{}`", signoff.signed);
    assert!(default("signoff.signed").starts_with(&signed));
    let share = format!("`{}`", policy.share);
    assert!(default("share").starts_with(&share));
}

/// What runners print at the end of a run without a test.
const WITHOUT: [(&str, &str); 6] = [
    ("RSpec", "0 examples, 0 failures"),
    (
        "Rails",
        "0 runs, 0 assertions, 0 failures, 0 errors, 0 skips",
    ),
    ("pytest", "===== no tests ran in 0.01s ====="),
    ("Jest", "No tests found, exiting with code 0"),
    (
        "cargo test",
        "test result: ok. 0 passed; 0 failed; 0 ignored",
    ),
    (
        "go test",
        "ok  \texample.org/shop\t0.002s [no tests to run]",
    ),
];

#[test]
fn the_expectations_it_recommends_match_a_pass_and_no_empty_one() {
    let (_, table) = README.split_once("| runner | prints").unwrap();
    let rows: Vec<_> = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with("| "))
        .collect();
    assert_eq!(rows.len(), WITHOUT.len());
    for (row, (runner, without)) in rows.into_iter().zip(WITHOUT) {
        // Within a table, a bar is written `\\|`.
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [name, with, expect] = cells[..] else {
            panic!("{row}")
        };
        assert!(name.starts_with(runner), "{row}");
        let expect = expect.trim_matches('`').replace("\\|", "|");
        let text =
            format!("suite: {{run: x, expect: {expect}}}\nenvironments: {{staging: {{}}}}\n");
        let policy = policy::load("x", text.as_bytes(), &[]).unwrap();
        let expect = policy.suite.expect.unwrap();
        let expect = regex_lite::Regex::new(&expect).unwrap();
        assert!(
            expect.is_match(&format!("x\n{}\n", with.trim_matches('`'))),
            "{row}"
        );
        assert!(!expect.is_match(&format!("x\n{without}\n")), "{row}");
    }
}

#[test]
fn the_gates_it_lists_are_the_gates_in_their_order() {
    let names: Vec<_> = pushgate::gates::ORDER
        .iter()
        .map(|gate: &Gate| format!("| `{gate}` | "))
        .collect();
    let places: Vec<_> = names
        .iter()
        .map(|row| README.find(row.as_str()).unwrap())
        .collect();
    assert!(places.is_sorted());
}

#[test]
fn the_subcommands_it_names_are_the_subcommands() {
    let section = README.split_once("## Commands and exit codes").unwrap().1;
    let sentence = section.split("; each has").next().unwrap();
    let mut named: Vec<_> = sentence
        .split('`')
        .skip(1)
        .step_by(2)
        .map(|text| {
            text.trim_start_matches("pushgate ")
                .split(' ')
                .next()
                .unwrap()
        })
        .collect();
    let command = Cli::command();
    let mut known: Vec<_> = command
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set())
        .map(clap::Command::get_name)
        .collect();
    named.sort_unstable();
    known.sort_unstable();
    assert_eq!(named, known);
}

#[test]
fn every_subcommand_has_help_with_an_example() {
    for sub in Cli::command()
        .get_subcommands_mut()
        .filter(|sub| !sub.is_hide_set())
    {
        let help = sub.render_long_help().to_string();
        assert!(help.contains("Examples:\n"), "{help}");
        assert!(help.lines().all(|line| line.len() <= 100), "{help}");
    }
}
