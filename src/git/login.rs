//! The programs by which git logs in to a remote: ssh, and the one that answers for a name and a password.

use std::{env, ffi::OsString};

use bstr::{BStr, BString, ByteSlice, ByteVec};

use super::Repository;
use crate::process::variable;

/// The askpass program that git would use (gitcredentials(7)), where it needs no person: an editor's own, or
/// one that has no display to open a window on. Its session has no terminal.
pub(super) fn askpass(configured: Option<&BStr>) -> Option<OsString> {
    let configured = || Some(configured?.to_os_str_lossy().into_owned());
    let program = env::var_os("GIT_ASKPASS").or_else(configured);
    let program = program.or_else(|| env::var_os("SSH_ASKPASS"));
    program.filter(|program| !program.is_empty() && !may_open_window())
}

fn may_open_window() -> bool {
    let is_set = |name| variable(name).is_some();
    (cfg!(target_os = "macos") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY"))
        && !is_set("VSCODE_GIT_IPC_HANDLE")
}

/// The variable that names an askpass program which is not called.
pub(super) fn windowed_askpass() -> Option<&'static str> {
    let mut variables = ["GIT_ASKPASS", "SSH_ASKPASS"].into_iter();
    variables.find(|name| may_open_window() && variable(name).is_some())
}

impl Repository {
    /// The command by which git itself calls OpenSSH; `None` where it may be another ssh,
    /// and not take its options.
    ///
    /// `GIT_SSH_COMMAND` overrides `core.sshCommand`, which overrides `GIT_SSH` (git-config(1)).
    pub(crate) fn own_ssh(&self) -> Option<BString> {
        let variable = |name| {
            let bytes = env::var_os(name).and_then(|value| Vec::from_os_string(value).ok());
            bytes.map(BString::from)
        };
        let configured = |name| self.config(name).map(BString::from);
        let variant = variable("GIT_SSH_VARIANT").or_else(|| configured("ssh.variant"));
        let own = variable("GIT_SSH_COMMAND").or_else(|| configured("core.sshcommand"));
        if own.is_none() && env::var_os("GIT_SSH").is_some() {
            return None;
        }
        let own = own.unwrap_or_else(|| "ssh".into());
        let program = own.split(|b| *b == b' ').next().unwrap_or_default();
        let name = program.rsplit(|b| *b == b'/').next().unwrap_or_default();
        let is_openssh = match variant.as_ref().map(|variant| variant.as_slice()) {
            None | Some(b"auto") => name == b"ssh",
            Some(variant) => variant == b"ssh",
        };
        is_openssh.then_some(own)
    }
}
