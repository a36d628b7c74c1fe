//! What the team has not been told yet: a mark in `.git/pushgate/unshared`, until our notes were pushed.

use std::{fs, io, path::PathBuf};

use crate::{file, git::Repository, memory::record::REF};

/// Notes up to a tip that are to be pushed to a remote.
#[derive(Clone, Debug)]
pub(crate) struct Unshared {
    pub(super) remote: String,
    pub(super) tip: String,
    /// Why the last try failed.
    pub(crate) why: Option<String>,
}

impl Repository {
    fn unshared_path(&self) -> PathBuf {
        self.state_dir().join("unshared")
    }

    /// Remembers that our notes are to be pushed to a remote.
    pub(super) fn mark_unshared(&self, remote: &str) -> io::Result<()> {
        self.write_unshared(&Unshared {
            remote: remote.to_owned(),
            tip: self.notes_tip(),
            why: None,
        })
    }

    pub(super) fn write_unshared(&self, unshared: &Unshared) -> io::Result<()> {
        let Unshared { remote, tip, why } = unshared;
        let text = format!("{tip}\n{remote}\n{}\n", why.as_deref().unwrap_or_default());
        let path = self.unshared_path();
        file::replace(
            &path,
            ".unshared-",
            text.as_bytes(),
            file::state_mode(&path)?,
        )
    }

    pub(crate) fn unshared(&self) -> Option<Unshared> {
        let text = String::from_utf8(file::read(&self.unshared_path()).ok()?).ok()?;
        let mut lines = text.lines().map(str::to_owned);
        Some(Unshared {
            tip: lines.next()?,
            remote: lines.next()?,
            why: lines.next().filter(|why| !why.is_empty()),
        })
    }

    /// Forgets it, unless there is more to share by now.
    pub(crate) fn clear_unshared(&self, shared: &Unshared) {
        if self.unshared().is_some_and(|now| now.tip == shared.tip) {
            let _ = fs::remove_file(self.unshared_path());
        }
    }

    fn notes_tip(&self) -> String {
        let tip = self.reference(REF).ok().flatten();
        tip.map_or("-".to_owned(), |tip| tip.to_string())
    }
}
