//! The user's own git, and the environment that its calls get.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    file::not_kept,
    gates::Stop,
    process::{
        find,
        program::{Output, command_line, run},
        variable,
    },
    push::variables::{DEPLOY, REASON, ROLLBACK, SKIP, SWITCH},
};

#[derive(Clone, Debug)]
pub(crate) struct Git {
    program: PathBuf,
    /// The work tree, where `GIT_WORK_TREE` names another directory by mistake.
    work_tree: Option<PathBuf>,
}

impl Git {
    pub(crate) fn find() -> Result<Self, Stop> {
        let missing = || {
            Stop::undecided("could not run `git`: no directory of PATH has it")
                .hint("install git, or put it on the PATH")
        };
        Ok(Self {
            program: find("git").ok_or_else(missing)?,
            work_tree: moved_work_tree(),
        })
    }

    /// Whether this git was built with a system-wide configuration of its own, which libgit2 does not read:
    /// `PREFIX/etc/gitconfig` (git-config(1)).
    pub(crate) fn has_own_configuration(&self) -> bool {
        let above = self.program.ancestors().skip(1);
        above
            .filter(|directory| directory.parent().is_some())
            .any(|directory| directory.join("etc/gitconfig").exists())
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

    /// Builds a call of git that stays on this machine, and whose answer depends on the repository alone.
    ///
    /// It keeps git's configuration (`-c` options travel in the environment), fetches nothing that a partial
    /// clone lacks, and sees commits as they are, not as `git replace` or a graft shows them.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.start(args);
        for (name, _) in env::vars_os().filter(|(name, _)| changes_answers(name)) {
            command.env_remove(name);
        }
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
    ) -> Result<Output, Stop> {
        run(&mut self.command(args))
    }

    /// Runs such a call, which must succeed.
    pub(crate) fn must<S: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
    ) -> Result<Output, Stop> {
        must(&mut self.command(args))
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

/// No hook runs for what pushgate itself writes and pushes.
pub(super) const NO_HOOKS: [&str; 2] = ["-c", "core.hooksPath=/dev/null"];

/// Settings by which git looks at every file itself: a file-system monitor or a cache may miss a change, a file
/// may keep its size and time, and one that may no longer be run, is no link any more, or has another's name but
/// for capital letters is changed, too (git-config(1)).
pub(crate) const LOOKING: [(&str, &str); 8] = [
    // Attributes that the team does not have may have a filter write a file otherwise.
    ("core.attributesFile", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.untrackedCache", "false"),
    ("core.checkStat", "default"),
    ("core.trustctime", "true"),
    ("core.fileMode", "true"),
    ("core.symlinks", "true"),
    ("core.ignoreCase", "false"),
];

/// The options of git for these settings, but for what the file system of a directory does not keep, where that is
/// tried.
pub(crate) fn looking(directory: Option<&Path>) -> Vec<String> {
    let not_kept = directory.map_or_else(Vec::new, not_kept);
    let settings = LOOKING.into_iter();
    let settings = settings.filter(|(name, _)| !not_kept.contains(name));
    settings
        .flat_map(|(name, value)| ["-c".to_owned(), format!("{name}={value}")])
        .collect()
}

/// The variables that name the repository of the push, which are not for another work tree. The configuration of
/// `git -c` is.
pub(crate) const OF_THE_PUSH: [&str; 4] = [
    "GIT_DIR",
    "GIT_COMMON_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
];

/// Whether a variable changes what git answers about a repository: any of git's own but those that name the
/// repository, the configuration, git's programs and the person.
fn changes_answers(name: &OsStr) -> bool {
    const KEPT: [&str; 2] = ["GIT_EXEC_PATH", "GIT_DISCOVERY_ACROSS_FILESYSTEM"];
    const KEPT_BEGINNINGS: [&str; 3] = ["GIT_CONFIG", "GIT_AUTHOR_", "GIT_COMMITTER_"];
    let name = name.to_string_lossy();
    name.starts_with("GIT_")
        && ![&KEPT[..], &OF_THE_PUSH].concat().contains(&&*name)
        && !KEPT_BEGINNINGS.iter().any(|start| name.starts_with(start))
}

/// The other variables that are about the repository of a push, or change what git answers in another one.
const LOCAL: [&str; 28] = [
    // Those of `git rev-parse --local-env-vars`, in any of its versions.
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    // Switches that a client sets for its own questions (git(1)).
    "GIT_ADVICE",
    "GIT_ATTR_SOURCE",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DEFAULT_HASH",
    "GIT_DEFAULT_REF_FORMAT",
    "GIT_DIFF_OPTS",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_EXTERNAL_DIFF",
    "GIT_FLUSH",
    "GIT_INDEX_VERSION",
    "GIT_MERGE_VERBOSITY",
    "GIT_NAMESPACE",
    "GIT_NO_LAZY_FETCH",
    "GIT_OPTIONAL_LOCKS",
    "GIT_REF_PARANOIA",
    "GIT_TEMPLATE_DIR",
];

/// Whether a variable is about the repository of a push, or a client's switch.
pub(crate) fn is_local(name: &str) -> bool {
    LOCAL.contains(&name)
        || OF_THE_PUSH.contains(&name)
        || name.starts_with("GIT_TRACE")
        || name.starts_with("GIT_") && name.ends_with("_PATHSPECS")
}

/// The variables that are removed from the environment of the policy's commands: with git's, a commit that a
/// test makes would land on the user's branch.
pub(crate) fn removed() -> Vec<OsString> {
    const OURS: [&str; 5] = [SWITCH, SKIP, ROLLBACK, REASON, DEPLOY];
    let set = env::vars_os().map(|(name, _)| name);
    set.filter(|name| {
        let name = name.to_string_lossy();
        is_local(&name) || OURS.contains(&&*name)
    })
    .collect()
}

/// Runs a call of git, which must succeed.
pub(super) fn must(command: &mut Command) -> Result<Output, Stop> {
    let output = run(command)?;
    if output.is_ok() {
        return Ok(output);
    }
    Err(Stop::not_run(&command_line(command), output.stderr))
}

/// The top of the work tree, where git was called below it with a relative `GIT_WORK_TREE`.
///
/// git then moves to the top before it calls a hook, and passes the variable on as it was: from there
/// it names another directory.
fn moved_work_tree() -> Option<PathBuf> {
    let tree = PathBuf::from(env::var_os("GIT_WORK_TREE")?);
    let is_moved = variable("GIT_PREFIX").is_some() && tree.is_relative();
    env::current_dir().ok().filter(|_| is_moved)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[test]
    #[ignore = "depends on the git that is installed"]
    fn git_knows_no_other_variable_of_a_repository() {
        let listed = Git::find().unwrap().must(["rev-parse", "--local-env-vars"]);
        let listed = String::from_utf8(listed.unwrap().stdout).unwrap();
        let others: Vec<_> = listed.lines().filter(|name| !is_local(name)).collect();
        assert!(
            listed.lines().count() > 10 && others.is_empty(),
            "{others:?}"
        );
    }

    #[test]
    fn the_variables_of_the_network_and_of_the_person_are_not_the_repository_s() {
        for name in ["GIT_TRACE2_EVENT", "GIT_LITERAL_PATHSPECS", "GIT_DIR"] {
            assert!(is_local(name), "{name}");
        }
        for name in [
            "GIT_SSH_COMMAND",
            "GIT_AUTHOR_NAME",
            "GIT_EXEC_PATH",
            "PATH",
        ] {
            assert!(!is_local(name), "{name}");
        }
    }
}
