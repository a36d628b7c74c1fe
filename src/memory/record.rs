//! The team's records about commits: one JSON object a line, in a git note.

use std::fmt;

use bstr::ByteSlice;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::IntoStaticStr;

use crate::{
    push::{Oid, destination::is_one_place},
    text::is_odd,
};

/// The version of the format.
const VERSION: u32 = 1;

/// The notes that the records are kept in.
pub const REF: &str = "refs/notes/pushgate";

/// How many bytes of a note are read.
pub const LIMIT: usize = 1024 * 1024;

/// The longest line that is read; what we write is shorter.
const LONGEST_LINE: usize = 64 * 1024;
/// The most gates that a record names.
const MOST_GATES: usize = 16;

/// The longest name of an environment or a person, in characters.
pub(super) const LONGEST_NAME: usize = 256;
/// The longest comment of a person, in characters.
pub(super) const MOST_WORDS: usize = 2000;

/// An environment, and where it is: two forks have environments of one name.
#[derive(Clone, Copy, Debug)]
pub struct Place<'p> {
    pub environment: &'p str,
    /// The normal forms of the URLs of all of its apps, or of one; without a password.
    pub destinations: &'p [String],
}

impl Place<'_> {
    /// Whether they are the same environment, and share a destination.
    pub(crate) fn overlaps(self, other: Place<'_>) -> bool {
        let is_there = |one: &String| {
            let mut there = other.destinations.iter();
            there.any(|other| is_one_place(one, other))
        };
        self.environment == other.environment && self.destinations.iter().any(is_there)
    }
}

/// Something that happened to a commit on an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub v: u32,
    #[serde(flatten)]
    pub event: Event,
    /// The comment of a person: what was tried or fixed, or what the lock said that was taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    pub environment: String,
    /// Where that environment is, as in [`Place`].
    pub destinations: Vec<String>,
    pub commit: Oid,
    /// The person who recorded it: `Name <mail>`.
    pub by: String,
    pub at: Timestamp,
    /// A commit object whose message is this record without it, signed as git signs commits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed: Option<String>,
}

/// What happened to a commit on an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(tag = "event", rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Event {
    /// A person tried it there.
    Signoff,
    /// It became live there.
    Deployed(Deployed),
    /// A person took the lock of the environment away. The commit was trunk's tip then.
    Unlock,
    /// It may go there again, though a rollback removed it.
    Again {
        /// When the rollback happened that it lifts: no two clocks are compared.
        lifts: Timestamp,
    },
}

/// How a commit became live on an environment. It is recorded only once its arrival was observed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    /// The commit that was live there before, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Oid>,
    pub judged: Judged,
    /// The gates that an override skipped; [`ALL_GATES`] where the gate was off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<String>,
    /// The reason given for the override.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether it was only found live, some time after it had arrived.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub seen: bool,
    /// When the push was decided: the time of its entry in the ledger of the clone that pushed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided: Option<Timestamp>,
    /// Whether another command than `git push` deployed it: git's ref there may have another commit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_command: bool,
    /// Of a rollback that brought a newer commit than the one it replaced: the commit, newer than both, that
    /// an earlier rollback had removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_place_of: Option<Oid>,
}

impl Deployed {
    /// A deployment of which nothing else is known.
    pub fn new(judged: Judged) -> Self {
        Self {
            replaces: None,
            judged,
            gates: Vec::new(),
            reason: None,
            seen: false,
            decided: None,
            by_command: false,
            in_place_of: None,
        }
    }

    /// The commit that a rollback keeps away: what it replaced, or what an earlier one had removed.
    pub(crate) fn keeps_away(&self) -> Option<&Oid> {
        let gone = self.in_place_of.as_ref().or(self.replaces.as_ref());
        gone.filter(|_| self.judged == Judged::Rollback)
    }
}

/// Stands for every gate in a record.
pub const ALL_GATES: &str = "all";

/// How a deployment was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Judged {
    /// The gates let it go.
    Go,
    /// An override skipped gates.
    Overridden,
    /// It went back to a commit that had been live before.
    Rollback,
    /// No gate judged it: `--no-verify`, or a clone without the hook.
    Unjudged,
    /// It was live before the gate was there.
    Before,
}

impl Judged {
    /// The word for it in records, in the log and in JSON.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Record {
    pub(crate) fn new(
        at: Timestamp,
        by: impl Into<String>,
        place: Place<'_>,
        commit: &Oid,
        event: Event,
    ) -> Self {
        Self {
            v: VERSION,
            event,
            words: None,
            environment: place.environment.to_owned(),
            destinations: place.destinations.to_vec(),
            commit: commit.clone(),
            by: by.into(),
            at,
            signed: None,
        }
    }

    /// Parses one line. A key that a later version adds is ignored.
    pub fn parse(line: &[u8]) -> Option<Self> {
        if line.len() > LONGEST_LINE {
            return None;
        }
        let record: Self = serde_json::from_slice(line).ok()?;
        record.is_whole().then(|| record.tidied())
    }

    /// Whether a note has a line of a later version, which this program may not pass over.
    pub(crate) fn has_newer(note: &[u8]) -> bool {
        let is_newer = |line: &[u8]| {
            let value = serde_json::from_slice::<Value>(line);
            value.is_ok_and(|value| value["v"].as_u64() > Some(VERSION.into()))
        };
        let mut unread = note.lines().filter(|line| Self::parse(line).is_none());
        unread.any(is_newer)
    }

    /// Whether it is of this version, and names an environment and where that is.
    pub(super) fn is_whole(&self) -> bool {
        let name = &self.environment;
        let is_name = !name.is_empty() && tidy(name, LONGEST_NAME) == *name;
        self.v == VERSION && is_name && !self.destinations.is_empty()
    }

    /// The texts of people as a terminal may show them, and no longer than they are read.
    fn tidied(mut self) -> Self {
        let shorten = |words: Option<String>| words.map(|words| tidy(&words, MOST_WORDS));
        if let Event::Deployed(deployed) = &mut self.event {
            deployed.gates.truncate(MOST_GATES);
            for gate in &mut deployed.gates {
                *gate = tidy(gate, LONGEST_NAME);
            }
            deployed.reason = shorten(deployed.reason.take());
        }
        self.by = tidy(&self.by, LONGEST_NAME);
        self.words = shorten(self.words);
        self
    }

    /// Parses the lines of a note that are about this commit.
    ///
    /// Everyone who can push can write a note, and notes are copied from commit to commit
    /// (`notes.rewriteRef`): lines that are damaged, of an unknown version or about another commit are
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
            if record.is_about(commit) && !records.contains(&record) {
                records.push(record);
            }
        }
        records
    }

    /// Whether it is about a commit: its own, or the one that it replaced. It stands in the notes of both.
    pub fn is_about(&self, commit: &Oid) -> bool {
        self.commit == *commit || self.replaces() == Some(commit)
    }

    pub fn place(&self) -> Place<'_> {
        Place {
            environment: &self.environment,
            destinations: &self.destinations,
        }
    }

    /// Whether it happened at a place: in a fork, an environment of the same name is somewhere else.
    pub fn is_at(&self, place: Place<'_>) -> bool {
        self.place().overlaps(place)
    }

    /// The commit that a deployment replaced.
    pub fn replaces(&self) -> Option<&Oid> {
        self.deployed()?.replaces.as_ref()
    }

    /// How the commit became live, where that is what the record tells.
    pub fn deployed(&self) -> Option<&Deployed> {
        match &self.event {
            Event::Deployed(deployed) => Some(deployed),
            Event::Signoff | Event::Unlock | Event::Again { .. } => None,
        }
    }

    pub fn name(&self) -> &'static str {
        (&self.event).into()
    }

    /// Whether it tells only that the commit was found live, by a clone that has not pushed it.
    pub fn is_sighting(&self) -> bool {
        (self.deployed()).is_some_and(|deployed| deployed.seen && deployed.decided.is_none())
    }

    /// Whether another command than `git push` deployed it.
    pub(crate) fn is_by_command(&self) -> bool {
        self.deployed().is_some_and(|deployed| deployed.by_command)
    }

    /// Whether this person recorded it, by the mail address where there is one.
    pub fn is_by(&self, person: &str) -> bool {
        who(&self.by) == who(person)
    }
}

/// One line, without a line feed.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // JSON escapes every line feed. Nothing here can fail to be JSON.
        let line = serde_json::to_string(&self.clone().tidied());
        f.write_str(&line.map_err(|_| fmt::Error)?)
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

/// Removes what a terminal must not show, and cuts the text.
pub(super) fn tidy(text: &str, most: usize) -> String {
    let clean = |c: char| if is_odd(c) { ' ' } else { c };
    let text: String = text.trim().chars().map(clean).take(most).collect();
    text.trim().to_owned()
}
