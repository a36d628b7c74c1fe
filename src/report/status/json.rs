//! The same for a program.

use serde_json::{Value, json};

use super::{Answer, Commit, Hours, Place, Pushed, Remote, Standing, Status, Suite, Tried};
use crate::gates::{
    Passed,
    verdict::{Count, Relation},
};

/// One object; what is not known is null.
pub fn json(status: &Status) -> Value {
    let tip = status.trunk.tip.as_ref();
    json!({
        "v": 1,
        "at": status.at,
        "whole": status.is_whole(),
        "policy": status.policy,
        "trunk": {
            "name": status.trunk.name,
            "tip": tip.ok().map(commit),
            "error": tip.err(),
        },
        "pushed": status.pushed.as_ref().map(pushed),
        "environments": status.places.iter().map(place).collect::<Vec<_>>(),
        "remarks": status.remarks,
        "errors": status.troubles,
    })
}

fn commit(commit: &Commit) -> Value {
    let about = commit.about.as_ref();
    json!({
        "id": commit.id.as_str(),
        "subject": about.map(|about| &about.subject),
        "author": about.map(|about| &about.author),
        "at": about.map(|about| about.at),
    })
}

fn pushed(pushed: &Pushed) -> Value {
    let receipt = pushed.receipt.as_ref();
    json!({
        "branch": pushed.branch,
        "commit": pushed.commit.as_str(),
        "trunk": standing(pushed.standing),
        "receipt": receipt.ok().and_then(|receipt| receipt.map(passed)),
        "error": receipt.err(),
    })
}

fn passed(passed: Passed) -> Value {
    json!({"at": passed.at, "took_ms": milliseconds(passed.took)})
}

fn standing(standing: Option<Standing>) -> Value {
    let (word, ahead, behind) = match standing {
        None => return Value::Null,
        Some(Standing::Same) => ("same", Count(0), Count(0)),
        Some(Standing::Apart(relation)) => match relation {
            Relation::Behind(by) => ("behind", Count(0), by),
            Relation::Ahead(by) => ("ahead", by, Count(0)),
            Relation::Diverged { ahead, behind } => ("diverged", ahead, behind),
            Relation::Unrelated => return json!({"stands": "unrelated"}),
        },
    };
    json!({"stands": word, "ahead": ahead.0, "behind": behind.0})
}

fn place(place: &Place) -> Value {
    let removed = place.removed.iter().map(
        |removed| json!({"commit": removed.commit.as_str(), "at": removed.at, "by": removed.by}),
    );
    json!({
        "name": place.name,
        "destination": place.destination,
        "after": place.after,
        "remotes": place.remotes.iter().map(remote).collect::<Vec<_>>(),
        "tried": place.tried.as_ref().map(tried),
        "window": hours(&place.hours),
        "removed": removed.collect::<Vec<_>>(),
        "push": answer(&place.answer),
    })
}

fn remote(remote: &Remote) -> Value {
    let live = remote.live.as_ref();
    json!({
        "name": remote.name,
        "live": live.ok().and_then(Option::as_ref).map(|live| json!({
            "commit": commit(&live.commit),
            "trunk": standing(live.standing),
            "since": live.since,
            "by": live.by,
            "receipt": live.receipt.map(passed),
        })),
        "error": live.err(),
    })
}

fn tried(tried: &Tried) -> Value {
    let people = tried
        .people
        .iter()
        .map(|person| json!({"by": person.by, "at": person.at, "words": person.words}));
    json!({
        "wanted": tried.wanted,
        "people": people.collect::<Vec<_>>(),
        "soak": tried.soak.map(|soak| json!({
            "needed_ms": milliseconds(soak.needed),
            "been_ms": soak.been.map(milliseconds),
            "until": soak.until,
        })),
    })
}

fn hours(hours: &Hours) -> Value {
    match hours {
        Hours::Always => json!({"state": "always open"}),
        Hours::Open { until, zone, .. } => {
            json!({"state": "open", "until": until, "timezone": zone.iana_name()})
        }
        Hours::Closed { opens, zone, .. } => {
            json!({"state": "closed", "opens": opens, "timezone": zone.iana_name()})
        }
        Hours::Unknown(why) => json!({"state": "unknown", "error": why}),
    }
}

fn answer(answer: &Answer) -> Value {
    match answer {
        Answer::Nothing(why) => json!({"verdict": "nothing", "why": why}),
        Answer::Go { suite, hints } => json!({
            "verdict": "go",
            "hints": hints,
            "suite": match suite {
                Suite::Runs { .. } => "runs",
                Suite::Passed => "passed",
            },
            "suite_took_ms": match suite {
                Suite::Runs { last } => last.map(milliseconds),
                Suite::Passed => None,
            },
        }),
        Answer::Refused { gate, why, hints } => {
            json!({"verdict": "refused", "gate": gate.name(), "why": why, "hints": hints})
        }
        Answer::Undecided { gate, why, hints } => {
            let gate = gate.map(crate::gates::verdict::Gate::name);
            json!({"verdict": "undecided", "gate": gate, "why": why, "hints": hints})
        }
    }
}

fn milliseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
