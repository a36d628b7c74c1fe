//! The gate in a pipeline: the job files of the guide, parsed and run step by step in clones as the
//! runners of GitHub and GitLab make them.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_yaml::Value;

use crate::support::{PUSHGATE, Ran, Sandbox, tool};

const GUIDE: &str = include_str!("../../src/guides/pipelines.md");
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The guide's block that begins with this name of a file.
fn job_file(name: &str) -> Value {
    let start = format!("```yaml\n# {name}\n");
    let (_, rest) = GUIDE.split_once(start.as_str()).unwrap();
    serde_yaml::from_str(rest.split("```").next().unwrap()).unwrap()
}

/// A shop on which nobody pushes but pipelines: two commits behind on production, one on staging.
fn shop() -> Sandbox {
    let shop = Sandbox::bare();
    shop.policy(
        "trunk: {branch: master}\nsuite: {run: test -e .pushgate.yml}\nenvironments: {staging: {}, production: {after: staging, signoff: false}}\n",
    );
    let push = |shop: &Sandbox, remote: &str| shop.git(["push", "-q", remote, "master"]).goes();
    push(&shop, "production");
    shop.commit("two");
    push(&shop, "staging");
    shop.commit("three");
    push(&shop, "origin");
    for (name, app) in [("staging", "shop-staging"), ("production", "shop")] {
        let key = format!(
            "url.{}.insteadOf",
            shop.path(&format!("{name}.git")).display()
        );
        let url = format!("https://heroku:secret@git.heroku.com/{app}.git");
        // What the platform is in truth; nobody is called anything.
        shop.git([
            "config",
            "--file",
            shop.path("gitconfig").to_str().unwrap(),
            &key,
            &url,
        ])
        .goes();
    }
    shop
}

/// Where the job files have the program from.
fn releases(shop: &Sandbox) -> String {
    let name = format!("pushgate-{VERSION}-x86_64-unknown-linux-gnu");
    let directory = shop.path(&format!("releases/v{VERSION}"));
    if !directory.exists() {
        fs::create_dir_all(directory.join(&name)).unwrap();
        shop.copy_program(&directory.join(&name).join("pushgate"));
        let archive = format!("{name}.tar.gz");
        shop.run_in(
            &directory,
            "tar",
            ["--use-compress-program=gzip -1", "-cf", &archive, &name],
        )
        .goes();
    }
    format!("file://{}", shop.path("releases").display())
}

/// A shell as a runner starts it: no terminal, no name, and a home that cannot be written to.
fn bash(shop: &Sandbox, clone: &Path, variables: &BTreeMap<String, String>, script: &str) -> Ran {
    let file = shop.path("step.sh");
    fs::write(&file, script).unwrap();
    let mut command = shop.command(tool("bash", "bash"));
    command
        .current_dir(clone)
        .env("HOME", "/proc")
        .env("XDG_CACHE_HOME", "/proc/cache")
        .env("GIT_CONFIG_GLOBAL", shop.path("gitconfig"))
        .envs(variables)
        .args(["--noprofile", "--norc", "-eo", "pipefail"])
        .arg(file);
    Ran::of(&mut command)
}

fn git(shop: &Sandbox, clone: &Path, args: &[&str]) {
    shop.run_in(clone, "git", args).goes();
}

/// What `actions/checkout` does for a push to a branch, with this `fetch-depth`.
fn github_clone(shop: &Sandbox, name: &str, commit: &str, depth: u64) -> PathBuf {
    let clone = shop.path(name);
    fs::create_dir(&clone).unwrap();
    let url = format!("file://{}", shop.path("origin.git").display());
    git(shop, &clone, &["init", "-q", "."]);
    git(shop, &clone, &["remote", "add", "origin", &url]);
    if depth == 0 {
        let refs = "+refs/heads/*:refs/remotes/origin/*";
        git(
            shop,
            &clone,
            &[
                "fetch",
                "-q",
                "--prune",
                "--no-recurse-submodules",
                "origin",
                refs,
                "+refs/tags/*:refs/tags/*",
            ],
        );
    } else {
        let depth = format!("--depth={depth}");
        let refs = format!("+{commit}:refs/remotes/origin/master");
        git(
            shop,
            &clone,
            &[
                "fetch",
                "-q",
                "--no-tags",
                "--prune",
                "--no-recurse-submodules",
                &depth,
                "origin",
                &refs,
            ],
        );
    }
    git(
        shop,
        &clone,
        &[
            "checkout",
            "-q",
            "--force",
            "-B",
            "master",
            "refs/remotes/origin/master",
        ],
    );
    git(shop, &clone, &["checkout", "-q", "--force", commit]);
    clone
}

/// What GitLab's runner does with `GIT_STRATEGY: fetch`: no branch, and a detached HEAD.
fn gitlab_clone(shop: &Sandbox, name: &str, commit: &str, depth: &str) -> PathBuf {
    let clone = shop.path(name);
    fs::create_dir(&clone).unwrap();
    let url = format!("file://{}", shop.path("origin.git").display());
    git(shop, &clone, &["init", "-q", "."]);
    git(shop, &clone, &["remote", "add", "origin", &url]);
    let pipeline = format!("+{commit}:refs/pipelines/77");
    let depth = format!("--depth={depth}");
    let mut fetch = vec!["fetch", "-q", "origin", "--prune", "--quiet"];
    fetch.extend((depth != "--depth=0").then_some(depth.as_str()));
    fetch.extend([
        pipeline.as_str(),
        "+refs/heads/master:refs/remotes/origin/master",
    ]);
    git(shop, &clone, &fetch);
    git(shop, &clone, &["checkout", "-f", "-q", commit]);
    git(shop, &clone, &["clean", "-ffdxq"]);
    clone
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        other => panic!("{other:?}"),
    }
}

fn variables(of: &Value, into: &mut BTreeMap<String, String>, expressions: &[(&str, &str)]) {
    for (name, value) in of["env"].as_mapping().into_iter().flatten() {
        let mut value = text(value);
        for (expression, meaning) in expressions {
            value = value.replace(&format!("${{{{ {expression} }}}}"), meaning);
        }
        assert!(!value.contains("${{"), "{value}");
        into.insert(text(name), value);
    }
}

/// Runs the workflow for one environment; what each step with a name did, until one failed.
fn github(shop: &Sandbox, environment: &str, commit: &str) -> Vec<(String, Ran)> {
    let workflow = job_file(".github/workflows/deploy.yml");
    let inputs = &workflow["on"]["workflow_dispatch"]["inputs"]["environment"];
    assert!(
        inputs["options"]
            .as_sequence()
            .unwrap()
            .contains(&environment.into())
    );
    let expressions = [
        ("github.token", "token"),
        ("secrets.HEROKU_API_KEY", "secret"),
        ("inputs.environment", environment),
    ];
    let job = &workflow["jobs"]["deploy"];
    let temporary = tempfile::tempdir_in(shop.root()).unwrap();
    let paths = temporary.path().join("github-path");
    fs::write(&paths, "").unwrap();
    let mut all = BTreeMap::new();
    variables(&workflow, &mut all, &expressions);
    variables(job, &mut all, &expressions);
    all.insert("RELEASES".into(), releases(shop));
    all.insert("GITHUB_ACTIONS".into(), "true".into());
    all.insert("GITHUB_SHA".into(), commit.into());
    all.insert("GITHUB_PATH".into(), paths.to_str().unwrap().into());
    all.insert(
        "RUNNER_TEMP".into(),
        temporary.path().to_str().unwrap().into(),
    );
    let clone = temporary.path().join("work");
    let mut ran = Vec::new();
    for step in job["steps"].as_sequence().unwrap() {
        if let Some(uses) = step["uses"].as_str() {
            assert!(uses.starts_with("actions/checkout@v"), "{uses}");
            let depth = step["with"]["fetch-depth"].as_u64().unwrap_or(1);
            github_clone(shop, clone.to_str().unwrap(), commit, depth);
            continue;
        }
        let mut here = all.clone();
        variables(step, &mut here, &expressions);
        let added = fs::read_to_string(&paths).unwrap();
        let mut path: Vec<_> = added.lines().map(PathBuf::from).collect();
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
        here.insert(
            "PATH".into(),
            std::env::join_paths(path).unwrap().into_string().unwrap(),
        );
        let step_ran = bash(shop, &clone, &here, step["run"].as_str().unwrap());
        let failed = step_ran.code != 0;
        ran.push((step["name"].as_str().unwrap().to_owned(), step_ran));
        if failed {
            break;
        }
    }
    ran
}

#[test]
#[ignore = "slow: needs gh"]
fn the_workflow_of_github_deploys_what_the_gate_lets_pass() {
    let shop = shop();
    let (old, newest) = (
        shop.ask(["rev-parse", "HEAD~1"]),
        shop.ask(["rev-parse", "HEAD"]),
    );
    let mut ran = github(&shop, "production", &newest);
    let (step, last) = ran.pop().unwrap();
    assert_eq!(step, "Ask the gate");
    assert_eq!(last.code, 1, "{last}");
    last.says("pushgate: push to production (production) refused\n  promotion: staging has ");
    let names =
        |ran: &[(String, Ran)]| ran.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    for environment in ["staging", "production"] {
        let ran = github(&shop, environment, &newest);
        assert_eq!(names(&ran), ["Install pushgate", "Ask the gate", "Deploy"]);
        assert!(ran.iter().all(|(_, ran)| ran.code == 0), "{ran:?}");
        assert!(
            ran.iter().all(|(_, ran)| !ran.stderr.contains("secret")),
            "{ran:?}"
        );
        assert_eq!(shop.tip(environment, "master"), newest);
    }
    // A run that is started again later is not the newest any more.
    let (_, last) = github(&shop, "staging", &old).pop().unwrap();
    assert_eq!(last.code, 1, "{last}");
    last.says("is 1 commit behind origin/master");
    assert_eq!(shop.tip("staging", "master"), newest);
}

#[test]
#[ignore = "slow: needs gh"]
fn the_pipeline_of_gitlab_deploys_what_the_gate_lets_pass() {
    let shop = shop();
    let newest = shop.ask(["rev-parse", "HEAD"]);
    let file = job_file(".gitlab-ci.yml");
    let releases = releases(&shop);
    let job = |environment: &str, number: usize| {
        let job = &file[environment];
        assert_eq!(job["extends"], ".deploy");
        let shared = &file[".deploy"];
        let mut all = BTreeMap::new();
        for (name, value) in shared["variables"].as_mapping().unwrap() {
            all.insert(text(name), text(value));
        }
        let clone = gitlab_clone(&shop, &format!("gl{number}"), &newest, &all["GIT_DEPTH"]);
        all.insert("RELEASES".into(), releases.clone());
        all.insert("GITLAB_CI".into(), "true".into());
        all.insert("CI_COMMIT_SHA".into(), newest.clone());
        all.insert(
            "CI_ENVIRONMENT_NAME".into(),
            job["environment"].as_str().unwrap().into(),
        );
        all.insert("HEROKU_API_KEY".into(), "secret".into());
        let lines = ["before_script", "script"].map(|key| shared[key].as_sequence().unwrap());
        let lines: Vec<_> = lines.into_iter().flatten().map(text).collect();
        let builds = shop.path(&format!("builds{number}"));
        fs::create_dir(&builds).unwrap();
        all.insert("CI_BUILDS_DIR".into(), builds.to_str().unwrap().into());
        bash(&shop, &clone, &all, &lines.join("\n"))
    };
    let ran = job("production", 1);
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("promotion: staging has ");
    job("staging", 2).goes().says("suite: passed in ");
    job("production", 3).goes().says("promotion: ");
    assert_eq!(shop.tip("production", "master"), newest);
}

fn check(shop: &Sandbox, clone: &Path, args: &[&str]) -> Ran {
    let args: Vec<_> = args.iter().map(|arg| format!("'{arg}'")).collect();
    let script = format!("'{PUSHGATE}' check {}", args.join(" "));
    for name in ["staging", "production"] {
        let url = shop.path(&format!("{name}.git"));
        git(
            shop,
            clone,
            &[
                "config",
                &format!("remote.{name}.url"),
                url.to_str().unwrap(),
            ],
        );
    }
    bash(shop, clone, &BTreeMap::new(), &script)
}

#[test]
#[ignore = "slow: needs gh"]
fn a_shallow_clone_says_what_it_lacks_and_the_cure_cures() {
    let shop = shop();
    let newest = shop.ask(["rev-parse", "HEAD"]);
    for (name, clone) in [
        ("github", github_clone(&shop, "github", &newest, 1)),
        ("gitlab", gitlab_clone(&shop, "gitlab", &newest, "1")),
    ] {
        let ran = check(&shop, &clone, &["staging", "--commit", &newest]);
        assert_eq!(ran.code, 2, "{name}: {ran}");
        ran.says("target: this clone is shallow: its history ends before ")
            .says("fetch the rest, then try again:\n    git fetch --unshallow origin\n");
        git(&shop, &clone, &["fetch", "-q", "--unshallow", "origin"]);
        check(&shop, &clone, &["staging", "--commit", &newest]).goes();
    }
}

#[test]
#[ignore = "slow: needs gh"]
fn what_is_deployed_for_the_first_time_needs_no_history() {
    let shop = shop();
    let newest = shop.ask(["rev-parse", "HEAD"]);
    shop.run_in(
        shop.path("staging.git"),
        "git",
        ["update-ref", "-d", "refs/heads/master"],
    )
    .goes();
    let clone = github_clone(&shop, "github", &newest, 1);
    check(&shop, &clone, &["staging", "--commit", &newest]).goes();
}

#[test]
#[ignore = "slow: needs gh"]
fn a_pipeline_of_a_tag_or_another_branch_is_judged_by_its_commit() {
    let shop = shop();
    let newest = shop.ask(["rev-parse", "HEAD"]);
    shop.git(["checkout", "-q", "-b", "feature"]).goes();
    let feature = shop.commit("unmerged");
    shop.git(["push", "-q", "origin", "feature"]).goes();
    // No branch of trunk's name is here, local or remote, and no tracking ref at all.
    let clone = shop.path("tag");
    let url = format!("file://{}", shop.path("origin.git").display());
    fs::create_dir(&clone).unwrap();
    git(&shop, &clone, &["init", "-q", "."]);
    git(&shop, &clone, &["remote", "add", "origin", &url]);
    git(
        &shop,
        &clone,
        &[
            "fetch",
            "-q",
            "origin",
            &format!("+{newest}:refs/tags/v1"),
            &format!("+{feature}:refs/pull/5/merge"),
        ],
    );
    git(
        &shop,
        &clone,
        &["checkout", "-q", "--force", "refs/tags/v1"],
    );
    check(&shop, &clone, &["staging", "--commit", &newest]).goes();
    git(
        &shop,
        &clone,
        &["checkout", "-q", "--force", "refs/pull/5/merge"],
    );
    let ran = check(&shop, &clone, &["staging", "--commit", &feature]);
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("is not on origin/master");
}

#[test]
#[ignore = "slow: needs gh"]
fn the_tools_of_the_job_files_are_here() {
    // Or the jobs above would say so less clearly.
    for (name, package) in [("curl", "curl"), ("tar", "tar"), ("gzip", "gzip")] {
        Ran::of(Command::new(tool(name, package)).arg("--version")).goes();
    }
}
