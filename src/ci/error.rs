//! Why a forge's checks could not be told, and what to do about it.

use std::time::Duration;

use super::Question;
use crate::{gates::Undecided, policy::Forge, text::span};

#[derive(Debug)]
pub(crate) enum CiError {
    /// The forge's program is not installed.
    NoProgram(Forge),
    /// Trunk's remote is no project of the forge.
    NoProject { forge: Forge, remote: String },
    /// All checks have to pass, and this process runs in one of them.
    InsideJob(Forge),
    /// The forge did not answer, or with something else than was asked.
    Failed {
        question: Box<Question>,
        why: Why,
        /// The words of the forge or of its program, a line each.
        details: Vec<String>,
    },
    /// The checks were not done in time.
    Slow {
        question: Box<Question>,
        limit: Duration,
        running: Vec<String>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    LoggedOut,
    Forbidden,
    /// The forge's limit of questions by the hour.
    RateLimit,
    /// No such project, or no such commit in it.
    NotFound,
    /// No answer, or a server's error.
    Down,
    Garbled,
}

impl Why {
    /// Classifies a failure by the program's exit code, the HTTP status, and the words on stderr.
    pub(super) fn of(code: Option<i32>, status: Option<u16>, stderr: &[String]) -> Self {
        let is_limit = || stderr.iter().any(|line| line.contains("rate limit"));
        match status {
            Some(429) => Self::RateLimit,
            // So does GitHub answer where one of its limits is reached.
            Some(403) if is_limit() => Self::RateLimit,
            Some(403) => Self::Forbidden,
            Some(401) => Self::LoggedOut,
            Some(404 | 422) => Self::NotFound,
            // gh ends with 4 where nobody is logged in (gh help exit-codes).
            None if code == Some(4) => Self::LoggedOut,
            _ => Self::Down,
        }
    }
}

impl CiError {
    /// Whether the next question may be answered all the same.
    pub(super) fn may_pass(&self) -> bool {
        let Self::Failed { why, .. } = self else {
            return false;
        };
        matches!(why, Why::Down | Why::Garbled)
    }
}

impl From<CiError> for Undecided {
    fn from(error: CiError) -> Self {
        match error {
            CiError::NoProgram(forge) => {
                let (name, program) = (forge.name(), forge.program());
                let page = match forge {
                    Forge::Github => "https://cli.github.com",
                    Forge::Gitlab => "https://gitlab.com/gitlab-org/cli",
                };
                Self::new(format!("`{program}` asks {name}, and is not installed"))
                    .hint(format!("install it ({page}), then {program} auth login"))
            }
            CiError::NoProject { forge, remote } => {
                let or_name = match forge {
                    Forge::Github => ", or name it: GH_REPO=[HOST/]OWNER/REPOSITORY",
                    Forge::Gitlab => "",
                };
                Self::new(format!("`{remote}` is no project of {}", forge.name()))
                    .hint(format!("git remote set-url {remote} URL{or_name}"))
            }
            CiError::InsideJob(forge) => Self::new(format!(
                "this job is one of the checks of {}, and would wait for itself",
                forge.name()
            ))
            .hint("name the checks that have to pass: `suite.checks: [NAME]`"),
            CiError::Failed {
                question,
                why,
                details,
            } => Self::new(format!(
                "could not ask {} about {}",
                question.forge.name(),
                question.subject()
            ))
            .details(details)
            .hints(question.hints(why)),
            CiError::Slow {
                question,
                limit,
                running,
            } => Self::new(format!(
                "{} has not decided about {} within {}",
                question.forge.name(),
                question.subject(),
                span(limit)
            ))
            .details(running)
            .hint("push again when it has, or raise `suite.timeout`")
            .hint("where one waits for a person, name those that count: `suite.checks`"),
        }
    }
}

impl Question {
    fn hints(&self, why: Why) -> Vec<String> {
        let program = self.forge.program();
        let (host, project) = (&self.project.host, &self.project.path);
        let hint = match why {
            Why::LoggedOut => {
                let token = match self.forge {
                    Forge::Github if *host == "github.com" || host.ends_with(".ghe.com") => {
                        "GH_TOKEN"
                    }
                    Forge::Github => "GH_ENTERPRISE_TOKEN",
                    Forge::Gitlab => "GITLAB_TOKEN",
                };
                format!("{program} auth login --hostname {host}, or set {token}")
            }
            Why::Forbidden => format!(
                "{program} auth status --hostname {host}: it needs to read the checks of {project}"
            ),
            Why::RateLimit => "push again later: the forge counts questions by the hour".to_owned(),
            Why::NotFound => {
                return vec![
                    format!(
                        "git push {} first, so that its checks run, then push again",
                        self.remote
                    ),
                    format!(
                        "if it is there: {program} repo view {project} has to show the project"
                    ),
                ];
            }
            Why::Down => "push again later".to_owned(),
            Why::Garbled => format!("push again; if it stays so, a newer {program} may help"),
        };
        vec![hint]
    }
}
