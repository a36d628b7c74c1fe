//! How a person in the current directory names a path.

use std::{
    env,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use bstr::ByteSlice;

use crate::text::printable;

/// The current directory.
pub(crate) struct Place(Option<PathBuf>);

impl Place {
    pub(crate) fn here() -> Self {
        Self(env::current_dir().ok())
    }

    /// The path from here, where it is below; else the whole of it.
    pub(crate) fn name(&self, path: &Path) -> String {
        let below = self
            .0
            .as_deref()
            .and_then(|here| path.strip_prefix(here).ok());
        let below = below.filter(|below| !below.as_os_str().is_empty());
        printable(below.unwrap_or(path).as_os_str().as_bytes().as_bstr())
    }
}
