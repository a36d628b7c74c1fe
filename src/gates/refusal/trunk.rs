//! Why the gate `trunk` refuses.

use bstr::BString;

use crate::{
    gates::{
        explanation::Explanation,
        facts::{Commit, Count, Pushed, TrunkName},
    },
    push::Oid,
    text::printable,
};

/// What is pushed is not trunk's newest commit, or would take commits off trunk.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// Trunk has commits that are not pushed.
    Behind {
        pushed: Pushed,
        by: Count,
        trunk: TrunkName,
        /// Trunk's tip on its remote.
        tip: Oid,
        /// Whether the local trunk branch is at that tip already.
        local_is_newest: bool,
        /// The remote of the push.
        remote: String,
    },
    /// The local trunk branch has commits that trunk lacks.
    Ahead {
        pushed: Pushed,
        by: Count,
        trunk: TrunkName,
        tip: Oid,
    },
    /// The local trunk branch and trunk have diverged.
    Diverged {
        pushed: Pushed,
        ahead: Count,
        behind: Count,
        trunk: TrunkName,
        tip: Oid,
    },
    /// Commits that were never merged to trunk.
    NotOnTrunk {
        pushed: Pushed,
        /// What the user typed for it.
        source: BString,
        /// The commits that trunk lacks; `None` where the histories share no commit.
        ahead: Option<Count>,
        trunk: TrunkName,
        tip: Oid,
    },
    /// A forced push would take commits off trunk; the first few are named.
    Drops {
        pushed: Pushed,
        by: Count,
        commits: Vec<Commit>,
        trunk: TrunkName,
    },
}

impl Refusal {
    pub(crate) fn explain(&self) -> Explanation {
        match self {
            Self::Behind {
                pushed,
                by,
                trunk,
                tip,
                local_is_newest,
                remote,
            } => Explanation::new(
                format!(
                    "{pushed} is {by} behind {trunk} {}",
                    tips(pushed, trunk, tip)
                ),
                [if *local_is_newest {
                    format!("push the newest: git push {remote} {}", trunk.branch)
                } else {
                    let branch = &trunk.branch;
                    let again = pushed.branch.as_ref().map_or(branch.as_str(), |_| "again");
                    let switch = switch(pushed, trunk);
                    format!(
                        "{switch}git pull --ff-only {} {branch}, then push {again}",
                        trunk.remote
                    )
                }],
            ),
            Self::Ahead {
                pushed,
                by,
                trunk,
                tip,
            } => Explanation::new(
                format!(
                    "{pushed} is {by} ahead of {trunk} {}",
                    tips(pushed, trunk, tip)
                ),
                [format!("git push {} {} first", trunk.remote, trunk.branch)],
            ),
            Self::Diverged {
                pushed,
                ahead,
                behind,
                trunk,
                tip,
            } => Explanation::new(
                format!(
                    "{pushed} and {trunk} have diverged: {ahead} only here, {behind} only there {}",
                    tips(pushed, trunk, tip)
                ),
                [format!(
                    "{}git pull --rebase {} {branch} (or merge), run the tests, git push {1} {branch}, then push again",
                    switch(pushed, trunk),
                    trunk.remote,
                    branch = trunk.branch,
                )],
            ),
            Self::NotOnTrunk {
                pushed,
                source,
                ahead,
                trunk,
                tip,
            } => {
                let id = pushed.id.short();
                let why = match ahead {
                    Some(ahead) => format!(
                        "{id} is not on {trunk}: {ahead} of it never merged ({} has {})",
                        trunk.remote,
                        tip.short()
                    ),
                    None => format!("{id} shares no history with {trunk} ({})", tip.short()),
                };
                let work = match source.strip_prefix(b"refs/heads/") {
                    Some(branch) => printable(branch.as_ref()),
                    // `HEAD` names another commit once trunk is checked out.
                    None => id.to_owned(),
                };
                let hint = format!(
                    "merge it first: git switch {} && git merge {work}, git push {} {0}, then push {0}",
                    trunk.branch, trunk.remote
                );
                Explanation::new(why, [hint])
            }
            Self::Drops {
                pushed,
                by,
                commits,
                trunk,
            } => {
                let id = pushed.id.short();
                let (switch, remote, branch) =
                    (switch(pushed, trunk), &trunk.remote, &trunk.branch);
                let hint = if pushed.branch.is_some() {
                    format!(
                        "{switch}git pull --rebase {remote} {branch} keeps them; to undo one, git revert it"
                    )
                } else {
                    format!(
                        "keep them: {switch}git pull --ff-only {remote} {branch} && git merge {id}, then push {branch}"
                    )
                };
                let why = format!("{id} would take {by} off {trunk}:{}", by.list(commits));
                Explanation::new(why, [hint])
            }
        }
    }
}

/// What is pushed and what trunk's remote has.
fn tips(pushed: &Pushed, trunk: &TrunkName, tip: &Oid) -> String {
    format!(
        "(you push {}, {} has {})",
        pushed.id.short(),
        trunk.remote,
        tip.short()
    )
}

/// Checks the local trunk branch out first, where something else is.
fn switch(pushed: &Pushed, trunk: &TrunkName) -> String {
    if pushed.checked_out {
        String::new()
    } else {
        format!("git switch {} && ", trunk.branch)
    }
}
