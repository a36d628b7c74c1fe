//! `pushgate status`: the whole pipeline on one screen, whatever does not answer.

use std::{fs, net::TcpListener};

use serde_json::Value;

use crate::support::{
    PUSHGATE, Ran, Sandbox, follow_up,
    nginx::Nginx,
    processes::{Started, assert_no_process_in},
    story::{in_terminal, timed, took_less},
    tmux::Terminal,
};

const POLICY: &str = "\
suite: {run: 'true'}
environments:
  production:
    after: staging
    soak: 10m
    signoff: true
    window: {timezone: UTC, closed: ['22:00-07:00'], runway: 1h}
  staging: {}
";
const MORNING: &str = "2026-11-24 10:00:00";
const NOON: &str = "2026-11-24 12:00:00";
const NIGHT: &str = "2026-11-24 23:30:00";

/// A shop whose second commit is on origin and, since the morning, on staging.
fn shop() -> (Sandbox, String, String) {
    let shop = Sandbox::new();
    let one = shop.ask(["rev-parse", "HEAD"]);
    shop.policy(POLICY);
    let two = shop.commit_on_origin("Show the discount in the basket");
    shop.push_at(MORNING, "staging", "master").goes();
    (shop, one, two)
}

fn at(shop: &Sandbox, time: &str, args: &[&str]) -> Ran {
    Ran::of(shop.at(time).arg(PUSHGATE).args(args))
}

fn json(shop: &Sandbox, time: &str) -> (i32, Value) {
    let ran = at(shop, time, &["status", "--json"]);
    let value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran}"));
    (ran.code, value)
}

/// The paragraph of an environment.
fn place<'v>(status: &'v Value, name: &str) -> &'v Value {
    let places = status["environments"].as_array().unwrap();
    places.iter().find(|place| place["name"] == name).unwrap()
}

#[track_caller]
fn shows(ran: &Ran, text: &str) {
    assert!(ran.stdout.contains(text), "nobody shows `{text}`:\n{ran}");
}

#[test]
fn one_screen_shows_the_whole_pipeline() {
    let (shop, one, two) = shop();
    let ran = at(&shop, NOON, &["status"]).goes();
    assert_eq!(ran.stderr, "");
    let (one, two) = (&one[..7], &two[..7]);
    shows(&ran, "trunk origin/master\n");
    shows(
        &ran,
        &format!("  now       {two} Show the discount in the basket\n"),
    );
    shows(&ran, "  here      your master is the same\n");
    shows(&ran, &format!("  suite     passed on {two} "));
    shows(&ran, "\nstaging\n");
    shows(
        &ran,
        "the newest of trunk, since 10:00 (2h), by Ana\n  suite     passed ",
    );
    shows(
        &ran,
        "  soak      done: 2h of 10m\n  tried     by nobody yet\n",
    );
    shows(&ran, "  git push  nothing new: master is there\n");
    shows(&ran, "\nproduction, after staging\n");
    shows(
        &ran,
        &format!("  live      {one} Write .pushgate.yml\n            2 commits behind trunk, "),
    );
    shows(
        &ran,
        "  window    open until Tue 2026-11-24 22:00, for pushes before 21:00\n",
    );
    shows(
        &ran,
        &format!("  git push  refused by promotion: nobody has signed {two} off on staging\n"),
    );
    // The pipeline's order, not that of the file.
    assert!(ran.stdout.find("\nstaging").unwrap() < ran.stdout.find("\nproduction").unwrap());
}

#[test]
fn it_says_what_the_next_push_is_told() {
    let (shop, _, two) = shop();
    let answer = |time| {
        let (code, status) = json(&shop, time);
        assert_eq!(code, 0);
        place(&status, "production")["push"].clone()
    };
    assert_eq!(answer(NIGHT)["gate"], "window");
    assert_eq!(answer(NIGHT)["also"].to_string(), r#"["promotion"]"#);
    let night = at(&shop, NIGHT, &["status"]);
    shows(&night, "; also by promotion\n");
    assert!(!night.stdout.contains("again then"), "{night}");
    assert_eq!(answer("2026-11-24 10:05:00")["gate"], "promotion");
    let why = answer("2026-11-24 10:05:00")["why"].to_string();
    assert!(why.contains("10m"), "{why}");
    at(
        &shop,
        "2026-11-24 11:00:00",
        &["approve", "-m", "on a phone"],
    )
    .goes();
    assert_eq!(answer(NOON)["verdict"], "go");
    assert_eq!(answer(NOON)["suite"], "passed");
    let (_, status) = json(&shop, NOON);
    let tried = &place(&status, "staging")["tried"];
    assert_eq!(tried["people"][0]["by"], "Ana <ana@shop.example>");
    assert_eq!(tried["people"][0]["words"], "on a phone");
    shop.push_at(NOON, "production", "master").goes();
    assert_eq!(shop.tip("production", "master"), two);
    assert_eq!(answer(NOON)["verdict"], "nothing");
}

#[test]
fn no_suite_runs_and_nothing_is_written() {
    let shop = Sandbox::new();
    shop.policy("suite: {run: touch ../ran}\nenvironments: {staging: {}}\n");
    shop.commit_on_origin("two");
    let ran = shop.pushgate(["status"]).goes();
    shows(&ran, "  suite     not yet passed on ");
    shows(&ran, "  git push  go, if the suite passes then\n");
    assert!(!shop.path("ran").exists());
    // That the gate found a commit there is written down, and which reflogs it has read.
    follow_up(&shop.app);
    let kept = [
        "follow-up-next.lock",
        "follow-up.lock",
        "index",
        "notes.lock",
        "reflogs.json",
        "schema.json",
        "unshared.lock",
    ];
    assert_eq!(shop.kept(), kept);
    // What the push would find in its way is told all the same.
    shop.write("left.txt", "over");
    let ran = shop.pushgate(["status"]).goes();
    shows(&ran, "  git push  refused by suite: ");
    shows(&ran, "left.txt");
    shop.git(["clean", "-fq"]).goes();
    shop.push("staging", "master").goes();
    assert!(shop.path("ran").exists());
}

#[test]
fn local_work_and_the_work_of_others_are_told_apart() {
    let (shop, _, _) = shop();
    let here = |words: &str| {
        let ran = at(&shop, NOON, &["status"]).goes();
        shows(&ran, words);
        ran
    };
    shop.commit("mine");
    let mine = shop.ask(["rev-parse", "--short=7", "HEAD"]);
    let ran = here(&format!(
        "  here      your master ({mine}) is 1 commit ahead of trunk\n"
    ));
    shows(
        &ran,
        "refused by trunk: master is 1 commit ahead of origin/master",
    );
    shows(&ran, "push it there first, then push again:");
    shop.colleague_pushes("origin", "theirs");
    here(" and trunk have diverged: 1 commit only here, 1\n            commit only there\n");
    shop.git(["reset", "-q", "--hard", "HEAD~1"]).goes();
    here(" is 1 commit behind trunk\n");
    // Somebody else's deployment, of a commit that is nowhere here.
    let unknown = shop.colleague_pushes("staging", "hotfix");
    let ran = here(&format!("  live      {}\n", &unknown[..7]));
    shows(&ran, "this clone does not have it: fetch first");
    shows(&ran, "refused by trunk: master is 1 commit behind");
    shop.git(["pull", "-q", "--ff-only", "origin", "master"])
        .goes();
    here("refused by target: ");
}

#[test]
#[ignore = "slow: waits for time limits"]
fn a_dead_remote_is_shown_and_hides_nothing() {
    let (shop, _, two) = shop();
    // It takes connections, and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/production.git", silent.local_addr().unwrap());
    shop.git(["remote", "set-url", "production", &url]).goes();
    let (ran, took) = timed(|| at(&shop, NOON, &["status"]));
    assert_eq!(ran.code, 2, "{ran}");
    took_less(took, 25, &ran);
    shows(
        &ran,
        "  live      not known: `production` gave no answer within 10 s\n",
    );
    shows(
        &ran,
        &format!("  live      {} Show the discount", &two[..7]),
    );
    shows(&ran, "  window    open until Tue 2026-11-24 22:00");
    shows(
        &ran,
        "  git push  not decided: production could not be asked\n",
    );
}

#[test]
fn a_dead_trunk_is_shown_and_hides_nothing() {
    let (shop, _, two) = shop();
    shop.git(["remote", "set-url", "origin", "/nowhere"]).goes();
    let (code, status) = json(&shop, NOON);
    assert_eq!(code, 2);
    assert_eq!(status["whole"], false);
    assert!(
        status["trunk"]["error"]
            .as_str()
            .unwrap()
            .contains("/nowhere")
    );
    let live = &place(&status, "staging")["remotes"][0]["live"];
    assert_eq!(live["commit"]["id"], two);
    assert_eq!(place(&status, "production")["push"]["verdict"], "undecided");
    assert_eq!(place(&status, "production")["push"]["gate"], "trunk");
    // On the screen, the reason stands once.
    let ran = at(&shop, NOON, &["status"]);
    assert_eq!(ran.stdout.matches("/nowhere").count(), 1, "{ran}");
    shows(
        &ran,
        "could not ask `origin` for its branches, as\n            above\n",
    );
}

#[test]
fn what_a_rollback_removed_is_named_until_something_new_is_live() {
    let (shop, _, two) = shop();
    at(&shop, NOON, &["approve"]).goes();
    shop.push_at(NOON, "production", "master").goes();
    let three = shop.commit_on_origin("three");
    shop.push_at("2026-11-24 13:00:00", "staging", "master")
        .goes();
    at(&shop, "2026-11-24 14:00:00", &["approve"]).goes();
    shop.push_at("2026-11-24 14:30:00", "production", "master")
        .goes();
    let refspec = format!("{two}:refs/heads/master");
    shop.stop_clock(NIGHT);
    let back = [("PUSHGATE_ROLLBACK", "1")];
    shop.push_with(&back, "production", &format!("+{refspec}"))
        .goes();
    let ran = at(&shop, "2026-11-25 10:00:00", &["status"]).goes();
    shows(
        &ran,
        &format!(
            "  removed   {} by a rollback of Ana, Tue 2026-11-24 23:30\n",
            &three[..7]
        ),
    );
    shows(
        &ran,
        &format!(
            "refused by promotion: a rollback took {} off production",
            &three[..7]
        ),
    );
    at(
        &shop,
        "2026-11-25 10:10:00",
        &["approve", "production", "--again"],
    )
    .goes();
    let (_, status) = json(&shop, "2026-11-25 10:20:00");
    assert_eq!(
        place(&status, "production")["removed"],
        serde_json::json!([])
    );
}

#[test]
fn before_there_is_anything_it_says_so() {
    let shop = Sandbox::bare();
    let outside = shop.path("outside");
    fs::create_dir(&outside).unwrap();
    let ran = shop.run_in(&outside, PUSHGATE, ["status"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran}");
    ran.says("pushgate: status not done\n")
        .says("not a git repository");
    // Remotes, but no commit and no policy.
    let ran = shop.pushgate(["status"]);
    assert_eq!(ran.code, 2, "{ran}");
    shows(
        &ran,
        "note: the hook is not installed here: pushgate install\n",
    );
    shows(&ran, "note: the policy has no environment to deploy to\n");
    shows(
        &ran,
        "  now       not known: `origin/master` does not exist\n",
    );
    shows(&ran, "  here      there is no local branch of it to push\n");
    shows(
        &ran,
        "  policy    the built-in one: pushgate init writes yours\n",
    );
    // No remotes at all.
    for remote in ["origin", "staging", "production"] {
        shop.git(["remote", "remove", remote]).goes();
    }
    shop.policy("environments: {staging: {}}\n");
    let ran = shop.pushgate(["status"]);
    assert_eq!(ran.code, 2, "{ran}");
    shows(
        &ran,
        "not known: there is no remote `origin`, where trunk should be\n",
    );
    shows(&ran, "no remote of this repository leads there\n");
    // A policy that does not hold.
    shop.policy("environments: {staging: {aftr: x}}\n");
    let ran = shop.pushgate(["status", "--json"]);
    assert_eq!(ran.code, 2, "{ran}");
    let value: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(value["whole"], false);
    assert!(
        value["errors"][0].as_str().unwrap().contains("aftr"),
        "{ran}"
    );
}

#[test]
fn overrides_that_are_set_here_are_named() {
    let (shop, _, _) = shop();
    let mut command = shop.command(PUSHGATE);
    let ran = Ran::of(command.arg("status").env("PUSHGATE", "off")).goes();
    shows(
        &ran,
        "note: PUSHGATE is off here: the next push is not checked\n",
    );
}

#[test]
fn a_damaged_ledger_takes_nothing_from_it_but_what_was_damaged() {
    let (shop, _, _) = shop();
    let ledger = shop.app.join(".git/pushgate/ledger.jsonl");
    fs::write(&ledger, "\u{0}\n{\"v\":1\n[]\n").unwrap();
    let ran = at(&shop, NOON, &["status"]).goes();
    // The team's notes remember it.
    shows(&ran, "since 10:00 (2h), by Ana\n");
    fs::remove_file(&ledger).unwrap();
    fs::create_dir(&ledger).unwrap();
    let (code, status) = json(&shop, NOON);
    assert_eq!(code, 2);
    let push = &place(&status, "production")["push"];
    assert_eq!(push["verdict"], "undecided");
    assert!(
        push["why"].as_str().unwrap().contains("ledger.jsonl"),
        "{status}"
    );
    // The push says the same.
    shop.push_at(NOON, "production", "master")
        .goes_not()
        .says("ledger.jsonl");
}

#[test]
#[ignore = "slow: needs a web server"]
fn over_http_it_reads_the_same() {
    let (shop, _, two) = shop();
    let nginx = Nginx::serve(&shop);
    for remote in ["origin", "staging", "production"] {
        let url = nginx.url("open", remote);
        shop.git(["remote", "set-url", remote, &url]).goes();
    }
    let ran = at(&shop, NOON, &["status"]).goes();
    shows(
        &ran,
        &format!("  live      {} Show the discount", &two[..7]),
    );
    // Another address is another place, of which nothing is recorded.
    shows(&ran, "the newest of trunk, first seen 12:00 (0s)\n");
}

#[test]
fn in_a_terminal_it_fits_into_80_columns_in_colour() {
    let (shop, _, _) = shop();
    let terminal = Terminal::open(&shop);
    terminal.types(&format!("clear; '{PUSHGATE}' status; echo; echo end"));
    let screen = terminal.shows("\nend\n");
    assert!(
        screen.lines().all(|line| line.chars().count() <= 80),
        "{screen}"
    );
    assert!(screen.contains("\nproduction, after staging\n"), "{screen}");
    let shown = in_terminal(&shop, &format!("TERM=xterm '{PUSHGATE}' status")).goes();
    assert!(
        shown
            .stderr
            .contains("  git push  \u{1b}[1m\u{1b}[31mrefused\u{1b}[0m by "),
        "{shown}"
    );
    let plain = shop.pushgate(["status"]).goes();
    assert!(!plain.stdout.contains('\u{1b}'), "{plain}");
}

#[test]
#[ignore = "slow: needs a web server"]
fn a_staging_that_asks_for_a_password_asks_nobody_and_is_shown() {
    let (shop, ..) = shop();
    let nginx = Nginx::serve(&shop);
    let url = nginx.url("shut", "staging");
    shop.git(["remote", "set-url", "staging", &url]).goes();
    let line = format!("'{PUSHGATE}' status");
    let (ran, took) = timed(|| in_terminal(&shop, &line));
    took_less(took, 25, &ran);
    assert_eq!(ran.code, 2, "{ran}");
    let asks = |line: &str| line.starts_with("Username for ");
    assert!(!ran.stderr.lines().any(asks), "{ran}");
    ran.says("  live      not known: ")
        .says("terminal prompts")
        .says("staging could not be asked");
}

#[test]
fn a_staging_that_was_rewritten_or_emptied_is_shown_as_it_is() {
    let (shop, ..) = shop();
    let bare = shop.path("staging.git");
    let in_bare = |args: &[&str]| shop.run_in(&bare, "git", args).goes().stdout;
    let tree = in_bare(&["rev-parse", "refs/heads/master^{tree}"]);
    let other = in_bare(&[
        "-c",
        "user.name=Eve",
        "-c",
        "user.email=eve@shop.example",
        "commit-tree",
        "-m",
        "Another history",
        tree.trim(),
    ]);
    in_bare(&["update-ref", "refs/heads/master", other.trim()]);
    let screen = |text: &str| {
        let ran = at(&shop, NOON, &["status"]).goes();
        shows(&ran, text);
        ran
    };
    screen("this clone does not have it: fetch first");
    shop.git(["fetch", "-q", "staging"]).goes();
    let ran = screen("not related to trunk");
    // Nothing of what was true of the old history is said of this one.
    shows(&ran, "  git push  refused by promotion: staging has ");
    shows(&ran, "  tried     by nobody yet\n");
    in_bare(&["update-ref", "-d", "refs/heads/master"]);
    let other = &other[..7];
    screen(&format!(
        "  live      {other} Another history\n            git has no branch there any more, this was deployed last\n"
    ));
}

#[test]
fn an_interrupt_ends_it_at_once_and_leaves_nothing() {
    let (shop, ..) = shop();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/staging.git", silent.local_addr().unwrap());
    shop.git(["remote", "set-url", "staging", &url]).goes();
    let mut running = Started::new(shop.command(PUSHGATE).arg("status"));
    // Somebody waits for an answer now.
    let (_connection, _) = silent.accept().unwrap();
    running.send("INT");
    let status = running.ends();
    assert_eq!(status.code(), Some(130));
    assert_no_process_in(shop.root());
}

#[test]
fn of_several_remotes_the_one_that_lacks_the_commit_is_asked_about() {
    let shop = Sandbox::new();
    shop.policy("suite: {run: 'true'}\nenvironments: {staging: {remote: [staging, production]}}\n");
    let new = shop.commit_on_origin("two");
    shop.push("staging", "master").goes();
    let old = shop.tip("production", "master");
    assert_ne!(old, new);
    let ran = shop.pushgate(["status"]).goes();
    shows(&ran, "deploys 2 commits since");
    assert!(!ran.stdout.contains("nothing new"), "{ran}");
    shop.pushgate(["check", "staging"])
        .goes()
        .says("deploys 2 commits since")
        .says("push to staging (production) may go");
    shop.push("production", "master").goes();
    let ran = shop.pushgate(["status"]).goes();
    shows(&ran, "nothing new: master is there");
    shop.pushgate(["check", "staging"])
        .says("deploys nothing new");
}
