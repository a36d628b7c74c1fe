//! A child in our own process group and on our terminal, as git has its own: what ends us ends it, too.

use std::{
    ffi::OsString,
    fs::File,
    io,
    process::{Child, Command},
    time::Duration,
};

use nix::{
    errno::Errno,
    sys::{
        signal::{Signal, kill},
        wait::WaitStatus,
    },
    unistd::Pid,
};

use super::{SH, child::ChildWatch, signals, terminal::is_ours};

/// How often it is looked whether the child is to end; a signal and the child's end are noticed at once.
const TICK: Duration = Duration::from_millis(100);

/// Starts a program, a script without a `#!` line by the shell.
pub(crate) fn spawn(words: &[OsString], prepare: impl Fn(&mut Command)) -> io::Result<Child> {
    let start = |words: &[OsString]| {
        let mut command = Command::new(words.first().ok_or(io::ErrorKind::NotFound)?);
        command.args(&words[1..]);
        prepare(&mut command);
        command.spawn()
    };
    start(words).or_else(|error| match error.raw_os_error() {
        Some(code) if code == Errno::ENOEXEC as i32 => start(&[&[SH.into()], words].concat()),
        _ => Err(error),
    })
}

/// Starts a child and waits for its end: its exit code, or 128 and the signal that ended it. Nothing else that
/// has its output open is waited for.
///
/// Once `is_over` says so, the child is ended, once, by the signal that came, or by SIGTERM where none did.
pub(crate) fn to_its_end(
    start: impl FnOnce() -> io::Result<Child>,
    is_over: impl Fn() -> bool,
) -> io::Result<u8> {
    let mut watch = ChildWatch::new()?;
    let id = Pid::from_raw(start()?.id().cast_signed());
    let mut is_ended = false;
    loop {
        match watch.wait(id, TICK, &mut |_, _| true) {
            Some(Ok(WaitStatus::Exited(_, code))) => return Ok(u8::try_from(code).unwrap_or(1)),
            Some(Ok(WaitStatus::Signaled(_, signal, _))) => return Ok(128 + signal as u8),
            Some(Err(error)) => return Err(error.into()),
            // It is only stopped.
            Some(Ok(_)) | None => {}
        }
        if !is_ended && is_over() {
            is_ended = true;
            end(id);
        }
    }
}

fn end(child: Pid) {
    let signal = signals::signal()
        .and_then(|number| Signal::try_from(i32::from(number)).ok())
        .unwrap_or(Signal::SIGTERM);
    // The terminal has sent a key's signal to the child as well; twice would mean something else.
    let is_key = matches!(signal, Signal::SIGINT | Signal::SIGQUIT);
    if !(is_key && File::open("/dev/tty").is_ok_and(|terminal| is_ours(&terminal))) {
        let _ = kill(child, signal);
    }
}
