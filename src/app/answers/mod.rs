//! The answers to what the gates ask.

mod memory;
mod runner;

use jiff::{Timestamp, tz::TimeZone};

pub(crate) use self::runner::PushRunner;
use crate::{
    gates::{Clock, Runner, Stop, World},
    git::Repository,
};

/// The clock and the time zone of this machine.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn zone(&self) -> Result<TimeZone, Stop> {
        // `TimeZone::system` would silently be UTC where TZ names no zone.
        TimeZone::try_system().map_err(|error| {
            Stop::undecided("the time zone of this machine cannot be told")
                .detail(error.to_string())
        })
    }
}

impl Repository {
    /// Everything that the gates can ask, answered by this repository and a runner.
    pub(crate) fn world<'w>(&'w self, runner: &'w dyn Runner) -> World<'w> {
        World {
            clock: &SystemClock,
            repository: self,
            memory: self,
            remotes: self,
            runner,
        }
    }
}
