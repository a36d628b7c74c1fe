//! `pushgate uninstall`: the hook goes, and all is what it was, byte for byte.

use std::fs;

use super::Error;
use super::{Done, schema};
use crate::hooks::{
    files::{Found, Hooks, Owner, configured, is_same},
    managers::{husky, lefthook, pre_commit},
};
use crate::{gates::verdict::Trouble, git::Repository, report, suite::worktree::Worktree};

pub(crate) fn run() -> Done {
    let world = Repository::open()?;
    let was_configured = configured::remove(&world)?;
    if was_configured {
        report::say("git's configuration no longer names pushgate");
    }
    let code = match Hooks::of(&world) {
        Err(Trouble::SharedHooks { .. }) if was_configured => 0,
        hooks => leave(&hooks?, &world, was_configured)?,
    };
    // Without a cache directory there can be none.
    if let Ok(worktree) = Worktree::of(world.common_dir(), world.git()) {
        worktree.remove()?;
    }
    schema::remove_copy(&world)?;
    if world.state_dir().exists() {
        report::say(&format!(
            "the ledger stays: {}",
            world.state_dir().display()
        ));
    }
    Ok(code)
}

/// Takes the hook out of the hooks directory, and our lines out of the files of others.
fn leave(hooks: &Hooks, world: &Repository, was_configured: bool) -> Done {
    if hooks.owner == Some(Owner::Husky) {
        return husky::uninstall(hooks, world);
    }
    hooks.forget_earlier()?;
    let is_done =
        was_configured || (hooks.owner == Some(Owner::Lefthook) && lefthook::is_named(world));
    let is_empty = matches!(
        (hooks.found()?, hooks.before()?),
        (Found::Nothing | Found::Foreign, None)
    );
    let mut code = 0;
    if !(is_done && is_empty) {
        code = take_away(hooks)?;
        hooks.clear()?;
    }
    for code_there in [
        lefthook::uninstall(hooks, world)?,
        pre_commit::uninstall(world)?,
        husky::uninstall_unused(world)?,
    ] {
        code = code.max(code_there);
    }
    Ok(code)
}

fn take_away(hooks: &Hooks) -> Done {
    let failed =
        |error: &std::io::Error| Error::io(format!("remove {}", hooks.hook.display()), error);
    let hook = hooks.hook.display();
    let before = hooks.before()?;
    match (hooks.found()?, before) {
        (Found::Nothing, None) => {
            report::say(&format!("there is no {hook}: nothing to undo"));
            return Ok(0);
        }
        (Found::Foreign, None) => {
            report::say(&format!(
                "{hook} is not pushgate's: left as it is, nothing to undo"
            ));
            return Ok(0);
        }
        (Found::Foreign, Some(kept)) if is_same(&hooks.hook, kept) => {
            fs::remove_file(kept).map_err(|e| failed(&e))?;
            report::say(&format!("{hook} is what it was before"));
            return Ok(0);
        }
        (Found::Foreign, Some(kept)) => {
            report::say(&format!("{hook} is not pushgate's: left as it is"));
            report::say(&format!(
                "the hook that was there before pushgate stays, too: {}",
                kept.display()
            ));
            return Ok(1);
        }
        // Somebody removed ours by hand; the old one still waits.
        (Found::Nothing, Some(_)) | (Found::Ours(_), _) => {}
        (Found::Edited, _) => report::warn(&format!(
            "{hook} was edited: the edit is in {}",
            hooks.set_aside()?.display()
        )),
    }
    match before {
        Some(before) => {
            fs::rename(before, &hooks.hook).map_err(|e| failed(&e))?;
            report::say(&format!("{hook} is again what it was before"));
        }
        // On a file system without second names it is aside already.
        None => match fs::remove_file(&hooks.hook) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed(&error));
            }
            _ => report::say(&format!("removed {hook}")),
        },
    }
    Ok(0)
}
