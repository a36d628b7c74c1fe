//! The checks of `pushgate doctor`: each is one function that looks, and says ok, warning or broken with the cure.

#![allow(clippy::unnecessary_wraps, reason = "all checks have one type")]

mod clock;
mod context;
mod finding;
mod hook;
mod hook_file;
mod memory;
mod policy;
mod program;
mod remotes;
mod suite;

pub(crate) use self::finding::{Advice, Finding, Status, worst};
use self::{
    context::{LIMIT, Opened, RemoteAnswer, SHORT_PATH, from_here},
    hook_file::{Fault, fault, is_runnable},
};
use crate::gates::Stop;

/// What a check found; an error is something broken.
type Found = Result<Vec<Finding>, Stop>;

/// A check; it never prints.
type Check = fn(&Opened) -> Found;

/// The checks of a repository with their headings and names, in the order of the report.
const CHECKS: [(&str, &str, Check); 20] = [
    ("program", "reach", |opened| one(program::reach(opened))),
    ("hook", "directory", hook::directory),
    ("hook", "hook", hook::judges),
    ("hook", "override", hook::switched_off),
    ("hook", "kept", |opened| one(hook::kept(opened))),
    ("hook", "lfs", |opened| one(hook::lfs(opened))),
    ("policy", "policy", policy::governing),
    ("policy", "lint", policy::lint),
    ("policy", "override", |opened| {
        one(policy::overrides(opened))
    }),
    ("remotes", "remote", remotes::each),
    ("remotes", "keepalive", |opened| one(remotes::idle(opened))),
    ("remotes", "environment", remotes::absent),
    ("remotes", "live", remotes::live),
    ("suite", "suite", suite::check),
    ("memory", "ledger", memory::ledger),
    ("memory", "state", memory::state),
    ("memory", "notes", memory::notes),
    ("memory", "deployments", memory::unjudged),
    ("clock", "zone", clock::zone),
    ("clock", "clock", clock::behind),
];

fn one(found: Option<Finding>) -> Found {
    Ok(found.into_iter().collect())
}

pub(crate) fn findings() -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |group, check, found: Found| {
        let found = found.unwrap_or_else(|error| vec![Finding::error(error)]);
        let named = |one| Finding {
            group,
            check,
            ..one
        };
        findings.extend(found.into_iter().map(named));
    };
    add("program", "program", program::on_path());
    add("program", "git", one(program::git()));
    match Opened::new() {
        Ok(opened) => {
            for (group, name, check) in CHECKS {
                add(group, name, check(&opened));
            }
        }
        Err(error) => add("hook", "repository", Ok(vec![context::unopened(error)])),
    }
    findings
}
