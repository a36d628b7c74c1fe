//! Fills in what the status says of one environment, and previews the next push to it.

use std::{collections::BTreeSet, time::Duration};

use bstr::{BStr, BString, ByteSlice};
use jiff::Timestamp;

use super::Inputs;
use crate::{
    app::{
        answers::{SystemClock, went},
        decide::preview,
        preview::Preview,
    },
    commands::{Error, check::to_environment},
    gates::{
        EnvironmentRemotes, Explanation, LocalRepository, Memory, Passed, Remotes, Undecided,
        receipt,
        verdict::{Decision, Gate, Outcome, Relation},
        window::{known, reader},
    },
    git::Moved,
    memory::{
        arrivals::{arrivals_in, live_since, removed_by_rollback},
        record::{Event, Record, who},
    },
    policy,
    push::{Oid, Push, Update, url::redact},
    report::status::{Environment, Live, NextPush, Remote, Soak, Suite, Tried, Window},
    text::printable,
};

impl Inputs<'_> {
    pub(super) fn environment(
        &self,
        environment: &policy::Environment,
        of: &EnvironmentRemotes,
    ) -> Environment {
        let remotes = of.remotes.iter().map(|remote| self.remote(remote, of));
        let remotes: Vec<_> = remotes.collect();
        let live = remotes.iter().find_map(|remote| remote.live.as_ref());
        let destination = of.remotes.first().map(|remote| {
            let url = self.world.remotes().push_url(remote);
            let url = url.as_ref().unwrap_or(remote);
            self.world.destination(url.as_bstr()).brief()
        });
        Environment {
            name: environment.name.clone(),
            destination: destination.unwrap_or_default(),
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

    fn live(&self, remote: &BStr, of: &EnvironmentRemotes) -> Result<Option<Live>, Undecided> {
        let tips = self.tips.live(remote, &of.branches)?;
        let trunk = self.trunk.as_ref().ok().map(|trunk| &trunk.branch);
        let trunk = trunk.filter(|branch| of.branches.contains(branch));
        let pushed_to = trunk.or(of.branches.first());
        let tip = tips.iter().find(|(branch, _)| Some(branch) == pushed_to);
        Ok(tip.or(tips.first()).map(|(_, tip)| Live {
            commit: self.commit(tip),
            standing: self.standing(tip),
            since: self.since(of, tip),
            by: self.pushed_by(of, tip),
            receipt: self.receipt(tip),
        }))
    }

    /// The receipt of a commit by its own policy; `None` also where that cannot be read.
    fn receipt(&self, commit: &Oid) -> Option<Passed> {
        let policy = self.world.policy(Some(commit)).ok()?.policy;
        let preview = Preview::new(self.world, &self.tips);
        receipt::find(&policy, commit, &preview.world()).ok()?
    }

    fn since(&self, of: &EnvironmentRemotes, commit: &Oid) -> Option<Timestamp> {
        // That the ledger cannot be read is among the errors already.
        let mut arrivals = self.world.arrivals(of).unwrap_or_default();
        let records: Vec<_> = self.records_of(commit).cloned().collect();
        arrivals.extend(arrivals_in(&records, &of.environment));
        live_since(commit, &arrivals, self.now)
    }

    fn records_of(&self, commit: &Oid) -> impl Iterator<Item = &Record> {
        (self.records.iter()).filter(move |record| record.commit == *commit)
    }

    /// The person who pushed a commit: as it is recorded, else by the reflogs of the tracking refs, where
    /// it went from this clone without the gate.
    fn pushed_by(&self, of: &EnvironmentRemotes, commit: &Oid) -> Option<String> {
        let environment = &of.environment;
        let pushed = self.records_of(commit).filter(|record| {
            record.environment == *environment && matches!(record.event, Event::Push { .. })
        });
        let sent = (self.entries.iter()).filter(|entry| {
            went(entry, environment) && entry.commit.as_deref() == Some(commit.as_str())
        });
        let recorded = (pushed.map(|record| (record.at, record.by.clone())))
            .chain(sent.map(|entry| (entry.at, entry.by.clone())))
            .max_by_key(|(at, _)| *at);
        let moved = || {
            of.tracking_refs().find_map(|name| {
                let mut moves = self.world.newest_moves(&name).ok()?.into_iter();
                moves.find(|moved| moved.is_push() && moved.commit == *commit)
            })
        };
        let by = recorded.map(|(_, by)| by);
        let by = by.or_else(|| moved().map(|Moved { by, .. }| by))?;
        Some(printable(by.as_bytes().as_bstr()))
    }

    fn tried(&self, environment: &policy::Environment, live: &Live) -> Option<Tried> {
        let is_next = |one: &&policy::Environment| one.after.as_ref() == Some(&environment.name);
        let next = || self.policy.environments.iter().filter(is_next);
        let needed = next().map(|one| one.soak).max()?;
        let wanted = next().filter_map(|one| Some(one.signoff?.people)).max();
        if needed.is_zero() && wanted.is_none() {
            return None;
        }
        let age = |since| Duration::try_from(self.now.duration_since(since)).unwrap_or_default();
        let mut known = BTreeSet::new();
        let signed = self.records_of(&live.commit.id).filter(|record| {
            record.environment == environment.name
                && matches!(record.event, Event::Signoff { .. })
                && known.insert(who(&record.by))
        });
        Some(Tried {
            people: signed.cloned().collect(),
            soak: (!needed.is_zero()).then(|| Soak {
                needed,
                been: live.since.map(age),
                until: live.since.and_then(|since| since.checked_add(needed).ok()),
            }),
            wanted: wanted.unwrap_or(0),
        })
    }

    /// The commits that were removed so that this one could be live, by one rollback after the other.
    fn removed(&self, environment: &policy::Environment, live: &Oid) -> Vec<Record> {
        let mut found: Vec<Record> = Vec::new();
        let mut back = vec![live.clone()];
        let mut next = 0;
        while let Some(to) = back.get(next).cloned() {
            next += 1;
            let gone = |record: &&Record| matches!(&record.event, Event::Removed { by_rollback_to } if *by_rollback_to == to);
            for record in self.records.iter().filter(gone) {
                if back.contains(&record.commit) {
                    continue;
                }
                let same: Vec<_> = self.records_of(&record.commit).cloned().collect();
                if let Some(last) = removed_by_rollback(&same, &environment.name) {
                    back.push(last.commit.clone());
                    found.push(last.clone());
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

    /// Previews the next push of the local trunk branch.
    fn next_push(
        &self,
        environment: &policy::Environment,
        remotes: &EnvironmentRemotes,
    ) -> NextPush {
        let Some((branch, commit)) = &self.local else {
            return nothing("there is nothing to push yet");
        };
        let previewed = self.preview(environment, remotes, branch, commit);
        previewed.unwrap_or_else(|error| undecided(None, &error.explain()))
    }

    fn preview(
        &self,
        environment: &policy::Environment,
        remotes: &EnvironmentRemotes,
        branch: &str,
        commit: &Oid,
    ) -> Result<NextPush, Error> {
        let (remote, url, target) = to_environment(environment, self.policy, self.world)?;
        let tips = match self.tips.live(remote.as_bstr(), &remotes.branches) {
            Ok(tips) => tips,
            Err(error) => {
                // The line of its live commit says why.
                return Ok(NextPush::Undecided {
                    gate: None,
                    why: format!("{} could not be asked", remotes.environment),
                    hints: error.hints.clone(),
                });
            }
        };
        let old = tips.into_iter().find(|(name, _)| *name == target);
        let old = old.map(|(_, tip)| tip);
        if old.as_ref() == Some(commit) {
            return Ok(nothing(format!("nothing new: {branch} is there")));
        }
        let push = Push {
            remote,
            url,
            updates: vec![Update::Set {
                source: format!("refs/heads/{branch}").into(),
                commit: commit.clone(),
                target: format!("refs/heads/{target}").into(),
                replaces: old.clone(),
            }],
        };
        let world = Preview::new(self.world, &self.tips);
        let Some(verdict) = preview(&push, self.world, &world)? else {
            return Ok(nothing("no gate is asked"));
        };
        let stop = verdict
            .answers
            .iter()
            .find_map(|(gate, outcome)| match outcome {
                Outcome::Refused(refusal) => {
                    let Explanation { why, hints } = refusal.explain();
                    let gate = gate.name();
                    Some(NextPush::Refused { gate, why, hints })
                }
                Outcome::Undecided(error) => Some(undecided(Some(*gate), error)),
                Outcome::Passed(_) | Outcome::Skipped { .. } => None,
            });
        debug_assert_eq!(stop.is_none(), verdict.decision() == Decision::Go);
        let run = world.would_run();
        let mut next = stop.unwrap_or(NextPush::Go {
            suite: run.map_or(Suite::Passed, |_| Suite::Runs),
            took: run.and_then(|run| run.last),
            hints: Vec::new(),
        });
        if let Some(old) = old
            && let NextPush::Go { hints, .. } | NextPush::Refused { hints, .. } = &mut next
            && let Ok(relation) = (self.world).relation(commit, &old, &remotes.environment)
            && !matches!(relation, Relation::Ahead(_))
        {
            let live = old.short();
            hints.push(format!(
                "git wants --force: {live} is not in {branch}'s past"
            ));
        }
        Ok(next)
    }
}

fn nothing(why: impl Into<String>) -> NextPush {
    NextPush::Nothing { why: why.into() }
}

fn undecided(gate: Option<Gate>, error: &Undecided) -> NextPush {
    NextPush::Undecided {
        gate: gate.map(Gate::name),
        why: error.in_one_line(),
        hints: error.hints.clone(),
    }
}
