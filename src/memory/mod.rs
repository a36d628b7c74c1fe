//! The records of what was decided, deployed and signed off, and what follows from them.

pub(crate) mod decision;
pub mod deployments;
pub mod history;
pub mod ledger;
pub mod lock;
pub mod open_push;
pub mod permit;
pub mod record;
