//! What all remotes of a pipeline answered, asked at the same time.

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

/// The answers.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    trunk: Option<(TrunkName, Result<Tip, Trouble>)>,
    live: Vec<(BString, Vec<String>, Result<Tips, Trouble>)>,
}

impl Heard {
    /// Asks for trunk, with the team's notes where they are wanted, and every remote of these stages.
    /// Each has its own time limit, so that a dead one delays nobody for longer.
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

    /// All that is live anywhere, each once.
    pub(crate) fn commits(&self) -> BTreeSet<&Oid> {
        let tips = self
            .live
            .iter()
            .filter_map(|(_, _, tips)| tips.as_ref().ok());
        tips.flatten().map(|(_, tip)| tip).collect()
    }

    /// The tips of a remote's branches, if they were asked for.
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
