//! `pushgate approve`: a person tried what is live, and everybody may know.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use crate::support::{
    PATIENCE, Ran, Sandbox,
    notes_worker::{REF, clone, line, tell, told},
};

const SIGNED_OFF: &str = "\
suite:
  run: 'true'
environments:
  staging: {}
  production: {after: staging}
";

/// A shop whose newest commit is everywhere, and is to be tried on staging.
fn shop() -> Sandbox {
    shop_with(SIGNED_OFF)
}

fn shop_with(policy: &str) -> Sandbox {
    let shop = Sandbox::new();
    shop.policy(policy);
    for remote in ["origin", "staging", "production"] {
        shop.push_ungated(remote, "master");
    }
    shop
}

/// Ben's clone, who is Ben there.
fn ben(shop: &Sandbox) -> PathBuf {
    let path = clone(shop, "ben");
    let staging = shop.path("staging.git");
    for args in [
        ["config", "user.name", "Ben"],
        ["config", "user.email", "ben@shop.example"],
    ] {
        shop.run_in(&path, "git", args).goes();
    }
    shop.run_in(
        &path,
        "git",
        ["remote", "add", "staging", staging.to_str().unwrap()],
    )
    .goes();
    path
}

fn pushgate_in(shop: &Sandbox, place: &Path, args: &[&str]) -> Ran {
    shop.run_in(place, crate::support::PUSHGATE, args)
}

/// Nothing was recorded, here or anywhere.
#[track_caller]
fn nothing_recorded(shop: &Sandbox) {
    for place in [&shop.app, &shop.path("origin.git")] {
        assert_eq!(words_in(shop, place), 0);
    }
    assert!(shop.ledger().iter().all(|entry| entry["event"] == "push"));
}

/// How many sign-offs and words of their kind the notes of a repository hold.
fn words_in(shop: &Sandbox, place: &Path) -> usize {
    let all = shop.run_in(place, "git", ["grep", "-hE", "\"(signoff|again)\"", REF]);
    all.stdout.lines().count()
}

#[test]
fn what_is_live_is_signed_off_and_shared() {
    let shop = shop();
    let head = shop.ask(["rev-parse", "HEAD"]);
    let ran = shop
        .pushgate(["approve", "-m", "the basket, on a phone"])
        .goes();
    assert_eq!(
        ran.stderr,
        format!(
            "pushgate: {} signed off on staging by Ana <ana@shop.example>; shared on origin\n",
            &head[..7]
        )
    );
    assert_eq!(ran.stdout, "");
    let text = shop
        .git(["notes", "--ref", REF, "show", &head])
        .goes()
        .stdout;
    let note = text.lines().find(|line| line.contains("\"signoff\""));
    let note: serde_json::Value = serde_json::from_str(note.unwrap()).unwrap();
    assert_eq!(note["environment"], "staging");
    assert_eq!(note["commit"], head);
    assert_eq!(note["by"], "Ana <ana@shop.example>");
    assert_eq!(note["words"], "the basket, on a phone");
    let entry = shop.ledger().pop().unwrap();
    assert_eq!(entry["event"], "signoff");
    assert_eq!(entry["environment"], "staging");
    assert_eq!(entry["commit"], head);
    assert_eq!(entry["reason"], "the basket, on a phone");
    assert_eq!(entry["at"], note["at"]);
    assert_eq!(entry["remote"], "staging");
    assert_eq!(
        shop.run_in(shop.path("origin.git"), "git", ["rev-parse", REF])
            .goes()
            .stdout,
        shop.git(["rev-parse", REF]).goes().stdout
    );
    shop.pushgate(["log"]).goes();
}

#[test]
fn ben_knows_what_ana_tried_and_both_may_sign_off() {
    let shop = shop();
    let ben = ben(&shop);
    let head = shop.ask(["rev-parse", "HEAD"]);
    shop.pushgate(["approve", "-m", "ana"]).goes();
    pushgate_in(&shop, &ben, &["approve", "-m", "ben"])
        .goes()
        .says("signed off on staging by Ben <ben@shop.example>; shared on origin");
    let said = tell(&shop, &shop.app, &["fetch origin", &format!("read {head}")]);
    assert_eq!(said, ["ok", "ana ben"]);
}

#[test]
fn both_at_once_lose_nothing() {
    let shop = shop();
    let ben = ben(&shop);
    let head = shop.ask(["rev-parse", "HEAD"]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            shop.pushgate(["approve", "-m", "ana"])
                .goes()
                .says("shared on origin")
        });
        let ran = || pushgate_in(&shop, &ben, &["approve", "-m", "ben"]);
        scope.spawn(move || ran().goes().says("shared on origin"));
    });
    let said = tell(&shop, &shop.app, &["fetch origin", &format!("read {head}")]);
    assert_eq!(said, ["ok", "ana ben"]);
}

#[test]
fn a_second_sign_off_by_the_same_person_changes_nothing() {
    let shop = shop();
    shop.pushgate(["approve", "-m", "first"]).goes();
    let tip = shop.ask(["rev-parse", REF]);
    let lines = shop.ledger().len();
    let ran = shop.pushgate(["approve", "staging", "-m", "second"]).goes();
    ran.says("was signed off on staging by Ana <ana@shop.example> already; shared on origin");
    assert_eq!(shop.ask(["rev-parse", REF]), tip);
    assert_eq!(shop.ledger().len(), lines);
}

#[test]
fn another_commit_that_is_live_is_not_what_was_tried() {
    let shop = shop();
    let old = shop.ask(["rev-parse", "HEAD"]);
    let new = shop.commit("two");
    let ran = shop.pushgate(["approve"]);
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.stderr,
        format!(
            "pushgate: approval of staging refused\n  staging has {0}, not {1}, which is 1 commit ahead of it; both have the same content\n  deploy it there, try it on staging, then approve it:\n    git push staging master\n    pushgate approve staging\n  or, if {0} is what you tried:\n    pushgate approve staging --commit {0}\n",
            &old[..7],
            &new[..7]
        )
    );
    nothing_recorded(&shop);
    // The cure cures.
    let short = &old[..7];
    shop.pushgate(["approve", "staging", "--commit", short])
        .goes()
        .says(&format!("{short} signed off on staging"));
}

#[test]
fn a_commit_that_is_not_live_is_refused_though_it_was() {
    let shop = shop();
    let old = shop.ask(["rev-parse", "HEAD"]);
    shop.commit("two");
    shop.push_ungated("staging", "master");
    let ran = shop.pushgate(["approve", "--commit", &old]);
    assert_eq!(ran.code, 1);
    ran.says("which is 1 commit behind it");
    nothing_recorded(&shop);
    shop.pushgate(["approve", "--commit", "nowhere"])
        .says("`nowhere` names no commit");
    nothing_recorded(&shop);
}

#[test]
fn on_a_feature_branch_trunk_is_meant_and_else_head() {
    let shop = shop();
    let master = shop.ask(["rev-parse", "HEAD"]);
    shop.git(["checkout", "-q", "-b", "feature"]).goes();
    let feature = shop.commit("feature");
    let ran = shop.pushgate(["approve"]).goes();
    ran.says(&format!("{} signed off", &master[..7]));
    shop.push_ungated("staging", "feature:master");
    let ran = shop.pushgate(["approve"]).goes();
    ran.says(&format!("{} signed off", &feature[..7]));
}

#[test]
fn what_was_never_deployed_was_never_tried() {
    let shop = shop();
    let bare = shop.path("staging.git");
    shop.run_in(bare, "git", ["update-ref", "-d", "refs/heads/master"])
        .goes();
    let ran = shop.pushgate(["approve"]);
    assert_eq!(ran.code, 1);
    ran.says("staging (`staging`) has no branch `main` or `master`")
        .says("deploy it there, try it on staging, then approve it:\n    git push staging master\n    pushgate approve staging\n");
    nothing_recorded(&shop);
}

#[test]
fn every_remote_of_the_environment_must_have_it() {
    let shop = shop_with(
        "suite: {run: 'true'}\nenvironments:\n  staging: {remote: [staging, second]}\n  production: {after: staging}\n",
    );
    let second = shop.path("second.git");
    shop.git(["clone", "-q", "--bare", ".", second.to_str().unwrap()])
        .goes();
    shop.git(["remote", "add", "second", second.to_str().unwrap()])
        .goes();
    let head = shop.commit("two");
    shop.push_ungated("staging", "master");
    let ran = shop.pushgate(["approve"]);
    assert_eq!(ran.code, 1);
    ran.says(":\n    git push second master\n");
    nothing_recorded(&shop);
    shop.push_ungated("second", "master");
    let ran = shop.pushgate(["approve"]).goes();
    ran.says(&format!("{} signed off on staging", &head[..7]));
}

#[test]
fn a_staging_that_cannot_be_asked_leaves_it_undecided() {
    let shop = shop();
    shop.git(["remote", "set-url", "staging", "/nowhere/at-all.git"])
        .goes();
    let ran = shop.pushgate(["approve", "--json"]);
    assert_eq!(ran.code, 2);
    let said: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(said["recorded"], false);
    ran.says("pushgate: approve not done\n  could not ask `staging` for its branches");
    shop.git(["remote", "remove", "staging"]).goes();
    let ran = shop.pushgate(["approve"]);
    assert_eq!(ran.code, 2);
    ran.says("no remote of this repository leads to `staging`");
    nothing_recorded(&shop);
}

#[test]
fn an_origin_that_takes_no_notes_leaves_them_here_with_a_word() {
    let shop = shop();
    let head = shop.ask(["rev-parse", "HEAD"]);
    shop.git(["remote", "set-url", "origin", "/nowhere/at-all.git"])
        .goes();
    let ran = shop.pushgate(["approve", "-m", "ana"]).goes();
    ran.says("signed off on staging by Ana <ana@shop.example>; not shared\n")
        .says("pushgate: the team does not know yet: could not ask `origin`");
    assert_eq!(told(&shop, &shop.app, &format!("read {head}")), "ana");
    // Later it can be, by the same word.
    let origin = shop.path("origin.git");
    shop.git(["remote", "set-url", "origin", origin.to_str().unwrap()])
        .goes();
    let hook = origin.join("hooks/update");
    fs::write(&hook, "#!/bin/sh\ncase $1 in refs/notes/*) exit 1;; esac\n").unwrap();
    shop.run_in(&origin, "chmod", ["755", "hooks/update"])
        .goes();
    shop.pushgate(["approve"])
        .goes()
        .says("`origin` does not take refs/notes/pushgate: [remote rejected] (hook declined)");
    fs::remove_file(&hook).unwrap();
    shop.pushgate(["approve"])
        .goes()
        .says("already; shared on origin");
    let ben = ben(&shop);
    assert_eq!(
        tell(&shop, &ben, &["fetch origin", &format!("read {head}")])[1],
        "ana"
    );
}

#[test]
#[ignore = "slow: waits for time limits"]
fn an_origin_that_hangs_is_not_waited_for_long() {
    let shop = shop();
    shop.script("asleep", "#!/bin/sh\nexec sleep 1000\n");
    let asleep = shop.app.join("asleep");
    shop.git([
        "config",
        "remote.origin.uploadpack",
        asleep.to_str().unwrap(),
    ])
    .goes();
    let started = Instant::now();
    let ran = shop.pushgate(["approve"]).goes();
    assert!(started.elapsed() < PATIENCE);
    ran.says("; not shared\n")
        .says("`origin` gave no answer within 10 s");
}

#[test]
fn share_false_keeps_it_here() {
    let shop = shop_with(&format!("share: false\n{SIGNED_OFF}"));
    let head = shop.ask(["rev-parse", "HEAD"]);
    let ran = shop.pushgate(["approve", "-m", "ana"]).goes();
    ran.says("; kept here, as the policy says\n");
    assert_eq!(told(&shop, &shop.app, &format!("read {head}")), "ana");
    let refs = shop.run_in(shop.path("origin.git"), "git", ["for-each-ref", REF]);
    assert_eq!(refs.goes().stdout, "");
}

#[test]
fn an_environment_is_named_where_it_cannot_be_told() {
    let shop = shop_with(
        "suite: {run: 'true'}\nenvironments:\n  staging: {}\n  qa: {after: staging}\n  production: {after: qa}\n",
    );
    let ran = shop.pushgate(["approve"]);
    assert_eq!(ran.code, 2);
    ran.says("which environment did you try? `qa` or `staging`")
        .says("name it:\n    pushgate approve qa\n");
    let ran = shop.pushgate(["approve", "stagin"]);
    assert_eq!(ran.code, 2);
    ran.says("there is no environment `stagin`; there is `staging`, `qa` or `production`; did you mean `staging`?");
    shop.pushgate(["approve", "staging"])
        .goes()
        .says("signed off on staging");
    let shop = shop_with("suite: {run: 'true'}\nenvironments: {staging: {}}\n");
    let ran = shop.pushgate(["approve"]);
    assert_eq!(ran.code, 2);
    ran.says("  no environment of .pushgate.yml comes `after` another; name the one you tried");
    nothing_recorded(&shop);
}

#[test]
fn it_speaks_json() {
    let shop = shop();
    let head = shop.ask(["rev-parse", "HEAD"]);
    let said = |args: &[&str], code| {
        let ran = shop.pushgate(args.iter().chain(&["--json"]));
        assert_eq!(ran.code, code, "{ran}");
        serde_json::from_str::<serde_json::Value>(&ran.stdout).unwrap()
    };
    let first = said(&["approve", "-m", "ana"], 0);
    assert_eq!(
        (&first["recorded"], &first["shared"]),
        (&true.into(), &true.into())
    );
    assert_eq!(first["record"]["commit"], head);
    assert_eq!(first["why"], serde_json::Value::Null);
    let second = said(&["approve"], 0);
    assert_eq!(
        (&second["recorded"], &second["record"]),
        (&false.into(), &first["record"])
    );
    shop.commit("two");
    let refused = said(&["approve"], 1);
    assert_eq!(refused["recorded"], false);
    assert!(refused["why"].as_str().unwrap().starts_with("staging has "));
}

#[test]
fn somebody_whom_git_does_not_know_signs_nothing_off() {
    let shop = shop();
    fs::write(
        shop.path("home/.gitconfig"),
        "[user]\n\tuseConfigOnly = true\n",
    )
    .unwrap();
    let ran = shop.pushgate(["approve"]);
    assert_eq!(ran.code, 1);
    ran.says("git does not know who you are")
        .says(":\n    git config user.name \"NAME\"\n");
    nothing_recorded(&shop);
}

#[test]
fn a_removed_commit_is_acknowledged_and_no_other() {
    let shop = shop();
    let head = shop.ask(["rev-parse", "HEAD"]);
    let ran = shop.pushgate(["approve", "production", "--again"]);
    assert_eq!(ran.code, 1);
    ran.says("\n  no rollback ever removed a commit from production\n  see what a push needs:\n    pushgate check production\n");
    let ran = shop.pushgate(["approve", "--again"]);
    assert_eq!(ran.code, 1);
    ran.says(
        "\n  no rollback ever removed a commit\n  see what a push needs:\n    pushgate check\n",
    );
    nothing_recorded(&shop);
    // Another commit came back in its place.
    let other = shop.ask(["rev-parse", "HEAD~1"]);
    let removed = line(&other, "-")
        .replace(
            ",\"words\":\"-\"",
            &format!(",\"replaces\":\"{head}\",\"judged\":\"rollback\""),
        )
        .replace("signoff", "deployed")
        .replace(
            "[\"staging\"]",
            &format!("[{:?}]", shop.place("production")),
        )
        .replace("staging", "production")
        // By a clock that is far ahead.
        .replace("2026-", "2076-");
    assert_eq!(told(&shop, &shop.app, &format!("add {removed}")), "ok");
    let ran = shop.pushgate(["approve", "staging", "--again"]);
    assert_eq!(ran.code, 1);
    ran.says("from staging");
    shop.pushgate(["approve", "--again", "-m", "mended"])
        .goes()
        .says(&format!(
            "{} may go to production again, says Ana <ana@shop.example>; shared on origin",
            &head[..7]
        ));
    assert_eq!(shop.ledger().pop().unwrap()["event"], "again");
    assert_eq!(told(&shop, &shop.app, &format!("read {head}")), "mended");
    shop.pushgate(["approve", "production", "--again"])
        .goes()
        .says("may go to production again already");
    // Removed once more, it needs another word.
    let later = removed.replace("2076-", "2077-");
    told(&shop, &shop.app, &format!("add {later}"));
    shop.pushgate(["approve", "production", "--again", "-m", "really"])
        .goes()
        .says("may go to production again, says");
}

#[test]
fn a_ledger_that_cannot_be_written_records_nothing() {
    let shop = shop();
    let ledger = shop.app.join(".git/pushgate/ledger.jsonl");
    let _ = fs::remove_file(&ledger);
    fs::create_dir_all(&ledger).unwrap();
    let ran = shop.pushgate(["approve"]);
    assert_eq!(ran.code, 2);
    ran.says("it is a directory, not a plain file");
    assert_eq!(words_in(&shop, &shop.app), 0);
}

#[test]
fn sha_256_is_signed_off_alike() {
    let shop = Sandbox::with_init(&["--object-format=sha256"]);
    let head = shop.policy(SIGNED_OFF);
    for remote in ["origin", "staging"] {
        shop.git(["push", "-q", remote, "master"]).goes();
    }
    shop.pushgate(["approve", "-m", "ana"])
        .goes()
        .says("shared on origin");
    assert_eq!(told(&shop, &shop.app, &format!("read {head}")), "ana");
}

#[test]
fn somebody_without_a_name_or_an_address_is_nobody() {
    let shop = shop();
    for (key, value) in [("user.email", ""), ("user.name", " ")] {
        shop.git(["config", key, value]).goes();
        let ran = shop.pushgate(["approve", "-m", "x"]);
        assert_eq!(ran.code, 1, "{ran}");
        ran.says("git does not know who you are");
        nothing_recorded(&shop);
        shop.git(["config", "--unset", key]).goes();
    }
    // One who got past it by hand does not count.
    let head = shop.ask(["rev-parse", "HEAD"]);
    let note = line(&head, "x")
        .replace("[\"staging\"]", &format!("[\"{}\"]", shop.place("staging")))
        .replace("Ana <ana@shop.example>", "Ana <>");
    assert!(note.contains("Ana <>"), "{note}");
    shop.git(["notes", "--ref", REF, "append", "-m", &note, &head])
        .goes();
    let ran = shop.pushgate(["check", "production"]);
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("nobody has signed");
}

#[test]
fn the_words_of_a_second_sign_off_are_not_dropped_in_silence() {
    let shop = shop();
    shop.pushgate(["approve"]).goes();
    shop.pushgate(["approve", "-m", "on a phone"])
        .goes()
        .says("already")
        .says("its words stay as they were");
}

#[test]
fn a_sign_off_that_nothing_asks_for_names_the_one_that_is() {
    let shop = shop();
    shop.pushgate(["approve", "production"])
        .goes()
        .says("nothing comes after production: nothing will ask for its sign-off\n")
        .says("  if you tried staging:\n    pushgate approve staging\n");
    shop.pushgate(["approve", "staging"])
        .goes()
        .never_says("nothing will ask");
    // Where it cannot be signed off either, only that is said.
    shop.commit_on_origin("newer");
    shop.pushgate(["approve", "production"])
        .goes_not()
        .says("pushgate: approval of production refused\n  nothing comes after production: nothing will ask for its sign-off\n  if you tried staging:\n    pushgate approve staging\n")
        .never_says("approve production");
}
