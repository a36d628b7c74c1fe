//! Why the gate `suite` refuses.

use std::{path::PathBuf, time::Duration};

use bstr::BString;

use crate::{
    gates::{
        facts::{Ending, Mismatch},
        refusal::Explanation,
    },
    policy::{FILE, Forge},
    push::Oid,
    text::{printable, signal_name, span},
};

/// The suite did not pass on exactly what is pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// This push is made by the suite that runs; it would wait for itself.
    InsideSuite { process: u32 },
    /// Nothing names the command that runs the tests; the project's files may suggest several.
    NoSuite { candidates: Vec<String> },
    /// The checkout is not the pushed tree; `after`: only since the suite has run.
    Checkout {
        pushed: Oid,
        mismatch: Mismatch,
        after: bool,
    },
    /// A step did not pass.
    Failed {
        step: String,
        ending: Ending,
        log: Option<PathBuf>,
    },
    /// The suite passed, but its output does not match the regular expression of the policy.
    Unexpected {
        expected: String,
        log: Option<PathBuf>,
    },
    /// The checks of a forge have not passed.
    Checks(Box<Checks>),
    /// The suite passed, but since then git calls no gate before a push.
    GateGone,
    /// The suite passed, but the server closed git's connection meanwhile.
    Disconnected { took: Duration },
}

/// The checks of one commit on a forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checks {
    pub forge: Forge,
    /// The commit as the forge names it: `acme/shop@1a2b3c4`.
    pub asked: String,
    pub commit: Oid,
    pub remote: String,
    /// A line for each check that did not pass.
    pub red: Vec<String>,
    /// The checks that the policy names and the forge does not have.
    pub missing: Vec<String>,
}

impl Refusal {
    pub(crate) fn explain(&self) -> Explanation {
        match self {
            Self::InsideSuite { process } => Explanation::new(
                format!(
                    "this push comes from inside the suite that runs (process {process}), and would wait for it for ever"
                ),
                [
                    "have the suite push a repository that it made itself, or set PUSHGATE_SKIP=suite for that push",
                ],
            ),
            Self::NoSuite { candidates } => Explanation::new(
                if candidates.is_empty() {
                    "nothing says what runs your tests".to_owned()
                } else {
                    let candidates = candidates.join("`, `");
                    format!("which of these runs your entire suite? `{candidates}`")
                },
                [format!(
                    "set `suite.run` in {FILE}, and commit it:\n    suite:\n      run: COMMAND"
                )],
            ),
            Self::Checkout {
                pushed,
                mismatch,
                after,
            } => not_the_tree(pushed.short(), mismatch, *after),
            Self::Failed { step, ending, log } => {
                let (what, hint) = ended(ending);
                let step = printable(step.as_bytes().as_ref());
                Explanation::new(
                    format!("`{step}` {what}{}", whole_output(log.as_ref())),
                    [hint],
                )
            }
            Self::Unexpected { expected, log } => Explanation::new(
                format!(
                    "passed, but nothing in its output matches `{expected}`{}",
                    whole_output(log.as_ref())
                ),
                [format!(
                    "see that its tests run, or fix `suite.expect` in {FILE}"
                )],
            ),
            Self::Checks(checks) => checks.explain(),
            Self::GateGone => Explanation::new(
                "passed, but took the gate away: git does not call it before the next push",
                [
                    "pushgate install",
                    "keep the suite from setting up hooks: npm ci --ignore-scripts, HUSKY=0, or `suite.in: worktree` with a HOME of its own",
                ],
            ),
            Self::Disconnected { took } => Explanation::new(
                format!(
                    "passed in {}, but the server closed git's connection meanwhile",
                    span(*took)
                ),
                [
                    "push again: it will go at once",
                    "run pushgate check before the next push, or set ServerAliveInterval in ~/.ssh/config",
                ],
            ),
        }
    }
}

fn whole_output(log: Option<&PathBuf>) -> String {
    match log {
        Some(log) => format!("\n    whole output: {}", log.display()),
        None => String::new(),
    }
}

fn ended(ending: &Ending) -> (String, String) {
    match ending {
        Ending::Failed(code) => (
            format!("failed with exit code {code}"),
            "fix it, commit, and push again".to_owned(),
        ),
        Ending::Killed(signal) => (
            format!("was ended by {}", signal_name(*signal)),
            "fix it, commit, and push again".to_owned(),
        ),
        Ending::CouldNotRun(why) => (
            format!("could not run: {why}"),
            format!(
                "try it by hand from the top of the repository; `suite.run` of {FILE} names it"
            ),
        ),
        Ending::NotFound { program, path } => (
            format!(
                "could not run: `{program}` is in no directory of the PATH\n    searched: {path}"
            ),
            format!(
                "an interactive shell may have a longer PATH (~/.bashrc, rbenv, nvm): `command -v {program}` tells where it is; set PATH for every program, or name it in full in `suite.run` of {FILE}"
            ),
        ),
        Ending::TimedOut(limit) => (
            format!(
                "took longer than its limit of {} and was stopped",
                span(*limit)
            ),
            format!("fix what hangs, or raise `suite.timeout` in {FILE}"),
        ),
        Ending::WantsTerminal => (
            "wanted the terminal, which a suite in the background may not have".to_owned(),
            format!("have it ask nothing, or set `suite.interactive: true` in {FILE}"),
        ),
    }
}

fn not_the_tree(pushed: &str, mismatch: &Mismatch, after: bool) -> Explanation {
    match mismatch {
        Mismatch::OtherTree { head } => Explanation::new(
            match head.as_ref().map(Oid::short) {
                Some(head) if after => {
                    format!("while the suite ran, {head} was checked out; {pushed} is pushed")
                }
                Some(head) => format!(
                    "you push {pushed}, but {head} is checked out: its tests would prove nothing"
                ),
                None => format!("you push {pushed}, but nothing is checked out"),
            },
            [format!("git switch --detach {pushed}, then push again")],
        ),
        Mismatch::Changed(files) | Mismatch::Submodules(files) => {
            let is_submodules = matches!(mismatch, Mismatch::Submodules(_));
            let files = list(
                files,
                if is_submodules {
                    "with changes in a submodule"
                } else {
                    "changed or untracked"
                },
            );
            let is_not = format!("the checkout is not {pushed}: {files}");
            if after {
                Explanation::new(
                    format!("after the suite, {is_not}"),
                    [
                        "have the suite leave the tree as it was, or ignore in .gitignore what it writes",
                    ],
                )
            } else if is_submodules {
                Explanation::new(
                    is_not,
                    [
                        "git submodule foreach --recursive git stash --include-untracked",
                        "git submodule update --recursive",
                        "or commit what is in it, there and here; then push again",
                    ],
                )
            } else {
                Explanation::new(
                    is_not,
                    ["commit them, or git stash --include-untracked, then push again"],
                )
            }
        }
        Mismatch::Hidden(files) => Explanation::new(
            format!(
                "the checkout may not be {pushed}: {}",
                list(files, "hidden from git status")
            ),
            [
                "git update-index --no-assume-unchanged --no-skip-worktree FILE, then commit or restore it",
                "in a sparse checkout: git sparse-checkout disable, or `suite.in: worktree`",
            ],
        ),
    }
}

/// Names the first few files: `3 files changed: a, b, c`.
fn list(files: &[BString], what: &str) -> String {
    const MOST: usize = 5;
    let names: Vec<_> = files
        .iter()
        .take(MOST)
        .map(|file| printable(file.as_ref()))
        .collect();
    let more = match files.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let noun = if files.len() == 1 { "file" } else { "files" };
    format!("{} {noun} {what}: {}{more}", files.len(), names.join(", "))
}

impl Checks {
    fn explain(&self) -> Explanation {
        const MOST: usize = 10;
        let (forge, asked) = (self.forge.name(), &self.asked);
        let missing = self.missing.len();
        let (why, hints) = match (self.red.len(), missing) {
            (0, 0) => {
                return Explanation::new(
                    format!("no check of {asked} has passed on {forge}"),
                    [format!(
                        "see that {forge} checks what is pushed to {}, and that {} is there",
                        self.remote,
                        self.commit.short()
                    )],
                );
            }
            (0, _) => (
                format!("{asked} lacks {} on {forge}:", number(missing)),
                vec![format!(
                    "see that they run, or fix `suite.checks` in {FILE}"
                )],
            ),
            (red, _) => {
                let and_missing = match missing {
                    0 => String::new(),
                    1 => ", and 1 is not there".to_owned(),
                    more => format!(", and {more} are not there"),
                };
                (
                    format!(
                        "{} of {asked} did not pass on {forge}{and_missing}:",
                        number(red)
                    ),
                    vec![
                        "fix it, commit, and push again".to_owned(),
                        "or have it run once more there, then push again".to_owned(),
                    ],
                )
            }
        };
        let missing = (self.missing.iter())
            .map(|name| format!("`{}`: not there", printable(name.as_bytes().into())));
        let mut lines: Vec<_> = self.red.iter().cloned().chain(missing).collect();
        if lines.len() > MOST {
            let more = lines.split_off(MOST).len();
            lines.push(format!("and {more} more"));
        }
        Explanation::new(format!("{why}\n    {}", lines.join("\n    ")), hints)
    }
}

fn number(checks: usize) -> String {
    match checks {
        1 => "1 check".to_owned(),
        more => format!("{more} checks"),
    }
}
