//! The answers that take a moment, asked for at once: the tips of remotes, what commands say, and the look at the
//! checkout.

use std::thread::{self, Scope};

use jiff::{SignedDuration, Timestamp};

use super::{
    environment_remotes::EnvironmentRemotes,
    facts::Mismatch,
    gate::Gate,
    governed_push::GovernedPush,
    receipt,
    stop::Undecided,
    world::{Tip, World},
};
use crate::push::Oid;

/// Answers that are older are asked for again.
const FRESH: SignedDuration = SignedDuration::from_secs(10);

/// Whether what was asked at a time has to be asked again. A clock that was set back tells nothing.
pub(crate) fn is_old(asked_at: Timestamp, world: &World<'_>) -> bool {
    let age = world.clock.now().duration_since(asked_at);
    age >= FRESH || age.is_negative()
}

/// The branches of a remote and their tips.
pub(crate) type Tips = Vec<(String, Oid)>;

/// The tips of trunk and of the environment that comes first; `None` where no gate needs them.
#[derive(Debug, Default)]
pub(crate) struct RemoteTips {
    pub(crate) trunk: Option<Result<Tip, Undecided>>,
    /// The remotes of the environment that comes first, in their order.
    pub(crate) before: Option<Vec<Result<Tips, Undecided>>>,
    /// What runs on that environment, where its command tells: its remotes are not asked then.
    pub(crate) before_runs: Option<Result<Oid, Undecided>>,
    /// What runs on the environment that is pushed to, likewise.
    pub(crate) here_runs: Option<Result<Oid, Undecided>>,
    /// How the checkout differs from the pushed tree: looking takes as long as asking a remote.
    pub(crate) checkout: Option<Result<Option<Mismatch>, Undecided>>,
}

impl RemoteTips {
    /// Asks for what these gates need to know about a push.
    pub(crate) fn ask<'p>(
        push: &'p GovernedPush<'_>,
        wants: impl Fn(Gate) -> bool,
        world: &World<'_>,
    ) -> Self {
        let wants = |gate| push.asks(gate) && wants(gate);
        let promotes = wants(Gate::Promotion);
        let team = promotes && push.policy.shares();
        // Where trunk itself is pushed to, its tip stands on the hook's standard input.
        let asks_trunk = wants(Gate::Trunk) && push.moves_trunk().is_none();
        let asks_locks = wants(Gate::Lock) && push.policy.shares();
        let trunk = push.trunk.as_ref().ok();
        let trunk = trunk.filter(|_| asks_trunk || asks_locks);
        // What is remembered may come with trunk's tip.
        let before = push.before.as_ref();
        let before = before.filter(|before| promotes && !before.is_remembered);
        let checkout = wants(Gate::Suite)
            .then(|| receipt::needs_checkout(push, world))
            .flatten();
        let has_command = |one: &&EnvironmentRemotes| one.live.is_some();
        let run = |one: &'p EnvironmentRemotes| move || world.remotes.running(one);
        let before_runs = before.filter(has_command).map(run);
        let here_runs = push.here.as_ref().filter(has_command).map(run);
        let asked = before.filter(|before| before.live.is_none()).into_iter();
        let asked =
            asked.flat_map(|before| (0..before.remotes.len()).map(move |one| (before, one)));
        let asked: Vec<_> = asked.collect();
        let live = |(of, remote): &(&EnvironmentRemotes, usize)| world.remotes.live(of, *remote);
        let look = checkout.map(|commit| move || world.repository.checkout(commit));
        thread::scope(|scope| {
            let checkout = look.as_ref().map(|look| beside(scope, look));
            let before_runs = before_runs.as_ref().map(|ask| beside(scope, ask));
            let here_runs = here_runs.as_ref().map(|ask| beside(scope, ask));
            let (tips, trunk) = at_once(&asked, live, || {
                trunk.map(|trunk| world.remotes.trunk_tip(trunk, team))
            });
            Self {
                trunk,
                before: before.map(|_| tips),
                checkout: checkout.map(|join| join()),
                before_runs: before_runs.map(|join| join()),
                here_runs: here_runs.map(|join| join()),
            }
        })
    }
}

impl RemoteTips {
    /// What trunk's remote says.
    pub(crate) fn trunk(
        &self,
        push: &GovernedPush<'_>,
        world: &World<'_>,
    ) -> Result<Tip, Undecided> {
        match &self.trunk {
            Some(tip) => tip.clone(),
            None => world.remotes.trunk_tip(&push.trunk.clone()?, false),
        }
    }
}

/// Asks several remotes at once, and does something else meanwhile.
///
/// Each question has a time limit of its own, so that one dead remote delays the others no longer.
pub(crate) fn at_once<R: Sync, A: Send, T>(
    remotes: &[R],
    ask: impl Fn(&R) -> A + Sync,
    meanwhile: impl FnOnce() -> T,
) -> (Vec<A>, T) {
    let ask = &ask;
    let asks: Vec<_> = remotes.iter().map(|remote| move || ask(remote)).collect();
    thread::scope(|scope| {
        let asked: Vec<_> = asks.iter().map(|ask| beside(scope, ask)).collect();
        let done = meanwhile();
        (asked.into_iter().map(|join| join()).collect(), done)
    })
}

/// Begins work in a thread, and returns what waits for its end; a panic becomes ours. Where no thread can
/// be started, the work is done then.
pub(crate) fn beside<'s, T: Send + 's, F: Fn() -> T + Sync>(
    scope: &'s Scope<'s, '_>,
    work: &'s F,
) -> impl FnOnce() -> T + use<'s, T, F> {
    let thread = thread::Builder::new().spawn_scoped(scope, work);
    move || match thread {
        Ok(thread) => (thread.join()).unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
        Err(_) => work(),
    }
}
