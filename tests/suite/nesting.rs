//! A push from inside the suite: it never waits for itself, and other repositories are their own.

use std::fs;

use crate::support::{PUSHGATE, Sandbox};

/// A shop whose suite is a script of the commit.
fn with_script(script: &str) -> Sandbox {
    let shop = Sandbox::new();
    shop.write("suite.sh", script);
    shop.git(["add", "suite.sh"]).goes();
    shop.policy("suite: {run: sh -eu suite.sh, timeout: 20s}\nenvironments: {staging: {}}\n");
    shop.push_ungated("origin", "master");
    shop
}

#[test]
fn a_push_from_inside_that_would_wait_for_itself_is_refused_at_once() {
    for inner in ["git push staging master", "pushgate check staging"] {
        let inner = inner.replace("pushgate", PUSHGATE);
        let shop = with_script(&format!("! {inner} 2>../inner\necho went on\n"));
        shop.push("staging", "master").goes().says("went on\n");
        let said = fs::read_to_string(shop.path("inner")).unwrap();
        assert!(
            said.contains("staging (staging) refused\n  suite: this push comes from inside the suite that runs (process ")
                && said.contains("  have the suite push a repository that it made itself"),
            "{said}"
        );
        assert!(!said.contains("waiting"), "{said}");
    }
}

#[test]
fn so_is_one_from_a_linked_worktree() {
    let shop = with_script(
        "git worktree add -q ../linked master --force\n! git -C ../linked push staging HEAD:master 2>../inner\n",
    );
    shop.push("staging", "master").goes();
    let said = fs::read_to_string(shop.path("inner")).unwrap();
    assert!(said.contains("comes from inside the suite"), "{said}");
}

#[test]
fn what_needs_no_turn_goes_from_inside() {
    let shop = with_script(
        "git push origin HEAD:refs/heads/feature\nPUSHGATE_SKIP=suite git push staging HEAD:master\n",
    );
    shop.pushgate(["check", "staging"]).goes();
    assert_eq!(shop.tip("origin", "feature"), shop.tip("staging", "master"));
    assert_eq!(
        shop.tip("staging", "master"),
        shop.ask(["rev-parse", "HEAD"])
    );
}

#[test]
fn a_repository_that_the_suite_made_is_tested_as_its_own() {
    let script = format!(
        "d=$(mktemp -d ../fixture.XXXX); cd $d
         git init -q --bare origin.git; git init -q app; cd app
         git remote add origin ../origin.git
         printf '%s\\n' 'suite: {{run: echo the inner suite}}' >.pushgate.yml
         git add .; git commit -qm one; {PUSHGATE} install
         git push origin master 2>&1\n"
    );
    let shop = with_script(&script);
    shop.push("staging", "master")
        .goes()
        .says("the inner suite\n")
        .says("push to trunk (origin/master) may go\n");
}

#[test]
fn what_a_suite_left_running_may_push_later() {
    // A server that the suite started has the suite's variable for ever; the suite has not.
    let shop = with_script("env | grep ^PUSHGATE_RUNNING= > ../variable\n");
    shop.pushgate(["check", "staging"]).goes();
    let variable = fs::read_to_string(shop.path("variable")).unwrap();
    let value = variable
        .trim_end()
        .strip_prefix("PUSHGATE_RUNNING=")
        .unwrap();
    assert!(
        value.ends_with(&format!(" {}", shop.app.join(".git").display())),
        "{value}"
    );
    shop.commit("two");
    shop.push_ungated("origin", "master");
    fs::remove_dir_all(shop.app.join(".git/pushgate/receipts")).unwrap();
    shop.push_with(&[("PUSHGATE_RUNNING", value)], "staging", "master")
        .goes()
        .says("running the suite");
}
