//! Why git, or a remote, gave no answer.

use std::{io, time::Duration};

use crate::{
    gates::{Undecided, facts::TrunkName},
    policy::FILE,
    process,
    push::Oid,
    text::did_you_mean,
};

/// An error of git; its words are those of git itself, a line each.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("could not run `git`: no directory of PATH has it")]
    NoGit,
    #[error(transparent)]
    Process(#[from] process::Error),
    #[error("could not run `{command}`")]
    Failed { command: String, words: Vec<String> },
    #[error("there is no repository here that git opens")]
    NoRepository { words: Vec<String> },
    /// The repository, or a file of ours in it, could not be read or written.
    #[error("could not {what}")]
    Io { what: String, words: Vec<String> },
    #[error("this partial clone lacks {short}, a part of what is pushed", short = .id.short())]
    Lacking { id: Oid },
    #[error("`{remote}` gave no answer within {} s", .limit.as_secs())]
    NoAnswer { remote: String, limit: Duration },
    /// git could not reach a remote, or was not let in.
    #[error("could not ask `{remote}` for its branches")]
    Unreachable { remote: String, words: Vec<String> },
    #[error("there is no remote `{remote}`, where trunk should be{}", did_you_mean(.remote, .known))]
    NoTrunkRemote { remote: String, known: Vec<String> },
    #[error("`{0}` does not exist")]
    NoTrunk(TrunkName),
    /// Trunk's branch has another name on the server now.
    #[error("`{trunk}` does not exist: the branch of {remote} is `{to}`", remote = .trunk.remote)]
    Renamed { trunk: TrunkName, to: String },
    #[error("which branch is trunk? `{remote}` has {found}")]
    WhichTrunk { remote: String, found: &'static str },
    #[error("could not sign it, which the policy asks for")]
    NotSigned { words: Vec<String> },
    /// A remote does not take the team's notes.
    #[error("`{remote}` does not take refs/notes/pushgate")]
    NotShared { remote: String, words: Vec<String> },
}

impl Error {
    pub(crate) fn io(what: impl Into<String>, error: &io::Error) -> Self {
        Self::Io {
            what: what.into(),
            words: vec![error.to_string()],
        }
    }

    pub(crate) fn words(&self) -> &[String] {
        match self {
            Self::Failed { words, .. }
            | Self::NoRepository { words }
            | Self::Io { words, .. }
            | Self::Unreachable { words, .. }
            | Self::NotSigned { words }
            | Self::NotShared { words, .. } => words,
            _ => &[],
        }
    }

    /// Writes all of it but the hints in one line.
    pub fn in_one_line(self) -> String {
        Undecided::from(self).in_one_line()
    }
}

impl From<Error> for Undecided {
    fn from(error: Error) -> Self {
        let undecided = Self::new(error.to_string()).details(error.words().iter().cloned());
        match error {
            Error::NoGit => undecided.hint("install git, or put it on the PATH"),
            Error::Process(error) => error.into(),
            Error::Failed { .. } | Error::Io { .. } => undecided,
            Error::NoRepository { .. } => undecided.hint("cd into the clone that you push from"),
            Error::Lacking { id } => {
                undecided.hint(format!("git cat-file -e {id} fetches it, then try again"))
            }
            Error::NoAnswer { remote, .. } | Error::Unreachable { remote, .. } => {
                let wants_login = |line: &String| line.contains("terminal prompts disabled");
                let undecided = if undecided.details.iter().any(wants_login) {
                    undecided.hint("no credential helper and no askpass program answers for it: set one (gitcredentials(7))")
                } else {
                    undecided
                };
                undecided.hint(format!(
                    "see that `git ls-remote {remote}` answers without asking for anything, then try again"
                ))
            }
            Error::NoTrunkRemote { remote, .. } => undecided.hint(format!(
                "git remote add {remote} URL, or name another in `trunk.remote` of {FILE}"
            )),
            Error::NoTrunk(TrunkName { remote, branch }) => undecided.hint(format!(
                "git push {remote} {branch}, or name another in `trunk.branch` of {FILE}"
            )),
            Error::Renamed { trunk, to } => {
                let TrunkName { remote, branch } = trunk;
                undecided
                    .hint(format!(
                        "git fetch {remote} && git remote set-head {remote} --auto"
                    ))
                    .hint(format!("git branch -m {branch} {to}"))
                    .hint(format!("where {FILE} names it: set `trunk.branch: {to}`"))
            }
            Error::WhichTrunk { remote, .. } => undecided.hint(format!(
                "git remote set-head {remote} --auto, or name it in `trunk.branch` of {FILE}"
            )),
            Error::NotSigned { .. } => undecided.hint(
                "see that `git commit -S` works: gpg.format and user.signingKey (git-config(1))",
            ),
            Error::NotShared { remote, .. } => undecided.hint(format!(
                "let the team push refs/notes/pushgate to {remote}, or set `share: false` in {FILE}"
            )),
        }
    }
}
