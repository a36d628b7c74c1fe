//! `pushgate log`: what happened, whoever knows it, and what no gate has judged.

use std::{fs, process::Stdio};

use expect_test::expect;
use serde_json::Value;

use crate::support::{
    PUSHGATE, Ran, Sandbox, clock::machine_time, person::Person, shared, tmux::Terminal, tool,
};

const SIGNED: &str = "\
suite: {run: 'true'}
environments:
  staging: {}
  production: {after: staging, signoff: true}
";

/// The lines of `pushgate log --json` with these options.
fn json(shop: &Sandbox, options: &[&str]) -> Vec<Value> {
    let ran = shop
        .pushgate(["log", "--json"].iter().chain(options))
        .goes();
    let lines = ran.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// `EVENT VERDICT COMMIT` of each.
fn told(shop: &Sandbox, options: &[&str]) -> Vec<String> {
    let line = |line: &Value| {
        let [event, verdict, commit] =
            ["event", "verdict", "commit"].map(|key| line[key].as_str().unwrap().to_owned());
        format!("{event} {verdict} {}", &commit[..7])
    };
    json(shop, options).iter().map(line).collect()
}

#[track_caller]
fn shows(ran: &Ran, text: &str) {
    assert!(ran.stdout.contains(text), "nobody shows `{text}`:\n{ran}");
}

#[test]
fn a_push_that_no_gate_has_judged_stands_in_its_place() {
    let shop = Sandbox::new();
    let two = shop.commit_on_origin("two");
    shop.push("staging", "master").goes();
    let three = shop.commit_on_origin("three");
    shop.push("production", "master").goes_not();
    // Reflogs count whole seconds.
    shop.later(2);
    shop.git(["push", "--no-verify", "production", "master"])
        .goes();
    shop.later(2);
    shop.push("staging", "master").goes();
    let (two, three) = (&two[..7], &three[..7]);
    assert_eq!(
        told(&shop, &[]),
        [
            format!("push go {two}"),
            format!("push refused {three}"),
            format!("deployed unjudged {three}"),
            format!("push go {three}"),
        ]
    );
    let unjudged = &json(&shop, &["--environment", "production"])[1];
    assert_eq!(unjudged["from"], "notes");
    assert_eq!(
        unjudged["destination"].as_str().unwrap(),
        shop.path("production").to_str().unwrap()
    );
    assert_eq!(unjudged["by"], "Ana <ana@shop.example>");
    let ran = shop.pushgate(["log"]).goes();
    shows(
        &ran,
        &format!(
            "  unjudged    production    {three}  Ana <ana@shop.example>\n    no gate judged this: --no-verify, or a clone without the hook\n"
        ),
    );
    assert_eq!(ran.stdout.matches("no gate judged").count(), 1, "{ran}");
    // The lines of the ledger are as they are, and say what became of the pushes.
    let ledger = shop.ledger();
    let mut lines = json(&shop, &["--environment", "staging"]);
    for line in &mut lines {
        let line = line.as_object_mut().unwrap();
        assert_eq!(line.remove("arrival").unwrap(), "arrived");
        assert!(line.remove("arrived").unwrap().is_string());
    }
    assert_eq!(lines, [ledger[0].clone(), ledger[2].clone()]);
}

#[test]
fn what_went_before_the_gate_was_there_is_not_unjudged() {
    let shop = Sandbox::new();
    shop.pushgate(["log"])
        .goes()
        .says("nothing was decided yet");
    shop.commit_on_origin("two");
    let mut off = shop.command("git");
    off.args(["push", "staging", "master"])
        .env("PUSHGATE", "off");
    Ran::of(&mut off).goes();
    let all = json(&shop, &[]);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0]["verdict"], "overridden");
}

#[test]
fn what_went_around_it_is_told_where_the_hook_is_gone_or_written_anew_too() {
    let shop = Sandbox::new();
    let two = shop.commit_on_origin("two");
    // The directory of what is remembered tells since when the gate is there, by the kernel's clock.
    shop.clock().go_from(machine_time());
    shop.later(2);
    shop.push_ungated("staging", "master");
    shop.later(2);
    std::fs::remove_file(shop.app.join(".git/hooks/pre-push")).unwrap();
    let expected = [format!("deployed unjudged {}", &two[..7])];
    assert_eq!(told(&shop, &[]), expected);
    shop.install();
    assert_eq!(told(&shop, &[]), expected);
    // A hook of another program is no gate.
    shop.pushgate(["uninstall"]).goes();
    shop.script(".git/hooks/pre-push", "#!/bin/sh\n");
    shop.commit("three");
    shop.later(2);
    shop.push_ungated("staging", "master");
    assert_eq!(told(&shop, &[]).len(), 2);
}

#[test]
fn what_went_without_the_program_is_told_once() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    // What was there before, before the gate, is not that push.
    shop.later(4);
    let mut off = shop.command("git");
    off.args(["push", "staging", "master"])
        .env("PUSHGATE", "off")
        .env("PATH", "/usr/bin:/bin");
    shop.lose_program();
    shop.later(2);
    Ran::of(&mut off).goes();
    let all = json(&shop, &[]);
    let verdicts: Vec<_> = all.iter().map(|line| &line["verdict"]).collect();
    assert_eq!(verdicts, ["unjudged"], "{all:?}");
}

#[test]
fn a_second_remote_of_an_environment_is_looked_at_too() {
    let shop = Sandbox::new();
    shop.git(["init", "-q", "--bare", "../eu.git"]).goes();
    shop.git(["remote", "add", "eu", "../eu.git"]).goes();
    shop.policy("suite: {run: 'true'}\nenvironments: {production: {remote: [production, eu]}}\n");
    let two = shop.commit_on_origin("two");
    for remote in ["production", "eu"] {
        shop.push(remote, "master").goes();
    }
    assert_eq!(told(&shop, &[]).len(), 2);
    let three = shop.commit_on_origin("three");
    shop.later(2);
    shop.git(["push", "--no-verify", "eu", "master"]).goes();
    let (two, three) = (&two[..7], &three[..7]);
    assert_eq!(
        told(&shop, &[]),
        [
            format!("push go {two}"),
            format!("push go {two}"),
            format!("deployed unjudged {three}"),
        ]
    );
}

#[test]
fn the_destinations_of_one_environment_are_told_apart() {
    let shop = Sandbox::new();
    shop.git(["init", "-q", "--bare", "../eu.git"]).goes();
    shop.git(["remote", "add", "eu", "../eu.git"]).goes();
    shop.policy("suite: {run: 'true'}\nenvironments:\n  production: {remote: [production, eu], window: {timezone: UTC, closed: [22:00-07:00]}}\n");
    shop.commit_on_origin("two");
    let push =
        |at: &str, remote: &str| shop.push_at(&format!("2026-11-24 {at}:00"), remote, "master");
    push("10:00", "production").goes();
    shop.commit_on_origin("three");
    push("22:30", "production").refused("window");
    // Nothing is said where there is one.
    shop.pushgate(["log"]).is(&expect![[r#"
        exit 0
        --- stdout
        2026-11-24 22:30  refused     production    [three]  Ana <ana@shop.example>
            window refused: closed by `22:00-07:00`; opens Wed 2026-11-25 07:00
        2026-11-24 10:00  go          production    [two]  Ana <ana@shop.example>
    "#]]);
    push("22:40", "eu").refused("window");
    let [eu, us] = ["eu", "production"].map(|remote| shop.place(remote));
    let ran = shop.pushgate(["log"]);
    for (at, remote) in [("22:40", &eu), ("22:30", &us)] {
        shows(&ran, &format!("{at}  refused     production ({remote}) "));
    }
    shows(&ran, &format!("10:00  go          production ({us}) "));
    let destination = |line: &Value| line["destination"].as_str().unwrap().to_owned();
    let told: Vec<_> = json(&shop, &[]).iter().map(destination).collect();
    assert_eq!(told, [us.clone(), us, eu]);
}

#[test]
fn the_team_is_heard_through_its_notes() {
    let shop = Sandbox::new();
    shop.policy(SIGNED);
    let two = shop.commit_on_origin("two");
    shop.push("staging", "master").goes();
    shop.pushgate(["approve", "-m", "mine, on a phone"]).goes();
    let staging = shop.place("staging");
    let line = format!(
        "{{\"v\":1,\"event\":\"signoff\",\"environment\":\"staging\",\"destinations\":[\"{staging}\"],\"commit\":\"{two}\",\"by\":\"Ben <ben@shop.example>\",\"at\":\"2026-11-20T09:00:00Z\",\"words\":\"the basket\"}}"
    );
    shop.git(["notes", "--ref=pushgate", "append", "-m", &line, &two])
        .goes();
    let ran = shop.pushgate(["log"]).goes();
    let two = &two[..7];
    shows(
        &ran,
        &format!(
            "2026-11-20 09:00  signoff     staging       {two}  Ben <ben@shop.example>\n    the basket\n"
        ),
    );
    // What this clone said itself is there once, though a note has it too.
    shows(&ran, "    mine, on a phone\n");
    let words = told(&shop, &[]);
    assert_eq!(
        words,
        [
            format!("signoff go {two}"),
            format!("push go {two}"),
            format!("signoff go {two}"),
        ]
    );
    assert_eq!(json(&shop, &[])[0]["from"], "notes");
}

#[test]
fn a_rollback_is_called_so() {
    let shop = Sandbox::new();
    let two = shop.commit_on_origin("two");
    let deploy = || {
        shop.push("staging", "master").goes();
        shop.push("production", "master").goes();
    };
    deploy();
    shop.commit_on_origin("three");
    deploy();
    let refspec = format!("{two}:refs/heads/master");
    shop.git(["checkout", "-q", &two]).goes();
    let back = [("PUSHGATE_ROLLBACK", "1")];
    shop.push_with(&back, "production", &format!("+{refspec}"))
        .goes();
    let ran = shop.pushgate(["log", "--environment", "production"]).goes();
    let last = ran.stdout.lines().next().unwrap();
    let expected = format!(
        "  rollback    production    {}  Ana <ana@shop.example>",
        &two[..7]
    );
    assert!(last.ends_with(&expected), "{ran}");
    assert_eq!(ran.stdout.matches("rollback").count(), 1, "{ran}");
}

#[test]
fn since_and_environment_take_out_the_rest() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.push_at("2026-11-24 10:00:00", "staging", "master")
        .goes();
    shop.push_at("2026-11-26 10:00:00", "production", "master")
        .goes();
    let at = |options: &[&str]| {
        let mut command = shop.at("2026-11-27 10:00:00");
        let ran = Ran::of(command.arg(PUSHGATE).arg("log").args(options)).goes();
        ran.stdout.lines().count()
    };
    assert_eq!(at(&[]), 2);
    for (since, lines) in [
        ("7d", 2),
        ("25h", 1),
        ("2h", 0),
        ("2026-11-25", 1),
        ("2026-11-24", 2),
        ("2026-11-26T10:01:00Z", 0),
    ] {
        assert_eq!(at(&["--since", since]), lines, "{since}");
    }
    assert_eq!(at(&["--environment", "staging"]), 1);
    assert_eq!(at(&["--environment", "staging", "--since", "25h"]), 0);
    shop.pushgate(["log", "--since", "2h", "--environment", "trunk"])
        .goes()
        .says("nothing of that kind was decided yet");
    let ran = shop.pushgate(["log", "--environment", "stagign"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran}");
    ran.says("did you mean `staging`?");
    let ran = shop.pushgate(["log", "--since", "lately"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran}");
    ran.says("say a date (2026-11-01, yesterday)");
}

#[test]
fn a_reader_that_has_had_enough_is_no_error() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.push("staging", "master").goes();
    let ledger = shop.app.join(".git/pushgate/ledger.jsonl");
    // More than any pipe holds.
    fs::write(&ledger, fs::read_to_string(&ledger).unwrap().repeat(2000)).unwrap();
    let script = format!("set -o pipefail; '{PUSHGATE}' log -n 5000 | head -n 1");
    let mut bash = shop.command(tool("bash", "bash"));
    let ran = Ran::of(bash.args(["-c", &script]).stdin(Stdio::null())).goes();
    assert_eq!(
        (ran.stdout.lines().count(), ran.stderr.as_str()),
        (1, ""),
        "{ran}"
    );
}

#[test]
fn a_policy_that_does_not_hold_hides_no_decision() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.push("staging", "master").goes();
    shop.policy("environments: [\n");
    let ran = shop.pushgate(["log"]).goes();
    shows(&ran, "  go          staging       ");
    ran.says("pushes that no gate has judged cannot be told: ");
}

#[test]
fn in_a_terminal_it_breaks_lines_between_words() {
    let shop = Sandbox::new();
    shop.colleague_pushes("origin", "Two");
    shop.commit("Mine");
    shop.push("staging", "master").refused("trunk");
    let terminal = Terminal::running(&shop, 60, &format!("'{PUSHGATE}' log; sleep 60"));
    let screen = terminal.shows("origin has");
    for line in screen.lines() {
        assert!(line.chars().count() <= 60, "{line}");
    }
    assert!(screen.contains("\n        "), "{screen}");
}

#[test]
fn of_many_events_the_newest_are_shown_whoever_knows_them() {
    let shop = Sandbox::new();
    let ben = Person::joins(&shop, "Ben", &["staging"]);
    let mut commits = Vec::new();
    for subject in ["two", "three", "four", "five"] {
        commits.push(ben.commits(subject));
        ben.git(&["push", "-q", "origin", "master"]).goes();
        ben.git(&["push", "-q", "staging", "master"]).goes();
        shared(&ben.place);
        shop.later(60);
    }
    let newest: Vec<_> = (commits[2..].iter())
        .map(|commit| format!("deployed go {}", &commit[..7]))
        .collect();
    assert_eq!(told(&shop, &["-n", "2"]), newest);
    assert_eq!(
        told(&shop, &["-n", "2", "--environment", "staging"]),
        newest
    );
    assert_eq!(told(&shop, &[]).len(), 4);
    // More than the screen is for.
    let line = |number: usize| {
        format!(
            "{{\"v\":1,\"at\":\"2024-02-01T10:00:{:02}Z\",\"event\":\"push\",\"verdict\":\"go\",\"environment\":\"trunk\",\"remote\":\"origin\",\"destination\":\"origin\",\"commit\":\"{number:040x}\",\"by\":\"Ana\",\"gates\":[],\"reason\":null,\"took_ms\":1}}\n",
            number % 60
        )
    };
    let ledger: String = (1..=120).map(line).collect();
    fs::write(shop.app.join(".git/pushgate/ledger.jsonl"), ledger).unwrap();
    let ran = shop.pushgate(["log"]).goes();
    assert_eq!(ran.stdout.lines().count(), 50, "{ran}");
    let first = ran.stdout.lines().next().unwrap();
    assert!(first.contains(&commits[3][..7]), "{ran}");
    ran.says("older events: pushgate log -n 1000");
    let all = shop.pushgate(["log", "-n", "1000"]).goes();
    assert_eq!(all.stdout.lines().count(), 124, "{all}");
    assert_eq!(json(&shop, &[]).len(), 124);
}

#[test]
fn gates_that_one_remote_does_not_answer_are_told_together() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    fs::rename(shop.path("origin.git"), shop.path("gone.git")).unwrap();
    shop.push("staging", "master").goes_not();
    let ran = shop.pushgate(["log", "-n", "1"]);
    let told = "    trunk, lock undecided: could not ask `origin`";
    assert!(ran.stdout.contains(told), "{ran}");
    assert_eq!(ran.stdout.matches("could not ask").count(), 1, "{ran}");
}

#[test]
fn refusals_of_one_cause_are_told_once() {
    let shop = Sandbox::new();
    shop.policy("suite: {run: 'true'}\nenvironments:\n  staging: {window: {timezone: UTC, closed: [22:00-07:00]}}\n");
    shop.commit_on_origin("two");
    for minute in ["22:31", "22:40", "22:57"] {
        shop.push_at(&format!("2026-11-24 {minute}:00"), "staging", "master")
            .refused("window");
    }
    shop.push_at("2026-11-25 08:00:00", "staging", "master")
        .goes();
    let ran = Ran::of(shop.at("2026-11-25 09:00:00").args([PUSHGATE, "log"]));
    ran.is(&expect![[r#"
        exit 0
        --- stdout
        2026-11-25 08:00  go          staging       [two]  Ana <ana@shop.example>
        2026-11-24 22:31  refused     staging       [two]  Ana <ana@shop.example>
            window refused: closed by `22:00-07:00`; opens Wed 2026-11-25 07:00
            3 times, until 2026-11-24 22:57
    "#]]);
    let ledger = shop.app.join(".git/pushgate/ledger.jsonl");
    let text = fs::read_to_string(&ledger).unwrap();
    let first = text.lines().next().unwrap();
    let undecided = first
        .replace("\"refused\"", "\"undecided\"")
        .replace("2026-11-24T22:31", "2026-11-25T08:30");
    let undecided = undecided + "\n";
    fs::write(&ledger, text.clone() + &undecided.repeat(300)).unwrap();
    let shown = |most: &str| {
        let ran = Ran::of(
            shop.at("2026-11-25 09:00:00")
                .args([PUSHGATE, "log", "-n", most]),
        );
        assert_eq!(ran.stderr, "", "{ran}");
        ran.stdout
    };
    assert_eq!(shown("0"), "");
    let (one, two, ten) = (shown("1"), shown("2"), shown("10"));
    assert!(
        one.contains("  undecided ") && one.contains("    300 times, until "),
        "{one}"
    );
    let events = |text: &str| text.lines().filter(|line| !line.starts_with(' ')).count();
    assert_eq!(
        [&one, &two, &ten].map(|text| events(text)),
        [1, 2, 3],
        "{ten}"
    );
    assert!(ten.starts_with(&two) && two.starts_with(&one), "{ten}");
}

#[test]
fn a_terminal_has_short_events_on_a_line_and_long_logs_in_the_pager() {
    let shop = Sandbox::new();
    shop.policy("suite: {run: 'true'}\nenvironments:\n  staging: {window: {timezone: UTC, closed: [Sun]}}\n");
    shop.commit_on_origin("two");
    shop.push_at("2026-11-22 10:00:00", "staging", "master")
        .refused("window");
    let line = format!("GIT_PAGER='sed s/^/paged:/' '{PUSHGATE}' log; sleep 60");
    let screen = Terminal::running(&shop, 160, &line).shows("window refused");
    let line = screen.lines().find(|line| line.contains("refused"));
    let line = line.unwrap_or_default();
    assert!(
        line.starts_with("paged:2026-11-22 10:00  refused     staging "),
        "{line}"
    );
    assert!(line.contains("  window refused: "), "{line}");
}
