//! `pushgate install`: the hook, into the directory where git will look for it.

use std::{env, fs, os::unix::fs::PermissionsExt, path::Path};

use super::{
    Done,
    hooks::{Found, Hooks, hook_for, is_same},
    schema,
};
use crate::{report, verdict::Trouble, world::Real};

pub(crate) fn run() -> Done {
    let world = Real::open()?;
    let hooks = Hooks::of(&world)?;
    let program =
        env::current_exe().map_err(|error| Trouble::io("tell where this program is", &error))?;
    let text = hook_for(program.as_os_str());
    let failed =
        |error: &std::io::Error| Trouble::io(format!("write {}", hooks.hook.display()), error);
    fs::create_dir_all(&hooks.directory).map_err(|e| failed(&e))?;
    let found = hooks.found()?;
    let before = hooks.before()?;
    match (&found, before) {
        (Found::Foreign, Some(kept)) if !is_same(&hooks.hook, kept) => {
            return Err(Trouble::TwoHooks {
                hook: hooks.hook.clone(),
                kept: kept.to_owned(),
            });
        }
        (_, Some(kept)) => hooks.keep(kept)?,
        (Found::Foreign, None) => hooks.keep(&hooks.hook)?,
        (_, None) => {}
    }
    let is_done = matches!(&found, Found::Ours(old) if *old == text && is_executable(&hooks.hook));
    if !is_done {
        if found == Found::Edited {
            report::warn(&format!(
                "{} was edited: the edit no longer runs, and is in {}",
                hooks.hook.display(),
                hooks.set_aside()?.display()
            ));
        }
        hooks.write(&text).map_err(|e| failed(&e))?;
    }
    hooks.forget_earlier()?;
    schema::write_copy(&world);
    let path = hooks.hook.display();
    if is_done {
        report::say(&format!("{path} is installed already"));
    } else {
        report::say(&format!("installed {path}"));
    }
    let keeps = hooks.kept.symlink_metadata().is_ok();
    if keeps {
        hooks.introduce()?;
        report::say(&format!(
            "the hook that was there runs after the gates: {}",
            hooks.kept.display()
        ));
    }
    if hooks.is_in_work_tree(&world) {
        let too = if keeps {
            " and the one that was there"
        } else {
            ""
        };
        report::say(&format!(
            "core.hooksPath points into the work tree: commit the hook{too}, or worktrees of other branches lack it",
        ));
    }
    Ok(0)
}

fn is_executable(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|metadata| metadata.permissions().mode() & 0o111 == 0o111)
}
