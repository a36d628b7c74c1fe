//! A reflog tells what happened where a remote leads, and nothing of a place that it leads to later.

use super::{
    remembered::{people, shop_of},
    unjudged::POLICY,
};
use crate::support::{Ran, Sandbox, notes_worker::records, person::Person};

/// Another server, where there is nothing yet.
fn another_server(shop: &Sandbox) -> String {
    shop.git(["init", "-q", "--bare", "../other.git"]).goes();
    shop.path("other.git").display().to_string()
}

fn leads_to(person: &Person<'_>, remote: &str, url: &str) {
    person.git(&["remote", "set-url", remote, url]).goes();
}

fn deploys(person: &Person<'_>, hour: &str, subject: &str) -> String {
    let commit = person.commits(subject);
    for (minute, remote) in [("00", "origin"), ("05", "staging"), ("30", "production")] {
        person.push(&format!("{hour}:{minute}"), remote).goes();
    }
    commit
}

/// Tries to bring a commit back to production at night.
fn goes_back(person: &Person<'_>, commit: &str) -> Ran {
    let refspec = format!("{commit}:refs/heads/master");
    let push = ["env", "PUSHGATE_ROLLBACK=1", "git", "push", "--force"];
    person.at("23:00", &[&push[..], &["production", &refspec]].concat())
}

#[test]
fn what_was_live_elsewhere_does_not_come_back_here() {
    let shop = shop_of(POLICY);
    let [ana, _] = people(&shop);
    deploys(&ana, "09", "one");
    let two = deploys(&ana, "10", "two");
    leads_to(&ana, "production", &another_server(&shop));
    deploys(&ana, "11", "three");
    goes_back(&ana, &two)
        .refused("target")
        .says("was never live on production");
}

#[test]
fn what_soaked_elsewhere_has_not_soaked_here() {
    let shop = shop_of(POLICY);
    let [ana, ben] = people(&shop);
    ana.commits("one");
    ana.push("09:00", "origin").goes();
    ana.push("09:05", "staging").goes();
    let other = another_server(&shop);
    for person in [&ana, &ben] {
        leads_to(person, "staging", &other);
    }
    ben.git(&["pull", "-q", "origin", "master"]).goes();
    let around = ["git", "push", "-q", "--no-verify", "staging", "master"];
    ben.at("11:59", &around).goes();
    ana.push("12:00", "production").refused("promotion");
}

#[test]
fn a_push_around_the_gate_is_not_recorded_at_another_place() {
    let shop = shop_of(POLICY);
    let [ana, _] = people(&shop);
    deploys(&ana, "09", "one");
    let around = ["git", "push", "-q", "--no-verify", "production", "master"];
    let two = ana.commits("two");
    ana.at("10:30", &around).goes();
    leads_to(&ana, "production", &another_server(&shop));
    let known = |time| {
        ana.reads(time, &["log"]);
        let records = records(&shop, &ana.place, "deployed");
        let of_two = |commit: &str| {
            let of = records.iter().filter(|one| one["commit"] == commit);
            of.count()
        };
        (of_two(&two), of_two(&shop.ask(["rev-parse", "HEAD"])))
    };
    assert_eq!(known("11:30").0, 0);
    // What goes there from now on counts.
    ana.commits("three");
    ana.at("11:40", &around).goes();
    assert_eq!(known("11:41"), (0, 1));
}

#[test]
fn what_is_fetched_from_a_mirror_of_the_code_was_not_live() {
    let shop = shop_of(POLICY);
    let [ana, ben] = people(&shop);
    for person in [&ana, &ben] {
        for remote in ["staging", "production"] {
            let url = shop.ask(["remote", "get-url", remote]);
            let push = ["remote", "set-url", "--push", remote, &url];
            person.git(&push).goes();
        }
    }
    let mirror = shop.path("mirror.git");
    shop.git(["clone", "-q", "--mirror", "../origin.git", "../mirror.git"])
        .goes();
    for remote in ["staging", "production"] {
        leads_to(&ana, remote, mirror.to_str().unwrap());
    }
    let fetch_all = |time| {
        shop.run_in(&mirror, "git", ["fetch", "-q"]).goes();
        ana.at(time, &["git", "fetch", "-q", "--all"]).goes();
    };
    deploys(&ana, "09", "one");
    let two = ben.commits("two");
    ben.push("10:00", "origin").goes();
    fetch_all("10:01");
    // Nor has it soaked.
    ana.git(&["pull", "-q", "origin", "master"]).goes();
    let around = ["git", "push", "-q", "--no-verify", "staging", "master"];
    ben.at("10:59", &around).goes();
    ana.push("11:00", "production").refused("promotion");
    deploys(&ben, "12", "three");
    fetch_all("12:40");
    goes_back(&ana, &two)
        .refused("target")
        .says("was never live on production");
}

#[test]
fn a_ref_that_follows_two_remotes_tells_of_neither() {
    let shop = shop_of(POLICY);
    let [ana, _] = people(&shop);
    ana.reads("09:00", &["status"]);
    let other = another_server(&shop);
    ana.git(&["remote", "add", "backup", &other]).goes();
    let fetch = "+refs/heads/*:refs/remotes/production/*";
    ana.git(&["config", "remote.backup.fetch", fetch]).goes();
    let two = ana.commits("two");
    ana.push("10:00", "backup").goes();
    ana.reads("10:10", &["status"]);
    let known = records(&shop, &ana.place, "deployed");
    assert!(known.iter().all(|one| one["commit"] != two.as_str()));
}

#[test]
fn what_a_mirror_of_the_code_has_is_not_replaced_by_the_first_deployment() {
    let shop = shop_of(POLICY);
    let ana = Person::ana(&shop);
    let url = another_server(&shop);
    ana.git(&["remote", "set-url", "--push", "staging", &url])
        .goes();
    let one = ana.commits("one");
    ana.push("09:00", "origin").goes();
    ana.push("09:05", "staging").goes().says("first deployment");
    let known = records(&shop, &ana.place, "deployed");
    let known: Vec<_> = known.iter().filter(|of| of["commit"] == one).collect();
    assert_eq!(known.len(), 1, "{known:?}");
    assert!(known[0]["replaces"].is_null(), "{known:?}");
}
