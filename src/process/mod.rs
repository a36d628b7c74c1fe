//! Starting programs, watching them, and ending them with all that they started.

pub(crate) mod child;
pub(crate) mod detached;
pub(crate) mod foreground;
mod output;
mod proc;
pub(crate) mod program;
pub(crate) mod shell;
pub(crate) mod signals;
pub(crate) mod terminal;
pub(crate) mod tree;
pub(crate) mod waits;
pub(crate) mod watchdog;

use std::{
    env,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The system's own shell (POSIX, sh): one that PATH finds may be the work tree's.
pub(crate) const SH: &str = "/bin/sh";

/// Finds a program by the absolute entries of PATH: the others lead into the work tree.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let absolute = env::split_paths(&path).filter(|entry| entry.is_absolute());
    let path = env::join_paths(absolute).ok()?;
    which::which_in(program, Some(path), "/").ok()
}

/// Locks also where a thread that held the lock has panicked.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The value of an environment variable, if it is set and not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    let value = env::var_os(name)?.to_string_lossy().into_owned();
    (!value.is_empty()).then_some(value)
}
