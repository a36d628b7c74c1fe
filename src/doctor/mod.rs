//! The checks of `pushgate doctor`: each is one function that looks, and says ok, warning or broken with the cure.

mod clock;
mod context;
mod finding;
mod hook;
mod hook_file;
mod keepalive;
mod memory;
mod policy;
mod program;
mod reach;
mod remotes;
mod repository;
mod role;
mod suite;
mod version;

use Check::{Anywhere, Inside, Several};

use self::context::{Context, Opened};
pub(crate) use self::finding::{Cure, Finding, Status, worst};

/// A check; it never prints.
enum Check {
    Anywhere(fn(&Context) -> Option<Finding>),
    /// It needs a repository.
    Inside(fn(&Opened) -> Option<Finding>),
    /// It needs a repository, and may find several things.
    Several(fn(&Opened) -> Vec<Finding>),
}

/// The checks with their headings, in the order of the report.
const CHECKS: [(&str, Check); 21] = [
    ("program", Anywhere(program::on_path)),
    ("program", Inside(reach::check)),
    ("program", Anywhere(program::git)),
    ("hook", Anywhere(repository::check)),
    ("hook", Inside(hook::directory)),
    ("hook", Several(hook::judges)),
    ("hook", Inside(hook::switched_off)),
    ("hook", Inside(hook::kept)),
    ("policy", Several(policy::governing)),
    ("policy", Several(policy::lint)),
    ("policy", Inside(policy::overrides)),
    ("remotes", Inside(remotes::trunk)),
    ("remotes", Several(remotes::each)),
    ("remotes", Several(keepalive::check)),
    ("remotes", Several(remotes::absent)),
    ("suite", Several(suite::check)),
    ("memory", Several(memory::ledger)),
    ("memory", Inside(memory::notes)),
    ("memory", Several(memory::unjudged)),
    ("clock", Anywhere(clock::zone)),
    ("clock", Inside(clock::behind)),
];

/// Makes all the checks.
pub(crate) fn findings() -> Vec<Finding> {
    let context = Context::new();
    let mut findings = Vec::new();
    for (group, check) in &CHECKS {
        let found = match (check, context.opened()) {
            (Anywhere(check), _) => check(&context).into_iter().collect(),
            (Inside(check), Some(opened)) => check(opened).into_iter().collect(),
            (Several(check), Some(opened)) => check(opened),
            (Inside(_) | Several(_), None) => Vec::new(),
        };
        findings.extend(found.into_iter().map(|one| Finding { group, ..one }));
    }
    findings
}
