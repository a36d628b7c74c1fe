//! The tips of all remotes of a pipeline, asked for at the same time.

use std::collections::BTreeSet;

use bstr::{BStr, BString};

use crate::git::Real;
use crate::{
    gates::{
        EnvironmentRemotes, Remotes, Tip,
        remote_tips::{Tips, ask_all},
        verdict::{Trouble, TrunkName},
    },
    push::Oid,
};

/// What trunk's remote and the remotes of the environments answered.
#[derive(Debug, Default)]
pub(crate) struct RemoteTips {
    trunk: Option<(TrunkName, Result<Tip, Trouble>)>,
    live: Vec<(BString, Vec<String>, Result<Tips, Trouble>)>,
}

impl RemoteTips {
    /// Asks for trunk, with `team` for the team's notes too, and for the branches of these environments.
    /// Each question has its own time limit, so that one dead remote delays the answer no longer.
    pub(crate) fn ask(
        world: &Real,
        trunk: Option<&TrunkName>,
        team: bool,
        stages: &[EnvironmentRemotes],
    ) -> Self {
        let mut places: Vec<(&BString, &Vec<String>)> = Vec::new();
        for stage in stages {
            for remote in &stage.remotes {
                if !places.contains(&(remote, &stage.branches)) {
                    places.push((remote, &stage.branches));
                }
            }
        }
        let asked: Vec<_> = (places.iter())
            .map(|(remote, branches)| (*remote, branches.as_slice()))
            .collect();
        let (tips, trunk) = ask_all(world, &asked, || {
            trunk.map(|trunk| (trunk.clone(), world.trunk_tip(trunk, team)))
        });
        let live = (places.into_iter().zip(tips))
            .map(|((remote, branches), tips)| (remote.clone(), branches.clone(), tips));
        Self {
            trunk,
            live: live.collect(),
        }
    }

    /// Trunk's tip; `None` where this trunk was not asked for.
    pub(crate) fn trunk(&self, name: &TrunkName) -> Option<&Result<Tip, Trouble>> {
        let (asked, tip) = self.trunk.as_ref()?;
        (asked == name).then_some(tip)
    }

    /// The commits that are live anywhere.
    pub(crate) fn commits(&self) -> BTreeSet<&Oid> {
        let tips = self
            .live
            .iter()
            .filter_map(|(_, _, tips)| tips.as_ref().ok());
        tips.flatten().map(|(_, tip)| tip).collect()
    }

    /// The tips of a remote's branches; `None` where they were not asked for.
    pub(crate) fn live(
        &self,
        remote: &BStr,
        branches: &[String],
    ) -> Option<&Result<Tips, Trouble>> {
        let (_, _, tips) =
            (self.live.iter()).find(|(name, known, _)| name == remote && known == branches)?;
        Some(tips)
    }
}
