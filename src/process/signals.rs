//! What ends a push from outside: Ctrl-C, a signal, or the death of `git push` itself.

use std::{
    fs,
    io::Read,
    os::unix::{net::UnixStream, process::parent_id},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use nix::sys::signal::Signal;
use signal_hook::{
    SigId, consts, flag,
    low_level::{pipe, unregister},
};

use super::caller::Process;

/// What ends a push, where our caller does not have it ignored.
pub(crate) const ENDS: [i32; 4] = [
    consts::SIGINT,
    consts::SIGTERM,
    consts::SIGHUP,
    consts::SIGQUIT,
];

pub(crate) static WATCH: OnceLock<Watch> = OnceLock::new();

pub(crate) struct Watch {
    came: Arc<AtomicUsize>,
    parent: u32,
    git: Option<Process>,
}

/// Catches the signals that end a push, and remembers who started us.
///
/// What was ignored when we were started (`nohup`) goes on meaning nothing. A caught signal is back
/// at its default in every child.
pub fn watch() {
    let came = Arc::new(AtomicUsize::new(0));
    let again = Arc::new(AtomicBool::new(false));
    let ignored = ignored();
    for signal in 1..32 {
        let is_ignored = ignored >> (signal - 1) & 1 == 1;
        if is_ignored && !consts::FORBIDDEN.contains(&signal) {
            let _ = flag::register(signal, Arc::default());
        } else if ENDS.contains(&signal) {
            // The second one ends us at once, whatever we are at.
            let _ = flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&again));
            let _ = flag::register(signal, Arc::clone(&again));
            let _ = flag::register_usize(
                signal,
                Arc::clone(&came),
                usize::try_from(signal).unwrap_or_default(),
            );
        }
    }
    let parent = parent_id();
    let _ = WATCH.set(Watch {
        came,
        parent,
        git: Process::git_above(parent),
    });
}

/// What ended the push, once it did.
pub fn interrupted() -> Option<String> {
    let watch = WATCH.get()?;
    match watch.came.load(Ordering::Relaxed) {
        0 if parent_id() == watch.parent && !watch.git.as_ref().is_some_and(Process::is_gone) => {
            None
        }
        0 => Some("`git push` is gone".to_owned()),
        number => Some(name(number)),
    }
}

/// A bell that rings the moment a signal comes, once [`interrupted`] can tell it.
///
/// Whoever types Ctrl-C has the prompt back within a millisecond.
pub(crate) struct Bell(UnixStream);

/// What rings the bell; dropped, it never rings again, and nobody waits for it any more.
pub(crate) struct Ringer(Vec<SigId>);

/// Sets a bell up. Where there is none, the signal is seen all the same by whoever asks.
pub(crate) fn bell() -> Option<(Ringer, Bell)> {
    WATCH.get()?;
    let (here, there) = UnixStream::pair().ok()?;
    let mut ringer = Ringer(Vec::new());
    for signal in ENDS {
        let id = there
            .try_clone()
            .and_then(|end| pipe::register(signal, end));
        ringer.0.extend(id);
    }
    Some((ringer, Bell(here)))
}

impl Bell {
    /// Waits until it rings; false: it never will again.
    pub(crate) fn rings(&mut self) -> bool {
        matches!(self.0.read(&mut [0; 64]), Ok(1..))
    }
}

impl Drop for Ringer {
    fn drop(&mut self) {
        for id in self.0.drain(..) {
            unregister(id);
        }
    }
}

/// The signal's number, for the exit code.
pub fn signal() -> Option<u8> {
    u8::try_from(WATCH.get()?.came.load(Ordering::Relaxed))
        .ok()
        .filter(|number| *number != 0)
}

pub(crate) fn name(number: usize) -> String {
    let signal = i32::try_from(number)
        .ok()
        .and_then(|number| Signal::try_from(number).ok());
    signal.map_or_else(|| format!("signal {number}"), |signal| signal.to_string())
}

/// The signals that our caller had ignored, a bit each; none where the system does not tell
/// (proc(5), `SigIgn`).
pub(crate) fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}
