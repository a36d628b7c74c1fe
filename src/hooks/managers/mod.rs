//! Programs that look after git's hooks, and how each is asked to call the gate: a line of a script that
//! husky runs, a job of lefthook's, a hook of pre-commit's.

pub(crate) mod edit;
pub(crate) mod husky;
pub(crate) mod lefthook;
pub(crate) mod pre_commit;

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use crate::hooks::files::{self, Found, Hooks, Owner, configured};
use crate::{doctor::script::Says, gates::verdict::Trouble, git::Real, report, text::shell_word};

/// What reads a file of the work tree reads that of the branch which is checked out.
pub(crate) const EVERY_BRANCH: &str = "a branch without it has no gate: bring it to all of them, \
     or, with git 2.54 or newer, pushgate install --config";

/// Whether anything here calls the gate before a push; `None` where nobody can tell: a hook of
/// somebody's own may, and so may one that other repositories share, or a job in somebody's words.
pub(crate) fn is_gated(world: &Real) -> Option<bool> {
    if configured::calls(world) {
        return Some(true);
    }
    let hooks = Hooks::of(world).ok()?;
    match hooks.owner {
        Some(Owner::Husky) => Some(husky::says(&husky::script(&hooks.directory)).is_gate()),
        Some(Owner::Lefthook) if hooks.found().ok()? == Found::Foreign => {
            match lefthook::says(&hooks.directory, world) {
                Says::OwnWords(_) => None,
                says => Some(says.is_gate()),
            }
        }
        _ => match hooks.found().ok()? {
            Found::Ours(_) | Found::Edited => Some(true),
            Found::Nothing => Some(false),
            Found::Foreign if hooks.owner == Some(Owner::Lfs) => Some(false),
            Found::Foreign => None,
        },
    }
}

/// Warns of a program that is the team's, has not been set up in this clone yet, and will take the hook
/// away when it is.
pub(crate) fn warn_of_takers(world: &Real) {
    let Some(top) = world.work_tree() else {
        return;
    };
    let own = top.join(".husky");
    // So did husky do before its version 9.
    let is_set_up = || same(&files::directory(world).ok()?, &own);
    let husky = own.is_dir() && is_set_up().is_none();
    for (is_there, name, command) in [
        (lefthook::is_configured(top), "lefthook", "lefthook install"),
        (husky, "husky", "npm install"),
    ] {
        if is_there {
            report::warn(&format!(
                "{name} is not set up in this clone, and will take the hook away when it is"
            ));
            report::hint(&format!("{command} && pushgate install"));
        }
    }
}

pub(crate) fn same(one: &Path, other: &Path) -> Option<()> {
    (one.canonicalize().ok()? == other.canonicalize().ok()?).then_some(())
}

/// Writes a file of somebody else's, whole or not at all, with the mode that it has; else with this one.
pub(crate) fn write(path: &Path, text: &[u8], mode: u32) -> Result<(), Trouble> {
    let failed = |error: io::Error| Trouble::io(format!("write {}", path.display()), &error);
    is_no_link(path).map_err(|why| Trouble::NotEdited {
        path: path.to_owned(),
        why,
    })?;
    let mode = path
        .symlink_metadata()
        .map_or(mode, |metadata| metadata.permissions().mode());
    let directory = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory).map_err(failed)?;
    crate::file::replace(path, ".pushgate-", text, mode).map_err(failed)
}

/// What a link leads to may be shared with others: only they know. Why not, where it is one.
pub(crate) fn is_no_link(path: &Path) -> Result<(), String> {
    match fs::read_link(path) {
        Ok(_) => {
            let file = path.canonicalize();
            let file = file.as_deref().unwrap_or(path);
            Err(format!("it is a link to {}", file.display()))
        }
        Err(_) => Ok(()),
    }
}

/// What a file says; `None` where there is none.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, Trouble> {
    match fs::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Trouble::io(format!("read {}", path.display()), &error)),
    }
}

/// Takes away a file that we made.
pub(crate) fn remove(path: &Path) -> Result<(), Trouble> {
    fs::remove_file(path)
        .map_err(|error| Trouble::io(format!("remove {}", path.display()), &error))?;
    report::say(&format!("removed {}", path.display()));
    Ok(())
}

/// The path as somebody at the top of the work tree types it.
pub(crate) fn from_top(path: &Path, world: &Real) -> PathBuf {
    let inside = || {
        let top = world.work_tree()?;
        if let Ok(inside) = path.strip_prefix(top) {
            return Some(inside.to_owned());
        }
        let real = path.canonicalize().ok()?;
        Some(real.strip_prefix(top.canonicalize().ok()?).ok()?.to_owned())
    };
    inside().unwrap_or_else(|| path.to_owned())
}

/// The team's file is changed: it counts for the others once it is committed.
pub(crate) fn say_commit(path: &Path, world: &Real) {
    let path = from_top(path, world);
    report::say(&format!(
        "it is the team's: git add {} and commit it",
        shell_word(&path.to_string_lossy())
    ));
}

/// The team's file names the program, as only PATH can find it for all of them.
pub(crate) fn warn_of_path() {
    if which::which("pushgate").is_err() {
        report::warn(
            "pushgate is not on your PATH, where this looks for it: a push is refused until it is",
        );
    }
}
