//! A clean copy of the pushed commit: one linked worktree for a repository, in the user's cache
//! directory, brought to the commit and cleaned of what git does not ignore, so that caches survive.
//!
//! It is not below `.git`, where Jest finds no tests and package managers climb into the parent.

use std::{
    ffi::OsStr,
    fs, io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use etcetera::BaseStrategy;
use sha2::{Digest, Sha256};

use super::links;
use crate::git::command::Git;
use crate::{
    gates::verdict::Trouble,
    policy::Suite,
    process::{
        program::{command_line, run, run_within},
        signals,
    },
    push::Oid,
    text::span,
};

/// The worktree of one repository.
pub(crate) struct Worktree<'w> {
    git: &'w Git,
    /// What git calls local to a repository, of which the worktree must see nothing.
    local: Vec<String>,
    /// The directory of the worktree and of the list of its links.
    directory: PathBuf,
    common_dir: PathBuf,
}

impl<'w> Worktree<'w> {
    /// The worktree of the repository with this common directory.
    pub(crate) fn of(common_dir: &Path, git: &'w Git) -> Result<Self, Trouble> {
        let base = etcetera::choose_base_strategy().map_err(|error| Trouble::Io {
            what: "find the cache directory, where `suite.in: worktree` works".to_owned(),
            words: vec![error.to_string()],
        })?;
        let digest = Sha256::digest(common_dir.as_os_str().as_bytes());
        let key = crate::text::hex(&digest[..8]);
        let name = match common_dir.file_name() {
            Some(name) if name == ".git" => common_dir.parent().and_then(Path::file_name),
            name => name,
        };
        let name = name.unwrap_or_default().to_string_lossy();
        let names = git.must(["rev-parse", "--local-env-vars"])?;
        // The configuration that `git -c` brings holds for the worktree, too.
        let local = String::from_utf8_lossy(&names.stdout)
            .lines()
            .filter(|name| !name.starts_with("GIT_CONFIG"))
            .map(str::to_owned)
            .collect();
        Ok(Self {
            git,
            local,
            directory: base
                .cache_dir()
                .join("pushgate")
                .join(format!("{name}-{key}")),
            common_dir: common_dir.to_owned(),
        })
    }

    /// Its top.
    pub(crate) fn top(&self) -> PathBuf {
        self.directory.join("tree")
    }

    /// Brings it to a commit: every file as the commit has it, nothing else but what git ignores,
    /// and the links that the policy asks for.
    ///
    /// Nobody else works in it, so a lock in it is what somebody left who was killed, and what git
    /// cannot bring to the commit is damaged, and made anew.
    pub(crate) fn bring_to(
        &self,
        commit: &Oid,
        checkout: Option<&Path>,
        suite: &Suite,
    ) -> Result<(), Trouble> {
        links::unlink_stale(&self.directory, &suite.link)?;
        let begin = Instant::now();
        let left = || suite.timeout.saturating_sub(begin.elapsed());
        let is_there = self.is_ours() && {
            self.unlock();
            self.move_to(commit, suite, left()).is_ok()
        };
        if !is_there {
            if let Some(by) = signals::interrupted() {
                return Err(Trouble::Interrupted { by });
            }
            self.remove()?;
            self.add(commit, left())?;
            self.move_to(commit, suite, left())?;
        }
        let tracked = |links: &[String]| self.tracked(links, left());
        links::link(&self.directory, checkout, &suite.link, tracked)
    }

    pub(crate) fn add(&self, commit: &Oid, limit: Duration) -> Result<(), Trouble> {
        fs::create_dir_all(&self.directory).map_err(|error| self.failed("make", &error))?;
        let mut add = self.of_repository(["worktree", "add", "--quiet", "--force", "--detach"]);
        add.arg(self.top()).arg(commit.as_str());
        must(add, limit).map(drop)
    }

    pub(crate) fn move_to(
        &self,
        commit: &Oid,
        suite: &Suite,
        limit: Duration,
    ) -> Result<(), Trouble> {
        let checkout = [
            "checkout",
            "--quiet",
            "--detach",
            "--force",
            commit.as_str(),
        ];
        must(self.here(checkout), limit)?;
        let mut clean = self.here(["clean", "--quiet", "-ffd"]);
        for link in &suite.link {
            clean.args(["--exclude", &links::pattern(link)]);
        }
        must(clean, limit).map(drop)
    }

    /// Which of these paths the commit has.
    pub(crate) fn tracked(&self, paths: &[String], limit: Duration) -> Result<Vec<u8>, Trouble> {
        let mut list = self.here(["--literal-pathspecs", "ls-files", "-z", "--"]);
        list.args(paths);
        must(list, limit)
    }

    /// Takes the lock away that a git left which was killed.
    pub(crate) fn unlock(&self) {
        let ask = [
            "rev-parse",
            "--path-format=absolute",
            "--git-path",
            "index.lock",
        ];
        let Ok(said) = run(&mut self.here(ask)) else {
            return;
        };
        let lock = Path::new(OsStr::from_bytes(said.line()));
        if said.is_ok() && lock.is_absolute() {
            let _ = fs::remove_file(lock);
        }
    }

    /// Takes it away; there need be none.
    pub(crate) fn remove(&self) -> Result<(), Trouble> {
        let top = self.top();
        if top.symlink_metadata().is_ok() {
            // Two times --force: also one that somebody locked.
            let mut remove = self.of_repository(["worktree", "remove", "--force", "--force"]);
            if !run(remove.arg(&top))?.is_ok() {
                fs::remove_dir_all(&top).map_err(|error| self.failed("remove", &error))?;
                run(&mut self.of_repository(["worktree", "prune"]))?;
            }
        }
        match fs::remove_dir_all(&self.directory) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(self.failed("remove", &error))
            }
            _ => Ok(()),
        }
    }

    /// Whether it is there, whole, and of this repository.
    pub(crate) fn is_ours(&self) -> bool {
        let mut ask = self.here([
            "rev-parse",
            "--path-format=absolute",
            "--git-common-dir",
            "--show-toplevel",
        ]);
        let (Ok(common_dir), Ok(top)) = (self.common_dir.canonicalize(), self.top().canonicalize())
        else {
            return false;
        };
        // Compared as a whole: there may be line feeds in both, and bytes that are no text.
        let expected = [common_dir, top].map(|path| [path.as_os_str().as_bytes(), b"\n"].concat());
        run(&mut ask).is_ok_and(|said| said.is_ok() && said.stdout == expected.concat())
    }

    /// A call of git in the worktree.
    pub(crate) fn here<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.command(args);
        command.current_dir(self.top());
        command
    }

    /// A call of git in the repository itself, whichever of its worktrees is pushed from.
    pub(crate) fn of_repository<S: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = self.command(args);
        command
            .current_dir(&self.common_dir)
            .env("GIT_DIR", &self.common_dir);
        command
    }

    /// git without the variables and the hooks of the push. A partial clone may fetch what it lacks.
    ///
    /// `git worktree add` takes the patterns of a sparse checkout over: the copy is whole all the same.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.git.command([
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "core.sparseCheckout=false",
        ]);
        command
            .args(args)
            .env_remove("GIT_NO_LAZY_FETCH")
            .env("GIT_TERMINAL_PROMPT", "0");
        for name in &self.local {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn failed(&self, what: &str, error: &io::Error) -> Trouble {
        Trouble::io(
            format!("{what} the worktree in {}", self.directory.display()),
            error,
        )
    }
}

/// Runs a call of git that must succeed, for so long at most; what it printed.
pub(crate) fn must(command: Command, limit: Duration) -> Result<Vec<u8>, Trouble> {
    let shown = command_line(&command);
    let words = match run_within(command, limit)? {
        Some(said) if said.is_ok() => return Ok(said.stdout),
        Some(said) => said.stderr,
        None => match signals::interrupted() {
            Some(by) => return Err(Trouble::Interrupted { by }),
            None => vec![format!(
                "it took longer than `suite.timeout`, {}",
                span(limit)
            )],
        },
    };
    Err(Trouble::Git {
        command: shown,
        words,
    })
}
