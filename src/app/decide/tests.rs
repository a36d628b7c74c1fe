//! Overrides, decision and ledger against a world and a journal of the test's own.

use std::{cell::RefCell, time::Instant};

use super::{decider::Decider, journal::Journal, *};
use crate::{
    app::overrides::{REASON, SKIP, SWITCH},
    gates::{
        EnvironmentRemote, EnvironmentRemotes, GovernedPush, Target,
        tests::fake::{Fake, oid},
        verdict::{Decision, Relation, TrunkName},
    },
    memory::{
        ledger::Entry,
        open_push::OpenPush,
        record::{ALL_GATES, Deployed, Event as RecordEvent, Judged, Place, Record},
    },
    policy::{Environment, Policy, Reason, Step},
    push::{Oid, Update, destination::Destination},
};

/// Keeps what is written, unless it is told to fail.
#[derive(Default)]
struct Fakebook {
    prepared: RefCell<usize>,
    written: RefCell<Vec<Entry>>,
    open: RefCell<Vec<OpenPush>>,
    found: RefCell<Vec<(String, Oid)>>,
    /// The calls that fail: `prepare`, `append`, `open`, `found`.
    fails: &'static str,
}

impl Fakebook {
    fn call(&self, name: &str) -> Result<(), Stop> {
        if self.fails.contains(name) {
            return Err(Stop::undecided(format!("could not {name} it")).detail("disk full"));
        }
        Ok(())
    }
}

impl Journal for Fakebook {
    fn prepare(&self) -> Result<(), Stop> {
        *self.prepared.borrow_mut() += 1;
        self.call("prepare")
    }
    fn settle(&self) -> Result<(), Stop> {
        self.call("settle")
    }
    fn append(&self, entry: &Entry) -> Result<(), Stop> {
        self.call("append")?;
        self.written.borrow_mut().push(entry.clone());
        Ok(())
    }
    fn open(&self, push: &OpenPush) -> Result<(), Stop> {
        self.call("open")?;
        self.open.borrow_mut().push(push.clone());
        Ok(())
    }
    fn found(
        &self,
        environment: &EnvironmentRemotes,
        commit: &Oid,
        _: Option<&str>,
    ) -> Result<(), Stop> {
        let found = (environment.environment.clone(), commit.clone());
        self.found.borrow_mut().push(found);
        self.call("found")
    }
    fn arrived_late(&self, _: Place<'_>, _: &Oid, _: Option<&str>) -> Result<(), Stop> {
        Ok(())
    }

    fn follow_up(&self) {}
}

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
            signoff: None,
            ..Environment::named("production")
        },
    ];
    policy
}

fn update(commit: char) -> Update {
    Update {
        source: "refs/heads/master".into(),
        commit: Some(oid(commit)),
        target: "refs/heads/master".into(),
        replaces: Some(oid('a')),
    }
}

/// What is told, what is written down, and the exit code.
struct Story {
    messages: Vec<String>,
    notes: Vec<String>,
    book: Fakebook,
    exit_code: u8,
    decision: Decision,
}

impl Story {
    /// The verdict and the gates of each entry, in words.
    fn entries(&self) -> Vec<String> {
        let gates = |entry: &Entry| {
            let one = |gate: &crate::memory::ledger::GateEntry| {
                format!(" {}={}", gate.gate, gate.outcome)
            };
            entry.gates.iter().map(one).collect::<String>()
        };
        let written = self.book.written.borrow();
        let line = |entry: &Entry| {
            let environment = entry.environment.as_deref().unwrap_or("-");
            format!("{environment} {}{}", entry.verdict, gates(entry))
        };
        written.iter().map(line).collect()
    }

    /// The deployments that are recorded if the pushes arrive.
    fn open(&self) -> Vec<Record> {
        let open = self.book.open.borrow();
        open.iter().map(|push| push.record.clone()).collect()
    }
}

/// One push of the commit `1` to these environments.
struct Told<'t> {
    world: &'t Fake,
    policy: Policy,
    to: &'static [&'static str],
    variables: &'t [(&'t str, &'t str)],
    event: Event,
    stopped: Option<Stopped>,
    fails: &'static str,
    is_edited: bool,
}

impl<'t> Told<'t> {
    fn to_production(world: &'t Fake) -> Self {
        Self {
            world,
            policy: policy(),
            to: &["production"],
            variables: &[],
            event: Event::Push,
            stopped: None,
            fails: "",
            is_edited: false,
        }
    }

    fn with(self, variables: &'t [(&'t str, &'t str)]) -> Self {
        Self { variables, ..self }
    }

    fn story(self) -> Story {
        let update = update('1');
        let destination = Destination::Path("/srv/shop".into());
        let stage = |name: &str| EnvironmentRemotes {
            is_remembered: false,
            environment: name.to_owned(),
            remotes: vec![EnvironmentRemote {
                name: name.into(),
                urls: vec![format!("/srv/{name}").into()],
                destination: format!("/srv/{name}"),
            }],
            destinations: vec![format!("/srv/{name}")],
            expected: name.to_owned(),
            known: Vec::new(),
            branches: vec!["master".to_owned()],
            live: None,
        };
        let push = Push {
            remote: "production".into(),
            url: "/srv/shop".into(),
            updates: vec![update.clone()],
            deploy: None,
            is_dry: false,
        };
        let case = |name: &&'static str| GovernedPush {
            push: &push,
            second: false,
            policy: &self.policy,
            written: true,
            target: Target::Environment(name),
            destination: &destination,
            recorded: "/srv/shop".to_owned(),
            remote: (*name).to_owned(),
            trunk: Ok(TrunkName {
                remote: "origin".to_owned(),
                branch: "master".to_owned(),
            }),
            trunk_is_here: false,
            updates: vec![&update],
            here: Some(stage(name)),
            before: (*name == "production").then(|| stage("staging")),
        };
        let cases: Vec<_> = self.to.iter().map(case).collect();
        let find = |name: &str| {
            let found = self.variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let overrides = Overrides::read(find);
        let book = Fakebook {
            fails: self.fails,
            ..Fakebook::default()
        };
        let decider = Decider {
            event: self.event,
            world: self.world.world(),
            overrides: overrides.as_ref(),
            start: Instant::now(),
        };
        let pending = decider.judge(&cases, self.is_edited, &book);
        let mut messages: Vec<_> = pending.messages.iter().map(in_words).collect();
        let notes = pending.messages.iter().filter_map(|message| match message {
            Message::Verdict(_, verdict) => Some(verdict.notes.clone()),
            _ => None,
        });
        let notes = notes.flatten().collect();
        let recorded = pending.record(self.stopped, &book);
        messages.extend(recorded.messages.iter().map(in_words));
        Story {
            messages,
            notes,
            exit_code: recorded.decision.exit_code(),
            decision: recorded.decision,
            book,
        }
    }
}

fn in_words(message: &Message) -> String {
    match message {
        Message::Line(line) => format!("line: {line}"),
        Message::Warning(line) => format!("warning: {line}"),
        Message::Unsettled(why) => format!("unsettled: {}", why.in_one_line()),
        Message::Verdict(what, verdict) => format!("verdict: {what}: {:?}", verdict.decision()),
        Message::Stopped(what, why) => {
            format!("{}: {what}: {}", why.decision().name(), why.in_one_line())
        }
    }
}

const ALL_PASSED: &str =
    " target=passed window=passed trunk=passed lock=passed promotion=passed suite=passed";
const PUSH: &str = "push to production (shop)";

#[test]
fn what_every_gate_lets_pass_goes_and_is_written_down() {
    let world = Fake::default();
    let story = Told::to_production(&world).story();
    assert_eq!((story.exit_code, story.decision), (0, Decision::Go));
    assert_eq!(story.messages, [format!("verdict: {PUSH}: Go")]);
    assert_eq!(story.entries(), [format!("production go{ALL_PASSED}")]);
    let [deployed] = story.open().try_into().unwrap();
    let expected = Deployed {
        replaces: Some(oid('a')),
        decided: Some("2026-11-24T12:00:13Z".parse().unwrap()),
        ..Deployed::new(Judged::Go)
    };
    assert_eq!(deployed.commit, oid('1'));
    assert_eq!(deployed.environment, "production");
    assert_eq!(deployed.destinations, ["/srv/shop"]);
    assert_eq!(deployed.event, RecordEvent::Deployed(expected));
    assert_eq!(story.book.open.borrow()[0].share.as_deref(), Some("origin"));
    let entry = story.book.written.borrow()[0].clone();
    assert_eq!(entry.by, "Ana <ana@shop.example>");
    assert_eq!(entry.at.to_string(), "2026-11-24T12:00:13Z");
    assert_eq!(entry.commit.unwrap(), oid('1'));
    assert_eq!(entry.replaces.unwrap(), oid('a'));
}

#[test]
fn a_push_that_goes_says_how_long_to_stay_around_and_a_check_does_not() {
    let mut policy = policy();
    policy.environments[1].window.runway = jiff::SignedDuration::from_hours(1);
    let world = Fake::default();
    let notes = |event| {
        let told = Told {
            policy: policy.clone(),
            event,
            ..Told::to_production(&world)
        };
        told.story().notes
    };
    let note = "stay around for 1h, until 13:00, in case production needs you";
    assert_eq!(notes(Event::Push), [note]);
    assert!(notes(Event::Check).is_empty());
}

/// The remotes are asked all the same: the verdict names all that refuses.
#[test]
fn what_a_window_refuses_is_not_compared_with_what_is_live() {
    let world = Fake::default();
    let mut policy = policy();
    policy.environments[1].window.closed = vec!["00:00-24:00".parse().unwrap()];
    let told = Told {
        policy,
        ..Told::to_production(&world)
    };
    assert_eq!(told.story().decision, Decision::Refused);
    let asked = world.asked();
    assert!(
        asked.contains(&"trunk") && !asked.contains(&"difference"),
        "{asked:?}"
    );
}

#[test]
fn what_a_gate_refuses_leaves_an_entry_and_no_record() {
    let world = Fake {
        tip: std::sync::Mutex::new(vec![Ok(oid('2'))]),
        relation: Relation::Unrelated,
        ..Fake::default()
    };
    let story = Told::to_production(&world).story();
    assert_eq!((story.exit_code, story.decision), (1, Decision::Refused));
    let gates = "target=passed window=passed trunk=refused lock=passed promotion=passed";
    assert_eq!(story.entries(), [format!("production refused {gates}")]);
    assert!(story.open().is_empty());
}

#[test]
fn the_hook_behind_the_gates_is_heard_before_the_decision() {
    let world = Fake::default();
    let story = Told {
        stopped: Some(Stopped {
            by: "chained",
            why: "exit code 3".to_owned(),
        }),
        ..Told::to_production(&world)
    };
    let story = story.story();
    assert_eq!(story.decision, Decision::Refused);
    let expected = format!("production refused{ALL_PASSED} chained=refused");
    assert_eq!(story.entries(), [expected]);
    assert!(story.open().is_empty());
}

#[test]
fn a_gate_that_is_skipped_overrides_with_its_reason() {
    let world = Fake {
        suite: || panic!("the suite is skipped"),
        ..Fake::default()
    };
    let variables = [(SKIP, "suite"), (REASON, "the site is down")];
    let story = Told::to_production(&world).with(&variables).story();
    assert_eq!((story.exit_code, story.decision), (0, Decision::Overridden));
    let said = [
        "warning: suite is not asked: PUSHGATE_SKIP names it (the site is down)".to_owned(),
        format!("verdict: {PUSH}: Overridden"),
    ];
    assert_eq!(story.messages, said);
    let gates = ALL_PASSED.replace("suite=passed", "suite=skipped");
    assert_eq!(story.entries(), [format!("production overridden{gates}")]);
    let reason = story.book.written.borrow()[0].reason.clone();
    assert_eq!(reason.as_deref(), Some("the site is down"));
    // The team learns it with the deployment.
    let [open] = story.open().try_into().unwrap();
    let deployed = open.deployed().unwrap();
    assert_eq!(deployed.judged, Judged::Overridden);
    assert_eq!(deployed.gates, ["suite"]);
    assert_eq!(deployed.reason, reason);
}

#[test]
fn a_switch_that_is_off_asks_no_gate() {
    let world = Fake::default();
    let story = Told::to_production(&world).with(&[(SWITCH, "off")]).story();
    assert_eq!((story.exit_code, story.decision), (0, Decision::Overridden));
    let said = format!("warning: {PUSH} is not checked: PUSHGATE is off");
    assert_eq!(story.messages, [said]);
    assert_eq!(story.entries(), ["production overridden"]);
    // The clock dates the entry.
    assert_eq!(world.asked(), ["clock"]);
    assert_eq!(*story.book.prepared.borrow(), 0);
}

#[test]
fn a_word_that_means_nothing_is_refused_before_any_gate() {
    let world = Fake::default();
    let story = Told::to_production(&world).with(&[(SKIP, "suit")]).story();
    assert_eq!((story.exit_code, story.decision), (1, Decision::Refused));
    assert_eq!(story.entries(), ["production refused override=refused"]);
    // The cure says --force where git wants it.
    assert_eq!(world.asked(), ["ancestry", "clock"]);
    assert!(story.messages[0].starts_with(&format!("refused: {PUSH}: PUSHGATE_SKIP says `suit`")));
}

#[test]
fn an_override_without_the_reason_that_is_demanded_is_refused() {
    let world = Fake::default();
    let mut policy = policy();
    policy.environments[1].reason = Reason::Required;
    let told = |variables| Told {
        policy: policy.clone(),
        ..Told::to_production(&world).with(variables)
    };
    for variables in [&[(SWITCH, "off")], &[(SKIP, "window")]] {
        let story = told(variables).story();
        assert_eq!((story.exit_code, story.decision), (1, Decision::Refused));
        let said = format!("refused: {PUSH}: an override of production must say why");
        assert_eq!(story.messages, [said]);
        assert_eq!(story.entries(), ["production refused override=refused"]);
    }
    let story = told(&[(SWITCH, "off"), (REASON, "down")]).story();
    assert_eq!(story.decision, Decision::Overridden);
}

#[test]
fn one_target_that_is_refused_stops_the_others() {
    let world = Fake {
        live: std::sync::Mutex::new(vec![vec![("master".to_owned(), oid('2'))]]),
        ..Fake::default()
    };
    let story = Told {
        to: &["staging", "production"],
        ..Told::to_production(&world)
    };
    let story = story.story();
    assert_eq!((story.exit_code, story.decision), (1, Decision::Refused));
    let gates = "target=passed window=passed trunk=passed lock=passed promotion=refused";
    assert_eq!(story.entries(), [format!("production refused {gates}")]);
    assert_eq!(story.messages, [format!("verdict: {PUSH}: Refused")]);
    assert!(story.open().is_empty());
}

#[test]
fn a_ledger_that_cannot_be_written_is_found_out_before_any_gate() {
    let world = Fake::default();
    let story = Told {
        fails: "prepare",
        ..Told::to_production(&world)
    };
    let story = story.story();
    assert_eq!((story.exit_code, story.decision), (2, Decision::Undecided));
    let said = format!("undecided: {PUSH}: could not prepare it: disk full");
    assert_eq!(story.messages, [said]);
    assert!(world.asked().is_empty() && story.entries().is_empty());
}

#[test]
fn a_push_without_a_trace_does_not_go_unless_the_gate_is_off() {
    let world = Fake::default();
    let story = Told {
        fails: "append",
        ..Told::to_production(&world)
    };
    let story = story.story();
    assert_eq!(story.exit_code, 2);
    let said = "undecided: push to /srv/shop: could not append it: disk full";
    assert_eq!(
        story.messages,
        [format!("verdict: {PUSH}: Go"), said.to_owned()]
    );
    let story = Told {
        fails: "append",
        ..Told::to_production(&world).with(&[(SWITCH, "off")])
    };
    let story = story.story();
    assert_eq!(story.exit_code, 0);
    assert_eq!(story.messages[1], "warning: could not append it: disk full");
    let [open] = story.open().try_into().unwrap();
    let deployed = open.deployed().unwrap();
    assert_eq!(deployed.judged, Judged::Overridden);
    assert_eq!(deployed.gates, [ALL_GATES]);
    // Nobody would learn whether it arrived.
    let story = Told {
        fails: "open",
        ..Told::to_production(&world)
    };
    assert_eq!(story.story().exit_code, 2);
}

#[test]
fn a_check_records_what_it_sees_and_no_push() {
    let mut policy = policy();
    policy.environments[1].soak = std::time::Duration::from_mins(1);
    let world = Fake::default();
    let told = |event| Told {
        policy: policy.clone(),
        event,
        ..Told::to_production(&world)
    };
    let story = told(Event::Check).story();
    assert_eq!(story.book.written.borrow()[0].event, "check");
    assert_eq!(
        *story.book.found.borrow(),
        [("staging".to_owned(), oid('1'))]
    );
    assert!(story.open().is_empty());
}

#[test]
fn what_cannot_be_routed_goes_only_where_the_gate_is_off() {
    let world = Fake::default();
    let push = Push {
        remote: "production".into(),
        url: "/srv/shop".into(),
        updates: vec![update('1')],
        deploy: None,
        is_dry: false,
    };
    let destination = Destination::Path("/srv/shop".into());
    let told = |overrides: Overrides| {
        let decider = Decider {
            event: Event::Push,
            world: world.world(),
            overrides: Ok(&overrides),
            start: Instant::now(),
        };
        let pending = decider.unrouted(&push, &destination, Stop::bare());
        let messages: Vec<_> = pending.messages.iter().map(in_words).collect();
        let recorded = pending.record(None, &Fakebook::default());
        (messages, recorded.decision, recorded.entries[0].0.clone())
    };
    let (messages, decision, entry) = told(Overrides::default());
    assert_eq!(decision, Decision::Undecided);
    assert!(messages[0].starts_with("undecided: push to /srv/shop: this repository is bare"));
    assert_eq!(
        (entry.gates[0].gate.as_str(), entry.verdict.as_str()),
        ("target", "undecided")
    );
    let (messages, decision, entry) = told(Overrides {
        off: true,
        reason: Some("down".to_owned()),
        ..Overrides::default()
    });
    assert_eq!(decision, Decision::Overridden);
    let first = "warning: push to /srv/shop is not checked: PUSHGATE is off (down)";
    assert_eq!(messages[0], first);
    assert_eq!(
        (entry.verdict.as_str(), entry.reason.as_deref()),
        ("overridden", Some("down"))
    );
}
