//! Our pre-push hook: where git looks for it, what it reads, what it calls in turn, and other programs that write hooks.

pub(crate) mod chained;
pub(crate) mod configured;
pub(crate) mod directory;
pub(crate) mod gate;
pub(crate) mod husky;
pub(crate) mod lefthook;
pub(crate) mod lfs;
pub(crate) mod manager;
pub(crate) mod pre_commit;
pub(crate) mod script;

use std::path::Path;

use crate::git::Repository;

/// The path from the top of the work tree.
pub(crate) fn from_top<'p>(path: &'p Path, repository: &Repository) -> &'p Path {
    let inside = repository.work_tree().map(|top| path.strip_prefix(top));
    inside.and_then(Result::ok).unwrap_or(path)
}
