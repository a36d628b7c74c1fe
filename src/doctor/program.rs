//! This program and git.

use super::{
    context::Context,
    finding::Finding,
    version::{VERSION, own_directory, own_path, version},
};
use crate::{git::Version, text::shell_word};

/// The oldest git that is known to work (README).
const OLDEST: Version = Version(2, 31);

/// Whether `pushgate` on PATH is this program.
pub(crate) fn on_path(_: &Context) -> Option<Finding> {
    let own = own_path();
    let this = format!("pushgate {VERSION} in {}", own.display());
    let Ok(found) = which::which("pushgate") else {
        let text = format!("{this} is not on PATH, where its hints expect it");
        let command = format!("export PATH=\"$PATH\":{}", shell_word(&own_directory()));
        return Some(Finding::warning("program", text).run(command));
    };
    let is_this = found.canonicalize().ok() == own.canonicalize().ok();
    let right = || Some(Finding::ok("program", format!("pushgate {VERSION}")));
    if is_this {
        return right();
    }
    let version = match version(&found, false) {
        Ok(version) if version == VERSION => return right(),
        Ok(version) => format!("version {version}"),
        Err(why) => format!("which does not run ({why})"),
    };
    let found = found.display();
    let text = format!("`pushgate` on PATH is {found}, {version}; this is {this}");
    Some(Finding::warning("program", text).hint("remove one of them, then pushgate install"))
}

/// Whether git is there, and new enough.
#[expect(clippy::unnecessary_wraps, reason = "all such checks have one type")]
pub(crate) fn git(context: &Context) -> Option<Finding> {
    let Ok(git) = &context.git else {
        let hint = "install git 2.31 or newer: https://git-scm.com/downloads";
        return Some(Finding::broken("git", "git is not on PATH").hint(hint));
    };
    let number = git.said.strip_prefix("git version ").unwrap_or(&git.said);
    Some(match git.version {
        Some(version) if version < OLDEST => {
            let text = format!("git {number} is too old: {OLDEST} or newer is needed");
            let hint = "install a newer git: https://git-scm.com/downloads";
            Finding::broken("git", text).hint(hint)
        }
        Some(_) => Finding::ok("git", format!("git {number}")),
        None => {
            let text = format!("git does not tell its version: it says `{}`", git.said);
            Finding::warning("git", text)
        }
    })
}
