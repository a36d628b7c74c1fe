#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use jiff::Timestamp;

use super::*;
use crate::memory::decision::Decision;

#[test]
fn the_last_lines_are_those_at_the_end_and_keep_their_numbers() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = Ledger::new(directory.path());
    assert_eq!(ledger.read_last(3).unwrap().entries.len(), 0);
    for number in 0..100 {
        let mut entry = Entry::new("push", Decision::Go, Timestamp::UNIX_EPOCH, "Ana <a@x>");
        // Longer than what is read at once.
        entry.reason = Some(format!("{number} {}", "x".repeat(1000)));
        ledger.append(&entry).unwrap();
    }
    let numbers = |most| {
        let contents = ledger.read_last(most).unwrap();
        let first = contents.entries.first().and_then(|one| one.reason.clone());
        (
            contents.entries.len(),
            first.unwrap().split(' ').next().unwrap().to_owned(),
        )
    };
    assert_eq!(numbers(1), (1, "99".to_owned()));
    assert_eq!(numbers(50), (50, "50".to_owned()));
    assert_eq!(numbers(100), (100, "0".to_owned()));
    assert_eq!(numbers(1000), (100, "0".to_owned()));
    let mut file = OpenOptions::new().append(true).open(ledger.path()).unwrap();
    file.write_all(b"damaged\n").unwrap();
    assert_eq!(ledger.read_last(2).unwrap().damaged, [101]);
    assert_eq!(ledger.read().unwrap().damaged, [101]);
    // A later version may have other keys.
    file.write_all(b"{\"v\":2}\n").unwrap();
    let contents = ledger.read().unwrap();
    assert_eq!((contents.damaged, contents.newer), (vec![101], 1));
}
