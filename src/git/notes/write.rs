//! Writes notes: in git's own format, completely or not at all, also where several processes write.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io,
    time::Duration,
};

use bstr::ByteSlice;

use super::read::Notes;
use crate::{
    file,
    gates::{LocalRepository as _, Object, Stop},
    git::command::NO_HOOKS,
    memory::record::{LIMIT, REF, Record},
    process::program::{Output, run, run_with_input},
    push::Oid,
};

/// How often a writer starts again because another process wrote meanwhile.
const TRIES: usize = 20;
/// How long a writer waits for the lock.
const PATIENCE: Duration = Duration::from_secs(10);

/// How `git fast-import` names a report that it leaves.
const CRASH: &str = "fast-import: dumping crash report to ";

/// A note that changes.
struct Change {
    path: String,
    text: Vec<u8>,
}

impl Notes<'_> {
    /// Adds records to the notes of their commits; those that are there already stay as they are.
    ///
    /// They are on the disk when it returns, and no line of another writer is lost.
    pub fn add(&self, records: &[Record]) -> Result<(), Stop> {
        let mut lines: BTreeMap<&Oid, Vec<u8>> = BTreeMap::new();
        for record in records {
            // A deployment is told of by the notes of both commits.
            for commit in [Some(&record.commit), record.replaces()]
                .into_iter()
                .flatten()
            {
                let text = lines.entry(commit).or_default();
                text.extend_from_slice(format!("{record}\n").as_bytes());
            }
        }
        let subject = match records {
            [] => return Ok(()),
            [one] => {
                let (name, commit) = (one.name(), one.commit.short());
                format!("{name} {commit} on {}", one.environment)
            }
            several => format!("{} records", several.len()),
        };
        self.until_written(|tip| {
            let mut changes = Vec::new();
            for (commit, new) in &lines {
                changes.extend(self.change(tip, commit, new)?);
            }
            Ok(changes.is_empty() || self.write(&subject, tip, None, &changes)?)
        })
    }

    /// Merges other notes, which are here completely, into ours.
    pub(super) fn merge(&self, theirs: &Oid) -> Result<(), Stop> {
        self.until_written(|tip| {
            let Some(ours) = tip else {
                return self.forward(tip, theirs);
            };
            // One commit of a colleague on top of ours, which needs no git to tell.
            if matches!(self.repository.object(theirs)?, Object::Commit { parents } if parents.contains(ours)) {
                return self.forward(tip, theirs);
            }
            match self.apart(ours, theirs)? {
                (_, false) => Ok(true),
                (false, true) => self.forward(tip, theirs),
                (true, true) => {
                    let changes = self.changes(ours, theirs)?;
                    self.write("Merge the team's notes", tip, Some(theirs), &changes)
                }
            }
        })
    }

    /// Tries a change of our notes on their tip, until no other process has moved it meanwhile.
    ///
    /// Writers of this clone take turns, so that they need not start again.
    fn until_written(
        &self,
        change: impl Fn(Option<&Oid>) -> Result<bool, Stop>,
    ) -> Result<(), Stop> {
        let _lock = self.lock()?;
        for _ in 0..TRIES {
            if change(self.tip()?.as_ref())? {
                return Ok(());
            }
        }
        Err(Stop::failed(
            format!("write {REF}"),
            &"others wrote it each time",
        ))
    }

    /// The turn of this process to write the notes.
    pub(crate) fn lock(&self) -> Result<File, Stop> {
        let path = self.repository.state_dir().join("notes.lock");
        let _ = file::state_directory(&self.repository.state_dir());
        let lock = file::lock(&path, PATIENCE);
        lock.and_then(|lock| lock.ok_or(io::ErrorKind::WouldBlock.into()))
            .map_err(|error| Stop::failed("write the notes", &error))
    }

    /// What the notes of another tree add to ours.
    fn changes(&self, tip: &Oid, theirs: &Oid) -> Result<Vec<Change>, Stop> {
        let mut changes = Vec::new();
        for commit in self.differing(tip, theirs)? {
            let text = self.text(theirs, &commit)?;
            changes.extend(self.change(Some(tip), &commit, &text)?);
        }
        Ok(changes)
    }

    /// What these lines change in the note of a commit, if anything.
    fn change(&self, tip: Option<&Oid>, commit: &Oid, new: &[u8]) -> Result<Option<Change>, Stop> {
        let (blobs, old) = match tip {
            Some(tip) => (self.blobs(tip, commit)?, self.text(tip, commit)?),
            None => (Vec::new(), Vec::new()),
        };
        let is_known = |line: &[u8]| line.is_empty() || old.lines().any(|known| known == line);
        if new.lines().all(is_known) {
            return Ok(None);
        }
        // A note keeps its path; a new one gets the path that git itself would give it among some hundreds.
        let path = blobs.into_iter().next().map(|(path, _)| path);
        let (directory, name) = commit.as_str().split_at(2);
        Ok(Some(Change {
            path: path.unwrap_or_else(|| format!("{directory}/{name}")),
            text: union(commit, &old, new)?,
        }))
    }

    /// Moves our ref on to a commit that contains all our notes.
    fn forward(&self, from: Option<&Oid>, to: &Oid) -> Result<bool, Stop> {
        // An empty old id: the ref must not exist (git-update-ref(1)).
        let old = from.map_or("", Oid::as_str);
        let mut command = self.repository.git.command(NO_HOOKS);
        command.args(["update-ref", "-m", "pushgate: fetch", REF, to.as_str(), old]);
        self.written(from, "git update-ref", run(&mut command)?)
    }

    /// Commits changes on top of a tip; `merged` is a second parent.
    ///
    /// `git fast-import` writes objects, trees and ref in one call, needs no name of the user, signs
    /// nothing, and does not touch a ref that another process moved meanwhile.
    fn write(
        &self,
        subject: &str,
        tip: Option<&Oid>,
        merged: Option<&Oid>,
        changes: &[Change],
    ) -> Result<bool, Stop> {
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
            let (path, size) = (&change.path, change.text.len());
            let head = format!("M 100644 inline {path}\ndata {size}\n");
            input.extend_from_slice(head.as_bytes());
            input.extend_from_slice(&change.text);
            input.push(b'\n');
        }
        input.extend_from_slice(b"done\n");
        let mut command = self.repository.git.command(NO_HOOKS);
        command.args(["fast-import", "--quiet", "--done", "--date-format=raw"]);
        // The reflog names a person, too.
        command
            .env("GIT_COMMITTER_NAME", name)
            .env("GIT_COMMITTER_EMAIL", mail);
        let mut output = run_with_input(&mut command, &input)?;
        output.stderr.retain(|line| match line.strip_prefix(CRASH) {
            Some(report) => {
                let _ = fs::remove_file(report);
                false
            }
            None => true,
        });
        self.written(tip, "git fast-import", output)
    }

    /// Whether a call of git moved our ref from `tip`; false where another process was faster, and
    /// nothing was written.
    fn written(&self, tip: Option<&Oid>, command: &str, output: Output) -> Result<bool, Stop> {
        if output.is_ok() {
            return Ok(true);
        }
        if self.tip()?.as_ref() != tip {
            return Ok(false);
        }
        let error = Stop::not_run(command, output.stderr);
        Err(error.cure("see what is wrong here", ["pushgate doctor"]))
    }

    /// The name and the mail address of the user, as a commit may hold them.
    pub(super) fn person(&self) -> (String, String) {
        let clean = |text: &str| {
            let odd = |c: char| c.is_control() || matches!(c, '<' | '>');
            text.replace(odd, " ").trim().to_owned()
        };
        let identity = self.repository.identity();
        match identity.rsplit_once('<') {
            Some((name, mail)) => (clean(name), clean(mail)),
            None => (clean(&identity), String::new()),
        }
    }
}

/// The lines of both, each once, in git's order for `cat_sort_uniq`.
///
/// Where that is more than is ever read, the lines that are no record of this commit are dropped.
fn union(commit: &Oid, old: &[u8], new: &[u8]) -> Result<Vec<u8>, Stop> {
    let both = old.lines().chain(new.lines());
    let mut lines: BTreeSet<&[u8]> = both.filter(|line| !line.is_empty()).collect();
    let size = |lines: &BTreeSet<&[u8]>| lines.iter().map(|line| line.len() + 1).sum::<usize>();
    if size(&lines) > LIMIT {
        lines.retain(|line| Record::parse(line).is_some_and(|record| record.is_about(commit)));
    }
    if size(&lines) > LIMIT {
        let what = format!("write the note of {}", commit.short());
        return Err(Stop::failed(
            what,
            &"there is no room in it for another line",
        ));
    }
    let ended = lines.into_iter().flat_map(|line| [line, b"\n"]);
    Ok(ended.flatten().copied().collect())
}
