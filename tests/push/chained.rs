//! The hook that was there before: what it sees, what ends it, and what the ledger says of it.

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::support::{
    Ran, Sandbox,
    notes_worker::records,
    processes::{Started, assert_no_process_in},
    shared, tool, until,
};

/// A sandbox whose hook was there before ours.
fn with_hook(text: &str) -> Sandbox {
    let shop = Sandbox::new();
    fs::remove_file(hook(&shop)).unwrap();
    executable(&hook(&shop), text);
    shop.install();
    shop
}

fn hook(shop: &Sandbox) -> PathBuf {
    shop.app.join(".git/hooks/pre-push")
}

fn kept(shop: &Sandbox) -> PathBuf {
    shop.app.join(".git/.pushgate-hooks/pre-push")
}

fn executable(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn it_has_its_own_name_its_neighbours_and_the_paths_that_it_had() {
    // What husky 4, pre-commit and hooks written by hand do.
    let text = "#!/bin/sh\n\
        . \"$(dirname \"$0\")/husky.sh\"\n\
        here=$(cd \"$(dirname \"$0\")\" && pwd)\n\
        \"$here/pre-push.legacy\" || exit\n\
        echo \"name: $(basename \"$0\")\" >&2\n\
        echo \"above: $(cat \"$(dirname \"$0\")/../../above\") $(cat \"$here/../../above\")\" >&2\n";
    for hooks_path in [".git/hooks", ".githooks", ".githooks/", "tools/./hooks/git"] {
        let shop = Sandbox::new();
        fs::remove_file(hook(&shop)).unwrap();
        if hooks_path != ".git/hooks" {
            shop.git(["config", "core.hooksPath", hooks_path]).goes();
        }
        let directory = shop.app.join(hooks_path);
        executable(&directory.join("pre-push"), text);
        executable(
            &directory.join("pre-push.legacy"),
            "#!/bin/sh\necho legacy >&2\n",
        );
        fs::write(directory.join("husky.sh"), "echo \"husky: $0\" >&2\n").unwrap();
        fs::write(directory.join("../../above"), "here").unwrap();
        let push = || shop.push("origin", "HEAD:refs/heads/feature");
        let says_all = |ran: Ran| {
            ran.goes()
                .says("husky: ")
                .says("legacy\n")
                .says("name: pre-push\n")
                .says("above: here here\n");
        };
        says_all(push());
        shop.push_ungated("origin", ":feature");
        shop.install();
        says_all(push());
        shop.pushgate(["uninstall"]).goes();
        assert_eq!(
            fs::read_to_string(directory.join("pre-push")).unwrap(),
            text
        );
        assert!(!directory.join("../.pushgate-hooks").exists());
    }
}

#[test]
fn a_hooks_directory_that_is_a_link_keeps_the_paths_too() {
    let shop = Sandbox::new();
    let tracked = shop.app.join(".githooks");
    fs::remove_dir_all(shop.app.join(".git/hooks")).unwrap();
    executable(
        &tracked.join("pre-push"),
        "#!/bin/sh\ncat \"$(dirname \"$0\")/../above\" >&2\n",
    );
    fs::write(shop.app.join("above"), "here\n").unwrap();
    std::os::unix::fs::symlink("../.githooks", shop.app.join(".git/hooks")).unwrap();
    shop.install();
    shop.push("origin", "HEAD:refs/heads/feature")
        .goes()
        .says("here\n");
    assert!(shop.app.join(".pushgate-hooks/pre-push").exists());
}

#[test]
fn the_top_of_the_work_tree_is_no_directory_for_hooks() {
    let shop = Sandbox::new();
    shop.git(["config", "core.hooksPath", "."]).goes();
    let ran = shop.pushgate(["install"]);
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("not this repository's own")
        .says(":\n    git config core.hooksPath .git/hooks\n    pushgate install\n");
}

#[test]
fn a_shared_directory_with_our_hook_does_not_silence_the_repositorys_own() {
    let shop = Sandbox::new();
    let shared = shop.path("share/hooks");
    fs::create_dir_all(&shared).unwrap();
    fs::rename(hook(&shop), shared.join("pre-push")).unwrap();
    let set = ["config", "--global", "core.hooksPath"];
    shop.git(set.iter().copied().chain(shared.to_str())).goes();
    executable(
        &hook(&shop),
        "#!/bin/sh\necho \"own: $1 $(cut -d' ' -f3)\" >&2\n[ ! -e ../no ]\n",
    );
    let own = "own: staging refs/heads/master\n";
    shop.commit("stray");
    shop.push("staging", "master")
        .refused("trunk")
        .never_says("own: ");
    shop.git(["push", "-q", "--no-verify", "origin", "master"])
        .goes();
    fs::write(shop.path("no"), "").unwrap();
    shop.push("staging", "master")
        .goes_not()
        .says("may go")
        .says(own)
        .says("/.git/hooks/pre-push) refused: exit code 1\n");
    fs::remove_file(shop.path("no")).unwrap();
    shop.push("staging", "master").goes().says(own);
    // What is not governed, and nothing at all.
    shop.push("origin", "HEAD:refs/heads/feature")
        .goes()
        .says("own: origin refs/heads/feature\n");
    shop.push("origin", "master").goes().says("own: origin \n");
    let ran = shop.pushgate(["doctor"]);
    let says = "after the gates runs what was there before: .git/hooks/pre-push\n";
    assert!(ran.stdout.contains(says), "{ran}");
    // An own hook of ours would judge twice.
    fs::copy(shared.join("pre-push"), hook(&shop)).unwrap();
    shop.push("origin", "HEAD:refs/heads/other").goes().silent();
}

#[test]
fn one_that_runs_gits_hook_again_is_ended_and_one_that_pushes_elsewhere_is_not() {
    let shop = with_hook("#!/bin/sh\n\"$(git rev-parse --git-path hooks)/pre-push\" \"$@\"\n");
    shop.push("staging", "master")
        .goes_not()
        .says(".pushgate-hooks/pre-push) calls pushgate again, and would for ever\n")
        .says("  let it call neither pushgate nor git's hook\n");
    let shop = with_hook(
        "#!/bin/sh\n[ \"$1\" = staging ] || exit 0\nexec git push -q origin HEAD:refs/heads/staged\n",
    );
    shop.push("staging", "master").goes();
    assert_eq!(shop.tip("origin", "staged"), shop.tip("staging", "master"));
}

#[test]
fn one_that_takes_long_makes_no_old_push_of_it() {
    let shop =
        with_hook("#!/bin/sh\ntouch ../there\nwhile [ ! -e ../go-on ]; do sleep 0.02; done\n");
    shop.commit_on_origin("two");
    let url = shop.ask(["remote", "get-url", "staging"]);
    let mut command = shop.command("git");
    command.args(["push", &url, "master"]).stderr(Stdio::null());
    let mut git = Started::new(&mut command);
    until("it runs", || shop.path("there").exists().then_some(()));
    shop.later(60);
    fs::write(shop.path("go-on"), "").unwrap();
    assert!(git.ends().success());
    shared(&shop.app);
    let known = records(&shop, &shop.app, "deployed");
    assert_eq!(known.len(), 1, "{known:?}");
    assert!(known[0]["seen"].is_null(), "{known:?}");
}

#[test]
fn the_ledger_says_refused_where_it_refuses() {
    let shop = with_hook("#!/bin/sh\nexit 7\n");
    shop.commit_on_origin("two");
    let ran = shop.push("staging", "master").goes_not();
    ran.says("may go").says("refused: exit code 7");
    let off = [("PUSHGATE", "off"), ("PUSHGATE_REASON", "fire")];
    shop.push_with(&off, "staging", "master").goes_not();
    let ledger = shop.ledger();
    assert_eq!(ledger.len(), 2);
    for line in &ledger {
        assert_eq!(line["verdict"], "refused");
        let last = line["gates"].as_array().unwrap().last().unwrap();
        assert_eq!(last["gate"], "chained");
        assert_eq!(last["outcome"], "refused");
        assert_eq!(last["why"], "exit code 7");
    }
    assert_eq!(ledger[1]["reason"], "fire");
    let ran = shop.pushgate(["log"]).goes();
    assert!(
        ran.stdout.contains("    chained refused: exit code 7\n"),
        "{ran}"
    );
    // And `go` where it agrees.
    executable(&kept(&shop), "#!/bin/sh\nexit 0\n");
    shop.push("staging", "master").goes();
    assert_eq!(shop.ledger()[2]["verdict"], "go");
}

#[test]
fn the_team_is_not_told_of_a_push_that_it_refuses() {
    let shop = with_hook("#!/bin/sh\nexit 7\n");
    let id = shop.commit_on_origin("two");
    let told = || {
        let notes = shop.run_in(
            shop.path("origin.git"),
            "git",
            ["notes", "--ref=pushgate", "show", &id],
        );
        notes.stdout.matches("\"deployed\"").count()
    };
    shop.push("staging", "master").goes_not();
    assert_eq!(told(), 0);
    executable(&kept(&shop), "#!/bin/sh\nexit 0\n");
    shop.push("staging", "master").goes();
    assert_eq!(told(), 1);
}

#[test]
fn one_that_cannot_be_run_stops_the_push() {
    let shop = with_hook("#!/no/such/interpreter\n");
    shop.commit_on_origin("two");
    shop.push("staging", "master")
        .goes_not()
        .says("could not run ");
    let line = &shop.ledger()[0];
    assert_eq!(line["verdict"], "refused");
    let last = line["gates"].as_array().unwrap().last().unwrap();
    assert_eq!(last["gate"], "chained");
    let why = last["why"].as_str().unwrap();
    assert!(why.starts_with("could not run "), "{why}");
    assert!(
        why.ends_with(": No such file or directory (os error 2)"),
        "{why}"
    );
}

/// A push whose old hook says where it is, and then waits for its end.
struct Waiting {
    push: Child,
    shop: Sandbox,
}

impl Waiting {
    /// The hook does this when it is told to end by TERM, INT or HUP.
    fn start(then: &str) -> Self {
        Self::start_by(then, |shop| {
            let mut command = shop.command(tool("setsid", "util-linux"));
            command.args(["git", "push", "staging", "master"]);
            command
        })
    }

    fn start_by(then: &str, push: impl Fn(&Sandbox) -> Command) -> Self {
        let shop = Sandbox::new();
        fs::remove_file(hook(&shop)).unwrap();
        let seen = shop.path("seen");
        let seen = seen.display();
        let text = format!(
            "#!/bin/sh\ni=0; for s in TERM INT HUP; do trap \"echo $s >>'{seen}.signals'; {then}\" $s; done\n\
             echo $PPID $$ >'{seen}.new' && mv '{seen}.new' '{seen}'\n\
             while [ $i -lt 6000 ]; do sleep 0.05 & wait $!; i=$((i + 1)); done\n"
        );
        executable(&hook(&shop), &text);
        shop.install();
        shop.commit_on_origin("two");
        let push = push(&shop)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self { push, shop }
    }

    /// Waits until the old hook runs; the number of our own process, and of the hook's.
    fn pids(&self) -> [Pid; 2] {
        let seen = self.shop.path("seen");
        let text = until("the old hook runs", || fs::read_to_string(&seen).ok());
        let pids = text.trim().split_once(' ').unwrap();
        [pids.0, pids.1].map(|pid| Pid::from_raw(pid.parse().unwrap()))
    }

    /// The end of the push, and what the old hook was told.
    fn end(self) -> (Ran, String, Sandbox) {
        let ran: Ran = self.push.wait_with_output().unwrap().into();
        let told = fs::read_to_string(self.shop.path("seen.signals")).unwrap_or_default();
        (ran, told, self.shop)
    }
}

#[test]
fn a_signal_to_us_alone_reaches_it_and_ends_the_push() {
    for (signal, name) in [
        (Signal::SIGTERM, "TERM"),
        (Signal::SIGINT, "INT"),
        (Signal::SIGHUP, "HUP"),
    ] {
        for then in ["exit 0", "exit 9"] {
            let waiting = Waiting::start(then);
            kill(waiting.pids()[0], signal).unwrap();
            let (ran, told, shop) = waiting.end();
            assert_eq!(ran.code, 1, "{ran}");
            assert_eq!(told, format!("{name}\n"), "{ran}");
            ran.says(&format!("was stopped: SIG{name}\n"));
            let line = &shop.ledger()[0];
            assert_eq!(line["verdict"], "refused");
            assert!(
                line["gates"]
                    .to_string()
                    .contains(&format!("stopped (SIG{name})")),
                "{line:#}"
            );
            assert_no_process_in(shop.root());
        }
    }
}

#[test]
fn the_exit_code_is_128_and_the_signal() {
    let shop = with_hook(
        "#!/bin/sh\ntrap 'exit 0' TERM\nkill -TERM $PPID\nwhile :; do sleep 0.05; done\n",
    );
    let mut command = shop.command(hook(&shop));
    let ran = Ran::fed(command.args(["origin", "URL"]), b"");
    assert_eq!(ran.code, 128 + 15, "{ran}");
}

#[test]
#[ignore = "slow: needs strace"]
fn ctrl_c_reaches_it_once() {
    // It goes on for half a second, so that a second signal would be seen.
    let mut waiting = Waiting::start_by("i=5990", |shop| {
        let mut command = shop.command(tool("script", "bsdutils"));
        let (strace, calls) = (tool("strace", "strace"), shop.path("calls"));
        command.arg("-qec").arg(format!(
            "trap : INT; {} -f -qq -e trace=kill -o {} git push staging master",
            strace.display(),
            calls.display()
        ));
        command.arg("/dev/null");
        command
    });
    waiting.pids();
    let mut keyboard = waiting.push.stdin.take().unwrap();
    keyboard.write_all(b"\x03").unwrap();
    let (ran, told, shop) = waiting.end();
    assert_eq!(told, "INT\n", "{ran}");
    // Two in a row are told as one: so see that nobody sent another.
    let calls = fs::read_to_string(shop.path("calls")).unwrap();
    assert!(calls.contains("--- SIGINT"), "{calls}");
    assert!(!calls.contains("kill("), "{calls}");
    assert_eq!(shop.ledger()[0]["verdict"], "refused");
    let before = shop.ask(["rev-parse", "HEAD~1"]);
    assert_eq!(shop.tip("staging", "master"), before);
    assert_no_process_in(shop.root());
}

#[test]
fn it_does_not_outlive_git_push() {
    let waiting = Waiting::start("exit 0");
    waiting.pids();
    let git = Pid::from_raw(waiting.push.id().cast_signed());
    kill(git, Signal::SIGKILL).unwrap();
    let (ran, told, shop) = waiting.end();
    assert_eq!(told, "TERM\n");
    ran.says("was stopped: `git push` is gone\n");
    assert_no_process_in(shop.root());
    assert_eq!(shop.ledger()[0]["verdict"], "refused");
}

#[test]
fn killed_while_it_runs_we_leave_no_line_that_says_go() {
    let waiting = Waiting::start("exit 0");
    let [ours, hook] = waiting.pids();
    kill(ours, Signal::SIGKILL).unwrap();
    kill(hook, Signal::SIGTERM).unwrap();
    let (ran, _, shop) = waiting.end();
    assert_eq!(ran.code, 1, "{ran}");
    assert_eq!(shop.ledger().len(), 0);
    assert_no_process_in(shop.root());
}

#[test]
fn a_hook_for_all_repositories_runs_the_repository_s_own_after_the_gates() {
    let shop = Sandbox::new();
    let hooks = shop.path("hooks");
    fs::create_dir(&hooks).unwrap();
    fs::rename(shop.app.join(".git/hooks/pre-push"), hooks.join("pre-push")).unwrap();
    let all = hooks.to_str().unwrap();
    shop.git(["config", "--global", "core.hooksPath", all])
        .goes();
    let heard = shop.path("heard");
    let own = format!(
        "#!/bin/sh\necho \"$1\" >>'{0}'; cat >>'{0}'\n",
        heard.display()
    );
    executable(&shop.app.join(".git/hooks/pre-push"), &own);
    let two = shop.commit_on_origin("two");
    shop.push("staging", "master").goes();
    let read = || fs::read_to_string(&heard).unwrap_or_default();
    assert!(read().starts_with(&format!(
        "staging\nrefs/heads/master {two} refs/heads/master "
    )));
    // From a linked worktree, too, and not where a gate refuses.
    fs::remove_file(&heard).unwrap();
    shop.git(["worktree", "add", "-q", "../linked"]).goes();
    let linked = shop.path("linked");
    shop.run_in(&linked, "git", ["push", "production", "HEAD:master"])
        .goes();
    assert!(read().starts_with("production\n"), "{}", read());
    fs::remove_file(&heard).unwrap();
    shop.commit("three");
    shop.push("staging", "master").refused("trunk");
    assert_eq!(read(), "");
    // What it refuses does not go.
    executable(&shop.app.join(".git/hooks/pre-push"), "#!/bin/sh\nexit 3\n");
    shop.push_ungated("origin", "master");
    shop.push("staging", "master")
        .goes_not()
        .says("refused: exit code 3");
}
