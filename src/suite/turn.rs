//! One suite at a time in a repository: a lock that ends with its holder.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::Path,
    thread,
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};

use super::{Audience, environment::runs_around_us};
use crate::{
    gates::{Stop, Turn, refusal::suite::Refusal, verdict::Trouble},
    process::signals,
};

/// How often a taken lock is tried again.
pub(crate) const PAUSE: Duration = Duration::from_millis(100);

/// Waits for the lock and says what for; who holds it, and since when, stands in the file.
pub(crate) fn take(
    state_dir: &Path,
    common_dir: &Path,
    audience: &dyn Audience,
) -> Result<Turn, Stop> {
    let path = state_dir.join("suite.lock");
    let failed = |error: io::Error| Trouble::io(format!("lock {}", path.display()), &error);
    fs::create_dir_all(state_dir).map_err(failed)?;
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path);
    let mut file = file.map_err(failed)?;
    let mut waited = false;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(failed(error).into()),
            Err(TryLockError::WouldBlock) => {
                let holder = Holder::read(&mut file);
                let process = holder.as_ref().map(|holder| holder.process);
                if let Some(process) = process
                    && runs_around_us(common_dir).contains(&process)
                {
                    return Err(Refusal::InsideSuite { process }.into());
                }
                if !waited {
                    let who = holder.map(|holder| holder.to_string()).unwrap_or_default();
                    audience.line(&format!("waiting for the suite that runs already{who}"));
                }
                waited = true;
            }
        }
        if let Some(by) = signals::interrupted() {
            return Err(Trouble::Interrupted { by }.into());
        }
        thread::sleep(PAUSE);
    }
    // Who waits reads it, and who would wait for himself.
    let text = format!("{} {}", std::process::id(), Timestamp::now());
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(text.as_bytes()))
        .map_err(failed)?;
    Ok(Turn::new(waited, file))
}

/// Whose turn it is.
pub(crate) struct Holder {
    process: u32,
    since: Timestamp,
}

impl Holder {
    /// As the file says it, where it does.
    pub(crate) fn read(file: &mut File) -> Option<Self> {
        let mut text = String::new();
        file.rewind().ok()?;
        file.take(200).read_to_string(&mut text).ok()?;
        let (process, since) = text.split_once(' ')?;
        Some(Self {
            process: process.parse().ok()?,
            since: since.parse().ok()?,
        })
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let zone = TimeZone::try_system().unwrap_or(TimeZone::UTC);
        let since = self.since.to_zoned(zone);
        let since = since.strftime("%H:%M:%S");
        write!(f, " (process {}, since {since})", self.process)
    }
}
