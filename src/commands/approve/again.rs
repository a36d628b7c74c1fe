//! `pushgate approve --again`: what a rollback removed may go there again.

use super::{Answer, Desk, named};
use crate::{
    commands::Error,
    commands::approve::declined::Declined,
    memory::{
        arrivals::removed_by_rollback,
        record::{Event, Record},
    },
    policy::Environment,
    push::Oid,
};

impl Desk<'_> {
    /// Records that a commit which was removed may go there again.
    pub(super) fn again(&self) -> Result<Answer, Error> {
        let name = self.args.environment.as_deref();
        let places = match name {
            Some(name) => std::slice::from_ref(named(name, &self.policy)?),
            None => &self.policy.environments,
        };
        let fetched = self.fetch();
        for commit in std::iter::once(&self.commit).chain(&self.other) {
            let known = self.world.notes().read(commit)?;
            let open = (places.iter())
                .filter_map(|place| Some((place, removed_by_rollback(&known, &place.name)?)))
                .collect::<Vec<_>>();
            match open.as_slice() {
                [] => {}
                [(place, removed)] => {
                    let record = self.acknowledged(place, commit, removed)?;
                    return Ok(self.remembered(record, true, fetched));
                }
                several => {
                    let names = several.iter().map(|(place, _)| place.name.clone());
                    let why = Declined::RemovedFrom {
                        commit: commit.clone(),
                        environments: names.collect(),
                    };
                    return Ok(self.declined(None, why));
                }
            }
            let known = known.into_iter().find(|record| {
                matches!(record.event, Event::Again { .. })
                    && places.iter().any(|place| place.name == record.environment)
            });
            if let Some(record) = known {
                return Ok(self.remembered(record, false, fetched));
            }
        }
        let why = Declined::NotRemoved {
            commit: self.commit.clone(),
            environment: name.map(str::to_owned),
        };
        Ok(self.declined(name, why))
    }

    fn acknowledged(
        &self,
        place: &Environment,
        commit: &Oid,
        removed: &Record,
    ) -> Result<Record, Error> {
        let event = Event::Again {
            words: self.words(),
        };
        let mut record = self.world.record(&place.name, commit, event);
        // Whoever rolled back may have a clock that is ahead of ours.
        record.at = record.at.max(removed.at);
        let remote = place.remotes.first().unwrap_or(&place.name);
        self.remember(&record, remote.as_bytes().into())?;
        Ok(record)
    }
}
