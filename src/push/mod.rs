//! What git tells a pre-push hook: a remote, a URL, and one line for each ref (githooks(5)).

pub mod destination;
pub mod remotes;
pub mod url;
pub mod variables;

use std::{ffi::OsString, fmt};

use bstr::{BStr, BString, ByteSlice};
use serde::{Deserialize, Serialize};

use crate::{
    cure::command,
    text::{cut, printable},
};

/// An object id: 40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal digits, never all zeros.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Oid(Box<str>);

impl TryFrom<String> for Oid {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(text.as_bytes()).ok_or("it is no id of an object")
    }
}

impl Oid {
    /// Reads an id in full; anything else, an abbreviation or the zero id, is `None`.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text = text.to_str().ok().filter(|_| is_id_or_zero(text))?;
        (!text.trim_matches('0').is_empty()).then(|| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first seven digits, for messages.
    pub fn short(&self) -> &str {
        &self.0[..7]
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether this is an id, or the zeros that mean "no object" on a ref line.
fn is_id_or_zero(text: &[u8]) -> bool {
    let is_digit = |b: &u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    matches!(text.len(), 40 | 64) && text.iter().all(is_digit)
}

/// One `git push` to one URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// The remote's name, or the URL as it was typed.
    pub remote: BString,
    /// The URL after `insteadOf` and `pushurl`; it may hold a password.
    pub url: BString,
    pub updates: Vec<Update>,
    /// The command of ours that makes it; `None`: `git push` as a person types it.
    pub deploy: Option<Deploy>,
    /// Whether git is to send nothing (`--dry-run`): what is printed to be typed next must send nothing either.
    pub is_dry: bool,
}

impl Push {
    /// What a person does who tries once more, in words.
    pub(crate) fn again(&self) -> &'static str {
        match &self.deploy {
            None => "push again",
            Some(deploy) if deploy.is_rollback => "roll back again",
            Some(_) => "deploy again",
        }
    }
}

/// What a person types in place of `git push`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deploy {
    pub environment: String,
    /// The commit, where one is named.
    pub commit: Option<String>,
    /// What deploys in place of `git push`; empty: nothing does.
    pub command: Vec<OsString>,
    pub is_rollback: bool,
    /// Why, where the command line says so.
    pub reason: Option<String>,
    /// Whether it is to ask nothing.
    pub yes: bool,
}

impl Deploy {
    /// The subcommand that was typed.
    pub(crate) fn verb(&self) -> &'static str {
        if self.is_rollback {
            "rollback"
        } else {
            "deploy"
        }
    }

    /// Writes the command that does the same again.
    pub fn again(&self) -> String {
        let mut words = vec!["pushgate", self.verb(), &self.environment];
        if let Some(commit) = &self.commit {
            words.extend((!self.is_rollback).then_some("--commit"));
            words.push(commit);
        }
        words.extend(self.yes.then_some("--yes"));
        words.extend(self.reason.iter().flat_map(|reason| ["-m", reason]));
        let program: Vec<_> = (self.command.iter())
            .map(|word| word.to_string_lossy())
            .collect();
        words.extend((!program.is_empty()).then_some("--"));
        words.extend(program.iter().map(AsRef::as_ref));
        command(words)
    }

    /// Writes the command that deploys a commit there, or the newest of trunk.
    pub fn deploy(&self, commit: Option<&str>) -> String {
        let deploy = Self {
            environment: self.environment.clone(),
            commit: commit.map(str::to_owned),
            command: self.command.clone(),
            ..Self::default()
        };
        deploy.again()
    }
}

/// What a push does to one ref of the remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// What the user typed as the source; may contain spaces and any bytes.
    pub source: BString,
    /// The pushed object: a commit, if the push is a valid one; `None`: the ref is deleted.
    pub commit: Option<Oid>,
    pub target: BString,
    /// The object that the ref names now; `None` if the ref does not exist yet.
    pub replaces: Option<Oid>,
}

impl Update {
    pub(crate) fn of_branch(
        source: &str,
        commit: &Oid,
        branch: &str,
        replaces: Option<Oid>,
    ) -> Self {
        Self {
            source: source.into(),
            commit: Some(commit.clone()),
            target: format!("refs/heads/{branch}").into(),
            replaces,
        }
    }

    pub fn target(&self) -> &BStr {
        self.target.as_bstr()
    }

    /// The short name of the branch; `None` for any other ref.
    pub fn branch(&self) -> Option<&BStr> {
        self.target().strip_prefix(b"refs/heads/").map(BStr::new)
    }

    /// The short name of the tag; `None` for any other ref.
    pub fn tag(&self) -> Option<&BStr> {
        self.target().strip_prefix(b"refs/tags/").map(BStr::new)
    }

    /// What to name after `git push REMOTE` to do the same.
    pub fn refspec(&self) -> String {
        let short =
            |name: &BStr| printable(name.strip_prefix(b"refs/heads/").unwrap_or(name).as_bstr());
        let (source, target) = (self.source.as_bstr(), self.target());
        let Some(commit) = &self.commit else {
            return format!(":{}", short(target));
        };
        if source == target {
            return short(target);
        }
        // git cannot tell what kind of ref to make for an id.
        let is_known = self.replaces.is_some() || source.starts_with(b"refs/heads/");
        let target = if is_known {
            short(target)
        } else {
            printable(target)
        };
        // Where something else is checked out, `HEAD~1` is another commit.
        let is_name = source.starts_with(b"refs/") || source == "HEAD";
        let source = if is_name {
            short(source)
        } else {
            commit.to_string()
        };
        format!("{source}:{target}")
    }

    /// The short name of the branch or tag; the full name of any other ref.
    pub fn name(&self) -> &BStr {
        self.branch().or(self.tag()).unwrap_or(self.target())
    }
}

/// A line on standard input is not what githooks(5) promises.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {number} of the hook's standard input is not `<local ref> <local id> <remote ref> <remote id>`: {}", show(.line.as_ref()))]
pub struct BadLine {
    /// Counted from one.
    pub number: usize,
    pub line: BString,
}

/// Quotes a line for an error message: printable and shortened.
fn show(line: &BStr) -> String {
    const MOST: usize = 120;
    let text = format!("`{}`", line.to_str_lossy().escape_debug());
    cut(&text, MOST, "...`")
}

/// Reads every ref line of the hook's standard input.
///
/// Each line is split from the right, because the local ref is what the user typed and may contain
/// spaces (`HEAD@{1 day ago}`).
pub fn parse(stdin: &[u8]) -> Result<Vec<Update>, BadLine> {
    let mut width = None;
    (stdin.lines().enumerate())
        .map(|(index, line)| {
            update(line, &mut width).ok_or_else(|| BadLine {
                number: index + 1,
                line: line.into(),
            })
        })
        .collect()
}

/// Reads one line; `width` is the length of the ids, the same on all lines.
fn update(line: &[u8], width: &mut Option<usize>) -> Option<Update> {
    let mut fields = line.rsplitn(4, |b| *b == b' ');
    let (remote_id, target) = (fields.next()?, fields.next()?);
    let (local_id, source) = (fields.next()?, fields.next()?);
    let same = *width.get_or_insert(remote_id.len());
    let well_formed = remote_id.len() == same
        && local_id.len() == same
        && is_id_or_zero(remote_id)
        && is_id_or_zero(local_id)
        && !source.is_empty()
        && target.starts_with(b"refs/")
        && !target.contains(&0);
    if !well_formed {
        return None;
    }
    Some(Update {
        source: source.into(),
        commit: Oid::parse(local_id),
        target: target.into(),
        replaces: Oid::parse(remote_id),
    })
}

#[cfg(test)]
mod tests;
