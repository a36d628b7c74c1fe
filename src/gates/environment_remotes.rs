//! The remotes of this clone that lead to an environment.

use bstr::{BStr, BString};

use super::{facts::TrunkName, stop::Stop};
use crate::{
    cure::command,
    memory::record::Place,
    policy::Environment,
    push::{
        Oid,
        destination::{Destination, heroku_url, named_url},
        remotes::Remotes,
    },
    text::{did_you_mean, printable},
};

/// An environment and the remotes that lead to it.
#[derive(Clone, Debug)]
pub struct EnvironmentRemotes {
    pub environment: String,
    /// The remotes, or URLs: all of them are asked.
    pub remotes: Vec<BString>,
    /// Whether no remote leads there: what is live is known from remembered deployments alone, and the
    /// remotes stand for the apps, or for the environment itself.
    pub is_remembered: bool,
    /// Where a push to each of them goes, as a record names it.
    pub destinations: Vec<String>,
    /// The number of URLs that a push to each remote goes to.
    pub addresses: Vec<usize>,
    /// The remote that the policy names, for the error where there is none.
    pub expected: String,
    /// All remotes of this clone, likewise.
    pub known: Vec<String>,
    pub branches: Vec<String>,
    /// The command that prints the commit which runs there.
    pub live: Option<String>,
}

impl EnvironmentRemotes {
    /// The place of all remotes.
    pub fn place(&self) -> Place<'_> {
        Place {
            environment: &self.environment,
            destinations: &self.destinations,
        }
    }

    /// The place of one remote, by its index.
    pub fn place_of(&self, remote: usize) -> Place<'_> {
        Place {
            destinations: self.destinations.get(remote..=remote).unwrap_or_default(),
            ..self.place()
        }
    }

    /// Looks them up; `read` reads a URL of the configuration.
    pub fn of(
        environment: &Environment,
        configured: &Remotes,
        read: &dyn Fn(&BStr) -> Destination,
    ) -> Self {
        let mut remotes = remotes_of(environment, configured, read);
        if remotes.is_empty() {
            let urls = environment.heroku_apps().map(heroku_url);
            remotes.extend(urls.map(BString::from));
        }
        let is_remembered = remotes.is_empty();
        if is_remembered {
            let apps = environment.apps.iter().map(|app| named_url(app));
            remotes.extend(apps.map(BString::from));
        }
        if remotes.is_empty() {
            remotes.push(named_url(&environment.name).into());
        }
        let destination = |remote: &BString| {
            let url = configured.push_urls(remote).into_iter().next();
            read(url.as_ref().unwrap_or(remote).as_ref()).to_string()
        };
        Self {
            environment: environment.name.clone(),
            destinations: remotes.iter().map(destination).collect(),
            addresses: remotes
                .iter()
                .map(|remote| configured.push_urls(remote).len().max(1))
                .collect(),
            remotes,
            is_remembered,
            expected: (environment.remotes.first())
                .unwrap_or(&environment.name)
                .clone(),
            branches: environment.branches.clone(),
            live: environment.live.clone(),
            known: configured.known(),
        }
    }

    /// The branch or refspec to push so that trunk's branch deploys there.
    pub fn refspec(&self, trunk: Option<&TrunkName>) -> String {
        let deploys = self.branches.first().map_or("master", String::as_str);
        match trunk {
            Some(trunk) if self.branches.contains(&trunk.branch) => trunk.branch.clone(),
            Some(trunk) => format!("{}:{deploys}", trunk.branch),
            None => deploys.to_owned(),
        }
    }

    /// The branch of a remote that says what is live there, and its tip: the one that trunk deploys to, where
    /// there are several.
    pub(crate) fn deployed<'t>(
        &self,
        tips: &'t [(String, Oid)],
        trunk: Option<&TrunkName>,
    ) -> Option<&'t (String, Oid)> {
        let trunk = trunk.map(|trunk| &trunk.branch);
        let trunk = trunk.filter(|branch| self.branches.contains(branch));
        let pushed_to = trunk.or(self.branches.first());
        let tip = tips.iter().find(|(branch, _)| Some(branch) == pushed_to);
        tip.or(tips.first())
    }

    /// What a push to a branch replaces, of these tips; what is remembered is of no branch.
    pub(crate) fn replaced(&self, branch: &str, tips: Vec<(String, Oid)>) -> Option<Oid> {
        let mut tips = tips.into_iter();
        let found = tips.find(|(name, _)| self.is_remembered || name == branch);
        found.map(|(_, tip)| tip)
    }

    /// No remote leads there, and nothing is remembered.
    pub fn unknown(&self) -> Stop {
        let (environment, remote) = (&self.environment, &self.expected);
        let mut meant = did_you_mean(remote, &self.known);
        if environment != remote && !meant.is_empty() {
            meant = format!(
                ": there is no `{}`{meant}",
                printable(remote.as_bytes().into())
            );
        }
        Stop::undecided(format!(
            "no remote of this repository leads to `{environment}`{meant}"
        ))
        .cure(
            "add one, then try again",
            [command(["git", "remote", "add", remote, "URL"])],
        )
        .cure(
            "or, where a command deploys there",
            [self.deploy_by_command()],
        )
    }

    /// The command that deploys there without a remote.
    pub fn deploy_by_command(&self) -> String {
        command(["pushgate", "deploy", &self.environment, "--", "COMMAND"])
    }
}

/// The configured remotes that lead to an environment: those that the policy names, else one that
/// leads to its app.
pub fn remotes_of(
    environment: &Environment,
    remotes: &Remotes,
    read: &dyn Fn(&BStr) -> Destination,
) -> Vec<BString> {
    let named = environment.remotes.iter().map(String::as_bytes);
    let named = named.filter(|name| remotes.has(name)).map(BString::from);
    let named: Vec<_> = named.collect();
    if !named.is_empty() {
        return named;
    }
    let is_of_app = |url: &BString| {
        let place = read(url.as_ref());
        environment.apps.iter().any(|app| place.is_app(app))
    };
    let leads_there = |name: &&BStr| remotes.push_urls(name).iter().any(is_of_app);
    let found = remotes.names().find(leads_there);
    found.map(BString::from).into_iter().collect()
}
