//! What holds for every record and every note: nothing is lost on the way, and nothing damaged counts.

use jiff::Timestamp;
use proptest::prelude::*;
use pushgate::{
    memory::record::{Deployed, Event, Judged, LIMIT, Record, who},
    push::Oid,
};

const ONE: &str = "1111111111111111111111111111111111111111";
const TWO: &str = "2222222222222222222222222222222222222222";

fn oid(text: &str) -> Oid {
    Oid::parse(text.as_bytes()).unwrap()
}

fn id() -> impl Strategy<Value = Oid> {
    prop_oneof!["[0-9a-f]{39}[1-9a-f]", "[0-9a-f]{63}[1-9a-f]"].prop_map(|text| oid(&text))
}

/// A text as a person may type it.
fn text() -> impl Strategy<Value = String> {
    "\\PC{0,40}".prop_map(|text| {
        let seen =
            |c: &char| !matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        text.chars()
            .filter(seen)
            .collect::<String>()
            .trim()
            .to_owned()
    })
}

fn deployed() -> impl Strategy<Value = Deployed> {
    let judged = prop_oneof![
        Just(Judged::Go),
        Just(Judged::Overridden),
        Just(Judged::Rollback),
        Just(Judged::Unjudged),
        Just(Judged::Before),
    ];
    let seconds = proptest::option::of(-10_000_000_000_i64..10_000_000_000);
    let gates = proptest::collection::vec(text(), 0..4);
    (
        proptest::option::of(id()),
        judged,
        gates,
        proptest::option::of(text()),
        any::<bool>(),
        seconds,
        any::<bool>(),
        proptest::option::of(id()),
    )
        .prop_map(
            |(replaces, judged, gates, reason, seen, decided, by_command, in_place_of)| Deployed {
                replaces,
                judged,
                gates,
                reason,
                seen,
                decided: decided.map(|seconds| Timestamp::from_second(seconds).unwrap()),
                by_command,
                in_place_of,
            },
        )
}

fn record() -> impl Strategy<Value = Record> {
    let words = proptest::option::of(text());
    let event = prop_oneof![
        Just(Event::Signoff),
        Just(Event::Unlock),
        deployed().prop_map(Event::Deployed),
        (-10_000_000_000_i64..10_000_000_000).prop_map(|lifts| {
            let lifts = Timestamp::from_second(lifts).unwrap();
            Event::Again { lifts }
        }),
    ];
    let name = text().prop_filter("a name", |text| !text.is_empty());
    let at = -10_000_000_000_i64..10_000_000_000;
    let signed = proptest::option::of("(?s).{0,60}");
    let destinations = proptest::collection::vec(any::<String>(), 1..4);
    (at, text(), name, destinations, id(), event, words, signed).prop_map(
        |(at, by, environment, destinations, commit, event, words, signed)| {
            let at = Timestamp::from_second(at).unwrap();
            Record {
                v: 1,
                at,
                by,
                environment,
                destinations,
                commit,
                event,
                words,
                signed,
            }
        },
    )
}

proptest! {
    #[test]
    fn every_record_is_one_line_that_reads_back(record in record()) {
        let line = record.to_string();
        prop_assert!(!line.contains('\n'));
        prop_assert_eq!(Record::parse(line.as_bytes()), Some(record));
    }

    #[test]
    fn records_of_one_note_read_back_in_their_order(
        records in proptest::collection::vec(record(), 0..8),
        noise in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let commit = oid(ONE);
        let mut expected: Vec<Record> = Vec::new();
        let mut note = noise;
        note.push(b'\n');
        for record in records {
            let record = Record { commit: commit.clone(), ..record };
            note.extend_from_slice(format!("{record}\n").as_bytes());
            if !expected.contains(&record) {
                expected.push(record);
            }
        }
        prop_assert_eq!(Record::parse_all(&note, &commit), expected);
    }

    #[test]
    fn no_bytes_are_too_odd_for_a_note(note in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert_eq!(Record::parse_all(&note, &oid(ONE)), Vec::new());
    }

    #[test]
    fn a_line_that_was_cut_anywhere_is_no_record(record in record(), at in any::<prop::sample::Index>()) {
        let line = record.to_string();
        let cut = at.index(line.len());
        prop_assert_eq!(Record::parse(&line.as_bytes()[..cut]), None);
    }

    #[test]
    fn what_anybody_says_can_be_shown_on_a_terminal(by in any::<String>(), said in any::<String>()) {
        let record = Record { v: 1, at: Timestamp::UNIX_EPOCH, by, environment: "staging".into(), destinations: vec!["shop".into()], commit: oid(ONE), event: Event::Signoff, words: Some(said), signed: None };
        let read = Record::parse(record.to_string().as_bytes()).unwrap();
        let odd = |c: char| c.is_control() || c == '\u{202e}';
        prop_assert!(!read.by.contains(odd) && !read.words.as_ref().unwrap().contains(odd));
        prop_assert_eq!(Record::parse(read.to_string().as_bytes()), Some(read));
    }
}

fn line(commit: &str) -> String {
    format!(
        r#"{{"v":1,"event":"signoff","words":"the basket","environment":"staging","destinations":["git.heroku.com/shop-staging"],"commit":"{commit}","by":"Ana <ana@shop.example>","at":"2026-11-22T21:00:00Z"}}"#
    )
}

#[test]
fn a_record_is_written_as_the_format_says() {
    let record = Record::parse(line(ONE).as_bytes()).unwrap();
    assert_eq!(record.to_string(), line(ONE));
    assert_eq!(record.words.as_deref(), Some("the basket"));
}

#[test]
fn a_key_of_a_later_version_is_ignored_and_its_line_is_not() {
    let later = line(ONE).replace("\"words\"", "\"mood\":[1,{}],\"words\"");
    assert_eq!(
        Record::parse(later.as_bytes()),
        Record::parse(line(ONE).as_bytes())
    );
}

#[track_caller]
fn ignored(from: &str, to: &str) {
    let odd = line(ONE).replace(from, to);
    assert_ne!(odd, line(ONE));
    let note = format!("{odd}\n{}\n", line(ONE).replace("basket", "till"));
    let read = Record::parse_all(note.as_bytes(), &oid(ONE));
    let words: Vec<_> = read.iter().map(|record| record.words.as_deref()).collect();
    assert_eq!(words, [Some("the till")], "{odd}");
}

#[test]
fn a_line_that_is_not_of_this_version_and_this_commit_is_ignored() {
    ignored("\"v\":1", "\"v\":2");
    ignored("\"v\":1,", "");
    ignored("signoff", "approval");
    ignored(ONE, TWO);
    ignored(ONE, "1111111");
    ignored(ONE, &"0".repeat(40));
    ignored("\"staging\"", "\"\"");
    ignored("[\"git.heroku.com/shop-staging\"]", "[]");
    ignored("destinations", "destination");
    ignored("\"staging\"", "[\"staging\"]");
    ignored("\"staging\"", &format!("\"{}\"", "s".repeat(300)));
    ignored("2026-11-22T21:00:00Z", "yesterday");
    ignored("2026-11-22T21:00:00Z", "2026-11-22T21:00:00");
    ignored("\"v\":1,", "\"v\":1,\"commit\":\"x\",");
    ignored("signoff", "removed");
    ignored("signoff", "deployed");
    ignored("the basket", &"x".repeat(70_000));
    ignored(
        "\"signoff\"",
        "\"deployed\",\"judged\":\"go\",\"replaces\":\"abc\"",
    );
    ignored("\"signoff\"", "\"deployed\",\"judged\":\"well\"");
    ignored("}", "},");
}

#[test]
fn a_deployment_stands_in_the_note_of_what_it_replaced_too() {
    let deployed = format!(
        r#"{{"v":1,"event":"deployed","replaces":"{ONE}","judged":"overridden","gates":["window"],"reason":"the site is down","environment":"staging","destinations":["git.heroku.com/shop-staging"],"commit":"{TWO}","by":"Ana <ana@shop.example>","at":"2026-11-22T21:00:00Z"}}"#
    );
    let read = Record::parse_all(deployed.as_bytes(), &oid(ONE));
    assert_eq!(read, Record::parse_all(deployed.as_bytes(), &oid(TWO)));
    assert_eq!(read[0].to_string(), deployed);
}

#[test]
fn a_note_of_another_commit_vouches_for_nothing() {
    assert_eq!(Record::parse_all(line(TWO).as_bytes(), &oid(ONE)), []);
}

#[test]
fn what_comes_after_a_mebibyte_is_ignored() {
    let filler = format!("{}\n", "x".repeat(1023));
    let room = LIMIT / filler.len() - 1;
    let within = filler.repeat(room) + &line(ONE) + "\n" + &filler.repeat(2);
    assert_eq!(Record::parse_all(within.as_bytes(), &oid(ONE)).len(), 1);
    let beyond = filler.repeat(room + 1) + &line(ONE) + "\n";
    assert_eq!(Record::parse_all(beyond.as_bytes(), &oid(ONE)), []);
}

#[test]
fn long_words_are_cut() {
    let long = line(ONE).replace("the basket", &"é".repeat(5000));
    let record = Record::parse(long.as_bytes()).unwrap();
    assert_eq!(record.words.unwrap().chars().count(), 2000);
}

#[test]
fn a_person_is_told_by_the_mail_address() {
    assert_eq!(who("Ana <ana@shop.example>"), "ana@shop.example");
    assert_eq!(who("Ana Lopez <ANA@shop.example >"), "ana@shop.example");
    assert_eq!(who("Ana <>"), "ana <>");
    assert_eq!(who("Ana"), "ana");
    let record = Record::parse(line(ONE).as_bytes()).unwrap();
    assert!(record.is_by("A. Lopez <Ana@shop.example>"));
    assert!(!record.is_by("Ana <ben@shop.example>"));
}
