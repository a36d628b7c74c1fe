//! `pushgate install`: the hook, into the directory where git will look for it.

use std::{
    env,
    ffi::OsStr,
    fs,
    io::{self, Write},
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        fs::PermissionsExt,
    },
    path::{Path, PathBuf},
};

use bstr::{ByteSlice, ByteVec};

use super::Done;
use crate::{report, verdict::Trouble, world::Real};

/// The hook as it stands in `hooks/`, with a place for the path of the program.
const HOOK: &[u8] = include_bytes!("../../hooks/pre-push");
const PLACE: &[u8] = b"@PUSHGATE@";
/// The line by which a hook is known as ours, whatever its version.
const MARK: &[u8] = b"# The pre-push hook of pushgate, version ";

pub(crate) fn run() -> Done {
    let world = Real::open()?;
    let hooks = Hooks::of(&world)?;
    let program =
        env::current_exe().map_err(|error| Trouble::io("tell where this program is", &error))?;
    let text = HOOK.replace(PLACE, quote(program.as_os_str()));
    let failed = |error: &io::Error| Trouble::io(format!("write {}", hooks.hook.display()), error);
    fs::create_dir_all(&hooks.directory).map_err(|e| failed(&e))?;
    match hooks.found()? {
        Found::Ours(old) if old == text && is_executable(&hooks.hook) => {
            report::say(&format!("{} is installed already", hooks.hook.display()));
            return Ok(0);
        }
        Found::Ours(_) | Found::Nothing => {}
        Found::Foreign => hooks.keep()?,
    }
    write(&hooks, &text).map_err(|e| failed(&e))?;
    report::say(&format!("installed {}", hooks.hook.display()));
    if hooks.kept.symlink_metadata().is_ok() {
        report::say(&format!(
            "the hook that was there runs after the gates: {}",
            hooks.kept.display()
        ));
    }
    if hooks.is_in_work_tree(&world) {
        report::say(
            "core.hooksPath points into the work tree: commit the hook, or worktrees of other branches lack it",
        );
    }
    Ok(0)
}

/// Where git looks for the hook, and what is there.
pub(crate) struct Hooks {
    pub(crate) directory: PathBuf,
    pub(crate) hook: PathBuf,
    /// The hook that was there before.
    pub(crate) kept: PathBuf,
}

/// What stands in the hook's place.
pub(crate) enum Found {
    Nothing,
    Ours(Vec<u8>),
    Foreign,
}

impl Hooks {
    /// Asks git for its hooks directory, `core.hooksPath` considered, and refuses one that other
    /// repositories share.
    pub(crate) fn of(world: &Real) -> Result<Self, Trouble> {
        let said =
            world
                .git()
                .must(["rev-parse", "--path-format=absolute", "--git-path", "hooks"])?;
        let directory = PathBuf::from(OsStr::from_bytes(said.out.trim_end_with(|c| c == '\n')));
        let real = real(&directory);
        let own = [Some(world.common_dir()), world.work_tree()];
        let is_own =
            own.into_iter().flatten().any(|top| real.starts_with(top)) && !directory.is_file();
        if !is_own || directory.as_os_str() == "/dev/null" {
            return Err(Trouble::SharedHooks {
                directory,
                own: own_hooks(world),
            });
        }
        if directory.ends_with(".husky/_") {
            return Err(Trouble::HuskyHooks { directory });
        }
        Ok(Self {
            hook: directory.join("pre-push"),
            kept: directory.join("pre-push.kept"),
            directory,
        })
    }

    pub(crate) fn found(&self) -> Result<Found, Trouble> {
        let failed =
            |error: &io::Error| Trouble::io(format!("read {}", self.hook.display()), error);
        match self.hook.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
            Err(error) => return Err(failed(&error)),
            Ok(metadata) if metadata.is_dir() => {
                return Err(failed(&io::ErrorKind::IsADirectory.into()));
            }
            // We never install a link; one that leads nowhere is somebody else's all the same.
            Ok(metadata) if metadata.is_symlink() => return Ok(Found::Foreign),
            Ok(_) => {}
        }
        let text = fs::read(&self.hook).map_err(|e| failed(&e))?;
        Ok(if text.contains_str(MARK) {
            Found::Ours(text)
        } else {
            Found::Foreign
        })
    }

    /// Gives the hook that is there a second name; it keeps its own until ours takes its place.
    fn keep(&self) -> Result<(), Trouble> {
        if self.kept.symlink_metadata().is_ok() {
            if is_same(&self.hook, &self.kept) {
                return Ok(());
            }
            return Err(Trouble::TwoHooks {
                hook: self.hook.clone(),
                kept: self.kept.clone(),
            });
        }
        // Where the file system knows no second names, there is a moment without a hook.
        let kept =
            fs::hard_link(&self.hook, &self.kept).or_else(|_| fs::rename(&self.hook, &self.kept));
        kept.map_err(|error| {
            Trouble::io(
                format!("keep {} as {}", self.hook.display(), self.kept.display()),
                &error,
            )
        })
    }

    fn is_in_work_tree(&self, world: &Real) -> bool {
        let real = real(&self.directory);
        !real.starts_with(world.common_dir())
            && world.work_tree().is_some_and(|top| real.starts_with(top))
    }
}

/// What `core.hooksPath` must be for git to look in the repository's own directory. A relative one
/// is taken from the top of each worktree, so linked worktrees would look where nothing is.
fn own_hooks(world: &Real) -> PathBuf {
    let common = world.common_dir();
    let alone = !common.join("worktrees").is_dir();
    match world.work_tree().map(|top| common.strip_prefix(top)) {
        Some(Ok(inside)) if alone => inside.join("hooks"),
        _ => common.join("hooks"),
    }
}

/// Whether both are one hook: an install was interrupted between its two steps, or whoever wrote
/// the first one wrote it again over ours (`git lfs install --force`).
fn is_same(hook: &Path, kept: &Path) -> bool {
    let look = |path: &Path| {
        let metadata = path.symlink_metadata()?;
        let content = if metadata.is_symlink() {
            fs::read_link(path)?.into_os_string().into_vec()
        } else {
            fs::read(path)?
        };
        Ok::<_, io::Error>((metadata.permissions().mode(), content))
    };
    matches!((look(hook), look(kept)), (Ok(hook), Ok(kept)) if hook == kept)
}

/// The path with links followed, as far as it exists.
fn real(path: &Path) -> PathBuf {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Ok(real), _, _) => real,
        (Err(_), Some(parent), Some(name)) => real(parent).join(name),
        _ => path.to_owned(),
    }
}

/// Whole or not at all, executable from the first moment.
fn write(hooks: &Hooks, text: &[u8]) -> io::Result<()> {
    let mut file = tempfile::Builder::new()
        .prefix(".pre-push-")
        .tempfile_in(&hooks.directory)?;
    file.write_all(text)?;
    file.as_file()
        .set_permissions(fs::Permissions::from_mode(0o755))?;
    file.as_file().sync_all()?;
    file.persist(&hooks.hook)?;
    Ok(())
}

fn is_executable(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|metadata| metadata.permissions().mode() & 0o111 == 0o111)
}

/// A word of the shell that means exactly these bytes.
fn quote(text: &OsStr) -> Vec<u8> {
    let mut quoted = Vec::from_os_string("'".into()).unwrap_or_default();
    quoted.push_str(text.to_owned().into_vec().replace("'", r"'\''"));
    quoted.push_str("'");
    quoted
}
