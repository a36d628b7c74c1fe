//! `pushgate lock [ENV]` and `pushgate unlock [ENV]`: nobody else deploys there for a while.

mod list;
mod unlock;

use std::time::{Duration, Instant};

use jiff::{Timestamp, Zoned};

use super::{
    Done, Error,
    local::{Local, named, no_person, no_pipeline},
};
use crate::{
    app::answers::SystemClock,
    calendar, cli,
    cure::{Cure, command},
    gates::{
        Clock, Remotes as _, Stop,
        lock::{is_same_person, unclear},
        verdict::Decision,
    },
    git::{Repository, locks::Change, pause},
    memory::{
        ledger::Entry,
        lock::{Found, Lock, State, ref_of},
        record::names_a_person,
    },
    policy::Policy,
    process::signals,
    report,
};

/// How often a push that failed is tried again although nobody else has changed the lock.
const STUBBORN: usize = 2;

pub(crate) fn lock(args: &cli::Lock) -> Done {
    signals::watch();
    let world = Repository::open()?;
    let local = Local::of(&world)?;
    let locks = Locks::of(&world, &local)?;
    let only = args.environment.as_deref();
    if args.list {
        return locks.list(only, args.json);
    }
    let environments = match only {
        Some(name) => vec![named(name, &local.loaded.policy)?.name.clone()],
        None => locks.pipeline()?,
    };
    if !names_a_person(&locks.me) {
        return Err(no_person());
    }
    let until = until(args, &SystemClock.now().to_zoned(SystemClock.zone()?))?;
    let why = args.words.as_deref().unwrap_or_default();
    ended(locks.lock(environments, why, until))
}

pub(crate) fn unlock(args: &cli::Unlock) -> Done {
    signals::watch();
    let world = Repository::open()?;
    let local = Local::of(&world)?;
    let locks = Locks::of(&world, &local)?;
    ended(locks.unlock(args.environment.as_deref()))
}

/// What a signal ended is not reported: it is known.
fn ended(done: Done) -> Done {
    signals::signal().map_or(done, |signal| Ok(128 + signal))
}

/// Says which of these environments are locked, or why that is not known, a line for each.
pub(crate) fn notes(world: &Repository, local: &Local, environments: &[&str]) -> Vec<String> {
    match Locks::of(world, local).and_then(|locks| locks.all()) {
        Ok(all) => {
            let is_shown = |one: &&Found| environments.contains(&one.environment.as_str());
            let said = |found: &Found| found.sentence(now(), &SystemClock.reader());
            let note = |found| format!("note: {}", said(found));
            all.iter().filter(is_shown).map(note).collect()
        }
        Err(error) => {
            let why = error.in_one_line();
            vec![format!("note: it is not known what is locked: {why}")]
        }
    }
}

/// When the lock runs out by itself.
fn until(args: &cli::Lock, now: &Zoned) -> Result<Option<Timestamp>, Error> {
    let until = match (&args.length, &args.until) {
        (Some(length), _) => calendar::after(length, now),
        (None, Some(time)) => calendar::moment(time, now),
        (None, None) => return Ok(None),
    };
    let until = until.map_err(|error| Error::undecided(error.to_string()))?;
    if until <= now.timestamp() {
        let time = args.until.as_deref().unwrap_or_default();
        return Err(
            Error::undecided(format!("`{time}` is over already")).hint("name a time to come")
        );
    }
    Ok(Some(until))
}

/// The locks of the team, and those that only this clone knows.
struct Locks<'w> {
    world: &'w Repository,
    local: &'w Local,
    /// Trunk's remote, which keeps the team's; `None` where the policy shares nothing.
    remote: Option<&'w str>,
    /// The person who works here.
    me: String,
}

impl<'w> Locks<'w> {
    fn of(world: &'w Repository, local: &'w Local) -> Result<Self, Error> {
        let remote = match &local.trunk {
            _ if !local.loaded.policy.shares() => None,
            Ok(trunk) => Some(trunk.remote.as_str()),
            Err(error) => return Err(error.clone()),
        };
        let me = world.identity();
        Ok(Self {
            world,
            local,
            remote,
            me,
        })
    }

    fn policy(&self) -> &Policy {
        &self.local.loaded.policy
    }

    fn all(&self) -> Result<Vec<Found>, Error> {
        let mut all = Vec::new();
        if let (Some(_), Ok(trunk)) = (self.remote, &self.local.trunk) {
            all = self.world.trunk_tip(trunk, false)?.locks?;
        }
        all.extend(self.world.local_locks()?);
        Ok(all)
    }

    /// The names of all environments of the policy.
    fn pipeline(&self) -> Result<Vec<String>, Error> {
        let all = self.policy().environments.iter();
        let names: Vec<_> = all.map(|one| one.name.clone()).collect();
        if names.is_empty() {
            return Err(no_pipeline());
        }
        Ok(names)
    }

    fn lock(&self, mut left: Vec<String>, why: &str, until: Option<Timestamp>) -> Done {
        let mut code = 0;
        let mut reasons = Vec::new();
        for tries in 0.. {
            let (all, now) = (self.all()?, now());
            // A server that goes on refusing takes no such refs.
            let remote = self.remote.filter(|_| tries <= STUBBORN);
            let mut changes = Vec::new();
            for environment in &left {
                let mine = in_the_way(environment, &all, remote)
                    .and_then(|()| self.mine(environment, &all, now));
                match mine {
                    Ok(since) => {
                        let since = since.unwrap_or(now);
                        let lock = Lock::new(environment, &self.me, why, since, until);
                        let name = ref_of(environment);
                        let is_old =
                            |one: &&Found| one.name == name && one.is_local == remote.is_none();
                        changes.push(Change {
                            from: all.iter().find(is_old).map(|one| one.id.clone()),
                            to: Some(self.world.write_lock(&lock)?),
                            name,
                        });
                    }
                    Err(held) => code = code.max(held),
                }
            }
            let outcome = self.world.change_locks(remote, &changes)?;
            let is_done = |change: &&Change| outcome.names.contains(&change.name);
            for Change { name, to, .. } in changes.iter().filter(is_done) {
                if let Some(id) = to {
                    let found = self.world.lock_at(name, id, remote.is_none());
                    report::say(&found.sentence(now, &SystemClock.reader()));
                    self.record(
                        "lock",
                        &found.environment,
                        why.to_owned(),
                        SystemClock.now(),
                    );
                }
            }
            if remote.is_none() && !changes.is_empty() {
                let why = match self.remote {
                    None => "the policy says `share: false`".to_owned(),
                    Some(remote) => format!("`{remote}` does not take it ({})", reasons.join("; ")),
                };
                report::warn(&format!("only this clone knows it, and nobody else: {why}"));
            }
            changes.retain(|change| !is_done(&change));
            if changes.is_empty() {
                break;
            }
            left.retain(|name| changes.iter().any(|change| change.name == ref_of(name)));
            reasons = outcome.reasons;
            pause(Instant::now() + Duration::from_secs(1));
        }
        Ok(code)
    }

    /// Since when the lock of an environment is held here; says so where another person holds it, or it is
    /// damaged, and returns the exit code.
    fn mine(&self, name: &str, all: &[Found], now: Timestamp) -> Result<Option<Timestamp>, u8> {
        let mut since = None;
        for found in all.iter().filter(|one| one.environment == *name) {
            let state = match found.state(now) {
                State::Over(_) => continue,
                State::Held(lock) if self.is_me(&lock.by) => {
                    since = Some(lock.since);
                    continue;
                }
                state => state,
            };
            let sentence = found.sentence(now, &SystemClock.reader());
            let unlock = command(["pushgate", "unlock", name]);
            let stop = match state {
                State::Ahead(_) | State::Damaged(_) => {
                    unclear(&state, sentence, name, "then lock again")
                }
                _ => Stop::refused(sentence).cure("ask them, or take it away", [unlock]),
            };
            return Err(not_locked(name, &stop));
        }
        Ok(since)
    }

    fn is_me(&self, person: &str) -> bool {
        let commit = self.local.tip.as_ref().or(self.local.head.as_ref());
        is_same_person(person, &self.me, commit, self.world)
    }

    /// Fails for an environment that the policy does not name: who looks for a lock has no use for another
    /// environment.
    fn must_know(&self, name: &str) -> Result<(), Error> {
        let Err(mut unknown) = named(name, self.policy()) else {
            return Ok(());
        };
        let list = ["pushgate lock --list"];
        unknown.cures = vec![Cure::run("see what is locked", list)];
        Err(unknown)
    }

    /// Writes down what was done here.
    fn record(&self, event: &str, environment: &str, reason: String, at: Timestamp) {
        let entry = Entry {
            environment: Some(environment.to_owned()),
            remote: self.remote.unwrap_or_default().to_owned(),
            reason: Some(reason),
            ..Entry::new(event, Decision::Go, at, &*self.me)
        };
        if let Err(error) = self.world.ledger().append(&entry) {
            report::warn(&Error::from(error).in_one_line());
        }
    }
}

/// Says so where refs are below the one of an environment's lock, which git cannot make then, and returns the exit
/// code. A lock of this clone alone would look like one that all others know.
fn in_the_way(environment: &str, all: &[Found], remote: Option<&str>) -> Result<(), u8> {
    let name = ref_of(environment);
    let is_below = |one: &&Found| {
        let rest = one.name.strip_prefix(&name);
        one.is_local == remote.is_none() && rest.is_some_and(|rest| rest.starts_with('/'))
    };
    let below = all.iter().filter(is_below).map(|one| one.name.as_str());
    let below: Vec<_> = below.collect();
    let Some(first) = below.first() else {
        return Ok(());
    };
    let place = remote.map_or("this clone".to_owned(), |remote| format!("`{remote}`"));
    let why = format!("{place} has {first}, which leaves no room for {name}");
    let delete = |name: &&str| match remote {
        Some(remote) => command(["git", "push", remote, "--delete", name]),
        None => command(["git", "update-ref", "-d", name]),
    };
    let words = "find out whose it is, remove it, then lock again";
    let stop = Stop::undecided(why).cure(words, below.iter().map(delete));
    Err(not_locked(environment, &stop))
}

/// Says why an environment is not locked now, and returns the exit code.
fn not_locked(environment: &str, stop: &Stop) -> u8 {
    report::print(report::failure(&format!("lock of {environment}"), stop));
    stop.decision().exit_code()
}

/// The whole second: nobody needs more.
fn now() -> Timestamp {
    let now = SystemClock.now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}
