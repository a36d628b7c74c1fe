//! The environment of a suite: no variable of the push, and one that names the run.

use std::{env, ffi::OsString, path::Path};

use bstr::ByteSlice;
use jiff::Timestamp;

use crate::push::variables::RUNNING;

/// The line of [`RUNNING`] that all processes of a run inherit.
pub(super) struct Mark {
    token: String,
    directory: String,
}

impl Mark {
    pub(super) fn new(common_dir: &Path) -> Self {
        let now = Timestamp::now().as_nanosecond();
        Self {
            token: format!("{}-{now:x}", std::process::id()),
            directory: line(common_dir),
        }
    }

    /// The text in the environment of every process of the run.
    pub(super) fn of_run(&self) -> String {
        format!("{}.", self.token)
    }

    /// The text in the environment of every process of one step.
    pub(super) fn of_step(&self, number: usize) -> String {
        format!("{}.{number} ", self.token)
    }

    pub(super) fn variable(&self, number: usize) -> (&'static str, OsString) {
        let mut lines = env::var_os(RUNNING).unwrap_or_default();
        if !lines.is_empty() {
            lines.push("\n");
        }
        lines.push(format!("{}{}", self.of_step(number), self.directory));
        (RUNNING, lines)
    }
}

/// The processes that run a suite of this repository of which this process is a part.
pub(super) fn runs_around_us(common_dir: &Path) -> Vec<u32> {
    let lines = env::var(RUNNING).unwrap_or_default();
    around(&lines, &line(common_dir))
}

fn around(lines: &str, directory: &str) -> Vec<u32> {
    let of_it = |line: &str| {
        let (token, tested) = line.split_once(' ')?;
        let (process, _) = token.split_once('-')?;
        process.parse().ok().filter(|_| tested == directory)
    };
    lines.lines().filter_map(of_it).collect()
}

/// The canonical name of a directory, on one line.
fn line(directory: &Path) -> String {
    let canonical = directory.canonicalize();
    let directory = canonical.as_deref().unwrap_or(directory);
    let name = directory.as_os_str().as_encoded_bytes();
    name.escape_bytes().to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[test]
    fn the_runs_around_us_are_those_of_this_repository() {
        let lines = "7-a.1 /srv/shop/.git\n8-b.2 /tmp/fixture/.git\n9-c.1 /srv/shop/.git";
        assert_eq!(around(lines, "/srv/shop/.git"), [7, 9]);
        assert_eq!(around(lines, "/srv/shop"), [0_u32; 0]);
        assert_eq!(around("", "/srv/shop/.git"), [0_u32; 0]);
        assert_eq!(
            around("nonsense\n- /srv/shop/.git", "/srv/shop/.git"),
            [0_u32; 0]
        );
    }

    #[test]
    fn a_directory_takes_one_line() {
        let directory = Path::new("/nowhere/with a\nline feed");
        assert_eq!(line(directory), r"/nowhere/with\x20a\nline\x20feed");
        let mark = Mark::new(directory);
        assert!(mark.of_step(10).starts_with(&mark.of_run()));
        assert!(!mark.of_step(10).starts_with(&mark.of_step(1)));
    }
}
