//! Deploys to several remotes, and to several URLs of one: what each has is replaced, and each that was judged is
//! written down.

use std::fs;

use serde_json::Value;

use super::{POLICY, deploy, deployments, events, shop};
use crate::support::{PUSHGATE, Ran, Sandbox, processes::script};

/// A shop whose remote `staging` pushes to two places, and a commit on trunk that neither has.
fn with_two_urls() -> (Sandbox, String) {
    let shop = Sandbox::new();
    shop.git(["init", "-q", "--bare", "../eu.git"]).goes();
    for url in ["../staging.git", "../eu.git"] {
        let url = shop.app.join(url).display().to_string();
        let add = ["config", "--add", "remote.staging.pushurl", &url];
        shop.git(add).goes();
    }
    shop.policy(POLICY);
    shop.push_ungated("staging", "master");
    let head = shop.commit_on_origin("two");
    (shop, head)
}

/// A shop whose staging is two remotes, and a commit on trunk that neither has.
fn with_two_remotes() -> Sandbox {
    let shop = Sandbox::new();
    shop.git(["init", "-q", "--bare", "../eu.git"]).goes();
    shop.git(["remote", "add", "eu", "../eu.git"]).goes();
    shop.policy(&POLICY.replace("{}", "{remote: [staging, eu]}"));
    shop.commit_on_origin("two");
    shop
}

/// The last gate of each line of the ledger, and why.
fn last_gates(shop: &Sandbox) -> Vec<[Value; 2]> {
    let ledger = shop.ledger().into_iter();
    let gates = ledger.map(|entry| entry["gates"].as_array().unwrap().last().unwrap().clone());
    gates
        .map(|gate| [gate["gate"].clone(), gate["why"].clone()])
        .collect()
}

/// A commit that is nowhere else, at this URL alone.
fn push_other(shop: &Sandbox, url: &str) -> String {
    shop.git(["switch", "-q", "-c", "other"]).goes();
    let other = shop.commit("other");
    shop.git(["push", "-q", "-f", "--no-verify", url, "other:master"])
        .goes();
    shop.git(["switch", "-q", "master"]).goes();
    other
}

#[test]
fn a_url_that_is_behind_is_seen_by_status_and_check() {
    let (shop, _) = with_two_urls();
    shop.push("staging", "master").goes();
    let both = || {
        let [status, check] = ["status", "check"].map(|command| shop.pushgate([command]));
        (status.stdout, check.stderr)
    };
    let (status, check) = both();
    assert!(status.contains("nothing new: master is there"), "{status}");
    assert!(check.contains("deploys nothing new"), "{check}");
    let eu = shop.path("eu.git");
    for args in [
        &["update-ref", "refs/heads/master", "master~1"][..],
        &["update-ref", "-d", "refs/heads/master"],
    ] {
        shop.run_in(&eu, "git", args).goes();
        let (status, check) = both();
        assert!(!status.contains("nothing new: master is"), "{status}");
        assert!(check.contains("may go"), "{check}");
        assert!(!check.contains("deploys nothing new"), "{check}");
    }
}

#[test]
fn each_url_is_pushed_to_by_what_it_has() {
    for url in ["../staging.git", "../eu.git"] {
        let (shop, head) = with_two_urls();
        let other = push_other(&shop, url);
        deploy(&shop, &["staging"])
            .ends_with(1)
            .says("  takes 1 commit away")
            .says("deploy staging --yes\n");
        let tips = || ["staging", "eu"].map(|remote| shop.tip(remote, "master"));
        assert!(tips().contains(&other));
        deploy(&shop, &["staging", "--yes"]).goes();
        assert_eq!(tips(), [head.clone(), head]);
        let known = deployments(&shop, &shop.app);
        assert_eq!(known.len(), 2, "{known:?}");
        assert!(known.iter().any(|one| one["replaces"] == other.as_str()));
    }
}

#[test]
fn a_url_that_lacks_the_commit_gets_it_where_another_has_it() {
    for has in ["../staging.git", "../eu.git"] {
        let (shop, head) = with_two_urls();
        shop.git(["push", "-q", "--no-verify", has, "master"])
            .goes();
        deploy(&shop, &["staging"]).goes().says(" already\n");
        assert_eq!(shop.tip("staging", "master"), head);
        assert_eq!(shop.tip("eu", "master"), head);
        assert_eq!(events(&shop), ["deploy go"]);
        deploy(&shop, &["staging"]).goes().never_says("may go");
    }
}

#[test]
fn what_one_url_refuses_another_has_and_a_dead_one_holds_up_nobody() {
    let (shop, head) = with_two_urls();
    let [staging, eu] = ["staging", "eu"].map(|name| shop.path(name).display().to_string());
    script(
        &shop,
        &shop.path("eu.git/hooks/pre-receive"),
        "#!/bin/sh\nexit 1\n",
    );
    let said = format!(
        "{staging} got {}; not: {eu}\n  try the rest again:\n    pushgate deploy staging\n",
        &head[..7]
    );
    deploy(&shop, &["staging"]).ends_with(1).says(&said);
    assert_eq!(shop.tip("staging", "master"), head);
    let known = deployments(&shop, &shop.app);
    let places: Vec<_> = known.iter().map(|one| &one["destinations"]).collect();
    assert_eq!(places, [&serde_json::json!([staging])]);
    let next = shop.commit_on_origin("three");
    fs::remove_dir_all(shop.path("eu.git")).unwrap();
    let ran = deploy(&shop, &["staging"]).ends_with(128);
    ran.says(&format!(
        "{staging} got {id}; nothing tells whether {eu} got {id}\n  see what is live:\n    pushgate status\n  try the rest again:\n    pushgate deploy staging\n",
        id = &next[..7]
    ));
    assert_eq!(shop.tip("staging", "master"), next);
}

#[test]
fn a_push_that_goes_on_to_the_next_url_has_not_arrived_at_a_dead_first_one() {
    let (shop, head) = with_two_urls();
    let [staging, eu] = ["staging", "eu"].map(|name| shop.path(name).display().to_string());
    fs::remove_dir_all(shop.path("staging.git")).unwrap();
    deploy(&shop, &["staging"]).ends_with(128).says(&format!(
        "{eu} got {id}; nothing tells whether {staging} got {id}",
        id = &head[..7]
    ));
    assert_eq!(shop.tip("eu", "master"), head);
    shop.pushgate(["log"]).goes();
    let known = deployments(&shop, &shop.app);
    let places: Vec<_> = known.iter().map(|one| &one["destinations"]).collect();
    assert_eq!(places, [&serde_json::json!([eu])]);
}

/// git pushes to the next URL, and ends with 1.
#[test]
fn what_a_server_took_before_it_died_is_told() {
    for (then, said) in [
        (
            "true",
            "pushgate: {staging}, {eu} got {id}, though `git push` ended with exit code 1\n  see what is live:\n    pushgate status\n",
        ),
        (
            "mv ../staging.git ../gone.git",
            "pushgate: deploy not done\n  {eu} got {id}; nothing tells whether {staging} got {id}\n  see what is live:\n    pushgate status\n  try the rest again:\n    pushgate deploy staging\n",
        ),
    ] {
        let (shop, head) = with_two_urls();
        let dies = format!(
            "#!/bin/sh\ngit receive-pack \"$1\"\ncase $1 in *staging.git) {then}; exit 1; esac\n"
        );
        script(&shop, &shop.path("dies"), &dies);
        let program = shop.path("dies").display().to_string();
        shop.git(["config", "remote.staging.receivepack", &program])
            .goes();
        let [staging, eu] = ["staging", "eu"].map(|name| shop.path(name).display().to_string());
        let said = [
            ("{staging}", &*staging),
            ("{eu}", &eu),
            ("{id}", &head[..7]),
        ]
        .iter()
        .fold(said.to_owned(), |said, (name, text)| {
            said.replace(name, text)
        });
        deploy(&shop, &["staging"]).ends_with(1).says(&said);
        assert_eq!(shop.tip("eu", "master"), head);
        // What is told is what is recorded.
        let known = deployments(&shop, &shop.app);
        let is_known = |place: &String| {
            let place = serde_json::json!([place]);
            known.iter().any(|one| one["destinations"] == place)
        };
        assert_eq!([is_known(&staging), is_known(&eu)], [then == "true", true]);
    }
}

#[test]
fn what_may_go_is_written_down_where_another_destination_may_not() {
    let shop = with_two_remotes();
    shop.colleague_pushes("eu", "not here");
    deploy(&shop, &["staging"]).refused("target");
    assert_eq!(events(&shop), ["deploy refused", "deploy refused"]);
    let [first, second] = last_gates(&shop).try_into().unwrap();
    let why = "another destination of the deploy may not have it";
    assert_eq!(first, ["deploy", why]);
    assert_eq!(second[0], "target");
    assert!(deployments(&shop, &shop.app).is_empty());
}

#[test]
fn what_a_signal_leaves_undone_is_written_down() {
    let shop = with_two_remotes();
    let pid = shop.path("pid").display().to_string();
    script(
        &shop,
        &shop.path("staging.git/hooks/post-receive"),
        &format!("#!/bin/sh\nkill -TERM \"$(cat {pid})\"\nsleep 0.3\n"),
    );
    let line = format!("echo $$ >{pid}; exec {PUSHGATE} deploy staging");
    let mut run = shop.command("sh");
    let ran = Ran::of(run.args(["-c", &line]));
    assert_eq!(ran.code, 143, "{ran}");
    assert_eq!(events(&shop), ["deploy go", "deploy refused"]);
    assert_eq!(last_gates(&shop)[1], ["signal", "it ended the deploy"]);
    assert_eq!(shop.tip("eu", "master"), "");
}

/// The cure holds the override, and works.
#[test]
fn what_would_take_commits_off_unasked_is_written_down_with_its_override() {
    let shop = shop(POLICY);
    push_other(&shop, "staging");
    let mut hurried = shop.command(PUSHGATE);
    hurried
        .args(["deploy", "staging"])
        .envs([("PUSHGATE_SKIP", "suite"), ("PUSHGATE_REASON", "a hurry")]);
    let what = format!(
        "staging has commits that {} does not have: a deploy takes them off only with --yes",
        &shop.ask(["rev-parse", "HEAD"])[..7]
    );
    let cure =
        "PUSHGATE_SKIP=suite PUSHGATE_REASON='a hurry' pushgate deploy staging --yes".to_owned();
    Ran::of(&mut hurried).ends_with(1).says(&format!(
        "pushgate: deploy not done\n  {what}\n  if they are to go:\n    {cure}\n"
    ));
    assert_eq!(events(&shop), ["deploy refused"]);
    assert_eq!(last_gates(&shop), [["deploy", what.as_str()]]);
    assert_eq!(shop.ledger()[0]["reason"], "a hurry");
    let cure = cure.replace("pushgate", PUSHGATE);
    shop.run_in(&shop.app, "sh", ["-c", &cure]).goes();
    assert_eq!(events(&shop)[1..], ["deploy overridden"]);
    fs::remove_file(shop.path("runs")).unwrap_err();
}

#[test]
fn a_relative_url_is_of_the_top_wherever_it_is_deployed_from() {
    let shop = Sandbox::new();
    shop.policy(
        "suite: {run: 'true'}\nenvironments: {staging: {}, production: {after: staging, signoff: true}}\n",
    );
    shop.git(["remote", "set-url", "staging", "../staging.git"])
        .goes();
    shop.commit_on_origin("two");
    let below = shop.path("app/below");
    fs::create_dir(&below).unwrap();
    for args in [
        &["deploy", "staging"][..],
        &["approve", "staging", "-m", "tried"],
    ] {
        shop.run_in(&below, PUSHGATE, args.iter().copied()).goes();
    }
    shop.push("production", "master").goes();
}
