//! A second pair of eyes: a process that ends the suite where we ourselves were killed.
//!
//! Nobody can catch SIGKILL, and the suite is in a group of its own. So this program runs once more,
//! reads a pipe whose other end only we hold, and ends the group when that end is gone.

use std::{
    env,
    io::{self, PipeWriter, Read, Write, stdin},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use nix::unistd::Pid;

use super::{adopted::Own, process::stop};

/// The guard over one group; dropped, it goes home.
pub(super) struct Guard {
    child: Child,
    line: Option<PipeWriter>,
    _own: Option<Own>,
}

impl Guard {
    /// Sets one over a group. Without one, the suite is only not guarded against SIGKILL.
    pub(super) fn over(group: Pid) -> Option<Self> {
        let (reader, writer) = io::pipe().ok()?;
        let mut command = Command::new(env::current_exe().ok()?);
        command.arg("guard").arg(group.to_string());
        command
            .stdin(reader)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        let child = command.spawn().ok()?;
        Some(Self {
            _own: i32::try_from(child.id())
                .ok()
                .map(|id| Own::new(Pid::from_raw(id))),
            child,
            line: Some(writer),
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
pub(crate) fn stand(group: i32) {
    let mut word = Vec::new();
    let _ = stdin().lock().read_to_end(&mut word);
    // Group 0 is our own, 1 and below are everybody's (kill(2)).
    if word.is_empty() && group > 1 {
        stop(Pid::from_raw(group), || {
            thread::sleep(Duration::from_millis(20));
        });
    }
}
