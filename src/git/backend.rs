//! The local questions that libgit2 and git itself can both answer.

use std::path::PathBuf;

use super::{Error, reflog::Moved};
use crate::push::{Oid, remotes::Entry};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Commit,
    Tag,
    Tree,
    Blob,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tag => "tag",
            Self::Tree => "tree",
            Self::Blob => "blob",
        }
    }

    pub(crate) fn parse(name: &[u8]) -> Option<Self> {
        [Self::Commit, Self::Tag, Self::Tree, Self::Blob]
            .into_iter()
            .find(|kind| kind.name().as_bytes() == name)
    }
}

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
    fn config(&self) -> Result<Vec<Entry>, Error>;
    /// What a ref leads to; `None` where it does not exist.
    fn reference(&mut self, name: &str) -> Result<Option<Oid>, Error>;
    fn symbolic(&mut self, name: &str) -> Result<Option<String>, Error>;
    /// The moves of a ref that exists, newest first.
    fn moves(&mut self, name: &str) -> Result<Vec<Moved>, Error>;
    /// The type and size of an object; `None` where it is not here.
    fn header(&mut self, id: &Oid) -> Result<Option<(Kind, usize)>, Error>;
    /// The bytes of an object that is here.
    fn read(&mut self, id: &Oid) -> Result<Vec<u8>, Error>;
}
