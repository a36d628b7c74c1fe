//! Locks of environments: two clones, a server, and pushes between them.

use std::{fs, process::Command, thread};

use expect_test::expect;
use serde_json::Value;

use crate::support::{
    POLICY, PUSHGATE, Ran, Sandbox, person::Person, processes::script, shared, tmux::Terminal,
};

/// The ref of production's lock on origin, and what it leads to; empty where there is none.
fn on_origin(shop: &Sandbox) -> String {
    let format = ["for-each-ref", "--format=%(refname)", "refs/pushgate"];
    let listed = shop.run_in(shop.path("origin.git"), "git", format).goes();
    listed.stdout.trim_end().to_owned()
}

/// Writes something in the place of production's lock.
fn forge(shop: &Sandbox, text: &[u8]) {
    let mut hash = Command::new("git");
    hash.args(["hash-object", "-w", "--stdin"])
        .current_dir(shop.path("origin.git"));
    let id = Ran::fed(&mut hash, text).goes().stdout;
    let update = ["update-ref", "refs/pushgate/locks/production", id.trim()];
    shop.run_in(shop.path("origin.git"), "git", update).goes();
}

#[test]
fn one_person_locks_the_other_is_refused_and_the_holder_deploys() {
    let shop = Sandbox::new();
    let (ana, ben) = (
        Person::ana(&shop),
        Person::joins(&shop, "Ben", &["staging", "production"]),
    );
    shop.commit_on_origin("two");
    ana.push("10:00", "staging").goes();
    ben.git(&["pull", "-q", "--ff-only", "origin", "master"])
        .goes();
    let lock = [
        "lock",
        "production",
        "-m",
        "the migration runs",
        "--for",
        "2h",
    ];
    ana.pushgate("10:00", &lock).is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: Ana <ana@shop.example> has locked production since Tue 2026-11-24 10:00, until Tue 2026-11-24 12:00: the migration runs
    "#]]);
    assert_eq!(on_origin(&shop), "refs/pushgate/locks/production");
    // No ref of it is left in a clone, where `git push --mirror` would take it along.
    assert_eq!(shop.ask(["for-each-ref", "refs/pushgate"]), "");
    ben.push("10:20", "production")
        .refused("lock")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              lock: Ana <ana@shop.example> has locked production since Tue 2026-11-24 10:00, until Tue 2026-11-24 12:00: the migration runs
              ask them, then push again
              if it cannot wait:
                PUSHGATE_SKIP=lock PUSHGATE_REASON="..." git push production master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    let skip = [
        "env",
        "PUSHGATE_SKIP=lock",
        "git",
        "push",
        "--dry-run",
        "production",
        "master",
    ];
    ben.at("10:20", &skip).goes().says("lock: skipped");
    ana.push("10:30", "production")
        .goes()
        .says("  lock: yours: Ana ");
    ben.pushgate("10:40", &["lock", "production", "-m", "mine"])
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: lock of production refused
              Ana <ana@shop.example> has locked production since Tue 2026-11-24 10:00, until Tue 2026-11-24 12:00: the migration runs
              ask them, or take it away:
                pushgate unlock production
        "#]]);
    ben.pushgate("10:40", &["lock", "--list"])
        .is(&expect![[r#"
            exit 0
            --- stdout
            Ana <ana@shop.example> has locked production since Tue 2026-11-24 10:00, until Tue 2026-11-24 12:00: the migration runs
        "#]]);
    ben.pushgate("10:45", &["unlock", "production"])
        .is(&expect![[r#"
            exit 0
            --- stderr
            pushgate: production is unlocked; until then: Ana <ana@shop.example> has locked production since Tue 2026-11-24 10:00, until Tue 2026-11-24 12:00: the migration runs
        "#]]);
    assert_eq!(on_origin(&shop), "");
    ben.pushgate("10:45", &["unlock", "production"])
        .goes()
        .says("production is not locked");
    shared(&ben.place);
    let known = ana.pushgate("10:50", &["log"]).goes().stdout;
    let unlocked = "  Ben <ben@shop.example>\n    until then: Ana ";
    assert!(known.contains(unlocked), "{known}");
    let log = ben.pushgate("10:50", &["log", "--environment", "production"]);
    log.is(&expect![[r#"
        exit 0
        --- stdout
        2026-11-24 10:45  unlock      production    -        Ben <ben@shop.example>
            until then: Ana <ana@shop.example> has locked production since Tue 2026-11-24 10:00 UTC, until Tue 2026-11-24 12:00 UTC: the migration runs
        2026-11-24 10:30  go          production    [two]  Ana <ana@shop.example>
        2026-11-24 10:20  overridden  production    [two]  Ben <ben@shop.example>
            had not arrived when git ended: the server refused it, or git did not send it
            lock skipped
        2026-11-24 10:20  refused     production    [two]  Ben <ben@shop.example>
            lock refused: Ana <ana@shop.example> has locked production since Tue 2026-11-24 10:00, until Tue 2026-11-24 12:00: the migration runs
    "#]]);
}

#[test]
fn locks_that_are_taken_away_together_are_one_commit_of_the_notes() {
    let shop = Sandbox::new();
    shop.pushgate(["lock", "-m", "incident 17"]).goes();
    shop.pushgate(["unlock"]).goes();
    assert_eq!(
        shop.ask(["rev-list", "--count", "refs/notes/pushgate"]),
        "1"
    );
    let log = shop.pushgate(["log"]).goes();
    assert_eq!(log.stdout.matches("  unlock ").count(), 2, "{log}");
}

#[test]
fn a_lock_runs_out_by_the_clock_and_is_renewed_by_its_holder() {
    let shop = Sandbox::new();
    let (ana, ben) = (
        Person::ana(&shop),
        Person::joins(&shop, "Ben", &["staging"]),
    );
    ana.pushgate(
        "10:00",
        &["lock", "staging", "-m", "try", "--until", "11:00"],
    )
    .goes();
    let renewed = ["lock", "staging", "-m", "try again", "--until", "12:00"];
    ana.pushgate("10:50", &renewed)
        .goes()
        .says("since Tue 2026-11-24 10:00, until Tue 2026-11-24 12:00: try again");
    ben.commits("two");
    ben.push("11:30", "origin").goes();
    ben.push("11:30", "staging").refused("lock");
    ben.push("12:00", "staging")
        .goes()
        .says("  lock: nobody has locked it\n")
        .says("  note: the lock of staging by Ana <ana@shop.example> ran out Tue 2026-11-24 12:00: try again\n");
    // What has run out is anybody's.
    ben.pushgate("12:10", &["lock", "staging", "-m", "mine now"])
        .goes()
        .says("Ben <ben@shop.example> has locked staging since Tue 2026-11-24 12:10: mine now");
    ana.pushgate("12:10", &["lock", "staging", "-m", "x", "--until", "11:00"])
        .ends_with(2)
        .says("`11:00` is over already");
    ana.pushgate("12:10", &["lock", "staging", "-m", "x", "--for", "soon"])
        .ends_with(2)
        .says("write one such as `30m`, `2h` or `1d 12h`");
}

#[test]
fn the_holder_is_known_by_the_mailmap_and_an_override_says_why() {
    let shop = Sandbox::new();
    shop.policy(&POLICY.replace("staging: {}", "staging: {reason: required}"));
    shop.commit_file(".mailmap", "Ana <ana@shop.example> <ana@home.example>\n");
    shop.push_ungated("origin", "master");
    let mut lock = shop.command(PUSHGATE);
    lock.args(["lock", "staging", "-m", "mine"])
        .env("GIT_COMMITTER_EMAIL", "ana@home.example");
    Ran::of(&mut lock).goes();
    shop.push("staging", "master").goes();
    shop.commit_on_origin("two");
    let by_ben = [("GIT_COMMITTER_EMAIL", "ben@shop.example")];
    shop.push_with(&by_ben, "staging", "master").refused("lock");
    let skip = [by_ben[0], ("PUSHGATE_SKIP", "lock")];
    shop.push_with(&skip, "staging", "master")
        .goes_not()
        .says("an override of staging must say why");
    let said = [skip[0], skip[1], ("PUSHGATE_REASON", "agreed")];
    shop.push_with(&said, "staging", "master").goes();
}

#[test]
fn two_people_at_the_same_moment_and_one_of_them_holds_it() {
    let shop = Sandbox::new();
    let ben = Person::joins(&shop, "Ben", &[]);
    one_of(&shop, &[shop.app.clone(), ben.place]);
}

#[test]
#[ignore = "slow: ten clones"]
fn ten_people_at_the_same_moment_and_one_of_them_holds_it() {
    let shop = Sandbox::new();
    let people = (0..10).map(|number| Person::joins(&shop, &format!("P{number}"), &[]).place);
    one_of(&shop, &people.collect::<Vec<_>>());
}

/// All of these clones lock at once; one holds it, and the others are told who.
fn one_of(shop: &Sandbox, places: &[std::path::PathBuf]) {
    let lock = |place: &std::path::PathBuf| {
        shop.run_in(place, PUSHGATE, ["lock", "production", "-m", "me first"])
    };
    let all: Vec<Ran> = thread::scope(|scope| {
        let threads: Vec<_> = places
            .iter()
            .map(|place| scope.spawn(move || lock(place)))
            .collect();
        threads.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let held = all.iter().filter(|ran| ran.code == 0).count();
    assert_eq!(
        held,
        1,
        "{}",
        all.iter().map(ToString::to_string).collect::<String>()
    );
    let said = |ran: &Ran| {
        let line = ran
            .stderr
            .lines()
            .find(|line| line.contains("has locked production"));
        let line = line.unwrap_or_else(|| panic!("{ran}")).trim_start();
        line.trim_start_matches("pushgate: ").to_owned()
    };
    let holders: std::collections::BTreeSet<_> = all.iter().map(said).collect();
    assert_eq!(holders.len(), 1, "{holders:?}");
    assert!(
        all.iter()
            .all(|ran| ran.code < 2 && !ran.stderr.contains("only this clone"))
    );
}

#[test]
fn what_is_no_lock_is_shown_as_what_it_is_and_stops_the_push() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.push("staging", "master").goes();
    let refused = |why: &str| {
        let ran = shop.push("production", "master").undecided("lock");
        ran.says(&format!("the lock of production cannot be read: {why}"))
            .says("\n  find out whose it is, remove it, then push again:\n    pushgate unlock production\n");
    };
    forge(&shop, b"not JSON \x1b[31m");
    refused("it is not in the format of a lock");
    forge(&shop, &vec![b' '; 2_000_000]);
    refused("it has 2000000 bytes");
    let line = |environment: &str, by: &str, since: &str| {
        format!(
            "{{\"v\":1,\"environment\":\"{environment}\",\"by\":\"{by}\",\"why\":\"x\",\"since\":\"{since}\"}}"
        )
    };
    forge(
        &shop,
        line("staging", "Ben <b@x>", "2026-11-24T08:00:00Z").as_bytes(),
    );
    refused("it is one of `staging`");
    forge(
        &shop,
        line("production", "Ben <b@x>", "2099-11-24T08:00:00Z").as_bytes(),
    );
    // A clock may be wrong, but the person and the reason are known.
    shop.push("production", "master")
        .undecided("lock")
        .says("Ben <b@x> has locked production from Tue 2099-11-24 08:00 on, in ")
        .says(" days by this clock: x\n  ask them; if its time is wrong, remove it, then push again:\n    pushgate unlock production\n");
    let commit = ["update-ref", "refs/pushgate/locks/production", "master"];
    shop.run_in(shop.path("origin.git"), "git", commit).goes();
    refused("it is a commit, not a file");
    // Nobody takes it over unseen.
    shop.pushgate(["lock", "production", "-m", "mine"])
        .ends_with(2)
        .says("the lock of production cannot be read");
    shop.pushgate(["unlock", "production"]).goes();
    shop.push("production", "master").goes();
}

#[test]
fn a_lock_that_could_not_be_fetched_is_not_damaged_and_stays() {
    let shop = Sandbox::new();
    let ben = Person::joins(&shop, "Ben", &[]);
    ben.pushgate("10:00", &["lock", "staging", "-m", "the migration runs"])
        .goes();
    shop.commit("two");
    shop.push_ungated("origin", "master");
    // The list of refs is answered, the pack is not.
    let broken = ["config", "--global", "uploadpack.packObjectsHook", "false"];
    shop.git(broken).goes();
    let fetch = "git fetch origin refs/pushgate/locks/staging";
    let cure = format!("  see that this succeeds, then try again:\n    {fetch}\n");
    shop.push("staging", "master")
        .undecided("lock")
        .says("  lock: could not fetch the locks of `origin`\n")
        .says("    fatal: ")
        .says(&cure);
    let unlock = ["unlock", "staging"];
    shop.pushgate(unlock).ends_with(2).says(&cure);
    let status = shop.pushgate(["status"]).ends_with(2).stdout;
    assert!(
        status.starts_with("not asked: could not fetch the locks"),
        "{status}"
    );
    shop.run_in(&shop.app, "sh", ["-c", fetch]).ends_with(128);
    shop.git(["config", "--global", "--unset", broken[2]])
        .goes();
    shop.run_in(&shop.app, "sh", ["-c", fetch]).goes();
    shop.push("staging", "master")
        .refused("lock")
        .says("Ben <ben@shop.example> has locked staging");
    shop.pushgate(unlock).goes().says("until then: Ben");
}

#[test]
fn a_lock_of_an_environment_that_the_policy_does_not_have_stops_nothing() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.policy("suite: {run: 'true'}\nenvironments:\n  'Größe/1 @{x}': {remote: staging}\n");
    shop.push_ungated("origin", "master");
    shop.pushgate(["lock", "-m", "odd"]).goes();
    shop.pushgate(["lock", "--list"]).goes();
    shop.push_with(&[("GIT_COMMITTER_EMAIL", "ben@x")], "staging", "master")
        .refused("lock");
    shop.policy(POLICY);
    shop.push_ungated("origin", "master");
    shop.push("staging", "master").goes();
    let ran = shop.pushgate(["lock", "--list"]).goes();
    assert_eq!(
        ran.stdout,
        "Ana <ana@shop.example> has locked Größe/1 @{x} since Tue 2026-11-24 09:00: odd (the policy has no such environment)\n"
    );
    shop.pushgate(["unlock", "Größe/1 @{x}"]).goes();
    shop.pushgate(["unlock", "Größe/1 @{x}"])
        .ends_with(2)
        .says("there is no environment `Größe/1 @{x}`");
    shop.pushgate(["lock", "stagign", "-m", "x"])
        .ends_with(2)
        .says("did you mean `staging`?");
}

#[test]
fn where_the_team_shares_nothing_or_the_server_takes_none_it_holds_in_this_clone() {
    let shop = Sandbox::new();
    shop.policy(&format!("share: false\n{POLICY}"));
    shop.push_ungated("origin", "master");
    shop.pushgate(["lock", "staging", "-m", "mine"])
        .goes()
        .says("only this clone knows it, and nobody else: the policy says `share: false`");
    assert_eq!(on_origin(&shop), "");
    let by_ben = [("GIT_COMMITTER_EMAIL", "ben@shop.example")];
    shop.push_with(&by_ben, "staging", "master")
        .refused("lock")
        .says("Ana <ana@shop.example> has locked staging in this clone since");
    shop.pushgate(["unlock"])
        .goes()
        .says("staging is unlocked; until then: Ana");
    shop.push_with(&by_ben, "staging", "master").goes();

    let shop = Sandbox::new();
    let hook = shop.path("origin.git/hooks/pre-receive");
    fs::write(
        &hook,
        "#!/bin/sh\necho no refs of yours\n! grep -q refs/pushgate\n",
    )
    .unwrap();
    shop.run_in(shop.root(), "chmod", ["+x", hook.to_str().unwrap()])
        .goes();
    shop.pushgate(["lock", "staging", "-m", "mine"])
        .goes()
        .is(&expect![[r#"
            exit 0
            --- stderr
            pushgate: Ana <ana@shop.example> has locked staging in this clone since Tue 2026-11-24 09:00: mine
            pushgate: only this clone knows it, and nobody else: `origin` does not take it ([remote rejected] (pre-receive hook declined); remote: no refs of yours)
        "#]]);
    shop.commit_on_origin("two");
    shop.push_with(&by_ben, "staging", "master").refused("lock");
    shop.push("staging", "master").goes();
    shop.pushgate(["unlock", "staging"]).goes();
}

#[test]
fn a_hotfix_at_night_past_a_lock_reads_like_a_story() {
    let shop = Sandbox::new();
    shop.policy(&POLICY.replace(
        "signoff: false",
        "signoff: false, reason: required, window: {timezone: UTC, closed: ['22:00-07:00']}",
    ));
    shop.push_ungated("origin", "master");
    let (ana, ben) = (
        Person::ana(&shop),
        Person::joins(&shop, "Ben", &["staging", "production"]),
    );
    ana.push("21:00", "staging").goes();
    ana.push("21:00", "production").goes();
    ana.pushgate("21:30", &["lock", "production", "-m", "incident 17"])
        .goes();
    let fix = ben.commits("Fix the basket");
    ben.push("23:40", "production").is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: push to production (production) refused
          window: closed by `22:00-07:00`; opens Wed 2026-11-25 07:00
          trunk: master is 1 commit ahead of origin/master (you push [Fix the basket], origin has [Write .pushgate.yml])
          push it there first, then push again:
            git push origin master
          lock: Ana <ana@shop.example> has locked production since Tue 2026-11-24 21:30: incident 17
          ask them, then push again
          promotion: staging has [Write .pushgate.yml], not [Fix the basket], which is 1 commit ahead of it; both have the same content
          deploy it there, try it on staging, then push again:
            git push staging master
          if it cannot wait:
            PUSHGATE_SKIP=window,trunk,lock,promotion PUSHGATE_REASON="..." git push production master
        error: failed to push some refs to '[root]/production.git'
    "#]]);
    ben.at(
        "23:45",
        &[
            "env",
            "PUSHGATE_SKIP=window,trunk,lock,promotion",
            "PUSHGATE_REASON=Ana agreed on the phone",
            "git",
            "push",
            "production",
            "master",
        ],
    )
    .goes();
    assert_eq!(shop.tip("production", "master"), fix);
    let status = ana.reads("23:50", &["status"]);
    let words: Vec<_> = status.split_whitespace().collect();
    let overridden = "overridden: without window, trunk, lock, promotion (Ana agreed on the phone)";
    assert!(words.join(" ").contains(overridden), "{status}");
    ana.pushgate("23:55", &["unlock"]).goes();
    let log = ana.reads("23:59", &["log", "--environment", "production"]);
    for line in ["unlock ", "overridden ", "lock "] {
        assert!(log.contains(line), "{line}: {log}");
    }
    assert!(!ben.reads("23:59", &["status"]).contains("lock: "));
}

#[test]
fn a_repository_with_longer_ids_and_a_push_by_hand_to_the_refs_of_locks() {
    let shop = Sandbox::with_init(&["--object-format=sha256"]).open();
    shop.pushgate(["lock", "staging", "-m", "mine"]).goes();
    shop.commit_on_origin("two");
    let by_ben = [("GIT_COMMITTER_EMAIL", "ben@shop.example")];
    shop.push_with(&by_ben, "staging", "master").refused("lock");
    shop.push("staging", "master").goes();
    // No gate has a say about them.
    shop.push("origin", ":refs/pushgate/locks/staging")
        .goes()
        .never_says("pushgate: ");
}

#[test]
fn a_dead_network_locks_nothing() {
    let shop = Sandbox::new();
    shop.git(["remote", "set-url", "origin", "/nowhere"]).goes();
    shop.pushgate(["lock", "-m", "x"])
        .ends_with(2)
        .says("could not ask `origin`");
    assert!(shop.ledger().is_empty());
    shop.pushgate(["lock", "--list"])
        .ends_with(2)
        .says("pushgate: list of locks not done\n");
}

#[test]
fn what_was_done_is_done_where_only_the_answer_of_the_server_was_lost() {
    let shop = Sandbox::new();
    let hook = |name: &str| shop.path("origin.git/hooks").join(name);
    script(&shop, &hook("pre-receive"), "#!/bin/sh\nkill -9 $PPID\n");
    let lock = ["lock", "production", "-m", "mine"];
    shop.pushgate(lock)
        .ends_with(2)
        .says("  could not change the locks on `origin`\n    ")
        .says("\n    git ls-remote origin\n");
    assert_eq!(on_origin(&shop), "");
    fs::remove_file(hook("pre-receive")).unwrap();
    let ends = "#!/bin/sh\n[ $1 != committed ] || kill -9 $PPID\n";
    script(&shop, &hook("reference-transaction"), ends);
    shop.pushgate(lock)
        .goes()
        .says("has locked production since");
    assert_eq!(on_origin(&shop), "refs/pushgate/locks/production");
    let unlock = ["unlock", "production"];
    shop.pushgate(unlock)
        .goes()
        .says("production is unlocked; until then: Ana");
    assert_eq!(on_origin(&shop), "");
    shared(&shop.app);
    let log = shop.pushgate(["log"]).goes().stdout;
    assert!(log.contains("  unlock "), "{log}");
}

#[test]
fn all_environments_are_locked_at_once_and_everything_says_so() {
    let shop = Sandbox::new();
    let ben = Person::joins(&shop, "Ben", &["staging", "production"]);
    shop.pushgate(["lock", "-m", "incident 17", "--until", "2026-12-24 09:00"])
        .goes();
    let status = ben.pushgate("10:00", &["status"]);
    assert!(
        status
            .stdout
            .starts_with("lock: Ana <ana@shop.example> has locked production since Tue"),
        "{status}"
    );
    let json = ben.pushgate("10:00", &["status", "--json"]).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["locks"][1]["lock"]["why"], "incident 17");
    ben.pushgate("10:00", &["window", "production"])
        .goes()
        .says("pushgate: note: Ana <ana@shop.example> has locked production since");
    let list = ben.pushgate("10:00", &["lock", "staging", "--list", "--json"]);
    let list: Value = serde_json::from_str(&list.stdout).unwrap();
    assert_eq!(list["state"], "held");
    assert_eq!(list["lock"]["until"], "2026-12-24T09:00:00Z");
    // Of several, those go that another person does not hold.
    ben.pushgate("10:00", &["unlock", "staging"]).goes();
    let ran = ben.pushgate("10:00", &["lock", "-m", "mine"]).goes_not();
    ran.says("Ben <ben@shop.example> has locked staging")
        .says("Ana <ana@shop.example> has locked production");
}

#[test]
fn the_first_push_to_a_server_that_is_trunk_and_environment_is_not_held_up() {
    let shop = Sandbox::bare();
    shop.policy("suite: {run: 'true'}\nenvironments:\n  production: {remote: origin}\n");
    shop.install();
    shop.push("origin", "master")
        .goes()
        .says("  lock: nobody has locked it");
}

#[test]
fn a_long_list_is_broken_between_words() {
    let shop = Sandbox::new();
    let why = "the migration of all baskets runs since noon: bin/rails db:migrate:status VERSION=20261124120000";
    shop.pushgate(["lock", "production", "-m", why]).goes();
    let line = format!("'{PUSHGATE}' lock --list; echo; sleep 60");
    let screen = Terminal::running(&shop, 60, &line).shows("VERSION=20261124120000");
    let words = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.ends_with(why), "{screen}");
    let list = shop.pushgate(["lock", "--list"]).goes();
    assert_eq!(list.stdout.lines().count(), 1);
}

#[test]
fn a_ref_in_the_way_of_a_lock_is_named_and_removed_as_printed() {
    let shop = Sandbox::new();
    let origin = shop.path("origin.git");
    let stray = "refs/pushgate/locks/production/x";
    let update = ["update-ref", stray, "master"];
    shop.run_in(&origin, "git", update).goes();
    // Of several environments, the others are locked all the same.
    shop.pushgate(["lock", "-m", "incident 17"])
        .is(&expect![[r#"
            exit 2
            --- stderr
            pushgate: lock of production not done
              `origin` has refs/pushgate/locks/production/x, which leaves no room for refs/pushgate/locks/production
              find out whose it is, remove it, then lock again:
                git push origin --delete refs/pushgate/locks/production/x
            pushgate: Ana <ana@shop.example> has locked staging since Tue 2026-11-24 09:00: incident 17
        "#]]);
    assert_eq!(shop.ask(["for-each-ref", "refs/pushgate"]), "");
    shop.run_in(
        &shop.app,
        "sh",
        ["-c", &format!("git push origin --delete {stray}")],
    )
    .goes();
    let lock = ["lock", "production", "-m", "incident 17"];
    shop.pushgate(lock).goes().never_says("only this clone");

    shop.policy(&format!("share: false\n{POLICY}"));
    shop.git(["update-ref", stray, "master"]).goes();
    shop.pushgate(lock).ends_with(2).says(&format!(
        "this clone has {stray}, which leaves no room for refs/pushgate/locks/production\n  find out whose it is, remove it, then lock again:\n    git update-ref -d {stray}\n"
    ));
    shop.git(["update-ref", "-d", stray]).goes();
    shop.pushgate(lock).goes();
}

#[test]
fn a_server_that_keeps_a_lock_is_quoted_with_what_removes_it() {
    let shop = Sandbox::new();
    shop.pushgate(["lock", "-m", "incident 17"]).goes();
    let hook = shop.path("origin.git/hooks/update");
    script(
        &shop,
        &hook,
        "#!/bin/sh\ncase $1 in */staging) exit 0;; refs/pushgate/*) echo no deletions; exit 1;; esac\n",
    );
    shop.pushgate(["unlock"]).is(&expect![[r#"
        exit 2
        --- stderr
        pushgate: staging is unlocked; until then: Ana <ana@shop.example> has locked staging since Tue 2026-11-24 09:00: incident 17
        pushgate: unlock not done
          `origin` does not remove refs/pushgate/locks/production
            [remote rejected] (hook declined)
            remote: no deletions
            remote: error: hook declined to update refs/pushgate/locks/production
          let the team delete refs/pushgate/locks/* there, or have a person with that right run this:
            git push origin --delete refs/pushgate/locks/production
    "#]]);
    assert_eq!(on_origin(&shop), "refs/pushgate/locks/production");
    fs::remove_file(hook).unwrap();
    let delete = "push origin --delete refs/pushgate/locks/production";
    shop.git(delete.split(' ')).goes();
    shop.pushgate(["unlock", "production"])
        .goes()
        .says("production is not locked");
}

#[test]
fn every_state_of_a_lock_is_named_by_the_help() {
    let shop = Sandbox::new();
    let line = |since: &str, until: &str| {
        format!(
            r#"{{"v":1,"environment":"production","by":"Ben <b@x>","why":"x","since":"{since}","until":"{until}"}}"#
        )
    };
    let (past, now, future) = (
        "2000-11-24T08:00:00Z",
        "2001-11-24T08:00:00Z",
        "2099-11-24T08:00:00Z",
    );
    let help = ["lock", "status"].map(|name| shop.pushgate([name, "--help"]).goes().stdout);
    for (text, expected) in [
        (line(past, future), "held"),
        (line(past, now), "over"),
        (line(future, future), "ahead"),
        ("not JSON".to_owned(), "damaged"),
    ] {
        forge(&shop, text.as_bytes());
        let list = shop.pushgate(["lock", "--list", "--json"]).stdout;
        let list: Value = serde_json::from_str(&list).unwrap();
        assert_eq!(list["state"], expected);
        assert!(
            help.iter().all(|help| help.contains(expected)),
            "{expected}"
        );
    }
}

#[test]
fn who_looks_for_a_lock_is_not_told_to_add_an_environment() {
    let shop = Sandbox::new();
    for args in [&["lock", "--list", "nosuch"][..], &["unlock", "nosuch"]] {
        let ran = shop.pushgate(args).ends_with(2);
        ran.says("there is no environment `nosuch`; there is `staging` or `production`\n  see what is locked:\n    pushgate lock --list\n");
    }
    shop.pushgate(["lock", "--list"]).goes();
}
