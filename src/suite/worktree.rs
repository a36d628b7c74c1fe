//! A clean copy of the pushed commit: one linked worktree for a repository, in the user's cache
//! directory, brought to the commit and cleaned of what git does not ignore, so that caches survive.
//!
//! It is not below `.git`, where Jest finds no tests and package managers use files of the parent.

use std::{
    cell::OnceCell,
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
use crate::{
    cure::{Cure, command},
    file,
    gates::Stop,
    git::{
        command::{Git, OF_THE_PUSH, looking},
        work_tree::{differing, rewritten},
    },
    policy::{FILE, Suite},
    process::{
        program::{command_line, run, run_within},
        signals,
    },
    push::Oid,
    text::{hex, span},
};

pub(crate) struct Worktree<'w> {
    git: &'w Git,
    /// The directory of the worktree and of the list of its links.
    directory: PathBuf,
    common_dir: PathBuf,
    /// The options by which git looks at its files, once they were found.
    looking: OnceCell<Vec<String>>,
}

impl<'w> Worktree<'w> {
    pub(crate) fn of(common_dir: &Path, git: &'w Git) -> Result<Self, Stop> {
        let base = etcetera::choose_base_strategy().map_err(|error| {
            let what = "find the cache directory, where `suite.in: worktree` works";
            Stop::failed(what, &error)
        })?;
        let digest = Sha256::digest(common_dir.as_os_str().as_bytes());
        let key = hex(&digest[..8]);
        let name = match common_dir.file_name() {
            Some(name) if name == ".git" => common_dir.parent().and_then(Path::file_name),
            name => name,
        };
        let name = name.unwrap_or_default().to_string_lossy();
        Ok(Self {
            git,
            directory: base.cache_dir().join(format!("pushgate/{name}-{key}")),
            common_dir: common_dir.to_owned(),
            looking: OnceCell::new(),
        })
    }

    pub(crate) fn top(&self) -> PathBuf {
        links::top(&self.directory)
    }

    /// Brings it to a commit: every file as the commit has it, nothing else but what git ignores,
    /// and the links that the policy asks for.
    ///
    /// No other process works in it, so a lock in it was left by a git that was killed. Where git
    /// cannot bring it to the commit, it is damaged, and made anew.
    pub(crate) fn bring_to(
        &self,
        commit: &Oid,
        checkout: Option<&Path>,
        suite: &Suite,
    ) -> Result<(), Stop> {
        let above = self.directory.parent().unwrap_or(&self.directory);
        let may_use = |directory: &Path, made: io::Result<()>| {
            made.map_err(|error| {
                let remove = command(["rm", "-r", &directory.to_string_lossy()]);
                self.failed("use", &error)
                    .cure("remove it, then try again", [remove])
            })
        };
        may_use(above, file::private_directory(above))?;
        may_use(&self.directory, file::private_directory(&self.directory))?;
        let top = self.top();
        if top.symlink_metadata().is_ok() {
            may_use(&top, file::must_be_own(&top).map(drop))?;
        }
        links::unlink_stale(&self.directory, &suite.link)?;
        let begin = Instant::now();
        let left = || suite.timeout.saturating_sub(begin.elapsed());
        if !(self.is_usable() && self.move_to(commit, suite, left()).is_ok() && self.is_exact()) {
            signals::check()?;
            self.remove()?;
            self.add(commit, left())?;
            self.move_to(commit, suite, left())?;
        }
        let call = || self.here::<&str>([]);
        if !rewritten(&call, &self.common_dir)?.is_empty() {
            let attributes = self.common_dir.join("info/attributes");
            return Err(Stop::undecided(format!(
                "{} has git write files of the clean copy otherwise than the commit has them",
                attributes.display()
            ))
            .hint("move these lines to .gitattributes, and commit it"));
        }
        // Which of these paths the commit has.
        let tracked = |paths: &[String]| {
            let mut list = self.here(["--literal-pathspecs", "ls-files", "-z", "--"]);
            list.args(paths);
            must(list, left())
        };
        links::link(&self.directory, checkout, &suite.link, tracked)
    }

    fn add(&self, commit: &Oid, limit: Duration) -> Result<(), Stop> {
        file::private_directory(&self.directory).map_err(|error| self.failed("make", &error))?;
        let mut add = self.of_repository(["worktree", "add", "--quiet", "--force", "--detach"]);
        add.arg(self.top()).arg(commit.as_str());
        must(add, limit).map(drop)
    }

    fn move_to(&self, commit: &Oid, suite: &Suite, limit: Duration) -> Result<(), Stop> {
        let mut checkout = self.here(["checkout", "--quiet", "--detach", "--force"]);
        checkout.arg(commit.as_str());
        must(checkout, limit)?;
        let mut clean = self.here(["clean", "--quiet", "-ffd"]);
        for link in &suite.link {
            clean.args(["--exclude", &links::pattern(link)]);
        }
        must(clean, limit).map(drop)
    }

    pub(crate) fn remove(&self) -> Result<(), Stop> {
        let top = self.top();
        if top.symlink_metadata().is_ok() {
            // Two times --force: also where it is locked (git-worktree(1)).
            let mut remove = self.of_repository(["worktree", "remove", "--force", "--force"]);
            if !run(remove.arg(&top))?.is_ok() {
                fs::remove_dir_all(&top).map_err(|error| self.failed("remove", &error))?;
                run(&mut self.of_repository(["worktree", "prune"]))?;
            }
        }
        file::ignore(io::ErrorKind::NotFound, fs::remove_dir_all(&self.directory))
            .map_err(|error| self.failed("remove", &error))
    }

    /// Whether it is there, whole, and belongs to this repository; then removes the lock that a git
    /// left which was killed.
    fn is_usable(&self) -> bool {
        let mut ask = self.here(["rev-parse", "--path-format=absolute", "--git-common-dir"]);
        ask.args(["--show-toplevel", "--git-path", "index.lock"]);
        let (Ok(common_dir), Ok(top)) = (self.common_dir.canonicalize(), self.top().canonicalize())
        else {
            return false;
        };
        // Compared as a whole: both may contain line feeds, and bytes that are no text.
        let expected = [common_dir, top].map(|path| [path.as_os_str().as_bytes(), b"\n"].concat());
        let Ok(output) = run(&mut ask) else {
            return false;
        };
        let rest = output.stdout.strip_prefix(expected.concat().as_slice());
        let Some(lock) = rest.filter(|_| output.is_ok()) else {
            return false;
        };
        let lock = Path::new(OsStr::from_bytes(lock.strip_suffix(b"\n").unwrap_or(lock)));
        if lock.is_absolute() {
            let _ = fs::remove_file(lock);
        }
        true
    }

    /// Whether it is what its HEAD says, whatever its index does.
    fn is_exact(&self) -> bool {
        let call = || self.here::<&str>([]);
        let index = self.directory.join("index");
        differing(&call, &self.top(), Some(&index)).is_ok_and(|(_, files)| files.is_empty())
    }

    /// Builds a call of git in the worktree.
    fn here<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.command(args);
        command.current_dir(self.top());
        command
    }

    /// Builds a call of git in the repository, whichever of its worktrees is pushed from.
    fn of_repository<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.command(args);
        command
            .current_dir(&self.common_dir)
            .env("GIT_DIR", &self.common_dir);
        command
    }

    /// Builds a call of git without the variables and the hooks of the push. In a partial clone it may
    /// fetch what is missing.
    ///
    /// `git worktree add` takes the patterns of a sparse checkout over; the worktree is whole all the
    /// same.
    fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.git.command(["-c", "core.hooksPath=/dev/null"]);
        command
            .args(self.looking.get_or_init(|| looking(Some(&self.directory))))
            .args(["-c", "core.sparseCheckout=false"])
            .args(["-c", "core.autocrlf=false"])
            .args(args)
            .env_remove("GIT_NO_LAZY_FETCH")
            .env("GIT_TERMINAL_PROMPT", "0")
            // Its words are read.
            .env("LANGUAGE", "C");
        for name in OF_THE_PUSH {
            command.env_remove(name);
        }
        command
    }

    fn failed(&self, what: &str, error: &io::Error) -> Stop {
        let directory = self.directory.display();
        Stop::failed(format_args!("{what} the worktree in {directory}"), error)
    }
}

/// Runs a call of git that must succeed within this time; returns what it printed.
fn must(command: Command, limit: Duration) -> Result<Vec<u8>, Stop> {
    let shown = command_line(&command);
    let words = match run_within(command, limit)? {
        Some(output) if output.is_ok() => return Ok(output.stdout),
        Some(output) => output.stderr,
        None => {
            signals::check()?;
            let limit = span(limit);
            vec![format!("it took longer than `suite.timeout`, {limit}")]
        }
    };
    let is_filter = |line: &String| line.contains("smudge filter");
    let filter = words.iter().any(is_filter).then(|| {
        format!("a filter of .gitattributes fails there: git-crypt has no key in another worktree; set `suite.in: checkout` in {FILE}")
    });
    let mut failed = Stop::not_run(&shown, words);
    failed.cures.extend(filter.map(Cure::words));
    Err(failed)
}
