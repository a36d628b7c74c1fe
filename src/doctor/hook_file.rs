//! Why the system cannot run a hook.

use crate::file;
use std::{os::unix::fs::PermissionsExt, path::Path};

use bstr::ByteSlice;
use nix::unistd::{AccessFlags, access};

use super::{context::from_here, finding::Advice};
use crate::text::{printable, shell_word};

/// Why a hook cannot be run.
pub(crate) struct Fault {
    /// They follow its path.
    pub(crate) words: String,
    /// Whether no push goes because of it; else the hook is passed over.
    pub(crate) stops_push: bool,
    /// How to repair the file, or to remove what is no file; `None` where installing ours does all.
    pub(crate) cure: Option<Advice>,
    /// Whether ours has to be installed then.
    pub(crate) then_install: bool,
}

/// Looks for a fault of the hook at this path.
pub(crate) fn fault(path: &Path) -> Option<Fault> {
    let word = shell_word(&from_here(path));
    let (words, cure) = match path.metadata() {
        _ if path.symlink_metadata().is_err() => ("is missing", None),
        Err(_) => ("is a link that leads nowhere", Some(format!("rm {word}"))),
        Ok(file) if file.is_dir() => ("is a directory", Some(format!("mv {word} {word}.d"))),
        Ok(file) if file.len() == 0 => ("is empty", Some(format!("rm {word}"))),
        Ok(file) if file.permissions().mode() & 0o111 != 0o111 => ("is not executable", None),
        Ok(_) => return not_run(path),
    };
    Some(Fault {
        words: words.to_owned(),
        stops_push: path.is_dir(),
        cure: cure.map(Advice::Run),
        then_install: true,
    })
}

/// Looks for what keeps the system from running an executable file.
fn not_run(path: &Path) -> Option<Fault> {
    let stops_push = is_runnable(path);
    let (words, cure) = if stops_push {
        wrong_first_line(path)?
    } else {
        let words = "is on a file system that runs no programs".to_owned();
        let mount = "mount it without `noexec`, or move the clone to another one";
        (words, Advice::Hint(mount.to_owned()))
    };
    Some(Fault {
        words,
        stops_push,
        cure: Some(cure),
        then_install: false,
    })
}

/// What is wrong with the `#!` line of a file, and how to repair it; without such a line, the shell runs the file.
fn wrong_first_line(path: &Path) -> Option<(String, Advice)> {
    let text = file::read_followed(path).unwrap_or_default();
    let line = text.strip_prefix(b"#!")?.split(|b| *b == b'\n').next()?;
    let name = from_here(path);
    if line.ends_with(b"\r") {
        let word = shell_word(&name);
        // The mode stays as it is.
        let repair =
            format!("tr -d '\\r' <{word} >{word}.lf && cat {word}.lf >{word} && rm {word}.lf");
        let words = "has the line ends of Windows".to_owned();
        return Some((words, Advice::Run(repair)));
    }
    let program = missing_interpreter(&line.to_str_lossy())?;
    let hint = format!("install `{program}`, or fix the first line of {name}");
    let words = format!("asks for `{program}`, which is not there");
    Some((words, Advice::Hint(hint)))
}

/// Whether the system runs this file.
pub(crate) fn is_runnable(path: &Path) -> bool {
    path.is_file() && access(path, AccessFlags::X_OK).is_ok()
}

/// The program that a `#!` line names, or the one that `env` has to find for it, if it is not there.
fn missing_interpreter(line: &str) -> Option<String> {
    let mut words = line.split_ascii_whitespace();
    let program = words.next()?;
    let missing = if !is_runnable(Path::new(program)) {
        program
    } else if program.ends_with("/env") {
        let name = words.find(|word| !word.starts_with('-') && !word.contains('='))?;
        which::which(name).is_err().then_some(name)?
    } else {
        return None;
    };
    Some(printable(missing.as_bytes().as_bstr()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_names_the_program_that_has_to_be_there() {
        let missing = |line| missing_interpreter(line);
        for there in ["/bin/sh", " /bin/sh -e", "/usr/bin/env sh", ""] {
            assert_eq!(missing(there), None, "{there}");
        }
        for line in ["/gone/sh", "/gone/sh -e"] {
            assert_eq!(missing(line).as_deref(), Some("/gone/sh"), "{line}");
        }
        for line in ["/usr/bin/env gone", "/usr/bin/env -S A=b gone -w"] {
            assert_eq!(missing(line).as_deref(), Some("gone"), "{line}");
        }
    }
}
