//! The remotes of this clone that lead to an environment.

use std::slice;

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
        url::label,
    },
    text::{did_you_mean, printable},
};

/// An environment and the remotes that lead to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentRemotes {
    pub environment: String,
    /// All of them are asked.
    pub remotes: Vec<EnvironmentRemote>,
    /// Where they lead, as a record names it.
    pub destinations: Vec<String>,
    /// Whether no remote leads there: what is live is known from remembered deployments alone, and the
    /// remotes stand for the apps, or for the environment itself.
    pub is_remembered: bool,
    /// The remote that the policy names, for the error where there is none.
    pub expected: String,
    /// All remotes of this clone, likewise.
    pub known: Vec<String>,
    pub branches: Vec<String>,
    /// The command that prints the commit which runs there.
    pub live: Option<String>,
}

/// A remote that leads to an environment, or the URL of its app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentRemote {
    /// The remote, or the URL, that git is told.
    pub name: BString,
    /// The URLs that git pushes to then.
    pub urls: Vec<BString>,
    /// Where the first of them leads, as a record names it.
    pub destination: String,
}

impl EnvironmentRemote {
    pub(crate) fn new(
        name: BString,
        urls: Vec<BString>,
        read: &dyn Fn(&BStr) -> Destination,
    ) -> Self {
        let url = urls.first().unwrap_or(&name);
        Self {
            destination: read(url.as_ref()).to_string(),
            name,
            urls,
        }
    }

    /// Whether each of the places that it pushes to has a commit, all by the same branch. `tips`: the branches of all
    /// these places.
    pub(crate) fn is_everywhere(&self, commit: &Oid, tips: &[(String, Oid)]) -> bool {
        let count = |branch| {
            let has_it = |(one, tip): &&(String, Oid)| one == branch && tip == commit;
            tips.iter().filter(has_it).count()
        };
        tips.iter()
            .any(|(branch, _)| count(branch) >= self.urls.len())
    }

    /// The first of the URLs.
    pub(crate) fn url(&self) -> &BString {
        self.urls.first().unwrap_or(&self.name)
    }
}

impl EnvironmentRemotes {
    /// The place of all remotes.
    pub fn place(&self) -> Place<'_> {
        Place {
            environment: &self.environment,
            destinations: &self.destinations,
        }
    }

    /// The place of one remote.
    pub fn place_of<'p>(&'p self, remote: &'p EnvironmentRemote) -> Place<'p> {
        Place {
            destinations: slice::from_ref(&remote.destination),
            ..self.place()
        }
    }

    /// Looks them up; `read` reads a URL of the configuration.
    pub fn of(
        environment: &Environment,
        configured: &Remotes,
        read: &dyn Fn(&BStr) -> Destination,
    ) -> Self {
        let expected = environment.remotes.first().unwrap_or(&environment.name);
        let mut names = remotes_of(environment, configured, read);
        if names.is_empty() {
            let urls = environment.heroku_apps().map(heroku_url);
            names.extend(urls.map(BString::from));
        }
        let is_remembered = names.is_empty();
        let remotes: Vec<_> = if is_remembered {
            let apps = environment.apps.iter().map(String::as_str);
            let own = environment.apps.is_empty().then_some(&*environment.name);
            let urls = apps.chain(own).map(|name| vec![named_url(name).into()]);
            urls.map(|urls| EnvironmentRemote::new(expected.as_str().into(), urls, read))
                .collect()
        } else {
            let remote = |name: BString| {
                let urls = configured.pushed_urls(name.as_ref());
                EnvironmentRemote::new(name, urls, read)
            };
            names.into_iter().map(remote).collect()
        };
        Self {
            environment: environment.name.clone(),
            destinations: remotes.iter().map(|one| one.destination.clone()).collect(),
            remotes,
            is_remembered,
            expected: expected.clone(),
            branches: environment.branches.clone(),
            live: environment.live.clone(),
            known: configured.known(),
        }
    }

    /// The branch that trunk is pushed to: its own where that deploys there, else the first that does.
    pub(crate) fn branch(&self, trunk: Option<&TrunkName>) -> &str {
        let is_trunk = |branch: &&String| trunk.is_some_and(|trunk| trunk.branch == **branch);
        let own = self.branches.iter().find(is_trunk);
        own.or(self.branches.first()).map_or("master", |own| own)
    }

    /// The branch or refspec to push so that trunk's branch deploys there. `tips`: what is live; another branch than
    /// its own may already have what is to be deployed, and git would have nothing to push.
    pub fn refspec(&self, tips: &[(String, Oid)], trunk: Option<&TrunkName>) -> String {
        let branch = self.next_branch(tips, trunk);
        match trunk {
            Some(trunk) if trunk.branch != branch => format!("{}:{branch}", trunk.branch),
            _ => branch.to_owned(),
        }
    }

    /// The branch to push to next: the one that says what is live, where one does.
    pub(crate) fn next_branch<'t>(
        &'t self,
        tips: &'t [(String, Oid)],
        trunk: Option<&TrunkName>,
    ) -> &'t str {
        let live = self.deployed(tips, trunk).map(|(branch, _)| &**branch);
        // What is remembered, or told by a command, is of no branch.
        let is_branch = |live: &&str| self.branches.iter().any(|one| one == live);
        let live = live.filter(|live| !self.is_remembered && is_branch(live));
        live.unwrap_or_else(|| self.branch(trunk))
    }

    /// The branch of a remote that says what is live there, and its tip: the one that trunk deploys to, where
    /// there are several.
    pub(crate) fn deployed<'t>(
        &self,
        tips: &'t [(String, Oid)],
        trunk: Option<&TrunkName>,
    ) -> Option<&'t (String, Oid)> {
        let pushed_to = self.branch(trunk);
        let tip = tips.iter().find(|(branch, _)| branch == pushed_to);
        tip.or(tips.first())
    }

    /// Nothing tells which of the branches of a remote was deployed last.
    pub(crate) fn unclear(&self, remote: &EnvironmentRemote, tips: &[(String, Oid)]) -> Stop {
        let has = |(branch, tip): &(String, Oid)| format!("`{branch}` has {}", tip.short());
        // Several places may have the same.
        let mut tips = tips.to_vec();
        tips.sort_unstable();
        tips.dedup();
        let have: Vec<_> = tips.iter().map(has).collect();
        let (environment, have) = (&self.environment, have.join(", "));
        let why = format!("nothing tells which branch was deployed to {environment} last: {have}");
        let remote = label(remote.name.as_ref());
        let both = tips.iter().flat_map(|(branch, old)| {
            let others = tips.iter().filter(move |(_, tip)| tip != old);
            others.map(move |(_, tip)| (branch, old, tip))
        });
        both.fold(Stop::refused(why), |stop, (branch, old, tip)| {
            let lease = format!("--force-with-lease={branch}:{}", old.short());
            let refspec = format!("{}:refs/heads/{branch}", tip.short());
            let words = format!(
                "to have {} live there, push it to `{branch}`, too",
                tip.short()
            );
            stop.cure(words, [command(["git", "push", &lease, &remote, &refspec])])
        })
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
