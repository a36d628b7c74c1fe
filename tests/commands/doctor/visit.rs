//! A call of doctor, its report taken apart, and its cures run as they are printed.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::path;
use crate::support::{PUSHGATE, Ran, Sandbox};

/// Where and how doctor is called.
pub(super) struct Visit<'v> {
    pub(super) shop: &'v Sandbox,
    pub(super) directory: PathBuf,
    pub(super) variables: Vec<(&'v str, String)>,
}

pub(super) fn visit(shop: &Sandbox) -> Visit<'_> {
    Visit {
        shop,
        directory: shop.app.clone(),
        variables: vec![("PATH", path())],
    }
}

impl<'v> Visit<'v> {
    pub(super) fn with(mut self, name: &'v str, value: impl Into<String>) -> Self {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.into()));
        self
    }

    pub(super) fn from(mut self, directory: impl AsRef<Path>) -> Self {
        self.directory = self.directory.join(directory);
        self
    }

    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = self.shop.command(program);
        command
            .current_dir(&self.directory)
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// What doctor prints.
    #[track_caller]
    pub(super) fn doctor(&self) -> Told<'_> {
        self.read(Ran::of(self.command(PUSHGATE).arg("doctor")))
    }

    #[track_caller]
    pub(super) fn read(&self, ran: Ran) -> Told<'_> {
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
pub(super) struct Told<'t> {
    pub(super) visit: &'t Visit<'t>,
    pub(super) items: Vec<Item>,
    pub(super) ran: Ran,
}

/// One of its lines, with the lines that follow on from it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Item {
    pub(super) group: String,
    pub(super) state: String,
    pub(super) text: String,
    pub(super) runs: Vec<String>,
    pub(super) hints: Vec<String>,
}

/// Takes the report apart: groups at the margin, a state before each line, then its cures.
pub(super) fn items(report: &str) -> Vec<Item> {
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
        // A command stands alone on its line.
        let command = line.strip_prefix(&" ".repeat(15));
        match (command, text.strip_prefix("hint: "), last) {
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
    pub(super) fn item(&self, state: &str, text: &str) -> &Item {
        let found = self
            .items
            .iter()
            .find(|item| item.state == state && item.text.contains(text));
        found.unwrap_or_else(|| panic!("nothing is {state} like `{text}`:\n{}", self.ran))
    }

    /// Says that this is as it should be.
    #[track_caller]
    pub(super) fn ok(&self, text: &str) -> &Self {
        assert_eq!(self.item("ok", text).runs, [""; 0], "{}", self.ran);
        self
    }

    #[track_caller]
    pub(super) fn warns(&self, text: &str) -> Ill<'_> {
        Ill {
            visit: self.visit,
            item: self.item("warning", text),
        }
    }

    #[track_caller]
    pub(super) fn breaks(&self, text: &str) -> Ill<'_> {
        Ill {
            visit: self.visit,
            item: self.item("broken", text),
        }
    }

    /// Says nothing like this.
    #[track_caller]
    pub(super) fn lacks(&self, text: &str) -> &Self {
        let found = self.items.iter().find(|item| item.text.contains(text));
        assert_eq!(found, None, "{}", self.ran);
        self
    }

    /// Has nothing to complain of.
    #[track_caller]
    pub(super) fn is_well(&self) -> &Self {
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
pub(super) struct Ill<'i> {
    pub(super) visit: &'i Visit<'i>,
    pub(super) item: &'i Item,
}

impl Ill<'_> {
    /// The cure is a command that has this.
    #[track_caller]
    pub(super) fn runs(&self, command: &str) -> &Self {
        let found = self.item.runs.iter().any(|run| run.contains(command));
        assert!(found, "{:?}", self.item);
        self
    }

    /// The cure is told in words like these.
    #[track_caller]
    pub(super) fn hints(&self, words: &str) -> &Self {
        let found = self.item.hints.iter().any(|hint| hint.contains(words));
        assert!(found, "{:?}", self.item);
        self
    }

    /// The cure works, run as it is printed: doctor no longer says it.
    #[track_caller]
    pub(super) fn is_cured(&self) {
        self.is_cured_by(&self.item.runs.join("\n"));
    }

    /// The same with the hint that holds a command, and after these words of the shell.
    #[track_caller]
    pub(super) fn is_cured_by(&self, commands: &str) {
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
