//! What was decided, by whom, when and why: one JSON object a line in `.git/pushgate/ledger.jsonl`.

mod entry;

use std::{
    fmt::Display,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use bstr::ByteSlice;
use jiff::Timestamp;
use nix::unistd::{AccessFlags, access};
use serde::Deserialize;

use self::entry::VERSION;
pub use self::entry::{Entry, GateEntry};
use crate::file;

/// The ledger could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("could not {what}")]
pub struct LedgerError {
    /// What was tried, to follow "could not".
    pub what: String,
    pub source: io::Error,
}

/// The file that the entries are kept in.
#[derive(Clone, Debug)]
pub struct Ledger {
    path: PathBuf,
}

/// All that a ledger holds.
#[derive(Debug, Default)]
pub struct Contents {
    /// The entries, oldest first.
    pub entries: Vec<Entry>,
    /// The numbers of the lines that could not be read.
    pub damaged: Vec<usize>,
    /// How many lines are of a later version of the format.
    pub newer: usize,
}

impl Contents {
    /// What to say of the lines of a later version.
    pub(crate) fn newer_remark(&self, path: impl Display) -> Option<String> {
        let remark = format!("a newer pushgate has written into {path}: update this one");
        (self.newer > 0).then_some(remark)
    }
}

impl Ledger {
    pub fn new(state_dir: &Path) -> Self {
        Self {
            path: state_dir.join("ledger.jsonl"),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file for writing, and makes it if need be: an error comes before the slow gates run.
    pub fn prepare(&self) -> Result<(), LedgerError> {
        let directory = self.path.parent().unwrap_or(&self.path);
        match file::must_be_safe(directory) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.failed(error)),
            _ => self.open().map(drop).map_err(|error| self.failed(error)),
        }
    }

    /// Tells whether a line could be written, without making the file.
    pub fn probe(&self) -> Result<(), LedgerError> {
        let opened = file::open(&self.path, OpenOptions::new().read(true).append(true));
        let mut directories = self.path.ancestors().skip(1);
        let result = match (opened, directories.find(|one| one.is_dir())) {
            (Err(error), Some(directory)) if error.kind() == io::ErrorKind::NotFound => {
                access(directory, AccessFlags::W_OK).map_err(io::Error::from)
            }
            (opened, _) => opened.map(drop),
        };
        result.map_err(|error| self.failed(error))
    }

    /// Appends one line, whole or not at all.
    pub fn append(&self, entry: &Entry) -> Result<(), LedgerError> {
        self.write(entry).map_err(|error| self.failed(error))
    }

    fn failed(&self, source: io::Error) -> LedgerError {
        let what = format!("write {}", self.path.display());
        LedgerError { what, source }
    }

    fn open(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).append(true);
        if let Some(directory) = self.path.parent() {
            file::state_directory(directory)?;
        }
        file::open_or_create(&self.path, &options)
    }

    fn write(&self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_string(entry)?;
        line.push('\n');
        let mut file = self.open()?;
        // Two pushes at once write one after the other; the lock ends with the process that holds it.
        file.lock()?;
        let end = file.seek(SeekFrom::End(0))?;
        if end > 0 {
            let mut last = [0];
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                // The last line was cut off: ours must not be lost with it.
                line.insert(0, '\n');
            }
        }
        let written = file.write_all(line.as_bytes());
        if written.is_err() {
            let _ = file.set_len(end);
        }
        written
    }

    fn existing(&self) -> Result<Option<File>, LedgerError> {
        match file::open(&self.path, OpenOptions::new().read(true)) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.unreadable(error)),
        }
    }

    fn unreadable(&self, source: io::Error) -> LedgerError {
        let what = format!("read {}", self.path.display());
        LedgerError { what, source }
    }

    /// When the first decision was made.
    pub fn first(&self) -> Result<Option<Timestamp>, LedgerError> {
        let Some(file) = self.existing()? else {
            return Ok(None);
        };
        let mut line = Vec::new();
        let read = BufReader::new(file).read_until(b'\n', &mut line);
        read.map_err(|error| self.unreadable(error))?;
        Ok(entry(&line).map(|entry| entry.at))
    }

    pub fn read(&self) -> Result<Contents, LedgerError> {
        self.read_last(usize::MAX)
    }

    /// Reads so many of the last lines, however long the file is.
    pub fn read_last(&self, most: usize) -> Result<Contents, LedgerError> {
        let read = |mut file: File| {
            let start = match most {
                usize::MAX => 0,
                most => start_of_last(&mut file, most)?,
            };
            contents(&file, start)
        };
        let contents = self.existing()?.map(read).transpose();
        let contents = contents.map_err(|error| self.unreadable(error))?;
        Ok(contents.unwrap_or_default())
    }
}

/// Reads the entries from a place on; the numbers of damaged lines are kept.
fn contents(mut file: &File, start: u64) -> io::Result<Contents> {
    let mut contents = Contents::default();
    file.seek(SeekFrom::Start(start))?;
    for (index, line) in BufReader::new(file).split(b'\n').enumerate() {
        let line = line?;
        match entry(&line) {
            Some(entry) => contents.entries.push(entry),
            None if line.is_empty() => {}
            None if is_newer(&line) => contents.newer += 1,
            None => contents.damaged.push(index + 1),
        }
    }
    if start > 0 && !contents.damaged.is_empty() {
        file.seek(SeekFrom::Start(0))?;
        let lines = BufReader::new(file.take(start)).split(b'\n');
        let before = lines.count();
        contents.damaged.iter_mut().for_each(|line| *line += before);
    }
    Ok(contents)
}

/// Where the last lines of a file begin, so many of them at most.
fn start_of_last(file: &mut File, most: usize) -> io::Result<u64> {
    let mut buffer = [0; 16 * 1024];
    let mut at = file.seek(SeekFrom::End(0))?;
    // The last line has an end, too.
    let mut left = most;
    while at > 0 {
        let size = buffer.len().min(usize::try_from(at).unwrap_or(usize::MAX));
        let part = &mut buffer[..size];
        at -= size as u64;
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(part)?;
        for end in part.rfind_iter(b"\n") {
            if left == 0 {
                return Ok(at + end as u64 + 1);
            }
            left -= 1;
        }
    }
    Ok(0)
}

/// Parses one line; `None` where it is damaged or of another version.
fn entry(line: &[u8]) -> Option<Entry> {
    let entry = serde_json::from_slice::<Entry>(line).ok()?;
    (entry.v == VERSION).then_some(entry)
}

/// Whether a line is of a later version of the format, which may have other keys.
fn is_newer(line: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Version {
        v: u32,
    }
    serde_json::from_slice(line).is_ok_and(|Version { v }| v > VERSION)
}

#[cfg(test)]
mod tests;
