//! Pushes that were let go and of which no deployment is recorded: a file each in `.git/pushgate/open`.

use std::{
    fs::{self, DirEntry, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::record::Record;
use crate::{file, push::Oid};

/// The version of the format.
const VERSION: u32 = 1;

/// A push to an environment that was let go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenPush {
    v: u32,
    /// The record that will be written if it arrived; its time is that of the decision.
    pub record: Record,
    /// The remote's name, or the URL as it was typed.
    pub remote: String,
    pub url: String,
    /// The full name of the ref that is pushed.
    pub target: String,
    /// What the ref led to before, as the remote said.
    #[serde(default)]
    pub old: Option<Oid>,
    /// When the remote had said so; `None` of a push that an earlier version let go.
    #[serde(default)]
    pub asked: Option<Timestamp>,
    /// When the hook let it go: a chained hook may take long after the decision.
    #[serde(default)]
    pub left: Option<Timestamp>,
    /// The ref that git moves when the push has arrived, and what it led to before.
    pub tracking: Option<Tracking>,
    /// The process of `git push`, or of the deploy that makes the push: its id, and when it started.
    pub git: Option<(i32, u64)>,
    /// The `git push` that a deploy has started, which may outlive it.
    #[serde(default)]
    pub child: Option<(i32, u64)>,
    /// Whether git's reflog was read after git had ended: what comes later is of another push.
    #[serde(default)]
    pub read_out: bool,
    /// The remote where the team shares its records.
    pub share: Option<String>,
    pub state: State,
}

/// What is known of a push of which no deployment is recorded.
///
/// Of a push of several branches, the last of these states counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It had not arrived when git had ended. A platform may go on building, and take it later.
    Missing,
    /// It can no longer be told.
    Unknown,
    /// git still runs, or the remote has not answered.
    Open,
}

/// A remote-tracking ref before the push.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracking {
    pub name: String,
    pub tip: Option<Oid>,
    /// The number of moves in its reflog.
    pub moves: usize,
}

impl OpenPush {
    pub fn new(record: Record, remote: String, url: String, target: String) -> Self {
        Self {
            v: VERSION,
            record,
            remote,
            url,
            target,
            old: None,
            asked: None,
            left: None,
            tracking: None,
            git: None,
            child: None,
            read_out: false,
            share: None,
            state: State::Open,
        }
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

    /// Writes a new file, whose name is returned; it is as private as the rest of the state, for the URL may
    /// hold a password.
    pub fn add(&self, push: &OpenPush) -> io::Result<PathBuf> {
        file::state_directory(&self.directory)?;
        let process = std::process::id();
        for number in 0.. {
            let path = self.directory.join(format!("{process}-{number}.json"));
            let mut options = OpenOptions::new();
            match file::open_or_create(&path, options.write(true).create_new(true)) {
                Ok(mut file) => {
                    let written = file.write_all(&serde_json::to_vec(push)?);
                    return written.map(|()| path);
                }
                Err(_) if path.symlink_metadata().is_ok() => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// The pushes with their files; what cannot be read is left out, and named by [`Self::unread`].
    pub fn all(&self) -> Vec<(PathBuf, OpenPush)> {
        let each = self.each().into_iter();
        each.filter_map(|(path, push)| Some((path, push.ok()?)))
            .collect()
    }

    /// Those of which it is not known yet whether they arrived.
    pub fn open(&self) -> Vec<(PathBuf, OpenPush)> {
        let mut all = self.all();
        all.retain(|(_, push)| push.state == State::Open);
        all
    }

    /// The files that no push can be read from, and why.
    pub fn unread(&self) -> Vec<(PathBuf, io::Error)> {
        let each = self.each().into_iter();
        each.filter_map(|(path, push)| Some((path, push.err()?)))
            // It was settled in the meantime.
            .filter(|(_, error)| error.kind() != io::ErrorKind::NotFound)
            .collect()
    }

    fn each(&self) -> Vec<(PathBuf, io::Result<OpenPush>)> {
        let entries = fs::read_dir(&self.directory).into_iter().flatten();
        // What begins with a dot is half written.
        let whole = |entry: &DirEntry| !entry.file_name().as_encoded_bytes().starts_with(b".");
        let entries = entries.flatten().filter(whole);
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        let each = paths.into_iter().map(|path| (path.clone(), read(&path)));
        each.collect()
    }
}

fn read(path: &Path) -> io::Result<OpenPush> {
    let value: Value = file::read_json(path)?;
    if value["v"].as_u64() > Some(VERSION.into()) {
        let why = "a newer pushgate has written it: update this one";
        return Err(io::Error::new(io::ErrorKind::Unsupported, why));
    }
    let push: OpenPush = serde_json::from_value(value)?;
    if push.v == VERSION && push.record.is_whole() {
        return Ok(push);
    }
    Err(io::Error::other("it is not of an open push"))
}
