//! The suite as a well-behaved process: its steps, its output, and how it ends.

mod closing;
pub(crate) mod guard;
mod list;
mod log;
mod process;
pub mod receipts;
mod screen;
pub(crate) mod turn;
pub(crate) mod worktree;

use std::{
    ffi::OsStr,
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use self::{
    list::List,
    log::Log,
    process::{End, Meanwhile, Shell},
    screen::Screen,
};
use crate::{
    gates::{SuiteRun, Work},
    overrides,
    policy::Step,
    report,
    verdict::{Ending, Refusal, Trouble, span},
    world::children::Git,
};

/// Where the suite runs.
pub(crate) struct Place<'p> {
    /// The root of the tree.
    pub(crate) top: &'p Path,
    /// The directory of the log files.
    pub(crate) logs: &'p Path,
    /// The user's git, which knows its variables.
    pub(crate) git: &'p Git,
    /// How long the suite took last time.
    pub(crate) last_took: Option<Duration>,
}

/// Runs the steps in their order, parallel neighbours together, and stops at the first failure.
pub(crate) fn run(place: &Place<'_>, work: &Work<'_>) -> Result<SuiteRun, Trouble> {
    let scrubbed = scrubbed(place.git)?;
    let run = Run {
        place,
        work,
        scrubbed: &scrubbed,
        screen: Screen::new(place.last_took),
        log: Mutex::new(Log::create(place.logs)?),
        start: Instant::now(),
    };
    let mut rest = work.steps;
    while let Some(first) = rest.first() {
        let together = if first.parallel {
            rest.iter().take_while(|step| step.parallel).count()
        } else {
            1
        };
        let (group, after) = rest.split_at(together);
        rest = after;
        let failed = match group {
            [one] => run.one(one)?,
            several => run.together(several)?,
        };
        if let Some((step, ending)) = failed {
            return Ok(run.failed(step, ending));
        }
    }
    run.passed()
}

/// One run of the suite.
struct Run<'r> {
    place: &'r Place<'r>,
    work: &'r Work<'r>,
    scrubbed: &'r [String],
    screen: Screen,
    log: Mutex<Log>,
    start: Instant,
}

/// What reports call a step.
fn name(step: &Step) -> &str {
    step.name.as_deref().unwrap_or(&step.run)
}

impl<'r> Run<'r> {
    /// Runs one step with its output live; the step and how it ended, where it did not pass.
    fn one(&self, step: &'r Step) -> Result<Option<(&'r Step, Ending)>, Trouble> {
        report::say(&format!("running the suite: {}", name(step)));
        let interactive = self.work.suite.interactive;
        let end = self.step(step, interactive, &Live(self));
        self.screen.end();
        Ok(self.ending(step, end?).map(|ending| (step, ending)))
    }

    /// Runs several steps at once, their output kept apart; the first failure stops the others and
    /// is shown whole.
    fn together(&self, steps: &'r [Step]) -> Result<Option<(&'r Step, Ending)>, Trouble> {
        let names: Vec<_> = steps.iter().map(|step| name(step).to_owned()).collect();
        report::say(&format!("running together: {}", names.join(", ")));
        let group = Group {
            list: List::new(names, self.screen.is_terminal()),
            cancel: AtomicBool::new(false),
            first_failure: Mutex::new(None),
        };
        thread::scope(|scope| {
            let start = |(index, step)| {
                let group = &group;
                scope.spawn(move || self.beside(step, index, group))
            };
            let threads: Vec<_> = steps.iter().enumerate().map(start).collect();
            threads
                .into_iter()
                .try_for_each(|thread| thread.join().unwrap_or(Ok(())))
        })?;
        let failure = lock(&group.first_failure).take();
        Ok(failure.map(|(step, ending, output)| {
            self.screen.output(&output);
            self.screen.end();
            (step, ending)
        }))
    }

    /// Runs one step of a group.
    fn beside(&self, step: &'r Step, index: usize, group: &Group<'r>) -> Result<(), Trouble> {
        let apart = Apart {
            run: self,
            list: &group.list,
            cancel: &group.cancel,
            output: Mutex::default(),
        };
        let end = self
            .step(step, false, &apart)
            .inspect_err(|_| group.cancel.store(true, Ordering::Release))?;
        let output = std::mem::take(&mut *lock(&apart.output));
        {
            let mut log = lock(&self.log);
            log.note(&format!("--- {}", name(step)));
            log.write(&output);
        }
        let cancelled = matches!(end, End::Cancelled);
        let Some(ending) = self.ending(step, end) else {
            group.list.ended(index, "passed");
            return Ok(());
        };
        group
            .list
            .ended(index, if cancelled { "stopped" } else { "failed" });
        if !cancelled && !group.cancel.swap(true, Ordering::AcqRel) {
            *lock(&group.first_failure) = Some((step, ending, output));
        }
        Ok(())
    }

    fn step(
        &self,
        step: &Step,
        interactive: bool,
        meanwhile: &dyn Meanwhile,
    ) -> Result<End, Trouble> {
        let directory = match &step.dir {
            Some(dir) => self.place.top.join(dir),
            None => self.place.top.to_owned(),
        };
        let shell = Shell {
            command: &step.run,
            directory: &directory,
            scrubbed: self.scrubbed,
            terminal: self.screen.is_terminal(),
        };
        let left = self.work.suite.timeout.saturating_sub(self.start.elapsed());
        let limit = step.timeout.map_or(left, |own| own.min(left));
        if interactive {
            process::run_interactive(&shell, limit, meanwhile)
        } else {
            process::run(&shell, limit, meanwhile)
        }
    }

    /// How a step ended, other than well; a limit is named by whose it was.
    fn ending(&self, step: &Step, end: End) -> Option<Ending> {
        match end {
            End::Passed => None,
            End::Stopped(ending) => Some(ending),
            End::Cancelled => Some(Ending::Interrupted("a neighbour failed".to_owned())),
            End::TimedOut => Some(Ending::TimedOut(match step.timeout {
                Some(own) if self.start.elapsed() < self.work.suite.timeout => own,
                _ => self.work.suite.timeout,
            })),
        }
    }

    fn failed(self, step: &Step, ending: Ending) -> SuiteRun {
        let mut log = self
            .log
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        log.note(&format!(
            "pushgate: {}: {ending:?} after {}",
            name(step),
            span(self.start.elapsed())
        ));
        SuiteRun::Stopped(Box::new(Refusal::Suite {
            step: name(step).to_owned(),
            ending,
            log: log.path(),
        }))
    }

    /// Every step exited with 0; whether a test ran is another question.
    fn passed(self) -> Result<SuiteRun, Trouble> {
        let took = self.start.elapsed();
        let log = self
            .log
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(expected) = &self.work.suite.expect {
            if !closing::matches(expected, &log)? {
                return Ok(SuiteRun::Stopped(Box::new(Refusal::Unexpected {
                    expected: expected.clone(),
                    log: log.path(),
                })));
            }
            return Ok(SuiteRun::Passed {
                took,
                warning: None,
            });
        }
        let warning = closing::ran_no_test(&log.tail());
        Ok(SuiteRun::Passed { took, warning })
    }
}

/// Steps that run together.
struct Group<'g> {
    list: List,
    /// Whether one has failed, and the others are to stop.
    cancel: AtomicBool,
    first_failure: Mutex<Option<(&'g Step, Ending, Vec<u8>)>>,
}

/// A lock whose holder panicked holds what it held.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A step whose output is seen as it comes.
struct Live<'l>(&'l Run<'l>);

impl Meanwhile for Live<'_> {
    fn output(&self, bytes: &[u8]) {
        self.0.screen.output(bytes);
        lock(&self.0.log).write(bytes);
    }

    fn tick(&self) {
        if !self.0.work.suite.interactive {
            self.0.screen.tick();
        }
    }
}

/// A step beside others, whose output is kept until it ends.
struct Apart<'a> {
    run: &'a Run<'a>,
    list: &'a List,
    cancel: &'a AtomicBool,
    output: Mutex<Vec<u8>>,
}

impl Meanwhile for Apart<'_> {
    fn output(&self, bytes: &[u8]) {
        lock(&self.output).extend_from_slice(bytes);
    }

    fn tick(&self) {
        if self.list.is_still() {
            self.run.screen.tick();
        }
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Acquire)
    }
}

/// The variables that the suite must not see: a fixture's commit would land on the user's branch.
///
/// git knows its own (`git rev-parse --local-env-vars`), and is asked where one of them may be set.
fn scrubbed(git: &Git) -> Result<Vec<String>, Trouble> {
    let mut names = Vec::new();
    if std::env::vars_os().any(|(name, _)| may_be_local(&name)) {
        let said = git.must(["rev-parse", "--local-env-vars"])?;
        let said = String::from_utf8_lossy(&said.out);
        names.extend(said.lines().map(str::to_owned));
    }
    let ours = [
        PREFIX,
        overrides::SWITCH,
        overrides::SKIP,
        overrides::REASON,
    ];
    names.extend(ours.map(str::to_owned));
    Ok(names)
}

/// The directory that `git push` was typed in; every hook has it, and no suite gets it.
const PREFIX: &str = "GIT_PREFIX";

/// How the names begin that git sets for every hook, and that people set for themselves, of
/// variables that name no repository.
const NOT_LOCAL: [&str; 14] = [
    "GIT_ASKPASS",
    "GIT_AUTHOR_",
    "GIT_COMMITTER_",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_EDITOR",
    "GIT_EXEC_PATH",
    "GIT_PAGER",
    "GIT_SEQUENCE_EDITOR",
    "GIT_SSH",
    "GIT_SSL_",
    "GIT_TERMINAL_PROMPT",
    "GIT_TRACE",
];

/// Whether a variable may tell git which repository it works in, or how.
fn may_be_local(name: &OsStr) -> bool {
    let begins = |with: &&str| name.as_encoded_bytes().starts_with(with.as_bytes());
    begins(&"GIT_") && name != PREFIX && !NOT_LOCAL.iter().any(begins)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[test]
    fn every_variable_that_git_calls_local_is_asked_about() {
        let said = Git::find().unwrap().must(["rev-parse", "--local-env-vars"]);
        let said = String::from_utf8(said.unwrap().out).unwrap();
        assert!(said.lines().any(|name| name == "GIT_DIR"), "{said}");
        for name in said.lines().filter(|name| *name != PREFIX) {
            assert!(may_be_local(name.as_ref()), "{name}");
        }
    }

    #[test]
    fn what_names_no_repository_is_not() {
        for name in ["HOME", "GITHUB_ACTIONS", PREFIX, "GIT_EXEC_PATH"] {
            assert!(!may_be_local(name.as_ref()), "{name}");
        }
    }
}
