//! Opening files of ours, and writing them whole or not at all.

use std::{
    fs::{self, DirBuilder, File, FileType, Metadata, OpenOptions, Permissions, TryLockError},
    io::{self, Read, Write},
    os::unix::fs::{
        DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink,
    },
    path::Path,
    thread,
    time::{Duration, Instant},
};

use nix::{errno::Errno, fcntl::OFlag, unistd::geteuid};
use serde::{Serialize, de::DeserializeOwned};

/// Opens a plain file. Anything else in its place is an error that says what it is: a link is not followed,
/// and nobody is waited for at the other end of a pipe.
pub(crate) fn open(path: &Path, options: &OpenOptions) -> io::Result<File> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let opened = options.clone().custom_flags(flags.bits()).open(path);
    let kind = match &opened {
        Ok(file) => Some(file.metadata()?.file_type()),
        // Not NotFound: a link that leads nowhere is a link.
        Err(_) => path.symlink_metadata().ok().map(|there| there.file_type()),
    };
    match kind.and_then(what_else) {
        Some(what) => Err(not_plain(what)),
        None => opened,
    }
}

/// Opens a plain file of a repository's state, and makes it if need be, as private as its directory.
pub(crate) fn open_or_create(path: &Path, options: &OpenOptions) -> io::Result<File> {
    let file = open(path, options.clone().create(true).mode(0o600))?;
    let there = file.metadata()?;
    let mode = state_mode(path)?;
    if there.uid() == geteuid().as_raw() && there.mode() & 0o777 != mode {
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    Ok(file)
}

/// Makes a directory of a repository's state, but not its parents: a repository that was removed meanwhile
/// stays removed.
pub(crate) fn state_directory(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Ok(()) => {
            // The bits for searching, and the group for what is made in it.
            let is_shared = state_mode(path)? == 0o660;
            let mode = if is_shared { 0o2770 } else { 0o700 };
            fs::set_permissions(path, Permissions::from_mode(mode))
        }
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Err(_) if path.is_dir() => must_be_safe(path),
        Err(_) => Err(io::Error::from_raw_os_error(Errno::ENOTDIR as i32)),
    }
}

/// Fails where a directory of a repository's state is not the one that git's own directory has beside it: what
/// another user may write there counts for nothing.
pub(crate) fn must_be_safe(path: &Path) -> io::Result<()> {
    let there = path.symlink_metadata()?;
    let around = path.parent().unwrap_or(path).metadata()?;
    let is_known = |uid| uid == geteuid().as_raw() || uid == around.uid();
    let what = if there.is_symlink() {
        "is a link"
    } else if there.mode() & 0o002 != 0 {
        "may be written by every user"
    } else if !is_known(there.uid()) && state_mode(path)? != 0o660 {
        "belongs to another user"
    } else {
        return Ok(());
    };
    let path = path.display();
    Err(io::Error::other(format!(
        "{path} {what}: see what is in it, then remove it"
    )))
}

/// The mode of a file of a repository's state, whatever the umask: its owner's alone, or also the group's where
/// git shares the repository (git-config(1), `core.sharedRepository`), which shows in the directory.
pub(crate) fn state_mode(path: &Path) -> io::Result<u32> {
    const SHARED: u32 = 0o2020;
    let directory = path.parent().unwrap_or(path).metadata()?;
    Ok(if directory.mode() & SHARED == SHARED {
        0o660
    } else {
        0o600
    })
}

/// Opens a plain file of somebody else's, to which a link may lead.
pub(crate) fn open_followed(path: &Path) -> io::Result<File> {
    let flags = OFlag::O_NONBLOCK.bits();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)?;
    match what_else(file.metadata()?.file_type()) {
        Some(what) => Err(not_plain(what)),
        None => Ok(file),
    }
}

/// Reads a plain file of somebody else's, to which a link may lead.
pub(crate) fn read_followed(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_followed(path.as_ref())?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a plain file.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path, OpenOptions::new().read(true))?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Locks a file, which is made if need be, until what is returned is closed; `None` where another process
/// has it for longer than the wait.
pub(crate) fn lock(path: &Path, wait: Duration) -> io::Result<Option<File>> {
    const LONGEST_TICK: Duration = Duration::from_millis(50);
    let mut tick = Duration::from_millis(2);
    let opened = open_or_create(path, OpenOptions::new().append(true));
    let named = |error: io::Error| {
        let text = format!("{}: {error}", path.display());
        io::Error::new(error.kind(), text)
    };
    let file = opened.map_err(named)?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) if start.elapsed() < wait => {
                thread::sleep(tick);
                tick = LONGEST_TICK.min(tick * 2);
            }
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Makes a directory that only its owner may enter, with those above it. What is there must be ours: another
/// user could have prepared it.
pub(crate) fn private_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let there = must_be_own(path)?;
    if there.mode() & 0o022 != 0 {
        return Err(io::Error::other("other users may write to it"));
    }
    if there.mode() & 0o077 != 0 {
        fs::set_permissions(path, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Fails where a directory is a link, or another user's.
pub(crate) fn must_be_own(path: &Path) -> io::Result<Metadata> {
    let there = path.symlink_metadata()?;
    if there.is_symlink() {
        return Err(io::Error::other("it is a link, not a directory"));
    }
    if there.uid() != geteuid().as_raw() {
        return Err(io::Error::other("it belongs to another user"));
    }
    Ok(there)
}

/// The settings of git for what the file system of a directory does not keep: whether a file may be run, links, and
/// the difference between capital and small letters. It is tried, as git does when it makes a repository
/// (git-config(1)): a file system for Windows need not keep any of it. Nothing is kept where nothing can be written.
pub(crate) fn not_kept(directory: &Path) -> Vec<&'static str> {
    let made = tempfile::Builder::new()
        .prefix(".pushgate-")
        .tempdir_in(directory);
    let place = made.as_ref().map_or(Path::new(""), |made| made.path());
    let (file, link) = (place.join("a"), place.join("link"));
    let has_mode = |mode| {
        let set = fs::set_permissions(&file, Permissions::from_mode(mode));
        let there = set.and_then(|()| file.metadata());
        there.is_ok_and(|there| there.mode() & 0o777 == mode)
    };
    let is_written = made.is_ok() && fs::write(&file, "").is_ok();
    let kept = [
        (
            "core.fileMode",
            is_written && has_mode(0o700) && has_mode(0o600),
        ),
        (
            "core.symlinks",
            is_written && symlink("a", &link).is_ok() && link.is_symlink(),
        ),
        ("core.ignoreCase", is_written && !place.join("A").exists()),
    ];
    let not_kept = kept.into_iter().filter(|(_, is_kept)| !is_kept);
    not_kept.map(|(setting, _)| setting).collect()
}

fn not_plain(what: &str) -> io::Error {
    io::Error::other(format!("it is {what}, not a plain file"))
}

/// What something is that is not a plain file.
fn what_else(kind: FileType) -> Option<&'static str> {
    let kinds = [
        (kind.is_symlink(), "a link"),
        (kind.is_dir(), "a directory"),
        (kind.is_fifo(), "a named pipe"),
        (kind.is_socket(), "a socket"),
        (kind.is_char_device() || kind.is_block_device(), "a device"),
    ];
    kinds
        .into_iter()
        .find_map(|(is_it, what)| is_it.then_some(what))
}

/// Takes an error of this kind for success.
pub(crate) fn ignore(kind: io::ErrorKind, done: io::Result<()>) -> io::Result<()> {
    done.or_else(|error| {
        if error.kind() == kind {
            Ok(())
        } else {
            Err(error)
        }
    })
}

/// Reads a small JSON file of a repository's state.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    const LARGEST: u64 = 64 * 1024;
    if path.symlink_metadata()?.len() > LARGEST {
        return Err(io::Error::other("it is too long to be ours"));
    }
    Ok(serde_json::from_slice(&read(path)?)?)
}

/// Writes or replaces a JSON file of a repository's state.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> io::Result<()> {
    replace_state(path, &serde_json::to_vec(value)?)
}

/// Writes or replaces a file of a repository's state.
pub(crate) fn replace_state(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(path, ".half-written-", bytes, state_mode(path)?)
}

/// Writes or replaces a file with this mode; `prefix` begins the name of what is half written.
pub(crate) fn replace(path: &Path, prefix: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
    let directory = path.parent().filter(|parent| *parent != Path::new(""));
    let directory = directory.unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(prefix)
        .tempfile_in(directory)?;
    file.write_all(bytes)?;
    // `tempfile` begins with 0600.
    file.as_file()
        .set_permissions(Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    // Closed before it has its name: a program that is open for writing cannot be started (ETXTBSY).
    file.into_temp_path().persist(path)?;
    // The name outlasts a crash only once its directory is written (fsync(2)).
    File::open(directory)?.sync_all()
}
