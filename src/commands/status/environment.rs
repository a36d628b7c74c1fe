//! Fills in what the status says of one environment.

use std::{collections::BTreeSet, time::Duration};

use bstr::{BStr, BString, ByteSlice};
use jiff::Timestamp;

use super::gather::Inputs;
use crate::{
    app::{
        answers::{SystemClock, went},
        preview::Preview,
    },
    commands::Error,
    gates::{
        EnvironmentRemotes, Memory, Passed, Remotes, receipt,
        window::{known, reader},
    },
    git::Moved,
    memory::{
        arrivals::{arrivals_in, live_since, removed_by_rollback},
        record::{Event, who},
    },
    policy,
    push::{Oid, url::redact},
    report::status::{Environment, Live, Person, Remote, Removed, Soak, Tried, Window},
    text::printable,
};

impl Inputs<'_> {
    pub(super) fn environment(
        &self,
        environment: &policy::Environment,
        of: &EnvironmentRemotes,
    ) -> Environment {
        let remotes: Vec<_> = (of.remotes.iter())
            .map(|remote| self.remote(remote, of))
            .collect();
        let live = remotes.iter().find_map(|remote| remote.live.as_ref());
        let url = of.remotes.first().map(|remote| {
            let url = self.world.remotes().push_url(remote);
            url.unwrap_or_else(|| remote.clone())
        });
        Environment {
            name: environment.name.clone(),
            destination: url.map_or(String::new(), |url| {
                self.world.destination(url.as_bstr()).brief()
            }),
            after: environment.after.clone(),
            tried: live.and_then(|live| self.tried(environment, live)),
            window: self.window(environment),
            removed: live.map_or(Vec::new(), |live| {
                self.removed(environment, &live.commit.id)
            }),
            next_push: self.next_push(environment, of),
            remotes,
        }
    }

    fn remote(&self, remote: &BString, of: &EnvironmentRemotes) -> Remote {
        let (live, error) = match self.live(remote.as_bstr(), of) {
            Ok(live) => (live, None),
            Err(error) => (None, Some(error.in_one_line())),
        };
        Remote {
            name: redact(&printable(remote.as_bstr())),
            live,
            error,
        }
    }

    fn live(&self, remote: &BStr, of: &EnvironmentRemotes) -> Result<Option<Live>, Error> {
        let tips = self.tips.live(remote, &of.branches)?;
        let pushed_to = self.branch(&of.branches);
        let tip = tips.iter().find(|(branch, _)| Some(branch) == pushed_to);
        let Some((_, tip)) = tip.or(tips.first()) else {
            return Ok(None);
        };
        let (since, by) = self.arrived(of, tip);
        Ok(Some(Live {
            commit: self.commit(tip),
            standing: self.standing(tip),
            since,
            by,
            receipt: self.receipt(tip),
        }))
    }

    /// The receipt of a commit by its own policy; `None` also where that cannot be read.
    fn receipt(&self, commit: &Oid) -> Option<Passed> {
        let policy = self.world.policy(Some(commit)).ok()?.policy;
        let preview = Preview::new(self.world, &self.tips);
        receipt::find(&policy, commit, &preview.world()).ok()?
    }

    /// The branch that trunk is pushed to there.
    fn branch<'b>(&self, branches: &'b [String]) -> Option<&'b String> {
        let trunk = self.trunk.as_ref().ok();
        let same = branches
            .iter()
            .find(|one| trunk.is_some_and(|trunk| trunk.branch == **one));
        same.or(branches.first())
    }

    /// Since when a commit has been live, and the person who pushed it, as far as this is recorded.
    fn arrived(
        &self,
        of: &EnvironmentRemotes,
        commit: &Oid,
    ) -> (Option<Timestamp>, Option<String>) {
        let environment = &of.environment;
        // That the ledger cannot be read is among the errors already.
        let mut arrivals = self.world.arrivals(of).unwrap_or_default();
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
            by.or_else(|| self.moved_by(of, commit)),
        )
    }

    /// The person who pushed it from this clone without the gate, by the reflogs of the tracking refs.
    fn moved_by(&self, of: &EnvironmentRemotes, commit: &Oid) -> Option<String> {
        of.tracking_refs().find_map(|name| {
            let log = self.world.newest_moves(&name).ok()?;
            let mut pushes = log.into_iter().filter(Moved::is_push);
            let moved = pushes.find(|moved| moved.commit == *commit)?;
            Some(printable(moved.by.as_bytes().as_bstr()))
        })
    }

    fn tried(&self, environment: &policy::Environment, live: &Live) -> Option<Tried> {
        let after = || {
            let after = |one: &&policy::Environment| one.after.as_ref() == Some(&environment.name);
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

    /// The commits that were removed so that this one could be live, by one rollback after the other.
    fn removed(&self, environment: &policy::Environment, live: &Oid) -> Vec<Removed> {
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

    fn window(&self, environment: &policy::Environment) -> Window {
        let window = &environment.window;
        if window.is_always_open() {
            return Window::Always;
        }
        let reader = match known(window).and_then(|window| reader(window, &SystemClock)) {
            Ok(reader) => reader,
            Err(error) => {
                let error = error.in_one_line();
                return Window::Unknown { error };
            }
        };
        match window.check(self.now, &reader) {
            Ok(()) => Window::Open {
                until: window.open_until(self.now, &reader),
                runway: Duration::try_from(window.runway).unwrap_or_default(),
                zone: window.timezone.resolve(&reader),
            },
            Err(closed) => Window::Closed {
                soon: closed.within_runway,
                opens: closed.reopens,
                zone: closed.zone,
            },
        }
    }
}
