//! The README says what is true.

use clap::CommandFactory;
use pushgate::{
    cli::Cli,
    gates::verdict::Gate,
    policy::{self, defaults},
};

use super::{page, pages};

/// A stranger reads it to its end.
const MOST_LINES: usize = 250;

/// The default that the guide gives for a key.
fn default(key: &str) -> String {
    let text = page("src/guides/policy.md").text;
    let items = text.split("\n- ").skip(1);
    let mut items = items.map(|item| item.split("\n\n").next().unwrap());
    let start = |item: &&str| {
        let (keys, _) = item.split_once(':').unwrap_or_default();
        keys.split(", ").any(|one| one == format!("`{key}`"))
    };
    let item = items.find(start).unwrap_or_else(|| panic!("no {key}"));
    let (_, default) = item.split_once(": ").unwrap();
    default.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn it_is_short() {
    let lines = page("README.md").text.lines().count();
    assert!(lines <= MOST_LINES, "{lines} lines");
}

/// Whether a block of YAML is a part of a policy; files of other programs begin with their name.
fn is_policy(block: &&str) -> bool {
    !block.starts_with("# .")
}

#[test]
fn every_policy_that_a_page_shows_holds() {
    for page in pages() {
        for block in page.blocks("yaml").into_iter().filter(is_policy) {
            policy::load(&page.path, block.as_bytes(), &[]).unwrap();
        }
    }
    let readme = page("README.md");
    let policy = policy::load("README.md", readme.blocks("yaml")[0].as_bytes(), &[]).unwrap();
    let production = policy.environment("production").unwrap();
    assert_eq!(production.after.as_deref(), Some("staging"));
    assert_eq!(production.window.closed.len(), 2);
}

#[test]
fn the_defaults_that_the_guide_names_are_the_defaults() {
    #[track_caller]
    fn case(key: &str, value: impl std::fmt::Debug) {
        let value = format!("{value:?}").trim_matches('"').to_lowercase();
        let default = default(key);
        assert!(
            default.starts_with(&format!("`{value}`")),
            "{key}: {default}"
        );
    }
    let text = b"environments: {staging: {}, production: {after: staging}}";
    let policy = policy::load("x", text, &[]).unwrap();
    case("trunk.remote", &policy.trunk.remote);
    case("suite.on", policy.suite.on);
    let on = format!("`{:?}` with `suite.ci`", defaults::ON_WITH_CI);
    assert!(default("suite.on").contains(&on.to_lowercase()));
    case("suite.in", policy.suite.place);
    assert_eq!(policy.suite.timeout.as_secs(), 30 * 60);
    case("suite.timeout", "30m");
    assert_eq!(policy.suite.reuse, std::time::Duration::from_hours(24));
    case("suite.reuse", "24h");
    case("suite.interactive", policy.suite.interactive);
    let staging = policy.environment("staging").unwrap();
    assert_eq!(staging.remotes, ["staging"]);
    let branches = format!("`{}` and `{}`", staging.branches[0], staging.branches[1]);
    assert!(default("branch").starts_with(&branches));
    case("reason", staging.reason);
    case("window.timezone", staging.window.timezone.to_string());
    case("window.runway", staging.window.runway.as_secs());
    assert!(default("environments").contains(defaults::NIGHT));
    for word in defaults::STAGING_WORDS {
        assert!(default("environments").contains(word));
    }
    let production = policy.environment("production").unwrap();
    case("soak", production.soak.as_secs());
    let signoff = production.signoff.unwrap();
    assert!(default("signoff").starts_with("`true` where `after` is set"));
    case("signoff.count", signoff.people);
    case("signoff.by", signoff.by);
    case("signoff.signed", signoff.signed);
    case("share", policy.share);
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
fn the_expectations_of_the_guide_match_a_pass_and_no_empty_one() {
    let guide = page("src/guides/suite.md");
    let table: Vec<_> = guide.blocks("text")[0].lines().collect();
    assert_eq!(table.len(), 2 * WITHOUT.len());
    for (row, (runner, without)) in table.chunks(2).zip(WITHOUT) {
        let [with, expect] = row else {
            panic!("{row:?}")
        };
        let (name, with) = with.split_at("Rails, minitest  ".len());
        assert!(name.starts_with(runner), "{row:?}");
        let text = format!("suite:\n  run: x\n{expect}\nenvironments: {{staging: {{}}}}\n");
        let policy = policy::load("x", text.as_bytes(), &[]).unwrap();
        let expect = policy.suite.expect.unwrap();
        let expect = regex_lite::Regex::new(&expect).unwrap();
        assert!(expect.is_match(&format!("x\n{with}\n")), "{row:?}");
        assert!(!expect.is_match(&format!("x\n{without}\n")), "{row:?}");
    }
}

#[test]
fn the_gates_it_lists_are_the_gates_in_their_order() {
    let readme = page("README.md").text;
    let names: Vec<_> = pushgate::gates::ORDER
        .iter()
        .map(|gate: &Gate| format!("| `{gate}` | "))
        .collect();
    let places: Vec<_> = names
        .iter()
        .map(|row| readme.find(row.as_str()).unwrap())
        .collect();
    assert!(places.is_sorted());
}

#[test]
fn the_subcommands_it_names_are_the_subcommands() {
    let readme = page("README.md").text;
    let section = readme.split_once("## Commands and exit codes").unwrap().1;
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
