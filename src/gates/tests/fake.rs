//! A world whose answers a test sets, and that remembers what it was asked.

use std::{sync::Mutex, time::Duration};

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    gates::{
        Clock, EnvironmentRemote, EnvironmentRemotes, LocalRepository, Memory, Object, Passed,
        Remotes, Runner, Stop, SuiteLock, SuiteRun, Tip, Tips, Work, World,
        facts::CheckedOut,
        verdict::{Count, Difference, Mismatch, Relation, TrunkName},
    },
    memory::{lock::Found, record::Record},
    policy::detect::Candidate,
    push::Oid,
};

pub(crate) fn oid(digit: char) -> Oid {
    Oid::parse(digit.to_string().repeat(40).as_bytes()).unwrap()
}

/// A world where the commit `1` is trunk's tip and live on staging, and the suite passes; a test
/// changes what it is about.
pub(crate) struct Fake {
    pub(crate) asked: Mutex<Vec<&'static str>>,
    pub(crate) now: Mutex<Vec<Timestamp>>,
    pub(crate) tip: Mutex<Vec<Result<Oid, Stop>>>,
    pub(crate) live: Mutex<Vec<Vec<(String, Oid)>>>,
    pub(crate) running: Result<Oid, Stop>,
    pub(crate) relation: Relation,
    pub(crate) missing: Option<Oid>,
    pub(crate) mismatches: Mutex<Vec<Option<Mismatch>>>,
    pub(crate) suite: fn() -> Result<SuiteRun, Stop>,
    pub(crate) receipts: Mutex<Vec<Option<Passed>>>,
    pub(crate) checks: fn() -> Result<SuiteRun, Stop>,
    pub(crate) waited: bool,
    pub(crate) connection: &'static str,
    pub(crate) records: Vec<Record>,
    pub(crate) was_live: bool,
    pub(crate) locks: Vec<Found>,
    pub(crate) says: &'static str,
}

impl Default for Fake {
    fn default() -> Self {
        Self {
            asked: Mutex::default(),
            now: Mutex::new(vec!["2026-11-24T12:00:00Z".parse().unwrap()]),
            tip: Mutex::new(vec![Ok(oid('1'))]),
            live: Mutex::new(vec![vec![("master".to_owned(), oid('1'))]]),
            running: Ok(oid('1')),
            relation: Relation::Behind(Count(2)),
            missing: None,
            mismatches: Mutex::new(vec![None]),
            suite: || {
                Ok(SuiteRun {
                    took: Duration::from_secs(13),
                    ..SuiteRun::default()
                })
            },
            receipts: Mutex::new(vec![None]),
            checks: || {
                Ok(SuiteRun {
                    took: Duration::from_secs(1),
                    checks: Some("2 checks of acme/shop@1111111".to_owned()),
                    warning: None,
                })
            },
            waited: false,
            connection: "open",
            records: Vec::new(),
            was_live: false,
            locks: Vec::new(),
            says: "no",
        }
    }
}

impl Fake {
    pub(crate) fn world(&self) -> World<'_> {
        World {
            clock: self,
            repository: self,
            memory: self,
            remotes: self,
            runner: self,
        }
    }

    /// Lets time pass, where the test does not tell the time of each question.
    fn pass(&self, time: Duration) {
        if let [now] = self.now.lock().unwrap().as_mut_slice() {
            *now += time;
        }
    }

    fn note(&self, question: &'static str) {
        self.asked.lock().unwrap().push(question);
    }

    /// What was asked; questions of the same moment in alphabetical order, and each look at the clock once.
    pub(crate) fn asked(&self) -> Vec<&'static str> {
        let mut asked = self.asked.lock().unwrap().clone();
        let at_once =
            |question: &str| ["trunk", "staging", "checkout", "receipt"].contains(&question);
        asked
            .chunk_by_mut(|a, b| at_once(a) && at_once(b))
            .for_each(<[_]>::sort_unstable);
        asked.dedup_by(|a, b| a == b && *a == "clock");
        asked
    }
}

/// The next answer; the last one stays.
fn next<T: Clone>(answers: &Mutex<Vec<T>>) -> T {
    let mut answers = answers.lock().unwrap();
    if answers.len() > 1 {
        answers.remove(0)
    } else {
        answers[0].clone()
    }
}

impl Clock for Fake {
    fn now(&self) -> Timestamp {
        self.note("clock");
        next(&self.now)
    }
    fn zone(&self) -> Result<TimeZone, Stop> {
        Ok(TimeZone::UTC)
    }
}

impl LocalRepository for Fake {
    fn committed_at(&self, _: &Oid) -> Result<Option<Timestamp>, Stop> {
        Ok(None)
    }

    fn object(&self, id: &Oid) -> Result<Object, Stop> {
        Ok(if self.missing.as_ref() == Some(id) {
            Object::Missing
        } else {
            Object::Commit {
                parents: vec![oid('a')],
            }
        })
    }
    fn is_shallow(&self) -> bool {
        false
    }
    fn local_branch(&self, _: &str) -> Result<Option<Oid>, Stop> {
        Ok(Some(oid('1')))
    }
    fn has_been_there(&self, _: &TrunkName) -> Result<bool, Stop> {
        Ok(false)
    }
    fn has_same_files(&self, _: &TrunkName, _: &Oid, _: &[&str]) -> Result<bool, Stop> {
        Ok(true)
    }
    fn checked_out(&self, _: &str) -> Result<CheckedOut, Stop> {
        Ok(CheckedOut::Here)
    }
    fn relation(&self, _: &Oid, _: &Oid, _: &str) -> Result<Relation, Stop> {
        self.note("ancestry");
        Ok(self.relation)
    }
    fn same_content(&self, _: &Oid, _: &Oid) -> Result<bool, Stop> {
        Ok(false)
    }
    fn difference(&self, _: &Oid, _: &Oid, _: &str) -> Result<Difference, Stop> {
        self.note("difference");
        Ok(Difference::default())
    }
    fn checkout(&self, _: &Oid) -> Result<Option<Mismatch>, Stop> {
        self.note("checkout");
        Ok(next(&self.mismatches))
    }
    fn detect(&self, _: &Oid) -> Result<Vec<Candidate>, Stop> {
        self.note("files");
        Ok(Vec::new())
    }
    fn person(&self) -> String {
        "Ana <ana@shop.example>".to_owned()
    }
    fn mapped(&self, people: &[String], _: &Oid) -> Vec<String> {
        people.to_vec()
    }
    fn author(&self, _: &Oid) -> Result<String, Stop> {
        Ok("Ana <ana@shop.example>".to_owned())
    }
}

impl Memory for Fake {
    fn receipt(&self, _: &Work<'_>) -> Result<Option<Passed>, Stop> {
        Ok(next(&self.receipts))
    }
    fn records(&self, _: &Oid) -> Result<Vec<Record>, Stop> {
        Ok(self.records.clone())
    }
    fn was_live(&self, _: &EnvironmentRemotes, _: &Oid) -> Result<bool, Stop> {
        Ok(self.was_live)
    }
    fn tracked_since(&self, _: &EnvironmentRemotes, _: &Oid) -> Result<Option<Timestamp>, Stop> {
        Ok(None)
    }
    fn departures(&self, _: &EnvironmentRemotes, _: &Oid) -> Result<Vec<Record>, Stop> {
        Ok(Vec::new())
    }
    fn runs_at(&self, _: crate::memory::record::Place<'_>, git: &Oid) -> Result<Oid, Stop> {
        Ok(git.clone())
    }
    fn remembered(&self, _: crate::memory::record::Place<'_>) -> Result<Option<Record>, Stop> {
        Ok(None)
    }
    fn deployed_last(
        &self,
        _: crate::memory::record::Place<'_>,
        _: &bstr::BStr,
        _: &[String],
        tips: &Tips,
    ) -> Result<Option<Oid>, Stop> {
        Ok(tips.first().map(|(_, tip)| tip.clone()))
    }
    fn last_of(
        &self,
        _: crate::memory::record::Place<'_>,
        tips: &Tips,
    ) -> Result<Option<Oid>, Stop> {
        Ok(tips.first().map(|(_, tip)| tip.clone()))
    }
    fn lock(&self, _: &str) -> Result<Option<Found>, Stop> {
        Ok(None)
    }
    fn is_verified(&self, record: &Record) -> Result<bool, Stop> {
        Ok(record.signed.is_some())
    }
}

impl Remotes for Fake {
    fn default_branch(&self, _: &str) -> Result<Option<String>, Stop> {
        Ok(None)
    }

    fn trunk_tip(&self, _: &TrunkName, team: bool) -> Result<Tip, Stop> {
        self.note("trunk");
        next(&self.tip).map(|commit| Tip {
            locks: Ok(self.locks.clone()),
            commit: Ok(commit),
            team: team.then_some(Ok(())),
        })
    }
    fn running(&self, of: &EnvironmentRemotes) -> Option<Result<Oid, Stop>> {
        of.live.as_ref()?;
        self.note("live");
        Some(self.running.clone())
    }
    fn live(&self, _: &EnvironmentRemotes, _: &EnvironmentRemote) -> Result<Tips, Stop> {
        self.note("staging");
        Ok(next(&self.live))
    }
}

impl Runner for Fake {
    fn lock_suite(&self) -> Result<SuiteLock, Stop> {
        self.note("lock");
        if self.waited {
            self.pass(Duration::from_secs(13));
        }
        Ok(SuiteLock::new(self.waited, ()))
    }
    fn leave_receipt(&self, _: &Work<'_>, _: Duration) -> Result<(), Stop> {
        self.note("receipt");
        Ok(())
    }
    fn is_connected(&self) -> bool {
        self.connection == "open"
    }
    fn run(&self, work: &Work<'_>) -> Result<SuiteRun, Stop> {
        let (question, answer) = match work.suite.ci {
            None => ("suite", self.suite),
            Some(_) => ("checks", self.checks),
        };
        self.note(question);
        let run = answer()?;
        self.pass(run.took);
        Ok(run)
    }
    fn confirm(&self, _: &str) -> Result<bool, Stop> {
        self.note("person");
        Ok(self.says == "yes")
    }
    fn sign_off(&self, _: &EnvironmentRemotes, _: &Oid) -> Result<(), Stop> {
        self.note("signoff");
        Ok(())
    }
}
