//! What the next `git push ENV` would be told.

use bstr::ByteSlice;

use super::gather::Desk;
use crate::{
    app::{
        decide::preview,
        preview::{Preview, Run},
    },
    commands::check::to_environment,
    gates::{
        EnvironmentRemotes, Explanation, Remotes, Repository,
        verdict::{Decision, Gate, Outcome, Relation, Trouble, Verdict},
    },
    policy::Environment,
    push::{Oid, Push, Update},
    report::status::{Answer, Suite},
};

impl Desk<'_> {
    /// What the next push of the local trunk branch would be told.
    pub(super) fn answer(&self, environment: &Environment, stage: &EnvironmentRemotes) -> Answer {
        let Some((branch, commit)) = &self.local else {
            return Answer::Nothing("there is nothing to push yet".to_owned());
        };
        match self.ask(environment, stage, branch, commit) {
            Ok(answer) => answer,
            Err(trouble) => undecided(None, &trouble),
        }
    }

    fn ask(
        &self,
        environment: &Environment,
        stage: &EnvironmentRemotes,
        branch: &str,
        commit: &Oid,
    ) -> Result<Answer, Trouble> {
        let (remote, url, target) = to_environment(environment, self.policy, self.world)?;
        let tips = self.heard.live(remote.as_bstr(), &stage.branches);
        // Why it does not answer is told where its commit would be.
        let tips = match tips {
            Ok(tips) => tips,
            Err(trouble) => {
                return Ok(Answer::Undecided {
                    gate: None,
                    why: format!("{} could not be asked", stage.environment),
                    hints: trouble.cures(),
                });
            }
        };
        let old = tips.into_iter().find(|(name, _)| *name == target);
        let old = old.map(|(_, tip)| tip);
        if old.as_ref() == Some(commit) {
            return Ok(Answer::Nothing(format!("nothing new: {branch} is there")));
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
        let world = Preview::new(self.world, &self.heard);
        let Some(verdict) = preview(&push, self.world, &world)? else {
            return Ok(Answer::Nothing("no gate is asked".to_owned()));
        };
        let mut answer = told_by(&verdict, world.would_run());
        if let Some(old) = old
            && self.needs_force(commit, &old, &stage.environment)
            && let Answer::Go { hints, .. } | Answer::Refused { hints, .. } = &mut answer
        {
            let live = old.short();
            hints.push(format!(
                "git wants --force: {live} is not in {branch}'s past"
            ));
        }
        Ok(answer)
    }

    fn needs_force(&self, commit: &Oid, old: &Oid, remote: &str) -> bool {
        let relation = self.world.relation(commit, old, remote);
        !matches!(relation, Ok(Relation::Ahead(_)) | Err(_))
    }
}

/// The gates' answer in a few words.
fn told_by(verdict: &Verdict, run: Option<Run>) -> Answer {
    let stop = verdict
        .answers
        .iter()
        .find_map(|(gate, outcome)| match outcome {
            Outcome::Refused(refusal) => {
                let Explanation { why, hints } = refusal.explain();
                let gate = *gate;
                Some(Answer::Refused { gate, why, hints })
            }
            Outcome::Undecided(trouble) => Some(undecided(Some(*gate), trouble)),
            Outcome::Passed(_) | Outcome::Skipped { .. } => None,
        });
    debug_assert_eq!(stop.is_none(), verdict.decision() == Decision::Go);
    stop.unwrap_or(Answer::Go {
        suite: run.map_or(Suite::Passed, |run| Suite::Runs { last: run.last }),
        hints: Vec::new(),
    })
}

fn undecided(gate: Option<Gate>, trouble: &Trouble) -> Answer {
    Answer::Undecided {
        gate,
        why: trouble.in_one_line(),
        hints: trouble.cures(),
    }
}
