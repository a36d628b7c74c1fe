//! Why a command could not do its work.

use std::{fmt, io, path::Path};

use crate::{
    calendar::TextError,
    gates::Undecided,
    policy::FILE,
    text::{alternatives, did_you_mean},
};

/// An error of a command.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// A part below gave no answer.
    #[error(transparent)]
    Unanswered(Undecided),
    /// The hook was not called as git calls it.
    #[error("{why}")]
    Input { why: String },
    #[error("this repository has no work tree that the policy could be written into")]
    NoWorkTree,
    #[error(transparent)]
    Moment(#[from] TextError),
    #[error("`{revision}` names no commit{}", did_you_mean(.revision, .known))]
    NoCommit {
        revision: String,
        /// The branches and tags that there are.
        known: Vec<String>,
    },
    #[error("there is no local branch `{branch}`, which is trunk{}", did_you_mean(.branch, .known))]
    NoLocalTrunk { branch: String, known: Vec<String> },
    #[error("there is no environment `{name}`; there is {}{}", alternatives(.known), did_you_mean(.name, .known))]
    NoEnvironment { name: String, known: Vec<String> },
    #[error("the policy names no environment")]
    NoPipeline,
    #[error("which environment did you try? {}", alternatives(.known))]
    WhichEnvironment { known: Vec<String> },
    #[error("there is no command `{name}`{}", did_you_mean(.name, .known))]
    NoCommand { name: String, known: Vec<String> },
    /// A command of the demo did not end as the demo tells.
    #[error("the story went otherwise: `{command}` ended with {code}")]
    Demo {
        command: String,
        code: i32,
        words: Vec<String>,
    },
}

impl<E: Into<Undecided>> From<E> for Error {
    fn from(error: E) -> Self {
        Self::Unanswered(error.into())
    }
}

impl Error {
    pub(crate) fn io(what: impl fmt::Display, error: &io::Error) -> Self {
        let message = Undecided::new(format!("could not {what}"));
        Self::Unanswered(message.detail(error.to_string()))
    }

    /// A file could not be written where the user wants it.
    pub(crate) fn not_written(what: impl fmt::Display, error: &io::Error, hint: &str) -> Self {
        Self::Unanswered(Self::io(what, error).explain().hint(hint))
    }

    /// A file is in the way of one that would be written.
    pub(crate) fn exists(path: &Path, hint: &str) -> Self {
        let message = Undecided::new(format!("{} exists already", path.display()));
        Self::Unanswered(message.hint(hint))
    }

    #[allow(clippy::needless_pass_by_value, reason = "for map_err")]
    pub(crate) fn stdout(error: io::Error) -> Self {
        Self::io("write to standard output", &error)
    }

    pub(crate) fn json(error: serde_json::Error) -> Self {
        Self::io("write JSON", &error.into())
    }

    /// Writes all of it but the hints in one line.
    pub(crate) fn in_one_line(&self) -> String {
        self.explain().in_one_line()
    }

    /// Adds the words of other programs and the hints.
    pub(crate) fn explain(&self) -> Undecided {
        let message = Undecided::new(self.to_string());
        match self {
            Self::Unanswered(undecided) => undecided.clone(),
            Self::Demo { words, .. } => message.details(words.iter().cloned()),
            Self::Input { .. } => {
                message.hint("git calls the hook; to ask for a verdict by hand: pushgate check")
            }
            Self::NoWorkTree => message.hint("run pushgate init in a clone"),
            Self::Moment(_) => message,
            Self::NoCommit { known, .. } if known.is_empty() => message.hint("commit first"),
            Self::NoCommit { .. } => message.hint("name another commit, branch or tag"),
            Self::NoLocalTrunk { branch, .. } => message
                .hint(format!("git switch {branch}, where the remote has it"))
                .hint(format!(
                    "or name another: --commit, or `trunk.branch` in {FILE}"
                )),
            Self::NoEnvironment { name, known } if !did_you_mean(name, known).is_empty() => message,
            Self::NoEnvironment { .. } => message.hint(format!(
                "add it to `environments` in {FILE} (pushgate init writes one)"
            )),
            Self::NoPipeline => message.hint(format!(
                "pushgate check trunk, or add one to `environments` in {FILE} (pushgate init writes one)"
            )),
            Self::WhichEnvironment { known } => message.hint(match known.first() {
                Some(name) => format!("name it: pushgate approve {name}"),
                None => format!(
                    "no environment of {FILE} comes `after` another; name the one you tried"
                ),
            }),
            Self::NoCommand { .. } => message.hint("pushgate help"),
        }
    }
}
