//! Runs the suite for a push, or for a check of one.

use std::{env, os::unix::ffi::OsStringExt, time::Duration};

use bstr::BStr;

use super::SystemClock;
use crate::{
    ci,
    gates::{Clock, EnvironmentRemotes, Passed, Runner, Stop, SuiteLock, SuiteRun, Work},
    git::Repository,
    hooks::{
        gate::{call, put_back},
        script::Call,
    },
    memory::record::{Event, Record},
    policy::In,
    process::{lock, signals, terminal},
    push::{Oid, url::is_ssh},
    suite::{self, Console, fingerprint, receipts::Receipts, worktree::Worktree},
    text::span,
};

/// A suite that takes longer may outlast an idle connection.
const LONG: Duration = Duration::from_mins(1);

/// Runs suites, asks the CI and the person, and leaves receipts.
pub(crate) struct PushRunner<'r> {
    repository: &'r Repository,
    console: &'r dyn Console,
    /// Whether anything is pushed.
    pushes: bool,
    /// Where git is waiting to push to; `None` where it is not waiting.
    url: Option<&'r BStr>,
}

impl<'r> PushRunner<'r> {
    pub(crate) fn new(
        repository: &'r Repository,
        console: &'r dyn Console,
        pushes: bool,
        url: Option<&'r BStr>,
    ) -> Self {
        Self {
            repository,
            console,
            pushes,
            url,
        }
    }
}

impl Runner for PushRunner<'_> {
    fn lock_suite(&self) -> Result<SuiteLock, Stop> {
        let repository = self.repository;
        suite::lock::acquire(
            &repository.state_dir(),
            repository.common_dir(),
            self.console,
        )
    }

    fn leave_receipt(&self, work: &Work<'_>, took: Duration) -> Result<(), Stop> {
        let (tree, suite) = self.repository.receipt_key(work)?;
        let at = SystemClock.now();
        let passed = (tree.clone(), suite.clone(), Passed { at, took });
        lock(&self.repository.passed).push(passed);
        if work.suite.reuse.is_zero() {
            return Ok(());
        }
        let left = self.repository.receipts().leave(&tree, &suite, took, at);
        left.map_err(|error| Stop::failed("write it", &error))
    }

    fn is_connected(&self) -> bool {
        self.url.is_none() || !signals::is_disconnected()
    }

    fn run(&self, work: &Work<'_>) -> Result<SuiteRun, Stop> {
        let repository = self.repository;
        if let Some(ci) = &work.suite.ci {
            let screen = suite::Screen::of_checks(self.console);
            return ci::wait(repository, work, ci, &screen);
        }
        let last_took = repository.last_took(work)?;
        if let Some(took) = last_took.filter(|took| *took > LONG)
            && self.url.is_some_and(is_ssh)
        {
            self.console.line(&format!(
                "it took {} last time; a server that hangs up on an idle ssh connection may do so meanwhile: pushgate check, then push, is safe",
                span(took)
            ));
        }
        let top = match work.suite.place {
            In::Checkout => repository.work_tree().ok_or_else(Stop::bare)?.to_owned(),
            In::Worktree => {
                let worktree = Worktree::of(repository.common_dir(), &repository.git)?;
                worktree.bring_to(work.commit, repository.work_tree(), work.suite)?;
                worktree.top()
            }
        };
        let setup = suite::Setup {
            top: &top,
            logs: &repository.state_dir().join("logs"),
            common_dir: repository.common_dir(),
            last_took,
            console: self.console,
        };
        let before = call(repository);
        let run = suite::run(&setup, work);
        if run.as_ref().is_err_and(|stop| !stop.is_refusal()) {
            return run;
        }
        // The configuration may be another now.
        let Ok(after) = Repository::open().as_ref().map(call) else {
            return run;
        };
        let is_whole = |call: &Call| *call != Call::Changed && call.judges() == Some(true);
        // `npm ci` may set up other hooks. Nothing is put back: it is said.
        if after == before || after.as_ref().is_some_and(is_whole) {
            return run;
        }
        match run {
            Ok(SuiteRun { took, .. }) => {
                self.leave_receipt(work, took)?;
                let why =
                    "passed, but took the gate away: git does not call it before the next push";
                Err(Stop::refused(why)
                    .cure(format!("put it back, then {}", work.again), put_back())
                    .hint("keep the suite from setting up hooks: npm ci --ignore-scripts, HUSKY=0, SKIP_INSTALL_SIMPLE_GIT_HOOKS=1 (`suite.in: worktree` does not: it shares them)"))
            }
            Err(_) => {
                self.console.line(&format!(
                    "the suite took the gate away: git does not call it before the next push; put it back by `{}`",
                    put_back().join(" && ")
                ));
                run
            }
        }
    }

    fn confirm(&self, question: &str) -> Result<bool, Stop> {
        // Where nothing is pushed, no answer may be written down.
        Ok(self.pushes && terminal::confirm(question)?)
    }

    fn sign_off(&self, environment: &EnvironmentRemotes, commit: &Oid) -> Result<(), Stop> {
        let repository = self.repository;
        let (at, by) = (SystemClock.now(), repository.identity());
        let record = Record::new(at, by, environment.place(), commit, Event::Signoff);
        repository.notes().add(&[record])
    }
}

impl Repository {
    pub(super) fn receipts(&self) -> Receipts {
        Receipts::new(&self.state_dir())
    }

    /// How long this suite took last time, on any tree.
    pub(crate) fn last_took(&self, work: &Work<'_>) -> Result<Option<Duration>, Stop> {
        let (_, suite) = self.receipt_key(work)?;
        Ok(self.receipts().last_took(&suite))
    }

    /// What a receipt is about: a tree and the suite that passed on it, or a commit and its checks.
    pub(super) fn receipt_key(&self, work: &Work<'_>) -> Result<(Oid, String), Stop> {
        if let Some(ci) = &work.suite.ci {
            let project = ci::Project::of_remote(self, ci.forge, work.remote);
            let project = project.as_ref().map(|one| [&*one.host, &*one.path]);
            let suite = fingerprint::of_checks(ci, project);
            return Ok((work.commit.clone(), suite));
        }
        let variable = |name: &str| env::var_os(name).map(OsStringExt::into_vec);
        let suite = fingerprint::of_suite(fingerprint::MACHINE, work.suite, work.steps, variable);
        Ok((self.tree(work.commit)?, suite))
    }
}
