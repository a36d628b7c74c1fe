//! `pushgate doctor`: every line that it can print, and every cure tried as it is printed.

mod bad_input;
mod hook;
mod hook_files;
mod policy;
mod program;
mod remotes;
mod suite;
mod time_and_memory;

use std::{fs, path::Path, process::Command};

use crate::support::{PUSHGATE, Ran, Sandbox, tmux::Terminal};

/// The directory of the program under test, then PATH.
fn path() -> String {
    let directory = Path::new(PUSHGATE).parent().unwrap().display();
    format!("{directory}:{}", std::env::var("PATH").unwrap())
}

/// Where and how doctor is called.
struct Visit<'v> {
    shop: &'v Sandbox,
    directory: std::path::PathBuf,
    variables: Vec<(&'v str, String)>,
}

fn visit(shop: &Sandbox) -> Visit<'_> {
    Visit {
        shop,
        directory: shop.app.clone(),
        variables: vec![("PATH", path())],
    }
}

impl<'v> Visit<'v> {
    fn with(mut self, name: &'v str, value: impl Into<String>) -> Self {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.into()));
        self
    }

    fn from(mut self, directory: impl AsRef<Path>) -> Self {
        self.directory = self.directory.join(directory);
        self
    }

    fn command(&self, program: &str) -> Command {
        let mut command = self.shop.command(program);
        command
            .current_dir(&self.directory)
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// What doctor prints.
    #[track_caller]
    fn doctor(&self) -> Told<'_> {
        self.read(Ran::of(self.command(PUSHGATE).arg("doctor")))
    }

    #[track_caller]
    fn read(&self, ran: Ran) -> Told<'_> {
        assert_eq!(ran.stderr, "", "{ran}");
        let items = items(&ran.stdout);
        let worst = items.iter().any(|item| item.state == "broken");
        assert_eq!(ran.code, i32::from(worst), "{ran}");
        Told {
            visit: self,
            items,
            ran,
        }
    }
}

/// What doctor has told.
struct Told<'t> {
    visit: &'t Visit<'t>,
    items: Vec<Item>,
    ran: Ran,
}

/// One of its lines, with the lines that follow on from it.
#[derive(Clone, Debug, Default, PartialEq)]
struct Item {
    group: String,
    state: String,
    text: String,
    runs: Vec<String>,
    hints: Vec<String>,
}

/// Takes the report apart: groups at the margin, a state before each line, then its cures.
fn items(report: &str) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut group = String::new();
    let (report, _) = report
        .trim_end()
        .rsplit_once("\n\n")
        .unwrap_or((report, ""));
    for line in report.lines() {
        if !line.starts_with(' ') {
            line.clone_into(&mut group);
            continue;
        }
        let deep = line.starts_with(&" ".repeat(11));
        let text = line.trim();
        let last = items.last_mut();
        match (
            text.strip_prefix("run: "),
            text.strip_prefix("hint: "),
            last,
        ) {
            (Some(command), _, Some(last)) if deep => last.runs.push(command.to_owned()),
            (_, Some(words), Some(last)) if deep => last.hints.push(words.to_owned()),
            (_, _, Some(last)) if deep => {
                let place = match last.hints.last_mut() {
                    Some(hint) => hint,
                    None => &mut last.text,
                };
                *place = format!("{place} {text}");
            }
            _ => {
                let (state, text) = text.split_once(' ').unwrap_or_else(|| panic!("{report}"));
                items.push(Item {
                    group: group.clone(),
                    state: state.to_owned(),
                    text: text.trim().to_owned(),
                    ..Item::default()
                });
            }
        }
    }
    items
}

impl Told<'_> {
    #[track_caller]
    fn item(&self, state: &str, text: &str) -> &Item {
        let found = self
            .items
            .iter()
            .find(|item| item.state == state && item.text.contains(text));
        found.unwrap_or_else(|| panic!("nothing is {state} like `{text}`:\n{}", self.ran))
    }

    /// Says that this is as it should be.
    #[track_caller]
    fn ok(&self, text: &str) -> &Self {
        assert_eq!(self.item("ok", text).runs, [""; 0], "{}", self.ran);
        self
    }

    #[track_caller]
    fn warns(&self, text: &str) -> Ill<'_> {
        Ill {
            visit: self.visit,
            item: self.item("warning", text),
        }
    }

    #[track_caller]
    fn breaks(&self, text: &str) -> Ill<'_> {
        Ill {
            visit: self.visit,
            item: self.item("broken", text),
        }
    }

    /// Says nothing like this.
    #[track_caller]
    fn lacks(&self, text: &str) -> &Self {
        let found = self.items.iter().find(|item| item.text.contains(text));
        assert_eq!(found, None, "{}", self.ran);
        self
    }

    /// Has nothing to complain of.
    #[track_caller]
    fn is_well(&self) -> &Self {
        assert!(self.ran.stdout.ends_with("\nall is well\n"), "{}", self.ran);
        assert!(
            self.items.iter().all(|item| item.state == "ok"),
            "{}",
            self.ran
        );
        self
    }
}

/// A warning, or something broken.
struct Ill<'i> {
    visit: &'i Visit<'i>,
    item: &'i Item,
}

impl Ill<'_> {
    /// The cure is a command that has this.
    #[track_caller]
    fn runs(&self, command: &str) -> &Self {
        let found = self.item.runs.iter().any(|run| run.contains(command));
        assert!(found, "{:?}", self.item);
        self
    }

    /// The cure is told in words like these.
    #[track_caller]
    fn hints(&self, words: &str) -> &Self {
        let found = self.item.hints.iter().any(|hint| hint.contains(words));
        assert!(found, "{:?}", self.item);
        self
    }

    /// The cure works, run as it is printed: doctor no longer says it.
    #[track_caller]
    fn is_cured(&self) {
        self.is_cured_by(&self.item.runs.join("\n"));
    }

    /// The same with the hint that holds a command, and after these words of the shell.
    #[track_caller]
    fn is_cured_by(&self, commands: &str) {
        assert_ne!(commands, "", "{:?}", self.item);
        let script = format!("set -e\n{{ {commands}\n}} >/dev/null\nexec '{PUSHGATE}' doctor");
        let ran = Ran::of(self.visit.command("sh").args(["-c", &script]));
        assert!(ran.stdout.starts_with("program\n"), "{commands}: {ran}");
        let same = items(&ran.stdout)
            .into_iter()
            .find(|item| item.text == self.item.text && item.state != "ok");
        assert_eq!(same, None, "{commands} does not cure it: {ran}");
    }
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
  ok       the hook finds it, under the short PATH of an editor, too
  ok       {}
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
  ok       the team has left no notes yet
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
    assert!(!shop.app.join(".git/pushgate").exists());
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
    let plain = visit(&shop).with("TERM", "dumb").doctor_text();
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
    assert!(screen.contains("  broken   .git/hooks/pre-push is missing: pushes are not judged\n           run: pushgate install\n"), "{screen}");
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
    assert!(text.contains("  broken\n    .git/hooks/pre-push\n    is missing:\n    pushes are not\n    judged\n    run: pushgate install\n"), "{text}");
    assert!(
        shown.stderr.contains("\u{1b}[1m\u{1b}[31mbroken\u{1b}[0m"),
        "{shown}"
    );
}

impl Visit<'_> {
    fn doctor_text(&self) -> String {
        Ran::of(self.command(PUSHGATE).arg("doctor")).stdout
    }
}

/// The PATH that an editor may have.
fn bare() -> &'static str {
    "/usr/bin:/bin"
}
