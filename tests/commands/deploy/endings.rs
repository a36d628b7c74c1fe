//! How a deploy by a command ends: its exit code and its output are passed on, and only 0 is a deployment.

use std::{
    fs,
    process::Stdio,
    time::{Duration, Instant},
};

use super::{deploy, deployments, events, program, shop};
use crate::support::{
    PUSHGATE, Ran, Sandbox,
    processes::{Started, assert_no_process_in, heeding, living_in},
    tmux::Terminal,
    until,
};

fn by(shop: &Sandbox, script: &str) -> Ran {
    deploy(shop, &["staging", "--", "sh", "-c", script])
}

#[test]
fn an_exit_code_is_passed_on_and_nothing_is_recorded() {
    let shop = shop(super::POLICY);
    let ran = by(&shop, "echo out; echo err >&2; exit 3");
    assert_eq!((ran.code, ran.stdout.as_str()), (3, "out\n"), "{ran}");
    ran.says("err\n")
        .says("pushgate: `sh` ended with exit code 3: no deployment is recorded");
    let ran = by(&shop, "kill -TERM $$");
    assert_eq!(ran.code, 143, "{ran}");
    let ran = by(&shop, "nowhere-to-be-found");
    assert_eq!(ran.code, 127, "{ran}");
    ran.says("pushgate: could not run `sh` (exit code 127): no deployment is recorded");
    assert!(deployments(&shop, &shop.app).is_empty());
    let log = shop.pushgate(["log"]).stdout;
    assert_eq!(log.matches("did not arrive").count(), 3, "{log}");
}

/// git's own record of the push counts, whatever the command says.
#[test]
fn what_a_command_pushed_before_it_failed_is_recorded_and_told() {
    let shop = Sandbox::new();
    shop.git(["init", "-q", "--bare", "../eu.git"]).goes();
    shop.git(["remote", "add", "eu", "../eu.git"]).goes();
    shop.policy(&super::POLICY.replace("{}", "{remote: [staging, eu]}"));
    let head = shop.commit_on_origin("two");
    let failed = "pushgate: `sh` ended with exit code 4";
    let got = |places: &str| {
        let id = &head[..7];
        format!("{failed}, but {places} got {id}: it is recorded as deployed there\n")
    };
    let [staging, eu] = ["staging", "eu"].map(|name| shop.path(name).display().to_string());
    let ran = by(&shop, "git push -q eu master; exit 4").ends_with(4);
    ran.says(&got(&eu));
    let known = deployments(&shop, &shop.app);
    assert_eq!(known.len(), 1, "{known:?}");
    assert_eq!(known[0]["by_command"], true);
    // What is recorded of an earlier deploy is not of this one.
    shop.later(60);
    by(&shop, "exit 4")
        .ends_with(4)
        .says(&format!("{failed}: no deployment is recorded\n"));
    shop.later(60);
    by(&shop, "git push -q staging master; exit 4")
        .ends_with(4)
        .says(&got(&staging));
    assert_eq!(deployments(&shop, &shop.app).len(), 2);
}

#[test]
fn a_command_that_is_not_there_is_known_before_anything_is_asked() {
    let shop = shop(super::POLICY);
    deploy(&shop, &["staging", "--", "nowhere-to-be-found"])
        .ends_with(2)
        .says("pushgate: deploy not done\n  could not run `nowhere-to-be-found`");
    shop.script("../bin/text", "echo a script without a first line\n");
    let ran = deploy(&shop, &["staging", "--", "text"]).goes();
    assert_eq!(ran.stdout, "a script without a first line\n");
    assert_eq!(events(&shop).len(), 1);
}

#[test]
fn a_daemon_that_it_leaves_is_not_waited_for() {
    let shop = shop(super::POLICY);
    let began = Instant::now();
    let mut command = shop.command(PUSHGATE);
    command
        .args([
            "deploy",
            "staging",
            "--",
            "sh",
            "-c",
            "sleep 100 & echo $! >../daemon",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut deploy = Started::new(&mut command);
    assert!(deploy.ends().success());
    assert!(began.elapsed() < Duration::from_secs(15));
    let daemon = fs::read_to_string(shop.path("daemon")).unwrap();
    shop.run_in(shop.root(), "kill", [daemon.trim()]).goes();
    assert_eq!(deployments(&shop, &shop.app).len(), 1);
}

#[test]
fn it_reads_its_own_standard_input() {
    let shop = shop(super::POLICY);
    let mut command = shop.command(PUSHGATE);
    command.args(["deploy", "staging", "--", "sh", "-c", "cat"]);
    let ran = Ran::fed(&mut command, b"from a pipe").goes();
    assert_eq!(ran.stdout, "from a pipe");
}

#[test]
fn a_signal_reaches_the_command_and_ends_it() {
    let shop = shop(super::POLICY);
    for (signal, code) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
        let mut command = heeding(&shop, PUSHGATE);
        let wait = "echo here >../begun; exec sleep 600";
        let said = shop.path("said");
        command
            .args(["deploy", "staging", "--", "sh", "-c", wait])
            .stderr(fs::File::create(&said).unwrap());
        let mut deploy = Started::new(&mut command);
        until("the command runs", || {
            shop.path("begun").exists().then_some(())
        });
        deploy.send(signal);
        assert_eq!(deploy.ends().code(), Some(code), "{signal}");
        let said = fs::read_to_string(said).unwrap();
        let expected = format!(
            "pushgate: `sh` was ended by SIG{signal}: nothing tells whether it deployed\n  see what is live:\n    pushgate status\n"
        );
        assert!(said.ends_with(&expected), "{said}");
        fs::remove_file(shop.path("begun")).unwrap();
        assert_no_process_in(shop.root());
    }
    assert!(deployments(&shop, &shop.app).is_empty());
    let log = shop.pushgate(["log"]).stdout;
    let untold = log.matches("it cannot be told whether it arrived");
    assert_eq!(untold.count(), 3, "{log}");
    assert!(shop.kept().iter().all(|name| !name.starts_with(".deploy")));
}

#[test]
fn ctrl_c_ends_the_command_and_all_that_it_started() {
    let shop = shop(super::POLICY);
    let terminal = Terminal::open(&shop);
    terminal.types(&format!(
        "{PUSHGATE} deploy staging -- sh -c 'sleep 600; true'; echo code $?"
    ));
    // A shell that is about to start a program may lose the signal.
    until("the program runs", || {
        let all = living_in(shop.root());
        let is_it = |line: &String| {
            line.split_once(' ')
                .is_some_and(|(_, it)| it.starts_with("sleep"))
        };
        all.iter().any(is_it).then_some(())
    });
    terminal.presses("C-c");
    terminal.shows("code 130");
    drop(terminal);
    assert_no_process_in(shop.root());
    assert!(deployments(&shop, &shop.app).is_empty());
}

/// What was killed has said nothing: nobody can tell whether it deployed.
#[test]
fn a_deploy_that_was_killed_is_not_known_to_have_arrived() {
    let shop = shop(super::POLICY);
    program(
        &shop,
        "slow",
        "#!/bin/sh\necho $$ >../begun\nexec sleep 600\n",
    );
    let slow = shop.path("bin/slow").display().to_string();
    let mut command = shop.command(PUSHGATE);
    command
        .args(["deploy", "staging", "--", &slow])
        .stderr(Stdio::null());
    let mut deploy = Started::new(&mut command);
    until("the command runs", || {
        shop.path("begun").exists().then_some(())
    });
    let log = shop.pushgate(["log"]).stdout;
    assert!(log.contains("not known yet whether it arrived"), "{log}");
    deploy.send("KILL");
    deploy.ends();
    let left = fs::read_to_string(shop.path("begun")).unwrap();
    shop.run_in(shop.root(), "kill", [left.trim()]).goes();
    shop.pushgate(["status"]).goes();
    let log = shop.pushgate(["log"]).stdout;
    assert!(
        log.contains("it cannot be told whether it arrived"),
        "{log}"
    );
}

#[test]
fn a_dry_run_deploys_nothing() {
    let shop = shop(super::POLICY);
    let push = ["git", "push", "--dry-run", "staging", "master"];
    let ran = deploy(&shop, &[&["staging", "--"], &push[..]].concat());
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("a dry run of `git push` deploys nothing");
    assert!(deployments(&shop, &shop.app).is_empty());
}

#[test]
fn what_somebody_else_was_faster_to_push_was_not_deployed_from_here() {
    let shop = Sandbox::new();
    let root = shop.root().display();
    shop.policy(&format!(
        "suite: {{run: 'git -C {root}/staging.git fetch -q --force {root}/origin.git master:master'}}\nenvironments: {{staging: {{}}}}\n"
    ));
    shop.push_ungated("origin", "master");
    let ran = deploy(&shop, &["staging"]).says("Everything up-to-date");
    assert!(!ran.stderr.contains("pushgate: deployed"), "{ran}");
    assert!(deployments(&shop, &shop.app).is_empty());
    let log = shop.pushgate(["log"]).stdout;
    assert!(log.contains("did not arrive"), "{log}");
}
