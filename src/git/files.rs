//! The files of a commit, without a checkout.

use std::{
    io::{self, Read},
    path::Path,
};

use bstr::BString;

use super::{
    Repository,
    backend::Kind,
    objects::{TreeEntry, commit_headers, tree_entry},
};
use crate::{cure::command, file, gates::Stop, policy::detect::Look, push::Oid};

/// What is at a path of a commit.
pub(crate) enum File {
    Text(Vec<u8>),
    /// A file of this many bytes, which is not read.
    TooLarge(usize),
    /// Something else, named in words.
    Other(&'static str),
}

impl Repository {
    pub(crate) fn read(&self, id: &Oid) -> Result<Vec<u8>, Stop> {
        let bytes = self.backend().read(id)?;
        bytes.ok_or_else(|| self.absent(id))
    }

    /// The error for an object that is not here: a partial clone may never have fetched it.
    fn absent(&self, id: &Oid) -> Stop {
        if !self.is_partial() {
            return damaged(id);
        }
        Stop::undecided(format!(
            "this partial clone lacks {}, a part of what is pushed",
            id.short()
        ))
        .cure(
            "fetch it, then try again",
            [command(["git", "cat-file", "-e", id.as_str()])],
        )
    }

    fn is_partial(&self) -> bool {
        let is_promisor =
            |key: &BString| key.starts_with(b"remote.") && key.ends_with(b".promisor");
        self.config.iter().any(|(key, _)| is_promisor(key))
    }

    /// Whether this is a partial clone without the files of a commit.
    pub(crate) fn lacks_tree(&self, commit: &Oid) -> Result<bool, Stop> {
        let tree = self.tree(commit)?;
        Ok(self.is_partial() && self.backend().header(&tree)?.is_none())
    }

    pub(crate) fn tree(&self, commit: &Oid) -> Result<Oid, Stop> {
        let bytes = self.read(commit)?;
        commit_headers(&bytes)
            .map(|(tree, _)| tree)
            .ok_or_else(|| damaged(commit))
    }

    pub(crate) fn entry(&self, commit: &Oid, path: &str) -> Result<Option<TreeEntry>, Stop> {
        let mut entry = TreeEntry {
            mode: TreeEntry::DIRECTORY,
            id: self.tree(commit)?,
        };
        for name in path.split('/') {
            if entry.mode != TreeEntry::DIRECTORY {
                return Ok(None);
            }
            let bytes = self.read(&entry.id)?;
            match tree_entry(&bytes, name.as_bytes(), commit.as_str().len()) {
                Some(found) => entry = found,
                None => return Ok(None),
            }
        }
        Ok(Some(entry))
    }

    /// Reads the file at a path of a commit, if it has no more bytes than `limit`.
    pub(crate) fn file(
        &self,
        commit: &Oid,
        path: &str,
        limit: usize,
    ) -> Result<Option<File>, Stop> {
        let Some(entry) = self.entry(commit, path)? else {
            return Ok(None);
        };
        let header = self.backend().header(&entry.id)?;
        Ok(Some(match (entry.mode, header) {
            (TreeEntry::DIRECTORY, _) => File::Other("a directory"),
            (TreeEntry::LINK, _) => File::Other("a link"),
            (TreeEntry::MODULE, _) => File::Other("a submodule"),
            (_, Some((Kind::Blob, size))) if size > limit => File::TooLarge(size),
            (_, Some((Kind::Blob, _)) | None) => File::Text(self.read(&entry.id)?),
            (_, Some(_)) => return Err(damaged(&entry.id)),
        }))
    }
}

/// Reads a file up to one byte more than the limit.
pub(crate) fn read_some(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    let most = u64::try_from(limit + 1).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    file::open_followed(path)?
        .take(most)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub(super) fn damaged(id: &Oid) -> Stop {
    let what = format!("read {}", id.short());
    Stop::failed(what, &"the object is damaged or missing")
}

/// The files of a commit, for finding its suite.
pub(super) struct Files<'r> {
    pub(super) repository: &'r Repository,
    pub(super) commit: &'r Oid,
}

impl Files<'_> {
    fn entry(&self, path: &str) -> Option<TreeEntry> {
        self.repository.entry(self.commit, path).ok().flatten()
    }
}

impl Look for Files<'_> {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        let entry = self.entry(path).filter(TreeEntry::is_file)?;
        self.repository.read(&entry.id).ok()
    }

    fn is_executable(&self, path: &str) -> bool {
        let entry = self.entry(path);
        entry.is_some_and(|entry| entry.mode == TreeEntry::EXECUTABLE)
    }

    fn is_dir(&self, path: &str) -> bool {
        let entry = self.entry(path);
        entry.is_some_and(|entry| entry.mode == TreeEntry::DIRECTORY)
    }
}
