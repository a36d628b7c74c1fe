//! What one push brings to one target: the question that the gates answer.

use std::{collections::BTreeSet, fmt, ptr, slice};

use super::{
    environment_remotes::EnvironmentRemotes,
    facts::TrunkName,
    gate::Gate,
    route::Target,
    stop::Stop,
    world::{LocalRepository, Memory},
};
use crate::{
    cure::command,
    memory::record::Place,
    policy::{Environment, On, Policy},
    push::{
        Oid, Push, Update,
        destination::Destination,
        variables::{REASON, ROLLBACK, SKIP},
    },
    text::printable,
};

/// The refs of one push that go to one target, and what is known of that target.
#[derive(Debug)]
pub struct GovernedPush<'p> {
    pub policy: &'p Policy,
    /// Whether the policy is a file of the team; otherwise it is the built-in one.
    pub written: bool,
    pub target: Target<'p>,
    pub destination: &'p Destination,
    /// The destination, as a record names it.
    pub recorded: String,
    pub push: &'p Push,
    /// Whether it is judged already by the policy of its own commit, and now by trunk's, whose rules that
    /// commit changes.
    pub second: bool,
    /// The remote, as commands name it.
    pub remote: String,
    pub trunk: Result<TrunkName, Stop>,
    pub trunk_is_here: bool,
    pub updates: Vec<&'p Update>,
    /// The remotes of the environment, where the target is one.
    pub here: Option<EnvironmentRemotes>,
    /// The remotes of the environment that comes first.
    pub before: Option<EnvironmentRemotes>,
}

impl<'p> GovernedPush<'p> {
    pub fn environment(&self) -> Option<&'p Environment> {
        self.target.environment(self.policy)
    }

    /// The remote where the team shares its records.
    pub(crate) fn share(&self) -> Option<&str> {
        let trunk = self.trunk.as_ref().ok();
        let trunk = trunk.filter(|_| self.policy.shares());
        trunk.map(|trunk| trunk.remote.as_str())
    }

    pub(crate) fn again(&self) -> &'static str {
        self.push.again()
    }

    /// The push itself, as a person may type it again.
    pub fn command(&self) -> String {
        self.command_with(&[])
    }

    /// The same, with `--force` where git has to be told that commits which are live go.
    pub(crate) fn command_again(&self, repository: &dyn LocalRepository) -> String {
        match self.lease(repository) {
            Some(_) => self.command_with(&["--force"]),
            None => self.command(),
        }
    }

    /// The option by which git replaces what is live, and the commit that is; `None` where that is in the past
    /// of the pushed commit, or cannot be compared.
    pub(crate) fn lease(&self, repository: &dyn LocalRepository) -> Option<(String, &'p Oid)> {
        let [update] = self.updates[..] else {
            return None;
        };
        let (commit, old) = (update.commit.as_ref()?, update.replaces.as_ref()?);
        if commit == old || self.push.deploy.is_some() {
            return None;
        }
        let is_past = repository.is_past(old, commit, &self.remote).ok()??;
        let branch = printable(update.name());
        let lease = || format!("--force-with-lease={branch}:{}", old.short());
        (!is_past).then(|| (lease(), old))
    }

    /// The same with options of git.
    pub(crate) fn command_with(&self, options: &[&str]) -> String {
        const MOST: usize = 10;
        if let Some(deploy) = &self.push.deploy {
            return deploy.again();
        }
        let all: Vec<_> = self.push.updates.iter().collect();
        // A push of all refs is too long to read; what is judged here has to do.
        let updates = if all.len() > MOST {
            &self.updates
        } else {
            &all
        };
        let refspecs = updates.iter().map(|update| update.refspec());
        self.git_push(options, refspecs.collect())
    }

    fn git_push(&self, options: &[&str], refspecs: Vec<String>) -> String {
        let dry = self.push.is_dry.then_some("--dry-run");
        let words = ["git", "push"].into_iter().chain(dry);
        let words = words.chain(options.iter().copied()).chain([&*self.remote]);
        command(words.map(str::to_owned).chain(refspecs))
    }

    /// The push of trunk's newest commit to the same place.
    pub fn newest(&self, trunk: &TrunkName) -> String {
        if let Some(deploy) = &self.push.deploy {
            return deploy.deploy(None);
        }
        let here = self.here.as_ref();
        let refspec = here.map(|here| here.refspec(&self.tips(), Some(trunk)));
        let refspec = refspec.unwrap_or_else(|| trunk.branch.clone());
        self.git_push(&[], vec![refspec])
    }

    /// The command that makes the push without these gates.
    pub(crate) fn overriding(
        &self,
        gates: &BTreeSet<Gate>,
        is_rollback: bool,
        repository: &dyn LocalRepository,
    ) -> String {
        let gates: Vec<_> = gates.iter().map(|gate| gate.name()).collect();
        let again = self.command_again(repository);
        let deploy = self.push.deploy.as_ref();
        // `pushgate rollback` says it by its name.
        let is_named = deploy.is_some_and(|deploy| deploy.is_rollback);
        let rollback = if is_rollback && !is_named {
            format!("{ROLLBACK}=1 ")
        } else {
            String::new()
        };
        // The reason of a rollback is that of all it overrides.
        let has_reason = deploy.is_some_and(|deploy| deploy.reason.is_some());
        let reason = if has_reason {
            String::new()
        } else {
            format!("{REASON}=\"...\" ")
        };
        format!("{SKIP}={} {rollback}{reason}{again}", gates.join(","))
    }

    /// Whether a gate applies to this target.
    pub fn asks(&self, gate: Gate) -> bool {
        let on = self.policy.suite.on;
        match (self.target, gate) {
            (Target::UnknownApp(_), _) => gate == Gate::Target,
            (Target::Environment(_), Gate::Trunk) => {
                !self.environment().is_some_and(Environment::takes_any)
            }
            (_, Gate::Target) | (Target::Environment(_), _) | (Target::Trunk, Gate::Trunk) => true,
            (Target::Trunk, Gate::Suite) => on != On::Deploys,
            (Target::Branch, Gate::Suite) => on == On::All,
            (
                Target::Trunk | Target::Branch,
                Gate::Window | Gate::Trunk | Gate::Lock | Gate::Promotion,
            ) => false,
        }
    }

    /// The pushed commits, each once.
    pub fn commits(&self) -> Vec<&'p Oid> {
        let mut commits: Vec<&Oid> = Vec::new();
        for commit in self.updates.iter().filter_map(|one| one.commit.as_ref()) {
            if !commits.contains(&commit) {
                commits.push(commit);
            }
        }
        commits
    }

    /// Whether a ref of it is judged here, too, by other rules.
    pub(crate) fn shares_refs_with(&self, other: &Self) -> bool {
        let mut updates = self.updates.iter();
        updates.any(|one| other.updates.iter().any(|other| ptr::eq(*one, *other)))
    }

    /// The environment and the destination, as records name them.
    pub(crate) fn place(&self) -> Option<Place<'_>> {
        Some(Place {
            environment: &self.environment()?.name,
            destinations: slice::from_ref(&self.recorded),
        })
    }

    /// What runs where it goes: what the environment's command has told, else what is remembered.
    pub(crate) fn running(
        &self,
        told: Option<&Result<Oid, Stop>>,
        memory: &dyn Memory,
    ) -> Result<Option<Oid>, Stop> {
        if let Some(Ok(runs)) = told {
            return Ok(Some(runs.clone()));
        }
        let tips = self.tips();
        let (Some(place), Some(environment)) = (self.place(), self.environment()) else {
            return Ok(tips.into_iter().next().map(|(_, tip)| tip));
        };
        let (remote, branches) = (self.push.remote.as_ref(), &environment.branches);
        memory.deployed_last(place, remote, branches, &tips)
    }

    /// The branches that are pushed, and what they have now.
    fn tips(&self) -> Vec<(String, Oid)> {
        let tip =
            |update: &&Update| Some((update.name().to_string(), update.replaces.as_ref()?.clone()));
        self.updates.iter().filter_map(tip).collect()
    }

    /// The update of trunk itself, if this push has one.
    pub fn moves_trunk(&self) -> Option<&'p Update> {
        let trunk = self.trunk.as_ref().ok().filter(|_| self.trunk_is_here)?;
        let is_trunk = |update: &&Update| {
            (update.branch()).is_some_and(|branch| branch == trunk.branch.as_str())
        };
        self.updates.iter().copied().find(is_trunk)
    }
}

impl fmt::Display for GovernedPush<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match &self.push.deploy {
            None => "push to",
            Some(deploy) if deploy.is_rollback => "rollback of",
            Some(_) => "deploy to",
        };
        match (self.target, &self.trunk) {
            (Target::Environment(name), _) => {
                write!(f, "{what} {name} ({})", self.destination.brief())
            }
            (Target::Trunk, Ok(trunk)) => write!(f, "push to trunk ({trunk})"),
            _ => write!(f, "push to {}", self.destination),
        }
    }
}
