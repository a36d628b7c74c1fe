//! What there is to know of the pipeline, asked of everybody at once.

use std::env;

use bstr::{BStr, ByteSlice};
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    app::{
        answers::SystemClock,
        overrides::{self, Overrides},
        pipeline_tips::PipelineTips,
        preview::Preview,
    },
    commands::local::Local,
    gates::{
        Clock, EnvironmentRemotes, Object, Remotes, Repository, Stop, Tip, receipt,
        verdict::{Trouble, TrunkName},
    },
    git::{Loaded, Real, Source},
    memory::{ledger::Entry, record::Record},
    policy::{self, Environment, Policy},
    process::program::Output,
    push::{Oid, destination::Destination},
    report::status::{About, Commit, Pushed, Standing, Status, Trunk},
    text::printable,
};

/// What the environments are described with.
pub(crate) struct Desk<'w> {
    pub(crate) world: &'w Real,
    pub(crate) policy: &'w Policy,
    pub(crate) trunk: Result<TrunkName, Trouble>,
    /// The local trunk branch and its tip.
    pub(crate) local: Option<(String, Oid)>,
    pub(crate) heard: PipelineTips<'w>,
    pub(crate) now: Timestamp,
    pub(crate) reader: TimeZone,
    /// The newest lines of the ledger about what is live.
    pub(crate) entries: Vec<Entry>,
    /// All that the team remembers.
    pub(crate) records: Vec<Record>,
}

pub(crate) fn status(world: &Real) -> Result<Status, Trouble> {
    let Local {
        trunk, tip, loaded, ..
    } = Local::of(world)?;
    let local = trunk.ok().map(|trunk| trunk.branch).zip(tip);
    let policy = &loaded.policy;
    let trunk = world.trunk(&policy.trunk);
    let order = order(policy);
    let read = |url: &BStr| -> Destination { world.destination(url) };
    let stages: Vec<_> = (order.iter())
        .map(|one| EnvironmentRemotes::of(one, world.remotes(), &read))
        .collect();
    let mut troubles = Vec::new();
    let heard = PipelineTips::ask(world, trunk.as_ref().ok(), policy.shares(), &stages);
    let mut keep = |trouble: Trouble| troubles.push(trouble.in_one_line());
    let mut entries = Vec::new();
    for commit in heard.commits() {
        match world.ledger().newest(commit.as_str()) {
            Ok(found) => entries.extend(found),
            Err(trouble) => {
                keep(trouble.into());
                break;
            }
        }
    }
    let records = world.notes().all().unwrap_or_else(|trouble| {
        keep(trouble);
        Vec::new()
    });
    let reader = SystemClock.zone().unwrap_or_else(|trouble| {
        keep(trouble);
        TimeZone::UTC
    });
    let desk = Desk {
        world,
        policy,
        trunk,
        local,
        heard,
        now: SystemClock.now(),
        reader,
        entries,
        records,
    };
    let tip = desk.tip();
    if let Ok(Some(Err(trouble))) = tip.as_ref().map(|tip| &tip.team) {
        troubles.push(format!(
            "only what this clone remembers is shown: {}",
            trouble.in_one_line()
        ));
    }
    let places = (order.into_iter().zip(stages)).map(|(one, stage)| desk.place(one, &stage));
    Ok(Status {
        at: desk.now,
        places: places.collect(),
        policy: source(&loaded),
        trunk: Trunk {
            name: match &desk.trunk {
                Ok(trunk) => trunk.to_string(),
                Err(_) => policy.trunk.remote.clone(),
            },
            tip: tip
                .map(|tip| desk.commit(&tip.commit))
                .map_err(|trouble| trouble.in_one_line()),
        },
        pushed: desk.pushed(),
        remarks: remarks(&loaded, world),
        troubles,
        reader: desk.reader,
    })
}

/// The environments, each after the one that comes before it.
pub(crate) fn order(policy: &Policy) -> Vec<&Environment> {
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

/// Where the policy was found, for a person.
pub(crate) fn source(loaded: &Loaded) -> String {
    let file = policy::FILE;
    match &loaded.source {
        Source::Commit(commit) => format!("{file} of {}", commit.short()),
        Source::WorkTree => format!("{file} of the work tree, not committed yet"),
        Source::Defaults => "the built-in one: pushgate init writes yours".to_owned(),
    }
}

pub(crate) fn remarks(loaded: &Loaded, world: &Real) -> Vec<String> {
    let mut remarks = Vec::new();
    if loaded.edited {
        remarks.push(format!(
            "the uncommitted edit of {} changes nothing",
            policy::FILE
        ));
    }
    if crate::hooks::managers::is_gated(world) == Some(false) {
        remarks.push("the hook is not installed here: pushgate install".to_owned());
    }
    if loaded.policy.environments.is_empty() {
        remarks.push("the policy has no environment to deploy to".to_owned());
    }
    let variable = |name: &str| env::var_os(name).map(|text| text.to_string_lossy().into_owned());
    match Overrides::read(variable) {
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

impl Desk<'_> {
    /// What trunk is now.
    fn tip(&self) -> Result<Tip, Trouble> {
        let trunk = self.trunk.as_ref().map_err(Clone::clone)?;
        self.heard.trunk_tip(trunk, false)
    }

    fn pushed(&self) -> Option<Pushed> {
        let (branch, commit) = self.local.as_ref()?;
        let receipt = receipt::find(
            self.policy,
            commit,
            &Preview::new(self.world, &self.heard).world(),
        );
        Some(Pushed {
            branch: branch.clone(),
            commit: commit.clone(),
            standing: self.standing(commit),
            receipt: match receipt {
                Ok(found) => Ok(found),
                // What the suite is belongs to the answer of the next push.
                Err(Stop::Refused(_)) => Ok(None),
                Err(Stop::Undecided(trouble)) => Err(trouble.in_one_line()),
            },
        })
    }

    /// How a commit stands to trunk, where both are here.
    pub(crate) fn standing(&self, commit: &Oid) -> Option<Standing> {
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

    /// A commit, with what is known of it here.
    pub(crate) fn commit(&self, id: &Oid) -> Commit {
        let about = self.is_here(id).then(|| self.about(id)).flatten();
        Commit {
            id: id.clone(),
            about,
        }
    }

    fn about(&self, id: &Oid) -> Option<About> {
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
        Some(About {
            at: Timestamp::from_second(field()?.parse().ok()?).ok()?,
            author: field()?,
            subject: field()?,
        })
    }
}
