//! The policy that governs the next push, what is odd about it, and the overrides in this shell.

use super::{Finding, Found, Opened, Status};
use crate::{
    app::{
        overrides::{self, Overrides},
        policies::Source,
    },
    policy::{FILE, lint::UNNAMED_APP},
};

/// Whether the policy can be read, where it stands, and what it governs.
pub(crate) fn governing(opened: &Opened) -> Found {
    let loaded = opened.loaded.as_ref().map_err(Clone::clone)?;
    let environments = &loaded.policy.environments;
    let names: Vec<_> = environments.iter().map(|one| one.name.as_str()).collect();
    let names = match names.as_slice() {
        [] => String::new(),
        names => format!(": {}", names.join(", ")),
    };
    let commit = |finding: Finding| {
        let add = format!("git add {FILE}");
        let commit = format!("git commit -m 'Add the deploy policy' {FILE}");
        finding.run(add).run(commit)
    };
    let mut findings = vec![match &loaded.source {
        Source::Commit(commit) => Finding::ok(format!("{FILE} of {}{names}", commit.short())),
        Source::WorkTree => {
            let text = format!("{FILE} is not committed: it counts in this clone only{names}");
            commit(Finding::warning(text))
        }
        Source::Defaults => {
            let text = format!("there is no {FILE}: the built-in policy holds{names}");
            commit(Finding::warning(text).run("pushgate init"))
        }
    }];
    if loaded.edited {
        let text = format!("the uncommitted edit of {FILE} changes nothing");
        let finding = Finding::warning(text);
        findings.push(match opened.world.lint_policy() {
            Err(error) => finding.hint(format!("fix it before you commit it: {error}")),
            Ok(_) => finding.run(format!("git commit -m 'Change the deploy policy' {FILE}")),
        });
    }
    Ok(findings)
}

/// What is odd about the policy of the work tree.
pub(crate) fn lint(opened: &Opened) -> Found {
    let Ok(Some((origin, found))) = opened.world.lint_policy() else {
        return Ok(Vec::new());
    };
    // An app on no environment is reported with its remote.
    let found = (found.iter()).filter(|one| one.kind != UNNAMED_APP);
    Ok(found
        .map(|one| Finding::warning(one.words(&origin)))
        .collect())
}

/// The variables of this shell that the gate heeds.
pub(crate) fn overrides(_: &Opened) -> Option<Finding> {
    let (name, status, text) = match Overrides::of_environment() {
        Ok(read) if read.off => {
            let name = overrides::SWITCH;
            let text = format!("{name} is off here: pushes are not judged");
            (name, Status::Warning, text)
        }
        Ok(read) if !read.skip.is_empty() => {
            let name = overrides::SKIP;
            let gates: Vec<_> = read.skip.iter().map(|gate| gate.name()).collect();
            let gates = gates.join(", ");
            let text = format!("{name} is set here: pushes are not asked for {gates}");
            (name, Status::Warning, text)
        }
        Ok(_) => return None,
        Err(refusal) => {
            let text = format!("{}: every push is refused", refusal.why());
            (refusal.variable, Status::Broken, text)
        }
    };
    Some(Finding::new(status, text).run(format!("unset {name}")))
}
