//! What a remote is to the policy.

use std::collections::BTreeSet;

use bstr::{BStr, ByteSlice};

use super::context::Opened;
use crate::{
    gates::{
        Undecided,
        route::{PushContext, Route, Router, Target},
    },
    push::{Oid, Push, Update},
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

    /// What the gates would make of pushes to it.
    pub(crate) fn of(remote: &BStr, opened: &Opened) -> Result<Self, Undecided> {
        let Opened { world, policy, .. } = opened;
        let trunk = opened.trunk.as_ref().ok();
        let trunk = trunk.map(|trunk| trunk.branch.as_str());
        let deployed = policy.environments.iter().flat_map(|one| &one.branches);
        let mut branches: BTreeSet<&str> = deployed.map(String::as_str).collect();
        branches.extend(trunk);
        branches.extend(["master", "main"]);
        let mut role = Self::default();
        for url in world.remotes().push_urls(remote) {
            let push = Push {
                remote: remote.into(),
                url,
                updates: Vec::new(),
            };
            let destination = world.destination(push.url.as_bstr());
            let context = PushContext {
                push: &push,
                destination: &destination,
                remotes: world.remotes(),
                read: &|url| world.destination(url),
            };
            let router = Router::new(policy, &context)?;
            role.trunk |= router.is_trunk;
            for update in branches.iter().filter_map(|branch| update(branch)) {
                match router.route(&update, policy, trunk) {
                    Route::Governed(Target::Environment(name)) => {
                        role.environment = Some(name.to_owned());
                    }
                    Route::DeploysNothing(one) => {
                        role.environment.get_or_insert_with(|| one.name.clone());
                    }
                    Route::Governed(Target::UnknownApp(_)) => role.unknown_app = true,
                    Route::Governed(Target::Trunk | Target::Branch) | Route::Free => {}
                }
            }
        }
        Ok(role)
    }
}

/// A push of some commit to a branch.
fn update(branch: &str) -> Option<Update> {
    Some(Update::Set {
        source: branch.into(),
        commit: Oid::parse(&[b'1'; 40])?,
        target: format!("refs/heads/{branch}").into(),
        replaces: None,
    })
}
