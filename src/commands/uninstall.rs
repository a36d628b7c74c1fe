//! `pushgate uninstall`: removes the hook, and gives back what was there, byte for byte.

use std::fs;

use super::{Done, install::tell, schema};
use crate::{
    git::Repository,
    hooks::{
        self, Error, configured,
        directory::{Found, HooksDirectory, failed, is_same},
        husky, lefthook,
        owner::Owner,
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
    let code = match HooksDirectory::of(&repository) {
        Err(Error::SharedHooks { .. }) if was_configured => 0,
        hooks => leave(&hooks?, &repository, was_configured)?,
    };
    // Without a cache directory there can be none.
    if let Ok(worktree) = Worktree::of(repository.common_dir(), repository.git()) {
        worktree.remove()?;
    }
    schema::remove_copy(&repository)?;
    if repository.state_dir().exists() {
        report::say(&format!(
            "the ledger stays: {}",
            repository.state_dir().display()
        ));
    }
    Ok(code)
}

/// Takes the hook out of the hooks directory, and our lines out of husky's script.
fn leave(hooks: &HooksDirectory, repository: &Repository, was_configured: bool) -> Done {
    if hooks.owner == Some(Owner::Husky) {
        let path = husky::script(&hooks.path);
        if let Some(outcome) = husky::uninstall(&path, repository)? {
            return tell(&outcome);
        }
        report::say(&format!(
            "{} does not call pushgate: nothing to undo",
            path.display()
        ));
        return Ok(0);
    }
    let named = hooks::configurations_that_name(repository);
    let is_foreign = matches!(hooks.found()?, Found::Nothing | Found::Foreign);
    let nothing_here = is_foreign && hooks.replaced().is_none();
    let mut code = 0;
    // Where the gate was called by another way than this hook, its absence is not worth a word.
    if !(nothing_here && (was_configured || !named.is_empty())) {
        code = take_away(hooks)?;
        hooks.clear()?;
    }
    for file in named {
        report::say(&format!("{file} names pushgate: left as it is"));
        code = 1;
    }
    if hooks.owner == Some(Owner::Lefthook)
        && code == 0
        && lefthook::job(&hooks.path, repository).is_ok_and(|job| job != lefthook::Job::Missing)
    {
        report::say("lefthook calls pushgate by another file: left as it is");
        report::hint("lefthook dump shows all that it reads");
        code = 1;
    }
    // husky may not be set up in this clone.
    let script = repository
        .work_tree()
        .map(|top| top.join(".husky/pre-push"));
    if let Some(script) = script
        && let Some(outcome) = husky::uninstall(&script, repository)?
    {
        code = code.max(tell(&outcome)?);
    }
    Ok(code)
}

/// Removes our hook, and puts the one that it replaced back.
fn take_away(hooks: &HooksDirectory) -> Result<u8, Error> {
    let failed = failed("remove", &hooks.hook);
    let hook = hooks.hook.display();
    match (hooks.found()?, hooks.replaced()) {
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
            fs::remove_file(kept).map_err(failed)?;
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
        // Ours may have been removed by hand, and the other one is still kept.
        (Found::Nothing, Some(_)) | (Found::Ours(_), _) => {}
        (Found::Differs, _) => report::warn(&format!(
            "{hook} was edited, or is of another version: it is in {}",
            hooks.set_aside()?.display()
        )),
    }
    if let Some(kept) = hooks.replaced() {
        fs::rename(kept, &hooks.hook).map_err(failed)?;
        report::say(&format!("{hook} is again what it was before"));
    } else {
        hooks.remove()?;
        report::say(&format!("removed {hook}"));
    }
    Ok(0)
}
