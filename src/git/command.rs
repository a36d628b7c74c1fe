//! The user's own git, and the environment that its calls get.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::error::Error;
use crate::process::program::{Output, command_line, run};

#[derive(Clone, Debug)]
pub(crate) struct Git {
    program: PathBuf,
    /// The work tree, where `GIT_WORK_TREE` names another directory by mistake.
    work_tree: Option<PathBuf>,
}

impl Git {
    pub(crate) fn find() -> Result<Self, Error> {
        match which::which("git") {
            Ok(program) => Ok(Self {
                program,
                work_tree: moved_work_tree(),
            }),
            Err(error) => Err(Error::NoGit {
                words: vec![error.to_string()],
            }),
        }
    }

    fn start<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args).stdin(Stdio::null());
        if let Some(top) = &self.work_tree {
            command.env("GIT_WORK_TREE", top);
        }
        command
    }

    /// Builds a call of git as the user would make it, on the same terminal.
    pub(crate) fn plain<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.start(args);
        command.stdin(Stdio::inherit());
        command
    }

    /// Builds a call of git that stays on this machine.
    ///
    /// It keeps the environment of the push (`-c` options travel in it), fetches nothing that a
    /// partial clone lacks, and sees commits as they are, not as `git replace` or a graft shows
    /// them.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.start(args);
        command
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            // A path that cannot exist: with an empty one git gives advice on it in every error.
            .env("GIT_GRAFT_FILE", "/dev/null/none");
        command
    }

    pub(crate) fn run<S: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
    ) -> Result<Output, Error> {
        Ok(run(&mut self.command(args))?)
    }

    /// Runs such a call, which must succeed.
    pub(crate) fn must<S: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
    ) -> Result<Output, Error> {
        must(&mut self.command(args))
    }

    /// The names of the variables that tell git which repository to use, and how.
    pub(crate) fn local_variables(&self) -> Result<Vec<String>, Error> {
        let names = self.must(["rev-parse", "--local-env-vars"])?.stdout;
        let names = String::from_utf8_lossy(&names);
        Ok(names.lines().map(str::to_owned).collect())
    }

    /// Builds a call of git that may use the network, but never ask a person.
    pub(crate) fn network<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.start(args);
        // An empty GIT_ASKPASS also switches core.askPass and SSH_ASKPASS off (git's prompt.c).
        command
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "")
            .env("SSH_ASKPASS", "")
            .env("SSH_ASKPASS_REQUIRE", "never")
            .env("GCM_INTERACTIVE", "never");
        command
    }
}

/// Runs a call of git, which must succeed.
pub(super) fn must(command: &mut Command) -> Result<Output, Error> {
    let output = run(command)?;
    if output.is_ok() {
        return Ok(output);
    }
    Err(Error::Failed {
        command: command_line(command),
        words: output.stderr,
    })
}

/// The top of the work tree, where git was called below it with a relative `GIT_WORK_TREE`.
///
/// git then moves to the top before it calls a hook, and passes the variable on as it was: from there
/// it names another directory.
fn moved_work_tree() -> Option<PathBuf> {
    let is_below = env::var_os("GIT_PREFIX").is_some_and(|prefix| !prefix.is_empty());
    let tree = env::var_os("GIT_WORK_TREE");
    let is_relative = tree.is_some_and(|tree| Path::new(&tree).is_relative());
    (is_below && is_relative)
        .then(|| env::current_dir().ok())
        .flatten()
}
