//! lefthook, which writes the hooks that its configuration names, and moves away what is there.

use std::{fs, os::unix::fs::PermissionsExt};

use super::Street;
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
        .says("  hint: pushgate install --write puts them there\n");
    let text = street.read("lefthook.yml");
    street.shop.write("lefthook.yml", &(text + &lines));
    // Nothing runs before a push yet.
    let ran = street.run("pushgate install");
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("calls pushgate already")
        .says("lefthook does not run before a push yet\n  hint: lefthook install\n");
    street.run("lefthook install").goes();
    street
        .run("pushgate install")
        .goes()
        .says("calls pushgate already");
    street.is_gated();
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn it_is_called_for_pushes_in_which_lefthook_sees_no_file() {
    let street = with_lefthook(TEAM);
    street.run("pushgate install --write").goes();
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
fn the_lines_go_into_what_a_person_wrote_and_out_again() {
    for config in [
        TEAM.to_owned(),
        "pre-push:\n  commands:\n    slow: {run: echo slow}".to_owned(),
        "# Nothing before a push.\npre-commit:\n  jobs: [{run: 'true'}]\n".to_owned(),
        TEAM.replace('\n', "\r\n"),
    ] {
        let street = with_lefthook(&config);
        let ran = street.run("pushgate install --write");
        assert_eq!(ran.stdout, "", "{ran}");
        ran.says("lefthook.yml calls pushgate now")
            .says("git add lefthook.yml and commit it");
        let with = street.read("lefthook.yml");
        assert!(
            config
                .lines()
                .all(|line| with.lines().any(|with| with == line)),
            "{with}"
        );
        street.run("lefthook install").goes();
        street.run("pushgate install --write").goes();
        assert_eq!(street.read("lefthook.yml"), with);
        street.is_gated();
        street
            .run("pushgate uninstall")
            .goes()
            .says("lefthook.yml is again what it was before");
        assert_eq!(street.read("lefthook.yml"), config);
        street.run("lefthook install").goes();
        street.run("pushgate uninstall").goes();
    }
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn a_configuration_that_was_not_there_goes_again() {
    let street = with_lefthook("pre-commit:\n  jobs:\n    - run: 'true'\n");
    fs::remove_file(street.file("lefthook.yml")).unwrap();
    let ran = street.run("pushgate install --write");
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("lefthook does not run before a push yet");
    let text = street.read("lefthook.yml");
    assert!(text.starts_with("pre-push:\n"), "{text}");
    assert!(text.contains("files: echo lefthook.yml\n"), "{text}");
    let mode = fs::metadata(street.file("lefthook.yml")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o644);
    street.run("lefthook install").goes();
    street.is_gated();
    street.run("pushgate uninstall").goes().says("removed ");
    assert!(!street.file("lefthook.yml").exists());
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn what_cannot_be_edited_safely_is_refused_and_the_lines_are_printed() {
    let street = with_lefthook("pre-push: {jobs: [{run: 'true'}]}\n");
    let before = street.read("lefthook.yml");
    let ran = street.run("pushgate install --write");
    assert_eq!(ran.code, 2, "{ran}");
    assert!(ran.stdout.contains("\n    - name: pushgate\n"), "{ran}");
    ran.says("lefthook.yml is not changed: its `pre-push` is not written with one key to a line")
        .says("hint: add the lines above by hand, then pushgate install");
    assert_eq!(street.read("lefthook.yml"), before);
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn the_lines_for_a_file_that_is_not_yaml_are_in_its_own_form() {
    for (name, before) in [
        ("lefthook.toml", "[pre-push.commands.t]\nrun = \"true\"\n"),
        ("lefthook.json", ""),
        (".lefthook.jsonc", ""),
    ] {
        let street = Street::new();
        let pre_commit = match name {
            "lefthook.toml" => "[pre-commit.commands.t]\nrun = \"true\"\n",
            _ => "{\"pre-commit\": {\"commands\": {\"t\": {\"run\": \"true\"}}}}\n",
        };
        street.shop.write(name, pre_commit);
        street.run("lefthook install").goes();
        let ran = street.run("pushgate install");
        assert_eq!(ran.code, 1, "{ran}");
        let lines = ran.stdout.clone();
        ran.says(&format!("it needs these lines in {name}:\n"))
            .says("hint: only YAML is edited: add the lines above by hand, then pushgate install\n")
            .never_says("--write");
        let ran = street.run("pushgate install --write");
        assert_eq!((ran.code, &ran.stdout), (1, &lines), "{ran}");
        assert_eq!(street.read(name), pre_commit);
        street.shop.write(name, &format!("{before}{lines}"));
        street.run("lefthook install").goes();
        street
            .run("pushgate install")
            .goes()
            .says("calls pushgate already");
        street.is_gated();
        let ran = street.run("pushgate uninstall");
        assert_eq!(ran.code, 1, "{ran}");
        ran.says("left as it is");
        // git-lfs as well.
        street.shop.write(".gitattributes", "*.bin filter=lfs\n");
        street.shop.write(name, pre_commit);
        let lines = street.run("pushgate install").stdout.clone();
        street.shop.write(name, &lines);
        let ran = street.run("lefthook dump").goes();
        assert!(ran.stdout.contains("skip_lfs: true"), "{ran}");
        street.run("pushgate install").goes();
    }
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn git_lfs_uploads_only_what_may_go() {
    let street = Street::new();
    street.run("git lfs install --local").goes();
    street.shop.write("lefthook.yml", TEAM);
    street.run("lefthook install").goes();
    let is_on = street.lfs_object();
    street.run("pushgate install --write").goes();
    let text = street.read("lefthook.yml");
    assert!(text.contains("\nskip_lfs: true #"), "{text}");
    assert!(text.contains("pushgate pre-push --lfs -- "), "{text}");
    street.everything_is_on_origin();
    street.shop.commit("stray");
    street.run("git push staging HEAD:master").refused("trunk");
    assert!(!is_on("staging"));
    street.run("git reset -q --hard origin/master").goes();
    street.run("git push staging master").goes();
    assert!(is_on("staging"));
    street.run("pushgate uninstall").goes();
    assert_eq!(street.read("lefthook.yml"), TEAM);
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn a_path_that_a_shell_would_read_otherwise_is_judged_as_it_is() {
    let street = with_lefthook(TEAM);
    street.run("pushgate install --write").goes();
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
    let street = with_lefthook(TEAM);
    street.run("pushgate install --write").goes();
    street.everything_is_on_origin();
    fs::remove_file(street.shop.path("bin/pushgate")).unwrap();
    street
        .run("git push staging master")
        .goes_not()
        .says("pushgate: push refused: the program is not on your PATH\n")
        .says("  hint: install it (install.sh in a clone of pushgate), then push again\n")
        .says("  hint: PUSHGATE=off before the same git push lets it go unchecked\n");
    // Nothing to push is nothing to refuse.
    street
        .run("git push origin master")
        .goes()
        .never_says("pushgate:");
    for (number, word) in ["off", "OFF", "0", "false", "no"].into_iter().enumerate() {
        let mut push = street.command("git");
        push.args(["push", "staging", &format!("master:refs/heads/{number}")]);
        Ran::of(push.envs([("PUSHGATE", word), ("PUSHGATE_REASON", " the \"fire\" ")]))
            .goes()
            .says("pushgate: nothing is checked: the program is not on your PATH, and PUSHGATE is off");
        let ledger = street.shop.ledger();
        assert_eq!(ledger.len(), number + 1);
        let line = &ledger[number];
        for (key, value) in [
            ("event", "push"),
            ("verdict", "overridden"),
            ("remote", "staging"),
            ("by", "Ana <ana@shop.example>"),
            ("reason", "the \"fire\""),
        ] {
            assert_eq!(line[key], value, "{key}: {line:#}");
        }
    }
    // It can be read by the program.
    let ran = street.shop.pushgate(["log"]).goes();
    assert_eq!(ran.stdout.matches("overridden").count(), 5, "{ran}");
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn the_lines_of_an_earlier_version_are_renewed() {
    let after = "    - name: test\n      run: 'true'\npre-commit: {jobs: [{run: 'true'}]}\n";
    for (earlier, with, without) in [
        (EARLIER.to_owned(), job(), None),
        (
            format!("# ours\n{EARLIER}{after}"),
            format!("# ours\n{}{after}", job()),
            Some(format!("# ours\npre-push:\n  jobs:\n{after}")),
        ),
    ] {
        let comment =
            "      # Names a file: without one, lefthook leaves a job out of most pushes.\n";
        let full = |text: &str| text.replace("      files:", &format!("{comment}      files:"));
        let (earlier, with) = (full(&earlier), full(&with));
        let street = with_lefthook(&earlier);
        doctor_says(
            &street,
            "calls it by lines of an earlier pushgate: they work, and lack what is new run: pushgate install --write",
        );
        let ran = street.run("pushgate install");
        assert_eq!(ran.code, 1, "{ran}");
        ran.says("lefthook.yml calls pushgate by lines of an earlier version; these are new:\n");
        assert_eq!(street.read("lefthook.yml"), earlier);
        street.is_gated();
        street
            .run("pushgate install --write")
            .goes()
            .says("lefthook.yml has the lines of this pushgate now")
            .says("git add lefthook.yml and commit it");
        assert_eq!(street.read("lefthook.yml"), with);
        is_called(&street);
        street.shop.write("lefthook.yml", &earlier);
        street.run("pushgate uninstall").goes();
        match without {
            Some(without) => assert_eq!(street.read("lefthook.yml"), without),
            None => assert!(!street.file("lefthook.yml").exists()),
        }
    }
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn what_would_leave_the_gate_out_is_refused_with_the_lines() {
    for (name, config, local, why) in [
        (
            "skip",
            TEAM.replace("parallel: true", "skip: true"),
            "",
            "its pre-push has `skip`",
        ),
        (
            "only",
            TEAM.replace("parallel: true", "only: [{ref: releases}]"),
            "",
            "its pre-push has `only`",
        ),
        (
            "local",
            TEAM.to_owned(),
            "pre-push: {skip: true}\n",
            "its pre-push has `skip`",
        ),
        (
            "override",
            TEAM.to_owned(),
            "pre-push: {jobs: [{name: pushgate, run: 'true'}]}\n",
            "its job pushgate runs something else",
        ),
    ] {
        let street = with_lefthook(&config);
        if !local.is_empty() {
            street.shop.write("lefthook-local.yml", local);
        }
        for install in ["pushgate install", "pushgate install --write"] {
            let ran = street.run(install);
            assert_eq!(ran.code, 1, "{name}: {ran}");
            assert!(ran.stdout.contains("\n    - name: pushgate\n"), "{ran}");
            ran.says("lefthook would leave the gate out: ")
                .says(why)
                .never_says("calls pushgate");
            assert_eq!(street.read("lefthook.yml"), config, "{name}");
        }
        let ran = street.run("pushgate status");
        assert!(ran.stdout.contains("not installed"), "{ran}");
    }
}

const CALL: &str = "exec pushgate pre-push -- \"$remote\" \"$url\"";

/// Our job, as `--write` puts it, by itself.
fn job() -> String {
    let run = include_str!("../../../hooks/lefthook").replace('\n', "\n        ");
    format!(
        "pre-push:\n  jobs:\n    - name: pushgate\n      files: echo lefthook.yml\n      run: |\n        {}\n      use_stdin: true\n",
        run.trim_end()
    )
}

/// The same, of the first version.
const EARLIER: &str = "\
pre-push:
  jobs:
    - name: pushgate
      files: echo lefthook.yml
      run: \"pushgate pre-push -- '{1}' '{2}' # {files}\"
      use_stdin: true
";

/// lefthook runs the gate, and everybody says so.
#[track_caller]
fn is_called(street: &Street) {
    street.is_gated();
    let ran = street.run("pushgate status");
    assert!(!ran.stdout.contains("not installed"), "{ran}");
    let text = street.read("lefthook.yml");
    street
        .run("pushgate install --write")
        .goes()
        .says("lefthook.yml calls pushgate already");
    assert_eq!(street.read("lefthook.yml"), text);
}

/// What lefthook leaves out is named by this way of installing, and is no gate to anybody.
#[track_caller]
fn is_no_gate(street: &Street, install: &str, why: &str) {
    let ran = street.run(install);
    assert_eq!(ran.code, 1, "{ran}");
    ran.says(&format!(
        "lefthook would leave the gate out: {why}; nothing is changed"
    ));
    let ran = street.run("pushgate status");
    assert!(ran.stdout.contains("not installed"), "{ran}");
}

/// lefthook does not, and so nobody may say that there is a gate.
#[track_caller]
fn is_passed_over(street: &Street, why: &str) {
    let before = street.shop.tip("staging", "master");
    street.everything_is_on_origin();
    street.shop.commit("stray");
    street.run("git push staging HEAD:master").goes().silent();
    let text = street.read("lefthook.yml");
    is_no_gate(street, "pushgate install --write", why);
    assert_eq!(street.read("lefthook.yml"), text);
    street
        .run(&format!(
            "git push -q --no-verify --force staging {before}:master"
        ))
        .goes();
    street.run("git reset -q --hard HEAD~1").goes();
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
    is_passed_over(&street, "its job pushgate has `glob`");
    street
        .shop
        .write("hooks/quick.yml", "pre-push: {only: [{ref: releases}]}\n");
    is_passed_over(&street, "its pre-push has `only`");
    fs::remove_file(street.file("hooks/quick.yml")).unwrap();
    is_called(&street);
    // Whose file that is, nobody knows.
    let ran = street.run("pushgate uninstall");
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("lefthook calls pushgate by another file: left as it is");
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
    is_passed_over(&street, "its pre-push has `skip`");
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn a_job_that_lefthook_leaves_out_is_no_gate() {
    for (key, why) in [
        ("glob: '*.rb'", "its job pushgate has `glob`"),
        ("root: tests/", "its job pushgate has `root`"),
        ("exclude: ['*.yml']", "its job pushgate has `exclude`"),
        ("file_types: [binary]", "its job pushgate has `file_types`"),
        ("skip: [{run: 'true'}]", "its job pushgate has `skip`"),
        ("only: [{ref: releases}]", "its job pushgate has `only`"),
        ("tags: [slow]", "its pre-push has it among `exclude_tags`"),
    ] {
        let job = job();
        let street = with_lefthook(&format!("{job}      {key}\n  exclude_tags: [slow]\n"));
        street.shop.write("tests/one.rs", "");
        is_passed_over(&street, why);
    }
    let street = with_lefthook(&job().replace("echo lefthook.yml", "echo .lefthook.yml"));
    is_passed_over(&street, "its job pushgate names no file that is there");
    street.shop.write(".lefthook.yml", "");
    is_called(&street);
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn what_does_not_leave_it_out_is_none_of_our_business() {
    let job = job();
    let street = with_lefthook(&format!(
        "{job}      tags: [gate]\n      env: {{A: b}}\n      skip: []\n  exclude_tags: [slow]\n  piped: true\n"
    ));
    is_called(&street);
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn a_job_that_does_not_hear_git_is_no_gate() {
    let why = "its job pushgate has no `use_stdin: true`, and hears nothing";
    for hears in ["", "      use_stdin: false\n"] {
        let street = with_lefthook(&job().replace("      use_stdin: true\n", hears));
        is_passed_over(&street, why);
        doctor_says(
            &street,
            &format!(
                "lefthook.yml calls pushgate, but {why}: pushes may not be judged hint: mend that"
            ),
        );
    }
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn a_job_that_sets_variables_of_ours_is_no_gate() {
    let job = job();
    let street = with_lefthook(&format!("{job}      env: {{PUSHGATE: 'off'}}\n"));
    street.everything_is_on_origin();
    street.shop.commit("stray");
    street
        .run("git push staging HEAD:master")
        .goes()
        .says("PUSHGATE is off");
    is_no_gate(
        &street,
        "pushgate install",
        "its job pushgate sets PUSHGATE in its `env`",
    );
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn what_this_environment_leaves_out_is_no_fault_of_the_file() {
    let street = with_lefthook(TEAM);
    street.run("pushgate install --write").goes();
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

#[test]
#[ignore = "slow: needs the other hook managers"]
fn an_rc_that_switches_the_gate_off_is_named() {
    let street = with_lefthook(&format!("rc: ./rc.sh\n{}", job()));
    street.shop.write("rc.sh", "export LEFTHOOK=false\n");
    is_passed_over(&street, "its `rc` sets LEFTHOOK=false");
    street
        .shop
        .write("rc.sh", "echo hello\nexport LEFTHOOK=0\n");
    is_passed_over(&street, "its `rc` sets LEFTHOOK=0");
    doctor_says(
        &street,
        "lefthook.yml calls pushgate, but its `rc` sets LEFTHOOK=0: pushes may not be judged",
    );
    street
        .shop
        .write("rc.sh", "export LEFTHOOK_EXCLUDE=pushgate\n");
    is_passed_over(&street, "its `rc` sets LEFTHOOK_EXCLUDE=pushgate");
    for (variable, gone) in [
        ("PUSHGATE=off", "PUSHGATE is off"),
        ("PUSHGATE_SKIP=trunk", "trunk"),
    ] {
        street.shop.write("rc.sh", &format!("export {variable}\n"));
        street.everything_is_on_origin();
        street.shop.commit("stray");
        street
            .run("git push --force staging HEAD:master")
            .goes()
            .says(gone);
        street.run("git reset -q --hard HEAD~1").goes();
        let ran = street.run("pushgate install");
        assert_eq!(ran.code, 1, "{ran}");
        ran.says(&format!(
            "lefthook would leave the gate out: its `rc` sets {variable}; nothing is changed"
        ));
    }
    // An end before lefthook is one, too.
    street.shop.write("rc.sh", "exit 0\n");
    let ran = street.run("pushgate install");
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("lefthook does not say what it runs")
        .says("its hook ends before it is asked");
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn of_words_that_are_not_ours_nobody_says_that_they_are_a_gate() {
    let street =
        with_lefthook(&job().replace(CALL, &format!("{} || true; exit", &CALL["exec ".len()..])));
    street.everything_is_on_origin();
    street.shop.commit("stray");
    // The gate refuses, and the push goes.
    street
        .run("git push staging HEAD:master")
        .goes()
        .says("push to staging (staging) refused");
    let text = street.read("lefthook.yml");
    for install in ["pushgate install", "pushgate install --write"] {
        let ran = street.run(install);
        assert_eq!(ran.code, 1, "{ran}");
        assert!(ran.stdout.contains("\n    - name: pushgate\n"), "{ran}");
        ran.says("its job pushgate calls pushgate by words of its own, and nobody can tell whether a push heeds the gate; nothing is changed\n")
            .says("hint: put these lines in their place, which are known to hold:\n");
        assert_eq!(street.read("lefthook.yml"), text);
    }
    doctor_says(
        &street,
        "lefthook.yml calls pushgate, but its job pushgate does so by words of its own: nobody can tell whether pushes are judged",
    );
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
        "pushgate: install not done\n  lefthook does not say what it runs before a push\n    Can't find lefthook in PATH\n  hint: see that `lefthook dump` works here, then pushgate install\n"
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

#[test]
#[ignore = "slow: needs the other hook managers"]
fn a_job_that_is_switched_off_later_is_no_gate() {
    let street = with_lefthook(TEAM);
    street.run("pushgate install --write").goes();
    street
        .shop
        .write("lefthook-local.yml", "pre-push: {skip: true}\n");
    street.everything_is_on_origin();
    street.shop.commit("stray");
    // lefthook lets it go: so nobody may say that there is a gate.
    street.run("git push staging master").goes();
    is_no_gate(&street, "pushgate install", "its pre-push has `skip`");
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn whoever_will_take_the_hook_away_is_named() {
    for (file, name, command) in [
        (".husky/pre-push", "husky", "npm install"),
        ("lefthook.yml", "lefthook", "lefthook install"),
        (".config/lefthook.toml", "lefthook", "lefthook install"),
    ] {
        let street = Street::new();
        street
            .run("pushgate install")
            .goes()
            .never_says("take the hook away");
        street.shop.write(file, "");
        street.run("pushgate install").goes().says(&format!(
            "{name} is not set up in this clone, and will take the hook away when it is\n  hint: {command} && pushgate install\n"
        ));
    }
}
