//! The pipe that a child prints to, or a terminal of its own, so that it uses colours.

use std::{
    io::{self, stderr},
    os::fd::OwnedFd,
    process::Command,
};

use nix::{
    pty::{Winsize, openpty},
    sys::termios::{OutputFlags, SetArg, tcgetattr, tcsetattr},
};
use terminal_size::{Height, Width, terminal_size_of};

/// The size of a pipe, where the system allows it (`fs.pipe-max-size`): a program that prints much
/// then waits less often.
#[cfg(target_os = "linux")]
const PIPE_SIZE: i32 = 1024 * 1024;

/// Connects a command's standard output and error to one end of a pipe or a terminal; the other end.
pub(super) fn connect(command: &mut Command, terminal: bool) -> io::Result<OwnedFd> {
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
    Ok(reader)
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
