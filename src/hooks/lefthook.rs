//! lefthook runs the jobs of its configuration, which only the team edits: `install` prints the lines
//! for it, and `lefthook dump` tells whether they are there.
//!
//! Measured with 2.2: a job is left out of a push in which lefthook sees no changed file (and it looks at
//! the checkout, not at what is pushed), unless the job names a file of its own. `use_stdin` passes on
//! all that git said. Arguments are pasted into the command as they are. git-lfs uploads before any
//! job, unless `skip_lfs` is set.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use bstr::ByteSlice;
use serde_yaml::Value;

use super::{
    from_top, lfs,
    manager::of_lefthook,
    script::{self, Call, NAME},
};
use crate::{
    gates::Stop,
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
pub(crate) fn call(hooks: &Path, repository: &Repository) -> Result<(PathBuf, Call), Stop> {
    let top = repository.work_tree().ok_or_else(Stop::bare)?;
    let file = config(top);
    if !file.is_file() {
        return Ok((file, Call::Missing));
    }
    let name = from_top(&file, repository).to_string_lossy();
    let call = find_job(&dump(hooks, top)?, &name);
    Ok((file, call))
}

/// The lines, which name a file that is always there: the configuration itself.
pub(crate) fn lines(file: &str, has_lfs: bool) -> String {
    // git-lfs would upload before the gate has answered; `--lfs` has the gate call it.
    let (skip_lfs, lfs) = if has_lfs {
        ("skip_lfs: true\n", "--lfs ")
    } else {
        ("", "")
    };
    let run = RUN.replacen(CALL, &format!("{CALL}{lfs}"), 1);
    format!(
        "{skip_lfs}{NAME}:\n  jobs:\n    - name: {JOB}\n      # Without a file to name, lefthook leaves a job out of most pushes.\n      files: echo {file}\n      use_stdin: true\n      run: |\n        {}\n",
        run.trim_end().replace('\n', "\n        ")
    )
}

/// Whether git-lfs is in use here.
pub(crate) fn has_lfs(hooks: &Path, top: &Path) -> bool {
    let names = [NAME, "pre-push.old"].map(|name| hooks.join(name));
    lfs::is_used(top) || names.iter().any(|hook| lfs::is_called_by(hook))
}

/// Finds our job in what lefthook reads. What may leave it out of a push is not told from what may
/// not: it has to be the job that `install` prints, in a hook without conditions.
fn find_job(dump: &Value, file: &str) -> Call {
    let hook = dump.get(NAME).unwrap_or(&Value::Null);
    let jobs = |hook: &Value| hook.get("jobs").and_then(Value::as_sequence).cloned();
    let is_printed = |job: &Value| {
        [true, false].iter().any(|has_lfs| {
            let printed = serde_yaml::from_str(&lines(file, *has_lfs));
            let printed: Value = printed.unwrap_or_default();
            jobs(&printed[NAME]).is_some_and(|jobs| jobs.contains(job))
        })
    };
    let conditions = ["skip", "only", "exclude", "exclude_tags"];
    if jobs(hook).is_some_and(|jobs| jobs.iter().any(is_printed))
        && !conditions.iter().any(|key| hook.get(key).is_some())
    {
        return Call::AsWritten;
    }
    let text = serde_yaml::to_string(hook).unwrap_or_default();
    if script::calls(text.as_bytes()) {
        Call::Unclear("its job differs from what pushgate install prints, or is left out of some")
    } else {
        Call::No
    }
}

/// Asks `lefthook dump` for all that lefthook reads, by lefthook's own hook, which knows where
/// lefthook is.
fn dump(hooks: &Path, top: &Path) -> Result<Value, Stop> {
    // The `rc` of lefthook, which runs first, may print lines of its own.
    const ASK: &[u8] = b"
printf '\\n# pushgate asks\\n'
unset LEFTHOOK LEFTHOOK_EXCLUDE
call_lefthook dump
";
    let hook = hook_of_lefthook(hooks).unwrap_or_default();
    let mut command = Command::new(SH);
    command
        .arg("-c")
        .arg([&hook, ASK].concat().to_os_str_lossy());
    for name in ["LEFTHOOK", "LEFTHOOK_EXCLUDE", "LEFTHOOK_VERBOSE"] {
        command.env_remove(name);
    }
    command.current_dir(top).stdin(Stdio::null());
    let words = if let Some(output) = run_within(command, LIMIT)? {
        let dump = output.stdout.split_once_str("\n# pushgate asks\n");
        let dump = dump.map(|(_, dump)| dump);
        if output.is_ok()
            && let Some(Ok(dump @ (Value::Mapping(_) | Value::Null))) =
                dump.map(serde_yaml::from_slice)
        {
            return Ok(dump);
        }
        if output.stderr.is_empty() {
            // Where its hook does not find lefthook, it says so on standard output, and ends well.
            let printed = dump.unwrap_or(&output.stdout).lines();
            printed.map(|line| printable(line.as_bstr())).collect()
        } else {
            output.stderr
        }
    } else {
        vec![format!(
            "lefthook dump says nothing within {} s",
            LIMIT.as_secs()
        )]
    };
    let error = Stop::undecided("lefthook does not say what it runs before a push").details(words);
    let see = "see that `lefthook dump` works here, then";
    Err(error.cure(see, ["pushgate install"]))
}

/// One of lefthook's hooks, without its last line, which runs the jobs.
fn hook_of_lefthook(hooks: &Path) -> Option<Vec<u8>> {
    of_lefthook(hooks).find_map(|mut text| {
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
}
