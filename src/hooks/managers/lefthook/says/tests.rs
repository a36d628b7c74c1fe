//! What 2.2 was seen to leave out, as its own dump has it.

use super::{super::run, *};

/// The keys of a job that runs ours.
fn run(version: Version) -> String {
    let text = serde_json::to_string(&run::text(version, false)).unwrap();
    format!("run: {text}, files: echo lefthook.yml, use_stdin: true")
}

/// The same, as somebody might say it.
const OWN: &str = "run: 'pushgate pre-push # {files}', files: echo lefthook.yml, use_stdin: true";

fn jobs(text: &str) -> Jobs {
    let merged = serde_yaml::from_str(text).unwrap();
    Jobs::of(&merged, &|name| name == "lefthook.yml")
}

/// A job with these keys, in a hook with those.
fn of(job: &str, hook: &str) -> Jobs {
    let run = run(Version::This);
    jobs(&format!(
        "pre-push:\n  jobs: [{{name: gate, {run}{job}}}]\n{hook}"
    ))
}

#[track_caller]
fn left_out(jobs: &Jobs, why: &str) {
    assert_eq!(jobs.say(), Says::LeftOut(why.to_owned()));
}

#[test]
fn a_job_that_runs_calls_it() {
    let run = run(Version::This);
    for text in [
        format!("pre-push: {{jobs: [{{{run}}}]}}"),
        format!("pre-push: {{commands: {{p: {{{run}}}}}}}"),
        format!("pre-push: {{skip: false, jobs: [{{group: {{piped: true, jobs: [{{{run}}}]}}}}]}}"),
        format!("pre-push: {{jobs: [{{env: {{A: b}}, {run}}}]}}"),
        // One that runs is enough.
        format!("pre-push: {{jobs: [{{skip: true, {run}}}, {{{OWN}}}, {{{run}}}]}}"),
    ] {
        assert_eq!(jobs(&text).say(), Says::Calls, "{text}");
    }
    assert_eq!(
        of(", tags: [slow], skip: []", "  exclude_tags: [a]").say(),
        Says::Calls
    );
}

#[test]
fn a_comment_and_another_hook_call_nobody() {
    for text in [
        "{}",
        "pre-push: {jobs: [{run: 'x # pushgate pre-push'}]}",
        "pre-commit: {jobs: [{run: pushgate pre-push}]}",
        "pre-push: {jobs: 3, commands: x}",
    ] {
        assert_eq!(jobs(text).say(), Says::Nothing, "{text}");
    }
}

#[test]
fn what_leaves_it_out_is_named() {
    let run = run(Version::This);
    for (key, value) in [
        ("skip", "true"),
        ("skip", "merge"),
        ("skip", "[{ref: x}]"),
        ("only", "[]"),
        ("only", "[{ref: x}]"),
        ("exclude", "[x]"),
    ] {
        let has = format!("{key}: {value}");
        left_out(
            &of("", &format!("  {has}\n")),
            &format!("its pre-push has `{key}`"),
        );
        left_out(
            &of(&format!(", {has}"), ""),
            &format!("its job gate has `{key}`"),
        );
    }
    for key in [
        "glob",
        "root",
        "file_types",
        "interactive",
        "whatever_comes",
    ] {
        let has = format!("{key}: x");
        left_out(
            &of(&format!(", {has}"), ""),
            &format!("its job gate has `{key}`"),
        );
        let group = format!("pre-push: {{jobs: [{{{has}, group: {{jobs: [{{{run}}}]}}}}]}}");
        left_out(&jobs(&group), &format!("its job has `{key}`"));
    }
    let tags = "its pre-push has it among `exclude_tags`";
    left_out(&of(", tags: [slow]", "  exclude_tags: [a, slow]"), tags);
    left_out(&of(", tags: a slow", "  exclude_tags: slow"), tags);
    left_out(&of("", "  exclude_tags: [gate]"), tags);
}

#[test]
fn what_takes_the_gate_its_hearing_or_its_answer_is_named() {
    let run = run(Version::This);
    for said in ["", ", use_stdin: false", ", use_stdin: 'true'"] {
        let run = run.replace(", use_stdin: true", said);
        left_out(
            &jobs(&format!("pre-push: {{jobs: [{{{run}}}]}}")),
            "its job has no `use_stdin: true`, and hears nothing",
        );
    }
    for name in ["PUSHGATE", "PUSHGATE_SKIP", "PUSHGATE_REASON"] {
        let why = format!("its job gate sets {name} in its `env`");
        left_out(&of(&format!(", env: {{A: b, {name}: x}}"), ""), &why);
        let env = format!("name: gate, env: {{{name}: x}}");
        let group = format!("pre-push: {{jobs: [{{{env}, group: {{jobs: [{{{run}}}]}}}}]}}");
        left_out(&jobs(&group), &why);
    }
}

#[test]
fn words_of_somebodys_own_are_no_promise() {
    let run = run(Version::This);
    let own = |name: &str| Says::OwnWords(name.to_owned());
    for text in [
        "{jobs: [{run: 'pushgate pre-push # {all_files}', use_stdin: true}]}".to_owned(),
        "{files: echo lefthook.yml, jobs: [{run: 'pushgate pre-push # {files}', use_stdin: true}]}"
            .to_owned(),
        format!("{{jobs: [{{{OWN}}}, {{skip: true, {run}}}]}}"),
        format!(
            "{{jobs: [{{{}}}]}}",
            run.replace(" || { echo", " || true; { echo")
        ),
        format!(
            "{{jobs: [{{{}}}]}}",
            run.replace("pushgate pre", "PUSHGATE=off pushgate pre")
        ),
    ] {
        assert_eq!(
            jobs(&format!("pre-push: {text}")).say(),
            own("its job"),
            "{text}"
        );
    }
    let named = format!("pre-push: {{commands: {{p: {{{OWN}}}}}}}");
    assert_eq!(jobs(&named).say(), own("its job p"));
}

#[test]
fn a_job_without_a_file_is_left_out_of_most_pushes() {
    for job in [
        "run: pushgate pre-push",
        "run: pushgate pre-push, files: echo lefthook.yml",
        "run: 'pushgate pre-push # {files}', files: echo gone.yml",
        "run: 'pushgate pre-push # {files}', files: git diff --name-only",
        "run: 'pushgate pre-push # {push_files}', files: echo lefthook.yml",
    ] {
        let jobs = jobs(&format!("pre-push: {{jobs: [{{{job}}}]}}"));
        left_out(&jobs, "its job names no file that is there");
    }
}

#[test]
fn what_would_leave_a_new_job_out_is_named() {
    assert_eq!(jobs("{}").against(), None);
    assert_eq!(
        jobs("pre-push: {jobs: [{name: a, skip: true}]}").against(),
        None
    );
    for (hook, why) in [
        ("skip: true", "its pre-push has `skip`"),
        (
            "exclude_tags: [pushgate]",
            "its pre-push has it among `exclude_tags`",
        ),
        (
            "jobs: [{name: pushgate, run: x}]",
            "its job pushgate runs something else",
        ),
        (
            "commands: {pushgate: {skip: true}}",
            "its job pushgate runs something else",
        ),
    ] {
        let found = jobs(&format!("pre-push: {{{hook}}}")).against();
        assert_eq!(found.as_deref(), Some(why), "{hook}");
    }
}

#[test]
fn the_environment_leaves_it_out_by_a_name_or_a_tag() {
    let run = run(Version::This);
    let text = format!(
        "pre-push: {{jobs: [{{name: g, tags: [t], group: {{jobs: [{{name: own, {run}}}]}}}}]}}"
    );
    for (words, is_left_out) in [
        ("g", true),
        ("a,t", true),
        ("own", true),
        ("", false),
        ("a,b", false),
    ] {
        assert_eq!(jobs(&text).is_left_out_by(words), is_left_out, "{words}");
    }
    assert!(!jobs("{}").is_left_out_by(""));
}
