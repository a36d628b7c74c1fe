//! What ends a push from outside: Ctrl-C, a signal, or the death of `git push` itself.

use std::{
    fs,
    io::Read,
    os::unix::{net::UnixStream, process::parent_id},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use nix::sys::signal::Signal;
use signal_hook::{
    SigId, consts, flag,
    low_level::{pipe, unregister},
};

/// What ends a push, where our caller does not have it ignored.
const ENDS: [i32; 4] = [
    consts::SIGINT,
    consts::SIGTERM,
    consts::SIGHUP,
    consts::SIGQUIT,
];

static WATCH: OnceLock<Watch> = OnceLock::new();

struct Watch {
    came: Arc<AtomicUsize>,
    parent: u32,
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
    let _ = WATCH.set(Watch {
        came,
        parent: parent_id(),
    });
}

/// What ended the push, once it did.
pub fn interrupted() -> Option<String> {
    let watch = WATCH.get()?;
    match watch.came.load(Ordering::Relaxed) {
        0 if parent_id() == watch.parent => None,
        0 => Some("`git push` is gone".to_owned()),
        number => Some(name(number)),
    }
}

/// Calls somebody when a signal comes; dropped, no more.
pub(crate) struct Waker(Vec<SigId>);

/// Calls this the moment that a signal comes, once [`interrupted`] can tell it.
///
/// Whoever types Ctrl-C has the prompt back within a millisecond. Where it cannot be set up, the
/// signal is seen all the same by whoever asks.
pub(crate) fn wake(mut call: impl FnMut() + Send + 'static) -> Waker {
    let mut waker = Waker(Vec::new());
    let (Some(_), Ok((mut here, there))) = (WATCH.get(), UnixStream::pair()) else {
        return waker;
    };
    for signal in ENDS {
        let id = there
            .try_clone()
            .and_then(|end| pipe::register(signal, end));
        waker.0.extend(id);
    }
    drop(there);
    // It ends with the last of the other ends.
    thread::spawn(move || {
        let mut bytes = [0; 64];
        while let Ok(1..) = here.read(&mut bytes) {
            call();
        }
    });
    waker
}

impl Drop for Waker {
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

fn name(number: usize) -> String {
    let signal = i32::try_from(number)
        .ok()
        .and_then(|number| Signal::try_from(number).ok());
    signal.map_or_else(|| format!("signal {number}"), |signal| signal.to_string())
}

/// The signals that our caller had ignored, a bit each; none where the system does not tell
/// (proc(5), `SigIgn`).
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}
