//! Writing a file whole or not at all.

use std::{
    fs::{File, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};

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
