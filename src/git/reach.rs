//! Questions that only `pushgate doctor` has: who answers, and how ssh holds a connection open.

use std::{
    env,
    os::unix::ffi::OsStrExt,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use bstr::{BStr, ByteSlice};

use super::{Real, repository::TreeEntry};
use crate::process::program::run_within;
use crate::{
    doctor::facts::Keepalive,
    gates::verdict::Trouble,
    push::{Oid, url::ssh_call},
};

/// `ssh -G` asks nobody but the resolver, and what `Match exec` calls (`ssh_config(5)`).
pub(crate) const SSH_LIMIT: Duration = Duration::from_secs(5);

impl Real {
    /// What these refs of a remote are now, at each place that it is fetched from or pushed to.
    pub(crate) fn reach(
        &self,
        remote: &BStr,
        refs: &[&str],
    ) -> Result<Vec<(String, Oid)>, Trouble> {
        let network = self.network();
        let deadline = Instant::now() + network.limit;
        let fetched = self.remotes.fetch_url(remote);
        let mut tips = Vec::new();
        if let Some(url) = &fetched {
            tips = network.list(Some(remote), url.as_ref(), refs, deadline)?;
        }
        for url in self.remotes.push_urls(remote) {
            if Some(&url) != fetched.as_ref() {
                tips.extend(network.list(None, url.as_ref(), refs, deadline)?);
            }
        }
        Ok(tips)
    }

    /// How ssh would hold a connection open while the suite runs; `None` where it is not asked, or
    /// does not say.
    ///
    /// It is called as `git push` calls it, without `BatchMode`: Debian's ssh has another interval
    /// with it.
    pub(crate) fn keepalive(&self, url: &BStr) -> Option<Keepalive> {
        let (args, host) = ssh_call(url)?;
        let ssh = self.network().own_ssh()?.to_str_lossy().into_owned();
        let from_environment = env::var_os("GIT_SSH_COMMAND").is_some();
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("{ssh} \"$@\""), "ssh", "-G"])
            .args(&args)
            .stdin(Stdio::null());
        let said = run_within(command, SSH_LIMIT).ok()??;
        let line = |line: &[u8]| {
            let value = line.strip_prefix(b"serveraliveinterval ")?;
            value.to_str().ok()?.trim().parse().ok()
        };
        let interval = said
            .stdout
            .lines()
            .find_map(line)
            .filter(|_| said.is_ok())?;
        Some(Keepalive {
            host,
            ssh,
            from_environment,
            interval,
        })
    }

    /// Whether a commit has a file there, and one that can be run.
    pub(crate) fn runs_in(&self, commit: &Oid, path: &Path) -> Option<bool> {
        let path = path.as_os_str().as_bytes().to_str().ok()?;
        let entry = self.entry(commit, path).ok()??;
        match entry.mode {
            TreeEntry::DIRECTORY | TreeEntry::MODULE => None,
            mode => Some(mode == TreeEntry::EXECUTABLE || mode == TreeEntry::LINK),
        }
    }
}
