//! `suite.in: worktree`: the suite runs on a clean copy of the pushed commit.

use expect_test::expect;

use std::{fs, os::unix::fs::symlink, path::PathBuf};

use crate::support::{POLICY, Ran, Sandbox, tool};

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
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: running the suite: exit 4
            pushgate: push to trunk (origin/master) refused
              suite: `exit 4` failed with exit code 4
                whole output: [root]/app/.git/pushgate/logs/[log]
              fix it, commit, and push again
            error: failed to push some refs to '[root]/origin.git'
        "#]]);
}

/// The git directory of the worktree.
fn git_dir(shop: &Sandbox) -> PathBuf {
    let said = shop.run_in(tree(shop), "git", ["rev-parse", "--absolute-git-dir"]);
    PathBuf::from(said.goes().stdout.trim_end())
}

#[test]
fn a_lock_that_a_killed_git_left_costs_no_cache() {
    let shop = with("run: 'mkdir -p cache; ls cache; echo x > cache/kept'");
    shop.commit_file(".gitignore", "cache/\n");
    shop.push("origin", "master").goes();
    fs::write(git_dir(&shop).join("index.lock"), "").unwrap();
    shop.commit("again");
    shop.push("origin", "master").goes().says("\nkept\n");
    assert!(!git_dir(&shop).join("index.lock").exists());
}

#[test]
fn what_git_cannot_bring_to_the_commit_is_made_anew() {
    let shop = with("run: 'cat tracked'");
    shop.commit_file("tracked", "as it should be\n");
    shop.push("origin", "master").goes();
    let damage: [fn(&Sandbox); 3] = [
        |shop| fs::write(git_dir(shop).join("index"), "rubbish").unwrap(),
        |shop| fs::write(git_dir(shop).join("HEAD"), "rubbish").unwrap(),
        |shop| {
            let index = git_dir(shop).join("index");
            fs::remove_file(&index).unwrap();
            fs::create_dir(&index).unwrap();
        },
    ];
    for damage in damage {
        damage(&shop);
        shop.commit("again");
        shop.push("origin", "master")
            .goes()
            .says("as it should be\n");
    }
    assert_eq!(shop.ask(["worktree", "list"]).lines().count(), 2);
}

#[test]
fn a_link_leads_to_the_checkout_that_pushes() {
    let shop = with("run: 'cat .env || echo no secret', link: [.env]");
    shop.commit_file(".gitignore", ".env\n");
    shop.write(".env", "of the main checkout\n");
    shop.push("origin", "master")
        .goes()
        .says("of the main checkout\n");
    shop.git(["worktree", "add", "-q", "../linked", "--detach"])
        .goes();
    let linked = shop.path("linked");
    let push = ["push", "staging", "HEAD:master"];
    // What is not in this checkout is not taken from another one.
    shop.run_in(&linked, "git", push).goes().says("no secret\n");
    fs::write(linked.join(".env"), "of the linked one\n").unwrap();
    shop.git(["commit", "-q", "--allow-empty", "-m", "two"])
        .goes();
    shop.push_ungated("origin", "master");
    shop.run_in(&linked, "git", ["checkout", "-q", "--detach", "master"])
        .goes();
    shop.run_in(&linked, "git", push)
        .goes()
        .says("of the linked one\n");
    assert_eq!(
        fs::read_to_string(shop.app.join(".env")).unwrap(),
        "of the main checkout\n"
    );
}

#[test]
fn what_is_in_the_way_of_a_link_is_named_and_kept() {
    let shop = with("run: 'mkdir -p deps; echo x > deps/x'");
    shop.commit_file(".gitignore", "deps/\n");
    shop.push("origin", "master").goes();
    shop.write("deps/y", "y");
    shop.policy(&POLICY.replace(
        "run: 'true'",
        "in: worktree\n  run: cat deps/y\n  link: [deps]",
    ));
    let path = tree(&shop).join("deps");
    let ran = shop
        .push("origin", "master")
        .undecided("suite")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to trunk (origin/master) not decided, so it does not go
              suite: `deps` of `suite.link` cannot be linked into the worktree: [root]/home/.cache/pushgate/[cache]/tree/deps is there
              remove it, then try again:
                rm -r [root]/home/.cache/pushgate/[cache]/tree/deps
            error: failed to push some refs to '[root]/origin.git'
        "#]]);
    ran.says("`deps` of `suite.link` cannot be linked into the worktree")
        .says(&format!(
            "remove it, then try again:\n    rm -r {}\n",
            path.display()
        ));
    assert!(path.join("x").exists());
    fs::remove_dir_all(&path).unwrap();
    shop.push("origin", "master").goes();
    // What the commit has is not replaced by anything.
    shop.git(["rm", "-q", "--cached", "-r", "."]).goes();
    shop.git(["add", "--force", "."]).goes();
    shop.git(["commit", "-q", "-m", "Keep deps in git"]).goes();
    shop.push("origin", "master")
        .undecided("suite")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to trunk (origin/master) not decided, so it does not go
              suite: `deps` of `suite.link` cannot be linked into the worktree: [root]/home/.cache/pushgate/[cache]/tree/deps is there, and the commit has it
              take `deps` off `suite.link` in .pushgate.yml: the worktree has it already
            error: failed to push some refs to '[root]/origin.git'
        "#]]);
}

#[test]
fn a_link_of_the_commit_leads_no_link_and_no_step_out_of_the_copy() {
    let shop = with("run: 'true', link: [sub/data]");
    let outside = shop.path("outside");
    fs::create_dir(&outside).unwrap();
    shop.write("sub/data", "of the checkout");
    shop.commit_file(".gitignore", "sub/\n");
    shop.push("origin", "master").goes();
    assert!(tree(&shop).join("sub/data").is_symlink());
    // It leads to what another program has.
    fs::rename(shop.app.join("sub"), shop.path("kept")).unwrap();
    symlink(&outside, shop.app.join("sub")).unwrap();
    fs::write(outside.join("data"), "precious").unwrap();
    shop.git(["add", "--force", "sub"]).goes();
    shop.git(["commit", "-q", "-m", "a link"]).goes();
    shop.push("origin", "master").undecided("suite").says(
        "`sub/data` of `suite.link` cannot be linked into the worktree: a part of its path is a link or a file there\n",
    );
    for more in ["", "  link: [other]\n"] {
        shop.policy(&POLICY.replace(
            "run: 'true'",
            &format!("in: worktree\n{more}  run: [{{run: pwd, dir: sub}}]"),
        ));
        shop.push("origin", "master")
            .undecided("suite")
            .says(&format!(
                "`dir: sub` leads through a link out of the tree, to {}\n",
                outside.canonicalize().unwrap().display()
            ));
    }
    let left: Vec<_> = fs::read_dir(&outside).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(
        fs::read_to_string(outside.join("data")).unwrap(),
        "precious"
    );
}

#[test]
fn it_shows_nowhere_and_survives_a_prune() {
    let shop = with("run: 'cat cache/x || :; mkdir -p cache; echo survived > cache/x'");
    shop.commit_file(".gitignore", "cache/\n");
    shop.push("origin", "master").goes();
    shop.git(["worktree", "prune", "--expire=now"]).goes();
    let list = shop.ask(["worktree", "list", "--porcelain"]);
    assert!(
        list.contains("\ndetached") && !list.contains("\nlocked"),
        "{list}"
    );
    assert_eq!(
        shop.ask(["branch", "--all", "--list"]),
        "* master\n  remotes/origin/HEAD -> origin/master\n  remotes/origin/master\n  remotes/production/master\n  remotes/staging/master"
    );
    shop.commit("again");
    shop.push("origin", "master").goes().says("survived\n");
    // Also where it is gone when git prunes.
    fs::remove_dir_all(tree(&shop)).unwrap();
    shop.git(["worktree", "prune", "--expire=now"]).goes();
    assert_eq!(shop.ask(["worktree", "list"]).lines().count(), 1);
    shop.commit("and again");
    shop.push("origin", "master").goes();
}

#[test]
#[ignore = "slow: needs git-lfs"]
fn files_of_lfs_are_there_and_submodules_as_git_leaves_them() {
    tool("git-lfs", "git-lfs");
    let shop = with("run: 'cat large.bin; ls -A module; test -e module/file || echo no module'");
    shop.git(["lfs", "install", "--local", "--skip-repo"])
        .goes();
    shop.git(["lfs", "track", "*.bin"]).goes();
    shop.write("large.bin", "a large file\n");
    shop.run_in(shop.root(), "git", ["init", "-q", "module"])
        .goes();
    fs::write(shop.path("module/file"), "x").unwrap();
    let module = shop.path("module");
    shop.run_in(&module, "git", ["add", "."]).goes();
    shop.run_in(&module, "git", ["commit", "-q", "-m", "one"])
        .goes();
    shop.git(["submodule", "--quiet", "add", "../module", "module"])
        .goes();
    shop.git(["add", "."]).goes();
    shop.git(["commit", "-q", "-m", "Add files"]).goes();
    assert!(
        shop.ask(["show", "HEAD:large.bin"])
            .starts_with("version https://git-lfs")
    );
    for _ in 0..2 {
        shop.push("origin", "master")
            .goes()
            .says("a large file\n")
            .says("no module\n");
        shop.commit("again");
    }
}

/// As git-crypt has it: the key is in the git directory of one worktree, and a file that cannot be decrypted is
/// an error.
#[test]
fn a_repository_whose_key_another_worktree_has_not_is_told_to_test_its_checkout() {
    let shop = with("run: cat secret");
    let smudge = r#"test -e "$(git rev-parse --git-dir)/key" && cat"#;
    shop.git(["config", "filter.crypt.smudge", smudge]).goes();
    shop.git(["config", "filter.crypt.clean", "cat"]).goes();
    shop.git(["config", "filter.crypt.required", "true"]).goes();
    fs::write(shop.app.join(".git/key"), "x").unwrap();
    shop.commit_file(".gitattributes", "secret filter=crypt\n");
    shop.commit_file("secret", "geheim\n");
    let ran = shop.push("origin", "master").undecided("suite");
    ran.says("smudge filter crypt failed")
        .says("  a filter of .gitattributes fails there: git-crypt has no key in another worktree; set `suite.in: checkout` in .pushgate.yml\n");
}

#[test]
fn a_full_disk_is_named_and_heals() {
    tool("mount", "mount");
    let shop = with("run: 'test -e large'");
    shop.commit_file("large", &"0123456789".repeat(60_000));
    let script = "mkdir -p $HOME/.cache/pushgate
        mount -t tmpfs -o size=256k,mode=700 tmpfs $HOME/.cache/pushgate
        git push origin master";
    let mut command = shop.command(tool("unshare", "util-linux"));
    command.args(["--map-root-user", "--mount", "sh", "-euc", script]);
    Ran::of(&mut command).undecided("suite").is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: push to trunk (origin/master) not decided, so it does not go
          suite: could not run `git worktree add --quiet --force --detach [root]/home/.cache/pushgate/[cache]/tree [Write large whole]`
            error: unable to write file large
            fatal: Could not reset index file to revision 'HEAD'.
        error: failed to push some refs to '[root]/origin.git'
    "#]]);
    assert_ne!(
        shop.tip("origin", "master"),
        shop.ask(["rev-parse", "HEAD"])
    );
    shop.push("origin", "master").goes();
}

#[test]
fn a_suite_that_fills_the_disk_fails() {
    tool("mount", "mount");
    let shop = with("run: 'head -c 3000000 /dev/zero > filler'");
    let script = "mkdir -p $HOME/.cache/pushgate
        mount -t tmpfs -o size=1M,mode=700 tmpfs $HOME/.cache/pushgate
        git push origin master";
    shop.commit("two");
    let mut command = shop.command(tool("unshare", "util-linux"));
    command.args(["--map-root-user", "--mount", "sh", "-euc", script]);
    Ran::of(&mut command).refused("suite").is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: running the suite: head -c 3000000 /dev/zero > filler
        head: error writing 'standard output': No space left on device
        pushgate: push to trunk (origin/master) refused
          suite: `head -c 3000000 /dev/zero > filler` failed with exit code 1
            whole output: [root]/app/.git/pushgate/logs/[log]
          fix it, commit, and push again
        error: failed to push some refs to '[root]/origin.git'
    "#]]);
}
