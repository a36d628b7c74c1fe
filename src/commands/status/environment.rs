//! Fills in what the status says of one environment, and previews the next push to it.

use std::{collections::BTreeSet, time::Duration};

use bstr::ByteSlice;

use super::Inputs;
use crate::{
    app::{
        answers::SystemClock,
        decide::preview,
        preview::Preview,
        sharing::write,
        unjudged::{arrived_late, sighting},
    },
    commands::{Error, check::PreviewedPush},
    gates::{
        EnvironmentRemote, EnvironmentRemotes, LocalRepository, Memory, Passed, Remotes, Stop,
        promotion::soaks_since,
        receipt,
        remote_tips::keep_deployed,
        verdict::{Contents, Decision, Gate, Outcome},
        window::{Answer, known, reader},
    },
    memory::{
        deployments::{current, removed_by_rollback},
        record::{Deployed, Event, Record, who},
    },
    policy,
    push::{Oid, url::label},
    report::status::{Environment, Live, NextPush, Remote, Soak, Suite, Tried, Window},
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
        let first = of.remotes.first();
        let destination = first.map(|one| self.world.destination(one.url().as_ref()).brief());
        let (next_push, contents) = self.next_push(environment, of);
        Environment {
            name: environment.name.clone(),
            destination: destination.unwrap_or_default(),
            by_command: of.is_remembered,
            takes_any: environment.takes_any(),
            after: environment.after.clone(),
            tried: live.and_then(|live| self.tried(environment, of, live)),
            window: self.window(environment),
            removed: live.map_or(Vec::new(), |live| self.removed(of, &live.commit.id)),
            next_push,
            contents,
            remotes,
        }
    }

    fn remote(&self, remote: &EnvironmentRemote, of: &EnvironmentRemotes) -> Remote {
        let (live, error) = match self.live(remote, of) {
            Ok(live) => (live, None),
            Err(error) => (None, Some(error.in_one_line())),
        };
        Remote {
            name: label(remote.name.as_bstr()),
            live,
            error,
        }
    }

    fn live(
        &self,
        remote: &EnvironmentRemote,
        of: &EnvironmentRemotes,
    ) -> Result<Option<Live>, Stop> {
        let place = of.place_of(remote);
        let git = self.tips.live(of, remote).and_then(|mut tips| {
            keep_deployed(of, remote, &mut tips, self.world)?;
            let deployed = of.deployed(&tips, self.trunk.as_ref().ok());
            Ok(deployed.map(|(_, tip)| tip.clone()))
        });
        let (git, runs) = match self.tips.running(of) {
            Some(runs) => {
                let git = git.ok().flatten().filter(|_| !of.is_remembered);
                let runs = runs.map_err(|error| match &git {
                    Some(git) => error.detail(format!("git has {}", git.short())),
                    None => error,
                });
                (git, Some(runs?))
            }
            None => {
                let git = git?;
                let runs = self.world.runs(place, git.as_ref())?;
                (git, runs)
            }
        };
        let Some(tip) = &runs else {
            return Ok(None);
        };
        let mut records = self.records_of(tip);
        let mut found = self.world.departures(of, tip)?;
        records.extend(found.iter().cloned());
        let mut now = self.now;
        let mut is_under_way = false;
        // That a release failed is no deployment.
        if self.knows_the_team && git.as_ref() == Some(tip) {
            let share = (self.policy.shares()).then_some(self.policy.trunk.remote.as_str());
            let record = match current(&records, place, tip, now) {
                Some(_) => arrived_late(self.world, place, tip)?,
                None => {
                    let record = sighting(self.world, of, place, tip)?;
                    is_under_way = record.is_none();
                    record
                }
            };
            if let Some(record) = record {
                found.push(record.clone());
                // A repository that cannot be written has a status, too.
                let _ = write(self.world, &found, share);
                now = now.max(record.at);
                records.push(record);
            }
        }
        let deployment = current(&records, place, tip, now);
        let preview = Preview::new(self.world, &self.tips);
        let is_everywhere = of.live.is_some()
            || git.as_ref() != Some(tip)
            || remote.is_everywhere(tip, &self.tips.live(of, remote)?);
        Ok(Some(Live {
            is_everywhere,
            // A command needs no branch.
            is_gone: git.is_none()
                && of.live.is_none()
                && !deployment.is_some_and(Record::is_by_command),
            git: git.filter(|git| git != tip && !of.is_remembered),
            commit: self.commit(tip),
            standing: self.standing(tip),
            since: soaks_since(place, tip, &records, now, &preview.world())?,
            by: deployment
                .filter(|record| record.deployed().is_some_and(|deployed| !deployed.seen))
                .map(|record| record.by.clone()),
            deployment: deployment.cloned(),
            is_under_way,
            receipt: self.receipt(tip),
        }))
    }

    /// The receipt of a commit by its own policy; `None` also where that cannot be read.
    fn receipt(&self, commit: &Oid) -> Option<Passed> {
        let policy = self.world.policy(Some(commit)).ok()?.policy;
        let preview = Preview::new(self.world, &self.tips);
        receipt::find(&policy, commit, &preview.world()).ok()?
    }

    /// The records about a commit; that the notes cannot be read is among the errors already.
    fn records_of(&self, commit: &Oid) -> Vec<Record> {
        self.world.records(commit).unwrap_or_default()
    }

    fn tried(
        &self,
        environment: &policy::Environment,
        of: &EnvironmentRemotes,
        live: &Live,
    ) -> Option<Tried> {
        let is_next = |one: &&policy::Environment| one.after.as_ref() == Some(&environment.name);
        let next = || self.policy.environments.iter().filter(is_next);
        let needed = next().map(|one| one.soak).max()?;
        let wanted = next().filter_map(|one| Some(one.signoff?.people)).max();
        if needed.is_zero() && wanted.is_none() {
            return None;
        }
        let age = |since| Duration::try_from(self.now.duration_since(since)).unwrap_or_default();
        let mut known = BTreeSet::new();
        let commit = &live.commit.id;
        let mut people = self.records_of(commit);
        people.retain(|record| {
            record.is_at(of.place())
                && matches!(record.event, Event::Signoff)
                && (self
                    .world
                    .mapped(std::slice::from_ref(&record.by), commit)
                    .iter())
                .all(|person| known.insert(who(person)))
        });
        Some(Tried {
            people,
            soak: (!needed.is_zero()).then(|| Soak {
                needed,
                been: live.since.map(age),
                until: live.since.and_then(|since| since.checked_add(needed).ok()),
            }),
            wanted: wanted.unwrap_or(0),
        })
    }

    /// The rollbacks, one after the other, by which commits were removed so that this one could be live.
    fn removed(&self, of: &EnvironmentRemotes, live: &Oid) -> Vec<Record> {
        let mut found = Vec::new();
        let mut back = vec![live.clone()];
        let mut next = 0;
        while let Some(to) = back.get(next).cloned() {
            next += 1;
            for record in self.records_of(&to) {
                let gone = record.deployed().and_then(Deployed::keeps_away);
                let Some(gone) = gone.filter(|gone| record.commit == to && !back.contains(gone))
                else {
                    continue;
                };
                let same = self.records_of(gone);
                if let Some(last) = removed_by_rollback(&same, of.place(), gone) {
                    back.push(gone.clone());
                    found.push(last.clone());
                }
            }
        }
        found
    }

    fn window(&self, environment: &policy::Environment) -> Window {
        let window = &environment.window;
        let reader = known(window).and_then(|window| reader(window, &SystemClock));
        match reader {
            Ok(reader) => Window::Known(Answer::new(window, self.now, &reader)),
            Err(error) => Window::Unknown {
                error: error.in_one_line(),
            },
        }
    }

    /// Previews the next push of the local trunk branch, or of HEAD where any commit is taken, and what it
    /// would bring.
    fn next_push(
        &self,
        environment: &policy::Environment,
        remotes: &EnvironmentRemotes,
    ) -> (NextPush, Option<Contents>) {
        let pushed = if environment.takes_any() {
            &self.head
        } else {
            &self.local
        };
        let Some((branch, commit)) = pushed else {
            return (nothing("there is nothing to push yet"), None);
        };
        let mut contents = None;
        let previewed = self.preview(remotes, branch, commit, &mut contents);
        let next = previewed.unwrap_or_else(|error| undecided(None, &error));
        (next, contents)
    }

    fn preview(
        &self,
        remotes: &EnvironmentRemotes,
        branch: &str,
        commit: &Oid,
        contents: &mut Option<Contents>,
    ) -> Result<NextPush, Error> {
        let (source, trunk) = (format!("refs/heads/{branch}"), self.trunk.as_ref().ok());
        let next = match PreviewedPush::of(remotes, &source, commit, trunk, &self.tips, self.world)
        {
            Ok(next) if next.goes_nowhere(remotes) => {
                return Ok(nothing("no remote of this repository leads there"));
            }
            Ok(next) => next,
            Err(error) => {
                // The line of its live commit says why.
                return Ok(NextPush::Undecided {
                    gate: None,
                    why: format!("{} could not be asked", remotes.environment),
                    cures: error.cures.clone(),
                });
            }
        };
        let old = next.old.as_ref();
        // Where it cannot be compared, the line of what is live says why.
        let runs = match self.tips.running(remotes) {
            Some(runs) => runs.ok(),
            None => self.world.runs(remotes.place_of(next.remote), old)?,
        };
        let since = runs.as_ref().or(old);
        *contents = Contents::of(commit, since, &remotes.environment, self.world).ok();
        if old == Some(commit) {
            let unlike = since.and_then(|runs| Contents::unlike_known(remotes, old, runs));
            let why = unlike.unwrap_or_else(|| format!("{branch} is there"));
            return Ok(nothing(format!("nothing new: {why}")));
        }
        let world = Preview::new(self.world, &self.tips);
        let Some(verdict) = preview(&next.push, self.world, &world)? else {
            return Ok(nothing("no gate is asked"));
        };
        let decision = verdict.decision();
        let mut stops = (verdict.answers.iter()).filter_map(|(gate, outcome)| match outcome {
            Outcome::Stopped(stop) if stop.decision() == decision => Some((*gate, stop)),
            _ => None,
        });
        let stop = stops.next().map(|(gate, stop)| {
            if !stop.is_refusal() {
                return undecided(Some(gate), stop);
            }
            let also: Vec<_> = stops.map(|(gate, _)| gate.name()).collect();
            NextPush::Refused {
                gate: gate.name(),
                why: stop.why.clone(),
                also,
                cures: stop.cures.clone(),
            }
        });
        debug_assert_eq!(stop.is_none(), decision == Decision::Go);
        let run = world.would_run();
        Ok(stop.unwrap_or(NextPush::Go {
            suite: run.map_or(Suite::Passed, |_| Suite::Runs),
            took: run.and_then(|run| run.last),
            cures: verdict.cures,
        }))
    }
}

fn nothing(why: impl Into<String>) -> NextPush {
    NextPush::Nothing { why: why.into() }
}

fn undecided(gate: Option<Gate>, error: &Stop) -> NextPush {
    NextPush::Undecided {
        gate: gate.map(Gate::name),
        why: error.in_one_line(),
        cures: error.cures.clone(),
    }
}
