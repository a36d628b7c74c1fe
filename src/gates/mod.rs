//! The gates: their order, and the few questions they ask of the world.

mod explanation;
pub mod facts;
mod gate;
mod hearing;
pub(crate) mod live;
pub mod memory;
pub mod promotion;
pub mod refusal;
mod rollback;
pub mod route;
pub mod suite;
pub mod target;
mod trouble;
pub mod trunk;
mod undecided;
pub mod verdict;
pub mod window;
mod world;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by it")]
pub(crate) mod tests;

pub use explanation::Explanation;
pub use gate::{AGAIN, ORDER};
pub use hearing::judge;
pub use route::{Case, Place, Stage};
pub use world::{
    Arrival, Checked, Clock, Memory, Object, Passed, Remotes, Repository, Runner, SuiteRun, Tip,
    Turn, Work, World,
};

pub use undecided::{Stopped, Undecided};
pub(crate) use verdict::GateResult;
pub use verdict::Stop;
