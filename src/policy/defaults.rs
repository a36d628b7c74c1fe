//! The defaults of every key, and the policy of a repository without a file.

use std::time::Duration;

use super::{By, Environment, In, On, Policy, Reason, Reuse, Signoff, Suite, Trunk};
use crate::calendar::Window;

pub const REMOTE: &str = "origin";
pub const ON: On = On::Trunk;
/// `suite.on` with `suite.ci`: a CI can only check what was pushed.
pub const ON_WITH_CI: On = On::Deploys;
pub const PLACE: In = In::Checkout;
pub const TIMEOUT: Duration = Duration::from_mins(30);
pub const REUSE: Duration = Duration::from_hours(24);
pub const SOAK: Duration = Duration::ZERO;
pub const RUNWAY: Duration = Duration::ZERO;
pub const BRANCHES: [&str; 2] = ["main", "master"];
pub const REASON: Reason = Reason::Optional;

/// The environment, without a file, of a Heroku remote whose name or app has one of `STAGING_WORDS`.
pub const STAGING: &str = "staging";
/// The environment, without a file, of any other Heroku remote.
pub const PRODUCTION: &str = "production";
pub const STAGING_WORDS: [&str; 3] = ["staging", "stage", "stg"];
/// When production is closed without a file, in the time zone of the machine that pushes.
pub const NIGHT: &str = "22:00-07:00";

pub const SHARE: bool = true;

/// `remote` of an environment: its own name.
pub fn remotes(environment: &str) -> Vec<String> {
    vec![environment.to_owned()]
}

/// `signoff` of an environment: required where it comes after another.
pub fn signoff(after: Option<&str>) -> Option<Signoff> {
    after.map(|_| Signoff::default())
}

/// The branches that deploy, short names.
pub fn branches() -> Vec<String> {
    BRANCHES.map(str::to_owned).to_vec()
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            trunk: Trunk::default(),
            suite: Suite::default(),
            environments: Vec::new(),
            share: SHARE,
        }
    }
}

impl Default for Signoff {
    fn default() -> Self {
        Self {
            people: 1,
            by: By::default(),
            signed: false,
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
            forge: None,
            checks: Vec::new(),
            on: ON,
            place: PLACE,
            timeout: TIMEOUT,
            reuse: Reuse::default(),
            env: Vec::new(),
            expect: None,
            link: Vec::new(),
            interactive: false,
        }
    }
}

impl Default for Reuse {
    fn default() -> Self {
        Self::For(REUSE)
    }
}

impl Default for Environment {
    fn default() -> Self {
        Self {
            name: String::new(),
            remotes: Vec::new(),
            apps: Vec::new(),
            after: None,
            soak: SOAK,
            signoff: signoff(None),
            window: Window::default(),
            branches: branches(),
            reason: REASON,
        }
    }
}

impl Environment {
    /// An environment of which the policy has the name alone.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            remotes: remotes(name),
            ..Self::default()
        }
    }
}

/// A remote of the repository that pushes to Heroku.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HerokuRemote {
    pub name: String,
    pub app: String,
}

impl HerokuRemote {
    /// Whether the name of the remote or the app has one of `STAGING_WORDS`.
    pub fn is_staging(&self) -> bool {
        [&self.name, &self.app].into_iter().any(|text| {
            text.split(|character: char| !character.is_alphanumeric())
                .any(|word| STAGING_WORDS.contains(&word.to_ascii_lowercase().as_str()))
        })
    }
}

/// Returns the policy of a repository that has no policy file.
///
/// Remotes that say staging are `staging`, all others `production`: after staging where there is
/// one, and closed at night. An app that remotes of both kinds push to is production, the stricter of the two.
pub fn without_file(heroku: &[HerokuRemote]) -> Policy {
    let (production, staging): (Vec<_>, Vec<_>) = heroku.iter().partition(|remote| {
        let mut others = heroku.iter().filter(|other| !other.is_staging());
        others.any(|other| other.app.eq_ignore_ascii_case(&remote.app))
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

fn deployed_by(name: &str, remotes: &[&HerokuRemote]) -> Environment {
    let mut apps: Vec<String> = Vec::new();
    for remote in remotes {
        if !apps.contains(&remote.app) {
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

    fn heroku(remotes: &[(&str, &str)]) -> Vec<HerokuRemote> {
        remotes
            .iter()
            .map(|&(name, app)| HerokuRemote {
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
    fn without_heroku_nothing_is_governed() {
        assert!(without_file(&[]).environments.is_empty());
    }

    #[test]
    fn production_is_closed_at_night() {
        let closed: Vec<String> = at_night().closed.iter().map(ToString::to_string).collect();
        assert_eq!(closed, [NIGHT]);
    }
}
