//! One question to a forge, through its own program: every page of what it says of a commit.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use jiff::Timestamp;

use crate::{
    ci::{
        Asked, Check, CiTrouble, Page, Part, Why, check_runs, check_suites, jobs, latest, statuses,
    },
    policy::Forge,
    process::program::run_within,
    text::printable,
};

/// How long one answer may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);
/// So many entries a page; both forges give no more.
pub(crate) const PER_PAGE: usize = 100;
/// Nobody reads further: three thousand checks.
pub(crate) const PAGES: usize = 30;

/// What changes how the programs speak; the answer is to be bytes for us.
pub(crate) const NOISE: [&str; 6] = [
    "GH_DEBUG",
    "DEBUG",
    "GH_FORCE_TTY",
    "CLICOLOR_FORCE",
    "FORCE_HYPERLINKS",
    "GH_PAGER",
];
pub(crate) const QUIET: [(&str, &str); 6] = [
    ("NO_COLOR", "1"),
    ("GH_PROMPT_DISABLED", "1"),
    ("GH_NO_UPDATE_NOTIFIER", "1"),
    ("NO_PROMPT", "1"),
    ("GLAB_CHECK_UPDATE", "false"),
    ("GLAB_SEND_TELEMETRY", "false"),
];

/// What a forge says of a commit, and when.
pub(crate) struct Answer {
    pub(crate) checks: Vec<Check>,
    /// By its own clock.
    pub(crate) at: Option<Timestamp>,
}

/// Somebody who asks about one commit.
pub(crate) struct Asker {
    pub(crate) program: PathBuf,
    pub(crate) asked: Box<Asked>,
}

/// One question, as far as it was answered.
pub(crate) struct Question<'a> {
    asker: &'a Asker,
    /// When nobody waits for the rest of the answer any more.
    until: Instant,
    /// The forge's clock, as it was last heard.
    at: Option<Timestamp>,
}

impl Asker {
    /// All that the forge says of the commit until then.
    pub(crate) fn ask(&self, until: Instant) -> Result<Answer, CiTrouble> {
        let mut question = Question {
            asker: self,
            until,
            at: None,
        };
        let checks = question.checks()?;
        let at = question.at;
        Ok(Answer { checks, at })
    }

    pub(crate) fn page(
        &self,
        path: &str,
        number: usize,
        limit: Duration,
    ) -> Result<Page, CiTrouble> {
        let endpoint = format!("{path}?per_page={PER_PAGE}&page={number}");
        let mut command = Command::new(&self.program);
        command.args(["api", "--include", "--method", "GET"]);
        let host = &self.asked.project.host;
        if host.contains(':') {
            // Its option takes no port.
            command.env("GITLAB_HOST", host);
        } else {
            command.args(["--hostname", host]);
        }
        command.arg(endpoint).stdin(Stdio::null()).envs(QUIET);
        for name in NOISE {
            command.env_remove(name);
        }
        let said = run_within(command, limit)
            .map_err(|error| self.refused(Why::Down, vec![error.reason()]))?;
        let Some(said) = said else {
            let words = format!(
                "no answer within {} s",
                limit.as_millis().div_ceil(1000).max(1)
            );
            return Err(self.refused(Why::Down, vec![words]));
        };
        let page = Page::read(&said.stdout);
        let status = page.as_ref().map_or(0, |page| page.status);
        let why = match &page {
            Some(page) if page.is_rate_limit() => Why::Limit,
            _ => match status {
                200 if said.is_ok() => return page.ok_or_else(|| self.garbled("")),
                401 => Why::LoggedOut,
                403 => Why::Forbidden,
                404 | 422 => Why::NotThere,
                // gh ends with 4 where nobody is logged in (gh help exit-codes).
                0 if said.code == Some(4) => Why::LoggedOut,
                _ => Why::Down,
            },
        };
        let mut words = said.stderr;
        if let Some(message) = page.as_ref().and_then(Page::message)
            && !words.iter().any(|words| words.contains(&message))
        {
            words.insert(0, printable(message.as_bytes().into()));
        }
        if words.is_empty() && status == 200 {
            words.push("the answer breaks off".to_owned());
        }
        if status >= 400
            && !words
                .iter()
                .any(|words| words.contains(&status.to_string()))
        {
            words.push(format!("HTTP {status}"));
        }
        Err(self.refused(why, words))
    }

    pub(crate) fn refused(&self, why: Why, words: Vec<String>) -> CiTrouble {
        CiTrouble::Refused {
            asked: self.asked.clone(),
            why,
            words,
        }
    }

    pub(crate) fn garbled(&self, why: &str) -> CiTrouble {
        self.refused(
            Why::Garbled,
            vec![format!("the answer cannot be understood: {why}")],
        )
    }

    pub(crate) fn too_many(&self) -> CiTrouble {
        let words = format!(
            "more than {} checks: name those that count in `suite.checks`",
            PAGES * PER_PAGE
        );
        self.refused(Why::Garbled, vec![words])
    }
}

impl Question<'_> {
    pub(crate) fn checks(&mut self) -> Result<Vec<Check>, CiTrouble> {
        let asked = &self.asker.asked;
        let (project, commit) = (&asked.project, asked.commit.as_str());
        match asked.forge {
            Forge::Github => {
                let base = format!("repos/{}/commits/{commit}", project.path);
                let mut checks = self.parts(&format!("{base}/check-suites"), check_suites)?;
                checks.extend(self.parts(&format!("{base}/check-runs"), check_runs)?);
                checks.extend(self.parts(&format!("{base}/status"), statuses)?);
                Ok(checks)
            }
            Forge::Gitlab => {
                let id = project.path.replace('/', "%2F");
                let path = format!("projects/{id}/repository/commits/{commit}/statuses");
                let mut all = Vec::new();
                for number in 1..=PAGES {
                    let page = self.page(&path, number)?;
                    let jobs = jobs(&page, commit).map_err(|why| self.asker.garbled(&why))?;
                    // What stands between may have taken the headers away.
                    let has_next = page.has_next() || jobs.len() >= PER_PAGE;
                    all.extend(jobs);
                    if !has_next {
                        return Ok(latest(all));
                    }
                }
                Err(self.asker.too_many())
            }
        }
    }

    /// All pages of what GitHub counts.
    pub(crate) fn parts(
        &mut self,
        path: &str,
        read: impl Fn(&Page, &str) -> Result<Part, String>,
    ) -> Result<Vec<Check>, CiTrouble> {
        let (mut checks, mut entries) = (Vec::new(), 0);
        for number in 1..=PAGES {
            let page = self.page(path, number)?;
            let asker = self.asker;
            let part =
                read(&page, asker.asked.commit.as_str()).map_err(|why| asker.garbled(&why))?;
            checks.extend(part.checks);
            entries += part.entries;
            if page.has_next() {
                continue;
            }
            if entries < part.all {
                return Err(asker.garbled(&format!("it counts {}, and names {entries}", part.all)));
            }
            return Ok(checks);
        }
        Err(self.asker.too_many())
    }

    pub(crate) fn page(&mut self, path: &str, number: usize) -> Result<Page, CiTrouble> {
        let left = self.until.saturating_duration_since(Instant::now());
        let page = self.asker.page(path, number, left.min(LIMIT))?;
        self.at = page.date().or(self.at);
        Ok(page)
    }
}
