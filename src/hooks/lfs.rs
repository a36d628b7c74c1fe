//! git-lfs, whose hook uploads the files that it keeps. Where ours is there first, its commands leave the hook out
//! in silence (`git lfs track`), and nothing is uploaded.

use std::path::{Path, PathBuf};

use bstr::ByteSlice;

use super::directory::HooksDirectory;
use crate::{cure::command, file, git::Repository};

/// That our hook is called by git, and git-lfs perhaps by nobody.
pub(crate) struct LeftOut {
    /// The hook that runs behind ours and does not name it. A script that this one runs may.
    pub(crate) behind: Option<PathBuf>,
    /// The commands after which its hook runs behind ours, where there is no such hook.
    pub(crate) cure: Vec<String>,
}

/// Whether a work tree has files that git-lfs keeps.
pub(super) fn is_used(top: &Path) -> bool {
    has(&top.join(".gitattributes"), "filter=lfs")
}

/// Whether a hook calls it.
pub(super) fn is_called_by(hook: &Path) -> bool {
    has(hook, "git lfs pre-push")
}

fn has(path: &Path, words: &str) -> bool {
    file::read_followed(path).is_ok_and(|text| text.contains_str(words))
}

pub(crate) fn left_out(repository: &Repository) -> Option<LeftOut> {
    if !repository.work_tree().is_some_and(is_used) {
        return None;
    }
    let hooks = HooksDirectory::of(repository).ok()?;
    if hooks.manager.is_some() || !hooks.found().is_ok_and(|found| found.is_ours()) {
        return None;
    }
    let behind = hooks.replaced().map(Path::to_owned);
    if behind.as_deref().is_some_and(is_called_by) {
        return None;
    }
    let cure = if behind.is_some() {
        Vec::new()
    } else if hooks.is_own {
        vec!["git lfs update --force".into(), "pushgate install".into()]
    } else {
        // Its hook must not take the place of ours in a directory that repositories share.
        let own = hooks.kept.parent().unwrap_or(&hooks.kept).display();
        let here = format!("core.hooksPath={own}");
        vec![command(["git", "-c", &here, "lfs", "update"])]
    };
    Some(LeftOut { behind, cure })
}
