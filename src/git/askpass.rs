//! The program that answers git's questions for a name and a password.

use std::{env, ffi::OsString};

use bstr::{BStr, ByteSlice};

/// The askpass program that git would use (gitcredentials(7)), where it needs no person: an editor's own, or
/// one that has no display to open a window on. Its session has no terminal.
pub(super) fn askpass(configured: Option<&BStr>) -> Option<OsString> {
    if may_open_window() {
        return None;
    }
    let configured = || Some(configured?.to_os_str_lossy().into_owned());
    let program = env::var_os("GIT_ASKPASS").or_else(configured);
    let program = program.or_else(|| env::var_os("SSH_ASKPASS"))?;
    (!program.is_empty()).then_some(program)
}

fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

fn may_open_window() -> bool {
    let has_display =
        cfg!(target_os = "macos") || ["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(is_set);
    has_display && !is_set("VSCODE_GIT_IPC_HANDLE")
}

/// The variable that names an askpass program which is not called.
pub(super) fn windowed_askpass() -> Option<&'static str> {
    let mut variables = ["GIT_ASKPASS", "SSH_ASKPASS"].into_iter();
    variables.find(|name| may_open_window() && is_set(name))
}
