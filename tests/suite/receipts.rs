//! Receipts: what has passed is not run again, and nothing that has not is taken for it.

use expect_test::expect;

use std::{fs, path::PathBuf, process::Stdio};

use crate::support::{
    POLICY, PUSHGATE, Ran, Sandbox,
    processes::{Started, assert_no_process_in, heeding, is_guarded},
    until,
};

/// A suite that leaves a line for each run.
const COUNTS: &str = "echo run >> ../runs";

fn counting() -> Sandbox {
    with("{run: 'echo run >> ../runs'}")
}

fn with(suite: &str) -> Sandbox {
    let shop = Sandbox::new();
    shop.policy(&POLICY.replace("suite:\n  run: 'true'\n", &format!("suite: {suite}\n")));
    shop
}

fn runs(shop: &Sandbox) -> usize {
    fs::read_to_string(shop.path("runs"))
        .unwrap_or_default()
        .lines()
        .count()
}

fn has_run(shop: &Sandbox) {
    until("the suite runs", || (runs(shop) > 0).then_some(()));
}

fn receipts(shop: &Sandbox) -> Vec<PathBuf> {
    let entries = fs::read_dir(shop.app.join(".git/pushgate/receipts"))
        .into_iter()
        .flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn three_remotes_in_a_row_cost_one_run() {
    let shop = counting();
    shop.push("origin", "master")
        .goes()
        .says("suite: passed in ");
    shop.push("staging", "master")
        .goes()
        .says("suite: passed just now on this tree, in ");
    shop.push("production", "master")
        .goes()
        .says("suite: passed just now on this tree, in ");
    assert_eq!(runs(&shop), 1);
    assert_eq!(receipts(&shop).len(), 1);
}

#[test]
fn check_leaves_one_too() {
    let shop = counting();
    shop.pushgate(["check", "trunk"]).goes();
    shop.push("origin", "master").goes();
    assert_eq!(runs(&shop), 1);
}

#[test]
fn an_amended_message_keeps_it_and_a_changed_file_does_not() {
    let shop = counting();
    shop.push("origin", "master").goes();
    shop.git(["commit", "-q", "--amend", "-m", "other words"])
        .goes();
    shop.push_ungated("origin", "+master");
    shop.push("staging", "master").goes();
    assert_eq!(runs(&shop), 1);
    shop.commit_file("carts", "x");
    shop.push("origin", "master").goes();
    assert_eq!(runs(&shop), 2);
}

#[test]
fn a_receipt_needs_no_checkout() {
    let shop = counting();
    shop.push("origin", "master").goes();
    shop.write("notes", "dirty");
    shop.git(["switch", "-qc", "feature"]).goes();
    shop.push("staging", "master:refs/heads/master").goes();
    assert_eq!(runs(&shop), 1);
}

#[test]
fn a_changed_command_or_a_listed_variable_needs_a_new_run() {
    let shop = with("{run: 'echo run >> ../runs', env: [RAILS_ENV, LANG_X]}");
    shop.push_with(&[("RAILS_ENV", "test")], "origin", "master")
        .goes();
    shop.push_with(&[("RAILS_ENV", "test")], "staging", "master")
        .goes();
    assert_eq!(runs(&shop), 1);
    shop.push_with(&[("RAILS_ENV", "production")], "production", "master")
        .goes();
    assert_eq!(runs(&shop), 2);
    let stored: String = receipts(&shop)
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    assert!(!stored.contains("production"), "a value is stored");
    shop.policy(&POLICY.replace("'true'", "'echo run >> ../runs; true'"));
    shop.push("origin", "master").goes();
    assert_eq!(runs(&shop), 3);
}

#[test]
fn reuse_never_runs_it_each_time_and_an_old_receipt_does_not_count() {
    let shop = with(&format!("{{run: '{COUNTS}', reuse: never}}"));
    shop.push("origin", "master").goes();
    shop.push("staging", "master").goes();
    assert_eq!(runs(&shop), 2);
    let shop = with(&format!("{{run: '{COUNTS}', reuse: 1h}}"));
    shop.push_at("2026-11-24 12:00:00", "origin", "master")
        .goes();
    shop.push_at("2026-11-24 12:59:00", "staging", "master")
        .goes();
    assert_eq!(runs(&shop), 1);
    shop.push_at("2026-11-24 13:01:00", "production", "master")
        .goes();
    assert_eq!(runs(&shop), 2);
}

#[test]
fn a_receipt_from_the_future_is_none() {
    let shop = counting();
    shop.push_at("2026-11-24 12:00:00", "origin", "master")
        .goes();
    shop.push_at("2026-11-24 11:00:00", "staging", "master")
        .goes();
    assert_eq!(runs(&shop), 2);
}

#[test]
fn a_damaged_receipt_is_none() {
    for damage in ["", "{", "null", "\0\0\0"] {
        let shop = counting();
        shop.push("origin", "master").goes();
        fs::write(&receipts(&shop)[0], damage).unwrap();
        shop.push("staging", "master").goes();
        assert_eq!(runs(&shop), 2, "{damage:?}");
    }
}

#[test]
fn a_failure_leaves_none() {
    let shop = with("{run: 'echo run >> ../runs; false'}");
    shop.push("origin", "master")
        .refused("suite")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: running the suite: echo run >> ../runs; false
            pushgate: push to trunk (origin/master) refused
              suite: `echo run >> ../runs; false` failed with exit code 1
                whole output: [root]/app/.git/pushgate/logs/[log]
              fix it, commit, and push again
            error: failed to push some refs to '[root]/origin.git'
        "#]]);
    shop.push("origin", "master")
        .refused("suite")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: running the suite: echo run >> ../runs; false
            pushgate: push to trunk (origin/master) refused
              suite: `echo run >> ../runs; false` failed with exit code 1
                whole output: [root]/app/.git/pushgate/logs/[log]
              fix it, commit, and push again
            error: failed to push some refs to '[root]/origin.git'
        "#]]);
    assert_eq!(runs(&shop), 2);
    assert_eq!(receipts(&shop).len(), 0);
}

#[test]
fn linked_worktrees_share_them() {
    let shop = counting();
    shop.push("origin", "master").goes();
    shop.git(["worktree", "add", "-q", "../linked", "--detach", "master"])
        .goes();
    shop.run_in(
        shop.path("linked"),
        "git",
        ["push", "staging", "HEAD:master"],
    )
    .goes();
    assert_eq!(runs(&shop), 1);
}

#[test]
fn a_second_push_waits_for_the_first_and_finds_its_receipt() {
    // It ends when a second one waits for it.
    let shop = with(
        "{run: 'echo run >> ../runs; until grep -qs \"waiting for the suite\" ../said; do sleep 0.05; done'}",
    );
    shop.push_ungated("origin", "master");
    let first = shop
        .command("git")
        .args(["push", "staging", "master"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    has_run(&shop);
    let mut second = shop.command("sh");
    second.args(["-c", "exec \"$0\" check staging 2>../said", PUSHGATE]);
    Ran::of(&mut second).goes();
    let said = fs::read_to_string(shop.path("said")).unwrap();
    assert!(
        said.contains("pushgate: waiting for the suite that runs already (process ")
            && said.contains("suite: passed just now on this tree, in "),
        "{said}"
    );
    Ran::from(first.wait_with_output().unwrap()).goes();
    assert_eq!(runs(&shop), 1);
}

#[test]
fn a_push_that_waits_can_be_stopped() {
    let shop = with("{run: 'echo run >> ../runs; until [ -e ../go ]; do sleep 0.05; done'}");
    let mut push = shop.command("git");
    push.args(["push", "origin", "master"])
        .stderr(Stdio::null());
    let mut first = Started::new(&mut push);
    has_run(&shop);
    let mut check = heeding(&shop, PUSHGATE);
    let said = shop.path("said");
    check
        .args(["check", "trunk"])
        .stderr(fs::File::create(&said).unwrap());
    let mut waiting = Started::new(&mut check);
    until("it waits for the first", || {
        let said = fs::read_to_string(&said).unwrap();
        said.contains("waiting for the suite").then_some(())
    });
    waiting.send("INT");
    assert_eq!(waiting.ends().code(), Some(130));
    fs::write(shop.path("go"), "").unwrap();
    assert!(first.ends().success());
}

#[test]
fn a_suite_that_was_killed_leaves_no_lock() {
    let shop = with("{run: 'echo run >> ../runs; sleep 300'}");
    let mut check = shop.command(PUSHGATE);
    let first = Started::new(check.args(["check", "trunk"]).stderr(Stdio::null()));
    has_run(&shop);
    is_guarded(&shop);
    drop(first);
    shop.policy(POLICY);
    shop.push("origin", "master").goes().never_says("waiting");
    assert_no_process_in(shop.root());
}

/// The policy is not in the tree here, so that one tree has several.
#[test]
fn whatever_gives_a_pass_its_meaning_needs_a_new_run_of_the_same_tree() {
    let shop = Sandbox::new();
    shop.git(["rm", "-q", ".pushgate.yml"]).goes();
    shop.commit_file("web/x", "x");
    shop.push_ungated("origin", "master");
    fs::write(shop.app.join(".git/info/exclude"), ".pushgate.yml\n.env\n").unwrap();
    let one = format!("'echo run >> {}'", shop.path("runs").display());
    let policies = [
        format!("run: [{one}, 'true']"),
        format!("run: ['true', {one}]"),
        format!("run: [{one}]"),
        format!("run: [{one}, ': ']"),
        format!("run: [{one}, {{run: ': ', dir: web}}]"),
        format!("run: [{one}, {{run: ': ', parallel: true}}]"),
        format!("run: [{one}, echo 1 run], expect: 1 run"),
        format!("run: [{one}, ': '], env: [RAILS_ENV]"),
        format!("run: [{one}, ': '], in: worktree"),
        format!("run: [{one}, ': '], in: worktree, link: [.env]"),
    ];
    for (before, suite) in policies.iter().enumerate() {
        let policy = format!("suite: {{{suite}}}\nenvironments: {{staging: {{}}}}\n");
        shop.write(".pushgate.yml", &policy);
        for _ in 0..2 {
            shop.pushgate(["check", "staging"]).goes();
            assert_eq!(runs(&shop), before + 1, "{suite}");
        }
    }
    assert_eq!(receipts(&shop).len(), policies.len());
}

#[test]
fn a_receipt_of_another_suite_or_tree_is_none_though_it_has_the_name() {
    let shop = counting();
    shop.push("origin", "master").goes();
    let path = receipts(&shop).remove(0);
    let whole = fs::read_to_string(&path).unwrap();
    let tree = shop.ask(["rev-parse", "HEAD^{tree}"]);
    for (old, new) in [
        (tree.as_str(), "0".repeat(40)),
        ("\"v\":2", "\"v\":9".to_owned()),
    ] {
        let edited = whole.replace(old, &new);
        assert_ne!(edited, whole);
        fs::write(&path, edited).unwrap();
        let before = runs(&shop);
        shop.pushgate(["check", "staging"]).goes();
        assert_eq!(runs(&shop), before + 1, "{old}");
    }
}

/// A kill at each call of the system that writes, one after the other: whole, or none.
#[test]
#[ignore = "slow: needs strace"]
fn a_kill_at_any_moment_leaves_the_whole_receipt_or_none() {
    const CALLS: &str = "write,fsync,fdatasync,fchmod,rename,renameat,renameat2,linkat,unlink";
    let shop = with("{run: 'true'}");
    shop.push_ungated("origin", "master");
    let (mut without, mut with) = (0, 0);
    for number in 1.. {
        let _ = fs::remove_dir_all(shop.app.join(".git/pushgate"));
        let mut command = shop.command(crate::support::tool("strace", "strace"));
        command
            .args(["-qq", "-e", &format!("trace={CALLS}")])
            .args(["-e", &format!("inject={CALLS}:signal=KILL:when={number}")])
            .args(["-o", "/dev/null", PUSHGATE, "check", "staging"]);
        let ran = Ran::of(&mut command);
        let left: Vec<_> = receipts(&shop)
            .into_iter()
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "json")
            })
            .collect();
        for path in &left {
            let receipt: serde_json::Value =
                serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
            assert_eq!(
                receipt["tree"].as_str().unwrap(),
                shop.ask(["rev-parse", "HEAD^{tree}"])
            );
        }
        if ran.code == 0 {
            assert_eq!(left.len(), 1);
            break;
        }
        assert_eq!(ran.code, 128 + 9, "{ran}");
        *(if left.is_empty() {
            &mut without
        } else {
            &mut with
        }) += 1;
        assert!(number < 200, "it is always killed");
    }
    assert!(without > 3 && with > 0, "{without} without, {with} with");
}
