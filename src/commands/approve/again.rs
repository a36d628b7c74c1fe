//! `pushgate approve --again`: a commit that a rollback removed may go there again.

use std::slice;

use jiff::Timestamp;

use super::{Approval, Error, Outcome, named};
use crate::{
    app::answers::SystemClock,
    cure::command,
    gates::{Clock, Memory, Stop},
    memory::{
        deployments::{removals, removed_by_rollback},
        record::{Deployed, Event, Record},
    },
    push::Oid,
    text::alternatives,
};

impl Approval<'_> {
    pub(super) fn again(&self) -> Result<Outcome, Error> {
        let name = self.args.environment.as_deref();
        let places = match name {
            Some(name) => slice::from_ref(named(name, &self.policy)?),
            None => &self.policy.environments,
        };
        let fetched = self.fetch();
        for commit in self.meant() {
            let known = self.world.records(commit)?;
            let removed = places.iter().filter_map(|place| {
                let removed =
                    removed_by_rollback(&known, self.world.remotes_of(place).place(), commit)?;
                Some((place, removed))
            });
            match removed.collect::<Vec<_>>().as_slice() {
                [] => {}
                [(place, last)] => {
                    let remote = place.remotes.first().unwrap_or(&place.name);
                    let now = SystemClock.now();
                    let record = self.let_in_again(last, commit, now);
                    let of = self.world.remotes_of(place);
                    let others = removals(&known, of.place(), commit).filter(|one| one != last);
                    let others = others.map(|one| self.let_in_again(one, commit, now));
                    let all: Vec<_> = others.chain([record.clone()]).collect();
                    self.write(&all, remote.as_bytes().into())?;
                    return Ok(self.recorded(record, true, fetched));
                }
                several => {
                    let names = several.iter().map(|(place, _)| place.name.clone());
                    let names: Vec<_> = names.collect();
                    let (commit, all) = (commit.short(), alternatives(&names));
                    let why =
                        format!("rollbacks removed {commit} from several environments: {all}");
                    let approve = command(["pushgate", "approve", "--again", &names[0]]);
                    let why = Stop::refused(why).cure("name one", [approve]);
                    return Ok(self.refused(None, why));
                }
            }
            let known = known.into_iter().find(|record| {
                record.commit == *commit
                    && matches!(record.event, Event::Again { .. })
                    && places.iter().any(|place| place.name == record.environment)
            });
            if let Some(record) = known {
                return Ok(self.recorded(record, false, fetched));
            }
        }
        let from = name.map_or(String::new(), |name| format!(" from {name}"));
        let removes = |record: &Record| {
            record.deployed().and_then(Deployed::keeps_away).is_some()
                && (places.iter()).any(|place| place.name == record.environment)
        };
        if !self.world.notes().all()?.iter().any(removes) {
            let why = Stop::refused(format!("no rollback ever removed a commit{from}"));
            let check = command(["pushgate", "check"].into_iter().chain(name));
            return Ok(self.refused(name, why.cure("see what a push needs", [check])));
        }
        let why = format!("no rollback removed {}{from}", self.commit.short());
        let named = ["--again", "--commit", "COMMIT"];
        let approve = ["pushgate", "approve"].into_iter().chain(name).chain(named);
        let commands = ["pushgate log".to_owned(), command(approve)];
        let why = Stop::refused(why).cure("see what was removed, and name it", commands);
        Ok(self.refused(name, why))
    }

    fn let_in_again(&self, removed: &Record, commit: &Oid, at: Timestamp) -> Record {
        let by = self.world.identity();
        let event = Event::Again { lifts: removed.at };
        Record {
            words: self.words(),
            ..Record::new(at, by, removed.place(), commit, event)
        }
    }
}
