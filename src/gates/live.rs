//! What the remotes answer now, all asked at once: trunk's tip, the environment that comes first, and
//! what the team remembers.

use std::thread::{self, ScopedJoinHandle};

use bstr::BString;

use super::{Case, Tip, World};
use crate::{
    push::Oid,
    verdict::{Gate, Trouble},
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
}

impl Live {
    /// Asks what these gates want to know of the case, everybody at the same time.
    pub(crate) fn ask(case: &Case<'_>, wants: impl Fn(Gate) -> bool, world: &dyn World) -> Self {
        let wants = |gate| case.asks(gate) && wants(gate);
        // Where trunk itself is pushed to, its tip stands on the hook's standard input.
        let asks_trunk = wants(Gate::Trunk) && case.moves_trunk().is_none();
        let trunk = case.trunk.as_ref().ok();
        let promotes = wants(Gate::Promotion);
        let before = case.before.as_ref().filter(|_| promotes);
        let team = promotes && case.policy.shares();
        thread::scope(|scope| {
            let before = before.map(|stage| {
                let ask = |remote: &BString| {
                    let (remote, branches) = (remote.clone(), &stage.branches);
                    scope.spawn(move || {
                        let tips = world.live(remote.as_ref(), branches);
                        (remote, tips)
                    })
                };
                stage.remotes.iter().map(ask).collect::<Vec<_>>()
            });
            Self {
                trunk: trunk
                    .filter(|_| asks_trunk)
                    .map(|trunk| world.trunk_tip(trunk, team)),
                before: before.map(|asked| asked.into_iter().map(joined).collect()),
            }
        })
    }
}

/// What a thread came to.
fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
