//! The directory where git looks for the pre-push hook, the hook in it, and the one that it replaced.

use std::{
    fs, io,
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        fs::{PermissionsExt, symlink},
    },
    path::{Path, PathBuf},
};

use bstr::ByteSlice;

use super::{
    Error,
    owner::Owner,
    script::{self, Author, NAME},
};
use crate::{file, git::Repository};

/// The hook that pre-commit and prek found when they were installed. They run it first, with all
/// that git said, and leave it there when they write their own anew.
pub(crate) const LEGACY: &str = "pre-push.legacy";
/// Where the hook that we replaced is kept: beside the hooks directory, under its own name, so that
/// `$(basename "$0")` and `$(dirname "$0")/..` in it mean what they meant. The other files of the
/// hooks directory have links there, for `$(dirname "$0")/husky.sh`.
pub(crate) const KEPT: &str = ".pushgate-hooks";
/// Where a changed hook of ours is put before it is written anew.
const EDITED: &str = "pre-push.edited";

/// The hooks directory of a repository.
pub(crate) struct HooksDirectory {
    pub(crate) path: PathBuf,
    /// What writes the hooks in it; `None`: nothing does.
    pub(crate) owner: Option<Owner>,
    /// Where our hook stands, or would.
    pub(crate) hook: PathBuf,
    /// Where the hook that it replaced is kept.
    pub(crate) kept: PathBuf,
    pub(super) kept_directory: PathBuf,
}

/// What stands where our hook should.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Nothing,
    /// Our hook, as this version writes it.
    Ours(Vec<u8>),
    /// Our hook, edited or of another version.
    Differs,
    Foreign,
}

/// Asks git for its hooks directory, `core.hooksPath` considered.
pub(crate) fn path(repository: &Repository) -> Result<PathBuf, Error> {
    let setting = repository.config("core.hookspath");
    if setting.is_some_and(|path| path.is_empty()) {
        return Err(Error::EmptyHooksPath);
    }
    let args = ["rev-parse", "--path-format=absolute", "--git-path", "hooks"];
    let output = repository.git().must(args)?;
    let path = output.stdout.trim_end_with(|c| c == '\n');
    Ok(path.to_path_lossy().into_owned())
}

impl HooksDirectory {
    /// Finds that of a repository; refuses one that other repositories share.
    pub(crate) fn of(repository: &Repository) -> Result<Self, Error> {
        let path = path(repository)?;
        let real = resolve(&path);
        let own = [Some(repository.common_dir()), repository.work_tree()];
        // Below the top, not the top itself: what is beside it must be the repository's own, too.
        let is_own = own
            .into_iter()
            .flatten()
            .any(|top| real.starts_with(top) && real != top)
            && !path.is_file();
        let Some(parent) = real.parent().filter(|_| is_own) else {
            return Err(Error::SharedHooks {
                directory: path,
                own: own_hooks(repository),
            });
        };
        let owner = Owner::of(&path);
        let name = match owner {
            Some(owner) if owner.runs_legacy() => LEGACY,
            _ => NAME,
        };
        let kept_directory = parent.join(KEPT);
        Ok(Self {
            hook: path.join(name),
            owner,
            kept: kept_directory.join(NAME),
            kept_directory,
            path,
        })
    }

    pub(crate) fn found(&self) -> Result<Found, Error> {
        let failed = failed("read", &self.hook);
        match self.hook.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
            Err(error) => return Err(failed(error)),
            Ok(metadata) if metadata.is_dir() => {
                return Err(failed(io::ErrorKind::IsADirectory.into()));
            }
            // We never install a link; a dangling one is foreign, too.
            Ok(metadata) if metadata.is_symlink() => return Ok(Found::Foreign),
            Ok(_) => {}
        }
        let hook = fs::read(&self.hook).map_err(failed)?;
        Ok(match script::author(&hook) {
            Author::Ours => Found::Ours(hook),
            Author::OursChanged => Found::Differs,
            Author::Foreign => Found::Foreign,
        })
    }

    /// Whether git, or a program that passes on all that git said, calls our hook here.
    pub(crate) fn judges_whole_push(&self) -> bool {
        let is_called = self
            .owner
            .is_some_and(|owner| owner == Owner::Pushgate || owner.runs_legacy());
        is_called && is_executable(&self.hook) && matches!(self.found(), Ok(Found::Ours(_)))
    }

    /// The hook that ours replaced.
    pub(crate) fn replaced(&self) -> Option<&Path> {
        exists(&self.kept).then_some(&self.kept)
    }

    /// Refuses to replace a foreign hook where another one is kept already.
    pub(crate) fn one_to_keep(&self) -> Result<(), Error> {
        match self.replaced() {
            Some(kept) if self.found()? == Found::Foreign && !is_same(&self.hook, kept) => {
                Err(Error::TwoHooks {
                    hook: self.hook.clone(),
                    kept: kept.to_owned(),
                })
            }
            _ => Ok(()),
        }
    }

    /// Gives the foreign hook a second name, where it is kept; it has its own until ours takes its
    /// place.
    pub(crate) fn keep(&self) -> Result<(), Error> {
        if is_same(&self.hook, &self.kept) {
            return Ok(());
        }
        fs::create_dir_all(&self.kept_directory).map_err(failed("make", &self.kept_directory))?;
        second_name(&self.hook, &self.kept)
    }

    /// Gives a changed hook of ours a second name that nothing has yet, and returns it.
    pub(crate) fn set_aside(&self) -> Result<PathBuf, Error> {
        let mut aside = self.path.join(EDITED);
        let mut number = 1;
        while exists(&aside) {
            if is_same(&self.hook, &aside) {
                return Ok(aside);
            }
            number += 1;
            aside = self.path.join(format!("{EDITED}.{number}"));
        }
        second_name(&self.hook, &aside)?;
        Ok(aside)
    }

    /// Writes our hook.
    pub(crate) fn write(&self, text: &[u8]) -> Result<(), Error> {
        fs::create_dir_all(&self.path)
            .and_then(|()| file::replace(&self.hook, ".pre-push-", text, 0o755))
            .map_err(failed("write", &self.hook))
    }

    /// Removes what stands where our hook should.
    pub(crate) fn remove(&self) -> Result<(), Error> {
        match fs::remove_file(&self.hook) {
            // On a file system without second names it was moved before.
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed("remove", &self.hook)(error))
            }
            _ => Ok(()),
        }
    }

    /// Puts links to the other files of the hooks directory beside the kept hook: it may read or run
    /// them from its own directory.
    pub(crate) fn link_siblings(&self) -> Result<(), Error> {
        let Some(directory) = resolve(&self.path).file_name().map(PathBuf::from) else {
            return Ok(());
        };
        let read = failed("read", &self.path);
        let hook = self.hook.file_name().unwrap_or_default();
        for entry in fs::read_dir(&self.path).map_err(&read)? {
            let name = entry.map_err(&read)?.file_name();
            let bytes = name.as_bytes();
            let is_ours = name == NAME || name == hook || bytes.starts_with(EDITED.as_bytes());
            if is_ours || bytes.starts_with(b".") || bytes.ends_with(b".sample") {
                continue;
            }
            let target = Path::new("..").join(&directory).join(&name);
            match symlink(target, self.kept_directory.join(&name)) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(failed("make", &self.kept_directory)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes the links beside the kept hook, and their directory unless it holds files of others.
    pub(crate) fn clear(&self) -> Result<(), Error> {
        let directory = &self.kept_directory;
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed("read", directory)(error)),
        };
        for entry in entries {
            let path = entry.map_err(failed("read", directory))?.path();
            if path != self.kept && path.is_symlink() {
                fs::remove_file(&path).map_err(failed("remove", &path))?;
            }
        }
        match fs::remove_dir(directory) {
            Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => {
                Err(failed("remove", directory)(error))
            }
            _ => Ok(()),
        }
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
    let look = |path: &Path| {
        let metadata = path.symlink_metadata()?;
        let content = if metadata.is_symlink() {
            fs::read_link(path)?.into_os_string().into_vec()
        } else {
            fs::read(path)?
        };
        Ok::<_, io::Error>((metadata.permissions().mode(), content))
    };
    matches!((look(one), look(other)), (Ok(one), Ok(other)) if one == other)
}

/// Gives a file a second name. Where the file system knows no second names, there is a moment
/// without a hook.
fn second_name(hook: &Path, name: &Path) -> Result<(), Error> {
    fs::hard_link(hook, name)
        .or_else(|_| fs::rename(hook, name))
        .map_err(|error| {
            let what = format!("keep {} as {}", hook.display(), name.display());
            Error::io(what, &error)
        })
}

pub(crate) fn failed(what: &str, path: &Path) -> impl Fn(io::Error) -> Error {
    let what = format!("{what} {}", path.display());
    move |error| Error::io(what.clone(), &error)
}

/// The path with links followed, as far as it exists.
fn resolve(path: &Path) -> PathBuf {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Ok(real), _, _) => real,
        (Err(_), Some(parent), Some(name)) => resolve(parent).join(name),
        _ => path.to_owned(),
    }
}
