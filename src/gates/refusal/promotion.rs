//! Why the gate `promotion` refuses.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    gates::{facts::Relation, refusal::Explanation},
    policy::{By, Signoff},
    push::Oid,
    text::{day_and_time, span},
};

/// The commit was not tried, or not long enough, on the environment that comes first; or a rollback
/// removed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing was ever deployed to the environment that comes first.
    NeverDeployed {
        environment: String,
        remote: String,
        /// What to push there: a branch, or a refspec.
        refspec: String,
    },
    OtherCommit {
        pushed: Oid,
        environment: String,
        remote: String,
        refspec: String,
        live: Oid,
        /// How the pushed commit relates to the live one, where this repository has both.
        relation: Option<Relation>,
        same_content: bool,
    },
    /// It has not been live there long enough.
    Soaking {
        pushed: Oid,
        environment: String,
        /// How long it has been there; `None` where nothing tells.
        been: Option<Duration>,
        soak: Duration,
        until: Timestamp,
        reader: TimeZone,
    },
    NotSignedOff(NotSignedOff),
    /// A rollback removed it from the environment of this push.
    Removed {
        pushed: Oid,
        environment: String,
        at: Timestamp,
        by: String,
        reader: TimeZone,
    },
}

/// Too few people have signed the commit off on the environment that comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotSignedOff {
    pub pushed: Oid,
    pub environment: String,
    /// The people whose sign-offs count.
    pub people: Vec<String>,
    pub wanted: Signoff,
    /// The author, who has signed it off but does not count.
    pub author: Option<String>,
    /// How many sign-offs have a signature that git does not verify.
    pub unverified: usize,
    /// Where it was signed off, though not here: an environment of the same name of a fork.
    pub elsewhere: Vec<String>,
}

impl Refusal {
    pub(crate) fn explain(&self) -> Explanation {
        match self {
            Self::NeverDeployed {
                environment,
                remote,
                refspec,
            } => Explanation::new(
                format!("nothing was ever pushed to {environment} (`{remote}`)"),
                [deploy_first(environment, remote, refspec)],
            ),
            Self::OtherCommit {
                pushed,
                environment,
                remote,
                refspec,
                live,
                relation,
                same_content,
            } => {
                let relation = match relation {
                    Some(Relation::Ahead(by)) => format!(", which is {by} ahead of it"),
                    Some(Relation::Behind(by)) => format!(", which is {by} behind it"),
                    Some(Relation::Diverged { ahead, behind }) => {
                        format!(": they have diverged, {ahead} here and {behind} there")
                    }
                    Some(Relation::Unrelated) => ", with which it shares no history".to_owned(),
                    None => String::new(),
                };
                let same = if *same_content {
                    "; both have the same content"
                } else {
                    ""
                };
                Explanation::new(
                    format!(
                        "{environment} has {}, not {}{relation}{same}",
                        live.short(),
                        pushed.short()
                    ),
                    [deploy_first(environment, remote, refspec)],
                )
            }
            Self::Soaking {
                pushed,
                environment,
                been,
                soak,
                until,
                reader,
            } => {
                let (commit, soak) = (pushed.short(), span(*soak));
                let until = day_and_time(*until, reader, reader);
                Explanation::new(
                    match been {
                        Some(been) => format!(
                            "{commit} has been on {environment} for {}, and must be for {soak}: until {until}",
                            span(*been)
                        ),
                        None => format!(
                            "nothing tells since when {commit} is on {environment}, where it must be for {soak}: counted from now, until {until}"
                        ),
                    },
                    ["push again then"],
                )
            }
            Self::NotSignedOff(facts) => facts.explain(),
            Self::Removed {
                pushed,
                environment,
                at,
                by,
                reader,
            } => Explanation::new(
                format!(
                    "a rollback took {} off {environment} ({}, {by})",
                    pushed.short(),
                    day_and_time(*at, reader, reader)
                ),
                [
                    "push another commit, one that fixes what was wrong".to_owned(),
                    format!("or, if it may go there again: pushgate approve --again {environment}"),
                ],
            ),
        }
    }
}

impl NotSignedOff {
    fn explain(&self) -> Explanation {
        let (commit, environment) = (self.pushed.short(), &self.environment);
        let mut why = match (self.people.len(), self.wanted.people) {
            (0, 1) => format!("nobody has signed {commit} off on {environment}"),
            (some, all) => {
                format!("{some} of {all} people have signed {commit} off on {environment}")
            }
        };
        if !self.people.is_empty() {
            why += &format!(": {}", self.people.join(", "));
        }
        if let Some(author) = &self.author {
            why += &format!("; its author ({author}) does not count");
        }
        match self.unverified {
            0 => {}
            1 => why += "; 1 sign-off does not verify",
            more => why += &format!("; {more} sign-offs do not verify"),
        }
        if !self.elsewhere.is_empty() {
            let places = self.elsewhere.join(", ");
            why += &format!("; what was tried at {places} does not count here");
        }
        let who = match self.wanted.by {
            By::Another => "have somebody else try it",
            By::Anyone => "try it",
        };
        let hint = format!(
            "{who} on {environment}, then pushgate approve {environment} -m \"what was tried\""
        );
        Explanation::new(why, [hint])
    }
}

fn deploy_first(environment: &str, remote: &str, refspec: &str) -> String {
    format!("git push {remote} {refspec}, try it on {environment}, then push again")
}
