//! The real answers to the gates' questions: the repository, the remotes, the clock, the suite.

mod caller;
pub(crate) mod children;
mod ci;
mod connection;
pub(crate) mod dry;
mod files;
pub(crate) mod heard;
mod libgit2;
pub(crate) mod memory;
mod network;
pub mod notes;
mod policies;
mod program;
mod reach;
mod repository;
pub mod signals;
mod terminal;
mod there;

use std::{
    env,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bstr::{BStr, BString, ByteSlice};
use jiff::{Timestamp, tz::TimeZone};

pub(crate) use self::policies::bad_policy;
pub use self::policies::{Loaded, Source};
use self::{
    children::Git,
    files::Files,
    network::Network,
    repository::{Backend, Kind, commit_author, commit_headers},
};
use crate::{
    destination::{Destination, Reader, follow, is_ssh},
    gates::{Checked, Object, Passed, Stop, SuiteRun, Tip, Turn, Work, World},
    policy::{
        Ci, In, Reuse,
        detect::{self, Detected},
    },
    push::Oid,
    remotes::{Entry, Remotes},
    report,
    suite::{
        self,
        receipts::{MACHINE, Receipts, checks_fingerprint, fingerprint},
        worktree::Worktree,
    },
    verdict::{Commit, Count, Mismatch, Relation, Trouble, TrunkName, span},
};

/// A suite that takes longer may outlast an idle connection.
const LONG: Duration = Duration::from_mins(1);

/// The repository that git pushes from, and all that is around it.
pub struct Real {
    git: Git,
    backend: Mutex<Box<dyn Backend>>,
    config: Vec<Entry>,
    remotes: Remotes,
    reader: Reader,
    common_dir: PathBuf,
    work_tree: Option<PathBuf>,
    /// Whether git waits for us, with an open connection.
    pushes: bool,
    /// Whether that connection is one of ssh's, which some servers cut when it is idle.
    idle_ssh: bool,
}

impl Real {
    /// Opens the repository that the current directory and git's variables name.
    pub fn open() -> Result<Self, Trouble> {
        let git = Git::find()?;
        let backend = repository::open(&git)?;
        let config = backend.config()?;
        let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let mut heroku_hosts: Vec<String> = variable("HEROKU_GIT_HOST").into_iter().collect();
        if let Some(host) = variable("HEROKU_HOST") {
            heroku_hosts.push(format!("git.{host}"));
            heroku_hosts.push(host);
        }
        Ok(Self {
            remotes: Remotes::from_config(&config),
            reader: Reader {
                directory: env::current_dir()
                    .map_err(|error| Trouble::io("tell the current directory", &error))?,
                heroku_hosts,
            },
            common_dir: backend.common_dir().to_owned(),
            work_tree: backend.work_tree().map(Path::to_owned),
            backend: Mutex::new(backend),
            git,
            config,
            pushes: false,
            idle_ssh: false,
        })
    }

    /// The same, where git pushes at this moment.
    #[must_use]
    pub fn pushing(self, url: &BStr) -> Self {
        Self {
            pushes: true,
            idle_ssh: is_ssh(url),
            ..self
        }
    }

    fn backend(&self) -> MutexGuard<'_, Box<dyn Backend>> {
        self.backend.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The user's git.
    pub(crate) fn git(&self) -> &Git {
        &self.git
    }

    /// The directory that all worktrees share.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// The directory of our own files in it.
    pub fn state_dir(&self) -> PathBuf {
        self.common_dir.join("pushgate")
    }

    /// The top of the work tree; `None` in a bare repository.
    pub fn work_tree(&self) -> Option<&Path> {
        self.work_tree.as_deref()
    }

    /// The configured remotes.
    pub fn remotes(&self) -> &Remotes {
        &self.remotes
    }

    /// The last value of a variable of git's configuration; names in lower case.
    pub fn config(&self, name: &str) -> Option<&BStr> {
        self.config
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_bstr())
    }

    /// Where a URL leads.
    pub fn destination(&self, url: &BStr) -> Destination {
        follow(self.reader.read(url), |path| path.canonicalize().ok())
    }

    /// Who pushes: `Name <mail>`, as git would sign a commit.
    pub fn identity(&self) -> String {
        let pick = |variable: &str, own: &str, common: &str| {
            let text = env::var(variable).ok().filter(|text| !text.is_empty());
            text.or_else(|| {
                Some(
                    self.config(own)
                        .or_else(|| self.config(common))?
                        .to_str_lossy()
                        .into_owned(),
                )
            })
        };
        let name = pick("GIT_COMMITTER_NAME", "committer.name", "user.name");
        let mail = pick("GIT_COMMITTER_EMAIL", "committer.email", "user.email");
        if let (Some(name), Some(mail)) = (name, mail) {
            return format!("{name} <{mail}>");
        }
        // git guesses from the account and the host: `Name <mail> SECONDS ZONE`.
        let said = self
            .git
            .run(["var", "GIT_COMMITTER_IDENT"])
            .ok()
            .filter(children::Said::is_ok);
        let ident = said.map(|said| said.line().to_str_lossy().into_owned());
        match ident
            .as_deref()
            .and_then(|ident| ident.split_inclusive('>').next())
        {
            Some(person) => person.to_owned(),
            None => "unknown".to_owned(),
        }
    }

    /// The commit that an id names, through tags.
    pub fn peel(&self, id: &Oid) -> Result<Option<Oid>, Trouble> {
        const DEEPEST: usize = 8;
        let mut backend = self.backend();
        let mut id = id.clone();
        for _ in 0..DEEPEST {
            match backend.header(&id)? {
                Some((Kind::Commit, _)) => return Ok(Some(id)),
                Some((Kind::Tag, _)) => {
                    let tag = backend.read(&id)?;
                    let object = tag
                        .lines()
                        .next()
                        .and_then(|line| line.strip_prefix(b"object "));
                    match object.and_then(Oid::parse) {
                        Some(object) => id = object,
                        None => return Ok(None),
                    }
                }
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    /// The commit that a revision names (gitrevisions(7)).
    pub fn revision(&self, revision: &str) -> Result<Option<Oid>, Trouble> {
        let commit = format!("{revision}^{{commit}}");
        let said = self.git.run([
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &commit,
        ])?;
        Ok(said.is_ok().then(|| Oid::parse(said.line())).flatten())
    }

    /// What a ref leads to, `HEAD` among them.
    pub fn reference(&self, name: &str) -> Result<Option<Oid>, Trouble> {
        self.backend().reference(name)
    }

    /// The bytes of an object that must be here.
    /// The worktree that suites run in, where the policy wants one.
    pub(crate) fn suite_worktree(&self) -> Result<Worktree<'_>, Trouble> {
        Worktree::of(&self.common_dir, &self.git)
    }

    fn receipts(&self) -> Receipts {
        Receipts::new(&self.state_dir())
    }

    /// How long such a suite took last time, on whatever tree.
    pub(crate) fn last_took(&self, work: &Work<'_>) -> Result<Option<Duration>, Trouble> {
        let (_, suite) = self.receipt_key(work)?;
        Ok(self.receipts().last_took(&suite))
    }

    /// What a receipt is for: a tree, and the suite that passed on it; or a commit, and its checks.
    fn receipt_key(&self, work: &Work<'_>) -> Result<(Oid, String), Trouble> {
        if let Some(ci) = &work.suite.ci {
            let project = self.project(ci.forge, work.remote);
            let suite = checks_fingerprint(ci, project.as_ref());
            return Ok((work.commit.clone(), suite));
        }
        let variable =
            |name: &str| env::var_os(name).map(std::os::unix::ffi::OsStringExt::into_vec);
        let suite = fingerprint(MACHINE, work.suite, work.steps, variable);
        Ok((self.tree(work.commit)?, suite))
    }

    /// Whether the packed refs, as `git clone` leaves them, are about a thousand at most
    /// (git-pack-refs(1)); the remote then has as few.
    fn has_few_refs(&self) -> bool {
        const FEW: u64 = 64 * 1024;
        let packed = self.common_dir.join("packed-refs").metadata();
        packed.map_or(true, |file| file.len() <= FEW)
    }

    fn network(&self) -> Network<'_> {
        Network {
            git: &self.git,
            ssh_command: self.config("core.sshcommand").map(BString::from),
            ssh_variant: self.config("ssh.variant").map(BString::from),
            few_refs: self.has_few_refs(),
            limit: network::LIMIT,
        }
    }

    fn count(&self, from: &Oid, without: &Oid, remote: &str) -> Result<Count, Trouble> {
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
            None if self.is_shallow() => Err(shallow(without, remote)),
            None => Err(Trouble::Git {
                command: format!("git rev-list {} ^{}", from.short(), without.short()),
                words: said.words,
            }),
        }
    }
}

fn shallow(id: &Oid, remote: &str) -> Trouble {
    Trouble::Shallow {
        id: id.clone(),
        remote: remote.to_owned(),
    }
}

fn damaged(id: &Oid) -> Trouble {
    Trouble::Io {
        what: format!("read {}", id.short()),
        words: vec!["the object is damaged or missing".to_owned()],
    }
}

impl World for Real {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn zone(&self) -> Result<TimeZone, Trouble> {
        // `TimeZone::system` would silently be UTC where TZ names no zone.
        TimeZone::try_system().map_err(|error| Trouble::NoZone {
            words: vec![error.to_string()],
        })
    }

    fn object(&self, id: &Oid) -> Result<Object, Trouble> {
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

    fn local_branch(&self, name: &str) -> Result<Option<Oid>, Trouble> {
        self.reference(&format!("refs/heads/{name}"))
    }

    fn is_checked_out(&self, branch: &str) -> Result<bool, Trouble> {
        let head = self.backend().symbolic("HEAD")?;
        Ok(head.is_some_and(|head| head.strip_prefix("refs/heads/") == Some(branch)))
    }

    fn relation(&self, a: &Oid, b: &Oid, remote: &str) -> Result<Relation, Trouble> {
        let (ahead, behind) = (self.count(a, b, remote)?, self.count(b, a, remote)?);
        match (ahead.0, behind.0) {
            (0, _) => return Ok(Relation::Behind(behind)),
            (_, 0) => return Ok(Relation::Ahead(ahead)),
            // Where the history was cut off, a common past may lie beyond the cut.
            _ if self.is_shallow() => return Err(shallow(b, remote)),
            _ => {}
        }
        let related = self.git.run(["merge-base", a.as_str(), b.as_str()])?;
        Ok(match related.code {
            Some(0) => Relation::Diverged { ahead, behind },
            Some(1) => Relation::Unrelated,
            _ => {
                return Err(Trouble::Git {
                    command: format!("git merge-base {} {}", a.short(), b.short()),
                    words: related.words,
                });
            }
        })
    }

    fn same_content(&self, a: &Oid, b: &Oid) -> Result<bool, Trouble> {
        Ok(self.tree(a)? == self.tree(b)?)
    }

    fn lost(&self, old: &Oid, new: &Oid, remote: &str) -> Result<(Count, Vec<Commit>), Trouble> {
        const NAMED: &str = "--max-count=3";
        let count = self.count(old, new, remote)?;
        if count.0 == 0 {
            return Ok((count, Vec::new()));
        }
        if self.is_shallow() {
            return Err(shallow(old, remote));
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
        Ok((count, said.out.lines().filter_map(commit).collect()))
    }

    fn trunk_tip(&self, trunk: &TrunkName, team: bool) -> Result<Tip, Trouble> {
        let Some(url) = self.remotes.fetch_url(trunk.remote.as_bytes()) else {
            return Err(Trouble::NoTrunkRemote {
                remote: trunk.remote.clone(),
                known: self.remotes.known(),
            });
        };
        let network = self.network();
        let asked = network.trunk_tip(trunk, url.as_ref(), team, |tip| {
            matches!(self.object(tip), Ok(Object::Commit { .. }))
        })?;
        let learn = |theirs: &Oid| self.notes().learn(&trunk.remote, theirs, network.limit);
        Ok(Tip {
            team: team.then(|| asked.notes.as_ref().map_or(Ok(()), learn)),
            commit: asked.tip,
        })
    }

    fn live(&self, remote: &BStr, branches: &[String]) -> Result<Vec<(String, Oid)>, Trouble> {
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

    fn checkout(&self, commit: &Oid) -> Result<Option<Mismatch>, Trouble> {
        if self.work_tree.is_none() {
            return Err(Trouble::Bare);
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
            .out
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

    fn detect(&self, commit: &Oid) -> Result<Detected, Trouble> {
        self.tree(commit)?;
        Ok(detect::suite(&Files {
            world: self,
            commit,
        }))
    }

    fn receipt(&self, work: &Work<'_>) -> Result<Option<Passed>, Trouble> {
        let (tree, suite) = self.receipt_key(work)?;
        Ok(self
            .receipts()
            .find(&tree, &suite, work.suite.reuse, self.now()))
    }

    fn turn(&self) -> Result<Turn, Stop> {
        suite::turn::take(&self.state_dir(), &self.common_dir, &report::Stderr)
    }

    fn checks(&self, work: &Work<'_>, ci: &Ci) -> Result<Checked, Stop> {
        self.ask_ci(work, ci, &report::Stderr)
    }

    fn leave_receipt(&self, work: &Work<'_>, took: Duration) -> Result<(), Trouble> {
        if work.suite.reuse == Reuse::Never {
            return Ok(());
        }
        let (tree, suite) = self.receipt_key(work)?;
        let left = self.receipts().leave(&tree, &suite, took, self.now());
        left.map_err(|error| Trouble::io("write it", &error))
    }

    fn is_connected(&self) -> bool {
        !self.pushes || !connection::is_gone()
    }

    fn run(&self, work: &Work<'_>) -> Result<SuiteRun, Trouble> {
        let last_took = self.last_took(work)?;
        if let Some(took) = last_took.filter(|took| *took > LONG)
            && self.idle_ssh
        {
            report::say(&format!(
                "it took {} last time; a server that hangs up on an idle ssh connection may do so meanwhile: pushgate check, then push, is safe",
                span(took)
            ));
        }
        let top = match work.suite.place {
            In::Checkout => self.work_tree.clone().ok_or(Trouble::Bare)?,
            In::Worktree => {
                let worktree = self.suite_worktree()?;
                worktree.bring_to(work.commit, self.work_tree(), work.suite)?;
                worktree.top()
            }
        };
        let place = suite::Place {
            top: &top,
            logs: &self.state_dir().join("logs"),
            common_dir: &self.common_dir,
            git: &self.git,
            last_took,
            audience: &report::Stderr,
        };
        suite::run(&place, work)
    }
}
