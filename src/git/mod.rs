//! The real answers to the gates' questions: the repository, the remotes, the clock, the suite.

pub(crate) mod command;
mod error;
pub(crate) mod files;
pub(crate) mod libgit2;
pub(crate) mod network;
pub mod notes;
pub(crate) mod program;
pub(crate) mod reach;
pub(crate) mod repository;
pub(crate) mod there;

use std::{
    env,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use bstr::{BStr, BString, ByteSlice};

pub use self::error::Error;
pub(crate) use self::repository::commit_author;
use self::{
    network::Network,
    repository::{Backend, Kind},
};
pub use crate::app::policies::{Loaded, Source};
use crate::git::command::Git;
use crate::push::{
    Oid,
    destination::{Destination, Reader, follow},
    remotes::{Entry, Remotes},
};

/// The repository that git pushes from, and all that is around it.
pub struct Real {
    pub(crate) git: Git,
    pub(crate) backend: Mutex<Box<dyn Backend>>,
    pub(crate) config: Vec<Entry>,
    pub(crate) remotes: Remotes,
    pub(crate) reader: Reader,
    pub(crate) common_dir: PathBuf,
    pub(crate) work_tree: Option<PathBuf>,
}

impl Real {
    /// Opens the repository that the current directory and git's variables name.
    pub fn open() -> Result<Self, Error> {
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
                    .map_err(|error| Error::io("tell the current directory", &error))?,
                heroku_hosts,
            },
            common_dir: backend.common_dir().to_owned(),
            work_tree: backend.work_tree().map(Path::to_owned),
            backend: Mutex::new(backend),
            git,
            config,
        })
    }

    pub(crate) fn backend(&self) -> MutexGuard<'_, Box<dyn Backend>> {
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
            .filter(crate::process::program::Output::is_ok);
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
    pub fn peel(&self, id: &Oid) -> Result<Option<Oid>, Error> {
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
    pub fn revision(&self, revision: &str) -> Result<Option<Oid>, Error> {
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
    pub fn reference(&self, name: &str) -> Result<Option<Oid>, Error> {
        self.backend().reference(name)
    }

    /// Whether the packed refs, as `git clone` leaves them, are about a thousand at most
    /// (git-pack-refs(1)); the remote then has as few.
    pub(crate) fn has_few_refs(&self) -> bool {
        const FEW: u64 = 64 * 1024;
        let packed = self.common_dir.join("packed-refs").metadata();
        packed.map_or(true, |file| file.len() <= FEW)
    }

    pub(crate) fn network(&self) -> Network<'_> {
        Network {
            git: &self.git,
            ssh_command: self.config("core.sshcommand").map(BString::from),
            ssh_variant: self.config("ssh.variant").map(BString::from),
            few_refs: self.has_few_refs(),
            limit: network::LIMIT,
        }
    }
}

pub(crate) fn damaged(id: &Oid) -> Error {
    Error::Io {
        what: format!("read {}", id.short()),
        words: vec!["the object is damaged or missing".to_owned()],
    }
}
