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

use bstr::ByteSlice;
use serde_json::json;
use serde_yaml::Value;

use super::{
    EVERY_BRANCH, Note, Outcome,
    directory::HooksDirectory,
    from_top,
    manager::Manager,
    script::{self, Call, NAME},
};
use crate::{
    gates::Undecided,
    git::Repository,
    process::{SH, program::run_within},
    text::printable,
};

/// The command of our job.
const RUN: &str = include_str!("../../hooks/lefthook");
const CALL: &str = "pushgate pre-push ";
pub(crate) const JOB: &str = "pushgate";

/// Where lefthook looks for its configuration, in its order.
const PLACES: [&str; 3] = ["lefthook", ".lefthook", ".config/lefthook"];
const EXTENSIONS: [&str; 5] = ["yml", "yaml", "json", "jsonc", "toml"];

/// lefthook's own hook may look for it in many places.
const LIMIT: Duration = Duration::from_secs(10);

/// The configuration that lefthook reads, or would read.
pub(crate) fn config(top: &Path) -> PathBuf {
    let names = PLACES.iter().flat_map(|place| {
        let name = move |extension| top.join(format!("{place}.{extension}"));
        EXTENSIONS.iter().map(name)
    });
    let mut found = names.filter(|path| path.is_file());
    found.next().unwrap_or_else(|| top.join("lefthook.yml"))
}

/// Asks lefthook how its configuration, which is named as well, calls the gate.
pub(crate) fn call(hooks: &Path, repository: &Repository) -> Result<(PathBuf, Call), Undecided> {
    let top = repository.work_tree().ok_or_else(Undecided::bare)?;
    let file = config(top);
    if !file.is_file() {
        return Ok((file, Call::Missing));
    }
    let name = from_top(&file, repository).to_string_lossy();
    let call = find_job(&dump(hooks, top)?, &name);
    Ok((file, call))
}

/// Prints the lines that the configuration needs, unless it has them.
pub(crate) fn install(
    hooks: &HooksDirectory,
    repository: &Repository,
) -> Result<Outcome, Undecided> {
    let top = repository.work_tree().ok_or_else(Undecided::bare)?;
    let (file, call) = call(&hooks.path, repository)?;
    let name = from_top(&file, repository).to_string_lossy();
    let lines = Note::Lines(lines(&name, has_lfs(&hooks.path, top)));
    let hook = fs::read(hooks.path.join(NAME)).unwrap_or_default();
    let notes = match call {
        Call::AsWritten if Manager::of_hook(&hook) == Some(Manager::Lefthook) => {
            let line = format!("{} calls pushgate already", file.display());
            let notes = vec![Note::Line(line)];
            return Ok(Outcome { notes, code: 0 });
        }
        Call::AsWritten => vec![
            Note::Line(format!("{} calls pushgate already", file.display())),
            Note::Warning("lefthook does not run before a push yet".to_owned()),
            Note::Hint("lefthook install".to_owned()),
        ],
        Call::Unclear(how) => vec![
            Note::Warning(format!(
                "lefthook calls pushgate, but {how}: nothing tells whether every push is judged"
            )),
            Note::Hint("put these lines in their place, which are known to hold:".to_owned()),
            lines,
        ],
        _ => vec![
            Note::Line(format!(
                "lefthook writes the hooks here; it needs these lines in {name}:"
            )),
            lines,
            Note::Hint("add them by hand and commit the file, then pushgate install".to_owned()),
            Note::Hint(EVERY_BRANCH.to_owned()),
        ],
    };
    Ok(Outcome { notes, code: 1 })
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
fn find_job(dump: &Value, file: &str) -> Call {
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
            Some(key) => Call::Unclear(format!("its {NAME} has `{key}`")),
            None => Call::AsWritten,
        };
    }
    let text = serde_yaml::to_string(hook).unwrap_or_default();
    if script::calls(text.as_bytes()) {
        Call::Unclear("its job differs from what pushgate install prints".to_owned())
    } else {
        Call::No
    }
}

/// Asks `lefthook dump` for all that lefthook reads, by lefthook's own hook, which knows where
/// lefthook is.
fn dump(hooks: &Path, top: &Path) -> Result<Value, Undecided> {
    // The `rc` of lefthook, which runs first, may print lines of its own.
    const ASK: &[u8] = b"
printf '\\n# pushgate asks\\n'
unset LEFTHOOK LEFTHOOK_EXCLUDE
call_lefthook dump
";
    let silent = |words: Vec<String>| {
        Undecided::new("lefthook does not say what it runs before a push")
            .details(words)
            .cure(
                "see that `lefthook dump` works here, then",
                ["pushgate install"],
            )
    };
    let hook = hook_of_lefthook(hooks);
    let hook = hook.ok_or_else(|| silent(vec!["it has no hook here".to_owned()]))?;
    let mut command = Command::new(SH);
    command
        .arg("-c")
        .arg([&hook, ASK].concat().to_os_str_lossy());
    for name in ["LEFTHOOK", "LEFTHOOK_EXCLUDE", "LEFTHOOK_VERBOSE"] {
        command.env_remove(name);
    }
    command.current_dir(top).stdin(Stdio::null());
    let Some(output) = run_within(command, LIMIT)? else {
        let words = format!("lefthook dump says nothing within {} s", LIMIT.as_secs());
        return Err(silent(vec![words]));
    };
    let dump = output.stdout.split_once_str("\n# pushgate asks\n");
    let dump = dump.map(|(_, dump)| dump);
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
    let entries = fs::read_dir(hooks).into_iter().flatten().flatten();
    let texts = entries.filter_map(|entry| fs::read(entry.path()).ok());
    let mut hooks = texts.filter(|text| Manager::of_hook(text) == Some(Manager::Lefthook));
    hooks.find_map(|mut text| {
        text.truncate(text.rfind("\ncall_lefthook run ")?);
        Some(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job_in(yaml: &str) -> Call {
        find_job(&serde_yaml::from_str(yaml).unwrap(), "lefthook.yml")
    }

    #[test]
    fn the_printed_lines_are_known_again_and_nothing_else_is() {
        for has_lfs in [true, false] {
            let lines = lines("lefthook.yml", has_lfs);
            assert_eq!(lines.contains("skip_lfs: true\n"), has_lfs);
            assert_eq!(lines.contains("pushgate pre-push --lfs -- "), has_lfs);
            assert_eq!(job_in(&lines), Call::AsWritten);
            for (from, to) in [
                ("use_stdin: true", "use_stdin: false"),
                ("name: pushgate", "glob: '*.rb'\n      name: pushgate"),
                ("echo lefthook.yml", "echo other.yml"),
                ("exit 1; }", "exit 0; }"),
                ("  jobs:", "  skip: true\n  jobs:"),
            ] {
                let changed = lines.replace(from, to);
                assert_ne!(changed, lines);
                assert!(matches!(job_in(&changed), Call::Unclear(_)), "{changed}");
            }
        }
        assert_eq!(job_in("pre-push: {jobs: [{run: make}]}\n"), Call::No);
        assert_eq!(job_in("{}\n"), Call::No);
        let own = "pre-push: {commands: {gate: {run: pushgate pre-push -- x y}}}\n";
        assert!(matches!(job_in(own), Call::Unclear(_)));
    }

    #[test]
    fn other_files_get_the_same_job_in_their_language() {
        let json = lines(".lefthook.json", true);
        let json: Value = serde_yaml::from_str(&json).unwrap();
        assert_eq!(find_job(&json, ".lefthook.json"), Call::AsWritten);
        assert_eq!(json["skip_lfs"], Value::Bool(true));
        let toml = lines("lefthook.toml", true);
        let start = "skip_lfs = true\n[[pre-push.jobs]]\n";
        assert!(
            toml.starts_with(start) && toml.contains(&run(true)),
            "{toml}"
        );
    }
}
