//! What a program did, compared whole: `ran.is(expect![[..]])`.
//!
//! `UPDATE_EXPECT=1 tests/run [TEST...]` writes what came out into the tests.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

use expect_test::Expect;
use regex_lite::{Captures, Regex};

use super::{PUSHGATE, Ran};

impl Ran {
    /// The exit code, the standard output and the standard error are these, where what differs from one
    /// run to the next has a name in brackets: a commit is called by its subject, with a stroke where
    /// another has the same.
    #[track_caller]
    pub fn is(self, expected: &Expect) -> Self {
        expected.assert_eq(&self.named());
        self
    }

    fn named(&self) -> String {
        let mut text = format!("exit {}\n", self.code);
        for (name, output) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !output.is_empty() {
                text += &format!("--- {name}\n{output}");
            }
        }
        let text = with_names(&text.replace(PUSHGATE, "[pushgate]"));
        let mut names = BTreeMap::<String, String>::new();
        let id = pattern(r"\b([0-9a-f]{40}|[0-9a-f]{7})\b");
        let name = |found: &Captures<'_>| {
            let short = &found[0][..7];
            if !names.contains_key(short) {
                let Some(mut name) = self.subject(short) else {
                    return found[0].to_owned();
                };
                while names.values().any(|other| *other == name) {
                    name += "'";
                }
                names.insert(short.to_owned(), name);
            }
            let whole = if found[0].len() == 40 { " whole" } else { "" };
            format!("[{}{whole}]", names[short])
        };
        id.replace_all(&text, name).into_owned()
    }

    /// A commit's subject, by a repository in or beside the place where the program ran.
    fn subject(&self, id: &str) -> Option<String> {
        let place = self.place.as_deref().unwrap_or(Path::new("/"));
        let around = [Some(place), place.parent()].into_iter().flatten();
        let around = around.filter_map(|directory| directory.read_dir().ok());
        let around = around.flatten().flatten().map(|entry| entry.path());
        let places = [place.to_owned()].into_iter().chain(around);
        let ask = |place: PathBuf| {
            let mut git = Command::new("git");
            git.arg("-C").arg(place);
            let output = git.args(["log", "-1", "--format=%s", id]).output().ok()?;
            let subject = String::from_utf8_lossy(&output.stdout)
                .trim_end()
                .to_owned();
            (output.status.success() && !subject.is_empty()).then_some(subject)
        };
        places.filter(|place| place.is_dir()).find_map(ask)
    }
}

/// The text with names for places, measured times, processes and ports.
fn with_names(text: &str) -> String {
    let names = [
        (r"/[^\s'`:]*/shop-[0-9A-Za-z]{6}", "[root]"),
        (r"\b(in|after) ([0-9]+m )?[0-9.]+ ?m?s\b", "$1 [time]"),
        (r"/app-[0-9a-f]{16}/", "/[cache]/"),
        (r"logs/[0-9T]+-[0-9]+\.log", "logs/[log]"),
        (r"\(process [0-9]+", "(process [pid]"),
        (r"127\.0\.0\.1:[0-9]+", "127.0.0.1:[port]"),
        (r"searched: [^\n]+", "searched: [PATH]"),
    ];
    let name = |text: String, (what, name): (&str, &str)| {
        pattern(what).replace_all(&text, name).into_owned()
    };
    names.into_iter().fold(text.to_owned(), name)
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap()
}
