//! The team's records about commits: one JSON object a line, in a git note.

use std::fmt;

use bstr::ByteSlice;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::push::Oid;

/// The notes that the records are kept in.
pub const REF: &str = "refs/notes/pushgate";

/// The version of the format.
const VERSION: u32 = 1;

/// How many bytes of a note are read.
pub const LIMIT: usize = 1024 * 1024;

/// The longest line that is read; what we write is shorter.
const LONGEST_LINE: usize = 64 * 1024;
/// The longest name of an environment or a person, in characters.
const LONGEST_NAME: usize = 256;
/// The longest comment of a person, in characters.
const MOST_WORDS: usize = 2000;

/// Something that happened to a commit on an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub at: Timestamp,
    /// The person who recorded it: `Name <mail>`.
    pub by: String,
    pub environment: String,
    pub commit: Oid,
    pub event: Event,
    /// A commit object whose message is this record without it, signed as git signs commits.
    pub signed: Option<String>,
}

/// What happened to a commit on an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A person tried it there; `words`: what was tried.
    Signoff { words: Option<String> },
    /// The gates let it go there; whether the server took it is not known.
    Push {
        /// The commit that was live there.
        replaces: Option<Oid>,
        /// Whether this one had been live there before.
        rollback: bool,
    },
    /// It was seen as the live tip there.
    Live,
    /// Another commit replaced it, so it had been live there.
    Replaced { by: Oid },
    /// A rollback to another commit removed it.
    Removed { by_rollback_to: Oid },
    /// It may go there again, though a rollback removed it; `words`: what was fixed.
    Again { words: Option<String> },
}

/// A record as JSON. A key that a later version adds is ignored.
#[derive(Serialize, Deserialize)]
struct Line {
    v: u32,
    event: String,
    environment: String,
    commit: String,
    by: String,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    words: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaces: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rollback: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaced_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by_rollback_to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signed: Option<String>,
}

impl Record {
    pub(crate) fn new(
        at: Timestamp,
        by: impl Into<String>,
        environment: impl Into<String>,
        commit: &Oid,
        event: Event,
    ) -> Self {
        Self {
            at,
            by: by.into(),
            environment: environment.into(),
            commit: commit.clone(),
            event,
            signed: None,
        }
    }

    /// Parses the lines of a note that are records of this commit.
    ///
    /// Everyone who can push can write a note, and notes are copied from commit to commit
    /// (`notes.rewriteRef`): lines that are damaged, of an unknown version or of another commit are
    /// ignored, and so is what comes after [`LIMIT`].
    pub fn parse_all(note: &[u8], commit: &Oid) -> Vec<Self> {
        let mut note = note;
        if note.len() > LIMIT {
            // A line that was cut off could be read as another.
            let end = note[..LIMIT].rfind_byte(b'\n').unwrap_or(0);
            note = &note[..end];
        }
        let mut records: Vec<Self> = Vec::new();
        for record in note.split(|b| *b == b'\n').filter_map(Self::parse) {
            if record.commit == *commit && !records.contains(&record) {
                records.push(record);
            }
        }
        records
    }

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
        let oid = |text: Option<String>| match text {
            Some(text) => Oid::parse(text.as_bytes()).map(Some),
            None => Some(None),
        };
        let words = line.words.map(|words| tidy(&words, MOST_WORDS));
        Some(Self {
            at: line.at,
            by: tidy(&line.by, LONGEST_NAME),
            environment: Some(line.environment).filter(is_name)?,
            commit: Oid::parse(line.commit.as_bytes())?,
            event: match line.event.as_str() {
                "signoff" => Event::Signoff { words },
                "push" => Event::Push {
                    replaces: oid(line.replaces)?,
                    rollback: line.rollback.unwrap_or(false),
                },
                "live" => Event::Live,
                "replaced" => Event::Replaced {
                    by: oid(line.replaced_by)??,
                },
                "removed" => Event::Removed {
                    by_rollback_to: oid(line.by_rollback_to)??,
                },
                "again" => Event::Again { words },
                _ => return None,
            },
            signed: line.signed,
        })
    }

    /// The name of the event.
    pub fn name(&self) -> &'static str {
        match self.event {
            Event::Signoff { .. } => "signoff",
            Event::Push { .. } => "push",
            Event::Live => "live",
            Event::Replaced { .. } => "replaced",
            Event::Removed { .. } => "removed",
            Event::Again { .. } => "again",
        }
    }

    /// The comment of the person.
    pub fn words(&self) -> Option<&str> {
        match &self.event {
            Event::Signoff { words } | Event::Again { words } => words.as_deref(),
            Event::Push { .. } | Event::Live | Event::Replaced { .. } | Event::Removed { .. } => {
                None
            }
        }
    }

    /// Whether this person recorded it, by the mail address where there is one.
    pub fn is_by(&self, person: &str) -> bool {
        who(&self.by) == who(person)
    }
}

/// What tells one person from another: the mail address, or the whole text where there is none.
pub fn who(person: &str) -> String {
    let mail = person
        .rsplit_once('<')
        .and_then(|(_, mail)| mail.strip_suffix('>'))
        .map(str::trim)
        .filter(|mail| !mail.is_empty());
    mail.unwrap_or(person).trim().to_lowercase()
}

/// Whether a text has both parts of `Name <mail>`: without one of them, two people could look the same,
/// or one like two.
pub fn names_a_person(person: &str) -> bool {
    let mail = |(name, mail): (&str, &str)| {
        Some((name.trim().len(), mail.strip_suffix('>')?.trim().len()))
    };
    matches!(person.rsplit_once('<').and_then(mail), Some((1.., 1..)))
}

/// One line, without a line feed.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut replaces, mut rollback) = (None, None);
        let (mut replaced_by, mut by_rollback_to) = (None, None);
        match &self.event {
            Event::Push {
                replaces: old,
                rollback: back,
            } => {
                replaces = old.as_ref().map(Oid::to_string);
                rollback = Some(*back);
            }
            Event::Replaced { by } => replaced_by = Some(by.to_string()),
            Event::Removed { by_rollback_to: to } => by_rollback_to = Some(to.to_string()),
            Event::Signoff { .. } | Event::Live | Event::Again { .. } => {}
        }
        let line = Line {
            v: VERSION,
            event: self.name().to_owned(),
            environment: self.environment.clone(),
            commit: self.commit.to_string(),
            by: tidy(&self.by, LONGEST_NAME),
            at: self.at,
            words: self.words().map(|words| tidy(words, MOST_WORDS)),
            replaces,
            rollback,
            replaced_by,
            by_rollback_to,
            signed: self.signed.clone(),
        };
        // JSON escapes every line feed. Nothing here can fail to be JSON.
        f.write_str(&serde_json::to_string(&line).map_err(|_| fmt::Error)?)
    }
}

/// Removes what a terminal must not show, and cuts the text.
fn tidy(text: &str, most: usize) -> String {
    let clean = |c: char| if is_odd(c) { ' ' } else { c };
    let text: String = text.trim().chars().map(clean).take(most).collect();
    text.trim().to_owned()
}

/// Whether a character moves the cursor, or changes the direction of the text.
fn is_odd(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
