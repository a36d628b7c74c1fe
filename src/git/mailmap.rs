//! Which names and addresses belong to one person (gitmailmap(5)).

use std::path::PathBuf;

use bstr::{BStr, ByteSlice};
use git2::{Mailmap, Signature, Time};

use super::{
    Repository,
    files::{File, read_some},
};
use crate::{process::variable, push::Oid};

/// The most bytes of a mailmap that are read.
const LIMIT: usize = 1024 * 1024;

impl Repository {
    /// The people as the mailmap of a commit calls them, and those of `mailmap.blob` and `mailmap.file`;
    /// `Name <mail>` each. Whom none of them names stays as they are.
    pub(super) fn mapped(&self, people: &[String], commit: &Oid) -> Vec<String> {
        let text = self.mailmaps(commit);
        let text = lower_wanted(&text.to_str_lossy());
        let map = Some(text).filter(|text| !text.trim().is_empty());
        let Some(map) = map.and_then(|text| Mailmap::from_buffer(&text).ok()) else {
            return people.to_vec();
        };
        let mapped = |person: &String| {
            let (name, mail) = person.rsplit_once(" <")?;
            let mail = mail.strip_suffix('>')?.to_lowercase();
            let lower = name.to_lowercase();
            let signature = Signature::new(&lower, &mail, &Time::new(0, 0)).ok()?;
            let known = map.resolve_signature(&signature).ok()?;
            let known_name = known.name().ok().filter(|known| *known != lower);
            Some(format!(
                "{} <{}>",
                known_name.unwrap_or(name),
                known.email().ok()?
            ))
        };
        people
            .iter()
            .map(|one| mapped(one).unwrap_or_else(|| one.clone()))
            .collect()
    }

    /// All mailmaps, one after the other: later lines add to earlier ones.
    fn mailmaps(&self, commit: &Oid) -> Vec<u8> {
        let of_commit = match self.file(commit, ".mailmap", LIMIT) {
            Ok(Some(File::Text(text))) => Some(text),
            _ => None,
        };
        let blob = self.config("mailmap.blob").and_then(|name| {
            let name = name.to_str_lossy();
            let said = self.git.run(["cat-file", "blob", &*name]).ok()?;
            said.is_ok().then_some(said.stdout)
        });
        let file = self
            .config("mailmap.file")
            .and_then(|path| read_some(&home(path)?, LIMIT).ok());
        let all: Vec<_> = [of_commit, blob, file].into_iter().flatten().collect();
        all.join(&b'\n')
    }
}

/// Writes each line in lower case but for the name that it gives: git takes no notice of it there, libgit2 does.
fn lower_wanted(text: &str) -> String {
    let lower = |line: &str| {
        let end = line.find('<').unwrap_or(0);
        let (name, rest) = line.split_at(end);
        format!("{name}{}\n", rest.to_lowercase())
    };
    text.lines().map(lower).collect()
}

/// A path of git's configuration, where `~/` is the home directory.
fn home(path: &BStr) -> Option<PathBuf> {
    match path.strip_prefix(b"~/") {
        Some(rest) => Some(PathBuf::from(variable("HOME")?).join(rest.to_path_lossy())),
        None => Some(path.to_path_lossy().into_owned()),
    }
}
