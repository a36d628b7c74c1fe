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
    gates::{
        EnvironmentRemotes, GovernedPush, Undecided,
        route::{PushContext, Route, Router, Target, remote_label},
        verdict::TrunkName,
    },
    git::Repository,
    policy::{Environment, FILE},
    push::Update,
    text::printable,
};

/// The governed refs of a push, grouped by their targets.
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
    ) -> Result<Self, Undecided> {
        let mut views = Vec::with_capacity(policies.all.len());
        for policy in &policies.all {
            views.push(match &policy.loaded {
                Ok(loaded) => Ok(View {
                    loaded,
                    router: Router::new(&loaded.policy, context)?,
                    trunk: repository.trunk(&loaded.policy.trunk),
                }),
                Err(error) => Err(error),
            });
        }
        let team = policies.team.and_then(|index| views[index].as_ref().ok());
        let mut targets = Self {
            pushes: Vec::new(),
            is_policy_edited: false,
        };
        let mut idle: Vec<(&Environment, &Update)> = Vec::new();
        let mut unread = None;
        for (update, index) in &policies.refs {
            let own = match &views[*index] {
                Ok(own) => own,
                // A policy that cannot be read stops a ref that trunk's policy would govern.
                Err(error) => match team.map(|team| team.route(update)) {
                    None | Some(Route::Governed(_)) => return Err((*error).clone()),
                    Some(Route::DeploysNothing(_) | Route::Free) => {
                        unread = Some(*error);
                        continue;
                    }
                },
            };
            match (
                own.route(update),
                team.map(|team| (team, team.route(update))),
            ) {
                (Route::Governed(target), _) => targets.add(update, target, own, context),
                // A commit whose policy lacks an environment must not be deployed there unjudged.
                (_, Some((team, Route::Governed(target)))) if target.deploys() => {
                    messages.push(Message::Line(format!(
                        "note: judged by trunk's {FILE}, for the pushed commit brings none that governs this"
                    )));
                    targets.add(update, target, team, context);
                }
                (Route::DeploysNothing(environment), _) => idle.push((environment, update)),
                (Route::Free, _) => {}
            }
        }
        if let Some(error) = unread {
            messages.push(Message::Line(format!("note: {error}")));
        }
        messages.extend(deploys_nothing(&idle, context).map(Message::Line));
        Ok(targets)
    }

    /// Adds a ref to those with the same target; where only the suite is asked, each branch is judged by
    /// itself.
    fn add(
        &mut self,
        update: &'p Update,
        target: Target<'p>,
        view: &View<'p>,
        context: &'p PushContext<'p>,
    ) {
        self.is_policy_edited |= view.loaded.edited;
        let policy = &view.loaded.policy;
        let same = |push: &&mut GovernedPush<'p>| {
            push.target == target && target != Target::Branch && ptr::eq(push.policy, policy)
        };
        if let Some(push) = self.pushes.iter_mut().find(same) {
            push.updates.push(update);
            return;
        }
        let environment = match target {
            Target::Environment(name) => policy.environment(name),
            Target::UnknownApp(_) | Target::Trunk | Target::Branch => None,
        };
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
            push: context.push,
            remote: remote_label(context.push),
            trunk: view.trunk.clone(),
            trunk_is_here: view.router.is_trunk,
            updates: vec![update],
            here: environment.map(remotes),
            before: before.map(remotes),
        });
    }
}

/// How one policy sees a push.
struct View<'p> {
    loaded: &'p Loaded,
    router: Router<'p>,
    trunk: Result<TrunkName, Undecided>,
}

impl<'p> View<'p> {
    fn route(&self, update: &Update) -> Route<'p> {
        let branch = self.trunk.as_ref().ok().map(|trunk| trunk.branch.as_str());
        self.router.route(update, &self.loaded.policy, branch)
    }
}

/// The line about branches that an environment takes and does not build.
fn deploys_nothing(idle: &[(&Environment, &Update)], context: &PushContext<'_>) -> Option<String> {
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
        context.destination.brief()
    ))
}
