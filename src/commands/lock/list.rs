//! `pushgate lock --list`.

use super::{Locks, now};
use crate::commands::{Done, print_data, print_machine_data};
use crate::{
    app::answers::SystemClock,
    gates::Clock,
    report::{self, DEEP, Text},
};

impl Locks<'_> {
    pub(super) fn list(&self, only: Option<&str>, json: bool) -> Done {
        // Without the network the locks of this clone are known all the same.
        let (mut all, error) = match self.all() {
            Ok(all) => (all, None),
            Err(error) => (self.world.local_locks()?, Some(error)),
        };
        all.retain(|one| only.is_none_or(|name| one.environment == *name));
        let policy = self.policy();
        if let Some(name) = only.filter(|_| all.is_empty()) {
            self.must_know(name)?;
        }
        if all.is_empty() && !json && error.is_none() {
            report::say("nothing is locked");
        }
        for found in &all {
            let shown = found.shown(now(), &SystemClock.reader());
            if json {
                print_machine_data(&crate::commands::json_line(&shown)?)?;
                continue;
            }
            let mut line = shown.sentence;
            if policy.environment(&found.environment).is_none() {
                line += " (the policy has no such environment)";
            }
            let text = Text::from(line + "\n");
            print_data(match report::data_terminal() {
                Some(columns) => text.wrap(columns, DEEP),
                None => text,
            })?;
        }
        error.map_or(Ok(0), Err)
    }
}
