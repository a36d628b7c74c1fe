//! What doctor looks at, as plain data. Paths are as a person in the current directory names them.

use std::{fmt, time::Duration};

use jiff::{Timestamp, tz::TimeZone};

use super::script::Script;
use crate::{
    calendar::Zone,
    gates::verdict::{Trouble, TrunkName},
    policy::{Forge, In},
    push::Oid,
};

/// Everything.
#[derive(Debug)]
pub struct Facts {
    /// This program.
    pub program: Program,
    /// git, or why there is none.
    pub git: Result<Git, Trouble>,
    /// The repository, or why there is none; `None`: without git nobody can look.
    pub repository: Option<Result<Repository, Trouble>>,
    /// What the environment says to the gate.
    pub overrides: Vec<Override>,
    /// The time.
    pub clock: Clock,
}

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

/// This program, and who answers when the hook calls.
#[derive(Debug)]
pub struct Program {
    /// Its version.
    pub version: String,
    /// Where it is.
    pub path: String,
    /// Its directory.
    pub directory: String,
    /// What `pushgate` on PATH is.
    pub on_path: Option<Answer>,
    /// What the hook calls; `None` where no hook is known to call anything.
    pub called: Option<Called>,
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

/// git.
#[derive(Debug)]
pub struct Git {
    /// What it says of its version.
    pub said: String,
    /// The version.
    pub version: Option<Version>,
    /// That of the one that an editor finds.
    pub bare: Option<Version>,
}

/// What there is to know of the repository.
#[derive(Debug)]
pub struct Repository {
    /// What runs before a push.
    pub hook: Result<Hook, Trouble>,
    /// What the team asks for.
    pub policy: Policy,
    /// Whether anything was committed yet.
    pub has_commit: bool,
    /// Where trunk is.
    pub trunk: Result<TrunkName, Trouble>,
    /// The remotes, in git's order.
    pub remotes: Vec<Remote>,
    /// The environments that no remote leads to.
    pub absent: Vec<Absent>,
    /// What runs the tests.
    pub suite: Suite,
    /// What is remembered.
    pub memory: Memory,
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

/// The policy.
#[derive(Debug)]
pub struct Policy {
    /// Whether it holds, and where it was found.
    pub loaded: Result<Loaded, Trouble>,
    /// What is odd about the one of the work tree, each with its place; or that it does not hold.
    pub findings: Result<Vec<String>, Trouble>,
}

/// A policy that holds.
#[derive(Debug)]
pub struct Loaded {
    /// Where it was found.
    pub source: Source,
    /// Whether the work tree has another one.
    pub edited: bool,
    /// The names of its environments.
    pub environments: Vec<String>,
}

/// Where a policy was found.
#[derive(Debug, PartialEq, Eq)]
pub enum Source {
    /// In this commit.
    Commit(Oid),
    /// In the work tree alone.
    WorkTree,
    /// Nowhere.
    Defaults,
}

/// A variable that is set, and what it does.
#[derive(Debug)]
pub struct Override {
    /// Its name.
    pub variable: &'static str,
    /// What comes of it.
    pub effect: String,
    /// Whether every push is refused for it.
    pub refuses: bool,
}

/// A remote.
#[derive(Debug)]
pub struct Remote {
    /// Its name.
    pub name: String,
    /// Where it leads.
    pub destination: String,
    /// What is there, by the policy.
    pub role: Result<Role, Trouble>,
    /// Whether it is Heroku's, by `https`.
    pub heroku: bool,
    /// The branches, of those that were asked for, that are there; or why nobody can tell.
    pub asked: Result<Vec<String>, Trouble>,
    /// How ssh would hold the connection open.
    pub keepalive: Option<Keepalive>,
}

/// What a place is to the policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// Whether trunk is there.
    pub trunk: bool,
    /// The environment.
    pub environment: Option<String>,
    /// A platform's app that no environment names.
    pub unknown_app: bool,
}

/// How ssh would hold the connection to a host open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keepalive {
    /// The host.
    pub host: String,
    /// The command by which git calls ssh.
    pub ssh: String,
    /// Whether that command is from the environment.
    pub from_environment: bool,
    /// `ServerAliveInterval`, in seconds; 0: never.
    pub interval: u32,
}

/// An environment that no remote leads to.
#[derive(Debug)]
pub struct Absent {
    /// Its name.
    pub environment: String,
    /// The remote that the policy names.
    pub remote: String,
    /// Where that would lead, where the policy says it.
    pub url: Option<String>,
    /// The environment that comes after it, whose pushes ask it.
    pub before: Option<String>,
}

/// The suite.
#[derive(Debug)]
pub struct Suite {
    /// Its steps; or what the gate would say.
    pub steps: Result<Vec<Step>, (String, Vec<String>)>,
    /// Whether they were found from the project's own files.
    pub is_detected: bool,
    /// How long it took last time.
    pub last_took: Option<Duration>,
    /// Where it runs.
    pub place: In,
    /// Whether there is nowhere to run it, and why.
    pub nowhere: Option<Trouble>,
    /// The CI that is asked instead of running any, where the policy names one.
    pub ci: Option<AskedCi>,
}

/// A CI that the gate asks.
#[derive(Debug)]
pub struct AskedCi {
    /// Which.
    pub forge: Forge,
    /// The project that it is asked about, `HOST/OWNER/NAME`; or why it cannot be asked.
    pub project: Result<String, Trouble>,
    /// The checks that have to pass; empty: all of them.
    pub checks: Vec<String>,
}

/// One command.
#[derive(Debug)]
pub struct Step {
    /// What reports call it.
    pub name: String,
    /// The program that it begins with, where that can be told.
    pub word: Option<String>,
    /// Where that should be, where it is a file of the repository.
    pub path: Option<String>,
    /// What was found of it.
    pub found: Found,
}

/// Whether a command is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is, or nobody can tell.
    There,
    /// It is not.
    Missing,
    /// A file is there that cannot be run.
    NotExecutable,
    /// The directory that the step runs in is not there.
    NoDirectory,
}

/// What this clone remembers, and the team.
#[derive(Debug)]
pub struct Memory {
    /// Our directory.
    pub directory: String,
    /// Whether it can be written to.
    pub writable: Result<(), Trouble>,
    /// The ledger.
    pub ledger_path: String,
    /// How many decisions it has, and the lines that cannot be read.
    pub ledger: Result<(usize, Vec<usize>), Trouble>,
    /// The team's notes; `None` where they are not shared.
    pub notes: Option<Notes>,
}

/// The team's notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notes {
    /// There are none.
    None,
    /// They are here, all of them as far as anybody knows.
    Here,
    /// There are newer ones on trunk's remote.
    Newer,
    /// They were never fetched.
    Never,
}

/// The time.
#[derive(Debug)]
pub struct Clock {
    /// Now.
    pub now: Timestamp,
    /// The zone of whoever asks.
    pub zone: Result<TimeZone, Trouble>,
    /// `TZ`, where it is set.
    pub variable: Option<String>,
    /// The zones of the windows, each with its environment.
    pub windows: Vec<(String, Zone)>,
    /// What has happened already, and when.
    pub past: Vec<(String, Timestamp)>,
}
