//! The version of a git.

use std::fmt;

/// The first two numbers of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) u32, pub(crate) u32);

impl Version {
    /// Reads what `git version` prints, such as `git version 2.47.3 (Apple Git-154)`.
    pub(crate) fn of_git(printed: &str) -> Option<Self> {
        let mut numbers = printed.strip_prefix("git version ")?.split(['.', ' ', '-']);
        let mut number = || numbers.next()?.parse().ok();
        Some(Self(number()?, number()?))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_compared_by_its_numbers() {
        for (version, is_new) in [
            ("2.54.0", true),
            ("2.54.0-rc1", true),
            ("2.55.0.618.gabcdef", true),
            ("3.0-rc1", true),
            ("2.100.1 (Apple Git-1)", true),
            ("2.53.9", false),
            ("2.9.54", false),
            ("1.99.0", false),
            ("2", false),
            ("of-my-own", false),
            ("", false),
        ] {
            let read = Version::of_git(&format!("git version {version}"));
            assert_eq!(
                read.is_some_and(|read| read >= Version(2, 54)),
                is_new,
                "{version}"
            );
        }
        assert_eq!(Version::of_git("2.54.0"), None);
    }
}
