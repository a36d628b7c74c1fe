//! Decides about pushes, and answers what the gates ask.

pub(crate) mod answers;
pub(crate) mod decide;
pub(crate) mod follow_up;
mod judged_since;
pub(crate) mod local;
pub(crate) mod message;
pub mod overrides;
pub(crate) mod policies;
pub(crate) mod preview;
pub(crate) mod settle;
pub(crate) mod sharing;
pub(crate) mod sightings;
mod tracked;
pub(crate) mod unjudged;
