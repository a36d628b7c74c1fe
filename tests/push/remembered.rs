//! What is remembered is what happened, and everybody knows it: pushes that do not arrive, that go around
//! the gate, and those that somebody behind trunk would like to make.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use expect_test::expect;

use crate::support::{
    PUSHGATE, Ran, Sandbox,
    notes_worker::{deployments, records},
    person::Person,
    shared,
};

const POLICY: &str = "\
suite: {run: 'true'}
environments:
  staging: {}
  production:
    after: staging
    signoff: false
    window: {timezone: UTC, closed: ['22:00-07:00']}
    reason: required
";

fn shop() -> Sandbox {
    shop_of(POLICY)
}

/// A shop of which nothing is known yet but that its first commit is live.
pub(super) fn shop_of(policy: &str) -> Sandbox {
    let shop = Sandbox::new();
    shop.policy(policy);
    for remote in ["origin", "staging", "production"] {
        shop.push_ungated(remote, "master");
    }
    // What went before is not judged; from now on all is.
    shop.later(60);
    shop.date_hook(&shop.app);
    shop
}

pub(super) fn people(shop: &Sandbox) -> [Person<'_>; 2] {
    let ben = Person::joins(shop, "Ben", &["staging", "production"]);
    [Person::ana(shop), ben]
}

/// Commits, and deploys to staging and to production.
fn deploys(person: &Person<'_>, time: &str, subject: &str) -> String {
    let commit = person.commits(subject);
    for remote in ["origin", "staging", "production"] {
        person.push(time, remote).goes();
    }
    commit
}

/// The events of production in the log, the oldest first, without their times.
fn log(person: &Person<'_>, time: &str) -> String {
    let log = person.reads(time, &["log", "--environment", "production"]);
    let mut events: Vec<String> = Vec::new();
    for line in log.lines() {
        match (line.strip_prefix("2026-"), events.last_mut()) {
            (None, Some(event)) => *event += &format!("{line}\n"),
            (rest, _) => {
                let words = rest.unwrap_or(line)[13..].split_whitespace();
                events.push(words.collect::<Vec<_>>().join(" ") + "\n");
            }
        }
    }
    events.reverse();
    events.concat()
}

/// Has a server reject what comes, until the file is removed.
fn rejects(shop: &Sandbox, remote: &str) -> PathBuf {
    let hook = shop.path(&format!("{remote}.git/hooks/pre-receive"));
    fs::write(&hook, "#!/bin/sh\necho the build failed >&2\nexit 1\n").unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    hook
}

/// A rollback by hand.
fn back<'w>(more: &[&'w str], refspec: &'w str) -> Vec<&'w str> {
    let words = [
        "PUSHGATE_ROLLBACK=1",
        "PUSHGATE_REASON=it is down",
        "git",
        "push",
    ];
    [&words[..], more, &["--force", "production", refspec]].concat()
}

#[test]
fn a_dry_run_is_no_rollback_and_no_deployment() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    let two = deploys(&ana, "10:00", "two");
    let three = deploys(&ana, "11:00", "three");
    let before = deployments(&shop, &shop.app);
    let refspec = format!("{two}:refs/heads/master");
    ana.at("12:00", &back(&["--dry-run"], &refspec)).goes();
    let four = ana.commits("four");
    ana.push("12:10", "origin").goes();
    ana.at("12:10", &["git", "push", "--dry-run", "staging", "master"])
        .goes();
    assert_eq!(deployments(&shop, &shop.app), before);
    let ran = ana.push("12:20", "production").refused("promotion");
    ran.says(&format!("staging has {}", &three[..7]));
    ana.push("12:30", "staging").goes();
    ana.push("12:30", "production").goes();
    let [two, three, four] = [&two, &three, &four].map(|id| &id[..7]);
    assert_eq!(
        log(&ana, "13:00"),
        format!(
            "\
go production {two} Ana <ana@shop.example>
go production {three} Ana <ana@shop.example>
rollback production {two} Ana <ana@shop.example>
    had not arrived when git ended: the server refused it, or git did not send it
    reason: it is down
refused production {four} Ana <ana@shop.example>
    promotion refused: staging has {three}, not {four}, which is 1 commit ahead of it; both have the same content
go production {four} Ana <ana@shop.example>
"
        )
    );
    let team = log(&ben, "13:00");
    assert!(!team.contains("rollback"), "{team}");
    assert_eq!(team.matches('\n').count(), 3, "{team}");
}

#[test]
fn what_the_server_rejected_was_never_live_here_or_for_anybody() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    let two = deploys(&ana, "10:00", "two");
    let three = ana.commits("three");
    ana.push("11:00", "origin").goes();
    ana.push("11:00", "staging").goes();
    let hook = rejects(&shop, "production");
    ana.push("11:10", "production")
        .goes_not()
        .says("the build failed");
    fs::remove_file(&hook).unwrap();
    let said = log(&ana, "11:20");
    let arrived_not = format!(
        "go production {} Ana <ana@shop.example>\n    had not arrived when git ended: the server refused it, or git did not send it\n",
        &three[..7]
    );
    assert!(said.ends_with(&arrived_not), "{said}");
    assert!(!log(&ben, "11:20").contains(&three[..7]));
    // What is live stays what it was.
    for person in [&ana, &ben] {
        let status = person.reads("11:30", &["status"]);
        assert!(
            status.contains(&format!("  live      {} two\n", &two[..7])),
            "{status}"
        );
        assert!(
            status.contains(", since 10:00 (1h 30m), by Ana\n"),
            "{status}"
        );
    }
    // What was never live is nothing to go back to.
    ana.push("11:40", "production").goes();
    let four = deploys(&ben, "12:00", "four");
    assert_eq!(shop.tip("production", "master"), four);
}

#[test]
fn a_rollback_that_the_server_rejected_took_nothing_away() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    let two = deploys(&ana, "10:00", "two");
    let three = deploys(&ana, "11:00", "three");
    let hook = rejects(&shop, "production");
    let refspec = format!("{two}:refs/heads/master");
    ana.at("11:10", &back(&[], &refspec)).goes_not();
    ana.at("11:11", &[PUSHGATE, "rollback", "--yes", "-m", "down"])
        .goes_not();
    fs::remove_file(&hook).unwrap();
    assert!(!deployments(&shop, &shop.app).join(" ").contains("rollback"));
    assert!(!log(&ben, "11:20").contains("rollback"));
    // Three is live, and may come back after the next deploy.
    let four = deploys(&ben, "12:00", "four");
    ana.git(&["pull", "-q", "--ff-only", "origin", "master"])
        .goes();
    ana.at("12:10", &back(&[], &format!("{three}:refs/heads/master")))
        .goes();
    assert_eq!(shop.tip("production", "master"), three);
    assert!(log(&ben, "12:20").contains(&format!("rollback production {}", &three[..7])));
    ben.push("12:30", "production")
        .refused("promotion")
        .says(&format!("a rollback took {} off production", &four[..7]));
}

#[test]
fn who_is_behind_is_behind_and_no_force_makes_it_a_rollback() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    deploys(&ana, "10:00", "two");
    let three = deploys(&ben, "11:00", "three");
    ana.git(&["fetch", "-q", "origin"]).goes();
    ana.at("12:00", &[PUSHGATE, "check", "production"])
        .says("1 commit behind")
        .never_says("rollback")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: checking master ([two]) for production
            pushgate: push to production (production) refused
              trunk: master is 1 commit behind origin/master (you push [two], origin has [three])
              get the newest, then push again:
                git pull --ff-only origin master
              promotion: staging has [three], not [two], which is 1 commit behind it; both have the same content
              it is asked again about the commit that you push then
        "#]]);
    let status = ana.reads("12:00", &["status"]);
    assert!(status.contains("1 commit behind"), "{status}");
    assert!(
        !status.contains("rollback") && !status.contains("--force"),
        "{status}"
    );
    for (time, gate) in [("12:00", "trunk"), ("23:00", "window")] {
        let ran = ana.at(time, &["git", "push", "--force", "production", "master"]);
        ran.refused(gate).never_says("rollback");
    }
    assert_eq!(shop.tip("production", "master"), three);
    // The cure cures.
    ana.git(&["pull", "-q", "--ff-only", "origin", "master"])
        .goes();
    ana.push("12:10", "production").goes();
}

#[test]
fn everybody_sees_an_override_its_gates_and_its_reason() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    let two = ana.commits("two");
    ana.push("10:00", "origin").goes();
    ana.push("10:00", "staging").goes();
    let push = ["git", "push", "production", "master"];
    let skip = [
        "PUSHGATE_SKIP=window,suite",
        "PUSHGATE_REASON=the site is down",
    ];
    ana.at("23:00", &[&skip[..1], &push[..]].concat())
        .goes_not()
        .says("an override of production must say why");
    ana.at("23:00", &[&skip[..], &push[..]].concat()).goes();
    let said = log(&ben, "23:10");
    assert_eq!(
        said,
        format!(
            "overridden production {} Ana <ana@shop.example>\n    window, suite skipped\n    reason: the site is down\n",
            &two[..7]
        )
    );
    for person in [&ana, &ben] {
        let status = person.reads("23:10", &["status"]);
        assert!(status.contains("since 23:00 (10m), by Ana\n"), "{status}");
        assert!(
            status.contains("            overridden: without window, suite (the site is down)\n"),
            "{status}"
        );
    }
    let off = ["PUSHGATE=off", "PUSHGATE_REASON=still down"];
    ben.commits("three");
    ben.at(
        "23:20",
        &[&off[..], &["git", "push", "production", "master"]].concat(),
    )
    .goes();
    let status = ana.reads("23:30", &["status"]);
    assert!(
        status.contains("            overridden: no gate was asked (still down)\n"),
        "{status}"
    );
}

#[test]
fn what_went_around_the_gate_is_said_loudly() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    deploys(&ana, "10:00", "two");
    let three = ben.commits("three");
    ben.push("11:00", "origin").goes();
    ben.at(
        "11:00",
        &["git", "push", "-q", "--no-verify", "production", "master"],
    )
    .goes();
    ana.git(&["pull", "-q", "--ff-only", "origin", "master"])
        .goes();
    // Nobody has told Ana: she finds it.
    let status = ana.reads("11:30", &["status"]);
    assert!(
        status.contains(
            "the newest of trunk, first seen 11:30 (0s)\n            no gate judged this: "
        ),
        "{status}"
    );
    assert!(log(&ana, "11:31").contains("unjudged production"));
    // Ben's clone knows who did it, and when.
    let line = format!(
        "unjudged production {} Ben <ben@shop.example>\n    no gate judged this: --no-verify, or a clone without the hook\n",
        &three[..7]
    );
    assert!(log(&ben, "11:40").ends_with(&line));
    let status = ana.reads("11:50", &["status"]);
    assert!(
        status.contains("since 11:00 (50m), by Ben\n            no gate judged this: "),
        "{status}"
    );
    assert!(log(&ana, "11:50").ends_with(&line));
}

#[test]
fn what_was_live_before_the_gate_is_called_so() {
    let shop = shop();
    let [ana, _] = people(&shop);
    let status = ana.reads("11:00", &["status"]);
    assert!(
        status.contains("            it was live before the gate came\n"),
        "{status}"
    );
    assert!(!status.contains("no gate judged this"), "{status}");
    let kinds = records(&shop, &shop.app, "deployed");
    assert!(
        kinds.iter().all(|record| record["judged"] == "before"),
        "{kinds:?}"
    );
    // And what comes after it is judged, or is not.
    let two = deploys(&ana, "12:00", "two");
    assert_eq!(
        deployments(&shop, &shop.app).last().unwrap(),
        &format!("staging go {}", &two[..7])
    );
}

#[test]
fn a_date_that_git_was_given_makes_no_soak() {
    let shop = Sandbox::new();
    shop.policy("suite: {run: 'true'}\nenvironments:\n  staging: {}\n  production: {after: staging, soak: 10m, signoff: false}\n");
    shop.commit_on_origin("two");
    shop.stop_clock("2026-11-24 10:00:00");
    let mut push = shop.command("git");
    push.args(["push", "staging", "master"])
        .env("GIT_COMMITTER_DATE", "2001-01-01T00:00:00Z");
    Ran::of(&mut push).goes();
    shared(&shop.app);
    shop.push("production", "master")
        .refused("promotion")
        .says("10m");
    shop.stop_clock("2026-11-24 10:11:00");
    // It is recorded once, and as judged.
    shop.pushgate(["log"]).goes();
    let known = records(&shop, &shop.app, "deployed");
    assert_eq!(known.len(), 1, "{known:?}");
    assert_eq!(known[0]["judged"], "go");
    shop.push("production", "master").goes();
}

#[test]
fn a_clock_that_is_slow_makes_no_soak() {
    let shop = Sandbox::new();
    shop.stop_clock("2026-11-24 09:00:00");
    shop.policy("suite: {run: 'true'}\nenvironments:\n  staging: {}\n  production: {after: staging, soak: 10m, signoff: false}\n");
    shop.push_ungated("origin", "master");
    let ben = Person::joins(&shop, "Ben", &["staging", "production"]);
    let ana = Person::ana(&shop);
    shop.stop_clock("2026-11-24 10:00:00");
    ana.commits("two");
    ana.push("10:00", "origin").goes();
    ben.git(&["pull", "-q", "--ff-only", "origin", "master"])
        .goes();
    // His clock is an hour behind hers.
    ben.push("09:01", "staging").goes();
    ana.push("10:05", "production")
        .refused("promotion")
        .says("must be for 10m");
    ana.push("10:11", "production").goes();
}

#[test]
fn notes_that_are_no_commit_are_named_with_what_removes_them() {
    let shop = Sandbox::new();
    shop.policy(POLICY);
    shop.commit_on_origin("two");
    shop.push("staging", "master").goes();
    shared(&shop.app);
    let blob = shop.ask(["rev-parse", "HEAD:.pushgate.yml"]);
    shop.git(["update-ref", "refs/notes/pushgate", &blob])
        .goes();
    shop.push("production", "master")
        .undecided("promotion")
        .says("which is no commit here")
        .says("\n    git update-ref -d refs/notes/pushgate\n");
    shop.git(["update-ref", "-d", "refs/notes/pushgate"]).goes();
    shop.push("production", "master").goes();
}

#[test]
fn what_was_up_to_date_is_no_deployment_of_whoever_asked() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    let two = deploys(&ben, "10:00", "two");
    let three = deploys(&ben, "11:00", "three");
    ana.git(&["pull", "-q", "--ff-only", "origin", "master"])
        .goes();
    // git moves the tracking ref, and writes that it was pushed.
    ana.push("12:00", "production")
        .says("Everything up-to-date");
    for person in [&ana, &ben] {
        let status = person.reads("12:10", &["status"]);
        assert!(!status.contains("no gate judged"), "{status}");
        assert!(!log(person, "12:20").contains("unjudged"));
    }
    let ran = ana
        .at(
            "12:30",
            &[PUSHGATE, "rollback", "--yes", "-m", "it is down"],
        )
        .goes();
    ran.says(&format!("from {} back to {}", &three[..7], &two[..7]));
}

#[test]
fn what_went_around_the_gate_is_not_by_whoever_was_up_to_date() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    deploys(&ana, "10:00", "two");
    ben.commits("three");
    ben.push("11:00", "origin").goes();
    ben.at(
        "11:00",
        &["git", "push", "--no-verify", "production", "master"],
    )
    .goes();
    ana.git(&["pull", "-q", "--ff-only", "origin", "master"])
        .goes();
    // More than once, perhaps.
    for at in ["12:00", "12:01"] {
        ana.push(at, "production").says("Everything up-to-date");
    }
    let status = ana.reads("12:10", &["status"]);
    assert!(status.contains("no gate judged this"), "{status}");
    let log = log(&ana, "12:20");
    assert!(log.contains("noticed by Ana"), "{log}");
}

#[test]
fn a_push_around_the_gate_replaces_what_others_deployed_meanwhile() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    let two = deploys(&ben, "10:00", "two");
    ana.commits("three");
    ana.push("11:00", "origin").goes();
    ana.reads("11:00", &["status"]);
    ana.at(
        "11:10",
        &["git", "push", "--no-verify", "production", "master"],
    )
    .goes();
    ana.reads("11:20", &["status"]);
    let known = records(&shop, &ana.place, "deployed");
    let unjudged = known
        .iter()
        .find(|one| one["judged"] == "unjudged")
        .unwrap();
    assert_eq!(unjudged["replaces"], two.as_str());
}

#[test]
fn so_it_does_where_its_clone_has_not_heard_of_that_yet() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    deploys(&ana, "09:05", "one");
    ben.reads("09:10", &["status"]);
    let two = deploys(&ana, "10:00", "two");
    let three = ben.commits("three");
    ben.push("11:00", "origin").goes();
    let around = ["git", "push", "--no-verify", "staging", "master"];
    ben.at("11:10", &around).goes();
    ben.reads("11:20", &["check", "staging"]);
    let known = records(&shop, &ben.place, "deployed");
    let is_it = |one: &&serde_json::Value| one["commit"] == three.as_str();
    let record = known.iter().find(is_it).unwrap();
    assert_eq!(record["replaces"], two.as_str(), "{record:#}");
}

#[test]
fn a_push_that_was_given_up_counts_once_its_commit_is_seen() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    deploys(&ana, "10:00", "two");
    let three = ana.commits("three");
    for remote in ["origin", "staging"] {
        ana.push("11:00", remote).goes();
    }
    let hook = rejects(&shop, "production");
    let why = ["PUSHGATE_SKIP=window", "PUSHGATE_REASON=the site is down"];
    let push = [&["env"], &why[..], &["git", "push", "production", "master"]].concat();
    ana.at("11:10", &push).goes_not();
    fs::remove_file(&hook).unwrap();
    // The platform went on building after git had ended.
    shop.run_in(
        &ana.place,
        "git",
        [
            "push",
            "-q",
            "--no-verify",
            &shop.path("production.git").display().to_string(),
            "master",
        ],
    )
    .goes();
    let status = ana.reads("11:20", &["status"]);
    assert!(!status.contains("no gate judged"), "{status}");
    assert!(status.contains("the site is down"), "{status}");
    let status = ben.reads("11:30", &["status"]);
    assert!(status.contains("the site is down"), "{status}");
    assert!(log(&ben, "11:40").contains(&three[..7]));
}

#[test]
fn what_others_push_around_the_gate_after_a_rejection_is_not_judged() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    deploys(&ana, "10:00", "two");
    ana.commits("three");
    for remote in ["origin", "staging"] {
        ana.push("11:00", remote).goes();
    }
    let hook = rejects(&shop, "production");
    ana.push("11:10", "production").goes_not();
    fs::remove_file(&hook).unwrap();
    ben.git(&["pull", "-q", "--ff-only", "origin", "master"])
        .goes();
    ben.at(
        "13:00",
        &["git", "push", "--no-verify", "production", "master"],
    )
    .goes();
    let status = ana.reads("13:10", &["status"]);
    assert!(status.contains("no gate judged this"), "{status}");
}

#[test]
fn a_rollback_that_arrived_after_git_had_ended_is_a_rollback() {
    let shop = shop();
    let [ana, _] = people(&shop);
    let two = deploys(&ana, "10:00", "two");
    let three = deploys(&ana, "11:00", "three");
    let hook = rejects(&shop, "production");
    ana.at("12:00", &back(&[], &format!("{two}:refs/heads/master")))
        .goes_not();
    fs::remove_file(&hook).unwrap();
    let url = shop.path("production.git").display().to_string();
    let late = format!("+{two}:refs/heads/master");
    ana.git(&["push", "-q", "--no-verify", &url, &late]).goes();
    ana.push("12:30", "production")
        .refused("promotion")
        .says(&format!("a rollback took {} off production", &three[..7]));
}

#[test]
fn a_place_that_has_another_commit_at_one_of_its_urls_is_not_staging() {
    // Two branches at one URL do not stand for two URLs.
    for refspecs in [&["master"][..], &["master:main", "master"]] {
        let shop = shop();
        let [ana, _] = people(&shop);
        shop.git(["init", "-q", "--bare", "../eu.git"]).goes();
        for place in ["staging.git", "eu.git"] {
            let url = shop.path(place).display().to_string();
            ana.git(&["remote", "set-url", "--add", "--push", "staging", &url])
                .goes();
        }
        ana.commits("two");
        ana.push("10:00", "origin").goes();
        let hook = rejects(&shop, "eu");
        let push = [&["git", "push", "staging"], refspecs].concat();
        ana.at("10:00", &push).goes_not();
        ana.push("10:10", "production")
            .refused("promotion")
            .says("not all places that `staging` pushes to have");
        let partly = "\n            not all places that `staging` pushes to have it\n  suite ";
        assert!(ana.reads("10:10", &["status"]).contains(partly));
        fs::remove_file(&hook).unwrap();
        ana.push("10:20", "staging").goes();
        assert!(!ana.reads("10:20", &["status"]).contains(partly));
        ana.push("10:30", "production").goes();
    }
}
