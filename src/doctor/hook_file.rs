//! Why the system cannot run a hook.

use std::{env, fs, os::unix::fs::PermissionsExt, path::Path};

use bstr::{BStr, ByteSlice};
use nix::unistd::{AccessFlags, access};

use super::finding::Cure;
use crate::text::{printable, shell_word};

/// Why a hook cannot be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Missing,
    Directory,
    DanglingLink,
    Empty,
    NotExecutable,
    /// The file system is mounted with `noexec`.
    NoExec,
    /// The system looks for a program whose name ends with a carriage return.
    CarriageReturn,
    NoInterpreter(String),
}

/// Looks for a fault of the hook at this path.
pub(crate) fn fault(path: &Path) -> Option<Fault> {
    if path.symlink_metadata().is_err() {
        return Some(Fault::Missing);
    }
    let Ok(metadata) = path.metadata() else {
        return Some(Fault::DanglingLink);
    };
    if metadata.is_dir() {
        return Some(Fault::Directory);
    }
    if metadata.len() == 0 {
        return Some(Fault::Empty);
    }
    if !is_runnable(path) {
        let is_executable = metadata.permissions().mode() & 0o111 == 0o111;
        return Some(if is_executable {
            Fault::NoExec
        } else {
            Fault::NotExecutable
        });
    }
    interpreter_fault(&fs::read(path).unwrap_or_default())
}

/// Whether the system runs this file.
pub(crate) fn is_runnable(path: &Path) -> bool {
    path.is_file() && access(path, AccessFlags::X_OK).is_ok()
}

fn interpreter_fault(text: &[u8]) -> Option<Fault> {
    // Without such a line, the shell runs it.
    let line = text.strip_prefix(b"#!")?.split(|b| *b == b'\n').next()?;
    if line.ends_with(b"\r") {
        return Some(Fault::CarriageReturn);
    }
    let (program, by_env) = interpreter(line)?;
    let missing = |name: &BStr| Some(Fault::NoInterpreter(printable(name)));
    if !is_runnable(&program.to_path_lossy()) {
        return missing(program);
    }
    let name = by_env?;
    let found = which::which_in(name.to_os_str_lossy(), env::var_os("PATH"), "/");
    found.err().and_then(|_| missing(name))
}

/// The program that a `#!` line names, and the one that `env` has to find for it.
fn interpreter(line: &[u8]) -> Option<(&BStr, Option<&BStr>)> {
    let mut words = line.split_str(" ").filter(|word| !word.is_empty());
    let program = words.next()?.as_bstr();
    if !program.ends_with(b"/env") {
        return Some((program, None));
    }
    let is_word = |word: &&[u8]| !word.starts_with(b"-") && !word.contains(&b'=');
    Some((program, words.find(is_word).map(BStr::new)))
}

impl Fault {
    /// Its words, after "which".
    pub(crate) fn words(&self) -> String {
        let words = match self {
            Self::Missing => "is missing",
            Self::Directory => "is a directory",
            Self::DanglingLink => "is a link that leads nowhere",
            Self::Empty => "is empty",
            Self::NotExecutable => "is not executable",
            Self::NoExec => "is on a file system that runs no programs",
            Self::CarriageReturn => "has the line ends of Windows",
            Self::NoInterpreter(program) => {
                return format!("asks for `{program}`, which is not there");
            }
        };
        words.to_owned()
    }

    /// Whether no push goes because of it; else the hook is passed over.
    pub(crate) fn stops_push(&self) -> bool {
        matches!(
            self,
            Self::Directory | Self::CarriageReturn | Self::NoInterpreter(_)
        )
    }

    /// How to repair the file, or to remove what is no file.
    pub(crate) fn cure(&self, path: &str) -> Cure {
        let word = shell_word(path);
        Cure::Command(match self {
            Self::Missing | Self::DanglingLink | Self::Empty => format!("rm {word}"),
            Self::Directory => format!("mv {word} {word}.d"),
            Self::NotExecutable => format!("chmod +x {word}"),
            // The mode stays as it is.
            Self::CarriageReturn => {
                format!("tr -d '\\r' <{word} >{word}.lf && cat {word}.lf >{word} && rm {word}.lf")
            }
            Self::NoExec => {
                let words = "mount it without `noexec`, or move the clone to another one";
                return Cure::Words(words.to_owned());
            }
            Self::NoInterpreter(program) => {
                let words = format!("install `{program}`, or fix the first line of {path}");
                return Cure::Words(words);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_names_the_program() {
        let of = |line: &'static str| interpreter(line.as_bytes()).unwrap();
        assert_eq!(of("/bin/sh"), ("/bin/sh".into(), None));
        assert_eq!(of(" /bin/sh -e"), ("/bin/sh".into(), None));
        assert_eq!(
            of("/usr/bin/env bash"),
            ("/usr/bin/env".into(), Some("bash".into()))
        );
        assert_eq!(
            of("/usr/bin/env -S A=b ruby -w"),
            ("/usr/bin/env".into(), Some("ruby".into()))
        );
        assert_eq!(interpreter(b""), None);
    }

    #[test]
    fn the_line_end_of_windows_counts_in_the_first_line_alone() {
        let of = |text: &str| interpreter_fault(text.as_bytes());
        assert_eq!(of("#!/bin/sh\r\nexit\r\n"), Some(Fault::CarriageReturn));
        assert_eq!(of("#!/bin/sh\nexit\r\n"), None);
        assert_eq!(of("exit\r\n"), None);
        let gone = Fault::NoInterpreter("/gone/sh".to_owned());
        assert_eq!(of("#!/gone/sh\n"), Some(gone));
    }
}
