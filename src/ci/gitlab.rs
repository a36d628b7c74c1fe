//! Reads what GitLab documents as "List commit statuses": the jobs of a commit's pipelines, and what other
//! services posted about it.

use std::time::Instant;

use jiff::Timestamp;
use serde::Deserialize;

use super::{
    Check, Question, State,
    ask::{Answer, PER_PAGE},
    error::Failure,
    github::is_about,
};

#[derive(Deserialize)]
struct Job {
    id: u64,
    sha: String,
    /// The branch or tag that its pipeline is about.
    #[serde(rename = "ref")]
    branch: Option<String>,
    name: String,
    status: String,
    allow_failure: Option<bool>,
    target_url: Option<String>,
    finished_at: Option<Timestamp>,
}

/// Asks for `GET /projects/:id/repository/commits/:sha/statuses`.
pub(super) fn ask(question: &Question, until: Instant) -> Result<Answer, Failure> {
    let id = question.project.path.replace('/', "%2F");
    let commit = question.commit.as_str();
    let path = format!("projects/{id}/repository/commits/{commit}/statuses?per_page={PER_PAGE}");
    let mut jobs: Vec<Job> = Vec::new();
    loop {
        let page = jobs.len() / PER_PAGE + 1;
        let (pages, date) = question.get(&format!("{path}&page={page}"), until)?;
        let before = jobs.len();
        jobs.extend(pages.into_iter().flat_map(|page: Vec<Job>| page));
        // A full page may not be the last one: a proxy may have removed the header that names the next.
        if jobs.len() == before || !jobs.len().is_multiple_of(PER_PAGE) {
            let checks = read(jobs, commit).map_err(|why| Failure::garbled(&why))?;
            return Ok(Answer { checks, date });
        }
    }
}

/// The checks that the jobs are, in the order in which they began. Of two jobs with one name and one branch
/// the later one counts: a pipeline of a tag or a schedule makes none of the branch's pass.
fn read(mut jobs: Vec<Job>, commit: &str) -> Result<Vec<Check>, String> {
    jobs.sort_by_key(|job| job.id);
    let mut latest: Vec<Job> = Vec::new();
    for job in jobs {
        is_about(&job.sha, commit)?;
        let is_same = |known: &&mut Job| known.branch == job.branch && known.name == job.name;
        match latest.iter_mut().find(is_same) {
            Some(known) => *known = job,
            None => latest.push(job),
        }
    }
    Ok(latest.into_iter().map(Job::check).collect())
}

impl Job {
    fn check(self) -> Check {
        let may_fail = self.allow_failure.unwrap_or(false);
        let state = match self.status.as_str() {
            "success" => State::Passed,
            "skipped" => State::Aside,
            // A job that a person has to start may never end.
            "failed" | "canceled" | "canceling" | "manual" if may_fail => State::Aside,
            "created"
            | "pending"
            | "running"
            | "preparing"
            | "scheduled"
            | "waiting_for_resource"
            | "waiting_for_callback" => State::Running,
            // `failed`, `canceled`, `manual`, and words that GitLab does not have yet.
            _ => State::Red,
        };
        Check {
            name: self.name,
            state,
            word: self.status.replace('_', " "),
            url: self.target_url.filter(|url| !url.is_empty()),
            ended: self.finished_at,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const COMMIT: &str = "1111111111111111111111111111111111111111";

    fn checks(body: Value) -> Result<Vec<Check>, String> {
        let jobs = Vec::<Job>::deserialize(body).map_err(|error| error.to_string())?;
        read(jobs, COMMIT)
    }

    fn job(id: u64, name: &str, status: &str, may_fail: bool) -> Value {
        json!({"id": id, "sha": COMMIT, "ref": "master", "name": name, "status": status,
            "allow_failure": may_fail, "target_url": null})
    }

    #[track_caller]
    fn case(status: &str, may_fail: bool, expected: State) {
        let body = json!([job(1, "test", status, may_fail)]);
        let checks = checks(body).unwrap();
        assert_eq!(checks[0].state, expected, "{status} {may_fail}");
    }

    #[test]
    fn a_job_passes_by_success_alone() {
        case("success", false, State::Passed);
        case("skipped", false, State::Aside);
        for red in ["failed", "canceled", "canceling", "manual"] {
            case(red, false, State::Red);
            case(red, true, State::Aside);
        }
        for running in [
            "created",
            "pending",
            "running",
            "preparing",
            "scheduled",
            "waiting_for_resource",
            "waiting_for_callback",
        ] {
            case(running, false, State::Running);
        }
        case("a_new_word", true, State::Red);
    }

    #[test]
    fn of_two_jobs_with_one_name_the_later_counts() {
        let body = json!([
            job(9, "test", "success", false),
            job(2, "lint", "success", false),
            job(4, "test", "failed", false)
        ]);
        let checks = checks(body).unwrap();
        let found: Vec<_> = checks
            .iter()
            .map(|check| (check.name.as_str(), check.state))
            .collect();
        assert_eq!(found, [("lint", State::Passed), ("test", State::Passed)]);
    }

    #[test]
    fn a_green_tag_hides_no_red_branch() {
        let mut tag = job(9, "test", "success", false);
        tag["ref"] = json!("v1.0");
        let body = json!([tag, job(4, "test", "failed", false)]);
        let checks = checks(body).unwrap();
        let states: Vec<_> = checks.iter().map(|check| check.state).collect();
        assert_eq!(states, [State::Red, State::Passed]);
    }

    #[test]
    fn another_commit_or_another_shape_is_an_error() {
        let mut other = job(1, "test", "success", false);
        other["sha"] = json!("2".repeat(40));
        for body in [json!([other]), json!({}), json!([{}]), json!(null)] {
            assert!(checks(body).is_err());
        }
    }
}
