//! Receipts: the record that the suite passed on a tree, one small file each.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::fingerprint::VERSION;
use crate::{file, gates::Passed, push::Oid};

/// A receipt that is older is removed, and one that a killed push left half written.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The suite passed on a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Receipt {
    v: u32,
    /// The tested tree, or the commit that a forge has checked.
    tree: String,
    suite: String,
    at: Timestamp,
    took_ms: u64,
}

pub struct Receipts {
    directory: PathBuf,
}

impl Receipts {
    pub fn new(state_dir: &Path) -> Self {
        Self {
            directory: state_dir.join("receipts"),
        }
    }

    /// The receipt for this tree and suite, if there is one that counts: whole, for exactly these,
    /// not from the future and not too old. Otherwise the suite runs.
    pub fn find(&self, tree: &Oid, suite: &str, reuse: Duration, now: Timestamp) -> Option<Passed> {
        file::must_be_safe(&self.directory).ok()?;
        let receipt = read(&self.path(tree, suite))?;
        let age = Timestamp::duration_since(now, receipt.at);
        let counts = receipt.tree == tree.as_str()
            && receipt.suite == suite
            && !age.is_negative()
            && age < SignedDuration::try_from(reuse).unwrap_or(SignedDuration::MAX);
        counts.then(|| Passed {
            at: receipt.at,
            took: Duration::from_millis(receipt.took_ms),
        })
    }

    /// Writes a receipt, whole or not at all, even if the machine crashes.
    pub fn leave(&self, tree: &Oid, suite: &str, took: Duration, now: Timestamp) -> io::Result<()> {
        let receipt = Receipt {
            v: VERSION,
            tree: tree.to_string(),
            suite: suite.to_owned(),
            at: now,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        };
        file::state_directory(&self.directory)?;
        file::write_json(&self.path(tree, suite), &receipt)?;
        self.prune(now);
        Ok(())
    }

    /// How long the suite took last time, on any tree.
    pub(crate) fn last_took(&self, suite: &str) -> Option<Duration> {
        let receipts = fs::read_dir(&self.directory).ok()?.flatten();
        let last = receipts
            .filter_map(|entry| read(&entry.path()))
            .filter(|receipt| receipt.suite == suite)
            .max_by_key(|receipt| receipt.at);
        last.map(|receipt| Duration::from_millis(receipt.took_ms))
    }

    fn path(&self, tree: &Oid, suite: &str) -> PathBuf {
        // Long enough that two suites never share a name; the file has the whole fingerprint.
        self.directory
            .join(format!("{tree}-{}.json", suite.get(..16).unwrap_or(suite)))
    }

    /// Removes what is old.
    fn prune(&self, now: Timestamp) {
        let Ok(entries) = fs::read_dir(&self.directory) else {
            return;
        };
        for entry in entries.flatten() {
            let written = entry.metadata().and_then(|metadata| metadata.modified());
            let written = written.ok().and_then(|time| Timestamp::try_from(time).ok());
            let age = written.map(|written| now.duration_since(written));
            if age.is_some_and(|age| age > KEPT) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// Reads a receipt of this version.
fn read(path: &Path) -> Option<Receipt> {
    let receipt: Receipt = file::read_json(path).ok()?;
    (receipt.v == VERSION).then_some(receipt)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOOK: Duration = Duration::from_secs(130);
    const DAY: Duration = Duration::from_hours(24);

    fn tree(digit: char) -> Oid {
        Oid::parse(digit.to_string().repeat(40).as_bytes()).unwrap()
    }

    fn noon() -> Timestamp {
        "2026-11-24T12:00:00Z".parse().unwrap()
    }

    fn left() -> (tempfile::TempDir, Receipts) {
        let directory = tempfile::tempdir().unwrap();
        let receipts = Receipts::new(directory.path());
        receipts.leave(&tree('1'), "suite", TOOK, noon()).unwrap();
        (directory, receipts)
    }

    #[test]
    fn a_receipt_is_found_for_its_tree_and_suite_alone() {
        let (_directory, receipts) = left();
        let found = receipts.find(&tree('1'), "suite", DAY, noon()).unwrap();
        assert_eq!((found.at, found.took), (noon(), TOOK));
        assert_eq!(receipts.find(&tree('2'), "suite", DAY, noon()), None);
        assert_eq!(receipts.find(&tree('1'), "other", DAY, noon()), None);
        assert_eq!(
            receipts.find(&tree('1'), "suite", Duration::ZERO, noon()),
            None
        );
        assert_eq!(receipts.last_took("suite"), Some(TOOK));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_receipt_reads_back_and_any_bytes_in_its_place_are_none_or_one(
            took in any::<u64>(),
            second in -10_000_000_000_i64..1_700_000_000,
            noise in proptest::collection::vec(any::<u8>(), 0..300),
            edges in any::<[prop::sample::Index; 2]>(),
        ) {
            let directory = tempfile::tempdir().unwrap();
            let receipts = Receipts::new(directory.path());
            let (took, now) = (Duration::from_millis(took), Timestamp::from_second(second).unwrap());
            receipts.leave(&tree('1'), "suite", took, now).unwrap();
            let find = || receipts.find(&tree('1'), "suite", DAY, now);
            prop_assert_eq!(find().map(|found| (found.at, found.took)), Some((now, took)));
            let path = receipts.path(&tree('1'), "suite");
            let whole = fs::read(&path).unwrap();
            fs::write(&path, &noise).unwrap();
            prop_assert_eq!(find(), None);
            let [one, other] = edges.map(|edge| edge.index(whole.len()));
            let edited = [&whole[..one.min(other)], &noise, &whole[one.max(other)..]].concat();
            fs::write(&path, edited).unwrap();
            let _ = (find(), receipts.last_took("suite"));
        }
    }

    #[test]
    fn a_receipt_ages_and_is_never_from_the_future() {
        let (_directory, receipts) = left();
        let at = |hours| {
            receipts
                .find(
                    &tree('1'),
                    "suite",
                    DAY,
                    noon() + SignedDuration::from_hours(hours),
                )
                .is_some()
        };
        assert!(at(0) && at(23));
        assert!(!at(24) && !at(-1));
    }

    #[test]
    fn whatever_is_done_to_the_file_it_is_no_receipt() {
        let (_directory, receipts) = left();
        let path = receipts.path(&tree('1'), "suite");
        let whole = fs::read_to_string(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            assert_eq!(
                receipts.find(&tree('1'), "suite", DAY, noon()),
                None,
                "{length}"
            );
        }
        for (old, new) in [
            ("\"v\":2", "\"v\":1"),
            ("1111", "2222"),
            ("\"suite\":\"suite\"", "\"suite\":\"x\""),
            ("2026-11", "2027-11"),
            ("{", "["),
        ] {
            let edited = whole.replacen(old, new, 1);
            assert_ne!(edited, whole);
            fs::write(&path, edited).unwrap();
            assert_eq!(
                receipts.find(&tree('1'), "suite", DAY, noon()),
                None,
                "{old}"
            );
        }
        fs::write(&path, &whole).unwrap();
        assert!(receipts.find(&tree('1'), "suite", DAY, noon()).is_some());
    }
}
