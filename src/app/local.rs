//! The local trunk branch, and the policy that governs its next push.

use super::policies::Loaded;
use crate::{
    gates::{LocalRepository as _, Stop, verdict::TrunkName},
    git::Repository,
    push::Oid,
};

/// The local trunk branch.
pub(crate) struct Local {
    /// What is checked out; `None` before the first commit.
    pub(crate) head: Option<Oid>,
    /// Trunk, by the policy of HEAD: it must be found before trunk's own policy can be read.
    pub(crate) trunk: Result<TrunkName, Stop>,
    /// The tip of its local branch.
    pub(crate) tip: Option<Oid>,
    /// The policy of that tip, else of HEAD.
    pub(crate) loaded: Loaded,
}

impl Local {
    pub(crate) fn of(repository: &Repository) -> Result<Self, Stop> {
        let head = repository.reference("HEAD")?;
        let first = repository.policy(head.as_ref())?;
        let trunk = repository.trunk(&first.policy.trunk);
        let tip = match &trunk {
            Ok(trunk) => repository.local_branch(&trunk.branch)?,
            Err(_) => None,
        };
        let loaded = match &tip {
            Some(tip) if head.as_ref() != Some(tip) => repository.policy(Some(tip))?,
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
