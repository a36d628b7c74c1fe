//! What no gate judged on its way, and what is only found live: who knows how it came, and since when it counts.

use std::{fs, os::unix::fs::PermissionsExt};

use super::remembered::{people, shop_of};
use crate::support::{
    Ran, Sandbox, notes_worker::records, person::Person, processes::living_in, shared, until,
};

pub(super) const POLICY: &str = "\
suite: {run: 'true'}
environments:
  staging: {}
  production: {after: staging, signoff: false, soak: 20m}
";

pub(super) const LOUD: &str = "no gate judged this: ";

fn shop() -> Sandbox {
    shop_of(POLICY)
}

/// Pushes around the gate, by URL: not even the reflogs of this clone tell of it.
pub(super) fn around(person: &Person<'_>, time: &str, url: &str, refspec: &str) {
    let words = ["git", "push", "-q", "--force", "--no-verify", url, refspec];
    person.at(time, &words).goes();
}

/// Something was judged everywhere.
fn deploys(person: &Person<'_>) {
    person.commits("one");
    for (time, remote) in [
        ("09:00", "origin"),
        ("09:05", "staging"),
        ("09:30", "production"),
    ] {
        person.push(time, remote).goes();
    }
}

#[test]
fn what_came_back_after_another_commit_soaks_anew_and_is_not_judged() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    ana.commits("two");
    ana.push("10:00", "origin").goes();
    ana.push("10:00", "staging").goes();
    ben.commits("wip");
    let [staging, production] = ["staging", "production"]
        .map(|name| shop.path(&format!("{name}.git")).display().to_string());
    around(&ben, "10:05", &staging, "HEAD:master");
    assert!(ana.reads("10:10", &["status"]).contains(LOUD));
    around(&ben, "10:15", &staging, "origin/master:master");
    ana.push("10:30", "production")
        .refused("promotion")
        .says("nothing tells since when");
    let status = ana.reads("10:40", &["status"]);
    assert!(status.contains("first seen 10:30 (10m)"), "{status}");
    assert!(status.contains(LOUD), "{status}");
    ana.push("10:51", "production").goes();
    // The same where nothing comes after it.
    around(&ben, "11:00", &production, "HEAD:master");
    ana.reads("11:01", &["status"]);
    around(&ben, "11:02", &production, "origin/master:master");
    let status = ana.reads("11:03", &["status"]);
    assert_eq!(status.matches(LOUD).count(), 2, "{status}");
}

#[test]
fn what_came_back_after_two_others_is_not_judged_though_one_of_them_was_never_seen() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    let two = ana.commits("two");
    ana.push("10:00", "origin").goes();
    ana.push("10:00", "staging").goes();
    let wip = ben.commits("wip");
    let staging = shop.path("staging.git").display().to_string();
    around(&ben, "10:05", &staging, "HEAD:master");
    ana.commits("three");
    ana.push("10:10", "origin").goes();
    ana.git(&["fetch", "-q", "staging"]).goes();
    ana.at("10:10", &["git", "push", "--force", "staging", "master"])
        .goes();
    let log = ana.reads("10:11", &["log"]);
    let seen = format!("{}  noticed by Ana", &wip[..7]);
    assert!(log.contains(&seen), "{log}");
    ana.git(&["reset", "-q", "--hard", &two]).goes();
    around(&ben, "10:15", &staging, &format!("{two}:master"));
    let status = ana.reads("10:20", &["status"]);
    assert!(status.contains(LOUD), "{status}");
    assert!(status.contains("first seen 10:20"), "{status}");
}

#[test]
fn a_fast_clock_hides_no_rollback_and_is_not_accused() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    ben.commits("three");
    ben.push("11:00", "origin").goes();
    ben.push("11:00", "staging").goes();
    ana.git(&["pull", "-q", "--ff-only", "origin", "master"])
        .goes();
    let status = ana.reads("10:00", &["status"]);
    assert!(status.contains(", by Ben"), "{status}");
    assert_eq!(status.matches(LOUD).count(), 0, "{status}");
    ana.commits("four");
    ana.push("10:01", "origin").goes();
    ana.push("10:01", "staging").goes();
    let back = ["rollback", "staging", "--yes", "-m", "four is bad"];
    ana.pushgate("10:02", &back).goes();
    let status = ana.reads("10:04", &["status"]);
    assert!(status.contains("since 10:02 (2m), by Ana"), "{status}");
    assert!(status.contains("four is bad"), "{status}");
}

#[test]
fn a_push_forward_is_no_rollback_though_it_is_called_so_and_the_gate_is_off() {
    let shop = shop();
    let [ana, _] = people(&shop);
    let two = ana.commits("two");
    for remote in ["origin", "staging"] {
        ana.push("10:00", remote).goes();
    }
    ana.push("10:30", "production").goes();
    ana.commits("three");
    let words = "env PUSHGATE=off PUSHGATE_ROLLBACK=1 git push production master";
    let words: Vec<_> = words.split(' ').collect();
    ana.at("11:00", &words).goes();
    let status = ana.reads("11:10", &["status"]);
    assert!(status.contains("overridden: no gate was asked"), "{status}");
    ana.pushgate("11:20", &["rollback", "production", &two, "--yes"])
        .goes();
}

#[test]
fn a_rollback_that_git_refused_has_not_happened() {
    let shop = shop();
    let swap = shop.path("swap").display().to_string();
    let production = shop.path("production.git").display().to_string();
    // While the rollback is judged, a colleague deploys.
    shop.policy(&format!(
        "suite:\n  run: '[ ! -e {swap} ] || git --git-dir={production} update-ref refs/heads/master $(cat {swap})'\n  reuse: never\nenvironments:\n  production: {{}}\n"
    ));
    let [ana, ben] = people(&shop);
    let deploys = |time, subject| {
        let id = ana.commits(subject);
        ana.push(time, "origin").goes();
        ana.push(time, "production").goes();
        id
    };
    let (one, two) = (deploys("10:00", "one"), deploys("11:00", "two"));
    let three = ben.commits("three");
    ben.push("11:30", "origin").goes();
    around(&ben, "11:30", &production, "HEAD:other");
    fs::write(&swap, &three).unwrap();
    let ran = ana.pushgate("12:00", &["rollback", "production", "--yes"]);
    ran.goes_not().says("(stale info)");
    fs::remove_file(&swap).unwrap();
    assert_eq!(shop.tip("production", "master"), three);
    let log = ana.reads("12:01", &["log"]);
    assert!(log.contains("did not arrive"), "{log}");
    ana.git(&["pull", "-q", "--ff-only", "origin", "master"])
        .goes();
    let ran = ana.pushgate("12:10", &["rollback", "production", &two, "--yes"]);
    ran.goes();
    assert_ne!(one, two);
}

#[test]
fn a_push_around_the_gate_is_not_the_judged_one_that_was_cut_off_hours_before() {
    let shop = shop();
    let [ana, _] = people(&shop);
    deploys(&ana);
    ana.commits("two");
    ana.push("15:50", "origin").goes();
    let [staging, away] = ["staging.git", "away.git"].map(|name| shop.path(name));
    let hook = staging.join("hooks/pre-receive");
    let goes_down = format!("mv {} {}", staging.display(), away.display());
    fs::write(&hook, format!("#!/bin/sh\n{goes_down}\nexit 1\n")).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = shop.at("2026-11-24 15:50:00");
    Ran::of(command.args(["git", "push", "staging", "master"])).goes_not();
    until("its git has ended", || {
        living_in(shop.root()).is_empty().then_some(())
    });
    fs::rename(&away, &staging).unwrap();
    fs::remove_file(staging.join("hooks/pre-receive")).unwrap();
    let words = ["git", "push", "-q", "--no-verify", "staging", "master"];
    let mut command = shop.at("2026-11-24 23:31:00");
    Ran::of(command.args(words)).goes();
    let status = ana.reads("23:40", &["status"]);
    assert!(status.contains("since 23:31"), "{status}");
    assert!(status.contains(LOUD), "{status}");
}

#[test]
fn a_push_that_was_cut_off_keeps_its_reason_though_another_came_across_it_first() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    deploys(&ana);
    let two = ana.commits("two");
    ana.push("11:00", "origin").goes();
    let production = shop.path("production.git");
    let hook = production.join("hooks/pre-receive");
    fs::write(&hook, "#!/bin/sh\nexit 1\n").unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let words = "env PUSHGATE_SKIP=promotion PUSHGATE_REASON=down git push production master";
    let words: Vec<_> = words.split(' ').collect();
    ana.at("11:10", &words).goes_not();
    fs::remove_file(&hook).unwrap();
    let log = ana.reads("11:11", &["log"]);
    assert!(log.contains("had not arrived when git ended"), "{log}");
    // The platform went on building after git had ended.
    let production = production.display().to_string();
    around(&ana, "11:12", &production, "master");
    assert!(ben.reads("11:15", &["status"]).contains(LOUD));
    // Long after the push, but the other came across it soon.
    let status = ana.reads("12:30", &["status"]);
    for status in [status, ben.reads("12:31", &["status"])] {
        assert!(status.contains("overridden: without promotion"), "{status}");
        assert!(status.contains("(down)"), "{status}");
        assert!(!status.contains(LOUD), "{status}");
    }
    let log = ben.reads("12:32", &["log"]);
    let of_two = log.lines().filter(|line| line.contains(&two[..7]));
    assert!(of_two.count() == 1 && log.contains("reason: down"), "{log}");
}

#[test]
fn an_environment_accuses_no_push_from_before_it_was_in_the_policy() {
    let shop = shop();
    let [ana, _] = people(&shop);
    shop.git(["init", "-q", "--bare", "../demo.git"]).goes();
    ana.git(&["remote", "add", "demo", "../demo.git"]).goes();
    ana.commits("two");
    ana.push("10:00", "demo").goes();
    shop.stop_clock("2026-11-24 11:00:00");
    shop.policy(&format!("{POLICY}  demo: {{remote: demo, from: any}}\n"));
    ana.push("11:00", "origin").goes();
    let status = ana.reads("11:01", &["status"]);
    let demo = status.split("\ndemo").nth(1).unwrap();
    assert!(
        demo.contains("it was live before the gate came"),
        "{status}"
    );
    assert!(!demo.contains(LOUD), "{status}");
    // From then on it is judged.
    ana.at(
        "11:05",
        &["git", "push", "-q", "--no-verify", "demo", "master"],
    )
    .goes();
    let status = ana.reads("11:06", &["status"]);
    assert!(status.split("\ndemo").nth(1).unwrap().contains(LOUD));
}

#[test]
fn the_gate_off_tells_its_reason_though_the_pushed_policy_cannot_be_read() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    deploys(&ana);
    let off = [
        "env",
        "PUSHGATE=off",
        "PUSHGATE_REASON=the site is down",
        "git",
        "push",
    ];
    shop.policy(&POLICY.replace("suite:", "suitee:"));
    ana.at("10:00", &[&off[..], &["production", "master"]].concat())
        .goes();
    // By URL, too: nothing but the remote tells of it.
    let staging = shop.path("staging.git").display().to_string();
    ana.at("10:00", &[&off[..], &[&staging, "master"]].concat())
        .goes();
    assert!(ben.reads("10:05", &["status"]).contains(LOUD));
    shop.policy(POLICY);
    ana.push("10:10", "origin").goes();
    let status = ana.reads("10:11", &["status"]);
    for status in [status, ben.reads("10:12", &["status"])] {
        let told = status.matches("no gate was asked (the site is down)");
        assert_eq!(told.count(), 2, "{status}");
        assert!(!status.contains(LOUD), "{status}");
    }
}

#[test]
fn a_judged_push_hides_none_that_went_around_the_gate_later() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    let [one, two] = [("09:00", "one"), ("10:00", "two")].map(|(time, subject)| {
        let id = ana.commits(subject);
        ana.push(time, "origin").goes();
        ana.push(time, "staging").goes();
        id
    });
    // git forgets the reflog of a branch that is deleted.
    let staging = shop.path("staging.git").display().to_string();
    let config = ["-C", &staging, "config", "receive.denyDeleteCurrent", "no"];
    ana.git(&config).goes();
    for (time, commit) in [("11:00", ""), ("11:01", &one), ("12:00", &two)] {
        let refspec = format!("{commit}:refs/heads/master");
        let push = ["git", "push", "-q", "--no-verify", "staging", &refspec];
        ana.at(time, &push).goes();
    }
    for person in [&ana, &ben] {
        let status = person.reads("12:01", &["status"]);
        let staging = format!("since 12:00 (1m), by Ana\n            {LOUD}");
        assert!(status.contains(&staging), "{status}");
    }
    ana.push("12:02", "production")
        .refused("promotion")
        .says("has been on staging for 2m");
}

#[test]
fn a_push_around_the_gate_from_another_machine_is_not_taken_for_the_judged_one() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    let one = ana.commits("one");
    ana.push("09:00", "origin").goes();
    ana.push("09:05", "staging").goes();
    ben.commits("two");
    ben.push("10:00", "origin").goes();
    ben.push("10:00", "staging").goes();
    let desktop = Person::joins(&shop, "Desktop", &["staging", "production"]);
    for key in ["user.name", "user.email"] {
        let hers = ana.git(&["config", key]).goes().stdout;
        desktop.git(&["config", key, hers.trim()]).goes();
    }
    desktop.git(&["fetch", "-q", "staging"]).goes();
    let refspec = format!("{one}:refs/heads/master");
    let push = [
        "git",
        "push",
        "-q",
        "--force",
        "--no-verify",
        "staging",
        &refspec,
    ];
    desktop.at("12:00", &push).goes();
    let status = desktop.reads("12:30", &["status"]);
    assert!(status.contains("since 12:00 (30m), by Ana"), "{status}");
    assert!(status.contains(LOUD), "{status}");
}

#[test]
fn another_commit_that_was_fetched_in_between_tells_that_the_judged_one_went() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    ana.commits("one");
    ana.push("09:00", "origin").goes();
    ana.push("09:05", "staging").goes();
    let wip = ben.commits("wip");
    let staging = shop.path("staging.git").display().to_string();
    around(&ben, "10:00", &staging, "HEAD:master");
    ana.at("11:00", &["git", "fetch", "-q", "staging"]).goes();
    let push = [
        "git",
        "push",
        "-q",
        "--force",
        "--no-verify",
        "staging",
        "master",
    ];
    ana.at("12:00", &push).goes();
    for person in [&ana, &ben] {
        let status = person.reads("12:01", &["status"]);
        let staging = format!("since 12:00 (1m), by Ana\n            {LOUD}");
        assert!(status.contains(&staging), "{status}");
        let log = person.reads("12:01", &["log"]);
        let seen = format!(
            "2026-11-24 11:00  unjudged    staging       {}  noticed by Ana",
            &wip[..7]
        );
        assert_eq!(log.matches(&seen).count(), 1, "{log}");
    }
}

#[test]
fn a_push_that_is_open_hides_none_of_its_commit_to_another_place() {
    let shop = shop();
    let [ana, _] = people(&shop);
    deploys(&ana);
    ana.commits("two");
    ana.push("10:00", "origin").goes();
    // Staging goes down in the middle of the push.
    let staging = shop.path("staging.git");
    let hook = staging.join("hooks/pre-receive");
    let away = shop.path("away").display().to_string();
    let script = format!("#!/bin/sh\nmv {} {away}\nexit 1\n", staging.display());
    fs::write(&hook, script).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    ana.push("10:05", "staging").goes_not();
    let push = ["git", "push", "-q", "--no-verify", "production", "master"];
    ana.at("10:10", &push).goes();
    let status = ana.reads("10:30", &["status"]);
    let production = format!("since 10:10 (20m), by Ana\n            {LOUD}");
    assert!(status.contains(&production), "{status}");
}

#[test]
fn what_was_found_and_replaced_within_a_second_has_gone() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    // The clock goes on: a reflog counts whole seconds, and a decision is finer.
    let run = |person: &Person<'_>, args: &[&str]| {
        person.git(args).goes();
        shared(&person.place);
    };
    let push = |remote| run(&ana, &["push", "-q", remote, "master"]);
    shop.later(3600);
    ana.commits("one");
    push("origin");
    push("staging");
    let two = ana.commits("two");
    push("origin");
    run(&ben, &["pull", "-q", "--ff-only", "origin", "master"]);
    let url = shop.path("staging.git").display().to_string();
    run(&ben, &["push", "-q", "--no-verify", &url, "master"]);
    run(&ana, &["fetch", "-q", "staging"]);
    let three = ana.commits("three");
    push("origin");
    push("staging");
    let told = records(&shop, &ana.place, "deployed");
    let time = |commit: &str| {
        let one = told.iter().rev().find(|one| one["commit"] == commit);
        let at = one.unwrap()["at"].as_str().unwrap();
        at.parse::<jiff::Timestamp>().unwrap()
    };
    assert!(time(&two) <= time(&three), "{told:#?}");
}

#[test]
fn a_status_takes_nothing_from_a_soak_that_a_fetch_began() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    deploys(&ana);
    ben.commits("two");
    ben.push("10:00", "origin").goes();
    let staging = shop.path("staging.git").display().to_string();
    around(&ben, "10:05", &staging, "master");
    ana.git(&["pull", "-q", "--ff-only", "origin", "master"])
        .goes();
    ana.at("10:10", &["git", "fetch", "-q", "staging"]).goes();
    let status = ana.reads("12:01", &["status"]);
    assert!(status.contains("first seen 10:10"), "{status}");
    ana.pushgate("12:02", &["check", "production"]).goes();
}

#[test]
fn the_hook_heeds_that_another_commit_was_fetched_in_between() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    ana.commits("one");
    ana.push("09:00", "origin").goes();
    ana.push("09:05", "staging").goes();
    ben.commits("wip");
    let staging = shop.path("staging.git").display().to_string();
    let fetch = ["git", "fetch", "-q", "staging"];
    around(&ben, "10:00", &staging, "HEAD:master");
    ana.at("11:00", &fetch).goes();
    around(&ben, "11:30", &staging, "origin/master:master");
    ana.at("12:00", &fetch).goes();
    ana.push("12:01", "production")
        .refused("promotion")
        .says("nothing tells since when");
    for person in [&ana, &ben] {
        let status = person.reads("12:02", &["status"]);
        let staging = format!("first seen 12:00 (2m)\n            {LOUD}");
        assert!(status.contains(&staging), "{status}");
    }
    ana.push("12:21", "production").goes();
}

#[test]
fn what_is_up_to_date_is_taken_over_by_nobody_though_it_went_around_the_gate() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    deploys(&ana);
    ana.commits("two");
    ana.push("10:00", "origin").goes();
    // By two remotes and to two branches, it is one push.
    let staging = shop.path("staging.git").display().to_string();
    ana.git(&["remote", "add", "heroku", &staging]).goes();
    let both = [
        "git",
        "push",
        "-q",
        "--no-verify",
        "heroku",
        "master",
        "master:main",
    ];
    ana.at("10:05", &both).goes();
    let unjudged = |log: &str| log.matches("10:05  unjudged    staging").count();
    let log = ana.reads("10:10", &["log"]);
    assert_eq!(unjudged(&log), 1, "{log}");
    assert!(!log.contains("noticed by"), "{log}");
    ben.git(&["pull", "-q", "--ff-only", "origin", "master"])
        .goes();
    ben.reads("10:20", &["status"]);
    ben.at(
        "11:00",
        &["git", "push", "--no-verify", "staging", "master"],
    )
    .goes()
    .says("Everything up-to-date");
    for person in [&ana, &ben] {
        let status = person.reads("11:10", &["status"]);
        let staging = format!("since 10:05 (1h 5m), by Ana\n            {LOUD}");
        assert!(status.contains(&staging), "{status}");
        let log = person.reads("11:10", &["log"]);
        assert_eq!(unjudged(&log), 1, "{log}");
    }
}

#[test]
fn a_fetch_that_was_given_a_date_makes_no_soak() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    deploys(&ana);
    ben.git(&["pull", "-q", "--ff-only", "origin", "master"])
        .goes();
    ben.at(
        "10:00",
        &["git", "commit", "-q", "--allow-empty", "-m", "two"],
    )
    .goes();
    ben.push("10:01", "origin").goes();
    let staging = shop.path("staging.git").display().to_string();
    around(&ben, "10:05", &staging, "master");
    ana.git(&["pull", "-q", "--ff-only", "origin", "master"])
        .goes();
    let dated = ["env", "GIT_COMMITTER_DATE=2026-11-01T12:00:00Z"];
    let fetch = ["git", "fetch", "-q", "staging"];
    ana.at("10:06", &[&dated[..], &fetch].concat()).goes();
    ana.push("10:07", "production").refused("promotion");
}

#[test]
fn what_is_forced_back_after_the_gate_came_was_not_there_before_it() {
    let shop = shop();
    let [ana, ben] = people(&shop);
    let status = ana.reads("09:00", &["status"]);
    assert!(status.contains("before the gate"), "{status}");
    let old = ben.git(&["rev-parse", "HEAD~1"]).goes().stdout;
    let production = shop.path("production.git").display().to_string();
    around(
        &ben,
        "10:00",
        &production,
        &format!("{}:master", old.trim()),
    );
    let status = ana.reads("10:10", &["status"]);
    assert!(status.contains(LOUD), "{status}");
}

/// Adds a line to the note of a commit.
fn notes(person: &Person<'_>, commit: &str, line: &str) {
    let add = ["notes", "--ref=pushgate", "append", "-m", line, commit];
    person.git(&add).goes();
}

#[test]
fn a_line_of_an_impossible_time_hides_no_push_and_stops_no_command() {
    let shop = shop();
    let [ana, _] = people(&shop);
    let one = ana.commits("one");
    ana.push("09:00", "origin").goes();
    let place = shop.path("staging").display().to_string();
    let line = serde_json::json!({
        "v": 1, "event": "deployed", "judged": "go", "decided": "-009999-01-02T01:59:59Z",
        "environment": "staging", "destinations": [place], "commit": one,
        "by": "Eve <eve@shop.example>", "at": "2026-11-20T10:00:00Z",
    });
    notes(&ana, &one, &line.to_string());
    ana.at(
        "09:10",
        &["git", "push", "--no-verify", "staging", "master"],
    )
    .goes();
    let status = ana.pushgate("09:20", &["status"]).goes().stdout;
    assert!(status.contains(LOUD), "{status}");
}

#[test]
fn what_a_newer_program_has_written_of_a_commit_is_not_passed_over() {
    let shop = shop();
    let [ana, _] = people(&shop);
    deploys(&ana);
    let two = ana.commits("two");
    ana.push("10:00", "origin").goes();
    ana.push("10:05", "staging").goes();
    notes(&ana, &two, r#"{"v":2,"event":"banned"}"#);
    let why = "a newer pushgate has written into the note of";
    ana.push("10:30", "production").goes_not().says(why);
    let status = ana.reads("10:31", &["status"]);
    assert!(status.contains(&format!("not known: {why}")), "{status}");
}
