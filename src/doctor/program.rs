//! This program, git, and who answers when the hook calls.

use super::{
    Group, Line, State,
    facts::{Answer, Called, Caller, Facts, Git, Program, Version},
};
use crate::text::shell_word;

/// The oldest git that is known to work (README).
pub(crate) const OLDEST: Version = Version(2, 31);

pub(crate) fn judge(facts: &Facts) -> Vec<Line> {
    let program = &facts.program;
    let mut lines = vec![itself(program)];
    lines.extend(
        program
            .called
            .as_ref()
            .map(|called| called_by(called, program)),
    );
    lines.push(match &facts.git {
        Ok(git) => version(git),
        Err(_) => new("git", State::Broken, "git is not on PATH")
            .hint("install git 2.31 or newer: https://git-scm.com/downloads"),
    });
    lines
}

pub(crate) fn new(check: &'static str, state: State, text: impl Into<String>) -> Line {
    Line::new(Group::Program, check, state, text)
}

pub(crate) fn itself(program: &Program) -> Line {
    let Program {
        version,
        path,
        directory,
        ..
    } = program;
    let this = format!("pushgate {version} in {path}");
    let line = |state, text| new("program", state, text);
    match &program.on_path {
        Some(Answer {
            version: Ok(other), ..
        }) if other == version => line(State::Ok, format!("pushgate {version}")),
        Some(Answer {
            path: other,
            version,
        }) => {
            let version = match version {
                Ok(version) => format!("version {version}"),
                Err(why) => format!("which does not run ({why})"),
            };
            let text = format!("`pushgate` on PATH is {other}, {version}; this is {this}");
            line(State::Warning, text).hint("take one of them away, then pushgate install")
        }
        None => line(
            State::Warning,
            format!("{this} is not on PATH, where its hints expect it"),
        )
        .run(format!("export PATH=\"$PATH\":{}", shell_word(directory))),
    }
}

/// What comes of a call by the hook.
pub(crate) fn called_by(called: &Called, program: &Program) -> Line {
    let line = |state, text: String| new("reach", state, text);
    let install = |line: Line| match called.caller {
        Caller::Ours => line.run("pushgate install"),
        Caller::Husky | Caller::Other => line.run(link(program)),
    };
    match (&called.bare, &called.here) {
        (Some(answer), _) => match &answer.version {
            Ok(version) if *version == program.version => line(
                State::Ok,
                "the hook finds it, under the short PATH of an editor, too".to_owned(),
            ),
            Ok(version) => install(line(
                State::Warning,
                format!(
                    "the hook calls {}, version {version}; this is {}",
                    answer.path, program.version
                ),
            )),
            Err(why) => install(line(
                State::Broken,
                format!("the hook calls {}, which does not run ({why})", answer.path),
            )),
        },
        (None, Some(_)) => {
            let short = &called.bare_path;
            let text =
                format!("the hook finds it by PATH alone: an editor (PATH={short}) cannot push");
            let line = line(State::Warning, text);
            match called.caller {
                Caller::Ours => line.run("pushgate install"),
                // husky's own file for this: https://typicode.github.io/husky/how-to.html
                Caller::Husky => line.run(format!(
                    "mkdir -p ~/.config/husky && echo 'export PATH=\"$PATH\":'{} >>~/.config/husky/init.sh",
                    shell_word(&shell_word(&program.directory))
                )),
                Caller::Other => line.run(link(program)),
            }
        }
        (None, None) => install(line(
            State::Broken,
            "the hook finds no pushgate: every push is refused".to_owned(),
        )),
    }
}

pub(crate) fn link(program: &Program) -> String {
    format!(
        "sudo ln -s {} /usr/local/bin/pushgate",
        shell_word(&program.path)
    )
}

pub(crate) fn version(git: &Git) -> Line {
    let number = git.said.strip_prefix("git version ").unwrap_or(&git.said);
    match git.version {
        Some(version) if version < OLDEST => new(
            "git",
            State::Broken,
            format!("git {number} is too old: {OLDEST} or newer is needed"),
        )
        .hint("install a newer git: https://git-scm.com/downloads"),
        Some(_) => new("git", State::Ok, format!("git {number}")),
        None => new(
            "git",
            State::Warning,
            format!("nobody knows the version of a git that says `{}`", git.said),
        ),
    }
}
