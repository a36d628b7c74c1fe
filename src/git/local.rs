//! What the gates ask of the local repository: objects, ancestry, and where branches are checked out.

use bstr::ByteSlice;
use jiff::Timestamp;

use super::{
    Repository,
    backend::Kind,
    files::{Files, damaged},
    objects::{commit_author, commit_headers},
};
use crate::{
    gates::{
        self, Object, Undecided,
        facts::{CheckedOut, Commit, Count, Difference, Mismatch, Relation, TrunkName},
    },
    policy::detect::{self, Candidate},
    push::Oid,
};

impl gates::LocalRepository for Repository {
    fn object(&self, id: &Oid) -> Result<Object, Undecided> {
        let mut backend = self.backend();
        Ok(match backend.header(id)? {
            Some((Kind::Commit, _)) => {
                let bytes = backend.read(id)?;
                let (_, parents) = commit_headers(&bytes).ok_or_else(|| damaged(id))?;
                Object::Commit { parents }
            }
            Some((kind, _)) => Object::Other(kind.str()),
            None => Object::Missing,
        })
    }

    fn is_shallow(&self) -> bool {
        self.layout.is_shallow
    }

    fn local_branch(&self, name: &str) -> Result<Option<Oid>, Undecided> {
        self.reference(&format!("refs/heads/{name}"))
    }

    fn has_been_there(&self, trunk: &TrunkName) -> Result<bool, Undecided> {
        let name = |branch: &str| format!("refs/remotes/{}/{branch}", trunk.remote);
        let tracking = name(&trunk.branch);
        Ok(self.reference(&tracking)?.is_some() || self.symbolic(&name("HEAD"))? == Some(tracking))
    }

    fn checked_out(&self, branch: &str) -> Result<CheckedOut, Undecided> {
        let name = format!("refs/heads/{branch}");
        if self.symbolic("HEAD")? == Some(name.clone()) {
            return Ok(CheckedOut::Here);
        }
        let list = self.git.must(["worktree", "list", "--porcelain"])?;
        let mut path = "".into();
        for line in list.stdout.lines() {
            if let Some(next) = line.strip_prefix(b"worktree ") {
                path = next.to_str_lossy();
            } else if line.strip_prefix(b"branch ") == Some(name.as_bytes()) {
                return Ok(CheckedOut::At(path.into_owned()));
            }
        }
        Ok(CheckedOut::Nowhere)
    }

    fn relation(&self, a: &Oid, b: &Oid, remote: &str) -> Result<Relation, Undecided> {
        let (ahead, behind) = (self.count(a, b, remote)?, self.count(b, a, remote)?);
        match (ahead.0, behind.0) {
            (0, _) => return Ok(Relation::Behind(behind)),
            (_, 0) => return Ok(Relation::Ahead(ahead)),
            // Where the history was cut off, a common past may lie beyond the cut.
            _ if self.is_shallow() => return Err(Undecided::shallow(b, remote)),
            _ => {}
        }
        let related = self.git.run(["merge-base", a.as_str(), b.as_str()])?;
        match related.code {
            Some(0) => Ok(Relation::Diverged { ahead, behind }),
            Some(1) => Ok(Relation::Unrelated),
            _ => {
                let command = format!("git merge-base {} {}", a.short(), b.short());
                Err(Undecided::not_run(&command, related.stderr))
            }
        }
    }

    fn same_content(&self, a: &Oid, b: &Oid) -> Result<bool, Undecided> {
        Ok(self.tree(a)? == self.tree(b)?)
    }

    fn difference(&self, old: &Oid, new: &Oid, remote: &str) -> Result<Difference, Undecided> {
        let range = format!("{old}...{new}");
        let log = self.git.run([
            "log",
            "--left-right",
            "--no-color",
            "--no-show-signature",
            "--format=%m%H%x00%an%x00%s",
            &range,
            "--",
        ])?;
        let mut difference = Difference::default();
        for line in log.stdout.lines() {
            let (side, fields) = line.split_at_checked(1).unwrap_or_default();
            let mut fields = fields.splitn(3, |b| *b == 0);
            let Some(id) = fields.next().and_then(Oid::parse) else {
                continue;
            };
            let mut text = || {
                fields
                    .next()
                    .unwrap_or_default()
                    .to_str_lossy()
                    .into_owned()
            };
            let commit = Commit {
                id,
                author: text(),
                subject: text(),
            };
            match side {
                b"<" => difference.takes.push(commit),
                _ => difference.brings.push(commit),
            }
        }
        // Where the history was cut off, the new commit may have them beyond the cut.
        if gates::LocalRepository::is_shallow(self) && !(log.is_ok() && difference.takes.is_empty())
        {
            return Err(Undecided::shallow(old, remote));
        }
        if !log.is_ok() {
            let command = format!("git log {}...{}", old.short(), new.short());
            return Err(Undecided::not_run(&command, log.stderr));
        }
        Ok(difference)
    }

    fn checkout(&self, commit: &Oid) -> Result<Option<Mismatch>, Undecided> {
        self.mismatch(commit)
    }

    fn detect(&self, commit: &Oid) -> Result<Vec<Candidate>, Undecided> {
        self.tree(commit)?;
        let repository = self;
        Ok(detect::suite(&Files { repository, commit }))
    }

    fn author(&self, commit: &Oid) -> Result<String, Undecided> {
        let author = commit_author(&self.read(commit)?);
        author.ok_or_else(|| damaged(commit))
    }

    fn committed_at(&self, commit: &Oid) -> Result<Option<Timestamp>, Undecided> {
        let bytes = self.read(commit)?;
        let mut headers = bytes.lines().take_while(|line| !line.is_empty());
        let committer = headers.find_map(|line| line.strip_prefix(b"committer "));
        let seconds = committer.and_then(|line| line.rsplitn_str(3, " ").nth(1));
        let seconds = seconds.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
        Ok(seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()))
    }

    fn person(&self) -> String {
        self.identity()
    }

    fn mapped(&self, people: &[String], commit: &Oid) -> Vec<String> {
        Repository::mapped(self, people, commit)
    }
}

impl Repository {
    /// Counts the commits that `from` has and `without` lacks.
    fn count(&self, from: &Oid, without: &Oid, remote: &str) -> Result<Count, Undecided> {
        let most = format!("--max-count={}", Count::MOST + 1);
        let without_it = format!("^{without}");
        let args = [
            "rev-list",
            "--count",
            &most,
            from.as_str(),
            &without_it,
            "--",
        ];
        let output = self.git.run(args)?;
        let count = (output.line().to_str().ok()).and_then(|text| text.parse().ok());
        match count.filter(|_| output.is_ok()) {
            Some(count) => Ok(Count(count)),
            None if gates::LocalRepository::is_shallow(self) => {
                Err(Undecided::shallow(without, remote))
            }
            None => {
                let command = format!("git rev-list {} ^{}", from.short(), without.short());
                Err(Undecided::not_run(&command, output.stderr))
            }
        }
    }
}
