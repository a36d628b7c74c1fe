//! Finds the commit that is live on the environment that was tried.

use bstr::{BString, ByteSlice};

use super::{Approval, Error};
use crate::{
    app::preview::Preview,
    gates::{Explanation, Remotes, promotion::not_live, refusal::promotion::Refusal},
    policy::Environment,
    push::Oid,
};

/// A remote of the environment and the commit, or why it cannot be signed off.
pub(super) type Found = Result<(BString, Oid), Explanation>;

impl Approval<'_> {
    /// The commit that the person means, if it is live on every remote of the environment.
    pub(super) fn live(&self, environment: &Environment) -> Result<Found, Error> {
        let world = self.world;
        let of = world.remotes_of(environment);
        let first = of.remote()?;
        let mut meant: Vec<&Oid> = std::iter::once(&self.commit).chain(&self.other).collect();
        for remote in &of.remotes {
            let remote = remote.as_bstr();
            let tips = world.live(remote, &environment.branches)?;
            meant.retain(|commit| tips.iter().any(|(_, tip)| tip == *commit));
            if meant.is_empty() {
                let trunk = world.trunk(&self.policy.trunk).ok();
                let refusal = not_live(
                    trunk.as_ref(),
                    &self.commit,
                    &of,
                    remote,
                    tips,
                    &Preview::new(world, world).world(),
                )?;
                return Ok(Err(explain(&refusal)));
            }
        }
        let commit = meant.first().copied().unwrap_or(&self.commit);
        Ok(Ok((first.clone(), commit.clone())))
    }
}

/// Explains the refusal of the gate with the hints of an approval.
fn explain(refusal: &Refusal) -> Explanation {
    let (Refusal::NeverDeployed {
        environment,
        remote,
        refspec,
    }
    | Refusal::OtherCommit {
        environment,
        remote,
        refspec,
        ..
    }) = refusal
    else {
        return refusal.explain();
    };
    let mut hints = vec![format!(
        "git push {remote} {refspec}, try it on {environment}, then: pushgate approve {environment}"
    )];
    if let Refusal::OtherCommit { live, .. } = refusal {
        hints.push(format!(
            "or, if {0} is what you tried: pushgate approve {environment} --commit {0}",
            live.short()
        ));
    }
    Explanation::new(refusal.explain().why, hints)
}
