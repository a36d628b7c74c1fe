//! What is in the hook's place, and in the place of the one that was there before.

use super::{CONFIGURED, new};
use crate::{
    doctor::{
        Finding, Status,
        facts::{Hook, Version},
        script::{Author, Call, File, Interpreter, Runs, Says, Script},
    },
    text::shell_word,
};

/// What comes of a hook that git does not run.
pub(crate) const UNJUDGED: &str = "pushes are not judged";
/// What may be wrong with a call that somebody wrote, and what mends it.
pub(crate) const UNSURE: &str =
    "where something else may take what git says, or pass over the answer";
pub(crate) const FIRST: &str = "let it begin with: pushgate pre-push -- \"$@\" || exit";

/// What is in the hook's place.
pub(crate) fn here(hook: &Hook, git: Option<Version>) -> Finding {
    let Hook { path, file, .. } = hook;
    let word = shell_word(path);
    // husky hands its file to the shell, whoever may run it.
    let is_run_by_shell = |file: &File| hook.husky && matches!(file.author, Author::Tool { .. });
    let why = match file {
        Script::File(file) if is_run_by_shell(file) => None,
        other => cannot_run(other),
    };
    let Some(why) = why else {
        return match file {
            Script::File(file) => whose(hook, file),
            _ => new("hook", Status::Ok, path),
        };
    };
    let broken = |comes_of_it: &str| {
        new(
            "hook",
            Status::Broken,
            format!("{path} {why}: {comes_of_it}"),
        )
    };
    let file = match file {
        Script::Missing if hook.husky => return broken(UNJUDGED).run("npx husky"),
        Script::Missing => return install(hook, broken(UNJUDGED)),
        Script::DanglingLink | Script::Empty => {
            return broken(UNJUDGED).run(format!("rm {word} && pushgate install"));
        }
        Script::Directory => {
            return broken(&cannot(git)).run(format!("mv {word} {word}.d && pushgate install"));
        }
        Script::File(file) => file,
    };
    let is_ours = file.author.is_us();
    match (file.runs, &file.interpreter) {
        (Runs::NotExecutable, _) => {
            let line = broken(&format!("git passes over it, and {UNJUDGED}"));
            if is_ours {
                line.run(format!("chmod +x {word}"))
            } else {
                install(hook, line)
            }
        }
        (Runs::NoExec, _) => {
            broken(UNJUDGED).hint("mount it without `noexec`, or move the clone to another one")
        }
        _ if is_ours => broken(&cannot(git)).run("pushgate install"),
        (Runs::Yes, Interpreter::Missing(program)) => {
            broken(&cannot(git)).hint(other(program, path))
        }
        (Runs::Yes, _) => broken(&cannot(git)).run(unix_lines(&word)),
    }
}

/// A hook that git can run.
pub(crate) fn whose(hook: &Hook, file: &File) -> Finding {
    let path = &hook.path;
    let line = |state, text: String| new("hook", state, text);
    match &file.author {
        Author::Us => line(Status::Ok, format!("{path} is pushgate's, of this version")),
        Author::Earlier => line(
            Status::Warning,
            format!("{path} is that of an earlier pushgate: it works, and lacks what is new"),
        )
        .run("pushgate install"),
        Author::Newer => line(
            Status::Warning,
            format!("{path} is that of a newer pushgate than this one"),
        )
        .hint("bring this program up to date: ./install.sh in a clone of pushgate"),
        Author::Edited { calls: true } => line(
            Status::Warning,
            format!("{path} is pushgate's, and was edited by somebody"),
        )
        .run("pushgate install")
        .hint("the edit is kept beside it"),
        Author::Edited { calls: false } => line(
            Status::Broken,
            format!("{path} was pushgate's, and an edit took the call away: pushes are not judged"),
        )
        .run("pushgate install"),
        Author::Tool { name, file, says } => tool(hook, name, file, says),
        Author::HalfDeaf { name, file } => line(
            Status::Warning,
            format!(
                "a hook of {name} runs here; by {file} the gate hears of one ref of a push alone"
            ),
        )
        .run("pushgate install"),
        Author::Somebody { calls: Call::Sure } => line(
            Status::Ok,
            format!("{path} is somebody's own, and calls pushgate"),
        ),
        Author::Somebody {
            calls: Call::Unsure,
        } => line(
            Status::Warning,
            format!("{path} is somebody's own, and calls pushgate {UNSURE}"),
        )
        .hint(FIRST),
        Author::Somebody { calls: Call::No } => install(
            hook,
            line(
                Status::Broken,
                format!("{path} is not pushgate's and does not call it: pushes are not judged"),
            ),
        ),
    }
}

/// A hook that runs what a file says.
pub(crate) fn tool(hook: &Hook, name: &str, file: &str, says: &Says) -> Finding {
    let line = |state, text: &str| {
        let text = format!("a hook of {name} runs here; {file} {text}");
        new("hook", state, text)
    };
    match says {
        Says::Calls => line(Status::Ok, "calls pushgate"),
        Says::Earlier => {
            let text = "calls it by lines of an earlier pushgate: they work, and lack what is new";
            let write = if name == "lefthook" { " --write" } else { "" };
            line(Status::Warning, text).run(format!("pushgate install{write}"))
        }
        Says::Unsure => {
            let text = format!("calls pushgate {UNSURE}");
            line(Status::Warning, &text).hint(FIRST)
        }
        Says::Twice => {
            let text = "has the lines of pushgate twice: every push is refused";
            line(Status::Broken, text).run("pushgate install")
        }
        Says::Windows => {
            let text = "has the line ends of Windows, which no shell reads: every push is refused";
            line(Status::Broken, text).run("pushgate install")
        }
        Says::Late => {
            let text = "calls pushgate after something that may take what git says: pushes may not be judged";
            line(Status::Broken, text).run("pushgate install")
        }
        Says::LeftOut(why) => {
            let text = format!("calls pushgate, but {why}: pushes may not be judged");
            let line = line(Status::Broken, &text);
            if name == "lefthook" {
                line.hint("mend that: lefthook dump shows all that lefthook reads")
            } else {
                line.run("pushgate install")
            }
        }
        Says::OwnWords(whose) => {
            let text = format!(
                "calls pushgate, but {whose} does so by words of its own: nobody can tell whether pushes are judged"
            );
            line(Status::Warning, &text)
                .hint("pushgate install prints the lines that are known to hold")
        }
        Says::Unasked(words) => {
            let text = format!(
                "may call pushgate; only {name} can tell, and does not: pushes may not be judged"
            );
            let line = line(Status::Broken, &text).details(words);
            line.hint(format!("see that `{name} dump` works here"))
        }
        Says::Nothing => {
            let text = "does not call pushgate: pushes are not judged";
            install(hook, line(Status::Broken, text))
        }
    }
}

/// The hook that was there before, which ours calls.
pub(crate) fn kept(path: &str, script: &Script) -> Option<Finding> {
    let word = shell_word(path);
    let Some(why) = cannot_run(script) else {
        let text = format!("after the gates runs what was there before: {path}");
        return Some(new("kept", Status::Ok, text));
    };
    let before = format!("the hook that was there before, {path}, {why}");
    let silent = || {
        new(
            "kept",
            Status::Broken,
            format!("{before}: it no longer runs"),
        )
    };
    let stops = || {
        let text = format!("{before}: no push that passes the gates goes");
        new("kept", Status::Broken, text)
    };
    let file = match script {
        Script::Missing => return None,
        // It has nothing to say.
        Script::Empty => return Some(new("kept", Status::Ok, before)),
        Script::DanglingLink => return Some(silent().run(format!("rm {word}"))),
        Script::Directory => return Some(stops().run(format!("mv {word} {word}.d"))),
        Script::File(file) => file,
    };
    Some(match (file.runs, &file.interpreter) {
        (Runs::NotExecutable, _) => silent().run(format!("chmod +x {word}")),
        (Runs::NoExec, _) => silent().hint("mount it without `noexec`"),
        (Runs::Yes, Interpreter::Missing(program)) => stops().hint(other(program, path)),
        (Runs::Yes, _) => stops().run(unix_lines(&word)),
    })
}

/// The words for a first line that names what is not there.
pub(crate) fn other(program: &str, path: &str) -> String {
    format!("install `{program}`, or mend the first line of {path}")
}

/// What comes of a hook that the system cannot execute.
pub(crate) fn cannot(git: Option<Version>) -> String {
    match git {
        Some(version) if version >= CONFIGURED => "git refuses every push".to_owned(),
        Some(version) => format!("git {version} waits for ever at every push"),
        None => "no push gets through".to_owned(),
    }
}

/// Why the system cannot run it, after "which"; `None`: it can.
pub(crate) fn cannot_run(script: &Script) -> Option<String> {
    let file = match script {
        Script::Missing => return Some("is missing".to_owned()),
        Script::Directory => return Some("is a directory".to_owned()),
        Script::DanglingLink => return Some("is a link that leads nowhere".to_owned()),
        Script::Empty => return Some("is empty".to_owned()),
        Script::File(file) => file,
    };
    match (file.runs, &file.interpreter) {
        (Runs::NotExecutable, _) => Some("is not executable".to_owned()),
        (Runs::NoExec, _) => Some("is on a file system that runs no programs".to_owned()),
        (Runs::Yes, Interpreter::CarriageReturn) => Some("has the line ends of Windows".to_owned()),
        (Runs::Yes, Interpreter::Missing(program)) => {
            Some(format!("asks for `{program}`, which is not there"))
        }
        (Runs::Yes, Interpreter::There) => None,
    }
}

/// A command that gives a file the line ends of everybody else, and leaves its mode alone.
pub(crate) fn unix_lines(word: &str) -> String {
    format!("tr -d '\\r' <{word} >{word}.lf && cat {word}.lf >{word} && rm {word}.lf")
}

/// The cure of a hook that is not ours.
pub(crate) fn install(hook: &Hook, line: Finding) -> Finding {
    match &hook.no_install {
        // The first ends with 1 where lefthook has no hook here yet.
        None if hook.lefthook => line.run("pushgate install --write || lefthook install"),
        None => line.run("pushgate install"),
        Some(instead) => instead.iter().cloned().fold(line, Finding::hint),
    }
}
