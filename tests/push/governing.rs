//! Which policy governs a push: that of the pushed commit, and trunk's where that one lets go.

use std::fs;

use expect_test::expect;

use crate::support::{Sandbox, clock::Clock};

const BOTH: &str = "suite: {run: 'true'}\nenvironments:\n  staging: {}\n  production: {after: staging, signoff: false}\n";
const NO_PRODUCTION: &str = "suite: {run: 'true'}\nenvironments: {staging: {}}\n";
const BROKEN: &str = "suite: {rum: 'true'}\n";

/// A shop whose trunk has a policy for both environments.
fn shop() -> Sandbox {
    let shop = Sandbox::new();
    shop.policy(BOTH);
    shop.push_ungated("origin", "master");
    shop.git(["switch", "-qc", "feature"]).goes();
    shop
}

#[test]
fn a_commit_whose_policy_forgets_an_environment_does_not_slip_into_it() {
    let shop = shop();
    shop.policy(NO_PRODUCTION);
    let before = shop.tip("production", "master");
    shop.push("production", "feature:master")
        .refused("trunk")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: note: judged by trunk's .pushgate.yml, for the pushed commit brings none that governs this
            pushgate: push to production (production) refused
              trunk: [Write .pushgate.yml] is not on origin/master: 1 commit of it never merged (origin has [Write .pushgate.yml'])
              merge it first, run the tests, and push the merge:
                git switch master
                git merge feature
                git push origin master
                git push production master
              promotion: staging has [Write .pushgate.yml''], not [Write .pushgate.yml], which is 2 commits ahead of it
              it is asked again about the commit that you push then
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    let url = shop.path("production.git");
    shop.push(url.to_str().unwrap(), "feature:master")
        .refused("trunk")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: note: judged by trunk's .pushgate.yml, for the pushed commit brings none that governs this
            pushgate: push to production (production) refused
              trunk: [Write .pushgate.yml] is not on origin/master: 1 commit of it never merged (origin has [Write .pushgate.yml'])
              merge it first, run the tests, and push the merge:
                git switch master
                git merge feature
                git push origin master
                git push [root]/production.git master
              promotion: staging has [Write .pushgate.yml''], not [Write .pushgate.yml], which is 2 commits ahead of it
              it is asked again about the commit that you push then
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    assert_eq!(shop.tip("production", "master"), before);
}

#[test]
fn nor_does_one_that_has_no_policy_at_all() {
    let shop = shop();
    shop.git(["rm", "-q", ".pushgate.yml"]).goes();
    shop.commit("nothing governs me");
    shop.push("production", "feature:master")
        .refused("trunk")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: note: judged by trunk's .pushgate.yml, for the pushed commit brings none that governs this
            pushgate: push to production (production) refused
              trunk: [nothing governs me] is not on origin/master: 1 commit of it never merged (origin has [Write .pushgate.yml])
              merge it first, run the tests, and push the merge:
                git switch master
                git merge feature
                git push origin master
                git push production master
              promotion: staging has [Write .pushgate.yml'], not [nothing governs me], which is 2 commits ahead of it
              it is asked again about the commit that you push then
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn an_environment_that_trunk_gave_up_is_free() {
    let shop = shop();
    shop.git(["switch", "-q", "master"]).goes();
    shop.policy(NO_PRODUCTION);
    shop.push("origin", "master").goes();
    shop.push("production", "master").goes().silent();
}

#[test]
fn a_policy_that_does_not_load_stops_only_what_trunk_s_policy_governs() {
    let shop = shop();
    shop.policy(BROKEN);
    let id = shop.ask(["rev-parse", "HEAD"]);
    shop.push("origin", "feature")
        .goes()
        .says("note: .pushgate.yml at")
        .says("`rum`");
    assert_eq!(shop.tip("origin", "feature"), id);
    shop.push("origin", ":feature").goes();
    for (remote, refspec) in [
        ("staging", "feature:master"),
        ("production", "feature:master"),
        ("origin", "feature:master"),
    ] {
        let ran = shop.push(remote, refspec).goes_not();
        ran.says("not decided").says("did you mean `run`?");
    }
}

#[test]
fn where_no_policy_loads_nothing_goes() {
    let shop = Sandbox::new();
    shop.policy(BROKEN);
    shop.push_ungated("origin", "master");
    shop.git(["switch", "-qc", "feature"]).goes();
    shop.push("origin", "feature")
        .goes_not()
        .says("did you mean `run`?");
    shop.policy(BOTH);
    shop.push("origin", "feature").goes();
}

#[test]
fn a_suite_for_every_branch_ages_what_the_first_branch_was_told() {
    let shop = Sandbox::new();
    shop.policy(&format!(
        "suite: {{on: all, in: worktree, run: 'test ! -e moves || ({move}) >/dev/null 2>&1'}}\nenvironments: {{staging: {{}}}}\n",
        move = format_args!(
            "echo {} >{}; cd {} && git push -q --no-verify origin HEAD:master",
            // What was answered is old then.
            Clock::line("2026-11-24 09:10:00"),
            shop.path("clock").display(),
            shop.path("theirs").display()
        )
    ));
    shop.push_ungated("origin", "master");
    let origin = shop.path("origin.git");
    shop.git(["clone", "-q", origin.to_str().unwrap(), "../theirs"])
        .goes();
    shop.git([
        "-C",
        "../theirs",
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        "theirs",
    ])
    .goes();
    shop.git(["switch", "-qc", "topic"]).goes();
    shop.commit_file("moves", "");
    let before = shop.tip("staging", "master");
    shop.git(["push", "staging", "master", "topic"])
        .refused("trunk")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: running the suite: test ! -e moves || (echo 1795511400 >[root]/clock; cd [root]/theirs && git push -q --no-verify origin HEAD:master) >/dev/null 2>&1
            pushgate: running the suite: test ! -e moves || (echo 1795511400 >[root]/clock; cd [root]/theirs && git push -q --no-verify origin HEAD:master) >/dev/null 2>&1
            pushgate: push to staging (staging) refused
              trunk: master is 1 commit behind origin/master (you push [Write .pushgate.yml], origin has [theirs])
              get the newest, then push again:
                git switch master
                git pull --ff-only origin master
              note: trunk had passed before the suite ran
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
    assert_eq!(shop.tip("staging", "master"), before);
    // Nothing went, so nothing is written down as gone.
    assert!(shop.ledger().iter().all(|entry| entry["verdict"] != "go"));
}

#[test]
fn a_tag_deploys_where_the_platform_takes_any_ref() {
    let shop = Sandbox::new();
    shop.policy("suite: {run: 'true'}\nenvironments: {staging: {app: apps.example/shop}}\n");
    shop.push_ungated("origin", "master");
    for user in ["dokku", "piku"] {
        let url = format!("{user}@apps.example:shop");
        let master = shop.ask(["rev-parse", "master"]);
        shop.git(["tag", "-fam", "one", "v1"]).goes();
        let tag = shop.ask(["rev-parse", "v1"]);
        let line = format!("refs/tags/v1 {tag} refs/tags/v1 {}\n", "0".repeat(40));
        shop.pushgate_pre_push(&url, &url, &line)
            .goes()
            .says("target: one commit, to v1")
            .says(&format!("trunk: {} is origin/master", &master[..7]));
        let other = shop.commit("not pushed");
        let line = format!("refs/tags/v2 {other} refs/tags/v2 {}\n", "0".repeat(40));
        shop.pushgate_pre_push(&url, &url, &line).refused("trunk");
        let gone = format!("(delete) {0} refs/tags/v2 {other}\n", "0".repeat(40));
        shop.pushgate_pre_push(&url, &url, &gone).goes().silent();
        shop.git(["reset", "-q", "--hard", "HEAD~1"]).goes();
    }
}

#[test]
fn a_tag_deploys_nothing_on_heroku() {
    let shop = Sandbox::new();
    let url = "https://git.heroku.com/shop.git";
    let id = shop.commit("not pushed");
    let line = format!("refs/tags/v1 {id} refs/tags/v1 {}\n", "0".repeat(40));
    shop.pushgate_pre_push(url, url, &line).goes().silent();
}

#[test]
fn without_a_policy_a_heroku_remote_counts_in_either_spelling() {
    let shop = Sandbox::new();
    shop.git(["rm", "-q", "--ignore-unmatch", ".pushgate.yml"])
        .goes();
    shop.commit("no policy");
    let there = shop.path("production.git");
    shop.git([
        "remote",
        "set-url",
        "production",
        "https://git.heroku.com/shop.git",
    ])
    .goes();
    let key = format!("url.{}.insteadOf", there.display());
    shop.git(["config", &key, "https://git.heroku.com/shop.git"])
        .goes();
    shop.push_ungated("origin", "master");
    shop.push_with(&[("PUSHGATE_SKIP", "window")], "production", "master")
        .refused("suite")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: window is not asked: PUSHGATE_SKIP names it
            pushgate: push to production (production) refused
              window: skipped, though it would have passed
              suite: nothing says what runs your tests
              set `suite.run` in .pushgate.yml, and commit it:
                suite:
                  run: COMMAND
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn a_file_without_environments_keeps_the_default_ones() {
    let shop = Sandbox::new();
    for (remote, app) in [("staging", "shop-staging"), ("production", "shop")] {
        let url = format!("https://git.heroku.com/{app}.git");
        let key = format!(
            "url.{}.insteadOf",
            shop.path(&format!("{remote}.git")).display()
        );
        shop.git(["config", &key, &url]).goes();
        shop.git(["remote", "set-url", remote, &url]).goes();
    }
    let no_window = [("PUSHGATE_SKIP", "window")];
    for (day, text) in [
        (24, "suite: {run: 'true'}\n"),
        (26, "environments:\nsuite: {run: 'true'}\n"),
    ] {
        shop.policy(text);
        shop.push("staging", "master").refused("trunk");
        shop.push_ungated("origin", "master");
        shop.push("staging", "master")
            .goes()
            .says("push to staging (staging) may go");
        // After staging, with a sign-off, and not at night.
        shop.push_with(&no_window, "production", "master")
            .refused("promotion")
            .says("push to production (production) refused");
        let night = format!("2026-11-{day} 23:00:00");
        shop.push_at(&night, "production", "master")
            .goes_not()
            .says("  window: closed by `22:00-07:00`");
        shop.stop_clock(&format!("2026-11-{} 10:00:00", day + 1));
        let check = shop.pushgate(["check", "production"]);
        check.says("for production\n").says("  promotion: ");
        let status = shop.pushgate(["status"]);
        for name in ["staging", "production"] {
            assert!(status.stdout.contains(&format!("\n{name}")), "{status}");
        }
        let policy = shop.pushgate(["check", "--policy"]).goes();
        policy.says(".pushgate.yml is valid: nothing to say about it");
        let doctor = shop.pushgate(["doctor"]);
        let head = shop.ask(["rev-parse", "--short=7", "HEAD"]);
        let says = format!(".pushgate.yml of {head}: staging, production\n");
        assert!(doctor.stdout.contains(&says), "{doctor}");
    }
    shop.policy("environments: {}\nsuite: {run: 'true'}\n");
    shop.push_ungated("origin", "master");
    shop.push("staging", "master")
        .refused("target")
        .says("Heroku app `shop-staging` is on no environment of .pushgate.yml");
    let status = shop.pushgate(["status"]);
    let says = "note: the policy has no environment to deploy to\n";
    assert!(status.stdout.contains(says), "{status}");
}

#[test]
fn a_tag_that_goes_along_is_left_out_by_the_cure() {
    let shop = Sandbox::new();
    shop.policy("suite: {run: 'true'}\nenvironments: {staging: {app: apps.example/shop}}\n");
    shop.git(["tag", "-am", "one", "v1"]).goes();
    let tag = shop.ask(["rev-parse", "v1"]);
    let master = shop.commit("two");
    shop.push_ungated("origin", "master");
    let url = "dokku@apps.example:shop";
    shop.git(["remote", "set-url", "staging", url]).goes();
    // What git says with push.followTags.
    let none = "0".repeat(40);
    let branch = format!("refs/heads/master {master} refs/heads/master {none}\n");
    let lines = format!("{branch}refs/tags/v1 {tag} refs/tags/v1 {none}\n");
    shop.pushgate_pre_push("staging", url, &lines)
        .refused("target")
        .says("two commits for one place: ")
        .says("push the branch without the tags:\n    git push --no-follow-tags staging refs/heads/master:refs/heads/master\n");
    shop.pushgate_pre_push("staging", url, &branch).goes();
}

#[test]
fn a_repository_that_deploys_nowhere_is_left_alone_by_a_shared_hook() {
    let shop = Sandbox::bare();
    let first = shop.commit("one");
    shop.commit("two");
    shop.push_ungated("origin", "master");
    shop.install();
    let shared = shop.path("shared");
    fs::create_dir(&shared).unwrap();
    fs::rename(
        shop.app.join(".git/hooks/pre-push"),
        shared.join("pre-push"),
    )
    .unwrap();
    let set = ["config", "--global", "core.hooksPath"];
    shop.git(set.iter().copied().chain(shared.to_str())).goes();
    shop.git(["clone", "-q", "../origin.git", "../notes"])
        .goes();
    let notes = shop.path("notes");
    let git = |words: &str| shop.run_in(&notes, "git", words.split(' '));
    // Trunk's own gate would refuse all of these.
    git("commit -q --allow-empty -m three").goes();
    git("push origin master").goes().silent();
    git(&format!("push --force origin {first}:master"))
        .goes()
        .silent();
    git("push origin HEAD:refs/heads/work").goes().silent();
    assert!(!notes.join(".git/pushgate").exists());
    // With an install of its own it is judged.
    fs::create_dir(notes.join(".git/pushgate")).unwrap();
    git("push origin HEAD:master").goes_not();
}
