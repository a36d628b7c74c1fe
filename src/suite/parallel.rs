//! Steps that run at the same time: their output is kept apart, and the first failure stops the rest.

use std::{
    fmt::Display,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use super::{
    error::Error,
    screen::lock,
    step::{Failure, Run, name},
    step_list::StepList,
};
use crate::{
    ci::Progress,
    gates::verdict::Ending,
    policy::Step,
    process::shell::{End, Observer},
};

struct Group<'g> {
    run: &'g Run<'g>,
    list: StepList<'g>,
    /// Set once a step has failed: the others are to stop.
    cancel: AtomicBool,
    /// The step that failed first, and its output.
    failure: Mutex<Option<(&'g Step, Ending, Vec<u8>)>>,
}

/// Runs several steps at once; the whole output of the one that failed first is shown.
pub(super) fn run<'r>(run: &'r Run<'r>, steps: &'r [Step]) -> Result<Option<Failure<'r>>, Error> {
    let names: Vec<_> = steps.iter().map(|step| name(step).to_owned()).collect();
    run.screen
        .line(&format!("running together: {}", names.join(", ")));
    let group = Group {
        run,
        list: StepList::new(names, run.setup.console),
        cancel: AtomicBool::new(false),
        failure: Mutex::new(None),
    };
    let ended: Vec<_> = thread::scope(|scope| {
        let start = |(index, step)| {
            let group = &group;
            let run = move || group.step(step, index);
            let thread = thread::Builder::new().spawn_scoped(scope, run);
            // The others need not go on.
            thread.inspect_err(|_| group.cancel.store(true, Ordering::Release))
        };
        let threads: Vec<_> = steps.iter().enumerate().map(start).collect();
        let failed = |reason: &dyn Display| Error::failed("watch a step of the suite", reason);
        let ended = threads.into_iter().map(|thread| {
            let thread = thread.map_err(|error| failed(&error))?;
            thread
                .join()
                .map_err(|_| failed(&"a thread panicked"))
                .flatten()
        });
        ended.collect()
    });
    group.list.end();
    ended.into_iter().collect::<Result<(), Error>>()?;
    let failure = lock(&group.failure).take();
    Ok(failure.map(|(step, ending, output)| {
        run.screen.output(&output);
        run.screen.end();
        (step, ending)
    }))
}

impl<'g> Group<'g> {
    fn step(&self, step: &'g Step, index: usize) -> Result<(), Error> {
        let apart = Apart {
            group: self,
            index,
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
        if matches!(end, End::Cancelled) {
            self.list.ended(index, "stopped");
            return Ok(());
        }
        let Some(ending) = self.run.ending(step, end)? else {
            self.list.ended(index, "passed");
            return Ok(());
        };
        self.list.ended(index, "failed");
        if !self.cancel.swap(true, Ordering::AcqRel) {
            *lock(&self.failure) = Some((step, ending, output));
        }
        Ok(())
    }
}

/// Keeps the output of one step until it ends.
struct Apart<'a, 'g> {
    group: &'a Group<'g>,
    index: usize,
    output: Mutex<Vec<u8>>,
}

impl Observer for Apart<'_, '_> {
    fn output(&self, bytes: &[u8]) {
        lock(&self.output).extend_from_slice(bytes);
    }

    fn tick(&self) {
        if !self.group.list.tick(self.index) {
            self.group.run.screen.tick();
        }
    }

    fn is_cancelled(&self) -> bool {
        self.group.cancel.load(Ordering::Acquire)
    }

    fn interrupted(&self, by: &str) {
        let shown = self.group.list.interrupted();
        self.group.run.screen.stopped(by, &shown);
    }
}
