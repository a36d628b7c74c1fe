//! The gate `promotion`: the same commit is live on the environment that comes first.

use expect_test::expect;

use crate::support::{Sandbox, clock::Clock};

#[test]
fn production_comes_after_staging() {
    let shop = Sandbox::new();
    let id = shop.commit_on_origin("two");
    let old = shop.tip("staging", "master");
    let ran = shop
        .push("production", "master")
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
    ran.says(&format!(
        "staging has {}, not {}, which is 1 commit ahead of it",
        &old[..7],
        &id[..7]
    ))
    .says("deploy it there, try it on staging, then push again:\n    git push staging master\n");
    shop.push("staging", "master").goes();
    shop.push("production", "master")
        .goes()
        .says(&format!("promotion: {} is live on staging", &id[..7]));
    assert_eq!(shop.tip("production", "master"), id);
}

#[test]
fn where_trunk_is_nowhere_nothing_is_advised_that_needs_it() {
    let shop = Sandbox::new();
    shop.policy(
        "suite: {run: 'true'}\ntrunk: {branch: nowhere}\nenvironments: {staging: {}, production: {after: staging, signoff: false}}\n",
    );
    shop.push("production", "master")
        .refused("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: note: this commit changes the rules of production: the old ones count, too
            pushgate: push to production (production) refused
              promotion: staging has [Write .pushgate.yml], not [Write .pushgate.yml'], which is 1 commit ahead of it
              follow it, then try again:
                git fetch origin
                git remote set-head origin --auto
              where .pushgate.yml names it: set `trunk.branch: master`
              note: trunk could not tell: `origin/nowhere` does not exist: the branch of origin is `master`
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn a_clone_without_trunk_s_branch_is_advised_to_push_the_commit() {
    let shop = Sandbox::new();
    let two = shop.commit_on_origin("two");
    shop.git(["switch", "-q", "--detach"]).goes();
    shop.git(["branch", "-q", "-D", "master"]).goes();
    let cure = format!("git push staging {}:refs/heads/master", &two[..7]);
    shop.push("production", "HEAD:master")
        .refused("promotion")
        .says(&format!("then push again:\n    {cure}\n"));
    shop.run_in(&shop.app, "sh", ["-c", &cure]).goes();
    shop.push("production", "HEAD:master").goes();
}

#[test]
fn nothing_on_staging_is_told_apart() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.git([
        "--git-dir",
        shop.path("staging.git").to_str().unwrap(),
        "update-ref",
        "-d",
        "refs/heads/master",
    ])
    .goes();
    shop.push("production", "master")
        .refused("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: staging (`staging`) has no branch `main` or `master`
              deploy it there, try it on staging, then push again:
                git push staging master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn a_commit_on_staging_that_is_not_here_is_named_without_a_count() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    let theirs = shop.colleague_pushes("staging", "theirs");
    shop.push("production", "master")
        .refused("promotion")
        .says(&format!("staging has {}, not", &theirs[..7]))
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: staging has [theirs], not [two]
              deploy it there, try it on staging, then push again:
                git push staging master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn the_cure_names_what_deploys_where_trunk_is_called_otherwise() {
    let shop = Sandbox::new();
    shop.git(["branch", "-m", "develop"]).goes();
    shop.policy(
        "trunk: {branch: develop}\nsuite: {run: 'true'}\nenvironments: {staging: {branch: main}, production: {after: staging, signoff: false}}\n",
    );
    // What was trunk before says so, too: a commit cannot choose its own.
    shop.push_ungated("origin", "develop:master");
    shop.push_ungated("origin", "develop");
    shop.push("production", "develop:main")
        .refused("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: staging (`staging`) has no branch `main`
              deploy it there, try it on staging, then push again:
                git push staging develop:main
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    shop.push("staging", "develop:main").goes();
    shop.push("production", "develop:main").goes();
}

#[test]
fn either_deploy_branch_of_staging_counts() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.push("staging", "master:main").goes();
    shop.push("production", "master").goes();
}

#[test]
fn all_remotes_of_staging_must_have_it() {
    let shop = Sandbox::new();
    shop.run_in(shop.root(), "git", ["init", "-q", "--bare", "second.git"])
        .goes();
    shop.git(["remote", "add", "second", "../second.git"])
        .goes();
    shop.policy("suite: {run: 'true'}\nenvironments:\n  staging: {remote: [staging, second]}\n  production: {after: staging, signoff: false}\n");
    shop.push_ungated("origin", "master");
    shop.push("staging", "master").goes();
    shop.push("production", "master")
        .refused("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: staging (`second`) has no branch `main` or `master`
              deploy it there, try it on staging, then push again:
                git push second master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    shop.push("second", "master")
        .goes()
        .says("push to staging (second) may go");
    shop.push("production", "master").goes();
}

#[test]
fn a_staging_that_cannot_be_reached_is_undecided() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    std::fs::rename(shop.path("staging.git"), shop.path("gone.git")).unwrap();
    shop.push("production", "master")
        .undecided("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) not decided, so it does not go
              promotion: could not ask `staging` for its branches
                fatal: '[root]/staging.git' does not appear to be a git repository
                fatal: Could not read from remote repository.
                Please make sure you have the correct access rights
                and the repository exists.
              see that this answers without asking for anything, then try again:
                git ls-remote staging
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn a_staging_that_no_remote_leads_to_is_undecided() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.git(["remote", "remove", "staging"]).goes();
    shop.push("production", "master")
        .undecided("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) not decided, so it does not go
              promotion: no remote of this repository leads to `staging`
              add one, then try again:
                git remote add staging URL
              or, where a command deploys there:
                pushgate deploy staging -- COMMAND
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    shop.git(["remote", "add", "stagin", "../staging.git"])
        .goes();
    shop.push("production", "master")
        .undecided("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) not decided, so it does not go
              promotion: no remote of this repository leads to `staging`; did you mean `stagin`?
              add one, then try again:
                git remote add staging URL
              or, where a command deploys there:
                pushgate deploy staging -- COMMAND
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn staging_moving_while_the_suite_runs_is_noticed() {
    let shop = Sandbox::new();
    let push = format!(
        "git -C {} update-ref -d refs/heads/master; echo {} >../clock",
        shop.path("staging.git").display(),
        // What was answered is old then.
        Clock::line("2026-11-24 09:10:00")
    );
    shop.policy(&format!("suite: {{run: '{push}'}}\nenvironments:\n  staging: {{}}\n  production: {{after: staging, signoff: false}}\n"));
    shop.push_ungated("origin", "master");
    shop.push_ungated("staging", "master");
    shop.push("production", "master")
        .refused("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: running the suite: git -C [root]/staging.git update-ref -d refs/heads/master; echo 1795511400 >../clock
            pushgate: push to production (production) refused
              promotion: staging (`staging`) has no branch `main` or `master`
              deploy it there, try it on staging, then push again:
                git push staging master
              note: promotion had passed before the suite ran
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}
