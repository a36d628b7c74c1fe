//! `pushgate check`, `log`, `init` and `demo`, as somebody types them.

use std::fs;

use crate::support::{PUSHGATE, Ran, Sandbox, story::in_terminal, tmux::Terminal};

#[test]
fn check_gives_the_verdict_without_the_push() {
    let shop = Sandbox::new();
    let id = shop.commit_on_origin("two");
    let before = shop.tip("staging", "master");
    shop.pushgate(["check", "staging"])
        .goes()
        .says("push to staging (staging) may go");
    assert_eq!(shop.tip("staging", "master"), before);
    let ran = shop.pushgate(["check", "production"]);
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("promotion: staging has");
    let ledger = shop.ledger();
    assert_eq!(ledger.len(), 2);
    assert_eq!(
        (&ledger[0]["event"], &ledger[0]["commit"]),
        (&"check".into(), &id.into())
    );
}

#[test]
fn check_without_a_name_takes_the_first_of_the_pipeline() {
    let shop = Sandbox::new();
    let id = shop.commit_on_origin("two");
    shop.git(["switch", "-qc", "feature"]).goes();
    shop.pushgate(["check"])
        .goes()
        .says(&format!(
            "pushgate: checking master ({}) for staging\n",
            &id[..7]
        ))
        .says("push to staging (staging) may go");
}

#[test]
fn check_has_an_answer_for_programs_where_the_policy_does_not_load() {
    let shop = Sandbox::new();
    shop.policy("suite: {rum: x}\n");
    let ran = shop.pushgate(["check", "staging", "--json"]);
    assert_eq!(ran.code, 2, "{ran}");
    let answer: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(answer["verdict"], "undecided");
    assert_eq!(answer["event"], "check");
    let why = answer["gates"][0]["why"].as_str().unwrap();
    assert!(why.contains("did you mean `run`?"), "{why}");
}

#[test]
fn check_asks_what_a_push_would_be_asked() {
    let shop = Sandbox::new();
    shop.commit("two");
    let ran = shop.pushgate(["check", "staging"]);
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("push it there first, then push again:\n    git push origin master\n");
    let ran = shop
        .pushgate(["check", "staging", "--commit", "origin/master"])
        .goes();
    ran.says("push to staging");
    shop.pushgate(["check", "trunk"])
        .goes()
        .says("push to trunk (origin/master) may go");
    let origin = shop.ask(["rev-parse", "--short=7", "origin/master"]);
    shop.pushgate(["check", "trunk", "--commit", &origin])
        .goes()
        .says(&format!("  trunk: {origin} is origin/master\n"));
    fs::rename(shop.path("origin.git"), shop.path("gone.git")).unwrap();
    let ran = shop.pushgate(["check", "staging"]);
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("could not ask `origin`");
}

#[test]
fn check_from_a_subdirectory_and_of_an_unknown_name() {
    let shop = Sandbox::new();
    shop.commit_file("sub/x", "x");
    shop.push_ungated("origin", "master");
    shop.run_in(shop.app.join("sub"), PUSHGATE, ["check", "staging"])
        .goes();
    let ran = shop.pushgate(["check", "prodution"]);
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("there is no environment `prodution`; there is `staging`, `production` or `trunk`; did you mean `production`?");
    let ran = shop.pushgate(["check", "staging", "--commit", "no-such"]);
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("`no-such` names no commit");
}

#[test]
fn check_speaks_json() {
    let shop = Sandbox::new();
    let id = shop.commit_on_origin("two");
    let ran = shop.pushgate(["check", "production", "--json"]);
    assert_eq!(ran.code, 1, "{ran}");
    let answer: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(answer["verdict"], "refused");
    assert_eq!(answer["environment"], "production");
    assert_eq!(answer["commit"], id);
    assert_eq!(answer["gates"][4]["gate"], "promotion");
}

#[test]
fn the_ledger_keeps_every_field_it_promises() {
    let shop = Sandbox::new();
    let id = shop.commit_on_origin("two");
    shop.push("production", "master").refused("promotion");
    let line = &shop.ledger()[0];
    let keys: Vec<_> = line.as_object().unwrap().keys().cloned().collect();
    let mut promised = [
        "v",
        "at",
        "event",
        "verdict",
        "environment",
        "remote",
        "destination",
        "commit",
        "replaces",
        "by",
        "gates",
        "reason",
        "took_ms",
    ];
    promised.sort_unstable();
    assert_eq!(keys, promised);
    assert_eq!(line["v"], 1);
    assert_eq!(line["event"], "push");
    assert_eq!(line["verdict"], "refused");
    assert_eq!(line["environment"], "production");
    assert_eq!(line["remote"], "production");
    assert_eq!(
        line["destination"],
        shop.path("production").to_str().unwrap()
    );
    assert_eq!(line["commit"], id);
    assert_eq!(line["replaces"], shop.tip("production", "master"));
    assert_eq!(line["reason"], serde_json::Value::Null);
    let at: jiff::Timestamp = line["at"].as_str().unwrap().parse().unwrap();
    assert!(shop.now().duration_since(at).as_secs() < 60);
    assert!(line["took_ms"].is_u64());
    assert_eq!(line["gates"][0]["gate"], "target");
    assert_eq!(line["gates"][4]["outcome"], "refused");
}

#[test]
fn log_shows_what_was_decided() {
    let shop = Sandbox::new();
    shop.pushgate(["log"])
        .goes()
        .says("nothing was decided yet");
    let id = shop.commit_on_origin("two");
    shop.push("production", "master").refused("promotion");
    let ran = shop.pushgate(["log"]).goes();
    assert!(
        ran.stdout.contains(&format!(
            "refused     production    {}  Ana <ana@shop.example>\n",
            &id[..7]
        )),
        "{ran}"
    );
    assert!(
        ran.stdout.contains("    promotion refused: staging has "),
        "{ran}"
    );
    let ran = shop.pushgate(["log", "--json"]).goes();
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&ran.stdout).unwrap(),
        shop.ledger()[0]
    );
}

#[test]
fn help_comes_however_it_is_asked_for() {
    let shop = Sandbox::bare();
    let all = shop.pushgate(["--help"]).goes().stdout;
    assert!(
        all.contains("  help         Show what a command does, with examples, or print a guide\n"),
        "{all}"
    );
    assert_eq!(shop.pushgate(["help"]).goes().stdout, all);
    let one = shop.pushgate(["log", "--help"]).goes().stdout;
    assert!(one.contains("Examples:\n  pushgate log\n"), "{one}");
    assert_eq!(shop.pushgate(["help", "log"]).goes().stdout, one);
    let help = shop.pushgate(["help", "--help"]).goes().stdout;
    assert!(help.contains("Usage: pushgate help [TOPIC]\n"), "{help}");
    assert_eq!(shop.pushgate(["help", "help"]).goes().stdout, help);
    let ran = shop.pushgate(["help", "instal"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran}");
    ran.says("no command or topic `instal`; did you mean `install`?");
}

#[test]
fn log_is_in_colour_on_a_terminal_and_passes_on_no_escapes() {
    let shop = Sandbox::new();
    shop.commit("two");
    shop.push("production", "master").goes_not();
    let reason = [("PUSHGATE", "off"), ("PUSHGATE_REASON", "fire \x1b[2J")];
    shop.push_with(&reason, "production", "master").goes();
    let shown = in_terminal(&shop, &format!("GIT_PAGER=cat TERM=xterm '{PUSHGATE}' log"))
        .goes()
        .stderr;
    assert!(
        shown.contains("  \x1b[1m\x1b[31mrefused   \x1b[0m  production  "),
        "{shown:?}"
    );
    assert!(
        shown.contains("  \x1b[1m\x1b[33moverridden\x1b[0m  production  "),
        "{shown:?}"
    );
    assert!(shown.contains("    reason: fire \\u{1b}[2J\n"), "{shown:?}");
    let plain = in_terminal(
        &shop,
        &format!("GIT_PAGER=cat NO_COLOR=1 TERM=xterm '{PUSHGATE}' log"),
    )
    .goes();
    assert!(!plain.stderr.contains('\x1b'), "{plain}");
    let piped = shop.pushgate(["log"]).goes().stdout;
    assert_eq!(piped, plain.stderr);
}

#[test]
fn without_a_policy_the_heroku_remotes_are_staging_and_production() {
    let shop = Sandbox::bare();
    shop.script("bin/ci", "#!/bin/sh\n");
    shop.git(["add", "."]).goes();
    shop.commit("one");
    shop.git(["push", "-q", "origin", "master"]).goes();
    shop.git(["remote", "add", "heroku", "https://git.heroku.com/shop.git"])
        .goes();
    shop.git([
        "remote",
        "set-url",
        "staging",
        "https://git.heroku.com/shop-staging.git",
    ])
    .goes();
    let line = format!(
        "refs/heads/master {} refs/heads/master {}\n",
        shop.ask(["rev-parse", "HEAD"]),
        "0".repeat(40)
    );
    let call = |time: &str, remote: &str, app: &str| {
        let mut command = shop.at(time);
        command.args([
            PUSHGATE,
            "pre-push",
            "--",
            remote,
            &format!("https://git.heroku.com/{app}.git"),
        ]);
        Ran::fed(&mut command, line.as_bytes())
    };
    call("2026-11-24 12:00:00", "staging", "shop-staging")
        .goes()
        .says("push to staging (shop-staging) may go")
        .says("suite: passed");
    call("2026-11-24 23:00:00", "heroku", "shop")
        .refused("window")
        .says("push to production (shop) refused")
        .says("closed by `22:00-07:00`");
}

#[test]
fn the_demo_plays_its_whole_story_and_leaves_nothing_else_behind() {
    let shop = Sandbox::bare();
    let stage = shop.path("stage");
    let home = || {
        let mut names: Vec<_> = fs::read_dir(shop.path("home"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        (names, fs::read(shop.path("home/.gitconfig")).unwrap())
    };
    let before = home();
    let ran = shop
        .run_in(
            shop.root(),
            PUSHGATE,
            ["demo".as_ref(), "--dir".as_ref(), stage.as_os_str()],
        )
        .goes();
    assert_eq!(home(), before);
    for part in [
        "    trunk: master is 1 commit behind origin/master (you push ",
        "  -echo $(($1 * $2))\n  +echo $(($1 + $2))\n",
        "(TZ sets the clock of one command. In ",
        "12. That was no help: a rollback brings back what was live before, at any hour.\n",
        "  pushgate: rollback of production (production): from ",
        "    lock: You <you@shop.example> has locked staging since ",
        "    suite: `bin/ci` failed with exit code 1\n",
        "  pushgate: push to staging (staging) may go\n",
        "    promotion: staging has ",
        "    window: closed by `22:00-07:00`; opens ",
        "  production, after staging\n    live      nothing was ever deployed there\n",
        "  pushgate: push to production (production) may go\n",
        "  pushgate: push to production (production) is not checked: PUSHGATE is off (the site is down)\n",
        "      reason: the site is down\n",
        "And when you have seen enough: rm -rf ",
    ] {
        assert!(
            ran.stdout.contains(part),
            "the demo does not show `{part}`:\n{ran}"
        );
    }
    // A step fits a terminal of 80 columns and 24 lines, with the question whether to go on.
    let mut steps: Vec<Vec<&str>> = vec![Vec::new()];
    for line in ran.stdout.lines() {
        if line.starts_with(|c: char| c.is_ascii_digit()) {
            steps.last_mut().unwrap().pop_if(|last| last.is_empty());
            steps.push(vec!["Enter goes on, q ends: "]);
        }
        steps.last_mut().unwrap().push(line);
    }
    assert_eq!(steps.len(), 15, "{ran}");
    // A command that is to be copied is not broken there.
    let is_wide = |line: &&str| line.contains("git push") && line.len() > 80;
    assert_eq!(ran.stdout.lines().find(is_wide), None);
    for step in &steps {
        let lines = step.iter().map(|line| line.len().div_ceil(80).max(1));
        assert!(lines.sum::<usize>() <= 24, "{step:#?}");
    }
    // It can be played on: the last command is one that the gate answers.
    let (_, last) = ran
        .stdout
        .split_once("nothing else was touched.\n")
        .unwrap();
    let (last, _) = last.split_once("And when").unwrap();
    shop.run_in(shop.root(), "sh", ["-ec", last])
        .refused("trunk")
        .says("push it there first, then push again");
    let ran = shop.run_in(
        shop.root(),
        PUSHGATE,
        ["demo".as_ref(), "--dir".as_ref(), stage.as_os_str()],
    );
    assert_eq!(ran.code, 2, "{ran}");
    ran.says(&format!(
        "pushgate: demo not done\n  could not make {}\n    File exists (os error 17)\n  name a new directory",
        stage.display()
    ));
    let ran = shop.pushgate(["demo", "--dir", "/proc/nope"]);
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("could not make /proc/nope\n")
        .says("  name a new directory in one that is there and yours: pushgate demo --dir DIR\n");
}

#[test]
fn on_a_terminal_the_demo_waits_at_each_step_and_ends_at_q() {
    let shop = Sandbox::bare();
    let terminal = Terminal::open(&shop);
    terminal.types(&format!("{PUSHGATE} demo --dir ../stage"));
    terminal.shows("1. The team's policy: what a push must answer.\nEnter goes on, q ends:");
    terminal.types("");
    let screen = terminal
        .shows("2. The hook goes in front of every push; the first one runs the suite.\nEnter goes on, q ends:");
    assert!(screen.contains("$ cat .pushgate.yml"), "{screen}");
    terminal.types("q");
    let screen = terminal.shows("pushgate: what was played is in ");
    assert!(!screen.contains("pushgate install"), "{screen}");
    terminal.types(&format!(
        "clear; {PUSHGATE} demo --dir ../stopped; echo code $?"
    ));
    // Not on the screen of before.
    terminal.shows("/stopped\norigin stands in");
    terminal.shows("Enter goes on, q ends:");
    terminal.presses("C-c");
    let screen = terminal.shows("\ncode 130");
    assert!(
        screen.contains("\npushgate: what was played is in "),
        "{screen}"
    );
    assert!(!screen.contains("not done"), "{screen}");
    terminal.types(&format!("{PUSHGATE} demo --no-pause --dir ../again"));
    terminal.shows("3. Ben pushes to origin.");
}
