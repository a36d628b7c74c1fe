//! `pushgate uninstall`: the hook goes, the old one comes back byte for byte.

use std::fs;

use super::{
    Done,
    hooks::{Found, Hooks, is_same},
    schema,
};
use crate::{report, verdict::Trouble, world::Real};

pub(crate) fn run() -> Done {
    let world = Real::open()?;
    let hooks = Hooks::of(&world)?;
    hooks.forget_earlier()?;
    let code = take_away(&hooks)?;
    hooks.clear()?;
    // Without a cache directory there can be none.
    if let Ok(worktree) = world.suite_worktree() {
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

fn take_away(hooks: &Hooks) -> Done {
    let failed =
        |error: &std::io::Error| Trouble::io(format!("remove {}", hooks.hook.display()), error);
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
