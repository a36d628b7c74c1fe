//! What there is to know of the hook, as plain data. Paths are as a person in the current directory names them.

use std::fmt;

use super::script::Script;

/// A version, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32);

impl Version {
    /// The first two numbers of `git version 2.47.3 (...)`.
    pub fn of_git(said: &str) -> Option<Self> {
        let mut numbers = said.strip_prefix("git version ")?.split(['.', ' ', '-']);
        let mut number = || numbers.next()?.parse().ok();
        Some(Self(number()?, number()?))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// Who answers to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The program.
    pub path: String,
    /// Its version, or why it gives none.
    pub version: Result<String, String>,
}

/// Whom the hook calls, the way it looks for the program.
#[derive(Debug)]
pub struct Called {
    /// Who calls.
    pub caller: Caller,
    /// Found with the PATH that an editor has.
    pub bare: Option<Answer>,
    /// Found with the PATH of whoever asks.
    pub here: Option<Answer>,
    /// The PATH that an editor has.
    pub bare_path: String,
}

/// What calls the program, which decides how it is mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Our own hook, which names the program by its path.
    Ours,
    /// husky, which reads a file of the user's before.
    Husky,
    /// Anything else.
    Other,
}

/// A setting by which what looks after the hooks passes over the gate.
#[derive(Debug)]
pub struct Off {
    /// `HUSKY=0`
    pub setting: String,
    /// The file that sets it; `None`: this environment.
    pub file: Option<String>,
}

/// What git runs before a push.
#[derive(Debug)]
pub struct Hook {
    /// Where git looks for hooks.
    pub directory: String,
    /// The setting that says so; `None`: it is git's own choice.
    pub setting: Option<Setting>,
    /// Whether the directory is husky's.
    pub husky: bool,
    /// What has husky or lefthook pass over the gate.
    pub off: Option<Off>,
    /// What is there, and its path.
    pub path: String,
    /// What is there.
    pub file: Script,
    /// The hook that was there before, and its path, where ours is there now.
    pub kept: Option<(String, Script)>,
    /// The hooks of git's configuration.
    pub configured: Vec<Configured>,
    /// Whether lefthook looks after the hooks, whose configuration would call the gate.
    pub lefthook: bool,
    /// Why `pushgate install` would not put the hook there, and what it says to do instead.
    pub no_install: Option<Vec<String>>,
}

/// Where a variable of git's configuration was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its value.
    pub value: String,
    /// git's word for how far it reaches: `local`, `global`, `system`, `worktree`, `command`.
    pub scope: String,
    /// The file, and the line.
    pub place: Option<(String, Option<usize>)>,
}

/// A hook of git's configuration (git-hook(1), since 2.54), for `pre-push`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configured {
    /// `NAME` of `hook.NAME.command`.
    pub name: String,
    /// The command.
    pub command: String,
    /// Where it is set, by git's word.
    pub scope: String,
    /// Whether it is ours.
    pub is_ours: bool,
    /// The script that the command only passes on to, and its path.
    pub script: Option<(String, Script)>,
}
