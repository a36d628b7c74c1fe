//! Where a decision is written down: this clone's ledger, and the pushes whose arrival is looked for.

use crate::{
    app::{answers::SystemClock, settle, sharing, unjudged},
    gates::{Clock, EnvironmentRemotes, Memory, Stop},
    git::Repository,
    memory::{
        ledger::Entry,
        open_push::{OpenPush, Tracking},
        record::Place,
    },
    process::detached,
    push::Oid,
};

pub(crate) trait Journal {
    /// Fails where no entry could be written.
    fn prepare(&self) -> Result<(), Stop>;
    /// Records which earlier pushes have arrived, as far as git's own files tell.
    fn settle(&self) -> Result<(), Stop>;
    fn append(&self, entry: &Entry) -> Result<(), Stop>;
    /// Has the arrival of a push looked for.
    fn open(&self, push: &OpenPush) -> Result<(), Stop>;
    /// Records that a commit is live on an environment though nobody has recorded it; `share`: the remote
    /// where the team shares its records.
    fn found(
        &self,
        environment: &EnvironmentRemotes,
        commit: &Oid,
        share: Option<&str>,
    ) -> Result<(), Stop>;
    /// Records that a push from here that was given up has arrived all the same: its commit is live.
    fn arrived_late(&self, place: Place<'_>, live: &Oid, share: Option<&str>) -> Result<(), Stop>;
    /// Starts the process that looks for arrivals and shares records, where there is anything to do.
    fn follow_up(&self);
}

impl Journal for Repository {
    fn prepare(&self) -> Result<(), Stop> {
        Ok(self.ledger().prepare()?)
    }

    fn settle(&self) -> Result<(), Stop> {
        settle::settle(self, settle::Ask::Nobody)
    }

    fn append(&self, entry: &Entry) -> Result<(), Stop> {
        Ok(self.ledger().append(entry)?)
    }

    fn open(&self, push: &OpenPush) -> Result<(), Stop> {
        let push = traced(push, self)?;
        let added = self.open_pushes().add(&push);
        let what = "write down that the push goes";
        added.map_err(|error| Stop::failed(what, &error))?;
        Ok(())
    }

    fn found(
        &self,
        environment: &EnvironmentRemotes,
        commit: &Oid,
        share: Option<&str>,
    ) -> Result<(), Stop> {
        let mut records = self.departures(environment, commit)?;
        records.extend(unjudged::sighting(
            self,
            environment,
            environment.place(),
            commit,
        )?);
        sharing::write(self, &records, share)
    }

    fn arrived_late(&self, place: Place<'_>, live: &Oid, share: Option<&str>) -> Result<(), Stop> {
        let record = unjudged::arrived_late(self, place, live)?;
        sharing::write(self, record.as_slice(), share)
    }

    fn follow_up(&self) {
        sharing::start_follow_up(self);
    }
}

/// A push with what tells later whether it arrived.
fn traced(push: &OpenPush, repository: &Repository) -> Result<OpenPush, Stop> {
    let mut traced = push.clone();
    traced.git = push.git.or_else(|| Some(detached::git_push()));
    let (remote, target) = (push.remote.as_str().into(), push.target.as_str().into());
    traced.left = Some(SystemClock.now());
    if let Some(name) = repository.tracking_ref(remote, target) {
        traced.tracking = Some(Tracking {
            tip: repository.reference(&name)?,
            moves: repository.moves(&name)?.len(),
            name,
        });
    }
    Ok(traced)
}
