//! The defaults of every key, and the policy of a repository without a file.

use std::time::Duration;

use super::{By, Commits, Environment, In, On, Policy, Reason, Signoff, Suite, Trunk};
use crate::calendar::Window;

pub const REMOTE: &str = "origin";
/// `suite.on` with `suite.ci`: a CI can only check what was pushed.
pub const ON_WITH_CI: On = On::Deploys;

/// The environment, without a file, of a Heroku remote whose name or app has one of `STAGING_WORDS`.
pub const STAGING: &str = "staging";
/// The environment, without a file, of any other Heroku remote.
pub const PRODUCTION: &str = "production";
pub const STAGING_WORDS: [&str; 3] = ["staging", "stage", "stg"];
/// When production is closed without a file, in the time zone of the machine that pushes.
pub const NIGHT: &str = "22:00-07:00";

/// `signoff` of an environment: required where it comes after another.
pub fn signoff(after: Option<&str>) -> Option<Signoff> {
    after.map(|_| Signoff::default())
}

/// The branches that deploy, short names.
pub fn branches() -> Vec<String> {
    ["main", "master"].map(str::to_owned).to_vec()
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            trunk: Trunk::default(),
            suite: Suite::default(),
            environments: Vec::new(),
            share: true,
        }
    }
}

impl Default for Trunk {
    fn default() -> Self {
        Self {
            branch: None,
            remote: REMOTE.to_owned(),
        }
    }
}

impl Default for Suite {
    fn default() -> Self {
        Self {
            steps: Vec::new(),
            ci: None,
            on: On::Trunk,
            place: In::Checkout,
            timeout: Duration::from_mins(30),
            reuse: Duration::from_hours(24),
            env: Vec::new(),
            expect: None,
            link: Vec::new(),
            interactive: false,
        }
    }
}

impl Default for Signoff {
    fn default() -> Self {
        Self {
            people: 1,
            by: By::Anyone,
            signed: false,
        }
    }
}

impl Environment {
    /// An environment of which the policy has the name alone.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            remotes: vec![name.to_owned()],
            apps: Vec::new(),
            from: Commits::Trunk,
            after: None,
            soak: Duration::ZERO,
            signoff: None,
            window: Window::default(),
            branches: branches(),
            reason: Reason::Optional,
            live: None,
        }
    }
}

/// A remote of the repository that deploys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployRemote {
    pub name: String,
    /// As `app` of an environment names it; empty where the remote leads to no platform.
    pub app: String,
}

impl DeployRemote {
    /// Whether the name of the remote or the app has one of `STAGING_WORDS`.
    pub fn is_staging(&self) -> bool {
        // A host tells nothing of its apps.
        let app = self.app.rsplit('/').next().unwrap_or_default();
        [&self.name, app].into_iter().any(|text| {
            text.split(|character: char| !character.is_alphanumeric())
                .any(|word| STAGING_WORDS.contains(&word.to_ascii_lowercase().as_str()))
        })
    }

    fn has_app_of(&self, other: &Self) -> bool {
        !self.app.is_empty() && self.app.eq_ignore_ascii_case(&other.app)
    }
}

/// Returns the policy of a repository that has these remotes, as far as no policy file says otherwise.
///
/// Remotes that say staging are `staging`, all others `production`: after staging where there is
/// one, and closed at night. An app that remotes of both kinds push to is production, the stricter of the two.
pub fn without_file(remotes: &[DeployRemote]) -> Policy {
    let (staging, production): (Vec<_>, Vec<_>) = remotes.iter().partition(|remote| {
        let mut others = remotes.iter().filter(|other| !other.is_staging());
        remote.is_staging() && !others.any(|other| other.has_app_of(remote))
    });

    let mut environments = Vec::new();
    if !staging.is_empty() {
        environments.push(deployed_by(STAGING, &staging));
    }
    if !production.is_empty() {
        let after = environments.first().map(|staging| staging.name.clone());
        environments.push(Environment {
            signoff: signoff(after.as_deref()),
            after,
            window: at_night(),
            ..deployed_by(PRODUCTION, &production)
        });
    }
    Policy {
        environments,
        ..Policy::default()
    }
}

fn at_night() -> Window {
    Window {
        // A rule that could not be read would leave the window open: a test reads it.
        closed: NIGHT.parse().into_iter().collect(),
        ..Window::default()
    }
}

fn deployed_by(name: &str, remotes: &[&DeployRemote]) -> Environment {
    let mut apps: Vec<String> = Vec::new();
    for remote in remotes {
        if !remote.app.is_empty() && !apps.contains(&remote.app) {
            apps.push(remote.app.clone());
        }
    }
    Environment {
        remotes: remotes.iter().map(|remote| remote.name.clone()).collect(),
        apps,
        ..Environment::named(name)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    fn heroku(remotes: &[(&str, &str)]) -> Vec<DeployRemote> {
        remotes
            .iter()
            .map(|&(name, app)| DeployRemote {
                name: name.to_owned(),
                app: app.to_owned(),
            })
            .collect()
    }

    #[track_caller]
    fn case(name: &str, app: &str, staging: bool) {
        let remote = &heroku(&[(name, app)])[0];
        assert_eq!(remote.is_staging(), staging, "{remote:?}");
    }

    #[test]
    fn a_remote_or_an_app_says_staging_as_a_word() {
        case("staging", "shop-1234", true);
        case("heroku", "shop-staging", true);
        case("heroku", "shop_STG", true);
        case("stage.eu", "shop", true);
        case("heroku", "shop", false);
        case("backstage", "backstage", false);
        case("production", "stages", false);
        case("dokku", "staging.example/shop", false);
    }

    #[test]
    fn production_is_after_staging_where_there_is_one() {
        let policy = without_file(&heroku(&[
            ("heroku", "shop"),
            ("eu", "shop-eu"),
            ("staging", "shop-staging"),
            ("mirror", "shop"),
        ]));
        let staging = policy.environment("staging").unwrap();
        assert_eq!(staging.remotes, ["staging"]);
        assert_eq!(staging.apps, ["shop-staging"]);
        assert_eq!(staging.after, None);
        assert_eq!(staging.signoff, None);
        assert!(staging.window.closed.is_empty());

        let production = policy.environment("production").unwrap();
        assert_eq!(production.remotes, ["heroku", "eu", "mirror"]);
        assert_eq!(production.apps, ["shop", "shop-eu"]);
        assert_eq!(production.after.as_deref(), Some("staging"));
        assert_eq!(production.signoff, Some(Signoff::default()));
        assert_eq!(production.window.closed.len(), 1);
        assert_eq!(policy.environments[0].name, "staging");
        assert!(policy.suite.steps.is_empty());
    }

    #[test]
    fn production_alone_is_after_nothing() {
        let policy = without_file(&heroku(&[("heroku", "shop")]));
        assert_eq!(policy.environments.len(), 1);
        let production = policy.environment("production").unwrap();
        assert_eq!(production.after, None);
        assert_eq!(production.signoff, None);
    }

    #[test]
    fn staging_alone_has_no_production() {
        let policy = without_file(&heroku(&[("staging", "shop-1")]));
        assert_eq!(policy.environments.len(), 1);
        assert!(policy.environment("production").is_none());
    }

    #[test]
    fn an_app_of_both_kinds_is_production() {
        let policy = without_file(&heroku(&[("staging", "shop"), ("heroku", "Shop")]));
        assert_eq!(policy.environments.len(), 1);
        assert_eq!(policy.environments[0].remotes, ["staging", "heroku"]);
    }

    #[test]
    fn a_remote_without_an_app_is_told_by_its_name() {
        let policy = without_file(&heroku(&[("production", ""), ("staging", "")]));
        assert_eq!(policy.environments[0].name, "staging");
        assert_eq!(policy.environments[1].remotes, ["production"]);
        assert!(policy.environments[1].apps.is_empty());
    }

    #[test]
    fn without_heroku_nothing_is_governed() {
        assert!(without_file(&[]).environments.is_empty());
    }

    #[test]
    fn production_is_closed_at_night() {
        let closed: Vec<String> = at_night().closed.iter().map(ToString::to_string).collect();
        assert_eq!(closed, [NIGHT]);
    }
}
