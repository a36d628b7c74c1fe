//! husky runs `.husky/pre-push` by `sh -e`, with the arguments and the standard input that git gave.
//!
//! The first command there that reads gets that input. So our lines come first, and the gate then runs
//! the same file again, with the input, for the rest of it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use bstr::ByteSlice;

use super::{
    directory,
    script::{self, Call},
};
use crate::gates::Stop;

/// What stands first in the script.
pub(crate) const LINES: &str = include_str!("../../hooks/husky");
/// How they begin and end, in every version.
const BEGIN: &str =
    "# pushgate judges the push, and then runs the rest of this file: leave these lines first.";
const END: &str = "# End of the lines of pushgate.";

const ASTRAY: &str = "has the lines of pushgate after a command, twice, or with the line ends of \
     Windows: pushes are refused, or not judged";

/// The team's script, beside husky's own directory.
pub(crate) fn script(directory: &Path) -> PathBuf {
    directory.parent().unwrap_or(directory).join("pre-push")
}

/// How the script calls the gate.
pub(crate) fn call(text: &[u8]) -> Call {
    let Some(found) = find(text) else {
        return script::own_words(text, true);
    };
    let is_command = |line: &[u8]| !script::code(line.trim_ascii()).is_empty();
    if found.lines.contains(&b'\r')
        || found.before.lines().any(is_command)
        || find(found.after).is_some()
    {
        Call::Broken(ASTRAY)
    } else if found.lines == LINES.as_bytes() {
        Call::AsWritten
    } else {
        Call::Changed
    }
}

/// The script with our lines first, whatever of them it has.
pub(crate) fn installed(old: Option<Vec<u8>>) -> Vec<u8> {
    let others = old.and_then(|text| {
        let is_of_windows = find(&text).is_some_and(|it| it.lines.contains(&b'\r'));
        let unix = is_of_windows.then(|| text.replace("\r\n", "\n"));
        without_lines(&unix.unwrap_or(text))
    });
    others.map_or(LINES.into(), |text| with_lines(&text))
}

/// Our lines, and the text around them.
struct Parts<'t> {
    before: &'t [u8],
    lines: &'t [u8],
    after: &'t [u8],
}

fn find(text: &[u8]) -> Option<Parts<'_>> {
    let start = text.find(BEGIN)?;
    let last = start + text[start..].find(END)?;
    let end = text[last..]
        .find_byte(b'\n')
        .map_or(text.len(), |at| last + at + 1);
    Some(Parts {
        before: &text[..start],
        lines: &text[start..end],
        after: &text[end..],
    })
}

/// Our lines, an empty line, and what was there; a first line that names the shell stays the first.
fn with_lines(text: &[u8]) -> Vec<u8> {
    let first = match text.find_byte(b'\n') {
        Some(end) if text.starts_with(b"#!") => end + 1,
        _ => 0,
    };
    [&text[..first], LINES.as_bytes(), b"\n", &text[first..]].concat()
}

/// What was there before our lines, which a merge may have left there twice; `None`: we made all of it.
pub(crate) fn without_lines(text: &[u8]) -> Option<Vec<u8>> {
    let Some(Parts { before, after, .. }) = find(text) else {
        return Some(text.to_vec());
    };
    if before.is_empty() && after.is_empty() {
        return None;
    }
    let empty_line = [b"\n".as_slice(), b"\r\n"];
    let after = empty_line
        .iter()
        .find_map(|line| after.strip_prefix(*line))
        .unwrap_or(after);
    let others = [before, after].concat();
    Some(without_lines(&others).unwrap_or_default())
}

/// Writes the script with the mode that it has.
pub(crate) fn write(path: &Path, text: &[u8]) -> Result<(), Stop> {
    let mode = path.metadata();
    let mode = mode.map_or(0o755, |metadata| metadata.permissions().mode());
    directory::write(path, text, mode)
}

/// Where the script is a link, what it leads to: it is not written through, for other repositories may
/// share it.
pub(crate) fn link(path: &Path) -> Option<PathBuf> {
    let target = fs::read_link(path).ok()?;
    Some(path.canonicalize().unwrap_or(target))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Our lines of another version.
    fn other_lines() -> String {
        format!("{BEGIN}\nexec pushgate pre-push --other\n{END}\n")
    }

    #[test]
    fn the_lines_begin_and_end_as_those_of_every_version_do() {
        assert!(LINES.starts_with(BEGIN) && LINES.ends_with(&format!("{END}\n")));
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
            assert_eq!(call(&with), Call::AsWritten, "{text:?}");
            assert_eq!(without_lines(&with).unwrap(), text.as_bytes());
            let twice = with_lines(&with);
            assert!(matches!(call(&twice), Call::Broken(_)));
            assert_eq!(without_lines(&twice).unwrap(), text.as_bytes());
            let other = with.replace(LINES, other_lines());
            assert_eq!(call(&other), Call::Changed);
            assert_eq!(without_lines(&other).unwrap(), text.as_bytes());
        }
        for lines in [LINES, &other_lines()] {
            assert_eq!(without_lines(lines.as_bytes()), None);
        }
    }

    #[test]
    fn what_runs_before_the_lines_is_told_from_what_does_not() {
        let after = |before: &str| call(format!("{before}{LINES}\nmake\n").as_bytes());
        assert_eq!(after("#!/bin/sh\n\n  # the team's\n"), Call::AsWritten);
        assert!(matches!(after("# the team's\nnpm test\n"), Call::Broken(_)));
        let moved = without_lines(format!("#!/bin/sh\nnpm test\n{LINES}\nmake\n").as_bytes());
        assert_eq!(moved.unwrap(), b"#!/bin/sh\nnpm test\nmake\n");
    }

    #[test]
    fn the_line_that_names_the_shell_stays_first() {
        let with = with_lines(b"#!/bin/sh\nnpm test\n");
        assert!(with.starts_with(b"#!/bin/sh\n# pushgate"));
        assert!(with.ends_with(format!("{END}\n\nnpm test\n").as_bytes()));
    }
}
