//! Hostile inputs: what git, pushgate and people write, with a few edits. In the slow tests for a minute each,
//! or for as many as `EDITED_MINUTES` says.

use std::{
    env, fs,
    time::{Duration, Instant},
};

use bstr::ByteSlice;
use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{Config, TestCaseError, TestRunner},
};
use pushgate::{
    memory::{ledger::Ledger, record::Record},
    policy::load,
    push::{
        Oid, Update,
        destination::{Destination, Reader},
        parse,
    },
    suite::receipts::Receipts,
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
        let [local, remote] = [&update.commit, &update.replaces].map(|one| id(one.as_ref()));
        let fields = [
            update.source.as_bytes(),
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

fn ledgers(least: Duration) {
    let line = |second: usize| {
        format!(
            r#"{{"v":1,"at":"2026-11-22T21:00:0{second}Z","event":"push","verdict":"go","environment":"staging","remote":"staging","destination":"shop","commit":"{}","by":"Ana","gates":[{{"gate":"target","outcome":"passed","why":"one commit"}}],"reason":null,"took_ms":13}}"#,
            id('1', 40)
        ) + "\n"
    };
    let directory = tempfile::tempdir().unwrap();
    let ledger = Ledger::new(directory.path());
    let tail = line(3);
    holds(least, &[line(1) + &line(2)], |text| {
        // What follows a damaged line is read all the same.
        let whole = [text, b"\n", tail.as_bytes()].concat();
        fs::write(ledger.path(), &whole).unwrap();
        let contents = ledger.read().unwrap();
        let lines = whole
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        prop_assert_eq!(
            contents.entries.len() + contents.damaged.len() + contents.newer,
            lines.count()
        );
        prop_assert!(
            contents
                .damaged
                .iter()
                .all(|line| *line <= whole.lines().count())
        );
        let at = contents.entries.last().unwrap().at.to_string();
        prop_assert_eq!(at, "2026-11-22T21:00:03Z");
        let _ = ledger.first();
        Ok(())
    });
}

fn receipts(least: Duration) {
    let directory = tempfile::tempdir().unwrap();
    let receipts = Receipts::new(directory.path());
    let tree = Oid::parse(id('1', 40).as_bytes()).unwrap();
    let now = "2026-11-22T21:00:00Z".parse().unwrap();
    let (took, day) = (Duration::from_secs(13), Duration::from_hours(24));
    receipts.leave(&tree, "suite", took, now).unwrap();
    let files = fs::read_dir(directory.path().join("receipts")).unwrap();
    let file = files.flatten().next().unwrap().path();
    holds(least, &[fs::read_to_string(&file).unwrap()], |text| {
        fs::write(&file, text).unwrap();
        if let Some(found) = receipts.find(&tree, "suite", day, now) {
            prop_assert!(found.at <= now);
            let text = text.to_str_lossy();
            // It is for this tree and this suite, whatever else was edited.
            prop_assert!(text.contains(tree.as_str()) && text.contains("suite"));
        }
        Ok(())
    });
}

fn policies(least: Duration) {
    let text = "\
trunk: {branch: main, remote: origin}
suite:
  run:
    - {name: lint, run: \"sh lint.sh\", timeout: 5m}
    - |
      bin/rails test
  on: trunk
  reuse: 24h
  env: [RAILS_ENV]
environments:
  staging: {app: shop-staging}
  production:
    after: staging
    soak: 10m
    signoff: {by: another, count: 2}
    window:
      timezone: Europe/Madrid
      open: [Mon-Thu 09:00-16:00]
      closed: [22:00-07:00, 2026-12-24..2027-01-02]
      runway: 1h
    reason: required
";
    load("policy", text.as_bytes(), &[]).unwrap();
    holds(least, &[text.to_owned()], |bytes| {
        match load("policy", bytes, &[]) {
            Ok(policy) => {
                for one in &policy.environments {
                    let comes_first = |name: &String| policy.environment(name).is_some();
                    prop_assert!(one.after.as_ref().is_none_or(comes_first));
                }
            }
            Err(error) => {
                let said = error.to_string() + &error.excerpt().unwrap_or_default();
                prop_assert!(
                    !said.contains(|c: char| c.is_control() && c != '\n'),
                    "{}",
                    said
                );
            }
        }
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
fn edited_ledgers_lose_no_line_that_is_whole() {
    ledgers(Duration::ZERO);
}

#[test]
fn edited_receipts_are_for_their_tree_and_suite_or_nothing() {
    receipts(Duration::ZERO);
}

#[test]
fn edited_policies_are_whole_or_refused_in_clean_text() {
    policies(Duration::ZERO);
}

fn minutes() -> Duration {
    let minutes = env::var("EDITED_MINUTES").ok();
    Duration::from_mins(minutes.map_or(1, |minutes| minutes.parse().unwrap()))
}

#[test]
#[ignore = "slow: a minute"]
fn edited_ref_lines_for_a_minute() {
    ref_lines(minutes());
}

#[test]
#[ignore = "slow: a minute"]
fn edited_urls_for_a_minute() {
    urls(minutes());
}

#[test]
#[ignore = "slow: a minute"]
fn edited_notes_for_a_minute() {
    note_lines(minutes());
}

#[test]
#[ignore = "slow: a minute"]
fn edited_ledgers_for_a_minute() {
    ledgers(minutes());
}

#[test]
#[ignore = "slow: a minute"]
fn edited_receipts_for_a_minute() {
    receipts(minutes());
}

#[test]
#[ignore = "slow: a minute"]
fn edited_policies_for_a_minute() {
    policies(minutes());
}
