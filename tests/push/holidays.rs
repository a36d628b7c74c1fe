//! `closed: [holidays.ics]`: a calendar of the repository closes the window.

use expect_test::expect;

use std::{fs, os::unix::fs::symlink};

use crate::support::{PUSHGATE, Ran, Sandbox};

const CHRISTMAS: &str = "\
BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//Shop//Holidays//EN\r
BEGIN:VEVENT\r
UID:christmas@shop.example\r
SUMMARY:Christmas\r
DTSTART;VALUE=DATE:20251224\r
DTEND;VALUE=DATE:20251227\r
RRULE:FREQ=YEARLY\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:sale@shop.example\r
SUMMARY:Black\r
  Friday\r
DTSTART;TZID=America/New_York:20261127T090000\r
DURATION:PT12H\r
END:VEVENT\r
END:VCALENDAR\r
";

fn policy(closed: &str) -> String {
    format!(
        "suite: {{run: 'true'}}\nenvironments:\n  production:\n    window:\n      timezone: UTC\n      closed: [{closed}]\n"
    )
}

/// A shop whose production heeds `calendar/holidays.ics`, which holds this.
fn shop(calendar: &str) -> Sandbox {
    let shop = Sandbox::new();
    shop.commit_file("calendar/holidays.ics", calendar);
    shop.policy(&policy("calendar/holidays.ics"));
    on_trunk(&shop);
    shop
}

fn on_trunk(shop: &Sandbox) {
    shop.push_ungated("origin", "master");
}

/// A push to production that would go if the window did not count.
fn push(shop: &Sandbox, time: &str) -> Ran {
    shop.push_at(time, "production", "master")
}

#[test]
fn an_event_closes_the_window_and_is_named() {
    let shop = shop(CHRISTMAS);
    let ran = push(&shop, "2026-12-24 10:00:00")
        .refused("window")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              window: closed by "Christmas" of calendar/holidays.ics; opens Sun 2026-12-27 00:00
              hint: push again then
              hint: if it cannot wait: PUSHGATE_SKIP=window PUSHGATE_REASON="why" before the same git push
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    assert_eq!(
        ran.report(),
        "pushgate: push to production (production) refused\n  \
           window: closed by \"Christmas\" of calendar/holidays.ics; opens Sun 2026-12-27 00:00\n  \
           hint: push again then\n  \
           hint: if it cannot wait: PUSHGATE_SKIP=window PUSHGATE_REASON=\"why\" before the same git push\n"
    );
    push(&shop, "2026-11-27 14:00:00")
        .refused("window")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              window: closed by "Black Friday" of calendar/holidays.ics; opens Sat 2026-11-28 02:00
              hint: push again then
              hint: if it cannot wait: PUSHGATE_SKIP=window PUSHGATE_REASON="why" before the same git push
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    push(&shop, "2026-11-27 13:59:00")
        .goes()
        .says("window: open until Fri 2026-11-27 14:00")
        .never_says("note:");
}

#[test]
fn the_calendar_of_the_pushed_commit_counts_not_the_work_trees() {
    let shop = shop(CHRISTMAS);
    shop.write("calendar/holidays.ics", "BEGIN:VCALENDAR\nEND:VCALENDAR\n");
    push(&shop, "2026-12-24 10:00:00")
        .refused("window")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              window: closed by "Christmas" of calendar/holidays.ics; opens Sun 2026-12-27 00:00
              hint: push again then
              hint: if it cannot wait: PUSHGATE_SKIP=window PUSHGATE_REASON="why" before the same git push
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    fs::remove_file(shop.app.join("calendar/holidays.ics")).unwrap();
    push(&shop, "2026-12-24 10:00:00")
        .refused("window")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              window: closed by "Christmas" of calendar/holidays.ics; opens Sun 2026-12-27 00:00
              hint: push again then
              hint: if it cannot wait: PUSHGATE_SKIP=window PUSHGATE_REASON="why" before the same git push
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    // Nor does a newer one on another branch.
    shop.git(["checkout", "-q", "."]).goes();
    shop.git(["switch", "-q", "-c", "later"]).goes();
    shop.commit_file("calendar/holidays.ics", "BEGIN:VCALENDAR\nEND:VCALENDAR\n");
    push(&shop, "2026-12-24 10:00:00")
        .refused("window")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              window: closed by "Christmas" of calendar/holidays.ics; opens Sun 2026-12-27 00:00
              hint: push again then
              hint: if it cannot wait: PUSHGATE_SKIP=window PUSHGATE_REASON="why" before the same git push
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn without_a_committed_policy_the_work_trees_calendar_counts() {
    let shop = Sandbox::new();
    shop.git(["rm", "-q", ".pushgate.yml"]).goes();
    shop.git(["commit", "-q", "-m", "Remove the policy"]).goes();
    on_trunk(&shop);
    shop.write(
        ".pushgate.yml",
        &policy("holidays.ics").replace("run: 'true'", "run: 'true', in: worktree"),
    );
    shop.write("holidays.ics", CHRISTMAS);
    push(&shop, "2026-12-24 10:00:00")
        .refused("window")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              window: closed by "Christmas" of holidays.ics; opens Sun 2026-12-27 00:00
              hint: push again then
              hint: if it cannot wait: PUSHGATE_SKIP=window PUSHGATE_REASON="why" before the same git push
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    fs::remove_file(shop.app.join("holidays.ics")).unwrap();
    let outside = shop.path("outside.ics");
    fs::write(&outside, CHRISTMAS).unwrap();
    push(&shop, "2026-12-01 10:00:00")
        .undecided("window")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) not decided, so it does not go
              window: holidays.ics: the work tree has no such file
              hint: fix holidays.ics, or take it off `closed` in .pushgate.yml; commit it, and try again
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    symlink(&outside, shop.app.join("holidays.ics")).unwrap();
    push(&shop, "2026-12-01 10:00:00")
        .undecided("window")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) not decided, so it does not go
              window: holidays.ics: it is no plain file of the repository
              hint: fix holidays.ics, or take it off `closed` in .pushgate.yml; commit it, and try again
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn a_calendar_that_cannot_be_read_is_undecided() {
    let shop = shop(CHRISTMAS);
    let before = shop.tip("production", "master");
    let undecided = |shop: &Sandbox, words: &str| {
        on_trunk(shop);
        push(shop, "2026-12-01 10:00:00")
            .undecided("window")
            .says(words);
        assert_eq!(shop.tip("production", "master"), before);
    };
    shop.policy(&policy("none.ics"));
    let head = shop.ask(["rev-parse", "--short=7", "HEAD"]);
    undecided(&shop, &format!("none.ics: commit {head} has no such file"));
    shop.commit_file(
        "none.ics",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:yesterday\nEND:VEVENT\nEND:VCALENDAR\n",
    );
    undecided(&shop, "none.ics:3: `yesterday` is not a date or time");
    shop.commit_file("none.ics", &"X".repeat(300 * 1024));
    undecided(
        &shop,
        "none.ics: the file has 307200 bytes; at most 262144 are read",
    );
    shop.git(["rm", "-q", "none.ics"]).goes();
    shop.commit_file("none.ics/inside", "");
    undecided(&shop, "none.ics: it is a directory, not a file");
    shop.git(["rm", "-q", "-r", "none.ics"]).goes();
    symlink("calendar/holidays.ics", shop.app.join("none.ics")).unwrap();
    shop.git(["add", "none.ics"]).goes();
    shop.git(["commit", "-q", "-m", "Link"]).goes();
    undecided(&shop, "none.ics: it is a link, not a file");
    assert_eq!(shop.last_gates(), ["target passed", "window undecided"]);
    // Whoever must can leave the window out.
    let skip = [("PUSHGATE_SKIP", "window")];
    shop.push_with(&skip, "production", "master").goes();
}

#[test]
fn other_environments_do_not_wait_for_it() {
    let shop = Sandbox::new();
    shop.policy(&(policy("none.ics") + "  staging: {}\n"));
    on_trunk(&shop);
    shop.push("staging", "master").goes();
    shop.push("production", "master")
        .undecided("window")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) not decided, so it does not go
              window: none.ics: commit [Write .pushgate.yml] has no such file
              hint: fix none.ics, or take it off `closed` in .pushgate.yml; commit it, and try again
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn a_calendar_that_has_run_out_or_has_no_events_is_said() {
    let shop = shop("BEGIN:VCALENDAR\nEND:VCALENDAR\n");
    push(&shop, "2026-12-24 10:00:00")
        .goes()
        .says("note: calendar/holidays.ics has no event: it closes nothing");
    let once = CHRISTMAS.replace("RRULE:FREQ=YEARLY\r\n", "");
    shop.commit_file("calendar/holidays.ics", &once);
    on_trunk(&shop);
    let ran = push(&shop, "2026-12-24 10:00:00").goes();
    let words =
        "note: calendar/holidays.ics has run out: the last day of its events was Sat 2026-11-28";
    assert_eq!(ran.stderr.matches(words).count(), 1, "{ran}");
}

#[test]
fn a_calendar_stands_before_a_rule_that_begins_with_days() {
    let shop = Sandbox::new();
    shop.commit_file("holidays.ics", CHRISTMAS);
    shop.policy(&policy(r#"holidays.ics, "Sat 10:00-12:00""#));
    on_trunk(&shop);
    push(&shop, "2026-12-05 11:00:00")
        .refused("window")
        .says("closed by `Sat 10:00-12:00`; opens Sat 2026-12-05 12:00");
    push(&shop, "2026-12-05 12:00:00").goes();
}

#[test]
fn the_path_stays_within_the_repository_and_only_closes() {
    let shop = Sandbox::new();
    let refused = |policy: &str, words: &str| {
        shop.policy(policy);
        let ran = shop.pushgate(["check", "production"]);
        assert_eq!(ran.code, 2, "{ran}");
        ran.says(words);
    };
    refused(
        &policy("/etc/holidays.ics"),
        "a path below the top of the repository, not an absolute one",
    );
    refused(
        &policy("../holidays.ics"),
        "without `.`, `..` and `.git` in it",
    );
    refused(
        &policy(".git/holidays.ics"),
        "without `.`, `..` and `.git` in it",
    );
    refused(
        &policy("holidays.ical"),
        "`holidays.ical` is not a day of the week",
    );
    refused(
        &policy("a.ics").replace("closed", "open"),
        "a calendar can only close; put it under `closed`",
    );
}

#[test]
fn the_picture_shows_events_and_says_what_is_wrong() {
    let shop = shop(CHRISTMAS);
    let window = |args: &[&str]| {
        let mut command = shop.at("2026-12-22 12:00:00");
        Ran::of(command.args([PUSHGATE, "window"]).args(args))
    };
    let ran = window(&[]).goes();
    let under = "Thu 2026-12-24  ################################################\n                \"Christmas\" of calendar/holidays.ics\n";
    assert!(ran.stdout.contains(under), "{ran}");
    let json = window(&["--json", "--at", "2026-12-24 10:00"]);
    let value: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(value["closed_by"], "\"Christmas\" of calendar/holidays.ics");
    assert_eq!(
        (&value["until"], &value["next_open"]),
        (
            &"2026-12-27T00:00:00Z".into(),
            &"2026-12-27T00:00:00Z".into()
        )
    );
    shop.commit_file("calendar/holidays.ics", "BEGIN:VCALENDAR\n");
    let ran = window(&[]).says("calendar/holidays.ics:1: BEGIN:VCALENDAR has no END:VCALENDAR");
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran}");
}

#[test]
fn the_status_heeds_it_too() {
    let shop = shop(CHRISTMAS);
    let status = || {
        let mut command = shop.at("2026-12-24 10:00:00");
        Ran::of(command.args([PUSHGATE, "status"]))
    };
    let ran = status();
    assert!(ran.stdout.contains("opens Sun 2026-12-27 00:00"), "{ran}");
    shop.commit_file("calendar/holidays.ics", "BEGIN:VCALENDAR\n");
    let ran = status();
    assert!(
        ran.stdout.contains("not known: calendar/holidays.ics:1: "),
        "{ran}"
    );
}
