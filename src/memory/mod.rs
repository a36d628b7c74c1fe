//! The records of what was decided, deployed and signed off, and what follows from them.

pub mod history;
pub mod ledger;
pub mod record;
