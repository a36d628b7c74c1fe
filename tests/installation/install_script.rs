//! `install.sh`, really run: from a checkout and into repositories whose paths hold spaces.

use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use regex_lite::Regex;

use crate::support::{
    Ran, Sandbox,
    gits::{hook_managers, recurrences},
    tool,
};

const OLD_HOOK: &str = "#!/bin/sh\necho 'the old hook' >&2\n";

/// A checkout of what is under test, at a path with spaces. It stays where it is, so that cargo
/// builds it once for all tests, and again only when it has changed. A test may be a process of its
/// own (cargo-nextest): whoever comes first makes it, the others wait, and nobody touches one that
/// is in use.
fn checkout() -> &'static Path {
    static CHECKOUT: OnceLock<PathBuf> = OnceLock::new();
    CHECKOUT.get_or_init(|| {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let copy = scratch.join("a checkout of Ana's");
        let turn = fs::File::create(scratch.join("checkout.lock")).unwrap();
        turn.lock().unwrap();
        if copy.join(".git/HEAD").exists() && sources(&copy) == sources(here) {
            return copy.canonicalize().unwrap();
        }
        let _ = fs::remove_dir_all(&copy);
        fs::create_dir_all(&copy).unwrap();
        let entries = fs::read_dir(here).unwrap().map(|entry| entry.unwrap());
        let entries = entries.filter(|entry| is_source(&entry.file_name()));
        let entries: Vec<_> = entries.map(|entry| entry.path()).collect();
        let mut command = Command::new("cp");
        Ran::of(command.arg("-a").args(entries).arg(&copy)).goes();
        let mut command = Command::new("git");
        Ran::of(command.args(["init", "-q"]).current_dir(&copy)).goes();
        copy.canonicalize().unwrap()
    })
}

fn is_source(name: &OsStr) -> bool {
    ["target", "fuzz", ".git"]
        .iter()
        .all(|other| name != *other)
}

/// What a checkout consists of: each file, its mode and its bytes.
fn sources(top: &Path) -> Vec<(PathBuf, u32, Vec<u8>)> {
    let mut found = Vec::new();
    let mut left = vec![top.to_owned()];
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(&directory).unwrap().map(Result::unwrap) {
            let (path, kind) = (entry.path(), entry.metadata().unwrap());
            if directory == top && !is_source(&entry.file_name()) {
                continue;
            }
            if kind.is_dir() {
                left.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                let name = path.strip_prefix(top).unwrap().to_owned();
                found.push((name, kind.permissions().mode(), bytes));
            }
        }
    }
    found.sort();
    found
}

/// A clone at a path with spaces that has a suite, an old hook, and no policy.
fn clone() -> Sandbox {
    let mut shop = Sandbox::bare();
    let app = shop.path("the \"app\" of Ana's");
    fs::rename(&shop.app, &app).unwrap();
    shop.app = app;
    shop.script("bin/test", "#!/bin/sh\nexit 0\n");
    shop.git(["add", "."]).goes();
    shop.commit("one");
    shop.git(["push", "-q", "origin", "master"]).goes();
    executable(&hook(&shop), OLD_HOOK);
    shop
}

fn hook(shop: &Sandbox) -> PathBuf {
    shop.app.join(".git/hooks/pre-push")
}

fn policy(shop: &Sandbox) -> PathBuf {
    shop.app.join(".pushgate.yml")
}

fn program(shop: &Sandbox) -> PathBuf {
    shop.path("the root/bin/pushgate")
}

fn executable(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// `install.sh` in the clone, with the sandbox's HOME. Only what cargo has downloaded already is
/// the machine's: nothing is fetched, and nothing installed there.
fn script(shop: &Sandbox, args: &[&str]) -> Command {
    let cargo = PathBuf::from(std::env::var_os("CARGO").expect("cargo runs the tests"));
    let cargo_home = std::env::var_os("CARGO_HOME").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").expect("a HOME")).join(".cargo"),
        PathBuf::from,
    );
    let path = std::env::var_os("PATH").unwrap();
    let path = [cargo.parent().unwrap().to_owned()]
        .into_iter()
        .chain(std::env::split_paths(&path));
    let mut command = shop.command(checkout().join("install.sh"));
    command
        .args(args)
        // rustc never starts under libfaketime: its allocator asks for the time before that is ready.
        .env_remove("LD_PRELOAD")
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("CARGO_HOME", cargo_home)
        .env("CARGO_INSTALL_ROOT", shop.path("the root"))
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("installed"),
        )
        .env("CARGO_NET_OFFLINE", "true");
    // The script is under test here, not the optimizer.
    command
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    command
}

fn run(shop: &Sandbox, args: &[&str]) -> Ran {
    Ran::of(&mut script(shop, args))
}

/// A `PATH` of one directory that has what the system has, but for these.
fn tools_without(shop: &Sandbox, without: &[&str]) -> PathBuf {
    let directory = shop.path("tools");
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir(&directory).unwrap();
    for source in ["/usr/bin", "/bin", "/usr/sbin", "/sbin"] {
        for entry in fs::read_dir(source).unwrap().map(|entry| entry.unwrap()) {
            let name = entry.file_name();
            if without.iter().all(|without| name != *without) {
                // The first directory wins, as on any PATH.
                let _ = symlink(entry.path(), directory.join(name));
            }
        }
    }
    assert!(directory.join("sh").exists());
    directory
}

/// Every name and every content below a directory.
fn everything(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        if entry.is_dir() {
            found.extend(everything(&entry));
        } else {
            found.push((entry.clone(), fs::read(&entry).unwrap()));
        }
    }
    found.sort();
    found
}

/// Nothing happened: no program, no hook, no policy.
#[track_caller]
fn is_untouched(shop: &Sandbox) {
    assert!(!program(shop).exists());
    assert_eq!(fs::read_to_string(hook(shop)).unwrap(), OLD_HOOK);
    assert!(!policy(shop).exists());
}

#[test]
#[ignore = "slow: installs from a checkout"]
fn it_installs_into_the_repository_it_is_called_from_and_takes_all_of_it_away_again() {
    let shop = clone();
    // The repository's own cargo configuration is none of our business.
    shop.commit_file(".cargo/config.toml", "this is not TOML\n");
    shop.git(["push", "-q", "--no-verify", "origin", "master"])
        .goes();
    let home = everything(&shop.path("home"));
    let config = fs::read(shop.app.join(".git/config")).unwrap();

    let ran = run(&shop, &[]).goes();
    let says = |text: &str| assert!(ran.stdout.contains(text), "nobody says `{text}`:\n{ran}");
    says("install.sh: building pushgate with cargo: ");
    says(&format!(
        "install.sh: installed {}\n",
        program(&shop).display()
    ));
    says("/the root/bin':$PATH\n");
    // The program says what it wrote. The policy comes first, so that the hook knows the environments.
    ran.stderr
        .split_once("pushgate: wrote ")
        .and_then(|(_, rest)| {
            rest.split_once(&format!("pushgate: installed {}\n", hook(&shop).display()))
        })
        .unwrap_or_else(|| panic!("{ran}"));
    for never in ["no environment", "and then", "checked"] {
        assert!(!ran.to_string().contains(never), "{never}: {ran}");
    }
    assert!(
        ran.stdout.ends_with(
            "install.sh: next, once .pushgate.yml says what the team wants:\n  \
             git add .pushgate.yml && git commit -m 'Add the deploy policy' .pushgate.yml\n"
        ),
        "{ran}"
    );
    assert!(
        !ran.stdout.contains('\x1b') && !ran.stderr.contains('\x1b'),
        "{ran:?}"
    );
    assert!(!ran.stdout.contains("Compiling"), "{ran}");
    // What comes next, as it is printed.
    shop.run_in(&shop.app, "sh", ["-c", last_line(&ran)]).goes();
    shop.git(["push", "-q", "--no-verify", "origin", "master"])
        .goes();

    shop.push("staging", "master")
        .goes()
        .says("push to staging (staging) may go")
        .says("the old hook");
    shop.commit("stray");
    shop.push("staging", "master")
        .refused("trunk")
        .never_says("the old hook");

    // Once more changes nothing.
    let before = fs::read(hook(&shop)).unwrap();
    let again = run(&shop, &[]).goes();
    assert!(again.stderr.contains("is installed already"), "{again}");
    assert!(
        last_line(&again).ends_with("/bin/pushgate' check"),
        "{again}"
    );
    // Which says of the stray commit what the push is told.
    let check = shop.run_in(&shop.app, "sh", ["-c", last_line(&again)]);
    assert_eq!(check.code, 1, "{check}");
    assert_eq!(fs::read(hook(&shop)).unwrap(), before);
    shop.push("staging", "master").refused("trunk");

    let ran = run(&shop, &["--uninstall"]).goes();
    let says = |text: &str| assert!(ran.stdout.contains(text), "nobody says `{text}`:\n{ran}");
    says(&format!(
        "install.sh: left: {}, which is in git\n",
        policy(&shop).display()
    ));
    assert!(ran.stderr.contains("the ledger stays: "), "{ran}");
    assert!(ran.stderr.contains("    Removing "), "{ran}");
    assert!(!program(&shop).exists());
    assert!(policy(&shop).exists());
    assert_eq!(fs::read_to_string(hook(&shop)).unwrap(), OLD_HOOK);
    assert!(!shop.app.join(".git/.pushgate-hooks").exists());
    shop.push("staging", "master")
        .goes()
        .says("the old hook")
        .silent();

    let ran = run(&shop, &["--uninstall"]).goes();
    assert!(ran.stdout.ends_with("pushgate is not there\n"), "{ran}");
    assert_eq!(fs::read_to_string(hook(&shop)).unwrap(), OLD_HOOK);
    // Nobody's configuration was touched.
    assert_eq!(everything(&shop.path("home")), home);
    assert_eq!(fs::read(shop.app.join(".git/config")).unwrap(), config);
}

#[test]
#[ignore = "slow: installs from a checkout"]
fn it_installs_into_the_repository_it_is_given_and_takes_an_untouched_policy_away() {
    let shop = clone();
    let app = shop.app.to_str().unwrap().to_owned();
    let elsewhere = |args: &[&str]| {
        let mut command = script(&shop, args);
        Ran::of(command.current_dir(shop.path("home"))).goes()
    };
    let ran = elsewhere(&[&app]);
    assert!(policy(&shop).exists());
    // The next command is for where one is.
    let ran = shop.run_in(shop.path("home"), "sh", ["-c", last_line(&ran)]);
    ran.goes();
    assert_eq!(shop.ask(["status", "--porcelain"]), "");
    shop.git(["reset", "-q", "HEAD~1"]).goes();
    let ran = elsewhere(&["--uninstall", &app]);
    assert!(
        ran.stdout
            .contains(".pushgate.yml: nobody had changed it\n"),
        "{ran}"
    );
    is_untouched(&shop);
    assert_eq!(shop.ask(["status", "--porcelain"]), "");
    // The option may come last, and a changed policy stays.
    elsewhere(&[&app]);
    let mut text = fs::read_to_string(policy(&shop)).unwrap();
    text += "# mine\n";
    fs::write(policy(&shop), &text).unwrap();
    let ran = elsewhere(&[&app, "--uninstall"]);
    assert!(
        ran.stdout
            .contains(".pushgate.yml, which is not what init would write\n"),
        "{ran}"
    );
    assert_eq!(fs::read_to_string(policy(&shop)).unwrap(), text);
}

#[test]
#[ignore = "slow: installs from a checkout"]
fn without_a_repository_it_installs_the_program_and_says_how_to_go_on() {
    for from in [None, Some(checkout())] {
        let shop = clone();
        let at = from.map_or_else(|| shop.path("home"), Path::to_owned);
        let run = |args: &[&str]| Ran::of(script(&shop, args).current_dir(&at)).goes();
        let ran = run(&[]);
        let next = "install.sh: next, in the repository that you push from:\n";
        assert!(ran.stdout.contains(next), "{ran}");
        assert!(program(&shop).exists());
        assert!(!at.join(".git/hooks/pre-push").exists());
        assert!(!at.join(".pushgate.yml").exists());
        // As it is printed.
        shop.run_in(&shop.app, "sh", ["-c", last_line(&ran)]).goes();
        assert!(policy(&shop).exists());
        assert_ne!(fs::read_to_string(hook(&shop)).unwrap(), OLD_HOOK);
        run(&["--uninstall"]);
        assert!(!program(&shop).exists());
    }
}

/// The one next command, with which the script ends.
fn last_line(ran: &Ran) -> &str {
    ran.stdout.lines().next_back().unwrap_or_default()
}

/// Runs a program that finds what was installed by the PATH, as whoever installed it does.
fn with_installed(shop: &Sandbox, program: &str, args: &[&str]) -> Ran {
    let path = format!(
        "{}:{}",
        shop.path("the root/bin").display(),
        std::env::var("PATH").unwrap()
    );
    let mut command = shop.command(program);
    Ran::of(command.args(args).env("PATH", path)).goes()
}

#[test]
#[ignore = "slow: installs from a checkout"]
fn the_manual_and_the_completions_go_where_they_are_looked_for_and_away_again() {
    for tool_and_package in ["man man-db", "zsh zsh", "fish fish"] {
        let (name, package) = tool_and_package.split_once(' ').unwrap();
        tool(name, package);
    }
    let shop = clone();
    shop.commit_file(".pushgate.yml", crate::support::POLICY);
    let ran = run(&shop, &[]).goes();
    let functions = shop.path("the root/share/zsh/site-functions");
    let line = format!("  fpath+='{}'\n", functions.display());
    assert!(ran.stdout.contains(&line), "nobody says `{line}`:\n{ran}");
    let where_is = with_installed(&shop, "man", &["-w", "pushgate-check"]);
    let page = shop.path("the root/share/man/man1/pushgate-check.1");
    assert_eq!(where_is.stdout.trim_end(), page.to_str().unwrap());
    let bash = "source /usr/share/bash-completion/bash_completion; _completion_loader pushgate; complete -p pushgate";
    let bash = with_installed(&shop, "bash", &["--norc", "-c", bash]);
    assert!(
        bash.stdout.contains("-F _clap_complete_pushgate pushgate"),
        "{bash}"
    );
    let fish = with_installed(&shop, "fish", &["-c", "complete -C 'pushgate check prod'"]);
    assert_eq!(fish.stdout, "production\tafter staging\n");
    let zsh = format!(
        "fpath+='{}'; autoload -Uz compinit; compinit -u -D; print $_comps[pushgate]",
        functions.display()
    );
    let zsh = with_installed(&shop, "zsh", &["-fc", &zsh]);
    assert_eq!(zsh.stdout, "_pushgate\n");

    run(&shop, &["--uninstall"]).goes();
    assert!(!shop.path("the root/share").exists());
    let data = shop.path("home/.local/share");
    for directory in ["bash-completion", "fish/vendor_completions.d"] {
        assert!(!data.join(directory).exists(), "{directory}");
    }
}

#[test]
#[ignore = "slow: installs from a checkout"]
fn completions_go_to_where_everybodys_shells_look_if_the_program_does() {
    let shop = clone();
    let dirs = format!("/usr/share:{}", shop.path("the root/share").display());
    let run = |args: &[&str]| Ran::of(script(&shop, args).env("XDG_DATA_DIRS", &dirs)).goes();
    run(&[]);
    for file in [
        "bash-completion/completions/pushgate",
        "fish/vendor_completions.d/pushgate.fish",
    ] {
        assert!(shop.path("the root/share").join(file).is_file(), "{file}");
    }
    assert!(!shop.path("home/.local").exists());
    run(&["--uninstall"]);
    assert!(!shop.path("the root/share").exists());
}

#[test]
#[ignore = "slow: installs from a checkout"]
fn a_place_that_cannot_be_written_to_costs_a_line_and_no_more() {
    let shop = clone();
    fs::create_dir(shop.path("the root")).unwrap();
    fs::write(shop.path("the root/share"), "").unwrap();
    fs::write(shop.path("home/.local"), "").unwrap();
    let ran = run(&shop, &[]).goes();
    for line in [
        "install.sh: the manual is not written\n",
        "install.sh: no completion for bash: ",
        "install.sh: no completion for zsh: ",
    ] {
        assert!(ran.stdout.contains(line), "nobody says `{line}`:\n{ran}");
    }
    assert!(program(&shop).exists());
    run(&shop, &["--uninstall"]).goes();
    assert!(!program(&shop).exists());
    assert!(shop.path("the root/share").is_file());
}

#[test]
#[ignore = "slow: installs from a checkout"]
fn a_policy_that_is_there_is_left_as_it_is() {
    let shop = clone();
    let text = "suite: {run: 'true'}\nenvironments: {staging: {}}\n";
    shop.policy(text);
    run(&shop, &[]).goes();
    assert_eq!(fs::read_to_string(policy(&shop)).unwrap(), text);
    // Also one that is committed, and only missing here.
    fs::remove_file(policy(&shop)).unwrap();
    run(&shop, &[]).goes();
    assert!(!policy(&shop).exists());
}

#[test]
#[ignore = "slow: installs from a checkout"]
fn a_hook_that_cannot_be_installed_is_said() {
    let shop = clone();
    shop.git(["config", "--global", "core.hooksPath", "/dev/null"])
        .goes();
    let ran = run(&shop, &[]);
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("not this repository's own")
        .says("install.sh: the program is installed, the hook is not: see above, then\n");
    assert!(program(&shop).exists());
    assert!(policy(&shop).exists());
}

#[test]
#[ignore = "slow: installs from a checkout"]
fn a_hook_that_lost_its_program_is_taken_away_by_one_that_is_built_for_it() {
    let shop = clone();
    run(&shop, &[]).goes();
    // Where a suite has run.
    let text = "suite: {run: 'true', in: worktree}\nenvironments: {staging: {}}\n";
    fs::write(policy(&shop), text).unwrap();
    shop.push("staging", "master").goes();
    fs::remove_dir_all(shop.path("the root")).unwrap();
    shop.push("staging", "master:refs/heads/main")
        .goes_not()
        .says("the program is missing");
    fs::remove_file(policy(&shop)).unwrap();
    let worktrees = || shop.ask(["worktree", "list"]).lines().count();
    assert_eq!(worktrees(), 2);
    run(&shop, &["--uninstall"])
        .goes()
        .says("pre-push is again what it was before\n")
        .says("the ledger stays: ");
    assert_eq!(worktrees(), 1);
    is_untouched(&shop);
    shop.push("staging", "master:refs/heads/main")
        .goes()
        .says("the old hook");
    // The same where there was no hook before.
    fs::remove_file(hook(&shop)).unwrap();
    run(&shop, &[]).goes();
    fs::remove_dir_all(shop.path("the root")).unwrap();
    run(&shop, &["--uninstall"])
        .goes()
        .says(&format!("removed {}\n", hook(&shop).display()));
    assert!(!hook(&shop).exists());
    assert!(!shop.app.join(".git/.pushgate-hooks").exists());
    // What was edited is not lost.
    let ours = include_str!("../../hooks/pre-push").replace("@PUSHGATE@", "'/gone'");
    let kept = shop.app.join(".git/.pushgate-hooks/pre-push");
    for edit in ["", "make check\n"] {
        executable(&hook(&shop), &format!("{ours}{edit}"));
        fs::create_dir_all(kept.parent().unwrap()).unwrap();
        executable(&kept, OLD_HOOK);
        let ran = run(&shop, &["--uninstall"]).goes();
        assert_eq!(fs::read_to_string(hook(&shop)).unwrap(), OLD_HOOK);
        assert!(!kept.exists());
        let aside = shop.app.join(".git/hooks/pre-push.edited");
        assert_eq!(aside.exists(), !edit.is_empty());
        let said = format!("no longer runs, and is in {}\n", aside.display());
        assert_eq!(ran.stderr.contains(&said), !edit.is_empty(), "{ran}");
        if aside.exists() {
            assert_eq!(fs::read_to_string(aside).unwrap(), format!("{ours}{edit}"));
        }
    }
}

#[test]
#[ignore = "slow: installs from a checkout"]
fn without_cargo_it_says_how_to_get_one() {
    let shop = clone();
    let tools = tools_without(&shop, &["cargo", "rustc", "rustup"]);
    let ran = Ran::of(script(&shop, &[]).env("PATH", &tools));
    assert_eq!(ran.code, 1, "{ran}");
    ran.says(&format!(
        "install.sh: cargo is missing: pushgate takes Rust {} or newer; to install it:\n",
        env!("CARGO_PKG_RUST_VERSION")
    ))
    .says("  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh\n")
    .says("  on Debian 13 and newer, also by\n  apt-get install rustup && rustup default stable\n");
    is_untouched(&shop);
}

#[test]
#[ignore = "slow: installs from a checkout"]
fn what_cargo_says_is_shown_with_what_it_takes_and_nothing_is_installed() {
    let shop = clone();
    let tools = tools_without(&shop, &["cargo"]);
    executable(
        &tools.join("cargo"),
        "#!/bin/sh\necho 'no toolchain is chosen' >&2; exit 1",
    );
    let run = |args: &[&str]| Ran::of(script(&shop, args).env("PATH", &tools));
    let takes = format!(
        "no toolchain is chosen\ninstall.sh: the build failed; it takes Rust {} or newer, and a C compiler\n  the newest Rust:\n  rustup update stable\n  \
         the compiler, on Debian:\n  apt-get install gcc libc6-dev\n",
        env!("CARGO_PKG_RUST_VERSION")
    );
    run(&[]).goes_not().says(&takes);
    is_untouched(&shop);
    // Nor can it take anything away, then.
    fs::create_dir_all(shop.path("the root/bin")).unwrap();
    executable(&program(&shop), "#!/bin/sh\nexit 0\n");
    let ran = run(&["--uninstall"]).goes();
    let program = program(&shop);
    assert!(
        ran.stdout.ends_with(&format!(
            "install.sh: left: {0}, which cargo does not take away; to remove it:\n  rm '{0}'\n",
            program.display()
        )),
        "{ran}"
    );
    assert!(program.exists());
}

#[test]
#[ignore = "slow: installs from a checkout"]
fn without_git_it_says_so() {
    let shop = clone();
    let tools = tools_without(&shop, &["git"]);
    Ran::of(script(&shop, &[]).env("PATH", &tools))
        .goes_not()
        .says("install.sh: git is missing; on Debian, install it by\n  apt-get install git\n");
    is_untouched(&shop);
}

#[test]
#[ignore = "slow: installs from a checkout"]
fn a_build_that_fails_installs_nothing_and_shows_why() {
    let shop = clone();
    // Nothing is downloaded there, and nothing can be.
    let mut command = script(&shop, &[]);
    command
        .env("CARGO_HOME", shop.path("empty"))
        .env("CARGO_TARGET_DIR", shop.path("target"));
    Ran::of(&mut command)
        .goes_not()
        .says("offline")
        .says("install.sh: the build failed; ");
    is_untouched(&shop);
}

#[test]
#[ignore = "slow: installs from a checkout"]
fn what_it_does_not_understand_ends_with_2_and_help_with_0() {
    let shop = clone();
    let app = shop.app.to_str().unwrap();
    for (args, says) in [
        (&["--instal"][..], "there is no option --instal; "),
        (&["-x", app], "there is no option -x; "),
        (&[app, app], "one REPO at a time"),
        (&[""], "REPO is empty"),
    ] {
        let ran = run(&shop, args);
        assert_eq!(ran.code, 2, "{ran}");
        ran.says(&format!("install.sh: {says}"));
    }
    let ran = run(&shop, &["--help"]).goes();
    assert!(
        ran.stdout.starts_with("usage: ./install.sh [REPO]\n"),
        "{ran}"
    );
    assert_eq!(ran.stderr, "");
    let bare = shop.path("origin.git");
    for (place, says) in [
        ("no where", "no repository with a work tree at no where\n"),
        (bare.to_str().unwrap(), "no repository with a work tree at "),
        (
            shop.path("home").to_str().unwrap(),
            "no repository with a work tree at ",
        ),
    ] {
        let ran = run(&shop, &[place]);
        assert_eq!(ran.code, 1, "{ran}");
        ran.says(says);
    }
    is_untouched(&shop);
}

#[test]
#[ignore = "slow: installs from a checkout"]
fn it_is_in_colour_on_a_terminal_alone() {
    let shop = clone();
    let in_terminal = |no_color: &str| {
        let command = script(&shop, &[]);
        let mut terminal = shop.command(tool("script", "bsdutils"));
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                terminal.env(name, value);
            }
        }
        terminal
            .env_remove("LD_PRELOAD")
            .env("PROGRAM", command.get_program())
            .env("TERM", "xterm")
            .env("NO_COLOR", no_color)
            .args(["-q", "-e", "-c", "\"$PROGRAM\" --uninstall", "/dev/null"]);
        Ran::of(&mut terminal).goes().stdout
    };
    let seen = in_terminal("");
    assert!(seen.contains("\x1b[1minstall.sh:\x1b[0m "), "{seen}");
    let seen = in_terminal("1");
    assert!(
        seen.contains("install.sh: ") && !seen.contains('\x1b'),
        "{seen}"
    );
    let ran = run(&shop, &["--uninstall"]).goes();
    assert!(
        ran.stdout.contains("install.sh: ") && !ran.stdout.contains('\x1b'),
        "{ran}"
    );
}

#[test]
#[ignore = "slow: installs from a checkout"]
fn the_script_that_runs_the_tests_names_what_is_missing_where_it_may_not_install() {
    let shop = clone();
    let tools = tools_without(
        &shop,
        &["cargo", "apt-get", "cc", "shellcheck", "tmux", "ssh-agent"],
    );
    let run = |args: &[&str]| {
        let mut command = shop.command(checkout().join("tests/run"));
        Ran::of(
            command
                .env("PATH", &tools)
                .env("PUSHGATE_HOOK_MANAGERS", hook_managers())
                .env("PUSHGATE_RECURRENCES", recurrences())
                .args(args),
        )
    };
    run(&[]).goes_not().says("tests/run: cargo is missing\n");
    executable(
        &tools.join("cargo"),
        "#!/bin/sh\necho \"cargo $*, in $PWD\"\n[ $1 = test ]\n",
    );
    for (args, more) in [(&[][..], ""), (&["rest"], " shellcheck")] {
        let ran = run(args).goes_not();
        let lines = "tests/run: these Debian packages are missing:\n  apt-get install gcc libc6-dev openssh-client tmux";
        assert_eq!(ran.stderr, format!("{lines}{more}\n"));
        assert_eq!(ran.stdout, "");
    }
    for name in ["cc", "shellcheck", "tmux", "ssh-agent", "cargo-deb"] {
        executable(&tools.join(name), "#!/bin/sh\n");
    }
    for (args, options) in [
        (&["install", "--nocapture"][..], "install --nocapture"),
        (&["all", "install"], "--include-ignored install"),
        (&["rest"], "--ignored"),
    ] {
        let here = checkout();
        assert_eq!(
            run(args).goes().stdout,
            format!("cargo test --locked -- {options}, in {}\n", here.display())
        );
    }
}

#[test]
#[ignore = "slow: installs from a checkout"]
fn what_it_says_of_itself_fits_80_columns_and_the_whole_of_it_200_lines() {
    let shop = Sandbox::bare();
    let text = fs::read_to_string(checkout().join("install.sh")).unwrap();
    assert!(text.lines().count() <= 200);
    let ran = run(&shop, &["--help"]).goes();
    assert!(ran.stdout.lines().count() > 10, "{ran}");
    for line in ran.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let first = Regex::new("(?:say|die) \"([^\"]*)\"").unwrap();
    for said in first.captures_iter(&text) {
        let line = format!("install.sh: {}", said[1].replace("$rust", "1.95"));
        assert!(line.len() <= 80, "{line}");
    }
}

#[test]
#[ignore = "slow: installs from a checkout"]
fn every_script_is_one_that_shellcheck_has_nothing_against() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut scripts = Vec::new();
    let mut directories = vec![here.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap()) {
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            if kind.is_dir() && entry.file_name() != "target" && entry.file_name() != ".git" {
                directories.push(path);
            } else if kind.is_file() && is_shell(&fs::read(&path).unwrap()) {
                scripts.push(path);
            }
        }
    }
    for known in ["hooks/pre-push", "install.sh", "tests/run"] {
        assert!(scripts.contains(&here.join(known)), "{known}: {scripts:?}");
    }
    for script in &scripts {
        let mode = script.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{}", script.display());
    }
    let mut command = Command::new(tool("shellcheck", "shellcheck"));
    Ran::of(command.args(["--norc", "--severity=style"]).args(scripts)).goes();
}

/// Whether the first line names a shell.
fn is_shell(text: &[u8]) -> bool {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line).into_owned();
    line.strip_prefix("#!")
        .and_then(|line| line.split([' ', '/']).next_back())
        .is_some_and(|name| ["sh", "bash", "dash"].contains(&name))
}
