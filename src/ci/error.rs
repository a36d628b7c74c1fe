//! Why a forge's checks could not be told, in words, with what to do about it.

use std::time::Duration;

use super::Question;
use crate::{gates::Undecided, policy::Forge, text::span};

/// A question that the forge did not answer.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) why: Why,
    /// The words of the forge or of its program, a line each.
    pub(super) details: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    LoggedOut,
    Forbidden,
    RateLimit,
    /// No such project, or no such commit in it.
    NotFound,
    /// No answer, or a server's error.
    Down,
    Garbled,
}

impl Failure {
    pub(super) fn new(why: Why, details: Vec<String>) -> Self {
        Self { why, details }
    }

    pub(super) fn garbled(why: &str) -> Self {
        let line = format!("the answer cannot be understood: {why}");
        Self::new(Why::Garbled, vec![line])
    }

    /// Whether the next question may be answered all the same.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self.why, Why::Down | Why::Garbled)
    }
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
            // gh ends with 4 without a login (gh help exit-codes).
            None if code == Some(4) => Self::LoggedOut,
            _ => Self::Down,
        }
    }
}

pub(super) fn no_program(forge: Forge) -> Undecided {
    let (name, program) = (forge.name(), forge.program());
    let page = match forge {
        Forge::Github => "https://cli.github.com",
        Forge::Gitlab => "https://gitlab.com/gitlab-org/cli",
    };
    Undecided::new(format!("`{program}` asks {name}, and is not installed"))
        .hint(format!("install it ({page}), then {program} auth login"))
}

pub(super) fn no_project(forge: Forge, remote: &str) -> Undecided {
    let or_name = match forge {
        Forge::Github => ", or name it: GH_REPO=[HOST/]OWNER/REPOSITORY",
        Forge::Gitlab => "",
    };
    Undecided::new(format!("`{remote}` is no project of {}", forge.name()))
        .hint(format!("git remote set-url {remote} URL{or_name}"))
}

/// All checks have to pass, and this process runs in one of them.
pub(super) fn inside_job(forge: Forge) -> Undecided {
    let name = forge.name();
    Undecided::new(format!(
        "this job is one of the checks of {name}, and would wait for itself"
    ))
    .hint("name the checks that have to pass: `suite.checks: [NAME]`")
}

impl Question {
    pub(super) fn too_slow(&self, limit: Duration, running: Vec<String>) -> Undecided {
        let (forge, subject, limit) = (self.forge.name(), self.subject(), span(limit));
        Undecided::new(format!(
            "{forge} has not decided about {subject} within {limit}"
        ))
        .details(running)
        .hint("push again when it has, or raise `suite.timeout`")
        .hint("where one waits for a person, name those that count: `suite.checks`")
    }

    pub(super) fn not_answered(&self, failure: Failure) -> Undecided {
        let (forge, subject) = (self.forge.name(), self.subject());
        let error = Undecided::new(format!("could not ask {forge} about {subject}"))
            .details(failure.details);
        let program = self.forge.program();
        let (host, project) = (&self.project.host, &self.project.path);
        match failure.why {
            Why::LoggedOut => {
                let token = match self.forge {
                    Forge::Github if *host == "github.com" || host.ends_with(".ghe.com") => {
                        "GH_TOKEN"
                    }
                    Forge::Github => "GH_ENTERPRISE_TOKEN",
                    Forge::Gitlab => "GITLAB_TOKEN",
                };
                error.hint(format!(
                    "{program} auth login --hostname {host}, or set {token}"
                ))
            }
            Why::Forbidden => error.hint(format!(
                "{program} auth status --hostname {host}: it needs to read the checks of {project}"
            )),
            Why::RateLimit => {
                error.hint("push again later: the forge counts questions by the hour")
            }
            Why::NotFound => error
                .hint(format!(
                    "git push {} first, so that its checks run, then push again",
                    self.remote
                ))
                .hint(format!(
                    "if it is there: {program} repo view {project} has to show the project"
                )),
            Why::Down => error.hint("push again later"),
            Why::Garbled => error.hint(format!(
                "push again; if it stays so, a newer {program} may help"
            )),
        }
    }
}
