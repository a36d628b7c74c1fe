//! What a deploy or a rollback is to do, whether it can be done, and the verdict on each of its pushes.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    path::{Path, PathBuf},
};

use bstr::BString;

use super::{
    super::{Error, say_misspelt},
    Target,
};
use crate::{
    app::{
        answers::PushRunner,
        decide::{Event, Pending, judge},
        message::Message,
        overrides::{BadWord, Overrides},
    },
    cure::command,
    gates::{
        EnvironmentRemotes, LocalRepository as _, Stop,
        promotion::not_released,
        verdict::{Contents, Decision, Gate, Outcome},
    },
    git::Repository,
    policy::Environment,
    process::{detached::says_dry_run, find},
    push::{Deploy, Oid, Push, Update, variables::COMMIT},
    report,
    text::printable,
};

/// What is to be deployed where, and how.
pub(in crate::commands) struct Plan<'p> {
    pub(in crate::commands) world: &'p Repository,
    pub(in crate::commands) environment: &'p Environment,
    pub(in crate::commands) of: &'p EnvironmentRemotes,
    pub(in crate::commands) commit: &'p Oid,
    /// What a person calls the commit.
    pub(in crate::commands) source: &'p str,
    /// What a person types to do this.
    pub(in crate::commands) typed: Deploy,
    pub(in crate::commands) overrides: Result<Overrides, BadWord>,
    /// Whether git is told to take commits away.
    pub(in crate::commands) forces: bool,
    /// Whether the person was told what goes out.
    pub(in crate::commands) is_told: bool,
}

/// What the verdicts of one deploy have said.
#[derive(Default)]
pub(super) struct Told {
    passed: BTreeSet<(Gate, String)>,
    contents: Vec<Contents>,
}

impl Plan<'_> {
    /// Fails where nothing could deploy, which is better known before a suite has run.
    pub(in crate::commands) fn must_be_possible(&self) -> Result<(), Error> {
        let words = self.typed.command.iter();
        let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
        match self.typed.command.first() {
            Some(git) if git == "git" && says_dry_run(&words) => {
                Err(Stop::undecided("a dry run of `git push` deploys nothing"))
            }
            Some(program) if path_of(program).is_some() => Ok(()),
            Some(program) => {
                let what = format_args!("run `{}`", self.program());
                let why = if Path::new(program).exists() {
                    "it may not be executed"
                } else {
                    "it is not on PATH"
                };
                Err(Stop::failed(what, &why))
            }
            None if !self.of.is_remembered => Ok(()),
            None if self.typed.is_rollback => {
                let what = format!("no git remote leads to {}", self.of.environment);
                Err(self.by_command(Stop::undecided(what)))
            }
            None => Err(self.of.unknown()),
        }
    }

    /// Says what to do where git cannot go back.
    fn by_command(&self, stop: Stop) -> Stop {
        let environment = &*self.of.environment;
        let words = format!("name the command that does; it gets {COMMIT}");
        stop.cure(
            words,
            [command([
                "pushgate",
                "rollback",
                environment,
                "--",
                "COMMAND",
            ])],
        )
    }

    /// Leaves out where `git push` has nothing to do, and fails where that does not help.
    pub(super) fn without_done(&self, targets: Vec<Target>) -> Result<Vec<Target>, Error> {
        let mut left = Vec::new();
        for target in targets {
            if !self.typed.command.is_empty() || target.git.as_ref() != Some(self.commit) {
                left.push(target);
                continue;
            }
            let (destination, id) = (&target.remote.destination, self.commit.short());
            let has = format!("{destination} has {id} already");
            if let Some(live) = target.live.filter(|live| live != self.commit) {
                let stop = Stop::undecided(format!("{has}, and runs {}", live.short()));
                return Err(if self.typed.is_rollback {
                    self.by_command(stop)
                } else {
                    not_released(stop, "", &live, self.world)?
                });
            }
            report::say(&has);
        }
        Ok(left)
    }

    /// Whether git has commits at one of them that are not in the commit's past; a command deploys without git.
    pub(in crate::commands) fn takes_away(&self, targets: &[Target]) -> Result<bool, Error> {
        for git in targets.iter().filter_map(|target| target.git.as_ref()) {
            // What is not here is refused, and fetched.
            let is_past = self.is_past(git)?.unwrap_or(true);
            if self.typed.command.is_empty() && !is_past {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a commit is in the past of the one that is deployed; `None` where it is not here.
    pub(super) fn is_past(&self, git: &Oid) -> Result<Option<bool>, Error> {
        (self.world).is_past(git, self.commit, &self.of.expected)
    }

    /// The pushes to one target as git would describe them to the hook, one for each URL. A command replaces what
    /// runs.
    pub(super) fn pushes(&self, target: &Target) -> Vec<Push> {
        let replaces = match self.typed.command[..] {
            [] => &target.git,
            _ => &target.live,
        };
        let push = |url: &BString| Push {
            remote: target.remote.name.clone(),
            url: url.clone(),
            updates: vec![self.update(target, replaces.clone())],
            deploy: Some(self.typed.clone()),
            is_dry: false,
        };
        target.remote.urls.iter().map(push).collect()
    }

    pub(super) fn update(&self, target: &Target, replaces: Option<Oid>) -> Update {
        Update::of_branch(self.source, self.commit, &target.branch, replaces)
    }

    /// The command line that does the same again, its overrides included.
    pub(in crate::commands) fn again(&self, yes: bool) -> String {
        let typed = Deploy {
            yes: yes || self.typed.yes,
            ..self.typed.clone()
        };
        let given = self.overrides.as_ref();
        let given = given.map_or(String::new(), |given| given.written(Some(&typed)));
        given + &typed.again()
    }

    /// Judges a push. `told`: what the verdicts on others have said, which is not said again.
    pub(super) fn judge(&self, push: &Push, told: &mut Told) -> Result<Pending, Error> {
        let runner = PushRunner::new(self.world, &report::Stderr, true, None);
        let overrides = self.overrides.as_ref();
        let mut pending = judge(push, Event::Deploy, self.world, &runner, overrides);
        say_misspelt(&mut pending);
        for message in &mut pending.messages {
            let Message::Verdict(_, verdict) = message else {
                continue;
            };
            if verdict.decision() == Decision::Go {
                verdict.answers.retain(|(gate, outcome)| match outcome {
                    Outcome::Passed(why) => told.passed.insert((*gate, why.clone())),
                    _ => true,
                });
            }
            if let Some(contents) = &verdict.contents {
                let is_known = told.contents.contains(contents);
                told.contents.push(contents.clone());
                if self.is_told || is_known {
                    verdict.contents = None;
                }
            }
        }
        report::messages(&pending.messages);
        if pending.exit_code() == 0 && !pending.is_governed() {
            let what = format!("nothing governs a push to {}", self.of.environment);
            return Err(Stop::undecided(what).cure("see why", ["pushgate doctor"]));
        }
        Ok(pending)
    }

    /// The program that deploys in place of `git push`, for messages.
    pub(super) fn program(&self) -> String {
        let program = self.typed.command.first();
        let program = program.map_or(&b""[..], |program| program.as_encoded_bytes());
        printable(program.into())
    }
}

/// Says what goes out, or why that is not known; `remote` is where a shallow clone would be deepened from.
pub(in crate::commands) fn say_contents(
    commit: &Oid,
    live: Option<&Oid>,
    remote: &str,
    world: &Repository,
) {
    match Contents::of(commit, live, remote, world) {
        Ok(contents) => report::print(&contents),
        Err(error) => report::warn(&format!("what goes is not known: {}", error.in_one_line())),
    }
}

/// Where a program is: what names no file is looked for on PATH.
pub(super) fn path_of(program: &OsStr) -> Option<PathBuf> {
    match program.to_str() {
        Some(name) if !name.contains('/') => find(name),
        _ => which::which(program).ok(),
    }
}
