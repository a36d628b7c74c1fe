//! Which policy governs which ref of a push: the pushed commit's own, and trunk's where the own one
//! lets the ref go or cannot be read.

use std::collections::HashMap;

use bstr::ByteSlice;

use crate::{
    app::{
        message::Message,
        policies::{Loaded, Source},
    },
    gates::{
        EnvironmentRemotes, GovernedPush, Undecided,
        route::{PushContext, Route, Router, Target, remote_label},
        verdict::TrunkName,
    },
    git::{self, Repository},
    policy::{self, Environment, Trunk},
    push::{Oid, Push, Update, destination::Platform},
    text::printable,
};

/// The policies that have a say in one push.
pub(crate) struct Policies {
    known: Vec<Known>,
    /// The refs that something may govern, with the policy that their commit brings along.
    refs: Vec<(Update, usize)>,
    /// The policy of everybody: trunk's as far as this repository knows, else that of HEAD.
    team: Option<usize>,
}

/// A policy, found by the object that it is; `None` is the work tree's, or the built-in one.
pub(crate) struct Known {
    id: Option<Oid>,
    loaded: Result<Loaded, Undecided>,
}

/// Refs that are governed together, and by what.
pub(crate) struct Governed<'p> {
    /// What the gates are asked about.
    pub(crate) case: GovernedPush<'p>,
    /// The policy.
    pub(crate) loaded: &'p Loaded,
}

impl Policies {
    /// Reads the policies of a push.
    pub(crate) fn of(
        push: &Push,
        scene: &PushContext<'_>,
        world: &Repository,
    ) -> Result<Self, Undecided> {
        let platform = scene.platform();
        let mut policies = Self {
            known: Vec::new(),
            refs: Vec::new(),
            team: None,
        };
        // Thousands of refs (`git push --mirror`, `--prune`) name few commits, or none.
        let mut seen: HashMap<Option<&Oid>, (Option<Oid>, usize)> = HashMap::new();
        for update in push.updates.iter().filter(|ref_| deploys(ref_, platform)) {
            let pushed = match update {
                Update::Set { commit, .. } => Some(commit),
                Update::Delete { .. } => None,
            };
            let (peeled, index) = match seen.get(&pushed) {
                Some(known) => known.clone(),
                None => {
                    let peeled = match pushed {
                        Some(id) => world.peel(id)?,
                        None => None,
                    };
                    // A deletion brings no commit: what is checked out speaks for the team.
                    let commit = match &peeled {
                        None => world.reference("HEAD")?,
                        some => some.clone(),
                    };
                    let index = policies.load(commit.as_ref(), world)?;
                    seen.insert(pushed, (peeled.clone(), index));
                    (peeled, index)
                }
            };
            policies.refs.push((through_tags(update, peeled), index));
        }
        if !policies.refs.is_empty() {
            policies.team = policies.find_team(world)?;
        }
        Ok(policies)
    }

    /// The index of a commit's policy.
    pub(crate) fn load(
        &mut self,
        commit: Option<&Oid>,
        world: &Repository,
    ) -> Result<usize, Undecided> {
        let id = match commit {
            Some(commit) => world.policy_id(commit)?,
            None => None,
        };
        Ok(self.load_known(id, commit, world))
    }

    /// The same, where the object is known.
    pub(crate) fn load_known(
        &mut self,
        id: Option<Oid>,
        commit: Option<&Oid>,
        world: &Repository,
    ) -> usize {
        if let Some(index) = self.known.iter().position(|known| known.id == id) {
            return index;
        }
        let loaded = world.policy(commit);
        self.known.push(Known { id, loaded });
        self.known.len() - 1
    }

    pub(crate) fn find_team(&mut self, world: &Repository) -> Result<Option<usize>, Undecided> {
        let mut loaded = self
            .known
            .iter()
            .filter_map(|known| known.loaded.as_ref().ok());
        let trunk = loaded
            .next()
            .map_or_else(Trunk::default, |own| own.policy.trunk.clone());
        let tracked = match world.trunk(&trunk) {
            Ok(TrunkName { remote, branch }) => {
                world.reference(&format!("refs/remotes/{remote}/{branch}"))?
            }
            Err(_) => None,
        };
        for commit in [tracked, world.reference("HEAD")?].into_iter().flatten() {
            let id = match world.policy_id(&commit) {
                // A partial clone need not have the trees of what it does not push.
                Ok(None) | Err(git::Error::Lacking { .. }) => continue,
                Ok(id) => id,
                Err(error) => return Err(error.into()),
            };
            let index = self.load_known(id, Some(&commit), world);
            if self.known[index].loaded.is_ok() {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// Sorts the refs of the push by what governs them.
    pub(crate) fn cases<'p>(
        &'p self,
        scene: &PushContext<'p>,
        world: &Repository,
        messages: &mut Vec<Message>,
    ) -> Result<Vec<Governed<'p>>, Undecided> {
        let mut eyes = Vec::with_capacity(self.known.len());
        for known in &self.known {
            eyes.push(match &known.loaded {
                Ok(loaded) => Ok(Eyes {
                    loaded,
                    site: Router::new(&loaded.policy, scene)?,
                    trunk: world.trunk(&loaded.policy.trunk),
                }),
                Err(error) => Err(error),
            });
        }
        let team = self.team.and_then(|index| eyes[index].as_ref().ok());
        let mut cases: Vec<Governed<'p>> = Vec::new();
        let mut idle: Vec<(&Environment, &Update)> = Vec::new();
        let mut unread = None;
        for (update, index) in &self.refs {
            let own = match &eyes[*index] {
                Ok(own) => own,
                // What nobody can read stops what trunk's policy would have judged.
                Err(error) => match team.map(|team| team.route(update)) {
                    None | Some(Route::Governed(_)) => return Err((*error).clone()),
                    Some(Route::DeploysNothing(_) | Route::Free) => {
                        unread = Some(*error);
                        continue;
                    }
                },
            };
            let by_own = own.route(update);
            let (eyes, target) = if let Route::Governed(target) = by_own {
                (own, target)
            } else if let Some(team) = team
                && let Route::Governed(target) = team.route(update)
                && target.deploys()
            {
                // A commit whose policy forgets an environment must not slip into it.
                messages.push(Message::Line(format!(
                    "note: judged by trunk's {}, for the pushed commit brings none that governs this",
                    policy::FILE
                )));
                (team, target)
            } else {
                if let Route::DeploysNothing(environment) = by_own {
                    idle.push((environment, update));
                }
                continue;
            };
            // Every branch on its own where only the suite is asked for.
            let same = |known: &&mut Governed<'p>| {
                known.case.target == target
                    && target != Target::Branch
                    && std::ptr::eq(known.loaded, eyes.loaded)
            };
            match cases.iter_mut().find(same) {
                Some(known) => known.case.updates.push(update),
                None => cases.push(eyes.case(update, target, scene)),
            }
        }
        if let Some(error) = unread {
            messages.push(Message::Line(format!("note: {error}")));
        }
        messages.extend(deploys_nothing(&idle, scene).map(Message::Line));
        Ok(cases)
    }
}

/// What one policy sees of a push.
pub(crate) struct Eyes<'p> {
    loaded: &'p Loaded,
    site: Router<'p>,
    trunk: Result<TrunkName, Undecided>,
}

impl<'p> Eyes<'p> {
    pub(crate) fn route(&self, update: &Update) -> Route<'p> {
        let branch = self.trunk.as_ref().ok().map(|trunk| trunk.branch.as_str());
        self.site.route(update, &self.loaded.policy, branch)
    }

    pub(crate) fn case(
        &self,
        update: &'p Update,
        target: Target<'p>,
        scene: &PushContext<'p>,
    ) -> Governed<'p> {
        let policy = &self.loaded.policy;
        let environment = match target {
            Target::Environment(name) => policy.environment(name),
            Target::UnknownApp(_) | Target::Trunk | Target::Branch => None,
        };
        Governed {
            loaded: self.loaded,
            case: GovernedPush {
                policy,
                written: self.loaded.source != Source::Defaults,
                target,
                destination: scene.destination,
                remote: remote_label(scene.push),
                trunk: self.trunk.clone(),
                trunk_is_here: self.site.is_trunk,
                updates: vec![update],
                here: environment.map(|one| EnvironmentRemotes::of(one, scene.remotes, scene.read)),
                before: environment
                    .and_then(|one| policy.environment(one.after.as_deref()?))
                    .map(|first| EnvironmentRemotes::of(first, scene.remotes, scene.read)),
            },
        }
    }
}

/// Whether a ref may deploy, or be trunk: a branch, and a tag where the platform takes any ref.
pub(crate) fn deploys(update: &Update, platform: Option<Platform>) -> bool {
    update.branch().is_some()
        || (update.tag().is_some() && platform.is_some_and(Platform::builds_tags))
}

/// An annotated tag deploys the commit that it names; on a branch it is an error, for a gate to say.
pub(crate) fn through_tags(update: &Update, peeled: Option<Oid>) -> Update {
    match (update.clone(), peeled) {
        (
            Update::Set {
                source,
                target,
                replaces,
                ..
            },
            Some(commit),
        ) if update.tag().is_some() => Update::Set {
            source,
            commit,
            target,
            replaces,
        },
        (update, _) => update,
    }
}

/// The line for branches that an environment takes and does not build.
pub(crate) fn deploys_nothing(
    idle: &[(&Environment, &Update)],
    scene: &PushContext<'_>,
) -> Option<String> {
    const NAMED: usize = 3;
    let (environment, _) = idle.first()?;
    let name = |(_, update): &(_, &Update)| {
        let branch = update.branch().unwrap_or_default();
        format!("`{}`", printable(branch.as_bytes().as_bstr()))
    };
    let names: Vec<_> = idle.iter().take(NAMED).map(name).collect();
    let more = match idle.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!(
        "{}{more} {} nothing on {} ({})",
        names.join(", "),
        if idle.len() == 1 { "deploys" } else { "deploy" },
        environment.name,
        scene.destination.brief()
    ))
}
