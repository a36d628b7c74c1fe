//! Asks a forge, through its own program, whether its checks passed on a commit, and waits for them.

mod asker;

use std::{
    env,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use bstr::BStr;

use self::asker::Asker;
use super::{Real, signals};
use crate::{
    ci::{Asked, Check, CiTrouble, Project, Weight, Why, weigh},
    destination::is_ssh,
    gates::{Checked, Stop},
    policy::{Ci, Forge},
    push::Oid,
    suite::{Audience, Waiting},
    verdict::{Refusal, Trouble, printable},
};

/// How often it is asked again, at first and at last.
const SOON: Duration = Duration::from_secs(2);
const LATER: Duration = Duration::from_secs(15);
/// A forge takes a moment to begin what a push has started.
const GRACE: Duration = Duration::from_secs(30);
/// So many questions in a row may fail while it is waited for.
const PATIENCE: u32 = 3;
/// How often a reason to stop is looked for.
const TICK: Duration = Duration::from_millis(100);

impl Real {
    /// Asks until the checks are done, for so long at most.
    pub(super) fn ask_ci(
        &self,
        ci: &Ci,
        commit: &Oid,
        remote: &str,
        limit: Duration,
        audience: &dyn Audience,
    ) -> Result<Checked, Stop> {
        let job = match ci.forge {
            Forge::Github => "GITHUB_ACTIONS",
            Forge::Gitlab => "GITLAB_CI",
        };
        if ci.checks.is_empty() && variable(job).is_some_and(|value| value == "true") {
            return Err(trouble(CiTrouble::Inside(ci.forge)).into());
        }
        let (program, project) = self.ci_of(ci.forge, remote)?;
        let asker = Asker {
            program,
            asked: Box::new(Asked {
                forge: ci.forge,
                project,
                commit: commit.clone(),
                remote: remote.to_owned(),
            }),
        };
        asker.wait(&ci.checks, limit, audience)
    }

    /// The program that asks a forge, and what it asks about: the project that a remote is.
    pub(crate) fn ci_of(&self, forge: Forge, remote: &str) -> Result<(PathBuf, Project), Trouble> {
        let program = which::which(forge.program());
        let program = program.map_err(|_| trouble(CiTrouble::NoProgram(forge)))?;
        let no_project = || CiTrouble::NoProject {
            forge,
            remote: remote.to_owned(),
        };
        let project = self.project(forge, remote);
        Ok((program, project.ok_or_else(|| trouble(no_project()))?))
    }

    /// The project that trunk's remote is; as git rewrites its URL, or else as it is written.
    fn project(&self, forge: Forge, remote: &str) -> Option<Project> {
        if forge == Forge::Github
            && let Some(name) = variable("GH_REPO")
        {
            return Project::named(&name, variable("GH_HOST").as_deref());
        }
        let name: &BStr = remote.into();
        let url = self.remotes.fetch_url(name);
        let written = format!("remote.{remote}.url");
        let written = self.config.iter().find(|(key, _)| *key == written.as_str());
        let urls = url.iter().chain(written.map(|(_, url)| url));
        urls.map(AsRef::<BStr>::as_ref)
            .find_map(|url| Project::of(forge, &self.destination(url), is_ssh(url)))
    }
}

impl Asker {
    fn wait(
        &self,
        wanted: &[String],
        limit: Duration,
        audience: &dyn Audience,
    ) -> Result<Checked, Stop> {
        let start = Instant::now();
        let waiting = Waiting::new(audience);
        let (forge, short) = (self.asked.forge.name(), self.asked.commit.short());
        let (mut pause, mut failures, mut has_waited) = (SOON, 0, false);
        let mut running: Vec<String> = Vec::new();
        loop {
            // The last question is asked when the time is up.
            let is_last = start.elapsed() >= limit;
            let weight = self.checks().map(|checks| weigh(&checks, wanted));
            if let Some(by) = signals::interrupted() {
                waiting.interrupted(&by);
                return Err(Trouble::SuiteStopped { by }.into());
            }
            failures = if weight.is_ok() { 0 } else { failures + 1 };
            let stop = match weight {
                Ok(Weight::Passed(passed)) => {
                    waiting.end();
                    let took = start.elapsed();
                    return Ok(Checked {
                        passed,
                        took,
                        waited: has_waited,
                    });
                }
                Ok(Weight::Red(red, missing)) => Some(self.refusal(red, missing)),
                Ok(Weight::Missing(missing)) if is_last || start.elapsed() >= GRACE => {
                    Some(self.refusal(Vec::new(), missing))
                }
                Ok(Weight::Missing(_)) => {
                    if !has_waited {
                        waiting.line(&format!("{forge} has not begun with {short}: waiting"));
                    }
                    None
                }
                Ok(Weight::Running(checks)) => {
                    let now: Vec<_> = checks.iter().map(Check::to_string).collect();
                    if now != running {
                        let names = names(&checks);
                        waiting.line(&format!("waiting for {forge} to check {short}: {names}"));
                        running = now;
                    }
                    is_last.then(|| {
                        let asked = self.asked.clone();
                        let running = std::mem::take(&mut running);
                        trouble(CiTrouble::Slow {
                            asked,
                            limit,
                            running,
                        })
                        .into()
                    })
                }
                Err(why) => {
                    let goes_on = has_waited && failures < PATIENCE && !is_last && is_passing(&why);
                    (!goes_on).then(|| trouble(why).into())
                }
            };
            if let Some(stop) = stop {
                waiting.end();
                return Err(stop);
            }
            has_waited = true;
            let until = (Instant::now() + pause).min(start + limit);
            while Instant::now() < until && signals::interrupted().is_none() {
                thread::sleep(TICK.min(until.saturating_duration_since(Instant::now())));
                waiting.tick();
            }
            pause = (pause * 3 / 2).min(LATER);
        }
    }

    fn refusal(&self, red: Vec<Check>, missing: Vec<String>) -> Stop {
        let Asked {
            forge,
            commit,
            remote,
            ..
        } = *self.asked.clone();
        Refusal::Checks {
            forge,
            commit,
            remote,
            red,
            missing,
        }
        .into()
    }
}

/// Whether it may go by itself, while something is waited for.
fn is_passing(trouble: &CiTrouble) -> bool {
    matches!(
        trouble,
        CiTrouble::Refused {
            why: Why::Down | Why::Garbled,
            ..
        }
    )
}

fn trouble(why: CiTrouble) -> Trouble {
    Trouble::Ci(Box::new(why))
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The first few names.
fn names(checks: &[Check]) -> String {
    const MOST: usize = 5;
    let names: Vec<_> = (checks.iter().take(MOST))
        .map(|check| printable(check.name.as_bytes().into()))
        .collect();
    let more = match checks.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", names.join(", "))
}
