//! What nobody hopes for: a clear line that names the thing, a push that does not go, nothing lost
//! and nothing half written.

use std::{
    fs,
    io::Write,
    os::unix::{
        fs::{FileTypeExt, symlink},
        net::UnixListener,
    },
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::support::{POLICY, PUSHGATE, Ran, Sandbox, processes::namespace, tool, until};

/// Nothing of ours may panic, whatever happens.
trait Calm {
    fn calm(self) -> Self;
}

impl Calm for Ran {
    #[track_caller]
    fn calm(self) -> Self {
        self.never_says("panicked").never_says("RUST_BACKTRACE")
    }
}

/// Something to deploy: origin is one commit ahead of staging and production.
fn shop() -> Sandbox {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop
}

/// A script of the shell in the clone; `HOOK` is the installed hook, `PUSHGATE` the program.
fn sh(shop: &Sandbox, script: &str) -> Ran {
    Ran::of(&mut shell(shop, "sh", script)).calm()
}

fn shell(shop: &Sandbox, program: &str, script: &str) -> Command {
    let mut command = shop.command(program);
    command
        .args(["-c", script])
        .env("HOOK", shop.app.join(".git/hooks/pre-push"))
        .env("PROGRAM", PUSHGATE)
        .env("APP", &shop.app);
    command
}

/// A script in a mount namespace of its own, so that what it mounts ends with it.
fn in_namespace(shop: &Sandbox, script: &str) -> Ran {
    let mut command = namespace(shop, script);
    command.env("APP", &shop.app).env("PROGRAM", PUSHGATE);
    Ran::of(&mut command).calm()
}

/// The push stopped with this exit code of git's, staging is where it was, and every line of the
/// ledger is whole.
#[track_caller]
fn nothing_went(shop: &Sandbox) {
    assert_eq!(
        shop.tip("staging", "master"),
        shop.ask(["rev-parse", "origin/master~1"])
    );
    shop.ledger();
}

/// A line of the hook's input that moves staging's master to HEAD.
fn line(shop: &Sandbox) -> String {
    format!(
        "HEAD {} refs/heads/master {}\n",
        shop.ask(["rev-parse", "HEAD"]),
        shop.tip("staging", "master")
    )
}

/// A running program that is ended with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

// Repositories and remotes.

#[test]
fn an_origin_that_is_gone_is_undecided() {
    let shop = shop();
    for url in ["/nowhere/origin.git", "file:///nowhere/origin.git"] {
        shop.git(["remote", "set-url", "origin", url]).goes();
        shop.push("staging", "master")
            .calm()
            .undecided("trunk")
            .says("  trunk: could not ask `origin` for its branches\n")
            .says("    fatal: '/nowhere/origin.git' does not appear to be a git repository\n")
            .says("then try again:\n    git ls-remote origin\n");
    }
    nothing_went(&shop);
    assert_eq!(shop.ledger().len(), 2);
}

#[test]
fn a_server_that_nobody_runs_is_undecided() {
    let shop = shop();
    // A port that the kernel has just given and taken back.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    for scheme in ["http", "git"] {
        let url = format!("{scheme}://ana:geheim@127.0.0.1:{port}/origin.git");
        let url = url.replace("git://ana:geheim@", "git://");
        shop.git(["remote", "set-url", "origin", &url]).goes();
        shop.push("staging", "master")
            .calm()
            .undecided("trunk")
            .says("127.0.0.1")
            .never_says("gave no answer")
            .never_says("geheim");
    }
    nothing_went(&shop);
}

#[test]
fn an_empty_origin_has_no_trunk() {
    let shop = shop();
    shop.git(["init", "-q", "--bare", "../empty.git"]).goes();
    shop.git(["remote", "set-url", "origin", "../empty.git"])
        .goes();
    shop.push("staging", "master")
        .calm()
        .undecided("trunk")
        .says("`origin/master` does not exist");
    nothing_went(&shop);
}

#[test]
fn the_first_push_into_empty_repositories_goes_in_the_order_of_the_pipeline() {
    let shop = Sandbox::bare();
    shop.install();
    shop.policy(POLICY);
    shop.push("staging", "master").calm().undecided("trunk");
    shop.push("origin", "master").calm().goes();
    shop.push("production", "master")
        .calm()
        .refused("promotion");
    shop.push("staging", "master").calm().goes();
    shop.push("production", "master").calm().goes();
}

#[test]
fn a_repository_without_a_commit() {
    let shop = Sandbox::bare();
    shop.pushgate(["install"]).calm().goes();
    for remote in ["origin", "staging"] {
        // git itself has nothing to push.
        let ran = shop.push(remote, "master").calm();
        assert_eq!(ran.code, 1, "{ran}");
        ran.says("src refspec master does not match any").silent();
    }
    for args in [
        &["check"][..],
        &["check", "staging"],
        &["check", "staging", "--commit", "HEAD"],
    ] {
        let ran = shop.pushgate(args).calm();
        assert_eq!(ran.code, 2, "{args:?}: {ran}");
        assert_eq!(ran.stdout, "");
        ran.says("pushgate: check not done\n")
            .says("\n  commit first\n");
    }
    shop.pushgate(["log"])
        .calm()
        .goes()
        .says("nothing was decided yet");
    shop.pushgate(["uninstall"]).calm().goes();
}

#[test]
fn a_bare_repository_has_nowhere_to_run_the_suite() {
    let shop = shop();
    shop.git(["clone", "-q", "--bare", "../origin.git", "../bare.git"])
        .goes();
    let bare = shop.path("bare.git");
    shop.run_in(&bare, "git", ["remote", "add", "staging", "../staging.git"])
        .goes();
    shop.run_in(&bare, PUSHGATE, ["install"]).calm().goes();
    assert!(bare.join("hooks/pre-push").is_file());
    let push = |options: &[&str]| {
        let args = options.iter().chain(&["push", "staging", "master"]);
        shop.run_in(&bare, "git", args).calm()
    };
    for options in [&[][..], &["-c", "x.y=z"]] {
        push(options)
            .undecided("suite")
            .says("  suite: this repository is bare: there is no checkout to run the suite in\n")
            .says("  push from a clone with a work tree\n");
    }
    nothing_went(&shop);
    // From inside a clone's own git directory there is none either.
    shop.run_in(shop.app.join(".git"), "git", ["push", "staging", "master"])
        .calm()
        .undecided("suite");
    nothing_went(&shop);
    shop.run_in(&bare, PUSHGATE, ["uninstall"]).calm().goes();
    assert!(!bare.join("hooks/pre-push").exists());
}

#[test]
fn a_detached_head_goes() {
    let shop = shop();
    shop.git(["switch", "-q", "--detach"]).goes();
    shop.push("staging", "HEAD:master").calm().goes();
    shop.git(["branch", "-q", "-D", "master"]).goes();
    shop.push("production", "HEAD:master").calm().goes();
}

// Disks.

#[test]
fn a_read_only_git_directory_is_undecided() {
    let shop = shop();
    let ran = in_namespace(
        &shop,
        "mount --bind .git .git && mount -o remount,bind,ro .git; exec git push staging master",
    );
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("pushgate: push to staging (staging) not decided, so it does not go\n")
        .says("could not write ")
        .says("/app/.git/pushgate")
        .says("Read-only file system");
    nothing_went(&shop);
    let ran = in_namespace(
        &shop,
        "mount --bind .git .git && mount -o remount,bind,ro .git; exec \"$PROGRAM\" uninstall",
    );
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("pushgate: uninstall not done\n")
        .says("Read-only file system");
    assert!(shop.app.join(".git/hooks/pre-push").exists());
}

#[test]
fn a_hooks_directory_that_cannot_be_written_to_keeps_its_hook() {
    let shop = shop();
    let hook = shop.app.join(".git/hooks/pre-push");
    fs::write(&hook, "#!/bin/sh\nexit 0\n").unwrap();
    let ran = in_namespace(
        &shop,
        "mount --bind .git .git && mount -o remount,bind,ro .git; exec \"$PROGRAM\" install",
    );
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("pushgate: install not done\n")
        .says("could not make ")
        .says("/.git/.pushgate-hooks\n")
        .says("Read-only file system");
    assert_eq!(fs::read_to_string(&hook).unwrap(), "#!/bin/sh\nexit 0\n");
    assert_eq!(
        fs::read_dir(hook.parent().unwrap()).unwrap().count(),
        hooks(&shop)
    );
}

/// How many hooks git's own template brings, and ours.
fn hooks(shop: &Sandbox) -> usize {
    shop.git(["init", "-q", "../template"]).goes();
    fs::read_dir(shop.path("template/.git/hooks")).map_or(0, Iterator::count) + 1
}

/// A ledger that fills its last page but for a few bytes, so that a line can be half written.
fn nearly_a_page(shop: &Sandbox) -> String {
    let directory = shop.app.join(".git/pushgate");
    fs::create_dir_all(&directory).unwrap();
    let entry = |by: &str| {
        format!(
            "{{\"v\":1,\"at\":\"2026-11-22T21:02:00Z\",\"event\":\"push\",\"verdict\":\"go\",\"environment\":null,\"remote\":\"x\",\"destination\":\"x\",\"commit\":null,\"by\":\"{by}\",\"gates\":[],\"reason\":null,\"took_ms\":1}}\n"
        )
    };
    let free = 4096 - 20 - entry("").len();
    entry(&"x".repeat(free))
}

#[test]
fn a_full_disk_is_undecided_and_leaves_no_half_line() {
    for full_before in [true, false] {
        let shop = shop();
        let ledger = nearly_a_page(&shop);
        fs::write(shop.path("ledger"), &ledger).unwrap();
        let fill = "dd if=/dev/zero of=$APP/.git/pushgate/filler bs=4k 2>/dev/null || true";
        let fill = fill.replace("$APP", shop.app.to_str().unwrap());
        if !full_before {
            shop.policy(&POLICY.replace("run: 'true'", &format!("run: '{fill}; echo full'")));
            shop.git(["push", "-q", "--no-verify", "origin", "master"])
                .goes();
        }
        let ran = in_namespace(
            &shop,
            &format!(
                "mount -t tmpfs -o size=256k,mode=700 tmpfs .git/pushgate
                 cp ../ledger .git/pushgate/ledger.jsonl
                 {}
                 code=0; git push staging master || code=$?
                 cp .git/pushgate/ledger.jsonl ../after
                 exit $code",
                if full_before { fill.as_str() } else { "" }
            ),
        );
        assert_eq!(ran.code, 1, "{ran}");
        let ran = ran.says("not decided, so it does not go\n");
        // Whichever file was the first to find no room: ours, or the index that git renews where
        // the files are as young as it.
        let told = ["No space left on device", "Out of diskspace"];
        assert!(told.iter().any(|words| ran.stderr.contains(words)), "{ran}");
        let old = if full_before { "HEAD~1" } else { "HEAD~2" };
        assert_eq!(shop.tip("staging", "master"), shop.ask(["rev-parse", old]));
        let after = fs::read_to_string(shop.path("after")).unwrap();
        // git may give back the room that it found too small, and then the refusal is written down.
        let added = after.strip_prefix(&ledger).expect("the ledger is kept");
        let is_whole = |line: &str| serde_json::from_str::<serde_json::Value>(line).is_ok();
        assert!(added.lines().all(is_whole), "a half line was left: {added}");
    }
}

// Policies.

/// What may stand where a policy should, how it comes there, and how an error names it.
type Odd<'s> = (&'static str, Box<dyn Fn(&Path) + 's>, &'static str);

fn odd_policies(shop: &Sandbox) -> Vec<Odd<'_>> {
    fs::write(shop.path("elsewhere.yml"), POLICY).unwrap();
    vec![
        (
            "a directory",
            Box::new(|path| {
                fs::create_dir(path).unwrap();
                fs::write(path.join("x"), "x").unwrap();
            }),
            "is a directory; it must be a plain file",
        ),
        (
            "a link",
            Box::new(|path| symlink("../elsewhere.yml", path).unwrap()),
            "is a link; it must be a plain file",
        ),
        (
            "a dangling link",
            Box::new(|path| symlink("nowhere", path).unwrap()),
            "is a link; it must be a plain file",
        ),
        (
            "a submodule",
            Box::new(|path| {
                let app = path.parent().unwrap();
                shop.run_in(app, "git", ["init", "-q", path.to_str().unwrap()])
                    .goes();
                shop.run_in(path, "git", ["commit", "-q", "--allow-empty", "-m", "x"])
                    .goes();
            }),
            "; it must be a plain file",
        ),
        (
            "10 MB",
            Box::new(|path| fs::write(path, "# x\n".repeat(2_500_000)).unwrap()),
            "65536",
        ),
        (
            "binary",
            Box::new(|path| fs::write(path, (0..=255).collect::<Vec<u8>>()).unwrap()),
            "",
        ),
        (
            "not UTF-8",
            Box::new(|path| fs::write(path, b"# caf\xe9\n").unwrap()),
            "UTF-8",
        ),
    ]
}

#[test]
fn a_committed_policy_that_is_no_plain_readable_file_is_named() {
    let shop = shop();
    let start = shop.ask(["rev-parse", "HEAD"]);
    for (what, make, words) in odd_policies(&shop) {
        shop.git(["reset", "-q", "--hard", &start]).goes();
        let path = shop.app.join(".pushgate.yml");
        fs::remove_file(&path).unwrap();
        make(&path);
        shop.git(["-c", "advice.addEmbeddedRepo=false", "add", "-A"])
            .goes();
        shop.git(["commit", "-q", "-m", what]).goes();
        let id = shop.ask(["rev-parse", "--short=7", "HEAD"]);
        for options in [&[][..], &["-c", "x.y=z"]] {
            for remote in ["staging", "origin"] {
                let push = ["push", remote, "master"];
                let ran = shop.git(options.iter().chain(&push)).calm();
                assert_eq!(ran.code, 1, "{what}: {ran}");
                ran.says("not decided, so it does not go\n")
                    .says(&format!("  .pushgate.yml at {id}"))
                    .says(words)
                    .says("  fix .pushgate.yml");
            }
        }
        let ran = shop.pushgate(["check", "staging"]).calm();
        assert_eq!(ran.code, 2, "{what}: {ran}");
        ran.says(&format!("  .pushgate.yml at {id}")).says(words);
        let _ = fs::remove_dir_all(&path);
    }
    assert_eq!(
        shop.tip("staging", "master"),
        shop.ask(["rev-parse", &format!("{start}~1")])
    );
}

#[test]
fn a_policy_of_the_work_tree_that_is_no_plain_readable_file_is_named() {
    let shop = shop();
    shop.git(["rm", "-q", ".pushgate.yml"]).goes();
    shop.git(["commit", "-q", "-m", "No policy"]).goes();
    let old = shop.tip("staging", "master");
    let path = shop.app.join(".pushgate.yml");
    let mut odd = odd_policies(&shop);
    odd.push((
        "a pipe",
        Box::new(|path| {
            Ran::of(shop.command(tool("mkfifo", "coreutils")).arg(path)).goes();
            assert!(path.metadata().unwrap().file_type().is_fifo());
        }),
        "is no plain file; it must be a plain file",
    ));
    odd.push((
        "a socket",
        Box::new(|path| drop(UnixListener::bind(path).unwrap())),
        "is no plain file; it must be a plain file",
    ));
    for (what, make, words) in odd {
        make(&path);
        let ran = shop.push("staging", "master").calm();
        assert_eq!(ran.code, 1, "{what}: {ran}");
        ran.says("not decided, so it does not go\n")
            .says("  .pushgate.yml")
            .says(words);
        let ran = shop.pushgate(["check"]).calm();
        assert_eq!(ran.code, 2, "{what}: {ran}");
        let _ = fs::remove_dir_all(&path);
        let _ = fs::remove_file(&path);
    }
    assert_eq!(shop.tip("staging", "master"), old);
}

#[test]
fn a_policy_from_an_editor_of_another_system_works() {
    let shop = shop();
    for text in [
        POLICY.replace('\n', "\r\n"),
        format!("\u{feff}{POLICY}"),
        format!("\u{feff}{}", POLICY.replace('\n', "\r\n")),
        POLICY.trim_end().to_owned(),
    ] {
        shop.policy(&text);
        shop.push("origin", "master").calm().goes();
        shop.push("production", "master")
            .calm()
            .refused("promotion");
        shop.push("staging", "master").calm().goes();
    }
}

// The hook, called by hand.

#[test]
fn a_hook_that_is_called_with_other_arguments_says_so() {
    let shop = shop();
    for args in ["", "staging", "staging ../staging.git more"] {
        let ran = sh(
            &shop,
            &format!("printf '%s' '{}' | \"$HOOK\" {args}", line(&shop)),
        );
        assert_eq!(ran.code, 2, "{args}: {ran}");
        assert_eq!(ran.stdout, "");
        ran.says("error: ").says("pre-push").says("REMOTE");
    }
    assert!(shop.ledger().is_empty());
}

#[test]
fn standard_input_that_is_no_list_of_refs_is_named() {
    let shop = shop();
    let zero = "0".repeat(40);
    let id = shop.ask(["rev-parse", "HEAD"]);
    for (input, shown) in [
        ("hello\\n", "line 1"),
        ("\\n", "line 1"),
        ("\\0\\0\\0", "line 1"),
        (
            &format!("HEAD {id} refs/heads/master {zero}\\nnonsense\\n"),
            "line 2",
        ),
        (&format!("HEAD {id} refs/heads/master\\n"), "line 1"),
        (
            &format!("HEAD {} refs/heads/master {zero}\\n", &id[..7]),
            "line 1",
        ),
        (
            &format!("HEAD {} refs/heads/master {zero}\\n", id.to_uppercase()),
            "line 1",
        ),
        (&format!("HEAD {id} master {zero}\\n"), "line 1"),
        (
            &format!("HEAD {id} refs/heads/master {}\\n", "0".repeat(64)),
            "line 1",
        ),
    ] {
        let ran = sh(
            &shop,
            &format!("printf '{input}' | \"$HOOK\" staging ../staging.git"),
        );
        assert_eq!(ran.code, 2, "{input}: {ran}");
        ran.says("pushgate: push not done\n")
            .says(&format!("{shown} of the hook's standard input is not"))
            .says(":\n    ");
    }
}

#[test]
fn an_object_that_is_nowhere_is_undecided_or_refused_but_never_goes() {
    let shop = shop();
    let (zero, nowhere) = ("0".repeat(40), "1".repeat(40));
    let long = "1".repeat(64);
    for input in [
        format!("HEAD {nowhere} refs/heads/master {zero}\n"),
        format!("HEAD {long} refs/heads/master {}\n", "0".repeat(64)),
        format!("HEAD {nowhere} refs/heads/master {nowhere}\n"),
    ] {
        for options in ["", "GIT_CONFIG_COUNT=0"] {
            let ran = sh(
                &shop,
                &format!("printf '%s' '{input}' | {options} \"$HOOK\" staging ../staging.git"),
            );
            assert!(ran.code == 1 || ran.code == 2, "{input}: {ran}");
            ran.says("pushgate: ");
        }
    }
}

#[test]
fn standard_input_that_git_would_never_hand_over_is_undecided() {
    let shop = shop();
    for input in ["</dev/null", "<&-", "</dev/zero"] {
        // The file of a clock would take the place of what is closed.
        let ran = sh(
            &shop,
            &format!("unset LD_PRELOAD; \"$HOOK\" staging ../staging.git {input}"),
        );
        assert_eq!(ran.code, 2, "{input}: {ran}");
        ran.says("pushgate: push not done\n")
            .says("  standard input is not the list of refs that git hands to a pre-push hook\n")
            .says("  git calls the hook; to ask for a verdict by hand:\n    pushgate check\n");
    }
    let ran = sh(&shop, "\"$HOOK\" staging ../staging.git <.");
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("pushgate: push not done\n").says("Is a directory");
}

#[test]
fn a_terminal_as_standard_input_is_not_waited_for() {
    let shop = shop();
    let script = tool("script", "bsdutils");
    let mut command = shop.command(script);
    command.args([
        "--quiet",
        "--return",
        "--command",
        ".git/hooks/pre-push staging ../staging.git",
        "/dev/null",
    ]);
    let ran = Ran::of(command.stdin(Stdio::null()));
    assert_eq!(ran.code, 2, "{ran}");
    assert!(
        ran.stdout
            .contains("standard input is not the list of refs"),
        "{ran}"
    );
    assert!(!ran.stdout.contains("panicked"), "{ran}");
}

#[test]
fn a_terminal_whose_user_types_nothing_is_not_waited_for() {
    let shop = shop();
    let mut command = shop.command(tool("script", "bsdutils"));
    command
        .args([
            "--quiet",
            "--return",
            "--command",
            ".git/hooks/pre-push staging ../staging.git",
            "/dev/null",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    let mut running = Running(command.spawn().unwrap());
    // Its standard input stays open all the while.
    let _held = running.0.stdin.take().unwrap();
    let status = until("it ends without its terminal", || {
        running.0.try_wait().unwrap()
    });
    assert_eq!(status.code(), Some(2));
}

// Output that goes nowhere.

#[test]
#[ignore = "slow: every closed output"]
fn closed_outputs_change_no_verdict() {
    for closed in ["2>&-", ">&-", ">&- 2>&-", ">/dev/full 2>/dev/full"] {
        let shop = shop();
        let input = line(&shop);
        let ran = sh(
            &shop,
            &format!(
                "unset LD_PRELOAD; printf '%s' '{input}' | \"$HOOK\" production ../production.git {closed}"
            ),
        );
        assert_eq!(ran.code, 1, "{closed}: {ran}");
        let ran = sh(
            &shop,
            &format!(
                "unset LD_PRELOAD; printf '%s' '{input}' | \"$HOOK\" staging ../staging.git {closed}"
            ),
        );
        assert_eq!(ran.code, 0, "{closed}: {ran}");
        let verdicts: Vec<_> = shop.ledger().iter().map(|e| e["verdict"].clone()).collect();
        assert_eq!(verdicts, ["refused", "go"], "{closed}");
        // And by git itself.
        let ran = sh(
            &shop,
            &format!("unset LD_PRELOAD; git push production master {closed}"),
        );
        assert_ne!(ran.code, 0, "{closed}: {ran}");
        assert_ne!(
            shop.tip("production", "master"),
            shop.tip("origin", "master"),
            "{closed}"
        );
    }
}

#[test]
#[ignore = "slow: every closed output"]
fn a_suite_that_speaks_to_nobody_still_counts() {
    for closed in ["2>&-", ">&- 2>&-", "2>/dev/full"] {
        let shop = shop();
        shop.policy(&POLICY.replace("'true'", "'seq 5000; exit ${CODE:-0}'"));
        shop.git(["push", "-q", "--no-verify", "origin", "master"])
            .goes();
        let input = line(&shop);
        let hook = format!("(unset LD_PRELOAD; exec \"$HOOK\" staging ../staging.git {closed})");
        let ran = sh(
            &shop,
            &format!("printf '%s' '{input}' | (export CODE=3; {hook})"),
        );
        assert_eq!(ran.code, 1, "{closed}: {ran}");
        let ran = sh(&shop, &format!("printf '%s' '{input}' | {hook}"));
        assert_eq!(ran.code, 0, "{closed}: {ran}");
    }
}

#[test]
fn a_reader_that_goes_away_changes_no_verdict() {
    let shop = shop();
    shop.policy(&POLICY.replace("'true'", "'seq 50000; exit ${CODE:-0}'\n  reuse: never"));
    shop.git(["push", "-q", "--no-verify", "origin", "master"])
        .goes();
    let input = line(&shop);
    for (variables, code) in [("CODE=3", 1), ("CODE=0", 0)] {
        let script = format!(
            "{{ printf '%s' '{input}' | {variables} \"$HOOK\" staging ../staging.git; echo $? >../code; }} 2>&1 | head -1"
        );
        let ran = sh(&shop, &script).goes();
        assert_eq!(ran.stdout.lines().count(), 1, "{ran}");
        assert_eq!(
            fs::read_to_string(shop.path("code")).unwrap(),
            format!("{code}\n")
        );
    }
    sh(&shop, "CODE=3 git push staging master 2>&1 | head -1").goes();
    assert_ne!(shop.tip("staging", "master"), shop.tip("origin", "master"));
}

// Environments.

#[test]
fn a_home_that_is_not_there_changes_nothing() {
    let shop = shop();
    for variable in [None, Some("/nowhere"), Some("")] {
        let push = |remote: &str| {
            let mut command = shop.command("git");
            command
                .args(["push", "--dry-run", remote, "master"])
                .env_remove("GIT_CONFIG_GLOBAL")
                .env_remove("XDG_CACHE_HOME");
            match variable {
                Some(home) => command.env("HOME", home),
                None => command.env_remove("HOME"),
            };
            Ran::of(&mut command).calm()
        };
        push("staging").goes().says("may go");
        push("production").refused("promotion");
        assert_ne!(shop.ledger().last().unwrap()["by"], "");
    }
}

#[test]
fn a_dumb_terminal_gets_no_escapes() {
    let shop = shop();
    for variables in [
        &[("TERM", "dumb")][..],
        &[],
        &[("NO_COLOR", "1"), ("TERM", "xterm")],
    ] {
        let ran = shop.push_with(variables, "production", "master").calm();
        ran.refused("promotion").never_says("\u{1b}");
    }
}

#[test]
fn a_missing_git_is_named() {
    let shop = shop();
    for args in [
        &["check", "staging"][..],
        &["log"],
        &["install"],
        &["uninstall"],
    ] {
        let mut command = shop.command(PUSHGATE);
        let ran = Ran::of(command.args(args).env("PATH", "/nowhere")).calm();
        assert_eq!(ran.code, 2, "{args:?}: {ran}");
        ran.says(&format!("pushgate: {} not done\n", args[0]))
            .says("could not run `git`")
            .says("install git, or put it on the PATH");
    }
    let mut command = shell(
        &shop,
        "/bin/sh",
        "printf '%s' \"$LINE\" | PATH=/nowhere \"$HOOK\" staging ../staging.git",
    );
    let ran = Ran::of(command.env("LINE", line(&shop))).calm();
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("could not run `git`");
}

#[test]
fn outside_of_a_repository_every_command_says_so() {
    let shop = Sandbox::bare();
    let elsewhere = shop.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    for args in [
        &["init"][..],
        &["init", "--stdout"],
        &["install"],
        &["uninstall"],
        &["check"],
        &["check", "staging", "--json"],
        &["log"],
        &["log", "--json"],
    ] {
        let mut command = shop.command(PUSHGATE);
        command
            .args(args)
            .current_dir(&elsewhere)
            .env("GIT_CEILING_DIRECTORIES", shop.root());
        let ran = Ran::of(&mut command).calm();
        assert_eq!(ran.code, 2, "{args:?}: {ran}");
        assert_eq!(ran.stdout, "", "{args:?}");
        ran.says(&format!("pushgate: {} not done\n", args[0]))
            .says("  there is no repository here that git opens\n")
            .says("not a git repository")
            .says("  cd into the clone that you push from\n");
    }
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
}

#[test]
fn a_repository_without_a_work_tree_has_no_place_for_a_policy() {
    let shop = Sandbox::bare();
    for args in [&["init"][..], &["init", "--stdout"]] {
        let ran = shop.run_in(shop.path("origin.git"), PUSHGATE, args).calm();
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran}");
        ran.says("  this repository has no work tree that the policy could be written into\n")
            .says("  in a clone:\n    pushgate init\n");
    }
}

#[test]
fn a_repository_that_git_itself_refuses_is_named() {
    let shop = shop();
    for (key, value) in [
        ("core.repositoryFormatVersion", "1"),
        ("extensions.fromTheFuture", "1"),
    ] {
        shop.git(["config", key, value]).goes();
    }
    let ran = shop.pushgate(["check", "staging"]).calm();
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("pushgate: check not done\n").says("fromthefuture");
}

// Many at once.

/// Thousands of branches and tags in a repository, on two commits in turn.
fn many_refs(shop: &Sandbox, repository: &Path) {
    let ids = ["HEAD~1", "HEAD"].map(|revision| shop.ask(["rev-parse", revision]));
    let refs: Vec<_> = (0..2500)
        .map(|number| {
            let id = &ids[number % 2];
            format!("create refs/heads/many/{number} {id}\ncreate refs/tags/many/{number} {id}\n")
        })
        .collect();
    let mut child = shop
        .command("git")
        .current_dir(repository)
        .args(["update-ref", "--stdin"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(refs.concat().as_bytes()).unwrap();
    drop(pipe);
    assert!(child.wait().unwrap().success());
}

/// The gate takes less than a second of such a push, whose exit code is this one.
#[track_caller]
fn takes_no_time(shop: &Sandbox, args: &str, code: i32) {
    for options in [&[][..], &["-c", "x.y=z"]] {
        let time = |verify: &'static str, code: i32| {
            let push = ["push", "--dry-run", verify].into_iter();
            let start = Instant::now();
            let ran = shop.git(options.iter().copied().chain(push).chain(args.split(' ')));
            let took = start.elapsed();
            assert_eq!(ran.code, code, "{ran}");
            ran.calm();
            took
        };
        // Other tests run beside this one: one measured in peace is enough.
        let mut times = Vec::new();
        while times.len() < 6 {
            let git = time("--no-verify", 0);
            times.push(time("--verify", code).saturating_sub(git));
            if times.last() < Some(&Duration::from_secs(1)) {
                break;
            }
        }
        assert!(
            times.last() < Some(&Duration::from_secs(1)),
            "{options:?} {args}: {times:?}"
        );
    }
}

#[test]
#[ignore = "slow: thousands of refs"]
fn five_thousand_branches_and_tags_are_judged_in_no_time() {
    let shop = shop();
    many_refs(&shop, &shop.app);
    takes_no_time(&shop, "--mirror production", 1);
    takes_no_time(&shop, "--mirror origin", 0);
    shop.push("production", "refs/heads/*")
        .calm()
        .refused("promotion")
        .says("`many/0`, `many/1`, `many/10` and 2497 more deploy nothing on production");
}

#[test]
#[ignore = "slow: thousands of refs"]
fn thousands_of_deletions_are_judged_in_no_time() {
    let shop = shop();
    many_refs(&shop, &shop.path("origin.git"));
    takes_no_time(&shop, "--prune origin refs/heads/*", 0);
    shop.git(["push", "-q", "--prune", "origin", "refs/heads/*"])
        .calm()
        .goes()
        .silent();
    assert_eq!(shop.tip("origin", "many/7"), "");
}

#[test]
fn twenty_pushes_at_once_append_twenty_whole_lines() {
    let shop = shop();
    let pushes: Vec<_> = (0..20)
        .map(|number| {
            let mut command = shop.command("git");
            // A reason makes each line long, and tells them apart.
            command
                .args(["push", "--dry-run", "staging", "master"])
                .env("PUSHGATE_SKIP", "suite")
                .env("PUSHGATE_REASON", format!("{number} {}", "x".repeat(6000)))
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            Running(command.spawn().unwrap())
        })
        .collect();
    for mut push in pushes {
        assert!(push.0.wait().unwrap().success());
    }
    let mut reasons: Vec<u32> = shop
        .ledger()
        .iter()
        .map(|entry| {
            let reason = entry["reason"].as_str().unwrap();
            reason.split(' ').next().unwrap().parse().unwrap()
        })
        .collect();
    reasons.sort_unstable();
    assert_eq!(reasons, (0..20).collect::<Vec<_>>());
}

// The ledger.

#[test]
fn a_damaged_ledger_loses_nothing_but_what_was_damaged() {
    let shop = shop();
    shop.push("production", "master").refused("promotion");
    let path = shop.app.join(".git/pushgate/ledger.jsonl");
    let whole = fs::read(&path).unwrap();
    let cut = &whole[..whole.len() / 2];
    let damaged = [
        &whole,
        &b"not json\n\xff\xfe\n"[..],
        b"{\"v\":2}\n",
        &whole,
        cut,
    ]
    .concat();
    fs::write(&path, damaged).unwrap();
    shop.pushgate(["log"])
        .calm()
        .goes()
        .says("line 2 and 2 more of ")
        .says("ledger.jsonl is damaged and left out")
        .says("a newer pushgate has written into ");
    // A line that was cut off takes none with it that comes after.
    shop.push("staging", "master").calm().goes();
    let text = fs::read(&path).unwrap();
    let lines: Vec<_> = text.split(|b| *b == b'\n').collect();
    assert_eq!(lines.len(), 8);
    assert_eq!(lines[5], cut);
    assert!(lines[7].is_empty());
    let last: serde_json::Value = serde_json::from_slice(lines[6]).unwrap();
    assert_eq!(last["verdict"], "go");
    let ran = shop.pushgate(["log", "--json"]).calm().goes();
    let verdicts: Vec<_> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["verdict"].clone())
        .collect();
    assert_eq!(verdicts, ["refused", "refused", "go"]);
}

#[test]
fn a_ledger_that_is_no_file_is_undecided() {
    let shop = shop();
    let directory = shop.app.join(".git/pushgate");
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(directory.join("ledger.jsonl")).unwrap();
    shop.push("staging", "master")
        .calm()
        .says("pushgate: push to staging (staging) not decided, so it does not go\n")
        .says("could not write ")
        .says("pushgate/ledger.jsonl")
        .says("it is a directory, not a plain file");
    let ran = shop.pushgate(["log"]).calm();
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("pushgate: log not done\n").says("ledger.jsonl");
    fs::remove_dir_all(&directory).unwrap();
    fs::write(&directory, "a file").unwrap();
    shop.push("staging", "master")
        .calm()
        .says("not decided, so it does not go\n")
        .says("Not a directory");
    nothing_went(&shop);
    let ran = shop.pushgate(["log"]).calm();
    assert_eq!(ran.code, 2, "{ran}");
    // With the gate off, the team is told and goes on.
    let ran = shop.push_with(&[("PUSHGATE", "off")], "staging", "master");
    ran.calm().goes().says("could not write ");
}

#[test]
fn a_repository_that_is_removed_meanwhile_stays_removed() {
    let shop = shop();
    shop.policy(&POLICY.replace("'true'", "rm -rf .git"));
    shop.git(["push", "-q", "--no-verify", "origin", "master"])
        .goes();
    shop.push("staging", "master")
        .calm()
        .says("not decided, so it does not go\n");
    assert!(!shop.app.join(".git").exists());
}

#[test]
fn a_long_log_may_be_read_in_part() {
    let shop = shop();
    shop.push("production", "master").refused("promotion");
    let path = shop.app.join(".git/pushgate/ledger.jsonl");
    let entry = fs::read_to_string(&path).unwrap();
    fs::write(&path, entry.repeat(5000)).unwrap();
    for option in ["-n 9999", "--json"] {
        let ran = sh(
            &shop,
            &format!("{{ \"$PROGRAM\" log {option}; echo $? >../code; }} | head -1"),
        );
        assert_eq!(ran.stdout.lines().count(), 1, "{ran}");
        assert_eq!(ran.stderr, "", "{ran}");
        assert_eq!(fs::read_to_string(shop.path("code")).unwrap(), "0\n");
    }
    let ran = sh(&shop, "\"$PROGRAM\" log >/dev/full");
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("pushgate: log not done\n")
        .says("No space left on device");
}
