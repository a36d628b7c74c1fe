//! Local questions about the repository: git2 where it can open it, the user's git where it cannot.

use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice};

use super::{children::Git, libgit2::Libgit2, program::Program};
use crate::{push::Oid, remotes::Entry, verdict::Trouble};

/// The types of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Commit,
    Tag,
    Tree,
    Blob,
}

impl Kind {
    /// git's word for it.
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

/// What both ways of reading a repository answer, and answer alike.
pub(crate) trait Backend: Send {
    /// The directory that all worktrees share.
    fn common_dir(&self) -> &Path;
    /// The top of the work tree; `None` in a bare repository.
    fn work_tree(&self) -> Option<&Path>;
    /// Whether the history was cut off.
    fn is_shallow(&self) -> bool;
    /// The configuration, every scope, in git's order.
    fn config(&self) -> Result<Vec<Entry>, Trouble>;
    /// What a ref leads to; `None` where it does not exist.
    fn reference(&mut self, name: &str) -> Result<Option<Oid>, Trouble>;
    /// The ref that a symbolic ref names.
    fn symbolic(&mut self, name: &str) -> Result<Option<String>, Trouble>;
    /// The type and size of an object; `None` where it is not here.
    fn header(&mut self, id: &Oid) -> Result<Option<(Kind, usize)>, Trouble>;
    /// The bytes of an object that is here.
    fn read(&mut self, id: &Oid) -> Result<Vec<u8>, Trouble>;
    /// The files that git was told not to look at and that exist here.
    fn hidden(&mut self) -> Result<Vec<BString>, Trouble>;
}

/// Opens the repository that git pushes from.
///
/// git2 does not see what `git -c` says, and it cannot open what git 3 makes by default (SHA-256,
/// reftable): there the same questions go to git.
pub(crate) fn open(git: &Git) -> Result<Box<dyn Backend>, Trouble> {
    const ONLY_GIT: [&str; 2] = ["GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT"];
    let by_git = ONLY_GIT.iter().any(|name| std::env::var_os(name).is_some());
    if !by_git && let Some(repository) = Libgit2::open(git) {
        return Ok(Box::new(repository));
    }
    Ok(Box::new(Program::open(git)?))
}

/// A file of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TreeEntry {
    /// git's file mode.
    pub(crate) mode: u32,
    /// The object.
    pub(crate) id: Oid,
}

impl TreeEntry {
    pub(crate) const DIRECTORY: u32 = 0o040_000;
    pub(crate) const LINK: u32 = 0o120_000;
    pub(crate) const MODULE: u32 = 0o160_000;
    pub(crate) const EXECUTABLE: u32 = 0o100_755;
}

/// The tree and the parents that a commit names (gitformat-commit: `tree ID`, `parent ID`...).
pub(crate) fn commit_headers(bytes: &[u8]) -> Option<(Oid, Vec<Oid>)> {
    let mut lines = bytes.split(|b| *b == b'\n');
    let tree = Oid::parse(lines.next()?.strip_prefix(b"tree ")?)?;
    let parents = lines.map_while(|line| Oid::parse(line.strip_prefix(b"parent ")?));
    Some((tree, parents.collect()))
}

/// The entry of this name in a tree (`MODE SP NAME NUL RAW-ID`, repeated).
pub(crate) fn tree_entry(bytes: &[u8], name: &[u8], id_width: usize) -> Option<TreeEntry> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let (mode, after) = rest.split_at_checked(rest.find_byte(b' ')?)?;
        let after = &after[1..];
        let (found, after) = after.split_at_checked(after.find_byte(0)?)?;
        let (raw, after) = after[1..].split_at_checked(id_width / 2)?;
        if found == name {
            let digit = |half: u8| char::from_digit(u32::from(half), 16);
            let digits = raw
                .iter()
                .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
            let hexadecimal: String = digits.flatten().collect();
            return Some(TreeEntry {
                mode: u32::from_str_radix(mode.to_str().ok()?, 8).ok()?,
                id: Oid::parse(hexadecimal.as_bytes())?,
            });
        }
        rest = after;
    }
    None
}

/// The work tree's own path of a file, where something is there.
pub(crate) fn exists(top: &Path, file: &[u8]) -> bool {
    let path: PathBuf = top.join(file.to_path_lossy());
    path.symlink_metadata().is_ok()
}
