//! The policies that have a say in one push: those of the pushed commits, and trunk's.

use std::collections::HashMap;

use bstr::BStr;

use crate::{
    app::policies::{Loaded, Source},
    gates::{Stop, route::PushContext, verdict::TrunkName},
    git::Repository,
    policy::{Policy, Suite, Trunk, defaults},
    push::{Oid, Push, Update, destination::Platform},
};

pub(super) struct PushPolicies {
    pub(super) all: Vec<PushPolicy>,
    /// The refs that something may govern, and the index of the policy in their commit.
    pub(super) refs: Vec<(Update, usize)>,
    /// The indices of the policies of trunk as far as this repository knows them, else of HEAD's.
    pub(super) teams: Vec<usize>,
    /// The remote of trunk, where this repository has branches of it, and not the default one.
    pub(super) unknown_trunk: Option<String>,
    /// Why the policy of trunk cannot be read; only a push to trunk may mend it.
    pub(super) unread_trunk: Option<Stop>,
}

/// A policy, told from others by its object and those of its calendars; `None` is the work tree's, or the built-in one.
pub(super) struct PushPolicy {
    id: Option<Oid>,
    calendars: Vec<Option<Oid>>,
    pub(super) loaded: Result<Loaded, Stop>,
    /// Trunk's rules with the suite of this policy, where it is another than trunk's.
    pub(super) joined: Vec<Loaded>,
}

impl PushPolicies {
    pub(super) fn read(
        push: &Push,
        context: &PushContext<'_>,
        repository: &Repository,
    ) -> Result<Self, Stop> {
        let platform = context.platform();
        let mut policies = Self {
            all: Vec::new(),
            refs: Vec::new(),
            teams: Vec::new(),
            unknown_trunk: None,
            unread_trunk: None,
        };
        // Thousands of refs (`git push --mirror`, `--prune`) name few commits, or none.
        let mut seen: HashMap<Option<&Oid>, (Option<Oid>, usize)> = HashMap::new();
        for update in push.updates.iter().filter(|one| may_deploy(one, platform)) {
            let pushed = update.commit.as_ref();
            let (peeled, index) = match seen.get(&pushed) {
                Some(known) => known.clone(),
                None => {
                    let peeled = pushed.map(|id| repository.peel(id)).transpose()?.flatten();
                    // A deletion names no commit: the policy of HEAD counts.
                    let commit = match &peeled {
                        None => repository.reference("HEAD")?,
                        some => some.clone(),
                    };
                    let commit = commit.as_ref();
                    let id = commit.map(|commit| repository.policy_id(commit));
                    let index = policies.load(id.transpose()?.flatten(), commit, repository);
                    seen.insert(pushed, (peeled.clone(), index));
                    (peeled, index)
                }
            };
            policies.refs.push((through_tags(update, peeled), index));
        }
        if !policies.refs.is_empty() {
            policies.find_teams(repository)?;
            policies.join_teams();
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

    /// The index of the policy with this object, which a commit has; it is read once for the same calendars.
    fn load(&mut self, id: Option<Oid>, commit: Option<&Oid>, repository: &Repository) -> usize {
        let same = |known: &PushPolicy| {
            known.id == id && calendars(&known.loaded, commit, repository) == known.calendars
        };
        if let Some(index) = self.all.iter().position(same) {
            return index;
        }
        let loaded = repository.policy(commit);
        self.all.push(PushPolicy {
            id,
            calendars: calendars(&loaded, commit, repository),
            loaded,
            joined: Vec::new(),
        });
        self.all.len() - 1
    }

    /// Finds the policies of trunk as far as this clone knows them. Where trunk is must not be told by the
    /// pushed commit, which would then choose its own rules: it is the remote whose default branch has a
    /// policy that names this remote. Where several say so of themselves, as a fork may, all of them count.
    fn find_teams(&mut self, repository: &Repository) -> Result<(), Stop> {
        for remote in repository.remotes().names() {
            let Some(tip) = repository.default_tip(remote)? else {
                continue;
            };
            let is_usual = remote == Trunk::default().remote.as_str();
            let Some(index) = self.load_at(&tip, repository)? else {
                if is_usual {
                    self.add_built_in(repository);
                }
                continue;
            };
            let loaded = match &self.all[index].loaded {
                Ok(loaded) => loaded,
                Err(error) => {
                    self.unread_trunk = self
                        .unread_trunk
                        .take()
                        .or_else(|| is_usual.then(|| error.clone()));
                    continue;
                }
            };
            let trunk = loaded.policy.trunk.clone();
            let is_elsewhere = remote != trunk.remote.as_str();
            // Where there is no such remote here, the question where trunk is has no answer.
            let is_lost = is_elsewhere
                && !repository.remotes().has(trunk.remote.as_bytes())
                && !is_deployed_to(remote, &loaded.policy, repository);
            if !is_elsewhere || is_lost {
                // It may name another branch than the default one.
                let index = self.load_tracked(&trunk, repository)?.unwrap_or(index);
                self.teams.push(index);
            }
        }
        self.teams.retain(|index| self.all[*index].loaded.is_ok());
        self.teams.dedup();
        if !self.teams.is_empty() {
            return Ok(());
        }
        let own = self.all.iter().find_map(|known| known.loaded.as_ref().ok());
        let remote = own
            .map_or_else(Trunk::default, |own| own.policy.trunk.clone())
            .remote;
        self.unknown_trunk = repository.is_default_unknown(&remote)?.then_some(remote);
        if let Some(head) = repository.reference("HEAD")? {
            let index = self.load_at(&head, repository)?;
            self.teams
                .extend(index.filter(|index| self.all[*index].loaded.is_ok()));
        }
        Ok(())
    }

    /// The built-in policy, where trunk has none of its own and something is deployed by it.
    fn add_built_in(&mut self, repository: &Repository) {
        let policy = defaults::without_file(&repository.heroku_remotes());
        let is_known = |known: &PushPolicy| {
            known
                .loaded
                .as_ref()
                .is_ok_and(|loaded| loaded.source == Source::Defaults)
        };
        if !policy.environments.is_empty() && !self.all.iter().any(is_known) {
            self.teams.push(self.all.len());
            self.all.push(PushPolicy {
                id: None,
                calendars: Vec::new(),
                loaded: Ok(Loaded {
                    policy,
                    source: Source::Defaults,
                    edited: false,
                }),
                joined: Vec::new(),
            });
        }
    }

    /// The index of the policy at the tip of a trunk's tracking ref.
    fn load_tracked(
        &mut self,
        trunk: &Trunk,
        repository: &Repository,
    ) -> Result<Option<usize>, Stop> {
        let Ok(TrunkName { remote, branch }) = repository.trunk(trunk) else {
            return Ok(None);
        };
        match repository.reference(&format!("refs/remotes/{remote}/{branch}"))? {
            Some(tip) => self.load_at(&tip, repository),
            None => Ok(None),
        }
    }

    /// The index of a commit's own policy; `None` where it has none.
    fn load_at(&mut self, commit: &Oid, repository: &Repository) -> Result<Option<usize>, Stop> {
        // A partial clone need not have the trees of what it does not push.
        if repository.lacks_tree(commit)? {
            return Ok(None);
        }
        let id = repository.policy_id(commit)?;
        Ok(id.map(|id| self.load(Some(id), Some(commit), repository)))
    }

    /// Joins trunk's rules and the suite of each pushed commit, which may change how it is tested, but not
    /// whether.
    fn join_teams(&mut self) {
        for team in self.teams.clone() {
            let Ok(team_policy) = self.all[team].loaded.clone() else {
                continue;
            };
            let others = self
                .all
                .iter_mut()
                .enumerate()
                .filter(|(index, _)| *index != team);
            for (_, own) in others {
                if let Ok(loaded) = &own.loaded {
                    let mut joined = team_policy.clone();
                    joined.policy.suite = Suite {
                        on: team_policy.policy.suite.on,
                        ..loaded.policy.suite.clone()
                    };
                    own.joined.push(joined);
                }
            }
        }
    }
}

/// The objects that a commit has where the windows of a policy name calendars.
fn calendars(
    loaded: &Result<Loaded, Stop>,
    commit: Option<&Oid>,
    repository: &Repository,
) -> Vec<Option<Oid>> {
    let environments = loaded.iter().flat_map(|one| &one.policy.environments);
    let paths = environments.flat_map(|one| &one.window.holidays);
    let id = |path: &str| Some(repository.entry(commit?, path).ok()??.id);
    paths.map(|holidays| id(&holidays.path)).collect()
}

/// Whether a remote leads to an environment of a policy.
fn is_deployed_to(remote: &BStr, policy: &Policy, repository: &Repository) -> bool {
    let environments = policy.environments.iter();
    environments
        .flat_map(|environment| repository.remotes_of(environment).remotes)
        .any(|one| one.name == remote)
}

/// Whether a ref may deploy, or be trunk: a branch, and a tag where the platform takes any ref.
fn may_deploy(update: &Update, platform: Option<Platform>) -> bool {
    update.branch().is_some()
        || (update.tag().is_some() && platform.is_some_and(Platform::builds_tags))
}

/// An annotated tag deploys the commit that it names. On a branch it is an error, which a gate reports.
fn through_tags(update: &Update, peeled: Option<Oid>) -> Update {
    let mut update = update.clone();
    if update.tag().is_some() {
        update.commit = peeled.or(update.commit.take());
    }
    update
}
