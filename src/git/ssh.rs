//! The ssh that git calls.

use std::env;

use bstr::{BString, ByteVec};

use super::network::Network;

impl Network<'_> {
    /// The command by which git itself calls OpenSSH; `None` where it may be another ssh,
    /// and not take its options.
    ///
    /// `GIT_SSH_COMMAND` overrides `core.sshCommand`, which overrides `GIT_SSH` (git-config(1)).
    pub(crate) fn own_ssh(&self) -> Option<BString> {
        let variable = |name| {
            let bytes = env::var_os(name).and_then(|value| Vec::from_os_string(value).ok());
            bytes.map(BString::from)
        };
        let configured = |name| self.repository.config(name).map(BString::from);
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
