//! The gate `promotion`: the same commit is live on the environment that comes first, has been there
//! long enough, and was signed off by a person; and no rollback removed it from this environment.

use std::time::Duration;

use bstr::BStr;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    environment_remotes::EnvironmentRemotes,
    facts::TrunkName,
    governed_push::GovernedPush,
    refusal::promotion::{NotSignedOff, Refusal},
    remote_tips::{RemoteTips, Tips},
    sign_offs::SignOffs,
    undecided::Undecided,
    verdict::Stop,
    world::{Object, World},
};
use crate::{
    memory::{
        deployments::{live_since, removed_by_rollback},
        record::Record,
    },
    policy::{By, Environment},
    push::{Oid, url::redact},
    text::{printable, span},
};

#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Why it lets pass; none where no environment comes first.
    pub(crate) answers: Vec<String>,
    /// Whether the commit is seen live for the first time on the environment that comes first.
    pub(crate) first: bool,
}

/// A pushed commit and the records about it.
pub(crate) struct Remembered<'c> {
    commit: &'c Oid,
    records: Vec<Record>,
}

/// Reads the records about the pushed commits. A commit that a rollback removed from this environment
/// is refused until a person lets it in again.
pub(crate) fn remembered<'c>(
    push: &'c GovernedPush<'_>,
    world: &World<'_>,
) -> Result<Vec<Remembered<'c>>, Stop> {
    let Some(environment) = push.environment() else {
        return Ok(Vec::new());
    };
    let ask = |commit: &'c Oid| {
        let records = world.memory.records(commit)?;
        match removed_by_rollback(&records, &environment.name, commit) {
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
    push.commits().into_iter().map(ask).collect()
}

/// Asks about the environment that comes first; `found` is filled also where the answer is no.
pub(crate) fn ask(
    push: &GovernedPush<'_>,
    known: &Remembered<'_>,
    tips: &RemoteTips,
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
        world,
    };
    promotion.must_be_live(push.trunk.as_ref().ok(), tips)?;
    found.answers.push(format!(
        "{} is live on {}",
        known.commit.short(),
        before.environment
    ));
    let soaked = promotion.must_have_soaked(&mut found.first)?;
    found.answers.extend(soaked);
    let signed_off = promotion.must_be_signed_off()?;
    found.answers.extend(signed_off);
    Ok(())
}

/// One commit on its way from one environment to the next.
struct Promotion<'p> {
    environment: &'p Environment,
    before: &'p EnvironmentRemotes,
    commit: &'p Oid,
    records: &'p [Record],
    world: &'p World<'p>,
}

impl Promotion<'_> {
    fn must_be_live(&self, trunk: Option<&TrunkName>, known: &RemoteTips) -> Result<(), Stop> {
        let (before, commit, world) = (self.before, self.commit, self.world);
        before.remote()?;
        for remote in &before.remotes {
            let asked = known.before.iter().flatten();
            let tips = match asked.into_iter().find(|(name, _)| name == remote) {
                Some((_, tips)) => tips.clone()?,
                None => world.remotes.live(remote.as_ref(), &before.branches)?,
            };
            if !tips.iter().any(|(_, tip)| tip == commit) {
                return Err(not_live(trunk, commit, before, remote.as_ref(), tips, world)?.into());
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
        let since = match self.since(now) {
            None => world.memory.tracked_since(before, self.commit)?,
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
            Undecided::new(what).detail(error.to_string())
        })?;
        Err(Refusal::Soaking {
            pushed: self.commit.clone(),
            environment: before.environment.clone(),
            been: since.map(|_| been),
            soak: environment.soak,
            until,
            reader: reader(world),
        }
        .into())
    }

    /// Since when the commit is live on all remotes of the environment.
    fn since(&self, now: Timestamp) -> Option<Timestamp> {
        let before = self.before;
        let since = |remote| live_since(self.records, before.place_of(remote), self.commit, now);
        let all: Option<Vec<_>> = (0..before.remotes.len()).map(since).collect();
        all?.into_iter().max()
    }

    /// Enough people must have signed the commit off there; the person who pushes may do so now.
    fn must_be_signed_off(&self) -> Result<Option<String>, Stop> {
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
        Err(Refusal::NotSignedOff(NotSignedOff {
            pushed: self.commit.clone(),
            environment: before.clone(),
            people: found.people,
            wanted,
            author: found.author,
            unverified: found.unverified,
            elsewhere: found.elsewhere,
        })
        .into())
    }
}

/// Tells what is live on a remote instead of the commit.
pub(crate) fn not_live(
    trunk: Option<&TrunkName>,
    commit: &Oid,
    before: &EnvironmentRemotes,
    remote: &BStr,
    tips: Tips,
    world: &World<'_>,
) -> Result<Refusal, Undecided> {
    let (environment, remote) = (before.environment.clone(), redact(&printable(remote)));
    let refspec = before.refspec(trunk);
    let Some((_, live)) = tips.into_iter().next() else {
        return Ok(Refusal::NeverDeployed {
            environment,
            remote,
            refspec,
        });
    };
    // Counts are a courtesy: where the other commit is not here, its id has to do.
    let repository = world.repository;
    let (relation, same_content) = match repository.object(&live)? {
        Object::Commit { .. } => (
            repository.relation(commit, &live, &remote).ok(),
            repository.same_content(commit, &live).unwrap_or(false),
        ),
        Object::Other(_) | Object::Missing => (None, false),
    };
    Ok(Refusal::OtherCommit {
        pushed: commit.clone(),
        environment,
        remote,
        refspec,
        live,
        relation,
        same_content,
    })
}

fn reader(world: &World<'_>) -> TimeZone {
    world.clock.zone().unwrap_or(TimeZone::UTC)
}
