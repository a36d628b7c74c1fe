//! git's connection to the server, which stays open, idle, while a long suite runs.

use std::{fs, os::unix::process::parent_id};

/// Whether git's transport has ended: a child of git beside us that nobody has reaped (proc(5)).
///
/// git reads the server's answer only after the hook, so a connection that was cut meanwhile is
/// noticed by the transport alone. Where the system does not tell, nothing is known to be gone.
pub(crate) fn is_gone() -> bool {
    let git = parent_id();
    let children =
        fs::read_to_string(format!("/proc/{git}/task/{git}/children")).unwrap_or_default();
    let is_dead = |pid: &str| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The name, in parentheses, may hold anything; the state follows it.
        stat.rsplit_once(") ")
            .is_some_and(|(_, rest)| rest.starts_with('Z'))
    };
    children.split_whitespace().any(is_dead)
}
