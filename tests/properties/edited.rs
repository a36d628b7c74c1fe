//! Hostile inputs: what git and pushgate write, with a few edits. In the slow tests for a minute each.

use std::time::{Duration, Instant};

use bstr::ByteSlice;
use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{Config, TestCaseError, TestRunner},
};
use pushgate::{
    memory::record::Record,
    push::{
        Oid, Update,
        destination::{Destination, Reader},
        parse,
    },
};

type Edit = (Index, u8, Vec<u8>);

/// At a place, a few bytes are removed, and others put in.
fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let bytes = proptest::collection::vec(any::<u8>(), 0..4);
    let odd = prop_oneof![
        bytes,
        Just(b"\n".to_vec()),
        Just(b" ".to_vec()),
        Just(b"%2f".to_vec()),
        Just(b"://".to_vec()),
        Just(b"@".to_vec()),
        Just(b"\"".to_vec()),
        Just(b"\\u0000".to_vec()),
        Just(b"999999999999999999999".to_vec()),
    ];
    proptest::collection::vec((any::<Index>(), 0..4_u8, odd), 0..5)
}

fn edited(text: &str, edits: &[Edit]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for (at, removed, put) in edits {
        let at = at.index(bytes.len() + 1);
        let end = bytes.len().min(at + usize::from(*removed));
        bytes.splice(at..end, put.iter().copied());
    }
    bytes
}

/// Tries a property on edits of each of these texts, in 256 cases at least.
fn holds(least: Duration, texts: &[String], property: impl Fn(&[u8]) -> Result<(), TestCaseError>) {
    let end = Instant::now() + least;
    loop {
        let mut runner = TestRunner::new(Config {
            failure_persistence: None,
            ..Config::default()
        });
        let inputs = (0..texts.len(), edits());
        let tried = runner.run(&inputs, |(text, edits)| {
            property(&edited(&texts[text], &edits))
        });
        if let Err(error) = tried {
            panic!("{error}");
        }
        if Instant::now() >= end {
            return;
        }
    }
}

fn id(digit: char, width: usize) -> String {
    digit.to_string().repeat(width)
}

/// The lines of updates, as git writes them.
fn written(updates: &[Update], width: usize) -> Vec<u8> {
    let zero = id('0', width);
    let id = |id: Option<&Oid>| id.map_or(zero.clone(), Oid::to_string);
    let line = |update: &Update| {
        let (source, local, remote) = match update {
            Update::Set {
                source,
                commit,
                replaces,
                ..
            } => (source.as_bstr(), id(Some(commit)), id(replaces.as_ref())),
            Update::Delete { was, .. } => (b"(delete)".as_bstr(), id(None), id(was.as_ref())),
        };
        let fields = [
            source.as_bytes(),
            local.as_bytes(),
            update.target(),
            remote.as_bytes(),
        ];
        [fields.join(&b' '), b"\n".to_vec()].concat()
    };
    updates.iter().flat_map(line).collect()
}

fn ref_lines(least: Duration) {
    let of = |width| {
        let (a, b, zero) = (id('a', width), id('b', width), id('0', width));
        format!("refs/heads/master {a} refs/heads/master {b}\n(delete) {zero} refs/heads/x {a}\n")
    };
    holds(least, &[of(40), of(64)], |input| {
        match parse(input) {
            Ok(updates) => {
                prop_assert_eq!(updates.len(), input.lines().count());
                let width = input.lines().next().map_or(40, |line| {
                    line.rsplit(|byte| *byte == b' ').next().unwrap().len()
                });
                prop_assert_eq!(parse(&written(&updates, width)).unwrap(), updates);
            }
            Err(error) => {
                prop_assert!((1..=input.lines().count()).contains(&error.number));
                prop_assert!(!error.to_string().contains(char::is_control));
            }
        }
        Ok(())
    });
}

fn urls(least: Duration) {
    let texts = [
        "https://ana:key@git.heroku.com:443/shop.git",
        "ssh://git@example.org:2222/~/team/../shop.git/",
        "git@[example.org:22]:team/shop.git",
        "ssh://git@[::1]:22/a",
        "http::https://example.org//a/./b%20c?x#y",
        "file://localhost/srv/my%20shop.git",
        "../shop/.git",
    ];
    let reader = Reader {
        directory: "/srv/app".into(),
        heroku_hosts: vec!["git.heroku.test".to_owned()],
    };
    holds(least, &texts.map(str::to_owned), |url| {
        let place = reader.read(url.as_bstr());
        let shown = place.to_string();
        let _ = (place.brief(), place.is_app("shop"), place.is_app(&shown));
        if let Destination::Server { path, .. } = &place {
            let is_normal = |part: &str| !matches!(part, "" | ".");
            prop_assert!(
                path.is_empty() || path.split('/').all(is_normal),
                "{}",
                path
            );
        }
        // What is written down as the place leads there again.
        if let Destination::Path(path) = &place {
            let again = reader.read(path.as_os_str().as_encoded_bytes().as_bstr());
            let is_url = shown.contains("://");
            prop_assert!(is_url || again == place, "{:?} and {:?}", again, place);
        }
        Ok(())
    });
}

fn note_lines(least: Duration) {
    let (one, two) = (id('1', 40), id('2', 40));
    let head = |event: &str| {
        format!(
            r#"{{"v":1,"event":"{event}","environment":"staging","destinations":["git.heroku.com/shop"],"commit":"{one}","by":"Ana <ana@shop.example>","at":"2026-11-22T21:00:00Z""#
        )
    };
    let texts = [
        head("signoff") + r#","words":"the basket"}"#,
        head("deployed")
            + &format!(
                r#","replaces":"{two}","judged":"overridden","gates":["window"],"reason":"down","decided":"2026-11-22T20:00:00Z"}}"#
            ),
        head("again") + r#","lifts":"2026-11-22T20:00:00Z","signed":"tree x\n\n{}"}"#,
    ];
    let commit = Oid::parse(one.as_bytes()).unwrap();
    for text in &texts {
        assert!(Record::parse(text.as_bytes()).is_some(), "{text}");
    }
    holds(least, &texts, |line| {
        if let Some(record) = Record::parse(line) {
            let again = record.to_string();
            prop_assert!(!again.contains('\n'));
            prop_assert_eq!(Record::parse(again.as_bytes()), Some(record));
        }
        let note = [line, b"\n", texts[0].as_bytes()].concat();
        let all = Record::parse_all(&note, &commit);
        prop_assert!(all.iter().all(|record| record.is_about(&commit)));
        prop_assert!((1..3).contains(&all.len()), "{:?}", all);
        Ok(())
    });
}

#[test]
fn edited_ref_lines_are_read_whole_or_refused() {
    ref_lines(Duration::ZERO);
}

#[test]
fn edited_urls_are_places() {
    urls(Duration::ZERO);
}

#[test]
fn edited_notes_are_records_or_nothing() {
    note_lines(Duration::ZERO);
}

#[test]
#[ignore = "slow: a minute"]
fn edited_ref_lines_for_a_minute() {
    ref_lines(Duration::from_mins(1));
}

#[test]
#[ignore = "slow: a minute"]
fn edited_urls_for_a_minute() {
    urls(Duration::from_mins(1));
}

#[test]
#[ignore = "slow: a minute"]
fn edited_notes_for_a_minute() {
    note_lines(Duration::from_mins(1));
}
