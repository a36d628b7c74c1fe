//! What cures a trouble.

use std::path::Path;

use super::Trouble;
use crate::{
    policy::FILE,
    text::{did_you_mean, shell_word},
};

impl Trouble {
    /// The commands, or the words, that cure it.
    #[allow(
        clippy::too_many_lines,
        reason = "one arm a trouble: this is the list of them"
    )]
    pub fn cures(&self) -> Vec<String> {
        vec![match self {
            Self::NoAnswer { remote, .. } | Self::Unreachable { remote, .. } => {
                format!(
                    "see that `git ls-remote {remote}` answers without asking for anything, then try again"
                )
            }
            Self::Undecided(why) => return why.hints.clone(),
            Self::WhichEnvironment { known } => match known.first() {
                Some(name) => format!("name it: pushgate approve {name}"),
                None => format!(
                    "no environment of {FILE} comes `after` another; name the one you tried"
                ),
            },
            Self::NotSigned { .. } => {
                "see that `git commit -S` works: gpg.format and user.signingKey (git-config(1))"
                    .to_owned()
            }
            Self::NotShared { remote, .. } => format!(
                "let the team push refs/notes/pushgate to {remote}, or set `share: false` in {FILE}"
            ),
            Self::NoTrunkRemote { remote, .. } => {
                format!("git remote add {remote} URL, or name another in `trunk.remote` of {FILE}")
            }
            Self::NoTrunk(trunk) => {
                format!(
                    "git push {} {}, or name another in `trunk.branch` of {FILE}",
                    trunk.remote, trunk.branch
                )
            }
            Self::WhichTrunk { remote, .. } => {
                format!(
                    "git remote set-head {remote} --auto, or name it in `trunk.branch` of {FILE}"
                )
            }
            Self::Lacking { id } => {
                format!("git cat-file -e {id} fetches it, then try again")
            }
            Self::Input { .. } => {
                "git calls the hook; to ask for a verdict by hand: pushgate check".to_owned()
            }
            Self::EmptyHooksPath => "git config --unset-all core.hooksPath".to_owned(),
            Self::Circle { cure, .. } => cure.clone(),
            Self::NoCommit { known, .. } if known.is_empty() => "commit first".to_owned(),
            Self::NoCommit { .. } => "name another with --commit".to_owned(),
            Self::NoLocalTrunk { branch, .. } => {
                return vec![
                    format!("git switch {branch}, where the remote has it"),
                    format!("or name another: --commit, or `trunk.branch` in {FILE}"),
                ];
            }
            Self::NoPipeline => format!(
                "pushgate check trunk, or add one to `environments` in {FILE} (pushgate init writes one)"
            ),
            Self::NoEnvironment { name, known } if !did_you_mean(name, known).is_empty() => {
                return Vec::new();
            }
            Self::NoEnvironment { .. } => {
                format!("add it to `environments` in {FILE} (pushgate init writes one)")
            }
            Self::NoCommand { .. } => "pushgate help".to_owned(),
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
            Self::Exists { cure, .. } | Self::Place { cure, .. } => (*cure).to_owned(),
            Self::Bare => "push from a clone with a work tree".to_owned(),
            Self::NoGit { .. } => "install git, or put it on the PATH".to_owned(),
            Self::NoRepository { .. } => "cd into the clone that you push from".to_owned(),
            Self::NoWorkTree => "run pushgate init in a clone".to_owned(),
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
            | Self::Demo { .. }
            | Self::Git { .. }
            | Self::NoZone { .. }
            | Self::Moment(_)
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
