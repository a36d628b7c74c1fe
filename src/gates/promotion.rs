//! The gate `promotion`: the same commit is live on the environment that comes first, has been there
//! long enough, and was signed off by a person; and no rollback removed it from this environment.

mod not_live;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{
    environment_remotes::EnvironmentRemotes,
    facts::TrunkName,
    governed_push::GovernedPush,
    remote_tips::{RemoteTips, all_running, keep_deployed},
    rollback::Remembered,
    sign_offs::SignOffs,
    stop::{Needs, Stop},
    world::{Remotes as _, Tips, World},
};
use crate::{
    cure::command,
    memory::{
        deployments::{current, live_since},
        record::{Place, Record},
    },
    policy::{By, Environment, Signoff},
    push::{Oid, url::label},
    text::{day_and_time, span},
};

use not_live::refspec;

pub(crate) use not_live::{not_live, not_released};

#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Why it lets pass; none where no environment comes first.
    pub(crate) answers: Vec<String>,
    /// Whether the commit is seen live for the first time on the environment that comes first.
    pub(crate) first: bool,
}

/// Asks about the environment that comes first; `found` is filled also where the answer is no.
pub(crate) fn ask(
    push: &GovernedPush<'_>,
    known: &Remembered<'_>,
    tips: &RemoteTips<'_>,
    may_ask_person: bool,
    world: &World<'_>,
    found: &mut Found,
) -> Result<(), Stop> {
    let (Some(environment), Some(before)) = (push.environment(), &push.before) else {
        return Ok(());
    };
    let promotion = Promotion {
        environment,
        before,
        commit: known.commit,
        records: &known.records,
        again: push.again(),
        world,
    };
    promotion.must_be_live(push.trunk.as_ref().ok(), tips)?;
    found.answers.push(format!(
        "{} is live on {}",
        known.commit.short(),
        before.environment
    ));
    let soaked = promotion.must_have_soaked(&mut found.first);
    // An answer that could not let the push go is not asked for.
    let tried = promotion.must_be_signed_off(may_ask_person && soaked.is_ok());
    let remembered = match (soaked, tried) {
        (Ok(soaked), Ok(tried)) => {
            found.answers.extend(soaked.into_iter().chain(tried));
            Ok(())
        }
        (Err(soak), Err(mut tried)) if soak.is_refusal() && tried.is_refusal() => {
            tried.why = format!("{soak}; and {tried}");
            let then = format!("{} once the soak is over", promotion.again);
            Err(tried.hint(then).needing(Needs::Patience))
        }
        (Err(stop), _) | (_, Err(stop)) => Err(stop),
    };
    match (remembered, tips.trunk()) {
        // The team, whose notes come with trunk's tip, may know more.
        (Err(stop), Some(Err(error))) if stop.is_refusal() && push.policy.shares() => {
            Err(error.clone())
        }
        (remembered, _) => remembered,
    }
}

/// One commit on its way from one environment to the next.
struct Promotion<'p> {
    environment: &'p Environment,
    before: &'p EnvironmentRemotes,
    commit: &'p Oid,
    records: &'p [Record],
    /// What follows once it may go, in words.
    again: &'static str,
    world: &'p World<'p>,
}

impl Promotion<'_> {
    fn must_be_live(&self, trunk: Option<&TrunkName>, tips: &RemoteTips<'_>) -> Result<(), Stop> {
        let (before, commit, world) = (self.before, self.commit, self.world);
        for remote in &before.remotes {
            let running = all_running(before, remote, &[commit], tips, world.memory)?;
            let is_there = running.iter().any(|(_, tip)| tip == commit);
            if before.live.is_some() && is_there {
                return Ok(());
            }
            if !is_there {
                let has = |mut git: Tips| {
                    let is_clear = keep_deployed(before, remote, &mut git, world.memory).is_ok();
                    is_clear && git.iter().any(|(_, tip)| tip == commit)
                };
                let in_git = before.live.is_none() && has(tips.live(before, remote)?);
                if let Some((_, runs)) = running.first().filter(|_| in_git) {
                    let (name, id, runs) = (&before.environment, commit.short(), runs.short());
                    let why =
                        format!("git has {id} on {name}, but a command deployed {runs} there");
                    let deploy = before.deploy_by_command();
                    let hint = format!("deploy it by the command that does it there: {deploy}");
                    return Err(Stop::refused(why).hint(hint));
                }
                let then = (self.again, None);
                return Err(not_live(
                    trunk, commit, before, remote, &running, then, world,
                )?);
            }
            if !remote.is_everywhere(commit, &running) {
                let label = label(remote.name.as_ref());
                let why = format!(
                    "not all places that `{label}` pushes to have {}",
                    commit.short()
                );
                let refspec = refspec(before, &running, commit, trunk, world)?;
                let push = command(["git", "push", &label, &refspec]);
                return Err(Stop::refused(why).cure("push there again", [push]));
            }
        }
        Ok(())
    }

    /// The commit must have been live there for a while.
    fn must_have_soaked(&self, first: &mut bool) -> Result<Option<String>, Stop> {
        let (environment, before, world) = (self.environment, self.before, self.world);
        if environment.soak.is_zero() {
            return Ok(None);
        }
        let now = world.clock.now();
        let departures = world.memory.departures(before, self.commit)?;
        let records = [self.records, &departures].concat();
        // A tracking ref that nobody has fetched since does not know that the commit went meanwhile.
        let went = |record: &Record| record.replaces() == Some(self.commit);
        let since = match self.since(&records, now)? {
            None if !records.iter().any(went) => {
                let tracked = world.memory.tracked_since(before, self.commit)?;
                // GIT_COMMITTER_DATE may give a fetch any time.
                let made = world.repository.committed_at(self.commit)?;
                tracked.map(|tracked| made.map_or(tracked, |made| made.max(tracked)))
            }
            known => known,
        };
        let since = since.filter(|since| *since <= now);
        *first |= since.is_none();
        let been = since.map_or(SignedDuration::ZERO, |since| now.duration_since(since));
        let been = Duration::try_from(been).unwrap_or_default();
        if been >= environment.soak {
            return Ok(Some(format!("for {}", span(been))));
        }
        let until = now.checked_add(environment.soak.saturating_sub(been));
        let until = until.map_err(|error| {
            let what = format!("could not count the soak of {}", environment.name);
            Stop::undecided(what).detail(error.to_string())
        })?;
        let (commit, name) = (self.commit.short(), &before.environment);
        let (soak, reader) = (span(environment.soak), world.clock.reader());
        let until = day_and_time(until, &reader, &reader);
        let why = match since {
            Some(_) => format!(
                "{commit} has been on {name} for {}, and must be for {soak}: until {until}",
                span(been)
            ),
            None => format!(
                "nothing tells since when {commit} is on {name}, where it must be for {soak}: counted from now, until {until}"
            ),
        };
        Err(Stop::refused(why).needing(Needs::Patience))
    }

    /// Since when the commit is live on all remotes of the environment.
    fn since(&self, records: &[Record], now: Timestamp) -> Result<Option<Timestamp>, Stop> {
        let before = self.before;
        let since = |remote| {
            soaks_since(
                before.place_of(remote),
                self.commit,
                records,
                now,
                self.world,
            )
        };
        let all = before.remotes.iter().map(since);
        let all: Option<Vec<_>> = all.collect::<Result<_, _>>()?;
        Ok(all.and_then(|all| all.into_iter().max()))
    }

    /// Enough people must have signed the commit off there; the person who pushes may do so now.
    fn must_be_signed_off(&self, may_ask_person: bool) -> Result<Option<String>, Stop> {
        let Some(wanted) = self.environment.signoff else {
            return Ok(None);
        };
        let (before, world) = (&self.before.environment, self.world);
        let author = match wanted.by {
            By::Another => Some(world.repository.author(self.commit)?),
            By::Anyone => None,
        };
        let known = (self.commit, self.records);
        let place = self.before.place();
        let mut found = SignOffs::of(wanted, author.as_deref(), place, known, world)?;
        let need = usize::try_from(wanted.people).unwrap_or(usize::MAX);
        // A signature is made by `pushgate approve`, without a push that waits for it.
        if found.people.len() + 1 == need
            && !wanted.signed
            && may_ask_person
            && let Some(me) = found.who_may_add(author.as_deref(), self.commit, world)
        {
            let commit = self.commit.short();
            let question = format!("Have you tried {commit} on {before}?");
            if world.runner.confirm(&question)? {
                world.runner.sign_off(self.before, self.commit)?;
                found.people.push(me);
            }
        }
        if found.people.len() >= need {
            let people = found.people.join(" and ");
            return Ok(Some(format!("signed off by {people}")));
        }
        Err(self.not_signed_off(&found, wanted))
    }

    fn not_signed_off(&self, found: &SignOffs, wanted: Signoff) -> Stop {
        let (commit, environment) = (self.commit.short(), self.before.environment.as_str());
        let mut why = match (found.people.len(), wanted.people) {
            (0, 1) => format!("nobody has signed {commit} off on {environment}"),
            (some, all) => {
                format!("{some} of {all} people have signed {commit} off on {environment}")
            }
        };
        if !found.people.is_empty() {
            why += &format!(": {}", found.people.join(", "));
        }
        if let Some(author) = &found.author {
            why += &format!("; its author ({author}) does not count");
        }
        match found.unverified {
            0 => {}
            1 => why += "; 1 sign-off does not verify",
            more => why += &format!("; {more} sign-offs do not verify"),
        }
        if !found.elsewhere.is_empty() {
            let places = found.elsewhere.join(", ");
            why += &format!("; what was tried at {places} does not count here");
        }
        let (who, needs) = match wanted.by {
            By::Another => ("have somebody else try it", Needs::Patience),
            By::Anyone => ("try it", Needs::Cures),
        };
        let words = format!("{who} on {environment}, then sign it off");
        let approve = command(["pushgate", "approve", environment]) + " -m \"what was tried\"";
        Stop::refused(why).cure(words, [approve]).needing(needs)
    }
}

/// Since when a commit that is live now counts as such. A slow clock may have dated its deployment before it was
/// made, or before what it replaced was deployed.
pub(crate) fn soaks_since(
    place: Place<'_>,
    commit: &Oid,
    records: &[Record],
    now: Timestamp,
    world: &World<'_>,
) -> Result<Option<Timestamp>, Stop> {
    let Some(since) = live_since(records, place, commit, now) else {
        return Ok(None);
    };
    // A commit that is not here has no time here.
    let mut least = world.repository.committed_at(commit).ok().flatten();
    if let Some(old) = current(records, place, commit, now).and_then(Record::replaces) {
        let known = world.memory.records(old)?;
        let came = known
            .iter()
            .filter(|one| one.commit == *old && one.is_at(place) && one.deployed().is_some());
        least = least.max(came.map(|one| one.at).filter(|at| *at <= now).max());
    }
    Ok(least.filter(|least| *least <= now).max(Some(since)))
}
