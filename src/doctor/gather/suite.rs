//! The suite's commands, looked for where they would run.

use std::{
    collections::HashMap,
    path::{Component, Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use nix::unistd::{AccessFlags, access};

use super::place::Place;
use crate::{
    ci,
    doctor::{
        facts::{AskedCi, Found, Step, Suite},
        first_word,
    },
    gates::{Explanation, Stop, Work, receipt::steps, verdict::Trouble},
    git::Real,
    policy::{self, In, Policy},
    process::program::run_within,
    push::Oid,
    suite::environment::scrubbed,
};

/// A shell that says what a word means to it needs no longer.
pub(crate) const LIMIT: Duration = Duration::from_secs(5);

pub(crate) fn look(world: &Real, policy: &Policy, commit: Option<&Oid>, place: &Place) -> Suite {
    let suite = &policy.suite;
    if let Some(ci) = &suite.ci {
        let project = ci::find(world, ci.forge, &policy.trunk.remote).map_err(Trouble::from);
        return Suite {
            steps: Ok(Vec::new()),
            is_detected: false,
            last_took: None,
            place: suite.place,
            nowhere: None,
            ci: Some(AskedCi {
                forge: ci.forge,
                project: project.map(|(_, project)| format!("{}/{}", project.host, project.path)),
                checks: ci.checks.clone(),
            }),
        };
    }
    let steps = match commit {
        Some(commit) => steps(policy, commit, &world.world()),
        None => Ok(suite.steps.clone()),
    };
    let last_took = match (&steps, commit) {
        (Ok(steps), Some(commit)) => world
            .last_took(&Work {
                commit,
                suite,
                steps,
                remote: &policy.trunk.remote,
            })
            .ok()
            .flatten(),
        _ => None,
    };
    let mut nowhere = None;
    let top = match suite.place {
        In::Checkout => world.work_tree().map(Path::to_owned),
        In::Worktree => match world.suite_worktree() {
            Ok(worktree) => Some(worktree.top()).filter(|top| top.is_dir()),
            Err(trouble) => {
                nowhere = Some(trouble);
                None
            }
        },
    };
    if suite.place == In::Checkout && top.is_none() {
        nowhere = Some(Trouble::Bare);
    }
    let mut finder = Finder {
        world,
        place,
        commit,
        is_worktree: suite.place == In::Worktree,
        tops: top
            .iter()
            .map(PathBuf::as_path)
            .chain(world.work_tree())
            .collect(),
        known: HashMap::new(),
    };
    Suite {
        is_detected: suite.steps.is_empty(),
        steps: match &steps {
            Ok(steps) => Ok(steps.iter().map(|step| finder.step(step)).collect()),
            Err(Stop::Refused(refusal)) => {
                let Explanation { why, hints } = refusal.explain();
                Err((why, hints))
            }
            Err(Stop::Undecided(trouble)) => Err((trouble.in_one_line(), trouble.cures())),
        },
        last_took,
        place: suite.place,
        nowhere,
        ci: None,
    }
}

/// The path without its dots, which no tree has.
pub(crate) fn plain(path: &Path) -> PathBuf {
    let is_dot = |part: &Component<'_>| *part == Component::CurDir;
    path.components().filter(|part| !is_dot(part)).collect()
}

pub(crate) struct Finder<'f> {
    world: &'f Real,
    place: &'f Place,
    commit: Option<&'f Oid>,
    is_worktree: bool,
    /// The trees that the suite may find its files in.
    tops: Vec<&'f Path>,
    /// What the shell said of words without a slash.
    known: HashMap<String, Found>,
}

impl Finder<'_> {
    pub(crate) fn step(&mut self, step: &policy::Step) -> Step {
        let word = first_word(&step.run).map(str::to_owned);
        let dir = Path::new(step.dir.as_deref().unwrap_or_default());
        let (found, path) = match &word {
            _ if !self.has_directory(dir) => (Found::NoDirectory, None),
            Some(word) if word.contains('/') => self.file(&plain(&dir.join(word))),
            Some(word) => (self.command(word), None),
            None => (Found::There, None),
        };
        Step {
            name: step
                .name
                .clone()
                .unwrap_or_else(|| step.run.trim().to_owned()),
            word,
            path,
            found,
        }
    }

    pub(crate) fn has_directory(&self, dir: &Path) -> bool {
        // A worktree is made anew: what the commit has, it will have.
        self.is_worktree
            || self.tops.is_empty()
            || self.tops.iter().any(|top| top.join(dir).is_dir())
    }

    /// A file of the repository, or of the machine where the path is whole.
    pub(crate) fn file(&self, path: &Path) -> (Found, Option<String>) {
        if self.is_worktree
            && let Some(runs) = self
                .commit
                .and_then(|commit| self.world.runs_in(commit, path))
        {
            let found = if runs {
                Found::There
            } else {
                Found::NotExecutable
            };
            let here = self
                .world
                .work_tree()
                .map(|top| self.place.name(&top.join(path)));
            return (found, here);
        }
        let is_there = |path: &PathBuf| path.is_file();
        match self.tops.iter().map(|top| top.join(path)).find(is_there) {
            Some(file) if access(&file, AccessFlags::X_OK).is_ok() => (Found::There, None),
            Some(file) => (Found::NotExecutable, Some(self.place.name(&file))),
            None if self.tops.is_empty() => (Found::There, None),
            None => (Found::Missing, None),
        }
    }

    /// A word that the shell of the suite looks up: a program, or one of its own.
    pub(crate) fn command(&mut self, word: &str) -> Found {
        if let Some(found) = self.known.get(word) {
            return *found;
        }
        let mut command = Command::new("sh");
        command
            .args(["-c", "command -v \"$1\"", "sh", word])
            .current_dir(self.tops.first().copied().unwrap_or(Path::new("/")))
            .stdin(Stdio::null());
        for name in scrubbed(self.world.git()).unwrap_or_default() {
            command.env_remove(name);
        }
        let found = match run_within(command, LIMIT) {
            Ok(Some(said)) if !said.is_ok() => Found::Missing,
            // Without a shell nobody can tell, and the suite will.
            _ => Found::There,
        };
        self.known.insert(word.to_owned(), found);
        found
    }
}
