//! What a job runs: our command, or somebody's own words. Only ours is known to hear what git says, and
//! to end as the gate ends.

use crate::doctor::script;

pub(crate) const THIS: &str = include_str!("../../../../hooks/lefthook");
pub(crate) const CALL: &str = "pushgate pre-push ";

/// A version of our command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    This,
    /// In one line, with the arguments pasted between quotes.
    First,
}

/// All of them, this one first.
pub(crate) const VERSIONS: [Version; 2] = [Version::This, Version::First];

/// Whose words a job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    Ours(Version),
    /// Somebody's, and they name the gate.
    Own,
    /// They do not.
    Other,
}

impl Run {
    pub(crate) fn of(text: &str) -> Self {
        let is = |version: &Version| {
            [true, false]
                .iter()
                .any(|has_lfs| text.trim_end() == self::text(*version, *has_lfs).trim_end())
        };
        match VERSIONS.into_iter().find(is) {
            Some(version) => Self::Ours(version),
            None if script::calls(text.as_bytes()) => Self::Own,
            None => Self::Other,
        }
    }
}

/// Our command.
pub(crate) fn text(version: Version, has_lfs: bool) -> String {
    let lfs = if has_lfs { "--lfs " } else { "" };
    match version {
        Version::This => THIS.replacen(CALL, &format!("{CALL}{lfs}"), 1),
        Version::First => format!("{CALL}{lfs}-- '{{1}}' '{{2}}' # {{files}}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_in_the_ledger_is_the_one_that_our_own_hook_writes() {
        let own = include_str!("../../../../hooks/pre-push").replace("$1", "$remote");
        let own: Vec<_> = own.lines().map(str::trim).collect();
        let (_, block) = THIS.split_once("    text() {\n").unwrap();
        let (block, _) = block.split_once("    exit 0").unwrap();
        assert!(block.contains("ledger.jsonl"), "{block}");
        for line in block.lines() {
            assert!(own.contains(&line.trim()), "{line}");
        }
    }

    #[test]
    fn every_version_is_known_again() {
        for version in VERSIONS {
            for has_lfs in [true, false] {
                let text = text(version, has_lfs);
                assert_eq!(text.contains("pushgate pre-push --lfs -- "), has_lfs);
                assert_eq!(Run::of(&text), Run::Ours(version));
                assert_eq!(Run::of(&format!("{text} ;")), Run::Own);
            }
        }
        assert_eq!(Run::of("pushgate check"), Run::Other);
    }
}
