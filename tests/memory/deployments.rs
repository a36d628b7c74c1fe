//! What is remembered is what happened: a push that did not arrive is none, and nobody has to wait for it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Instant,
};

use crate::support::{PUSHGATE, Ran, Sandbox, follow_up, until};

const POLICY: &str = "\
suite: {run: 'true'}
environments:
  staging: {}
  production: {after: staging, signoff: false, window: {timezone: UTC, closed: ['22:00-07:00']}}
";

/// Ana's clone with the gate; everything was deployed before it came.
fn shop() -> Sandbox {
    let shop = Sandbox::new();
    shop.policy(POLICY);
    for remote in ["origin", "staging", "production"] {
        shop.push_ungated(remote, "master");
    }
    // Reflogs count whole seconds.
    shop.later(5);
    shop.install();
    shop
}

/// Ben's clone of it, with or without the gate.
fn ben(shop: &Sandbox, gate: bool) -> PathBuf {
    let place = shop.path("ben");
    let git = |args: &[&str]| shop.run_in(&place, "git", args.iter().copied()).goes();
    shop.git(["clone", "-q", "../origin.git", "../ben"]).goes();
    git(&["config", "user.name", "Ben"]);
    git(&["config", "user.email", "ben@shop.example"]);
    for remote in ["staging", "production"] {
        let url = shop.path(&format!("{remote}.git"));
        git(&["remote", "add", remote, url.to_str().unwrap()]);
    }
    if gate {
        shop.run_in(&place, PUSHGATE, ["install"]).goes();
    }
    place
}

fn in_place(shop: &Sandbox, place: &Path, line: &str) -> Ran {
    let ran = shop.run_in(place, "sh", ["-c", line]);
    follow_up(place);
    ran
}

/// A hook of a bare repository.
fn server_hook(shop: &Sandbox, remote: &str, name: &str, text: &str) {
    let path = shop.path(&format!("{remote}.git/hooks/{name}"));
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The lines of `pushgate log`, without their dates.
fn log(shop: &Sandbox, place: &Path) -> Vec<String> {
    let ran = shop.run_in(place, PUSHGATE, ["log"]).goes();
    let line = |line: &str| {
        line.get(18..)
            .filter(|_| line.starts_with('2'))
            .unwrap_or(line)
            .to_owned()
    };
    ran.stdout.lines().map(line).collect()
}

/// What happened last.
#[track_caller]
fn last(shop: &Sandbox, expected: &[&str]) {
    let lines = log(shop, &shop.app);
    let end = &lines[..expected.len().min(lines.len())];
    assert_eq!(end, expected, "{lines:#?}");
}

const ANA: &str = "Ana <ana@shop.example>";
const MISSING: &str =
    "    had not arrived when git ended: the server refused it, or git did not send it";

#[test]
fn a_dry_run_pushes_nothing_and_nothing_is_remembered() {
    let shop = shop();
    let two = shop.commit_on_origin("two");
    for remote in ["staging", "production"] {
        shop.push(remote, "master").goes();
    }
    let old = shop.ask(["rev-parse", "HEAD~1"]);
    let back = format!("+{old}:refs/heads/master");
    let dry = |variables: &[(&str, &str)], refspec: &str| {
        let mut push = shop.command("git");
        push.args(["push", "--dry-run", "production", refspec]);
        Ran::of(push.envs(variables.iter().copied()))
    };
    dry(&[], &back).refused("trunk");
    dry(&[("PUSHGATE_ROLLBACK", "1")], &back).goes();
    last(
        &shop,
        &[
            &format!("rollback    production    {}  {ANA}", &old[..7]),
            MISSING,
        ],
    );
    // The commit that is live was not taken away.
    shop.commit_on_origin("three");
    shop.push("staging", "master").goes();
    shop.push("production", "master").goes();
    let note = shop.git(["notes", "--ref=pushgate", "show", &two]).goes();
    assert!(!note.stdout.contains("rollback"), "{note}");
}

#[test]
fn the_verdict_of_a_dry_run_is_given_to_no_later_push() {
    let shop = shop();
    let two = shop.commit_on_origin("two");
    shop.push("staging", "master").goes();
    follow_up(&shop.app);
    shop.git(["push", "production", "master", "-vn"]).goes();
    // Nothing is looked for, so that it does not matter whether anything looks.
    let open = shop.app.join(".git/pushgate/open");
    assert_eq!(fs::read_dir(open).unwrap().count(), 0);
    // Reflogs count whole seconds, and what is older than the gate is not judged.
    shop.later(5);
    shop.push_ungated("production", "master");
    let unjudged = format!("unjudged    production    {}  {ANA}", &two[..7]);
    let lines = log(&shop, &shop.app);
    assert!(lines.contains(&unjudged), "{lines:#?}");
}

#[test]
fn a_push_that_the_server_refuses_did_not_arrive() {
    let shop = shop();
    let two = shop.commit_on_origin("two");
    server_hook(&shop, "staging", "pre-receive", "#!/bin/sh\nexit 1\n");
    shop.push("staging", "master").goes_not();
    last(
        &shop,
        &[
            &format!("go          staging       {}  {ANA}", &two[..7]),
            MISSING,
        ],
    );
    let ben = ben(&shop, true);
    in_place(
        &shop,
        &ben,
        "git fetch -q origin 'refs/notes/*:refs/notes/*'",
    );
    assert!(!log(&shop, &ben).iter().any(|line| line.contains(&two[..7])));
    fs::remove_file(shop.path("staging.git/hooks/pre-receive")).unwrap();
    shop.push("staging", "master").goes();
    last(
        &shop,
        &[&format!("go          staging       {}  {ANA}", &two[..7])],
    );
}

#[test]
fn who_is_behind_is_behind_and_takes_no_colleague_s_deploy_off() {
    let shop = shop();
    let ben = ben(&shop, true);
    in_place(
        &shop,
        &ben,
        "git commit -q --allow-empty -m Bens && git push -q origin master && git push -q staging master && git push -q production master",
    )
    .goes();
    shop.git(["fetch", "-q", "production"]).goes();
    shop.pushgate(["check", "production"])
        .refused("trunk")
        .says("1 commit behind origin/master")
        .says("git pull --ff-only origin master")
        .never_says("rollback");
    let status = shop.pushgate(["status"]).goes();
    assert!(
        status
            .stdout
            .contains("refused by trunk: master is 1 commit behind"),
        "{status}"
    );
    for time in ["2026-11-24 12:00:00", "2026-11-24 23:30:00"] {
        shop.push_at(time, "production", "+master").goes_not();
    }
}

#[test]
fn a_colleague_sees_which_gates_were_skipped_and_why() {
    let shop = shop();
    let ben = ben(&shop, true);
    let two = shop.commit_on_origin("two");
    let why = [
        ("PUSHGATE_SKIP", "promotion"),
        ("PUSHGATE_REASON", "the site is down"),
    ];
    shop.push_with(&why, "production", "master").goes();
    in_place(&shop, &ben, "git pull -q").goes();
    let status = shop.run_in(&ben, PUSHGATE, ["status"]).goes();
    assert!(
        status
            .stdout
            .contains("overridden: without promotion (the site is down)"),
        "{status}"
    );
    let lines = log(&shop, &ben);
    let at = lines
        .iter()
        .position(|line| line.starts_with("overridden"))
        .unwrap();
    let expected = [
        format!("overridden  production    {}  {ANA}", &two[..7]),
        "    promotion skipped".to_owned(),
        "    reason: the site is down".to_owned(),
    ];
    assert_eq!(lines[at..at + 3], expected);
}

#[test]
fn what_no_gate_judged_is_said_loudly_and_what_was_there_before_is_not() {
    let shop = shop();
    let status = shop.pushgate(["status"]).goes();
    assert!(
        status.stdout.contains("it was live before the gate came"),
        "{status}"
    );
    assert!(!status.stdout.contains("no gate judged"), "{status}");
    let ben = ben(&shop, false);
    shop.later(60);
    in_place(
        &shop,
        &ben,
        "git commit -q --allow-empty -m Bens && git push -q origin master && git push -q production master",
    )
    .goes();
    shop.git(["pull", "-q", "origin", "master"]).goes();
    for _ in 0..2 {
        let status = shop.pushgate(["status"]).goes();
        let text = status.stdout.replace("\n            ", " ");
        assert!(
            text.contains("no gate judged this: it was pushed with --no-verify, or from a clone without the hook"),
            "{status}"
        );
    }
    let doctor = shop.pushgate(["doctor"]).goes();
    assert!(
        doctor
            .stdout
            .contains("no gate judged 1 deployment to production of the last 30 days:\n"),
        "{doctor}"
    );
    // His own clone knows when, once it has the gate: git has written it down.
    assert_eq!(
        log(&shop, &shop.app)
            .iter()
            .filter(|line| line.starts_with("unjudged"))
            .count(),
        1
    );
}

#[test]
fn nobody_waits_for_it_and_what_was_killed_is_made_up_for() {
    let shop = shop();
    shop.commit_on_origin("two");
    // While git waits for the server, the process is there, and holds nothing of git's.
    server_hook(
        &shop,
        "staging",
        "pre-receive",
        &format!(
            "#!/bin/sh\nfor pid in $(pgrep -f 'pushgate follow-up'); do\n  [ \"$(readlink /proc/$pid/cwd)\" = '{}' ] || continue\n  ls -l /proc/$pid/fd >../files\n  kill -9 $pid\ndone\n",
            shop.app.display()
        ),
    );
    let began = Instant::now();
    let ran = shop.run_in(
        &shop.app,
        "sh",
        ["-c", "git push staging master 2>&1 | cat"],
    );
    ran.goes();
    assert!(began.elapsed().as_secs() < 20);
    let files = fs::read_to_string(shop.path("files")).unwrap();
    assert!(
        files.contains("/dev/null") && !files.contains("pipe:"),
        "{files}"
    );
    let open = || {
        fs::read_dir(shop.app.join(".git/pushgate/open"))
            .unwrap()
            .count()
    };
    assert_eq!(open(), 1);
    let two = shop.ask(["rev-parse", "HEAD"]);
    last(
        &shop,
        &[&format!("go          staging       {}  {ANA}", &two[..7])],
    );
    assert_eq!(open(), 0);
    until("the team knows", || {
        let there = shop.ask(["ls-remote", "origin", "refs/notes/pushgate"]);
        (!there.is_empty()).then_some(())
    });
}

#[test]
fn where_git_moves_no_ref_the_remote_is_asked() {
    for way in ["by URL", "no reflog", "pushurls", "no refspec"] {
        let shop = shop();
        shop.commit_on_origin("two");
        let staging = shop.path("staging.git");
        let url = staging.to_str().unwrap();
        let place = match way {
            "by URL" => url,
            "no reflog" => {
                shop.git(["config", "core.logAllRefUpdates", "false"])
                    .goes();
                "staging"
            }
            "pushurls" => {
                shop.git(["init", "-q", "--bare", "../second.git"]).goes();
                shop.git(["remote", "set-url", "--push", "staging", "../second.git"])
                    .goes();
                shop.git(["remote", "set-url", "--push", "--add", "staging", url])
                    .goes();
                "staging"
            }
            _ => {
                shop.git(["config", "--unset-all", "remote.staging.fetch"])
                    .goes();
                "staging"
            }
        };
        server_hook(&shop, "staging", "pre-receive", "#!/bin/sh\nexit 1\n");
        shop.push(place, "master").goes_not();
        let two = shop.ask(["rev-parse", "HEAD"]);
        let missing = log(&shop, &shop.app)
            .iter()
            .filter(|line| *line == MISSING)
            .count();
        assert_eq!(missing, 1, "{way}");
        fs::remove_file(staging.join("hooks/pre-receive")).unwrap();
        shop.push(place, "master").goes();
        let lines = log(&shop, &shop.app);
        // Of several destinations, each is named.
        let end = format!("  {}  {ANA}", &two[..7]);
        let is_it = lines[0].starts_with("go          staging ") && lines[0].ends_with(&end);
        assert!(is_it, "{way}: {lines:#?}");
    }
}

#[test]
fn from_a_linked_worktree_it_is_the_same_and_what_is_damaged_hides_nothing() {
    let shop = shop();
    shop.git(["worktree", "add", "-q", "../linked"]).goes();
    let linked = shop.path("linked");
    in_place(
        &shop,
        &linked,
        "git commit -q --allow-empty -m two && git push -q origin HEAD:master && git push -q staging HEAD:master",
    )
    .goes();
    follow_up(&shop.app);
    let two = shop
        .run_in(&linked, "git", ["rev-parse", "HEAD"])
        .goes()
        .stdout;
    last(
        &shop,
        &[&format!("go          staging       {}  {ANA}", &two[..7])],
    );
    let open = shop.app.join(".git/pushgate/open");
    for text in ["", "{", "{\"v\":1}", "null", "\0"] {
        fs::write(open.join(format!("{}.json", text.len())), text).unwrap();
    }
    shop.git(["merge", "-q", "--ff-only", "linked"]).goes();
    shop.push("production", "master").goes();
    last(
        &shop,
        &[&format!("go          production    {}  {ANA}", &two[..7])],
    );
}

#[test]
fn what_could_not_be_shared_is_shared_by_the_next_command() {
    let shop = shop();
    let two = shop.commit_on_origin("two");
    // Origin takes no notes for a while.
    server_hook(
        &shop,
        "origin",
        "update",
        "#!/bin/sh\ncase $1 in refs/notes/*) exit 1;; esac\n",
    );
    shop.push("staging", "master").goes();
    let there = || shop.ask(["ls-remote", "origin", "refs/notes/pushgate"]);
    assert_eq!(there(), "");
    fs::remove_file(shop.path("origin.git/hooks/update")).unwrap();
    shop.pushgate(["log"]).goes();
    until("it is shared", || (!there().is_empty()).then_some(()));
    let notes = shop.run_in(
        shop.path("origin.git"),
        "git",
        ["notes", "--ref=pushgate", "show", &two],
    );
    assert!(notes.goes().stdout.contains("\"deployed\""));
}
