//! The reading end of a step's output: a pipe, or a terminal of its own, so that it colours.

use std::{
    fs::File,
    io::{self, PipeReader, Read, stderr},
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    process::Command,
};

use nix::{
    pty::{Winsize, openpty},
    sys::termios::{OutputFlags, SetArg, tcgetattr, tcsetattr},
};
use terminal_size::{Height, Width, terminal_size_of};

/// What a pipe may hold unread (`fs.pipe-max-size`, unless somebody changed it).
#[cfg(target_os = "linux")]
pub(crate) const ROOM: i32 = 1024 * 1024;

pub(crate) enum Output {
    Pipe(PipeReader),
    Terminal(File),
}

impl Output {
    /// Gives the command its end of it.
    pub(crate) fn open(command: &mut Command, terminal: bool) -> io::Result<Self> {
        if terminal && let Some((master, slave)) = pseudo_terminal() {
            command.stdout(slave.try_clone()?).stderr(slave);
            return Ok(Self::Terminal(File::from(master)));
        }
        let (reader, writer) = io::pipe()?;
        // Whoever writes much waits less often; where there is no more to be had, 64 KiB will do.
        #[cfg(target_os = "linux")]
        let _ = nix::fcntl::fcntl(&reader, nix::fcntl::FcntlArg::F_SETPIPE_SZ(ROOM));
        command.stdout(writer.try_clone()?).stderr(writer);
        Ok(Self::Pipe(reader))
    }
}

/// A terminal as large as ours that changes nothing in what is written to it.
pub(crate) fn pseudo_terminal() -> Option<(OwnedFd, OwnedFd)> {
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

impl Read for Output {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Pipe(pipe) => pipe.read(buffer),
            Self::Terminal(terminal) => terminal.read(buffer),
        }
    }
}

impl AsFd for Output {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Pipe(pipe) => pipe.as_fd(),
            Self::Terminal(terminal) => terminal.as_fd(),
        }
    }
}
