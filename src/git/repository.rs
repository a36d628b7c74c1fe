//! The repository that git pushes from: its configuration, its refs, and the place of our files in it.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard},
};

use bstr::{BStr, ByteSlice};

use super::{
    backend::{Backend, Kind, Layout},
    cat_file::CatFile,
    command::Git,
    libgit2::Libgit2,
};
use crate::{
    gates::{Passed, Stop},
    process::{lock, variable},
    push::{
        Oid,
        destination::{Destination, Reader},
        remotes::{Entry, Remotes},
    },
};

pub struct Repository {
    /// The user's git.
    pub(crate) git: Git,
    backend: Mutex<Box<dyn Backend>>,
    /// git's configuration, every scope, in its order.
    pub(crate) config: Vec<Entry>,
    remotes: Remotes,
    reader: Reader,
    pub(super) layout: Layout,
    /// The suites that this process saw pass, and on what: one push needs no second run, even where no later one may
    /// rely on it.
    pub(crate) passed: Mutex<Vec<(Oid, String, Passed)>>,
}

impl Repository {
    /// Opens the repository that the current directory and git's variables name.
    pub fn open() -> Result<Self, Stop> {
        let git = Git::find()?;
        let (backend, layout) = Libgit2::open().map_or_else(|| CatFile::open(&git), Ok)?;
        let config = backend.config()?;
        let mut heroku_hosts = Vec::from_iter(variable("HEROKU_GIT_HOST"));
        if let Some(host) = variable("HEROKU_HOST") {
            heroku_hosts.push(format!("git.{host}"));
            heroku_hosts.push(host);
        }
        Ok(Self {
            remotes: Remotes::from_config(&config),
            reader: Reader {
                // Where git resolves the relative path of a remote.
                directory: (layout.work_tree.as_ref())
                    .unwrap_or(&layout.common_dir)
                    .clone(),
                heroku_hosts,
            },
            layout,
            passed: Mutex::default(),
            backend: Mutex::new(backend),
            git,
            config,
        })
    }

    pub(super) fn backend(&self) -> MutexGuard<'_, Box<dyn Backend>> {
        lock(&self.backend)
    }

    /// The git directory that all worktrees share.
    pub(crate) fn common_dir(&self) -> &Path {
        &self.layout.common_dir
    }

    /// The directory of our files in it.
    pub(crate) fn state_dir(&self) -> PathBuf {
        self.common_dir().join("pushgate")
    }

    /// The top of the work tree; `None` in a bare repository.
    pub(crate) fn work_tree(&self) -> Option<&Path> {
        self.layout.work_tree.as_deref()
    }

    pub(crate) fn remotes(&self) -> &Remotes {
        &self.remotes
    }

    /// The last value of a variable of git's configuration; names in lower case.
    pub(crate) fn config(&self, name: &str) -> Option<&BStr> {
        let mut newest_first = self.config.iter().rev();
        let (_, value) = newest_first.find(|(key, _)| key == name)?;
        Some(value.as_bstr())
    }

    pub(crate) fn destination(&self, url: &BStr) -> Destination {
        self.reader.read(url)
    }

    /// The person who works here: `Name <mail>`, as git would sign a commit.
    pub(crate) fn identity(&self) -> String {
        let pick = |name: &str, own: &str, common: &str| {
            let configured = || self.config(own).or_else(|| self.config(common));
            variable(name).or_else(|| Some(configured()?.to_string()))
        };
        let name = pick("GIT_COMMITTER_NAME", "committer.name", "user.name");
        let mail = pick("GIT_COMMITTER_EMAIL", "committer.email", "user.email");
        if let (Some(name), Some(mail)) = (name, mail) {
            return format!("{name} <{mail}>");
        }
        // git guesses from the account and the host: `Name <mail> SECONDS ZONE`.
        let guessed = self.git.must(["var", "GIT_COMMITTER_IDENT"]);
        let ident = guessed.map(|output| output.line().to_str_lossy().into_owned());
        let ident = ident.unwrap_or_default();
        match ident.split_once('>') {
            Some((person, _)) => format!("{person}>"),
            None => "unknown".to_owned(),
        }
    }

    /// Whether an object is a commit; `None` where it is not here.
    pub(super) fn is_commit(&self, id: &Oid) -> Result<Option<bool>, Stop> {
        let header = self.backend().header(id)?;
        Ok(header.map(|(kind, _)| kind == Kind::Commit))
    }

    /// The commit that an id names, through tags.
    pub(crate) fn peel(&self, id: &Oid) -> Result<Option<Oid>, Stop> {
        match self.is_commit(id)? {
            Some(true) => Ok(Some(id.clone())),
            Some(false) => self.revision(id.as_str()),
            None => Ok(None),
        }
    }

    /// The commit that a revision names (gitrevisions(7)).
    pub(crate) fn revision(&self, revision: &str) -> Result<Option<Oid>, Stop> {
        let commit = format!("{revision}^{{commit}}");
        let args = ["rev-parse", "--verify", "--quiet", "--end-of-options"];
        let output = self.git.run(args.into_iter().chain([commit.as_str()]))?;
        Ok(output.is_ok().then(|| Oid::parse(output.line())).flatten())
    }

    /// The commit, or other object, that a ref or `HEAD` leads to.
    pub fn reference(&self, name: &str) -> Result<Option<Oid>, Stop> {
        self.backend().reference(name)
    }

    pub(crate) fn symbolic(&self, name: &str) -> Result<Option<String>, Stop> {
        self.backend().symbolic(name)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by it")]
mod tests;
