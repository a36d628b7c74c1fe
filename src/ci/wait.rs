//! Waits for a forge: asks again and again, until its checks are done or the time is up.

use std::{
    cell::RefCell,
    env, thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use super::{Check, Question, Sum, add_up, are_settled, find};
use crate::{
    gates::{Stop, SuiteRun, Work},
    git::Repository,
    policy::{Ci, FILE, Forge},
    process::signals,
    suite::Screen,
    text::{listed, printable, span},
};

/// The pause between two questions, at first and at last.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// An answer that takes longer is announced, and the gates ask the remotes again.
const SLOW: Duration = Duration::from_secs(2);
/// A forge takes a moment to begin what a push, or the end of another check, has started.
const GRACE: Duration = Duration::from_secs(20);
/// What the last question may take, though the time is up.
const LAST: Duration = Duration::from_secs(10);
/// The number of questions in a row that may fail once one was answered.
const MOST_FAILURES: u32 = 2;
/// How often a signal is looked for.
const TICK: Duration = Duration::from_millis(100);

/// Waits until the checks that have to pass have passed, at most as long as the suite may take.
pub(crate) fn wait(
    repository: &Repository,
    work: &Work<'_>,
    ci: &Ci,
    screen: &Screen<'_>,
) -> Result<SuiteRun, Stop> {
    let job = match ci.forge {
        Forge::Github => "GITHUB_ACTIONS",
        Forge::Gitlab => "GITLAB_CI",
    };
    let name = ci.forge.name();
    if ci.checks.is_empty() && env::var(job).is_ok_and(|value| value == "true") {
        let error = Stop::undecided(format!(
            "this job is one of the checks of {name}, and would wait for itself"
        ));
        let hint = "name the checks that have to pass: `suite.checks: [NAME]`";
        return Err(error.hint(hint));
    }
    let (program, project) = find(repository, ci.forge, work.remote)?;
    let question = Question {
        forge: ci.forge,
        program,
        project,
        commit: work.commit.clone(),
        remote: work.remote.to_owned(),
        again: work.again,
    };
    let start = Instant::now();
    let mut wait = Wait {
        question: &question,
        wanted: &ci.checks,
        limit: work.suite.timeout,
        start,
        screen,
        announced: RefCell::default(),
        passed: None,
        failures: MOST_FAILURES,
    };
    let passed = wait.until_decided()?;
    screen.end();
    Ok(SuiteRun {
        took: start.elapsed(),
        checks: Some(format!("{} of {}", number(passed), question.subject())),
        warning: None,
    })
}

struct Wait<'a> {
    question: &'a Question,
    /// The checks that have to pass; empty: all of them.
    wanted: &'a [String],
    start: Instant,
    limit: Duration,
    screen: &'a Screen<'a>,
    /// The last line that has said what is waited for.
    announced: RefCell<String>,
    /// Since when this many checks have passed, and no other was there.
    passed: Option<(Instant, usize)>,
    /// The number of questions in a row that failed; before the first answer none may.
    failures: u32,
}

impl Wait<'_> {
    /// The number of checks that passed.
    fn until_decided(&mut self) -> Result<usize, Stop> {
        let mut pause = FIRST_PAUSE;
        loop {
            // The last question is asked when the time is up.
            let (now, end) = (Instant::now(), self.start + self.limit);
            let is_last = now >= end;
            let answer = (self.question).ask(end.max(now + LAST), &|| self.is_asking());
            if let Some(by) = signals::interrupted() {
                self.screen.interrupted(&by);
                return Err(Stop::suite_stopped(by));
            }
            let passed = match answer {
                Ok(checks) => self.answered(&checks, is_last),
                Err(_) if self.failures < MOST_FAILURES && !is_last => {
                    self.failures += 1;
                    Ok(None)
                }
                Err(error) => Err(error),
            };
            if let Some(passed) = passed.inspect_err(|_| self.screen.end())? {
                return Ok(passed);
            }
            self.sleep(pause);
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        }
    }

    /// Announces an answer that takes long.
    fn is_asking(&self) {
        if !self.announced.borrow().is_empty() {
            self.screen.tick();
        } else if self.start.elapsed() >= SLOW {
            let (forge, subject) = (self.question.forge.name(), self.question.subject());
            self.announce(format!("asking {forge} about {subject}"));
        }
    }

    /// Draws the conclusion from an answer; `None`: the forge is asked again.
    fn answered(&mut self, checks: &[Check], is_last: bool) -> Result<Option<usize>, Stop> {
        self.failures = 0;
        let (forge, short) = (self.question.forge.name(), self.question.commit.short());
        let sum = add_up(checks, self.wanted);
        let passed_before = self.passed.take();
        match sum {
            Sum::Passed(passed) => {
                let now = Instant::now();
                let since = passed_before.filter(|(_, known)| *known == passed);
                let since = since.map_or(now, |(since, _)| since);
                // Where names say which checks count; else only once no further check can be expected.
                let is_all = !self.wanted.is_empty()
                    || are_settled(checks, Timestamp::now())
                    || now.duration_since(since) >= GRACE;
                if is_all {
                    return Ok(Some(passed));
                }
                self.announce(format!(
                    "{forge} has only just passed {short}: waiting whether more checks follow"
                ));
                self.passed = Some((since, passed));
            }
            Sum::Red(red, missing) => return Err(self.refused(&red, &missing)),
            Sum::Missing(missing) if is_last || self.start.elapsed() >= GRACE => {
                return Err(self.refused(&[], &missing));
            }
            Sum::Missing(_) => {
                self.announce(format!("{forge} has not begun with {short}: waiting"));
            }
            Sum::Running(checks) if is_last => {
                let (subject, limit) = (self.question.subject(), span(self.limit));
                let again = self.question.again;
                let error = Stop::undecided(format!(
                    "{forge} has not decided about {subject} within {limit}"
                ));
                return Err(error
                    .details(checks.iter().map(Check::to_string))
                    .hint(format!("{again} when it has, or raise `suite.timeout`"))
                    .hint("where one waits for a person, name those that count: `suite.checks`"));
            }
            Sum::Running(checks) => {
                let names = checks.iter();
                let names = names.map(|check| printable(check.name.as_bytes().into()));
                let names = listed(&names.collect::<Vec<_>>(), 5);
                self.announce(format!("waiting for {forge} to check {short}: {names}"));
            }
        }
        Ok(None)
    }

    fn refused(&self, red: &[Check], missing: &[String]) -> Stop {
        const MOST: usize = 10;
        let (forge, asked) = (self.question.forge.name(), self.question.subject());
        let (why, hints) = match (red.len(), missing.len()) {
            (0, 0) => {
                let (remote, id) = (&self.question.remote, self.question.commit.short());
                let why = format!("no check of {asked} has passed on {forge}");
                let hint = format!(
                    "see that {forge} checks what is pushed to {remote}, and that {id} is there"
                );
                return Stop::refused(why).hint(hint);
            }
            (0, lacking) => (
                format!("{asked} lacks {} on {forge}:", number(lacking)),
                vec![format!(
                    "see that they run, or fix `suite.checks` in {FILE}"
                )],
            ),
            (red, lacking) => {
                let and_missing = match lacking {
                    0 => String::new(),
                    1 => ", and 1 is not there".to_owned(),
                    more => format!(", and {more} are not there"),
                };
                let (red, again) = (number(red), self.question.again);
                (
                    format!("{red} of {asked} did not pass on {forge}{and_missing}:"),
                    vec![
                        format!("fix it, commit, and {again}"),
                        format!("or have it run once more there, then {again}"),
                    ],
                )
            }
        };
        let missing = missing
            .iter()
            .map(|name| format!("`{}`: not there", printable(name.as_bytes().into())));
        let mut lines: Vec<_> = red.iter().map(Check::to_string).chain(missing).collect();
        if lines.len() > MOST {
            let more = lines.split_off(MOST).len();
            lines.push(format!("and {more} more"));
        }
        let refusal = Stop::refused(format!("{why}\n    {}", lines.join("\n    ")));
        hints.into_iter().fold(refusal, Stop::hint)
    }

    /// Says what is waited for, unless the last line has said so.
    fn announce(&self, line: String) {
        if *self.announced.borrow() != line {
            self.screen.line(&line);
            *self.announced.borrow_mut() = line;
        }
    }

    /// Sleeps until the forge is asked again, or until a signal.
    fn sleep(&self, pause: Duration) {
        // The time limit does not cut the grace short: that ends by itself.
        let limit = self.start + self.limit;
        let end = (self.passed).map_or(limit, |(since, _)| since + GRACE);
        let until = (Instant::now() + pause).min(end);
        while Instant::now() < until && signals::interrupted().is_none() {
            thread::sleep(TICK.min(until.saturating_duration_since(Instant::now())));
            self.screen.tick();
        }
    }
}

fn number(checks: usize) -> String {
    match checks {
        1 => "1 check".to_owned(),
        more => format!("{more} checks"),
    }
}
