//! Which refs of a push are governed, and by which policy: the pushed commit's own, and trunk's where
//! the own one lets the ref go or cannot be read.

use std::ptr;

use bstr::ByteSlice;

use super::push_policies::PushPolicies;
use crate::{
    app::{
        message::Message,
        policies::{Loaded, Source},
    },
    cure::command,
    gates::{
        EnvironmentRemotes, GovernedPush, Remotes, Stop,
        route::{PushContext, Route, Router, Target},
        verdict::TrunkName,
    },
    git::Repository,
    policy::{Environment, FILE, Trunk},
    push::{Push, Update, url::label},
    text::{listed, printable},
};

/// The governed refs of a push, grouped by their targets.
#[derive(Default)]
pub(super) struct Targets<'p> {
    pub(super) pushes: Vec<GovernedPush<'p>>,
    /// Whether the work tree has another policy than one that governs.
    pub(super) is_policy_edited: bool,
}

impl<'p> Targets<'p> {
    pub(super) fn of(
        policies: &'p PushPolicies,
        context: &'p PushContext<'p>,
        repository: &Repository,
        messages: &mut Vec<Message>,
    ) -> Result<Self, Stop> {
        let mut views = Vec::with_capacity(policies.all.len());
        for policy in &policies.all {
            let own = match &policy.loaded {
                Ok(loaded) => Ok(View::new(loaded, context, repository)?),
                Err(error) => Err(error),
            };
            let joined = policy.joined.iter();
            let joined = joined.map(|joined| View::new(joined, context, repository));
            views.push((own, joined.collect::<Result<Vec<_>, _>>()?));
        }
        let teams = || {
            policies
                .teams
                .iter()
                .filter_map(|index| views[*index].0.as_ref().ok())
        };
        let mut targets = Self {
            pushes: Vec::new(),
            is_policy_edited: false,
        };
        let mut idle: Vec<(&Environment, &Update)> = Vec::new();
        let mut unread = None;
        for (update, index) in &policies.refs {
            let governs = |view: &View<'p>| match view.route(update) {
                Route::Governed(target) => Some(target),
                Route::DeploysNothing(_) | Route::Free => None,
            };
            let (own, joined) = match &views[*index] {
                (Ok(own), joined) => (own, joined),
                // A policy that cannot be read stops a ref that trunk's policy would govern.
                (Err(error), _)
                    if policies.teams.is_empty() || teams().any(|team| governs(team).is_some()) =>
                {
                    return Err((*error).clone());
                }
                (Err(error), _) => {
                    unread = Some(*error);
                    continue;
                }
            };
            let mut by_teams = joined
                .iter()
                .filter_map(|team| Some((team, governs(team)?)))
                .peekable();
            let route = own.route(update);
            let is_governed = matches!(route, Route::Governed(_)) || by_teams.peek().is_some();
            if let Some(remote) = &policies.unknown_trunk {
                let is_trunk = own.is_usual_trunk(update, remote, context);
                let is_first = update.commit.is_some() && update.replaces.is_none();
                if is_governed || is_trunk {
                    match repository.default_branch(remote)? {
                        Some(_) => return Err(unknown_trunk(remote, context.push)),
                        // The push that brings trunk is judged by what it brings.
                        None if is_trunk && is_first => {}
                        None => return Err(no_trunk_yet(remote, context.push, repository)?),
                    }
                }
            }
            if let Some(error) = &policies.unread_trunk
                && let Route::Governed(Target::Environment(_) | Target::UnknownApp(_)) = route
            {
                return Err(error.clone());
            }
            match route {
                Route::Governed(target) => {
                    targets.add(update, target, own, context, false);
                    // Rules may be loosened only by a commit that passes them.
                    for (team, second) in by_teams {
                        if !own.has_rules_of(target, team, second)
                            && targets.add(update, second, team, context, true)
                        {
                            messages.push(Message::Line(format!(
                                "note: this commit changes the rules of {}: the old ones count, too",
                                second.name()
                            )));
                        }
                    }
                }
                // A commit whose policy lacks an environment must not be deployed there unjudged.
                _ if is_governed => {
                    messages.push(Message::Line(format!(
                        "note: judged by trunk's {FILE}, for the pushed commit brings none that governs this"
                    )));
                    for (team, target) in by_teams {
                        targets.add(update, target, team, context, false);
                    }
                }
                Route::DeploysNothing(environment) => idle.push((environment, update)),
                Route::Free => {}
            }
        }
        targets.join_environments();
        if let Some(error) = unread {
            messages.push(Message::Line(format!("note: {error}")));
        }
        messages.extend(deploys_nothing(&idle, context).map(Message::Line));
        Ok(targets)
    }

    /// Different commits for one environment are judged together, whatever their policies say.
    fn join_environments(&mut self) {
        let all: Vec<_> = (self.pushes.iter())
            .map(|push| (push.target, push.updates.clone()))
            .collect();
        for push in &mut self.pushes {
            for (target, updates) in &all {
                if push.target == *target && matches!(target, Target::Environment(_)) {
                    let new = |one: &&&Update| !push.updates.iter().any(|own| ptr::eq(*own, **one));
                    let new: Vec<_> = updates.iter().filter(new).copied().collect();
                    push.updates.extend(new);
                }
            }
        }
    }

    /// Adds a ref to those with the same target, and says whether there were none; where only the suite is asked,
    /// each branch is judged by itself. `second`: it is judged already, and now by trunk's rules, too.
    fn add(
        &mut self,
        update: &'p Update,
        target: Target<'p>,
        view: &View<'p>,
        context: &'p PushContext<'p>,
        second: bool,
    ) -> bool {
        self.is_policy_edited |= view.loaded.edited;
        let policy = &view.loaded.policy;
        let same = |push: &&mut GovernedPush<'p>| {
            push.target == target && target != Target::Branch && ptr::eq(push.policy, policy)
        };
        if let Some(push) = self.pushes.iter_mut().find(same) {
            push.updates.push(update);
            return false;
        }
        let environment = target.environment(policy);
        let before = environment.and_then(|one| policy.environment(one.after.as_deref()?));
        let destination = match target {
            Target::UnknownApp(_) => context.app().unwrap_or(&context.destination),
            _ => &context.destination,
        };
        let remotes = |one| EnvironmentRemotes::of(one, context.remotes, context.read);
        self.pushes.push(GovernedPush {
            policy,
            written: view.loaded.source != Source::Defaults,
            target,
            destination,
            recorded: destination.to_string(),
            push: context.push,
            second,
            remote: label(context.push.remote.as_bstr()),
            trunk: view.trunk.clone(),
            trunk_is_here: view.router.is_trunk,
            updates: vec![update],
            here: environment.map(remotes),
            before: before.map(remotes),
        });
        true
    }
}

/// How one policy sees a push.
struct View<'p> {
    loaded: &'p Loaded,
    router: Router<'p>,
    trunk: Result<TrunkName, Stop>,
}

impl<'p> View<'p> {
    fn new(
        loaded: &'p Loaded,
        context: &PushContext<'p>,
        repository: &Repository,
    ) -> Result<Self, Stop> {
        Ok(Self {
            loaded,
            router: Router::new(&loaded.policy, context)?,
            trunk: repository.trunk(&loaded.policy.trunk),
        })
    }

    /// Whether a ref is what is usually trunk, on this remote.
    fn is_usual_trunk(&self, update: &Update, remote: &str, context: &PushContext<'_>) -> bool {
        let is_trunk = self.router.is_trunk && self.loaded.policy.trunk.remote == remote;
        let branch = update.branch();
        (is_trunk || context.push.remote == remote)
            && branch.is_some_and(|branch| branch == "master" || branch == "main")
    }

    /// Whether another policy asks the same of a target.
    fn has_rules_of(&self, target: Target<'_>, other: &Self, others: Target<'_>) -> bool {
        let rules = |view: &Self, target: Target<'_>| {
            let policy = &view.loaded.policy;
            let environment = target.environment(policy).cloned();
            let before = environment.as_ref().and_then(|one| one.after.as_deref());
            let before = before.and_then(|name| policy.environment(name).cloned());
            let trunk = view.trunk.as_ref().ok().cloned();
            // Only a deployment asks for what is shared: locks and sign-offs.
            let shares = environment.is_some() && policy.share;
            (environment, before, trunk, policy.suite.on, shares)
        };
        target == others && rules(self, target) == rules(other, others)
    }

    fn route(&self, update: &Update) -> Route<'p> {
        let branch = self.trunk.as_ref().ok().map(|trunk| trunk.branch.as_str());
        self.router.route(update, &self.loaded.policy, branch)
    }
}

/// Which branch is trunk would be told by the pushed commit alone.
fn unknown_trunk(remote: &str, push: &Push) -> Stop {
    Stop::undecided(format!(
        "this clone does not know the default branch of {remote}, whose policy says what trunk is"
    ))
    .cure(
        format!("fetch it, then {}", push.again()),
        [
            command(["git", "remote", "set-branches", remote, "*"]),
            command(["git", "fetch", remote]),
            command(["git", "remote", "set-head", remote, "--auto"]),
        ],
    )
}

/// There is no trunk on the server either.
fn no_trunk_yet(remote: &str, push: &Push, repository: &Repository) -> Result<Stop, Stop> {
    let TrunkName { branch, .. } = repository.trunk(&Trunk {
        remote: remote.to_owned(),
        branch: None,
    })?;
    let why = format!(
        "the default branch of {remote}, whose policy says what trunk is, has no commit yet"
    );
    let words = format!("push it there first, then {}", push.again());
    Ok(Stop::undecided(why).cure(words, [command(["git", "push", remote, &branch])]))
}

/// The line about branches that an environment takes and does not build.
fn deploys_nothing(idle: &[(&Environment, &Update)], context: &PushContext<'_>) -> Option<String> {
    const NAMED: usize = 3;
    let (environment, _) = idle.first()?;
    let name = |(_, update): &(_, &Update)| {
        let branch = update.branch().unwrap_or_default();
        format!("`{}`", printable(branch.as_bytes().as_bstr()))
    };
    let names: Vec<_> = idle.iter().map(name).collect();
    Some(format!(
        "{} {} nothing on {} ({})",
        listed(&names, NAMED),
        if idle.len() == 1 { "deploys" } else { "deploy" },
        environment.name,
        context.destination.brief()
    ))
}
