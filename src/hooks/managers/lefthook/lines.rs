//! The lines by which lefthook calls the gate, and the way into a configuration that a person wrote, and
//! out again.

use std::fmt::Display;

use bstr::ByteSlice;
use serde_yaml::{Mapping, Value};

use super::{
    super::edit,
    HOOK, NAME,
    form::{self, Form},
    run::{self, VERSIONS, Version},
};

pub(crate) const SKIP_LFS: &str = "skip_lfs: true # pushgate has git-lfs upload what may go\n";

/// What its configuration needs to say.
pub(crate) struct Lines {
    /// The file that the job names: the configuration itself, which is always there.
    pub(crate) file: String,
    pub(crate) has_lfs: bool,
    version: Version,
}

impl Lines {
    pub(crate) fn new(file: String, has_lfs: bool) -> Self {
        let version = Version::This;
        Self {
            file,
            has_lfs,
            version,
        }
    }

    /// Whatever any version wrote into this file.
    pub(crate) fn ever(file: &str) -> impl Iterator<Item = Self> {
        let both = |version| [(version, true), (version, false)];
        let lines = |(version, has_lfs)| Self {
            file: file.to_owned(),
            has_lfs,
            version,
        };
        VERSIONS.into_iter().flat_map(both).map(lines)
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        let text = run::text(self.version, self.has_lfs);
        let run = match self.version {
            Version::This => deeper("run: |\n", text.lines()),
            Version::First => format!("run: \"{text}\""),
        };
        let mut keys = vec![
            "# Names a file: without one, lefthook leaves a job out of most pushes.".to_owned(),
            format!("files: echo {}", self.file),
        ];
        keys.extend(run.lines().map(str::to_owned));
        keys.push("use_stdin: true".to_owned());
        keys
    }

    /// An item of `jobs`.
    pub(crate) fn job(&self) -> String {
        deeper(&format!("- name: {NAME}\n"), self.keys())
    }

    /// A key of `commands`.
    pub(crate) fn command(&self) -> String {
        deeper(&format!("{NAME}:\n"), self.keys())
    }

    /// A hook without jobs gets them.
    pub(crate) fn jobs(&self) -> String {
        deeper("jobs:\n", self.job().lines())
    }

    /// The hook, where it is not there yet.
    pub(crate) fn section(&self) -> String {
        deeper(&format!("{HOOK}:\n"), self.jobs().lines())
    }

    /// All of it, for a person.
    pub(crate) fn shown(&self) -> String {
        let files = format!("echo {}", self.file);
        let run = run::text(self.version, self.has_lfs);
        match Form::of(&self.file) {
            Form::Yaml => self.all(),
            Form::Json => form::json(&files, &run, self.has_lfs),
            Form::Toml => form::toml(&files, &run, self.has_lfs),
        }
    }

    /// All of it, in YAML.
    pub(crate) fn all(&self) -> String {
        let lfs = if self.has_lfs { SKIP_LFS } else { "" };
        format!("{lfs}{}", self.section())
    }
}

pub(crate) fn deeper(first: &str, lines: impl IntoIterator<Item = impl Display>) -> String {
    let lines = lines.into_iter();
    lines.fold(first.to_owned(), |text, line| format!("{text}  {line}\n"))
}

/// The configuration with our lines; why not, where that is not safe.
pub(crate) fn with_lines(text: &[u8], lines: &Lines) -> Result<String, String> {
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

pub(crate) fn mapping(text: &str) -> Result<Mapping, String> {
    match serde_yaml::from_str(text) {
        Ok(Value::Mapping(mapping)) => Ok(mapping),
        Ok(Value::Null) => Ok(Mapping::new()),
        Ok(_) => Err("it is not a list of keys".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Takes our job out of what was read, and what is empty without it; false: it was not there.
pub(crate) fn take_ours(config: &mut Mapping) -> bool {
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

/// The configuration without our lines, of whatever version and however they were put in: all else says
/// what it said. `None`: they are not there, or somebody changed them.
pub(crate) fn without_lines(text: &str, file: &str) -> Option<String> {
    Lines::ever(file).find_map(|lines| lines.taken_from(text))
}

impl Lines {
    pub(crate) fn taken_from(&self, text: &str) -> Option<String> {
        let without = edit::take_end(text, SKIP_LFS);
        let text = without.as_deref().unwrap_or(text);
        let mut expected = mapping(text).ok()?;
        take_ours(&mut expected).then_some(())?;
        [
            edit::take_end(text, &self.section()),
            edit::take(text, &self.jobs()),
            edit::take(text, &self.job()),
            edit::take(text, &self.command()),
        ]
        .into_iter()
        .flatten()
        .find(|without| mapping(without).is_ok_and(|without| without == expected))
    }
}

/// The configuration with these lines in the place of earlier ones; why not, where those are not there.
pub(crate) fn renewed(text: &[u8], lines: &Lines) -> Result<String, String> {
    let text = text.to_str().map_err(|_| "it is not UTF-8".to_owned())?;
    if is_ours_alone(text, &lines.file) {
        return Ok(lines.all());
    }
    let without = without_lines(text, &lines.file)
        .ok_or("the earlier lines stand in another file, or somebody changed them")?;
    with_lines(without.as_bytes(), lines)
}

/// Whether we wrote all of it.
pub(crate) fn is_ours_alone(text: &str, file: &str) -> bool {
    Lines::ever(file).any(|lines| lines.all() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(has_lfs: bool) -> Lines {
        Lines::new("lefthook.yml".to_owned(), has_lfs)
    }

    #[track_caller]
    fn with(text: &str, has_lfs: bool) -> Result<String, String> {
        with_lines(text.as_bytes(), &lines(has_lfs))
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
                assert!(with.contains("pushgate pre-push"), "{with}");
                assert_eq!(
                    with.contains("skip_lfs: true"),
                    has_lfs || text.contains("skip_lfs")
                );
                let without = without_lines(&with, "lefthook.yml").unwrap();
                assert_eq!(without, text, "{with}");
                let mut earlier = lines(has_lfs);
                earlier.version = Version::First;
                let with = with_lines(text.as_bytes(), &earlier).unwrap();
                let without = without_lines(&with, "lefthook.yml").unwrap();
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
    }

    #[test]
    fn the_section_is_what_a_person_would_write() {
        let all = lines(false).all();
        let (before, after) = all.split_once("        # {files}\n").unwrap();
        assert_eq!(
            before,
            "\
pre-push:
  jobs:
    - name: pushgate
      # Names a file: without one, lefthook leaves a job out of most pushes.
      files: echo lefthook.yml
      run: |
"
        );
        assert!(
            after.ends_with("        esac\n      use_stdin: true\n"),
            "{after}"
        );
        let lfs = lines(true).all();
        assert!(lfs.starts_with(SKIP_LFS));
        assert!(lfs.contains("pushgate pre-push --lfs -- "));
        assert!(is_ours_alone(&lfs, "lefthook.yml") && !is_ours_alone(&lfs, "other.yml"));
    }
}
