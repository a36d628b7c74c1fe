//! The gate `suite` where a CI has it run.

use super::*;
use crate::policy::{Ci, Forge};

fn pushed(world: &Fake, skip: &[Gate]) -> Verdict {
    let mut policy = policy();
    policy.suite.steps.clear();
    let (forge, checks) = (Forge::Github, Vec::new());
    policy.suite.ci = Some(Ci { forge, checks });
    let updates = [set('1', "refs/heads/master")];
    production_under(&policy, &updates, skip, world)
}

fn answer(verdict: &Verdict) -> &str {
    match verdict.answers.last() {
        Some((Gate::Suite, Outcome::Passed(words))) => words,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_ci_is_asked_last_and_neither_checkout_nor_suite() {
    let world = Fake::default();
    let verdict = pushed(&world, &[]);
    assert_eq!(verdict.decision(), Decision::Go);
    assert_eq!(
        answer(&verdict),
        "2 checks of acme/shop@1111111 passed on GitHub"
    );
    assert_eq!(
        world.asked(),
        ["clock", "staging", "trunk", "checks", "receipt", "clock"]
    );
}

#[test]
fn what_was_waited_for_has_the_world_asked_again() {
    let world = Fake {
        checks: || {
            Ok(SuiteRun {
                took: Duration::from_mins(10),
                ..SuiteRun::default()
            })
        },
        ..Fake::default()
    };
    let verdict = pushed(&world, &[]);
    assert_eq!(verdict.decision(), Decision::Go);
    let asked = world.asked();
    let after: Vec<_> = asked
        .iter()
        .skip_while(|what| **what != "receipt")
        .collect();
    assert_eq!(after, [&"receipt", &"clock", &"staging", &"trunk"]);
}

#[test]
fn a_receipt_asks_nobody() {
    let world = Fake {
        receipts: Mutex::new(vec![Some(Passed {
            at: "2026-11-24T11:50:00Z".parse().unwrap(),
            took: Duration::ZERO,
        })]),
        ..Fake::default()
    };
    let verdict = pushed(&world, &[]);
    assert_eq!(answer(&verdict), "passed on GitHub, as it said 10m ago");
    assert!(!world.asked().contains(&"checks"));
    // And an override was not needed.
    let verdict = pushed(&world, &[Gate::Suite]);
    assert!(matches!(
        verdict.answers.last(),
        Some((Gate::Suite, Outcome::Skipped { needless: true }))
    ));
}

#[test]
fn what_the_ci_has_not_passed_leaves_no_receipt() {
    let refused = || Err(Stop::refused("red"));
    let world = Fake {
        checks: refused,
        ..Fake::default()
    };
    assert_eq!(pushed(&world, &[]).decision(), Decision::Refused);
    assert!(!world.asked().contains(&"receipt"));
}

#[test]
fn a_connection_that_did_not_last_is_said() {
    let world = Fake {
        connection: "cut",
        ..Fake::default()
    };
    assert_eq!(pushed(&world, &[]).decision(), Decision::Refused);
    assert!(world.asked().contains(&"receipt"));
}
