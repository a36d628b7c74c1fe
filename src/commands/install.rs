//! `pushgate install`: puts the hook where git, or the program that writes its hooks, calls it.

use std::env;

use super::{Done, Error, local::Local, schema};
use crate::{
    cli::Install,
    git::Repository,
    hooks::{
        self, Note, Outcome, configured,
        directory::{self, Found, HooksDirectory},
        husky, lefthook,
        owner::Owner,
        script::{NAME, hook_for},
    },
    report,
};

pub(crate) fn run(args: &Install) -> Done {
    let repository = Repository::open()?;
    let code = install(args, &repository)?;
    // It is also the mark that pushes from here are to be judged.
    let _ = std::fs::create_dir(repository.state_dir());
    schema::write_copy(&repository);
    if let Ok(Local { loaded, .. }) = Local::of(&repository)
        && loaded.policy.environments.is_empty()
    {
        report::say(
            "no environment is known here, so no deploy is judged: pushgate init writes a policy",
        );
    }
    Ok(code)
}

fn install(args: &Install, repository: &Repository) -> Done {
    if args.config || configured::is_there(repository) {
        return configure(repository);
    }
    let hooks = HooksDirectory::of(repository)?;
    match hooks.owner {
        Some(Owner::Husky) => {
            let outcome = husky::install(&hooks, repository);
            if let Err(hooks::Error::Link { .. }) = &outcome {
                print(&[Note::Lines(husky::LINES.to_owned())])?;
            }
            return tell(&outcome?);
        }
        Some(Owner::Lefthook) => return tell(&lefthook::install(&hooks, repository)?),
        _ => {}
    }
    place(&hooks, repository)?;
    print(&hooks::replacing_programs(repository))?;
    if let Some(owner) = hooks.owner.filter(|owner| owner.runs_legacy()) {
        let owner = owner.name();
        report::say(&format!(
            "{owner} runs it before its own hooks, and leaves it there: it hears each push"
        ));
    }
    Ok(0)
}

/// The hook that calls this very program.
fn text() -> Result<Vec<u8>, Error> {
    let program =
        env::current_exe().map_err(|error| Error::io("tell where this program is", &error))?;
    Ok(hook_for(program.as_os_str()))
}

/// Puts the hook into the hooks directory, and keeps the one that was there.
fn place(hooks: &HooksDirectory, repository: &Repository) -> Result<(), Error> {
    let text = text()?;
    hooks.one_to_keep()?;
    let found = hooks.found()?;
    let is_done =
        matches!(&found, Found::Ours(old) if *old == text) && directory::is_executable(&hooks.hook);
    if found == Found::Foreign {
        hooks.keep()?;
    }
    if found == Found::Differs {
        set_aside(hooks)?;
    }
    let path = hooks.hook.display();
    if is_done {
        report::say(&format!("{path} is installed already"));
    } else {
        hooks.write(&text)?;
        report::say(&format!("installed {path}"));
    }
    let keeps = say_kept(hooks)?;
    if hooks.is_in_work_tree(repository) {
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

/// Puts a hook of ours that was changed beside the new one.
fn set_aside(hooks: &HooksDirectory) -> Result<(), Error> {
    report::warn(&format!(
        "{} was edited, or is of another version: it no longer runs, and is in {}",
        hooks.hook.display(),
        hooks.set_aside()?.display()
    ));
    Ok(())
}

/// Says where the hook is that ours replaced; false: there was none.
fn say_kept(hooks: &HooksDirectory) -> Result<bool, Error> {
    let Some(kept) = hooks.replaced() else {
        return Ok(false);
    };
    hooks.link_siblings()?;
    report::say(&format!(
        "the hook that was there runs after the gates: {}",
        kept.display()
    ));
    Ok(true)
}

/// Has git's configuration name the hook. git runs the hook of the hooks directory as well, whatever
/// the gate answers, so that one moves behind the gate, unless a program would write it again.
fn configure(repository: &Repository) -> Done {
    configured::require_git(repository)?;
    let hooks = configured::hooks(repository);
    let other = HooksDirectory::of(repository).ok();
    let movable = other.as_ref().filter(|other| other.kept == hooks.kept);
    if let Some(other) = movable {
        match (other.owner, other.found()?) {
            // Many of its commands write it again where it is missing.
            (Some(Owner::Lfs), Found::Foreign) => {
                let hook = other.hook.clone();
                return Err(hooks::Error::LfsBeside { hook }.into());
            }
            (Some(Owner::Other), Found::Foreign) => other.one_to_keep()?,
            _ => {}
        }
    }
    hooks.write(&text()?)?;
    configured::set(repository)?;
    // Only now: until git calls the new hook, the old one judges.
    if let Some(other) = movable {
        displace(other)?;
    }
    report::say(&format!(
        "installed {}, which git's configuration names (hook.pushgate.command)",
        hooks.hook.display()
    ));
    report::say("a git older than 2.54, of an editor perhaps, does not look there");
    let beside = other.map(|other| other.path.join(NAME));
    if let Some(beside) = beside.filter(|beside| directory::exists(beside)) {
        report::warn(&format!(
            "{} runs as well, and even where the gate refuses",
            beside.display()
        ));
    }
    Ok(0)
}

/// Moves the hook of the hooks directory behind the one that the configuration names.
fn displace(hooks: &HooksDirectory) -> Result<(), Error> {
    match (hooks.owner, hooks.found()?) {
        (_, Found::Ours(_)) => hooks.remove()?,
        (_, Found::Differs) => {
            set_aside(hooks)?;
            hooks.remove()?;
        }
        (Some(Owner::Other), Found::Foreign) => {
            hooks.keep()?;
            hooks.remove()?;
        }
        (_, Found::Foreign | Found::Nothing) => {}
    }
    say_kept(hooks)?;
    Ok(())
}

/// Prints what was done, for an exit code.
pub(super) fn tell(outcome: &Outcome) -> Done {
    print(&outcome.notes)?;
    Ok(u8::from(!outcome.complete))
}

fn print(notes: &[Note]) -> Result<(), Error> {
    for note in notes {
        match note {
            Note::Line(text) => report::say(text),
            Note::Warning(text) => report::warn(text),
            Note::Hint(text) => report::hint(text),
            Note::Lines(text) => {
                report::data(text).map_err(|error| Error::io("print the lines", &error))?;
            }
        }
    }
    Ok(())
}
