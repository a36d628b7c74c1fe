//! Carries out a deploy or a rollback: all destinations are judged, then the commit is pushed to one after
//! the other, or the command runs, and what went live is recorded and shared.

use std::{
    ffi::OsString,
    fmt::Display,
    io,
    process::{Child, Command},
};

use bstr::{BString, ByteSlice};
use jiff::Timestamp;

use super::super::{Done, Error, check::deployed_branch, say_misspelt};
use crate::{
    app::{
        answers::{PushRunner, SystemClock},
        decide::{Event, Pending, Stopped, judge},
        follow_up::share,
        overrides::{BadWord, Overrides},
        pipeline_tips::PipelineTips,
        settle::{Ask, settle},
    },
    cure::command,
    gates::{
        Clock, EnvironmentRemotes, Memory, Remotes, Undecided,
        verdict::{Contents, TrunkName},
    },
    git::{Repository, network::LIMIT},
    memory::permit::{Permit, Permitted},
    policy::Environment,
    process::{child::ChildWatch, foreground, signals},
    push::{
        Deploy, Oid, Push, Update,
        url::redact,
        variables::{COMMIT, DEPLOY, ENVIRONMENT, REPLACES},
    },
    report,
    text::printable,
};

/// What is to be deployed where, and how.
pub(in crate::commands) struct Plan<'p> {
    pub(in crate::commands) world: &'p Repository,
    pub(in crate::commands) of: &'p EnvironmentRemotes,
    pub(in crate::commands) commit: &'p Oid,
    /// What a person calls the commit.
    pub(in crate::commands) source: &'p str,
    /// The commit as it stands on the command line.
    pub(in crate::commands) named: Option<&'p str>,
    /// What deploys in place of `git push`; empty: nothing does.
    pub(in crate::commands) command: &'p [OsString],
    /// Whether it is `pushgate rollback`.
    pub(in crate::commands) is_rollback: bool,
    /// Why, as the command line says it.
    pub(in crate::commands) reason: Option<&'p str>,
    pub(in crate::commands) overrides: Result<Overrides, BadWord>,
}

/// One remote of the environment, and what is live there.
pub(in crate::commands) struct Target {
    pub(in crate::commands) index: usize,
    pub(in crate::commands) branch: String,
    /// What the branch has.
    pub(in crate::commands) git: Option<Oid>,
    /// What runs there: the same, unless a command says otherwise.
    pub(in crate::commands) live: Option<Oid>,
}

impl Target {
    pub(in crate::commands) fn all(
        environment: &Environment,
        of: &EnvironmentRemotes,
        tips: &PipelineTips<'_>,
        trunk: Option<&TrunkName>,
        world: &Repository,
    ) -> Result<Vec<Self>, Error> {
        let runs = match of.live.as_ref().map(|_| tips.running(of)) {
            // What is down cannot say what it runs, and has to be mended all the same.
            Some(Err(error)) => {
                let why = error.in_one_line();
                report::warn(&format!("{why}; what git has there counts"));
                None
            }
            runs => runs.and_then(Result::ok),
        };
        let target = |index| {
            let tips = tips.live(of, index)?;
            let deployed = of.deployed(&tips, trunk).cloned();
            let (branch, git) = match deployed {
                Some((branch, git)) => (branch, Some(git)),
                None => (deployed_branch(environment, trunk), None),
            };
            let live = match &runs {
                Some(runs) => Some(runs.clone()),
                None => world.runs_at(of.place_of(index), git.as_ref())?,
            };
            Ok(Self {
                index,
                branch,
                git,
                live,
            })
        };
        (0..of.remotes.len()).map(target).collect()
    }
}

impl Plan<'_> {
    /// Fails where nothing could deploy, which is better known before a suite has run.
    pub(in crate::commands) fn must_be_possible(&self) -> Result<(), Error> {
        match self.command.first() {
            Some(program) => which::which(program).map(drop).map_err(|error| {
                Undecided::failed(format_args!("run `{}`", self.program()), &error)
            }),
            None if !self.of.is_remembered => Ok(()),
            None if self.is_rollback => {
                let what = format!("no git remote leads to {}", self.of.environment);
                Err(Undecided::new(what).hint(self.name_command()))
            }
            None => Err(self.of.unknown()),
        }
    }

    /// What to do where git cannot go back.
    fn name_command(&self) -> String {
        let rollback = [
            "pushgate",
            "rollback",
            &self.of.environment,
            "--",
            "COMMAND",
        ];
        let rollback = command(rollback);
        format!("name the command that does, which gets {COMMIT}: {rollback}")
    }

    /// Leaves out where `git push` has nothing to do, and fails where that does not help.
    pub(in crate::commands) fn without_done(
        &self,
        targets: Vec<Target>,
    ) -> Result<Vec<Target>, Error> {
        let mut left = Vec::new();
        for target in targets {
            if !self.command.is_empty() || target.git.as_ref() != Some(self.commit) {
                left.push(target);
                continue;
            }
            let (destination, id) = (&self.of.destinations[target.index], self.commit.short());
            let has = format!("{destination} has {id} already");
            if let Some(live) = target.live.filter(|live| live != self.commit) {
                let hint = if self.is_rollback {
                    self.name_command()
                } else {
                    "see why its release failed, and release it again".to_owned()
                };
                return Err(Undecided::new(format!("{has}, and runs {}", live.short())).hint(hint));
            }
            report::say(&has);
        }
        Ok(left)
    }

    pub(in crate::commands) fn carry_out(&self, targets: &[Target]) -> Done {
        let start = SystemClock.now();
        let mut permitted = Vec::new();
        let mut judged = Vec::new();
        for target in targets {
            let mut pending = Vec::new();
            for (push, git) in self.pushes(target)? {
                let one = self.judge(&push)?;
                let destination = self.world.destination(push.url.as_bstr()).to_string();
                permitted.extend(Permitted::of(&self.update(target, git), destination));
                if let Some(code) = stopped(&one) {
                    let why = "it ended the deploy".to_owned();
                    let by = signals::signal().map(|_| Stopped { by: "signal", why });
                    return Ok(code.max(self.record(one, by)));
                }
                pending.push(one);
            }
            judged.push(pending);
        }
        // Without it, the hook judges again.
        let permit = Permit::issue(&self.world.state_dir(), &permitted).ok();
        let ended = match self.command {
            [] => self.push_all(targets, judged, permit.as_ref(), start),
            _ => self.run_command(targets, judged, permit.as_ref()),
        };
        self.share(matches!(ended, Ok(0)));
        ended
    }

    /// The pushes to one remote as git would describe them to the hook, one for each URL, and what the branch
    /// has there. A command replaces what runs.
    fn pushes(&self, target: &Target) -> Result<Vec<(Push, Option<Oid>)>, Error> {
        let (remote, urls) = self.world.ways(self.of, target.index);
        let name = format!("refs/heads/{}", target.branch);
        let push = |(number, url): (usize, BString)| {
            let git = match number {
                0 => target.git.clone(),
                _ => self.world.remote_tip(url.as_bstr(), &name, LIMIT)?,
            };
            let replaces = match self.command {
                [] => git.clone(),
                _ => target.live.clone(),
            };
            let push = Push {
                remote: remote.clone(),
                url,
                updates: vec![self.update(target, replaces)],
                deploy: Some(self.typed()),
            };
            Ok((push, git))
        };
        urls.into_iter().enumerate().map(push).collect()
    }

    fn update(&self, target: &Target, replaces: Option<Oid>) -> Update {
        Update::Set {
            source: self.source.into(),
            commit: self.commit.clone(),
            target: format!("refs/heads/{}", target.branch).into(),
            replaces,
        }
    }

    /// What a person types to do this.
    pub(in crate::commands) fn typed(&self) -> Deploy {
        let words = self.command.iter();
        Deploy {
            environment: self.of.environment.clone(),
            commit: self.named.map(str::to_owned),
            command: words
                .map(|word| word.to_string_lossy().into_owned())
                .collect(),
            is_rollback: self.is_rollback,
            reason: self.reason.map(str::to_owned),
        }
    }

    fn judge(&self, push: &Push) -> Result<Pending, Error> {
        let runner = PushRunner::new(self.world, &report::Stderr, true, None);
        let overrides = self.overrides.as_ref();
        let pending = judge(push, Event::Deploy, self.world, &runner, overrides);
        say_misspelt(&pending);
        report::messages(&pending.messages);
        if pending.exit_code() == 0 && !pending.is_governed() {
            let what = format!("nothing governs a push to {}", self.of.environment);
            return Err(Undecided::new(what).cure("see why", ["pushgate doctor"]));
        }
        Ok(pending)
    }

    fn record(&self, pending: Pending, stopped: Option<Stopped>) -> u8 {
        let recorded = pending.decide(stopped).record(self.world);
        report::messages(&recorded.messages);
        recorded.exit_code
    }

    fn record_all(&self, pending: Vec<Pending>) -> u8 {
        let codes = pending.into_iter().map(|one| self.record(one, None));
        codes.max().unwrap_or(0)
    }

    /// Pushes to one remote after the other, until one fails.
    fn push_all(
        &self,
        targets: &[Target],
        judged: Vec<Vec<Pending>>,
        permit: Option<&Permit>,
        start: Timestamp,
    ) -> Done {
        for (target, pending) in targets.iter().zip(judged) {
            if let Some(signal) = signals::signal() {
                return Ok(128 + signal);
            }
            let mut code = self.record_all(pending);
            if code == 0 {
                let mut git = self.world.git().plain(self.push_words(target));
                git.envs(permit.map(|permit| (DEPLOY, permit.name())));
                let ended = to_its_end("git push", || git.spawn());
                // A push that failed may have arrived all the same.
                self.settle(match ended {
                    Ok(0) => Ask::Ended { well: true },
                    _ => Ask::JustEnded(start),
                });
                code = ended?;
            }
            if code != 0 {
                return Ok(code);
            }
        }
        Ok(0)
    }

    fn push_words(&self, target: &Target) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec!["push".into()];
        let goes_back = (self.overrides.as_ref()).is_ok_and(|overrides| overrides.rollback);
        if let Some(git) = target.git.as_ref().filter(|_| goes_back) {
            words.push(format!("--force-with-lease=refs/heads/{}:{git}", target.branch).into());
        }
        let (remote, _) = self.world.ways(self.of, target.index);
        words.push("--".into());
        words.push(remote.to_os_str_lossy().into_owned());
        words.push(format!("{}:refs/heads/{}", self.commit, target.branch).into());
        words
    }

    fn run_command(
        &self,
        targets: &[Target],
        judged: Vec<Vec<Pending>>,
        permit: Option<&Permit>,
    ) -> Done {
        let code = self.record_all(judged.into_iter().flatten().collect());
        if code != 0 {
            return Ok(code);
        }
        let live = targets.first().and_then(|target| target.live.as_ref());
        let prepare = |command: &mut Command| {
            command
                .env(ENVIRONMENT, &self.of.environment)
                .env(COMMIT, self.commit.as_str())
                .env(REPLACES, live.map_or("", Oid::as_str))
                .envs(permit.map(|permit| (DEPLOY, permit.name())));
        };
        let name = self.program();
        let mut words = self.command.to_vec();
        if let Some(program) = words.first_mut()
            && let Ok(path) = which::which(&*program)
        {
            // A shell that runs a script does not look for it on PATH.
            *program = path.into();
        }
        let ended = to_its_end(&name, || foreground::spawn(&words, prepare));
        let well = matches!(ended, Ok(0));
        self.settle(Ask::Ended { well });
        let code = ended?;
        let what = match code {
            0 => return Ok(0),
            126 | 127 => format!("could not run `{name}` (exit code {code})"),
            code => format!("`{name}` ended with exit code {code}"),
        };
        if signals::signal().is_none() {
            report::warn(&format!("{what}: no deployment is recorded"));
        }
        Ok(code)
    }

    fn settle(&self, ask: Ask) {
        if let Err(error) = settle(self.world, ask) {
            report::warn(&format!("not recorded: {}", error.in_one_line()));
        }
    }

    /// The program that deploys in place of `git push`, for messages.
    fn program(&self) -> String {
        let program = self.command.first();
        let program = program.map_or(&b""[..], |program| program.as_encoded_bytes());
        printable(program.into())
    }

    /// Shares what is recorded, and says so; what fails is tried again by later commands.
    fn share(&self, went: bool) {
        let world = self.world;
        if let Some(unshared) = world.unshared() {
            share(world, &unshared);
        }
        let place = redact(&self.of.destinations.join(", "));
        let commit = self.commit.short();
        if went {
            let environment = &self.of.environment;
            report::say(&format!("deployed {commit} to {environment} ({place})"));
        }
        if let Some(why) = world.unshared().and_then(|unshared| unshared.why) {
            report::warn(&format!("the team does not know yet: {why}"));
        }
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

/// The exit code, where a gate or a signal stops it.
fn stopped(pending: &Pending) -> Option<u8> {
    let signal = signals::signal().map(|signal| 128 + signal);
    signal.or_else(|| Some(pending.exit_code()).filter(|code| *code != 0))
}

/// Starts a program on our terminal, and waits for its end.
fn to_its_end(name: &str, start: impl FnOnce() -> io::Result<Child>) -> Done {
    let failed = |error| Undecided::failed(format_args!("run `{name}`"), &error as &dyn Display);
    let mut watch = ChildWatch::new().map_err(failed)?;
    let child = start().map_err(failed)?;
    foreground::wait(&mut watch, &child, || signals::signal().is_some()).map_err(failed)
}
