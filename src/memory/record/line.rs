//! A record as one line of JSON, as it is written and read.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use super::{Deployed, Event, Judged, LONGEST_NAME, MOST_WORDS, Record, tidy};
use crate::push::Oid;

/// The version of the format.
const VERSION: u32 = 1;

/// The longest line that is read; what we write is shorter.
const LONGEST_LINE: usize = 64 * 1024;
/// The most gates that a record names.
const MOST_GATES: usize = 16;

/// A record as JSON. A key that a later version adds is ignored.
#[derive(Serialize, Deserialize)]
struct Line {
    v: u32,
    event: String,
    environment: String,
    destinations: Vec<String>,
    commit: String,
    by: String,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    words: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaces: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    judged: Option<Judged>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gates: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    seen: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decided: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    by_command: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lifts: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signed: Option<String>,
}

impl Record {
    /// Parses one line.
    pub fn parse(line: &[u8]) -> Option<Self> {
        if line.len() > LONGEST_LINE {
            return None;
        }
        let line: Line = serde_json::from_slice(line).ok()?;
        if line.v != VERSION {
            return None;
        }
        let is_name = |text: &String| !text.is_empty() && tidy(text, LONGEST_NAME) == *text;
        let words = line.words.map(|words| tidy(&words, MOST_WORDS));
        Some(Self {
            at: line.at,
            by: tidy(&line.by, LONGEST_NAME),
            environment: Some(line.environment).filter(is_name)?,
            destinations: Some(line.destinations).filter(|all| !all.is_empty())?,
            commit: Oid::parse(line.commit.as_bytes())?,
            event: match line.event.as_str() {
                "signoff" => Event::Signoff { words },
                "unlock" => Event::Unlock { words },
                "deployed" => Event::Deployed(Deployed {
                    replaces: match line.replaces {
                        Some(text) => Some(Oid::parse(text.as_bytes())?),
                        None => None,
                    },
                    judged: line.judged?,
                    gates: (line.gates.iter().take(MOST_GATES))
                        .map(|gate| tidy(gate, LONGEST_NAME))
                        .collect(),
                    reason: line.reason.map(|reason| tidy(&reason, MOST_WORDS)),
                    seen: line.seen,
                    decided: line.decided,
                    by_command: line.by_command,
                }),
                "again" => Event::Again {
                    words,
                    lifts: line.lifts?,
                },
                _ => return None,
            },
            signed: line.signed,
        })
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let deployed = self.deployed();
        let words = self.words().map(|words| tidy(words, MOST_WORDS));
        let (words, reason) = match deployed {
            Some(_) => (None, words),
            None => (words, None),
        };
        let line = Line {
            v: VERSION,
            event: self.name().to_owned(),
            environment: self.environment.clone(),
            destinations: self.destinations.clone(),
            commit: self.commit.to_string(),
            by: tidy(&self.by, LONGEST_NAME),
            at: self.at,
            words,
            replaces: self.replaces().map(Oid::to_string),
            judged: deployed.map(|one| one.judged),
            gates: deployed.map_or(Vec::new(), |one| one.gates.clone()),
            reason,
            seen: deployed.is_some_and(|one| one.seen),
            decided: deployed.and_then(|one| one.decided),
            by_command: deployed.is_some_and(|one| one.by_command),
            lifts: match self.event {
                Event::Again { lifts, .. } => Some(lifts),
                _ => None,
            },
            signed: self.signed.clone(),
        };
        line.serialize(to)
    }
}

/// One line, without a line feed.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // JSON escapes every line feed. Nothing here can fail to be JSON.
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}
