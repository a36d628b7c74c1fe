//! An environment that two branches deploy to: what was deployed last is live, whichever of them it went to.

use std::{fs::File, thread, time::Duration};

use super::{
    remembered::{people, shop_of},
    unjudged::around,
};
use crate::support::{Sandbox, notes_worker::records, person::Person};

const POLICY: &str = "\
suite: {run: 'true'}
environments:
  staging: {}
  production: {after: staging, signoff: false}
";

/// A shop where `one` is live everywhere, recorded.
fn shop() -> (Sandbox, String) {
    let shop = shop_of(POLICY);
    let one = Person::ana(&shop).commits("one");
    for remote in ["origin", "staging", "production"] {
        Person::ana(&shop).push("09:05", remote).goes();
    }
    (shop, one)
}

fn deploys(ana: &Person<'_>, time: &str, subject: &str, refspecs: &[&str]) -> String {
    let commit = ana.commits(subject);
    ana.push(time, "origin").goes();
    ana.push(time, "staging").goes();
    let push = [&["git", "push", "production"], refspecs].concat();
    ana.at(time, &push).goes();
    commit
}

#[test]
fn a_feature_that_another_branch_brought_to_staging_is_what_runs_there() {
    let (shop, one) = shop();
    let [ana, ben] = people(&shop);
    ben.git(&["switch", "-q", "-c", "feature"]).goes();
    ben.git(&["commit", "-q", "--allow-empty", "-m", "wip"])
        .goes();
    let around = "PUSHGATE_SKIP=trunk git push staging feature:main";
    ben.at("11:50", &["sh", "-c", around]).goes();
    let feature = shop.tip("staging", "main");
    let gone = format!("staging has {}, not {}", &feature[..7], &one[..7]);
    let live = ana.reads("12:00", &["status"]);
    assert!(
        live.contains(&format!("live      {}", &feature[..7])),
        "{live}"
    );
    ana.pushgate("12:00", &["check", "production", "--commit", &one])
        .goes_not()
        .says(&gone);
    let words = ["approve", "staging", "--commit", &one];
    ana.pushgate("12:00", &words).goes_not().says(&gone);
}

#[test]
fn where_nothing_tells_which_branch_was_deployed_last_both_are_named_once() {
    for places in [&["staging"][..], &["staging", "eu"]] {
        let shop = Sandbox::new();
        shop.git(["init", "-q", "--bare", "../eu.git"]).goes();
        // By URL: not even the reflogs of this clone tell of it.
        let around = |refspec: &str| {
            for place in places {
                let url = format!("../{place}.git");
                let push = ["push", "-q", "--no-verify", &url, refspec];
                shop.git(push).goes();
            }
        };
        for place in places {
            let url = shop.path(&format!("{place}.git")).display().to_string();
            let add = ["remote", "set-url", "--add", "--push", "staging", &url];
            shop.git(add).goes();
        }
        around("master:main");
        let old = shop.tip("staging", "main");
        let two = shop.commit_on_origin("two");
        around("master");
        let (old, two) = (&old[..7], &two[..7]);
        let both = format!(
            "nothing tells which branch was deployed to staging last: `main` has {old}, `master` has {two}"
        );
        let cure =
            format!("git push '--force-with-lease=main:{old}' staging {two}:refs/heads/main");
        let status = shop.pushgate(["status"]).stdout;
        let status = status.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(status.contains(&both), "{status}");
        let ran = shop.push("production", "master").refused("promotion");
        let ran = ran.says(&format!("{both}\n"));
        assert_eq!(
            ran.stderr.matches(&format!("    {cure}\n")).count(),
            1,
            "{ran}"
        );
        shop.run_in(&shop.app, "sh", ["-c", &cure]).goes();
        shop.push("production", "master").goes();
    }
}

#[test]
fn a_push_replaces_what_was_deployed_last_whatever_its_own_branch_had() {
    for last in [&["master", "master:main"][..], &["master:main"]] {
        let (shop, one) = shop();
        let ana = Person::ana(&shop);
        ana.at("09:10", &["git", "push", "production", "master:main"])
            .goes();
        let two = deploys(&ana, "10:00", "two", &["master"]);
        let three = deploys(&ana, "11:00", "three", last);
        let known = records(&shop, &shop.app, "deployed");
        let known: Vec<_> = known
            .iter()
            .filter(|one| one["environment"] == "production")
            .filter(|one| one["commit"] == three.as_str() || one["commit"] == two.as_str())
            .map(|record| (record["commit"].clone(), record["replaces"].clone()))
            .collect();
        assert_eq!(known.len(), 2, "{known:?}");
        assert!(known.contains(&(three.as_str().into(), two.as_str().into())));
        assert!(known.contains(&(two.as_str().into(), one.as_str().into())));
        ana.git(&["switch", "-q", "--detach", &two]).goes();
        let says = format!("from {} back to {}", &three[..7], &two[..7]);
        ana.pushgate("11:30", &["rollback", "--yes"])
            .goes()
            .says(&says);
        let live = ana.reads("11:40", &["status"]);
        assert!(live.contains("a rollback"), "{live}");
    }
}

/// The process that follows a push may still be recording it.
#[test]
fn a_push_right_after_another_knows_which_branch_that_one_went_to() {
    let (shop, _) = shop();
    let ana = Person::ana(&shop);
    ana.at("09:10", &["git", "push", "staging", "master:main"])
        .goes();
    ana.commits("two");
    ana.push("10:00", "origin").goes();
    let lock = File::create(shop.app.join(".git/pushgate/settle.lock")).unwrap();
    lock.lock().unwrap();
    ana.run("sh", &["-c", "git push staging master"]).goes();
    let recording = thread::spawn(|| {
        thread::sleep(Duration::from_millis(300));
        drop(lock);
    });
    shop.push("production", "master").goes();
    recording.join().unwrap();
}

/// git would have nothing to push to the branch that has it already.
#[test]
fn a_commit_that_one_branch_has_is_deployed_to_the_one_that_was_deployed_last() {
    let (shop, one) = shop();
    let ana = Person::ana(&shop);
    let two = ana.commits("two");
    ana.push("10:00", "origin").goes();
    ana.push("10:01", "staging").goes();
    let around = format!("PUSHGATE_SKIP=trunk git push staging {one}:refs/heads/main");
    ana.at("10:10", &["sh", "-c", &around]).goes();
    let next = ana.reads("10:20", &["status"]);
    assert!(!next.contains("nothing new"), "{next}");
    let cure = "git push staging master:main";
    ana.push("10:20", "production")
        .refused("promotion")
        .says(&format!("staging has {}, not {}", &one[..7], &two[..7]))
        .says(&format!("    {cure}\n"));
    ana.at("10:30", &["sh", "-c", cure]).goes();
    ana.push("10:40", "production").goes();
}

/// Nobody has recorded what the other branch has: it may have been left there long ago, or have come since.
#[test]
fn a_branch_that_another_brought_without_a_gate_leaves_it_open_what_runs() {
    let (shop, one) = shop();
    let [ana, ben] = people(&shop);
    ben.git(&["switch", "-q", "-c", "feature"]).goes();
    ben.git(&["commit", "-q", "--allow-empty", "-m", "wip"])
        .goes();
    let staging = shop.path("staging.git").display().to_string();
    around(&ben, "11:50", &staging, "feature:main");
    for fetches in [false, true] {
        if fetches {
            ana.git(&["fetch", "-q", "staging"]).goes();
        }
        let ran = ana.pushgate("12:00", &["check", "production", "--commit", &one]);
        ran.goes_not()
            .says("nothing tells which branch was deployed to staging last");
    }
}
