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
mod remotes;
mod repository;
mod suite;

use Check::{Anywhere, Inside};

use self::context::{Context, Opened};
pub(crate) use self::finding::{Cure, Finding, Status, worst};

/// A check; it never prints.
enum Check {
    Anywhere(fn(&Context) -> Vec<Finding>),
    /// It needs a repository.
    Inside(fn(&Opened) -> Vec<Finding>),
}

/// The checks with their headings, in the order of the report.
const CHECKS: [(&str, Check); 21] = [
    ("program", Anywhere(program::on_path)),
    ("program", Inside(program::reach)),
    ("program", Anywhere(program::git)),
    ("hook", Anywhere(repository::check)),
    ("hook", Inside(hook::directory)),
    ("hook", Inside(hook::judges)),
    ("hook", Inside(hook::switched_off)),
    ("hook", Inside(hook::kept)),
    ("policy", Inside(policy::governing)),
    ("policy", Inside(policy::lint)),
    ("policy", Inside(policy::overrides)),
    ("remotes", Inside(remotes::trunk)),
    ("remotes", Inside(remotes::each)),
    ("remotes", Inside(keepalive::check)),
    ("remotes", Inside(remotes::absent)),
    ("suite", Inside(suite::check)),
    ("memory", Inside(memory::ledger)),
    ("memory", Inside(memory::notes)),
    ("memory", Inside(memory::unjudged)),
    ("clock", Anywhere(clock::zone)),
    ("clock", Inside(clock::behind)),
];

/// Makes all the checks.
pub(crate) fn findings() -> Vec<Finding> {
    let context = Context::new();
    let made = CHECKS.iter().flat_map(|(group, check)| {
        let found = match (check, context.opened()) {
            (Anywhere(check), _) => check(&context),
            (Inside(check), Some(opened)) => check(opened),
            (Inside(_), None) => Vec::new(),
        };
        found.into_iter().map(|one| Finding { group, ..one })
    });
    made.collect()
}
