//! The gate `window`, under a clock that the test sets.

use expect_test::expect;

use crate::support::{Ran, Sandbox, clock::Clock};

fn with_window(window: &str) -> Sandbox {
    let shop = Sandbox::new();
    shop.policy(&format!(
        "suite: {{run: 'true'}}\nenvironments:\n  production:\n    window: {window}\n"
    ));
    shop.push_ungated("origin", "master");
    shop
}

#[test]
fn the_override_that_is_named_forces_what_git_wants_forced() {
    let shop = with_window("{timezone: UTC, closed: ['22:00-07:00']}");
    shop.git(["switch", "-q", "-c", "other"]).goes();
    shop.commit("other");
    shop.push_ungated("production", "other:master");
    shop.git(["switch", "-q", "master"]).goes();
    shop.stop_clock("2026-11-24 23:40:00");
    let cure = "PUSHGATE_SKIP=window PUSHGATE_REASON=\"...\" git push --force production master";
    shop.git(["push", "--force", "production", "master"])
        .refused("window")
        .says(&format!("  if it cannot wait:\n    {cure}\n"));
    let cure = cure.replace("...", "the site is down");
    shop.run_in(&shop.app, "sh", ["-c", &cure]).goes();
}

#[test]
fn a_night_push_is_refused_with_the_rule_and_the_hour_at_which_it_opens() {
    let shop = with_window("{timezone: UTC, closed: ['22:00-07:00']}");
    let ran = shop
        .push_at("2026-11-24 23:40:00", "production", "master")
        .refused("window")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              window: closed by `22:00-07:00`; opens Wed 2026-11-25 07:00
              push again then
              if it cannot wait:
                PUSHGATE_SKIP=window PUSHGATE_REASON="..." git push production master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    assert_eq!(
        ran.report(),
        "pushgate: push to production (production) refused\n  \
           window: closed by `22:00-07:00`; opens Wed 2026-11-25 07:00\n  \
           push again then\n  \
           if it cannot wait:\n    PUSHGATE_SKIP=window PUSHGATE_REASON=\"...\" git push production master\n"
    );
    assert_eq!(
        shop.last_gates(),
        [
            "target passed",
            "window refused",
            "trunk passed",
            "lock passed"
        ]
    );
    shop.push_at("2026-11-25 07:00:00", "production", "master")
        .goes()
        .says("window: open until Wed 2026-11-25 22:00");
}

#[test]
fn a_night_push_is_refused_also_where_the_network_is_dead() {
    let shop = with_window("{timezone: UTC, closed: ['22:00-07:00']}");
    shop.git(["remote", "set-url", "origin", "/nowhere"]).goes();
    shop.push_at("2026-11-24 23:40:00", "production", "master")
        .refused("window")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              window: closed by `22:00-07:00`; opens Wed 2026-11-25 07:00
              push again then
              if it cannot wait:
                PUSHGATE_SKIP=window PUSHGATE_REASON="..." git push production master
              note: trunk could not tell: could not ask `origin` for its branches: fatal: '/nowhere' does not appear to be a git repository; fatal: Could not read from remote repository.; Please make sure you have the correct access rights; and the repository exists.
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn the_edges_are_half_open() {
    let shop = with_window("{timezone: UTC, open: ['Mon-Thu 09:00-16:00']}");
    shop.push_at("2026-11-24 08:59:59", "production", "master")
        .refused("window")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              window: outside the open hours; opens Tue 2026-11-24 09:00
              push again then
              if it cannot wait:
                PUSHGATE_SKIP=window PUSHGATE_REASON="..." git push production master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    shop.push_at("2026-11-24 16:00:00", "production", "master")
        .refused("window")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              window: outside the open hours; opens Wed 2026-11-25 09:00
              push again then
              if it cannot wait:
                PUSHGATE_SKIP=window PUSHGATE_REASON="..." git push production master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    shop.push_at("2026-11-26 16:00:00", "production", "master")
        .refused("window")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              window: outside the open hours; opens Mon 2026-11-30 09:00
              push again then
              if it cannot wait:
                PUSHGATE_SKIP=window PUSHGATE_REASON="..." git push production master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    shop.push_at("2026-11-24 15:59:59", "production", "master")
        .goes();
}

#[test]
fn the_runway_must_fit_before_the_window_closes() {
    let shop = with_window("{timezone: UTC, open: ['09:00-16:00'], runway: 1h}");
    shop.push_at("2026-11-24 15:30:00", "production", "master")
        .refused("window")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              window: the open hours end at 16:00, within the runway; opens Wed 2026-11-25 09:00
              push again then
              if it cannot wait:
                PUSHGATE_SKIP=window PUSHGATE_REASON="..." git push production master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    shop.push_at("2026-11-24 14:59:00", "production", "master")
        .goes();
}

#[test]
fn a_freeze_that_begins_and_ends_within_the_runway_closes_it() {
    let shop =
        with_window("{timezone: UTC, closed: ['2026-11-24 12:00..2026-11-24 12:05'], runway: 2h}");
    shop.push_at("2026-11-24 11:00:00", "production", "master")
        .refused("window")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              window: `2026-11-24 12:00..2026-11-24 12:05` closes it at 12:00, within the runway; opens Tue 2026-11-24 12:05
              push again then
              if it cannot wait:
                PUSHGATE_SKIP=window PUSHGATE_REASON="..." git push production master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn the_window_has_its_own_zone_and_the_reader_his() {
    let shop = with_window("{timezone: Europe/Madrid, closed: ['22:00-07:00']}");
    let at = |time: &str, zone: &str| {
        Ran::of(
            shop.at(time)
                .env("TZ", zone)
                .args(["git", "push", "production", "master"]),
        )
    };
    // 21:30 UTC is 22:30 in Madrid.
    at("2026-11-24 21:30:00", "UTC")
        .refused("window")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              window: closed by `22:00-07:00`; opens Wed 2026-11-25 07:00 Europe/Madrid (Wed 06:00 here)
              push again then
              if it cannot wait:
                PUSHGATE_SKIP=window PUSHGATE_REASON="..." git push production master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    at("2026-11-24 20:30:00", "UTC").goes();
}

#[test]
fn a_night_with_a_clock_change_ends_by_the_clock_on_the_wall() {
    // In the night to 2026-10-25 Madrid's clocks go back at 03:00 summer time.
    let shop = with_window("{timezone: Europe/Madrid, closed: ['22:00-07:00']}");
    shop.push_at("2026-10-25 05:59:00", "production", "master")
        .refused("window")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              window: closed by `22:00-07:00`; opens Sun 2026-10-25 07:00 Europe/Madrid (Sun 06:00 here)
              push again then
              if it cannot wait:
                PUSHGATE_SKIP=window PUSHGATE_REASON="..." git push production master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    shop.push_at("2026-10-25 06:00:00", "production", "master")
        .goes();
}

#[test]
fn the_readers_own_clock_counts_where_no_zone_is_named() {
    let shop = with_window("{closed: ['22:00-07:00']}");
    let ran = Ran::of(
        shop.at("2026-11-24 14:00:00")
            .env("TZ", "Asia/Tokyo")
            .args(["git", "push", "production", "master"]),
    );
    ran.refused("window").is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: push to production (production) refused
          window: closed by `22:00-07:00`; opens Wed 2026-11-25 07:00
          push again then
          if it cannot wait:
            PUSHGATE_SKIP=window PUSHGATE_REASON="..." git push production master
        error: failed to push some refs to '[root]/production.git'
    "#]]);
}

#[test]
fn a_clock_without_a_zone_is_undecided_not_utc() {
    let shop = with_window("{closed: ['22:00-07:00']}");
    let ran = shop.push_with(&[("TZ", "Mars/Olympus")], "production", "master");
    ran.undecided("window").is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: push to production (production) not decided, so it does not go
          window: the time zone of this machine cannot be told
            `TZ` environment variable set, but failed to read value: failed to read `TZ` environment variable value as a TZif file after attempting (and failing) a tzdb lookup for that same value
        error: failed to push some refs to '[root]/production.git'
    "#]]);
}

#[test]
fn a_window_that_never_opens_says_so() {
    let shop = with_window("{timezone: UTC, open: ['09:00-10:00'], runway: 2h}");
    shop.push_at("2026-11-24 09:00:00", "production", "master")
        .refused("window")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              window: the open hours end at 10:00, within the runway; it never opens
              fix the window in .pushgate.yml: no hour passes all of its rules
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn the_window_closing_while_the_suite_runs_is_noticed() {
    let shop = Sandbox::new();
    // The suite sets the clock.
    let later = Clock::line("2026-11-24 22:00:00");
    shop.policy(&format!("suite: {{run: echo {later} >../clock}}\nenvironments:\n  production:\n    window: {{timezone: UTC, closed: ['22:00-07:00']}}\n"));
    shop.push_ungated("origin", "master");
    shop.push_at("2026-11-24 21:30:00", "production", "master")
        .refused("window")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: running the suite: echo 1795557600 >../clock
            pushgate: push to production (production) refused
              window: closed by `22:00-07:00`; opens Wed 2026-11-25 07:00
              push again then
              if it cannot wait:
                PUSHGATE_SKIP=window PUSHGATE_REASON="..." git push production master
              note: window had passed before the suite ran
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn a_closed_window_of_one_place_refuses_before_the_suite_of_another_runs() {
    let shop = Sandbox::new();
    shop.policy("suite: {run: 'echo it ran', on: all}\nenvironments:\n  production:\n    window: {timezone: UTC, closed: ['22:00-07:00']}\n");
    shop.push_ungated("origin", "master");
    shop.git(["branch", "a-feature"]).goes();
    shop.stop_clock("2026-11-24 23:40:00");
    for refs in [["a-feature", "master"], ["master", "a-feature"]] {
        shop.git(["push", "production", refs[0], refs[1]])
            .refused("window")
            .never_says("it ran")
            .never_says("running the suite");
    }
}

#[test]
fn staging_is_always_open_without_a_window() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.push_at("2026-11-24 03:00:00", "staging", "master")
        .goes()
        .says("window: always open");
}
