//! What the remotes answer now: trunk's tip and the environment that comes first, asked at once.

use std::thread;

use bstr::BString;

use super::{Case, World};
use crate::{
    push::Oid,
    verdict::{Gate, Trouble},
};

/// The branches of a remote and what they are now.
pub(crate) type Tips = Vec<(String, Oid)>;

/// The answers to one case's questions about other places.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// Trunk's tip; `None` where nobody wants to know.
    pub(crate) trunk: Option<Result<Oid, Trouble>>,
    /// The remotes of the environment that comes first; likewise.
    pub(crate) before: Option<Vec<(BString, Result<Tips, Trouble>)>>,
}

impl Live {
    /// Asks what these gates want to know of the case, everybody at the same time.
    pub(crate) fn ask(case: &Case<'_>, wants: impl Fn(Gate) -> bool, world: &dyn World) -> Self {
        let wants = |gate| case.asks(gate) && wants(gate);
        // Where trunk itself is pushed to, its tip stands on the hook's standard input.
        let asks_trunk = wants(Gate::Trunk) && case.moves_trunk().is_none();
        let trunk = case.trunk.as_ref().ok().filter(|_| asks_trunk);
        let before = case.before.as_ref().filter(|_| wants(Gate::Promotion));
        thread::scope(|scope| {
            let ask = |remote: &'_ BString| {
                let remote = remote.clone();
                let branches = before.map_or(&[][..], |before| &before.branches);
                scope.spawn(move || world.live(remote.as_ref(), branches))
            };
            let asked = before.map(|before| {
                let remotes = before.remotes.iter();
                remotes
                    .map(|remote| (remote.clone(), ask(remote)))
                    .collect::<Vec<_>>()
            });
            let trunk = trunk.map(|trunk| world.trunk_tip(trunk));
            let heard = |(remote, thread): (_, thread::ScopedJoinHandle<'_, _>)| {
                let panicked = |panic| std::panic::resume_unwind(panic);
                (remote, thread.join().unwrap_or_else(panicked))
            };
            let before = asked.map(|asked| asked.into_iter().map(heard).collect());
            Self { trunk, before }
        })
    }
}
