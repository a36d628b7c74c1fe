//! Which environment a push goes to, if any.

use std::iter;

use bstr::BStr;

use super::stop::Stop;
use crate::{
    policy::{Environment, FILE, On, Policy},
    push::{
        Push, Update,
        destination::{Destination, Platform},
        remotes::Remotes,
    },
};

/// What a ref of a push goes to, which decides the gates that it must pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'p> {
    /// An environment of the policy: every gate.
    Environment(&'p str),
    /// An app of a known platform that no environment names: refused.
    UnknownApp(Platform),
    /// Trunk itself: no commit may be lost there.
    Trunk,
    /// Any other branch, where the policy wants the suite for all.
    Branch,
}

impl Target<'_> {
    pub(crate) fn environment(self, policy: &Policy) -> Option<&Environment> {
        match self {
            Self::Environment(name) => policy.environment(name),
            Self::UnknownApp(_) | Self::Trunk | Self::Branch => None,
        }
    }

    /// What messages call it.
    pub fn name(&self) -> &str {
        match self {
            Self::Environment(name) => name,
            Self::UnknownApp(_) => "the app",
            Self::Trunk => "trunk",
            Self::Branch => "the branch",
        }
    }
}

/// A push and the configuration that tells where it goes.
pub struct PushContext<'s> {
    pub push: &'s Push,
    pub destination: Destination,
    /// What was written, where an `insteadOf` leads to the destination: an app may be pushed to by way of
    /// another host.
    written: Vec<Destination>,
    pub remotes: &'s Remotes,
    /// Reads a URL of the configuration.
    pub read: &'s dyn Fn(&BStr) -> Destination,
}

impl<'s> PushContext<'s> {
    pub fn new(
        push: &'s Push,
        remotes: &'s Remotes,
        read: &'s dyn Fn(&BStr) -> Destination,
    ) -> Self {
        let (remote, url) = (push.remote.as_ref(), push.url.as_ref());
        let written = remotes.written(remote, url).into_iter();
        Self {
            push,
            destination: read(url),
            written: written.map(|url| read(url.as_ref())).collect(),
            remotes,
            read,
        }
    }

    /// The destinations that the push may be meant for.
    fn places(&self) -> impl Iterator<Item = &Destination> {
        iter::once(&self.destination).chain(&self.written)
    }

    /// The one of them that is an app of a known platform.
    pub fn app(&self) -> Option<&Destination> {
        self.places().find(|place| place.platform().is_some())
    }

    pub fn platform(&self) -> Option<Platform> {
        self.app().and_then(Destination::platform)
    }

    /// Whether a remote is the one that is pushed to, or leads to the same destination.
    fn leads_here(&self, remote: &str) -> bool {
        self.push.remote == remote || self.leads(remote, |place| *place == self.destination)
    }

    /// Whether it may lead there, as far as the URLs tell.
    fn may_lead_here(&self, remote: &str) -> bool {
        self.leads(remote, |place| place.may_be(&self.destination))
    }

    fn leads(&self, remote: &str, is_here: impl Fn(&Destination) -> bool) -> bool {
        let urls = self.remotes.urls(remote.as_bytes());
        urls.iter().any(|url| is_here(&(self.read)(url.as_ref())))
    }
}

/// Decides for one policy what each ref of a push goes to.
#[derive(Debug)]
pub struct Router<'p> {
    pub(crate) environment: Option<&'p Environment>,
    pub(crate) platform: Option<Platform>,
    /// Whether the push goes to trunk's remote.
    pub is_trunk: bool,
}

/// Whether a ref of a push is governed.
#[derive(Clone, Copy, Debug)]
pub enum Route<'p> {
    Governed(Target<'p>),
    /// It goes to this environment, but deploys nothing there.
    DeploysNothing(&'p Environment),
    Free,
}

impl<'p> Router<'p> {
    /// Finds the environment that this push goes to.
    ///
    /// The app in the URL decides first; then the names of the environments' remotes, and where those
    /// lead, whatever their names.
    pub fn new(policy: &'p Policy, context: &PushContext<'_>) -> Result<Self, Stop> {
        let by_app = |environment: &&Environment| {
            let is_here = |app: &String| context.places().any(|place| place.is_app(app));
            environment.apps.iter().any(is_here)
        };
        let environments = policy.environments.iter();
        let mut all = environments
            .flat_map(|environment| &environment.remotes)
            .chain([&policy.trunk.remote]);
        // Only where no remote is sure to lead there is one considered that may.
        let is_known = all.any(|remote| context.leads_here(remote));
        let leads = |remote: &String| {
            context.leads_here(remote) || (!is_known && context.may_lead_here(remote))
        };
        let by_remote = |environment: &&Environment| environment.remotes.iter().any(&leads);
        let platform = context.platform();
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
                        let (here, names) = (&context.destination, names.join(" and "));
                        let hint =
                            format!("name it on one of them only: remotes and `app` in {FILE}");
                        let message = format!("{here} is claimed by {names}");
                        return Err(Stop::undecided(message).hint(hint));
                    }
                }
            }
        };
        Ok(Self {
            environment,
            platform,
            is_trunk: leads(&policy.trunk.remote),
        })
    }

    /// Routes one ref; `trunk` is trunk's branch, where it can be told.
    pub fn route(&self, update: &Update, policy: &Policy, trunk: Option<&str>) -> Route<'p> {
        let sets = update.commit.is_some();
        let Some(branch) = update.branch() else {
            // Notes deploy nothing, and tags only where the platform takes any ref.
            let platform = self.platform.filter(|platform| platform.builds_tags());
            let Some(platform) = platform.filter(|_| sets && update.tag().is_some()) else {
                return Route::Free;
            };
            return match self.environment {
                Some(one) if one.deploys_any(self.platform) => {
                    Route::Governed(Target::Environment(&one.name))
                }
                Some(_) => Route::Free,
                None => Route::Governed(Target::UnknownApp(platform)),
            };
        };
        if let Some(environment) = self
            .environment
            .filter(|e| e.deploys(branch, self.platform))
        {
            return Route::Governed(Target::Environment(&environment.name));
        }
        let unknown = self
            .platform
            .filter(|platform| self.environment.is_none() && platform.builds(branch));
        if let Some(platform) = unknown {
            return Route::Governed(Target::UnknownApp(platform));
        }
        let may_be_trunk = match trunk {
            Some(trunk) => branch == trunk,
            None => branch == "master" || branch == "main",
        };
        if self.is_trunk && may_be_trunk {
            return Route::Governed(Target::Trunk);
        }
        if sets && policy.suite.on == On::All {
            return Route::Governed(Target::Branch);
        }
        match self.environment {
            Some(environment) if sets && !self.is_trunk => Route::DeploysNothing(environment),
            _ => Route::Free,
        }
    }
}
