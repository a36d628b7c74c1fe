//! What ends a push from outside: Ctrl-C, another signal, the end of `git push` or of its connection.

use std::{
    os::unix::process::parent_id,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use signal_hook::{
    consts::{FORBIDDEN, SIGHUP, SIGINT, SIGQUIT, SIGTERM},
    flag,
};

use super::proc::{self, Stat};
use crate::{
    gates::{Interruption, Stop},
    text::signal_name,
};

/// The signals that end a push, unless they were ignored when this process started.
const ENDS: [i32; 4] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT];

static WATCH: OnceLock<Watch> = OnceLock::new();

struct Watch {
    /// The last signal that came; 0 before.
    signal: Arc<AtomicUsize>,
    parent: u32,
    /// The `git push` that this process belongs to.
    git: Option<Stat>,
}

/// Catches the signals that end a push, and remembers which processes started this one.
///
/// Signals that were ignored when this process started (`nohup`) stay without effect. In children,
/// caught signals have their default effect again.
pub(crate) fn watch() {
    let came = Arc::new(AtomicUsize::new(0));
    let again = Arc::new(AtomicBool::new(false));
    let ignored = proc::ignored_signals();
    for signal in 1..32 {
        let is_ignored = ignored >> (signal - 1) & 1 == 1;
        if is_ignored && !FORBIDDEN.contains(&signal) {
            let _ = flag::register(signal, Arc::default());
        } else if ENDS.contains(&signal) {
            // The second one ends this process at once. A terminal that is closed sends several: by its
            // shell, and by the kernel.
            if signal != SIGHUP {
                let status = 128 + signal;
                let _ = flag::register_conditional_shutdown(signal, status, Arc::clone(&again));
            }
            let _ = flag::register(signal, Arc::clone(&again));
            let number = usize::try_from(signal).unwrap_or_default();
            let _ = flag::register_usize(signal, Arc::clone(&came), number);
        }
    }
    let parent = parent_id();
    let _ = WATCH.set(Watch {
        signal: came,
        parent,
        git: proc::git_above(parent.cast_signed()),
    });
}

/// What ended the push: the name of a signal, or that `git push` is gone; `None` while it goes on.
pub(crate) fn interrupted() -> Option<String> {
    if let Some(number) = signal() {
        return Some(signal_name(number.into()));
    }
    let watch = WATCH.get()?;
    let is_alone = parent_id() != watch.parent || watch.git.as_ref().is_some_and(Stat::is_gone);
    is_alone.then(|| "`git push` is gone".to_owned())
}

/// Fails once the push was ended from outside.
pub(crate) fn check() -> Result<(), Stop> {
    interrupted().map_or(Ok(()), |by| {
        let stopped = Stop::undecided(format!("stopped: {by}"));
        Err(stopped.stopped(Interruption::Decision { by }))
    })
}

/// The number of the signal that came, for the exit code.
pub(crate) fn signal() -> Option<u8> {
    let number = WATCH.get()?.signal.load(Ordering::Relaxed);
    u8::try_from(number).ok().filter(|number| *number != 0)
}

/// The signals that [`watch`] has caught: none before.
pub(super) fn caught() -> &'static [i32] {
    WATCH.get().map_or(&[], |_| &ENDS)
}

/// Whether git's transport has ended: a child of git beside us whose end git has not asked about.
///
/// The connection to the server stays open, idle, while a suite runs. git reads the server's answer
/// only after the hook, so only the transport notices that the connection was cut. Where the system
/// does not tell, the connection is taken to be there.
pub(crate) fn is_disconnected() -> bool {
    let git = parent_id().cast_signed();
    // What another program has not waited for says nothing about git's connection.
    if Stat::of(git).is_none_or(|parent| parent.name != "git") {
        return false;
    }
    proc::children(git).iter().any(Stat::has_ended)
}
