use super::*;
use crate::{
    memory::{
        decision::Decision,
        record::{Deployed, Judged, Place},
    },
    push::Oid,
};

const ANA: &str = "Ana <ana@shop.example>";

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
}

fn id(digit: char) -> Oid {
    Oid::parse(digit.to_string().repeat(40).as_bytes()).unwrap()
}

fn push(digit: char, minute: i64, decision: Decision) -> Entry {
    Entry {
        environment: Some("production".to_owned()),
        remote: "production".to_owned(),
        destination: "shop".to_owned(),
        commit: Some(id(digit)),
        ..Entry::new("push", decision, at(minute), ANA)
    }
}

fn record(digit: char, minute: i64, event: Event) -> Record {
    let place = Place {
        environment: "production",
        destinations: &["shop".to_owned()],
    };
    Record::new(at(minute), ANA, place, &id(digit), event)
}

/// A deployment of a push that was decided at this minute; `None`: it was found.
fn deployed(digit: char, minute: i64, judged: Judged, decided: Option<i64>) -> Record {
    let deployed = Deployed {
        decided: decided.map(at),
        seen: decided.is_none(),
        ..Deployed::new(judged)
    };
    record(digit, minute, Event::Deployed(deployed))
}

/// The arrivals of what this clone pushed.
fn arrivals(entries: Vec<Entry>, records: &[Record], open: &[OpenPush]) -> Vec<Option<Arrival>> {
    let all = history(entries, records, open);
    let own = all.iter().filter(|one| one.from.is_none());
    own.map(|one| one.arrival).collect()
}

#[test]
fn a_push_arrived_if_a_deployment_names_its_decision() {
    let go = |decision| vec![push('a', 10, decision)];
    for decision in [Decision::Go, Decision::Overridden] {
        // The platform builds before it says yes.
        let records = [deployed('a', 40, Judged::Go, Some(10))];
        let expected = [Some(Arrival::Arrived { at: at(40) })];
        assert_eq!(arrivals(go(decision), &records, &[]), expected);
    }
    let missing = [Some(Arrival::Missing)];
    for (digit, decided) in [('b', Some(10)), ('a', Some(11)), ('a', None)] {
        let records = [deployed(digit, 40, Judged::Go, decided)];
        assert_eq!(arrivals(go(Decision::Go), &records, &[]), missing);
    }
    assert_eq!(arrivals(go(Decision::Refused), &[], &[]), [None]);
}

#[test]
fn what_is_not_settled_is_not_called_missing() {
    let entries = || vec![push('a', 10, Decision::Go)];
    let record = deployed('a', 10, Judged::Go, Some(10));
    let [remote, url, target] = ["production", "/srv/shop", "refs/heads/master"].map(str::to_owned);
    let mut open = OpenPush::new(record, remote, url, target);
    let told = |open: &OpenPush| arrivals(entries(), &[], std::slice::from_ref(open));
    assert_eq!(told(&open), [Some(Arrival::Open)]);
    open.state = State::Unknown;
    assert_eq!(told(&open), [Some(Arrival::Unknown)]);
    open.state = State::Missing;
    assert_eq!(told(&open), [Some(Arrival::Missing)]);
}

#[test]
fn what_the_notes_know_comes_in_its_place_and_once() {
    let words = Some("on a phone".to_owned());
    let again = Entry {
        ..Entry::of(&record('d', 40, Event::Again { lifts: at(30) }))
    };
    let records = [
        deployed('a', 11, Judged::Go, Some(10)),
        deployed('b', 20, Judged::Rollback, Some(19)),
        Record {
            words,
            ..record('a', 15, Event::Signoff)
        },
        record('d', 40, Event::Again { lifts: at(30) }),
    ];
    let entries = vec![
        push('a', 10, Decision::Go),
        push('c', 30, Decision::Refused),
        again,
    ];
    let all = history(entries, &records, &[]);
    let told: Vec<_> = (all.iter())
        .map(|Happened { from, entry, .. }| (*from, entry.event.as_str(), entry.verdict.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (None, "push", "go"),
            (Some("notes"), "signoff", "go"),
            (Some("notes"), "deployed", "rollback"),
            (None, "push", "refused"),
            (None, "again", "go"),
        ]
    );
    assert_eq!(all[1].entry.reason.as_deref(), Some("on a phone"));
}

#[test]
fn a_word_that_lifts_several_rollbacks_is_told_once() {
    let again = |lifts| record('d', 40, Event::Again { lifts: at(lifts) });
    let all = history(Vec::new(), &[again(10), again(30)], &[]);
    assert_eq!(all.len(), 1);
}

#[test]
fn what_was_found_is_told_only_where_nothing_else_tells_of_it() {
    let told = |records: &[Record]| -> Vec<String> {
        let all = history(Vec::new(), records, &[]);
        all.into_iter().map(|one| one.entry.verdict).collect()
    };
    let found = |digit, minute| deployed(digit, minute, Judged::Unjudged, None);
    let go = |digit, minute| deployed(digit, minute, Judged::Go, Some(minute));
    assert_eq!(told(&[found('a', 10)]), ["unjudged"]);
    assert_eq!(told(&[found('a', 10), found('a', 20)]), ["unjudged"]);
    // The colleague's own clone recorded it later, or its clock is ahead.
    assert_eq!(told(&[go('a', 10), found('a', 11)]), ["go"]);
    assert_eq!(told(&[found('a', 10), go('a', 11)]), ["go"]);
    let returned = [go('a', 10), go('b', 20), found('a', 30)];
    assert_eq!(told(&returned), ["go", "go", "unjudged"]);
    // At another app of the environment it is another deployment.
    let elsewhere = |record| Record {
        destinations: vec!["shop-us".to_owned()],
        ..record
    };
    let two = [go('a', 10), elsewhere(found('a', 11)), found('a', 12)];
    assert_eq!(told(&two), ["go", "unjudged"]);
    let both = [go('a', 10), elsewhere(go('a', 11)), found('a', 12)];
    assert_eq!(told(&both), ["go", "go"]);
}

/// The first digit of the commit and the verdict of each event.
fn told(records: &[Record]) -> Vec<String> {
    let all = history(Vec::new(), records, &[]).into_iter();
    let line = |Happened { entry, .. }: Happened| {
        format!("{:.1} {}", entry.commit.unwrap().as_str(), entry.verdict)
    };
    all.map(line).collect()
}

#[test]
fn what_was_replaced_and_came_back_is_told_twice() {
    let found = |digit, minute| deployed(digit, minute, Judged::Unjudged, None);
    let go = |digit, minute| deployed(digit, minute, Judged::Go, Some(minute));
    // It is dated in the second of what replaced it.
    let mut all = told(&[go('a', 10), found('b', 20), go('c', 20), found('b', 30)]);
    all.sort();
    assert_eq!(all, ["a go", "b unjudged", "b unjudged", "c go"]);
    let all = told(&[found('b', 10), found('c', 20), go('b', 30)]);
    assert_eq!(all, ["b unjudged", "c unjudged", "b go"]);
}

#[test]
fn a_decided_push_is_told_however_late_it_was_found() {
    let sighting = |digit, minute| deployed(digit, minute, Judged::Unjudged, None);
    let found = |digit, minute, judged, decided| {
        let event = Event::Deployed(Deployed {
            decided: Some(at(decided)),
            seen: true,
            ..Deployed::new(judged)
        });
        record(digit, minute, event)
    };
    // A colleague came across it first.
    let late = found('a', 13, Judged::Overridden, 10);
    assert_eq!(told(&[sighting('a', 12), late.clone()]), ["a overridden"]);
    let all = history(Vec::new(), std::slice::from_ref(&late), &[]);
    assert_eq!(all[0].entry.event, "deployed");
    // It was replaced, and a rollback brought it back.
    let back = [
        found('a', 40, Judged::Go, 10),
        sighting('a', 20),
        deployed('b', 20, Judged::Go, Some(20)),
        found('a', 30, Judged::Rollback, 29),
    ];
    assert_eq!(told(&back), ["a go", "b go", "a rollback"]);
    // One push is told once.
    let observed = deployed('a', 11, Judged::Overridden, Some(10));
    assert_eq!(told(&[late.clone(), observed]), ["a overridden"]);
    let again = found('a', 14, Judged::Overridden, 10);
    assert_eq!(told(&[late, again]), ["a overridden"]);
}
