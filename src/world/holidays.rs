//! The calendars that a policy names: from the commit, or the work tree, that the policy is from.

use std::{fs, io::Read};

use super::{
    Real,
    repository::{Kind, TreeEntry},
};
use crate::{calendar::holidays::LIMIT, push::Oid, verdict::Trouble};

impl Real {
    /// The calendar at a path of a commit, or why there is none.
    pub(super) fn committed_calendar(&self, commit: &Oid, path: &str) -> Result<Vec<u8>, String> {
        let in_words = |trouble: Trouble| trouble.in_one_line();
        let Some(entry) = self.entry(commit, path).map_err(in_words)? else {
            return Err(format!("commit {} has no such file", commit.short()));
        };
        match entry.mode {
            TreeEntry::DIRECTORY => return Err("it is a directory, not a file".to_owned()),
            TreeEntry::LINK => return Err("it is a link, not a file".to_owned()),
            TreeEntry::MODULE => return Err("it is a submodule, not a file".to_owned()),
            _ => {}
        }
        let mut backend = self.backend();
        match backend.header(&entry.id).map_err(in_words)? {
            Some((Kind::Blob, size)) if size > LIMIT => Err(format!(
                "the file has {size} bytes; at most {LIMIT} are read"
            )),
            Some((Kind::Blob, _)) => backend.read(&entry.id).map_err(in_words),
            Some(_) => Err(super::damaged(&entry.id).in_one_line()),
            None => Err(self.absent(&entry.id).in_one_line()),
        }
    }

    /// The calendar that a person has before them: the work tree's, else that of HEAD.
    pub(crate) fn calendar_here(&self, path: &str) -> Result<Vec<u8>, String> {
        let is_there =
            |top: &std::path::Path| top.join(crate::policy::FILE).symlink_metadata().is_ok();
        if self.work_tree().is_some_and(is_there) {
            return self.work_tree_calendar(path);
        }
        match self
            .reference("HEAD")
            .map_err(|trouble| trouble.in_one_line())?
        {
            Some(head) => self.committed_calendar(&head, path),
            None => Err("there is no commit to read it from".to_owned()),
        }
    }

    /// The calendar at a path of the work tree.
    pub(super) fn work_tree_calendar(&self, path: &str) -> Result<Vec<u8>, String> {
        let top = self
            .work_tree()
            .ok_or("there is no work tree to read it from")?;
        let words = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => "the work tree has no such file".to_owned(),
            _ => error.to_string(),
        };
        let file = top.join(path);
        let is_within =
            file.canonicalize().map_err(words)? == top.canonicalize().map_err(words)?.join(path);
        if !is_within || !file.symlink_metadata().map_err(words)?.is_file() {
            return Err("it is no plain file of the repository".to_owned());
        }
        let most = u64::try_from(LIMIT + 1).unwrap_or(u64::MAX);
        let mut bytes = Vec::new();
        let file = fs::File::open(&file).map_err(words)?;
        file.take(most).read_to_end(&mut bytes).map_err(words)?;
        Ok(bytes)
    }
}
