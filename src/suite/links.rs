//! What the worktree needs and git ignores: links to the files of the checkout.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use crate::gates::verdict::Trouble;

/// Makes the links of the policy lead to this checkout, and keeps a list of them.
///
/// A link to another checkout, or to what is not there any more, goes. Only links are ever taken
/// away, and none that the commit has: what else is in the way is named.
pub(crate) fn link(
    directory: &Path,
    checkout: Option<&Path>,
    links: &[String],
    tracked: impl Fn(&[String]) -> Result<Vec<u8>, Trouble>,
) -> Result<(), Trouble> {
    // First, so that no link is forgotten should one of the next fail.
    let list = list(directory);
    fs::write(&list, links.join("\n"))
        .map_err(|error| Trouble::io(format!("write {}", list.display()), &error))?;
    for name in links {
        let to = top(directory).join(name);
        if !tracked(std::slice::from_ref(name))?.is_empty() {
            return Err(in_the_way(name, to, true));
        }
        let from = checkout
            .map(|checkout| checkout.join(name))
            .filter(|from| from.symlink_metadata().is_ok());
        match (fs::read_link(&to), &from) {
            (Ok(target), Some(from)) if target == *from => continue,
            (Ok(_), _) => fs::remove_file(&to).map_err(|error| failed("unlink", &to, &error))?,
            (Err(_), _) => {}
        }
        let Some(from) = from else { continue };
        if to.symlink_metadata().is_ok() {
            return Err(in_the_way(name, to, false));
        }
        let made = to.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| symlink(&from, &to))
            .map_err(|error| failed("link", &to, &error))?;
    }
    Ok(())
}

/// Takes away the links that the policy no longer asks for; they may be ignored, and would stay.
pub(crate) fn unlink_stale(directory: &Path, links: &[String]) -> Result<(), Trouble> {
    let before = fs::read_to_string(list(directory)).unwrap_or_default();
    for stale in before
        .lines()
        .filter(|name| !links.iter().any(|link| link == name))
    {
        let path = top(directory).join(stale);
        if path.is_symlink() {
            fs::remove_file(&path).map_err(|error| failed("unlink", &path, &error))?;
        }
    }
    Ok(())
}

/// The pattern of exactly this path (gitignore(5)).
pub(crate) fn pattern(link: &str) -> String {
    let mut pattern = "/".to_owned();
    for c in link.chars() {
        if matches!(c, '*' | '?' | '[' | '\\' | ' ') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

pub(crate) fn top(directory: &Path) -> PathBuf {
    directory.join("tree")
}

pub(crate) fn list(directory: &Path) -> PathBuf {
    directory.join("links")
}

pub(crate) fn in_the_way(link: &str, path: PathBuf, tracked: bool) -> Trouble {
    Trouble::LinkInTheWay {
        link: link.to_owned(),
        path,
        tracked,
    }
}

pub(crate) fn failed(what: &str, path: &Path, error: &io::Error) -> Trouble {
    Trouble::io(format!("{what} {}", path.display()), error)
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
