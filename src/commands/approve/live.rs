//! What is live where somebody tried it.

use bstr::{BStr, BString, ByteSlice};

use super::Desk;
use crate::{
    app::preview::Preview,
    commands::Error,
    commands::approve::declined::Declined,
    gates::{EnvironmentRemotes, Remotes, promotion::not_live},
    policy::Environment,
    push::Oid,
};

/// A remote of the environment and the commit, or why it cannot be signed off.
pub(super) type Found = Result<(BString, Oid), Declined>;

impl Desk<'_> {
    /// The commit that the person means, if it is live on every remote of the environment.
    pub(super) fn live(&self, environment: &Environment) -> Result<Found, Error> {
        let read = |url: &BStr| self.world.destination(url);
        let stage = EnvironmentRemotes::of(environment, self.world.remotes(), &read);
        let first = stage.remote()?;
        let mut meant: Vec<&Oid> = std::iter::once(&self.commit).chain(&self.other).collect();
        for remote in &stage.remotes {
            let tips = self.world.live(remote.as_bstr(), &environment.branches)?;
            meant.retain(|commit| tips.iter().any(|(_, tip)| tip == *commit));
            if meant.is_empty() {
                let trunk = self.world.trunk(&self.policy.trunk).ok();
                let (commit, remote) = (&self.commit, remote.as_bstr());
                let why = not_live(
                    trunk.as_ref(),
                    commit,
                    &stage,
                    remote,
                    tips,
                    &Preview::new(self.world, self.world).world(),
                )?;
                return Ok(Err(Declined::NotLive(Box::new(why))));
            }
        }
        let commit = meant.first().copied().unwrap_or(&self.commit);
        Ok(Ok((first.clone(), commit.clone())))
    }
}
