//! The gate `suite` where a CI has it run: the real gh and glab, asking a forge on loopback.

use std::{fs, os::unix::fs::symlink, path::PathBuf, time::Duration};

use serde_json::json;

use crate::{
    documentation::page,
    support::{
        PUSHGATE, Ran, Sandbox,
        forge::{Forge, Manners, Scene, ago, github, job, run, status, suite, twin},
        processes::{Started, assert_no_process_in, heeding},
        tool, until,
    },
};

/// A shop whose suite runs on a forge, and the commit that is to be pushed.
fn shop(suite: &str) -> (Sandbox, String) {
    let shop = Sandbox::new();
    let commit = shop.policy(&format!(
        "suite: {suite}\nenvironments: {{staging: {{}}, production: {{after: staging, signoff: false}}}}\n"
    ));
    shop.push_ungated("origin", "master");
    (shop, commit)
}

fn on_github(suite: &str, scenes: Vec<Scene>) -> (Sandbox, Forge, String) {
    let (shop, commit) = shop(suite);
    let forge = Forge::new(&commit, scenes);
    Forge::makes_github_of(&shop);
    (shop, forge, commit)
}

fn on_gitlab(suite: &str, scenes: Vec<Scene>) -> (Sandbox, Forge, String) {
    let (shop, commit) = shop(suite);
    let forge = Forge::new(&commit, scenes);
    forge.is_gitlab_of(&shop);
    (shop, forge, commit)
}

/// Waits until so much was asked.
fn is_asked(forge: &Forge, times: usize) {
    until("the forge is asked", || {
        (forge.asked().len() >= times).then_some(())
    });
}

/// A push to staging during which, after so many questions, a colleague pushes to trunk.
fn overtaken(shop: &Sandbox, forge: &Forge, asked: usize) -> Ran {
    let mut command = shop.command("git");
    let push = forge
        .lets_in(command.args(["push", "staging", "master"]))
        .stderr(std::process::Stdio::piped())
        .spawn();
    let push = push.unwrap();
    is_asked(forge, asked);
    shop.colleague_pushes("origin", "meanwhile");
    // What was answered before is old by now.
    shop.later(60);
    Ran::from(push.wait_with_output().unwrap())
}

const GITHUB: &str = "{ci: github, timeout: 3s}";
const GITLAB: &str = "{ci: gitlab, timeout: 3s}";

#[test]
#[ignore = "slow: needs gh and glab"]
fn what_github_has_passed_goes_and_is_asked_once() {
    let green = vec![run("test", "success"), run("docs", "skipped")];
    let (shop, forge, commit) = on_github(
        GITHUB,
        vec![Scene::Github {
            suites: vec![suite(2, "success")],
            runs: green,
            statuses: vec![status("ci/coverage", "success")],
        }],
    );
    let ran = forge.push(&shop, "staging").goes();
    ran.says(&format!(
        "suite: 2 checks of acme/shop@{} passed on GitHub\n",
        &commit[..7]
    ));
    let asked = forge.asked();
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(asked.iter().all(|path| path.contains(&commit)), "{asked:?}");
    forge
        .push(&shop, "production")
        .goes()
        .says("suite: passed on GitHub, as it said ");
    assert_eq!(forge.asked().len(), 3);
    assert!(!shop.app.join(".git/pushgate/logs").exists());
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn a_red_check_refuses_with_its_address_and_leaves_no_receipt() {
    let (shop, forge, commit) = on_github(
        GITHUB,
        vec![Scene::Github {
            suites: vec![suite(2, "failure")],
            runs: vec![run("test", "failure"), run("lint", "success")],
            statuses: vec![status("ci/coverage", "error")],
        }],
    );
    let ran = forge.push(&shop, "staging").refused("suite");
    let expected = format!(
        "pushgate: push to staging (staging) refused\n  suite: 2 checks of acme/shop@{} did not pass on GitHub:\n    `test`: failure, https://github.localhost/acme/shop/actions/runs/7/test\n    `ci/coverage`: error, https://ci.example/ci/coverage\n  fix it, commit, and push again\n  or have it run once more there, then push again\n",
        &commit[..7]
    );
    assert_eq!(ran.report(), expected);
    forge.plays(vec![github(vec![run("test", "success")])]);
    forge.push(&shop, "staging").goes().says("1 check of ");
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn of_two_runs_of_one_check_the_latest_counts_and_a_skipped_one_beside_it_does_not() {
    let case = |suite: &str, first: &str, second: &str| {
        let (suites, runs) = [twin(7, "test", first), twin(8, "test", second)]
            .map(|[suite, run]| (suite, run))
            .into_iter()
            .unzip();
        let statuses = Vec::new();
        let scene = Scene::Github {
            suites,
            runs,
            statuses,
        };
        let (shop, forge, _) = on_github(suite, vec![scene]);
        forge.push(&shop, "staging")
    };
    for suite in [GITHUB, "{ci: github, checks: [test], timeout: 3s}"] {
        let passed = |first, second| case(suite, first, second).goes();
        passed("failure", "success").says("suite: 1 check of ");
        passed("cancelled", "success").says("suite: 1 check of ");
        passed("success", "skipped").says("suite: 1 check of ");
        for (first, second) in [("success", "failure"), ("failure", "skipped")] {
            let ran = case(suite, first, second).refused("suite");
            ran.says("1 check of ").says("    `test`: failure, ");
        }
    }
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn a_running_check_is_waited_for_and_the_world_asked_again() {
    let (shop, forge, commit) = on_github(
        "{ci: github, timeout: 30s}",
        vec![
            github(vec![run("lint", "success"), run("test", "in_progress")]),
            github(vec![run("lint", "success"), run("test", "success")]),
        ],
    );
    let ran = forge.push(&shop, "staging").goes();
    ran.says(&format!(
        "pushgate: waiting for GitHub to check {}: all of GitHub Actions, test\n",
        &commit[..7]
    ))
    .says("suite: 2 checks of ");
    assert_eq!(forge.asked().len(), 6);
    // While it waits, trunk moves on.
    let (shop, forge, _) = on_github(
        "{ci: github, timeout: 30s}",
        vec![
            github(vec![run("test", "queued")]),
            github(vec![run("test", "success")]),
        ],
    );
    let ran = overtaken(&shop, &forge, 3);
    ran.refused("trunk")
        .says("trunk had passed before the suite ran");
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn a_terminal_shows_how_long_it_has_been() {
    let running = || github(vec![run("test", "in_progress")]);
    let (shop, forge, _) = on_github(
        "{ci: github, timeout: 30s}",
        vec![running(), running(), github(vec![run("test", "success")])],
    );
    let mut command = shop.command(tool("script", "bsdutils"));
    let line = "stty cols 80; git push staging master";
    command
        .env("TERM", "xterm")
        .args(["-q", "-e", "-c", line, "/dev/null"]);
    let seen = Ran::of(forge.lets_in(&mut command)).goes().stdout;
    assert!(seen.contains("waiting for GitHub to check "), "{seen}");
    assert!(seen.contains("[2s]"), "{seen}");
    // What has not changed is not said again, and the status line is gone.
    assert_eq!(seen.matches("waiting for GitHub").count(), 1, "{seen}");
    let last = seen.rfind("s]").unwrap();
    assert!(seen[last..].contains("\r\x1b[2K"), "{seen}");
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn the_transcript_of_the_guide_is_what_it_says() {
    let (shop, forge, commit) = on_github(
        "{ci: github, checks: [test], timeout: 30s}",
        vec![
            github(vec![run("test", "in_progress")]),
            github(vec![run("test", "failure")]),
        ],
    );
    shop.push_ungated("staging", "master");
    let ran = forge.push(&shop, "production").refused("suite");
    let said = ran.report();
    let said = said
        .replace(&commit[..7], "5d619ec")
        .replace("github.localhost", "github.com")
        .replace("runs/7/test", "runs/7/job/21")
        .replace("production (production)", "production (shop)");
    let guide = page("src/guides/suite.md");
    let shown = format!("$ git push production master\n{said}");
    assert_eq!(guide.blocks("console"), [shown]);
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn jobs_whose_turn_has_not_come_are_waited_for() {
    let early = Scene::Github {
        suites: vec![suite(1, "in_progress")],
        runs: vec![run("build", "success")],
        statuses: Vec::new(),
    };
    let (shop, forge, _) = on_github(
        "{ci: github, timeout: 30s}",
        vec![
            early,
            github(vec![run("build", "success"), run("test", "failure")]),
        ],
    );
    forge
        .push(&shop, "staging")
        .refused("suite")
        .says("`test`: failure");
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn the_checks_that_are_named_count_alone_and_must_be_there() {
    let runs = || {
        vec![
            run("test", "success"),
            run("nightly", "failure"),
            run("docs", "skipped"),
        ]
    };
    let (shop, forge, _) = on_github(
        "{ci: github, checks: [test], timeout: 3s}",
        vec![github(runs())],
    );
    forge
        .push(&shop, "staging")
        .goes()
        .says("suite: 1 check of ");
    let (shop, forge, _) = on_github(
        "{ci: github, checks: [test, docs], timeout: 3s}",
        vec![github(runs())],
    );
    forge
        .push(&shop, "staging")
        .refused("suite")
        .says("`docs`: skipped, https://")
        .never_says("nightly");
    let (shop, forge, commit) = on_github(
        "{ci: github, checks: [test, e2e], timeout: 1s}",
        vec![github(runs())],
    );
    forge
        .push(&shop, "staging")
        .refused("suite")
        .says(&format!(
            "suite: acme/shop@{} lacks 1 check on GitHub:\n    `e2e`: not there\n",
            &commit[..7]
        ))
        .says("see that they run, or fix `suite.checks` in .pushgate.yml");
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn no_check_at_all_is_no_pass() {
    for scene in [github(vec![]), github(vec![run("docs", "skipped")])] {
        let (shop, forge, commit) = on_github("{ci: github, timeout: 1s}", vec![scene]);
        let ran = forge.push(&shop, "staging").refused("suite");
        ran.says(&format!(
            "GitHub has not begun with {}: waiting",
            &commit[..7]
        ))
        .says(&format!(
            "suite: no check of acme/shop@{} has passed on GitHub\n",
            &commit[..7]
        ));
    }
    // What a push has started takes a moment to begin.
    let (shop, forge, _) = on_github(
        "{ci: github, timeout: 30s}",
        vec![github(vec![]), github(vec![run("test", "success")])],
    );
    forge.push(&shop, "staging").goes();
}

/// The same thing, done so many seconds ago.
fn ended(mut run: serde_json::Value, seconds: i64) -> serde_json::Value {
    run["completed_at"] = json!(ago(seconds));
    run
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn what_has_only_just_passed_may_not_be_all() {
    let early = || github(vec![ended(run("lint", "success"), 1)]);
    let late = github(vec![run("lint", "success"), run("test", "failure")]);
    let timeout = "{ci: github, timeout: 1s}";
    let (shop, forge, commit) = on_github(timeout, vec![early(), late.clone()]);
    let ran = forge.push(&shop, "staging").refused("suite");
    let short = &commit[..7];
    ran.says(&format!(
        "pushgate: GitHub has only just passed {short}: waiting whether more checks follow\n"
    ))
    .says("`test`: failure");
    // Nor by a clock of ours that is minutes ahead.
    let (shop, forge, _) = on_github(
        timeout,
        vec![github(vec![ended(run("lint", "success"), 300)]), late],
    );
    forge
        .push(&shop, "staging")
        .refused("suite")
        .says("`test`: failure");
    // Nothing follows, and it goes; whoever names the checks need not wait.
    let (shop, forge, _) = on_github(
        timeout,
        vec![github(vec![ended(run("lint", "success"), 8)])],
    );
    forge
        .push(&shop, "staging")
        .goes()
        .says("has only just passed");
    assert!(forge.asked().len() > 3);
    let (shop, forge, _) = on_github("{ci: github, checks: [lint], timeout: 1s}", vec![early()]);
    forge
        .push(&shop, "staging")
        .goes()
        .never_says("only just passed");
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn a_slow_answer_has_the_world_asked_again_and_a_mute_forge_an_end() {
    let (shop, forge, commit) = on_github(GITHUB, vec![github(vec![run("test", "success")])]);
    forge.behaves(Manners {
        thinks: Duration::from_secs(1),
        ..Manners::default()
    });
    let ran = overtaken(&shop, &forge, 1);
    ran.refused("trunk").says(&format!(
        "pushgate: asking GitHub about acme/shop@{}\n",
        &commit[..7]
    ));
    let (shop, forge, _) = on_github(
        "{ci: github, timeout: 1s}",
        vec![github(vec![run("test", "success")])],
    );
    forge.behaves(Manners {
        thinks: Duration::from_mins(5),
        ..Manners::default()
    });
    forge
        .push(&shop, "staging")
        .undecided("suite")
        .says("no answer within 10 s")
        .says("push again later");
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn a_receipt_is_the_projects_that_was_asked() {
    let (shop, forge, commit) = on_github(GITHUB, vec![github(vec![run("test", "success")])]);
    let url = "https://github.localhost/acme/fork.git";
    Forge::is_origin(&shop, url);
    let mut command = shop.command("git");
    forge
        .lets_in(command.args(["push", "staging", "master"]))
        .env("GH_REPO", "github.localhost/acme/shop");
    Ran::of(&mut command).goes().says(&format!(
        "suite: 1 check of acme/shop@{} passed on GitHub\n",
        &commit[..7]
    ));
    forge
        .push(&shop, "production")
        .undecided("suite")
        .says(&format!("about acme/fork@{}", &commit[..7]))
        .says("Not Found");
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn checks_without_an_end_are_undecided_and_named() {
    let (shop, forge, commit) = on_github(
        "{ci: github, timeout: 1s}",
        vec![github(vec![run("test", "in_progress")])],
    );
    let ran = forge.push(&shop, "staging").undecided("suite");
    ran.says(&format!(
        "suite: GitHub has not decided about acme/shop@{} within 1s\n",
        &commit[..7]
    ))
    .says("    `test`: in progress, https://github.localhost/acme/shop/actions/runs/7/test\n")
    .says("push again when it has, or raise `suite.timeout`");
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn what_stands_on_a_later_page_counts() {
    let mut runs: Vec<_> = (0..150)
        .map(|number| run(&format!("test {number}"), "success"))
        .collect();
    let (shop, forge, _) = on_github(GITHUB, vec![github(runs.clone())]);
    forge
        .push(&shop, "staging")
        .goes()
        .says("suite: 150 checks of ");
    runs.push(run("the last", "failure"));
    let (shop, forge, _) = on_github(GITHUB, vec![github(runs)]);
    forge
        .push(&shop, "staging")
        .refused("suite")
        .says("`the last`: failure");
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn whatever_goes_wrong_is_no_pass_and_has_its_cure() {
    let (shop, forge, commit) = on_github(GITHUB, vec![github(vec![])]);
    let case = |scene: Scene, words: &str, cure: &str| {
        forge.plays(vec![scene]);
        let ran = forge.push(&shop, "staging").undecided("suite");
        ran.says(&format!(
            "suite: could not ask GitHub about acme/shop@{}\n",
            &commit[..7]
        ))
        .says(words)
        .says(cure);
        assert!(!shop.app.join(".git/pushgate/receipts").exists());
    };
    let later = "push again later";
    case(
        Scene::Error(
            403,
            "",
            r#"{"message":"Resource not accessible by personal access token"}"#,
        ),
        "not accessible",
        "see who asks, who has to be able to read the checks of acme/shop:\n    gh auth status --hostname github.localhost\n",
    );
    case(
        Scene::Error(
            403,
            "X-RateLimit-Remaining: 0\r\n",
            r#"{"message":"API rate limit exceeded"}"#,
        ),
        "rate limit exceeded",
        later,
    );
    case(
        Scene::Error(429, "Retry-After: 60\r\n", r#"{"message":"slow down"}"#),
        "slow down",
        later,
    );
    case(
        Scene::Error(404, "", r#"{"message":"Not Found"}"#),
        "Not Found",
        "push it to a branch there, so that its checks run, then push again:\n    git push origin ",
    );
    case(
        Scene::Error(500, "", r#"{"message":"oops"}"#),
        "oops",
        later,
    );
    case(
        Scene::Error(502, "", "<html>Bad Gateway</html>"),
        "502",
        later,
    );
    case(Scene::Cut, "unexpected EOF", later);
    case(Scene::Nothing, "EOF", later);
    let garbled = "the answer cannot be understood";
    let newer = "push again; if it stays so, a newer gh may help";
    case(
        Scene::Body("{\"total_count\":1,".to_owned()),
        garbled,
        newer,
    );
    case(Scene::Body("[]".to_owned()), garbled, newer);
    case(Scene::Body("null".to_owned()), garbled, newer);
    case(
        Scene::Body(json!({"total_count": 1, "check_suites": []}).to_string()),
        "it counts 1, and names 0",
        newer,
    );
    let other = json!({"total_count": 1, "check_suites": [{"head_sha": "2".repeat(40), "status": "completed",
        "conclusion": "success", "latest_check_runs_count": 1, "app": null}]});
    case(Scene::Body(other.to_string()), "it speaks of 2222", newer);
    case(Scene::Huge(80), "    ", later);
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn a_failure_while_it_waits_is_borne_twice() {
    let down = || Scene::Error(502, "", "");
    let running = || github(vec![run("test", "in_progress")]);
    let (shop, forge, _) = on_github(
        "{ci: github, timeout: 60s}",
        vec![
            running(),
            down(),
            down(),
            github(vec![run("test", "success")]),
        ],
    );
    forge.push(&shop, "staging").goes();
    let (shop, forge, _) = on_github(
        "{ci: github, timeout: 60s}",
        vec![running(), down(), down(), down()],
    );
    forge
        .push(&shop, "staging")
        .undecided("suite")
        .says("HTTP 502");
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn a_receipt_is_the_commits_not_the_trees() {
    let (shop, forge, _) = on_github(GITHUB, vec![github(vec![run("test", "success")])]);
    forge.push(&shop, "staging").goes();
    let amended = shop.commit("the same files");
    shop.push_ungated("origin", "master");
    let ran = forge.push(&shop, "staging").undecided("suite");
    ran.says(&format!("No commit found for SHA: {amended}"))
        .says("then push again:\n    git push origin ");
    forge.knows(&amended);
    forge.push(&shop, "staging").goes();
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn without_gh_or_a_login_it_says_how_to_get_them() {
    let (shop, forge, _) = on_github(GITHUB, vec![github(vec![run("test", "success")])]);
    let ran = shop.push("staging", "master").undecided("suite");
    ran.says("gh auth login").says(
        "log in, or set GH_ENTERPRISE_TOKEN:\n    gh auth login --hostname github.localhost\n",
    );
    let mut command = shop.command("git");
    forge
        .lets_in(command.args(["push", "staging", "master"]))
        .env("GH_ENTERPRISE_TOKEN", "stolen")
        .env("GH_TOKEN", "stolen");
    Ran::of(&mut command)
        .undecided("suite")
        .says("Bad credentials")
        .says(":\n    gh auth login ");
    let programs = without(&shop, &["gh", "glab"]);
    let mut command = shop.command("git");
    forge
        .lets_in(command.args(["push", "staging", "master"]))
        .env("PATH", &programs);
    let ran = Ran::of(&mut command).undecided("suite");
    ran.says("suite: `gh` asks GitHub, and is not installed\n")
        .says("install it (https://cli.github.com), then log in:\n    gh auth login\n");
}

/// A directory with every program but these.
fn without(shop: &Sandbox, missing: &[&str]) -> PathBuf {
    let directory = shop.path("bin");
    fs::create_dir(&directory).unwrap();
    for from in ["/usr/bin", "/bin"] {
        for entry in fs::read_dir(from).unwrap().flatten() {
            if !missing.iter().any(|name| entry.file_name() == *name) {
                let _ = symlink(entry.path(), directory.join(entry.file_name()));
            }
        }
    }
    let ours = directory.join("pushgate");
    let _ = fs::remove_file(&ours);
    symlink(PUSHGATE, ours).unwrap();
    directory
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn a_trunk_that_is_on_no_forge_is_said() {
    let (shop, _) = shop(GITHUB);
    let ran = shop.push("staging", "master").undecided("suite");
    ran.says("suite: `origin` is no project of GitHub\n")
        .says("GH_REPO=[HOST/]OWNER/REPOSITORY");
    let commit = shop.ask(["rev-parse", "HEAD"]);
    let forge = Forge::new(&commit, vec![github(vec![run("test", "success")])]);
    let mut command = shop.command("git");
    forge
        .lets_in(command.args(["push", "staging", "master"]))
        .env("GH_REPO", "github.localhost/acme/shop");
    Ran::of(&mut command).goes().says("passed on GitHub");
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn what_changes_how_gh_speaks_changes_nothing() {
    let (shop, forge, _) = on_github(GITHUB, vec![github(vec![run("test", "success")])]);
    let mut command = shop.command("git");
    forge
        .lets_in(command.args(["push", "staging", "master"]))
        .envs([
            ("GH_DEBUG", "api"),
            ("GH_FORCE_TTY", "100%"),
            ("CLICOLOR_FORCE", "1"),
            ("GH_PAGER", "false"),
        ]);
    Ran::of(&mut command).goes();
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn a_push_to_trunk_comes_before_its_checks() {
    let (shop, forge, _) = on_github(GITHUB, vec![github(vec![run("test", "success")])]);
    shop.commit("next");
    forge.push(&shop, "origin").goes();
    assert!(forge.asked().is_empty());
    // Unless the policy says otherwise: it was on another branch first.
    let (shop, forge, commit) = on_github(
        "{ci: github, on: trunk, timeout: 3s}",
        vec![github(vec![run("test", "failure")])],
    );
    shop.push_ungated("origin", "+HEAD~1:master");
    forge
        .push(&shop, "origin")
        .refused("suite")
        .says(&commit[..7]);
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn a_job_does_not_wait_for_itself() {
    let (shop, forge, _) = on_github(GITHUB, vec![github(vec![run("deploy", "in_progress")])]);
    let mut command = shop.command(PUSHGATE);
    forge
        .lets_in(command.args(["check", "staging"]))
        .env("GITHUB_ACTIONS", "true");
    let ran = Ran::of(&mut command);
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("this job is one of the checks of GitHub, and would wait for itself")
        .says("name the checks that have to pass: `suite.checks: [NAME]`");
    let (shop, forge, _) = on_github(
        "{ci: github, checks: [test], timeout: 3s}",
        vec![github(vec![
            run("test", "success"),
            run("deploy", "in_progress"),
        ])],
    );
    let mut command = shop.command(PUSHGATE);
    forge
        .lets_in(command.args(["check", "staging"]))
        .env("GITHUB_ACTIONS", "true");
    Ran::of(&mut command).goes();
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn who_stops_the_wait_has_the_prompt_back_and_nothing_is_pushed() {
    let (shop, forge, _) = on_github(
        "{ci: github, timeout: 60s}",
        vec![github(vec![run("test", "in_progress")])],
    );
    let before = shop.tip("staging", "master");
    let mut command = heeding(&shop, PUSHGATE);
    let log = fs::File::create(shop.path("heard")).unwrap();
    let mut check = Started::new(
        forge
            .lets_in(command.args(["check", "staging"]))
            .stderr(log),
    );
    is_asked(&forge, 3);
    check.send("INT");
    let status = check.ends();
    assert_eq!(status.code(), Some(130));
    let heard = fs::read_to_string(shop.path("heard")).unwrap();
    assert!(
        heard.ends_with("pushgate: no longer waiting for the checks (SIGINT): nothing is pushed\n"),
        "{heard}"
    );
    assert_eq!(shop.ledger().last().unwrap()["verdict"], "undecided");
    assert_eq!(shop.tip("staging", "master"), before);
    assert_no_process_in(shop.root());
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn what_gitlab_has_passed_goes_and_what_it_has_not_does_not() {
    let (shop, forge, commit) = on_gitlab(
        GITLAB,
        vec![Scene::Gitlab(vec![
            job(3, "test", "success"),
            job(4, "docs", "skipped"),
        ])],
    );
    forge.push(&shop, "staging").goes().says(&format!(
        "suite: 1 check of acme/shop@{} passed on GitLab\n",
        &commit[..7]
    ));
    forge
        .push(&shop, "production")
        .goes()
        .says("suite: passed on GitLab, as it said ");
    assert_eq!(forge.asked().len(), 1);
    let mut may_fail = job(5, "audit", "failed");
    may_fail["allow_failure"] = json!(true);
    let mut for_somebody = job(6, "deploy", "manual");
    for_somebody["allow_failure"] = json!(true);
    for_somebody["finished_at"] = json!(null);
    let again = vec![
        job(3, "test", "failed"),
        job(9, "test", "success"),
        may_fail,
        for_somebody,
    ];
    let (shop, forge, _) = on_gitlab(GITLAB, vec![Scene::Gitlab(again)]);
    forge
        .push(&shop, "staging")
        .goes()
        .never_says("only just passed");
    let (shop, forge, _) = on_gitlab(
        GITLAB,
        vec![Scene::Gitlab(vec![
            job(3, "test", "failed"),
            job(4, "deploy", "manual"),
        ])],
    );
    forge.push(&shop, "staging").refused("suite")
        .says("2 checks of ")
        .says("    `test`: failed, https://gitlab.corp.test/acme/shop/-/jobs/3\n    `deploy`: manual, https://");
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn gitlab_is_waited_for_through_all_its_pages() {
    let mut jobs: Vec<_> = (1..=130)
        .map(|id| job(id, &format!("test {id}"), "success"))
        .collect();
    let done = Scene::Gitlab(jobs.clone());
    jobs.push(job(131, "the last", "waiting_for_resource"));
    let (shop, forge, _) = on_gitlab(
        "{ci: gitlab, timeout: 30s}",
        vec![
            Scene::Gitlab(jobs.clone()),
            Scene::Gitlab(jobs),
            done.clone(),
            done,
        ],
    );
    forge
        .push(&shop, "staging")
        .goes()
        .says("waiting for GitLab to check ")
        .says(": the last\n")
        .says("suite: 130 checks of ");
    // A full page is not the last one because nobody says what follows.
    let mut jobs: Vec<_> = (1..=100)
        .map(|id| job(id, &format!("test {id}"), "success"))
        .collect();
    jobs.push(job(101, "the last", "failed"));
    let jobs = Scene::Gitlab(jobs);
    let (shop, forge, _) = on_gitlab(GITLAB, vec![jobs.clone(), jobs]);
    forge.behaves(Manners {
        hides_links: true,
        ..Manners::default()
    });
    forge
        .push(&shop, "staging")
        .refused("suite")
        .says("`the last`: failed");
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn whatever_goes_wrong_on_gitlab_is_no_pass() {
    let (shop, forge, commit) = on_gitlab("{ci: gitlab, timeout: 1s}", vec![Scene::Gitlab(vec![])]);
    forge
        .push(&shop, "staging")
        .refused("suite")
        .says("has passed on GitLab");
    let case = |scene: Scene, words: &str, cure: &str| {
        forge.plays(vec![scene]);
        let ran = forge.push(&shop, "staging").undecided("suite");
        ran.says(&format!(
            "could not ask GitLab about acme/shop@{}",
            &commit[..7]
        ))
        .says(words)
        .says(cure);
    };
    case(
        Scene::Error(401, "", r#"{"message":"401 Unauthorized"}"#),
        "401",
        "log in, or set GITLAB_TOKEN:\n    glab auth login --hostname gitlab.corp.test\n",
    );
    case(
        Scene::Error(403, "", r#"{"message":"403 Forbidden"}"#),
        "403",
        ":\n    glab auth status ",
    );
    case(
        Scene::Error(404, "", r#"{"message":"404 Project Not Found"}"#),
        "404 Project Not Found",
        "glab repo view acme/shop",
    );
    case(
        Scene::Error(429, "Retry-After: 5\r\n", "Retry later"),
        "429",
        "push again later",
    );
    case(Scene::Error(503, "", ""), "503", "push again later");
    case(Scene::Cut, "EOF", "push again later");
    case(
        Scene::Body("{}".to_owned()),
        "cannot be understood",
        "a newer glab",
    );
    let programs = without(&shop, &["gh", "glab"]);
    let mut command = shop.command("git");
    let ran = Ran::of(
        command
            .args(["push", "staging", "master"])
            .env("PATH", programs),
    );
    ran.undecided("suite")
        .says("`glab` asks GitLab, and is not installed");
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn the_policy_says_either_how_to_run_it_or_whom_to_ask() {
    let (shop, _) = shop(GITHUB);
    let case = |suite: &str, words: &str| {
        shop.policy(&format!(
            "suite: {suite}\nenvironments: {{staging: {{}}}}\n"
        ));
        let ran = shop.pushgate(["check", "staging"]);
        assert_eq!(ran.code, 2, "{ran}");
        ran.says(words);
    };
    let both =
        "is about a suite that runs here; with `ci` the CI is asked instead: remove one of them";
    case("{ci: github, run: make}", &format!(":1:21: `run` {both}"));
    for key in [
        "in: worktree",
        "env: [A]",
        "expect: x",
        "link: x",
        "interactive: true",
    ] {
        let name = key.split(':').next().unwrap();
        case(
            &format!("{{ci: github, {key}}}"),
            &format!("`{name}` {both}"),
        );
    }
    case("{checks: [test]}", ":1:9: `checks` needs `ci`");
    case(
        "{ci: githib}",
        "unknown value `githib`; did you mean `github`?",
    );
    case(
        "{ci: jenkins}",
        "unknown value `jenkins`; expected `github` or `gitlab`",
    );
    case("{ci: github, checks: []}", "`checks` is an empty list");
    case("{ci: github, checks: [a, a]}", "`a` is listed twice");
    case(
        "{ci: github, check: [a]}",
        "unknown key `check`; did you mean `checks`?",
    );
}

#[test]
#[ignore = "slow: needs gh and glab"]
fn status_says_that_the_ci_will_be_asked_and_asks_nobody() {
    let (shop, forge, _) = on_github(GITHUB, vec![github(vec![run("test", "success")])]);
    let status = |shop: &Sandbox| {
        let ran = shop.pushgate(["status"]);
        ran.stdout
    };
    let text = status(&shop);
    assert!(text.contains("suite     not yet passed on"), "{text}");
    assert!(forge.asked().is_empty());
    forge.push(&shop, "staging").goes();
    let text = status(&shop);
    assert!(text.contains("suite     passed on"), "{text}");
    assert!(!text.contains(", in 0"), "{text}");
}
