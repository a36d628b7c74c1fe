//! husky runs `.husky/pre-push` by `sh -e`, with the arguments and the standard input that git gave.
//!
//! Whatever runs first there takes that input. So the gate comes first, and then runs the same file
//! again, with the input, for the rest of it.

use std::{fs, path::PathBuf};

use bstr::ByteSlice;

use super::{from_top, read, remove, say_commit, warn_of_path, write};
use crate::{
    commands::{Done, hooks::Hooks},
    doctor::script,
    report,
    verdict::Trouble,
    world::Real,
};

/// What stands first in the script.
const LINES: &[u8] =
    br#"# pushgate judges the push, and then runs the rest of this file: leave these lines first.
if [ $# = 3 ] && [ "$1" = --judged ]; then
  shift
elif command -v pushgate >/dev/null 2>&1; then
  exec pushgate pre-push --rest="$0" -- "$@"
else
  case ${PUSHGATE-} in
    [oO][fF][fF] | 0 | [fF][aA][lL][sS][eE] | [nN][oO])
      echo "pushgate: nothing is checked: PUSHGATE is off, and the program is not on your PATH" >&2 ;;
    *)
      echo "pushgate: push refused: the program is not on your PATH" >&2
      echo "  hint: PUSHGATE=off before the same git push lets it go unchecked" >&2
      exit 1 ;;
  esac
fi
"#;

/// The team's script beside husky's own directory.
pub(in crate::commands) fn path(hooks: &Hooks) -> PathBuf {
    let beside = hooks.directory.parent().unwrap_or(&hooks.directory);
    beside.join("pre-push")
}

/// Whether it calls the gate.
pub(in crate::commands) fn calls(hooks: &Hooks) -> bool {
    fs::read(path(hooks)).is_ok_and(|text| script::calls(&text))
}

pub(in crate::commands) fn install(hooks: &Hooks, world: &Real) -> Done {
    let path = path(hooks);
    let before = read(&path)?;
    let text = before.as_deref().unwrap_or_default();
    if text.contains_str(LINES) {
        report::say(&format!("{} calls pushgate already", path.display()));
    } else if script::calls(text) {
        report::say(&format!(
            "{} calls pushgate already, by words of its own: leave them first",
            path.display()
        ));
    } else {
        let with = match &before {
            Some(text) => with_lines(text),
            None => LINES.to_owned(),
        };
        write(&path, &with, 0o755)?;
        let what = if before.is_some() {
            "begins"
        } else {
            "written: it begins"
        };
        report::say(&format!("{} {what} with pushgate now", path.display()));
        say_commit(&path, world);
    }
    warn_of_path();
    if !hooks.directory.join("h").exists() {
        report::warn(&format!(
            "husky is not set up in this clone ({} is missing), and calls nothing: npm install",
            from_top(&hooks.directory.join("h"), world).display()
        ));
        return Ok(1);
    }
    Ok(0)
}

pub(in crate::commands) fn uninstall(hooks: &Hooks, world: &Real) -> Result<u8, Trouble> {
    let path = path(hooks);
    let Some(text) = read(&path)? else {
        report::say(&format!("there is no {}: nothing to undo", path.display()));
        return Ok(0);
    };
    if text == LINES {
        remove(&path)?;
        say_commit(&path, world);
    } else if let Some(without) = without_lines(&text) {
        write(&path, &without, 0o755)?;
        report::say(&format!("{} is again what it was before", path.display()));
        say_commit(&path, world);
    } else if script::calls(&text) {
        report::say(&format!(
            "{} calls pushgate by words of its own: left as it is",
            path.display()
        ));
        return Ok(1);
    } else {
        report::say(&format!(
            "{} does not call pushgate: nothing to undo",
            path.display()
        ));
    }
    Ok(0)
}

/// Ours, an empty line, and what was there; a first line that names the shell stays the first.
fn with_lines(text: &[u8]) -> Vec<u8> {
    let first = match text.find_byte(b'\n') {
        Some(end) if text.starts_with(b"#!") => end + 1,
        _ => 0,
    };
    [&text[..first], LINES, b"\n", &text[first..]].concat()
}

fn without_lines(text: &[u8]) -> Option<Vec<u8>> {
    let ours = [LINES, b"\n"].concat();
    let (before, after) = text.split_once_str(&ours)?;
    Some([before, after].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_ne!(with, LINES, "{text:?}");
            assert_eq!(without_lines(&with).unwrap(), text.as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn the_line_that_names_the_shell_stays_first() {
        let with = with_lines(b"#!/bin/sh\nnpm test\n");
        assert!(with.starts_with(b"#!/bin/sh\n# pushgate"));
        assert!(with.ends_with(b"fi\n\nnpm test\n"));
    }
}
