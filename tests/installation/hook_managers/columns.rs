//! What `pushgate install` says beside each of them, in a terminal of 80 columns.

use super::Street;
use crate::support::story::in_terminal;

const JOBS: &str = "pre-push:\n  jobs:\n    - run: 'true'\n";

const LINES: &str = include_str!("../../../hooks/lefthook");

/// Installs as a person does; every line fits, and these stand there whole.
#[track_caller]
fn fits(street: &Street, args: &str, whole: &[&str]) {
    let path = street.path.to_str().unwrap();
    let line = format!("stty rows 24 cols 80; TERM=xterm PATH='{path}' pushgate install {args}");
    let ran = in_terminal(&street.shop, &line);
    let text = plain(&ran.stderr);
    for line in text.lines() {
        let is_one_word = !line.trim_start().contains(' ');
        // What is to be copied is not broken.
        let is_copied = LINES.lines().any(|own| own.trim() == line.trim());
        let fits = line.chars().count() <= 80 || is_one_word || is_copied;
        assert!(fits, "{line}\n{ran}");
    }
    for words in whole {
        assert!(
            text.lines().any(|line| line.contains(words)),
            "`{words}` is not on one line:\n{text}"
        );
    }
}

/// Without colours.
fn plain(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').unwrap().1)
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn husky_and_its_script() {
    let street = Street::new();
    street.run("git config core.hooksPath .husky/_").goes();
    let commit = "it is the team's: git add .husky/pre-push and commit it";
    fits(&street, "", &[commit, "  hint: npm install"]);
    street.shop.write("package.json", "{}\n");
    street.run("husky").goes();
    let lines = street.read(".husky/pre-push");
    street.shop.write(
        ".husky/pre-push",
        &lines.replace("is not on your PATH", "is missing"),
    );
    fits(&street, "", &[commit]);
    street.shop.write(".husky/pre-push", "pushgate pre-push\n");
    fits(&street, "", &[]);
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn lefthook_and_its_lines() {
    let street = Street::new();
    street.shop.write("lefthook.yml", JOBS);
    street.run("lefthook install").goes();
    let lines = "lefthook writes the hooks here; it needs these lines in lefthook.yml:";
    let add = "  hint: add them by hand and commit the file, then pushgate install";
    fits(&street, "", &[lines, add]);
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn pre_commit_and_prek() {
    let yaml = "repos:\n- repo: meta\n  hooks: [{id: identity}]\n";
    let toml = "[[repos]]\nrepo = \"meta\"\nhooks = [{ id = \"identity\" }]\n";
    for (tool, name, text) in [
        ("pre-commit", ".pre-commit-config.yaml", yaml),
        ("prek", ".pre-commit-config.yaml", yaml),
        ("prek", "prek.toml", toml),
    ] {
        let street = Street::new();
        street.shop.write(name, text);
        street.run(&format!("{tool} install -t pre-push")).goes();
        fits(&street, "", &[]);
    }
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn git_lfs_and_the_configuration_of_git() {
    let street = Street::with(&["git/bin"]);
    street.run("git lfs install --local").goes();
    fits(
        &street,
        "--config",
        &["    pushgate uninstall", "    pushgate install"],
    );
    fits(
        &street,
        "",
        &["the hook that was there runs after the gates:"],
    );
    street.run("pushgate uninstall").goes();
    street.run("git lfs uninstall --local").goes();
    fits(&street, "--config", &["(hook.pushgate.command)"]);
}
