//! Ways in which git is told not to look, or to show something else: none of them lets a red commit go as
//! green.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::PathBuf,
};

use crate::support::{Ran, Sandbox};

/// A shop whose suite is red where `settings` says so; HEAD's is red, and trunk.
fn red(place: &str) -> Sandbox {
    let shop = Sandbox::new();
    shop.policy(&format!(
        "suite: {{run: \"grep -q green settings\", in: {place}, reuse: never}}\nenvironments: {{staging: {{}}}}\n"
    ));
    shop.commit_file("settings", "red\n");
    shop.push_ungated("origin", "master");
    shop
}

/// The clean copy.
fn copy(shop: &Sandbox) -> PathBuf {
    let cache = fs::read_dir(shop.path("home/.cache/pushgate")).unwrap();
    let mut found: Vec<_> = cache.map(|entry| entry.unwrap().path()).collect();
    found.pop().unwrap().join("tree")
}

/// Options of git, and variables.
type Switches<'s> = (&'s [&'s str], &'s [(&'s str, &'s str)]);

/// Variables and options that clients set for their own questions, Magit's among them.
const SWITCHES: [Switches<'_>; 9] = [
    (&[], &[("GIT_LITERAL_PATHSPECS", "1")]),
    (
        &[],
        &[("GIT_ICASE_PATHSPECS", "1"), ("GIT_OPTIONAL_LOCKS", "0")],
    ),
    (&[], &[("GIT_NOGLOB_PATHSPECS", "1"), ("GIT_TRACE", "0")]),
    (&["-c", "core.checkStat=minimal"], &[]),
    (&["-c", "status.showUntrackedFiles=no"], &[]),
    (&["-c", "diff.ignoreSubmodules=all"], &[]),
    (&["-c", "core.fsmonitor=true"], &[]),
    (
        &[
            "-c",
            "core.preloadindex=true",
            "-c",
            "log.showSignature=false",
        ],
        &[("GIT_LITERAL_PATHSPECS", "1")],
    ),
    (&["--no-optional-locks", "--literal-pathspecs"], &[]),
];

#[test]
fn a_client_s_own_switches_hide_no_edit() {
    for hide in ["--assume-unchanged", "--skip-worktree", ""] {
        let shop = red("checkout");
        if !hide.is_empty() {
            shop.git(["update-index", hide, "settings"]).goes();
        }
        shop.write("settings", "green\n");
        let what = if hide.is_empty() {
            "1 file changed or untracked: settings"
        } else {
            "1 file hidden from git status: settings"
        };
        for (options, variables) in SWITCHES {
            let mut push = shop.command("git");
            push.args(options).args(["push", "staging", "master"]);
            push.envs(variables.iter().copied());
            Ran::of(&mut push).refused("suite").says(what);
        }
    }
}

#[test]
fn a_file_system_monitor_that_misses_an_edit_is_not_believed() {
    let shop = red("checkout");
    // By version 2 of the protocol (githooks(5)): a token, and no file that changed.
    shop.script("../monitor", "#!/bin/sh\nprintf 'token\\0'\n");
    let monitor = shop.path("monitor");
    shop.git(["config", "core.fsmonitor", monitor.to_str().unwrap()])
        .goes();
    shop.git(["update-index", "--fsmonitor"]).goes();
    shop.git(["status"]).goes();
    shop.write("settings", "green\n");
    assert_eq!(shop.ask(["status", "--porcelain"]), "");
    shop.push("staging", "master")
        .refused("suite")
        .says("1 file changed or untracked: settings");
    // We looked without it, and wrote down what we saw: the user's git sees it, too.
    assert_eq!(shop.ask(["status", "--porcelain"]), " M settings");
}

#[test]
fn a_monitor_hides_nothing_that_a_red_run_left_in_the_copy() {
    let shop = Sandbox::new();
    shop.policy(
        "suite: {run: 'grep -q green settings || { echo green > settings; exit 1; }', in: worktree}\nenvironments: {staging: {}}\n",
    );
    shop.commit_file("settings", "red\n");
    shop.push_ungated("origin", "master");
    shop.script("../monitor", "#!/bin/sh\nprintf 'token\\0'\n");
    let monitor = shop.path("monitor");
    shop.git(["config", "core.fsmonitor", monitor.to_str().unwrap()])
        .goes();
    for _ in 0..3 {
        shop.push("staging", "master").refused("suite");
    }
}

#[test]
fn the_copy_is_the_pushed_tree_whatever_git_was_told_about_its_files() {
    for hide in ["--assume-unchanged", "--skip-worktree"] {
        let shop = red("worktree");
        shop.push("staging", "master").refused("suite");
        let copy = copy(&shop);
        let mut flag = shop.command("git");
        flag.current_dir(&copy);
        Ran::of(flag.args(["update-index", hide, "settings"])).goes();
        fs::write(copy.join("settings"), "green\n").unwrap();
        shop.push("staging", "master").refused("suite");
    }
}

#[test]
fn a_replaced_blob_is_not_the_pushed_one() {
    let shop = red("worktree");
    let blob = shop.ask(["rev-parse", "HEAD:settings"]);
    shop.write("../green", "green\n");
    let green = shop.ask(["hash-object", "-w", "../green"]);
    shop.git(["replace", &blob, &green]).goes();
    shop.push("staging", "master").refused("suite");
    // In the checkout it is an edit.
    let shop = red("checkout");
    let blob = shop.ask(["rev-parse", "HEAD:settings"]);
    shop.write("../green", "green\n");
    let green = shop.ask(["hash-object", "-w", "../green"]);
    shop.git(["replace", &blob, &green]).goes();
    shop.git(["checkout", "-q", "--", "settings"]).goes();
    shop.write("settings", "green\n");
    shop.push("staging", "master").refused("suite");
}

#[test]
fn the_suite_s_own_git_is_free_of_them() {
    let shop = Sandbox::new();
    shop.policy("suite: {run: 'env | grep ^GIT_ > ../seen; true'}\nenvironments: {staging: {}}\n");
    shop.push_ungated("origin", "master");
    let mut push = shop.command("git");
    push.args(["--literal-pathspecs", "push", "staging", "master"]);
    push.env("GIT_ADVICE", "0").env("GIT_TRACE_SETUP", "0");
    Ran::of(&mut push).goes();
    let seen = fs::read_to_string(shop.path("seen")).unwrap();
    for gone in ["PATHSPECS", "GIT_ADVICE", "GIT_TRACE", "GIT_OPTIONAL_LOCKS"] {
        assert!(!seen.contains(gone), "{seen}");
    }
}

/// What hides a change from the user's git, too, is undone by the printed commands.
#[track_caller]
fn is_refused_and_cured(shop: &Sandbox, commands: &[String]) {
    let ran = shop.push("staging", "master").refused("suite");
    ran.says(&format!(
        "1 file changed or untracked: settings\n  have git see it, commit them, or put them aside, then push again:\n    {}\n    git stash --include-untracked\n",
        commands.join("\n    ")
    ));
    for command in commands {
        let words: Vec<_> = command.split(' ').skip(1).collect();
        shop.git(words).goes();
    }
    shop.git(["stash", "--include-untracked"]).goes();
    // It is the pushed tree now, and red.
    shop.push("staging", "master")
        .refused("suite")
        .says("failed with exit code 1");
}

#[test]
fn a_mode_that_git_does_not_look_at_is_an_edit() {
    // As git spells it, and as people do (git-config(1), "boolean").
    for spelling in ["false", "False", "no", "off", "0"] {
        let shop = Sandbox::new();
        shop.policy(
            "suite: {run: \"test -x settings\", reuse: never}\nenvironments: {staging: {}}\n",
        );
        shop.commit_file("settings", "red\n");
        shop.push_ungated("origin", "master");
        shop.git(["config", "core.fileMode", spelling]).goes();
        let settings = shop.app.join("settings");
        fs::set_permissions(settings, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(shop.ask(["status", "--porcelain"]), "");
        is_refused_and_cured(&shop, &["git config core.fileMode true".to_owned()]);
    }
}

#[test]
fn a_replaced_blob_in_the_checkout_is_cured_by_what_is_printed() {
    let shop = red("checkout");
    let blob = shop.ask(["rev-parse", "HEAD:settings"]);
    shop.write("../green", "green\n");
    let green = shop.ask(["hash-object", "-w", "../green"]);
    shop.git(["replace", &blob, &green]).goes();
    shop.write("settings", "green\n");
    is_refused_and_cured(&shop, &[format!("git replace -d {blob}")]);
}

/// A shop with this suite, and a red commit as trunk.
fn with(suite: &str, place: &str, more: impl Fn(&Sandbox)) -> Sandbox {
    let shop = Sandbox::new();
    shop.policy(&format!(
        "suite: {{run: \"{suite}\", in: {place}, reuse: never}}\nenvironments: {{staging: {{}}}}\n"
    ));
    more(&shop);
    shop.git(["add", "."]).goes();
    shop.commit("red");
    shop.push_ungated("origin", "master");
    shop
}

#[test]
fn what_git_was_told_of_the_file_system_hides_no_edit() {
    for place in ["checkout", "worktree"] {
        let link = |shop: &Sandbox| symlink("green", shop.app.join("link")).unwrap();
        let shop = with("test ! -L link", place, link);
        shop.git(["config", "core.symlinks", "false"]).goes();
        fs::remove_file(shop.app.join("link")).unwrap();
        shop.write("link", "green");
        assert_eq!(shop.ask(["status", "--porcelain"]), "");
        shop.push("staging", "master").refused("suite");
        // Written by a red run, and of a name that git calls known.
        let suite = "test -e SETTINGS || { touch SETTINGS; false; }";
        let shop = with(suite, place, |shop| shop.write("settings", ""));
        shop.git(["config", "core.ignoreCase", "true"]).goes();
        for _ in 0..2 {
            shop.push("staging", "master").refused("suite");
        }
    }
}

#[test]
fn a_file_that_git_wrote_otherwise_is_not_the_pushed_one() {
    // By `git replace`, or by a filter that is gone: git's index says that it is unchanged.
    let replace = |shop: &Sandbox| {
        let blob = shop.ask(["rev-parse", "HEAD:settings"]);
        shop.write("../green", "green\n");
        let green = shop.ask(["hash-object", "-w", "../green"]);
        shop.git(["replace", &blob, &green]).goes();
    };
    let filter = |shop: &Sandbox| {
        shop.git(["config", "filter.green.smudge", "sed s/red/green/"])
            .goes();
        shop.git(["config", "filter.green.clean", "sed s/green/red/"])
            .goes();
        shop.write(".git/info/attributes", "settings filter=green\n");
    };
    for told in [&replace as &dyn Fn(&Sandbox), &filter] {
        let shop = red("checkout");
        told(&shop);
        fs::remove_file(shop.app.join("settings")).unwrap();
        shop.git(["checkout", "-q", "--", "settings"]).goes();
        let settings = shop.app.join("settings");
        assert_eq!(fs::read_to_string(settings).unwrap(), "green\n");
        for _ in 0..2 {
            shop.push("staging", "master").refused("suite");
            let _ = fs::remove_file(shop.app.join(".git/info/attributes"));
        }
    }
}

#[test]
fn attributes_of_the_user_alone_make_no_other_tree() {
    for place in ["checkout", "worktree"] {
        for (of_clone, says) in [(true, ".git/info/attributes"), (false, "suite: ")] {
            let shop = red(place);
            for (side, text) in [("smudge", "s/red/green/"), ("clean", "s/green/red/")] {
                let name = format!("filter.green.{side}");
                shop.git(["config", &name, &format!("sed {text}")]).goes();
            }
            let file = shop.path("app/.git/info/attributes");
            let file = Some(file).filter(|_| of_clone);
            let file = file.unwrap_or(shop.path("attributes"));
            fs::write(&file, "settings filter=green\n").unwrap();
            if !of_clone {
                let name = file.to_str().unwrap();
                shop.git(["config", "core.attributesFile", name]).goes();
            }
            shop.write("settings", "green\n");
            shop.git(["add", "settings"]).goes();
            assert_eq!(shop.ask(["status", "--porcelain"]), "");
            let ran = shop.push("staging", "master").goes_not();
            ran.says(says).never_says("may go");
        }
    }
    // What says nothing of how a file is written is the user's own.
    let shop = with("true", "worktree", |shop| shop.write("settings", ""));
    shop.write(
        ".git/info/attributes",
        "settings diff=x merge=union -text\n",
    );
    shop.push("staging", "master").goes();
}

/// A shop with a submodule whose file is red.
fn with_submodule(suite: &str, place: &str) -> Sandbox {
    with(suite, place, |shop| {
        shop.run_in(shop.root(), "git", ["init", "-q", "module"])
            .goes();
        fs::write(shop.path("module/settings"), "red\n").unwrap();
        let module = shop.path("module");
        shop.run_in(&module, "git", ["add", "."]).goes();
        shop.run_in(&module, "git", ["commit", "-q", "-m", "red"])
            .goes();
        shop.git(["submodule", "--quiet", "add", "../module", "module"])
            .goes();
    })
}

#[test]
fn a_submodule_hides_no_edit_either() {
    let module = |shop: &Sandbox, args: &[&str]| {
        shop.run_in(shop.app.join("module"), "git", args).goes();
    };
    for hide in ["--assume-unchanged", "--skip-worktree"] {
        let shop = with_submodule("grep -q green module/settings", "checkout");
        shop.write("module/settings", "green\n");
        module(&shop, &["update-index", hide, "settings"]);
        assert_eq!(shop.ask(["status", "--porcelain"]), "");
        shop.push("staging", "master")
            .refused("suite")
            .says("1 file hidden from git status: module/settings")
            .says("    git submodule foreach --recursive 'git read-tree HEAD'\n");
        module(&shop, &["read-tree", "HEAD"]);
        shop.push("staging", "master")
            .refused("suite")
            .says("1 file with changes in a submodule: module");
    }
    // Where it is not checked out, git does not look.
    let shop = with_submodule("grep -q green module/settings", "checkout");
    shop.git(["submodule", "--quiet", "deinit", "--force", "module"])
        .goes();
    shop.write("module/settings", "green\n");
    assert_eq!(shop.ask(["status", "--porcelain"]), "");
    shop.push("staging", "master")
        .refused("suite")
        .says("module/settings");
}

#[test]
fn a_red_run_leaves_nothing_in_a_submodule_of_the_copy() {
    let shop = with_submodule(
        "git submodule --quiet update --init && { grep -q green module/settings || { echo green > module/settings; false; }; }",
        "worktree",
    );
    for _ in 0..3 {
        shop.push("staging", "master").refused("suite");
    }
}

#[test]
fn a_flag_on_the_pushed_file_itself_is_no_edit() {
    let shop = with("grep -q red settings", "checkout", |shop| {
        shop.write("settings", "red\n");
    });
    shop.git(["update-index", "--skip-worktree", "settings"])
        .goes();
    shop.push("staging", "master").goes();
    // Nor does anything in the place of our own index count, or hang.
    let index = shop.app.join(".git/pushgate/index");
    fs::remove_file(&index).unwrap();
    Ran::of(shop.command("mkfifo").arg(&index)).goes();
    shop.push("staging", "+master~1:master").goes_not();
    fs::write(shop.app.join("settings"), "green\n").unwrap();
    shop.commit_on_origin("two");
    shop.push("staging", "master")
        .refused("suite")
        .says("1 file hidden from git status: settings");
}
