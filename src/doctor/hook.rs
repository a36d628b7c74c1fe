//! The checks of the hook: where git looks for it, whether it judges each push, and what runs beside it.

use std::{fs, path::Path};

use bstr::ByteSlice;

use super::{
    context::{Git, Opened, from_here},
    finding::{Finding, Status},
    hook_file::{Fault, fault, is_runnable},
};
use crate::{
    gates::Undecided,
    git::{Repository, Version},
    hooks::{
        configured::{self, ConfiguredHook, NEEDED},
        directory::{self, Found, HooksDirectory, LEGACY},
        husky, lefthook,
        owner::Owner,
        pre_commit_config,
        script::{self, Author, Call, NAME},
    },
    text::{printable, shell_word},
};

const UNJUDGED: &str = "pushes are not judged";
const UNCLEAR: &str = "where something else may take what git says, or pass over the answer";
const FIRST: &str = "let it begin with: pushgate pre-push -- \"$@\" || exit";

fn ok(text: String) -> Finding {
    Finding::ok("hook", text)
}

fn warning(text: String) -> Finding {
    Finding::warning("hook", text)
}

fn broken(text: String) -> Finding {
    Finding::broken("hook", text)
}

/// Where git looks for hooks, and which setting says so.
#[expect(clippy::unnecessary_wraps, reason = "all such checks have one type")]
pub(crate) fn directory(opened: &Opened) -> Option<Finding> {
    let path = match directory::path(&opened.world) {
        Ok(path) => path,
        Err(error) => return Some(Finding::error("directory", error)),
    };
    let husky = match Owner::of(&path) {
        Some(Owner::Husky) => ", which is husky's",
        _ => "",
    };
    let text = format!("git looks for hooks in {}{husky}", from_here(&path));
    Some(match setting(&opened.world) {
        None => Finding::ok("directory", text),
        Some((scope, Some(file))) => {
            let reach = match scope.as_str() {
                "system" => ", for this whole machine",
                "global" => ", for all your repositories",
                "worktree" => ", for this worktree alone",
                _ => "",
            };
            Finding::ok(
                "directory",
                format!("{text}: core.hooksPath of {file}{reach}"),
            )
        }
        Some((_, None)) => {
            let why = "core.hooksPath of GIT_CONFIG_* in this environment; other shells and editors do not";
            Finding::warning("directory", format!("{text}: {why}"))
                .run("unset GIT_CONFIG_COUNT GIT_CONFIG_PARAMETERS")
        }
    })
}

/// The scope of `core.hooksPath`, in git's words, and the file that sets it; the last one counts.
fn setting(repository: &Repository) -> Option<(String, Option<String>)> {
    let args = "config --show-scope --show-origin -z --get-all core.hooksPath";
    let output = repository.git().run(args.split(' ')).ok()?;
    // Each field ends with a NUL, so the last one is empty.
    let mut fields: Vec<&[u8]> = output.stdout.split(|b| *b == 0).collect();
    fields.pop();
    let [scope, origin, _] = fields.rchunks_exact(3).next()? else {
        return None;
    };
    let file = origin.strip_prefix(b"file:").map(|path| {
        let path = path.to_path_lossy();
        // git names it from the top of the work tree, as a rule.
        let top = repository.work_tree().map(|top| top.join(&path));
        let below_top = top.filter(|path| path.exists());
        from_here(&below_top.unwrap_or(path.into_owned()))
    });
    Some((scope.to_str_lossy().into_owned(), file))
}

/// Whether each push is judged: by a hook in the hooks directory, or by one that git's configuration
/// names.
pub(crate) fn judges(opened: &Opened) -> Vec<Finding> {
    let Ok(directory) = directory::path(&opened.world) else {
        return Vec::new();
    };
    let git = &opened.git;
    let in_directory = in_directory(&opened.world, &directory, git.version);
    let works = in_directory.status != Status::Broken;
    if git.version.is_none_or(|version| version < NEEDED) {
        let unread = configured::is_there(&opened.world) && !works;
        let unread = unread.then(|| unread_configuration(git.version));
        return [in_directory].into_iter().chain(unread).collect();
    }
    let hooks = configured::all(&opened.world);
    let (ours, others): (Vec<_>, Vec<_>) = hooks.iter().partition(|hook| hook.is_ours());
    let mut findings = match ours.first() {
        Some(own) if works => {
            let (name, command) = (&own.name, remove(own));
            let hook = from_here(&directory.join(NAME));
            let text = format!("every push is judged twice, by {hook} and by hook.{name}.command");
            let twice = Finding::warning("configured", text).run(command);
            vec![in_directory, twice]
        }
        Some(own) => vec![by_configuration(own, git)],
        None => vec![in_directory],
    };
    findings.extend(others.iter().map(|hook| {
        let (name, command) = (&hook.name, printable(hook.command.as_bstr()));
        let text = format!("git also runs hook.{name}.command, whatever the gate says: {command}");
        Finding::ok("configured", text)
    }));
    findings
}

/// The hook in the hooks directory, or what its program runs.
fn in_directory(repository: &Repository, directory: &Path, git: Option<Version>) -> Finding {
    let hook = directory.join(NAME);
    let owner = Owner::of(directory);
    if let Some(fault) = fault(&hook) {
        return faulty(repository, &hook, owner, &fault, git);
    }
    let text = fs::read(&hook).unwrap_or_default();
    let path = from_here(&hook);
    match Owner::of_hook(&text) {
        _ if owner == Some(Owner::Husky) => by_husky(&husky::script(directory)),
        Owner::Pushgate if script::author(&text) == Author::Ours => {
            ok(format!("{path} is pushgate's, of this version"))
        }
        Owner::Pushgate if script::calls(&text) => warning(format!(
            "{path} is pushgate's, and was edited or is of another version"
        ))
        .run("pushgate install")
        .hint("what it is now is kept beside it"),
        Owner::Pushgate => broken(format!(
            "{path} was pushgate's, and an edit took the call away: {UNJUDGED}"
        ))
        .run("pushgate install"),
        Owner::Lefthook => by_lefthook(repository, directory),
        owner @ (Owner::Prek | Owner::PreCommit) => by_legacy(repository, directory, owner),
        Owner::Husky | Owner::Lfs | Owner::Other => match script::call(&text, false) {
            Call::First => ok(format!("{path} is not pushgate's, and calls it")),
            Call::Unclear => {
                warning(format!("{path} is not pushgate's, and calls it {UNCLEAR}")).hint(FIRST)
            }
            Call::No => {
                let text = format!("{path} is not pushgate's and does not call it: {UNJUDGED}");
                install(repository, broken(text))
            }
        },
    }
}

/// A hook that git or the system does not run.
fn faulty(
    repository: &Repository,
    hook: &Path,
    owner: Option<Owner>,
    fault: &Fault,
    git: Option<Version>,
) -> Finding {
    let path = from_here(hook);
    let word = shell_word(&path);
    let is_ours = owner == Some(Owner::Pushgate);
    let finding = |effect: &str| broken(format!("{path} {}: {effect}", fault.words()));
    // Before 2.54, git does not notice that a hook could not be executed.
    let no_push = match git {
        Some(version) if version >= NEEDED => "git refuses every push".to_owned(),
        Some(version) => format!("git {version} waits for ever at every push"),
        None => "no push gets through".to_owned(),
    };
    match fault {
        Fault::Missing if owner == Some(Owner::Husky) => finding(UNJUDGED).run("npx husky"),
        Fault::Missing => install(repository, finding(UNJUDGED)),
        Fault::DanglingLink | Fault::Empty => {
            finding(UNJUDGED).run(format!("rm {word} && pushgate install"))
        }
        Fault::Directory => {
            finding(&no_push).run(format!("mv {word} {word}.d && pushgate install"))
        }
        Fault::NotExecutable => {
            let finding = finding(&format!("git passes over it, and {UNJUDGED}"));
            if is_ours {
                finding.run(format!("chmod +x {word}"))
            } else {
                install(repository, finding)
            }
        }
        Fault::NoExec => {
            finding(UNJUDGED).hint("mount it without `noexec`, or move the clone to another one")
        }
        _ if is_ours => finding(&no_push).run("pushgate install"),
        Fault::NoInterpreter(program) => {
            finding(&no_push).hint(install_interpreter(program, &path))
        }
        Fault::CarriageReturn => finding(&no_push).run(unix_line_ends(&word)),
    }
}

fn install_interpreter(program: &str, path: &str) -> String {
    format!("install `{program}`, or fix the first line of {path}")
}

/// A command that gives a file the line ends of Unix, and leaves its mode alone.
fn unix_line_ends(word: &str) -> String {
    format!("tr -d '\\r' <{word} >{word}.lf && cat {word}.lf >{word} && rm {word}.lf")
}

/// Adds how to install the hook; where `install` would refuse, its own hints.
fn install(repository: &Repository, finding: Finding) -> Finding {
    let hooks = HooksDirectory::of(repository);
    match hooks.and_then(|hooks| hooks.one_to_keep().map(|()| hooks.owner)) {
        Ok(Some(Owner::Lefthook)) => {
            finding.hint("add the lines that pushgate install prints, then lefthook install")
        }
        Ok(_) => finding.run("pushgate install"),
        Err(error) => finding.hints(Undecided::from(error).hints),
    }
}

/// What husky runs.
fn by_husky(script: &Path) -> Finding {
    use husky::State;
    let name = from_here(script);
    let text = |says: &str| format!("a hook of husky runs here; {name} {says}");
    let state = husky::state(script);
    let says = match state {
        State::AsWritten | State::OwnCall => return ok(text("calls pushgate")),
        State::UnclearCall => {
            return warning(text(&format!("calls pushgate {UNCLEAR}"))).hint(FIRST);
        }
        State::Differs => "calls it by lines that were edited, or are of another version",
        State::Missing | State::NoCall => "does not call pushgate: pushes are not judged",
        State::Late => {
            "calls pushgate after something that may take what git says: pushes may not be judged"
        }
        State::Twice => "has the lines of pushgate twice: every push is refused",
        State::WindowsLineEnds => {
            "has the line ends of Windows, which no shell reads: every push is refused"
        }
    };
    let finding = match state {
        State::Differs => warning(text(says)),
        _ => broken(text(says)),
    };
    finding.run("pushgate install")
}

/// What lefthook runs.
fn by_lefthook(repository: &Repository, directory: &Path) -> Finding {
    use lefthook::Job;
    let config = repository.work_tree().map(lefthook::config);
    let name = config.map_or_else(String::new, |config| from_here(&config));
    let text = |says: &str| format!("a hook of lefthook runs here; {name} {says}");
    match lefthook::job(directory, repository) {
        Ok(Job::AsPrinted) => ok(text("calls pushgate")),
        Ok(Job::Other(how)) => warning(text(&format!(
            "calls pushgate, but {how}: nothing tells whether every push is judged"
        )))
        .hint("pushgate install prints the lines that are known to hold"),
        Ok(Job::Missing) => {
            let text = text(&format!("does not call pushgate: {UNJUDGED}"));
            install(repository, broken(text))
        }
        Err(error) => {
            let says =
                "may call pushgate; only lefthook can tell, and does not: pushes may not be judged";
            broken(text(says))
                .details(&Undecided::from(error).details)
                .hint("see that `lefthook dump` works here")
        }
    }
}

/// The hook that pre-commit and prek run first, with all that git said; or their configuration.
fn by_legacy(repository: &Repository, directory: &Path, owner: Owner) -> Finding {
    let name = owner.name();
    let legacy = directory.join(LEGACY);
    let text = fs::read(&legacy).unwrap_or_default();
    if is_runnable(&legacy) && script::calls(&text) {
        let legacy = from_here(&legacy);
        let text = format!("a hook of {name} runs here; {legacy} calls pushgate");
        return ok(text);
    }
    let config = repository
        .work_tree()
        .map(|top| pre_commit_config(owner, top));
    let config = config.unwrap_or_default();
    let file = from_here(&config);
    if fs::read(&config).is_ok_and(|text| script::mentions(&text)) {
        let text = format!(
            "a hook of {name} runs here; by {file} the gate hears of one ref of a push alone, and not of every push"
        );
        return warning(text).run("pushgate install");
    }
    let text = format!("a hook of {name} runs here; {file} does not call pushgate: {UNJUDGED}");
    install(repository, broken(text))
}

/// The gate as a hook that git's configuration names.
fn by_configuration(own: &ConfiguredHook, git: &Git) -> Finding {
    let name = &own.name;
    if let Some(script) = own.script()
        && let Some(fault) = fault(&script)
    {
        let (path, fault) = (from_here(&script), fault.words());
        let text = format!("hook.{name}.command runs {path}, which {fault}: every push is refused");
        return broken(text).run(by_file(own));
    }
    let command = printable(own.command.as_bstr());
    let text = format!("git runs the gate by hook.{name}.command: {command}");
    match git.bare {
        Some(bare) if bare < NEEDED => warning(format!(
            "{text}; the git of an editor is {bare}, and runs no configured hooks"
        ))
        .run(by_file(own)),
        _ => ok(text),
    }
}

/// Our hook in the configuration, which this git does not read.
fn unread_configuration(git: Option<Version>) -> Finding {
    let this = git.map_or_else(|| "this git".to_owned(), |version| format!("git {version}"));
    let text = format!(
        "hook.pushgate.command is set, and {this} runs no configured hooks: {NEEDED} or newer does"
    );
    Finding::broken("configured", text)
        .run("git config --remove-section hook.pushgate && pushgate install")
}

/// A command that removes a hook from git's configuration.
fn remove(own: &ConfiguredHook) -> String {
    let scope = match own.scope.as_str() {
        "global" | "system" | "worktree" => format!("--{} ", own.scope),
        _ => String::new(),
    };
    let section = shell_word(&format!("hook.{}", own.name));
    format!("git config {scope}--remove-section {section}")
}

/// A command that installs a file in its place, which every git runs.
fn by_file(own: &ConfiguredHook) -> String {
    format!("{} && pushgate install", remove(own))
}

/// Whether husky or lefthook is told to leave out the gate, in this environment or in a file.
pub(crate) fn switched_off(opened: &Opened) -> Option<Finding> {
    let directory = directory::path(&opened.world).ok()?;
    let owner = Owner::of(&directory)?;
    let (setting, file) = match owner {
        Owner::Husky => husky::switched_off().map(|(setting, file)| (setting.to_owned(), file))?,
        Owner::Lefthook => (lefthook::switched_off()?, None),
        _ => return None,
    };
    // They cannot leave out a hook that git runs itself.
    if configured::calls_gate(&opened.world) {
        return None;
    }
    let tool = owner.name();
    let what = format!("{tool} passes over the gate, and {UNJUDGED}");
    Some(match file {
        None => {
            let name = setting.split('=').next().unwrap_or_default();
            let text = format!("{setting} is set here: {what}");
            Finding::warning("override", text).run(format!("unset {name}"))
        }
        Some(file) => {
            let file = from_here(&file);
            let text = format!("{file} sets {setting}: {what}");
            Finding::broken("override", text).hint(format!("take {setting} out of {file}"))
        }
    })
}

/// Whether the hook that ours replaced can run after the gates.
pub(crate) fn kept(opened: &Opened) -> Option<Finding> {
    let repository = &opened.world;
    let hooks = if configured::is_there(repository) {
        Ok(configured::hooks(repository))
    } else {
        HooksDirectory::of(repository)
    };
    let hooks = hooks.ok()?;
    if !matches!(hooks.found(), Ok(Found::Ours(_) | Found::Differs)) {
        return None;
    }
    let path = from_here(&hooks.kept);
    let word = shell_word(&path);
    let Some(fault) = fault(&hooks.kept) else {
        let text = format!("after the gates runs what was there before: {path}");
        return Some(Finding::ok("kept", text));
    };
    let before = format!("the hook that was there before, {path}, {}", fault.words());
    let not_run = || Finding::broken("kept", format!("{before}: it no longer runs"));
    let no_push = || {
        Finding::broken(
            "kept",
            format!("{before}: no push that passes the gates goes"),
        )
    };
    Some(match &fault {
        Fault::Missing => return None,
        // It does nothing, and stops nothing.
        Fault::Empty => Finding::ok("kept", before),
        Fault::DanglingLink => not_run().run(format!("rm {word}")),
        Fault::Directory => no_push().run(format!("mv {word} {word}.d")),
        Fault::NotExecutable => not_run().run(format!("chmod +x {word}")),
        Fault::NoExec => not_run().hint("mount it without `noexec`"),
        Fault::NoInterpreter(program) => no_push().hint(install_interpreter(program, &path)),
        Fault::CarriageReturn => no_push().run(unix_line_ends(&word)),
    })
}
