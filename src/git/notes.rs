//! What the team remembers of its commits, as git notes (git-notes(1)): read, added to, shared.
//!
//! Lines are a set: two notes of one commit are merged by their union, as `cat_sort_uniq` does it,
//! and nothing is ever taken away.

pub(crate) mod share;
pub(crate) mod signature;
pub(crate) mod store;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{File, OpenOptions, TryLockError, create_dir},
    io, thread,
    time::{Duration, Instant},
};

use bstr::ByteSlice;

use self::store::{Change, Written};
use super::{Real, network, repository::Kind};
use crate::{
    git::Error,
    memory::record::{self, Record},
    push::Oid,
};

/// The ref of our notes.
pub const REF: &str = "refs/notes/pushgate";

/// How long sharing may keep somebody waiting.
pub const LIMIT: Duration = network::LIMIT;

/// How often a writer begins again because somebody else wrote meanwhile.
pub(crate) const TRIES: usize = 20;
/// How long the others may take who write at this moment.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// The notes of a repository.
pub struct Notes<'w> {
    world: &'w Real,
}

impl Real {
    /// What the team remembers.
    pub fn notes(&self) -> Notes<'_> {
        Notes { world: self }
    }
}

impl Notes<'_> {
    /// What is remembered of a commit here; nothing is asked of anybody else.
    pub fn read(&self, commit: &Oid) -> Result<Vec<Record>, Error> {
        match self.tip()? {
            Some(tip) => Ok(Record::parse_all(&self.text(&tip, commit)?, commit)),
            None => Ok(Vec::new()),
        }
    }

    /// All that is remembered here, of any commit.
    pub fn all(&self) -> Result<Vec<Record>, Error> {
        let Some(tip) = self.tip()? else {
            return Ok(Vec::new());
        };
        let mut texts: BTreeMap<Oid, Vec<u8>> = BTreeMap::new();
        for (commit, id) in self.list(&tip)? {
            let text = texts.entry(commit).or_default();
            text.extend_from_slice(&self.blob(&id)?);
            text.push(b'\n');
        }
        let records = (texts.iter()).flat_map(|(commit, text)| Record::parse_all(text, commit));
        Ok(records.collect())
    }

    /// Adds records to the notes of their commits; those that are there already stay as they are.
    ///
    /// They are on the disk when it returns, and nobody else's are lost, whoever writes meanwhile.
    pub fn add(&self, records: &[Record]) -> Result<(), Error> {
        let mut lines: BTreeMap<&Oid, Vec<u8>> = BTreeMap::new();
        for record in records {
            let text = lines.entry(&record.commit).or_default();
            text.extend_from_slice(format!("{record}\n").as_bytes());
        }
        let subject = match records {
            [] => return Ok(()),
            [one] => format!(
                "{} {} on {}",
                one.name(),
                one.commit.short(),
                one.environment
            ),
            several => format!("{} records", several.len()),
        };
        let _turn = self.turn()?;
        for _ in 0..TRIES {
            let tip = self.tip()?;
            let mut changes = Vec::new();
            for (commit, new) in &lines {
                changes.extend(self.change(tip.as_ref(), commit, new)?);
            }
            if changes.is_empty() {
                return Ok(());
            }
            match self.write(&subject, tip.as_ref(), None, &changes)? {
                Written::Done => return Ok(()),
                Written::Overtaken => {}
            }
        }
        Err(overtaken())
    }

    /// Merges other notes, which are here whole, into ours.
    pub(crate) fn merge(&self, theirs: &Oid) -> Result<(), Error> {
        let _turn = self.turn()?;
        for _ in 0..TRIES {
            let written = match self.tip()? {
                Some(tip) if self.contains(&tip, theirs)? => return Ok(()),
                Some(tip) if !self.contains(theirs, &tip)? => {
                    let changes = self.changes(&tip, theirs)?;
                    self.write("Merge the team's notes", Some(&tip), Some(theirs), &changes)?
                }
                tip => self.forward(tip.as_ref(), theirs)?,
            };
            if matches!(written, Written::Done) {
                return Ok(());
            }
        }
        Err(overtaken())
    }

    /// What the notes of another commit bring to ours.
    pub(crate) fn changes(&self, tip: &Oid, theirs: &Oid) -> Result<Vec<Change>, Error> {
        let mut changes = Vec::new();
        for commit in self.differing(tip, theirs)? {
            let text = self.text(theirs, &commit)?;
            changes.extend(self.change(Some(tip), &commit, &text)?);
        }
        Ok(changes)
    }

    /// What these lines change in the note of a commit, if anything.
    pub(crate) fn change(
        &self,
        tip: Option<&Oid>,
        commit: &Oid,
        new: &[u8],
    ) -> Result<Option<Change>, Error> {
        let (paths, old) = match tip {
            Some(tip) => (self.paths(tip, commit)?, self.text(tip, commit)?),
            None => (Vec::new(), Vec::new()),
        };
        if new
            .lines()
            .all(|line| line.is_empty() || old.lines().any(|known| known == line))
        {
            return Ok(None);
        }
        let text = union(commit, &old, new)?;
        Ok(Some(Change::new(commit, &paths, text)))
    }

    /// The commit that our notes are at.
    pub(crate) fn tip(&self) -> Result<Option<Oid>, Error> {
        self.world.reference(REF)
    }

    /// Whether a history of notes has another one in it.
    pub(crate) fn contains(&self, tip: &Oid, other: &Oid) -> Result<bool, Error> {
        if tip == other {
            return Ok(true);
        }
        let args = ["merge-base", "--is-ancestor", other.as_str(), tip.as_str()];
        // Where it cannot be told, a merge is never wrong.
        Ok(self.world.git().run(args)?.is_ok())
    }

    /// The text of a commit's note; nothing where there is none.
    pub(crate) fn text(&self, tip: &Oid, commit: &Oid) -> Result<Vec<u8>, Error> {
        let mut text = Vec::new();
        for (_, id) in self.blobs(tip, commit)? {
            text.extend_from_slice(&self.blob(&id)?);
            text.push(b'\n');
        }
        Ok(text)
    }

    /// The text of a file of notes.
    pub(crate) fn blob(&self, id: &Oid) -> Result<Vec<u8>, Error> {
        /// What is larger was not written by any pushgate, and is not worth the memory.
        const MOST: usize = 16 * record::LIMIT;
        let header = self.world.backend().header(id)?;
        if matches!(header, Some((Kind::Blob, size)) if size > MOST) {
            return Ok(Vec::new());
        }
        self.world.read(id)
    }

    pub(crate) fn paths(&self, tip: &Oid, commit: &Oid) -> Result<Vec<String>, Error> {
        let blobs = self.blobs(tip, commit)?;
        Ok(blobs.into_iter().map(|(path, _)| path).collect())
    }

    /// Our turn to write: one process after the other, which spares them from overtaking each
    /// other. The lock ends with its holder.
    pub(crate) fn turn(&self) -> Result<File, Error> {
        let path = self.world.state_dir().join("notes.lock");
        let failed = |error: &io::Error| Error::io(format!("write {}", path.display()), error);
        let open = || OpenOptions::new().create(true).append(true).open(&path);
        let opened = open().or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                let _ = create_dir(self.world.state_dir());
                open()
            }
            _ => Err(error),
        });
        let file = opened.map_err(|error| failed(&error))?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    thread::sleep(Duration::from_millis(5));
                }
                Err(error) => return Err(failed(&error.into())),
            }
        }
    }
}

/// The lines of both, each once, in git's order for `cat_sort_uniq`.
///
/// Only where all of it is more than anybody reads, what is no record of this commit goes.
pub(crate) fn union(commit: &Oid, old: &[u8], new: &[u8]) -> Result<Vec<u8>, Error> {
    let both = old.lines().chain(new.lines());
    let mut lines: BTreeSet<&[u8]> = both.filter(|line| !line.is_empty()).collect();
    let size = |lines: &BTreeSet<&[u8]>| lines.iter().map(|line| line.len() + 1).sum::<usize>();
    if size(&lines) > record::LIMIT {
        lines.retain(|line| Record::parse(line).is_some_and(|record| record.commit == *commit));
    }
    if size(&lines) > record::LIMIT {
        return Err(Error::Io {
            what: format!("write the note of {}", commit.short()),
            words: vec!["there is no room in it for another line".to_owned()],
        });
    }
    Ok(lines
        .into_iter()
        .flat_map(|line| [line, b"\n"])
        .flatten()
        .copied()
        .collect())
}

pub(crate) fn overtaken() -> Error {
    Error::Io {
        what: format!("write {REF}"),
        words: vec!["others wrote it each time".to_owned()],
    }
}
