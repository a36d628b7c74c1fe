//! What GitLab documents: "List commit statuses", the jobs of a commit's pipelines and what other
//! services posted about it.

use serde::Deserialize;

use super::{Check, Page, State, github::same, moment};

#[derive(Deserialize)]
pub(crate) struct Job {
    id: u64,
    sha: String,
    #[serde(rename = "ref")]
    branch: Option<String>,
    name: String,
    status: String,
    allow_failure: Option<bool>,
    target_url: Option<String>,
    finished_at: Option<String>,
}

/// A job, its number, and the branch or tag that its pipeline is about: of two with one name there, the
/// later one counts. A pipeline of a tag or a schedule makes none of the branch's pass.
pub(crate) type Numbered = (u64, Option<String>, Check);

/// Reads `GET /projects/:id/repository/commits/:sha/statuses`.
pub(crate) fn jobs(page: &Page, commit: &str) -> Result<Vec<Numbered>, String> {
    let statuses: Vec<Job> = page.json().map_err(|error| error.to_string())?;
    let jobs = statuses.into_iter().map(|status| {
        same(&status.sha, commit)?;
        let may_fail = status.allow_failure.unwrap_or(false);
        let state = match status.status.as_str() {
            "success" => State::Passed,
            "skipped" => State::Aside,
            // Nobody waits for what somebody has to start.
            "failed" | "canceled" | "canceling" | "manual" if may_fail => State::Aside,
            "created"
            | "pending"
            | "running"
            | "preparing"
            | "scheduled"
            | "waiting_for_resource"
            | "waiting_for_callback" => State::Running,
            // `failed`, `canceled`, `manual`, and what nobody knows.
            _ => State::Red,
        };
        let word = status.status.replace('_', " ");
        let check = Check {
            name: status.name,
            state,
            word,
            url: status.target_url.filter(|url| !url.is_empty()),
            ended: moment(status.finished_at.as_deref()),
        };
        Ok((status.id, status.branch, check))
    });
    jobs.collect()
}

/// The last job of each name and branch, in the order in which they began.
pub(crate) fn latest(mut jobs: Vec<Numbered>) -> Vec<Check> {
    jobs.sort_by_key(|(id, ..)| *id);
    let mut last: Vec<Numbered> = Vec::new();
    for job in jobs {
        let (_, branch, check) = &job;
        let same = |known: &&mut Numbered| known.1 == *branch && known.2.name == check.name;
        match last.iter_mut().find(same) {
            Some(known) => *known = job,
            None => last.push(job),
        }
    }
    last.into_iter().map(|(.., check)| check).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use super::*;

    const COMMIT: &str = "1111111111111111111111111111111111111111";

    fn job(id: u64, name: &str, status: &str, may_fail: bool) -> Value {
        json!({"id": id, "sha": COMMIT, "ref": "master", "name": name, "status": status,
            "allow_failure": may_fail, "target_url": null})
    }

    #[track_caller]
    fn case(status: &str, may_fail: bool, expected: State) {
        let body = json!([job(1, "test", status, may_fail)]);
        let jobs = jobs(&Page::of(&body), COMMIT).unwrap();
        assert_eq!(jobs[0].2.state, expected, "{status} {may_fail}");
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
        let checks = latest(jobs(&Page::of(&body), COMMIT).unwrap());
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
        let checks = latest(jobs(&Page::of(&body), COMMIT).unwrap());
        let states: Vec<_> = checks.iter().map(|check| check.state).collect();
        assert_eq!(states, [State::Red, State::Passed]);
    }

    #[test]
    fn another_commit_or_another_shape_is_an_error() {
        let mut other = job(1, "test", "success", false);
        other["sha"] = json!("2".repeat(40));
        for body in [json!([other]), json!({}), json!([{}]), json!(null)] {
            assert!(jobs(&Page::of(&body), COMMIT).is_err());
        }
    }
}
