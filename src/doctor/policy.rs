//! What the team asks for, and whether the gate will see it.

use super::{
    Group, Line, State,
    facts::{Loaded, Override, Policy, Source},
};
use crate::{gates::verdict::Trouble, policy::FILE};

pub(crate) fn judge(policy: &Policy, overrides: &[Override]) -> Vec<Line> {
    let mut lines = Vec::new();
    match &policy.loaded {
        Ok(loaded) => lines.extend(holds(loaded, policy.findings.as_ref().err())),
        Err(trouble) => {
            lines.push(Line::trouble(
                Group::Policy,
                "policy",
                State::Broken,
                trouble,
            ));
        }
    }
    let odd = |finding: &String| new("lint", State::Warning, finding);
    lines.extend(policy.findings.iter().flatten().map(odd));
    lines.extend(overrides.iter().map(|one| {
        let Override {
            variable,
            effect,
            refuses,
        } = one;
        let state = if *refuses {
            State::Broken
        } else {
            State::Warning
        };
        new("override", state, effect).run(format!("unset {variable}"))
    }));
    lines
}

pub(crate) fn new(check: &'static str, state: State, text: impl Into<String>) -> Line {
    Line::new(Group::Policy, check, state, text)
}

pub(crate) fn holds(loaded: &Loaded, here: Option<&Trouble>) -> Vec<Line> {
    let names = match loaded.environments.as_slice() {
        [] => String::new(),
        names => format!(": {}", names.join(", ")),
    };
    let mut lines = vec![match &loaded.source {
        Source::Commit(commit) => new(
            "policy",
            State::Ok,
            format!("{FILE} of {}{names}", commit.short()),
        ),
        Source::WorkTree => committed(new(
            "policy",
            State::Warning,
            format!("{FILE} is not committed: it counts here, and for nobody else{names}"),
        )),
        Source::Defaults => committed(
            new(
                "policy",
                State::Warning,
                format!("there is no {FILE}: the built-in policy holds{names}"),
            )
            .run("pushgate init"),
        ),
    }];
    if loaded.edited {
        let text = format!("the uncommitted edit of {FILE} changes nothing");
        let line = new("edited", State::Warning, text);
        lines.push(match here {
            Some(trouble) => line.hint(format!("mend it before you commit it: {trouble}")),
            None => line.run(format!("git commit -m 'Change the deploy policy' {FILE}")),
        });
    }
    if loaded.environments.is_empty() {
        lines.push(
            new(
                "environments",
                State::Warning,
                "it has no environment: nothing that is deployed is judged",
            )
            .hint(format!(
                "name what is pushed to under `environments` in {FILE}"
            )),
        );
    }
    lines
}

/// With the commands that commit the policy, and nothing else.
pub(crate) fn committed(line: Line) -> Line {
    line.run(format!("git add {FILE}"))
        .run(format!("git commit -m 'Add the deploy policy' {FILE}"))
}
