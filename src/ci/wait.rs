//! The wait for a forge: it is asked again and again, until its checks are done or the time is up.

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use super::asker::{Answer, Asker};
use crate::ci::ask::trouble;
use crate::{
    ci::{Check, CiTrouble, Weight, Why, are_settled, weigh},
    gates::{
        Checked, Stop,
        refusal::suite::{Checks, Refusal},
        remote_tips::join,
        verdict::Trouble,
    },
    process::signals,
    suite::{Audience, Waiting},
    text::printable,
};

/// How often it is asked again, at first and at last.
pub(crate) const SOON: Duration = Duration::from_secs(2);
pub(crate) const LATER: Duration = Duration::from_secs(15);
/// A forge takes a moment to begin what a push, or the end of something else, has started.
pub(crate) const GRACE: Duration = Duration::from_secs(20);
/// What the last question may take, though the time is up.
pub(crate) const LAST: Duration = Duration::from_secs(10);
/// So many questions in a row may fail while it is waited for.
pub(crate) const PATIENCE: u32 = 3;
/// How often a reason to stop is looked for.
pub(crate) const TICK: Duration = Duration::from_millis(100);

/// What an answer comes to: so many passed, or nothing goes; `None`: it is asked again.
pub(crate) type End = Option<Result<usize, Stop>>;

/// A wait.
pub(crate) struct Wait<'a> {
    asker: &'a Asker,
    /// The checks that have to pass; none: all of them.
    wanted: &'a [String],
    limit: Duration,
    start: Instant,
    waiting: Waiting<'a>,
    /// What ran when it was last asked.
    running: Vec<Check>,
    /// Since when so many have passed, and nothing else was there.
    green: Option<(Instant, usize)>,
    /// How many questions in a row failed.
    failures: u32,
    /// Whether it was answered before.
    has_answer: bool,
    /// Whether somebody was told that it is waited for.
    is_told: bool,
}

impl Asker {
    /// Asks until it is decided. `wanted` are the checks that have to pass; none: all of them.
    pub(crate) fn wait(
        &self,
        wanted: &[String],
        limit: Duration,
        audience: &dyn Audience,
    ) -> Result<Checked, Stop> {
        let wait = Wait {
            asker: self,
            wanted,
            limit,
            start: Instant::now(),
            waiting: Waiting::new(audience),
            running: Vec::new(),
            green: None,
            failures: 0,
            has_answer: false,
            is_told: false,
        };
        wait.until_decided()
    }
}

impl Wait<'_> {
    pub(crate) fn until_decided(mut self) -> Result<Checked, Stop> {
        let mut pause = SOON;
        loop {
            // The last question is asked when the time is up.
            let is_last = self.start.elapsed() >= self.limit;
            let answer = self.ask();
            if let Some(by) = signals::interrupted() {
                self.waiting.interrupted(&by);
                return Err(Trouble::SuiteStopped { by }.into());
            }
            let end = match answer {
                Ok(answer) => self.heard(&answer, is_last),
                Err(why) => self.failed(why, is_last),
            };
            if let Some(end) = end {
                self.waiting.end();
                let took = self.start.elapsed();
                return end.map(|passed| Checked {
                    of: self.asker.asked.to_string(),
                    passed,
                    took,
                    waited: self.is_told || took >= SOON,
                });
            }
            self.has_answer = true;
            self.sleep(pause);
            pause = (pause * 3 / 2).min(LATER);
        }
    }

    /// Asks, and shows that it does where that takes long.
    pub(crate) fn ask(&mut self) -> Result<Answer, CiTrouble> {
        let asker = self.asker;
        let until = (self.start + self.limit).max(Instant::now() + LAST);
        thread::scope(|scope| {
            let (done, heard) = mpsc::channel();
            let asking = scope.spawn(move || {
                let answer = asker.ask(until);
                // Nobody hears it only where we are gone.
                let _ = done.send(());
                answer
            });
            while heard.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                if self.is_told {
                    self.waiting.tick();
                } else if self.start.elapsed() >= SOON {
                    let forge = asker.asked.forge.name();
                    self.tell(&format!("asking {forge} about {}", asker.asked));
                }
            }
            join(asking)
        })
    }

    pub(crate) fn heard(&mut self, answer: &Answer, is_last: bool) -> End {
        self.failures = 0;
        let weight = weigh(&answer.checks, self.wanted);
        if !matches!(weight, Weight::Passed(_)) {
            self.green = None;
        }
        match weight {
            Weight::Passed(passed) => self.passed(passed, answer),
            Weight::Red(red, missing) => Some(Err(self.refused(&red, missing))),
            Weight::Missing(missing) if is_last || self.start.elapsed() >= GRACE => {
                Some(Err(self.refused(&[], missing)))
            }
            Weight::Missing(_) => {
                if !self.has_answer {
                    let asked = &self.asker.asked;
                    let (forge, short) = (asked.forge.name(), asked.commit.short());
                    let line = format!("{forge} has not begun with {short}: waiting");
                    self.tell(&line);
                }
                None
            }
            Weight::Running(checks) => self.runs(checks, is_last),
        }
    }

    /// Where all checks count, they are all of them only once nothing follows any more.
    pub(crate) fn passed(&mut self, passed: usize, answer: &Answer) -> End {
        let now = Instant::now();
        let since = match self.green {
            Some((since, known)) if known == passed => since,
            _ => now,
        };
        let is_all = !self.wanted.is_empty()
            || are_settled(&answer.checks, answer.at, GRACE)
            || now.duration_since(since) >= GRACE;
        if is_all {
            return Some(Ok(passed));
        }
        if self.green.is_none() {
            let asked = &self.asker.asked;
            self.tell(&format!(
                "{} has only just passed {}: waiting whether more checks follow",
                asked.forge.name(),
                asked.commit.short()
            ));
        }
        self.green = Some((since, passed));
        None
    }

    pub(crate) fn runs(&mut self, checks: Vec<Check>, is_last: bool) -> End {
        let asked = &self.asker.asked;
        if is_last {
            let slow = CiTrouble::Slow {
                asked: asked.clone(),
                limit: self.limit,
                running: checks.iter().map(Check::to_string).collect(),
            };
            return Some(Err(trouble(slow).into()));
        }
        if checks != self.running {
            let (forge, short) = (asked.forge.name(), asked.commit.short());
            let names = names(&checks);
            self.tell(&format!("waiting for {forge} to check {short}: {names}"));
            self.running = checks;
        }
        None
    }

    pub(crate) fn failed(&mut self, why: CiTrouble, is_last: bool) -> End {
        self.failures += 1;
        let goes_on = self.has_answer && self.failures < PATIENCE && !is_last && is_passing(&why);
        if goes_on {
            return None;
        }
        Some(Err(trouble(why).into()))
    }

    pub(crate) fn refused(&self, red: &[Check], missing: Vec<String>) -> Stop {
        let asked = &self.asker.asked;
        let refusal = Refusal::Checks(Box::new(Checks {
            forge: asked.forge,
            asked: asked.to_string(),
            commit: asked.commit.clone(),
            remote: asked.remote.clone(),
            red: red.iter().map(Check::to_string).collect(),
            missing,
        }));
        refusal.into()
    }

    pub(crate) fn tell(&mut self, line: &str) {
        self.waiting.line(line);
        self.is_told = true;
    }

    /// Until it is asked again, or somebody stops it.
    pub(crate) fn sleep(&self, pause: Duration) {
        let now = Instant::now();
        let end = match self.green {
            // Green is not cut short: it ends by itself.
            Some((since, _)) => (since + GRACE).max(now),
            None => self.start + self.limit,
        };
        let until = (now + pause).min(end);
        while Instant::now() < until && signals::interrupted().is_none() {
            thread::sleep(TICK.min(until.saturating_duration_since(Instant::now())));
            self.waiting.tick();
        }
    }
}

/// Whether it may go by itself, while something is waited for.
pub(crate) fn is_passing(trouble: &CiTrouble) -> bool {
    matches!(
        trouble,
        CiTrouble::Refused {
            why: Why::Down | Why::Garbled,
            ..
        }
    )
}

/// The first few names.
pub(crate) fn names(checks: &[Check]) -> String {
    const MOST: usize = 5;
    let names: Vec<_> = (checks.iter().take(MOST))
        .map(|check| printable(check.name.as_bytes().into()))
        .collect();
    let more = match checks.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", names.join(", "))
}
