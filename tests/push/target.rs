//! The gate `target`, and which pushes are governed at all.

use std::fs;

use expect_test::expect;

use crate::support::{Ran, Sandbox};

#[test]
fn a_push_with_nothing_to_push_says_nothing() {
    let shop = Sandbox::new();
    let ran = shop.push("production", "master").goes().silent();
    assert!(ran.stderr.contains("Everything up-to-date"), "{ran}");
    assert!(shop.ledger().is_empty());
}

#[test]
fn a_feature_branch_to_origin_is_nobodys_business() {
    let shop = Sandbox::new();
    shop.git(["switch", "-qc", "feature"]).goes();
    shop.commit("carts");
    shop.push("origin", "feature").goes().silent();
    assert!(shop.ledger().is_empty());
}

#[test]
fn tags_and_notes_are_nobodys_business() {
    let shop = Sandbox::new();
    shop.git(["tag", "-a", "v1", "-m", "v1"]).goes();
    shop.git(["notes", "add", "-m", "x"]).goes();
    shop.git(["push", "production", "v1"]).goes().silent();
    shop.git(["push", "origin", "refs/notes/commits"])
        .goes()
        .silent();
}

#[test]
fn a_feature_branch_to_production_passes_and_deploys_nothing() {
    let shop = Sandbox::new();
    shop.git(["switch", "-qc", "feature"]).goes();
    shop.commit("carts");
    shop.push("production", "feature")
        .goes()
        .says("pushgate: `feature` deploys nothing on production (production)\n");
}

#[test]
fn a_deploy_branch_may_not_be_deleted() {
    let shop = Sandbox::new();
    shop.push("production", ":master")
        .refused("target")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              target: `master` deploys from here and may not be deleted
              leave it; to take the app down, use the platform's own tools
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    shop.push("origin", ":master")
        .refused("target")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to trunk (origin/master) refused
              target: `master` deploys from here and may not be deleted
              leave it; to take the app down, use the platform's own tools
            error: failed to push some refs to '[root]/origin.git'
        "#]]);
    assert_ne!(shop.tip("production", "master"), "");
}

#[test]
fn another_branch_may_be_deleted() {
    let shop = Sandbox::new();
    shop.git(["push", "-q", "origin", "master:feature"]).goes();
    shop.push("origin", ":feature").goes().silent();
    shop.git(["push", "-q", "production", "master:feature"])
        .goes();
    shop.push("production", ":feature").goes().silent();
}

#[test]
fn two_commits_for_one_environment_are_refused() {
    let shop = Sandbox::new();
    let old = shop.ask(["rev-parse", "--short=7", "HEAD"]);
    let new = &shop.commit_on_origin("two")[..7];
    shop.git(["push", "staging", "master", "master~1:refs/heads/main"])
        .refused("target")
        .says(&format!(
            "two commits for one place: {new} to `master`, {old} to `main`"
        ))
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to staging (staging) refused
              target: two commits for one place: [two] to `master`, [Write .pushgate.yml] to `main`
              push one commit
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
}

#[test]
fn the_same_commit_may_go_to_both_branches() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.git(["push", "staging", "master", "master:main"])
        .goes()
        .says("target: one commit, to master and main");
}

#[test]
fn an_annotated_tag_is_no_commit_and_the_cure_works() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.git(["tag", "-a", "v2", "-m", "v2"]).goes();
    shop.push("staging", "v2:refs/heads/master")
        .refused("target")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to staging (staging) refused
              target: `refs/tags/v2` ([two]) is a tag, not a commit
              push the commit that it names:
                git push staging 'refs/tags/v2^{}:refs/heads/master'
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
    shop.push("staging", "refs/tags/v2^{}:refs/heads/master")
        .goes();
}

#[test]
fn a_tree_is_no_commit() {
    let shop = Sandbox::new();
    shop.push("staging", "+HEAD^{tree}:refs/heads/master")
        .refused("target")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to staging (staging) refused
              target: `HEAD^{tree}` (0deec31) is a tree, not a commit
              push a commit
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
}

#[test]
fn what_a_colleague_deployed_must_be_fetched_before_the_suite_runs() {
    let shop = Sandbox::new();
    shop.policy("suite: {run: touch ../ran}\nenvironments: {staging: {}}\n");
    shop.push_ungated("origin", "master");
    let theirs = shop.colleague_pushes("staging", "hotfix");
    shop.push("staging", "master")
        .refused("target")
        .says(&format!(
            "`staging` has {}, which this repository does not",
            &theirs[..7]
        ))
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to staging (staging) refused
              target: `staging` has [hotfix], which this repository does not: somebody else pushed there
              fetch it, look at what is there, then push again:
                git fetch staging
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
    assert!(!shop.path("ran").exists());
    // Who lacks a commit of trunk gets it from there.
    shop.git([
        "--git-dir",
        "../origin.git",
        "fetch",
        "-q",
        "../staging.git",
        "+master:master",
    ])
    .goes();
    shop.push("staging", "master")
        .refused("trunk")
        .says("\n    git pull --rebase origin master\n");
}

#[test]
fn every_way_of_naming_the_commit_reaches_the_same_gate() {
    let shop = Sandbox::new();
    let old = shop.ask(["rev-parse", "HEAD"]);
    let id = shop.commit_on_origin("the bug is mended");
    for refspec in [
        "HEAD:master",
        "@:master",
        &format!("{id}:refs/heads/master"),
        &format!("{}:refs/heads/master", &id[..8]),
        ":/the bug:refs/heads/master",
        "HEAD^{/the bug}:refs/heads/master",
        "master@{u}:refs/heads/master",
    ] {
        if refspec.contains("@{u}") {
            shop.git(["branch", "-q", "--set-upstream-to=origin/master"])
                .goes();
        }
        shop.push("staging", refspec)
            .goes()
            .says("pushgate: push to staging (staging) may go");
        shop.git([
            "--git-dir",
            shop.path("staging.git").to_str().unwrap(),
            "update-ref",
            "refs/heads/master",
            &old,
        ])
        .goes();
        shop.git(["fetch", "-q", "staging"]).goes();
    }
}

#[test]
fn every_way_of_naming_the_place_reaches_the_same_gate() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    let url = shop.path("production.git");
    let url = url.to_str().unwrap();
    shop.git(["remote", "add", "live", url]).goes();
    shop.git(["remote", "add", "sly", "/nowhere"]).goes();
    shop.git(["config", "remote.sly.pushurl", url]).goes();
    shop.git(["config", &format!("url.{url}.insteadOf"), "heroku:"])
        .goes();
    std::os::unix::fs::symlink(url, shop.path("link")).unwrap();
    let file = format!("file://{url}");
    let slash = format!("{url}/");
    for place in [
        "production",
        "live",
        "sly",
        url,
        &file,
        &slash,
        "../production.git",
        "../production",
        "../app/../production.git",
        "heroku:",
        "../link",
    ] {
        shop.push(place, "master")
            .refused("promotion")
            .says("push to production");
    }
    shop.run_in(
        shop.root(),
        "git",
        ["-C", "app", "push", "production", "master"],
    )
    .refused("promotion")
    .is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: push to production (production) refused
          promotion: staging has [Write .pushgate.yml], not [two], which is 1 commit ahead of it; both have the same content
          deploy it there, try it on staging, then push again:
            git push staging master
        error: failed to push some refs to '[root]/production.git'
    "#]]);
    shop.write("sub/x", "");
    shop.run_in(
        shop.app.join("sub"),
        "git",
        ["push", "production", "master"],
    )
    .refused("promotion")
    .is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: push to production (production) refused
          promotion: staging has [Write .pushgate.yml], not [two], which is 1 commit ahead of it; both have the same content
          deploy it there, try it on staging, then push again:
            git push staging master
        error: failed to push some refs to '[root]/production.git'
    "#]]);
    shop.git([
        "-c",
        "remote.yet.url=../production.git",
        "push",
        "yet",
        "master",
    ])
    .refused("promotion")
    .is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: push to production (production) refused
          promotion: staging has [Write .pushgate.yml], not [two], which is 1 commit ahead of it; both have the same content
          deploy it there, try it on staging, then push again:
            git push staging master
        error: failed to push some refs to '../production.git'
    "#]]);
}

#[test]
fn every_line_of_the_push_is_judged() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.git(["tag", "light"]).goes();
    shop.git(["push", "production", "light", "master:feature", "master"])
        .refused("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: `feature` deploys nothing on production (production)
            pushgate: push to production (production) refused
              promotion: staging has [Write .pushgate.yml], not [two], which is 1 commit ahead of it; both have the same content
              deploy it there, try it on staging, then push again:
                git push staging master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    assert_eq!(shop.tip("production", "feature"), "");
    shop.git(["push", "--all", "production"])
        .refused("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: staging has [Write .pushgate.yml], not [two], which is 1 commit ahead of it; both have the same content
              deploy it there, try it on staging, then push again:
                git push staging master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    shop.git(["push", "--mirror", "production"])
        .refused("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: staging has [Write .pushgate.yml], not [two], which is 1 commit ahead of it; both have the same content
              deploy it there, try it on staging, then push again:
                git push staging master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn one_place_claimed_by_two_environments_is_undecided() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.git([
        "remote",
        "set-url",
        "staging",
        shop.path("production.git").to_str().unwrap(),
    ])
    .goes();
    let ran = shop.push("production", "master");
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("is claimed by staging and production")
        .says("not decided, so it does not go");
}

#[test]
fn a_known_app_that_the_policy_names_nowhere_is_refused() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    let production = shop.path("production.git");
    // What looks like Heroku leads to a path, so that a real push can be made of it.
    let push = |url: &str| {
        shop.pushgate_pre_push(
            url,
            url,
            &format!(
                "HEAD {} refs/heads/master {}\n",
                shop.ask(["rev-parse", "HEAD"]),
                "0".repeat(40)
            ),
        )
    };
    for url in [
        "https://git.heroku.com/new-shop.git",
        "git@heroku.com:new-shop.git",
        "https://x:key@git.heroku.com/new-shop",
    ] {
        let ran = push(url);
        assert_eq!(ran.code, 1, "{ran}");
        ran.says("  target: Heroku app `new-shop` is on no environment of .pushgate.yml\n")
            .says("  add `app: new-shop`")
            .never_says("key@");
    }
    push("https://git.heroku.com.evil.example/new-shop.git")
        .goes()
        .silent();
    push("git@github.com:ana/heroku.git").goes().silent();
    push(production.to_str().unwrap())
        .refused("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: staging has [Write .pushgate.yml], not [two], which is 1 commit ahead of it; both have the same content
              deploy it there, try it on staging, then push again:
                git push staging master
        "#]]);
}

/// The spellings of an app that no environment names, each of which git would take to Heroku.
const SPELLINGS: [&str; 17] = [
    "https://git.heroku.com/./new-shop.git",
    "https://git.heroku.com/x/../new-shop.git",
    "https://git.heroku.com//%6eew-shop/",
    "https://git.heroku%2Ecom/new-shop",
    "https::https://git.heroku.com:0443/new-shop.git",
    "git@heroku.com:~/new-shop.git",
    "[git@heroku.com]:new-shop.git",
    "[git@heroku.com:22]:./new-shop.git",
    "ssh://git@heroku.com/~/new-shop/.git",
    "ssh://git%40heroku.com:22//new-shop",
    "https://GIT.HEROKU.COM/New-Shop.git",
    "https://git.heroku.com./new-shop.git//",
    "https://ana:key@git.heroku.com:443/new-shop.git",
    "https://git.heroku.com/new%2Dshop%2Egit",
    "https://git。heroku。com/new-shop.git",
    "git@Heroku.com.:new-shop.git/",
    "ssh://git@HEROKU.com.:22/new-shop",
];

#[test]
fn an_unknown_app_is_refused_in_every_spelling_wherever_it_is_rewritten_to() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    let elsewhere = shop.path("elsewhere.git");
    shop.run_in(
        "/",
        "git",
        ["init", "-q", "--bare", elsewhere.to_str().unwrap()],
    )
    .goes();
    let expected = expect![[r#"
        exit 1
        --- stderr
        pushgate: push to git.heroku.com/new-shop refused
          target: Heroku app `new-shop` is on no environment of .pushgate.yml
          add `app: new-shop` to its environment in .pushgate.yml, and commit it
        error: failed to push some refs to '[root]/elsewhere.git'
    "#]];
    let key = format!("url.{}.insteadOf", elsewhere.display());
    let pushes = |url: &str, remote: &str| {
        let rule = format!("{key}={url}");
        let ran = shop.git(["-c", &rule, "push", remote, "HEAD:master"]);
        ran.refused("target").is(&expected);
    };
    for url in SPELLINGS {
        pushes(url, url);
    }
    // By a remote, and by a `pushurl`.
    shop.git(["remote", "add", "eu", SPELLINGS[0]]).goes();
    pushes(SPELLINGS[0], "eu");
    shop.git(["remote", "add", "us", "/nowhere"]).goes();
    shop.git(["config", "remote.us.pushurl", SPELLINGS[1]])
        .goes();
    pushes(SPELLINGS[1], "us");
    let odd = "https://git.heroku.com/team/new-shop.git";
    let rule = format!("{key}={odd}");
    shop.git(["-c", &rule, "push", odd, "HEAD:master"])
        .refused("target")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to git.heroku.com/team/new-shop refused
              target: Heroku app `git.heroku.com/team/new-shop` is on no environment of .pushgate.yml
              add `app: git.heroku.com/team/new-shop` to its environment in .pushgate.yml, and commit it
            error: failed to push some refs to '[root]/elsewhere.git'
        "#]]);
}

#[test]
fn a_known_app_is_judged_in_every_spelling_and_what_cannot_be_read_is_refused() {
    let shop = Sandbox::new();
    shop.policy("suite: {run: 'true'}\nenvironments:\n  staging: {}\n  production: {app: new-shop, after: staging, signoff: false}\n");
    shop.push_ungated("origin", "master");
    let elsewhere = shop.path("production.git");
    let push = |url: &str| {
        let rule = format!("url.{}.insteadOf={url}", elsewhere.display());
        shop.git(["-c", &rule, "push", url, "HEAD:master"])
    };
    let before = shop.tip("production", "master");
    for url in SPELLINGS {
        push(url)
            .refused("promotion")
            .says("pushgate: push to production (");
    }
    for url in [
        "https://git.heroku.com/",
        "https://git.heroku.com/..",
        "https://git.heroku.com/new-shop/other.git",
        "https://git.heroku.com/new-shop%2Fother",
        "git@heroku.com:../new-shop.git",
        "ssh://git@heroku.com/~ana/new-shop.git",
        "https://git.heroku.com:8443/new-shop/x",
    ] {
        push(url).refused("target");
    }
    for url in ["https://git.heroku.com/", "https://git.heroku.com/shop%00"] {
        push(url)
            .refused("target")
            .says("no Heroku app can be called")
            .never_says("add `app:");
    }
    assert_eq!(shop.tip("production", "master"), before);
}

#[test]
fn an_app_of_a_user_on_a_server_is_added_as_it_is_printed() {
    let shop = Sandbox::new();
    let url = "dokku@paas.example:shop";
    let staging = "suite: {run: 'true'}\nenvironments:\n  staging:\n    remote: staging\n";
    shop.policy(staging);
    shop.push_ungated("origin", "master");
    let push = || {
        let head = shop.ask(["rev-parse", "HEAD"]);
        let line = format!("HEAD {head} refs/heads/master {}\n", "0".repeat(40));
        shop.pushgate_pre_push("paas", url, &line)
    };
    let says = "add `app: dokku@paas.example/shop` to its environment in .pushgate.yml";
    push().refused("target").says(says);
    shop.policy(&format!("{staging}    app: dokku@paas.example/shop\n"));
    shop.push_ungated("origin", "master");
    push().goes().says("push to staging (");
}

#[test]
fn an_app_decides_whatever_the_remote_is_called() {
    let shop = Sandbox::new();
    shop.policy("suite: {run: 'true'}\nenvironments:\n  staging: {app: shop-staging}\n  production: {app: shop, after: staging, signoff: false}\n");
    shop.push_ungated("origin", "master");
    let line = format!(
        "HEAD {} refs/heads/master {}\n",
        shop.ask(["rev-parse", "HEAD"]),
        "0".repeat(40)
    );
    // A remote that is called staging, and leads to production.
    let ran = shop.pushgate_pre_push("staging", "https://git.heroku.com/shop.git", &line);
    ran.refused("promotion").is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: push to production (shop) refused
          promotion: staging has [Write .pushgate.yml], not [Write .pushgate.yml'], which is 1 commit ahead of it
          deploy it there, try it on staging, then push again:
            git push staging master
    "#]]);
    // A remote that is called staging, and leads to an app nobody knows.
    let ran = shop.pushgate_pre_push("staging", "https://git.heroku.com/other.git", &line);
    ran.refused("target").is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: push to git.heroku.com/other refused
          target: Heroku app `other` is on no environment of .pushgate.yml
          add `app: other` to its environment in .pushgate.yml, and commit it
    "#]]);
}

#[test]
fn what_is_above_a_link_is_above_where_it_leads() {
    let shop = Sandbox::new();
    shop.policy("suite: {run: 'true'}\nenvironments: {staging: {window: {timezone: UTC, closed: [Mon-Sun]}}}\n");
    shop.push_ungated("origin", "master");
    let there = shop.path("deep/er");
    fs::create_dir_all(&there).unwrap();
    fs::rename(shop.path("staging.git"), shop.path("deep/staging.git")).unwrap();
    let url = shop.path("deep/staging.git");
    shop.git(["remote", "set-url", "staging", url.to_str().unwrap()])
        .goes();
    std::os::unix::fs::symlink(&there, shop.path("link")).unwrap();
    let spelling = shop.path("link").join("../staging.git");
    shop.push(spelling.to_str().unwrap(), "master")
        .refused("window");
}

#[test]
fn a_path_that_names_another_repository_is_that_one() {
    let shop = Sandbox::new();
    shop.commit("two");
    // A file that names the repository, in its own place and in a work tree.
    let name = format!("gitdir: {}\n", shop.path("staging.git").display());
    fs::write(shop.path("file"), &name).unwrap();
    fs::create_dir(shop.path("tree")).unwrap();
    fs::write(shop.path("tree/.git"), &name).unwrap();
    // A linked work tree of it.
    let mut add = shop.command("git");
    add.current_dir(shop.path("staging.git"));
    Ran::of(add.args(["worktree", "add", "-q", "--detach", "../linked", "master"])).goes();
    for path in ["../file", "../tree", "../tree/.git", "../linked"] {
        shop.push(path, "master").refused("trunk");
    }
}

#[test]
fn two_users_of_one_host_have_two_places() {
    let shop = Sandbox::new();
    shop.policy("suite: {run: 'true'}\nenvironments: {staging: {}, production: {}}\n");
    shop.push_ungated("origin", "master");
    let head = shop.ask(["rev-parse", "HEAD"]);
    let old = shop.ask(["rev-parse", "HEAD~1"]);
    for (remote, user) in [("staging", "stage"), ("production", "prod")] {
        let url = format!("{user}@shop.example:shop.git");
        shop.git(["remote", "set-url", remote, &url]).goes();
    }
    let line = format!("refs/heads/master {head} refs/heads/master {old}\n");
    let push = |url: &str| shop.pushgate_pre_push(url, url, &line);
    push("stage@shop.example:shop.git").says("push to staging (stage@shop.example/shop) may go");
    push("ssh://prod@shop.example/~/shop")
        .says("push to production (prod@shop.example/shop) may go");
    // The configuration of ssh may say which of them logs in.
    push("shop.example:shop.git").says("is claimed by staging and production");
}

#[test]
fn an_app_is_not_trunk_though_both_are_called_alike_on_one_host() {
    let shop = Sandbox::new();
    let app = "dokku@paas.example:shop";
    let code = "git@paas.example:shop.git";
    shop.git(["config", "remote.origin.pushurl", code]).goes();
    shop.git(["remote", "set-url", "production", app]).goes();
    let old = shop.ask(["rev-parse", "HEAD"]);
    let new = shop.commit("only here");
    let line = format!("refs/heads/master {new} refs/heads/master {old}\n");
    shop.pushgate_pre_push("production", app, &line)
        .refused("trunk")
        .says("push to production (dokku@paas.example/shop) refused")
        .says("1 commit ahead of origin/master");
    shop.pushgate_pre_push("origin", code, &line)
        .goes()
        .says("push to trunk (origin/master) may go");
}
