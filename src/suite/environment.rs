//! What a suite finds in its environment: nothing of the push, and a line that says whose it is.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::Path,
};

use bstr::ByteSlice;
use jiff::Timestamp;

use crate::{app::overrides, gates::verdict::Trouble, git::command::Git};

/// Names the suites that a process is a part of, the outermost first: `PID-TIME.STEP DIRECTORY`, a
/// line each, with the common directory of the repository that is tested.
pub(crate) const RUNNING: &str = "PUSHGATE_RUNNING";

/// The line of one run, which all that it starts inherits.
pub(crate) struct Mark {
    token: String,
    directory: String,
}

impl Mark {
    pub(crate) fn new(common_dir: &Path) -> Self {
        let now = Timestamp::now().as_nanosecond();
        Self {
            token: format!("{}-{now:x}", std::process::id()),
            directory: line(common_dir),
        }
    }

    /// What every process of the run bears.
    pub(crate) fn of_run(&self) -> String {
        format!("{}.", self.token)
    }

    /// What every process of one step bears.
    pub(crate) fn of_step(&self, number: usize) -> String {
        format!("{}.{number} ", self.token)
    }

    /// The variable for one step.
    pub(crate) fn variable(&self, number: usize) -> (&'static str, OsString) {
        let mut lines = env::var_os(RUNNING).unwrap_or_default();
        if !lines.is_empty() {
            lines.push("\n");
        }
        lines.push(format!("{}{}", self.of_step(number), self.directory));
        (RUNNING, lines)
    }
}

/// The processes that run a suite of this repository and that we are a part of.
pub(crate) fn runs_around_us(common_dir: &Path) -> Vec<u32> {
    let lines = env::var(RUNNING).unwrap_or_default();
    around(&lines, &line(common_dir))
}

pub(crate) fn around(lines: &str, directory: &str) -> Vec<u32> {
    let of_it = |line: &str| {
        let (token, tested) = line.split_once(' ')?;
        let (process, _) = token.split_once('-')?;
        (tested == directory)
            .then(|| process.parse().ok())
            .flatten()
    };
    lines.lines().filter_map(of_it).collect()
}

/// A directory by its one name, on one line.
pub(crate) fn line(directory: &Path) -> String {
    let directory = directory
        .canonicalize()
        .unwrap_or_else(|_| directory.to_owned());
    let name = directory.as_os_str().as_encoded_bytes();
    name.escape_bytes().to_string()
}

/// The variables that the suite must not see: a fixture's commit would land on the user's branch.
///
/// git knows its own (`git rev-parse --local-env-vars`), and is asked where one of them may be set.
pub(crate) fn scrubbed(git: &Git) -> Result<Vec<String>, Trouble> {
    let mut names = Vec::new();
    if env::vars_os().any(|(name, _)| may_be_local(&name)) {
        let said = git.must(["rev-parse", "--local-env-vars"])?;
        let said = String::from_utf8_lossy(&said.stdout);
        names.extend(said.lines().map(str::to_owned));
    }
    let ours = [
        PREFIX,
        overrides::SWITCH,
        overrides::SKIP,
        overrides::REASON,
    ];
    names.extend(ours.map(str::to_owned));
    Ok(names)
}

/// The directory that `git push` was typed in; every hook has it, and no suite gets it.
pub(crate) const PREFIX: &str = "GIT_PREFIX";

/// How the names begin that git sets for every hook, and that people set for themselves, of
/// variables that name no repository.
pub(crate) const NOT_LOCAL: [&str; 14] = [
    "GIT_ASKPASS",
    "GIT_AUTHOR_",
    "GIT_COMMITTER_",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_EDITOR",
    "GIT_EXEC_PATH",
    "GIT_PAGER",
    "GIT_SEQUENCE_EDITOR",
    "GIT_SSH",
    "GIT_SSL_",
    "GIT_TERMINAL_PROMPT",
    "GIT_TRACE",
];

/// Whether a variable may tell git which repository it works in, or how.
pub(crate) fn may_be_local(name: &OsStr) -> bool {
    let begins = |with: &&str| name.as_encoded_bytes().starts_with(with.as_bytes());
    begins(&"GIT_") && name != PREFIX && !NOT_LOCAL.iter().any(begins)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
pub(crate) mod tests {
    use super::*;

    #[test]
    fn every_variable_that_git_calls_local_is_asked_about() {
        let said = Git::find().unwrap().must(["rev-parse", "--local-env-vars"]);
        let said = String::from_utf8(said.unwrap().stdout).unwrap();
        assert!(said.lines().any(|name| name == "GIT_DIR"), "{said}");
        for name in said.lines().filter(|name| *name != PREFIX) {
            assert!(may_be_local(name.as_ref()), "{name}");
        }
    }

    #[test]
    fn what_names_no_repository_is_not() {
        for name in ["HOME", "GITHUB_ACTIONS", PREFIX, "GIT_EXEC_PATH"] {
            assert!(!may_be_local(name.as_ref()), "{name}");
        }
    }

    #[test]
    fn the_runs_around_us_are_those_of_this_repository() {
        let lines = "7-a.1 /srv/shop/.git\n8-b.2 /tmp/fixture/.git\n9-c.1 /srv/shop/.git";
        assert_eq!(around(lines, "/srv/shop/.git"), [7, 9]);
        assert_eq!(around(lines, "/srv/shop"), [0_u32; 0]);
        assert_eq!(around("", "/srv/shop/.git"), [0_u32; 0]);
        assert_eq!(
            around("nonsense\n- /srv/shop/.git", "/srv/shop/.git"),
            [0_u32; 0]
        );
    }

    #[test]
    fn a_directory_takes_one_line() {
        let directory = Path::new("/nowhere/with a\nline feed");
        assert_eq!(line(directory), r"/nowhere/with\x20a\nline\x20feed");
        let mark = Mark::new(directory);
        assert!(mark.of_step(10).starts_with(&mark.of_run()));
        assert!(!mark.of_step(10).starts_with(&mark.of_step(1)));
    }
}
