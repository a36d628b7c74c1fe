//! Reads what GitHub documents: check runs and check suites ("REST API endpoints for checks"), and commit
//! statuses ("REST API endpoints for commit statuses").

use std::time::Instant;

use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    Check, Question, State,
    ask::{Answer, PER_PAGE},
    error::Failure,
};

/// A page of one of the three lists.
#[derive(Deserialize)]
struct Page<T> {
    /// The number of entries on all pages.
    total_count: usize,
    /// The commit, where the entries do not name it.
    sha: Option<String>,
    #[serde(alias = "check_runs", alias = "check_suites", alias = "statuses")]
    entries: Vec<T>,
}

trait Entry: DeserializeOwned {
    /// The commit that it is about, where it names one, and the check that it is, if it counts.
    fn read(self) -> (Option<String>, Option<Check>);
}

#[derive(Deserialize)]
struct CheckRun {
    name: String,
    head_sha: String,
    status: String,
    conclusion: Option<String>,
    html_url: Option<String>,
    completed_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct CheckSuite {
    head_sha: String,
    status: Option<String>,
    conclusion: Option<String>,
    latest_check_runs_count: usize,
    app: Option<App>,
}

#[derive(Deserialize)]
struct App {
    slug: Option<String>,
    name: String,
}

#[derive(Deserialize)]
struct Status {
    context: String,
    state: String,
    target_url: Option<String>,
    updated_at: Option<Timestamp>,
}

pub(super) fn ask(question: &Question, until: Instant) -> Result<Answer, Failure> {
    let suites = list::<CheckSuite>(question, "check-suites", until)?.checks;
    let runs = list::<CheckRun>(question, "check-runs", until)?.checks;
    let Answer { checks, date } = list::<Status>(question, "status", until)?;
    let checks = [suites, runs, checks].concat();
    Ok(Answer { checks, date })
}

/// Asks for `GET /repos/{owner}/{repo}/commits/{ref}/{list}`.
fn list<T: Entry>(question: &Question, list: &str, until: Instant) -> Result<Answer, Failure> {
    let (project, commit) = (&question.project.path, question.commit.as_str());
    let path = format!("repos/{project}/commits/{commit}/{list}?per_page={PER_PAGE}");
    let (pages, date) = question.get(&path, until)?;
    let checks = read::<T>(pages, commit).map_err(|why| Failure::garbled(&why))?;
    Ok(Answer { checks, date })
}

fn read<T: Entry>(pages: Vec<Page<T>>, commit: &str) -> Result<Vec<Check>, String> {
    let counted = pages.last().map_or(0, |page| page.total_count);
    let named: usize = pages.iter().map(|page| page.entries.len()).sum();
    if named < counted {
        return Err(format!("it counts {counted}, and names {named}"));
    }
    let mut checks = Vec::new();
    for page in pages {
        let of_page = page.sha.as_deref();
        of_page.map_or(Ok(()), |sha| is_about(sha, commit))?;
        for entry in page.entries {
            let (sha, check) = entry.read();
            let sha = sha.as_deref().or(of_page);
            is_about(sha.unwrap_or("no commit"), commit)?;
            checks.extend(check);
        }
    }
    Ok(checks)
}

/// Fails where an answer is about another commit.
pub(super) fn is_about(answered: &str, commit: &str) -> Result<(), String> {
    if answered == commit {
        return Ok(());
    }
    Err(format!("it speaks of {answered}"))
}

impl Entry for CheckRun {
    fn read(self) -> (Option<String>, Option<Check>) {
        let (state, word) = concluded(&self.status, self.conclusion);
        let check = Check {
            name: self.name,
            state,
            word,
            url: self.html_url,
            ended: self.completed_at,
        };
        (Some(self.head_sha), Some(check))
    }
}

impl Entry for CheckSuite {
    /// A suite that is not completed, or that ended badly without a run that says so.
    ///
    /// A job that `needs` another gets its check run only when that one is done: until the suite is
    /// completed, the green runs may not be all of them. But every app that may write checks has a
    /// suite, and one that never does stays `queued` for ever: only suites with runs count, and those of
    /// GitHub Actions, which exist because a workflow was started. One of those that ended without a run
    /// could not start.
    fn read(self) -> (Option<String>, Option<Check>) {
        let slug = self.app.as_ref().and_then(|app| app.slug.as_deref());
        let is_actions = slug == Some("github-actions");
        let has_runs = self.latest_check_runs_count > 0;
        let (state, word) = concluded(self.status.as_deref().unwrap_or_default(), self.conclusion);
        let counts = match state {
            State::Running => has_runs || is_actions,
            // A run that failed says so itself; no run tells that the suite was cancelled between two.
            State::Red if has_runs => word != "failure",
            State::Red => is_actions,
            State::Passed | State::Aside => false,
        };
        let app = self.app.map_or_else(|| "an app".to_owned(), |app| app.name);
        let check = counts.then(|| Check {
            name: format!("all of {app}"),
            state,
            word,
            url: None,
            ended: None,
        });
        (Some(self.head_sha), check)
    }
}

impl Entry for Status {
    fn read(self) -> (Option<String>, Option<Check>) {
        let check = Check {
            name: self.context,
            state: match self.state.as_str() {
                "success" => State::Passed,
                "pending" => State::Running,
                _ => State::Red,
            },
            word: self.state,
            url: self.target_url.filter(|url| !url.is_empty()),
            ended: self.updated_at,
        };
        (None, Some(check))
    }
}

/// The state that a status and a conclusion stand for, and the forge's word for it.
fn concluded(status: &str, conclusion: Option<String>) -> (State, String) {
    if status != "completed" {
        return (State::Running, status.replace('_', " "));
    }
    let conclusion = conclusion.unwrap_or_default();
    let state = match conclusion.as_str() {
        "success" => State::Passed,
        "neutral" | "skipped" => State::Aside,
        _ => State::Red,
    };
    (state, conclusion.replace('_', " "))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const COMMIT: &str = "1111111111111111111111111111111111111111";

    fn checks<T: Entry>(body: &Value) -> Result<Vec<Check>, String> {
        let page = Page::<T>::deserialize(body).map_err(|error| error.to_string())?;
        read(vec![page], COMMIT)
    }

    #[track_caller]
    fn run(status: &str, conclusion: Option<&str>, expected: State) {
        let body = json!({"total_count": 1, "check_runs": [{"id": 4, "name": "test", "head_sha": COMMIT,
            "status": status, "conclusion": conclusion, "html_url": "https://github.com/acme/shop/runs/4"}]});
        let checks = checks::<CheckRun>(&body).unwrap();
        assert_eq!(checks[0].state, expected, "{status} {conclusion:?}");
    }

    #[test]
    fn a_check_run_passes_by_success_alone() {
        run("completed", Some("success"), State::Passed);
        for aside in ["neutral", "skipped"] {
            run("completed", Some(aside), State::Aside);
        }
        for red in [
            "failure",
            "cancelled",
            "timed_out",
            "action_required",
            "stale",
            "startup_failure",
            "a_new_word",
        ] {
            run("completed", Some(red), State::Red);
        }
        run("completed", None, State::Red);
        for running in [
            "queued",
            "in_progress",
            "waiting",
            "requested",
            "pending",
            "a_new_word",
        ] {
            run(running, None, State::Running);
        }
    }

    #[track_caller]
    fn suite(
        slug: &str,
        runs: usize,
        status: &str,
        conclusion: Option<&str>,
        expected: Option<State>,
    ) {
        let body = json!({"total_count": 1, "check_suites": [{"head_sha": COMMIT, "status": status,
            "conclusion": conclusion, "latest_check_runs_count": runs, "app": {"slug": slug, "name": slug}}]});
        let checks = checks::<CheckSuite>(&body).unwrap();
        let found = checks.first().map(|check| check.state);
        assert_eq!(found, expected, "{slug} {runs} {status} {conclusion:?}");
    }

    #[test]
    fn a_suite_holds_back_until_all_of_its_runs_are_there() {
        suite(
            "github-actions",
            1,
            "in_progress",
            None,
            Some(State::Running),
        );
        suite("github-actions", 0, "queued", None, Some(State::Running));
        suite("github-actions", 2, "completed", Some("success"), None);
        // Its runs say it themselves.
        suite("github-actions", 2, "completed", Some("failure"), None);
        for ended in ["cancelled", "timed_out", "stale"] {
            suite("buildkite", 1, "completed", Some(ended), Some(State::Red));
        }
        suite(
            "github-actions",
            0,
            "completed",
            Some("startup_failure"),
            Some(State::Red),
        );
        // An app that is installed, and has nothing to say.
        suite("dependabot", 0, "queued", None, None);
        suite("buildkite", 3, "queued", None, Some(State::Running));
    }

    #[test]
    fn statuses_have_words_of_their_own() {
        let body = json!({"sha": COMMIT, "state": "pending", "total_count": 4, "statuses": [
            {"context": "ci/a", "state": "success", "target_url": "https://ci.example/1"},
            {"context": "ci/b", "state": "pending", "target_url": null},
            {"context": "ci/c", "state": "failure", "target_url": ""},
            {"context": "ci/d", "state": "error", "target_url": null}]});
        let checks = checks::<Status>(&body).unwrap();
        let states: Vec<_> = checks.iter().map(|check| check.state).collect();
        assert_eq!(
            states,
            [State::Passed, State::Running, State::Red, State::Red]
        );
        assert_eq!(checks[0].url.as_deref(), Some("https://ci.example/1"));
        assert_eq!(checks[2].url, None);
    }

    #[test]
    fn another_commit_or_another_shape_is_an_error() {
        let other = "2".repeat(40);
        let body = json!({"total_count": 1, "check_runs": [{"name": "test", "head_sha": other,
            "status": "completed", "conclusion": "success", "html_url": null}]});
        assert!(checks::<CheckRun>(&body).is_err());
        let body = json!({"sha": other, "total_count": 0, "statuses": []});
        assert!(checks::<Status>(&body).is_err());
        let body = json!({"total_count": 1, "statuses": [{"context": "a", "state": "success"}]});
        assert!(checks::<Status>(&body).is_err());
        for body in [json!([]), json!({}), json!({"total_count": 0}), json!(null)] {
            assert!(checks::<CheckRun>(&body).is_err());
            assert!(checks::<CheckSuite>(&body).is_err());
            assert!(checks::<Status>(&body).is_err());
        }
    }

    #[test]
    fn all_pages_have_to_name_as_many_as_are_counted() {
        let page = || {
            let run = json!({"name": "test", "head_sha": COMMIT, "status": "completed", "conclusion": "success"});
            let body = json!({"total_count": 2, "check_runs": [run]});
            Page::<CheckRun>::deserialize(body).unwrap()
        };
        assert_eq!(read(vec![page(), page()], COMMIT).unwrap().len(), 2);
        let error = read(vec![page()], COMMIT).unwrap_err();
        assert_eq!(error, "it counts 2, and names 1");
    }
}
