//! The versions of this program and of others.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use bstr::ByteSlice;

use crate::{gates::Undecided, process::program::run_within, text::printable};

pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The PATH of a program that no shell has started.
pub(crate) const SHORT_PATH: &str = if cfg!(target_os = "macos") {
    "/usr/bin:/bin:/usr/sbin:/sbin"
} else {
    "/usr/local/bin:/usr/bin:/bin"
};

/// A program needs milliseconds to print its version.
pub(crate) const LIMIT: Duration = Duration::from_secs(5);

/// Where this program is.
pub(crate) fn own_path() -> PathBuf {
    env::current_exe().unwrap_or_else(|_| "pushgate".into())
}

/// The directory that it is in.
pub(crate) fn own_directory() -> String {
    let own = own_path();
    own.parent().unwrap_or(Path::new("/")).display().to_string()
}

/// A program as an editor starts it.
pub(crate) fn from_editor(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", SHORT_PATH);
    for name in ["HOME", "XDG_CONFIG_HOME"] {
        if let Some(value) = env::var_os(name) {
            command.env(name, value);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// Asks a program for its version; why it tells none.
pub(crate) fn version(program: &Path, by_editor: bool) -> Result<String, String> {
    if !program.exists() {
        return Err("there is no such program".to_owned());
    }
    let mut command = if by_editor {
        from_editor(program)
    } else {
        Command::new(program)
    };
    command.arg("--version").stdin(Stdio::null());
    let output = run_within(command, LIMIT)
        .map_err(|error| Undecided::from(error).details.join("; "))?
        .ok_or_else(|| format!("it says nothing within {} s", LIMIT.as_secs()))?;
    let line = printable(output.line().as_bstr());
    match line.strip_prefix("pushgate ") {
        Some(version) if output.is_ok() => Ok(version.trim().to_owned()),
        _ => {
            let said = format!("asked for its version, it says `{line}`");
            Err(output.stderr.first().cloned().unwrap_or(said))
        }
    }
}
