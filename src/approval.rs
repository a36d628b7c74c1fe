//! Why a commit cannot be signed off: the facts, their words and the commands that cure it.

use std::fmt;

use crate::{
    push::Oid,
    verdict::{Refusal, Relation, alternatives},
};

/// What keeps a person from signing a commit off.
#[derive(Clone, Debug)]
pub enum Declined {
    /// Nothing is there that anybody could have tried.
    NeverDeployed {
        /// The environment.
        environment: String,
        /// Its remote.
        remote: String,
        /// The branch that deploys there.
        branch: String,
    },
    /// Something else is live there.
    NotLive {
        /// The environment.
        environment: String,
        /// Its remote.
        remote: String,
        /// The branch that deploys there.
        branch: String,
        /// What the person has.
        mine: Oid,
        /// What is live there.
        live: Oid,
        /// How the first stands to the second, where this repository can tell.
        relation: Option<Relation>,
    },
    /// No rollback took the commit away.
    NotRemoved {
        /// The commit.
        commit: Oid,
        /// The environment, where one was named.
        environment: Option<String>,
    },
    /// Rollbacks took it away from several environments.
    RemovedFrom {
        /// The commit.
        commit: Oid,
        /// The environments.
        environments: Vec<String>,
    },
    /// git does not know who the person is.
    Nobody,
}

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverDeployed {
                environment,
                remote,
                ..
            } => write!(f, "nothing was ever pushed to {environment} (`{remote}`)"),
            Self::NotLive {
                environment,
                remote,
                branch,
                mine,
                live,
                relation,
            } => Refusal::OtherCommit {
                pushed: mine.clone(),
                environment: environment.clone(),
                remote: remote.clone(),
                refspec: branch.clone(),
                live: live.clone(),
                relation: *relation,
                same_content: false,
            }
            .fmt(f),
            Self::NotRemoved {
                commit,
                environment: Some(environment),
            } => write!(
                f,
                "no rollback removed {} from {environment}",
                commit.short()
            ),
            Self::NotRemoved {
                commit,
                environment: None,
            } => write!(f, "no rollback removed {}", commit.short()),
            Self::RemovedFrom {
                commit,
                environments,
            } => write!(
                f,
                "rollbacks removed {} from several environments: {}",
                commit.short(),
                alternatives(environments)
            ),
            Self::Nobody => f.write_str("git does not know who you are"),
        }
    }
}

impl Declined {
    /// What to do about it.
    pub fn cures(&self) -> Vec<String> {
        match self {
            Self::NeverDeployed {
                environment,
                remote,
                branch,
            } => vec![format!(
                "git push {remote} {branch}, try it on {environment}, then: pushgate approve {environment}"
            )],
            Self::NotLive {
                environment,
                remote,
                branch,
                live,
                ..
            } => vec![
                format!(
                    "git push {remote} {branch}, try it on {environment}, then: pushgate approve {environment}"
                ),
                format!(
                    "or, if {} is what you tried: pushgate approve {environment} --commit {}",
                    live.short(),
                    live.short()
                ),
            ],
            Self::NotRemoved { .. } => {
                vec![
                    "name the commit that was removed: pushgate approve ENV --again --commit REV"
                        .to_owned(),
                ]
            }
            Self::RemovedFrom { environments, .. } => {
                let name = environments.first().map_or("ENV", String::as_str);
                vec![format!("name one: pushgate approve {name} --again")]
            }
            Self::Nobody => {
                vec!["git config user.name NAME, and git config user.email MAIL".to_owned()]
            }
        }
    }
}
