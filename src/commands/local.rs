//! What a command means where its arguments name nothing: the local trunk branch, and its policy.

use crate::{
    gates::World,
    policy::{Environment, Policy},
    push::Oid,
    verdict::{Trouble, TrunkName},
    world::{Loaded, Real},
};

/// The local trunk branch.
pub(super) struct Local {
    /// What is checked out; `None` before the first commit.
    pub(super) head: Option<Oid>,
    /// Trunk, by the policy of HEAD: it must be found before trunk's own policy can be read.
    pub(super) trunk: Result<TrunkName, Trouble>,
    /// The tip of its local branch.
    pub(super) tip: Option<Oid>,
    /// The policy of that tip, else of HEAD.
    pub(super) loaded: Loaded,
}

impl Local {
    pub(super) fn of(world: &Real) -> Result<Self, Trouble> {
        let head = world.reference("HEAD")?;
        let first = world.policy(head.as_ref())?;
        let trunk = world.trunk(&first.policy.trunk);
        let tip = match &trunk {
            Ok(trunk) => world.local_branch(&trunk.branch)?,
            Err(_) => None,
        };
        let loaded = match &tip {
            Some(tip) if head.as_ref() != Some(tip) => world.policy(Some(tip))?,
            _ => first,
        };
        Ok(Self {
            head,
            trunk,
            tip,
            loaded,
        })
    }
}

/// The environment of this name.
pub(super) fn named<'p>(name: &str, policy: &'p Policy) -> Result<&'p Environment, Trouble> {
    policy
        .environment(name)
        .ok_or_else(|| unknown(name, policy))
}

/// There is no such environment, but these.
pub(super) fn unknown(name: &str, policy: &Policy) -> Trouble {
    let known = policy.environments.iter();
    Trouble::NoEnvironment {
        name: name.to_owned(),
        known: known.map(|environment| environment.name.clone()).collect(),
    }
}
