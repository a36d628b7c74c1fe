//! Why a commit cannot be signed off: the facts, their words and the commands that cure it.

use std::fmt;

use crate::{gates::verdict::Refusal, push::Oid, text::alternatives};

/// What keeps a person from signing a commit off.
#[derive(Clone, Debug)]
pub(super) enum Declined {
    /// Nothing is there that anybody could have tried, or something else is: what the gate would say.
    NotLive(Box<Refusal>),
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
            Self::NotLive(refusal) => refusal.fmt(f),
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
    pub(super) fn cures(&self) -> Vec<String> {
        match self {
            Self::NotLive(refusal) => {
                let (Refusal::NeverDeployed {
                    environment,
                    remote,
                    refspec,
                }
                | Refusal::OtherCommit {
                    environment,
                    remote,
                    refspec,
                    ..
                }) = refusal.as_ref()
                else {
                    return refusal.cures();
                };
                let mut cures = vec![format!(
                    "git push {remote} {refspec}, try it on {environment}, then: pushgate approve {environment}"
                )];
                if let Refusal::OtherCommit { live, .. } = refusal.as_ref() {
                    cures.push(format!(
                        "or, if {0} is what you tried: pushgate approve {environment} --commit {0}",
                        live.short()
                    ));
                }
                cures
            }
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
