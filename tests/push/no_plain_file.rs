//! What stands in the place of a file or a program of ours, and is none: nothing hangs, nothing is followed.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use crate::support::{
    PUSHGATE, Ran, Sandbox, follow_up, shared,
    story::{timed, took_less},
};

/// What stands in the place of a file.
const KINDS: [&str; 3] = ["a named pipe", "a link", "a directory"];

fn put(kind: &str, path: &Path, shop: &Sandbox) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    if path.is_dir() {
        fs::remove_dir_all(path).unwrap();
    } else {
        let _ = fs::remove_file(path);
    }
    match kind {
        "a named pipe" => {
            let mut make = shop.command("mkfifo");
            Ran::of(make.arg(path)).goes();
        }
        "a link" => symlink(shop.path("elsewhere"), path).unwrap(),
        _ => fs::create_dir(path).unwrap(),
    }
}

#[test]
fn a_ledger_that_is_no_plain_file_is_named_and_hangs_nothing() {
    for kind in KINDS {
        let shop = Sandbox::new();
        shop.commit_on_origin("two");
        put(kind, &shop.app.join(".git/pushgate/ledger.jsonl"), &shop);
        let what = format!("it is {kind}, not a plain file");
        let (ran, took) = timed(|| shop.push("staging", "master"));
        took_less(took, 20, &ran);
        assert_eq!(ran.code, 1, "{ran}");
        ran.says(&what);
        for command in ["status", "log", "doctor"] {
            let (ran, took) = timed(|| shop.pushgate([command]));
            took_less(took, 20, &ran);
        }
        assert!(!shop.path("elsewhere").exists());
        shop.pushgate(["log"]).says(&what);
    }
}

#[test]
fn a_receipt_or_a_lock_that_is_no_plain_file_hangs_nothing_and_vouches_for_nothing() {
    for kind in KINDS {
        let shop = Sandbox::new();
        shop.commit_on_origin("two");
        shop.push("staging", "master").goes();
        let receipts = shop.app.join(".git/pushgate/receipts");
        for receipt in fs::read_dir(&receipts).unwrap() {
            put(kind, &receipt.unwrap().path(), &shop);
        }
        let (ran, took) = timed(|| shop.push("production", "master"));
        took_less(took, 20, &ran);
        ran.says("pushgate: ");
        for lock in [
            "notes.lock",
            "suite.lock",
            "follow-up.lock",
            "follow-up-next.lock",
            "settle.lock",
            "unshared",
        ] {
            put(kind, &shop.app.join(".git/pushgate").join(lock), &shop);
        }
        shop.commit_on_origin("three");
        let (ran, took) = timed(|| shop.push("staging", "master"));
        took_less(took, 20, &ran);
        let (ran, took) = timed(|| shop.pushgate(["status"]));
        took_less(took, 30, &ran);
        assert!(!shop.path("elsewhere").exists());
    }
}

#[test]
fn what_is_to_be_shared_is_shared_whatever_stands_in_the_place_of_a_lock() {
    for lock in ["follow-up.lock", "follow-up-next.lock", "unshared.lock"] {
        let shop = Sandbox::new();
        shop.commit_on_origin("two");
        let path = shop.app.join(".git/pushgate").join(lock);
        put("a named pipe", &path, &shop);
        fs::set_permissions(path.parent().unwrap(), fs::Permissions::from_mode(0o700)).unwrap();
        shop.push("staging", "master").goes();
        shared(&shop.app);
        let notes = ["rev-parse", "--verify", "refs/notes/pushgate"];
        shop.run_in(shop.path("origin.git"), "git", notes).goes();
    }
}

#[test]
fn a_lock_that_cannot_be_had_is_named() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    let state = shop.app.join(".git/pushgate");
    put("a directory", &state.join("settle.lock"), &shop);
    fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
    shop.push("staging", "master").goes();
    shop.commit_on_origin("three");
    shop.push("staging", "master")
        .goes()
        .says(".git/pushgate/settle.lock: it is a directory, not a plain file")
        .says("see what is wrong here:\n    pushgate doctor\n");
}

#[test]
fn logs_and_copies_are_the_user_s_own() {
    let shop = Sandbox::new();
    shop.policy("suite: {run: 'echo secret', in: worktree}\nenvironments: {staging: {}}\n");
    shop.push_ungated("origin", "master");
    let mut push = shop.command("sh");
    Ran::of(push.args(["-c", "umask 0; git push staging master"])).goes();
    follow_up(&shop.app);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let logs = shop.app.join(".git/pushgate/logs");
    assert_eq!(mode(&logs), 0o700);
    for log in fs::read_dir(&logs).unwrap() {
        assert_eq!(mode(&log.unwrap().path()), 0o600);
    }
    let cache = shop.path("home/.cache/pushgate");
    assert_eq!(mode(&cache), 0o700);
    for copy in fs::read_dir(&cache).unwrap() {
        assert_eq!(mode(&copy.unwrap().path()), 0o700);
    }
    let state = shop.app.join(".git/pushgate");
    assert_eq!(mode(&state), 0o700);
    for file in ["ledger.jsonl", "suite.lock", "notes.lock", "schema.json"] {
        assert_eq!(mode(&state.join(file)), 0o600, "{file}");
    }
    assert_eq!(mode(&state.join("receipts")), 0o700);
    for receipt in fs::read_dir(state.join("receipts")).unwrap() {
        assert_eq!(mode(&receipt.unwrap().path()), 0o600);
    }
    // Others may have put anything there.
    let writable = fs::Permissions::from_mode(0o777);
    fs::set_permissions(&cache, writable).unwrap();
    shop.commit_file("new", "x");
    shop.push_ungated("origin", "master");
    shop.push("staging", "master")
        .undecided("suite")
        .says("other users may write to it")
        .says(&format!(
            "remove it, then try again:\n    rm -r {}\n",
            cache.display()
        ));
    let private = fs::Permissions::from_mode(0o700);
    fs::set_permissions(&cache, private).unwrap();
    // Only root can give something away.
    if std::os::unix::fs::chown(&cache, Some(65534), None).is_ok() {
        shop.push("staging", "master")
            .undecided("suite")
            .says("it belongs to another user");
        std::os::unix::fs::chown(&cache, Some(0), None).unwrap();
    }
    // One that a link leads to was prepared by somebody.
    fs::rename(&cache, shop.path("prepared")).unwrap();
    symlink(shop.path("prepared"), &cache).unwrap();
    shop.commit_file("two", "x");
    shop.push_ungated("origin", "master");
    shop.push("staging", "master")
        .undecided("suite")
        .says("it is a link, not a directory");
}

#[test]
fn what_git_shares_with_a_group_the_group_may_write() {
    let shop = Sandbox::with_init(&["--shared=group"]).open();
    shop.commit_on_origin("two");
    let mut push = shop.command("sh");
    Ran::of(push.args(["-c", "umask 077; git push staging master"])).goes();
    follow_up(&shop.app);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o7777;
    let state = shop.app.join(".git/pushgate");
    for directory in ["", "receipts", "logs", "open"] {
        assert_eq!(mode(&state.join(directory)), 0o2770, "{directory}");
    }
    // What did not arrive is kept.
    let reject = shop.path("staging.git/hooks/pre-receive");
    fs::write(&reject, "#!/bin/sh\nexit 1\n").unwrap();
    fs::set_permissions(&reject, fs::Permissions::from_mode(0o755)).unwrap();
    shop.commit_on_origin("three");
    let mut push = shop.command("sh");
    Ran::of(push.args(["-c", "umask 077; git push staging master"])).goes_not();
    follow_up(&shop.app);
    let open = fs::read_dir(state.join("open")).unwrap();
    let open: Vec<_> = open.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(open.len(), 1);
    let open = format!("open/{}", open[0].display());
    for file in ["ledger.jsonl", "suite.lock", "notes.lock", &open] {
        assert_eq!(mode(&state.join(file)), 0o660, "{file}");
    }
}

#[test]
fn programs_of_the_work_tree_are_not_taken_for_the_system_s() {
    let shop = Sandbox::new();
    for name in ["git", "sh", "pushgate"] {
        shop.script(name, "#!/bin/false\n");
    }
    shop.git(["add", "."]).goes();
    shop.commit_on_origin("two");
    let path = std::env::var("PATH").unwrap();
    for odd in [
        format!(".:{path}"),
        format!(":{path}"),
        format!("bin:.:{path}"),
        format!("/nowhere::{path}"),
    ] {
        let mut push = shop.command("/usr/bin/env");
        push.env("PATH", odd)
            .args(["/usr/bin/git", "push", "staging", "master"]);
        Ran::of(&mut push).goes();
        shop.commit_on_origin("again");
    }
    let mut status = shop.command(PUSHGATE);
    Ran::of(status.arg("status").env("PATH", format!(".:{path}"))).goes();
    // Nor where the hook has to look for the program.
    let hook = shop.app.join(".git/hooks/pre-push");
    let text = fs::read_to_string(&hook).unwrap();
    let line = text.lines().find(|line| line.starts_with("pushgate="));
    fs::write(
        &hook,
        text.replace(line.unwrap(), "pushgate=/nowhere/pushgate"),
    )
    .unwrap();
    shop.script("pushgate", "#!/bin/sh\n: >\"$HOME/taken\"\n");
    for odd in [".:/usr/bin:/bin", ":/usr/bin:/bin", "/usr/bin::/bin"] {
        let mut push = shop.command("/usr/bin/git");
        push.env("PATH", odd).args(["push", "staging", "master"]);
        let ran = Ran::of(&mut push);
        assert_eq!(ran.code, 1, "{odd}: {ran}");
        assert!(!shop.path("home/taken").exists(), "{odd}");
        ran.says("the program is missing");
        let mut doctor = shop.command(PUSHGATE);
        Ran::of(doctor.arg("doctor").env("PATH", odd)).never_says("panicked");
        assert!(!shop.path("home/taken").exists(), "{odd}");
    }
}

#[test]
fn a_directory_of_what_is_remembered_that_others_may_write_is_refused() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    let state = shop.app.join(".git/pushgate");
    let elsewhere = shop.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let _ = fs::remove_dir_all(&state);
    std::os::unix::fs::symlink(&elsewhere, &state).unwrap();
    shop.push("staging", "master").goes_not().says("is a link");
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    fs::remove_file(&state).unwrap();
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).unwrap();
    shop.push("staging", "master")
        .goes_not()
        .says("may be written by every user");
}

#[test]
fn a_copy_that_another_user_prepared_is_named_and_nothing_is_written_through_a_link() {
    let shop = Sandbox::new();
    shop.policy("suite: {run: 'true', in: worktree, reuse: never}\nenvironments: {staging: {}}\n");
    let push = || {
        shop.commit_on_origin("again");
        shop.push("staging", "master")
    };
    push().goes();
    let cache = fs::read_dir(shop.path("home/.cache/pushgate")).unwrap();
    let copy = cache.map(|entry| entry.unwrap().path()).next().unwrap();
    let (tree, links, elsewhere) = (copy.join("tree"), copy.join("links"), shop.path("other"));
    fs::write(&elsewhere, "kept").unwrap();
    fs::remove_file(&links).unwrap();
    symlink(&elsewhere, &links).unwrap();
    push()
        .undecided("suite")
        .says("it is a link, not a plain file");
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "kept");
    fs::remove_file(&links).unwrap();
    put("a named pipe", &links, &shop);
    let (ran, took) = timed(push);
    took_less(took, 20, &ran);
    ran.undecided("suite").says("it is a named pipe");
    fs::remove_file(&links).unwrap();
    // Only root can give something away.
    if std::os::unix::fs::chown(&tree, Some(65534), None).is_ok() {
        push()
            .undecided("suite")
            .says("it belongs to another user")
            .says(&format!("rm -r {}\n", tree.display()));
        std::os::unix::fs::chown(&tree, Some(0), None).unwrap();
    }
    fs::rename(&tree, shop.path("prepared")).unwrap();
    symlink(shop.path("prepared"), &tree).unwrap();
    push()
        .undecided("suite")
        .says("it is a link, not a directory");
    fs::remove_file(&tree).unwrap();
    push().goes();
}

#[test]
fn receipts_that_others_may_write_count_for_nothing() {
    let shop = Sandbox::new();
    shop.policy("suite: {run: 'echo ran >> ../ran'}\nenvironments: {staging: {}}\n");
    shop.push_ungated("origin", "master");
    shop.push("staging", "master").goes();
    let receipts = shop.app.join(".git/pushgate/receipts");
    let ran = || {
        fs::read_to_string(shop.path("ran"))
            .unwrap()
            .lines()
            .count()
    };
    fs::set_permissions(&receipts, fs::Permissions::from_mode(0o777)).unwrap();
    shop.commit_on_origin("same files");
    shop.push("staging", "master")
        .goes()
        .says("no receipt is left");
    assert_eq!(ran(), 2);
    fs::rename(&receipts, shop.path("prepared")).unwrap();
    symlink(shop.path("prepared"), &receipts).unwrap();
    shop.commit_on_origin("the same again");
    shop.push("staging", "master")
        .goes()
        .says("no receipt is left");
    assert_eq!(ran(), 3);
    // Nor is anything written where a link leads.
    let logs = shop.app.join(".git/pushgate/logs");
    fs::rename(&logs, shop.path("logs")).unwrap();
    symlink(shop.path("logs"), &logs).unwrap();
    let before = fs::read_dir(shop.path("logs")).unwrap().count();
    shop.commit_on_origin("and again");
    shop.push("staging", "master");
    assert_eq!(fs::read_dir(shop.path("logs")).unwrap().count(), before);
}
