//! What takes a moment to answer, all asked at once: trunk's tip, what the team remembers, the
//! environment that comes first, and whether the checkout is what is pushed.

use std::thread::{self, ScopedJoinHandle};

use bstr::BString;

use super::{Case, Tip, World, suite};
use crate::{
    gates::verdict::{Gate, Mismatch, Trouble},
    push::Oid,
};

/// The branches of a remote and what they are now.
pub(crate) type Tips = Vec<(String, Oid)>;

/// The answers to one case's questions about other places; `None` where nobody wants to know.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// Trunk's tip, and whether the team's notes could be fetched with it.
    pub(crate) trunk: Option<Result<Tip, Trouble>>,
    /// The remotes of the environment that comes first.
    pub(crate) before: Option<Vec<(BString, Result<Tips, Trouble>)>>,
    /// Why the checkout is not the pushed tree, if it is not.
    pub(crate) checkout: Option<Result<Option<Mismatch>, Trouble>>,
}

impl Live {
    /// Asks what these gates want to know of the case, everybody at the same time.
    pub(crate) fn ask(case: &Case<'_>, wants: impl Fn(Gate) -> bool, world: &World<'_>) -> Self {
        let wants = |gate| case.asks(gate) && wants(gate);
        // Where trunk itself is pushed to, its tip stands on the hook's standard input.
        let asks_trunk = wants(Gate::Trunk) && case.moves_trunk().is_none();
        let trunk = case.trunk.as_ref().ok();
        let promotes = wants(Gate::Promotion);
        let before = case.before.as_ref().filter(|_| promotes);
        let team = promotes && case.policy.shares();
        // A network takes as long as the look at a checkout, so whoever is on trunk gains one of them.
        let checkout = wants(Gate::Suite)
            .then(|| suite::needs_checkout(case, world))
            .flatten();
        thread::scope(|scope| {
            let checkout = checkout.map(|commit| scope.spawn(|| world.repository.checkout(commit)));
            let before = before.map(|stage| {
                let ask = |remote: &BString| {
                    let (remote, branches) = (remote.clone(), &stage.branches);
                    scope.spawn(move || {
                        let tips = world.remotes.live(remote.as_ref(), branches);
                        (remote, tips)
                    })
                };
                stage.remotes.iter().map(ask).collect::<Vec<_>>()
            });
            Self {
                trunk: trunk
                    .filter(|_| asks_trunk)
                    .map(|trunk| world.remotes.trunk_tip(trunk, team)),
                before: before.map(|asked| asked.into_iter().map(joined).collect()),
                checkout: checkout.map(joined),
            }
        })
    }
}

/// What a thread came to; its panic is ours.
pub(crate) fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
