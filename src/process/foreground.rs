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
    unistd::{Pid, getpgrp, tcgetpgrp},
};

use super::{SH, child::ChildWatch, signals};

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

/// Waits for a child's end: its exit code, or 128 and the signal that ended it. Nothing else that has its
/// output open is waited for.
///
/// Once `is_over` says so, the child is ended, once, by the signal that came, or by SIGTERM where none did.
pub(crate) fn wait(
    watch: &mut ChildWatch,
    child: &Child,
    is_over: impl Fn() -> bool,
) -> io::Result<u8> {
    let id = Pid::from_raw(child.id().cast_signed());
    let mut is_ended = false;
    loop {
        let code = match watch.wait(id, TICK, &mut |_, _| true) {
            Some(Ok(WaitStatus::Exited(_, code))) => Some(code),
            Some(Ok(WaitStatus::Signaled(_, signal, _))) => Some(128 + signal as i32),
            Some(Err(error)) => return Err(error.into()),
            // It is only stopped.
            Some(Ok(_)) | None => None,
        };
        if let Some(code) = code {
            return Ok(u8::try_from(code).unwrap_or(1));
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
    if !(is_key && is_in_foreground()) {
        let _ = kill(child, signal);
    }
}

/// Whether the terminal sends its signals to our process group, and so to the child in it.
fn is_in_foreground() -> bool {
    File::open("/dev/tty").is_ok_and(|terminal| tcgetpgrp(terminal) == Ok(getpgrp()))
}
