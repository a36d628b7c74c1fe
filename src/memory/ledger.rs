//! What was decided, by whom, when and why: one JSON object a line in `.git/pushgate/ledger.jsonl`.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use bstr::Finder;
use jiff::Timestamp;
use nix::unistd::{AccessFlags, access};
use serde::{Deserialize, Serialize};

use crate::{
    gates::verdict::{Decision, Outcome, Trouble, Verdict},
    push::Oid,
};

/// The format of a line.
pub(crate) const VERSION: u32 = 1;

/// A longer line is nobody's.
pub(crate) const LONGEST: u64 = 1024 * 1024;

/// So much of its end is read where only the newest matters: some three hundred lines.
pub(crate) const TAIL: u64 = 128 * 1024;

/// One line of the ledger.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// The format, 1.
    pub v: u32,
    /// When it was decided.
    pub at: Timestamp,
    /// What happened: `push`.
    pub event: String,
    /// `go`, `refused`, `undecided` or `overridden`.
    pub verdict: String,
    /// The environment's name; `trunk`; null for any other place.
    pub environment: Option<String>,
    /// The remote as it was named, without a password.
    pub remote: String,
    /// Where it went.
    pub destination: String,
    /// The commit; null where a branch was deleted.
    pub commit: Option<String>,
    /// What it replaced on the environment; left out where nothing was there, or nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// Whether it was a rollback; left out where it was none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rollback: bool,
    /// Who pushed.
    pub by: String,
    /// What each gate said.
    pub gates: Vec<GateEntry>,
    /// Why it was overridden.
    pub reason: Option<String>,
    /// How long the decision took, in milliseconds.
    pub took_ms: u64,
}

/// What one gate said.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GateEntry {
    /// Its name; `chained` for the hook that was there before, `signal` for what ended the push,
    /// `program` where there was none to ask.
    pub gate: String,
    /// `passed`, `refused`, `skipped` or `undecided`.
    pub outcome: String,
    /// The facts, in words.
    pub why: String,
}

/// Who pushes what where, for the ledger.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The environment's name, or `trunk`.
    pub environment: Option<String>,
    /// The remote.
    pub remote: String,
    /// The destination.
    pub destination: String,
    /// The commit.
    pub commit: Option<Oid>,
    /// What is live there now.
    pub replaces: Option<Oid>,
    /// The person.
    pub by: String,
    /// Why the gate is overridden, if it is.
    pub reason: Option<String>,
}

impl Entry {
    /// A push that was decided now.
    pub fn push(subject: &Subject, decision: Decision, at: Timestamp, took_ms: u64) -> Self {
        Self {
            v: VERSION,
            at,
            event: "push".to_owned(),
            verdict: decision.name().to_owned(),
            environment: subject.environment.clone(),
            remote: subject.remote.clone(),
            destination: subject.destination.clone(),
            commit: subject.commit.as_ref().map(Oid::to_string),
            replaces: subject.replaces.as_ref().map(Oid::to_string),
            rollback: false,
            by: subject.by.clone(),
            gates: Vec::new(),
            reason: subject.reason.clone(),
            took_ms,
        }
    }

    /// As another event.
    #[must_use]
    pub fn of(mut self, event: &str) -> Self {
        event.clone_into(&mut self.event);
        self
    }

    /// Whether it tells of a push that was let go.
    pub fn went(&self) -> bool {
        self.event == "push" && self.goes()
    }

    fn goes(&self) -> bool {
        [Decision::Go, Decision::Overridden]
            .iter()
            .any(|decision| decision.name() == self.verdict)
    }

    /// What would have gone does not, because of something that is no gate.
    pub fn stopped(&mut self, by: &str, why: &str) {
        if self.goes() {
            Decision::Refused.name().clone_into(&mut self.verdict);
            self.gates.push(GateEntry {
                gate: by.to_owned(),
                outcome: "refused".to_owned(),
                why: why.to_owned(),
            });
        }
    }

    /// With what the gates said.
    #[must_use]
    pub fn with(mut self, verdict: &Verdict) -> Self {
        self.rollback = verdict.rollback.is_some();
        self.gates = (verdict.answers.iter())
            .map(|(gate, outcome)| {
                let (outcome, why) = match outcome {
                    Outcome::Passed(why) => ("passed", why.clone()),
                    Outcome::Skipped { needless: true } => {
                        ("skipped", "it would have passed".to_owned())
                    }
                    Outcome::Skipped { needless: false } => ("skipped", String::new()),
                    Outcome::Refused(refusal) => ("refused", refusal.to_string()),
                    Outcome::Undecided(trouble) => ("undecided", trouble.in_one_line()),
                };
                GateEntry {
                    gate: gate.name().to_owned(),
                    outcome: outcome.to_owned(),
                    why,
                }
            })
            .collect();
        self
    }
}

/// The file.
#[derive(Clone, Debug)]
pub struct Ledger {
    path: PathBuf,
}

/// What a ledger holds.
#[derive(Debug, Default)]
pub struct Contents {
    /// The entries, oldest first.
    pub entries: Vec<Entry>,
    /// The numbers of the lines that could not be read.
    pub damaged: Vec<usize>,
}

impl Ledger {
    /// The ledger in our directory.
    pub fn new(state_dir: &Path) -> Self {
        Self {
            path: state_dir.join("ledger.jsonl"),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a line could be written, told before anything dear is done.
    pub fn prepare(&self) -> Result<(), Trouble> {
        self.open().map(drop).map_err(|error| self.failed(&error))
    }

    /// The same, without a trace of the question.
    pub fn probe(&self) -> Result<(), Trouble> {
        let opened = OpenOptions::new().read(true).append(true).open(&self.path);
        let Err(error) = opened else {
            return Ok(());
        };
        let state = self.path.parent();
        let directory = state.and_then(|state| {
            if state.is_dir() {
                Some(state)
            } else {
                state.parent()
            }
        });
        match directory.filter(|_| error.kind() == io::ErrorKind::NotFound) {
            Some(directory) => {
                access(directory, AccessFlags::W_OK).map_err(|errno| self.failed(&errno.into()))
            }
            None => Err(self.failed(&error)),
        }
    }

    /// Appends one line, whole or not at all.
    pub fn append(&self, entry: &Entry) -> Result<(), Trouble> {
        self.write(entry).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &io::Error) -> Trouble {
        Trouble::io(format!("write {}", self.path.display()), error)
    }

    fn open(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        match (options.open(&self.path), self.path.parent()) {
            (Err(error), Some(directory)) if error.kind() == io::ErrorKind::NotFound => {
                // Not its parents: a repository that was removed meanwhile stays removed.
                match fs::create_dir(directory) {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
                    _ => options.open(&self.path),
                }
            }
            (opened, _) => opened,
        }
    }

    fn write(&self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_string(entry)?;
        line.push('\n');
        let mut file = self.open()?;
        // Two pushes at once write one after the other; the lock ends with its holder.
        file.lock()?;
        let end = file.seek(SeekFrom::End(0))?;
        if end > 0 {
            let mut last = [0];
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                // Somebody's line was cut off: ours shall not be lost with it.
                line.insert(0, '\n');
            }
        }
        let written = file.write_all(line.as_bytes());
        if written.is_err() {
            let _ = file.set_len(end);
        }
        written
    }

    /// The newest entries, oldest first: those in its last 128 KiB, and of them all that
    /// name this: an environment, or a commit.
    ///
    /// A ledger of years must not slow down a push.
    pub fn newest(&self, name: &str) -> Result<Vec<Entry>, Trouble> {
        let Some(mut file) = self.existing()? else {
            return Ok(Vec::new());
        };
        let mut text = Vec::new();
        let cut = file
            .metadata()
            .map(|file| file.len().saturating_sub(TAIL))
            .and_then(|start| file.seek(SeekFrom::Start(start)))
            .and_then(|start| file.read_to_end(&mut text).map(|_| start > 0))
            .map_err(|error| self.unreadable(&error))?;
        // The first line is cut off, most probably.
        let lines = text.split(|b| *b == b'\n').skip(usize::from(cut));
        // To read a line costs much more than to see that it is about something else.
        let quoted = serde_json::Value::from(name).to_string();
        let finder = Finder::new(&quoted);
        let lines = lines.filter(|line| finder.find(line).is_some());
        Ok(lines.filter_map(entry).collect())
    }

    /// Every entry whose line holds this text, oldest first.
    pub fn about(&self, text: &str) -> Result<Vec<Entry>, Trouble> {
        let Some(file) = self.existing()? else {
            return Ok(Vec::new());
        };
        let finder = Finder::new(text);
        let mut found = Vec::new();
        let mut reader = BufReader::with_capacity(64 * 1024, file);
        let mut line = Vec::new();
        loop {
            line.clear();
            // A line without an end is none of ours, and must not fill the memory.
            let read = reader.by_ref().take(LONGEST).read_until(b'\n', &mut line);
            if read.map_err(|error| self.unreadable(&error))? == 0 {
                return Ok(found);
            }
            if finder.find(&line).is_some() {
                found.extend(entry(&line));
            }
        }
    }

    fn existing(&self) -> Result<Option<File>, Trouble> {
        match File::open(&self.path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.unreadable(&error)),
        }
    }

    fn unreadable(&self, error: &io::Error) -> Trouble {
        Trouble::io(format!("read {}", self.path.display()), error)
    }

    /// Reads it all; what is damaged is left out and counted.
    pub fn read(&self) -> Result<Contents, Trouble> {
        let Some(file) = self.existing()? else {
            return Ok(Contents::default());
        };
        let mut contents = Contents::default();
        for (index, line) in BufReader::new(file).split(b'\n').enumerate() {
            let line = line.map_err(|error| self.unreadable(&error))?;
            match entry(&line) {
                Some(entry) => contents.entries.push(entry),
                None if line.is_empty() => {}
                None => contents.damaged.push(index + 1),
            }
        }
        Ok(contents)
    }
}

/// One line, where it is whole and of a version that we know.
pub(crate) fn entry(line: &[u8]) -> Option<Entry> {
    // The hook's shell writes names as they are, whatever their bytes.
    let line = String::from_utf8_lossy(line);
    let entry = serde_json::from_str::<Entry>(&line).ok()?;
    (entry.v == VERSION).then_some(entry)
}
