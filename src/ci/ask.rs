//! One question to a forge, through its own program: `gh api` and `glab api`.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use bstr::ByteSlice;
use jiff::{Timestamp, fmt::rfc2822};
use serde::de::DeserializeOwned;

use super::Question;
use crate::{
    cure::{Cure, command},
    gates::Stop,
    policy::Forge,
    process::program::run_ticking,
};

/// The time limit of one call of the program.
const LIMIT: Duration = Duration::from_secs(30);
/// Entries of a page; neither forge gives more.
pub(super) const PER_PAGE: usize = 100;

/// Variables that add to what the programs print, or change it.
const UNSET: [&str; 6] = [
    "GH_DEBUG",
    "DEBUG",
    "GH_FORCE_TTY",
    "CLICOLOR_FORCE",
    "FORCE_HYPERLINKS",
    "GH_PAGER",
];
const SET: [(&str, &str); 6] = [
    ("NO_COLOR", "1"),
    ("GH_PROMPT_DISABLED", "1"),
    ("GH_NO_UPDATE_NOTIFIER", "1"),
    ("NO_PROMPT", "1"),
    ("GLAB_CHECK_UPDATE", "false"),
    ("GLAB_SEND_TELEMETRY", "false"),
];

/// How long the forge may take, and what is called while it does.
#[derive(Clone, Copy)]
pub(super) struct Patience<'p> {
    pub(super) until: Instant,
    pub(super) tick: &'p dyn Fn(),
}

/// A question that the forge did not answer.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: Stop,
    /// Whether the next question may be answered all the same.
    pub(super) may_pass: bool,
}

impl Question {
    /// Reads all pages of a path of the forge's API, and the date of the answer.
    pub(super) fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        patience: Patience<'_>,
    ) -> Result<(Vec<T>, Option<Timestamp>), Failure> {
        let limit = LIMIT.min(patience.until.saturating_duration_since(Instant::now()));
        let said = run_ticking(self.command(path), limit, patience.tick)
            .map_err(|error| self.failed(None, None, error.details))?;
        let Some(said) = said else {
            let seconds = limit.as_millis().div_ceil(1000).max(1);
            let line = format!("no answer within {seconds} s");
            return Err(self.failed(None, None, vec![line]));
        };
        if said.is_ok() {
            return pages(&said.stdout).map_err(|why| self.garbled(&why));
        }
        let status = status(&said.stdout);
        let mut details = said.stderr;
        if let Some(status @ 400..) = status {
            let number = status.to_string();
            if !details.iter().any(|line| line.contains(&number)) {
                details.push(format!("HTTP {status}"));
            }
        }
        if details.is_empty() {
            details.push("the answer breaks off".to_owned());
        }
        Err(self.failed(status, said.code, details))
    }

    /// What to do, by the HTTP status, the program's exit code, and its words.
    fn failed(&self, status: Option<u16>, code: Option<i32>, details: Vec<String>) -> Failure {
        let (program, again) = (self.forge.program(), self.again);
        let (host, project) = (&self.project.host, &self.project.path);
        let is_limit = details.iter().any(|line| line.contains("rate limit"));
        let cures = match (status, code) {
            // So does GitHub answer where one of its limits is reached.
            (Some(429 | 403), _) if is_limit || status == Some(429) => {
                vec![Cure::words(format!(
                    "{again} later: the forge counts questions by the hour"
                ))]
            }
            (Some(403), _) => {
                let words =
                    format!("see who asks, who has to be able to read the checks of {project}");
                let status = [program, "auth", "status", "--hostname", host];
                vec![Cure::run(words, [command(status)])]
            }
            // gh ends with 4 without a login (gh help exit-codes).
            (Some(401), _) | (None, Some(4)) => {
                let token = match self.forge {
                    Forge::Github if host == "github.com" || host.ends_with(".ghe.com") => {
                        "GH_TOKEN"
                    }
                    Forge::Github => "GH_ENTERPRISE_TOKEN",
                    Forge::Gitlab => "GITLAB_TOKEN",
                };
                let login = [program, "auth", "login", "--hostname", host];
                vec![Cure::run(
                    format!("log in, or set {token}"),
                    [command(login)],
                )]
            }
            (Some(404 | 422), _) => {
                let refspec = format!("{}:refs/heads/BRANCH", self.commit.short());
                let push = command(["git", "push", &self.remote, &refspec]);
                let view = command([program, "repo", "view", project]);
                vec![
                    Cure::run(
                        format!("push it to a branch there, so that its checks run, then {again}"),
                        [push],
                    ),
                    Cure::run("if it is there, this has to show the project", [view]),
                ]
            }
            // No answer, or a server's error.
            _ => return self.failure(details, vec![Cure::words(format!("{again} later"))], true),
        };
        self.failure(details, cures, false)
    }

    pub(super) fn garbled(&self, why: &str) -> Failure {
        let line = format!("the answer cannot be understood: {why}");
        let program = self.forge.program();
        let again = self.again;
        let hint = format!("{again}; if it stays so, a newer {program} may help");
        self.failure(vec![line], vec![Cure::words(hint)], true)
    }

    fn failure(&self, details: Vec<String>, cures: Vec<Cure>, may_pass: bool) -> Failure {
        let (forge, subject) = (self.forge.name(), self.subject());
        let mut error =
            Stop::undecided(format!("could not ask {forge} about {subject}")).details(details);
        error.cures = cures;
        Failure { error, may_pass }
    }

    fn command(&self, path: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["api", "--include", "--paginate", "--method", "GET"]);
        if self.project.host.contains(':') {
            // glab's `--hostname` takes no port.
            command.env("GITLAB_HOST", &self.project.host);
        } else {
            command.args(["--hostname", &self.project.host]);
        }
        command.arg(path).stdin(Stdio::null()).envs(SET);
        for name in UNSET {
            command.env_remove(name);
        }
        command
    }
}

/// Reads what the programs print with `--include` and `--paginate`: for each page the head of the HTTP
/// answer, which ends with an empty line, and a JSON document. Without `--include`, some versions join
/// the pages to one array, and the forge's date is not printed.
fn pages<T: DeserializeOwned>(printed: &[u8]) -> Result<(Vec<T>, Option<Timestamp>), String> {
    let (mut pages, mut date, mut rest) = (Vec::new(), None, printed);
    while let Some((head, body)) = rest.split_once_str("\r\n\r\n") {
        // RFC 9110, section 6.6.1.
        date = (head.lines())
            .filter_map(|line| line.strip_prefix(b"Date: ")?.to_str().ok())
            .find_map(|text| Some(rfc2822::parse(text).ok()?.timestamp()));
        let mut documents = serde_json::Deserializer::from_slice(body).into_iter();
        let page = documents.next().ok_or("it is empty")?;
        pages.push(page.map_err(|error| error.to_string())?);
        rest = &body[documents.byte_offset()..];
    }
    if pages.is_empty() || !rest.trim_ascii().is_empty() {
        return Err("it is no series of HTTP answers".to_owned());
    }
    Ok((pages, date))
}

/// Reads the status of the last page.
fn status(printed: &[u8]) -> Option<u16> {
    printed.lines().rev().find_map(|line| {
        let line = line.strip_prefix(b"HTTP/")?.to_str().ok()?;
        line.split(' ').nth(1)?.parse().ok()
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn each_page_has_a_head_and_a_document() {
        let head = "HTTP/2.0 200 OK\nDate: Sun, 22 Nov 2026 07:00:00 GMT\r\nServer: x\r\n\r\n";
        let seven = "2026-11-22T07:00:00Z".parse().unwrap();
        let printed = format!("{head}{{\"a\":\n\n1}}\n{head}[]\n");
        let (found, date) = pages::<Value>(printed.as_bytes()).unwrap();
        assert_eq!(found, [json!({"a": 1}), json!([])]);
        assert_eq!(date, Some(seven));
        for unknown in [
            "HTTP/2.0 200 OK\nDate: soon\r\n\r\n[]",
            "HTTP/2.0 200 OK\n\r\n\r\n[]",
        ] {
            assert_eq!(pages::<Value>(unknown.as_bytes()).unwrap().1, None);
        }
    }

    #[test]
    fn another_output_is_an_error() {
        for text in [
            "",
            "[]",
            "HTTP/1.1 200 OK",
            "HTTP/1.1 200 OK\n\r\n\r\n",
            "HTTP/1.1 200 OK\n\r\n\r\n{\"a\":",
            "HTTP/1.1 200 OK\n\r\n\r\n[] and more",
        ] {
            assert!(pages::<Value>(text.as_bytes()).is_err(), "{text}");
        }
    }
}
