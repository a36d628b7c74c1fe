//! One run of the suite, and how it runs a step.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    log::Log,
    screen::{Console, Screen},
    variables::Mark,
};
use crate::{
    gates::{Stop, Work, verdict::Ending},
    git::command::removed,
    policy::Step,
    process::{
        child::Abort,
        lock,
        shell::{End, Observer, Shell},
        tree::ProcessTree,
    },
    text::span,
};

pub(crate) struct Setup<'s> {
    pub(crate) top: &'s Path,
    pub(crate) logs: &'s Path,
    pub(crate) common_dir: &'s Path,
    pub(crate) last_took: Option<Duration>,
    pub(crate) console: &'s dyn Console,
}

pub(super) struct Run<'r> {
    pub(super) setup: &'r Setup<'r>,
    pub(super) work: &'r Work<'r>,
    pub(super) screen: Screen<'r>,
    pub(super) start: Instant,
    removed: Vec<OsString>,
    mark: Mark,
    started: AtomicUsize,
    log: Mutex<Log>,
}

/// The step that did not pass, and how it ended.
pub(super) type Failure<'r> = (&'r Step, Ending);

/// What reports call a step.
pub(super) fn name(step: &Step) -> &str {
    step.name.as_deref().unwrap_or(&step.run)
}

impl<'r> Run<'r> {
    pub(super) fn start(setup: &'r Setup<'r>, work: &'r Work<'r>) -> Result<Self, Stop> {
        Ok(Self {
            setup,
            work,
            screen: Screen::new(setup.console, setup.last_took),
            start: Instant::now(),
            removed: removed(),
            mark: Mark::new(setup.common_dir),
            started: AtomicUsize::new(0),
            log: Mutex::new(Log::create(setup.logs)?),
        })
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        lock(&self.log)
    }

    pub(super) fn note(&self, words: &str) {
        let took = span(self.start.elapsed());
        self.log().note(&format!("pushgate: {words}, after {took}"));
    }

    /// Runs one step and shows its output as it comes.
    pub(super) fn alone<'s>(&self, step: &'s Step) -> Result<Option<Failure<'s>>, Stop> {
        self.screen
            .line(&format!("running the suite: {}", name(step)));
        let interactive = self.work.suite.interactive;
        let end = self.step(step, interactive, &Live(self));
        if interactive {
            self.screen.end_unseen_line();
        }
        self.screen.end();
        Ok(self.ending(step, end?)?.map(|ending| (step, ending)))
    }

    pub(super) fn step(
        &self,
        step: &Step,
        interactive: bool,
        observer: &dyn Observer,
    ) -> Result<End, Stop> {
        let directory = self.directory(step)?;
        if let Some(name) = step.dir.as_ref().filter(|_| !directory.is_dir()) {
            let why = format!("`dir: {name}` is no directory of the tree");
            return Ok(Ok(Some(Ending::CouldNotRun(why))));
        }
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let (variable, value) = self.mark.variable(number);
        let shell = Shell {
            command: &step.run,
            directory: &directory,
            removed: &self.removed,
            variable: (variable, &value),
            mark: &self.mark.of_step(number),
            terminal: self.screen.is_terminal(),
        };
        let left = self.work.suite.timeout.saturating_sub(self.start.elapsed());
        let limit = step.timeout.map_or(left, |own| own.min(left));
        let (end, what) = if interactive {
            let end = shell.run_interactive(limit, observer);
            (end, "give the suite the terminal")
        } else {
            (shell.run(limit, observer), "run the suite")
        };
        end.map_err(|error| Stop::failed(what, &error))
    }

    /// Where a step runs: within the tree, whatever links the commit has.
    fn directory(&self, step: &Step) -> Result<PathBuf, Stop> {
        let name = step.dir.as_deref().unwrap_or_default();
        let directory = self.setup.top.join(name);
        let real = directory.canonicalize().ok();
        let top = self.setup.top.canonicalize().ok();
        match real.zip(top).filter(|(real, top)| !real.starts_with(top)) {
            None => Ok(directory),
            Some((real, _)) => {
                let real = real.display();
                let what = format!("`dir: {name}` leads through a link out of the tree, to {real}");
                Err(Stop::undecided(what).hint("name a directory of the tree"))
            }
        }
    }

    /// How a step failed; `None` where it passed, or was stopped because another one failed.
    pub(super) fn ending(&self, step: &Step, end: End) -> Result<Option<Ending>, Stop> {
        match end {
            Ok(ending) => Ok(ending),
            Err(Abort::Cancelled) => Ok(None),
            Err(Abort::Interrupted(by)) => Err(Stop::suite_stopped(by)),
            Err(Abort::TimedOut) => Ok(Some(Ending::TimedOut(match step.timeout {
                Some(own) if self.start.elapsed() < self.work.suite.timeout => own,
                _ => self.work.suite.timeout,
            }))),
        }
    }

    /// Ends what earlier steps have left running, and processes whose step is not known.
    pub(super) fn end_orphans(&self) {
        let (shell, mark) = (None, &self.mark.of_run());
        ProcessTree { shell, mark }.end();
    }
}

/// Shows the output of a step, and how long the suite has been running.
struct Live<'l>(&'l Run<'l>);

impl Observer for Live<'_> {
    fn output(&self, bytes: &[u8]) {
        self.0.screen.output(bytes);
        self.0.log().write(bytes);
    }

    fn tick(&self) {
        if !self.0.work.suite.interactive {
            self.0.screen.tick();
        }
    }

    fn interrupted(&self, by: &str) {
        self.0.screen.interrupted(by);
    }
}
