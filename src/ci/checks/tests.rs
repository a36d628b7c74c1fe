#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use serde_json::{Value, json};

use super::*;

const COMMIT: &str = "1111111111111111111111111111111111111111";

fn page(body: &Value) -> Result<Vec<Entry>, String> {
    let page = Page::deserialize(body).map_err(|error| error.to_string())?;
    entries(vec![page], COMMIT)
}

fn run(id: u64, suite: u64, name: &str, status: &str, conclusion: Option<&str>) -> Entry {
    let body = json!({"total_count": 1, "check_runs": [{"id": id, "name": name, "head_sha": COMMIT,
        "status": status, "conclusion": conclusion, "html_url": "https://github.com/acme/shop/runs/4",
        "check_suite": {"id": suite}, "app": {"id": 15368, "slug": "github-actions", "name": "GitHub Actions"}}]});
    page(&body).unwrap().remove(0)
}

fn done(id: u64, suite: u64, name: &str, conclusion: &str) -> Entry {
    run(id, suite, name, "completed", Some(conclusion))
}

fn suite(id: u64, slug: &str, runs: usize, status: &str, conclusion: Option<&str>) -> Entry {
    let body = json!({"total_count": 1, "check_suites": [{"id": id, "head_sha": COMMIT, "status": status,
        "conclusion": conclusion, "latest_check_runs_count": runs, "app": {"slug": slug, "name": slug}}]});
    page(&body).unwrap().remove(0)
}

fn states(checks: &[Check]) -> Vec<(&str, State)> {
    let states = checks.iter().map(|one| (one.name.as_str(), one.state));
    states.collect()
}

#[test]
fn a_check_run_passes_by_success_alone() {
    let of = |status, conclusion| run(1, 1, "test", status, conclusion).state().0;
    assert_eq!(of("completed", Some("success")), State::Passed);
    for aside in ["neutral", "skipped"] {
        assert_eq!(of("completed", Some(aside)), State::Aside);
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
        assert_eq!(of("completed", Some(red)), State::Red, "{red}");
    }
    assert_eq!(of("completed", None), State::Red);
    for running in [
        "queued",
        "in_progress",
        "waiting",
        "requested",
        "pending",
        "a_new_word",
    ] {
        assert_eq!(of(running, None), State::Running, "{running}");
    }
}

#[test]
fn a_suite_holds_back_until_all_of_its_runs_are_there() {
    let of = |slug, runs, status, conclusion| {
        let suite = suite(1, slug, runs, status, conclusion);
        suite.of_suite(&[], &[]).map(|check| check.state)
    };
    let (running, red) = (Some(State::Running), Some(State::Red));
    assert_eq!(of("github-actions", 1, "in_progress", None), running);
    assert_eq!(of("github-actions", 0, "queued", None), running);
    assert_eq!(of("github-actions", 2, "completed", Some("success")), None);
    for ended in ["cancelled", "timed_out", "stale"] {
        assert_eq!(of("buildkite", 1, "completed", Some(ended)), red);
    }
    let failed = of("github-actions", 0, "completed", Some("startup_failure"));
    assert_eq!(failed, red);
    // An app that is installed, and has nothing to say.
    assert_eq!(of("dependabot", 0, "queued", None), None);
    assert_eq!(of("buildkite", 3, "queued", None), running);
    // Its run says it itself.
    let failed = suite(1, "github-actions", 1, "completed", Some("failure"));
    let checks = github(&[failed], &[done(1, 1, "test", "failure")], &[]);
    assert_eq!(states(&checks), [("test", State::Red)]);
}

#[track_caller]
fn twins(suites: &[(u64, usize, &str)], runs: &[Entry], expected: &[(&str, State)]) {
    let suites = suites.iter().map(|(id, runs, conclusion)| {
        suite(*id, "github-actions", *runs, "completed", Some(*conclusion))
    });
    let checks = github(&suites.collect::<Vec<_>>(), runs, &[]);
    assert_eq!(states(&checks), expected);
}

#[test]
fn of_two_runs_of_one_check_the_latest_counts() {
    let test = |id, suite, conclusion| done(id, suite, "test", conclusion);
    let passed = [("test", State::Passed)];
    let both = [(1, 1, "failure"), (2, 1, "success")];
    twins(
        &both,
        &[test(5, 2, "success"), test(4, 1, "failure")],
        &passed,
    );
    let cancelled = [(1, 1, "cancelled"), (2, 1, "success")];
    twins(
        &cancelled,
        &[test(4, 1, "cancelled"), test(5, 2, "success")],
        &passed,
    );
    let both = [(1, 1, "success"), (2, 1, "failure")];
    let failed = [("test", State::Red)];
    twins(
        &both,
        &[test(4, 1, "success"), test(5, 2, "failure")],
        &failed,
    );
    // A run that was skipped takes the place of no other.
    twins(
        &both,
        &[test(4, 1, "success"), test(5, 2, "skipped")],
        &[("test", State::Passed)],
    );
    twins(
        &[],
        &[test(4, 1, "failure"), test(5, 2, "skipped")],
        &failed,
    );
    twins(
        &[],
        &[test(4, 1, "skipped"), test(5, 2, "skipped")],
        &[("test", State::Aside)],
    );
}

#[test]
fn another_workflow_with_a_job_of_the_same_name_makes_no_red_one_pass() {
    let runs = [
        done(4, 1, "build", "failure"),
        done(5, 1, "lint", "success"),
        done(6, 2, "build", "success"),
    ];
    let red = ("all of github-actions", State::Red);
    twins(
        &[(1, 2, "failure"), (2, 1, "success")],
        &runs,
        &[red, ("lint", State::Passed), ("build", State::Passed)],
    );
}

#[test]
fn statuses_have_words_of_their_own() {
    let body = json!({"sha": COMMIT, "state": "pending", "total_count": 4, "statuses": [
        {"context": "ci/a", "state": "success", "target_url": "https://ci.example/1"},
        {"context": "ci/b", "state": "pending", "target_url": null},
        {"context": "ci/c", "state": "failure", "target_url": ""},
        {"context": "ci/d", "state": "error", "target_url": null}]});
    let checks = github(&[], &[], &page(&body).unwrap());
    assert_eq!(
        states(&checks),
        [
            ("ci/a", State::Passed),
            ("ci/b", State::Running),
            ("ci/c", State::Red),
            ("ci/d", State::Red)
        ]
    );
    assert_eq!(checks[0].url.as_deref(), Some("https://ci.example/1"));
    assert_eq!(checks[2].url, None);
}

#[test]
fn another_commit_or_another_shape_of_github_is_an_error() {
    let other = "2".repeat(40);
    for body in [
        json!({"total_count": 1, "check_runs": [{"name": "test", "head_sha": other,
            "status": "completed", "conclusion": "success", "html_url": null}]}),
        json!({"sha": other, "total_count": 0, "statuses": []}),
        json!({"total_count": 1, "statuses": [{"context": "a", "state": "success"}]}),
        json!({"total_count": 1, "check_runs": [{"name": "test"}]}),
        json!([]),
        json!({}),
        json!({"total_count": 0}),
        json!(null),
    ] {
        assert!(page(&body).is_err(), "{body}");
    }
}

#[test]
fn all_pages_have_to_name_as_many_as_are_counted() {
    let page = || {
        let run = json!({"name": "test", "head_sha": COMMIT, "status": "completed", "conclusion": "success"});
        Page::deserialize(json!({"total_count": 2, "check_runs": [run]})).unwrap()
    };
    assert_eq!(entries(vec![page(), page()], COMMIT).unwrap().len(), 2);
    let error = entries(vec![page()], COMMIT).err().unwrap();
    assert_eq!(error, "it counts 2, and names 1");
}

fn jobs(body: Value) -> Result<Vec<Check>, String> {
    let jobs = Vec::<Entry>::deserialize(body).map_err(|error| error.to_string())?;
    gitlab(&jobs, COMMIT)
}

fn job(id: u64, name: &str, status: &str, may_fail: bool) -> Value {
    json!({"id": id, "sha": COMMIT, "ref": "master", "name": name, "status": status,
        "allow_failure": may_fail, "target_url": null})
}

#[track_caller]
fn case(status: &str, may_fail: bool, expected: State) {
    let checks = jobs(json!([job(1, "test", status, may_fail)])).unwrap();
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
    let checks = jobs(body).unwrap();
    assert_eq!(
        states(&checks),
        [("lint", State::Passed), ("test", State::Passed)]
    );
}

#[test]
fn a_green_tag_hides_no_red_branch() {
    let mut tag = job(9, "test", "success", false);
    tag["ref"] = json!("v1.0");
    let checks = jobs(json!([tag, job(4, "test", "failed", false)])).unwrap();
    assert_eq!(
        states(&checks),
        [("test", State::Red), ("test", State::Passed)]
    );
}

#[test]
fn another_commit_or_another_shape_of_gitlab_is_an_error() {
    let mut other = job(1, "test", "success", false);
    other["sha"] = json!("2".repeat(40));
    for body in [json!([other]), json!({}), json!([{}]), json!(null)] {
        assert!(jobs(body).is_err());
    }
}
