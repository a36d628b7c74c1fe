//! `pushgate install`: the hook, to where git or whoever looks after its hooks will call it.

use std::{env, fs};

use super::Error;
use super::{Done, local::Local, schema};
use crate::hooks::{
    files::{Found, Hooks, Owner, configured, hook_for, is_executable, is_same},
    managers::{self, husky, lefthook, pre_commit},
};
use crate::{cli::Install, gates::verdict::Trouble, git::Repository, report};

pub(crate) fn run(args: &Install) -> Done {
    let world = Repository::open()?;
    let code = install(args, &world)?;
    schema::write_copy(&world);
    if let Ok(Local { loaded, .. }) = Local::of(&world)
        && loaded.policy.environments.is_empty()
    {
        report::say(
            "no environment is known here, so no deploy is judged: pushgate init writes a policy",
        );
    }
    Ok(code)
}

fn install(args: &Install, world: &Repository) -> Done {
    if args.config || configured::is_there(world) {
        return configure(world);
    }
    let mut hooks = Hooks::of(world)?;
    match hooks.owner {
        Some(Owner::Husky) => return husky::install(&hooks, world),
        Some(Owner::Lefthook) => return lefthook::install(&hooks, world, args.write),
        _ => {}
    }
    if hooks.swap_with_legacy(&text()?)? {
        hooks = Hooks::of(world)?;
    }
    place(&hooks, world)?;
    managers::warn_of_takers(world);
    match hooks.owner {
        Some(owner) if owner.runs_legacy() => pre_commit::install(&hooks, world, args.write),
        _ => {
            if args.write {
                report::say(
                    "no lefthook, pre-commit or prek runs before a push here: nothing else to write",
                );
            }
            Ok(0)
        }
    }
}

/// The hook that calls this very program.
fn text() -> Result<Vec<u8>, Error> {
    let program =
        env::current_exe().map_err(|error| Error::io("tell where this program is", &error))?;
    Ok(hook_for(program.as_os_str()))
}

/// Puts the hook into its place, and the one that was there behind it.
fn place(hooks: &Hooks, world: &Repository) -> Result<(), Error> {
    let text = text()?;
    let failed =
        |error: &std::io::Error| Error::io(format!("write {}", hooks.hook.display()), error);
    fs::create_dir_all(&hooks.directory).map_err(|e| failed(&e))?;
    let found = hooks.found()?;
    let before = hooks.before()?;
    match (&found, before) {
        (Found::Foreign, Some(kept)) if !is_same(&hooks.hook, kept) => {
            return Err(Trouble::TwoHooks {
                hook: hooks.hook.clone(),
                kept: kept.to_owned(),
            }
            .into());
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
    if hooks.is_in_work_tree(world) {
        let too = if keeps {
            " and the one that was there"
        } else {
            ""
        };
        report::say(&format!(
            "core.hooksPath points into the work tree: commit the hook{too}, or worktrees of other branches lack it",
        ));
    }
    Ok(())
}

/// Has git's configuration name the hook. What stands in the hooks directory would run whatever the
/// gate says, so it moves behind the gate where it is nobody's who would write it again.
fn configure(world: &Repository) -> Done {
    configured::is_read(world)?;
    let hooks = configured::hooks(world);
    let there = Hooks::of(world).ok();
    let there_too = there.as_ref().filter(|there| there.kept == hooks.kept);
    if let Some(there) = there_too {
        match (there.found()?, there.owner) {
            // Many of its commands write it again where it is missing.
            (Found::Foreign, Some(Owner::Lfs)) => {
                return Err(Trouble::LfsBeside {
                    hook: there.hook.clone(),
                }
                .into());
            }
            (Found::Foreign, Some(Owner::Other))
                if there
                    .before()?
                    .is_some_and(|kept| !is_same(&there.hook, kept)) =>
            {
                return Err(Trouble::TwoHooks {
                    hook: there.hook.clone(),
                    kept: there.kept.clone(),
                }
                .into());
            }
            _ => {}
        }
    }
    let text = text()?;
    fs::create_dir_all(&hooks.directory)
        .and_then(|()| hooks.write(&text))
        .map_err(|e| Error::io(format!("write {}", hooks.hook.display()), &e))?;
    configured::set(world)?;
    // Only now: until git calls the new one, the old one judges.
    if let Some(there) = there_too {
        make_way(there)?;
    }
    report::say(&format!(
        "installed {}, which git's configuration names (hook.pushgate.command)",
        hooks.hook.display()
    ));
    report::say("a git older than 2.54, of an editor perhaps, does not look there");
    if let Some(beside) = there.as_ref().and_then(configured::beside) {
        report::warn(&format!(
            "{} runs as well, and even where the gate refuses",
            beside.display()
        ));
    }
    Ok(0)
}

/// Moves what stands in the hooks directory behind the hook that the configuration names.
fn make_way(there: &Hooks) -> Result<(), Error> {
    let goes = match (there.found()?, there.owner) {
        (Found::Ours(_), _) => true,
        (Found::Edited, _) => {
            report::warn(&format!(
                "{} was edited: the edit no longer runs, and is in {}",
                there.hook.display(),
                there.set_aside()?.display()
            ));
            // On a file system without second names it is aside already.
            there.hook.symlink_metadata().is_ok()
        }
        (Found::Foreign, Some(Owner::Other)) => {
            there.keep(&there.hook)?;
            there.hook.symlink_metadata().is_ok()
        }
        (Found::Foreign | Found::Nothing, _) => false,
    };
    if goes {
        fs::remove_file(&there.hook)
            .map_err(|error| Error::io(format!("remove {}", there.hook.display()), &error))?;
    }
    if there.kept.symlink_metadata().is_ok() {
        there.introduce()?;
        report::say(&format!(
            "the hook that was there runs after the gates: {}",
            there.kept.display()
        ));
    }
    Ok(())
}
