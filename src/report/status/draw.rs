//! The screen: a paragraph for trunk and for each environment, with a word before each line.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};

use super::{
    Answer, Hours, Live, Place, Pushed, Remote, Standing, Status, Suite, Tried,
    page::{Page, length},
};
use crate::{
    gates::{
        Passed,
        verdict::{Gate, Relation},
    },
    report::{BAD, GOOD, HINT, LOUD, PLAIN},
    text::{clock, day_and_time, span},
};

/// Draws it in so many columns.
pub fn draw(status: &Status, columns: usize) -> String {
    let mut page = Page::new(columns, status.at, &status.reader);
    for trouble in &status.troubles {
        page.remark(&format!("{BAD}not asked:{BAD:#} {trouble}"));
    }
    for remark in &status.remarks {
        page.remark(&format!("{LOUD}note:{LOUD:#} {remark}"));
    }
    if !(status.troubles.is_empty() && status.remarks.is_empty()) {
        page.space();
    }
    page.trunk(status);
    for place in &status.places {
        page.space();
        page.place(place);
    }
    page.text()
}

impl Page<'_> {
    fn trunk(&mut self, status: &Status) {
        self.heading(&format!("trunk {}", status.trunk.name), "");
        match &status.trunk.tip {
            Ok(tip) => {
                self.commit("now", tip);
                if let Some(about) = &tip.about {
                    let when = self.ago(about.at);
                    self.line("", &format!("by {}, {when}", name(&about.author)));
                }
            }
            Err(why) => self.line("now", &bad(why)),
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
        let suite = match &pushed.receipt {
            Ok(Some(passed)) => self.passed(*passed, &format!(" on {commit}")),
            Ok(None) => format!("not yet passed on {commit}"),
            Err(why) => bad(why),
        };
        self.line("suite", &suite);
    }

    fn passed(&self, passed: Passed, on: &str) -> String {
        let when = self.ago(passed.at);
        // A CI does not say how long it took.
        let took = match passed.took {
            Duration::ZERO => String::new(),
            took => format!(", in {}", span(took)),
        };
        format!("{GOOD}passed{GOOD:#}{on} {when}{took}")
    }

    fn place(&mut self, place: &Place) {
        let mut tail = String::new();
        if !place.destination.is_empty() && place.destination != place.name {
            tail += &format!(" ({})", place.destination);
        }
        if let Some(after) = &place.after {
            tail += &format!(", after {after}");
        }
        self.heading(&place.name, &tail);
        for remote in &place.remotes {
            self.remote(remote, place.remotes.len() > 1);
        }
        if place.remotes.is_empty() {
            self.line("live", "no remote of this repository leads there");
        }
        if let Some(tried) = &place.tried {
            self.tried(tried);
        }
        for removed in &place.removed {
            let (commit, by) = (removed.commit.short(), name(&removed.by));
            let when = self.moment(removed.at);
            self.line(
                "removed",
                &format!("{LOUD}{commit}{LOUD:#} by a rollback of {by}, {when}"),
            );
        }
        self.hours(&place.hours);
        self.answer(&place.answer);
    }

    fn remote(&mut self, remote: &Remote, several: bool) {
        let of = if several {
            format!("{}: ", remote.name)
        } else {
            String::new()
        };
        match &remote.live {
            Ok(Some(live)) => self.live(live, &of),
            Ok(None) => self.line("live", &format!("{of}nothing was ever deployed there")),
            Err(why) => self.line("live", &format!("{of}{}", bad(why))),
        }
    }

    fn live(&mut self, live: &Live, of: &str) {
        if !of.is_empty() {
            self.line("live", of.trim_end());
        }
        self.commit(if of.is_empty() { "live" } else { "" }, &live.commit);
        let mut facts = Vec::new();
        facts.push(match (live.standing, &live.commit.about) {
            (Some(Standing::Same), _) => format!("{GOOD}the newest{GOOD:#} of trunk"),
            (Some(Standing::Apart(relation)), _) => {
                format!("{LOUD}{}{LOUD:#} trunk", stands_short(relation))
            }
            (None, None) => "this clone does not have it: fetch first".to_owned(),
            (None, Some(_)) => "nobody can tell how it stands to trunk".to_owned(),
        });
        match live.since {
            Some(since) => facts.push(format!(
                "since {} ({})",
                self.moment(since),
                length(self.age(since))
            )),
            None => facts.push("nobody knows since when".to_owned()),
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
                _ => format!("{LOUD}not begun{LOUD:#}, {needed} are asked for"),
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

    fn hours(&mut self, hours: &Hours) {
        let text = match hours {
            Hours::Always => "always open".to_owned(),
            Hours::Open { until: None, .. } => format!("{GOOD}open{GOOD:#}"),
            Hours::Open {
                until: Some(until),
                runway,
                zone,
            } => self.open(*until, *runway, zone),
            Hours::Closed { opens, soon, zone } => {
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
            Hours::Unknown(why) => bad(why),
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

    fn answer(&mut self, answer: &Answer) {
        let by = |gate: Gate| format!(" by {PLAIN}{gate}{PLAIN:#}");
        let (text, hints) = match answer {
            Answer::Nothing(why) => (why.clone(), &[][..]),
            Answer::Go { suite, hints } => (go(*suite), &hints[..]),
            Answer::Refused { gate, why, hints } => {
                let by = by(*gate);
                (format!("{BAD}refused{BAD:#}{by}: {why}"), &hints[..])
            }
            Answer::Undecided { gate, why, hints } => {
                let by = gate.map_or(String::new(), by);
                (format!("{BAD}not decided{BAD:#}{by}: {why}"), &hints[..])
            }
        };
        self.line("git push", &text);
        // The first is the cure; the others are for when it will not do.
        if let Some(hint) = hints.first() {
            self.line("", &format!("{HINT}hint:{HINT:#} {hint}"));
        }
    }
}

fn go(suite: Suite) -> String {
    match suite {
        Suite::Passed => format!("{GOOD}go{GOOD:#}"),
        Suite::Runs { last: None } => format!("{GOOD}go{GOOD:#}, if the suite passes then"),
        Suite::Runs { last: Some(took) } => format!(
            "{GOOD}go{GOOD:#}, if the suite passes then ({} last time)",
            span(took)
        ),
    }
}

/// How a commit that is not trunk stands to it.
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
