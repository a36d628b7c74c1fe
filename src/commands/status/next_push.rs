//! Previews the next `git push ENV`.

use bstr::ByteSlice;

use super::gather::Inputs;
use crate::{
    app::{
        decide::preview,
        preview::{Preview, Run},
    },
    commands::Error,
    commands::check::to_environment,
    gates::{
        EnvironmentRemotes, Explanation, Remotes, Repository, Undecided,
        verdict::{Decision, Gate, Outcome, Relation, Verdict},
    },
    policy::Environment,
    push::{Oid, Push, Update},
    report::status::{NextPush, Suite},
};

impl Inputs<'_> {
    /// Previews the next push of the local trunk branch.
    pub(super) fn next_push(
        &self,
        environment: &Environment,
        remotes: &EnvironmentRemotes,
    ) -> NextPush {
        let Some((branch, commit)) = &self.local else {
            return nothing("there is nothing to push yet");
        };
        let previewed = self.preview(environment, remotes, branch, commit);
        previewed.unwrap_or_else(|error| undecided(None, &error.explain()))
    }

    fn preview(
        &self,
        environment: &Environment,
        remotes: &EnvironmentRemotes,
        branch: &str,
        commit: &Oid,
    ) -> Result<NextPush, Error> {
        let (remote, url, target) = to_environment(environment, self.policy, self.world)?;
        let tips = match self.tips.live(remote.as_bstr(), &remotes.branches) {
            Ok(tips) => tips,
            Err(error) => {
                // The line of its live commit says why.
                return Ok(NextPush::Undecided {
                    gate: None,
                    why: format!("{} could not be asked", remotes.environment),
                    hints: error.hints.clone(),
                });
            }
        };
        let old = tips.into_iter().find(|(name, _)| *name == target);
        let old = old.map(|(_, tip)| tip);
        if old.as_ref() == Some(commit) {
            return Ok(nothing(&format!("nothing new: {branch} is there")));
        }
        let push = Push {
            remote,
            url,
            updates: vec![Update::Set {
                source: format!("refs/heads/{branch}").into(),
                commit: commit.clone(),
                target: format!("refs/heads/{target}").into(),
                replaces: old.clone(),
            }],
        };
        let world = Preview::new(self.world, &self.tips);
        let Some(verdict) = preview(&push, self.world, &world)? else {
            return Ok(nothing("no gate is asked"));
        };
        let mut next = outcome(&verdict, world.would_run());
        if let Some(old) = old
            && self.needs_force(commit, &old, &remotes.environment)
            && let NextPush::Go { hints, .. } | NextPush::Refused { hints, .. } = &mut next
        {
            let live = old.short();
            hints.push(format!(
                "git wants --force: {live} is not in {branch}'s past"
            ));
        }
        Ok(next)
    }

    fn needs_force(&self, commit: &Oid, old: &Oid, remote: &str) -> bool {
        let relation = self.world.relation(commit, old, remote);
        !matches!(relation, Ok(Relation::Ahead(_)) | Err(_))
    }
}

/// Takes what stops the push from a verdict.
fn outcome(verdict: &Verdict, run: Option<Run>) -> NextPush {
    let stop = verdict
        .answers
        .iter()
        .find_map(|(gate, outcome)| match outcome {
            Outcome::Refused(refusal) => {
                let Explanation { why, hints } = refusal.explain();
                let gate = gate.name();
                Some(NextPush::Refused { gate, why, hints })
            }
            Outcome::Undecided(error) => Some(undecided(Some(*gate), error)),
            Outcome::Passed(_) | Outcome::Skipped { .. } => None,
        });
    debug_assert_eq!(stop.is_none(), verdict.decision() == Decision::Go);
    stop.unwrap_or(NextPush::Go {
        suite: run.map_or(Suite::Passed, |_| Suite::Runs),
        took: run.and_then(|run| run.last),
        hints: Vec::new(),
    })
}

fn nothing(why: &str) -> NextPush {
    NextPush::Nothing {
        why: why.to_owned(),
    }
}

fn undecided(gate: Option<Gate>, error: &Undecided) -> NextPush {
    NextPush::Undecided {
        gate: gate.map(Gate::name),
        why: error.in_one_line(),
        hints: error.hints.clone(),
    }
}
