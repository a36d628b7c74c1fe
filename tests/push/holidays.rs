//! `closed: [holidays.ics]`: a calendar of the repository closes the window.

use expect_test::expect;

use std::{
    fs,
    os::unix::fs::symlink,
    time::{Duration, Instant},
};

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
              push again then
              if it cannot wait:
                PUSHGATE_SKIP=window PUSHGATE_REASON="..." git push production master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    assert_eq!(
        ran.report(),
        "pushgate: push to production (production) refused\n  \
           window: closed by \"Christmas\" of calendar/holidays.ics; opens Sun 2026-12-27 00:00\n  \
           push again then\n  \
           if it cannot wait:\n    PUSHGATE_SKIP=window PUSHGATE_REASON=\"...\" git push production master\n"
    );
    push(&shop, "2026-11-27 14:00:00")
        .refused("window")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              window: closed by "Black Friday" of calendar/holidays.ics; opens Sat 2026-11-28 02:00
              push again then
              if it cannot wait:
                PUSHGATE_SKIP=window PUSHGATE_REASON="..." git push production master
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
              push again then
              if it cannot wait:
                PUSHGATE_SKIP=window PUSHGATE_REASON="..." git push production master
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
              push again then
              if it cannot wait:
                PUSHGATE_SKIP=window PUSHGATE_REASON="..." git push production master
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
              push again then
              if it cannot wait:
                PUSHGATE_SKIP=window PUSHGATE_REASON="..." git push production master
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
              push again then
              if it cannot wait:
                PUSHGATE_SKIP=window PUSHGATE_REASON="..." git push production master
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
              fix holidays.ics, or take it off `closed` in .pushgate.yml; commit it, and try again
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
              fix holidays.ics, or take it off `closed` in .pushgate.yml; commit it, and try again
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
    assert_eq!(
        shop.last_gates(),
        [
            "target passed",
            "window undecided",
            "trunk passed",
            "lock passed"
        ]
    );
    // Whoever must can leave the window out.
    let skip = [("PUSHGATE_SKIP", "window")];
    shop.push_with(&skip, "production", "master").goes();
}

/// A calendar with one event that has these lines.
fn event(lines: &str) -> String {
    format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n")
}

#[test]
fn a_hostile_calendar_costs_little() {
    let shop = shop(CHRISTMAS);
    let began = Instant::now();
    let cost = |calendar: &str| {
        shop.commit_file("calendar/holidays.ics", calendar);
        on_trunk(&shop);
        let ran = push(&shop, "2026-12-01 10:00:00");
        let window = ran
            .stderr
            .lines()
            .find(|line| line.starts_with("  window: "));
        window.unwrap_or_default().to_owned()
    };
    let refused = |rule: &str, words: &str| {
        let said = cost(&event(&format!("DTSTART:19000101T000000\nRRULE:{rule}")));
        assert_eq!(
            said,
            format!("  window: calendar/holidays.ics:4: `{rule}` {words}")
        );
    };
    let often = "may occur too often: write `FREQ=DAILY`, and BYHOUR for at most 24 times a day";
    refused("FREQ=SECONDLY", often);
    refused("FREQ=HOURLY;UNTIL=99991231T235959Z", often);
    let far = "counts too far: write an UNTIL for the COUNT";
    refused("FREQ=DAILY;COUNT=4000000000", far);
    let never = "never occurs: it names no day that exists";
    refused("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", never);
    // As many as there may be, of the dearest kinds, and none of them closes anything now.
    let rules = "RRULE:FREQ=DAILY;UNTIL=99991231;BYDAY=MO,TU,WE,TH,FR\n".repeat(40);
    let times: Vec<_> = (0..28_000)
        .map(|n| format!("{}", 20_270_000 + n % 28 + 101))
        .collect();
    for lines in [
        format!("DTSTART:19000101T000000\n{rules}"),
        "DTSTART:19000101T000000\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO".to_owned(),
        format!(
            "DTSTART;VALUE=DATE:20270101\nRDATE;VALUE=DATE:{}",
            times.join(",")
        ),
        format!(
            "DTSTART;VALUE=DATE:20270101\nRRULE:FREQ=DAILY\nEXDATE;VALUE=DATE:{}",
            times.join(",")
        ),
    ] {
        let said = cost(&event(lines.trim_end()));
        assert!(said.starts_with("  window: open"), "{said}");
    }
    let zone = |rule: &str| {
        format!(
            "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Mars\nBEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:{rule}\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\nDTSTART;TZID=Mars:20270101T000000\nEND:VEVENT\nEND:VCALENDAR\n"
        )
    };
    assert_eq!(
        cost(&zone("FREQ=DAILY")),
        "  window: calendar/holidays.ics:4: the clocks of the time zone change too often"
    );
    assert!(cost(&zone("FREQ=YEARLY")).starts_with("  window: open"));
    // A build without optimisations; one with them takes a tenth of it.
    assert!(
        began.elapsed() < Duration::from_mins(1),
        "{:?}",
        began.elapsed()
    );
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
              fix none.ics, or take it off `closed` in .pushgate.yml; commit it, and try again
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
    window(&[]).is(&expect![[r#"
        exit 0
        --- stdout
        production, Tue 2026-12-22 12:00: open until Thu 2026-12-24 00:00

        2026-12 00    03    06    09    12    15    18    21
        Tue 22  ░░░░░░░░░░░░░░░░░░░░░░░░@░░░░░░░░░░░░░░░░░░░░░░░
        Wed 23  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
        Thu 24  ████████████████████████████████████████████████  Christmas
        Fri 25  ████████████████████████████████████████████████  Christmas
        Sat 26  ████████████████████████████████████████████████  Christmas
        Sun 27  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
        Mon 28  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░

        ░ open   █ closed   @ now
    "#]]);
    window(&["--json", "--at", "2026-12-24 10:00"]).is(&expect![[r#"
        exit 1
        --- stdout
        {"environment":"production","at":"2026-12-24T10:00:00Z","open":false,"closed_by":"\"Christmas\" of calendar/holidays.ics","until":"2026-12-27T00:00:00Z","next_open":"2026-12-27T00:00:00Z","timezone":"UTC"}
    "#]]);
    shop.commit_file("calendar/holidays.ics", "BEGIN:VCALENDAR\n");
    window(&[]).is(&expect![[r#"
        exit 2
        --- stderr
        pushgate: window not done
          calendar/holidays.ics:1: BEGIN:VCALENDAR has no END:VCALENDAR
          fix calendar/holidays.ics, or take it off `closed` in .pushgate.yml; commit it, and try again
    "#]]);
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
