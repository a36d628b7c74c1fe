//! What cures a refusal.

use super::Refusal;
use crate::{
    gates::verdict::{Ending, Mismatch, Pushed, TrunkName},
    policy::{By, FILE},
    text::printable,
};

impl Refusal {
    /// The commands, or the words, that cure it.
    #[allow(
        clippy::too_many_lines,
        reason = "one arm a refusal: this is the list of them"
    )]
    pub fn cures(&self) -> Vec<String> {
        let one = |cure: String| vec![cure];
        match self {
            Self::Deletion { .. } => one("leave it; to take the app down, use the platform's own tools".to_owned()),
            Self::TwoCommits { .. } => one("push one commit".to_owned()),
            Self::NoCommit { kind: "tag", source, target, remote, .. } => {
                one(format!("git push {remote} {}^{{}}:{}", printable(source.as_ref()), printable(target.as_ref())))
            }
            Self::NoCommit { .. } => one("push a commit".to_owned()),
            Self::UnknownDeployed { remote, .. } => one(format!("git fetch {remote}, look at what is there, then push again")),
            Self::UnknownApp { app, policy, .. } => one(if *policy {
                format!("add `app: {app}` to its environment in {FILE}, and commit it")
            } else {
                "pushgate init, then look it over and commit it".to_owned()
            }),
            Self::Closed { closed, .. } => match closed.reopens {
                Some(_) => vec![
                    "push again then".to_owned(),
                    "if it cannot wait: PUSHGATE_SKIP=window PUSHGATE_REASON=\"why\" before the same git push".to_owned(),
                ],
                None => one(format!("mend the window in {FILE}: no hour passes all of its rules")),
            },
            Self::Behind { trunk, local_is_newest: true, remote, .. } => {
                one(format!("push the newest: git push {remote} {}", trunk.branch))
            }
            Self::Behind { trunk, pushed, .. } => one(format!(
                "{}git pull --ff-only {} {branch}, then push {}",
                switch(pushed, trunk),
                trunk.remote,
                if pushed.branch.is_some() { "again" } else { trunk.branch.as_str() },
                branch = trunk.branch,
            )),
            Self::Ahead { trunk, .. } => one(format!("git push {} {} first", trunk.remote, trunk.branch)),
            Self::Diverged { trunk, pushed, .. } => one(format!(
                "{}git pull --rebase {} {branch} (or merge), run the tests, git push {1} {branch}, then push again",
                switch(pushed, trunk),
                trunk.remote,
                branch = trunk.branch,
            )),
            Self::NotOnTrunk { trunk, source, pushed, .. } => one(format!(
                "merge it first: git switch {} && git merge {}, git push {} {0}, then push {0}",
                trunk.branch,
                match source.strip_prefix(b"refs/heads/") {
                    Some(branch) => printable(branch.as_ref()),
                    // `HEAD` names another commit once trunk is checked out.
                    None => pushed.id.short().to_owned(),
                },
                trunk.remote
            )),
            Self::Drops { trunk, pushed, .. } if pushed.branch.is_some() => one(format!(
                "{}git pull --rebase {} {} keeps them; to undo one, git revert it",
                switch(pushed, trunk),
                trunk.remote,
                trunk.branch,
            )),
            Self::Drops { trunk, pushed, .. } => one(format!(
                "keep them: {}git pull --ff-only {} {branch} && git merge {}, then push {branch}",
                switch(pushed, trunk),
                trunk.remote,
                pushed.id.short(),
                branch = trunk.branch,
            )),
            Self::NeverDeployed { remote, refspec, environment } | Self::OtherCommit { remote, refspec, environment, .. } => {
                one(format!("git push {remote} {refspec}, try it on {environment}, then push again"))
            }
            Self::Soaking { .. } => one("push again then".to_owned()),
            Self::NotSignedOff { environment, wanted, .. } => one(format!(
                "{}, then pushgate approve {environment} -m \"what was tried\"",
                match wanted.by {
                    By::Another => format!("have somebody else try it on {environment}"),
                    By::Anyone => format!("try it on {environment}"),
                }
            )),
            Self::Removed { environment, .. } => vec![
                "push another commit, one that mends what was wrong".to_owned(),
                format!("or, if it may go there again: pushgate approve --again {environment}"),
            ],
            Self::NoSuite { .. } => one(format!(
                "set `suite.run` in {FILE}, and commit it:\n    suite:\n      run: COMMAND"
            )),
            Self::Checkout { pushed, mismatch, after } => checkout_cures(pushed.short(), mismatch, *after),
            Self::Suite { ending, .. } => match ending {
                Ending::Failed(_) | Ending::Killed(_) => one("mend it, commit, and push again".to_owned()),
                Ending::CouldNotRun(_) => one(format!("try it by hand from the top of the repository; `suite.run` of {FILE} names it")),
                Ending::TimedOut(_) => one(format!("mend what hangs, or raise `suite.timeout` in {FILE}")),
                Ending::WantsTerminal => one(format!("have it ask nothing, or set `suite.interactive: true` in {FILE}")),
            },
            Self::Checks { asked, red, missing } => match (red.as_slice(), missing.as_slice()) {
                ([_, ..], _) => vec![
                    "mend it, commit, and push again".to_owned(),
                    "or have it run once more there, then push again".to_owned(),
                ],
                ([], []) => one(format!(
                    "see that {} checks what is pushed to {}, and that {} is there",
                    asked.forge.name(),
                    asked.remote,
                    asked.commit.short()
                )),
                ([], _) => one(format!("see that they run, or mend `suite.checks` in {FILE}")),
            },
            Self::InsideSuite { .. } => one(
                "have the suite push a repository that it made itself, or set PUSHGATE_SKIP=suite for that push".to_owned(),
            ),
            Self::Unexpected { .. } => one(format!("see that its tests run, or mend `suite.expect` in {FILE}")),
            Self::Disconnected { .. } => vec![
                "push again: it will go at once".to_owned(),
                "run pushgate check before the next push, or set ServerAliveInterval in ~/.ssh/config".to_owned(),
            ],
            Self::NoReason { .. } => one("PUSHGATE_REASON=\"why\" before the same git push".to_owned()),
            Self::BadOverride { variable, .. } => one(format!("mend or unset {variable}, then push again")),
        }
    }
}

/// The way to the local trunk branch, where something else is checked out.
fn switch(pushed: &Pushed, trunk: &TrunkName) -> String {
    if pushed.checked_out {
        String::new()
    } else {
        format!("git switch {} && ", trunk.branch)
    }
}

fn checkout_cures(pushed: &str, mismatch: &Mismatch, after: bool) -> Vec<String> {
    match mismatch {
        Mismatch::Changed(_) if after => vec![
            "have the suite leave the tree as it was, or ignore in .gitignore what it writes".to_owned(),
        ],
        Mismatch::Changed(_) => vec!["commit them, or git stash --include-untracked, then push again".to_owned()],
        Mismatch::OtherTree { .. } => vec![format!("git switch --detach {pushed}, then push again")],
        Mismatch::Hidden(_) => vec![
            "git update-index --no-assume-unchanged --no-skip-worktree FILE, then commit or restore it".to_owned(),
            "in a sparse checkout: git sparse-checkout disable, or `suite.in: worktree`".to_owned(),
        ],
    }
}
