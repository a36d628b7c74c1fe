//! A push that is not made: nothing is run, asked of a person or written, and the suite is taken to
//! pass.

use std::{sync::OnceLock, time::Duration};

use crate::git::Repository;
use crate::{
    gates::{EnvironmentRemotes, Remotes, Runner, Stop, SuiteLock, SuiteRun, Work, World},
    push::Oid,
};

/// Answers what the gates ask, without running or changing anything.
pub(crate) struct Preview<'w> {
    repository: &'w Repository,
    remotes: &'w dyn Remotes,
    run: OnceLock<Run>,
}

/// A run of the suite that the push would start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// How long it took last time.
    pub(crate) last: Option<Duration>,
}

impl<'w> Preview<'w> {
    /// `remotes`: the repository's, or what they have answered already.
    pub(crate) fn new(repository: &'w Repository, remotes: &'w dyn Remotes) -> Self {
        Self {
            repository,
            remotes,
            run: OnceLock::new(),
        }
    }

    pub(crate) fn world(&self) -> World<'_> {
        World {
            remotes: self.remotes,
            ..self.repository.world(self)
        }
    }

    /// The run of the suite that the push would start; `None` where it would not.
    pub(crate) fn would_run(&self) -> Option<Run> {
        self.run.get().copied()
    }
}

impl Runner for Preview<'_> {
    fn lock_suite(&self) -> Result<SuiteLock, Stop> {
        Ok(SuiteLock::new(false, ()))
    }

    fn run(&self, work: &Work<'_>) -> Result<SuiteRun, Stop> {
        let last = match work.suite.ci {
            Some(_) => None,
            None => self.repository.last_took(work)?,
        };
        Ok(SuiteRun {
            took: (self.run.get_or_init(|| Run { last }).last).unwrap_or_default(),
            ..SuiteRun::default()
        })
    }

    fn leave_receipt(&self, _: &Work<'_>, _: Duration) -> Result<(), Stop> {
        Ok(())
    }

    fn is_connected(&self) -> bool {
        true
    }

    fn confirm(&self, _: &str) -> Result<bool, Stop> {
        Ok(false)
    }

    fn sign_off(&self, _: &EnvironmentRemotes, _: &Oid) -> Result<(), Stop> {
        // Never called: it follows a `true` of `confirm`.
        Ok(())
    }
}
