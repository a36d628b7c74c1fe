//! The gits of a test: the one that the machine has, or where that is too old, the newer one that
//! `tests/installation/hook_managers/setup` fetches.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

/// The first that knows reftable.
pub const REFTABLE: (u32, u32) = (2, 45);

/// Where `tests/installation/hook_managers/setup` puts what it fetches.
pub fn hook_managers() -> PathBuf {
    fetched(
        "PUSHGATE_HOOK_MANAGERS",
        "hook-managers",
        "tests/installation/hook_managers/setup",
    )
}

/// Where the independent implementation of calendars is.
pub fn recurrences() -> PathBuf {
    fetched(
        "PUSHGATE_RECURRENCES",
        "recurrences",
        "tests/properties/recurrences/setup",
    )
}

/// Where a script has put what it fetched: in this directory of the cache, unless a variable says so.
fn fetched(variable: &str, directory: &str, script: &str) -> PathBuf {
    let path = |name| std::env::var_os(name).map(PathBuf::from);
    let home = path(variable).unwrap_or_else(|| {
        let cache = path("XDG_CACHE_HOME").or_else(|| Some(path("HOME")?.join(".cache")));
        cache
            .expect("a HOME")
            .join("pushgate-tests")
            .join(directory)
    });
    assert!(
        home.join("made").is_file(),
        "this test needs what `{script}` fetches into {}",
        home.display()
    );
    home
}

/// A `PATH` on which the first git is of this version or a newer one.
pub fn path_with(least: (u32, u32)) -> OsString {
    let path = super::path();
    if version(Path::new("git")) >= least {
        return path;
    }
    let newer = hook_managers().join("git/bin");
    let found = version(&newer.join("git"));
    assert!(found >= least, "{found:?} is older than {least:?}");
    std::env::join_paths([newer].into_iter().chain(std::env::split_paths(&path))).unwrap()
}

fn version(git: &Path) -> (u32, u32) {
    let said = Command::new(git).arg("version").output().unwrap().stdout;
    let said = String::from_utf8(said).unwrap();
    let mut numbers = said.trim_start_matches("git version ").split('.');
    let mut number = || numbers.next().unwrap().trim().parse().unwrap();
    (number(), number())
}
