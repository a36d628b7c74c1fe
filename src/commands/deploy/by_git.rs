//! Deploys by `git push`, to one destination after the other, and says what arrived where.

use std::ffi::OsString;

use bstr::{BString, ByteSlice};
use jiff::Timestamp;

use super::{
    Plan, Target,
    carry_out::{SIGNAL, see_status, to_its_end},
};
use crate::{
    app::{
        decide::Pending,
        settle::{Ask, started},
    },
    gates::{Stop, remote_tips::at_once},
    git::network::LIMIT,
    memory::permit::Permit,
    process::signals,
    push::{Oid, url::redact, variables::DEPLOY},
    report,
};

impl Plan<'_> {
    /// Pushes to one target after the other, as git does to the URLs of a remote: what fails does not stop the next.
    pub(super) fn push_all(
        &self,
        targets: &[Target],
        judged: Vec<Pending>,
        permit: Option<&Permit>,
        start: Timestamp,
    ) -> u8 {
        let verb = self.typed.verb();
        let mut judged = judged.into_iter();
        let (mut worst, mut have, mut lack, mut unknown) = (0, Vec::new(), Vec::new(), Vec::new());
        for target in targets {
            let pending = judged.by_ref().take(target.remote.urls.len()).collect();
            let mut code = match signals::signal() {
                Some(signal) => (128 + signal).max(self.record(pending, Some(("signal", SIGNAL)))),
                None => self.record(pending, None),
            };
            let is_begun = code == 0;
            if is_begun {
                let mut git = self.world.git.plain(self.push_words(target));
                git.envs(permit.map(|permit| (DEPLOY, permit.name())));
                let ended = to_its_end("git push", || {
                    let git = git.spawn()?;
                    started(self.world, git.id());
                    Ok(git)
                });
                // A push that failed may have arrived all the same; 1: git tells what was refused (git-push(1)), with
                // 128 it was cut off.
                let (since, refused) = (start, matches!(ended, Ok(1)));
                self.settle(match ended {
                    Ok(0) => Ask::Ended { well: true },
                    _ => Ask::JustEnded { since, refused },
                });
                code = ended.unwrap_or_else(|error| {
                    report::print(report::failure(verb, &error));
                    error.decision().exit_code()
                });
            }
            worst = worst.max(code);
            // Of several URLs some may have it; git tells of one code.
            let name = format!("refs/heads/{}", target.branch);
            let has = |url: &BString| match (is_begun, code) {
                (false, _) => Some(false),
                (true, 0) => Some(true),
                _ => {
                    let tip = self.world.remote_tip(url.as_bstr(), &name, LIMIT).ok()?;
                    Some(tip.as_ref() == Some(self.commit))
                }
            };
            let (all, ()) = at_once(&target.remote.urls, has, || ());
            for (has, place) in all.into_iter().zip(self.places(target)) {
                let places = match has {
                    Some(true) => &mut have,
                    Some(false) => &mut lack,
                    None => &mut unknown,
                };
                places.push(place);
            }
        }
        // What arrived nowhere, git has told of.
        if worst != 0 && !(have.is_empty() && unknown.is_empty()) {
            self.say_arrived(verb, worst, [have, unknown, lack]);
        }
        worst
    }

    /// Says what arrived where, of a deploy that failed: what has it, what does not tell, and what lacks it.
    fn say_arrived(&self, verb: &str, code: u8, all: [Vec<String>; 3]) {
        let id = self.commit.short();
        let [have, unknown, lack] = all.map(|places| redact(&places.join(", ")));
        let look = see_status("see what is live");
        if unknown.is_empty() && lack.is_empty() {
            report::warn(&format!(
                "{have} got {id}, though `git push` ended with exit code {code}"
            ));
            report::print(report::cures(&[look]));
            return;
        }
        let facts = [
            (!have.is_empty(), format!("{have} got {id}")),
            (
                !unknown.is_empty(),
                format!("nothing tells whether {unknown} got {id}"),
            ),
            (!lack.is_empty(), format!("not: {lack}")),
        ];
        let facts = facts.into_iter().filter(|(is_so, _)| *is_so);
        let facts: Vec<_> = facts.map(|(_, fact)| fact).collect();
        let mut failure = Stop::undecided(facts.join("; "));
        failure.cures.extend((!unknown.is_empty()).then_some(look));
        let failure = failure.cure("try the rest again", [self.again(false)]);
        report::print(report::failure(verb, &failure));
    }

    fn push_words(&self, target: &Target) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec!["push".into()];
        // What git would not replace unless it is told to.
        let is_past = |git: &Oid| matches!(self.is_past(git), Ok(Some(true)));
        let taken = target.git.as_ref().filter(|git| !is_past(git));
        if let Some(git) = taken.filter(|_| self.forces) {
            words.push(format!("--force-with-lease=refs/heads/{}:{git}", target.branch).into());
        }
        words.push("--".into());
        words.push(target.remote.name.to_os_str_lossy().into_owned());
        words.push(format!("{}:refs/heads/{}", self.commit, target.branch).into());
        words
    }

    /// Where the URLs of a target lead.
    fn places(&self, target: &Target) -> Vec<String> {
        let place = |url: &BString| self.world.destination(url.as_bstr()).to_string();
        target.remote.urls.iter().map(place).collect()
    }
}
