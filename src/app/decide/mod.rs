//! From a push to a decision: which policy governs it, what the overrides and the gates say, what is
//! written down.
//!
//! [`judge`] gives what is [`Pending`]; the hook that runs behind the gates may still stop the push;
//! then [`Pending::record`] makes the decision, once, and writes it down.

mod decider;
pub(crate) mod decision;
mod journal;
mod outgoing;
mod part;
mod push_policies;
mod targets;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by it")]
mod tests;

use std::{collections::BTreeSet, env, time::Instant};

pub(crate) use decider::unanswered;
pub(crate) use decision::{Event, Pending, Stopped};

use self::{
    decider::{Asked, Decider},
    outgoing::forced,
    push_policies::PushPolicies,
    targets::Targets,
};
use bstr::BStr;

use crate::{
    app::{message::Message, overrides::Overrides, preview::Preview, unjudged},
    file,
    gates::{Runner, Stop, evaluate, route::PushContext, verdict::Verdict},
    git::Repository,
    memory::{
        open_push::State,
        permit::{Permit, Permitted},
    },
    process::detached,
    push::{Push, destination::Destination, variables::DEPLOY},
};

/// Judges a push by the overrides and the gates.
pub(crate) fn judge(
    push: &Push,
    event: Event,
    repository: &Repository,
    runner: &dyn Runner,
    overrides: Asked<'_>,
) -> Pending {
    let decider = Decider {
        event,
        world: repository.world(runner),
        overrides,
        start: Instant::now(),
    };
    let mut messages = Vec::new();
    let pending = with_targets(
        push,
        repository,
        &mut messages,
        |destination, targets| match targets {
            Ok(targets) if targets.pushes.is_empty() => Pending::default(),
            Ok(targets) => decider.judge(&targets.pushes, targets.is_policy_edited, repository),
            Err(error) => decider.unrouted(push, destination, error),
        },
    );
    messages.extend(pending.messages);
    Pending {
        messages,
        ..pending
    }
}

/// Takes out of a push what the deploy that makes it has judged already.
pub(crate) fn leave_out_judged(push: &mut Push, repository: &Repository) {
    let Some(name) = env::var_os(DEPLOY) else {
        return;
    };
    let judged = Permit::read(&repository.state_dir(), &name);
    let destination = repository.destination(push.url.as_ref()).to_string();
    push.updates.retain(|update| {
        let permitted = Permitted::of(update, destination.clone());
        !permitted.is_some_and(|permitted| judged.contains(&permitted))
    });
}

/// Takes note of a push for which git has nothing to send. Where a deploy makes it, somebody else was faster, and what
/// that has judged has not gone.
pub(crate) fn had_nothing_to_send(remote: &BStr, url: &BStr, repository: &Repository) {
    unjudged::had_nothing_to_send(remote, repository);
    let git = Some(detached::git_push());
    let destination = repository.destination(url).to_string();
    for (path, mut push) in repository.open_pushes().open() {
        if push.child == git && push.record.destinations.contains(&destination) {
            push.state = State::Missing;
            let _ = file::write_json(&path, &push);
        }
    }
}

/// Lets a push go whose ref lines could not even be read, where `PUSHGATE=off`.
pub(crate) fn let_go(
    push: &Push,
    error: Stop,
    repository: &Repository,
    overrides: &Overrides,
) -> Pending {
    let idle = Preview::new(repository, repository);
    let decider = Decider {
        event: Event::Push,
        world: idle.world(),
        overrides: Ok(overrides),
        start: Instant::now(),
    };
    let destination = repository.destination(push.url.as_ref());
    decider.unrouted(push, &destination, error)
}

/// What the gates would say of a push of one branch, without an override, and with nothing written;
/// `None` where nothing governs it.
pub(crate) fn preview(
    push: &Push,
    repository: &Repository,
    preview: &Preview<'_>,
) -> Result<Option<Verdict>, Stop> {
    with_targets(push, repository, &mut Vec::new(), |_, targets| {
        let pushes = targets?.pushes;
        if pushes.is_empty() {
            return Ok(None);
        }
        repository.ledger().probe()?;
        let verdicts = evaluate(&pushes, &BTreeSet::new(), false, &preview.world());
        let last = pushes.iter().zip(verdicts).next_back();
        Ok(last.map(|(push, verdict)| Verdict {
            cures: forced(push, &verdict, repository),
            ..verdict
        }))
    })
}

/// Finds out where a push goes, and which of its refs are governed by what.
fn with_targets<T>(
    push: &Push,
    repository: &Repository,
    messages: &mut Vec<Message>,
    then: impl FnOnce(&Destination, Result<Targets<'_>, Stop>) -> T,
) -> T {
    let read = |url: &BStr| repository.destination(url);
    let context = PushContext::new(push, repository.remotes(), &read);
    match PushPolicies::read(push, &context, repository) {
        Ok(policies) if policies.deploy_nowhere(&context, repository) => {
            then(&context.destination, Ok(Targets::default()))
        }
        Ok(policies) => then(
            &context.destination,
            Targets::of(&policies, &context, repository, messages),
        ),
        Err(error) => then(&context.destination, Err(error)),
    }
}
