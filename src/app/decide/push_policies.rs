//! The policies that have a say in one push: those of the pushed commits, and trunk's.

use std::collections::HashMap;

use crate::{
    app::policies::{Loaded, Source},
    gates::{Undecided, route::PushContext, verdict::TrunkName},
    git::Repository,
    policy::{Suite, Trunk},
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
    /// Trunk's rules with the suite of this policy, where it is another than trunk's.
    pub(super) joined: Option<Loaded>,
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
            policies.join_team();
        }
        Ok(policies)
    }

    /// Whether nothing here says that anything is deployed: no policy, no remote of a known platform, and no
    /// `pushgate install` of this repository's own. A hook for all repositories of a user stays silent then.
    pub(super) fn deploy_nowhere(
        &self,
        context: &PushContext<'_>,
        repository: &Repository,
    ) -> bool {
        let is_silent = |policy: &PushPolicy| {
            (policy.loaded.as_ref()).is_ok_and(|loaded| {
                loaded.source == Source::Defaults && loaded.policy.environments.is_empty()
            })
        };
        let leads_to_app = || {
            let remotes = repository.remotes();
            let urls = remotes.names().flat_map(|name| remotes.urls(name));
            urls.into_iter()
                .any(|url| (context.read)(url.as_ref()).platform().is_some())
        };
        self.all.iter().all(is_silent)
            && !repository.state_dir().exists()
            && context.platform().is_none()
            && !leads_to_app()
    }

    /// The index of the policy with this object, which a commit has; it is read once.
    fn load(&mut self, id: Option<Oid>, commit: Option<&Oid>, repository: &Repository) -> usize {
        if let Some(index) = self.all.iter().position(|known| known.id == id) {
            return index;
        }
        let loaded = repository.policy(commit);
        self.all.push(PushPolicy {
            id,
            loaded,
            joined: None,
        });
        self.all.len() - 1
    }

    /// Finds the policy of trunk as far as this repository knows it. Where trunk is must not be told by the
    /// pushed commit, which would then choose its own rules: the clone knows it (`origin/HEAD`), and the
    /// policy found there may name another.
    fn find_team(&mut self, repository: &Repository) -> Result<Option<usize>, Undecided> {
        let mut trunk = Trunk::default();
        let mut found = None;
        while let Some(index) = self.load_tracked(&trunk, repository)? {
            let named = match &self.all[index].loaded {
                Ok(loaded) => &loaded.policy.trunk,
                Err(_) => break,
            };
            let is_last = *named == trunk || found.is_some();
            trunk = named.clone();
            found = Some(index);
            if is_last {
                break;
            }
        }
        if found.is_some() {
            return Ok(found);
        }
        let own = self.all.iter().find_map(|known| known.loaded.as_ref().ok());
        let trunk = own.map_or_else(Trunk::default, |own| own.policy.trunk.clone());
        let tracked = self.load_tracked(&trunk, repository)?;
        let found = match (tracked, repository.reference("HEAD")?) {
            (None, Some(head)) => self.load_at(&head, repository)?,
            (tracked, _) => tracked,
        };
        Ok(found.filter(|index| self.all[*index].loaded.is_ok()))
    }

    /// The index of the policy at the tip of a trunk's tracking ref.
    fn load_tracked(
        &mut self,
        trunk: &Trunk,
        repository: &Repository,
    ) -> Result<Option<usize>, Undecided> {
        let Ok(TrunkName { remote, branch }) = repository.trunk(trunk) else {
            return Ok(None);
        };
        match repository.reference(&format!("refs/remotes/{remote}/{branch}"))? {
            Some(tip) => self.load_at(&tip, repository),
            None => Ok(None),
        }
    }

    /// The index of a commit's own policy; `None` where it has none.
    fn load_at(
        &mut self,
        commit: &Oid,
        repository: &Repository,
    ) -> Result<Option<usize>, Undecided> {
        // A partial clone need not have the trees of what it does not push.
        if repository.lacks_tree(commit)? {
            return Ok(None);
        }
        let id = repository.policy_id(commit)?;
        Ok(id.map(|id| self.load(Some(id), Some(commit), repository)))
    }

    /// Joins trunk's rules and the suite of each pushed commit, which may change how it is tested, but not
    /// whether.
    fn join_team(&mut self) {
        let Some(team) = self
            .team
            .and_then(|index| self.all[index].loaded.clone().ok())
        else {
            return;
        };
        for (index, own) in self.all.iter_mut().enumerate() {
            own.joined = match &own.loaded {
                Ok(loaded) if Some(index) != self.team => {
                    let mut joined = team.clone();
                    joined.policy.suite = Suite {
                        on: team.policy.suite.on,
                        ..loaded.policy.suite.clone()
                    };
                    Some(joined)
                }
                _ => None,
            };
        }
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
