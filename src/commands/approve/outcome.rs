//! What came of an approval, in words and as JSON.

use serde_json::{Value, json};

use crate::{
    commands::Error,
    gates::Stop,
    memory::record::{Event, Record},
    report,
};

pub(super) enum Outcome {
    Recorded {
        record: Box<Record>,
        /// Whether there was no such record before.
        is_new: bool,
        /// The remote where the team can read it; `None` where the policy shares nothing.
        shared: Result<Option<String>, Error>,
    },
    Refused {
        what: String,
        why: Stop,
    },
}

/// Says what came of it; `has_words`: the person gave words with this sign-off.
pub(super) fn say(outcome: &Outcome, has_words: bool) -> (u8, Value) {
    let (record, is_new, shared) = match outcome {
        Outcome::Refused { what, why } => {
            report::print(report::failure(what, why));
            return (why.decision().exit_code(), failed(&why.why));
        }
        Outcome::Recorded {
            record,
            is_new,
            shared,
        } => (record, *is_new, shared),
    };
    let commit = record.commit.short();
    let (environment, by) = (&record.environment, &record.by);
    let done = match (&record.event, is_new) {
        (Event::Again { .. }, true) => format!("{commit} may go to {environment} again, says {by}"),
        (Event::Again { .. }, false) => {
            format!("{commit} may go to {environment} again already, says {by}")
        }
        (_, true) => format!("{commit} signed off on {environment} by {by}"),
        (_, false) => format!("{commit} was signed off on {environment} by {by} already"),
    };
    let ending = match shared {
        Ok(Some(remote)) => &format!("shared on {remote}"),
        Ok(None) => "kept here, as the policy says",
        Err(_) => "not shared",
    };
    report::say(&format!("{done}; {ending}"));
    if !is_new && has_words {
        report::say("its words stay as they were, for one person signs a commit off once");
    }
    let why = shared.as_ref().err().map(Error::in_one_line);
    if let Some(why) = &why {
        report::warn(&format!("the team does not know yet: {why}"));
    }
    let json = json!({
        "recorded": is_new,
        "record": record,
        "shared": matches!(shared, Ok(Some(_))),
        // Why it is not shared.
        "why": why,
    });
    (0, json)
}

pub(super) fn failed(why: &str) -> Value {
    json!({ "recorded": false, "record": null, "shared": false, "why": why })
}
