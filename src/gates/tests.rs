//! The gates against a world that remembers what it was asked: the order, and what is never asked.

mod ci;
pub(crate) mod fake;

use std::{collections::BTreeSet, sync::Mutex, time::Duration};

use bstr::{BStr, ByteSlice};
use jiff::{SignedDuration, Timestamp};

use self::fake::{Fake, oid};
use super::*;
use crate::{
    calendar::Window,
    gates::{
        Undecided,
        refusal::{suite, trunk},
        route::Target,
        verdict::{
            Count, Decision, Gate, Mismatch, Outcome, Refusal, Relation, TrunkName, Verdict,
        },
    },
    policy::{Ci, Environment, Policy, Step},
    push::{Update, destination::Destination, remotes},
};

fn policy() -> Policy {
    let mut policy = Policy::default();
    policy.suite.steps.push(Step {
        run: "true".to_owned(),
        ..Step::default()
    });
    let window = Window {
        closed: vec!["22:00-07:00".parse().unwrap()],
        runway: SignedDuration::from_hours(1),
        ..Window::default()
    };
    policy.environments = vec![
        Environment::named("staging"),
        Environment {
            after: Some("staging".to_owned()),
            window,
            ..Environment::named("production")
        },
    ];
    policy
}

fn set(commit: char, target: &str) -> Update {
    Update::Set {
        source: "refs/heads/master".into(),
        commit: oid(commit),
        target: target.into(),
        replaces: Some(oid('a')),
    }
}

/// What the gates say of a push of these updates to production.
fn production(updates: &[Update], skip: &[Gate], world: &Fake) -> Verdict {
    production_under(&policy(), updates, skip, world)
}

fn production_under(policy: &Policy, updates: &[Update], skip: &[Gate], world: &Fake) -> Verdict {
    let destination = Destination::Path("/srv/shop".into());
    let case = GovernedPush {
        policy,
        written: true,
        target: Target::Environment("production"),
        destination: &destination,
        remote: "production".to_owned(),
        trunk: Ok(TrunkName {
            remote: "origin".to_owned(),
            branch: "master".to_owned(),
        }),
        trunk_is_here: false,
        updates: updates.iter().collect(),
        here: Some(EnvironmentRemotes {
            environment: "production".to_owned(),
            remotes: vec!["production".into()],
            expected: "production".to_owned(),
            known: Vec::new(),
            branches: vec!["master".to_owned()],
        }),
        before: Some(EnvironmentRemotes {
            environment: "staging".to_owned(),
            remotes: vec!["staging".into()],
            expected: "staging".to_owned(),
            known: Vec::new(),
            branches: vec!["master".to_owned()],
        }),
    };
    let skip = skip.iter().copied().collect::<BTreeSet<_>>();
    evaluate(&[case], &skip, &world.world()).pop().unwrap()
}

fn at(time: &str) -> Mutex<Vec<Timestamp>> {
    Mutex::new(time.split(' ').map(|time| time.parse().unwrap()).collect())
}

#[test]
fn the_gates_are_asked_in_their_order_and_three_again_after_the_suite() {
    let world = Fake::default();
    let verdict = production(&[set('1', "refs/heads/master")], &[], &world);
    assert_eq!(verdict.decision(), Decision::Go);
    let answered: Vec<_> = verdict.answers.iter().map(|(gate, _)| *gate).collect();
    assert_eq!(answered, ORDER);
    assert_eq!(
        world.asked(),
        [
            "clock", "checkout", "staging", "trunk", "turn", "suite", "checkout", "receipt",
            "staging", "trunk", "clock"
        ]
    );
}

#[test]
fn a_deletion_asks_nothing_at_all() {
    let world = Fake::default();
    let deletion = Update::Delete {
        target: "refs/heads/master".into(),
        was: Some(oid('a')),
    };
    assert_eq!(
        production(&[deletion], &[], &world).decision(),
        Decision::Refused
    );
    assert!(world.asked().is_empty());
}

#[test]
fn two_commits_ask_nothing_at_all() {
    let world = Fake::default();
    let updates = [set('1', "refs/heads/master"), set('2', "refs/heads/main")];
    assert_eq!(
        production(&updates, &[], &world).decision(),
        Decision::Refused
    );
    assert!(world.asked().is_empty());
}

#[test]
fn an_unknown_deployed_commit_asks_nothing_at_all() {
    let world = Fake {
        missing: Some(oid('a')),
        ..Fake::default()
    };
    assert_eq!(
        production(&[set('1', "refs/heads/master")], &[], &world).decision(),
        Decision::Refused
    );
    assert!(world.asked().is_empty());
}

#[test]
fn a_closed_window_asks_no_network() {
    let world = Fake {
        now: at("2026-11-24T23:00:00Z"),
        relation: Relation::Ahead(Count(2)),
        ..Fake::default()
    };
    assert_eq!(
        production(&[set('1', "refs/heads/master")], &[], &world).decision(),
        Decision::Refused
    );
    assert_eq!(world.asked(), ["clock", "ancestry"]);
}

#[test]
fn a_closed_window_asks_the_team_whether_a_rewind_is_a_rollback() {
    let world = Fake {
        now: at("2026-11-24T23:00:00Z"),
        ..Fake::default()
    };
    assert_eq!(
        production(&[set('1', "refs/heads/master")], &[], &world).decision(),
        Decision::Refused
    );
    let asked = ["clock", "ancestry", "checkout", "staging", "trunk"];
    assert_eq!(world.asked(), asked);
}

#[test]
fn a_stale_trunk_runs_no_suite_and_waits_for_none() {
    let world = Fake {
        tip: Mutex::new(vec![Ok(oid('2'))]),
        ..Fake::default()
    };
    let verdict = production(&[set('1', "refs/heads/master")], &[], &world);
    assert_eq!(
        world.asked(),
        [
            "clock", "checkout", "staging", "trunk", "ancestry", "ancestry"
        ]
    );
    match verdict.answers.last() {
        Some((Gate::Trunk, Outcome::Refused(refusal))) => {
            assert!(
                matches!(
                    **refusal,
                    Refusal::Trunk(trunk::Refusal::Behind { by: Count(2), .. })
                ),
                "{refusal:?}"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_silent_network_is_undecided_and_asks_nothing_dearer() {
    let silent = Undecided::new("`origin` gave no answer");
    let world = Fake {
        tip: Mutex::new(vec![Err(silent)]),
        ..Fake::default()
    };
    assert_eq!(
        production(&[set('1', "refs/heads/master")], &[], &world).decision(),
        Decision::Undecided
    );
    assert_eq!(world.asked(), ["clock", "checkout", "staging", "trunk"]);
}

#[test]
fn another_commit_on_staging_does_not_run_the_suite() {
    let world = Fake {
        live: Mutex::new(vec![vec![("master".to_owned(), oid('3'))]]),
        ..Fake::default()
    };
    assert_eq!(
        production(&[set('1', "refs/heads/master")], &[], &world).decision(),
        Decision::Refused
    );
    assert_eq!(
        world.asked(),
        [
            "clock", "checkout", "staging", "trunk", "ancestry", "ancestry"
        ]
    );
}

#[test]
fn a_dirty_checkout_does_not_run_the_suite() {
    let world = Fake {
        mismatches: Mutex::new(vec![Some(Mismatch::Changed(vec!["x".into()]))]),
        ..Fake::default()
    };
    assert_eq!(
        production(&[set('1', "refs/heads/master")], &[], &world).decision(),
        Decision::Refused
    );
    assert_eq!(
        world.asked(),
        ["clock", "checkout", "staging", "trunk", "turn"]
    );
}

#[test]
fn a_world_that_moved_while_the_suite_ran_refuses() {
    let stale = || Mutex::new(vec![Ok(oid('1')), Ok(oid('2'))]);
    let night = || at("2026-11-24T20:59:00Z 2026-11-24T21:01:00Z");
    let moved = || Mutex::new(vec![vec![("master".to_owned(), oid('1'))], vec![]]);
    let worlds = [
        (
            Gate::Window,
            Fake {
                now: night(),
                ..Fake::default()
            },
        ),
        (
            Gate::Trunk,
            Fake {
                tip: stale(),
                ..Fake::default()
            },
        ),
        (
            Gate::Promotion,
            Fake {
                live: moved(),
                ..Fake::default()
            },
        ),
    ];
    for (gate, world) in worlds {
        let verdict = production(&[set('1', "refs/heads/master")], &[], &world);
        assert_eq!(verdict.decision(), Decision::Refused, "{gate}");
        assert_eq!(verdict.answers.last().unwrap().0, gate);
        assert_eq!(
            verdict.notes,
            [format!("{gate} had passed before the suite ran")]
        );
    }
}

#[test]
fn a_skipped_suite_is_never_run_and_a_skipped_gate_is_not_asked_again() {
    let world = Fake::default();
    let verdict = production(&[set('1', "refs/heads/master")], &[Gate::Suite], &world);
    assert_eq!(verdict.decision(), Decision::Overridden);
    assert_eq!(world.asked(), ["clock", "staging", "trunk"]);
    let world = Fake {
        tip: Mutex::new(vec![Ok(oid('2'))]),
        ..Fake::default()
    };
    let verdict = production(&[set('1', "refs/heads/master")], &[Gate::Trunk], &world);
    assert_eq!(verdict.decision(), Decision::Overridden);
    assert_eq!(
        world
            .asked()
            .iter()
            .filter(|question| **question == "trunk")
            .count(),
        1
    );
}

#[test]
fn a_refusal_of_a_later_gate_outweighs_an_override() {
    let world = Fake {
        suite: || {
            SuiteRun::Stopped(Box::new(suite::Refusal::NoSuite {
                candidates: Vec::new(),
            }))
        },
        ..Fake::default()
    };
    let verdict = production(&[set('1', "refs/heads/master")], &[Gate::Window], &world);
    assert_eq!(verdict.decision(), Decision::Refused);
}

#[test]
fn every_remote_of_the_environment_before_is_named_once() {
    let remotes =
        remotes::Remotes::from_config(&[("remote.staging.url".into(), "/srv/staging".into())]);
    let policy = policy();
    let read = |url: &BStr| Destination::Path(url.to_path_lossy().into_owned());
    let found = remotes_of(&policy.environments[0], &remotes, &read);
    assert_eq!(found, ["staging"]);
}

/// A pass of an hour ago.
fn receipt() -> Passed {
    Passed {
        at: "2026-11-24T11:00:00Z".parse().unwrap(),
        took: Duration::from_secs(130),
    }
}

#[test]
fn a_receipt_spares_the_run_the_checkout_and_the_second_asking() {
    let world = Fake {
        receipts: Mutex::new(vec![Some(receipt())]),
        ..Fake::default()
    };
    let verdict = production(&[set('1', "refs/heads/master")], &[], &world);
    assert_eq!(verdict.decision(), Decision::Go);
    assert_eq!(world.asked(), ["clock", "staging", "trunk", "clock"]);
    match verdict.answers.last() {
        Some((Gate::Suite, Outcome::Passed(words))) => {
            assert_eq!(words, "passed 1h ago on this tree, in 2m 10s");
        }
        other => panic!("{other:?}"),
    }
    let verdict = production(&[set('1', "refs/heads/master")], &[Gate::Suite], &world);
    assert!(matches!(
        verdict.answers.last(),
        Some((Gate::Suite, Outcome::Skipped { needless: true }))
    ));
}

#[test]
fn whoever_waited_for_another_run_looks_for_its_receipt() {
    let world = Fake {
        receipts: Mutex::new(vec![None, None, Some(receipt())]),
        waited: true,
        ..Fake::default()
    };
    assert_eq!(
        production(&[set('1', "refs/heads/master")], &[], &world).decision(),
        Decision::Go
    );
    assert_eq!(
        world.asked(),
        [
            "clock", "checkout", "staging", "trunk", "turn", "clock", "clock", "staging", "trunk"
        ]
    );
}

#[test]
fn a_red_suite_and_a_changed_checkout_leave_no_receipt() {
    let red = Fake {
        suite: || {
            SuiteRun::Stopped(Box::new(suite::Refusal::NoSuite {
                candidates: Vec::new(),
            }))
        },
        ..Fake::default()
    };
    let changed = Fake {
        mismatches: Mutex::new(vec![None, Some(Mismatch::Changed(vec!["x".into()]))]),
        ..Fake::default()
    };
    for world in [red, changed] {
        assert_eq!(
            production(&[set('1', "refs/heads/master")], &[], &world).decision(),
            Decision::Refused
        );
        assert!(!world.asked().contains(&"receipt"));
    }
}

#[test]
fn a_closed_connection_leaves_the_receipt_and_stops_the_push() {
    let world = Fake {
        connection: "closed",
        ..Fake::default()
    };
    assert_eq!(
        production(&[set('1', "refs/heads/master")], &[], &world).decision(),
        Decision::Refused
    );
    assert_eq!(
        world
            .asked()
            .iter()
            .filter(|one| **one == "receipt")
            .count(),
        1
    );
    assert_eq!(
        world.asked().iter().filter(|one| **one == "clock").count(),
        1
    );
}

#[test]
fn a_deletion_that_is_let_through_is_still_asked_for_the_hour_and_for_nothing_else() {
    let deletion = Update::Delete {
        target: "refs/heads/master".into(),
        was: Some(oid('a')),
    };
    let world = Fake::default();
    let verdict = production(std::slice::from_ref(&deletion), &[Gate::Target], &world);
    let answered: Vec<_> = verdict.answers.iter().map(|(gate, _)| *gate).collect();
    assert_eq!(answered, [Gate::Target, Gate::Window]);
    let world = Fake {
        now: at("2026-11-24T23:00:00Z"),
        ..Fake::default()
    };
    assert_eq!(
        production(&[deletion], &[Gate::Target], &world).decision(),
        Decision::Refused
    );
}

#[test]
fn a_later_suite_ages_what_an_earlier_place_had_answered() {
    let mut policy = policy();
    policy.suite.on = crate::policy::On::All;
    let destination = Destination::Path("/srv/shop".into());
    let (master, topic) = (set('1', "refs/heads/master"), set('2', "refs/heads/topic"));
    let case = |target, update| GovernedPush {
        policy: &policy,
        written: true,
        target,
        destination: &destination,
        remote: "staging".to_owned(),
        trunk: Ok(TrunkName {
            remote: "origin".to_owned(),
            branch: "master".to_owned(),
        }),
        trunk_is_here: false,
        updates: vec![update],
        here: None,
        before: None,
    };
    let cases = [
        case(Target::Environment("staging"), &master),
        case(Target::Branch, &topic),
    ];
    // Trunk moves while the second suite runs.
    let world = Fake {
        tip: Mutex::new(vec![Ok(oid('1')), Ok(oid('1')), Ok(oid('2'))]),
        ..Fake::default()
    };
    let verdicts = evaluate(&cases, &BTreeSet::new(), &world.world());
    assert_eq!(verdicts.len(), 2);
    assert_eq!(verdicts[0].decision(), Decision::Refused);
    assert!(matches!(
        verdicts[0].answers.last(),
        Some((Gate::Trunk, Outcome::Refused(_)))
    ));
    assert_eq!(verdicts[1].decision(), Decision::Go);
}
