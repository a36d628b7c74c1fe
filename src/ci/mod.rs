//! The gate `suite` where a forge runs it: asks whether a commit's checks passed, and waits for them.

mod ask;
mod checks;
mod project;
mod wait;

use std::{fmt, path::PathBuf};

use jiff::{SignedDuration, Timestamp};

pub(crate) use project::{Project, find};
pub(crate) use wait::wait;

use crate::{policy::Forge, push::Oid, text::printable};

/// The commit that a forge is asked about, and how to ask.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) forge: Forge,
    pub(crate) program: PathBuf,
    pub(crate) project: Project,
    pub(crate) commit: Oid,
    /// Trunk's remote.
    pub(crate) remote: String,
    /// What a person does who tries once more, in words.
    pub(crate) again: &'static str,
}

impl Question {
    /// The commit as both forges refer to it: `acme/shop@1a2b3c4`.
    fn subject(&self) -> String {
        format!("{}@{}", self.project.path, self.commit.short())
    }
}

/// A check of a commit: a job, a workflow, or what another service posted.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Check {
    name: String,
    state: State,
    /// The forge's own word for its state.
    word: String,
    url: Option<String>,
    ended: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Passed,
    /// Skipped, or allowed to fail: it counts neither way.
    Aside,
    Running,
    /// It did not pass; an unknown word is no pass either.
    Red,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let print = |text: &str| printable(text.as_bytes().into());
        write!(f, "`{}`: {}", print(&self.name), print(&self.word))?;
        match &self.url {
            Some(url) => write!(f, ", {}", print(url)),
            None => Ok(()),
        }
    }
}

/// What the checks of a commit add up to.
#[derive(Debug, PartialEq, Eq)]
enum Sum {
    /// All that count passed, this many.
    Passed(usize),
    Running(Vec<Check>),
    /// The first did not pass, the second do not exist.
    Red(Vec<Check>, Vec<String>),
    /// Nothing runs, and these do not exist; without names, no check at all has passed.
    Missing(Vec<String>),
}

/// Adds up the checks that `wanted` names; all of them where it is empty.
///
/// A check that is named has to pass: skipped is not enough.
fn add_up(checks: &[Check], wanted: &[String]) -> Sum {
    let all_count = wanted.is_empty();
    let named = checks
        .iter()
        .filter(|check| all_count || wanted.contains(&check.name));
    let counted = |is: &dyn Fn(State) -> bool| -> Vec<Check> {
        let named = named.clone();
        named.filter(|check| is(check.state)).cloned().collect()
    };
    let is_missing = |name: &&String| checks.iter().all(|check| check.name != **name);
    let missing: Vec<_> = wanted.iter().filter(is_missing).cloned().collect();
    let red = counted(&|state| state == State::Red || (state == State::Aside && !all_count));
    if !red.is_empty() {
        return Sum::Red(red, missing);
    }
    let running = counted(&|state| state == State::Running);
    let passed = counted(&|state| state == State::Passed).len();
    if running.is_empty() && passed > 0 && missing.is_empty() {
        return Sum::Passed(passed);
    }
    // What runs may still bring what is missing.
    let others = checks.iter().filter(|check| check.state == State::Running);
    match (running.is_empty(), others.cloned().collect::<Vec<_>>()) {
        (false, _) => Sum::Running(running),
        (true, others) if others.is_empty() => Sum::Missing(missing),
        (true, others) => Sum::Running(others),
    }
}

/// How long ago the last check has to have ended, by this machine's clock, which may be minutes ahead of the forge's.
const LONG_AGO: SignedDuration = SignedDuration::from_mins(10);

/// Whether all checks ended long ago.
///
/// Another workflow or service that has not begun yet may follow a check that has just ended. A check that
/// counts neither way may never end: a job of GitLab that waits for a person to start it.
fn are_settled(checks: &[Check], now: Timestamp) -> bool {
    checks.iter().all(|check| match check.ended {
        Some(ended) => now.duration_since(ended) >= LONG_AGO,
        None => check.state == State::Aside,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
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
    fn case(checks: &[(&str, State)], wanted: &[&str], expected: &Sum) {
        let checks: Vec<_> = checks
            .iter()
            .map(|(name, state)| check(name, *state))
            .collect();
        assert_eq!(add_up(&checks, &names(wanted)), *expected);
    }

    #[test]
    fn without_names_all_count_and_one_must_have_passed() {
        use State::{Aside, Passed, Red, Running};
        case(&[("a", Passed), ("b", Passed)], &[], &Sum::Passed(2));
        case(&[("a", Passed), ("b", Aside)], &[], &Sum::Passed(1));
        case(&[], &[], &Sum::Missing(vec![]));
        case(&[("a", Aside)], &[], &Sum::Missing(vec![]));
        case(
            &[("a", Passed), ("b", Running)],
            &[],
            &Sum::Running(vec![check("b", Running)]),
        );
        // What is red need not be waited for.
        case(
            &[("a", Red), ("b", Running)],
            &[],
            &Sum::Red(vec![check("a", Red)], vec![]),
        );
    }

    #[test]
    fn what_has_just_ended_may_not_be_all() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let ended = |second| Check {
            ended: Some(at(second)),
            ..check("a", State::Passed)
        };
        let settled = |checks: &[Check]| are_settled(checks, at(1000));
        assert!(settled(&[ended(10), ended(400)]));
        assert!(!settled(&[ended(10), ended(401)]));
        assert!(!settled(&[ended(10), ended(2000)]));
        assert!(!settled(&[ended(10), check("a", State::Passed)]));
        assert!(settled(&[ended(10), check("a", State::Aside)]));
    }

    #[test]
    fn names_count_alone_and_have_to_pass() {
        use State::{Aside, Passed, Red, Running};
        let all = [("a", Passed), ("b", Red), ("c", Aside)];
        case(&all, &["a"], &Sum::Passed(1));
        case(
            &all,
            &["a", "c"],
            &Sum::Red(vec![check("c", Aside)], vec![]),
        );
        case(&all, &["a", "d"], &Sum::Missing(names(&["d"])));
        case(
            &all,
            &["b", "d"],
            &Sum::Red(vec![check("b", Red)], names(&["d"])),
        );
        case(
            &[("a", Passed), ("build", Running)],
            &["a", "d"],
            &Sum::Running(vec![check("build", Running)]),
        );
        // Of two that have the name, both.
        case(
            &[("a", Passed), ("a", Running)],
            &["a"],
            &Sum::Running(vec![check("a", Running)]),
        );
    }
}
