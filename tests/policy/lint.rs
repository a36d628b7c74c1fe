//! `pushgate check --policy`: what is odd about a policy that holds.

use std::fs;

use expect_test::expect;

use crate::support::{PUSHGATE, Ran, Sandbox};

const NOW: &str = "2026-11-23 12:00:00";

fn check(shop: &Sandbox, args: &[&str]) -> Ran {
    let mut command = shop.at(NOW);
    Ran::of(command.args([PUSHGATE, "check", "--policy"]).args(args))
}

/// What is found in a work tree with this policy.
#[track_caller]
fn finds(policy: &str, expected: &[&str]) {
    let shop = Sandbox::bare();
    shop.write(".pushgate.yml", policy);
    let ran = check(&shop, &[]);
    let found: Vec<_> = ran.stdout.lines().collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|line| format!(".pushgate.yml:{line}"))
        .collect();
    assert_eq!(found, expected, "{ran}");
    assert_eq!(ran.code, i32::from(!expected.is_empty()), "{ran}");
    let nothing = "pushgate: .pushgate.yml is valid: nothing to say about it\n";
    let said = if expected.is_empty() { nothing } else { "" };
    assert_eq!(ran.stderr, said);
}

/// The same of production's window, whose lines begin at the fourth.
#[track_caller]
fn finds_in_window(lines: &str, expected: &[&str]) {
    let indented = format!("      {}\n", lines.replace('\n', "\n      "));
    finds(
        &format!("environments:\n  production:\n    window:\n{indented}"),
        expected,
    );
}

#[test]
fn a_sensible_policy_passes() {
    finds_in_window(
        "timezone: Europe/Madrid\nopen: [Mon-Thu 09:00-16:00, Fri 09:00-12:00]\nclosed: ['22:00-07:00', 2026-12-24..2027-01-02]\nrunway: 1h",
        &[],
    );
    finds("", &[]);
    finds(
        "environments: {staging: {}, production: {after: staging}}\n",
        &[],
    );
}

#[test]
fn a_hidden_failure_is_found_however_it_is_written() {
    let after = "what comes after `||` hides a failure";
    let before = "the failure of a command before `&&` is not seen, unless it is the last line";
    let errors = "`set +e` hides every failure after it";
    let pipe = "only the last command of a pipe counts: no other failure is seen";
    let branch = "a failure that only `if` sees is hidden: end its branch with `exit 1`";
    let argument = "the failure of a command whose output is an argument, or exported, is not seen: assign it on a line before";
    let trap = "`exit 0` in a `trap` of EXIT hides every failure";
    let finds_in_suite = |run: &str, expected: &[&str]| {
        finds(&format!("suite:\n  run: {run}\n"), expected);
    };
    for (script, why) in [
        ("bin/lint || true # known\n    bin/test", after),
        ("bin/lint || /bin/true\n    bin/test", after),
        ("bin/lint || red=1\n    bin/test", after),
        ("bin/lint || { echo red; }\n    bin/test", after),
        ("set +o errexit\n    bin/test", errors),
        ("(set -x +e; bin/lint)\n    bin/test", errors),
        ("if ! bin/lint; then echo no; fi\n    bin/test", branch),
        (
            "if ! bin/lint\n    then\n      echo no\n      exit 0\n    fi",
            branch,
        ),
        ("if bin/lint; then bin/test; else echo no; fi", branch),
        ("if bin/lint; then echo yes; fi; bin/test", branch),
        ("echo \"$(bin/lint)\"\n    bin/test", argument),
        ("echo `npm run lint`", argument),
        ("echo \"at $(date)\" \"$(sh lint.sh)\"", argument),
        ("printf '%s' \"$(npm run lint)\"", argument),
        ("test -z \"$(sh lint.sh)\"", argument),
        ("trap 'exit 0' EXIT\n    bin/test", trap),
        ("trap \"rm -f log; exit 0\" INT 0; bin/test", trap),
        ("bin/lint &&\n    bin/test\n    echo done", before),
        ("bin/lint && bin/test; echo done", before),
        ("bin/test | tee log # without pipefail", pipe),
    ] {
        finds_in_suite(&format!("|\n    {script}"), &[&format!("3:5: {why}")]);
    }
    for script in [
        "bin/lint || { echo red; exit 1; }\n    bin/test",
        "if test -f a && test -f b; then\n      bin/test\n    fi",
        "set -euo pipefail\n    bin/test | tee log",
        "if ! bin/lint; then exit 1; fi\n    bin/test",
        "if ! bin/lint; then echo no; exit 1; fi\n    bin/test",
        "if bin/lint; then echo yes; else exit 1; fi\n    bin/test",
        "if ! bin/lint; then exit 1; else echo yes; fi\n    bin/test",
        "if ! bundle check; then bundle install; fi\n    bin/test",
        "if ! command -v node; then echo no node; fi\n    bin/test",
        "if [ -n \"$CI\" ]; then echo CI; fi\n    bin/test",
        "if ! grep -q x a; then echo no x; fi; bin/test",
        "red=0\n    bin/lint || red=1\n    bin/test || red=1\n    exit \"$red\"",
        "out=$(bin/lint)\n    list=\"a $(bin/list \"$out\") b\"\n    bin/test $out $list",
        "cd \"$(dirname \"$0\")/..\"\n    eslint $(git ls-files '*.js')\n    echo \"node $(node --version) on $(hostname)\"",
        "echo '$(sh lint.sh)' # echo \"$(sh lint.sh)\"\n    bin/test",
        "trap 'rm -rf tmp' EXIT\n    trap 'exit 0' TERM\n    bin/test",
    ] {
        finds_in_suite(&format!("|\n    {script}"), &[]);
    }
}

#[test]
fn a_failure_that_the_shell_does_not_see_is_named() {
    let finds_in_suite = |run: &str, expected: &[&str]| {
        finds(&format!("suite:\n  run: {run}\n"), expected);
    };
    let pipe = "only the last command of a pipe counts: no other failure is seen";
    let after = "what comes after `||` hides a failure";
    let behind = "the failure of a command with `&` after it is not seen";
    finds_in_suite("bin/test | tee log", &[&format!("2:8: {pipe}")]);
    finds_in_suite("make && bin/test || true", &[&format!("2:8: {after}")]);
    finds_in_suite("bin/server & bin/test", &[&format!("2:8: {behind}")]);
    finds_in_suite(
        "[bin/lint, {name: all, run: 'bin/test || :'}, 'bin/test 2>&1 | tee log &']",
        &[
            &format!("2:36: {after}"),
            &format!("2:54: {pipe}"),
            &format!("2:54: {behind}"),
        ],
    );
    let before = "the failure of a command before `&&` is not seen, unless it is the last line";
    finds_in_suite(
        "|\n    bin/lint && bin/test\n    echo done",
        &[&format!("3:5: {before}")],
    );
    finds_in_suite("|\n    bin/lint &&\n    bin/test", &[]);
    finds(
        "suite: {run: 'true'}\nenvironments:\n  a: {live: curl x | head -1}\n  live: {}\n",
        &[&format!("3:13: {pipe}")],
    );
    let errors = "`set +e` hides every failure after it";
    finds_in_suite("|\n    set +e\n    bin/test", &[&format!("3:5: {errors}")]);
    finds_in_suite("bin/lint || echo failed", &[&format!("2:8: {after}")]);
    finds_in_suite(
        "|\n    bin/lint | cat\n    bin/test",
        &[&format!("3:5: {pipe}")],
    );
    let not = "what `!` says is not seen, unless it is the last line";
    finds_in_suite(
        "|\n    bin/test\n    ! grep -r FIXME src\n    bin/test",
        &[&format!("4:5: {not}")],
    );
    let exported = "the failure of a command whose output is an argument, or exported, is not seen: assign it on a line before";
    finds_in_suite(
        "|\n    echo 'two\n    lines'\n    export DB=\"$(bin/db)\"\n    bin/test",
        &[&format!("5:5: {exported}")],
    );
    let inner = "of what `sh -c` is given only the last command counts: say `sh -e -c`";
    for given in [
        "bash -c 'bin/lint; bin/test'",
        "bash <<<'bin/lint; bin/test'",
    ] {
        finds_in_suite(given, &[&format!("2:8: {inner}")]);
    }
    let given = "a shell goes on after a failure in what `<<` gives it: say `sh -e`";
    finds_in_suite(
        "|\n    bash -s <<'END'\n    bin/lint\n    bin/test\n    END",
        &[&format!("3:5: {given}")],
    );
    let function = "a function goes on after a failure where `if`, `&&` or `||` asks how it ended";
    for asked in [
        "if all; then bin/more; fi",
        "all now || exit 1",
        "until ! all; do sleep 1; done",
    ] {
        finds_in_suite(
            &format!("|\n    all() {{ bin/lint; bin/test; }}\n    {asked}"),
            &[&format!("4:5: {function}")],
        );
    }
    for seen in [
        "\"all() { bin/test; }; all\"",
        "|\n    bash -euo pipefail <<END\n    bin/test\n    END",
        "|\n    ./check.sh <<END\n    a\n    b\n    END",
        "./check.sh <<<'a; b'",
        "./check.sh -c 'a; b'",
        "bash <<<bin/test",
        "bash -c bin/test",
        "bash -ec 'bin/lint; bin/test'",
        "\"! grep -r FIXME src\"",
        "cd web && bin/test || exit 1",
        "bin/test >log 2>&1",
        "bash -o pipefail -c 'bin/test | tee log'",
        "\"echo 'a | b & c || true' # d | e\"",
        "'case $CI in true|1) bin/test ;; esac'",
        "'bin/test >|log &>all'",
    ] {
        finds_in_suite(seen, &[]);
    }
}

#[test]
fn a_test_that_only_a_condition_runs_is_named_and_a_question_is_not() {
    let branch = "a failure that only `if` sees is hidden: end its branch with `exit 1`";
    let repeated =
        "a failure that ends a loop is not seen: run that command once more after `done`";
    let finds_in_suite = |script: &str, expected: &[&str]| {
        let script = script.replace('\n', "\n    ");
        finds(&format!("suite:\n  run: |\n    {script}\n"), expected);
    };
    for (script, why) in [
        ("if bin/lint; then bin/test; fi", branch),
        (
            "if npm run lint\nthen\n  npm test\n  npm run e2e\nfi\necho done",
            branch,
        ),
        ("if cargo +nightly fmt --check; then cargo test; fi", branch),
        ("if CI=1 bundle exec rubocop; then bin/test; fi", branch),
        ("if timeout 60 ./ci/check.sh; then bin/test; fi", branch),
        ("if bash lint.sh 2>&1; then touch ok; fi", branch),
        ("if make check && true; then make docs; fi", branch),
        (
            "if docker compose run web bin/test; then touch ok; fi",
            branch,
        ),
        (
            "if [ -f a ]; then cat a; elif bin/test; then touch ok; fi",
            branch,
        ),
        ("while bin/test; do sleep 1; done", repeated),
        ("while npm test\ndo\n  echo again\ndone", repeated),
        (
            "until npm test; do\n  n=$((n + 1))\n  if [ $n = 3 ]; then break; fi\ndone",
            repeated,
        ),
    ] {
        finds_in_suite(script, &[&format!("3:5: {why}")]);
    }
    for script in [
        "if [ -f x ]; then bin/test; fi",
        "if [[ -f x ]]; then bin/test; fi",
        "if test -d web; then npm test; fi",
        "if command -v yarn >/dev/null; then yarn test; else npm test; fi",
        "if ! command -v yarn >/dev/null; then npm i -g yarn; fi",
        "if git diff --quiet; then echo clean; fi",
        "if git diff --quiet HEAD^ -- web; then exit 0; fi\nbin/test",
        "if docker info >/dev/null 2>&1; then bin/test; fi",
        "if pg_isready -q; then bin/test; fi",
        "if curl -fs localhost:3000/test; then bin/test; fi",
        "if /usr/bin/id ci; then bin/test; fi",
        "if bin/is-ci; then bin/test; fi",
        "if ./scripts/needs_build.sh src; then bin/build; fi",
        "if make --version >/dev/null; then bin/test; fi",
        "if npm ls cypress; then npx cypress run; fi",
        "if bundle check; then echo ready; fi",
        "if python -c 'import x'; then bin/test; fi",
        "if $FAST; then bin/test; fi",
        "if bin/lint; then bin/test; else exit 1; fi",
        "if bin/lint\nthen\n  bin/test\n  bin/more\nelse\n  exit 1\nfi",
        "if bin/has_fixme || bin/lint --list; then echo bad; exit 1; fi",
        "if bin/find-secrets src; then echo found; exit 1; fi",
        "if bin/fast; then bin/test; else bin/slow; fi",
        "while read -r dir; do bin/test $dir; done <dirs",
        "while [ $n -lt 3 ]; do n=$((n + 1)); done",
        "while ! nc -z localhost 5432; do sleep 1; done\nbin/test",
        "until pg_isready; do sleep 1; done\nbin/test",
        "until curl -fs localhost; do sleep 1; done\nbin/test",
        "until bin/ready; do sleep 1; done\nbin/test",
    ] {
        finds_in_suite(script, &[]);
    }
}

#[test]
fn a_window_that_never_opens_is_named() {
    finds_in_window(
        "timezone: UTC\nopen: [Mon-Fri]\nclosed: [Mon-Wed, Thu-Sun]",
        &[
            "3:5: the window of `production` never opens",
            "5:14: `Mon-Fri` opens nothing: `closed` closes all of it",
        ],
    );
    finds_in_window(
        "timezone: UTC\nopen: ['09:00-10:00']\nrunway: 2h",
        &[
            "3:5: the window of `production` never opens: no hour passes all of its rules for the whole runway",
        ],
    );
}

#[test]
fn a_list_that_ends_at_the_margin_is_looked_over_too() {
    finds(
        "environments:\n  production:\n    window:\n      timezone: UTC\n      closed: [\n2026-11-21,\nMon-Sun\n]\n",
        &[
            "3:5: the window of `production` never opens",
            "6:1: `2026-11-21` is past; remove it",
        ],
    );
}

#[test]
fn a_rule_that_is_past_is_named() {
    finds_in_window(
        "timezone: UTC\nclosed: [2025-12-24..2026-01-02, 2026-11-21, 2026-11-22, 2026-12-24]",
        &[
            "5:16: `2025-12-24..2026-01-02` is past; remove it",
            "5:40: `2026-11-21` is past; remove it",
            "5:52: `2026-11-22` is past; remove it",
        ],
    );
}

#[test]
fn of_many_findings_the_first_are_told() {
    let days = ["2020-01-01"; 60].join(", ");
    let shop = Sandbox::bare();
    let policy = format!("environments: {{a: {{window: {{timezone: UTC, closed: [{days}]}}}}}}\n");
    shop.write(".pushgate.yml", &policy);
    let found = check(&shop, &[]).stdout;
    assert_eq!(found.lines().count(), 51);
    assert!(
        found.starts_with(".pushgate.yml:1:1: there is more than what follows"),
        "{found}"
    );
}

#[test]
fn an_open_rule_that_is_always_closed_is_a_contradiction() {
    finds_in_window(
        "timezone: UTC\nopen:\n  - Mon-Fri 09:00-16:00\n  - Sat 10:00-12:00\nclosed: ['Sat,Sun']",
        &["7:11: `Sat 10:00-12:00` opens nothing: `closed` closes all of it"],
    );
}

#[test]
fn a_zone_that_is_left_to_chance_is_named() {
    let words = "the hours of `production` are by the clock of whoever pushes, another one for each; name a `timezone`";
    finds_in_window("closed: 22:00-07:00", &[&format!("3:5: {words}")]);
    finds_in_window(
        "closed: 22:00-07:00\ntimezone: local",
        &[&format!("5:17: {words}")],
    );
}

#[test]
fn an_app_that_no_environment_has_is_named() {
    let shop = Sandbox::bare();
    let policy =
        "suite: {run: 'true'}\nenvironments:\n  staging: {app: shop-staging}\n  production: {}\n";
    shop.write(".pushgate.yml", policy);
    for (remote, app) in [
        ("staging", "shop-staging"),
        ("production", "shop"),
        ("eu", "shop-eu"),
    ] {
        shop.git(["remote", "remove", remote]);
        let url = format!("https://git.heroku.com/{app}.git");
        shop.git(["remote", "add", remote, &url]).goes();
    }
    let ran = check(&shop, &[]);
    assert_eq!(
        ran.stdout,
        ".pushgate.yml:2:1: the remote `eu` leads to the app `shop-eu`, which is on no environment: pushes there are refused\n"
    );
    // What is said here is what a push would meet.
    shop.commit_file(".pushgate.yml", policy);
    let head = shop.ask(["rev-parse", "HEAD"]);
    let line = format!(
        "refs/heads/master {head} refs/heads/master {}\n",
        "0".repeat(40)
    );
    let refused = shop.pushgate_pre_push("eu", "https://git.heroku.com/shop-eu.git", &line);
    refused.is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: push to git.heroku.com/shop-eu refused
          target: Heroku app `shop-eu` is on no environment of .pushgate.yml
          add `app: shop-eu` to its environment in .pushgate.yml, and commit it
    "#]]);
    shop.write(
        ".pushgate.yml",
        &policy.replace("production: {}", "production: {app: [shop, shop-EU]}"),
    );
    assert_eq!(check(&shop, &[]).goes().stdout, "");
}

#[test]
fn a_calendar_that_has_run_out_or_cannot_be_read_is_named() {
    let shop = Sandbox::bare();
    shop.write(
        ".pushgate.yml",
        "environments:\n  production:\n    window:\n      timezone: UTC\n      \
         closed: [old.ics, '22:00-07:00', none.ics, bad.ics, '23:00-01:00', good.ics]\n",
    );
    let event = |lines: &str| {
        format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n")
    };
    shop.write("old.ics", &event("DTSTART;VALUE=DATE:20251225"));
    shop.write("bad.ics", &event("DTSTART:tomorrow"));
    shop.write(
        "good.ics",
        &event("DTSTART;VALUE=DATE:20251225\nRRULE:FREQ=YEARLY"),
    );
    check(&shop, &[]).is(&expect![[r#"
        exit 1
        --- stdout
        .pushgate.yml:5:16: old.ics has run out: the last day of its events was Thu 2025-12-25
        .pushgate.yml:5:40: none.ics: the work tree has no such file
        .pushgate.yml:5:50: bad.ics:3: `tomorrow` is not a date or time: write `20261224`, `20261224T180000` or `20261224T180000Z`
    "#]]);
}

#[test]
fn json_names_the_kind_and_the_place() {
    let shop = Sandbox::bare();
    shop.write(
        ".pushgate.yml",
        "environments:\n  production:\n    window: {timezone: UTC, closed: [2020-01-01, Sun]}\n",
    );
    check(&shop, &["--json"]).is(&expect![[r#"
        exit 1
        --- stdout
        {
          "error": null,
          "findings": [
            {
              "column": 38,
              "kind": "past",
              "line": 3,
              "message": "`2020-01-01` is past; remove it"
            }
          ],
          "policy": ".pushgate.yml"
        }
    "#]]);
    shop.write(".pushgate.yml", "environments: {staging: {}}\n");
    check(&shop, &["--json"]).is(&expect![[r#"
        exit 0
        --- stdout
        {
          "error": null,
          "findings": [],
          "policy": ".pushgate.yml"
        }
    "#]]);
}

#[test]
fn a_policy_that_does_not_load_ends_with_2() {
    let shop = Sandbox::bare();
    shop.write(".pushgate.yml", "enviroments: {}\n");
    check(&shop, &[]).is(&expect![[r#"
        exit 2
        --- stderr
        pushgate: check not done
          .pushgate.yml:1:1: unknown key `enviroments`; did you mean `environments`?
            enviroments: {}
            ^
          fix .pushgate.yml, commit it, and try again
    "#]]);
    shop.write(".pushgate.yml", "suite:\n  run: a\n  timeout: 5\n");
    check(&shop, &[]).is(&expect![[r#"
        exit 2
        --- stderr
        pushgate: check not done
          .pushgate.yml:3:12: `5`: a duration needs a unit, such as `30s`, `30m` or `24h`
              timeout: 5
                       ^
          fix .pushgate.yml, commit it, and try again
    "#]]);
    check(&shop, &["--json"]).is(&expect![[r#"
        exit 2
        --- stdout
        {
          "error": ".pushgate.yml:3:12: `5`: a duration needs a unit, such as `30s`, `30m` or `24h`:   timeout: 5;            ^",
          "findings": [],
          "policy": ".pushgate.yml"
        }
        --- stderr
        pushgate: check not done
          .pushgate.yml:3:12: `5`: a duration needs a unit, such as `30s`, `30m` or `24h`
              timeout: 5
                       ^
          fix .pushgate.yml, commit it, and try again
    "#]]);
}

#[test]
fn the_work_trees_policy_counts_and_else_that_of_head() {
    let shop = Sandbox::bare();
    check(&shop, &[]).is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: there is no .pushgate.yml: the built-in policy holds
    "#]]);
    shop.policy("environments:\n  production:\n    window: {closed: Sun}\n");
    fs::remove_file(shop.app.join(".pushgate.yml")).unwrap();
    check(&shop, &[]).is(&expect![[r#"
        exit 1
        --- stdout
        .pushgate.yml at [Write .pushgate.yml]:3:5: the hours of `production` are by the clock of whoever pushes, another one for each; name a `timezone`
    "#]]);
    shop.write(".pushgate.yml", "environments: {production: {}}\n");
    check(&shop, &[]).goes();
}

#[test]
fn it_asks_no_network_and_takes_nothing_else() {
    let shop = Sandbox::bare();
    shop.write(".pushgate.yml", "environments: {staging: {}}\n");
    shop.git(["remote", "set-url", "origin", "ext::touch asked"])
        .goes();
    shop.git(["config", "protocol.ext.allow", "always"]).goes();
    check(&shop, &[]).goes();
    assert!(!shop.app.join("asked").exists());
    assert_eq!(check(&shop, &["staging"]).code, 2);
    assert_eq!(check(&shop, &["--commit", "HEAD"]).code, 2);
}
