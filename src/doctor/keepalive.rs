//! Whether ssh keeps its connection open while a long suite runs: `git push` holds it meanwhile.

use std::{
    collections::BTreeMap,
    env,
    process::{Command, Stdio},
    time::Duration,
};

use bstr::{BStr, ByteSlice};

use super::{
    context::{LIMIT, Opened},
    finding::Finding,
    remotes::Role,
    suite,
};
use crate::{
    process::{SH, program::run_within},
    push::url::ssh_call,
    text::{shell_word, span},
};

/// A suite that takes longer may outlast an idle connection.
const LONG: Duration = Duration::from_mins(1);

pub(crate) fn check(opened: &Opened) -> Vec<Finding> {
    let Some(took) = suite::last_took(opened).filter(|took| *took > LONG) else {
        return Vec::new();
    };
    let governed = (opened.remotes.iter())
        .filter(|remote| Role::of(remote, opened).is_ok_and(|role| role.is_governed()));
    let urls = governed.filter_map(|one| opened.world.remotes().push_url(one.name.as_bstr()));
    let idle: BTreeMap<_, _> = urls.filter_map(|url| idle(url.as_bstr(), opened)).collect();
    let finding = |(host, ssh): (&String, &String)| {
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
/// `ssh -G` asks only the resolver, and what `Match exec` calls (`ssh_config(5)`).
///
/// It is called as `git push` calls it, without `BatchMode`: Debian's ssh has another interval with it.
fn idle(url: &BStr, opened: &Opened) -> Option<(String, String)> {
    let (args, host) = ssh_call(url)?;
    let ssh = opened.world.network(LIMIT).own_ssh()?;
    let ssh = ssh.to_str_lossy().into_owned();
    let mut command = Command::new(SH);
    command
        .args(["-c", &format!("{ssh} \"$@\""), "ssh", "-G"])
        .args(&args)
        .stdin(Stdio::null());
    let said = run_within(command, LIMIT).ok()??;
    let mut lines = said.stdout.lines();
    let interval = lines.find_map(|line| line.strip_prefix(b"serveraliveinterval "))?;
    (said.is_ok() && interval.trim_ascii() == b"0").then_some((host, ssh))
}
