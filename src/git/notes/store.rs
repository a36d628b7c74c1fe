//! The notes as git keeps them: a tree of files that are called like the commits they are about.

use std::fs;

use bstr::ByteSlice;

use super::{Notes, REF};
use crate::{
    git::Error,
    git::repository::{TreeEntry, tree_entry},
    process::program::{Output, run, run_with_input},
    push::Oid,
};

/// No hook of anybody runs for our notes.
pub(crate) const NO_HOOKS: [&str; 2] = ["-c", "core.hooksPath=/dev/null"];

/// What `git fast-import` says where it leaves a report.
pub(crate) const CRASH: &str = "fast-import: dumping crash report to ";

/// How a write ended.
pub(crate) enum Written {
    /// It is on the disk.
    Done,
    /// Somebody else was faster; nothing was written.
    Overtaken,
}

/// A note that changes.
pub(crate) struct Change {
    /// Where it stands.
    path: String,
    /// Where it stood, too.
    stale: Vec<String>,
    /// Its text.
    text: Vec<u8>,
}

impl Change {
    /// A note keeps its place; a new one goes where git itself would put it among some hundreds.
    pub(crate) fn new(commit: &Oid, paths: &[String], text: Vec<u8>) -> Self {
        let (directory, name) = commit.as_str().split_at(2);
        let mut paths = paths.iter().cloned();
        Self {
            path: paths
                .next()
                .unwrap_or_else(|| format!("{directory}/{name}")),
            stale: paths.collect(),
            text,
        }
    }
}

impl Notes<'_> {
    /// The files that hold a commit's note and their paths: one as a rule. Directories of two
    /// digits each may lead to it, however deep.
    pub(crate) fn blobs(&self, tip: &Oid, commit: &Oid) -> Result<Vec<(String, Oid)>, Error> {
        let mut found = Vec::new();
        let mut tree = Some(self.world.tree(tip)?);
        let mut path = String::new();
        let mut rest = commit.as_str();
        while let Some(id) = tree.take() {
            let bytes = self.world.read(&id)?;
            let entry = |name: &str| tree_entry(&bytes, name.as_bytes(), commit.as_str().len());
            if let Some(entry) = entry(rest).filter(|entry| is_file(entry.mode)) {
                found.push((format!("{path}{rest}"), entry.id));
            }
            let Some((directory, below)) = rest.split_at_checked(2) else {
                break;
            };
            tree = entry(directory)
                .filter(|entry| entry.mode == TreeEntry::DIRECTORY)
                .map(|entry| entry.id);
            path += directory;
            path.push('/');
            rest = below;
        }
        Ok(found)
    }

    /// The files of all notes, and the commits that they are about.
    pub(crate) fn list(&self, tip: &Oid) -> Result<Vec<(Oid, Oid)>, Error> {
        let args = ["ls-tree", "-r", "-z", "--full-tree", tip.as_str()];
        let said = self.world.git().must(args)?;
        // `MODE blob ID`, a tab, the path (git-ls-tree(1)).
        let listed = |line: &[u8]| {
            let (head, path) = line.split_once_str("\t")?;
            let id = head.strip_prefix(b"100644 blob ")?;
            Some((Oid::parse(&path.replace("/", ""))?, Oid::parse(id)?))
        };
        Ok(said.stdout.split(|b| *b == 0).filter_map(listed).collect())
    }

    /// The commits whose notes are not the same here and there.
    pub(crate) fn differing(&self, here: &Oid, there: &Oid) -> Result<Vec<Oid>, Error> {
        let (here, there) = (here.as_str(), there.as_str());
        let args = [
            "diff-tree",
            "-r",
            "-z",
            "--name-only",
            "--no-renames",
            here,
            there,
        ];
        let said = self.world.git().must(args)?;
        let id = |path: &[u8]| Oid::parse(&path.replace("/", ""));
        let mut commits: Vec<_> = said.stdout.split(|b| *b == 0).filter_map(id).collect();
        commits.sort();
        commits.dedup();
        Ok(commits)
    }

    /// Moves our notes on to a commit that has them all.
    pub(crate) fn forward(&self, from: Option<&Oid>, to: &Oid) -> Result<Written, Error> {
        // An empty old id: the ref must not exist (git-update-ref(1)).
        let old = from.map_or("", Oid::as_str);
        let mut command = self.world.git().command(NO_HOOKS);
        command.args(["update-ref", "-m", "pushgate: fetch", REF, to.as_str(), old]);
        self.settle(from, "git update-ref", run(&mut command)?)
    }

    /// Commits changes on top of a tip, with what was merged as a second parent.
    ///
    /// `git fast-import` writes objects, trees and ref in one go, needs no name of the user, signs
    /// nothing, and leaves a ref alone that somebody else moved meanwhile.
    pub(crate) fn write(
        &self,
        subject: &str,
        tip: Option<&Oid>,
        merged: Option<&Oid>,
        changes: &[Change],
    ) -> Result<Written, Error> {
        let (name, mail) = self.person();
        let seconds = jiff::Timestamp::now().as_second().max(0);
        let mut input = format!("commit {REF}\ncommitter {name} <{mail}> {seconds} +0000\n");
        input += &format!("data {}\n{subject}\n", subject.len());
        for (word, id) in [("from", tip), ("merge", merged)] {
            if let Some(id) = id {
                input += &format!("{word} {id}\n");
            }
        }
        let mut input = input.into_bytes();
        for change in changes {
            for path in &change.stale {
                input.extend_from_slice(format!("D {path}\n").as_bytes());
            }
            let head = format!(
                "M 100644 inline {}\ndata {}\n",
                change.path,
                change.text.len()
            );
            input.extend_from_slice(head.as_bytes());
            input.extend_from_slice(&change.text);
            input.push(b'\n');
        }
        input.extend_from_slice(b"done\n");
        let mut command = self.world.git().command(NO_HOOKS);
        command.args(["fast-import", "--quiet", "--done", "--date-format=raw"]);
        // The reflog names a person, too.
        command
            .env("GIT_COMMITTER_NAME", name)
            .env("GIT_COMMITTER_EMAIL", mail);
        let mut said = run_with_input(&mut command, &input)?;
        said.stderr.retain(|line| match line.strip_prefix(CRASH) {
            Some(report) => {
                let _ = fs::remove_file(report);
                false
            }
            None => true,
        });
        self.settle(tip, "git fast-import", said)
    }

    pub(crate) fn settle(
        &self,
        tip: Option<&Oid>,
        command: &str,
        said: Output,
    ) -> Result<Written, Error> {
        if said.is_ok() {
            return Ok(Written::Done);
        }
        if self.tip()?.as_ref() != tip {
            return Ok(Written::Overtaken);
        }
        Err(Error::Failed {
            command: command.to_owned(),
            words: said.stderr,
        })
    }

    /// Name and mail address, as a commit may hold them.
    pub(crate) fn person(&self) -> (String, String) {
        let clean = |text: &str| {
            let odd = |c: char| c.is_control() || matches!(c, '<' | '>');
            text.replace(odd, " ").trim().to_owned()
        };
        let identity = self.world.identity();
        match identity.rsplit_once('<') {
            Some((name, mail)) => (clean(name), clean(mail)),
            None => (clean(&identity), String::new()),
        }
    }
}

pub(crate) fn is_file(mode: u32) -> bool {
    mode & 0o170_000 == 0o100_000
}
