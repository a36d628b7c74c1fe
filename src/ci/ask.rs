//! One question to a forge, through its own program: `gh api` and `glab api`.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde::de::DeserializeOwned;

use super::Question;
use crate::{cure::command, gates::Stop, policy::Forge, process::program::run_ticking};

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

impl Question {
    /// Reads all pages of a path of the forge's API; `tick` is called meanwhile.
    pub(super) fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        until: Instant,
        tick: &dyn Fn(),
    ) -> Result<Vec<T>, Stop> {
        let limit = LIMIT.min(until.saturating_duration_since(Instant::now()));
        let said = run_ticking(self.command(path), limit, tick)
            .map_err(|error| self.failed(None, error.details))?;
        let Some(mut said) = said else {
            let seconds = limit.as_millis().div_ceil(1000).max(1);
            let line = format!("no answer within {seconds} s");
            return Err(self.failed(None, vec![line]));
        };
        if !said.is_ok() {
            if said.stderr.is_empty() {
                said.stderr.push("the answer breaks off".to_owned());
            }
            return Err(self.failed(said.code, said.stderr));
        }
        // Each page is a document; some versions join those that are lists.
        let pages = serde_json::Deserializer::from_slice(&said.stdout).into_iter();
        match pages.collect::<Result<Vec<T>, _>>() {
            Ok(pages) if pages.is_empty() => Err(self.garbled("it is empty")),
            pages => pages.map_err(|error| self.garbled(&error.to_string())),
        }
    }

    /// What to do, by the program's exit code and its words, which name the HTTP status.
    fn failed(&self, code: Option<i32>, details: Vec<String>) -> Stop {
        let (program, again) = (self.forge.program(), self.again);
        let (host, project) = (&self.project.host, &self.project.path);
        let is_limit = details.iter().any(|line| line.contains("rate limit"));
        let status = details.iter().find_map(|line| status(line));
        let error = self.unanswered(details);
        match (status, code) {
            (Some(403), _) if !is_limit => {
                let words =
                    format!("see who asks, who has to be able to read the checks of {project}");
                let status = [program, "auth", "status", "--hostname", host];
                error.cure(words, [command(status)])
            }
            // GitHub answers 403 as well where one of its limits is reached.
            (Some(429 | 403), _) => error.hint(format!(
                "{again} later: the forge counts questions by the hour"
            )),
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
                error.cure(format!("log in, or set {token}"), [command(login)])
            }
            (Some(404 | 422), _) => {
                let refspec = format!("{}:refs/heads/BRANCH", self.commit.short());
                let push = command(["git", "push", &self.remote, &refspec]);
                let words =
                    format!("push it to a branch there, so that its checks run, then {again}");
                let view = command([program, "repo", "view", project]);
                error
                    .cure(words, [push])
                    .cure("if it is there, this has to show the project", [view])
            }
            // No answer, or a server's error.
            _ => error.hint(format!("{again} later")),
        }
    }

    pub(super) fn garbled(&self, why: &str) -> Stop {
        let line = format!("the answer cannot be understood: {why}");
        let (program, again) = (self.forge.program(), self.again);
        let hint = format!("{again}; if it stays so, a newer {program} may help");
        self.unanswered(vec![line]).hint(hint)
    }

    fn unanswered(&self, details: Vec<String>) -> Stop {
        let (forge, subject) = (self.forge.name(), self.subject());
        Stop::undecided(format!("could not ask {forge} about {subject}")).details(details)
    }

    fn command(&self, path: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["api", "--paginate", "--method", "GET"]);
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

/// The HTTP status that a line of the programs names: `gh: Not Found (HTTP 404)`.
fn status(line: &str) -> Option<u16> {
    let (_, status) = line.rsplit_once("HTTP ")?;
    status.get(..3)?.parse().ok()
}
