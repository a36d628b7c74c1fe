//! Why the suite could not be run.

use std::{fmt::Display, path::PathBuf};

use crate::{
    gates::{Interruption, Undecided},
    git,
    policy::FILE,
    process,
    text::shell_word,
};

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("could not {what}")]
    Failed { what: String, reason: String },
    /// A file or directory stands where `suite.link` asks for a link; `tracked`: the commit has it.
    #[error("`{link}` of `suite.link` cannot be linked into the worktree: {} is there{}", .path.display(), if *.tracked { ", and the commit has it" } else { "" })]
    LinkInTheWay {
        link: String,
        path: PathBuf,
        tracked: bool,
    },
    /// A signal, or the end of `git push`, ended the suite, and the screen has said so.
    #[error("the suite was stopped: {by}")]
    Stopped { by: String },
    #[error(transparent)]
    Git(#[from] git::Error),
    #[error(transparent)]
    Program(#[from] process::Error),
}

impl Error {
    /// `what` fits after "could not".
    pub(super) fn failed(what: impl Into<String>, reason: &(impl Display + ?Sized)) -> Self {
        Self::Failed {
            what: what.into(),
            reason: reason.to_string(),
        }
    }
}

impl From<Error> for Undecided {
    fn from(error: Error) -> Self {
        let undecided = Self::new(error.to_string());
        match error {
            Error::Failed { reason, .. } => undecided.detail(reason),
            Error::LinkInTheWay {
                link,
                tracked: true,
                ..
            } => undecided.hint(format!(
                "take `{link}` off `suite.link` in {FILE}: the worktree has it already"
            )),
            Error::LinkInTheWay { path, .. } => undecided.hint(format!(
                "rm -r {}, then try again",
                shell_word(&path.to_string_lossy())
            )),
            Error::Stopped { by } => undecided.stopped(Interruption::Suite { by }),
            Error::Git(error) => error.into(),
            Error::Program(error) => error.into(),
        }
    }
}
