//! Receipts: the record that the suite passed on a tree, one small file each.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use bstr::ByteSlice;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    ci::Project,
    gates::Passed,
    policy::{Ci, Forge, In, Reuse, Step, Suite},
    push::Oid,
};

/// The format; part of the fingerprint, so that another one is another receipt.
pub(crate) const VERSION: u32 = 1;
/// What nobody asks for any more is taken away.
pub(crate) const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// A receipt is a few hundred bytes.
pub(crate) const LARGEST: u64 = 16 * 1024;

/// The machine that a suite passes on: its operating system and its processor.
pub(crate) const MACHINE: [&str; 2] = [std::env::consts::OS, std::env::consts::ARCH];

/// That the suite passed on a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Receipt {
    /// The format.
    v: u32,
    /// The tree that was tested, or the commit that a CI has checked.
    tree: String,
    /// What gives the pass its meaning.
    suite: String,
    /// When it passed.
    at: Timestamp,
    /// How long the suite took, in milliseconds.
    took_ms: u64,
}

/// What a pass depends on beside the tree: the commands and their order, where they run, the
/// variables that the policy lists, the machine. Values are hashed, never stored.
///
/// Every part is preceded by its length, so that no two lists of parts look the same.
pub(crate) fn fingerprint(
    machine: [&str; 2],
    suite: &Suite,
    steps: &[Step],
    variable: impl Fn(&str) -> Option<Vec<u8>>,
) -> String {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update(bytes.len().to_le_bytes());
        hash.update(bytes);
    };
    part(&VERSION.to_le_bytes());
    for word in machine {
        part(word.as_bytes());
    }
    part(match suite.place {
        In::Checkout => b"checkout",
        In::Worktree => b"worktree",
    });
    part(&steps.len().to_le_bytes());
    for step in steps {
        part(step.run.as_bytes());
        part(step.dir.as_deref().unwrap_or_default().as_bytes());
        part(&[u8::from(step.parallel)]);
    }
    part(suite.expect.as_deref().unwrap_or_default().as_bytes());
    part(&suite.link.len().to_le_bytes());
    for link in &suite.link {
        part(link.as_bytes());
    }
    for name in &suite.env {
        part(name.as_bytes());
        match variable(name) {
            Some(value) => part(&[b"=", value.as_slice()].concat()),
            None => part(b""),
        }
    }
    crate::text::hex(&hash.finalize())
}

/// What a pass of a CI depends on beside the commit: whose, of which project, and which checks.
pub(crate) fn checks_fingerprint(ci: &Ci, project: Option<&Project>) -> String {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update(bytes.len().to_le_bytes());
        hash.update(bytes);
    };
    part(&VERSION.to_le_bytes());
    part(match ci.forge {
        Forge::Github => b"ci on github",
        Forge::Gitlab => b"ci on gitlab",
    });
    for word in project.map_or(["", ""], |project| [&project.host, &project.path]) {
        part(word.as_bytes());
    }
    let mut checks: Vec<_> = ci.checks.iter().collect();
    checks.sort();
    for check in checks {
        part(check.as_bytes());
    }
    crate::text::hex(&hash.finalize())
}

/// The receipts of a repository.
pub(crate) struct Receipts {
    directory: PathBuf,
}

impl Receipts {
    pub(crate) fn new(state_dir: &Path) -> Self {
        Self {
            directory: state_dir.join("receipts"),
        }
    }

    /// The receipt for this tree and suite, if there is one that counts: whole, for exactly these,
    /// not from the future and not too old. Anything else is none, and the suite runs.
    pub(crate) fn find(
        &self,
        tree: &Oid,
        suite: &str,
        reuse: Reuse,
        now: Timestamp,
    ) -> Option<Passed> {
        let Reuse::For(reuse) = reuse else {
            return None;
        };
        let path = self.path(tree, suite);
        if path.metadata().ok()?.len() > LARGEST {
            return None;
        }
        let receipt: Receipt = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        let age = Timestamp::duration_since(now, receipt.at);
        let counts = receipt.v == VERSION
            && receipt.tree == tree.as_str()
            && receipt.suite == suite
            && !age.is_negative()
            && age < SignedDuration::try_from(reuse).unwrap_or(SignedDuration::MAX);
        counts.then(|| Passed {
            at: receipt.at,
            took: Duration::from_millis(receipt.took_ms),
        })
    }

    /// Leaves a receipt: whole or none, also where the machine dies this moment.
    pub(crate) fn leave(
        &self,
        tree: &Oid,
        suite: &str,
        took: Duration,
        now: Timestamp,
    ) -> io::Result<()> {
        let receipt = Receipt {
            v: VERSION,
            tree: tree.to_string(),
            suite: suite.to_owned(),
            at: now,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        };
        fs::create_dir_all(&self.directory)?;
        let mut file = tempfile::Builder::new()
            .prefix(".receipt-")
            .tempfile_in(&self.directory)?;
        file.write_all(serde_json::to_string(&receipt)?.as_bytes())?;
        file.as_file()
            .set_permissions(fs::Permissions::from_mode(0o644))?;
        file.as_file().sync_all()?;
        file.persist(self.path(tree, suite))?;
        File::open(&self.directory)?.sync_all()?;
        self.prune(now);
        Ok(())
    }

    /// How long the suite took last time, whatever the tree.
    pub(crate) fn last_took(&self, suite: &str) -> Option<Duration> {
        let receipts = fs::read_dir(&self.directory).ok()?.flatten();
        let receipts = receipts.filter_map(|entry| {
            serde_json::from_slice::<Receipt>(&fs::read(entry.path()).ok()?).ok()
        });
        let last = receipts
            .filter(|receipt| receipt.v == VERSION && receipt.suite == suite)
            .max_by_key(|receipt| receipt.at);
        last.map(|receipt| Duration::from_millis(receipt.took_ms))
    }

    pub(crate) fn path(&self, tree: &Oid, suite: &str) -> PathBuf {
        // Long enough that two suites never share a name; the file says the whole.
        self.directory
            .join(format!("{tree}-{}.json", suite.get(..16).unwrap_or(suite)))
    }

    /// Takes away what is old, and what a killed push left half written.
    pub(crate) fn prune(&self, now: Timestamp) {
        let Ok(entries) = fs::read_dir(&self.directory) else {
            return;
        };
        for entry in entries.flatten() {
            let written = entry
                .metadata()
                .and_then(|metadata| metadata.modified())
                .ok()
                .and_then(|time| Timestamp::try_from(time).ok());
            let age = written.map(|written| Timestamp::duration_since(now, written));
            let half = entry
                .file_name()
                .as_encoded_bytes()
                .starts_with_str(".receipt-");
            let limit = if half {
                SignedDuration::from_hours(1)
            } else {
                KEPT
            };
            if age.is_some_and(|age| age > limit) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
pub(crate) mod tests {
    use super::*;

    const TOOK: Duration = Duration::from_secs(130);
    const DAY: Reuse = Reuse::For(Duration::from_hours(24));

    fn tree(digit: char) -> Oid {
        Oid::parse(digit.to_string().repeat(40).as_bytes()).unwrap()
    }

    fn step(run: &str) -> Step {
        Step {
            run: run.to_owned(),
            ..Step::default()
        }
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
            receipts.find(&tree('1'), "suite", Reuse::Never, noon()),
            None
        );
        assert_eq!(receipts.last_took("suite"), Some(TOOK));
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
            ("\"v\":1", "\"v\":2"),
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

    #[test]
    fn the_fingerprint_of_checks_tells_the_forge_the_project_and_the_names() {
        let of_project = |project: &str, forge, checks: &[&str]| {
            let checks = checks.iter().map(|name| (*name).to_owned()).collect();
            let project = Project::named(project, None);
            checks_fingerprint(&Ci { forge, checks }, project.as_ref())
        };
        let of = |forge, checks: &[&str]| of_project("acme/shop", forge, checks);
        let all = [
            of(Forge::Github, &[]),
            of(Forge::Gitlab, &[]),
            of(Forge::Github, &["test"]),
            of(Forge::Github, &["test", "lint"]),
            of(Forge::Github, &["testlint"]),
            of_project("acme/other", Forge::Github, &[]),
            of_project("forge.example/acme/shop", Forge::Github, &[]),
            of_project("", Forge::Github, &[]),
        ];
        let told: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(told.len(), all.len(), "two of them are the same");
        assert_eq!(all[3], of(Forge::Github, &["lint", "test"]));
    }

    #[test]
    fn the_fingerprint_tells_apart_what_gives_a_pass_its_meaning() {
        let suite = |env: &[&str], link: &[&str], place, expect: Option<&str>| Suite {
            env: env.iter().map(|name| (*name).to_owned()).collect(),
            link: link.iter().map(|name| (*name).to_owned()).collect(),
            expect: expect.map(str::to_owned),
            place,
            ..Suite::default()
        };
        let machine = ["linux", "x86_64"];
        let here = suite(&["RAILS_ENV"], &["deps"], In::Checkout, None);
        let steps = [step("a"), step("b")];
        let value = |text: &'static str| move |_: &str| Some(text.as_bytes().to_vec());
        let of = |suite: &Suite, steps: &[Step]| fingerprint(machine, suite, steps, value("test"));
        let first = of(&here, &steps);
        assert_eq!(first, of(&here, &steps));
        assert!(!first.contains("test"));
        // Neither a name nor a limit changes what has passed.
        let same = Step {
            name: Some("all of it".to_owned()),
            timeout: Some(TOOK),
            ..step("a")
        };
        assert_eq!(first, of(&here, &[same, step("b")]));
        let elsewhere = Step {
            dir: Some("web".to_owned()),
            ..step("a")
        };
        let beside = Step {
            parallel: true,
            ..step("a")
        };
        let others = [
            of(&here, &[step("b"), step("a")]),
            of(&here, &[step("ab")]),
            of(&here, &[step("a")]),
            of(&here, &[elsewhere, step("b")]),
            of(&here, &[beside, step("b")]),
            fingerprint(machine, &here, &steps, value("development")),
            fingerprint(machine, &here, &steps, value("")),
            fingerprint(machine, &here, &steps, |_| None),
            fingerprint(["macos", "x86_64"], &here, &steps, value("test")),
            fingerprint(["linux", "aarch64"], &here, &steps, value("test")),
            of(&suite(&[], &["deps"], In::Checkout, None), &steps),
            of(&suite(&["RAILS_ENV"], &[], In::Checkout, None), &steps),
            of(
                &suite(&[], &["deps", "RAILS_ENV", "=test"], In::Checkout, None),
                &steps,
            ),
            of(
                &suite(&["RAILS_ENV"], &["deps"], In::Worktree, None),
                &steps,
            ),
            of(
                &suite(&["RAILS_ENV"], &["deps"], In::Checkout, Some("ok")),
                &steps,
            ),
        ];
        let all: std::collections::BTreeSet<_> = others.iter().chain([&first]).collect();
        assert_eq!(all.len(), others.len() + 1, "two of them are the same");
    }
}
