//! The policy that counts: that of a commit, of the work tree, or the built-in one; and its calendars.

use bstr::ByteSlice;

use crate::git::{
    Error, Real,
    files::{File, read_some},
    repository::Backend,
};
use crate::{
    calendar::holidays,
    gates::{Undecided, verdict::TrunkName},
    policy::{self, Policy, Trunk, defaults, load},
    push::{
        Oid,
        destination::{Destination, Platform},
    },
};

/// Where the built-in policy, or the team's, was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In this commit.
    Commit(Oid),
    /// In the work tree: the commit has none.
    WorkTree,
    /// Nowhere.
    Defaults,
}

/// A policy and where it was found.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The policy.
    pub policy: Policy,
    /// Where it was found.
    pub source: Source,
    /// Whether the work tree has another, uncommitted one, which counts for nothing.
    pub edited: bool,
}

impl Real {
    /// The policy that governs a push of this commit: its own, else the work tree's, else the
    /// built-in one.
    pub fn policy(&self, commit: Option<&Oid>) -> Result<Loaded, Undecided> {
        let found = match commit {
            Some(commit) => self.committed_policy(commit)?,
            None => None,
        };
        if let (Some(commit), Some(text)) = (commit, found) {
            let origin = format!("{} at {}", policy::FILE, commit.short());
            let mut policy = load(&origin, &text)?;
            policy.read_holidays(&|path| self.committed_calendar(commit, path));
            return Ok(Loaded {
                policy,
                source: Source::Commit(commit.clone()),
                edited: self.is_policy_edited(&text),
            });
        }
        if let Some(text) = self.work_tree_policy()? {
            let mut policy = load(policy::FILE, &text)?;
            policy.read_holidays(&|path| self.work_tree_calendar(path));
            return Ok(Loaded {
                policy,
                source: Source::WorkTree,
                edited: false,
            });
        }
        Ok(Loaded {
            policy: defaults::without_file(&self.heroku_remotes()),
            source: Source::Defaults,
            edited: false,
        })
    }

    /// The text of the policy that a person has before them: the work tree's, else that of HEAD; and
    /// how errors name it.
    pub fn policy_here(&self) -> Result<Option<(String, Vec<u8>)>, Undecided> {
        if let Some(text) = self.work_tree_policy()? {
            return Ok(Some((policy::FILE.to_owned(), text)));
        }
        let Some(head) = self.reference("HEAD")? else {
            return Ok(None);
        };
        let origin = format!("{} at {}", policy::FILE, head.short());
        let text = self.committed_policy(&head)?;
        Ok(text.map(|text| (origin, text)))
    }

    /// The object that is a commit's policy; `None` where it has none.
    pub fn policy_id(&self, commit: &Oid) -> Result<Option<Oid>, Error> {
        Ok(self.entry(commit, policy::FILE)?.map(|entry| entry.id))
    }

    pub(crate) fn committed_policy(&self, commit: &Oid) -> Result<Option<Vec<u8>>, Undecided> {
        Ok(match self.file(commit, policy::FILE, policy::LIMIT)? {
            None => None,
            Some(File::Text(text)) => Some(text),
            // Only so much that the loader sees it is too much.
            Some(File::TooLarge(_)) => Some(vec![b'#'; policy::LIMIT + 1]),
            Some(File::Other(what)) => {
                let place = format!("{} at {}", policy::FILE, commit.short());
                return Err(not_a_file(&place, what));
            }
        })
    }

    pub(crate) fn work_tree_policy(&self) -> Result<Option<Vec<u8>>, Undecided> {
        let Some(path) = self.work_tree.as_ref().map(|top| top.join(policy::FILE)) else {
            return Ok(None);
        };
        let failed = |error| Undecided::from(Error::io(format!("read {}", policy::FILE), &error));
        let kind = match path.symlink_metadata() {
            Ok(metadata) => metadata.file_type(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
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
        Err(not_a_file(policy::FILE, what))
    }

    /// Whether the work tree's policy is neither the pushed one nor that of HEAD.
    pub(crate) fn is_policy_edited(&self, pushed: &[u8]) -> bool {
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

    /// The remotes that lead to Heroku; an `insteadOf` may hide it in one of the spellings.
    pub fn heroku_remotes(&self) -> Vec<defaults::HerokuRemote> {
        let mut found: Vec<defaults::HerokuRemote> = Vec::new();
        for name in self.remotes.names() {
            for url in self.remotes.urls(name) {
                if let Destination::App {
                    platform: Platform::Heroku,
                    app,
                    ..
                } = self.destination(url.as_ref())
                {
                    let name = name.to_str_lossy().into_owned();
                    if !found.iter().any(|one| one.name == name && one.app == app) {
                        found.push(defaults::HerokuRemote { name, app });
                    }
                }
            }
        }
        found
    }

    /// Trunk's branch: the policy's, else the one that `REMOTE/HEAD` names, else whichever of
    /// master and main exists.
    pub fn trunk(&self, trunk: &Trunk) -> Result<TrunkName, Undecided> {
        let remote = trunk.remote.clone();
        if let Some(branch) = trunk.branch.clone() {
            return Ok(TrunkName { remote, branch });
        }
        let prefix = format!("refs/remotes/{remote}/");
        let mut backend = self.backend();
        if let Some(head) = backend.symbolic(&format!("{prefix}HEAD"))?
            && let Some(branch) = head.strip_prefix(&prefix)
        {
            let branch = branch.to_owned();
            return Ok(TrunkName { remote, branch });
        }
        for prefix in [prefix.as_str(), "refs/heads/"] {
            let has = |backend: &mut Box<dyn Backend>, name: &str| {
                backend
                    .reference(&format!("{prefix}{name}"))
                    .map(|found| found.is_some())
            };
            let branch = match (has(&mut backend, "master")?, has(&mut backend, "main")?) {
                (true, false) => "master",
                (false, true) => "main",
                (true, true) => {
                    return Err(Error::WhichTrunk {
                        remote,
                        found: "both master and main",
                    }
                    .into());
                }
                (false, false) => continue,
            };
            let branch = branch.to_owned();
            return Ok(TrunkName { remote, branch });
        }
        // Before the first commit there is only the name.
        match backend.symbolic("HEAD")?.as_deref() {
            Some("refs/heads/master") => Ok(TrunkName {
                remote,
                branch: "master".to_owned(),
            }),
            Some("refs/heads/main") => Ok(TrunkName {
                remote,
                branch: "main".to_owned(),
            }),
            _ => Err(Error::WhichTrunk {
                remote,
                found: "neither master nor main",
            }
            .into()),
        }
    }

    /// The calendar at a path of a commit, or why there is none.
    pub(crate) fn committed_calendar(&self, commit: &Oid, path: &str) -> Result<Vec<u8>, String> {
        let file = self.file(commit, path, holidays::LIMIT);
        match file.map_err(Error::in_one_line)? {
            Some(File::Text(text)) => Ok(text),
            Some(File::Other(what)) => Err(format!("it is {what}, not a file")),
            Some(File::TooLarge(size)) => Err(format!(
                "the file has {size} bytes; at most {} are read",
                holidays::LIMIT
            )),
            None => Err(format!("commit {} has no such file", commit.short())),
        }
    }

    /// The calendar that a person has before them: the work tree's, else that of HEAD.
    pub(crate) fn calendar_here(&self, path: &str) -> Result<Vec<u8>, String> {
        let is_there = |top: &std::path::Path| top.join(policy::FILE).symlink_metadata().is_ok();
        if self.work_tree().is_some_and(is_there) {
            return self.work_tree_calendar(path);
        }
        match self.reference("HEAD").map_err(Error::in_one_line)? {
            Some(head) => self.committed_calendar(&head, path),
            None => Err("there is no commit to read it from".to_owned()),
        }
    }

    /// The calendar at a path of the work tree.
    pub(crate) fn work_tree_calendar(&self, path: &str) -> Result<Vec<u8>, String> {
        let top = self
            .work_tree()
            .ok_or("there is no work tree to read it from")?;
        let words = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => "the work tree has no such file".to_owned(),
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

pub(crate) fn not_a_file(place: &str, what: &str) -> Undecided {
    Undecided::new(format!("{place} is {what}; it must be a plain file"))
        .hint(format!("fix {}, commit it, and try again", policy::FILE))
}
