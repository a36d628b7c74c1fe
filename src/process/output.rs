//! Reading what a child prints while it runs: from a pipe, or from a terminal of its own, so that it
//! uses colours.

use std::{
    fs::File,
    io::{self, Read, stderr},
    os::fd::{AsFd, OwnedFd},
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    pty::{Winsize, openpty},
    sys::termios::{OutputFlags, SetArg, tcgetattr, tcsetattr},
};
use terminal_size::{Height, Width, terminal_size_of};

/// The size of a pipe, where the system allows it (`fs.pipe-max-size`): a program that prints much
/// then waits less often.
#[cfg(target_os = "linux")]
const PIPE_SIZE: i32 = 1024 * 1024;

/// How often, in milliseconds, it is looked for whether the child has ended.
const TICK: u8 = 50;

/// Connects a command's standard output and error to one end of a pipe or a terminal; the other end.
pub(super) fn connect(command: &mut Command, terminal: bool) -> io::Result<File> {
    let (reader, writer) = match terminal.then(pseudo_terminal).flatten() {
        Some(pair) => pair,
        None => {
            let (reader, writer) = io::pipe()?;
            #[cfg(target_os = "linux")]
            let _ = nix::fcntl::fcntl(&reader, nix::fcntl::FcntlArg::F_SETPIPE_SZ(PIPE_SIZE));
            (reader.into(), writer.into())
        }
    };
    command.stdout(writer.try_clone()?).stderr(writer);
    Ok(reader.into())
}

/// Opens a terminal as large as ours that changes nothing in what is written to it.
fn pseudo_terminal() -> Option<(OwnedFd, OwnedFd)> {
    // Some terminals do not tell their size.
    let (Width(columns), Height(rows)) =
        terminal_size_of(stderr()).unwrap_or((Width(80), Height(24)));
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let pair = openpty(Some(&size), None).ok()?;
    let mut settings = tcgetattr(&pair.slave).ok()?;
    settings.output_flags.remove(OutputFlags::OPOST);
    tcsetattr(&pair.slave, SetArg::TCSANOW, &settings).ok()?;
    Some((pair.master, pair.slave))
}

/// Hands on what a child prints as it comes, as long as `take` returns true.
///
/// It ends with the output, or once the child has ended and nothing is left to read: another process
/// that the child started may keep the pipe open for ever.
pub(super) fn pump(
    mut pipe: impl Read + AsFd,
    ended: &AtomicBool,
    mut take: impl FnMut(&[u8]) -> bool,
) {
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let is_last = ended.load(Ordering::Acquire);
        let timeout = if is_last { 0 } else { TICK };
        let mut waits = [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)];
        match poll(&mut waits, PollTimeout::from(timeout)) {
            Ok(0) if is_last => return,
            Ok(0) | Err(Errno::EINTR) => continue,
            Ok(_) => {}
            Err(_) => return,
        }
        match pipe.read(&mut buffer) {
            Ok(count @ 1..) if take(&buffer[..count]) => {}
            // A terminal answers EIO once its other end is closed.
            _ => return,
        }
    }
}
