//! Links from the worktree to files of the checkout that git ignores and the suite needs.

use std::{
    ffi::OsStr,
    fs::{File, OpenOptions},
    io::{self, Write},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    fcntl::{OFlag, openat, readlinkat},
    sys::stat::{Mode, mkdirat},
    unistd::{UnlinkatFlags, symlinkat, unlinkat},
};

use crate::{cure::command, file, gates::Stop, policy::FILE};

/// Makes the links of the policy lead to this checkout, and keeps a list of them.
///
/// A link to another checkout, or to a file that is gone, is removed. Only links are ever removed, and
/// none that the commit has: anything else that is in the way is named.
pub(super) fn link(
    directory: &Path,
    checkout: Option<&Path>,
    links: &[String],
    tracked: impl Fn(&[String]) -> Result<Vec<u8>, Stop>,
) -> Result<(), Stop> {
    // First, so that no link is forgotten should one of the next fail.
    let list = list(directory);
    let written = file::open_or_create(&list, OpenOptions::new().write(true).truncate(true))
        .and_then(|mut file| file.write_all(links.join("\n").as_bytes()));
    written.map_err(|error| failed("write", &list, &error))?;
    for name in links {
        let to = top(directory).join(name);
        if !tracked(std::slice::from_ref(name))?.is_empty() {
            return Err(in_the_way(name, &to, true));
        }
        let from = checkout.map(|checkout| checkout.join(name));
        let from = from.filter(|from| from.symlink_metadata().is_ok());
        let failed =
            |what| move |errno: Errno| failed(what, &top(directory).join(name), &errno.into());
        let parent = match parent(directory, name, from.is_some()) {
            Ok(parent) => parent,
            Err(Errno::ENOENT) => continue,
            Err(Errno::ENOTDIR | Errno::ELOOP) => return Err(through_a_link(name)),
            Err(errno) => return Err(failed("link")(errno)),
        };
        let base = base(name);
        match (readlinkat(&parent, base), &from) {
            (Ok(target), Some(from)) if *target == **from => continue,
            (Ok(_), _) => {
                unlinkat(&parent, base, UnlinkatFlags::NoRemoveDir).map_err(failed("unlink"))?;
            }
            (Err(_), _) => {}
        }
        let Some(from) = from else { continue };
        match symlinkat(&from, &parent, base) {
            Err(Errno::EEXIST) => return Err(in_the_way(name, &to, false)),
            made => made.map_err(failed("link"))?,
        }
    }
    Ok(())
}

/// Removes the links that the policy no longer asks for: git ignores some, and would leave them.
pub(super) fn unlink_stale(directory: &Path, links: &[String]) -> Result<(), Stop> {
    let before = file::read(&list(directory)).unwrap_or_default();
    let before = String::from_utf8_lossy(&before);
    let is_stale = |name: &&str| !links.iter().any(|link| link == name);
    for stale in before.lines().filter(is_stale) {
        // Where the way to it has changed, it is gone.
        let Ok(parent) = parent(directory, stale, false) else {
            continue;
        };
        if readlinkat(&parent, base(stale)).is_ok() {
            let removed = unlinkat(&parent, base(stale), UnlinkatFlags::NoRemoveDir);
            let path = top(directory).join(stale);
            removed.map_err(|errno| failed("unlink", &path, &errno.into()))?;
        }
    }
    Ok(())
}

/// Opens the directory of a link, without following any link on the way: a commit may have one there that
/// leads out of the copy. With `make`, directories that are missing are made.
fn parent(directory: &Path, link: &str, make: bool) -> nix::Result<OwnedFd> {
    let top = File::open(top(directory)).map_err(|error| {
        let code = error.raw_os_error();
        code.map_or(Errno::EIO, Errno::from_raw)
    })?;
    let above = Path::new(link).parent().into_iter().flat_map(Path::iter);
    above
        .into_iter()
        .try_fold(OwnedFd::from(top), |within, name| {
            if make
                && let Err(errno) = mkdirat(&within, name, Mode::all())
                && errno != Errno::EEXIST
            {
                return Err(errno);
            }
            let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
            openat(&within, name, flags, Mode::empty())
        })
}

fn base(link: &str) -> &OsStr {
    Path::new(link).file_name().unwrap_or_default()
}

/// The pattern that matches exactly this path (gitignore(5)).
pub(super) fn pattern(link: &str) -> String {
    let mut pattern = "/".to_owned();
    for c in link.chars() {
        if matches!(c, '*' | '?' | '[' | '\\' | ' ') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

pub(super) fn top(directory: &Path) -> PathBuf {
    directory.join("tree")
}

fn list(directory: &Path) -> PathBuf {
    directory.join("links")
}

/// A file or directory stands where a link is asked for; `tracked`: the commit has it.
fn in_the_way(link: &str, path: &Path, tracked: bool) -> Stop {
    let there = path.display();
    let why =
        format!("`{link}` of `suite.link` cannot be linked into the worktree: {there} is there");
    if tracked {
        let hint = format!("take `{link}` off `suite.link` in {FILE}: the worktree has it already");
        return Stop::undecided(why + ", and the commit has it").hint(hint);
    }
    let remove = command(["rm", "-r", &path.to_string_lossy()]);
    Stop::undecided(why).cure("remove it, then try again", [remove])
}

/// On the way to where a link is asked for, the commit has a link or a file.
fn through_a_link(link: &str) -> Stop {
    Stop::undecided(format!(
        "`{link}` of `suite.link` cannot be linked into the worktree: a part of its path is a link or a file there"
    ))
    .hint(format!("name a path of directories in `suite.link` of {FILE}"))
}

fn failed(what: &str, path: &Path, error: &io::Error) -> Stop {
    Stop::failed(format_args!("{what} {}", path.display()), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_its_path_alone() {
        assert_eq!(pattern("web/node_modules"), "/web/node_modules");
        assert_eq!(pattern("a*b[c] d"), r"/a\*b\[c]\ d");
    }
}
