//! Which environment a push goes to, if any: push and policy in, cases out.

use std::{fmt, iter};

use bstr::{BStr, BString, ByteSlice};

use crate::{
    gates::{
        Undecided,
        verdict::{Gate, Trouble, TrunkName},
    },
    policy::{Environment, FILE, On, Policy},
    push::{
        Oid, Push, Update,
        destination::{Destination, Platform, heroku_url},
        remotes::Remotes,
        url::redact,
    },
    text::{did_you_mean, printable},
};

/// What governs a ref of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'p> {
    /// An environment of the policy: every gate.
    Environment(&'p str),
    /// An app of a known platform that no environment names: refused.
    UnknownApp(Platform),
    /// Trunk itself: nothing may be lost there.
    Trunk,
    /// Any other branch anywhere, where the policy wants the suite for all.
    Branch,
}

/// The refs of one push that one place governs, and what is known of that place.
#[derive(Debug)]
pub struct Case<'p> {
    /// The policy that governs them.
    pub policy: &'p Policy,
    /// Whether a team wrote the policy down.
    pub written: bool,
    /// The place.
    pub place: Place<'p>,
    /// Where the push goes.
    pub destination: &'p Destination,
    /// What commands call the remote.
    pub remote: String,
    /// Trunk, where it can be told.
    pub trunk: Result<TrunkName, Trouble>,
    /// Whether the push goes to trunk's own place.
    pub trunk_is_here: bool,
    /// What the push asks of the governed refs.
    pub updates: Vec<&'p Update>,
    /// The environment, where the place is one, as this clone knows it.
    pub here: Option<Stage>,
    /// The environment that comes first.
    pub before: Option<Stage>,
}

/// An environment as this clone knows it.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Its name.
    pub environment: String,
    /// The remotes, or URLs, that lead to it; all of them are asked.
    pub remotes: Vec<BString>,
    /// The remote that the policy names, for when none of them is there.
    pub expected: String,
    /// The remotes that there are, for when another one was meant.
    pub known: Vec<String>,
    /// The branches that deploy there.
    pub branches: Vec<String>,
}

impl Place<'_> {
    /// Whether something is deployed there.
    pub fn deploys(&self) -> bool {
        matches!(self, Self::Environment(_) | Self::UnknownApp(_))
    }
}

impl<'p> Case<'p> {
    /// The environment, where the place is one.
    pub fn environment(&self) -> Option<&'p Environment> {
        match self.place {
            Place::Environment(name) => self.policy.environment(name),
            Place::UnknownApp(_) | Place::Trunk | Place::Branch => None,
        }
    }

    /// Whether this gate has a question for this place.
    pub fn asks(&self, gate: Gate) -> bool {
        let on = self.policy.suite.on;
        match (self.place, gate) {
            (Place::UnknownApp(_), _) => gate == Gate::Target,
            (_, Gate::Target) | (Place::Environment(_), _) | (Place::Trunk, Gate::Trunk) => true,
            (Place::Trunk, Gate::Suite) => on != On::Deploys,
            (Place::Branch, Gate::Suite) => on == On::All,
            (Place::Trunk | Place::Branch, Gate::Window | Gate::Trunk | Gate::Promotion) => false,
        }
    }

    /// The commits that would go there, each once.
    pub fn commits(&self) -> Vec<&'p Oid> {
        let mut commits: Vec<&Oid> = Vec::new();
        for update in &self.updates {
            match update {
                Update::Set { commit, .. } if !commits.contains(&commit) => commits.push(commit),
                Update::Set { .. } | Update::Delete { .. } => {}
            }
        }
        commits
    }

    /// The update that moves trunk itself, where this push holds one.
    pub fn moves_trunk(&self) -> Option<&'p Update> {
        let trunk = self.trunk.as_ref().ok().filter(|_| self.trunk_is_here)?;
        (self.updates.iter().copied()).find(|update| {
            update
                .branch()
                .is_some_and(|branch| branch == trunk.branch.as_str())
        })
    }
}

impl fmt::Display for Case<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.place, &self.trunk) {
            (Place::Environment(name), _) => {
                write!(f, "push to {name} ({})", self.destination.brief())
            }
            (Place::Trunk, Ok(trunk)) => write!(f, "push to trunk ({trunk})"),
            _ => write!(f, "push to {}", self.destination),
        }
    }
}

/// What the routing of one push needs to know.
pub struct Scene<'s> {
    /// The push.
    pub push: &'s Push,
    /// Where it goes.
    pub destination: &'s Destination,
    /// The configured remotes.
    pub remotes: &'s Remotes,
    /// Reads a URL of the configuration.
    pub read: &'s dyn Fn(&BStr) -> Destination,
}

impl Scene<'_> {
    /// The places that the push may be meant for: an `insteadOf` may lead to an app by way of
    /// another host, so what was written counts too.
    fn places(&self) -> impl Iterator<Item = Destination> {
        let written = self
            .remotes
            .written(self.push.remote.as_ref(), self.push.url.as_ref());
        let read = |url: BString| (self.read)(url.as_ref());
        iter::once(self.destination.clone()).chain(written.into_iter().map(read))
    }

    /// The platform that it goes to, if it is a known one.
    pub fn platform(&self) -> Option<Platform> {
        self.places().find_map(|place| place.platform())
    }
}

/// Where a push goes, in the eyes of one policy.
#[derive(Debug)]
pub struct Site<'p> {
    environment: Option<&'p Environment>,
    platform: Option<Platform>,
    /// Whether trunk lives there.
    pub is_trunk: bool,
}

/// What becomes of one ref.
#[derive(Clone, Copy, Debug)]
pub enum Route<'p> {
    /// It is judged.
    Governed(Place<'p>),
    /// It goes to this environment, but deploys nothing there.
    DeploysNothing(&'p Environment),
    /// Nobody asks.
    Free,
}

impl<'p> Site<'p> {
    /// Finds the environment that this push goes to.
    ///
    /// The app in the URL decides first, then where the environments' remotes lead, whatever
    /// they are called, and their names.
    pub fn find(policy: &'p Policy, scene: &Scene<'_>) -> Result<Self, Trouble> {
        let leads_here = |remote: &[u8]| {
            scene.push.remote == remote
                || scene
                    .remotes
                    .urls(remote)
                    .iter()
                    .any(|url| (scene.read)(url.as_ref()) == *scene.destination)
        };
        let places: Vec<_> = scene.places().collect();
        let by_app = |environment: &&Environment| {
            environment
                .apps
                .iter()
                .any(|app| places.iter().any(|place| place.is_app(app)))
        };
        let by_remote = |environment: &&Environment| {
            environment
                .remotes
                .iter()
                .any(|remote| leads_here(remote.as_bytes()))
        };
        let platform = places.iter().find_map(Destination::platform);
        let environment = match policy.environments.iter().find(by_app) {
            Some(found) => Some(found),
            None => {
                let found: Vec<_> = policy.environments.iter().filter(by_remote).collect();
                match found.as_slice() {
                    [] => None,
                    // Its apps are listed, and this one is not among them.
                    [one] if platform.is_some() && !one.apps.is_empty() => None,
                    [one] => Some(*one),
                    several => {
                        let names: Vec<_> = several.iter().map(|one| one.name.as_str()).collect();
                        let message = format!(
                            "{} is claimed by {}",
                            scene.destination,
                            names.join(" and ")
                        );
                        let hint =
                            format!("name it on one of them only: remotes and `app` in {FILE}");
                        return Err(Undecided::new(message).hint(hint).into());
                    }
                }
            }
        };
        Ok(Self {
            environment,
            platform,
            is_trunk: leads_here(policy.trunk.remote.as_bytes()),
        })
    }

    /// What becomes of one ref; `trunk` is trunk's branch, where it can be told.
    pub fn route(&self, update: &Update, policy: &Policy, trunk: Option<&str>) -> Route<'p> {
        let sets = matches!(update, Update::Set { .. });
        let Some(branch) = update.branch() else {
            // Notes deploy nothing, and tags only where the platform takes any ref.
            let platform = self.platform.filter(|platform| platform.builds_tags());
            let Some(platform) = platform.filter(|_| sets && update.tag().is_some()) else {
                return Route::Free;
            };
            return match self.environment {
                Some(one) if one.deploys_any(self.platform) => {
                    Route::Governed(Place::Environment(&one.name))
                }
                Some(_) => Route::Free,
                None => Route::Governed(Place::UnknownApp(platform)),
            };
        };
        if let Some(environment) = self
            .environment
            .filter(|e| e.deploys(branch, self.platform))
        {
            return Route::Governed(Place::Environment(&environment.name));
        }
        let unknown = self
            .platform
            .filter(|platform| self.environment.is_none() && platform.builds(branch));
        if let Some(platform) = unknown {
            return Route::Governed(Place::UnknownApp(platform));
        }
        let may_be_trunk = match trunk {
            Some(trunk) => branch == trunk,
            None => branch == "master" || branch == "main",
        };
        if self.is_trunk && may_be_trunk {
            return Route::Governed(Place::Trunk);
        }
        if sets && policy.suite.on == On::All {
            return Route::Governed(Place::Branch);
        }
        match self.environment {
            Some(environment) if sets && !self.is_trunk => Route::DeploysNothing(environment),
            _ => Route::Free,
        }
    }
}

impl Stage {
    /// How this clone knows an environment.
    pub fn of(environment: &Environment, scene: &Scene<'_>) -> Self {
        Self::known(environment, scene.remotes, scene.read)
    }

    /// The same, whatever is pushed.
    pub fn known(
        environment: &Environment,
        configured: &Remotes,
        read: &dyn Fn(&BStr) -> Destination,
    ) -> Self {
        let mut remotes = remotes_of(environment, configured, read);
        if remotes.is_empty() {
            remotes.extend(
                environment
                    .heroku_apps()
                    .map(|app| BString::from(heroku_url(app))),
            );
        }
        Self {
            environment: environment.name.clone(),
            remotes,
            expected: (environment.remotes.first())
                .unwrap_or(&environment.name)
                .clone(),
            branches: environment.branches.clone(),
            known: configured.known(),
        }
    }

    /// What to push so that trunk's branch deploys there.
    pub fn refspec(&self, trunk: Option<&TrunkName>) -> String {
        let deploys = self.branches.first().map_or("master", String::as_str);
        match trunk {
            Some(trunk) if self.branches.contains(&trunk.branch) => trunk.branch.clone(),
            Some(trunk) => format!("{}:{deploys}", trunk.branch),
            None => deploys.to_owned(),
        }
    }

    /// The first of its remotes; it is an error to have none.
    pub fn remote(&self) -> Result<&BString, Trouble> {
        let none = || {
            let (environment, remote) = (&self.environment, &self.expected);
            let mut meant = did_you_mean(remote, &self.known);
            if environment != remote && !meant.is_empty() {
                meant = format!(
                    ": there is no `{}`{meant}",
                    printable(remote.as_bytes().into())
                );
            }
            Undecided::new(format!(
                "no remote of this repository leads to `{environment}`{meant}"
            ))
            .hint(format!("git remote add {remote} URL, then try again"))
            .into()
        };
        self.remotes.first().ok_or_else(none)
    }
}

/// The configured remotes that lead to an environment: those that the policy names, else one that
/// leads to its app.
pub fn remotes_of(
    environment: &Environment,
    remotes: &Remotes,
    read: &dyn Fn(&BStr) -> Destination,
) -> Vec<BString> {
    let named = environment
        .remotes
        .iter()
        .map(|name| BString::from(name.as_str()));
    let named: Vec<_> = named.filter(|name| remotes.has(name)).collect();
    if !named.is_empty() {
        return named;
    }
    let leads_there = |name: &&BStr| {
        let mut places = remotes
            .push_urls(name)
            .into_iter()
            .map(|url| read(url.as_ref()));
        places.any(|place| environment.apps.iter().any(|app| place.is_app(app)))
    };
    remotes
        .names()
        .find(leads_there)
        .map(BString::from)
        .into_iter()
        .collect()
}

/// What commands and reports call the remote of this push.
pub fn remote_label(push: &Push) -> String {
    redact(&printable(push.remote.as_bstr()))
}
