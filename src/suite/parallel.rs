//! Steps that run at the same time: their output is kept apart, and the first failure stops the rest.

use std::{
    fmt::Display,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Instant,
};

use super::step::{Failure, Run, name};
use crate::{
    gates::{Stop, verdict::Ending},
    policy::Step,
    process::{child::Abort, lock, shell::Observer},
    text::span,
};

struct Group<'g> {
    run: &'g Run<'g>,
    start: Instant,
    /// Set once a step has failed: the others are to stop.
    cancel: AtomicBool,
    /// The step that failed first, and its output.
    failure: Mutex<Option<(&'g Step, Ending, Vec<u8>)>>,
}

/// Runs several steps at once; the whole output of the one that failed first is shown.
pub(super) fn run<'r>(run: &'r Run<'r>, steps: &'r [Step]) -> Result<Option<Failure<'r>>, Stop> {
    let names: Vec<_> = steps.iter().map(name).collect();
    run.screen
        .line(&format!("running together: {}", names.join(", ")));
    run.screen.together(steps.len());
    let group = Group {
        run,
        start: Instant::now(),
        cancel: AtomicBool::new(false),
        failure: Mutex::new(None),
    };
    let ended: Vec<_> = thread::scope(|scope| {
        let start = |step| {
            let group = &group;
            let thread = thread::Builder::new().spawn_scoped(scope, move || group.step(step));
            // The others need not go on.
            thread.inspect_err(|_| group.cancel.store(true, Ordering::Release))
        };
        let threads: Vec<_> = steps.iter().map(start).collect();
        let failed = |reason: &dyn Display| Stop::failed("watch a step of the suite", reason);
        let ended = threads.into_iter().map(|thread| {
            let thread = thread.map_err(|error| failed(&error))?;
            thread
                .join()
                .map_err(|_| failed(&"a thread panicked"))
                .flatten()
        });
        ended.collect()
    });
    run.screen.end();
    ended.into_iter().collect::<Result<(), _>>()?;
    let failure = lock(&group.failure).take();
    Ok(failure.map(|(step, ending, output)| {
        run.screen.output(&output);
        run.screen.end();
        (step, ending)
    }))
}

impl<'g> Group<'g> {
    fn step(&self, step: &'g Step) -> Result<(), Stop> {
        let apart = Apart {
            group: self,
            output: Mutex::default(),
        };
        let end = self.run.step(step, false, &apart);
        if end.is_err() {
            self.cancel.store(true, Ordering::Release);
        }
        let output = std::mem::take(&mut *lock(&apart.output));
        {
            let mut log = self.run.log();
            log.note(&format!("--- {}", name(step)));
            log.write(&output);
        }
        let end = end?;
        let is_cancelled = matches!(end, Err(Abort::Cancelled));
        let ending = self.run.ending(step, end)?;
        let how = match &ending {
            _ if is_cancelled => "stopped",
            None => "passed",
            Some(_) => "failed",
        };
        let took = span(self.start.elapsed());
        let line = format!("{how} after {took}: {}", name(step));
        self.run.screen.step_ended(&line);
        if let Some(ending) = ending
            && !self.cancel.swap(true, Ordering::AcqRel)
        {
            *lock(&self.failure) = Some((step, ending, output));
        }
        Ok(())
    }
}

/// Keeps the output of one step until it ends.
struct Apart<'a, 'g> {
    group: &'a Group<'g>,
    output: Mutex<Vec<u8>>,
}

impl Observer for Apart<'_, '_> {
    fn output(&self, bytes: &[u8]) {
        lock(&self.output).extend_from_slice(bytes);
    }

    fn tick(&self) {
        self.group.run.screen.tick();
    }

    fn is_cancelled(&self) -> bool {
        self.group.cancel.load(Ordering::Acquire)
    }

    fn interrupted(&self, by: &str) {
        self.group.run.screen.interrupted(by);
    }
}
