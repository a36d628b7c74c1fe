//! Who answers when somebody calls `pushgate`.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use bstr::ByteSlice;
use nix::unistd::{AccessFlags, access};

use crate::{
    doctor::facts::{Answer, Called, Caller},
    process::program::run_within,
    text::printable,
};

/// The PATH of a program that no shell has started.
pub(crate) const BARE: &str = if cfg!(target_os = "macos") {
    "/usr/bin:/bin:/usr/sbin:/sbin"
} else {
    "/usr/local/bin:/usr/bin:/bin"
};

/// To say its version takes a program milliseconds.
pub(crate) const LIMIT: Duration = Duration::from_secs(5);

/// What husky does before it runs a hook of the repository.
pub(crate) const HUSKY: &str =
    "i=${XDG_CONFIG_HOME:-$HOME/.config}/husky/init.sh; [ ! -f \"$i\" ] || . \"$i\"
command -v pushgate";

/// What a hook writes for the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// Its path, and its name alone where nothing is there, as ours does.
    PathThenName(PathBuf),
    /// Its path.
    Path(PathBuf),
    /// Its name.
    Name,
}

/// Looks for the program as the hook does, with an editor's PATH and with ours.
pub(crate) fn called(caller: Caller, word: &Word) -> Called {
    let find = |is_bare: bool| {
        let path = match word {
            Word::PathThenName(path) | Word::Path(path) if runs(path) => Some(path.clone()),
            Word::Path(path) => {
                return Some(Answer {
                    path: path.display().to_string(),
                    version: Err("there is no such program".to_owned()),
                });
            }
            Word::PathThenName(_) | Word::Name => by_name(caller, is_bare),
        };
        path.map(|path| answer(&path, is_bare))
    };
    Called {
        caller,
        bare: find(true),
        here: find(false),
        bare_path: BARE.to_owned(),
    }
}

pub(crate) fn runs(path: &Path) -> bool {
    path.is_file() && access(path, AccessFlags::X_OK).is_ok()
}

pub(crate) fn by_name(caller: Caller, is_bare: bool) -> Option<PathBuf> {
    if caller == Caller::Husky && is_bare {
        let mut shell = bare(Path::new("sh"));
        shell.args(["-c", HUSKY]);
        let said = run_within(shell, LIMIT).ok()??;
        let path = said.line().to_path_lossy().into_owned();
        return (said.is_ok() && runs(&path)).then_some(path);
    }
    let path = if is_bare {
        Some(OsString::from(BARE))
    } else {
        env::var_os("PATH")
    };
    which::which_in("pushgate", path, "/").ok()
}

/// A program as an editor starts it.
pub(crate) fn bare(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", BARE).stdin(Stdio::null());
    for name in ["HOME", "XDG_CONFIG_HOME"] {
        if let Some(value) = env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// Asks a program for its version.
pub(crate) fn answer(program: &Path, is_bare: bool) -> Answer {
    let path = program.display().to_string();
    let mut command = if is_bare {
        bare(program)
    } else {
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        command
    };
    command.arg("--version");
    let version = match run_within(command, LIMIT) {
        Ok(Some(said)) => {
            let line = printable(said.line().as_bstr());
            match line.strip_prefix("pushgate ") {
                Some(version) if said.is_ok() => Ok(version.trim().to_owned()),
                _ => Err(said
                    .stderr
                    .first()
                    .cloned()
                    .unwrap_or_else(|| format!("asked for its version, it says `{line}`"))),
            }
        }
        Ok(None) => Err(format!("it says nothing within {} s", LIMIT.as_secs())),
        Err(error) => Err(error.reason()),
    };
    Answer { path, version }
}

/// What the first line that calls the program writes for it; `None` where that cannot be told.
pub(crate) fn word(text: &[u8]) -> Option<Word> {
    let code = |line: &&[u8]| !line.trim_ascii_start().starts_with(b"#");
    let line = text
        .lines()
        .filter(code)
        .find(|line| line.contains_str("pushgate"))?;
    let at = line.find("pushgate")?;
    let ends = |b: u8| b.is_ascii_whitespace() || b"'\";&|(){}<>,[]".contains(&b);
    let start = line[..at]
        .iter()
        .rposition(|b| ends(*b))
        .map_or(0, |at| at + 1);
    let end = line[at..]
        .iter()
        .position(|b| ends(*b))
        .map_or(line.len(), |end| at + end);
    let word = &line[start..end];
    match word {
        b"pushgate" => Some(Word::Name),
        _ if word.starts_with(b"/") && word.ends_with(b"/pushgate") => {
            Some(Word::Path(word.to_path_lossy().into_owned()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_hook_writes_for_the_program_is_told() {
        let path = |path: &str| Some(Word::Path(path.into()));
        assert_eq!(
            word(b"pushgate pre-push -- \"$@\" || exit\n"),
            Some(Word::Name)
        );
        assert_eq!(
            word(b"# pushgate\nexec pushgate pre-push\n"),
            Some(Word::Name)
        );
        assert_eq!(
            word(b"'/opt/bin/pushgate' pre-push"),
            path("/opt/bin/pushgate")
        );
        assert_eq!(
            word(b"      run: pushgate pre-push -- {1} {2}\n"),
            Some(Word::Name)
        );
        for unknown in [
            "\"$HOME/bin/pushgate\" x",
            "npx pushgate-cli",
            "bin/pushgate",
            "# pushgate",
            "",
        ] {
            assert_eq!(word(unknown.as_bytes()), None, "{unknown}");
        }
    }
}
