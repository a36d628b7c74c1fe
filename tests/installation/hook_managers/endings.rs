//! `git push` is gone, and whoever stands between it and the gate goes on waiting.

use std::{
    fs,
    process::{Child, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::Street;
use crate::support::{processes::assert_no_process_in, until};

#[test]
#[ignore = "slow: needs the other hook managers"]
fn a_suite_does_not_outlive_it_with_husky_between() {
    ends(|street| {
        street.run("husky").goes();
        street.run("pushgate install").goes();
    });
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn a_suite_does_not_outlive_it_with_lefthook_between() {
    ends(|street| {
        street.shop.write("lefthook.yml", "pre-push: {}\n");
        street.run("lefthook install").goes();
        let lines = street.run("pushgate install").stdout;
        street.shop.write("lefthook.yml", &lines);
        street.run("lefthook install").goes();
    });
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn a_suite_does_not_outlive_it_with_pre_commit_between() {
    ends(|street| {
        street.shop.write(".pre-commit-config.yaml", "repos: []\n");
        street.run("pre-commit install -t pre-push").goes();
        street.run("pushgate install").goes();
    });
}

fn ends(set_up: impl Fn(&Street)) {
    let street = Street::new();
    set_up(&street);
    street
        .shop
        .policy("suite: {run: echo $$ >../pid; sleep 300; true}\nenvironments: {staging: {}}\n");
    street.everything_is_on_origin();
    let mut command = street.command("git");
    let push = command
        .args(["push", "staging", "master"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut push = Reaped(push.unwrap());
    until("the suite runs", || {
        let pid = fs::read(street.shop.path("pid")).unwrap_or_default();
        (!pid.is_empty()).then_some(())
    });
    // env(1) has become git.
    kill(Pid::from_raw(push.0.id().cast_signed()), Signal::SIGKILL).unwrap();
    push.0.wait().unwrap();
    assert_no_process_in(street.shop.root());
    assert_eq!(street.shop.ledger().last().unwrap()["verdict"], "undecided");
}

/// Whatever becomes of the test.
struct Reaped(Child);

impl Drop for Reaped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
