//! pre-commit and prek, which read the same configuration and hand the same to a hook.

use std::fs;

use super::Street;
use crate::support::Ran;

const TOOLS: [&str; 2] = ["pre-commit", "prek"];

/// What the team has: a hook that says that it ran.
const TEAM: &str = "\
# What runs when, by the team.
default_install_hook_types: [pre-push]
repos:
  # Our own.
  - repo: local
    hooks:
      - id: team
        name: the team's hook
        entry: sh -c 'echo team ran with $PRE_COMMIT_REMOTE_BRANCH'
        language: system
        stages: [pre-push]
        always_run: true
        pass_filenames: false
        verbose: true # said, too
";

/// A hook that calls the gate.
const GATE: &str = "  - repo: local
    hooks:
      - id: pushgate
        name: pushgate
        entry: pushgate pre-push --from pre-commit
        language: system
        stages: [pre-push]
        always_run: true
        pass_filenames: false
        verbose: true
";

fn with_config(config: &str) -> Street {
    let street = Street::new();
    street.shop.write(".pre-commit-config.yaml", config);
    street.everything_is_on_origin();
    street
}

/// A clone in which only the tool was installed, and whose configuration calls the gate.
fn by_configuration(tool: &str) -> Street {
    let street = with_config(TEAM);
    street.run(&format!("{tool} install")).goes();
    let with = TEAM.replace("repos:\n", &format!("repos:\n{GATE}"));
    street.shop.write(".pre-commit-config.yaml", &with);
    assert!(!street.file(".git/hooks/pre-push.legacy").exists());
    street.everything_is_on_origin();
    street.run("git fetch -q --all").goes();
    street
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn they_run_our_hook_first_and_it_hears_all() {
    for tool in TOOLS {
        let street = with_config(TEAM);
        street.run(&format!("{tool} install")).goes();
        let theirs = street.picture(".git/hooks");
        street
            .run("pushgate install")
            .goes()
            .says("installed ")
            .says(&format!("{tool} runs it before its own hooks"));
        street.is_gated();
        let first = street.picture(".git/hooks");
        // A script that sets a clone up calls both, again and again.
        street.run(&format!("{tool} install")).goes();
        street
            .run("pushgate install")
            .goes()
            .says("is installed already");
        assert_eq!(street.picture(".git/hooks"), first);
        street.is_gated();
        street.everything_is_on_origin();
        let ran = street.run("git push staging master").goes();
        ran.says("may go");
        street.run("pushgate uninstall").goes();
        assert_eq!(street.picture(".git/hooks"), theirs);
    }
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn installed_after_us_they_keep_us_and_give_us_back() {
    for tool in TOOLS {
        let street = with_config(TEAM);
        street.run("pushgate install").goes();
        let ours = street.picture(".git/hooks");
        street.run(&format!("{tool} install")).goes();
        street.is_gated();
        street.run("pushgate install").goes();
        street.is_gated();
        street.everything_is_on_origin();
        let ran = street.run("git push staging master").goes();
        assert!(
            ran.stdout.contains("team ran with refs/heads/master"),
            "{ran}"
        );
        street.run(&format!("{tool} uninstall -t pre-push")).goes();
        assert_eq!(street.picture(".git/hooks"), ours);
        street.is_gated();
    }
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn the_configuration_calls_the_gate_with_the_remote_and_the_ref() {
    for tool in TOOLS {
        let street = by_configuration(tool);
        let trunk = street.shop.ask(["rev-parse", "HEAD"]);
        let before = street.shop.tip("staging", "master");
        street.shop.commit("stray");
        let ran = street.run("git push staging HEAD:master").goes_not();
        assert!(
            ran.stdout
                .contains("pushgate: push to staging (staging) refused\n"),
            "{ran}"
        );
        assert!(
            ran.stdout
                .contains("trunk: master is 1 commit ahead of origin/master"),
            "{ran}"
        );
        assert_eq!(street.shop.tip("staging", "master"), before);
        let line = street.shop.ledger().pop().unwrap();
        assert_eq!(line["verdict"], "refused");
        assert_eq!(line["replaces"], before);
        street.run("git reset -q --hard origin/master").goes();
        let ran = street.run("git push staging master").goes();
        assert!(
            ran.stdout
                .contains("pushgate: push to staging (staging) may go\n"),
            "{ran}"
        );
        assert!(ran.stdout.contains("team ran"), "{ran}");
        assert_eq!(street.shop.tip("staging", "master"), trunk);
        let ledger = street.shop.ledger();
        assert_eq!(ledger.len(), 2);
        street.is_the_line(&ledger[1], &trunk, &before);
    }
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn what_the_ref_is_now_is_asked_and_not_believed() {
    for tool in TOOLS {
        let street = by_configuration(tool);
        // A new ref: it takes the place of what runs there, whichever branch brought that.
        let before = street.shop.tip("staging", "master");
        street.run("git push staging master:refs/heads/main").goes();
        let line = street.shop.ledger().pop().unwrap();
        assert_eq!(line["verdict"], "go", "{line:#}");
        assert_eq!(line["replaces"], before, "{line:#}");
        // A commit that this clone has never seen.
        let theirs = street.shop.colleague_pushes("staging", "theirs");
        street.everything_is_on_origin();
        street.run("git push --force staging master").goes_not();
        let line = street.shop.ledger().pop().unwrap();
        assert_eq!(line["replaces"], theirs, "{line:#}");
        assert_eq!(street.shop.tip("staging", "master"), theirs);
    }
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn what_they_do_not_tell_goes_past_the_gate_but_not_past_our_hook() {
    for tool in TOOLS {
        let street = by_configuration(tool);
        street.run("git push staging master").goes();
        let lines = street.shop.ledger().len();
        let id = street.shop.ask(["rev-parse", "HEAD"]);
        // The gaps, as install and the guide name them.
        street
            .run("git push staging master:refs/heads/main")
            .goes()
            .silent();
        street.run("git push staging :main").goes().silent();
        assert_eq!(street.shop.ledger().len(), lines);
        // prek leaves out a commit that the remote has had before, and so each rollback.
        let forced = "git push --force staging HEAD~1:master";
        if tool == "prek" {
            street.run(forced).goes().silent();
            street.run("git push -q --no-verify staging master").goes();
        } else {
            street.run(forced).goes_not();
        }
        let lines = street.shop.ledger().len();
        // With our hook there are none.
        street.run("pushgate install").goes();
        street
            .run("git push staging master:refs/heads/main")
            .goes()
            .says("may go");
        street.run("git push staging :main").refused("target");
        assert_eq!(street.shop.tip("staging", "main"), id);
        street.run(forced).goes_not();
        assert_eq!(street.shop.ledger().len(), lines + 3);
    }
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn a_push_of_which_they_do_not_name_the_commit_is_not_decided() {
    // pre-commit does not where it knows nothing of what the remote has.
    let street = by_configuration("pre-commit");
    let forget = |place: &str, name: &str| {
        let place = street.shop.path(place);
        let gone = ["update-ref", "-d", name];
        street.shop.run_in(place, "git", gone).goes();
    };
    forget("staging.git", "refs/heads/master");
    forget("app", "refs/remotes/staging/master");
    let ran = street.run("git push staging master").goes_not();
    for words in [
        "nothing tells what is pushed: PRE_COMMIT_TO_REF is not set",
        "put the gate where it hears all of a push, then try again:\n    pushgate install\n",
    ] {
        assert!(ran.stdout.contains(words), "{ran}");
    }
    assert_eq!(street.shop.tip("staging", "master"), "");
    street.run("pushgate install").goes();
    street.run("git push staging master").goes().says("may go");
    // Nor is there a push where somebody tries the hooks.
    let ran = street.run("pushgate uninstall");
    assert_eq!(ran.code, 1, "{ran}");
    street.shop.write(
        ".pre-commit-config.yaml",
        &TEAM.replace("sh -c", "pushgate pre-push --from pre-commit #"),
    );
    let ran = street.run("pre-commit run --hook-stage pre-push --all-files");
    assert_eq!(ran.code, 1, "{ran}");
    assert!(
        ran.stdout.contains("PRE_COMMIT_REMOTE_NAME is not set"),
        "{ran}"
    );
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn without_the_program_the_configured_hook_goes_by_their_switch_alone() {
    for tool in TOOLS {
        let street = by_configuration(tool);
        fs::remove_file(street.shop.path("bin/pushgate")).unwrap();
        let before = street.shop.tip("staging", "master");
        let push = |name: &str, value: &str| {
            let mut command = street.command("git");
            let command = command.args(["push", "staging", "master"]);
            Ran::of(command.env(name, value))
        };
        push("NOTHING", "").goes_not();
        push("PUSHGATE", "off").goes_not();
        assert_eq!(street.shop.tip("staging", "master"), before);
        push("SKIP", "pushgate").goes();
        assert_ne!(street.shop.tip("staging", "master"), before);
        assert!(!street.file(".git/pushgate/ledger.jsonl").exists());
    }
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn called_both_ways_it_judges_once() {
    for tool in TOOLS {
        let street = by_configuration(tool);
        street.run("pushgate install").goes();
        street.is_gated();
        street.everything_is_on_origin();
        let lines = street.shop.ledger().len();
        let ran = street.run("git push staging master").goes();
        assert!(
            ran.stdout.contains("pushgate: judged already, by "),
            "{ran}"
        );
        ran.says("push to staging (staging) may go");
        assert_eq!(street.shop.ledger().len(), lines + 1);
    }
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn a_repository_of_ours_can_be_named_as_one_of_hooks() {
    let ours = concat!(env!("CARGO_MANIFEST_DIR"), "/.pre-commit-hooks.yaml");
    for tool in TOOLS {
        let street = Street::new();
        let hooks = street.shop.path("pushgate-hooks");
        fs::create_dir(&hooks).unwrap();
        fs::copy(ours, hooks.join(".pre-commit-hooks.yaml")).unwrap();
        let git = |words: &str| {
            let mut command = street.command("git");
            Ran::of(command.current_dir(&hooks).args(words.split(' '))).goes()
        };
        git("init -q");
        git("add .");
        git("commit -q -m hooks");
        git("tag v0.1.0");
        // The guide's own lines. `language: rust` would build the program, which takes minutes: the
        // one on PATH does as well.
        let lines = include_str!("../../../src/guides/hook-managers.md")
            .split_once("```yml\n")
            .unwrap()
            .1;
        let lines = lines.split_once("```").unwrap().0;
        let here = format!("file://{}", hooks.display());
        let config = lines
            .replace("https://git.example/tools/pushgate", &here)
            .replace("{id: pushgate}", "{id: pushgate, language: system}");
        assert!(
            config.contains(&here) && config.contains("system"),
            "{config}"
        );
        street.shop.write(".pre-commit-config.yaml", &config);
        street.everything_is_on_origin();
        street.run(&format!("{tool} install -t pre-push")).goes();
        let trunk = street.shop.ask(["rev-parse", "HEAD"]);
        let before = street.shop.tip("staging", "master");
        street.shop.commit("stray");
        let ran = street.run("git push staging master").goes_not();
        assert!(
            ran.stdout.contains("push to staging (staging) refused"),
            "{ran}"
        );
        street.run("git reset -q --hard origin/master").goes();
        let ran = street.run("git push staging master").goes();
        assert!(
            ran.stdout.contains("push to staging (staging) may go"),
            "{ran}"
        );
        let line = street.shop.ledger().pop().unwrap();
        street.is_the_line(&line, &trunk, &before);
        let ran = street.run("pushgate uninstall");
        assert_eq!(ran.code, 1, "{ran}");
        ran.says("/.pre-commit-config.yaml, or what that names: left as it is\n");
    }
}
