//! The manual: pages that every formatter takes, with all that the help says.

use std::fs;

use clap::CommandFactory;
use pushgate::cli::Cli;

use crate::support::{Ran, Sandbox, tool};

/// The pages that `man --out` writes, in a directory of its own.
fn written(shop: &Sandbox) -> Vec<String> {
    shop.pushgate(["man", "--out", "../share/man/man1"])
        .goes()
        .says("pages into ../share/man/man1");
    let pages = fs::read_dir(shop.path("share/man/man1")).unwrap();
    let mut names: Vec<_> = pages
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A page as it is read, its lines as long as they like.
fn read(shop: &Sandbox, page: &str) -> String {
    let mut command = shop.command(tool("man", "man-db"));
    command
        .args(["--warnings=w", "--no-hyphenation", "--no-justification"])
        .arg(page)
        .env("MANPATH", shop.path("share/man"))
        .env("MANWIDTH", "1000")
        .env("MANPAGER", "cat")
        // Its sandbox forbids what the clock of the tests needs.
        .env("MAN_DISABLE_SECCOMP", "1");
    let ran = Ran::of(&mut command).goes();
    assert_eq!(ran.stderr, "", "{page}");
    plain(&ran.stdout)
}

/// Without what is bold, which is printed over itself.
fn plain(printed: &str) -> String {
    let mut text = String::new();
    for character in printed.chars() {
        if character == '\u{8}' {
            text.pop();
        } else {
            text.push(character);
        }
    }
    text
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
#[ignore = "slow: needs the formatters of manual pages"]
fn there_is_a_page_for_pushgate_and_for_each_command() {
    let shop = Sandbox::bare();
    let command = Cli::command();
    let mut wanted: Vec<_> = command
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set())
        .map(|sub| format!("pushgate-{}.1", sub.get_name()))
        .chain(["pushgate.1".to_owned()])
        .collect();
    wanted.sort();
    assert_eq!(written(&shop), wanted);
    let one = shop.pushgate(["man", "check"]).goes().stdout;
    let page = fs::read_to_string(shop.path("share/man/man1/pushgate-check.1")).unwrap();
    assert_eq!(one, page);
    let first = shop.pushgate(["man"]).goes().stdout;
    assert!(first.contains("\n.TH pushgate 1 "), "{first}");
}

#[test]
#[ignore = "slow: needs the formatters of manual pages"]
fn no_formatter_has_anything_against_a_page() {
    let shop = Sandbox::bare();
    for name in written(&shop) {
        let page = shop.path("share/man/man1").join(&name);
        let mut mandoc = shop.command(tool("mandoc", "mandoc"));
        let ran = Ran::of(mandoc.args(["-Tlint", "-Werror"]).arg(&page)).goes();
        assert_eq!(
            (ran.stdout.as_str(), ran.stderr.as_str()),
            ("", ""),
            "{name}"
        );
        let mut groff = shop.command(tool("groff", "groff-base"));
        let ran = Ran::of(groff.args(["-ww", "-z", "-man", "-Tutf8"]).arg(&page)).goes();
        assert_eq!(
            (ran.stdout.as_str(), ran.stderr.as_str()),
            ("", ""),
            "{name}"
        );
        // What apropos(1) finds it by.
        let mut lexgrog = shop.command(tool("lexgrog", "man-db"));
        let ran = Ran::of(lexgrog.arg(&page)).goes();
        let title = format!("\"{} - ", name.trim_end_matches(".1"));
        assert!(ran.stdout.contains(&title), "{ran}");
    }
}

#[test]
#[ignore = "slow: needs the formatters of manual pages"]
fn no_page_is_wider_than_a_terminal() {
    let shop = Sandbox::bare();
    for name in written(&shop) {
        let page = shop.path("share/man/man1").join(&name);
        let mut man = shop.command(tool("man", "man-db"));
        man.args(["--warnings=w", "-l"]).arg(&page);
        man.env("MANWIDTH", "80").env("MANPAGER", "cat");
        man.env("MAN_DISABLE_SECCOMP", "1");
        let mut mandoc = shop.command(tool("mandoc", "mandoc"));
        mandoc.args(["-T", "utf8", "-O", "width=80"]).arg(&page);
        for mut formatter in [man, mandoc] {
            let ran = Ran::of(&mut formatter).goes();
            assert_eq!(ran.stderr, "", "{name}");
            let text = plain(&ran.stdout);
            assert!(text.lines().count() > 10, "{text}");
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "{name}: {line}");
            }
            assert!(!text.contains("EXTRA"), "{text}");
            if name == "pushgate.1" {
                // As it can be copied.
                let (_, last) = text.split_once("\nIN AN EMERGENCY\n").unwrap();
                let skip =
                    "\n  PUSHGATE_SKIP=window PUSHGATE_REASON=outage git push production master\n";
                assert!(last.contains(skip), "{last}");
            }
        }
    }
}

#[test]
#[ignore = "slow: needs the formatters of manual pages"]
fn a_page_says_all_that_the_help_says() {
    let shop = Sandbox::bare();
    written(&shop);
    let mut program = Cli::command();
    program.build();
    let commands = program.get_subcommands().filter(|sub| !sub.is_hide_set());
    for command in commands.chain([&program]) {
        let name = command.get_display_name().unwrap_or("pushgate");
        let page = read(&shop, name);
        let plain = words(&page);
        let about = command.get_long_about().or(command.get_about()).unwrap();
        assert!(
            plain.contains(&words(&about.to_string())),
            "{name}:\n{page}"
        );
        // clap words its own two otherwise on a page.
        let ours = |id: &str| !["help", "version"].contains(&id);
        let arguments = command.get_arguments();
        for argument in arguments.filter(|it| ours(it.get_id().as_str())) {
            let help = words(&argument.get_help().unwrap().to_string());
            assert!(plain.contains(&help), "{name}, {help}:\n{page}");
        }
        let more = command.get_after_long_help().or(command.get_after_help());
        for line in more.unwrap().to_string().lines() {
            let said = words(line.trim_start_matches("Exit codes: "));
            // Some lines name a section.
            let title = format!("\n{}\n", said.trim_end_matches(':').to_uppercase());
            let is_said = plain.contains(&said) || page.contains(&title);
            assert!(is_said, "{name}, {line}:\n{page}");
            // What is set in columns stays so.
            if line.starts_with("  ") {
                assert!(page.contains(line.trim()), "{name}, {line}:\n{page}");
            }
        }
        assert!(page.contains("\nSYNOPSIS\n"), "{name}");
    }
}

#[test]
#[ignore = "slow: needs the formatters of manual pages"]
fn the_page_of_pushgate_names_every_variable_and_every_file() {
    let shop = Sandbox::bare();
    written(&shop);
    let page = read(&shop, "pushgate");
    for name in [
        pushgate::app::overrides::SWITCH,
        pushgate::app::overrides::SKIP,
        pushgate::app::overrides::REASON,
        "NO_COLOR",
        "XDG_CACHE_HOME",
        pushgate::policy::FILE,
        ".git/hooks/pre-push",
        "ledger.jsonl",
        "refs/notes/pushgate",
        "pushgate-check(1)",
    ] {
        assert!(page.contains(name), "{name}:\n{page}");
    }
}

#[test]
#[ignore = "slow: needs the formatters of manual pages"]
fn a_page_that_is_not_there_and_a_directory_that_cannot_be_are_said() {
    let shop = Sandbox::bare();
    let ran = shop.pushgate(["man", "chek"]);
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("pushgate: man not done\n")
        .says("there is no command `chek`; did you mean `check`?");
    shop.write("file", "");
    let ran = shop.pushgate(["man", "--out", "file/man1"]);
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("could not write file/man1")
        .says("Not a directory")
        .says("  name a directory that you may write to: pushgate man --out DIR\n");
}
