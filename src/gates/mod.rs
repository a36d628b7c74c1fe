//! The gates: which pushes they govern, what they ask, and what they answer.
//!
//! [`route`] sorts the refs of a push by what they go to, [`evaluate`] asks the gates in their
//! [`ORDER`], and a [`Verdict`](verdict::Verdict) is what comes out. What they need to know they ask
//! of the [`World`], whose traits the parts above implement.

pub mod contents;
mod environment_remotes;
mod evaluation;
pub mod facts;
mod gate;
mod governed_push;
pub(crate) mod lock;
pub(crate) mod promotion;
pub(crate) mod receipt;
pub(crate) mod remote_tips;
mod rollback;
pub mod route;
mod sign_offs;
mod stop;
pub(crate) mod suite;
mod target;
mod trunk;
pub mod verdict;
pub(crate) mod window;
mod world;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by it")]
pub(crate) mod tests;

pub use environment_remotes::{EnvironmentRemote, EnvironmentRemotes, remotes_of};
pub use evaluation::evaluate;
pub use gate::{ORDER, TOGETHER};
pub use governed_push::GovernedPush;
pub use route::Target;
pub use stop::{Interruption, Needs, Stop};
pub(crate) use world::Tips;
pub use world::{
    Clock, LocalRepository, Memory, Object, Passed, Remotes, Runner, SuiteLock, SuiteRun, Tip,
    Work, World,
};
