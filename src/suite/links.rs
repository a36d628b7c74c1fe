//! Links from the worktree to files of the checkout that git ignores and the suite needs.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use crate::{cure::command, gates::Undecided, policy::FILE};

/// Makes the links of the policy lead to this checkout, and keeps a list of them.
///
/// A link to another checkout, or to a file that is gone, is removed. Only links are ever removed, and
/// none that the commit has: anything else that is in the way is named.
pub(super) fn link(
    directory: &Path,
    checkout: Option<&Path>,
    links: &[String],
    tracked: impl Fn(&[String]) -> Result<Vec<u8>, Undecided>,
) -> Result<(), Undecided> {
    // First, so that no link is forgotten should one of the next fail.
    let list = list(directory);
    fs::write(&list, links.join("\n")).map_err(|error| failed("write", &list, &error))?;
    for name in links {
        let to = top(directory).join(name);
        if !tracked(std::slice::from_ref(name))?.is_empty() {
            return Err(in_the_way(name, &to, true));
        }
        let from = checkout.map(|checkout| checkout.join(name));
        let from = from.filter(|from| from.symlink_metadata().is_ok());
        match (fs::read_link(&to), &from) {
            (Ok(target), Some(from)) if target == *from => continue,
            (Ok(_), _) => fs::remove_file(&to).map_err(|error| failed("unlink", &to, &error))?,
            (Err(_), _) => {}
        }
        let Some(from) = from else { continue };
        if to.symlink_metadata().is_ok() {
            return Err(in_the_way(name, &to, false));
        }
        let made = to.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| symlink(&from, &to))
            .map_err(|error| failed("link", &to, &error))?;
    }
    Ok(())
}

/// Removes the links that the policy no longer asks for: git ignores some, and would leave them.
pub(super) fn unlink_stale(directory: &Path, links: &[String]) -> Result<(), Undecided> {
    let before = fs::read_to_string(list(directory)).unwrap_or_default();
    let is_stale = |name: &&str| !links.iter().any(|link| link == name);
    for stale in before.lines().filter(is_stale) {
        let path = top(directory).join(stale);
        if path.is_symlink() {
            fs::remove_file(&path).map_err(|error| failed("unlink", &path, &error))?;
        }
    }
    Ok(())
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
fn in_the_way(link: &str, path: &Path, tracked: bool) -> Undecided {
    let there = path.display();
    let why =
        format!("`{link}` of `suite.link` cannot be linked into the worktree: {there} is there");
    if tracked {
        let hint = format!("take `{link}` off `suite.link` in {FILE}: the worktree has it already");
        return Undecided::new(why + ", and the commit has it").hint(hint);
    }
    let remove = command(["rm", "-r", &path.to_string_lossy()]);
    Undecided::new(why).cure("remove it, then try again", [remove])
}

fn failed(what: &str, path: &Path, error: &io::Error) -> Undecided {
    Undecided::failed(format_args!("{what} {}", path.display()), error)
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
