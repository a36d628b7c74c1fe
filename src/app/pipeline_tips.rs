//! The tips of all remotes of a pipeline, and what its commands say is live, asked for at the same time.

use crate::{
    gates::{
        EnvironmentRemotes, Remotes, Tip, Undecided,
        remote_tips::{Tips, at_once},
        verdict::TrunkName,
    },
    push::Oid,
};

/// What trunk's remote and the remotes of the environments answered; what they were not asked, they
/// are asked when it is needed.
pub(crate) struct PipelineTips<'r> {
    remotes: &'r dyn Remotes,
    trunk: Option<(TrunkName, Result<Tip, Undecided>)>,
    live: Vec<(EnvironmentRemotes, usize, Result<Tips, Undecided>)>,
    /// What the commands of environments printed.
    running: Vec<(EnvironmentRemotes, Result<Oid, Undecided>)>,
}

impl<'r> PipelineTips<'r> {
    /// Asks for trunk, with `team` for the team's notes too, and for the branches of these environments.
    /// Each question has its own time limit, so that one dead remote delays the answer no longer.
    pub(crate) fn ask(
        remotes: &'r dyn Remotes,
        trunk: Option<&TrunkName>,
        team: bool,
        environments: &[EnvironmentRemotes],
    ) -> Self {
        // What is remembered may come with trunk's tip.
        let asked = environments.iter().filter(|of| !of.is_remembered);
        let places = asked.flat_map(|of| (0..of.remotes.len()).map(move |remote| (of, remote)));
        let places: Vec<_> = places.collect();
        let ask = |(of, remote): &(&EnvironmentRemotes, usize)| remotes.live(of, *remote);
        let commands: Vec<_> = (environments.iter())
            .filter(|one| one.live.is_some())
            .collect();
        let run = |one: &&EnvironmentRemotes| ((*one).clone(), remotes.running(one));
        let (tips, (running, trunk)) = at_once(&places, ask, || {
            at_once(&commands, run, || {
                trunk.map(|trunk| (trunk.clone(), remotes.trunk_tip(trunk, team)))
            })
        });
        let live = places.into_iter().zip(tips);
        let live = live.map(|((of, remote), tips)| (of.clone(), remote, tips));
        Self {
            remotes,
            trunk,
            live: live.collect(),
            running,
        }
    }
}

impl Remotes for PipelineTips<'_> {
    fn trunk_tip(&self, trunk: &TrunkName, team: bool) -> Result<Tip, Undecided> {
        match &self.trunk {
            Some((asked, tip)) if asked == trunk => tip.clone(),
            _ => self.remotes.trunk_tip(trunk, team),
        }
    }

    fn default_branch(&self, remote: &str) -> Result<Option<String>, Undecided> {
        self.remotes.default_branch(remote)
    }

    fn running(&self, environment: &EnvironmentRemotes) -> Result<Oid, Undecided> {
        let same = |(known, _): &&(EnvironmentRemotes, _)| {
            known.environment == environment.environment && known.live == environment.live
        };
        match self.running.iter().find(same) {
            Some((_, runs)) => runs.clone(),
            None => self.remotes.running(environment),
        }
    }

    fn live(&self, of: &EnvironmentRemotes, remote: usize) -> Result<Tips, Undecided> {
        let same = |(known, index, _): &&(EnvironmentRemotes, usize, _)| {
            known.remotes.get(*index) == of.remotes.get(remote) && known.branches == of.branches
        };
        match self.live.iter().find(same) {
            Some((_, _, tips)) => tips.clone(),
            None => self.remotes.live(of, remote),
        }
    }
}
