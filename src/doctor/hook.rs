//! What git runs before a push, and whether that is the gate.

pub(crate) mod configured;
pub(crate) mod file;

use super::{
    context::{Git, Opened},
    facts::{Hook, Off, Setting, Version},
    finding::{Finding, Status},
    script::{Author, Call, Interpreter, Runs, Script},
};

/// From here on git runs the hooks of its configuration, and no longer waits for ever where a hook
/// cannot be executed.
pub(crate) const CONFIGURED: Version = Version(2, 54);

pub(crate) fn check(opened: &Opened) -> Vec<Finding> {
    match &opened.hook {
        Ok(hook) => judge(hook, Some(&opened.git)),
        Err(error) => vec![Finding::error("directory", error.clone())],
    }
}

pub(crate) fn judge(hook: &Hook, program: Option<&Git>) -> Vec<Finding> {
    let git = program.and_then(|git| git.version);
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
pub(crate) fn switched(hook: &Hook, off: &Off) -> Finding {
    let tool = if hook.husky { "husky" } else { "lefthook" };
    let setting = &off.setting;
    let what = format!("{tool} passes over the gate, and pushes are not judged");
    match &off.file {
        None => {
            let name = setting.split('=').next().unwrap_or_default();
            let text = format!("{setting} is set here: {what}");
            new("override", Status::Warning, text).run(format!("unset {name}"))
        }
        Some(file) => {
            let text = format!("{file} sets {setting}: {what}");
            new("override", Status::Broken, text).hint(format!("take {setting} out of {file}"))
        }
    }
}

pub(crate) fn new(check: &'static str, state: Status, text: impl Into<String>) -> Finding {
    Finding::new(check, state, text)
}

pub(crate) fn directory(hook: &Hook) -> Finding {
    let whose = if hook.husky { ", which is husky's" } else { "" };
    let text = format!("git looks for hooks in {}{whose}", hook.directory);
    match &hook.setting {
        None => new("directory", Status::Ok, text),
        Some(setting) => {
            let text = format!("{text}: {}", because(setting));
            if setting.scope == "command" {
                return new(
                    "directory",
                    Status::Warning,
                    format!("{text}; other shells and editors do not"),
                )
                .run("unset GIT_CONFIG_COUNT GIT_CONFIG_PARAMETERS");
            }
            new("directory", Status::Ok, text)
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
