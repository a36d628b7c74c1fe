//! The suite as a well-behaved process: its steps, its output, and how it ends.

pub(crate) mod closing;
pub(crate) mod environment;
pub(crate) mod links;
pub(crate) mod list;
pub(crate) mod log;
pub(crate) mod parallel;
pub(crate) mod receipts;
pub(crate) mod screen;
pub(crate) mod turn;
pub(crate) mod waiting;
pub(crate) mod worktree;

use std::{
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

pub(crate) use waiting::Waiting;

use self::{
    environment::{Mark, scrubbed},
    log::Log,
    screen::Screen,
};
use crate::process::{
    shell::{End, Observer, Shell},
    tree::{ProcessTree, Root},
};
use crate::{
    gates::{
        SuiteRun, Work,
        refusal::suite::Refusal,
        verdict::{Ending, Trouble},
    },
    git::command::Git,
    policy::Step,
    text::span,
};

/// Who sees a run while it runs.
pub trait Audience: Sync {
    /// Hears a line of ours.
    fn line(&self, text: &str);
    /// Sees a few words that are no line, and that somebody will take away again.
    fn dim(&self, text: &str);
    /// Gets what a program said, byte for byte.
    fn bytes(&self, bytes: &[u8]);
    /// Whether it sits at a terminal, where lines can be taken back.
    fn is_terminal(&self) -> bool;
    /// Takes back what these bytes take back and hears one last line, all at once, unless the
    /// terminal has gone back to the shell.
    fn last(&self, take_back: &[u8], line: &str);
}

/// Where the suite runs.
pub(crate) struct Place<'p> {
    /// The root of the tree.
    pub(crate) top: &'p Path,
    /// The directory of the log files.
    pub(crate) logs: &'p Path,
    /// The directory that all worktrees of the repository share.
    pub(crate) common_dir: &'p Path,
    /// The user's git, which knows its variables.
    pub(crate) git: &'p Git,
    /// How long the suite took last time.
    pub(crate) last_took: Option<Duration>,
    /// Who watches.
    pub(crate) audience: &'p dyn Audience,
}

/// Runs the steps in their order, parallel neighbours together, and stops at the first failure.
pub(crate) fn run(place: &Place<'_>, work: &Work<'_>) -> Result<SuiteRun, Trouble> {
    let scrubbed = scrubbed(place.git)?;
    let run = Run {
        place,
        work,
        scrubbed: &scrubbed,
        mark: Mark::new(place.common_dir),
        number: AtomicUsize::new(0),
        screen: Screen::new(place.audience, place.last_took),
        log: Mutex::new(Log::create(place.logs)?),
        start: Instant::now(),
    };
    let failure = run.steps();
    if !matches!(failure, Ok(None)) {
        run.clear_away();
    }
    match failure {
        Ok(None) => run.passed(),
        Ok(Some((step, ending))) => Ok(run.failed(step, ending)),
        Err(trouble) => {
            run.note(&trouble.to_string());
            Err(trouble)
        }
    }
}

/// One run of the suite.
pub(crate) struct Run<'r> {
    place: &'r Place<'r>,
    work: &'r Work<'r>,
    scrubbed: &'r [String],
    mark: Mark,
    /// How many steps were started.
    number: AtomicUsize,
    screen: Screen<'r>,
    log: Mutex<Log>,
    start: Instant,
}

/// The step that did not pass, and how it ended.
pub(crate) type Failure<'r> = (&'r Step, Ending);

/// What reports call a step.
pub(crate) fn name(step: &Step) -> &str {
    step.name.as_deref().unwrap_or(&step.run)
}

impl Run<'_> {
    /// The first failure of all steps.
    pub(crate) fn steps(&self) -> Result<Option<Failure<'_>>, Trouble> {
        let mut rest = self.work.steps;
        while let Some(first) = rest.first() {
            let together = if first.parallel {
                rest.iter().take_while(|step| step.parallel).count()
            } else {
                1
            };
            let (group, after) = rest.split_at(together);
            rest = after;
            let failure = match group {
                [one] => self.one(one)?,
                several => parallel::together(self, several)?,
            };
            if failure.is_some() {
                return Ok(failure);
            }
        }
        Ok(None)
    }

    /// Runs one step with its output live.
    pub(crate) fn one<'s>(&self, step: &'s Step) -> Result<Option<Failure<'s>>, Trouble> {
        self.screen
            .line(&format!("running the suite: {}", name(step)));
        let interactive = self.work.suite.interactive;
        let end = self.step(step, interactive, &Live(self));
        self.screen.end();
        Ok(self.ending(step, end?)?.map(|ending| (step, ending)))
    }

    pub(crate) fn step(
        &self,
        step: &Step,
        interactive: bool,
        meanwhile: &dyn Observer,
    ) -> Result<End, Trouble> {
        let directory = match &step.dir {
            Some(dir) => self.place.top.join(dir),
            None => self.place.top.to_owned(),
        };
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let (running, value) = self.mark.variable(number);
        let shell = Shell {
            command: &step.run,
            directory: &directory,
            removed: self.scrubbed,
            variable: (running, &value),
            mark: &self.mark.of_step(number),
            terminal: self.screen.is_terminal(),
        };
        let left = self.work.suite.timeout.saturating_sub(self.start.elapsed());
        let limit = step.timeout.map_or(left, |own| own.min(left));
        if interactive {
            let end = shell.run_interactive(limit, meanwhile);
            end.map_err(|error| Trouble::io("give the suite the terminal", &error))
        } else {
            let end = shell.run(limit, meanwhile);
            end.map_err(|error| Trouble::io("run the suite", &error))
        }
    }

    /// How a step ended, other than well; a limit is named by whose it was.
    pub(crate) fn ending(&self, step: &Step, end: End) -> Result<Option<Ending>, Trouble> {
        Ok(match end {
            // Who cancelled it has failed, and is told of.
            End::Passed | End::Cancelled => None,
            End::Failed(code) => Some(Ending::Failed(code)),
            End::Killed(signal) => Some(Ending::Killed(signal)),
            End::CouldNotRun(why) => Some(Ending::CouldNotRun(why)),
            End::WantsTerminal => Some(Ending::WantsTerminal),
            End::TimedOut => Some(Ending::TimedOut(match step.timeout {
                Some(own) if self.start.elapsed() < self.work.suite.timeout => own,
                _ => self.work.suite.timeout,
            })),
            End::Interrupted(by) => return Err(Trouble::SuiteStopped { by }),
        })
    }

    /// Ends what steps that passed have left running, and what nobody knows the step of.
    pub(crate) fn clear_away(&self) {
        let tree = ProcessTree {
            root: Root::Orphans,
            mark: &self.mark.of_run(),
        };
        tree.end();
    }

    pub(crate) fn note(&self, words: &str) {
        let took = span(self.start.elapsed());
        lock(&self.log).note(&format!("pushgate: {words}, after {took}"));
    }

    pub(crate) fn failed(&self, step: &Step, ending: Ending) -> SuiteRun {
        let refusal = |ending, log| Refusal::Failed {
            step: name(step).to_owned(),
            ending,
            log,
        };
        self.note(&refusal(ending.clone(), None).explain().why);
        let log = lock(&self.log).path();
        SuiteRun::Stopped(Box::new(refusal(ending, log)))
    }

    /// Every step exited with 0; whether a test ran is another question.
    pub(crate) fn passed(&self) -> Result<SuiteRun, Trouble> {
        let took = self.start.elapsed();
        let log = lock(&self.log);
        let Some(expected) = &self.work.suite.expect else {
            let warning = closing::ran_no_test(&log.tail());
            return Ok(SuiteRun::Passed { took, warning });
        };
        if closing::matches(expected, &log)? {
            return Ok(SuiteRun::Passed {
                took,
                warning: None,
            });
        }
        Ok(SuiteRun::Stopped(Box::new(Refusal::Unexpected {
            expected: expected.clone(),
            log: log.path(),
        })))
    }
}

/// A lock whose holder panicked holds what it held.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A step whose output is seen as it comes.
pub(crate) struct Live<'l>(&'l Run<'l>);

impl Observer for Live<'_> {
    fn output(&self, bytes: &[u8]) {
        self.0.screen.output(bytes);
        lock(&self.0.log).write(bytes);
    }

    fn tick(&self) {
        if !self.0.work.suite.interactive {
            self.0.screen.tick();
        }
    }

    fn interrupted(&self, by: &str) {
        self.0.screen.interrupted(by, &[]);
    }
}
