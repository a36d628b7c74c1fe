//! The clock, and what is remembered here and by the team.

use std::fs;

use super::{path, shop, visit};
use crate::support::{PUSHGATE, Ran, follow_up, person::Person, processes::namespace, shared};

#[test]
fn the_hour_is_told_by_the_clocks_that_matter() {
    let shop = shop();
    shop.policy("suite: {run: 'true'}\nenvironments:\n  staging: {}\n  production:\n    after: staging\n    signoff: false\n    window: {timezone: Asia/Tokyo, closed: ['22:00-07:00']}\n");
    let mut command = shop.at("2026-11-24 11:00:00");
    command
        .args([PUSHGATE, "doctor"])
        .env("TZ", "Europe/Madrid")
        .env("PATH", path());
    let visit = visit(&shop);
    let told = visit.read(Ran::of(&mut command));
    told.ok("Tue 2026-11-24 12:00 Europe/Madrid; production goes by Asia/Tokyo, Tue 20:00");
    visit.doctor().is_well();
}

#[test]
fn a_zone_that_nobody_knows_is_broken_where_a_window_goes_by_it() {
    let shop = shop();
    let visit = visit(&shop).with("TZ", "Nowhere/City");
    visit
        .doctor()
        .warns("the time zone of this machine cannot be told")
        .is_cured();
    shop.policy(
        "suite: {run: 'true'}\nenvironments: {staging: {window: {closed: ['22:00-07:00']}}}\n",
    );
    visit
        .doctor()
        .breaks("the time zone of this machine cannot be told")
        .runs("unset TZ")
        .is_cured();
}

#[test]
fn a_clock_behind_what_has_happened_is_a_warning() {
    let shop = shop();
    let mut command = shop.command("git");
    command
        .args(["commit", "-q", "--allow-empty", "-m", "later"])
        .env("GIT_COMMITTER_DATE", "2099-01-01T00:00:00Z");
    Ran::of(&mut command).goes();
    let visit = visit(&shop);
    let told = visit.doctor();
    told.warns("the commit time of master is ")
        .runs("date -u")
        .runs("timedatectl set-ntp true");
    assert!(
        told.items
            .last()
            .unwrap()
            .text
            .ends_with(" ahead of this clock, which may be slow"),
        "{}",
        told.ran
    );
    shop.git(["push", "-q", "--no-verify", "origin", "master"])
        .goes();
    shop.git(["reset", "-q", "--hard", "HEAD~1"]).goes();
    visit.doctor().warns("the commit time of origin/");
    shop.git(["push", "-q", "--no-verify", "--force", "origin", "master"])
        .goes();
    visit.doctor().is_well();
    shop.push_at("2098-01-01 00:00:00", "staging", "HEAD:refs/heads/main")
        .goes();
    shop.stop_clock("2026-11-24 10:00:00");
    visit
        .doctor()
        .warns("the time of the ledger's last line is 2098-01-01 00:00 UTC, ahead of this clock");
}

#[test]
fn a_ledger_that_was_damaged_is_mended_by_its_cure() {
    let shop = shop();
    let ledger = shop.app.join(".git/pushgate/ledger.jsonl");
    shop.push("staging", "HEAD:refs/heads/main").goes();
    let visit = visit(&shop);
    visit
        .doctor()
        .is_well()
        .ok("one decision in .git/pushgate/ledger.jsonl");
    let line = fs::read_to_string(&ledger).unwrap();
    fs::write(&ledger, format!("half\n{line}{{\n{line}")).unwrap();
    let told = visit.doctor();
    told.ok("2 decisions in");
    told.warns("lines 1, 3 of .git/pushgate/ledger.jsonl cannot be read")
        .is_cured();
    assert_eq!(
        fs::read_to_string(&ledger).unwrap(),
        format!("{line}{line}")
    );
    // What another version wrote is no damage.
    let newer = line.replacen("\"v\":1", "\"v\":2", 1);
    fs::write(&ledger, format!("{line}{newer}")).unwrap();
    let of = ".git/pushgate/ledger.jsonl: update this one";
    let told = visit.doctor();
    told.warns(&format!("a newer pushgate has written into {of}"));
    told.lacks("cannot be read");
    shop.pushgate(["log"])
        .says("a newer pushgate has written into ")
        .never_says("damaged");
    fs::remove_file(&ledger).unwrap();
    fs::create_dir(&ledger).unwrap();
    visit
        .doctor()
        .breaks("could not write ")
        .hints("every push is refused until .git/pushgate is yours to write");
}

#[test]
fn what_stands_in_the_place_of_a_file_of_ours_is_named_with_what_removes_it() {
    let shop = shop();
    shop.push("staging", "HEAD:refs/heads/main").goes();
    follow_up(&shop.app);
    let state = shop.app.join(".git/pushgate");
    let visit = visit(&shop);
    for name in [
        "follow-up.lock",
        "follow-up-next.lock",
        "settle.lock",
        "unshared.lock",
        "notes.lock",
        "suite.lock",
        "index",
    ] {
        let _ = fs::remove_file(state.join(name));
        fs::create_dir(state.join(name)).unwrap();
        visit
            .doctor()
            .warns(&format!(
                ".git/pushgate/{name} cannot be read: it is a directory, not a plain file"
            ))
            .runs("rm -r ")
            .is_cured();
    }
    let open = state.join("open");
    fs::create_dir_all(&open).unwrap();
    fs::write(open.join("1-0.json"), "{").unwrap();
    let damaged = ".git/pushgate/open/1-0.json";
    shop.pushgate(["log"])
        .goes()
        .says(damaged)
        .says("see pushgate doctor");
    visit.doctor().warns(damaged).runs("rm -r ").is_cured();
    fs::write(open.join("1-0.json"), "{\"v\":2}").unwrap();
    let told = visit.doctor();
    let newer = format!("{damaged} cannot be read: a newer pushgate has written it: update");
    assert_eq!(told.item("warning", &newer).runs, [""; 0]);
    fs::remove_dir_all(&open).unwrap();
    fs::write(&open, "").unwrap();
    visit
        .doctor()
        .warns(".git/pushgate/open cannot be read: not a directory")
        .is_cured();
}

#[test]
fn a_directory_that_cannot_be_written_to_is_broken() {
    let shop = shop();
    shop.push("staging", "HEAD:refs/heads/main").goes();
    let mut command = namespace(
        &shop,
        "mount --bind .git .git; mount -o remount,bind,ro .git; exec \"$PROGRAM\" doctor",
    );
    command.env("PROGRAM", PUSHGATE).env("PATH", path());
    let visit = visit(&shop);
    visit
        .read(Ran::of(&mut command))
        .breaks("Read-only file system")
        .hints("is yours to write");
}

#[test]
fn what_no_gate_judged_is_told_for_a_month_and_while_it_is_the_newest() {
    const DAY: i64 = 24 * 60 * 60;
    let shop = shop();
    let visit = visit(&shop);
    // Reflogs count whole seconds.
    shop.later(5);
    let two = shop.commit_on_origin("two");
    shop.push_ungated("staging", "master");
    shop.push("production", "master").goes();
    let ben = |args: &[&str]| shop.run_in(shop.path("ben"), "git", args).goes();
    let doctor = || {
        let mut command = shop.command(PUSHGATE);
        visit.read(Ran::of(command.arg("doctor").env("PATH", path())))
    };
    // What git alone knows is recorded by the next command that looks.
    shop.pushgate(["status"]).goes();
    let told = visit.doctor();
    told.lacks("deployment to production");
    told.warns(&format!(
        "no gate judged 1 deployment to staging of the last 30 days: {} by Ana <ana@shop.example>",
        &two[..7]
    ))
    .runs("pushgate log --environment staging")
    .hints("every clone that deploys needs the gate: pushgate install");
    // A colleague's clone has no hook: somebody finds the commit, who is not told to have deployed it.
    shop.git(["clone", "-q", "../origin.git", "../ben"]).goes();
    ben(&["commit", "-q", "--allow-empty", "-m", "three"]);
    ben(&["push", "-q", "origin", "master"]);
    ben(&["push", "-q", "../staging.git", "master"]);
    shop.git(["pull", "-q", "--ff-only", "origin", "master"])
        .goes();
    let three = shop.ask(["rev-parse", "HEAD"]);
    shop.later(60);
    let has = format!("staging has {}, and nobody has recorded who", &three[..7]);
    visit.doctor().warns(&has).runs("pushgate status");
    shop.pushgate(["status"]).goes();
    visit.doctor().lacks("nobody has recorded");
    doctor().warns(&format!(
        "no gate judged 2 deployments to staging of the last 30 days: {} by an unknown person (noticed by Ana <ana@shop.example>); {} by Ana",
        &three[..7],
        &two[..7]
    ));
    // Each person is named once.
    let mut newer = Vec::new();
    for name in ["four", "five", "six"] {
        shop.later(60);
        newer.insert(0, shop.commit_on_origin(name)[..7].to_owned());
        shop.push_ungated("staging", "master");
    }
    shop.pushgate(["status"]).goes();
    doctor().warns(&format!(
        "no gate judged 5 deployments to staging of the last 30 days: {} and 1 more by Ana <ana@shop.example>; {} by an unknown person (noticed by Ana",
        newer.join(", "),
        &three[..7]
    ));
    // The newest stays, however old.
    shop.later(31 * DAY);
    doctor().warns(&format!(
        "no gate judged the newest deployment to staging, 31 days ago: {} by Ana",
        newer[0]
    ));
    shop.commit_on_origin("seven");
    shop.push("staging", "master").goes();
    doctor().is_well();
}

#[test]
fn what_the_team_knows_is_fetched_before_it_is_looked_at() {
    let shop = shop();
    shop.later(5);
    let two = shop.commit_on_origin("two");
    shop.push_ungated("staging", "master");
    let ben = Person::joins(&shop, "Ben", &["staging", "production"]);
    shop.pushgate(["status"]).goes();
    shared(&shop.app);
    let mut visit = visit(&shop);
    visit.directory.clone_from(&ben.place);
    visit.doctor().warns(&format!(
        "no gate judged 1 deployment to staging of the last 30 days: {} by Ana",
        &two[..7]
    ));
}
