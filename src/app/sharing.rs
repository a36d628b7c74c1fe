//! What the team has not been told yet: a mark in `.git/pushgate/unshared`, until our notes were pushed; and
//! the start of the process that does it.

use std::{env, fs, io, path::PathBuf, process::Command};

use crate::{
    file,
    gates::Undecided,
    git::Repository,
    memory::record::{REF, Record},
    process::detached,
    push::variables::DEPLOY,
};

/// Writes records into the notes, all in one commit, and remembers that they are to be shared.
pub(crate) fn write(
    repository: &Repository,
    records: &[Record],
    share: Option<&str>,
) -> Result<(), Undecided> {
    if records.is_empty() {
        return Ok(());
    }
    repository.notes().add(records)?;
    if let Some(remote) = share {
        let marked = repository.mark_unshared(remote);
        marked.map_err(|error| Undecided::failed("remember what to share", &error))?;
    }
    Ok(())
}

/// Starts `pushgate follow-up`, where there is anything for it to do. Nothing depends on it: the next
/// command does the same.
pub(crate) fn start_follow_up(repository: &Repository) {
    let is_open = !repository.open_pushes().open().is_empty();
    if (is_open || repository.unshared().is_some())
        && let Ok(program) = env::current_exe()
    {
        let mut command = Command::new(program);
        command.arg("follow-up").env_remove(DEPLOY);
        let _ = detached::start(command);
    }
}

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
    fn mark_unshared(&self, remote: &str) -> io::Result<()> {
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

    /// What to say where the last try to share failed.
    pub(crate) fn unshared_remark(&self) -> Option<String> {
        let why = self.unshared()?.why?;
        Some(format!(
            "the team does not know yet what happened here: {why}"
        ))
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
