//! The gate `promotion`: the same commit is live on the environment that comes first, has been there
//! long enough, and was tried by a person; and no rollback took it away from here.

use std::time::Duration;

use bstr::BStr;
use jiff::{SignedDuration, tz::TimeZone};

use super::{
    Case, Object, Stage, Stop, World,
    live::{Live, Tips},
    memory::{live_since, removal, told},
};
use crate::{
    gates::{
        Undecided,
        refusal::promotion::Refusal,
        verdict::{Trouble, TrunkName},
    },
    memory::record::{Event, Record, is_somebody, who},
    policy::{By, Environment, Signoff},
    push::{Oid, url::redact},
    text::{self, printable},
};

/// Each verification starts a program, and whoever can push can write thousands of lines to verify.
const MOST_VERIFICATIONS: usize = 64;

/// What the gate found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Why it lets pass; nothing where it had nothing to ask.
    pub(crate) answers: Vec<String>,
    /// Whether it is the first to see the commit live on the environment that comes first.
    pub(crate) first: bool,
}

/// A commit that is pushed, and what is remembered of it.
pub(crate) struct Remembered<'c> {
    commit: &'c Oid,
    records: Vec<Record>,
}

/// What is remembered of the pushed commits. One that a rollback took off this environment is refused
/// until somebody says that it may return.
pub(crate) fn remembered<'c>(
    case: &'c Case<'_>,
    world: &World<'_>,
) -> Result<Vec<Remembered<'c>>, Stop> {
    let Some(environment) = case.environment() else {
        return Ok(Vec::new());
    };
    let ask = |commit: &'c Oid| {
        let records = world.memory.records(commit)?;
        match removal(&records, &environment.name) {
            Some(record) => Err(Refusal::Removed {
                pushed: commit.clone(),
                environment: environment.name.clone(),
                at: record.at,
                by: record.by.clone(),
                reader: reader(world),
            }
            .into()),
            None => Ok(Remembered { commit, records }),
        }
    };
    case.commits().into_iter().map(ask).collect()
}

/// Asks about what comes first; `found` tells what was seen, also where the answer is no.
pub(crate) fn ask(
    case: &Case<'_>,
    known: &Remembered<'_>,
    live: &Live,
    world: &World<'_>,
    found: &mut Found,
) -> Result<(), Stop> {
    let (Some(environment), Some(before)) = (case.environment(), &case.before) else {
        return Ok(());
    };
    let Remembered { commit, records } = known;
    is_live(case, commit, before, live, world)?;
    found.answers.push(format!(
        "{} is live on {}",
        commit.short(),
        before.environment
    ));
    if environment.soak.is_zero() && environment.signoff.is_none() {
        return Ok(());
    }
    let answer = soaked(
        environment,
        commit,
        before,
        records,
        world,
        &mut found.first,
    )?;
    found.answers.extend(answer);
    found
        .answers
        .extend(signed_off(environment, commit, before, records, world)?);
    Ok(())
}

/// All remotes of the environment before must have the commit.
fn is_live(
    case: &Case<'_>,
    commit: &Oid,
    before: &Stage,
    live: &Live,
    world: &World<'_>,
) -> Result<(), Stop> {
    before.remote()?;
    for remote in &before.remotes {
        let heard = live
            .before
            .iter()
            .flatten()
            .find(|(asked, _)| asked == remote);
        let tips = match heard {
            Some((_, tips)) => tips.clone()?,
            None => world.remotes.live(remote.as_ref(), &before.branches)?,
        };
        if !tips.iter().any(|(_, tip)| tip == commit) {
            let trunk = case.trunk.as_ref().ok();
            return Err(apart(trunk, commit, before, remote.as_ref(), tips, world)?.into());
        }
    }
    Ok(())
}

/// What is there instead.
pub(crate) fn apart(
    trunk: Option<&TrunkName>,
    commit: &Oid,
    before: &Stage,
    remote: &BStr,
    tips: Tips,
    world: &World<'_>,
) -> Result<Refusal, Trouble> {
    let (environment, remote) = (before.environment.clone(), redact(&printable(remote)));
    let refspec = before.refspec(trunk);
    let Some((_, tip)) = tips.into_iter().next() else {
        return Ok(Refusal::NeverDeployed {
            environment,
            remote,
            refspec,
        });
    };
    // Counts are a courtesy: where the other commit is not here, its id has to do.
    let (relation, same_content) = match world.repository.object(&tip)? {
        Object::Commit { .. } => (
            world.repository.relation(commit, &tip, &remote).ok(),
            world.repository.same_content(commit, &tip).unwrap_or(false),
        ),
        Object::Other(_) | Object::Missing => (None, false),
    };
    Ok(Refusal::OtherCommit {
        pushed: commit.clone(),
        environment,
        remote,
        refspec,
        live: tip,
        relation,
        same_content,
    })
}

/// The commit must have been live there for a while.
fn soaked(
    environment: &Environment,
    commit: &Oid,
    before: &Stage,
    records: &[Record],
    world: &World<'_>,
    first: &mut bool,
) -> Result<Option<String>, Stop> {
    if environment.soak.is_zero() {
        return Ok(None);
    }
    let now = world.clock.now();
    let mut arrivals = world.memory.arrivals(before)?;
    arrivals.extend(told(records, &before.environment));
    let since = live_since(commit, &arrivals, now);
    *first |= since.is_none();
    let been = since.map_or(SignedDuration::ZERO, |since| now.duration_since(since));
    let been = Duration::try_from(been).unwrap_or_default();
    if been >= environment.soak {
        return Ok(Some(format!("for {}", text::span(been))));
    }
    let until = now
        .checked_add(environment.soak.saturating_sub(been))
        .map_err(|error| {
            let what = format!("could not count the soak of {}", environment.name);
            Trouble::from(Undecided::new(what).detail(error.to_string()))
        })?;
    Err(Refusal::Soaking {
        pushed: commit.clone(),
        environment: before.environment.clone(),
        been: since.map(|_| been),
        soak: environment.soak,
        until,
        reader: reader(world),
    }
    .into())
}

/// So many people must have tried it there.
fn signed_off(
    environment: &Environment,
    commit: &Oid,
    before: &Stage,
    records: &[Record],
    world: &World<'_>,
) -> Result<Option<String>, Stop> {
    let Some(wanted) = environment.signoff else {
        return Ok(None);
    };
    let author = match wanted.by {
        By::Another => Some(world.repository.author(commit)?),
        By::Anyone => None,
    };
    let mut tried = Tried::of(wanted, author.as_deref(), before, records, world)?;
    let need = usize::try_from(wanted.people).unwrap_or(usize::MAX);
    // A signature is made by `pushgate approve`, at leisure.
    if tried.people.len() + 1 == need
        && !wanted.signed
        && let Some(me) = may_sign(author.as_deref(), &tried, world)
        && world.runner.confirm(&format!(
            "Have you tried {} on {}?",
            commit.short(),
            before.environment
        ))?
    {
        world.runner.sign_off(before, commit)?;
        tried.people.push(me);
    }
    if tried.people.len() >= need {
        return Ok(Some(format!(
            "signed off by {}",
            tried.people.join(" and ")
        )));
    }
    Err(Refusal::NotSignedOff {
        pushed: commit.clone(),
        environment: before.environment.clone(),
        people: tried.people,
        wanted,
        author: tried.author,
        unverified: tried.unverified,
    }
    .into())
}

/// Whoever pushes, where their word would count and is not there yet.
fn may_sign(author: Option<&str>, tried: &Tried, world: &World<'_>) -> Option<String> {
    let me = world.repository.person();
    let is_me = |other: &str| who(other) == who(&me);
    let counted = tried.people.iter().any(|one| is_me(one));
    (is_somebody(&me) && !counted && !author.is_some_and(is_me)).then_some(me)
}

/// The sign-offs of one commit.
struct Tried {
    /// Whose counts, each once.
    people: Vec<String>,
    /// The author, whose own does not count, where there is one.
    author: Option<String>,
    /// How many could not be verified.
    unverified: usize,
}

impl Tried {
    fn of(
        wanted: Signoff,
        author: Option<&str>,
        before: &Stage,
        records: &[Record],
        world: &World<'_>,
    ) -> Result<Self, Stop> {
        let mut tried = Self {
            people: Vec::new(),
            author: None,
            unverified: 0,
        };
        let here = records.iter().filter(|record| {
            record.environment == before.environment
                && matches!(record.event, Event::Signoff { .. })
                && is_somebody(&record.by)
        });
        let mut verifications = 0;
        for record in here {
            if tried.people.iter().any(|one| record.is_by(one)) {
                continue;
            }
            if author.is_some_and(|author| record.is_by(author)) {
                tried.author = Some(record.by.clone());
            } else if !wanted.signed {
                tried.people.push(record.by.clone());
            } else {
                verifications += 1;
                if verifications <= MOST_VERIFICATIONS && world.memory.is_verified(record)? {
                    tried.people.push(record.by.clone());
                } else {
                    tried.unverified += 1;
                }
            }
        }
        Ok(tried)
    }
}

/// The clock of whoever reads, or the world's.
fn reader(world: &World<'_>) -> TimeZone {
    world.clock.zone().unwrap_or(TimeZone::UTC)
}
