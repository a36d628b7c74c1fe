//! The world of a push that nobody makes: the remotes have answered already, the suite is taken to
//! pass, and nothing is written or asked of anybody.

use std::{sync::OnceLock, time::Duration};

use bstr::BStr;
use jiff::{Timestamp, tz::TimeZone};

use super::heard::Heard;
use crate::git::Real;
use crate::{
    gates::{
        Arrival, Checked, Memory, Object, Passed, Stage, Stop, SuiteRun, Tip, Turn, Work, World,
        verdict::{Commit, Count, Mismatch, Relation, Trouble, TrunkName},
    },
    memory::record::Record,
    policy::{Ci, detect::Detected},
    push::Oid,
};

/// The real world, but for what a push would do to it.
pub(crate) struct Dry<'w> {
    real: &'w Real,
    heard: &'w Heard,
    run: OnceLock<Run>,
}

/// A run of the suite that did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// How long it took last time.
    pub(crate) last: Option<Duration>,
}

impl<'w> Dry<'w> {
    /// A world in which the remotes have said this.
    pub(crate) fn new(real: &'w Real, heard: &'w Heard) -> Self {
        Self {
            real,
            heard,
            run: OnceLock::new(),
        }
    }

    /// The run of the suite that there would have been.
    pub(crate) fn would_run(&self) -> Option<Run> {
        self.run.get().copied()
    }
}

impl World for Dry<'_> {
    fn now(&self) -> Timestamp {
        self.real.now()
    }

    fn zone(&self) -> Result<TimeZone, Trouble> {
        self.real.zone()
    }

    fn object(&self, id: &Oid) -> Result<Object, Trouble> {
        self.real.object(id)
    }

    fn is_shallow(&self) -> bool {
        self.real.is_shallow()
    }

    fn local_branch(&self, name: &str) -> Result<Option<Oid>, Trouble> {
        self.real.local_branch(name)
    }

    fn is_checked_out(&self, branch: &str) -> Result<bool, Trouble> {
        self.real.is_checked_out(branch)
    }

    fn relation(&self, a: &Oid, b: &Oid, remote: &str) -> Result<Relation, Trouble> {
        self.real.relation(a, b, remote)
    }

    fn same_content(&self, a: &Oid, b: &Oid) -> Result<bool, Trouble> {
        self.real.same_content(a, b)
    }

    fn lost(&self, old: &Oid, new: &Oid, remote: &str) -> Result<(Count, Vec<Commit>), Trouble> {
        self.real.lost(old, new, remote)
    }

    fn trunk_tip(&self, trunk: &TrunkName, team: bool) -> Result<Tip, Trouble> {
        match self.heard.trunk(trunk) {
            Some(tip) => tip.clone(),
            None => self.real.trunk_tip(trunk, team),
        }
    }

    fn live(&self, remote: &BStr, branches: &[String]) -> Result<Vec<(String, Oid)>, Trouble> {
        match self.heard.live(remote, branches) {
            Some(tips) => tips.clone(),
            None => self.real.live(remote, branches),
        }
    }

    fn checkout(&self, commit: &Oid) -> Result<Option<Mismatch>, Trouble> {
        self.real.checkout(commit)
    }

    fn detect(&self, commit: &Oid) -> Result<Detected, Trouble> {
        self.real.detect(commit)
    }

    fn receipt(&self, work: &Work<'_>) -> Result<Option<Passed>, Trouble> {
        self.real.receipt(work)
    }

    fn turn(&self) -> Result<Turn, Stop> {
        Ok(Turn::new(false, ()))
    }

    fn run(&self, work: &Work<'_>) -> Result<SuiteRun, Trouble> {
        let last = self.real.last_took(work)?;
        Ok(SuiteRun::Passed {
            took: (self.run.get_or_init(|| Run { last }).last).unwrap_or_default(),
            warning: None,
        })
    }

    fn checks(&self, _: &Work<'_>, _: &Ci) -> Result<Checked, Stop> {
        self.run.get_or_init(|| Run { last: None });
        Ok(Checked {
            of: String::new(),
            passed: 0,
            took: Duration::ZERO,
            waited: false,
        })
    }

    fn leave_receipt(&self, _: &Work<'_>, _: Duration) -> Result<(), Trouble> {
        Ok(())
    }

    fn is_connected(&self) -> bool {
        true
    }
}

impl Memory for Dry<'_> {
    fn records(&self, commit: &Oid) -> Result<Vec<Record>, Trouble> {
        self.real.records(commit)
    }

    fn arrivals(&self, stage: &Stage) -> Result<Vec<Arrival>, Trouble> {
        self.real.arrivals(stage)
    }

    fn was_live(&self, stage: &Stage, commit: &Oid) -> Result<bool, Trouble> {
        self.real.was_live(stage, commit)
    }

    fn person(&self) -> String {
        self.real.person()
    }

    fn author(&self, commit: &Oid) -> Result<String, Trouble> {
        self.real.author(commit)
    }

    fn is_verified(&self, record: &Record) -> Result<bool, Trouble> {
        self.real.is_verified(record)
    }

    fn confirm(&self, _: &str) -> Result<bool, Trouble> {
        Ok(false)
    }

    fn sign_off(&self, stage: &Stage, commit: &Oid) -> Result<(), Trouble> {
        // Nobody was asked, so nobody can have said yes.
        Err(Trouble::Io {
            what: format!("sign {} off on {}", commit.short(), stage.environment),
            words: vec!["nobody pushes".to_owned()],
        })
    }
}
