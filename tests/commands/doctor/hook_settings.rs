//! What git's configuration says of hooks, and where it says so.

use std::fs;

use super::{hook, program::git_of, shop, visit};
use crate::support::PUSHGATE;

#[test]
fn the_setting_that_names_the_directory_is_named_with_its_line() {
    let shop = shop();
    let visit = visit(&shop);
    let home = shop.path("home");
    let other = shop.path("hooks");
    let other = other.to_str().unwrap();
    // The repository's own.
    shop.git(["config", "core.hooksPath", ".githooks"]).goes();
    shop.install();
    visit
        .doctor()
        .ok("git looks for hooks in .githooks: core.hooksPath of .git/config");
    shop.git(["config", "--unset", "core.hooksPath"]).goes();
    // A user's.
    shop.git(["config", "--global", "core.hooksPath", other])
        .goes();
    let told = visit.doctor();
    let file = home.join(".gitconfig");
    told.ok(&format!(
        "git looks for hooks in {other}: core.hooksPath of {}",
        file.display()
    ));
    let ill = told.breaks("hooks/pre-push is missing: pushes are not judged");
    ill.hints("let this repository have hooks of its own");
    ill.is_cured_by("git config core.hooksPath .git/hooks; pushgate install");
    shop.git(["config", "--unset", "core.hooksPath"]).goes();
    shop.git(["config", "--global", "--unset", "core.hooksPath"])
        .goes();
    // The machine's.
    let system = shop.path("system");
    fs::write(&system, format!("[core]\n\thooksPath = {other}\n")).unwrap();
    let told = super::visit(&shop).with("GIT_CONFIG_SYSTEM", system.to_str().unwrap());
    told.doctor()
        .ok(&format!("core.hooksPath of {}", system.display()));
    // A worktree's.
    shop.git(["config", "extensions.worktreeConfig", "true"])
        .goes();
    shop.git(["config", "--worktree", "core.hooksPath", ".githooks"])
        .goes();
    visit.doctor().ok("core.hooksPath of .git/config.worktree");
    shop.git(["config", "--worktree", "--unset", "core.hooksPath"])
        .goes();
    // The environment's.
    let set = super::visit(&shop)
        .with("GIT_CONFIG_COUNT", "1")
        .with("GIT_CONFIG_KEY_0", "core.hooksPath")
        .with("GIT_CONFIG_VALUE_0", "/dev/null");
    let told = set.doctor();
    let ill = told.warns(
        "git looks for hooks in /dev/null: core.hooksPath of GIT_CONFIG_* in this environment",
    );
    ill.is_cured();
}

#[test]
fn a_linked_worktree_without_the_directory_has_no_hook() {
    let shop = shop();
    shop.git(["config", "core.hooksPath", ".githooks"]).goes();
    shop.install();
    shop.git(["worktree", "add", "-q", "../linked", "-b", "work"])
        .goes();
    let visit = visit(&shop).from("../linked");
    let told = visit.doctor();
    told.breaks(".githooks/pre-push is missing: pushes are not judged")
        .runs("pushgate install")
        .is_cured();
}

#[test]
fn configured_hooks_are_not_those_of_a_git_that_does_not_know_them() {
    let shop = shop();
    for (key, value) in [
        ("hook.lint.command", "make lint"),
        ("hook.lint.event", "pre-push"),
        (
            "hook.pushgate.command",
            &format!("'{PUSHGATE}' pre-push --"),
        ),
        ("hook.pushgate.event", "pre-push"),
    ] {
        shop.git(["config", key, value]).goes();
    }
    let old = super::visit(&shop).with("PATH", git_of(&shop, "2.53.0"));
    old.doctor().lacks("hook.lint").lacks("hook.pushgate");
    fs::remove_file(hook(&shop)).unwrap();
    let told = old.doctor();
    told.breaks("reads no hooks from its configuration; git 2.54 does")
        .is_cured();
}

#[test]
fn a_hooks_path_that_is_empty_leads_nowhere() {
    let shop = shop();
    shop.git(["config", "core.hooksPath", ""]).goes();
    let ran = shop.pushgate(["install"]);
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("core.hooksPath is empty")
        .says(":\n    git config --unset-all core.hooksPath\n");
    visit(&shop)
        .doctor()
        .breaks("core.hooksPath is empty: git looks for hooks in whatever directory it is in")
        .hints("have git look where it always does");
}
