//! What cures a trouble.

use std::path::Path;

use super::Trouble;
use crate::{policy::FILE, text::shell_word};

impl Trouble {
    /// The commands, or the words, that cure it.
    #[allow(
        clippy::too_many_lines,
        reason = "one arm a trouble: this is the list of them"
    )]
    pub fn cures(&self) -> Vec<String> {
        vec![match self {
            Self::Undecided(why) => return why.hints.clone(),
            Self::Input { .. } => {
                "git calls the hook; to ask for a verdict by hand: pushgate check".to_owned()
            }
            Self::EmptyHooksPath => "git config --unset-all core.hooksPath".to_owned(),
            Self::Circle { cure, .. } => cure.clone(),
            Self::SharedHooks { directory, own } => {
                let own = own.to_string_lossy();
                let mut cures = vec![format!(
                    "git config core.hooksPath {}, then pushgate install",
                    shell_word(&own)
                )];
                if directory.as_os_str() != "/dev/null" {
                    let cure = by_hand(&directory.join("pre-push"));
                    cures.push(format!("or {cure}"));
                }
                cures.push("or pushgate install --config, with git 2.54 or newer".to_owned());
                return cures;
            }
            Self::NotEdited { .. } => {
                "add the lines above by hand, then pushgate install".to_owned()
            }
            Self::Unasked { .. } => {
                "see that `lefthook dump` works here, then pushgate install".to_owned()
            }
            Self::LfsBeside { .. } => {
                "pushgate uninstall && pushgate install, which puts git-lfs behind the gate"
                    .to_owned()
            }
            Self::OldGit { .. } => {
                "pushgate uninstall && pushgate install, which git of any age reads".to_owned()
            }
            Self::Untold { .. } => {
                "pushgate install puts the gate where it hears all of a push, then try again"
                    .to_owned()
            }
            Self::TwoHooks { hook, kept } => format!(
                "put what you need of {} into {}, remove the first, then pushgate install",
                kept.display(),
                hook.display()
            ),
            Self::Bare => "push from a clone with a work tree".to_owned(),
            Self::LinkInTheWay {
                link,
                tracked: true,
                ..
            } => {
                format!("take `{link}` off `suite.link` in {FILE}: the worktree has it already")
            }
            Self::LinkInTheWay { path, .. } => {
                format!(
                    "rm -r {}, then try again",
                    shell_word(&path.to_string_lossy())
                )
            }
            Self::Interrupted { .. }
            | Self::SuiteStopped { .. }
            | Self::Git { .. }
            | Self::Io { .. } => {
                return Vec::new();
            }
        }]
    }
}

/// How a hook that is not ours to write calls the gate: first, because what reads the refs before
/// leaves none to judge; and heeding the answer, because the hook goes on otherwise.
fn by_hand(hook: &Path) -> String {
    format!(
        "let {} begin with this line: pushgate pre-push -- \"$@\" || exit (with --chain=HOOK before the -- where HOOK needs the refs, too)",
        hook.display()
    )
}
