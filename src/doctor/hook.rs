//! What git runs before a push, and whether that is the gate.

use super::{
    Cure, Group, Line, State,
    facts::{Configured, Git, Hook, Repository, Setting, Version},
    script::{Author, File, Interpreter, Runs, Script},
};
use crate::verdict::{Trouble, shell_word};

/// From here on git runs the hooks of its configuration, and no longer waits for ever where a hook
/// cannot be executed.
const CONFIGURED: Version = Version(2, 54);

pub(super) fn judge(here: &Repository, program: Option<&Git>) -> Vec<Line> {
    let git = program.and_then(|git| git.version);
    let hook = match &here.hook {
        Ok(hook) => hook,
        Err(trouble) => {
            return vec![Line::trouble(
                Group::Hook,
                "directory",
                State::Broken,
                trouble,
            )];
        }
    };
    let knows_configured = git.is_some_and(|version| version >= CONFIGURED);
    let ours = hook.configured.iter().find(|one| one.is_ours);
    let mut lines = vec![directory(hook)];
    let here = here_is(hook, git);
    match ours.filter(|_| knows_configured) {
        Some(own) if gates(hook) => {
            lines.push(here);
            lines.push(twice(hook, own));
        }
        Some(own) => lines.push(by_configuration(own, program)),
        None => lines.push(here),
    }
    if hook.husky && hook.husky_off {
        let text = "HUSKY=0 is set here: husky runs no hook, and pushes are not judged";
        lines.push(new("override", State::Warning, text).run("unset HUSKY"));
    }
    lines.extend(
        hook.kept
            .as_ref()
            .and_then(|(path, script)| kept(path, script)),
    );
    if knows_configured {
        let others = hook.configured.iter().filter(|one| !one.is_ours);
        lines.extend(others.map(|one| {
            let Configured { name, command, .. } = one;
            let text =
                format!("git also runs hook.{name}.command, whatever the gate says: {command}");
            new("configured", State::Ok, text)
        }));
    } else if let Some(own) = ours.filter(|_| !gates(hook)) {
        lines.push(too_old(hook, own, git));
    }
    lines
}

/// Where there is no repository.
pub(super) fn nowhere(trouble: &Trouble) -> Line {
    const SAFE: &str = "git config --global --add safe.directory ";
    let words = trouble.causes();
    let command = |line: &String| line.find(SAFE).map(|at| line[at..].to_owned());
    if let Some(cure) = words.iter().find_map(command) {
        let text = "git does not trust this repository: it belongs to somebody else";
        return new("repository", State::Broken, text).run(cure);
    }
    let is_none = words
        .iter()
        .any(|line| line.contains("not a git repository"));
    if is_none {
        return new(
            "repository",
            State::Broken,
            "this is no git repository: there is nothing to gate here",
        )
        .hint("cd into a clone, then pushgate doctor");
    }
    let text = "the repository cannot be read";
    new("repository", State::Broken, text).detail(words)
}

fn new(check: &'static str, state: State, text: impl Into<String>) -> Line {
    Line::new(Group::Hook, check, state, text)
}

fn directory(hook: &Hook) -> Line {
    let whose = if hook.husky { ", which is husky's" } else { "" };
    let text = format!("git looks for hooks in {}{whose}", hook.directory);
    match &hook.setting {
        None => new("directory", State::Ok, text),
        Some(setting) => {
            let text = format!("{text}: {}", because(setting));
            if setting.scope == "command" {
                return new(
                    "directory",
                    State::Warning,
                    format!("{text}; other shells and editors do not"),
                )
                .run("unset GIT_CONFIG_COUNT GIT_CONFIG_PARAMETERS");
            }
            new("directory", State::Ok, text)
        }
    }
}

/// `core.hooksPath of .git/config:8, for this repository`
fn because(setting: &Setting) -> String {
    let reach = match setting.scope.as_str() {
        "system" => ", for this whole machine",
        "global" => ", for all your repositories",
        "worktree" => ", for this worktree alone",
        _ => "",
    };
    match &setting.place {
        Some((file, Some(line))) => format!("core.hooksPath of {file}:{line}{reach}"),
        Some((file, None)) => format!("core.hooksPath of {file}{reach}"),
        None => "core.hooksPath of GIT_CONFIG_* in this environment".to_owned(),
    }
}

/// Whether what is in the hook's place brings every push before the gates.
fn gates(hook: &Hook) -> bool {
    let Script::File(file) = &hook.file else {
        return false;
    };
    let calls = match &file.author {
        Author::Us | Author::Earlier | Author::Newer => true,
        Author::Edited { calls } | Author::Somebody { calls } => *calls,
        Author::Tool { mentions, .. } => *mentions,
    };
    calls && file.runs == Runs::Yes && file.interpreter == Interpreter::There
}

/// What comes of a hook that the system cannot execute.
fn cannot(git: Option<Version>) -> String {
    match git {
        Some(version) if version >= CONFIGURED => "git refuses every push".to_owned(),
        Some(version) => format!("git {version} waits for ever at every push"),
        None => "no push gets through".to_owned(),
    }
}

/// What is in the hook's place.
fn here_is(hook: &Hook, git: Option<Version>) -> Line {
    let path = &hook.path;
    let word = shell_word(path);
    let broken = |text: String| new("hook", State::Broken, text);
    match &hook.file {
        Script::Missing if hook.husky => {
            broken(format!("{path} is missing: pushes are not judged")).run("npx husky")
        }
        Script::Missing => install(
            hook,
            broken(format!("{path} is missing: pushes are not judged")),
        ),
        Script::Directory => broken(format!("{path} is a directory: {}", cannot(git)))
            .run(format!("mv {word} {word}.d && pushgate install")),
        Script::DanglingLink => broken(format!(
            "{path} is a link that leads nowhere: pushes are not judged"
        ))
        .run(format!("rm {word} && pushgate install")),
        Script::Empty => broken(format!("{path} is empty: pushes are not judged"))
            .run(format!("rm {word} && pushgate install")),
        Script::File(file) => {
            let is_ours = file.author.is_us();
            // husky hands its file to the shell, whoever may run it.
            let is_run_by_shell = hook.husky && matches!(file.author, Author::Tool { .. });
            match (&file.runs, &file.interpreter) {
                _ if is_run_by_shell => whose(hook, file),
                (Runs::NotExecutable, _) if is_ours => broken(format!(
                    "{path} is not executable: git passes over it, and pushes are not judged"
                ))
                .run(format!("chmod +x {word}")),
                (Runs::NotExecutable, _) => install(
                    hook,
                    broken(format!(
                        "{path} is not executable: git passes over it, and pushes are not judged"
                    )),
                ),
                (Runs::NoExec, _) => broken(format!(
                    "{path} is on a file system that runs no programs: pushes are not judged"
                ))
                .hint("mount it without `noexec`, or move the clone to another one"),
                (Runs::Yes, Interpreter::CarriageReturn) => {
                    let line = broken(format!(
                        "{path} has the line ends of Windows: {}",
                        cannot(git)
                    ));
                    if is_ours {
                        line.run("pushgate install")
                    } else {
                        line.run(unix_lines(&word))
                    }
                }
                (Runs::Yes, Interpreter::Missing(program)) => {
                    let line = broken(format!(
                        "{path} asks for `{program}`, which is not there: {}",
                        cannot(git)
                    ));
                    if is_ours {
                        line.run("pushgate install")
                    } else {
                        line.hint(format!(
                            "install `{program}`, or mend the first line of {path}"
                        ))
                    }
                }
                (Runs::Yes, Interpreter::There) => whose(hook, file),
            }
        }
    }
}

/// A command that gives a file the line ends of everybody else, and leaves its mode alone.
fn unix_lines(word: &str) -> String {
    format!("tr -d '\\r' <{word} >{word}.lf && cat {word}.lf >{word} && rm {word}.lf")
}

fn install(hook: &Hook, line: Line) -> Line {
    match &hook.no_install {
        None => line.run("pushgate install"),
        Some(instead) => instead.iter().cloned().fold(line, Line::hint),
    }
}

/// A hook that git can run.
fn whose(hook: &Hook, file: &File) -> Line {
    let path = &hook.path;
    let line = |state, text: String| new("hook", state, text);
    match &file.author {
        Author::Us => line(State::Ok, format!("{path} is pushgate's, of this version")),
        Author::Earlier => line(
            State::Warning,
            format!("{path} is that of an earlier pushgate: it works, and lacks what is new"),
        )
        .run("pushgate install"),
        Author::Newer => line(
            State::Warning,
            format!("{path} is that of a newer pushgate than this one"),
        )
        .hint("bring this program up to date: ./install.sh in a clone of pushgate"),
        Author::Edited { calls: true } => line(
            State::Warning,
            format!("{path} is pushgate's, and was edited by somebody"),
        )
        .cure(Cure::Run("pushgate install".to_owned()))
        .hint("the edit is kept beside it"),
        Author::Edited { calls: false } => line(
            State::Broken,
            format!("{path} was pushgate's, and an edit took the call away: pushes are not judged"),
        )
        .run("pushgate install"),
        Author::Tool {
            name,
            file,
            mentions: true,
        } => line(
            State::Ok,
            format!("a hook of {name} runs here; {file} mentions pushgate"),
        ),
        Author::Tool {
            name,
            file,
            mentions: false,
        } => install(
            hook,
            line(
                State::Broken,
                format!(
                    "a hook of {name} runs here; {file} does not mention pushgate: pushes are not judged"
                ),
            ),
        ),
        Author::Somebody { calls: true } => line(
            State::Ok,
            format!("{path} is somebody's own, and calls pushgate"),
        ),
        Author::Somebody { calls: false } => install(
            hook,
            line(
                State::Broken,
                format!("{path} is not pushgate's and does not call it: pushes are not judged"),
            ),
        ),
    }
}

/// The hook that was there before, which ours calls.
fn kept(path: &str, script: &Script) -> Option<Line> {
    let word = shell_word(path);
    let broken = |text: String| new("kept", State::Broken, text);
    let before = format!("the hook that was there before, {path},");
    Some(match script {
        Script::Missing => return None,
        Script::DanglingLink => broken(format!("{before} is a link that leads nowhere: it no longer runs"))
            .run(format!("rm {word}")),
        Script::Directory => broken(format!("{before} is a directory: no push that passes the gates goes"))
            .run(format!("mv {word} {word}.d")),
        Script::Empty => new("kept", State::Ok, format!("{before} is empty")),
        Script::File(file) => match (file.runs, &file.interpreter) {
            (Runs::NotExecutable, _) => broken(format!("{before} is not executable: it no longer runs"))
                .run(format!("chmod +x {word}")),
            (Runs::NoExec, _) => broken(format!("{before} is on a file system that runs no programs"))
                .hint("mount it without `noexec`"),
            (Runs::Yes, Interpreter::CarriageReturn) => {
                broken(format!("{before} has the line ends of Windows: no push that passes the gates goes"))
                    .run(unix_lines(&word))
            }
            (Runs::Yes, Interpreter::Missing(program)) => broken(format!(
                "{before} asks for `{program}`, which is not there: no push that passes the gates goes"
            ))
            .hint(format!("install `{program}`, or mend the first line of {path}")),
            (Runs::Yes, Interpreter::There) => new(
                "kept",
                State::Ok,
                format!("after the gates runs what was there before: {path}"),
            ),
        },
    })
}

/// The gate is no file, but an entry of git's configuration.
fn by_configuration(own: &Configured, git: Option<&Git>) -> Line {
    let text = format!(
        "git runs the gate by hook.{}.command: {}",
        own.name, own.command
    );
    match git.and_then(|git| git.bare) {
        Some(bare) if bare < CONFIGURED => new(
            "hook",
            State::Warning,
            format!("{text}; the git of an editor is {bare}, and runs no configured hooks"),
        )
        .run("pushgate install"),
        _ => new("hook", State::Ok, text),
    }
}

fn section(own: &Configured) -> String {
    let scope = match own.scope.as_str() {
        "global" | "system" | "worktree" => format!("--{} ", own.scope),
        _ => String::new(),
    };
    format!(
        "git config {scope}--remove-section {}",
        shell_word(&format!("hook.{}", own.name))
    )
}

fn twice(hook: &Hook, own: &Configured) -> Line {
    let text = format!(
        "every push is judged twice, by {} and by hook.{}.command",
        hook.path, own.name
    );
    new("configured", State::Warning, text).run(section(own))
}

fn too_old(hook: &Hook, own: &Configured, git: Option<Version>) -> Line {
    let this = git.map_or_else(|| "this git".to_owned(), |version| format!("git {version}"));
    let text = format!(
        "hook.{}.command is set, and {this} runs no configured hooks: {CONFIGURED} or newer does",
        own.name
    );
    install(hook, new("configured", State::Broken, text))
}
