//! The suite: how it runs and ends, what it leaves behind, and what may stand in for a run.

mod ci;
mod endings;
mod gate;
mod nesting;
mod receipts;
mod shortage;
mod worktree;
