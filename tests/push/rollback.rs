//! A rollback: at any hour, loudly, back to what was live before; and what it removed stays away.

use expect_test::expect;

use std::fs;

use crate::support::{
    PUSHGATE, Ran, Sandbox, follow_up, notes_worker::records, person::Person, processes::script,
    tmux::Terminal,
};

const POLICY: &str = "suite: {run: 'true'}\nenvironments:\n  staging: {}\n  production:\n    after: staging\n    signoff: false\n    window: {timezone: UTC, closed: ['22:00-07:00'], runway: 1h}\n";
const DAY: &str = "2026-11-24 10:00:00";
const NIGHT: &str = "2026-11-24 23:30:00";

/// The word for it.
const ASKED: &[(&str, &str)] = &[("PUSHGATE_ROLLBACK", "1")];

/// A shop where `two` and then `three` were deployed; three is live, and it is bad.
struct Deployed {
    shop: Sandbox,
    two: String,
    three: String,
}

impl Deployed {
    fn new() -> Self {
        Self::with(POLICY)
    }

    fn with(policy: &str) -> Self {
        let shop = Sandbox::new();
        shop.policy(policy);
        let deploy = |subject| {
            let id = shop.commit_on_origin(subject);
            shop.push_at(DAY, "staging", "master").goes();
            shop.push_at(DAY, "production", "master").goes();
            id
        };
        let (two, three) = (deploy("two"), deploy("three"));
        Self { shop, two, three }
    }

    fn back(&self, time: &str) -> Ran {
        self.shop.git(["checkout", "-q", &self.two]).goes();
        self.shop.stop_clock(time);
        let refspec = format!("+{}:refs/heads/master", self.two);
        let ran = self.shop.push_with(ASKED, "production", &refspec);
        self.shop.git(["checkout", "-q", "master"]).goes();
        ran
    }
}

#[test]
fn what_was_live_comes_back_at_night_and_loudly() {
    let it = Deployed::new();
    let (old, new) = (&it.two[..7], &it.three[..7]);
    it.back(NIGHT)
        .goes()
        .says(&format!(
            "pushgate: rollback: from {new} back to {old}, which was live there before"
        ))
        .says("window: passes as a rollback")
        .says("trunk: passes as a rollback");
    assert_eq!(it.shop.tip("production", "master"), it.two);
    let ledger = it.shop.ledger();
    assert_eq!(ledger.last().unwrap()["rollback"], true);
}

#[test]
fn what_it_removed_stays_away_until_somebody_says_otherwise() {
    let it = Deployed::new();
    it.back(NIGHT).goes();
    let removed = &it.three[..7];
    it.shop
        .push_at("2026-11-25 10:00:00", "production", "master")
        .refused("promotion")
        .says(&format!(
            "a rollback took {removed} off production (Tue 2026-11-24 23:30, Ana <ana@shop.example>)"
        ))
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: a rollback took [three] off production (Tue 2026-11-24 23:30, Ana <ana@shop.example>)
              push another commit, one that fixes what was wrong
              or, if it may go there again:
                pushgate approve --again production --commit [three]
                git push production master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    // What mends it is another commit, and goes.
    it.shop.commit_on_origin("four");
    it.shop
        .push_at("2026-11-25 10:00:00", "staging", "master")
        .goes();
    it.shop
        .push_at("2026-11-25 10:00:00", "production", "master")
        .goes();
}

#[test]
fn what_was_never_live_there_is_no_rollback() {
    let shop = Sandbox::new();
    shop.policy(POLICY);
    let never = shop.commit_on_origin("never live");
    shop.commit_on_origin("live");
    shop.push_at(DAY, "staging", "master").goes();
    shop.push_at(DAY, "production", "master").goes();
    let refspec = format!("+{never}:refs/heads/master");
    shop.push_with(ASKED, "production", &refspec)
        .refused("target")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              target: [never live] was never live on production: it is not a rollback
              see what was live there:
                pushgate log --environment production
              go back to what was live before:
                pushgate rollback production
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    for (time, gate) in [(NIGHT, "window"), (DAY, "trunk")] {
        shop.push_at(time, "production", &refspec)
            .refused(gate)
            .never_says("rollback");
    }
}

#[test]
fn without_the_word_what_is_behind_is_behind_however_hard_it_is_forced() {
    let it = Deployed::new();
    let refspec = format!("+{}:refs/heads/master", it.two);
    it.shop
        .push_at(DAY, "production", &refspec)
        .refused("trunk")
        .says("1 commit behind origin/master")
        .never_says("rollback");
    it.shop
        .push_at(NIGHT, "production", &refspec)
        .refused("window");
    // A word that means nothing is not taken for it.
    it.shop
        .push_with(&[("PUSHGATE_ROLLBACK", "ture")], "production", &refspec)
        .goes_not()
        .says("PUSHGATE_ROLLBACK says `ture`");
}

#[test]
fn it_has_to_say_why_where_the_policy_wants_that() {
    let it = Deployed::with(&POLICY.replace(
        "    signoff: false\n",
        "    signoff: false\n    reason: required\n",
    ));
    it.back(NIGHT)
        .goes_not()
        .says("an override of production must say why");
    // Before anybody is asked, and in the log.
    for args in [&["rollback"][..], &["rollback", "--yes"]] {
        let decided = it.shop.ledger().len();
        it.shop
            .pushgate(args)
            .goes_not()
            .says("an override of production must say why");
        assert_eq!(it.shop.ledger().len(), decided + 1);
    }
    let ran = it
        .shop
        .pushgate(["rollback", "--yes", "-m", "it is on fire"]);
    ran.goes();
    let entry = it.shop.ledger().pop().unwrap();
    assert_eq!(
        (&entry["rollback"], &entry["reason"]),
        (&true.into(), &"it is on fire".into())
    );
}

#[test]
fn its_reason_is_that_of_all_it_overrides_and_another_is_not_lost() {
    let it = Deployed::new();
    let ben = Person::joins(&it.shop, "Ben", &["production"]);
    ben.run(PUSHGATE, &["lock", "production", "-m", "hold"])
        .goes();
    let rollback = format!("production {} --yes -m 'nobody can pay'", it.two);
    let cure = format!("PUSHGATE_SKIP=lock pushgate rollback {rollback}");
    it.shop
        .pushgate(["rollback", "--yes", "-m", "nobody can pay"])
        .refused("lock")
        .says(&format!("if it cannot wait:\n    {cure}\n"));
    // One that is given twice is one; of two, neither is forgotten.
    let with = |reason: &str| {
        let line = format!("PUSHGATE_REASON='{reason}' {cure}").replace("pushgate", PUSHGATE);
        it.shop.run_in(&it.shop.app, "sh", ["-c", &line])
    };
    let decided = it.shop.ledger().len();
    with("Ben agreed")
        .ends_with(2)
        .says("PUSHGATE_REASON gives another reason; leave one of them out");
    assert_eq!(it.shop.ledger().len(), decided);
    with("nobody can pay ").goes();
    let entry = it.shop.ledger().pop().unwrap();
    assert_eq!(entry["reason"], "nobody can pay");
    assert_eq!(it.shop.tip("production", "master"), it.two);
}

#[test]
fn one_past_the_lock_of_another_person_goes_as_printed() {
    let policy = POLICY.replace("signoff: false", "signoff: false\n    reason: required");
    let it = Deployed::with(&policy);
    let ben = Person::joins(&it.shop, "Ben", &["production"]);
    ben.run(PUSHGATE, &["lock", "production", "-m", "hold"])
        .goes();
    it.shop.git(["checkout", "-q", &it.two]).goes();
    let by_hand = format!("git push --force production {}:master", it.two);
    let deploy = format!("pushgate deploy production --commit {}", it.two);
    let rollback = format!("pushgate rollback production {} --yes", it.two);
    let typed = |command: &str, reason: &str| {
        let program = format!("'{PUSHGATE}'");
        let line = command.replace("\"...\"", "'Ben agreed'");
        let line = format!("{reason}{}", line.replace("pushgate", &program));
        it.shop.run_in(&it.shop.app, "sh", ["-c", &line])
    };
    for (command, asked) in [
        (&by_hand, "PUSHGATE_ROLLBACK=1 "),
        (&deploy, "PUSHGATE_ROLLBACK=1 "),
        (&rollback, ""),
    ] {
        let ran = typed(&format!("{asked}{command}"), "PUSHGATE_REASON=down ").refused("lock");
        let mut lines = ran.stderr.lines();
        lines.find(|line| *line == "  if it cannot wait:");
        let cure = lines.next().unwrap().trim_start();
        let expected = format!("PUSHGATE_SKIP=lock {asked}PUSHGATE_REASON=\"...\" {command}");
        assert_eq!(cure, expected, "{ran}");
        typed(cure, "").goes();
        assert_eq!(it.shop.tip("production", "master"), it.two);
        let entry = it.shop.ledger().pop().unwrap();
        assert_eq!(
            (&entry["rollback"], &entry["reason"]),
            (&true.into(), &"Ben agreed".into())
        );
        it.shop
            .push_ungated("production", &format!("+{}:master", it.three));
    }
}

#[test]
fn the_command_goes_back_to_what_was_live_before() {
    let it = Deployed::new();
    it.shop.stop_clock(NIGHT);
    it.shop.pushgate(["rollback"]).ends_with(2).says(&format!(
        "say yes beforehand:\n    pushgate rollback production {} --yes",
        it.two
    ));
    assert_eq!(it.shop.tip("production", "master"), it.three);
    it.shop
        .pushgate(["rollback", "--yes"])
        .goes()
        .says(&format!("from {} back to {}", &it.three[..7], &it.two[..7]))
        .says("was deployed by Ana <ana@shop.example>, Tue 2026-11-24 10:00")
        .says("takes 1 commit away; both have the same content:")
        .says("window: passes as a rollback");
    assert_eq!(it.shop.tip("production", "master"), it.two);
    // From there it goes further back, not to what it removed. The suite is still asked.
    let first = it.shop.ask(["rev-list", "--max-parents=0", "HEAD"]);
    it.shop
        .pushgate(["rollback", "--yes"])
        .refused("suite")
        .says(&format!(
            "check it out, then roll back again:\n    git switch --detach {}\n",
            &first[..7]
        ));
    it.shop.git(["switch", "-q", "--detach", &first]).goes();
    it.shop.pushgate(["rollback", "--yes"]).goes();
    assert_eq!(it.shop.tip("production", "master"), first);
    it.shop.git(["switch", "-q", "master"]).goes();
    // And there was nothing before.
    let ran = it.shop.pushgate(["rollback", "--yes"]);
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("nothing tells what was live on production before");
    // By name, of an environment that there is, and a commit that there is.
    it.shop
        .pushgate(["rollback", "stagign"])
        .ends_with(2)
        .says("did you mean `staging`?");
    it.shop
        .pushgate(["rollback", "production", "nowhere"])
        .ends_with(2)
        .says("`nowhere` names no commit");
    it.shop
        .pushgate(["rollback", "production", &first])
        .goes()
        .says(&format!("production has {} already", &first[..7]));
}

#[test]
fn the_command_gives_way_to_a_colleague_who_deploys_at_the_same_time() {
    let it = Deployed::new();
    // Between the question and the push, somebody deploys.
    it.shop.script(
        "../production.git/hooks/pre-receive",
        &format!(
            "#!/bin/sh\nread -r _ new _\n[ $new != {} ] || git update-ref refs/heads/master {}\n",
            it.two, it.two
        ),
    );
    let ran = it.shop.pushgate(["rollback", "--yes"]);
    assert_ne!(ran.code, 0, "{ran}");
    it.shop.pushgate(["log"]).goes();
}

#[test]
fn a_push_that_the_server_refused_was_never_live() {
    let shop = Sandbox::new();
    shop.policy(POLICY);
    let refused = shop.commit_on_origin("two");
    shop.push_at(DAY, "staging", "master").goes();
    let hook = shop.path("production.git/hooks/pre-receive");
    fs::write(&hook, "#!/bin/sh\nexit 1\n").unwrap();
    fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    shop.push_at(DAY, "production", "master").goes_not();
    fs::remove_file(&hook).unwrap();
    shop.commit_on_origin("three");
    shop.push_at(DAY, "staging", "master").goes();
    shop.push_at(DAY, "production", "master").goes();
    let refspec = format!("+{refused}:refs/heads/master");
    shop.push_with(ASKED, "production", &refspec)
        .refused("target")
        .says("was never live on production");
    shop.push_at(DAY, "production", &refspec)
        .refused("trunk")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              trunk: [two] is 1 commit behind origin/master (you push [two], origin has [three])
              push the newest:
                git push production master
              promotion: staging has [three], not [two], which is 1 commit behind it; both have the same content
              it is asked again about the commit that you push then
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn what_was_live_but_is_not_on_trunk_does_not_come_back() {
    let shop = Sandbox::new();
    shop.policy(POLICY);
    let hotfix = shop.commit("a hotfix that was never merged");
    shop.push_ungated("production", "master");
    shop.git(["reset", "-q", "--hard", "HEAD~1"]).goes();
    shop.commit_on_origin("two");
    shop.push_at(DAY, "staging", "master").goes();
    shop.push_at(DAY, "production", "+master").goes();
    let refspec = format!("+{hotfix}:refs/heads/master");
    shop.stop_clock(NIGHT);
    shop.push_with(ASKED, "production", &refspec)
        .refused("trunk")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              trunk: [a hotfix that was never merged] is not on origin/master: 1 commit of it never merged (origin has [two])
              merge it first, run the tests, and push the merge:
                git merge [a hotfix that was never merged]
                git push origin master
                git push production master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn it_needs_no_pipeline() {
    let it = Deployed::with(
        "suite: {run: 'true'}\nenvironments:\n  staging: {}\n  production: {window: {timezone: UTC, closed: ['22:00-07:00']}}\n",
    );
    it.back(NIGHT).goes().says("rollback: from");
    it.shop
        .push_at("2026-11-25 10:00:00", "production", "master")
        .refused("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: a rollback took [three] off production (Tue 2026-11-24 23:30, Ana <ana@shop.example>)
              push another commit, one that fixes what was wrong
              or, if it may go there again:
                pushgate approve --again production --commit [three]
                git push production master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn a_deploy_says_how_long_to_stay_around() {
    let shop = Sandbox::new();
    shop.policy(POLICY);
    shop.commit_on_origin("two");
    shop.push_at(DAY, "staging", "master")
        .goes()
        .never_says("stay around");
    shop.push_at(DAY, "production", "master")
        .goes()
        .says("note: stay around for 1h, until 11:00, in case production needs you");
    let ran = Ran::of(
        shop.at(DAY)
            .args([env!("CARGO_BIN_EXE_pushgate"), "check", "production"]),
    );
    ran.goes().never_says("stay around");
}

#[test]
fn it_needs_neither_a_readable_calendar_nor_a_staging_that_answers() {
    let shop = Sandbox::new();
    shop.policy(&POLICY.replace("closed: [", "closed: [days.ics, "));
    let around = |remote: &str| shop.push_ungated(remote, "master");
    let deploy = |calendar: &str| {
        let id = shop.commit_file("days.ics", calendar);
        for remote in ["origin", "staging", "production"] {
            around(remote);
        }
        id
    };
    let damaged = deploy("not a calendar\n");
    let good = deploy("BEGIN:VCALENDAR\nEND:VCALENDAR\n");
    fs::rename(shop.path("staging.git"), shop.path("away.git")).unwrap();
    let push = |id: &str, time| {
        shop.stop_clock(time);
        let refspec = format!("+{id}:refs/heads/master");
        shop.push_with(ASKED, "production", &refspec)
    };
    shop.git(["checkout", "-q", &damaged]).goes();
    push(&damaged, DAY)
        .goes()
        .says("window: passes as a rollback")
        .says("promotion: passes as a rollback");
    // What it removed stays away, also where nobody can ask staging.
    let again = format!("+{good}:refs/heads/master");
    let ran = shop.push_at(DAY, "production", &again);
    ran.refused("promotion").is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: push to production (production) refused
          promotion: a rollback took [Write days.ics] off production (Tue 2026-11-24 10:00, Ana <ana@shop.example>)
          push another commit, one that fixes what was wrong
          or, if it may go there again:
            pushgate approve --again production --commit [Write days.ics]
            git push production [Write days.ics whole]:master
          note: days.ics has no event: it closes nothing
        error: failed to push some refs to '[root]/production.git'
    "#]]);
}

#[test]
fn a_person_at_a_terminal_is_asked() {
    let it = Deployed::new();
    let terminal = Terminal::running(
        &it.shop,
        90,
        &format!("'{PUSHGATE}' rollback; echo over; sleep 60"),
    );
    terminal.shows("Roll back?");
    terminal.types("n");
    terminal.shows("nothing was pushed");
    terminal.shows("over");
    assert_eq!(it.shop.tip("production", "master"), it.three);
    let terminal = Terminal::running(
        &it.shop,
        90,
        &format!("'{PUSHGATE}' rollback; echo over; sleep 60"),
    );
    terminal.shows("Roll back?");
    terminal.types("y");
    terminal.shows("over");
    assert_eq!(it.shop.tip("production", "master"), it.two);
}

/// A policy whose production has two apps, and a shop where two commits went to both.
fn of_two_apps() -> (Sandbox, String, String) {
    let shop = Sandbox::new();
    shop.git(["init", "-q", "--bare", "../eu.git"]).goes();
    shop.git(["remote", "add", "eu", "../eu.git"]).goes();
    shop.policy("suite: {run: 'true'}\nenvironments: {production: {remote: [production, eu]}}\n");
    let deploy = |subject| {
        let id = shop.commit_on_origin(subject);
        shop.push("production", "master").goes();
        shop.push("eu", "master").goes();
        id
    };
    let (two, three) = (deploy("two"), deploy("three"));
    (shop, two, three)
}

fn goes_back(shop: &Sandbox, more: &[&str]) -> Ran {
    let mut command = shop.command(PUSHGATE);
    Ran::of(command.args(["rollback", "--yes"]).args(more))
}

#[test]
fn every_app_of_an_environment_goes_back_to_the_same_commit() {
    let (shop, two, three) = of_two_apps();
    shop.git(["checkout", "-q", &two]).goes();
    let hook = shop.path("eu.git/hooks/pre-receive");
    script(&shop, &hook, "#!/bin/sh\nexit 1\n");
    goes_back(&shop, &[]).goes_not();
    assert_eq!(shop.tip("production", "master"), two);
    assert_eq!(shop.tip("eu", "master"), three);
    // What failed is made up for, and what is right already stays.
    fs::remove_file(&hook).unwrap();
    let ran = goes_back(&shop, &[]).goes();
    ran.says(&format!("production has {} already", &two[..7]));
    assert_eq!(shop.tip("production", "master"), two);
    assert_eq!(shop.tip("eu", "master"), two);
}

#[test]
fn of_two_commits_that_have_nothing_to_do_with_each_other_one_is_named() {
    let (shop, two, three) = of_two_apps();
    let four = shop.commit_on_origin("four");
    shop.push("eu", "master").goes();
    // Reflogs count whole seconds.
    shop.later(2);
    shop.push_ungated("eu", &format!("+{two}:refs/heads/master"));
    shop.later(2);
    shop.push_ungated("eu", &format!("+{four}:refs/heads/master"));
    let ran = goes_back(&shop, &[]);
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("which commit is to come back to production?")
        .says(&format!("has {}", &three[..7]))
        .says(&format!("has {}", &four[..7]));
}

#[test]
fn a_circle_of_what_was_live_before_ends() {
    let it = Deployed::new();
    let place = it.shop.path("production").display().to_string();
    let line = |commit: &str, replaces: &str, minute: u32| {
        format!(
            "{{\"v\":1,\"event\":\"deployed\",\"judged\":\"{}\",\"environment\":\"production\",\"destinations\":[\"{place}\"],\"commit\":\"{commit}\",\"replaces\":\"{replaces}\",\"by\":\"Ben <ben@shop.example>\",\"at\":\"2026-11-24T11:{minute}:00Z\"}}",
            if minute < 20 { "rollback" } else { "go" }
        )
    };
    let (two, three) = (&it.two, &it.three);
    let first = &it.shop.ask(["rev-list", "--max-parents=0", "HEAD"]);
    // Each was removed by a rollback to the other, and came after the other.
    let forged = [
        line(first, two, 15),
        line(two, first, 16),
        line(two, first, 30),
        line(first, two, 31),
    ]
    .join("\n");
    for commit in [first, two, three] {
        let notes = ["notes", "--ref=pushgate", "append", "-m", &forged, commit];
        it.shop.git(notes).goes();
    }
    let ran = goes_back(&it.shop, &[]);
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("nothing tells what was live on production before");
}

#[test]
fn it_needs_no_hook_and_with_the_gate_off_it_is_recorded() {
    let it = Deployed::new();
    let hook = it.shop.app.join(".git/hooks/pre-push");
    fs::remove_file(&hook).unwrap();
    it.shop.stop_clock(NIGHT);
    goes_back(&it.shop, &[])
        .goes()
        .says("window: passes as a rollback");
    assert_eq!(it.shop.tip("production", "master"), it.two);
    it.shop.stop_clock("2026-11-25 10:00:00");
    it.shop
        .push_ungated("production", &format!("+{}:master", it.three));
    let mut command = it.shop.command(PUSHGATE);
    let back = ["rollback", "production", &it.two, "--yes"];
    Ran::of(command.args(back).env("PUSHGATE", "off")).goes();
    let known = records(&it.shop, &it.shop.app, "deployed");
    let off = known
        .iter()
        .find(|one| one["gates"] == serde_json::json!(["all"]));
    let off = off.unwrap();
    assert_eq!(off["judged"], "rollback");
    assert_eq!(off["commit"], it.two.as_str());
}

#[test]
fn where_the_branch_is_gone_what_was_deployed_last_is_what_runs() {
    let it = Deployed::new();
    // Not in the same second as `two`.
    it.shop
        .push_ungated("production", &format!("+{}:master", it.two));
    it.shop
        .push_at("2026-11-24 11:00:00", "production", "master")
        .goes();
    let gone = || {
        let delete = ["update-ref", "-d", "refs/heads/master"];
        let git = ["--git-dir", "../production.git"];
        it.shop.git(git.into_iter().chain(delete)).goes();
    };
    gone();
    let (two, three) = (&it.two[..7], &it.three[..7]);
    let status = it.shop.pushgate(["status"]).stdout;
    assert!(!status.contains("nothing was ever"), "{status}");
    assert!(!status.contains("first deployment"), "{status}");
    let says = format!("from {three} back to {two}");
    it.shop.git(["switch", "-q", "--detach", &it.two]).goes();
    it.back(NIGHT).goes().says(&says);
    follow_up(&it.shop.app);
    it.shop
        .push_at("2026-11-25 10:00:00", "production", "+master")
        .refused("promotion")
        .says(&format!("a rollback took {three} off production"));
    let again = ["approve", "--again", "production", "--commit", &it.three];
    it.shop.pushgate(again).goes();
    it.shop.push("production", "+master").goes();
    follow_up(&it.shop.app);
    gone();
    it.shop.git(["switch", "-q", "--detach", &it.two]).goes();
    it.shop.later(3600);
    goes_back(&it.shop, &["production", &it.two])
        .goes()
        .says(&says);
    assert_eq!(it.shop.tip("production", "master"), it.two);
}

#[test]
fn where_nothing_was_deployed_there_is_nothing_to_go_back_from() {
    let shop = Sandbox::bare();
    shop.policy("suite: {run: 'true'}\nenvironments: {production: {}}\n");
    for commit in [&[][..], &["production", "HEAD"]] {
        goes_back(&shop, commit)
            .ends_with(2)
            .says("nothing was ever deployed to production");
    }
}

/// A shop with a policy that asks for little, where `one` was deployed to production.
fn first_deployed() -> (Sandbox, String) {
    let shop = Sandbox::bare();
    shop.policy("suite: {run: 'true'}\nenvironments: {production: {}}\n");
    shop.push_ungated("origin", "master");
    shop.git(["remote", "set-head", "origin", "master"]).goes();
    shop.install();
    let one = shop.commit_on_origin("one");
    shop.push_at(DAY, "production", "master").goes();
    follow_up(&shop.app);
    (shop, one)
}

#[test]
fn after_the_first_deployment_there_is_nothing_to_go_back_to() {
    let (shop, one) = first_deployed();
    goes_back(&shop, &[])
        .ends_with(2)
        .says(&format!(
            "{} is the first deployment to production: there is nothing to go back to\n  fix it, and deploy the fix\n",
            &one[..7]
        ))
        .never_says("COMMIT");
}

#[test]
fn where_a_push_around_the_gate_is_live_the_deployment_before_it_is_named() {
    let (shop, one) = first_deployed();
    let ben = Person::joins(&shop, "Ben", &["production"]);
    let two = ben.commits("two");
    let around = ["git", "push", "-q", "--no-verify"];
    for remote in ["origin", "production"] {
        let words = [&around[..], &[remote, "master"]].concat();
        ben.at("11:00", &words).goes();
    }
    shop.stop_clock("2026-11-24 11:30:00");
    shop.git(["fetch", "-q", "--all"]).goes();
    shop.pushgate(["status"]).goes();
    let cure = format!("pushgate rollback production {}", &one[..7]);
    let ran = goes_back(&shop, &[]);
    if ran.code != 0 {
        ran.says(&format!("    {cure}\n")).never_says("COMMIT");
    }
    goes_back(&shop, &["production", &one[..7]]).goes();
    assert_eq!(shop.tip("production", "master"), one, "{two}");
}

#[test]
fn what_is_not_on_trunk_is_passed_over() {
    let (shop, one) = first_deployed();
    let hot = shop.commit("a hotfix that was never merged");
    shop.stop_clock("2026-11-24 11:00:00");
    shop.push_ungated("production", "master");
    shop.git(["reset", "-q", "--hard", "HEAD~1"]).goes();
    shop.commit_on_origin("two");
    shop.push_at("2026-11-24 12:00:00", "production", "+master")
        .goes();
    follow_up(&shop.app);
    shop.git(["switch", "-q", "--detach", &one]).goes();
    shop.stop_clock("2026-11-24 12:30:00");
    goes_back(&shop, &[]).goes().says(&format!(
        "{} was live before, and is passed over: it is not on trunk",
        &hot[..7]
    ));
    assert_eq!(shop.tip("production", "master"), one);
}

#[test]
fn what_is_on_trunk_comes_back_though_this_clone_has_not_fetched_trunk() {
    let (shop, _) = first_deployed();
    let ben = Person::joins(&shop, "Ben", &["production"]);
    let two = ben.commits("two");
    for remote in ["origin", "production"] {
        ben.push("11:00", remote).goes();
    }
    ben.git(&["switch", "-q", "-c", "hot", "HEAD~1"]).goes();
    ben.git(&["commit", "-q", "--allow-empty", "-m", "hot"])
        .goes();
    let push = ["git", "push", "--force", "production", "hot:master"];
    ben.at("12:00", &[&["PUSHGATE_SKIP=trunk"], &push[..]].concat())
        .goes();
    shop.stop_clock("2026-11-24 13:00:00");
    shop.git(["fetch", "-q", "production"]).goes();
    goes_back(&shop, &[]).goes().never_says("passed over");
    assert_eq!(shop.tip("production", "master"), two);
}

#[test]
fn with_the_gate_off_what_was_never_live_is_no_rollback_either() {
    let (shop, one) = first_deployed();
    let never = shop.ask(["rev-parse", "master~1"]);
    let off = [("PUSHGATE", "off"), ("PUSHGATE_ROLLBACK", "1")];
    shop.push_with(&off, "production", &format!("+{never}:refs/heads/master"))
        .goes();
    let known = records(&shop, &shop.app, "deployed");
    let off = known
        .iter()
        .find(|record| record["commit"] == never.as_str());
    assert_eq!(off.unwrap()["judged"], "overridden");
    shop.push("production", "master")
        .goes()
        .never_says(&format!("took {}", &one[..7]));
}

#[test]
fn two_refs_are_no_rollback() {
    let it = Deployed::new();
    let refspecs = ["master", "main"].map(|name| format!("+{}:refs/heads/{name}", it.two));
    let mut push = it.shop.command("git");
    push.args(["push", "production"])
        .args(refspecs)
        .envs(ASKED.iter().copied());
    Ran::of(&mut push)
        .refused("target")
        .says("a rollback of production is one commit to one branch");
    assert_eq!(it.shop.tip("production", "master"), it.three);
}

#[test]
fn what_is_newer_than_what_is_live_is_pushed_and_not_rolled_back_to() {
    let it = Deployed::new();
    it.shop
        .push_ungated("production", &format!("+{}:refs/heads/master", it.two));
    it.shop.stop_clock(NIGHT);
    it.shop
        .push_with(ASKED, "production", "master")
        .refused("target")
        .says(&format!(
            "{} is newer than {}, which is live on production: it is no rollback",
            &it.three[..7],
            &it.two[..7]
        ));
}

#[test]
fn a_rollback_that_went_too_far_is_taken_back_in_part() {
    let it = Deployed::new();
    let mut all = vec![it.two.clone(), it.three.clone()];
    for subject in ["four", "five"] {
        all.push(it.shop.commit_on_origin(subject));
        it.shop.push_at(DAY, "staging", "master").goes();
        it.shop.push_at(DAY, "production", "master").goes();
    }
    let [two, three, four, five] = all.try_into().unwrap();
    it.shop.stop_clock(NIGHT);
    let mut seconds = 0;
    let mut to = |id: &str| {
        seconds += 60;
        it.shop.later(seconds);
        let ran = it.shop.pushgate(["rollback", "production", id, "--yes"]);
        follow_up(&it.shop.app);
        ran
    };
    to(&two).goes();
    let says = |from: &str, to: &str| format!("from {} back to {}", &from[..7], &to[..7]);
    to(&three).goes().says(&says(&two, &three));
    // The next one, and what is still kept away.
    to(&four).goes();
    let gone = format!("a rollback took {} off", &five[..7]);
    let removed = format!("removed   {} by a rollback of Ana", &five[..7]);
    let status = it.shop.pushgate(["status"]).stdout;
    assert!(status.contains(&removed), "{status}");
    to(&five).refused("promotion").says(&gone);
    it.shop.push("production", "master").goes_not().says(&gone);
    // What stood in for it was not bad.
    to(&two).goes().says(&says(&four, &two));
    let again = format!("a rollback took {} off", &four[..7]);
    to(&four).goes_not().says(&again);
    to(&three).goes();
    let four_again = ["approve", "--again", "production", "--commit", &four];
    it.shop.pushgate(four_again).goes();
    to(&four).goes();
}

#[test]
fn a_rollback_of_a_fork_keeps_nothing_away_here() {
    let it = Deployed::new();
    it.back(DAY).goes();
    follow_up(&it.shop.app);
    it.shop
        .push("production", "master")
        .goes_not()
        .says("a rollback took ");
    let fork = it.shop.path("fork.git");
    it.shop
        .run_in(
            it.shop.root(),
            "git",
            ["clone", "-q", "--bare", "production.git", "fork.git"],
        )
        .goes();
    it.shop
        .git(["remote", "set-url", "production", fork.to_str().unwrap()])
        .goes();
    it.shop
        .push_at(DAY, "production", "master")
        .goes()
        .never_says("a rollback took ");
}

#[test]
fn a_rollback_that_is_not_recorded_yet_holds_all_the_same() {
    let it = Deployed::new();
    it.shop.git(["checkout", "-q", &it.two]).goes();
    // Of a push by URL nothing tells but the remote, which the next push does not ask.
    let url = it.shop.path("production.git");
    let state = it.shop.app.join(".git/pushgate");
    let lock = fs::File::create(state.join("settle.lock")).unwrap();
    lock.lock().unwrap();
    let refspec = format!("+{}:refs/heads/master", it.two);
    let mut back = it.shop.command("git");
    back.args(["push", url.to_str().unwrap(), &refspec])
        .envs(ASKED.iter().copied());
    Ran::of(&mut back).goes();
    it.shop.git(["checkout", "-q", "master"]).goes();
    let mut push = it.shop.command("git");
    push.args(["push", "production", "master"]);
    Ran::of(&mut push)
        .refused("promotion")
        .says("a rollback took ");
    drop(lock);
}
