//! git-lfs, whose hook uploads the files that it keeps. Where ours is there first, its commands leave the hook out
//! in silence (`git lfs track`), and nothing is uploaded.

use std::path::Path;

use bstr::ByteSlice;

use super::directory::HooksDirectory;
use crate::{file, git::Repository};

/// The commands after which its hook runs behind ours.
pub(crate) const PUT_BEHIND: [&str; 2] = ["git lfs update --force", "pushgate install"];

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

/// Whether our hook is called by git, and no hook behind it uploads.
pub(crate) fn is_left_out(repository: &Repository) -> bool {
    if !repository.work_tree().is_some_and(is_used) {
        return false;
    }
    let hooks = HooksDirectory::of(repository).ok();
    let own = hooks.filter(|hooks| {
        hooks.manager.is_none() && hooks.found().is_ok_and(|found| found.is_ours())
    });
    own.is_some_and(|hooks| {
        let behind = hooks.replaced().into_iter().chain(hooks.silenced());
        !behind.into_iter().any(is_called_by)
    })
}
