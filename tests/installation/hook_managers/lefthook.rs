//! lefthook, which writes the hooks that its configuration names, and moves away what is there.

use std::fs;

use super::Street;
use expect_test::expect;

use crate::support::{PUSHGATE, Ran};

/// A team that runs its linter by lefthook.
const TEAM: &str = "\
# What runs when, by the team.
pre-commit:
  jobs:
    - run: 'true' # the linter

pre-push:
  parallel: true
  jobs:
    # The slow ones.
    - name: slow
      run: echo slow ran
      files: echo lefthook.yml
";

fn with_lefthook(config: &str) -> Street {
    let street = Street::new();
    street.shop.write("lefthook.yml", config);
    street.run("lefthook install").goes();
    street
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn the_lines_that_are_printed_make_it_call_the_gate() {
    let street = with_lefthook("pre-commit:\n  jobs:\n    - run: 'true'\n");
    let ran = street.run("pushgate install");
    assert_eq!(ran.code, 1, "{ran}");
    let lines = ran.stdout.clone();
    ran.says("lefthook writes the hooks here; it needs these lines in lefthook.yml:\n")
        .says("  hint: add them by hand and commit the file, then pushgate install\n")
        .says("  hint: a branch without it has no gate: bring it to all of them");
    let text = street.read("lefthook.yml");
    street.shop.write("lefthook.yml", &(text + &lines));
    // Nothing runs before a push yet.
    let ran = street.run("pushgate install");
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("calls pushgate already")
        .says("lefthook does not run before a push yet\n  hint: lefthook install\n");
    street.run("lefthook install").goes();
    street.run("pushgate install").goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: [root]/app/lefthook.yml calls pushgate already
    "#]]);
    street.is_gated();
}

/// What is printed for lefthook.yml, as one item of its `jobs`.
fn item(call: &str) -> String {
    let run = include_str!("../../../hooks/lefthook")
        .replace("pushgate pre-push ", call)
        .replace('\n', "\n        ");
    format!(
        "    - name: pushgate\n      files: echo lefthook.yml\n      run: |\n        {}\n      use_stdin: true\n",
        run.trim_end()
    )
}

/// The same, by itself.
fn job() -> String {
    format!("pre-push:\n  jobs:\n{}", item("pushgate pre-push "))
}

/// A team that has added it to its own jobs.
fn with_gate() -> Street {
    let jobs = format!(
        "  jobs:\n{}    # The slow ones.",
        item("pushgate pre-push ")
    );
    let config = TEAM.replace("  jobs:\n    # The slow ones.", &jobs);
    let street = with_lefthook(&config);
    street.run("pushgate install").goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: [root]/app/lefthook.yml calls pushgate already
    "#]]);
    street
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn it_is_called_for_pushes_in_which_lefthook_sees_no_file() {
    let street = with_gate();
    let id = street.everything_is_on_origin();
    street
        .run("git branch --set-upstream-to origin/master")
        .goes();
    let before = street.shop.tip("staging", "master");
    let ran = street.run("git push staging master").goes();
    ran.says("push to staging (staging) may go");
    let ledger = street.shop.ledger();
    street.is_the_line(ledger.last().unwrap(), &id, &before);
    // Nothing at all to push.
    street.run("git push staging master").goes();
    assert_eq!(street.shop.ledger().len(), ledger.len());
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn git_lfs_uploads_only_what_may_go() {
    let street = Street::new();
    street.run("git lfs install --local").goes();
    street.shop.write("lefthook.yml", TEAM);
    street.run("lefthook install").goes();
    let is_on = street.lfs_object();
    let ran = street.run("pushgate install");
    assert_eq!(ran.code, 1, "{ran}");
    let lines = ran.stdout;
    assert!(lines.starts_with("skip_lfs: true\npre-push:\n"), "{lines}");
    assert!(lines.contains("pushgate pre-push --lfs -- "), "{lines}");
    street.shop.write("lefthook.yml", &lines);
    street.run("pushgate install").goes();
    street.everything_is_on_origin();
    street.shop.commit("stray");
    street.run("git push staging HEAD:master").refused("trunk");
    assert!(!is_on("staging"));
    street.run("git reset -q --hard origin/master").goes();
    street.run("git push staging master").goes();
    assert!(is_on("staging"));
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn a_path_that_a_shell_would_read_otherwise_is_judged_as_it_is() {
    let street = with_gate();
    street.everything_is_on_origin();
    street.shop.commit("stray");
    let mut before = street.shop.path("staging.git");
    for name in [
        "staging $HOME `id` \"x\"",
        "Ana's",
        " a\\b ",
        "'; touch gone; '",
    ] {
        let odd = street.shop.path(&format!("{name}.git"));
        fs::rename(&before, &odd).unwrap();
        let set = ["remote", "set-url", "staging", odd.to_str().unwrap()];
        street.shop.git(set).goes();
        street.run("git push staging master").refused("trunk");
        street
            .run("git push --force staging HEAD~1:master")
            .goes()
            .says(" may go");
        let judged = street.shop.path(name);
        let ledger = street.shop.ledger();
        let line = ledger.last().unwrap();
        assert_eq!(line["destination"], judged.to_str().unwrap(), "{line:#}");
        street
            .run("git push -q --no-verify --force staging HEAD~2:master")
            .goes();
        before = odd;
    }
    assert!(!street.file("gone").exists());
    let odd = street.shop.path("a\nb.git");
    fs::rename(&before, &odd).unwrap();
    let push = ["push", odd.to_str().unwrap(), "HEAD~1:master"];
    let ran = Ran::of(street.command("git").args(push)).goes_not();
    ran.says("pushgate: push refused: a URL of several lines");
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn without_the_program_nothing_goes_unless_somebody_says_so() {
    let street = with_gate();
    street.everything_is_on_origin();
    fs::remove_file(street.shop.path("bin/pushgate")).unwrap();
    street
        .run("git push staging master")
        .goes_not()
        .says("pushgate: push refused: the program is not on your PATH\n")
        .says("    PUSHGATE=off git push staging master:master\n");
    street
        .run("git push origin master:refs/heads/feature")
        .goes()
        .says("nothing is checked: the program is not on your PATH; this does not look like a deploy\n");
    // Nothing to push is nothing to refuse.
    street
        .run("git push origin master")
        .goes()
        .never_says("pushgate:");
    for (number, word) in ["off", "OFF", "0", "false", "no"].into_iter().enumerate() {
        let mut push = street.command("git");
        push.args(["push", "staging", &format!("master:refs/heads/{number}")]);
        Ran::of(push.env("PUSHGATE", word)).goes().says(
            "pushgate: nothing is checked: the program is not on your PATH, and PUSHGATE is off",
        );
    }
}

/// lefthook runs the gate, and every command says so.
#[track_caller]
fn is_called(street: &Street) {
    street.is_gated();
    let ran = street.run("pushgate status");
    assert!(!ran.stdout.contains("not installed"), "{ran}");
    street.run("pushgate install").goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: [root]/app/lefthook.yml calls pushgate already
    "#]]);
    doctor_says(
        street,
        "a hook of lefthook runs here; lefthook.yml calls pushgate ",
    );
}

/// A job that is not as it was printed is left as it is, and no command calls it a gate.
#[track_caller]
fn is_unclear(street: &Street, how: &str) {
    let text = street.read("lefthook.yml");
    let ran = street.run("pushgate install");
    assert_eq!(ran.code, 1, "{ran}");
    assert!(ran.stdout.contains("\n    - name: pushgate\n"), "{ran}");
    let says = format!(
        "lefthook calls pushgate, but {how}: nothing tells whether every push is judged; these lines in lefthook.yml are known to hold:\n"
    );
    ran.says(&says);
    assert_eq!(street.read("lefthook.yml"), text);
    doctor_says(
        street,
        &format!(
            "lefthook.yml calls pushgate, but {how}: nothing tells whether every push is judged"
        ),
    );
}

/// However its lines are broken.
#[track_caller]
fn doctor_says(street: &Street, words: &str) {
    let ran = street.run("pushgate doctor");
    let said: Vec<_> = ran.stdout.split_whitespace().collect();
    assert!(said.join(" ").contains(words), "{ran}");
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn lines_that_come_from_another_file_are_found() {
    let street = with_lefthook("extends: [hooks/*.yml]\npre-commit: {jobs: [{run: 'true'}]}\n");
    street.shop.write("hooks/push.yml", &job());
    street.run("lefthook install").goes();
    is_called(&street);
    // The last one that lefthook reads counts.
    street.shop.write(
        "hooks/quick.yml",
        "pre-push: {jobs: [{name: pushgate, glob: '*.rb'}]}\n",
    );
    is_unclear(&street, DIFFERS);
    street
        .shop
        .write("hooks/quick.yml", "pre-push: {only: [{ref: releases}]}\n");
    is_unclear(&street, DIFFERS);
    fs::remove_file(street.file("hooks/quick.yml")).unwrap();
    is_called(&street);
    let ran = street.run("pushgate uninstall");
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("lefthook calls pushgate by ");
    assert_eq!(street.read("hooks/push.yml"), job());
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn lines_that_come_from_another_repository_are_found() {
    let street = Street::new();
    let theirs = street.shop.path("hooks");
    let git = |words: &str| {
        let mut command = street.command("git");
        Ran::of(command.current_dir(&theirs).args(words.split(' '))).goes()
    };
    fs::create_dir(&theirs).unwrap();
    fs::write(theirs.join("push.yml"), job()).unwrap();
    git("init -q");
    git("add .");
    git("commit -q -m hooks");
    let config = format!(
        "remotes:\n  - git_url: file://{}\n    configs: [push.yml]\npre-commit: {{jobs: [{{run: 'true'}}]}}\n",
        theirs.display()
    );
    street.shop.write("lefthook.yml", &config);
    street.run("lefthook install").goes();
    is_called(&street);
    street
        .shop
        .write("lefthook-local.yml", "pre-push: {skip: true}\n");
    is_unclear(&street, DIFFERS);
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn what_this_environment_leaves_out_is_no_fault_of_the_file() {
    let street = with_gate();
    for (name, value) in [("LEFTHOOK_EXCLUDE", "slow,pushgate"), ("LEFTHOOK", "0")] {
        let with = |command: &str| {
            let mut ran = street.command("pushgate");
            Ran::of(ran.arg(command).env(name, value))
        };
        let ran = with("doctor");
        let said: Vec<_> = ran.stdout.split_whitespace().collect();
        let said = said.join(" ");
        assert!(said.contains("lefthook.yml calls pushgate "), "{ran}");
        assert!(!said.contains("exclude_tags"), "{ran}");
        assert!(
            said.contains(&format!(
                "{name}={value} is set here: lefthook passes over the gate"
            )),
            "{ran}"
        );
        with("install").goes().says("calls pushgate already");
    }
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn an_rc_may_say_what_it_likes() {
    let street = with_lefthook(&format!("rc: ./rc.sh\n{}", job()));
    street.shop.write(
        "rc.sh",
        "echo hello: [\necho 'pre-push: {skip: true}'\nLEFTHOOK=0\n",
    );
    is_called(&street);
    street
        .shop
        .write("rc.sh", "LEFTHOOK_EXCLUDE=slow; export LEFTHOOK_EXCLUDE\n");
    is_called(&street);
}

const DIFFERS: &str = "its job differs from what pushgate install prints, or is left out of some";

#[test]
#[ignore = "slow: needs the other hook managers"]
fn a_job_that_differs_from_what_is_printed_is_not_called_a_gate() {
    let call = "exec pushgate pre-push -- \"$remote\" \"$url\"";
    let ignored = format!("{} || true; exit", &call["exec ".len()..]);
    let street = with_lefthook(&job().replace(call, &ignored));
    street.everything_is_on_origin();
    street.shop.commit("stray");
    // The gate refuses, and the push goes.
    street
        .run("git push staging HEAD:master")
        .goes()
        .says("push to staging (staging) refused");
    is_unclear(&street, DIFFERS);
    for (from, to) in [
        ("      use_stdin: true\n", ""),
        ("echo lefthook.yml", "echo .lefthook.yml"),
        ("      use_stdin", "      glob: '*.rb'\n      use_stdin"),
        (
            "      use_stdin",
            "      env: {PUSHGATE: 'off'}\n      use_stdin",
        ),
        ("      use_stdin", "      tags: [slow]\n      use_stdin"),
    ] {
        street.shop.write("lefthook.yml", &job().replace(from, to));
        is_unclear(&street, DIFFERS);
    }
    street.shop.write(
        "lefthook.yml",
        &job().replace("  jobs:", "  skip: true\n  jobs:"),
    );
    is_unclear(&street, DIFFERS);
    street.shop.write("lefthook.yml", &job());
    street.run("git push -q --no-verify --force staging HEAD~1:master");
    street.run("git reset -q --hard HEAD~1").goes();
    street.shop.write("lefthook.yml", &job());
    is_called(&street);
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn uninstall_leaves_the_configuration_as_it_is() {
    let street = with_gate();
    let text = street.read("lefthook.yml");
    let ran = street.run("pushgate uninstall");
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("/lefthook.yml, or what that names: left as it is\n");
    assert_eq!(street.read("lefthook.yml"), text);
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn a_lefthook_that_says_nothing_is_no_gate() {
    let street = with_lefthook(&job());
    is_called(&street);
    // Its hook finds it by its own path, too.
    let hook = street.file(".git/hooks/pre-push");
    let text = fs::read_to_string(&hook).unwrap();
    fs::write(&hook, text.replace("lefthook-linux", "gone-linux")).unwrap();
    let mut command = street.shop.command(PUSHGATE);
    let ran = Ran::of(command.arg("install"));
    assert_eq!(ran.code, 2, "{ran}");
    assert_eq!(
        ran.stderr,
        "pushgate: install not done\n  lefthook does not say what it runs before a push\n    Can't find lefthook in PATH\n  see that `lefthook dump` works here, then:\n    pushgate install\n"
    );
    let ran = street.shop.pushgate(["status"]);
    assert!(ran.stdout.contains("not installed"), "{ran}");
    // And it is so: without it, its hook lets all go.
    street.everything_is_on_origin();
    street.shop.commit("stray");
    street.shop.push("staging", "HEAD:master").goes().silent();
    street.shop.write("lefthook.yml", "pre-push: [\n");
    let ran = street.run("pushgate install");
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("lefthook does not say what it runs")
        .says("yaml: ");
}
