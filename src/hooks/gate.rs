//! The one answer to whether git, or a program that writes its hooks, calls the gate before a push, and by which file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    configured,
    directory::{HooksDirectory, is_executable},
    husky, lefthook,
    manager::Manager,
    script::{self, Call, NAME},
};
use crate::{gates::Undecided, git::Repository};

/// The configurations of prek, in the order in which it looks for one.
const OF_PREK: [&str; 3] = ["prek.toml", OF_PRE_COMMIT, ".pre-commit-config.yml"];
const OF_PRE_COMMIT: &str = ".pre-commit-config.yaml";

/// The file that decides whether the gate is called.
pub(crate) struct Gate {
    /// The program whose hook reads the file; `None`: git runs it.
    pub(crate) by: Option<Manager>,
    pub(crate) file: PathBuf,
    pub(crate) call: Call,
}

impl Gate {
    /// Follows what git runs in its hooks directory.
    pub(crate) fn of(hooks: &HooksDirectory, repository: &Repository) -> Result<Self, Undecided> {
        let hook = hooks.path.join(NAME);
        let by = match hooks.manager {
            Some(Manager::Husky) => Some(Manager::Husky),
            _ => Manager::of_hook(&fs::read(&hook).unwrap_or_default()),
        };
        let by = by.filter(|manager| *manager != Manager::Lfs);
        let script = |file: PathBuf, call: fn(&[u8]) -> Call| {
            let call = fs::read(&file).map_or(Call::Missing, |text| call(&text));
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
                let is_called = legacy.call.judges() != Some(false) && is_executable(&legacy.file);
                match repository.work_tree() {
                    Some(top) if !is_called => {
                        let (file, call) = by_configuration(manager, top);
                        Ok(Self { by, file, call })
                    }
                    _ => Ok(legacy),
                }
            }
        }
    }
}

/// The configuration of pre-commit or prek, and how it calls the gate.
fn by_configuration(manager: Manager, top: &Path) -> (PathBuf, Call) {
    let found = OF_PREK.iter().find(|name| top.join(name).is_file());
    let name = found.filter(|_| manager == Manager::Prek);
    let file = top.join(name.unwrap_or(&OF_PRE_COMMIT));
    let call = if fs::read(&file).is_ok_and(|text| script::mentions(&text)) {
        Call::Unclear("the gate hears of one ref of a push alone".to_owned())
    } else {
        Call::No
    };
    (file, call)
}

/// Whether the gate is called before every push from here; `None` where that cannot be told.
pub(crate) fn is_gated(repository: &Repository) -> Option<bool> {
    if configured::ours(repository).is_some() {
        return Some(true);
    }
    let hooks = HooksDirectory::of(repository).ok()?;
    match Gate::of(&hooks, repository) {
        // A hook of a person's may call others.
        Ok(gate) if gate.call == Call::No && hooks.manager.is_none() => None,
        Ok(gate) if hooks.manager.is_some_and(Manager::runs_legacy) => {
            Some(gate.call.judges() == Some(true))
        }
        Ok(gate) => gate.call.judges(),
        Err(_) => Some(false),
    }
}
