//! Hooks that git's own configuration names, with a git that reads them.

use std::{fs, os::unix::fs::PermissionsExt};

use super::{GATES, Street};
use expect_test::expect;

use crate::support::{Ran, gits::hook_managers};

/// A clone whose git is new enough.
fn with_new_git() -> Street {
    let street = Street::with(&["git/bin", "python/bin", "node/node_modules/.bin"]);
    assert!(reads_configured_hooks(&street));
    street
}

fn reads_configured_hooks(street: &Street) -> bool {
    let ran = street.run("git version").goes();
    let version = ran.stdout.strip_prefix("git version ").unwrap();
    let mut numbers = version.split('.').map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap()) >= (2, 54)
}

/// A clone in which a newer git was told of the gate, and an older one is used now.
pub(crate) fn with_old_git() -> Street {
    let mut street = with_new_git();
    street.run("pushgate install --config").goes();
    street.is_gated();
    let (newer, older) = (
        hook_managers().join("git/bin"),
        hook_managers().join("old-git/bin"),
    );
    let path = std::env::split_paths(&street.path).map(|directory| {
        if directory == newer {
            older.clone()
        } else {
            directory
        }
    });
    street.path = std::env::join_paths(path).unwrap();
    assert!(!reads_configured_hooks(&street));
    street
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn git_calls_the_hook_that_its_configuration_names() {
    let street = with_new_git();
    let before = (street.picture(".git/hooks"), street.read(".git/config"));
    street
        .run("pushgate install --config")
        .goes()
        .is(&expect![[r#"
            exit 0
            --- stderr
            pushgate: installed [root]/app/.git/pushgate-hook/pre-push, which git's configuration names (hook.pushgate.command)
            pushgate: a git older than 2.54, of an editor perhaps, does not look there
            pushgate: git clones no hooks; with the program, each colleague types once:
                pushgate install
        "#]]);
    assert_eq!(street.picture(".git/hooks"), before.0);
    let event = ["config", "--local", "hook.pushgate.event"];
    assert_eq!(street.shop.ask(event), "pre-push");
    street.is_gated();
    // It stays as it is, however it is installed again.
    let config = street.read(".git/config");
    for again in ["pushgate install --config", "pushgate install"] {
        street.run(again).goes().says("hook.pushgate.command");
        assert_eq!(street.read(".git/config"), config);
        assert!(!street.file(".git/hooks/pre-push").exists());
    }
    let ran = street.run("pushgate status").goes();
    assert!(!ran.stdout.contains("not installed"), "{ran}");
    street.run("pushgate uninstall").goes().is(&expect![[r#"
            exit 0
            --- stderr
            pushgate: git's configuration no longer names pushgate
            pushgate: the ledger stays: [root]/app/.git/pushgate
        "#]]);
    assert_eq!(
        (street.picture(".git/hooks"), street.read(".git/config")),
        before
    );
    assert!(!street.file(".git/pushgate-hook").exists());
    street.everything_is_on_origin();
    street.run("git push staging master").goes().silent();
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn an_older_git_is_refused_with_its_version() {
    let street = with_new_git();
    let git = which(&street);
    let wrapper = format!(
        "#!/bin/sh\n[ \"$1\" = version ] && echo 'git version 2.53.1' && exit\nexec '{git}' \"$@\"\n"
    );
    let path = street.shop.path("bin/git");
    fs::write(&path, wrapper).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let ran = street.run("pushgate install --config");
    assert_eq!(ran.code, 2, "{ran}");
    assert_eq!(
        ran.stderr,
        "pushgate: install not done\n  git 2.53.1 reads no hooks from its configuration; git 2.54 does\n  install what git of any age reads:\n    pushgate uninstall\n    pushgate install\n"
    );
    assert!(!street.file(".git/pushgate-hook").exists());
    assert!(!street.read(".git/config").contains("pushgate"));
    // The same where a newer git had been here before; the cure cures.
    street.run("git config hook.pushgate.command gone").goes();
    assert_eq!(street.run("pushgate install").code, 2);
    street
        .run("sh -ec pushgate${IFS}uninstall&&pushgate${IFS}install")
        .goes()
        .says("/hooks/pre-push");
    assert!(!street.read(".git/config").contains("gone"));
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn a_git_that_passes_over_it_has_no_gate_and_is_told_so() {
    let street = with_old_git();
    street.everything_is_on_origin();
    street.shop.commit("stray");
    street.run("git push staging HEAD:master").goes().silent();
    street
        .run("git push -q --no-verify --force staging origin/master:master")
        .goes();
    let ran = street.run("pushgate status");
    assert!(
        ran.stdout
            .contains("the hook is not installed here: pushgate install"),
        "{ran}"
    );
    let ran = street.run("pushgate install");
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("reads no hooks from its configuration; git 2.54 does");
    fs::remove_file(street.file(".pushgate.yml")).unwrap();
    street
        .run("pushgate init")
        .goes()
        .says("and then: pushgate install");
    street.run("git checkout -q .pushgate.yml").goes();
    street
        .run("sh -ec pushgate${IFS}uninstall&&pushgate${IFS}install")
        .goes();
    street.is_gated();
    let ran = street.run("pushgate status");
    assert!(!ran.stdout.contains("not installed"), "{ran}");
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn where_another_hook_calls_the_gate_an_old_git_has_it_all_the_same() {
    let street = with_old_git();
    street.shop.write("package.json", "{}\n");
    street.run("husky").goes();
    let script = "pushgate pre-push -- \"$@\"\n";
    street.shop.write(".husky/pre-push", script);
    street.is_gated();
    let ran = street.run("pushgate status");
    assert!(!ran.stdout.contains("not installed"), "{ran}");
}

fn which(street: &Street) -> String {
    let ran = street.run("which git").goes();
    ran.stdout.trim_end().to_owned()
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn what_was_in_the_hooks_directory_moves_behind_the_gate_and_comes_back() {
    let street = with_new_git();
    let old = street.file(".git/hooks/pre-push");
    fs::write(&old, "#!/bin/sh\necho \"old: $0 $* $(cat)\" >&2\n").unwrap();
    fs::set_permissions(&old, fs::Permissions::from_mode(0o755)).unwrap();
    let before = (street.picture(".git/hooks"), street.read(".git/config"));
    street
        .run("pushgate install --config")
        .goes()
        .is(&expect![[r#"
            exit 0
            --- stderr
            pushgate: the hook that was there runs after the gates: [root]/app/.git/.pushgate-hooks/pre-push
            pushgate: installed [root]/app/.git/pushgate-hook/pre-push, which git's configuration names (hook.pushgate.command)
            pushgate: a git older than 2.54, of an editor perhaps, does not look there
            pushgate: git clones no hooks; with the program, each colleague types once:
                pushgate install
        "#]])
        .never_says("runs as well");
    let id = street.everything_is_on_origin();
    street.shop.commit("stray");
    street
        .run("git push staging HEAD:master")
        .refused("trunk")
        .never_says("old: ");
    street
        .run("git push staging origin/master:master")
        .goes()
        .says("/pre-push staging ")
        .says(&format!(
            "refs/remotes/origin/master {id} refs/heads/master "
        ));
    street.run("pushgate uninstall").goes();
    assert_eq!(
        (street.picture(".git/hooks"), street.read(".git/config")),
        before
    );
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn git_lfs_would_run_beside_it_so_it_is_refused() {
    let street = with_new_git();
    street.run("git lfs install --local").goes();
    let before = (street.picture(".git/hooks"), street.read(".git/config"));
    let ran = street.run("pushgate install --config");
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("git-lfs would upload what the gate refuses")
        .says("put git-lfs behind the gate:\n    pushgate uninstall\n    pushgate install\n");
    assert_eq!(
        (street.picture(".git/hooks"), street.read(".git/config")),
        before
    );
    // The cure, where git-lfs came second.
    fs::remove_file(street.file(".git/hooks/pre-push")).unwrap();
    street.run("pushgate install --config").goes();
    street.run("git lfs update").goes();
    assert_eq!(street.run("pushgate install").code, 2);
    street
        .run("sh -ec pushgate${IFS}uninstall&&pushgate${IFS}install")
        .goes();
    let is_on = street.lfs_object();
    street.shop.commit("stray");
    street.run("git push staging HEAD:master").refused("trunk");
    assert!(!is_on("staging"));
    street.run("git push staging origin/master:master").goes();
    assert!(is_on("staging"));
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn our_hook_in_the_hooks_directory_gives_way_to_it() {
    let street = with_new_git();
    let before = street.picture(".git/hooks");
    street.run("pushgate install").goes();
    street.run("pushgate install --config").goes();
    assert_eq!(street.picture(".git/hooks"), before);
    street.is_gated();
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn until_git_names_the_new_hook_the_old_one_judges() {
    let street = with_new_git();
    street.run("pushgate install").goes();
    street.everything_is_on_origin();
    let before = street.picture(".git/hooks");
    fs::write(street.file(".git/config.lock"), "").unwrap();
    let ran = street.run("pushgate install --config");
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("config");
    assert_eq!(street.picture(".git/hooks"), before);
    street.shop.commit("stray");
    street.run("git push staging master").refused("trunk");
    fs::remove_file(street.file(".git/config.lock")).unwrap();
    street.run("git push staging master").refused("trunk");
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn a_hook_that_git_does_not_call_is_no_gate() {
    let street = with_new_git();
    street.run("pushgate install --config").goes();
    let is_installed = |street: &Street| {
        let ran = street.run("pushgate status");
        !format!("{ran}").contains("the hook is not installed here")
    };
    assert!(is_installed(&street));
    street.run("git config hook.pushgate.enabled false").goes();
    assert!(!is_installed(&street));
    street.run("git config hook.pushgate.enabled true").goes();
    assert!(is_installed(&street));
    street.run("git config --unset hook.pushgate.event").goes();
    assert!(!is_installed(&street));
    street
        .run("git config hook.pushgate.event pre-commit")
        .goes();
    assert!(!is_installed(&street));
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn whoever_writes_the_hooks_goes_on_doing_so() {
    let street = with_new_git();
    street.shop.write("package.json", "{}\n");
    street.run("husky").goes();
    street.shop.write(".husky/pre-push", "echo husky ran >&2\n");
    street
        .run("pushgate install --config")
        .goes()
        .is(&expect![[r#"
            exit 0
            --- stderr
            pushgate: installed [root]/app/.git/pushgate-hook/pre-push, which git's configuration names (hook.pushgate.command)
            pushgate: a git older than 2.54, of an editor perhaps, does not look there
            pushgate: git clones no hooks; with the program, each colleague types once:
                pushgate install
            pushgate: [root]/app/.husky/_/pre-push runs as well, and even where the gate refuses
        "#]]);
    street.is_gated();
    street.shop.commit("stray");
    street
        .run("git push staging HEAD:master")
        .refused("trunk")
        .says("husky ran");
    // What switches off lefthook does not switch off the gate.
    let street = with_new_git();
    let jobs = "pre-push: {jobs: [{run: echo lefthook ran, files: echo lefthook.yml}]}\n";
    street.shop.write("lefthook.yml", jobs);
    street.run("lefthook install").goes();
    street.run("pushgate install --config").goes();
    street.is_gated();
    street.shop.commit("stray");
    let mut push = street.command("git");
    push.args(["push", "staging", "HEAD:master"]);
    Ran::of(push.env("LEFTHOOK", "0")).refused("trunk");
    // Hooks of all repositories of somebody: nothing is written there.
    let street = with_new_git();
    let shared = street.shop.path("shared");
    fs::create_dir(&shared).unwrap();
    let set = [
        "config",
        "--global",
        "core.hooksPath",
        shared.to_str().unwrap(),
    ];
    street.shop.git(set).goes();
    street.run("pushgate install --config").goes();
    street.is_gated();
    assert_eq!(fs::read_dir(&shared).unwrap().count(), 0);
    street.run("pushgate uninstall").goes();
    street.everything_is_on_origin();
    street.run("git push staging master").goes().silent();
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn called_both_ways_the_suite_runs_once_and_both_say_the_same() {
    let street = with_new_git();
    street.run("pushgate install").goes();
    // By hand, or by a configuration that all repositories of somebody share.
    for (key, value) in [("command", "pushgate pre-push --"), ("event", "pre-push")] {
        let key = format!("hook.mine.{key}");
        street.shop.git(["config", "--global", &key, value]).goes();
    }
    street
        .shop
        .policy("suite: {run: echo ran >>../runs}\nenvironments: {staging: {}}\n");
    let id = street.everything_is_on_origin();
    let before = street.shop.tip("staging", "master");
    street.run("git push staging master").goes();
    assert_eq!(
        fs::read_to_string(street.shop.path("runs")).unwrap(),
        "ran\n"
    );
    let ledger = street.shop.ledger();
    assert_eq!(ledger.len(), 2);
    for line in &ledger {
        street.is_the_line(line, &id, &before);
    }
    assert_eq!(street.shop.last_gates(), GATES);
    street.shop.commit("stray");
    let ran = street.run("git push staging master").refused("trunk");
    assert_eq!(ran.stderr.matches("refused\n").count(), 2, "{ran}");
    assert_eq!(street.shop.tip("staging", "master"), id);
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn without_the_program_nothing_goes_unless_somebody_says_so() {
    let street = with_new_git();
    let copy = street.shop.path("copy of pushgate");
    street.shop.copy_program(&copy);
    Ran::of(street.command(&copy).args(["install", "--config"])).goes();
    street.everything_is_on_origin();
    fs::remove_file(&copy).unwrap();
    fs::remove_file(street.shop.path("bin/pushgate")).unwrap();
    street
        .run("git push staging master")
        .goes_not()
        .says("the program is missing");
    let mut command = street.command("git");
    command
        .args(["push", "staging", "master"])
        .env("PUSHGATE", "off");
    Ran::of(&mut command).goes();
}
