//! The answers that take a moment, asked for at once: the tips of remotes, what commands say, and the look at the
//! checkout.

use std::thread::{self, Scope};

use jiff::{SignedDuration, Timestamp};

use super::{
    environment_remotes::{EnvironmentRemote, EnvironmentRemotes},
    facts::{Mismatch, TrunkName},
    gate::Gate,
    governed_push::GovernedPush,
    receipt,
    stop::Stop,
    world::{Memory, Remotes, Tip, Tips, World},
};
use crate::{memory::record::Record, push::Oid};

/// Answers that are older are asked for again.
const FRESH: SignedDuration = SignedDuration::from_secs(10);

/// Whether what was asked at a time has to be asked again. A clock that was set back tells nothing.
pub(crate) fn is_old(asked_at: Timestamp, world: &World<'_>) -> bool {
    let age = world.clock.now().duration_since(asked_at);
    age >= FRESH || age.is_negative()
}

/// What remotes and commands have answered. What they were not asked, they are asked when it is needed.
pub(crate) struct RemoteTips<'r> {
    remotes: &'r dyn Remotes,
    trunk: Option<(TrunkName, Result<Tip, Stop>)>,
    /// What remotes have of these branches.
    live: Vec<(EnvironmentRemote, Vec<String>, Result<Tips, Stop>)>,
    /// What the commands of environments printed.
    running: Vec<(EnvironmentRemotes, Option<Result<Oid, Stop>>)>,
    /// How the checkout differs from the pushed tree: looking takes as long as asking a remote.
    pub(crate) checkout: Option<Result<Option<Mismatch>, Stop>>,
}

impl<'r> RemoteTips<'r> {
    /// Asks for what these gates need to know about a push.
    pub(crate) fn of_push(
        push: &GovernedPush<'_>,
        wants: impl Fn(Gate) -> bool,
        world: &World<'r>,
    ) -> Self {
        let wants = |gate| push.asks(gate) && wants(gate);
        let promotes = wants(Gate::Promotion);
        let team = promotes && push.policy.shares();
        // Where trunk itself is pushed to, its tip stands on the hook's standard input.
        let asks_trunk = wants(Gate::Trunk) && push.moves_trunk().is_none();
        let asks_locks = wants(Gate::Lock) && push.policy.shares();
        let trunk = push.trunk.as_ref().ok();
        let trunk = trunk.filter(|_| asks_trunk || asks_locks);
        let before = push.before.as_ref().filter(|_| promotes);
        // What a command tells counts, whatever git has.
        let live = before.filter(|one| one.live.is_none());
        let runs: Vec<_> = before.into_iter().chain(&push.here).collect();
        let checkout = wants(Gate::Suite)
            .then(|| receipt::needs_checkout(push, world))
            .flatten();
        let look = checkout.map(|commit| move || world.repository.checkout(commit));
        thread::scope(|scope| {
            let checkout = look.as_ref().map(|look| beside(scope, look));
            let tips = Self::ask(world.remotes, trunk, team, live.as_slice(), &runs);
            Self {
                checkout: checkout.map(|join| join()),
                ..tips
            }
        })
    }

    /// Asks for trunk, with `team` for the team's notes too, for the branches of the environments of `live`, and for
    /// what the commands of those of `runs` say. Each question has its own time limit, so that one dead remote delays
    /// the answer no longer.
    pub(crate) fn ask(
        remotes: &'r dyn Remotes,
        trunk: Option<&TrunkName>,
        team: bool,
        live: &[&EnvironmentRemotes],
        runs: &[&EnvironmentRemotes],
    ) -> Self {
        // What is remembered may come with trunk's tip.
        let asked = live.iter().filter(|of| !of.is_remembered);
        let places = asked.flat_map(|of| of.remotes.iter().map(move |remote| (*of, remote)));
        let places: Vec<_> = places.collect();
        let ask = |(of, remote): &(&EnvironmentRemotes, &EnvironmentRemote)| {
            let tips = remotes.live(of, remote);
            ((*remote).clone(), of.branches.clone(), tips)
        };
        let runs: Vec<_> = runs.iter().filter(|of| of.live.is_some()).collect();
        let run = |one: &&&EnvironmentRemotes| ((**one).clone(), remotes.running(one));
        let (live, (running, trunk)) = at_once(&places, ask, || {
            at_once(&runs, run, || {
                trunk.map(|trunk| (trunk.clone(), remotes.trunk_tip(trunk, team)))
            })
        });
        Self {
            remotes,
            trunk,
            live,
            running,
            checkout: None,
        }
    }

    /// What trunk's remote has said; `None` where it was not asked.
    pub(crate) fn trunk(&self) -> Option<&Result<Tip, Stop>> {
        self.trunk.as_ref().map(|(_, tip)| tip)
    }

    /// A note where the team's notes could not be fetched.
    pub(super) fn no_team_notes(&self) -> Option<String> {
        let tip = self.trunk()?.as_ref().ok()?;
        let error = tip.team.as_ref()?.as_ref().err()?;
        Some(format!(
            "only what this clone remembers counts: {}",
            error.in_one_line()
        ))
    }
}

impl Remotes for RemoteTips<'_> {
    fn trunk_tip(&self, trunk: &TrunkName, team: bool) -> Result<Tip, Stop> {
        match &self.trunk {
            Some((asked, tip)) if asked == trunk => tip.clone(),
            _ => self.remotes.trunk_tip(trunk, team),
        }
    }

    fn default_branch(&self, remote: &str) -> Result<Option<String>, Stop> {
        self.remotes.default_branch(remote)
    }

    fn running(&self, environment: &EnvironmentRemotes) -> Option<Result<Oid, Stop>> {
        let same = |(known, _): &&(EnvironmentRemotes, _)| {
            known.environment == environment.environment && known.live == environment.live
        };
        match self.running.iter().find(same) {
            Some((_, runs)) => runs.clone(),
            None => self.remotes.running(environment),
        }
    }

    fn live(&self, of: &EnvironmentRemotes, remote: &EnvironmentRemote) -> Result<Tips, Stop> {
        let same = |(known, branches, _): &&(EnvironmentRemote, Vec<String>, _)| {
            known == remote && *branches == of.branches
        };
        match self.live.iter().find(same) {
            Some((_, _, tips)) => tips.clone(),
            None => self.remotes.live(of, remote),
        }
    }
}

/// What runs by one remote of an environment: what its command prints, else what its branches have or a command has
/// deployed since. `meant`: the commits that are asked about.
pub(crate) fn all_running(
    of: &EnvironmentRemotes,
    remote: &EnvironmentRemote,
    meant: &[&Oid],
    remotes: &dyn Remotes,
    memory: &dyn Memory,
) -> Result<Tips, Stop> {
    let no_branch = |runs| (String::new(), runs);
    if let Some(runs) = remotes.running(of) {
        return Ok(vec![no_branch(runs?)]);
    }
    let place = of.place_of(remote);
    let mut tips = remotes.live(of, remote)?;
    let unclear = keep_deployed(of, remote, &mut tips, memory);
    if tips.iter().any(|(_, tip)| meant.contains(&tip)) {
        unclear?;
    }
    for (_, tip) in &mut tips {
        *tip = memory.runs_at(place, tip)?;
    }
    if tips.is_empty() {
        // Where git has no branch, only a command can have deployed what runs.
        let last = memory.remembered(place)?.filter(Record::is_by_command);
        tips.extend(last.map(|record| no_branch(record.commit)));
    }
    Ok(tips)
}

/// Keeps of branches that differ the one that was deployed last: a platform builds whichever is pushed.
pub(crate) fn keep_deployed(
    of: &EnvironmentRemotes,
    remote: &EnvironmentRemote,
    tips: &mut Tips,
    memory: &dyn Memory,
) -> Result<(), Stop> {
    let Some((branch, tip)) = tips.first() else {
        return Ok(());
    };
    let is_one = tips.iter().all(|(other, _)| other == branch);
    if is_one || tips.iter().all(|(_, other)| other == tip) {
        return Ok(());
    }
    let Some(last) = memory.last_of(of.place_of(remote), tips)? else {
        return Err(of.unclear(remote, tips));
    };
    let has_it = |(_, tip): &&(String, Oid)| *tip == last;
    let branches: Vec<_> = tips
        .iter()
        .filter(has_it)
        .map(|(one, _)| one.clone())
        .collect();
    tips.retain(|(branch, _)| branches.contains(branch));
    Ok(())
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
