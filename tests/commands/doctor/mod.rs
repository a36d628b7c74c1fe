//! `pushgate doctor`: every line that it can print, and every cure tried as it is printed.

mod bad_input;
mod hook;
mod hook_files;
mod hook_managers;
mod hook_settings;
mod policy;
mod program;
mod remotes;
mod suite;
mod time_and_memory;
mod visit;

use std::{fs, path::Path, process::Command};

use visit::visit;

use crate::support::{PUSHGATE, Ran, Sandbox, tmux::Terminal};

/// The directory of the program under test, then PATH.
fn path() -> String {
    let directory = Path::new(PUSHGATE).parent().unwrap().display();
    format!("{directory}:{}", std::env::var("PATH").unwrap())
}

/// A shop whose clone has nothing wrong with it.
fn shop() -> Sandbox {
    Sandbox::new()
}

fn hook(shop: &Sandbox) -> std::path::PathBuf {
    shop.app.join(".git/hooks/pre-push")
}

/// Writes an executable file, its directory included.
///
/// Another process writes it: while this one has it open, a child that a test beside us starts has
/// it open too, and nobody can run it.
fn executable(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut command = Command::new("sh");
    command
        .args(["-c", "cat >\"$1\" && chmod 755 \"$1\"", "sh"])
        .arg(path);
    Ran::fed(&mut command, text.as_bytes()).goes();
}

#[test]
fn a_clone_that_is_well_is_told_so_in_few_lines() {
    let shop = shop();
    let visit = visit(&shop);
    let told = visit.doctor();
    told.is_well();
    let git = shop.ask(["--version"]);
    let head = shop.ask(["rev-parse", "--short=7", "HEAD"]);
    let (report, clock) = told.ran.stdout.split_once("clock\n").unwrap();
    let expected = format!(
        "\
program
  ok       pushgate {}
  ok       {}
  ok       the hook finds it, under the short PATH of an editor, too
hook
  ok       git looks for hooks in .git/hooks
  ok       .git/hooks/pre-push is pushgate's, of this version
policy
  ok       .pushgate.yml of {head}: staging, production
remotes
  ok       origin: its master is trunk
  ok       staging: deploys to staging
  ok       production: deploys to production
suite
  ok       true
memory
  ok       nothing was decided yet: .git/pushgate/ledger.jsonl
",
        env!("CARGO_PKG_VERSION"),
        git.strip_prefix("git version ")
            .map_or_else(String::new, |v| format!("git {v}")),
    );
    assert_eq!(report, expected);
    assert!(
        clock.starts_with("  ok       ") && clock.contains("UTC\n"),
        "{clock}"
    );
    // It only looks.
    assert_eq!(shop.kept(), ["schema.json"]);
}

#[test]
fn what_is_wrong_is_shown_with_its_cures() {
    let shop = shop();
    fs::remove_file(hook(&shop)).unwrap();
    shop.policy("suite: {run: [bin/gone]}\nenvironments: {staging: {}}\n");
    shop.git(["remote", "set-url", "staging", "/nowhere"])
        .goes();
    shop.write(".pushgate.yml", "environments: [x\n");
    fs::create_dir_all(shop.app.join(".git/pushgate")).unwrap();
    fs::write(shop.app.join(".git/pushgate/ledger.jsonl"), "x\n").unwrap();
    let visit = visit(&shop).with("PUSHGATE", "off");
    let told = visit.doctor();
    let head = shop.ask(["rev-parse", "--short=7", "HEAD"]);
    let (_, report) = told.ran.stdout.split_once("hook\n").unwrap();
    let (report, rest) = report.split_once("clock\n").unwrap();
    let expected = format!(
        "  ok       git looks for hooks in .git/hooks
  broken   .git/hooks/pre-push is missing: pushes are not judged
               pushgate install
policy
  ok       .pushgate.yml of {head}: staging
  warning  the uncommitted edit of .pushgate.yml changes nothing
           hint: fix it before you commit it: .pushgate.yml:1:17: not valid
             YAML: did not find expected ',' or ']' at line 2 column 1, while
             parsing a flow sequence at line 1 column 15
  warning  PUSHGATE is off here: pushes are not judged
               unset PUSHGATE
remotes
  ok       origin: its master is trunk
  broken   staging (nowhere) does not answer git
             fatal: '/nowhere' does not appear to be a git repository
             fatal: Could not read from remote repository.
             Please make sure you have the correct access rights
             and the repository exists.
           hint: see that this answers without asking for anything:
               git ls-remote staging
  ok       production: deploys to production
suite
  broken   `bin/gone` is not found
           hint: install it, or fix `suite.run` in .pushgate.yml
memory
  ok       nothing was decided yet: .git/pushgate/ledger.jsonl
  warning  line 1 of .git/pushgate/ledger.jsonl cannot be read
               sed -i.damaged '1d' .git/pushgate/ledger.jsonl
           hint: the other lines count all the same
"
    );
    assert_eq!(report, expected);
    assert!(
        rest.ends_with("\n\n3 things are broken, 3 warnings\n"),
        "{rest}"
    );
}

#[test]
fn programs_read_the_same_as_one_object() {
    let shop = shop();
    fs::remove_file(hook(&shop)).unwrap();
    shop.git(["remote", "set-url", "staging", "/nowhere"])
        .goes();
    let visit = visit(&shop);
    let told = visit.doctor();
    let ran = Ran::of(visit.command(PUSHGATE).args(["doctor", "--json"]));
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""), "{ran}");
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(value["v"], 1);
    assert_eq!(value["state"], "broken");
    let lines = value["lines"].as_array().unwrap();
    assert_eq!(lines.len(), told.items.len(), "{ran}");
    for (line, item) in lines.iter().zip(&told.items) {
        assert_eq!(line["group"], item.group.as_str());
        assert_eq!(line["state"], item.state.as_str());
        assert!(
            item.text.starts_with(line["text"].as_str().unwrap()),
            "{line} {item:?}"
        );
        assert!(
            line["check"]
                .as_str()
                .is_some_and(|check| !check.is_empty()),
            "{line}"
        );
        let cures = line["cures"].as_array().unwrap();
        let runs: Vec<_> = cures
            .iter()
            .filter_map(|cure| cure["run"].as_str())
            .collect();
        assert_eq!(runs, item.runs, "{line}");
    }
    let of = |check: &str| {
        lines
            .iter()
            .filter(|line| line["check"] == check)
            .collect::<Vec<_>>()
    };
    assert_eq!(of("hook")[0]["cures"][0]["run"], "pushgate install");
    let dead = of("remote")
        .into_iter()
        .find(|line| line["state"] == "broken")
        .unwrap();
    assert!(
        dead["details"][0].as_str().unwrap().contains("/nowhere"),
        "{dead}"
    );
}

#[test]
fn it_fits_80_columns_and_20_in_colour_and_without() {
    let shop = shop();
    fs::remove_file(hook(&shop)).unwrap();
    let dumb = visit(&shop).with("TERM", "dumb");
    let plain = dumb.doctor().ran.stdout.clone();
    assert!(!plain.contains('\u{1b}'), "{plain}");
    assert!(
        plain.lines().all(|line| line.chars().count() <= 80),
        "{plain}"
    );
    let terminal = Terminal::open(&shop);
    terminal.types(&format!(
        "clear; PATH='{}'; pushgate doctor; echo; echo end",
        path()
    ));
    let screen = terminal.shows("\nend");
    assert!(screen.contains("  broken   .git/hooks/pre-push is missing: pushes are not judged\n               pushgate install\n"), "{screen}");
    assert!(screen.contains("\n1 thing is broken\n"), "{screen}");
    let shown = crate::support::story::in_terminal(
        &shop,
        &format!("stty rows 24 cols 20; TERM=xterm '{PUSHGATE}' doctor"),
    );
    let text = shown
        .stderr
        .replace("\u{1b}[1m", "")
        .replace("\u{1b}[31m", "")
        .replace("\u{1b}[36m", "")
        .replace("\u{1b}[0m", "");
    assert!(text.contains("  broken\n    .git/hooks/pre-push\n    is missing:\n    pushes are not\n    judged\n        pushgate install\n"), "{text}");
    assert!(
        shown.stderr.contains("\u{1b}[1m\u{1b}[31mbroken\u{1b}[0m"),
        "{shown}"
    );
}

/// The PATH that an editor may have.
fn bare() -> &'static str {
    "/usr/bin:/bin"
}
