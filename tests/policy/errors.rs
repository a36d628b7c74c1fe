//! What a policy file may say and may not, and the words in which that is told.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::time::{Duration, Instant};

use crate::{policy::schema, support::PATIENCE};
use pushgate::policy::{By, Forge, In, On, Policy, PolicyError, Reason, Signoff, load};

/// Every text that is tried here is tried on the schema, too.
#[track_caller]
fn error(text: impl AsRef<[u8]>) -> PolicyError {
    let error = error_of_the_loader(text.as_ref());
    schema::agrees_with_refusal(text.as_ref(), &error.message);
    error
}

#[track_caller]
fn error_of_the_loader(text: &[u8]) -> PolicyError {
    match load("F", text, &[]) {
        Ok(policy) => panic!("loaded: {policy:#?}"),
        Err(error) => error,
    }
}

/// The whole message; the file is `F`.
#[track_caller]
fn refused(text: impl AsRef<[u8]>, expected: &str) {
    assert_eq!(error(text).to_string(), expected);
}

#[track_caller]
fn loaded(text: &str) -> Policy {
    match load("F", text.as_bytes(), &[]) {
        Ok(policy) => {
            schema::agrees_with_acceptance(text);
            policy
        }
        Err(error) => panic!("{error}\n{}", error.excerpt().unwrap_or_default()),
    }
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

const DESIGN: &str = r"
trunk:
  branch: master          # default: the branch origin/HEAD names; else whichever one of master, main exists
  remote: origin          # default: origin

suite:
  run: bin/rails test     # one shell command, or a list of steps, each a command or {name, run, timeout}
  on: trunk               # which pushes need it
  in: checkout
  timeout: 30m            # the whole run; default 30m
  reuse: 24h              # how long a receipt counts
  env: [RAILS_ENV]        # variables whose values a receipt depends on; default none

environments:
  staging:
    remote: staging       # a remote's name, or a list; default: the environment's own name
    app: shop-staging     # Heroku app, or a list
  production:
    remote: production
    app: shop
    after: staging        # this commit must be live on that environment; needs staging to exist
    soak: 10m             # and must have been there this long; default 0
    signoff: true         # and a person must have signed it off
    window:
      timezone: Europe/Madrid     # IANA name, or `local` (default)
      open: [Mon-Thu 09:00-16:00, Fri 09:00-12:00]     # default: always
      closed: [22:00-07:00, 2026-12-24..2027-01-02]    # wins over open
      runway: 1h                  # default 0
    branch: [main, master]        # the refs that deploy there; default main and master
    reason: required              # an override must say why
";

#[test]
fn the_policy_of_the_design_loads() {
    let policy = loaded(DESIGN);
    assert_eq!(policy.trunk.branch.as_deref(), Some("master"));
    assert_eq!(policy.suite.steps[0].run, "bin/rails test");
    assert_eq!(policy.suite.env, ["RAILS_ENV"]);
    assert!(policy.environment("shop").is_none());
    let staging = policy.environment("staging").unwrap();
    assert_eq!(staging.signoff, None);
    assert_eq!(staging.after, None);
    let production = policy.environment("production").unwrap();
    assert_eq!(production.apps, ["shop"]);
    assert_eq!(production.after.as_deref(), Some("staging"));
    assert_eq!(production.soak, minutes(10));
    assert_eq!(production.signoff, Some(Signoff::default()));
    assert_eq!(production.window.open.len(), 2);
    assert_eq!(production.window.closed.len(), 2);
    assert_eq!(production.window.runway.as_secs(), 3600);
    assert_eq!(production.branches, ["main", "master"]);
    assert_eq!(production.reason, Reason::Required);
}

#[test]
fn an_empty_file_is_a_policy_without_environments() {
    for text in [
        "",
        "\n\n",
        "# nothing\n",
        "\u{feff}",
        "---\n",
        "~\n",
        "---\n# no\n...\n",
        "{}",
        "trunk:\nsuite:\nenvironments:\n",
    ] {
        let policy = loaded(text);
        assert!(policy.environments.is_empty(), "{text:?}");
        assert_eq!(policy.trunk.remote, "origin");
        assert_eq!(policy.trunk.branch, None);
        assert_eq!(policy.suite.timeout, minutes(30));
        assert_eq!(policy.suite.reuse, minutes(24 * 60));
        assert_eq!(
            (policy.suite.on, policy.suite.place),
            (On::Trunk, In::Checkout)
        );
    }
}

#[test]
fn an_environment_is_its_own_remote_by_default() {
    let policy = loaded("environments:\n  staging:\n  production: {after: staging}\n");
    assert_eq!(policy.environments[0].remotes, ["staging"]);
    assert_eq!(policy.environments[0].branches, ["main", "master"]);
    assert_eq!(policy.environments[1].signoff, Some(Signoff::default()));
    assert_eq!(policy.environments[1].soak, Duration::ZERO);
    let policy = loaded("environments: {a: {}, b: {after: a, signoff: false}}");
    assert_eq!(policy.environments[1].signoff, None);
}

#[test]
fn one_or_a_list_is_the_same() {
    let policy = loaded(
        "environments:\n  a:\n    remote: [x, 'y']\n    app: z\n    branch: refs/heads/main\n    \
         window:\n      closed: 22:00-07:00\n",
    );
    assert_eq!(policy.environments[0].remotes, ["x", "y"]);
    assert_eq!(policy.environments[0].apps, ["z"]);
    assert_eq!(policy.environments[0].branches, ["main"]);
    assert_eq!(policy.environments[0].window.closed.len(), 1);
}

#[test]
fn a_step_is_a_command_or_a_map() {
    let policy = loaded(
        "suite:\n  run:\n    - bin/lint\n    - {name: tests, run: bin/test, timeout: 10m}\n    - |\n      one\n      two\n",
    );
    let steps = &policy.suite.steps;
    assert_eq!(steps[0].run, "bin/lint");
    assert_eq!(steps[1].name.as_deref(), Some("tests"));
    assert_eq!(steps[1].timeout, Some(minutes(10)));
    assert_eq!(steps[2].run, "one\ntwo");
}

#[test]
fn words_that_other_yaml_takes_for_booleans_are_names() {
    let policy = loaded("trunk: {branch: no, remote: on}\nenvironments: {yes: {remote: off}}\n");
    assert_eq!(policy.trunk.branch.as_deref(), Some("no"));
    assert_eq!(policy.trunk.remote, "on");
    assert_eq!(policy.environments[0].name, "yes");
}

#[test]
fn durations_are_written_as_people_do() {
    for (text, seconds) in [
        ("90s", 90),
        ("30m", 1800),
        ("1h 30m", 5400),
        ("1h30m", 5400),
        ("2 hours", 7200),
        ("24h", 86400),
        ("2 days", 172_800),
        ("1w", 604_800),
        ("PT5M", 300),
    ] {
        let policy = loaded(&format!("suite: {{timeout: {text}, reuse: {text}}}"));
        assert_eq!(policy.suite.timeout.as_secs(), seconds, "{text}");
        assert_eq!(policy.suite.reuse, Duration::from_secs(seconds));
    }
    assert_eq!(loaded("suite: {reuse: never}").suite.reuse, Duration::ZERO);
    assert_eq!(loaded("suite: {reuse: 0}").suite.reuse, Duration::ZERO);
    let policy = loaded("environments: {a: , b: {after: a, soak: 0}}");
    assert_eq!(policy.environments[1].soak, Duration::ZERO);
}

#[test]
fn a_duration_that_is_none_is_refused() {
    let case = |text: &str, why: &str| {
        refused(
            format!("suite:\n  timeout: {text}\n"),
            &format!("F:2:12: {why}"),
        );
    };
    case(
        "30",
        "`30`: a duration needs a unit, such as `30s`, `30m` or `24h`",
    );
    case(
        "1.5",
        "`1.5`: a duration needs a unit, such as `30s`, `30m` or `24h`",
    );
    case("0", "`0`: a limit of no time lets nothing finish");
    case("0m", "`0m`: a limit of no time lets nothing finish");
    case("-5m", "`-5m`: a duration must not be negative");
    case("-5", "`-5`: a duration must not be negative");
    case("5m ago", "`5m ago`: a duration must not be negative");
    case(
        "30 minits",
        "`30 minits`: not a duration; write one such as `30m`, `1h 30m` or `24h`",
    );
    case(
        "1 month",
        "`1 month`: a month or a year has no fixed length; write days or hours",
    );
    case("100000h", "`100000h`: longer than ten years");
    case(
        "99999999999h",
        "`99999999999h`: not a duration; write one such as `30m`, `1h 30m` or `24h`",
    );
    case("[30m]", "expected a duration such as `30m`, found a list");
    case("true", "expected a duration such as `30m`, found `true`");
    refused(
        "suite:\n  reuse: nevr\n",
        "F:2:10: unknown value `nevr`; did you mean `never`?",
    );
    refused(
        "suite:\n  reuse: [24h]\n",
        "F:2:10: expected a duration such as `24h`, or `never`, found a list",
    );
    refused(
        "suite:\n  run:\n    - run: b\n      timeout: 0\n",
        "F:4:16: `0`: a limit of no time lets nothing finish",
    );
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest() {
    refused(
        "enviroments: {}\n",
        "F:1:1: unknown key `enviroments`; did you mean `environments`?",
    );
    refused(
        "trunk:\n  branch: main\n  remotte: x\n",
        "F:3:3: unknown key `remotte`; did you mean `remote`?",
    );
    refused(
        "# one\nsuite:\n  run:\n    - a\n    - {run: b, tmeout: 3m}\n",
        "F:5:16: unknown key `tmeout`; did you mean `timeout`?",
    );
    refused(
        "environments:\n  a:\n    windw: x\n",
        "F:3:5: unknown key `windw`; did you mean `window`?",
    );
    refused(
        "environments:\n  a:\n    life: x\n",
        "F:3:5: unknown key `life`; did you mean `live`?",
    );
    refused(
        "suite: {live: x}\n",
        "F:1:9: unknown key `live`; it belongs under an environment",
    );
    refused(
        "staging: {}\n",
        "F:1:1: unknown key `staging`; expected `trunk`, `suite`, `environments` or `share`",
    );
    refused(
        "run: x\n",
        "F:1:1: unknown key `run`; it belongs under `suite`",
    );
    refused(
        "environments:\n  a:\n    timezone: UTC\n",
        "F:3:5: unknown key `timezone`; it belongs under `window`",
    );
    refused(
        "trunk: {after: x}",
        "F:1:9: unknown key `after`; it belongs under an environment",
    );
    refused(
        "'a`, expected b': 1\n",
        "F:1:1: unknown key `a`, expected b`; expected `trunk`, `suite`, `environments` or `share`",
    );
}

#[test]
fn a_wrong_type_is_refused_where_it_stands() {
    refused(
        "trunk: main\n",
        "F:1:8: expected keys such as `branch`, found `main`",
    );
    refused(
        "trunk: [main, origin]\n",
        "F:1:8: expected keys such as `branch`, found a list",
    );
    refused("trunk:\n  branch:\n", "F:2:3: expected text, found nothing");
    refused(
        "trunk:\n  branch: 12\n",
        "F:2:11: expected text, found the number `12`; put it in quotes",
    );
    refused(
        "trunk:\n  branch: 0x1F\n",
        "F:2:11: expected text, found the number `31`; put it in quotes",
    );
    refused(
        "trunk:\n  branch: {a: b}\n",
        "F:2:11: expected text, found a map",
    );
    refused(
        "suite:\n  run: true\n",
        "F:2:8: expected text or a list, found `true`; put it in quotes",
    );
    refused(
        "suite:\n  run: {run: b}\n",
        "F:2:8: expected text or a list, found a map",
    );
    refused(
        "suite:\n  run: [3]\n",
        "F:2:9: expected a command, or keys such as `run`, found the number `3`; put it in quotes",
    );
    refused(
        "suite:\n  run:\n    - a\n    -\n",
        "F:4:6: expected a command, or keys such as `run`, found nothing",
    );
}

#[test]
fn a_wrong_type_deeper_down_is_refused_where_it_stands() {
    refused(
        "suite:\n  on: true\n",
        "F:2:7: expected `deploys`, `trunk` or `all`, found `true`",
    );
    refused(
        "suite:\n  env: FOO\n",
        "F:2:8: expected a list such as `[RAILS_ENV]`, found `FOO`",
    );
    refused(
        "suite:\n  env: [1]\n",
        "F:2:9: expected text, found the number `1`; put it in quotes",
    );
    refused(
        "environments: [staging]\n",
        "F:1:15: expected the names of environments, found a list",
    );
    refused(
        "environments:\n  a: x\n",
        "F:2:6: expected keys such as `remote`, found `x`",
    );
    refused(
        "environments:\n  a:\n    app: 123\n",
        "F:3:10: expected text or a list, found the number `123`; put it in quotes",
    );
    refused(
        "environments:\n  a:\n    app: [a, 123]\n",
        "F:3:14: expected text, found the number `123`; put it in quotes",
    );
    refused(
        "environments:\n  a:\n    after: 12\n",
        "F:3:12: expected text, found the number `12`; put it in quotes",
    );
    refused(
        "environments:\n  a:\n    live: [a, b]\n",
        "F:3:11: expected text, found a list",
    );
    refused(
        "environments:\n  a:\n    live: ' '\n",
        "F:3:11: ` `: a command must not be empty; remove the key instead",
    );
    refused(
        "environments:\n  a:\n    after:\n",
        "F:3:5: expected text, found nothing",
    );
    refused(
        "environments:\n  a:\n    after: ~\n",
        "F:3:5: expected text, found nothing",
    );
    refused(
        "environments:\n  a:\n    signoff: yes\n",
        "F:3:14: expected `true`, `false`, a number of people, or keys such as `by`, found `yes`; did you mean `true`?",
    );
    refused(
        "environments:\n  a:\n    signoff:\n",
        "F:3:5: expected `true`, `false`, a number of people, or keys such as `by`, found nothing",
    );
    refused(
        "x",
        "F:1:1: expected the keys `trunk`, `suite`, `environments` and `share`, found `x`",
    );
    refused(
        "- a",
        "F:1:1: expected the keys `trunk`, `suite`, `environments` and `share`, found a list",
    );
    refused(
        "environments:\n  12:\n    app: a\n",
        "F:2:3: a key must be text; put it in quotes",
    );
    refused(
        "environments:\n  ? [a]\n  : b\n",
        "F:2:5: a key must be text; put it in quotes",
    );
}

#[test]
fn a_word_out_of_place_is_refused_with_the_nearest() {
    refused(
        "suite:\n  on: deploy\n",
        "F:2:7: unknown value `deploy`; did you mean `deploys`?",
    );
    refused(
        "suite:\n  on: nothing\n",
        "F:2:7: unknown value `nothing`; expected `deploys`, `trunk` or `all`",
    );
    refused(
        "suite:\n  in: work-tree\n",
        "F:2:7: unknown value `work-tree`; did you mean `worktree`?",
    );
    refused(
        "environments:\n  a:\n    from: all\n",
        "F:3:11: unknown value `all`; expected `trunk` or `any`",
    );
    refused(
        "environments:\n  a:\n    form: any\n",
        "F:3:5: unknown key `form`; did you mean `from`?",
    );
    refused(
        "environments:\n  a: {from: any}\n  b:\n    after: a\n",
        "F:4:12: `a` takes any commit (`from: any`), so nothing can come after it",
    );
    refused(
        "environments:\n  a:\n    reason: always\n",
        "F:3:13: unknown value `always`; expected `required` or `optional`",
    );
    refused(
        "suite:\n  env: [A=b]\n",
        "F:2:9: `A=b`: not the name of a variable; write one such as `RAILS_ENV`, without its value",
    );
}

#[test]
fn what_must_be_there_must_be_there() {
    refused(
        "suite:\n  run: ''\n",
        "F:2:8: a command must not be empty; remove the key instead",
    );
    refused(
        "suite:\n  run: [a, ' ']\n",
        "F:2:12: ` `: a command must not be empty; remove the key instead",
    );
    refused(
        "suite:\n  run: []\n",
        "F:2:8: `run` is an empty list; name at least one, or remove the key",
    );
    refused(
        "suite:\n  run:\n    - a\n    - {name: b}\n",
        "F:4:7: missing key `run`",
    );
    refused(
        "environments:\n  a:\n    branch: []\n",
        "F:3:13: `branch` is an empty list; name at least one, or remove the key",
    );
    refused(
        "environments:\n  a:\n    window: {open: []}\n",
        "F:3:20: `open` is an empty list; name at least one, or remove the key",
    );
    let always = "a window needs `open` or `closed`; without either it is always open";
    refused(
        "environments:\n  a:\n    window:\n",
        &format!("F:3:5: {always}"),
    );
    refused(
        "environments:\n  a:\n    window: {runway: 1h}\n",
        &format!("F:3:5: {always}"),
    );
    refused(
        "environments:\n  '':\n    app: a\n",
        "F:2:3: a name must not be empty",
    );
    refused(
        "environments:\n  a:\n    remote: ''\n",
        "F:3:13: a name must not be empty",
    );
}

#[test]
fn a_name_that_can_be_none_is_refused() {
    refused(
        "environments:\n  trunk:\n",
        "F:2:3: `trunk` is reserved; give the environment another name",
    );
    refused(
        "environments:\n  Trunk:\n",
        "F:2:3: `Trunk` is reserved; give the environment another name",
    );
    refused(
        "trunk:\n  remote: -x\n",
        "F:2:11: `-x`: a name must not begin with `-`",
    );
    refused(
        "trunk:\n  branch: a b\n",
        "F:2:11: `a b`: no branch can have this name",
    );
    refused(
        "trunk:\n  branch: refs/tags/v1\n",
        "F:2:11: `refs/tags/v1`: not a branch; write its short name, such as `main`",
    );
    refused(
        "environments:\n  a:\n    branch: [main, 'feature/*']\n",
        "F:3:20: `feature/*`: a branch, not a pattern; list the branches",
    );
    refused(
        "environments:\n  a:\n    branch: refs/heads/\n",
        "F:3:13: `refs/heads/`: a name must not be empty",
    );
    refused(
        "environments:\n  a:\n    app: \"x\\ty\"\n",
        "F:3:10: `x y`: a name must not have control characters",
    );
    refused(
        "suite:\n  run: \"a\\0b\"\n",
        "F:2:8: `a\u{fffd}b`: a command must not have a NUL character",
    );
}

#[test]
fn what_contradicts_itself_is_refused() {
    refused(
        "environments:\n  staging:\n  production:\n    after: stagin\n",
        "F:4:12: unknown environment `stagin`; did you mean `staging`?",
    );
    refused(
        "environments:\n  a:\n  b:\n  c:\n    after: nowhere\n",
        "F:5:12: unknown environment `nowhere`; expected `a` or `b`",
    );
    refused(
        "environments:\n  a:\n    after: nowhere\n",
        "F:3:12: unknown environment `nowhere`; the policy has no other",
    );
    refused(
        "environments:\n  a:\n    after: b\n  b:\n    after: a\n",
        "F:3:12: `a` can never be pushed to: `a` is after `b`, `b` is after `a`",
    );
    refused(
        "environments:\n  a:\n    after: a\n",
        "F:3:12: `a` can never be pushed to: `a` is after `a`",
    );
    refused(
        "environments:\n  a: {after: b}\n  b: {after: c}\n  c: {after: b}\n",
        "F:3:14: `b` can never be pushed to: `b` is after `c`, `c` is after `b`",
    );
    refused(
        "environments:\n  a:\n    app: x\n  b:\n    app: [y, X]\n",
        "F:5:14: app `X` belongs to `a` already; a destination has one environment",
    );
    refused(
        "environments:\n  a:\n    remote: b\n  b:\n    app: y\n",
        "F:4:3: remote `b` belongs to `a` already; a destination has one environment",
    );
    refused(
        "environments:\n  a:\n    app: [x, x]\n",
        "F:3:14: `x` is listed twice",
    );
    refused(
        "environments:\n  a:\n    signoff: true\n",
        "F:3:5: `signoff` needs `after`, the environment where the commit must be first",
    );
    refused(
        "environments:\n  a:\n    soak: 5m\n",
        "F:3:5: `soak` needs `after`, the environment where the commit must be first",
    );
    loaded("environments: {a: {signoff: false}}");
}

#[test]
fn a_duplicate_key_is_refused_at_any_level() {
    refused("trunk: {}\ntrunk: {}\n", "F:2:1: duplicate key `trunk`");
    refused("suite:\n  run: a\n  run: b\n", "F:3:3: duplicate key `run`");
    refused(
        "environments:\n  a:\n  b:\n  'a':\n",
        "F:4:3: duplicate key `a`",
    );
    refused(
        "suite:\n  run:\n    - {run: a, run: b}\n",
        "F:3:16: duplicate key `run`",
    );
}

#[test]
fn an_alias_is_what_it_stands_for_and_an_error_in_it_is_named_where_it_stands() {
    let policy = loaded("suite:\n  run: &x a\nenvironments:\n  a: {remote: *x}\n");
    assert_eq!(policy.environments[0].remotes, ["a"]);
    refused(
        "suite:\n  timeout: &x 1x\n  reuse: *x\n",
        "F:2:12: `1x`: not a duration; write one such as `30m`, `1h 30m` or `24h`",
    );
    refused(
        "trunk:\n  branch: &x [a]\nsuite:\n  on: *x\n",
        "F:2:11: expected text, found a list",
    );
    refused(
        "environments:\n  a: {signoff: &x {by: 1}}\n  b: {after: a, signoff: *x}\n",
        "F:2:24: expected `anyone` or `another`, found the number `1`",
    );
    refused(
        "environments:\n  a: {window: &x {closed: Mon, runway: 1h}, branch: b}\n  b: {after: a, window: *x, signof: 1}\n",
        "F:3:29: unknown key `signof`; did you mean `signoff`?",
    );
}

#[test]
fn yaml_beyond_plain_maps_lists_and_texts_is_refused() {
    refused(
        "suite: !x {run: a}\n",
        "F:1:8: tags (`!name`) are not accepted here; remove it",
    );
    refused(
        "<<: {a: b}\n",
        "F:1:1: merge keys (`<<`) are not accepted here; write the keys out",
    );
    refused(
        "suite:\n  run: *x\n",
        "F:2:8: not valid YAML: unknown anchor at line 2 column 8",
    );
    refused(
        "trunk: {}\n---\nsuite: {}\n",
        "F:1:1: not valid YAML: deserializing from YAML containing more than one document is not supported",
    );
    refused(
        "%YAML 3.0\n---\n",
        "F:1:1: not valid YAML: found incompatible YAML document",
    );
}

#[test]
fn text_that_is_no_yaml_is_refused_where_it_ends_to_be() {
    refused(
        "suite:\n\trun: a\n",
        "F:2:1: a tab in the indentation; use spaces",
    );
    refused(
        "suite:\n  run: a\n \t bad: b\n",
        "F:3:2: a tab in the indentation; use spaces",
    );
    for (text, line, column, words) in [
        (
            "suite: a: b\n",
            1,
            9,
            "mapping values are not allowed in this context",
        ),
        ("suite: [\n", 1, 9, "did not find expected node content"),
        (
            "suite:\n  run: 'a\n",
            2,
            10,
            "found unexpected end of stream",
        ),
        (
            "suite:\n  run: a\n bad\n",
            3,
            2,
            "did not find expected key",
        ),
    ] {
        let error = error(text);
        assert_eq!((error.line, error.column), (line, column), "{error}");
        assert!(
            error
                .message
                .starts_with(&format!("not valid YAML: {words}")),
            "{error}"
        );
    }
    refused(b"a: b\nc: \xff\n", "F:2:4: not UTF-8 text");
    refused(b"\xff\xfea\0", "F:1:1: not UTF-8 text");
    refused("a: b\0", "F:1:5: invisible character U+0000; remove it");
    refused(
        "a: b # \u{202e}\n",
        "F:1:8: invisible character U+202E; remove it",
    );
    refused(
        "# a\u{2028}trunk: {}",
        "F:1:4: invisible character U+2028; remove it",
    );
    refused(
        "a: b\rc: d\n",
        "F:1:5: invisible character U+000D; remove it",
    );
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_are_accepted() {
    let policy = loaded("\u{feff}trunk:\r\n  branch: main\r\n");
    assert_eq!(policy.trunk.branch.as_deref(), Some("main"));
    let error = error("\u{feff}suit:\r\n  run: a\r\n");
    assert_eq!(
        error.to_string(),
        "F:1:1: unknown key `suit`; did you mean `suite`?"
    );
    assert_eq!(error.excerpt().as_deref(), Some("suit:\n^"));
}

#[test]
fn what_stands_at_the_margin_inside_brackets_has_a_place_too() {
    refused(
        "suite: {\nrun: a,\nonn: b\n}\n",
        "F:3:1: unknown key `onn`; did you mean `on`?",
    );
    refused(
        "suite:\n  on: 'x\ny'\n",
        "F:2:7: unknown value `x y`; expected `deploys`, `trunk` or `all`",
    );
    refused(
        "suite:\n  run: [\n]\n",
        "F:2:8: `run` is an empty list; name at least one, or remove the key",
    );
    refused(
        "suite:\n  env: [\nA=b\n]\n",
        "F:3:1: `A=b`: not the name of a variable; write one such as `RAILS_ENV`, without its value",
    );
    refused(
        "environments:\n  a:\n    soak: 1h\n    remote: [\nb\n]\n",
        "F:3:5: `soak` needs `after`, the environment where the commit must be first",
    );
}

#[test]
fn an_error_is_data_with_a_place_and_an_excerpt() {
    let error = error("suite:\n  run: a\n  onn: b\n");
    assert_eq!((error.line, error.column), (3, 3));
    assert_eq!(error.origin, "F");
    assert_eq!(error.excerpt().as_deref(), Some("  onn: b\n  ^"));
    assert_eq!(error.message, "unknown key `onn`; did you mean `on`?");
}

#[test]
fn a_window_that_cannot_be_read_is_refused_where_it_stands() {
    let place = |text: &str| {
        let error = error(text);
        (error.line, error.column)
    };
    assert_eq!(
        place("environments:\n  a:\n    window: {open: [09:00-10:00, nonsense]}\n"),
        (3, 34)
    );
    assert_eq!(
        place("environments:\n  a:\n    window: {closed: nonsense}\n"),
        (3, 22)
    );
    assert_eq!(
        place("environments:\n  a:\n    window: {timezone: Mars, open: 09:00-10:00}\n"),
        (3, 24)
    );
}

/// Asserts that a text of whatever size is refused at once.
#[track_caller]
fn bomb(what: &str, text: &[u8]) {
    let start = Instant::now();
    let message = error_of_the_loader(text).to_string();
    let elapsed = start.elapsed();
    assert!(message.len() < 600, "{message}");
    // A release build takes milliseconds, and what is not refused takes hours.
    assert!(elapsed < PATIENCE, "{what}: {elapsed:?}");
}

#[test]
fn a_bomb_is_refused_at_once() {
    const MEGABYTES: usize = 10 * 1024 * 1024;
    const LIMIT: usize = pushgate::policy::LIMIT;

    let fill = |unit: &str, size: usize| unit.repeat(size / unit.len()).into_bytes();
    let units = [
        "[", "{", "a: ", "{a: ", "[[a, ", "- ", "? ", "? - ", "- a: ", "{? ", "\"", "'", "\"a\": ",
        "|\n", "a\n", "a: b\n", "&a ", "*a ", "!a ", "%a\n", "---\n", "...\n", "#", "# a\n", "\n",
        " ", "\t", "\0", "\u{feff}", "é", "[]", "{}", "[a]: ", ", ", "- [", "a: [", "\\", "`", "@",
        "a:\n ", "- - - [", "\"\\x41", ": ", "{a, ", "[a: ", "[\"a\" ", "a,",
    ];
    for unit in units {
        for size in [LIMIT, MEGABYTES] {
            let text = fill(unit, size);
            if load("F", &text, &[]).is_err() {
                bomb(&format!("{size} of {unit:?}"), &text);
            }
        }
    }
    let wrap = |before: &str, unit: &str, after: &str| {
        let count = (LIMIT - before.len() - after.len()) / unit.len();
        format!("{before}{}{after}", unit.repeat(count)).into_bytes()
    };
    bomb("a list of lists", &wrap("suite: {env: [", "[],", "]}"));
    bomb("a long list", &wrap("suite: {env: [", "A,", "]}"));
    bomb("an unterminated quote", &wrap("suite: {run: \"", "a ", ""));
    bomb(
        "an unterminated quote of lines",
        &wrap("suite:\n  run: 'a", "\n ", ""),
    );
    bomb("an unterminated key", &wrap("? ", "a ", ": ["));
    bomb("a long key", &wrap("", "a", ": b"));

    let many =
        |line: &dyn Fn(usize) -> String, count: usize| (0..count).map(line).collect::<String>();
    let keys = format!("environments:\n{}", many(&|n| format!(" e{n}:\n"), 7000));
    bomb("many environments", keys.as_bytes());
    let chain = |n: usize| format!(" e{n}: {{after: e{}}}\n", (n + 1) % 1000);
    let circle = format!("environments:\n{}", many(&chain, 1000));
    bomb("a long circle", circle.as_bytes());
    let remotes = |n: usize| {
        format!(
            " e{n}: {{app: [{}]}}\n",
            many(&|m| format!("{n}.{m}x,"), 60)
        )
    };
    let apps = format!("environments:\n{} z: {{app: 0.0x}}\n", many(&remotes, 100));
    bomb("many apps", apps.as_bytes());
    let laughs = many(
        &|n| {
            format!(
                "a{n}: &a{n} [{}]\n",
                format!("*a{},", n.max(1) - 1).repeat(9)
            )
        },
        30,
    );
    bomb("a billion laughs", laughs.as_bytes());

    // A linear congruential generator, so that the test is the same each time.
    let mut state = 1u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state.to_be_bytes()[0]
    };
    let rubbish: Vec<u8> = (0..LIMIT).map(|_| next()).collect();
    bomb("random bytes", &rubbish);
    let printable: Vec<u8> = rubbish.iter().map(|byte| byte % 95 + 32).collect();
    bomb("random characters", &printable);
}

#[test]
fn steps_have_a_directory_and_run_beside_each_other() {
    let steps = loaded("suite: {run: [{run: a, dir: web/, parallel: true}, b]}")
        .suite
        .steps;
    assert_eq!(
        (steps[0].dir.as_deref(), steps[0].parallel),
        (Some("web"), true)
    );
    assert_eq!((steps[1].dir.as_deref(), steps[1].parallel), (None, false));
    for path in ["/etc", "../x", "a/../b", ".git", "''", "./a", "a//b"] {
        let error = error(format!("suite: {{link: [{path}]}}"));
        assert_eq!((error.line, error.column), (1, 16), "{path}");
    }
}

#[test]
fn an_expectation_is_a_regular_expression() {
    let policy = loaded("suite: {expect: '[1-9][0-9]* examples?', interactive: true}");
    assert_eq!(
        policy.suite.expect.as_deref(),
        Some("[1-9][0-9]* examples?")
    );
    assert!(policy.suite.interactive);
    let error = error("suite:\n  expect: '(a'\n");
    assert_eq!(
        error.to_string(),
        "F:2:11: `(a`: is not a regular expression: found open group without closing ')'"
    );
}

#[test]
fn a_rule_that_a_comma_cut_in_two_is_refused() {
    let text = "environments:\n  staging:\n    window:\n      open: [Sat,Sun 10:00-12:00]\n";
    let error = error(text);
    assert_eq!(
        error.to_string(),
        "F:4:14: `Sat`: a whole day, or cut off from `Sat,Sun 10:00-12:00`? quote that, or write `Sat 00:00-24:00`"
    );
    for fine in [
        "'Sat,Sun 10:00-12:00'",
        "[Sat 00:00-24:00, Sun 10:00-12:00]",
        "[Sun 10:00-12:00, Sat]",
        "[Sat, Sun]",
    ] {
        loaded(&format!(
            "environments: {{staging: {{window: {{open: {fine}}}}}}}"
        ));
    }
}

#[test]
fn a_sign_off_says_how_many_who_and_whether_signed() {
    let asked = |signoff: &str| {
        let text = format!("environments: {{a: {{}}, b: {{after: a, signoff: {signoff}}}}}");
        loaded(&text).environments[1].signoff
    };
    let signoff = |people, by, signed| Some(Signoff { people, by, signed });
    assert_eq!(asked("true"), signoff(1, By::Anyone, false));
    assert_eq!(asked("false"), None);
    assert_eq!(asked("2"), signoff(2, By::Anyone, false));
    assert_eq!(asked("{}"), signoff(1, By::Anyone, false));
    assert_eq!(asked("{by: anyone}"), signoff(1, By::Anyone, false));
    assert_eq!(asked("{by: another}"), signoff(1, By::Another, false));
    let all = "{count: 3, by: another, signed: true}";
    assert_eq!(asked(all), signoff(3, By::Another, true));
}

#[test]
fn a_sign_off_that_makes_no_sense_is_refused() {
    let case = |signoff: &str, expected: &str| {
        let text =
            format!("environments:\n  a:\n    after: b\n    signoff: {signoff}\n  b: {{}}\n");
        refused(text, expected);
    };
    case(
        "0",
        "F:4:14: `0`: a sign-off by nobody is none; write `signoff: false`",
    );
    case(
        "101",
        "F:4:14: `101`: more people than will ever try it; 100 is the most",
    );
    case(
        "-1",
        "F:4:14: expected `true`, `false`, a number of people, or keys such as `by`, found the number `-1`",
    );
    case(
        "1.5",
        "F:4:14: expected `true`, `false`, a number of people, or keys such as `by`, found the number `1.5`",
    );
    case(
        "another",
        "F:4:14: expected `true`, `false`, a number of people, or keys such as `by`, found `another`",
    );
    case(
        "[1]",
        "F:4:14: expected `true`, `false`, a number of people, or keys such as `by`, found a list",
    );
    case(
        "{by: anothr}",
        "F:4:19: unknown value `anothr`; did you mean `another`?",
    );
    case(
        "{by: me}",
        "F:4:19: unknown value `me`; expected `anyone` or `another`",
    );
    case(
        "{by: }",
        "F:4:15: expected `anyone` or `another`, found nothing",
    );
    case(
        "{signd: true}",
        "F:4:15: unknown key `signd`; did you mean `signed`?",
    );
    case(
        "{signed: 1}",
        "F:4:23: expected `true` or `false`, found the number `1`",
    );
    case(
        "{count: 0}",
        "F:4:22: `0`: a sign-off by nobody is none; write `signoff: false`",
    );
    case(
        "{count: two}",
        "F:4:22: expected a number of people, found `two`",
    );
    case("{count: 1, count: 2}", "F:4:25: duplicate key `count`");
    case(
        "{after: b}",
        "F:4:15: unknown key `after`; it belongs under an environment",
    );
    refused(
        "environments:\n  a:\n    signoff: {by: another}\n",
        "F:3:5: `signoff` needs `after`, the environment where the commit must be first",
    );
    refused(
        "environments:\n  a:\n    signed: true\n",
        "F:3:5: unknown key `signed`; it belongs under `signoff`",
    );
}

#[test]
fn what_is_remembered_is_shared_unless_the_policy_says_no() {
    assert!(loaded("").share);
    assert!(loaded("trunk: {}").share);
    assert!(loaded("share: true").share);
    assert!(!loaded("share: false").share);
    refused(
        "share: no\n",
        "F:1:8: expected `true` or `false`, found `no`; did you mean `false`?",
    );
    refused(
        "share:\n",
        "F:1:1: expected `true` or `false`, found nothing",
    );
    refused(
        "shar: true\n",
        "F:1:1: unknown key `shar`; did you mean `share`?",
    );
}

#[test]
fn a_ci_is_asked_alone() {
    let policy =
        loaded("suite: {ci: github, checks: [unit, lint], timeout: 5m, on: all, reuse: never}");
    let ci = policy.suite.ci.unwrap();
    assert_eq!((ci.forge, ci.checks.len()), (Forge::Github, 2));
    let alone = loaded("suite: {ci: gitlab, checks: unit}").suite;
    assert_eq!(alone.ci.unwrap().checks, ["unit"]);
    // Only what was pushed can have been checked.
    assert_eq!(alone.on, On::Deploys);
    for beside in [
        "run: x",
        "in: checkout",
        "env: [A]",
        "expect: x",
        "link: a",
        "interactive: false",
    ] {
        let key = beside.split(':').next().unwrap();
        let error = error(format!("suite: {{ci: github, {beside}}}"));
        let words = "is about a suite that runs here; with `ci` the CI is asked instead: remove one of them";
        assert_eq!(error.message, format!("`{key}` {words}"));
    }
    refused("suite: {checks: [unit]}", "F:1:9: `checks` needs `ci`");
    refused(
        "suite: {ci: circle}",
        "F:1:13: unknown value `circle`; expected `github` or `gitlab`",
    );
    error("suite: {ci: github, checks: []}");
    error("suite: {ci: github, checks: [a, a]}");
    error("suite: {ci: }");
}

#[test]
fn nobody_is_told_to_quote_what_is_quoted() {
    let window = |list: &str| format!("environments:\n  a:\n    window:\n      closed: {list}\n");
    for two in [
        "['Sun-Thu', 'Wed-Mon 21:15-12:15']",
        "[\"Sun-Thu\", Wed-Mon 21:15-12:15]",
        "[Sun-Thu, 'Wed-Mon 21:15-12:15']",
        "\n        - Sun-Thu\n        - Wed-Mon 21:15-12:15",
    ] {
        let policy = loaded(&window(two));
        assert_eq!(policy.environments[0].window.closed.len(), 2, "{two}");
    }
    for one in [
        "[Sun-Thu, Wed-Mon 21:15-12:15]",
        "[Sun-Thu,Wed-Mon  21:15-12:15] # or",
    ] {
        let message = error(window(one)).message;
        assert!(message.contains("quote that"), "{message}");
    }
}

#[test]
fn a_tab_in_what_is_quoted_is_a_space() {
    let text = "environments: {a: {window: {timezone: \"E\\turope/Madrid\", closed: [Sat]}}}\n";
    assert_eq!(
        error_of_the_loader(text.as_bytes()).message,
        "`E urope/Madrid` is not a time zone; did you mean `Europe/Madrid`?"
    );
}

#[test]
fn what_is_nested_too_deep_is_refused_before_it_fills_the_stack() {
    refused(
        "[".repeat(1000),
        "F:1:129: not valid YAML: recursion limit exceeded at line 1 column 129",
    );
}
