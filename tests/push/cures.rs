//! What a refusal prints to do about it: each command is run as it is printed, in the situation that
//! it was printed for, and the same push is made again.
//!
//! Left out, because a person has to choose: `git remote add NAME URL`, `pushgate init`, what only waits
//! ("push again then"), and what is edited in a file.

use std::path::Path;

use crate::support::{POLICY, PUSHGATE, Ran, Sandbox, follow_up};

/// The commands of the cure with these words.
#[track_caller]
fn commands(ran: &Ran, words: &str) -> Vec<String> {
    let mut lines = ran.stderr.lines();
    let announced = format!("  {words}:");
    assert!(lines.any(|line| line == announced), "no `{words}:` {ran}");
    let commands = lines.map_while(|line| line.strip_prefix("    "));
    commands.map(str::to_owned).collect()
}

/// Runs a command in the clone, as a person does who has the program on PATH.
#[track_caller]
fn run(shop: &Sandbox, command: &str) {
    let programs = Path::new(PUSHGATE).parent().unwrap().display();
    // The one thing in a command that a person fills in.
    let command = command.replace("\"...\"", "\"the site is down\"");
    let line = format!("PATH='{programs}':$PATH; {command}");
    shop.run_in(shop.path("app"), "sh", ["-c", &line]).goes();
}

/// A gate refuses a push; the commands are run, and the push goes when it is made again.
#[track_caller]
fn cured(shop: &Sandbox, remote: &str, refspec: &str, gate: &str, words: &str) {
    let ran = shop.push(remote, refspec).refused(gate);
    let commands = commands(&ran, words);
    assert!(!commands.is_empty(), "{ran}");
    for command in &commands {
        run(shop, command);
    }
    follow_up(&shop.app);
    // The last of them may be this push, or one of something else than what was wrong.
    let again = commands
        .last()
        .unwrap()
        .contains(&format!("push {remote} "));
    if !again {
        shop.push(remote, refspec).goes();
    }
    assert_eq!(
        shop.tip(remote, "master"),
        shop.tip("origin", "master"),
        "{commands:?}"
    );
}

#[test]
fn trunk_that_is_ahead_behind_or_both_is_cured_as_printed() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.colleague_pushes("origin", "theirs");
    let words = "get the newest, then push again";
    cured(&shop, "staging", "master", "trunk", words);
    shop.commit("mine");
    let words = "push it there first, then push again";
    cured(&shop, "staging", "master", "trunk", words);
    shop.colleague_pushes("origin", "theirs again");
    shop.commit("mine again");
    let words = "join them (or merge), run the tests, then push again";
    cured(&shop, "staging", "master", "trunk", words);
}

#[test]
fn a_branch_whose_name_needs_quotes_is_merged_as_printed() {
    let shop = Sandbox::new();
    shop.git(["switch", "-q", "-c", "it's"]).goes();
    shop.commit("carts");
    shop.colleague_pushes("origin", "theirs");
    let words = "merge it first, run the tests, and push the merge";
    cured(&shop, "staging", "it's:master", "trunk", words);
}

#[test]
fn trunk_that_another_work_tree_has_is_merged_there_as_printed() {
    let shop = Sandbox::new();
    shop.git(["worktree", "add", "-q", "-b", "carts", "../linked"])
        .goes();
    let linked = shop.path("linked");
    let git = |args: &[&str]| shop.run_in(&linked, "git", args.iter().copied());
    git(&["commit", "-q", "--allow-empty", "-m", "carts"]).goes();
    let ran = git(&["push", "staging", "carts:master"]).refused("trunk");
    let commands = commands(&ran, "merge it first, run the tests, and push the merge");
    assert_eq!(commands[0], format!("cd {}", shop.app.display()));
    shop.run_in(&linked, "sh", ["-ec", &commands.join("\n")])
        .goes();
    assert_eq!(shop.tip("staging", "master"), shop.tip("origin", "master"));
}

#[test]
fn an_old_commit_is_replaced_by_the_newest_as_printed() {
    let shop = Sandbox::new();
    shop.commit("two");
    shop.commit_on_origin("three");
    cured(
        &shop,
        "staging",
        "HEAD~1:master",
        "trunk",
        "push the newest",
    );
    shop.commit_on_origin("four");
    shop.git(["branch", "-q", "elsewhere"]).goes();
    shop.colleague_pushes("origin", "theirs");
    shop.git(["reset", "-q", "--hard", "HEAD~1"]).goes();
    let words = "get the newest, and push it";
    cured(&shop, "staging", "elsewhere:master", "trunk", words);
}

#[test]
fn commits_that_a_forced_push_would_drop_are_kept_as_printed() {
    let shop = Sandbox::new();
    shop.colleague_pushes("origin", "theirs");
    shop.git(["fetch", "-q", "origin"]).goes();
    shop.commit("mine");
    let ran = shop.push("origin", "+master").refused("trunk");
    let words = "keep them, then push again; to undo one, git revert it";
    for command in commands(&ran, words) {
        run(&shop, &command);
    }
    shop.push("origin", "master").goes();
}

#[test]
fn the_environment_that_comes_first_gets_the_commit_as_printed() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    let words = "deploy it there, try it on staging, then push again";
    cured(&shop, "production", "master", "promotion", words);
    // git itself would refuse to go back without being told what is replaced.
    let newest = shop.tip("origin", "master");
    shop.commit("a stray");
    shop.push_ungated("staging", "master");
    shop.git(["reset", "-q", "--hard", &newest]).goes();
    shop.commit_on_origin("three");
    cured(&shop, "production", "master", "promotion", words);
}

#[test]
fn where_no_branch_tells_what_runs_on_staging_it_gets_the_commit_as_printed() {
    let words = "deploy it there, try it on staging, then push again";
    let shop = Sandbox::new();
    shop.git(["switch", "-q", "-c", "side"]).goes();
    shop.commit("a stray");
    shop.push_ungated("staging", "side:main");
    // Of two branches from before the gate, nothing tells which was deployed last.
    shop.later(60);
    shop.date_hook(&shop.app);
    shop.git(["switch", "-q", "master"]).goes();
    let two = shop.commit_on_origin("two");
    let ran = shop.push("production", "master").refused("promotion");
    run(&shop, &commands(&ran, words)[0]);
    let both = format!("to have {} live there, push it to `main`, too", &two[..7]);
    cured(&shop, "production", "master", "promotion", &both);
    // A command moves no branch.
    shop.git(["switch", "-q", "side"]).goes();
    shop.later(60);
    run(
        &shop,
        "PUSHGATE_SKIP=trunk pushgate deploy staging --commit side --yes -- true",
    );
    shop.git(["switch", "-q", "master"]).goes();
    shop.commit_on_origin("three");
    shop.later(60);
    cured(&shop, "production", "master", "promotion", words);
}

#[test]
fn what_was_not_signed_off_is_signed_off_as_printed() {
    let shop = Sandbox::new();
    shop.policy(&POLICY.replace("signoff: false", "signoff: true"));
    shop.push_ungated("origin", "master");
    shop.push("staging", "master").goes();
    let words = "try it on staging, then sign it off";
    cured(&shop, "production", "master", "promotion", words);
}

#[test]
fn a_closed_window_is_overridden_as_printed_and_with_a_reason() {
    let shop = Sandbox::new();
    shop.policy(&format!(
        "{}  production:\n    reason: required\n    window: {{timezone: UTC, closed: ['22:00-07:00']}}\n",
        POLICY.split_once("  production").unwrap().0
    ));
    shop.push_ungated("origin", "master");
    shop.stop_clock("2026-11-24 23:40:00");
    cured(&shop, "production", "master", "window", "if it cannot wait");
    shop.commit_on_origin("two");
    let ran = shop.push_with(&[("PUSHGATE_SKIP", "window")], "production", "master");
    for command in commands(&ran, "say it in place of the dots") {
        run(&shop, &command);
    }
    assert_eq!(
        shop.tip("production", "master"),
        shop.tip("origin", "master")
    );
}

#[test]
fn a_hotfix_at_night_is_told_all_at_once_and_goes_by_one_command() {
    let shop = Sandbox::new();
    shop.policy(&POLICY.replace(
        "signoff: false",
        "signoff: false, window: {timezone: UTC, closed: ['22:00-07:00']}",
    ));
    shop.push_ungated("origin", "master");
    let fix = shop.commit("fix");
    shop.stop_clock("2026-11-24 23:40:00");
    let ran = shop.push("production", "master").refused("window");
    let ran = ran.refused("trunk").refused("promotion");
    for command in commands(&ran, "if it cannot wait") {
        run(&shop, &command);
    }
    assert_eq!(shop.tip("production", "master"), fix);
}

#[test]
fn a_checkout_that_proves_nothing_is_cured_as_printed() {
    let shop = Sandbox::new();
    shop.commit_file("a file's name", "one\n");
    shop.push_ungated("origin", "master");
    shop.write("a file's name", "two\n");
    let words = "commit them, or put them aside, then push again";
    cured(&shop, "staging", "master", "suite", words);
    shop.commit_file("other", "one\n");
    shop.push_ungated("origin", "master");
    shop.git(["switch", "-q", "--detach", "HEAD~1"]).goes();
    cured(
        &shop,
        "staging",
        "master",
        "suite",
        "check it out, then push again",
    );
    shop.git(["switch", "-q", "master"]).goes();
    shop.commit_file("third", "one\n");
    shop.push_ungated("origin", "master");
    shop.git(["update-index", "--assume-unchanged", "a file's name"])
        .goes();
    shop.write("a file's name", "three\n");
    let words = "have git see them, commit them, or put them aside, then push again";
    cured(&shop, "staging", "master", "suite", words);
}

#[test]
fn a_tag_and_a_commit_from_elsewhere_are_cured_as_printed() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.git(["tag", "-a", "-m", "v1", "v1"]).goes();
    let words = "push the commit that it names";
    cured(&shop, "staging", "v1:refs/heads/master", "target", words);
    shop.colleague_pushes("staging", "theirs");
    let words = "fetch it, look at what is there, then push again";
    cured(&shop, "staging", "+master", "target", words);
}
