//! husky runs `.husky/pre-push` by `sh -e`, with the arguments and the standard input that git gave.
//!
//! Whatever runs first there takes that input. So the gate comes first, and then runs the same file
//! again, with the input, for the rest of it.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use bstr::ByteSlice;

use super::{EVERY_BRANCH, from_top, is_no_link, read, remove, say_commit, warn_of_path, write};
use crate::{
    commands::Done,
    doctor::script::{self, Call, Says},
    gates::verdict::Trouble,
    git::Real,
    hooks::files::Hooks,
    report,
};

/// What stands first in the script.
pub(crate) const LINES: &[u8] = include_bytes!("../../../hooks/husky");
/// What earlier versions wrote.
pub(crate) const EARLIER: [&[u8]; 2] = [
    include_bytes!("../../../hooks/earlier/husky-1"),
    include_bytes!("../../../hooks/earlier/husky-2"),
];

/// The team's script, beside husky's own directory.
pub(crate) fn script(directory: &Path) -> PathBuf {
    directory.parent().unwrap_or(directory).join("pre-push")
}

/// The setting by which husky passes over it, in this environment or in the file that it reads first.
pub(crate) fn off() -> Option<(&'static str, Option<PathBuf>)> {
    const OFF: &str = "HUSKY=0";
    let init = env::var_os("XDG_CONFIG_HOME")
        .filter(|home| !home.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".config")))
        .map(|home| home.join("husky/init.sh"));
    let sets = |line: &[u8]| {
        let words = script::code(line).split(|b| b" \t;".contains(b));
        words.into_iter().any(|word| word == OFF.as_bytes())
    };
    let file = init.filter(|path| fs::read(path).is_ok_and(|text| text.lines().any(sets)));
    let here = env::var_os("HUSKY").is_some_and(|value| value == "0");
    match file {
        Some(file) => Some((OFF, Some(file))),
        None => here.then_some((OFF, None)),
    }
}

/// What it says of the gate.
pub(crate) fn says(path: &Path) -> Says {
    let text = fs::read(path).unwrap_or_default();
    if unix(&text).is_some() {
        return Says::Windows;
    }
    let Some((lines, before)) = ours(&text) else {
        return match script::call(&text, true) {
            Call::No => Says::Nothing,
            Call::Unsure => Says::Unsure,
            Call::Sure => Says::Calls,
        };
    };
    match lines == LINES {
        _ if !runs_nothing(before) => Says::Late,
        _ if !is_once(&text) => Says::Twice,
        true => Says::Calls,
        false => Says::Earlier,
    }
}

pub(crate) fn install(hooks: &Hooks, world: &Real) -> Done {
    let path = script(&hooks.directory);
    let before = read(&path)?;
    let name = path.display();
    let unix = before.as_deref().and_then(unix);
    let with = match before.as_deref() {
        Some(_) if let Some(text) = &unix => {
            Some((renewed(text), "has the line ends that a shell reads again"))
        }
        None => Some((LINES.to_owned(), "written: it begins with pushgate now")),
        Some(text) => match ours(text) {
            Some((LINES, before)) if runs_nothing(before) && is_once(text) => None,
            Some((LINES, _)) => Some((renewed(text), "begins with pushgate again")),
            Some(_) => Some((renewed(text), "has the lines of this pushgate now")),
            None if script::calls(text) => None,
            None => Some((with_lines(text), "begins with pushgate now")),
        },
    };
    if let Some((with, what)) = with {
        if let Err(why) = is_no_link(&path) {
            report::data(&LINES.to_str_lossy())
                .map_err(|error| Trouble::io("print the lines", &error))?;
            let why = format!("{why}: the lines above go first there");
            return Err(Trouble::NotEdited { path, why }.into());
        }
        write(&path, &with, 0o755)?;
        report::say(&format!("{name} {what}"));
        say_commit(&path, world);
        report::hint(EVERY_BRANCH);
        if unix.is_some() {
            report::hint("a line in .gitattributes keeps them: .husky/pre-push text eol=lf");
        }
    } else if before.as_deref().and_then(ours).is_some() {
        report::say(&format!("{name} calls pushgate already"));
    } else {
        report::say(&format!(
            "{name} calls pushgate already, by words of its own: leave them first"
        ));
    }
    warn_of_path();
    if !hooks.directory.join("h").exists() {
        report::warn(&format!(
            "husky is not set up in this clone ({} is missing), and calls nothing",
            from_top(&hooks.directory.join("h"), world).display()
        ));
        report::hint("npm install");
        return Ok(1);
    }
    Ok(0)
}

pub(crate) fn uninstall(hooks: &Hooks, world: &Real) -> Done {
    let path = script(&hooks.directory);
    let name = path.display();
    let Some(text) = read(&path)? else {
        report::say(&format!("there is no {name}: nothing to undo"));
        return Ok(0);
    };
    let code = take_out(&path, &text, world)?;
    if code.is_none() {
        report::say(&format!("{name} does not call pushgate: nothing to undo"));
    }
    Ok(code.unwrap_or(0))
}

/// The same in a clone in which husky is not set up.
pub(crate) fn uninstall_unused(world: &Real) -> Done {
    let path = world.work_tree().map(|top| top.join(".husky/pre-push"));
    let Some(path) = path.filter(|path| path.is_file()) else {
        return Ok(0);
    };
    let text = read(&path)?.unwrap_or_default();
    Ok(take_out(&path, &text, world)?.unwrap_or(0))
}

/// Takes the lines out where they are as they were written; `None`: it does not call the gate.
pub(crate) fn take_out(path: &Path, text: &[u8], world: &Real) -> Result<Option<u8>, Trouble> {
    let name = path.display();
    let of_windows = || {
        let text = unix(text)?;
        let without = without_lines(&text)?;
        Some((without.replace("\n", "\r\n"), is_ours_alone(&text)))
    };
    let as_it_is = || Some((without_lines(text)?, is_ours_alone(text)));
    let Some((without, is_all)) = of_windows().or_else(as_it_is) else {
        if script::calls(text) {
            report::say(&format!(
                "{name} calls pushgate by words of its own: left as it is"
            ));
            return Ok(Some(1));
        }
        return Ok(None);
    };
    if let Err(why) = is_no_link(path) {
        report::say(&format!("{name}: {why}: left as it is"));
        return Ok(Some(1));
    }
    if is_all {
        remove(path)?;
    } else {
        write(path, &without, 0o755)?;
        report::say(&format!("{name} is again what it was before"));
    }
    say_commit(path, world);
    Ok(Some(0))
}

/// The lines of ours, of whatever version, and what stands before them.
pub(crate) fn ours(text: &[u8]) -> Option<(&'static [u8], &[u8])> {
    let find = |lines: &&'static [u8]| Some((*lines, &text[..text.find(lines)?]));
    [LINES].iter().chain(&EARLIER).find_map(find)
}

/// The text with the line ends of everybody else, where our lines are in it with those of Windows,
/// which no shell reads.
pub(crate) fn unix(text: &[u8]) -> Option<Vec<u8>> {
    let unix = text.replace("\r\n", "\n");
    (ours(text).is_none() && ours(&unix).is_some()).then_some(unix)
}

/// Comments and empty lines.
pub(crate) fn runs_nothing(text: &[u8]) -> bool {
    let is_code =
        |line: &[u8]| !line.trim_ascii().is_empty() && !line.trim_ascii().starts_with(b"#");
    !text.lines().any(is_code)
}

/// Ours, an empty line, and what was there; a first line that names the shell stays the first.
pub(crate) fn with_lines(text: &[u8]) -> Vec<u8> {
    let first = match text.find_byte(b'\n') {
        Some(end) if text.starts_with(b"#!") => end + 1,
        _ => 0,
    };
    [&text[..first], LINES, b"\n", &text[first..]].concat()
}

/// What was there; `None`: our lines are not in it. A merge may have left them there twice.
pub(crate) fn without_lines(text: &[u8]) -> Option<Vec<u8>> {
    let mut without = without_first(text)?;
    while let Some(less) = without_first(&without) {
        without = less;
    }
    Some(without)
}

pub(crate) fn is_once(text: &[u8]) -> bool {
    without_first(text).is_some_and(|rest| ours(&rest).is_none())
}

pub(crate) fn without_first(text: &[u8]) -> Option<Vec<u8>> {
    let (lines, before) = ours(text)?;
    let after = &text[before.len() + lines.len()..];
    let after = after.strip_prefix(b"\n").unwrap_or(after);
    Some([before, after].concat())
}

/// Whether we made all of it.
pub(crate) fn is_ours_alone(text: &[u8]) -> bool {
    ours(text).is_some_and(|(lines, _)| lines == text)
}

/// With the lines of this version, first.
pub(crate) fn renewed(text: &[u8]) -> Vec<u8> {
    match without_lines(text) {
        Some(without) if !is_ours_alone(text) => with_lines(&without),
        _ => LINES.to_owned(),
    }
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
            let twice = with_lines(&with);
            assert!(is_once(&with) && !is_once(&twice), "{text:?}");
            assert_eq!(renewed(&twice), with);
            assert!(ours(&with).is_some_and(|(_, before)| runs_nothing(before)));
            assert_eq!(without_lines(&with), Some(text.into()), "{text:?}");
            for earlier in EARLIER {
                let old = with.replace(LINES, earlier);
                assert_ne!(old, with);
                assert_eq!(renewed(&old), with, "{text:?}");
                assert_eq!(without_lines(&old), Some(text.into()), "{text:?}");
            }
        }
        for lines in [LINES].iter().chain(&EARLIER) {
            assert!(is_ours_alone(lines));
            assert_eq!(renewed(lines), LINES);
        }
    }

    #[test]
    fn the_line_in_the_ledger_is_the_one_that_our_own_hook_writes() {
        let own = include_str!("../../../hooks/pre-push");
        let own: Vec<_> = own.lines().map(str::trim).collect();
        let lines = LINES.to_str().unwrap();
        let (_, block) = lines.split_once("      (\n").unwrap();
        let (block, _) = block.split_once("      )").unwrap();
        assert!(block.contains("ledger.jsonl"), "{block}");
        for line in block.lines() {
            assert!(own.contains(&line.trim()), "{line}");
        }
    }

    #[test]
    fn what_runs_before_the_lines_is_told_from_what_does_not() {
        assert!(runs_nothing(b"#!/bin/sh\n\n  # the team's\n"));
        assert!(!runs_nothing(b"# the team's\nnpm test\n"));
        let moved = renewed(&[b"#!/bin/sh\nnpm test\n", LINES, b"\nmake\n"].concat());
        assert_eq!(moved, with_lines(b"#!/bin/sh\nnpm test\nmake\n"));
    }

    #[test]
    fn the_line_that_names_the_shell_stays_first() {
        let with = with_lines(b"#!/bin/sh\nnpm test\n");
        assert!(with.starts_with(b"#!/bin/sh\n# pushgate"));
        assert!(with.ends_with(b"fi\n\nnpm test\n"));
    }
}
