//! The tips of all remotes of a pipeline, asked for at the same time.

use std::{collections::BTreeSet, thread};

use bstr::{BStr, BString};

use crate::git::Real;
use crate::{
    gates::{
        Remotes, Stage, Tip,
        live::{Tips, joined},
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
        stages: &[Stage],
    ) -> Self {
        let mut places: Vec<(&BString, &Vec<String>)> = Vec::new();
        for stage in stages {
            for remote in &stage.remotes {
                if !places.contains(&(remote, &stage.branches)) {
                    places.push((remote, &stage.branches));
                }
            }
        }
        thread::scope(|scope| {
            let ask = |(remote, branches): (&BString, &Vec<String>)| {
                let (remote, branches) = (remote.clone(), branches.clone());
                scope.spawn(move || {
                    let tips = world.live(remote.as_ref(), &branches);
                    (remote, branches, tips)
                })
            };
            let live: Vec<_> = places.into_iter().map(ask).collect();
            Self {
                trunk: trunk.map(|trunk| (trunk.clone(), world.trunk_tip(trunk, team))),
                live: live.into_iter().map(joined).collect(),
            }
        })
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
