//! Our pre-push hook: where git looks for it, what calls it, what it calls in turn, and other programs that write hooks.

pub(crate) mod caller;
pub(crate) mod chained;
pub(crate) mod configured;
pub(crate) mod directory;
pub(crate) mod error;
pub(crate) mod husky;
pub(crate) mod lefthook;
pub(crate) mod owner;
pub(crate) mod script;

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::git::Repository;
use directory::{Found, HooksDirectory};
pub(crate) use error::Error;
use owner::Owner;

/// A line for the user about what install or uninstall did.
pub(crate) enum Note {
    Line(String),
    Warning(String),
    Hint(String),
    /// Lines to be copied, which go to standard output.
    Lines(String),
}

/// What an install or uninstall did, and whether that was all of it.
pub(crate) struct Outcome {
    pub(crate) notes: Vec<Note>,
    pub(crate) complete: bool,
}

/// A branch that was cut before the team's file called the gate has none.
pub(crate) const EVERY_BRANCH: &str = "a branch without it has no gate: bring it to all of them, \
     or, with git 2.54 or newer, pushgate install --config";

/// The configurations of prek, in the order in which it looks for one.
const OF_PREK: [&str; 3] = ["prek.toml", OF_PRE_COMMIT, ".pre-commit-config.yml"];
const OF_PRE_COMMIT: &str = ".pre-commit-config.yaml";

/// Whether a hook here calls the gate before a push; `None` where a foreign hook, or a job of
/// lefthook's that differs from ours, may.
pub(crate) fn is_gated(repository: &Repository) -> Option<bool> {
    if configured::calls_gate(repository) {
        return Some(true);
    }
    let hooks = HooksDirectory::of(repository).ok()?;
    let found = hooks.found().ok()?;
    match (hooks.owner, found) {
        (Some(Owner::Husky), _) => Some(husky::state(&husky::script(&hooks.path)).is_gate()),
        (Some(Owner::Lefthook), Found::Foreign) => match lefthook::job(&hooks.path, repository) {
            Ok(lefthook::Job::AsPrinted) => Some(true),
            Ok(lefthook::Job::Other(_)) => None,
            Ok(lefthook::Job::Missing) | Err(_) => Some(false),
        },
        (_, Found::Ours(_) | Found::Differs) => Some(true),
        (_, Found::Nothing) | (Some(Owner::Lfs), Found::Foreign) => Some(false),
        (_, Found::Foreign) => None,
    }
}

/// Warns of programs that the team uses, that are not set up in this clone yet, and that will
/// replace our hook when they are.
pub(crate) fn replacing_programs(repository: &Repository) -> Vec<Note> {
    let Some(top) = repository.work_tree() else {
        return Vec::new();
    };
    let own = top.join(".husky");
    // Before version 9, husky had git look into `.husky` itself.
    let is_set_up = || {
        let directory = directory::path(repository).ok()?.canonicalize().ok()?;
        (directory == own.canonicalize().ok()?).then_some(())
    };
    let husky = own.is_dir() && is_set_up().is_none();
    let lefthook = lefthook::config(top).is_file();
    let mut notes = Vec::new();
    for (is_there, name, command) in [
        (lefthook, "lefthook", "lefthook install"),
        (husky, "husky", "npm install"),
    ] {
        if is_there {
            notes.push(Note::Warning(format!(
                "{name} is not set up in this clone, and will take the hook away when it is"
            )));
            notes.push(Note::Hint(format!("{command} && pushgate install")));
        }
    }
    notes
}

/// The configuration that pre-commit or prek reads, or would read.
pub(crate) fn pre_commit_config(owner: Owner, top: &Path) -> PathBuf {
    let found = OF_PREK.iter().find(|name| top.join(name).is_file());
    let name = found.filter(|_| owner == Owner::Prek);
    top.join(name.unwrap_or(&OF_PRE_COMMIT))
}

/// The team's configurations that name the program.
pub(crate) fn configurations_that_name(repository: &Repository) -> Vec<String> {
    let Some(top) = repository.work_tree() else {
        return Vec::new();
    };
    let mentions = |path: &Path| fs::read(path).is_ok_and(|text| script::mentions(&text));
    let names = OF_PREK.iter().map(|name| top.join(name));
    let paths = names.chain([lefthook::config(top)]);
    let found = paths.filter(|path| mentions(path));
    found.map(|path| path.display().to_string()).collect()
}
