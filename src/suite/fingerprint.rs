//! The fingerprint of a suite: what a pass depends on beside the tree.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    policy::{Ci, Forge, In, Step, Suite},
    text::hex,
};

/// The format of receipts, and what a pass means: part of the fingerprint, so that no receipt of another
/// version counts.
pub(super) const VERSION: u32 = 2;

/// The operating system and the processor of this machine.
pub(crate) const MACHINE: [&str; 2] = [std::env::consts::OS, std::env::consts::ARCH];

/// The fingerprint of a suite that runs here: the commands and their order, where they run, the
/// variables that the policy lists, the machine. Values are hashed, never stored.
pub(crate) fn of_suite(
    machine: [&str; 2],
    suite: &Suite,
    steps: &[Step],
    variable: impl Fn(&str) -> Option<Vec<u8>>,
) -> String {
    let step = |step: &Step| json!([step.run, step.dir, step.parallel]);
    let value = |name: &String| json!([name, variable(name)]);
    hash(&json!([
        VERSION,
        machine,
        suite.place == In::Worktree,
        steps.iter().map(step).collect::<Value>(),
        suite.expect,
        suite.link,
        suite.env.iter().map(value).collect::<Value>(),
    ]))
}

/// The fingerprint of the checks of a forge: which forge, project (its host and path) and checks.
pub(crate) fn of_checks(ci: &Ci, project: Option<[&str; 2]>) -> String {
    let forge = match ci.forge {
        Forge::Github => "ci on github",
        Forge::Gitlab => "ci on gitlab",
    };
    let mut checks: Vec<_> = ci.checks.iter().collect();
    checks.sort();
    hash(&json!([VERSION, forge, project, checks]))
}

fn hash(parts: &Value) -> String {
    hex(&Sha256::digest(parts.to_string()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use std::time::Duration;

    use super::*;

    fn step(run: &str) -> Step {
        Step {
            run: run.to_owned(),
            ..Step::default()
        }
    }

    #[test]
    fn the_fingerprint_of_checks_tells_the_forge_the_project_and_the_names() {
        let of_project = |project, forge, checks: &[&str]| {
            let checks = checks.iter().map(|name| (*name).to_owned()).collect();
            of_checks(&Ci { forge, checks }, project)
        };
        let of =
            |forge, checks: &[&str]| of_project(Some(["github.com", "acme/shop"]), forge, checks);
        let all = [
            of(Forge::Github, &[]),
            of(Forge::Gitlab, &[]),
            of(Forge::Github, &["test"]),
            of(Forge::Github, &["test", "lint"]),
            of(Forge::Github, &["testlint"]),
            of_project(Some(["github.com", "acme/other"]), Forge::Github, &[]),
            of_project(Some(["forge.example", "acme/shop"]), Forge::Github, &[]),
            of_project(None, Forge::Github, &[]),
        ];
        let told: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(told.len(), all.len(), "two of them are the same");
        assert_eq!(all[3], of(Forge::Github, &["lint", "test"]));
    }

    #[test]
    fn the_fingerprint_tells_apart_what_gives_a_pass_its_meaning() {
        let suite = |env: &[&str], link: &[&str], place, expect: Option<&str>| Suite {
            env: env.iter().map(|name| (*name).to_owned()).collect(),
            link: link.iter().map(|name| (*name).to_owned()).collect(),
            expect: expect.map(str::to_owned),
            place,
            ..Suite::default()
        };
        let machine = ["linux", "x86_64"];
        let here = suite(&["RAILS_ENV"], &["deps"], In::Checkout, None);
        let steps = [step("a"), step("b")];
        let value = |text: &'static str| move |_: &str| Some(text.as_bytes().to_vec());
        let of = |suite: &Suite, steps: &[Step]| of_suite(machine, suite, steps, value("test"));
        let first = of(&here, &steps);
        assert_eq!(first, of(&here, &steps));
        assert!(!first.contains("test"));
        // Neither a name nor a limit changes what has passed.
        let same = Step {
            name: Some("all of it".to_owned()),
            timeout: Some(Duration::from_secs(130)),
            ..step("a")
        };
        assert_eq!(first, of(&here, &[same, step("b")]));
        let elsewhere = Step {
            dir: Some("web".to_owned()),
            ..step("a")
        };
        let beside = Step {
            parallel: true,
            ..step("a")
        };
        let others = [
            of(&here, &[step("b"), step("a")]),
            of(&here, &[step("ab")]),
            of(&here, &[step("a")]),
            of(&here, &[elsewhere, step("b")]),
            of(&here, &[beside, step("b")]),
            of_suite(machine, &here, &steps, value("development")),
            of_suite(machine, &here, &steps, value("")),
            of_suite(machine, &here, &steps, |_| None),
            of_suite(["macos", "x86_64"], &here, &steps, value("test")),
            of_suite(["linux", "aarch64"], &here, &steps, value("test")),
            of(&suite(&[], &["deps"], In::Checkout, None), &steps),
            of(&suite(&["RAILS_ENV"], &[], In::Checkout, None), &steps),
            of(
                &suite(&[], &["deps", "RAILS_ENV", "=test"], In::Checkout, None),
                &steps,
            ),
            of(
                &suite(&["RAILS_ENV"], &["deps"], In::Worktree, None),
                &steps,
            ),
            of(
                &suite(&["RAILS_ENV"], &["deps"], In::Checkout, Some("ok")),
                &steps,
            ),
        ];
        let all: std::collections::BTreeSet<_> = others.iter().chain([&first]).collect();
        assert_eq!(all.len(), others.len() + 1, "two of them are the same");
    }
}
