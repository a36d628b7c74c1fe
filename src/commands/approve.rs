//! `pushgate approve [ENV]`: records that a person has tried the commit that is live there.

mod again;
mod outcome;

use std::{collections::BTreeSet, slice, time::Instant};

use bstr::{BStr, ByteSlice};

use outcome::{Outcome, failed, say};

use super::{
    Done, Error,
    local::{Local, named, no_commit, no_person, no_pipeline},
    print_json,
};
use crate::{
    app::{answers::SystemClock, follow_up::catch_up, preview::Preview},
    cli::Approve,
    cure::command,
    gates::{
        Clock, EnvironmentRemotes, LocalRepository as _, Object, Stop, promotion::not_live,
        remote_tips::all_running,
    },
    git::{Repository, notes::LIMIT},
    memory::{
        ledger::Entry,
        record::{Event, Record, names_a_person},
    },
    policy::{Environment, FILE, Policy},
    process::signals,
    push::{Oid, url::label},
    report,
    text::alternatives,
};

pub(crate) fn run(args: &Approve) -> Done {
    signals::watch();
    let outcome = outcome(args);
    let (code, json) = match &outcome {
        Ok(outcome) => say(outcome, args.words.is_some()),
        Err(error) => (error.decision().exit_code(), failed(&error.in_one_line())),
    };
    if args.json {
        print_json(&json)?;
    }
    match (outcome, signals::signal()) {
        (Ok(_), _) => Ok(code),
        (Err(_), Some(signal)) => Ok(128 + signal),
        (Err(error), None) => Err(error),
    }
}

fn outcome(args: &Approve) -> Result<Outcome, Error> {
    let world = Repository::open()?;
    let approval = Approval::new(args, &world)?;
    if !names_a_person(&world.identity()) {
        return Ok(approval.refused(args.environment.as_deref(), no_person()));
    }
    if args.again {
        approval.again()
    } else {
        approval.signoff()
    }
}

struct Approval<'w> {
    args: &'w Approve,
    world: &'w Repository,
    policy: Policy,
    /// The commit that the person means.
    commit: Oid,
    /// Another one that may be meant.
    other: Option<Oid>,
    started: Instant,
}

impl<'w> Approval<'w> {
    fn new(args: &'w Approve, world: &'w Repository) -> Result<Self, Error> {
        let (commit, other) = match &args.commit {
            Some(revision) => (world.revision(revision)?, None),
            None => {
                let Local { tip, head, .. } = Local::of(world)?;
                // A clone without a local trunk branch still has a HEAD.
                (tip.or_else(|| head.clone()), head)
            }
        };
        let Some(commit) = commit else {
            let revision = args.commit.as_deref().unwrap_or("HEAD");
            return Err(no_commit(revision, world));
        };
        let policy = world.policy(Some(&commit))?.policy;
        catch_up(world, &policy, LIMIT)?;
        Ok(Self {
            args,
            world,
            policy,
            other: other.filter(|other| *other != commit),
            commit,
            started: Instant::now(),
        })
    }

    /// The commits that may be meant.
    fn meant(&self) -> impl Iterator<Item = &Oid> {
        std::iter::once(&self.commit).chain(&self.other)
    }

    fn refused(&self, environment: Option<&str>, why: Stop) -> Outcome {
        let of = environment.map_or(String::new(), |name| format!(" of {name}"));
        let what = if self.args.again {
            "another try"
        } else {
            "approval"
        };
        let what = format!("{what}{of}");
        Outcome::Refused { what, why }
    }

    fn signoff(&self) -> Result<Outcome, Error> {
        let environment = self.tried()?;
        let unasked = self.unasked_for(environment);
        let of = self.world.remotes_of(environment);
        let commit = match self.live(environment, &of) {
            Err(why) if why.is_refusal() => {
                // What nothing asks for need not be made possible.
                let why = unasked.unwrap_or(why);
                return Ok(self.refused(Some(&environment.name), why));
            }
            live => live?,
        };
        if let Some(Stop { why, cures, .. }) = unasked {
            report::warn(&why);
            report::print(report::cures(&cures));
        }
        let fetched = self.fetch();
        let by = self.world.identity();
        // Whether an environment that comes after this one requires signatures.
        let signed = self.policy.environments.iter().any(|one| {
            one.after.as_ref() == Some(&environment.name)
                && one.signoff.is_some_and(|signoff| signoff.signed)
        });
        let notes = self.world.notes();
        let same = notes.read(&commit)?.into_iter().filter(|record| {
            matches!(record.event, Event::Signoff) && record.is_at(of.place()) && record.is_by(&by)
        });
        for record in same {
            if !signed || notes.verified(&record)? {
                return Ok(self.recorded(record, false, fetched));
            }
        }
        let at = SystemClock.now();
        let mut record = Record {
            words: self.words(),
            ..Record::new(at, &*by, of.place(), &commit, Event::Signoff)
        };
        if signed {
            record = notes.sign(&record)?;
            if !notes.verified(&record)? {
                report::warn(&format!(
                    "git signed it, but does not verify here that it is by {by}: see gpg.ssh.allowedSignersFile (git-config(1))"
                ));
            }
        }
        let remote = of.remotes.first().ok_or_else(|| of.unknown())?;
        self.write(slice::from_ref(&record), remote.name.as_bstr())?;
        Ok(self.recorded(record, true, fetched))
    }

    /// The commit that the person means, if it is live on every remote; else why it cannot be signed off.
    fn live(&self, environment: &Environment, of: &EnvironmentRemotes) -> Result<Oid, Stop> {
        let world = self.world;
        let mut meant: Vec<&Oid> = self.meant().collect();
        // A command tells what runs there, whatever the remotes have.
        let count = of.live.as_ref().map_or(of.remotes.len(), |_| 1);
        for remote in of.remotes.iter().take(count) {
            let tips = all_running(of, remote, &meant, world, world)?;
            meant.retain(|commit| tips.iter().any(|(_, tip)| tip == *commit));
            if meant.is_empty() {
                let trunk = world.trunk(&self.policy.trunk).ok();
                let preview = Preview::new(world, world);
                let (trunk, world) = (trunk.as_ref(), preview.world());
                let name = environment.name.as_str();
                let approve = ["pushgate", "approve", name];
                let again = command(approve);
                let then = ("approve it", Some(again.as_str()));
                let refusal = not_live(trunk, &self.commit, of, remote, &tips, then, &world)?;
                return Err(match tips.first() {
                    None => refusal,
                    Some((_, live)) if matches!(self.world.object(live)?, Object::Missing) => {
                        let words =
                            format!("or, if {} is what you tried, get it first", live.short());
                        refusal.cure(words, [command(["git", "fetch", "--all"]), again])
                    }
                    Some((_, live)) => {
                        let live = live.short();
                        let approve = approve.into_iter().chain(["--commit", live]);
                        let words = format!("or, if {live} is what you tried");
                        refusal.cure(words, [command(approve)])
                    }
                });
            }
        }
        let commit = meant.first().copied().unwrap_or(&self.commit);
        Ok(commit.clone())
    }

    fn words(&self) -> Option<String> {
        let words = self.args.words.as_deref().map(str::trim);
        words.filter(|words| !words.is_empty()).map(str::to_owned)
    }

    /// Writes records into the notes of their commits; the ledger has what they say in one entry.
    fn write(&self, records: &[Record], remote: &BStr) -> Result<(), Error> {
        let ledger = self.world.ledger();
        ledger.prepare()?;
        self.world.notes().add(records)?;
        let took_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        if let Some(record) = records.last() {
            ledger.append(&Entry {
                remote: label(remote),
                took_ms,
                ..Entry::of(record)
            })?;
        }
        Ok(())
    }

    fn fetch(&self) -> Result<(), Error> {
        if !self.policy.share {
            return Ok(());
        }
        self.world.notes().fetch(&self.policy.trunk.remote, LIMIT)
    }

    /// Shares a record where that is wanted and possible.
    fn recorded(&self, record: Record, is_new: bool, fetched: Result<(), Error>) -> Outcome {
        let remote = &self.policy.trunk.remote;
        let share = || {
            if !self.policy.share {
                return Ok(None);
            }
            fetched?;
            self.world.notes().push(remote, LIMIT)?;
            Ok(Some(label(remote.as_bytes().as_bstr())))
        };
        Outcome::Recorded {
            record: Box::new(record),
            is_new,
            shared: share(),
        }
    }

    /// The environment that was tried: the one that is named, else the one that another comes after.
    fn tried(&self) -> Result<&Environment, Error> {
        if let Some(name) = &self.args.environment {
            return named(name, &self.policy);
        }
        match self.asked_for().as_slice() {
            [name] => named(name, &self.policy),
            [] if self.policy.environments.is_empty() => Err(no_pipeline()),
            [] => Err(
                Error::undecided("which environment did you try?").hint(format!(
                    "no environment of {FILE} comes `after` another; name the one you tried"
                )),
            ),
            names @ [first, ..] => {
                let text = format!("which environment did you try? {}", alternatives(names));
                Err(Error::undecided(text)
                    .cure("name it", [command(["pushgate", "approve", first])]))
            }
        }
    }

    /// The environments that another comes after.
    fn asked_for(&self) -> Vec<&str> {
        let afters = self.policy.environments.iter();
        let afters: BTreeSet<&str> = afters.filter_map(|one| one.after.as_deref()).collect();
        Vec::from_iter(afters)
    }

    /// Why a sign-off is of no use, where no other environment asks for it.
    fn unasked_for(&self, environment: &Environment) -> Option<Stop> {
        let asked_for = self.asked_for();
        let name = environment.name.as_str();
        if asked_for.contains(&name) {
            return None;
        }
        let why = format!("nothing comes after {name}: nothing will ask for its sign-off");
        let meant = environment.after.as_deref();
        let meant = meant.or_else(|| asked_for.first().copied());
        Some(meant.into_iter().fold(Stop::refused(why), |why, meant| {
            let approve = command(["pushgate", "approve", meant]);
            why.cure(format!("if you tried {meant}"), [approve])
        }))
    }
}
