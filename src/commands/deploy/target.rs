//! Where a deploy or a rollback goes: one remote of the environment each, and what is live there.

use super::super::{Error, check::deployed_branch};
use crate::{
    app::pipeline_tips::PipelineTips,
    gates::{EnvironmentRemotes, Memory, Remotes, verdict::TrunkName},
    git::Repository,
    policy::Environment,
    push::Oid,
    report,
};

/// One remote of the environment, and what is live there.
pub(in crate::commands) struct Target {
    pub(in crate::commands) index: usize,
    pub(in crate::commands) branch: String,
    /// What the branch has.
    pub(in crate::commands) git: Option<Oid>,
    /// What runs there: the same, unless a command says otherwise.
    pub(in crate::commands) live: Option<Oid>,
}

impl Target {
    pub(in crate::commands) fn all(
        environment: &Environment,
        of: &EnvironmentRemotes,
        tips: &PipelineTips<'_>,
        trunk: Option<&TrunkName>,
        world: &Repository,
    ) -> Result<Vec<Self>, Error> {
        let runs = match of.live.as_ref().map(|_| tips.running(of)) {
            // What is down cannot say what it runs, and has to be mended all the same.
            Some(Err(error)) => {
                let why = error.in_one_line();
                report::warn(&format!("{why}; what was deployed there last counts"));
                None
            }
            runs => runs.and_then(Result::ok),
        };
        let target = |index| {
            let tips = tips.live(of, index)?;
            let deployed = of.deployed(&tips, trunk).cloned();
            let (branch, git) = match deployed {
                Some((branch, git)) if !of.is_remembered => (branch, Some(git)),
                last => {
                    let branch = deployed_branch(environment, trunk);
                    (branch, last.map(|(_, commit)| commit))
                }
            };
            let live = match &runs {
                Some(runs) => Some(runs.clone()),
                None => world.runs_at(of.place_of(index), git.as_ref())?,
            };
            Ok(Self {
                index,
                branch,
                git,
                live,
            })
        };
        (0..of.remotes.len()).map(target).collect()
    }
}
