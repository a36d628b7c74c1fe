//! The local questions that libgit2 and git itself can both answer.

use std::path::PathBuf;

pub(super) use git2::ObjectType as Kind;

use super::reflog::Moved;

use crate::{
    gates::Stop,
    push::{Oid, remotes::Entry},
};

/// Where a repository is, and what it is.
pub(super) struct Layout {
    pub(super) common_dir: PathBuf,
    /// The top of the work tree; `None` in a bare repository.
    pub(super) work_tree: Option<PathBuf>,
    pub(super) is_shallow: bool,
}

/// The questions that both ways of reading a repository answer, with the same answers.
pub(crate) trait Backend: Send {
    /// The configuration, every scope, in git's order.
    fn config(&self) -> Result<Vec<Entry>, Stop>;
    /// What a ref leads to; `None` where it does not exist.
    fn reference(&mut self, name: &str) -> Result<Option<Oid>, Stop>;
    fn symbolic(&mut self, name: &str) -> Result<Option<String>, Stop>;
    /// The moves of a ref that exists, newest first.
    fn moves(&mut self, name: &str) -> Result<Vec<Moved>, Stop>;
    /// The type and size of an object; `None` where it is not here.
    fn header(&mut self, id: &Oid) -> Result<Option<(Kind, usize)>, Stop>;
    /// The bytes of an object; `None` where it is not here.
    fn read(&mut self, id: &Oid) -> Result<Option<Vec<u8>>, Stop>;
}
