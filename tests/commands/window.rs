//! `pushgate window`: the picture, the moments, and what a program reads.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::support::{PUSHGATE, Ran, Sandbox, tool};

const PLAIN: &str = "\
environments:
  staging: {}
  production:
    window:
      timezone: Europe/Madrid
      open: [Mon-Thu 09:00-16:00, Fri 09:00-12:00]
      closed: [2026-12-24..2027-01-02]
      runway: 1h
";

fn shop(policy: &str) -> Sandbox {
    let shop = Sandbox::bare();
    shop.policy(policy);
    shop
}

/// `pushgate window ARGS` while every clock shows this time (UTC), with variables.
fn window(shop: &Sandbox, time: &str, variables: &[(&str, &str)], args: &[&str]) -> Ran {
    let mut command = shop.at(time);
    command.envs(variables.iter().copied());
    Ran::of(command.args([PUSHGATE, "window"]).args(args))
}

/// The same in a terminal of so many columns.
fn in_terminal(shop: &Sandbox, columns: usize, variables: &[(&str, &str)]) -> Vec<String> {
    let line = format!("stty rows 24 cols {columns}; {PUSHGATE} window --at 2026-11-26T14:30:00Z");
    let mut command = shop.command(tool("script", "bsdutils"));
    command.envs(variables.iter().copied());
    let ran = Ran::of(command.args(["-qec", &line, "/dev/null"]));
    assert_eq!(ran.code, 1, "{ran}");
    ran.stdout
        .lines()
        .map(|line| line.trim_end_matches('\r').to_owned())
        .collect()
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran}"))
}

#[test]
fn the_picture_has_seven_days_with_what_is_unusual_beside_them() {
    let shop = shop(PLAIN);
    window(&shop, "2026-12-21 08:10:00", &[], &[]).is(&expect![[r#"
        exit 0
        --- stdout
        production, Mon 2026-12-21 09:10 Europe/Madrid (Mon 08:10 here): open until Mon
            2026-12-21 16:00 Europe/Madrid (Mon 15:00 here), for pushes before 15:00
            Europe/Madrid (Mon 14:00 here)

        2026-12 00    03    06    09    12    15    18    21
        here    23    02    05    08    11    14    17    20
        Mon 21  ██████████████████@░░░░░░░░░░░██████████████████
        Tue 22  ██████████████████░░░░░░░░░░░░██████████████████
        Wed 23  ██████████████████░░░░░░░░░░░░██████████████████
        Thu 24  ████████████████████████████████████████████████  2026-12-24..2027-01-02
        Fri 25  ████████████████████████████████████████████████  2026-12-24..2027-01-02
        Sat 26  ████████████████████████████████████████████████  2026-12-24..2027-01-02
        Sun 27  ████████████████████████████████████████████████  2026-12-24..2027-01-02

        ░ open   █ closed, or within the runway of 1h   @ now
        most days: open Mon-Thu 09:00-16:00
    "#]]);
}

#[test]
fn the_exit_code_says_whether_a_push_would_go() {
    let shop = shop(PLAIN);
    let codes = [
        ("2026-12-21 09:00", 0),
        ("2026-12-21 08:59", 1),
        ("2026-12-21 14:59", 0),
        ("2026-12-21 15:01", 1),
        ("2026-12-24 10:00", 1),
    ];
    for (at, code) in codes {
        let at = format!("{}[Europe/Madrid]", at.replace(' ', "T"));
        let ran = window(
            &shop,
            "2026-11-23 12:00:00",
            &[],
            &["production", "--at", &at],
        );
        assert_eq!(ran.code, code, "{at}: {ran}");
        let pushed = {
            let utc: jiff::Zoned = at.parse().unwrap();
            let utc = utc.timestamp().to_zoned(jiff::tz::TimeZone::UTC);
            window(
                &shop,
                &utc.strftime("%Y-%m-%d %H:%M:%S").to_string(),
                &[],
                &[],
            )
        };
        assert_eq!(pushed.code, code, "by the clock: {pushed}");
    }
}

#[test]
fn json_has_exactly_what_it_promises() {
    let shop = shop(PLAIN);
    let at = |at: &str| {
        json(&window(
            &shop,
            "2026-11-23 12:00:00",
            &[],
            &["--json", "--at", at],
        ))
    };
    assert_eq!(
        at("2026-11-24 10:00"),
        json!({
            "environment": "production", "at": "2026-11-24T10:00:00Z", "open": true,
            "closed_by": null, "until": "2026-11-24T15:00:00Z", "next_open": null,
            "timezone": "Europe/Madrid",
        })
    );
    assert_eq!(
        at("2026-12-24 23:00"),
        json!({
            "environment": "production", "at": "2026-12-24T23:00:00Z", "open": false,
            "closed_by": "2026-12-24..2027-01-02", "until": "2027-01-02T23:00:00Z",
            "next_open": "2027-01-04T08:00:00Z", "timezone": "Europe/Madrid",
        })
    );
    // Outside the open hours there is no rule to name.
    assert_eq!(
        at("2026-11-27 11:00"),
        json!({
            "environment": "production", "at": "2026-11-27T11:00:00Z", "open": false,
            "closed_by": null, "until": "2026-11-30T08:00:00Z",
            "next_open": "2026-11-30T08:00:00Z", "timezone": "Europe/Madrid",
        })
    );
    // The runway reaches a closed hour.
    assert_eq!(at("2026-11-27 10:30")["open"], json!(false));
    let always = window(&shop, "2026-11-23 12:00:00", &[], &["staging", "--json"]).goes();
    assert_eq!(
        json(&always),
        json!({
            "environment": "staging", "at": json(&always)["at"], "open": true, "closed_by": null,
            "until": null, "next_open": null, "timezone": "UTC",
        })
    );
}

#[test]
fn a_moment_is_by_the_readers_own_clock() {
    let shop = shop(PLAIN);
    let asked = |zone: &str, at: &str| {
        let variables = [("TZ", zone)];
        json(&window(
            &shop,
            "2026-11-26 12:00:00",
            &variables,
            &["--json", "--at", at],
        ))["at"]
            .clone()
    };
    assert_eq!(
        asked("Asia/Tokyo", "2026-12-24 23:00"),
        "2026-12-24T14:00:00Z"
    );
    assert_eq!(
        asked("America/New_York", "2026-12-24 23:00"),
        "2026-12-25T04:00:00Z"
    );
    assert_eq!(asked("UTC", "tomorrow 9:00"), "2026-11-27T09:00:00Z");
    assert_eq!(asked("UTC", "today 18:00"), "2026-11-26T18:00:00Z");
    assert_eq!(asked("UTC", "Fri 16:00"), "2026-11-27T16:00:00Z");
    assert_eq!(
        asked("Asia/Tokyo", "2026-12-24T23:00[Europe/Madrid]"),
        "2026-12-24T22:00:00Z"
    );
    assert_eq!(
        asked("Asia/Tokyo", "2026-12-24T23:00:00+01:00"),
        "2026-12-24T22:00:00Z"
    );
}

#[test]
fn a_wrong_moment_a_wrong_name_and_a_wrong_rule_end_with_2() {
    let shop = shop(PLAIN);
    let fails = |args: &[&str], expected: Expect| {
        let madrid = [("TZ", "Europe/Madrid")];
        window(&shop, "2026-11-26 12:00:00", &madrid, args).is(&expected);
    };
    fails(
        &["--at", "Frei 16:00"],
        expect![[r#"
        exit 2
        --- stderr
        pushgate: window not done
          `Frei 16:00` is not a date and time: write `2026-12-24 23:00`, `tomorrow 9:00`, `Fri 16:00`, `2026-12-24T23:00:00Z` or `2026-12-24T23:00[Europe/Madrid]` (did you mean `Fri`?)
    "#]],
    );
    fails(
        &["--at", "-1"],
        expect![[r#"
        exit 2
        --- stderr
        pushgate: window not done
          `-1` is not a date and time: write `2026-12-24 23:00`, `tomorrow 9:00`, `Fri 16:00`, `2026-12-24T23:00:00Z` or `2026-12-24T23:00[Europe/Madrid]`
    "#]],
    );
    fails(
        &["--at", "2026-10-25 02:30"],
        expect![[r#"
            exit 2
            --- stderr
            pushgate: window not done
              `2026-10-25 02:30` does not occur once in Europe/Madrid, where the clocks change: give its offset, such as `2026-10-25T02:30:00+02:00`
        "#]],
    );
    fails(
        &["--at", "2026-12-24T23:00[PST]"],
        expect![[r#"
            exit 2
            --- stderr
            pushgate: window not done
              `2026-12-24T23:00[PST]` is not a date and time: `PST` is not a time zone: write an IANA name such as `Europe/Madrid`; write one such as `2026-12-24 23:00` or `2026-12-24T23:00[Europe/Madrid]`
        "#]],
    );
    fails(
        &["--at", "2026-12-24T23:00[local]"],
        expect![[r#"
            exit 2
            --- stderr
            pushgate: window not done
              `2026-12-24T23:00[local]` is not a date and time: `local` is not a time zone: write an IANA name such as `Europe/Madrid`; write one such as `2026-12-24 23:00` or `2026-12-24T23:00[Europe/Madrid]`
        "#]],
    );
    fails(
        &["prodction"],
        expect![[r#"
        exit 2
        --- stderr
        pushgate: window not done
          there is no environment `prodction`; there is `staging` or `production`; did you mean `production`?
    "#]],
    );
    shop.policy("environments:\n  production:\n    window: {closed: ['25:00-07:00']}\n");
    fails(
        &[],
        expect![[r#"
        exit 2
        --- stderr
        pushgate: window not done
          .pushgate.yml at [Write .pushgate.yml]:3:23: `25:00-07:00`: `25:00` is not a time of day: write HH:MM, from 00:00 to 23:59, or 24:00 as an end
                window: {closed: ['25:00-07:00']}
                                  ^
          fix .pushgate.yml, commit it, and try again
    "#]],
    );
    fails(
        &["--json"],
        expect![[r#"
        exit 2
        --- stderr
        pushgate: window not done
          .pushgate.yml at [Write .pushgate.yml]:3:23: `25:00-07:00`: `25:00` is not a time of day: write HH:MM, from 00:00 to 23:59, or 24:00 as an end
                window: {closed: ['25:00-07:00']}
                                  ^
          fix .pushgate.yml, commit it, and try again
    "#]],
    );
}

#[test]
fn every_environment_with_a_window_is_shown_and_none_says_so() {
    let two = "environments:\n  staging: {window: {timezone: UTC, open: [Mon-Fri]}}\n  qa: {}\n  production: {window: {timezone: UTC, closed: ['22:00-07:00']}}\n";
    let shop = shop(two);
    let ran = |args: &[&str]| window(&shop, "2026-11-28 12:00:00", &[], args);
    ran(&[]).is(&expect![[r#"
        exit 1
        --- stdout
        staging, Sat 2026-11-28 12:00: outside the open hours; opens Mon 2026-11-30
            00:00

        2026-11 00    03    06    09    12    15    18    21
        Sat 28  ████████████████████████@███████████████████████  no open hours
        Sun 29  ████████████████████████████████████████████████  no open hours
        Mon 30  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
        Tue 01  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
        Wed 02  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
        Thu 03  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
        Fri 04  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░

        ░ open   █ closed   @ now
        most days: open Mon-Fri

        production, Sat 2026-11-28 12:00: open until Sat 2026-11-28 22:00

        2026-11 00    03    06    09    12    15    18    21
        Sat 28  ██████████████░░░░░░░░░░@░░░░░░░░░░░░░░░░░░░████
        Sun 29  ██████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░████
        Mon 30  ██████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░████
        Tue 01  ██████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░████
        Wed 02  ██████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░████
        Thu 03  ██████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░████
        Fri 04  ██████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░████

        ░ open   █ closed   @ now
        each day: closed 22:00-07:00
    "#]]);
    ran(&["--json"]).is(&expect![[r#"
        exit 1
        --- stdout
        {"environment":"staging","at":"2026-11-28T12:00:00Z","open":false,"closed_by":null,"until":"2026-11-30T00:00:00Z","next_open":"2026-11-30T00:00:00Z","timezone":"UTC"}
        {"environment":"production","at":"2026-11-28T12:00:00Z","open":true,"closed_by":null,"until":"2026-11-28T22:00:00Z","next_open":null,"timezone":"UTC"}
    "#]]);
    shop.policy("environments: {staging: {}}\n");
    ran(&[]).is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: no environment has a window: all of them are always open
    "#]]);
    ran(&["staging"]).is(&expect![[r#"
        exit 0
        --- stdout
        staging, Sat 2026-11-28 12:00: always open
    "#]]);
}

#[test]
fn the_policy_is_that_of_trunk_and_an_uncommitted_edit_counts_for_nothing() {
    let shop = shop(PLAIN);
    shop.git(["switch", "-q", "-c", "feature"]).goes();
    shop.policy("environments: {production: {window: {open: [Sun]}}}\n");
    let at = ["--at", "2026-11-24 10:00"];
    window(&shop, "2026-11-23 12:00:00", &[], &at).goes();
    shop.git(["switch", "-q", "master"]).goes();
    shop.write(
        ".pushgate.yml",
        "environments: {production: {window: {open: [Sun]}}}\n",
    );
    window(&shop, "2026-11-23 12:00:00", &[], &at).is(&expect![[r#"
        exit 0
        --- stdout
        production, Tue 2026-11-24 11:00 Europe/Madrid (Tue 10:00 here): open until Tue
            2026-11-24 16:00 Europe/Madrid (Tue 15:00 here), for pushes before 15:00
            Europe/Madrid (Tue 14:00 here)

        2026-11 00    03    06    09    12    15    18    21
        here    23    02    05    08    11    14    17    20
        Tue 24  ██████████████████░░░░@░░░░░░░██████████████████
        Wed 25  ██████████████████░░░░░░░░░░░░██████████████████
        Thu 26  ██████████████████░░░░░░░░░░░░██████████████████
        Fri 27  ██████████████████░░░░██████████████████████████  open Fri 09:00-12:00
        Sat 28  ████████████████████████████████████████████████  no open hours
        Sun 29  ████████████████████████████████████████████████  no open hours
        Mon 30  ██████████████████░░░░░░░░░░░░██████████████████

        ░ open   █ closed, or within the runway of 1h   @ then
        most days: open Mon-Thu 09:00-16:00
        --- stderr
        pushgate: note: the uncommitted edit of .pushgate.yml changes nothing; the committed one counts
    "#]]);
}

#[test]
fn a_terminal_is_never_too_narrow_and_colour_is_only_for_one() {
    let shop = shop(PLAIN);
    for columns in [80, 40, 20] {
        let lines = in_terminal(&shop, columns, &[("TERM", "dumb")]);
        let picture = lines.join("\n");
        assert!(
            lines.iter().all(|line| line.chars().count() <= columns),
            "{picture}"
        );
        let rows = lines
            .iter()
            .filter(|line| line.contains("\u{2588}\u{2588}"))
            .count();
        assert_eq!(rows, 7, "{picture}");
        assert!(!picture.contains('\u{1b}'), "{picture}");
    }
    let coloured = in_terminal(&shop, 80, &[("TERM", "xterm")]).join("\n");
    assert!(
        coloured.contains("\u{1b}[31m\u{2588}\u{2588}"),
        "{coloured}"
    );
    let plain = in_terminal(&shop, 80, &[("TERM", "xterm"), ("NO_COLOR", "1")]).join("\n");
    assert!(!plain.contains('\u{1b}'), "{plain}");
}

#[test]
fn a_reader_without_a_zone_sees_a_window_that_has_one() {
    let shop = shop(PLAIN);
    let mars = [("TZ", "Mars/Olympus")];
    window(&shop, "2026-11-24 10:00:00", &mars, &[]).is(&expect![[r#"
        exit 0
        --- stdout
        production, Tue 2026-11-24 11:00: open until Tue 2026-11-24 16:00, for pushes
            before 15:00

        2026-11 00    03    06    09    12    15    18    21
        Tue 24  ██████████████████░░░░@░░░░░░░██████████████████
        Wed 25  ██████████████████░░░░░░░░░░░░██████████████████
        Thu 26  ██████████████████░░░░░░░░░░░░██████████████████
        Fri 27  ██████████████████░░░░██████████████████████████  open Fri 09:00-12:00
        Sat 28  ████████████████████████████████████████████████  no open hours
        Sun 29  ████████████████████████████████████████████████  no open hours
        Mon 30  ██████████████████░░░░░░░░░░░░██████████████████

        ░ open   █ closed, or within the runway of 1h   @ now
        most days: open Mon-Thu 09:00-16:00
    "#]]);
    shop.policy("environments: {production: {window: {closed: ['22:00-07:00']}}}\n");
    window(&shop, "2026-11-24 10:00:00", &mars, &[]).is(&expect![[r#"
        exit 2
        --- stderr
        pushgate: window not done
          the time zone of this machine cannot be told
            `TZ` environment variable set, but failed to read value: failed to read `TZ` environment variable value as a TZif file after attempting (and failing) a tzdb lookup for that same value
    "#]]);
}

#[test]
fn a_locale_of_ascii_has_no_blocks() {
    let shop = shop(PLAIN);
    let ran = window(&shop, "2026-12-21 08:10:00", &[("LC_ALL", "C")], &[]).goes();
    assert!(ran.stdout.is_ascii(), "{ran}");
    assert!(
        ran.stdout
            .contains("Mon 21  ##################@...........#######"),
        "{ran}"
    );
    assert!(ran.stdout.lines().count() <= 16, "{ran}");
}
