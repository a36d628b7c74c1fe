//! Deploys by a command in place of `git push`, and says what is known of its end.

use std::{process::Command, time::Duration};

use jiff::Timestamp;

use super::{
    super::Done,
    Plan, Target,
    carry_out::{see_status, to_its_end},
    plan::path_of,
};
use crate::{
    app::{decide::Pending, settle::Ask},
    gates::Memory as _,
    memory::permit::Permit,
    process::{foreground, signals},
    push::{
        Oid,
        url::redact,
        variables::{COMMIT, DEPLOY, ENVIRONMENT, REPLACES},
    },
    report,
    text::signal_name,
};

impl Plan<'_> {
    pub(super) fn run_command(
        &self,
        targets: &[Target],
        judged: Vec<Pending>,
        permit: Option<&Permit>,
        start: Timestamp,
    ) -> Done {
        let code = self.record(judged, None);
        if code != 0 {
            return Ok(code);
        }
        let live = targets.first().and_then(|target| target.live.as_ref());
        let prepare = |command: &mut Command| {
            command
                .env(ENVIRONMENT, &self.of.environment)
                .env(COMMIT, self.commit.as_str())
                .env(REPLACES, live.map_or("", Oid::as_str))
                .envs(permit.map(|permit| (DEPLOY, permit.name())));
        };
        let name = self.program();
        let mut words = self.typed.command.clone();
        if let Some(program) = words.first_mut()
            && let Some(path) = path_of(program)
        {
            // A shell that runs a script does not look for it on PATH.
            *program = path.into();
        }
        let ended = to_its_end(&name, || foreground::spawn(&words, prepare));
        let (well, signal) = (matches!(ended, Ok(0)), signals::signal());
        // What a signal has ended may have deployed.
        self.settle(match signal {
            Some(_) if !well => Ask::Nobody,
            _ => Ask::Ended { well },
        });
        let code = ended?;
        let what = match (code, signal) {
            (0, _) => return Ok(0),
            (_, Some(signal)) => format!("`{name}` was ended by {}", signal_name(signal.into())),
            (126 | 127, _) => format!("could not run `{name}` (exit code {code})"),
            _ => format!("`{name}` ended with exit code {code}"),
        };
        report::warn(&match &*self.recorded_since(start) {
            [] if signal.is_some() => format!("{what}: nothing tells whether it deployed"),
            [] => format!("{what}: no deployment is recorded"),
            places => format!(
                "{what}, but {} got {}: it is recorded as deployed there",
                redact(&places.join(", ")),
                self.commit.short()
            ),
        });
        if signal.is_some() {
            report::print(report::cures(&[see_status("see what is live")]));
        }
        Ok(code)
    }

    /// Warns where `live` does not name what a command has deployed; one that takes long is not waited for.
    pub(super) fn look_at_live(&self, targets: &[Target]) {
        const PATIENCE: Duration = Duration::from_secs(3);
        let (name, Some(live)) = (&self.of.environment, &self.of.live) else {
            return;
        };
        let before = targets.first().and_then(|target| target.live.as_ref());
        let why = match self.world.ask_live_command(name, live, PATIENCE) {
            Ok(runs) if runs == *self.commit => return,
            Ok(runs) => {
                let still = if before == Some(&runs) { "still " } else { "" };
                format!("`live` of {name} {still}names {}", runs.short())
            }
            Err(error) => error.in_one_line(),
        };
        report::warn(&why);
        report::print(report::cures(&[see_status(
            "a release may take a while, or fail; look again",
        )]));
    }

    /// Where the commit is recorded as deployed by a push that was decided since then: a command that fails may have
    /// pushed before.
    pub(super) fn recorded_since(&self, start: Timestamp) -> Vec<String> {
        // What cannot be read, `settle` has warned of.
        let mut records = self.world.records(self.commit).unwrap_or_default();
        records.retain(|one| {
            let decided = one.deployed().and_then(|deployed| deployed.decided);
            one.commit == *self.commit && one.is_at(self.of.place()) && decided >= Some(start)
        });
        records
            .into_iter()
            .flat_map(|one| one.destinations)
            .collect()
    }
}
