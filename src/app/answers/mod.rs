//! The answers to what the gates ask.

mod clock;
mod memory;
mod runner;

use bstr::{BStr, BString, ByteSlice};

pub(crate) use self::{
    clock::SystemClock,
    memory::{Moved, went},
    runner::PushRunner,
};
use crate::{
    gates::{
        Object, Remotes, Repository, Runner, Tip, Undecided, World,
        verdict::{Commit, Count, Mismatch, Relation, TrunkName},
    },
    git::{
        self, Real, commit_author, damaged,
        files::Files,
        repository::{Kind, commit_headers},
    },
    policy::detect::{self, Detected},
    push::Oid,
};

impl Real {
    /// The tips of these branches of a remote; branches that do not exist are left out.
    pub(crate) fn tips_of(
        &self,
        remote: &BStr,
        branches: &[String],
    ) -> Result<Vec<(String, Oid)>, git::Error> {
        // Where a push goes is asked, which may be another place than a fetch comes from.
        let urls = self.remotes.push_urls(remote);
        let fetched = self.remotes.fetch_url(remote);
        let network = self.network();
        match urls.as_slice() {
            [] => network.live(None, self.remotes.pushed_to(remote).as_ref(), branches),
            [url] if Some(url) == fetched.as_ref() => {
                network.live(Some(remote), url.as_ref(), branches)
            }
            _ => {
                let mut tips = Vec::new();
                for url in &urls {
                    tips.extend(network.live(None, url.as_ref(), branches)?);
                }
                Ok(tips)
            }
        }
    }
    /// Everything that the gates can ask, answered by this repository and a runner.
    pub(crate) fn world<'w>(&'w self, runner: &'w dyn Runner) -> World<'w> {
        World {
            clock: &SystemClock,
            repository: self,
            memory: self,
            remotes: self,
            runner,
        }
    }
}

impl Repository for Real {
    fn object(&self, id: &Oid) -> Result<Object, Undecided> {
        let mut backend = self.backend();
        Ok(match backend.header(id)? {
            Some((Kind::Commit, _)) => {
                let bytes = backend.read(id)?;
                let (_, parents) = commit_headers(&bytes).ok_or_else(|| damaged(id))?;
                Object::Commit { parents }
            }
            Some((kind, _)) => Object::Other(kind.name()),
            None => Object::Missing,
        })
    }

    fn is_shallow(&self) -> bool {
        self.backend().is_shallow()
    }

    fn local_branch(&self, name: &str) -> Result<Option<Oid>, Undecided> {
        Ok(self.reference(&format!("refs/heads/{name}"))?)
    }

    fn is_checked_out(&self, branch: &str) -> Result<bool, Undecided> {
        let head = self.backend().symbolic("HEAD")?;
        Ok(head.is_some_and(|head| head.strip_prefix("refs/heads/") == Some(branch)))
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
        Ok(match related.code {
            Some(0) => Relation::Diverged { ahead, behind },
            Some(1) => Relation::Unrelated,
            _ => {
                return Err(git::Error::Failed {
                    command: format!("git merge-base {} {}", a.short(), b.short()),
                    words: related.stderr,
                }
                .into());
            }
        })
    }

    fn same_content(&self, a: &Oid, b: &Oid) -> Result<bool, Undecided> {
        Ok(self.tree(a)? == self.tree(b)?)
    }

    fn lost(&self, old: &Oid, new: &Oid, remote: &str) -> Result<(Count, Vec<Commit>), Undecided> {
        const NAMED: &str = "--max-count=3";
        let count = self.count(old, new, remote)?;
        if count.0 == 0 {
            return Ok((count, Vec::new()));
        }
        if self.is_shallow() {
            return Err(Undecided::shallow(old, remote));
        }
        let said = self.git.must([
            "log",
            NAMED,
            "--no-color",
            "--no-show-signature",
            "--format=%H %s",
            old.as_str(),
            &format!("^{new}"),
            "--",
        ])?;
        let commit = |line: &[u8]| {
            let (id, subject) = line.split_once_str(" ")?;
            Some(Commit {
                id: Oid::parse(id)?,
                subject: subject.to_str_lossy().into_owned(),
            })
        };
        Ok((count, said.stdout.lines().filter_map(commit).collect()))
    }

    fn checkout(&self, commit: &Oid) -> Result<Option<Mismatch>, Undecided> {
        if self.work_tree.is_none() {
            return Err(Undecided::bare());
        }
        let said = self.git.must([
            "status",
            "--porcelain=v2",
            "--branch",
            "--no-ahead-behind",
            "-z",
            "--no-renames",
            "--untracked-files=normal",
            "--ignore-submodules=none",
        ])?;
        let mut head = None;
        let mut changed = Vec::new();
        for record in said
            .stdout
            .split(|b| *b == 0)
            .filter(|record| !record.is_empty())
        {
            match record[0] {
                b'#' => {
                    head =
                        head.or_else(|| record.strip_prefix(b"# branch.oid ").and_then(Oid::parse));
                }
                b'1' => changed.extend(record.splitn(9, |b| *b == b' ').nth(8).map(BString::from)),
                b'u' => {
                    changed.extend(record.splitn(11, |b| *b == b' ').nth(10).map(BString::from));
                }
                _ => changed.extend(record.get(2..).map(BString::from)),
            }
        }
        let same = match &head {
            Some(head) => head == commit || self.tree(head)? == self.tree(commit)?,
            None => false,
        };
        if !same {
            return Ok(Some(Mismatch::OtherTree { head }));
        }
        if !changed.is_empty() {
            return Ok(Some(Mismatch::Changed(changed)));
        }
        let hidden = self.backend().hidden()?;
        Ok((!hidden.is_empty()).then_some(Mismatch::Hidden(hidden)))
    }

    fn detect(&self, commit: &Oid) -> Result<Detected, Undecided> {
        self.tree(commit)?;
        Ok(detect::suite(&Files {
            world: self,
            commit,
        }))
    }

    fn person(&self) -> String {
        self.identity()
    }

    fn author(&self, commit: &Oid) -> Result<String, Undecided> {
        Ok(commit_author(&self.read(commit)?).ok_or_else(|| damaged(commit))?)
    }
}

impl Remotes for Real {
    fn trunk_tip(&self, trunk: &TrunkName, team: bool) -> Result<Tip, Undecided> {
        let Some(url) = self.remotes.fetch_url(trunk.remote.as_bytes()) else {
            return Err(git::Error::NoTrunkRemote {
                remote: trunk.remote.clone(),
                known: self.remotes.known(),
            }
            .into());
        };
        let network = self.network();
        let asked = network.trunk_tip(trunk, url.as_ref(), team, |tip| {
            matches!(self.object(tip), Ok(Object::Commit { .. }))
        })?;
        let learn =
            |theirs: &Oid| Ok((self.notes()).learn(&trunk.remote, theirs, network.limit)?);
        Ok(Tip {
            team: team.then(|| asked.notes.as_ref().map_or(Ok(()), learn)),
            commit: asked.tip,
        })
    }

    fn live(&self, remote: &BStr, branches: &[String]) -> Result<Vec<(String, Oid)>, Undecided> {
        Ok(self.tips_of(remote, branches)?)
    }
}

impl Real {
    pub(crate) fn count(
        &self,
        from: &Oid,
        without: &Oid,
        remote: &str,
    ) -> Result<Count, Undecided> {
        let most = format!("--max-count={}", Count::MOST + 1);
        let said = self.git.run([
            "rev-list",
            "--count",
            &most,
            from.as_str(),
            &format!("^{without}"),
            "--",
        ])?;
        let count = said.line().to_str().ok().and_then(|text| text.parse().ok());
        match count.filter(|_| said.is_ok()) {
            Some(count) => Ok(Count(count)),
            None if self.is_shallow() => Err(Undecided::shallow(without, remote)),
            None => Err(git::Error::Failed {
                command: format!("git rev-list {} ^{}", from.short(), without.short()),
                words: said.stderr,
            }
            .into()),
        }
    }
}
