//! Why a commit cannot be signed off: facts, words and hints.

use crate::{
    gates::{Explanation, refusal::promotion::Refusal},
    push::Oid,
    text::alternatives,
};

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

impl Declined {
    /// Puts it into words.
    pub(super) fn explain(&self) -> Explanation {
        match self {
            Self::NotLive(refusal) => not_live(refusal),
            Self::NotRemoved {
                commit,
                environment,
            } => {
                let from = match environment {
                    Some(environment) => format!(" from {environment}"),
                    None => String::new(),
                };
                Explanation::new(
                    format!("no rollback removed {}{from}", commit.short()),
                    ["name the commit that was removed: pushgate approve ENV --again --commit REV"],
                )
            }
            Self::RemovedFrom {
                commit,
                environments,
            } => {
                let name = environments.first().map_or("ENV", String::as_str);
                Explanation::new(
                    format!(
                        "rollbacks removed {} from several environments: {}",
                        commit.short(),
                        alternatives(environments)
                    ),
                    [format!("name one: pushgate approve {name} --again")],
                )
            }
            Self::Nobody => Explanation::new(
                "git does not know who you are",
                ["git config user.name NAME, and git config user.email MAIL"],
            ),
        }
    }
}

fn not_live(refusal: &Refusal) -> Explanation {
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
    }) = refusal
    else {
        return refusal.explain();
    };
    let mut hints = vec![format!(
        "git push {remote} {refspec}, try it on {environment}, then: pushgate approve {environment}"
    )];
    if let Refusal::OtherCommit { live, .. } = refusal {
        hints.push(format!(
            "or, if {0} is what you tried: pushgate approve {environment} --commit {0}",
            live.short()
        ));
    }
    Explanation::new(refusal.explain().why, hints)
}
