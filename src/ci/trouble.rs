//! Why nobody can tell whether the checks passed, and what cures that.

use std::{fmt, time::Duration};

use super::Project;
use crate::{gates::Undecided, policy::Forge, push::Oid, text::span};

/// The CI did not answer, or did not say enough. Fits after "could not decide: ".
#[derive(Clone, Debug, thiserror::Error)]
pub enum CiTrouble {
    /// The program that asks is not there.
    #[error("`{}` asks {}, and is not installed", .0.program(), .0.name())]
    NoProgram(Forge),
    /// Trunk's remote is no project of the forge.
    #[error("`{remote}` is no project of {}", .forge.name())]
    NoProject {
        /// The forge.
        forge: Forge,
        /// The remote.
        remote: String,
    },
    /// The check is asked for by a job that is itself one of those that are to pass.
    #[error("this job is one of the checks of {}, and would wait for itself", .0.name())]
    Inside(Forge),
    /// The forge answered, and not what was asked.
    #[error("could not ask {} about {asked}", .asked.forge.name())]
    Refused {
        /// What was asked.
        asked: Box<Asked>,
        /// Why, as far as it can be told.
        why: Why,
        /// Its own words, or its program's.
        words: Vec<String>,
    },
    /// The time is up.
    #[error("{} has not decided about {asked} within {}", .asked.forge.name(), span(*.limit))]
    Slow {
        /// What was asked.
        asked: Box<Asked>,
        /// How long it was waited for.
        limit: Duration,
        /// What is not done.
        running: Vec<String>,
    },
}

/// A question to a forge.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The forge.
    pub forge: Forge,
    /// The project.
    pub project: Project,
    /// The commit.
    pub commit: Oid,
    /// Where trunk is.
    pub remote: String,
}

/// What kind of no it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Nobody is logged in.
    LoggedOut,
    /// Whoever is logged in may not see it.
    Forbidden,
    /// Too many questions were asked.
    Limit,
    /// There is no such project, or no such commit in it.
    NotThere,
    /// No answer, or the answer of a server that is broken.
    Down,
    /// An answer that cannot be understood.
    Garbled,
}

impl From<CiTrouble> for Undecided {
    fn from(error: CiTrouble) -> Self {
        Self::new(error.to_string())
            .details(error.words().iter().cloned())
            .hints(error.cures())
    }
}

impl CiTrouble {
    /// What the forge or its program said, one a line.
    pub fn words(&self) -> &[String] {
        match self {
            Self::Refused { words, .. } | Self::Slow { running: words, .. } => words,
            Self::NoProgram(_) | Self::NoProject { .. } | Self::Inside(_) => &[],
        }
    }

    /// The commands, or the words, that cure it.
    pub fn cures(&self) -> Vec<String> {
        match self {
            Self::NoProgram(Forge::Github) => {
                vec!["install it (https://cli.github.com), then gh auth login".to_owned()]
            }
            Self::NoProgram(Forge::Gitlab) => vec![
                "install it (https://gitlab.com/gitlab-org/cli), then glab auth login".to_owned(),
            ],
            Self::NoProject {
                forge: Forge::Github,
                remote,
            } => vec![format!(
                "git remote set-url {remote} URL, or name it: GH_REPO=[HOST/]OWNER/REPOSITORY"
            )],
            Self::NoProject { remote, .. } => vec![format!("git remote set-url {remote} URL")],
            Self::Inside(_) => {
                vec!["name the checks that have to pass: `suite.checks: [NAME]`".to_owned()]
            }
            Self::Refused { asked, why, .. } => asked.cures(*why),
            Self::Slow { .. } => {
                vec![
                    "push again when it has, or raise `suite.timeout`".to_owned(),
                    "where one waits for a person, name those that count: `suite.checks`"
                        .to_owned(),
                ]
            }
        }
    }
}

/// The commit as both forges refer to it: `acme/shop@1a2b3c4`.
impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.project.path, self.commit.short())
    }
}

impl Asked {
    pub(crate) fn cures(&self, why: Why) -> Vec<String> {
        let (program, host) = (self.forge.program(), &self.project.host);
        let token = match self.forge {
            Forge::Github if *host == "github.com" || host.ends_with(".ghe.com") => "GH_TOKEN",
            Forge::Github => "GH_ENTERPRISE_TOKEN",
            Forge::Gitlab => "GITLAB_TOKEN",
        };
        match why {
            Why::LoggedOut => vec![format!(
                "{program} auth login --hostname {host}, or set {token}"
            )],
            Why::Forbidden => vec![format!(
                "{program} auth status --hostname {host}: it needs to read the checks of {}",
                self.project.path
            )],
            Why::Limit => {
                vec!["push again later: the forge counts questions by the hour".to_owned()]
            }
            Why::NotThere => vec![
                format!(
                    "git push {} first, so that its checks run, then push again",
                    self.remote
                ),
                format!(
                    "if it is there: {program} repo view {} has to show the project",
                    self.project.path
                ),
            ],
            Why::Down => vec!["push again later".to_owned()],
            Why::Garbled => vec![format!(
                "push again; if it stays so, a newer {program} may help"
            )],
        }
    }
}
