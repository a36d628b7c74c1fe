//! The policy: where it came from, whether it holds, what is odd about it, and what overrides it.

use super::{shop, visit};
use crate::support::{POLICY, Sandbox};

#[test]
fn a_policy_that_is_not_committed_counts_in_one_clone_only() {
    let shop = Sandbox::bare();
    shop.commit("one");
    shop.git(["push", "-q", "origin", "master"]).goes();
    let visit = visit(&shop);
    let told = visit.doctor();
    told.warns("there is no .pushgate.yml: the built-in policy holds")
        .runs("pushgate init")
        .runs("git add .pushgate.yml");
    told.warns("the policy has no environment: nothing that is deployed is judged")
        .hints("`environments`");
    shop.write(".pushgate.yml", POLICY);
    let told = visit.doctor();
    told.warns(".pushgate.yml is not committed: it counts in this clone only: staging, production")
        .is_cured();
    shop.write(
        ".pushgate.yml",
        &POLICY.replace("staging: {}", "staging: {branch: live}"),
    );
    let told = visit.doctor();
    told.warns("the uncommitted edit of .pushgate.yml changes nothing")
        .is_cured();
    visit.doctor().ok(".pushgate.yml of ");
}

#[test]
fn the_built_in_policy_is_written_down_by_its_cure() {
    let shop = shop();
    shop.git(["rm", "-q", ".pushgate.yml"]).goes();
    shop.git(["commit", "-q", "-m", "none"]).goes();
    shop.git([
        "remote",
        "set-url",
        "staging",
        "https://git.heroku.com/shop-staging.git",
    ])
    .goes();
    shop.script("bin/test", "#!/bin/sh\n");
    shop.git(["add", "."]).goes();
    shop.git(["commit", "-q", "-m", "two"]).goes();
    // Nobody shall be asked over the network.
    shop.git([
        "config",
        "url./nowhere/.insteadOf",
        "https://git.heroku.com/",
    ])
    .goes();
    let visit = visit(&shop);
    visit
        .doctor()
        .warns("there is no .pushgate.yml: the built-in policy holds: staging")
        .is_cured();
}

#[test]
fn a_policy_that_does_not_hold_is_shown_with_its_place() {
    let shop = shop();
    shop.policy("environments:\n  staging: {aftr: x}\n");
    let visit = visit(&shop);
    let told = visit.doctor();
    let ill = told.breaks(".pushgate.yml at ");
    assert!(
        ill.item.text.contains(":2:13: unknown key `aftr`"),
        "{:?}",
        ill.item
    );
    ill.hints("fix .pushgate.yml, commit it");
    // The rest is looked at all the same.
    told.ok("origin: its master is trunk").ok("of this version");
    shop.policy(POLICY);
    shop.write(".pushgate.yml", "environments: [x\n");
    visit
        .doctor()
        .warns("the uncommitted edit of .pushgate.yml changes nothing")
        .hints("fix it before you commit it: .pushgate.yml:");
}

#[test]
fn what_is_odd_about_it_is_a_warning_with_its_line() {
    let shop = shop();
    shop.policy("suite: {run: 'true'}\nenvironments:\n  staging: {}\n  production:\n    after: staging\n    window:\n      timezone: UTC\n      closed: [2020-01-01]\n");
    let visit = visit(&shop);
    let told = visit.doctor();
    told.warns(".pushgate.yml:8:16: `2020-01-01` is past; remove it");
    assert!(
        told.ran
            .stdout
            .ends_with("\nnothing is broken, 1 warning\n"),
        "{}",
        told.ran
    );
}

#[test]
fn overrides_of_this_shell_are_named() {
    let shop = shop();
    let off = visit(&shop).with("PUSHGATE", "off");
    off.doctor()
        .warns("PUSHGATE is off here: pushes are not judged")
        .is_cured();
    let skip = visit(&shop).with("PUSHGATE_SKIP", "suite,window");
    skip.doctor()
        .warns("PUSHGATE_SKIP is set here: pushes are not asked for window, suite")
        .is_cured();
    let bad = visit(&shop).with("PUSHGATE_SKIP", "suit");
    bad.doctor().breaks("every push is refused").is_cured();
}

#[test]
fn a_file_with_a_suite_alone_is_told_of_in_one_way() {
    let shop = shop();
    shop.policy("suite: {run: 'true'}\n");
    let visit = visit(&shop);
    visit
        .doctor()
        .warns("the policy has no environment: nothing that is deployed is judged");
    let url = "https://git.heroku.com/shop.git";
    let there = shop.path("production.git");
    let key = format!("url.{}.insteadOf", there.display());
    shop.git(["config", &key, url]).goes();
    shop.git(["remote", "set-url", "production", url]).goes();
    let head = shop.ask(["rev-parse", "--short=7", "HEAD"]);
    let told = visit.doctor();
    told.ok(&format!(".pushgate.yml of {head}: production"));
    told.lacks("nothing that is deployed is judged");
    told.lacks("on no environment");
    // None at all is said by the app that it refuses.
    shop.policy("suite: {run: 'true'}\nenvironments: {}\n");
    let told = visit.doctor();
    told.warns("production is on no environment: pushes there are refused");
    told.lacks("nothing that is deployed is judged");
}
