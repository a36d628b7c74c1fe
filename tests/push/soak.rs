//! `soak`: the commit must have been live on the environment before for a while.

use expect_test::expect;

use crate::support::{PUSHGATE, Ran, Sandbox};

const POLICY: &str = "suite: {run: 'true'}\nenvironments:\n  staging: {}\n  production: {after: staging, signoff: false, soak: 10m}\n";

/// A shop with a new commit on origin, under a policy that wants ten minutes on staging.
fn shop() -> (Sandbox, String) {
    let shop = Sandbox::new();
    shop.policy(POLICY);
    let id = shop.commit_on_origin("two");
    (shop, id[..7].to_owned())
}

#[test]
fn it_counts_from_the_push_and_says_how_long_is_left() {
    let (shop, id) = shop();
    shop.push_at("2026-11-24 10:00:00", "staging", "master")
        .goes();
    shop.push_at("2026-11-24 10:04:00", "production", "master")
        .refused("promotion")
        .says(&format!(
            "{id} has been on staging for 4m, and must be for 10m: until Tue 2026-11-24 10:1"
        ))
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: [two] has been on staging for 4m, and must be for 10m: until Tue 2026-11-24 10:10
              push again then
              if it cannot wait:
                PUSHGATE_SKIP=promotion PUSHGATE_REASON="..." git push production master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    shop.push_at("2026-11-24 10:11:00", "production", "master")
        .goes()
        .says(&format!("promotion: {id} is live on staging, for 1"));
}

#[test]
fn a_missing_sign_off_is_named_while_it_lasts() {
    let shop = Sandbox::new();
    shop.policy(&POLICY.replace("signoff: false, ", ""));
    shop.commit_on_origin("two");
    shop.push_at("2026-11-24 10:00:00", "staging", "master")
        .goes();
    let push = |time| shop.push_at(time, "production", "master");
    push("2026-11-24 10:04:00")
        .refused("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: [two] has been on staging for 4m, and must be for 10m: until Tue 2026-11-24 10:10; and nobody has signed [two] off on staging
              try it on staging, then sign it off:
                pushgate approve staging -m "what was tried"
              push again once the soak is over
              if it cannot wait:
                PUSHGATE_SKIP=promotion PUSHGATE_REASON="..." git push production master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    let mut approve = shop.at("2026-11-24 10:05:00");
    Ran::of(approve.args([PUSHGATE, "approve", "staging", "-m", "the basket"])).goes();
    let ran = push("2026-11-24 10:06:00").refused("promotion");
    assert!(!ran.stderr.contains("signed"), "{ran}");
    push("2026-11-24 10:11:00").goes();
}

#[test]
fn it_begins_anew_when_staging_moved_on_and_came_back() {
    let (shop, _) = shop();
    shop.push_at("2026-11-24 10:00:00", "staging", "master")
        .goes();
    shop.commit_on_origin("three");
    shop.push_at("2026-11-24 10:20:00", "staging", "master")
        .goes();
    shop.git(["reset", "-q", "--hard", "HEAD~1"]).goes();
    shop.push_ungated("origin", "+master");
    let back = |time| shop.push_at(time, "staging", "+master");
    back("2026-11-24 10:40:00").goes();
    shop.push_at("2026-11-24 10:45:00", "production", "master")
        .refused("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: [two] has been on staging for 5m, and must be for 10m: until Tue 2026-11-24 10:50
              push again then
              if it cannot wait:
                PUSHGATE_SKIP=promotion PUSHGATE_REASON="..." git push production master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    shop.push_at("2026-11-24 10:51:00", "production", "master")
        .goes();
}

#[test]
fn a_push_that_the_server_refused_does_not_start_it() {
    let (shop, _) = shop();
    let hook = shop.path("staging.git/hooks/pre-receive");
    std::fs::write(&hook, "#!/bin/sh\nexit 1\n").unwrap();
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    shop.push_at("2026-11-24 10:00:00", "staging", "master")
        .goes_not();
    std::fs::remove_file(&hook).unwrap();
    shop.push_at("2026-11-24 10:20:00", "staging", "master")
        .goes();
    shop.push_at("2026-11-24 10:25:00", "production", "master")
        .refused("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: [two] has been on staging for 5m, and must be for 10m: until Tue 2026-11-24 10:30
              push again then
              if it cannot wait:
                PUSHGATE_SKIP=promotion PUSHGATE_REASON="..." git push production master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn what_nobody_told_of_counts_from_when_it_is_seen() {
    let (shop, id) = shop();
    // By URL there is no tracking ref, and nobody here wrote it down.
    let staging = shop.path("staging.git");
    shop.push_ungated(staging.to_str().unwrap(), "master");
    shop.push_at("2026-11-24 10:00:00", "production", "master")
        .refused("promotion")
        .says(&format!(
            "nothing tells since when {id} is on staging, where it must be for 10m: counted from now, until Tue 2026-11-24 10:10"
        ))
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: nothing tells since when [two] is on staging, where it must be for 10m: counted from now, until Tue 2026-11-24 10:10
              push again then
              if it cannot wait:
                PUSHGATE_SKIP=promotion PUSHGATE_REASON="..." git push production master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    shop.push_at("2026-11-24 10:06:30", "production", "master")
        .refused("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: [two] has been on staging for 6m 30s, and must be for 10m: until Tue 2026-11-24 10:10
              push again then
              if it cannot wait:
                PUSHGATE_SKIP=promotion PUSHGATE_REASON="..." git push production master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    shop.push_at("2026-11-24 10:11:00", "production", "master")
        .goes();
}

#[test]
fn a_push_around_the_gate_is_seen_in_the_reflog() {
    let (shop, _) = shop();
    let mut around = shop.at("2026-11-24 10:00:00");
    Ran::of(around.args(["git", "push", "-q", "--no-verify", "staging", "master"])).goes();
    shop.push_at("2026-11-24 10:11:00", "production", "master")
        .goes();
}

#[test]
fn a_clock_that_was_ahead_proves_nothing() {
    let (shop, _) = shop();
    shop.push_at("2026-11-24 12:00:00", "staging", "master")
        .goes();
    shop.push_at("2026-11-24 10:00:00", "production", "master")
        .refused("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: nothing tells since when [two] is on staging, where it must be for 10m: counted from now, until Tue 2026-11-24 10:10
              push again then
              if it cannot wait:
                PUSHGATE_SKIP=promotion PUSHGATE_REASON="..." git push production master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn a_damaged_ledger_and_notes_that_are_nonsense_prove_nothing() {
    let (shop, id) = shop();
    let staging = shop.path("staging.git");
    shop.push_ungated(staging.to_str().unwrap(), "master");
    let id = shop.ask(["rev-parse", &id]);
    shop.write(
        ".git/pushgate/ledger.jsonl",
        &format!("{{\"v\":1,\"commit\":\"{id}\"\n\0\0\n"),
    );
    let old = shop.ask(["rev-parse", "HEAD~1"]);
    let place = shop.place("staging");
    let record = |version, commit: &str| {
        format!(
            "{{\"v\":{version},\"event\":\"deployed\",\"environment\":\"staging\",\"destinations\":[\"{place}\"],\"commit\":\"{commit}\",\"by\":\"Ben <ben@shop.example>\",\"at\":\"2026-11-24T09:30:00Z\",\"judged\":\"go\"}}"
        )
    };
    let note = [record(0, &id), record(1, &old), "{".to_owned()].join("\n");
    shop.git(["notes", "--ref=pushgate", "add", "-m", &note, &id])
        .goes();
    shop.push_at("2026-11-24 10:00:00", "production", "master")
        .refused("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: nothing tells since when [two] is on staging, where it must be for 10m: counted from now, until Tue 2026-11-24 10:10
              push again then
              if it cannot wait:
                PUSHGATE_SKIP=promotion PUSHGATE_REASON="..." git push production master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    // The same words about this commit, in our version, count.
    shop.git([
        "notes",
        "--ref=pushgate",
        "append",
        "-m",
        &record(1, &id),
        &id,
    ])
    .goes();
    shop.push_at("2026-11-24 10:00:00", "production", "master")
        .goes();
}

#[test]
fn a_stale_tracking_ref_does_not_outweigh_what_the_team_knows() {
    let (shop, _) = shop();
    let two = shop.ask(["rev-parse", "HEAD"]);
    shop.push_at("2026-11-24 09:00:00", "staging", "master")
        .goes();
    let three = shop.commit_on_origin("three");
    shop.push_at("2026-11-24 10:00:00", "staging", "master")
        .goes();
    // It goes and comes back, of which no tracking ref of this clone hears.
    let url = shop.path("staging.git").to_str().unwrap().to_owned();
    shop.git(["checkout", "-q", &two]).goes();
    shop.stop_clock("2026-11-24 10:20:00");
    let back = format!("+{two}:refs/heads/master");
    shop.push_with(&[("PUSHGATE_ROLLBACK", "1")], &url, &back)
        .goes();
    shop.git(["checkout", "-q", "master"]).goes();
    shop.stop_clock("2026-11-24 10:30:00");
    shop.push_ungated(&url, "master");
    shop.push_at("2026-11-24 10:31:00", "production", "master")
        .refused("promotion")
        .says(&format!(
            "nothing tells since when {} is on staging",
            &three[..7]
        ));
}
