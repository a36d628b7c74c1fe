//! `pushgate install`: puts the hook where git, or the program that writes its hooks, calls it.

use std::env;

use super::{
    Done, Error,
    husky::{self, EVERY_BRANCH},
    local::{Local, warn_of_crlf},
    schema,
};
use crate::{
    app::policies::Source,
    cli::Install,
    file,
    gates::Stop,
    git::Repository,
    hooks::{
        configured,
        directory::{HooksDirectory, exists, is_executable, write},
        from_top, lefthook,
        manager::Manager,
        script::{Call, NAME, hook_for},
    },
    policy::FILE,
    report,
};

pub(crate) fn run(args: &Install) -> Done {
    let repository = Repository::open()?;
    let code = install(args, &repository)?;
    // It is also the mark that pushes from here are to be judged.
    let _ = file::state_directory(&repository.state_dir());
    schema::write_copy(&repository);
    if let Ok(Local { loaded, .. }) = Local::of(&repository)
        && loaded.policy.environments.is_empty()
    {
        let how = match loaded.source {
            Source::Defaults => "pushgate init writes a policy".to_owned(),
            _ => format!("name what is pushed to under `environments` in {FILE}"),
        };
        report::say(&format!(
            "no environment is known here, so no deploy is judged: {how}"
        ));
    }
    Ok(code)
}

fn install(args: &Install, repository: &Repository) -> Done {
    if args.config || configured::is_there(repository) {
        return configure(repository);
    }
    let hooks = HooksDirectory::of(repository)?;
    hooks.require_own(repository)?;
    match hooks.manager {
        Some(Manager::Husky) => husky::install(&hooks, repository),
        Some(Manager::Lefthook) => ask_for_job(&hooks, repository),
        _ => place(&hooks, repository),
    }
}

/// The hook that calls this very program.
fn text() -> Result<Vec<u8>, Error> {
    let program =
        env::current_exe().map_err(|error| Error::failed("tell where this program is", &error))?;
    Ok(hook_for(program.as_os_str()))
}

/// Puts the hook into the hooks directory, and keeps the one that was there.
fn place(hooks: &HooksDirectory, repository: &Repository) -> Done {
    let text = text()?;
    let path = hooks.hook.display();
    let found = hooks.require_one_to_keep()?;
    let is_done =
        found == Call::AsWritten && file::read_followed(&hooks.hook).is_ok_and(|old| old == text);
    if is_done && is_executable(&hooks.hook) {
        report::say(&format!("{path} is installed already"));
    } else {
        make_room(hooks, &found)?;
        write(&hooks.hook, &text, 0o755)?;
        report::say(&format!("installed {path}"));
        if !found.is_ours() && !hooks.is_in_work_tree(repository) {
            say_other_clones();
        }
    }
    say_kept(hooks)?;
    if hooks.is_in_work_tree(repository) {
        let too = (hooks.replaced()).map_or("", |_| " and the one that was there");
        report::say(&format!(
            "core.hooksPath points into the work tree: commit the hook{too}, or worktrees of other branches lack it",
        ));
        warn_of_crlf(&hooks.hook, repository);
    }
    if let Some(manager) = hooks.manager.filter(|manager| manager.runs_legacy()) {
        let name = manager.name();
        report::say(&format!(
            "{name} runs it before its own hooks, and leaves it there: it hears each push"
        ));
    }
    Ok(0)
}

/// Prints the lines that the configuration of lefthook needs, unless it has them.
fn ask_for_job(hooks: &HooksDirectory, repository: &Repository) -> Done {
    let top = repository.work_tree().ok_or_else(Stop::bare)?;
    let (file, call) = lefthook::call(&hooks.path, repository)?;
    let name = from_top(&file, repository).to_string_lossy();
    if call == Call::AsWritten {
        report::say(&format!("{} calls pushgate already", file.display()));
        let hook = file::read_followed(hooks.path.join(NAME)).unwrap_or_default();
        if Manager::of_hook(&hook) == Some(Manager::Lefthook) {
            return Ok(0);
        }
        report::warn("lefthook does not run before a push yet");
        report::hint("lefthook install");
        return Ok(1);
    }
    report::say(&match call {
        Call::Unclear(how) => format!(
            "lefthook calls pushgate, but {how}: nothing tells whether every push is judged; \
             these lines in {name} are known to hold:"
        ),
        _ => format!("lefthook writes the hooks here; it needs these lines in {name}:"),
    });
    report::print_data(lefthook::lines(&name, lefthook::has_lfs(&hooks.path, top)))?;
    report::hint("add them by hand and commit the file, then pushgate install");
    report::hint(EVERY_BRANCH);
    Ok(1)
}

/// Says what it takes before the pushes of colleagues are judged.
fn say_other_clones() {
    report::say("git clones no hooks; with the program, each colleague types once:");
    report::print("    pushgate install\n");
}

/// Gives what stands where our hook should another name.
pub(super) fn make_room(hooks: &HooksDirectory, found: &Call) -> Result<(), Stop> {
    if let Some(aside) = hooks.make_room(found)? {
        report::warn(&format!(
            "{} was edited, or is of another version: it no longer runs, and is in {}",
            hooks.hook.display(),
            aside.display()
        ));
    }
    Ok(())
}

/// Says where the hook is that ours replaced.
fn say_kept(hooks: &HooksDirectory) -> Result<(), Stop> {
    if let Some(kept) = hooks.replaced() {
        hooks.link_siblings()?;
        report::say(&format!(
            "the hook that was there runs after the gates: {}",
            kept.display()
        ));
    }
    Ok(())
}

/// Has git's configuration name the hook. git runs the hook of the hooks directory as well, whatever
/// the gate answers, so that one moves behind the gate, unless a program would write it again.
fn configure(repository: &Repository) -> Done {
    configured::require_git(repository)?;
    let hooks = configured::hooks(repository);
    let other = HooksDirectory::of(repository)?;
    // Only a directory beside which both keep what they replace.
    let is_near = other.is_own && other.kept == hooks.kept;
    let found = if is_near {
        other.require_one_to_keep()?
    } else {
        Call::Missing
    };
    if found.is_foreign() && other.manager == Some(Manager::Lfs) {
        // Many of its commands write it again where it is missing.
        let hook = other.hook.display();
        let text = format!(
            "git runs {hook} whatever a hook of its configuration says: git-lfs would upload what the gate refuses"
        );
        let words = "put git-lfs behind the gate";
        let commands = ["pushgate uninstall", "pushgate install"];
        return Err(Stop::undecided(text).cure(words, commands));
    }
    let was_there = configured::is_there(repository);
    write(&hooks.hook, &text()?, 0o755)?;
    configured::set(repository)?;
    // Only now: until git calls the new hook, the old one judges.
    if found.is_ours() || (found.is_foreign() && other.manager.is_none()) {
        make_room(&other, &found)?;
        other.remove()?;
    }
    if is_near {
        say_kept(&other)?;
    }
    report::say(&format!(
        "installed {}, which git's configuration names (hook.pushgate.command)",
        hooks.hook.display()
    ));
    report::say("a git older than 2.54, of an editor perhaps, does not look there");
    if !was_there {
        say_other_clones();
    }
    let beside = other.path.join(NAME);
    if exists(&beside) {
        report::warn(&format!(
            "{} runs as well, and even where the gate refuses",
            beside.display()
        ));
    }
    Ok(0)
}
