//! Gathers the status of the pipeline: all remotes are asked at the same time.

use bstr::ByteSlice;
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    app::{
        answers::SystemClock,
        overrides::{self, Overrides},
        pipeline_tips::PipelineTips,
        policies::{Loaded, Source},
        preview::Preview,
    },
    commands::Error,
    commands::local::Local,
    gates::{
        Clock, Object, Remotes, Repository as _, Stop, Tip, Undecided, receipt, verdict::TrunkName,
    },
    git::Repository,
    memory::{ledger::Entry, record::Record},
    policy::{self, Environment, Policy},
    process::program::Output,
    push::Oid,
    report::status::{Commit, Pushed, Standing, Status, Trunk},
    text::printable,
};

/// What the status is made from.
pub(super) struct Inputs<'w> {
    pub(super) world: &'w Repository,
    pub(super) policy: &'w Policy,
    pub(super) trunk: Result<TrunkName, Undecided>,
    /// The local trunk branch and its tip.
    pub(super) local: Option<(String, Oid)>,
    pub(super) tips: PipelineTips<'w>,
    pub(super) now: Timestamp,
    /// The newest lines of the ledger about what is live.
    pub(super) entries: Vec<Entry>,
    /// All that the team remembers.
    pub(super) records: Vec<Record>,
}

pub(super) fn status(world: &Repository) -> Result<Status, Error> {
    let Local {
        trunk, tip, loaded, ..
    } = Local::of(world)?;
    let local = trunk.ok().map(|trunk| trunk.branch).zip(tip);
    let policy = &loaded.policy;
    let trunk = world.trunk(&policy.trunk);
    let order = order(policy);
    let remotes: Vec<_> = (order.iter())
        .map(|environment| world.remotes_of(environment))
        .collect();
    let mut errors = Vec::new();
    let tips = PipelineTips::ask(world, trunk.as_ref().ok(), policy.shares(), &remotes);
    let mut keep = |error: Undecided| errors.push(error.in_one_line());
    let mut entries = Vec::new();
    for commit in tips.commits() {
        match world.ledger().newest(commit.as_str()) {
            Ok(found) => entries.extend(found),
            Err(error) => {
                keep(error.into());
                break;
            }
        }
    }
    let records = world.notes().all().unwrap_or_else(|error| {
        keep(error.into());
        Vec::new()
    });
    let reader = SystemClock.zone().unwrap_or_else(|error| {
        keep(error);
        TimeZone::UTC
    });
    let inputs = Inputs {
        world,
        policy,
        trunk,
        local,
        tips,
        now: SystemClock.now(),
        entries,
        records,
    };
    let tip = inputs.tip();
    if let Ok(Some(Err(error))) = tip.as_ref().map(|tip| &tip.team) {
        errors.push(format!(
            "only what this clone remembers is shown: {}",
            error.in_one_line()
        ));
    }
    let environments = (order.into_iter().zip(remotes))
        .map(|(environment, remotes)| inputs.environment(environment, &remotes));
    Ok(Status {
        at: inputs.now,
        reader,
        policy: source(&loaded),
        trunk: inputs.trunk(tip),
        pushed: inputs.pushed(),
        environments: environments.collect(),
        remarks: remarks(&loaded, world),
        errors,
    })
}

/// Sorts the environments, each after the one that comes before it.
fn order(policy: &Policy) -> Vec<&Environment> {
    let mut left: Vec<_> = policy.environments.iter().collect();
    let mut order: Vec<&Environment> = Vec::new();
    while !left.is_empty() {
        let is_next = |one: &&Environment| match &one.after {
            Some(after) => order.iter().any(|before| before.name == *after),
            None => true,
        };
        let next = left.iter().position(is_next).unwrap_or(0);
        order.push(left.remove(next));
    }
    order
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
        remarks.push(format!(
            "the uncommitted edit of {} changes nothing",
            policy::FILE
        ));
    }
    if crate::hooks::is_gated(world) == Some(false) {
        remarks.push("the hook is not installed here: pushgate install".to_owned());
    }
    if loaded.policy.environments.is_empty() {
        remarks.push("the policy has no environment to deploy to".to_owned());
    }
    match Overrides::of_environment() {
        Ok(overrides) if overrides.off => {
            let switch = overrides::SWITCH;
            remarks.push(format!(
                "{switch} is off here: the next push is not checked"
            ));
        }
        Ok(overrides) if !overrides.skip.is_empty() => {
            let skip = overrides::SKIP;
            remarks.push(format!("{skip} is set here: the next push heeds it"));
        }
        Ok(_) => {}
        Err(bad) => remarks.push(bad.explain().why),
    }
    remarks
}

impl Inputs<'_> {
    fn tip(&self) -> Result<Tip, Undecided> {
        let trunk = self.trunk.as_ref().map_err(Clone::clone)?;
        self.tips.trunk_tip(trunk, false)
    }

    fn trunk(&self, tip: Result<Tip, Undecided>) -> Trunk {
        let name = match &self.trunk {
            Ok(trunk) => trunk.to_string(),
            Err(_) => self.policy.trunk.remote.clone(),
        };
        let (tip, error) = match tip {
            Ok(tip) => (Some(self.commit(&tip.commit)), None),
            Err(error) => (None, Some(error.in_one_line())),
        };
        Trunk { name, tip, error }
    }

    fn pushed(&self) -> Option<Pushed> {
        let (branch, commit) = self.local.as_ref()?;
        let preview = Preview::new(self.world, &self.tips);
        let receipt = receipt::find(self.policy, commit, &preview.world());
        let (receipt, error) = match receipt {
            Ok(receipt) => (receipt, None),
            // The preview of the next push says why there is no suite.
            Err(Stop::Refused(_)) => (None, None),
            Err(Stop::Undecided(error)) => (None, Some(error.in_one_line())),
        };
        Some(Pushed {
            branch: branch.clone(),
            commit: commit.clone(),
            standing: self.standing(commit),
            receipt,
            error,
        })
    }

    /// How a commit relates to trunk, where this clone has both.
    pub(super) fn standing(&self, commit: &Oid) -> Option<Standing> {
        let tip = self.tip().ok()?.commit;
        if *commit == tip {
            return Some(Standing::Same);
        }
        let remote = &self.policy.trunk.remote;
        if !self.is_here(commit) || !self.is_here(&tip) {
            return None;
        }
        let relation = self.world.relation(commit, &tip, remote).ok()?;
        Some(Standing::Apart(relation))
    }

    fn is_here(&self, commit: &Oid) -> bool {
        matches!(self.world.object(commit), Ok(Object::Commit { .. }))
    }

    pub(super) fn commit(&self, id: &Oid) -> Commit {
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
        let args = [
            "log",
            "-1",
            "--no-show-signature",
            format,
            id.as_str(),
            "--",
        ];
        let said = self.world.git().run(args).ok().filter(Output::is_ok)?;
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
