//! What the gates ask of the local repository: objects, ancestry, and whether the checkout is clean.

use bstr::ByteSlice;
use jiff::Timestamp;

use super::{
    Repository,
    backend::Kind,
    command::{LOOKING, looking, must},
    files::{Files, damaged},
    objects::{commit_headers, commit_person},
    work_tree::{STATUS, differing, rewritten, status_records},
};
use crate::{
    cure::command,
    gates::{
        self, Object, Stop,
        facts::{CheckedOut, Commit, Count, Difference, Mismatch, Relation, TrunkName},
    },
    policy::detect::{self, Candidate},
    process::program::run,
    push::Oid,
};

impl gates::LocalRepository for Repository {
    fn object(&self, id: &Oid) -> Result<Object, Stop> {
        let header = self.backend().header(id)?;
        Ok(match header {
            Some((Kind::Commit, _)) => {
                let bytes = self.read(id)?;
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

    fn local_branch(&self, name: &str) -> Result<Option<Oid>, Stop> {
        self.reference(&format!("refs/heads/{name}"))
    }

    fn has_been_there(&self, trunk: &TrunkName) -> Result<bool, Stop> {
        let name = |branch: &str| format!("refs/remotes/{}/{branch}", trunk.remote);
        let tracking = name(&trunk.branch);
        Ok(self.reference(&tracking)?.is_some() || self.symbolic(&name("HEAD"))? == Some(tracking))
    }

    fn has_same_files(&self, trunk: &TrunkName, tip: &Oid, files: &[&str]) -> Result<bool, Stop> {
        let tracking = trunk.tracking_ref();
        let Some(known) = self.reference(&tracking)?.filter(|known| known != tip) else {
            return Ok(true);
        };
        let id = |commit, path| Ok::<_, Stop>(self.entry(commit, path)?.map(|entry| entry.id));
        for path in files {
            if id(&known, path)? != id(tip, path)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn checked_out(&self, branch: &str) -> Result<CheckedOut, Stop> {
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

    fn relation(&self, a: &Oid, b: &Oid, remote: &str) -> Result<Relation, Stop> {
        let (ahead, behind) = (self.count(a, b, remote)?, self.count(b, a, remote)?);
        match (ahead.0, behind.0) {
            (0, _) => return Ok(Relation::Behind(behind)),
            (_, 0) => return Ok(Relation::Ahead(ahead)),
            // Where the history was cut off, a common past may lie beyond the cut.
            _ if self.is_shallow() => return Err(Stop::shallow(b, remote)),
            _ => {}
        }
        let related = self.git.run(["merge-base", a.as_str(), b.as_str()])?;
        match related.code {
            Some(0) => Ok(Relation::Diverged { ahead, behind }),
            Some(1) => Ok(Relation::Unrelated),
            _ => {
                let command = format!("git merge-base {} {}", a.short(), b.short());
                Err(Stop::not_run(&command, related.stderr))
            }
        }
    }

    fn same_content(&self, a: &Oid, b: &Oid) -> Result<bool, Stop> {
        Ok(self.tree(a)? == self.tree(b)?)
    }

    fn difference(&self, old: &Oid, new: &Oid, remote: &str) -> Result<Difference, Stop> {
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
            let mut text = || fields.next().unwrap_or_default().as_bstr().to_string();
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
            return Err(Stop::shallow(old, remote));
        }
        if !log.is_ok() {
            let command = format!("git log {}...{}", old.short(), new.short());
            return Err(Stop::not_run(&command, log.stderr));
        }
        Ok(difference)
    }

    fn checkout(&self, commit: &Oid) -> Result<Option<Mismatch>, Stop> {
        let top = self.work_tree().ok_or_else(Stop::bare)?;
        // Not tried where git was told nothing else.
        let of_files = ["core.fileMode", "core.symlinks", "core.ignoreCase"];
        let is_tried = self
            .set_otherwise()
            .any(|(name, _)| of_files.contains(&name));
        let options = looking(is_tried.then_some(self.common_dir()));
        let call = || self.git.command(&options);
        let is_same = |head: &Option<Oid>| match head {
            Some(head) => Ok(head == commit || self.tree(head)? == self.tree(commit)?),
            None => Ok::<_, Stop>(false),
        };
        let own_index = self.state_dir().join("index");
        let seen = match rewritten(&call, self.common_dir())? {
            // Our own index would keep that they look unchanged.
            files if !files.is_empty() => Ok((None, files)),
            _ => differing(&call, top, Some(&own_index)),
        };
        if let Ok((head, files)) = &seen
            && files.is_empty()
            && is_same(head)?
        {
            return Ok(None);
        }
        // What git itself says of it tells how a person sees it.
        let status = must(call().args(STATUS))?;
        let (head, changed, submodules) = status_records(&status.stdout);
        if !is_same(&head)? {
            return Ok(Some(Mismatch::OtherTree { head }));
        }
        if !changed.is_empty() {
            let first = self.unseen(&status.stdout)?;
            let files = [changed.as_slice(), &submodules].concat();
            let within = !submodules.is_empty();
            return Ok(Some(Mismatch::Changed {
                files,
                within,
                first,
            }));
        }
        if !submodules.is_empty() {
            return Ok(Some(Mismatch::Submodules(submodules)));
        }
        let (_, hidden) = seen?;
        Ok((!hidden.is_empty()).then_some(Mismatch::Hidden(hidden)))
    }

    fn detect(&self, commit: &Oid) -> Result<Vec<Candidate>, Stop> {
        self.tree(commit)?;
        let repository = self;
        Ok(detect::suite(&Files { repository, commit }))
    }

    fn author(&self, commit: &Oid) -> Result<String, Stop> {
        let bytes = self.read(commit)?;
        let author = commit_person(&bytes, b"author").ok_or_else(|| damaged(commit));
        author.map(|(author, _)| author.to_str_lossy().into_owned())
    }

    fn committed_at(&self, commit: &Oid) -> Result<Option<Timestamp>, Stop> {
        let bytes = self.read(commit)?;
        let committer = commit_person(&bytes, b"committer");
        let seconds = committer.and_then(|(_, at)| at.split_str(" ").nth(1)?.to_str().ok());
        let seconds = seconds.and_then(|seconds| seconds.parse().ok());
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
    /// The settings for looking of which git's configuration has another value.
    fn set_otherwise(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        LOOKING.into_iter().filter(|(name, value)| {
            let configured = self.config(&name.to_ascii_lowercase());
            configured.is_some_and(|configured| configured != *value)
        })
    }

    /// The commands after which the user's own git sees the changes, too, that we saw.
    fn unseen(&self, records: &[u8]) -> Result<Vec<String>, Stop> {
        let mut first = Vec::new();
        // `1`, the state, a submodule's state, three modes, HEAD's object.
        for record in records
            .split(|b| *b == 0)
            .filter(|one| one.starts_with(b"1 "))
        {
            let id = record.splitn(8, |b| *b == b' ').nth(6).and_then(Oid::parse);
            if let Some(id) = id
                && self.reference(&format!("refs/replace/{id}"))?.is_some()
            {
                first.push(command(["git", "replace", "-d", id.as_str()]));
            }
        }
        let as_usual = ["status", "--porcelain", "--untracked-files=normal"];
        if first.is_empty() && run(&mut self.git.plain(as_usual))?.stdout.is_empty() {
            // One and the same value may be spelled in several ways.
            let blind = self.set_otherwise();
            first.extend(blind.map(|(name, value)| command(["git", "config", name, value])));
        }
        Ok(first)
    }

    /// Counts the commits that `from` has and `without` lacks.
    fn count(&self, from: &Oid, without: &Oid, remote: &str) -> Result<Count, Stop> {
        let most = format!("--max-count={}", Count::MOST + 1);
        let range = format!("{without}..{from}");
        let output = (self.git).run(["rev-list", "--count", &most, &range, "--"])?;
        let count = (output.line().to_str().ok()).and_then(|text| text.parse().ok());
        match count.filter(|_| output.is_ok()) {
            Some(count) => Ok(Count(count)),
            None if gates::LocalRepository::is_shallow(self) => Err(Stop::shallow(without, remote)),
            None => {
                let command = format!("git rev-list {} ^{}", from.short(), without.short());
                Err(Stop::not_run(&command, output.stderr))
            }
        }
    }
}
