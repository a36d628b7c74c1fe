//! The whole output of each run, in a file of its own; the last twenty are kept.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use jiff::{Timestamp, tz::TimeZone};

use crate::{file, gates::Stop};

const KEPT: usize = 20;

pub(super) struct Log {
    path: PathBuf,
    file: File,
    /// Whether all of it could be written.
    is_whole: bool,
}

impl Log {
    /// Begins a log, and removes the oldest ones.
    pub(super) fn create(directory: &Path) -> Result<Self, Stop> {
        let failed = |error: io::Error| {
            let directory = directory.display();
            Stop::failed(format_args!("write a log in {directory}"), &error)
        };
        // What a suite prints may be secret.
        file::state_directory(directory).map_err(failed)?;
        let now = Timestamp::now().to_zoned(TimeZone::UTC);
        let (time, process) = (now.strftime("%Y%m%dT%H%M%S%3f"), std::process::id());
        let name = format!("{time}-{process}.log");
        let path = directory.join(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let file = options.open(&path).map_err(failed)?;
        prune(directory);
        Ok(Self {
            path,
            file,
            is_whole: true,
        })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) {
        // A full disk must not stop a suite that would pass; the report then names no log.
        self.is_whole &= self.file.write_all(bytes).is_ok();
    }

    pub(super) fn note(&mut self, line: &str) {
        self.write(format!("{line}\n").as_bytes());
    }

    /// The end of what was written.
    pub(super) fn tail(&self) -> Vec<u8> {
        const MOST: u64 = 64 * 1024;
        let mut tail = Vec::new();
        if let Ok(mut file) = File::open(&self.path) {
            let length = file.metadata().map_or(0, |metadata| metadata.len());
            let start = SeekFrom::Start(length.saturating_sub(MOST));
            let _ = file.seek(start).and_then(|_| file.read_to_end(&mut tail));
        }
        tail
    }

    pub(super) fn path(&self) -> Option<PathBuf> {
        self.is_whole.then(|| self.path.clone())
    }
}

/// Names sort by time.
fn prune(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    let paths = entries.flatten().map(|entry| entry.path());
    let is_log = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "log");
    let mut logs: Vec<_> = paths.filter(is_log).collect();
    logs.sort();
    for old in logs.iter().rev().skip(KEPT) {
        let _ = fs::remove_file(old);
    }
}
