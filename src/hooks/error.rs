//! Why a hook could not be installed, called or chained: each error with its words and its hints.

use std::{io, path::PathBuf};

use crate::{gates::Undecided, git, process, text::shell_word};

/// An error of the hooks. Lower case, fits after "install not done: ".
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("could not {what}")]
    Io { what: String, cause: String },
    #[error("core.hooksPath is empty: git looks for hooks in whatever directory it is in")]
    EmptyHooksPath,
    /// The hooks directory is not this repository's own.
    #[error("git looks for its hooks in {}, which is not this repository's own", .directory.display())]
    SharedHooks {
        directory: PathBuf,
        /// What `core.hooksPath` has to be for git to look in the repository's own directory.
        own: PathBuf,
    },
    /// A foreign hook stands where ours should, and another one was kept before.
    #[error("{} is not pushgate's, and {} keeps an older one", .hook.display(), .kept.display())]
    TwoHooks { hook: PathBuf, kept: PathBuf },
    /// A link is not written through: other repositories may share what it leads to.
    #[error("{} is not changed: it is a link to {}: the lines above go first there", .path.display(), .target.display())]
    Link { path: PathBuf, target: PathBuf },
    #[error("lefthook does not say what it runs before a push")]
    LefthookSilent { words: Vec<String> },
    /// git-lfs has its own hook, which a configured hook cannot stop.
    #[error("git runs {} whatever a hook of its configuration says: git-lfs would upload what the gate refuses", .hook.display())]
    LfsBeside { hook: PathBuf },
    #[error("git {version} reads no hooks from its configuration; git {needed} does")]
    OldGit {
        version: String,
        needed: &'static str,
    },
    /// The chained hook calls the gate again.
    #[error("{chained} calls pushgate again, and would for ever")]
    Circle { chained: String, hint: &'static str },
    /// The program that calls in git's place leaves out a variable.
    #[error("{caller} does not tell what is pushed: {variable} is not set")]
    VariableMissing {
        caller: &'static str,
        variable: &'static str,
    },
    /// The hook was not called as git calls it.
    #[error("{0}")]
    NotCalledByGit(String),
    #[error("this repository is bare: there is no checkout to run the suite in")]
    Bare,
    #[error(transparent)]
    Git(#[from] git::Error),
    #[error(transparent)]
    Process(#[from] process::Error),
}

impl Error {
    pub(crate) fn io(what: impl Into<String>, error: &io::Error) -> Self {
        Self::Io {
            what: what.into(),
            cause: error.to_string(),
        }
    }
}

impl From<Error> for Undecided {
    /// Adds the words of other programs and the hints.
    fn from(error: Error) -> Self {
        let message = Self::new(error.to_string());
        match error {
            Error::Git(error) => error.into(),
            Error::Process(error) => error.into(),
            Error::Io { cause, .. } => message.detail(cause),
            Error::Bare => message.hint("push from a clone with a work tree"),
            Error::EmptyHooksPath => message.hint("git config --unset-all core.hooksPath"),
            Error::SharedHooks { directory, own } => {
                let own = shell_word(&own.to_string_lossy());
                let message = message.hint(format!(
                    "git config core.hooksPath {own}, then pushgate install"
                ));
                let hook = directory.join("pre-push");
                // First, because a command that reads the refs leaves none for the next one; and with
                // `|| exit`, because the hook would go on after a refusal.
                let by_hand = (directory.as_os_str() != "/dev/null").then(|| format!(
                    "or let {} begin with this line: pushgate pre-push -- \"$@\" || exit (with --chain=HOOK before the -- where HOOK needs the refs, too)",
                    hook.display()
                ));
                by_hand
                    .into_iter()
                    .fold(message, Self::hint)
                    .hint("or pushgate install --config, with git 2.54 or newer")
            }
            Error::TwoHooks { hook, kept } => message.hint(format!(
                "put what you need of {} into {}, remove the first, then pushgate install",
                kept.display(),
                hook.display()
            )),
            Error::Link { .. } => {
                message.hint("add the lines above by hand, then pushgate install")
            }
            Error::LefthookSilent { words } => message
                .details(words)
                .hint("see that `lefthook dump` works here, then pushgate install"),
            Error::LfsBeside { .. } => message
                .hint("pushgate uninstall && pushgate install, which puts git-lfs behind the gate"),
            Error::OldGit { .. } => {
                message.hint("pushgate uninstall && pushgate install, which git of any age reads")
            }
            Error::Circle { hint, .. } => message.hint(hint),
            Error::VariableMissing { .. } => message.hint(
                "pushgate install puts the gate where it hears all of a push, then try again",
            ),
            Error::NotCalledByGit(_) => {
                message.hint("git calls the hook; to ask for a verdict by hand: pushgate check")
            }
        }
    }
}
