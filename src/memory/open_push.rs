//! Pushes that were let go and of which is not known yet whether they arrived: a file each in
//! `.git/pushgate/open`.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::record::Record;
use crate::file;

/// The version of the format.
const VERSION: u32 = 1;

/// Larger files are not ours.
const LARGEST: u64 = 64 * 1024;

/// A push to an environment that was let go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenPush {
    v: u32,
    /// The record that will be written if it arrived, as JSON.
    record: String,
    /// The remote's name, or the URL as it was typed.
    pub remote: String,
    pub url: String,
    /// The full name of the ref that is pushed.
    pub target: String,
    /// The ref that git moves when the push has arrived, and what it led to before.
    pub tracking: Option<Tracking>,
    /// The process of `git push`: its id, and when it started.
    pub git: Option<(i32, u64)>,
    /// The remote where the team shares its records.
    pub share: Option<String>,
    /// Whether it was looked at, and can never be told.
    pub unknown: bool,
}

/// A remote-tracking ref before the push.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracking {
    pub name: String,
    pub tip: Option<String>,
}

impl OpenPush {
    pub fn new(record: &Record, remote: String, url: String, target: String) -> Self {
        Self {
            v: VERSION,
            record: record.to_string(),
            remote,
            url,
            target,
            tracking: None,
            git: None,
            share: None,
            unknown: false,
        }
    }

    /// The record; its time is that of the decision.
    pub fn record(&self) -> Option<Record> {
        Record::parse(self.record.as_bytes())
    }
}

/// The directory of all open pushes of a clone.
#[derive(Clone, Debug)]
pub struct OpenPushes {
    directory: PathBuf,
}

impl OpenPushes {
    pub fn new(state_dir: &Path) -> Self {
        Self {
            directory: state_dir.join("open"),
        }
    }

    /// Writes a new file, whose name is returned; only its owner can read it, for the URL may hold a
    /// password.
    pub fn add(&self, push: &OpenPush) -> io::Result<PathBuf> {
        file::state_directory(&self.directory)?;
        let process = std::process::id();
        for number in 0.. {
            let path = self.directory.join(format!("{process}-{number}.json"));
            let mut options = OpenOptions::new();
            match options.write(true).create_new(true).mode(0o600).open(&path) {
                Ok(mut file) => {
                    let written = file.write_all(&serde_json::to_vec(push)?);
                    return written.map(|()| path);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// The open pushes with their files; what cannot be read is left out.
    pub fn all(&self) -> Vec<(PathBuf, OpenPush)> {
        let entries = fs::read_dir(&self.directory).into_iter().flatten();
        let read = |path: PathBuf| {
            let is_ours = path.symlink_metadata().ok()?.len() <= LARGEST;
            let text = is_ours.then(|| file::read(&path).ok()).flatten()?;
            let push: OpenPush = serde_json::from_slice(&text).ok()?;
            (push.v == VERSION).then_some((path, push))
        };
        let mut all: Vec<_> = entries
            .flatten()
            .filter_map(|one| read(one.path()))
            .collect();
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        all
    }
}
