//! lefthook runs the jobs of its configuration, and moves any other hook away whenever that changes.
//!
//! Measured with 2.2: a job is left out of a push in which lefthook sees no changed file (and it looks at
//! the checkout, not at what is pushed), unless the job names a file of its own. `use_stdin` hands on
//! all that git said. Arguments are pasted into the command as they are. git-lfs uploads before any
//! job, unless `skip_lfs` is set.

pub(crate) mod ask;
pub(crate) mod form;
pub(crate) mod lines;
pub(crate) mod run;
pub(crate) mod says;

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use self::{
    form::Form,
    lines::{Lines, is_ours_alone, renewed, with_lines, without_lines},
    says::Jobs,
};
use bstr::ByteSlice;
use serde_yaml::Value;

use super::{EVERY_BRANCH, from_top, is_no_link, read, remove, say_commit, warn_of_path, write};
use crate::{
    commands::Done,
    doctor::script::{self, Says},
    gates::verdict::Trouble,
    git::Real,
    hooks::files::{Hooks, Owner},
    report,
};

pub(crate) const NAME: &str = "pushgate";
pub(crate) const HOOK: &str = "pre-push";
/// In the environment: nothing runs; these names and tags do not.
pub(crate) const SWITCH: &str = "LEFTHOOK";
pub(crate) const EXCLUDE: &str = "LEFTHOOK_EXCLUDE";
pub(crate) const OFF: [&str; 2] = ["0", "false"];

/// Where lefthook looks, in its order.
pub(crate) const PLACES: [&str; 3] = ["lefthook", ".lefthook", ".config/lefthook"];
pub(crate) const ENDINGS: [&str; 5] = ["yml", "yaml", "json", "jsonc", "toml"];

pub(crate) fn install(hooks: &Hooks, world: &Real, is_written: bool) -> Done {
    let top = world.work_tree().ok_or(Trouble::Bare)?;
    let path = config(top);
    let file = from_top(&path, world).display().to_string();
    let lines = Lines::new(file, has_lfs(hooks, top));
    let jobs = jobs(&hooks.directory, top).map_err(|words| Trouble::Unasked { words })?;
    let says = jobs.say();
    let against = match &says {
        Says::LeftOut(why) => Some(why.clone()),
        Says::Nothing => jobs.against(),
        _ => None,
    };
    if let Some(why) = against {
        report::warn(&format!(
            "lefthook would leave the gate out: {why}; nothing is changed"
        ));
        report::hint("lefthook dump shows all that it reads; what it needs are these lines:");
        show(&lines)?;
        return Ok(1);
    }
    match says {
        Says::OwnWords(whose) => {
            report::warn(&format!(
                "{whose} calls pushgate by words of its own, and nobody can tell whether a push heeds the gate; nothing is changed"
            ));
            report::hint("put these lines in their place, which are known to hold:");
            show(&lines)?;
            return Ok(1);
        }
        Says::Calls => report::say(&format!("{} calls pushgate already", path.display())),
        says => {
            let is_earlier = says == Says::Earlier;
            if !put(&path, &lines, is_earlier, is_written, world)? {
                return Ok(1);
            }
        }
    }
    let hook = fs::read(hooks.directory.join(HOOK)).unwrap_or_default();
    if Owner::of_hook(&hook) != Owner::Lefthook {
        report::warn("lefthook does not run before a push yet");
        report::hint("lefthook install");
        return Ok(1);
    }
    Ok(0)
}

/// Writes the lines into the configuration, in the place of earlier ones; false: it only shows them.
pub(crate) fn put(
    path: &Path,
    lines: &Lines,
    is_earlier: bool,
    is_written: bool,
    world: &Real,
) -> Result<bool, Trouble> {
    let is_yaml = Form::of(&lines.file) == Form::Yaml;
    if !is_written || !is_yaml {
        report::say(&if is_earlier {
            format!(
                "{} calls pushgate by lines of an earlier version; these are new:",
                lines.file
            )
        } else {
            format!(
                "lefthook writes the hooks here; it needs these lines in {}:",
                lines.file
            )
        });
        show(lines)?;
        report::hint(if is_yaml {
            "pushgate install --write puts them there"
        } else {
            "only YAML is edited: add the lines above by hand, then pushgate install"
        });
        return Ok(false);
    }
    let before = read(path)?;
    let with = || match &before {
        Some(text) if is_earlier => renewed(text, lines),
        Some(text) => with_lines(text, lines),
        None => Ok(lines.all()),
    };
    match is_no_link(path).and_then(|()| with()) {
        Ok(with) => write(path, with.as_bytes(), 0o644)?,
        Err(why) => {
            show(lines)?;
            let path = path.to_owned();
            return Err(Trouble::NotEdited { path, why });
        }
    }
    let what = if is_earlier {
        "has the lines of this pushgate now"
    } else {
        "calls pushgate now"
    };
    report::say(&format!("{} {what}", path.display()));
    say_commit(path, world);
    report::hint(EVERY_BRANCH);
    warn_of_path();
    Ok(true)
}

pub(crate) fn show(lines: &Lines) -> Result<(), Trouble> {
    report::data(&lines.shown()).map_err(|error| Trouble::io("print the lines", &error))
}

/// What lefthook runs before a push, of all that it reads; or its words.
pub(crate) fn jobs(hooks: &Path, top: &Path) -> Result<Jobs, Vec<String>> {
    let is_file = |name: &str| top.join(name).is_file();
    if !config(top).is_file() {
        return Ok(Jobs::of(&Value::Null, &is_file));
    }
    let answer = ask::ask(hooks, top)?;
    let mut jobs = Jobs::of(&answer.merged, &is_file);
    for (name, value) in &answer.set {
        jobs.heed(name, value);
    }
    Ok(jobs)
}

/// What that says of the gate.
pub(crate) fn says(hooks: &Path, world: &Real) -> Says {
    let Some(top) = world.work_tree() else {
        return Says::Nothing;
    };
    jobs(hooks, top).map_or_else(Says::Unasked, |jobs| jobs.say())
}

pub(crate) fn is_called(hooks: &Path, top: &Path) -> bool {
    jobs(hooks, top).is_ok_and(|jobs| jobs.say() != Says::Nothing)
}

/// Whether its own configuration calls the gate.
pub(crate) fn is_named(world: &Real) -> bool {
    let text = world.work_tree().map(|top| fs::read(config(top)));
    text.is_some_and(|text| text.is_ok_and(|text| script::calls(&text)))
}

/// The setting of this environment by which lefthook passes over the gate.
pub(crate) fn off(hooks: &Path, world: &Real) -> Option<String> {
    let variable = |name| Some((name, env::var(name).ok()?));
    let (name, value) = variable(SWITCH)
        .filter(|(_, value)| OFF.contains(&value.as_str()))
        .or_else(|| {
            let (name, words) = variable(EXCLUDE)?;
            let jobs = jobs(hooks, world.work_tree()?).ok()?;
            jobs.is_left_out_by(&words).then_some((name, words))
        })?;
    Some(format!("{name}={value}"))
}

/// Takes the lines out where they are as they were written.
pub(crate) fn uninstall(hooks: &Hooks, world: &Real) -> Done {
    let Some(top) = world.work_tree() else {
        return Ok(0);
    };
    let path = config(top);
    let Some(text) = read(&path)?.and_then(|text| String::from_utf8(text).ok()) else {
        return Ok(0);
    };
    let file = from_top(&path, world).display().to_string();
    if is_ours_alone(&text, &file) {
        remove(&path)?;
        say_commit(&path, world);
        return Ok(0);
    }
    match without_lines(&text, &file) {
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
        None if hooks.owner == Some(Owner::Lefthook) && is_called(&hooks.directory, top) => {
            report::say("lefthook calls pushgate by another file: left as it is");
            report::hint("lefthook dump shows all that it reads");
            Ok(1)
        }
        None => Ok(0),
    }
}

/// The configuration that lefthook reads, or the one that it would.
pub(crate) fn config(top: &Path) -> PathBuf {
    let found = names().find(|name| top.join(name).is_file());
    top.join(found.as_deref().unwrap_or("lefthook.yml"))
}

/// Whether the team has such a configuration.
pub(crate) fn is_configured(top: &Path) -> bool {
    config(top).is_file()
}

/// What such a file can be called.
pub(crate) fn names() -> impl Iterator<Item = String> {
    let named = |place: &'static str| {
        ENDINGS
            .iter()
            .map(move |ending| format!("{place}.{ending}"))
    };
    PLACES.iter().copied().flat_map(named)
}

/// Whether git-lfs is at work here.
pub(crate) fn has_lfs(hooks: &Hooks, top: &Path) -> bool {
    let attributes = fs::read(top.join(".gitattributes")).unwrap_or_default();
    let is_lfs =
        |path: PathBuf| fs::read(path).is_ok_and(|text| text.contains_str("git lfs pre-push"));
    attributes.contains_str("filter=lfs")
        || ["pre-push", "pre-push.old"]
            .iter()
            .any(|name| is_lfs(hooks.directory.join(name)))
}
