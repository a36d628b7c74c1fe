//! The one answer to whether git, or a program that writes its hooks, calls the gate before a push, and by which file.

use std::path::PathBuf;

use super::{
    configured,
    directory::{HooksDirectory, is_executable},
    husky, lefthook,
    manager::Manager,
    pre_commit,
    script::{self, Call, NAME},
};
use crate::file;
use crate::{gates::Stop, git::Repository};

/// The file that decides whether the gate is called.
pub(crate) struct Gate {
    /// The program whose hook reads the file; `None`: git runs it.
    pub(crate) by: Option<Manager>,
    pub(crate) file: PathBuf,
    pub(crate) call: Call,
}

impl Gate {
    /// Follows what git runs in its hooks directory.
    pub(crate) fn of(hooks: &HooksDirectory, repository: &Repository) -> Result<Self, Stop> {
        let hook = hooks.path.join(NAME);
        let by = match hooks.manager {
            Some(Manager::Husky) => Some(Manager::Husky),
            _ => Manager::of_hook(&file::read_followed(&hook).unwrap_or_default()),
        };
        let by = by.filter(|manager| *manager != Manager::Lfs);
        let script = |file: PathBuf, call: fn(&[u8]) -> Call| {
            let call = file::read_followed(&file).map_or(Call::Missing, |text| call(&text));
            Self { by, file, call }
        };
        match by {
            None => Ok(script(hook, script::of_hook)),
            Some(Manager::Husky) => Ok(script(husky::script(&hooks.path), husky::call)),
            Some(Manager::Lefthook) => {
                let (file, call) = lefthook::call(&hooks.path, repository)?;
                Ok(Self { by, file, call })
            }
            Some(manager) => {
                let legacy = script(hooks.hook.clone(), script::of_hook);
                // They run it first, if it is executable.
                let is_called = legacy.call.judges() != Some(false) && is_executable(&legacy.file);
                match repository.work_tree() {
                    Some(top) if !is_called => {
                        let (file, call) = pre_commit::configuration(manager, top);
                        Ok(Self { by, file, call })
                    }
                    _ => Ok(legacy),
                }
            }
        }
    }
}

/// Whether the gate is called before every push from here; `None` where that cannot be told.
pub(crate) fn is_gated(repository: &Repository) -> Option<bool> {
    call(repository)?.judges()
}

/// How the gate is called before a push from here; `None` where git does not say which hook it runs.
pub(crate) fn call(repository: &Repository) -> Option<Call> {
    if configured::ours(repository).is_some() {
        return Some(Call::AsWritten);
    }
    let hooks = HooksDirectory::of(repository).ok()?;
    if !is_executable(&hooks.path.join(NAME)) {
        return Some(Call::Missing);
    }
    Some(match Gate::of(&hooks, repository) {
        Ok(gate) if gate.call == Call::No && hooks.manager.is_none() => {
            Call::Unclear("a hook of a person's may call others")
        }
        Ok(gate) => gate.call,
        Err(_) => Call::No,
    })
}

/// The commands that put the gate back: where `install` would refuse, what it would print.
pub(crate) fn put_back() -> Vec<String> {
    // The configuration may be another than a moment ago.
    let installed = Repository::open().and_then(|repository| {
        let hooks = HooksDirectory::of(&repository)?;
        hooks.require_own(&repository)?;
        hooks.require_one_to_keep()
    });
    let Err(error) = installed else {
        return vec!["pushgate install".to_owned()];
    };
    let mut commands = error.cures.into_iter().map(|cure| cure.commands);
    let first = commands.find(|commands| !commands.is_empty());
    first.unwrap_or_else(|| vec!["pushgate doctor".to_owned()])
}

/// The hook that has judged all of a push before pre-commit or prek calls the gate again.
pub(crate) fn judged_by_git() -> Option<PathBuf> {
    let repository = Repository::open().ok()?;
    let gate = Gate::of(&HooksDirectory::of(&repository).ok()?, &repository).ok()?;
    let is_run = gate.call == Call::AsWritten && is_executable(&gate.file);
    is_run.then_some(gate.file)
}
