//! What a continuous integration said of a commit, and what that means for a push.

pub(crate) mod ask;
pub(crate) mod asker;
pub(crate) mod github;
pub(crate) mod gitlab;
pub(crate) mod page;
pub(crate) mod project;
pub(crate) mod trouble;
pub(crate) mod wait;

use std::{fmt, time::Duration};

use jiff::{SignedDuration, Timestamp};

pub(crate) use github::{Part, check_runs, check_suites, statuses};
pub(crate) use gitlab::{jobs, latest};
pub(crate) use page::Page;
pub use project::Project;
pub use trouble::{Asked, CiTrouble, Why};

use crate::policy::Forge;

/// One thing that a CI looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What the CI calls it.
    pub name: String,
    /// How it stands.
    pub state: State,
    /// The CI's own word for that.
    pub word: String,
    /// Where a person can look.
    pub url: Option<String>,
    /// When it ended, by the forge's clock.
    pub ended: Option<Timestamp>,
}

/// How a check stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It passed.
    Passed,
    /// It was skipped, or may fail: it counts neither way.
    Aside,
    /// It is not done.
    Running,
    /// It did not pass; a word that nobody knows is no pass either.
    Red,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let print = |text: &str| crate::text::printable(text.as_bytes().into());
        write!(f, "`{}`: {}", print(&self.name), print(&self.word))?;
        match &self.url {
            Some(url) => write!(f, ", {}", print(url)),
            None => Ok(()),
        }
    }
}

impl Forge {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Github => "GitHub",
            Self::Gitlab => "GitLab",
        }
    }

    /// The program that asks it.
    pub fn program(self) -> &'static str {
        match self {
            Self::Github => "gh",
            Self::Gitlab => "glab",
        }
    }

    /// Its public place.
    pub fn home(self) -> &'static str {
        match self {
            Self::Github => "github.com",
            Self::Gitlab => "gitlab.com",
        }
    }
}

/// What the checks of a commit add up to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// So many passed, and none that counts did not.
    Passed(usize),
    /// These are not done yet.
    Running(Vec<Check>),
    /// These did not pass, and these are not there.
    Red(Vec<Check>, Vec<String>),
    /// Nothing runs, and these are not there; none: there is nothing at all that has passed.
    Missing(Vec<String>),
}

/// Weighs the checks; `wanted` are those that count, all of them where it names none.
///
/// A check that is wanted by its name has to pass: skipped is not enough.
pub(crate) fn weigh(checks: &[Check], wanted: &[String]) -> Weight {
    let counts = |check: &&Check| wanted.is_empty() || wanted.contains(&check.name);
    let is_red = |check: &&Check| match check.state {
        State::Red => true,
        State::Aside => !wanted.is_empty(),
        State::Passed | State::Running => false,
    };
    let is_running = |check: &&Check| check.state == State::Running;
    let counted = || checks.iter().filter(counts);
    let missing: Vec<_> = wanted
        .iter()
        .filter(|name| checks.iter().all(|check| check.name != **name))
        .cloned()
        .collect();
    let red: Vec<_> = counted().filter(is_red).cloned().collect();
    if !red.is_empty() {
        return Weight::Red(red, missing);
    }
    let running: Vec<_> = counted().filter(is_running).cloned().collect();
    if !running.is_empty() {
        return Weight::Running(running);
    }
    let passed = counted().filter(|check| check.state == State::Passed);
    match (passed.count(), missing.is_empty()) {
        (passed @ 1.., true) => Weight::Passed(passed),
        _ => {
            // What runs may still bring what is missing.
            let running: Vec<_> = checks.iter().filter(is_running).cloned().collect();
            if running.is_empty() {
                Weight::Missing(missing)
            } else {
                Weight::Running(running)
            }
        }
    }
}

/// Whether all of them ended so long before that moment of the forge's clock.
///
/// What has ended a moment ago may be followed by what nobody has begun yet: another workflow, another
/// service. What counts neither way may never end: a job of GitLab that waits for somebody to start it.
pub(crate) fn are_settled(checks: &[Check], now: Option<Timestamp>, grace: Duration) -> bool {
    let (Some(now), Ok(grace)) = (now, SignedDuration::try_from(grace)) else {
        return false;
    };
    let is_old = |ended| Timestamp::duration_since(now, ended) >= grace;
    checks.iter().all(|check| match check.ended {
        Some(ended) => is_old(ended),
        None => check.state == State::Aside,
    })
}

/// A moment as forges write it; one that cannot be read is none.
pub(crate) fn moment(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
pub(crate) mod tests {
    use super::*;

    fn check(name: &str, state: State) -> Check {
        Check {
            name: name.to_owned(),
            state,
            word: format!("{state:?}").to_lowercase(),
            url: None,
            ended: None,
        }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[track_caller]
    fn case(checks: &[(&str, State)], wanted: &[&str], expected: &Weight) {
        let checks: Vec<_> = checks
            .iter()
            .map(|(name, state)| check(name, *state))
            .collect();
        assert_eq!(weigh(&checks, &names(wanted)), *expected);
    }

    #[test]
    fn without_names_all_count_and_one_must_have_passed() {
        use State::{Aside, Passed, Red, Running};
        case(&[("a", Passed), ("b", Passed)], &[], &Weight::Passed(2));
        case(&[("a", Passed), ("b", Aside)], &[], &Weight::Passed(1));
        case(&[], &[], &Weight::Missing(vec![]));
        case(&[("a", Aside)], &[], &Weight::Missing(vec![]));
        case(
            &[("a", Passed), ("b", Running)],
            &[],
            &Weight::Running(vec![check("b", Running)]),
        );
        // What is red need not be waited for.
        case(
            &[("a", Red), ("b", Running)],
            &[],
            &Weight::Red(vec![check("a", Red)], vec![]),
        );
    }

    #[test]
    fn what_has_just_ended_may_not_be_all() {
        const GRACE: Duration = Duration::from_secs(20);
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let ended = |second| Check {
            ended: Some(at(second)),
            ..check("a", State::Passed)
        };
        let settled = |checks: &[Check], now| are_settled(checks, now, GRACE);
        assert!(settled(&[ended(10), ended(80)], Some(at(100))));
        assert!(!settled(&[ended(10), ended(81)], Some(at(100))));
        assert!(!settled(&[ended(10), ended(200)], Some(at(100))));
        assert!(!settled(&[ended(10)], None));
        let unknown = check("a", State::Passed);
        assert!(!settled(&[ended(10), unknown], Some(at(100))));
        let manual = check("a", State::Aside);
        assert!(settled(&[ended(10), manual], Some(at(100))));
    }

    #[test]
    fn names_count_alone_and_have_to_pass() {
        use State::{Aside, Passed, Red, Running};
        let all = [("a", Passed), ("b", Red), ("c", Aside)];
        case(&all, &["a"], &Weight::Passed(1));
        case(
            &all,
            &["a", "c"],
            &Weight::Red(vec![check("c", Aside)], vec![]),
        );
        case(&all, &["a", "d"], &Weight::Missing(names(&["d"])));
        case(
            &all,
            &["b", "d"],
            &Weight::Red(vec![check("b", Red)], names(&["d"])),
        );
        case(
            &[("a", Passed), ("build", Running)],
            &["a", "d"],
            &Weight::Running(vec![check("build", Running)]),
        );
        // Of two that have the name, both.
        case(
            &[("a", Passed), ("a", Running)],
            &["a"],
            &Weight::Running(vec![check("a", Running)]),
        );
    }
}
