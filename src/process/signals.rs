//! What ends a push from outside: Ctrl-C, another signal, or the end of `git push` itself.

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
    iterator::Signals,
};

use super::{Error, git_push::GitPush, proc};
use crate::text::signal_name;

/// The signals that end a push, unless they were ignored when this process started.
const ENDS: [i32; 4] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT];

static WATCH: OnceLock<Watch> = OnceLock::new();

struct Watch {
    /// The last signal that came; 0 before.
    signal: Arc<AtomicUsize>,
    parent: u32,
    git: Option<GitPush>,
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
            // The second one ends this process at once.
            let _ = flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&again));
            let _ = flag::register(signal, Arc::clone(&again));
            let number = usize::try_from(signal).unwrap_or_default();
            let _ = flag::register_usize(signal, Arc::clone(&came), number);
        }
    }
    let parent = parent_id();
    let _ = WATCH.set(Watch {
        signal: came,
        parent,
        git: GitPush::above(parent),
    });
}

/// What ended the push: the name of a signal, or that `git push` is gone; `None` while it goes on.
pub(crate) fn interrupted() -> Option<String> {
    if let Some(number) = signal() {
        return Some(signal_name(number.into()));
    }
    let watch = WATCH.get()?;
    let is_alone = parent_id() != watch.parent || watch.git.as_ref().is_some_and(GitPush::is_gone);
    is_alone.then(|| "`git push` is gone".to_owned())
}

/// Fails once the push was ended from outside.
pub(crate) fn check() -> Result<(), Error> {
    interrupted().map_or(Ok(()), |by| Err(Error::Interrupted { by }))
}

/// The number of the signal that came, for the exit code.
pub(crate) fn signal() -> Option<u8> {
    let number = WATCH.get()?.signal.load(Ordering::Relaxed);
    u8::try_from(number).ok().filter(|number| *number != 0)
}

/// Wakes a thread as soon as a signal comes, once [`interrupted`] tells it: after Ctrl-C the shell's
/// prompt is back within a millisecond.
pub(super) fn wake() -> Option<Signals> {
    WATCH.get()?;
    Signals::new(ENDS).ok()
}
