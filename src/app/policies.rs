//! The policy that governs: that of a commit, of the work tree, or the built-in one; and its calendars.

use std::io::{self, ErrorKind};

use bstr::ByteSlice;

use super::answers::SystemClock;
use crate::{
    calendar::holidays,
    gates::{Clock, Stop},
    git::{
        Repository,
        files::{File, read_some},
    },
    policy::{
        self, FILE, Policy, defaults,
        lint::{Facts, Finding, lint},
        load,
    },
    push::Oid,
};

/// Where a policy was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Commit(Oid),
    /// In the work tree: the commit has none.
    WorkTree,
    /// Nowhere: it is the built-in one.
    Defaults,
}

/// A policy and where it was found.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) policy: Policy,
    pub(crate) source: Source,
    /// Whether the work tree has another, uncommitted one, which does not count.
    pub(crate) edited: bool,
}

impl Repository {
    /// The policy that governs a push of what is checked out.
    pub(crate) fn policy_of_head(&self) -> Result<Loaded, Stop> {
        self.policy(self.reference("HEAD")?.as_ref())
    }

    /// The policy that governs a push of this commit: its own, else the work tree's, else the
    /// built-in one.
    pub(crate) fn policy(&self, commit: Option<&Oid>) -> Result<Loaded, Stop> {
        let heroku = self.heroku_remotes();
        let found = match commit {
            Some(commit) => self.committed_policy(commit)?,
            None => None,
        };
        if let (Some(commit), Some(text)) = (commit, found) {
            let mut policy = load(&at(commit), &text, &heroku)?;
            policy.read_holidays(&|path| self.committed_calendar(commit, path));
            return Ok(Loaded {
                policy,
                source: Source::Commit(commit.clone()),
                edited: self.is_policy_edited(&text),
            });
        }
        if let Some(text) = self.work_tree_policy()? {
            let mut policy = load(FILE, &text, &heroku)?;
            policy.read_holidays(&|path| self.work_tree_calendar(path));
            return Ok(Loaded {
                policy,
                source: Source::WorkTree,
                edited: false,
            });
        }
        Ok(Loaded {
            policy: defaults::without_file(&heroku),
            source: Source::Defaults,
            edited: false,
        })
    }

    /// What is odd about the policy that a person has before them, and how it is called; `None`: there
    /// is none.
    pub(crate) fn lint_policy(&self) -> Result<Option<(String, Vec<Finding>)>, Stop> {
        let here = self.work_tree_policy()?;
        let head = match here {
            Some(_) => None,
            None => self.reference("HEAD")?,
        };
        let (origin, found) = match &head {
            Some(head) => (at(head), self.committed_policy(head)?),
            None => (FILE.to_owned(), here),
        };
        let Some(text) = found else {
            return Ok(None);
        };
        let heroku = self.heroku_remotes();
        // A zone that is left to chance is a finding, whatever it may be here.
        let local = SystemClock.reader();
        let facts = Facts {
            now: SystemClock.now(),
            local: &local,
            heroku: &heroku,
            read: &|path| match &head {
                Some(head) => self.committed_calendar(head, path),
                None => self.work_tree_calendar(path),
            },
        };
        let findings = lint(&origin, &text, &facts)?;
        Ok(Some((origin, findings)))
    }

    /// The object that is a commit's policy; `None` where it has none.
    pub(crate) fn policy_id(&self, commit: &Oid) -> Result<Option<Oid>, Stop> {
        Ok(self.entry(commit, FILE)?.map(|entry| entry.id))
    }

    fn committed_policy(&self, commit: &Oid) -> Result<Option<Vec<u8>>, Stop> {
        Ok(match self.file(commit, FILE, policy::LIMIT)? {
            None => None,
            Some(File::Text(text)) => Some(text),
            // Enough for the loader to see that it is too much.
            Some(File::TooLarge(_)) => Some(vec![b'#'; policy::LIMIT + 1]),
            Some(File::Other(what)) => {
                return Err(not_a_file(&at(commit), what));
            }
        })
    }

    fn work_tree_policy(&self) -> Result<Option<Vec<u8>>, Stop> {
        let Some(path) = self.work_tree().map(|top| top.join(FILE)) else {
            return Ok(None);
        };
        let failed = |error| Stop::failed(format!("read {FILE}"), &error);
        let kind = match path.symlink_metadata() {
            Ok(metadata) => metadata.file_type(),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let what = match kind {
            kind if kind.is_dir() => "a directory",
            kind if kind.is_symlink() => "a link",
            kind if !kind.is_file() => "no plain file",
            _ => {
                let text = read_some(&path, policy::LIMIT).map_err(failed)?;
                return Ok(Some(text));
            }
        };
        Err(not_a_file(FILE, what))
    }

    /// Whether the work tree's policy is neither the pushed one nor that of HEAD.
    fn is_policy_edited(&self, pushed: &[u8]) -> bool {
        let Ok(Some(here)) = self.work_tree_policy() else {
            return false;
        };
        let same = |text: &[u8]| text.replace("\r\n", "\n") == here.replace("\r\n", "\n");
        if same(pushed) {
            return false;
        }
        let head = self.reference("HEAD").ok().flatten();
        let committed = head.and_then(|head| self.committed_policy(&head).ok().flatten());
        !committed.is_some_and(|text| same(&text))
    }

    /// The remotes that lead to Heroku, by any of their URLs: an `insteadOf` may hide it in one.
    pub(crate) fn heroku_remotes(&self) -> Vec<defaults::DeployRemote> {
        let mut found: Vec<defaults::DeployRemote> = Vec::new();
        let remotes = self.remotes();
        let all = remotes.names().flat_map(|name| {
            let urls = remotes.urls(name).into_iter();
            urls.map(move |url| (name, url))
        });
        for (name, url) in all {
            if let Some(app) = self.destination(url.as_ref()).heroku_app() {
                let name = name.to_str_lossy().into_owned();
                if !found.iter().any(|one| one.name == name && one.app == app) {
                    found.push(defaults::DeployRemote {
                        name,
                        app: app.to_owned(),
                    });
                }
            }
        }
        found
    }

    /// The calendar at a path of a commit, or why there is none.
    fn committed_calendar(&self, commit: &Oid, path: &str) -> Result<Vec<u8>, String> {
        let file = self.file(commit, path, holidays::LIMIT);
        match file.map_err(|error| error.in_one_line())? {
            Some(File::Text(text)) => Ok(text),
            Some(File::Other(what)) => Err(format!("it is {what}, not a file")),
            Some(File::TooLarge(size)) => Err(format!(
                "the file has {size} bytes; at most {} are read",
                holidays::LIMIT
            )),
            None => Err(format!("commit {} has no such file", commit.short())),
        }
    }

    fn work_tree_calendar(&self, path: &str) -> Result<Vec<u8>, String> {
        let top = self
            .work_tree()
            .ok_or("there is no work tree to read it from")?;
        let words = |error: io::Error| match error.kind() {
            ErrorKind::NotFound => "the work tree has no such file".to_owned(),
            _ => error.to_string(),
        };
        let file = top.join(path);
        let is_within =
            file.canonicalize().map_err(words)? == top.canonicalize().map_err(words)?.join(path);
        if !is_within || !file.symlink_metadata().map_err(words)?.is_file() {
            return Err("it is no plain file of the repository".to_owned());
        }
        read_some(&file, holidays::LIMIT).map_err(words)
    }
}

/// What errors call the policy of a commit.
fn at(commit: &Oid) -> String {
    format!("{FILE} at {}", commit.short())
}

fn not_a_file(place: &str, what: &str) -> Stop {
    Stop::undecided(format!("{place} is {what}; it must be a plain file"))
        .hint(format!("fix {FILE}, commit it, and try again"))
}
