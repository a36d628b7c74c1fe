#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::slice;

use super::*;

fn oid(digit: char) -> Oid {
    Oid::parse(digit.to_string().repeat(40).as_bytes()).unwrap()
}

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + 60 * minute).unwrap()
}

fn place<'p>(environment: &'p str, destinations: &'p [String]) -> Place<'p> {
    Place {
        environment,
        destinations,
    }
}

fn record(minute: i64, environment: &str, commit: char, event: Event) -> Record {
    Record::new(
        at(minute),
        "Ana <ana@shop.example>",
        place(environment, &["shop".to_owned()]),
        &oid(commit),
        event,
    )
}

/// `HOW`: a word for how it was judged, or `seen`.
fn deployed(minute: i64, commit: char, replaces: char, how: &str) -> Record {
    let judged = match how {
        "rollback" => Judged::Rollback,
        "seen" | "unjudged" => Judged::Unjudged,
        _ => Judged::Go,
    };
    let event = Event::Deployed(Deployed {
        replaces: (replaces != ' ').then(|| oid(replaces)),
        seen: how == "seen",
        ..Deployed::new(judged)
    });
    record(minute, "production", commit, event)
}

/// Since which minute the commit `1` is live at minute 100.
#[track_caller]
fn since(story: &[(i64, char, char, &str)], expected: Option<i64>) {
    let records = story.iter();
    let records: Vec<_> = records
        .map(|(minute, commit, replaces, how)| deployed(*minute, *commit, *replaces, how))
        .collect();
    let here = ["shop".to_owned()];
    let found = live_since(&records, place("production", &here), &oid('1'), at(100));
    assert_eq!(found, expected.map(at));
}

#[test]
fn the_last_arrival_counts_and_else_the_first_sight() {
    since(&[], None);
    since(&[(10, '1', 'f', "go")], Some(10));
    since(&[(10, '1', 'f', "go"), (20, '1', 'f', "go")], Some(20));
    since(&[(10, '1', ' ', "seen"), (20, '1', ' ', "seen")], Some(10));
    since(&[(20, '1', 'f', "go"), (30, '1', ' ', "seen")], Some(20));
}

#[test]
fn all_up_to_date_takes_no_deployment_over() {
    let [first, again] = [10, 50].map(|minute| (minute, '1', 'f', "unjudged"));
    since(&[first, again], Some(10));
    since(&[first, first], Some(10));
    since(&[first, (10, '1', ' ', "unjudged")], Some(10));
    since(&[first, (30, '2', '1', "seen"), again], Some(50));
    // Only the push itself tells who made it.
    since(&[(10, '1', 'f', "seen"), again], Some(50));
}

/// Which of the deployments made the commit `1` live, at minute 100.
#[track_caller]
fn came_by(story: &[(i64, char, char, &str)], expected: Option<usize>) {
    let records = story.iter();
    let records: Vec<_> = records
        .map(|(minute, commit, replaces, how)| deployed(*minute, *commit, *replaces, how))
        .collect();
    let here = ["shop".to_owned()];
    let found = current(&records, place("production", &here), &oid('1'), at(100));
    assert_eq!(found, expected.map(|index| &records[index]));
}

#[test]
fn a_fast_clock_hides_nothing_that_came_since() {
    // Only it tells who deployed the commit.
    came_by(&[(160, '1', 'f', "go")], Some(0));
    came_by(&[(160, '1', 'f', "go"), (40, '1', ' ', "seen")], Some(0));
    let gone = [(160, '1', 'f', "go"), (40, '2', '1', "go")];
    came_by(&gone, None);
    let back = (50, '1', '2', "rollback");
    came_by(&[gone[0], gone[1], back], Some(2));
    // The rollback itself may be what it dated.
    came_by(
        &[(30, '1', 'f', "go"), gone[1], (160, '1', '2', "rollback")],
        Some(2),
    );
}

#[test]
fn what_was_only_found_there_in_between_is_a_departure() {
    let gone = [(30, '1', 'f', "go"), (40, '2', '1', "seen")];
    came_by(&gone, None);
    since(&gone, None);
    since(&[gone[0], gone[1], (50, '1', '2', "seen")], Some(50));
}

/// What runs where git has the commit `1`.
#[track_caller]
fn runs(story: &[(i64, char, char, &str)], expected: char) {
    let records = story.iter();
    let records: Vec<_> = records
        .map(|(minute, commit, replaces, how)| {
            let mut record = deployed(*minute, *commit, *replaces, how);
            if let Event::Deployed(deployed) = &mut record.event {
                deployed.by_command = *how == "command";
            }
            record
        })
        .collect();
    let about = |commit: &Oid| {
        let about = records.iter().filter(|record| record.is_about(commit));
        Ok::<_, ()>(about.cloned().collect())
    };
    let here = ["shop".to_owned()];
    let found = running(&oid('1'), place("production", &here), about);
    assert_eq!(found, Ok(oid(expected)), "{story:?}");
}

#[test]
fn what_commands_deployed_runs_until_git_moves() {
    let one = (10, '1', 'f', "go");
    let two = (20, '2', '1', "command");
    runs(&[], '1');
    runs(&[one, two], '2');
    runs(&[one, two, (30, '3', '2', "command")], '3');
    runs(&[one, two, (30, '1', '2', "command")], '1');
    runs(&[one, two, (30, '1', '2', "rollback")], '1');
    let back = (30, '1', '2', "command");
    runs(&[one, two, back, (40, '2', '1', "command")], '2');
    // The ref moved, and came back unseen.
    runs(&[one, two, (30, '3', '2', "go")], '1');
    runs(&[one, (20, '3', '1', "go")], '1');
    runs(&[one, two, (30, '3', '2', "seen")], '1');
    // Another person's clone that did not know of it yet.
    runs(&[one, two, (30, '1', ' ', "seen")], '2');
    // What a fast clock dated has happened all the same.
    runs(&[one, (101, '2', '1', "command")], '2');
}

#[test]
fn a_slow_clock_keeps_no_commit_that_was_replaced() {
    // It was dated before what it replaced had come.
    let gone = [(30, '1', 'f', "go"), (20, '2', '1', "go")];
    came_by(&gone, None);
    came_by(&[(30, '1', '2', "go"), (20, '2', '1', "rollback")], None);
    came_by(&[gone[0], gone[1], (40, '1', '2', "rollback")], Some(2));
    // It comes and goes several times.
    let again = [gone[0], (40, '2', '1', "go"), (60, '1', '2', "rollback")];
    came_by(&again, Some(2));
    let [first, second, third] = again;
    came_by(&[first, second, third, (50, '3', '1', "go")], None);
    // It was live before the gate came.
    came_by(&[(20, '2', '1', "go"), (30, '1', '2', "go")], Some(1));
    came_by(&[(20, '2', '1', "go"), (30, '1', '3', "rollback")], Some(1));
    // Who found another there may not have known of the first.
    let two = [gone[0], (40, '2', '1', "go"), (50, '3', '1', "seen")];
    came_by(&[two[0], two[1], two[2], (60, '1', '3', "go")], Some(3));
}

#[test]
fn a_slow_clock_keeps_what_it_brought_back() {
    let (one, two) = ((10, '1', 'f', "go"), (40, '2', '1', "go"));
    came_by(&[one, two, (30, '1', '2', "rollback")], Some(2));
    came_by(
        &[one, (140, '2', '1', "go"), (30, '1', '2', "rollback")],
        Some(2),
    );
    let all = [one, two, (30, '1', '2', "rollback"), (50, '3', '1', "go")];
    came_by(&all, None);
    // What came twice from the same has gone.
    let twice = [(10, '1', '2', "go"), (20, '1', '2', "go")];
    came_by(&[twice[0], twice[1], (30, '2', '1', "rollback")], None);
    // Where it was only found, it may have been found late.
    let found = (10, '1', 'f', "seen");
    came_by(&[found, two, (30, '1', '2', "rollback")], None);
}

/// The commit that was deployed last.
#[track_caller]
fn last(story: &[(i64, char, char, &str)], expected: char) {
    let records = story.iter();
    let records: Vec<_> = records
        .map(|(minute, commit, replaces, how)| deployed(*minute, *commit, *replaces, how))
        .collect();
    let here = ["shop".to_owned()];
    let found = newest(&records, place("production", &here)).unwrap();
    assert_eq!(found.commit, oid(expected), "{story:?}");
}

#[test]
fn the_last_deployment_is_the_one_that_nothing_replaced() {
    let (one, two) = ((10, '1', 'f', "go"), (40, '2', '1', "go"));
    last(&[one, two], '2');
    for minute in [30, 50] {
        last(&[one, two, (minute, '1', '2', "rollback")], '1');
        last(&[one, two, (minute, '3', '2', "go")], '3');
    }
    // A circle that cannot be.
    last(&[(10, '1', '2', "go"), (10, '2', '1', "go")], '1');
}

#[test]
fn another_commit_begins_the_count_anew() {
    since(&[(10, '1', 'f', "go"), (20, '2', '1', "go")], None);
    let back = (30, '1', '2', "rollback");
    since(
        &[(10, '1', 'f', "go"), (20, '2', '1', "go"), back],
        Some(30),
    );
    let found = (40, '1', ' ', "seen");
    since(
        &[(10, '1', ' ', "seen"), (20, '2', '1', "go"), found],
        Some(40),
    );
}

#[test]
fn the_future_is_no_evidence() {
    since(&[(101, '1', 'f', "go")], None);
    // It is live again, and nothing tells since when.
    since(&[(10, '1', 'f', "go"), (101, '2', '1', "go")], None);
    let records = [deployed(101, '1', 'f', "go")];
    let here = ["shop".to_owned()];
    assert!(current(&records, place("production", &here), &oid('1'), at(100)).is_some());
}

#[test]
fn what_went_to_another_app_neither_comes_nor_goes_here() {
    let mut records = [deployed(10, '1', 'f', "go"), deployed(20, '2', '1', "go")];
    records[1].destinations = vec!["shop-eu".to_owned()];
    let since = |destinations: &[String]| {
        live_since(
            &records,
            place("production", destinations),
            &oid('1'),
            at(100),
        )
    };
    let [us, eu] = ["shop", "shop-eu"].map(str::to_owned);
    assert_eq!(since(slice::from_ref(&us)), Some(at(10)));
    assert_eq!(since(slice::from_ref(&eu)), None);
    assert_eq!(since(&[us, eu]), None);
}

#[test]
fn a_removed_commit_is_let_in_again_only_by_a_later_word() {
    let removed = |minute| deployed(minute, '2', '1', "rollback");
    let again = |minute, environment| {
        let lifts = at(minute - 10);
        record(minute, environment, '1', Event::Again { lifts })
    };
    let here = ["shop".to_owned()];
    let production = place("production", &here);
    let stands = |records: &[Record]| removed_by_rollback(records, production, &oid('1')).is_some();
    assert!(!stands(&[]));
    assert!(stands(&[removed(10)]));
    assert!(!stands(&[deployed(10, '2', '1', "go")]));
    assert!(!stands(&[removed(10), again(20, "production")]));
    assert!(stands(&[removed(10), again(20, "staging")]));
    let mut elsewhere = again(20, "production");
    elsewhere.destinations = vec!["fork".to_owned()];
    assert!(stands(&[removed(10), elsewhere]));
    assert!(stands(&[again(20, "production"), removed(30)]));
    assert!(removed_by_rollback(&[removed(10)], place("staging", &here), &oid('1')).is_none());
    let mut of_a_fork = removed(10);
    of_a_fork.destinations = vec!["fork".to_owned()];
    assert!(!stands(&[of_a_fork]));
    let mut forward = removed(10);
    if let Event::Deployed(deployed) = &mut forward.event {
        deployed.in_place_of = Some(oid('3'));
    }
    assert!(!stands(&[forward]));
}

#[test]
fn what_was_live_may_come_back_and_a_rollback_does_not_lead_forward() {
    let records = [
        deployed(10, '1', 'f', "go"),
        deployed(20, '2', '1', "go"),
        deployed(30, '1', '2', "rollback"),
    ];
    let here = ["shop".to_owned()];
    let production = place("production", &here);
    for (commit, expected) in [('f', true), ('1', true), ('2', true), ('3', false)] {
        assert_eq!(was_live(&records, production, &oid(commit)), expected);
    }
    assert!(!was_live(&records, place("staging", &here), &oid('1')));
    assert!(!was_live(&records, place("production", &[]), &oid('1')));
    assert_eq!(before(&records, production, &oid('2')), Some(&oid('1')));
    assert_eq!(before(&records, production, &oid('1')), Some(&oid('f')));
    assert_eq!(before(&records, production, &oid('3')), None);
}

#[test]
fn of_several_branches_that_differ_the_last_deployment_tells_or_what_nobody_recorded() {
    let records = [deployed(1, '1', ' ', "go"), deployed(2, '2', '1', "go")];
    let here = ["shop".to_owned()];
    let last = |tips: &str| {
        let tips: Vec<_> = tips.chars().map(|tip| (String::new(), oid(tip))).collect();
        let is_past = |old: &Oid, new: &Oid| (old, new) == (&oid('a'), &oid('2'));
        last_of(&tips, &records, place("production", &here), is_past).cloned()
    };
    assert_eq!(last("12"), Some(oid('2')));
    assert_eq!(last("2a"), Some(oid('2')));
    // Nobody knows when 9 came.
    assert_eq!(last("29"), None);
    assert_eq!(last("19"), Some(oid('9')));
    assert_eq!(last("89"), None);
    assert_eq!(last("1"), None);
}
