//! Where git looks for the pre-push hook, what is there, and where the one that was there before waits.

pub(crate) mod configured;
pub(crate) mod owner;
pub(crate) mod text;

use std::{
    fs, io,
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        fs::{PermissionsExt, symlink},
    },
    path::{Path, PathBuf},
};

use bstr::ByteSlice;

use crate::{file, gates::verdict::Trouble, git::Real};
pub(crate) use owner::Owner;
pub(crate) use text::{Author, author, hook_for};

pub(crate) const NAME: &str = "pre-push";
/// What pre-commit and prek call the hook that was there before theirs. They run it first, with all
/// that git said, and leave it there when they write their own anew.
pub(crate) const LEGACY: &str = "pre-push.legacy";
/// Where the hook that was there before waits: beside the hooks directory, under its own name, so
/// that `$(basename "$0")` and `$(dirname "$0")/..` in it mean what they meant. Its neighbours have
/// links there, for `$(dirname "$0")/husky.sh`.
pub(crate) const WAITING: &str = ".pushgate-hooks";
/// Where version 1 kept it.
pub(crate) const EARLIER_NAME: &str = "pre-push.kept";
/// What becomes of a hook of ours that somebody edited.
pub(crate) const EDITED: &str = "pre-push.edited";

/// Where git looks for the hook, and where we keep the one that was there before.
pub(crate) struct Hooks {
    pub(crate) directory: PathBuf,
    /// Who else is at home there.
    pub(crate) owner: Option<Owner>,
    pub(crate) hook: PathBuf,
    /// Where the hook that was there before waits, and its directory.
    pub(crate) kept: PathBuf,
    waiting: PathBuf,
    /// Where version 1 kept it.
    earlier: PathBuf,
}

/// What stands in the hook's place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Nothing,
    Ours(Vec<u8>),
    /// Ours, and changed by somebody.
    Edited,
    Foreign,
}

/// Asks git for its hooks directory, `core.hooksPath` considered.
pub(crate) fn directory(world: &Real) -> Result<PathBuf, Trouble> {
    if world
        .config("core.hookspath")
        .is_some_and(|path| path.is_empty())
    {
        return Err(Trouble::EmptyHooksPath);
    }
    let said = world
        .git()
        .must(["rev-parse", "--path-format=absolute", "--git-path", "hooks"])?;
    let path = said.stdout.trim_end_with(|c| c == '\n');
    Ok(path.to_path_lossy().into_owned())
}

impl Hooks {
    /// Those of a repository; refuses a hooks directory that other repositories share.
    pub(crate) fn of(world: &Real) -> Result<Self, Trouble> {
        let directory = directory(world)?;
        let real = real(&directory);
        let own = [Some(world.common_dir()), world.work_tree()];
        // Beneath, not the top itself: what is beside it must be the repository's own, too.
        let is_own = own
            .into_iter()
            .flatten()
            .any(|top| real.starts_with(top) && real != top)
            && !directory.is_file();
        let Some(parent) = real.parent().filter(|_| is_own) else {
            return Err(Trouble::SharedHooks {
                directory,
                own: own_hooks(world),
            });
        };
        let waiting = parent.join(WAITING);
        let owner = Owner::of(&directory);
        let name = match owner {
            Some(owner) if owner.runs_legacy() => LEGACY,
            _ => NAME,
        };
        Ok(Self {
            hook: directory.join(name),
            owner,
            kept: waiting.join(NAME),
            waiting,
            earlier: directory.join(EARLIER_NAME),
            directory,
        })
    }

    pub(crate) fn found(&self) -> Result<Found, Trouble> {
        let failed = failed("read", &self.hook);
        match self.hook.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
            Err(error) => return Err(failed(error)),
            Ok(metadata) if metadata.is_dir() => {
                return Err(failed(io::ErrorKind::IsADirectory.into()));
            }
            // We never install a link; one that leads nowhere is somebody else's all the same.
            Ok(metadata) if metadata.is_symlink() => return Ok(Found::Foreign),
            Ok(_) => {}
        }
        let hook = fs::read(&self.hook).map_err(failed)?;
        Ok(match text::author(&hook) {
            Author::Us => Found::Ours(hook),
            Author::UsAndSomebody => Found::Edited,
            Author::Somebody => Found::Foreign,
        })
    }

    /// Whether git, or a program that passes all on, calls our hook here.
    pub(crate) fn hears_all(&self) -> bool {
        let is_seat = match self.owner {
            Some(Owner::Ours) => true,
            Some(owner) => owner.runs_legacy(),
            None => false,
        };
        is_seat && is_executable(&self.hook) && matches!(self.found(), Ok(Found::Ours(_)))
    }

    /// The hook that was there before ours, where it waits now.
    pub(crate) fn before(&self) -> Result<Option<&Path>, Trouble> {
        match (exists(&self.kept), exists(&self.earlier)) {
            (true, true) if !is_same(&self.kept, &self.earlier) => Err(Trouble::TwoHooks {
                hook: self.earlier.clone(),
                kept: self.kept.clone(),
            }),
            (true, _) => Ok(Some(&self.kept)),
            (false, true) => Ok(Some(&self.earlier)),
            (false, false) => Ok(None),
        }
    }

    /// Before we knew that pre-commit and prek run a legacy hook, theirs waited behind ours: until they
    /// were installed again, and met themselves. Then ours moves to where they look for it; false:
    /// there is no such hook.
    pub(crate) fn swap_with_legacy(&self, text: &[u8]) -> Result<bool, Trouble> {
        let is_theirs =
            |path: &Path| fs::read(path).is_ok_and(|text| Owner::of_hook(&text).runs_legacy());
        let Some(kept) = self.before()?.filter(|kept| is_theirs(kept)) else {
            return Ok(false);
        };
        let legacy = Self {
            directory: self.directory.clone(),
            owner: self.owner,
            hook: self.directory.join(LEGACY),
            kept: self.kept.clone(),
            waiting: self.waiting.clone(),
            earlier: self.earlier.clone(),
        };
        match (self.owner, legacy.found()?) {
            (Some(Owner::Ours), Found::Nothing | Found::Ours(_)) => {
                legacy.write(text).map_err(failed("write", &legacy.hook))?;
                fs::rename(kept, &self.hook).map_err(failed("write", &self.hook))?;
            }
            (Some(owner), _) if owner.runs_legacy() => {
                fs::remove_file(kept).map_err(failed("remove", kept))?;
            }
            _ => return Ok(false),
        }
        self.clear()?;
        Ok(true)
    }

    /// Gives a hook a second name, where it waits; it keeps its own until something takes its place.
    pub(crate) fn keep(&self, hook: &Path) -> Result<(), Trouble> {
        if hook == self.kept || is_same(hook, &self.kept) {
            return Ok(());
        }
        fs::create_dir_all(&self.waiting).map_err(failed("make", &self.waiting))?;
        second_name(hook, &self.kept)
    }

    /// Puts what somebody edited beside the hook, where nothing is overwritten, and says where.
    pub(crate) fn set_aside(&self) -> Result<PathBuf, Trouble> {
        let mut aside = self.directory.join(EDITED);
        let mut number = 1;
        while exists(&aside) {
            if is_same(&self.hook, &aside) {
                return Ok(aside);
            }
            number += 1;
            aside = self.directory.join(format!("{EDITED}.{number}"));
        }
        second_name(&self.hook, &aside)?;
        Ok(aside)
    }

    /// Writes the hook, whole or not at all, executable from the first moment.
    pub(crate) fn write(&self, text: &[u8]) -> io::Result<()> {
        file::replace(&self.hook, ".pre-push-", text, 0o755)
    }

    /// Forgets where version 1 kept the old hook, once it waits where it should.
    pub(crate) fn forget_earlier(&self) -> Result<(), Trouble> {
        if exists(&self.earlier) && is_same(&self.earlier, &self.kept) {
            fs::remove_file(&self.earlier).map_err(failed("remove", &self.earlier))?;
        }
        Ok(())
    }

    /// Gives the waiting hook the neighbours that it had: what it reads or runs from its directory.
    pub(crate) fn introduce(&self) -> Result<(), Trouble> {
        let Some(directory) = real(&self.directory).file_name().map(PathBuf::from) else {
            return Ok(());
        };
        let make = failed("make", &self.waiting);
        let hook = self.hook.file_name().unwrap_or_default();
        for entry in fs::read_dir(&self.directory).map_err(failed("read", &self.directory))? {
            let name = entry.map_err(failed("read", &self.directory))?.file_name();
            let bytes = name.as_bytes();
            let is_own = [NAME, EARLIER_NAME].iter().any(|own| name == *own)
                || name == hook
                || bytes.starts_with(EDITED.as_bytes());
            if is_own || bytes.starts_with(b".") || bytes.ends_with(b".sample") {
                continue;
            }
            let to = Path::new("..").join(&directory).join(&name);
            match symlink(to, self.waiting.join(&name)) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(make(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Clears the waiting place of all that is ours; what somebody put there stays, and its directory.
    pub(crate) fn clear(&self) -> Result<(), Trouble> {
        let entries = match fs::read_dir(&self.waiting) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed("read", &self.waiting)(error)),
        };
        for entry in entries {
            let path = entry.map_err(failed("read", &self.waiting))?.path();
            if path != self.kept && path.is_symlink() {
                fs::remove_file(&path).map_err(failed("remove", &path))?;
            }
        }
        match fs::remove_dir(&self.waiting) {
            Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => {
                Err(failed("remove", &self.waiting)(error))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn is_in_work_tree(&self, world: &Real) -> bool {
        let real = real(&self.directory);
        !real.starts_with(world.common_dir())
            && world.work_tree().is_some_and(|top| real.starts_with(top))
    }
}

/// What `core.hooksPath` must be for git to look in the repository's own directory. A relative one
/// is taken from the top of each worktree, so linked worktrees would look where nothing is.
pub(crate) fn own_hooks(world: &Real) -> PathBuf {
    let common = world.common_dir();
    let alone = !common.join("worktrees").is_dir();
    match world.work_tree().map(|top| common.strip_prefix(top)) {
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

/// Whether both are one hook: an install was interrupted between its steps, or whoever wrote the
/// first one wrote it again over ours (`git lfs install --force`).
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

/// Where the file system knows no second names, there is a moment without a hook.
pub(crate) fn second_name(hook: &Path, name: &Path) -> Result<(), Trouble> {
    fs::hard_link(hook, name)
        .or_else(|_| fs::rename(hook, name))
        .map_err(|error| {
            Trouble::io(
                format!("keep {} as {}", hook.display(), name.display()),
                &error,
            )
        })
}

pub(crate) fn failed(what: &str, path: &Path) -> impl Fn(io::Error) -> Trouble {
    let what = format!("{what} {}", path.display());
    move |error| Trouble::io(what.clone(), &error)
}

/// The path with links followed, as far as it exists.
pub(crate) fn real(path: &Path) -> PathBuf {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Ok(real), _, _) => real,
        (Err(_), Some(parent), Some(name)) => real(parent).join(name),
        _ => path.to_owned(),
    }
}
