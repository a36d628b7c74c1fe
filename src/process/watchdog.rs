//! A second process that ends the suite where this one is killed.
//!
//! SIGKILL cannot be caught, and the suite is in a group of its own. So this program is started once
//! more: it reads a pipe whose other end only we hold, and ends the suite when that end closes
//! without a word.

use std::{
    env,
    io::{self, PipeWriter, Read, Write, stdin},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
};

use nix::unistd::Pid;

use super::tree::{Awaited, ProcessTree};

/// The watchdog of one step; dropped, it ends.
pub(super) struct Watchdog {
    child: Child,
    pipe: PipeWriter,
    _awaited: Awaited,
}

impl Watchdog {
    /// Starts one. Where that fails, the suite runs without.
    pub(super) fn start(tree: &ProcessTree<'_>) -> Option<Self> {
        let (reader, writer) = io::pipe().ok()?;
        let mut command = Command::new(env::current_exe().ok()?);
        command.arg("watchdog");
        if let Some(shell) = tree.shell {
            command.args(["--group", &shell.to_string()]);
        }
        command
            .args(["--", tree.mark])
            .stdin(reader)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        let (child, awaited) = Awaited::spawn(&mut command).ok()?;
        Some(Self {
            child,
            pipe: writer,
            _awaited: awaited,
        })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        let _ = self.pipe.write_all(b".");
        let _ = self.child.wait();
    }
}

/// What the second process does: it waits for the word, and ends the suite where there is none.
pub(crate) fn run(group: Option<i32>, mark: &str) {
    let word = stdin().lock().bytes().next();
    if matches!(word, Some(Ok(_))) || mark.is_empty() {
        return;
    }
    // Group 0 is our own, and kill(2) takes 1 and -1 for others.
    let shell = group.filter(|group| *group > 1).map(Pid::from_raw);
    ProcessTree { shell, mark }.end();
}
