//! Pushes refs of ours to trunk's remote: by the user's own git, and judged by no hook here.

use std::{
    thread,
    time::{Duration, Instant},
};

use bstr::ByteSlice;

use super::{command::NO_HOOKS, network::Network};
use crate::{gates::Stop, process::program::Output, push::url::label, text::printable};

impl Network<'_> {
    /// Pushes refs of ours to a remote, each only where it still is what the remote had.
    pub(super) fn push(
        &self,
        remote: &str,
        leases: &[String],
        refspecs: &[String],
    ) -> Result<Output, Stop> {
        let url = self.repository.remotes().push_url(remote.as_bytes());
        let url = url.ok_or_else(|| self.repository.no_such_remote(remote))?;
        let mut push = self.repository.git.network(NO_HOOKS);
        push.args(["push", "--no-verify", "--porcelain", "--no-progress"]);
        push.args(["--no-follow-tags", "--no-signed", "--recurse-submodules=no"]);
        push.args(leases).args(["--", remote]).args(refspecs);
        // It may arrive without an answer: the remote is asked all the same.
        let label = label(remote.into());
        let answer = self.call(push, &label, url.as_ref())?;
        answer.ok_or_else(|| self.no_answer(&label))
    }
}

/// Why a push failed: the reasons on the lines `!`, refs, reason, with tabs between them, and the
/// server's words.
pub(super) fn reasons(output: &Output) -> Vec<String> {
    let reason = |line: &[u8]| {
        let line = line.strip_prefix(b"!\t")?;
        Some(printable(line.split(|b| *b == b'\t').nth(1)?.as_bstr()))
    };
    let mut reasons: Vec<_> = output.stdout.lines().filter_map(reason).collect();
    let is_servers = |line: &&String| reasons.is_empty() || line.starts_with("remote: ");
    let servers: Vec<_> = output.stderr.iter().filter(is_servers).cloned().collect();
    reasons.extend(servers);
    reasons
}

/// Waits a little, each process for another time, so that ten writers do not collide again.
pub(crate) fn pause(deadline: Instant) {
    let nanoseconds = jiff::Timestamp::now().subsec_nanosecond().unsigned_abs();
    let odd = (nanoseconds ^ std::process::id()) % 180;
    let left = deadline.saturating_duration_since(Instant::now());
    thread::sleep(Duration::from_millis(20 + u64::from(odd)).min(left));
}
