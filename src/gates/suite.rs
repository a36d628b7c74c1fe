//! The gate `suite`: all tests passed, on exactly what is pushed.

use std::{path::Path, time::Duration};

use bstr::BString;

use super::{
    facts::{Ending, Mismatch},
    governed_push::GovernedPush,
    receipt,
    stop::Stop,
    world::{Passed, SuiteRun, Work, World},
};
use crate::{
    cure::{Cure, command},
    policy::{FILE, In},
    push::Oid,
    text::{ago, listed, printable, signal_name, span},
};

/// How the suite passed.
#[derive(Default)]
pub(crate) struct PassedNow {
    pub(crate) answer: String,
    pub(crate) notes: Vec<String>,
    /// Whether a suite ran, ours or one that this push waited for: other answers may be old.
    pub(crate) ran: bool,
}

/// Looks for a receipt, else runs the suite, or asks the CI that runs it.
///
/// `looked` is how the checkout was a moment ago, if that is known.
pub(crate) fn ask(
    push: &GovernedPush<'_>,
    commit: &Oid,
    looked: Option<Result<Option<Mismatch>, Stop>>,
    world: &World<'_>,
) -> Result<PassedNow, Stop> {
    let ci = push.policy.suite.ci.as_ref();
    let forge = ci.map(|ci| ci.forge.name());
    let steps = receipt::steps(push.policy, commit, world)?;
    let work = Work {
        again: push.again(),
        ..Work::of(push.policy, commit, &steps)
    };
    let passed_before = |ran| -> Result<_, Stop> {
        let receipt = world.memory.receipt(&work)?;
        Ok(receipt.map(|passed| {
            let (ago, took) = (when(passed, world), span(passed.took));
            let answer = match forge {
                Some(forge) => format!("passed on {forge}, as it said {ago}"),
                None => format!("passed {ago} on this tree, in {took}"),
            };
            PassedNow {
                answer,
                ran,
                ..PassedNow::default()
            }
        }))
    };
    if let Some(passed) = passed_before(false)? {
        return Ok(passed);
    }
    // What a CI runs needs no turn here.
    let lock = ci.is_none().then(|| world.runner.lock_suite());
    let lock = lock.transpose()?;
    let waited = lock.as_ref().is_some_and(|lock| lock.waited);
    if waited && let Some(passed) = passed_before(true)? {
        return Ok(passed);
    }
    // A worktree is made to be the pushed tree; the checkout has to prove it.
    let in_checkout = ci.is_none() && work.suite.place == In::Checkout;
    if in_checkout {
        let looked = looked.filter(|_| !waited);
        let checkout = looked.unwrap_or_else(|| world.repository.checkout(commit));
        must_match(&work, checkout?, false)?;
    }
    let SuiteRun {
        took,
        checks,
        warning,
    } = world.runner.run(&work)?;
    let mut notes = Vec::from_iter(warning);
    if in_checkout {
        must_match(&work, world.repository.checkout(commit)?, true)?;
    }
    // A forge does not say how long its checks took.
    let told = ci.map_or(took, |_| Duration::ZERO);
    // Without a receipt the suite did pass, only the next push does not know it.
    let failed = world.runner.leave_receipt(&work, told).err();
    notes.extend(failed.map(|error| format!("no receipt is left: {error}")));
    must_be_connected(push, took, world)?;
    Ok(PassedNow {
        answer: match (checks, forge) {
            (Some(checks), Some(forge)) => format!("{checks} passed on {forge}"),
            _ => format!("passed in {}", span(took)),
        },
        notes,
        ran: true,
    })
}

fn when(passed: Passed, world: &World<'_>) -> String {
    let age = world.clock.now().duration_since(passed.at);
    ago(Duration::try_from(age).unwrap_or_default(), span)
}

fn must_be_connected(
    push: &GovernedPush<'_>,
    took: Duration,
    world: &World<'_>,
) -> Result<(), Stop> {
    if world.runner.is_connected() {
        return Ok(());
    }
    let took = span(took);
    let why = format!("passed in {took}, but the server closed git's connection meanwhile");
    Err(Stop::refused(why)
        .cure(
            format!("{}, it will go at once", push.again()),
            [push.command_again(world.repository)],
        )
        .hint("if it happens often: set ServerAliveInterval in ~/.ssh/config, or run pushgate check before the push"))
}

/// The checkout must be exactly the pushed tree, before the run and `after` it.
fn must_match(work: &Work<'_>, mismatch: Option<Mismatch>, after: bool) -> Result<(), Stop> {
    let (pushed, again) = (work.commit.short(), work.again);
    let refusal = match mismatch {
        None => return Ok(()),
        Some(Mismatch::OtherTree { head }) => {
            let why = match head.as_ref().map(Oid::short) {
                Some(head) if after => {
                    format!("while the suite ran, {head} was checked out; {pushed} is pushed")
                }
                Some(head) => format!(
                    "you push {pushed}, but {head} is checked out: its tests would prove nothing"
                ),
                None => format!("you push {pushed}, but nothing is checked out"),
            };
            let switch = command(["git", "switch", "--detach", pushed]);
            Stop::refused(why).cure(format!("check it out, then {again}"), [switch])
        }
        Some(Mismatch::Changed { files, .. } | Mismatch::Submodules(files)) if after => {
            let files = list(&files, "changed or untracked");
            let why = format!("after the suite, the checkout is not {pushed}: {files}");
            Stop::refused(why).hint(
                "have the suite leave the tree as it was, or ignore in .gitignore what it writes",
            )
        }
        Some(Mismatch::Changed {
            files,
            within,
            first,
        }) => {
            let files = list(&files, "changed or untracked");
            let words = match first.as_slice() {
                [] => "commit them",
                _ => "have git see it, commit them",
            };
            let words = format!("{words}, or put them aside, then {again}");
            let stash = command(["git", "stash", "--include-untracked"]);
            let mut refusal = Stop::refused(format!("the checkout is not {pushed}: {files}"))
                .cure(words, first.into_iter().chain([stash]));
            refusal.cures.extend(within.then(|| of_submodules(again)));
            refusal
        }
        Some(Mismatch::Submodules(files)) => {
            let files = list(&files, "with changes in a submodule");
            let mut refusal = Stop::refused(format!("the checkout is not {pushed}: {files}"));
            refusal.cures.push(of_submodules(again));
            refusal
        }
        Some(Mismatch::Hidden(files)) => {
            let files = list(&files, "hidden from git status");
            let each = ["git", "submodule", "foreach", "--recursive"];
            let each = command(each.into_iter().chain(["git read-tree HEAD"]));
            let stash = command(["git", "stash", "--include-untracked"]);
            Stop::refused(format!("the checkout may not be {pushed}: {files}"))
                .cure(
                    format!("have git see them, commit them, or put them aside, then {again}"),
                    [command(["git", "read-tree", "HEAD"]), each, stash],
                )
                .cure(
                    "in a sparse checkout, or set `suite.in: worktree`",
                    [command(["git", "sparse-checkout", "disable"])],
                )
                .hint("attributes that only you have (`core.attributesFile`, .git/info/attributes) may hide them, too: move them to .gitattributes")
        }
    };
    Err(refusal)
}

/// What to do about changes within submodules.
fn of_submodules(again: &str) -> Cure {
    let each = ["git", "submodule", "foreach", "--recursive"].into_iter();
    let stash = command(each.chain(["git", "stash", "--include-untracked"]));
    let update = command(["git", "submodule", "update", "--recursive"]);
    let words = format!("commit what is in it, there and here, or put it aside, then {again}");
    Cure::run(words, [stash, update])
}

/// Names the first few files: `3 files changed: a, b, c`.
fn list(files: &[BString], what: &str) -> String {
    const MOST: usize = 5;
    let names = files.iter().map(|file| printable(file.as_ref()));
    let names = listed(&names.collect::<Vec<_>>(), MOST);
    let noun = if files.len() == 1 { "file" } else { "files" };
    format!("{} {noun} {what}: {names}", files.len())
}

/// How a step ended that did not pass.
pub(crate) fn why_red(step: &str, ending: &Ending) -> String {
    let step = printable(step.as_bytes().as_ref());
    let how = match ending {
        Ending::Failed(code) => format!("failed with exit code {code}"),
        Ending::Killed(signal) => format!("was ended by {}", signal_name(*signal)),
        Ending::CouldNotRun(why) => format!("could not run: {why}"),
        Ending::NotFound { program, path } => {
            format!(
                "could not run: `{program}` is in no directory of the PATH\n    searched: {path}"
            )
        }
        Ending::TimedOut(limit) => {
            let limit = span(*limit);
            format!("took longer than its limit of {limit} and was stopped")
        }
        Ending::WantsTerminal => {
            "wanted the terminal, which a suite in the background may not have".to_owned()
        }
    };
    format!("`{step}` {how}")
}

/// `again`: what a person does who tries once more.
pub(crate) fn red(step: &str, ending: &Ending, log: Option<&Path>, again: &str) -> Stop {
    let refusal = Stop::refused(why_red(step, ending) + &whole_output(log));
    match ending {
        Ending::Failed(_) | Ending::Killed(_) => {
            refusal.hint(format!("fix it, commit, and {again}"))
        }
        Ending::CouldNotRun(_) => refusal.hint(format!(
            "try it by hand from the top of the repository; `suite.run` of {FILE} names it"
        )),
        Ending::NotFound { program, .. } => refusal.cure(
            format!("an interactive shell may have a longer PATH (~/.bashrc, rbenv, nvm); set PATH for every program, or name it in full in `suite.run` of {FILE}. This tells where it is"),
            [command(["command", "-v", program])],
        ),
        Ending::TimedOut(_) => refusal.hint(format!(
            "fix what hangs, or raise `suite.timeout` in {FILE}"
        )),
        Ending::WantsTerminal => refusal.hint(format!(
            "have it ask nothing, or set `suite.interactive: true` in {FILE}"
        )),
    }
}

/// The suite passed, but its output does not match the regular expression of the policy.
pub(crate) fn unexpected(expected: &str, log: Option<&Path>) -> Stop {
    let log = whole_output(log);
    Stop::refused(format!(
        "passed, but nothing in its output matches `{expected}`{log}"
    ))
    .hint(format!(
        "see that its tests run, or fix `suite.expect` in {FILE}"
    ))
}

fn whole_output(log: Option<&Path>) -> String {
    log.map_or(String::new(), |log| {
        format!("\n    whole output: {}", log.display())
    })
}
