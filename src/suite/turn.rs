//! One suite at a time in a repository: a lock that ends with its holder.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::Path,
    thread,
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};

use crate::{gates::Turn, report, verdict::Trouble, world::signals};

/// How often a taken lock is tried again.
const PAUSE: Duration = Duration::from_millis(100);

/// Waits for the lock and says what for; who holds it, and since when, stands in the file.
pub(crate) fn take(state_dir: &Path) -> Result<Turn, Trouble> {
    let path = state_dir.join("suite.lock");
    let failed = |error: &io::Error| Trouble::io(format!("lock {}", path.display()), error);
    fs::create_dir_all(state_dir).map_err(|e| failed(&e))?;
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path);
    let mut file = file.map_err(|e| failed(&e))?;
    let mut waited = false;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(failed(&error)),
            Err(TryLockError::WouldBlock) if !waited => {
                report::say(&format!(
                    "waiting for the suite that runs already{}",
                    holder(&mut file)
                ));
                waited = true;
            }
            Err(TryLockError::WouldBlock) => {}
        }
        if let Some(by) = signals::interrupted() {
            return Err(Trouble::Interrupted { by });
        }
        thread::sleep(PAUSE);
    }
    // Only a courtesy to whoever waits.
    let text = format!("{} {}", std::process::id(), Timestamp::now());
    let _ = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(text.as_bytes()));
    Ok(Turn {
        waited,
        holds: Some(file),
    })
}

/// ` (process 4711, since 12:03:10)`, where the file says so.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file
        .rewind()
        .and_then(|()| file.take(200).read_to_string(&mut text));
    let parts = read.ok().and_then(|_| text.split_once(' '));
    let Some((process, since)) = parts.and_then(|(process, since)| {
        Some((
            process.parse::<u32>().ok()?,
            since.parse::<Timestamp>().ok()?,
        ))
    }) else {
        return String::new();
    };
    let zone = TimeZone::try_system().unwrap_or(TimeZone::UTC);
    format!(
        " (process {process}, since {})",
        since.to_zoned(zone).strftime("%H:%M:%S")
    )
}
