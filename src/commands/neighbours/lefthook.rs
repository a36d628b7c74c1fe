//! lefthook runs the jobs of its configuration, and moves any other hook away whenever that changes.
//!
//! Measured with 2.2: a job is left out of a push in which lefthook sees no changed file (and it looks at
//! the checkout, not at what is pushed), unless the job names a file of its own. `use_stdin` hands on
//! all that git said. Arguments are pasted into the command as they are. git-lfs uploads before any
//! job, unless `skip_lfs` is set.

mod ask;
mod says;

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use self::says::Jobs;
use bstr::ByteSlice;
use serde_yaml::{Mapping, Value};

use super::{edit, from_top, read, remove, say_commit, warn_of_path, write};
use crate::{
    commands::{
        Done,
        hooks::{Hooks, Owner},
    },
    doctor::script::{self, Says},
    report,
    verdict::Trouble,
    world::Real,
};

const CALL: &str = "pushgate pre-push";
const NAME: &str = "pushgate";
const HOOK: &str = "pre-push";
/// In the environment: nothing runs; these names and tags do not.
const SWITCH: &str = "LEFTHOOK";
const EXCLUDE: &str = "LEFTHOOK_EXCLUDE";
const SKIP_LFS: &str = "skip_lfs: true # pushgate has git-lfs upload what may go\n";

/// Where lefthook looks, in its order.
const PLACES: [&str; 3] = ["lefthook", ".lefthook", ".config/lefthook"];
const ENDINGS: [&str; 5] = ["yml", "yaml", "json", "jsonc", "toml"];

/// What its configuration needs to say.
struct Lines {
    /// The file that the job names: the configuration itself, which is always there.
    file: String,
    has_lfs: bool,
}

impl Lines {
    fn keys(&self) -> [String; 4] {
        let lfs = if self.has_lfs { "--lfs " } else { "" };
        [
            "# Names a file: without one, lefthook leaves a job out of most pushes.".to_owned(),
            format!("files: echo {}", self.file),
            format!("run: \"{CALL} {lfs}-- '{{1}}' '{{2}}' # {{files}}\""),
            "use_stdin: true".to_owned(),
        ]
    }

    /// An item of `jobs`.
    fn job(&self) -> String {
        deeper(&format!("- name: {NAME}\n"), &self.keys())
    }

    /// A key of `commands`.
    fn command(&self) -> String {
        deeper(&format!("{NAME}:\n"), &self.keys())
    }

    /// A hook without jobs gets them.
    fn jobs(&self) -> String {
        let job = self.job();
        let lines: Vec<_> = job.lines().map(str::to_owned).collect();
        deeper("jobs:\n", &lines)
    }

    /// The hook, where it is not there yet.
    fn section(&self) -> String {
        let jobs = self.jobs();
        let lines: Vec<_> = jobs.lines().map(str::to_owned).collect();
        deeper(&format!("{HOOK}:\n"), &lines)
    }

    /// All of it, for a person.
    fn all(&self) -> String {
        let lfs = if self.has_lfs { SKIP_LFS } else { "" };
        format!("{lfs}{}", self.section())
    }
}

fn deeper(first: &str, lines: &[String]) -> String {
    lines
        .iter()
        .fold(first.to_owned(), |text, line| format!("{text}  {line}\n"))
}

pub(in crate::commands) fn install(hooks: &Hooks, world: &Real, is_written: bool) -> Done {
    let top = world.work_tree().ok_or(Trouble::Bare)?;
    let path = config(top);
    let lines = Lines {
        file: from_top(&path, world).display().to_string(),
        has_lfs: has_lfs(hooks, top),
    };
    let before = read(&path)?;
    let name = path.display();
    let jobs = jobs(&hooks.directory, top).map_err(|words| Trouble::Unasked { words })?;
    let (is_there, why) = match jobs.say() {
        Says::LeftOut(why) => (true, Some(why)),
        Says::Nothing => (false, jobs.against()),
        _ => (true, None),
    };
    if let Some(why) = why {
        report::warn(&format!(
            "lefthook would leave the gate out: {why}; nothing is changed"
        ));
        report::hint("lefthook dump shows all that it reads; what it needs are these lines:");
        show(&lines)?;
        return Ok(1);
    }
    if is_there {
        report::say(&format!("{name} calls pushgate already"));
    } else if is_written {
        let with = match &before {
            Some(text) => with_lines(&path, text, &lines),
            None => Ok(lines.all()),
        };
        match with {
            Ok(with) => write(&path, with.as_bytes(), 0o644)?,
            Err(why) => {
                show(&lines)?;
                return Err(Trouble::NotEdited { path, why });
            }
        }
        report::say(&format!("{name} calls pushgate now"));
        say_commit(&path, world);
        warn_of_path();
    } else {
        report::say(&format!(
            "lefthook writes the hooks here; it needs these lines in {}:",
            lines.file
        ));
        show(&lines)?;
        report::hint("pushgate install --write puts them there");
        return Ok(1);
    }
    let hook = fs::read(hooks.directory.join(HOOK)).unwrap_or_default();
    if Owner::of_hook(&hook) != Owner::Lefthook {
        report::warn("lefthook does not run before a push yet");
        report::hint("lefthook install");
        return Ok(1);
    }
    Ok(0)
}

fn show(lines: &Lines) -> Result<(), Trouble> {
    report::data(&lines.all()).map_err(|error| Trouble::io("print the lines", &error))
}

/// What lefthook runs before a push, of all that it reads; or its words.
fn jobs(hooks: &Path, top: &Path) -> Result<Jobs, Vec<String>> {
    let merged = if config(top).is_file() {
        ask::merged(hooks, top)?
    } else {
        Value::Null
    };
    Ok(Jobs::of(&merged, &|name| top.join(name).is_file()))
}

/// What that says of the gate.
pub(in crate::commands) fn says(hooks: &Path, world: &Real) -> Says {
    let Some(top) = world.work_tree() else {
        return Says::Nothing;
    };
    jobs(hooks, top).map_or_else(Says::Unasked, |jobs| jobs.say())
}

/// Whether its own configuration calls the gate.
pub(in crate::commands) fn is_named(world: &Real) -> bool {
    let text = world.work_tree().map(|top| fs::read(config(top)));
    text.is_some_and(|text| text.is_ok_and(|text| script::calls(&text)))
}

/// The setting of this environment by which lefthook passes over the gate.
pub(in crate::commands) fn off(hooks: &Path, world: &Real) -> Option<String> {
    let variable = |name| Some((name, env::var(name).ok()?));
    let (name, value) = variable(SWITCH)
        .filter(|(_, value)| value == "0" || value == "false")
        .or_else(|| {
            let (name, words) = variable(EXCLUDE)?;
            let jobs = jobs(hooks, world.work_tree()?).ok()?;
            jobs.is_left_out_by(&words).then_some((name, words))
        })?;
    Some(format!("{name}={value}"))
}

/// Takes the lines out where they are as they were written.
pub(in crate::commands) fn uninstall(world: &Real) -> Result<u8, Trouble> {
    let Some(top) = world.work_tree() else {
        return Ok(0);
    };
    let path = config(top);
    let Some(text) = read(&path)?.and_then(|text| String::from_utf8(text).ok()) else {
        return Ok(0);
    };
    let file = from_top(&path, world).display().to_string();
    let lines = [true, false].map(|has_lfs| Lines {
        file: file.clone(),
        has_lfs,
    });
    if lines.iter().any(|lines| text == lines.all()) {
        remove(&path)?;
        say_commit(&path, world);
        return Ok(0);
    }
    match lines.iter().find_map(|lines| without_lines(&text, lines)) {
        Some(without) => {
            write(&path, without.as_bytes(), 0o644)?;
            report::say(&format!("{} is again what it was before", path.display()));
            say_commit(&path, world);
            Ok(0)
        }
        None if script::calls(text.as_bytes()) => {
            report::say(&format!(
                "{} calls pushgate by words of its own: left as it is",
                path.display()
            ));
            Ok(1)
        }
        None => Ok(0),
    }
}

/// The configuration that lefthook reads, or the one that it would.
pub(in crate::commands) fn config(top: &Path) -> PathBuf {
    let found = names().find(|name| top.join(name).is_file());
    top.join(found.as_deref().unwrap_or("lefthook.yml"))
}

/// Whether the team has such a configuration.
pub(super) fn is_configured(top: &Path) -> bool {
    config(top).is_file()
}

/// What such a file can be called.
fn names() -> impl Iterator<Item = String> {
    let named = |place: &'static str| {
        ENDINGS
            .iter()
            .map(move |ending| format!("{place}.{ending}"))
    };
    PLACES.iter().copied().flat_map(named)
}

/// Whether git-lfs is at work here.
fn has_lfs(hooks: &Hooks, top: &Path) -> bool {
    let attributes = fs::read(top.join(".gitattributes")).unwrap_or_default();
    let is_lfs =
        |path: PathBuf| fs::read(path).is_ok_and(|text| text.contains_str("git lfs pre-push"));
    attributes.contains_str("filter=lfs")
        || ["pre-push", "pre-push.old"]
            .iter()
            .any(|name| is_lfs(hooks.directory.join(name)))
}

/// The configuration with our lines; why not, where that is not safe.
fn with_lines(path: &Path, text: &[u8], lines: &Lines) -> Result<String, String> {
    let is_yaml = path
        .extension()
        .is_some_and(|ending| ending == "yml" || ending == "yaml");
    if !is_yaml {
        return Err("only YAML is edited".to_owned());
    }
    let text = text.to_str().map_err(|_| "it is not UTF-8".to_owned())?;
    let before = mapping(text)?;
    let hook = before.get(HOOK);
    let mut with = match hook {
        None => edit::append(text, &lines.section()),
        Some(hook) => {
            let (keys, ours): (&[&str], _) = if hook.get("jobs").is_some() {
                (&[HOOK, "jobs"], lines.job())
            } else if hook.get("commands").is_some() {
                (&[HOOK, "commands"], lines.command())
            } else {
                (&[HOOK], lines.jobs())
            };
            let spot = edit::below(text, keys)
                .ok_or_else(|| format!("its `{HOOK}` is not written with one key to a line"))?;
            edit::put(text, &spot, &ours)
        }
    };
    match before.get("skip_lfs").and_then(Value::as_bool) {
        Some(false) if lines.has_lfs => {
            return Err("it says `skip_lfs: false`, and git-lfs would upload first".to_owned());
        }
        None if lines.has_lfs => with = edit::append(&with, SKIP_LFS),
        _ => {}
    }
    let mut after = mapping(&with)?;
    if before.get("skip_lfs").is_none() {
        after.remove("skip_lfs");
    }
    if take_ours(&mut after) && after == before {
        Ok(with)
    } else {
        Err("the lines would change what else it says".to_owned())
    }
}

fn mapping(text: &str) -> Result<Mapping, String> {
    match serde_yaml::from_str(text) {
        Ok(Value::Mapping(mapping)) => Ok(mapping),
        Ok(Value::Null) => Ok(Mapping::new()),
        Ok(_) => Err("it is not a list of keys".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Takes our job out of what was read, and what is empty without it; false: it was not there.
fn take_ours(config: &mut Mapping) -> bool {
    let Some(hook) = config.get_mut(HOOK).and_then(Value::as_mapping_mut) else {
        return false;
    };
    let mut was_there = false;
    if let Some(jobs) = hook.get_mut("jobs").and_then(Value::as_sequence_mut) {
        let is_ours = |job: &Value| job.get("name").and_then(Value::as_str) == Some(NAME);
        was_there = jobs.first().is_some_and(is_ours);
        if was_there {
            jobs.remove(0);
        }
        if jobs.is_empty() {
            hook.remove("jobs");
        }
    }
    if let Some(commands) = hook.get_mut("commands").and_then(Value::as_mapping_mut) {
        was_there |= commands.remove(NAME).is_some();
    }
    if hook.is_empty() {
        config.remove(HOOK);
    }
    was_there
}

/// The configuration without our lines, however they were put in: all else says what it said.
fn without_lines(text: &str, lines: &Lines) -> Option<String> {
    let without = edit::take_end(text, SKIP_LFS);
    let text = without.as_deref().unwrap_or(text);
    let mut expected = mapping(text).ok()?;
    take_ours(&mut expected).then_some(())?;
    [
        edit::take_end(text, &lines.section()),
        edit::take(text, &lines.jobs()),
        edit::take(text, &lines.job()),
        edit::take(text, &lines.command()),
    ]
    .into_iter()
    .flatten()
    .find(|without| mapping(without).is_ok_and(|without| without == expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(has_lfs: bool) -> Lines {
        Lines {
            file: "lefthook.yml".to_owned(),
            has_lfs,
        }
    }

    #[track_caller]
    fn with(text: &str, has_lfs: bool) -> Result<String, String> {
        with_lines(Path::new("lefthook.yml"), text.as_bytes(), &lines(has_lfs))
    }

    #[test]
    fn the_lines_go_in_and_out_of_what_people_write() {
        for text in [
            "",
            "# nothing yet\n",
            "pre-commit:\n  jobs:\n    - run: x",
            "pre-push:\n  jobs:\n    - run: x\n",
            "pre-push:\n  parallel: true\n  jobs: # all\n  # first\n  - name: t\n    run: x {files}\n\nz:\n  jobs: []\n",
            "pre-push:\n  parallel: true\n  jobs:\n    # first\n    - run: x\n",
            "pre-push:\n    commands:\n        test:\n            run: x\n",
            "pre-push:\n  scripts:\n    \"a.sh\":\n      runner: sh\n",
            "pre-push:\r\n  commands:\r\n    test:\r\n      run: x\r\n",
            "skip_lfs: true\npre-push:\n  commands:\n    test: {run: x}\n",
        ] {
            for has_lfs in [false, true] {
                let with = with(text, has_lfs).unwrap_or_else(|why| panic!("{text:?}: {why}"));
                assert!(with.contains(CALL), "{with}");
                assert_eq!(
                    with.contains("skip_lfs: true"),
                    has_lfs || text.contains("skip_lfs")
                );
                let without = without_lines(&with, &lines(has_lfs)).unwrap();
                assert_eq!(without, text, "{with}");
            }
        }
    }

    #[test]
    fn what_cannot_be_edited_safely_is_refused() {
        for text in [
            "pre-push: {jobs: [{run: x}]}\n",
            "pre-push:\n  jobs: []\n",
            "pre-push:\n  commands: {test: {run: x}}\n",
            "pre-push:\n",
            "- a\n",
            "a: [\n",
            "a: |+\n  text\n",
            "---\na: 1\n---\nb: 1\n",
        ] {
            assert!(with(text, false).is_err(), "{text}");
        }
        assert!(with("skip_lfs: false\n", true).is_err());
        assert!(with_lines(Path::new("lefthook.toml"), b"", &lines(false)).is_err());
    }

    #[test]
    fn the_section_is_what_a_person_would_write() {
        assert_eq!(
            lines(false).all(),
            "\
pre-push:
  jobs:
    - name: pushgate
      # Names a file: without one, lefthook leaves a job out of most pushes.
      files: echo lefthook.yml
      run: \"pushgate pre-push -- '{1}' '{2}' # {files}\"
      use_stdin: true
"
        );
        let lfs = lines(true).all();
        assert!(lfs.starts_with(SKIP_LFS));
        assert!(lfs.contains("pushgate pre-push --lfs -- '{1}'"));
    }
}
