//! What a ref has pointed to, and since when.

use bstr::{BStr, BString, ByteSlice};
use jiff::{SignedDuration, Timestamp};

use super::Repository;
use crate::{gates::Stop, push::Oid};

/// Reflogs count whole seconds.
pub(crate) const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// A ref came to point to a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moved {
    /// To the second.
    pub(crate) at: Timestamp,
    pub(crate) commit: Oid,
    /// git's words for how: `update by push`, `fetch ...`.
    pub(super) how: BString,
    /// The person who moved it here: `Name <mail>`.
    pub(crate) by: String,
}

impl Moved {
    /// Whether it was pushed from here (git-push(1) moves the tracking ref then).
    pub(crate) fn is_push(&self) -> bool {
        self.how == "update by push"
    }

    /// Parses `ID REF@{SECONDS} WORDS`, NUL, `Name <mail>`.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let (line, by) = line.rsplit_once_str("\0")?;
        let (id, rest) = line.split_once_str(" ")?;
        let (_, rest) = rest.split_once_str("@{")?;
        let (seconds, how) = rest.split_once_str("}")?;
        Some(Self {
            at: Timestamp::from_second(seconds.to_str().ok()?.parse().ok()?).ok()?,
            commit: Oid::parse(id)?,
            how: how.trim_ascii_start().into(),
            by: by.to_str_lossy().into_owned(),
        })
    }
}

impl Repository {
    /// The remote-tracking ref that git moves when a push to a ref of a remote has arrived, by the fetch
    /// refspecs of the remote (git-push(1)); `None` where there is none, where a remote of another place has the
    /// same, and where a push goes to several places: it then moves whichever of them took it.
    pub(crate) fn tracking_ref(&self, remote: &BStr, target: &BStr) -> Option<String> {
        let urls = self.remotes().push_urls(remote);
        if urls.len() != 1 {
            return None;
        }
        let name = self.fetched_into(remote, target)?;
        // A section that was copied: the ref tells of two places.
        let is_shared = |other: &BStr| {
            self.remotes().push_urls(other) != urls
                && self.fetched_into(other, target).as_ref() == Some(&name)
        };
        let is_its_own = !self.remotes().names().any(is_shared);
        is_its_own.then_some(name)
    }

    /// The ref that a fetch of this ref of a remote moves.
    fn fetched_into(&self, remote: &BStr, target: &BStr) -> Option<String> {
        let key = [&b"remote."[..], remote, b".fetch"].concat();
        let mut refspecs = self.config.iter().filter(|(name, _)| *name == key);
        refspecs.find_map(|(_, refspec)| {
            let refspec = refspec.to_str().ok()?;
            let refspec = refspec.strip_prefix('+').unwrap_or(refspec);
            let (from, to) = refspec.split_once(':')?;
            let target = target.to_str().ok()?;
            match (from.strip_suffix('*'), to.strip_suffix('*')) {
                (Some(from), Some(to)) => Some(format!("{to}{}", target.strip_prefix(from)?)),
                _ => (from == target).then(|| to.to_owned()),
            }
        })
    }

    /// The moves of a ref, newest first; none where there is no such ref.
    pub(crate) fn moves(&self, name: &str) -> Result<Vec<Moved>, Stop> {
        match self.reference(name)? {
            Some(_) => self.backend().moves(name),
            None => Ok(Vec::new()),
        }
    }
}
