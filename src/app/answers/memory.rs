//! What this clone knows of the past: its ledger, git's reflogs, and the team's notes.

use bstr::BStr;
use jiff::Timestamp;

use super::SystemClock;
use crate::{
    app::{sightings::unseen, tracked::departure},
    gates::{Clock, EnvironmentRemotes, LocalRepository as _, Memory, Passed, Stop, Tips, Work},
    git::Repository,
    memory::{
        deployments::{last_of, newest, running, was_live},
        ledger::Ledger,
        lock::{Found, ref_of},
        open_push::{OpenPushes, State},
        record::{Deployed, Judged, Place, Record},
    },
    process::lock,
    push::Oid,
};

impl Repository {
    pub(crate) fn ledger(&self) -> Ledger {
        Ledger::new(&self.state_dir())
    }

    pub(crate) fn open_pushes(&self) -> OpenPushes {
        OpenPushes::new(&self.state_dir())
    }
}

impl Memory for Repository {
    fn records(&self, commit: &Oid) -> Result<Vec<Record>, Stop> {
        let mut records = self.notes().read(commit)?;
        // A rollback that has not been recorded yet may have removed it all the same.
        let open = self.open_pushes().all().into_iter();
        let open = open.filter(|(_, push)| push.state != State::Missing);
        records.extend(open.map(|(_, push)| push.record).filter(|record| {
            let is_rollback = |one: &Deployed| one.judged == Judged::Rollback;
            record.replaces() == Some(commit) && record.deployed().is_some_and(is_rollback)
        }));
        Ok(records)
    }

    fn was_live(&self, environment: &EnvironmentRemotes, commit: &Oid) -> Result<bool, Stop> {
        if was_live(&self.records(commit)?, environment.place(), commit) {
            return Ok(true);
        }
        // What went there before the gate came is known to git alone.
        let mut tracked = self.moves_of(environment)?.into_iter();
        if tracked.any(|(_, moves)| moves.iter().any(|moved| moved.commit == *commit)) {
            return Ok(true);
        }
        Ok(false)
    }

    fn runs_at(&self, place: Place<'_>, git: &Oid) -> Result<Oid, Stop> {
        running(git, place, |commit| self.records(commit))
    }

    fn remembered(&self, place: Place<'_>) -> Result<Option<Record>, Stop> {
        Ok(newest(&self.notes().all()?, place).cloned())
    }

    fn deployed_last(
        &self,
        place: Place<'_>,
        remote: &BStr,
        branches: &[String],
        tips: &Tips,
    ) -> Result<Option<Oid>, Stop> {
        let git = tips.first().map(|(_, tip)| tip);
        if let Some(git) = git {
            let known = self.records(git)?;
            let last = newest(&known, place);
            let is_last = |one: &Record| one.commit == *git || one.is_by_command();
            if last.is_none_or(is_last) {
                return self.runs_at(place, git).map(Some);
            }
        }
        // Another branch may have been deployed since, or what is left of it in git tells.
        let mut all = tips.clone();
        for branch in branches {
            let name = format!("refs/heads/{branch}");
            let tip = self.tracking_ref(remote, name.as_str().into());
            let tip = tip.filter(|name| self.tells_of(name, remote, place));
            if !tips.iter().any(|(known, _)| known == branch)
                && let Some(tip) = tip.map(|name| self.reference(&name)).transpose()?.flatten()
            {
                all.push((branch.clone(), tip));
            }
        }
        let is_known = |last: &Oid| git.is_none() || all.iter().any(|(_, tip)| tip == last);
        let last = self.remembered(place)?.map(|record| record.commit);
        match last.filter(is_known).as_ref().or(git) {
            Some(last) => self.runs_at(place, last).map(Some),
            None => Ok(all.first().map(|(_, tip)| tip.clone())),
        }
    }

    fn last_of(&self, place: Place<'_>, tips: &Tips) -> Result<Option<Oid>, Stop> {
        let all = self.notes().all()?;
        let is_past = |old: &Oid, new: &Oid| {
            matches!(self.is_past(old, new, place.environment), Ok(Some(true)))
        };
        Ok(last_of(tips, &all, place, is_past).cloned())
    }

    fn tracked_since(
        &self,
        environment: &EnvironmentRemotes,
        commit: &Oid,
    ) -> Result<Option<Timestamp>, Stop> {
        let mut latest = None;
        for (_, moves) in self.moves_of(environment)? {
            let newest = moves.iter().rev().take_while(|one| one.commit == *commit);
            match (newest.count().checked_sub(1), moves.is_empty()) {
                // GIT_COMMITTER_DATE may say anything, but nothing came before what was there before.
                (Some(after), _) => {
                    let at = moves.iter().rev().skip(after).map(|one| one.at).max();
                    latest = latest.max(at);
                }
                // One of several branches that deploy there.
                (None, true) => {}
                (None, false) => return Ok(None),
            }
        }
        Ok(latest)
    }

    fn departures(
        &self,
        environment: &EnvironmentRemotes,
        commit: &Oid,
    ) -> Result<Vec<Record>, Stop> {
        let departed = |(place, moves): (_, Vec<_>)| departure(&moves, place, commit);
        let departures = self.moves_of(environment)?.into_iter().filter_map(departed);
        let unseen = departures.filter_map(|one| unseen(self, one).transpose());
        unseen.collect()
    }

    fn lock(&self, environment: &str) -> Result<Option<Found>, Stop> {
        let name = ref_of(environment);
        let id = self.reference(&name)?;
        Ok(id.map(|id| self.lock_at(&name, &id, true)))
    }

    fn is_verified(&self, record: &Record) -> Result<bool, Stop> {
        self.notes().verified(record)
    }

    fn receipt(&self, work: &Work<'_>) -> Result<Option<Passed>, Stop> {
        let (tree, suite) = self.receipt_key(work)?;
        let is_it = |one: &&(Oid, String, Passed)| (&one.0, &one.1) == (&tree, &suite);
        if let Some((_, _, passed)) = lock(&self.passed).iter().find(is_it) {
            return Ok(Some(*passed));
        }
        let (reuse, now) = (work.suite.reuse, SystemClock.now());
        Ok(self.receipts().find(&tree, &suite, reuse, now))
    }
}
