//! The screen: a paragraph for trunk and for each environment, with a word before each line.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};

use super::{
    Environment, Live, NextPush, Pushed, Remote, Standing, Status, Suite, Tried, Window,
    page::{Page, length},
};
use crate::{
    gates::{Passed, verdict::Relation},
    report::{BAD, GOOD, HINT, LOUD, PLAIN},
    text::{clock, day_and_time, span},
};

/// Draws the screen in this many columns.
pub(crate) fn draw(status: &Status, columns: usize) -> String {
    let mut page = Page::new(columns, status.at, &status.reader);
    for error in &status.errors {
        page.remark(&format!("{BAD}not asked:{BAD:#} {error}"));
    }
    for remark in &status.remarks {
        page.remark(&format!("{LOUD}note:{LOUD:#} {remark}"));
    }
    if !(status.errors.is_empty() && status.remarks.is_empty()) {
        page.space();
    }
    page.trunk(status);
    for environment in &status.environments {
        page.space();
        page.environment(environment);
    }
    page.text()
}

impl Page<'_> {
    fn trunk(&mut self, status: &Status) {
        self.heading(&format!("trunk {}", status.trunk.name), "");
        if let Some(tip) = &status.trunk.tip {
            self.commit("now", tip);
            if let (Some(author), Some(at)) = (&tip.author, tip.at) {
                let when = self.ago(at);
                self.line("", &format!("by {}, {when}", name(author)));
            }
        }
        if let Some(why) = &status.trunk.error {
            self.line("now", &bad(why));
        }
        match &status.pushed {
            Some(pushed) => self.pushed(pushed),
            None => self.line("here", "there is no local branch of it to push"),
        }
        self.line("policy", &status.policy);
    }

    fn pushed(&mut self, pushed: &Pushed) {
        let (branch, commit) = (&pushed.branch, pushed.commit.short());
        let stands = match pushed.standing {
            Some(Standing::Same) => format!("your {branch} is the same"),
            Some(Standing::Apart(relation)) => {
                format!("your {branch} ({commit}) {}", stands(relation))
            }
            None => format!("your {branch} is {commit}"),
        };
        self.line("here", &stands);
        let suite = match (pushed.receipt, &pushed.error) {
            (_, Some(why)) => bad(why),
            (Some(passed), None) => self.passed(passed, &format!(" on {commit}")),
            (None, None) => format!("not yet passed on {commit}"),
        };
        self.line("suite", &suite);
    }

    fn passed(&self, passed: Passed, on: &str) -> String {
        let when = self.ago(passed.at);
        // A forge does not say how long its checks took.
        let took = match passed.took {
            Duration::ZERO => String::new(),
            took => format!(", in {}", span(took)),
        };
        format!("{GOOD}passed{GOOD:#}{on} {when}{took}")
    }

    fn environment(&mut self, environment: &Environment) {
        let mut tail = String::new();
        if !environment.destination.is_empty() && environment.destination != environment.name {
            tail += &format!(" ({})", environment.destination);
        }
        if let Some(after) = &environment.after {
            tail += &format!(", after {after}");
        }
        self.heading(&environment.name, &tail);
        for remote in &environment.remotes {
            self.remote(remote, environment.remotes.len() > 1);
        }
        if environment.remotes.is_empty() {
            self.line("live", "no remote of this repository leads there");
        }
        if let Some(tried) = &environment.tried {
            self.tried(tried);
        }
        for removed in &environment.removed {
            let (commit, by) = (removed.commit.short(), name(&removed.by));
            let when = self.moment(removed.at);
            self.line(
                "removed",
                &format!("{LOUD}{commit}{LOUD:#} by a rollback of {by}, {when}"),
            );
        }
        self.window(&environment.window);
        self.next_push(&environment.next_push);
    }

    fn remote(&mut self, remote: &Remote, several: bool) {
        let of = if several {
            format!("{}: ", remote.name)
        } else {
            String::new()
        };
        match (&remote.live, &remote.error) {
            (_, Some(why)) => self.line("live", &format!("{of}{}", bad(why))),
            (Some(live), None) => self.live(live, &of),
            (None, None) => self.line("live", &format!("{of}nothing was ever deployed there")),
        }
    }

    fn live(&mut self, live: &Live, of: &str) {
        if !of.is_empty() {
            self.line("live", of.trim_end());
        }
        self.commit(if of.is_empty() { "live" } else { "" }, &live.commit);
        let mut facts = Vec::new();
        facts.push(match (live.standing, &live.commit.subject) {
            (Some(Standing::Same), _) => format!("{GOOD}the newest{GOOD:#} of trunk"),
            (Some(Standing::Apart(relation)), _) => {
                format!("{LOUD}{}{LOUD:#} trunk", stands_short(relation))
            }
            (None, None) => "this clone does not have it: fetch first".to_owned(),
            (None, Some(_)) => "how it relates to trunk is not known".to_owned(),
        });
        match live.since {
            Some(since) => facts.push(format!(
                "since {} ({})",
                self.moment(since),
                length(self.age(since))
            )),
            None => facts.push("since when is not known".to_owned()),
        }
        if let Some(by) = &live.by {
            facts.push(format!("by {}", name(by)));
        }
        self.line("", &facts.join(", "));
        if let Some(passed) = live.receipt {
            let passed = self.passed(passed, "");
            self.line("suite", &passed);
        }
    }

    fn tried(&mut self, tried: &Tried) {
        if let Some(soak) = tried.soak {
            let needed = span(soak.needed);
            let text = match (soak.been, soak.until) {
                (Some(been), _) if been >= soak.needed => {
                    format!("{GOOD}done{GOOD:#}: {} of {needed}", length(been))
                }
                (Some(been), Some(until)) => {
                    let (been, until) = (length(been), self.moment(until));
                    format!("{LOUD}{been} of {needed}{LOUD:#}, done {until}")
                }
                _ => format!("{LOUD}not begun{LOUD:#}, {needed} are required"),
            };
            self.line("soak", &text);
        }
        for (index, person) in tried.people.iter().enumerate() {
            let words = person.words.as_ref();
            let words = words.map_or(String::new(), |words| format!(": {words}"));
            let (by, when) = (name(&person.by), self.moment(person.at));
            let label = if index == 0 { "tried" } else { "" };
            self.line(label, &format!("{GOOD}by {by}{GOOD:#}, {when}{words}"));
        }
        if tried.people.is_empty() && tried.wanted > 0 {
            self.line("tried", &format!("{LOUD}by nobody yet{LOUD:#}"));
        } else if tried.people.len() < usize::try_from(tried.wanted).unwrap_or(usize::MAX) {
            let (have, want) = (tried.people.len(), tried.wanted);
            self.line("", &format!("{LOUD}{have} of {want} people{LOUD:#}"));
        }
    }

    fn window(&mut self, window: &Window) {
        let text = match window {
            Window::Always => "always open".to_owned(),
            Window::Open { until: None, .. } => format!("{GOOD}open{GOOD:#}"),
            Window::Open {
                until: Some(until),
                runway,
                zone,
            } => self.open(*until, *runway, zone),
            Window::Closed { opens, soon, zone } => {
                let now = if *soon {
                    "closes within the runway"
                } else {
                    "closed"
                };
                match opens {
                    Some(opens) => {
                        let opens = day_and_time(*opens, zone, self.reader);
                        format!("{BAD}{now}{BAD:#}, opens {opens}")
                    }
                    None => format!("{BAD}{now}{BAD:#}, and never opens"),
                }
            }
            Window::Unknown { error } => bad(error),
        };
        self.line("window", &text);
    }

    fn open(&self, until: Timestamp, runway: Duration, zone: &TimeZone) -> String {
        let closes = day_and_time(until, zone, self.reader);
        let last = until.checked_sub(runway).ok().filter(|_| !runway.is_zero());
        let last = last.map_or(String::new(), |last| {
            format!(", for pushes before {}", clock(last, zone, self.reader))
        });
        format!("{GOOD}open{GOOD:#} until {closes}{last}")
    }

    fn next_push(&mut self, next: &NextPush) {
        let by = |gate: &str| format!(" by {PLAIN}{gate}{PLAIN:#}");
        let (text, hints) = match next {
            NextPush::Nothing { why } => (why.clone(), &[][..]),
            NextPush::Go { suite, took, hints } => (go(*suite, *took), &hints[..]),
            NextPush::Refused { gate, why, hints } => {
                let by = by(gate);
                (format!("{BAD}refused{BAD:#}{by}: {why}"), &hints[..])
            }
            NextPush::Undecided { gate, why, hints } => {
                let by = gate.map_or(String::new(), by);
                (format!("{BAD}not decided{BAD:#}{by}: {why}"), &hints[..])
            }
        };
        self.line("git push", &text);
        // The others are for the case that the first one does not help.
        if let Some(hint) = hints.first() {
            self.line("", &format!("{HINT}hint:{HINT:#} {hint}"));
        }
    }
}

fn go(suite: Suite, took: Option<Duration>) -> String {
    let last = took.map_or(String::new(), |took| format!(" ({} last time)", span(took)));
    match suite {
        Suite::Passed => format!("{GOOD}go{GOOD:#}"),
        Suite::Runs => format!("{GOOD}go{GOOD:#}, if the suite passes then{last}"),
    }
}

fn stands(relation: Relation) -> String {
    match relation {
        Relation::Diverged { ahead, behind } => {
            format!("and trunk have diverged: {ahead} only here, {behind} only there")
        }
        _ => format!("is {} trunk", stands_short(relation)),
    }
}

fn stands_short(relation: Relation) -> String {
    match relation {
        Relation::Behind(by) => format!("{by} behind"),
        Relation::Ahead(by) => format!("{by} ahead of"),
        Relation::Diverged { ahead, behind } => format!("{ahead} ahead of and {behind} behind"),
        Relation::Unrelated => "not related to".to_owned(),
    }
}

fn bad(why: &str) -> String {
    format!("{BAD}not known:{BAD:#} {why}")
}

/// A person without the mail address.
fn name(person: &str) -> &str {
    let name = person
        .split_once(" <")
        .map_or(person, |(name, _)| name)
        .trim();
    if name.is_empty() { person } else { name }
}
