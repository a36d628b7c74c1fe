//! The process that looks, after `git push` has ended, whether the push arrived, and shares what the team
//! is to know. The hook starts it and does not wait for it.

use std::{
    env,
    fs::{File, OpenOptions, TryLockError},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use super::{
    settle::{Ask, settle},
    unjudged,
    unshared::Unshared,
};
use crate::{
    file,
    gates::Undecided,
    git::{Repository, notes::LIMIT},
    policy::Policy,
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

/// Settles all that is open, and records what git alone knows.
pub(crate) fn catch_up(repository: &Repository, policy: &Policy) -> Result<(), Undecided> {
    settle(repository, Ask::Remotes)?;
    unjudged::record_all(repository, policy)?;
    start(repository);
    Ok(())
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
    let file = file::open_or_create(&path, OpenOptions::new().append(true)).ok()?;
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

impl Repository {
    fn has_running_push(&self) -> bool {
        let open = self.open_pushes().all().into_iter();
        let mut gits = open.filter_map(|(_, push)| push.git);
        gits.any(detached::is_running)
    }
}
