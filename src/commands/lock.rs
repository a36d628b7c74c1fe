//! `pushgate lock [ENV]` and `pushgate unlock [ENV]`: nobody else deploys there for a while.

mod list;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use jiff::{Timestamp, Zoned};

use super::{
    Done, Error,
    local::{Local, named, no_person, no_pipeline},
};
use crate::{
    app::{
        answers::SystemClock,
        sharing::{start_follow_up, write},
    },
    calendar, cli,
    cure::command,
    gates::{
        Clock, Remotes as _, Stop,
        lock::{is_same_person, unclear},
        verdict::Decision,
    },
    git::{Repository, locks::Change, pause},
    memory::{
        ledger::Entry,
        lock::{Found, Lock, State, ref_of},
        record::{Event, Record, names_a_person},
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
            all = self.world.trunk_tip(trunk, false)?.locks;
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
                match self.mine(environment, &all, now) {
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
            let what = format!("lock of {name}");
            let stop = match state {
                State::Ahead(_) | State::Damaged(_) => {
                    unclear(&state, sentence, name, "then lock again")
                }
                _ => Stop::refused(sentence).cure("ask them, or take it away", [unlock]),
            };
            report::print(report::failure(&what, &stop));
            return Err(stop.decision().exit_code());
        }
        Ok(since)
    }

    fn is_me(&self, person: &str) -> bool {
        let commit = self.local.tip.as_ref().or(self.local.head.as_ref());
        is_same_person(person, &self.me, commit, self.world)
    }

    fn unlock(&self, only: Option<&str>) -> Done {
        let names = match only {
            Some(name) => vec![name.to_owned()],
            None => self.pipeline()?,
        };
        let mut reasons = Vec::new();
        let mut done = BTreeSet::new();
        for tries in 0..=STUBBORN {
            let mut all = self.all()?;
            all.retain(|one| names.contains(&one.environment));
            let is_locked = |name: &&String| all.iter().any(|one| one.environment == **name);
            for name in names.iter().filter(|name| !is_locked(name)) {
                if tries == 0 {
                    named(name, self.policy())?;
                    report::say(&format!("{name} is not locked"));
                } else if !done.contains(name) {
                    report::say(&format!("{name} is unlocked: somebody else was faster"));
                }
            }
            for is_local in [true, false] {
                let changes = all.iter().filter(|one| one.is_local == is_local);
                let changes: Vec<_> = changes.map(Change::removal).collect();
                let remote = self.remote.filter(|_| !is_local);
                let outcome = self.world.change_locks(remote, &changes)?;
                let mut gone = Vec::new();
                all.retain(|found| {
                    let is_done = found.is_local == is_local && outcome.names.contains(&found.name);
                    if is_done {
                        let (name, now) = (&found.environment, now());
                        let was = found.sentence(now, &SystemClock.reader());
                        report::say(&format!("{name} is unlocked; until then: {was}"));
                        done.insert(name.clone());
                        let was = format!("until then: {}", found.recorded(now));
                        let at = SystemClock.now();
                        self.record("unlock", name, was.clone(), at);
                        gone.extend(self.unlocked(name, was, at));
                    }
                    !is_done
                });
                // Together, for each of them would be a commit of the notes.
                if let Err(error) = write(self.world, &gone, self.remote) {
                    report::warn(&error.in_one_line());
                }
                if !outcome.reasons.is_empty() {
                    reasons = outcome.reasons;
                }
            }
            start_follow_up(self.world);
            if all.is_empty() {
                return Ok(0);
            }
            pause(Instant::now() + Duration::from_secs(1));
        }
        let remote = self.remote.unwrap_or_default();
        Err(Error::undecided(format!("`{remote}` does not let it go")).details(reasons))
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

    /// Tells the team who took a lock away: its ref is gone.
    fn unlocked(&self, environment: &str, was: String, at: Timestamp) -> Option<Record> {
        let commit = self.local.tip.as_ref().or(self.local.head.as_ref())?;
        let of = (self.world).remotes_of(self.policy().environment(environment)?);
        let event = Event::Unlock { words: Some(was) };
        Some(Record::new(at, &*self.me, of.place(), commit, event))
    }
}

/// The whole second: nobody needs more.
fn now() -> Timestamp {
    let now = SystemClock.now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}
