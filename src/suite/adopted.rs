//! Processes that left the suite's group: a child that called setsid(2) escapes a signal to it.
//!
//! Linux hands the orphans of a subreaper's descendants to the subreaper (`PR_SET_CHILD_SUBREAPER`,
//! prctl(2)), so what the suite leaves behind becomes ours to see. Elsewhere nothing is seen.

use std::{
    collections::BTreeSet,
    fs,
    sync::{Mutex, PoisonError},
};

use nix::{
    sys::{
        signal::{Signal, kill},
        wait::{WaitPidFlag, waitpid},
    },
    unistd::Pid,
};

/// The processes that we started ourselves and wait for.
static OWN: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// A process that we started; dropped, we no longer wait for it.
pub(super) struct Own(i32);

impl Own {
    pub(super) fn new(process: Pid) -> Self {
        OWN.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(process.as_raw());
        Self(process.as_raw())
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        OWN.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.0);
    }
}

/// Has the orphans of the suite handed to us.
pub(super) fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_child_subreaper(true);
}

/// Ends what was handed to us, and all that it started; whether there was anything.
pub(super) fn end_orphans(signal: Signal) -> bool {
    let own = OWN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut found = false;
    let mut left: Vec<i32> = children("self")
        .into_iter()
        .filter(|child| !own.contains(child))
        .collect();
    for process in &left {
        // Nobody else asks how they ended, and until somebody does their group counts as there.
        let _ = waitpid(Pid::from_raw(*process), Some(WaitPidFlag::WNOHANG));
    }
    while let Some(process) = left.pop() {
        left.extend(children(&process.to_string()));
        if is_alive(process) {
            found = true;
            let _ = kill(Pid::from_raw(process), signal);
        }
    }
    found
}

/// The children of a process, each of whose threads has its own (proc(5)).
fn children(process: &str) -> Vec<i32> {
    let threads = fs::read_dir(format!("/proc/{process}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let lists =
        threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Whether it is more than a name that nobody has asked about.
fn is_alive(process: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_some_and(|(_, rest)| !rest.starts_with('Z'))
}
