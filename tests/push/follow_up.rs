//! The process that looks, after the hook, whether a push arrived: whatever ends it, wherever the push
//! went, the next command tells the truth.

use std::{
    fs,
    os::unix::{fs::PermissionsExt, net::UnixListener},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

use crate::support::{
    PUSHGATE, Ran, Sandbox, follow_up,
    notes_worker::{deployments, records},
    person::Person,
    processes::{Started, assert_no_process_in, living_in},
    shared,
    story::{timed, took_less},
    until,
};

/// The lines about pushes in a clone's log: `ENVIRONMENT VERDICT ARRIVAL` of each.
fn log_in(shop: &Sandbox, clone: &Path) -> Vec<String> {
    let ran = shop.run_in(clone, PUSHGATE, ["log", "--json"]).goes();
    let line = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| value[key].as_str().unwrap_or("-").to_owned();
        format!(
            "{} {} {}",
            text("environment"),
            text("verdict"),
            text("arrival")
        )
    };
    ran.stdout.lines().map(line).collect()
}

fn log(shop: &Sandbox) -> Vec<String> {
    log_in(shop, &shop.app)
}

/// A hook of a server.
fn server_hook(shop: &Sandbox, remote: &str, name: &str, script: &str) -> PathBuf {
    let hook = shop.path(&format!("{remote}.git/hooks/{name}"));
    fs::write(&hook, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    hook
}

/// A server that says when a push is there, and does not go on before the test says so.
struct Slow<'s> {
    shop: &'s Sandbox,
    git: Started,
}

impl<'s> Slow<'s> {
    /// Pushes to staging, whose hook of this name waits.
    fn push(shop: &'s Sandbox, hook: &str, then: &str, args: &[&str]) -> Self {
        let mut command = shop.command("git");
        Self::start(shop, hook, then, command.args(args))
    }

    /// Runs what pushes to staging, whose hook of this name waits.
    fn start(shop: &'s Sandbox, hook: &str, then: &str, command: &mut Command) -> Self {
        let root = shop.root().display();
        let wait =
            format!("touch {root}/there; while [ ! -e {root}/go-on ]; do sleep 0.02; done; {then}");
        server_hook(shop, "staging", hook, &wait);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let slow = Self {
            shop,
            git: Started::new(command),
        };
        until("the server has it", || {
            shop.path("there").exists().then_some(())
        });
        slow
    }

    /// The process that was started by the hook.
    fn follow_up(&self) -> Pid {
        until("the follow-up is there", || {
            let all = living_in(self.shop.root());
            let line = all.iter().find(|line| line.ends_with("follow-up "))?;
            let id = line.split(' ').next().unwrap().parse().unwrap();
            Some(Pid::from_raw(id))
        })
    }

    fn goes_on(&self) {
        fs::write(self.shop.path("go-on"), "").unwrap();
    }
}

const PUSH: [&str; 3] = ["push", "staging", "master"];

#[test]
fn it_holds_nothing_of_the_push_and_of_the_terminal() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    let mut slow = Slow::push(&shop, "pre-receive", "exit 0", &PUSH);
    let id = slow.follow_up();
    let files: Vec<_> = (fs::read_dir(format!("/proc/{id}/fd")).unwrap().flatten())
        .filter_map(|entry| {
            let number: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((number, fs::read_link(entry.path()).ok()?))
        })
        .collect();
    let own = shop.app.join(".git/pushgate");
    for (number, file) in files {
        let is_null = number < 3 && file == Path::new("/dev/null");
        // The clock of these tests is none of ours.
        let is_clock = file.to_str().unwrap().contains("faketime");
        assert!(
            is_null || is_clock || file.starts_with(&own),
            "{number} is {}",
            file.display()
        );
    }
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let fields: Vec<_> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    // proc(5): the process group, the session, and the terminal.
    assert_eq!(fields[2..5], [&id.to_string(), &id.to_string(), "0"]);
    slow.goes_on();
    assert!(slow.git.ends().success());
    shared(&shop.app);
    assert_eq!(log(&shop), ["staging go arrived"]);
    assert_no_process_in(shop.root());
}

#[test]
fn killed_while_git_runs_it_is_made_up_for() {
    for (then, arrival) in [("exit 0", "arrived"), ("exit 1", "missing")] {
        let shop = Sandbox::new();
        let two = shop.commit_on_origin("two");
        let mut slow = Slow::push(&shop, "pre-receive", then, &PUSH);
        kill(slow.follow_up(), Signal::SIGKILL).unwrap();
        assert_eq!(log(&shop), ["staging go open"]);
        slow.goes_on();
        slow.git.ends();
        // The log starts another one: that is killed, too, or has done it all by then.
        assert_eq!(log(&shop), [format!("staging go {arrival}")]);
        let known = deployments(&shop, &shop.app);
        if arrival == "arrived" {
            assert_eq!(known, [format!("staging go {}", &two[..7])]);
            shared(&shop.app);
            assert_eq!(deployments(&shop, &shop.path("origin.git")), known);
        } else {
            assert!(known.is_empty(), "{known:?}");
        }
    }
}

#[test]
fn killed_before_it_is_asked_anything_the_next_push_settles_it() {
    let shop = Sandbox::new();
    let two = shop.commit_on_origin("two");
    let mut slow = Slow::push(&shop, "pre-receive", "exit 0", &PUSH);
    kill(slow.follow_up(), Signal::SIGKILL).unwrap();
    slow.goes_on();
    assert!(slow.git.ends().success());
    assert!(deployments(&shop, &shop.app).is_empty());
    shop.push("production", "master").goes();
    let mut known = deployments(&shop, &shop.app);
    known.sort();
    assert_eq!(
        known,
        ["production", "staging"].map(|name| format!("{name} go {}", &two[..7]))
    );
}

#[test]
fn git_killed_while_the_server_works_on_has_arrived_all_the_same() {
    let shop = Sandbox::new();
    let two = shop.commit_on_origin("two");
    let slow = Slow::push(&shop, "post-receive", "exit 0", &PUSH);
    // The server has taken it; git never hears of that.
    assert_eq!(shop.tip("staging", "master"), two);
    let id = slow.follow_up();
    slow.git.send("KILL");
    slow.goes_on();
    until("the follow-up is gone", || {
        (kill(id, None).is_err()).then_some(())
    });
    assert_eq!(log(&shop), ["staging go arrived"]);
    let status = shop.pushgate(["status"]).goes();
    assert!(
        !status
            .stdout
            .contains("no gate judged this: it was pushed with --no-verify, or"),
        "{status}"
    );
}

#[test]
fn a_deploy_killed_while_its_git_goes_on_was_judged() {
    let shop = Sandbox::new();
    let two = shop.commit_on_origin("two");
    let mut command = shop.command(PUSHGATE);
    let deploy = command.args(["deploy", "staging", "--yes"]);
    let slow = Slow::start(&shop, "post-receive", "exit 0", deploy);
    assert_eq!(shop.tip("staging", "master"), two);
    kill(Pid::from_raw(slow.git.id().cast_signed()), Signal::SIGKILL).unwrap();
    assert_eq!(log(&shop), ["staging go open"]);
    slow.goes_on();
    until("git has ended", || {
        let all = living_in(shop.root());
        (!all.iter().any(|line| line.contains("git push"))).then_some(())
    });
    assert_eq!(log(&shop), ["staging go arrived"]);
    let known = deployments(&shop, &shop.app);
    assert_eq!(known, [format!("staging go {}", &two[..7])]);
}

#[test]
fn a_lock_that_a_killed_git_left_stops_no_push_and_loses_nothing() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.push("staging", "master").goes();
    shared(&shop.app);
    let three = shop.commit_on_origin("three");
    let lock = shop.app.join(".git/refs/notes/pushgate.lock");
    fs::write(&lock, "").unwrap();
    shop.push("staging", "master").goes();
    follow_up(&shop.app);
    shop.commit("four");
    shop.push("origin", "master")
        .goes()
        .says("which earlier pushes arrived is not recorded yet")
        .says("\n    pushgate doctor\n");
    let cure = "rm .git/refs/notes/pushgate.lock";
    let ran = shop.pushgate(["doctor"]).ends_with(1);
    assert!(ran.stdout.contains(&format!("    {cure}\n")), "{ran}");
    let mut words = cure.split(' ');
    shop.run_in(&shop.app, words.next().unwrap(), words).goes();
    assert_eq!(log(&shop)[..2], ["staging go arrived"; 2]);
    let known = format!("staging go {}", &three[..7]);
    assert!(deployments(&shop, &shop.app).contains(&known));
}

#[test]
fn what_could_not_be_marked_for_sharing_is_shared_later() {
    let shop = Sandbox::new();
    let two = shop.commit_on_origin("two");
    // Stands for the death of the process between the note and the mark.
    let mark = shop.app.join(".git/pushgate/unshared");
    fs::create_dir_all(&mark).unwrap();
    let mut command = shop.command("git");
    Ran::of(command.args(PUSH)).goes();
    until("the follow-up is gone", || {
        living_in(shop.root()).is_empty().then_some(())
    });
    fs::remove_dir(&mark).unwrap();
    assert_eq!(log(&shop), ["staging go arrived"]);
    shared(&shop.app);
    let known = [format!("staging go {}", &two[..7])];
    assert_eq!(deployments(&shop, &shop.path("origin.git")), known);
}

#[test]
fn the_hook_killed_lets_nothing_go_and_leaves_nothing_open() {
    let shop = Sandbox::new();
    shop.policy("suite: {run: 'touch ../runs; sleep 60'}\nenvironments: {staging: {}}\n");
    shop.push_ungated("origin", "master");
    let mut command = shop.command("git");
    command
        .args(PUSH)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut git = Started::new(&mut command);
    until("the suite runs", || {
        shop.path("runs").exists().then_some(())
    });
    let all = living_in(shop.root());
    let hook = all
        .iter()
        .find(|line| line.contains("pushgate pre-push "))
        .unwrap();
    let id = hook.split(' ').next().unwrap().parse().unwrap();
    kill(Pid::from_raw(id), Signal::SIGKILL).unwrap();
    assert!(!git.ends().success());
    assert!(log(&shop).is_empty());
    assert!(!shop.kept().contains(&"open".to_owned()));
}

#[test]
fn a_client_that_lives_on_has_pushed_what_git_s_reflog_says() {
    for (push, arrival) in [
        ("git push -q --no-verify staging master;", "arrived"),
        ("", "open"),
    ] {
        let shop = Sandbox::new();
        let two = shop.commit_on_origin("two");
        // It runs the hook itself, and pushes without a process of git that would end.
        let script = format!(
            "echo \"refs/heads/master {two} refs/heads/master {}\" | \
             .git/hooks/pre-push staging \"$(git remote get-url staging)\"; {push} \
             touch ../there; while [ ! -e ../go-on ]; do sleep 0.02; done",
            "0".repeat(40)
        );
        let mut command = shop.command("sh");
        command.args(["-c", &script]).stderr(Stdio::null());
        let mut client = Started::new(&mut command);
        until("the client has pushed", || {
            shop.path("there").exists().then_some(())
        });
        assert_eq!(log(&shop), [format!("staging go {arrival}")]);
        fs::write(shop.path("go-on"), "").unwrap();
        assert!(client.ends().success());
    }
}

#[test]
fn a_push_by_url_is_told_by_the_remote() {
    let shop = Sandbox::new();
    let url = shop.path("staging.git");
    let url = url.to_str().unwrap();
    let two = shop.commit_on_origin("two");
    shop.push(url, "master").goes();
    assert_eq!(log(&shop), ["staging go arrived"]);
    assert_eq!(
        deployments(&shop, &shop.app),
        [format!("staging go {}", &two[..7])]
    );
    shop.commit_on_origin("three");
    server_hook(&shop, "staging", "pre-receive", "exit 1");
    shop.push(url, "master").goes_not();
    assert_eq!(log(&shop), ["staging go arrived", "staging go missing"]);
}

#[test]
fn without_reflogs_the_ref_or_the_remote_tells() {
    let shop = Sandbox::bare();
    shop.git(["config", "core.logAllRefUpdates", "false"])
        .goes();
    let shop = shop.open();
    assert!(!shop.app.join(".git/logs/refs/remotes/staging").exists());
    let two = shop.commit_on_origin("two");
    shop.push("staging", "master").goes();
    assert_eq!(log(&shop), ["staging go arrived"]);
    assert_eq!(
        deployments(&shop, &shop.app),
        [format!("staging go {}", &two[..7])]
    );
    shop.commit_on_origin("three");
    let hook = server_hook(&shop, "staging", "pre-receive", "exit 1");
    shop.push("staging", "master").goes_not();
    shop.git(["push", "--dry-run", "staging", "master"]).goes();
    assert_eq!(
        log(&shop)[1..],
        ["staging go missing", "staging go missing"]
    );
    // Somebody's commit that is fetched meanwhile is not ours.
    fs::remove_file(hook).unwrap();
    shop.push("staging", "master").goes();
    assert_eq!(log(&shop)[3], "staging go arrived");
}

#[test]
fn a_bare_repository_and_a_linked_worktree_remember_alike() {
    let shop = Sandbox::new();
    shop.policy("suite: {run: 'true', in: worktree}\nenvironments: {staging: {}}\n");
    shop.push_ungated("origin", "master");
    shop.push_ungated("staging", "master");
    let two = shop.commit_on_origin("two");
    let bare = shop.path("bare.git");
    shop.git(["clone", "-q", "--bare", ".", bare.to_str().unwrap()])
        .goes();
    for remote in ["origin", "staging"] {
        let url = shop.path(&format!("{remote}.git"));
        let _ = shop.run_in(&bare, "git", ["remote", "remove", remote]);
        shop.run_in(
            &bare,
            "git",
            ["remote", "add", remote, url.to_str().unwrap()],
        )
        .goes();
    }
    shop.run_in(&bare, PUSHGATE, ["install"]).goes();
    shop.run_in(&bare, "git", PUSH).goes();
    until("it is settled", || {
        let is_there = !deployments(&shop, &bare).is_empty();
        is_there.then_some(())
    });
    assert_eq!(log_in(&shop, &bare), ["staging go arrived"]);
    assert_eq!(
        deployments(&shop, &bare),
        [format!("staging go {}", &two[..7])]
    );

    shop.git(["worktree", "add", "-q", "../linked", "-b", "linked"])
        .goes();
    let linked = shop.path("linked");
    let commit = ["commit", "-q", "--allow-empty", "-m", "three"];
    shop.run_in(&linked, "git", commit).goes();
    shop.run_in(
        &linked,
        "git",
        ["push", "-q", "--no-verify", "origin", "HEAD:master"],
    )
    .goes();
    shop.run_in(&linked, "git", ["push", "staging", "HEAD:master"])
        .goes();
    follow_up(&shop.app);
    let known = log_in(&shop, &linked);
    assert_eq!(known.last().unwrap(), "staging go arrived", "{known:?}");
    assert_eq!(known, log(&shop));
}

#[test]
fn of_several_places_each_has_an_answer_of_its_own() {
    for rejecting in ["staging", "eu"] {
        let shop = Sandbox::new();
        shop.git(["init", "-q", "--bare", "../eu.git"]).goes();
        let eu = shop.path("eu.git");
        let staging = shop.path("staging.git");
        for url in [&staging, &eu] {
            let add = ["remote", "set-url", "--add", "--push", "staging"];
            shop.git(add.iter().copied().chain([url.to_str().unwrap()]))
                .goes();
        }
        let two = shop.commit_on_origin("two");
        server_hook(&shop, rejecting, "pre-receive", "exit 1");
        shop.push("staging", "master").goes_not();
        let mut arrivals: Vec<_> = log(&shop);
        if rejecting == "staging" {
            arrivals.reverse();
        }
        assert_eq!(
            arrivals,
            ["staging go arrived", "staging go missing"],
            "{rejecting}"
        );
        let known = records(&shop, &shop.app, "deployed");
        assert_eq!(known.len(), 1, "{known:?}");
        assert_eq!(known[0]["commit"], two.as_str());
        let there = if rejecting == "eu" { &staging } else { &eu };
        let there = there.with_extension("");
        assert_eq!(known[0]["destinations"][0], there.to_str().unwrap());
    }
}

#[test]
fn a_push_of_two_branches_has_arrived_where_the_server_takes_one() {
    for (refused, state) in [
        ("main", "arrived"),
        ("master", "arrived"),
        ("m*", "missing"),
    ] {
        let shop = Sandbox::new();
        let two = shop.commit_on_origin("two");
        let script = format!("case $1 in refs/heads/{refused}) exit 1;; esac");
        server_hook(&shop, "staging", "update", &script);
        shop.git(["push", "staging", "master", "master:main"])
            .goes_not();
        assert_eq!(log(&shop), [format!("staging go {state}")], "{refused}");
        let known = deployments(&shop, &shop.app);
        if state == "arrived" {
            assert_eq!(known, [format!("staging go {}", &two[..7])]);
        } else {
            assert!(known.is_empty(), "{known:?}");
        }
    }
    let shop = Sandbox::new();
    let two = shop.commit_on_origin("two");
    shop.git(["push", "staging", "master", "master:main"])
        .goes();
    assert_eq!(log(&shop), ["staging go arrived"]);
    let once = [format!("staging go {}", &two[..7])];
    assert_eq!(deployments(&shop, &shop.app), once);
}

/// A push to staging that has no tracking ref, and whose follow-up is gone; returns its URL.
fn push_by_url_without_follow_up(shop: &Sandbox) -> String {
    let url = shop.ask(["remote", "get-url", "staging"]);
    let mut slow = Slow::push(shop, "pre-receive", "exit 0", &["push", &url, "master"]);
    kill(slow.follow_up(), Signal::SIGKILL).unwrap();
    slow.goes_on();
    assert!(slow.git.ends().success());
    fs::remove_file(shop.path("staging.git/hooks/pre-receive")).unwrap();
    url
}

#[test]
fn what_came_back_meanwhile_says_nothing_of_the_push_that_it_undid() {
    let shop = Sandbox::new();
    let two = shop.commit_on_origin("two");
    shop.push("staging", "master").goes();
    let ben = Person::joins(&shop, "Ben", &["staging", "production"]);
    shop.commit_on_origin("three");
    push_by_url_without_follow_up(&shop);
    shop.later(60);
    ben.run(PUSHGATE, &["rollback", "staging", &two, "--yes"])
        .goes();
    shared(&ben.place);
    shop.later(60);
    let known = log(&shop);
    assert!(
        known.contains(&"staging go unknown".to_owned()),
        "{known:?}"
    );
}

#[test]
fn what_the_next_push_replaced_had_arrived_and_was_judged() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.push("staging", "master").goes();
    shared(&shop.app);
    shop.commit_on_origin("three");
    let url = push_by_url_without_follow_up(&shop);
    shop.commit_on_origin("four");
    shop.later(60 * 60);
    shop.push(&url, "master").goes();
    shared(&shop.app);
    assert_eq!(log(&shop), ["staging go arrived"; 3]);
}

#[test]
fn a_fetch_in_the_same_moment_hides_no_arrival_and_proves_none() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    let mut slow = Slow::push(&shop, "post-receive", "exit 0", &PUSH);
    shop.git(["fetch", "-q", "staging"]).goes();
    slow.goes_on();
    assert!(slow.git.ends().success());
    follow_up(&shop.app);
    assert_eq!(log(&shop), ["staging go arrived"]);

    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    let mut slow = Slow::push(&shop, "pre-receive", "exit 0", &PUSH);
    // A colleague's commit is there first, so that the server refuses ours.
    let bare = shop.path("staging.git");
    let other = ["commit-tree", "-m", "theirs", "refs/heads/master^{tree}"];
    let author = ["-c", "user.name=Ben", "-c", "user.email=ben@shop.example"];
    let other = shop
        .run_in(&bare, "git", author.iter().chain(&other))
        .goes()
        .stdout;
    shop.run_in(
        &bare,
        "git",
        ["update-ref", "refs/heads/master", other.trim()],
    )
    .goes();
    shop.git(["fetch", "-q", "staging"]).goes();
    slow.goes_on();
    assert!(!slow.git.ends().success());
    follow_up(&shop.app);
    // Theirs may have come in place of ours, or after it.
    assert_eq!(log(&shop), ["staging go unknown"]);
    assert!(deployments(&shop, &shop.app).is_empty());
    // That stays so, whenever it is asked.
    shop.later(30 * 24 * 60 * 60);
    shop.pushgate(["follow-up"]).goes();
    assert_eq!(log(&shop), ["staging go unknown"]);
}

#[test]
fn a_colleague_who_was_faster_with_the_same_commit_has_deployed_it() {
    let shop = Sandbox::new();
    let wait = "touch ../there; while [ ! -e ../go-on ]; do sleep 0.02; done";
    let two = shop.policy(&format!(
        "suite: {{run: 'test -z \"$WAIT\" || {{ {wait}; }}'}}\nenvironments: {{staging: {{}}}}\n"
    ));
    shop.push_ungated("origin", "master");
    let ben = Person::joins(&shop, "Ben", &["staging"]);
    let mut command = shop.command("git");
    command.args(PUSH).stderr(Stdio::null());
    command.env("PUSHGATE_SKIP", "lock").env("WAIT", "1");
    let mut git = Started::new(&mut command);
    until("the suite runs", || {
        shop.path("there").exists().then_some(())
    });
    ben.git(&PUSH).goes();
    shared(&ben.place);
    fs::write(shop.path("go-on"), "").unwrap();
    assert!(!git.ends().success());
    shared(&shop.app);
    let own = log(&shop);
    assert!(
        own.contains(&"staging overridden missing".to_owned()),
        "{own:?}"
    );
    let known = [format!("staging go {}", &two[..7])];
    assert_eq!(deployments(&shop, &shop.path("origin.git")), known);
    assert_eq!(deployments(&shop, &shop.app), known);
}

#[test]
fn damaged_files_hide_nothing_and_stop_nobody() {
    let shop = Sandbox::new();
    let two = shop.commit_on_origin("two");
    shop.push("staging", "master").goes();
    let open = shop.app.join(".git/pushgate/open");
    fs::write(open.join("1-0.json"), "{\"v\":1,\"record\":\"").unwrap();
    fs::write(open.join("2-0.json"), b"\0\xff").unwrap();
    fs::write(open.join("3-0.json"), "x".repeat(1 << 20)).unwrap();
    fs::write(open.join("4-0.json"), "{\"v\":2}").unwrap();
    fs::create_dir(open.join("5-0.json")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", open.join("6-0.json")).unwrap();
    drop(UnixListener::bind(open.join("7-0.json")).unwrap());
    shop.git(PUSH).goes();
    let mut command = shop.command("git");
    Ran::of(command.args(["push", "production", "master"])).goes();
    until("it is settled", || {
        (deployments(&shop, &shop.app).len() == 2).then_some(())
    });
    assert_eq!(log(&shop), ["staging go arrived", "production go arrived"]);
    shop.pushgate(["status"]).goes();
    shop.pushgate(["doctor"]);
    assert!(deployments(&shop, &shop.app).contains(&format!("staging go {}", &two[..7])));
    // One that is a file where the directory should be.
    fs::remove_dir_all(&open).unwrap();
    fs::write(&open, "").unwrap();
    shop.commit_on_origin("three");
    let ran = shop.git(PUSH);
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("not decided, so it does not go");
    shop.push_with(&[("PUSHGATE", "off")], "staging", "master")
        .goes();
}

#[test]
fn what_could_not_be_shared_is_shared_by_the_next_command() {
    let shop = Sandbox::new();
    let ben = Person::joins(&shop, "Ben", &["staging", "production"]);
    let two = shop.commit_on_origin("two");
    let (here, away) = (shop.path("origin.git"), shop.path("away.git"));
    // The network goes while git pushes.
    let script = format!("mv {} {}", here.display(), away.display());
    let hook = server_hook(&shop, "staging", "pre-receive", &script);
    shop.push("staging", "master").goes();
    assert_eq!(log(&shop), ["staging go arrived"]);
    let says = "the team does not know yet what happened here:";
    until("it could not be shared", || {
        let screen = shop.pushgate(["status"]).stdout;
        let screen = screen.split_whitespace().collect::<Vec<_>>().join(" ");
        screen.contains(says).then_some(())
    });
    fs::rename(&away, &here).unwrap();
    fs::remove_file(hook).unwrap();
    assert!(deployments(&shop, &here).is_empty());
    shop.pushgate(["log"]).goes();
    shared(&shop.app);
    let known = format!("staging go {}", &two[..7]);
    assert!(deployments(&shop, &here).contains(&known));
    let screen = ben.run(PUSHGATE, &["status"]).stdout;
    assert!(!screen.contains(says), "{screen}");
    assert!(deployments(&shop, &ben.place).contains(&known));
}

#[test]
fn git_push_into_a_pipe_does_not_wait_for_it() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    // Sharing takes longer than anybody waits.
    let hook = format!("touch {}/shares; sleep 1000", shop.root().display());
    server_hook(&shop, "origin", "pre-receive", &hook);
    let mut shell = shop.command("sh");
    shell.args(["-c", "git push staging master 2>&1 | cat"]);
    let (ran, took) = timed(|| Ran::from(shell.output().unwrap()));
    took_less(took, 8, &ran);
    assert!(ran.stdout.contains("may go"), "{ran}");
    assert_eq!(ran.code, 0);
    // It does not outlive its time limit either.
    until("it is sharing", || {
        shop.path("shares").exists().then_some(())
    });
    until("it has given up", || {
        let all = living_in(shop.root());
        (!all.iter().any(|line| line.ends_with("follow-up "))).then_some(())
    });
    for line in living_in(shop.root()) {
        let id = line.split(' ').next().unwrap().parse().unwrap();
        let _ = kill(Pid::from_raw(id), Signal::SIGKILL);
    }
}

#[test]
fn two_clones_at_once_lose_nothing() {
    let shop = Sandbox::new();
    let ben = Person::joins(&shop, "Ben", &["staging", "production"]);
    let ana = Person::ana(&shop);
    shop.policy("suite: {run: 'true'}\nenvironments:\n  staging: {}\n  production: {}\n");
    let two = shop.commit_on_origin("two");
    ben.git(&["pull", "-q", "--ff-only", "origin", "master"])
        .goes();
    std::thread::scope(|scope| {
        scope.spawn(|| ana.git(&["push", "staging", "master"]).goes());
        scope.spawn(|| ben.git(&["push", "production", "master"]).goes());
    });
    for person in [&ana, &ben] {
        shared(&person.place);
    }
    let mut known = deployments(&shop, &shop.path("origin.git"));
    known.sort();
    assert_eq!(
        known,
        ["production", "staging"].map(|name| format!("{name} go {}", &two[..7]))
    );
}
