//! The process that looks, after `git push` has ended, whether the push arrived, and shares what the team
//! is to know. The hook starts it and does not wait for it.

use std::{
    env, fs,
    fs::{File, OpenOptions, TryLockError},
    io,
    path::PathBuf,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use super::settle::{Ask, settle};
use crate::{
    file,
    git::{Repository, notes::LIMIT},
    process::detached,
};

/// How long it lives; later commands do what is left.
const LONGEST: Duration = Duration::from_mins(30);
/// How often it looks whether git has ended.
const TICK: Duration = Duration::from_millis(50);

/// Starts the process, where there is anything for it to do. Nothing depends on it: the next command does
/// the same.
pub(crate) fn start(repository: &Repository) {
    let open = repository.open_pushes().all();
    if open.iter().all(|(_, push)| push.unknown) && repository.unshared().is_none() {
        return;
    }
    if let Ok(program) = env::current_exe() {
        let mut command = Command::new(program);
        command.arg("follow-up");
        let _ = detached::start(command);
    }
}

/// What the process does. It never prints; what fails here is tried again by the next command.
pub(crate) fn run(repository: &Repository) {
    let deadline = Instant::now() + LONGEST;
    let Some(_lock) = lock(repository, deadline) else {
        return;
    };
    let mut asked = 0;
    let mut tried = None;
    while Instant::now() < deadline {
        let left = settle(repository, Ask::RemotesNow);
        if let Some(unshared) = repository.unshared()
            && tried.as_ref() != Some(&unshared.tip)
        {
            share(repository, &unshared);
            tried = Some(unshared.tip);
        }
        match left {
            // What is open though its git has ended waits for a remote that does not answer.
            Ok(0) | Err(_) => return,
            Ok(_) if !repository.has_running_push() => {
                asked += 1;
                if asked > 1 {
                    return;
                }
            }
            Ok(_) => {}
        }
        thread::sleep(TICK);
    }
}

/// One such process at a time: the others wait, for what it has not seen any more.
fn lock(repository: &Repository, deadline: Instant) -> Option<File> {
    let path = repository.state_dir().join("follow-up.lock");
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .ok()?;
    loop {
        match file.try_lock() {
            Ok(()) => return Some(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(TICK),
            Err(_) => return None,
        }
    }
}

fn share(repository: &Repository, unshared: &Unshared) {
    match repository.notes().push(&unshared.remote, LIMIT) {
        Ok(()) => repository.clear_unshared(unshared),
        Err(error) => {
            let why = error.in_one_line();
            let failed = Unshared {
                why: Some(why),
                ..unshared.clone()
            };
            let _ = repository.write_unshared(&failed);
        }
    }
}

/// What the team has not been told yet: notes up to a tip, to be pushed to a remote.
#[derive(Clone, Debug)]
pub(crate) struct Unshared {
    remote: String,
    tip: String,
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

    fn write_unshared(&self, unshared: &Unshared) -> io::Result<()> {
        let Unshared { remote, tip, why } = unshared;
        let text = format!("{tip}\n{remote}\n{}\n", why.as_deref().unwrap_or_default());
        file::replace(&self.unshared_path(), ".unshared-", text.as_bytes(), 0o644)
    }

    pub(crate) fn unshared(&self) -> Option<Unshared> {
        let text = fs::read_to_string(self.unshared_path()).ok()?;
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
        let tip = self.reference(crate::memory::record::REF).ok().flatten();
        tip.map_or("-".to_owned(), |tip| tip.to_string())
    }

    fn has_running_push(&self) -> bool {
        let open = self.open_pushes().all().into_iter();
        let mut gits = open.filter_map(|(_, push)| push.git);
        gits.any(detached::is_running)
    }
}
