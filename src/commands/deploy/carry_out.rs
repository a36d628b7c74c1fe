//! Carries out a deploy or a rollback: all destinations are judged, then the commit is pushed to one after
//! the other, or the command runs, and what went live is recorded and shared.

use std::{
    ffi::OsString,
    io,
    process::{Child, Command},
};

use bstr::{BString, ByteSlice};
use jiff::Timestamp;

use super::{
    super::{Done, Error},
    Plan, Target,
    plan::{Told, path_of},
};
use crate::{
    app::{
        answers::SystemClock,
        decide::{Pending, Stopped},
        follow_up::share,
        overrides::Overrides,
        settle::{Ask, settle},
    },
    gates::{Clock, Memory as _, Stop, remote_tips::at_once, verdict::Decision},
    git::network::LIMIT,
    memory::permit::{Permit, Permitted},
    process::{foreground, signals},
    push::{
        Oid,
        url::redact,
        variables::{COMMIT, DEPLOY, ENVIRONMENT, REPLACES},
    },
    report,
};

/// Why a destination does not get what its gates let go.
const NOT_ALL: &str = "another destination of the deploy may not have it";
const SIGNAL: &str = "it ended the deploy";

impl Plan<'_> {
    /// Deploys where that is not done yet; `ask` says what goes out, and whether a person wants it.
    pub(in crate::commands) fn carry_out(
        mut self,
        targets: Vec<Target>,
        ask: impl FnOnce(&mut Self, &[Target]) -> Result<bool, Error>,
    ) -> Done {
        let targets = self.without_done(targets)?;
        if targets.is_empty() {
            return Ok(0);
        }
        if let Some(code) = self.refused_unasked(&targets)? {
            return Ok(code);
        }
        if !ask(&mut self, &targets)? {
            return Ok(Decision::Refused.exit_code());
        }
        // Commits that nobody has said may go.
        let takes_away = !self.forces && self.takes_away(&targets)?;
        let start = SystemClock.now();
        let (mut permitted, mut judged) = (Vec::new(), Vec::new());
        let mut told = Told::default();
        for target in &targets {
            for push in self.pushes(target) {
                let one = match self.judge(&push, &mut told) {
                    Ok(one) => one,
                    Err(error) => {
                        self.record_stopped(judged, "deploy", NOT_ALL);
                        return Err(error);
                    }
                };
                let destination = self.world.destination(push.url.as_bstr()).to_string();
                let update = self.update(target, target.git.clone());
                permitted.extend(Permitted::of(&update, destination));
                let code = stopped(&one);
                judged.push(one);
                if let Some(code) = code {
                    let (by, why) = match signals::signal() {
                        Some(_) => ("signal", SIGNAL),
                        None => ("deploy", NOT_ALL),
                    };
                    return Ok(code.max(self.record_stopped(judged, by, why)));
                }
            }
        }
        if takes_away {
            let (name, id) = (&self.of.environment, self.commit.short());
            let what = format!(
                "{name} has commits that {id} does not have: a deploy takes them off only with --yes"
            );
            self.record_stopped(judged, "deploy", &what);
            let refusal = Stop::undecided(what).cure("if they are to go", [self.again(true)]);
            report::print(report::failure("deploy", &refusal));
            return Ok(Decision::Refused.exit_code());
        }
        // Without it, the hook judges again.
        let permit = Permit::issue(&self.world.state_dir(), &permitted).ok();
        let ended = match self.typed.command[..] {
            [] => Ok(self.push_all(&targets, judged, permit.as_ref(), start)),
            _ => self.run_command(&targets, judged, permit.as_ref(), start),
        };
        if matches!(ended, Ok(0)) {
            self.say_deployed(&targets);
        }
        self.share();
        ended
    }

    /// The exit code, where an override that would be refused whatever the gates say is refused before a person
    /// is asked.
    fn refused_unasked(&self, targets: &[Target]) -> Result<Option<u8>, Error> {
        let is_good = |given: &Overrides| {
            let is_none = !given.off && !given.rollback && given.skip.is_empty();
            is_none || !given.lack_reason(self.environment)
        };
        if self.overrides.as_ref().is_ok_and(is_good) {
            return Ok(None);
        }
        let pushes = targets.iter().flat_map(|target| self.pushes(target));
        let Some(push) = pushes.into_iter().next() else {
            return Ok(None);
        };
        let one = self.judge(&push, &mut Told::default())?;
        Ok(stopped(&one).map(|code| code.max(self.record(one, None))))
    }

    fn record(&self, pending: Pending, stopped: Option<Stopped>) -> u8 {
        let recorded = pending.record(stopped, self.world);
        report::messages(&recorded.messages);
        recorded.decision.exit_code()
    }

    /// Records what was judged and does not go, for another reason than its own verdict where that would let it.
    fn record_stopped(&self, judged: Vec<Pending>, by: &'static str, why: &str) -> u8 {
        let why = || {
            Some(Stopped {
                by,
                why: why.to_owned(),
            })
        };
        let codes = judged.into_iter().map(|one| self.record(one, why()));
        codes.max().unwrap_or(0)
    }

    fn record_all(&self, pending: Vec<Pending>) -> u8 {
        let codes = pending.into_iter().map(|one| self.record(one, None));
        codes.max().unwrap_or(0)
    }

    /// Pushes to one target after the other, as git does to the URLs of a remote: what fails does not stop the next.
    fn push_all(
        &self,
        targets: &[Target],
        judged: Vec<Pending>,
        permit: Option<&Permit>,
        start: Timestamp,
    ) -> u8 {
        let verb = if self.typed.is_rollback {
            "rollback"
        } else {
            "deploy"
        };
        let mut judged = judged.into_iter();
        let (mut worst, mut have, mut lack) = (0, Vec::new(), Vec::new());
        for target in targets {
            let pending = judged.by_ref().take(target.remote.urls.len()).collect();
            let mut code = match signals::signal() {
                Some(signal) => (128 + signal).max(self.record_stopped(pending, "signal", SIGNAL)),
                None => self.record_all(pending),
            };
            if code == 0 {
                let mut git = self.world.git.plain(self.push_words(target));
                git.envs(permit.map(|permit| (DEPLOY, permit.name())));
                let ended = to_its_end("git push", || git.spawn());
                // A push that failed may have arrived all the same; 1: git tells what was refused (git-push(1)), with
                // 128 it was cut off.
                let (since, refused) = (start, matches!(ended, Ok(1)));
                self.settle(match ended {
                    Ok(0) => Ask::Ended { well: true },
                    _ => Ask::JustEnded { since, refused },
                });
                code = ended.unwrap_or_else(|error| {
                    report::print(report::failure(verb, &error));
                    error.decision().exit_code()
                });
            }
            worst = worst.max(code);
            // Of several URLs some may have it; git tells of one code.
            let name = format!("refs/heads/{}", target.branch);
            let ask = |url: &BString| self.world.remote_tip(url.as_bstr(), &name, LIMIT);
            let tips = match code {
                0 => Vec::new(),
                _ => at_once(&target.remote.urls, ask, || ()).0,
            };
            for (index, place) in self.places(target).into_iter().enumerate() {
                let tip = tips.get(index).and_then(|tip| tip.as_ref().ok()?.as_ref());
                let has = code == 0 || tip == Some(self.commit);
                if has { &mut have } else { &mut lack }.push(place);
            }
        }
        if !have.is_empty() && !lack.is_empty() {
            let (have, lack) = (redact(&have.join(", ")), redact(&lack.join(", ")));
            let what = format!("{have} got {}; not: {lack}", self.commit.short());
            let again = [self.again(false)];
            let failure = Stop::undecided(what).cure("try the rest again", again);
            report::print(report::failure(verb, &failure));
        }
        worst
    }

    fn push_words(&self, target: &Target) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec!["push".into()];
        // What git would not replace unless it is told to.
        let is_past = |git: &Oid| matches!(self.is_past(git), Ok(Some(true)));
        let taken = target.git.as_ref().filter(|git| !is_past(git));
        if let Some(git) = taken.filter(|_| self.forces) {
            words.push(format!("--force-with-lease=refs/heads/{}:{git}", target.branch).into());
        }
        words.push("--".into());
        words.push(target.remote.name.to_os_str_lossy().into_owned());
        words.push(format!("{}:refs/heads/{}", self.commit, target.branch).into());
        words
    }

    fn run_command(
        &self,
        targets: &[Target],
        judged: Vec<Pending>,
        permit: Option<&Permit>,
        start: Timestamp,
    ) -> Done {
        let code = self.record_all(judged);
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
        let mut words = self.typed.command.clone();
        if let Some(program) = words.first_mut()
            && let Some(path) = path_of(program)
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
            report::warn(&match &*self.recorded_since(start) {
                [] => format!("{what}: no deployment is recorded"),
                places => format!(
                    "{what}, but {} got {}: it is recorded as deployed there",
                    redact(&places.join(", ")),
                    self.commit.short()
                ),
            });
        }
        Ok(code)
    }

    /// Where the commit is recorded as deployed by a push that was decided since then: a command that fails may have
    /// pushed before.
    fn recorded_since(&self, start: Timestamp) -> Vec<String> {
        // What cannot be read, `settle` has warned of.
        let mut records = self.world.records(self.commit).unwrap_or_default();
        records.retain(|one| {
            let decided = one.deployed().and_then(|deployed| deployed.decided);
            one.commit == *self.commit && one.is_at(self.of.place()) && decided >= Some(start)
        });
        records
            .into_iter()
            .flat_map(|one| one.destinations)
            .collect()
    }

    fn settle(&self, ask: Ask) {
        if let Err(error) = settle(self.world, ask) {
            report::warn(&format!("not recorded: {}", error.in_one_line()));
        }
    }

    fn say_deployed(&self, targets: &[Target]) {
        let urls = targets.iter().flat_map(|target| &target.remote.urls);
        let places = urls.map(|url| self.world.destination(url.as_bstr()).brief());
        let places = places.collect::<Vec<_>>().join(", ");
        let (commit, environment) = (self.commit.short(), &self.of.environment);
        report::say(&format!("deployed {commit} to {environment} ({places})"));
    }

    /// Where the URLs of a target lead.
    fn places(&self, target: &Target) -> Vec<String> {
        let place = |url: &BString| self.world.destination(url.as_bstr()).to_string();
        target.remote.urls.iter().map(place).collect()
    }

    /// Shares what is recorded; what fails is tried again by later commands.
    fn share(&self) {
        let world = self.world;
        for unshared in world.unshared() {
            share(world, &unshared);
        }
        if let Some(why) = world.unshared().into_iter().find_map(|one| one.why) {
            report::warn(&format!("the team does not know yet: {why}"));
        }
    }
}

/// The exit code, where a gate or a signal stops it.
fn stopped(pending: &Pending) -> Option<u8> {
    let signal = signals::signal().map(|signal| 128 + signal);
    signal.or_else(|| Some(pending.exit_code()).filter(|code| *code != 0))
}

/// Starts a program on our terminal, and waits for its end.
fn to_its_end(name: &str, start: impl FnOnce() -> io::Result<Child>) -> Done {
    foreground::to_its_end(start, || signals::signal().is_some())
        .map_err(|error| Stop::failed(format_args!("run `{name}`"), &error))
}
