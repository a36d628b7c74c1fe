//! Waits for a forge: asks again and again, until its checks are done or the time is up.

use std::{
    env,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use super::{
    Check, Question, Sum, add_up, are_settled,
    ask::Answer,
    error::{Failure, inside_job},
    find, github, gitlab,
};
use crate::{
    gates::{
        Checked, Stop, Undecided, Work,
        refusal::suite::{Checks, Refusal},
        remote_tips::join,
    },
    git::Repository,
    policy::{Ci, Forge},
    process::signals,
    text::printable,
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

/// Shows a person that a forge is waited for.
pub(crate) trait Progress {
    fn line(&self, text: &str);
    /// Shows how long it has been.
    fn tick(&self);
    /// Says that this signal ended the wait.
    fn interrupted(&self, by: &str);
    /// Clears what `tick` shows.
    fn end(&self);
}

/// How the wait ends: this many checks passed, or the push does not go.
type End = Result<usize, Stop>;

/// Waits until the checks that have to pass have passed, at most as long as the suite may take.
pub(crate) fn wait(
    repository: &Repository,
    work: &Work<'_>,
    ci: &Ci,
    progress: &dyn Progress,
) -> Result<Checked, Stop> {
    let job = match ci.forge {
        Forge::Github => "GITHUB_ACTIONS",
        Forge::Gitlab => "GITLAB_CI",
    };
    if ci.checks.is_empty() && env::var(job).is_ok_and(|value| value == "true") {
        return Err(inside_job(ci.forge).into());
    }
    let (program, project) = find(repository, ci.forge, work.remote)?;
    let question = Question {
        forge: ci.forge,
        program,
        project,
        commit: work.commit.clone(),
        remote: work.remote.to_owned(),
    };
    let wait = Wait {
        question: &question,
        wanted: &ci.checks,
        limit: work.suite.timeout,
        start: Instant::now(),
        progress,
        running: Vec::new(),
        passed: None,
        failures: 0,
        has_answer: false,
        is_announced: false,
    };
    wait.until_decided()
}

struct Wait<'a> {
    question: &'a Question,
    /// The checks that have to pass; empty: all of them.
    wanted: &'a [String],
    limit: Duration,
    start: Instant,
    progress: &'a dyn Progress,
    /// The checks that the last answer had running.
    running: Vec<Check>,
    /// Since when this many checks have passed, and no other was there.
    passed: Option<(Instant, usize)>,
    /// The number of questions in a row that failed.
    failures: u32,
    has_answer: bool,
    /// Whether a line has said that the forge is waited for.
    is_announced: bool,
}

impl Wait<'_> {
    fn until_decided(mut self) -> Result<Checked, Stop> {
        let mut pause = FIRST_PAUSE;
        loop {
            // The last question is asked when the time is up.
            let is_last = self.start.elapsed() >= self.limit;
            let answer = self.ask();
            if let Some(by) = signals::interrupted() {
                self.progress.interrupted(&by);
                return Err(Undecided::suite_stopped(by).into());
            }
            let end = match answer {
                Ok(answer) => self.answered(&answer, is_last),
                Err(failure) => self.failed(failure, is_last),
            };
            if let Some(end) = end {
                self.progress.end();
                let took = self.start.elapsed();
                return end.map(|passed| Checked {
                    of: self.question.subject(),
                    passed,
                    took,
                    waited: self.is_announced || took >= SLOW,
                });
            }
            self.has_answer = true;
            self.sleep(pause);
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        }
    }

    /// Asks, and announces an answer that takes long.
    fn ask(&mut self) -> Result<Answer, Failure> {
        let question = self.question;
        let until = (self.start + self.limit).max(Instant::now() + LAST);
        thread::scope(|scope| {
            let (done, is_done) = mpsc::channel();
            let asking = scope.spawn(move || {
                let answer = match question.forge {
                    Forge::Github => github::ask(question, until),
                    Forge::Gitlab => gitlab::ask(question, until),
                };
                // The other end lives as long as this thread.
                let _ = done.send(());
                answer
            });
            while is_done.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                if self.is_announced {
                    self.progress.tick();
                } else if self.start.elapsed() >= SLOW {
                    let (forge, subject) = (question.forge.name(), question.subject());
                    self.announce(&format!("asking {forge} about {subject}"));
                }
            }
            join(asking)
        })
    }

    /// Draws the conclusion from an answer; `None`: the forge is asked again.
    fn answered(&mut self, answer: &Answer, is_last: bool) -> Option<End> {
        self.failures = 0;
        let sum = add_up(&answer.checks, self.wanted);
        if !matches!(sum, Sum::Passed(_)) {
            self.passed = None;
        }
        match sum {
            Sum::Passed(passed) => self.all_passed(passed, answer),
            Sum::Red(red, missing) => Some(Err(self.refused(&red, missing))),
            Sum::Missing(missing) if is_last || self.start.elapsed() >= GRACE => {
                Some(Err(self.refused(&[], missing)))
            }
            Sum::Missing(_) => {
                if !self.has_answer {
                    let (forge, short) = self.forge_and_commit();
                    self.announce(&format!("{forge} has not begun with {short}: waiting"));
                }
                None
            }
            Sum::Running(checks) => self.still_running(checks, is_last),
        }
    }

    /// Ends where names say which checks count; else only once no further check can be expected.
    fn all_passed(&mut self, passed: usize, answer: &Answer) -> Option<End> {
        let now = Instant::now();
        let since = match self.passed {
            Some((since, known)) if known == passed => since,
            _ => now,
        };
        let is_all = !self.wanted.is_empty()
            || are_settled(&answer.checks, answer.date, GRACE)
            || now.duration_since(since) >= GRACE;
        if is_all {
            return Some(Ok(passed));
        }
        if self.passed.is_none() {
            let (forge, short) = self.forge_and_commit();
            self.announce(&format!(
                "{forge} has only just passed {short}: waiting whether more checks follow"
            ));
        }
        self.passed = Some((since, passed));
        None
    }

    fn still_running(&mut self, checks: Vec<Check>, is_last: bool) -> Option<End> {
        if is_last {
            let running = checks.iter().map(Check::to_string).collect();
            let error = self.question.too_slow(self.limit, running);
            return Some(Err(error.into()));
        }
        if checks != self.running {
            let (forge, short) = self.forge_and_commit();
            let names = names(&checks);
            self.announce(&format!("waiting for {forge} to check {short}: {names}"));
            self.running = checks;
        }
        None
    }

    fn failed(&mut self, failure: Failure, is_last: bool) -> Option<End> {
        self.failures += 1;
        let goes_on =
            self.has_answer && self.failures <= MOST_FAILURES && !is_last && failure.may_pass();
        (!goes_on).then(|| Err(self.question.not_answered(failure).into()))
    }

    fn refused(&self, red: &[Check], missing: Vec<String>) -> Stop {
        let checks = Checks {
            forge: self.question.forge,
            asked: self.question.subject(),
            commit: self.question.commit.clone(),
            remote: self.question.remote.clone(),
            red: red.iter().map(Check::to_string).collect(),
            missing,
        };
        Refusal::Checks(Box::new(checks)).into()
    }

    fn forge_and_commit(&self) -> (&'static str, &str) {
        (self.question.forge.name(), self.question.commit.short())
    }

    fn announce(&mut self, line: &str) {
        self.progress.line(line);
        self.is_announced = true;
    }

    /// Sleeps until the forge is asked again, or until a signal.
    fn sleep(&self, pause: Duration) {
        let now = Instant::now();
        let end = match self.passed {
            // The time limit does not cut this wait short: it ends by itself.
            Some((since, _)) => (since + GRACE).max(now),
            None => self.start + self.limit,
        };
        let until = (now + pause).min(end);
        while Instant::now() < until && signals::interrupted().is_none() {
            thread::sleep(TICK.min(until.saturating_duration_since(Instant::now())));
            self.progress.tick();
        }
    }
}

/// Lists the first few names.
fn names(checks: &[Check]) -> String {
    const MOST: usize = 5;
    let first = checks.iter().take(MOST);
    let names = first.map(|check| printable(check.name.as_bytes().into()));
    let names = names.collect::<Vec<_>>().join(", ");
    match checks.len().saturating_sub(MOST) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}
