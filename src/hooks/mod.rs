//! Our pre-push hook: where git looks for it, what it reads, what it calls in turn, and other programs that write hooks.

pub(crate) mod chained;
pub(crate) mod configured;
pub(crate) mod directory;
pub(crate) mod gate;
pub(crate) mod husky;
pub(crate) mod input;
pub(crate) mod lefthook;
pub(crate) mod lfs;
pub(crate) mod manager;
pub(crate) mod pre_commit;
pub(crate) mod script;

use std::path::Path;

use crate::git::Repository;

/// A line for the user about what install or uninstall did.
pub(crate) enum Note {
    Line(String),
    Warning(String),
    Hint(String),
    /// Lines to be copied, which go to standard output.
    Lines(String),
}

/// What an install or uninstall did, and its exit code: 0 where that was all of it.
pub(crate) struct Outcome {
    pub(crate) notes: Vec<Note>,
    pub(crate) code: u8,
}

/// A branch that was cut before the team's file called the gate has none.
const EVERY_BRANCH: &str = "a branch without it has no gate: bring it to all of them, \
     or, with git 2.54 or newer, pushgate install --config";

/// The path from the top of the work tree.
fn from_top<'p>(path: &'p Path, repository: &Repository) -> &'p Path {
    let inside = repository.work_tree().map(|top| path.strip_prefix(top));
    inside.and_then(Result::ok).unwrap_or(path)
}
