//! The directory where git looks for the pre-push hook, what stands there, and the hook that ours replaced.

use std::{
    fs, io,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use bstr::ByteSlice;

use super::{
    manager::Manager,
    script::{self, Call, NAME},
};
use crate::{cure::command, file, gates::Stop, git::Repository, text::shell_word};

/// The hook that pre-commit and prek found when they were installed. They run it first, with all
/// that git said, and leave it there when they write their own anew.
const LEGACY: &str = "pre-push.legacy";
/// Where the hook that we replaced is kept: beside the hooks directory, under its own name, so that
/// `$(basename "$0")` and `$(dirname "$0")/..` in it mean what they meant. The other files of the
/// hooks directory have links there, for `$(dirname "$0")/husky.sh`.
pub(crate) const KEPT: &str = ".pushgate-hooks";
/// Where a changed hook of ours is put before it is written anew; the last one.
const EDITED: &str = "pre-push.edited";

/// Asks git where it looks for hooks, unless no configuration can say anything but the usual place.
fn hooks_path(is_set: bool, repository: &Repository) -> Result<PathBuf, Stop> {
    if !is_set && !repository.git.has_own_configuration() {
        return Ok(repository.common_dir().join("hooks"));
    }
    let args = ["rev-parse", "--path-format=absolute", "--git-path", "hooks"];
    let output = repository.git.must(args)?;
    let path = output.stdout.trim_end_with(|c| c == '\n');
    Ok(path.to_path_lossy().into_owned())
}

pub(crate) struct HooksDirectory {
    pub(crate) path: PathBuf,
    pub(crate) manager: Option<Manager>,
    /// Where our hook stands, or would.
    pub(crate) hook: PathBuf,
    /// Where the hook that it replaced is kept; where repositories share the directory, the repository's
    /// own one, which git does not call.
    pub(crate) kept: PathBuf,
    /// Whether no other repository uses it.
    pub(crate) is_own: bool,
}

impl HooksDirectory {
    /// Asks git for it, `core.hooksPath` considered.
    pub(crate) fn of(repository: &Repository) -> Result<Self, Stop> {
        let setting = repository.config("core.hookspath");
        if setting.is_some_and(|path| path.is_empty()) {
            let text =
                "core.hooksPath is empty: git looks for hooks in whatever directory it is in";
            return Err(Stop::undecided(text).cure(
                "have git look where it always does, then try again",
                ["git config --unset-all core.hooksPath"],
            ));
        }
        let path = hooks_path(setting.is_some(), repository)?;
        let real = resolve(&path);
        let own = [Some(repository.common_dir()), repository.work_tree()];
        // Below the top, not the top itself: what is beside it must be the repository's own, too.
        let is_below = |top: &Path| real.starts_with(top) && real != top;
        let manager = Manager::of(&path);
        let name = match manager {
            Some(manager) if manager.runs_legacy() => LEGACY,
            _ => NAME,
        };
        let is_own = own.into_iter().flatten().any(is_below) && !path.is_file();
        let kept = match real.parent() {
            Some(parent) if is_own => parent.join(KEPT).join(NAME),
            _ => repository.common_dir().join("hooks").join(NAME),
        };
        Ok(Self {
            is_own,
            kept,
            hook: path.join(name),
            manager,
            path,
        })
    }

    /// Refuses a directory that other repositories share.
    pub(crate) fn require_own(&self, repository: &Repository) -> Result<(), Stop> {
        if self.is_own {
            return Ok(());
        }
        let directory = self.path.display();
        let own = shell_word(&own_hooks(repository).to_string_lossy());
        let mut error = Stop::undecided(format!(
            "git looks for its hooks in {directory}, which is not this repository's own"
        ))
        .cure(
            "let this repository have hooks of its own",
            [
                command(["git", "config", "core.hooksPath", &own]),
                "pushgate install".to_owned(),
            ],
        );
        if self.path != Path::new("/dev/null") {
            // First, because a command that reads the refs leaves none for the next one; and with
            // `|| exit`, because the hook would go on after a refusal.
            error = error.hint(format!("or let {directory}/{NAME} begin with this line: pushgate pre-push -- \"$@\" || exit (with --chain=HOOK before the -- where HOOK needs the refs, too)"));
        }
        Err(error.cure("or, with git 2.54 or newer", ["pushgate install --config"]))
    }

    /// What stands where our hook should.
    pub(crate) fn found(&self) -> Result<Call, Stop> {
        // We never install a link; a dangling one is foreign, too.
        if self.hook.is_symlink() {
            return Ok(Call::No);
        }
        match file::read_followed(&self.hook) {
            Ok(text) => Ok(script::of_hook(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Call::Missing),
            Err(error) => Err(failed("read", &self.hook)(error)),
        }
    }

    /// The same; a foreign hook is refused where another one is kept already.
    pub(crate) fn require_one_to_keep(&self) -> Result<Call, Stop> {
        let found = self.found()?;
        let is_second = found.is_foreign() && exists(&self.kept);
        if !is_second || is_same(&self.hook, &self.kept) {
            return Ok(found);
        }
        let (hook, kept) = (self.hook.display(), self.kept.display());
        let text = format!("{hook} is not pushgate's, and {kept} keeps an older one");
        Err(Stop::undecided(text).hint(format!(
            "put what you need of {kept} into {hook}, remove the first, then pushgate install"
        )))
    }

    /// The hook that ours replaced.
    pub(crate) fn replaced(&self) -> Option<&Path> {
        exists(&self.kept).then_some(&self.kept)
    }

    /// The repository's own hook, where git calls ours from a directory that repositories share.
    pub(crate) fn silenced(&self) -> Option<&Path> {
        let is_ours = |path: &Path| {
            file::read_followed(path).is_ok_and(|text| script::of_hook(&text).is_ours())
        };
        let is_silenced = !self.is_own && is_ours(&self.hook) && is_executable(&self.kept);
        (is_silenced && !is_ours(&self.kept)).then_some(&self.kept)
    }

    /// Gives what stands where our hook should a second name; it has its own until ours takes its
    /// place. A foreign hook is kept to run after ours; where one of ours was changed, its new name is
    /// returned.
    pub(crate) fn make_room(&self, found: &Call) -> Result<Option<PathBuf>, Stop> {
        match found {
            Call::Missing | Call::AsWritten => Ok(None),
            Call::Changed | Call::Broken(_) => {
                let aside = self.path.join(EDITED);
                let _ = fs::remove_file(&aside);
                second_name(&self.hook, &aside)?;
                Ok(Some(aside))
            }
            _ if is_same(&self.hook, &self.kept) => Ok(None),
            _ => {
                let directory = self.kept_directory();
                fs::create_dir_all(directory).map_err(failed("make", directory))?;
                second_name(&self.hook, &self.kept)?;
                Ok(None)
            }
        }
    }

    /// Removes what stands where our hook should.
    pub(crate) fn remove(&self) -> Result<(), Stop> {
        // On a file system without second names it was moved before.
        file::ignore(io::ErrorKind::NotFound, fs::remove_file(&self.hook))
            .map_err(failed("remove", &self.hook))
    }

    /// Puts links to the other files of the hooks directory beside the kept hook: it may read or run
    /// them from its own directory.
    pub(crate) fn link_siblings(&self) -> Result<(), Stop> {
        let Some(directory) = resolve(&self.path).file_name().map(PathBuf::from) else {
            return Ok(());
        };
        let read = failed("read", &self.path);
        for entry in fs::read_dir(&self.path).map_err(&read)? {
            let name = entry.map_err(&read)?.file_name();
            if name == NAME || self.hook.ends_with(&name) {
                continue;
            }
            let target = Path::new("..").join(&directory).join(&name);
            let link = symlink(target, self.kept_directory().join(&name));
            file::ignore(io::ErrorKind::AlreadyExists, link)
                .map_err(failed("make", self.kept_directory()))?;
        }
        Ok(())
    }

    /// Removes the links beside the kept hook, and their directory unless it holds files of others.
    pub(crate) fn clear(&self) -> Result<(), Stop> {
        let directory = self.kept_directory();
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if path != self.kept && path.is_symlink() {
                fs::remove_file(&path).map_err(failed("remove", &path))?;
            }
        }
        let _ = fs::remove_dir(directory);
        Ok(())
    }

    fn kept_directory(&self) -> &Path {
        self.kept.parent().unwrap_or(&self.kept)
    }

    pub(crate) fn is_in_work_tree(&self, repository: &Repository) -> bool {
        let real = resolve(&self.path);
        !real.starts_with(repository.common_dir())
            && repository
                .work_tree()
                .is_some_and(|top| real.starts_with(top))
    }
}

/// What `core.hooksPath` must be for git to look in the repository's own directory. A relative one
/// is taken from the top of each worktree, so linked worktrees would look where nothing is.
fn own_hooks(repository: &Repository) -> PathBuf {
    let common = repository.common_dir();
    let alone = !common.join("worktrees").is_dir();
    match repository.work_tree().map(|top| common.strip_prefix(top)) {
        Some(Ok(inside)) if alone => inside.join("hooks"),
        _ => common.join("hooks"),
    }
}

pub(crate) fn is_executable(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|metadata| metadata.permissions().mode() & 0o111 == 0o111)
}

pub(crate) fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Whether both are one hook: an install was interrupted between its steps, or the program that
/// wrote the first one has written it again over ours (`git lfs install --force`).
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    exists(one) && exists(other) && file::read_followed(one).ok() == file::read_followed(other).ok()
}

/// Writes a hook, whole or not at all.
pub(crate) fn write(path: &Path, text: &[u8], mode: u32) -> Result<(), Stop> {
    let directory = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory)
        .and_then(|()| file::replace(path, ".pre-push-", text, mode))
        .map_err(failed("write", path))
}

/// Gives a file a second name. Where the file system knows no second names, there is a moment
/// without a hook.
fn second_name(hook: &Path, name: &Path) -> Result<(), Stop> {
    fs::hard_link(hook, name)
        .or_else(|_| fs::rename(hook, name))
        .map_err(failed(&format!("keep {} as", hook.display()), name))
}

/// The error of a file that could not be read, made or removed.
pub(crate) fn failed(what: &str, path: &Path) -> impl Fn(io::Error) -> Stop {
    let what = format!("{what} {}", path.display());
    move |error| Stop::failed(&what, &error)
}

/// The path with links followed, as far as it exists.
fn resolve(path: &Path) -> PathBuf {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Ok(real), _, _) => real,
        (Err(_), Some(parent), Some(name)) => resolve(parent).join(name),
        _ => path.to_owned(),
    }
}
