//! What the gates said, as data: outcomes, refusals with their facts and cures, troubles.

pub(crate) mod words;

use std::{fmt, path::PathBuf, time::Duration};

use bstr::BString;
use jiff::{Timestamp, tz::TimeZone};

pub use words::span;
pub(crate) use words::{alternatives, printable, shell_word};

use crate::{
    calendar::{Closed, HolidaysError, MomentError},
    ci::{Asked, Check, CiTrouble},
    destination::Platform,
    policy::Signoff,
    push::Oid,
};

/// One question that a push must answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Gate {
    /// What is pushed where.
    Target,
    /// The hour.
    Window,
    /// The newest of everybody's work.
    Trunk,
    /// Tried on the environment before.
    Promotion,
    /// The tests.
    Suite,
}

impl Gate {
    /// Its name in overrides, reports and the ledger.
    pub fn name(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Window => "window",
            Self::Trunk => "trunk",
            Self::Promotion => "promotion",
            Self::Suite => "suite",
        }
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What one gate answered.
#[derive(Debug)]
pub enum Outcome {
    /// It passed, because of this.
    Passed(String),
    /// An override stood in for it.
    Skipped {
        /// What it would have answered, where it was asked: `Some(true)`, it would have passed.
        needless: bool,
    },
    /// It refused.
    Refused(Box<Refusal>),
    /// It could not decide.
    Undecided(Box<Trouble>),
}

/// What all gates said together about one place.
#[derive(Debug, Default)]
pub struct Verdict {
    /// The answers, in the order in which they were asked; a later answer of a gate replaces none.
    pub answers: Vec<(Gate, Outcome)>,
    /// What is worth saying besides.
    pub notes: Vec<String>,
    /// Whether it passes as a rollback.
    pub rollback: Option<Rollback>,
    /// Whether it is the first to see the commit live on the environment that comes first.
    pub first: bool,
}

/// What was live comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollback {
    /// What is live now, and goes.
    pub from: Oid,
    /// What was live before, and comes back.
    pub to: Oid,
}

/// What becomes of the push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It goes.
    Go,
    /// It goes because an override said so.
    Overridden,
    /// It is refused.
    Refused,
    /// Nobody knows, so it does not go.
    Undecided,
}

impl Decision {
    /// The word for it in the ledger and in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::Overridden => "overridden",
            Self::Refused => "refused",
            Self::Undecided => "undecided",
        }
    }

    /// The hook's exit code: 0 lets git push, anything else stops it (githooks(5)).
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Go | Self::Overridden => 0,
            Self::Refused => 1,
            Self::Undecided => 2,
        }
    }
}

impl Verdict {
    /// Whether it stops the push.
    pub fn stops(&self) -> bool {
        self.decision().exit_code() != 0
    }

    /// The decision that the answers add up to.
    pub fn decision(&self) -> Decision {
        let mut decision = Decision::Go;
        for (_, outcome) in &self.answers {
            match outcome {
                Outcome::Passed(_) => {}
                Outcome::Skipped { .. } => decision = Decision::Overridden,
                Outcome::Refused(_) => return Decision::Refused,
                Outcome::Undecided(_) => return Decision::Undecided,
            }
        }
        decision
    }
}

/// How two commits stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The first is an ancestor of the second, this many commits back.
    Behind(Count),
    /// The second is an ancestor of the first.
    Ahead(Count),
    /// Each has commits that the other lacks.
    Diverged {
        /// Only in the first.
        ahead: Count,
        /// Only in the second.
        behind: Count,
    },
    /// They share no commit.
    Unrelated,
}

/// A number of commits, counted no further than [`Count::MOST`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(pub usize);

impl Count {
    /// Counting stops here: nobody reads a larger number, and history may be long.
    pub const MOST: usize = 1000;
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 commit"),
            n if n > Self::MOST => write!(f, "more than {} commits", Self::MOST),
            n => write!(f, "{n} commits"),
        }
    }
}

/// A commit as a person knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: Oid,
    /// The first line of its message.
    pub subject: String,
}

/// Which commit is pushed, in the words of whoever pushes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The commit.
    pub id: Oid,
    /// The local trunk branch, where the commit is its tip.
    pub branch: Option<String>,
    /// Whether the local trunk branch is checked out.
    pub checked_out: bool,
}

impl fmt::Display for Pushed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.branch {
            Some(branch) => f.write_str(branch),
            None => f.write_str(self.id.short()),
        }
    }
}

/// Trunk, as reports name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkName {
    /// The remote.
    pub remote: String,
    /// The branch.
    pub branch: String,
}

impl fmt::Display for TrunkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.remote, self.branch)
    }
}

/// Why the work tree is not the pushed tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// Another commit, with another tree, is checked out.
    OtherTree {
        /// What is checked out; `None` before the first commit.
        head: Option<Oid>,
    },
    /// These files differ from it: modified, staged, or untracked and not ignored.
    Changed(Vec<BString>),
    /// git was told not to look at these files (`assume-unchanged`, `skip-worktree`), or not to
    /// check them out (a sparse checkout).
    Hidden(Vec<BString>),
}

/// How a command of the suite ended, other than well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It exited with this code.
    Failed(i32),
    /// This signal ended it.
    Killed(i32),
    /// It could not be run at all: exit code 126 or 127 of the shell, or this error.
    CouldNotRun(String),
    /// It took longer than this.
    TimedOut(Duration),
    /// It wanted to read from the terminal, or to change it.
    WantsTerminal,
}

/// Why a push was refused: the facts. [`fmt::Display`] has the words, [`Refusal::cures`] the commands.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// The deletion of a branch that deploys, or of trunk.
    Deletion {
        /// The branch.
        branch: BString,
    },
    /// Two commits for one place.
    TwoCommits {
        /// The commits and their branches.
        commits: Vec<(BString, Oid)>,
    },
    /// What is pushed is no commit.
    NoCommit {
        /// The object.
        id: Oid,
        /// Its type as git calls it.
        kind: &'static str,
        /// What the user typed for it.
        source: BString,
        /// Where it should have gone.
        target: BString,
        /// The remote, for the cure.
        remote: String,
    },
    /// A commit is there that this repository does not have.
    UnknownDeployed {
        /// The commit.
        id: Oid,
        /// The remote.
        remote: String,
    },
    /// An app of a known platform that no environment names.
    UnknownApp {
        /// The platform.
        platform: Platform,
        /// The app's name.
        app: String,
        /// Whether there is a policy to add it to.
        policy: bool,
    },
    /// The window is closed, or closes too soon.
    Closed {
        /// What the calendar found.
        closed: Box<Closed>,
        /// The reader's own zone.
        reader: TimeZone,
    },
    /// Trunk has commits that are not pushed.
    Behind {
        /// What is pushed.
        pushed: Pushed,
        /// By how much.
        by: Count,
        /// Trunk.
        trunk: TrunkName,
        /// Its live tip.
        tip: Oid,
        /// Whether the local trunk branch is the newest already.
        local_is_newest: bool,
        /// The remote of the push.
        remote: String,
    },
    /// The pushed commits are not on trunk yet.
    Ahead {
        /// What is pushed: the local trunk branch.
        pushed: Pushed,
        /// By how much.
        by: Count,
        /// Trunk.
        trunk: TrunkName,
        /// Its live tip.
        tip: Oid,
    },
    /// The local trunk branch and trunk have parted.
    Diverged {
        /// What is pushed: the local trunk branch.
        pushed: Pushed,
        /// Only in what is pushed.
        ahead: Count,
        /// Only on trunk.
        behind: Count,
        /// Trunk.
        trunk: TrunkName,
        /// Its live tip.
        tip: Oid,
    },
    /// Work that was never merged.
    NotOnTrunk {
        /// What is pushed.
        pushed: Pushed,
        /// What the user typed for it.
        source: BString,
        /// The commits that trunk lacks; `None` where no commit is shared.
        ahead: Option<Count>,
        /// Trunk.
        trunk: TrunkName,
        /// Its live tip.
        tip: Oid,
    },
    /// A forced push would take commits off trunk.
    Drops {
        /// What is pushed.
        pushed: Pushed,
        /// How many.
        by: Count,
        /// The first of them.
        commits: Vec<Commit>,
        /// Trunk.
        trunk: TrunkName,
    },
    /// Nothing was ever deployed to the environment that comes first.
    NeverDeployed {
        /// That environment.
        environment: String,
        /// Its remote, for the cure.
        remote: String,
        /// What to push: a branch, or a refspec.
        refspec: String,
    },
    /// Another commit is on the environment that comes first.
    OtherCommit {
        /// What is pushed.
        pushed: Oid,
        /// That environment.
        environment: String,
        /// Its remote, for the cure.
        remote: String,
        /// What to push: a branch, or a refspec.
        refspec: String,
        /// What is there.
        live: Oid,
        /// How what is pushed stands to it, where this repository can tell.
        relation: Option<Relation>,
        /// Whether it has the same files.
        same_content: bool,
    },
    /// It has not been there long enough.
    Soaking {
        /// What is pushed.
        pushed: Oid,
        /// The environment that comes first.
        environment: String,
        /// For how long it has been there; `None` where nothing tells.
        been: Option<Duration>,
        /// How long it must.
        soak: Duration,
        /// When it will have been.
        until: Timestamp,
        /// The reader's own zone.
        reader: TimeZone,
    },
    /// Too few people have tried it there.
    NotSignedOff {
        /// What is pushed.
        pushed: Oid,
        /// The environment that comes first.
        environment: String,
        /// Whose sign-offs count.
        people: Vec<String>,
        /// What the policy wants.
        wanted: Signoff,
        /// The author, who has signed it off but does not count.
        author: Option<String>,
        /// How many sign-offs git does not verify.
        unverified: usize,
    },
    /// A rollback took it away from here.
    Removed {
        /// What is pushed.
        pushed: Oid,
        /// The environment.
        environment: String,
        /// When.
        at: Timestamp,
        /// Who rolled back.
        by: String,
        /// The reader's own zone.
        reader: TimeZone,
    },
    /// The suite that runs waits for this very push.
    InsideSuite {
        /// Who runs it.
        process: u32,
    },
    /// Nothing says how the tests are run.
    NoSuite {
        /// What the project's files suggest, where they suggest several.
        candidates: Vec<String>,
    },
    /// The checkout is not what is pushed.
    Checkout {
        /// What is pushed.
        pushed: Oid,
        /// Why not.
        mismatch: Mismatch,
        /// Whether it was so only after the suite had run.
        after: bool,
    },
    /// The suite did not pass.
    Suite {
        /// The command.
        step: String,
        /// How it ended.
        ending: Ending,
        /// The whole output.
        log: Option<PathBuf>,
    },
    /// The CI has not passed it.
    Checks {
        /// What was asked.
        asked: Box<Asked>,
        /// What did not pass.
        red: Vec<Check>,
        /// What is wanted and not there.
        missing: Vec<String>,
    },
    /// The suite passed, but its output is not what the policy expects.
    Unexpected {
        /// The regular expression.
        expected: String,
        /// The whole output.
        log: Option<PathBuf>,
    },
    /// The suite passed, but git's connection did not last so long.
    Disconnected {
        /// How long the suite took.
        took: Duration,
    },
    /// The policy wants an override to say why.
    NoReason {
        /// The environment.
        environment: String,
    },
    /// An override that means nothing.
    BadOverride {
        /// The variable.
        variable: &'static str,
        /// The word in it that is not known.
        word: String,
        /// The words that are.
        known: &'static str,
        /// The nearest of them.
        nearest: Option<&'static str>,
    },
}

/// The question could not be answered. Lower case, fits after "could not decide: ".
#[derive(Clone, Debug, thiserror::Error)]
pub enum Trouble {
    /// The network said nothing in time.
    #[error("`{remote}` gave no answer within {} s", .limit.as_secs())]
    NoAnswer {
        /// Who was asked.
        remote: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// git could not reach a remote, or was not let in.
    #[error("could not ask `{remote}` for its branches")]
    Unreachable {
        /// Who was asked.
        remote: String,
        /// git's own words.
        words: Vec<String>,
    },
    /// The remote that the policy calls trunk's does not exist here.
    #[error("there is no remote `{remote}`, where trunk should be{}", words::did_you_mean(.remote, .known))]
    NoTrunkRemote {
        /// Its name.
        remote: String,
        /// The remotes that there are.
        known: Vec<String>,
    },
    /// Trunk's branch does not exist on its remote.
    #[error("`{0}` does not exist")]
    NoTrunk(TrunkName),
    /// Nothing tells which branch is trunk.
    #[error("which branch is trunk? `{remote}` has {found}")]
    WhichTrunk {
        /// The remote.
        remote: String,
        /// What it has.
        found: &'static str,
    },
    /// No remote leads to the environment that comes first.
    #[error("no remote of this repository leads to `{environment}`{}", words::did_you_mean(.remote, .known))]
    NoRemote {
        /// The environment.
        environment: String,
        /// The remote that the policy names.
        remote: String,
        /// The remotes that there are.
        known: Vec<String>,
    },
    /// The history ends here, so ancestry cannot be told.
    #[error("this clone is shallow: its history ends before {short} is met", short = .id.short())]
    Shallow {
        /// The commit that was looked for.
        id: Oid,
        /// The remote to deepen from.
        remote: String,
    },
    /// What git left out of a partial clone is asked for.
    #[error("this partial clone lacks {short}, a part of what is pushed", short = .id.short())]
    Lacking {
        /// The object.
        id: Oid,
    },
    /// There is no work tree to run the suite in.
    #[error("this repository is bare: there is no checkout to run the suite in")]
    Bare,
    /// The destination belongs to two environments.
    #[error("{destination} is claimed by {}", .environments.join(" and "))]
    TwoEnvironments {
        /// The place.
        destination: String,
        /// Who claims it.
        environments: Vec<String>,
    },
    /// Somebody stopped us.
    #[error("stopped: {by}")]
    Interrupted {
        /// The signal, or what else.
        by: String,
    },
    /// Somebody stopped the suite, and whoever watched it knows.
    #[error("the suite was stopped: {by}")]
    SuiteStopped {
        /// The signal, or the end of `git push`.
        by: String,
    },
    /// The CI could not say.
    #[error(transparent)]
    Ci(Box<CiTrouble>),
    /// Something stands where `suite.link` wants a link.
    #[error("`{link}` of `suite.link` cannot be linked into the worktree: {} is there{}", .path.display(), if *.tracked { ", and the commit has it" } else { "" })]
    LinkInTheWay {
        /// What is to be linked.
        link: String,
        /// What is there.
        path: PathBuf,
        /// Whether git keeps it.
        tracked: bool,
    },
    /// A program of ours failed.
    #[error("could not run `{command}`")]
    Git {
        /// The command, short.
        command: String,
        /// Its own words.
        words: Vec<String>,
    },
    /// There is no git.
    #[error("could not run `git`")]
    NoGit {
        /// Why not.
        words: Vec<String>,
    },
    /// There is no repository here, or none that git opens.
    #[error("there is no repository here that git opens")]
    NoRepository {
        /// git's own words.
        words: Vec<String>,
    },
    /// There is no place for a policy.
    #[error("this repository has no work tree that the policy could be written into")]
    NoWorkTree,
    /// The clock's zone is unknown.
    #[error("the time zone of this machine cannot be told")]
    NoZone {
        /// Why.
        words: Vec<String>,
    },
    /// Something of ours could not be read or written.
    #[error("could not {what}")]
    Io {
        /// What was tried.
        what: String,
        /// The system's words.
        words: Vec<String>,
    },
    /// The hook was not called as git calls it.
    #[error("{why}")]
    Input {
        /// What was wrong.
        why: String,
    },
    /// A calendar of the window is not known.
    #[error(transparent)]
    Holidays(#[from] HolidaysError),
    /// A text that should be a moment.
    #[error(transparent)]
    Moment(#[from] MomentError),
    /// A revision names no commit.
    #[error("`{revision}` names no commit")]
    NoCommit {
        /// The revision.
        revision: String,
    },
    /// The policy has no such environment.
    #[error("there is no environment `{name}`; there is {}{}", words::alternatives(.known), words::did_you_mean(.name, .known))]
    NoEnvironment {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// There is no such subcommand.
    #[error("there is no command `{name}`{}", words::did_you_mean(.name, .known))]
    NoCommand {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The hooks directory is not this repository's own.
    #[error("git looks for its hooks in {}, which is not this repository's own", .directory.display())]
    SharedHooks {
        /// The directory.
        directory: PathBuf,
        /// The repository's own, as `core.hooksPath` would name it.
        own: PathBuf,
    },
    /// A file of another program's that only a person can change safely.
    #[error("{} is not changed: {why}", .path.display())]
    NotEdited {
        /// The file.
        path: PathBuf,
        /// What is in the way.
        why: String,
    },
    /// git would run git-lfs beside a hook of its configuration, whatever that says.
    #[error("git runs {} whatever a hook of its configuration says: git-lfs would upload what the gate refuses", .hook.display())]
    LfsBeside {
        /// Its hook.
        hook: PathBuf,
    },
    /// git does not read hooks from its configuration.
    #[error("git {version} reads no hooks from its configuration; git {needed} does")]
    OldGit {
        /// The user's.
        version: String,
        /// The first that does.
        needed: &'static str,
    },
    /// Whoever calls in git's place leaves something out.
    #[error("{by} does not tell what is pushed: {what} is not set")]
    Untold {
        /// Its name.
        by: String,
        /// The variable.
        what: &'static str,
    },
    /// There is a hook, and there is a kept one already.
    #[error("{} is not pushgate's, and {} keeps an older one", .hook.display(), .kept.display())]
    TwoHooks {
        /// The hook.
        hook: PathBuf,
        /// The kept one.
        kept: PathBuf,
    },
    /// The demo's story did not go as it is told.
    #[error("the story went otherwise: `{command}` ended with {code}")]
    Demo {
        /// The command.
        command: String,
        /// Its exit code.
        code: i32,
        /// What it said.
        words: Vec<String>,
    },
    /// A file is there that we would write.
    #[error("{} exists already", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
        /// What to do about it.
        cure: &'static str,
    },
    /// Several environments can be tried before another, or none.
    #[error("which environment did you try? {}", words::alternatives(.known))]
    WhichEnvironment {
        /// What there is.
        known: Vec<String>,
    },
    /// git could not sign what the policy wants signed.
    #[error("could not sign it, which the policy asks for")]
    NotSigned {
        /// git's words.
        words: Vec<String>,
    },
    /// A remote does not take what the team remembers.
    #[error("`{remote}` does not take refs/notes/pushgate")]
    NotShared {
        /// The remote.
        remote: String,
        /// Its own words, and git's.
        words: Vec<String>,
    },
    /// The policy does not hold.
    #[error("{message}")]
    Policy {
        /// Place, text and nearest valid word.
        message: String,
        /// The line with a mark under it.
        excerpt: Vec<String>,
    },
}

impl Trouble {
    /// A failure of the file system.
    pub fn io(what: impl Into<String>, error: &std::io::Error) -> Self {
        Self::Io {
            what: what.into(),
            words: vec![error.to_string()],
        }
    }

    /// Its causes, one a line, outermost first.
    pub fn causes(&self) -> &[String] {
        match self {
            Self::Ci(why) => why.words(),
            Self::Unreachable { words, .. }
            | Self::NotShared { words, .. }
            | Self::NotSigned { words }
            | Self::Git { words, .. }
            | Self::NoGit { words }
            | Self::NoRepository { words }
            | Self::Demo { words, .. }
            | Self::NoZone { words }
            | Self::Io { words, .. }
            | Self::Policy { excerpt: words, .. } => words,
            _ => &[],
        }
    }

    /// All of it in one line, for where it stops nothing.
    pub fn in_one_line(&self) -> String {
        let causes = self.causes().join("; ");
        let colon = if causes.is_empty() { "" } else { ": " };
        format!("{self}{colon}{causes}")
    }
}
