//! Starts a process that outlives this one, and that nobody waits for.

use std::{
    io,
    process::{Command, Stdio},
};

use process_wrap::std::{CommandWrap, ProcessSession};

/// Starts it in a session of its own, without the terminal and without any file of ours: git waits for the
/// end of its pipes, which the hook inherits.
pub(crate) fn start(mut command: Command) -> io::Result<()> {
    close_fds::set_fds_cloexec(3, &[]);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut command = CommandWrap::from(command);
    command.wrap(ProcessSession);
    command.spawn().map(drop)
}
