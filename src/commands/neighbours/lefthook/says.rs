//! What lefthook's configuration says of the gate: whether a job calls it, and what would leave that
//! job out.

use serde_yaml::Value;

use super::{CALL, HOOK};
use crate::doctor::script;

/// Under these keys a hook, a group or a job says when it does not run.
const SWITCHES: [&str; 2] = ["skip", "only"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// No job calls the gate.
    Nothing,
    Calls,
    /// A job would, and is left out, or may be.
    LeftOut(String),
}

/// A job, and what may leave it out.
struct Job {
    name: Option<String>,
    calls: bool,
    switch: Option<String>,
}

/// What the team's file says, and then the one of this clone, which counts for more.
pub(super) fn of(team: &str, local: Option<&str>) -> Says {
    let Some(config) = read(team) else {
        return by_words(team, local);
    };
    let mut jobs = Vec::new();
    let hook = config.get(HOOK).unwrap_or(&Value::Null);
    gather(hook, None, &mut jobs);
    let ours: Vec<_> = jobs.iter().filter(|job| job.calls).collect();
    if ours.is_empty() {
        return Says::Nothing;
    }
    let left_out = hook_switch(hook, &names(&ours)).or_else(|| {
        let always = ours.iter().any(|job| job.switch.is_none());
        (!always).then(|| ours[0].switch.clone()).flatten()
    });
    match left_out.or_else(|| local.and_then(|local| overridden(local, &names(&ours)))) {
        Some(why) => Says::LeftOut(why),
        None => Says::Calls,
    }
}

/// What would leave a new job out.
pub(super) fn would_leave_out(team: &str, local: Option<&str>) -> Option<String> {
    let ours = [super::NAME.to_owned()];
    let config = read(team);
    let hook = config.as_ref().and_then(|config| config.get(HOOK));
    hook.and_then(|hook| hook_switch(hook, &ours))
        .or_else(|| overridden(local?, &ours))
}

fn names(jobs: &[&Job]) -> Vec<String> {
    jobs.iter().filter_map(|job| job.name.clone()).collect()
}

/// YAML and JSON; `None` for anything else.
fn read(text: &str) -> Option<Value> {
    let mut config: Value = serde_yaml::from_str(text).ok()?;
    config.apply_merge().ok()?;
    matches!(config, Value::Mapping(_) | Value::Null).then_some(config)
}

/// What the hook itself says against these jobs.
fn hook_switch(hook: &Value, ours: &[String]) -> Option<String> {
    switch(hook, &format!("its {HOOK}")).or_else(|| {
        let is_ours = |tag: &Value| tag.as_str().is_some_and(|tag| is_among(tag, ours));
        let is_excluded = match hook.get("exclude_tags")? {
            Value::Sequence(tags) => tags.iter().any(is_ours),
            Value::String(tags) => tags.split([' ', ',']).any(|tag| is_among(tag, ours)),
            _ => false,
        };
        is_excluded.then(|| format!("its {HOOK} has it among `exclude_tags`"))
    })
}

fn is_among(name: &str, names: &[String]) -> bool {
    names.iter().any(|ours| ours == name)
}

fn switch(value: &Value, whose: &str) -> Option<String> {
    let says = |key: &&&str| {
        value
            .get(**key)
            .is_some_and(|said| said.as_bool() != Some(false) || **key == "only")
    };
    let key = SWITCHES.iter().find(says)?;
    Some(format!("{whose} has `{key}`"))
}

/// All jobs of a hook or a group.
fn gather(of: &Value, outer: Option<&String>, found: &mut Vec<Job>) {
    let mut add = |name: Option<&str>, job: &Value| {
        let switch = outer
            .cloned()
            .or_else(|| switch(job, &format!("the job {}", name.unwrap_or("that calls it"))));
        if let Some(group) = job.get("group") {
            gather(group, switch.as_ref(), found);
        }
        let run = job.get("run").and_then(Value::as_str).unwrap_or_default();
        found.push(Job {
            name: name.map(str::to_owned),
            calls: script::calls(run.as_bytes()),
            switch,
        });
    };
    for job in of
        .get("jobs")
        .and_then(Value::as_sequence)
        .into_iter()
        .flatten()
    {
        add(job.get("name").and_then(Value::as_str), job);
    }
    for (name, job) in of
        .get("commands")
        .and_then(Value::as_mapping)
        .into_iter()
        .flatten()
    {
        add(name.as_str(), job);
    }
}

/// What the file of this clone says against these jobs.
fn overridden(local: &str, ours: &[String]) -> Option<String> {
    const WHERE: &str = "the lefthook-local of this clone";
    let Some(config) = read(local) else {
        let is_told = words(local).any(|word| SWITCHES.contains(&word) || is_among(word, ours));
        return is_told.then(|| format!("{WHERE} may say when it does not run"));
    };
    let hook = config.get(HOOK)?;
    if let Some(why) = hook_switch(hook, ours) {
        return Some(format!("{WHERE}: {why}"));
    }
    let mut jobs = Vec::new();
    gather(hook, None, &mut jobs);
    let job = jobs
        .iter()
        .find_map(|job| job.name.as_deref().filter(|name| is_among(name, ours)))?;
    Some(format!("{WHERE} changes the job {job}"))
}

/// TOML, and JSON with comments: any word that might leave a job out counts.
fn by_words(team: &str, local: Option<&str>) -> Says {
    if !script::calls(without_slashes(team).as_bytes()) {
        return Says::Nothing;
    }
    if let Some(word) = words(team).find(|word| SWITCHES.contains(word)) {
        return Says::LeftOut(format!("it has `{word}`"));
    }
    match local.and_then(|local| overridden(local, &[super::NAME.to_owned()])) {
        Some(why) => Says::LeftOut(why),
        None => Says::Calls,
    }
}

fn without_slashes(text: &str) -> String {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| [line, "\n"])
        .collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with(['#', '/']))
        .flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-'))
}

/// Whether it names the gate at all, as a person would look for it.
pub(super) fn names_it(text: &str) -> bool {
    text.contains(CALL) && of(text, None) != Says::Nothing
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: &str =
        "pre-push:\n  jobs:\n    - name: pushgate\n      run: pushgate pre-push -- x\n";

    #[track_caller]
    fn left_out(team: &str, local: Option<&str>, why: &str) {
        assert_eq!(of(team, local), Says::LeftOut(why.to_owned()), "{team}");
    }

    #[test]
    fn a_job_that_runs_calls_it() {
        for text in [
            JOB,
            "pre-push:\n  commands:\n    p: {run: pushgate pre-push -- x}\n",
            "pre-push:\n  skip: false\n  jobs: [{group: {jobs: [{run: pushgate pre-push}]}}]\n",
            "{\"pre-push\": {\"jobs\": [{\"run\": \"pushgate pre-push\"}]}}",
            "[pre-push.commands.p]\nrun = \"pushgate pre-push -- x\"\n",
        ] {
            assert_eq!(of(text, None), Says::Calls, "{text}");
            assert_eq!(of(text, Some("pre-push:\n  parallel: true\n")), Says::Calls);
            assert!(names_it(text));
        }
    }

    #[test]
    fn a_comment_and_another_hook_call_nobody() {
        for text in [
            "",
            "# pushgate pre-push\n",
            "pre-push:\n  jobs:\n    - run: x # pushgate pre-push\n",
            "pre-push:\n  jobs:\n    - run: 'x # pushgate pre-push'\n",
            "pre-commit:\n  jobs: [{run: pushgate pre-push}]\n",
            "# pushgate pre-push\n[pre-push.commands.t]\nrun = \"x\"\n",
            "// pushgate pre-push\n{\"pre-push\": {}}\n",
        ] {
            assert_eq!(of(text, None), Says::Nothing, "{text}");
            assert!(!names_it(text));
        }
    }

    #[test]
    fn what_leaves_it_out_is_named() {
        let with = |line: &str| JOB.replace("  jobs:", &format!("  {line}\n  jobs:"));
        left_out(&with("skip: true"), None, "its pre-push has `skip`");
        left_out(&with("skip: [merge]"), None, "its pre-push has `skip`");
        left_out(&with("only: [{ref: x}]"), None, "its pre-push has `only`");
        let tags = "its pre-push has it among `exclude_tags`";
        left_out(&with("exclude_tags: [a, pushgate]"), None, tags);
        left_out(
            "x: &x {skip: true}\npre-push:\n  <<: *x\n  jobs: [{run: pushgate pre-push}]\n",
            None,
            "its pre-push has `skip`",
        );
        left_out(
            &format!("{JOB}      only: merge\n"),
            None,
            "the job pushgate has `only`",
        );
        left_out(
            "pre-push:\n  jobs: [{skip: true, group: {jobs: [{run: pushgate pre-push}]}}]\n",
            None,
            "the job that calls it has `skip`",
        );
        left_out(
            "[pre-push]\nskip = true\n[pre-push.commands.p]\nrun = \"pushgate pre-push\"\n",
            None,
            "it has `skip`",
        );
    }

    #[test]
    fn the_file_of_this_clone_counts_for_more() {
        let local = "the lefthook-local of this clone";
        for (text, why) in [
            ("pre-push: {skip: true}\n", ": its pre-push has `skip`"),
            (
                "pre-push: {jobs: [{name: pushgate, run: x}]}\n",
                " changes the job pushgate",
            ),
            (
                "pre-push: {commands: {pushgate: {skip: true}}}\n",
                " changes the job pushgate",
            ),
            ("[pre-push]\nskip = true\n", " may say when it does not run"),
        ] {
            left_out(JOB, Some(text), &format!("{local}{why}"));
            assert!(would_leave_out("", Some(text)).is_some());
        }
        assert_eq!(of(JOB, Some("pre-commit: {skip: true}\n")), Says::Calls);
        assert_eq!(would_leave_out(JOB, None), None);
    }
}
