//! `suite.in: worktree`: the suite runs on a clean copy of the pushed commit.

use std::{fs, path::PathBuf};

use crate::support::{POLICY, Sandbox};

/// A shop whose suite runs in the worktree.
fn with(suite: &str) -> Sandbox {
    let shop = Sandbox::new();
    shop.policy(&POLICY.replace(
        "suite:\n  run: 'true'\n",
        &format!("suite: {{in: worktree, reuse: never, {suite}}}\n"),
    ));
    shop
}

/// Where the worktree is.
fn tree(shop: &Sandbox) -> PathBuf {
    let cache = shop.path("home/.cache/pushgate");
    let mut found: Vec<_> = fs::read_dir(cache)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(found.len(), 1, "one worktree for a repository");
    found.pop().unwrap().join("tree")
}

#[test]
fn it_runs_beside_a_dirty_checkout_of_another_branch_and_never_touches_it() {
    let shop = with("run: 'git log -1 --format=%s; cat greeting; test ! -e notes'");
    shop.commit_file("greeting", "hello\n");
    shop.git(["switch", "-qc", "feature"]).goes();
    shop.write("greeting", "half a thought\n");
    shop.write("notes", "x");
    let before = shop.ask(["status", "--porcelain"]);
    shop.push("origin", "master")
        .goes()
        .says("Write greeting\nhello\n")
        .says("suite: passed");
    assert_eq!(shop.ask(["status", "--porcelain"]), before);
    assert_eq!(
        fs::read_to_string(shop.app.join("greeting")).unwrap(),
        "half a thought\n"
    );
    assert_eq!(
        shop.ask(["branch", "--format=%(refname:short)"]),
        "feature\nmaster"
    );
}

#[test]
fn caches_survive_and_what_is_not_ignored_does_not() {
    let shop = with(
        "run: 'ls; mkdir -p cache; echo x > cache/x; echo x > dropping; echo changed > tracked'",
    );
    shop.commit_file(".gitignore", "cache/\n");
    shop.commit_file("tracked", "x\n");
    shop.push("origin", "master")
        .goes()
        .never_says("dropping\n");
    shop.commit("two");
    shop.push("origin", "master")
        .goes()
        .says("cache\n")
        .never_says("dropping\n");
    assert_eq!(
        fs::read_to_string(tree(&shop).join("cache/x")).unwrap(),
        "x\n"
    );
    assert_ne!(shop.git(["cat-file", "-e", "HEAD:dropping"]).code, 0);
}

#[test]
fn files_that_are_ignored_are_linked_in_from_the_checkout() {
    let shop = with("run: 'cat .env deps/x', link: [.env, deps, missing]");
    shop.commit_file(".gitignore", ".env\ndeps/\n");
    shop.write(".env", "SECRET=1\n");
    shop.write("deps/x", "a dependency\n");
    for _ in 0..2 {
        shop.commit("again");
        shop.push("origin", "master")
            .goes()
            .says("SECRET=1\na dependency\n");
    }
    // A link that is asked for no more goes, also where git ignores it.
    shop.policy(&POLICY.replace("run: 'true'", "in: worktree\n  run: 'test ! -e .env'"));
    shop.push("origin", "master").goes();
    assert_eq!(
        fs::read_to_string(shop.app.join(".env")).unwrap(),
        "SECRET=1\n"
    );
}

#[test]
fn it_is_one_for_the_repository_whichever_worktree_pushes() {
    let shop = with("run: 'git rev-parse HEAD'");
    shop.push("origin", "master").goes();
    shop.git(["worktree", "add", "-q", "../linked", "-b", "side"])
        .goes();
    let linked = shop.path("linked");
    shop.run_in(
        &linked,
        "git",
        ["commit", "-q", "--allow-empty", "-m", "from the side"],
    )
    .goes();
    let id = shop
        .run_in(&linked, "git", ["rev-parse", "HEAD"])
        .goes()
        .stdout;
    shop.run_in(&linked, "git", ["push", "origin", "HEAD:master"])
        .goes()
        .says(&id);
    tree(&shop);
    // The HEADs of neither have moved.
    assert_eq!(shop.ask(["symbolic-ref", "HEAD"]), "refs/heads/master");
    assert_eq!(
        shop.run_in(&linked, "git", ["symbolic-ref", "HEAD"])
            .goes()
            .stdout,
        "refs/heads/side\n"
    );
}

#[test]
fn it_is_made_anew_where_it_was_lost_or_damaged() {
    let shop = with("run: 'test -e .pushgate.yml'");
    for round in 0..4 {
        shop.commit("again");
        shop.push("origin", "master").goes();
        let tree = tree(&shop);
        match round {
            0 => fs::remove_dir_all(&tree).unwrap(),
            1 => fs::write(tree.join(".git"), "rubbish").unwrap(),
            2 => drop(shop.git(["worktree", "prune", "--expire=now"]).goes()),
            _ => {}
        }
    }
}

#[test]
fn hooks_of_the_repository_do_not_run_for_it() {
    let shop = with("run: 'true'");
    shop.script(
        ".git/hooks/post-checkout",
        "#!/bin/sh\necho ran >> ../post-checkout\n",
    );
    shop.push("origin", "master").goes();
    shop.commit("two");
    shop.push("origin", "master").goes();
    assert!(!shop.path("post-checkout").exists());
}

#[test]
fn a_push_from_a_bare_repository_can_be_tested_in_it() {
    let shop = Sandbox::new();
    shop.policy(&POLICY.replace("run: 'true'", "in: worktree\n  run: ls -a"));
    shop.run_in(shop.root(), "git", ["clone", "-q", "--bare", "app", "bare"])
        .goes();
    let bare = shop.path("bare");
    shop.run_in(
        &bare,
        "git",
        ["remote", "set-url", "origin", "../origin.git"],
    )
    .goes();
    shop.run_in(&bare, crate::support::PUSHGATE, ["install"])
        .goes();
    shop.run_in(&bare, "git", ["push", "origin", "master"])
        .goes()
        .says(".pushgate.yml\n")
        .says("suite: passed");
}

#[test]
fn uninstall_takes_it_away() {
    let shop = with("run: 'true'");
    shop.push("origin", "master").goes();
    let tree = tree(&shop);
    assert!(tree.join(".pushgate.yml").exists());
    shop.pushgate(["uninstall"]).goes();
    assert!(!tree.exists());
    assert_eq!(shop.ask(["worktree", "list"]).lines().count(), 1);
}

#[test]
fn a_red_suite_in_it_refuses() {
    let shop = with("run: 'exit 4'");
    shop.push("origin", "master")
        .refused("suite")
        .says("`exit 4` failed with exit code 4");
}
