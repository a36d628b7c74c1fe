//! `pushgate uninstall`: removes the hook, and gives back what was there, byte for byte.

use std::fs;

use super::{Done, husky, install::make_room, schema};
use crate::{
    gates::Stop,
    git::Repository,
    hooks::{
        configured,
        directory::{HooksDirectory, failed, is_same},
        gate::Gate,
        husky::script,
        manager::Manager,
        script::Call,
    },
    report,
    suite::worktree::Worktree,
};

pub(crate) fn run() -> Done {
    let repository = Repository::open()?;
    let was_configured = configured::remove(&repository)?;
    if was_configured {
        report::say("git's configuration no longer names pushgate");
    }
    let hooks = HooksDirectory::of(&repository)?;
    let code = if hooks.is_own || !was_configured {
        hooks.require_own(&repository)?;
        leave(&hooks, &repository, was_configured)?
    } else {
        0
    };
    // Without a cache directory there can be none.
    if let Ok(worktree) = Worktree::of(repository.common_dir(), &repository.git) {
        worktree.remove()?;
    }
    schema::remove_copy(&repository)?;
    let state = repository.state_dir();
    if state.exists() {
        report::say(&format!("the ledger stays: {}", state.display()));
    }
    Ok(code)
}

/// Takes the hook out of the hooks directory, and our lines out of husky's script.
fn leave(hooks: &HooksDirectory, repository: &Repository, was_configured: bool) -> Done {
    let is_husky = hooks.manager == Some(Manager::Husky);
    let mut code = 0;
    if !is_husky {
        let found = hooks.found()?;
        let is_there = found.is_ours() || hooks.replaced().is_some();
        if is_there {
            code = take_away(hooks, &found)?;
        }
        hooks.clear()?;
        let gate = Gate::of(hooks, repository).ok();
        let left = gate.filter(|gate| gate.by.is_some() && gate.call.judges() != Some(false));
        if let Some(gate) = left {
            let (file, name) = (gate.file.display(), gate.by.map_or("", Manager::name));
            report::say(&format!(
                "{name} calls pushgate by {file}, or what that names: left as it is"
            ));
            code = 1;
        } else if !is_there && !was_configured {
            let hook = hooks.hook.display();
            report::say(&match found {
                Call::Missing => format!("there is no {hook}: nothing to undo"),
                _ => format!("{hook} is not pushgate's: left as it is, nothing to undo"),
            });
        }
    }
    // husky may not be set up in this clone.
    let script = match repository.work_tree() {
        Some(top) if !is_husky => top.join(".husky/pre-push"),
        _ => script(&hooks.path),
    };
    match husky::uninstall(&script, repository)? {
        Some(left) => code = code.max(left),
        None if is_husky => report::say(&format!(
            "{} does not call pushgate: nothing to undo",
            script.display()
        )),
        None => {}
    }
    Ok(code)
}

/// Removes our hook, and puts the one that it replaced back.
fn take_away(hooks: &HooksDirectory, found: &Call) -> Result<u8, Stop> {
    let failed = failed("remove", &hooks.hook);
    let hook = hooks.hook.display();
    let say = |what: String| report::say(&what);
    match hooks.replaced() {
        None => {
            make_room(hooks, found)?;
            hooks.remove()?;
            say(format!("removed {hook}"));
        }
        Some(kept) if found.is_foreign() && is_same(&hooks.hook, kept) => {
            fs::remove_file(kept).map_err(failed)?;
            say(format!("{hook} is what it was before"));
        }
        Some(kept) if found.is_foreign() => {
            say(format!("{hook} is not pushgate's: left as it is"));
            say(format!(
                "the hook that was there before pushgate stays, too: {}",
                kept.display()
            ));
            return Ok(1);
        }
        // Ours may have been removed by hand, and the other one is still kept.
        Some(kept) => {
            make_room(hooks, found)?;
            fs::rename(kept, &hooks.hook).map_err(failed)?;
            say(format!("{hook} is again what it was before"));
        }
    }
    Ok(0)
}
