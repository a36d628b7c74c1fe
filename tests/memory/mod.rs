//! What a team remembers in git notes.

mod deployments;
mod notes;
mod sharing;
