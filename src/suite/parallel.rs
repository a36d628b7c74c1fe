//! Steps that run beside each other: their output kept apart, and the first failure stops the rest.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use super::{Failure, Run, list::List, lock, name};
use crate::process::shell::{End, Observer};
use crate::{
    gates::verdict::{Ending, Trouble},
    policy::Step,
};

/// Steps that run together.
pub(crate) struct Group<'g> {
    list: List<'g>,
    /// Whether one has failed, and the others are to stop.
    cancel: AtomicBool,
    first_failure: Mutex<Option<(&'g Step, Ending, Vec<u8>)>>,
}

/// Runs several steps at once; the output of the one that failed first is shown whole.
pub(crate) fn together<'r>(
    run: &'r Run<'r>,
    steps: &'r [Step],
) -> Result<Option<Failure<'r>>, Trouble> {
    let names: Vec<_> = steps.iter().map(|step| name(step).to_owned()).collect();
    run.screen
        .line(&format!("running together: {}", names.join(", ")));
    let group = Group {
        list: List::new(names, run.place.audience),
        cancel: AtomicBool::new(false),
        first_failure: Mutex::new(None),
    };
    let ended = thread::scope(|scope| {
        let start = |(index, step)| {
            let group = &group;
            scope.spawn(move || beside(run, step, index, group))
        };
        let threads: Vec<_> = steps.iter().enumerate().map(start).collect();
        let ended = threads.into_iter().map(|thread| {
            let panicked = |_| Trouble::Io {
                what: "watch a step of the suite".to_owned(),
                words: Vec::new(),
            };
            thread.join().map_err(panicked).flatten()
        });
        // All of them are waited for, whatever one of them says.
        let ended: Vec<Result<(), Trouble>> = ended.collect();
        ended.into_iter().collect::<Result<(), Trouble>>()
    });
    group.list.end();
    ended?;
    let failure = lock(&group.first_failure).take();
    Ok(failure.map(|(step, ending, output)| {
        run.screen.output(&output);
        run.screen.end();
        (step, ending)
    }))
}

/// Runs one step of a group.
pub(crate) fn beside<'r>(
    run: &'r Run<'r>,
    step: &'r Step,
    index: usize,
    group: &Group<'r>,
) -> Result<(), Trouble> {
    let apart = Apart {
        run,
        list: &group.list,
        index,
        cancel: &group.cancel,
        output: Mutex::default(),
    };
    let end = run
        .step(step, false, &apart)
        .inspect_err(|_| group.cancel.store(true, Ordering::Release));
    let output = std::mem::take(&mut *lock(&apart.output));
    {
        let mut log = lock(&run.log);
        log.note(&format!("--- {}", name(step)));
        log.write(&output);
    }
    match end? {
        End::Cancelled => group.list.ended(index, "stopped"),
        end => match run.ending(step, end)? {
            None => group.list.ended(index, "passed"),
            Some(ending) => {
                group.list.ended(index, "failed");
                if !group.cancel.swap(true, Ordering::AcqRel) {
                    *lock(&group.first_failure) = Some((step, ending, output));
                }
            }
        },
    }
    Ok(())
}

/// A step beside others, whose output is kept until it ends.
pub(crate) struct Apart<'a> {
    run: &'a Run<'a>,
    list: &'a List<'a>,
    index: usize,
    cancel: &'a AtomicBool,
    output: Mutex<Vec<u8>>,
}

impl Observer for Apart<'_> {
    fn output(&self, bytes: &[u8]) {
        lock(&self.output).extend_from_slice(bytes);
    }

    fn tick(&self) {
        if !self.list.tick(self.index) {
            self.run.screen.tick();
        }
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Acquire)
    }

    fn interrupted(&self, by: &str) {
        self.run.screen.interrupted(by, &self.list.interrupted());
    }
}
