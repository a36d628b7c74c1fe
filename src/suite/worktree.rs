//! A clean copy of the pushed commit: one linked worktree for a repository, in the user's cache
//! directory, brought to the commit and cleaned of what git does not ignore, so that caches survive.
//!
//! It is not below `.git`, where Jest finds no tests and package managers climb into the parent.

use std::{
    ffi::OsStr,
    fs, io,
    os::unix::{ffi::OsStrExt, fs::symlink},
    path::{Path, PathBuf},
    process::Command,
};

use etcetera::BaseStrategy;
use sha2::{Digest, Sha256};

use crate::{
    push::Oid,
    verdict::Trouble,
    world::children::{Git, said},
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
        let key: String = digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect::<Vec<_>>()
            .concat();
        let name = match common_dir.file_name() {
            Some(name) if name == ".git" => common_dir.parent().and_then(Path::file_name),
            name => name,
        };
        let name = name.unwrap_or_default().to_string_lossy();
        let names = git.must(["rev-parse", "--local-env-vars"])?;
        // The configuration that `git -c` brings holds for the worktree, too.
        let local = String::from_utf8_lossy(&names.out)
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
    pub(crate) fn bring_to(
        &self,
        commit: &Oid,
        checkout: Option<&Path>,
        links: &[String],
    ) -> Result<(), Trouble> {
        let top = self.top();
        self.unlink_stale(links)?;
        if self.is_ours() {
            self.here([
                "checkout",
                "--quiet",
                "--detach",
                "--force",
                commit.as_str(),
            ])?;
        } else {
            self.remove()?;
            fs::create_dir_all(&self.directory).map_err(|error| self.failed("make", &error))?;
            let mut add = self.of_repository(["worktree", "add", "--quiet", "--force", "--detach"]);
            must(add.arg(&top).arg(commit.as_str()))?;
        }
        let mut clean = vec!["clean".to_owned(), "--quiet".to_owned(), "-ffd".to_owned()];
        for link in links {
            clean.extend(["--exclude".to_owned(), format!("/{link}")]);
        }
        self.here(clean)?;
        if let Some(checkout) = checkout {
            for link in links {
                self.link(checkout, link)?;
            }
        }
        self.remember(links)
    }

    /// Takes it away; there need be none.
    pub(crate) fn remove(&self) -> Result<(), Trouble> {
        let top = self.top();
        if top.symlink_metadata().is_ok() {
            // Two times --force: also one that somebody locked.
            let mut remove = self.of_repository(["worktree", "remove", "--force", "--force"]);
            if !said(remove.arg(&top))?.is_ok() {
                fs::remove_dir_all(&top).map_err(|error| self.failed("remove", &error))?;
                said(&mut self.of_repository(["worktree", "prune"]))?;
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
    fn is_ours(&self) -> bool {
        let mut ask = self.command([
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
        said(ask.current_dir(self.top()))
            .is_ok_and(|said| said.is_ok() && said.out == expected.concat())
    }

    /// A call of git in the worktree.
    fn here<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Result<String, Trouble> {
        must(self.command(args).current_dir(self.top()))
    }

    /// A call of git in the repository itself, whichever of its worktrees is pushed from.
    fn of_repository<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.command(args);
        command
            .current_dir(&self.common_dir)
            .env("GIT_DIR", &self.common_dir);
        command
    }

    /// git without the variables and the hooks of the push. A partial clone may fetch what it lacks.
    ///
    /// `git worktree add` takes the patterns of a sparse checkout over: the copy is whole all the same.
    fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.git.command([
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "core.sparseCheckout=false",
        ]);
        command.args(args).env_remove("GIT_NO_LAZY_FETCH");
        for name in &self.local {
            command.env_remove(name);
        }
        command
    }

    fn link(&self, checkout: &Path, name: &str) -> Result<(), Trouble> {
        let (from, to) = (checkout.join(name), self.top().join(name));
        if from.symlink_metadata().is_err() || fs::read_link(&to).is_ok_and(|target| target == from)
        {
            return Ok(());
        }
        let parent = to.parent().unwrap_or(&self.directory);
        let made = fs::create_dir_all(parent).and_then(|()| symlink(&from, &to));
        made.map_err(|error| self.failed(&format!("link `{name}` into"), &error))
    }

    /// Takes away the links that the policy no longer asks for; they may be ignored, and would stay.
    fn unlink_stale(&self, links: &[String]) -> Result<(), Trouble> {
        let before = fs::read_to_string(self.list()).unwrap_or_default();
        for stale in before
            .lines()
            .filter(|name| !links.iter().any(|link| link == name))
        {
            let path = self.top().join(stale);
            if path.is_symlink() {
                fs::remove_file(&path)
                    .map_err(|error| self.failed(&format!("unlink `{stale}` from"), &error))?;
            }
        }
        Ok(())
    }

    fn remember(&self, links: &[String]) -> Result<(), Trouble> {
        fs::write(self.list(), links.join("\n")).map_err(|error| self.failed("write to", &error))
    }

    fn list(&self) -> PathBuf {
        self.directory.join("links")
    }

    fn failed(&self, what: &str, error: &io::Error) -> Trouble {
        Trouble::io(
            format!("{what} the worktree in {}", self.directory.display()),
            error,
        )
    }
}

fn must(command: &mut Command) -> Result<String, Trouble> {
    let said = said(command)?;
    if said.is_ok() {
        return Ok(String::from_utf8_lossy(&said.out).into_owned());
    }
    Err(Trouble::Git {
        command: crate::world::children::show(command),
        words: said.words,
    })
}
