//! Hooks that git's configuration names (git-hook(1)): `hook.NAME.command` and `hook.NAME.event`, since
//! git 2.54.
//!
//! All of them run, and then the one in the hooks directory, whatever the others said: so a hook that
//! was there before moves behind ours as it does elsewhere.

use std::{fs, path::PathBuf};

use bstr::{BStr, ByteSlice};

use super::{Hooks, NAME, Owner, WAITING, failed};
use crate::{doctor::script, gates::verdict::Trouble, git::Real, text::shell_word};

/// The first git that reads them.
pub(crate) const NEEDED: (u32, u32) = (2, 54);
pub(crate) const NEEDED_NAME: &str = "2.54";

pub(crate) const SECTION: &str = "hook.pushgate";
pub(crate) const COMMAND: &str = "hook.pushgate.command";
pub(crate) const EVENT: &str = "hook.pushgate.event";
pub(crate) const ENABLED: &str = "hook.pushgate.enabled";
/// Where the hook is that the configuration names.
pub(crate) const DIRECTORY: &str = "pushgate-hook";

/// The hook in a directory of its own.
pub(crate) fn hooks(world: &Real) -> Hooks {
    let common = world.common_dir();
    let directory = common.join(DIRECTORY);
    let waiting = common.join(WAITING);
    Hooks {
        hook: directory.join(NAME),
        kept: waiting.join(NAME),
        earlier: directory.join(super::EARLIER_NAME),
        owner: Some(Owner::Ours),
        directory,
        waiting,
    }
}

/// Whether this repository's configuration names it, or half of it.
pub(crate) fn is_there(world: &Real) -> bool {
    let keys = r"^hook\.pushgate\.(command|event)$";
    let said = world.git().run(["config", "--local", "--get-regexp", keys]);
    said.is_ok_and(|said| said.is_ok())
}

/// Whether git calls the gate by it before a push.
pub(crate) fn calls(world: &Real) -> bool {
    let get = |args: &[&str]| {
        let said = world.git().run(["config"].iter().chain(args)).ok()?;
        said.is_ok().then_some(said.stdout)
    };
    let command = get(&["--get", COMMAND]).unwrap_or_default();
    let events = get(&["--get-all", EVENT]).unwrap_or_default();
    // An empty one takes back those before it.
    let is_for_us = events.lines().fold(false, |is, event| {
        !event.is_empty() && (is || event == NAME.as_bytes())
    });
    let enabled = get(&["--type=bool", "--get", ENABLED]).unwrap_or_default();
    is_for_us
        && script::calls(&command)
        && enabled.trim_ascii() != b"false"
        && is_read(world).is_ok()
}

/// Whether the user's git reads such hooks at all.
pub(crate) fn is_read(world: &Real) -> Result<(), Trouble> {
    let said = world.git().must(["version"])?;
    let version = said
        .line()
        .strip_prefix(b"git version ")
        .unwrap_or_default();
    if at_least(version.as_bstr(), NEEDED) {
        return Ok(());
    }
    Err(Trouble::OldGit {
        version: version.to_str_lossy().into_owned(),
        needed: NEEDED_NAME,
    })
}

pub(crate) fn at_least(version: &BStr, needed: (u32, u32)) -> bool {
    let mut numbers = version
        .split(|b| !b.is_ascii_digit())
        .map(|digits| digits.to_str().ok()?.parse::<u32>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(major), Some(minor)) => (major, minor) >= needed,
        _ => false,
    }
}

/// Names the hook in this repository's configuration.
pub(crate) fn set(world: &Real) -> Result<(), Trouble> {
    let hook = hooks(world).hook;
    let hook = hook.to_str().ok_or_else(|| Trouble::Input {
        why: format!("the path of the hook is not text: {}", hook.display()),
    })?;
    // Without a shell between git and us, we see when git is gone.
    let command = format!("exec {}", shell_word(hook));
    let set = |key, value| {
        world
            .git()
            .must(["config", "--local", "--replace-all", key, value])
    };
    set(EVENT, NAME)?;
    set(COMMAND, &command)?;
    Ok(())
}

/// Takes it away; false where there is nothing of it.
pub(crate) fn remove(world: &Real) -> Result<bool, Trouble> {
    let there = is_there(world);
    if there {
        world
            .git()
            .must(["config", "--local", "--remove-section", SECTION])?;
    }
    let directory = world.common_dir().join(DIRECTORY);
    match fs::remove_dir_all(&directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(failed("remove", &directory)(error))
        }
        _ => Ok(there),
    }
}

/// What else runs before a push, and whether the gate has a say about it.
pub(crate) fn beside(hooks: &Hooks) -> Option<PathBuf> {
    let hook = hooks.directory.join(NAME);
    hook.symlink_metadata().is_ok().then_some(hook)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_compared_by_its_numbers() {
        for (version, is_new) in [
            ("2.54.0", true),
            ("2.54.0-rc1", true),
            ("2.55.0.618.gabcdef", true),
            ("3.0", true),
            ("2.100.1 (Apple Git-1)", true),
            ("2.53.9", false),
            ("2.9.54", false),
            ("1.99.0", false),
            ("", false),
            ("two", false),
        ] {
            assert_eq!(at_least(version.into(), NEEDED), is_new, "{version}");
        }
    }
}
