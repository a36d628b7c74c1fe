//! From a push to a decision: which policy, which cases, what the gates say, what the ledger keeps.

use std::{collections::HashMap, time::Instant};

use bstr::ByteSlice;

use crate::{
    gates::{
        self, World,
        route::{Before, Case, Place, Route, Scene, Site, remote_label},
    },
    ledger::{Entry, Ledger, Subject},
    overrides::Overrides,
    policy::{self, Reason},
    push::{Oid, Push, Update},
    report,
    verdict::{Decision, Outcome, Refusal, Trouble, Verdict},
    world::{Loaded, Real, Source},
};

/// What became of one push.
#[derive(Debug)]
pub struct Judgement {
    /// The decision, for the exit code.
    pub decision: Decision,
    /// What the ledger keeps, a line for each place that was judged; none: nothing is governed.
    pub entries: Vec<Entry>,
}

/// Why a push is judged: the ledger calls it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// git pushes.
    Push,
    /// Somebody wants to know.
    Check,
}

/// Judges a push and says what there is to say on standard error.
pub fn judge(
    push: &Push,
    event: Event,
    world: &Real,
    env: impl Fn(&str) -> Option<String>,
) -> Judgement {
    let start = Instant::now();
    let overrides = Overrides::read(env);
    let desk = Desk {
        push,
        event,
        world,
        start,
    };
    let destination = world.destination(push.url.as_ref());
    let scene = Scene {
        push,
        destination: &destination,
        remotes: world.remotes(),
        read: &|url| world.destination(url),
    };
    let judged = Policies::of(push, world).and_then(|policies| {
        let cases = policies.cases(&scene, world)?;
        Ok(desk.decide(&cases, &overrides))
    });
    judged.unwrap_or_else(|trouble| desk.nobody_knows(&trouble, &overrides))
}

/// The policies that the commits of one push bring with them.
struct Policies {
    loaded: Vec<Loaded>,
    /// Which of them governs each update; none where no branch is touched.
    of_update: Vec<Option<usize>>,
}

impl Policies {
    fn of(push: &Push, world: &Real) -> Result<Self, Trouble> {
        let mut loaded = Vec::new();
        let mut known: HashMap<Option<Oid>, usize> = HashMap::new();
        // Thousands of refs (`git push --mirror`, `--prune`) name few commits, or none.
        let mut seen: HashMap<Option<&Oid>, usize> = HashMap::new();
        let mut of_update = Vec::with_capacity(push.updates.len());
        for update in &push.updates {
            if update.branch().is_none() {
                of_update.push(None);
                continue;
            }
            let pushed = match update {
                Update::Set { commit, .. } => Some(commit),
                Update::Delete { .. } => None,
            };
            if let Some(index) = seen.get(&pushed) {
                of_update.push(Some(*index));
                continue;
            }
            let commit = match pushed {
                Some(commit) => world.peel(commit)?,
                None => None,
            };
            // A deletion brings no commit: what is checked out speaks for the team.
            let commit = match commit {
                None => world.reference("HEAD")?,
                some => some,
            };
            let key = match &commit {
                Some(commit) => world.policy_id(commit)?,
                None => None,
            };
            let index = match known.get(&key) {
                Some(index) => *index,
                None => {
                    loaded.push(world.policy(commit.as_ref())?);
                    known.insert(key, loaded.len() - 1);
                    loaded.len() - 1
                }
            };
            seen.insert(pushed, index);
            of_update.push(Some(index));
        }
        Ok(Self { loaded, of_update })
    }

    /// Sorts the updates of the push by what governs them.
    fn cases<'p>(
        &'p self,
        scene: &Scene<'p>,
        world: &Real,
    ) -> Result<Vec<(Case<'p>, &'p Loaded)>, Trouble> {
        let mut sites = Vec::with_capacity(self.loaded.len());
        for loaded in &self.loaded {
            let site = Site::find(&loaded.policy, scene)?;
            sites.push((site, world.trunk(&loaded.policy.trunk)));
        }
        let mut cases: Vec<(Case<'p>, &Loaded)> = Vec::new();
        let mut deploys_nothing = None;
        for (update, index) in scene.push.updates.iter().zip(&self.of_update) {
            let Some(index) = *index else { continue };
            let (loaded, (site, trunk)) = (&self.loaded[index], &sites[index]);
            let branch = trunk.as_ref().ok().map(|trunk| trunk.branch.as_str());
            let place = match site.route(update, &loaded.policy, branch) {
                Route::Governed(place) => place,
                Route::DeploysNothing(environment) => {
                    deploys_nothing = Some((environment, update));
                    continue;
                }
                Route::Free => continue,
            };
            // Every branch on its own where only the suite is asked for.
            let same =
                |case: &&mut (Case<'p>, &Loaded)| case.0.place == place && place != Place::Branch;
            if let Some((case, _)) = cases.iter_mut().find(same) {
                case.updates.push(update);
                continue;
            }
            cases.push((
                Case {
                    policy: &loaded.policy,
                    written: loaded.source != Source::Defaults,
                    place,
                    destination: scene.destination,
                    remote: remote_label(scene.push),
                    trunk: trunk.clone(),
                    trunk_is_here: site.is_trunk,
                    updates: vec![update],
                    before: match place {
                        Place::Environment(name) => loaded
                            .policy
                            .environment(name)
                            .and_then(|e| Before::of(e, &loaded.policy, scene)),
                        _ => None,
                    },
                },
                loaded,
            ));
        }
        if let Some((environment, update)) = deploys_nothing {
            let branch = update
                .branch()
                .map(|branch| branch.to_str_lossy())
                .unwrap_or_default();
            report::say(&format!(
                "`{}` deploys nothing on {} ({})",
                crate::verdict::printable(branch.as_bytes().as_bstr()),
                environment.name,
                scene.destination.brief()
            ));
        }
        Ok(cases)
    }
}

/// Where one push is decided and written down.
struct Desk<'d> {
    push: &'d Push,
    event: Event,
    world: &'d Real,
    start: Instant,
}

impl Desk<'_> {
    fn decide(
        &self,
        cases: &[(Case<'_>, &Loaded)],
        overrides: &Result<Overrides, Box<Refusal>>,
    ) -> Judgement {
        let mut judgement = Judgement {
            decision: Decision::Go,
            entries: Vec::new(),
        };
        if cases.is_empty() {
            return judgement;
        }
        let ledger = Ledger::new(&self.world.state_dir());
        let is_off = matches!(overrides, Ok(overrides) if overrides.off);
        if let Err(trouble) = ledger.prepare()
            && !is_off
        {
            report::print(&report::trouble(&cases[0].0.to_string(), None, &trouble));
            judgement.decision = Decision::Undecided;
            return judgement;
        }
        for (case, loaded) in cases {
            if loaded.edited {
                report::say(&format!(
                    "note: the uncommitted edit of {} changes nothing; the pushed one counts",
                    policy::FILE
                ));
            }
            let (mut decision, verdict) = self.one(case, overrides);
            let reason = overrides
                .as_ref()
                .ok()
                .and_then(|overrides| overrides.reason.clone());
            let entry = self
                .entry(
                    &case_subject(
                        case,
                        self,
                        reason.filter(|_| decision == Decision::Overridden),
                    ),
                    decision,
                )
                .with(&verdict);
            if let Err(trouble) = ledger.append(&entry) {
                report::print(&report::trouble(&case.to_string(), None, &trouble));
                if !is_off {
                    decision = Decision::Undecided;
                }
            }
            judgement.entries.push(entry);
            judgement.decision = decision;
            if decision.exit_code() != 0 {
                break;
            }
        }
        judgement
    }

    /// One case: the overrides, then the gates.
    fn one(
        &self,
        case: &Case<'_>,
        overrides: &Result<Overrides, Box<Refusal>>,
    ) -> (Decision, Verdict) {
        let what = case.to_string();
        let overrides = match overrides {
            Ok(overrides) => overrides,
            Err(refusal) => {
                report::print(&report::refusal(&what, None, refusal));
                return (Decision::Refused, Verdict::default());
            }
        };
        let overriding = overrides.off || overrides.skip.iter().any(|gate| case.asks(*gate));
        if let Some(environment) = case.environment().filter(|e| e.reason == Reason::Required)
            && overriding
            && overrides.reason.is_none()
        {
            let refusal = Refusal::NoReason {
                environment: environment.name.clone(),
            };
            report::print(&report::refusal(&what, None, &refusal));
            return (Decision::Refused, Verdict::default());
        }
        if overrides.off {
            report::warn(&format!(
                "{what} is not checked: {} is off{}",
                crate::overrides::SWITCH,
                because(overrides)
            ));
            return (Decision::Overridden, Verdict::default());
        }
        let mut verdict = gates::judge(case, &overrides.skip, self.world);
        for (gate, outcome) in &verdict.answers {
            if matches!(outcome, Outcome::Skipped { .. }) {
                report::warn(&format!(
                    "{gate} is not asked: {} names it{}",
                    crate::overrides::SKIP,
                    because(overrides)
                ));
            }
        }
        if verdict.decision() == Decision::Go || verdict.decision() == Decision::Overridden {
            verdict.notes.extend(not_kept(case));
        }
        report::print(&report::verdict(&what, &verdict));
        (verdict.decision(), verdict)
    }

    /// Nobody could even tell whether the push is governed: it does not go, unless the gate is off.
    fn nobody_knows(
        &self,
        trouble: &Trouble,
        overrides: &Result<Overrides, Box<Refusal>>,
    ) -> Judgement {
        let destination = self.world.destination(self.push.url.as_ref());
        let what = format!("push to {destination}");
        let off = overrides.as_ref().ok().filter(|overrides| overrides.off);
        let decision = match off {
            Some(overrides) => {
                report::warn(&format!(
                    "{what} is not checked: {} is off{}",
                    crate::overrides::SWITCH,
                    because(overrides)
                ));
                report::warn(&format!("it could not have been: {trouble}"));
                Decision::Overridden
            }
            None => {
                report::print(&report::trouble(&what, None, trouble));
                Decision::Undecided
            }
        };
        let subject = Subject {
            environment: None,
            remote: remote_label(self.push),
            destination: destination.to_string(),
            commit: self.push.updates.iter().find_map(|update| match update {
                Update::Set { commit, .. } => Some(commit.clone()),
                Update::Delete { .. } => None,
            }),
            by: self.world.identity(),
            reason: off.and_then(|overrides| overrides.reason.clone()),
        };
        let entry = self.entry(&subject, decision);
        if let Err(trouble) = Ledger::new(&self.world.state_dir()).append(&entry) {
            report::warn(&trouble.to_string());
        }
        Judgement {
            decision,
            entries: vec![entry],
        }
    }

    fn entry(&self, subject: &Subject, decision: Decision) -> Entry {
        let took = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut entry = Entry::push(subject, decision, self.world.now(), took);
        if self.event == Event::Check {
            "check".clone_into(&mut entry.event);
        }
        entry
    }
}

fn because(overrides: &Overrides) -> String {
    match &overrides.reason {
        Some(reason) => format!(
            " ({})",
            crate::verdict::printable(reason.as_bytes().as_bstr())
        ),
        None => String::new(),
    }
}

fn case_subject(case: &Case<'_>, desk: &Desk<'_>, reason: Option<String>) -> Subject {
    Subject {
        environment: match case.place {
            Place::Environment(name) => Some(name.to_owned()),
            Place::Trunk => Some("trunk".to_owned()),
            Place::UnknownApp(_) | Place::Branch => None,
        },
        remote: case.remote.clone(),
        destination: case.destination.to_string(),
        commit: case.commits().first().map(|commit| (*commit).clone()),
        by: desk.world.identity(),
        reason,
    }
}

/// What the policy asks for and this version does not ask yet.
fn not_kept(case: &Case<'_>) -> Option<String> {
    let environment = case.environment()?;
    let keys: Vec<_> = [
        (environment.signoff.is_some(), "signoff"),
        (!environment.soak.is_zero(), "soak"),
    ]
    .into_iter()
    .filter_map(|(set, key)| set.then_some(key))
    .collect();
    (!keys.is_empty()).then(|| {
        format!(
            "{} of {} is not asked for by this version",
            keys.join(" and "),
            environment.name
        )
    })
}
