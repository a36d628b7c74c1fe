//! Whether ssh keeps its connection open while a long suite runs: `git push` holds it meanwhile.

use std::{
    env,
    process::{Command, Stdio},
    time::Duration,
};

use bstr::{BStr, ByteSlice};

use super::{context::Opened, finding::Finding, role::Role, suite};
use crate::{
    process::program::run_within,
    push::url::ssh_call,
    text::{shell_word, span},
};

/// A suite that takes longer may outlast an idle connection.
const LONG: Duration = Duration::from_mins(1);

/// `ssh -G` asks only the resolver, and what `Match exec` calls (`ssh_config(5)`).
const SSH_LIMIT: Duration = Duration::from_secs(5);

pub(crate) fn check(opened: &Opened) -> Vec<Finding> {
    let Some(took) = suite::last_took(opened).filter(|took| *took > LONG) else {
        return Vec::new();
    };
    let mut idle: Vec<Idle> = Vec::new();
    for remote in &opened.remotes {
        let name = remote.name.as_bstr();
        if Role::of(name, opened).is_ok_and(|role| role.is_governed())
            && let Some(url) = opened.world.remotes().push_url(name)
            && let Some(found) = Idle::find(url.as_bstr(), opened)
            && !idle.iter().any(|known| known.host == found.host)
        {
            idle.push(found);
        }
    }
    idle.iter().map(|idle| idle.finding(took)).collect()
}

/// A host to which ssh sends nothing while a connection is idle.
struct Idle {
    host: String,
    /// The command by which git calls ssh.
    ssh: String,
}

impl Idle {
    /// Asks ssh; `None` where it keeps the connection open, or does not say.
    ///
    /// It is called as `git push` calls it, without `BatchMode`: Debian's ssh has another interval
    /// with it.
    fn find(url: &BStr, opened: &Opened) -> Option<Self> {
        let (args, host) = ssh_call(url)?;
        let ssh = opened.world.network().own_ssh()?;
        let ssh = ssh.to_str_lossy().into_owned();
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("{ssh} \"$@\""), "ssh", "-G"])
            .args(&args)
            .stdin(Stdio::null());
        let said = run_within(command, SSH_LIMIT).ok()??;
        let interval = |line: &[u8]| -> Option<u32> {
            let value = line.strip_prefix(b"serveraliveinterval ")?;
            value.to_str().ok()?.trim().parse().ok()
        };
        let interval = said
            .stdout
            .lines()
            .find_map(interval)
            .filter(|_| said.is_ok());
        (interval? == 0).then_some(Self { host, ssh })
    }

    fn finding(&self, took: Duration) -> Finding {
        let text = format!(
            "the suite took {} last time, and ssh to {} sends no sign of life meanwhile: a server may hang up",
            span(took),
            self.host
        );
        let command = shell_word(&format!("{} -o ServerAliveInterval=30", self.ssh));
        Finding::warning("keepalive", text).run(match env::var_os("GIT_SSH_COMMAND") {
            Some(_) => format!("export GIT_SSH_COMMAND={command}"),
            None => format!("git config core.sshCommand {command}"),
        })
    }
}
