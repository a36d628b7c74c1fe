//! Why nobody can tell.

mod cures;

use std::{path::PathBuf, time::Duration};

use super::{
    facts::TrunkName,
    undecided::{Stopped, Undecided},
};
use crate::{calendar::MomentError, push::Oid, text};

/// The question could not be answered. Lower case, fits after "could not decide: ".
#[derive(Clone, Debug, thiserror::Error)]
pub enum Trouble {
    /// An error that is in words already.
    #[error(transparent)]
    Undecided(Undecided),
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
    #[error("there is no remote `{remote}`, where trunk should be{}", text::did_you_mean(.remote, .known))]
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
    /// What git left out of a partial clone is asked for.
    #[error("this partial clone lacks {short}, a part of what is pushed", short = .id.short())]
    Lacking {
        /// The object.
        id: Oid,
    },
    /// There is no work tree to run the suite in.
    #[error("this repository is bare: there is no checkout to run the suite in")]
    Bare,
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
    /// Something could not be written where somebody wants it.
    #[error("could not {what}")]
    Place {
        /// What was tried.
        what: String,
        /// The system's words.
        words: Vec<String>,
        /// Another place.
        cure: &'static str,
    },
    /// The hook was not called as git calls it.
    #[error("{why}")]
    Input {
        /// What was wrong.
        why: String,
    },
    /// `core.hooksPath` is set, to nothing.
    #[error("core.hooksPath is empty: git looks for hooks in whatever directory it is in")]
    EmptyHooksPath,
    /// What runs after the gates calls the gate again, and would for ever.
    #[error("{then} calls pushgate again, and would for ever")]
    Circle {
        /// What runs then.
        then: String,
        /// How to break it.
        cure: String,
    },
    /// A text that should be a moment.
    #[error(transparent)]
    Moment(#[from] MomentError),
    /// A revision names no commit.
    #[error("`{revision}` names no commit{}", text::did_you_mean(.revision, .known))]
    NoCommit {
        /// The revision.
        revision: String,
        /// The branches and the tags that there are.
        known: Vec<String>,
    },
    /// There is no local branch of trunk's name.
    #[error("there is no local branch `{branch}`, which is trunk{}", text::did_you_mean(.branch, .known))]
    NoLocalTrunk {
        /// Its name.
        branch: String,
        /// The branches and the tags that there are.
        known: Vec<String>,
    },
    /// The policy has no such environment.
    #[error("there is no environment `{name}`; there is {}{}", text::alternatives(.known), text::did_you_mean(.name, .known))]
    NoEnvironment {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// There is nothing that a check could be of.
    #[error("the policy names no environment")]
    NoPipeline,
    /// There is no such subcommand.
    #[error("there is no command `{name}`{}", text::did_you_mean(.name, .known))]
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
    /// Only lefthook can tell what it runs.
    #[error("lefthook does not say what it runs before a push")]
    Unasked {
        /// What it says instead.
        words: Vec<String>,
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
    #[error("which environment did you try? {}", text::alternatives(.known))]
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
}

impl<E: Into<Undecided>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::Undecided(error.into())
    }
}

impl Trouble {
    /// Set where a signal, or the end of `git push`, is the reason.
    pub fn stopped(&self) -> Option<Stopped> {
        match self {
            Self::Undecided(why) => why.stopped.clone(),
            Self::Interrupted { by } => Some(Stopped::Decision { by: by.clone() }),
            Self::SuiteStopped { by } => Some(Stopped::Suite { by: by.clone() }),
            _ => None,
        }
    }

    /// A failure of the file system.
    pub fn io(what: impl Into<String>, error: &std::io::Error) -> Self {
        Self::Io {
            what: what.into(),
            words: vec![error.to_string()],
        }
    }

    /// A failure of the file system at a place that somebody named, who can name another.
    pub fn place(what: impl Into<String>, error: &std::io::Error, cure: &'static str) -> Self {
        Self::Place {
            what: what.into(),
            words: vec![error.to_string()],
            cure,
        }
    }

    /// Its causes, one a line, outermost first.
    pub fn causes(&self) -> &[String] {
        match self {
            Self::Unreachable { words, .. }
            | Self::NotShared { words, .. }
            | Self::NotSigned { words }
            | Self::Unasked { words }
            | Self::Git { words, .. }
            | Self::NoGit { words }
            | Self::NoRepository { words }
            | Self::Demo { words, .. }
            | Self::NoZone { words }
            | Self::Io { words, .. }
            | Self::Place { words, .. } => words,
            Self::Undecided(why) => &why.details,
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
