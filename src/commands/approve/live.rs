//! What is live where somebody tried it.

use bstr::{BStr, BString, ByteSlice};

use super::{Desk, label};
use crate::{
    approval::Declined,
    gates::{Object, Stage, World},
    policy::Environment,
    push::Oid,
    verdict::Trouble,
};

/// A remote of the environment and the commit, or why it cannot be signed off.
pub(super) type Found = Result<(BString, Oid), Declined>;

impl Desk<'_> {
    /// The commit that the person means, if it is live on every remote of the environment.
    pub(super) fn live(&self, environment: &Environment) -> Result<Found, Trouble> {
        let read = |url: &BStr| self.world.destination(url);
        let stage = Stage::known(environment, self.world.remotes(), &read);
        let first = stage.remote()?;
        let mut meant: Vec<&Oid> = std::iter::once(&self.commit).chain(&self.other).collect();
        for remote in &stage.remotes {
            let tips = self.world.live(remote.as_bstr(), &environment.branches)?;
            let place = |live: Option<&Oid>| self.elsewhere(environment, remote, live);
            let Some((_, live)) = tips.first() else {
                return Ok(Err(place(None)?));
            };
            meant.retain(|commit| tips.iter().any(|(_, tip)| tip == *commit));
            if meant.is_empty() {
                return Ok(Err(place(Some(live))?));
            }
        }
        let commit = meant.first().map_or(&self.commit, |commit| commit);
        Ok(Ok((first.clone(), commit.clone())))
    }

    /// What is said where something else is live there, or nothing.
    fn elsewhere(
        &self,
        environment: &Environment,
        remote: &BString,
        live: Option<&Oid>,
    ) -> Result<Declined, Trouble> {
        let trunk = self.world.trunk(&self.policy.trunk).ok();
        let branch = trunk.map(|trunk| trunk.branch);
        let branch = branch.or_else(|| environment.branches.first().cloned());
        let branch = branch.unwrap_or_default();
        let (environment, remote) = (environment.name.clone(), label(remote.as_bstr()));
        let Some(live) = live else {
            return Ok(Declined::NeverDeployed {
                environment,
                remote,
                branch,
            });
        };
        // How they stand to each other is a courtesy.
        let relation = match self.world.object(live)? {
            Object::Commit { .. } => self.world.relation(&self.commit, live, &remote).ok(),
            Object::Other(_) | Object::Missing => None,
        };
        Ok(Declined::NotLive {
            environment,
            remote,
            branch,
            mine: self.commit.clone(),
            live: live.clone(),
            relation,
        })
    }
}
