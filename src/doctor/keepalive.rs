//! Whether ssh keeps its connection open while a long suite runs: `git push` holds it meanwhile.

use std::{
    collections::BTreeSet,
    env,
    process::{Command, Stdio},
    time::Duration,
};

use bstr::{BStr, ByteSlice};

use super::{context::Opened, finding::Finding, role::Role, suite};
use crate::{
    process::{SH, program::run_within},
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
    let is_governed = |name: &BStr| Role::of(name, opened).is_ok_and(|role| role.is_governed());
    let names = opened.remotes.iter().map(|remote| remote.name.as_bstr());
    let urls = names.filter(|name| is_governed(name));
    let urls = urls.filter_map(|name| opened.world.remotes().push_url(name));
    let mut idle: Vec<_> = urls.filter_map(|url| idle(url.as_bstr(), opened)).collect();
    let mut known = BTreeSet::new();
    idle.retain(|(host, _)| known.insert(host.clone()));
    let finding = |(host, ssh): &(String, String)| {
        let text = format!(
            "the suite took {} last time, and ssh to {host} sends no sign of life meanwhile: a server may hang up",
            span(took)
        );
        let command = shell_word(&format!("{ssh} -o ServerAliveInterval=30"));
        Finding::warning("keepalive", text).run(match env::var_os("GIT_SSH_COMMAND") {
            Some(_) => format!("export GIT_SSH_COMMAND={command}"),
            None => format!("git config core.sshCommand {command}"),
        })
    };
    idle.iter().map(finding).collect()
}

/// Asks ssh; the host, and how git calls ssh, if ssh sends nothing there while a connection is idle.
///
/// It is called as `git push` calls it, without `BatchMode`: Debian's ssh has another interval with it.
fn idle(url: &BStr, opened: &Opened) -> Option<(String, String)> {
    let (args, host) = ssh_call(url)?;
    let ssh = opened.world.network().own_ssh()?;
    let ssh = ssh.to_str_lossy().into_owned();
    let mut command = Command::new(SH);
    command
        .args(["-c", &format!("{ssh} \"$@\""), "ssh", "-G"])
        .args(&args)
        .stdin(Stdio::null());
    let said = run_within(command, SSH_LIMIT).ok()??;
    let mut lines = said.stdout.lines();
    let interval = lines.find_map(|line| line.strip_prefix(b"serveraliveinterval "))?;
    (said.is_ok() && interval.trim_ascii() == b"0").then_some((host, ssh))
}
