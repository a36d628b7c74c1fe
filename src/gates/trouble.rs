//! Why nobody can tell.

mod cures;

use std::path::PathBuf;

use super::undecided::{Interruption, Undecided};

/// The question could not be answered. Lower case, fits after "could not decide: ".
#[derive(Clone, Debug, thiserror::Error)]
pub enum Trouble {
    /// An error that is in words already.
    #[error(transparent)]
    Undecided(Undecided),
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
}

macro_rules! in_words {
    ($($error:ty),*) => {$(
        impl From<$error> for Trouble {
            fn from(error: $error) -> Self {
                Self::Undecided(error.into())
            }
        }
    )*};
}

in_words!(
    Undecided,
    crate::git::Error,
    crate::memory::ledger::LedgerError,
    crate::policy::PolicyError,
    crate::process::Error
);

impl From<Trouble> for Undecided {
    fn from(trouble: Trouble) -> Self {
        if let Trouble::Undecided(undecided) = trouble {
            return undecided;
        }
        Self {
            message: trouble.to_string(),
            details: trouble.causes().to_vec(),
            hints: trouble.cures(),
            stopped: trouble.stopped(),
        }
    }
}

impl Trouble {
    /// Set where a signal, or the end of `git push`, is the reason.
    pub fn stopped(&self) -> Option<Interruption> {
        match self {
            Self::Undecided(why) => why.stopped.clone(),
            Self::Interrupted { by } => Some(Interruption::Decision { by: by.clone() }),
            Self::SuiteStopped { by } => Some(Interruption::Suite { by: by.clone() }),
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

    /// Its causes, one a line, outermost first.
    pub fn causes(&self) -> &[String] {
        match self {
            Self::Unasked { words } | Self::Git { words, .. } | Self::Io { words, .. } => words,
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
