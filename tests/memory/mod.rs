//! What a team remembers in git notes.

mod notes;
mod sharing;
