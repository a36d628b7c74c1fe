//! What a job runs: our command, or somebody's own words. Only ours is known to hear what git says, and
//! to end as the gate ends.

use crate::doctor::script;

/// Whose words a job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run {
    /// Ours, of this version.
    Ours,
    /// Somebody's, and they name the gate.
    Own,
    /// They do not.
    Other,
}

impl Run {
    pub(super) fn of(text: &str) -> Self {
        let is_ours = |has_lfs| text.trim_end() == self::text(has_lfs).trim_end();
        if [true, false].into_iter().any(is_ours) {
            Self::Ours
        } else if script::calls(text.as_bytes()) {
            Self::Own
        } else {
            Self::Other
        }
    }
}

/// Our command.
pub(super) fn text(has_lfs: bool) -> String {
    let lfs = if has_lfs { "--lfs " } else { "" };
    format!("pushgate pre-push {lfs}-- '{{1}}' '{{2}}' # {{files}}")
}
