//! What GitHub documents: check runs and check suites ("REST API endpoints for checks"), and commit
//! statuses ("REST API endpoints for commit statuses").

use serde::Deserialize;

use super::{Check, Page, State, moment};

/// A part of an answer that comes in pages.
pub(crate) struct Part {
    /// The checks in it.
    pub(crate) checks: Vec<Check>,
    /// How many entries it has, and how many all pages have together.
    pub(crate) entries: usize,
    pub(crate) all: usize,
}

#[derive(Deserialize)]
pub(crate) struct CheckRuns {
    total_count: usize,
    check_runs: Vec<CheckRun>,
}

#[derive(Deserialize)]
pub(crate) struct CheckRun {
    name: String,
    head_sha: String,
    status: String,
    conclusion: Option<String>,
    html_url: Option<String>,
    completed_at: Option<String>,
}

/// Reads `GET /repos/{owner}/{repo}/commits/{ref}/check-runs`.
pub(crate) fn check_runs(page: &Page, commit: &str) -> Result<Part, String> {
    let runs: CheckRuns = page.json().map_err(|error| error.to_string())?;
    let entries = runs.check_runs.len();
    let checks = runs.check_runs.into_iter().map(|run| {
        same(&run.head_sha, commit)?;
        let (state, word) = concluded(&run.status, run.conclusion);
        Ok(Check {
            name: run.name,
            state,
            word,
            url: run.html_url,
            ended: moment(run.completed_at.as_deref()),
        })
    });
    Ok(Part {
        checks: checks.collect::<Result<_, String>>()?,
        entries,
        all: runs.total_count,
    })
}

#[derive(Deserialize)]
pub(crate) struct CheckSuites {
    total_count: usize,
    check_suites: Vec<CheckSuite>,
}

#[derive(Deserialize)]
pub(crate) struct CheckSuite {
    head_sha: String,
    status: Option<String>,
    conclusion: Option<String>,
    latest_check_runs_count: usize,
    app: Option<App>,
}

#[derive(Deserialize)]
pub(crate) struct App {
    slug: Option<String>,
    name: String,
}

/// Reads `GET /repos/{owner}/{repo}/commits/{ref}/check-suites`.
///
/// A job that `needs` another gets its check run when its turn comes: until the suite is completed, the
/// green runs may not be all of them. But every app that may write checks has a suite, and one that
/// never does stays `queued` for ever: only suites with runs count, and those of GitHub Actions,
/// which exist because a workflow was started. One of those that ended without a run could not start.
pub(crate) fn check_suites(page: &Page, commit: &str) -> Result<Part, String> {
    let suites: CheckSuites = page.json().map_err(|error| error.to_string())?;
    let entries = suites.check_suites.len();
    let mut checks = Vec::new();
    for suite in suites.check_suites {
        same(&suite.head_sha, commit)?;
        let slug = suite.app.as_ref().and_then(|app| app.slug.as_deref());
        let is_actions = slug == Some("github-actions");
        let has_runs = suite.latest_check_runs_count > 0;
        let (state, word) = concluded(
            suite.status.as_deref().unwrap_or_default(),
            suite.conclusion,
        );
        let counts = match state {
            State::Running => has_runs || is_actions,
            // A run that failed says so itself; what was cancelled between two of them, nobody says.
            State::Red if has_runs => word != "failure",
            State::Red => is_actions,
            State::Passed | State::Aside => false,
        };
        if counts {
            let app = suite
                .app
                .map_or_else(|| "an app".to_owned(), |app| app.name);
            checks.push(Check {
                name: format!("all of {app}"),
                state,
                word,
                url: None,
                ended: None,
            });
        }
    }
    Ok(Part {
        checks,
        entries,
        all: suites.total_count,
    })
}

/// The state, and the word that says it.
pub(crate) fn concluded(status: &str, conclusion: Option<String>) -> (State, String) {
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

#[derive(Deserialize)]
pub(crate) struct Combined {
    sha: String,
    total_count: usize,
    statuses: Vec<Status>,
}

#[derive(Deserialize)]
pub(crate) struct Status {
    context: String,
    state: String,
    target_url: Option<String>,
    updated_at: Option<String>,
}

/// Reads `GET /repos/{owner}/{repo}/commits/{ref}/status`.
pub(crate) fn statuses(page: &Page, commit: &str) -> Result<Part, String> {
    let combined: Combined = page.json().map_err(|error| error.to_string())?;
    same(&combined.sha, commit)?;
    let entries = combined.statuses.len();
    let checks = combined.statuses.into_iter().map(|status| Check {
        name: status.context,
        state: match status.state.as_str() {
            "success" => State::Passed,
            "pending" => State::Running,
            _ => State::Red,
        },
        word: status.state,
        url: status.target_url.filter(|url| !url.is_empty()),
        ended: moment(status.updated_at.as_deref()),
    });
    Ok(Part {
        checks: checks.collect(),
        entries,
        all: combined.total_count,
    })
}

/// What is said of another commit says nothing.
pub(crate) fn same(answered: &str, commit: &str) -> Result<(), String> {
    if answered == commit {
        return Ok(());
    }
    Err(format!("it speaks of {answered}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    const COMMIT: &str = "1111111111111111111111111111111111111111";

    #[track_caller]
    fn run(status: &str, conclusion: Option<&str>, expected: State) {
        let body = json!({"total_count": 1, "check_runs": [{"id": 4, "name": "test", "head_sha": COMMIT,
            "status": status, "conclusion": conclusion, "html_url": "https://github.com/acme/shop/runs/4"}]});
        let part = check_runs(&Page::of(&body), COMMIT).unwrap();
        assert_eq!(part.checks[0].state, expected, "{status} {conclusion:?}");
        assert_eq!((part.entries, part.all), (1, 1));
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
        let part = check_suites(&Page::of(&body), COMMIT).unwrap();
        let found = part.checks.first().map(|check| check.state);
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
        let part = statuses(&Page::of(&body), COMMIT).unwrap();
        let states: Vec<_> = part.checks.iter().map(|check| check.state).collect();
        assert_eq!(
            states,
            [State::Passed, State::Running, State::Red, State::Red]
        );
        assert_eq!(part.checks[0].url.as_deref(), Some("https://ci.example/1"));
        assert_eq!(part.checks[2].url, None);
    }

    #[test]
    fn another_commit_or_another_shape_is_an_error() {
        let other = "2".repeat(40);
        let body = json!({"total_count": 1, "check_runs": [{"name": "test", "head_sha": other,
            "status": "completed", "conclusion": "success", "html_url": null}]});
        assert!(check_runs(&Page::of(&body), COMMIT).is_err());
        let body = json!({"sha": other, "total_count": 0, "statuses": []});
        assert!(statuses(&Page::of(&body), COMMIT).is_err());
        for body in [json!([]), json!({}), json!({"total_count": 0}), json!(null)] {
            assert!(check_runs(&Page::of(&body), COMMIT).is_err());
            assert!(check_suites(&Page::of(&body), COMMIT).is_err());
            assert!(statuses(&Page::of(&body), COMMIT).is_err());
        }
    }
}
