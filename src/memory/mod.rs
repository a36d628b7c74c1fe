//! The records of what was decided, deployed and signed off, and what follows from them.

pub mod arrivals;
pub(crate) mod decision;
pub mod history;
pub mod ledger;
pub mod record;
