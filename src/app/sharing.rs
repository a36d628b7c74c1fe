//! What the team has not been told yet: a mark in `.git/pushgate/unshared`, until our notes were pushed; and
//! the start of the process that does it.

use std::{env, fs, io, path::PathBuf, process::Command};

use serde::{Deserialize, Serialize};

use crate::{
    file,
    gates::Stop,
    git::{Repository, notes::LIMIT},
    memory::record::{REF, Record},
    process::detached,
    push::{Oid, variables::DEPLOY},
};

/// Writes records into the notes, all in one commit, and remembers that they are to be shared.
pub(crate) fn write(
    repository: &Repository,
    records: &[Record],
    share: Option<&str>,
) -> Result<(), Stop> {
    if records.is_empty() {
        return Ok(());
    }
    let mark = || {
        let Some(remote) = share else {
            return Ok(());
        };
        let unshared = Unshared {
            remote: remote.to_owned(),
            tip: repository.reference(REF).ok().flatten(),
            why: None,
        };
        let marked = repository.change_unshared(remote, |_| Some(unshared));
        marked.map_err(|error| Stop::failed("remember what to share", &error))
    };
    // Before, for a process that is killed in between; after, for another one that has shared meanwhile.
    mark()?;
    repository.notes().add(records)?;
    mark()
}

/// Starts `pushgate follow-up`, where there is anything for it to do. Nothing depends on it: the next
/// command does the same.
pub(crate) fn start_follow_up(repository: &Repository) {
    let is_open = !repository.open_pushes().open().is_empty();
    if (is_open || !repository.unshared().is_empty())
        && let Ok(program) = env::current_exe()
    {
        let mut command = Command::new(program);
        command.arg("follow-up").env_remove(DEPLOY);
        let _ = detached::start(command);
    }
}

/// Notes up to a tip that are to be pushed to a remote.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Unshared {
    pub(super) remote: String,
    pub(super) tip: Option<Oid>,
    /// Why the last try failed.
    pub(crate) why: Option<String>,
}

impl Repository {
    fn unshared_path(&self) -> PathBuf {
        self.state_dir().join("unshared")
    }

    /// Changes what is remembered of one remote; policies of several branches may share by several.
    pub(super) fn change_unshared(
        &self,
        remote: &str,
        change: impl FnOnce(Option<Unshared>) -> Option<Unshared>,
    ) -> io::Result<()> {
        let path = self.unshared_path();
        // Without the lock a mark of two may be lost; without the marks nothing would be shared.
        let _lock = file::lock(&self.state_dir().join("unshared.lock"), LIMIT);
        let (own, mut all): (Vec<_>, Vec<_>) =
            (self.unshared().into_iter()).partition(|one| one.remote == remote);
        all.extend(change(own.into_iter().next()));
        if all.is_empty() {
            return fs::remove_file(path);
        }
        file::write_json(&path, &all)
    }

    /// What is to be pushed, to each remote.
    pub(crate) fn unshared(&self) -> Vec<Unshared> {
        file::read_json(&self.unshared_path()).unwrap_or_default()
    }

    /// What to say where the last try to share failed.
    pub(crate) fn unshared_remark(&self) -> Option<String> {
        let why = self.unshared().into_iter().find_map(|one| one.why)?;
        Some(format!(
            "the team does not know yet what happened here: {why}"
        ))
    }
}
