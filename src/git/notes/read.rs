//! The notes of this repository: a tree of files that are named after the commits they are about.

use std::collections::BTreeMap;

use bstr::ByteSlice;

use crate::{
    cure::command,
    gates::Stop,
    git::{
        Repository,
        backend::Kind,
        objects::{TreeEntry, tree_entry},
    },
    memory::record::{LIMIT, REF, Record},
    push::Oid,
};

pub struct Notes<'r> {
    pub(super) repository: &'r Repository,
}

impl Repository {
    pub fn notes(&self) -> Notes<'_> {
        Notes { repository: self }
    }
}

impl Notes<'_> {
    pub fn read(&self, commit: &Oid) -> Result<Vec<Record>, Stop> {
        let Some(tip) = self.tip()? else {
            return Ok(Vec::new());
        };
        let text = self.text(&tip, commit)?;
        if Record::has_newer(&text) {
            let commit = commit.short();
            let why = format!("a newer pushgate has written into the note of {commit}");
            return Err(Stop::undecided(why).hint("update this one"));
        }
        Ok(Record::parse_all(&text, commit))
    }

    pub(crate) fn all(&self) -> Result<Vec<Record>, Stop> {
        let mut blobs: BTreeMap<Oid, Vec<Oid>> = BTreeMap::new();
        if let Some(tip) = self.tip()? {
            for (commit, id) in self.list(&tip)? {
                blobs.entry(commit).or_default().push(id);
            }
        }
        let mut all = Vec::new();
        for (commit, ids) in blobs {
            let mut records = Record::parse_all(&self.joined(&ids)?, &commit);
            // What a note says of the commit that replaced its own stands in the other's note, too.
            records.retain(|record| record.commit == commit);
            all.extend(records);
        }
        Ok(all)
    }

    /// The records that were written last, in so many commits of the notes at most.
    ///
    /// git shows the lines that these commits add: a process less for each of them, and none of their trees is
    /// read here.
    pub(crate) fn recent(&self, commits: usize) -> Result<Vec<Record>, Stop> {
        let Some(tip) = self.tip()? else {
            return Ok(Vec::new());
        };
        let most = format!("--max-count={commits}");
        let args = [
            "log",
            "--first-parent",
            "-m",
            "--root",
            "--patch",
            "--unified=0",
            "--text",
            "--no-renames",
            "--no-relative",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
            "--no-show-signature",
            "--format=",
        ];
        let args = args.into_iter().chain([&*most, tip.as_str(), "--"]);
        let output = self.repository.git.must(args)?;
        // A deployment stands in two notes.
        let mut lines: Vec<_> = output.stdout.lines().collect();
        lines.sort_unstable();
        lines.dedup();
        let record = |line: &&[u8]| Record::parse(line.strip_prefix(b"+")?);
        Ok(lines.iter().filter_map(record).collect())
    }

    /// The commit that our notes are at.
    pub(super) fn tip(&self) -> Result<Option<Oid>, Stop> {
        let tip = self.repository.reference(REF)?;
        if let Some(tip) = &tip
            && self.repository.is_commit(tip)? != Some(true)
        {
            let remove = command(["git", "update-ref", "-d", REF]);
            let message = format!("{REF} leads to {}, which is no commit here", tip.short());
            let words = "remove it: the team's notes are fetched again";
            return Err(Stop::undecided(message).cure(words, [remove]));
        }
        Ok(tip)
    }

    /// Whether each of two histories of notes has what the other lacks.
    pub(super) fn apart(&self, ours: &Oid, theirs: &Oid) -> Result<(bool, bool), Stop> {
        if ours == theirs {
            return Ok((false, false));
        }
        let both = format!("{ours}...{theirs}");
        let output = (self.repository.git).run(["rev-list", "--left-right", "--count", &both])?;
        let counts = output.line().split_once_str("\t");
        // Where git cannot tell, a merge is never wrong.
        let counts = counts.filter(|_| output.is_ok()).unwrap_or((b"1", b"1"));
        Ok((counts.0 != b"0", counts.1 != b"0"))
    }

    /// The text of a commit's note; empty where there is none.
    pub(super) fn text(&self, tip: &Oid, commit: &Oid) -> Result<Vec<u8>, Stop> {
        let ids = self.blobs(tip, commit)?.into_iter().map(|(_, id)| id);
        self.joined(&ids.collect::<Vec<_>>())
    }

    /// The texts of a note's files, one after the other.
    fn joined(&self, ids: &[Oid]) -> Result<Vec<u8>, Stop> {
        let mut text = Vec::new();
        for id in ids {
            text.extend_from_slice(&self.blob(id)?);
            text.push(b'\n');
        }
        Ok(text)
    }

    fn blob(&self, id: &Oid) -> Result<Vec<u8>, Stop> {
        /// A larger file was not written by pushgate, and is not worth the memory.
        const MOST: usize = 16 * LIMIT;
        let header = self.repository.backend().header(id)?;
        if matches!(header, Some((Kind::Blob, size)) if size > MOST) {
            return Ok(Vec::new());
        }
        self.repository.read(id)
    }

    /// The files that hold a commit's note and their paths, one as a rule. Directories named after two
    /// digits each may lead to it.
    pub(super) fn blobs(&self, tip: &Oid, commit: &Oid) -> Result<Vec<(String, Oid)>, Stop> {
        let mut found = Vec::new();
        let mut tree = Some(self.repository.tree(tip)?);
        let mut path = String::new();
        let mut rest = commit.as_str();
        while let Some(id) = tree.take() {
            let bytes = self.repository.read(&id)?;
            let entry = |name: &str| tree_entry(&bytes, name.as_bytes(), commit.as_str().len());
            if let Some(entry) = entry(rest).filter(TreeEntry::is_file) {
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

    /// The files of all notes, with the commits that they are about.
    fn list(&self, tip: &Oid) -> Result<Vec<(Oid, Oid)>, Stop> {
        let args = ["ls-tree", "-r", "-z", "--full-tree", tip.as_str()];
        let output = self.repository.git.must(args)?;
        // `MODE blob ID`, a tab, the path (git-ls-tree(1)).
        let listed = |line: &[u8]| {
            let (head, path) = line.split_once_str("\t")?;
            let id = head.strip_prefix(b"100644 blob ")?;
            Some((Oid::parse(&path.replace("/", ""))?, Oid::parse(id)?))
        };
        let lines = output.stdout.split(|b| *b == 0);
        Ok(lines.filter_map(listed).collect())
    }

    /// The commits whose notes differ between two trees of notes.
    pub(super) fn differing(&self, ours: &Oid, theirs: &Oid) -> Result<Vec<Oid>, Stop> {
        let args = ["diff-tree", "-r", "-z", "--name-only", "--no-renames"];
        let trees = [ours.as_str(), theirs.as_str()];
        let output = self.repository.git.must(args.into_iter().chain(trees))?;
        let id = |path: &[u8]| Oid::parse(&path.replace("/", ""));
        let paths = output.stdout.split(|b| *b == 0);
        let mut commits: Vec<_> = paths.filter_map(id).collect();
        commits.sort();
        commits.dedup();
        Ok(commits)
    }
}
