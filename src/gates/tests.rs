//! The gates against a world that records what it was asked: the facts, the order, and what is never
//! asked.

mod ci;
pub(crate) mod fake;

use std::{collections::BTreeSet, sync::Mutex, time::Duration};

use bstr::{BStr, ByteSlice};
use jiff::{SignedDuration, Timestamp};

use self::fake::{Fake, oid};
use super::{
    facts::{Count, Mismatch, Relation, TrunkName},
    gate::Gate,
    verdict::{Decision, Outcome, Verdict},
    *,
};
use crate::{
    calendar::Window,
    memory::lock::{Found, Lock, ref_of},
    policy::{Environment, Policy, Signoff, Step},
    push::{Push, Update, destination::Destination, remotes},
};

fn policy() -> Policy {
    let mut policy = Policy::default();
    policy.suite.steps.push(Step {
        run: "true".to_owned(),
        ..Step::default()
    });
    policy.environments = vec![
        Environment::named("staging"),
        Environment {
            after: Some("staging".to_owned()),
            window: window(),
            ..Environment::named("production")
        },
    ];
    policy
}

/// Closed at night, with a runway of an hour.
fn window() -> Window {
    Window {
        closed: vec!["22:00-07:00".parse().unwrap()],
        runway: SignedDuration::from_hours(1),
        ..Window::default()
    }
}

fn set(commit: char, target: &str) -> Update {
    Update {
        source: "refs/heads/master".into(),
        commit: Some(oid(commit)),
        target: target.into(),
        replaces: Some(oid('a')),
    }
}

/// The push of the commit `1` to production's master.
fn push() -> [Update; 1] {
    [set('1', "refs/heads/master")]
}

fn deletion() -> Update {
    Update {
        source: "(delete)".into(),
        commit: None,
        target: "refs/heads/master".into(),
        replaces: Some(oid('a')),
    }
}

fn trunk_name() -> TrunkName {
    TrunkName {
        remote: "origin".to_owned(),
        branch: "master".to_owned(),
    }
}

fn remotes_named(environment: &str) -> EnvironmentRemotes {
    EnvironmentRemotes {
        is_remembered: false,
        environment: environment.to_owned(),
        remotes: vec![EnvironmentRemote {
            name: environment.into(),
            urls: vec![format!("/srv/{environment}").into()],
            destination: format!("/srv/{environment}"),
        }],
        destinations: vec![format!("/srv/{environment}")],
        expected: environment.to_owned(),
        known: Vec::new(),
        branches: vec!["master".to_owned()],
        live: None,
    }
}

/// What the gates say of a push of these updates to production.
fn production(updates: &[Update], skip: &[Gate], world: &Fake) -> Verdict {
    production_under(&policy(), updates, skip, world)
}

fn production_under(policy: &Policy, updates: &[Update], skip: &[Gate], world: &Fake) -> Verdict {
    let (push, destination) = (git_push(updates), Destination::Path("/srv/shop".into()));
    let push = governed(&push, &destination, policy, false);
    let skip = skip.iter().copied().collect::<BTreeSet<_>>();
    evaluate(&[push], &skip, false, &world.world())
        .pop()
        .unwrap()
}

/// A push to production by the rules of this policy; `second`: its refs are judged already, by other rules.
fn governed<'p>(
    push: &'p Push,
    destination: &'p Destination,
    policy: &'p Policy,
    second: bool,
) -> GovernedPush<'p> {
    GovernedPush {
        push,
        second,
        policy,
        written: true,
        target: Target::Environment("production"),
        destination,
        recorded: "/srv/shop".to_owned(),
        remote: "production".to_owned(),
        trunk: Ok(trunk_name()),
        trunk_is_here: false,
        updates: push.updates.iter().collect(),
        here: Some(remotes_named("production")),
        before: Some(remotes_named("staging")),
    }
}

fn git_push(updates: &[Update]) -> Push {
    Push {
        remote: "production".into(),
        url: "/srv/shop".into(),
        updates: updates.to_vec(),
        deploy: None,
        is_dry: false,
    }
}

fn at(time: &str) -> Mutex<Vec<Timestamp>> {
    Mutex::new(time.split(' ').map(|time| time.parse().unwrap()).collect())
}

/// These updates are refused in these words, after these questions.
#[track_caller]
fn refused(updates: &[Update], world: &Fake, why: &str, asked: &[&str]) {
    let verdict = production(updates, &[], world);
    assert_eq!(verdict.decision(), Decision::Refused);
    assert_eq!(refusals(&verdict)[0].1.why, why);
    assert_eq!(world.asked(), asked);
}

fn refusals(verdict: &Verdict) -> Vec<(Gate, &Stop)> {
    let answers = verdict.answers.iter();
    answers
        .filter_map(|(gate, outcome)| match outcome {
            Outcome::Stopped(stop) if stop.is_refusal() => Some((*gate, stop)),
            _ => None,
        })
        .collect()
}

/// How often a question was asked.
fn times(world: &Fake, question: &str) -> usize {
    let asked = world.asked();
    asked.iter().filter(|one| **one == question).count()
}

fn no_suite() -> Result<SuiteRun, Stop> {
    Err(Stop::refused("red"))
}

fn dirty() -> Mismatch {
    Mismatch::Changed {
        within: false,
        files: vec!["x".into()],
        first: Vec::new(),
    }
}

#[test]
fn the_gates_are_asked_in_their_order_and_three_again_after_the_suite() {
    let world = Fake::default();
    let verdict = production(&push(), &[], &world);
    assert_eq!(verdict.decision(), Decision::Go);
    let answered: Vec<_> = verdict.answers.iter().map(|(gate, _)| *gate).collect();
    assert_eq!(answered, ORDER);
    assert_eq!(
        world.asked(),
        [
            "clock", "checkout", "staging", "trunk", "lock", "suite", "checkout", "receipt",
            "clock", "staging", "trunk"
        ]
    );
}

#[test]
fn a_deletion_asks_nothing_at_all() {
    let why = "`master` deploys from here and may not be deleted";
    refused(&[deletion()], &Fake::default(), why, &[]);
}

#[test]
fn two_commits_ask_nothing_at_all() {
    let updates = [set('1', "refs/heads/master"), set('2', "refs/heads/main")];
    let why = "two commits for one place: 1111111 to `master`, 2222222 to `main`";
    refused(&updates, &Fake::default(), why, &[]);
}

#[test]
fn an_unknown_deployed_commit_asks_only_trunk_which_may_have_it() {
    let world = Fake {
        missing: Some(oid('a')),
        ..Fake::default()
    };
    let why =
        "`production` has aaaaaaa, which this repository does not: somebody else pushed there";
    refused(&push(), &world, why, &["trunk"]);
}

const CLOSED: &str = "closed by `22:00-07:00`; opens Wed 2026-11-25 07:00";
const NIGHT: &str = "2026-11-24T23:00:00Z";

#[test]
fn a_closed_window_asks_the_network_what_else_there_is_and_nothing_about_the_suite() {
    let world = Fake {
        now: at(NIGHT),
        ..Fake::default()
    };
    // The override that it names is a forced push, where git asks for that.
    let asked = ["clock", "staging", "trunk", "ancestry"];
    refused(&push(), &world, CLOSED, &asked);
}

#[test]
fn one_verdict_names_every_refusal_and_one_command_overrides_them() {
    let world = Fake {
        now: at(NIGHT),
        locks: vec![locked("Ben <ben@shop.example>", None)],
        tip: Mutex::new(vec![Ok(oid('a'))]),
        live: Mutex::new(vec![vec![("master".to_owned(), oid('a'))]]),
        relation: Relation::Ahead(Count(1)),
        ..Fake::default()
    };
    let verdict = production(&push(), &[], &world);
    let refusals = refusals(&verdict);
    let gates: Vec<_> = refusals.iter().map(|(gate, _)| *gate).collect();
    assert_eq!(gates, TOGETHER);
    let all = refusals.iter().flat_map(|(_, refusal)| &refusal.cures);
    let all: Vec<_> = all.map(ToString::to_string).collect();
    assert_eq!(
        all,
        [
            "push it there first, then push again: git push origin master",
            "ask them, then push again",
            "deploy it there, try it on staging, then push again: git push staging master",
            "if it cannot wait: PUSHGATE_SKIP=window,trunk,lock,promotion PUSHGATE_REASON=\"...\" git push production master",
        ]
    );
    // What is skipped already is skipped again.
    let verdict = production(&push(), &[Gate::Promotion], &world);
    assert!(format!("{verdict:?}").contains("PUSHGATE_SKIP=window,trunk,lock,promotion "));
}

#[test]
fn what_trunk_s_rules_refuse_besides_costs_no_question_to_a_remote() {
    let world = Fake {
        now: Mutex::new(vec!["2026-11-24T23:40:00Z".parse().unwrap()]),
        live: Mutex::new(vec![vec![("master".to_owned(), oid('3'))]]),
        ..Fake::default()
    };
    let (own, olds, push) = (policy(), policy(), git_push(&push()));
    let destination = Destination::Path("/srv/shop".into());
    let pushes = [(&own, false), (&olds, true)]
        .map(|(by, second)| governed(&push, &destination, by, second));
    let verdicts = evaluate(&pushes, &BTreeSet::new(), false, &world.world());
    let [verdict] = verdicts.as_slice() else {
        panic!("{verdicts:?}");
    };
    let gates: Vec<_> = (refusals(verdict).iter()).map(|(gate, _)| *gate).collect();
    assert_eq!(gates, [Gate::Window, Gate::Promotion]);
    let asked = world.asked();
    for question in ["trunk", "staging"] {
        let count = asked.iter().filter(|one| **one == question).count();
        assert_eq!(count, 1, "{asked:?}");
    }
}

/// A lock of production since eleven o'clock.
fn locked(by: &str, until: Option<&str>) -> Found {
    let at = |time: &str| time.parse().unwrap();
    let since = at("2026-11-24T11:00:00Z");
    let lock = Lock::new("production", by, "it runs", since, until.map(at));
    let text = serde_json::to_vec(&lock).unwrap();
    Found::new(&ref_of("production"), &oid('5'), false, Ok(text))
}

#[test]
fn a_lock_stops_all_but_its_holder_until_it_runs_out_and_a_damaged_one_stops_everybody() {
    let decision = |lock: Found, skip: &[Gate]| {
        let world = Fake {
            locks: vec![lock],
            ..Fake::default()
        };
        let verdict = production(&push(), skip, &world);
        (verdict.decision(), verdict.notes)
    };
    let ben = || locked("Ben <ben@shop.example>", Some("2026-11-24T13:00:00Z"));
    assert_eq!(decision(ben(), &[]), (Decision::Refused, Vec::new()));
    let skip = [Gate::Lock];
    assert_eq!(decision(ben(), &skip), (Decision::Overridden, Vec::new()));
    let ana = locked("A. <ANA@shop.example>", None);
    assert_eq!(decision(ana, &[]), (Decision::Go, Vec::new()));
    let over = locked("Ben <ben@shop.example>", Some("2026-11-24T12:00:00Z"));
    let note =
        "the lock of production by Ben <ben@shop.example> ran out Tue 2026-11-24 12:00: it runs";
    assert_eq!(decision(over, &[]), (Decision::Go, vec![note.to_owned()]));
    let damaged = |environment| {
        let why = Err("so".to_owned());
        Found::new(&ref_of(environment), &oid('5'), false, why)
    };
    assert_eq!(decision(damaged("production"), &[]).0, Decision::Undecided);
    assert_eq!(decision(damaged("staging"), &[]).0, Decision::Go);
}

#[test]
fn a_rollback_is_not_let_through_a_lock_of_another_person() {
    let world = |by| Fake {
        was_live: true,
        locks: vec![locked(by, None)],
        ..Fake::default()
    };
    let verdict = rollback(&world("Ben <ben@shop.example>"));
    assert_eq!(verdict.decision(), Decision::Refused);
    let asked = "PUSHGATE_SKIP=lock PUSHGATE_ROLLBACK=1 PUSHGATE_REASON=\"...\"";
    let command = format!("{asked} git push --force production master");
    let (Gate::Lock, refusal) = refusals(&verdict)[0] else {
        panic!("{verdict:?}")
    };
    assert_eq!(refusal.cures.last().unwrap().commands, [command]);
    let own = rollback(&world("Ana <ana@shop.example>"));
    assert_eq!(own.decision(), Decision::Go);
}

#[test]
fn where_another_commit_must_be_pushed_nothing_is_advised_about_this_one() {
    let world = Fake {
        tip: Mutex::new(vec![Ok(oid('2'))]),
        live: Mutex::new(vec![vec![("master".to_owned(), oid('2'))]]),
        ..Fake::default()
    };
    let verdict = production(&push(), &[], &world);
    let refusals = refusals(&verdict);
    let [(Gate::Trunk, _), (Gate::Promotion, promotion)] = refusals.as_slice() else {
        panic!("{verdict:?}")
    };
    let words = "it is asked again about the commit that you push then";
    assert_eq!(promotion.cures, [crate::cure::Cure::words(words)]);
}

#[test]
fn a_refusal_outweighs_what_a_silent_network_leaves_open() {
    let silent = || Stop::undecided("`origin` gave no answer");
    let world = Fake {
        now: at(NIGHT),
        tip: Mutex::new(vec![Err(silent())]),
        ..Fake::default()
    };
    let verdict = production(&push(), &[], &world);
    assert_eq!(verdict.decision(), Decision::Refused);
    let trunk = verdict
        .answers
        .iter()
        .find(|(gate, _)| *gate == Gate::Trunk);
    assert!(matches!(trunk, Some((_, Outcome::Stopped(why))) if *why == silent()));
}

#[test]
fn what_the_team_may_know_is_not_refused_where_it_could_not_be_asked() {
    let mut policy = policy();
    policy.environments[1].signoff = Some(Signoff::default());
    let world = |tip| Fake {
        tip: Mutex::new(vec![tip]),
        says: "yes",
        ..Fake::default()
    };
    let silent = Stop::undecided("`origin` gave no answer");
    let world = world(Err(silent.clone()));
    let verdict = production_under(&policy, &push(), &[], &world);
    assert_eq!(verdict.decision(), Decision::Undecided);
    assert_eq!(times(&world, "person"), 0);
}

#[test]
fn a_person_is_asked_only_where_nothing_else_stops_the_push() {
    let mut policy = policy();
    policy.environments[1].signoff = Some(Signoff::default());
    for (now, asked) in [("2026-11-24T12:00:00Z", 1), (NIGHT, 0)] {
        let world = Fake {
            now: at(now),
            says: "yes",
            receipts: Mutex::new(vec![Some(receipt())]),
            ..Fake::default()
        };
        production_under(&policy, &push(), &[], &world);
        assert_eq!(times(&world, "person"), asked);
    }
}

/// What the gates say of a push to production that is asked for as a rollback.
fn rollback(world: &Fake) -> Verdict {
    let (updates, policy) = (push(), policy());
    let push = GovernedPush {
        push: &git_push(&updates),
        second: false,
        policy: &policy,
        written: true,
        target: Target::Environment("production"),
        destination: &Destination::Path("/srv/shop".into()),
        recorded: "/srv/shop".to_owned(),
        remote: "production".to_owned(),
        trunk: Ok(trunk_name()),
        trunk_is_here: false,
        updates: updates.iter().collect(),
        here: Some(remotes_named("production")),
        before: Some(remotes_named("staging")),
    };
    let verdicts = evaluate(&[push], &BTreeSet::new(), true, &world.world());
    verdicts.into_iter().next().unwrap()
}

#[test]
fn what_was_live_before_goes_back_at_night_though_trunk_and_staging_moved_on() {
    let world = || Fake {
        now: at(NIGHT),
        tip: Mutex::new(vec![Ok(oid('2'))]),
        live: Mutex::new(vec![vec![("master".to_owned(), oid('2'))]]),
        was_live: true,
        ..Fake::default()
    };
    let verdict = rollback(&world());
    assert_eq!(verdict.decision(), Decision::Go);
    let passes = |gate| {
        verdict.answers.iter().any(|(one, outcome)| {
            *one == gate && matches!(outcome, Outcome::Passed(why) if why == "passes as a rollback")
        })
    };
    assert!(
        [Gate::Window, Gate::Trunk, Gate::Promotion]
            .into_iter()
            .all(passes)
    );
    let (to, from) = (oid('1'), oid('a'));
    assert_eq!(
        verdict.rollback,
        Some(verdict::Rollback {
            from,
            to,
            in_place_of: None
        })
    );
    // It must be on trunk, and its suite must pass.
    let elsewhere = rollback(&Fake {
        relation: Relation::Unrelated,
        ..world()
    });
    assert_eq!(elsewhere.decision(), Decision::Refused);
    let red = rollback(&Fake {
        suite: no_suite,
        ..world()
    });
    assert_eq!(red.decision(), Decision::Refused);
}

#[test]
fn what_was_never_live_is_no_rollback_and_without_the_word_nothing_is() {
    let verdict = rollback(&Fake::default());
    match verdict.answers.last() {
        Some((Gate::Target, Outcome::Stopped(refusal))) if refusal.is_refusal() => {
            let why = "1111111 was never live on production: it is not a rollback";
            assert_eq!(refusal.why, why);
        }
        other => panic!("{other:?}"),
    }
    let world = Fake {
        now: at(NIGHT),
        was_live: true,
        ..Fake::default()
    };
    // The override that it names is a forced push, where git asks for that.
    let asked = ["clock", "staging", "trunk", "ancestry"];
    refused(&push(), &world, CLOSED, &asked);
}

#[test]
fn after_a_short_suite_no_remote_is_asked_again() {
    let world = Fake {
        suite: || {
            Ok(SuiteRun {
                took: Duration::from_secs(9),
                ..SuiteRun::default()
            })
        },
        ..Fake::default()
    };
    assert_eq!(production(&push(), &[], &world).decision(), Decision::Go);
    assert_eq!((times(&world, "trunk"), times(&world, "staging")), (1, 1));
}

#[test]
fn a_stale_trunk_runs_no_suite_and_waits_for_none() {
    let world = Fake {
        tip: Mutex::new(vec![Ok(oid('2'))]),
        ..Fake::default()
    };
    let why = "master is 2 commits behind origin/master (you push 1111111, origin has 2222222)";
    let asked = ["clock", "checkout", "staging", "trunk", "ancestry"];
    refused(&push(), &world, why, &asked);
}

#[test]
fn a_silent_network_is_undecided_and_asks_nothing_more_expensive() {
    let silent = Stop::undecided("`origin` gave no answer");
    let world = Fake {
        tip: Mutex::new(vec![Err(silent.clone())]),
        ..Fake::default()
    };
    let verdict = production(&push(), &[], &world);
    assert_eq!(verdict.decision(), Decision::Undecided);
    match verdict.answers.as_slice() {
        [
            ..,
            (Gate::Trunk, Outcome::Stopped(trunk)),
            (Gate::Lock, Outcome::Stopped(lock)),
            (Gate::Promotion, _),
        ] => assert_eq!((trunk, lock), (&silent, &silent)),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.asked(), ["clock", "checkout", "staging", "trunk"]);
}

#[test]
fn another_commit_on_staging_does_not_run_the_suite() {
    let world = Fake {
        live: Mutex::new(vec![vec![("master".to_owned(), oid('3'))]]),
        ..Fake::default()
    };
    let why = "staging has 3333333, not 1111111, which is 2 commits behind it";
    let asked = ["clock", "checkout", "staging", "trunk", "ancestry"];
    refused(&push(), &world, why, &asked);
}

#[test]
fn a_dirty_checkout_does_not_run_the_suite() {
    let world = Fake {
        mismatches: Mutex::new(vec![Some(dirty())]),
        ..Fake::default()
    };
    let why = "the checkout is not 1111111: 1 file changed or untracked: x";
    let asked = ["clock", "checkout", "staging", "trunk", "lock"];
    refused(&push(), &world, why, &asked);
}

#[test]
fn a_world_that_moved_while_the_suite_ran_refuses() {
    let night = Fake {
        now: at("2026-11-24T20:59:00Z 2026-11-24T21:01:00Z"),
        ..Fake::default()
    };
    let stale = Fake {
        tip: Mutex::new(vec![Ok(oid('1')), Ok(oid('2'))]),
        ..Fake::default()
    };
    let moved = Fake {
        live: Mutex::new(vec![vec![("master".to_owned(), oid('1'))], vec![]]),
        ..Fake::default()
    };
    let worlds = [
        (Gate::Window, night),
        (Gate::Trunk, stale),
        (Gate::Promotion, moved),
    ];
    for (gate, world) in worlds {
        let verdict = production(&push(), &[], &world);
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
    let verdict = production(&push(), &[Gate::Suite], &world);
    assert_eq!(verdict.decision(), Decision::Overridden);
    assert_eq!(world.asked(), ["clock", "staging", "trunk"]);
    let world = Fake {
        tip: Mutex::new(vec![Ok(oid('2'))]),
        ..Fake::default()
    };
    let verdict = production(&push(), &[Gate::Trunk, Gate::Lock], &world);
    assert_eq!(verdict.decision(), Decision::Overridden);
    assert_eq!(times(&world, "trunk"), 1);
}

#[test]
fn a_refusal_of_a_later_gate_outweighs_an_override() {
    let world = Fake {
        suite: no_suite,
        ..Fake::default()
    };
    let verdict = production(&push(), &[Gate::Window], &world);
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
    let verdict = production(&push(), &[], &world);
    assert_eq!(verdict.decision(), Decision::Go);
    assert_eq!(world.asked(), ["clock", "staging", "trunk", "clock"]);
    match verdict.answers.last() {
        Some((Gate::Suite, Outcome::Passed(words))) => {
            assert_eq!(words, "passed 1h ago on this tree, in 2m 10s");
        }
        other => panic!("{other:?}"),
    }
    let verdict = production(&push(), &[Gate::Suite], &world);
    assert!(matches!(
        verdict.answers.last(),
        Some((Gate::Suite, Outcome::Skipped { needless: true }))
    ));
}

#[test]
fn a_push_that_waited_for_another_run_looks_for_its_receipt() {
    let world = Fake {
        receipts: Mutex::new(vec![None, None, Some(receipt())]),
        waited: true,
        ..Fake::default()
    };
    assert_eq!(production(&push(), &[], &world).decision(), Decision::Go);
    assert_eq!(
        world.asked(),
        [
            "clock", "checkout", "staging", "trunk", "lock", "clock", "staging", "trunk"
        ]
    );
}

#[test]
fn a_red_suite_and_a_changed_checkout_leave_no_receipt() {
    let red = Fake {
        suite: no_suite,
        ..Fake::default()
    };
    let changed = Fake {
        mismatches: Mutex::new(vec![None, Some(dirty())]),
        ..Fake::default()
    };
    for world in [red, changed] {
        let verdict = production(&push(), &[], &world);
        assert_eq!(verdict.decision(), Decision::Refused);
        assert_eq!(times(&world, "receipt"), 0);
    }
}

#[test]
fn a_closed_connection_leaves_the_receipt_and_stops_the_push() {
    let world = Fake {
        connection: "closed",
        ..Fake::default()
    };
    let why = "passed in 13s, but the server closed git's connection meanwhile";
    let asked = [
        "clock", "checkout", "staging", "trunk", "lock", "suite", "checkout", "receipt", "ancestry",
    ];
    refused(&push(), &world, why, &asked);
}

#[test]
fn a_deletion_that_is_let_through_is_still_asked_for_the_hour_and_for_nothing_else() {
    let world = Fake::default();
    let verdict = production(&[deletion()], &[Gate::Target], &world);
    let answered: Vec<_> = verdict.answers.iter().map(|(gate, _)| *gate).collect();
    assert_eq!(answered, [Gate::Target, Gate::Window]);
    let world = Fake {
        now: at(NIGHT),
        ..Fake::default()
    };
    let verdict = production(&[deletion()], &[Gate::Target], &world);
    assert_eq!(verdict.decision(), Decision::Refused);
}

#[test]
fn a_later_suite_ages_what_an_earlier_target_had_answered() {
    let mut policy = policy();
    policy.suite.on = crate::policy::On::All;
    let destination = Destination::Path("/srv/shop".into());
    let (master, topic) = (set('1', "refs/heads/master"), set('2', "refs/heads/topic"));
    let by_git = git_push(&[]);
    let push = |target, update| GovernedPush {
        push: &by_git,
        second: false,
        policy: &policy,
        written: true,
        target,
        destination: &destination,
        recorded: "/srv/shop".to_owned(),
        remote: "staging".to_owned(),
        trunk: Ok(trunk_name()),
        trunk_is_here: false,
        updates: vec![update],
        here: None,
        before: None,
    };
    let pushes = [
        push(Target::Environment("staging"), &master),
        push(Target::Branch, &topic),
    ];
    // Trunk moves while the second suite runs.
    let world = Fake {
        tip: Mutex::new(vec![Ok(oid('1')), Ok(oid('2'))]),
        ..Fake::default()
    };
    let verdicts = evaluate(&pushes, &BTreeSet::new(), false, &world.world());
    assert_eq!(verdicts.len(), 2);
    assert_eq!(verdicts[0].decision(), Decision::Refused);
    assert!(matches!(
        verdicts[0].answers.last(),
        Some((Gate::Trunk, Outcome::Stopped(stop))) if stop.is_refusal()
    ));
    assert_eq!(verdicts[1].decision(), Decision::Go);
}
