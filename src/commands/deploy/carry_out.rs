//! Carries out a deploy or a rollback: all destinations are judged, then the commit is pushed to one after
//! the other, or the command runs, and what went live is recorded and shared.

use std::{io, process::Child};

use bstr::ByteSlice;

use super::{
    super::{Done, Error},
    Plan, Target,
    plan::Told,
};
use crate::{
    app::{
        answers::SystemClock,
        decide::{Pending, Stopped},
        follow_up::share,
        overrides::Overrides,
        settle::{Ask, settle},
    },
    cure::Cure,
    gates::{Clock, Stop, verdict::Decision},
    memory::permit::{Permit, Permitted},
    process::{foreground, signals},
    report,
};

/// Why a destination does not get what its gates let go.
const NOT_ALL: &str = "another destination of the deploy may not have it";
pub(super) const SIGNAL: &str = "it ended the deploy";

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
                        self.record(judged, Some(("deploy", NOT_ALL)));
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
                    return Ok(code.max(self.record(judged, Some((by, why)))));
                }
            }
        }
        if takes_away {
            let (name, id) = (&self.of.environment, self.commit.short());
            let what = format!(
                "{name} has commits that {id} does not have: a deploy takes them off only with --yes"
            );
            self.record(judged, Some(("deploy", &what)));
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
        // Somebody else may have been faster: git has said so.
        if matches!(ended, Ok(0)) && !self.recorded_since(start).is_empty() {
            self.say_deployed(&targets);
        }
        self.share();
        if matches!(ended, Ok(0)) && !self.typed.command.is_empty() {
            self.look_at_live(&targets);
        }
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
        Ok(stopped(&one).map(|code| code.max(self.record(vec![one], None))))
    }

    /// Records what was judged; `stopped`: what kept it from going, and why, where its own verdict would let it.
    pub(super) fn record(&self, judged: Vec<Pending>, stopped: Option<(&'static str, &str)>) -> u8 {
        let record = |one: Pending| {
            let why = |(by, why): (_, &str)| Stopped {
                by,
                why: why.to_owned(),
            };
            let recorded = one.record(stopped.map(why), self.world);
            report::messages(&recorded.messages);
            recorded.decision.exit_code()
        };
        judged.into_iter().map(record).max().unwrap_or(0)
    }

    pub(super) fn settle(&self, ask: Ask) {
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

pub(super) fn see_status(words: &str) -> Cure {
    Cure::run(words, ["pushgate status"])
}

/// The exit code, where a gate or a signal stops it.
fn stopped(pending: &Pending) -> Option<u8> {
    let signal = signals::signal().map(|signal| 128 + signal);
    signal.or_else(|| Some(pending.exit_code()).filter(|code| *code != 0))
}

/// Starts a program on our terminal, and waits for its end.
pub(super) fn to_its_end(name: &str, start: impl FnOnce() -> io::Result<Child>) -> Done {
    foreground::to_its_end(start, || signals::signal().is_some())
        .map_err(|error| Stop::failed(format_args!("run `{name}`"), &error))
}
