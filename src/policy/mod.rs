//! The policy: what `.pushgate.yml` asks of a push, checked and with its defaults filled in.

pub mod defaults;
pub mod detect;
mod error;
pub(crate) mod lint;
mod load;
mod reader;
pub mod schema;
mod sections;
mod source;
pub mod template;
mod values;

use std::time::Duration;

use bstr::BStr;

use crate::{calendar::Window, push::destination::Platform};

pub use defaults::{DeployRemote, without_file};
pub use error::PolicyError;
pub use load::{LIMIT, load};

/// The policy's file, at the root of the repository.
pub const FILE: &str = ".pushgate.yml";

/// What a team asks of its pushes.
#[derive(Clone, Debug)]
pub struct Policy {
    pub trunk: Trunk,
    pub suite: Suite,
    /// In the order of the file.
    pub environments: Vec<Environment>,
    /// Whether sign-offs and deployments are shared through trunk's remote.
    pub share: bool,
}

impl Policy {
    pub fn environment(&self, name: &str) -> Option<&Environment> {
        self.environments
            .iter()
            .find(|environment| environment.name == name)
    }

    /// Reads the calendars that its windows name; `read` has the bytes of a path, or why not.
    pub fn read_holidays(&mut self, read: &dyn Fn(&str) -> Result<Vec<u8>, String>) {
        for environment in &mut self.environments {
            for holidays in &mut environment.window.holidays {
                let bytes = read(&holidays.path);
                holidays.read(bytes);
            }
        }
    }

    /// Whether records are shared with the team: without an environment there are none.
    pub fn shares(&self) -> bool {
        self.share && !self.environments.is_empty()
    }
}

/// The branch that deploys come from, and the remote that the team shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trunk {
    /// `None`: the one `<remote>/HEAD` names, else whichever of master and main exists.
    pub branch: Option<String>,
    pub remote: String,
}

/// How the team's entire test run is started, and when it is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suite {
    /// Empty: found from the project's own files.
    pub steps: Vec<Step>,
    /// The CI that is asked instead of running anything here.
    pub ci: Option<Ci>,
    pub on: On,
    pub place: In,
    pub timeout: Duration,
    /// How long a receipt counts; zero: never.
    pub reuse: Duration,
    pub env: Vec<String>,
    /// A regular expression that the output must match.
    pub expect: Option<String>,
    /// Files of the checkout that git ignores and the worktree needs, relative to the top.
    pub link: Vec<String>,
    pub interactive: bool,
}

/// A CI that runs the suite, and which of its checks count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ci {
    pub forge: Forge,
    /// The checks that have to pass; empty: all of them.
    pub checks: Vec<String>,
}

/// A host of repositories that runs a CI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forge {
    Github,
    Gitlab,
}

impl Forge {
    pub fn name(self) -> &'static str {
        match self {
            Self::Github => "GitHub",
            Self::Gitlab => "GitLab",
        }
    }

    /// The command line program that asks it.
    pub fn program(self) -> &'static str {
        match self {
            Self::Github => "gh",
            Self::Gitlab => "glab",
        }
    }

    /// The host of the public one.
    pub fn home(self) -> &'static str {
        match self {
            Self::Github => "github.com",
            Self::Gitlab => "gitlab.com",
        }
    }
}

/// One command of the suite.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// What reports call it; `None`: the command itself.
    pub name: Option<String>,
    /// The command, for `sh -e -c`.
    pub run: String,
    pub timeout: Option<Duration>,
    /// Relative to the top of the tree.
    pub dir: Option<String>,
    /// Whether it runs at the same time as its parallel neighbours.
    pub parallel: bool,
}

/// The pushes that need the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// Pushes to an environment.
    Deploys,
    /// Deploys, and pushes to trunk.
    Trunk,
    /// Every push of a branch.
    All,
}

/// The tree that the suite runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum In {
    /// The work tree, which must be exactly the pushed tree.
    Checkout,
    /// A clean linked worktree of the pushed commit.
    Worktree,
}

/// A deployment target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    pub name: String,
    pub remotes: Vec<String>,
    /// The apps that it is: a Heroku app's name, or `HOST/APP` on another platform.
    pub apps: Vec<String>,
    pub from: Commits,
    /// The environment where the commit must be live first.
    pub after: Option<String>,
    /// How long the commit must have been live on `after`.
    pub soak: Duration,
    /// The sign-offs that it must have there; `None`: it needs none.
    pub signoff: Option<Signoff>,
    pub window: Window,
    /// The branches, short names, whose push deploys.
    pub branches: Vec<String>,
    pub reason: Reason,
    /// A command that prints the commit which runs there; `None`: what git has there counts.
    pub live: Option<String>,
}

impl Environment {
    pub fn takes_any(&self) -> bool {
        self.from == Commits::Any
    }

    pub fn heroku_apps(&self) -> impl Iterator<Item = &str> {
        self.apps
            .iter()
            .map(String::as_str)
            .filter(|app| !app.contains('/'))
    }

    /// Whether a push of this branch deploys there.
    ///
    /// A platform that deploys any branch does so unless the policy names branches.
    pub fn deploys(&self, branch: &BStr, platform: Option<Platform>) -> bool {
        self.branches.iter().any(|known| branch == known.as_str()) || self.deploys_any(platform)
    }

    /// Whether a push of any branch or tag deploys there.
    pub fn deploys_any(&self, platform: Option<Platform>) -> bool {
        platform.is_some_and(Platform::builds_tags) && self.branches == defaults::branches()
    }
}

/// The commits that an environment takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commits {
    /// Trunk's newest alone.
    Trunk,
    Any,
}

/// The sign-offs that a commit must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signoff {
    pub people: u32,
    pub by: By,
    /// Whether only sign-offs that git verifies count.
    pub signed: bool,
}

/// Whose sign-off counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Anyone,
    Another,
}

/// Whether an override must say why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Required,
    Optional,
}
