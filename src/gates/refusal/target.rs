//! Why the gate `target` refuses.

use bstr::BString;

use crate::{
    gates::refusal::Explanation,
    policy::FILE,
    push::{Oid, destination::Platform},
    text::printable,
};

/// A push that deploys something else than one known commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The deletion of a branch that deploys, or of trunk.
    Deletion { branch: BString },
    /// Different commits for one environment: each branch or tag and its commit.
    TwoCommits {
        commits: Vec<(BString, Oid)>,
        /// The remote and the one branch that is pushed, where tags go along (`push.followTags`).
        without_tags: Option<(String, BString)>,
    },
    /// The pushed object is not a commit; `kind` is git's word for what it is.
    NoCommit {
        id: Oid,
        kind: &'static str,
        source: BString,
        target: BString,
        remote: String,
    },
    /// The deployed commit is not in this repository.
    UnknownDeployed { id: Oid, remote: String },
    /// A rollback to a commit that was never live there.
    NeverLive { pushed: Oid, environment: String },
    /// An app of a known platform that no environment names.
    UnknownApp {
        platform: Platform,
        app: String,
        /// Whether there is a policy file to add it to.
        has_policy: bool,
    },
}

impl Refusal {
    pub(crate) fn explain(&self) -> Explanation {
        match self {
            Self::Deletion { branch } => Explanation::new(
                format!(
                    "`{}` deploys from here and may not be deleted",
                    printable(branch.as_ref())
                ),
                ["leave it; to take the app down, use the platform's own tools"],
            ),
            Self::TwoCommits {
                commits,
                without_tags,
            } => {
                let name = |(branch, id): &(BString, Oid)| {
                    format!("{} to `{}`", id.short(), printable(branch.as_ref()))
                };
                let names: Vec<_> = commits.iter().map(name).collect();
                Explanation::new(
                    format!("two commits for one place: {}", names.join(", ")),
                    [match without_tags {
                        Some((remote, refspec)) => {
                            let refspec = printable(refspec.as_ref());
                            format!("git push --no-follow-tags {remote} {refspec}")
                        }
                        None => "push one commit".to_owned(),
                    }],
                )
            }
            Self::NoCommit {
                id,
                kind,
                source,
                target,
                remote,
            } => {
                let source = printable(source.as_ref());
                Explanation::new(
                    format!("`{source}` ({}) is a {kind}, not a commit", id.short()),
                    [if *kind == "tag" {
                        let target = printable(target.as_ref());
                        format!("git push {remote} {source}^{{}}:{target}")
                    } else {
                        "push a commit".to_owned()
                    }],
                )
            }
            Self::UnknownDeployed { id, remote } => Explanation::new(
                format!(
                    "`{remote}` has {}, which this repository does not: somebody else pushed there",
                    id.short()
                ),
                [format!(
                    "git fetch {remote}, look at what is there, then push again"
                )],
            ),
            Self::NeverLive {
                pushed,
                environment,
            } => Explanation::new(
                format!(
                    "{} was never live on {environment}: it is not a rollback",
                    pushed.short()
                ),
                [
                    format!("see what was live there: pushgate log --environment {environment}"),
                    format!("go back to what was live before: pushgate rollback {environment}"),
                ],
            ),
            Self::UnknownApp {
                platform,
                app,
                has_policy: true,
            } => Explanation::new(
                format!("{platform} app `{app}` is on no environment of {FILE}"),
                [format!(
                    "add `app: {app}` to its environment in {FILE}, and commit it"
                )],
            ),
            Self::UnknownApp {
                platform,
                app,
                has_policy: false,
            } => Explanation::new(
                format!("`{app}` is a {platform} app, and no {FILE} says which environment it is"),
                ["pushgate init, then look it over and commit it"],
            ),
        }
    }
}
