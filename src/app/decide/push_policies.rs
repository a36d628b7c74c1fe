//! The policies that have a say in one push: those of the pushed commits, and trunk's.

use std::collections::HashMap;

use crate::{
    app::policies::Loaded,
    gates::{Undecided, route::PushContext, verdict::TrunkName},
    git::{self, Repository},
    policy::Trunk,
    push::{Oid, Push, Update, destination::Platform},
};

pub(super) struct PushPolicies {
    pub(super) all: Vec<PushPolicy>,
    /// The refs that something may govern, and the index of the policy in their commit.
    pub(super) refs: Vec<(Update, usize)>,
    /// The index of the policy of trunk as far as this repository knows it, else of HEAD.
    pub(super) team: Option<usize>,
}

/// A policy, told from others by its object; `None` is the work tree's, or the built-in one.
pub(super) struct PushPolicy {
    id: Option<Oid>,
    pub(super) loaded: Result<Loaded, Undecided>,
}

impl PushPolicies {
    pub(super) fn read(
        push: &Push,
        context: &PushContext<'_>,
        repository: &Repository,
    ) -> Result<Self, Undecided> {
        let platform = context.platform();
        let mut policies = Self {
            all: Vec::new(),
            refs: Vec::new(),
            team: None,
        };
        // Thousands of refs (`git push --mirror`, `--prune`) name few commits, or none.
        let mut seen: HashMap<Option<&Oid>, (Option<Oid>, usize)> = HashMap::new();
        for update in push.updates.iter().filter(|one| may_deploy(one, platform)) {
            let pushed = match update {
                Update::Set { commit, .. } => Some(commit),
                Update::Delete { .. } => None,
            };
            let (peeled, index) = match seen.get(&pushed) {
                Some(known) => known.clone(),
                None => {
                    let peeled = match pushed {
                        Some(id) => repository.peel(id)?,
                        None => None,
                    };
                    // A deletion names no commit: the policy of HEAD counts.
                    let commit = match &peeled {
                        None => repository.reference("HEAD")?,
                        some => some.clone(),
                    };
                    let id = match &commit {
                        Some(commit) => repository.policy_id(commit)?,
                        None => None,
                    };
                    let index = policies.load(id, commit.as_ref(), repository);
                    seen.insert(pushed, (peeled.clone(), index));
                    (peeled, index)
                }
            };
            policies.refs.push((through_tags(update, peeled), index));
        }
        if !policies.refs.is_empty() {
            policies.team = policies.find_team(repository)?;
        }
        Ok(policies)
    }

    /// The index of the policy with this object, which a commit has; it is read once.
    fn load(&mut self, id: Option<Oid>, commit: Option<&Oid>, repository: &Repository) -> usize {
        if let Some(index) = self.all.iter().position(|known| known.id == id) {
            return index;
        }
        let loaded = repository.policy(commit);
        self.all.push(PushPolicy { id, loaded });
        self.all.len() - 1
    }

    fn find_team(&mut self, repository: &Repository) -> Result<Option<usize>, Undecided> {
        let own = self.all.iter().find_map(|known| known.loaded.as_ref().ok());
        let trunk = own.map_or_else(Trunk::default, |own| own.policy.trunk.clone());
        let tracked = match repository.trunk(&trunk) {
            Ok(TrunkName { remote, branch }) => {
                repository.reference(&format!("refs/remotes/{remote}/{branch}"))?
            }
            Err(_) => None,
        };
        let head = repository.reference("HEAD")?;
        for commit in tracked.iter().chain(&head) {
            let id = match repository.policy_id(commit) {
                // A partial clone need not have the trees of what it does not push.
                Ok(None) | Err(git::Error::Lacking { .. }) => continue,
                Ok(id) => id,
                Err(error) => return Err(error.into()),
            };
            let index = self.load(id, Some(commit), repository);
            if self.all[index].loaded.is_ok() {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }
}

/// Whether a ref may deploy, or be trunk: a branch, and a tag where the platform takes any ref.
fn may_deploy(update: &Update, platform: Option<Platform>) -> bool {
    update.branch().is_some()
        || (update.tag().is_some() && platform.is_some_and(Platform::builds_tags))
}

/// An annotated tag deploys the commit that it names. On a branch it is an error, which a gate reports.
fn through_tags(update: &Update, peeled: Option<Oid>) -> Update {
    let is_tag = update.tag().is_some();
    let mut update = update.clone();
    if let (Update::Set { commit, .. }, Some(peeled)) = (&mut update, peeled)
        && is_tag
    {
        *commit = peeled;
    }
    update
}
