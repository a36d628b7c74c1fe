//! The gate `trunk`: what is pushed is the newest of everybody's work.

use expect_test::expect;

use crate::support::{Ran, Sandbox, clock::Clock};

fn short(id: &str) -> &str {
    &id[..7]
}

/// How long the suite took, the one thing in a report that nobody can foretell.
fn milliseconds(ran: &crate::support::Ran) -> &str {
    ran.stderr
        .split_once("suite: passed in ")
        .unwrap()
        .1
        .split_once(" ms")
        .unwrap()
        .0
}

#[test]
fn the_newest_trunk_goes() {
    let shop = Sandbox::new();
    let id = shop.commit_on_origin("two");
    let old = shop.tip("staging", "master");
    let ran = shop.push("staging", "master").goes();
    assert_eq!(
        ran.report(),
        format!(
            "pushgate: running the suite: true\n\
             pushgate: push to staging (staging) may go\n  \
               target: one commit, to master\n  \
               window: always open\n  \
               trunk: {} is origin/master\n  \
               lock: nobody has locked it\n  \
               suite: passed in {} ms\n  \
               deploys 1 commit since {}; both have the same content:\n    \
                 {} two (Ana)\n",
            short(&id),
            milliseconds(&ran),
            short(&old),
            short(&id)
        )
    );
    assert_eq!(shop.tip("staging", "master"), id);
}

#[test]
fn a_trunk_that_is_behind_is_refused_and_the_cure_works() {
    let shop = Sandbox::new();
    let old = shop.ask(["rev-parse", "HEAD"]);
    shop.colleague_pushes("origin", "two");
    let new = shop.colleague_pushes("origin", "three");
    let ran = shop
        .push("staging", "+master:refs/heads/main")
        .refused("trunk")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to staging (staging) refused
              trunk: master is 2 commits behind origin/master (you push [Write .pushgate.yml], origin has [three])
              get the newest, then push again:
                git pull --ff-only origin master
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
    assert_eq!(
        ran.report(),
        format!(
            "pushgate: push to staging (staging) refused\n  \
               trunk: master is 2 commits behind origin/master (you push {}, origin has {})\n  \
               get the newest, then push again:\n    git pull --ff-only origin master\n",
            short(&old),
            short(&new)
        )
    );
    shop.git(["pull", "-q", "--ff-only", "origin", "master"])
        .goes();
    shop.push("staging", "master").goes();
}

#[test]
fn an_older_commit_of_a_newest_trunk_is_told_to_push_the_newest() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.commit_on_origin("three");
    let ran = shop
        .push("staging", "HEAD~1:refs/heads/master")
        .refused("trunk")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to staging (staging) refused
              trunk: [two] is 1 commit behind origin/master (you push [two], origin has [three])
              push the newest:
                git push staging master
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
    ran.says(&format!(
        "{} is 1 commit behind origin/master",
        short(&shop.ask(["rev-parse", "HEAD~1"]))
    ))
    .says("push the newest:\n    git push staging master\n");
}

#[test]
fn a_trunk_that_is_ahead_is_refused_and_the_cure_works() {
    let shop = Sandbox::new();
    shop.commit("two");
    shop.push("staging", "master")
        .refused("trunk")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to staging (staging) refused
              trunk: master is 1 commit ahead of origin/master (you push [two], origin has [Write .pushgate.yml])
              push it there first, then push again:
                git push origin master
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
    shop.push("origin", "master").goes();
    shop.push("staging", "master").goes();
}

#[test]
fn a_trunk_that_has_diverged_is_refused() {
    let shop = Sandbox::new();
    shop.colleague_pushes("origin", "theirs");
    shop.commit("mine");
    shop.push("staging", "master")
        .refused("trunk")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to staging (staging) refused
              trunk: master and origin/master have diverged: 1 commit only here, 1 commit only there (you push [mine], origin has [theirs])
              join them (or merge), run the tests, then push again:
                git pull --rebase origin master
                git push origin master
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
}

#[test]
fn the_cure_of_a_stale_trunk_works_from_another_branch_too() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.colleague_pushes("origin", "theirs");
    shop.git(["switch", "-qc", "feature"]).goes();
    shop.push("staging", "master")
        .refused("trunk")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to staging (staging) refused
              trunk: master is 1 commit behind origin/master (you push [two], origin has [theirs])
              get the newest, then push again:
                git switch master
                git pull --ff-only origin master
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
    shop.git(["switch", "-q", "master"]).goes();
    shop.git(["pull", "-q", "--ff-only", "origin", "master"])
        .goes();
    shop.push("staging", "master").goes();
}

#[test]
fn a_feature_branch_is_not_trunk_and_must_be_merged_first() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.git(["switch", "-qc", "carts", "HEAD~1"]).goes();
    shop.commit("carts");
    let ran = shop.push("staging", "carts:refs/heads/master");
    let ran = ran.refused("trunk").is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: push to staging (staging) refused
          trunk: [carts] is not on origin/master: 1 commit of it never merged (origin has [two])
          merge it first, run the tests, and push the merge:
            git switch master
            git merge carts
            git push origin master
            git push staging master
        error: failed to push some refs to '[root]/staging.git'
    "#]]);
    ran.says("is not on origin/master: 1 commit of it never merged")
        .says(":\n    git switch master\n    git merge carts\n    git push origin master\n    git push ");
}

#[test]
fn a_feature_branch_on_top_of_trunk_must_be_merged_too() {
    let shop = Sandbox::new();
    shop.git(["switch", "-qc", "carts"]).goes();
    shop.commit("carts");
    shop.push("staging", "HEAD:refs/heads/master")
        .refused("trunk")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to staging (staging) refused
              trunk: [carts] is not on origin/master: 1 commit of it never merged (origin has [Write .pushgate.yml])
              merge it first, run the tests, and push the merge:
                git switch master
                git merge [carts]
                git push origin master
                git push staging master
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
}

#[test]
fn unrelated_history_is_told_apart() {
    let shop = Sandbox::new();
    shop.git(["switch", "-q", "--orphan", "other"]).goes();
    shop.policy("suite: {run: 'true'}\nenvironments: {staging: {}}\n");
    shop.push("staging", "+HEAD:refs/heads/master")
        .refused("trunk")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to staging (staging) refused
              trunk: [Write .pushgate.yml] shares no history with origin/master ([Write .pushgate.yml']), and cannot become a part of it
              push the newest:
                git push staging master
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
}

#[test]
fn the_live_tip_counts_not_the_tracking_ref() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.colleague_pushes("origin", "three");
    let tracking = shop.ask(["rev-parse", "refs/remotes/origin/master"]);
    shop.push("staging", "master")
        .refused("trunk")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to staging (staging) refused
              trunk: master is 1 commit behind origin/master (you push [two], origin has [three])
              get the newest, then push again:
                git pull --ff-only origin master
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
    assert_eq!(
        shop.ask(["rev-parse", "refs/remotes/origin/master"]),
        tracking,
        "the question moved a ref"
    );
}

#[test]
fn the_question_leaves_no_ref_and_no_fetch_head() {
    let shop = Sandbox::new();
    shop.colleague_pushes("origin", "three");
    let before = shop.ask(["for-each-ref"]);
    shop.push("staging", "HEAD:refs/heads/main")
        .refused("trunk")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to staging (staging) refused
              trunk: master is 1 commit behind origin/master (you push [Write .pushgate.yml], origin has [three])
              get the newest, then push again:
                git pull --ff-only origin master
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
    assert_eq!(shop.ask(["for-each-ref"]), before);
    assert!(!shop.app.join(".git/FETCH_HEAD").exists());
}

#[test]
#[ignore = "slow: needs another git"]
fn a_clone_with_many_branches_asks_otherwise_and_gets_the_same_answers() {
    // What an older one does: hook_managers::old_git.
    let shop = Sandbox::by_git((2, 41), &[]).open();
    let id = shop.commit_on_origin("two");
    let trace = shop.path("trace");
    let push = |refspec: &str| {
        let _ = std::fs::remove_file(&trace);
        let variables = [("GIT_TRACE", trace.to_str().unwrap())];
        let ran = shop.push_with(&variables, "staging", refspec);
        (ran, std::fs::read_to_string(&trace).unwrap())
    };
    let (ran, trace) = push("master");
    ran.goes();
    assert!(trace.contains("ls-remote") && !trace.contains("--dry-run"));

    let branches = (1..=1_000).map(|number| format!("{id} refs/remotes/origin/topic/{number}\n"));
    let packed = format!("# pack-refs with: \n{}", branches.collect::<String>());
    shop.write(".git/packed-refs", &packed);
    shop.commit_on_origin("three");
    let (ran, trace) = push("master");
    ran.goes();
    assert!(trace.contains("--dry-run") && !trace.contains("ls-remote"));

    shop.colleague_pushes("origin", "four");
    let before = shop.ask(["for-each-ref"]);
    let (ran, _) = push("HEAD:refs/heads/main");
    ran.refused("trunk").is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: push to staging (staging) refused
          trunk: master is 1 commit behind origin/master (you push [three], origin has [four])
          get the newest, then push again:
            git pull --ff-only origin master
        error: failed to push some refs to '[root]/staging.git'
    "#]]);
    assert_eq!(shop.ask(["for-each-ref"]), before);
    assert!(!shop.app.join(".git/FETCH_HEAD").exists());
}

#[test]
fn trunk_moving_while_the_suite_runs_is_noticed() {
    let shop = Sandbox::new();
    // The suite sets the clock: what was answered is old then.
    let push = format!(
        "git -C {} update-ref refs/heads/master HEAD~1; echo {} >../clock",
        shop.path("origin.git").display(),
        Clock::line("2026-11-24 09:10:00")
    );
    shop.policy(&format!(
        "suite: {{run: '{push}'}}\nenvironments: {{staging: {{}}}}\n"
    ));
    shop.push_ungated("origin", "master");
    shop.push("staging", "master")
        .refused("trunk")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: running the suite: git -C [root]/origin.git update-ref refs/heads/master HEAD~1; echo 1795511400 >../clock
            pushgate: push to staging (staging) refused
              trunk: master is 1 commit ahead of origin/master (you push [Write .pushgate.yml], origin has [Write .pushgate.yml'])
              push it there first, then push again:
                git push origin master
              note: trunk had passed before the suite ran
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
}

#[test]
fn a_push_to_trunk_asks_nobody_and_runs_the_suite() {
    let shop = Sandbox::new();
    shop.commit("two");
    let ran = shop.push("origin", "master").goes();
    ran.says("pushgate: push to trunk (origin/master) may go")
        .says("suite: passed");
    assert_eq!(
        shop.last_gates(),
        ["target passed", "trunk passed", "suite passed"]
    );
}

#[test]
fn a_forced_push_that_takes_commits_off_trunk_is_refused_and_names_them() {
    let shop = Sandbox::new();
    shop.commit_on_origin("the work of a week");
    shop.amend("rewritten");
    shop.push("origin", "+master")
        .refused("trunk")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to trunk (origin/master) refused
              trunk: [rewritten] would take 1 commit off origin/master:
                [the work of a week] the work of a week (Ana)
              keep them, then push again; to undo one, git revert it:
                git pull --rebase origin master
            error: failed to push some refs to '[root]/origin.git'
        "#]]);
}

#[test]
fn trunk_is_the_branch_that_origin_head_names() {
    let shop = Sandbox::new();
    shop.git(["branch", "-m", "master", "main"]).goes();
    shop.push_ungated("origin", "main");
    // Both exist there now; origin/HEAD decides.
    shop.git(["remote", "set-head", "origin", "main"]).goes();
    shop.commit("two");
    shop.push("staging", "main")
        .refused("trunk")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to staging (staging) refused
              trunk: main is 1 commit ahead of origin/main (you push [two], origin has [Write .pushgate.yml])
              push it there first, then push again:
                git push origin main
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
    shop.git(["remote", "set-head", "origin", "--delete"])
        .goes();
    let ran = shop.push("staging", "main");
    ran.undecided("trunk").is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: push to staging (staging) not decided, so it does not go
          trunk: which branch is trunk? `origin` has both master and main
          have git ask, or name it in `trunk.branch` of .pushgate.yml:
            git remote set-head origin --auto
        error: failed to push some refs to '[root]/staging.git'
    "#]]);
}

#[test]
fn the_policy_may_name_trunk_and_its_remote() {
    let shop = Sandbox::new();
    shop.git(["remote", "rename", "origin", "hub"]).goes();
    shop.git(["branch", "-m", "master", "trunk"]).goes();
    shop.policy(
        "trunk: {branch: trunk, remote: hub}\nsuite: {run: 'true'}\nenvironments: {staging: {}}\n",
    );
    shop.push("hub", "trunk")
        .goes()
        .says("push to trunk (hub/trunk) may go");
    // As `git clone` notes it; until then the policy of hub/master, which names origin, has a say.
    shop.push("staging", "trunk:master")
        .goes_not()
        .says("there is no remote `origin`");
    shop.git(["remote", "set-head", "hub", "trunk"]).goes();
    shop.push("staging", "trunk:master").goes();
}

#[test]
fn a_missing_trunk_is_undecided() {
    let shop = Sandbox::bare();
    shop.policy(crate::support::POLICY);
    shop.install();
    shop.push("staging", "master")
        .undecided("trunk")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to staging (staging) not decided, so it does not go
              trunk: `origin/master` does not exist
              push it, or name another in `trunk.branch` of .pushgate.yml:
                git push origin master
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
    shop.push("origin", "master").goes();
    shop.push("staging", "master").goes();
}

#[test]
fn a_missing_origin_is_undecided() {
    let shop = Sandbox::new();
    shop.commit("two");
    shop.git(["remote", "remove", "origin"]).goes();
    shop.push("staging", "master")
        .undecided("trunk")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to staging (staging) not decided, so it does not go
              trunk: there is no remote `origin`, where trunk should be
              add it, or name another in `trunk.remote` of .pushgate.yml:
                git remote add origin URL
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
    shop.git(["remote", "add", "orgin", "../origin.git"]).goes();
    shop.push("staging", "master")
        .undecided("trunk")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to staging (staging) not decided, so it does not go
              trunk: there is no remote `origin`, where trunk should be; did you mean `orgin`?
              add it, or name another in `trunk.remote` of .pushgate.yml:
                git remote add origin URL
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
}

#[test]
fn an_environment_on_trunks_own_remote_keeps_every_commit_there() {
    let shop = Sandbox::new();
    shop.policy("suite: {run: 'true'}\nenvironments: {production: {remote: origin}}\n");
    shop.push("origin", "master")
        .goes()
        .says("push to production (origin) may go");
    shop.amend("rewritten");
    shop.push("origin", "+master")
        .refused("trunk")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (origin) refused
              trunk: [rewritten] would take 1 commit off origin/master:
                [Write .pushgate.yml] Write .pushgate.yml (Ana)
              keep them, then push again; to undo one, git revert it:
                git pull --rebase origin master
            error: failed to push some refs to '[root]/origin.git'
        "#]]);
}

#[test]
fn a_trunk_that_was_renamed_on_the_server_is_followed_by_the_cure() {
    let shop = Sandbox::new();
    shop.git(["remote", "set-head", "origin", "--auto"]).goes();
    shop.commit_on_origin("two");
    let server = shop.path("origin.git");
    let on_server = |args: &[&str]| {
        let mut git = shop.command("git");
        Ran::of(git.arg("--git-dir").arg(&server).args(args)).goes()
    };
    on_server(&["branch", "-m", "master", "main"]);
    on_server(&["symbolic-ref", "HEAD", "refs/heads/main"]);
    shop.push("staging", "master")
        .undecided("trunk")
        .says("`origin/master` does not exist: the branch of origin is `main`")
        .says(":\n    git fetch origin\n    git remote set-head origin --auto\n")
        .says("\n    git branch -m master main\n")
        .never_says("git push origin master");
    shop.push("origin", "master")
        .undecided("trunk")
        .says("the branch of origin is `main`")
        .says("\n    git branch -m master main\n");
    shop.git(["fetch", "-q", "origin"]).goes();
    shop.git(["remote", "set-head", "origin", "--auto"]).goes();
    shop.git(["branch", "-m", "master", "main"]).goes();
    shop.push("staging", "main").goes();
    assert_eq!(shop.ask(["ls-remote", "origin", "refs/heads/master"]), "");
}

#[test]
fn a_trunk_that_the_policy_names_is_not_made_again_where_the_server_renamed_it() {
    let shop = Sandbox::new();
    shop.policy("trunk: {branch: master}\nsuite: {run: 'true'}\nenvironments: {staging: {}}\n");
    shop.push("origin", "master").goes();
    let server = shop.path("origin.git");
    for args in [
        &["branch", "-m", "master", "main"][..],
        &["symbolic-ref", "HEAD", "refs/heads/main"],
    ] {
        let mut git = shop.command("git");
        Ran::of(git.arg("--git-dir").arg(&server).args(args)).goes();
    }
    shop.commit("two");
    shop.push("origin", "master")
        .undecided("trunk")
        .says("the branch of origin is `main`");
    assert_eq!(shop.ask(["ls-remote", "origin", "refs/heads/master"]), "");
}

#[test]
fn a_new_trunk_that_the_policy_names_may_be_made() {
    let shop = Sandbox::new();
    shop.policy("trunk: {branch: main}\nsuite: {run: 'true'}\nenvironments: {staging: {}}\n");
    shop.git(["branch", "-m", "master", "main"]).goes();
    shop.push("origin", "main")
        .goes()
        .says("origin/main is new");
}

#[test]
fn nobody_is_told_to_merge_what_git_subtree_split_made() {
    let shop = Sandbox::new();
    shop.commit_file("web/index.html", "shop\n");
    shop.push_ungated("origin", "master");
    // What `git subtree split --prefix=web` makes: the tree of web, in a history of its own.
    let split = shop.ask(["commit-tree", "HEAD:web", "-m", "web"]);
    shop.push("staging", &format!("+{split}:refs/heads/master"))
        .refused("trunk")
        .says("shares no history with origin/master")
        .says("push the newest:\n    git push staging master\n")
        .never_says("git merge");
}
