//! A commit that loosens the rules is judged by those of trunk, too: it cannot free itself.

use std::fs;

use expect_test::expect;
use pushgate::policy::schema::schema;
use serde_json::Value;

use super::signoff::signs;
use crate::support::{POLICY, PUSHGATE, Ran, Sandbox};

const NIGHT: &str = "2026-11-24 23:30:00";

/// What trunk asks before the change; production is asked for at night.
const OLD: &str = "\
trunk: {branch: master}
suite: {run: 'true', on: trunk}
environments:
  staging: {}
  production:
    after: staging
    soak: 10m
    signoff: true
    reason: required
    window: {timezone: UTC, closed: ['22:00-07:00']}
";

/// A shop under `OLD`, and a commit that changes it, which a colleague has pushed to origin: it is trunk's
/// newest, and this clone has it without knowing where trunk is now.
fn changed(from: &str, to: &str) -> Sandbox {
    changed_of(OLD, from, to)
}

fn changed_of(old: &str, from: &str, to: &str) -> Sandbox {
    let shop = Sandbox::new();
    shop.policy(old);
    shop.push_ungated("origin", "master");
    let new = old.replace(from, to);
    assert_ne!(new, old, "{from}");
    shop.policy(&new);
    let url = shop.path("origin.git");
    // By its path, no tracking ref moves.
    shop.push_ungated(url.to_str().unwrap(), "master");
    shop.push_ungated("staging", "master");
    shop
}

#[track_caller]
fn refused(from: &str, to: &str, variables: &[(&str, &str)], gate: &str) {
    refused_of(OLD, from, to, variables, gate);
}

#[track_caller]
fn refused_of(old: &str, from: &str, to: &str, variables: &[(&str, &str)], gate: &str) {
    let shop = changed_of(old, from, to);
    shop.stop_clock(NIGHT);
    let mut push = shop.command("git");
    push.args(["push", "production", "master"])
        .envs(variables.iter().copied());
    let ran = Ran::of(&mut push);
    assert_eq!(ran.code, 1, "{from} -> {to}:\n{ran}");
    ran.says(gate);
}

#[test]
fn every_rule_of_an_environment_holds_for_the_push_that_loosens_it() {
    let skip = |gates: &'static str| [("PUSHGATE_SKIP", gates), ("PUSHGATE_REASON", "night")];
    let window = "    window: {timezone: UTC, closed: ['22:00-07:00']}\n";
    let closed = "  window: closed by `22:00-07:00`";
    let tried = skip("promotion");
    refused(window, "", &tried, closed);
    refused("22:00-07:00", "03:00-04:00", &tried, closed);
    refused("timezone: UTC", "timezone: Asia/Tokyo", &tried, closed);
    // The place is then of no environment, or of another.
    refused("production:", "live:", &tried, closed);
    let (day, promotion) = (skip("window"), "  promotion: ");
    refused("    soak: 10m\n", "", &day, promotion);
    refused("soak: 10m", "soak: 1s", &day, promotion);
    let after = "    after: staging\n    soak: 10m\n    signoff: true\n";
    refused(after, "", &day, promotion);
    // The gate `lock` knows that trunk has moved.
    let newest = [
        ("PUSHGATE_SKIP", "window,promotion,lock"),
        ("PUSHGATE_REASON", "x"),
    ];
    let shop = changed(
        "    after: staging\n",
        "    after: staging\n    from: any\n",
    );
    shop.git(["checkout", "-qb", "feature"]).goes();
    shop.commit("not on trunk");
    shop.push_with(&newest, "production", "feature:master")
        .refused("trunk");
    // What is said to run there must be so by trunk's command, too.
    let (no, yes) = (
        "  staging: {live: 'false'}\n",
        "  staging: {live: git rev-parse HEAD}\n",
    );
    let old = OLD.replace("  staging: {}\n", no);
    let old = old.replace("    soak: 10m\n    signoff: true\n", "    signoff: false\n");
    refused_of(
        &old,
        no,
        yes,
        &day,
        "`live` of staging ended with exit code 1",
    );
    let unsaid = [("PUSHGATE_SKIP", "window,promotion")];
    let say = "an override of production must say why";
    refused("    reason: required\n", "", &unsaid, say);
}

#[test]
fn a_calendar_is_a_rule_of_its_window() {
    let calendar = |day: &str| {
        let lines = [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "BEGIN:VEVENT",
            "UID:1",
            day,
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ];
        lines.join("\r\n")
    };
    let shop = Sandbox::new();
    shop.write("free.ics", &calendar("DTSTART;VALUE=DATE:20261124"));
    shop.git(["add", "."]).goes();
    let window = "{timezone: UTC, closed: [free.ics]}";
    shop.policy(&format!(
        "suite: {{run: 'true'}}\nenvironments: {{staging: {{window: {window}}}}}\n"
    ));
    shop.push_ungated("origin", "master");
    shop.stop_clock(NIGHT);
    shop.push("staging", "master").refused("window");
    // The policy itself stays as it is.
    shop.commit_file("free.ics", &calendar("DTSTART;VALUE=DATE:20271124"));
    let url = shop.path("origin.git");
    shop.push_ungated(url.to_str().unwrap(), "master");
    shop.push("staging", "master")
        .refused("window")
        .says(" of free.ics; opens ")
        .says("this commit changes the rules of staging: the old ones count, too");
}

#[test]
fn a_commit_does_not_take_its_environment_out_of_the_team_s_locks() {
    let shop = Sandbox::new();
    shop.policy(OLD);
    shop.push_ungated("origin", "master");
    let mut lock = shop.command(PUSHGATE);
    lock.args(["lock", "production", "-m", "the migration runs"])
        .env("GIT_COMMITTER_NAME", "Ben")
        .env("GIT_COMMITTER_EMAIL", "ben@shop.example");
    Ran::of(&mut lock).goes();
    // Another clone knows of it by the server alone.
    fs::remove_dir_all(shop.app.join(".git/pushgate")).unwrap();
    shop.policy(&format!("share: false\n{OLD}"));
    shop.git(["push", "-q", "--no-verify", "../origin.git", "master"])
        .goes();
    shop.push_with(
        &[
            ("PUSHGATE_SKIP", "window,promotion"),
            ("PUSHGATE_REASON", "x"),
        ],
        "production",
        "master",
    )
    .refused("lock");
}

#[test]
fn what_is_skipped_under_the_old_rules_alone_is_an_override_for_everybody() {
    let shop = Sandbox::new();
    shop.policy(OLD);
    shop.push_ungated("origin", "master");
    shop.policy(
        "trunk: {branch: master}\nsuite: {run: 'true'}\nenvironments: {production: {from: any}}\n",
    );
    shop.stop_clock(NIGHT);
    let variables = [
        ("PUSHGATE_SKIP", "window,trunk,promotion"),
        ("PUSHGATE_REASON", "the site is down"),
    ];
    shop.push_with(&variables, "production", "master")
        .goes()
        .never_says("though it would have passed");
    let log = shop.pushgate(["log"]).goes().stdout;
    assert!(log.contains("overridden  production"), "{log}");
    assert!(log.contains("window, trunk, promotion skipped"), "{log}");
    assert!(log.contains("reason: the site is down"), "{log}");
}

#[test]
fn what_changes_nothing_is_judged_once() {
    let shop = changed("timezone: UTC", "timezone: UTC, runway: 0s");
    shop.stop_clock(NIGHT);
    shop.push("production", "master")
        .refused("window")
        .never_says("the old ones count");
}

#[test]
fn it_says_that_both_were_asked() {
    let shop = changed("    reason: required\n", "");
    shop.stop_clock(NIGHT);
    shop.push("production", "master")
        .refused("window")
        .says("note: this commit changes the rules of production: the old ones count, too");
}

#[test]
fn what_both_rules_refuse_is_said_once_and_in_one_verdict() {
    let promotion = "    after: staging\n    soak: 10m\n    signoff: true\n";
    let shop = changed(promotion, "");
    shop.stop_clock(NIGHT);
    shop.push("production", "master").is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: note: this commit changes the rules of production: the old ones count, too
        pushgate: push to production (production) refused
          window: closed by `22:00-07:00`; opens Wed 2026-11-25 07:00
          promotion: nobody has signed [Write .pushgate.yml] off on staging
          try it on staging, then sign it off:
            pushgate approve staging -m "what was tried"
          if it cannot wait:
            PUSHGATE_SKIP=window,promotion PUSHGATE_REASON="..." git push production master
        error: failed to push some refs to '[root]/production.git'
    "#]]);
    let shop = changed("22:00-07:00", "21:00-08:00");
    shop.stop_clock(NIGHT);
    shop.push("production", "master").is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: note: this commit changes the rules of production: the old ones count, too
        pushgate: push to production (production) refused
          window: closed by `21:00-08:00`; opens Wed 2026-11-25 08:00
          window: closed by `22:00-07:00`; opens Wed 2026-11-25 07:00
          promotion: nobody has signed [Write .pushgate.yml] off on staging
          try it on staging, then sign it off:
            pushgate approve staging -m "what was tried"
          if it cannot wait:
            PUSHGATE_SKIP=window,promotion PUSHGATE_REASON="..." git push production master
        error: failed to push some refs to '[root]/production.git'
    "#]]);
}

#[test]
fn the_same_window_twice_is_waited_for_once() {
    let window = "environments: {production: {window: {timezone: UTC, closed: ['22:00-07:00']}}}\n";
    let old = format!("suite: {{run: 'true'}}\n{window}");
    let shop = changed_of(&old, "07:00", "06:00");
    shop.stop_clock(NIGHT);
    shop.push("production", "master").is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: note: this commit changes the rules of production: the old ones count, too
        pushgate: push to production (production) refused
          window: closed by `22:00-06:00`; opens Wed 2026-11-25 06:00
          window: closed by `22:00-07:00`; opens Wed 2026-11-25 07:00
          push again then
          if it cannot wait:
            PUSHGATE_SKIP=window PUSHGATE_REASON="..." git push production master
        error: failed to push some refs to '[root]/production.git'
    "#]]);
}

/// Every key of the schema, and a policy that changes it. None of them has the window of `OLD`.
const CHANGED: &[(&str, &str)] = &[
    ("trunk.branch", "trunk: {branch: feature}"),
    ("trunk.remote", "trunk: {branch: master, remote: backup}"),
    ("share", "share: false"),
    ("suite.run", "suite: {run: 'false'}"),
    ("suite.run.name", "suite: {run: [{run: 'true', name: x}]}"),
    ("suite.run.run", "suite: {run: [{run: 'false'}]}"),
    (
        "suite.run.timeout",
        "suite: {run: [{run: 'true', timeout: 1h}]}",
    ),
    ("suite.run.dir", "suite: {run: [{run: 'true', dir: web}]}"),
    (
        "suite.run.parallel",
        "suite: {run: [{run: 'true', parallel: true}]}",
    ),
    ("suite.ci", "suite: {ci: github}"),
    ("suite.checks", "suite: {ci: github, checks: [test]}"),
    ("suite.on", "suite: {run: 'true', on: deploys}"),
    ("suite.in", "suite: {run: 'true', in: worktree}"),
    ("suite.timeout", "suite: {run: 'true', timeout: 1h}"),
    ("suite.reuse", "suite: {run: 'true', reuse: 1h}"),
    ("suite.env", "suite: {run: 'true', env: [CI]}"),
    ("suite.expect", "suite: {run: 'true', expect: passed}"),
    (
        "suite.link",
        "suite: {run: 'true', in: worktree, link: [.env]}",
    ),
    (
        "suite.interactive",
        "suite: {run: 'true', interactive: true}",
    ),
    ("environments", "environments: {live: {remote: production}}"),
    (
        "environments.remote",
        "environments: {production: {remote: heroku}}",
    ),
    (
        "environments.app",
        "environments: {production: {remote: heroku, app: shop}}",
    ),
    (
        "environments.from",
        "environments: {production: {from: any}}",
    ),
    ("environments.after", "environments: {production: {}}"),
    (
        "environments.soak",
        "environments: {staging: {}, production: {after: staging, soak: 1s}}",
    ),
    (
        "environments.signoff",
        "environments: {staging: {}, production: {after: staging, signoff: false}}",
    ),
    (
        "environments.signoff.count",
        "environments: {staging: {}, production: {after: staging, signoff: {count: 2}}}",
    ),
    (
        "environments.signoff.by",
        "environments: {staging: {}, production: {after: staging, signoff: {by: another}}}",
    ),
    (
        "environments.signoff.signed",
        "environments: {staging: {}, production: {after: staging, signoff: {signed: true}}}",
    ),
    ("environments.window", "environments: {production: {}}"),
    (
        "environments.window.timezone",
        "environments: {production: {window: {timezone: Asia/Tokyo, closed: ['22:00-07:00']}}}",
    ),
    (
        "environments.window.open",
        "environments: {production: {window: {timezone: UTC, open: ['20:00-24:00']}}}",
    ),
    (
        "environments.window.closed",
        "environments: {production: {window: {timezone: UTC, closed: ['03:00-04:00']}}}",
    ),
    (
        "environments.window.runway",
        "environments: {production: {window: {timezone: UTC, closed: ['03:00-04:00'], runway: 1m}}}",
    ),
    (
        "environments.branch",
        "environments: {production: {branch: [release]}}",
    ),
    (
        "environments.reason",
        "environments: {production: {reason: optional}}",
    ),
    (
        "environments.live",
        "environments: {production: {live: git rev-parse HEAD}}",
    ),
];

/// The keys that a schema knows, those of an environment without its name.
fn keys(schema: &Value, above: &str, found: &mut Vec<String>) {
    let entries = schema.as_object().into_iter().flatten();
    for (name, within) in entries {
        match within.as_object().filter(|_| name == "properties") {
            Some(properties) => {
                for (key, within) in properties {
                    found.push(format!("{above}{key}"));
                    keys(within, &format!("{above}{key}."), found);
                }
            }
            None => keys(within, above, found),
        }
    }
    let items = schema.as_array().into_iter().flatten();
    items.for_each(|within| keys(within, above, found));
}

#[test]
fn every_key_of_the_schema_is_changed_by_a_test() {
    let mut known = Vec::new();
    keys(&schema(), "", &mut known);
    // Those that only hold others.
    known.retain(|key| !["trunk", "suite"].contains(&key.as_str()));
    let mut changed: Vec<_> = CHANGED.iter().map(|(key, _)| (*key).to_owned()).collect();
    known.sort();
    known.dedup();
    changed.sort();
    assert_eq!(changed, known);
}

/// Whatever a commit changes: it is judged by the window that it takes off.
#[track_caller]
fn is_judged_by_the_old_window(section: &str) {
    let shop = Sandbox::new();
    shop.git(["remote", "add", "backup", "../origin.git"])
        .goes();
    shop.policy(OLD);
    shop.push_ungated("origin", "master");
    shop.stop_clock(NIGHT);
    let parts = [
        "trunk: {branch: master}",
        "suite: {run: 'true'}",
        "environments: {production: {}}",
    ];
    // The commit's own rules need not hold there.
    let skip = [
        ("PUSHGATE_SKIP", "trunk,promotion"),
        ("PUSHGATE_REASON", "x"),
    ];
    for (key, line) in CHANGED.iter().filter(|(key, _)| key.starts_with(section)) {
        let same = |part: &&&str| part.split(':').next() != line.split(':').next();
        let parts: Vec<_> = parts.iter().filter(same).chain([line]).copied().collect();
        shop.write(".pushgate.yml", &(parts.join("\n") + "\n"));
        shop.git(["commit", "-qam", key]).goes();
        let ran = shop.push_with(&skip, "production", "master");
        assert_eq!(ran.code, 1, "{key}: {ran}");
        ran.says("  window: closed by `22:00-07:00`");
    }
}

#[test]
fn no_key_of_trunk_frees_its_push() {
    is_judged_by_the_old_window("trunk.");
    is_judged_by_the_old_window("share");
}

#[test]
fn no_key_of_the_suite_frees_its_push() {
    is_judged_by_the_old_window("suite.");
}

#[test]
fn no_key_of_an_environment_frees_its_push() {
    is_judged_by_the_old_window("environments");
}

#[test]
fn a_commit_does_not_sign_itself_off() {
    for (from, to, says) in [
        ("true", "false", "nobody has signed"),
        ("{count: 2}", "{count: 1}", "1 of 2 people have signed"),
        ("{by: another}", "{by: anyone}", "its author"),
        (
            "{signed: true}",
            "{signed: false}",
            "1 sign-off does not verify",
        ),
    ] {
        let old = format!(
            "suite: {{run: 'true'}}\nenvironments:\n  staging: {{}}\n  production: {{after: staging, signoff: {from}}}\n"
        );
        let shop = changed_of(&old, from, to);
        if from != "true" {
            let id = shop.ask(["rev-parse", "HEAD"]);
            signs(&shop, "Ana <ana@shop.example>", &id);
        }
        shop.push("production", "master")
            .refused("promotion")
            .says(says);
    }
}

/// A red commit on master whose policy says something else about trunk or the suite.
fn red(from: &str, to: &str) -> Sandbox {
    let shop = Sandbox::new();
    let old = OLD.replace("run: 'true'", "run: 'false'");
    shop.policy(&old);
    shop.push_ungated("origin", "master");
    let new = old.replace(from, to);
    assert_ne!(new, old, "{from}");
    shop.policy(&new);
    shop
}

#[test]
fn a_commit_does_not_choose_its_own_trunk() {
    for (from, to) in [
        ("branch: master", "branch: feature"),
        ("branch: master", "branch: master, remote: backup"),
        ("on: trunk", "on: deploys"),
    ] {
        let shop = red(from, to);
        shop.git(["remote", "add", "backup", "../backup.git"])
            .goes();
        shop.push("origin", "master").refused("suite");
        // Forced ones, too.
        shop.git(["commit", "-q", "--amend", "-m", "again"]).goes();
        shop.push("origin", "+master").refused("suite");
    }
    let shop = red("branch: master", "branch: feature");
    shop.git(["checkout", "-qb", "feature"]).goes();
    shop.push_ungated("origin", "feature");
    shop.push("staging", "feature:master").refused("trunk");
}

#[test]
fn a_forced_push_that_names_another_trunk_keeps_every_commit_of_trunk() {
    let shop = Sandbox::new();
    shop.policy(OLD);
    shop.commit("two");
    shop.push_ungated("origin", "master");
    shop.git(["reset", "-q", "--hard", "HEAD~1"]).goes();
    shop.policy(&OLD.replace("branch: master", "branch: feature"));
    shop.push("origin", "+master").refused("trunk");
}

#[test]
fn two_commits_for_one_environment_are_two_whatever_their_policies_say() {
    let shop = Sandbox::new();
    shop.policy("suite: {run: 'true'}\nenvironments: {staging: {branch: [master, main]}}\n");
    shop.push_ungated("origin", "master");
    shop.git(["checkout", "-qb", "main"]).goes();
    shop.policy("suite: {run: 'true'}\nenvironments: {staging: {branch: [main]}}\n");
    shop.git(["push", "staging", "master", "main"])
        .refused("target")
        .says("two commits for one place");
}

/// A shop whose trunk is upstream's, with a fork as origin.
fn forked() -> Sandbox {
    let shop = Sandbox::new();
    shop.git(["init", "-q", "--bare", "../upstream.git"]).goes();
    shop.git(["remote", "add", "upstream", "../upstream.git"])
        .goes();
    shop.policy(&OLD.replace("branch: master", "branch: master, remote: upstream"));
    for remote in ["origin", "upstream", "staging", "production"] {
        shop.push_ungated(remote, "master");
    }
    shop
}

#[test]
fn a_fork_that_calls_itself_trunk_does_not_take_its_place() {
    let shop = forked();
    shop.policy(&OLD.replace("branch: master", "branch: master, remote: origin"));
    shop.push_ungated("origin", "master");
    shop.push("staging", "master")
        .refused("trunk")
        .says("1 commit ahead of upstream/master");
    // The fork's own commits are judged as trunk, and free nothing.
    shop.push("upstream", "master").goes();
    shop.push("staging", "master").goes();
}

#[test]
fn a_commit_does_not_move_trunk_to_a_fork() {
    let shop = forked();
    shop.policy(&OLD.replace("branch: master", "branch: master, remote: origin"));
    shop.git(["push", "-q", "../origin.git", "master"]).goes();
    shop.push("staging", "master")
        .refused("trunk")
        .says("1 commit ahead of upstream/master");
}

#[test]
fn a_clone_that_never_had_trunk_does_not_believe_the_commit() {
    let shop = Sandbox::new();
    shop.policy(OLD);
    for remote in ["origin", "staging", "production"] {
        shop.push_ungated(remote, "master");
    }
    shop.git(["checkout", "-qb", "feature"]).goes();
    shop.policy(&OLD.replace("branch: master", "branch: feature"));
    shop.push_ungated("origin", "feature");
    for name in ["master", "HEAD"] {
        let name = format!("refs/remotes/origin/{name}");
        shop.git(["update-ref", "--no-deref", "-d", &name]).goes();
    }
    // Daily work is free.
    shop.commit("more");
    shop.push("origin", "feature:other").goes();
    let ran = shop.push("staging", "feature:master");
    let ran = ran
        .goes_not()
        .says("this clone does not know the default branch of origin");
    let lines = ran
        .stderr
        .lines()
        .skip_while(|line| *line != "  fetch it, then push again:");
    for cure in lines.skip(1).map_while(|line| line.strip_prefix("    ")) {
        shop.run_in(&shop.app, "sh", ["-c", cure]).goes();
    }
    shop.push("staging", "feature:master").refused("trunk");
}

#[test]
fn a_topic_that_was_pushed_first_keeps_trunk_from_nobody() {
    let shop = Sandbox::bare();
    shop.install();
    shop.policy(POLICY);
    shop.push("origin", "master:topic").goes();
    shop.push("staging", "master")
        .goes_not()
        .says("the default branch of origin, whose policy says what trunk is, has no commit yet\n")
        .says("  push it there first, then push again:\n    git push origin master\n");
    shop.push("origin", "master").goes();
    shop.push("staging", "master").goes();
}

#[test]
fn the_built_in_policy_holds_for_the_push_that_brings_the_first_file() {
    let shop = Sandbox::new();
    shop.git(["remote", "rename", "production", "heroku"])
        .goes();
    let url = "https://git.heroku.com/shop.git";
    let there = format!("url.{}.insteadOf", shop.path("production.git").display());
    shop.git(["config", &there, url]).goes();
    shop.git(["remote", "set-url", "heroku", url]).goes();
    shop.git(["remote", "remove", "staging"]).goes();
    shop.git(["rm", "-q", "-r", "--ignore-unmatch", ".pushgate.yml"])
        .goes();
    shop.commit("no file");
    shop.push_ungated("origin", "master");
    shop.git(["checkout", "-qb", "feature"]).goes();
    shop.policy(
        "trunk: {branch: feature}\nsuite: {run: 'true'}\nenvironments: {production: {app: shop}}\n",
    );
    shop.push_ungated("origin", "feature");
    shop.stop_clock(NIGHT);
    shop.push("heroku", "feature:master").refused("window");
    shop.stop_clock("2026-11-24 12:00:00");
    shop.push("heroku", "feature:master").refused("trunk");
}

#[test]
fn a_trunk_whose_policy_cannot_be_read_decides_no_deployment() {
    let shop = Sandbox::new();
    shop.policy("bad: [\n");
    shop.push_ungated("origin", "master");
    shop.git(["checkout", "-qb", "feature"]).goes();
    shop.policy(&OLD.replace("branch: master", "branch: feature"));
    shop.push_ungated("origin", "feature");
    shop.push("staging", "feature:master")
        .goes_not()
        .says("not decided");
    // The commit that mends it goes to trunk, and then anywhere.
    shop.git(["checkout", "-q", "master"]).goes();
    shop.policy(OLD);
    shop.push("origin", "master").goes();
    shop.push("staging", "master").goes();
}

#[test]
fn a_commit_does_not_name_the_remote_that_trunk_should_have() {
    let shop = Sandbox::new();
    shop.git(["remote", "rename", "origin", "team"]).goes();
    shop.policy(&OLD.replace("trunk: {branch: master}\n", ""));
    for remote in ["team", "staging"] {
        shop.push_ungated(remote, "master");
    }
    shop.git(["checkout", "-qb", "feature"]).goes();
    let own = "trunk: {branch: feature, remote: team}\n";
    shop.policy(&OLD.replace("trunk: {branch: master}\n", own));
    shop.push_ungated("team", "feature");
    shop.push("staging", "feature:master")
        .goes_not()
        .says("there is no remote `origin`");
}
