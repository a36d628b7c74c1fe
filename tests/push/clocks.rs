//! People whose clocks are apart: what replaced what is known all the same.

use super::{
    remembered::{people, shop_of},
    unjudged::{LOUD, POLICY},
};
use crate::support::{Ran, Sandbox, person::Person};

/// Commits, and deploys to staging.
fn stages(person: &Person<'_>, time: &str, subject: &str) -> String {
    let commit = person.commits(subject);
    person.push(time, "origin").goes();
    person.push(time, "staging").goes();
    commit
}

/// The same by a command: no remote leads there.
fn by_command(person: &Person<'_>, time: &str, subject: &str) -> String {
    let commit = person.commits(subject);
    person.push(time, "origin").goes();
    let deploy = ["deploy", "staging", "--yes", "--", "true"];
    person.pushgate(time, &deploy).goes();
    commit
}

fn rolls_back(person: &Person<'_>, time: &str, commit: &str) -> Ran {
    let fetch = ["pull", "-q", "--ff-only", "origin", "master"];
    person.git(&fetch).goes();
    person.git(&["checkout", "-q", commit]).goes();
    let back = ["rollback", "staging", "--yes", "-m", "two is bad"];
    let ran = person.pushgate(time, &[&back[..], &["--", "true"]].concat());
    person.git(&["checkout", "-q", "master"]).goes();
    ran
}

/// What the status says of staging.
fn staging(person: &Person<'_>, time: &str) -> String {
    let status = person.reads(time, &["status"]);
    let found = status.split("\n\n").find(|one| one.starts_with("staging"));
    found.unwrap_or(&status).to_owned()
}

/// People of a shop whose staging is deployed to by a command alone.
fn without_git(shop: &Sandbox) -> [Person<'_>; 2] {
    let all = people(shop);
    for person in &all {
        person.git(&["remote", "remove", "staging"]).goes();
    }
    all
}

#[test]
fn a_rollback_is_no_stranger_whichever_clock_is_wrong() {
    for (deployed, rolled_back, seen) in [
        ("10:30", "10:25", "10:26"),
        ("10:30", "10:25", "10:40"),
        ("11:30", "10:25", "10:26"),
    ] {
        let shop = shop_of(POLICY);
        let [ana, ben] = people(&shop);
        let one = stages(&ana, "09:00", "one");
        stages(&ana, deployed, "two");
        ben.git(&["pull", "-q", "--ff-only", "origin", "master"])
            .goes();
        ben.git(&["checkout", "-q", &one]).goes();
        let back = ["rollback", "staging", "--yes", "-m", "two is bad"];
        ben.pushgate(rolled_back, &back).goes();
        let status = staging(&ana, seen);
        assert!(!status.contains(LOUD), "{status}");
        assert!(status.contains(", by Ben"), "{status}");
    }
}

#[test]
fn what_a_slow_clock_replaced_soaks_anew_when_it_comes_back() {
    let shop = shop_of(POLICY);
    let [ana, ben] = people(&shop);
    stages(&ana, "09:00", "one");
    let two = stages(&ana, "10:00", "two");
    ben.commits("wip");
    let skip = "env PUSHGATE_SKIP=trunk,suite PUSHGATE_REASON=try git push staging master";
    let skip: Vec<_> = skip.split(' ').collect();
    ben.at("09:20", &skip).goes();
    let url = shop.path("staging.git").display().to_string();
    let back = format!("{two}:refs/heads/master");
    let around = ["git", "push", "-q", "--force", "--no-verify", &url, &back];
    ben.at("11:30", &around).goes();
    ana.push("11:31", "production")
        .refused("promotion")
        .says("nothing tells since when");
}

#[test]
fn what_a_slow_clock_took_back_is_live_no_longer() {
    let shop = shop_of(POLICY);
    let [ana, ben] = without_git(&shop);
    let one = by_command(&ana, "08:50", "one");
    by_command(&ana, "09:10", "two");
    rolls_back(&ben, "09:00", &one).goes();
    ana.push("09:40", "production").refused("promotion");
    let status = staging(&ana, "09:41");
    assert!(status.contains(&one[..7]), "{status}");
}

#[test]
fn what_a_fast_clock_deployed_is_live_until_it_is_taken_back() {
    let shop = shop_of(POLICY);
    let [ana, ben] = without_git(&shop);
    let one = by_command(&ana, "09:00", "one");
    let two = by_command(&ben, "12:20", "two");
    let status = staging(&ana, "12:05");
    assert!(status.contains(&two[..7]), "{status}");
    rolls_back(&ana, "12:10", &one).goes();
    for time in ["12:11", "12:45"] {
        let status = staging(&ana, time);
        assert!(status.contains(&one[..7]), "{status}");
        assert!(status.contains("two is bad"), "{status}");
    }
    ana.push("12:45", "production").refused("promotion");
}

#[test]
fn what_a_command_deployed_runs_no_longer_once_git_was_seen_elsewhere() {
    let shop = shop_of(POLICY);
    let [ana, ben] = people(&shop);
    let one = stages(&ana, "09:00", "one");
    by_command(&ana, "10:00", "two");
    ben.commits("wip");
    let url = shop.path("staging.git").display().to_string();
    let around = |time, refspec: &str| {
        let words = ["git", "push", "-q", "--force", "--no-verify", &url, refspec];
        ben.at(time, &words).goes();
    };
    around("10:20", "HEAD:master");
    staging(&ana, "10:30");
    around("10:40", &format!("{one}:master"));
    for time in ["11:00", "11:21"] {
        ana.push(time, "production").refused("promotion");
    }
    let status = staging(&ana, "11:22");
    assert!(status.contains(&one[..7]), "{status}");
}
