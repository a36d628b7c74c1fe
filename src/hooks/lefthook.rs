//! lefthook runs the jobs of its configuration, which only the team edits: `install` prints the lines
//! for it, and `lefthook dump` tells whether they are there.
//!
//! Measured with 2.2: a job is left out of a push in which lefthook sees no changed file (and it looks at
//! the checkout, not at what is pushed), unless the job names a file of its own. `use_stdin` passes on
//! all that git said. Arguments are pasted into the command as they are. git-lfs uploads before any
//! job, unless `skip_lfs` is set.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use bstr::{ByteSlice, ByteVec};
use serde_json::json;
use serde_yaml::Value;

use super::{
    EVERY_BRANCH, Error, Note, Outcome,
    directory::HooksDirectory,
    owner::Owner,
    script::{self, NAME},
};
use crate::{
    git::Repository,
    process::{SH, program::run_within, variable},
    text::printable,
};

/// The command of our job.
const RUN: &str = include_str!("../../hooks/lefthook");
const CALL: &str = "pushgate pre-push ";
const JOB: &str = "pushgate";

/// In the environment: nothing runs; these names do not.
const SWITCH: &str = "LEFTHOOK";
const EXCLUDE: &str = "LEFTHOOK_EXCLUDE";

/// Where lefthook looks for its configuration, in its order.
const PLACES: [&str; 3] = ["lefthook", ".lefthook", ".config/lefthook"];
const EXTENSIONS: [&str; 5] = ["yml", "yaml", "json", "jsonc", "toml"];

/// lefthook's own hook may look for it in many places.
const LIMIT: Duration = Duration::from_secs(10);

/// What lefthook says of our job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    Missing,
    /// It is what `install` prints.
    AsPrinted,
    /// It, or the hook that it belongs to, differs from what `install` prints; how.
    Other(String),
}

/// The configuration that lefthook reads, or would read.
pub(crate) fn config(top: &Path) -> PathBuf {
    let names = PLACES.iter().flat_map(|place| {
        let name = move |extension| top.join(format!("{place}.{extension}"));
        EXTENSIONS.iter().map(name)
    });
    let mut found = names.filter(|path| path.is_file());
    found.next().unwrap_or_else(|| top.join("lefthook.yml"))
}

/// Asks lefthook what it runs before a push.
pub(crate) fn job(hooks: &Path, repository: &Repository) -> Result<Job, Error> {
    match repository.work_tree() {
        Some(top) if config(top).is_file() => Ok(find_job(&dump(hooks, top)?, &file_of(top))),
        _ => Ok(Job::Missing),
    }
}

/// A variable of this environment by which lefthook leaves out the gate.
pub(crate) fn switched_off() -> Option<String> {
    let set = |name| Some((name, variable(name)?));
    let is_off = |(_, value): &(_, String)| value == "0" || value == "false";
    let is_excluded = |(_, names): &(_, String)| names.split(',').any(|name| name == JOB);
    let (name, value) = set(SWITCH)
        .filter(is_off)
        .or_else(|| set(EXCLUDE).filter(is_excluded))?;
    Some(format!("{name}={value}"))
}

/// Prints the lines that the configuration needs, unless it has them.
pub(crate) fn install(hooks: &HooksDirectory, repository: &Repository) -> Result<Outcome, Error> {
    let top = repository.work_tree().ok_or(Error::Bare)?;
    let file = file_of(top);
    let lines = Note::Lines(lines(&file, has_lfs(&hooks.path, top)));
    let notes = match job(&hooks.path, repository)? {
        Job::AsPrinted => vec![Note::Line(format!(
            "{} calls pushgate already",
            config(top).display()
        ))],
        Job::Other(how) => vec![
            Note::Warning(format!(
                "lefthook calls pushgate, but {how}: nothing tells whether every push is judged"
            )),
            Note::Hint("put these lines in their place, which are known to hold:".to_owned()),
            lines,
        ],
        Job::Missing => vec![
            Note::Line(format!(
                "lefthook writes the hooks here; it needs these lines in {file}:"
            )),
            lines,
            Note::Hint("add them by hand and commit the file, then pushgate install".to_owned()),
            Note::Hint(EVERY_BRANCH.to_owned()),
        ],
    };
    let mut outcome = Outcome {
        complete: notes.len() == 1,
        notes,
    };
    let hook = fs::read(hooks.path.join(NAME)).unwrap_or_default();
    if outcome.complete && Owner::of_hook(&hook) != Owner::Lefthook {
        let text = "lefthook does not run before a push yet";
        outcome.notes.push(Note::Warning(text.to_owned()));
        outcome
            .notes
            .push(Note::Hint("lefthook install".to_owned()));
        outcome.complete = false;
    }
    Ok(outcome)
}

/// The lines, in the language of the file.
fn lines(file: &str, has_lfs: bool) -> String {
    let (files, run) = (files(file), run(has_lfs));
    // git-lfs would upload before the gate has answered; `--lfs` has the gate call it.
    let skip_lfs = |line: &'static str| if has_lfs { line } else { "" };
    match file.rsplit('.').next() {
        Some("json" | "jsonc") => {
            let job = json!({"name": JOB, "files": files, "use_stdin": true, "run": run});
            let mut all = json!({NAME: {"jobs": [job]}});
            if has_lfs {
                all["skip_lfs"] = true.into();
            }
            format!("{all:#}\n")
        }
        // `skip_lfs` has to stand above all tables.
        Some("toml") => format!(
            "{}[[{NAME}.jobs]]\nname = \"{JOB}\"\nfiles = \"{files}\"\nuse_stdin = true\nrun = '''\n{run}'''\n",
            skip_lfs("skip_lfs = true\n")
        ),
        _ => format!(
            "{}{NAME}:\n  jobs:\n    - name: {JOB}\n      # Without a file to name, lefthook leaves a job out of most pushes.\n      files: {files}\n      use_stdin: true\n      run: |\n        {}\n",
            skip_lfs("skip_lfs: true\n"),
            run.trim_end().replace('\n', "\n        ")
        ),
    }
}

/// A command that names a file which is always there: the configuration itself.
fn files(file: &str) -> String {
    format!("echo {file}")
}

fn run(has_lfs: bool) -> String {
    let lfs = if has_lfs { "--lfs " } else { "" };
    RUN.replacen(CALL, &format!("{CALL}{lfs}"), 1)
}

/// The configuration's path from the top of the work tree.
fn file_of(top: &Path) -> String {
    let config = config(top);
    let file = config.strip_prefix(top).unwrap_or(&config);
    file.display().to_string()
}

/// Whether git-lfs is in use here.
fn has_lfs(hooks: &Path, top: &Path) -> bool {
    let has =
        |path: PathBuf, words: &str| fs::read(path).is_ok_and(|text| text.contains_str(words));
    has(top.join(".gitattributes"), "filter=lfs")
        || [NAME, "pre-push.old"]
            .iter()
            .any(|name| has(hooks.join(name), "git lfs pre-push"))
}

/// Finds our job in what lefthook reads. What may leave it out of a push is not told from what may
/// not: it has to be the job that `install` prints, in a hook without conditions.
fn find_job(dump: &Value, file: &str) -> Job {
    let hook = dump.get(NAME).unwrap_or(&Value::Null);
    let jobs = hook.get("jobs").and_then(Value::as_sequence);
    let is_printed = |job: &Value| {
        let of = |key| job.get(key).and_then(Value::as_str).unwrap_or_default();
        let is_run = |has_lfs| of("run").trim_end() == run(has_lfs).trim_end();
        of("name") == JOB
            && (is_run(true) || is_run(false))
            && of("files") == files(file)
            && job.get("use_stdin").and_then(Value::as_bool) == Some(true)
            && job.as_mapping().is_some_and(|keys| keys.len() == 4)
    };
    if jobs.into_iter().flatten().any(is_printed) {
        let conditions = ["skip", "only", "exclude", "exclude_tags"];
        let condition = conditions.iter().find(|key| hook.get(*key).is_some());
        return match condition {
            Some(key) => Job::Other(format!("its {NAME} has `{key}`")),
            None => Job::AsPrinted,
        };
    }
    let text = serde_yaml::to_string(hook).unwrap_or_default();
    if script::calls(text.as_bytes()) {
        Job::Other("its job differs from what pushgate install prints".to_owned())
    } else {
        Job::Missing
    }
}

/// Asks `lefthook dump` for all that lefthook reads, by lefthook's own hook, which knows where
/// lefthook is.
fn dump(hooks: &Path, top: &Path) -> Result<Value, Error> {
    // The `rc` of lefthook, which runs first, may print lines of its own.
    const MARK: &str = "\n# pushgate asks\n";
    let silent = |words: Vec<String>| Error::LefthookSilent { words };
    let mut script =
        hook_of_lefthook(hooks).ok_or_else(|| silent(vec!["it has no hook here".to_owned()]))?;
    script.push_str(
        "\nprintf '\\n# pushgate asks\\n'\nunset LEFTHOOK LEFTHOOK_EXCLUDE\ncall_lefthook dump\n",
    );
    let mut command = Command::new(SH);
    command.arg("-c").arg(script.to_os_str_lossy());
    for name in [SWITCH, EXCLUDE, "LEFTHOOK_VERBOSE"] {
        command.env_remove(name);
    }
    command.current_dir(top).stdin(Stdio::null());
    let output = run_within(command, LIMIT)?;
    let Some(output) = output else {
        let words = format!("lefthook dump says nothing within {} s", LIMIT.as_secs());
        return Err(silent(vec![words]));
    };
    let dump = output.stdout.split_once_str(MARK).map(|(_, dump)| dump);
    match dump.map(serde_yaml::from_slice) {
        Some(Ok(dump @ (Value::Mapping(_) | Value::Null))) if output.is_ok() => Ok(dump),
        // Where its hook does not find lefthook, it says so on standard output, and ends well.
        _ if output.stderr.is_empty() => {
            let lines = dump.unwrap_or(&output.stdout).lines();
            Err(silent(
                lines.map(|line| printable(line.as_bstr())).collect(),
            ))
        }
        _ => Err(silent(output.stderr)),
    }
}

/// One of lefthook's hooks, without its last line, which runs the jobs.
fn hook_of_lefthook(hooks: &Path) -> Option<Vec<u8>> {
    let entries = fs::read_dir(hooks).ok()?.filter_map(Result::ok);
    let texts = entries.filter_map(|entry| fs::read(entry.path()).ok());
    let mut hooks = texts.filter(|text| Owner::of_hook(text) == Owner::Lefthook);
    hooks.find_map(|mut text| {
        text.truncate(text.rfind("\ncall_lefthook run ")?);
        Some(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job_in(yaml: &str) -> Job {
        find_job(&serde_yaml::from_str(yaml).unwrap(), "lefthook.yml")
    }

    #[test]
    fn the_printed_lines_are_known_again_and_nothing_else_is() {
        for has_lfs in [true, false] {
            let lines = lines("lefthook.yml", has_lfs);
            assert_eq!(lines.contains("skip_lfs: true\n"), has_lfs);
            assert_eq!(lines.contains("pushgate pre-push --lfs -- "), has_lfs);
            assert_eq!(job_in(&lines), Job::AsPrinted);
            for (from, to) in [
                ("use_stdin: true", "use_stdin: false"),
                ("name: pushgate", "glob: '*.rb'\n      name: pushgate"),
                ("echo lefthook.yml", "echo other.yml"),
                ("exit 1; }", "exit 0; }"),
                ("  jobs:", "  skip: true\n  jobs:"),
            ] {
                let changed = lines.replace(from, to);
                assert_ne!(changed, lines);
                assert!(matches!(job_in(&changed), Job::Other(_)), "{changed}");
            }
        }
        assert_eq!(job_in("pre-push: {jobs: [{run: make}]}\n"), Job::Missing);
        assert_eq!(job_in("{}\n"), Job::Missing);
        let own = "pre-push: {commands: {gate: {run: pushgate pre-push -- x y}}}\n";
        assert!(matches!(job_in(own), Job::Other(_)));
    }

    #[test]
    fn other_files_get_the_same_job_in_their_language() {
        let json = lines(".lefthook.json", true);
        let json: Value = serde_yaml::from_str(&json).unwrap();
        assert_eq!(find_job(&json, ".lefthook.json"), Job::AsPrinted);
        assert_eq!(json["skip_lfs"], Value::Bool(true));
        let toml = lines("lefthook.toml", true);
        let start = "skip_lfs = true\n[[pre-push.jobs]]\n";
        assert!(
            toml.starts_with(start) && toml.contains(&run(true)),
            "{toml}"
        );
    }
}
