//! What deploys in place of `git push`: Heroku's pipelines, and places that no remote leads to.

use std::fs;

use expect_test::expect;

use super::{deploy, deploy_in, deployments, events, program, shop};
use crate::support::{PUSHGATE, Ran, Sandbox, person::Person};

const KAMAL: &str = "\
suite: {run: 'true'}
environments:
  staging: {remote: kamal-staging}
  production: {remote: kamal, after: staging, signoff: false}
";

/// A program that says what it is told, on standard output.
const TELLS: &str = "#!/bin/sh
echo \"$PUSHGATE_ENVIRONMENT: $PUSHGATE_COMMIT for ${PUSHGATE_REPLACES:-nothing}, $*\"
";

/// A shop that Kamal deploys, with a commit on trunk; no remote leads anywhere else.
fn kamal() -> Sandbox {
    let shop = shop(KAMAL);
    for remote in ["staging", "production"] {
        shop.git(["remote", "remove", remote]).goes();
    }
    program(&shop, "kamal", TELLS);
    shop
}

#[test]
fn a_command_deploys_where_no_remote_leads() {
    let shop = kamal();
    let two = shop.ask(["rev-parse", "HEAD"]);
    // Before: it was never deployed, and that is no error.
    let ran = shop.pushgate(["status"]).goes();
    assert!(
        ran.stdout.contains("nothing was ever deployed there"),
        "{ran}"
    );
    shop.pushgate(["check", "staging"])
        .goes()
        .says("leads to `staging`: checked for pushgate deploy staging -- COMMAND\n")
        .says("first deployment");
    let ran = deploy(
        &shop,
        &["staging", "--", "kamal", "deploy", "-d", "staging"],
    )
    .goes();
    assert_eq!(
        ran.stdout,
        format!("staging: {two} for nothing, deploy -d staging\n")
    );
    ran.is(&expect![[r#"
        exit 0
        --- stdout
        staging: [two whole] for nothing, deploy -d staging
        --- stderr
        pushgate: deploying master ([two]) to staging
        pushgate: deploy to staging (staging) may go
          target: one commit, to master
          window: always open
          trunk: [two] is origin/master
          lock: nobody has locked it
          suite: passed just now on this tree, in [time]
          first deployment
        pushgate: deployed [two] to staging (staging)
    "#]]);
    let three = shop.commit_on_origin("three");
    let next = format!("deploys 1 commit since {}", &two[..7]);
    shop.pushgate(["check", "staging"]).goes().says(&next);
    for report in [&["status"][..], &["status", "--diff", "staging"]] {
        let said = shop.pushgate(report).stdout;
        let staging = said.split("\nproduction").next().unwrap();
        assert!(staging.contains(&next), "{said}");
        assert!(!staging.contains("first deployment"), "{said}");
    }
    let ran = deploy(&shop, &["staging", "--", "kamal", "deploy"])
        .goes()
        .says("target: one commit, to master\n");
    assert_eq!(ran.stdout, format!("staging: {three} for {two}, deploy\n"));
    let all = ["check go", "deploy go", "check go", "deploy go"];
    assert_eq!(events(&shop), all);
    // What is live on staging is remembered, by a colleague too; and production comes after it.
    let ben = Person::joins(&shop, "Ben", &[]);
    let status = ben.run(PUSHGATE, &["status"]).goes().stdout;
    assert!(
        status.contains("three") && status.contains(", by Ana\n"),
        "{status}"
    );
    deploy_in(&shop, &ben.place, &["production", "--", "kamal", "deploy"]).goes();
    shop.pushgate(["status"]).goes();
    let log = shop.pushgate(["log"]).goes().stdout;
    assert!(log.contains("Ben <ben@shop.example>"), "{log}");
    shop.pushgate(["doctor"]).never_says("no remote leads to");
    shop.pushgate(["check", "production"]).goes();
    shop.pushgate(["approve", "staging"]).goes();
}

#[test]
fn where_only_a_command_deploys_no_branch_of_the_remote_is_missed() {
    let shop = shop(super::POLICY);
    shop.git(["init", "-q", "--bare", "../new.git"]).goes();
    shop.git(["remote", "set-url", "staging", "../new.git"])
        .goes();
    deploy(&shop, &["staging", "--", "true"]).goes();
    let status = shop.pushgate(["status"]).goes().stdout;
    let head = shop.ask(["rev-parse", "--short=7", "HEAD"]);
    let live = format!("\nstaging (new)\n  live      {head} two\n            the newest of trunk");
    assert!(status.contains(&live), "{status}");
}

#[test]
fn what_comes_after_a_place_without_a_remote_waits_for_what_is_remembered_there() {
    let shop = kamal();
    deploy(&shop, &["production", "--", "kamal", "deploy"]).is(&expect![[r#"
        exit 2
        --- stderr
        pushgate: deploying master ([two]) to production
        pushgate: deploy to production (production) not decided, so it does not go
          promotion: no remote of this repository leads to `staging`
          add one, then try again:
            git remote add kamal-staging URL
          or, where a command deploys there:
            pushgate deploy staging -- COMMAND
    "#]]);
    deploy(&shop, &["staging", "--", "kamal", "deploy"]).goes();
    shop.commit_on_origin("three");
    deploy(&shop, &["production", "--", "kamal", "deploy"]).is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: deploying master ([three]) to production
        pushgate: deploy to production (production) refused
          promotion: staging has [two], not [three], which is 1 commit ahead of it; both have the same content
          deploy it there, try it on staging, then deploy again:
            pushgate deploy staging -- COMMAND
    "#]]);
}

/// No git has anything there.
#[test]
fn where_no_remote_leads_what_was_deployed_last_is_told_beside_what_runs() {
    let shop = kamal();
    shop.policy(&KAMAL.replace("remote: kamal-staging", "live: cat ../live"));
    shop.push_ungated("origin", "master");
    let one = shop.ask(["rev-parse", "HEAD~1"]);
    fs::write(shop.path("live"), &one).unwrap();
    deploy(&shop, &["staging", "--", "kamal", "deploy"]).goes();
    let two = shop.ask(["rev-parse", "HEAD"]);
    let unlike = format!("{} was deployed last, {} runs", &two[..7], &one[..7]);
    let status = shop.pushgate(["status"]).goes().stdout;
    assert!(status.contains(&unlike), "{status}");
    assert!(!status.contains("git has"), "{status}");
    shop.commit_on_origin("three");
    shop.pushgate(["check", "staging"])
        .goes()
        .says(&format!("  note: {unlike}\n"))
        .never_says("git has");
}

#[test]
fn without_a_command_such_a_place_is_refused_with_the_cure() {
    let shop = kamal();
    deploy(&shop, &["staging"]).is(&expect![[r#"
        exit 2
        --- stderr
        pushgate: deploy not done
          no remote of this repository leads to `staging`
          add one, then try again:
            git remote add kamal-staging URL
          or, where a command deploys there:
            pushgate deploy staging -- COMMAND
    "#]]);
    deploy(&shop, &["staging", "--", "kamal", "deploy"]).goes();
    shop.commit_on_origin("three");
    deploy(&shop, &["staging", "--", "kamal", "deploy"]).goes();
    shop.pushgate(["rollback", "staging"]).is(&expect![[r#"
        exit 2
        --- stderr
        pushgate: rollback not done
          no git remote leads to staging
          name the command that does; it gets PUSHGATE_COMMIT:
            pushgate rollback staging -- COMMAND
    "#]]);
}

#[test]
fn an_app_is_the_place_where_the_policy_names_one() {
    let shop = kamal();
    shop.policy("suite: {run: 'true'}\nenvironments: {web: {app: shop.example/web}}\n");
    shop.push_ungated("origin", "master");
    deploy(&shop, &["web", "--", "kamal", "deploy"]).goes();
    let known = deployments(&shop, &shop.app);
    assert_eq!(known[0]["destinations"][0], "shop.example/web");
}

#[test]
fn a_rollback_by_a_command_is_one() {
    let shop = kamal();
    let two = shop.ask(["rev-parse", "HEAD"]);
    deploy(&shop, &["staging", "--", "kamal", "deploy"]).goes();
    let three = shop.commit_on_origin("three");
    deploy(&shop, &["staging", "--", "kamal", "deploy"]).goes();
    shop.git(["switch", "-q", "--detach", &two]).goes();
    let mut command = shop.command(PUSHGATE);
    let kamal = shop.path("bin/kamal").display().to_string();
    command.args(["rollback", "staging", "--yes", "--", &kamal, "rollback"]);
    let ran = Ran::of(&mut command).goes();
    assert_eq!(
        ran.stdout,
        format!("staging: {two} for {three}, rollback\n")
    );
    let known = deployments(&shop, &shop.app);
    assert!(
        known.iter().any(|one| one["judged"] == "rollback"),
        "{known:?}"
    );
    // What it took away stays away.
    shop.git(["switch", "-q", "master"]).goes();
    deploy(&shop, &["staging", "--", "kamal", "deploy"])
        .refused("promotion")
        .says("a rollback took ");
}

#[test]
fn a_promotion_of_heroku_is_recorded_where_its_remote_leads() {
    let shop = shop(super::POLICY);
    deploy(&shop, &["staging"]).goes();
    program(&shop, "heroku", TELLS);
    let head = shop.ask(["rev-parse", "HEAD"]);
    let before = shop.tip("production", "master");
    let promote = [
        "production",
        "--",
        "heroku",
        "pipelines:promote",
        "--app",
        "shop-staging",
    ];
    let ran = deploy(&shop, &promote).goes();
    let told = format!("production: {head} for {before}, pipelines:promote --app shop-staging\n");
    assert_eq!(ran.stdout, told);
    let known = deployments(&shop, &shop.app);
    let place = shop.place("production");
    let is_it = |one: &&serde_json::Value| one["destinations"][0] == place.as_str();
    let here = known.iter().find(is_it).unwrap();
    assert_eq!(here["commit"], head.as_str());
    assert_eq!(here["replaces"], before.as_str());
}

/// A shop whose second commit went to production through git, and whose third a command deployed there.
fn promoted() -> (Sandbox, [String; 3]) {
    let shop = shop("suite: {run: 'true'}\nenvironments: {production: {}}\n");
    program(&shop, "heroku", TELLS);
    let one = shop.ask(["rev-parse", "HEAD"]);
    shop.push("production", "master").goes();
    let two = shop.commit_on_origin("bad in git");
    shop.later(60);
    shop.push("production", "master").goes();
    let three = shop.commit_on_origin("promoted");
    shop.later(60);
    deploy(&shop, &["production", "--", "heroku", "promote"]).goes();
    assert_eq!(shop.tip("production", "master"), two);
    (shop, [one, two, three])
}

#[test]
fn what_a_command_deployed_is_live_until_git_moves_its_ref() {
    let (shop, [_, two, three]) = promoted();
    let ben = Person::joins(&shop, "Ben", &["production"]);
    for screen in [
        shop.pushgate(["status"]).goes().stdout,
        ben.run(PUSHGATE, &["status"]).stdout,
    ] {
        let (git, runs) = (&two[..7], &three[..7]);
        for line in [
            format!("\n  live      {runs} promoted\n            git has {git}, {runs} runs\n"),
            ", by Ana\n".to_owned(),
        ] {
            assert!(screen.contains(&line), "{line}\n{screen}");
        }
        assert!(!screen.contains("no gate judged"), "{screen}");
    }
    shop.pushgate(["log"]).goes().never_says("unjudged");
    let four = shop.commit_on_origin("four");
    shop.pushgate(["check", "production"])
        .goes()
        .says(&format!("deploys 1 commit since {}", &three[..7]));
    shop.later(60);
    shop.push("production", "master").goes();
    crate::support::follow_up(&shop.app);
    let status = shop.pushgate(["status"]).stdout;
    assert!(
        status.contains(&format!("live      {} four", &four[..7])),
        "{status}"
    );
    // A rollback leads to what ran, not to what git had.
    shop.later(60);
    shop.pushgate(["rollback", "--yes", "-m", "broken"])
        .goes()
        .says(&format!("from {} back to {}", &four[..7], &three[..7]));
    assert_eq!(shop.tip("production", "master"), three);
}

#[test]
fn a_rollback_of_what_a_command_deployed_leads_to_what_it_replaced() {
    let (shop, [one, two, three]) = promoted();
    shop.later(60);
    shop.pushgate(["rollback", "--yes", "-m", "broken"])
        .ends_with(2)
        .says(&format!(
            "production has {} already, and runs {}",
            &two[..7],
            &three[..7]
        ))
        .says("pushgate rollback production -- COMMAND");
    let mut command = shop.command(PUSHGATE);
    let heroku = shop.path("bin/heroku").display().to_string();
    command.args(["rollback", "--yes", "-m", "broken", "--", &heroku, "back"]);
    let ran = Ran::of(&mut command).goes();
    assert_eq!(ran.stdout, format!("production: {two} for {three}, back\n"));
    let status = shop.pushgate(["status"]).stdout;
    assert!(
        status.contains(&format!("live      {} bad in git", &two[..7])),
        "{status}"
    );
    shop.later(60);
    shop.pushgate(["rollback", "--yes", "-m", "worse"]).goes();
    assert_eq!(shop.tip("production", "master"), one);
}

#[test]
fn a_command_that_pushes_itself_is_not_judged_again() {
    let shop = shop(super::POLICY);
    let push = "git push -q staging \"$PUSHGATE_COMMIT\":refs/heads/master";
    deploy(&shop, &["staging", "--", "sh", "-c", push]).goes();
    assert_eq!(fs::read_to_string(shop.path("runs")).unwrap(), "ran\n");
    assert_eq!(events(&shop), ["deploy go"]);
    assert_eq!(deployments(&shop, &shop.app).len(), 1);
}

#[test]
fn what_else_a_command_pushes_is_judged_as_ever() {
    let shop = shop(super::POLICY);
    // Another environment, another commit, another branch: none of it was judged.
    for push in [
        "git push production \"$PUSHGATE_COMMIT\":refs/heads/master",
        "git push staging \"$(git commit-tree -p HEAD -m x HEAD^{tree})\":refs/heads/master",
        "git push staging \"$(git commit-tree -p HEAD -m x HEAD^{tree})\":refs/heads/main \"$PUSHGATE_COMMIT\":refs/heads/master",
    ] {
        let ran = deploy(&shop, &["staging", "--", "sh", "-c", push]);
        assert_eq!(ran.code, 1, "{ran}");
        ran.says("pushgate: push to ").says(" refused");
    }
    assert!(deployments(&shop, &shop.app).is_empty());
}

#[test]
fn the_suite_of_another_push_does_not_know_of_the_deploy() {
    let shop = shop("suite: {run: 'env >../seen', on: all}\nenvironments: {staging: {}}\n");
    let push = "env >../told; git push -q origin HEAD~1:refs/heads/feature";
    shop.git(["switch", "-q", "--detach", "HEAD"]).goes();
    deploy(&shop, &["staging", "--", "sh", "-c", push]);
    let read = |name: &str| fs::read_to_string(shop.path(name)).unwrap();
    assert!(read("told").contains("PUSHGATE_DEPLOY=.deploy-"));
    assert!(!read("seen").contains("PUSHGATE_DEPLOY="));
}

#[test]
fn a_deploy_once_more_is_one_more_deployment() {
    let shop = kamal();
    let two = shop.ask(["rev-parse", "HEAD"]);
    deploy(&shop, &["staging", "--", "kamal", "deploy"]).goes();
    shop.later(60);
    deploy(&shop, &["staging", "--", "kamal", "deploy"])
        .goes()
        .says("deploys nothing new");
    let known = deployments(&shop, &shop.app);
    assert_eq!(known.len(), 2);
    assert!(
        known
            .iter()
            .all(|one| one["commit"] == two.as_str() && one["replaces"].is_null())
    );
}
