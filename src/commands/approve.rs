//! `pushgate approve [ENV]`: a person tried the commit that is live there, and the team may know.

mod again;
mod declined;
mod live;

use std::{collections::BTreeSet, time::Instant};

use bstr::{BStr, ByteSlice};
use serde_json::json;

use super::{
    Done,
    local::{Local, named, no_commit},
};
use crate::{
    cli::Approve,
    commands::Error,
    commands::approve::declined::Declined,
    gates::verdict::Decision,
    git::{Real, notes::LIMIT},
    memory::{
        ledger::{Entry, Subject},
        record::{Event, Record, is_somebody},
    },
    policy::{Environment, Policy},
    process::signals,
    push::{Oid, url::redact},
    report,
    text::printable,
};

/// What comes of it.
enum Answer {
    /// It is remembered.
    Remembered {
        record: Record,
        /// Whether it was not before.
        is_new: bool,
        shared: Shared,
    },
    /// It is not.
    Declined { what: String, why: Declined },
}

/// Whether the team gets to know.
enum Shared {
    /// Through this remote.
    On(String),
    /// The policy wants it kept here.
    Kept,
    /// It could not be.
    Failed(Error),
}

pub(crate) fn run(args: &Approve) -> Done {
    signals::watch();
    let answer = answer(args);
    let answer = answer.inspect_err(|trouble| {
        if args.json {
            let _ = report::data(&format!("{}\n", failed(&trouble.in_one_line())));
        }
    });
    if let (Err(_), Some(signal)) = (&answer, signals::signal()) {
        return Ok(128 + signal);
    }
    let (code, json) = tell(&answer?, args.words.is_some());
    if args.json {
        super::print_data(&format!("{json:#}\n"))?;
    }
    Ok(code)
}

fn answer(args: &Approve) -> Result<Answer, Error> {
    let world = Real::open()?;
    Desk::new(args, &world)?.answer()
}

fn failed(why: &str) -> serde_json::Value {
    json!({"recorded": false, "record": null, "shared": false, "why": why})
}

/// Says what came of it; the exit code, and the same for a program. `dropped`: words of somebody who
/// had given theirs already.
fn tell(answer: &Answer, dropped: bool) -> (u8, serde_json::Value) {
    let (record, is_new, shared) = match answer {
        Answer::Declined { what, why } => {
            let why = why.explain();
            report::print(&report::refusal(what, None, &why));
            return (Decision::Refused.exit_code(), failed(&why.why));
        }
        Answer::Remembered {
            record,
            is_new,
            shared,
        } => (record, *is_new, shared),
    };
    let commit = record.commit.short();
    let (environment, by) = (&record.environment, &record.by);
    let done = match (&record.event, is_new) {
        (Event::Again { .. }, true) => format!("{commit} may go to {environment} again, says {by}"),
        (Event::Again { .. }, false) => {
            format!("{commit} may go to {environment} again already, says {by}")
        }
        (_, true) => format!("{commit} signed off on {environment} by {by}"),
        (_, false) => format!("{commit} was signed off on {environment} by {by} already"),
    };
    let (ending, why) = match shared {
        Shared::On(remote) => (format!("shared on {remote}"), None),
        Shared::Kept => ("kept here, as the policy says".to_owned(), None),
        Shared::Failed(trouble) => ("not shared".to_owned(), Some(trouble.in_one_line())),
    };
    report::say(&format!("{done}; {ending}"));
    if !is_new && dropped {
        report::say("its words stay as they were, for one person signs a commit off once");
    }
    if let Some(why) = &why {
        report::warn(&format!("the team does not know yet: {why}"));
    }
    let line = serde_json::from_str::<serde_json::Value>(&record.to_string());
    let shared = matches!(shared, Shared::On(_));
    let json = json!({"recorded": is_new, "record": line.ok(), "shared": shared, "why": why});
    (0, json)
}

/// What an approval needs at hand.
struct Desk<'w> {
    args: &'w Approve,
    world: &'w Real,
    policy: Policy,
    /// The commit that the person means.
    commit: Oid,
    /// Or this one.
    other: Option<Oid>,
    started: Instant,
}

impl<'w> Desk<'w> {
    fn new(args: &'w Approve, world: &'w Real) -> Result<Self, Error> {
        let (commit, other) = match &args.commit {
            Some(revision) => (world.revision(revision)?, None),
            None => {
                let Local { tip, head, .. } = Local::of(world)?;
                // Without a trunk of its own, a clone still has a HEAD.
                (tip.or_else(|| head.clone()), head)
            }
        };
        let Some(commit) = commit else {
            let revision = args.commit.as_deref().unwrap_or("HEAD");
            return Err(no_commit(revision, world));
        };
        Ok(Self {
            args,
            world,
            policy: world.policy(Some(&commit))?.policy,
            other: other.filter(|other| *other != commit),
            commit,
            started: Instant::now(),
        })
    }

    fn answer(&self) -> Result<Answer, Error> {
        if !is_somebody(&self.world.identity()) {
            return Ok(self.declined(self.args.environment.as_deref(), Declined::Nobody));
        }
        if self.args.again {
            self.again()
        } else {
            self.signoff()
        }
    }

    fn declined(&self, environment: Option<&str>, why: Declined) -> Answer {
        let place = environment.map_or(String::new(), |name| format!(" of {name}"));
        let what = if self.args.again {
            "another try"
        } else {
            "approval"
        };
        let what = format!("{what}{place}");
        Answer::Declined { what, why }
    }

    /// Records that the commit that is live there was tried.
    fn signoff(&self) -> Result<Answer, Error> {
        let environment = self.tried()?;
        let (remote, commit) = match self.live(environment)? {
            Ok(found) => found,
            Err(why) => return Ok(self.declined(Some(&environment.name), why)),
        };
        let fetched = self.fetch();
        let by = self.world.identity();
        let signed = self.is_signed(environment);
        let notes = self.world.notes();
        let same = notes.read(&commit)?.into_iter().filter(|record| {
            matches!(record.event, Event::Signoff { .. })
                && record.environment == environment.name
                && record.is_by(&by)
        });
        for record in same {
            if !signed || notes.verified(&record)? {
                return Ok(self.remembered(record, false, fetched));
            }
        }
        let words = self.words();
        let event = Event::Signoff { words };
        let mut record = self.world.record(&environment.name, &commit, event);
        if signed {
            record = notes.sign(&record)?;
            if !notes.verified(&record)? {
                report::warn(&format!(
                    "git signed it, but does not verify here that it is by {by}: see gpg.ssh.allowedSignersFile (git-config(1))"
                ));
            }
        }
        self.remember(&record, remote.as_bstr())?;
        Ok(self.remembered(record, true, fetched))
    }

    /// Whether an environment that comes after wants signatures.
    fn is_signed(&self, tried: &Environment) -> bool {
        self.policy.environments.iter().any(|one| {
            one.after.as_deref() == Some(&tried.name)
                && one.signoff.is_some_and(|signoff| signoff.signed)
        })
    }

    fn words(&self) -> Option<String> {
        let words = self.args.words.as_deref().map(str::trim);
        words.filter(|words| !words.is_empty()).map(str::to_owned)
    }

    /// Writes it into the note of its commit, and into the ledger.
    fn remember(&self, record: &Record, remote: &BStr) -> Result<(), Error> {
        let ledger = self.world.ledger();
        ledger.prepare()?;
        self.world.notes().add(std::slice::from_ref(record))?;
        let subject = Subject {
            environment: Some(record.environment.clone()),
            remote: label(remote),
            destination: String::new(),
            commit: Some(record.commit.clone()),
            replaces: None,
            by: record.by.clone(),
            reason: record.words().map(str::to_owned),
        };
        let took = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let entry = Entry::push(&subject, Decision::Go, record.at, took);
        Ok(ledger.append(&entry.of(record.name()))?)
    }

    fn fetch(&self) -> Result<(), Error> {
        if !self.policy.share {
            return Ok(());
        }
        Ok((self.world.notes()).fetch(&self.policy.trunk.remote, LIMIT)?)
    }

    /// The answer, after it was shared where that is wanted and possible.
    fn remembered(&self, record: Record, is_new: bool, fetched: Result<(), Error>) -> Answer {
        let remote = &self.policy.trunk.remote;
        let shared = match fetched {
            _ if !self.policy.share => Shared::Kept,
            Err(trouble) => Shared::Failed(trouble),
            Ok(()) => match self.world.notes().push(remote, LIMIT) {
                Ok(()) => Shared::On(label(remote.as_bytes().into())),
                Err(error) => Shared::Failed(error.into()),
            },
        };
        Answer::Remembered {
            record,
            is_new,
            shared,
        }
    }

    /// The environment that was tried: the one that is named, else the one that another comes after.
    fn tried(&self) -> Result<&Environment, Error> {
        if let Some(name) = &self.args.environment {
            return named(name, &self.policy);
        }
        let afters = (self.policy.environments.iter()).filter_map(|one| one.after.as_deref());
        let afters: BTreeSet<&str> = afters.collect();
        match Vec::from_iter(afters).as_slice() {
            [name] => named(name, &self.policy),
            names => Err(Error::WhichEnvironment {
                known: names.iter().map(|name| (*name).to_owned()).collect(),
            }),
        }
    }
}

fn label(remote: &BStr) -> String {
    redact(&printable(remote))
}
