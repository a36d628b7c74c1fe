//! What a deploy has judged, so that the hook of its own push lets that pass: a file that the deploy keeps
//! locked while it runs.

use std::{
    ffi::OsStr,
    fs::{self, OpenOptions, TryLockError},
    io::{self, Write},
    path::Path,
};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::{
    file,
    push::{Oid, Update},
};

/// How the file's name begins.
const PREFIX: &str = ".deploy-";

/// One ref of one destination that a deploy may push.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permitted {
    destination: String,
    target: String,
    commit: Oid,
    replaces: Option<Oid>,
}

impl Permitted {
    /// What a push does to a ref of a destination; `None` where it deletes it.
    pub fn of(update: &Update, destination: String) -> Option<Self> {
        Some(Self {
            destination,
            target: update.target.to_string(),
            commit: update.commit.clone()?,
            replaces: update.replaces.clone(),
        })
    }
}

/// The file of a deploy that runs; it is removed when this is dropped.
#[derive(Debug)]
pub struct Permit(NamedTempFile);

impl Permit {
    pub fn issue(state_dir: &Path, permitted: &[Permitted]) -> io::Result<Self> {
        remove_stale(state_dir);
        // Only its owner can read it.
        let mut file = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempfile_in(state_dir)?;
        file.as_file().lock()?;
        file.write_all(&serde_json::to_vec(permitted)?)?;
        Ok(Self(file))
    }

    /// The file's name in the directory of the repository's state.
    pub fn name(&self) -> &OsStr {
        self.0.path().file_name().unwrap_or_default()
    }

    /// What the deploy has judged that has the file of this name; nothing unless that deploy still runs.
    pub fn read(state_dir: &Path, name: &OsStr) -> Vec<Permitted> {
        let is_ours = Path::new(name).file_name() == Some(name) && is_permit(name);
        let path = state_dir.join(name);
        if !is_ours || is_held(&path) != Some(true) {
            return Vec::new();
        }
        file::read_json(&path).unwrap_or_default()
    }
}

fn is_permit(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(PREFIX.as_bytes())
}

/// Whether the deploy that has this file still runs; `None` where it cannot be told.
fn is_held(path: &Path) -> Option<bool> {
    let file = file::open(path, OpenOptions::new().read(true)).ok()?;
    let locked = file.try_lock_shared();
    Some(matches!(locked, Err(TryLockError::WouldBlock)))
}

/// Removes the files of deploys that were killed.
fn remove_stale(state_dir: &Path) {
    for entry in fs::read_dir(state_dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if is_permit(&entry.file_name()) && is_held(&path) == Some(false) {
            let _ = fs::remove_file(&path);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    fn permitted() -> Permitted {
        let commit = Oid::parse(&[b'1'; 40]).unwrap();
        let update = Update {
            source: "refs/heads/master".into(),
            commit: Some(commit),
            target: "refs/heads/master".into(),
            replaces: None,
        };
        Permitted::of(&update, "shop".to_owned()).unwrap()
    }

    #[test]
    fn only_the_file_of_a_deploy_that_runs_counts() {
        let directory = tempfile::tempdir().unwrap();
        let read = |name: &OsStr| Permit::read(directory.path(), name);
        let permit = Permit::issue(directory.path(), &[permitted()]).unwrap();
        let name = permit.name().to_owned();
        assert_eq!(read(&name), [permitted()]);
        let path = permit.0.path().to_owned();
        assert!(read(path.as_os_str()).is_empty());
        assert!(read(OsStr::new("nothing")).is_empty());
        let copy = directory.path().join(".deploy-copy");
        fs::copy(&path, &copy).unwrap();
        assert!(read(OsStr::new(".deploy-copy")).is_empty());
        drop(permit);
        assert!(read(&name).is_empty() && !path.exists());
        // What a deploy that was killed has left is removed by the next.
        let _next = Permit::issue(directory.path(), &[]).unwrap();
        assert!(!copy.exists());
    }
}
