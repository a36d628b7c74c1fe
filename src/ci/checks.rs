//! Reads what the forges say about a commit.
//!
//! GitHub's check suites and check runs ("REST API endpoints for checks") and commit statuses ("REST API
//! endpoints for commit statuses"); what GitLab documents as "List commit statuses": the jobs of a commit's
//! pipelines, and what other services posted about it.

use std::time::Instant;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{Check, Question, State, ask::PER_PAGE};
use crate::{gates::Stop, policy::Forge};

/// A page of one of GitHub's lists.
#[derive(Deserialize)]
struct Page {
    /// The number of entries on all pages.
    total_count: usize,
    /// The commit, where the entries do not name it.
    sha: Option<String>,
    #[serde(alias = "check_runs", alias = "check_suites", alias = "statuses")]
    entries: Vec<Entry>,
}

/// An entry of any of the lists. Each kind has some of the fields.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Entry {
    id: u64,
    sha: Option<String>,
    head_sha: Option<String>,
    name: Option<String>,
    context: Option<String>,
    status: Option<String>,
    state: Option<String>,
    conclusion: Option<String>,
    html_url: Option<String>,
    target_url: Option<String>,
    completed_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    /// With `slug` and `name`.
    app: Value,
    /// With `id`.
    check_suite: Value,
    latest_check_runs_count: usize,
    /// The branch or tag that a job's pipeline is about.
    #[serde(rename = "ref")]
    branch: Option<String>,
    allow_failure: Option<bool>,
}

impl Question {
    /// Asks for the checks, until then at the latest; `tick` is called meanwhile.
    pub(super) fn ask(&self, until: Instant, tick: &dyn Fn()) -> Result<Vec<Check>, Stop> {
        match self.forge {
            Forge::Github => self.ask_github(until, tick),
            Forge::Gitlab => self.ask_gitlab(until, tick),
        }
    }

    /// Asks for `GET /repos/{owner}/{repo}/commits/{ref}/{list}`, three lists.
    fn ask_github(&self, until: Instant, tick: &dyn Fn()) -> Result<Vec<Check>, Stop> {
        let (project, commit) = (&self.project.path, self.commit.as_str());
        let list = |list: &str| {
            let path = format!("repos/{project}/commits/{commit}/{list}?per_page={PER_PAGE}");
            entries(self.get(&path, until, tick)?, commit).map_err(|why| self.garbled(&why))
        };
        let (suites, runs) = (list("check-suites")?, list("check-runs")?);
        Ok(github(&suites, &runs, &list("status")?))
    }

    /// Asks for `GET /projects/:id/repository/commits/:sha/statuses`.
    fn ask_gitlab(&self, until: Instant, tick: &dyn Fn()) -> Result<Vec<Check>, Stop> {
        let id = self.project.path.replace('/', "%2F");
        let commit = self.commit.as_str();
        let path =
            format!("projects/{id}/repository/commits/{commit}/statuses?per_page={PER_PAGE}");
        let mut jobs: Vec<Entry> = Vec::new();
        loop {
            let page = jobs.len() / PER_PAGE + 1;
            let pages: Vec<Vec<Entry>> = self.get(&format!("{path}&page={page}"), until, tick)?;
            let before = jobs.len();
            jobs.extend(pages.into_iter().flatten());
            // A full page may not be the last one: a proxy may have removed the header that names the next.
            if jobs.len() == before || !jobs.len().is_multiple_of(PER_PAGE) {
                return gitlab(&jobs, commit).map_err(|why| self.garbled(&why));
            }
        }
    }
}

/// The entries of all pages, where they are complete and about this commit.
fn entries(pages: Vec<Page>, commit: &str) -> Result<Vec<Entry>, String> {
    let counted = pages.last().map_or(0, |page| page.total_count);
    let named: usize = pages.iter().map(|page| page.entries.len()).sum();
    if named < counted {
        return Err(format!("it counts {counted}, and names {named}"));
    }
    let mut all = Vec::new();
    for page in pages {
        let of_page = page.sha.as_ref();
        let shas = page.entries.iter().map(|one| one.head_sha.as_ref());
        for sha in shas.map(|sha| sha.or(of_page)).chain(of_page.map(Some)) {
            is_about(sha, commit)?;
        }
        all.extend(page.entries);
    }
    Ok(all)
}

/// Fails where an answer is about another commit.
fn is_about(answered: Option<&String>, commit: &str) -> Result<(), String> {
    match answered {
        Some(answered) if answered == commit => Ok(()),
        Some(answered) => Err(format!("it speaks of {answered}")),
        None => Err("it speaks of no commit".to_owned()),
    }
}

/// Of entries with one key, only the last in this order.
fn latest<'e, K: PartialEq, O: Ord>(
    entries: &'e [Entry],
    key: impl Fn(&'e Entry) -> K,
    order: impl Fn(&'e Entry) -> O,
) -> Vec<&'e Entry> {
    let mut sorted: Vec<_> = entries.iter().collect();
    sorted.sort_by_key(|entry| order(entry));
    let mut latest: Vec<&Entry> = Vec::new();
    for entry in sorted {
        latest.retain(|known| key(known) != key(entry));
        latest.push(entry);
    }
    latest
}

/// GitHub's checks. Of several runs of one check, by two workflows or two events, the latest counts, as in
/// GitHub's own merge box; one that was skipped only where there is no other.
fn github(suites: &[Entry], runs: &[Entry], statuses: &[Entry]) -> Vec<Check> {
    let latest = latest(
        runs,
        |run| (&run.app["slug"], &run.name),
        |run| (run.state().0 != State::Aside, run.id),
    );
    let suites = suites
        .iter()
        .filter_map(|suite| suite.of_suite(runs, &latest));
    let runs = latest.iter().map(|run| run.check());
    let statuses = statuses.iter().map(Entry::check);
    suites.chain(runs).chain(statuses).collect()
}

/// GitLab's checks, in the order in which they began. Of two jobs with one name and one branch the later
/// one counts: a pipeline of a tag or a schedule makes none of the branch's pass.
fn gitlab(jobs: &[Entry], commit: &str) -> Result<Vec<Check>, String> {
    for job in jobs {
        is_about(job.sha.as_ref(), commit)?;
    }
    let latest = latest(jobs, |job| (&job.branch, &job.name), |job| job.id);
    Ok(latest.into_iter().map(Entry::check).collect())
}

impl Entry {
    fn check(&self) -> Check {
        let (state, word) = self.state();
        let url = self.html_url.as_ref().or(self.target_url.as_ref());
        Check {
            name: (self.name.as_ref().or(self.context.as_ref()))
                .cloned()
                .unwrap_or_default(),
            state,
            word,
            url: url.filter(|url| !url.is_empty()).cloned(),
            ended: self.completed_at.or(self.updated_at).or(self.finished_at),
        }
    }

    /// What it stands for, and the forge's word for it. A word that is not known yet is no pass.
    fn state(&self) -> (State, String) {
        let status = self.status.as_ref().or(self.state.as_ref());
        let status = status.map_or("", String::as_str);
        // Check runs and suites have a conclusion once they are completed, the others a state alone.
        let concludes = self.head_sha.is_some();
        let word = match &self.conclusion {
            _ if !concludes || status != "completed" => status,
            conclusion => conclusion.as_deref().unwrap_or_default(),
        };
        let may_fail = self.allow_failure == Some(true);
        let state = match word {
            _ if concludes && status != "completed" => State::Running,
            "success" => State::Passed,
            "neutral" | "skipped" => State::Aside,
            // A job that a person has to start may never end.
            "failed" | "canceled" | "canceling" | "manual" if may_fail => State::Aside,
            "created"
            | "pending"
            | "running"
            | "preparing"
            | "scheduled"
            | "waiting_for_resource"
            | "waiting_for_callback" => State::Running,
            _ => State::Red,
        };
        (state, word.replace('_', " "))
    }

    /// The check that a suite is where it is not completed, or ended badly without a run that says so.
    ///
    /// A job that `needs` another gets its check run only when that one is done: until the suite is
    /// completed, the green runs may not be all of them. But every app that may write checks has a
    /// suite, and one that never does stays `queued` for ever: only suites with runs count, and those of
    /// GitHub Actions, which exist because a workflow was started. One of those that ended without a run
    /// could not start. One whose every run was run again, in a later suite, is out of date.
    fn of_suite(&self, runs: &[Entry], latest: &[&Entry]) -> Option<Check> {
        let is_own = |run: &&Entry| run.check_suite["id"] == self.id;
        let is_actions = self.app["slug"] == "github-actions";
        let has_runs = self.latest_check_runs_count > 0;
        let check = self.check();
        let counts = match check.state {
            State::Running => has_runs || is_actions,
            State::Red if has_runs => {
                let mut current = latest.iter().copied().filter(is_own);
                let replaced = runs.iter().filter(is_own).count() - current.clone().count();
                // No run tells that the suite was cancelled between two.
                replaced < self.latest_check_runs_count
                    && !current.any(|run| run.state().0 == State::Red)
            }
            State::Red => is_actions,
            State::Passed | State::Aside => false,
        };
        let app = self.app["name"].as_str().unwrap_or("an app");
        counts.then(|| Check {
            name: format!("all of {app}"),
            ended: None,
            ..check
        })
    }
}

#[cfg(test)]
mod tests;
