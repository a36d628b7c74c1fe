//! Every kind of repository, and every place to push from: the verdicts are the same.

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::{ffi::OsStrExt, fs::symlink},
    path::PathBuf,
    process::Command,
};

use crate::support::{PUSHGATE, Ran, Sandbox, processes::assert_no_process_in, tool};

/// Its suite passes at the root of the tree only.
const POLICY: &str = "\
suite:
  run: test -f web/index
  reuse: never
environments:
  staging: {}
  production: {after: staging, signoff: false}
";

/// A shop whose origin is one commit ahead of staging and production, with directories, several
/// policies in its history, and the hook.
fn shop() -> Sandbox {
    shop_of(&[])
}

/// The same, its repositories made with these options of `git init`.
fn shop_of(options: &[&str]) -> Sandbox {
    furnished(Sandbox::with_init(options))
}

fn furnished(shop: Sandbox) -> Sandbox {
    shop.commit_file("web/index", "web\n");
    shop.commit_file("api/index", "api\n");
    shop.policy(POLICY);
    for remote in ["origin", "staging", "production"] {
        shop.push_ungated(remote, "master");
    }
    shop.git(["remote", "set-head", "origin", "master"]).goes();
    shop.git(["config", "branch.master.remote", "origin"])
        .goes();
    shop.commit_on_origin("two");
    shop.install();
    shop
}

/// Where a story is told: a work tree, and the repository that it belongs to.
struct Place {
    tree: PathBuf,
    common: PathBuf,
}

impl Place {
    fn plain(shop: &Sandbox) -> Self {
        Self {
            tree: shop.app.clone(),
            common: shop.app.join(".git"),
        }
    }

    fn ledger(&self) -> Vec<serde_json::Value> {
        let text =
            fs::read_to_string(self.common.join("pushgate/ledger.jsonl")).unwrap_or_default();
        let entries = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("a whole line of JSON"));
        entries.collect()
    }

    /// Every gate says what it says in a plain clone: `push` pushes a refspec to a remote from here.
    #[track_caller]
    fn tells_the_story(&self, shop: &Sandbox, push: impl Fn(&str, &str) -> Ran) {
        let id = shop.tip("origin", "master");
        push("staging", "HEAD~1:refs/heads/main")
            .refused("trunk")
            .says("is 1 commit behind origin/master (you push ");
        push("production", "HEAD:refs/heads/master")
            .refused("promotion")
            .says("pushgate: push to production (production) refused\n")
            .says("1 commit");
        let dirty = self.tree.join("web/index");
        fs::write(&dirty, "changed\n").unwrap();
        push("staging", "HEAD:refs/heads/master")
            .refused("suite")
            .says("web/index");
        fs::write(&dirty, "web\n").unwrap();
        push("staging", "HEAD:refs/heads/master")
            .goes()
            .says("pushgate: running the suite: test -f web/index\n")
            .says("pushgate: push to staging (staging) may go\n  target: one commit, to master\n  window: always open\n")
            .says(&format!("\n  trunk: {} is origin/master\n  lock: nobody has locked it\n  suite: passed in ", &id[..7]));
        assert_eq!(shop.tip("staging", "master"), id);
        push("production", "HEAD:refs/heads/master")
            .goes()
            .says(&format!("promotion: {} is live on staging", &id[..7]));
        assert_eq!(shop.tip("production", "master"), id);
        let verdicts: Vec<_> = self
            .ledger()
            .iter()
            .map(|entry| {
                let gates = entry["gates"].as_array().unwrap();
                let last = gates.last().unwrap();
                format!(
                    "{} {} {} {}",
                    entry["environment"].as_str().unwrap(),
                    entry["verdict"].as_str().unwrap(),
                    gates.len(),
                    last["gate"].as_str().unwrap()
                )
            })
            .collect();
        assert_eq!(
            verdicts,
            [
                "staging refused 4 lock",
                "production refused 5 promotion",
                "staging refused 5 suite",
                "staging go 5 suite",
                "production go 6 suite",
            ]
        );
    }
}

fn words(text: &'static str) -> Vec<&'static str> {
    text.split(' ').collect()
}

/// A version of git, told apart: its first two numbers.
/// Tells the story from a directory, with these words between `git` and `push`.
#[track_caller]
fn from(directory: &str, options: &'static str) {
    let shop = shop();
    let directory = if directory.starts_with('/') {
        PathBuf::from(directory)
    } else {
        shop.path(directory)
    };
    fs::create_dir_all(&directory).unwrap();
    let app = shop.app.to_str().unwrap();
    let options = options.replace("APP", app);
    Place::plain(&shop).tells_the_story(&shop, |remote, refspec| {
        let options = options.split(' ').filter(|word| !word.is_empty());
        shop.run_in(&directory, "git", options.chain(["push", remote, refspec]))
    });
}

#[test]
fn a_plain_clone() {
    from("app", "");
}

#[test]
fn a_subdirectory() {
    from("app/web", "");
}

#[test]
fn another_directory_by_git_dash_c() {
    from("elsewhere", "-C ../app");
    from("/", "-C APP/web");
}

#[test]
fn git_dir_and_work_tree_named_from_the_root() {
    from("/", "--git-dir=APP/.git --work-tree=APP");
}

#[test]
#[ignore = "slow: every place again, with other paths"]
fn git_dir_and_work_tree_named_from_a_sibling() {
    from("elsewhere", "--git-dir=APP/.git --work-tree=APP");
    from("elsewhere", "--git-dir=../app/.git --work-tree=../app");
    from("app/api", "--git-dir=../.git --work-tree=..");
}

#[test]
fn git_dir_alone_takes_the_directory_for_the_work_tree() {
    from("app", "--git-dir=.git");
    let shop = shop();
    let elsewhere = shop.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let git_dir = format!("--git-dir={}/.git", shop.app.display());
    let ran = shop.run_in(&elsewhere, "git", [&git_dir, "push", "staging", "master"]);
    // Nothing of what is pushed is there.
    ran.refused("suite").says("web/index");
}

#[test]
#[ignore = "slow: every place again, with other paths"]
fn git_dir_in_the_environment() {
    for (directory, git_dir, tree) in [
        ("app", ".git", None),
        ("app", "APP/.git", None),
        ("app", "APP/.git", Some(".")),
        ("elsewhere", "../app/.git", Some("../app")),
        ("elsewhere", "APP/.git", Some("APP")),
    ] {
        let shop = shop();
        let app = shop.app.to_str().unwrap().to_owned();
        let directory = shop.path(directory);
        fs::create_dir_all(&directory).unwrap();
        Place::plain(&shop).tells_the_story(&shop, |remote, refspec| {
            let mut command = shop.command("git");
            command
                .current_dir(&directory)
                .args(["push", remote, refspec])
                .env("GIT_DIR", git_dir.replace("APP", &app));
            if let Some(tree) = tree {
                command.env("GIT_WORK_TREE", tree.replace("APP", &app));
            }
            Ran::of(&mut command)
        });
    }
}

/// A linked worktree beside the clone.
fn second_worktree(shop: &Sandbox) -> Place {
    shop.git(["worktree", "add", "-q", "--detach", "../second"])
        .goes();
    Place {
        tree: shop.path("second"),
        common: shop.app.join(".git"),
    }
}

#[test]
fn a_linked_worktree() {
    let shop = shop();
    let place = second_worktree(&shop);
    place.tells_the_story(&shop, |remote, refspec| {
        shop.run_in(&place.tree, "git", ["push", remote, refspec])
    });
    // One ledger for all of them.
    assert!(!shop.app.join(".git/worktrees/second/pushgate").exists());
}

#[test]
fn the_hook_installed_from_a_linked_worktree_guards_every_worktree() {
    let shop = shop();
    shop.pushgate(["uninstall"]).goes();
    let place = second_worktree(&shop);
    shop.run_in(&place.tree, PUSHGATE, ["install"]).goes();
    assert!(shop.app.join(".git/hooks/pre-push").exists());
    shop.push("production", "master").refused("promotion");
    fs::remove_file(place.common.join("pushgate/ledger.jsonl")).unwrap();
    place.tells_the_story(&shop, |remote, refspec| {
        shop.run_in(place.tree.join("web"), "git", ["push", remote, refspec])
    });
}

#[test]
fn a_worktree_of_a_bare_repository() {
    let shop = shop();
    // The layout of people who keep every branch in a directory of its own.
    fs::rename(shop.app.join(".git"), shop.path("hub.git")).unwrap();
    let hub = shop.path("hub.git");
    shop.run_in(&hub, "git", words("config core.bare true"))
        .goes();
    shop.run_in(&hub, "git", words("worktree add -q --force ../tree master"))
        .goes();
    let place = Place {
        tree: shop.path("tree"),
        common: hub,
    };
    place.tells_the_story(&shop, |remote, refspec| {
        shop.run_in(&place.tree, "git", ["push", remote, refspec])
    });
}

#[test]
fn a_separate_git_directory() {
    let shop = shop();
    let store = shop.path("store");
    shop.git(["init", "-q", "--separate-git-dir", store.to_str().unwrap()])
        .goes();
    assert!(shop.app.join(".git").is_file());
    let place = Place {
        tree: shop.app.clone(),
        common: store,
    };
    shop.pushgate(["install"]).goes().says("installed already");
    place.tells_the_story(&shop, |remote, refspec| shop.push(remote, refspec));
}

#[test]
fn a_work_tree_named_by_core_worktree() {
    let shop = shop();
    fs::rename(shop.app.join(".git"), shop.path("store")).unwrap();
    let place = Place {
        tree: shop.app.clone(),
        common: shop.path("store"),
    };
    shop.run_in(
        &place.common,
        "git",
        ["config", "core.worktree", shop.app.to_str().unwrap()],
    )
    .goes();
    place.tells_the_story(&shop, |remote, refspec| {
        shop.run_in(
            shop.root(),
            "git",
            ["--git-dir=store", "push", remote, refspec],
        )
    });
}

#[test]
fn a_submodule() {
    let shop = shop();
    let parent = shop.path("parent");
    fs::create_dir(&parent).unwrap();
    shop.run_in(&parent, "git", ["init", "-q"]).goes();
    let origin = shop.path("origin.git");
    shop.run_in(
        &parent,
        "git",
        [
            "submodule",
            "--quiet",
            "add",
            origin.to_str().unwrap(),
            "vendor/shop",
        ],
    )
    .goes();
    let place = Place {
        tree: parent.join("vendor/shop"),
        common: parent.join(".git/modules/vendor/shop"),
    };
    for remote in ["staging", "production"] {
        let url = shop.path(&format!("{remote}.git"));
        shop.run_in(
            &place.tree,
            "git",
            ["remote", "add", remote, url.to_str().unwrap()],
        )
        .goes();
    }
    shop.run_in(&place.tree, PUSHGATE, ["install"]).goes();
    assert!(place.common.join("hooks/pre-push").exists());
    place.tells_the_story(&shop, |remote, refspec| {
        shop.run_in(&place.tree, "git", ["push", remote, refspec])
    });
}

#[test]
#[ignore = "slow: needs a newer git than Debian 12 has"]
fn sha_256() {
    let shop = shop_of(&["--object-format=sha256"]);
    assert_eq!(shop.ask(["rev-parse", "HEAD"]).len(), 64);
    Place::plain(&shop).tells_the_story(&shop, |remote, refspec| shop.push(remote, refspec));
}

#[test]
#[ignore = "slow: needs a newer git than Debian 12 has"]
fn reftable() {
    let shop = shop_of(&["--ref-format=reftable"]);
    assert!(shop.app.join(".git/reftable").is_dir());
    Place::plain(&shop).tells_the_story(&shop, |remote, refspec| shop.push(remote, refspec));
}

#[test]
#[ignore = "slow: needs a newer git than Debian 12 has"]
fn sha_256_and_reftable_as_git_3_makes_them_with_a_linked_worktree() {
    let shop = shop_of(&["--object-format=sha256", "--ref-format=reftable"]);
    let place = second_worktree(&shop);
    place.tells_the_story(&shop, |remote, refspec| {
        shop.run_in(&place.tree, "git", ["push", remote, refspec])
    });
}

/// Makes git take the clone for somebody else's.
fn somebody_elses(shop: &Sandbox) -> impl Fn(&mut Command) {
    let root = nix_is_root();
    if root {
        Ran::of(
            shop.command(tool("chown", "coreutils"))
                .args(["-R", "nobody"])
                .arg(&shop.app),
        )
        .goes();
    }
    move |command| {
        if !root {
            // git's own way to test its check without another user.
            command.env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
        }
    }
}

fn nix_is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|metadata| {
        use std::os::unix::fs::MetadataExt;
        metadata.uid() == 0
    })
}

#[test]
#[ignore = "slow: needs a newer git than Debian 12 has"]
fn somebody_elses_repository_that_git_was_told_is_safe() {
    let shop = shop();
    let owned = somebody_elses(&shop);
    let push = |options: &[&str], remote: &str, refspec: &str| {
        let mut command = shop.command("git");
        command.args(options).args(["push", remote, refspec]);
        owned(&mut command);
        Ran::of(&mut command)
    };
    let ran = push(&[], "staging", "HEAD:refs/heads/master");
    assert_eq!(ran.code, 128, "{ran}");
    ran.says("dubious ownership").silent();
    let safe = format!("safe.directory={}", shop.app.display());
    Place::plain(&shop).tells_the_story(&shop, |remote, refspec| {
        push(&["-c", &safe], remote, refspec)
    });
}

#[test]
#[ignore = "slow: needs a newer git than Debian 12 has"]
fn somebody_elses_repository_that_the_users_configuration_calls_safe() {
    // The last form is of git 2.46.
    for (pattern, least) in [("ROOT/app", (0, 0)), ("*", (0, 0)), ("ROOT/*", (2, 46))] {
        let shop = furnished(Sandbox::by_git(least, &[]));
        let pattern = pattern.replace("ROOT", shop.root().to_str().unwrap());
        let owned = somebody_elses(&shop);
        shop.run_in(
            shop.root(),
            "git",
            ["config", "--global", "safe.directory", &pattern],
        )
        .goes();
        Place::plain(&shop).tells_the_story(&shop, |remote, refspec| {
            let mut command = shop.command("git");
            command.args(["push", remote, refspec]);
            owned(&mut command);
            Ran::of(&mut command)
        });
    }
}

#[test]
fn configuration_that_is_only_in_the_environment() {
    let shop = shop();
    // The remotes that lead to both places are nowhere else.
    shop.git(["remote", "remove", "staging"]).goes();
    shop.git(["remote", "remove", "production"]).goes();
    Place::plain(&shop).tells_the_story(&shop, |remote, refspec| {
        let mut command = shop.command("git");
        command
            .args(["push", remote, refspec])
            .env("GIT_CONFIG_COUNT", "2");
        for (index, name) in ["staging", "production"].iter().enumerate() {
            command
                .env(
                    format!("GIT_CONFIG_KEY_{index}"),
                    format!("remote.{name}.url"),
                )
                .env(
                    format!("GIT_CONFIG_VALUE_{index}"),
                    shop.path(&format!("{name}.git")),
                );
        }
        Ran::of(&mut command)
    });
}

#[test]
#[ignore = "slow: needs a newer git than Debian 12 has"]
fn an_extension_that_libgit2_does_not_know() {
    let shop = shop();
    for (key, value) in [
        ("core.repositoryFormatVersion", "1"),
        ("extensions.noop-v1", "true"),
    ] {
        shop.git(["config", key, value]).goes();
    }
    Place::plain(&shop).tells_the_story(&shop, |remote, refspec| shop.push(remote, refspec));
}

#[test]
fn a_configuration_of_the_worktree() {
    let shop = shop();
    for (key, value) in [
        ("core.repositoryFormatVersion", "1"),
        ("extensions.worktreeConfig", "true"),
    ] {
        shop.git(["config", key, value]).goes();
    }
    let place = second_worktree(&shop);
    for name in ["staging", "production"] {
        // Here alone the names lead where they should.
        let bare = shop.path(&format!("{name}.git"));
        let key = format!("remote.{name}.url");
        shop.git(["config", &key, "/nowhere"]).goes();
        let key = format!("remote.{name}.pushurl");
        shop.run_in(
            &place.tree,
            "git",
            ["config", "--worktree", &key, bare.to_str().unwrap()],
        )
        .goes();
    }
    place.tells_the_story(&shop, |remote, refspec| {
        shop.run_in(&place.tree, "git", ["push", remote, refspec])
    });
}

#[test]
#[ignore = "slow: every place again, with other paths"]
fn urls_explained_by_a_file_that_is_included_on_a_condition() {
    for condition in [
        "gitdir:APP/",
        "onbranch:mas*",
        "hasconfig:remote.*.url:**/origin.git",
    ] {
        let shop = shop();
        let mut included = String::new();
        for name in ["staging", "production"] {
            let bare = shop.path(&format!("{name}.git"));
            included.extend([
                format!("[url \"{}\"]\n", bare.display()),
                format!("\tinsteadOf = {name}:\n"),
            ]);
            shop.git(["remote", "set-url", name, &format!("{name}:")])
                .goes();
        }
        fs::write(shop.path("included"), included).unwrap();
        let condition = condition.replace("APP", shop.app.to_str().unwrap());
        let key = format!("includeIf.{condition}.path");
        shop.git(["config", &key, "../../included"]).goes();
        // By their URLs the places are known too, not by the remotes' names alone.
        Place::plain(&shop).tells_the_story(&shop, |remote, refspec| {
            shop.push(&format!("{remote}:"), refspec)
        });
    }
}

#[test]
fn a_split_index() {
    let shop = shop();
    shop.git(["update-index", "--split-index"]).goes();
    Place::plain(&shop).tells_the_story(&shop, |remote, refspec| shop.push(remote, refspec));
}

#[test]
fn a_sparse_checkout_and_a_sparse_index() {
    for index in ["--no-sparse-index", "--sparse-index"] {
        let shop = shop();
        shop.git(["sparse-checkout", "set", "--cone", index, "web"])
            .goes();
        assert!(!shop.app.join("api").exists());
        // Tests that are not checked out would pass unseen.
        shop.commit("two");
        shop.push("origin", "master")
            .refused("suite")
            .says("hidden from git status")
            .says("git sparse-checkout disable");
        shop.git(["sparse-checkout", "disable"]).goes();
        shop.git(["reset", "-q", "--hard", "HEAD~1"]).goes();
        fs::remove_file(shop.app.join(".git/pushgate/ledger.jsonl")).unwrap();
        Place::plain(&shop).tells_the_story(&shop, |remote, refspec| shop.push(remote, refspec));
    }
}

/// A clone of origin made with these options of `git clone`, its other remotes and the hook in it.
fn clone_of(shop: &Sandbox, options: &[&str]) -> Place {
    clone_from(shop, "file://", options)
}

fn clone_from(shop: &Sandbox, scheme: &str, options: &[&str]) -> Place {
    let origin = shop.path("origin.git");
    for key in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
        shop.run_in(&origin, "git", ["config", key, "true"]).goes();
    }
    let url = format!("{scheme}{}", origin.display());
    let mut args = vec!["clone", "-q"];
    args.extend(options);
    args.extend([url.as_str(), "clone"]);
    shop.run_in(shop.root(), "git", args).goes();
    let tree = shop.path("clone");
    for name in ["staging", "production"] {
        let bare = shop.path(&format!("{name}.git"));
        shop.run_in(
            &tree,
            "git",
            ["remote", "add", name, bare.to_str().unwrap()],
        )
        .goes();
    }
    shop.run_in(&tree, PUSHGATE, ["install"]).goes();
    Place {
        common: tree.join(".git"),
        tree,
    }
}

#[test]
fn a_partial_clone() {
    for filter in ["--filter=blob:none", "--filter=tree:0"] {
        let shop = shop();
        let place = clone_of(&shop, &[filter]);
        place.tells_the_story(&shop, |remote, refspec| {
            shop.run_in(&place.tree, "git", ["push", remote, refspec])
        });
    }
}

#[test]
fn a_partial_clone_whose_origin_is_gone_is_undecided() {
    let shop = shop();
    let place = clone_of(&shop, &["--filter=blob:none"]);
    fs::rename(shop.path("origin.git"), shop.path("gone.git")).unwrap();
    let push = |refspec: &str| shop.run_in(&place.tree, "git", ["push", "staging", refspec]);
    push("master").undecided("trunk").says("origin");
    assert_eq!(
        shop.tip("staging", "master"),
        shop.ask(["rev-parse", "HEAD~1"])
    );
}

#[test]
fn a_partial_clone_that_lacks_the_pushed_policy_says_so() {
    let shop = shop();
    shop.policy(&format!("# Another one.\n{POLICY}"));
    shop.push_ungated("origin", "master");
    let place = clone_of(&shop, &["--filter=blob:none"]);
    let push = || {
        shop.run_in(
            &place.tree,
            "git",
            ["push", "staging", "HEAD~1:refs/heads/master"],
        )
    };
    let blob = shop.ask(["rev-parse", "HEAD~1:.pushgate.yml"]);
    push()
        .says("pushgate: push to ")
        .says("not decided, so it does not go\n")
        .says(&format!(
            "  this partial clone lacks {}, a part of what is pushed\n",
            &blob[..7]
        ))
        .says(&format!(
            "  fetch it, then try again:\n    git cat-file -e {blob}\n"
        ));
    // The cure works: what is wrong with that commit can be told now.
    shop.run_in(&place.tree, "git", ["cat-file", "-e", &blob])
        .goes();
    push().refused("trunk").says("1 commit behind");
}

#[test]
fn a_shallow_clone_is_told_to_deepen() {
    let shop = shop();
    let place = clone_of(&shop, &["--depth=1"]);
    let push = |options: &'static str| {
        let mut args = words(options);
        args.extend(["push", "staging", "HEAD:refs/heads/master"]);
        shop.run_in(&place.tree, "git", args)
    };
    for options in ["--no-pager", "-c x.y=z"] {
        push(options)
            .undecided("target")
            .says("fetch the rest, then try again:\n    git fetch --unshallow origin\n")
            .never_says("diverged");
    }
    // Neither behind nor diverged can be told from what is here.
    shop.commit_on_origin("three");
    shop.push_ungated("staging", "HEAD~1:master");
    shop.run_in(
        &place.tree,
        "git",
        words("fetch -q --depth=1 origin HEAD:refs/remotes/origin/other"),
    )
    .goes();
    shop.run_in(&place.tree, "git", words("commit -q --allow-empty -m mine"))
        .goes();
    for options in ["--no-pager", "-c x.y=z"] {
        push(options)
            .undecided("trunk")
            .says("fetch the rest, then try again:\n    git fetch --unshallow origin\n")
            .never_says("diverged");
    }
    // The cure works.
    shop.run_in(&place.tree, "git", words("fetch -q --unshallow origin"))
        .goes();
    push("--no-pager")
        .refused("trunk")
        .says("have diverged: 1 commit only here, 1 commit only there");
}

#[test]
fn a_shallow_clone_that_knows_enough_goes() {
    let shop = shop();
    let place = clone_of(&shop, &["--depth=3"]);
    place.tells_the_story(&shop, |remote, refspec| {
        shop.run_in(&place.tree, "git", ["push", remote, refspec])
    });
}

#[test]
fn a_replaced_commit_fools_nobody() {
    let shop = shop();
    let old = shop.ask(["rev-parse", "HEAD"]);
    shop.amend("rewritten");
    // To git, what is rewritten now follows what it takes away.
    shop.git(["replace", "--graft", "HEAD", &old]).goes();
    shop.git(["merge-base", "--is-ancestor", &old, "HEAD"])
        .goes();
    shop.push("origin", "+master")
        .refused("trunk")
        .says("would take 1 commit off origin/master");
    shop.push("staging", "master")
        .refused("trunk")
        .says("have diverged");
    assert_eq!(shop.tip("origin", "master"), old);
}

#[test]
fn a_grafted_commit_fools_nobody() {
    let shop = shop();
    let old = shop.ask(["rev-parse", "HEAD"]);
    shop.amend("rewritten");
    let new = shop.ask(["rev-parse", "HEAD"]);
    shop.write(".git/info/grafts", &format!("{new} {old}\n"));
    shop.git(["merge-base", "--is-ancestor", &old, "HEAD"])
        .goes();
    shop.push("origin", "+master")
        .refused("trunk")
        .says("would take 1 commit off origin/master");
    shop.push("staging", "master")
        .refused("trunk")
        .says("have diverged");
    assert_eq!(shop.tip("origin", "master"), old);
}

#[test]
fn a_history_with_a_hole_is_said_in_gits_words_about_the_hole_alone() {
    let shop = shop();
    let hole = shop.commit_on_origin("three");
    shop.commit_on_origin("four");
    shop.git(words("commit -q --amend --allow-empty -m other"))
        .goes();
    let object = format!(".git/objects/{}/{}", &hole[..2], &hole[2..]);
    fs::remove_file(shop.app.join(object)).unwrap();
    let ran = shop.pushgate(["check", "staging"]);
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("trunk: could not run `git rev-list ")
        .says(&hole)
        .never_says("\n    git");
}

#[test]
fn a_replaced_policy_and_a_replaced_tree_fool_nobody() {
    let shop = shop();
    let lenient = shop.run_in(
        shop.root(),
        "sh",
        [
            "-c",
            "printf \"suite: {run: 'true'}\\nenvironments: {staging: {}, production: {}}\\n\" | git -C app hash-object -w --stdin",
        ],
    );
    let lenient = lenient.goes().stdout;
    shop.git(["replace", "HEAD:.pushgate.yml", lenient.trim_end()])
        .goes();
    for options in [&[][..], &["-c", "x.y=z"]] {
        let push = ["push", "production", "master"];
        shop.git(options.iter().chain(&push)).refused("promotion");
    }
    // A HEAD that shows another tree than it has: the checkout of that is not what is pushed.
    shop.git([
        "replace",
        "--delete",
        &shop.ask(["rev-parse", "HEAD:.pushgate.yml"]),
    ])
    .goes();
    let id = shop.ask(["rev-parse", "HEAD"]);
    shop.git(["switch", "-q", "--detach"]).goes();
    shop.write("web/index", "better\n");
    shop.git(words("commit -q --amend --no-edit web/index"))
        .goes();
    let other = shop.ask(["rev-parse", "HEAD"]);
    shop.git(["checkout", "-q", &id]).goes();
    shop.git(["replace", &id, &other]).goes();
    shop.git(["reset", "-q", "--hard"]).goes();
    assert_eq!(shop.ask(["status", "--porcelain"]), "");
    assert_eq!(
        fs::read_to_string(shop.app.join("web/index")).unwrap(),
        "better\n"
    );
    shop.push("staging", "master")
        .refused("suite")
        .says("web/index");
}

#[test]
fn objects_in_an_alternate() {
    let shop = shop();
    let place = clone_from(&shop, "", &["--shared"]);
    assert!(place.common.join("objects/info/alternates").exists());
    place.tells_the_story(&shop, |remote, refspec| {
        shop.run_in(&place.tree, "git", ["push", remote, refspec])
    });
}

fn bytes(bytes: &[u8]) -> OsString {
    OsStr::from_bytes(bytes).to_owned()
}

#[test]
fn a_branch_whose_name_is_not_utf_8() {
    let shop = shop();
    shop.git([bytes(b"branch"), bytes(b"latin\xe9")]).goes();
    shop.git([bytes(b"push"), bytes(b"origin"), bytes(b"latin\xe9")])
        .goes()
        .silent();
    shop.git([bytes(b"push"), bytes(b"staging"), bytes(b"latin\xe9")])
        .goes()
        .says("pushgate: `latin\u{fffd}` deploys nothing on staging (staging)\n");
    // By its commit it is trunk, whatever it is called.
    Place::plain(&shop).tells_the_story(&shop, |remote, refspec| {
        let refspec = refspec.replace("HEAD:", "latin:").into_bytes();
        let refspec = bstr_replace(&refspec, b"latin:", b"refs/heads/latin\xe9:");
        shop.git([bytes(b"push"), remote.into(), bytes(&refspec)])
    });
}

fn bstr_replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    match text.strip_prefix(from) {
        Some(rest) => [to, rest].concat(),
        None => text.to_vec(),
    }
}

#[test]
fn a_file_whose_name_is_not_utf_8() {
    let shop = shop();
    let file = shop.app.join(bytes(b"caf\xe9\x1b[2J\n.txt"));
    fs::write(&file, "untracked").unwrap();
    for options in [&[][..], &["-c", "x.y=z"]] {
        let push = ["push", "staging", "master"];
        shop.git(options.iter().chain(&push))
            .refused("suite")
            .says("caf\u{fffd}\\u{1b}[2J\\n.txt");
    }
    fs::remove_file(&file).unwrap();
    shop.push("staging", "master").goes();
}

#[test]
fn a_remote_whose_name_is_not_utf_8() {
    let shop = shop();
    let url = shop.path("production.git");
    shop.git([
        bytes(b"config"),
        bytes(b"remote.pr\xf6d/eu.url"),
        url.as_os_str().to_owned(),
    ])
    .goes();
    shop.git([bytes(b"push"), bytes(b"pr\xf6d/eu"), bytes(b"master")])
        .refused("promotion")
        .says("push to production (production)");
    let entry = Place::plain(&shop).ledger().pop().unwrap();
    assert_eq!(entry["remote"], "pr\u{fffd}d/eu");
    // And where it is the one that is asked what is live.
    shop.git([
        bytes(b"remote"),
        bytes(b"rename"),
        bytes(b"staging"),
        bytes(b"st\xe4ging"),
    ])
    .goes();
    shop.git(["config", "--unset-all", "remote.staging.url"]);
}

/// What a shell, a report or a line of git's could trip over.
const ODD: &str = "a b'c\"d\n$HOME `e` ü \\ *";

#[test]
#[ignore = "slow: every place again, with other paths"]
fn a_path_with_everything_in_it() {
    for options in ["", "-c x.y=z"] {
        let mut shop = shop();
        let odd = shop.path(ODD);
        fs::create_dir(&odd).unwrap();
        fs::rename(&shop.app, odd.join("app")).unwrap();
        shop.app = odd.join("app");
        let program = odd.join("pushgate");
        shop.copy_program(&program);
        Ran::of(shop.command(&program).arg("install")).goes();
        let hook = fs::read_to_string(shop.app.join(".git/hooks/pre-push")).unwrap();
        assert!(hook.contains("\n$HOME `e`"), "{hook}");
        Place::plain(&shop).tells_the_story(&shop, |remote, refspec| {
            let options = options.split(' ').filter(|word| !word.is_empty());
            shop.git(options.chain(["push", remote, refspec]))
        });
    }
}

#[test]
#[ignore = "slow: every place again, with other paths"]
fn a_linked_worktree_and_a_separate_git_directory_in_such_a_path() {
    for options in ["", "-c x.y=z"] {
        let shop = shop();
        let odd = shop.path(ODD);
        fs::create_dir(&odd).unwrap();
        let store = odd.join("store");
        shop.git(["init", "-q", "--separate-git-dir", store.to_str().unwrap()])
            .goes();
        let tree = odd.join("second");
        shop.git(["worktree", "add", "-q", "--detach", tree.to_str().unwrap()])
            .goes();
        let place = Place {
            tree,
            common: store,
        };
        place.tells_the_story(&shop, |remote, refspec| {
            let options = options.split(' ').filter(|word| !word.is_empty());
            shop.run_in(&place.tree, "git", options.chain(["push", remote, refspec]))
        });
    }
}

#[test]
#[ignore = "slow: every place again, with other paths"]
fn places_with_everything_in_their_paths() {
    let shop = shop();
    // No line feed: git itself keeps one out of a remote's URL in some of its transports.
    let odd = shop.path(&ODD.replace('\n', " "));
    fs::create_dir(&odd).unwrap();
    for name in ["origin", "staging", "production"] {
        let (old, new) = (
            shop.path(&format!("{name}.git")),
            odd.join(format!("{name}.git")),
        );
        fs::rename(&old, &new).unwrap();
        shop.git(["remote", "set-url", name, new.to_str().unwrap()])
            .goes();
        symlink(&new, &old).unwrap();
    }
    Place::plain(&shop).tells_the_story(&shop, |remote, refspec| shop.push(remote, refspec));
}

/// An older git than 2.55 pushes to no group: it never gets as far as the hook.
#[test]
#[ignore = "slow: needs a newer git than Debian 12 has"]
fn a_group_of_remotes_is_judged_remote_by_remote() {
    let shop = furnished(Sandbox::by_git((2, 55), &[]));
    shop.git(["config", "remotes.all", "production staging"])
        .goes();
    let ran = shop.push("all", "master");
    ran.refused("promotion")
        .says("push to staging (staging) may go");
    assert_eq!(shop.tip("staging", "master"), shop.tip("origin", "master"));
    assert_ne!(
        shop.tip("production", "master"),
        shop.tip("origin", "master")
    );
}

#[test]
fn every_one_of_several_pushurls_is_judged_though_the_first_was_refused() {
    let shop = shop();
    for name in ["production", "staging"] {
        let url = shop.path(&format!("{name}.git"));
        shop.git([
            "config",
            "--add",
            "remote.both.pushurl",
            url.to_str().unwrap(),
        ])
        .goes();
    }
    shop.git(["config", "remote.both.url", "/nowhere"]).goes();
    let ran = shop.push("both", "master").refused("promotion");
    ran.says("push to production (production) refused")
        .says("push to staging (staging) may go");
    assert_eq!(shop.tip("staging", "master"), shop.tip("origin", "master"));
    assert_ne!(
        shop.tip("production", "master"),
        shop.tip("origin", "master")
    );
    let verdicts: Vec<_> = shop
        .ledger()
        .iter()
        .map(|entry| format!("{} {}", entry["environment"], entry["verdict"]))
        .collect();
    assert_eq!(
        verdicts,
        ["\"production\" \"refused\"", "\"staging\" \"go\""]
    );
    // Now staging has it, and both may go.
    shop.push("both", "master").goes();
    assert_eq!(
        shop.tip("production", "master"),
        shop.tip("origin", "master")
    );
}

/// A clone in which little is plain: packed and symbolic refs, tags of tags, a submodule, included
/// and repeated configuration, several policies, and a linked worktree.
fn rich_shop() -> Sandbox {
    let shop = shop();
    let script = r#"
        mkdir module; git init -q module; git -C module commit -q --allow-empty -m module
        git -c advice.addEmbeddedRepo=false add module
        git commit -qm 'With a submodule'
        git push -q --no-verify origin master
        git tag -a -m tag tag; git tag -a -m 'tag of a tag' tag2 tag
        git branch old HEAD~1; git symbolic-ref refs/heads/alias refs/heads/master
        git branch master.lock.x; git branch feature HEAD~1; git switch -q feature
        git commit -q --allow-empty -m 'A feature'
        git switch -q --orphan bare; git commit -q --allow-empty -m 'No policy'
        printf 'suite: {run: "true"}\nenvironments: {staging: {}, oops: {remot: x}}\n' >.pushgate.yml
        git add .pushgate.yml; git commit -qm 'A bad policy'; git branch bad; git reset -q --hard HEAD~1
        git switch -q master
        git config --add remote.several.pushurl ../production.git
        git config --add remote.several.pushurl ../staging.git
        git config remote.several.url ../origin.git
        printf '[url "%s"]\n\tinsteadOf = live:\n\tpushInsteadOf = push:\n' ../production.git >../included
        git config include.path ../../included
        printf '[a]\n\tvalueless\n\tempty =\n' >>.git/config
        git worktree add -q ../second --detach
        git pack-refs --all; git repack -adq
        git branch -q later
    "#;
    Ran::of(shop.command("sh").args(["-euc", script])).goes();
    shop
}

/// What a push said and what the ledger keeps of it, without the times.
fn told(ran: &Ran, ledger: &[serde_json::Value]) -> Vec<String> {
    let mut told = vec![format!("exit code {}", ran.code)];
    told.extend(
        ran.stderr
            .lines()
            .map(|line| match line.split_once("suite: passed in ") {
                Some((before, _)) => format!("{before}suite: passed"),
                None => line.to_owned(),
            }),
    );
    told.extend(ledger.iter().map(|entry| {
        let mut entry = entry.clone();
        let fields = entry.as_object_mut().unwrap();
        assert!(fields.remove("at").is_some() && fields.remove("took_ms").is_some());
        for gate in fields["gates"].as_array_mut().unwrap() {
            if gate["gate"] == "suite" && gate["outcome"] == "passed" {
                gate["why"] = "passed".into();
            }
        }
        entry.to_string()
    }));
    told
}

/// A rich clone whose pushes are judged twice: from what libgit2 reads, and from what git says.
struct Twice {
    shop: Sandbox,
    place: Place,
}

impl Twice {
    fn new() -> Self {
        let shop = rich_shop();
        let place = Place::plain(&shop);
        Self { shop, place }
    }

    /// What one push said, and whether git was asked for what libgit2 could read.
    fn push(&self, directory: &str, options: &[&str], args: &str) -> (Vec<String>, bool) {
        // Variables that trace do not reach the gate's own questions; the configuration does.
        let trace = self.shop.path("trace");
        let target = trace.to_str().unwrap();
        self.shop
            .git(["config", "--global", "trace2.normalTarget", target])
            .goes();
        let _ = fs::remove_file(self.place.common.join("pushgate/ledger.jsonl"));
        let _ = fs::remove_file(&trace);
        let mut command = self.shop.command("git");
        command
            .current_dir(self.shop.path(directory))
            .args(options)
            .args(["push", "--dry-run"])
            .args(args.split(' '));
        let ran = Ran::of(&mut command);
        let by_git = fs::read_to_string(&trace)
            .unwrap()
            .contains("cat-file --batch-command");
        // What follows this push would ask into the trace of the next one.
        assert_no_process_in(self.shop.root());
        (told(&ran, &self.place.ledger()), by_git)
    }

    /// Both say the same, and this among it.
    #[track_caller]
    fn say(&self, directory: &str, args: &str, expected: &str) {
        let (plain, by_git) = self.push(directory, &[], args);
        assert!(!by_git, "git was asked, not libgit2: {args}\n{plain:#?}");
        let (other, by_git) = self.push(directory, &["-c", "x.y=z"], args);
        assert!(by_git, "libgit2 was asked, not git: {args}\n{other:#?}");
        assert_eq!(plain, other, "in {directory}: git push {args}");
        assert!(
            plain.iter().any(|line| line.contains(expected)),
            "nobody says `{expected}`: {args}\n{plain:#?}"
        );
    }
}

#[test]
#[ignore = "slow: every push twice, by libgit2 and by git"]
fn libgit2_and_git_answer_alike_about_every_push() {
    let both = Twice::new();
    let shop = &both.shop;
    for directory in ["app", "app/web", "second"] {
        both.say(
            directory,
            "staging master",
            "push to staging (staging) may go",
        );
    }
    both.say("app", "staging alias:master", "may go");
    both.say("app", "staging tag2^{}:master", "may go");
    both.say("app", "staging later:main later:feature", "may go");
    both.say("app", "production master", "promotion: ");
    both.say("app", "live: master", "promotion: ");
    both.say("app", "push: master", "promotion: ");
    both.say("app", "../production.git master", "promotion: ");
    both.say("app", "several master", "push to staging (staging) may go");
    both.say("app", "staging +old:master", "1 commit behind");
    both.say("app", "staging feature:master", "is not on origin/master");
    both.say("app", "staging feature", "deploys nothing");
    both.say(
        "app",
        "staging +tag2:refs/heads/master",
        "is a tag, not a commit",
    );
    both.say(
        "app",
        "staging +HEAD^{tree}:refs/heads/master",
        "is a tree, not a commit",
    );
    both.say(
        "app",
        "staging master old:refs/heads/main",
        "two commits for one place",
    );
    both.say("app", "staging :master", "may not be deleted");
    both.say(
        "app",
        "origin +feature:master",
        "would take 1 commit off origin/master",
    );
    both.say("app", "staging +bad:master", "unknown key `remot`");
    both.say("app", "staging +bare:master", "shares no history");
    both.say("app", "--mirror production", "unknown key `remot`");
    shop.git(words("branch -q -D bad")).goes();
    both.say("app", "--mirror production", "promotion: ");
}

#[test]
#[ignore = "slow: every push twice, by libgit2 and by git"]
fn libgit2_and_git_answer_alike_about_every_state_of_the_clone() {
    let both = Twice::new();
    let shop = &both.shop;
    shop.write("untracked", "");
    both.say("app", "staging master", "untracked");
    fs::remove_file(shop.app.join("untracked")).unwrap();
    Ran::of(
        shop.command("git")
            .current_dir(shop.app.join("module"))
            .args(words("commit -q --allow-empty -m more")),
    )
    .goes();
    both.say("app", "staging master", "module");
    shop.run_in(
        shop.app.join("module"),
        "git",
        words("reset -q --hard HEAD~1"),
    )
    .goes();
    shop.git(words("update-index --skip-worktree web/index"))
        .goes();
    shop.git(words("update-index --assume-unchanged api/index"))
        .goes();
    shop.write("web/index", "edited\n");
    shop.write("api/index", "edited\n");
    both.say("app", "staging master", "api/index");
    both.say("app", "staging master", "web/index");
    shop.git(words("update-index --no-skip-worktree web/index"))
        .goes();
    shop.git(words("update-index --no-assume-unchanged api/index"))
        .goes();
    shop.git(words("checkout -q -- web api")).goes();
    shop.git(words("switch -q --detach old")).goes();
    both.say("app", "staging master", "its tests would prove nothing");
    shop.git(words("checkout -q master~0")).goes();
    both.say("app", "staging HEAD:master", "may go");
    // Trunk is told by refs, once origin/HEAD is gone.
    shop.git(words("remote set-head origin --delete")).goes();
    both.say("app", "staging master", "may go");
    shop.git(words("update-ref refs/remotes/origin/main HEAD"))
        .goes();
    both.say("app", "staging master", "both master and main");
    shop.git(words("update-ref -d refs/remotes/origin/main"))
        .goes();
    // The policy of the work tree, and none at all.
    shop.git(words("switch -q bare")).goes();
    both.say("app", "staging +bare:master", "judged by trunk's");
    shop.write(".pushgate.yml", POLICY);
    both.say("app", "staging +bare:master", "shares no history");
    shop.git(words("config user.name Bän")).goes();
    both.say("app", "staging +bare:master", "Bän");
}

/// The suite that asks for a clean copy of the pushed commit gets it, whole, from here too.
#[track_caller]
fn tests_a_clean_copy(shop: &Sandbox, push: impl Fn(&str, &str) -> Ran) {
    let id = shop.tip("origin", "master");
    for expected in ["web api both\n", "web api both kept\n"] {
        push("staging", "HEAD:refs/heads/master")
            .goes()
            .says(expected)
            .says("push to staging (staging) may go");
        assert_eq!(shop.tip("staging", "master"), id);
        let staging = shop.path("staging.git");
        shop.run_in(
            &staging,
            "git",
            ["update-ref", "refs/heads/master", "HEAD~1"],
        )
        .goes();
    }
}

/// A shop whose suite wants a clean copy, and whose checkout is anything but.
fn shop_with_a_copy(options: &[&str]) -> Sandbox {
    let shop = shop_of(options);
    shop.policy(&POLICY.replace(
        "  run: test -f web/index\n",
        "  run: echo $(cat web/index) $(cat api/index) both $(cat cache); echo kept >cache\n  in: worktree\n",
    ));
    shop.commit_file(".gitignore", "cache\n");
    shop.push_ungated("origin", "master");
    shop
}

#[test]
#[ignore = "slow: a clean copy of every kind of repository"]
fn a_clean_copy_of_every_kind_of_repository() {
    let kinds = [
        &[][..],
        &["--object-format=sha256"],
        &["--ref-format=reftable", "--object-format=sha256"],
    ];
    for options in kinds {
        let shop = shop_with_a_copy(options);
        shop.write("web/index", "dirty\n");
        tests_a_clean_copy(&shop, |remote, refspec| shop.push(remote, refspec));
        // One copy for all worktrees.
        let second = second_worktree(&shop);
        shop.run_in(&second.tree, "git", words("push staging HEAD:master"))
            .goes()
            .says("web api both kept\n");
    }
}

#[test]
#[ignore = "slow: a clean copy of every kind of repository"]
fn a_clean_copy_from_every_place() {
    for (directory, options) in [
        ("app/web", ""),
        ("/", "-C APP"),
        ("/", "--git-dir=APP/.git --work-tree=APP"),
        ("elsewhere", "--git-dir=../app/.git --work-tree=../app"),
        ("elsewhere", "--git-dir=../app/.git"),
        ("app/api", "--git-dir=../.git --work-tree=.."),
        ("app", "-c x.y=z"),
        ("app/.git", ""),
    ] {
        let shop = shop_with_a_copy(&[]);
        shop.write("web/index", "dirty\n");
        fs::create_dir(shop.path("elsewhere")).unwrap();
        let options = options.replace("APP", shop.app.to_str().unwrap());
        tests_a_clean_copy(&shop, |remote, refspec| {
            let options = options.split(' ').filter(|word| !word.is_empty());
            let args = options.chain(["push", remote, refspec]);
            shop.run_in(shop.path(directory), "git", args)
        });
    }
}

#[test]
#[ignore = "slow: a clean copy of every kind of repository"]
fn a_clean_copy_of_what_is_here_only_in_part() {
    for options in [
        &["--filter=blob:none", "--sparse"][..],
        &["--filter=tree:0"],
        &["--depth=5"],
    ] {
        let shop = shop_with_a_copy(&[]);
        let place = clone_of(&shop, options);
        tests_a_clean_copy(&shop, |remote, refspec| {
            shop.run_in(&place.tree, "git", ["push", remote, refspec])
        });
    }
    let shop = shop_with_a_copy(&[]);
    shop.git(words("sparse-checkout set --cone --sparse-index web"))
        .goes();
    tests_a_clean_copy(&shop, |remote, refspec| shop.push(remote, refspec));
}

#[test]
#[ignore = "slow: a clean copy of every kind of repository"]
fn a_clean_copy_of_a_bare_repository_and_of_one_in_an_odd_path() {
    let shop = shop_with_a_copy(&[]);
    let odd = shop.path(ODD);
    let bare = odd.join("bare.git");
    fs::create_dir(&odd).unwrap();
    let clone = [
        words("clone -q --bare ../origin.git"),
        vec![bare.to_str().unwrap()],
    ];
    shop.git(clone.concat()).goes();
    shop.run_in(&bare, PUSHGATE, ["install"]).goes();
    let staging = shop.path("staging.git");
    let staging = staging.to_str().unwrap();
    shop.run_in(&bare, "git", ["remote", "add", "staging", staging])
        .goes();
    tests_a_clean_copy(&shop, |remote, refspec| {
        shop.run_in(&bare, "git", ["push", remote, refspec])
    });
    shop.run_in(&bare, "git", words("-c x.y=z push staging HEAD:master"))
        .goes()
        .says("web api both kept\n");
}

#[test]
fn a_repository_that_deploys_nowhere_hears_nothing_of_a_hook_for_all() {
    let shop = Sandbox::new();
    // One hook for all repositories of the user, as `core.hooksPath` of the global configuration has it.
    let hooks = shop.path("hooks");
    fs::create_dir(&hooks).unwrap();
    fs::copy(shop.app.join(".git/hooks/pre-push"), hooks.join("pre-push")).unwrap();
    let all = hooks.to_str().unwrap();
    shop.git(["config", "--global", "core.hooksPath", all])
        .goes();
    shop.git(["init", "-q", "--bare", "../dotfiles.git"]).goes();
    shop.git(["init", "-q", "../dotfiles"]).goes();
    let place = shop.path("dotfiles");
    let in_dotfiles = |args: &[&str]| shop.run_in(&place, "git", args.iter().copied());
    in_dotfiles(&["remote", "add", "origin", "../dotfiles.git"]).goes();
    in_dotfiles(&["commit", "-q", "--allow-empty", "-m", "one"]).goes();
    let ran = in_dotfiles(&["push", "-q", "origin", "master"]).goes();
    assert_eq!(ran.stderr, "");
    assert!(!shop.path("dotfiles/.git/pushgate").exists());
    // With a policy, with a remote that deploys, or with `pushgate install`, it is governed.
    in_dotfiles(&["commit", "-q", "--allow-empty", "-m", "two"]).goes();
    in_dotfiles(&[
        "remote",
        "add",
        "production",
        "https://git.heroku.com/shop.git",
    ])
    .goes();
    in_dotfiles(&["push", "origin", "master"]).refused("suite");
    in_dotfiles(&["remote", "remove", "production"]).goes();
}
