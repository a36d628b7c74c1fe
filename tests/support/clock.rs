//! The clock of a sandbox: one file, which libfaketime reads for every program that runs there.
//!
//! It goes on by itself until a test stops it at a time. A program that runs already sees that, too.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};

/// What every sandbox begins with, a Tuesday, in UTC. Files have the kernel's time, which is later.
pub const BEGIN: &str = "2026-11-24 09:00:00";

/// The clock's file.
pub struct Clock(PathBuf);

impl Clock {
    /// A clock in this directory that shows [`BEGIN`].
    pub fn new(directory: &Path) -> Self {
        let clock = Self(directory.join("clock"));
        clock.go_from(parse(BEGIN));
        clock
    }

    /// Shows this time (UTC), and goes on from there.
    pub fn go_from(&self, time: Timestamp) {
        let ahead = time.as_second() - machine_time().as_second();
        self.write(&format!("{ahead:+}"));
    }

    /// Shows this time until it is set again.
    pub fn stop_at(&self, time: &str) {
        self.write(&Self::line(time));
    }

    /// What a program of the sandbox writes into the file for that.
    pub fn line(time: &str) -> String {
        parse(time).as_second().to_string()
    }

    /// What it shows.
    pub fn now(&self) -> Timestamp {
        let text = fs::read_to_string(&self.0).unwrap();
        let seconds = text.trim_end().parse().unwrap();
        if text.starts_with(['+', '-']) {
            machine_time() + SignedDuration::from_secs(seconds)
        } else {
            Timestamp::from_second(seconds).unwrap()
        }
    }

    /// The variables by which a program goes by it.
    pub fn variables(&self) -> [(&'static str, String); 7] {
        [
            ("LD_PRELOAD", library()),
            ("FAKETIME_TIMESTAMP_FILE", self.0.display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            // Seconds since 1970, so that the zone of a program has no say.
            ("FAKETIME_FMT", "%s".to_owned()),
            ("FAKETIME_SHARED", shared_memory().to_owned()),
            // Time limits go on being measured by the true clock, and files have their true times.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("NO_FAKE_STAT", "1".to_owned()),
        ]
    }

    /// A program that reads it meanwhile finds the old line or the new one.
    fn write(&self, line: &str) {
        let new = self.0.with_extension("new");
        fs::write(&new, format!("{line}\n")).unwrap();
        fs::rename(&new, &self.0).unwrap();
    }
}

/// `YYYY-MM-DD HH:MM:SS` in UTC.
pub fn parse(time: &str) -> Timestamp {
    let time: DateTime = time
        .parse()
        .unwrap_or_else(|error| panic!("{time}: {error}"));
    time.to_zoned(TimeZone::UTC).unwrap().timestamp()
}

/// The time of the machine, also where the tests themselves run under libfaketime: files keep the kernel's.
pub fn machine_time() -> Timestamp {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"now").unwrap();
    let written = file.metadata().unwrap().modified().unwrap();
    Timestamp::try_from(written).unwrap()
}

/// Where Debian and libfaketime's own Makefile put it.
fn library() -> String {
    static FOUND: OnceLock<String> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let multiarch = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
        let directories = multiarch
            .map(|entry| entry.path())
            .chain(["/usr/lib", "/usr/lib64", "/usr/local/lib"].map(PathBuf::from));
        let mut files = directories.map(|path| path.join("faketime/libfaketimeMT.so.1"));
        let found = files.find(|file| file.is_file());
        let found = found.expect("this test needs libfaketime: apt-get install libfaketime");
        found.to_str().unwrap().to_owned()
    });
    found.clone()
}

/// The semaphore and the shared memory of libfaketime, made once for all tests.
///
/// A program without them makes its own, named by its process id, and removes them under the eyes
/// of its children: they would meet what an earlier process left behind, or find what is gone.
fn shared_memory() -> &'static str {
    static MADE: OnceLock<(String, Child)> = OnceLock::new();
    let (names, _) = MADE.get_or_init(|| {
        for _ in 0..100 {
            let mut shell = Command::new("sh");
            // It removes them when the tests' end closes its standard input.
            let script = "printf '%s\\n' \"$FAKETIME_SHARED\"; read -r _ || :";
            shell
                .args(["-c", script])
                .env_clear()
                .env("PATH", super::path())
                .env("LD_PRELOAD", library())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped());
            let mut child = shell.spawn().unwrap();
            let mut names = String::new();
            let mut output = BufReader::new(child.stdout.take().unwrap());
            output.read_line(&mut names).unwrap();
            let names = names.trim_end().to_owned();
            // Empty where another process of this id left its own behind.
            if !names.is_empty() {
                return (names, child);
            }
            drop(child.stdin.take());
            child.wait().unwrap();
        }
        panic!("libfaketime makes no shared memory");
    });
    names
}
