//! `pushgate rollback [ENV] [COMMIT]`: brings back what was live before.

use bstr::ByteSlice;

use super::{
    Done, Error,
    deploy::{Plan, Target, say_contents},
    local::{Local, named, no_commit, no_pipeline},
};
use crate::{
    app::{answers::SystemClock, overrides::Overrides},
    cli::Rollback,
    cure::command,
    gates::{Clock, EnvironmentRemotes, LocalRepository, Memory, Stop, verdict::Contents},
    git::Repository,
    memory::{
        deployments::{before, current, removed_by_rollback},
        record::{Judged, Place, Record},
    },
    policy::{Environment, Policy},
    process::{signals, terminal},
    push::{Deploy, Oid, url::label},
    report,
    text::printable,
};

pub(crate) fn run(args: &Rollback) -> Done {
    signals::watch();
    let world = Repository::open()?;
    let local = Local::of(&world)?;
    let policy = &local.loaded.policy;
    let environment = environment(args.environment.as_deref(), policy)?;
    let of = world.remotes_of(environment);
    let trunk = local.trunk.as_ref().ok();
    let (mut targets, tip) = Target::all(&of, None, policy, trunk, &world)?;
    targets.retain(|target| target.live.is_some());
    if targets.is_empty() {
        let message = format!("nothing was ever deployed to {}", environment.name);
        return Err(Stop::undecided(message));
    }
    let commit = match &args.commit {
        Some(revision) => {
            let commit = world.revision(revision)?;
            commit.ok_or_else(|| no_commit(revision, &world))?
        }
        None => {
            let trunk = trunk.filter(|_| !environment.takes_any());
            let known = trunk.map(|trunk| world.reference(&trunk.tracking_ref()));
            let tip = tip.filter(|_| trunk.is_some());
            let history = History {
                world: &world,
                remote: &policy.trunk.remote,
                trunk: tip.or(known.transpose()?.flatten()),
            };
            history.chosen(&of, &targets)?
        }
    };
    let overrides = Overrides::of_environment().map(|overrides| Overrides {
        rollback: true,
        reason: args.words.clone().or(overrides.reason),
        ..overrides
    });
    let plan = Plan {
        world: &world,
        environment,
        of: &of,
        commit: &commit,
        source: commit.as_str(),
        typed: Deploy {
            environment: environment.name.clone(),
            commit: Some(commit.to_string()),
            command: args.run.clone(),
            is_rollback: true,
            reason: args.words.clone(),
            yes: true,
        },
        overrides,
        forces: true,
        is_told: true,
    };
    plan.must_be_possible()?;
    plan.carry_out(targets, |plan, targets| {
        for (index, target) in targets.iter().enumerate() {
            let is_same = |last: usize| targets[last].live == target.live;
            let is_told = index.checked_sub(1).is_some_and(is_same);
            say(plan, target, is_told)?;
        }
        confirmed(args, plan)
    })
}

/// The one that is named, else production, else the only one that nothing comes after.
fn environment<'p>(name: Option<&str>, policy: &'p Policy) -> Result<&'p Environment, Error> {
    if let Some(name) = name {
        return named(name, policy);
    }
    if let Some(production) = policy.environment("production") {
        return Ok(production);
    }
    let is_last = |one: &&Environment| {
        !(policy.environments.iter()).any(|other| other.after.as_ref() == Some(&one.name))
    };
    let last: Vec<_> = policy.environments.iter().filter(is_last).collect();
    match last.as_slice() {
        [] => Err(no_pipeline()),
        [one] => Ok(one),
        several => {
            let names: Vec<_> = several.iter().map(|one| one.name.clone()).collect();
            let rollback = command(["pushgate", "rollback", &names[0]]);
            let message = format!("which environment? {}", crate::text::alternatives(&names));
            Err(Stop::undecided(message).cure("name one", [rollback]))
        }
    }
}

/// What a commit to go back to is looked for in.
struct History<'w> {
    world: &'w Repository,
    /// Trunk's remote.
    remote: &'w str,
    /// Trunk's tip; `None` where it is not known, or any commit will do.
    trunk: Option<Oid>,
}

impl History<'_> {
    /// The commit that was live before: where the remotes differ, the one that some have already.
    fn chosen(&self, of: &EnvironmentRemotes, targets: &[Target]) -> Result<Oid, Error> {
        let environment = &of.environment;
        let lives = targets
            .iter()
            .filter_map(|one| Some((one, one.live.as_ref()?)));
        let lives: Vec<(&Target, &Oid)> = lives.collect();
        let is_one = lives.iter().all(|(_, live)| *live == lives[0].1);
        let before =
            |(target, live): &(&Target, &Oid)| self.previous(of.place_of(&target.remote), live);
        match lives.as_slice() {
            [live, ..] if is_one => return before(live),
            _ => {}
        }
        let older = lives.iter().filter_map(|live| before(live).ok());
        let mut common: Vec<_> = older
            .filter(|older| lives.iter().any(|(_, live)| *live == older))
            .collect();
        common.dedup();
        if let [only] = common.as_slice() {
            return Ok(only.clone());
        }
        let name = |(target, live): &(&Target, &Oid)| {
            format!("{} has {}", target.remote.destination, live.short())
        };
        let names: Vec<_> = lives.iter().map(name).collect();
        let names = names.join(", ");
        let message = format!("which commit is to come back to {environment}? {names}");
        Err(which(message, environment))
    }

    /// What was live before, as far as it is recorded and may come back.
    fn previous(&self, place: Place<'_>, live: &Oid) -> Result<Oid, Error> {
        let world = self.world;
        let mut seen = vec![live.clone()];
        let mut commit = live.clone();
        loop {
            let records = world.records(&commit)?;
            let older = before(&records, place, &commit).filter(|one| !seen.contains(one));
            // Forward is no way back: what an override took off may have been newer.
            let Some(older) = older.filter(|older| !self.is_forward(live, older)) else {
                return Err(self.nothing_before(place, live, &commit)?);
            };
            let records = world.records(older)?;
            if removed_by_rollback(&records, place, older).is_none() {
                if self.is_on_trunk(older) || world.is_past(older, live, self.remote)? == Some(true)
                {
                    return Ok(older.clone());
                }
                let id = older.short();
                report::say(&format!(
                    "{id} was live before, and is passed over: it is not on trunk"
                ));
            }
            seen.push(older.clone());
            commit = older.clone();
        }
    }

    /// Where trunk's tip is not here, this cannot be told yet: the gate will tell.
    fn is_on_trunk(&self, commit: &Oid) -> bool {
        let has_it = |tip: &Oid| {
            let is_past = self.world.is_past(commit, tip, self.remote);
            tip == commit || !matches!(is_past, Ok(Some(false)))
        };
        self.trunk.as_ref().is_none_or(has_it)
    }

    fn is_forward(&self, live: &Oid, older: &Oid) -> bool {
        matches!(self.world.is_past(live, older, self.remote), Ok(Some(true)))
    }

    /// Why there is no commit to go back to by itself: `last` is the one that nothing is recorded before.
    fn nothing_before(&self, place: Place<'_>, live: &Oid, last: &Oid) -> Result<Error, Error> {
        let (environment, id) = (place.environment, last.short());
        let message = format!("nothing tells what was live on {environment} before {id}");
        let (now, records) = (SystemClock.now(), self.world.records(live)?);
        let came = current(&records, place, live, now);
        let mut older = self.world.notes().all()?;
        older.retain(|one| {
            let is_older = came.is_none_or(|came| one.at < came.at);
            is_older && one.is_at(place) && one.deployed().is_some() && one.commit != *live
        });
        older.sort_by_key(|one| one.at);
        for older in older.iter().rev().map(|record| &record.commit) {
            let records = self.world.records(older)?;
            let is_removed = removed_by_rollback(&records, place, older).is_some();
            if !is_removed && self.is_on_trunk(older) && !self.is_forward(live, older) {
                let words = format!("{} was deployed there last before it", older.short());
                let back = command(["pushgate", "rollback", environment, older.short()]);
                return Ok(Stop::undecided(message).cure(words, [back]));
            }
        }
        let is_first = came.and_then(Record::deployed).is_some_and(|came| {
            let is_judged = matches!(came.judged, Judged::Go | Judged::Overridden);
            is_judged && !came.seen && came.replaces.is_none()
        });
        if is_first {
            let why = "is the first deployment to";
            let message = format!("{id} {why} {environment}: there is nothing to go back to");
            return Ok(Stop::undecided(message).hint("fix it, and deploy the fix"));
        }
        Ok(which(message, environment))
    }
}

/// The commit has to be named.
fn which(message: String, environment: &str) -> Error {
    let log = command(["pushgate", "log", "--environment", environment]);
    let back = command(["pushgate", "rollback", environment, "COMMIT"]);
    Stop::undecided(message).cure("see what was live, and name it", [log, back])
}

/// Says what comes back, what goes, and whose it is.
fn say(plan: &Plan<'_>, target: &Target, is_told: bool) -> Result<(), Error> {
    let (world, of, commit) = (plan.world, plan.of, plan.commit);
    let Some(live) = &target.live else {
        return Ok(());
    };
    let environment = &of.environment;
    report::say(&format!(
        "rollback of {environment} ({}): from {} back to {}",
        world.destination(target.remote.url().as_bstr()).brief(),
        live.short(),
        commit.short()
    ));
    if let Some(unlike) = Contents::unlike_known(of, target.git.as_ref(), live) {
        report::print(format_args!("  {unlike}\n"));
    }
    let here = of.place_of(&target.remote);
    let records = world.records(live)?;
    if let Some(record) = current(&records, here, live, SystemClock.now()) {
        let zone = SystemClock.zone()?;
        let at = crate::text::day_and_time(record.at, &zone, &zone);
        let by = match record.deployed() {
            Some(deployed) if deployed.seen => String::new(),
            _ => format!(" by {}", printable(record.by.as_bytes().into())),
        };
        report::print(format_args!("  {} was deployed{by}, {at}\n", live.short()));
    }
    if !is_told {
        let label = label(target.remote.name.as_bstr());
        say_contents(commit, Some(live), &label, world);
    }
    Ok(())
}

/// Asks on a terminal; without one the command line has to say yes.
fn confirmed(args: &Rollback, plan: &Plan<'_>) -> Result<bool, Error> {
    if args.yes {
        return Ok(true);
    }
    if !terminal::is_there() {
        let message = "there is no terminal to ask on";
        return Err(Stop::undecided(message).cure("say yes beforehand", [plan.again(true)]));
    }
    let yes = terminal::confirm("Roll back?")?;
    if !yes {
        report::say("nothing was pushed");
    }
    Ok(yes)
}
