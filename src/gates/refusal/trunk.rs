//! Why the gate `trunk` refuses.

use bstr::BString;

use crate::{
    gates::{
        facts::{Commit, Count, Pushed, Relation, TrunkName},
        refusal::Explanation,
    },
    push::Oid,
    text::printable,
};

/// What is pushed is not trunk's newest commit, or would take commits off trunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    NotTheTip(Box<NotTheTip>),
    /// A forced push would take commits off trunk; the first few are named.
    Drops {
        pushed: Pushed,
        by: Count,
        commits: Vec<Commit>,
        trunk: TrunkName,
    },
}

/// The pushed commit and trunk's tip, which is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotTheTip {
    pub pushed: Pushed,
    /// What the user typed for the pushed commit.
    pub source: BString,
    /// The remote of the push.
    pub remote: String,
    pub trunk: TrunkName,
    pub tip: Oid,
    /// Whether the local trunk branch is at that tip.
    pub local_is_newest: bool,
    pub relation: Relation,
}

impl Refusal {
    pub(crate) fn explain(&self) -> Explanation {
        match self {
            Self::NotTheTip(facts) => facts.explain(),
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

impl NotTheTip {
    fn explain(&self) -> Explanation {
        let Self { pushed, trunk, .. } = self;
        let (remote, branch) = (&trunk.remote, &trunk.branch);
        let is_trunk_branch = pushed.branch.is_some();
        let (id, tip) = (pushed.id.short(), self.tip.short());
        let tips = format!("(you push {id}, {remote} has {tip})");
        let switch = switch(pushed, trunk);
        let (why, hint) = match &self.relation {
            Relation::Behind(by) => (
                format!("{pushed} is {by} behind {trunk} {tips}"),
                if self.local_is_newest {
                    format!("push the newest: git push {} {branch}", self.remote)
                } else {
                    let again = if is_trunk_branch { "again" } else { branch };
                    format!("{switch}git pull --ff-only {remote} {branch}, then push {again}")
                },
            ),
            Relation::Ahead(by) if is_trunk_branch => (
                format!("{pushed} is {by} ahead of {trunk} {tips}"),
                format!("git push {remote} {branch} first"),
            ),
            Relation::Diverged { ahead, behind } if is_trunk_branch => (
                format!(
                    "{pushed} and {trunk} have diverged: {ahead} only here, {behind} only there {tips}"
                ),
                format!(
                    "{switch}git pull --rebase {remote} {branch} (or merge), run the tests, git push {remote} {branch}, then push again"
                ),
            ),
            Relation::Ahead(ahead) | Relation::Diverged { ahead, .. } => (
                format!("{id} is not on {trunk}: {ahead} of it never merged ({remote} has {tip})"),
                self.merge_first(),
            ),
            // A merge of it would put a second root into trunk: `git subtree split` makes such commits.
            Relation::Unrelated => (
                format!(
                    "{id} shares no history with {trunk} ({tip}), and cannot become a part of it"
                ),
                format!("git push {} {branch}", self.remote),
            ),
        };
        Explanation::new(why, [hint])
    }

    fn merge_first(&self) -> String {
        let TrunkName { remote, branch } = &self.trunk;
        let work = match self.source.strip_prefix(b"refs/heads/") {
            Some(branch) => printable(branch.as_ref()),
            // `HEAD` names another commit once trunk is checked out.
            None => self.pushed.id.short().to_owned(),
        };
        format!(
            "merge it first: git switch {branch} && git merge {work}, git push {remote} {branch}, then push {branch}"
        )
    }
}

/// Checks the local trunk branch out first, where something else is.
fn switch(pushed: &Pushed, trunk: &TrunkName) -> String {
    if pushed.checked_out {
        String::new()
    } else {
        format!("git switch {} && ", trunk.branch)
    }
}
