//! `pushgate approve --again`: a commit that a rollback removed may go there again.

use super::{Approval, Error, Outcome, named};
use crate::{
    app::answers::SystemClock,
    gates::{Clock, Explanation},
    memory::{
        arrivals::removed_by_rollback,
        record::{Event, Record},
    },
    policy::Environment,
    push::Oid,
    text::alternatives,
};

impl Approval<'_> {
    pub(super) fn again(&self) -> Result<Outcome, Error> {
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
                    return Ok(self.recorded(record, true, fetched));
                }
                several => {
                    let names = several.iter().map(|(place, _)| place.name.clone());
                    let why = removed_from_several(commit, &names.collect::<Vec<_>>());
                    return Ok(self.refused(None, why));
                }
            }
            let known = known.into_iter().find(|record| {
                matches!(record.event, Event::Again { .. })
                    && places.iter().any(|place| place.name == record.environment)
            });
            if let Some(record) = known {
                return Ok(self.recorded(record, false, fetched));
            }
        }
        let from = name.map_or(String::new(), |name| format!(" from {name}"));
        let why = Explanation::new(
            format!("no rollback removed {}{from}", self.commit.short()),
            ["name the commit that was removed: pushgate approve ENV --again --commit REV"],
        );
        Ok(self.refused(name, why))
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
        let (at, by) = (SystemClock.now(), self.world.identity());
        let mut record = Record::new(at, by, &place.name, commit, event);
        // The clock of the person who rolled back may be ahead of ours.
        record.at = record.at.max(removed.at);
        let remote = place.remotes.first().unwrap_or(&place.name);
        self.write(&record, remote.as_bytes().into())?;
        Ok(record)
    }
}

fn removed_from_several(commit: &Oid, environments: &[String]) -> Explanation {
    let name = environments.first().map_or("ENV", String::as_str);
    Explanation::new(
        format!(
            "rollbacks removed {} from several environments: {}",
            commit.short(),
            alternatives(environments)
        ),
        [format!("name one: pushgate approve {name} --again")],
    )
}
