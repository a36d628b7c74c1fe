//! The lock that lets one suite at a time run in a repository. It ends with the process that holds it.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::Path,
    thread,
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};

use super::{screen::Console, variables::runs_around_us};
use crate::{
    file,
    gates::{Stop, SuiteLock},
    process::signals,
};

/// How often it is tried again while another process holds it.
const PAUSE: Duration = Duration::from_millis(100);

/// Waits for the lock, and says so; the file tells which process holds it, and since when.
///
/// Refused where the suite that holds it has made this very push, and waits for it.
pub(crate) fn acquire(
    state_dir: &Path,
    common_dir: &Path,
    console: &dyn Console,
) -> Result<SuiteLock, Stop> {
    let path = state_dir.join("suite.lock");
    let failed = |error: io::Error| Stop::failed(format_args!("lock {}", path.display()), &error);
    file::state_directory(state_dir).map_err(failed)?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).truncate(false);
    let mut file = file::open_or_create(&path, &options).map_err(failed)?;
    let mut waited = false;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) => {}
        }
        let holder = holder(&mut file);
        if let Some((process, _)) = holder
            && runs_around_us(common_dir).contains(&process)
        {
            let why = format!(
                "this push comes from inside the suite that runs (process {process}), and would wait for it for ever"
            );
            let hint = "have the suite push a repository that it made itself, or set PUSHGATE_SKIP=suite for that push";
            return Err(Stop::refused(why).hint(hint));
        }
        if !waited {
            let holder = holder.map_or(String::new(), |(process, since)| {
                let since = since.to_zoned(TimeZone::system());
                format!(" (process {process}, since {})", since.strftime("%H:%M:%S"))
            });
            console.line(&format!("waiting for the suite that runs already{holder}"));
        }
        waited = true;
        signals::check()?;
        thread::sleep(PAUSE);
    }
    let text = format!("{} {}", std::process::id(), Timestamp::now());
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(text.as_bytes()))
        .map_err(failed)?;
    Ok(SuiteLock::new(waited, file))
}

/// The process that holds the lock, and since when, if the file is not empty or half written.
fn holder(file: &mut File) -> Option<(u32, Timestamp)> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(200).read_to_string(&mut text).ok()?;
    let (process, since) = text.split_once(' ')?;
    Some((process.parse().ok()?, since.parse().ok()?))
}
