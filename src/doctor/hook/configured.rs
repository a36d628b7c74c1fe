//! The hooks of git's configuration (git-hook(1)), which git knows since 2.54.

use super::{CONFIGURED, file::cannot_run, gates, new};
use crate::{
    doctor::{
        Finding, Status,
        context::Git,
        facts::{Configured, Hook, Version},
    },
    text::shell_word,
};

/// What they are to the gate, and instead of whom: whether the hook's place matters no more.
pub(crate) fn judge(hook: &Hook, git: Option<&Git>) -> (bool, Vec<Finding>) {
    let version = git.and_then(|git| git.version);
    let ours = hook.configured.iter().find(|one| one.is_ours);
    if version.is_none_or(|version| version < CONFIGURED) {
        let too_old = ours.filter(|_| !gates(hook));
        return (
            false,
            too_old
                .map(|own| unknown(own, version))
                .into_iter()
                .collect(),
        );
    }
    let mut lines = Vec::new();
    let instead = ours.is_some() && !gates(hook);
    if let Some(own) = ours {
        lines.push(if instead {
            gate(own, git)
        } else {
            twice(hook, own)
        });
    }
    let others = hook.configured.iter().filter(|one| !one.is_ours);
    lines.extend(others.map(|one| {
        let Configured { name, command, .. } = one;
        let text = format!("git also runs hook.{name}.command, whatever the gate says: {command}");
        new("configured", Status::Ok, text)
    }));
    (instead, lines)
}

/// The gate is no file of the hooks directory, but an entry of git's configuration.
pub(crate) fn gate(own: &Configured, git: Option<&Git>) -> Finding {
    let name = &own.name;
    if let Some((path, script)) = &own.script
        && let Some(why) = cannot_run(script)
    {
        let text = format!("hook.{name}.command runs {path}, which {why}: every push is refused");
        return new("hook", Status::Broken, text).run(by_file(own));
    }
    let text = format!("git runs the gate by hook.{name}.command: {}", own.command);
    match git.and_then(|git| git.bare) {
        Some(bare) if bare < CONFIGURED => {
            let text =
                format!("{text}; the git of an editor is {bare}, and runs no configured hooks");
            new("hook", Status::Warning, text).run(by_file(own))
        }
        _ => new("hook", Status::Ok, text),
    }
}

pub(crate) fn twice(hook: &Hook, own: &Configured) -> Finding {
    let text = format!(
        "every push is judged twice, by {} and by hook.{}.command",
        hook.path, own.name
    );
    new("configured", Status::Warning, text).run(remove(own))
}

/// An older git passes over them.
pub(crate) fn unknown(own: &Configured, git: Option<Version>) -> Finding {
    let this = git.map_or_else(|| "this git".to_owned(), |version| format!("git {version}"));
    let text = format!(
        "hook.{}.command is set, and {this} runs no configured hooks: {CONFIGURED} or newer does",
        own.name
    );
    new("configured", Status::Broken, text).run(by_file(own))
}

/// A command that takes the entry away.
pub(crate) fn remove(own: &Configured) -> String {
    let scope = match own.scope.as_str() {
        "global" | "system" | "worktree" => format!("--{} ", own.scope),
        _ => String::new(),
    };
    let section = shell_word(&format!("hook.{}", own.name));
    format!("git config {scope}--remove-section {section}")
}

/// One that puts a file in its place, which every git runs.
pub(crate) fn by_file(own: &Configured) -> String {
    format!("{} && pushgate install", remove(own))
}
