//! Hooks that git's configuration names (git-hook(1)): `hook.NAME.command` and `hook.NAME.event`, since
//! git 2.54.
//!
//! git runs all of them, and then the one in the hooks directory, whatever the others answered: so a
//! hook that was there before moves behind ours as it does elsewhere.

use std::{fs, io::ErrorKind, path::PathBuf};

use bstr::{BString, ByteSlice};

use super::{
    directory::{HooksDirectory, KEPT, failed},
    script::NAME,
};
use crate::{
    file,
    gates::Stop,
    git::{Repository, Version},
    push::remotes::Entry,
    text::shell_word,
};

/// The first git that runs them.
pub(crate) const NEEDED: Version = Version(2, 54);

const SECTION: &str = "hook.pushgate";
const COMMAND: &str = "hook.pushgate.command";
const EVENT: &str = "hook.pushgate.event";
/// The directory of the hook that the configuration names.
const DIRECTORY: &str = "pushgate-hook";

/// A configured hook that git runs before a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfiguredHook {
    pub(crate) name: BString,
    pub(crate) command: BString,
    /// Where the command is set, in git's words: `local`, `global`, `system`, `worktree`, `command`.
    pub(crate) scope: String,
}

impl ConfiguredHook {
    /// The script that it only passes on to, as `pushgate install --config` writes it.
    pub(crate) fn script(&self, repository: &Repository) -> Option<PathBuf> {
        let hook = hooks(repository).hook;
        (self.command == command(hook.to_str()?)).then_some(hook)
    }
}

/// The command that is this hook: without a shell in between, the hook notices that git is gone.
fn command(hook: &str) -> String {
    format!("exec {}", shell_word(hook))
}

/// Asks git for the configured hook by which it calls the gate before a push; a git before 2.54 runs none.
pub(crate) fn ours(repository: &Repository) -> Option<ConfiguredHook> {
    let is_hook = |(key, _): &Entry| key.starts_with(b"hook.");
    if !repository.config.iter().any(is_hook) && !repository.git.has_own_configuration() {
        return None;
    }
    let listed = repository.git.run(["hook", "list", "-z", NAME]).ok()?;
    // A disabled one has a word and a tab before its name.
    let names = listed.stdout.split(|b| *b == 0);
    let mut names = names.filter(|name| !name.is_empty() && !name.contains(&b'\t'));
    names.find_map(|name| {
        let key = format!("hook.{}.command", name.to_str().ok()?);
        let args = ["config", "--show-scope", "-z", "--get", key.as_str()];
        let output = repository.git.run(args).ok()?;
        let (scope, command) = output
            .stdout
            .trim_end_with(|c| c == '\0')
            .split_once_str("\0")?;
        command.contains_str("pushgate").then(|| ConfiguredHook {
            name: name.into(),
            scope: scope.to_str_lossy().into_owned(),
            command: command.into(),
        })
    })
}

/// Our hook in a directory of its own, which `pushgate install --config` has git call.
pub(crate) fn hooks(repository: &Repository) -> HooksDirectory {
    let common = repository.common_dir();
    let path = common.join(DIRECTORY);
    HooksDirectory {
        hook: path.join(NAME),
        kept: common.join(KEPT).join(NAME),
        manager: None,
        is_own: true,
        path,
    }
}

/// Whether this repository's configuration names our hook, or has half of it.
pub(crate) fn is_there(repository: &Repository) -> bool {
    let keys = r"^hook\.pushgate\.(command|event)$";
    let output = repository
        .git
        .run(["config", "--local", "--get-regexp", keys]);
    output.is_ok_and(|output| output.is_ok())
}

/// Refuses a git that runs no configured hooks.
pub(crate) fn require_git(repository: &Repository) -> Result<(), Stop> {
    let output = repository.git.must(["version"])?;
    let version = output.line().to_str_lossy();
    if Version::of_git(&version).is_some_and(|version| version >= NEEDED) {
        return Ok(());
    }
    let version = version.trim_start_matches("git version ");
    let text = format!("git {version} reads no hooks from its configuration; git {NEEDED} does");
    let commands = ["pushgate uninstall", "pushgate install"];
    Err(Stop::undecided(text).cure("install what git of any age reads", commands))
}

/// Names our hook in this repository's configuration.
pub(crate) fn set(repository: &Repository) -> Result<(), Stop> {
    let hook = hooks(repository).hook;
    let hook = hook.to_str().ok_or_else(|| {
        Stop::undecided(format!(
            "the path of the hook is not text: {}",
            hook.display()
        ))
    })?;
    for (key, value) in [(EVENT, NAME), (COMMAND, &command(hook))] {
        repository
            .git
            .must(["config", "--local", "--replace-all", key, value])?;
    }
    Ok(())
}

/// Removes our hook from this repository's configuration; false where nothing named it.
pub(crate) fn remove(repository: &Repository) -> Result<bool, Stop> {
    let there = is_there(repository);
    if there {
        repository
            .git
            .must(["config", "--local", "--remove-section", SECTION])?;
    }
    let directory = repository.common_dir().join(DIRECTORY);
    file::ignore(ErrorKind::NotFound, fs::remove_dir_all(&directory))
        .map_err(failed("remove", &directory))?;
    Ok(there)
}
