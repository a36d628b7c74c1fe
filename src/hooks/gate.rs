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
    /// Its text, where it is a script.
    pub(crate) text: Vec<u8>,
    pub(crate) call: Call,
}

impl Gate {
    /// Follows what git runs in its hooks directory.
    pub(crate) fn of(hooks: &HooksDirectory, repository: &Repository) -> Result<Self, Undecided> {
        let text = fs::read(hooks.path.join(NAME)).unwrap_or_default();
        let by = match hooks.manager {
            Some(Manager::Husky) => Some(Manager::Husky),
            _ => Manager::of_hook(&text).filter(|manager| *manager != Manager::Lfs),
        };
        let script = |file: &Path, call: fn(&[u8]) -> Call| {
            let text = fs::read(file);
            let call = text.as_deref().map_or(Call::Missing, call);
            let text = text.unwrap_or_default();
            let file = file.to_owned();
            Self {
                by,
                file,
                text,
                call,
            }
        };
        match by {
            Some(Manager::Husky) => Ok(script(&husky::script(&hooks.path), husky::call)),
            Some(Manager::Lefthook) => {
                let (file, call) = lefthook::call(&hooks.path, repository)?;
                let text = Vec::new();
                Ok(Self {
                    by,
                    file,
                    text,
                    call,
                })
            }
            Some(manager) => {
                let legacy = script(&hooks.hook, script::of_hook);
                let is_called = legacy.call.judges() != Some(false) && is_executable(&hooks.hook);
                let configured = Self::by_configuration(manager, repository);
                Ok(configured.filter(|_| !is_called).unwrap_or(legacy))
            }
            None => Ok(script(&hooks.path.join(NAME), script::of_hook)),
        }
    }

    /// The configuration of pre-commit or prek.
    fn by_configuration(manager: Manager, repository: &Repository) -> Option<Self> {
        let top = repository.work_tree()?;
        let found = OF_PREK.iter().find(|name| top.join(name).is_file());
        let name = found.filter(|_| manager == Manager::Prek);
        let file = top.join(name.unwrap_or(&OF_PRE_COMMIT));
        let call = if fs::read(&file).is_ok_and(|text| script::mentions(&text)) {
            Call::Unclear("the gate hears of one ref of a push alone".to_owned())
        } else {
            Call::No
        };
        Some(Self {
            by: Some(manager),
            file,
            text: Vec::new(),
            call,
        })
    }
}

/// Whether the gate is called before every push from here; `None` where that cannot be told.
pub(crate) fn is_gated(repository: &Repository) -> Option<bool> {
    if configured::calls_gate(repository) {
        return Some(true);
    }
    let hooks = HooksDirectory::of(repository).ok()?;
    if !hooks.is_own {
        return None;
    }
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
