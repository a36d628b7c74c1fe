//! However a suite ends, nothing of it is left behind, and the terminal is as it was.

use std::{fs, io::Write, process::Stdio, thread};

use expect_test::expect;

use crate::support::{
    PUSHGATE, Ran, Sandbox,
    processes::{Started, assert_no_process_in, heeding, is_guarded, living_in},
    tmux::Terminal,
    tool, until,
};

fn with_suite(suite: &str) -> Sandbox {
    let shop = Sandbox::new();
    shop.commit_file(
        ".pushgate.yml",
        &format!("suite: {suite}\nenvironments: {{staging: {{}}}}\n"),
    );
    shop.push_ungated("origin", "master");
    shop
}

/// A suite that heeds no signal, with a child, a grandchild, and one that left for a session of its
/// own and whose parent is gone.
fn stubborn(more: &str) -> Sandbox {
    let shop = with_suite(&format!("{{run: sh ./stubborn{more}}}"));
    shop.write(
        "stubborn",
        "trap '' HUP INT TERM QUIT
         sh -c 'sleep 300 & sleep 301; true' &
         (setsid sh -c 'echo $$ > ../escaped; sleep 302; true' &)
         echo $$ > ../pid
         sleep 303
         sleep 304\n",
    );
    shop.git(["add", "stubborn"]).goes();
    shop.git(["commit", "-q", "-m", "Add a suite"]).goes();
    shop.push_ungated("origin", "master");
    shop
}

/// Waits until a file of the sandbox has a whole line.
#[track_caller]
fn line_of(shop: &Sandbox, name: &str) -> String {
    until(&format!("{name} is written"), || {
        let text = fs::read_to_string(shop.path(name)).unwrap_or_default();
        text.ends_with('\n').then(|| text.trim().to_owned())
    })
}

fn start(shop: &Sandbox, program: &str, args: &[&str]) -> Started {
    let mut command = heeding(shop, program);
    let said = fs::File::create(shop.path("said")).unwrap();
    Started::new(command.args(args).stdout(Stdio::null()).stderr(said))
}

/// The hook that git started.
#[track_caller]
fn hook_of(git: &Started) -> String {
    let id = git.id();
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    let is_hook = |pid: &&str| {
        fs::read(format!("/proc/{pid}/cmdline"))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains("pre-push"))
    };
    let hook = children.split_whitespace().find(is_hook);
    hook.expect("a hook").to_owned()
}

/// One story: a signal to git or to the hook, while a stubborn suite runs.
fn struck(signal: &str, to_hook: bool) {
    let shop = stubborn("");
    let old = shop.tip("staging", "master");
    let mut git = start(&shop, "git", &["push", "staging", "master"]);
    line_of(&shop, "escaped");
    line_of(&shop, "pid");
    is_guarded(&shop);
    if to_hook {
        shop.run_in("/", "kill", ["-s", signal, &hook_of(&git)])
            .goes();
    } else {
        git.send(signal);
    }
    assert!(!git.ends().success(), "{signal}");
    assert_no_process_in(shop.root());
    assert_eq!(shop.tip("staging", "master"), old, "{signal}");
    assert!(!shop.app.join(".git/pushgate/receipts").exists());
    let ledger = shop.ledger();
    match ledger.last() {
        Some(entry) => assert_eq!(entry["verdict"], "undecided", "{signal}"),
        None => assert!(signal == "KILL" && to_hook, "{signal} left no entry"),
    }
}

#[test]
fn no_signal_leaves_anything_of_a_stubborn_suite() {
    thread::scope(|scope| {
        let stories = ["HUP", "INT", "TERM", "KILL"].map(|signal| {
            [false, true].map(|to_hook| scope.spawn(move || struck(signal, to_hook)))
        });
        for story in stories.into_iter().flatten() {
            story.join().unwrap();
        }
    });
}

#[test]
fn a_time_limit_leaves_nothing_of_a_stubborn_suite() {
    let shop = stubborn(", timeout: 1s");
    shop.push("staging", "master")
        .refused("suite")
        .says("took longer than its limit of 1s");
    line_of(&shop, "escaped");
    // It is gone when the push is, not only soon.
    assert_eq!(living_in(shop.root()), [""; 0]);
}

#[test]
fn a_suite_that_has_the_terminal_is_ended_whole_too() {
    let shop = stubborn(", timeout: 1s, interactive: true");
    let mut command = shop.command(tool("script", "bsdutils"));
    command.args(["-qec", "git push staging master", "/dev/null"]);
    let ran = Ran::of(&mut command);
    assert!(
        ran.stdout.contains("took longer than its limit of 1s"),
        "{ran}"
    );
    line_of(&shop, "escaped");
    assert_eq!(living_in(shop.root()), [""; 0]);
}

#[test]
fn what_a_failed_suite_started_before_goes_with_it() {
    let shop =
        with_suite("{run: ['setsid sleep 300 & echo $! > ../daemon', {name: red, run: 'exit 3'}]}");
    shop.push("staging", "master")
        .refused("suite")
        .says("`red` failed with exit code 3");
    line_of(&shop, "daemon");
    assert_eq!(living_in(shop.root()), [""; 0]);
}

#[test]
fn a_term_is_said_once() {
    let shop = with_suite(
        "{run: 'trap \"echo told >> ../told\" TERM; while :; do sleep 0.1; done', timeout: 1s}",
    );
    shop.push("staging", "master").refused("suite");
    assert_eq!(fs::read_to_string(shop.path("told")).unwrap(), "told\n");
}

#[test]
fn orphans_that_ended_are_asked_about() {
    // They are the hook's children when their parents are gone, and zombies until it asks.
    let script = "for i in 1 2 3 4 5 6 7 8; do (sh -c true &); done; while ps -o stat= --ppid $PPID >../children; grep -q Z ../children; do sleep 0.05; done";
    let shop = with_suite(&format!("{{run: '{script}', timeout: 60s}}"));
    shop.push("staging", "master").goes();
    let children = fs::read_to_string(shop.path("children")).unwrap();
    assert!(children.contains('S'), "{children}");
    assert!(!children.contains('Z'), "zombies are left: {children}");
}

#[test]
fn an_interrupted_run_says_one_line() {
    let shop = with_suite("{run: [{name: slow, run: 'echo $$ > ../pid; sleep 300; sleep 301'}]}");
    let mut check = start(&shop, PUSHGATE, &["check", "staging"]);
    line_of(&shop, "pid");
    check.send("INT");
    assert_eq!(check.ends().code(), Some(130));
    let said = fs::read_to_string(shop.path("said")).unwrap();
    let (_, after) = said.split_once("the suite: slow\n").unwrap();
    assert_eq!(
        after,
        "pushgate: the suite was stopped (SIGINT): nothing is pushed\n"
    );
}

/// What a terminal without a prompt shows of a push after this was seen and Ctrl-C was pressed.
#[track_caller]
fn after_ctrl_c(shop: &Sandbox, seen: &str) -> String {
    let mut command = heeding(shop, tool("script", "bsdutils").to_str().unwrap());
    command
        .env("TERM", "xterm")
        .env("NO_COLOR", "1")
        .args([
            "-qfc",
            "trap : INT; git push staging master; until [ -e ../over ]; do sleep 0.05; done",
            "../screen",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    let mut push = command.spawn().unwrap();
    let screen = || fs::read_to_string(shop.path("screen")).unwrap_or_default();
    until(seen, || screen().contains(seen).then_some(()));
    push.stdin.as_mut().unwrap().write_all(b"\x03").unwrap();
    until("the hook is gone", || {
        let all = living_in(shop.root());
        (!all.iter().any(|line| line.contains(" pre-push "))).then_some(())
    });
    fs::write(shop.path("over"), "").unwrap();
    push.wait().unwrap();
    assert_no_process_in(shop.root());
    let screen = screen();
    let after = screen
        .split_once("^C")
        .and_then(|(_, after)| after.split_once("\nScript done"));
    after.unwrap_or_else(|| panic!("{screen:?}")).0.to_owned()
}

/// Pushes at a prompt, presses Ctrl-C once this is seen, and asserts what is then on the screen.
///
/// Our line and the shell's prompt come at once, and either may be first; where the shell was, the status
/// line stays.
#[track_caller]
fn ctrl_c_at_a_prompt(shop: &Sandbox, seen: &str, before: &str) {
    let terminal = Terminal::open(shop);
    terminal.types("clear; git push staging master");
    terminal.shows(seen);
    terminal.presses("C-c");
    terminal.shows(SAID);
    assert_nobody_in_suite(shop);
    terminal.types("echo the prompt works");
    let screen = terminal.shows("\nthe prompt works\n$");
    let mut lines: Vec<_> = screen.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.remove(0), before, "{screen:?}");
    if lines[0].starts_with('[') && lines[0].ends_with("]^C") {
        lines.remove(0);
    }
    let first = [SAID, "$ echo the prompt works", "the prompt works", "$"];
    let late = ["$", SAID, "echo the prompt works", "the prompt works", "$"];
    assert!(lines == first || lines == late, "{screen:?}");
}

const SAID: &str = "pushgate: the suite was stopped (SIGINT): nothing is pushed";

#[track_caller]
fn assert_nobody_in_suite(shop: &Sandbox) {
    until("the suite is gone", || {
        let all = living_in(shop.root());
        let in_suite = all.iter().any(|line| line.contains("sleep 30"));
        (!in_suite).then_some(())
    });
}

#[test]
fn after_ctrl_c_there_is_one_line_and_a_prompt() {
    let shop = with_suite(
        "{run: [{name: slow, run: 'trap \"echo last words\" TERM; sleep 300; sleep 301; exit 1'}]}",
    );
    assert_eq!(after_ctrl_c(&shop, "[1s"), format!("\r\u{1b}[2K{SAID}\r\n"));
    ctrl_c_at_a_prompt(&shop, "[1s", "pushgate: running the suite: slow");
}

#[test]
fn after_ctrl_c_nothing_stays_of_steps_that_run_together() {
    let shop = with_suite(
        "{run: [{run: 'sleep 300; exit 1', parallel: true, name: one}, {run: 'sleep 301; exit 1', parallel: true, name: two}]}",
    );
    let after = after_ctrl_c(&shop, "1s");
    assert_eq!(after, format!("\r\u{1b}[2K{SAID}\r\n"));
    ctrl_c_at_a_prompt(&shop, "1s", "pushgate: running together: one, two");
}

#[test]
fn a_terminal_that_is_closed_leaves_a_line_in_the_ledger_and_no_process() {
    let shop = with_suite("{run: [{name: slow, run: 'sleep 300; exit 1'}]}");
    let terminal = Terminal::open(&shop);
    terminal.types("git push staging master");
    terminal.shows("[1s");
    terminal.closes();
    let ledger = || Some(shop.ledger()).filter(|lines| !lines.is_empty());
    let ledger = until("a line in the ledger", ledger);
    assert_eq!(ledger.last().unwrap()["verdict"], "undecided");
    assert_nobody_in_suite(&shop);
}

#[test]
fn the_verdict_begins_a_line_after_a_suite_that_had_the_terminal() {
    for (suite, line) in [("printf open", "open"), ("echo ended", "ended")] {
        let shop = with_suite(&format!("{{run: '{suite}', interactive: true}}"));
        let terminal = Terminal::open(&shop);
        terminal.types("clear; git push staging master");
        let verdict = "pushgate: push to staging (staging) may go\n";
        let screen = terminal.shows(verdict);
        let (before, _) = screen.split_once(verdict).unwrap();
        assert_eq!(before.lines().last(), Some(line), "{screen}");
        assert!(before.ends_with('\n'), "{screen}");
    }
}

/// What a terminal shows of a push once this is seen, with `[time]` for every span of time.
fn shown(suite: &str, seen: &str) -> String {
    let shop = with_suite(suite);
    let terminal = Terminal::open(&shop);
    terminal.types("clear; git push staging master");
    let screen = terminal.shows(seen);
    let untimed = |line: &str| match (line.split_once(" after "), line.strip_prefix('[')) {
        (Some((how, rest)), _) => {
            format!("{how} after [time]:{}", rest.split_once(':').unwrap().1)
        }
        (_, Some(status)) => format!("[[time],{}", status.split_once(',').unwrap().1),
        _ => line.to_owned(),
    };
    let is_ours = |line: &&str| !line.contains("may go") && !line.contains("refused");
    let lines: Vec<_> = screen.lines().take_while(is_ours).map(untimed).collect();
    lines.join("\n")
}

#[test]
fn each_end_of_steps_that_run_together_stays_above_the_report() {
    let step = |name, run| format!("{{run: '{run}', parallel: true, name: {name}}}");
    let two = |one, two| format!("{{run: [{}, {}]}}", step("one", one), step("two", two));
    let passing = two("sleep 4", "true");
    expect![[r#"
        pushgate: running together: one, two
          passed after [time]: two
        [[time], 1 of 2 steps is running]"#]]
    .assert_eq(&shown(&passing, "1 of 2 steps is running]"));
    expect![[r#"
        pushgate: running together: one, two
          passed after [time]: two
          passed after [time]: one"#]]
    .assert_eq(&shown(&passing, "-> master"));
    let failing = two("echo broken; exit 3", "sleep 300");
    expect![[r#"
        pushgate: running together: one, two
          failed after [time]: one
          stopped after [time]: two
        broken"#]]
    .assert_eq(&shown(&failing, "error: failed to push"));
}

#[test]
fn the_status_line_heeds_no_color() {
    for (no_color, dim) in [("", true), ("1", false)] {
        let shop = with_suite("{run: 'until grep -q [1]s] ../screen; do sleep 0.1; done'}");
        let mut command = shop.command(tool("script", "bsdutils"));
        command.env("TERM", "xterm").args([
            "-qefc",
            &format!("{PUSHGATE} check staging"),
            "../screen",
        ]);
        if !no_color.is_empty() {
            command.env("NO_COLOR", no_color);
        }
        let ran = Ran::of(&mut command);
        assert!(ran.stdout.contains("[1s]"), "{ran}");
        assert_eq!(ran.stdout.contains("\x1b[2m[1s]"), dim, "{ran:?}");
    }
}
