use super::*;

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
        commit: Some(id(digit).to_string()),
        ..Entry::new("push", decision, at(minute), ANA)
    }
}

fn arrived(digit: char, minute: i64) -> Arrived {
    Arrived {
        at: at(minute),
        commit: id(digit),
        by: ANA.to_owned(),
        environment: "production".to_owned(),
        remote: "production".to_owned(),
        tracking: "refs/remotes/production/master".to_owned(),
        destination: "shop".to_owned(),
    }
}

fn record(digit: char, minute: i64, event: Event) -> Record {
    Record {
        at: at(minute),
        by: ANA.to_owned(),
        environment: "production".to_owned(),
        commit: id(digit),
        event,
        signed: None,
    }
}

/// The minutes of the pushes that nobody judged.
fn unjudged(entries: Vec<Entry>, arrivals: &[Arrived]) -> Vec<i64> {
    let all = history(entries, &[], arrivals, Some(at(0)));
    let unjudged = all.iter().filter(|one| one.entry.verdict == UNJUDGED);
    unjudged
        .map(|one| (one.entry.at.as_second() - 1_800_000_000) / 60)
        .collect()
}

#[test]
fn a_push_that_was_let_go_was_judged() {
    let go = |decision| vec![push('a', 10, decision)];
    for decision in [Decision::Go, Decision::Overridden] {
        assert!(unjudged(go(decision), &[arrived('a', 10)]).is_empty());
        // The platform builds before it says yes.
        assert!(unjudged(go(decision), &[arrived('a', 40)]).is_empty());
    }
    for decision in [Decision::Refused, Decision::Undecided] {
        assert_eq!(unjudged(go(decision), &[arrived('a', 11)]), [11]);
    }
}

#[test]
fn another_commit_place_or_day_is_no_excuse() {
    let go = || vec![push('a', 10, Decision::Go)];
    assert_eq!(unjudged(go(), &[arrived('b', 10)]), [10]);
    assert_eq!(unjudged(go(), &[arrived('a', 100)]), [100]);
    assert_eq!(unjudged(go(), &[arrived('a', 9)]), [9]);
    let elsewhere = Arrived {
        environment: "staging".to_owned(),
        remote: "staging".to_owned(),
        ..arrived('a', 10)
    };
    assert_eq!(unjudged(go(), &[elsewhere]), [10]);
    // Asking whether it would go is not the same as asking whether it may.
    let check = vec![Entry {
        event: "check".to_owned(),
        ..push('a', 10, Decision::Go)
    }];
    assert_eq!(unjudged(check, &[arrived('a', 10)]), [10]);
}

#[test]
fn a_push_that_went_without_the_program_is_known_by_its_remote() {
    let mut off = push('a', 10, Decision::Overridden);
    off.commit = None;
    off.environment = None;
    assert!(unjudged(vec![off.clone()], &[arrived('b', 10)]).is_empty());
    assert_eq!(
        unjudged(vec![off.clone()], &[arrived('b', 10), arrived('c', 11)]),
        [11]
    );
    off.remote = "staging".to_owned();
    assert_eq!(unjudged(vec![off], &[arrived('b', 10)]), [10]);
}

#[test]
fn one_word_lets_one_push_go() {
    let entries = vec![push('a', 10, Decision::Go), push('b', 20, Decision::Go)];
    let arrivals = [arrived('a', 10), arrived('b', 20), arrived('a', 30)];
    assert_eq!(unjudged(entries, &arrivals), [30]);
    // But two branches or remotes of one environment get the same.
    let second = Arrived {
        tracking: "refs/remotes/production/main".to_owned(),
        ..arrived('a', 10)
    };
    let entries = vec![push('a', 10, Decision::Go)];
    assert!(unjudged(entries, &[arrived('a', 10), second]).is_empty());
}

#[test]
fn before_there_was_a_gate_nobody_was_judged() {
    let all = |gate| history(Vec::new(), &[], &[arrived('a', 10)], gate).len();
    assert_eq!(all(None), 0);
    assert_eq!(all(Some(at(11))), 0);
    assert_eq!(all(Some(at(10))), 1);
}

#[test]
fn what_the_notes_know_comes_in_its_place_and_once() {
    let go = Event::Push {
        replaces: None,
        rollback: true,
    };
    let words = Some("on a phone".to_owned());
    let records = [
        record('a', 10, go.clone()),
        record('b', 20, go),
        record('a', 15, Event::Signoff { words }),
        record('a', 16, Event::Live),
    ];
    let entries = vec![
        push('a', 10, Decision::Go),
        push('c', 30, Decision::Refused),
    ];
    let all = history(entries, &records, &[arrived('b', 20)], Some(at(0)));
    let told: Vec<_> = (all.iter())
        .map(|one| {
            (
                one.source,
                one.entry.event.as_str(),
                one.entry.verdict.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (Source::Ledger, "push", "go"),
            (Source::Notes, "signoff", "go"),
            (Source::Notes, "push", "go"),
            (Source::Ledger, "push", "refused"),
        ]
    );
    assert_eq!(all[1].entry.reason.as_deref(), Some("on a phone"));
    assert!(all[2].entry.rollback);
}
