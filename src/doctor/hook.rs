//! What git runs before a push, and whether that is the gate.

pub(crate) mod configured;
pub(crate) mod file;

use super::{
    Group, Line, State,
    facts::{Git, Hook, Off, Repository, Setting, Version},
    script::{Author, Call, Interpreter, Runs, Script},
};
use crate::gates::verdict::Trouble;

/// From here on git runs the hooks of its configuration, and no longer waits for ever where a hook
/// cannot be executed.
pub(crate) const CONFIGURED: Version = Version(2, 54);

pub(crate) fn judge(here: &Repository, program: Option<&Git>) -> Vec<Line> {
    let git = program.and_then(|git| git.version);
    let hook = match &here.hook {
        Ok(hook) => hook,
        Err(trouble) => {
            return vec![Line::trouble(
                Group::Hook,
                "directory",
                State::Broken,
                trouble,
            )];
        }
    };
    let (instead, configured) = configured::judge(hook, program);
    let mut lines = vec![directory(hook)];
    if !instead {
        lines.push(file::here(hook, git));
    }
    // What git runs itself, they cannot switch off.
    let by_git = git.is_some_and(|version| version >= CONFIGURED)
        && hook.configured.iter().any(|one| one.is_ours);
    lines.extend(
        hook.off
            .as_ref()
            .filter(|_| !by_git)
            .map(|off| switched(hook, off)),
    );
    let kept = hook.kept.as_ref();
    lines.extend(kept.and_then(|(path, script)| file::kept(path, script)));
    lines.extend(configured);
    lines
}

/// husky or lefthook passes over the gate: in this shell, or wherever a file says so.
pub(crate) fn switched(hook: &Hook, off: &Off) -> Line {
    let tool = if hook.husky { "husky" } else { "lefthook" };
    let setting = &off.setting;
    let what = format!("{tool} passes over the gate, and pushes are not judged");
    match &off.file {
        None => {
            let name = setting.split('=').next().unwrap_or_default();
            let text = format!("{setting} is set here: {what}");
            new("override", State::Warning, text).run(format!("unset {name}"))
        }
        Some(file) => {
            let text = format!("{file} sets {setting}: {what}");
            new("override", State::Broken, text).hint(format!("take {setting} out of {file}"))
        }
    }
}

/// Where there is no repository.
pub(crate) fn nowhere(trouble: &Trouble) -> Line {
    const SAFE: &str = "git config --global --add safe.directory ";
    let words = trouble.causes();
    let command = |line: &String| line.find(SAFE).map(|at| line[at..].to_owned());
    if let Some(cure) = words.iter().find_map(command) {
        let text = "git does not trust this repository: it belongs to somebody else";
        return new("repository", State::Broken, text).run(cure);
    }
    let is_none = words
        .iter()
        .any(|line| line.contains("not a git repository"));
    if is_none {
        return new(
            "repository",
            State::Broken,
            "this is no git repository: there is nothing to gate here",
        )
        .hint("cd into a clone, then pushgate doctor");
    }
    let text = "the repository cannot be read";
    new("repository", State::Broken, text).detail(words)
}

pub(crate) fn new(check: &'static str, state: State, text: impl Into<String>) -> Line {
    Line::new(Group::Hook, check, state, text)
}

pub(crate) fn directory(hook: &Hook) -> Line {
    let whose = if hook.husky { ", which is husky's" } else { "" };
    let text = format!("git looks for hooks in {}{whose}", hook.directory);
    match &hook.setting {
        None => new("directory", State::Ok, text),
        Some(setting) => {
            let text = format!("{text}: {}", because(setting));
            if setting.scope == "command" {
                return new(
                    "directory",
                    State::Warning,
                    format!("{text}; other shells and editors do not"),
                )
                .run("unset GIT_CONFIG_COUNT GIT_CONFIG_PARAMETERS");
            }
            new("directory", State::Ok, text)
        }
    }
}

/// `core.hooksPath of .git/config:8, for this repository`
pub(crate) fn because(setting: &Setting) -> String {
    let reach = match setting.scope.as_str() {
        "system" => ", for this whole machine",
        "global" => ", for all your repositories",
        "worktree" => ", for this worktree alone",
        _ => "",
    };
    match &setting.place {
        Some((file, Some(line))) => format!("core.hooksPath of {file}:{line}{reach}"),
        Some((file, None)) => format!("core.hooksPath of {file}{reach}"),
        None => "core.hooksPath of GIT_CONFIG_* in this environment".to_owned(),
    }
}

/// Whether what is in the hook's place brings every push before the gates.
pub(crate) fn gates(hook: &Hook) -> bool {
    let Script::File(file) = &hook.file else {
        return false;
    };
    let calls = match &file.author {
        Author::Us | Author::Earlier | Author::Newer | Author::HalfDeaf { .. } => true,
        Author::Edited { calls } => *calls,
        Author::Somebody { calls } => *calls != Call::No,
        Author::Tool { says, .. } => says.is_gate(),
    };
    calls && file.runs == Runs::Yes && file.interpreter == Interpreter::There
}
