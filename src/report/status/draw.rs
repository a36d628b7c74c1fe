//! The screen: a paragraph for trunk and for each environment, with a word before each line.

use std::time::Duration;

use super::{
    Environment, Live, NextPush, Pushed, Remote, Status, Suite, Tried, Window, page::Page,
};
use crate::{
    gates::{
        Passed,
        verdict::{Commit as ListedCommit, Contents, Count, Relation},
    },
    memory::record::{ALL_GATES, Deployed, Judged, Record},
    push::Oid,
    report::{BAD, DEEP, GOOD, HINT, LOUD, PLAIN, Text, paint, window::state},
    text::{rounded_span, span},
};

/// Draws the screen in this many columns.
pub(crate) fn draw(status: &Status, columns: usize) -> Text {
    let mut page = Page::new(status, columns);
    for lock in &status.locks {
        page.fill("", "  ", paint(LOUD, "lock:") + " " + &lock.sentence);
    }
    for error in &status.errors {
        let why = page.once(error);
        page.fill("", "  ", paint(BAD, "not asked:") + " " + why);
    }
    for remark in &status.remarks {
        page.fill("", "  ", paint(LOUD, "note:") + " " + remark);
    }
    if !page.text.is_empty() {
        page.text += "\n";
    }
    page.trunk();
    for environment in &status.environments {
        page.text += "\n";
        page.environment(environment);
    }
    page.text
}

impl<'s> Page<'s> {
    fn trunk(&mut self) {
        let trunk = &self.status.trunk;
        self.heading(format_args!("trunk {}", trunk.name), "");
        if let Some(tip) = &trunk.tip {
            self.commit("now", tip);
            if let (Some(author), Some(at)) = (&tip.author, tip.at) {
                let when = self.ago(at);
                self.line("", format_args!("by {}, {when}", name(author)));
            }
        }
        if let Some(why) = &trunk.error {
            let why = self.bad(why);
            self.line("now", why);
        }
        match &self.status.pushed {
            Some(pushed) => self.pushed(pushed),
            None => self.line("here", "there is no local branch of it to push"),
        }
        self.line("policy", &self.status.policy);
    }

    fn pushed(&mut self, pushed: &'s Pushed) {
        let (branch, commit) = (&pushed.branch, pushed.commit.short());
        let stands = match pushed.standing {
            Some(Relation::Behind(Count(0))) => format!("your {branch} is the same"),
            Some(Relation::Diverged { ahead, behind }) => format!(
                "your {branch} ({commit}) and trunk have diverged: {ahead} only here, {behind} only there"
            ),
            Some(relation) => {
                format!("your {branch} ({commit}) is {} trunk", stands(relation))
            }
            None => format!("your {branch} is {commit}"),
        };
        self.line("here", stands);
        let suite = match (pushed.receipt, &pushed.error) {
            (_, Some(why)) => self.bad(why),
            (Some(passed), None) => self.passed(passed, &format!(" on {commit}")),
            (None, None) => Text::from(format_args!("not yet passed on {commit}")),
        };
        self.line("suite", suite);
    }

    fn passed(&self, passed: Passed, on: &str) -> Text {
        let when = self.ago(passed.at);
        // A forge does not say how long its checks took.
        let took = match passed.took {
            Duration::ZERO => String::new(),
            took => format!(", in {}", span(took)),
        };
        paint(GOOD, "passed") + format_args!("{on} {when}{took}")
    }

    fn environment(&mut self, environment: &'s Environment) {
        let mut tail = String::new();
        if !environment.destination.is_empty() && environment.destination != environment.name {
            tail += &format!(" ({})", environment.destination);
        }
        if environment.takes_any {
            tail += ", any commit";
        }
        if let Some(after) = &environment.after {
            tail += &format!(", after {after}");
        }
        self.heading(&environment.name, tail);
        for remote in &environment.remotes {
            let several = environment.remotes.len() > 1;
            self.remote(remote, several, environment.takes_any);
        }
        if let Some(tried) = &environment.tried {
            self.tried(tried);
        }
        for rollback in &environment.removed {
            let commit = rollback.replaces().map_or("", Oid::short);
            let by = name(&rollback.by);
            let when = self.moment(rollback.at);
            let by = format_args!(" by a rollback of {by}, {when}");
            self.line("removed", paint(LOUD, commit) + by);
        }
        let window = match &environment.window {
            Window::Known(answer) => state(answer),
            Window::Unknown { error } => self.bad(error),
        };
        self.line("window", window);
        if let Some(contents) = environment.contents.as_ref().filter(|one| one.is_new()) {
            self.contents(contents);
        }
        let label = if environment.by_command {
            "deploy"
        } else {
            "git push"
        };
        self.next_push(label, &environment.next_push);
    }

    fn remote(&mut self, remote: &'s Remote, several: bool, takes_any: bool) {
        let mut of = String::new();
        if several {
            of = format!("{}: ", remote.name);
        }
        match (&remote.live, &remote.error) {
            (_, Some(why)) => {
                let why = self.bad(why);
                self.line("live", Text::from(of) + why);
            }
            (None, None) => self.line("live", of + "nothing was ever deployed there"),
            (Some(live), None) => {
                if several {
                    self.line("live", of.trim_end());
                }
                self.live(if several { "" } else { "live" }, live, takes_any);
                if !live.is_everywhere {
                    let places = format!("not all places that `{}` pushes to have it", remote.name);
                    self.line("", paint(LOUD, places));
                }
                if let Some(passed) = live.receipt {
                    let passed = self.passed(passed, "");
                    self.line("suite", passed);
                }
            }
        }
    }

    fn live(&mut self, label: &str, live: &Live, takes_any: bool) {
        self.commit(label, &live.commit);
        if let Some(unlike) = Contents::unlike_git(live.git.as_ref(), &live.commit.id) {
            self.line("", paint(LOUD, unlike));
        }
        if live.is_gone {
            let gone = "git has no branch there any more, this was deployed last";
            self.line("", paint(LOUD, gone));
        }
        let mut facts = match (live.standing, &live.commit.subject) {
            (Some(Relation::Behind(Count(0))), _) => paint(GOOD, "the newest") + " of trunk",
            (Some(Relation::Behind(_)), _) if takes_any => "on trunk".into(),
            (Some(_), _) if takes_any => "not on trunk".into(),
            (Some(relation), _) => paint(LOUD, stands(relation)) + " trunk",
            (None, None) => "this clone does not have it: fetch first".into(),
            (None, Some(_)) => "how it relates to trunk is not known".into(),
        };
        let deployed = live.deployment.as_ref().and_then(Record::deployed);
        let since = match deployed {
            Some(deployed) if deployed.seen => "first seen",
            _ => "since",
        };
        facts += match live.since {
            Some(at) => {
                let age = rounded_span(self.age(at));
                format!(", {since} {} ({age})", self.moment(at))
            }
            None if live.is_under_way => ", by a push of yours that is still under way".to_owned(),
            None => ", since when is not known".to_owned(),
        };
        if let Some(by) = &live.by {
            facts += format_args!(", by {}", name(by));
        }
        self.line("", facts);
        if let Some(deployed) = deployed {
            self.judged(deployed);
        }
    }

    /// How the deployment was judged, where that is not the usual way.
    fn judged(&mut self, deployed: &Deployed) {
        let mut text = match deployed.judged {
            Judged::Go => return,
            Judged::Before => "it was live before the gate came".into(),
            Judged::Unjudged => {
                let unshared = ", or its record has not been shared";
                paint(BAD, "no gate judged this:")
                    + " it was pushed with --no-verify, or from a clone without the hook"
                    + if deployed.seen { unshared } else { "" }
            }
            Judged::Rollback => paint(LOUD, "a rollback"),
            Judged::Overridden => Text::default(),
        };
        if !text.is_empty() && !deployed.gates.is_empty() {
            text += ", ";
        }
        match deployed.gates.as_slice() {
            [] => {}
            [all] if all == ALL_GATES => text += paint(LOUD, "overridden:") + " no gate was asked",
            gates => text += paint(LOUD, "overridden:") + " without " + gates.join(", "),
        }
        if let Some(reason) = &deployed.reason {
            text += format_args!(" ({reason})");
        }
        self.line("", text);
    }

    fn tried(&mut self, tried: &Tried) {
        if let Some(soak) = tried.soak {
            let needed = span(soak.needed);
            let text = match (soak.been, soak.until) {
                (Some(been), _) if been >= soak.needed => {
                    paint(GOOD, "done") + format_args!(": {} of {needed}", rounded_span(been))
                }
                (Some(been), Some(until)) => {
                    let (been, until) = (rounded_span(been), self.moment(until));
                    paint(LOUD, format_args!("{been} of {needed}")) + ", done " + until
                }
                _ => paint(LOUD, "not begun") + format_args!(", {needed} are required"),
            };
            self.line("soak", text);
        }
        for (index, person) in tried.people.iter().enumerate() {
            let words = person.words.as_ref();
            let words = words.map_or(String::new(), |words| format!(": {words}"));
            let (by, when) = (name(&person.by), self.moment(person.at));
            let label = if index == 0 { "tried" } else { "" };
            let by = paint(GOOD, format_args!("by {by}"));
            self.line(label, by + format_args!(", {when}{words}"));
        }
        let (have, want) = (tried.people.len(), tried.wanted);
        if have == 0 && want > 0 {
            self.line("tried", paint(LOUD, "by nobody yet"));
        } else if have < usize::try_from(want).unwrap_or(usize::MAX) {
            self.line("", paint(LOUD, format_args!("{have} of {want} people")));
        }
    }

    fn next_push(&mut self, label: &str, next: &'s NextPush) {
        let by = |gate: &str| Text::from(" by ") + paint(PLAIN, gate);
        let (text, cures) = match next {
            NextPush::Nothing { why } => (why.into(), &[][..]),
            NextPush::Go { suite, took, cures } => {
                let last =
                    took.map_or(String::new(), |took| format!(" ({} last time)", span(took)));
                let after = match suite {
                    Suite::Passed => String::new(),
                    Suite::Runs => format!(", if the suite passes then{last}"),
                };
                (paint(GOOD, "go") + after, &cures[..])
            }
            NextPush::Refused {
                gate,
                why,
                also,
                cures,
            } => {
                let others = match also.as_slice() {
                    [] => String::new(),
                    others => format!("; also by {}", others.join(", ")),
                };
                let refused = paint(BAD, "refused") + by(gate);
                (refused + ": " + why + others, &cures[..])
            }
            NextPush::Undecided { gate, why, cures } => {
                let by = gate.map(by).unwrap_or_default();
                let why = self.once(why);
                (paint(BAD, "not decided") + by + ": " + why, &cures[..])
            }
        };
        self.line(label, text);
        // The others are for the case that the first one does not help.
        if let Some(cure) = cures.first() {
            let colon = if cure.commands.is_empty() { "" } else { ":" };
            self.line("", paint(HINT, format_args!("{}{colon}", cure.words)));
            for command in &cure.commands {
                self.text += Text::from(DEEP) + command + "\n";
            }
        }
    }

    fn contents(&mut self, contents: &Contents) {
        let room = self.columns.saturating_sub(DEEP.len());
        let mut label = "next";
        for (sentence, commits) in contents.sentences(ListedCommit::LISTED) {
            let colon = if commits.is_empty() { "" } else { ":" };
            self.line(label, sentence + colon);
            label = "";
            for line in commits {
                self.text += Text::from(DEEP) + Text::from(line).cut(room) + "\n";
            }
        }
    }
}

fn stands(relation: Relation) -> String {
    match relation {
        Relation::Behind(by) => format!("{by} behind"),
        Relation::Ahead(by) => format!("{by} ahead of"),
        Relation::Diverged { ahead, behind } => format!("{ahead} ahead of and {behind} behind"),
        Relation::Unrelated => "not related to".to_owned(),
    }
}

/// A person without the mail address.
fn name(person: &str) -> &str {
    let name = person.split_once(" <").map_or(person, |(name, _)| name);
    match name.trim() {
        "" => person,
        name => name,
    }
}
