//! The gates: their order, and the few questions they ask of the world.

mod hearing;
pub(crate) mod live;
pub mod memory;
pub mod promotion;
mod rollback;
pub mod route;
pub mod suite;
pub mod target;
pub mod trunk;
pub mod verdict;
pub mod window;
mod world;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by it")]
pub(crate) mod tests;

pub use hearing::judge;
pub use route::{Case, Place, Stage};
pub use world::{
    Arrival, Checked, Clock, Memory, Object, Passed, Remotes, Repository, Runner, SuiteRun, Tip,
    Turn, Work, World,
};

use crate::gates::verdict::{Gate, Refusal, Trouble};

/// The order of the gates: what costs memory, then the clock, the network, and minutes.
///
/// Each is asked only when the one before it passed, so a cheap refusal asks nothing dear.
pub const ORDER: [Gate; 5] = [
    Gate::Target,
    Gate::Window,
    Gate::Trunk,
    Gate::Promotion,
    Gate::Suite,
];

/// What is asked again after a suite that ran: the world moved meanwhile.
pub const AGAIN: [Gate; 3] = [Gate::Window, Gate::Trunk, Gate::Promotion];

/// Why a gate does not let pass.
#[derive(Clone, Debug)]
pub enum Stop {
    /// It refuses.
    Refused(Box<Refusal>),
    /// It cannot tell.
    Undecided(Box<Trouble>),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Undecided(Box::new(trouble))
    }
}

impl From<Box<Trouble>> for Stop {
    fn from(trouble: Box<Trouble>) -> Self {
        Self::Undecided(trouble)
    }
}

/// Why a gate lets pass, in a few words.
pub(crate) type Answer = Result<String, Stop>;
