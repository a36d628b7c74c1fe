//! A second pair of eyes: a process that ends the suite where we ourselves were killed.
//!
//! Nobody can catch SIGKILL, and the suite is in a group of its own. So this program runs once more,
//! reads a pipe whose other end only we hold, and ends the suite when that end is gone.

use std::{
    env,
    io::{self, PipeWriter, Read, Write, stdin},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use nix::unistd::Pid;

use super::family::{Family, Head, Own};

/// The guard over one step; dropped, it goes home.
pub(crate) struct Guard {
    child: Child,
    line: Option<PipeWriter>,
    _own: Own,
}

impl Guard {
    /// Sets one over a family. Without one, the suite is only not guarded against SIGKILL.
    pub(crate) fn over(family: &Family<'_>) -> Option<Self> {
        let (reader, writer) = io::pipe().ok()?;
        let mut command = Command::new(env::current_exe().ok()?);
        command.arg("guard");
        if let Head::Group(group) = family.head {
            command.args(["--group", &group.to_string()]);
        }
        command
            .args(["--", family.mark])
            .stdin(reader)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        let (child, own) = Own::spawn(&mut command).ok()?;
        Some(Self {
            child,
            line: Some(writer),
            _own: own,
        })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(mut line) = self.line.take() {
            let _ = line.write_all(b"done");
        }
        let _ = self.child.wait();
    }
}

/// What the guard does: it waits for word that all is done, or for the end of whoever would give it.
pub(crate) fn stand(group: Option<i32>, mark: &str) {
    let mut word = Vec::new();
    let _ = stdin().lock().read_to_end(&mut word);
    if !word.is_empty() || mark.is_empty() {
        return;
    }
    let head = match group {
        // Group 0 is our own, 1 and below are everybody's (kill(2)).
        Some(group) if group > 1 => Head::Group(Pid::from_raw(group)),
        _ => Head::Nobody,
    };
    Family { head, mark }.end(|| thread::sleep(Duration::from_millis(20)));
}
