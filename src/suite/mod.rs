//! The suite: its steps, their output, the worktree it may run in, and the receipts of what passed.

pub(crate) mod fingerprint;
mod links;
pub(crate) mod lock;
mod log;
mod parallel;
pub mod receipts;
mod screen;
mod step;
mod test_runners;
pub(crate) mod variables;
pub(crate) mod worktree;

use std::env;

pub(crate) use self::screen::{Before, Console};
use self::step::{Failure, Run};
pub(crate) use self::{screen::Screen, step::Setup};
use crate::{
    gates::{
        Stop, SuiteRun, Work,
        facts::Ending,
        suite::{red, unexpected, why_red},
    },
    policy::Step,
    text::printable,
};

/// Runs the steps in their order, parallel neighbours together, and stops at the first failure.
pub(crate) fn run(setup: &Setup<'_>, work: &Work<'_>) -> Result<SuiteRun, Stop> {
    let run = Run::start(setup, work)?;
    let failure = steps(&run);
    if !matches!(failure, Ok(None)) {
        run.end_orphans();
    }
    match failure {
        Ok(None) => passed(&run),
        Ok(Some((step, ending))) => {
            let name = step::name(step);
            let ending = match test_runners::not_found(&run.log().tail()) {
                Some(program) if matches!(ending, Ending::Failed(_) | Ending::CouldNotRun(_)) => {
                    let path = env::var_os("PATH").unwrap_or_default();
                    let path = printable(path.as_encoded_bytes().into());
                    Ending::NotFound { program, path }
                }
                _ => ending,
            };
            run.note(&why_red(name, &ending));
            let log = run.log().path();
            Err(red(name, &ending, log.as_deref(), work.again))
        }
        Err(error) => {
            run.note(&error.to_string());
            Err(error)
        }
    }
}

fn steps<'r>(run: &'r Run<'r>) -> Result<Option<Failure<'r>>, Stop> {
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
fn passed(run: &Run<'_>) -> Result<SuiteRun, Stop> {
    let took = run.start.elapsed();
    let log = run.log();
    let warning = match &run.work.suite.expect {
        None => test_runners::ran_no_test(&log.tail()),
        Some(expected) if test_runners::matches(expected, &log)? => None,
        Some(expected) => {
            return Err(unexpected(expected, log.path().as_deref()));
        }
    };
    Ok(SuiteRun {
        took,
        checks: None,
        warning,
    })
}
