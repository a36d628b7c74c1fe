//! From a push to a decision: which policy governs it, what the overrides and the gates say, what is
//! written down.
//!
//! [`judge`] gives what is [`Pending`]; the hook that runs behind the gates may still stop the push;
//! then [`Pending::decide`] makes the decision, once, and [`Decided::record`](decision::Decided::record)
//! writes it down.

mod decider;
pub(crate) mod decision;
mod governing;
mod journal;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by it")]
mod tests;

use std::time::Instant;

pub(crate) use decider::{Event, unanswered};
pub(crate) use decision::{Pending, Stopped};

use self::{
    decider::{Asked, Decider},
    governing::{Governed, Policies},
};
use crate::{
    app::{message::Message, overrides::Overrides},
    gates::{
        World, evaluate,
        route::PushContext,
        verdict::{Trouble, Verdict},
    },
    git::Real,
    policy,
    push::Push,
};

/// Judges a push by the overrides and the gates.
pub(crate) fn judge(push: &Push, event: Event, repository: &Real, overrides: Asked<'_>) -> Pending {
    let decider = Decider {
        event,
        world: repository.world(),
        overrides,
        start: Instant::now(),
    };
    let destination = repository.destination(push.url.as_ref());
    let scene = PushContext {
        push,
        destination: &destination,
        remotes: repository.remotes(),
        read: &|url| repository.destination(url),
    };
    let mut messages = Vec::new();
    let policies = Policies::of(push, &scene, repository);
    let governed = (policies.as_ref().map_err(Clone::clone))
        .and_then(|policies| policies.cases(&scene, repository, &mut messages));
    let pending = match governed {
        Ok(governed) if governed.is_empty() => Pending::default(),
        Ok(governed) => {
            let is_edited = governed.iter().any(|one| one.loaded.edited);
            let cases: Vec<_> = governed.into_iter().map(|one| one.case).collect();
            let pending = decider.judge(&cases, repository);
            if is_edited && pending.is_governed() {
                messages.push(Message::Line(format!(
                    "note: the uncommitted edit of {} changes nothing; the pushed one counts",
                    policy::FILE
                )));
            }
            pending
        }
        Err(trouble) => decider.unrouted(push, &destination, trouble),
    };
    messages.extend(pending.messages);
    Pending {
        messages,
        ..pending
    }
}

/// Lets a push go whose ref lines could not even be read, where `PUSHGATE=off`.
pub(crate) fn let_go(
    push: &Push,
    trouble: Trouble,
    repository: &Real,
    overrides: &Overrides,
) -> Pending {
    let decider = Decider {
        event: Event::Push,
        world: repository.world(),
        overrides: Ok(overrides),
        start: Instant::now(),
    };
    let destination = repository.destination(push.url.as_ref());
    decider.unrouted(push, &destination, trouble)
}

/// What the gates would say of a push of one branch, without an override, and with nothing written;
/// `None` where nothing governs it.
pub(crate) fn preview(
    push: &Push,
    repository: &Real,
    world: &World<'_>,
) -> Result<Option<Verdict>, Trouble> {
    let destination = repository.destination(push.url.as_ref());
    let scene = PushContext {
        push,
        destination: &destination,
        remotes: repository.remotes(),
        read: &|url| repository.destination(url),
    };
    let policies = Policies::of(push, &scene, repository)?;
    let governed = policies.cases(&scene, repository, &mut Vec::new())?;
    let cases: Vec<_> = governed
        .into_iter()
        .map(|one: Governed<'_>| one.case)
        .collect();
    if cases.is_empty() {
        return Ok(None);
    }
    repository.ledger().probe()?;
    Ok(evaluate(&cases, &std::collections::BTreeSet::new(), world).pop())
}
