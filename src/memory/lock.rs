//! Locks: a person keeps others from deploying to an environment, for a while. Each is a small file of JSON
//! that a ref leads to.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use super::record::{LONGEST_NAME, MOST_WORDS, names_a_person, tidy};
use crate::{
    push::Oid,
    text::{day_and_time, rounded_span},
};

/// The refs of the locks, one for each environment.
pub(crate) const REFS: &str = "refs/pushgate/locks/";

/// The most bytes of a lock that are read; what we write is shorter.
pub(crate) const LIMIT: usize = 16 * 1024;

/// The version of the format.
const VERSION: u32 = 1;

/// How far the clock of the person who locks may be ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// What the file says. A key that a later version adds is ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lock {
    v: u32,
    environment: String,
    /// The person who holds it: `Name <mail>`.
    pub(crate) by: String,
    pub(crate) why: String,
    pub(crate) since: Timestamp,
    /// When it runs out by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Timestamp>,
}

impl Lock {
    pub(crate) fn new(
        environment: &str,
        by: &str,
        why: &str,
        since: Timestamp,
        until: Option<Timestamp>,
    ) -> Self {
        Self {
            v: VERSION,
            environment: environment.to_owned(),
            by: tidy(by, LONGEST_NAME),
            why: tidy(why, MOST_WORDS),
            since,
            until,
        }
    }

    /// Parses a lock of this environment, or says what is wrong with it: every person who can push can write one.
    fn parse(environment: &str, text: &[u8]) -> Result<Self, String> {
        let lock: Self = serde_json::from_slice(text)
            .map_err(|error| format!("it is not in the format of a lock ({error})"))?;
        if lock.v != VERSION {
            return Err(format!("its format has the version {}", lock.v));
        }
        if lock.environment != environment {
            return Err(format!("it is one of `{}`", lock.environment));
        }
        if !names_a_person(&lock.by) {
            return Err("it names no person".to_owned());
        }
        let Self { since, until, .. } = lock;
        Ok(Self::new(environment, &lock.by, &lock.why, since, until))
    }
}

/// The ref of an environment's lock: what has a meaning in the name of a ref, or of a file on any system, is
/// written as `%` and two hexadecimal digits.
pub(crate) fn ref_of(environment: &str) -> String {
    let mut name = REFS.to_owned();
    for byte in environment.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            _ => name += &format!("%{byte:02x}"),
        }
    }
    name
}

/// The environment that a ref is the lock of; a ref that is none of ours is called as it is.
fn environment_of(name: &str) -> String {
    let short = name.strip_prefix(REFS).unwrap_or(name);
    let decoded = String::from_utf8(percent_decode_str(short).collect()).ok();
    let decoded = decoded.filter(|decoded| ref_of(decoded) == name);
    decoded.unwrap_or_else(|| short.to_owned())
}

/// What a ref of a lock leads to.
#[derive(Clone, Debug)]
pub struct Found {
    pub(crate) environment: String,
    /// The full name of the ref.
    pub(crate) name: String,
    pub(crate) id: Oid,
    /// Whether it is a ref of this clone, which no other knows.
    pub(crate) is_local: bool,
    /// The lock, or what is wrong with it.
    lock: Result<Lock, String>,
}

/// Whether a lock counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State<'f> {
    Held(&'f Lock),
    /// It has run out.
    Over(&'f Lock),
    /// It begins in the future: one of two clocks is wrong.
    Ahead(&'f Lock),
    /// What it says cannot be told.
    Damaged(String),
}

impl Found {
    /// `text`: what the ref leads to, or why that cannot be read.
    pub(crate) fn new(name: &str, id: &Oid, is_local: bool, text: Result<Vec<u8>, String>) -> Self {
        let environment = environment_of(name);
        let lock = text.and_then(|text| Lock::parse(&environment, &text));
        Self {
            environment,
            name: name.to_owned(),
            id: id.clone(),
            is_local,
            lock,
        }
    }

    pub(crate) fn state(&self, now: Timestamp) -> State<'_> {
        match &self.lock {
            Ok(lock) if lock.until.is_some_and(|until| until <= now) => State::Over(lock),
            Ok(lock) if lock.since.duration_since(now) > AHEAD => State::Ahead(lock),
            Ok(lock) => State::Held(lock),
            Err(why) => State::Damaged(why.clone()),
        }
    }

    /// Writes for a person what it says.
    pub(crate) fn sentence(&self, now: Timestamp, reader: &TimeZone) -> String {
        self.said(now, |at| day_and_time(at, reader, reader))
    }

    /// Writes what it says for people with other clocks.
    pub(crate) fn recorded(&self, now: Timestamp) -> String {
        self.said(now, |at| at.strftime("%a %Y-%m-%d %H:%M UTC").to_string())
    }

    fn said(&self, now: Timestamp, at: impl Fn(Timestamp) -> String) -> String {
        let name = &self.environment;
        match self.state(now) {
            State::Held(lock) | State::Ahead(lock) => {
                let Lock { by, why, .. } = lock;
                let here = if self.is_local { " in this clone" } else { "" };
                let until =
                    (lock.until).map_or(String::new(), |one| format!(", until {}", at(one)));
                let (since, ahead) = (at(lock.since), lock.since.duration_since(now));
                let since = if ahead > AHEAD {
                    let ahead = rounded_span(ahead.unsigned_abs());
                    format!("from {since} on, in {ahead} by this clock")
                } else {
                    format!("since {since}")
                };
                format!("{by} has locked {name}{here} {since}{until}: {why}")
            }
            State::Over(Lock { by, why, until, .. }) => {
                let until = until.map_or(String::new(), |until| format!(" {}", at(until)));
                format!("the lock of {name} by {by} ran out{until}: {why}")
            }
            State::Damaged(why) => format!("the lock of {name} cannot be read: {why}"),
        }
    }

    /// Describes it for a report.
    pub(crate) fn shown(&self, now: Timestamp, reader: &TimeZone) -> Shown {
        let (state, error) = match self.state(now) {
            State::Held(_) => ("held", None),
            State::Over(_) => ("over", None),
            State::Ahead(_) => ("ahead", None),
            State::Damaged(why) => ("damaged", Some(why)),
        };
        Shown {
            environment: self.environment.clone(),
            state,
            lock: self.lock.as_ref().ok().cloned(),
            local: self.is_local,
            error,
            sentence: self.sentence(now, reader),
        }
    }
}

/// A lock as a report has it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Shown {
    environment: String,
    /// `held`, `over`, `ahead` (it begins in the future) or `damaged`.
    state: &'static str,
    /// Null where it cannot be read.
    lock: Option<Lock>,
    local: bool,
    error: Option<String>,
    #[serde(skip)]
    pub(crate) sentence: String,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: &str = "2026-11-24T09:00:00Z";

    fn found(text: &str) -> Found {
        let id = Oid::parse("1".repeat(40).as_bytes()).unwrap();
        Found::new(&ref_of("production"), &id, false, Ok(text.into()))
    }

    fn lock(since: &str, until: Option<&str>) -> Found {
        let at = |text: &str| text.parse().unwrap();
        let lock = Lock::new(
            "production",
            "Ben <ben@shop.example>",
            "the migration runs",
            at(since),
            until.map(at),
        );
        found(&serde_json::to_string(&lock).unwrap())
    }

    #[track_caller]
    fn says(found: &Found, sentence: &str) {
        let now = NOW.parse().unwrap();
        assert_eq!(found.sentence(now, &TimeZone::UTC), sentence);
    }

    #[test]
    fn a_lock_holds_until_it_runs_out_and_one_of_the_future_says_so() {
        let held = lock("2026-11-24T08:00:00Z", Some("2026-11-24T09:00:01Z"));
        says(
            &held,
            "Ben <ben@shop.example> has locked production since Tue 2026-11-24 08:00, until Tue 2026-11-24 09:00: the migration runs",
        );
        let over = lock("2026-11-24T08:00:00Z", Some(NOW));
        assert!(matches!(over.state(NOW.parse().unwrap()), State::Over(_)));
        // Two clocks are never quite the same.
        let soon = lock("2026-11-24T09:05:00Z", None);
        assert!(matches!(soon.state(NOW.parse().unwrap()), State::Held(_)));
        says(
            &lock("2026-11-24T09:05:01Z", None),
            "Ben <ben@shop.example> has locked production from Tue 2026-11-24 09:05 on, in 5m by this clock: the migration runs",
        );
    }

    #[test]
    fn what_is_no_lock_of_this_environment_is_shown_as_what_it_is() {
        let line = |environment, by, v| {
            format!(
                "{{\"v\":{v},\"environment\":\"{environment}\",\"by\":\"{by}\",\"why\":\"\",\"since\":\"{NOW}\"}}"
            )
        };
        let wrong = |text: &str, why: &str| {
            says(
                &found(text),
                &format!("the lock of production cannot be read: {why}"),
            );
        };
        wrong(&line("staging", "Ben <b@x>", 1), "it is one of `staging`");
        wrong(&line("production", "root", 1), "it names no person");
        wrong(
            &line("production", "Ben <b@x>", 2),
            "its format has the version 2",
        );
        let format =
            "it is not in the format of a lock (EOF while parsing a value at line 1 column 0)";
        wrong("", format);
    }

    proptest! {
        #[test]
        fn any_environment_has_a_ref_of_its_own_that_git_takes(a in ".{1,20}", b in ".{1,20}") {
            let name = ref_of(&a);
            prop_assert!(git2::Reference::is_valid_name(&name), "{name}");
            prop_assert_eq!(environment_of(&name), a.clone());
            prop_assert_eq!(a.to_lowercase() == b.to_lowercase() && a != b && name == ref_of(&b), false);
        }

        #[test]
        fn any_ref_is_the_lock_of_some_environment(short in ".{0,20}") {
            let name = format!("{REFS}{short}");
            let environment = environment_of(&name);
            prop_assert!(environment == short || ref_of(&environment) == name);
        }

        #[test]
        fn any_bytes_are_a_lock_or_damaged(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let id = Oid::parse("1".repeat(40).as_bytes()).unwrap();
            let found = Found::new(&ref_of("production"), &id, false, Ok(bytes));
            let state = found.state(NOW.parse().unwrap());
            prop_assert!(matches!(state, State::Damaged(_)));
        }
    }
}
