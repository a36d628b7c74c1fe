//! What there is to know of one environment.

use std::{collections::BTreeSet, time::Duration};

use bstr::{BStr, BString, ByteSlice};

use super::gather::Desk;
use crate::{
    app::{
        answers::{Moved, SystemClock, went},
        preview::Preview,
    },
    gates::{
        EnvironmentRemotes, Memory, Passed, Remotes, receipt,
        verdict::Trouble,
        window::{known, reader},
    },
    git::Real,
    memory::{
        arrivals::{arrivals_in, live_since, removed_by_rollback},
        record::{Event, who},
    },
    policy::Environment,
    push::{Oid, url::redact},
    report::status::{Hours, Live, Person, Place, Remote, Removed, Soak, Tried},
    text::printable,
};

impl Desk<'_> {
    pub(super) fn place(&self, environment: &Environment, stage: &EnvironmentRemotes) -> Place {
        let remotes: Vec<_> = (stage.remotes.iter())
            .map(|remote| self.remote(remote, stage))
            .collect();
        let live = remotes
            .iter()
            .find_map(|one| one.live.as_ref().ok()?.as_ref());
        let url = stage.remotes.first().map(|remote| {
            let url = self.world.remotes().push_url(remote);
            url.unwrap_or_else(|| remote.clone())
        });
        Place {
            name: environment.name.clone(),
            destination: url.map_or(String::new(), |url| {
                self.world.destination(url.as_bstr()).brief()
            }),
            after: environment.after.clone(),
            tried: live.and_then(|live| self.tried(environment, live)),
            hours: self.hours(environment),
            removed: live.map_or(Vec::new(), |live| {
                self.removed(environment, &live.commit.id)
            }),
            answer: self.answer(environment, stage),
            remotes,
        }
    }

    fn remote(&self, remote: &BString, stage: &EnvironmentRemotes) -> Remote {
        let live = self.live(remote.as_bstr(), stage);
        Remote {
            name: redact(&printable(remote.as_bstr())),
            live: live.map_err(|trouble| trouble.in_one_line()),
        }
    }

    fn live(&self, remote: &BStr, stage: &EnvironmentRemotes) -> Result<Option<Live>, Trouble> {
        let tips = self.heard.live(remote, &stage.branches)?;
        let pushed_to = self.branch(&stage.branches);
        let tip = tips.iter().find(|(branch, _)| Some(branch) == pushed_to);
        let Some((_, tip)) = tip.or(tips.first()) else {
            return Ok(None);
        };
        let (since, by) = self.arrived(stage, tip);
        Ok(Some(Live {
            commit: self.commit(tip),
            standing: self.standing(tip),
            since,
            by,
            receipt: self.receipt(tip),
        }))
    }

    /// The receipt of a commit, by its own policy; what cannot be read is none.
    fn receipt(&self, commit: &Oid) -> Option<Passed> {
        let policy = self.world.policy(Some(commit)).ok()?.policy;
        receipt::find(
            &policy,
            commit,
            &Preview::new(self.world, &self.heard).world(),
        )
        .ok()?
    }

    /// The branch that trunk is pushed to there.
    fn branch<'b>(&self, branches: &'b [String]) -> Option<&'b String> {
        let trunk = self.trunk.as_ref().ok();
        let same = branches
            .iter()
            .find(|one| trunk.is_some_and(|trunk| trunk.branch == **one));
        same.or(branches.first())
    }

    /// Since when a commit has been live, and who sent it, as far as anybody remembers.
    fn arrived(
        &self,
        stage: &EnvironmentRemotes,
        commit: &Oid,
    ) -> (Option<jiff::Timestamp>, Option<String>) {
        let environment = &stage.environment;
        // A ledger that cannot be read is told of already.
        let mut arrivals = self.world.arrivals(stage).unwrap_or_default();
        let records = || {
            self.records
                .iter()
                .filter(|record| record.commit == *commit)
        };
        arrivals.extend(arrivals_in(
            &records().cloned().collect::<Vec<_>>(),
            environment,
        ));
        let pushed = records().filter(|record| {
            record.environment == *environment && matches!(record.event, Event::Push { .. })
        });
        let sent = (self.entries.iter()).filter(|entry| {
            went(entry, environment) && entry.commit.as_deref() == Some(commit.as_str())
        });
        let by = (pushed.map(|record| (record.at, &record.by)))
            .chain(sent.map(|entry| (entry.at, &entry.by)))
            .max_by_key(|(at, _)| *at);
        let by = by.map(|(_, by)| printable(by.as_bytes().as_bstr()));
        (
            live_since(commit, &arrivals, self.now),
            by.or_else(|| self.moved_by(stage, commit)),
        )
    }

    /// Who pushed it from this clone, where nobody asked the gate.
    fn moved_by(&self, stage: &EnvironmentRemotes, commit: &Oid) -> Option<String> {
        Real::tracking(stage).find_map(|name| {
            let log = self.world.newest_moves(&name).ok()?;
            let mut pushes = log.into_iter().filter(Moved::is_push);
            let moved = pushes.find(|moved| moved.commit == *commit)?;
            Some(printable(moved.by.as_bytes().as_bstr()))
        })
    }

    /// What the environments that come after this one want of the commit.
    fn tried(&self, environment: &Environment, live: &Live) -> Option<Tried> {
        let after = || {
            let after = |one: &&Environment| one.after.as_ref() == Some(&environment.name);
            self.policy.environments.iter().filter(after)
        };
        let needed = after().map(|one| one.soak).max()?;
        let wanted = after().filter_map(|one| Some(one.signoff?.people)).max();
        if needed.is_zero() && wanted.is_none() {
            return None;
        }
        let (commit, since) = (&live.commit.id, live.since);
        let age = |since| Duration::try_from(self.now.duration_since(since)).unwrap_or_default();
        let mut known = BTreeSet::new();
        let signed = self.records.iter().filter(|record| {
            record.commit == *commit
                && record.environment == environment.name
                && matches!(record.event, Event::Signoff { .. })
        });
        Some(Tried {
            soak: (!needed.is_zero()).then(|| Soak {
                needed,
                been: since.map(age),
                until: since.and_then(|since| since.checked_add(needed).ok()),
            }),
            wanted: wanted.unwrap_or(0),
            people: signed
                .filter(|record| known.insert(who(&record.by)))
                .map(|record| Person {
                    by: record.by.clone(),
                    at: record.at,
                    words: record.words().map(str::to_owned),
                })
                .collect(),
        })
    }

    /// What was taken away so that this could be live, one rollback after the other.
    fn removed(&self, environment: &Environment, live: &Oid) -> Vec<Removed> {
        let mut back = vec![live.clone()];
        let mut found: Vec<Removed> = Vec::new();
        let mut next = 0;
        while let Some(to) = back.get(next).cloned() {
            next += 1;
            for record in &self.records {
                let is_it = matches!(&record.event, Event::Removed { by_rollback_to } if *by_rollback_to == to);
                if !is_it || back.contains(&record.commit) {
                    continue;
                }
                let same = self
                    .records
                    .iter()
                    .filter(|one| one.commit == record.commit);
                let same: Vec<_> = same.cloned().collect();
                if let Some(last) = removed_by_rollback(&same, &environment.name) {
                    found.push(Removed {
                        commit: last.commit.clone(),
                        at: last.at,
                        by: last.by.clone(),
                    });
                    back.push(last.commit.clone());
                }
            }
        }
        found
    }

    fn hours(&self, environment: &Environment) -> Hours {
        let window = &environment.window;
        if window.is_always_open() {
            return Hours::Always;
        }
        let reader = match known(window).and_then(|window| reader(window, &SystemClock)) {
            Ok(reader) => reader,
            Err(trouble) => return Hours::Unknown(trouble.in_one_line()),
        };
        match window.check(self.now, &reader) {
            Ok(()) => Hours::Open {
                until: window.open_until(self.now, &reader),
                runway: Duration::try_from(window.runway).unwrap_or_default(),
                zone: window.timezone.resolve(&reader),
            },
            Err(closed) => Hours::Closed {
                soon: closed.within_runway,
                opens: closed.reopens,
                zone: closed.zone,
            },
        }
    }
}
