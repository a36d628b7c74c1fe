//! husky 9, which runs `.husky/pre-push` of the work tree.

use std::{fs, os::unix::fs::PermissionsExt};

use super::Street;
use expect_test::expect;

use crate::support::Ran;

/// A clone after `npm install` with husky's `prepare`.
fn with_husky() -> Street {
    let street = Street::new();
    street.shop.write("package.json", "{\"name\": \"shop\"}\n");
    street.run("husky").goes();
    assert_eq!(
        street.shop.ask(["config", "core.hooksPath"]),
        ".husky/_",
        "husky owns the hooks"
    );
    street
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn it_gets_a_script_that_begins_with_the_gate() {
    let street = with_husky();
    let before = street.picture(".husky");
    street.run("pushgate install").goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: [root]/app/.husky/pre-push begins with pushgate now
        pushgate: it is the team's: git add .husky/pre-push and commit it
          hint: a branch without it has no gate: bring it to all of them, or, with git 2.54 or newer, pushgate install --config
    "#]]);
    let mode = fs::metadata(street.file(".husky/pre-push")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o755);
    let text = street.read(".husky/pre-push");
    street.run("pushgate install").goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: [root]/app/.husky/pre-push calls pushgate already
    "#]]);
    assert_eq!(street.read(".husky/pre-push"), text);
    street.is_gated();
    // npm install again writes what is husky's own anew.
    street.run("husky").goes();
    street.is_gated();
    street.run("pushgate uninstall").goes().is(&expect![[r#"
            exit 0
            --- stderr
            pushgate: removed [root]/app/.husky/pre-push
            pushgate: it is the team's: git add .husky/pre-push and commit it
            pushgate: the ledger stays: [root]/app/.git/pushgate
        "#]]);
    assert_eq!(street.picture(".husky"), before);
    street
        .run("git push staging master~1:refs/heads/other")
        .goes()
        .silent();
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn the_rest_of_the_script_hears_what_git_said_once_the_gates_have_passed() {
    let street = with_husky();
    let old =
        "echo \"rest: $# $1 $2\" >&2\nwhile read -r line; do echo \"line: $line\" >&2; done\n";
    street.shop.write(".husky/pre-push", old);
    street.everything_is_on_origin();
    street.run("pushgate install").goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: [root]/app/.husky/pre-push begins with pushgate now
        pushgate: it is the team's: git add .husky/pre-push and commit it
          hint: a branch without it has no gate: bring it to all of them, or, with git 2.54 or newer, pushgate install --config
    "#]]);
    let id = street.everything_is_on_origin();
    let before = street.shop.tip("staging", "master");
    let url = street.shop.path("staging.git");
    street
        .run("git push staging master")
        .goes()
        .says("may go")
        .says(&format!("rest: 2 staging {}\n", url.display()))
        .says(&format!(
            "line: refs/heads/master {id} refs/heads/master {before}\n"
        ));
    street.shop.commit("stray");
    street
        .run("git push staging master")
        .refused("trunk")
        .never_says("rest: ");
    street.run("pushgate uninstall").goes();
    assert_eq!(street.read(".husky/pre-push"), old);
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn the_rest_of_the_script_may_refuse_and_the_ledger_says_so() {
    let street = with_husky();
    street
        .shop
        .write(".husky/pre-push", "#!/bin/sh\nfalse\ntrue\n");
    street.run("pushgate install").goes();
    assert!(
        street
            .read(".husky/pre-push")
            .starts_with("#!/bin/sh\n# pushgate")
    );
    street.everything_is_on_origin();
    let before = street.shop.tip("staging", "master");
    // husky runs it by `sh -e`, and so do we.
    street
        .run("git push staging master")
        .goes_not()
        .says("may go")
        .says("the rest of .husky/pre-push refused: exit code 1");
    assert_eq!(street.shop.tip("staging", "master"), before);
    assert_eq!(street.shop.ledger().last().unwrap()["verdict"], "refused");
    assert_eq!(street.shop.last_gates().last().unwrap(), "chained refused");
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn git_lfs_uploads_only_what_may_go() {
    let street = with_husky();
    street
        .shop
        .write(".husky/pre-push", "git lfs pre-push \"$@\"\n");
    street.run("git lfs install --local --skip-repo").goes();
    street.run("pushgate install").goes();
    let is_on = street.lfs_object();
    street.shop.commit("stray");
    street.run("git push staging master").refused("trunk");
    assert!(!is_on("staging"));
    street.run("git reset -q --hard origin/master").goes();
    street.run("git push staging master").goes();
    assert!(is_on("staging"));
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn without_the_program_nothing_goes_unless_somebody_says_so() {
    let street = with_husky();
    street.run("pushgate install").goes();
    street.everything_is_on_origin();
    fs::remove_file(street.shop.path("bin/pushgate")).unwrap();
    street
        .run("git push staging master")
        .goes_not()
        .says("pushgate: push refused: the program is not on your PATH");
    // Nothing to push is nothing to refuse.
    street.run("git push origin master").goes().silent();
    let push = |words: &str, variables: &[(&str, &str)]| {
        let mut command = street.command("git");
        let command = command.arg("push").args(words.split(' '));
        Ran::of(command.envs(variables.iter().copied()))
    };
    for (number, word) in ["off", "OFF", "0", "false", "no"].into_iter().enumerate() {
        push(
            &format!("staging master:refs/heads/{number}"),
            &[("PUSHGATE", word)],
        )
        .goes()
        .says("pushgate: nothing is checked: the program is not on your PATH, and PUSHGATE is off");
    }
    for word in ["on", "offf", ""] {
        push("staging master:refs/heads/main", &[("PUSHGATE", word)]).goes_not();
    }
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn without_the_program_the_rest_of_the_script_runs_as_it_would() {
    let street = with_husky();
    let rest = "read -r line\necho \"rest: $1 $line\" >&2\n";
    street.shop.write(".husky/pre-push", rest);
    street.run("pushgate install").goes();
    let id = street.everything_is_on_origin();
    fs::remove_file(street.shop.path("bin/pushgate")).unwrap();
    let mut command = street.command("git");
    command
        .args(["push", "staging", "HEAD:refs/heads/x"])
        .env("PUSHGATE", "off");
    Ran::of(&mut command)
        .goes()
        .says(&format!("rest: staging HEAD {id} refs/heads/x "));
    // Also where the gate's lines have read what git said.
    street
        .run("git push origin HEAD:refs/heads/y")
        .goes()
        .says("this does not look like a deploy")
        .says(&format!("rest: origin HEAD {id} refs/heads/y "));
    assert!(!street.file(".git/pushgate/ledger.jsonl").exists());
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn lines_that_differ_are_renewed_and_taken_out() {
    let rest = "echo the rest ran >&2\n";
    let ours = include_str!("../../../hooks/husky");
    let other = ours.replace("is not on your PATH", "is missing");
    assert_ne!(other, ours);
    for (old, renewed, without) in [
        (other.clone(), ours.to_owned(), None),
        (
            format!("{other}\n{rest}"),
            format!("{ours}\n{rest}"),
            Some(rest.to_owned()),
        ),
        (
            format!("#!/bin/sh\n{other}\n{rest}"),
            format!("#!/bin/sh\n{ours}\n{rest}"),
            Some(format!("#!/bin/sh\n{rest}")),
        ),
    ] {
        let street = with_husky();
        street.shop.write(".husky/pre-push", &old);
        // They go on gating.
        street.is_gated();
        street
            .run("pushgate install")
            .goes()
            .says(".husky/pre-push begins with pushgate now")
            .says("git add .husky/pre-push and commit it");
        assert_eq!(street.read(".husky/pre-push"), renewed);
        street
            .run("pushgate install")
            .goes()
            .says("calls pushgate already");
        assert_eq!(street.read(".husky/pre-push"), renewed);
        for text in [renewed, old] {
            street.shop.write(".husky/pre-push", &text);
            street.run("pushgate uninstall").goes();
            match &without {
                None => assert!(!street.file(".husky/pre-push").exists()),
                Some(without) => assert_eq!(street.read(".husky/pre-push"), *without),
            }
        }
    }
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn what_somebody_puts_before_the_lines_takes_what_git_says_until_they_are_first_again() {
    let street = with_husky();
    street.run("pushgate install").goes();
    let ours = street.read(".husky/pre-push");
    street.shop.write(
        ".husky/pre-push",
        &format!("# ours\ncat >/dev/null\n\n{ours}"),
    );
    street.everything_is_on_origin();
    street.shop.commit("stray");
    // Nobody hears of this push, so nobody may say that there is a gate.
    street.run("git push staging HEAD:master").goes().silent();
    let ran = street.run("pushgate status");
    assert!(ran.stdout.contains("not installed"), "{ran}");
    street.run("pushgate install").goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: [root]/app/.husky/pre-push begins with pushgate now
        pushgate: it is the team's: git add .husky/pre-push and commit it
          hint: a branch without it has no gate: bring it to all of them, or, with git 2.54 or newer, pushgate install --config
    "#]]);
    assert!(street.read(".husky/pre-push").starts_with(&ours));
    street
        .run("git push -q --no-verify --force staging origin/master:master")
        .goes();
    street.is_gated();
    // A comment takes nothing.
    let text = format!("# the team's\n{ours}");
    street.shop.write(".husky/pre-push", &text);
    street.run("pushgate install").goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: [root]/app/.husky/pre-push calls pushgate already
    "#]]);
    assert_eq!(street.read(".husky/pre-push"), text);
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn lines_that_a_merge_has_left_there_twice_are_refused_once_until_they_are_there_once() {
    for differs in [false, true] {
        let street = with_husky();
        street
            .shop
            .write(".husky/pre-push", "echo \"the rest\" >&2\n");
        street.run("pushgate install").goes();
        let once = street.read(".husky/pre-push");
        let ours = once.replace("\necho \"the rest\" >&2\n", "");
        let ours = if differs {
            ours.replace("is not on your PATH", "is missing")
        } else {
            ours
        };
        street
            .shop
            .write(".husky/pre-push", &format!("{once}\n{ours}"));
        street.everything_is_on_origin();
        let ran = street.run("git push staging master").goes_not().says("pushgate: push not done\n  the rest of .husky/pre-push calls pushgate again, and would for ever\n  let it call neither pushgate nor git's hook\n  where it has the lines of pushgate twice:\n    pushgate install\n");
        assert_eq!(ran.stderr.matches("for ever").count(), 1, "{ran}");
        let ran = street.run("pushgate status");
        assert!(ran.stdout.contains("not installed"), "{ran}");
        street
            .run("pushgate install")
            .goes()
            .says(".husky/pre-push begins with pushgate now");
        let mended = street.read(".husky/pre-push");
        assert_eq!(mended.trim_end(), once.trim_end());
        street
            .run("git push staging master")
            .goes()
            .says("the rest\n");
    }
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn the_line_ends_of_windows_are_named_and_mended() {
    for old in [None, Some("#!/bin/sh\ntrue\n")] {
        let street = with_husky();
        if let Some(old) = old {
            street.shop.write(".husky/pre-push", old);
        }
        street.run("pushgate install").goes();
        let with = street.read(".husky/pre-push");
        let of_windows = with.replace('\n', "\r\n");
        street.shop.write(".husky/pre-push", &of_windows);
        street.everything_is_on_origin();
        street
            .run("git push staging master")
            .goes_not()
            .says("Syntax error");
        let ran = street.run("pushgate doctor").goes_not();
        let words: Vec<_> = ran.stdout.split_whitespace().collect();
        assert!(
            words.join(" ").contains("or with the line ends of Windows: pushes are refused, or not judged pushgate install"),
            "{ran}"
        );
        street.run("pushgate install").goes();
        assert_eq!(street.read(".husky/pre-push"), with);
        street.is_gated();
        // They go as they are, too.
        street.shop.write(".husky/pre-push", &of_windows);
        street.run("pushgate uninstall").goes();
        match old {
            None => assert!(!street.file(".husky/pre-push").exists()),
            Some(old) => assert_eq!(street.read(".husky/pre-push"), old.replace('\n', "\r\n")),
        }
    }
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn the_line_in_gitattributes_keeps_the_line_ends() {
    let street = with_husky();
    street.run("pushgate install").goes();
    let with = street.read(".husky/pre-push");
    street.run("git config core.autocrlf true").goes();
    let out = |street: &Street| {
        street.everything_is_on_origin();
        fs::remove_file(street.file(".husky/pre-push")).unwrap();
        street.run("git checkout -q .husky/pre-push").goes();
        street.read(".husky/pre-push")
    };
    assert_eq!(out(&street), with.replace('\n', "\r\n"));
    let line = ".husky/pre-push text eol=lf\n";
    street.shop.write(".gitattributes", line);
    assert_eq!(out(&street), with);
    street.is_gated();
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn a_remote_of_the_name_of_our_word_is_judged() {
    let street = with_husky();
    street.run("pushgate install").goes();
    let script = street.file(".husky/pre-push");
    let mut command = street.command("sh");
    command
        .arg("-e")
        .arg(&script)
        .args(["--judged", "/nowhere"])
        .stdin(std::process::Stdio::null());
    // Its call of the gate fails, as there is no list of refs; nothing is stepped over.
    let ran = Ran::of(&mut command);
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("standard input");
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn a_comment_calls_nobody() {
    let street = with_husky();
    street
        .shop
        .write(".husky/pre-push", "# pushgate pre-push, one day\ntrue\n");
    let ran = street.run("pushgate status");
    assert!(ran.stdout.contains("the hook is not installed"), "{ran}");
    street.run("pushgate install").goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: [root]/app/.husky/pre-push begins with pushgate now
        pushgate: it is the team's: git add .husky/pre-push and commit it
          hint: a branch without it has no gate: bring it to all of them, or, with git 2.54 or newer, pushgate install --config
    "#]]);
    street.is_gated();
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn a_clone_in_which_husky_is_not_set_up_is_told_so() {
    let street = Street::new();
    street.run("git config core.hooksPath .husky/_").goes();
    let ran = street.run("pushgate install");
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("husky is not set up in this clone (")
        .says("npm install");
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn the_lines_go_from_a_clone_in_which_husky_is_not_set_up_too() {
    let street = with_husky();
    let old = "#!/bin/sh\ntrue\n";
    street.shop.write(".husky/pre-push", old);
    street.run("pushgate install").goes();
    street.run("git config --unset core.hooksPath").goes();
    street.run("pushgate uninstall").goes().is(&expect![[r#"
            exit 0
            --- stderr
            pushgate: there is no [root]/app/.git/hooks/pre-push: nothing to undo
            pushgate: [root]/app/.husky/pre-push is again what it was before
            pushgate: it is the team's: git add .husky/pre-push and commit it
        "#]]);
    assert_eq!(street.read(".husky/pre-push"), old);
    let ran = street.run("pushgate uninstall").goes();
    ran.never_says(".husky");
    street
        .shop
        .write(".husky/pre-push", "pushgate pre-push -- \"$@\"\n");
    let ran = street.run("pushgate uninstall");
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("by words of its own: left as it is");
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn a_link_is_not_written_through_and_words_of_their_own_are_left() {
    let street = with_husky();
    street.shop.write("hook.sh", "echo\n");
    std::os::unix::fs::symlink("../hook.sh", street.file(".husky/pre-push")).unwrap();
    let ran = street.run("pushgate install");
    assert_eq!(ran.code, 2, "{ran}");
    let lines = ran.stdout.clone();
    ran.says(&format!(
        ".husky/pre-push is not changed: it is a link to {}: the lines above go first there",
        street.file("hook.sh").canonicalize().unwrap().display()
    ));
    assert_eq!(street.read("hook.sh"), "echo\n");
    street.shop.write("hook.sh", &(lines + "echo\n"));
    street.run("pushgate install").goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: [root]/app/.husky/pre-push calls pushgate already
    "#]]);
    street.is_gated();
    let ran = street.run("pushgate uninstall");
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("it is a link to ").says("left as it is");
    street
        .shop
        .write("hook.sh", "pushgate pre-push -- \"$@\"\n");
    street.run("pushgate install").goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: [root]/app/.husky/pre-push calls pushgate already, by words of its own: leave them first
    "#]]);
    let ran = street.run("pushgate uninstall");
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("left as it is");
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn a_suite_that_sets_it_up_takes_the_gate_away_once_and_says_so() {
    let street = Street::new();
    street.shop.write("package.json", "{\"name\": \"shop\"}\n");
    street
        .shop
        .policy("suite: {run: husky}\nenvironments: {staging: {}}\n");
    street.run("pushgate install").goes();
    street.everything_is_on_origin();
    let before = street.shop.tip("staging", "master");
    street
        .run("git push staging master")
        .refused("suite")
        .says("passed, but took the gate away: git does not call it before the next push\n");
    assert_eq!(street.shop.tip("staging", "master"), before);
    // What husky runs now calls the gate, however often it is set up.
    street.run("pushgate install").goes();
    let id = street.everything_is_on_origin();
    street.run("git push staging master").goes().says("may go");
    assert_eq!(street.shop.tip("staging", "master"), id);
}
