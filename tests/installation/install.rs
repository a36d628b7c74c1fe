//! `pushgate install` and `uninstall`: the hook where git looks for it, and the hook that was there
//! before.

use std::{
    ffi::{OsStr, OsString},
    fmt::Write as _,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use expect_test::expect;

use crate::support::{PUSHGATE, Ran, Sandbox, tool};

/// The sandbox without the hook.
fn uninstalled() -> Sandbox {
    let shop = Sandbox::new();
    fs::remove_file(hook(&shop)).unwrap();
    fs::remove_dir_all(shop.app.join(".git/pushgate")).unwrap();
    shop
}

fn hook(shop: &Sandbox) -> PathBuf {
    shop.app.join(".git/hooks/pre-push")
}

fn kept(shop: &Sandbox) -> PathBuf {
    shop.app.join(".git/.pushgate-hooks/pre-push")
}

/// Writes an executable file, its directory included.
fn executable(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A hook that writes down its arguments and its input, and then does this.
fn recorder(shop: &Sandbox, then: &str) -> String {
    let to = shop.path("seen");
    fs::create_dir_all(&to).unwrap();
    let to = to.display();
    format!("#!/bin/sh\nprintf '%s\\n' \"$@\" >'{to}/argv'\ncat >'{to}/stdin'\n{then}\n")
}

/// What the recorder wrote down since it was last asked.
fn seen(shop: &Sandbox) -> Option<(Vec<u8>, Vec<u8>)> {
    let take = |name| {
        let path = shop.path("seen").join(name);
        let text = fs::read(&path).ok()?;
        fs::remove_file(&path).unwrap();
        Some(text)
    };
    take("argv").zip(take("stdin"))
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().permissions().mode() & 0o7777
}

/// Every name of a directory.
fn names(directory: &Path) -> Vec<OsString> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    names
}

/// Runs git with these words and a path.
#[track_caller]
fn git_at(shop: &Sandbox, args: &[&str], path: &Path) {
    let args = args.iter().copied().map(OsStr::new);
    shop.git(args.chain([path.as_os_str()])).goes();
}

/// The gate stands in front of a push to staging from here: it refuses what is not trunk, and lets
/// trunk go.
#[track_caller]
fn is_gated(shop: &Sandbox, directory: &Path) {
    let git = |args: &[&str]| shop.run_in(directory, "git", args);
    let trunk = git(&["rev-parse", "origin/master"]).goes().stdout;
    git(&["commit", "-q", "--allow-empty", "-m", "stray"]).goes();
    git(&["push", "staging", "HEAD:master"]).refused("trunk");
    git(&["reset", "-q", "--hard", trunk.trim_end()]).goes();
    git(&["push", "--force", "staging", "HEAD:main"])
        .goes()
        .says("push to staging (staging) may go");
    git(&["push", "-q", "--no-verify", "staging", ":main"]).goes();
}

#[test]
fn a_plain_clone_has_it_at_once() {
    let shop = uninstalled();
    let ran = shop.pushgate(["install"]).goes();
    assert_eq!(ran.stdout, "");
    assert_eq!(
        ran.stderr,
        format!(
            "pushgate: installed {}\n\
             pushgate: git clones no hooks; with the program, each colleague types once:\n    \
             pushgate install\n",
            hook(&shop).display()
        )
    );
    assert_eq!(mode(&hook(&shop)), 0o755);
    assert!(!kept(&shop).exists());
    is_gated(&shop, &shop.app);
    // What colleagues have to do is said once.
    shop.pushgate(["install"]).goes().never_says("colleague");
}

#[test]
fn a_subdirectory_is_as_good_and_so_is_a_link_to_the_clone() {
    let shop = uninstalled();
    let below = shop.app.join("some/where");
    fs::create_dir_all(&below).unwrap();
    shop.run_in(&below, PUSHGATE, ["install"]).goes();
    is_gated(&shop, &shop.app);
    fs::remove_file(hook(&shop)).unwrap();
    let link = shop.path("link");
    symlink(&shop.app, &link).unwrap();
    let mut command = shop.command(PUSHGATE);
    Ran::of(command.current_dir(&link).env("PWD", &link).arg("install")).goes();
    is_gated(&shop, &link);
}

#[test]
fn a_clone_without_a_hooks_directory_gets_one() {
    let shop = uninstalled();
    fs::remove_dir_all(shop.app.join(".git/hooks")).unwrap();
    shop.install();
    is_gated(&shop, &shop.app);
}

#[test]
fn a_linked_worktree_shares_the_hook_of_its_repository() {
    let shop = uninstalled();
    let linked = shop.path("linked");
    git_at(&shop, &["worktree", "add", "-q", "-b", "side"], &linked);
    let ran = shop.run_in(&linked, PUSHGATE, ["install"]).goes();
    ran.says(&format!("installed {}", hook(&shop).display()));
    is_gated(&shop, &linked);
    is_gated(&shop, &shop.app);
    shop.run_in(&linked, PUSHGATE, ["uninstall"]).goes();
    assert!(!hook(&shop).exists());
}

#[test]
fn a_hooks_path_inside_the_repository_is_followed() {
    let shop = uninstalled();
    shop.git(["config", "core.hooksPath", ".githooks"]).goes();
    let below = shop.app.join("some/where");
    fs::create_dir_all(&below).unwrap();
    let ran = shop.run_in(&below, PUSHGATE, ["install"]).goes();
    let there = shop.app.join(".githooks/pre-push");
    ran.says(&format!("installed {}", there.display()))
        .says("core.hooksPath points into the work tree: commit the hook");
    assert_eq!(mode(&there), 0o755);
    assert!(!hook(&shop).exists());
    assert!(names(&below).is_empty());
    shop.git(["add", ".githooks"]).goes();
    shop.commit_on_origin("two");
    is_gated(&shop, &shop.app);
    is_gated(&shop, &below);
    shop.run_in(&below, PUSHGATE, ["uninstall"]).goes();
    assert!(!there.exists());
}

#[test]
fn hooks_that_other_repositories_share_are_left_alone() {
    let shop = uninstalled();
    let shared = shop.path("every repository's hooks");
    executable(&shared.join("commit-msg"), "#!/bin/sh\n");
    let linked = shop.path("linked");
    for (scope, value) in [
        ("--global", shared.to_str().unwrap()),
        ("--global", "../every repository's hooks"),
        ("--local", shared.to_str().unwrap()),
        ("--local", "/dev/null"),
    ] {
        for from in [&shop.app, &linked] {
            if from == &linked {
                git_at(&shop, &["worktree", "add", "-q", "-b", "side"], &linked);
            }
            shop.git(["config", scope, "core.hooksPath", value]).goes();
            let ran = shop.run_in(from, PUSHGATE, ["install"]);
            assert_eq!(ran.code, 2, "{value}: {ran}");
            let ran = ran
                .says("pushgate: install not done\n  git looks for its hooks in ")
                .says(", which is not this repository's own\n");
            assert_eq!(
                ran.stderr.contains("or let "),
                value != "/dev/null",
                "{ran}"
            );
            assert_eq!(names(&shared), ["commit-msg"]);
            // The cure, as it is printed.
            let cure = ran
                .stderr
                .lines()
                .find_map(|line| line.strip_prefix("    "))
                .unwrap_or_else(|| panic!("no cure: {ran}"));
            shop.run_in(from, "sh", ["-c", cure]).goes();
            shop.run_in(from, PUSHGATE, ["install"]).goes();
            is_gated(&shop, from);
            // Back to where it was.
            shop.run_in(from, PUSHGATE, ["uninstall"]).goes();
            let _ = shop.git(["config", "--local", "--unset", "core.hooksPath"]);
            let _ = shop.git(["config", "--global", "--unset", "core.hooksPath"]);
        }
        git_at(&shop, &["worktree", "remove", "--force"], &linked);
        shop.git(["branch", "-q", "-D", "side"]).goes();
    }
}

#[test]
fn a_shared_hook_that_calls_the_gate_as_the_hint_says_is_a_gate() {
    let shop = uninstalled();
    let shared = shop.path("shared");
    fs::create_dir(&shared).unwrap();
    git_at(&shop, &["config", "--global", "core.hooksPath"], &shared);
    let ran = shop.pushgate(["install"]);
    let line = ran
        .stderr
        .split_once("begin with this line: ")
        .and_then(|(_, rest)| Some(rest.split_once(" (with")?.0))
        .unwrap_or_else(|| panic!("no line: {ran}"))
        .to_owned();
    executable(
        &shared.join("pre-push"),
        &format!("#!/bin/sh\n{line}\necho the others >&2\n"),
    );
    // The line finds the program on PATH.
    let bin = shop.path("bin");
    fs::create_dir(&bin).unwrap();
    symlink(PUSHGATE, bin.join("pushgate")).unwrap();
    shop.commit("stray");
    let push = |refspec| {
        let mut command = shop.command("git");
        command.args(["push", "staging", refspec]);
        Ran::of(command.env("PATH", on_path(&bin)))
    };
    push("HEAD:master")
        .refused("trunk")
        .never_says("the others");
    push("origin/master:refs/heads/main")
        .goes()
        .says("the others");
}

#[test]
fn an_old_hook_hears_what_git_said_after_the_gates_have_passed() {
    let shop = uninstalled();
    let old = recorder(&shop, "echo the old hook >&2");
    executable(&hook(&shop), &old);
    let trunk = shop.commit_on_origin("two");
    // What it hears without us.
    let pushes: [(&str, &[&str]); 4] = [
        ("governed", &["staging", "master"]),
        (
            "governed, two refs",
            &["staging", "master", "HEAD:refs/heads/main"],
        ),
        (
            "not governed",
            &[
                "origin",
                "HEAD:refs/heads/feature",
                "HEAD^{/Write}:refs/heads/old",
            ],
        ),
        ("nothing to push", &["origin", "master"]),
    ];
    let push = |args: &[&str]| shop.git([&["push", "--dry-run"], args].concat()).goes();
    let alone = pushes.map(|(name, args)| {
        push(args);
        seen(&shop).unwrap_or_else(|| panic!("{name}: git calls the hook"))
    });
    assert_eq!(
        alone[3],
        (
            format!("origin\n{}\n", shop.path("origin.git").display()).into(),
            Vec::new()
        )
    );
    shop.pushgate(["install"]).goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: installed [root]/app/.git/hooks/pre-push
        pushgate: git clones no hooks; with the program, each colleague types once:
            pushgate install
        pushgate: the hook that was there runs after the gates: [root]/app/.git/.pushgate-hooks/pre-push
    "#]]);
    for ((name, args), alone) in pushes.into_iter().zip(alone) {
        let ran = push(args);
        assert_eq!(seen(&shop).as_ref(), Some(&alone), "{name}");
        let gates = ran.stderr.find("may go");
        let chained = ran.stderr.find("the old hook").expect("it runs");
        assert_eq!(gates.is_some(), name.starts_with("governed"), "{ran}");
        assert!(gates.is_none_or(|gates| gates < chained), "{ran}");
    }
    // A real one.
    shop.push("staging", "master").goes();
    assert_eq!(shop.tip("staging", "master"), trunk);
    assert!(seen(&shop).is_some());
}

#[test]
fn an_old_hook_does_not_run_when_the_gates_refuse_or_cannot_decide() {
    let shop = uninstalled();
    executable(&hook(&shop), &recorder(&shop, ""));
    shop.install();
    shop.commit("stray");
    shop.push("staging", "master").refused("trunk");
    assert_eq!(seen(&shop), None);
    fs::rename(shop.path("origin.git"), shop.path("gone.git")).unwrap();
    shop.push("staging", "master").undecided("trunk");
    assert_eq!(seen(&shop), None);
    let before = shop.tip("staging", "master");
    shop.push_with(&[("PUSHGATE", "off")], "staging", "master")
        .goes();
    assert_ne!(shop.tip("staging", "master"), before);
    assert!(seen(&shop).is_some());
}

#[test]
fn an_old_hook_that_refuses_stops_the_push_with_its_own_exit_code() {
    let shop = uninstalled();
    executable(&hook(&shop), &recorder(&shop, "exit 7"));
    shop.install();
    shop.commit_on_origin("two");
    let before = shop.tip("staging", "master");
    let ran = shop.push("staging", "master");
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("push to staging (staging) may go")
        .says("pushgate: the hook that was here before (")
        .says("/.pushgate-hooks/pre-push) refused: exit code 7\n");
    assert_eq!(shop.tip("staging", "master"), before);
    // Not governed.
    let ran = shop.push("origin", "HEAD:refs/heads/feature");
    assert_eq!(ran.code, 1, "{ran}");
    assert_eq!(shop.tip("origin", "feature"), "");
    // git makes 1 of every code, so ask the hook itself.
    let ask = || {
        let mut command = shop.command(hook(&shop));
        Ran::fed(command.args(["origin", "URL"]), b"").code
    };
    assert_eq!(ask(), 7);
    executable(&kept(&shop), "#!/bin/sh\nkill -TERM $$\n");
    assert_eq!(ask(), 128 + 15);
    executable(&kept(&shop), "#!/bin/sh\nexit 0\n");
    assert_eq!(ask(), 0);
}

#[test]
#[ignore = "slow: megabytes of refs"]
fn two_megabytes_of_refs_reach_an_old_hook_whole_and_block_none_that_never_reads() {
    const TAGS: usize = 16_000;
    let shop = uninstalled();
    let id = shop.ask(["rev-parse", "HEAD"]);
    let (mut create, mut lines) = (String::new(), String::new());
    for number in 0..TAGS {
        let name = format!("refs/tags/{number:05}");
        writeln!(create, "create {name} {id}").unwrap();
        writeln!(lines, "{name} {id} {name} {}", "0".repeat(40)).unwrap();
    }
    assert!(lines.len() > 1_700_000, "{}", lines.len());
    let mut command = shop.command("git");
    Ran::fed(command.args(["update-ref", "--stdin"]), create.as_bytes()).goes();
    shop.git(["pack-refs", "--all"]).goes();
    executable(&hook(&shop), &recorder(&shop, ""));
    shop.install();
    let push = || {
        shop.git([
            "push",
            "-q",
            "--dry-run",
            "origin",
            "refs/tags/*:refs/tags/*",
        ])
    };
    push().goes();
    let (_, stdin) = seen(&shop).unwrap();
    assert!(stdin == lines.as_bytes(), "{} bytes", stdin.len());
    // More than any pipe holds, and nobody reads it.
    executable(&kept(&shop), "#!/bin/sh\nexit 0\n");
    push().goes();
    executable(&kept(&shop), "#!/bin/sh\nread -r line\nexit 3\n");
    let ran = push();
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("refused: exit code 3").never_says("roken pipe");
    // What it leaves behind keeps the pipe open, and nobody waiting.
    let pid = Leftover(shop.path("pid"));
    let text = "#!/bin/sh\nexec 3<&0\nsleep 100 <&3 3<&- >/dev/null 2>&1 &\necho $! >";
    executable(&kept(&shop), &format!("{text}'{}'\n", pid.0.display()));
    let mut command = shop.command(tool("timeout", "coreutils"));
    command.args(["30", "git", "push", "-q", "--dry-run", "origin"]);
    Ran::of(command.arg("refs/tags/*:refs/tags/*")).goes();
    assert!(pid.0.is_file());
}

/// A process that a hook leaves behind, and the file with its number; it ends with the test.
struct Leftover(PathBuf);

impl Drop for Leftover {
    fn drop(&mut self) {
        if let Ok(pid) = fs::read_to_string(&self.0) {
            let kill = std::process::Command::new("kill").arg(pid.trim()).status();
            assert!(kill.is_ok_and(|status| status.success()) || thread::panicking());
        }
    }
}

#[test]
fn an_old_hook_that_git_would_ignore_is_ignored() {
    let shop = uninstalled();
    executable(&hook(&shop), &recorder(&shop, "exit 1"));
    fs::set_permissions(hook(&shop), fs::Permissions::from_mode(0o644)).unwrap();
    shop.install();
    shop.push("origin", "HEAD:refs/heads/feature")
        .goes()
        .silent();
    assert_eq!(seen(&shop), None);
    shop.pushgate(["uninstall"]).goes();
    assert_eq!(mode(&hook(&shop)), 0o644);
}

#[test]
fn an_old_hook_without_an_interpreter_is_the_shells() {
    let shop = uninstalled();
    let old = recorder(&shop, "exit 9").replacen("#!/bin/sh\n", "", 1);
    executable(&hook(&shop), &old);
    shop.install();
    let ran = shop.push("origin", "HEAD:refs/heads/feature");
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("refused: exit code 9");
    let (argv, stdin) = seen(&shop).unwrap();
    assert!(argv.starts_with(b"origin\n/"));
    assert!(stdin.starts_with(b"HEAD "));
    // Also where the program is missing, and somebody said that it does not matter.
    lose_the_program(&shop);
    let ran = shop.push_with(&[("PUSHGATE", "off")], "origin", "HEAD:refs/heads/feature");
    assert_eq!(ran.code, 1, "{ran}");
    assert!(seen(&shop).unwrap().1.starts_with(b"HEAD "));
}

#[test]
fn an_old_hook_may_be_a_link() {
    let shop = uninstalled();
    executable(&shop.app.join("tools/hooks/on push"), &recorder(&shop, ""));
    let target = "../../tools/hooks/on push";
    symlink(target, hook(&shop)).unwrap();
    shop.install();
    assert!(hook(&shop).symlink_metadata().unwrap().is_file());
    shop.push("origin", "HEAD:refs/heads/feature").goes();
    assert!(seen(&shop).is_some());
    shop.pushgate(["uninstall"]).goes();
    assert_eq!(fs::read_link(hook(&shop)).unwrap(), Path::new(target));
    // One that leads nowhere is given back, too.
    fs::remove_file(shop.app.join("tools/hooks/on push")).unwrap();
    shop.install();
    shop.push("origin", "HEAD:refs/heads/other").goes().silent();
    shop.pushgate(["uninstall"]).goes();
    assert_eq!(fs::read_link(hook(&shop)).unwrap(), Path::new(target));
}

#[test]
fn a_clone_whose_path_the_shell_would_take_apart() {
    let mut shop = uninstalled();
    let app = shop.path("Ana's \"app\" $HOME `id` ü");
    fs::rename(&shop.app, &app).unwrap();
    shop.app = app;
    executable(&hook(&shop), &recorder(&shop, ""));
    shop.install();
    is_gated(&shop, &shop.app);
    assert!(seen(&shop).is_some());
}

#[test]
#[ignore = "slow: needs git-lfs"]
fn what_git_lfs_takes_by_force_is_taken_back() {
    tool("git-lfs", "git-lfs");
    let shop = Sandbox::new();
    // It refuses to replace a hook that it does not know, unless forced.
    let ran = shop.git(["lfs", "install", "--local"]);
    assert_eq!(ran.code, 2, "{ran}");
    for kept_already in [false, true] {
        shop.git(["lfs", "install", "--local", "--force"]).goes();
        let theirs = fs::read(hook(&shop)).unwrap();
        assert!(!String::from_utf8_lossy(&theirs).contains("pushgate"));
        assert_eq!(kept(&shop).exists(), kept_already);
        shop.install();
        assert_eq!(fs::read(kept(&shop)).unwrap(), theirs);
        is_gated(&shop, &shop.app);
    }
    shop.pushgate(["uninstall"]).goes();
    assert!(!kept(&shop).exists());
    // A kept hook that is another one is nobody's to throw away.
    executable(&hook(&shop), "#!/bin/sh\n# Ana's own\n");
    shop.install();
    shop.git(["lfs", "install", "--local", "--force"]).goes();
    let theirs = fs::read(hook(&shop)).unwrap();
    let ran = shop.pushgate(["install"]);
    assert_eq!(ran.code, 2, "{ran}");
    ran.says(&format!(
        "{} is not pushgate's, and {} keeps an older one\n",
        hook(&shop).display(),
        kept(&shop).display()
    ))
    .says("  put what you need of ");
    assert_eq!(fs::read(hook(&shop)).unwrap(), theirs);
    assert!(
        fs::read_to_string(kept(&shop))
            .unwrap()
            .contains("Ana's own")
    );
    let ran = shop.pushgate(["uninstall"]);
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("pre-push is not pushgate's: left as it is\n")
        .says(&format!(
            "the hook that was there before pushgate stays, too: {}\n",
            kept(&shop).display()
        ));
}

#[test]
fn an_install_that_was_interrupted_is_finished_by_the_next() {
    let shop = uninstalled();
    executable(&hook(&shop), &recorder(&shop, ""));
    // The old hook has its second name, and ours is not there yet.
    fs::create_dir(kept(&shop).parent().unwrap()).unwrap();
    fs::hard_link(hook(&shop), kept(&shop)).unwrap();
    shop.install();
    is_gated(&shop, &shop.app);
    assert!(seen(&shop).is_some());
}

#[test]
fn installing_again_changes_nothing() {
    let shop = uninstalled();
    executable(&hook(&shop), "#!/bin/sh\n# old\n");
    shop.install();
    let look = || {
        let directory = shop.app.join(".git/hooks");
        names(&directory)
            .into_iter()
            .map(|name| {
                let file = directory.join(&name).metadata().unwrap();
                (name, file.ino(), file.mode(), file.mtime_nsec())
            })
            .collect::<Vec<_>>()
    };
    let before = look();
    shop.pushgate(["install"]).goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: [root]/app/.git/hooks/pre-push is installed already
        pushgate: the hook that was there runs after the gates: [root]/app/.git/.pushgate-hooks/pre-push
    "#]]);
    assert_eq!(look(), before);
}

#[test]
fn a_hook_of_ours_that_is_stale_or_spoilt_is_written_anew() {
    let shop = Sandbox::new();
    let good = fs::read(hook(&shop)).unwrap();
    let moved = String::from_utf8(good.clone()).unwrap();
    executable(&hook(&shop), &moved.replace(PUSHGATE, "/gone/pushgate"));
    shop.pushgate(["install"]).goes().never_says("edited");
    assert_eq!(fs::read(hook(&shop)).unwrap(), good);
    fs::set_permissions(hook(&shop), fs::Permissions::from_mode(0o644)).unwrap();
    shop.install();
    assert_eq!(mode(&hook(&shop)), 0o755);
    assert!(!kept(&shop).exists());
}

#[test]
fn a_hook_of_ours_that_was_edited_is_put_aside() {
    let shop = Sandbox::new();
    let ours = fs::read_to_string(hook(&shop)).unwrap();
    let edit = |line: &str| {
        let text = ours.replacen("\n\n", &format!("\n\n{line}\n"), 1);
        assert_ne!(text, ours);
        executable(&hook(&shop), &text);
        text
    };
    let aside = shop.app.join(".git/hooks/pre-push.edited");
    let first = edit("make check || exit");
    shop.pushgate(["install"]).goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: [root]/app/.git/hooks/pre-push was edited, or is of another version: it no longer runs, and is in [root]/app/.git/hooks/pre-push.edited
        pushgate: installed [root]/app/.git/hooks/pre-push
    "#]]);
    assert_eq!(fs::read_to_string(hook(&shop)).unwrap(), ours);
    assert_eq!(fs::read_to_string(&aside).unwrap(), first);
    assert_eq!(mode(&aside), 0o755);
    // The last edit takes the place of the one before.
    let second = edit("make lint || exit");
    shop.pushgate(["uninstall"]).goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: [root]/app/.git/hooks/pre-push was edited, or is of another version: it no longer runs, and is in [root]/app/.git/hooks/pre-push.edited
        pushgate: removed [root]/app/.git/hooks/pre-push
    "#]]);
    assert!(!hook(&shop).exists());
    assert_eq!(fs::read_to_string(&aside).unwrap(), second);
}

#[test]
fn an_edited_hook_gives_way_to_the_one_that_was_there_before() {
    let shop = uninstalled();
    let old = recorder(&shop, "");
    executable(&hook(&shop), &old);
    shop.install();
    let ours = fs::read_to_string(hook(&shop)).unwrap();
    executable(&hook(&shop), &format!("{ours}echo done\n"));
    shop.pushgate(["uninstall"]).goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: [root]/app/.git/hooks/pre-push was edited, or is of another version: it no longer runs, and is in [root]/app/.git/hooks/pre-push.edited
        pushgate: [root]/app/.git/hooks/pre-push is again what it was before
    "#]]);
    assert_eq!(fs::read_to_string(hook(&shop)).unwrap(), old);
}

#[test]
fn going_back_and_forth_ends_where_it_began() {
    let shop = uninstalled();
    let old = "#!/bin/sh\n# the old one\n";
    for kept_one in [false, true] {
        if kept_one {
            executable(&hook(&shop), old);
        }
        let before = (
            names(&shop.app.join(".git")),
            names(&shop.app.join(".git/hooks")),
        );
        for command in ["uninstall", "install", "install", "uninstall", "uninstall"] {
            shop.pushgate([command]).goes();
        }
        let after = (
            names(&shop.app.join(".git")),
            names(&shop.app.join(".git/hooks")),
        );
        assert_eq!(after, before);
        assert_eq!(
            fs::read_to_string(hook(&shop)).ok().as_deref(),
            kept_one.then_some(old)
        );
    }
}

/// Runs the command as often as it changes a name on the disk, killed each time a step later, and
/// looks at what each time has left.
fn killed_at_every_step(shop: &Sandbox, command: &str, mut look: impl FnMut()) {
    let calls = "link,linkat,rename,renameat,renameat2,unlink,unlinkat,symlink,symlinkat,mkdir,mkdirat,rmdir";
    for step in 1.. {
        // A process is killed for each step of each kind: once none is, all are done.
        let mut killed = 0;
        for call in calls.split(',') {
            let inject = format!("inject={call}:signal=KILL:when={step}");
            let mut strace = shop.command(tool("strace", "strace"));
            strace.args([
                "-qq",
                "-o",
                "/dev/null",
                "-e",
                &format!("trace={call}"),
                "-e",
                &inject,
            ]);
            let ran = Ran::of(strace.args([PUSHGATE, command]));
            match ran.code {
                137 => killed += 1,
                _ => drop(ran.goes()),
            }
            look();
        }
        if killed == 0 {
            assert!(step > 1, "nobody was killed");
            return;
        }
    }
}

#[test]
#[ignore = "slow: needs strace"]
fn killed_at_any_step_it_leaves_a_whole_hook_and_the_next_one_finishes() {
    let shop = uninstalled();
    let old = "#!/bin/sh\necho 'the old hook refuses' >&2\nexit 1\n";
    executable(&shop.app.join(".git/hooks/helper"), "#!/bin/sh\n");
    executable(&hook(&shop), old);
    let before = names(&shop.app.join(".git/hooks"));
    let ends_well = |first: &str| {
        // No push goes, whatever stands there.
        shop.push("origin", "HEAD:refs/heads/feature").goes_not();
        shop.pushgate([first]).goes();
        shop.push("origin", "HEAD:refs/heads/feature")
            .goes_not()
            .says("the old hook refuses");
    };
    let there_and_back = || {
        shop.pushgate(["uninstall"]).goes();
        assert_eq!(fs::read_to_string(hook(&shop)).unwrap(), old);
        assert!(!kept(&shop).parent().unwrap().exists());
        let mut names = names(&shop.app.join(".git/hooks"));
        // A file that was never given its name is no hook.
        names.retain(|name| !name.to_str().unwrap().starts_with(".pre-push-"));
        assert_eq!(names, before);
    };
    killed_at_every_step(&shop, "install", || {
        ends_well("install");
        there_and_back();
    });
    shop.install();
    killed_at_every_step(&shop, "uninstall", || {
        ends_well("uninstall");
        there_and_back();
        shop.install();
    });
}

#[test]
fn there_is_a_whole_hook_at_every_moment() {
    let shop = uninstalled();
    // The old hook refuses, too, so no push may ever go.
    executable(
        &hook(&shop),
        "#!/bin/sh\necho 'the old hook refuses' >&2\nexit 1\n",
    );
    let old = fs::read(hook(&shop)).unwrap();
    shop.install();
    let new = fs::read(hook(&shop)).unwrap();
    shop.commit("stray");
    let before = shop.tip("staging", "master");
    let done = AtomicBool::new(false);
    let (looks, pushes) = thread::scope(|scope| {
        let looker = scope.spawn(|| {
            let mut seen = [0_u32; 2];
            while !done.load(Ordering::Relaxed) {
                assert_eq!(mode(&hook(&shop)), 0o755);
                let text = fs::read(hook(&shop)).unwrap();
                seen[usize::from(text == new)] += 1;
                assert!(text == new || text == old, "{} bytes", text.len());
            }
            seen
        });
        let pusher = scope.spawn(|| {
            let mut pushes = 0;
            while !done.load(Ordering::Relaxed) {
                // Where the hook vanishes between two looks of its, git waits for ever.
                let mut command = shop.command(tool("timeout", "coreutils"));
                let ran = Ran::of(command.args(["20", "git", "push", "staging", "master"]));
                assert_eq!(ran.code, 1, "{ran}");
                pushes += 1;
            }
            pushes
        });
        for _ in 0..60 {
            for command in ["uninstall", "install"] {
                let ran = shop.pushgate([command]);
                if ran.code != 0 {
                    done.store(true, Ordering::Relaxed);
                    panic!("{ran}");
                }
            }
        }
        done.store(true, Ordering::Relaxed);
        (looker.join().unwrap(), pusher.join().unwrap())
    });
    assert!(looks[0] > 0 && looks[1] > 0, "{looks:?}");
    assert!(pushes > 3, "{pushes}");
    assert_eq!(shop.tip("staging", "master"), before);
}

#[test]
fn a_private_umask_does_not_take_the_run_bit() {
    let shop = uninstalled();
    fs::remove_dir_all(shop.app.join(".git/hooks")).unwrap();
    shop.run_in(
        &shop.app,
        "sh",
        ["-c", "umask 077 && exec \"$0\" install", PUSHGATE],
    )
    .goes();
    assert_eq!(mode(&hook(&shop)), 0o755);
    is_gated(&shop, &shop.app);
}

#[test]
fn uninstall_gives_back_what_was_there_byte_for_byte() {
    let shop = uninstalled();
    let bytes = b"#!/bin/sh\r\n\xff\xfe\0 no newline at the end";
    fs::write(hook(&shop), bytes).unwrap();
    fs::set_permissions(hook(&shop), fs::Permissions::from_mode(0o2750)).unwrap();
    let before = names(&shop.app.join(".git/hooks"));
    let inode = hook(&shop).metadata().unwrap().ino();
    shop.install();
    assert_ne!(fs::read(hook(&shop)).unwrap(), bytes);
    let ran = shop.pushgate(["uninstall"]).goes();
    assert_eq!(
        ran.stderr,
        format!(
            "pushgate: {} is again what it was before\n",
            hook(&shop).display()
        )
    );
    assert_eq!(fs::read(hook(&shop)).unwrap(), bytes);
    assert_eq!(mode(&hook(&shop)), 0o2750);
    assert_eq!(hook(&shop).metadata().unwrap().ino(), inode);
    assert_eq!(names(&shop.app.join(".git/hooks")), before);
}

#[test]
fn uninstall_leaves_nothing_of_ours_but_the_ledger() {
    let shop = Sandbox::new();
    shop.commit("stray");
    shop.push("staging", "master").refused("trunk");
    shop.pushgate(["uninstall"]).goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: removed [root]/app/.git/hooks/pre-push
        pushgate: the ledger stays: [root]/app/.git/pushgate
    "#]]);
    assert!(!hook(&shop).exists());
    assert_eq!(shop.ledger().len(), 1);
    shop.push("staging", "master").goes().silent();
    shop.pushgate(["uninstall"]).goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: there is no [root]/app/.git/hooks/pre-push: nothing to undo
        pushgate: the ledger stays: [root]/app/.git/pushgate
    "#]]);
}

#[test]
fn uninstall_leaves_what_is_not_ours() {
    let shop = uninstalled();
    let old = recorder(&shop, "");
    executable(&hook(&shop), &old);
    let ran = shop.pushgate(["uninstall"]).goes();
    assert_eq!(
        ran.stderr,
        format!(
            "pushgate: {} is not pushgate's: left as it is, nothing to undo\n",
            hook(&shop).display()
        )
    );
    assert_eq!(fs::read_to_string(hook(&shop)).unwrap(), old);
    shop.push("origin", "HEAD:refs/heads/feature").goes();
    assert!(seen(&shop).is_some());
}

#[test]
fn uninstall_after_somebody_removed_the_hook_by_hand_still_gives_the_old_one_back() {
    let shop = uninstalled();
    executable(&hook(&shop), &recorder(&shop, ""));
    shop.install();
    fs::remove_file(hook(&shop)).unwrap();
    shop.pushgate(["uninstall"]).goes();
    assert!(!kept(&shop).exists());
    shop.push("origin", "HEAD:refs/heads/feature").goes();
    assert!(seen(&shop).is_some());
}

#[test]
fn what_is_no_file_in_the_hooks_place_is_an_error_and_hangs_nobody() {
    for what in ["directory", "named pipe"] {
        let shop = uninstalled();
        if what == "directory" {
            fs::create_dir(hook(&shop)).unwrap();
        } else {
            let mode = nix::sys::stat::Mode::S_IRWXU;
            nix::unistd::mkfifo(&hook(&shop), mode).unwrap();
        }
        for command in ["install", "uninstall"] {
            let ran = shop.pushgate([command]);
            assert_eq!(ran.code, 2, "{ran}");
            ran.says(&format!("pushgate: {command} not done\n"))
                .says(&format!("it is a {what}, not a plain file"));
            assert!(!hook(&shop).is_file());
        }
        for command in ["doctor", "status"] {
            shop.pushgate([command]);
        }
    }
}

#[test]
fn outside_of_a_repository_it_says_so() {
    let shop = Sandbox::bare();
    for command in ["install", "uninstall"] {
        let ran = shop.run_in(shop.path("home"), PUSHGATE, [command]);
        assert_eq!(ran.code, 2, "{ran}");
        ran.says(&format!("pushgate: {command} not done\n"))
            .says("not a git repository");
    }
}

/// `PATH` with this directory before the others.
fn on_path(directory: &Path) -> OsString {
    let path = std::env::var_os("PATH").unwrap();
    let directories = [directory.to_owned()].into_iter();
    std::env::join_paths(directories.chain(std::env::split_paths(&path))).unwrap()
}

/// Installs from a copy of the program at this path, and gives the copy.
fn install_from(shop: &Sandbox, program: &str) -> PathBuf {
    let copy = shop.path(program);
    fs::create_dir_all(copy.parent().unwrap()).unwrap();
    shop.copy_program(&copy);
    shop.run_in(&shop.app, copy.to_str().unwrap(), ["install"])
        .goes();
    copy
}

/// Points the hook at a program that is no more.
fn lose_the_program(shop: &Sandbox) {
    let text = fs::read_to_string(hook(shop)).unwrap();
    let place = format!("'{PUSHGATE}'");
    assert!(text.contains(&place));
    executable(&hook(shop), &text.replace(&place, "'/nowhere/pushgate'"));
}

#[test]
fn a_program_whose_path_the_shell_would_take_apart() {
    let shop = uninstalled();
    let copy = install_from(&shop, "Ana's \"bin\" $HOME `id` \\ *\n;/pushgate");
    is_gated(&shop, &shop.app);
    fs::remove_file(copy).unwrap();
    shop.push("staging", "HEAD:refs/heads/main")
        .goes_not()
        .says("the program is missing: it was ");
}

#[test]
fn the_hook_needs_no_path_of_ours() {
    let shop = Sandbox::new();
    shop.commit("stray");
    // As an editor's git, started from a desktop, would call it.
    let mut command = shop.command("env");
    let ran = Ran::of(command.args([
        "-i",
        "PATH=/usr/bin:/bin",
        "git",
        "push",
        "staging",
        "master",
    ]));
    ran.refused("trunk");
}

#[test]
fn a_program_that_has_moved_is_found_on_the_path() {
    let shop = uninstalled();
    let copy = install_from(&shop, "old/pushgate");
    fs::create_dir(shop.path("new place")).unwrap();
    fs::rename(copy, shop.path("new place/pushgate")).unwrap();
    shop.commit("stray");
    let push = |path: &OsStr| {
        let mut command = shop.command("git");
        Ran::of(
            command
                .args(["push", "staging", "master"])
                .env("PATH", path),
        )
    };
    push(&on_path(&shop.path("new place"))).refused("trunk");
    push(&on_path(&shop.path("nowhere")))
        .goes_not()
        .says("pushgate: push refused: the program is missing: it was ")
        .never_says("trunk: ");
}

#[test]
fn without_the_program_a_deploy_is_refused_unless_somebody_says_otherwise() {
    let shop = uninstalled();
    executable(&hook(&shop), &recorder(&shop, ""));
    shop.install();
    lose_the_program(&shop);
    let before = shop.tip("staging", "master");
    let id = shop.commit("stray");
    let url = shop.path("staging.git");
    for (remote, refspec) in [
        ("staging", "master"),
        ("staging", ":master"),
        ("origin", "HEAD:master"),
        (url.to_str().unwrap(), "HEAD:master"),
    ] {
        let ran = shop.push(remote, refspec).goes_not();
        let ran = ran.never_says("No such ref");
        let words = format!(
            "{remote} {}",
            refspec.replacen(
                "master",
                "master:master",
                usize::from(!refspec.contains(':'))
            )
        );
        ran.says(&format!(
            "pushgate: push refused: the program is missing: it was /nowhere/pushgate\n  \
             it looks like a deploy, or like a push to trunk\n  \
             install the program (install.sh in a checkout of pushgate), then push again\n  \
             if it cannot wait, this goes unchecked:\n    PUSHGATE=off git push {words}\n"
        ));
    }
    assert_eq!(seen(&shop), None);
    assert_eq!(shop.tip("staging", "master"), before);
    // What was forced has to be forced again.
    shop.git(["checkout", "-q", "-B", "other", "HEAD~1"]).goes();
    shop.commit("other");
    shop.git(["fetch", "-q", "staging"]).goes();
    shop.push_ungated("staging", "other:master");
    shop.git(["checkout", "-q", "master"]).goes();
    let forced = "PUSHGATE=off git push staging +master:master";
    shop.git(["push", "--force", "staging", "master", "master:new"])
        .goes_not()
        .says(&format!("    {forced} master:new\n"));
    let mut again = shop.command("sh");
    Ran::of(again.args(["-c", forced])).goes();
    shop.push_ungated("staging", &format!("+{before}:refs/heads/master"));
    assert!(seen(&shop).is_some());
    // Nothing to push is nothing to refuse.
    shop.push("staging", "origin/master:refs/heads/master")
        .goes()
        .silent();
    assert!(seen(&shop).is_some());
    for (number, off) in ["off", "OFF", "0", "false", "No"].into_iter().enumerate() {
        shop.push_with(
            &[("PUSHGATE", off)],
            "staging",
            &format!("HEAD:refs/heads/{number}"),
        )
        .goes()
        .says("pushgate: nothing is checked: the program is missing: it was /nowhere/pushgate, and PUSHGATE is off\n");
        assert_eq!(shop.tip("staging", &number.to_string()), id);
        let (argv, stdin) = seen(&shop).unwrap();
        assert!(argv.starts_with(b"staging\n"));
        assert!(stdin.starts_with(b"HEAD "));
    }
    for on in ["on", "1", ""] {
        shop.push_with(&[("PUSHGATE", on)], "staging", "HEAD:main")
            .goes_not();
    }
}

#[test]
fn without_the_program_what_no_policy_governs_goes_with_a_warning() {
    let shop = uninstalled();
    executable(&hook(&shop), &recorder(&shop, ""));
    shop.install();
    lose_the_program(&shop);
    shop.git(["init", "-q", "--bare", "../ben.git"]).goes();
    shop.git(["remote", "add", "ben", "../ben.git"]).goes();
    shop.commit("stray");
    let goes = |remote: &str, refspec: &str| {
        shop.push(remote, refspec).goes().says(
            "pushgate: nothing is checked: the program is missing: it was /nowhere/pushgate; \
             this does not look like a deploy\n",
        );
        // What runs after the gates hears what git said.
        let (argv, stdin) = seen(&shop).unwrap();
        assert!(argv.starts_with(format!("{remote}\n").as_bytes()));
        assert!(stdin.starts_with(b"HEAD ") && stdin.ends_with(b"\n"));
    };
    goes("origin", "HEAD:refs/heads/feature");
    goes("ben", "HEAD:master");
    goes("staging", "HEAD:refs/heads/feature");
    // The branch that origin's HEAD names, and one that the policy names, are trunk.
    shop.git([
        "symbolic-ref",
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/feature",
    ])
    .goes();
    shop.push("origin", "HEAD:refs/heads/deploys").goes();
    shop.commit("another");
    shop.push("origin", "HEAD:feature").goes_not();
    shop.write(
        ".pushgate.yml",
        "trunk:\n  branch: deploys\nenvironments: {staging: {}}\n",
    );
    shop.push("origin", "+HEAD:deploys").goes_not();
    // Without a policy, a platform's URL is what is left to tell a deploy by.
    fs::remove_file(shop.app.join(".pushgate.yml")).unwrap();
    shop.git(["rm", "-q", "--cached", ".pushgate.yml"]).goes();
    shop.git(["commit", "-q", "-m", "Without a policy"]).goes();
    shop.push("staging", "HEAD:refs/heads/main").goes();
    // The commit that it replaces may have one, too.
    shop.push("staging", "+HEAD:master").goes_not();
}

#[test]
fn without_the_program_and_a_policy_a_platforms_url_is_refused_and_no_other() {
    let shop = uninstalled();
    shop.install();
    let text = fs::read_to_string(hook(&shop)).unwrap();
    executable(&hook(&shop), &text.replace(PUSHGATE, "/nowhere/pushgate"));
    let run = |url: &str| {
        let mut command = shop.command("sh");
        command.arg(hook(&shop)).args(["live", url]);
        command.current_dir(shop.path("home"));
        let (id, none) = ("1".repeat(40), "0".repeat(40));
        let line = format!("refs/heads/it's one {id} refs/heads/x {none}\n");
        Ran::fed(&mut command, line.as_bytes())
    };
    for url in [
        "https://git.heroku.com/shop.git",
        "git@heroku.com:shop.git",
        "HTTPS://user:key@GIT.Heroku.com/shop",
        "git@heroku.work:shop.git",
        "dokku@deploy.example:shop",
        "ssh://piku@deploy.example/shop",
        "git@ssh.osc-fr1.scalingo.com:shop.git",
        "git+ssh://git@push-par-clevercloud-customers.services.clever-cloud.com/app_1.git",
        "https://git.gigalixir.com/shop.git",
    ] {
        let ran = run(url);
        assert_eq!(ran.code, 1, "{url}: {ran}");
        ran.says("    PUSHGATE=off git push live 'it'\\''s one:x'\n");
    }
    for url in [
        "git@github.com:ana/shop.git",
        "https://github.com/ana/heroku-buildpack.git",
        "../shop.git",
        "/srv/dokku/shop.git",
        "file:///srv/shop.git",
    ] {
        assert_eq!(run(url).code, 0, "{url}");
    }
}

/// Asserts that shellcheck has nothing to say.
#[track_caller]
fn shellcheck(scripts: &[&Path]) {
    let output = std::process::Command::new(tool("shellcheck", "shellcheck"))
        .args(["--norc", "--severity=style", "--shell=sh"])
        .args(scripts)
        .output()
        .unwrap();
    Ran::from(output).goes();
}

#[test]
#[ignore = "slow: needs shellcheck"]
fn the_hook_is_shell_that_shellcheck_has_nothing_against() {
    let hooks = Path::new(env!("CARGO_MANIFEST_DIR")).join("hooks");
    let source = hooks.join("pre-push");
    let shop = Sandbox::new();
    let others = [hooks.join("husky"), hooks.join("lefthook")];
    shellcheck(&[&source, &hook(&shop), &others[0], &others[1]]);
    let installed = fs::read_to_string(hook(&shop)).unwrap();
    assert!(installed.starts_with("#!/bin/sh\n") && !installed.contains('\r'));
    assert!(!installed.contains("@PUSHGATE@"));
    assert_eq!(mode(&source) & 0o111, 0o111);
}

#[test]
fn line_ends_that_another_clone_will_have_are_told_when_the_file_is_written() {
    let shop = uninstalled();
    let says = |name: &str| {
        format!(".gitattributes gives {name} the line ends of Windows in other clones")
    };
    shop.git(["config", "core.hooksPath", ".githooks"]).goes();
    shop.pushgate(["install"])
        .goes()
        .never_says(".gitattributes");
    shop.write(".gitattributes", "* text=auto eol=crlf\n");
    let ran = shop.pushgate(["install"]).goes();
    ran.says(&says(".githooks/pre-push"))
        .says("hint: echo '.githooks/pre-push text eol=lf' >>.gitattributes\n");
    shop.write(
        ".gitattributes",
        "* text=auto eol=crlf\n.githooks/pre-push text eol=lf\n",
    );
    shop.pushgate(["install"])
        .goes()
        .never_says(".gitattributes");
    shop.git(["rm", "-q", "--force", ".pushgate.yml"]).goes();
    shop.pushgate(["init"]).goes().says(&says(".pushgate.yml"));
}
