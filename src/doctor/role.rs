//! What a remote is to the policy.

use bstr::BStr;

use super::context::Opened;
use crate::{
    gates::{
        Undecided,
        route::{PushContext, Router},
    },
    push::Push,
};

#[derive(Debug, Default)]
pub(crate) struct Role {
    /// Whether trunk is there.
    pub(crate) trunk: bool,
    /// The environment that a push there deploys to.
    pub(crate) environment: Option<String>,
    /// Whether it is a platform's app that no environment names.
    pub(crate) unknown_app: bool,
}

impl Role {
    pub(crate) fn is_governed(&self) -> bool {
        self.trunk || self.environment.is_some()
    }

    /// Asks the gates about each place that a push to it goes to.
    pub(crate) fn of(remote: &BStr, opened: &Opened) -> Result<Self, Undecided> {
        let world = &opened.world;
        let mut role = Self::default();
        for url in world.remotes().push_urls(remote) {
            let push = Push {
                remote: remote.into(),
                url,
                updates: Vec::new(),
            };
            let read = |url: &BStr| world.destination(url);
            let context = PushContext::new(&push, world.remotes(), &read);
            let router = Router::new(&opened.policy, &context)?;
            role.trunk |= router.is_trunk;
            match router.environment {
                Some(environment) => role.environment = Some(environment.name.clone()),
                None => role.unknown_app |= router.platform.is_some(),
            }
        }
        Ok(role)
    }
}
