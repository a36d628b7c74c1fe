//! The answers to what the gates ask.

mod clock;
mod memory;
mod runner;

pub(crate) use self::{clock::SystemClock, runner::PushRunner};
use crate::{
    gates::{Runner, World},
    git::Repository,
};

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
