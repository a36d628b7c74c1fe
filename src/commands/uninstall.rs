//! `pushgate uninstall`: the hook goes, the old one comes back byte for byte.

use std::fs;

use super::{
    Done,
    install::{Found, Hooks},
};
use crate::{report, verdict::Trouble, world::Real};

pub(crate) fn run() -> Done {
    let world = Real::open()?;
    let hooks = Hooks::of(&world)?;
    let failed =
        |error: &std::io::Error| Trouble::io(format!("remove {}", hooks.hook.display()), error);
    let has_kept = hooks.kept.symlink_metadata().is_ok();
    match hooks.found()? {
        // Somebody removed ours by hand; the old one still waits.
        Found::Nothing if has_kept => {}
        Found::Nothing => {
            report::say(&format!("{} is not there", hooks.hook.display()));
            return Ok(0);
        }
        Found::Foreign => {
            report::say(&format!(
                "{} is not pushgate's: left as it is",
                hooks.hook.display()
            ));
            if has_kept {
                report::say(&format!("{} stays, too", hooks.kept.display()));
            }
            return Ok(1);
        }
        Found::Ours(_) => {}
    }
    if has_kept {
        fs::rename(&hooks.kept, &hooks.hook).map_err(|e| failed(&e))?;
        report::say(&format!(
            "{} is again what it was before",
            hooks.hook.display()
        ));
    } else {
        fs::remove_file(&hooks.hook).map_err(|e| failed(&e))?;
        report::say(&format!("removed {}", hooks.hook.display()));
    }
    // Without a cache directory there can be none.
    if let Ok(worktree) = world.suite_worktree() {
        worktree.remove()?;
    }
    if world.state_dir().exists() {
        report::say(&format!(
            "the ledger stays: {}",
            world.state_dir().display()
        ));
    }
    Ok(0)
}
