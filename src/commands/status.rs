//! `pushgate status`: the whole pipeline on one screen. All remotes are asked at the same time.

mod environment;

use bstr::ByteSlice;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;

use super::{
    Done, Error,
    local::{Local, named},
    print_data, print_json, print_machine_data,
};
use crate::{
    app::{
        answers::SystemClock,
        follow_up::catch_up,
        overrides::{self, Overrides},
        policies::{Loaded, Source},
        preview::Preview,
        sharing::start_follow_up,
    },
    cli,
    gates::{
        Clock, LocalRepository as _, Object, Remotes, Stop, Tip, receipt,
        remote_tips::RemoteTips,
        verdict::{Count, Relation, TrunkName},
    },
    git::{Repository, network},
    hooks::gate::is_gated,
    memory::lock::Found,
    policy::{self, Environment, Policy},
    process::{program::Output, signals},
    push::Oid,
    report::{
        self,
        status::{Commit, NextPush, Pushed, Status, Trunk, draw},
    },
    text::printable,
};

pub(crate) fn run(args: &cli::Status) -> Done {
    signals::watch();
    let world = Repository::open();
    let status = world.and_then(|world| status(&world, args.diff.as_deref()));
    if let Some(signal) = signals::signal() {
        return Ok(128 + signal);
    }
    let status = status.inspect_err(|error| {
        if args.json {
            let errors = [error.in_one_line()];
            let _ = print_json(&json!({"v": 1, "whole": false, "errors": errors}));
        }
    })?;
    if let Some(environment) = args.diff.as_ref().and_then(|_| status.environments.first()) {
        return print_contents(environment, args.json);
    }
    if args.json {
        print_json(&status.json()?)?;
    } else {
        print_data(draw(&status, report::data_columns()))?;
    }
    Ok(if status.is_whole() { 0 } else { 2 })
}

/// Lists all that the next push to an environment would bring.
fn print_contents(environment: &report::status::Environment, json: bool) -> Done {
    let Some(contents) = &environment.contents else {
        let message = format!(
            "what the next push to {} brings is not known",
            environment.name
        );
        let mut why: Vec<_> = (environment.remotes.iter())
            .filter_map(|remote| remote.error.clone())
            .collect();
        if let (NextPush::Nothing { why: only }, []) = (&environment.next_push, &why[..]) {
            why.push(only.clone());
        }
        return Err(Error::undecided(message).details(why));
    };
    if json {
        print_machine_data(&super::json_line(contents)?)?;
    } else {
        print_data(contents.text(usize::MAX))?;
    }
    Ok(0)
}

/// What the status is made from.
struct Inputs<'w> {
    world: &'w Repository,
    policy: &'w Policy,
    trunk: Result<TrunkName, Stop>,
    /// The local trunk branch and its tip.
    local: Option<(String, Oid)>,
    /// What is checked out: its branch, or `HEAD`, and its commit.
    head: Option<(String, Oid)>,
    tips: RemoteTips<'w>,
    now: Timestamp,
    /// Whether the team's notes were asked for, where it shares any.
    knows_the_team: bool,
}

/// Asks about all environments, or about this one alone.
fn status(world: &Repository, only: Option<&str>) -> Result<Status, Error> {
    let local = Local::of(world)?;
    let policy = &local.loaded.policy;
    let trunk = world.trunk(&policy.trunk);
    let order = match only {
        Some(name) => vec![named(name, policy)?],
        None => order(policy),
    };
    let remotes: Vec<_> = (order.iter())
        .map(|environment| world.remotes_of(environment))
        .collect();
    let mut errors = Vec::new();
    let all: Vec<_> = remotes.iter().collect();
    let tips = RemoteTips::ask(world, trunk.as_ref().ok(), policy.shares(), &all, &all);
    let mut keep = |error: Stop| errors.push(error.in_one_line());
    if let Err(error) = catch_up(world, policy, network::LIMIT) {
        keep(error);
    }
    let reader = SystemClock.zone().unwrap_or_else(|error| {
        keep(error);
        TimeZone::UTC
    });
    let mut inputs = Inputs {
        world,
        policy,
        trunk,
        local: local.trunk.ok().map(|trunk| trunk.branch).zip(local.tip),
        head: local.head.map(|head| (head_name(world), head)),
        tips,
        now: SystemClock.now(),
        knows_the_team: !policy.shares(),
    };
    let tip = inputs.tip();
    let team = tip.as_ref().ok().and_then(|tip| tip.team.as_ref());
    inputs.knows_the_team |= matches!(team, Some(Ok(())));
    if let Some(Err(error)) = team {
        let error = error.in_one_line();
        errors.push(format!("only what this clone remembers is shown: {error}"));
    }
    let mut locks = world.local_locks().unwrap_or_else(|error| {
        errors.push(error.in_one_line());
        Vec::new()
    });
    match tip.as_ref().map(|tip| tip.locks.clone()) {
        Ok(Ok(team)) if policy.shares() => locks.extend(team),
        Ok(Err(error)) if policy.shares() => errors.push(error.in_one_line()),
        _ => {}
    }
    let shown = |lock: &Found| lock.shown(inputs.now, &reader);
    let locks = locks.iter().map(shown).collect();
    let environments = (order.into_iter().zip(remotes))
        .map(|(environment, remotes)| inputs.environment(environment, &remotes));
    let environments = environments.collect();
    // What was found live is told to the team.
    start_follow_up(world);
    Ok(Status {
        at: inputs.now,
        reader,
        policy: source(&local.loaded),
        locks,
        trunk: inputs.trunk(tip),
        pushed: inputs.pushed(),
        environments,
        remarks: remarks(&local.loaded, world),
        errors,
    })
}

/// Sorts the environments, each after the one that comes before it.
fn order(policy: &Policy) -> Vec<&Environment> {
    let mut left: Vec<_> = policy.environments.iter().collect();
    let mut order: Vec<&Environment> = Vec::new();
    while !left.is_empty() {
        let is_before = |name: &String| order.iter().any(|before| before.name == *name);
        let is_next = |one: &&Environment| one.after.as_ref().is_none_or(is_before);
        let next = left.iter().position(is_next).unwrap_or(0);
        order.push(left.remove(next));
    }
    order
}

fn head_name(world: &Repository) -> String {
    let branch = world.symbolic("HEAD").ok().flatten().unwrap_or_default();
    let branch = branch.strip_prefix("refs/heads/");
    branch.unwrap_or("HEAD").to_owned()
}

fn source(loaded: &Loaded) -> String {
    let file = policy::FILE;
    match &loaded.source {
        Source::Commit(commit) => format!("{file} of {}", commit.short()),
        Source::WorkTree => format!("{file} of the work tree, not committed yet"),
        Source::Defaults => "the built-in one: pushgate init writes yours".to_owned(),
    }
}

fn remarks(loaded: &Loaded, world: &Repository) -> Vec<String> {
    let mut remarks = Vec::new();
    if loaded.edited {
        let file = policy::FILE;
        remarks.push(format!("the uncommitted edit of {file} changes nothing"));
    }
    if is_gated(world) == Some(false) {
        remarks.push("the hook is not installed here: pushgate install".to_owned());
    }
    if loaded.policy.environments.is_empty() {
        remarks.push("the policy has no environment to deploy to".to_owned());
    }
    remarks.extend(world.unshared_remark());
    let (switch, skip) = (overrides::SWITCH, overrides::SKIP);
    remarks.extend(match Overrides::of_environment() {
        Ok(overrides) if overrides.off => Some(format!(
            "{switch} is off here: the next push is not checked"
        )),
        Ok(overrides) if !overrides.skip.is_empty() => {
            Some(format!("{skip} is set here: the next push heeds it"))
        }
        Ok(_) => None,
        Err(bad) => Some(bad.why()),
    });
    remarks
}

impl Inputs<'_> {
    fn tip(&self) -> Result<Tip, Stop> {
        let trunk = self.trunk.as_ref().map_err(Clone::clone)?;
        self.tips.trunk_tip(trunk, false)
    }

    fn trunk(&self, tip: Result<Tip, Stop>) -> Trunk {
        let name = match &self.trunk {
            Ok(trunk) => trunk.to_string(),
            Err(_) => self.policy.trunk.remote.clone(),
        };
        let (tip, error) = match tip.and_then(|tip| tip.commit) {
            Ok(tip) => (Some(self.commit(&tip)), None),
            Err(error) => (None, Some(error.in_one_line())),
        };
        Trunk { name, tip, error }
    }

    fn pushed(&self) -> Option<Pushed> {
        let (branch, commit) = self.local.clone()?;
        let preview = Preview::new(self.world, &self.tips);
        let (receipt, error) = match receipt::find(self.policy, &commit, &preview.world()) {
            Ok(receipt) => (receipt, None),
            // The preview of the next push says why there is no suite.
            Err(stop) => (None, (!stop.is_refusal()).then(|| stop.in_one_line())),
        };
        Some(Pushed {
            branch,
            standing: self.standing(&commit),
            commit,
            receipt,
            error,
        })
    }

    /// How a commit relates to trunk, where this clone has both.
    fn standing(&self, commit: &Oid) -> Option<Relation> {
        let tip = self.tip().ok()?.commit.ok()?;
        if *commit == tip {
            return Some(Relation::Behind(Count(0)));
        }
        if !self.is_here(commit) || !self.is_here(&tip) {
            return None;
        }
        let remote = &self.policy.trunk.remote;
        self.world.relation(commit, &tip, remote).ok()
    }

    fn is_here(&self, commit: &Oid) -> bool {
        matches!(self.world.object(commit), Ok(Object::Commit { .. }))
    }

    fn commit(&self, id: &Oid) -> Commit {
        let read = self.is_here(id).then(|| self.read(id)).flatten();
        read.unwrap_or_else(|| Commit {
            id: id.clone(),
            subject: None,
            author: None,
            at: None,
        })
    }

    fn read(&self, id: &Oid) -> Option<Commit> {
        let format = "--format=%ct%x00%an <%ae>%x00%s";
        let log = ["log", "-1", "--no-show-signature", format, id.as_str()];
        let said = self.world.git.run(log).ok().filter(Output::is_ok)?;
        let mut fields = said.line().splitn(3, |b| *b == 0);
        let mut field = || fields.next().map(|text| printable(text.as_bstr()));
        Some(Commit {
            id: id.clone(),
            at: Some(Timestamp::from_second(field()?.parse().ok()?).ok()?),
            author: Some(field()?),
            subject: Some(field()?),
        })
    }
}
