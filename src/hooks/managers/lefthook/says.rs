//! What lefthook is told of the gate: whether a job calls it, and what leaves that job out of a push.
//!
//! Measured with 2.2: `skip` and `only` of the hook, of a group or of a job; `exclude` of any of them;
//! `glob`, `root` and `file_types` of a group or a job, whatever was pushed; a tag or a name that the
//! hook's `exclude_tags` or `LEFTHOOK_EXCLUDE` has. And a job whose command names no file is left out of
//! a push in which lefthook sees none that has changed. One without `use_stdin: true` hears nothing, and
//! an `interactive` one hears the terminal. What a group has as `env`, its jobs have.

use serde_yaml::Value;

use super::{
    EXCLUDE, HOOK, NAME, OFF, SWITCH,
    run::{Run, Version},
};
use crate::doctor::script::Says;

/// What a hook may have that leaves jobs out.
pub(crate) const OF_HOOK: [&str; 3] = ["skip", "only", "exclude"];
/// What a job or a group may have and still run each time.
pub(crate) const OF_JOB: [&str; 13] = [
    "name",
    "run",
    "files",
    "use_stdin",
    "tags",
    "env",
    "priority",
    "fail_text",
    "timeout",
    "group",
    "jobs",
    "parallel",
    "piped",
];

/// A job that runs a command, with the names and tags of the groups around it.
pub(crate) struct Job {
    name: String,
    whose: String,
    labels: Vec<String>,
    run: Run,
    left_out: Option<String>,
}

/// What runs before a push.
pub(crate) struct Jobs {
    all: Vec<Job>,
    /// What leaves out all of them.
    left_out: Option<String>,
    excluded: Vec<String>,
}

impl Jobs {
    /// Reads all that lefthook has to say, and asks which files are there.
    pub(crate) fn of(merged: &Value, is_file: &dyn Fn(&str) -> bool) -> Self {
        let hook = merged.get(HOOK).unwrap_or(&Value::Null);
        let mut reader = Reader {
            files: hook.get("files").and_then(Value::as_str),
            is_file,
            jobs: Vec::new(),
        };
        reader.read(hook, &[], None);
        let has = |key: &&&str| is_set(hook, key);
        Self {
            all: reader.jobs,
            left_out: (OF_HOOK.iter().find(has)).map(|key| format!("its {HOOK} has `{key}`")),
            excluded: words(hook.get("exclude_tags")),
        }
    }

    pub(crate) fn say(&self) -> Says {
        if self.ours().next().is_none() {
            return Says::Nothing;
        }
        let why = |job: &Job| self.excludes(job).or_else(|| job.left_out.clone());
        let all = self.left_out.clone();
        // None is less than any reason: one that runs is enough.
        if let Some(why) = all.or_else(|| self.ours().map(why).min()?) {
            return Says::LeftOut(why);
        }
        let running: Vec<_> = self.ours().filter(|job| why(job).is_none()).collect();
        let has = |run| running.iter().any(|job| job.run == run);
        match running.first() {
            _ if has(Run::Ours(Version::This)) => Says::Calls,
            _ if has(Run::Ours(Version::First)) => Says::Earlier,
            Some(job) => Says::OwnWords(job.whose.clone()),
            None => Says::Nothing,
        }
    }

    /// What would leave our own job out, were it there.
    pub(crate) fn against(&self) -> Option<String> {
        let another = |job: &Job| job.name == NAME && job.run == Run::Other;
        let is_excluded = self.excluded.iter().any(|word| word == NAME);
        self.left_out
            .clone()
            .or_else(|| is_excluded.then(in_exclude_tags))
            .or_else(|| {
                let another = self.all.iter().any(another);
                another.then(|| format!("its job {NAME} runs something else"))
            })
    }

    /// Heeds a variable that its `rc` sets for all that it runs.
    pub(crate) fn heed(&mut self, name: &str, value: &str) {
        let is_off = match name {
            SWITCH => OFF.contains(&value),
            EXCLUDE => self.is_left_out_by(value) || value.split(',').any(|word| word == NAME),
            _ => true,
        };
        if is_off {
            let why = || format!("its `rc` sets {name}={value}");
            self.left_out.get_or_insert_with(why);
        }
    }

    /// Whether one of these words leaves the gate out (`LEFTHOOK_EXCLUDE`).
    pub(crate) fn is_left_out_by(&self, words: &str) -> bool {
        let is_hit = |job: &Job| {
            words
                .split(',')
                .any(|word| job.labels.iter().any(|own| own == word))
        };
        self.ours().next().is_some() && self.ours().all(is_hit)
    }

    pub(crate) fn ours(&self) -> impl Iterator<Item = &Job> {
        self.all.iter().filter(|job| job.run != Run::Other)
    }

    pub(crate) fn excludes(&self, job: &Job) -> Option<String> {
        let is_excluded = self.excluded.iter().any(|word| job.labels.contains(word));
        is_excluded.then(in_exclude_tags)
    }
}

pub(crate) fn in_exclude_tags() -> String {
    format!("its {HOOK} has it among `exclude_tags`")
}

pub(crate) struct Reader<'r> {
    /// What the hook has as `files`, where a job has none.
    files: Option<&'r str>,
    is_file: &'r dyn Fn(&str) -> bool,
    jobs: Vec<Job>,
}

impl Reader<'_> {
    /// The jobs of a hook or a group.
    pub(crate) fn read(&mut self, of: &Value, labels: &[String], left_out: Option<&String>) {
        let jobs = of.get("jobs").and_then(Value::as_sequence);
        for job in jobs.into_iter().flatten() {
            let name = job.get("name").and_then(Value::as_str);
            self.job(name, job, labels, left_out);
        }
        let commands = of.get("commands").and_then(Value::as_mapping);
        for (name, job) in commands.into_iter().flatten() {
            self.job(name.as_str(), job, labels, left_out);
        }
    }

    pub(crate) fn job(
        &mut self,
        name: Option<&str>,
        job: &Value,
        outer: &[String],
        left_out: Option<&String>,
    ) {
        let mut labels = outer.to_vec();
        labels.extend(name.map(str::to_owned));
        labels.extend(words(job.get("tags")));
        let whose = match name {
            Some(name) => format!("its job {name}"),
            None => "its job".to_owned(),
        };
        let key = || odd_key(job).map(|key| format!("{whose} has `{key}`"));
        let variable = || own_variable(job).map(|key| format!("{whose} sets {key} in its `env`"));
        let left_out = left_out.cloned().or_else(key).or_else(variable);
        if let Some(group) = job.get("group") {
            self.read(group, &labels, left_out.as_ref());
            return;
        }
        let run = job.get("run").and_then(Value::as_str).unwrap_or_default();
        let files = job.get("files").and_then(Value::as_str).or(self.files);
        let unnamed = || {
            let names = self.names_a_file(run, files);
            (!names).then(|| format!("{whose} names no file that is there"))
        };
        let deaf = || {
            let hears = job.get("use_stdin").and_then(Value::as_bool) == Some(true);
            (!hears).then(|| format!("{whose} has no `use_stdin: true`, and hears nothing"))
        };
        self.jobs.push(Job {
            name: name.unwrap_or_default().to_owned(),
            labels,
            run: Run::of(run),
            left_out: left_out.or_else(unnamed).or_else(deaf),
            whose,
        });
    }

    /// Whether lefthook sees a file for it, whatever is pushed.
    pub(crate) fn names_a_file(&self, run: &str, files: Option<&str>) -> bool {
        let echoed = files.and_then(|files| files.strip_prefix("echo "));
        let is_there = |names: &str| names.split_whitespace().any(self.is_file);
        run.contains("{all_files}") || (run.contains("{files}") && echoed.is_some_and(is_there))
    }
}

/// What of a job or a group may leave it out.
pub(crate) fn odd_key(job: &Value) -> Option<&str> {
    let keys = job.as_mapping()?.keys().filter_map(Value::as_str);
    let mut odd = keys.filter(|key| is_set(job, key) && !OF_JOB.contains(key));
    odd.next()
}

/// What of ours it sets, for the gate alone: nobody who pushes would know.
pub(crate) fn own_variable(job: &Value) -> Option<&str> {
    let set = job.get("env").and_then(Value::as_mapping)?;
    let mut names = set.keys().filter_map(Value::as_str);
    names.find(|name| name.starts_with("PUSHGATE"))
}

/// `skip: false` and an empty `skip` are none; an empty `only` leaves all out.
pub(crate) fn is_set(value: &Value, key: &str) -> bool {
    match value.get(key) {
        None => false,
        Some(_) if key == "only" => true,
        Some(Value::Bool(said)) => *said,
        Some(Value::Sequence(said)) => !said.is_empty(),
        Some(said) => !said.is_null(),
    }
}

/// A list, or words between blanks and commas.
pub(crate) fn words(value: Option<&Value>) -> Vec<String> {
    let words = |text: &str| {
        let words = text.split([' ', ',']).filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    };
    match value {
        Some(Value::String(text)) => words(text),
        Some(Value::Sequence(list)) => {
            let list = list.iter().filter_map(Value::as_str);
            list.map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
