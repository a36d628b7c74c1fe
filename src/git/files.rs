//! The files of a commit, without a checkout.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use bstr::BString;

use super::{
    Real, damaged,
    repository::{Kind, TreeEntry, commit_headers, tree_entry},
};
use crate::{git::Error, policy::detect::Look, push::Oid};

/// What is at a path of a commit.
pub(crate) enum File {
    /// A file, and what it says.
    Text(Vec<u8>),
    /// A file of so many bytes, which nobody reads.
    TooLarge(usize),
    /// No file, but what these words say.
    Other(&'static str),
}

impl Real {
    pub(crate) fn read(&self, id: &Oid) -> Result<Vec<u8>, Error> {
        let mut backend = self.backend();
        let read = backend.read(id);
        read.map_err(|error| match backend.header(id) {
            Ok(None) => self.absent(id),
            _ => error,
        })
    }

    /// Why an object is not here: a partial clone may never have fetched it.
    pub(crate) fn absent(&self, id: &Oid) -> Error {
        let is_promisor =
            |key: &BString| key.starts_with(b"remote.") && key.ends_with(b".promisor");
        if self.config.iter().any(|(key, _)| is_promisor(key)) {
            return Error::Lacking { id: id.clone() };
        }
        damaged(id)
    }

    /// A commit's tree.
    pub(crate) fn tree(&self, commit: &Oid) -> Result<Oid, Error> {
        let bytes = self.read(commit)?;
        commit_headers(&bytes)
            .map(|(tree, _)| tree)
            .ok_or_else(|| damaged(commit))
    }

    /// The file, or what else, at a path of a commit.
    pub(crate) fn entry(&self, commit: &Oid, path: &str) -> Result<Option<TreeEntry>, Error> {
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

    /// What is at a path of a commit, if anything is; a file with more bytes than `limit` is not read.
    pub(crate) fn file(
        &self,
        commit: &Oid,
        path: &str,
        limit: usize,
    ) -> Result<Option<File>, Error> {
        let Some(entry) = self.entry(commit, path)? else {
            return Ok(None);
        };
        let what = match entry.mode {
            TreeEntry::DIRECTORY => Some("a directory"),
            TreeEntry::LINK => Some("a link"),
            TreeEntry::MODULE => Some("a submodule"),
            _ => None,
        };
        if let Some(what) = what {
            return Ok(Some(File::Other(what)));
        }
        let mut backend = self.backend();
        match backend.header(&entry.id)? {
            Some((Kind::Blob, size)) if size > limit => Ok(Some(File::TooLarge(size))),
            Some((Kind::Blob, _)) => Ok(Some(File::Text(backend.read(&entry.id)?))),
            Some(_) => Err(damaged(&entry.id)),
            None => Err(self.absent(&entry.id)),
        }
    }
}

/// So much of a file that it can be seen whether it is more than the limit.
pub(crate) fn read_some(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    let most = u64::try_from(limit + 1).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The files of a commit, for finding its suite.
pub(crate) struct Files<'w> {
    pub(crate) world: &'w Real,
    pub(crate) commit: &'w Oid,
}

impl Files<'_> {
    pub(crate) fn entry(&self, path: &str) -> Option<TreeEntry> {
        self.world.entry(self.commit, path).ok().flatten()
    }
}

impl Look for Files<'_> {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        let entry = self
            .entry(path)
            .filter(|entry| entry.mode & 0o170_000 == 0o100_000)?;
        self.world.backend().read(&entry.id).ok()
    }

    fn is_executable(&self, path: &str) -> bool {
        self.entry(path)
            .is_some_and(|entry| entry.mode == TreeEntry::EXECUTABLE)
    }

    fn is_dir(&self, path: &str) -> bool {
        self.entry(path)
            .is_some_and(|entry| entry.mode == TreeEntry::DIRECTORY)
    }
}
