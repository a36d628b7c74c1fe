//! The team's records, as git notes (git-notes(1)): read, added to, signed, and shared.
//!
//! Lines are a set: two notes of one commit are merged by their union, as `cat_sort_uniq` does it,
//! and no line is ever removed.

mod read;
mod share;
mod signature;
mod write;

pub use read::Notes;
pub use share::LIMIT;
