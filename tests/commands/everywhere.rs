//! Every command, in every place where nobody hopes to be: a clear line or a quiet end, an exit code
//! that is documented, and never a panic.

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::{ffi::OsStringExt, fs::PermissionsExt},
    path::PathBuf,
    process::{Command, Stdio},
};

use clap::CommandFactory;
use pushgate::cli::Cli;

use crate::support::{POLICY, PUSHGATE, Ran, Sandbox, tool};

/// Text that no environment contains: the watchdog ends the processes whose environment has its mark.
const MARK: &str = "this-mark-is-borne-by-no-process-at-all";

/// Every command line that there is something to try of: each command alone, and with each of its
/// options. A new command is among them by itself.
fn calls() -> Vec<Vec<OsString>> {
    let mut calls: Vec<Vec<String>> = vec![vec![], vec!["--help".into()], vec!["nonsense".into()]];
    let mut program = Cli::command();
    program.build();
    for command in program.get_subcommands() {
        let name = command.get_name().to_owned();
        if name == "watchdog" {
            calls.push(vec![name, "--".into(), MARK.into()]);
            continue;
        }
        let given = |argument: &clap::Arg| argument.is_required_set() && argument.is_positional();
        let mut plain = vec![name];
        let required = command.get_arguments().filter(|argument| given(argument));
        plain.extend(required.map(value));
        for argument in command.get_arguments().filter(|argument| !given(argument)) {
            let mut call = plain.clone();
            if let Some(long) = argument.get_long() {
                call.push(format!("--{long}"));
            }
            if argument.get_action().takes_values() {
                call.push(value(argument));
            }
            calls.push(call);
        }
        // The demo is played once, with `--dir`: it takes its time.
        if plain[0] != "demo" {
            calls.push(plain);
        }
    }
    let os = |call: Vec<String>| call.into_iter().map(OsString::from).collect();
    calls.into_iter().map(os).collect()
}

/// A value that an argument takes.
fn value(argument: &clap::Arg) -> String {
    let possible = argument.get_possible_values();
    let known = match argument.get_id().as_str() {
        "environment" | "remote" => "staging",
        "url" => "../staging.git",
        "commit" => "HEAD",
        "command" => "check",
        "at" => "tomorrow 9:00",
        "since" => "7d",
        "dir" | "out" => "a new directory",
        _ => possible.first().map_or("x", |value| value.get_name()),
    };
    known.to_owned()
}

/// How the program is called in a place.
type Way<'w> = &'w dyn Fn(&Sandbox, &[OsString]) -> Command;

/// Calls it as anybody would.
fn plainly(shop: &Sandbox, call: &[OsString]) -> Command {
    in_time(shop, PUSHGATE.as_ref(), call)
}

/// Calls a program that is killed when it takes too long.
fn in_time(shop: &Sandbox, program: &OsStr, args: &[OsString]) -> Command {
    let mut command = shop.command(tool("timeout", "coreutils"));
    command
        .args(["--foreground", "--signal=KILL", "60"])
        .arg(program)
        .args(args)
        .env("GIT_CEILING_DIRECTORIES", shop.root());
    command
}

/// Calls it by a line of the shell, in which `"$@"` is what is called.
fn by_shell(shop: &Sandbox, line: &str, call: &[OsString]) -> Command {
    let program = [OsString::from(PUSHGATE)];
    let line = ["-c", line, "sh"].map(OsString::from);
    let args: Vec<_> = line.iter().chain(&program).chain(call).cloned().collect();
    in_time(shop, "/bin/sh".as_ref(), &args)
}

/// Tries every command in a place.
#[track_caller]
fn everywhere_calm(place: &str, shop: &Sandbox, way: Way<'_>) {
    tried(place, shop, &calls(), way);
}

#[track_caller]
fn tried(place: &str, shop: &Sandbox, calls: &[Vec<OsString>], way: Way<'_>) {
    let is_heard = !["closed", "full"].iter().any(|word| place.contains(word));
    for call in calls {
        let ran = Ran::of(&mut way(shop, call));
        let said = format!("{place}: {call:?}: {ran}");
        for bad in ["panicked", "RUST_BACKTRACE", "Broken pipe", "core dumped"] {
            assert!(
                !ran.stdout.contains(bad) && !ran.stderr.contains(bad),
                "{said}"
            );
        }
        assert!([0, 1, 2].contains(&ran.code), "{said}");
        let text = format!("{}{}", ran.stdout, ran.stderr);
        if ran.code != 0 && is_heard {
            assert!(!text.trim().is_empty(), "{said}");
        }
        // What could not be done says who says so, and what; a page that could not be whole is shown.
        if ran.code == 2 && is_heard && ran.stdout.is_empty() {
            let ours = |line: &str| {
                ["pushgate: ", "error: ", "Usage: ", "The gate in front of "]
                    .iter()
                    .any(|start| line.starts_with(start))
            };
            assert!(text.lines().any(ours), "{said}");
        }
    }
}

/// The pipeline, with something to deploy.
fn shop() -> Sandbox {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop
}

#[test]
#[ignore = "slow: every command in every place"]
fn every_command_is_tried() {
    let calls = calls();
    let command = Cli::command();
    for sub in command.get_subcommands() {
        let tries = calls
            .iter()
            .filter(|call| call.first().is_some_and(|first| first == sub.get_name()));
        assert!(tries.count() > 0, "{}", sub.get_name());
    }
    // The watchdog ends what it is pointed at.
    let guards = calls
        .iter()
        .filter(|call| call.first().is_some_and(|first| first == "watchdog"));
    for call in guards {
        assert_eq!(call.last().unwrap(), MARK);
    }
}

#[test]
#[ignore = "slow: every command in every place"]
fn in_a_clone_where_all_is_well() {
    everywhere_calm("a clone", &shop(), &plainly);
}

#[test]
#[ignore = "slow: every command in every place"]
fn outside_of_a_repository() {
    let shop = Sandbox::bare();
    let elsewhere = shop.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    everywhere_calm("elsewhere", &shop, &|shop, call| {
        let mut command = plainly(shop, call);
        command.current_dir(&elsewhere);
        command
    });
}

#[test]
#[ignore = "slow: every command in every place"]
fn before_the_first_commit() {
    everywhere_calm("no commit", &Sandbox::bare(), &plainly);
}

#[test]
#[ignore = "slow: every command in every place"]
fn without_remotes() {
    for shop in [shop(), Sandbox::bare()] {
        for remote in ["origin", "staging", "production"] {
            shop.git(["remote", "remove", remote]).goes();
        }
        everywhere_calm("no remotes", &shop, &plainly);
    }
}

#[test]
#[ignore = "slow: every command in every place"]
fn without_git() {
    everywhere_calm("no git", &shop(), &|shop, call| {
        let mut command = plainly(shop, call);
        command.env("PATH", "/nowhere");
        command
    });
}

#[test]
#[ignore = "slow: every command in every place"]
fn without_a_path() {
    everywhere_calm("no PATH", &shop(), &|shop, call| {
        let mut command = plainly(shop, call);
        command.env_remove("PATH");
        command
    });
}

#[test]
#[ignore = "slow: every command in every place"]
fn without_a_home() {
    for home in [None, Some("/nowhere"), Some("")] {
        everywhere_calm("no HOME", &shop(), &|shop, call| {
            let mut command = plainly(shop, call);
            command
                .env_remove("XDG_CACHE_HOME")
                .env_remove("GIT_CONFIG_GLOBAL")
                .env_remove("HOME");
            if let Some(home) = home {
                command.env("HOME", home);
            }
            command
        });
    }
}

/// A terminal of these many columns, by script(1).
fn in_a_terminal(shop: &Sandbox, columns: u16, term: &str, call: &[OsString]) -> Command {
    let words = [OsString::from(PUSHGATE)];
    let words: Vec<String> = words
        .iter()
        .chain(call)
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    let line = format!("stty cols {columns}; exec {}", words.join(" "));
    let script = tool("script", "bsdutils");
    let args = ["--quiet", "--return", "--command", &line, "/dev/null"].map(OsString::from);
    let mut command = in_time(shop, script.as_os_str(), &args);
    // A pager waits for a key.
    command
        .env("TERM", term)
        .env("SHELL", "/bin/sh")
        .env("GIT_PAGER", "cat");
    command
}

#[test]
#[ignore = "slow: every command in every place"]
fn in_a_narrow_terminal() {
    for columns in [20, 1] {
        everywhere_calm("a narrow terminal", &shop(), &|shop, call| {
            in_a_terminal(shop, columns, "xterm", call)
        });
    }
}

#[test]
#[ignore = "slow: every command in every place"]
fn in_a_dumb_terminal() {
    let shop = shop();
    everywhere_calm("a dumb terminal", &shop, &|shop, call| {
        in_a_terminal(shop, 80, "dumb", call)
    });
    for call in calls() {
        let ran = Ran::of(&mut in_a_terminal(&shop, 80, "dumb", &call));
        assert!(!ran.stdout.contains("\u{1b}["), "{call:?}: {ran:?}");
    }
}

#[test]
#[ignore = "slow: every command in every place"]
fn where_nobody_reads_on() {
    let shop = shop();
    shop.push("production", "master").refused("promotion");
    let codes = shop.path("codes");
    everywhere_calm("| head -1", &shop, &|shop, call| {
        by_shell(shop, "{ \"$@\"; echo $? >>../codes; } | head -1", call)
    });
    let codes = fs::read_to_string(codes).unwrap();
    assert_eq!(codes.lines().count(), calls().len());
    for code in codes.lines() {
        assert!(["0", "1", "2"].contains(&code), "{code}");
    }
    everywhere_calm("| true", &shop, &|shop, call| {
        by_shell(shop, "{ \"$@\"; } 2>&1 | true", call)
    });
}

#[test]
#[ignore = "slow: every command in every place"]
fn where_the_output_is_closed_or_full() {
    for (place, line) in [
        ("closed stdout", "unset LD_PRELOAD; \"$@\" >&-"),
        ("closed stderr", "unset LD_PRELOAD; \"$@\" 2>&-"),
        ("closed stdin", "unset LD_PRELOAD; \"$@\" <&-"),
        ("all closed", "unset LD_PRELOAD; \"$@\" <&- >&- 2>&-"),
        ("full stdout", "\"$@\" >/dev/full"),
        ("full stdout and stderr", "\"$@\" >/dev/full 2>&1"),
    ] {
        everywhere_calm(place, &shop(), &|shop, call| by_shell(shop, line, call));
    }
}

#[test]
#[ignore = "slow: every command in every place"]
fn in_a_bare_repository() {
    let shop = shop();
    let bare = shop.path("origin.git");
    everywhere_calm("a bare repository", &shop, &|shop, call| {
        let mut command = plainly(shop, call);
        command.current_dir(&bare);
        command
    });
}

#[test]
#[ignore = "slow: every command in every place"]
fn inside_the_git_directory() {
    let shop = shop();
    everywhere_calm("a git directory", &shop, &|shop, call| {
        let mut command = plainly(shop, call);
        command.current_dir(shop.app.join(".git"));
        command
    });
}

#[test]
#[ignore = "slow: every command in every place"]
fn in_a_directory_that_was_deleted() {
    everywhere_calm("a deleted directory", &shop(), &|shop, call| {
        by_shell(
            shop,
            "mkdir gone && cd gone && rmdir ../gone && exec \"$@\"",
            call,
        )
    });
}

#[test]
#[ignore = "slow: every command in every place"]
fn at_a_path_that_is_no_text() {
    let mut shop = shop();
    let app = shop.root().join(OsString::from_vec(b"caf\xe9".to_vec()));
    fs::rename(&shop.app, &app).unwrap();
    shop.app = app;
    everywhere_calm("a path that is not UTF-8", &shop, &plainly);
}

#[test]
#[ignore = "slow: every command in every place"]
fn with_arguments_that_are_no_text() {
    let shop = shop();
    let odd = OsString::from_vec(b"caf\xe9".to_vec());
    let calls: Vec<_> = calls()
        .into_iter()
        .filter(|call| call.first().is_none_or(|first| first != "watchdog"))
        .map(|mut call| {
            match call.len() {
                0 | 1 => call.push(odd.clone()),
                _ => *call.last_mut().unwrap() = odd.clone(),
            }
            call
        })
        .collect();
    tried("odd bytes", &shop, &calls, &plainly);
}

#[test]
#[ignore = "slow: every command in every place"]
fn with_arguments_that_are_empty_or_endless() {
    let shop = shop();
    for text in ["", "-", "--", "\u{1b}[2J", &"x".repeat(100_000)] {
        let calls: Vec<_> = calls()
            .into_iter()
            .filter(|call| call.len() > 1 && call[0] != "watchdog")
            .map(|mut call| {
                *call.last_mut().unwrap() = text.into();
                call
            })
            .collect();
        tried("an odd argument", &shop, &calls, &plainly);
    }
}

/// A clone whose policy stands in the work tree alone, as this file.
fn with_policy(text: &[u8]) -> (Sandbox, PathBuf) {
    let shop = shop();
    shop.git(["rm", "-q", "--cached", ".pushgate.yml"]).goes();
    shop.git(["commit", "-q", "-m", "No policy"]).goes();
    let path = shop.app.join(".pushgate.yml");
    fs::write(&path, text).unwrap();
    (shop, path)
}

#[test]
#[ignore = "slow: every command in every place"]
fn with_a_policy_that_cannot_be_read() {
    let (shop, path) = with_policy(POLICY.as_bytes());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let setpriv = tool("setpriv", "util-linux");
    let is_root = nix::unistd::geteuid().is_root();
    everywhere_calm("an unreadable policy", &shop, &|shop, call| {
        if !is_root {
            return plainly(shop, call);
        }
        // To root, every file is readable, unless it does without.
        let bounds = ["--bounding-set=-all", "--inh-caps=-all"].map(OsString::from);
        let program = [OsString::from(PUSHGATE)];
        let args: Vec<_> = bounds.iter().chain(&program).chain(call).cloned().collect();
        in_time(shop, setpriv.as_os_str(), &args)
    });
    let words = ["check", "staging"].map(OsString::from);
    let bounds = ["--bounding-set=-all", "--inh-caps=-all", PUSHGATE].map(OsString::from);
    let args: Vec<_> = bounds.iter().chain(&words).cloned().collect();
    let ran = Ran::of(&mut in_time(&shop, setpriv.as_os_str(), &args));
    assert_eq!(ran.code, 2, "{ran}");
    ran.says(".pushgate.yml").says("Permission denied");
}

#[test]
#[ignore = "slow: every command in every place"]
fn with_a_policy_of_a_megabyte() {
    let text = "# x\n".repeat(1 << 18);
    let (shop, _) = with_policy(text.as_bytes());
    everywhere_calm("a megabyte in the work tree", &shop, &plainly);
    shop.git(["add", "."]).goes();
    shop.commit("A large policy");
    everywhere_calm("a megabyte in a commit", &shop, &plainly);
}

#[test]
#[ignore = "slow: every command in every place"]
fn with_a_policy_that_does_not_hold() {
    for text in [
        &b"environments: ["[..],
        b"\xff\xfe\0",
        b"",
        b"environments: {a: {after: a}}",
    ] {
        let (shop, path) = with_policy(text);
        everywhere_calm("a bad policy", &shop, &plainly);
        fs::write(&path, text).unwrap();
        shop.git(["add", "--all"]).goes();
        shop.commit("A bad policy");
        everywhere_calm("a bad policy, committed", &shop, &plainly);
    }
}

#[test]
#[ignore = "slow: every command in every place"]
fn with_variables_that_lead_nowhere() {
    let shop = shop();
    for (name, value) in [
        ("GIT_DIR", "/nowhere"),
        ("GIT_DIR", "\u{1b}nonsense"),
        ("GIT_DIR", ""),
        ("GIT_WORK_TREE", "/nowhere"),
        ("GIT_CONFIG_PARAMETERS", "nonsense"),
        ("GIT_CONFIG_COUNT", "x"),
        ("GIT_CONFIG_GLOBAL", "/dev/full"),
        ("TZ", "Mars/Olympus"),
        ("LC_ALL", "nonsense"),
        ("COLUMNS", "0"),
        ("TMPDIR", "/nowhere"),
        ("XDG_CACHE_HOME", "not/absolute"),
    ] {
        everywhere_calm(name, &shop, &|shop, call| {
            let mut command = plainly(shop, call);
            command.env(name, value);
            command
        });
    }
}

#[test]
#[ignore = "slow: every command in every place"]
fn with_a_git_directory_that_is_damaged() {
    for (file, text) in [
        ("HEAD", "nonsense\n"),
        ("HEAD", ""),
        ("config", "[nonsense\n"),
        ("refs/heads/master", "nonsense\n"),
        ("index", "nonsense"),
        ("pushgate/ledger.jsonl", "nonsense\n{\"v\":1}\n"),
    ] {
        let shop = shop();
        fs::create_dir_all(shop.app.join(".git/pushgate")).unwrap();
        fs::write(shop.app.join(".git").join(file), text).unwrap();
        everywhere_calm(file, &shop, &plainly);
    }
}

#[test]
#[ignore = "slow: every command in every place"]
fn help_that_nobody_can_read_is_an_error_unless_they_have_read_enough() {
    let shop = Sandbox::bare();
    for call in [
        &["--help"][..],
        &["--version"],
        &["help", "check"],
        &["check", "-h"],
    ] {
        let call: Vec<OsString> = call.iter().map(OsString::from).collect();
        let ran = Ran::of(&mut by_shell(&shop, "\"$@\" >/dev/full", &call));
        assert_eq!(ran.code, 2, "{call:?}: {ran}");
        ran.says("could not write to standard output")
            .says("No space left on device");
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = by_shell(&shop, "\"$@\"", &call);
        let ran: Ran = (command.stdout(writer).stderr(Stdio::piped()).spawn())
            .and_then(std::process::Child::wait_with_output)
            .unwrap()
            .into();
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{call:?}");
    }
}

/// The hook's command is no other's: what it is given on its standard input may be anything.
#[test]
#[ignore = "slow: every command in every place"]
fn the_hook_is_given_whatever_there_is() {
    let shop = shop();
    for input in [
        &b""[..],
        b"\n",
        b"a b c d\n",
        b"\xff\xfe\n",
        &vec![b'x'; 100_000],
    ] {
        let mut command = shop.command(PUSHGATE);
        command.args(["pre-push", "--", "staging", "../staging.git"]);
        let ran = Ran::fed(&mut command, input);
        assert!([0, 1, 2].contains(&ran.code), "{ran}");
        assert!(!ran.stderr.contains("panicked"), "{ran}");
        assert_eq!(ran.code == 0, input.is_empty(), "{ran}");
    }
}
