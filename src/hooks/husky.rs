//! husky runs `.husky/pre-push` by `sh -e`, with the arguments and the standard input that git gave.
//!
//! The first command there that reads gets that input. So our lines come first, and the gate then runs
//! the same file again, with the input, for the rest of it.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use bstr::ByteSlice;

use super::{
    EVERY_BRANCH, Error, Note, Outcome,
    directory::{HooksDirectory, failed},
    script::{self, Call},
};
use crate::{file, git::Repository, process::variable, text::shell_word};

/// What stands first in the script.
pub(crate) const LINES: &str = include_str!("../../hooks/husky");
/// The lines that they begin and end with, in every version.
const BEGIN: &str =
    "# pushgate judges the push, and then runs the rest of this file: leave these lines first.\n";
const END: &str = "# End of the lines of pushgate.\n";

/// What the script says of the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Missing,
    /// Nothing in it calls the gate.
    NoCall,
    /// It has our lines, first and as this version writes them.
    AsWritten,
    /// It has our lines, edited or of another version.
    Differs,
    /// A command before our lines may read what git said.
    Late,
    /// The second call would be made for ever.
    Twice,
    /// No shell reads lines that end as those of Windows.
    WindowsLineEnds,
    OwnCall,
    /// Another command may read what git said before, or the answer may be ignored.
    UnclearCall,
}

impl State {
    /// Whether every push is judged.
    pub(crate) fn is_gate(self) -> bool {
        matches!(
            self,
            Self::AsWritten | Self::Differs | Self::OwnCall | Self::UnclearCall
        )
    }
}

/// The team's script, beside husky's own directory.
pub(crate) fn script(directory: &Path) -> PathBuf {
    directory.parent().unwrap_or(directory).join("pre-push")
}

pub(crate) fn state(script: &Path) -> State {
    fs::read(script).map_or(State::Missing, |text| state_of(&text))
}

fn state_of(text: &[u8]) -> State {
    let Some(found) = find(text) else {
        return match script::call(text, true) {
            _ if find(&text.replace("\r\n", "\n")).is_some() => State::WindowsLineEnds,
            Call::No => State::NoCall,
            Call::First => State::OwnCall,
            Call::Unclear => State::UnclearCall,
        };
    };
    let is_command = |line: &[u8]| !script::code(line.trim_ascii()).is_empty();
    if found.before.lines().any(is_command) {
        State::Late
    } else if find(found.after).is_some() {
        State::Twice
    } else if found.lines == LINES.as_bytes() {
        State::AsWritten
    } else {
        State::Differs
    }
}

/// A setting by which husky runs nothing, in this environment or in the file that it reads first.
pub(crate) fn switched_off() -> Option<(&'static str, Option<PathBuf>)> {
    const OFF: &str = "HUSKY=0";
    let config = variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let config = config.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".config")));
    let sets = |line: &[u8]| {
        let mut words = script::code(line).split(|b| b" \t;".contains(b));
        words.any(|word| word == OFF.as_bytes())
    };
    let init = config.map(|config| config.join("husky/init.sh"));
    let file = init.filter(|path| fs::read(path).is_ok_and(|text| text.lines().any(sets)));
    let here = variable("HUSKY").is_some_and(|value| value == "0");
    (file.is_some() || here).then_some((OFF, file))
}

/// Puts our lines first into the script.
pub(crate) fn install(hooks: &HooksDirectory, repository: &Repository) -> Result<Outcome, Error> {
    let path = script(&hooks.path);
    let (text, state) = match fs::read(&path) {
        Ok(text) => {
            let state = state_of(&text);
            (text, state)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => (Vec::new(), State::Missing),
        Err(error) => return Err(failed("read", &path)(error)),
    };
    let done = match state {
        State::AsWritten => "calls pushgate already",
        State::OwnCall | State::UnclearCall => {
            "calls pushgate already, by words of its own: leave them first"
        }
        State::Missing => "written: it begins with pushgate now",
        State::NoCall => "begins with pushgate now",
        State::Late | State::Twice => "begins with pushgate again",
        State::Differs => "has the lines of this pushgate now",
        State::WindowsLineEnds => "has the line ends that a shell reads again",
    };
    let mut notes = vec![Note::Line(format!("{} {done}", path.display()))];
    if !matches!(
        state,
        State::AsWritten | State::OwnCall | State::UnclearCall
    ) {
        let text = match state {
            State::WindowsLineEnds => text.replace("\r\n", "\n"),
            _ => text,
        };
        let is_new = state == State::Missing || is_ours_alone(&text);
        let renewed = if is_new {
            LINES.into()
        } else {
            with_lines(&without_lines(&text))
        };
        write(&path, &renewed)?;
        notes.push(committed(&path, repository));
        notes.push(Note::Hint(EVERY_BRANCH.to_owned()));
        if state == State::WindowsLineEnds {
            let line = "a line in .gitattributes keeps them: .husky/pre-push text eol=lf";
            notes.push(Note::Hint(line.to_owned()));
        }
    }
    if which::which("pushgate").is_err() {
        let text =
            "pushgate is not on your PATH, where this looks for it: a push is refused until it is";
        notes.push(Note::Warning(text.to_owned()));
    }
    let runner = hooks.path.join("h");
    let complete = runner.exists();
    if !complete {
        notes.push(Note::Warning(format!(
            "husky is not set up in this clone ({} is missing), and calls nothing",
            from_top(&runner, repository).display()
        )));
        notes.push(Note::Hint("npm install".to_owned()));
    }
    Ok(Outcome { notes, complete })
}

/// Takes our lines out of the script; `None`: it does not call the gate.
pub(crate) fn uninstall(path: &Path, repository: &Repository) -> Result<Option<Outcome>, Error> {
    let name = path.display();
    let left = |why: &str| {
        Ok(Some(Outcome {
            notes: vec![Note::Line(format!("{name}{why}: left as it is"))],
            complete: false,
        }))
    };
    let state = state(path);
    match state {
        State::Missing | State::NoCall => return Ok(None),
        State::OwnCall | State::UnclearCall => return left(" calls pushgate by words of its own"),
        _ => {}
    }
    if let Ok(target) = fs::read_link(path) {
        let target = path.canonicalize().unwrap_or(target);
        return left(&format!(": it is a link to {}", target.display()));
    }
    let text = fs::read(path).map_err(failed("read", path))?;
    let unix = text.replace("\r\n", "\n");
    let (text, rest) = match state {
        State::WindowsLineEnds => (&unix, without_lines(&unix).replace("\n", "\r\n")),
        _ => (&text, without_lines(&text)),
    };
    let what = if is_ours_alone(text) {
        fs::remove_file(path).map_err(failed("remove", path))?;
        format!("removed {name}")
    } else {
        write(path, &rest)?;
        format!("{name} is again what it was before")
    };
    Ok(Some(Outcome {
        notes: vec![Note::Line(what), committed(path, repository)],
        complete: true,
    }))
}

/// Our lines, and the text around them.
struct Parts<'t> {
    before: &'t [u8],
    lines: &'t [u8],
    after: &'t [u8],
}

fn find(text: &[u8]) -> Option<Parts<'_>> {
    let start = text.find(BEGIN)?;
    let end = start + text[start..].find(END)? + END.len();
    Some(Parts {
        before: &text[..start],
        lines: &text[start..end],
        after: &text[end..],
    })
}

/// Whether we made all of it.
fn is_ours_alone(text: &[u8]) -> bool {
    find(text).is_some_and(|found| found.before.is_empty() && found.after.is_empty())
}

/// Our lines, an empty line, and what was there; a first line that names the shell stays the first.
fn with_lines(text: &[u8]) -> Vec<u8> {
    let first = match text.find_byte(b'\n') {
        Some(end) if text.starts_with(b"#!") => end + 1,
        _ => 0,
    };
    [&text[..first], LINES.as_bytes(), b"\n", &text[first..]].concat()
}

/// What was there before our lines. A merge may have left them there twice.
fn without_lines(text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    while let Some(Parts { before, after, .. }) = find(&text) {
        let after = after.strip_prefix(b"\n").unwrap_or(after);
        text = [before, after].concat();
    }
    text
}

/// Writes the script, whole or not at all, with the mode that it has. A link is not written through.
fn write(path: &Path, text: &[u8]) -> Result<(), Error> {
    if let Ok(target) = fs::read_link(path) {
        return Err(Error::Link {
            path: path.to_owned(),
            target: path.canonicalize().unwrap_or(target),
        });
    }
    let mode = path.metadata();
    let mode = mode.map_or(0o755, |metadata| metadata.permissions().mode());
    let directory = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory)
        .and_then(|()| file::replace(path, ".pushgate-", text, mode))
        .map_err(failed("write", path))
}

/// A change of the team's file counts for the others once it is committed.
fn committed(path: &Path, repository: &Repository) -> Note {
    let path = from_top(path, repository);
    let word = shell_word(&path.to_string_lossy());
    Note::Line(format!("it is the team's: git add {word} and commit it"))
}

/// The path from the top of the work tree.
fn from_top<'p>(path: &'p Path, repository: &Repository) -> &'p Path {
    let inside = repository.work_tree().map(|top| path.strip_prefix(top));
    inside.and_then(Result::ok).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Our lines of another version.
    fn other_lines() -> String {
        format!("{BEGIN}exec pushgate pre-push --other\n{END}")
    }

    #[test]
    fn the_lines_begin_and_end_as_those_of_every_version_do() {
        assert!(LINES.starts_with(BEGIN) && LINES.ends_with(END));
        assert_eq!(LINES.matches(BEGIN).count() + LINES.matches(END).count(), 2);
    }

    #[test]
    fn what_was_there_comes_back_byte_for_byte() {
        for text in [
            "",
            "npm test\n",
            "npm test",
            "\n\n",
            "#!/bin/sh\nnpm test\n",
            "#!/bin/sh",
            "#!/usr/bin/env sh\r\nnpm test\r\n",
            "# not a shell\n#!/bin/sh\n",
        ] {
            let with = with_lines(text.as_bytes());
            assert_eq!(state_of(&with), State::AsWritten, "{text:?}");
            assert!(!is_ours_alone(&with));
            assert_eq!(without_lines(&with), text.as_bytes());
            let twice = with_lines(&with);
            assert_eq!(state_of(&twice), State::Twice);
            assert_eq!(without_lines(&twice), text.as_bytes());
            let other = with.replace(LINES, other_lines());
            assert_eq!(state_of(&other), State::Differs);
            assert_eq!(without_lines(&other), text.as_bytes());
        }
        for lines in [LINES, &other_lines()] {
            assert!(is_ours_alone(lines.as_bytes()));
        }
    }

    #[test]
    fn what_runs_before_the_lines_is_told_from_what_does_not() {
        let after = |before: &str| state_of(format!("{before}{LINES}\nmake\n").as_bytes());
        assert_eq!(after("#!/bin/sh\n\n  # the team's\n"), State::AsWritten);
        assert_eq!(after("# the team's\nnpm test\n"), State::Late);
        let moved = without_lines(format!("#!/bin/sh\nnpm test\n{LINES}\nmake\n").as_bytes());
        assert_eq!(moved, b"#!/bin/sh\nnpm test\nmake\n");
    }

    #[test]
    fn the_line_that_names_the_shell_stays_first() {
        let with = with_lines(b"#!/bin/sh\nnpm test\n");
        assert!(with.starts_with(b"#!/bin/sh\n# pushgate"));
        assert!(with.ends_with(format!("{END}\nnpm test\n").as_bytes()));
    }
}
