//! The suite: its steps, their output, the worktree it may run in, and the receipts of what passed.

pub(crate) mod fingerprint;
mod links;
pub(crate) mod lock;
mod log;
mod parallel;
pub(crate) mod receipts;
mod screen;
mod step;
mod test_runners;
pub(crate) mod variables;
pub(crate) mod worktree;

pub(crate) use self::screen::Console;
pub(crate) use self::{screen::Screen, step::Setup};
use self::{
    step::{Failure, Run},
    variables::removed,
};
use crate::{
    gates::{
        SuiteRun, Undecided, Work,
        suite::{red, unexpected, why_red},
    },
    policy::Step,
};

/// Runs the steps in their order, parallel neighbours together, and stops at the first failure.
pub(crate) fn run(setup: &Setup<'_>, work: &Work<'_>) -> Result<SuiteRun, Undecided> {
    let removed = removed();
    let run = Run::start(setup, work, &removed)?;
    let failure = steps(&run);
    if !matches!(failure, Ok(None)) {
        run.end_orphans();
    }
    match failure {
        Ok(None) => passed(&run),
        Ok(Some((step, ending))) => {
            let name = step::name(step);
            run.note(&why_red(name, &ending));
            let refusal = red(name, &ending, run.log().path().as_deref());
            Ok(SuiteRun::Stopped(Box::new(refusal)))
        }
        Err(error) => {
            run.note(&error.to_string());
            Err(error)
        }
    }
}

fn steps<'r>(run: &'r Run<'r>) -> Result<Option<Failure<'r>>, Undecided> {
    let together = |a: &Step, b: &Step| a.parallel && b.parallel;
    for group in run.work.steps.chunk_by(together) {
        let failure = match group {
            [one] => run.alone(one)?,
            several => parallel::run(run, several)?,
        };
        if failure.is_some() {
            return Ok(failure);
        }
    }
    Ok(None)
}

/// Every step exited with 0; whether a test ran is another question.
fn passed(run: &Run<'_>) -> Result<SuiteRun, Undecided> {
    let took = run.start.elapsed();
    let log = run.log();
    let warning = match &run.work.suite.expect {
        None => test_runners::ran_no_test(&log.tail()),
        Some(expected) if test_runners::matches(expected, &log)? => None,
        Some(expected) => {
            let refusal = unexpected(expected, log.path().as_deref());
            return Ok(SuiteRun::Stopped(Box::new(refusal)));
        }
    };
    Ok(SuiteRun::Passed { took, warning })
}
